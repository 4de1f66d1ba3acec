"""The figures, comparisons and trainings of assignment 4.

Every function takes what you have written as an argument, draws, prints, and keeps its names to itself, so that a cell
of the notebook can be run again, in any order. Nothing here is graded: change what you like.
"""

from itertools import combinations, cycle
from re import sub
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch

from selfcheck.budget import affordable
from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show
from selfcheck.panels import show_panel
from selfcheck.unrolled import unrolled

SEEDS = range(5)  # of the random networks in experiments 1 and 4, whose texts say "five"


def _sigmoid(a):
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def _norm(J):
    """Return the largest singular value of a matrix."""
    return np.linalg.norm(J, ord=2)


def _random_weights(rng, gates, D, H):
    """Return U, W, b of a cell with this number of gates: uniform between -1/sqrt(H) and 1/sqrt(H), biases 0."""
    rows, bound = gates * H, 1 / np.sqrt(H)
    return rng.uniform(-bound, bound, (rows, D)), rng.uniform(-bound, bound, (rows, H)), np.zeros(rows)


# Sections 1 to 3: a memory set by hand


def memory_by_hand(cells, writes, reads, ylim, T=100, seed=24):
    """Draw what one unit without recurrent weights holds and says while it reads a random value and two cues.

    cells: two of them, by title, (step, U, b): a step of yours, and its weights U (gates, 3) and b (gates,) for the
    three inputs value, write and read. writes: {step: the value to keep}. reads: the steps at which it is to be read.
    ylim: the limits of the value's axis. Prints what the second cell holds at the end of each interval, and what it
    should hold.
    """
    x = np.zeros((T, 3))
    x[:, 0] = np.random.default_rng(seed).uniform(-1, 1, T)
    starts = list(writes)
    x[starts, 0] = list(writes.values())
    x[starts, 1], x[list(reads), 2] = 1, 1
    wanted = np.full(T, np.nan)
    for start, value in writes.items():
        wanted[start:] = np.tanh(value)

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
    for axis, (title, (step, U, b)) in zip(axes, cells.items(), strict=True):
        h = c = np.zeros((1, 1))
        trace = []
        for x_t in x:
            h, c = step(x_t[None], h, c, U, np.zeros((len(b), 1)), b)[:2]
            trace.append((c.item(), h.item()))
        held, said = np.array(trace).T
        axis.plot(wanted, color=GREY, linewidth=5, alpha=0.35, label="what it should hold")
        axis.plot(held, color=BLUE, label="cell c")
        axis.plot(said, "--", color=ORANGE, linewidth=1, label="hidden state h")
        for when, mark in [(starts, "write"), (reads, "read")]:
            for t in when:
                place = {"xycoords": axis.get_xaxis_transform(), "ha": "center"}
                axis.annotate(mark, (t, 0.14), (t, 0.02), arrowprops={"arrowstyle": "->", "color": GREY}, **place)
        axis.set(xlabel="step t", title=title)
    axes[0].set(ylabel="value", ylim=ylim)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    show()
    ends = [start - 1 for start in [*starts[1:], T]]
    print(f"{title.split(':')[0]}: " + "; ".join(f"c[{t}] = {held[t]:.3f}, wanted {wanted[t]:.3f}" for t in ends))


# Experiment 1


def _rnn_step(x, h_prev, c_prev, U, W, b):
    """Return h twice: a recurrent network with the signature of the cells; its cell is its hidden state."""
    h = np.tanh(x @ U.T + h_prev @ W.T + b)
    return h, h


def _derivative_norms(step, weights, x, h_fixed=False):
    """Return the norms (T,) of d c_t / d c_0 by central differences, and c (T, H) of an undisturbed run."""
    H = weights[1].shape[1]
    c = np.vstack([np.zeros(H), 1e-6 * np.eye(H), -1e-6 * np.eye(H)])  # 2H + 1 copies; 0 is the undisturbed one
    h = c if step is _rnn_step else np.zeros_like(c)
    norms, cells = [], []
    for x_t in x:
        if h_fixed:
            h = np.tile(h[0], (2 * H + 1, 1))
        h, c = step(np.tile(x_t, (2 * H + 1, 1)), h, c, *weights)
        norms.append(_norm((c[1 : H + 1] - c[H + 1 :]) / 2e-6))
        cells.append(c[0])
    return np.array(norms), np.array(cells)


def direct_and_total(additive_cell, original_lstm_step, predicted_direct, predicted_total, D, H, T):
    """Draw the norm of d c_t / d c_0, direct and total, of your two cells and a recurrent network, and how full c is.

    predicted_direct, predicted_total: your powers of ten, by the cell's name. D inputs, H units, T steps; five networks
    of each kind. Prints the powers of ten that were measured beside the predicted ones.
    """
    kinds = {"additive cell": (additive_cell, 1), "original LSTM": (original_lstm_step, 3), "RNN": (_rnn_step, 1)}
    total, direct, cells = ({name: [] for name in kinds} for _ in range(3))
    for seed in SEEDS:
        for name, (step, gates) in kinds.items():
            rng = np.random.default_rng(seed)
            x, weights = rng.standard_normal((T, D)), _random_weights(rng, gates, D, H)
            norms, trace = _derivative_norms(step, weights, x)
            total[name].append(norms)
            cells[name].append(trace)
            direct[name].append(_derivative_norms(step, weights, x, h_fixed=True)[0])
    sizes = {name: np.abs(cells[name]).mean(axis=(0, 2)) for name in kinds}  # (T,) each

    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
    for name, color, style in zip(kinds, (ORANGE, BLUE, GREY), ("-", "-.", ":"), strict=True):
        left.semilogy(range(1, T + 1), np.array(total[name]).T, style, color=color, linewidth=0.9, alpha=0.8)
        left.plot([], [], style, color=color, label=f"total, {name}")
        right.plot(range(1, T + 1), sizes[name], style, color=color, label=name)
    left.semilogy(range(1, T + 1), direct["additive cell"][0], "--", color="black", label="direct, additive, original")
    left.set(xlabel="steps t", ylabel="norm of dc$_t$/dc$_0$", ylim=(1e-7, 1e5), title="Five networks of each kind")
    left.legend(loc="lower right", fontsize=8)
    right.set(xlabel="steps t", ylabel="mean size of the numbers in c$_t$", title="How full the cell is")
    right.legend(fontsize=8)
    show()

    steps = np.array([T // 10, T // 2, T])
    for name in kinds:
        after = np.log10(np.array(total[name])[:, steps - 1]).mean(axis=0).round(1)
        print(f"total, {name}: power of ten after {', '.join(map(str, steps))} steps {after}", end=" ")
        print(f"(predicted after {T}: {predicted_total[name]})")
    for name, prediction in predicted_direct.items():
        print(f"direct, {name}: {np.min(direct[name]):.6f} to {np.max(direct[name]):.6f}", end=" ")
        print(f"(predicted power: {prediction}); mean size of the numbers in c: {sizes[name][steps - 1].round(1)}")


# Comparisons with PyTorch


def torch_weights(network):
    """Return U (4H, D), W (4H, H), b (4H,) of a torch LSTM or LSTMCell, its two biases added."""
    U, W, b_ih, b_hh = (value.detach().numpy() for value in network.parameters())
    return U, W, b_ih + b_hh


def same_states(their_h, h, their_c, c):
    """Print how far the states of a sequence of PyTorch's are from yours: h (T, H) and the last c (H,)."""
    h_off, c_off = abs(their_h.detach().numpy() - h).max(), abs(their_c.detach().numpy() - c).max()
    print(f"{len(h)} steps: largest difference of h {h_off:.0e}, of the last c {c_off:.0e}")


def torch_gradients(network, x, h0, c0, weight_h, weight_c):
    """Return autograd's dx, dU, dW, db, dh0, dc0 of a torch LSTM, and the gradient of its second bias.

    x: (N, T, D). h0, c0: (N, H). The loss is the sum of all hidden states times weight_h (N, T, H) and of the last
    cell state times weight_c (N, H).
    """
    inputs = [torch.from_numpy(array).requires_grad_() for array in (x, h0, c0)]
    h, (_, c_last) = network(inputs[0], (inputs[1][None], inputs[2][None]))
    loss = (h * torch.from_numpy(weight_h)).sum() + (c_last[0] * torch.from_numpy(weight_c)).sum()
    dU, dW, db, db_too, dx, dh0, dc0 = (
        gradient.numpy() for gradient in torch.autograd.grad(loss, [*network.parameters(), *inputs])
    )
    return (dx, dU, dW, db, dh0, dc0), db_too


# Section 4: the table of the gates


GATES_QUESTION = (
    "The cell holds 0.8, and the input gate is shut. How large must the forget gate f be if at least 90 % is to be "
    "left after 20 steps?"
)


def play_with_the_gates(start=0.8, T=60):
    """Show a panel: one cell whose gates the reader sets by hand, step by step."""
    _, axis = plt.subplots(figsize=(7, 3))
    for f, color, style in ((0.5, GREY, ":"), (0.9, ORANGE, "--"), (0.99, BLUE, "-")):
        axis.plot(range(T + 1), start * f ** np.arange(T + 1), style, color=color, label=f"f = {f}")
    axis.set(xlabel="step", ylabel="c, what the cell holds", ylim=(0, 1), title="The input gate is shut: i = 0")
    axis.legend()
    show_panel("gates", "One cell, its gates in your hand", GATES_QUESTION, {"start": start})


def four_behaviours(lstm_step_forward, behaviours, U, W, b, x, c0=0.8):
    """Draw the cells of an LSTM with a unit for each row of the gates' table, and what the table promises.

    lstm_step_forward: yours. behaviours: the H words. U: (4H, D). W: (4H, H). b: (4H,). x: (T, D), the inputs.
    c0: what all cells hold at first. Prints each unit's biases and the largest difference from the promise.
    """
    T, H = len(x), len(behaviours)
    h, c = np.zeros((1, H)), np.full((1, H), c0)
    cells, candidates = [c[0]], []
    for x_t in x:
        h, c, cache = lstm_step_forward(x_t[None], h, c, U, W, b)
        cells.append(c[0])
        candidates.append(cache[7][0])  # g
    cells, candidates = np.array(cells), np.array(candidates)  # (T + 1, H), (T, H)
    figure, axes = plt.subplots(1, H, figsize=(9, 2.6))
    for k, (axis, behaviour) in enumerate(zip(axes, behaviours, strict=True)):
        promised = {
            "remember": np.full(T, c0),
            "add": c0 + np.cumsum(candidates[:, k]),
            "erase": np.zeros(T),
            "overwrite": candidates[:, k],
        }[behaviour]
        axis.plot(range(1, T + 1), promised, color=GREY, linewidth=5, alpha=0.35, label="the table's promise")
        axis.plot(range(T + 1), cells[:, k], color=BLUE, label=f"the cell c, from {c0} on")
        axis.set(xlabel="steps", title=behaviour)
        if behaviour in ("remember", "erase"):
            axis.set_ylim(-0.15, 1)
        off = abs(cells[1:, k] - promised).max()
        print(f"{behaviour:>9}: biases i {b[k]:6.2f}, f {b[H + k]:6.2f}; off by at most {off:.1e}")
    axes[0].set_ylabel("value in the cell")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    show()


def cost_of_memory(lstm_step_forward, gate_settings, predicted_bias, predicted_slope, tolerance=1e-3):
    """Draw what is lost after 10, 100 and 1000 steps at each bias of the forget gate, and the slope of its sigmoid.

    lstm_step_forward, gate_settings: yours; dots mark the biases that your gate_settings chooses for the tolerance.
    predicted_bias: {steps: your bias}. predicted_slope: your share of the slope. Prints both beside the right ones.
    """
    biases = np.linspace(-2, 16, 145)  # one unit of a single cell for each bias
    H = len(biases)
    nothing = np.zeros((4 * H, 1)), np.zeros((4 * H, H))
    b = np.concatenate([np.zeros(H), biases, np.zeros(2 * H)])
    c, kept = np.ones((1, H)), {}
    for t in range(1, 1001):
        _, c, _ = lstm_step_forward(np.zeros((1, 1)), np.zeros((1, H)), c, *nothing, b)
        if t in (10, 100, 1000):
            kept[t] = c[0]

    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
    no_weights, enough = np.zeros((4, 1)), {}
    for T, color, style in zip(kept, (GREEN, BLUE, ORANGE), ("-", "--", "-."), strict=True):
        left.semilogy(biases, 1 - kept[T], style, color=color, label=f"T = {T}")
        enough[T] = gate_settings(["remember"], no_weights, no_weights, np.zeros(4), 0.0, T, tolerance)[1]
        left.plot(enough[T], tolerance, "o", color=color)
        print(f"T = {T}: bias {enough[T]:.3f} (predicted: {predicted_bias.get(T)})", end="; ")
        print(f"ln(T / tolerance) = {np.log(T / tolerance):.3f}")
    left.axhline(tolerance, color=GREY, linestyle=":")
    left.set(xlabel="bias of the forget gate", ylabel="share of the value lost", title="Lost after T steps")
    left.legend()
    right.semilogy(biases, _sigmoid(biases) * _sigmoid(-biases), color=BLUE)
    marks = {"bias 0": 0.0, "bias 1": 1.0, "ln 100": np.log(100), f"100 steps to {tolerance:g}": enough[100]}
    for (name, bias), offset in zip(marks.items(), ((-16, 8), (7, -2), (5, 5), (5, 5)), strict=True):
        slope = _sigmoid(bias) * _sigmoid(-bias)
        right.plot(bias, slope, "o", color=BLUE)
        right.annotate(name, (bias, slope), offset, textcoords="offset points")
        print(f"bias {bias:.2f}: f = {_sigmoid(bias):.6f}, slope f(1-f) = {slope:.2g}")
    right.set(xlabel="bias of the forget gate", ylabel="slope f (1 - f)", ylim=(5e-8, 3))
    right.set_title("What a gradient can still move")
    show()
    print(f"predicted slope: {predicted_slope}")


# Section 6: a step as a graph

WIRES = [  # the points of each wire in the direction of the forward pass
    [(0, 4), (1.7, 4)],
    [(2.3, 4), (4.7, 4)],
    [(5.3, 4), (9.4, 4)],
    [(2, 1.8), (2, 3.7)],
    [(3.5, 1.8), (3.5, 2.8), (4.7, 2.8)],
    [(5, 1.8), (5, 2.5)],
    [(5, 3.1), (5, 3.7)],
    [(6.5, 1.8), (6.5, 2), (7.7, 2)],
    [(8, 4), (8, 3.3)],
    [(8, 2.7), (8, 2.3)],
    [(8.3, 2), (9.4, 2)],
    [(0, 0.4), (2, 0.4), (2, 1.2)],
    [(2, 0.4), (3.5, 0.4), (3.5, 1.2)],
    [(3.5, 0.4), (5, 0.4), (5, 1.2)],
    [(5, 0.4), (6.5, 0.4), (6.5, 1.2)],
]
NODES = {(2, 1.5): "σ", (3.5, 1.5): "σ", (5, 1.5): "tanh", (6.5, 1.5): "σ", (8, 3): "tanh"}
NODES |= {(2, 4): "×", (5, 2.8): "×", (5, 4): "+", (8, 2): "×"}
FORKS = [(8, 4), (2, 0.4), (3.5, 0.4), (5, 0.4)]
FORWARD = {(0.5, 4.35): "$c_{t-1}$", (9.1, 4.35): "$c_t$", (9.1, 2.35): "$h_t$", (0.7, 0.75): "$x_t,\\ h_{t-1}$"}
FORWARD |= {(2.35, 2.7): "$f_t$", (3.85, 3.1): "$i_t$", (5.35, 2.1): "$g_t$", (7.1, 2.3): "$o_t$"}
BACKWARD = {(0.3, 4.4): "$dc_{t-1}$", (9.2, 4.4): "$dc_t$", (9.2, 2.4): "$dh_t$", (0.7, 0.75): "$dx_t,\\ dh_{t-1}$"}
BACKWARD |= {(8.3, 2.5): "1", (8.3, 3.5): "2", (7.1, 2.3): "3", (1.2, 4.35): "4", (2.35, 2.7): "5", (3.85, 3.1): "6"}
BACKWARD |= {(5.35, 2.15): "7", (2.35, 0.85): "8", (3.85, 0.85): "9", (5.35, 0.85): "10", (6.85, 0.85): "11"}


def step_as_graph():
    """Draw one step of the LSTM as a graph, forward and with every arrow turned round."""
    _, axes = plt.subplots(1, 2, figsize=(9.5, 2.7))
    sides = [("forward", FORWARD, BLUE), ("backward", BACKWARD, ORANGE)]
    for axis, (title, labels, color) in zip(axes, sides, strict=True):
        for wire in WIRES:
            points = wire[::-1] if title == "backward" else wire
            axis.plot(*zip(*points, strict=True), color=color, linewidth=1.2, zorder=1)
            arrow = {"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0}
            axis.annotate("", points[-1], points[-2], arrowprops=arrow)
        for place, text in NODES.items():
            box = {"boxstyle": "circle,pad=0.25" if text in "×+" else "round,pad=0.3", "fc": "white", "ec": GREY}
            axis.text(*place, text, ha="center", va="center", bbox=box)
        for place, text in labels.items():
            ring = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": color} if text.isdigit() else None
            axis.text(*place, text, ha="center", va="center", color=color, bbox=ring, fontsize=7 if ring else 9)
        size = 8 if title == "backward" else 4
        axis.plot(*zip(*FORKS, strict=True), "o", color=color, markersize=size, zorder=2)
        axis.set(xlim=(-0.3, 9.9), ylim=(0, 4.7), aspect="equal", title=title)
        axis.axis("off")
    show()


def unrolled_in_numbers(lstm_forward, lstm_backward):
    """Draw the unit of section 3's example over four steps: cells with their gates, and the gradient of the last cell.

    lstm_forward, lstm_backward: yours; the backward pass runs on the last 1, 2, 3 and 4 steps.
    """
    x = np.array([1.0, -1.0, 0.0, 0.5])
    weights = np.array([[1.0], [-1], [2], [0.5]]), np.array([[0.5], [0.5], [-0.5], [1]]), np.array([0.0, 1, 0, 0])
    h0, c0 = np.zeros((1, 1)), np.full((1, 1), 0.5)
    h, _, cache = lstm_forward(x[None, :, None], *weights, h0, c0)
    (i, f, g, o), c, h = cache[5][0].T, cache[6][0, :, 0], h[0, :, 0]
    back = []
    for k in range(4):
        before = (np.array([[h[k - 1]]]), np.array([[c[k - 1]]])) if k else (h0, c0)
        late = lstm_forward(x[None, k:, None], *weights, *before)[2]
        back.append(lstm_backward(np.zeros((1, 4 - k, 1)), np.ones((1, 1)), late)[5].item())
    states = [f"$c_{t}$\n{c[t]:.4f}" for t in range(4)]
    inputs = [f"i · g = {i[t]:.2f} · {g[t]:.2f}" for t in range(4)]
    outputs = [f"$h_{t}$ = {h[t]:.4f}\no = {o[t]:.2f}" for t in range(4)]
    across, back = [f"· f = {f[t]:.3f}" for t in range(4)], [f"{gradient:.4f}" for gradient in back]
    title = "The cell's line: what the gates let through (blue), and the gradient of $c_3$ (orange)"
    unrolled(states, inputs, outputs, "$c_{-1}$\n0.5", across, back, title=title)


# Section 7: clocks


def clocks(peephole_step, predicted, g, peepholes, strength=400.0, threshold=0.95, T=100):
    """Draw cells and hidden states of units that add g to their cell at every step, and have no input.

    peephole_step: yours. predicted: your periods, or h, by a name for each of the H units. g: (H,), what they add.
    peepholes: (H,), 1 for a unit that sees its cell and 0 for one that does not. strength: the size of the peepholes'
    weights; threshold: where the gates switch. Prints the steps at which each unit rings.
    """
    H = len(g)
    b = np.concatenate([np.full(H, 10.0), np.full(H, strength * threshold), np.arctanh(g)])
    b = np.concatenate([b, np.full(H, -strength * threshold)])
    P = np.vstack([np.zeros((H, H)), -strength * np.diag(peepholes), strength * np.diag(peepholes)])
    h = c = np.zeros((1, H))
    cells, hidden = [], []
    for _ in range(T):
        h, c = peephole_step(np.zeros((1, 1)), h, c, np.zeros((4 * H, 1)), np.zeros((4 * H, H)), P, b)
        cells.append(c[0])
        hidden.append(h[0])
    cells, hidden = np.array(cells), np.array(hidden)  # (T, H)
    figure, axes = plt.subplots(1, H, figsize=(9, 2.7))
    for k, (axis, (name, guess)) in enumerate(zip(axes, predicted.items(), strict=True)):
        axis.plot(range(1, T + 1), cells[:, k], color=BLUE, label="cell c")
        axis.plot(range(1, T + 1), hidden[:, k], "--", color=ORANGE, label="hidden state h")
        axis.set(xlabel="steps", title=name)
        rings = np.flatnonzero(hidden[:, k] > 0.3) + 1
        print(f"{name}: rings at steps {rings}; predicted: {guess}")
    axes[0].set_ylabel("value")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    show()


# Experiment 4


def _lstm_norms(lstm_step_forward, lstm_step_backward, x, U, W, b):
    """Return the norms (T + 1,) of d c_T / d c_t, direct and total, and of d h_T / d h_t, for t = T, T-1, .., 0."""
    H = W.shape[1]
    h = c = np.zeros((H, H))  # H copies: copy j will carry the gradient of number j of c_T or h_T
    caches = []
    for x_t in x:  # T + 1 steps
        h, c, cache = lstm_step_forward(np.tile(x_t, (H, 1)), h, c, U, W, b)
        caches.append(cache)
    norms = {"direct": [], "dc": [], "dh": []}
    along = np.ones(H)
    from_c, from_h = (np.zeros((H, H)), np.eye(H)), (np.eye(H), np.zeros((H, H)))  # (dh, dc) at step T
    for cache in reversed(caches):
        f = cache[6]
        norms["direct"].append(along.max())
        norms["dh"].append(_norm(from_h[0]))
        from_c, from_h = (lstm_step_backward(*pair, cache)[1:3] for pair in (from_c, from_h))
        norms["dc"].append(_norm(from_c[1] / f))  # step t hands back f times its total derivative
        along = along * f[0]
    return norms


def _rnn_norms(x, U, W):
    """Return the norms (T + 1,) of d h_T / d h_t of a recurrent network, for t = T, T-1, .., 0."""
    h, factors = np.zeros(len(W)), []
    for x_t in x:
        h = np.tanh(W @ h + U @ x_t)
        factors.append((1 - h**2)[:, None] * W)
    norms, J = [], np.eye(len(W))
    for factor in reversed(factors):
        norms.append(_norm(J))
        J = J @ factor
    return norms


def returning_gradient(
    lstm_step_forward, lstm_step_backward, forget_bias_init, predicted_power_dh, predicted_direct, D, H, T
):
    """Draw how much of the gradient at step T comes back, in LSTMs with three forget biases and two RNNs.

    lstm_step_forward, lstm_step_backward, forget_bias_init: yours. predicted_power_dh: by network, your power of ten
    over T steps. predicted_direct: your product of T forget gates at bias ln T. D inputs, H units; five networks of
    each kind, fewer if your steps are slow. Prints the powers of ten measured, and the norms at bias ln T of each
    network.
    """
    rules = {"LSTM, bias 0": ("zero", None), "LSTM, bias 1": ("one", None), "LSTM, bias ln T": ("remember", T)}
    runs = {name: {"direct": [], "dc": [], "dh": []} for name in [*rules, "RNN", "RNN, orthogonal W"]}

    def steps_back(count):
        weights = _random_weights(np.random.default_rng(0), 4, D, H)
        return _lstm_norms(lstm_step_forward, lstm_step_backward, np.ones((count, D)), *weights)

    afforded = affordable(len(SEEDS) * len(rules) * (T + 1), 45, steps_back, sample=4, what="steps back")
    seeds = SEEDS[: max(1, afforded // (len(rules) * (T + 1)))]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((T + 1, D))
        U, W, _ = _random_weights(rng, 1, D, H)
        orthogonal = np.linalg.qr(rng.standard_normal((H, H)))[0]
        runs["RNN"]["dh"].append(_rnn_norms(x, U, W))
        runs["RNN, orthogonal W"]["dh"].append(_rnn_norms(x, U, orthogonal))
        U, W, b = _random_weights(rng, 4, D, H)
        for name, rule in rules.items():
            norms = _lstm_norms(lstm_step_forward, lstm_step_backward, x, U, W, forget_bias_init(b, *rule))
            for kind, values in norms.items():
                runs[name][kind].append(values)

    _, axes = plt.subplots(1, 2, figsize=(9, 3.9), sharey=True)
    colors, styles = (ORANGE, BLUE, GREEN, GREY, "black"), ("-", "s-", "^-", ":", "-.")
    for (name, norms), color, style in zip(runs.items(), colors, styles, strict=True):
        for axis, kind in zip(axes, ("dc", "dh"), strict=True):
            if norms[kind]:
                axis.fill_between(range(T + 1), *np.quantile(norms[kind], (0, 1), axis=0), color=color, alpha=0.15)
                middle = np.exp(np.mean(np.log(norms[kind]), axis=0))
                axis.semilogy(range(T + 1), middle, style, color=color, markevery=T // 5, markersize=4, label=name)
        if norms["direct"]:
            axes[0].semilogy(range(T + 1), np.exp(np.mean(np.log(norms["direct"]), axis=0)), "--", color=color)
    axes[0].plot([], [], "--", color="black", label="direct: the product of f")
    axes[0].set(xlabel="steps back, T - t", ylabel="norm", ylim=(1e-26, 1e5), title="dc$_T$/dc$_t$, total and direct")
    axes[1].set(xlabel="steps back, T - t", title="dh$_T$/dh$_t$, total")
    for axis in axes:
        axis.axhline(1, color=GREY, linewidth=0.6)
        axis.legend(loc="lower left", fontsize=8)
    show()

    print(f"powers of ten {T} steps back, mean of {len(seeds)} networks")
    for name, norms in runs.items():
        row = "; ".join(f"{kind} {np.log10(values)[:, -1].mean():.1f}" for kind, values in norms.items() if values)
        print(f"{name}: {row} (dh predicted: {predicted_power_dh[name]})")
    forget_gate = _sigmoid(forget_bias_init(np.zeros(4), "remember", T)[1])
    print(f"direct at bias ln T without weights: {forget_gate**T:.3f}; predicted: {predicted_direct}")
    print("direct and total d c_T / d c_t at bias ln T, each network:", end=" ")
    print(*(np.round(np.array(runs["LSTM, bias ln T"][kind])[:, -1], 2) for kind in ("direct", "dc")))


# Section 9: a network that reads Shakespeare


def read_plays(path):
    """Return the text of a file in lower case: its alphabet (a string), and its symbols' numbers, kept and held out."""
    text = sub(r"[^a-z \n.,;:!?'-]", "", path.read_text().lower())
    alphabet = "".join(sorted(set(text)))
    tokens = np.array([alphabet.index(letter) for letter in text])
    return SimpleNamespace(alphabet=alphabet, kept=tokens[:-10_001], held_out=tokens[-10_001:])


class CharacterNetwork:
    """A character LSTM: its parameters by name, and your lstm_forward, with which it reads."""

    def __init__(self, lstm_forward, parameters):
        self.lstm_forward, self.parameters = lstm_forward, parameters

    def read(self, tokens, h0=None, c0=None):
        """Return the probabilities y (N, T, K) of the next symbols of tokens (N, T), h (N, T, H), c_last, the cache."""
        model = self.parameters
        one_hots = np.eye(len(model["V"]))
        h, c_last, cache = self.lstm_forward(one_hots[tokens], model["U"], model["W"], model["b"], h0, c0)
        logits = h @ model["V"].T + model["c_out"]
        e = np.exp(logits - logits.max(axis=2, keepdims=True))
        return e / e.sum(axis=2, keepdims=True), h, c_last, cache

    def inside(self, tokens):
        """Return the gates (N, T, 4, H), in the order i, f, g, o, and the cells (N, T, H), while it reads tokens."""
        cache = self.read(tokens)[3]
        return cache[5].reshape(*tokens.shape, 4, -1), cache[6]


def _loss(y, targets):
    """Return the mean of -ln of the probability given to what came: nats per character."""
    return -np.log(np.take_along_axis(y, targets[..., None], axis=2)).mean()


def train(lstm_forward, lstm_backward, plays, b, N=16, T=32, updates=700, rate=0.02, seed=0):
    """Train a character LSTM by your forward and backward pass; return the CharacterNetwork and its losses (updates,).

    plays: from `read_plays`. b: (4H,), the biases before training. N readers, T characters for each update; the states
    are carried over from one update to the next. Gradients are clipped to norm 1 and fed to Adam; its rate falls to 0.
    """
    K, H = len(plays.alphabet), len(b) // 4
    rng, bound = np.random.default_rng(seed), 1 / np.sqrt(H)
    shapes = {"U": (4 * H, K), "W": (4 * H, H), "V": (K, H)}
    model = {name: rng.uniform(-bound, bound, shape) for name, shape in shapes.items()}
    model |= {"b": b, "c_out": np.zeros(K)}
    mean = {name: np.zeros_like(value) for name, value in model.items()}
    square = {name: np.zeros_like(value) for name, value in model.items()}
    network = CharacterNetwork(lstm_forward, model)
    stream = plays.kept[: len(plays.kept) // N * N].reshape(N, -1)
    h0 = c0 = None
    losses = []
    for update in range(updates):
        now = update * T
        x, targets = stream[:, now : now + T], stream[:, now + 1 : now + T + 1]
        y, h, c0, cache = network.read(x, h0, c0)
        h0 = h[:, -1]
        losses.append(_loss(y, targets))
        dz = (y - np.eye(K)[targets]) / (N * T)  # softmax and cross-entropy together
        _, dU, dW, db, _, _ = lstm_backward(dz @ model["V"], np.zeros((N, H)), cache)
        gradient = {"U": dU, "W": dW, "b": db, "V": np.tensordot(dz, h, ((0, 1), (0, 1))), "c_out": dz.sum((0, 1))}
        size = np.sqrt(sum((value**2).sum() for value in gradient.values()))
        for name, value in gradient.items():
            clipped = value * min(1, 1 / size)
            mean[name] += 0.1 * (clipped - mean[name])
            square[name] += 0.001 * (clipped**2 - square[name])
            step = mean[name] / (1 - 0.9 ** (update + 1))
            step = step / (np.sqrt(square[name] / (1 - 0.999 ** (update + 1))) + 1e-8)
            model[name] = model[name] - rate * (1 - update / updates) * step
    return network, losses


def trainings(networks, losses, biases, plays, predicted_mean_gate, predicted_order):
    """Draw the losses of the trained networks and the mean forget gates of their units on the held-out text.

    networks, losses, biases (4H,) before training, predicted_mean_gate: each by the network's name. Prints for each the
    loss on the held-out text, the mean forget gate before and after training, and the mean size of its cells.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4))
    text, targets = plays.held_out[None, :-1], plays.held_out[None, 1:]
    looks = ((ORANGE, "-"), (BLUE, "--"), (GREEN, "-."), (GREY, (0, (6, 2, 2, 2))))  # dotted is where they start
    for (name, network), (color, style) in zip(networks.items(), cycle(looks)):
        y, _, _, cache = network.read(text)
        H = len(biases[name]) // 4
        f, cells = cache[5][0, :, H : 2 * H], cache[6]
        start = _sigmoid(biases[name][H])
        left.plot(np.convolve(losses[name], np.ones(20) / 20, mode="valid"), linestyle=style, color=color, label=name)
        right.plot(np.sort(f.mean(axis=0))[::-1], linestyle=style, color=color, label=name)
        right.axhline(start, color=color, linestyle=":")
        print(f"{name:>10}: held out {_loss(y, targets):.2f} nats per character;", end=" ")
        print(f"forget gate {start:.2f} before, {f.mean():.2f} after", end=" ")
        print(f"(predicted: {predicted_mean_gate.get(name)}); mean size of c {abs(cells).mean():.1f}")
    left.set(xlabel="updates", ylabel="loss, nats per character", title="Training", ylim=(1.7, 3.3))
    right.set(xlabel="units, sorted", ylabel="forget gate, mean over the text")
    right.set_title("Where the gates stand (dotted: start)")
    left.legend()
    show()
    print(f"predicted order: {predicted_order}")


def _gates_of_held_out(network, plays):
    """Return the gates (T, 4, H) on the held-out text, and where (T,) a letter and where a blank has just been read."""
    gates = network.inside(plays.held_out[None, :-1])[0][0]
    just_read = np.array(list(plays.alphabet))[plays.held_out[:-1]]
    return gates, np.char.isalpha(just_read), just_read == " "


def _tokens(sentences, plays):
    return np.array([[plays.alphabet.index(letter) for letter in sentence] for sentence in sentences])


def gates_over_sentence(networks, name, sentence, plays, predicted_reaction):
    """Draw the gates of every fourth unit while the network of this name reads a sentence, the slowest at the top.

    The slowest is the one whose forget gate is most open on the held-out text. predicted_reaction: which gate you
    expect to react most to a blank. Prints the gates' means after a letter and after a blank of the held-out text,
    those of the slowest and the quickest units, and how often each row of the gates' table occurs.
    """
    network = networks[name]
    gates, letter, blank = _gates_of_held_out(network, plays)
    slowest_first = np.argsort(-gates[:, 1].mean(axis=0))
    seen = network.inside(_tokens([sentence], plays))[0][0]
    figure, axes = plt.subplots(3, 1, figsize=(9.5, 5.6))
    blanks = [t for t, symbol in enumerate(sentence) if symbol == " "]
    for axis, k, title in zip(axes, (1, 0, 3), ("forget gate f", "input gate i", "output gate o"), strict=True):
        shown = {"cmap": "cividis", "vmin": 0, "vmax": 1, "aspect": "auto", "interpolation": "nearest"}
        rows = seen[:, k, slowest_first[::4]].T  # (16, characters)
        picture = axis.imshow(rows, **shown)
        for t in blanks:
            axis.add_patch(plt.Rectangle((t - 0.5, -0.5), 1, len(rows), fill=False, edgecolor="white", linewidth=1.2))
        axis.set(ylabel="unit, slowest first", title=title, yticks=[])
        axis.set_xticks(range(len(sentence)), list(sentence.replace(" ", "␣")), fontsize=7)
    axes[-1].set_xlabel("character just read")
    figure.suptitle(f"The gates of a trained network ({name}) while it reads")
    figure.colorbar(picture, ax=axes, label="gate, 0 shut, 1 open")
    show()

    print(f"means over the held-out text after a letter and after a blank; predicted: {predicted_reaction}")
    for k, gate in ((0, "i"), (1, "f"), (3, "o")):
        print(f"{gate}: {gates[letter, k].mean():.2f} and {gates[blank, k].mean():.2f}", end="; ")
        shut, opened = ((gates[:, k] < 0.1).mean(), (gates[:, k] > 0.9).mean())
        print(f"below 0.1: {shut:.2f} of the time, above 0.9: {opened:.2f}")
    slow, quick = slowest_first[:16], slowest_first[-16:]
    print(f"output gate of the 16 slowest units {gates[:, 3, slow].mean():.2f},", end=" ")
    print(f"of the 16 quickest {gates[:, 3, quick].mean():.2f}")
    is_open = {"remember": (False, True), "add": (True, True), "erase": (False, False), "overwrite": (True, False)}
    i, f = gates[:, 0], gates[:, 1]
    for behaviour, (i_open, f_open) in is_open.items():
        share = ((i > 0.5) == i_open) & ((f > 0.5) == f_open)
        clearly = share & (abs(i - 0.5) > 0.4) & (abs(f - 0.5) > 0.4)
        print(f"{behaviour:>9}: {share.mean():.2f} of the time; both gates within 0.1 of 0 or 1: {clearly.mean():.3f}")


def units_over_sentence(network, sentence, plays):
    """Draw cell and hidden state of three units while the network reads a sentence.

    The three: the one whose forget gate falls most at blanks, the one whose output gate does, and the one whose forget
    gate is most open, all on the held-out text. Prints their gates after letters and after blanks.
    """
    gates, letter, blank = _gates_of_held_out(network, plays)
    after_blank = gates[blank].mean(axis=0) - gates[letter].mean(axis=0)  # (4, H): how each gate answers a blank
    chosen = {
        "wiped at blanks": after_blank[1].argmin(),
        "silent at blanks": after_blank[3].argmin(),
        "slowest": gates[:, 1].mean(axis=0).argmax(),
    }
    seen, seen_cell = (array[0] for array in network.inside(_tokens([sentence], plays)))
    blanks = [t for t, symbol in enumerate(sentence) if symbol == " "]
    figure, axes = plt.subplots(3, 1, figsize=(9.5, 6), sharex=True)
    for axis, (name, k) in zip(axes, chosen.items(), strict=True):
        axis.plot(seen_cell[:, k], ".-", color=BLUE, label="cell c")
        axis.plot(seen[:, 3, k] * np.tanh(seen_cell[:, k]), ".--", color=ORANGE, linewidth=1, label="hidden state h")
        for t in blanks:
            label = "blank" if t == blanks[0] else None
            axis.axvspan(t - 0.5, t + 0.5, color=GREY, alpha=0.2, linewidth=0, label=label)
        f_letter, f_blank, o_letter, o_blank = (gates[where, g, k].mean() for g in (1, 3) for where in (letter, blank))
        axis.set(ylabel="value", title=f"unit {k}, {name}")
        print(f"unit {k}, {name}: after letters and blanks f {f_letter:.2f} and {f_blank:.2f}", end=", ")
        print(f"o {o_letter:.2f} and {o_blank:.2f}")
    axes[-1].set_xticks(range(len(sentence)), list(sentence.replace(" ", "␣")), fontsize=7)
    axes[-1].set(xlabel="character just read", xlim=(-0.7, len(sentence) - 0.3))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    show()


# Experiment 7


def what_is_left(networks, sentence, words, plays, predicted_characters, predicted_most_left):
    """Draw how far the states of sentences differ that are alike but for one word, from this word on.

    networks: by name. sentence: holds the first of the words; the others, equally long, take its place. The distance
    is given as a share of the distance between two random places of the held-out text. Prints after how many
    characters the cells differ by less than 0.01, beside predicted_characters, by the network's name.
    """
    variants = _tokens([sentence.replace(words[0], word) for word in words], plays)
    end = sentence.index(words[0]) + len(words[0])
    pairs = np.array(list(combinations(range(len(words)), 2)))
    places = np.random.default_rng(0).integers(200, 10_000, (400, 2))

    def share_left(states, elsewhere):
        """Return the mean distance (T,) of the states of two sentences, as a share of that of two places elsewhere."""
        distance = np.linalg.norm(states[pairs[:, 0]] - states[pairs[:, 1]], axis=2).mean(axis=0)
        return distance / np.linalg.norm(elsewhere[places[:, 0]] - elsewhere[places[:, 1]], axis=1).mean()

    _, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    looks = ((ORANGE, "-"), (BLUE, "--"), (GREEN, "-."))
    for (name, network), (color, style) in zip(networks.items(), cycle(looks)):
        _, h, _, cache = network.read(variants)
        gates, cells = (array[0] for array in network.inside(plays.held_out[None, :-1]))
        in_c, in_h = share_left(cache[6], cells), share_left(h, gates[:, 3] * np.tanh(cells))
        for axis, share in zip(axes, (in_c, in_h), strict=True):
            axis.semilogy(np.arange(len(sentence)) - end + 1, share, style, color=color, label=name)
        below = np.flatnonzero(in_c[end:] < 0.01)
        reached = f"below 0.01 after {below[0] + 1} characters" if len(below) else "never below 0.01"
        print(f"{name:>10}: cells {reached} (predicted: {predicted_characters.get(name)});", end=" ")
        print(f"left at the name's last letter: c {in_c[end - 1]:.2f}, h {in_h[end - 1]:.2f};", end=" ")
        print(f"at the full stop: c {in_c[-1]:.1g}, h {in_h[-1]:.1g}")
    for axis, title in zip(axes, ("cells c", "hidden states h"), strict=True):
        axis.axhline(0.01, color=GREY, linestyle=":")
        axis.set(xlabel="characters after the name", title=f"The country in the {title}")
        axis.set(xlim=(-5, len(sentence) - end), ylim=(1e-6, 2))
    axes[0].set_ylabel("difference, as a share")
    axes[0].legend(loc="lower left")
    show()
    print(f"predicted to have most left: {predicted_most_left}")
