"""The reference of assignment 3 agrees with torch, finite differences and derivations; no mistake agrees with it."""

import copy
import math

import numpy as np
import pytest
import sympy
import torch
import torch.nn.functional as F
from torch import nn

from content import read_content
from selfcheck.arrays import vector
from selfcheck.tensors import with_parameters

CONTENT = read_content("a3_stability")
reference, cases = CONTENT.reference, CONTENT.cases


def _tensor(array, grad=False):
    return torch.tensor(array, dtype=torch.float64, requires_grad=grad)


def _differences(f, array, step=1e-6):
    """Central differences of the number f() along every entry of the array, which f reads."""
    found = np.empty_like(array)
    for place in np.ndindex(*array.shape):
        before = array[place]
        array[place] = before + step
        ahead = f()
        array[place] = before - step
        found[place] = (ahead - f()) / (2 * step)
        array[place] = before
    return found


# The given network, its loss and its gradient


def _network(rng):
    N, T, D, H, K = 3, 5, 4, 6, 7
    targets = rng.integers(0, K, (N, T))
    targets[0, 1], targets[2, 3] = -1, -1
    return cases.parameters_of(rng, D, H, K), rng.standard_normal((N, T, D)), targets


def _torch_loss(theta, x, targets):
    h, states = torch.zeros(len(x), len(theta["b"]), dtype=torch.float64), []
    for t in range(x.shape[1]):
        h = torch.tanh(_tensor(x[:, t]) @ theta["U"].T + h @ theta["W"].T + theta["b"])
        states.append(h)
    logits = torch.stack(states, dim=1) @ theta["V"].T + theta["c_out"]
    return F.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten(), ignore_index=-1)


def test_the_given_loss_and_its_gradients_agree_with_autograd():
    parameters, x, targets = _network(np.random.default_rng(0))
    theta = {name: _tensor(value, grad=True) for name, value in parameters.items()}
    desired = _torch_loss(theta, x, targets)
    desired.backward()
    loss, gradients = reference.rnn_loss_and_gradients(parameters, x, targets)
    assert math.isclose(loss, desired.item(), rel_tol=1e-12)
    assert math.isclose(reference.rnn_loss(parameters, x, targets), loss, rel_tol=1e-15)
    assert set(gradients) == set(parameters)
    for name in parameters:
        np.testing.assert_allclose(gradients[name], theta[name].grad.numpy(), rtol=1e-9, atol=1e-14)


def test_the_given_gradients_agree_with_finite_differences():
    parameters, x, targets = _network(np.random.default_rng(1))
    _, gradients = reference.rnn_loss_and_gradients(parameters, x, targets)
    for name, array in parameters.items():
        differences = _differences(lambda: reference.rnn_loss(parameters, x, targets), array)
        np.testing.assert_allclose(gradients[name], differences, rtol=1e-6, atol=1e-9)


def test_the_given_states_and_backward_pass_agree_with_torch_from_an_initial_state():
    rng = np.random.default_rng(2)
    parameters, x, _ = _network(rng)
    U, W, b, h0, dh = parameters["U"], parameters["W"], parameters["b"], vector(rng, 3, 6), np.ones((3, 5, 6))
    network = with_parameters(nn.RNN(4, 6, batch_first=True).double(), U, W, b, 0 * b)
    inputs, initial = _tensor(x, grad=True), _tensor(h0[None], grad=True)
    states, _ = network(inputs, initial)
    (states * _tensor(dh)).sum().backward()
    h, cache = reference.rnn_forward(x, U, W, b, h0)
    np.testing.assert_allclose(h, states.detach().numpy(), rtol=1e-12)
    weights = [parameter.grad.numpy() for parameter in network.parameters()][:3]
    desired = [inputs.grad.numpy(), *weights, initial.grad.numpy()[0]]
    for found, wanted in zip(reference.rnn_backward(dh, cache), desired, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-13)


# clip_gradient_norm


def _torch_clipped(gradients, threshold):
    parameters = [nn.Parameter(_tensor(gradient)) for gradient in gradients.values()]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    norm = nn.utils.clip_grad_norm_(parameters, threshold)
    return [parameter.grad.numpy() for parameter in parameters], norm.item()


@pytest.mark.parametrize("norm", [12.0, 5.01, 5.0, 4.99, 0.3])
def test_clipping_agrees_with_torch_but_for_the_millionth_that_torch_adds(norm):
    gradients, threshold = cases.clip_gradient_norm(np.random.default_rng(0), norm=norm)
    clipped, found = reference.clip_gradient_norm(gradients, threshold)
    desired, desired_norm = _torch_clipped(gradients, threshold)
    assert math.isclose(found, desired_norm, rel_tol=1e-12)
    for ours, theirs in zip(clipped.values(), desired, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1.01e-6 / norm)


def test_the_clipped_gradient_is_the_nearest_one_within_the_threshold():
    """An independent derivation: the projection onto a ball, found by bisection on its Lagrange multiplier."""
    gradients, threshold = cases.clip_gradient_norm(np.random.default_rng(1), norm=12.0)
    long = np.concatenate([gradient.ravel() for gradient in gradients.values()])
    low, high = 0.0, 1e3
    for _ in range(200):  # minimise |v - long|^2 with |v|^2 <= threshold^2: v = long / (1 + multiplier)
        multiplier = (low + high) / 2
        low, high = (multiplier, high) if math.hypot(*(long / (1 + multiplier))) > threshold else (low, multiplier)
    clipped, _ = reference.clip_gradient_norm(gradients, threshold)
    np.testing.assert_allclose(np.concatenate([c.ravel() for c in clipped.values()]), long / (1 + high), rtol=1e-12)


def test_clipping_defines_zero_equality_and_what_is_not_finite():
    rng = np.random.default_rng(2)
    for scale in (1.0, 2.0**-20):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=70 * scale, threshold=70 * scale)
        clipped, norm = reference.clip_gradient_norm(gradients, threshold)
        assert norm == threshold
        assert all(np.array_equal(clipped[name], gradients[name]) for name in gradients)
    zeros, _ = cases.clip_gradient_norm(rng, norm=0.0)
    clipped, norm = reference.clip_gradient_norm(zeros, 1e-12)
    assert norm == 0.0
    assert not any(array.any() for array in clipped.values())
    for bad in (np.nan, np.inf, -np.inf):
        gradients, threshold = cases.clip_gradient_norm(rng)
        gradients["b"][0] = bad
        with pytest.raises(FloatingPointError):
            reference.clip_gradient_norm(gradients, threshold)
        with pytest.raises(FloatingPointError):
            reference.clip_gradient_norm(gradients, np.inf)


# loss_along


def test_losses_along_a_line_agree_with_autograds_network():
    parameters, direction, offsets, x, targets = cases.loss_along(np.random.default_rng(0), names=("W", "c_out"))
    desired = []
    for s in offsets:
        theta = {name: _tensor(value + s * direction.get(name, 0 * value)) for name, value in parameters.items()}
        desired.append(_torch_loss(theta, x, targets).item())
    np.testing.assert_allclose(reference.loss_along(parameters, direction, offsets, x, targets), desired, rtol=1e-12)


def test_slope_and_curvature_of_the_losses_are_autograds():
    parameters, direction, _, x, targets = cases.loss_along(np.random.default_rng(1))
    theta = {name: _tensor(value) for name, value in parameters.items()}
    d = {name: _tensor(value) for name, value in direction.items()}

    def loss(s):
        return _torch_loss({name: theta[name] + s * d[name] for name in theta}, x, targets)

    slope, curvature = (g(_tensor(0.0)).item() for g in (torch.func.grad(loss), torch.func.grad(torch.func.grad(loss))))
    behind, here, ahead = reference.loss_along(parameters, direction, np.array([-1e-4, 0, 1e-4]), x, targets)
    assert math.isclose((ahead - behind) / 2e-4, slope, rel_tol=1e-6)
    assert math.isclose((ahead - 2 * here + behind) / 1e-8, curvature, rel_tol=1e-5)
    assert here == reference.rnn_loss(parameters, x, targets)


# norm_stabilizer and its gradient


def test_the_penalty_agrees_with_its_equation_term_by_term():
    h, h0, beta = cases.norm_stabilizer(np.random.default_rng(0))
    penalty = 0.0
    for states, first in zip(h, h0, strict=True):
        norms = [math.hypot(*state) for state in (first, *states)]
        penalty += beta / 5 * sum((norms[t] - norms[t - 1]) ** 2 for t in range(1, 6)) / 3
    assert math.isclose(reference.norm_stabilizer(h, h0, beta), penalty, rel_tol=1e-13)


def test_the_gradient_of_the_penalty_agrees_with_autograd():
    for sizes in ({}, {"N": 1, "T": 1}, {"N": 4, "T": 6, "H": 3, "zeros": True}):
        h, h0, beta = cases.norm_stabilizer_backward(np.random.default_rng(1), **sizes)
        states = _tensor(np.concatenate([h0[:, None], h], axis=1), grad=True)
        (beta * torch.linalg.vector_norm(states, dim=-1).diff(dim=1).square().mean()).backward()
        dh, dh0 = reference.norm_stabilizer_backward(h, h0, beta)
        np.testing.assert_allclose(dh, states.grad[:, 1:].numpy(), rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(dh0, states.grad[:, 0].numpy(), rtol=1e-10, atol=1e-15)


def test_the_gradient_of_the_penalty_agrees_with_finite_differences():
    h, h0, beta = cases.norm_stabilizer_backward(np.random.default_rng(2))
    dh, dh0 = reference.norm_stabilizer_backward(h, h0, beta)
    for gradient, array in ((dh, h), (dh0, h0)):
        differences = _differences(lambda: reference.norm_stabilizer(h, h0, beta), array)
        np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-9)


def test_the_gradient_of_the_penalty_agrees_with_a_symbolic_one():
    """An independent derivation: SymPy differentiates the penalty of two units and three steps."""
    symbols = sympy.symbols("a:8", real=True)
    norms = [sympy.sqrt(symbols[2 * t] ** 2 + symbols[2 * t + 1] ** 2) for t in range(4)]
    penalty = sympy.Rational(1, 3) * sum((norms[t] - norms[t - 1]) ** 2 for t in range(1, 4))
    values = np.random.default_rng(3).uniform(0.3, 2.0, 8)
    at = dict(zip(symbols, values, strict=True))
    desired = np.array([float(penalty.diff(symbol).subs(at)) for symbol in symbols]).reshape(4, 2)
    dh, dh0 = reference.norm_stabilizer_backward(values.reshape(1, 4, 2)[:, 1:], values[None, :2], 1.0)
    np.testing.assert_allclose(np.concatenate([dh0, dh[0]]), desired, rtol=1e-12)


def test_the_gradient_at_norm_zero_is_the_middle_of_what_it_is_around():
    """Where a state is 0 the penalty has a cone there; the gradients on opposite sides of it cancel."""
    h, h0, beta = cases.norm_stabilizer_backward(np.random.default_rng(4))
    h[1, 2] = 0.0
    direction = 1e-9 * np.ones(6)
    sides = []
    for sign in (1, -1):
        moved = h.copy()
        moved[1, 2] = sign * direction
        sides.append(reference.norm_stabilizer_backward(moved, h0, beta)[0])
    dh, _ = reference.norm_stabilizer_backward(h, h0, beta)
    np.testing.assert_allclose(dh, (sides[0] + sides[1]) / 2, atol=1e-7)
    assert np.abs(sides[0][1, 2]).max() > 1e-3


# Layer normalisation


@pytest.mark.parametrize(("shape", "eps"), [((3, 5, 6), 1e-5), ((4, 3), 0.5), ((2, 3, 4, 5), 0.0)])
def test_layer_norm_agrees_with_torch(shape, eps):
    a, g, b, eps = cases.layer_norm_forward(np.random.default_rng(0), shape, eps)
    dy = np.random.default_rng(1).standard_normal(shape)
    tensors = [_tensor(array, grad=True) for array in (a, g, b)]
    desired = F.layer_norm(tensors[0], shape[-1:], tensors[1], tensors[2], eps)
    desired.backward(_tensor(dy))
    y, cache = reference.layer_norm_forward(a, g, b, eps)
    np.testing.assert_allclose(y, desired.detach().numpy(), rtol=1e-10, atol=1e-13)
    for found, tensor in zip(reference.layer_norm_backward(dy, cache), tensors, strict=True):
        np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-9, atol=1e-13)


def test_layer_norm_backward_agrees_with_finite_differences():
    a, g, b, eps = cases.layer_norm_forward(np.random.default_rng(2), (2, 3, 4), eps=0.2)
    dy = np.random.default_rng(3).standard_normal(a.shape)
    gradients = reference.layer_norm_backward(dy, reference.layer_norm_forward(a, g, b, eps)[1])
    for gradient, array in zip(gradients, (a, g, b), strict=True):
        differences = _differences(lambda: (dy * reference.layer_norm_forward(a, g, b, eps)[0]).sum(), array)
        np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-9)


def test_layer_norm_agrees_with_its_geometry():
    """An independent derivation: a_hat is the part of a at right angles to (1, .., 1), at length sqrt(H); its Jacobian
    takes away two directions."""
    a, g, b, _ = cases.layer_norm_forward(np.random.default_rng(4), (6,))
    ones = np.ones(6) / math.sqrt(6)
    rest = a - (a @ ones) * ones
    a_hat = math.sqrt(6) * rest / math.hypot(*rest)
    y, cache = reference.layer_norm_forward(a, g, b, eps=0.0)
    np.testing.assert_allclose(y, g * a_hat + b, rtol=1e-12)
    sigma = math.hypot(*rest) / math.sqrt(6)
    unit = rest / math.hypot(*rest)
    jacobian = (np.eye(6) - np.outer(ones, ones) - np.outer(unit, unit)) / sigma
    dy = np.random.default_rng(5).standard_normal(6)
    np.testing.assert_allclose(reference.layer_norm_backward(dy, cache)[0], jacobian @ (g * dy), rtol=1e-9)


def test_the_network_with_layer_norm_and_its_given_backward_pass_agree_with_torch():
    for h0_given, eps in ((True, 1e-5), (False, 0.3)):
        rng = np.random.default_rng(6)
        x, U, W, g, b, h0, eps = cases.layer_norm_rnn_forward(rng, h0=h0_given, eps=eps)
        arrays = [x, U, W, g, b, np.zeros((3, 6)) if h0 is None else h0]
        inputs, U_, W_, g_, b_, h0_ = tensors = [_tensor(array, grad=True) for array in arrays]
        state, states = h0_, []
        for t in range(5):
            state = torch.tanh(F.layer_norm(inputs[:, t] @ U_.T + state @ W_.T, (6,), g_, b_, eps))
            states.append(state)
        dh = rng.standard_normal((3, 5, 6))
        (torch.stack(states, dim=1) * _tensor(dh)).sum().backward()
        h, cache = reference.layer_norm_rnn_forward(x, U, W, g, b, h0, eps)
        np.testing.assert_allclose(h, torch.stack(states, dim=1).detach().numpy(), rtol=1e-10)
        for found, tensor in zip(reference.layer_norm_rnn_backward(dh, cache), tensors, strict=True):
            np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_the_given_backward_pass_of_the_network_agrees_with_finite_differences():
    rng = np.random.default_rng(7)
    *args, eps = cases.layer_norm_rnn_forward(rng, N=2, T=3, D=2, H=4, eps=0.1)
    dh = rng.standard_normal((2, 3, 4))
    _, cache = reference.layer_norm_rnn_forward(*args, eps)
    for gradient, array in zip(reference.layer_norm_rnn_backward(dh, cache), args, strict=True):
        differences = _differences(lambda: (dh * reference.layer_norm_rnn_forward(*args, eps)[0]).sum(), array)
        np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-8)


def test_the_states_with_layer_norm_do_not_feel_a_shift_or_scale_that_all_units_share():
    x, U, W, g, b, h0, _ = cases.layer_norm_rnn_forward(np.random.default_rng(8))
    h, _ = reference.layer_norm_rnn_forward(x, U, W, g, b, h0, 0.0)
    shifted, _ = reference.layer_norm_rnn_forward(x, U + np.arange(4), W - np.arange(6), g, b, h0, 0.0)
    scaled, _ = reference.layer_norm_rnn_forward(x, 7 * U, 7 * W, g, b, h0, 0.0)
    np.testing.assert_allclose(shifted, h, rtol=1e-8)
    np.testing.assert_allclose(scaled, h, rtol=1e-8)


# recurrent_init


def test_orthogonal_weights_are_the_q_of_a_decomposition_with_positive_diagonal():
    """Three witnesses: Q R = A with R upper triangular and positive; Gram-Schmidt; the Cholesky factor of A^T A."""
    for H in (1, 2, 5, 30):
        W = reference.recurrent_init(H, "orthogonal", np.random.default_rng(H), 1.7)
        A, Q = np.random.default_rng(H).standard_normal((H, H)), W / 1.7
        R = Q.T @ A
        np.testing.assert_allclose(Q @ Q.T, np.eye(H), atol=1e-13)
        np.testing.assert_allclose(R, np.triu(R), atol=1e-12)
        assert (np.diag(R) > 0).all()
        np.testing.assert_allclose(R, np.linalg.cholesky(A.T @ A).T, atol=1e-7)
        columns = []
        for column in np.concatenate([A, A], axis=1).T[:H]:
            for _ in range(2):
                column = column - sum(((done @ column) * done for done in columns), np.zeros(H))
            columns.append(column / math.hypot(*column))
        np.testing.assert_allclose(Q, np.stack(columns, axis=1), atol=1e-9)


def test_orthogonal_weights_are_uniform_and_the_librarys_own_signs_are_not():
    rng, count, H = np.random.default_rng(0), 4000, 3
    Q = cases._draw_orthogonal(vars(reference), H, rng, count)
    unfixed = np.linalg.qr(rng.standard_normal((count, H, H)))[0]
    assert abs(Q.mean(axis=0)).max() < 6 / math.sqrt(H * count)
    assert abs((Q**2).mean(axis=0) - 1 / H).max() < 6 * math.sqrt(4 / 45 / count)  # variance of a squared coordinate
    assert abs((np.linalg.det(Q) > 0).mean() - 0.5) < 3 / math.sqrt(count)
    traces = Q.trace(axis1=1, axis2=2)
    assert abs((traces**2).mean() - 1) < 6 * math.sqrt(
        2 / count
    )  # E tr^2 = 1 and E tr^4 <= 3 (Diaconis and Shahshahani)
    assert abs(unfixed[:, 0, 0].mean() + 0.5) < 0.03
    assert len(set(np.sign(np.linalg.det(unfixed)))) == 1


def test_the_scaled_identity_is_exactly_that():
    for H, scale in ((1, 2.0), (4, 0.9)):
        W = reference.recurrent_init(H, "identity", None, scale)
        assert np.array_equal(W, scale * np.eye(H))
    with pytest.raises(ValueError, match="kind"):
        reference.recurrent_init(3, "sparse", np.random.default_rng(0))


# dropout_deep_rnn


@pytest.mark.parametrize("same_mask", [False, True])
def test_dropout_agrees_with_torchs_network_fed_masks_drawn_as_stated(same_mask):
    x, layers, p, rng, training, _ = cases.dropout_deep_rnn(np.random.default_rng(0), H=(6, 8, 5))
    twin = copy.deepcopy(rng)
    out, states = reference.dropout_deep_rnn(x, layers, p, rng, training, same_mask)
    below = _tensor(x)
    for (U, W, b), h in zip(layers, states, strict=True):
        mask = twin.random((3, 1 if same_mask else 5, U.shape[1])) >= p
        network = with_parameters(nn.RNN(U.shape[1], len(b), batch_first=True).double(), U, W, b, 0 * b)
        below, _ = network(below * torch.tensor(mask) / (1 - p))
        np.testing.assert_allclose(h, below.detach().numpy(), rtol=1e-12)
    mask = twin.random((3, 1 if same_mask else 5, 5)) >= p
    np.testing.assert_allclose(out, below.detach().numpy() * mask / (1 - p), rtol=1e-12)
    assert rng.bit_generator.state == twin.bit_generator.state


def test_the_derivative_of_a_state_by_the_one_before_never_meets_a_mask():
    """Finite differences: nudge b, so that h_0 moves alone; h_1 answers through W, whatever was dropped."""
    x, layers, p, generator, *_ = cases.dropout_deep_rnn(np.random.default_rng(1), N=2, T=2, D=3, H=(4,), p=0.8)
    (U, W, b), states = layers[0], []
    for step in (1e-6, -1e-6):
        nudged = [(U, W, b + step)]
        states.append(reference.dropout_deep_rnn(x, nudged, p, copy.deepcopy(generator))[1][0])
    derivative = (states[0] - states[1]) / 2e-6  # (N, T, H) d h_t / d b along (1, .., 1)
    h = reference.dropout_deep_rnn(x, layers, p, copy.deepcopy(generator))[1][0]
    first = 1 - h[:, 0] ** 2
    np.testing.assert_allclose(derivative[:, 0], first, atol=1e-8)
    np.testing.assert_allclose(derivative[:, 1], (1 - h[:, 1] ** 2) * (first @ W.T + 1), atol=1e-8)


def test_dropout_keeps_the_expectation_of_a_linear_read_out_and_is_off_at_test_time():
    x, layers, p, generator, *_ = cases.dropout_deep_rnn(np.random.default_rng(2), N=400, T=9, D=5, H=(6,), p=0.6)
    out, states = reference.dropout_deep_rnn(x, layers, p, generator)
    noise = out / states[0] - 1  # mean 0, variance p / (1 - p)
    assert abs(noise.mean()) < 6 * math.sqrt(1.5 / noise.size)
    assert math.isclose(noise.var(), 1.5, rel_tol=0.05)
    quiet, states = reference.dropout_deep_rnn(x, layers, p, None, training=False)
    np.testing.assert_allclose(states[0], reference.rnn_forward(x, *layers[0])[0], rtol=1e-15)
    np.testing.assert_allclose(quiet, states[0], rtol=1e-15)


# orthogonal_step


def _rotation(angle):
    """The rotation of the plane by an angle."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def test_in_the_plane_an_orthogonal_step_is_a_rotation_whose_half_angle_has_the_tangent_of_half_the_step():
    """A closed form: A = [[0, -a], [a, 0]], and (I + A/2)^-1 (I - A/2) turns by -2 arctan(a/2)."""
    W, dW, rate = cases.orthogonal_step(np.random.default_rng(0), H=2, orthogonal=False, rate=3.0)
    a = (dW @ W.T - W @ dW.T)[1, 0]
    desired = _rotation(-2 * math.atan(rate * a / 2)) @ W
    np.testing.assert_allclose(reference.orthogonal_step(W, dW, rate), desired, rtol=1e-12)


def test_small_orthogonal_steps_follow_the_exponential_of_torch_to_second_order():
    W, dW, _ = cases.orthogonal_step(np.random.default_rng(1))
    A = _tensor(dW @ W.T - W @ dW.T)
    apart = []
    for rate in (0.02, 0.01):
        exponential = torch.matrix_exp(-rate * A).numpy() @ W
        apart.append(abs(reference.orthogonal_step(W, dW, rate) - exponential).max())
    assert 7.8 < apart[0] / apart[1] < 8.2  # an error of third order


def test_an_orthogonal_step_is_the_limit_of_its_own_equation_put_into_itself():
    """Another way to solve it, which converges while rate |A| / 2 < 1; and a series of powers, term by term."""
    W, dW, _ = cases.orthogonal_step(np.random.default_rng(2), orthogonal=False)
    A = dW @ W.T - W @ dW.T
    rate = 1 / np.linalg.norm(A, 2)
    new, series, term = W, W.copy(), W
    for _ in range(100):
        new = W - rate * A @ (W + new) / 2
        term = -rate / 2 * A @ term
        series += 2 * term
    found = reference.orthogonal_step(W, dW, rate)
    np.testing.assert_allclose(found, new, rtol=1e-12)
    np.testing.assert_allclose(found, series, rtol=1e-12)


def test_an_orthogonal_step_keeps_singular_values_and_lowers_a_loss_as_finite_differences_say():
    for rate in (0.3, 1e4):
        W, dW, _ = cases.orthogonal_step(np.random.default_rng(3), H=7, orthogonal=False)
        new = reference.orthogonal_step(W, dW, rate)
        values = [np.linalg.svd(some, compute_uv=False) for some in (W, new)]
        np.testing.assert_allclose(values[1], values[0], rtol=1e-10)
    W, target, _ = cases.orthogonal_step(np.random.default_rng(4))

    def loss(some):
        return ((some - target) ** 2).sum() / 2  # its gradient is W - target

    ahead, behind = (loss(reference.orthogonal_step(W, W - target, rate)) for rate in (1e-5, -1e-5))
    slope = -((target @ W.T - W @ target.T) ** 2).sum() / 2
    assert math.isclose((ahead - behind) / 2e-5, slope, rel_tol=1e-6)


def test_orthogonal_steps_reach_the_nearest_rotation_of_a_target():
    """Known beforehand: of all orthogonal matrices the polar factor is nearest to a target (here of the same sign)."""
    W, target, _ = cases.orthogonal_step(np.random.default_rng(5), H=4)
    left, _, right = np.linalg.svd(target)
    if np.linalg.det(left @ right) * np.linalg.det(W) < 0:
        W[0] *= -1
    for _ in range(2000):
        W = reference.orthogonal_step(W, W - target, 0.1)
    np.testing.assert_allclose(W, left @ right, atol=1e-6)


# zoneout_rnn_forward


def test_zoneout_agrees_with_torchs_cell_unit_by_unit():
    *arrays, p, generator, _ = cases.zoneout_rnn_forward(np.random.default_rng(0))
    x, U, W, b, h0 = arrays
    kept = copy.deepcopy(generator).random((3, 5, 6)) < p
    cell = with_parameters(nn.RNNCell(4, 6).double(), U, W, b, 0 * b)
    h = reference.zoneout_rnn_forward(*arrays, p, generator)
    with torch.no_grad():
        state = _tensor(h0)
        for t in range(5):
            state = torch.where(torch.tensor(kept[:, t]), state, cell(_tensor(x[:, t]), state))
            np.testing.assert_allclose(h[:, t], state.numpy(), rtol=1e-12)


def test_zoneout_at_test_time_is_the_mean_of_a_step_with_masks():
    """The step from a given state, averaged over all 2^H masks with their probabilities."""
    x, U, W, b, h0, p, *_ = args = cases.zoneout_rnn_forward(np.random.default_rng(1), N=2, T=1, H=4, p=0.3)
    new = np.tanh(x[:, 0] @ U.T + h0 @ W.T + b)
    mean = np.zeros_like(new)
    for mask in np.ndindex(2, 2, 2, 2):
        probability = math.prod(p if kept else 1 - p for kept in mask)
        mean += probability * np.where(mask, h0, new)
    np.testing.assert_allclose(reference.zoneout_rnn_forward(*args[:6], None, False)[:, 0], mean, rtol=1e-12)


def test_of_zoneouts_units_a_share_p_is_kept_and_passes_a_push_on_unchanged():
    """Finite differences: with W = 0 a push of h0 stays, whole, in the units that were never hit by a new value."""
    x, U, W, b, h0, p, generator, _ = cases.zoneout_rnn_forward(np.random.default_rng(2), N=300, T=3, H=20, p=0.6)
    ends = [
        reference.zoneout_rnn_forward(x, U, 0 * W, b, h0 + push, p, copy.deepcopy(generator))[:, -1]
        for push in (1e-6, -1e-6)
    ]
    derivative = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(derivative, np.round(derivative), atol=1e-9)
    share = p**3  # kept three times
    assert abs(derivative.mean() - share) < 6 * math.sqrt(share * (1 - share) / derivative.size)
    quiet = [reference.zoneout_rnn_forward(x, U, 0 * W, b, h0 + push, p, None, False)[:, -1] for push in (1e-6, -1e-6)]
    np.testing.assert_allclose((quiet[0] - quiet[1]) / 2e-6, share, rtol=1e-8)


def test_zoneout_without_keeping_is_the_given_network_and_with_nothing_else_stays_at_h0():
    x, U, W, b, h0, _, generator, _ = cases.zoneout_rnn_forward(np.random.default_rng(3))
    for training in (True, False):
        h = reference.zoneout_rnn_forward(x, U, W, b, h0, 0.0, generator, training)
        np.testing.assert_allclose(h, reference.rnn_forward(x, U, W, b, h0)[0], rtol=1e-14)
        h = reference.zoneout_rnn_forward(x, U, W, b, h0, 1.0, generator, training)
        assert np.array_equal(h, np.repeat(h0[:, None], 5, axis=1))
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="0 <= p <= 1"):
            reference.zoneout_rnn_forward(x, U, W, b, h0, p, generator)
