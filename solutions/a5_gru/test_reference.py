"""The reference of assignment 5 agrees with torch.nn, autograd, finite differences and loops; no mistake does."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from content import read_content
from selfcheck.tensors import with_parameters

CONTENT = read_content("a5_gru")
reference, cases = CONTENT.reference, CONTENT.cases


def _rng(seed=0):
    return np.random.default_rng([2026, seed])


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def _unit_by_unit(x, h_prev, U, W, b):
    """The lecture's equations for one sequence, a number at a time."""
    H = len(h_prev)
    r = [_sigmoid(U[i] @ x + W[i] @ h_prev + b[i]) for i in range(H)]
    z = [_sigmoid(U[H + i] @ x + W[H + i] @ h_prev + b[H + i]) for i in range(H)]
    n = [
        np.tanh(sum(U[2 * H + i] * x) + sum(W[2 * H + i, j] * r[j] * h_prev[j] for j in range(H)) + b[2 * H + i])
        for i in range(H)
    ]
    return np.array([(1 - z[i]) * h_prev[i] + z[i] * n[i] for i in range(H)])


def _differences(f, arguments, dh, step=1e-6):
    """Central differences of the sum of dh * f(*arguments) along every number of every argument."""
    gradients = []
    for position, argument in enumerate(arguments):
        gradient = np.zeros_like(argument)
        for index in np.ndindex(argument.shape):
            values = []
            for sign in (1, -1):
                moved = argument.copy()
                moved[index] += sign * step
                values.append((dh * f(*arguments[:position], moved, *arguments[position + 1 :])).sum())
            gradient[index] = (values[0] - values[1]) / (2 * step)
        gradients.append(gradient)
    return gradients


# The lecture's cell


def test_a_step_agrees_with_the_equations_unit_by_unit_and_with_pytorch_parts():
    x, h_prev, U, W, b = args = cases.gru_step_forward(_rng())
    h, cache = reference.gru_step_forward(*args)
    rows = [_unit_by_unit(x_n, h_n, U, W, b) for x_n, h_n in zip(x, h_prev, strict=True)]
    np.testing.assert_allclose(h, rows, rtol=1e-12)
    np.testing.assert_allclose(h, cases.lecture_step(*map(torch.tensor, args)).numpy(), rtol=1e-12)
    for kept, wanted in zip(cache, cases.step_cache(*args), strict=True):
        np.testing.assert_allclose(kept, wanted, rtol=1e-12)


@pytest.mark.parametrize("kind", ["diagonal", "shared"])
def test_a_step_agrees_with_torch_nn_where_the_conventions_meet(kind):
    x, h_prev, *_ = cases.gru_step_forward(_rng())
    U, W, b = cases.gru_to_torch(_rng(1), kind=kind)
    turned = [np.concatenate([a[:6], -a[6:12], a[12:]]) for a in (U, W, b)]
    cell = with_parameters(nn.GRUCell(4, 6).double(), *turned, 0 * b)
    desired = cell(torch.tensor(x), torch.tensor(h_prev)).detach().numpy()
    np.testing.assert_allclose(reference.gru_step_forward(x, h_prev, U, W, b)[0], desired, rtol=1e-12)


def test_the_gradients_of_a_step_agree_with_autograd_and_with_differences():
    args = cases.gru_step_forward(_rng(), N=3, D=2, H=4)
    dh = _rng(1).standard_normal((3, 4))
    _, cache = reference.gru_step_forward(*args)
    found = reference.gru_step_backward(dh, cache)
    tensors = [torch.tensor(a, requires_grad=True) for a in args]
    by_torch = torch.autograd.grad(cases.lecture_step(*tensors), tensors, torch.tensor(dh))
    by_differences = _differences(lambda *moved: reference.gru_step_forward(*moved)[0], args, dh)
    for gradient, one, other in zip(found, by_torch, by_differences, strict=True):
        np.testing.assert_allclose(gradient, one.numpy(), rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(gradient, other, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("h0", [True, False])
def test_a_sequence_agrees_with_the_equations_unit_by_unit_and_with_pytorch_parts(h0):
    x, U, W, b, initial = args = cases.gru_forward(_rng(), h0=h0)
    h, cache = reference.gru_forward(*args)
    state = np.zeros((3, 6)) if initial is None else initial
    for t in range(5):
        state = np.array([_unit_by_unit(x_n, h_n, U, W, b) for x_n, h_n in zip(x[:, t], state, strict=True)])
        np.testing.assert_allclose(h[:, t], state, rtol=1e-11)
    for kept, wanted in zip(cache, cases.sequence_cache(*args), strict=True):
        np.testing.assert_allclose(kept, wanted, rtol=1e-11)


@pytest.mark.parametrize("kind", ["diagonal", "shared", "constant", "blocks", "mixed"])
def test_a_converted_sequence_agrees_with_torch_nn(kind):
    x, *_, h0 = cases.gru_forward(_rng(), T=7)
    weights = cases.gru_to_torch(_rng(1), kind=kind)
    layer = with_parameters(nn.GRU(4, 6, batch_first=True).double(), *reference.gru_to_torch(*weights))
    states, _ = layer(torch.tensor(x), torch.tensor(h0)[None])
    np.testing.assert_allclose(reference.gru_forward(x, *weights, h0)[0], states.detach().numpy(), rtol=1e-11)


def test_the_gradients_of_a_sequence_agree_with_autograd_differences_and_single_steps():
    args = cases.gru_forward(_rng(), N=2, T=4, D=3, H=3)
    dh = _rng(1).standard_normal((2, 4, 3))
    h, cache = reference.gru_forward(*args)
    found = reference.gru_backward(dh, cache)
    x, U, W, b, h0 = tensors = [torch.tensor(a, requires_grad=True) for a in args]
    states = [h0]
    for x_t in x.unbind(dim=1):
        states.append(cases.lecture_step(x_t, states[-1], U, W, b))
    by_torch = torch.autograd.grad(torch.stack(states[1:], dim=1), tensors, torch.tensor(dh))
    by_differences = _differences(lambda *moved: reference.gru_forward(*moved)[0], args, dh)
    for gradient, one, other in zip(found, by_torch, by_differences, strict=True):
        np.testing.assert_allclose(gradient, one.numpy(), rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(gradient, other, rtol=1e-6, atol=1e-8)
    carried, sums = np.zeros((2, 3)), [0.0, 0.0, 0.0]
    for t in reversed(range(4)):
        before = h[:, t - 1] if t else args[4]
        _, step = reference.gru_step_forward(args[0][:, t], before, *args[1:4])
        dx, carried, *shared = reference.gru_step_backward(dh[:, t] + carried, step)
        np.testing.assert_allclose(found[0][:, t], dx, rtol=1e-10, atol=1e-13)
        sums = [one + other for one, other in zip(sums, shared, strict=True)]
    for gradient, wanted in zip(found[1:], [*sums, carried], strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-10, atol=1e-13)


# PyTorch's cell, and the way from the lecture's to it


def test_pytorchs_step_agrees_with_its_cell_and_with_its_layer():
    x, h_prev, *weights = args = cases.torch_gru_step(_rng())
    h = reference.torch_gru_step(*args)
    cell = with_parameters(nn.GRUCell(4, 6).double(), *weights)
    np.testing.assert_allclose(h, cell(torch.tensor(x), torch.tensor(h_prev)).detach().numpy(), rtol=1e-12)
    layer = with_parameters(nn.GRU(4, 6).double(), *weights)
    np.testing.assert_allclose(h, layer(torch.tensor(x)[None], torch.tensor(h_prev)[None])[1][0].detach(), rtol=1e-12)


@pytest.mark.parametrize("bias", [0.0, -60.0])  # -60: reset gates that are all but closed
@pytest.mark.parametrize("kind", ["diagonal", "shared", "constant", "blocks", "mixed"])
def test_converted_weights_take_the_lectures_steps_whatever_the_state(kind, bias):
    for seed, (D, H) in enumerate(((4, 6), (1, 3), (5, 2))):
        x, h_prev, *_ = cases.gru_step_forward(_rng(seed), N=50, D=D, H=H)
        weights = cases.gru_to_torch(_rng(seed + 9), D, H, kind)
        weights[2][:H] += bias
        converted = reference.gru_to_torch(*weights)
        ours, theirs = (
            reference.gru_step_forward(3 * x, h_prev, *weights)[0],
            reference.torch_gru_step(3 * x, h_prev, *converted),
        )
        np.testing.assert_allclose(theirs, ours, rtol=1e-11)


def test_what_is_refused_has_no_counterpart():
    """Near r of two units that are neither proportional nor unread, no W'_n fits: the best one leaves a rest."""
    for kind, spoilt in (("any", ""), ("blocks", "connected"), ("shared", "bias"), ("constant", "state")):
        U, W, b = cases.gru_to_torch(_rng(), kind=kind, spoilt=spoilt)
        with pytest.raises(ValueError, match="proportional"):
            reference.gru_to_torch(U, W, b)
        x, h, *_ = cases.gru_step_forward(_rng(1), N=400)
        r = _sigmoid(x @ U[:6].T + h @ W[:6].T + b[:6])
        rest = 0.0
        for i in range(6):
            wanted = (r * h) @ W[12 + i]
            possible = r[:, i : i + 1] * h  # (N, H): the row of W'_n is what these are summed with
            rest = max(rest, abs(possible @ np.linalg.lstsq(possible, wanted, rcond=None)[0] - wanted).max())
        assert rest > 1e-3


def test_one_unit_or_one_step_from_zeros_hides_the_difference_and_more_show_it():
    x, h_prev, U, W, b = cases.gru_step_forward(_rng(), H=1)
    turned = [np.concatenate([a[:1], -a[1:2], a[2:]]) for a in (U, W, b)]
    alike = reference.torch_gru_step(x, h_prev, *turned, 0 * b)
    np.testing.assert_allclose(alike, reference.gru_step_forward(x, h_prev, U, W, b)[0], rtol=1e-12)
    x, h_prev, U, W, b = cases.gru_step_forward(_rng())
    turned = [np.concatenate([a[:6], -a[6:12], a[12:]]) for a in (U, W, b)]
    for h, hidden in ((0 * h_prev, True), (h_prev, False)):
        ours, theirs = reference.gru_step_forward(x, h, U, W, b)[0], reference.torch_gru_step(x, h, *turned, 0 * b)
        assert np.allclose(ours, theirs, rtol=1e-12) is hidden


# Counts


def test_counts_agree_with_torch_nn():
    for cell, layer in (("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)):
        for D, H in itertools.product((1, 4, 7), (1, 3, 8)):
            network = layer(D, H)
            two = sum(p.numel() for p in network.parameters())
            count, memory = reference.count_cell_parameters(cell, D, H, biases=2)
            assert count == two
            assert memory == (2 * H if cell == "lstm" else H) / two
            assert reference.count_cell_parameters(cell, D, H)[0] == two - network.bias_hh_l0.numel()


def test_the_counts_of_peepholes_are_those_of_arrays_that_are_made():
    D, H = 5, 3
    arrays = [np.zeros((4 * H, D)), np.zeros((4 * H, H)), np.zeros(4 * H), np.zeros((3 * H, H))]
    assert reference.count_cell_parameters("peephole", D, H) == (sum(a.size for a in arrays), 6 / 135)


# The adding problem and training


def test_the_marks_of_the_adding_problem_are_spread_evenly():
    x, y = reference.adding_problem_batch(_rng(), 6000, 7)
    assert (x[:, :3, 1].sum(axis=1) == 1).all()
    assert (x[:, 3:, 1].sum(axis=1) == 1).all()
    share = x[:, :, 1].mean(axis=0)
    np.testing.assert_allclose(share, [1 / 3] * 3 + [1 / 4] * 4, atol=0.03)
    np.testing.assert_allclose(y, [sum(v for v, mark in row if mark) for row in x], rtol=1e-12)


def test_the_variance_of_the_adding_problem_is_a_sixth():
    _, y = reference.adding_problem_batch(_rng(), 20_000, 10)
    assert abs(y.mean() - 1) < 0.02
    assert abs(y.var() - 1 / 6) < 0.01


def test_stacked_steps_agree_with_single_ones_and_so_do_their_gradients():
    args = cases.stacked_gru_step(_rng(), S=3)
    inputs = [tensor.clone().requires_grad_() for tensor in args]
    h = reference.stacked_gru_step(*inputs)
    dh = torch.tensor(_rng(1).standard_normal(h.shape))
    gradients = torch.autograd.grad(h, inputs, dh)
    for s in range(3):
        alone, cache = reference.gru_step_forward(*(tensor[s].numpy() for tensor in args))
        np.testing.assert_allclose(h[s].detach().numpy(), alone, rtol=1e-12)
        desired = reference.gru_step_backward(dh[s].numpy(), cache)
        for gradient, wanted in zip(gradients, desired, strict=True):
            np.testing.assert_allclose(gradient[s].numpy(), wanted, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_stacked_losses_are_those_of_numpy_and_torch_cells(cell):
    _, parameters, x, y, *_ = cases.train_to_criterion(_rng(), cell, B=1)
    losses = reference.stacked_losses(cell, [torch.tensor(p) for p in parameters], *map(torch.tensor, (x[0], y[0])))
    for s, loss in enumerate(losses):
        U, W, b, V, c_out = (p[s] for p in parameters)
        if cell == "gru":
            last = reference.gru_forward(x[0], U, W, b)[0][:, -1]
        else:
            layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[cell](2, 3, batch_first=True).double()
            last = with_parameters(layer, U, W, b, 0 * b)(torch.tensor(x[0]))[0][:, -1].detach().numpy()
        np.testing.assert_allclose(loss, ((last @ V + c_out - y[0]) ** 2).mean(), rtol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_training_agrees_with_torch_tools_on_each_network_alone(cell):
    args = cases.train_to_criterion(_rng(), cell, outputs=(0.9, 0.4, -9.0), B=8, wild=2.0)
    _, parameters, x, y, criterion, lr, clip = args
    steps, curves, trained = reference.train_to_criterion(*args)
    assert curves.shape == (3, 8)
    for s in range(3):
        network = [torch.tensor(p[s : s + 1], requires_grad=True) for p in parameters]
        optimizer = torch.optim.Adam(network, lr=lr)
        losses = []
        for x_k, y_k in zip(torch.tensor(x), torch.tensor(y), strict=True):
            optimizer.zero_grad()
            loss = reference.stacked_losses(cell, network, x_k, y_k).sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network, clip)
            optimizer.step()
            losses.append(loss.item())
        np.testing.assert_allclose(curves[s], losses, rtol=1e-4)
        below = [k for k, loss in enumerate(losses) if loss < criterion]
        assert steps[s] == (below[0] if below else None)
        for array, wanted in zip(trained, network, strict=True):
            np.testing.assert_allclose(array[s : s + 1], wanted.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_a_network_learns_the_adding_problem_of_a_few_steps():
    rng = _rng()
    batches = [reference.adding_problem_batch(rng, 32, 3) for _ in range(400)]
    x, y = (np.stack(arrays).astype(np.float32) for arrays in zip(*batches, strict=True))
    parameters = reference.initial_parameters("gru", 2, 12, seeds=[0, 1])
    steps, curves, _ = reference.train_to_criterion("gru", parameters, x, y, 0.02, lr=0.02)
    assert None not in steps
    assert curves.shape[1] == max(steps) + 1


def test_orthogonal_initial_weights_are_orthogonal_and_the_forget_bias_is_where_it_belongs():
    for W in reference.initial_parameters("rnn", 2, 9, seeds=[3, 4], recurrent="orthogonal")[1]:
        np.testing.assert_allclose(W @ W.T, np.eye(9), atol=1e-5)
    U, W, b, V, c_out = reference.initial_parameters("lstm", 2, 5, seeds=[0], forget_bias=2.5)
    assert [a.shape for a in (U, W, b, V, c_out)] == [(1, 20, 2), (1, 20, 5), (1, 20), (1, 5), (1,)]
    np.testing.assert_array_equal(b[0], np.repeat([0, 2.5, 0, 0], 5))


# The minimal gated unit


def _one_gate_unit_by_unit(x, h_prev, U, W, b):
    """The equations of Zhou et al. for one sequence, a number at a time."""
    H = len(h_prev)
    f = [_sigmoid(U[i] @ x + W[i] @ h_prev + b[i]) for i in range(H)]
    n = [
        np.tanh(sum(U[H + i] * x) + sum(W[H + i, j] * f[j] * h_prev[j] for j in range(H)) + b[H + i]) for i in range(H)
    ]
    return np.array([(1 - f[i]) * h_prev[i] + f[i] * n[i] for i in range(H)])


def test_a_minimal_step_agrees_with_its_equations_with_differences_and_with_a_gru_whose_gates_are_one():
    dh, *args = cases.mgu_step(_rng(), N=3, D=2, H=4)
    h, *found = reference.mgu_step(dh, *args)

    def forward(x, h_prev, *weights):
        return np.array([_one_gate_unit_by_unit(x_n, h_n, *weights) for x_n, h_n in zip(x, h_prev, strict=True)])

    np.testing.assert_allclose(h, forward(*args), rtol=1e-12)
    for gradient, wanted in zip(found, _differences(forward, args, dh), strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-8)
    x, h_prev, U, W, b = args
    twice, cache = reference.gru_step_forward(x, h_prev, *(np.concatenate([a[:4], a]) for a in (U, W, b)))
    np.testing.assert_allclose(h, twice, rtol=1e-12)
    dx, dh_prev, *shared = reference.gru_step_backward(dh, cache)
    desired = [dx, dh_prev, *(np.concatenate([g[:4] + g[4:8], g[8:]]) for g in shared)]
    for gradient, wanted in zip(found, desired, strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-11, atol=1e-14)


def test_the_gradients_of_a_minimal_step_agree_with_autograd():
    dh, *args = cases.mgu_step(_rng(1))
    x, h_prev, U, W, b = tensors = [torch.tensor(a, requires_grad=True) for a in args]
    (U_f, U_n), (W_f, W_n), (b_f, b_n) = (weights.chunk(2) for weights in (U, W, b))
    f = torch.sigmoid(nn.functional.linear(x, U_f, b_f) + nn.functional.linear(h_prev, W_f))
    n = torch.tanh(nn.functional.linear(x, U_n, b_n) + nn.functional.linear(f * h_prev, W_n))
    desired = torch.lerp(h_prev, n, f)
    h, *found = reference.mgu_step(dh, *args)
    np.testing.assert_allclose(h, desired.detach().numpy(), rtol=1e-12)
    for gradient, wanted in zip(found, torch.autograd.grad(desired, tensors, torch.tensor(dh)), strict=True):
        np.testing.assert_allclose(gradient, wanted.numpy(), rtol=1e-11, atol=1e-14)


def test_a_minimal_unit_has_two_thirds_of_a_grus_parameters():
    """Zhou et al. 2016 count so: 2 (D + H + 1) H against 3 (D + H + 1) H."""
    *_, dU, dW, db = reference.mgu_step(*cases.mgu_step(_rng(2), D=7, H=5))
    assert 3 * sum(g.size for g in (dU, dW, db)) == 2 * reference.count_cell_parameters("gru", 7, 5)[0]


# The scan


@pytest.mark.parametrize("T", [1, 2, 3, 4, 7, 8, 9, 64, 1000])
@pytest.mark.parametrize("ends", [False, True])
def test_a_scan_agrees_with_the_loop_and_its_rounds_with_products(T, ends):
    z, n, h0 = cases.gated_scan(_rng(T), N=2, T=T, H=3, ends=ends)
    h, kept = reference.gated_scan(z, n, h0)
    state = h0
    for t in range(T):
        state = (1 - z[:, t]) * state + z[:, t] * n[:, t]
        np.testing.assert_allclose(h[:, t], state, rtol=1e-9, atol=1e-13)
    assert len(kept) == 1 + int(np.ceil(np.log2(T)))
    for r, array in enumerate(kept):
        for t in {0, T // 3, T // 2, T - 1}:
            np.testing.assert_allclose(array[:, t], np.prod(1 - z[:, max(0, t + 1 - 2**r) : t + 1], axis=1), rtol=1e-9)


def test_a_scan_agrees_with_torchs_gru_without_recurrent_weights():
    x, U, W, b, h0 = cases.gru_forward(_rng(), T=13)
    layer = with_parameters(nn.GRU(4, 6, batch_first=True).double(), U, 0 * W, b, 0 * b)
    states, _ = layer(torch.tensor(x), torch.tensor(h0)[None])
    _, a_z, a_n = np.split(x @ U.T + b, 3, axis=2)
    h, _ = reference.gated_scan(_sigmoid(-a_z), np.tanh(a_n), h0)
    np.testing.assert_allclose(h, states.detach().numpy(), rtol=1e-11)


def test_a_scan_agrees_with_the_sum_over_all_that_was_written():
    """The closed form, in extended precision: h_t = sum over k of z_k n_k prod (1 - z) + h0 prod (1 - z)."""
    z, n, h0 = cases.gated_scan(_rng(3), N=1, T=30, H=2)
    h, kept = reference.gated_scan(z, n, h0)
    keep, new = (1 - z[0]).astype(np.longdouble), (z * n)[0].astype(np.longdouble)
    for t in range(30):
        desired = sum(new[k] * np.prod(keep[k + 1 : t + 1], axis=0) for k in range(t + 1))
        desired += h0[0] * np.prod(keep[: t + 1], axis=0)
        np.testing.assert_allclose(h[0, t], desired.astype(float), rtol=1e-12)
    ahead, behind = (reference.gated_scan(z, n, h0 + push)[0] for push in (1e-6, -1e-6))
    np.testing.assert_allclose(kept[-1], (ahead - behind) / 2e-6, atol=1e-9)
