"""The visible tests of assignment 1: what your functions must satisfy, checked by laws and against torch.nn.

A test without points, by `@exercise(NAME)` or `shapes_test(NAME, ...)`, is a gate: all gates of an exercise must pass
before any of its points are earned. In the grade, hidden tests with other inputs and sizes are added to these.
"""

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from selfcheck import exercise, expect
from selfcheck.agreement import (
    arguments_unchanged,
    each_close,
    same_in_float32_and_strided,
    shared_generators_untouched,
)
from selfcheck.common_tests import arguments_test, shapes_test
from selfcheck.oracles import deviation
from selfcheck.tensors import with_parameters


def _states(result):
    """The first of two values; the cache beside it is for a later assignment."""
    expect.tuple(result, 2, "the result")
    return result[0]


def _tensor(array):
    return torch.tensor(array, dtype=torch.float64)


def _expect_equation(h, x, U, W, b, h0, name="h"):
    """Each state must be what the equation makes of its input and of the state before it, in h itself or in h0."""
    expect.array(h, shape=(*x.shape[:2], len(b)), name=name)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H)
    made = np.tanh(np.einsum("hd,ntd->nth", U, x) + np.einsum("ij,ntj->nti", W, before) + b)
    expect.close(h, made, name=name, because="a state is not the equation's for its input and the state before it")


# one_hot


test_one_hot_returns_float64_of_shape_N_T_K = shapes_test("one_hot", "x (3, 5, 7)")
test_one_hot_leaves_its_tokens_as_they_were = arguments_test("one_hot", "tokens K", points=0.8)


def _expect_one_hot(x, tokens, K):
    """Each vector must hold a single 1, at the place of its token, and zeros."""
    expect.array(x, shape=(*tokens.shape, K), name="x")
    expect.close(x.sum(axis=-1), np.ones(tokens.shape), name="the sum over the classes")
    places = [(n, t, int(k)) for (n, t), k in np.ndenumerate(tokens)]
    expect.that(all(x[place] == 1 for place in places), "the 1 of a token does not stand at the token's class")
    expect.that(bool(np.isin(x, (0.0, 1.0)).all()), "x holds other numbers than 0 and 1")


@exercise("one_hot", points=2)
def test_each_vector_holds_a_single_one_at_the_place_of_its_token(one_hot, cases, rng):
    for sizes in ({}, {"N": 2, "T": 30, "K": 26}, {"N": 1, "T": 1, "K": 1}, {"N": 1, "T": 1, "K": 4}):
        tokens, K = cases.one_hot(rng, **sizes)
        _expect_one_hot(one_hot(tokens.copy(), K), tokens, K)


@exercise("one_hot", points=1)
def test_one_hot_refuses_what_is_not_a_class_and_nothing_else(one_hot, cases, rng):
    tokens, K = cases.one_hot(rng)
    _expect_one_hot(one_hot(tokens.copy(), K), tokens, K)
    for outside in (-1, K, -K, 9 * K):
        wrong = tokens.copy()
        wrong[1, 2] = outside
        expect.raises("ValueError", one_hot, wrong, K, because="a token lies outside 0..K-1")


@exercise("one_hot", points=1)
def test_one_hot_takes_integers_of_other_widths(one_hot, cases, rng):
    tokens, K = cases.one_hot(rng, N=4, T=6, K=5)
    for dtype in (np.int32, np.int16):
        _expect_one_hot(one_hot(tokens.astype(dtype), K), tokens, K)


# temporal_convolution


test_convolution_returns_float64_of_shape_N_T_H = shapes_test("temporal_convolution", "y (3, 8, 6)")
test_convolution_leaves_its_arguments_as_they_were = arguments_test("temporal_convolution", "x filters b", points=1)


def _impulses(x, s):
    """The input x (N, T, D) at step s alone, and zeros at all other steps."""
    return np.where(np.arange(x.shape[1])[:, None] == s, x, 0.0)


@exercise("temporal_convolution", points=2)
def test_the_answers_to_the_inputs_of_single_steps_add_up(temporal_convolution, cases, rng):
    for sizes in ({}, {"N": 2, "T": 7, "D": 5, "H": 5, "k": 3}, {"N": 1, "T": 1, "D": 2, "H": 3, "k": 1}):
        x, filters, b = cases.temporal_convolution(rng, **sizes)
        T = x.shape[1]
        y, *alone = temporal_convolution.map([(one, filters.copy(), b.copy()) for one in [x.copy(), *_each(x)]])
        shape = (*x.shape[:2], len(b))
        for answer in (y, *alone):
            expect.array(answer, shape=shape, name="y")
        expect.close(y, sum(alone) - (T - 1) * b, name="y", because="y less b is the sum of what each input adds")
        for s, answer in enumerate(alone):
            _expect_answer(answer, x, filters, b, s)


def _each(x):
    return [_impulses(x, s) for s in range(x.shape[1])]


def _expect_answer(y, x, filters, b, s):
    """The answer to the input of step s alone: filter j of it j steps later, and nothing else but the bias."""
    (N, T, _), (k, H, _) = x.shape, filters.shape
    name = f"y for an input at step {s} alone"
    expect.array(y, shape=(N, T, H), name=name)
    for t in range(T):
        j = t - s
        if 0 <= j < k:
            desired = b + np.einsum("hd,nd->nh", filters[j], x[:, s])
            expect.close(y[:, t], desired, name=f"{name}, {j} steps later", because=f"filters[{j}] answers, and b")
        else:
            because = "no filter reaches the input from there, and b alone is left"
            expect.close(y[:, t], np.tile(b, (N, 1)), name=f"{name}, at step {t}", because=because)


@exercise("temporal_convolution", points=1)
def test_an_impulse_is_answered_for_k_steps_and_never_before_it_came(temporal_convolution, cases, rng):
    x, filters, b = cases.temporal_convolution(rng, N=2, T=9, D=3, H=4, k=4)
    for s in (0, 3, 8):
        _expect_answer(temporal_convolution(_impulses(x, s), filters.copy(), b.copy()), x, filters, b, s)


@exercise("temporal_convolution", points=1)
def test_a_filter_may_be_longer_than_the_sequence(temporal_convolution, cases, rng):
    for k in (3, 4, 9):
        x, filters, b = cases.temporal_convolution(rng, N=4, T=3, D=2, H=5, k=k)
        for s in range(3):
            _expect_answer(temporal_convolution(_impulses(x, s), filters.copy(), b.copy()), x, filters, b, s)


@exercise("temporal_convolution", points=0.5)
def test_convolution_gives_the_same_in_float32_and_strided(temporal_convolution, cases, rng):
    same_in_float32_and_strided(temporal_convolution, cases.temporal_convolution(rng, N=2, T=6, D=3, H=4, k=2), "y")


# rnn_step_forward


test_a_step_returns_float64_of_shape_N_H_and_a_cache = shapes_test("rnn_step_forward", "h (3, 6), cache")
test_a_step_leaves_its_arguments_as_they_were = arguments_test("rnn_step_forward", "x h_prev U W b", points=0.7)


def _inside(h, name):
    """What stands inside of tanh, from a state; a state at the border or beyond has none."""
    expect.that(bool((abs(h) < 1).all()), f"{name} does not lie between -1 and 1, as every tanh does")
    return np.arctanh(h)


def _expect_step(step, x, h_prev, U, W, b):
    """Inside of tanh, unit vectors give b, b plus a column of U, or b plus a column of W, and the parts add up."""
    D, H = U.shape[1], len(b)
    nothing = (np.zeros((1, D)), np.zeros((1, H)))
    calls = [nothing, (np.eye(D), np.zeros((D, H))), (np.zeros((H, D)), np.eye(H)), (x, h_prev), (x, 0 * h_prev)]
    calls.append((0 * x, h_prev))
    inside = []
    for given, result in zip(calls, step.map([(*call, U, W, b) for call in calls]), strict=True):
        h = _states(result)
        expect.array(h, shape=(len(given[0]), H), name="h")
        inside.append(_inside(h, "h"))
    bias, columns_of_U, columns_of_W, both, of_x, of_h_prev = inside
    inside_tanh = "what stands inside of tanh, arctanh(h),"
    expect.close(bias, b[None], name=f"{inside_tanh} for x = 0 and h_prev = 0", because="it is b alone")
    for name, matrix, columns in (("x", "U", columns_of_U), ("h_prev", "W", columns_of_W)):
        other = "h_prev" if name == "x" else "x"
        words = f"{inside_tanh} for {other} = 0 and the unit vectors as rows of {name}"
        desired = {"U": U, "W": W}[matrix].T + b
        expect.close(columns, desired, name=words, because=f"unit vector j finds column j of {matrix}, and b")
    expect.close(both, of_x + of_h_prev - b, name=inside_tanh, because="it is the part of x, that of h_prev, and b")


@exercise("rnn_step_forward", points=2)
def test_unit_vectors_find_U_and_W_and_b_inside_of_tanh(rnn_step_forward, cases, rng):
    for sizes in ({}, {"N": 7, "D": 5, "H": 2}, {"N": 1, "D": 1, "H": 1}):
        _expect_step(rnn_step_forward, *cases.rnn_step_forward(rng, **sizes))


@exercise("rnn_step_forward", points=1)
def test_unit_vectors_find_them_where_D_equals_H(rnn_step_forward, cases, rng):
    _expect_step(rnn_step_forward, *cases.rnn_step_forward(rng, N=4, D=5, H=5))


@exercise("rnn_step_forward", points=0.5)
def test_a_step_gives_the_same_in_float32_and_strided(rnn_step_forward, cases, rng):
    same_in_float32_and_strided(rnn_step_forward, cases.rnn_step_forward(rng, N=2, D=5, H=3), "h", part=_states)


@exercise("rnn_step_forward", points=0.5)
def test_the_cache_of_a_step_holds_x_h_prev_U_W_and_h(probe, cases, rng):
    x, h_prev, U, W, b = cases.rnn_step_forward(rng, N=2, D=3, H=5)
    h, cache = probe("step_with_its_cache", x, h_prev, U, W, b)
    each_close(cache, (x, h_prev, U, W, h), "the cache")


# rnn_forward


test_the_states_are_float64_of_shape_N_T_H = shapes_test("rnn_forward", "h (3, 5, 6), cache")
test_rnn_forward_leaves_its_arguments_as_they_were = arguments_test("rnn_forward", "x U W b h0", points=1)


@exercise("rnn_forward", points=2)
def test_each_state_follows_from_the_one_before_it_and_the_first_from_h0(rnn_forward, cases, rng):
    for sizes in ({}, {"N": 2, "T": 9, "D": 5, "H": 5}, {"N": 1, "T": 1, "D": 1, "H": 1}):
        args = cases.rnn_forward(rng, **sizes)
        _expect_equation(_states(rnn_forward(*args)), *args)


@exercise("rnn_forward", points=1)
def test_without_h0_a_sequence_starts_from_zeros(rnn_forward, cases, rng):
    x, U, W, b, _ = cases.rnn_forward(rng, N=4, T=6, D=3, H=5)
    zeros = np.zeros((4, 5))
    for words, h0 in (("h without h0", ()), ("h with h0 of zeros", (zeros.copy(),))):
        _expect_equation(_states(rnn_forward(x, U, W, b, *h0)), x, U, W, b, zeros, words)


@exercise("rnn_forward", points=1)
def test_a_sequence_cut_in_two_is_continued_from_its_last_state(rnn_forward, cases, rng):
    x, U, W, b, h0 = cases.rnn_forward(rng, N=2, T=8, D=3, H=4)
    whole = _states(rnn_forward(x, U, W, b, h0))
    _expect_equation(whole, x, U, W, b, h0)
    early = _states(rnn_forward(x[:, :7].copy(), U, W, b, h0))
    expect.close(early, whole[:, :7], name="h of the first 7 steps", because="no later input changes it")
    late = _states(rnn_forward(x[:, 7:].copy(), U, W, b, whole[:, 6].copy()))
    expect.close(late, whole[:, 7:], name="h of the last step, begun with the state before it")


@exercise("rnn_forward", points=0.5)
def test_a_sequence_gives_the_same_in_float32_and_strided(rnn_forward, cases, rng):
    same_in_float32_and_strided(rnn_forward, cases.rnn_forward(rng, N=4, T=3, D=2, H=5), "h", part=_states)


@exercise("rnn_forward", points=0.5)
def test_the_cache_of_a_sequence_holds_x_h0_U_W_and_h(probe, cases, rng):
    for given in (True, False):
        x, U, W, b, h0 = cases.rnn_forward(rng, N=2, T=4, D=3, H=5, h0=given)
        h, cache = probe("sequence_with_its_cache", x, U, W, b, h0)
        each_close(cache, (x, h0 if given else np.zeros((2, 5)), U, W, h), "the cache")


# rnn_forward_masked


def _expect_masked(h, x, lengths, U, W, b, h0=None, name="h"):
    """While a sequence runs each state follows from the one before it; then the state before it stays."""
    (N, T, _), H = x.shape, len(b)
    h0 = np.zeros((N, H)) if h0 is None else h0
    expect.array(h, shape=(N, T, H), name=name)
    for n, length in enumerate(lengths):
        row, of_row = slice(n, n + 1), f"{name} of a sequence of length {length}"
        _expect_equation(h[row, :length], x[row, :length], U, W, b, h0[row], f"{of_row}, while it runs")
        last = h[n, length - 1] if length else h0[n]
        expect.close(h[n, length:], np.tile(last, (T - length, 1)), name=f"{of_row}, after its end")


test_the_masked_states_are_float64_of_shape_N_T_H = shapes_test("rnn_forward_masked", "h (5, 7, 6)")


@exercise("rnn_forward_masked", points=1.3)
def test_rnn_forward_masked_leaves_its_arguments_as_they_were(rnn_forward_masked, cases, rng):
    for padding in (None, np.nan):
        arguments_unchanged(rnn_forward_masked, cases.rnn_forward_masked(rng, padding=padding), "x lengths U W b h0")


@exercise("rnn_forward_masked", points=2)
def test_each_sequence_runs_for_its_length_and_then_stands_still(rnn_forward_masked, cases, rng):
    sizes = [{}, {"N": 3, "T": 6, "D": 2, "H": 4, "lengths": [2, 5, 3]}]
    sizes.append({"N": 1, "T": 1, "D": 1, "H": 1, "lengths": [1]})
    for some in sizes:
        args = cases.rnn_forward_masked(rng, **some)
        _expect_masked(rnn_forward_masked(*args), *args)


@exercise("rnn_forward_masked", points=2)
def test_whatever_stands_in_the_padding_never_matters(rnn_forward_masked, cases, rng):
    x, *rest = cases.rnn_forward_masked(rng, N=4, T=6, D=3, H=5, lengths=[3, 1, 6, 4])
    for padding in (None, np.nan, np.inf, 1e30, 0.0):
        padded = cases.pad(x, rest[0], padding)
        name = "h" if padding is None else f"h with {padding} in the padding"
        _expect_masked(rnn_forward_masked(padded, *rest), x, *rest, name=name)


@exercise("rnn_forward_masked", points=1)
def test_a_sequence_that_never_began_keeps_h0(rnn_forward_masked, cases, rng):
    args = cases.rnn_forward_masked(rng, N=4, T=5, D=3, H=6, lengths=[0, 3, 0, 5])
    _expect_masked(rnn_forward_masked(*args), *args)
    _expect_masked(rnn_forward_masked(*args[:-1]), *args[:-1], name="h without h0")


@exercise("rnn_forward_masked", points=0.5)
def test_masked_sequences_give_the_same_in_float32_and_strided(rnn_forward_masked, cases, rng):
    same_in_float32_and_strided(rnn_forward_masked, cases.rnn_forward_masked(rng, N=3, T=5, D=2, H=4), "h")


# rnn_output


test_the_outputs_are_float64_of_shape_N_T_K = shapes_test("rnn_output", "y (3, 5, 7)")
test_rnn_output_leaves_its_arguments_as_they_were = arguments_test("rnn_output", "h V c_out", points=1)


FARTHEST = 600.0  # logits farther apart than this count as so far apart: the smaller probability is near 1e-261


def _expect_softmax(y, h, V, c_out, when=""):
    """The logarithms of a step's probabilities must differ as its logits do, and the probabilities sum to 1.

    when: what is said of this y, such as " for logits 300 times as large".
    """
    expect.array(y, shape=(*h.shape[:2], len(V)), name=f"y{when}")
    expect.that(bool((y >= 0).all()), f"y{when} holds negative numbers")
    expect.close(y.sum(axis=-1), np.ones(y.shape[:2]), name=f"the sum of y over the classes{when}")
    logits = np.einsum("kh,nth->ntk", V, h) + c_out
    with np.errstate(divide="ignore"):
        found = np.log(y)  # a probability may underflow to 0
    for k in range(len(V)):
        desired = np.clip(logits - logits[..., k : k + 1], -FARTHEST, FARTHEST)
        likely = found[..., k : k + 1] > -100  # else the difference is one of rounding
        apart = np.clip(found - np.where(likely, found[..., k : k + 1], 0.0), -FARTHEST, FARTHEST)
        because = "the logarithms of two probabilities differ as the two logits do"
        name = f"y{when}, as log y - log y[..., {k}],"
        expect.close(np.where(likely, apart, desired), desired, name=name, because=because)


@exercise("rnn_output", points=2)
def test_probabilities_sum_to_one_and_their_logarithms_differ_as_the_logits_do(rnn_output, cases, rng):
    for sizes in ({}, {"N": 4, "T": 6, "H": 5, "K": 5}, {"N": 1, "T": 1, "H": 1, "K": 1}):
        args = cases.rnn_output(rng, **sizes)
        _expect_softmax(rnn_output(*args), *args)


@exercise("rnn_output", points=1)
def test_probabilities_are_finite_however_large_the_logits(rnn_output, cases, rng):
    for scale in (300.0, 1e4):
        args = cases.rnn_output(rng, N=2, T=6, H=4, K=3, scale=scale)
        _expect_softmax(rnn_output(*args), *args, when=f" for logits {scale:g} times as large")


@exercise("rnn_output", points=1)
def test_the_same_number_added_to_all_logits_changes_nothing(rnn_output, cases, rng):
    h, V, c_out = cases.rnn_output(rng, N=4, T=3, H=2, K=6)
    for added, when in ((0, ""), (900, " for c_out + 900"), (-900, " for c_out - 900")):
        _expect_softmax(rnn_output(h.copy(), V.copy(), c_out + added), h, V, c_out, when)
    heights = np.array([-2000.0, 0.0, 2000.0])[None, :, None] * np.ones((4, 1, 1))  # each step at its own height
    y = rnn_output(np.concatenate([h, heights], axis=-1), np.concatenate([V, np.ones((6, 1))], axis=1), c_out.copy())
    _expect_softmax(y, h, V, c_out, when=" for logits 2000 lower at step 0 and 2000 higher at step 2")


@exercise("rnn_output", points=0.5)
def test_the_outputs_are_the_same_in_float32_and_strided(rnn_output, cases, rng):
    same_in_float32_and_strided(rnn_output, cases.rnn_output(rng, N=4, T=3, H=5, K=2), "y")


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


test_deep_rnn_forward_leaves_its_arguments_as_they_were = arguments_test("deep_rnn_forward", "x layers h0", points=0.9)


@exercise("deep_rnn_forward", points=2)
def test_each_layer_runs_on_the_states_below_it(deep_rnn_forward, cases, rng):
    sizes = [{"H": (6, 8, 2)}, {"N": 4, "T": 3, "D": 5, "H": (5, 5)}, {"N": 1, "T": 1, "D": 1, "H": (1,)}]
    for some in sizes:
        x, layers, h0 = cases.deep_rnn_forward(rng, **some)
        states = _layers(deep_rnn_forward(x, layers, h0), len(layers))
        for layer, below in enumerate([x, *states[:-1]]):
            _expect_equation(states[layer], below, *layers[layer], h0[layer], name=f"states[{layer}]")


@exercise("deep_rnn_forward", points=1)
def test_three_layers_from_zeros_agree_with_torch(deep_rnn_forward, cases, rng):
    x, layers, _ = cases.deep_rnn_forward(rng, N=2, T=7, D=4, H=(5, 5, 5))
    network = nn.RNN(4, 5, num_layers=3, batch_first=True).double()
    with_parameters(network, *[array for U, W, b in layers for array in (U, W, b, 0 * b)])
    with torch.no_grad():
        desired, _ = network(_tensor(x))
    expect.close(_layers(deep_rnn_forward(x, layers), 3)[-1], desired.numpy(), name="states[2]")


@exercise("deep_rnn_forward", points=0.5)
def test_without_h0_layers_of_any_size_start_from_zeros(deep_rnn_forward, cases, rng):
    x, layers, _ = cases.deep_rnn_forward(rng, N=4, T=3, D=2, H=(5, 3, 6))
    states = _layers(deep_rnn_forward(x, layers), 3)
    for layer, below in enumerate([x, *states[:-1]]):
        zeros = np.zeros((4, len(layers[layer][2])))
        _expect_equation(states[layer], below, *layers[layer], zeros, name=f"states[{layer}] without h0")


@exercise("deep_rnn_forward", points=0.5)
def test_the_layers_are_the_same_in_float32_and_strided(deep_rnn_forward, cases, rng):
    same_in_float32_and_strided(deep_rnn_forward, cases.deep_rnn_forward(rng, N=2, T=3, D=2, H=(4, 3)), "the list")


# count_parameters


# (D, H, K, L) and the number of parameters, one bias in each layer and one at the output.
ONE_LAYER = {(1, 1, 1, 1): 5, (5, 2, 3, 1): 25, (2, 3, 7, 1): 46, (9, 4, 2, 1): 66, (3, 11, 6, 1): 237}
SEVERAL_LAYERS = {(3, 2, 5, 2): 37, (7, 5, 2, 3): 187, (4, 3, 9, 4): 123, (6, 8, 3, 2): 283, (12, 10, 4, 5): 1114}


def _expect_counts(count_parameters, known):
    """The message says too small or too large, and for which arguments."""
    for (D, H, K, L), right in known.items():
        count = count_parameters(D, H, K, L)
        expect.integer(count, name="the count")
        size = "small" if count < right else "large"
        expect.that(count == right, f"the count for D = {D}, H = {H}, K = {K}, L = {L} is too {size}")


@exercise("count_parameters")
def test_the_count_is_an_int(count_parameters, cases, rng):
    expect.integer(count_parameters(*cases.count_parameters(rng)), name="the count")


@exercise("count_parameters", points=2)
def test_the_counts_of_networks_of_several_layers(count_parameters):
    _expect_counts(count_parameters, SEVERAL_LAYERS)


@exercise("count_parameters", points=1)
def test_the_counts_of_networks_of_a_single_layer(count_parameters):
    _expect_counts(count_parameters, ONE_LAYER)


# sample_sequence


def _torch_logits(model, sequences):
    """The logits (N, T + 1, K) behind each draw of N sequences of T symbols, if START was fed first and then what was
    drawn.
    """
    K = len(model["c_out"])
    x = np.eye(K)[[[0, *sequence] for sequence in sequences]]
    network = with_parameters(nn.RNN(K, len(model["W"]), batch_first=True).double(), *_parameters(model))
    output = with_parameters(nn.Linear(len(model["W"]), K).double(), model["V"], model["c_out"])
    with torch.no_grad():
        return output(network(_tensor(x))[0]).numpy()


def _parameters(model):
    """Those of the recurrent part in torch's order; of its two biases the second is zero."""
    return model["U"], model["W"], model["b"], 0 * model["b"]


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
        expect.that(0 < symbol < K, "the result holds a symbol outside of 1..K-1; START and END, 0, is no part of it")


def _expect_likeliest(sequence, model, max_length):
    _expect_symbols(sequence, len(model["c_out"]), max_length)
    ended = [0] if len(sequence) < max_length else []
    likeliest = _torch_logits(model, [sequence])[0].argmax(axis=-1).tolist()
    because = "at a small temperature each draw, END too, is the likeliest symbol after START and the draws before it"
    expect.equal([*sequence, *ended], likeliest[: len(sequence) + len(ended)], name="the sequence", because=because)


@exercise("sample_sequence")
def test_a_sequence_is_a_list_of_at_most_max_length_symbols_without_start_and_end(sample_sequence, cases, rng):
    for max_length, end in ((20, 0.0), (4, -9.0), (1, 2.0)):
        args = cases.sample_sequence(rng, K=6, max_length=max_length, end=end)
        _expect_symbols(sample_sequence(*args), 6, max_length)


test_sample_sequence_leaves_the_model_as_it_was = arguments_test(
    "sample_sequence", "model rng temperature max_length", points=1.2
)


@exercise("sample_sequence", points=2)
def test_at_a_small_temperature_the_likeliest_symbol_is_drawn_each_time(sample_sequence, cases, rng):
    models = [cases.sample_sequence(rng, K=5, H=8, temperature=1e-9, max_length=12, end=-50.0) for _ in range(3)]
    models.append((cases.walking_model(rng), np.random.default_rng(5), 1e-6, 20))
    for (model, _, _, max_length), sequence in zip(models, sample_sequence.map(models), strict=True):
        _expect_likeliest(sequence, model, max_length)


@exercise("sample_sequence", points=2)
def test_sequences_follow_their_probabilities(probe, cases, rng):
    for memory, temperature in ((2.0, 5.0), (8.0, 3.0)):  # with more memory, what came before the last symbol matters
        model = cases.walking_model(rng, K=4, memory=memory, bias=6.0)
        chances = _chances(model, temperature, max_length=3)
        counts = dict.fromkeys(chances, 0)
        generator = np.random.default_rng(rng.integers(2**62))
        sequences = probe("draw_many", model, generator, temperature, 3, 400)
        expect.that(type(sequences) is list and len(sequences) == 400, "the 400 sequences did not come back as a list")
        for sequence in sequences:
            _expect_symbols(sequence, 4, 3)
            counts[tuple(sequence)] += 1
        far = deviation(list(counts.values()), list(chances.values()), samples=400) > 6
        drawn = f"400 sequences of at most 3 symbols at temperature {temperature:g}"
        expect.that(not far, f"{drawn} do not follow their probabilities")


@exercise("sample_sequence", points=2)
def test_all_randomness_comes_from_the_generator_and_none_is_left_when_cold(sample_sequence, cases, rng):
    model, generator, *_ = cases.sample_sequence(rng, K=12, max_length=30, end=-50.0)

    other = np.random.default_rng(rng.integers(2**62))
    drawn = sample_sequence.watched(model, generator, 2.0, 30)
    draws = [(generator, 2.0), (other, 2.0), (drawn.args[1], 2.0), (generator, 1e-9), (other, 1e-9)]
    again, others, later, *cold = sample_sequence.map([(model, *draw, 30) for draw in draws])
    first = drawn.value
    for sequence in (first, again, others, later):
        _expect_symbols(sequence, 12, 30)
    expect.equal(again, first, name="the sequence", because="generators in the same state draw the same sequence")
    expect.that(others != first, "two generators drew the same sequence")
    expect.that(later != first, "a generator drew the same sequence twice")
    for sequence in cold:
        _expect_likeliest(sequence, model, 30)
    shared_generators_untouched(sample_sequence.watched, (model, generator, 2.0, 30), rng)


# bidirectional_rnn_forward, without points


def _torch_bidirectional(x, lengths, forwards, backwards):
    """Each sequence by itself, in both directions, by torch.nn.RNN."""
    h = np.zeros((*x.shape[:2], len(forwards[2]) + len(backwards[2])))
    for n, length in enumerate(lengths):
        for (U, W, b), turn, columns in (
            (forwards, 1, slice(len(forwards[2]))),
            (backwards, -1, slice(len(forwards[2]), None)),
        ):
            if length:
                network = with_parameters(nn.RNN(U.shape[1], len(b), batch_first=True).double(), U, W, b, 0 * b)
                with torch.no_grad():
                    states, _ = network(_tensor(x[n, :length][::turn].copy())[None])
                h[n, :length, columns] = states[0].numpy()[::turn]
    return h


test_both_states_stand_side_by_side = shapes_test("bidirectional_rnn_forward", "h (5, 7, 9)")


@exercise("bidirectional_rnn_forward", points=1)
def test_bidirectional_rnn_forward_leaves_its_arguments_as_they_were(bidirectional_rnn_forward, cases, rng):
    args = cases.bidirectional_rnn_forward(rng)
    arguments_unchanged(bidirectional_rnn_forward, args, "x lengths forwards backwards")


@exercise("bidirectional_rnn_forward", points=3)
def test_each_direction_is_torchs_network_on_each_sequence_by_itself(bidirectional_rnn_forward, cases, rng):
    for sizes in (
        {},
        {"N": 3, "T": 1, "D": 2, "H": (2, 4)},
        {"padding": 1e3},
        {"padding": np.nan},
        {"padding": np.inf},
    ):
        args = cases.bidirectional_rnn_forward(rng, **sizes)
        expect.close(bidirectional_rnn_forward(*args), _torch_bidirectional(*args), name="h")


# sequence_log_probability, without points


def _torch_log_probability(model, symbols):
    U, W, b, V, c_out = (_tensor(model[name]) for name in ("U", "W", "b", "V", "c_out"))
    h, before, total = torch.zeros(len(b), dtype=torch.float64), 0, 0.0
    for symbol in [*symbols.tolist(), 0]:
        h = torch.tanh(U[:, before] + W @ h + b)
        total += float(F.log_softmax(V @ h + c_out, dim=0)[symbol])
        before = symbol
    return total


@exercise("sequence_log_probability")
def test_the_log_probability_is_a_float(sequence_log_probability, cases, rng):
    found = sequence_log_probability(*cases.sequence_log_probability(rng))
    expect.that(isinstance(found, float), f"the result is a {type(found).__name__}; expected a float")


test_sequence_log_probability_leaves_its_arguments_as_they_were = arguments_test(
    "sequence_log_probability", "model symbols", points=1
)


@exercise("sequence_log_probability", points=3)
def test_the_log_probability_is_that_of_torch(sequence_log_probability, cases, rng):
    for sizes in ({}, {"T": 0}, {"T": 1, "K": 3, "H": 2}, {"T": 9, "scale": 400.0}):
        model, symbols = cases.sequence_log_probability(rng, **sizes)
        found, desired = sequence_log_probability(model, symbols), _torch_log_probability(model, symbols)
        expect.close(np.array(found, ndmin=1), np.array([desired]), name="ln p", rtol=1e-9)
