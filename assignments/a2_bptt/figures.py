"""The figures, comparisons and trainings of assignment 2.

Every function takes what you have written, or what the notebook gives, as an argument, draws, prints, and keeps its
names to itself, so that a cell of the notebook can be run again, in any order. Nothing here is graded: change what you
like.
"""

import re
from itertools import cycle
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import sympy
import torch

from selfcheck.budget import affordable
from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show
from selfcheck.panels import show_panel
from selfcheck.unrolled import unrolled

LOOKS = ((GREEN, "--"), (BLUE, "-"), (ORANGE, "-."))  # colour and line of the first, second and third network


def _norm(matrices):
    """Return the spectral norm, the largest singular value, of each matrix."""
    return np.linalg.norm(matrices, 2, axis=(-2, -1))


# Section 2: a gradient without calculus


def step_sizes(numerical_gradient, chain_rule_terms, predicted_best_step, predicted_smallest_error):
    """Draw the relative error of your numerical_gradient for steps from 1e-1 to 1e-12, on ds_2/dW of a single unit.

    The right value is the sum of your chain_rule_terms at W = 1.5; a dashed line shows the error of the sum without its
    third term. Prints the best step and its error beside what you have predicted.
    """
    inputs, s_before, U = (0.3, 0.1, -0.2), 0.5, 1

    def last_state(W):
        """Return s_2 of the unit; W is an array of one number."""
        s = s_before
        for x_t in inputs:
            s = np.tanh(W[0] * s + U * x_t)
        return s

    symbols = sympy.symbols("W U s_before x_0 x_1 x_2")
    terms = chain_rule_terms(symbols[0], symbols[1], symbols[3:], symbols[2])
    numbers = dict(zip(symbols, (1.5, U, s_before, *inputs), strict=True))
    exact = float(sum(terms).subs(numbers))
    without = float((terms[0] + terms[1]).subs(numbers))  # the sum as it is when the last term is forgotten
    steps = 10.0 ** -np.arange(1, 13)
    errors = [abs(numerical_gradient(last_state, (np.array([1.5]),), 0, step)[0] - exact) / exact for step in steps]

    _, axis = plt.subplots(figsize=(5.6, 3.2))
    axis.loglog(steps, errors, "o-", color=BLUE, label="numerical gradient")
    axis.axhline(abs(without - exact) / exact, color=ORANGE, linestyle="--", label="chain rule without the third term")
    axis.set(xlabel="step ε", ylabel="relative error", title="How wrong is a central difference?")
    axis.legend(loc="center left", bbox_to_anchor=(0.0, 0.78))
    show()
    best = int(np.argmin(errors))
    print(f"best step {steps[best]:.0e} (predicted: {predicted_best_step})", end=", ")
    print(f"relative error {errors[best]:.0e} (predicted: {predicted_smallest_error})")


# Sections 3 and 4: comparisons with PyTorch


def random_case(seed=0, N=3, T=5, D=4, H=6, K=7):
    """Draw a network, its inputs and what its gradients need.

    Returns given, a dict of x (N, T, D), U (H, D), W (H, H), b (H,), h0 (N, H); dh (N, T, H), dh_last (N, H), gradients
    at the states; targets (N, T), V (K, H), c_out (K,), a loss.
    """
    rng = np.random.default_rng(seed)
    sizes = {"x": (N, T, D), "U": (H, D), "W": (H, H), "b": (H,), "h0": (N, H)}
    given = {name: rng.standard_normal(size) for name, size in sizes.items()}
    dh, dh_last = rng.standard_normal((N, T, H)), rng.standard_normal((N, H))
    targets = rng.integers(K, size=(N, T))
    V, c_out = rng.standard_normal((K, H)), rng.standard_normal(K)
    return SimpleNamespace(given=given, dh=dh, dh_last=dh_last, targets=targets, V=V, c_out=c_out)


def _states_in_torch(p, W_of_step):
    """Return the list of T states (N, H) of the network with parameters p, one matrix W for each step."""
    state, states = p["h0"], []
    for t, W in enumerate(W_of_step):
        state = torch.tanh(p["x"][:, t] @ p["U"].T + state @ W.T + p["b"])
        states.append(state)
    return states


def _loss_in_torch(case, p, W_of_step):
    """Return a loss whose gradient with respect to the states is case.dh, and case.dh_last besides for the last one."""
    states = _states_in_torch(p, W_of_step)
    loss = 0.0
    for t, state in enumerate(states):
        loss = loss + (state * torch.from_numpy(case.dh[:, t])).sum()
    return loss + (states[-1] * torch.from_numpy(case.dh_last)).sum()


def unrolled_in_numbers(rnn_forward, rnn_backward):
    """Draw the unit of section 3's example over four steps: states, gradients back, and what each step adds to dW.

    The loss is the last state. rnn_forward: the notebook's. rnn_backward: yours, on the last 1, 2, 3 and 4 steps.
    """
    x, (U, W, b, h0) = np.array([1.0, -1.0, 0.5, 0.0]), (0.5, 0.9, 0.1, 0.2)
    weights = np.array([[U]]), np.array([[W]]), np.array([b])
    h = rnn_forward(x[None, :, None], *weights, np.array([[h0]]))[0]
    before, back, total = [h0, *h[0, :-1, 0]], [], []
    for k in range(4):  # from step k on: the gradient at the state before it, and dW of the steps k to 3
        _, cache = rnn_forward(x[None, k:, None], *weights, np.array([[before[k]]]))
        _, _, dW, _, dh_before = rnn_backward(np.zeros_like(h[:, k:]), cache, np.ones((1, 1)))
        back.append(dh_before.item())
        total.append(dW.item())
    own = np.array(total) - np.array([*total[1:], 0])
    states = [f"$h_{t}$ = {h[0, t, 0]:.4f}\nadds {own[t]:.4f}" for t in range(4)]
    inputs = [f"$x_{t}$\n{value:g}" for t, value in enumerate(x)]
    title = f"Forward (blue), the gradient of $h_3$ back (orange), and what each step adds to dW = {total[0]:.4f}"
    unrolled(states, inputs, [""] * 4, f"$h_{{-1}}$\n{h0}", ["· W"] * 4, [f"{g:.4f}" for g in back], title=title)


def against_autograd(case, ours):
    """Print how far your gradients are from autograd's.

    case: from `random_case`. ours: dx, dU, dW, db, dh0, as rnn_backward returns them for case.dh and case.dh_last.
    """
    p = {name: torch.tensor(value, requires_grad=True) for name, value in case.given.items()}
    _loss_in_torch(case, p, [p["W"]] * case.dh.shape[1]).backward()
    for (name, value), mine in zip(p.items(), ours, strict=True):
        print(f"d{name:<3} largest difference from autograd: {abs(mine - value.grad.numpy()).max():.0e}")


def against_copies(case, dW):
    """Print what autograd gives if each step has a copy of W of its own, beside your dW (H, H)."""
    p = {name: torch.tensor(value) for name, value in case.given.items()}
    copies = [torch.tensor(case.given["W"], requires_grad=True) for _ in range(case.dh.shape[1])]
    _loss_in_torch(case, p, copies).backward()
    parts = np.array([copy.grad.numpy() for copy in copies])  # (T, H, H)
    norms = np.linalg.norm(parts, axis=(1, 2))
    print(f"\nsum over the copies, largest difference from our dW: {abs(parts.sum(0) - dW).max():.0e}")
    print(f"norms of the copies' gradients: {norms.round(2)}; norm of their sum {np.linalg.norm(parts.sum(0)):.2f}")
    print(f"if all had pointed the same way: {norms.sum():.2f}; at right angles: {np.sqrt((norms**2).sum()):.2f}")


def against_differences(case, ours, network_loss, numerical_gradient):
    """Print how far the gradients of a whole network are from central differences and from autograd's.

    case: from `random_case`. ours: dx, dU, dW, db, dh0, dV, dc_out. network_loss: the loss as a function of x, U, W, b,
    h0, V, c_out. numerical_gradient: yours.
    """
    values = (*case.given.values(), case.V, case.c_out)
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    p = dict(zip(case.given, tensors, strict=False))
    states = _states_in_torch(p, [p["W"]] * case.dh.shape[1])
    logits = torch.stack(states, dim=1) @ tensors[5].T + tensors[6]
    targets = torch.from_numpy(case.targets).reshape(-1)
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets).backward()
    print(f"{'':>8} {'central differences':>20} {'autograd':>10}   (largest difference from ours)")
    for i, name in enumerate(("dx", "dU", "dW", "db", "dh0", "dV", "dc_out")):
        numerical = abs(ours[i] - numerical_gradient(network_loss, values, i)).max()
        print(f"{name:>8} {numerical:>20.0e} {abs(ours[i] - tensors[i].grad.numpy()).max():>10.0e}")


# Section 5: what is in the box


def two_layouts(W, rnn_forward, state_jacobian, jacobian_product, numerical_gradient):
    """Print dh_2/dh_0 of a network of two units four times: by differences, by your Jacobians, by the slide's.

    W: (2, 2), not symmetric. The functions: the notebook's rnn_forward, and yours.
    """
    drive = np.array([[[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]]])  # (1, T, H)
    U, b, start = np.eye(2), np.zeros(2), np.array([[0.2, -0.4]])
    h, _ = rnn_forward(drive, U, W, b, start)
    a = np.arctanh(h[0])  # (T, H): the values inside of the tanh
    J = state_jacobian(a, W)  # (T, H, H): the T steps stand where a batch would stand
    box = jacobian_product(J[None])[0, 0]  # dh_2/dh_0

    def unit_of_last_state(h_0, i):
        """Return unit i of h_2, when the network goes on from h_0."""
        return rnn_forward(drive[:, 1:], U, W, b, h_0)[0][0, -1, i]

    by_differences = [numerical_gradient(unit_of_last_state, (h[:, 0], i), 0)[0] for i in range(2)]
    slide = [W.T @ np.diag(1 - h[0, t] ** 2) for t in range(3)]  # the slide's layout, the transposes of J
    for name, matrix in {
        "numerical, row i: unit i of h_2": np.array(by_differences),
        "ours, J_2 J_1": box,
        "the slide's layout, reversed: J_1ᵀ J_2ᵀ": slide[1] @ slide[2],
        "the slide's layout, not reversed: J_2ᵀ J_1ᵀ": slide[2] @ slide[1],
    }.items():
        print(f"{name:<45}", matrix.round(4).tolist())


# Experiment 1


def _growth(U, W, nonlinearity, rng, state_jacobian, jacobian_product, T=51):
    """Return by what factor a step the norm of dh_n/dh_k grows from gap 10 to gap 50, and the guess for it."""
    a, h = np.empty((T, len(W))), np.zeros(len(W))
    for t in range(T):
        a[t] = W @ h + U @ rng.standard_normal(U.shape[1])
        h = np.tanh(a[t]) if nonlinearity == "tanh" else 1 / (1 + np.exp(-a[t]))
    P = jacobian_product(state_jacobian(a, W, nonlinearity)[None])[0]  # (T, H, H), P[k] = dh_50/dh_k
    slopes = state_jacobian(a, np.eye(len(W)), nonlinearity).diagonal(axis1=1, axis2=2)
    return (_norm(P[0]) / _norm(P[40])) ** (1 / 40), np.sqrt(len(W) * W.var() * (slopes**2).mean())


def growth_of_the_product(state_jacobian, jacobian_product, predicted_sigma_max, predicted_growth, widths, repeats=5):
    """Draw the largest singular value of W and the growth of ||dh_n/dh_k|| per step against the number of units.

    state_jacobian, jacobian_product: yours. predicted_sigma_max: by H. predicted_growth: by (nonlinearity, H). widths:
    the numbers of units; for each of them as many networks as repeats says, with 32 inputs. Prints the measurements,
    the guess of the text and what you have predicted.
    """
    rng, yours = np.random.default_rng(1), (state_jacobian, jacobian_product)
    kinds = ("tanh", "sigmoid", "PyTorch's start, tanh")
    sigma, small = np.empty((len(widths), repeats)), []
    growth, guess = np.empty((3, len(widths), repeats)), np.empty((3, len(widths), repeats))
    for i, H in enumerate(widths):
        for j in range(repeats):
            U, W = rng.standard_normal((H, 32)), rng.standard_normal((H, H))
            sigma[i, j] = _norm(W)
            small.append((abs(W) < 1).mean())
            growth[0, i, j], guess[0, i, j] = _growth(U, W, "tanh", rng, *yours)
            growth[1, i, j], guess[1, i, j] = _growth(U, W, "sigmoid", rng, *yours)
            U, W = (rng.uniform(-1, 1, size) / np.sqrt(H) for size in ((H, 32), (H, H)))
            growth[2, i, j], guess[2, i, j] = _growth(U, W, "tanh", rng, *yours)

    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    labels = ["W standard normal"] + [None] * (repeats - 1)
    left.loglog(widths, sigma, "o", color=BLUE, alpha=0.6, markersize=4, label=labels)
    left.loglog(widths, 2 * np.sqrt(widths), color=GREY, linestyle="--", label="2 √H")
    left.axhline(1, color="black", linewidth=0.8)
    left.set(xlabel="units H", ylabel="largest singular value of W", title="W itself: far above 1", ylim=(0.5, 60))
    left.legend()
    for kind, rates, color, marker in zip(kinds, growth, (BLUE, ORANGE, GREEN), "os^", strict=True):
        label = kind if "start" in kind else f"W standard normal, {kind}"
        right.loglog(widths, np.exp(np.log(rates).mean(axis=1)), marker=marker, color=color, label=label)
        right.loglog(widths, rates, marker, color=color, alpha=0.25, markersize=3)
    right.axhline(1, color="black", linewidth=0.8)
    right.annotate("explodes", (4, 1.12))
    right.annotate("vanishes", (4, 0.82))
    right.set(xlabel="units H", ylabel="growth per step", title="The product: growth of ‖∂hₙ/∂hₖ‖ per step")
    right.legend(loc="lower right")
    for axis in (left, right):
        axis.set_xticks(widths, [str(H) for H in widths])
        axis.minorticks_off()
    show()

    print(f"share of the numbers in W that lie between -1 and 1: {np.mean(small):.2f}")
    for H, sizes in zip(widths, sigma, strict=True):
        print(f"H = {H:>3}: largest singular value {sizes.mean():5.1f}; predicted: {predicted_sigma_max.get(H)}")
    means, guesses = np.exp(np.log(growth).mean(axis=2)), guess.mean(axis=2)
    for kind, rates, estimates in zip(kinds, means, guesses, strict=True):
        print(f"{kind}:")
        for H, rate, estimate in zip(widths, rates, estimates, strict=True):
            print(f"  H = {H:>3}: growth {rate:.2f}, guess {estimate:.2f}", end="")
            print(f"; predicted: {predicted_growth[kind, H]}" if (kind, H) in predicted_growth else "")


# Experiments 2 and 5: random networks of three spectral radii


def random_networks(rnn_forward, radii, N=32, T=61, D=8, H=64):
    """Return, by spectral radius of W, the cache of rnn_forward for a random network with weak inputs."""
    caches = {}
    for radius in radii:
        rng = np.random.default_rng(3)
        U, W = rng.standard_normal((H, D)) / np.sqrt(D), rng.standard_normal((H, H))
        W *= radius / abs(np.linalg.eigvals(W)).max()
        b = 0.1 * rng.standard_normal(H)
        x, h0 = 0.3 * rng.standard_normal((N, T, D)), 0.3 * rng.standard_normal((N, H))
        caches[radius] = rnn_forward(x, U, W, b, h0)[1]
    return caches


def reach_of_the_gradient(caches, gradient_contributions, predicted_steps):
    """Draw what each step adds to dJ_n/dW, and which share of the sum of norms the last steps hold.

    caches: from `random_networks`. gradient_contributions: yours. predicted_steps: by spectral radius, how many of the
    last steps hold 99%. Prints the steps measured, and the factor of each step.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
    for (radius, cache), (color, style) in zip(caches.items(), cycle(LOOKS)):
        N, T, H = cache[-1].shape
        gaps = np.arange(T)
        dh_last = np.random.default_rng(4).standard_normal((N, H))
        norms = gradient_contributions(dh_last, cache)[::-1]  # norms[gap]
        share = np.cumsum(norms) / norms.sum()
        left.semilogy(gaps, norms / norms[0], style, color=color, label=f"ρ = {radius:g}")
        right.plot(gaps + 1, share, style, color=color, label=f"ρ = {radius:g}")
        steps = np.argmax(share >= 0.99) + 1
        print(f"ρ = {radius:g}: 99% within the last {steps} steps (predicted: {predicted_steps.get(radius)})", end="; ")
        print(f"from gap 10 to gap 50 a factor of {(norms[50] / norms[10]) ** (1 / 40):.2f} a step")
    left.set(xlabel="gap n - k", ylabel="norm of term k, relative to k = n", title="What each step adds to ∂J/∂W")
    right.axhline(0.99, color=GREY, linewidth=0.8, linestyle=":")
    right.annotate("99%", (0, 0.99), va="bottom", color=GREY, fontsize=8)
    right.set(xlabel="number of last steps counted", ylabel="share of the sum of norms", ylim=(0, 1.08))
    right.set_title("How soon the sum is full")
    left.legend()
    right.legend(loc="lower right")
    show()


def loss_of_truncation(
    caches, rnn_backward, truncated_bptt, sequence_loss, sequence_loss_backward, predicted_loss_at_10, draws=5
):
    """Draw what chunks of k steps lose of dW, as a share of its norm, against k.

    caches: from `random_networks`. The functions: yours, and the notebook's sequence_loss. predicted_loss_at_10: by
    spectral radius, the share at k = 10. draws: of the random targets; the median is shown. Prints it at some k.
    Slow gradients are computed for fewer draws, very slow ones for a few k alone.
    """
    rng, told = np.random.default_rng(10), (1, 5, 20, 40, 60, 61)
    last = next(reversed(caches.values()))
    all_k = range(1, last[-1].shape[1] + 1)

    def gradients(count):
        return [truncated_bptt(last[-1], last, k=10) for _ in range(count)]

    count = affordable(len(caches) * draws * len(all_k), 60, gradients, sample=2, what="gradients")
    draws = max(1, count // (len(caches) * len(all_k)))
    chunks = np.array(all_k if count >= len(caches) * len(all_k) else sorted({*told, 10}))
    _, axis = plt.subplots(figsize=(6.4, 3.6))
    for (radius, cache), (color, style) in zip(caches.items(), cycle(LOOKS)):
        h = cache[-1]
        _, T, H = h.shape
        lost = np.empty((draws, len(chunks)))
        for draw in range(draws):
            V, targets = rng.standard_normal((10, H)) / np.sqrt(H), rng.integers(10, size=h.shape[:2])
            dh, _, _ = sequence_loss_backward(sequence_loss(h, V, np.zeros(10), targets)[1])
            dW = rnn_backward(dh, cache)[2]
            cut = [truncated_bptt(dh, cache, k)[2] for k in chunks]
            lost[draw] = [np.linalg.norm(dW - dW_k) / np.linalg.norm(dW) for dW_k in cut]
        lost = dict(zip(chunks.tolist(), np.median(lost, axis=0), strict=True))
        axis.plot(list(lost), list(lost.values()), style, color=color, label=f"ρ = {radius:g}")
        print(
            f"ρ = {radius:g}: lost at k = 10: {lost[10]:.2f} (predicted: {predicted_loss_at_10.get(radius)})", end="; "
        )
        print("at k = " + ", ".join(f"{k}: {lost[k]:.2f}" for k in told))
    axis.set(xlabel="k, steps in a chunk", ylabel=r"$\|dW - dW_k\| \,/\, \|dW\|$", ylim=(0, 1.05))
    axis.set_title(f"What truncation loses: T = {T}, median of {draws} draws of the targets")
    axis.legend()
    show()


# Experiment 3


def _equal_singular_values(axis, rnn_forward, state_jacobian, jacobian_product, spectral_verdict, predicted):
    """Draw and print the norm of dh_n/dh_k by gap for W = s Q with an orthogonal Q, weak inputs and strong ones."""
    rng = np.random.default_rng(6)
    T, D, H = 41, 8, 64
    Q, _ = np.linalg.qr(rng.standard_normal((H, H)))
    U, x = rng.standard_normal((H, D)) / np.sqrt(D), rng.standard_normal((1, T, D))
    for name, scale, strength, color, style in (
        ("s = 0.7", 0.7, 0.1, GREEN, "^-"),
        ("s = 1", 1.0, 0.1, BLUE, "o-"),
        ("s = 1.3", 1.3, 0.1, ORANGE, "s-"),
        ("s = 1.3, strong inputs", 1.3, 1.0, ORANGE, ":"),
    ):
        h, _ = rnn_forward(strength * x, U, scale * Q, np.zeros(H))
        J = state_jacobian(np.arctanh(h[0]), scale * Q)
        norms = _norm(jacobian_product(J[None])[0])[::-1]  # norms[gap]
        above = (np.linalg.svd(J, compute_uv=False) > 1).mean()
        axis.semilogy(np.arange(T), norms, style, color=color, label=name, markevery=8, markersize=4)
        if style != ":":
            axis.semilogy(np.arange(T), scale ** np.arange(T), "--", color=color, linewidth=0.9)
        print(f"{name}: verdict {spectral_verdict(scale * Q)!r}; norm at gap 40: {norms[40]:.1e}", end=" ")
        print(f"(predicted: {predicted[name]}), bound {scale**40:.1e}", end="; ")
        print(f"share of the Jacobians' singular values above 1: {above:.2f}")
    axis.set(xlabel="gap n - k", ylabel="‖∂hₙ/∂hₖ‖")
    axis.set_title("All singular values s (dashed: $s^{gap}$)")
    axis.legend(fontsize=8)


def _random_matrix(axes, rnn_forward, state_jacobian, jacobian_product):
    """Draw how the norms of a gradient spread by gap for a random W, and their noise; return W and squares (N, gap).

    axes: two, one for the norms of 1000 sequences, one for the variance of their squares.
    """
    rng = np.random.default_rng(7)
    N, T, D, H = 1000, 31, 16, 16
    W, U = 2.5 * rng.standard_normal((H, H)) / np.sqrt(H), rng.standard_normal((H, D)) / np.sqrt(D)
    h, _ = rnn_forward(rng.standard_normal((N, T, D)), U, W, np.zeros(H))
    a = np.arctanh(h).reshape(N * T, H)
    P = jacobian_product(state_jacobian(a, W).reshape(N, T, H, H))[:, ::-1]  # (N, gap, H, H)
    v = rng.standard_normal(H)
    squares = ((v @ P) ** 2).sum(axis=2) / (v @ v)  # (N, gap): of the gradient of v·h_n
    gaps, (norms, noise) = np.arange(T), axes
    low, middle, high = np.quantile(np.sqrt(squares), (0.05, 0.5, 0.95), axis=0)
    norms.fill_between(gaps, low, high, color=BLUE, alpha=0.25, linewidth=0, label="5% to 95% of 1000 sequences")
    norms.semilogy(gaps, middle, color=BLUE, label="median")
    norms.set(xlabel="gap n - k", ylabel="norm of a gradient", title="W random: norms spread")
    norms.legend(loc="upper left", fontsize=8)
    noise.semilogy(gaps[1:], _noise(squares)[1:], color=BLUE, label="measured")
    noise.semilogy(gaps[1:], (1 + 2 / H) ** gaps[1:] - 1, ":", color=ORANGE, label="fresh matrices: $(1+2/H)^{gap}-1$")
    noise.axhline(N - 1, color=GREY, linewidth=0.8)
    noise.annotate("most that 1000 can show", (T - 1, N - 1), ha="right", va="bottom", color=GREY, fontsize=8)
    noise.set(xlabel="gap n - k", ylabel="variance / mean², of the squared norm", title="... and the noise grows")
    noise.set_ylim(top=2e4)
    noise.legend(loc="upper left", fontsize=8)
    return W, squares


def _noise(squares):
    """Return the variance of each column in units of its mean squared."""
    return squares.var(axis=0) / squares.mean(axis=0) ** 2


def singular_values(rnn_forward, state_jacobian, jacobian_product, spectral_verdict, predicted_norm_at_40):
    """Draw the norm of dh_n/dh_k by gap for matrices with equal singular values, and its noise for a random matrix.

    The functions: the notebook's rnn_forward, and yours. predicted_norm_at_40: by network, the norm at a gap of 40.
    Prints norms, your verdicts and the noise.
    """
    yours = state_jacobian, jacobian_product
    _, (left, *others) = plt.subplots(1, 3, figsize=(10.4, 3.6))
    _equal_singular_values(left, rnn_forward, *yours, spectral_verdict, predicted_norm_at_40)
    W, squares = _random_matrix(others, rnn_forward, *yours)
    show()
    print(f"\nrandom W: verdict {spectral_verdict(W)!r}")
    for gap in (1, 5, 10, 20, 30):
        low, middle, high = np.quantile(np.sqrt(squares[:, gap]), (0.05, 0.5, 0.95))
        print(f"gap {gap:>2}: norm of a gradient, 5% / 50% / 95% of sequences:", end=" ")
        print(f"{low:.2g} / {middle:.2g} / {high:.2g};", end="")
        print(f" variance / mean² of its square: {_noise(squares)[gap]:.2g}")


# Section 8: a unit that keeps one bit


GAP_QUESTION = (
    "A small network, inputs of strength 0.5, a gap of 40 steps. At which spectral radius ρ of W does the gradient "
    "come through at its full length, norm 1: with the tanh? And with the sigmoid?"
)


def network_of_the_panel(H=16, T=40):
    """Return W (H, H), of spectral radius 1, and x (T, H), what the inputs add at strength 1; both rounded."""
    rng = np.random.default_rng(15)
    W = rng.standard_normal((H, H))
    return np.round(W / abs(np.linalg.eigvals(W)).max(), 3), np.round(rng.standard_normal((T, H)), 2)


def lengths_by_gap(W, x, nonlinearity, state_jacobian, jacobian_product):
    """Return the norms of dh_t/dh_0 for t = 1 to T, (T,), of a network that begins with h_0 = 0. x: (T, H)."""
    h, jacobians = np.zeros(len(W)), [np.eye(len(W))]
    for x_t in x:
        a = W @ h + x_t
        h = np.tanh(a) if nonlinearity == "tanh" else 1 / (1 + np.exp(-a))
        jacobians.append(state_jacobian(a[None], W, nonlinearity)[0])
    J = np.array(jacobians)
    return np.array([_norm(jacobian_product(J[None, : t + 1])[0, 0]) for t in range(1, len(J))])


def play_with_the_gap(state_jacobian, jacobian_product):
    """Show a panel: the norm of the gradient against the gap, by the scale of W, the inputs and the nonlinearity."""
    W, x = network_of_the_panel()
    _, axis = plt.subplots(figsize=(7, 3.2))
    for nonlinearity, radius, color, style in (
        ("tanh", 1, BLUE, "-"),
        ("tanh", 2, BLUE, "--"),
        ("sigmoid", 1, ORANGE, "-"),
        ("sigmoid", 4, ORANGE, "--"),
    ):
        norms = lengths_by_gap(radius * W, 0.5 * x, nonlinearity, state_jacobian, jacobian_product)
        axis.semilogy(range(1, len(x) + 1), norms, style, color=color, label=f"{nonlinearity}, ρ = {radius}")
    axis.set(xlabel="gap", ylabel="norm of the gradient", ylim=(1e-12, 1e8), title="Inputs of strength 0.5")
    axis.legend(ncols=2)
    data = {"W": W.tolist(), "x": x.tolist(), "sigma": round(float(_norm(W)), 6)}
    show_panel("gap", "How far does a gradient reach?", GAP_QUESTION, data)


def _slope_at(w, h):
    """Return the derivative of tanh(w h + b) at a fixed point h."""
    return w * (1 - h**2)


def _draw_map(axis, fixed_points, h, w, b, color, style, label):
    """Draw tanh(w h + b) at the states h, and its fixed points, filled where the unit returns after a small push."""
    axis.plot(h, np.tanh(w * h + b), style, color=color, label=label)
    for point in fixed_points(w, b):
        stays = _slope_at(w, point) < 1
        fill, size = (color, 6) if stays else ("white", 10)
        axis.plot(point, point, "o", color=color, mfc=fill, ms=size, zorder=3 + stays)


def state_map(fixed_points):
    """Draw the new state of a unit against the old one with your fixed_points, and where in (w, b) it has three."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    h = np.linspace(-1.3, 1.3, 300)
    left.plot(h, h, color=GREY, linewidth=0.8)
    for w, b, color, style in ((0.5, 0.3, GREEN, "--"), (2.0, 0.0, BLUE, "-"), (2.0, 0.8, ORANGE, "-.")):
        _draw_map(left, fixed_points, h, w, b, color, style, f"w = {w:g}, b = {b:g}")
    left.set(xlabel="state before", ylabel="state after", title="The map h → tanh(w h + b)")
    left.legend(loc="upper left", fontsize=8)
    for w in np.linspace(0.2, 3, 15):
        for b in np.linspace(-1.4, 1.4, 15):
            three = len(fixed_points(w, b)) == 3
            right.plot(w, b, "o", color=BLUE if three else GREY, fillstyle="full" if three else "none", markersize=4)
    w = np.linspace(1, 3.1, 200)
    border = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
    right.plot(w, border, color=ORANGE)
    right.plot(w, -border, color=ORANGE)
    right.set(xlabel="w", ylabel="b", title="Filled: three fixed points, a bit can be kept")
    show()


# Experiment 4


def _bits_and_noise(rng, N, T, units):
    """Return inputs (N, T, units), a bit and then noise, and the bits (N, units)."""
    bit = rng.choice([-1.0, 1.0], (N, units))
    x = 0.2 * rng.standard_normal((N, T, units))
    x[:, 0] = bit
    return x, bit


def _last_by_first(h, w):
    """Return |dh_T-1/dh_0| of each unit (units,): the median over the sequences."""
    return np.median(np.abs(np.prod(w * (1 - h[:, 1:] ** 2), axis=1)), axis=0)


def train_units(rnn_forward, rnn_backward, T, units=100, updates=500, rate=0.1, N=16):
    """Train units on T steps to keep a bit, side by side as a network with diagonal U and W.

    rnn_forward: the notebook's. rnn_backward: yours. N: fresh sequences for each update. The starts are the same for
    every T. Returns arrays (units,): w_start; w and u after training; succeeds, whether a unit is right in 95 of 100
    new sequences; before and after, its |dh_T-1/dh_0| before and after training.
    """
    start_rng = np.random.default_rng(8)
    w_start, u_start = start_rng.uniform(0.2, 1.2, units), start_rng.uniform(0.2, 1.2, units)
    rng = np.random.default_rng([9, T])
    U, W, b = np.diag(u_start), np.diag(w_start), np.zeros(units)
    before = _last_by_first(rnn_forward(_bits_and_noise(rng, 100, T, units)[0], U, W, b)[0], w_start)
    for _ in range(updates):
        x, bit = _bits_and_noise(rng, N, T, units)
        h, cache = rnn_forward(x, U, W, b)
        dh_last = (h[:, -1] - 0.8 * bit) / N  # of half the squared error, for each unit its own loss
        _, dU, dW, _, _ = rnn_backward(np.zeros_like(h), cache, dh_last)
        U -= rate * np.diag(dU.diagonal())
        W -= rate * np.diag(dW.diagonal())
    x, bit = _bits_and_noise(rng, 100, T, units)
    h, _ = rnn_forward(x, U, W, b)
    succeeds = (np.sign(h[:, -1]) == bit).mean(axis=0) >= 0.95
    w, u = W.diagonal(), U.diagonal()
    after = _last_by_first(h, w)
    return SimpleNamespace(w_start=w_start, w=w, u=u, succeeds=succeeds, before=before, after=after)


def _interval(successes, trials, z=1.96):
    """Return the 95% interval of a probability after this number of successes in trials (Wilson 1927)."""
    share, extra = successes / trials, z**2 / trials
    middle = (share + extra / 2) / (1 + extra)
    half = z * np.sqrt(share * (1 - share) / trials + extra / (4 * trials)) / (1 + extra)
    return middle - half, middle + half


def _quantile(values, shares=0.5):
    """Return quantiles of some numbers, by default their median; NaN where there are none."""
    return np.quantile(values, shares) if len(values) else np.full(np.shape(shares), np.nan)


def who_learns_to_latch(trained, predicted_successes, predicted_derivative):
    """Draw the share of units that succeed, their starts, and |dh_T-1/dh_0|, against T.

    trained: by T, from `train_units`. predicted_successes, predicted_derivative: by T. Prints for each T how many
    succeed, with which w and u, and the median of |dh_T-1/dh_0|.
    """
    lengths, w_start = tuple(trained), trained[min(trained)].w_start
    _, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.5))
    for group, chosen, color, marker in (
        (f"all {len(w_start)}", w_start > 0, BLUE, "o"),
        (f"the {np.sum(w_start < 1)} with w < 1 at the start", w_start < 1, ORANGE, "s"),
    ):
        counts = np.array([np.sum(trained[T].succeeds & chosen) for T in lengths])
        low, high = _interval(counts, chosen.sum())
        share = counts / chosen.sum()
        bars = np.maximum([share - low, high - share], 0)
        left.errorbar(lengths, share, bars, marker=marker, color=color, capsize=2, label=group)
        print(f"{group}: successes {dict(zip(lengths, counts.tolist(), strict=True))}")
    left.set(xlabel="T", ylabel="Prob(success | T), 95% interval", title="Who learns to latch?", ylim=(-0.02, 1.3))
    left.legend(fontsize=8)
    for T, units in trained.items():
        for chosen, color, fill in ((units.succeeds, BLUE, "full"), (~units.succeeds, ORANGE, "none")):
            middle.plot(np.full(chosen.sum(), T), w_start[chosen], "o", color=color, fillstyle=fill, markersize=3)
    middle.axhline(1, color=GREY, linewidth=0.8)
    middle.set(xlabel="T", ylabel="w at the start", title="Filled: success, open: failure")
    after = [units.after[units.succeeds] for units in trained.values()]
    before = [units.before for units in trained.values()]
    for sizes, color, marker, label in (
        (after, BLUE, "o", "successful, after training"),
        (before, GREY, "x", "all, before training"),
    ):
        middles = [_quantile(size) for size in sizes]
        right.semilogy(lengths, middles, marker=marker, color=color, label=label)
        right.fill_between(lengths, *np.transpose([_quantile(s, (0.1, 0.9)) for s in sizes]), color=color, alpha=0.2)
    right.set(xlabel="T", ylabel=r"$|\partial h_{T-1}/\partial h_0|$, median, 10% to 90%")
    right.set_title("Last state by the first: derivative")
    right.legend(fontsize=8)
    show()

    for T, units in trained.items():
        good, failed = units.succeeds, ~units.succeeds
        print(f"T = {T:>2}: {good.sum():>3} succeed (predicted: {predicted_successes.get(T)})", end="; ")
        print(f"smallest w at the start among them {w_start[good].min(initial=np.inf):.2f}", end="; ")
        print(f"w at the end {_quantile(units.w[good]):.2f}, of the failures ", end="")
        print(f"{np.median(units.w[failed]):.2f}" if failed.any() else "-", end=", ")
        print(f"u {np.median(abs(units.u[failed])):.2f}" if failed.any() else "-", end="; ")
        print(f"|dh_T-1/dh_0| {_quantile(units.after[good]):.0e} (predicted: {predicted_derivative.get(T)})", end="")
        print(f", of all before training {np.median(units.before):.0e}")


def what_units_have_learnt(fixed_points, trained, T):
    """Draw the state map of a typical success and a typical failure at T, and the factor of each step against w.

    fixed_points: yours. trained: by T, from `train_units`. Prints where both stay, and their factor in 20 steps.
    """
    units = trained[T]
    groups = {"success": units.w[units.succeeds], "failure": units.w[~units.succeeds]}
    typical = {name: np.median(w) for name, w in groups.items() if len(w)}
    looks = {"success": (BLUE, "-", "o"), "failure": (ORANGE, "--", "s")}
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    h = np.linspace(-1.1, 1.1, 300)
    left.plot(h, h, color=GREY, linewidth=0.8)
    for name, w in typical.items():
        color, style, _ = looks[name]
        _draw_map(left, fixed_points, h, w, 0.0, color, style, f"a {name} at T = {T}: w = {w:.2f}")
    left.set(xlabel="state before", ylabel="state after", title="What the units have learnt")
    left.legend(loc="upper left", fontsize=8)
    grid = np.linspace(0.1, 2.5, 97)
    factors = [_slope_at(w, fixed_points(w, 0.0)[-1]) for w in grid]
    right.plot(grid, factors, color=BLUE, label="at the stable fixed points")
    right.plot(grid[grid > 1], grid[grid > 1], ":", color=GREY, label="at the unstable one, h = 0")
    right.axhline(1, color="black", linewidth=0.8)
    points = {name: fixed_points(w, 0.0)[-1] for name, w in typical.items()}
    for name, w in typical.items():
        color, _, marker = looks[name]
        right.plot(w, _slope_at(w, points[name]), marker, color=color, markersize=7)
    right.set(xlabel="w", ylabel=r"$\partial h_t/\partial h_{t-1}$", title="The factor of each step", ylim=(0, 1.6))
    right.legend(fontsize=8)
    show()
    for name, w in typical.items():
        point, rate = points[name], _slope_at(w, points[name])
        print(f"{name}: w {w:.2f}, stays at {abs(point):.2f}, factor {rate:.2f} a step, {rate**20:.0e} in 20 steps")


# Section 10: a network that writes


def read_plays(path, N=32):
    """Return the plays as numbers, letters that are read in training and letters that are held out; print a sample.

    Of the result, symbols: the K different letters. reading: (letters,), and streams: (N, letters), the same cut into
    N streams. held_out: (50000,), and rows: (100, 500), the same cut into rows.
    """
    text = re.sub(r"[^a-z,.;:!?' ]", " ", path.read_text().lower())
    text = re.sub(r" +", " ", text)
    symbols = sorted(set(text))
    tokens = np.array([symbols.index(symbol) for symbol in text])
    reading, held_out = tokens[:-50_000], tokens[-50_000:]
    streams = reading[: len(reading) // N * N].reshape(N, -1)
    print(f"{len(text):,} letters, {len(symbols)} different ones: {''.join(symbols)}")
    print(text[1000:1100])
    rows = held_out.reshape(100, 500)
    return SimpleNamespace(symbols=symbols, reading=reading, streams=streams, held_out=held_out, rows=rows)


def new_model(rng, H, K):
    """Draw parameters in the order U, W, b, V, c_out for H units and K letters; W has a spectral radius of about 1."""
    U, W = 0.3 * rng.standard_normal((H, K)), rng.standard_normal((H, H)) / np.sqrt(H)
    return {"U": U, "W": W, "b": np.zeros(H), "V": 0.1 * rng.standard_normal((K, H)), "c_out": np.zeros(K)}


def train(loss_and_gradient, model, plays, updates, rate, k=25):
    """Return the model after gradient descent on chunks of k letters, and the loss of each update.

    loss_and_gradient: the notebook's, with your gradients in it. The state is carried from chunk to chunk.
    """
    losses, chunks = [], (plays.streams.shape[1] - 1) // k
    for update in range(updates):
        begin = update % chunks * k
        if begin == 0:
            h0 = np.zeros((len(plays.streams), len(model["W"])))
        loss, gradient, h0 = loss_and_gradient(model, plays.streams[:, begin : begin + k + 1], h0)
        model = {name: model[name] - rate * gradient[name] for name in model}
        losses.append(loss)
    return model, losses


def write(rnn_step_forward, model, plays, letters, seed):
    """Return letters drawn one after the other from the model's own probabilities, after a blank."""
    rng, K = np.random.default_rng(seed), len(plays.symbols)
    h, drawn = np.zeros((1, len(model["W"]))), [plays.symbols.index(" ")]
    for _ in range(letters):
        h, _ = rnn_step_forward(np.eye(K)[drawn[-1:]], h, model["U"], model["W"], model["b"])
        logits = (h @ model["V"].T + model["c_out"])[0]
        weights = np.exp(logits - logits.max())
        drawn.append(int(rng.choice(K, p=weights / weights.sum())))
    return "".join(plays.symbols[symbol] for symbol in drawn[1:])


def _table_loss(plays, memory):
    """Return nats per held-out letter of a table of counts of the next letter after the last `memory` letters."""
    K = len(plays.symbols)

    def contexts(tokens):
        """Return a number (letters - memory,) for each letter together with those before it."""
        starts = range(memory + 1)
        return sum(tokens[i : len(tokens) - memory + i] * K ** (memory - i) for i in starts)

    counts = np.bincount(contexts(plays.reading), minlength=K ** (memory + 1)).reshape(-1, K) + 0.1
    return -np.log(counts / counts.sum(axis=1, keepdims=True)).ravel()[contexts(plays.held_out)].mean()


def held_out_loss(model, plays, rnn_forward, sequence_loss):
    """Return the loss on the held-out letters, in rows that begin from the state zero: forward alone, no gradient."""
    h, _ = rnn_forward(np.eye(len(plays.symbols))[plays.rows[:, :-1]], model["U"], model["W"], model["b"])
    return sequence_loss(h, model["V"], model["c_out"], plays.rows[:, 1:])[0]


def reach(model, plays, rnn_forward, sequence_loss, yours, T=61):
    """Return how far a network's gradient reaches on the held-out letters, at T letters after the first 100.

    yours: your sequence_loss_backward, rnn_backward, truncated_bptt, gradient_contributions, spectral_verdict.
    Returns norms (T,), of the terms of dJ_n/dW by gap; lost, the share of dW that chunks of 25 lose; slope, the mean
    slope of the tanh; radius, the spectral radius of W; and your verdict on it.
    """
    sequence_loss_backward, rnn_backward, truncated_bptt, gradient_contributions, spectral_verdict = yours
    one_hots, network = np.eye(len(plays.symbols)), (model["U"], model["W"], model["b"])
    h0 = rnn_forward(one_hots[plays.rows[:, :100]], *network)[0][:, -1]
    inputs, targets = plays.rows[:, 100 : 100 + T], plays.rows[:, 101 : 101 + T]
    h, cache = rnn_forward(one_hots[inputs], *network, h0)
    dh, _, _ = sequence_loss_backward(sequence_loss(h, model["V"], model["c_out"], targets)[1])
    dW = rnn_backward(dh, cache)[2]
    return SimpleNamespace(
        norms=gradient_contributions(dh[:, -1], cache)[::-1],
        lost=np.linalg.norm(dW - truncated_bptt(dh, cache, 25)[2]) / np.linalg.norm(dW),
        slope=(1 - h**2).mean(),
        radius=abs(np.linalg.eigvals(model["W"])).max(),
        verdict=spectral_verdict(model["W"]),
    )


def what_it_has_learnt(plays, losses, held_out_loss, reaches, predicted_loss, predicted_letters, predicted_reach):
    """Draw the losses of the training beside those of tables of counts, and how far the gradient reaches.

    losses: (updates,). held_out_loss: of the trained network. reaches: by the words "at the start" and "trained", from
    `reach`. The predictions: yours, as the cell above names them.
    """
    tables = [_table_loss(plays, memory) for memory in range(4)]
    print("held-out nats per letter, tables with a memory of 0, 1, 2, 3 letters:", np.round(tables, 2))
    print(f"the network: {held_out_loss:.2f} (predicted: {predicted_loss})", end="; ")
    beaten = max((memory for memory in range(4) if held_out_loss < tables[memory]), default="none")
    print(f"beats the table with a memory of {beaten} (predicted: {predicted_letters})")

    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    smooth = np.convolve(losses, np.ones(50) / 50, "valid")
    left.plot(smooth, color=BLUE, label="network, as it reads, mean of 50 updates")
    for memory, value in enumerate(tables):
        left.axhline(value, color=GREY, linewidth=0.8, linestyle="--")
        left.annotate(f"table, memory of {memory}", (2980, value), va="bottom", ha="right", color=GREY, fontsize=8)
    left.set(xlabel="updates", ylabel="nats per letter", title="Trained by your own gradients", ylim=(1.5, 3.2))
    left.legend()
    for (name, found), (color, style) in zip(reaches.items(), ((GREY, "--"), (BLUE, "-")), strict=True):
        norms = found.norms
        share = np.cumsum(norms) / norms.sum()
        right.semilogy(np.arange(len(norms)), norms / norms[0], style, color=color, label=name)
        print(f"{name}: a factor of {(norms[50] / norms[10]) ** (1 / 40):.2f} a letter", end="; ")
        print(f"99% of the sum within {np.argmax(share >= 0.99) + 1} letters", end="; ")
        print(f"lost by chunks of 25: {found.lost:.2f}; mean slope {found.slope:.2f}", end="; ")
        print(f"spectral radius of W {found.radius:.2f}, verdict {found.verdict!r}")
    right.set(xlabel="gap n - k, letters", ylabel="norm of term k, relative to k = n")
    right.set_title("How far the gradient reaches")
    right.legend()
    show()
    print(f"predicted reach after training: {predicted_reach}")


def same_gradients(theirs, ours):
    """Print how far PyTorch's gradients of U, W and b are from yours."""
    for name, parameter, mine in zip(("dU", "dW", "db"), theirs, ours, strict=True):
        print(f"{name}: largest difference from autograd's {abs(parameter.grad.numpy() - mine).max():.0e}")


def push_one_input(model, plays, rnn_forward, gaps, push=1e-4):
    """Print how far the states after a letter move when its vector is pushed, as a share of its own state's move.

    model: trained. gaps: steps from the letter on; the median of 100 held-out passages is printed for each.
    """
    network, T, rng = (model["U"], model["W"], model["b"]), 101 + max(gaps), np.random.default_rng(14)
    x = np.eye(len(plays.symbols))[plays.rows[:, :T]]
    pushed = x.copy()
    pushed[:, 100] += push * rng.standard_normal((len(x), x.shape[2]))
    difference = rnn_forward(pushed, *network)[0] - rnn_forward(x, *network)[0]  # (100, T, H)
    moved = np.linalg.norm(difference, axis=2)[:, 100:]  # (100, gap)
    for gap in gaps:
        share = np.median(moved[:, gap] / moved[:, 0])
        each = f", a factor of {share ** (1 / gap):.2f} a step" if gap else ""
        print(f"{gap:>2} letters later: {share:.1e} of it is left{each}")


# Section 11


def exponents(growth_exponents, state_jacobian, rnn_forward, plays, networks, T=300):
    """Draw the growth exponents of networks, by name, while they read T held-out letters; print some of them.

    growth_exponents, state_jacobian: yours.
    """
    one_hots = np.eye(len(plays.symbols))[plays.rows[:1]]  # (1, letters of a row, K)
    _, axis = plt.subplots(figsize=(5.6, 3.2))
    for (name, network), (color, style) in zip(networks.items(), cycle(LOOKS)):
        state, jacobians = None, []
        while len(jacobians) < T:  # the row is read again and again, and the state goes on
            h, _ = rnn_forward(one_hots, network["U"], network["W"], network["b"], state)
            jacobians += list(state_jacobian(np.arctanh(h[0]), network["W"]))
            state = h[:, -1]
        found = growth_exponents(np.array(jacobians[:T]))
        axis.plot(found, style, color=color, label=name)
        kept = (found > np.log(1e-3) / 10).sum()
        print(f"{name}: largest {found[0]:.2f}, a factor of {np.exp(found[0]):.2f} a step; {kept} above -0.69")
    axis.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    axis.set(xlabel="exponent, the largest first", ylabel="λ", title="Growth per step, as a logarithm")
    axis.legend()
    show()


def learning_rates(loss_and_gradient, rnn_forward, model, plays, rates, updates=300):
    """Print the losses of the updates from the same model at each learning rate, and the slope of the tanh in the end.

    loss_and_gradient, rnn_forward: the notebook's.
    """
    for rate in rates:
        hurried, losses = train(loss_and_gradient, model, plays, updates, rate)
        letters = np.eye(len(plays.symbols))[plays.rows[:, :100]]
        h, _ = rnn_forward(letters, hurried["U"], hurried["W"], hurried["b"])
        means = [f"{np.mean(losses[i : i + 50]):5.2f}" for i in range(0, updates, 50)]
        print(f"learning rate {rate}: mean loss of 50 updates each:", *means, end="; ")
        print(f"mean slope of the tanh in the end: {(1 - h**2).mean():.3f}")


def first_updates(loss_and_gradient, model, plays, rate, updates=5):
    """Print loss, norm of the gradient and spectral radius of W in the first updates at a learning rate."""
    print(f"\nthe first updates at learning rate {rate}:")
    h0 = np.zeros((len(plays.streams), len(model["W"])))
    for update in range(updates):
        begin = 25 * update
        loss, gradient, h0 = loss_and_gradient(model, plays.streams[:, begin : begin + 26], h0)
        size = np.sqrt(sum((part**2).sum() for part in gradient.values()))
        model = {name: model[name] - rate * gradient[name] for name in model}
        radius = abs(np.linalg.eigvals(model["W"])).max()
        print(f"  loss {loss:5.2f}; norm of the gradient {size:.2f}; then W has spectral radius {radius:.2f}")
