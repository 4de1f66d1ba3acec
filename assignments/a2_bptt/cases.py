"""Inputs for the exercises of assignment 2.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out, or of the probe's
where `SHOWN_BY` names one. All sizes differ by default, no weight is near zero, W is not symmetric, nothing is
saturated, biases and initial states are not zero, and gradients reach every state: what hides mistakes is left out.
`CASES` lists, for each exercise, the inputs on which one mistake is told from another.
"""

import numpy as np
import sympy
from sympy.printing.numpy import NumPyPrinter

from selfcheck.arrays import layer, matrix, vector

# Exercises whose arguments or results are no plain data, or too few numbers, and the probe that shows each.
SHOWN_BY = {
    "chain_rule_terms": "values_of_terms",
    "numerical_gradient": "gradient_of",
    "spectral_verdict": "verdicts",
    "fixed_points": "all_fixed_points",
}


def chain_rule_terms(rng, P=9):
    """(points,): P values of W, U, x_0, x_1, x_2, s_{-1}, one point a row."""
    return (rng.choice([-1.0, 1.0], (P, 6)) * rng.uniform(0.4, 1.1, (P, 6)),)


def numerical_gradient(rng, loss="cubic", shape=(3, 4), step=0.4):
    """(loss, args, which, step): one of LOSSES by name, its arguments, the place of X, of this shape, and epsilon."""
    X, weights = vector(rng, *shape), vector(rng, *shape)
    if loss == "looked_up":
        return loss, (rng.integers(0, shape[0], 7), X, None), 1, step
    return loss, (weights, X, 1.5), 1, step


def rnn_step_backward(rng, N=3, D=4, H=6):
    """(dh, cache): a gradient (N, H) for each unit, and the cache of one step."""
    x, h_prev, (U, W, b) = rng.standard_normal((N, D)), vector(rng, N, H), layer(rng, D, H)
    h = np.tanh(x @ U.T + h_prev @ W.T + b)
    return rng.standard_normal((N, H)), (x, h_prev, U, W, h)


def rnn_backward(rng, N=3, T=5, D=4, H=6, dh_last=True):
    """(dh, cache, dh_last): a gradient (N, T, H) at every step, the cache, and one (N, H) at the last state or None."""
    return (
        rng.standard_normal((N, T, H)),
        rnn_cache(rng, N, T, D, H),
        rng.standard_normal((N, H)) if dh_last else None,
    )


def rnn_cache(rng, N, T, D, H, gain=0.9):
    """(x, h0, U, W, h): what rnn_forward keeps of a sequence."""
    x, h0, (U, W, b) = rng.standard_normal((N, T, D)), vector(rng, N, H), layer(rng, D, H, gain=gain)
    h = np.empty((N, T, H))
    h_prev = h0
    for t in range(T):
        h_prev = h[:, t] = np.tanh(x[:, t] @ U.T + h_prev @ W.T + b)
    return x, h0, U, W, h


def sequence_loss_backward(rng, N=3, T=5, H=6, K=7, scale=1.0):
    """(cache,): states (N, T, H), V (K, H), probabilities (N, T, K) and targets (N, T); logits grow with `scale`."""
    h, V, c_out = rng.uniform(-1, 1, (N, T, H)), scale * matrix(rng, K, H), scale * vector(rng, K)
    logits = h @ V.T + c_out
    y = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return ((h, V, y / y.sum(axis=-1, keepdims=True), rng.integers(0, K, (N, T))),)


def state_jacobian(rng, N=3, H=5, nonlinearity="tanh"):
    """(a, W, nonlinearity): values (N, H) inside of the nonlinearity, between 0.2 and 1.6 in size, and W (H, H)."""
    a = rng.choice([-1.0, 1.0], (N, H)) * rng.uniform(0.2, 1.6, (N, H))
    return a, matrix(rng, H, H, gain=1.2), nonlinearity


def forward_gradient(rng, N=3, T=5, D=4, H=6):
    """(x, U, W, b, h0, dh): a sequence (N, T, D), the weights, an initial state, and gradients (N, T, H)."""
    U, W, b = layer(rng, D, H)
    return rng.standard_normal((N, T, D)), U, W, b, vector(rng, N, H), rng.standard_normal((N, T, H))


def growth_exponents(rng, T=6, H=4):
    """(J,): invertible Jacobians (T, H, H) that stretch each direction differently, and do not commute."""
    rotations, _ = np.linalg.qr(rng.standard_normal((T, H, H)))
    return (rotations * rng.uniform(0.4, 1.6, (T, H, 1)),)


def jacobian_product(rng, N=3, T=6, H=4):
    """(J,): Jacobians (N, T, H, H) of T steps, which do not commute and whose products keep their size."""
    rotations, _ = np.linalg.qr(rng.standard_normal((N, T, H, H)))
    return (rotations * rng.uniform(0.8, 1.25, (N, T, H, 1)) if T < 100 else rotations,)


def gradient_contributions(rng, N=3, T=9, D=4, H=6, gain=1.3):
    """(dh_last, cache): a gradient (N, H) at the last state, and the cache of a sequence."""
    return rng.standard_normal((N, H)), rnn_cache(rng, N, T, D, H, gain)


def spectral_verdict(rng, count=64):
    """(matrices, gammas): W of different sizes, of all verdicts in turn, and a gamma for each."""
    kinds = ["vanishes", "may explode", "undecided", "sigma on the border", "rho on the border", "a rotation"]
    kinds += ["a growing rotation", "a growing positive matrix"]
    gammas = [float(gamma) for gamma in rng.permutation([1.0, 0.25, 0.8, 1.7] * count)[:count]]
    return [spectral_matrix(rng, kinds[i % 8], 2 + i % 5, gamma) for i, gamma in enumerate(gammas)], gammas


def spectral_matrix(rng, kind, H, gamma=1.0, near=0.0):
    """A (H, H) matrix with this verdict; `near` brings it to that distance from the border, if it is not zero.

    On the border, where the verdict is "undecided", a size lies 4e-10 above 1 / gamma or below. Of those that do not
    vanish the eigenvalue that is largest in size is negative; half of those that explode are far from normal.
    """
    border = (1 + rng.choice([-4e-10, 4e-10])) / gamma
    if kind == "a growing rotation":  # by a right angle in some plane: no eigenvalue of the largest size is real
        turn = np.zeros((H, H))
        turn[0, 1], turn[1, 0] = -1.0, 1.0
        Q, _ = np.linalg.qr(rng.standard_normal((H, H)))
        return Q @ turn @ Q.T * (rng.uniform(1.1, 1.6) / gamma)
    if kind == "a rotation":  # or a reflection: all singular values and all eigenvalues have the same size
        return np.linalg.qr(rng.standard_normal((H, H)))[0] * border
    if kind == "a growing positive matrix":  # whose largest eigenvalue is positive
        W = rng.uniform(0.2, 1.0, (H, H))
        return W * (rng.uniform(1.05, 1.5) / (gamma * abs(np.linalg.eigvals(W)).max()))
    if kind == "vanishes":  # all singular values are nearly equal
        W = np.linalg.qr(rng.standard_normal((H, H)))[0] * rng.uniform(0.8, 1.0, H)
        return W * ((1 - near if near else rng.uniform(0.2, 0.95)) / (gamma * np.linalg.norm(W, 2)))
    W = -rng.uniform(0.2, 1.0, (H, H))
    if kind != "may explode" or rng.random() < 0.5:
        W[0, -1] -= 6.0
        W[-1, 0] = -0.2
    sigma, rho = np.linalg.norm(W, 2), abs(np.linalg.eigvals(W)).max()
    if kind == "may explode":
        return W * ((1 + near if near else rng.uniform(1.05, 1.5)) / (gamma * rho))
    if kind == "undecided":
        return W / (gamma * np.sqrt(sigma * rho))
    return W * (border / (sigma if kind == "sigma on the border" else rho))


def fixed_points(rng, count=12):
    """(w, b): arrays (count,): in turn three fixed points; one, although w > 1; one, with w < 1."""
    units = [fixed_point_unit(rng, three=i % 3 == 0, low=i % 3 == 2) for i in range(count)]
    return tuple(np.array(units).T.copy())


def fixed_point_unit(rng, three=True, low=False):
    """One w and b, floats, well away from the border between one fixed point and three; w < 1 if `low`."""
    sign = float(rng.choice([-1.0, 1.0]))
    if low:
        return float(rng.uniform(-2.5, 0.8)), sign * float(rng.uniform(0.2, 0.9))
    w = float(rng.uniform(1.5, 3.5))
    border = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
    return w, sign * float(border * (rng.uniform(0.2, 0.7) if three else rng.uniform(1.3, 1.8)))


def truncated_bptt(rng, N=3, T=7, D=4, H=6, k=3):
    """(dh, cache, k): a gradient (N, T, H) at every step, the cache of a sequence, and the length of a chunk."""
    return rng.standard_normal((N, T, H)), rnn_cache(rng, N, T, D, H), k


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


_CASES = {
    "chain_rule_terms": lambda rng: [chain_rule_terms(rng), chain_rule_terms(rng, P=12)],
    "numerical_gradient": lambda rng: [
        numerical_gradient(rng),
        numerical_gradient(rng, shape=(12,), step=None),
        numerical_gradient(rng, "saturating", (2, 3, 4), step=0.5),
        numerical_gradient(rng, "looked_up", (5, 3), step=0.2),
        numerical_gradient(rng, "by_columns", (4, 3), step=0.3),
    ],
    "rnn_step_backward": lambda rng: [rnn_step_backward(rng), rnn_step_backward(rng, N=5, D=5, H=5)],
    "rnn_backward": lambda rng: [
        rnn_backward(rng),
        rnn_backward(rng, N=4, T=6, D=4, H=4, dh_last=False),
        rnn_backward(rng, N=5, T=5, D=5, H=5),
    ],
    "sequence_loss_backward": lambda rng: [
        sequence_loss_backward(rng),
        sequence_loss_backward(rng, N=4, T=4, H=4, K=4),
        _with_targets_ruled_out(rng),
    ],
    "state_jacobian": lambda rng: [
        state_jacobian(rng),
        state_jacobian(rng, N=4, H=4, nonlinearity="sigmoid"),
        (np.concatenate([state_jacobian(rng)[0], [[-900.0] * 5, [900.0] * 5]]), matrix(rng, 5, 5), "sigmoid"),
    ],
    "jacobian_product": lambda rng: [jacobian_product(rng), jacobian_product(rng, N=4, T=4, H=4)],
    "forward_gradient": lambda rng: [forward_gradient(rng), forward_gradient(rng, N=2, T=4, D=5, H=5)],
    "growth_exponents": lambda rng: [growth_exponents(rng), growth_exponents(rng, T=5, H=6)],
    "gradient_contributions": lambda rng: [
        gradient_contributions(rng, T=4),
        gradient_contributions(rng, N=5, T=6, D=5, H=5),
    ],
    "spectral_verdict": lambda rng: [spectral_verdict(rng), _near_the_border(rng)],
    "fixed_points": lambda rng: [
        fixed_points(rng),
        (rng.uniform(20, 45, 6), rng.choice([-1.0, 1.0], 6) * rng.uniform(3, 9, 6)),
    ],
    "truncated_bptt": lambda rng: [
        truncated_bptt(rng),
        truncated_bptt(rng, N=4, T=6, D=4, H=4, k=2),
        truncated_bptt(rng, N=2, T=5, D=3, H=4, k=8),
    ],
}


def _with_targets_ruled_out(rng):
    """(cache,) in which the targets of every third step have a probability of exactly 0."""
    ((h, V, y, targets),) = sequence_loss_backward(rng, N=2, T=7, H=4, K=6)
    for t in range(1, 7, 3):
        y[np.arange(2), t, targets[:, t]] = 0.0
    return ((h, V, y / y.sum(axis=-1, keepdims=True), targets),)


def _near_the_border(rng):
    """(matrices, gammas) on either side of the border, 1e-6 from it, and some whose largest eigenvalue is the last."""
    matrices = [spectral_matrix(rng, kind, H, near=1e-6) for kind in ("vanishes", "may explode") for H in (3, 4, 5, 6)]
    matrices += [np.triu(matrix(rng, H, H), 1) + np.diag(np.linspace(0.1, 1.3, H)) for H in (2, 3, 4, 5)]
    return matrices, [1.0] * len(matrices)


def _cubic(weights, X, scale):
    return float((weights * X**3).sum() + scale * X.mean() ** 2)


def _saturating(weights, X, scale):
    return np.tanh(scale * weights * X + X.mean()).sum()


def _looked_up(rows, table, bias):
    shift = 0.5 if bias is None else bias
    return ((table[rows].cumsum(axis=0) + shift) ** 3).sum()


LOSSES = {"cubic": _cubic, "by_columns": _cubic, "saturating": _saturating, "looked_up": _looked_up}


_AS_LAMBDIFY = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}


def _values_of_terms(namespace, points):
    """Values (P,) of each of the student's three terms at the points (P, 6)."""
    symbols = sympy.symbols("w_given u_given x_first x_second x_third s_given")  # as no cell of the notebook has them
    W, U, x0, x1, x2, s_before = symbols
    terms = namespace["chain_rule_terms"](W, U, (x0, x1, x2), s_before)
    if type(terms) is not tuple or len(terms) != 3:
        raise TypeError("expected a tuple of three SymPy expressions")
    values = {}
    for name, term in zip(("direct", "via_s1", "via_s0"), terms, strict=True):
        expression = sympy.sympify(term).doit()
        others = expression.free_symbols - set(symbols)
        if others:
            found = ", ".join(sorted(map(str, others)))
            raise ValueError(f"{name} holds {found}; only the six symbols that are passed in may be left in it")
        # with modules="numpy" lambdify would import all of NumPy, its tests included
        evaluated = sympy.lambdify(symbols, expression, {}, NumPyPrinter(_AS_LAMBDIFY))(*points.T)
        values[name] = np.broadcast_to(np.asarray(evaluated, dtype=np.float64), len(points)).copy()
    return values


def _gradient_of(namespace, loss, args, which, step):
    """The student's gradient of one of LOSSES, with the default step for None, and the arguments after the call.

    For the loss "by_columns" X lies column by column in memory.
    """
    given = () if step is None else (step,)
    if loss == "by_columns":
        args = [*args[:which], np.asfortranarray(args[which]), *args[which + 1 :]]
    gradient = namespace["numerical_gradient"](LOSSES[loss], tuple(args), which, *given)
    return {"gradient": gradient, "args": list(args)}


def _verdicts(namespace, matrices, gammas):
    """The student's verdict on each of the matrices."""
    return [namespace["spectral_verdict"](W, gamma) for W, gamma in zip(matrices, gammas, strict=True)]


def _all_fixed_points(namespace, w, b):
    """How many fixed points the student finds for each unit, and all of them in one array."""
    found = [namespace["fixed_points"](float(w_i), float(b_i)) for w_i, b_i in zip(w, b, strict=True)]
    if not all(type(points) is np.ndarray and points.ndim == 1 for points in found):
        return {"counts": [], "points": found}
    return {"counts": [points.size for points in found], "points": np.concatenate(found)}


PROBES = {
    "values_of_terms": _values_of_terms,
    "gradient_of": _gradient_of,
    "verdicts": _verdicts,
    "all_fixed_points": _all_fixed_points,
}
