// A beam search that was recorded, played round by round: nothing is searched here.
// DATA.beams, by width: a list of rounds. A round is a list of continuations, the best first, so that those that stay
// come before the others: [slot it comes from, word, its log p, the sum, whether it had ended before].

const WIDTHS = Object.keys(DATA.beams).map(Number);
const said = element("p", { role: "status" });
const table = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Continuations of this round" });
const ends = element("div", { class: "scroll" });
const drawn = element("div", { class: "scroll wide", tabindex: "0", role: "region", "aria-label": "The hypotheses so far" });
let round = 0;
const width = slider("width", "width k of the beam", { min: Math.min(...WIDTHS), max: Math.max(...WIDTHS), step: 1, value: 1 }, () => { round = 0; show(); });
const alpha = slider("alpha", "α, in the end", { min: 0, max: 1, step: 0.1, value: 1 }, show, (v) => v.toFixed(1));
const button = (text, pressed) => element("button", { type: "button", onclick: pressed }, text);
const back = button("Back", () => { round -= 1; show(); });
const next = button("Next round", () => { round += 1; show(); });
const last = button("To the end", () => { round = rounds().length; show(); });

const rounds = () => DATA.beams[width.value()];
const row = (cells, kind, tag = "td") => element("tr", { class: kind || null }, ...cells.map((cell) => element(tag, tag === "th" ? { scope: "col" } : {}, cell)));

// The hypotheses after so many rounds: {words, sum}, the best sum first.
function held(count) {
  let slots = [{ words: [], sum: 0 }];
  for (const continuations of rounds().slice(0, count)) {
    slots = continuations.slice(0, width.value()).map(([parent, word, , sum, over]) => (
      { words: over ? slots[parent].words : [...slots[parent].words, word], sum }));
  }
  return slots;
}

// The hypotheses of all rounds so far: a column for each round, a row for each slot, a line to what it continues.
function tree(count) {
  const across = (column) => 36 + column * 76, down = (slot) => 20 + slot * 44;
  const svg = element("svg", { viewBox: `0 0 ${across(rounds().length) + 40} ${down(width.value() - 1) + 24}`, role: "img" });
  svg.setAttribute("aria-label", held(count).map(({ words, sum }) => `${sentence(words)}: ${sum.toFixed(2)}`).join("; "));
  const lines = [], names = [element("text", { x: across(0), y: down(0) + 4, "text-anchor": "middle" }, "START")];
  rounds().slice(0, count).forEach((continuations, n) => continuations.slice(0, width.value()).forEach(([parent, word, , sum, over], slot) => {
    const x = across(n + 1), y = down(slot);
    lines.push(element("line", { x1: across(n) + 28, y1: down(parent), x2: x - 28, y2: y, stroke: "#9aa0a6" }));
    const color = word === "END" ? "fill: var(--green)" : "fill: var(--blue)";
    names.push(element("text", { x, y: y - 2, "text-anchor": "middle", style: color }, over ? "·" : word));
    names.push(element("text", { x, y: y + 13, "text-anchor": "middle", style: `${color}; font-size: 10px` }, sum.toFixed(2)));
  }));
  svg.append(...lines, ...names);
  return svg;
}

// What a finished hypothesis is worth: its sum over its length to the power of α.
const worth = ({ words, sum }, exponent) => sum / Math.pow(words.length, exponent);
const sentence = (words) => words.join(" ") || "START";

function show() {
  const k = width.value(), count = rounds().length, slots = held(round), over = round === count;
  back.disabled = round === 0;
  next.disabled = last.disabled = over;
  if (round > 0) {
    const before = held(round - 1);
    const lines = rounds()[round - 1].map(([parent, word, logp, sum, ended], n) => row(
      [n < k ? `slot ${n}` : "dropped", sentence(before[parent].words), ended ? "(has ended)" : word, logp.toFixed(2), sum.toFixed(2)],
      n < k ? "now" : "dropped"));
    table.replaceChildren(element("table", {}, row(["", "continues", "with", "log p", "sum"], "", "th"), ...lines));
  } else {
    table.replaceChildren(element("p", {}, "Slot 0 holds START, with the sum 0. The other slots are empty."));
  }
  drawn.replaceChildren(tree(round));
  ends.replaceChildren();
  if (over) {
    const values = slots.map((slot) => worth(slot, alpha.value()));
    const best = values.indexOf(Math.max(...values));
    ends.append(element("table", {}, row(["in the end", "sum", "symbols", `worth at α = ${alpha.value().toFixed(1)}`], "", "th"),
      ...slots.map((slot, n) => row([sentence(slot.words), slot.sum.toFixed(2), String(slot.words.length), values[n].toFixed(3)], n === best ? "now" : ""))));
    said.textContent = `k = ${k} says: ${sentence(slots[best].words.filter((word) => word !== "END"))}.`;
  } else {
    said.textContent = `Round ${round} of ${count}.`;
  }
}

show();
begin([{ name: "k", label: "the right name first at k =", min: 1, max: 9, step: 1 }], [
  width.row, alpha.row, element("div", { class: "buttons" }, back, next, last), said, drawn, table, ends], show);
