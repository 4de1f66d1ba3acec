"""The visible tests of assignment 5: what your functions must satisfy, checked against PyTorch and against laws.

A test without points, by `@exercise(NAME)` or `shapes_test(NAME, ...)`, is a gate: all gates of an exercise must pass
before any of its points are earned. In the grade, hidden tests with other inputs and sizes are added to these.
"""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import agree_in_float32_and_strided, same_in_float32_and_strided
from selfcheck.common_tests import arguments_test, shapes_test
from selfcheck.tensors import with_parameters

SIZES_OF_ONE = {"N": 1, "D": 1, "H": 1}
GRADIENTS_OF_A_STEP = ("dx", "dh_prev", "dU", "dW", "db")
GRADIENTS_OF_A_SEQUENCE = ("dx", "dU", "dW", "db", "dh0")


def _states(result):
    """The first of two values; the cache beside it is for the backward pass."""
    expect.tuple(result, 2, "the result")
    return result[0]


def _first(result):
    """The first of two values; anything else as it is."""
    return result[0] if type(result) is tuple and len(result) == 2 else result


def _tensors(arrays, gradients=False):
    return [torch.tensor(array, dtype=torch.float64, requires_grad=gradients) for array in arrays]


def _expect_gradients(result, desired, names, because=""):
    expect.tuple(result, len(names), "the result")
    for name, gradient, wanted in zip(names, result, desired, strict=True):
        expect.close(gradient, wanted, name=name, because=because)


def _expect_h(target, asked, make, rng, sizes, part=_states):
    """h must be what asked gives at each of these sizes; at the last it is compared in float32 and strided arrays."""
    *several, last = (make(rng, **some) for some in sizes)
    for args in several:
        desired = asked(*args)
        expect.close(part(target(*args)), desired, name="h")
    desired = asked(*last)
    agree_in_float32_and_strided(target, lambda *_: (desired, None), last, "h", part=_first)


# gru_step_forward


test_a_step_returns_float64_of_shape_N_H_and_a_cache = shapes_test("gru_step_forward", "h (3, 6), cache")
test_a_step_leaves_its_arguments_as_they_were = arguments_test("gru_step_forward", "x h_prev U W b", points=1)


def _lecture_step(cases, *args):
    return cases.lecture_step(*_tensors(args)).numpy()


@exercise("gru_step_forward", points=2)
def test_a_step_agrees_with_one_made_of_pytorch_parts(gru_step_forward, cases, rng):
    sizes = {}, {"N": 7, "D": 5, "H": 2}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE, {"N": 2, "D": 3, "H": 4}
    _expect_h(gru_step_forward, functools.partial(_lecture_step, cases), cases.gru_step_forward, rng, sizes)


@exercise("gru_step_forward", points=1)
def test_a_unit_whose_update_gate_is_shut_copies_its_state(gru_step_forward, cases, rng):
    x, h_prev, U, W, b = cases.gru_step_forward(rng)
    b[6 + 2] = -60.0  # z of unit 2
    desired = h_prev[:, 2].copy()
    h = _states(gru_step_forward(x, h_prev, U, W, b))
    expect.array(h, shape=(3, 6), name="h")
    because = "in the lecture's convention a unit with z = 0 copies its state"
    expect.close(np.ascontiguousarray(h[:, 2]), desired, name="h of the unit with z = 0", because=because)


@exercise("gru_step_forward", points=1)
def test_a_unit_whose_reset_gate_is_shut_is_read_by_no_candidate(gru_step_forward, cases, rng):
    x, h_prev, U, W, b = cases.gru_step_forward(rng)
    b[2] = -60.0  # r of unit 2
    W[:12, 2] = 0.0  # no gate reads unit 2
    other = h_prev.copy()
    other[:, 2] *= -1
    calls = [(x, h, U, W, b) for h in (h_prev, other)]
    one, two = (_states(result) for result in gru_step_forward.map(calls))
    expect.array(one, shape=(3, 6), name="h")
    rest = [0, 1, 3, 4, 5]
    because = "no gate reads unit 2, and its reset gate hides it from every candidate"
    expect.close(two[:, rest], one[:, rest], name="h of the other units", because=because)


def _expect_cache(found, desired, names):
    expect.that(type(found) is list and len(found) == len(names), f"the cache does not hold {len(names)} values")
    for name, value, wanted in zip(names, found, desired, strict=True):
        expect.close(value, wanted, name=f"{name} in the cache")


@exercise("gru_step_forward", points=1)
def test_the_cache_of_a_step_holds_the_gates_and_the_candidate(probe, cases, rng):
    args = cases.gru_step_forward(rng, N=4, D=3, H=5)
    seen = probe.watched("cache_of", "gru_step_forward", *args)
    desired = *seen.args[1:5], *cases.step_cache(*args)[4:]  # a changed argument costs elsewhere
    _expect_cache(seen.value, desired, ("x", "h_prev", "U", "W", "r", "z", "n"))


# gru_step_backward


test_the_gradients_of_a_step_have_the_shapes_of_the_arguments = shapes_test(
    "gru_step_backward", "dx (3, 4), dh_prev (3, 6), dU (18, 4), dW (18, 6), db (18,)"
)
test_gru_step_backward_leaves_its_arguments_as_they_were = arguments_test("gru_step_backward", "dh cache", points=1)


def _step_gradients(cases, args, dh):
    tensors = _tensors(args, gradients=True)
    found = torch.autograd.grad(cases.lecture_step(*tensors), tensors, torch.tensor(dh))
    return [gradient.numpy() for gradient in found]


@exercise("gru_step_backward", points=3)
@pytest.mark.parametrize("sizes", [(3, 4, 6), (5, 5, 5), (1, 1, 1)], ids=["three_sizes", "equal_sizes", "ones"])
def test_the_gradients_of_a_step_agree_with_autograd(gru_step_backward, cases, rng, sizes):
    N, D, H = sizes
    args = cases.gru_step_forward(rng, N, D, H)
    dh = rng.standard_normal((N, H))
    desired = _step_gradients(cases, args, dh)
    call = dh, cases.step_cache(*args)
    _expect_gradients(gru_step_backward(*call), desired, GRADIENTS_OF_A_STEP)
    agree_in_float32_and_strided(gru_step_backward, lambda *_: tuple(desired), call, GRADIENTS_OF_A_STEP)


@exercise("gru_step_backward", points=1)
def test_a_unit_that_copies_hands_its_gradient_back_unchanged(gru_step_backward, cases, rng):
    x, h_prev, U, W, b = cases.gru_step_forward(rng, N=4, D=3, H=5)
    b[5:10] = -60.0  # z of all units
    dh = rng.standard_normal((4, 5))
    desired = dh.copy()
    result = gru_step_backward(dh, cases.step_cache(x, h_prev, U, W, b))
    expect.tuple(result, 5, "the result")
    expect.close(result[1], desired, name="dh_prev", because="where z = 0 the new state is the old one")


# gru_forward


test_the_states_are_float64_of_shape_N_T_H = shapes_test("gru_forward", "h (3, 5, 6), cache")
test_gru_forward_leaves_its_arguments_as_they_were = arguments_test("gru_forward", "x U W b h0", points=1)


def _lecture_sequence(cases, x, U, W, b, h0=None):
    return cases.sequence_cache(x, U, W, b, h0)[-1]


@exercise("gru_forward", points=2)
def test_a_sequence_agrees_with_steps_made_of_pytorch_parts(gru_forward, cases, rng):
    sizes = {}, {"N": 2, "T": 7, "D": 5, "H": 5}, {"T": 1, **SIZES_OF_ONE}, {"N": 2, "T": 3, "D": 3, "H": 4}
    _expect_h(gru_forward, functools.partial(_lecture_sequence, cases), cases.gru_forward, rng, sizes)


@exercise("gru_forward", points=1)
def test_without_h0_a_sequence_starts_from_zeros(gru_forward, cases, rng):
    x, U, W, b, _ = cases.gru_forward(rng, N=4, T=3, D=2, H=5)
    desired = _lecture_sequence(cases, x, U, W, b)
    expect.close(_states(gru_forward(x, U, W, b)), desired, name="h without h0")


@exercise("gru_forward", points=1)
def test_a_sequence_cut_in_two_is_continued_from_its_last_state(gru_forward, cases, rng):
    x, U, W, b, h0 = cases.gru_forward(rng, N=2, T=6, D=3, H=4)
    desired = _lecture_sequence(cases, x, U, W, b, h0)
    early = _states(gru_forward(x[:, :5].copy(), U, W, b, h0))
    expect.close(early, desired[:, :5], name="h of the first 5 steps")
    late = _states(gru_forward(x[:, 5:].copy(), U, W, b, early[:, -1].copy()))
    expect.close(late, desired[:, 5:], name="h of the last step, from the state of the fifth")


@exercise("gru_forward", points=1)
def test_the_cache_of_a_sequence_holds_its_gates(probe, cases, rng):
    args = cases.gru_forward(rng, N=2, T=4, D=3, H=5)
    seen = probe.watched("cache_of", "gru_forward", *args)
    x, U, W, _, h0 = seen.args[1:]
    desired = x, h0, U, W, *cases.sequence_cache(*args)[4:]
    _expect_cache(seen.value, desired, ("x", "h0", "U", "W", "gates", "h"))


# gru_backward


test_the_gradients_of_a_sequence_have_the_shapes_of_the_arguments = shapes_test(
    "gru_backward", "dx (3, 5, 4), dU (18, 4), dW (18, 6), db (18,), dh0 (3, 6)"
)
test_gru_backward_leaves_its_arguments_as_they_were = arguments_test("gru_backward", "dh cache", points=1)


def _sequence_gradients(cases, args, dh):
    """The gradients of x, U, W, b, h0, by autograd."""
    x, U, W, b, h0 = tensors = _tensors(args, gradients=True)
    states = [h0]
    for x_t in x.unbind(dim=1):
        states.append(cases.lecture_step(x_t, states[-1], U, W, b))
    found = torch.autograd.grad(torch.stack(states[1:], dim=1), tensors, torch.tensor(dh))
    return [gradient.numpy() for gradient in found]


@exercise("gru_backward", points=3)
@pytest.mark.parametrize("sizes", [(3, 5, 4, 6), (4, 4, 4, 4), (1, 1, 1, 1)], ids=["four_sizes", "equal_sizes", "ones"])
def test_the_gradients_of_a_sequence_agree_with_autograd(gru_backward, cases, rng, sizes):
    N, T, D, H = sizes
    args = cases.gru_forward(rng, N, T, D, H)
    dh = rng.standard_normal((N, T, H))
    desired = _sequence_gradients(cases, args, dh)
    call = dh, cases.sequence_cache(*args)
    _expect_gradients(gru_backward(*call), desired, GRADIENTS_OF_A_SEQUENCE)
    agree_in_float32_and_strided(gru_backward, lambda *_: tuple(desired), call, GRADIENTS_OF_A_SEQUENCE)


@exercise("gru_backward", points=1)
@pytest.mark.parametrize("t", [0, 4], ids=["the_first", "the_last"])
def test_a_gradient_at_one_state_alone_agrees_with_autograd(gru_backward, cases, rng, t):
    args = cases.gru_forward(rng, N=2, T=5, D=3, H=4)
    dh = np.zeros((2, 5, 4))
    dh[:, t] = rng.standard_normal((2, 4))
    desired = _sequence_gradients(cases, args, dh)
    because = f"only h[:, {t}] of 5 steps receives a gradient from outside"
    _expect_gradients(gru_backward(dh, cases.sequence_cache(*args)), desired, GRADIENTS_OF_A_SEQUENCE, because)


# torch_gru_step


test_a_step_of_pytorchs_gru_returns_float64_of_shape_N_H = shapes_test("torch_gru_step", "h (3, 6)")
test_torch_gru_step_leaves_its_arguments_as_they_were = arguments_test(
    "torch_gru_step", "x h_prev U W b_U b_W", points=1
)


def _torch_cell(x, h_prev, U, W, b_U, b_W):
    cell = with_parameters(nn.GRUCell(U.shape[1], W.shape[1]).double(), U, W, b_U, b_W)
    with torch.no_grad():
        return cell(torch.tensor(x), torch.tensor(h_prev)).numpy()


@exercise("torch_gru_step", points=2)
def test_a_step_agrees_with_pytorchs_cell(torch_gru_step, cases, rng):
    sizes = {}, {"N": 4, "D": 5, "H": 5}, SIZES_OF_ONE, {"N": 2, "D": 3, "H": 4}
    _expect_h(torch_gru_step, _torch_cell, cases.torch_gru_step, rng, sizes, part=lambda h: h)


@exercise("torch_gru_step", points=1)
def test_a_step_from_zeros_agrees_with_pytorchs_cell(torch_gru_step, cases, rng):
    x, h_prev, *weights = cases.torch_gru_step(rng, N=2, D=3, H=7)
    desired = _torch_cell(x, 0 * h_prev, *weights)
    expect.close(torch_gru_step(x, 0 * h_prev, *weights), desired, name="h from a state of zeros")


# gru_to_torch


def _four_arrays(result, D, H):
    expect.tuple(result, 4, "the result")
    names, shapes = ("U", "W", "b_U", "b_W"), ((3 * H, D), (3 * H, H), (3 * H,), (3 * H,))
    for name, array, shape in zip(names, result, shapes, strict=True):
        expect.array(array, shape=shape, name=f"the new {name}")
    return result


@exercise("gru_to_torch")
def test_the_conversion_returns_four_arrays(gru_to_torch, cases, rng):
    _four_arrays(gru_to_torch(*cases.gru_to_torch(rng, kind="diagonal")), 4, 6)


test_gru_to_torch_leaves_its_arguments_as_they_were = arguments_test("gru_to_torch", "U W b", points=1, kind="diagonal")


@exercise("gru_to_torch", points=2)
@pytest.mark.parametrize("kind", ["diagonal", "shared", "constant", "blocks", "mixed"])
def test_converted_weights_make_pytorchs_cell_take_the_lectures_steps(gru_to_torch, cases, rng, kind):
    U, W, b = cases.gru_to_torch(rng, D=3, H=6, kind=kind)
    converted = _four_arrays(gru_to_torch(U, W, b), 3, 6)
    ours = theirs = cases.gru_step_forward(rng, N=5, D=3, H=6)[1]
    for step in range(3):
        x = rng.standard_normal((5, 3))
        ours, theirs = _lecture_step(cases, x, ours, U, W, b), _torch_cell(x, theirs, *converted)
        expect.close(theirs, ours, name=f"the state of PyTorch's cell after step {step + 1}")


@exercise("gru_to_torch", points=1)
def test_of_converted_weights_the_rows_of_r_are_those_given_and_b_W_is_zero(gru_to_torch, cases, rng):
    U, W, b = cases.gru_to_torch(rng, D=3, H=6, kind="shared")
    kept = U[:6], W[:6], b[:6]
    calls = [(U, W, b), arrays.strided((U, W, b)), arrays.in_float32((U, W, b))]
    converted, strided, in_float32 = gru_to_torch.map(calls)
    new_U, new_W, b_U, b_W = _four_arrays(converted, 3, 6)
    for name, found, wanted in zip(("U", "W", "b_U"), (new_U, new_W, b_U), kept, strict=True):
        expect.close(np.ascontiguousarray(found[:6]), wanted, name=f"the rows of r in the new {name}")
    expect.close(b_W, np.zeros(18), name="the new b_W")
    for result, words in ((strided, "strided"), (in_float32, "float32")):
        expect.tuple(result, 4, "the result")
        for name, found, wanted in zip(("U", "W", "b_U", "b_W"), result, converted, strict=True):
            name = f"the new {name} of {words} arrays"
            expect.close(found, wanted, name=name, rtol=1e-4, dtype=(np.float32, np.float64))


@exercise("gru_to_torch", points=1)
def test_weights_that_cannot_be_converted_are_refused(gru_to_torch, cases, rng):
    because = "no weights make PyTorch's cell take these steps"
    for kind, spoilt in (("any", ""), ("blocks", "connected"), ("shared", "bias"), ("constant", "state")):
        args = cases.gru_to_torch(rng, D=3, H=6, kind=kind, spoilt=spoilt)
        expect.raises("ValueError", gru_to_torch, *args, because=because)


# count_cell_parameters


def _count_and_memory(result):
    expect.tuple(result, 2, "the result")
    expect.integer(result[0], name="count")
    expect.that(type(result[1]) is float, "memory is not a Python float")
    return result


@exercise("count_cell_parameters")
def test_a_count_is_an_int_and_memory_a_float(count_cell_parameters, cases, rng):
    for cell in cases.CELLS:
        _count_and_memory(count_cell_parameters(*cases.count_cell_parameters(rng, cell)))


def _torch_layer(cell, D, H):
    """PyTorch's layer, how many parameters it has with two biases and with one, and how many numbers of state."""
    layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](D, H)
    sizes = {name: parameter.numel() for name, parameter in layer.named_parameters()}
    _, state = layer(torch.zeros(1, 1, D))
    numbers = sum(part.numel() for part in (state if type(state) is tuple else (state,)))
    return sum(sizes.values()), sum(sizes.values()) - sizes["bias_hh_l0"], numbers


@exercise("count_cell_parameters", points=1)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_counts_and_memory_agree_with_pytorchs_layers(count_cell_parameters, cases, rng, cell):
    _, D, H, *_ = cases.count_cell_parameters(rng)
    two, one, numbers = _torch_layer(cell, D, H)
    for biases, wanted in ((2, two), (1, one)):
        count, memory = _count_and_memory(count_cell_parameters(cell, D, H, biases))
        expect.equal(count, wanted, name=f"count with biases = {biases}")
        expect.close(memory, numbers / wanted, name=f"memory with biases = {biases}")


@exercise("count_cell_parameters", points=1)
def test_peepholes_are_three_full_matrices_more_and_no_state(count_cell_parameters, cases, rng):
    _, D, H, *_ = cases.count_cell_parameters(rng)
    _, one, numbers = _torch_layer("lstm", D, H)
    peepholes = sum(nn.Linear(H, H, bias=False).weight.numel() for _ in range(3))
    count, memory = _count_and_memory(count_cell_parameters("peephole", D, H))
    expect.equal(count, one + peepholes, name="count")
    expect.close(memory, numbers / (one + peepholes), name="memory")


@exercise("count_cell_parameters", points=1)
def test_longer_sequences_change_nothing_and_other_words_are_refused(count_cell_parameters, cases, rng):
    cell, D, H, biases, _ = cases.count_cell_parameters(rng)
    one, fifty = (_count_and_memory(count_cell_parameters(cell, D, H, biases, T)) for T in (1, 50))
    because = "the parameters are shared by all steps, and the state is handed on"
    expect.equal(fifty, one, name="the result for sequences of 50 steps", because=because)
    for word in ("elman", "", "bilstm"):
        expect.raises("ValueError", count_cell_parameters, word, D, H, because=f"there is no cell called {word!r}")


# adding_problem_batch


def _problem(result, N, T):
    expect.tuple(result, 2, "the result")
    x, y = result
    expect.array(x, shape=(N, T, 2), name="x")
    expect.array(y, shape=(N,), name="y")
    return x, y


@exercise("adding_problem_batch")
def test_a_batch_is_two_float64_arrays(adding_problem_batch, cases, rng):
    _problem(adding_problem_batch(*cases.adding_problem_batch(rng)), 6, 9)


@exercise("adding_problem_batch", points=1)
def test_one_step_of_each_part_is_marked_and_every_step_can_be(adding_problem_batch, cases, rng):
    for T in (9, 2, 4):
        m, (x, _) = T // 2, _problem(adding_problem_batch(*cases.adding_problem_batch(rng, N=300, T=T)), 300, T)
        marks = x[:, :, 1]
        expect.that(bool(np.isin(marks, (0.0, 1.0)).all()), "a mark, x[:, :, 1], is neither 0 nor 1")
        for part, steps in (("first", marks[:, :m]), ("second", marks[:, m:])):
            expect.that(
                bool((steps.sum(axis=1) == 1).all()), f"T = {T}: not exactly one step of the {part} part is marked"
            )
            expect.that(
                bool(steps.any(axis=0).all()), f"T = {T}: some step of the {part} part is marked in no sequence of 300"
            )


@exercise("adding_problem_batch", points=1)
def test_the_target_is_the_sum_of_the_marked_values(adding_problem_batch, cases, rng):
    generator, N, T = cases.adding_problem_batch(rng, N=20, T=11)
    values = copy.deepcopy(generator).random((N, T))
    x, y = _problem(adding_problem_batch(generator, N, T), N, T)
    expect.close(np.ascontiguousarray(x[:, :, 0]), values, name="the values, x[:, :, 0]")
    marked = x[:, :, 1] == 1
    expect.that(bool((marked.sum(axis=1) == 2).all()), "not exactly two steps of a sequence are marked")
    expect.close(y, values[marked].reshape(N, 2).sum(axis=1), name="y")


@exercise("adding_problem_batch", points=1)
def test_each_draw_chooses_its_step_by_rounding_down(adding_problem_batch, cases, rng):
    generator, N, T = cases.adding_problem_batch(rng, N=60, T=9)
    twin = copy.deepcopy(generator)
    _, places = twin.random((N, T)), twin.random((N, 2))
    x, _ = _problem(adding_problem_batch(generator, N, T), N, T)
    marks, m = x[:, :, 1] == 1, T // 2
    expect.that(bool((marks[:, :m].sum(axis=1) == 1).all()), "not exactly one step of the first part is marked")
    expect.that(bool((marks[:, m:].sum(axis=1) == 1).all()), "not exactly one step of the second part is marked")
    for part, steps, exact in (
        ("first", marks[:, :m], places[:, 0] * m),
        ("second", marks[:, m:], places[:, 1] * (T - m)),
    ):
        beyond = exact - steps.argmax(axis=1)  # in 0 <= .. < 1 if the step is what rounding down gives
        wrong = (beyond < 0) | (beyond >= 1)
        expect.that(
            not wrong.any(), f"in the {part} part a mark is not at the step that its draw u chooses, rounded down"
        )


# stacked_gru_step


def _numpy(tensor, name, dtype=torch.float64):
    expect.that(type(tensor) is torch.Tensor, f"{name} is not a torch tensor")
    expect.that(tensor.dtype is dtype, f"{name} has another dtype than the arguments")
    return tensor.detach().numpy()


@exercise("stacked_gru_step")
def test_a_stacked_step_returns_a_tensor_of_shape_S_N_H(stacked_gru_step, cases, rng):
    expect.array(_numpy(stacked_gru_step(*cases.stacked_gru_step(rng)), "h"), shape=(2, 3, 5), name="h")


test_a_stacked_step_leaves_its_arguments_as_they_were = arguments_test("stacked_gru_step", "x h_prev U W b", points=1)


@exercise("stacked_gru_step", points=2)
def test_each_network_takes_the_step_that_it_takes_alone(stacked_gru_step, cases, rng):
    for sizes in ({}, {"S": 4, "N": 4, "D": 4, "H": 4}, {"S": 1, **SIZES_OF_ONE}):
        args = cases.stacked_gru_step(rng, **sizes)
        desired = np.stack([cases.lecture_step(*network).numpy() for network in zip(*args, strict=True)])
        in_float32 = tuple(tensor.float() for tensor in args)
        expect.close(_numpy(stacked_gru_step(*args), "h"), desired, name="h")
        h = _numpy(stacked_gru_step(*in_float32), "h of float32 tensors", torch.float32)
        expect.close(h, desired, name="h of float32 tensors", rtol=1e-4, dtype=np.float32)


@exercise("stacked_gru_step", points=1)
def test_gradients_flow_into_each_network(probe, cases, rng):
    args = cases.stacked_gru_step(rng, S=3, N=2, D=4, H=5)
    inputs = [tensor.clone().requires_grad_() for tensor in args]
    h = torch.stack([cases.lecture_step(*network) for network in zip(*inputs, strict=True)])
    dh = torch.linspace(-1, 1, h.numel(), dtype=h.dtype).reshape(h.shape).cos()
    desired = torch.autograd.grad(h, inputs, dh)
    shown = probe("stacked_step_and_gradients", *args)
    expect.that(type(shown) is dict and len(shown) == 6, "h is not a torch tensor")
    for name, wanted in zip(GRADIENTS_OF_A_STEP, desired, strict=True):
        expect.close(_numpy(shown[name], name), wanted.numpy(), name=name)


# train_to_criterion

CLOSE = 1e-5  # relative, of what training makes of rounding


def _training(result, S):
    expect.tuple(result, 3, "the result")
    steps, curves, trained = result
    expect.that(type(steps) is list and len(steps) == S, f"steps is not a list with one entry for each of {S} networks")
    for step in steps:
        expect.that(step is None or type(step) is int, "an entry of steps is neither an int nor None")
    expect.that(type(curves) is np.ndarray and curves.ndim == 2, "curves is not an array with two axes")
    expect.array(curves, shape=(S, curves.shape[1]), name="curves")
    expect.that(type(trained) is list and len(trained) == 5, "trained is not a list of five arrays")
    return steps, curves, trained


@exercise("train_to_criterion")
def test_training_returns_steps_curves_and_arrays(train_to_criterion, cases, rng):
    args = cases.train_to_criterion(rng, B=3)
    shapes = [array.shape for array in args[1]]
    *_, trained = _training(train_to_criterion(*args), 3)
    for name, array, shape in zip(("U", "W", "b", "V", "c_out"), trained, shapes, strict=True):
        expect.array(array, shape=shape, name=f"{name} after training")


test_training_leaves_its_arguments_as_they_were = arguments_test(
    "train_to_criterion", "cell parameters x y criterion lr clip", points=1, B=3
)


@exercise("train_to_criterion", points=2)
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_networks_trained_together_do_as_each_does_alone(train_to_criterion, cases, rng, cell):
    outputs = (0.8, 0.0, -3.0)
    _, parameters, x, y, *_ = cases.train_to_criterion(rng, cell, outputs, B=6)
    never = (0.0, 0.05, 0.7)  # criterion, lr, clip
    calls = [[array[s : s + 1].copy() for array in parameters] for s in range(3)]
    batches = [copy.deepcopy((some, x, y)) for some in (parameters, *calls)]
    results = train_to_criterion.map([(cell, *some, *never) for some in batches])
    together, *alone = (_training(result, S) for result, S in zip(results, (3, 1, 1, 1), strict=True))
    because = "no network may notice that others are trained beside it"
    for s, (_, curves, trained) in enumerate(alone):
        name = f"of network {s}, trained alone,"
        expect.close(curves, together[1][s : s + 1], name=f"the curve {name}", rtol=CLOSE, because=because)
        for array, wanted in zip(trained, together[2], strict=True):
            expect.close(array, wanted[s : s + 1], name=f"a parameter {name}", rtol=CLOSE, because=because)


def _trained_alone(cell, parameters, x, y, lr, clip):
    """The losses (B,) of one network of torch.nn, trained on all B batches by torch's Adam, and its arrays."""
    U, W, b, V, c_out = parameters
    network = {"rnn": nn.RNN, "lstm": nn.LSTM}[cell](U.shape[1], W.shape[1], batch_first=True).double()
    network, (V, c_out) = with_parameters(network, U, W, b, 0 * b), _tensors((V, c_out), gradients=True)
    network.bias_hh_l0.requires_grad_(False)
    trained = [network.weight_ih_l0, network.weight_hh_l0, network.bias_ih_l0, V, c_out]
    adam, losses = torch.optim.Adam(trained, lr=lr), []
    for x_k, y_k in zip(*_tensors((x, y)), strict=True):
        loss = nn.functional.mse_loss(network(x_k)[0][:, -1] @ V + c_out, y_k)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, clip)
        adam.step()
        losses.append(loss.item())
    return np.array(losses), [array.detach().numpy() for array in trained]


@exercise("train_to_criterion", points=3)
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_each_network_is_trained_as_torch_trains_it_alone(train_to_criterion, cases, rng, cell):
    args = cases.train_to_criterion(rng, cell, (0.9, 0.2, -9.0), B=8, T=3, criterion=0.3, lr=0.1, clip=1.2, wild=2.0)
    _, parameters, x, y, _, lr, clip = args
    in_float32 = arrays.in_float32(args)
    _, curves, trained = _training(train_to_criterion(*args), 3)
    for s in range(3):  # the third never meets the criterion, and the others go on with it
        losses, wanted = _trained_alone(cell, [array[s] for array in parameters], x, y, lr, clip)
        expect.close(np.array(curves[s]), losses, name=f"the curve of network {s}", rtol=1e-4)
        for name, array, own in zip(("U", "W", "b", "V", "c_out"), trained, wanted, strict=True):
            expect.close(np.array(array[s]), own, name=f"{name} of network {s} after training", rtol=1e-4)
    result = train_to_criterion(*in_float32)
    expect.tuple(result, 3, "the result")
    expect.close(result[1], curves, name="curves of float32 arrays", rtol=1e-3, dtype=np.float32)


@exercise("train_to_criterion", points=1)
def test_a_gradient_of_zero_moves_nothing(train_to_criterion, cases, rng):
    args = cases.train_to_criterion(rng, outputs=(1.0,), B=2, criterion=0.0, spread=0.0)
    before = copy.deepcopy(args[1])
    _, _, trained = _training(train_to_criterion(*args), 1)
    for array, wanted in zip(trained, before, strict=True):
        expect.close(
            array, wanted, name="a parameter", because="the output is what is asked for, so the gradient is zero"
        )


@exercise("train_to_criterion", points=1)
def test_a_loss_equal_to_the_criterion_does_not_meet_it(train_to_criterion, cases, rng):
    args = cases.train_to_criterion(rng, outputs=(0.5,), B=1, criterion=0.25, spread=0.0)
    steps, _, _ = _training(train_to_criterion(*args), 1)
    expect.equal(steps, [None], name="steps", because="the only loss is 0.25, the criterion itself")


@exercise("train_to_criterion", points=1)
def test_steps_tell_of_the_first_loss_below_the_criterion_and_the_last_network_ends_it(train_to_criterion, cases, rng):
    *args, lr, clip = cases.train_to_criterion(rng, outputs=(0.9, 0.4, 0.1), B=40, lr=0.1)
    criterion = args[-1]
    steps, curves, _ = _training(train_to_criterion(*args, lr, clip), 3)
    expect.that(None not in steps, "an entry of steps is None, though 40 steps of 0.1 bring an output from 0.1 to 1")
    below = curves < criterion
    expect.equal(steps, [int(step) for step in below.argmax(axis=1)], name="steps", because="your curves say otherwise")
    because = "nothing is computed once the last network has met the criterion"
    expect.equal(curves.shape[1], max(steps) + 1, name="the number of losses of a network", because=because)


@exercise("train_to_criterion", points=1)
def test_a_network_has_met_the_criterion_even_if_its_loss_rises_again(train_to_criterion, cases, rng):
    # at most lr a step for each number: the outputs stay within 0.16 of where they start, whatever x is
    args = cases.train_to_criterion(rng, outputs=(0.9, 0.1), B=5, turn=2, spread=0.0, lr=0.02)
    steps, curves, _ = _training(train_to_criterion(*args), 2)
    expect.equal(steps, [0, 2], name="steps", because="from batch 2 on the targets are near the second output")
    because = "each network has by then met the criterion, the first one on batch 0, the second one on batch 2"
    expect.equal(curves.shape[1], 3, name="the number of losses of a network", because=because)


@exercise("train_to_criterion", points=1)
def test_where_all_meet_the_criterion_at_once_nothing_is_trained(train_to_criterion, cases, rng):
    cell, parameters, x, y, _, lr, clip = cases.train_to_criterion(rng, B=4)
    before = copy.deepcopy(parameters)
    steps, curves, trained = _training(train_to_criterion(cell, parameters, x, y, 1e6, lr, clip), 3)
    expect.equal(steps, [0, 0, 0], name="steps")
    expect.equal(curves.shape[1], 1, name="the number of losses of a network")
    for array, wanted in zip(trained, before, strict=True):
        expect.close(array, wanted, name="a parameter")


@exercise("train_to_criterion", points=1)
def test_the_first_step_of_adam_moves_every_number_by_lr(train_to_criterion, cases, rng):
    cell, parameters, x, y, _, _, clip = cases.train_to_criterion(rng, outputs=(0.0, 3.0), B=1, spread=0.4)
    before = copy.deepcopy(parameters)
    steps, curves, trained = _training(train_to_criterion(cell, parameters, x, y, 0.0, 0.03, clip), 2)
    expect.equal(steps, [None, None], name="steps", because="no loss is below zero")
    expect.equal(curves.shape[1], 1, name="the number of losses of a network")
    because = "after one step of Adam from rest only the signs of the gradient matter, and the last batch is used too"
    for array, was in zip(trained, before, strict=True):
        expect.array(array, shape=was.shape, name="a parameter")
        # lr |g| / (|g| + 1e-8): of a gradient near zero, the eps of Adam takes a part away
        expect.close(np.abs(array - was), np.full(was.shape, 0.03), name="a move", rtol=0.02, because=because)


# mgu_step, without points


test_a_minimal_step_returns_the_state_and_five_gradients = shapes_test(
    "mgu_step", "h (3, 6), dx (3, 4), dh_prev (3, 6), dU (12, 4), dW (12, 6), db (12,)"
)
test_mgu_step_leaves_its_arguments_as_they_were = arguments_test("mgu_step", "dh x h_prev U W b", points=1)


OF_A_MINIMAL_STEP = ("h", "dx", "dh_prev", "dU", "dW", "db")


def _minimal_step(cases, dh, x, h_prev, U, W, b):
    """h and its gradients, by autograd, of the lecture's cell whose rows of r and z are the one gate's."""
    x, h_prev, U, W, b = tensors = _tensors((x, h_prev, U, W, b), gradients=True)
    twice = [torch.cat([weights.chunk(2)[0], weights]) for weights in (U, W, b)]
    h = cases.lecture_step(x, h_prev, *twice)
    found = torch.autograd.grad(h, tensors, torch.tensor(dh))
    return tuple(tensor.detach().numpy() for tensor in (h, *found))


@exercise("mgu_step", points=3)
@pytest.mark.parametrize("sizes", [(3, 4, 6), (5, 5, 5), (1, 1, 1)], ids=["three_sizes", "equal_sizes", "ones"])
def test_a_minimal_step_is_a_gru_whose_two_gates_are_one(mgu_step, cases, rng, sizes):
    args = cases.mgu_step(rng, *sizes)
    desired = _minimal_step(cases, *args)
    _expect_gradients(mgu_step(*args), desired, OF_A_MINIMAL_STEP, "a GRU whose two gates are one gives something else")
    agree_in_float32_and_strided(mgu_step, lambda *_: desired, args, OF_A_MINIMAL_STEP)


@exercise("mgu_step", points=1)
def test_the_gradients_of_a_minimal_step_are_those_of_finite_differences(mgu_step, cases, rng):
    dh, *rest = cases.mgu_step(rng, N=2, D=3, H=4)
    directions = [rng.standard_normal(array.shape) for array in rest]
    calls = [(dh, *(array + sign * 1e-6 * d for array, d in zip(rest, directions, strict=True))) for sign in (0, 1, -1)]
    result, ahead, behind = mgu_step.map(calls)
    for some in (result, ahead, behind):
        expect.tuple(some, 6, "the result")
        expect.array(some[0], shape=dh.shape, name="h")
    along = 0.0
    for name, gradient, d in zip(OF_A_MINIMAL_STEP[1:], result[1:], directions, strict=True):
        expect.array(gradient, shape=d.shape, name=name)
        along += float((gradient * d).sum())
    slope = float((dh * (ahead[0] - behind[0])).sum()) / 2e-6
    because = "all arguments but dh were moved a little, in a random direction"
    expect.close(along, slope, name="the gradients times the direction", rtol=1e-5, atol=1e-8, because=because)


@exercise("mgu_step", points=1)
def test_a_minimal_unit_whose_gate_is_shut_copies_state_and_gradient(mgu_step, cases, rng):
    dh, x, h_prev, U, W, b = cases.mgu_step(rng, N=4, D=3, H=5)
    b[:5] = -60.0  # f of all units
    result = mgu_step(dh, x, h_prev, U, W, b)
    expect.tuple(result, 6, "the result")
    expect.close(result[0], h_prev, name="h", because="where f = 0 the new state is the old one")
    expect.close(result[2], dh, name="dh_prev", because="where f = 0 the new state is the old one")


# gated_scan, without points


def _states_and_kept(result, shape, rounds):
    """The states, and the list of what each round's maps keep."""
    expect.tuple(result, 2, "the result")
    h, kept = result
    expect.array(h, shape=shape, name="h")
    expect.that(type(kept) is list, "kept is not a list; expected a list of arrays")
    expect.that(len(kept) == rounds + 1, f"kept has {len(kept)} entries; expected {rounds + 1} for {shape[1]} steps")
    for r, array in enumerate(kept):
        expect.array(array, shape=shape, name=f"kept[{r}]")
    return h, kept


@exercise("gated_scan")
def test_a_scan_returns_all_states_and_an_array_for_each_round(gated_scan, cases, rng):
    for T, rounds in ((5, 3), (4, 2), (1, 0), (2, 1), (9, 4)):
        _states_and_kept(gated_scan(*cases.gated_scan(rng, T=T)), (3, T, 4), rounds)


test_gated_scan_leaves_its_arguments_as_they_were = arguments_test("gated_scan", "z n h0", points=1)


@exercise("gated_scan", points=2)
def test_a_scan_gives_the_states_of_pytorchs_layer_without_recurrent_weights(gated_scan, cases, rng):
    for N, T, D, H in ((3, 5, 4, 6), (2, 8, 3, 3), (1, 1, 1, 1), (2, 17, 2, 3)):
        x, U, W, b, h0 = cases.gru_forward(rng, N, T, D, H)
        layer = with_parameters(nn.GRU(D, H, batch_first=True).double(), U, 0 * W, b, 0 * b)
        with torch.no_grad():
            desired = layer(torch.tensor(x), torch.tensor(h0)[None])[0].numpy()
            _, a_z, a_n = torch.nn.functional.linear(*_tensors((x, U, b))).chunk(3, dim=2)
            z, n = torch.sigmoid(-a_z).numpy(), torch.tanh(a_n).numpy()  # PyTorch keeps where the lecture replaces
        rounds = next(r for r in range(9) if 2**r >= T)
        h, _ = _states_and_kept(gated_scan(z, n, h0), (N, T, H), rounds)
        expect.close(h, desired, name="h")
    same_in_float32_and_strided(gated_scan, cases.gated_scan(rng), "h", part=_first)


@exercise("gated_scan", points=2)
def test_after_each_round_twice_as_many_steps_are_joined(gated_scan, cases, rng):
    for T, rounds, ends in ((5, 3, False), (8, 3, False), (7, 3, True)):
        z, n, h0 = cases.gated_scan(rng, T=T, ends=ends)
        _, kept = _states_and_kept(gated_scan(z.copy(), n, h0), z.shape, rounds)
        for r, t in np.ndindex(rounds + 1, T):
            last = z[:, max(0, t + 1 - 2**r) : t + 1]
            found = np.ascontiguousarray(kept[r][:, t])
            expect.close(found, np.prod(1 - last, axis=1), name=f"kept[{r}][:, {t}] of {T} steps")


@exercise("gated_scan", points=1)
def test_gates_that_are_0_or_1_give_finite_states_that_obey_the_equation(gated_scan, cases, rng):
    for N, T, H in ((3, 6, 4), (2, 40, 3)):
        z, n, h0 = cases.gated_scan(rng, N, T, H, ends=True)
        rounds = next(r for r in range(9) if 2**r >= T)
        h, _ = _states_and_kept(gated_scan(z, n, h0), (N, T, H), rounds)
        before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # yours
        moved = z * (n - before)
        because = "each state, by the equation, from your state before it, and the first one from h0"
        expect.close(h - before, moved, name="the change of h from step to step", atol=1e-12, because=because)


@exercise("gated_scan", points=1)
def test_the_last_array_of_kept_is_the_derivative_by_h0(gated_scan, cases, rng):
    z, n, h0 = cases.gated_scan(rng, N=2, T=6, H=3)
    push = rng.standard_normal(h0.shape)
    (first, kept), (second, _) = (
        _states_and_kept(result, z.shape, 3) for result in gated_scan.map([(z, n, h0), (z, n, h0 + push)])
    )
    expect.close(second - first, kept[-1] * push[:, None], name="the change of h with h0", atol=1e-12)
