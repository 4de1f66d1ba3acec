"""The hidden tests of assignment 1: other inputs, other sizes (the degenerate ones too), float32 and strided arrays.

Expected values are computed from the reference, never typed, and no message shows one.
"""

import copy

import numpy as np

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import EITHER_FLOAT, agree, in_pairs, sized, table
from selfcheck.common_tests import float32_and_strided_test, scaled, sizes_test
from selfcheck.oracles import deviation


def _states(result):
    expect.tuple(result, 2, "the result")
    return result[0]


test_one_hot_agrees_at_other_sizes_down_to_one = sizes_test(
    "one_hot", table("N T K", (1, 1, 1), (1, 1, 4), (1, 6, 2), (5, 1, 3), (4, 4, 4), (3, 11, 500)), points=2
)


@exercise("one_hot", points=1)
def test_one_hot_refuses_a_token_far_outside_and_takes_the_outermost_classes(one_hot, reference, cases, rng):
    tokens, K = cases.one_hot(rng, N=4, T=3, K=9)
    agree(one_hot, reference, [("", (np.full((2, 3), K - 1), K)), ("", (np.zeros((2, 3), dtype=int), K))])
    for outside in (-K, -K - 3, K, 50 * K):
        wrong = tokens.copy()
        wrong[rng.integers(4), rng.integers(3)] = outside
        expect.raises("ValueError", one_hot, wrong, K, because="a token lies outside 0..K-1")


test_convolution_agrees_at_other_sizes = sizes_test(
    "temporal_convolution", table("N T D H k", (4, 13, 2, 7, 6), (2, 9, 3, 3, 2)), points=2
)


test_convolution_agrees_at_sizes_of_one_and_with_long_filters = sizes_test(
    "temporal_convolution",
    table("N T D H k", (1, 1, 1, 1, 1), (1, 1, 3, 2, 4), (2, 6, 1, 1, 6), (1, 4, 3, 2, 11), (3, 5, 2, 4, 1)),
    points=2,
)


test_convolution_agrees_in_float32_and_strided = float32_and_strided_test(
    "temporal_convolution", points=1, N=2, T=7, D=5, H=3, k=4
)


test_a_step_agrees_at_other_sizes_down_to_one = sizes_test(
    "rnn_step_forward",
    table("N D H", (1, 1, 1), (1, 3, 2), (4, 1, 5), (6, 7, 1), (5, 5, 5), (9, 2, 8)),
    points=2,
    part=_states,
)


test_a_step_agrees_where_units_are_saturated = sizes_test(
    "rnn_step_forward",
    table("N D H", (4, 3, 6), (1, 1, 1)),
    points=1,
    part=_states,
    made_by=scaled("rnn_step_forward", x=20.0),
)


test_a_step_agrees_in_float32_and_strided = float32_and_strided_test(
    "rnn_step_forward", points=1, part=_states, N=4, D=3, H=7
)


test_a_sequence_agrees_at_other_sizes = sizes_test(
    "rnn_forward", table("N T D H h0", (4, 41, 2, 3), (2, 6, 7, 5, False)), points=2, part=_states
)


test_a_sequence_agrees_at_sizes_of_one = sizes_test(
    "rnn_forward",
    table("N T D H h0", (1, 1, 1, 1), (3, 1, 2, 4), (1, 7, 3, 2), (2, 5, 1, 1, False), (4, 4, 4, 4)),
    points=2,
    part=_states,
)


test_a_sequence_agrees_where_units_are_saturated = sizes_test(
    "rnn_forward",
    table("N T D H h0", (3, 5, 2, 4), (2, 4, 3, 5, False)),
    points=1,
    part=_states,
    made_by=scaled("rnn_forward", x=20.0),
)


test_a_sequence_agrees_in_float32_and_strided = float32_and_strided_test(
    "rnn_forward", points=1, part=_states, N=2, T=6, D=5, H=3
)


test_sequences_of_many_lengths_agree = sizes_test(
    "rnn_forward_masked",
    table("N T D H lengths h0", (8, 9, 2, 3), (3, 36, 5, 4, [35, 4, 17], False), (5, 5, 5, 5, [2, 5, 4, 1, 3])),
    points=2,
)


@exercise("rnn_forward_masked", points=2)
def test_sequences_agree_whatever_the_padding_holds(rnn_forward_masked, reference, cases, rng):
    args = cases.rnn_forward_masked(rng, N=6, T=8, D=3, H=4)
    desired = reference.rnn_forward_masked(*copy.deepcopy(args))
    paddings = (np.nan, -1e300)
    calls = [(cases.pad(args[0], args[1], padding), *args[1:]) for padding in paddings]
    for padding, h in zip(paddings, rnn_forward_masked.map(calls), strict=True):
        expect.close(h, desired, name=f"h with {padding} in the padding", because="padding never changes a result")


test_lengths_of_zero_and_sizes_of_one_agree = sizes_test(
    "rnn_forward_masked",
    table(
        "N T D H lengths h0 padding",
        (1, 1, 1, 1, [1]),
        (1, 1, 2, 3, [0]),
        (3, 4, 2, 5, [0, 0, 0]),
        (1, 6, 4, 2, [3], ..., np.nan),
        (4, 5, 1, 1, [1, 0, 5, 3], False),
    ),
    points=2,
)


test_masked_sequences_agree_in_float32_and_strided = float32_and_strided_test(
    "rnn_forward_masked", points=1, N=4, T=6, D=5, H=3
)


test_the_outputs_agree_at_other_sizes_down_to_one = sizes_test(
    "rnn_output",
    table("N T H K", (1, 1, 1, 1), (1, 1, 3, 2), (4, 1, 1, 5), (1, 6, 2, 3), (4, 4, 4, 4), (2, 7, 5, 90)),
    points=2,
)


@exercise("rnn_output", points=2)
def test_logits_far_apart_and_far_below_zero_agree(rnn_output, reference, cases, rng):
    h, V, c_out = cases.rnn_output(rng, N=3, T=4, H=5, K=6)
    heights = np.concatenate([h, rng.uniform(-3000, 3000, (3, 4, 1))], axis=-1)  # each step's logits at its own height
    calls = [("with logits far apart", cases.rnn_output(rng, scale=5000.0))]
    raised = np.concatenate([V, np.ones((6, 1))], axis=1)  # (K, H + 1): the last unit raises every class alike
    calls += [("with each step's logits at another height", (heights, raised, c_out))]
    agree(rnn_output, reference, calls)


test_the_outputs_agree_in_float32_and_strided = float32_and_strided_test("rnn_output", points=1, N=2, T=4, H=7, K=3)


def _agree_layer_by_layer(deep_rnn_forward, reference, calls, *, rtol=1e-7, dtype=np.float64):
    desired = [reference.deep_rnn_forward(*copy.deepcopy(args)) for _, args in calls]
    for (words, _), states, wanted in zip(
        calls, deep_rnn_forward.map([args for _, args in calls]), desired, strict=True
    ):
        layers = type(states) is list and len(states) == len(wanted)
        expect.that(layers, f"the result {words} is not a list with one array for each layer")
        for layer, (here, there) in enumerate(zip(states, wanted, strict=True)):
            expect.close(here, there, name=f"states[{layer}] {words}", rtol=rtol, dtype=dtype)


@exercise("deep_rnn_forward", points=2)
def test_stacks_of_other_sizes_agree(deep_rnn_forward, reference, cases, rng):
    sizes = table("N T D H h0", (4, 7, 2, (3, 5, 8)), (2, 6, 5, (5, 5, 5, 5)), (5, 3, 6, (4, 2), False))
    _agree_layer_by_layer(deep_rnn_forward, reference, sized(cases.deep_rnn_forward, rng, sizes))


@exercise("deep_rnn_forward", points=2)
def test_stacks_of_one_layer_one_step_one_unit_agree(deep_rnn_forward, reference, cases, rng):
    sizes = table("N T D H h0", (1, 1, 1, (1,)), (3, 5, 2, (4,), False), (1, 6, 3, (1, 1, 1)), (4, 1, 2, (2, 3, 5)))
    _agree_layer_by_layer(deep_rnn_forward, reference, sized(cases.deep_rnn_forward, rng, sizes))


@exercise("deep_rnn_forward", points=1)
def test_stacks_agree_in_float32_and_strided(deep_rnn_forward, reference, cases, rng):
    args = cases.deep_rnn_forward(rng, N=2, T=5, D=3, H=(4, 6))
    _agree_layer_by_layer(deep_rnn_forward, reference, [("with strided arrays", arrays.strided(args))])
    in_single = arrays.in_float32(args)
    single = [("with float32 arrays", in_single)]
    _agree_layer_by_layer(deep_rnn_forward, reference, single, rtol=1e-4, dtype=EITHER_FLOAT)


@exercise("count_parameters", points=2)
def test_the_counts_of_many_networks_agree(count_parameters, reference, cases, rng):
    calls = [cases.count_parameters(rng, largest=300) for _ in range(20)]
    calls += [(D, H, K, L) for D in (1, 2) for H in (1, 3) for K in (1, 5) for L in (1, 2)]
    for _, count, desired in in_pairs(count_parameters, reference, calls):
        expect.equal(count, desired, name="the count")


@exercise("count_parameters", points=1)
def test_the_counts_of_deep_networks_agree(count_parameters, reference, cases, rng):
    calls = [(D, H, K, 40 + L) for D, H, K, L in (cases.count_parameters(rng) for _ in range(3))]
    for _, count, desired in in_pairs(count_parameters, reference, calls):
        expect.equal(count, desired, name="the count")


@exercise("sample_sequence", points=2)
def test_the_likeliest_paths_agree(sample_sequence, reference, cases, rng):
    calls = [cases.sample_sequence(rng, K=K, H=11, temperature=1e-9, end=-50.0) for K in (3, 7, 15)]
    calls += [(cases.walking_model(rng, K=7), np.random.default_rng(1), 1e-6, length) for length in (30, 6, 5, 1, 0)]
    calls += [cases.sample_sequence(rng, K=1, H=2), cases.sample_sequence(rng, K=4, H=1, temperature=1e-9)]
    model, *rest = cases.sample_sequence(rng, K=7, H=11, temperature=1e-11, end=-50.0)
    calls.append((_with_logits(model, 1e-8), *rest))
    desired = [reference.sample_sequence(*copy.deepcopy(args)) for args in calls]
    for sequence, wanted in zip(sample_sequence.map(calls), desired, strict=True):
        expect.equal(sequence, wanted, name="the sequence")


@exercise("sample_sequence", points=2)
def test_sequences_at_a_temperature_follow_their_probabilities(probe, reference, cases, rng):
    model = cases.walking_model(rng, K=4, memory=2.0, bias=6.0)
    _expect_chances(probe, reference, cases, rng, model, float(rng.choice([4.0, 7.0])), 2)
    model = cases.walking_model(rng, K=4, memory=8.0, bias=6.0)  # what came before the last symbol matters as well
    _expect_chances(probe, reference, cases, rng, model, float(rng.choice([2.5, 3.5])), 3)
    # here the next symbol hangs on the last one above all, so it matters that what was drawn is fed
    _expect_chances(probe, reference, cases, rng, cases.walking_model(rng, K=4), 6.0, 2)


@exercise("sample_sequence", points=1)
def test_sequences_of_a_random_model_follow_their_probabilities(probe, reference, cases, rng):
    model, *_ = cases.sample_sequence(rng, K=3, H=6, gain=1.5)
    _expect_chances(probe, reference, cases, rng, _with_logits(model, 1e-3), 0.6e-3, 2)  # cold, and yet left to chance


@exercise("sample_sequence", points=1)
def test_a_sequence_is_empty_as_often_as_END_is_likely_at_first(probe, reference, cases, rng):
    model = arrays.first_that(
        lambda model: 0.3 < _chances(reference, model, 0.9, 1)[()] < 0.7,
        lambda: cases.sample_sequence(rng, K=4, H=5, end=float(rng.uniform(0, 2)))[0],
    )
    _expect_chances(probe, reference, cases, rng, model, 0.9, 1)


def _with_logits(model, size):
    """The same model with logits `size` times as large."""
    return model | {name: size * model[name] for name in ("V", "c_out")}


def _expect_chances(probe, reference, cases, rng, model, temperature, max_length):
    chances = _chances(reference, model, temperature, max_length)
    generator = np.random.default_rng(rng.integers(2**62))
    counts = _counts(probe("draw_many", model, generator, temperature, max_length, 400), chances)
    far = deviation(counts, list(chances.values()), samples=400) > 6
    expect.that(not far, f"400 sequences at temperature {temperature} do not follow their probabilities")


def _counts(sequences, desired):
    """How often each of the possible sequences was drawn; what comes from the student is looked at with care."""
    counts = dict.fromkeys(desired, 0)
    expect.that(type(sequences) is list, "the sequences did not come back as a list")
    for sequence in sequences:
        possible = type(sequence) is list and all(type(symbol) is int for symbol in sequence)
        expect.that(
            possible and tuple(sequence) in counts, "a result is not a list of ints in 1..K-1, max_length at most"
        )
        counts[tuple(sequence)] += 1
    return list(counts.values())


def _chances(reference, model, temperature, max_length):
    """The probability of every sequence of at most max_length symbols, as a dictionary from tuple to number."""
    chances, open_ = {}, {(): 1.0}
    for _ in range(max_length):
        longer = {}
        for sequence, chance in open_.items():
            K = len(model["c_out"])
            x = reference.one_hot(np.array([[0, *sequence]]), K)
            h, _ = reference.rnn_forward(x, model["U"], model["W"], model["b"])
            p = reference.rnn_output(h[:, -1:], model["V"] / temperature, model["c_out"] / temperature)[0, 0]
            chances[sequence] = chance * p[0]
            longer |= {(*sequence, symbol): chance * p[symbol] for symbol in range(1, K)}
        open_ = longer
    return chances | open_
