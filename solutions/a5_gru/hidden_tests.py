"""The hidden tests of assignment 5: other inputs, other sizes (the degenerate ones too), float32 and strided arrays.

Expected values are computed from the reference, never typed, and no message shows one. Backward passes are given the
caches of the reference.
"""

import copy

import numpy as np
import pytest
import torch

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import agree, agree_in_float32_and_strided, results_agree, sized, table
from selfcheck.common_tests import float32_and_strided_test, scaled, sizes_test

STEP_GRADIENTS = ("dx", "dh_prev", "dU", "dW", "db")
SEQUENCE_GRADIENTS = ("dx", "dU", "dW", "db", "dh0")


SIZES_OF_A_STEP = table("N D H", (1, 1, 1), (1, 3, 2), (4, 1, 5), (6, 4, 1), (5, 5, 5), (9, 2, 8))
SIZES_OF_A_SEQUENCE = table("N T D H h0", (4, 13, 2, 3), (2, 6, 7, 5, False), (4, 4, 4, 4), (1, 120, 2, 3))
SIZES_OF_ONE = table("N T D H h0", (1, 1, 1, 1), (3, 1, 2, 4), (1, 7, 3, 2), (2, 5, 1, 1, False))


test_a_step_agrees_at_other_sizes_down_to_one = sizes_test("gru_step_forward", SIZES_OF_A_STEP, ("h",), points=2)


test_a_step_agrees_from_states_that_are_not_between_minus_1_and_1 = sizes_test(
    "gru_step_forward",
    table("N D H", (3, 2, 5)),
    ("h",),
    points=1,
    made_by=scaled("gru_step_forward", h_prev=8.0),
)


test_a_step_agrees_in_float32_and_strided = float32_and_strided_test(
    "gru_step_forward", ("h",), points=1, N=4, D=3, H=7
)


def _backward_of(forward, arguments):
    """Makes what a backward pass is given: dh, and the cache of `forward`, the reference's, for these arguments."""

    def make(rng, **sizes):
        h, cache = forward(*arguments(rng, **sizes))
        return rng.standard_normal(h.shape), cache

    return make


def _of_a_step(reference, cases):
    return _backward_of(reference.gru_step_forward, cases.gru_step_forward)


def _of_a_sequence(reference, cases):
    return _backward_of(reference.gru_forward, cases.gru_forward)


test_gradients_of_a_step_agree_at_other_sizes_down_to_one = sizes_test(
    "gru_step_backward", SIZES_OF_A_STEP, STEP_GRADIENTS, points=3, made_by=_of_a_step
)


test_large_gradients_come_back_through_a_step_as_they_are = sizes_test(
    "gru_step_backward",
    table("N D H", (3, 4, 2)),
    STEP_GRADIENTS,
    points=1,
    made_by=scaled("gru_step_backward", _of_a_step, dh=1e4),
)


test_gradients_of_a_step_agree_in_float32_and_strided = float32_and_strided_test(
    "gru_step_backward", STEP_GRADIENTS, points=1, made_by=_of_a_step, N=4, D=3, H=7
)


test_sequences_agree_at_other_sizes = sizes_test("gru_forward", SIZES_OF_A_SEQUENCE, ("h",), points=2)


test_sequences_agree_at_sizes_of_one = sizes_test("gru_forward", SIZES_OF_ONE, ("h",), points=1)


test_sequences_agree_from_states_that_are_not_between_minus_1_and_1 = sizes_test(
    "gru_forward",
    table("N T D H", (3, 4, 2, 5)),
    ("h",),
    points=1,
    made_by=scaled("gru_forward", h0=8.0),
)


test_sequences_agree_in_float32_and_strided = float32_and_strided_test(
    "gru_forward", ("h",), points=1, N=2, T=6, D=5, H=3
)


test_gradients_of_sequences_agree_at_other_sizes = sizes_test(
    "gru_backward", SIZES_OF_A_SEQUENCE, SEQUENCE_GRADIENTS, points=2, made_by=_of_a_sequence
)


test_gradients_of_sequences_agree_at_sizes_of_one = sizes_test(
    "gru_backward", SIZES_OF_ONE, SEQUENCE_GRADIENTS, points=2, made_by=_of_a_sequence
)


test_large_gradients_come_back_through_a_sequence_as_they_are = sizes_test(
    "gru_backward",
    table("N T D H", (2, 5, 3, 4)),
    SEQUENCE_GRADIENTS,
    points=1,
    made_by=scaled("gru_backward", _of_a_sequence, dh=1e4),
)


test_gradients_of_sequences_agree_in_float32_and_strided = float32_and_strided_test(
    "gru_backward", SEQUENCE_GRADIENTS, points=1, made_by=_of_a_sequence, N=2, T=5, D=3, H=4
)


test_pytorchs_step_agrees_at_other_sizes_down_to_one = sizes_test("torch_gru_step", SIZES_OF_A_STEP, "h", points=2)


test_pytorchs_step_agrees_from_states_that_are_not_between_minus_1_and_1 = sizes_test(
    "torch_gru_step",
    table("N D H", (3, 2, 5)),
    "h",
    points=1,
    made_by=scaled("torch_gru_step", h_prev=8.0),
)


test_pytorchs_step_agrees_in_float32_and_strided = float32_and_strided_test(
    "torch_gru_step", "h", points=1, N=4, D=3, H=7
)


CONVERTED = ("the new U", "the new W", "the new b_U", "the new b_W")


@exercise("gru_to_torch", points=1)
@pytest.mark.parametrize("kind", ["diagonal", "shared", "constant", "blocks", "mixed"])
def test_converted_weights_agree(gru_to_torch, reference, cases, rng, kind):
    sizes = [{"D": D, "H": H, "kind": kind} for D, H in ((2, 7), (5, 4))]
    agree(gru_to_torch, reference, sized(cases.gru_to_torch, rng, sizes), CONVERTED)


test_one_unit_can_always_be_converted = sizes_test(
    "gru_to_torch", [{"D": D, "H": 1, "kind": "any"} for D in (1, 3)], CONVERTED, points=1
)


@exercise("gru_to_torch", points=1)
def test_converted_weights_agree_in_float32_and_strided(gru_to_torch, reference, cases, rng):
    for kind in ("constant", "mixed"):
        args = cases.gru_to_torch(rng, D=3, H=6, kind=kind)
        agree_in_float32_and_strided(gru_to_torch, reference, args, CONVERTED)


@exercise("gru_to_torch", points=1)
@pytest.mark.parametrize("kind", ["shared", "constant", "blocks", "mixed"])
def test_what_is_spoilt_in_any_way_is_refused(gru_to_torch, cases, rng, kind):
    ways = {
        "shared": ("bias", "input", "state", "nearly"),
        "constant": ("input", "state", "nearly"),
        "blocks": ("bias", "input", "connected"),
        "mixed": ("input", "state", "connected"),
    }
    because = "no weights make PyTorch's cell take these steps"
    for spoilt in ways[kind]:
        for D, H in ((3, 8), (1, 6)):
            args = cases.gru_to_torch(rng, D, H, kind, spoilt)
            expect.raises("ValueError", gru_to_torch, *args, because=because)


@exercise("gru_to_torch", points=1)
def test_rows_and_zeros_are_compared_exactly(gru_to_torch, cases, rng):
    def spoilt(kind, array, place, by):
        args = cases.gru_to_torch(rng, D=2, H=5, kind=kind)
        args[array][place] += by
        return args

    calls = [spoilt("constant", 0, (2, 1), 1e-30), spoilt("diagonal", 1, (10 + 3, 1), 1e-30)]
    calls += [spoilt("shared", array, place, 1e-12) for array, place in ((0, (2, 1)), (1, (3, 4)), (2, 4))]
    opposite = cases.gru_to_torch(rng, D=2, H=5, kind="constant")
    opposite[0][2] = 0.4, -0.4
    exchanged = cases.gru_to_torch(rng, D=2, H=5, kind="shared")
    exchanged[0][2] = exchanged[0][2, ::-1].copy()
    because = "rows and zeros are compared exactly, number by number"
    for args in (*calls, opposite, exchanged):
        expect.raises("ValueError", gru_to_torch, *args, because=because)


@exercise("gru_to_torch", points=1)
def test_one_connection_is_enough_to_be_refused_and_none_is_needed_to_be_converted(gru_to_torch, reference, cases, rng):
    U, W, b = cases.gru_to_torch(rng, D=3, H=5, kind="diagonal")
    W_n = W[10:]
    for reader, read in ((4, 0), (0, 4), (2, 3)):
        spoilt = W.copy()
        spoilt[10 + reader, read] = -0.2
        args = copy.deepcopy((U, spoilt, b))
        expect.raises("ValueError", gru_to_torch, *args, because="one unit reads another one's state")
    round_about = W.copy()
    round_about[10:] = np.roll(W_n, 1, axis=1)
    args = copy.deepcopy((U, round_about, b))
    expect.raises("ValueError", gru_to_torch, *args, because="each unit reads one other and not itself")
    W_n[:] = 0.0
    agree(gru_to_torch, reference, [("with a candidate that reads no state", (U, W, b))], CONVERTED)


@exercise("gru_to_torch", points=1)
def test_a_unit_that_reads_another_one_is_refused_whichever_of_them_is_special(gru_to_torch, cases, rng):
    U, W, b = cases.gru_to_torch(rng, D=3, H=6, kind="mixed")
    constant = (U[:6] == 0).all(axis=1)
    one, other = np.flatnonzero(constant)[0], np.flatnonzero(~constant)[0]
    calls = [(U, W, b, one, other), (U, W, b, other, one)]
    U, W, b = cases.gru_to_torch(rng, D=3, H=6, kind="diagonal")
    U[4], W[4], b[4] = U[1], W[1], b[1] + 0.2  # of two reset gates one is always the larger
    calls += [(U, W, b, 1, 4), (U, W, b, 4, 1)]
    for U, W, b, reader, read in calls:
        W = W.copy()
        W[12 + reader, read] = 0.3
        args = copy.deepcopy((U, W, b))
        expect.raises("ValueError", gru_to_torch, *args, because="one unit reads another one's state")


@exercise("count_cell_parameters", points=3)
def test_counts_and_memory_of_all_cells_agree(count_cell_parameters, reference, cases, rng):
    calls = [cases.count_cell_parameters(rng, cell, 300, biases) for cell in cases.CELLS for biases in (1, 2)]
    calls += [(cell, D, H, biases, 1) for cell in cases.CELLS for D, H in ((1, 1), (1, 4), (5, 1)) for biases in (1, 2)]
    agree(count_cell_parameters, reference, [(f"of {args[0]}", args) for args in calls])


@exercise("adding_problem_batch", points=2)
def test_batches_agree(adding_problem_batch, reference, cases, rng):
    sizes = table("N T", (8, 13), (40, 6), (1, 2), (3, 2), (9, 3))
    make = cases.adding_problem_batch
    agree(adding_problem_batch, reference, sized(make, rng, sizes), ("x", "y"))


@exercise("adding_problem_batch", points=1)
def test_the_next_batch_of_a_generator_agrees(adding_problem_batch, reference, cases, rng):
    generator, N, T = cases.adding_problem_batch(rng)
    twin = copy.deepcopy(generator)
    desired = [reference.adding_problem_batch(twin, N, T) for _ in range(2)]
    first = adding_problem_batch.watched(generator, N, T)
    results = [first.value, adding_problem_batch(first.args[0], N, T)]
    results_agree(results, desired, ["of the first batch", "of the second batch"], ("x", "y"))


def _stacked_agree(target, reference, args, words, dtype=torch.float64):
    desired = reference.stacked_gru_step(*args).numpy()
    h = target(*args)
    expect.that(type(h) is torch.Tensor, f"h {words} is not a torch tensor")
    expect.that(h.dtype is dtype, f"h {words} has another dtype than the arguments")
    expect.close(h.numpy(), desired, name=f"h {words}", dtype=desired.dtype)


@exercise("stacked_gru_step", points=2)
def test_stacked_steps_agree_at_other_sizes_down_to_one(stacked_gru_step, reference, cases, rng):
    for S, N, D, H in ((1, 1, 1, 1), (1, 4, 2, 3), (5, 1, 1, 2), (2, 6, 3, 1), (4, 4, 4, 4)):
        args = cases.stacked_gru_step(rng, S, N, D, H)
        _stacked_agree(stacked_gru_step, reference, args, f"with S = {S}, N = {N}, D = {D}, H = {H}")


@exercise("stacked_gru_step", points=1)
def test_stacked_steps_agree_from_states_that_are_not_between_minus_1_and_1(stacked_gru_step, reference, cases, rng):
    x, h_prev, *weights = cases.stacked_gru_step(rng, S=2, N=3, D=4, H=5)
    _stacked_agree(stacked_gru_step, reference, (x, 8 * h_prev, *weights), "from a state of large numbers")


@exercise("stacked_gru_step", points=1)
def test_stacked_steps_agree_in_float32(stacked_gru_step, reference, cases, rng):
    args = tuple(tensor.float() for tensor in cases.stacked_gru_step(rng, S=3, N=2, D=5, H=4))
    _stacked_agree(stacked_gru_step, reference, args, "with float32 tensors", torch.float32)


@exercise("stacked_gru_step", points=1)
def test_the_gradients_of_stacked_steps_agree(probe, reference, cases, rng):
    args = cases.stacked_gru_step(rng, S=2, N=4, D=3, H=3)
    desired = cases.PROBES["stacked_step_and_gradients"](vars(reference), *args)
    shown = probe("stacked_step_and_gradients", *args)
    expect.that(type(shown) is dict and list(shown) == list(desired), "h is not a torch tensor")
    for name, wanted in desired.items():
        expect.close(shown[name].numpy(), wanted.numpy(), name=name)


CLOSE = 1e-5  # relative, of what training makes of rounding


def _expect_training(results, desired, *, rtol=CLOSE, dtype=np.float64):
    for result, (steps, curves, trained) in zip(results, desired, strict=True):
        expect.tuple(result, 3, "the result")
        expect.close(result[1], curves, name="curves", rtol=rtol, dtype=dtype)
        expect.equal(result[0], steps, name="steps")
        expect.that(type(result[2]) is list and len(result[2]) == 5, "trained is not a list of five arrays")
        for name, array, wanted in zip(("U", "W", "b", "V", "c_out"), result[2], trained, strict=True):
            expect.close(array, wanted, name=f"{name} after training", rtol=rtol, dtype=dtype)


@exercise("train_to_criterion", points=2)
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_training_agrees(train_to_criterion, reference, cases, rng, cell):
    calls = [
        cases.train_to_criterion(rng, cell, (0.9, 0.3, -1.0, -3.0), B=8, N=3, T=5, D=4, H=2),
        cases.train_to_criterion(rng, cell, (0.5, 0.2), B=9, T=2, D=3, criterion=0.1, lr=0.2, clip=0.1, spread=0.3),
        cases.train_to_criterion(rng, cell, (3.0,), B=5, T=1, D=1, H=1, N=1, clip=50.0),
    ]
    desired = [reference.train_to_criterion(*copy.deepcopy(args)) for args in calls]
    _expect_training(train_to_criterion.map(calls), desired)


@exercise("train_to_criterion", points=1)
def test_only_a_loss_below_the_criterion_meets_it(train_to_criterion, reference, cases, rng):
    args = cases.train_to_criterion(rng, outputs=(0.5, 0.5), B=4, criterion=0.25, spread=0.0)
    desired = reference.train_to_criterion(*copy.deepcopy(args))
    _expect_training([train_to_criterion(*args)], [desired])


@exercise("train_to_criterion", points=1)
def test_a_gradient_of_zero_stays_zero(train_to_criterion, reference, cases, rng):
    args = cases.train_to_criterion(rng, outputs=(1.0, 0.0), B=3, criterion=-1.0, spread=0.0)
    desired = reference.train_to_criterion(*copy.deepcopy(args))
    _expect_training([train_to_criterion(*args)], [desired])


@exercise("train_to_criterion", points=1)
def test_training_agrees_in_float32_and_strided(train_to_criterion, reference, cases, rng):
    args = cases.train_to_criterion(rng, cell="lstm", outputs=(0.6, 0.0), B=5, T=3)
    desired, single = reference.train_to_criterion(*copy.deepcopy(args)), arrays.in_float32(args)
    wanted = reference.train_to_criterion(*copy.deepcopy(single))
    strided, in_float32 = train_to_criterion.map([arrays.strided(args), single])
    _expect_training([strided], [desired])
    _expect_training([in_float32], [wanted], rtol=1e-3, dtype=np.float32)


OF_A_MINIMAL_STEP = ("h", "dx", "dh_prev", "dU", "dW", "db")


test_minimal_steps_agree_at_other_sizes_down_to_one = sizes_test(
    "mgu_step", SIZES_OF_A_STEP, OF_A_MINIMAL_STEP, points=2
)


@exercise("mgu_step", points=1)
def test_minimal_steps_agree_from_a_state_of_zeros_and_with_gates_at_their_ends(mgu_step, reference, cases, rng):
    dh, x, h_prev, U, W, b = cases.mgu_step(rng, N=4, D=3, H=6)
    ends = b.copy()
    ends[:3], ends[3:6] = 40.0, -40.0
    calls = [("from zeros", (dh, x, 0 * h_prev, U, W, b)), ("with gates at their ends", (dh, x, h_prev, U, W, ends))]
    agree(mgu_step, reference, calls, OF_A_MINIMAL_STEP, made_of=1.0)


test_minimal_steps_agree_in_float32_and_strided = float32_and_strided_test(
    "mgu_step", OF_A_MINIMAL_STEP, points=1, N=4, D=3, H=7
)


@exercise("gated_scan", points=2)
@pytest.mark.parametrize("ends", [False, True], ids=["between", "at_the_ends"])
def test_scans_agree_at_other_sizes_down_to_one(gated_scan, reference, cases, rng, ends):
    sizes = [
        {"N": N, "T": T, "H": H, "ends": ends}
        for N, T, H in ((1, 1, 1), (4, 2, 1), (1, 3, 5), (2, 16, 3), (3, 17, 2), (5, 31, 1), (2, 6, 6))
    ]
    agree(gated_scan, reference, sized(cases.gated_scan, rng, sizes))


@exercise("gated_scan", points=1)
def test_a_long_scan_agrees(gated_scan, reference, cases, rng):
    args = cases.gated_scan(rng, N=1, T=700, H=2)
    agree(gated_scan, reference, [("of 700 steps", args)])


test_scans_agree_in_float32_and_strided = float32_and_strided_test("gated_scan", points=1, N=2, T=11, H=3)
