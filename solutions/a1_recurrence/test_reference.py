"""The reference of assignment 1 agrees with published numbers and torch.nn, right variants with it; no mistake does."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from content import read_content
from selfcheck.oracles import deviation
from selfcheck.tensors import with_parameters

CONTENT = read_content("a1_recurrence")
reference, cases = CONTENT.reference, CONTENT.cases


def _generators(seeds=3):
    return [np.random.default_rng([2026, seed]) for seed in range(seeds)]


def _tensor(array):
    return torch.tensor(array, dtype=torch.float64)


def _space(*shape, low, high):
    return np.linspace(low, high, num=int(np.prod(shape))).reshape(shape)


# Published numbers: CS231n's assignment on RNN captioning, whose weights are the transposes of ours.


def test_a_step_reproduces_the_published_numbers():
    h, _ = reference.rnn_step_forward(
        _space(3, 10, low=-0.4, high=0.7),
        _space(3, 4, low=-0.2, high=0.5),
        _space(10, 4, low=-0.1, high=0.9).T,
        _space(4, 4, low=-0.3, high=0.7).T,
        _space(4, low=-0.2, high=0.4),
    )
    published = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    np.testing.assert_allclose(h, published, atol=1e-8)


def test_a_sequence_reproduces_the_published_numbers():
    h, _ = reference.rnn_forward(
        _space(2, 3, 4, low=-0.1, high=0.3),
        _space(4, 5, low=-0.2, high=0.4).T,
        _space(5, 5, low=-0.4, high=0.1).T,
        _space(5, low=-0.7, high=0.1),
        _space(2, 5, low=-0.3, high=0.1),
    )
    np.testing.assert_allclose(h[0, 0], [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251], atol=1e-8)
    np.testing.assert_allclose(h[1, 2], [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043], atol=1e-8)


# torch.nn, and independent ways to the same numbers


def test_one_hot_agrees_with_torch():
    tokens, K = cases.one_hot(np.random.default_rng(0))
    np.testing.assert_array_equal(reference.one_hot(tokens, K), nn.functional.one_hot(torch.tensor(tokens), K).numpy())


def test_the_convolution_agrees_with_its_equation_term_by_term():
    x, filters, b = cases.temporal_convolution(np.random.default_rng(0))
    y = np.tile(b, (3, 8, 1))
    for n, t, j in itertools.product(range(3), range(8), range(5)):
        if t >= j:
            y[n, t] += filters[j] @ x[n, t - j]
    np.testing.assert_allclose(reference.temporal_convolution(x, filters, b), y, rtol=1e-12)


def test_the_derivative_of_an_output_of_the_convolution_is_the_filter():
    x, filters, b = cases.temporal_convolution(np.random.default_rng(1))
    step = np.zeros_like(x)
    step[1, 2, 3] = 1e-3
    ahead, behind = (reference.temporal_convolution(x + sign * step, filters, b) for sign in (1, -1))
    derivative = np.zeros_like(ahead)
    derivative[1, 2:7] = filters[:, :, 3]
    np.testing.assert_allclose((ahead - behind) / 2e-3, derivative, atol=1e-10)


def test_a_step_agrees_with_torch():
    x, h_prev, U, W, b = cases.rnn_step_forward(np.random.default_rng(0))
    cell = with_parameters(nn.RNNCell(4, 6).double(), U, W, b, 0 * b)
    h, cache = reference.rnn_step_forward(x, h_prev, U, W, b)
    np.testing.assert_allclose(h, cell(_tensor(x), _tensor(h_prev)).detach().numpy(), rtol=1e-12)
    assert all(kept is given for kept, given in zip(cache, (x, h_prev, U, W, h), strict=True))


@pytest.mark.parametrize("h0", [True, False])
def test_sequences_and_stacks_agree_with_torch(h0):
    x, layers, initial = cases.deep_rnn_forward(np.random.default_rng(0), H=(6, 6, 6), h0=h0)
    network = nn.RNN(4, 6, num_layers=3, batch_first=True).double()
    with_parameters(network, *[array for U, W, b in layers for array in (U, W, b, 0 * b)])
    top, last = network(_tensor(x), _tensor(np.stack(initial)) if h0 else None)
    states = reference.deep_rnn_forward(x, layers, initial)
    np.testing.assert_allclose(states[-1], top.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose([s[:, -1] for s in states], last.detach().numpy(), rtol=1e-12)


def test_masked_sequences_agree_with_packed_sequences_of_torch():
    x, lengths, U, W, b, h0 = cases.rnn_forward_masked(
        np.random.default_rng(0), lengths=[7, 2, 5, 1, 4], padding=np.nan
    )
    network = with_parameters(nn.RNN(4, 6, batch_first=True).double(), U, W, b, 0 * b)
    packed = nn.utils.rnn.pack_padded_sequence(_tensor(x), lengths, batch_first=True, enforce_sorted=False)
    packed_states, last = network(packed, _tensor(h0)[None])
    states, _ = nn.utils.rnn.pad_packed_sequence(packed_states, batch_first=True)
    h = reference.rnn_forward_masked(x, lengths, U, W, b, h0)
    running = np.arange(7) < lengths[:, None]
    np.testing.assert_allclose(h[running], states.detach().numpy()[running], rtol=1e-12)
    np.testing.assert_allclose(h[~running], np.repeat(last[0].detach().numpy(), 7 - lengths, axis=0), rtol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 2000.0])
def test_outputs_agree_with_torch(scale):
    h, V, c_out = cases.rnn_output(np.random.default_rng(0), scale=scale)
    desired = nn.functional.softmax(nn.functional.linear(_tensor(h), _tensor(V), _tensor(c_out)), dim=-1)
    np.testing.assert_allclose(reference.rnn_output(h, V, c_out), desired.numpy(), rtol=1e-9, atol=1e-15)


def test_the_derivative_of_the_softmax_is_its_textbook_jacobian():
    h, V, c_out = cases.rnn_output(np.random.default_rng(0))
    y = reference.rnn_output(h, V, c_out)
    for k, unit in enumerate(1e-6 * np.eye(7)):
        derivative = (reference.rnn_output(h, V, c_out + unit) - reference.rnn_output(h, V, c_out - unit)) / 2e-6
        np.testing.assert_allclose(derivative, y * (np.eye(7)[k] - y[..., k : k + 1]), atol=1e-9)


def test_counts_agree_with_torch_without_its_second_biases():
    for D, H, K, L in itertools.product((1, 4), (1, 3), (1, 5), (1, 2, 6)):
        modules = nn.RNN(D, H, num_layers=L), nn.Linear(H, K)
        counted = sum(parameter.numel() for module in modules for parameter in module.parameters())
        assert reference.count_parameters(D, H, K, L) == counted - L * H


def test_sampled_pairs_follow_their_probabilities():
    model, generator, *_ = cases.sample_sequence(np.random.default_rng(0), K=3, H=5, gain=1.0)
    network = with_parameters(
        nn.RNN(3, 5, batch_first=True).double(), model["U"], model["W"], model["b"], 0 * model["b"]
    )
    chances = {}
    for first in (1, 2):
        states, _ = network(_tensor(np.eye(3)[[[0, first]]]))
        logits = states[0] @ _tensor(model["V"]).T + _tensor(model["c_out"])
        p, q = nn.functional.softmax(logits / 0.7, dim=-1).detach().numpy()
        chances |= {(): p[0], (first,): p[first] * q[0], (first, 1): p[first] * q[1], (first, 2): p[first] * q[2]}
    drawn = [tuple(reference.sample_sequence(model, generator, 0.7, 2)) for _ in range(2000)]
    assert deviation([drawn.count(sequence) for sequence in chances], list(chances.values()), samples=2000) < 6


def test_a_walking_model_walks_through_all_symbols_and_ends():
    for rng in _generators():
        drawn = reference.sample_sequence(cases.walking_model(rng), rng, 1e-6, 50)
        assert sorted(drawn) == list(range(1, 8))
