"""The figures and tables of assignment 5, and the measuring behind them.

Each function takes the notebook's functions as arguments, draws one figure or prints one table, and prints what was
measured beside what was predicted. None changes what is passed to it.
"""

import re
import time

import matplotlib.pyplot as plt
import numpy as np

from selfcheck.budget import affordable
from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show

DISTANCES = np.array([1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 35, 40, 45, 50])  # over which gradients are measured
COLORS = {"RNN": GREY, "LSTM": BLUE, "GRU": ORANGE}


# Section 1: the cell


def gates_at_their_ends(gru_step_forward, N=2, D=4, H=5):
    """Print how far the cell is from a copy, a plain RNN and a step without a past when biases drive its gates."""
    rng = np.random.default_rng(0)
    U, W, b = rng.standard_normal((3 * H, D)), rng.standard_normal((3 * H, H)), rng.standard_normal(3 * H)
    x, h_prev = rng.standard_normal((N, D)), rng.uniform(-1, 1, (N, H))
    U_n, W_n, b_n = U[2 * H :], W[2 * H :], b[2 * H :]
    for z, r, name, expected in (
        (0, 1, "a copy", h_prev),
        (1, 1, "a plain RNN", np.tanh(x @ U_n.T + h_prev @ W_n.T + b_n)),
        (1, 0, "no past", np.tanh(x @ U_n.T + b_n)),
    ):
        b_ends = np.concatenate([np.full(H, 40 * r - 20), np.full(H, 40 * z - 20), b_n])
        U_ends, W_ends = (np.concatenate([np.zeros_like(A[: 2 * H]), A[2 * H :]]) for A in (U, W))
        h, _ = gru_step_forward(x, h_prev, U_ends, W_ends, b_ends)
        print(f"z = {z}, r = {r}: largest difference from {name}: {abs(h - expected).max():.0e}")


def one_unit_follows(gru_step_forward, gates=(0.5, 0.1, 0.02), T=120):
    """Draw how one unit without recurrent weights follows a pulse of 30 steps, for each constant update gate."""
    pulse = (np.arange(T) < 30).astype(float)[None, :, None]  # (1, T, 1)
    _, axis = plt.subplots(figsize=(6.4, 2.8))
    axis.fill_between(range(T), pulse[0, :, 0], color=GREY, alpha=0.2, linewidth=0, label="input", step="mid")
    for z, color, style in zip(gates, (ORANGE, GREEN, BLUE), (":", "--", "-"), strict=True):
        h, states = np.zeros((1, 1)), []
        for t in range(T):
            U_one, b_one = np.array([[0.0], [0.0], [2.0]]), np.array([0.0, np.log(z / (1 - z)), 0.0])
            h, _ = gru_step_forward(pulse[:, t], h, U_one, np.zeros((3, 1)), b_one)
            states.append(h.item())
        axis.plot(states, style, color=color, label=f"z = {z:g}, 1/z = {1 / z:g} steps")
    axis.set(xlabel="step t", ylabel="state h", title="One unit follows its input, at three constant update gates")
    axis.legend()
    show()


# Section 2: the gradient


def gradient_before_training(gru_forward, gru_backward, beginnings, predicted):
    """Draw the length of the gradient at h0 against its distance from the loss, for four untrained networks.

    beginnings: by name, two RNNs and two GRUs in this order, the parameters that initial_parameters returns, of S
    networks each. predicted: by name, the length after 50 steps as a power of ten.
    """
    seeds, N, longest = len(next(iter(beginnings.values()))[0]), 50, DISTANCES[-1]
    x, v = _inputs_and_directions(beginnings, N, longest)

    def rnn_gradient(T, U, W, b):
        """Return dL/dh0 of a plain RNN, L = v . h_{T-1}: (N, H)."""
        states = [np.zeros_like(v)]
        for t in range(T):
            states.append(np.tanh(x[:, t] @ U.T + states[-1] @ W.T + b))
        dh = v
        for h in reversed(states[1:]):
            dh = (dh * (1 - h**2)) @ W
        return dh

    def gru_gradient(T, U, W, b):
        """Return dL/dh0 of a GRU, L = v . h_{T-1}: (N, H)."""
        h, cache = gru_forward(x[:, :T], U, W, b)
        dh = np.zeros_like(h)
        dh[:, -1] = v
        return gru_backward(dh, cache)[4]

    _, axis = plt.subplots(figsize=(6.4, 3.6))
    styles = zip(("s-", "^-", "o-", "D-"), (GREY, GREEN, ORANGE, BLUE), strict=True)
    for (name, parameters), (style, color) in zip(beginnings.items(), styles, strict=True):
        gradient = gru_gradient if name.startswith("GRU") else rnn_gradient
        networks = [[array[s].astype(float) for array in parameters[:3]] for s in range(seeds)]
        lengths = [np.linalg.norm([gradient(T, *network) for network in networks], axis=2) for T in DISTANCES]
        typical = np.exp(np.log(lengths).mean(axis=(1, 2)))  # geometric mean over networks and sequences
        axis.semilogy(DISTANCES, typical, style, color=color, label=name, markersize=4)
        power = np.log10(typical[-1])
        print(f"{name:<18} T = {longest}: power of ten {power:.1f}; predicted: {predicted.get(name)}")
    axis.semilogy(DISTANCES, 0.5**DISTANCES, ":", color=ORANGE, label="the copy alone, z = 1/2")
    axis.semilogy(DISTANCES, (50 / 51) ** DISTANCES, ":", color="black", zorder=3, label="the copy alone, z = 1/51")
    axis.set(xlabel="T, steps between h0 and the loss", ylabel="length of the gradient at h0", ylim=(1e-16, 30))
    axis.set_title("Before training: what is left of a gradient of length 1")
    axis.legend(loc="lower left", fontsize=8)
    show()


def _inputs_and_directions(beginnings, N, T):
    """Return the inputs (N, T, D) of experiment 1 and its N random directions (N, H) of length 1."""
    rng = np.random.default_rng(1)
    weights = next(iter(beginnings.values()))
    H, D = weights[3].shape[1], weights[0].shape[2]
    x, v = 0.5 * rng.standard_normal((N, T, D)), rng.standard_normal((N, H))
    return x, v / np.linalg.norm(v, axis=1, keepdims=True)


# Section 3: two conventions


def error_that_hides(gru_forward, torch_gru_step, gru_to_torch, predicted_step, predicted_difference):
    """Draw how far PyTorch's cell is from the lecture's, step by step, with three kinds of converted weights.

    predicted_step, predicted_difference: where the cells first differ if the full W_n is copied, and by how much in
    the end.
    """
    rng = np.random.default_rng(2)
    N, T, D, H = 200, 25, 3, 6
    U, W, b = rng.standard_normal((3 * H, D)), rng.standard_normal((3 * H, H)), rng.standard_normal(3 * H)
    x = rng.standard_normal((N, T, D))
    diagonal = W.copy()
    diagonal[2 * H :] *= np.eye(H)

    def torch_states(U, W, b_U, b_W):
        """Return the states of torch_gru_step over all inputs: (N, T, H)."""
        h, states = np.zeros((N, H)), []
        for t in range(T):
            h = torch_gru_step(x[:, t], h, U, W, b_U, b_W)
            states.append(h)
        return np.stack(states, axis=1)

    def typical_difference(ours, theirs):
        """Return the largest difference between the states of each step, mean over the sequences: (T,)."""
        return abs(ours - theirs).max(axis=2).mean(axis=0)

    U_new, W_new, b_U, b_W = gru_to_torch(U, diagonal, b)
    exact = typical_difference(gru_forward(x, U, diagonal, b)[0], torch_states(U_new, W_new, b_U, b_W))
    W_new[2 * H :] = W[2 * H :]
    half = typical_difference(gru_forward(x, U, W, b)[0], torch_states(U_new, W_new, b_U, b_W))
    unchanged = typical_difference(gru_forward(x, U, W, b)[0], torch_states(U, W, b, np.zeros(3 * H)))
    try:
        gru_to_torch(U, W, b)
    except ValueError as refusal:
        print("gru_to_torch on the full W_n refuses:", refusal)

    _, axis = plt.subplots(figsize=(6.4, 3.4))
    for differences, style, color, label in (
        (unchanged, "s:", GREY, "nothing converted"),
        (half, "o-", ORANGE, "z converted, full W_n copied"),
        (exact, "^--", BLUE, "converted, W_n diagonal"),
    ):
        axis.semilogy(range(T), differences.clip(1e-17), style, color=color, label=label, markersize=4)
    axis.set(xlabel="step t", ylabel="largest difference of a state", ylim=(3e-18, 30))
    axis.set_title("The lecture's GRU beside PyTorch's, from h0 = 0")
    axis.legend(loc="center right")
    show()
    print(f"full W_n copied: the cells first differ at step {np.argmax(half > 1e-9)}", end=" ")
    print(f"(predicted: {predicted_step})", end="; ")
    print(f"at the last step {half[-1]:.2f} (predicted: {predicted_difference})")


# Section 4: the reset gate


def rank_correlation(a, b):
    """Return the correlation of the ranks of two vectors."""
    return np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1]


def speed_and_reset_gates(gru_forward, networks, text, predicted):
    """Draw the mean of r against the mean of z for each unit of trained networks, in both conventions.

    networks, text: the paths of shakespeare_gru.npz and shakespeare.txt. predicted: the rank correlations, by the place
    of the reset, "before" and "after" the product.
    """
    with np.load(networks) as file:
        trained = dict(file)
    read = re.sub(r"\s+", " ", text.read_text().lower())[-40_000:]
    number = {character: k for k, character in enumerate(str(trained["characters"]))}
    tokens = np.array([number[character] for character in read]).reshape(40, 1000)
    x = np.eye(len(number))[tokens[:, :-1]]  # one-hot, (40, 999, K)
    _, cache = gru_forward(x, *(trained[name].astype(float) for name in ("U", "W", "b")))
    r, z, _ = np.split(cache[4][:, 100:].mean(axis=(0, 1)), 3)  # (64,) each, without the first 100 characters
    print(f"your gru_forward, first network: mean r {r.mean():.2f}, rank correlation {rank_correlation(z, r):+.2f}")

    _, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True, sharey=True)
    for axis, place in zip(axes, ("before", "after"), strict=True):
        correlations = []
        for s, (marker, color) in enumerate((("o", BLUE), ("^", ORANGE), ("s", GREEN))):
            z, r = trained[f"{place}/z"][s], trained[f"{place}/r"][s]
            correlations.append(rank_correlation(z, r))
            label = f"{correlations[-1]:+.2f}"
            axis.plot(z, r, marker, color=color, alpha=0.7, markersize=4, linestyle="none", label=label)
        axis.set(xlabel="mean of z: slow to fast", title=f"reset {place} the product", xlim=(0, 1), ylim=(0, 1.35))
        axis.set_yticks(np.linspace(0, 1, 6))
        axis.legend(title="three networks and their rank correlations", fontsize=8, ncols=3, loc="upper center")
        print(f"reset {place} the product: {np.round(correlations, 2)}; predicted: {predicted[place]}", end="; ")
        print(f"{trained[f'{place}/loss'].round(3)} nats a character")
    axes[0].set_ylabel("mean of r: closed to open")
    show()


# Section 5: the cost


def table_of_cells(count_cell_parameters, layers, D=128, H=128, budget=100_000):
    """Print for each cell its parameters, its numbers of state, and how many units it can afford.

    layers: by cell, PyTorch's layer or None. budget: the parameters for which the units are counted.
    """
    print(
        f"{'cell':<9} {'one bias':>9} {'of an RNN':>10} {'numbers of state':>17} {'per 1000 parameters':>20}", end=" "
    )
    print(f"{'two biases':>11} {'PyTorch':>8} {f'H for {budget:,}':>14}")
    for cell, layer in layers.items():
        count, memory = count_cell_parameters(cell, D, H)
        times = count / count_cell_parameters("rnn", D, H)[0]
        two, _ = count_cell_parameters(cell, D, H, biases=2)
        in_torch = f"{sum(p.numel() for p in layer(D, H).parameters()):,}" if layer else "none"
        most = max(units for units in range(1, 400) if count_cell_parameters(cell, D, units)[0] <= budget)
        print(f"{cell:<9} {count:>9,} {times:>10.2f} {round(memory * count):>17} {1000 * memory:>20.2f}", end=" ")
        print(f"{two:>11,} {in_torch:>8} {most:>14}")


# Sections 6 to 10: tasks and races


def one_sequence_of_each(adding_problem_batch, latching_batch, T=25):
    """Draw one sequence of each task, with its marks."""
    _, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True)
    for axis, batch, title in zip(axes, (adding_problem_batch, latching_batch), ("adding", "latching"), strict=True):
        x, y = batch(np.random.default_rng(5), 1, T)
        marked = x[0, :, 1] == 1
        axis.axhline(0, color=GREY, linewidth=0.8)
        axis.vlines(np.arange(T), 0, x[0, :, 0], color=GREY, linewidth=1)
        axis.plot(np.flatnonzero(~marked), x[0, ~marked, 0], "o", color=GREY, markersize=4, label="mark 0")
        axis.plot(np.flatnonzero(marked), x[0, marked, 0], "D", color=ORANGE, markersize=7, label="mark 1")
        axis.set(xlabel="step t", title=f"{title}, T = {T}: tell {y[0]:.2f} after the last step", ylim=(-1.3, 1.9))
    axes[0].set_ylabel("number")
    axes[0].legend(ncols=2, loc="upper left")
    show()


def _solved_at(axis, steps, B):
    """Draw a row of dots for each name, at the batch on which each network met the criterion; on grey, if it did not.

    steps: by name, the batches of five networks, None for one that did not meet it in B batches.
    """
    axis.axvspan(B, 4 * B, color=GREY, alpha=0.15, linewidth=0)
    for row, (name, batches) in enumerate(steps.items()):
        heights = row + np.linspace(-0.3, 0.3, len(batches))  # one line for each seed
        for step, height in zip(batches, heights, strict=True):
            place, marker = (2 * B, "x") if step is None else (step + 1, "o")
            axis.plot(place, height, marker, color=COLORS[name.split(",")[0]], markersize=4)
    axis.set(xscale="log", xlim=(1, 4 * B), xlabel="batches until solved")
    ticks = [tick for tick in (1, 10, 100, 1000) if tick < B]
    axis.set_xticks(ticks, map(str, ticks))
    axis.text(2 * B, -0.8, "not\nsolved", ha="center", fontsize=7)
    axis.set_yticks(range(len(steps)), list(steps))
    axis.set_ylim(len(steps) - 0.4, -1.0)


def batches_until_solved(races, B, title, predicted):
    """Draw a panel for each T: a dot where a network met the criterion, a cross on grey if it did not in B batches.

    races: by T, what race returns. predicted: by name, how many of five networks solve the task with the last T.
    """
    _, axes = plt.subplots(1, len(races), figsize=(8, 3.1), sharey=True)
    for axis, (T, results) in zip(axes, races.items(), strict=True):
        _solved_at(axis, {name: steps for name, (steps, _, _) in results.items()}, B)
        axis.set_title(f"{title}, T = {T}")
    show()
    print(f"{'solved, of five networks':<24}", *(f"{'T = ' + str(T):>8}" for T in races), " predicted, last T")
    for name in results:
        solved = [sum(step is not None for step in of_T[name][0]) for of_T in races.values()]
        print(f"{name:<24}", *(f"{count:>8}" for count in solved), f" {predicted[name]}")


def print_solved(results, predicted):
    """Print after how many batches each network of a race met the criterion. predicted: by name, how many do."""
    for name, (steps, _, _) in results.items():
        solved = sum(step is not None for step in steps)
        batches = ["not" if step is None else step + 1 for step in steps]
        print(f"{name:<18} solved by {solved} of {len(steps)}; predicted: {predicted[name]};", end=" ")
        print("batches until solved:", *batches)


def two_ways_to_remember(gru_forward, gru_backward, latching_batch, trained, predicted):
    """Draw the share of bits that two kinds of GRU keep over 1000 steps, and the gradient to the state after the bit.

    trained: by name, the parameters of five GRUs of 16 units. predicted: by name, the shares told right after 200 and
    after 1000 steps.
    """
    x, y = latching_batch(np.random.default_rng(3), 200, 1000)  # the bit at step 0, then noise
    silence = np.zeros((2, 1000, 2))
    silence[:, 0] = [[1, 1], [-1, 1]]  # each bit once, then zeros
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
    for (name, expected), style, color in zip(predicted.items(), ("o-", "D--"), (ORANGE, BLUE), strict=True):
        shares, lengths, z_noise, resting = [], [], [], 0
        for U, W, b, V, c_out in zip(*(array.astype(float) for array in trained[name]), strict=True):
            h, cache = gru_forward(x, U, W, b)
            shares.append((np.sign(h @ V + c_out) == y[:, None]).mean(axis=0))  # (1000,)
            z_noise.append(cache[4][:, 1:50, 16:32].mean())
            plus, minus = gru_forward(silence, U, W, b)[0][:, -1] @ V  # where silence leads from each bit
            resting += plus - minus > 1
            gradients = []
            for T in DISTANCES:  # from the state after the bit over T steps of noise
                later, cache = gru_forward(x[:, 1 : T + 1], U, W, b, h[:, 0])
                dh = np.zeros_like(later)
                dh[:, -1] = V / np.linalg.norm(V)
                gradients.append(np.linalg.norm(gru_backward(dh, cache)[4], axis=1))
            lengths.append(np.exp(np.log(gradients).mean(axis=1)))  # geometric mean over the sequences
        shares = np.array(shares)
        left.semilogx(np.arange(1, 1001), shares.mean(axis=0), style.strip("os^D"), color=color, label=name)
        right.semilogy(DISTANCES, np.exp(np.log(lengths).mean(axis=0)), style, color=color, markersize=4, label=name)
        print(f"{name}: told right after 200 steps {shares[:, 199].mean():.2f}, after 1000", end=" ")
        print(f"{shares[:, -1].mean():.2f}; predicted: {expected}")
        print(f"    mean z during noise {np.mean(z_noise):.2f}; in silence the two bits end apart in {resting} of 5")
    left.axvline(50, color=GREY, linestyle=":", label="longest gap in training")
    left.set(xlabel="step t", ylabel="share of bits told right", ylim=(0, 1.05), title="Keeping one bit")
    left.legend(fontsize=8, loc="lower left")
    right.set(xlabel="T, steps", ylabel="length of the gradient", title="Gradient to the state after the bit")
    right.legend(fontsize=8)
    show()


def longer_races(path):
    """Draw the longer races of gate_curves.npz as batches_until_solved does, and print how many met the criterion."""
    with np.load(path) as file:
        longer = dict(file)
    networks = longer["networks"].tolist()
    tasks = ["adding, T = 50", "adding, T = 100", "latching, T = 50", "latching, T = 100"]
    _, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, sharey=True)
    for axis, task in zip(axes.flat, tasks, strict=True):
        steps = [[None if step < 0 else step for step in row] for row in longer[f"{task}/steps"].tolist()]
        _solved_at(axis, dict(zip(networks, steps, strict=True)), B=longer[f"{task}/curves"].shape[2] * 15)
        axis.set_title(task)
    for axis in axes[0]:
        axis.set_xlabel("")
    show()
    print(f"{'met the criterion, of five':<26}", *(f"{task:>18}" for task in tasks))
    for i, name in enumerate(networks):
        met = [(longer[f"{task}/steps"][i] >= 0).sum() for task in tasks]
        print(f"{name:<26}", *(f"{count:>18}" for count in met))


# Section 13: for those who want more


def gradient_through_one_gate(mgu_step, beginnings, N=50, T=50):
    """Print what is left at h0, T steps back, of a gradient of length 1 that goes through minimal gated units.

    beginnings: by name, parameters of GRUs, of S networks each; their rows of the reset gate are left out.
    """
    x, v = _inputs_and_directions(beginnings, N, T)

    def lengths(parameters, count):
        """Return the length of dL/dh0 for each of the S networks and of `count` sequences."""
        H, found = v.shape[1], []
        for network in zip(*parameters[:3], strict=True):
            weights = [array[H:].astype(float) for array in network]
            states, dh = [np.zeros((count, H))], v[:count]
            for t in range(T):
                states.append(mgu_step(dh, x[:count, t], states[-1], *weights)[0])
            for t in reversed(range(T)):
                dh = mgu_step(dh, x[:count, t], states[t], *weights)[2]
            found.append(np.linalg.norm(dh, axis=1))
        return np.array(found)

    first = next(iter(beginnings.values()))
    count = affordable(N, 5, lambda some: lengths(first, some), sample=2, what="sequences")
    for name, parameters in beginnings.items():
        power = np.log10(lengths(parameters, count)).mean()
        print(f"one gate in the place of two, {name[5:]}: power of ten {power:.1f}")


def scan_against_loop(gated_scan, N=2, T=4096, D=3, H=8):
    """Print how far a minGRU by rounds is from one by a loop, how many rounds there were, and the times of both."""
    rng = np.random.default_rng(13)
    x, U, b = rng.standard_normal((N, T, D)), rng.standard_normal((2 * H, D)), np.repeat([-2.0, 0.0], H)
    a = x @ U.T + b
    z, n, h0 = 0.5 + 0.5 * np.tanh(0.5 * a[..., :H]), a[..., H:], rng.standard_normal((N, H))
    start = time.perf_counter()
    looped, h_t = np.empty_like(n), h0
    for t in range(T):
        h_t = looped[:, t] = h_t + z[:, t] * (n[:, t] - h_t)
    between = time.perf_counter()
    h, kept = gated_scan(z, n, h0)
    seconds = between - start, time.perf_counter() - between
    print(f"{T:,} steps in {len(kept) - 1} rounds: largest difference {abs(h - looped).max():.0e}")
    print(f"by the loop {1000 * seconds[0]:.0f} ms, by rounds {1000 * seconds[1]:.0f} ms")
