"""The figures of assignment 3, and the training and measuring behind them.

Each function takes the notebook's functions as arguments, draws one figure and prints what was measured beside what was
predicted. None changes what is passed to it.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show

PINK = "#cc79a7"
KINDS = {"uniform": (GREY, ":"), "normal": (ORANGE, "--"), "orthogonal": (BLUE, "-"), "identity": (GREEN, "-.")}


def long_vector(gradients):
    """Return all entries of a dict of arrays, one after the other."""
    return np.concatenate([g.ravel() for g in gradients.values()])


def degrees_between(one, other):
    """Return the angle between two gradients, dicts of arrays."""
    a, b = long_vector(one), long_vector(other)
    return np.degrees(np.arccos(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)))


# Section 2: clipping


def directions_after_clipping(clip_gradient_norm, clip_gradient_value, gradients, predicted):
    """Draw what clipping by norm and by value does to three gradients in the plane, and to the direction of a real one.

    gradients: dict of arrays, the real gradient. predicted: the degrees predicted "by norm" and "by value".
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), width_ratios=[1, 1.25])
    circle = np.linspace(0, 2 * np.pi, 200)
    left.plot(np.cos(circle), np.sin(circle), color=BLUE, linewidth=0.8)
    left.plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color=ORANGE, linewidth=0.8)
    arrow = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.012}
    for g in ([2.6, 0.7], [-0.5, 2.2], [-0.45, -0.6]):
        pair = {"g": np.array(g)}
        left.quiver(0, 0, *g, color="#bbbbbb", **arrow)
        left.quiver(0, 0, *clip_gradient_value(pair, 1.0)["g"], color=ORANGE, **arrow)
        left.quiver(0, 0, *clip_gradient_norm(pair, 1.0)[0]["g"], color=BLUE, **arrow)
    left.text(1.75, 0.12, "gradient", color=GREY)
    left.text(1.06, -0.9, "by value:\nonto the square", color=ORANGE)
    left.text(0.12, 1.2, "by norm:\nonto the circle", color=BLUE)
    left.set(xlim=(-1.3, 2.8), ylim=(-1.3, 2.4), aspect="equal", title="Three gradients in the plane, both limits 1")
    left.set(xlabel="first entry", ylabel="second entry")

    shares = np.logspace(-3, 0, 25)
    entries = long_vector(gradients)
    norm, largest = np.linalg.norm(entries), abs(entries).max()
    by_norm = [degrees_between(gradients, clip_gradient_norm(gradients, share * norm)[0]) for share in shares]
    by_value = [degrees_between(gradients, clip_gradient_value(gradients, share * largest)) for share in shares]
    right.semilogx(shares, by_value, "--", color=ORANGE, label="by value; 1 is the largest entry")
    right.semilogx(shares, by_norm, color=BLUE, label="by norm; 1 is the whole norm")
    right.set(xlabel="threshold, as a share", ylabel="degrees turned")
    right.set(ylim=(-4, 90), yticks=range(0, 91, 15), title=f"A network's gradient, {len(entries):,} entries")
    right.legend()
    show()
    for name, turned in (("by norm", by_norm), ("by value", by_value)):
        print(f"{name}: at a thousandth {turned[0]:.1f} degrees (predicted: {predicted[name]}),", end=" ")
        print(f"at a tenth {np.interp(0.1, shares, turned):.1f}")


# Section 3: the cliff


def push_task(T=50):
    """Return five equal sequences x (5, T, 1) with a push at the first step, and their targets (5, T).

    Only the last step has a target: class 0, "yes, there was a push", for four of the five, and class 1 for one.
    """
    x, targets = np.zeros((5, T, 1)), np.full((5, T), -1)
    x[:, 0] = 2.0
    targets[:, -1] = [0, 0, 0, 0, 1]
    return x, targets


def one_unit(w, b):
    """Return the parameters of a network of one unit, whose output compares 1.5 h with -1.5 h."""
    V = np.array([[1.5], [-1.5]])
    return {"U": np.ones((1, 1)), "W": np.full((1, 1), w), "b": np.full(1, b), "V": V, "c_out": np.zeros(2)}


def descend(loss_and_gradients, clip_gradient_norm, threshold, start, rate, steps):
    """Return the path of gradient descent on w and b of one unit, from start = (w, b).

    Returns the points (steps + 1, 2), the losses there, and the gradients, dicts of W and b.
    """
    x, targets = push_task()
    parameters, points, losses, gradients = one_unit(*start), [], [], []
    for _ in range(steps + 1):
        loss, g = loss_and_gradients(parameters, x, targets)
        points.append([parameters["W"].item(), parameters["b"].item()])
        losses.append(loss)
        gradients.append({"W": g["W"], "b": g["b"]})
        clipped, _ = clip_gradient_norm(gradients[-1], threshold)
        parameters = parameters | {name: parameters[name] - rate * clipped[name] for name in clipped}
    return np.array(points), losses, gradients


def cliff(
    loss_and_gradients, loss_along, clip_gradient_norm, predicted_length, predicted_loss, threshold=0.5, rate=0.2
):
    """Draw the loss of one unit over w and b with two descents on it, and the loss along the longest gradient.

    loss_and_gradients: rnn_loss_and_gradients. predicted_length, predicted_loss: what was predicted for each descent.
    threshold: where the second descent clips. rate: the learning rate of both.
    """
    thresholds = {"plain": np.inf, f"clipped at {threshold}": threshold}
    paths = {
        name: descend(loss_and_gradients, clip_gradient_norm, limit, (2.2, 0.3), rate, 150)
        for name, limit in thresholds.items()
    }
    points, losses, gradients = paths["plain"]
    norms = [np.linalg.norm(long_vector(g)) for g in gradients]
    jump = int(np.argmax(norms))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4), width_ratios=[1.35, 1])
    _loss_of_one_unit(figure, left, loss_along)
    clipped = paths[f"clipped at {threshold}"][0]
    left.plot(*clipped[: jump + 1].T, ".-", color="black", markersize=3, linewidth=0.7, label=f"both, {jump} steps")
    left.plot(*clipped[jump:].T, ".-", color=BLUE, markersize=4, linewidth=0.9, label="clipped, from there on")
    far = f"plain: to w = {points[-1, 0]:.0f}, b = {points[-1, 1]:.0f}"
    left.plot(*points[jump : jump + 2].T, color=ORANGE, label=far)
    left.legend(loc="lower left", fontsize=7, frameon=True)

    edge, norm = one_unit(*points[jump]), norms[jump]
    unit = {name: -g / norm for name, g in gradients[jump].items()}
    distance = np.logspace(-4, 3, 200)
    right.semilogx(distance, loss_along(edge, unit, distance, *push_task()), color=GREY)
    for (name, limit), color, marker in zip(thresholds.items(), (ORANGE, BLUE), "so", strict=True):
        length = rate * np.linalg.norm(long_vector(clip_gradient_norm(gradients[jump], limit)[0]))
        after = loss_along(edge, unit, [length], *push_task())
        right.plot(length, after, marker, color=color, label=f"{name}: step of length {length:.3g}")
        print(f"{name}: step {length:.3g} (predicted: {predicted_length.get(name)}), loss after it {after[0]:.3f},")
        last = np.linalg.norm(long_vector(paths[name][2][-1]))
        print(f"  after 150 steps {paths[name][1][-1]:.3f} (predicted: {predicted_loss.get(name)}), norm {last:.2g}")
    right.axhline(losses[jump], color=GREY, linestyle=":", linewidth=0.8)
    right.text(1.2e-4, losses[jump] + 0.004, f"loss at the edge; ‖g‖ = {norm:.0f}", color=GREY)
    right.set(xlabel="distance along -g", ylabel="loss, nats", title="Downhill from the edge", ylim=(0.48, 0.8))
    right.legend(loc="upper left")
    show()


def _loss_of_one_unit(figure, axis, loss_along):
    """Draw the loss over w and b, and the bound of assignment 2."""
    w, b = np.linspace(0.6, 2.6, 101), np.linspace(-0.8, 0.5, 131)
    surface = [loss_along(one_unit(one_w, 0.0), {"b": np.ones(1)}, b, *push_task()) for one_w in w]  # (w, b)
    picture = axis.pcolormesh(w, b, np.array(surface).T, cmap="Greys", vmin=0.4, vmax=3.2)
    figure.colorbar(picture, ax=axis, label="loss, nats")
    bistable = w[w > 1]
    edge = -(np.sqrt(bistable * (bistable - 1)) - np.arctanh(np.sqrt(1 - 1 / bistable)))
    axis.plot(bistable, edge, "--", color=GREEN, label="bound of assignment 2")
    axis.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="w", ylabel="b", title="Loss of one unit after 50 steps")


# Section 4: the norm-stabilizer


def relu_rnn_forward(x, U, W, b):
    """Return what rnn_forward returns, with max(a, 0) in place of tanh and from the state zero.

    x: (N, T, D). U: (H, D). W: (H, H). b: (H,). Returns h: (N, T, H) and the cache (x, h0, U, W, h).
    """
    h = x @ U.T + b  # (N, T, H)
    h0 = h_prev = np.zeros_like(h[:, 0])
    for t in range(h.shape[1]):
        h_prev = h[:, t] = np.maximum(h[:, t] + h_prev @ W.T, 0)
    return h, (x, h0, U, W, h)


def relu_rnn_backward(dh, cache):
    """Return what rnn_backward returns, for relu_rnn_forward; dh: (N, T, H)."""
    x, h0, U, W, h = cache
    da, dh_next = np.empty_like(h), 0.0
    for t in reversed(range(h.shape[1])):
        da[:, t] = (dh[:, t] + dh_next) * (h[:, t] > 0)  # the slope is 1 above zero and 0 below
        dh_next = da[:, t] @ W
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H)
    dU, dW = np.tensordot(da, x, axes=([0, 1], [0, 1])), np.tensordot(da, h_prev, axes=([0, 1], [0, 1]))
    return da @ U, dU, dW, da.sum(axis=(0, 1)), dh_next


def norms_beyond_the_trained_length(trained, forwards, softmax_loss, long_batch, predicted, betas=(0, 5), seeds=3):
    """Draw the mean norm of the state over 500 steps, for networks trained on 50, and print the loss early and late.

    trained: a function of a network's name, beta and a seed that returns its trained parameters.
    forwards: by name, "tanh" and "ReLU", the forward pass. long_batch: x (N, 500, K) and targets (N, 500).
    predicted: for each network, such as "tanh, β = 0", the predicted factor between step 50 and step 500.
    """
    x, targets = long_batch
    _, axes = plt.subplots(1, 2, figsize=(8, 3.4))
    for axis, (kind, forward) in zip(axes, forwards.items(), strict=True):
        for beta, color, style in zip(betas, (ORANGE, BLUE), ("--", "-"), strict=True):
            name, factors, early, late = f"{kind}, β = {beta}", [], [], []
            for seed in range(seeds):
                parameters = trained(kind, beta, seed)
                h, _ = forward(x, parameters["U"], parameters["W"], parameters["b"])
                norms = np.linalg.norm(h, axis=2)  # (N, 500)
                label = name if seed == 0 else None
                axis.plot(np.arange(1, 501), norms.mean(axis=0), style, color=color, linewidth=0.9, label=label)
                factors.append(norms[:, 499].mean() / norms[:, 49].mean())
                V, c_out = parameters["V"], parameters["c_out"]
                early.append(softmax_loss(h[:, :50], V, c_out, targets[:, :50])[0])
                late.append(softmax_loss(h[:, 250:], V, c_out, targets[:, 250:])[0])
            print(f"{name}: factor {np.round(factors, 2)} (predicted: {predicted.get(name)}),", end=" ")
            print(f"loss up to step 50 {np.round(early, 2)}, after step 250 {np.round(late, 2)}")
        axis.axvspan(0, 50, color="#e8e8e8", linewidth=0)
        axis.set(xlabel="step t", ylabel="mean norm of the state", title=f"{kind}, three seeds each", xlim=(0, 500))
    axes[0].set(ylim=(0, 8))
    axes[0].text(55, 7.4, "grey: the trained length", color=GREY)
    axes[1].set(yscale="log")
    axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.66))
    axes[1].legend(loc="upper left")
    show()


# Section 5: layer normalisation


def what_is_averaged():
    """Draw the numbers over which layer normalisation takes a mean, and those over which batch normalisation does."""
    t, n, i = np.indices((6, 4, 5))
    _, axes = plt.subplots(1, 2, figsize=(8, 3.4), subplot_kw={"projection": "3d"})
    _block(axes[0], (t == 3) & (n == 0), "layer: one mean for each (n, t)")
    _block(axes[1], (t == 3) & (i == 4), "batch: one mean for each unit i (and t)")
    show()


def _block(axis, highlighted, title):
    """Draw a block of small cubes, steps by sequences by units, some of them coloured."""
    colors = np.where(highlighted, ORANGE, "#ffffff")
    axis.voxels(np.ones(highlighted.shape, bool), facecolors=colors, edgecolors="#999999", linewidth=0.4, shade=False)
    axis.set(xticks=[], yticks=[], zticks=[], title=title)
    axis.set_xlabel("time t", labelpad=-10)
    axis.set_ylabel("batch n", labelpad=-10)
    axis.set_zlabel("unit i", labelpad=-12)
    axis.set_box_aspect((6, 4, 5), zoom=0.85)
    axis.view_init(22, -58)


def scale_of_W(plain, normalised, predicted, T=50, N=16, H=64, D=8):
    """Draw the size of the states, and the factor of the gradient for each step back, against the scale of W.

    plain, normalised: the forward and the backward pass of each network: (rnn_forward, rnn_backward), and the two with
    layer normalisation. predicted: the factors predicted with layer normalisation, by scale.
    """
    scales = 2.0 ** np.arange(-2, 4.5, 0.5)

    def sizes(scale, gain, passes, seed):
        """Return the root mean square of the states, and the factor by which a step back multiplies the gradient."""
        forward, backward = passes
        rng = np.random.default_rng(seed)
        U, W = 0.3 * rng.standard_normal((H, D)) / np.sqrt(D), scale * rng.standard_normal((H, H)) / np.sqrt(H)
        x, dh = rng.standard_normal((N, T, D)), np.zeros((N, T, H))
        dh[:, -1] = rng.standard_normal((N, H))
        h, cache = forward(x, U, W, *gain, np.zeros(H))
        dh0 = backward(dh, cache)[-1]
        ratio = np.linalg.norm(dh0, axis=1) / np.linalg.norm(dh[:, -1], axis=1)  # (N,)
        return np.sqrt((h**2).mean()), np.exp(np.log(ratio).mean() / T)

    _, axes = plt.subplots(1, 2, figsize=(8, 3.2))
    networks = (("plain", [], plain, ORANGE, "s--"), ("layer normalisation", [np.ones(H)], normalised, BLUE, "o-"))
    for name, gain, passes, color, style in networks:
        measured = np.array([[sizes(scale, gain, passes, seed) for seed in range(3)] for scale in scales])  # (13, 3, 2)
        for axis, values in zip(axes, measured.mean(axis=1).T, strict=True):
            axis.plot(scales, values, style, color=color, markersize=4, label=name)
        growth = dict(zip(scales, measured[:, :, 1].mean(axis=1).round(2), strict=True))
        print(f"{name}: factor at scale 1/4, 1, 4, 16: {[float(growth[scale]) for scale in (0.25, 1, 4, 16)]}")
    print("predicted:", predicted)
    axes[0].set(ylabel="root mean square of the states", title="Forward: the states", ylim=(0, 1.05))
    axes[1].set(ylabel="factor a step", title="Backward: the gradient")
    axes[1].axhline(1, color=GREY, linewidth=0.8)
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.set(xlabel="scale of W")
    axes[0].legend(loc="lower right")
    show()


# Section 6: initialisation


def singular_values_and_signs(first_W, recurrent_init, H=64, draws=2000):
    """Draw the singular values of three first W (H, H), and the first entry of many orthogonal matrices with H = 3."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    for kind in ("uniform", "normal", "orthogonal"):
        W = first_W(kind, H, np.random.default_rng(60))
        color, style = KINDS[kind]
        left.plot(range(1, H + 1), np.linalg.svd(W, compute_uv=False), style, color=color, label=kind)
        print(f"{kind}: spectral radius {abs(np.linalg.eigvals(W)).max():.2f}")
    left.set(xlabel="singular value, largest first", ylabel="size", title=f"Singular values of W, H = {H}")
    left.set(ylim=(0, 2.1))
    left.legend()

    rng = np.random.default_rng(61)
    fixed = [recurrent_init(3, "orthogonal", rng)[0, 0] for _ in range(draws)]
    unfixed = [np.linalg.qr(rng.standard_normal((3, 3)))[0][0, 0] for _ in range(draws)]
    bins = np.linspace(-1, 1, 21)
    right.hist(unfixed, bins, color=ORANGE, alpha=0.6, label=f"signs as they come: mean {np.mean(unfixed):.2f}")
    right.hist(fixed, bins, color=BLUE, alpha=0.6, label=f"signs fixed: mean {round(np.mean(fixed), 2) + 0.0:.2f}")
    right.set(xlabel="first entry of Q", ylabel=f"draws of {draws:,}", ylim=(0, 360))
    right.set_title(f"{draws:,} orthogonal matrices, H = 3")
    right.legend(loc="upper right")
    show()


def recall_batches(rng, batches, T, N=32):
    """Yield batches of the recall task: x (N, T, 8), one-hot, and targets (N, T), the first symbol as the last target.

    The first symbol is one of 0 to 3, the others are drawn from 4 to 7.
    """
    for _ in range(batches):
        symbols = rng.integers(4, size=(N, T))
        symbols[:, 1:] += 4
        targets = np.full((N, T), -1)
        targets[:, -1] = symbols[:, 0]
        yield np.eye(8)[symbols], targets


def memory_over_a_gap(beginning, learn, rnn_forward, rnn_backward, softmax_loss, predicted):
    """Draw the gradient that arrives from 300 steps back before training, and the recall task's answers after it.

    beginning: a function of the kind of W and a seed that returns first parameters and a generator for the batches.
    learn: a function of parameters and a list of batches that returns the trained parameters.
    predicted: by T, 25 and 100, and by kind, how many of the three runs will solve the task.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4), width_ratios=[1.2, 1])
    _gradient_arriving(left, beginning, rnn_forward, rnn_backward, softmax_loss)
    for place, T in enumerate((25, 100)):
        for offset, (kind, (color, _)) in enumerate(KINDS.items()):
            scores = []
            for seed in range(3):
                parameters, rng = beginning(kind, seed)
                batches = list(recall_batches(rng, 220, T))
                scores.append(_share_right(rnn_forward, learn(parameters, batches[:200]), batches[200:]))
            right.plot(5 * place + offset + np.array([-0.15, 0, 0.15]), scores, "o", color=color, markersize=6)
            solved = sum(score > 0.9 for score in scores)
            print(f"T = {T}, {kind}: {np.round(scores, 2)}, solved {solved} of 3", end=" ")
            print(f"(predicted: {predicted[T][kind]})")
    right.axhline(0.25, color=GREY, linewidth=0.8)
    right.text(2.5, 0.28, "guessing", color=GREY, ha="center")
    right.set_xticks([0, 1, 2, 3, 5, 6, 7, 8], list(KINDS) * 2, rotation=45, ha="right")
    right.set(ylim=(0, 1.05), ylabel="share right, new sequences")
    right.set_title("After 200 batches: T = 25 (left), T = 100 (right)", fontsize=9)
    show()


def _gradient_arriving(axis, beginning, rnn_forward, rnn_backward, softmax_loss, T=300):
    """Draw the norm of dL/dx, as a share of the last step's, against the distance from the last step."""
    for kind, (color, style) in KINDS.items():
        arrived = []
        for seed in range(10):
            parameters, rng = beginning(kind, seed)
            x, targets = next(recall_batches(rng, 1, T))
            h, cache = rnn_forward(x, parameters["U"], parameters["W"], parameters["b"])
            dx = rnn_backward(softmax_loss(h, parameters["V"], parameters["c_out"], targets)[1], cache)[0]
            size = np.linalg.norm(dx, axis=(0, 2))[::-1]  # (T,), the last step first
            arrived.append(size / size[0])
        mean = np.exp(np.log(arrived).mean(axis=0))
        axis.semilogy(range(T), mean, style, color=color, label=kind)
        low, high = np.min(arrived, axis=0), np.max(arrived, axis=0)
        axis.fill_between(range(T), low, high, color=color, alpha=0.15, linewidth=0)
        print(f"{kind}: gradient 100 steps back, mean of 10: {mean[100]:.1e}")
    axis.set(ylim=(1e-8, 1e4), xlabel="steps back", ylabel="gradient arriving, last step = 1")
    axis.set_title("Before training: geometric mean and range of 10")
    axis.legend(loc="upper left", ncols=2)


def _share_right(rnn_forward, parameters, batches):
    """Return the share of the recall task's questions that are answered correctly."""
    right = []
    for x, targets in batches:
        h, _ = rnn_forward(x, parameters["U"], parameters["W"], parameters["b"])
        right.append((h[:, -1] @ parameters["V"].T + parameters["c_out"]).argmax(axis=1) == targets[:, -1])
    return np.mean(right)


# Section 7: dropout


def places_of_dropout(T=4, L=2):
    """Draw a network of L layers over T steps, with its arrows that drop out and those that do not."""
    _, axis = plt.subplots(figsize=(7.6, 3.9))
    labels = [r"$\mathbf{x}_{%d}$", r"$\mathbf{h}^1_{%d}$", r"$\mathbf{h}^2_{%d}$", r"$\mathbf{y}_{%d}$"]
    route = [(0, 0), (0, 1), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)]  # (t, height): one path of information
    for t in range(T):
        for height, label in enumerate(labels):
            axis.text(t, height, label % t, ha="center", va="center", fontsize=11, zorder=3)
        for height in range(L + 1):
            _arrow(axis, (t, height + 0.2), (t, height + 0.8), color=ORANGE, linestyle="--")
        for height in range(1, L + 1):
            _arrow(axis, (t + 0.18, height), (t + 0.82, height), color=BLUE)
    axis.plot(*np.array(route).T, color="#f0e442", linewidth=14, alpha=0.5, zorder=0, solid_capstyle="round")
    for height, place in enumerate(("input", "between the layers", "output")):
        axis.text(T + 0.02, height + 0.5, f"place {height}: {place}", color=ORANGE, va="center")
    axis.text(T + 0.02, 1, "$\\mathbf{W}^1$, no dropout", color=BLUE, va="center")
    axis.text(T + 0.02, 2, "$\\mathbf{W}^2$, no dropout", color=BLUE, va="center")
    axis.set(xlim=(-0.4, T + 1.5), ylim=(-0.35, 3.35), title="L = 2 layers: dropout in L + 1 = 3 places (dashed)")
    axis.axis("off")
    show()


def _arrow(axis, start, end, **style):
    """Draw an arrow."""
    axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 1.6} | style)


def noise_on_a_memory(dropout_deep_rnn, recurrent_init, predicted, p=0.2, T=100, draws=400):
    """Draw the cosine between the first layer's state with and without dropout, against the steps since the input.

    predicted: the mean cosines predicted 1, 20 and 99 steps after the input, for each of the two networks.
    """
    rng = np.random.default_rng(70)
    H, D = 64, 8
    layers = [
        (0.3 * rng.standard_normal((H, below)) / np.sqrt(below), recurrent_init(H, "orthogonal", rng), np.zeros(H))
        for below in (D, H)
    ]
    x = np.zeros((draws, T, D))
    x[:, 0] = rng.standard_normal(D)  # the same input in every draw
    clean = dropout_deep_rnn(x, layers, 0.0, rng, training=False)[1][0]
    noisy = {
        "arrows upward only": dropout_deep_rnn(x, layers, p, rng)[1][0],
        "recurrent arrow too": _noisy_everywhere(x, *layers[0], p, rng),
    }
    _, axis = plt.subplots(figsize=(6.4, 3.2))
    for (name, states), color, style in zip(noisy.items(), (BLUE, ORANGE), ("-", "--"), strict=True):
        cosine = (states * clean).sum(axis=2) / np.linalg.norm(states, axis=2) / np.linalg.norm(clean, axis=2)
        low, high = np.percentile(cosine, [10, 90], axis=0)
        axis.plot(range(T), cosine.mean(axis=0), style, color=color, label=name)
        axis.fill_between(range(T), low, high, color=color, alpha=0.2, linewidth=0)
        print(f"{name}: {cosine.mean(axis=0)[[1, 20, 99]].round(2)} (predicted: {predicted[name]})")
    axis.set(xlabel="steps since the input", ylabel="cosine with the state without dropout", ylim=(-0.4, 1.02))
    axis.set_title(f"What is left of a memory, p = {p}; mean and middle 80 % of {draws} draws")
    axis.legend(loc="center right")
    show()


def _noisy_everywhere(x, U, W, b, p, rng):
    """Return the states of one layer with dropout on its input and on its recurrent arrow: what we do not want."""
    kept = rng.random(x.shape) >= p
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        memory = h * (rng.random(h.shape) >= p) / (1 - p)
        h = np.tanh(x[:, t] * kept[:, t] / (1 - p) @ U.T + memory @ W.T + b)
        states.append(h)
    return np.stack(states, axis=1)


# Section 8: a text


def train_on_text(recipes, run, predicted, seeds=3):
    """Run each recipe with each seed, print the loss of the last 20 batches, and return all curves.

    recipes: by name, what run needs. run: a function of a recipe and a seed that returns losses and norms, (batches,).
    predicted: the predicted losses, by name. Returns, by name, the losses and the norms, both (seeds, batches).
    """
    curves = {}
    for name, recipe in recipes.items():
        start = time.perf_counter()
        losses, norms = map(np.array, zip(*(run(*recipe, seed) for seed in range(seeds)), strict=True))
        curves[name] = losses, norms
        last = losses[:, -20:].mean(axis=1)
        print(f"{name:>13}: last 20 batches {np.round(last, 2)}, mean {last.mean():.2f}", end=" ")
        print(f"(predicted: {predicted.get(name)}); {time.perf_counter() - start:.0f} s")
        print(f"{'':>13}  norm above 1 in {(norms >= 1).mean(axis=1).round(2)} of the batches")
    return curves


def losses_and_norms(curves, K):
    """Draw the curves of train_on_text: the losses above, the norms of the gradient below, plain on the left."""
    _, axes = plt.subplots(2, 2, figsize=(8.6, 5.4), sharex=True)
    looks = ((GREY, "-"), (BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"))
    for (name, (losses, norms)), (color, style) in zip(curves.items(), looks, strict=True):
        column = 0 if name == "plain" else 1
        batches = np.arange(9, losses.shape[1])
        for axis, values in ((axes[0, column], losses), (axes[1, column], np.log10(norms))):
            smooth = np.array([np.convolve(row, np.ones(10) / 10, "valid") for row in values])  # (seeds, batches)
            if axis is axes[1, column]:
                smooth = 10**smooth
            axis.plot(batches, smooth.mean(axis=0), style, color=color, linewidth=1.4, label=name)
            low, high = smooth.min(axis=0), smooth.max(axis=0)
            axis.fill_between(batches, low, high, color=color, alpha=0.15, linewidth=0)
    for column, title in enumerate(("plain", "clipped")):
        axes[0, column].set(title=f"{title}: mean and range of three seeds", ylabel="loss, nats (mean of 10 batches)")
        axes[1, column].set(yscale="log", xlabel="batch", ylabel="gradient norm (mean of 10 batches)")
        axes[1, column].axhline(1, color="black", linewidth=0.6)
    axes[0, 0].axhline(np.log(K), color="black", linewidth=0.6, linestyle=":")
    axes[0, 0].text(149, np.log(K) + 0.6, "guessing evenly", ha="right", fontsize=8)
    axes[0, 1].set(ylim=(2.2, 4.3))
    axes[0, 1].legend(fontsize=8)
    show()


def downhill(loss_and_gradients, loss_along, clip_gradient_norm, parameters, batch, place):
    """Draw the loss of a batch along the negative gradient, with the plain step, the clipped one and the best.

    parameters: dict of arrays, where the gradient is taken. batch: (x, targets). place: which batch it is, a number.
    """
    loss, gradients = loss_and_gradients(parameters, *batch)
    _, norm = clip_gradient_norm(gradients, 1.0)
    direction = {name: -g / norm for name, g in gradients.items()}
    distances = np.concatenate([[0], np.logspace(-2.5, np.log10(2 * norm), 60)])
    heights = loss_along(parameters, direction, distances, *batch)
    _, axis = plt.subplots(figsize=(6.4, 3.2))
    axis.plot(distances, heights, color=GREY)
    for length, name, color, marker in ((norm, "plain", ORANGE, "s"), (min(norm, 1.0), "clipped at 1", BLUE, "o")):
        after = loss_along(parameters, direction, [length], *batch)[0]
        axis.plot(length, after, marker, color=color, label=f"{name}: step of length {length:.2f}, loss {after:.2f}")
    best = distances[heights.argmin()]
    axis.plot(best, heights.min(), "*", color=GREEN, markersize=10, label=f"best: {best:.2f}, loss {heights.min():.2f}")
    axis.axhline(loss, color=GREY, linestyle=":", linewidth=0.8)
    axis.set(xlabel="distance along -g", ylabel="loss of the same batch, nats")
    axis.set_title(f"{len(parameters['W'])} units, batch {place} of the plain run: loss {loss:.2f}, ‖g‖ = {norm:.2f}")
    axis.legend()
    show()


def longer_runs(path, K):
    """Draw the curves of stability_curves.npz: 1,000 batches without and with clipping, and the scale of the first W.

    path: where the file is. K: the number of characters.
    """
    with np.load(path) as file:
        shipped = {name: file[name] for name in file}
    _, (left, middle, right) = plt.subplots(1, 3, figsize=(9.4, 3.6))
    colors = {"SGD": BLUE, "layer norm": ORANGE, "stabilizer": GREEN, "Adam": PINK}
    styles = {"SGD": "-", "layer norm": "--", "stabilizer": "-.", "Adam": ":"}
    print("mean loss of the last 100 batches, three seeds")
    for name, color in colors.items():
        for axis, clipping in ((left, "not clipped"), (middle, "clipped")):
            losses = shipped[f"{name}, {clipping}/loss"]  # (3, 100)
            for seed, loss in enumerate(losses):
                label = name if seed == 0 else None
                axis.plot(np.arange(5, 1000, 10), loss, styles[name], color=color, linewidth=1, label=label)
            print(f"  {name + ', ' + clipping:<24} {losses[:, -10:].mean(axis=1).round(2)}")
    left.axhline(np.log(K), color="black", linewidth=0.6)
    left.set(yscale="log", ylim=(1.8, 60), xlabel="batch", ylabel="loss, nats", title="1,000 batches, not clipped")
    left.set_yticks([2, 3, np.log(K), 10, 20, 40], ["2", "3", f"{np.log(K):.2f}", "10", "20", "40"])
    left.minorticks_off()
    middle.set(ylim=(1.95, 3.0), xlabel="batch", title="1,000 batches, clipped")
    middle.legend()
    for name, style in (("SGD", "s--"), ("layer norm", "o-")):
        final = shipped[f"{name}/loss by scale"]  # (scales, 3)
        low, high = final.min(axis=1), final.max(axis=1)
        right.plot(shipped["scales"], final.mean(axis=1), style, color=colors[name], label=f"{name}, clipped")
        right.fill_between(shipped["scales"], low, high, color=colors[name], alpha=0.2, linewidth=0)
        print(f"{name}, clipped, W scaled by {shipped['scales']}: {final.mean(axis=1).round(2)}")
    right.set_xscale("log", base=2)
    right.set(xlabel="scale of the first W", title="300 batches, clipped")
    right.legend()
    show()


# At work


def torch_network(parameters):
    """Return torch.nn.RNN and torch.nn.Linear with these parameters; the second bias of the RNN is 0 and held fixed."""
    H, D = parameters["U"].shape
    rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    out = torch.nn.Linear(H, len(parameters["V"]), dtype=torch.float64)
    values = (*(parameters[name] for name in ("U", "W", "b")), np.zeros(H), parameters["V"], parameters["c_out"])
    with torch.no_grad():
        for parameter, value in zip([*rnn.parameters(), *out.parameters()], values, strict=True):
            parameter.copy_(torch.tensor(value))
    rnn.bias_hh_l0.requires_grad_(False)
    return torch.nn.ModuleDict({"rnn": rnn, "out": out})


def same_parameters(network, ours):
    """Print how far the parameters of torch_network are from yours."""
    theirs = [parameter.detach().numpy() for parameter in network.parameters() if parameter.requires_grad]
    for (name, mine), value in zip(ours.items(), theirs, strict=True):
        print(f"{name:>5}: largest difference after the step {abs(mine - value).max():.0e}")


# Section 10: for those who want more


def turning(orthogonal_step, clip_gradient_norm, loss_and_gradients, rate):
    """Return a function like `learn` that moves W by orthogonal steps of this rate, and all else by Adam at 0.001."""

    def learn(parameters, batches):
        mean, square = ({name: 0 * value for name, value in parameters.items()} for _ in range(2))
        for step, (x, targets) in enumerate(batches):
            gradients, _ = clip_gradient_norm(loss_and_gradients(parameters, x, targets)[1], 1.0)
            unbias = np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
            moved = {"W": orthogonal_step(parameters["W"], gradients["W"], rate)}
            for name in parameters.keys() - {"W"}:
                mean[name] = 0.9 * mean[name] + 0.1 * gradients[name]
                square[name] = 0.999 * square[name] + 0.001 * gradients[name] ** 2
                moved[name] = parameters[name] - 1e-3 * unbias * mean[name] / (np.sqrt(square[name]) + 1e-8)
            parameters = moved
        return parameters

    return learn


def orthogonal_to_the_end(ways, beginning, rnn_forward, loss_and_gradients, T=100):
    """Print, of each way to train an orthogonal W, its singular values after 200 batches and how it answers 20 more.

    ways: by name, functions like `learn` of memory_over_a_gap; beginning: as there, and the recall task as well.
    """
    first, rng = beginning("orthogonal", 0)
    batches = list(recall_batches(rng, 220, T))
    for name, learn in ways.items():
        parameters = learn(first, batches[:200])
        values = np.linalg.svd(parameters["W"], compute_uv=False)
        losses = [loss_and_gradients(parameters, x, targets)[0] for x, targets in batches[200:]]
        print(f"{name}: singular values {values[-1]:.3f} to {values[0]:.3f},", end=" ")
        print(f"{_share_right(rnn_forward, parameters, batches[200:]):.2f} right, loss {np.mean(losses):.2f}")


def left_by_zoneout(zoneout_rnn_forward, first_W, shares, T=50, H=32, N=20):
    """Print by which factor a step multiplies a small state, on the geometric mean of T steps without input.

    shares: the probabilities p, at test time: nothing is drawn.
    """
    rng = np.random.default_rng(100)
    W, h0 = first_W("uniform", H, rng), 1e-6 * rng.standard_normal((N, H))  # so small that the tanh changes nothing
    x, U, b = np.zeros((N, T, 1)), np.zeros((H, 1)), np.zeros(H)
    print(f"spectral radius of W: {abs(np.linalg.eigvals(W)).max():.2f}")
    for p in shares:
        last = zoneout_rnn_forward(x, U, W, b, h0, p, None, training=False)[:, -1]
        left = np.linalg.norm(last, axis=1) / np.linalg.norm(h0, axis=1)
        factor = np.exp(np.log(left).mean() / T)
        print(f"p = {p}: a factor of {factor:.2f} a step, {factor**T:.0e} after {T}")
