"""The hidden tests of assignment 2: other inputs, other sizes (the degenerate ones too), float32 and strided arrays.

Expected values are computed from the reference, never typed, and no message shows one.
"""

import copy

import numpy as np

from selfcheck import exercise, expect
from selfcheck.agreement import agree, agree_in_float32_and_strided, sized, table
from selfcheck.common_tests import float32_and_strided_test, scaled, sizes_test

STEP = ("dx", "dh_prev", "dU", "dW", "db")
SEQUENCE = ("dx", "dU", "dW", "db", "dh0")
LOSS = ("dh", "dV", "dc_out")


# chain_rule_terms


def _expect_terms(probe, cases, reference, points):
    desired = cases.PROBES["values_of_terms"](vars(reference), points)
    values = probe("values_of_terms", points)
    expect.that(type(values) is dict and list(values) == list(desired), "the three terms could not be evaluated")
    for name, wanted in desired.items():
        expect.close(values[name], wanted, name=name)


@exercise("chain_rule_terms", points=3)
def test_the_terms_agree_at_many_points(probe, cases, reference, rng):
    (points,) = cases.chain_rule_terms(rng, P=40)
    _expect_terms(probe, cases, reference, points)


@exercise("chain_rule_terms", points=1)
def test_the_terms_agree_where_one_symbol_is_zero(probe, cases, reference, rng):
    (points,) = cases.chain_rule_terms(rng, P=6)
    points[np.arange(6), np.arange(6)] = 0.0
    _expect_terms(probe, cases, reference, points)


# numerical_gradient


def _expect_gradient(probe, cases, reference, case):
    desired = cases.PROBES["gradient_of"](vars(reference), *copy.deepcopy(case))["gradient"]
    result = probe("gradient_of", *copy.deepcopy(case))
    expect.that(type(result) is dict and list(result) == ["gradient", "args"], "no gradient came back")
    expect.close(result["gradient"], desired, name=f"the gradient of the loss {case[0]}", rtol=1e-6)
    expect.unchanged(list(case[1]), result["args"], name="args")


@exercise("numerical_gradient", points=2)
def test_gradients_of_arrays_of_any_shape_agree(probe, cases, reference, rng):
    for shape in ((1,), (7,), (2, 1, 3), (2, 3, 2, 2)):
        _expect_gradient(probe, cases, reference, cases.numerical_gradient(rng, "saturating", shape, step=0.3))


@exercise("numerical_gradient", points=2)
def test_gradients_of_losses_with_integers_and_none_among_their_arguments_agree(probe, cases, reference, rng):
    _expect_gradient(probe, cases, reference, cases.numerical_gradient(rng, "looked_up", (4, 3), step=0.05))
    _expect_gradient(probe, cases, reference, cases.numerical_gradient(rng, "looked_up", (6, 2), step=None))


@exercise("numerical_gradient", points=1)
def test_gradients_along_the_first_argument_and_the_last_agree(probe, cases, reference, rng):
    loss, (weights, X, scale), *_ = cases.numerical_gradient(rng, "saturating", (3, 2))
    _expect_gradient(probe, cases, reference, (loss, (weights, X, scale), 0, 0.2))
    _expect_gradient(probe, cases, reference, (loss, (weights, X, np.full((3, 2), scale)), 2, 0.2))


# rnn_step_backward


test_a_step_backward_agrees_at_other_sizes_down_to_one = sizes_test(
    "rnn_step_backward",
    table("N D H", (1, 1, 1), (1, 3, 2), (4, 1, 5), (6, 7, 1), (4, 4, 4), (9, 2, 8)),
    STEP,
    points=2,
)


test_large_gradients_come_back_through_a_step_as_they_are = sizes_test(
    "rnn_step_backward",
    table("N D H", (3, 4, 2)),
    STEP,
    points=1,
    made_by=scaled("rnn_step_backward", dh=1e4),
)


@exercise("rnn_step_backward", points=1)
def test_a_step_backward_agrees_where_units_are_nearly_saturated(rnn_step_backward, reference, cases, rng):
    dh, (x, h_prev, U, W, _) = cases.rnn_step_backward(rng, N=1, D=3, H=6)
    h = np.tanh(rng.choice([-1.0, 1.0], (1, 6)) * rng.permutation(np.linspace(2.5, 6.0, 6)))  # b may be anything
    args = dh, (x, h_prev, U, W, h)
    agree(rnn_step_backward, reference, [("with units near 1 and -1", args)], STEP)


test_a_step_backward_agrees_in_float32_and_strided = float32_and_strided_test(
    "rnn_step_backward", STEP, points=1, N=4, D=3, H=7
)


# rnn_backward


test_a_sequence_backward_agrees_at_other_sizes = sizes_test(
    "rnn_backward", table("N T D H dh_last", (4, 13, 2, 3), (2, 6, 7, 5, False), (4, 4, 4, 4)), SEQUENCE, points=2
)


test_a_sequence_backward_agrees_at_sizes_of_one = sizes_test(
    "rnn_backward",
    table("N T D H dh_last", (1, 1, 1, 1), (3, 1, 2, 4), (3, 1, 2, 4, False), (1, 7, 3, 2), (2, 5, 1, 1)),
    SEQUENCE,
    points=2,
)


test_a_sequence_backward_agrees_in_float32_and_strided = float32_and_strided_test(
    "rnn_backward", SEQUENCE, points=1, N=2, T=6, D=5, H=3
)


test_large_gradients_come_back_as_they_are = sizes_test(
    "rnn_backward",
    table("N T D H", (2, 6, 3, 4)),
    SEQUENCE,
    points=1,
    made_by=scaled("rnn_backward", dh=1e4, dh_last=1e4),
)


@exercise("rnn_backward", points=1)
def test_four_thousand_steps_are_one_pass(rnn_backward, reference, cases, rng):
    args = cases.rnn_backward(rng, N=1, T=4000, D=1, H=2)
    agree(rnn_backward, reference, [("after 4000 steps", args)], SEQUENCE)


# sequence_loss_backward


test_the_gradients_of_the_loss_agree_at_other_sizes_down_to_one = sizes_test(
    "sequence_loss_backward",
    table("N T H K", (1, 1, 1, 1), (1, 1, 3, 2), (4, 1, 1, 5), (1, 6, 2, 3), (3, 3, 3, 3), (2, 9, 5, 60)),
    LOSS,
    points=2,
)


@exercise("sequence_loss_backward", points=1)
def test_the_gradients_of_the_loss_agree_where_probabilities_are_zero_and_one(
    sequence_loss_backward, reference, cases, rng
):
    calls = [("with logits far apart", cases.sequence_loss_backward(rng, N=2, T=6, H=4, K=5, scale=3000.0))]
    agree(sequence_loss_backward, reference, calls, LOSS)


test_the_gradients_of_the_loss_agree_in_float32_and_strided = float32_and_strided_test(
    "sequence_loss_backward", LOSS, points=1, N=2, T=4, H=7, K=3
)


# state_jacobian


@exercise("state_jacobian", points=2)
def test_the_jacobians_agree_at_other_sizes_down_to_one(state_jacobian, reference, cases, rng):
    sizes = table("N H", (1, 1), (1, 4), (6, 1), (3, 3), (2, 9))
    sizes += [{**some, "nonlinearity": "sigmoid"} for some in sizes]
    agree(state_jacobian, reference, sized(cases.state_jacobian, rng, sizes), "J")


@exercise("state_jacobian", points=1)
def test_the_jacobians_are_finite_however_large_a_is(state_jacobian, reference, cases, rng):
    a, W, _ = cases.state_jacobian(rng, N=4, H=3)
    calls = [(f"with a {size:g} times as large", (size * a, W, f)) for size in (30.0, 1e4) for f in ("tanh", "sigmoid")]
    agree(state_jacobian, reference, calls, "J", made_of=float(abs(W).max()))


@exercise("state_jacobian", points=1)
def test_the_jacobians_agree_in_float32_and_strided(state_jacobian, reference, cases, rng):
    for nonlinearity in ("tanh", "sigmoid"):
        args = cases.state_jacobian(rng, N=2, H=4, nonlinearity=nonlinearity)
        agree_in_float32_and_strided(state_jacobian, reference, args, "J")


# jacobian_product


test_the_products_agree_at_other_sizes_down_to_one = sizes_test(
    "jacobian_product", table("N T H", (1, 1, 1), (4, 1, 3), (1, 2, 3), (2, 9, 1), (3, 3, 3), (2, 11, 5)), "P", points=2
)


@exercise("jacobian_product", points=1)
def test_the_products_agree_where_jacobians_have_no_inverse(jacobian_product, reference, cases, rng):
    (J,) = cases.jacobian_product(rng, N=3, T=7, H=4)
    J[0, 4, 2] = 0.0  # the row of a saturated unit
    J[1, 1, :, 3] = 0.0
    J[2, 5] = 0.0
    agree(jacobian_product, reference, [("with singular Jacobians", (J,))], "P")


@exercise("jacobian_product", points=1)
def test_twenty_thousand_steps_take_twenty_thousand_products(jacobian_product, reference, cases, rng):
    agree(jacobian_product, reference, [("after 20000 steps", cases.jacobian_product(rng, N=1, T=20_000, H=2))], "P")


test_the_products_agree_in_float32_and_strided = float32_and_strided_test(
    "jacobian_product", "P", points=1, N=2, T=5, H=3
)


# gradient_contributions


test_the_norms_agree_at_other_sizes_down_to_one = sizes_test(
    "gradient_contributions",
    table("N T D H", (1, 1, 1, 1), (3, 1, 2, 4), (1, 6, 3, 2), (2, 5, 1, 1), (4, 4, 4, 4), (5, 30, 3, 7)),
    "norms",
    points=2,
)


test_the_norms_agree_in_float32_and_strided = float32_and_strided_test(
    "gradient_contributions", "norms", points=1, N=2, T=5, D=3, H=4
)


# spectral_verdict


def _expect_verdicts(spectral_verdict, reference, calls):
    desired = [reference.spectral_verdict(*copy.deepcopy(args)) for args in calls]
    expect.equal(spectral_verdict.map(calls), desired, name="the list of verdicts")


@exercise("spectral_verdict", points=2)
def test_verdicts_agree_on_many_matrices(spectral_verdict, reference, cases, rng):
    matrices, gammas = cases.spectral_verdict(rng, count=40)
    calls = list(zip(matrices, gammas, strict=True))
    calls += [(size * np.ones((1, 1)), gamma) for size in (-3.0, 0.0, 0.7, 2.0) for gamma in (1.0, 0.25)]
    calls += [(W.astype(np.float32), gamma) for i, (W, gamma) in enumerate(calls[:12]) if i % 8 < 3]
    _expect_verdicts(spectral_verdict, reference, calls)


@exercise("spectral_verdict", points=1)
def test_what_is_within_the_tolerance_of_the_border_is_undecided(spectral_verdict, cases, reference, rng):
    calls = []
    for kind in ("vanishes", "may explode"):
        for H, gamma in ((2, 1.0), (4, 0.25)):
            W = cases.spectral_matrix(rng, kind, H, gamma, near=1e-3)
            calls += [(W, gamma), (W, gamma, 5e-4), (W, gamma, 2e-3)]
    _expect_verdicts(spectral_verdict, reference, calls)


@exercise("spectral_verdict", points=1)
def test_eigenvalues_that_are_not_real_count_by_their_size(spectral_verdict, reference, rng):
    calls = []
    for size in (0.7, 1.4):
        for angle in (0.4, np.pi / 2, 2.5):
            turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            calls += [(turn,), (np.block([[turn, rng.uniform(1, 2, (2, 2))], [np.zeros((2, 2)), 0.5 * turn]]),)]
    _expect_verdicts(spectral_verdict, reference, calls)


@exercise("spectral_verdict", points=1)
def test_verdicts_agree_whichever_vectors_a_matrix_stretches_most(spectral_verdict, reference, rng):
    calls = []
    for size in (0.9, 1.1):
        for angle in (0.4, 1.1, 2.0, 2.5):  # repeated products grow and shrink in turns
            turn = size * np.array([[np.cos(angle), -9 * np.sin(angle)], [np.sin(angle) / 9, np.cos(angle)]])
            calls += [(turn,), (turn.T.copy(),)]
    for H in (2, 4, 6):
        ones, apart = np.ones(H) / np.sqrt(H), np.concatenate([np.ones(H // 2), -np.ones(H // 2)]) / np.sqrt(H)
        # a vector of ones never shows what the matrix does to others
        calls.append((0.5 * np.outer(ones, ones) + rng.choice([-1.4, 1.4]) * np.outer(apart, apart),))
    _expect_verdicts(spectral_verdict, reference, calls)


# fixed_points


def _expect_points(fixed_points, reference, units):
    desired = [reference.fixed_points(w, b) for w, b in units]
    for (w, b), found, wanted in zip(units, fixed_points.map(units), desired, strict=True):
        expect.close(found, wanted, name=f"the fixed points for w = {w:.3g}, b = {b:.3g}", rtol=0, atol=2e-9)


@exercise("fixed_points", points=2)
def test_fixed_points_of_many_units_agree(fixed_points, reference, cases, rng):
    w, b = cases.fixed_points(rng, count=30)
    _expect_points(fixed_points, reference, list(zip(w.tolist(), b.tolist(), strict=True)))


@exercise("fixed_points", points=2)
def test_fixed_points_of_saturated_and_of_weak_units_agree(fixed_points, reference, rng):
    signs = rng.choice([-1.0, 1.0], 5).tolist()
    units = [(20.0, 0.0), (60.0, signs[0] * 20.0), (35.0, signs[1] * 50.0), (400.0, signs[2] * 150.0)]
    units += [(0.0, signs[3] * 0.6), (-8.0, 0.3), (-60.0, signs[4] * 2.0), (0.9, 0.0), (1.2, 0.0), (2.0, 30.0)]
    _expect_points(fixed_points, reference, units)


@exercise("fixed_points", points=1)
def test_a_little_inside_of_the_border_there_are_three_and_a_little_outside_one(fixed_points, reference, rng):
    units = []
    for w in rng.uniform(1.3, 6.0, 4).tolist():
        border = float(np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w)))
        units += [(w, sign * border * off) for sign in (-1, 1) for off in (0.99, 1.01, 1 - 1e-6, 1 + 1e-6)]
    _expect_points(fixed_points, reference, units)


# truncated_bptt


test_chunks_of_all_lengths_agree = sizes_test(
    "truncated_bptt", [{"N": 2, "T": 7, "D": 3, "H": 4, "k": k} for k in (1, 2, 3, 4, 6, 7, 8)], SEQUENCE, points=2
)


test_chunks_agree_at_sizes_of_one_and_equal_sizes = sizes_test(
    "truncated_bptt",
    table("N T D H k", (1, 1, 1, 1, 1), (1, 5, 1, 1, 2), (3, 1, 2, 4, 9), (4, 4, 4, 4, 2)),
    SEQUENCE,
    points=1,
)


test_chunks_agree_in_float32_and_strided = float32_and_strided_test(
    "truncated_bptt", SEQUENCE, points=1, N=2, T=7, D=5, H=3, k=3
)
