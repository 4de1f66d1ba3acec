"""Inputs for the exercises of assignment 5.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out. All sizes differ
by default, no two gates share weights unless they have to, nothing is symmetric, saturated or near zero, and a state
before the first step is given: what hides mistakes is left out. `CASES` lists, for each exercise, the inputs on which
one mistake is told from another.
"""

import numpy as np
import torch
import torch.nn.functional as F

from selfcheck.arrays import layer, vector

# Positions in a returned tuple that stay beside the student's code: what a backward pass will need.
OPAQUE = {"gru_step_forward": (1,), "gru_forward": (1,)}

# Exercises that are looked at through a probe: a tensor through which gradients flow is no plain data.
SHOWN_BY = {"stacked_gru_step": "stacked_step_and_gradients"}

CELLS = ("rnn", "lstm", "peephole", "gru")


def gru_step_forward(rng, N=3, D=4, H=6):
    """(x, h_prev, U, W, b): one input (N, D), a state (N, H), and the weights of r, z and n."""
    return rng.standard_normal((N, D)), vector(rng, N, H), *layer(rng, D, H, 3)


def gru_step_backward(rng, N=3, D=4, H=6):
    """(dh, cache): a gradient (N, H) at the new state, and the step's cache."""
    return rng.standard_normal((N, H)), step_cache(*gru_step_forward(rng, N, D, H))


def gru_forward(rng, N=3, T=5, D=4, H=6, h0=True):
    """(x, U, W, b, h0): a sequence (N, T, D), the weights, and an initial state (N, H), or None without `h0`."""
    return rng.standard_normal((N, T, D)), *layer(rng, D, H, 3), vector(rng, N, H) if h0 else None


def gru_backward(rng, N=3, T=5, D=4, H=6, h0=True):
    """(dh, cache): gradients (N, T, H) at all states, and the sequence's cache."""
    return rng.standard_normal((N, T, H)), sequence_cache(*gru_forward(rng, N, T, D, H, h0))


def torch_gru_step(rng, N=3, D=4, H=6):
    """(x, h_prev, U, W, b_U, b_W): as gru_step_forward, with a second bias."""
    x, h_prev, U, W, b_U = gru_step_forward(rng, N, D, H)
    return x, h_prev, U, W, b_U, vector(rng, 3 * H)


def gru_to_torch(rng, D=4, H=6, kind="mixed", spoilt=""):
    """(U, W, b): weights whose candidate can be converted, for a reason that `kind` names, unless they are `spoilt`.

    kind: "diagonal": every unit reads itself alone; "shared": all units have one reset gate; "constant": reset gates do
    not depend on anything, and differ; "blocks": two groups of units, a reset gate each; "mixed": a group with constant
    ones, a group that shares one, and units on their own; "any": none of it. The groups' members are drawn.
    spoilt: "connected": one unit reads another group's; "bias", "input", "state": one unit's reset gate is moved away
    from those of its group by its bias, or by a weight; "nearly": by very little.
    """
    U, W, b = layer(rng, D, H, 3)
    groups = _groups(rng, kind, H)
    W_n = W[2 * H :]
    reads = np.zeros((H, H), dtype=bool)
    for reset, members in groups:
        reads[np.ix_(members, members)] = True
        if reset == "shared":
            U[members], W[members], b[members] = U[members[0]], W[members[0]], b[members[0]]
        elif reset == "constant":
            U[members], W[members] = 0.0, 0.0
    W_n[~reads] = 0.0
    unit = groups[0][1][-1]
    if spoilt == "connected":
        W_n[unit, groups[1][1][0]] = 0.3
    elif spoilt == "bias":
        b[unit] += 0.25
    elif spoilt == "input":
        U[unit, D - 1] += 0.25
    elif spoilt == "state":
        W[unit, H - 1] -= 0.25
    elif spoilt == "nearly":
        U[unit, 0] += 1e-6
    return U, W, b


def _groups(rng, kind, H):
    """Pairs of the reset gates' kind and the units that have them and read each other."""
    order, third = rng.permutation(H), max(1, H // 3)
    alone = [("own", order[i : i + 1]) for i in range(H)]
    return {
        "diagonal": alone,
        "shared": [("shared", order)],
        "constant": [("constant", order)],
        "blocks": [("shared", order[: H // 2]), ("shared", order[H // 2 :])],
        "mixed": [("constant", order[:third]), ("shared", order[third : 2 * third]), *alone[2 * third :]],
        "any": [("own", order)],
    }[kind]


def count_cell_parameters(rng, cell=None, largest=40, biases=None):
    """(cell, D, H, biases, T): sizes are different integers from 2 to `largest`."""
    cell = CELLS[rng.integers(4)] if cell is None else cell
    D, H, T = (int(n) for n in rng.choice(np.arange(2, largest + 1), 3, replace=False))
    return cell, D, H, int(rng.integers(1, 3)) if biases is None else biases, T


def adding_problem_batch(rng, N=6, T=9):
    """(generator, N, T)."""
    return np.random.default_rng(rng.integers(2**62)), N, T


def stacked_gru_step(rng, S=2, N=3, D=4, H=5):
    """(x, h_prev, U, W, b): tensors in float64, one input, state and set of weights for each of S networks."""
    networks = [gru_step_forward(rng, N, D, H) for _ in range(S)]
    return tuple(torch.tensor(np.stack(arrays)) for arrays in zip(*networks, strict=True))


def train_to_criterion(
    rng,
    cell="rnn",
    outputs=(0.9, 0.4, -2.0),
    B=7,
    N=5,
    T=4,
    D=2,
    H=3,
    criterion=0.2,
    lr=0.05,
    clip=0.7,
    spread=0.1,
    wild=0.0,
    turn=None,
):
    """(cell, parameters, x, y, criterion, lr, clip): targets near 1, and networks whose outputs start near `outputs`.

    spread: how far the targets are from 1, and the size of the weights V that read the last state; 0: exactly there.
    wild: how far all targets of a batch are moved together, so that some gradients are long and others short.
    turn: the batch from which on the targets are near 0.
    """
    G = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    networks = [
        (*layer(rng, D, H, G), 1.5 * spread * rng.choice([-1.0, 1.0], H), np.float64(output)) for output in outputs
    ]
    parameters = [np.stack(arrays) for arrays in zip(*networks, strict=True)]
    x, y = rng.standard_normal((B, N, T, D)), 1 + spread * rng.standard_normal((B, N))
    y += wild * rng.uniform(-1, 1, (B, 1)) * (np.arange(B)[:, None] % 2)
    y[B if turn is None else turn :] -= 1
    return cell, parameters, x, y, criterion, lr, clip


def mgu_step(rng, N=3, D=4, H=6):
    """(dh, x, h_prev, U, W, b): a gradient (N, H), then as gru_step_forward, with weights for f and n."""
    return rng.standard_normal((N, H)), rng.standard_normal((N, D)), vector(rng, N, H), *layer(rng, D, H, 2)


def gated_scan(rng, N=3, T=5, H=4, ends=False):
    """(z, n, h0): gates and candidates (N, T, H) and a state (N, H); with `ends` some gates are 0 and some are 1."""
    z = rng.uniform(0.15, 0.85, (N, T, H))
    if ends:
        z[rng.random(z.shape) < 0.15], z[rng.random(z.shape) < 0.15] = 0.0, 1.0
        z[0, T // 2, 0] = 1.0
    return z, 2 * vector(rng, N, T, H), 2 * vector(rng, N, H)


def lecture_step(x, h_prev, U, W, b):
    """The state h (N, H) that gru_step_forward gives, made of PyTorch's parts; tensors, and gradients flow."""
    return _torch_step(x, h_prev, U, W, b)[0]


def step_cache(x, h_prev, U, W, b):
    """The cache that gru_step_forward makes of these arguments."""
    _, *gates = _torch_step(*map(torch.tensor, (x, h_prev, U, W, b)))
    return x, h_prev, U, W, *(gate.numpy() for gate in gates)


def sequence_cache(x, U, W, b, h0=None):
    """The cache that gru_forward makes of these arguments."""
    h0 = np.zeros((len(x), W.shape[1])) if h0 is None else h0
    h, gates = [torch.tensor(h0)], []
    for x_t in torch.tensor(x).unbind(dim=1):
        h_t, *gates_t = _torch_step(x_t, h[-1], *map(torch.tensor, (U, W, b)))
        h.append(h_t)
        gates.append(torch.cat(gates_t, dim=1))
    return x, h0, U, W, torch.stack(gates, dim=1).numpy(), torch.stack(h[1:], dim=1).numpy()


def _torch_step(x, h_prev, U, W, b):
    """h, r, z, n of the lecture's step, (N, H) each; the gates are those within PyTorch's own cell."""
    (U_r, U_z, U_n), (W_r, W_z, W_n), (b_r, b_z, b_n) = (weights.chunk(3) for weights in (U, W, b))
    reset, update = (x, h_prev, U_r, W_r, b_r), (x, h_prev, U_z, W_z, b_z)
    a = F.linear(x, U_n, b_n) + F.linear(_kept(*reset, torch.zeros_like(h_prev)), W_n)  # (N, H)
    n = torch.tanh(a)
    h = h_prev + n - _kept(*update, a)  # PyTorch's cell keeps what the lecture's replaces
    return h, _gate_of(*reset), _gate_of(*update), n


def _kept(x, h_prev, U, W, b, a):
    """What torch.nn.GRUCell makes of h_prev if U, W, b are its update gate's and tanh(a) is its candidate."""
    H, D = U.shape
    weight_ih = torch.zeros(3 * H, D + H, dtype=U.dtype)  # the input is (x, a)
    weight_ih = torch.cat([weight_ih[:H], F.pad(U, (0, H)), F.pad(torch.eye(H, dtype=U.dtype), (D, 0))])
    weight_hh = F.pad(W, (0, 0, H, H))
    bias = F.pad(b, (H, H))
    return torch.gru_cell(torch.cat([x, a], dim=1), h_prev, weight_ih, weight_hh, bias, torch.zeros_like(bias))


def _gate_of(x, h_prev, U, W, b):
    """The update gate itself: with a candidate of 1 the cell gives 1 - gate (1 - h_prev)."""
    return (1 - _kept(x, h_prev, U, W, b, torch.full_like(h_prev, 1000.0))) / (1 - h_prev)


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


_CASES = {
    "gru_step_forward": lambda rng: [gru_step_forward(rng), gru_step_forward(rng, N=2, D=5, H=5)],
    "gru_step_backward": lambda rng: [gru_step_backward(rng), gru_step_backward(rng, N=5, D=5, H=5)],
    "gru_forward": lambda rng: [
        gru_forward(rng),
        gru_forward(rng, N=4, T=6, D=3, H=5, h0=False),
        gru_forward(rng, N=2, T=4, D=5, H=5),
    ],
    "gru_backward": lambda rng: [gru_backward(rng), gru_backward(rng, N=5, T=4, D=5, H=5)],
    "torch_gru_step": lambda rng: [torch_gru_step(rng), torch_gru_step(rng, N=2, D=5, H=5)],
    "gru_to_torch": lambda rng: [
        gru_to_torch(rng, kind="mixed"),
        gru_to_torch(rng, D=3, H=5, kind="constant"),
        gru_to_torch(rng, D=4, H=4, kind="shared"),
        gru_to_torch(rng, D=2, H=4, kind="diagonal"),
        gru_to_torch(rng, D=2, H=3, kind="shared", spoilt="bias"),
        gru_to_torch(rng, D=2, H=3, kind="shared", spoilt="state"),
        gru_to_torch(rng, D=2, H=3, kind="shared", spoilt="input"),
        gru_to_torch(rng, D=2, H=3, kind="constant", spoilt="state"),
        gru_to_torch(rng, D=2, H=3, kind="constant", spoilt="input"),
    ],
    "count_cell_parameters": lambda rng: [
        *(count_cell_parameters(rng, cell, biases=biases) for cell in CELLS for biases in (1, 2)),
        ("elman", 3, 4, 1, 5),
    ],
    "adding_problem_batch": lambda rng: [
        adding_problem_batch(rng),
        adding_problem_batch(rng, N=7, T=12),
        adding_problem_batch(rng, N=5, T=3),
    ],
    "stacked_gru_step": lambda rng: [stacked_gru_step(rng), stacked_gru_step(rng, S=3, N=3, D=4, H=4)],
    "train_to_criterion": lambda rng: [
        train_to_criterion(rng, outputs=(0.9, 0.2, -9.0), B=12, T=3, criterion=0.3, lr=0.1, clip=1.2, wild=2.0),
        train_to_criterion(rng, outputs=(0.5, 1.0, 0.2), B=9, T=3, criterion=0.25, spread=0.0),
        train_to_criterion(rng, outputs=(0.9, 0.1), B=5, turn=2),
    ],
    "mgu_step": lambda rng: [mgu_step(rng), mgu_step(rng, N=5, D=5, H=5)],
    "gated_scan": lambda rng: [
        gated_scan(rng),
        gated_scan(rng, N=2, T=8, H=3),
        gated_scan(rng, N=4, T=7, H=3, ends=True),
        gated_scan(rng, N=2, T=1, H=5),
    ],
}


def _cache_of(namespace, name, *args):
    """What the student's function called `name` keeps for the backward pass, as a list."""
    return list(namespace[name](*args)[1])


def _stacked_step_and_gradients(namespace, x, h_prev, U, W, b):
    """The student's h, and the gradients that reach each argument if one arrives at h whose entries all differ."""
    inputs = [tensor.clone().requires_grad_() for tensor in (x, h_prev, U, W, b)]
    h = namespace["stacked_gru_step"](*inputs)
    shown = {"h": h}
    if type(h) is torch.Tensor:
        shown["h"] = h.detach()
        dh = torch.linspace(-1, 1, h.numel(), dtype=h.dtype).reshape(h.shape).cos()
        flows = h.requires_grad
        found = torch.autograd.grad(h, inputs, dh, allow_unused=True) if flows else [None] * 5
        for name, tensor, gradient in zip(("dx", "dh_prev", "dU", "dW", "db"), inputs, found, strict=True):
            shown[name] = torch.zeros_like(tensor.detach()) if gradient is None else gradient.detach()
    return shown


PROBES = {"cache_of": _cache_of, "stacked_step_and_gradients": _stacked_step_and_gradients}
