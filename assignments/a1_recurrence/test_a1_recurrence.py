"""The visible tests of assignment 1: what your functions must satisfy, checked against torch.nn and against laws.

A test marked `@exercise(NAME)` is a gate: all gates of an exercise must pass before any of its points are earned. The
others earn points. In the grade, hidden tests with other inputs and sizes are added to these.
"""

import copy
import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from selfcheck import exercise, expect
from selfcheck.agreement import arguments_unchanged
from selfcheck.oracles import deviation
from selfcheck.tensors import with_parameters


def _states(result):
    """The first of two values; the cache beside it is for a later assignment."""
    expect.tuple(result, 2, "the result")
    return result[0]


def _torch_rnn(x, U, W, b, h0=None):
    """The states (N, T, H) of torch.nn.RNN with these weights; of its two biases the second is zero."""
    network = nn.RNN(U.shape[1], U.shape[0], batch_first=True).double()
    with_parameters(network, U, W, b, 0 * b)
    with torch.no_grad():
        states, _ = network(_tensor(x), None if h0 is None else _tensor(h0)[None])
    return states.numpy()


def _torch_step(x, h_prev, U, W, b):
    cell = nn.RNNCell(U.shape[1], U.shape[0]).double()
    with_parameters(cell, U, W, b, 0 * b)
    with torch.no_grad():
        return cell(_tensor(x), _tensor(h_prev)).numpy()


def _tensor(array):
    return torch.tensor(array, dtype=torch.float64)


def _expect_agreement(function, oracle, args, *, name, part=lambda result: result, because=""):
    """The oracle is asked first: nothing that the function does to its arguments changes what is expected of it."""
    desired = oracle(*args)
    expect.close(part(function(*args)), desired, name=name, because=because)


# one_hot


def _torch_one_hot(tokens, K):
    return F.one_hot(torch.tensor(tokens).long(), K).double().numpy()


@exercise("one_hot")
def test_one_hot_returns_float64_of_shape_N_T_K(one_hot, cases, rng):
    expect.array(one_hot(*cases.one_hot(rng)), shape=(3, 5, 7), name="x")


@exercise("one_hot")
def test_one_hot_leaves_its_tokens_as_they_were(one_hot, cases, rng):
    arguments_unchanged(one_hot, cases.one_hot(rng), "tokens K")


@exercise("one_hot", points=2)
def test_one_hot_agrees_with_torch(one_hot, cases, rng):
    _expect_agreement(one_hot, _torch_one_hot, cases.one_hot(rng), name="x")
    _expect_agreement(one_hot, _torch_one_hot, cases.one_hot(rng, N=2, T=30, K=26), name="x")


@exercise("one_hot", points=1)
def test_one_hot_refuses_what_is_not_a_class_and_nothing_else(one_hot, cases, rng):
    tokens, K = cases.one_hot(rng)
    _expect_agreement(one_hot, _torch_one_hot, (tokens.copy(), K), name="x")
    for outside in (-1, K):
        wrong = tokens.copy()
        wrong[1, 2] = outside
        expect.raises("ValueError", one_hot, wrong, K, because="a token lies outside 0..K-1")


@exercise("one_hot", points=1)
def test_one_hot_takes_integers_of_other_widths(one_hot, cases, rng):
    tokens, K = cases.one_hot(rng, N=4, T=6, K=5)
    for dtype in (np.int32, np.int16):
        _expect_agreement(one_hot, _torch_one_hot, (tokens.astype(dtype), K), name="x")


# temporal_convolution


def _torch_convolution(x, filters, b):
    k = filters.shape[0]
    padded = F.pad(_tensor(x).transpose(1, 2), (k - 1, 0))  # (N, D, k - 1 + T)
    y = F.conv1d(padded, _tensor(filters).flip(0).permute(1, 2, 0), _tensor(b))
    return y.transpose(1, 2).numpy()


@exercise("temporal_convolution")
def test_convolution_returns_float64_of_shape_N_T_H(temporal_convolution, cases, rng):
    expect.array(temporal_convolution(*cases.temporal_convolution(rng)), shape=(3, 8, 6), name="y")


@exercise("temporal_convolution")
def test_convolution_leaves_its_arguments_as_they_were(temporal_convolution, cases, rng):
    arguments_unchanged(temporal_convolution, cases.temporal_convolution(rng), "x filters b")


@exercise("temporal_convolution", points=2)
def test_convolution_agrees_with_torch(temporal_convolution, cases, rng):
    for sizes in ({}, {"N": 2, "T": 7, "D": 5, "H": 5, "k": 3}):
        args = cases.temporal_convolution(rng, **sizes)
        _expect_agreement(temporal_convolution, _torch_convolution, args, name="y")


@exercise("temporal_convolution", points=1)
def test_an_impulse_is_answered_for_k_steps_and_never_before_it_came(temporal_convolution, cases, rng):
    x, filters, b = cases.temporal_convolution(rng, N=2, T=9, D=3, H=4, k=4)
    impulse = np.zeros_like(x)
    impulse[:, 3] = x[:, 3]
    desired = _torch_convolution(impulse, filters, b)
    alone = np.tile(b, (2, 3, 1))
    y = temporal_convolution(impulse, filters, b)
    expect.close(y, desired, name="y")
    because = "an output whose k latest inputs are zero equals the bias"
    expect.close(y[:, :3], alone, name="y before the impulse", because=because)
    expect.close(y[:, 7:], alone[:, :2], name="y more than k steps behind the impulse", because=because)


@exercise("temporal_convolution", points=1)
def test_a_filter_may_be_longer_than_the_sequence(temporal_convolution, cases, rng):
    for k in (3, 4, 9):
        args = cases.temporal_convolution(rng, N=4, T=3, D=2, H=5, k=k)
        _expect_agreement(temporal_convolution, _torch_convolution, args, name=f"y with k = {k}, T = 3")


# rnn_step_forward


@exercise("rnn_step_forward")
def test_a_step_returns_float64_of_shape_N_H_and_a_cache(rnn_step_forward, cases, rng):
    expect.array(_states(rnn_step_forward(*cases.rnn_step_forward(rng))), shape=(3, 6), name="h")


@exercise("rnn_step_forward")
def test_a_step_leaves_its_arguments_as_they_were(rnn_step_forward, cases, rng):
    arguments_unchanged(rnn_step_forward, cases.rnn_step_forward(rng), "x h_prev U W b")


@exercise("rnn_step_forward", points=2)
def test_a_step_agrees_with_torch(rnn_step_forward, cases, rng):
    for sizes in ({}, {"N": 7, "D": 5, "H": 2}):
        args = cases.rnn_step_forward(rng, **sizes)
        _expect_agreement(rnn_step_forward, _torch_step, args, name="h", part=_states)


@exercise("rnn_step_forward", points=1)
def test_a_step_agrees_with_torch_where_D_equals_H(rnn_step_forward, cases, rng):
    args = cases.rnn_step_forward(rng, N=4, D=5, H=5)
    _expect_agreement(rnn_step_forward, _torch_step, args, name="h", part=_states)


# rnn_forward


@exercise("rnn_forward")
def test_the_states_are_float64_of_shape_N_T_H(rnn_forward, cases, rng):
    expect.array(_states(rnn_forward(*cases.rnn_forward(rng))), shape=(3, 5, 6), name="h")


@exercise("rnn_forward")
def test_rnn_forward_leaves_its_arguments_as_they_were(rnn_forward, cases, rng):
    arguments_unchanged(rnn_forward, cases.rnn_forward(rng), "x U W b h0")


@exercise("rnn_forward", points=2)
def test_a_sequence_agrees_with_torch(rnn_forward, cases, rng):
    for sizes in ({}, {"N": 2, "T": 9, "D": 5, "H": 5}):
        args = cases.rnn_forward(rng, **sizes)
        _expect_agreement(rnn_forward, _torch_rnn, args, name="h", part=_states)


@exercise("rnn_forward", points=1)
def test_without_h0_a_sequence_starts_from_zeros(rnn_forward, cases, rng):
    x, U, W, b, _ = cases.rnn_forward(rng, N=4, T=6, D=3, H=5)
    desired = _torch_rnn(x, U, W, b)
    expect.close(_states(rnn_forward(x, U, W, b)), desired, name="h without h0")
    expect.close(_states(rnn_forward(x, U, W, b, np.zeros((4, 5)))), desired, name="h with h0 of zeros")


@exercise("rnn_forward", points=1)
def test_a_sequence_cut_in_two_is_continued_from_its_last_state(rnn_forward, cases, rng):
    x, U, W, b, h0 = cases.rnn_forward(rng, N=2, T=8, D=3, H=4)
    desired = _torch_rnn(x, U, W, b, h0)
    expect.close(_states(rnn_forward(x.copy(), U, W, b, h0)), desired, name="h")
    early = _states(rnn_forward(x[:, :7], U, W, b, h0))
    expect.close(early, desired[:, :7], name="h of the first 7 steps", because="a later input never changes a state")
    late = _states(rnn_forward(x[:, 7:], U, W, b, early[:, -1]))
    expect.close(
        late, desired[:, 7:], name="h of the last step", because="the state is all that the past leaves behind"
    )


# rnn_forward_masked


def _each_alone(x, lengths, U, W, b, h0=None):
    """What torch.nn.RNN gives for each sequence alone and cut to its length, then its last state again and again."""
    h = np.zeros((*x.shape[:2], len(b))) if h0 is None else np.repeat(h0[:, None], x.shape[1], axis=1)
    for n in np.flatnonzero(lengths):
        states = _torch_rnn(x[n : n + 1, : lengths[n]], U, W, b, None if h0 is None else h0[n : n + 1])[0]
        h[n] = np.concatenate([states, np.repeat(states[-1:], x.shape[1] - lengths[n], axis=0)])
    return h


@exercise("rnn_forward_masked")
def test_the_masked_states_are_float64_of_shape_N_T_H(rnn_forward_masked, cases, rng):
    expect.array(rnn_forward_masked(*cases.rnn_forward_masked(rng)), shape=(5, 7, 6), name="h")


@exercise("rnn_forward_masked")
def test_rnn_forward_masked_leaves_its_arguments_as_they_were(rnn_forward_masked, cases, rng):
    arguments_unchanged(rnn_forward_masked, cases.rnn_forward_masked(rng), "x lengths U W b h0")


@exercise("rnn_forward_masked", points=2)
def test_each_sequence_agrees_with_torch_run_on_it_alone(rnn_forward_masked, cases, rng):
    for sizes in ({}, {"N": 3, "T": 6, "D": 2, "H": 4, "lengths": [2, 5, 3]}):
        args = cases.rnn_forward_masked(rng, **sizes)
        _expect_agreement(rnn_forward_masked, _each_alone, args, name="h")


@exercise("rnn_forward_masked", points=2)
def test_whatever_stands_in_the_padding_never_matters(rnn_forward_masked, cases, rng):
    x, *rest = cases.rnn_forward_masked(rng, N=4, T=6, D=3, H=5, lengths=[3, 1, 6, 4])
    desired = _each_alone(x, *rest)
    expect.close(rnn_forward_masked(x.copy(), *rest), desired, name="h")
    for padding in (np.nan, 1e30, 0.0):
        h = rnn_forward_masked(cases.pad(x, rest[0], padding), *rest)
        expect.close(h, desired, name=f"h with {padding} in the padding", because="padding never changes a result")


@exercise("rnn_forward_masked", points=1)
def test_a_sequence_that_never_began_keeps_h0(rnn_forward_masked, cases, rng):
    *args, h0 = cases.rnn_forward_masked(rng, N=4, T=5, D=3, H=6, lengths=[0, 3, 0, 5])
    _expect_agreement(rnn_forward_masked, _each_alone, (*args, h0), name="h")
    _expect_agreement(rnn_forward_masked, _each_alone, args, name="h without h0")


# rnn_output


def _torch_output(h, V, c_out):
    return F.softmax(F.linear(_tensor(h), _tensor(V), _tensor(c_out)), dim=-1).numpy()


@exercise("rnn_output")
def test_the_outputs_are_float64_of_shape_N_T_K(rnn_output, cases, rng):
    expect.array(rnn_output(*cases.rnn_output(rng)), shape=(3, 5, 7), name="y")


@exercise("rnn_output")
def test_rnn_output_leaves_its_arguments_as_they_were(rnn_output, cases, rng):
    arguments_unchanged(rnn_output, cases.rnn_output(rng), "h V c_out")


@exercise("rnn_output", points=2)
def test_the_outputs_agree_with_torch(rnn_output, cases, rng):
    for sizes in ({}, {"N": 4, "T": 6, "H": 5, "K": 5}):
        args = cases.rnn_output(rng, **sizes)
        _expect_agreement(rnn_output, _torch_output, args, name="y")


@exercise("rnn_output", points=1)
def test_large_logits_agree_with_torch(rnn_output, cases, rng):
    for scale in (300.0, 1e4):
        args = cases.rnn_output(rng, N=2, T=6, H=4, K=3, scale=scale)
        because = "probabilities are finite, however large the logits"
        _expect_agreement(rnn_output, _torch_output, args, name="y", because=because)


@exercise("rnn_output", points=1)
def test_the_same_number_added_to_all_logits_changes_nothing(rnn_output, cases, rng):
    h, V, c_out = cases.rnn_output(rng, N=4, T=3, H=2, K=6)
    desired = _torch_output(h, V, c_out)
    for added in (0.0, 900.0, -900.0):
        expect.close(rnn_output(h, V, c_out + added), desired, name=f"y with {added} added to c_out")


# deep_rnn_forward


def _layers(states, L):
    expect.that(type(states) is list, "the result is not a list; expected a list with the states of each layer")
    expect.that(len(states) == L, f"the list has length {len(states)}; {L} layers were given")
    return states


@exercise("deep_rnn_forward")
def test_a_deep_network_returns_a_list_of_float64_states(deep_rnn_forward, cases, rng):
    states = _layers(deep_rnn_forward(*cases.deep_rnn_forward(rng)), 3)
    for layer, H in enumerate((6, 8, 2)):
        expect.array(states[layer], shape=(3, 5, H), name=f"states[{layer}]")


@exercise("deep_rnn_forward")
def test_deep_rnn_forward_leaves_its_arguments_as_they_were(deep_rnn_forward, cases, rng):
    arguments_unchanged(deep_rnn_forward, cases.deep_rnn_forward(rng), "x layers h0")


@exercise("deep_rnn_forward", points=2)
def test_each_layer_agrees_with_torch_fed_the_states_below(deep_rnn_forward, cases, rng):
    for sizes in ({"H": (6, 8, 2)}, {"N": 4, "T": 3, "D": 5, "H": (5, 5)}):
        x, layers, h0 = cases.deep_rnn_forward(rng, **sizes)
        states = _layers(deep_rnn_forward(*copy.deepcopy((x, layers, h0))), len(layers))
        for layer, below in enumerate([x, *states[:-1]]):
            expect.close(states[layer], _torch_rnn(below, *layers[layer], h0[layer]), name=f"states[{layer}]")


@exercise("deep_rnn_forward", points=1)
def test_three_layers_from_zeros_agree_with_torch(deep_rnn_forward, cases, rng):
    x, layers, _ = cases.deep_rnn_forward(rng, N=2, T=7, D=4, H=(5, 5, 5))
    network = nn.RNN(4, 5, num_layers=3, batch_first=True).double()
    with_parameters(network, *[array for U, W, b in layers for array in (U, W, b, 0 * b)])
    with torch.no_grad():
        desired, _ = network(_tensor(x))
    expect.close(_layers(deep_rnn_forward(x, layers), 3)[-1], desired.numpy(), name="states[2]")


# count_parameters


def _torch_count(D, H, K, L):
    network, output = nn.RNN(D, H, num_layers=L), nn.Linear(H, K)
    second_biases = sum(p.numel() for name, p in network.named_parameters() if name.startswith("bias_hh"))
    return sum(p.numel() for p in (*network.parameters(), *output.parameters())) - second_biases


@exercise("count_parameters")
def test_the_count_is_an_int(count_parameters, cases, rng):
    expect.integer(count_parameters(*cases.count_parameters(rng)), name="the count")


@exercise("count_parameters", points=2)
def test_the_count_agrees_with_torch_without_its_second_biases(count_parameters, cases, rng):
    for _ in range(3):
        sizes = cases.count_parameters(rng)
        expect.equal(count_parameters(*sizes), _torch_count(*sizes), name="the count")


@exercise("count_parameters", points=1)
def test_the_count_of_a_single_layer_agrees_with_torch(count_parameters, cases, rng):
    D, H, K, _ = cases.count_parameters(rng)
    expect.equal(count_parameters(D, H, K, 1), _torch_count(D, H, K, 1), name="the count with L = 1")
    expect.equal(count_parameters(1, 1, 1, 1), _torch_count(1, 1, 1, 1), name="the count with D = H = K = L = 1")


# sample_sequence


def _torch_logits(model, sequences):
    """The logits (N, T + 1, K) behind each draw of N sequences of T symbols, if START was fed first and then what was
    drawn.
    """
    K = len(model["c_out"])
    x = np.eye(K)[[[0, *sequence] for sequence in sequences]]
    h = _torch_rnn(x, model["U"], model["W"], model["b"])
    return F.linear(_tensor(h), _tensor(model["V"]), _tensor(model["c_out"])).numpy()


def _chances(model, temperature, max_length):
    """The probability of every sequence of at most max_length symbols."""
    chances = {}
    for length in range(max_length + 1):
        sequences = list(itertools.product(range(1, len(model["c_out"])), repeat=length))
        logits = _tensor(_torch_logits(model, sequences))  # (N, length + 1, K)
        for sequence, p in zip(sequences, F.softmax(logits / temperature, dim=-1).numpy(), strict=True):
            drawn = p[np.arange(length), np.array(sequence, dtype=int)].prod()
            chances[sequence] = drawn * (p[length, 0] if length < max_length else 1)
    return chances


def _expect_symbols(sequence, K, max_length):
    expect.that(type(sequence) is list, "the result is not a list; expected a list of ints")
    expect.that(len(sequence) <= max_length, "there are more than max_length symbols")
    for symbol in sequence:
        expect.integer(symbol, name="a symbol")
        expect.that(0 < symbol < K, "a symbol lies in 1..K-1; symbol 0, START and END, is not part of the result")


def _expect_likeliest(sequence, model, max_length):
    _expect_symbols(sequence, len(model["c_out"]), max_length)
    ended = [0] if len(sequence) < max_length else []
    likeliest = _torch_logits(model, [sequence])[0].argmax(axis=-1).tolist()
    because = "START is fed first, then each symbol that was drawn; END ends it"
    expect.equal([*sequence, *ended], likeliest[: len(sequence) + len(ended)], name="the sequence", because=because)


@exercise("sample_sequence")
def test_a_sequence_is_a_list_of_at_most_max_length_symbols_without_start_and_end(sample_sequence, cases, rng):
    for max_length, end in ((20, 0.0), (4, -9.0), (1, 2.0)):
        args = cases.sample_sequence(rng, K=6, max_length=max_length, end=end)
        _expect_symbols(sample_sequence(*args), 6, max_length)


@exercise("sample_sequence")
def test_sample_sequence_leaves_the_model_as_it_was(sample_sequence, cases, rng):
    arguments_unchanged(sample_sequence, cases.sample_sequence(rng), "model rng temperature max_length")


@exercise("sample_sequence", points=2)
def test_at_a_small_temperature_the_likeliest_symbol_is_drawn_each_time(sample_sequence, cases, rng):
    models = [cases.sample_sequence(rng, K=5, H=8, temperature=1e-9, max_length=12, end=-50.0) for _ in range(3)]
    models.append((cases.walking_model(rng), np.random.default_rng(5), 1e-6, 20))
    for (model, _, _, max_length), sequence in zip(models, sample_sequence.map(copy.deepcopy(models)), strict=True):
        _expect_likeliest(sequence, model, max_length)


@exercise("sample_sequence", points=2)
def test_sequences_follow_their_probabilities(probe, cases, rng):
    model = cases.walking_model(rng, K=4, memory=2.0, bias=6.0)
    chances = _chances(model, temperature=5.0, max_length=3)
    counts = dict.fromkeys(chances, 0)
    sequences = probe("draw_many", copy.deepcopy(model), np.random.default_rng(rng.integers(2**62)), 5.0, 3, 400)
    expect.that(type(sequences) is list and len(sequences) == 400, "the 400 sequences did not come back as a list")
    for sequence in sequences:
        _expect_symbols(sequence, 4, 3)
        counts[tuple(sequence)] += 1
    far = deviation(list(counts.values()), list(chances.values())) > 6
    expect.that(not far, "400 sequences of at most 3 symbols at temperature 5 do not follow their probabilities")


@exercise("sample_sequence", points=2)
def test_all_randomness_comes_from_the_generator_and_none_is_left_when_cold(sample_sequence, probe, cases, rng):
    model, generator, *_ = cases.sample_sequence(rng, K=12, max_length=30, end=-50.0)

    def draw(generator, temperature):
        return sample_sequence(copy.deepcopy(model), generator, temperature, 30)

    twin, other = copy.deepcopy(generator), np.random.default_rng(rng.integers(2**62))
    first, again, others, later = (draw(g, 2.0) for g in (generator, twin, other, generator))
    for sequence in (first, again, others, later):
        _expect_symbols(sequence, 12, 30)
    expect.equal(again, first, name="the sequence", because="generators in the same state draw the same sequence")
    expect.that(others != first, "two generators drew the same 30 symbols")
    expect.that(later != first, "a generator drew the same 30 symbols twice")
    for g in (generator, other):
        _expect_likeliest(draw(g, 1e-9), model, 30)
    moved = probe("global_random_state_moves", model, generator, 2.0, 30)
    expect.that(moved is False, "the generators shared by the whole process, np.random or random, were used as well")
