"""The visible tests of assignment 4: what your functions must satisfy, checked against torch.nn and against laws.

A test without points, by `@exercise(NAME)` or `shapes_test(NAME, ...)`, is a gate: all gates of an exercise must pass
before any of its points are earned. In the grade, hidden tests with other inputs and sizes are added to these.
"""

import copy
import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import EITHER_FLOAT, agree_in_float32_and_strided, arguments_unchanged, as_they_were, returns
from selfcheck.common_tests import arguments_test, shapes_test
from selfcheck.tensors import with_parameters

SIZES_OF_ONE = {"N": 1, "D": 1, "H": 1}
HELD = 1000.0  # as a gate's bias: the gate is 1, whatever it reads; with a minus: 0


def _tensor(array, **options):
    return torch.tensor(array, dtype=torch.float64, **options)


def _torch_step(x, h_prev, c_prev, U, W, b):
    """(h, c) of torch.nn.LSTMCell with these weights; of its two biases the second is zero."""
    cell = with_parameters(nn.LSTMCell(U.shape[1], W.shape[1]).double(), U, W, b, 0 * b)
    with torch.no_grad():
        h, c = cell(_tensor(x), (_tensor(h_prev), _tensor(c_prev)))
    return h.numpy(), c.numpy()


def _torch_lstm(x, U, W, b, h0=None, c0=None):
    """(h, c_last) of torch.nn.LSTM with these weights."""
    network = with_parameters(nn.LSTM(U.shape[1], W.shape[1], batch_first=True).double(), U, W, b, 0 * b)
    zeros = np.zeros((len(x), W.shape[1]))
    initial = [_tensor(zeros if state is None else state)[None] for state in (h0, c0)]
    with torch.no_grad():
        h, (_, c_last) = network(_tensor(x), tuple(initial))
    return h.numpy(), c_last[0].numpy()


def _states(result, length=2):
    """(h, c); a cache beside them is for the backward pass."""
    expect.tuple(result, length, "the result")
    return result[:2]


def _without_cache(result):
    """The first two of three values; anything else as it is."""
    return result[:2] if type(result) is tuple and len(result) == 3 else result


def _expect_states(states, desired, *, names=("h", "c"), words="", of_the_cell=""):
    """of_the_cell: the law that a wrong cell state violates, in words."""
    for state, wanted, name in zip(states, desired, names, strict=True):
        because = of_the_cell if name == names[-1] else ""
        expect.close(state, wanted, name=f"{name} {words}".strip(), because=because)


def _expect_torchs(target, asked, make, rng, sizes, names=("h", "c"), length=2):
    """The states must be those that asked, of torch, gives at each of these sizes."""
    for some in sizes:
        args = make(rng, **some)
        _expect_states(_states(target(*args), length), asked(*args), names=names)


# additive_cell, and original_lstm_step beside it


def _torch_original(x, h_prev, c_prev, U, W, b):
    """torch.nn.LSTMCell with its forget gate held open is the original LSTM."""

    def with_forget_gate(rows, bias):
        i, g, o = np.split(rows, 3)
        return np.concatenate([i, np.full_like(i, bias), g, o])

    return _torch_step(x, h_prev, c_prev, with_forget_gate(U, 0.0), with_forget_gate(W, 0.0), with_forget_gate(b, HELD))


def _torch_additive(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    """torch.nn.LSTMCell for each sequence by itself, the gates' biases holding them where i and o say."""
    i, o = (np.broadcast_to(gate, h_prev.shape) for gate in (i, o))
    states = []
    for n in range(len(x)):
        biases = np.concatenate([_logit(i[n]), b, _logit(o[n])])
        rows = [np.concatenate([0 * weights, weights, 0 * weights]) for weights in (U, W)]
        states.append(_torch_original(x[n : n + 1], h_prev[n : n + 1], c_prev[n : n + 1], *rows, biases))
    return tuple(np.concatenate(state) for state in zip(*states, strict=True))


def _logit(gate):
    return torch.logit(_tensor(gate)).clamp(-HELD, HELD).numpy()


def _original(probe, args):
    """What the student's original_lstm_step returns."""
    result = probe("original_lstm_step", *args)
    expect.tuple(result, 2, "the result of original_lstm_step")
    return result


test_the_additive_cell_returns_two_states_of_shape_N_H = shapes_test("additive_cell", "h (3, 6), c (3, 6)")


@exercise("additive_cell", points=1)
def test_additive_cell_leaves_its_arguments_as_they_were(additive_cell, probe, cases, rng):
    arguments_unchanged(additive_cell, cases.additive_cell(rng), "x h_prev c_prev U W b i o")
    args = cases.original_lstm_step(rng)
    names = [f"{name} of original_lstm_step" for name in ("x", "h_prev", "c_prev", "U", "W", "b")]
    as_they_were(args, probe.watched("original_lstm_step", *args), names)


@exercise("additive_cell", points=2)
def test_the_additive_cell_agrees_with_an_lstm_whose_gates_are_held(additive_cell, cases, rng):
    for sizes in ({"gates": False}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE):
        args = cases.additive_cell(rng, **sizes)
        words = "with gates" if sizes.get("gates", True) else "without gates"
        _expect_states(_states(additive_cell(*args)), _torch_additive(*args), words=words)
    args = cases.additive_cell(rng, N=2, D=3, H=4)
    agree_in_float32_and_strided(additive_cell, _torch_additive, args, ("h", "c"))


@exercise("additive_cell", points=1)
def test_the_direct_derivative_of_the_cell_state_is_one(additive_cell, cases, rng):
    x, h_prev, c_prev, *weights = cases.additive_cell(rng, N=5, D=2, H=3, gates=False)
    moved = rng.standard_normal(c_prev.shape)
    calls = [(x, h_prev, state, *weights) for state in (c_prev, c_prev + moved)]
    c, ahead = (_states(result)[1] for result in additive_cell.map(calls))
    because = "with h_prev held, what is added to c_prev is added to c"
    desired = _torch_additive(x, h_prev, c_prev, *weights)[1]
    expect.close(c, desired, name="c")
    expect.close(ahead - c, moved, name="the change of c", because=because)


@exercise("additive_cell", points=2)
def test_the_original_lstm_agrees_with_an_lstm_whose_forget_gate_is_held_open(probe, cases, rng):
    for sizes in ({}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE):
        args = cases.original_lstm_step(rng, **sizes)
        _expect_states(_original(probe, args), _torch_original(*args), words="of original_lstm_step")


# lstm_step_forward


test_a_step_returns_two_states_of_shape_N_H_and_a_cache = shapes_test("lstm_step_forward", "h (3, 6), c (3, 6), cache")
test_a_step_leaves_its_arguments_as_they_were = arguments_test("lstm_step_forward", "x h_prev c_prev U W b", points=1)


@exercise("lstm_step_forward", points=3)
def test_a_step_agrees_with_torch(lstm_step_forward, cases, rng):
    sizes = {}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE
    _expect_torchs(lstm_step_forward, _torch_step, cases.lstm_step_forward, rng, sizes, length=3)
    args = cases.lstm_step_forward(rng, N=2, D=3, H=4)
    agree_in_float32_and_strided(lstm_step_forward, _torch_step, args, ("h", "c"), part=_without_cache)


@exercise("lstm_step_forward", points=2)
def test_gates_held_open_or_shut_act_as_the_lectures_table_says(lstm_step_forward, cases, rng):
    x, h_prev, c_prev, U, W, b = cases.lstm_step_forward(rng, N=2, D=3, H=4)
    for i, f, words in ((0, 1, "remember"), (1, 1, "add"), (0, 0, "erase"), (1, 0, "overwrite")):
        held = np.concatenate([np.full(4, HELD * (2 * i - 1)), np.full(4, HELD * (2 * f - 1)), b[8:]])
        args = x, h_prev, c_prev, U, W, held
        states = _states(lstm_step_forward(*args), 3)
        law = f"with the input gate at {i} and the forget gate at {f} a cell should {words}"
        _expect_states(states, _torch_step(*args), of_the_cell=law)


@exercise("lstm_step_forward", points=1)
def test_a_step_keeps_in_its_cache_what_the_backward_pass_will_need(probe, cases, rng):
    args = cases.lstm_step_forward(rng, N=5, D=2, H=3)
    seen = probe.watched("cache_of", "lstm_step_forward", *args)
    _expect_kept(seen.value, (*seen.args[1:6], *cases.step_cache(*args)[5:]), "x h_prev c_prev U W i f g o c")


def _expect_kept(kept, desired, names):
    expect.tuple(kept, len(desired), "the cache")
    for found, wanted, name in zip(kept, desired, names.split(), strict=True):
        expect.close(found, wanted, name=f"{name} in the cache")


# gate_settings


test_the_new_biases_are_float64_of_shape_4H = shapes_test("gate_settings", "the new b (24,)")
test_gate_settings_leaves_its_arguments_as_they_were = arguments_test(
    "gate_settings", "behaviours U W b x_max T tolerance", points=1
)


GATES = {"remember": (0, 1), "add": (1, 1), "erase": (0, 0), "overwrite": (1, 0)}  # the lecture's table


def _kept(new, behaviours, U, W, x_max, T):
    """log(gate^T) of each gate that counts as 1, log((1 - gate)^T) of each that counts as 0, at its worst: (2, H).

    The worst of all corners of the box |x_d| <= x_max, |h_k| <= 1.
    """
    D, H = U.shape[1], W.shape[1]
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=D + H)))  # (2^(D + H), D + H)
    a = F.linear(_tensor(corners * ([x_max] * D + [1.0] * H)), _tensor(np.hstack([U, W])), _tensor(new))
    counts_as = _tensor([GATES[behaviour] for behaviour in behaviours]).T.reshape(-1)  # (2H,): i, f
    kept = T * F.logsigmoid(a[:, : 2 * H] * (2 * counts_as - 1)).numpy()
    return kept.min(axis=0).reshape(2, H)


def _expect_smallest(new, behaviours, U, W, x_max, T, tolerance, within=1e-6):
    """At the worst corner each gate keeps, in T steps, what is asked: not less, and not more either."""
    kept = _kept(new, behaviours, U, W, x_max, T)
    for gate, of_gate in zip(("input gate", "forget gate"), kept, strict=True):
        for unit, behaviour in enumerate(behaviours):
            wrong = of_gate[unit] / np.log1p(-tolerance) - 1  # > 0: kept too little
            where = f"the {gate} of unit {unit}, which should {behaviour}"
            expect.that(wrong < within, f"at some input and state {where}, is too far from the table's 0 or 1")
            expect.that(wrong > -within, f"{where}, is held by a bias larger in size than it need be")


@exercise("gate_settings")
def test_the_rows_of_g_and_o_stay_as_they_are(gate_settings, cases, rng):
    args = cases.gate_settings(rng, D=3, H=5)
    new = gate_settings(*args)
    expect.array(new, shape=(20,), name="the new b")
    expect.close(new[10:], args[3][10:], name="the new b from row 2H on", rtol=0.0)


@exercise("gate_settings", points=1)
def test_a_cell_that_runs_for_T_steps_behaves_as_the_table_says_with_no_bias_larger_than_need_be(
    gate_settings, cases, rng
):
    T, tolerance, x_max = 50, 0.01, 1.5
    behaviours, U, W, b, *_ = cases.gate_settings(rng, D=3, H=8)
    new = gate_settings(behaviours, U, W, b, x_max, T, tolerance)
    expect.array(new, shape=(32,), name="the new b")
    x = rng.uniform(-x_max, x_max, (20, T, 3))
    h0, c0 = rng.uniform(-1, 1, (20, 8)), rng.uniform(-5, 5, (20, 8))
    h, c_last = _torch_lstm(x, U, W, new, h0, c0)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    alone = np.concatenate([np.full(8, HELD), np.full(8, -HELD), new[16:]])  # of i and f: c is the candidate alone
    read = x.reshape(-1, 3), before.reshape(-1, 8), np.zeros((20 * T, 8))
    g = _torch_step(*read, U, W, alone)[1].reshape(20, T, 8)
    ends = {"remember": c0, "add": c0 + g.sum(axis=1), "erase": 0 * c0, "overwrite": g[:, -1]}
    for unit, behaviour in enumerate(behaviours):
        allowed = -np.log1p(-tolerance) * (np.abs(c0[:, unit]) + T * (behaviour == "add") + 1)
        wrong = np.abs(c_last[:, unit] - ends[behaviour][:, unit]) > allowed
        expect.that(not wrong.any(), f"unit {unit} should {behaviour}: after {T} steps its c is too far from that")
    _expect_smallest(new, behaviours, U, W, x_max, T, tolerance)


@exercise("gate_settings", points=3)
def test_without_weights_T_steps_keep_exactly_what_is_asked(gate_settings, cases, rng):
    for T, tolerance in ((100, 1e-3), (7, 0.2), (1, 0.05)):
        behaviours, U, W, b, x_max, *_ = cases.gate_settings(rng, D=2, H=5, scale=0.0)
        new = gate_settings(behaviours, U, W, b, x_max, T, tolerance)
        expect.array(new, shape=(20,), name="the new b")
        _expect_smallest(new, behaviours, U, W, x_max, T, tolerance)


@exercise("gate_settings", points=3)
def test_at_the_worst_input_and_state_T_steps_keep_exactly_what_is_asked(gate_settings, cases, rng):
    for D, H in ((2, 5), (4, 4), (1, 1)):
        args = behaviours, U, W, _, x_max, T, tolerance = cases.gate_settings(rng, D=D, H=H)
        calls = [args, arrays.strided(args), arrays.in_float32(args)]
        new, strided, in_float32 = gate_settings.map(calls)
        expect.array(new, shape=(4 * H,), name="the new b")
        _expect_smallest(new, behaviours, U, W, x_max, T, tolerance)
        expect.close(strided, new, name="the new b of strided arrays")
        expect.close(in_float32, new, name="the new b of float32 arrays", rtol=1e-4, dtype=EITHER_FLOAT)


# lstm_forward


test_the_hidden_states_have_shape_N_T_H_and_the_last_cell_state_N_H = shapes_test(
    "lstm_forward", "h (3, 5, 6), c_last (3, 6), cache"
)
test_lstm_forward_leaves_its_arguments_as_they_were = arguments_test("lstm_forward", "x U W b h0 c0", points=1)


@exercise("lstm_forward", points=2)
def test_a_sequence_agrees_with_torch(lstm_forward, cases, rng):
    sizes = {}, {"N": 2, "T": 8, "D": 5, "H": 5}, {"T": 1, **SIZES_OF_ONE}
    _expect_torchs(lstm_forward, _torch_lstm, cases.lstm_forward, rng, sizes, ("h", "c_last"), length=3)
    args = cases.lstm_forward(rng, N=2, T=3, D=3, H=4)
    agree_in_float32_and_strided(lstm_forward, _torch_lstm, args, ("h", "c_last"), part=_without_cache)


@exercise("lstm_forward", points=1)
def test_a_state_that_is_not_given_is_zero(lstm_forward, cases, rng):
    x, U, W, b, h0, c0 = cases.lstm_forward(rng, N=4, T=6, D=3, H=5)
    for given, words in (
        ((), "without h0 and c0"),
        ((h0,), "without c0"),
        ((None, c0), "without h0"),
    ):
        states = _states(lstm_forward(x, U, W, b, *given), 3)
        _expect_states(states, _torch_lstm(x, U, W, b, *given), names=("h", "c_last"), words=words)


@exercise("lstm_forward", points=1)
def test_a_sequence_cut_in_two_is_continued_from_its_last_states(lstm_forward, cases, rng):
    x, U, W, b, h0, c0 = cases.lstm_forward(rng, N=2, T=7, D=3, H=4)
    h, c_last = _torch_lstm(x, U, W, b, h0, c0)
    early, c_early = _states(lstm_forward(x[:, :4].copy(), U, W, b, h0, c0), 3)
    expect.close(early, h[:, :4], name="h of the first 4 steps")
    states = _states(lstm_forward(*copy.deepcopy((x[:, 4:], U, W, b, early[:, -1], c_early))), 3)
    _expect_states(
        states, (h[:, 4:], c_last), names=("h", "c_last"), words="of the rest, from h and c of the fourth step"
    )


@exercise("lstm_forward", points=1)
def test_a_sequence_keeps_in_its_cache_what_the_backward_pass_will_need(probe, cases, rng):
    args = cases.lstm_forward(rng, N=2, T=4, D=5, H=3)
    seen = probe.watched("cache_of", "lstm_forward", *args)
    x, U, W, _, h0, c0 = seen.args[1:]  # a changed argument costs elsewhere
    _expect_kept(seen.value, (x, h0, c0, U, W, *cases.sequence_cache(*args)[5:]), "x h0 c0 U W gates c h")


# lstm_step_backward


test_a_steps_gradients_have_the_shapes_of_what_they_belong_to = shapes_test(
    "lstm_step_backward", "dx (3, 4), dh_prev (3, 6), dc_prev (3, 6), dU (24, 4), dW (24, 6), db (24,)"
)
test_lstm_step_backward_leaves_its_arguments_as_they_were = arguments_test(
    "lstm_step_backward", "dh dc cache", points=1
)


STEP_GRADIENTS = ("dx", "dh_prev", "dc_prev", "dU", "dW", "db")


def _torch_step_gradients(dh, dc, x, h_prev, c_prev, U, W, b):
    """What autograd gives for torch.nn.LSTMCell, in the order of STEP_GRADIENTS."""
    cell = with_parameters(nn.LSTMCell(U.shape[1], W.shape[1]).double(), U, W, b, 0 * b)
    inputs = [_tensor(array, requires_grad=True) for array in (x, h_prev, c_prev)]
    states = cell(inputs[0], tuple(inputs[1:]))
    return _gradients(states, (dh, dc), [*inputs, cell.weight_ih, cell.weight_hh, cell.bias_ih])


def _gradients(outputs, arriving, wanted):
    found = torch.autograd.grad(outputs, wanted, [_tensor(d) for d in arriving], allow_unused=True)
    return tuple(np.zeros(w.shape) if d is None else d.numpy() for d, w in zip(found, wanted, strict=True))


def _expect_gradients(result, desired, names, only=None, because=""):
    expect.tuple(result, len(names), "the result")
    for name, found, wanted in zip(names, result, desired, strict=True):
        if only is None or name in only:
            expect.close(found, wanted, name=name, because=because)


@exercise("lstm_step_backward", points=2)
def test_gradients_of_inputs_and_states_agree_with_autograd(lstm_step_backward, cases, rng):
    for sizes in ({}, {"N": 2, "D": 5, "H": 5}, SIZES_OF_ONE):
        _expect_step(lstm_step_backward, cases, rng, sizes, ("dx", "dh_prev", "dc_prev"))


@exercise("lstm_step_backward", points=2)
def test_gradients_of_the_weights_agree_with_autograd(lstm_step_backward, cases, rng):
    for sizes in ({}, {"N": 5, "D": 3, "H": 3}):
        _expect_step(lstm_step_backward, cases, rng, sizes, ("dU", "dW", "db"))
    args = cases.lstm_step_forward(rng, N=2, D=3, H=4)
    call = *cases.step_gradients(rng, 2, 4), cases.step_cache(*args)
    desired = _torch_step_gradients(*call[:2], *args)
    agree_in_float32_and_strided(lstm_step_backward, lambda *_: desired, call, STEP_GRADIENTS)


@exercise("lstm_step_backward", points=1)
def test_a_gradient_at_h_alone_and_one_at_c_alone_agree_with_autograd(lstm_step_backward, cases, rng):
    for arriving in ((1.0, 0.0), (0.0, 1.0)):
        _expect_step(lstm_step_backward, cases, rng, {"N": 2, "D": 3, "H": 4}, STEP_GRADIENTS, arriving)


def _expect_step(lstm_step_backward, cases, rng, sizes, only, arriving=(1.0, 1.0)):
    args = cases.lstm_step_forward(rng, **sizes)
    dh, dc = (scale * d for scale, d in zip(arriving, cases.step_gradients(rng, *args[1].shape), strict=True))
    desired = _torch_step_gradients(dh, dc, *args)
    because = {(1.0, 0.0): "dc is zero, and only dh arrives", (0.0, 1.0): "dh is zero, and only dc arrives"}
    result = lstm_step_backward(dh, dc, cases.step_cache(*args))
    _expect_gradients(result, desired, STEP_GRADIENTS, only, because.get(arriving, ""))


# lstm_backward


test_a_sequences_gradients_have_the_shapes_of_what_they_belong_to = shapes_test(
    "lstm_backward", "dx (3, 5, 4), dU (24, 4), dW (24, 6), db (24,), dh0 (3, 6), dc0 (3, 6)"
)
test_lstm_backward_leaves_its_arguments_as_they_were = arguments_test("lstm_backward", "dh dc_last cache", points=1)


GRADIENTS = ("dx", "dU", "dW", "db", "dh0", "dc0")


def _torch_gradients(dh, dc_last, x, U, W, b, h0, c0):
    """What autograd gives for torch.nn.LSTM, in the order of GRADIENTS."""
    network = with_parameters(nn.LSTM(U.shape[1], W.shape[1], batch_first=True).double(), U, W, b, 0 * b)
    inputs = [_tensor(array, requires_grad=True) for array in (x, h0, c0)]
    h, (_, c_last) = network(inputs[0], (inputs[1][None], inputs[2][None]))
    weights = network.weight_ih_l0, network.weight_hh_l0, network.bias_ih_l0
    return _gradients((h, c_last[0]), (dh, dc_last), [inputs[0], *weights, *inputs[1:]])


@exercise("lstm_backward", points=2)
def test_gradients_of_inputs_and_initial_states_agree_with_autograd(lstm_backward, cases, rng):
    for sizes in ({}, {"T": 1, **SIZES_OF_ONE}):
        _expect_sequence(lstm_backward, cases, rng, sizes, ("dx", "dh0", "dc0"))


@exercise("lstm_backward", points=2)
def test_gradients_of_the_shared_weights_agree_with_autograd(lstm_backward, cases, rng):
    _expect_sequence(lstm_backward, cases, rng, {"N": 2, "T": 4, "D": 5, "H": 5}, ("dU", "dW", "db"))
    args = cases.lstm_forward(rng, N=2, T=3, D=3, H=4)
    call = *cases.gradients(rng, 2, 3, 4), cases.sequence_cache(*args)
    desired = _torch_gradients(*call[:2], *args)
    agree_in_float32_and_strided(lstm_backward, lambda *_: desired, call, GRADIENTS)


@exercise("lstm_backward", points=1)
def test_what_arrives_at_one_hidden_state_alone_or_at_the_last_cell_state_alone_reaches_all(lstm_backward, cases, rng):
    for at in (4, 2, "c"):
        _expect_sequence(lstm_backward, cases, rng, {"N": 2, "T": 5, "D": 3, "H": 4}, GRADIENTS, at)


def _expect_sequence(lstm_backward, cases, rng, sizes, only, at=None):
    """at: the one step whose hidden state receives a gradient, or "c" for the last cell state; all of them if None."""
    args = cases.lstm_forward(rng, **sizes)
    N, T = args[0].shape[:2]
    dh, dc_last = cases.gradients(rng, N, T, args[2].shape[1])
    because = ""
    if at is not None:
        because = f"only {'the last c' if at == 'c' else f'h[:, {at}]'} of {T} steps receives a gradient from outside"
        dh[:, np.arange(T) != at] = 0
        dc_last *= at == "c"
    desired = _torch_gradients(dh, dc_last, *args)
    _expect_gradients(lstm_backward(dh, dc_last, cases.sequence_cache(*args)), desired, GRADIENTS, only, because)


# peephole_step


test_the_peephole_step_returns_two_states_of_shape_N_H = shapes_test("peephole_step", "h (3, 6), c (3, 6)")
test_peephole_step_leaves_its_arguments_as_they_were = arguments_test(
    "peephole_step", "x h_prev c_prev U W P b", points=1
)


def _torch_peephole(x, h_prev, c_prev, U, W, P, b):
    """Two of torch.nn.LSTMCell: one that reads c_prev beside x makes c, one that reads this c makes the output gate."""
    P_i, P_f, P_o = np.split(P, 3)
    none = np.zeros_like(P_i)
    _, c = _torch_step(np.hstack([x, c_prev]), h_prev, c_prev, np.hstack([U, np.vstack([P_i, P_f, none, none])]), W, b)
    h, other_c = _torch_step(
        np.hstack([x, c]), h_prev, c_prev, np.hstack([U, np.vstack([none, none, none, P_o])]), W, b
    )
    return h / np.tanh(other_c) * np.tanh(c), c


@exercise("peephole_step", points=1)
def test_without_peepholes_it_is_the_lstm_of_torch(peephole_step, cases, rng):
    x, h_prev, c_prev, U, W, P, b = cases.peephole_step(rng, N=2, D=5, H=5)
    desired = _torch_step(x, h_prev, c_prev, U, W, b)
    _expect_states(_states(peephole_step(x, h_prev, c_prev, U, W, 0 * P, b)), desired, words="with P = 0")


@exercise("peephole_step", points=3)
def test_the_gates_agree_with_cells_of_torch_that_read_the_cell_state_as_an_input(peephole_step, cases, rng):
    sizes = {}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE
    _expect_torchs(peephole_step, _torch_peephole, cases.peephole_step, rng, sizes)
    args = cases.peephole_step(rng, N=2, D=3, H=4)
    agree_in_float32_and_strided(peephole_step, _torch_peephole, args, ("h", "c"))


# forget_bias_init


@exercise("forget_bias_init")
def test_the_biases_of_every_rule_are_float64_of_shape_4H(forget_bias_init, cases, rng):
    for rule in ("zero", "one", "remember"):
        returns(forget_bias_init, cases.forget_bias_init(rng, rule=rule), "the new b (24,)")


@exercise("forget_bias_init", points=1)
def test_forget_bias_init_leaves_its_arguments_as_they_were(forget_bias_init, cases, rng):
    for rule in ("zero", "remember"):
        arguments_unchanged(forget_bias_init, cases.forget_bias_init(rng, rule=rule), "b rule T")


@exercise("forget_bias_init", points=1)
def test_the_rules_zero_and_one_set_the_forget_gate_and_nothing_else(forget_bias_init, cases, rng):
    for H, rule, number in ((5, "zero", 0.0), (5, "one", 1.0), (1, "one", 1.0)):
        b, _, _ = cases.forget_bias_init(rng, H=H)
        desired = np.concatenate([b[:H], np.full(H, number), b[2 * H :]])
        name = f'the new b by the rule "{rule}"'
        new, strided, in_float32 = forget_bias_init.map(
            [(b.copy(), rule), (arrays.strided(b), rule), (arrays.in_float32(b), rule)]
        )
        expect.close(new, desired, name=name)
        expect.close(strided, desired, name=f"{name}, of a strided array")
        expect.close(in_float32, desired, name=f"{name}, of a float32 array", rtol=1e-4, dtype=EITHER_FLOAT)


@exercise("forget_bias_init", points=2)
def test_with_the_rule_remember_what_is_in_the_cell_survives_T_steps_on_average(forget_bias_init, cases, rng):
    for each in (False, True):
        b, rule, T = cases.forget_bias_init(rng, H=5, each=each)
        new = forget_bias_init(b.copy(), rule, T)
        expect.array(new, shape=(20,), name="the new b")
        f = torch.sigmoid(_tensor(new[5:10]))
        survived = (f ** torch.arange(1, 3000)[:, None]).sum(axis=0)  # (5,)
        expect.close(survived.numpy(), np.broadcast_to(T, 5), name="the number of steps survived", rtol=1e-6)
        expect.close(new[np.r_[:5, 10:20]], b[np.r_[:5, 10:20]], name="the new b of the other gates")


@exercise("forget_bias_init", points=1)
def test_a_rule_of_another_name_is_refused(forget_bias_init, cases, rng):
    b, _, T = cases.forget_bias_init(rng)
    for rule in ("two", "Remember", "zeroes", ""):
        expect.raises("ValueError", forget_bias_init, b.copy(), rule, T, because="there is no such rule")


# coupled_step, without points


test_the_coupled_step_returns_two_states_of_shape_N_H = shapes_test("coupled_step", "h (3, 6), c (3, 6)")
test_coupled_step_leaves_its_arguments_as_they_were = arguments_test("coupled_step", "x h_prev c_prev U W b", points=1)


def _torch_coupled(x, h_prev, c_prev, U, W, b):
    """torch.nn.LSTMCell whose input gate reads the negative of what its forget gate reads."""

    def with_input_gate(rows):
        f, g, o = np.split(rows, 3)
        return np.concatenate([-f, f, g, o])

    return _torch_step(x, h_prev, c_prev, *map(with_input_gate, (U, W, b)))


@exercise("coupled_step", points=3)
def test_the_coupled_step_is_a_cell_of_torch_with_opposite_gates(coupled_step, cases, rng):
    sizes = {}, {"N": 2, "D": 5, "H": 5}, SIZES_OF_ONE
    _expect_torchs(coupled_step, _torch_coupled, cases.coupled_step, rng, sizes)


# written_shares, without points


@exercise("written_shares")
def test_the_shares_are_of_shape_N_T_T_H_and_N_T_H(written_shares, cases, rng):
    for given, asked in ((np.float64, np.float64), (np.float32, EITHER_FLOAT)):
        i, f = cases.written_shares(rng)
        A, left = _states(written_shares(i.astype(given), f.astype(given)))
        expect.array(A, shape=(3, 5, 5, 4), dtype=asked, name="A")
        expect.array(left, shape=(3, 5, 4), dtype=asked, name="left")


test_written_shares_leaves_the_gates_as_they_were = arguments_test("written_shares", "i f", points=1)


@exercise("written_shares", points=3)
def test_shares_and_candidates_make_the_cells(written_shares, cases, rng):
    for sizes in ({}, {"N": 1, "T": 1, "H": 1}, {"N": 2, "T": 7, "H": 3}):
        i, f = cases.written_shares(rng, **sizes)
        f[:, -1:] = np.floor(f[:, -1:] + 0.5)  # some gates are 0 and some are 1
        g, c = rng.uniform(-1, 1, f.shape), 2 * rng.standard_normal((len(f), f.shape[2]))
        A, left = _states(written_shares(i.copy(), f.copy()))
        expect.array(A, shape=(*f.shape[:2], *f.shape[1:]), name="A")
        made = np.einsum("ntkh,nkh->nth", A, g) + left * c[:, None]
        for t in range(f.shape[1]):
            c = f[:, t] * c + i[:, t] * g[:, t]
            expect.close(made[:, t], c, name=f"c after step {t}", because="the sum of A[:, t, k] g_k, plus left c_0")


@exercise("written_shares", points=1)
def test_nothing_is_written_by_later_steps(written_shares, cases, rng):
    i, f = cases.written_shares(rng)
    A, _ = _states(written_shares(i, f))
    expect.that(not A[:, np.triu(np.ones((5, 5)), 1) > 0].any(), "A[:, t, k] is not 0 for a step k after t")


@exercise("written_shares", points=1)
def test_with_coupled_gates_the_shares_add_up_to_one(written_shares, cases, rng):
    _, f = cases.written_shares(rng, N=2, T=6)
    A, left = _states(written_shares(1 - f, f))
    expect.close(A.sum(axis=2) + left, np.ones(f.shape), name="the sum of all shares")
