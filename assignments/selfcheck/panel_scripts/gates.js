// One LSTM cell whose gates the reader sets by hand, with the lecture's table of input and forget gate.
// DATA.start: what the cell holds at first.

const TABLE = [["0", "1", "remember the previous value"], ["1", "1", "add to the previous value"], ["0", "0", "erase the value"], ["1", "0", "overwrite the value"]];
const MOST = 60;

// The cell after one more step, and what it shows; gates = {i, f, g, o}.
const step = ({ c }, { i, f, g, o }) => {
  const after = f * c + i * g;
  return { c: after, h: o * Math.tanh(after) };
};

let states = [{ c: DATA.start, h: null }];
const gates = {
  i: slider("i", "input gate i", { min: 0, max: 1, step: 0.001, value: 0 }, show, (v) => v.toFixed(3)),
  f: slider("f", "forget gate f", { min: 0, max: 1, step: 0.001, value: 0.9 }, show, (v) => v.toFixed(3)),
  g: slider("g", "candidate g", { min: -1, max: 1, step: 0.01, value: 0.5 }, show, (v) => v.toFixed(2)),
  o: slider("o", "output gate o", { min: 0, max: 1, step: 0.01, value: 1 }, show, (v) => v.toFixed(2)),
};
const picture = diagram(
  { label: "step", from: 0, to: MOST, ticks: [0, 10, 20, 30, 40, 50, 60].map((t) => [t, String(t)]) },
  { label: "value", from: -2, to: 2, ticks: [-2, -1, 0, 1, 2].map((n) => [n, String(n)]) });
const said = element("p", { role: "status" });
const rows = TABLE.map(([i, f, what]) => element("tr", {},
  element("td", {}, i), element("td", {}, f),
  element("td", {}, element("button", { type: "button", onclick: () => { gates.i.set(i); gates.f.set(f); show(); } }, what))));
const head = element("tr", {}, ...["i", "f", "behaviour (press to set i and f)"].map((text) => element("th", { scope: "col" }, text)));
const table = element("div", { class: "scroll" }, element("table", {}, head, ...rows));
const button = (text, pressed) => element("button", { type: "button", onclick: pressed }, text);

function now() {
  return Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, gate.value()]));
}

function go(count) {
  for (let n = 0; n < count && states.length <= MOST; n++) states.push(step(states[states.length - 1], now()));
  show();
}

function show() {
  const { i, f, g } = now(), last = states[states.length - 1], t = states.length - 1;
  TABLE.forEach(([one, other], n) => rows[n].classList.toggle("now", Math.abs(i - one) < 0.1 && Math.abs(f - other) < 0.1));
  const share = (100 * last.c / DATA.start).toFixed(1);
  const words = t === 0
    ? `Step 0: the cell holds ${last.c.toFixed(3)}.`
    : `Step ${t}: the cell holds c = ${last.c.toFixed(3)}, ${share} % of the ${DATA.start} at the start, and shows h = ${last.h.toFixed(3)}.`;
  picture.draw([
    { xs: states.map((_, n) => n), ys: states.map(({ c }) => c), color: "var(--blue)", dots: true, name: "c, what the cell holds" },
    { xs: states.slice(1).map((_, n) => n + 1), ys: states.slice(1).map(({ h }) => h), color: "var(--orange)", dash: "7 4", name: "h, what it shows" },
  ].filter(({ xs }) => xs.length), words);
  const full = t === MOST ? " The picture is full: start again." : "";
  said.textContent = `${words} Next: ${f.toFixed(3)} · ${last.c.toFixed(3)} + ${i.toFixed(3)} · ${g.toFixed(2)} = ${step(last, now()).c.toFixed(3)}.${full}`;
}

show();
begin([{ name: "f", label: "f =", min: 0, max: 1, step: "any" }], [
  ...Object.values(gates).map((gate) => gate.row), table,
  element("div", { class: "buttons" }, button("1 step", () => go(1)), button("20 steps", () => go(20)),
    button("Start again", () => { states = [{ c: DATA.start, h: null }]; show(); })),
  picture.svg, said], show);
