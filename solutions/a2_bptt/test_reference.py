"""The reference of assignment 2 agrees with three witnesses; right variants agree with it, and no mistake does.

The witnesses are torch's autograd, finite differences, and a derivation of its own: the sum over all pairs of steps of
explicit products of Jacobians, with no recursion in it.
"""

import functools

import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from content import read_content

CONTENT = read_content("a2_bptt")
reference, cases = CONTENT.reference, CONTENT.cases
SEEDS = range(3)


def _rng(seed):
    return np.random.default_rng([2026, seed])


def _leaves(*arrays):
    return [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]


def _autograd(loss, leaves):
    return [gradient.numpy() for gradient in torch.autograd.grad(loss, leaves)]


def _differences(loss, arrays, step=1e-6):
    """Central differences of loss(*arrays) along each of the arrays, by the numbers of a flat copy."""
    gradients = []
    for place, array in enumerate(arrays):
        units = step * np.eye(array.size).reshape(array.size, *array.shape)
        moved = [[array + sign * unit for sign in (1, -1)] for unit in units]
        at = [[loss(*arrays[:place], one, *arrays[place + 1 :]) for one in pair] for pair in moved]
        gradients.append(np.array([(ahead - behind) / (2 * step) for ahead, behind in at]).reshape(array.shape))
    return gradients


def _all_close(found, wanted, rtol):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * max(1e-3, abs(other).max()))


# Three witnesses for the network: a loss that weighs every state with dh and the last one with dh_last besides


def _problem(seed, N=3, T=5, D=4, H=6):
    """dh, dh_last, the arguments of rnn_forward, and its cache."""
    rng = _rng(seed)
    dh, cache, dh_last = cases.rnn_backward(rng, N, T, D, H)
    x, h0, U, W, h = cache
    b = np.arctanh(h[0, 0]) - U @ x[0, 0] - W @ h0[0]
    states, kept = reference.rnn_forward(x, U, W, b, h0)
    np.testing.assert_allclose(states, h, rtol=1e-12)
    return dh, dh_last, (x, U, W, b, h0), kept


def _torch_states(x, U, W, b, h, k=None):
    """The states, detached before steps k, 2k, ... where k is given."""
    states = []
    for t in range(x.shape[1]):
        h = h.detach() if k and t and t % k == 0 else h
        h = torch.tanh(x[:, t] @ U.T + h @ W.T + b)
        states.append(h)
    return torch.stack(states, dim=1)


def _by_explicit_products(dh, dh_last, arguments, states, k=None):
    """Gradients as a sum over all pairs (step s that uses a parameter, step t that has a loss), s <= t.

    Each pair contributes dL/dh_t (dh_t/dh_{t-1} ... dh_{s+1}/dh_s) dh_s/d(parameter), with the product multiplied out
    anew, sequence by sequence. k: pairs in different chunks of k steps contribute nothing.
    """
    x, U, W, b, h0 = arguments
    N, T, _ = x.shape
    H = len(b)
    gradients = [np.zeros_like(array) for array in (x, U, W, b, h0)]
    dx, dU, dW, db, dh0 = gradients
    for n in range(N):
        before = np.concatenate([h0[n : n + 1], states[n, :-1]])
        slopes = [np.diag(1 - state**2) for state in states[n]]
        for t in range(T):
            loss = dh[n, t] + (dh_last[n] if t == T - 1 else 0)
            for s in range(t + 1):
                if k and s // k != t // k:
                    continue
                factors = [slopes[step] @ W for step in range(t, s, -1)]
                row = loss @ functools.reduce(np.matmul, factors, np.eye(H)) @ slopes[s]
                for i in range(H):  # dh_s/dW_ij is the slope of unit i times before_j, and so on
                    dW[i] += row[i] * before[s]
                    dU[i] += row[i] * x[n, s]
                    db[i] += row[i]
                dx[n, s] += row @ U
                dh0[n] += row @ W if s == 0 else 0
    return gradients


@pytest.mark.parametrize("seed", SEEDS)
def test_backpropagation_through_time_agrees_with_three_witnesses(seed):
    dh, dh_last, arguments, cache = _problem(seed)
    found = reference.rnn_backward(dh, cache, dh_last)

    def loss(*moved):
        h, _ = reference.rnn_forward(*moved)
        return (h * dh).sum() + (h[:, -1] * dh_last).sum()

    leaves = _leaves(*arguments)
    states = _torch_states(*leaves)
    weighed = (states * torch.tensor(dh)).sum() + (states[:, -1] * torch.tensor(dh_last)).sum()
    _all_close(found, _autograd(weighed, leaves), 1e-11)
    _all_close(found, _by_explicit_products(dh, dh_last, arguments, cache[4]), 1e-11)
    _all_close(found, _differences(loss, list(arguments)), 1e-7)
    _all_close(found, [reference.numerical_gradient(loss, arguments, i) for i in range(5)], 1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_backward_agrees_with_three_witnesses(seed):
    dh, cache = cases.rnn_step_backward(_rng(seed))
    x, h_prev, U, W, h = cache
    b = np.arctanh(h[0]) - U @ x[0] - W @ h_prev[0]
    found = reference.rnn_step_backward(dh, cache)
    leaves = _leaves(x, h_prev, U, W, b)
    state = torch.tanh(leaves[0] @ leaves[2].T + leaves[1] @ leaves[3].T + leaves[4])
    _all_close(found, _autograd((state * torch.tensor(dh)).sum(), leaves), 1e-11)
    loss = lambda *moved: (reference.rnn_step_forward(*moved)[0] * dh).sum()  # noqa: E731
    _all_close(found, _differences(loss, [x, h_prev, U, W, b]), 1e-7)
    dx, dU, dW, db, dh0 = _by_explicit_products(dh[:, None], 0 * dh, (x[:, None], U, W, b, h_prev), h[:, None])
    _all_close(found, (dx[:, 0], dh0, dU, dW, db), 1e-11)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_chunks_agree_with_three_witnesses(k):
    dh, dh_last, arguments, cache = _problem(k)
    h = cache[4]
    found = reference.truncated_bptt(dh, cache, k)
    leaves = _leaves(*arguments)
    _all_close(found, _autograd((_torch_states(*leaves, k) * torch.tensor(dh)).sum(), leaves), 1e-11)
    _all_close(found, _by_explicit_products(dh, 0 * dh_last, arguments, h, k), 1e-11)

    def loss(x, U, W, b, h0):
        """The states that chunks begin with are those of the unmoved network: constants."""
        total = 0.0
        for begin in range(0, x.shape[1], k):
            start = h0 if begin == 0 else h[:, begin - 1]
            states, _ = reference.rnn_forward(x[:, begin : begin + k], U, W, b, start)
            total += (states * dh[:, begin : begin + k]).sum()
        return total

    _all_close(found, _differences(loss, list(arguments)), 1e-7)
    if k >= 5:
        _all_close(found, reference.rnn_backward(dh, cache), 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_contributions_agree_with_three_witnesses_and_their_terms_add_up(seed):
    _, dh_last, (x, U, W, b, h0), cache = _problem(seed, T=6)
    T = x.shape[1]
    found = reference.gradient_contributions(dh_last, cache)

    def last(*weights):
        h = h0
        for t in range(T):
            h, _ = reference.rnn_step_forward(x[:, t], h, U, weights[t], b)
        return (h * dh_last).sum()

    x_t, U_t, b_t, h_t = (torch.tensor(array) for array in (x, U, b, h0))
    copies = _leaves(*[W] * T)
    for t in range(T):
        h_t = torch.tanh(x_t[:, t] @ U_t.T + h_t @ copies[t].T + b_t)
    terms = _autograd((h_t * torch.tensor(dh_last)).sum(), copies)
    np.testing.assert_allclose(found, [np.linalg.norm(term) for term in terms], rtol=1e-10)
    moved = _differences(last, [W] * T)
    np.testing.assert_allclose(found, [np.linalg.norm(term) for term in moved], rtol=1e-6)
    J = np.stack([reference.state_jacobian(np.arctanh(h), W) for h in cache[4].swapaxes(0, 1)], axis=1)
    P = reference.jacobian_product(J)
    before = np.concatenate([h0[:, None], cache[4][:, :-1]], axis=1)
    rows = np.einsum("ni,ntij->ntj", dh_last, P) * (1 - cache[4] ** 2)
    by_products = np.einsum("nti,ntj->tij", rows, before)
    np.testing.assert_allclose(found, np.linalg.norm(by_products, axis=(1, 2)), rtol=1e-10)
    dW = reference.rnn_backward(np.zeros_like(cache[4]), cache, dh_last)[2]
    np.testing.assert_allclose(by_products.sum(axis=0), dW, rtol=1e-9, atol=1e-12)


# The other exercises


def _states_of_one_unit(weights, points):
    _, U, x0, x1, x2, s = points.T
    states = [s]
    for weight, x in zip(weights, (x0, x1, x2), strict=True):
        states.append(np.tanh(weight * states[-1] + U * x))
    return states


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chain_rule_terms_agree_with_three_witnesses(seed):
    (points,) = cases.chain_rule_terms(_rng(seed), P=20)
    W, U, *x, s_before = points.T
    values = list(cases.PROBES["values_of_terms"](vars(reference), points).values())
    weights = _leaves(W, W, W)
    s = torch.tensor(s_before)
    for weight, x_t in zip(weights, x, strict=True):
        s = torch.tanh(weight * s + torch.tensor(U * x_t))
    _all_close(values, _autograd(s.sum(), weights)[::-1], 1e-12)
    for value, step in zip(values, (2, 1, 0), strict=True):
        moved = [np.stack([W + sign * 1e-5 * (t == step) for t in range(3)]) for sign in (1, -1)]
        ahead, behind = (_states_of_one_unit(weights_t, points)[-1] for weights_t in moved)
        np.testing.assert_allclose(value, (ahead - behind) / 2e-5, rtol=1e-7, atol=1e-10)
    _, s0, s1, s2 = states = _states_of_one_unit((W, W, W), points)
    slopes = [1 / np.cosh(W * before + U * x_t) ** 2 for before, x_t in zip(states, x, strict=False)]
    immediate = [slope * before for slope, before in zip(slopes, states, strict=False)]
    jacobians = [slope * W for slope in slopes]
    products = (immediate[2], jacobians[2] * immediate[1], jacobians[2] * jacobians[1] * immediate[0])
    _all_close(values, products, 1e-12)
    np.testing.assert_allclose(s2, np.tanh(W * s1 + U * x[2]), rtol=1e-12)
    assert abs(s0).max() < 0.99


def test_numerical_gradient_agrees_with_torch_and_is_off_by_the_square_of_the_step():
    rng = _rng(0)
    for loss in cases.LOSSES:
        name, args, which, _ = cases.numerical_gradient(rng, loss, (4, 3))
        X = args[which]
        coarse, fine = (reference.numerical_gradient(cases.LOSSES[name], args, which, step) for step in (0.02, 0.01))
        exact = (4 * fine - coarse) / 3  # Richardson
        found = reference.numerical_gradient(cases.LOSSES[name], args, which)
        np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5 * abs(exact).max())
        np.testing.assert_allclose(coarse - exact, 4 * (fine - exact), rtol=0.05, atol=1e-3 * abs(coarse - exact).max())
        assert args[which] is X
    weights, X = _leaves(rng.standard_normal((3, 4)), rng.standard_normal((3, 4)))
    args = (weights.detach().numpy(), X.detach().numpy(), 1.5)
    total = torch.tanh(1.5 * weights * X + X.mean()).sum()
    _all_close([reference.numerical_gradient(cases.LOSSES["saturating"], args, 1)], _autograd(total, [X]), 1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_of_the_loss_agree_with_three_witnesses(seed):
    rng = _rng(seed)
    ((h, V, _, targets),) = cases.sequence_loss_backward(rng)
    c_out = rng.standard_normal(7)
    loss, cache = reference.sequence_loss(h, V, c_out, targets)
    found = reference.sequence_loss_backward(cache)
    leaves = _leaves(h, V, c_out)
    cross_entropy = F.cross_entropy((F.linear(*leaves)).flatten(0, 1), torch.tensor(targets).flatten())
    assert loss == pytest.approx(cross_entropy.item(), rel=1e-12)
    _all_close(found, _autograd(cross_entropy, leaves), 1e-11)
    _all_close(found, _differences(lambda *moved: reference.sequence_loss(*moved, targets)[0], [h, V, c_out]), 1e-7)
    y = cache[2]
    N, T, K = y.shape
    dh, dV, dc_out = np.zeros_like(h), np.zeros_like(V), np.zeros(K)
    for n, t in np.ndindex(N, T):
        softmax = np.diag(y[n, t]) - np.outer(y[n, t], y[n, t])  # dy/dlogits
        row = -softmax[targets[n, t]] / y[n, t, targets[n, t]] / (N * T)
        dh[n, t] = row @ V
        dV += np.outer(row, h[n, t])
        dc_out += row
    _all_close(found, (dh, dV, dc_out), 1e-11)


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid"])
def test_the_jacobian_agrees_with_torch_and_finite_differences(nonlinearity):
    a, W, _ = cases.state_jacobian(_rng(0), nonlinearity=nonlinearity)
    f = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[nonlinearity]
    J = reference.state_jacobian(a, W, nonlinearity)
    for n in range(len(a)):
        zero = torch.zeros(len(W), dtype=torch.float64)
        exact = torch.autograd.functional.jacobian(lambda dh, n=n: f(torch.tensor(a[n]) + torch.tensor(W) @ dh), zero)
        np.testing.assert_allclose(J[n], exact.numpy(), rtol=1e-11)
        for j, unit in enumerate(1e-6 * np.eye(len(W))):
            ahead, behind = (f(torch.tensor(a[n] + sign * W @ unit)).numpy() for sign in (1, -1))
            np.testing.assert_allclose(J[n, :, j], (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-9)


def test_the_products_are_derivatives_of_the_last_state():
    _, _, (x, U, W, b, _), cache = _problem(0, T=6)
    h = cache[4]
    J = np.stack([reference.state_jacobian(np.arctanh(h[:, t]), W) for t in range(6)], axis=1)
    P = reference.jacobian_product(J)
    for k in range(6):
        explicit = functools.reduce(
            np.matmul, [J[:, t] for t in range(5, k, -1)], np.broadcast_to(np.eye(6), P[:, k].shape)
        )
        np.testing.assert_allclose(P[:, k], explicit, rtol=1e-11, atol=1e-14)
        for j, unit in enumerate(1e-6 * np.eye(6)):
            ends = []
            for sign in (1, -1):
                moved = h[:, k] + sign * unit
                ends.append(reference.rnn_forward(x[:, k + 1 :], U, W, b, moved)[0][:, -1] if k < 5 else moved)
            np.testing.assert_allclose(P[:, k, :, j], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-9)
    leaf = torch.tensor(h[:, 1], requires_grad=True)
    later = _torch_states(*(torch.tensor(array) for array in (x[:, 2:], U, W, b)), leaf)[:, -1]
    rows = [torch.autograd.grad(later[:, i].sum(), leaf, retain_graph=True)[0].numpy() for i in range(6)]
    np.testing.assert_allclose(P[:, 1], np.stack(rows, axis=1), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("gamma", "nonlinearity"), [(1.0, "tanh"), (0.25, "sigmoid")])
def test_the_verdicts_hold_for_real_products(gamma, nonlinearity):
    """ "vanishes" bounds every product whatever the states; "may explode" is realised where all slopes are gamma."""
    rng = _rng(1)
    for H in (2, 4, 7):
        shrinking = cases.spectral_matrix(rng, "vanishes", H, gamma)
        assert reference.spectral_verdict(shrinking, gamma) == "vanishes"
        factor = gamma * float(torch.linalg.matrix_norm(torch.tensor(shrinking), ord=2))
        a = rng.standard_normal((30, H))
        product = functools.reduce(np.matmul, reference.state_jacobian(a, shrinking, nonlinearity))
        assert np.linalg.norm(product, 2) <= factor**30 < 1
        growing = cases.spectral_matrix(rng, "may explode", H, gamma)
        assert reference.spectral_verdict(growing, gamma) == "may explode"
        steepest = reference.state_jacobian(np.zeros((1, H)), growing, nonlinearity)[0]
        rho = float(torch.linalg.eigvals(torch.tensor(steepest)).abs().max())
        assert rho > 1
        assert np.linalg.norm(np.linalg.matrix_power(steepest, 200), 2) >= 0.99 * rho**200
        between = cases.spectral_matrix(rng, "undecided", H, gamma)
        assert reference.spectral_verdict(between, gamma) == "undecided"
        assert np.linalg.norm(gamma * between, 2) > 1 > abs(np.linalg.eigvals(gamma * between)).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_points_agree_with_mpmath_and_with_the_condition_for_three(seed):
    for w, b in zip(*cases.fixed_points(_rng(seed), count=12), strict=True):
        found = reference.fixed_points(float(w), float(b))
        three = w > 1 and abs(b) < np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
        grid = np.linspace(-1.01, 1.01, 30_001)
        crossings = np.count_nonzero(np.diff(np.sign(np.tanh(w * grid + b) - grid)))
        assert len(found) == (3 if three else 1) == crossings
        for h in found:
            exact = mpmath.findroot(lambda s, w=w, b=b: mpmath.tanh(w * s + b) - s, mpmath.mpf(float(h)))
            assert abs(float(exact) - h) < 1e-10
        slopes = w * (1 - found**2)
        assert (abs(slopes) > 1).tolist() == ([False, True, False] if three else [bool(w * (1 - found[0] ** 2) < -1)])


def test_a_case_hides_nothing_by_being_special():
    """Sizes differ, W is not symmetric, no state is saturated, and gradients reach every state and the last besides."""
    dh, (x, h0, U, W, h), dh_last = cases.rnn_backward(_rng(0))
    assert len({x.shape[0], x.shape[1], x.shape[2], h.shape[2]}) == 4
    assert abs(W - W.T).max() > 0.3
    assert abs(h).max() < 0.999
    assert min(abs(h0).min(), abs(dh).max(axis=2).min(), abs(dh_last).max(axis=1).min()) > 0.1
    assert U.shape == (6, 4)
    (J,) = cases.jacobian_product(_rng(0))
    assert abs(J[:, 1] @ J[:, 2] - J[:, 2] @ J[:, 1]).max() > 0.3
