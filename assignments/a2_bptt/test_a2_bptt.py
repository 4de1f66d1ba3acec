"""The visible tests of assignment 2: your gradients against torch's autograd, finite differences and laws.

A test without points, by `@exercise(NAME)` or `shapes_test(NAME, ...)`, is a gate: all gates of an exercise must pass
before any of its points are earned. In the grade, hidden tests with other inputs and sizes are added to these.
"""

import functools

import numpy as np
import torch
import torch.nn.functional as F

from selfcheck import exercise, expect
from selfcheck.agreement import agree, arguments_unchanged, returns, same_in_float32_and_strided, sized, table
from selfcheck.common_tests import arguments_test, shapes_test


def _tensor(array, *, grad=False):
    return torch.tensor(array, dtype=torch.float64, requires_grad=grad)


def _derivatives(loss, *tensors):
    """What torch's autograd gives for a loss, one array for each tensor."""
    gradients = torch.autograd.grad(loss, tensors, allow_unused=True)
    return [np.zeros(t.shape) if g is None else g.numpy() for t, g in zip(tensors, gradients, strict=True)]


def _bias_of(x, h_prev, U, W, h):
    """The bias is not in the cache; it is what tanh's inside holds besides."""
    return np.arctanh(h[0]) - U @ x[0] - W @ h_prev[0]


def _expect_all(result, desired, names, because=""):
    expect.tuple(result, len(names), "the result")
    for found, wanted, name in zip(result, desired, names, strict=True):
        expect.close(found, wanted, name=name, because=because)


def _expect_torchs(asked, names, function, args, because=""):
    """What asked, of torch, gives for these arguments, the function must give too: a tuple with these names."""
    desired = asked(*args)
    _expect_all(function(*args), desired, names, because)


# chain_rule_terms


TERMS = ("direct", "via_s1", "via_s0")


def _last_state(points, weights):
    """s_2 (P,) where each step t has a weight of its own, weights[t], in the place of W."""
    _, U, x0, x1, x2, s = points.T
    for weight, x in zip(weights, (x0, x1, x2), strict=True):
        s = np.tanh(weight * s + U * x)
    return s


def _difference_quotient(points, moved, step=1e-5):
    """How s_2 changes with the weight of the steps in `moved`, the weights of the others held fixed."""
    change = np.array([[step if t in moved else 0.0] for t in range(3)])
    ahead, behind = (_last_state(points, points[:, 0] + sign * change) for sign in (1, -1))
    return (ahead - behind) / (2 * step)


def _terms(probe, points):
    values = probe("values_of_terms", points)
    expect.that(type(values) is dict and tuple(values) == TERMS, "the three terms could not be evaluated")
    return values


@exercise("chain_rule_terms")
def test_three_terms_in_the_six_symbols_can_be_evaluated(probe, cases, rng):
    (points,) = cases.chain_rule_terms(rng, P=5)
    for name, values in _terms(probe, points).items():
        expect.array(values, shape=(5,), name=name)


@exercise("chain_rule_terms", points=2)
def test_each_term_is_what_the_weight_of_one_step_alone_does_to_s2(probe, cases, rng):
    (points,) = cases.chain_rule_terms(rng)
    values = _terms(probe, points)
    for name, step in zip(TERMS, (2, 1, 0), strict=True):
        expect.close(values[name], _difference_quotient(points, {step}), name=name, rtol=1e-6)


@exercise("chain_rule_terms", points=1)
def test_the_terms_add_up_to_the_derivative_of_s2(probe, cases, rng):
    (points,) = cases.chain_rule_terms(rng, P=6)
    W = _tensor(points[:, 0], grad=True)
    _, U, *x, s = (_tensor(column) for column in points.T)
    for x_t in x:
        s = torch.tanh(W * s + U * x_t)
    total = sum(_terms(probe, points).values())
    expect.close(total, _derivatives(s.sum(), W)[0], name="the sum of the terms")


# numerical_gradient


def _gradient(probe, cases, rng, *, loss="cubic", **options):
    """The gradient, and the arguments of the loss before and after the call."""
    case = cases.numerical_gradient(rng, loss, **options)
    seen = probe.watched("gradient_of", *case)
    result = seen.value
    expect.that(type(result) is dict and tuple(result) == ("gradient", "args"), "no gradient came back")
    return result["gradient"], case[1], seen.args[1]


@exercise("numerical_gradient")
def test_the_gradient_is_float64_and_has_the_shape_of_X(probe, cases, rng):
    for shape in ((3, 4), (5,)):
        gradient, *_ = _gradient(probe, cases, rng, shape=shape)
        expect.array(gradient, shape=shape, name="the gradient")


@exercise("numerical_gradient", points=0.9)
def test_numerical_gradient_leaves_the_arguments_as_they_were(probe, cases, rng):
    _, before, after = _gradient(probe, cases, rng)
    expect.unchanged(before, after, name="args")


def _expect_torchs_gradient(probe, cases, rng, name="the gradient", **options):
    gradient, (weights, X, scale), _ = _gradient(probe, cases, rng, step=None, **options)
    X = _tensor(X, grad=True)
    loss = (_tensor(weights) * X**3).sum() + scale * X.mean() ** 2
    expect.close(gradient, _derivatives(loss, X)[0], name=name, rtol=1e-6)


@exercise("numerical_gradient", points=2)
def test_the_gradient_agrees_with_torch(probe, cases, rng):
    for shape in ((3, 4), (2, 3, 2)):
        _expect_torchs_gradient(probe, cases, rng, shape=shape)


@exercise("numerical_gradient", points=0.5)
def test_the_gradient_of_an_array_that_lies_column_by_column_in_memory(probe, cases, rng):
    name = "the gradient at an X that lies column by column in memory"
    for shape in ((4, 3), (2, 3, 2)):
        _expect_torchs_gradient(probe, cases, rng, name, loss="by_columns", shape=shape)


@exercise("numerical_gradient", points=1)
def test_a_central_difference_of_a_cubic_is_off_by_the_square_of_the_step(probe, cases, rng):
    for step in (0.1, 0.5):
        gradient, (weights, X, scale), _ = _gradient(probe, cases, rng, step=step)
        desired = weights * (3 * X**2 + step**2) + 2 * scale * X.mean() / X.size
        because = "((x + e)^3 - (x - e)^3) / 2e = 3 x^2 + e^2"
        expect.close(gradient, desired, name=f"the gradient with a step of {step}", because=because)


# rnn_step_backward


test_a_step_returns_five_gradients_shaped_like_what_they_belong_to = shapes_test(
    "rnn_step_backward", "dx (3, 4), dh_prev (3, 6), dU (6, 4), dW (6, 6), db (6,)"
)
test_rnn_step_backward_leaves_its_arguments_as_they_were = arguments_test("rnn_step_backward", "dh cache", points=0.8)


STEP = ("dx", "dh_prev", "dU", "dW", "db")


def _torch_step(dh, cache):
    leaves = [_tensor(array, grad=True) for array in (*cache[:4], _bias_of(*cache))]
    state = torch.tanh(F.linear(leaves[0], leaves[2], leaves[4]) + F.linear(leaves[1], leaves[3]))
    return _derivatives((state * _tensor(dh)).sum(), *leaves)


@exercise("rnn_step_backward", points=2)
def test_a_step_backward_agrees_with_torch(rnn_step_backward, cases, rng):
    sizes = table("N D H", (), (7, 5, 2), (1, 1, 1))
    agree(rnn_step_backward, _torch_step, sized(cases.rnn_step_backward, rng, sizes), STEP)


@exercise("rnn_step_backward", points=1)
def test_a_step_backward_agrees_with_torch_where_all_sizes_are_equal(rnn_step_backward, cases, rng):
    agree(rnn_step_backward, _torch_step, sized(cases.rnn_step_backward, rng, table("N D H", (5, 5, 5))), STEP)


@exercise("rnn_step_backward", points=0.5)
def test_the_gradients_of_a_step_are_the_same_in_float32_and_strided(rnn_step_backward, cases, rng):
    same_in_float32_and_strided(rnn_step_backward, cases.rnn_step_backward(rng, N=2, D=5, H=3), STEP)


# rnn_backward


test_a_sequence_returns_five_gradients_shaped_like_what_they_belong_to = shapes_test(
    "rnn_backward", "dx (3, 5, 4), dU (6, 4), dW (6, 6), db (6,), dh0 (3, 6)"
)
test_rnn_backward_leaves_its_arguments_as_they_were = arguments_test("rnn_backward", "dh cache dh_last", points=1.4)


SEQUENCE = ("dx", "dU", "dW", "db", "dh0")


def _torch_states(x, U, W, b, h):
    """The states (N, T, H) from x (N, T, D) and the state h before it, step by step."""
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(F.linear(x[:, t], U, b) + F.linear(h, W))
        states.append(h)
    return torch.stack(states, dim=1)


def _leaves(cache):
    x, h0, U, W, h = cache
    b = _bias_of(x[:, 0], h0, U, W, h[:, 0])
    return [_tensor(array, grad=True) for array in (x, U, W, b, h0)]


def _torch_sequence(dh, cache, dh_last=None):
    leaves = _leaves(cache)
    states = _torch_states(*leaves)
    loss = (states * _tensor(dh)).sum()
    if dh_last is not None:
        loss = loss + (states[:, -1] * _tensor(dh_last)).sum()
    return _derivatives(loss, *leaves)


_expect_sequence = functools.partial(_expect_torchs, _torch_sequence, SEQUENCE)


@exercise("rnn_backward", points=2)
def test_a_gradient_at_every_step_agrees_with_torch(rnn_backward, cases, rng):
    for sizes in ({}, {"N": 2, "T": 7, "D": 5, "H": 3}, {"N": 1, "T": 1, "D": 1, "H": 1}):
        _expect_sequence(rnn_backward, cases.rnn_backward(rng, **sizes, dh_last=False)[:2])


@exercise("rnn_backward", points=2)
def test_a_gradient_at_every_step_and_one_at_the_last_state_agree_with_torch(rnn_backward, cases, rng):
    _expect_sequence(rnn_backward, cases.rnn_backward(rng, N=4, T=6, D=3, H=5))
    dh, cache, dh_last = cases.rnn_backward(rng, N=4, T=6, D=3, H=5)
    _expect_sequence(rnn_backward, (np.zeros_like(dh), cache, dh_last), because="dh is zero, dh_last is not")


@exercise("rnn_backward", points=1)
def test_a_sequence_backward_agrees_with_torch_where_all_sizes_are_equal(rnn_backward, cases, rng):
    _expect_sequence(rnn_backward, cases.rnn_backward(rng, N=5, T=5, D=5, H=5))


@exercise("rnn_backward", points=1)
def test_the_gradient_of_a_gap_is_carried_from_the_last_output_to_the_first_input(rnn_backward, cases, rng):
    dh, cache, _ = cases.rnn_backward(rng, N=2, T=6, D=3, H=4)
    late, early = dh.copy(), dh.copy()
    late[:, :-1], early[:, 1:] = 0, 0
    _expect_sequence(rnn_backward, (late, cache), because="only the last output has a gradient")
    _expect_sequence(rnn_backward, (early, cache), because="only the first output has a gradient")


@exercise("rnn_backward", points=0.5)
def test_the_gradients_of_a_sequence_are_the_same_in_float32_and_strided(rnn_backward, cases, rng):
    same_in_float32_and_strided(rnn_backward, cases.rnn_backward(rng, N=2, T=4, D=3, H=5), SEQUENCE)


# sequence_loss_backward


test_the_loss_returns_three_gradients_shaped_like_what_they_belong_to = shapes_test(
    "sequence_loss_backward", "dh (3, 5, 6), dV (7, 6), dc_out (7,)"
)
test_sequence_loss_backward_leaves_its_cache_as_it_was = arguments_test("sequence_loss_backward", "cache", points=0.8)


LOSS = ("dh", "dV", "dc_out")


def _torch_loss(cache):
    h, V, y, targets = cache
    c_out = np.log(y[0, 0]) - V @ h[0, 0]  # up to a number that the softmax does not see
    leaves = [_tensor(array, grad=True) for array in (h, V, c_out)]
    logits = F.linear(*leaves)
    return _derivatives(F.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()), *leaves)


@exercise("sequence_loss_backward", points=2)
def test_the_gradients_of_the_loss_agree_with_torch(sequence_loss_backward, cases, rng):
    sizes = table("N T H K", (), (2, 8, 3, 5), (1, 1, 1, 2))
    agree(sequence_loss_backward, _torch_loss, sized(cases.sequence_loss_backward, rng, sizes), LOSS)


@exercise("sequence_loss_backward", points=1)
def test_the_gradients_of_the_loss_agree_with_torch_where_all_sizes_are_equal(sequence_loss_backward, cases, rng):
    sizes = table("N T H K", (4, 4, 4, 4))
    agree(sequence_loss_backward, _torch_loss, sized(cases.sequence_loss_backward, rng, sizes), LOSS)


@exercise("sequence_loss_backward", points=0.5)
def test_the_gradients_of_the_loss_are_the_same_in_float32_and_strided(sequence_loss_backward, cases, rng):
    same_in_float32_and_strided(sequence_loss_backward, cases.sequence_loss_backward(rng, N=4, T=3, H=2, K=5), LOSS)


@exercise("sequence_loss_backward", points=0.5)
def test_predictions_that_are_certain_and_true_leave_nothing_to_change(sequence_loss_backward, cases, rng):
    (cache,) = cases.sequence_loss_backward(rng, N=2, T=4, H=3, K=5)
    h, V, _, targets = cache
    result = sequence_loss_backward((h.copy(), V.copy(), np.eye(5)[targets], targets.copy()))
    expect.tuple(result, 3, "the result")
    for gradient, name, like in zip(result, LOSS, (h, V, np.zeros(5)), strict=True):
        expect.close(gradient, np.zeros_like(like), name=f"{name} where y is 1 for each target", made_of=1.0)


# state_jacobian


def _torch_jacobian(a, W, nonlinearity):
    """(N, H, H): torch's derivative of f(a + W dh) with respect to dh, at dh = 0, one sequence after the other."""
    f = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[nonlinearity]
    zero = torch.zeros(len(W), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian
    return np.stack([jacobian(lambda dh, a_n=a_n: f(a_n + _tensor(W) @ dh), zero).numpy() for a_n in _tensor(a)])


def _expect_jacobian(function, args, because=""):
    desired = _torch_jacobian(*args)
    size = float(abs(args[1]).max())
    expect.close(function(*args), desired, name=f"J with the {args[2]}", made_of=size, because=because)


@exercise("state_jacobian")
def test_the_jacobian_is_float64_of_shape_N_H_H(state_jacobian, cases, rng):
    returns(state_jacobian, cases.state_jacobian(rng)[:2], "J (3, 5, 5)")


test_state_jacobian_leaves_its_arguments_as_they_were = arguments_test("state_jacobian", "a W nonlinearity", points=0.8)


@exercise("state_jacobian", points=2)
def test_the_jacobian_agrees_with_torch(state_jacobian, cases, rng):
    for nonlinearity in ("tanh", "sigmoid"):
        _expect_jacobian(state_jacobian, cases.state_jacobian(rng, N=2, H=6, nonlinearity=nonlinearity))
    a, W, _ = cases.state_jacobian(rng, N=4, H=3)
    expect.close(
        state_jacobian(a.copy(), W.copy()),
        _torch_jacobian(a, W, "tanh"),
        name="J with nothing said of the nonlinearity",
    )


@exercise("state_jacobian", points=1)
def test_the_jacobian_agrees_with_torch_where_N_equals_H(state_jacobian, cases, rng):
    because = "one axis is the batch, one the states, one the states before"
    _expect_jacobian(state_jacobian, cases.state_jacobian(rng, N=4, H=4), because)


@exercise("state_jacobian", points=0.5)
def test_the_jacobians_are_the_same_in_float32_and_strided(state_jacobian, cases, rng):
    same_in_float32_and_strided(state_jacobian, cases.state_jacobian(rng, N=2, H=3), "J")


@exercise("state_jacobian", points=0.5)
def test_saturated_units_have_finite_jacobians(state_jacobian, cases, rng):
    for nonlinearity in ("tanh", "sigmoid"):
        a, W, _ = cases.state_jacobian(rng, N=3, H=4)
        _expect_jacobian(state_jacobian, (2000.0 * a, W, nonlinearity), because="a is between 400 and 3200 in size")


# jacobian_product


test_the_products_are_float64_of_shape_N_T_H_H = shapes_test("jacobian_product", "P (3, 6, 4, 4)")
test_jacobian_product_leaves_the_jacobians_as_they_were = arguments_test("jacobian_product", "J", points=0.8)


def _torch_products(J):
    """(N, T, H, H): torch's derivative of the last state with respect to each state, of the linear net with these J."""
    N, T, H, _ = J.shape
    shifts = torch.zeros(N, T, H, dtype=torch.float64, requires_grad=True)  # what moves state k alone
    h = torch.zeros(N, H, dtype=torch.float64)
    for t in range(T):
        h = torch.einsum("nij,nj->ni", _tensor(J[:, t]), h) + shifts[:, t]
    rows = [torch.autograd.grad(h[:, i].sum(), shifts, retain_graph=True)[0] for i in range(H)]
    return torch.stack(rows, dim=2).numpy()


@exercise("jacobian_product", points=2)
def test_the_products_agree_with_torch(jacobian_product, cases, rng):
    for sizes in ({}, {"N": 2, "T": 5, "H": 3}, {"N": 4, "T": 4, "H": 4}, {"N": 1, "T": 1, "H": 1}):
        (J,) = cases.jacobian_product(rng, **sizes)
        desired = _torch_products(J)
        expect.close(jacobian_product(J.copy()), desired, name="P", because="P[:, k] is dh_n/dh_k, with n = T - 1")


@exercise("jacobian_product", points=1)
def test_the_jacobian_of_the_first_step_is_in_none_of_the_products(jacobian_product, cases, rng):
    (J,) = cases.jacobian_product(rng, N=2, T=4, H=3)
    desired = _torch_products(J)
    J[:, 0] = np.nan
    expect.close(jacobian_product(J), desired, name="P with NaN in J[:, 0]")


@exercise("jacobian_product", points=0.5)
def test_six_thousand_steps_take_six_thousand_products(jacobian_product, cases, rng):
    (J,) = cases.jacobian_product(rng, N=1, T=6000, H=2)  # with a product for every pair of steps, the call is ended
    P = jacobian_product(J)
    expect.array(P, shape=J.shape, name="P of 6000 steps")
    expect.close(P[:, -1], np.eye(2)[None], name="P[:, T-1] of 6000 steps", because="it is the identity")
    because = "each product has a single factor more than the next one"
    expect.close(P[:, :-1], P[:, 1:] @ J[:, 1:], name="P[:, :-1] of 6000 steps", because=because)


@exercise("jacobian_product", points=0.5)
def test_the_products_are_the_same_in_float32_and_strided(jacobian_product, cases, rng):
    same_in_float32_and_strided(jacobian_product, cases.jacobian_product(rng, N=2, T=4, H=3), "P")


# gradient_contributions


test_the_norms_are_float64_of_shape_T = shapes_test("gradient_contributions", "norms (9,)")
test_gradient_contributions_leaves_its_arguments_as_they_were = arguments_test(
    "gradient_contributions", "dh_last cache", points=0.7
)


def _torch_norms(dh_last, cache):
    """(T,): for each step a copy of W of its own; the norms of the gradients of these copies."""
    x, U, W, b, h = _leaves(cache)
    copies = [W.detach().clone().requires_grad_() for _ in range(x.shape[1])]
    for t, W_t in enumerate(copies):
        h = torch.tanh(F.linear(x[:, t], U, b) + F.linear(h, W_t))
    return np.array([np.linalg.norm(term) for term in _derivatives((h * _tensor(dh_last)).sum(), *copies)])


@exercise("gradient_contributions", points=2)
def test_the_norms_agree_with_torch(gradient_contributions, cases, rng):
    sizes = table("N T D H", (), (2, 4, 5, 3), (1, 1, 1, 1))
    agree(gradient_contributions, _torch_norms, sized(cases.gradient_contributions, rng, sizes), "norms")


@exercise("gradient_contributions", points=1)
def test_the_norms_agree_with_torch_where_all_sizes_are_equal(gradient_contributions, cases, rng):
    args = cases.gradient_contributions(rng, N=5, T=5, D=5, H=5)
    desired = _torch_norms(*args)
    expect.close(gradient_contributions(*args), desired, name="norms")


@exercise("gradient_contributions", points=0.5)
def test_the_norms_are_the_same_in_float32_and_strided(gradient_contributions, cases, rng):
    same_in_float32_and_strided(gradient_contributions, cases.gradient_contributions(rng, N=2, T=4, D=3, H=5), "norms")


# spectral_verdict


VERDICTS = ("vanishes", "may explode", "undecided")


def _sizes(verdicts, desired, matrices, gammas):
    """What decides about the first matrix with another verdict than desired; '' if there is none."""
    for said, wanted, W, gamma in zip(verdicts, desired, matrices, gammas, strict=False):
        if not (type(said) is str and said == wanted):
            sigma, rho = gamma * np.linalg.norm(W, 2), gamma * abs(np.linalg.eigvals(W)).max()
            return f"there gamma sigma_max is {sigma:.7g} and gamma rho is {rho:.7g}"
    return ""


def _expect_verdicts(probe, kinds, matrices, gammas):
    verdicts = probe("verdicts", matrices, gammas)
    desired = [kind if kind in VERDICTS else "undecided" for kind in kinds]
    because = _sizes(verdicts, desired, matrices, gammas) if isinstance(verdicts, list) else ""
    expect.equal(verdicts, desired, name="the list of verdicts", because=because)


@exercise("spectral_verdict")
def test_a_verdict_is_one_of_the_three_strings(spectral_verdict, cases, rng):
    for W in cases.spectral_verdict(rng, count=6)[0]:
        said = spectral_verdict(W)
        expect.that(type(said) is str and said in VERDICTS, f"the result is no str, or none of {', '.join(VERDICTS)}")


@exercise("spectral_verdict", points=0.9)
def test_spectral_verdict_leaves_W_as_it_was(spectral_verdict, cases, rng):
    arguments_unchanged(spectral_verdict, (cases.spectral_matrix(rng, "undecided", 4),), "W")


@exercise("spectral_verdict", points=2)
def test_matrices_made_for_each_verdict_get_it(probe, cases, rng):
    kinds = [kind for kind in VERDICTS for _ in range(4)]
    matrices = [cases.spectral_matrix(rng, kind, 2 + i % 5) for i, kind in enumerate(kinds)]
    _expect_verdicts(probe, kinds, matrices, [1.0] * 12)


@exercise("spectral_verdict", points=1)
def test_an_eigenvalue_counts_by_its_size_whether_positive_negative_or_not_real(probe, cases, rng):
    kinds = ["a growing rotation", "a growing positive matrix", "may explode"]
    matrices = [cases.spectral_matrix(rng, kind, H) for kind in kinds for H in (2, 3, 5)]
    matrices.append(matrices[0].astype(np.float32))
    matrices.append(np.array([[0.2, 0.5, -0.4], [0.0, -0.3, 0.6], [0.0, 0.0, 1.4]]))  # its largest comes last
    _expect_verdicts(probe, ["may explode"] * 11, matrices, [1.0] * 11)


@exercise("spectral_verdict", points=1)
def test_the_slope_of_the_nonlinearity_counts(probe, cases, rng):
    gammas = [0.25, 0.6, 1.7] * 3
    kinds = [kind for kind in VERDICTS for _ in range(3)]
    matrices = [cases.spectral_matrix(rng, kind, 5, gamma) for kind, gamma in zip(kinds, gammas, strict=True)]
    _expect_verdicts(probe, kinds, matrices, gammas)


@exercise("spectral_verdict", points=0.5)
def test_what_is_farther_than_the_tolerance_from_the_border_is_decided(probe, cases, rng):
    kinds = [kind for kind in ("vanishes", "may explode") for _ in range(3)]
    matrices = [cases.spectral_matrix(rng, kind, 2 + i % 3, near=1e-6) for i, kind in enumerate(kinds)]
    _expect_verdicts(probe, kinds, matrices, [1.0] * 6)


@exercise("spectral_verdict", points=1)
def test_a_rotation_neither_shrinks_nor_grows(spectral_verdict, cases, rng):
    for H in (2, 3, 5, 4):
        W = cases.spectral_matrix(rng, "a rotation", H)
        expect.equal(spectral_verdict(W), "undecided", name="the verdict on a matrix within 1e-9 of an orthogonal one")


# fixed_points


def _units(cases, rng, count=9):
    """Units (w, b), three of them saturated, the last of these steep, and one whose step jumps to and fro."""
    w, b = cases.fixed_points(rng, count)
    return [*zip(w.tolist(), b.tolist(), strict=True), (8.0, 0.5), (9.0, -12.0), (40.0, 9.0), (-2.3, 0.4)]


def _crossings(w, b):
    """How often tanh(w h + b) - h changes its sign on a fine grid."""
    grid = np.linspace(-1.0001, 1.0001, 20_001)
    return int(np.count_nonzero(np.diff(np.sign(np.tanh(w * grid + b) - grid))))


@exercise("fixed_points")
def test_fixed_points_are_a_float64_array_of_one_or_three(fixed_points, cases, rng):
    for w, b in _units(cases, rng, count=6):
        h, name = fixed_points(w, b), f"the fixed points for w = {w:.2f}, b = {b:.2f}"
        expect.that(type(h) is np.ndarray, "the fixed points are not a NumPy array")
        expect.that(h.shape in ((1,), (3,)), f"{name} have shape {h.shape}; expected (1,) or (3,)")
        expect.array(h, shape=h.shape, name=name)


@exercise("fixed_points", points=2)
def test_there_are_as_many_fixed_points_as_crossings(fixed_points, cases, rng):
    for w, b in _units(cases, rng):
        expect.array(
            fixed_points(w, b), shape=(_crossings(w, b),), name=f"the fixed points for w = {w:.2f}, b = {b:.2f}"
        )


@exercise("fixed_points", points=2)
def test_a_fixed_point_stays_where_it_is(fixed_points, cases, rng):
    for w, b in _units(cases, rng):
        h = fixed_points(w, b)
        expect.array(h, shape=(_crossings(w, b),), name=f"the fixed points for w = {w:.2f}, b = {b:.2f}")
        after = np.tanh(w * h + b)
        off = abs((after - h) / (1 - w * (1 - after**2))).max()  # to first order, from the solution that is nearest
        expect.that(off <= 2e-9, f"a point for w = {w:.2f}, b = {b:.2f} is about {off:.0e} off: tanh(w h + b) is not h")
        expect.that(bool(np.all(np.diff(h) > 1e-3)), "the fixed points are not in ascending order, or one comes twice")


# truncated_bptt


test_chunks_return_five_gradients_shaped_like_what_they_belong_to = shapes_test(
    "truncated_bptt", "dx (3, 7, 4), dU (6, 4), dW (6, 6), db (6,), dh0 (3, 6)"
)
test_truncated_bptt_leaves_its_arguments_as_they_were = arguments_test("truncated_bptt", "dh cache k", points=0.8)


def _torch_truncated(dh, cache, k):
    """Torch's gradients where the state is detached before steps k, 2k, ..."""
    leaves = _leaves(cache)
    x, U, W, b, h = leaves
    loss = 0
    for begin in range(0, x.shape[1], k):
        states = _torch_states(x[:, begin : begin + k], U, W, b, h)
        loss = loss + (states * _tensor(dh[:, begin : begin + k])).sum()
        h = states[:, -1].detach()
    return _derivatives(loss, *leaves)


_expect_truncated = functools.partial(_expect_torchs, _torch_truncated, SEQUENCE)


_ONE = {"N": 1, "T": 1, "D": 1, "H": 1, "k": 1}


@exercise("truncated_bptt", points=2)
def test_chunks_agree_with_torch_where_the_state_is_detached_between_them(truncated_bptt, cases, rng):
    for sizes in ({}, {"N": 2, "T": 8, "D": 5, "H": 3, "k": 2}, {"N": 4, "T": 5, "D": 3, "H": 2, "k": 1}, _ONE):
        _expect_truncated(truncated_bptt, cases.truncated_bptt(rng, **sizes), because=f"k = {sizes.get('k', 3)}")


@exercise("truncated_bptt", points=1)
def test_a_single_chunk_gives_the_whole_gradient(truncated_bptt, cases, rng):
    dh, cache, _ = cases.truncated_bptt(rng, N=4, T=6, D=3, H=5)
    desired = _torch_sequence(dh, cache)
    for k in (6, 7, 50):
        _expect_all(truncated_bptt(dh, cache, k), desired, SEQUENCE, because="nothing is cut where k is T or more")


@exercise("truncated_bptt", points=0.5)
def test_the_gradients_of_chunks_are_the_same_in_float32_and_strided(truncated_bptt, cases, rng):
    same_in_float32_and_strided(truncated_bptt, cases.truncated_bptt(rng, N=2, T=5, D=3, H=4, k=2), SEQUENCE)


# forward_gradient, without points


test_the_forward_gradient_is_float64_of_shape_H_H = shapes_test("forward_gradient", "dW (6, 6)")
test_forward_gradient_leaves_its_arguments_as_they_were = arguments_test("forward_gradient", "x U W b h0 dh", points=1)


def _torch_gradient_of_W(x, U, W, b, h0, dh):
    W_t, h, total = _tensor(W, grad=True), _tensor(h0), 0.0
    for t in range(x.shape[1]):
        h = torch.tanh(F.linear(_tensor(x[:, t]), _tensor(U), _tensor(b)) + F.linear(h, W_t))
        total = total + (h * _tensor(dh[:, t])).sum()
    return _derivatives(total, W_t)[0]


@exercise("forward_gradient", points=3)
def test_the_forward_gradient_is_that_of_torch(forward_gradient, cases, rng):
    for sizes in ({}, {"N": 1, "T": 1}, {"N": 4, "T": 7, "D": 2, "H": 3}, {"N": 1, "T": 1, "D": 1, "H": 1}):
        args = cases.forward_gradient(rng, **sizes)
        expect.close(forward_gradient(*args), _torch_gradient_of_W(*args), name="dW")


# growth_exponents, without points


test_the_exponents_are_float64_of_shape_H = shapes_test("growth_exponents", "the exponents (4,)")
test_growth_exponents_leaves_the_jacobians_as_they_were = arguments_test("growth_exponents", "J", points=1)


@exercise("growth_exponents", points=2)
def test_the_exponents_add_up_to_the_mean_logarithm_of_the_determinants(growth_exponents, cases, rng):
    for sizes in ({}, {"T": 1, "H": 3}, {"T": 9, "H": 2}, {"T": 2, "H": 1}):
        (J,) = cases.growth_exponents(rng, **sizes)
        found = growth_exponents(J.copy())
        expect.close(found.sum()[None], np.log(abs(np.linalg.det(J))).mean()[None], name="the sum of the exponents")
        expect.that(bool((np.diff(found) <= 0).all()), "the exponents are not sorted, the largest first")


@exercise("growth_exponents", points=2)
def test_of_triangular_jacobians_the_exponents_are_those_of_the_diagonals(growth_exponents, cases, rng):
    (J,) = cases.growth_exponents(rng, T=7, H=4)
    J = np.triu(J) + 0.7 * np.sign(J) * np.eye(4)
    diagonals = np.log(abs(np.diagonal(J, axis1=1, axis2=2))).mean(axis=0)
    expect.close(growth_exponents(J), np.sort(diagonals)[::-1], name="the exponents of triangular Jacobians")


@exercise("growth_exponents", points=2)
def test_the_first_jacobian_acts_first(growth_exponents, cases, rng):
    (J,) = cases.growth_exponents(rng, T=2, H=3)
    Q, first = np.linalg.qr(J[0])
    second = np.linalg.qr(J[1] @ Q, mode="r")
    desired = np.sort(np.log(abs(np.diag(first) * np.diag(second))) / 2)[::-1]
    expect.close(growth_exponents(J), desired, name="the exponents of two Jacobians")


@exercise("growth_exponents", points=1)
def test_the_exponents_of_a_very_long_product_are_finite(growth_exponents, cases, rng):
    (J,) = cases.growth_exponents(rng, T=3, H=3)
    found = growth_exponents(np.concatenate([1e-3 * J] * 400))
    desired = np.log(abs(np.linalg.det(1e-3 * J))).mean()
    expect.close(found.sum()[None], desired[None], name="the sum of the exponents of 1200 small Jacobians")
