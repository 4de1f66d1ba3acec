"""Inputs for the exercises of assignment 1.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out. All sizes differ
by default, no weight is near zero, nothing is symmetric or saturated, biases and initial states are not zero: what
hides mistakes is left out. `CASES` lists, for each exercise, the inputs on which one mistake is told from another.
"""

import random
from itertools import pairwise

import numpy as np

from selfcheck.arrays import layer, matrix, vector

# Positions in a returned tuple that stay beside the student's code: what a backward pass will need.
OPAQUE = {"rnn_step_forward": (1,), "rnn_forward": (1,)}

# Exercises whose results are too few numbers, or hang on the stream of random numbers, and the probe that shows each.
SHOWN_BY = {
    "count_parameters": "counts",
    "sample_sequence": "sampled",
    "sequence_log_probability": "log_probabilities",
}


def one_hot(rng, N=3, T=5, K=7):
    """(tokens, K): integers (N, T) in 0..K-1, the smallest and the largest among them."""
    tokens = rng.integers(0, K, (N, T))
    tokens.flat[-1], tokens.flat[0] = 0, K - 1
    return tokens, K


def temporal_convolution(rng, N=3, T=8, D=4, H=6, k=5):
    """(x, filters, b): an input (N, T, D), k filters (k, H, D) and a bias (H,)."""
    filters = np.stack([matrix(rng, H, D) for _ in range(k)])
    return rng.standard_normal((N, T, D)), filters, vector(rng, H)


def rnn_step_forward(rng, N=3, D=4, H=6):
    """(x, h_prev, U, W, b): one input (N, D), a state (N, H), and the weights."""
    return rng.standard_normal((N, D)), vector(rng, N, H), *layer(rng, D, H)


def rnn_forward(rng, N=3, T=5, D=4, H=6, h0=True):
    """(x, U, W, b, h0): a sequence (N, T, D), the weights, and an initial state (N, H), or None without `h0`."""
    return rng.standard_normal((N, T, D)), *layer(rng, D, H), vector(rng, N, H) if h0 else None


def rnn_forward_masked(rng, N=5, T=7, D=4, H=6, lengths=None, padding=None, h0=True):
    """(x, lengths, U, W, b, h0): lengths are 0, T and others between unless given; `padding` as in `pad`."""
    if lengths is None:
        between = rng.choice(np.arange(1, T), N, replace=N >= T) if T > 1 else np.ones(N, dtype=np.int64)
        between[:2] = (T, 0)[:N]
        lengths = rng.permutation(between)
    x, U, W, b, h0 = rnn_forward(rng, N, T, D, H, h0)
    lengths = np.asarray(lengths)
    return pad(x, lengths, padding), lengths, U, W, b, h0


def pad(x, lengths, padding):
    """A copy of x (N, T, D) with `padding` at every step from lengths[n] on; None leaves what stands there."""
    behind = np.arange(x.shape[1]) >= np.asarray(lengths)[:, None]
    return x.copy() if padding is None else np.where(behind[..., None], padding, x)


def bidirectional_rnn_forward(rng, N=5, T=7, D=4, H=(6, 3), padding=None):
    """(x, lengths, forwards, backwards): as rnn_forward_masked, with two networks of H[0] and H[1] units."""
    x, lengths, *_ = rnn_forward_masked(rng, N, T, D, padding=padding)
    return x, lengths, layer(rng, D, H[0]), layer(rng, D, H[1])


def sequence_log_probability(rng, T=6, K=7, H=5, scale=1.0):
    """(model, symbols): a model as sample_sequence takes it, its logits grown by `scale`, and T symbols in 1..K-1."""
    return _model(rng, K, H, scale), rng.integers(1, K, T)


def _model(rng, K=7, H=5, scale=1.0):
    U, W, b = layer(rng, K, H)
    return {"U": U, "W": W, "b": b, "V": scale * 2 * matrix(rng, K, H), "c_out": scale * vector(rng, K)}


def _sequences(rng, K=7):
    """Sequences of different lengths, the empty one among them."""
    return [rng.integers(1, K, T) for T in (0, 1, 2, 4, 7, 3, 5, 6)]


def rnn_output(rng, N=3, T=5, H=6, K=7, scale=1.0):
    """(h, V, c_out): states (N, T, H), weights (K, H) and a bias (K,); the logits' size grows with `scale`."""
    return rng.uniform(-1, 1, (N, T, H)), scale * matrix(rng, K, H), scale * vector(rng, K)


def deep_rnn_forward(rng, N=3, T=5, D=4, H=(6, 8, 2), h0=True):
    """(x, layers, h0): a sequence (N, T, D), layers of H[0], H[1], ... units, and as many initial states or None."""
    layers = [layer(rng, below, here) for below, here in pairwise((D, *H))]
    return rng.standard_normal((N, T, D)), layers, [vector(rng, N, n) for n in H] if h0 else None


def count_parameters(rng, largest=40):
    """(D, H, K, L): four different integers from 2 to `largest`."""
    return tuple(int(n) for n in rng.choice(np.arange(2, largest + 1), 4, replace=False))


def sample_sequence(rng, K=6, H=9, temperature=1.0, max_length=20, end=0.0, gain=2.0):
    """(model, generator, temperature, max_length): a random model of K symbols; `end` is added to END's bias."""
    U, W, b = layer(rng, K, H, gain=1.2)
    c_out = vector(rng, K)
    c_out[0] += end
    model = {"U": U * np.sqrt(K), "W": W, "b": b, "V": matrix(rng, K, H, gain), "c_out": c_out}
    return model, np.random.default_rng(rng.integers(2**62)), temperature, max_length


def walking_model(rng, K=8, H=12, memory=0.3, bias=0.1):
    """A model for sample_sequence that, at a small temperature, walks through all symbols in some order, then ends.

    More `memory` and `bias` let the state before the last symbol and c_out matter more; the walk may then be another.
    """
    signs = rng.choice([-1.0, 1.0], (H, K))
    while np.abs(signs.T @ signs - H * np.eye(K)).max() > H - 4:  # no two symbols may look alike
        signs = rng.choice([-1.0, 1.0], (H, K))
    order = np.concatenate([[0], 1 + rng.permutation(K - 1)])
    V = np.empty((K, H))
    V[np.roll(order, -1)] = signs.T[order]  # row = what comes next, column = the code of what was fed
    U, W, b = 2 * signs, memory * matrix(rng, H, H), 0.1 * vector(rng, H)
    return {"U": U, "W": W, "b": b, "V": V, "c_out": bias * vector(rng, K)}


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


ENDS = (0, 0), (-1, -1)  # a check of one row or of one step alone sees one of them, and not both


def _one_outside(rng, place, token):
    """(tokens, 7): at one place stands a token that is no class."""
    tokens, K = one_hot(rng)
    tokens[place] = token
    return tokens, K


def _one_hot_cases(rng):
    too_small, too_large = one_hot(rng)[0], one_hot(rng)[0]
    too_small[1, 2], too_large[2, 3] = -2, 7
    without_the_last, without_the_first = one_hot(rng, N=2, T=6, K=5)[0], 1 + one_hot(rng, N=2, T=4, K=6)[0]
    accepted = [one_hot(rng), one_hot(rng, N=4, T=9, K=6), (without_the_last, 8), (without_the_first, 7)]
    outside = [*(_one_outside(rng, place, -1) for place in ENDS), _one_outside(rng, ENDS[0], 7)]
    return [*accepted, (too_small, 7), (too_large, 7), *outside]


def _logits_far_apart(rng):
    """(h, V, c_out): every logit is above 1000 or below -1000, beyond any bound at which code may cut logits off."""
    V = rng.choice([-1.0, 1.0], (5, 8)) * rng.uniform(1200, 3000, (5, 8))
    return 0.9 * rng.permutation(np.eye(8)).reshape(2, 4, 8), V, vector(rng, 5)


def _shallow(rng):
    """Sizes of networks of one layer and of two."""
    return [(*count_parameters(rng)[:3], L) for L in (1, 1, 2, 2)]


def _sample_sequence_cases(rng):
    generator = np.random.default_rng(rng.integers(2**62))
    return [
        sample_sequence(rng, K=9, H=12, temperature=1e-9, max_length=15, end=-50.0),
        sample_sequence(rng, K=7, H=10, temperature=1e-9, max_length=12, end=-50.0),
        (walking_model(rng, K=8), generator, 1e-6, 20),
        (walking_model(rng, K=9), generator, 1e-6, 5),
        (walking_model(rng, K=8), generator, 0.1, 20),  # exponentials that need no shift
    ]


_CASES = {
    "one_hot": _one_hot_cases,
    "temporal_convolution": lambda rng: [
        temporal_convolution(rng),
        temporal_convolution(rng, N=2, T=3, D=4, H=5, k=7),
        temporal_convolution(rng, N=2, T=6, D=5, H=5, k=3),
    ],
    "rnn_step_forward": lambda rng: [
        rnn_step_forward(rng),
        rnn_step_forward(rng, N=3, D=5, H=5),
        rnn_step_forward(rng, N=5, D=5, H=5),  # here even the product of a matrix and rows that stand for columns runs
    ],
    "rnn_forward": lambda rng: [
        rnn_forward(rng),
        rnn_forward(rng, N=4, T=6, D=3, H=5, h0=False),
        rnn_forward(rng, N=2, T=4, D=5, H=5),
        rnn_forward(rng, N=6, T=6, D=3, H=4),
    ],
    "rnn_forward_masked": lambda rng: [
        rnn_forward_masked(rng),
        rnn_forward_masked(rng, padding=np.nan),
        rnn_forward_masked(rng, N=4, T=6, D=3, H=5, lengths=[2, 0, 4, 3]),
        rnn_forward_masked(rng, N=3, T=6, D=2, H=4, lengths=[5, 6, 1], h0=False),
    ],
    "rnn_output": lambda rng: [
        rnn_output(rng),
        rnn_output(rng, N=2, T=3, H=5, K=5),
        _logits_far_apart(rng),
        rnn_output(rng, N=4, T=4, H=3, K=4),
    ],
    "bidirectional_rnn_forward": lambda rng: [
        bidirectional_rnn_forward(rng),
        bidirectional_rnn_forward(rng, N=4, T=6, padding=5.0),
        bidirectional_rnn_forward(rng, N=3, T=5, padding=np.nan),
    ],
    "sequence_log_probability": lambda rng: [
        (_model(rng), _sequences(rng)),
        (_model(rng, scale=1000.0), _sequences(rng)),  # probabilities too small for float64, exponentials too large
    ],
    "deep_rnn_forward": lambda rng: [
        deep_rnn_forward(rng),
        deep_rnn_forward(rng, N=2, T=4, D=5, H=(5, 5, 5)),
        deep_rnn_forward(rng, N=2, T=6, D=3, H=(3, 3), h0=False),
        deep_rnn_forward(rng, N=4, T=3, D=2, H=(5, 3), h0=False),
    ],
    "count_parameters": lambda rng: [([count_parameters(rng) for _ in range(8)] + _shallow(rng),)],
    "sample_sequence": _sample_sequence_cases,
}


def _counts(namespace, sizes):
    """The student's count for each (D, H, K, L)."""
    return [namespace["count_parameters"](*each) for each in sizes]


def _sampled(namespace, model, generator, temperature, max_length):
    """A sequence of the student's, and what drawing has changed: the model, and which generators.

    A generator may be spared where the temperature leaves nothing to chance, so its use is seen at another one.
    """
    model_before, shared = _bytes(model), _global_random_state()
    sequence = namespace["sample_sequence"](model, generator, temperature, max_length)
    state = generator.bit_generator.state
    namespace["sample_sequence"](model, generator, 2.0, max_length)
    return {
        "sequence": sequence,
        "model changed": _bytes(model) != model_before,
        "generator used": generator.bit_generator.state != state,
        "shared generator used": _global_random_state() != shared,
    }


def _bytes(model):
    return {name: array.tobytes() for name, array in model.items()}


def _step_with_its_cache(namespace, *args):
    """What the student's rnn_step_forward returns, the cache as well."""
    return namespace["rnn_step_forward"](*args)


def _sequence_with_its_cache(namespace, *args):
    """What the student's rnn_forward returns, the cache as well."""
    return namespace["rnn_forward"](*args)


def _log_probabilities(namespace, model, sequences):
    """The student's logarithm of each sequence's probability."""
    return np.array([namespace["sequence_log_probability"](model, symbols) for symbols in sequences])


def _draw_many(namespace, model, generator, temperature, max_length, count):
    """`count` sequences of the student's sample_sequence, one after the other from one generator."""
    return [namespace["sample_sequence"](model, generator, temperature, max_length) for _ in range(count)]


def _global_random_state():
    _, words, *rest = np.random.get_state()
    return random.getstate(), words.tobytes(), rest


PROBES = {
    "counts": _counts,
    "sampled": _sampled,
    "step_with_its_cache": _step_with_its_cache,
    "sequence_with_its_cache": _sequence_with_its_cache,
    "draw_many": _draw_many,
    "log_probabilities": _log_probabilities,
}
