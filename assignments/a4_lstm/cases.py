"""Inputs for the exercises of assignment 4.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out. All sizes differ
by default, no two gates share weights, nothing is symmetric, saturated or near zero, and c_prev is unlike h_prev: what
hides mistakes is left out. `CASES` lists, for each exercise, the inputs on which one mistake is told from another.
"""

import numpy as np
import torch
from torch import nn

from selfcheck.arrays import layer, matrix, vector

# Positions in a returned tuple that stay beside the student's code: what a backward pass will need.
OPAQUE = {"lstm_step_forward": (2,), "lstm_forward": (2,)}

# The probe that shows an exercise of two functions; its arguments are those of the exercise's cases.
SHOWN_BY = {"additive_cell": "both_cells"}

BEHAVIOURS = ("remember", "add", "erase", "overwrite")


def additive_cell(rng, N=3, D=4, H=6, gates=True):
    """(x, h_prev, c_prev, U, W, b, i, o): a step's input (N, D), states and gates (N, H), and the weights of one layer.

    Without `gates` the last two are left out.
    """
    given = _gate(rng, N, H), _gate(rng, N, H)
    return rng.standard_normal((N, D)), *_states(rng, N, H), *layer(rng, D, H, 1), *(given if gates else ())


def original_lstm_step(rng, N=3, D=4, H=6):
    """(x, h_prev, c_prev, U, W, b): as lstm_step_forward, with weights for i, g and o: (3H, D), (3H, H), (3H,)."""
    return rng.standard_normal((N, D)), *_states(rng, N, H), *layer(rng, D, H, 3)


def lstm_step_forward(rng, N=3, D=4, H=6):
    """(x, h_prev, c_prev, U, W, b): one input (N, D), two states (N, H), and the weights of i, f, g and o."""
    return rng.standard_normal((N, D)), *_states(rng, N, H), *layer(rng, D, H, 4)


def gate_settings(rng, D=4, H=6, x_max=None, T=None, tolerance=None, scale=1.0):
    """(behaviours, U, W, b, x_max, T, tolerance): words for H units, all four if H > 3, and weights of some `scale`."""
    behaviours = [BEHAVIOURS[n] for n in rng.permutation(np.resize(rng.permutation(4), H))]
    U, W, b = layer(rng, D, H, 4)
    x_max = float(rng.uniform(1.3, 2.6)) if x_max is None else x_max
    T = int(rng.integers(20, 90)) if T is None else T
    tolerance = float(10 ** rng.uniform(-3, -1.5)) if tolerance is None else tolerance
    return behaviours, scale * U, scale * W, b, x_max, T, tolerance


def lstm_forward(rng, N=3, T=5, D=4, H=6, initial=True):
    """(x, U, W, b, h0, c0): a sequence (N, T, D), the weights, and initial states (N, H); None without `initial`."""
    x, h0, c0 = rng.standard_normal((N, T, D)), *_states(rng, N, H)
    return x, *layer(rng, D, H, 4), *((h0, c0) if initial else (None, None))


def lstm_step_backward(rng, N=3, D=4, H=6):
    """(dh, dc, cache): gradients (N, H) at both states of a step, and the step's cache."""
    return *step_gradients(rng, N, H), step_cache(*lstm_step_forward(rng, N, D, H))


def lstm_backward(rng, N=3, T=5, D=4, H=6, initial=True):
    """(dh, dc_last, cache): gradients (N, T, H) at all hidden states, (N, H) at the last cell state, and the cache."""
    return *gradients(rng, N, T, H), sequence_cache(*lstm_forward(rng, N, T, D, H, initial))


def peephole_step(rng, N=3, D=4, H=6):
    """(x, h_prev, c_prev, U, W, P, b): as lstm_step_forward, with peepholes P (3H, H) for i, f and o."""
    x, h_prev, c_prev, U, W, b = lstm_step_forward(rng, N, D, H)
    return x, h_prev, c_prev, U, W, np.concatenate([matrix(rng, H, H) for _ in range(3)]), b


def coupled_step(rng, N=3, D=4, H=6):
    """(x, h_prev, c_prev, U, W, b): as lstm_step_forward, with weights for f, g and o: (3H, D), (3H, H), (3H,)."""
    return rng.standard_normal((N, D)), *_states(rng, N, H), *layer(rng, D, H, 3)


def written_shares(rng, N=3, T=5, H=4, extreme=False):
    """(i, f): the gates (N, T, H) of a sequence, none near 0, 1/2 or 1; if `extreme`, one step's f are 0 or 1."""
    i, f = _gate(rng, N, T, H), _gate(rng, N, T, H)
    if extreme:
        f[:, T // 2] = np.floor(f[:, T // 2] + 0.5)
    return i, f


def forget_bias_init(rng, H=6, rule="remember", each=False):
    """(b, rule, T): biases (4H,), and how many steps to remember, one number for all units or, for `each`, (H,)."""
    T = rng.uniform(3, 60, H) if each else float(rng.uniform(3, 60))
    return vector(rng, 4 * H), rule, T if rule == "remember" else None


def step_gradients(rng, N, H):
    """(dh, dc): what arrives at the two states of a step, (N, H) each."""
    return rng.standard_normal((N, H)), rng.standard_normal((N, H))


def gradients(rng, N, T, H):
    """(dh, dc_last): what arrives at every hidden state, (N, T, H), and at the last cell state, (N, H)."""
    return rng.standard_normal((N, T, H)), rng.standard_normal((N, H))


def step_cache(x, h_prev, c_prev, U, W, b):
    """The cache that lstm_step_forward makes of these arguments; gates and states are those of torch.nn.LSTMCell."""
    _, c = _torch_step(x, h_prev, c_prev, U, W, b)
    return x, h_prev, c_prev, U, W, *_torch_gates(x, h_prev, U, W, b), c


def sequence_cache(x, U, W, b, h0=None, c0=None):
    """The cache that lstm_forward makes of these arguments; gates and states are those of torch.nn.LSTMCell."""
    N, T, D = x.shape
    H = W.shape[1]
    h0, c0 = (np.zeros((N, H)) if state is None else state for state in (h0, c0))
    h, c = [h0], [c0]
    for t in range(T):
        h_t, c_t = _torch_step(x[:, t], h[-1], c[-1], U, W, b)
        h.append(h_t)
        c.append(c_t)
    before = np.stack(h[:-1], axis=1).reshape(N * T, H)
    gates = np.hstack(_torch_gates(x.reshape(N * T, D), before, U, W, b)).reshape(N, T, 4 * H)
    return x, h0, c0, U, W, gates, np.stack(c[1:], axis=1), np.stack(h[1:], axis=1)


def _torch_gates(x, h_prev, U, W, b):
    """The gates i, f, g, o of torch.nn.LSTMCell, each read off a state while the others are held open or shut."""
    held = 1000.0  # added to a gate's bias: the gate is 1, whatever it reads; taken from it: 0
    zero, one = np.zeros_like(h_prev), np.ones_like(h_prev)

    def states(c_prev, i=0.0, f=0.0, g=0.0):
        return _torch_step(x, h_prev, c_prev, U, W, b + np.repeat([i, f, g, 0.0], W.shape[1]))

    _, i = states(zero, g=held)
    _, f = states(one, i=-held)
    _, g = states(zero, i=held)
    o, _ = states(held * one, i=-held, f=held)
    return i, f, g, o


def _torch_step(x, h_prev, c_prev, U, W, b):
    cell = nn.LSTMCell(U.shape[1], W.shape[1]).double()
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (U, W, b, 0 * b), strict=True):
            parameter.copy_(torch.tensor(value))
        h, c = cell(torch.tensor(x), (torch.tensor(h_prev), torch.tensor(c_prev)))
    return h.numpy(), c.numpy()


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


_CASES = {
    "additive_cell": lambda rng: [
        (*additive_cell(rng), *layer(rng, 4, 6, 3)),
        (*additive_cell(rng, N=2, D=5, H=5, gates=False), 1.0, 1.0, *layer(rng, 5, 5, 3)),
    ],
    "lstm_step_forward": lambda rng: [lstm_step_forward(rng), lstm_step_forward(rng, N=2, D=5, H=5)],
    "gate_settings": lambda rng: [
        gate_settings(rng),
        gate_settings(rng, D=3, H=8, T=3, tolerance=0.4),
        gate_settings(rng, D=5, H=5, T=2, tolerance=0.45, scale=0.0),
        gate_settings(rng, D=2, H=7, T=1, tolerance=0.45, scale=0.0),
    ],
    "lstm_forward": lambda rng: [lstm_forward(rng), lstm_forward(rng, N=2, T=4, D=5, H=5, initial=False)],
    "lstm_step_backward": lambda rng: [lstm_step_backward(rng), lstm_step_backward(rng, N=2, D=5, H=5)],
    "lstm_backward": lambda rng: [lstm_backward(rng), lstm_backward(rng, N=2, T=4, D=5, H=5, initial=False)],
    "peephole_step": lambda rng: [peephole_step(rng), peephole_step(rng, N=2, D=5, H=5)],
    "coupled_step": lambda rng: [coupled_step(rng), coupled_step(rng, N=2, D=5, H=5)],
    "written_shares": lambda rng: [
        written_shares(rng),
        written_shares(rng, N=2, T=4, H=4),
        written_shares(rng, extreme=True),
    ],
    "forget_bias_init": lambda rng: [
        forget_bias_init(rng),
        forget_bias_init(rng, H=5, rule="zero"),
        forget_bias_init(rng, H=4, rule="one"),
        forget_bias_init(rng, H=7, each=True),
        (vector(rng, 16), "remember", float(rng.uniform(1.5, 3))),  # so few steps that one more or less shows
        (vector(rng, 16), "two", float(rng.uniform(3, 60))),  # T is there for whoever takes the word for another
    ],
}


def _original_lstm_step(namespace, *args):
    """What the student's original_lstm_step returns."""
    return namespace["original_lstm_step"](*args)


def _both_cells(namespace, x, h_prev, c_prev, U, W, b, i, o, U_original, W_original, b_original):
    """What the student's additive_cell and original_lstm_step return, and c_prev after the call of the first.

    The second may not be started yet: then None stands for what it would return.
    """
    kept = c_prev.copy()
    h, c = namespace["additive_cell"](x, h_prev, c_prev, U, W, b, i, o)
    try:
        h_original, c_original = namespace["original_lstm_step"](x, h_prev, kept, U_original, W_original, b_original)
    except NotImplementedError:
        h_original = c_original = None
    original = {"h of original_lstm_step": h_original, "c of original_lstm_step": c_original}
    return {"h": h, "c": c, "c_prev after the call": c_prev, **original}


def _cache_of(namespace, name, *args):
    """What the student's lstm_step_forward or lstm_forward, called `name`, keeps in its cache."""
    return namespace[name](*args)[2]


PROBES = {"original_lstm_step": _original_lstm_step, "both_cells": _both_cells, "cache_of": _cache_of}


def _gate(rng, *shape):
    """Numbers between 0.15 and 0.85, none of them near one half."""
    return 0.5 + rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 0.35, shape)


def _states(rng, N, H):
    """(h, c): a hidden state and a cell state that could not be taken for one another."""
    return vector(rng, N, H), 2 * vector(rng, N, H)
