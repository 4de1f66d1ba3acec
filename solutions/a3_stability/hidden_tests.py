"""The hidden tests of assignment 3: other inputs, other sizes (the degenerate ones too), float32 and strided arrays.

Expected values are computed from the reference, never typed, and no message shows one.
"""

import copy

import numpy as np
import pytest

from selfcheck import exercise, expect
from selfcheck.agreement import agree, agree_in_float32_and_strided, each_close, sized, table
from selfcheck.common_tests import float32_and_strided_test, sizes_test

SIX = 6.0  # standard deviations: a right solution leaves such limits about once in 500 million draws


# clip_gradient_norm


def _gradients(rng, shapes, norm):
    """Gradients of these shapes, sizes a thousand times apart, of this joint norm."""
    arrays = {f"p{i}": 10 ** rng.uniform(-1.5, 1.5) * rng.standard_normal(shape) for i, shape in enumerate(shapes)}
    length = np.sqrt(sum((array**2).sum() for array in arrays.values()))
    return {name: array * (norm / length) for name, array in arrays.items()}


SHAPES = [[(1,)], [(1, 1), (1,)], [(7, 3), (2,), (2, 3, 4)], [(4,), (5, 5), (1, 6), (9,), (3, 2)]]


@exercise("clip_gradient_norm", points=2)
def test_gradients_of_other_shapes_agree(clip_gradient_norm, reference, rng):
    calls = [("above the threshold", (_gradients(rng, shapes, 31.0), 2.5)) for shapes in SHAPES]
    calls += [("below the threshold", (_gradients(rng, shapes, 2.4), 2.5)) for shapes in SHAPES]
    calls += [("just above the threshold", (_gradients(rng, shapes, 1 + 5e-6), 1.0)) for shapes in SHAPES]
    agree(clip_gradient_norm, reference, calls)


@exercise("clip_gradient_norm", points=2)
def test_very_small_and_very_large_gradients_agree(clip_gradient_norm, reference, cases, rng):
    scales = ((3e-7, 1e-7), (1e-9, 1.0), (4e60, 5.0), (2e-5, 1e-5), (0.9, 0.85), (70 * 2.0**-20, 70 * 2.0**-20))
    calls = [(f"of norm {norm:.0e}", cases.clip_gradient_norm(rng, norm, threshold)) for norm, threshold in scales]
    partly = _gradients(rng, [(3, 2), (4,), (2, 2)], 9.0)
    partly["p1"][:] = 0.0
    calls += [
        ("with an array of zeros", (partly, 3.0)),
        ("with an infinite threshold", (copy.deepcopy(partly), np.inf)),
    ]
    calls += [("of zeros", ({"p0": np.zeros((2, 3)), "p1": np.zeros(1)}, threshold)) for threshold in (1e-9, np.inf)]
    agree(clip_gradient_norm, reference, calls)


@exercise("clip_gradient_norm", points=1)
def test_a_single_entry_that_is_not_finite_is_refused_wherever_it_stands(clip_gradient_norm, rng):
    for name, bad in (("p0", np.nan), ("p1", -np.inf), ("p2", np.nan), ("p2", np.inf)):
        gradients = _gradients(rng, [(2, 3), (1,), (4,)], 0.1)
        gradients[name].flat[-1] = bad
        because = "an entry is NaN or infinite"
        for threshold in (5.0, np.inf):
            args = copy.deepcopy(gradients), threshold
            expect.raises("FloatingPointError", clip_gradient_norm, *args, because=because)


@exercise("clip_gradient_norm", points=1)
def test_gradients_agree_in_float32_and_strided(clip_gradient_norm, reference, cases, rng):
    agree_in_float32_and_strided(clip_gradient_norm, reference, (_gradients(rng, [(5, 4), (6,), (3, 3)], 8.0), 1.5))


# loss_along


test_the_losses_agree_at_other_sizes_down_to_one = sizes_test(
    "loss_along",
    table(
        "N T D H K M names",
        (1, 1, 1, 1, 1, 1),
        (1, 1, 3, 2, 4, 2),
        (2, 9, 1, 1, 3, 12, ("W", "b")),
        (5, 3, 4, 7, 2, 3, ("c_out",)),
        (4, 4, 4, 4, 4, 4),
    ),
    points=2,
)


@exercise("loss_along", points=1)
def test_offsets_far_away_repeated_and_of_any_order_agree(loss_along, reference, cases, rng):
    parameters, direction, _, x, targets = cases.loss_along(rng, N=3, T=6, D=2, H=5, K=4)
    offsets = [np.array([0.0, 2.0, 0.0, -2.0, 2.0]), np.array([50.0, -0.3, 1e-3, -80.0]), np.array([-1.5])]
    agree(loss_along, reference, [("", copy.deepcopy((parameters, direction, some, x, targets))) for some in offsets])


test_the_losses_agree_in_float32_and_strided = float32_and_strided_test(
    "loss_along", points=1, N=2, T=5, D=3, H=6, K=4, M=7
)


# norm_stabilizer

OF_THE_PENALTY = table(
    "N T H beta", (1, 1, 1), (1, 1, 5, 3.0), (1, 2, 4, 3.0), (4, 1, 2), (1, 9, 3, 0.0), (6, 7, 1, 50.0), (5, 5, 5)
)


test_the_penalties_agree_at_other_sizes_down_to_one = sizes_test(
    "norm_stabilizer",
    OF_THE_PENALTY,
    points=2,
)


@exercise("norm_stabilizer", points=1)
def test_states_of_norm_zero_agree(norm_stabilizer, reference, cases, rng):
    h, h0, beta = cases.norm_stabilizer(rng, N=3, T=4, H=5)
    h[0, 1], h[2, -1] = 0.0, 0.0
    calls = [("from a state of zeros", (h, 0 * h0, beta)), ("of zeros alone", (0 * h, 0 * h0, beta))]
    agree(norm_stabilizer, reference, calls)


test_the_penalty_agrees_in_float32_and_strided = float32_and_strided_test("norm_stabilizer", points=1, N=4, T=3, H=7)


# norm_stabilizer_backward


test_the_gradients_of_the_penalty_agree_at_other_sizes_down_to_one = sizes_test(
    "norm_stabilizer_backward",
    OF_THE_PENALTY,
    points=2,
)


@exercise("norm_stabilizer_backward", points=2)
def test_the_gradients_are_those_of_finite_differences(norm_stabilizer_backward, reference, cases, rng):
    h, h0, beta = cases.norm_stabilizer_backward(rng, N=3, T=6, H=4)
    result = norm_stabilizer_backward(h.copy(), h0.copy(), beta)
    expect.tuple(result, 2, "the result")
    for name, gradient, state in (("dh", result[0], h), ("dh0", result[1], h0)):
        expect.array(gradient, shape=state.shape, name=name)
        differences = np.empty_like(state)
        for place in np.ndindex(*state.shape):
            before = state[place]
            state[place] = before + 1e-6
            ahead = reference.norm_stabilizer(h, h0, beta)
            state[place] = before - 1e-6
            differences[place] = (ahead - reference.norm_stabilizer(h, h0, beta)) / 2e-6
            state[place] = before
        expect.close(gradient, differences, name=name, rtol=1e-6, because="of the penalty, by central differences")


@exercise("norm_stabilizer_backward", points=1)
def test_the_gradients_around_states_of_norm_zero_agree(norm_stabilizer_backward, reference, cases, rng):
    h, h0, beta = cases.norm_stabilizer_backward(rng, N=4, T=5, H=3, zeros=True)
    calls = [
        ("with zeros among the states", (h, h0, beta)),
        ("with zeros for h0", (h.copy(), 0 * h0, beta)),
        ("of zeros alone", (0 * h, 0 * h0, beta)),
        ("of a step from zeros", (h[:, :1].copy(), 0 * h0, beta)),
        ("with very small states", (1e-4 * h, 1e-4 * h0, beta)),
    ]
    agree(norm_stabilizer_backward, reference, calls)


test_the_gradients_of_the_penalty_agree_in_float32_and_strided = float32_and_strided_test(
    "norm_stabilizer_backward", points=1, N=4, T=3, H=7
)


# layer_norm_forward

OF_LAYER_NORM = [
    {"shape": shape} for shape in ((1, 1), (1, 1, 1), (1, 4), (4, 1), (2, 1, 3), (3, 3), (5, 5, 5), (2, 3, 4, 5), (7,))
]

test_layer_norm_agrees_at_other_shapes_down_to_one = sizes_test(
    "layer_norm_forward",
    OF_LAYER_NORM,
    points=2,
)


@exercise("layer_norm_forward", points=2)
def test_layer_norm_agrees_for_other_epsilons_and_spreads(layer_norm_forward, reference, cases, rng):
    sizes = table(
        "shape eps spread",
        ((4, 6), 0.0),
        ((2, 3, 5), 2.0),
        ((3, 4), 1e-3, 0.03),
        ((3, 4), 1e-8, 1e3),
        ((3, 5), 0.0, 1e-4),
    )
    calls = sized(cases.layer_norm_forward, rng, sizes)
    calls += [("without eps given", cases.layer_norm_forward(rng, (4, 5), spread=2e-3)[:3])]
    a, *rest = cases.layer_norm_forward(rng, (3, 6))
    calls += [("with a mean far larger than the spread", (a + 1e5, *rest))]
    agree(layer_norm_forward, reference, calls)


test_layer_norm_agrees_in_float32_and_strided = float32_and_strided_test(
    "layer_norm_forward", points=1, shape=(4, 3, 7)
)


# layer_norm_backward


test_the_gradients_of_layer_norm_agree_at_other_shapes_down_to_one = sizes_test(
    "layer_norm_backward",
    OF_LAYER_NORM,
    points=3,
)


@exercise("layer_norm_backward", points=3)
def test_the_gradients_of_layer_norm_are_those_of_finite_differences(layer_norm_backward, reference, cases, rng):
    a, g, b, eps = cases.layer_norm_forward(rng, (2, 3, 4), eps=0.3)
    dy = rng.standard_normal(a.shape)
    _, cache = reference.layer_norm_forward(a, g, b, eps)
    result = layer_norm_backward(*copy.deepcopy((dy, cache)))
    expect.tuple(result, 3, "the result")
    for name, gradient, argument in zip(("da", "dg", "db"), result, (a, g, b), strict=True):
        expect.array(gradient, shape=argument.shape, name=name)
        differences = np.empty_like(argument)
        for place in np.ndindex(*argument.shape):
            before = argument[place]
            argument[place] = before + 1e-6
            ahead = (dy * reference.layer_norm_forward(a, g, b, eps)[0]).sum()
            argument[place] = before - 1e-6
            differences[place] = (ahead - (dy * reference.layer_norm_forward(a, g, b, eps)[0]).sum()) / 2e-6
            argument[place] = before
        expect.close(gradient, differences, name=name, rtol=1e-6, because="of layer_norm_forward, central differences")


test_the_gradients_of_layer_norm_agree_for_other_epsilons = sizes_test(
    "layer_norm_backward", table("shape eps spread", ((4, 6), 0.0), ((2, 3, 5), 2.0), ((3, 4), ..., 3e-3)), points=1
)


test_the_gradients_of_layer_norm_agree_in_float32_and_strided = float32_and_strided_test(
    "layer_norm_backward", points=1, shape=(4, 3, 7)
)


# layer_norm_rnn_forward


def _states(result):
    expect.tuple(result, 2, "the result")
    return result[0]


@exercise("layer_norm_rnn_forward", points=2)
def test_sequences_agree_at_other_sizes_down_to_one(layer_norm_rnn_forward, reference, cases, rng):
    sizes = table(
        "N T D H h0 eps",
        (1, 1, 1, 1),
        (1, 1, 3, 4),
        (4, 1, 2, 5, False),
        (1, 7, 3, 2),
        (2, 11, 1, 6, ..., 0.0),
        (4, 4, 4, 4, False, 0.2),
    )
    calls = sized(cases.layer_norm_rnn_forward, rng, sizes)
    calls += [("without h0 and eps", cases.layer_norm_rnn_forward(rng, N=3, T=4, D=5, H=2)[:5])]
    agree(layer_norm_rnn_forward, reference, calls, part=_states)


@exercise("layer_norm_rnn_forward", points=1)
def test_the_caches_of_all_steps_agree(probe, reference, cases, rng):
    for sizes in ({"N": 2, "T": 6, "D": 3, "H": 5, "eps": 0.4}, {"N": 1, "T": 1, "D": 2, "H": 3, "h0": False}):
        args = cases.layer_norm_rnn_forward(rng, **sizes)
        desired = reference.layer_norm_rnn_forward(*copy.deepcopy(args))[1]
        cache = probe("caches", *args)
        expect.tuple(cache, 6, "the cache")
        each_close(cache[4:], desired[4:], "the cache from h on")


test_normalised_sequences_agree_in_float32_and_strided = float32_and_strided_test(
    "layer_norm_rnn_forward", points=1, part=_states, N=4, T=3, D=2, H=7
)


# recurrent_init


@exercise("recurrent_init", points=2)
def test_initial_values_agree_at_other_sizes_down_to_one(recurrent_init, reference, cases, rng):
    sizes = table(
        "H kind scale",
        *[(1,)] * 8,  # of one unit Q is 1 or -1, by chance
        (2, ..., 1.0),
        (9, ..., 0.5),
        (40, ..., 2.0),
        (1, "identity"),
        (4, ..., -0.7),
        (3, "identity", 0.25),
        (2, "identity", -1.5),
        (40, "identity", 1.0),
    )
    calls = sized(cases.recurrent_init, rng, sizes)
    calls += [
        (f"{kind}, without a scale", cases.recurrent_init(rng, 5, kind)[:3]) for kind in ("orthogonal", "identity")
    ]
    agree(recurrent_init, reference, calls)


@exercise("recurrent_init", points=1)
@pytest.mark.parametrize("H", [2, 5])
def test_orthogonal_draws_of_other_sizes_favour_no_direction(probe, rng, H):
    count = 400
    Q = probe("draw_orthogonal", H, np.random.default_rng(rng.integers(2**62)), count)
    expect.array(Q, shape=(count, H, H), name=f"{count} draws")
    favoured = abs(Q.mean(axis=0)).max() * np.sqrt(H * count)  # each entry has mean 0 and variance 1 / H
    expect.that(favoured < SIX, "the mean of many draws is not near zero: they are not uniform orthogonal matrices")
    turning = float((np.linalg.det(Q) > 0).mean())
    expect.that(abs(turning - 0.5) < SIX * 0.5 / np.sqrt(count), "the determinants have mostly one sign")


@exercise("recurrent_init", points=1)
def test_unknown_kinds_are_refused(recurrent_init, cases, rng):
    for kind in ("Orthogonal", "orthogonal ", "eye", "diagonal", 0):
        expect.raises("ValueError", recurrent_init, *cases.recurrent_init(rng, kind=kind), because="an unknown kind")


# dropout_deep_rnn


test_masks_drawn_as_stated_agree = sizes_test(
    "dropout_deep_rnn",
    table(
        "N T D H p same_mask",
        (4, 7, 2, (3, 5, 6), 0.35),
        (2, 5, 5, (5, 5), 0.8, True),
        (1, 1, 1, (1,), 0.5),
        (3, 1, 2, (4,), 0.2),
        (1, 6, 3, (2, 2), 0.6, True),
        (3, 4, 4, (4,), 0.0),
    ),
    points=2,
)


@exercise("dropout_deep_rnn", points=1)
def test_networks_at_test_time_agree(dropout_deep_rnn, reference, cases, rng):
    sizes = table(
        "N T D H p training same_mask",
        (4, 7, 2, (3, 5, 6), 0.35, False),
        (2, 5, 5, (5, 5), 0.8, False, True),
        (1, 1, 1, (1,), 0.0, False),
    )
    calls = sized(cases.dropout_deep_rnn, rng, sizes)
    calls += [("without training given", cases.dropout_deep_rnn(rng, N=3, T=4, D=2, H=(3,), p=0.5)[:4])]
    agree(dropout_deep_rnn, reference, calls)


@exercise("dropout_deep_rnn", points=2)
def test_states_never_reached_by_noise_agree(dropout_deep_rnn, reference, cases, rng):
    """With U = 0 in the upper layer no mask can reach its states, whatever the order in which masks are drawn."""
    for p, same_mask in ((0.7, False), (0.95, True)):
        x, layers, *rest = cases.dropout_deep_rnn(rng, N=3, T=12, D=4, H=(5, 6), p=p, same_mask=same_mask)
        layers[1] = (0 * layers[1][0], *layers[1][1:])
        desired = reference.dropout_deep_rnn(x, layers, *copy.deepcopy(rest))[1][1]
        result = dropout_deep_rnn(x, layers, *rest)
        expect.tuple(result, 2, "the result")
        expect.that(type(result[1]) is list and len(result[1]) == 2, "the states are not a list of two arrays")
        expect.close(result[1][1], desired, name="the upper states with U = 0", because="W meets no noise")


@exercise("dropout_deep_rnn", points=1)
def test_what_cannot_be_dropped_with_is_refused(dropout_deep_rnn, cases, rng):
    for p, training in ((1.0, True), (2.0, True), (-1e-9, True), (1.0, False)):
        args = cases.dropout_deep_rnn(rng, p=p, training=training)
        expect.raises("ValueError", dropout_deep_rnn, *args, because="p lies outside 0 <= p < 1")


test_dropout_agrees_in_float32_and_strided = float32_and_strided_test(
    "dropout_deep_rnn", points=1, N=4, T=3, D=5, H=(6, 2), p=0.45
)


# orthogonal_step, without points


test_orthogonal_steps_agree_at_other_sizes_and_rates = sizes_test(
    "orthogonal_step",
    table("H orthogonal rate", (1,), (1, False, 3.0), (2, ..., 50.0), (9, ..., 0.01), (12, False, 2.0), (7, ..., 0.0)),
    "the new W",
    points=2,
)


@exercise("orthogonal_step", points=1)
def test_a_gradient_that_no_rotation_can_follow_moves_nothing(orthogonal_step, reference, cases, rng):
    W, dW, rate = cases.orthogonal_step(rng, H=5)
    stretching = W @ (dW + dW.T)
    calls = [("of zeros", (W, 0 * dW, rate)), ("that only stretches", (W, stretching, 0.3))]
    agree(orthogonal_step, reference, calls, "the new W for a gradient")


test_orthogonal_steps_agree_in_float32_and_strided = float32_and_strided_test(
    "orthogonal_step", "the new W", points=1, H=7, orthogonal=False, rate=0.5
)


# zoneout_rnn_forward, without points


@exercise("zoneout_rnn_forward", points=2)
def test_zoneout_agrees_at_other_sizes_down_to_one(zoneout_rnn_forward, reference, cases, rng):
    sizes = table(
        "N T D H p",
        (1, 1, 1, 1, 0.5),
        (4, 9, 2, 3, 0.15),
        (1, 6, 3, 5, 0.85),
        (5, 1, 4, 2),
        (4, 4, 4, 4, 0.5),
        (2, 5, 1, 4, 1.0),
    )
    sizes += [size | {"training": False} for size in sizes]
    calls = sized(cases.zoneout_rnn_forward, rng, sizes)
    calls += [("without training given", cases.zoneout_rnn_forward(rng, N=3, T=4, D=2, H=3, p=0.5)[:7])]
    agree(zoneout_rnn_forward, reference, calls, "h")


@exercise("zoneout_rnn_forward", points=1)
def test_what_is_no_probability_of_zoneout_is_refused(zoneout_rnn_forward, cases, rng):
    for p, training in ((1.0001, True), (2.0, False), (-1e-9, True), (-0.5, False)):
        args = cases.zoneout_rnn_forward(rng, p=p, training=training)
        expect.raises("ValueError", zoneout_rnn_forward, *args, because="p lies outside 0 <= p <= 1")


@exercise("zoneout_rnn_forward", points=1)
def test_zoneout_agrees_in_float32_and_strided(zoneout_rnn_forward, reference, cases, rng):
    for training in (True, False):
        args = cases.zoneout_rnn_forward(rng, N=4, T=3, D=5, H=2, p=0.45, training=training)
        agree_in_float32_and_strided(zoneout_rnn_forward, reference, args, "h")
