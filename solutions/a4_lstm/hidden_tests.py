"""The hidden tests of assignment 4: other inputs, other sizes (the degenerate ones too), float32 and strided arrays.

Expected values are computed from the reference, never typed, and no message shows one. Backward passes are given the
caches of the reference.
"""

import copy

import numpy as np

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import EITHER_FLOAT, results_agree, table
from selfcheck.common_tests import float32_and_strided_test, scaled, sizes_test

ORIGINAL = "of original_lstm_step"


def _original(probe, asked, args, words, **tolerance):
    """The student's original_lstm_step, which stands in the cell of additive_cell."""
    desired = asked.original_lstm_step(*copy.deepcopy(args))
    result = probe("original_lstm_step", *args)
    results_agree([result], [desired], [f"{ORIGINAL} {words}"], ("h", "c"), **tolerance)


test_the_additive_cell_agrees_at_other_sizes_down_to_one = sizes_test(
    "additive_cell",
    table("N D H gates", (1, 1, 1), (1, 3, 2, False), (4, 1, 5), (6, 7, 1, False), (5, 5, 5)),
    ("h", "c"),
    points=2,
)


test_the_additive_cell_agrees_where_the_cell_has_grown = sizes_test(
    "additive_cell", table("N D H", (4, 3, 5)), ("h", "c"), points=1, made_by=scaled("additive_cell", c_prev=200.0)
)


test_the_additive_cell_agrees_in_float32_and_strided = float32_and_strided_test(
    "additive_cell", ("h", "c"), points=1, N=4, D=3, H=7
)


@exercise("additive_cell", points=2)
def test_the_original_lstm_agrees_at_other_sizes_down_to_one(probe, reference, cases, rng):
    for N, D, H in ((1, 1, 1), (1, 4, 2), (7, 2, 3), (3, 3, 3)):
        args = cases.original_lstm_step(rng, N, D, H)
        _original(probe, reference, args, f"with N = {N}, D = {D}, H = {H}")
    args = cases.original_lstm_step(rng, N=2, D=3, H=4)
    _original(probe, reference, arrays.strided(args), "with strided arrays")
    _original(probe, reference, arrays.in_float32(args), "with float32 arrays", rtol=1e-4, dtype=EITHER_FLOAT)
    x, h_prev, c_prev, *weights = cases.original_lstm_step(rng, N=4, D=3, H=5)
    _original(probe, reference, (x, h_prev, 50 * c_prev, *weights), "with cells that have grown")


SIZES_OF_A_STEP = table("N D H", (1, 1, 1), (1, 3, 2), (4, 1, 5), (6, 4, 1), (5, 5, 5), (9, 2, 8))


test_a_step_agrees_at_other_sizes_down_to_one = sizes_test("lstm_step_forward", SIZES_OF_A_STEP, ("h", "c"), points=3)


test_a_step_agrees_where_the_cell_has_grown = sizes_test(
    "lstm_step_forward",
    table("N D H", (4, 3, 5)),
    ("h", "c"),
    points=1,
    made_by=scaled("lstm_step_forward", c_prev=200.0),
)


test_a_step_agrees_where_gates_are_saturated = sizes_test(
    "lstm_step_forward", table("N D H", (5, 2, 6)), ("h", "c"), points=1, made_by=scaled("lstm_step_forward", x=20.0)
)


test_a_step_agrees_in_float32_and_strided = float32_and_strided_test(
    "lstm_step_forward", ("h", "c"), points=1, N=4, D=3, H=7
)


def _expect_biases(gate_settings, asked, calls, *, rtol=1e-7, dtype=np.float64):
    desired = [asked(*copy.deepcopy(args)) for args in calls]
    for found, wanted, args in zip(gate_settings.map(calls), desired, calls, strict=True):
        words = f"for T = {args[5]}, x_max = {args[4]:.2g}"
        expect.close(found, wanted, name=f"the new b {words}", rtol=rtol, dtype=dtype)


@exercise("gate_settings", points=2)
def test_the_biases_agree_for_other_weights_times_and_tolerances(gate_settings, reference, cases, rng):
    calls = [
        cases.gate_settings(rng, D=5, H=9),
        cases.gate_settings(rng, D=3, H=3, T=250, tolerance=2e-3),
        cases.gate_settings(rng, D=2, H=7, T=1, tolerance=0.47),
        cases.gate_settings(rng, D=6, H=4, T=2, tolerance=0.45),
    ]
    _expect_biases(gate_settings, reference.gate_settings, calls)


@exercise("gate_settings", points=1)
def test_the_biases_agree_for_one_unit_and_where_nothing_moves_the_gates(gate_settings, reference, cases, rng):
    calls = [cases.gate_settings(rng, D=1, H=1) for _ in range(3)]
    calls += [cases.gate_settings(rng, D=2, H=5, x_max=0.0), cases.gate_settings(rng, D=3, H=2, scale=0.0, T=100)]
    _expect_biases(gate_settings, reference.gate_settings, calls)


@exercise("gate_settings", points=1)
def test_the_biases_agree_where_the_old_ones_were_large(gate_settings, reference, cases, rng):
    behaviours, U, W, b, *rest = cases.gate_settings(rng, D=3, H=8)
    _expect_biases(gate_settings, reference.gate_settings, [(behaviours, U, W, 1e3 * b, *rest)])


@exercise("gate_settings", points=1)
def test_the_biases_agree_in_float32_and_strided(gate_settings, reference, cases, rng):
    args = cases.gate_settings(rng, D=3, H=6)
    _expect_biases(gate_settings, reference.gate_settings, [arrays.strided(args)])
    _expect_biases(gate_settings, reference.gate_settings, [arrays.in_float32(args)], rtol=1e-4, dtype=EITHER_FLOAT)


test_a_sequence_agrees_at_other_sizes = sizes_test(
    "lstm_forward", table("N T D H initial", (4, 35, 2, 3), (2, 6, 7, 5, False)), ("h", "c_last"), points=2
)


test_a_sequence_agrees_at_sizes_of_one = sizes_test(
    "lstm_forward",
    table("N T D H initial", (1, 1, 1, 1), (3, 1, 2, 4), (1, 7, 3, 2), (2, 5, 1, 1, False), (4, 4, 4, 4)),
    ("h", "c_last"),
    points=2,
)


test_a_sequence_agrees_where_the_cell_has_grown = sizes_test(
    "lstm_forward",
    table("N T D H", (2, 4, 3, 5)),
    ("h", "c_last"),
    points=1,
    made_by=scaled("lstm_forward", c0=200.0),
)


test_a_sequence_agrees_where_gates_are_saturated = sizes_test(
    "lstm_forward", table("N T D H", (3, 4, 2, 5)), ("h", "c_last"), points=1, made_by=scaled("lstm_forward", x=20.0)
)


test_a_sequence_agrees_in_float32_and_strided = float32_and_strided_test(
    "lstm_forward", ("h", "c_last"), points=1, N=2, T=6, D=5, H=3
)


STEP_GRADIENTS = ("dx", "dh_prev", "dc_prev", "dU", "dW", "db")


def _step(reference, cases):
    def make(rng, N, D, H):
        *_, cache = reference.lstm_step_forward(*cases.lstm_step_forward(rng, N, D, H))
        return *cases.step_gradients(rng, N, H), cache

    return make


test_a_steps_gradients_agree_at_other_sizes_down_to_one = sizes_test(
    "lstm_step_backward", SIZES_OF_A_STEP, STEP_GRADIENTS, points=2, made_by=_step
)


@exercise("lstm_step_backward", points=1)
def test_a_steps_gradients_are_those_of_a_small_change_of_the_arguments(lstm_step_backward, reference, cases, rng):
    args = cases.lstm_step_forward(rng, N=4, D=3, H=5)
    *_, cache = reference.lstm_step_forward(*args)
    dh, dc = cases.step_gradients(rng, 4, 5)
    result = lstm_step_backward(*copy.deepcopy((dh, dc, cache)))
    _expect_slopes(result, STEP_GRADIENTS, reference.lstm_step_forward, args, (dh, dc), rng)


test_large_gradients_come_back_through_a_step_as_they_are = sizes_test(
    "lstm_step_backward",
    table("N D H", (3, 4, 2)),
    STEP_GRADIENTS,
    points=1,
    made_by=scaled("lstm_step_backward", _step, dh=1e4, dc=1e4),
)


def _large_step(reference, cases):
    def make(rng, N, D, H, size):
        x, h_prev, c_prev, *weights = cases.lstm_step_forward(rng, N, D, H)
        *_, cache = reference.lstm_step_forward(4 * x, h_prev, size * c_prev, *weights)
        return *cases.step_gradients(rng, N, H), cache

    return make


test_a_steps_gradients_agree_where_cell_and_gates_are_large = sizes_test(
    "lstm_step_backward",
    table("N D H size", (4, 3, 5, 4.0), (3, 2, 4, 50.0)),
    STEP_GRADIENTS,
    points=1,
    made_by=_large_step,
)


test_a_steps_gradients_agree_in_float32_and_strided = float32_and_strided_test(
    "lstm_step_backward", STEP_GRADIENTS, points=1, made_by=_step, N=4, D=3, H=7
)


def _expect_slopes(result, names, forward, args, arriving, rng):
    """Each gradient gives the slope of L = sum of d * output along a random direction, as central differences do."""
    expect.tuple(result, len(names), "the result")
    for place, name in enumerate(names):
        expect.array(result[place], shape=args[place].shape, name=name)
        direction = rng.standard_normal(args[place].shape)
        ahead, behind = (_loss(forward, args, place, sign * 1e-5 * direction, arriving) for sign in (1, -1))
        slope = float((result[place] * direction).sum())
        expect.close(slope, (ahead - behind) / 2e-5, name=f"the slope that {name} gives", rtol=1e-6, atol=1e-8)


def _loss(forward, args, place, step, arriving):
    moved = [arg + step if i == place else arg for i, arg in enumerate(args)]
    return float(sum((d * output).sum() for d, output in zip(arriving, forward(*moved), strict=False)))


GRADIENTS = ("dx", "dU", "dW", "db", "dh0", "dc0")


def _sequence(reference, cases):
    def make(rng, N, T, D, H, initial=True):
        *_, cache = reference.lstm_forward(*cases.lstm_forward(rng, N, T, D, H, initial))
        return *cases.gradients(rng, N, T, H), cache

    return make


test_a_sequences_gradients_agree_at_other_sizes = sizes_test(
    "lstm_backward",
    table("N T D H initial", (4, 35, 2, 3), (2, 6, 7, 5, False), (5, 5, 5, 5)),
    GRADIENTS,
    points=2,
    made_by=_sequence,
)


test_a_sequences_gradients_agree_at_sizes_of_one = sizes_test(
    "lstm_backward",
    table("N T D H initial", (1, 1, 1, 1), (3, 1, 2, 4), (1, 6, 3, 2), (2, 2, 1, 1, False)),
    GRADIENTS,
    points=2,
    made_by=_sequence,
)


@exercise("lstm_backward", points=1)
def test_a_sequences_gradients_are_those_of_a_small_change_of_the_arguments(lstm_backward, reference, cases, rng):
    args = cases.lstm_forward(rng, N=2, T=6, D=3, H=4)
    *_, cache = reference.lstm_forward(*args)
    arriving = cases.gradients(rng, 2, 6, 4)
    result = lstm_backward(*copy.deepcopy((*arriving, cache)))
    _expect_slopes(result, GRADIENTS, reference.lstm_forward, args, arriving, rng)


test_large_gradients_come_back_through_a_sequence_as_they_are = sizes_test(
    "lstm_backward",
    table("N T D H", (2, 5, 3, 4)),
    GRADIENTS,
    points=1,
    made_by=scaled("lstm_backward", _sequence, dh=1e4, dc_last=1e4),
)


def _large_sequence(reference, cases):
    def make(rng, N, T, D, H, size):
        x, U, W, b, h0, c0 = cases.lstm_forward(rng, N, T, D, H)
        *_, cache = reference.lstm_forward(4 * x, U, W, b, h0, size * c0)
        return *cases.gradients(rng, N, T, H), cache

    return make


test_a_sequences_gradients_agree_where_cells_and_gates_are_large = sizes_test(
    "lstm_backward",
    table("N T D H size", (3, 4, 2, 5, 4.0), (2, 3, 4, 3, 50.0)),
    GRADIENTS,
    points=1,
    made_by=_large_sequence,
)


test_a_sequences_gradients_agree_in_float32_and_strided = float32_and_strided_test(
    "lstm_backward", GRADIENTS, points=1, made_by=_sequence, N=2, T=5, D=4, H=3
)


test_the_peephole_step_agrees_at_other_sizes_down_to_one = sizes_test(
    "peephole_step", SIZES_OF_A_STEP, ("h", "c"), points=3
)


test_the_peephole_step_agrees_where_the_cell_has_grown = sizes_test(
    "peephole_step", table("N D H", (4, 3, 5)), ("h", "c"), points=1, made_by=scaled("peephole_step", c_prev=200.0)
)


test_the_peephole_step_agrees_where_gates_are_saturated = sizes_test(
    "peephole_step", table("N D H", (5, 2, 6)), ("h", "c"), points=1, made_by=scaled("peephole_step", x=20.0)
)


test_the_peephole_step_agrees_in_float32_and_strided = float32_and_strided_test(
    "peephole_step", ("h", "c"), points=1, N=4, D=3, H=7
)


@exercise("forget_bias_init", points=2)
def test_the_biases_of_every_rule_agree_at_other_sizes(forget_bias_init, reference, cases, rng):
    calls = [
        cases.forget_bias_init(rng, H=H, rule=rule, each=each)
        for H, rule, each in (
            (1, "zero", False),
            (1, "remember", True),
            (9, "one", False),
            (8, "remember", False),
            (7, "remember", True),
        )
    ]
    calls += [(calls[3][0].copy(), "remember", T) for T in (1, 0.4, 7e4)]
    desired = [reference.forget_bias_init(*copy.deepcopy(args)) for args in calls]
    for (_, rule, _), found, wanted in zip(calls, forget_bias_init.map(calls), desired, strict=True):
        expect.close(found, wanted, name=f'the new b by the rule "{rule}"')


@exercise("forget_bias_init", points=1)
def test_the_initial_biases_agree_in_float32_and_strided(forget_bias_init, reference, cases, rng):
    args = cases.forget_bias_init(rng, H=5, each=True)
    desired = reference.forget_bias_init(*args)
    strided, single = forget_bias_init.map([arrays.strided(args), arrays.in_float32(args)])
    expect.close(strided, desired, name="the new b of strided arrays")
    expect.close(single, desired, name="the new b of float32 arrays", rtol=1e-4, dtype=EITHER_FLOAT)
