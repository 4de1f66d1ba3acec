"""The reference of assignment 4 agrees with published numbers, torch.nn and finite differences; its mistakes do not."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from content import read_content
from selfcheck.tensors import with_parameters

CONTENT = read_content("a4_lstm")
reference, cases = CONTENT.reference, CONTENT.cases


def _tensor(array, **options):
    return torch.tensor(array, dtype=torch.float64, **options)


def _space(*shape, low, high):
    return np.linspace(low, high, num=int(np.prod(shape))).reshape(shape)


# Published numbers: CS231n's assignment on LSTM captioning, whose weights are the transposes of ours in the gates'
# order i, f, o, g.


def _as_ours(Wx, Wh, b):
    """Weights (D, 4H), (H, 4H), (4H,) in the order i, f, o, g as ours: (4H, D), (4H, H), (4H,) in i, f, g, o."""

    def reordered(rows):
        i, f, o, g = np.split(rows, 4)
        return np.concatenate([i, f, g, o])

    return reordered(Wx.T), reordered(Wh.T), reordered(b)


def test_a_step_reproduces_the_published_numbers():
    weights = _as_ours(
        _space(4, 20, low=-2.1, high=1.3), _space(5, 20, low=-0.7, high=2.2), _space(20, low=0.3, high=0.7)
    )
    h, c, _ = reference.lstm_step_forward(
        _space(3, 4, low=-0.4, high=1.2), _space(3, 5, low=-0.3, high=0.7), _space(3, 5, low=-0.4, high=0.9), *weights
    )
    np.testing.assert_allclose(h[0], [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904], atol=1e-8)
    np.testing.assert_allclose(c[0], [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407], atol=1e-8)


def test_a_sequence_reproduces_the_published_numbers():
    weights = _as_ours(
        _space(5, 16, low=-0.2, high=0.9), _space(4, 16, low=-0.3, high=0.6), _space(16, low=0.2, high=0.7)
    )
    h, _, _ = reference.lstm_forward(_space(2, 3, 5, low=-0.4, high=0.6), *weights, _space(2, 4, low=-0.4, high=0.8))
    np.testing.assert_allclose(h[0, 0], [0.01764008, 0.01823233, 0.01882671, 0.0194232], atol=1e-8)
    np.testing.assert_allclose(h[1, 2], [0.81733511, 0.83677871, 0.85403753, 0.86935314], atol=1e-8)


# torch.nn and autograd


def _torch_lstm(x, U, W, b, h0, c0):
    """torch.nn.LSTM with these weights, its inputs as leaves, and its h (N, T, H) and last c (N, H)."""
    network = with_parameters(nn.LSTM(U.shape[1], W.shape[1], batch_first=True).double(), U, W, b, 0 * b)
    leaves = [_tensor(array, requires_grad=True) for array in (x, h0, c0)]
    h, (_, c_last) = network(leaves[0], (leaves[1][None], leaves[2][None]))
    return network, leaves, h, c_last[0]


def test_a_step_agrees_with_torch():
    x, h_prev, c_prev, U, W, b = cases.lstm_step_forward(np.random.default_rng(0))
    cell = with_parameters(nn.LSTMCell(4, 6).double(), U, W, b, 0 * b)
    states = cell(_tensor(x), (_tensor(h_prev), _tensor(c_prev)))
    h, c, cache = reference.lstm_step_forward(x, h_prev, c_prev, U, W, b)
    for ours, theirs in zip((h, c), states, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)
    for ours, made_by_torch in zip(cache, cases.step_cache(x, h_prev, c_prev, U, W, b), strict=True):
        np.testing.assert_allclose(ours, made_by_torch, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("initial", [True, False])
def test_a_sequence_agrees_with_torch(initial):
    x, U, W, b, h0, c0 = cases.lstm_forward(np.random.default_rng(0), initial=initial)
    zeros = np.zeros((3, 6))
    _, _, theirs, their_last = _torch_lstm(x, U, W, b, *((h0, c0) if initial else (zeros, zeros)))
    h, c_last, cache = reference.lstm_forward(x, U, W, b, h0, c0)
    np.testing.assert_allclose(h, theirs.detach().numpy(), rtol=1e-11)
    np.testing.assert_allclose(c_last, their_last.detach().numpy(), rtol=1e-11)
    for ours, made_by_torch in zip(cache, cases.sequence_cache(x, U, W, b, h0, c0), strict=True):
        np.testing.assert_allclose(ours, made_by_torch, rtol=1e-11, atol=1e-15)


def test_a_steps_gradients_agree_with_autograd():
    rng = np.random.default_rng(0)
    x, h_prev, c_prev, U, W, b = args = cases.lstm_step_forward(rng)
    dh, dc = cases.step_gradients(rng, 3, 6)
    cell = with_parameters(nn.LSTMCell(4, 6).double(), U, W, b, 0 * b)
    leaves = [_tensor(array, requires_grad=True) for array in (x, h_prev, c_prev)]
    wanted = [*leaves, cell.weight_ih, cell.weight_hh, cell.bias_ih]
    theirs = torch.autograd.grad(cell(leaves[0], tuple(leaves[1:])), wanted, (_tensor(dh), _tensor(dc)))
    ours = reference.lstm_step_backward(dh, dc, reference.lstm_step_forward(*args)[2])
    for gradient, desired in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient, desired.numpy(), rtol=1e-10, atol=1e-13)


def test_a_sequences_gradients_agree_with_autograd():
    rng = np.random.default_rng(0)
    args = cases.lstm_forward(rng, T=9)
    dh, dc_last = cases.gradients(rng, 3, 9, 6)
    network, (x, h0, c0), h, c_last = _torch_lstm(*args)
    wanted = [x, network.weight_ih_l0, network.weight_hh_l0, network.bias_ih_l0, h0, c0]
    theirs = torch.autograd.grad((h, c_last), wanted, (_tensor(dh), _tensor(dc_last)))
    ours = reference.lstm_backward(dh, dc_last, reference.lstm_forward(*args)[2])
    for gradient, desired in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient, desired.numpy(), rtol=1e-10, atol=1e-13)


def test_a_sequence_is_its_steps_forward_and_backward():
    rng = np.random.default_rng(1)
    x, U, W, b, h0, c0 = cases.lstm_forward(rng)
    dh, dc_last = cases.gradients(rng, 3, 5, 6)
    h, c, caches = [h0], [c0], []
    for t in range(5):
        h_t, c_t, cache = reference.lstm_step_forward(x[:, t], h[-1], c[-1], U, W, b)
        h, c, caches = [*h, h_t], [*c, c_t], [*caches, cache]
    states, c_last, cache = reference.lstm_forward(x, U, W, b, h0, c0)
    np.testing.assert_allclose(states, np.stack(h[1:], axis=1), rtol=1e-12)
    np.testing.assert_allclose(c_last, c[-1], rtol=1e-12)
    dx, summed = np.empty_like(x), [0.0, 0.0, 0.0]
    dh_t, dc_t = np.zeros_like(h0), dc_last
    for t in reversed(range(5)):
        dx[:, t], dh_t, dc_t, *weights = reference.lstm_step_backward(dh[:, t] + dh_t, dc_t, caches[t])
        summed = [total + part for total, part in zip(summed, weights, strict=True)]
    for gradient, desired in zip(reference.lstm_backward(dh, dc_last, cache), (dx, *summed, dh_t, dc_t), strict=True):
        np.testing.assert_allclose(gradient, desired, rtol=1e-10, atol=1e-13)


# Finite differences: every entry of every gradient


def _slopes(forward, args, arriving):
    """Central differences of L, the sum of d * output over what arrives, by every entry of every argument."""

    def loss(place, array):
        outputs = forward(*args[:place], array, *args[place + 1 :])
        return sum((d * output).sum() for d, output in zip(arriving, outputs, strict=False))

    for place, argument in enumerate(args):
        slopes = np.empty_like(argument)
        for index in np.ndindex(argument.shape):
            step = np.zeros_like(argument)
            step[index] = 1e-5
            slopes[index] = (loss(place, argument + step) - loss(place, argument - step)) / 2e-5
        yield slopes


def test_a_steps_gradients_agree_with_finite_differences():
    rng = np.random.default_rng(2)
    args = cases.lstm_step_forward(rng, N=2, D=3, H=4)
    arriving = cases.step_gradients(rng, 2, 4)
    gradients = reference.lstm_step_backward(*arriving, reference.lstm_step_forward(*args)[2])
    for gradient, slopes in zip(gradients, _slopes(reference.lstm_step_forward, args, arriving), strict=True):
        np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)


def test_a_sequences_gradients_agree_with_finite_differences():
    rng = np.random.default_rng(2)
    args = cases.lstm_forward(rng, N=2, T=4, D=3, H=2)
    arriving = cases.gradients(rng, 2, 4, 2)
    gradients = reference.lstm_backward(*arriving, reference.lstm_forward(*args)[2])
    for gradient, slopes in zip(gradients, _slopes(reference.lstm_forward, args, arriving), strict=True):
        np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)


# The cells that torch does not have: number by number, and by what they become where torch has them


def _one_by_one(x, h, c, U, W, b, rows):
    """The sums a[n][row] of a cell's rows, number by number."""
    return [
        [
            b[row]
            + sum(U[row, d] * x[n, d] for d in range(x.shape[1]))
            + sum(W[row, k] * h[n, k] for k in range(h.shape[1]))
            for row in range(rows)
        ]
        for n in range(len(x))
    ]


def _logistic(a):
    return 1 / (1 + np.exp(-a))


def test_the_additive_cells_agree_with_their_equations_number_by_number():
    x, h_prev, c_prev, U, W, b, i, o = cases.additive_cell(np.random.default_rng(0))
    for given, (i_n, o_n) in (((i, o), (i, o)), ((), (np.ones((3, 6)), np.ones((3, 6))))):
        h, c = reference.additive_cell(x, h_prev, c_prev, U, W, b, *given)
        a = _one_by_one(x, h_prev, c_prev, U, W, b, 6)
        for n, k in itertools.product(range(3), range(6)):
            desired = c_prev[n, k] + i_n[n, k] * np.tanh(a[n][k])
            np.testing.assert_allclose((h[n, k], c[n, k]), (o_n[n, k] * np.tanh(desired), desired), rtol=1e-12)
    x, h_prev, c_prev, U, W, b = cases.original_lstm_step(np.random.default_rng(0))
    h, c = reference.original_lstm_step(x, h_prev, c_prev, U, W, b)
    a = _one_by_one(x, h_prev, c_prev, U, W, b, 18)
    for n, k in itertools.product(range(3), range(6)):
        desired = c_prev[n, k] + _logistic(a[n][k]) * np.tanh(a[n][6 + k])
        np.testing.assert_allclose(
            (h[n, k], c[n, k]), (_logistic(a[n][12 + k]) * np.tanh(desired), desired), rtol=1e-12
        )


def test_the_direct_derivative_of_the_additive_cell_is_one_and_the_total_one_is_not():
    x, h_prev, c_prev, *weights = cases.additive_cell(np.random.default_rng(0), N=1, gates=False)

    def after(c_start, *, through_h):
        h, c = h_prev, c_start
        for _ in range(2):
            h_next, c = reference.additive_cell(x, h, c, *weights)
            h = h_next if through_h else h
        return c

    for through_h in (False, True):
        slopes = [
            (after(c_prev + step, through_h=through_h) - after(c_prev - step, through_h=through_h))[0] / 2e-6
            for step in 1e-6 * np.eye(6)
        ]
        one = np.allclose(slopes, np.eye(6), atol=1e-8)
        assert one is not through_h


def test_the_original_lstm_is_torchs_with_the_forget_gate_held_open():
    x, h_prev, c_prev, U, W, b = cases.original_lstm_step(np.random.default_rng(3))

    def four(rows, held):
        i, g, o = np.split(rows, 3)
        return np.concatenate([i, np.full_like(i, held), g, o])

    cell = with_parameters(nn.LSTMCell(4, 6).double(), four(U, 0), four(W, 0), four(b, 1000), 0 * four(b, 0))
    states = cell(_tensor(x), (_tensor(h_prev), _tensor(c_prev)))
    for ours, theirs in zip(reference.original_lstm_step(x, h_prev, c_prev, U, W, b), states, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)


def test_the_peephole_step_agrees_with_its_equations_number_by_number():
    x, h_prev, c_prev, U, W, P, b = cases.peephole_step(np.random.default_rng(0))
    h, c = reference.peephole_step(x, h_prev, c_prev, U, W, P, b)
    a = _one_by_one(x, h_prev, c_prev, U, W, b, 24)
    for n in range(3):
        i = _logistic(np.array(a[n][:6]) + P[:6] @ c_prev[n])
        f = _logistic(np.array(a[n][6:12]) + P[6:12] @ c_prev[n])
        desired = f * c_prev[n] + i * np.tanh(a[n][12:18])
        o = _logistic(np.array(a[n][18:]) + P[12:] @ desired)
        np.testing.assert_allclose(c[n], desired, rtol=1e-12)
        np.testing.assert_allclose(h[n], o * np.tanh(desired), rtol=1e-12)


def test_without_peepholes_and_with_diagonal_ones_the_peephole_step_is_what_it_should_be():
    x, h_prev, c_prev, U, W, P, b = cases.peephole_step(np.random.default_rng(4))
    plain = reference.lstm_step_forward(x, h_prev, c_prev, U, W, b)[:2]
    for ours, desired in zip(reference.peephole_step(x, h_prev, c_prev, U, W, 0 * P, b), plain, strict=True):
        np.testing.assert_allclose(ours, desired, rtol=1e-12)
    p_i, p_f, p_o = (np.diag(block) for block in np.split(P, 3))
    diagonal = np.vstack([np.diag(p) for p in (p_i, p_f, p_o)])
    h, c = reference.peephole_step(x, h_prev, c_prev, U, W, diagonal, b)
    a_i, a_f, a_g, a_o = np.split(x @ U.T + h_prev @ W.T + b, 4, axis=1)
    desired = _logistic(a_f + p_f * c_prev) * c_prev + _logistic(a_i + p_i * c_prev) * np.tanh(a_g)
    np.testing.assert_allclose(c, desired, rtol=1e-12)
    np.testing.assert_allclose(h, _logistic(a_o + p_o * desired) * np.tanh(desired), rtol=1e-12)


# gate_settings and forget_bias_init: by what the gates then do


def test_a_bias_of_about_11_5_holds_a_cell_for_100_steps_to_one_in_a_thousand():
    zeros = np.zeros((4, 1))
    new = reference.gate_settings(["remember"], zeros, zeros, np.zeros(4), 1.0, 100, 1e-3)
    np.testing.assert_allclose(new, [-11.5124, 11.5124, 0, 0], atol=1e-4)
    np.testing.assert_allclose(_logistic(new[1]) ** 100, 1 - 1e-3, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_no_input_and_no_state_in_the_box_moves_a_gate_too_far_and_one_moves_it_just_so_far(seed):
    rng = np.random.default_rng(seed)
    behaviours, U, W, b, x_max, T, tolerance = cases.gate_settings(rng, D=3, H=5)
    new = reference.gate_settings(behaviours, U, W, b, x_max, T, tolerance)
    np.testing.assert_array_equal(new[10:], b[10:])
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=8)))
    inside = rng.uniform(-1, 1, (500, 8))
    table = {"remember": (0, 1), "add": (1, 1), "erase": (0, 0), "overwrite": (1, 0)}
    for gate, unit in itertools.product((0, 1), range(5)):
        row = 5 * gate + unit
        at_corners, at_inside = (
            _logistic(points[:, :3] @ (x_max * U[row]) + points[:, 3:] @ W[row] + new[row])
            for points in (corners, inside)
        )
        if not table[behaviours[unit]][gate]:
            at_corners, at_inside = 1 - at_corners, 1 - at_inside
        np.testing.assert_allclose(at_corners.min() ** T, 1 - tolerance, rtol=1e-9)
        assert at_inside.min() >= at_corners.min()


def test_an_lstm_of_torch_with_these_biases_remembers_erases_overwrites_and_adds():
    rng = np.random.default_rng(5)
    behaviours, U, W, b, *_ = cases.gate_settings(rng, D=3, H=8)
    T, tolerance, x_max = 60, 1e-3, 2.0
    new = reference.gate_settings(behaviours, U, W, b, x_max, T, tolerance)
    x, h0, c0 = rng.uniform(-x_max, x_max, (40, T, 3)), rng.uniform(-1, 1, (40, 8)), rng.uniform(-3, 3, (40, 8))
    _, _, h, c_last = _torch_lstm(x, U, W, new, h0, c0)
    h, c_last = h.detach().numpy(), c_last.detach().numpy()
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    g = np.tanh(x @ U[16:24].T + before @ W[16:24].T + new[16:24])
    lost = -np.log1p(-tolerance)  # by all T steps of a shut gate, at the most
    for unit, behaviour in enumerate(behaviours):
        end = {"remember": c0, "add": c0 + g.sum(axis=1), "erase": 0 * c0, "overwrite": g[:, -1]}[behaviour][:, unit]
        allowed = lost * (np.abs(c0[:, unit]) + 1 + T * (behaviour == "add"))
        assert (np.abs(c_last[:, unit] - end) <= allowed).all()


@pytest.mark.parametrize(("rule", "T", "steps"), [("zero", None, 1), ("one", None, np.e), ("remember", 25, 25)])
def test_what_is_in_a_cell_survives_as_many_steps_as_the_rule_says(rule, T, steps):
    new = reference.forget_bias_init(np.arange(1.0, 9.0), rule, T)
    np.testing.assert_array_equal(new[[0, 1, 4, 5, 6, 7]], [1, 2, 5, 6, 7, 8])
    f = _logistic(new[2:4])
    np.testing.assert_allclose(sum(f**k for k in range(1, 2000)), steps, rtol=1e-9)
