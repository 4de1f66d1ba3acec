"""Inputs for the exercises of assignment 7.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out. All sizes differ
by default, lengths are in no order, and no weight is near zero. Tensors are float64.
"""

import numpy as np
import torch

from selfcheck.arrays import ended_rows

PAD, START, END = 0, 1, 2
FIRST = 3  # the smallest id of a target that is neither PAD nor START nor END

# Exercises whose cell holds two functions, or of which a gradient shows more than the value.
SHOWN_BY = {
    "pad_batch": "padded_and_reversed",
    "encode": "encode_and_gradients",
    "decode_teacher_forced": "decode_and_gradients",
    "sequence_loss": "loss_and_gradient",
    "edit_distance": "table_and_rate",
    "attend": "attention_and_gradients",
}


def pad_batch(rng, lengths=(3, 6, 1, 5), pad=-7, inside=False):
    """(sequences, pad): lists of these lengths, of ids from 1 to 40. inside: the first list begins with pad."""
    sequences = [rng.integers(1, 41, length).tolist() for length in lengths]
    if inside:
        sequences[0][0] = pad
    return sequences, pad


def reverse_within_lengths(rng, lengths=(4, 2, 7, 1, 6), T=7, padding=None):
    """(tokens, lengths): ids (N, T), all different in a row, the padding too unless it is given."""
    rows = np.stack([rng.permutation(np.arange(1, T + 30))[:T] for _ in lengths])
    if padding is not None:
        rows[np.arange(T) >= np.array(lengths)[:, None]] = padding
    return torch.tensor(rows), torch.tensor(lengths)


def parameters(rng, cell="gru", D=9, H=6, K=8, gain=1.0, spread=2.0):
    """The dict of an encoder's and a decoder's parameters. gain: of W, how a state moves the next; spread: of V."""
    rows = {"gru": 3, "lstm": 4}[cell] * H
    U_enc, U_dec = (_signed(rng, rows, columns) for columns in (D, K))
    W_enc, W_dec = (gain * _signed(rng, rows, H) / np.sqrt(H) for _ in range(2))
    arrays = {"U_enc": U_enc, "W_enc": W_enc, "b_enc": 0.5 * _signed(rng, rows)}
    arrays |= {"U_dec": U_dec, "W_dec": W_dec, "b_dec": 0.5 * _signed(rng, rows)}
    arrays |= {"V": spread * _signed(rng, K, H), "c_out": 0.5 * _signed(rng, K)}
    return {name: torch.tensor(array) for name, array in arrays.items()}


def encode(rng, cell="gru", lengths=(4, 7, 1, 6, 3), T=7, D=9, H=6):
    """(parameters, x, lengths): a batch whose padding holds symbols like others."""
    x = torch.tensor(rng.integers(0, D, (len(lengths), T)))
    return parameters(rng, cell, D, H), x, torch.tensor(lengths)


def decode_teacher_forced(rng, cell="gru", lengths=(5, 2, 6, 3), T=6, H=5, K=8):
    """(parameters, state, targets): targets of these lengths, END the last, then PAD."""
    targets = _targets(rng, lengths, T, K)
    return parameters(rng, cell, 4, H, K), _state(rng, cell, len(lengths), H), targets


def sequence_loss(rng, lengths=(5, 1, 6, 3), T=6, K=7, spread=2.0, shift=0.0):
    """(logits, targets, lengths): the padding of targets holds symbols like others. shift: of all logits."""
    logits = torch.tensor(shift + spread * rng.standard_normal((len(lengths), T, K)))
    targets, sizes = _targets(rng, lengths, T, K), torch.tensor(lengths)
    beyond = torch.arange(T) >= sizes[:, None]
    return logits, torch.where(beyond, torch.tensor(rng.integers(0, K, targets.shape)), targets), sizes


def translate_greedy(rng, cell="gru", N=12, H=5, K=6, max_length=7, spread=2.0):
    """(parameters, state, max_length): a network that ends some sequences soon and others never."""
    made = parameters(rng, cell, 4, H, K, 4.0, spread)
    return made, _state(rng, cell, N, H), max_length


def translate_beam(rng, cell="gru", N=6, H=5, K=6, max_length=7, k=3, alpha=0.7, spread=0.7):
    """(parameters, state, max_length, k, alpha): a network that is less sure of itself."""
    return *translate_greedy(rng, cell, N, H, K, max_length, spread), k, alpha


def edit_distance(rng, I=5, J=8, symbols=4, first=0):
    """(hypothesis, reference): two lists that share many symbols, which are numbers from `first` on."""
    return tuple(rng.integers(first, first + symbols, length).tolist() for length in (I, J))


def phoneme_error_rate(rng, N=5):
    """(hypotheses, references): pairs of very different lengths; the first hypothesis is empty, the second right."""
    sizes = [(0, 2), (3, 3), *((int(rng.integers(1, 9)), 2 + 3 * n) for n in range(N - 2))]
    pairs = [edit_distance(rng, I, J) for I, J in sizes]
    hypotheses, references = [list(some) for some in zip(*pairs, strict=True)]
    hypotheses[1] = list(references[1])
    return hypotheses, references


def error_by_length(rng, N=30, longest=14, edges=(2, 5, 6, 9, 20, 23)):
    """(edits, sizes, lengths, edges): some lengths lie on an edge, some in no bin; the last bin is empty."""
    lengths, sizes = rng.integers(1, longest + 1, N), rng.integers(1, 12, N)
    lengths[:4] = [1, *edges[:3]]
    edits = [int(rng.integers(0, size + 2)) for size in sizes]
    return edits, sizes.tolist(), lengths.tolist(), list(edges)


def attend(rng, lengths=(4, 7, 1, 5), T=7, Q=3, H=6, spread=1.0, below_zero=False):
    """(queries, states, lengths): the padding holds states like others.

    spread: of the queries. below_zero: all products of a query and a state are.
    """
    N = len(lengths)
    queries, states = spread * _signed(rng, N, Q, H), _signed(rng, N, T, H)
    if below_zero:
        queries, states = -abs(queries), abs(states)
    return torch.tensor(queries), torch.tensor(states), torch.tensor(lengths)


def _attend_case(rng, *sizes, **more):
    """The same with dcontexts, the gradient that comes to the contexts."""
    args = attend(rng, *sizes, **more)
    return *args, torch.tensor(_signed(rng, *args[0].shape))


def minimum_bayes_risk(rng, M=7, length=7, symbols=4, shift=0.0, twice=False):
    """(candidates, log_p): all but one are within a few edits of each other, and the other one is the likeliest.

    That one is shorter or longer by two. shift: of all log_p. twice: two of the others are equal. With M = 1 there is
    the likeliest alone.
    """
    common = rng.integers(FIRST, FIRST + symbols, length).tolist()
    candidates = [_edited(rng, common, symbols) for _ in range(M - 1)]
    if twice:
        candidates[1] = list(candidates[0])
    size = max(1, length + int(rng.choice([-2, 2])))
    candidates.append(rng.integers(FIRST + symbols, FIRST + 2 * symbols, size).tolist())
    log_p = shift + np.append(rng.uniform(-2.0, -0.7, M - 1), rng.uniform(-0.4, -0.2))
    order = rng.permutation(M)
    return [candidates[m] for m in order], log_p[order]


def _edited(rng, sequence, symbols):
    """The sequence after one to four deletions, insertions and substitutions."""
    made = list(sequence)
    for _ in range(int(rng.integers(1, 5))):
        place, kind = int(rng.integers(len(made) + 1)), int(rng.integers(3))
        new = [] if kind == 0 else [int(rng.integers(FIRST, FIRST + symbols))]
        made[place : place + (kind < 2)] = new
    return made


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


_CASES = {
    "pad_batch": lambda rng: [
        (*pad_batch(rng), *reverse_within_lengths(rng)),
        (*pad_batch(rng, (2, 4, 4, 3), 0), *reverse_within_lengths(rng, (5, 3, 2), 8, padding=0)),
        (*pad_batch(rng, (3, 2, 4), 50, inside=True), *reverse_within_lengths(rng, (2, 3), 4)),
    ],
    "encode": lambda rng: [
        encode(rng),
        encode(rng, "lstm", (2, 5, 3), 5, 6, 4),
        encode(rng, "gru", (5, 5, 5, 5), 5, 5, 5),
        encode(rng, "gru", (3, 5, 2, 4), 5, 6, 4),
    ],
    "decode_teacher_forced": lambda rng: [
        decode_teacher_forced(rng),
        decode_teacher_forced(rng, "lstm", (3, 5, 4), 5, 4, 9),
    ],
    "sequence_loss": lambda rng: [
        sequence_loss(rng),
        sequence_loss(rng, (2, 7, 4), 8, 5, spread=0.5),
        sequence_loss(rng, (4, 2), 5, 6, spread=1e3),
        sequence_loss(rng, (3, 5), 6, 5, shift=1e3),
    ],
    "translate_greedy": lambda rng: [
        translate_greedy(rng),
        translate_greedy(rng, "lstm", N=10, H=4, K=7, max_length=9),
        translate_greedy(rng, N=15, max_length=4),
    ],
    "translate_beam": lambda rng: [
        translate_beam(rng),
        translate_beam(rng, "lstm", N=5, H=4, K=7, max_length=6, k=4, alpha=1.3),
        translate_beam(rng, N=8, max_length=5, k=2, alpha=0.0),
        translate_beam(rng, N=7, K=5, max_length=4, k=8, alpha=1.0),
    ],
    "edit_distance": lambda rng: [
        (*edit_distance(rng), *phoneme_error_rate(rng)),
        (*edit_distance(rng, I=7, J=4, symbols=3, first=1009), *phoneme_error_rate(rng, N=7)),
        (*edit_distance(rng, I=0, J=9), *phoneme_error_rate(rng, N=4)),
        (*edit_distance(rng, I=9, J=0), *phoneme_error_rate(rng, N=6)),
        (*edit_distance(rng, I=6, J=3), [[4] * 12, [5, 6] * 5], [[6], [4, 5]]),
    ],
    "error_by_length": lambda rng: [
        error_by_length(rng),
        error_by_length(rng, N=24, longest=13, edges=(1, 2, 3, 4, 6, 8, 11)),
    ],
    "attend": lambda rng: [
        _attend_case(rng),
        _attend_case(rng, (2, 5, 3), 6, 4, 5),
        _attend_case(rng, (4, 1, 3, 2), 4, 4, 4),
        _attend_case(rng, (4, 6), 7, 2, 5, spread=3e3),
        (*attend(rng, (2, 4), 5, 3, 4, spread=2e4, below_zero=True), torch.zeros(2, 3, 4).double()),
    ],
    "minimum_bayes_risk": lambda rng: [
        minimum_bayes_risk(rng),
        minimum_bayes_risk(rng, M=9, length=5, symbols=3),
        minimum_bayes_risk(rng, M=5, length=9, shift=-40.0),
        minimum_bayes_risk(rng, M=6, shift=-2000.0),
        minimum_bayes_risk(rng, M=8, length=6, twice=True),
    ],
}


def _result_of(name):
    """A probe that shows what the student's function of this name gives."""
    return lambda namespace, *args: namespace[name](*args)


def _pair(found):
    """A result of two values as it is; anything else as the first of two, the second of which is missing."""
    return found if type(found) is tuple and len(found) == 2 else (found, None)


def _padded_and_reversed(namespace, sequences, pad, tokens, lengths):
    """What both functions of the cell give, by name."""
    found, sizes = _pair(namespace["pad_batch"](sequences, pad))
    turned = namespace["reverse_within_lengths"](tokens, lengths)
    return {"tokens": found, "lengths": sizes, "reversed_tokens": turned}


def _encode_and_gradients(namespace, parameters, x, lengths):
    """The student's states, and the gradients that reach the encoder's parameters from them."""
    leaves = _leaves(parameters)
    state = namespace["encode"](leaves, x, lengths)
    return _with_gradients("state", state, {name: leaves[name] for name in ("U_enc", "W_enc", "b_enc")})


def _decode_and_gradients(namespace, parameters, state, targets):
    """The student's logits, and the gradients that reach the state and the decoder's parameters from them."""
    leaves, state = _leaves(parameters), state.clone().requires_grad_()
    logits = namespace["decode_teacher_forced"](leaves, state, targets)
    names = ("U_dec", "W_dec", "b_dec", "V", "c_out")
    return _with_gradients("logits", logits, {"state": state, **{name: leaves[name] for name in names}})


def _loss_and_gradient(namespace, logits, targets, lengths):
    """The student's loss, and the gradient that reaches the logits from it."""
    logits = logits.clone().requires_grad_()
    loss = namespace["sequence_loss"](logits, targets, lengths)
    return _with_gradients("loss", loss, {"logits": logits})


def _table_and_rate(namespace, hypothesis, reference, hypotheses, references):
    """What both functions of the cell give, by name."""
    distance, table = _pair(namespace["edit_distance"](hypothesis, reference))
    rate = namespace["phoneme_error_rate"](hypotheses, references)
    return {"distance": distance, "table": table, "rate": rate}


def _attention_and_gradients(namespace, queries, states, lengths, dcontexts):
    """The student's contexts and weights, and the gradients that reach queries and states from dcontexts."""
    leaves = [queries.clone().requires_grad_(), states.clone().requires_grad_()]
    contexts, weights = _pair(namespace["attend"](*leaves, lengths))
    flows = type(contexts) is torch.Tensor and contexts.requires_grad
    weighed = (contexts * dcontexts).sum() if flows else None
    gradients = torch.autograd.grad(weighed, leaves, allow_unused=True) if flows else (None, None)
    shown = {"contexts": contexts, "weights": weights}
    shown = {name: one.detach() if type(one) is torch.Tensor else one for name, one in shown.items()}
    for name, leaf, gradient in zip(("dqueries", "dstates"), leaves, gradients, strict=True):
        shown[name] = torch.zeros_like(leaf.detach()) if gradient is None else gradient
    return shown


PROBES = {
    "reverse_within_lengths": _result_of("reverse_within_lengths"),
    "padded_and_reversed": _padded_and_reversed,
    "encode_and_gradients": _encode_and_gradients,
    "decode_and_gradients": _decode_and_gradients,
    "loss_and_gradient": _loss_and_gradient,
    "phoneme_error_rate": _result_of("phoneme_error_rate"),
    "table_and_rate": _table_and_rate,
    "attention_and_gradients": _attention_and_gradients,
}


def copied_to_torch(parameters, side):
    """PyTorch's own LSTM layer with the weights of one side, "enc" or "dec", of an LSTM's parameters."""
    U, W, b = (parameters[f"{name}_{side}"] for name in ("U", "W", "b"))
    layer = torch.nn.LSTM(U.shape[1], W.shape[1], batch_first=True).to(U.dtype)
    with torch.no_grad():
        for parameter, tensor in zip(layer.parameters(), (U, W, b, torch.zeros_like(b)), strict=True):
            parameter.copy_(tensor)
    return layer


def one_hot(symbols, classes):
    """float64 rows of zeros with a single one, for ids of any shape."""
    return torch.nn.functional.one_hot(symbols, classes).double()


def _with_gradients(name, value, leaves):
    """{name: value, "d" + leaf: gradient} of a weighted sum of the value's entries, all weights different."""
    shown = {name: value}
    if type(value) is torch.Tensor:
        shown[name] = value.detach()
        weights = torch.linspace(0, 1, value.numel(), dtype=value.dtype).reshape(value.shape).cos()
        flows = value.requires_grad
        weighed = (value * weights).sum()  # a gradient given to autograd.grad makes it import 500 modules more
        found = torch.autograd.grad(weighed, list(leaves.values()), allow_unused=True) if flows else []
        gradients = dict(zip(leaves, found, strict=flows))
        for leaf, tensor in leaves.items():
            gradient = gradients.get(leaf)
            shown[f"d{leaf}"] = torch.zeros_like(tensor.detach()) if gradient is None else gradient.detach()
    return shown


def _leaves(parameters):
    return {name: tensor.clone().requires_grad_() for name, tensor in parameters.items()}


def _targets(rng, lengths, T, K):
    """(N, T) int64: ids of phonemes, END the last of each length, then PAD."""
    return torch.tensor(ended_rows(rng, lengths, T, (FIRST, K), end=END, pad=PAD))


def _state(rng, cell, N, H):
    return torch.tensor(0.8 * _signed(rng, N, H if cell == "gru" else 2 * H))


def _signed(rng, *shape):
    """Numbers between 0.4 and 1.1 in size, of either sign."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.4, 1.1, shape)
