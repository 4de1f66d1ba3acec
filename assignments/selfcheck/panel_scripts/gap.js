// How long a gradient still is after a gap: a small network, its matrix scaled by a slider.
// DATA.W: (H, H), of spectral radius 1, with the largest singular value DATA.sigma; DATA.x: (T, H), what the inputs add.

const KINDS = { // the function, its slope where it has the value h, its largest slope
  tanh: [Math.tanh, (h) => 1 - h * h, 1],
  sigmoid: [(a) => 1 / (1 + Math.exp(-a)), (h) => h * (1 - h), 0.25],
  ReLU: [(a) => Math.max(a, 0), (h) => (h > 0 ? 1 : 0), 1],
  "none (linear)": [(a) => a, () => 1, 1],
};

const times = (M, v) => M.map((row) => row.reduce((sum, entry, j) => sum + entry * v[j], 0));

// The largest singular value, by power iteration.
function stretch(M) {
  const turned = M[0].map((_, j) => M.map((row) => row[j]));
  let v = M.map((_, j) => 1 + 0.1 * j), size = 0;
  for (let round = 0; round < 100; round++) {
    const length = Math.hypot(...v);
    if (!(length > 0)) return 0;
    v = v.map((entry) => entry / length);
    const moved = times(M, v);
    size = Math.hypot(...moved);
    v = times(turned, moved.map((entry) => entry / (size || 1)));
  }
  return size;
}

// The norms of dh_t/dh_0 for t = 1 to T.
function lengths(kind, radius, strength) {
  const [f, slope] = KINDS[kind];
  const W = DATA.W.map((row) => row.map((entry) => radius * entry));
  let h = W.map(() => 0), carried = W.map((_, i) => W.map((_, j) => (i === j ? 1 : 0)));
  return DATA.x.map((x) => {
    const a = times(W, h);
    h = a.map((sum, i) => f(sum + strength * x[i]));
    const columns = carried[0].map((_, j) => times(W, carried.map((row) => row[j])));
    carried = h.map((value, i) => columns.map((column) => slope(value) * column[i]));
    return stretch(carried);
  });
}

const T = DATA.x.length, LOWEST = -12, HIGHEST = 8;
const power = (value) => (value > 0 ? Math.log10(value) : -999);
const short = (value) => (value === 0 ? "0" : value >= 0.01 && value < 1000 ? value.toPrecision(2) : value.toExponential(1));
const picture = diagram(
  { label: "gap, in steps", from: 0, to: T, ticks: [0, 10, 20, 30, 40].map((t) => [t, String(t)]) },
  { label: "norm of the gradient", from: LOWEST, to: HIGHEST, ticks: [-12, -8, -4, 0, 4, 8].map((n) => [n, n === 0 ? "1" : `1e${n}`]) });
const said = element("p", { role: "status" });
const radius = slider("radius", "spectral radius ρ of W", { min: 0.1, max: 10, step: 0.1, value: 1 }, draw, (v) => v.toFixed(1));
const strength = slider("strength", "strength of the inputs", { min: 0, max: 2, step: 0.1, value: 0.5 }, draw, (v) => v.toFixed(1));
const kind = choice("kind", "nonlinearity", Object.keys(KINDS), draw);

function draw() {
  const norms = lengths(kind.value(), radius.value(), strength.value());
  const gaps = norms.map((_, t) => t + 1), last = norms[T - 1], gamma = KINDS[kind.value()][2];
  const bound = gamma * radius.value() * DATA.sigma;
  const growth = last > 0 ? Math.pow(last, 1 / T) : 0;
  const words = `At gap ${T} the norm is ${short(last)}: a factor of ${growth.toFixed(2)} a step.`;
  picture.draw([
    { xs: [0, ...gaps], ys: [0, ...norms.map(power)], color: "var(--blue)", name: "norm of ∂h(t)/∂h(0)" },
    { xs: [0, T], ys: [0, T * power(bound)], color: "var(--orange)", dash: "7 4", name: "bound: (γ σ_max)^gap" },
  ], words);
  said.textContent = `${words} γ ρ = ${(gamma * radius.value()).toFixed(2)}, γ σ_max = ${bound.toFixed(2)}.`;
}

draw();
begin(
  [{ name: "tanh", label: "tanh: ρ =", min: 0, max: 100, step: "any" }, { name: "sigmoid", label: "sigmoid: ρ =", min: 0, max: 100, step: "any" }],
  [kind.row, radius.row, strength.row, picture.svg, said], draw);
