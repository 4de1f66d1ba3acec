"""Inputs for the exercises of assignment 3.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out. All sizes differ
by default, no weight is near zero, nothing is symmetric or saturated, biases, gains and initial states are not zero,
gains are not one: what hides mistakes is left out. `CASES` lists, for each exercise, the inputs on which one mistake is
told from another.
"""

from itertools import pairwise

import numpy as np

from selfcheck.arrays import layer, matrix, vector

# Positions in a returned tuple that stay beside the student's code: what a backward pass will need.
OPAQUE = {"layer_norm_rnn_forward": (1,)}


def clip_gradient_norm(rng, norm=12.0, threshold=5.0):
    """(gradients, threshold): gradients of U, W and b whose joint norm is `norm`, and exactly so for 70 and its halves.

    1^2 + 2^2 + ... + 24^2 = 70^2: whole numbers, which are added up without rounding in any order. The names are not in
    the order of the alphabet.
    """
    numbers = rng.permutation(np.arange(1.0, 25)) * rng.choice([-1.0, 1.0], 24) * (norm / 70)
    gradients = {"U": numbers[:12].reshape(3, 4), "b": numbers[21:], "W": numbers[12:21].reshape(3, 3)}
    return gradients, threshold


def loss_along(rng, N=3, T=5, D=4, H=6, K=7, M=9, names=("U", "W", "b", "V", "c_out"), reach=3.0):
    """(parameters, direction, offsets, x, targets): a direction in the parameters called `names`, M offsets unsorted.

    One target in three is -1, which asks for nothing; every sequence is asked for something.
    """
    parameters, direction = parameters_of(rng, D, H, K), parameters_of(rng, D, H, K)
    direction = {name: direction[name] for name in names}
    offsets = rng.permutation(np.linspace(-0.8 * reach, reach, M)) + rng.uniform(-0.1, 0.1, M)
    targets = rng.integers(0, K, (N, T))
    targets[rng.random((N, T)) < 1 / 3] = -1
    targets[:, -1] = rng.integers(0, K, N)
    return parameters, direction, offsets, rng.standard_normal((N, T, D)), targets


def at_whole_numbers(rng, args):
    """The arguments of loss_along with the offsets -4 to 4, integers, in any order."""
    parameters, direction, _, x, targets = args
    return parameters, direction, rng.permutation(np.arange(-4, 5)), x, targets


def parameters_of(rng, D, H, K):
    """A dict of U (H, D), W (H, H), b (H,), V (K, H) and c_out (K,)."""
    U, W, b = layer(rng, D, H)
    return {"U": U, "W": W, "b": b, "V": matrix(rng, K, H), "c_out": vector(rng, K)}


def norm_stabilizer(rng, N=3, T=5, H=6, beta=0.7):
    """(h, h0, beta): states h_1 .. h_T (N, T, H) and h_0 (N, H) whose norms differ from step to step."""
    h, h0 = rng.uniform(0.4, 1.6, (N, T, 1)) * vector(rng, N, T, H), rng.uniform(0.4, 1.6, (N, 1)) * vector(rng, N, H)
    return h, h0, beta


def norm_stabilizer_backward(rng, N=3, T=5, H=6, beta=0.7, zeros=False):
    """(h, h0, beta) as for norm_stabilizer; with `zeros` some states are 0, one h_0 among them if N > 1."""
    h, h0, beta = norm_stabilizer(rng, N, T, H, beta)
    if zeros:
        h[rng.integers(N), rng.integers(T)] = 0.0
        h[rng.integers(N), -1] = 0.0
        h0[0 if N > 1 else []] = 0.0
    return h, h0, beta


def layer_norm_forward(rng, shape=(3, 5, 6), eps=1e-5, spread=1.0):
    """(a, g, b, eps): a of this shape, each step at a level of its own and `spread` around it; gains are not 1."""
    level = rng.choice([-1.0, 1.0], (*shape[:-1], 1)) * rng.uniform(0.5, 2.0, (*shape[:-1], 1))
    size = spread * rng.uniform(0.4, 2.5, (*shape[:-1], 1))
    return level + size * rng.standard_normal(shape), _gain(rng, shape[-1]), vector(rng, shape[-1]), eps


def layer_norm_backward(rng, shape=(3, 5, 6), eps=1e-5, spread=1.0):
    """(dy, cache): a gradient and the cache (a_hat, sigma, g) that layer_norm_forward makes of its own case."""
    import torch  # not above: where a student's functions run, nobody waits for it

    a, g, _, _ = layer_norm_forward(rng, shape, eps, spread)
    a_hat, _, inverse = torch.native_layer_norm(torch.tensor(a), shape[-1:], None, None, eps)
    return rng.standard_normal(shape), (a_hat.numpy(), 1 / inverse.numpy(), g)


def layer_norm_rnn_forward(rng, N=3, T=5, D=4, H=6, h0=True, eps=1e-5):
    """(x, U, W, g, b, h0, eps): a sequence (N, T, D), the weights, and an initial state (N, H) or None."""
    U, W, b = layer(rng, D, H)
    return rng.standard_normal((N, T, D)), U, W, _gain(rng, H), b, vector(rng, N, H) if h0 else None, eps


def recurrent_init(rng, H=6, kind="orthogonal", scale=1.4):
    """(H, kind, generator, scale)."""
    return H, kind, _generator(rng), scale


def dropout_deep_rnn(rng, N=3, T=5, D=4, H=(6, 8), p=0.3, training=True, same_mask=False):
    """(x, layers, p, generator, training, same_mask): no input near 0, layers of H[0], H[1], ... units."""
    layers = [layer(rng, below, here) for below, here in pairwise((D, *H))]
    return vector(rng, N, T, D), layers, p, _generator(rng), training, same_mask


def orthogonal_step(rng, H=6, orthogonal=True, rate=0.7):
    """(W, dW, rate): W, orthogonal or of any kind, and a gradient (H, H), no entry near 0."""
    W = matrix(rng, H, H, gain=1.2)
    return np.linalg.qr(W)[0] if orthogonal else W, vector(rng, H, H), rate


def zoneout_rnn_forward(rng, N=3, T=5, D=4, H=6, p=0.3, training=True):
    """(x, U, W, b, h0, p, generator, training)."""
    return rng.standard_normal((N, T, D)), *layer(rng, D, H), vector(rng, N, H), p, _generator(rng), training


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


def _clip_gradient_norm_cases(rng):
    (nan, _), (infinite, _), (first, _) = (clip_gradient_norm(rng) for _ in range(3))
    nan["W"][1, 2], infinite["b"][1], first["U"][0, 1] = np.nan, -np.inf, np.nan
    return [
        clip_gradient_norm(rng, norm=40.0, threshold=5.0),  # single entries are larger than 5
        clip_gradient_norm(rng, norm=3.0, threshold=5.0),  # both the squares and the sizes add up to more than 5
        clip_gradient_norm(rng, norm=2e-6, threshold=1e-6),
        clip_gradient_norm(rng, norm=0.5, threshold=0.4),  # the squares add up to less than 0.4
        clip_gradient_norm(rng, norm=0.0, threshold=1.0),
        (nan, 5.0),
        (infinite, 5.0),
        (first, 5.0),
        clip_gradient_norm(rng, norm=1.5, threshold=5.0),  # longer than 1, and the squares add up to less than 5
    ]


_CASES = {
    "clip_gradient_norm": _clip_gradient_norm_cases,
    "loss_along": lambda rng: [
        loss_along(rng),
        loss_along(rng, N=2, T=4, D=3, H=5, K=4, M=11, names=("W", "b")),
        loss_along(rng, N=4, T=3, D=2, H=4, K=5, M=10, names=("V",), reach=6.0),
        at_whole_numbers(rng, loss_along(rng, N=2, T=5, D=3, H=4, K=6)),
    ],
    "norm_stabilizer": lambda rng: [
        norm_stabilizer(rng),
        norm_stabilizer(rng, N=1, T=1, H=4, beta=2.0),
        norm_stabilizer(rng, N=4, T=1, H=5, beta=0.3),
        norm_stabilizer(rng, N=1, T=6, H=3, beta=1.5),
        norm_stabilizer(rng, N=2, T=3, H=7, beta=4.0),
        norm_stabilizer(rng, N=5, T=4, H=2, beta=0.2),
        norm_stabilizer(rng, N=6, T=2, H=4, beta=0.0),
        norm_stabilizer(rng, N=2, T=7, H=5, beta=0.0),
    ],
    "norm_stabilizer_backward": lambda rng: [
        norm_stabilizer_backward(rng),
        norm_stabilizer_backward(rng, N=4, T=6, H=5, beta=1.9, zeros=True),
        norm_stabilizer_backward(rng, N=5, T=1, H=4, beta=0.4),
    ],
    "layer_norm_forward": lambda rng: [
        layer_norm_forward(rng),
        layer_norm_forward(rng, shape=(4, 5), spread=3e-3),  # a variance about as large as epsilon
        layer_norm_forward(rng, shape=(5, 5), eps=0.5),
    ],
    "layer_norm_backward": lambda rng: [
        layer_norm_backward(rng),
        layer_norm_backward(rng, shape=(4, 5), eps=0.5),
        layer_norm_backward(rng, shape=(5, 6), spread=0.1),
    ],
    "layer_norm_rnn_forward": lambda rng: [
        layer_norm_rnn_forward(rng),
        layer_norm_rnn_forward(rng, N=2, T=4, D=5, H=5, h0=False),
        layer_norm_rnn_forward(rng, N=4, T=3, D=3, H=7, eps=1.5),
    ],
    "recurrent_init": lambda rng: [
        recurrent_init(rng, H=6),
        recurrent_init(rng, H=5, scale=0.6),
        recurrent_init(rng, H=4, kind="identity", scale=1.7),
        recurrent_init(rng, H=3, kind="sparse"),
    ],
    "dropout_deep_rnn": lambda rng: [
        dropout_deep_rnn(rng, p=0.3),
        dropout_deep_rnn(rng, N=4, T=6, D=5, H=(5, 5), p=0.6, same_mask=True),
        dropout_deep_rnn(rng, N=2, T=4, D=3, H=(4, 6, 5), p=0.5, training=False),
        dropout_deep_rnn(rng, N=2, T=3, D=4, H=(3,), p=1.0),
        dropout_deep_rnn(rng, N=2, T=3, D=4, H=(3,), p=-0.2),
        dropout_deep_rnn(rng, N=3, T=2, D=4, H=(5,), p=0.0),
        dropout_deep_rnn(rng, N=2, T=3, D=4, H=(3,), p=1.0, training=False),
    ],
    "orthogonal_step": lambda rng: [
        orthogonal_step(rng),
        orthogonal_step(rng, H=5, orthogonal=False, rate=0.4),
        orthogonal_step(rng, H=4, rate=6.0),
    ],
    "zoneout_rnn_forward": lambda rng: [
        zoneout_rnn_forward(rng),
        zoneout_rnn_forward(rng, N=4, T=6, D=5, H=5, p=0.6),
        zoneout_rnn_forward(rng, N=2, T=4, D=3, H=5, p=0.3, training=False),
        zoneout_rnn_forward(rng, N=2, T=3, D=2, H=4, p=1.0),
        zoneout_rnn_forward(rng, N=2, T=3, D=4, H=3, p=1.2),
        zoneout_rnn_forward(rng, N=2, T=3, D=4, H=3, p=-0.2, training=False),
        zoneout_rnn_forward(rng, N=2, T=3, D=2, H=5, p=-0.2),
    ],
}


def _caches(namespace, *args):
    """The cache that the student's layer_norm_rnn_forward returns."""
    return namespace["layer_norm_rnn_forward"](*args)[1]


def _draw_orthogonal(namespace, H, generator, count):
    """`count` orthogonal matrices of the student's recurrent_init, drawn from one generator: (count, H, H)."""
    return np.stack([namespace["recurrent_init"](H, "orthogonal", generator) for _ in range(count)])


def _gives_back_its_argument(namespace, gradients, threshold):
    """Whether the dict that the student's clip_gradient_norm returns is the very one that it was given."""
    return namespace["clip_gradient_norm"](gradients, threshold)[0] is gradients


PROBES = {
    "caches": _caches,
    "gives_back_its_argument": _gives_back_its_argument,
    "draw_orthogonal": _draw_orthogonal,
}


def _gain(rng, H):
    """Numbers between 0.5 and 1.8 in size, of either sign."""
    return rng.choice([-1.0, 1.0], H) * rng.uniform(0.5, 1.8, H)


def _generator(rng):
    return np.random.default_rng(rng.integers(2**62))
