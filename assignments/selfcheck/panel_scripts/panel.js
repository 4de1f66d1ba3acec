"use strict";
// What all panels share. Each panel's script calls `begin`, and draws with what is here.

function element(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "text", "rect", "circle", "g", "clipPath", "title"].includes(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The question and its fields; the controls open when the reader has answered. fields: [{name, label, min, max, step}].
// Calls opened(answers) then, answers by name.
function begin(fields, controls, opened) {
  const inputs = {};
  const labels = fields.map(({ name, label, ...limits }) => {
    inputs[name] = element("input", { type: "number", required: true, id: `predicted-${name}`, ...limits });
    return element("label", { for: `predicted-${name}` }, `${label} `, inputs[name]);
  });
  const box = element("fieldset", { disabled: true, "aria-label": "Controls" }, ...controls);
  const form = element("div", { class: "form" }, ...labels, // a <form> would not work in a frame that forbids forms
    element("button", { type: "button", onclick: () => answer() }, "That is my prediction"));
  form.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.tagName === "INPUT") answer(); });
  const answer = () => {
    if (!Object.values(inputs).every((input) => input.reportValidity())) return;
    const answers = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, Number(input.value)]));
    const said = fields.map(({ name, label }) => `${label} ${answers[name]}`).join("; ");
    form.replaceWith(element("p", {}, `You predicted: ${said}. Now move the controls.`));
    box.disabled = false;
    opened(answers);
    (box.querySelector("input, button") || box).focus();
  };
  const heading = [element("h2", {}, DATA.title), element("p", {}, DATA.question)];
  document.querySelector("main").append(...heading, form, box);
  const tell = () => parent.postMessage({ panel: DATA.name, height: document.documentElement.offsetHeight }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
  tell();
}

// A slider under its label, with its value beside it: {row, value(), set(number)}.
function slider(id, label, { min, max, step, value }, moved, shown = String) {
  const input = element("input", { type: "range", id, min, max, step, value });
  const output = element("span", { id: `${id}-value`, "aria-hidden": "true" }); // the slider says it itself
  const update = () => {
    output.textContent = shown(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => { update(); moved(); });
  update();
  const set = (number) => { input.value = number; update(); };
  return { row: element("div", { class: "row" }, element("label", { for: id }, label), input, output), set, value: () => Number(input.value) };
}

// One of several, by radio buttons: {row, value()}.
function choice(id, label, options, moved) {
  const buttons = options.map((option, n) =>
    element("input", { type: "radio", name: id, value: option, id: `${id}-${n}`, checked: n === 0, onchange: moved }));
  const labels = options.map((option, n) => element("label", { for: `${id}-${n}` }, buttons[n], ` ${option}`));
  const row = element("fieldset", { class: "choices" }, element("legend", {}, label), ...labels);
  return { row, value: () => buttons.find((button) => button.checked).value };
}

// An empty diagram: {svg, draw(lines, words)}. x, y: {label, from, to, ticks: [[value, text]]}. A line is {xs, ys, color,
// dash, name}, with dots: true for a dot at each point; what leaves the diagram is cut off. words: what is drawn, for those who cannot see it.
function diagram(x, y) {
  const [width, height] = innerWidth < 480 ? [360, 300] : [600, 280]; // on a phone the letters keep their size
  const left = 62, right = 12, top = 12, bottom = 42;
  const across = (value) => left + ((value - x.from) / (x.to - x.from)) * (width - left - right);
  const up = (value) => height - bottom - ((value - y.from) / (y.to - y.from)) * (height - top - bottom);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const frame = element("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom, fill: "none", stroke: "#c9ced6" });
  const cut = element("clipPath", { id: "inside" }, frame.cloneNode());
  const marks = [
    ...x.ticks.map(([value, text]) => element("text", { x: across(value), y: height - bottom + 16, "text-anchor": "middle" }, text)),
    ...y.ticks.map(([value, text]) => element("text", { x: left - 6, y: up(value) + 4, "text-anchor": "end" }, text)),
    ...y.ticks.map(([value]) => element("line", { x1: left, x2: width - right, y1: up(value), y2: up(value), stroke: "#e6e9ee" })),
    element("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, x.label),
    element("text", { transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, y.label),
  ];
  const inside = element("g", { "clip-path": "url(#inside)" });
  const names = element("g");
  svg.append(cut, ...marks, frame, inside, names);
  const draw = (lines, words) => {
    svg.setAttribute("aria-label", words);
    inside.replaceChildren(...lines.flatMap(({ xs, ys, color, dash, dots }) => {
      const points = xs.map((value, n) => [across(value).toFixed(1), up(Math.max(-1e3, Math.min(1e3, ys[n]))).toFixed(1)]);
      const d = `M ${points.map((point) => point.join(" ")).join(" L ")}`;
      const line = element("path", { d, fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dash || null });
      return [line, ...(dots ? points : []).map(([cx, cy]) => element("circle", { cx, cy, r: 2.5, fill: color }))];
    }));
    names.replaceChildren(...lines.flatMap(({ name, color, dash }, n) => [
      element("line", { x1: left + 10, x2: left + 40, y1: top + 14 + 16 * n, y2: top + 14 + 16 * n, stroke: color, "stroke-width": 2, "stroke-dasharray": dash || null }),
      element("text", { x: left + 46, y: top + 18 + 16 * n }, name),
    ]));
  };
  return { svg, draw };
}
