"""The visible tests of assignment 3: what your functions must satisfy, checked against torch and against laws.

A test without points, by `@exercise(NAME)` or `shapes_test(NAME, ...)`, is a gate: all gates of an exercise must pass
before any of its points are earned. In the grade, hidden tests with other inputs and sizes are added to these.

Where a test draws random numbers through your function, its limits lie six standard deviations from what is expected:
a right solution fails one such comparison about once in 500 million draws.
"""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import (
    agree_in_float32_and_strided,
    generator_untouched,
    same_in_float32_and_strided,
    shared_generators_untouched,
)
from selfcheck.common_tests import arguments_test, shapes_test
from selfcheck.tensors import with_parameters

SIX = 6.0  # standard deviations


def _tensor(array):
    return torch.tensor(array, dtype=torch.float64)


def _torch_rnn(x, U, W, b):
    """The states (N, T, H) of torch.nn.RNN with these weights, from zeros; of its two biases the second is zero."""
    network = with_parameters(nn.RNN(U.shape[1], U.shape[0], batch_first=True).double(), U, W, b, 0 * b)
    with torch.no_grad():
        return network(_tensor(x))[0].numpy()


def _pair(result, name="the result"):
    expect.tuple(result, 2, name)
    return result


# clip_gradient_norm


def _clipped(result, gradients):
    """The new gradients and the norm: a dict with the same names, and a float."""
    clipped, norm = _pair(result)
    expect.that(type(clipped) is dict, "the first of the two values is not a dict; expected a dict of arrays")
    expect.that(set(clipped) == set(gradients), "the new dict has other names than the gradients")
    for name, gradient in gradients.items():
        expect.array(clipped[name], shape=gradient.shape, name=f"clipped[{name!r}]", finite=False)
    expect.number(norm, name="the norm", finite=False)
    return clipped, norm


def _long(gradients):
    """All entries of all arrays as one long vector."""
    return np.concatenate([gradient.ravel() for gradient in gradients.values()])


def _torch_clipped(gradients, threshold):
    parameters = [nn.Parameter(_tensor(gradient)) for gradient in gradients.values()]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    norm = nn.utils.clip_grad_norm_(parameters, threshold)
    return {name: p.grad.numpy() for name, p in zip(gradients, parameters, strict=True)}, norm.item()


@exercise("clip_gradient_norm")
def test_clipping_returns_a_dict_of_float64_arrays_and_a_float(clip_gradient_norm, cases, rng):
    for norm in (12.0, 3.0):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=norm)
        _clipped(clip_gradient_norm(gradients, threshold), gradients)


test_clipping_leaves_the_gradients_as_they_were = arguments_test("clip_gradient_norm", "gradients threshold", points=1)


@exercise("clip_gradient_norm", points=0.5)
def test_the_dict_that_comes_back_is_a_new_one(probe, cases, rng):
    for norm in (12.0, 3.0, 0.0):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=norm)
        same = probe("gives_back_its_argument", gradients, threshold)
        expect.that(same is False, f"for a norm of {norm:g} the dict that was passed in comes back; expected a new one")


@exercise("clip_gradient_norm", points=2)
def test_clipping_agrees_with_torch_but_for_its_millionth(clip_gradient_norm, cases, rng):
    for norm in (12.0, 40.0, 3.0):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=norm)
        desired, desired_norm = _torch_clipped(gradients, threshold)
        clipped, found = _clipped(clip_gradient_norm(gradients, threshold), gradients)
        expect.close(found, desired_norm, name="the norm")
        for name in gradients:
            expect.close(clipped[name], desired[name], name=f"clipped[{name!r}]", rtol=1e-6)
    args = cases.clip_gradient_norm(rng, norm=9.0)
    desired = _torch_clipped(*args)
    clipped, norm = ({name: gradient * (5.0 / 9.0) for name, gradient in args[0].items()}, desired[1])
    agree_in_float32_and_strided(clip_gradient_norm, lambda *_: (clipped, norm), args)


@exercise("clip_gradient_norm", points=2)
def test_all_arrays_together_keep_their_direction_and_get_the_norm_asked_for(clip_gradient_norm, cases, rng):
    for norm, threshold in ((12.0, 5.0), (0.5, 0.4), (2e-6, 1e-6)):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=norm, threshold=threshold)
        before = _long(gradients)
        clipped = _clipped(clip_gradient_norm(gradients, threshold), gradients)[0]
        expect.that(list(clipped) == list(gradients), "the new dict has its names in another order than the gradients")
        after = _long(clipped)
        length = float(np.linalg.norm(after))
        expect.close(length, threshold, name="the norm after clipping")
        cosine = float(before @ after / (np.linalg.norm(before) * length))
        expect.close(cosine, 1.0, name="the cosine between before and after", because="clipping keeps the direction")


@exercise("clip_gradient_norm", points=1)
def test_clipping_changes_nothing_below_the_threshold_or_at_it(clip_gradient_norm, cases, rng):
    for norm, threshold in ((3.0, 5.0), (70.0, 70.0), (70 * 2.0**-16, 70 * 2.0**-16), (12.0, np.inf)):
        gradients, threshold = cases.clip_gradient_norm(rng, norm=norm, threshold=threshold)
        clipped, found = _clipped(clip_gradient_norm(gradients, threshold), gradients)
        expect.close(found, norm, name="the norm")
        for name, gradient in gradients.items():
            because = "a gradient that is not longer than the threshold stays as it is"
            expect.close(clipped[name], gradient, name=f"clipped[{name!r}]", because=because)


@exercise("clip_gradient_norm", points=1)
def test_a_gradient_of_zeros_stays_as_it_is(clip_gradient_norm, cases, rng):
    gradients, threshold = cases.clip_gradient_norm(rng, norm=0.0)
    clipped, norm = _clipped(clip_gradient_norm(gradients, threshold), gradients)
    expect.close(norm, 0.0, name="the norm")
    for name, gradient in gradients.items():
        expect.close(clipped[name], 0 * gradient, name=f"clipped[{name!r}]")


@exercise("clip_gradient_norm", points=1)
def test_a_gradient_that_is_not_finite_raises_FloatingPointError(clip_gradient_norm, cases, rng):
    for bad in (np.nan, np.inf, -np.inf):
        gradients, threshold = cases.clip_gradient_norm(rng)
        gradients["W"][1, 0] = bad
        because = "an entry is NaN or infinite"
        expect.raises("FloatingPointError", clip_gradient_norm, gradients, threshold, because=because)


# loss_along


test_the_losses_are_float64_of_shape_M = shapes_test("loss_along", "the losses (9,)")
test_loss_along_leaves_its_arguments_as_they_were = arguments_test(
    "loss_along", "parameters direction offsets x targets", points=1
)


def _torch_loss(parameters, x, targets):
    """The loss of torch.nn.RNN and a linear layer with these parameters, tensors that may ask for gradients."""
    network = nn.RNN(x.shape[2], len(parameters["b"]), batch_first=True).double()
    weights = [parameters["U"], parameters["W"], parameters["b"], 0 * parameters["b"].detach()]
    named = dict(zip(dict(network.named_parameters()), weights, strict=True))
    h, _ = torch.func.functional_call(network, named, (_tensor(x),))
    logits = F.linear(h, parameters["V"], parameters["c_out"])
    return F.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten(), ignore_index=-1)


def _torch_losses(parameters, direction, offsets, x, targets):
    theta, d = ({name: _tensor(value) for name, value in some.items()} for some in (parameters, direction))
    with torch.no_grad():
        points = [{name: theta[name] + s * d.get(name, 0) for name in theta} for s in offsets.tolist()]
        return np.array([_torch_loss(point, x, targets).item() for point in points])


@exercise("loss_along", points=2)
def test_the_losses_along_a_line_agree_with_torch(loss_along, cases, rng):
    for sizes in ({}, {"N": 2, "T": 4, "D": 5, "H": 5, "K": 3, "M": 6}, dict.fromkeys("NTDHKM", 1)):
        args = cases.loss_along(rng, **sizes)
        desired = _torch_losses(*args)
        expect.close(loss_along(*args), desired, name="the losses")
    args = cases.loss_along(rng, N=2, T=3, D=3, H=4, K=5, M=5)
    agree_in_float32_and_strided(loss_along, _torch_losses, args, "the losses")


@exercise("loss_along", points=2)
def test_a_parameter_that_the_direction_does_not_name_stays_where_it_is(loss_along, cases, rng):
    for names in (("W",), ("b", "V"), ("U", "c_out")):
        args = cases.loss_along(rng, N=2, T=3, D=3, H=4, K=5, M=5, names=names)
        desired = _torch_losses(*args)
        expect.close(loss_along(*args), desired, name=f"the losses along {' and '.join(names)}")


@exercise("loss_along", points=0.5)
def test_the_losses_at_whole_numbers_are_no_whole_numbers(loss_along, cases, rng):
    args = cases.at_whole_numbers(rng, cases.loss_along(rng, N=2, T=3, D=3, H=4, K=5))
    desired = _torch_losses(*args)
    expect.close(loss_along(*args), desired, name="the losses at offsets that are integers")


@exercise("loss_along", points=1)
def test_the_slope_of_the_losses_is_the_gradient_times_the_direction(loss_along, cases, rng):
    parameters, direction, _, x, targets = cases.loss_along(rng, N=4, T=6, D=3, H=5, K=4)
    theta = {name: _tensor(value).requires_grad_() for name, value in parameters.items()}
    _torch_loss(theta, x, targets).backward()
    desired = sum((theta[name].grad.numpy() * d).sum() for name, d in direction.items())
    losses = loss_along(parameters, direction, np.array([1e-5, -1e-5]), x, targets)
    expect.array(losses, shape=(2,), name="the losses")
    expect.close(float(losses[0] - losses[1]) / 2e-5, float(desired), name="the slope at offset 0", rtol=1e-6)


# norm_stabilizer


def _states_of_norms(rng, norms, H):
    """States (N, T, H) and h_0 (N, H) with these norms (N, T + 1), in random directions, and the directions."""
    norms = np.array(norms, dtype=np.float64)
    directions = rng.standard_normal((*norms.shape, H))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    states = norms[..., None] * directions
    return states[:, 1:].copy(), states[:, 0].copy(), directions


def _turned(rng, states):
    """The same states (N, T, H), each turned into another direction: their norms stay."""
    H = states.shape[-1]
    turns = np.linalg.qr(rng.standard_normal((*states.shape[:2], H, H)))[0]
    return (turns @ states[..., None])[..., 0]


@exercise("norm_stabilizer")
def test_the_penalty_is_a_float(norm_stabilizer, cases, rng):
    expect.number(norm_stabilizer(*cases.norm_stabilizer(rng)), name="the penalty")


test_norm_stabilizer_leaves_its_arguments_as_they_were = arguments_test("norm_stabilizer", "h h0 beta", points=1)


@exercise("norm_stabilizer", points=2)
def test_the_penalty_of_norms_2_5_4_is_five_times_beta(norm_stabilizer, rng):
    h, h0, _ = _states_of_norms(rng, [[2, 5, 4]], H=6)
    because = "the norms change by 3 and then by 1, and (9 + 1) / 2 = 5"
    expect.close(norm_stabilizer(h, h0, 0.3), 5 * 0.3, name="the penalty", because=because)
    h, h0, _ = _states_of_norms(rng, [[3, 1, 1, 7]], H=4)
    because = "the norms change by 2, by 0 and by 6, and (4 + 0 + 36) / 3 = 40 / 3"
    expect.close(norm_stabilizer(h.copy(), h0.copy(), 1.7), 40 / 3 * 1.7, name="the penalty", because=because)
    strided, in_float32 = norm_stabilizer.map([arrays.strided((h, h0, 1.7)), arrays.in_float32((h, h0, 1.7))])
    expect.close(strided, 40 / 3 * 1.7, name="the penalty of strided arrays", because=because)
    expect.close(in_float32, 40 / 3 * 1.7, name="the penalty of float32 arrays", rtol=1e-4, because=because)
    h, h0, _ = _states_of_norms(rng, [[3, 0]], H=1)
    because = "the norm changes once, by 3, to 0"
    expect.close(norm_stabilizer(h, h0, 0.5), 4.5, name="the penalty", because=because)


@exercise("norm_stabilizer", points=1)
def test_the_penalty_of_a_batch_is_the_mean_of_its_sequences(norm_stabilizer, cases, rng):
    h, h0, _ = _states_of_norms(rng, [[1, 4], [6, 5], [2, 2]], H=5)
    because = "the three sequences alone have 9, 1 and 0 times beta"
    expect.close(norm_stabilizer(h, h0, 0.6), 10 / 3 * 0.6, name="the penalty", because=because)
    h, h0, beta = cases.norm_stabilizer(rng, N=4, T=3, H=5)
    batch, *alone = norm_stabilizer.map(
        [(h.copy(), h0.copy(), beta), *((h[n : n + 1], h0[n : n + 1], beta) for n in range(4))]
    )
    for value in (batch, *alone):
        expect.number(value, name="the penalty")
    expect.close(batch, sum(alone) / 4, name="the penalty", because="it is the mean of what its sequences have alone")


@exercise("norm_stabilizer", points=1)
def test_only_the_norms_of_the_states_matter(norm_stabilizer, cases, rng):
    h, h0, beta = cases.norm_stabilizer(rng, N=2, T=6, H=4)
    turned, turned0 = _turned(rng, h), _turned(rng, h0[None])[0]
    first, second = norm_stabilizer.map([(h, h0, beta), (turned, turned0, beta)])
    expect.number(first, name="the penalty")
    expect.close(second, first, name="the penalty", because="turning each state into another direction changes nothing")
    h, h0, _ = _states_of_norms(rng, np.full((2, 6), 1.5), H=3)
    because = "all states have the same norm"
    expect.close(norm_stabilizer(h, h0, beta), 0.0, name="the penalty", atol=1e-12, because=because)


# norm_stabilizer_backward


test_the_gradients_have_the_shapes_of_the_states = shapes_test("norm_stabilizer_backward", "dh (3, 5, 6), dh0 (3, 6)")
test_norm_stabilizer_backward_leaves_its_arguments_as_they_were = arguments_test(
    "norm_stabilizer_backward", "h h0 beta", points=1
)


@exercise("norm_stabilizer_backward", points=2)
def test_the_gradient_at_norms_2_5_4_is_minus_3_4_minus_1_times_beta(norm_stabilizer_backward, rng):
    h, h0, directions = _states_of_norms(rng, [[2, 5, 4]], H=6)
    dh, dh0 = _pair(norm_stabilizer_backward(h.copy(), h0.copy(), 0.3))
    because = "the penalty is beta ((n_1 - n_0)^2 + (n_2 - n_1)^2) / 2"
    desired = 0.3 * np.array([4, -1])[:, None] * directions[:, 1:], -3 * 0.3 * directions[:, 0]
    expect.close(dh0, desired[1], name="dh0", because=because)
    expect.close(dh, desired[0], name="dh", because=because)
    agree_in_float32_and_strided(norm_stabilizer_backward, lambda *_: desired, (h, h0, 0.3), ("dh", "dh0"))
    dh, dh0 = _pair(norm_stabilizer_backward(1e-4 * h, 1e-4 * h0, 0.3))
    because = "the norms are 10,000 times smaller, and so is the gradient"
    expect.close(1e4 * dh0, desired[1], name="10,000 dh0", because=because)
    expect.close(1e4 * dh, desired[0], name="10,000 dh", because=because)


@exercise("norm_stabilizer_backward", points=1)
def test_the_gradient_of_a_single_step_in_a_batch_of_two(norm_stabilizer_backward, rng):
    h, h0, directions = _states_of_norms(rng, [[1, 4], [6, 5]], H=5)
    dh, dh0 = _pair(norm_stabilizer_backward(h, h0, 0.6))
    radial = 0.6 * np.array([3, -1])[:, None]  # beta ((n_1 - n_0)^2 of the first + that of the second) / 2
    expect.close(dh, (radial * directions[:, 1])[:, None], name="dh")
    expect.close(dh0, -radial * directions[:, 0], name="dh0")
    dh, dh0 = _pair(norm_stabilizer_backward(np.array([[[4.0]]]), np.array([[-1.0]]), 0.6))
    because = "of a single unit the norm is its size: it changes from 1 to 4, and the penalty is 0.6 times 9"
    expect.close(dh, np.array([[[3.6]]]), name="dh of one unit", because=because)
    expect.close(dh0, np.array([[3.6]]), name="dh0 of one unit", because=because)


@exercise("norm_stabilizer_backward", points=1)
def test_moving_a_state_without_changing_its_norm_changes_nothing(norm_stabilizer_backward, cases, rng):
    h, h0, beta = cases.norm_stabilizer_backward(rng, N=2, T=6, H=4)
    dh, dh0 = _pair(norm_stabilizer_backward(h.copy(), h0.copy(), beta))
    because = "the gradient at a state points along that state, or against it"
    for name, gradient, state in (("dh", dh, h), ("dh0", dh0, h0)):
        expect.array(gradient, shape=state.shape, name=name)
        along, called = abs((state * gradient).sum(-1)), f"{name} along the state"
        expect.close(
            along, np.linalg.norm(state, axis=-1) * np.linalg.norm(gradient, axis=-1), name=called, because=because
        )


@exercise("norm_stabilizer_backward", points=1)
def test_the_gradient_at_a_state_of_norm_zero_is_zero(norm_stabilizer_backward, rng):
    h, h0, directions = _states_of_norms(rng, [[2, 0, 4], [0, 3, 3]], H=5)
    dh, dh0 = _pair(norm_stabilizer_backward(h, h0, 0.8))
    expect.array(dh, shape=(2, 2, 5), name="dh")
    expect.array(dh0, shape=(2, 5), name="dh0")
    expect.close(dh[0, 0], np.zeros(5), name="dh[0, 0], where the norm is 0")
    expect.close(dh0[1], np.zeros(5), name="dh0[1], where the norm is 0")
    because = "a state beside this one has norm 0, and that counts as any other norm does"
    expect.close(dh0[0], 0.8 * directions[0, 0], name="dh0[0]", because=because)
    expect.close(dh[0, 1], 0.8 * 2 * directions[0, 2], name="dh[0, 1]", because=because)
    expect.close(dh[1, 0], 0.8 * 1.5 * directions[1, 1], name="dh[1, 0]", because=because)


# layer_norm_forward


def _torch_layer_norm(a, g, b, eps):
    return F.layer_norm(_tensor(a), a.shape[-1:], _tensor(g), _tensor(b), eps).numpy()


def _y_and_a_hat(result):
    """y and the first of what is cached; the two of torch, a pair of arrays, as they are."""
    return (result[0], result[1][0]) if type(result) is tuple and type(result[1]) is tuple else result


def _torch_norm_cache(a, eps):
    """What torch keeps for its backward pass: the normalised a, and sigma."""
    a_hat, _, inverse = torch.native_layer_norm(_tensor(a), a.shape[-1:], None, None, eps)
    return a_hat.numpy(), 1 / inverse.numpy()


@exercise("layer_norm_forward")
def test_layer_norm_returns_float64_of_the_shape_of_a(layer_norm_forward, cases, rng):
    for shape in ((3, 5, 6), (4, 3)):
        y, cache = _pair(layer_norm_forward(*cases.layer_norm_forward(rng, shape)))
        expect.array(y, shape=shape, name="y")
        expect.tuple(cache, 3, "the cache")
        expect.array(cache[0], shape=shape, name="a_hat")
        expect.array(cache[1], shape=(*shape[:-1], 1), name="sigma")


test_layer_norm_forward_leaves_its_arguments_as_they_were = arguments_test("layer_norm_forward", "a g b eps", points=1)


@exercise("layer_norm_forward", points=2)
def test_layer_norm_agrees_with_torch(layer_norm_forward, cases, rng):
    for shape in ((3, 5, 6), (4, 4, 4), (5, 7), (4,), (1, 1)):
        args = cases.layer_norm_forward(rng, shape)
        desired = _torch_layer_norm(*args)
        expect.close(_pair(layer_norm_forward(*args))[0], desired, name="y")
    a, g, b, eps = cases.layer_norm_forward(rng, (3, 6))
    y, _ = _pair(layer_norm_forward(a + 1e5, g, b, eps))
    expect.close(y, _torch_layer_norm(a + 1e5, g, b, eps), name="y where the mean is far larger than the spread")
    args = cases.layer_norm_forward(rng, (2, 3, 4))
    desired = _torch_layer_norm(*args), _torch_norm_cache(args[0], args[3])[0]
    part = _y_and_a_hat
    agree_in_float32_and_strided(layer_norm_forward, lambda *_: desired, args, ("y", "a_hat"), part=part)


@exercise("layer_norm_forward", points=1)
def test_epsilon_stands_where_torch_has_it(layer_norm_forward, cases, rng):
    for eps, spread in ((1e-5, 3e-3), (0.5, 1.0), (1e-5, 0.0)):
        args = cases.layer_norm_forward(rng, (3, 2, 5), eps, spread)
        desired = _torch_layer_norm(*args)
        expect.close(_pair(layer_norm_forward(*args))[0], desired, name="y", rtol=1e-6)
    a, g, b, eps = cases.layer_norm_forward(rng, (3, 6), spread=3e-3)
    desired = _torch_layer_norm(a, g, b, eps)
    expect.close(_pair(layer_norm_forward(a, g, b))[0], desired, name="y without eps given", rtol=1e-6)


@exercise("layer_norm_forward", points=1)
def test_the_cache_holds_the_normalised_a_and_sigma(layer_norm_forward, cases, rng):
    a, g, b, eps = cases.layer_norm_forward(rng, (2, 4, 5), eps=0.1)
    a_hat, sigma = _torch_norm_cache(a, eps)
    _, cache = _pair(layer_norm_forward(a, g, b, eps))
    expect.tuple(cache, 3, "the cache")
    expect.close(cache[0], a_hat, name="a_hat")
    expect.close(cache[1], sigma, name="sigma")
    expect.close(cache[2], g, name="g in the cache")


# layer_norm_backward


def _torch_gradients(dy, cache):
    """Autograd's da, dg and db; whatever mu was, the gradients are the same, so a is made with mu = 0."""
    a_hat, sigma, g = (_tensor(array) for array in cache)
    eps = (sigma**2 * (1 - (a_hat**2).mean(-1, keepdim=True))).flatten()  # sigma^2 = variance + eps
    a = (sigma * a_hat).requires_grad_()
    g, b = g.requires_grad_(), torch.zeros_like(g).requires_grad_()
    F.layer_norm(a, g.shape, g, b, eps.mean().item()).backward(_tensor(dy))
    return [tensor.grad.numpy() for tensor in (a, g, b)]


def _three(result):
    expect.tuple(result, 3, "the result")
    return dict(zip(("da", "dg", "db"), result, strict=True))


@exercise("layer_norm_backward")
def test_the_gradients_have_the_shapes_of_a_g_and_b(layer_norm_backward, cases, rng):
    for shape in ((3, 5, 6), (4, 3)):
        gradients = _three(layer_norm_backward(*cases.layer_norm_backward(rng, shape)))
        for name, asked in (("da", shape), ("dg", shape[-1:]), ("db", shape[-1:])):
            expect.array(gradients[name], shape=asked, name=name)


test_layer_norm_backward_leaves_its_arguments_as_they_were = arguments_test("layer_norm_backward", "dy cache", points=1)


@exercise("layer_norm_backward", points=3)
def test_the_gradient_of_a_agrees_with_autograd(layer_norm_backward, cases, rng):
    for shape, eps in (((3, 5, 6), 1e-5), ((4, 4), 1e-5), ((2, 3, 5), 0.5), ((4,), 1e-5)):
        args = cases.layer_norm_backward(rng, shape, eps)
        desired = _torch_gradients(*args)
        expect.close(_three(layer_norm_backward(*args))["da"], desired[0], name="da", rtol=1e-6)
    da = _three(layer_norm_backward(*cases.layer_norm_backward(rng, (1, 1))))["da"]
    because = "a single unit lies at the mean, wherever it is"
    expect.close(da, np.zeros((1, 1)), name="da of one unit", atol=1e-9, because=because)


@exercise("layer_norm_backward", points=2)
def test_the_gradients_of_gain_and_bias_agree_with_autograd(layer_norm_backward, cases, rng):
    for shape in ((3, 5, 6), (4, 4), (2, 3, 4, 5)):
        args = cases.layer_norm_backward(rng, shape)
        desired = _torch_gradients(*args)
        gradients = _three(layer_norm_backward(*args))
        expect.close(gradients["dg"], desired[1], name="dg", rtol=1e-6)
        expect.close(gradients["db"], desired[2], name="db", rtol=1e-6)
    args = cases.layer_norm_backward(rng, (2, 3, 4))
    desired = tuple(_torch_gradients(*args))
    agree_in_float32_and_strided(layer_norm_backward, lambda *_: desired, args, ("da", "dg", "db"))


@exercise("layer_norm_backward", points=1)
def test_raising_all_units_by_the_same_number_changes_nothing(layer_norm_backward, cases, rng):
    da = _three(layer_norm_backward(*cases.layer_norm_backward(rng, (4, 3, 7))))["da"]
    expect.array(da, shape=(4, 3, 7), name="da")
    because = "mu takes away what is added to all units of a step, so the entries of da add up to 0"
    expect.close(da.sum(-1), np.zeros((4, 3)), name="the sum of da over the units", atol=1e-9, because=because)


# layer_norm_rnn_forward


test_the_states_are_float64_of_shape_N_T_H = shapes_test("layer_norm_rnn_forward", "h (3, 5, 6), cache")
test_layer_norm_rnn_forward_leaves_its_arguments_as_they_were = arguments_test(
    "layer_norm_rnn_forward", "x U W g b h0 eps", points=1
)


def _states(result):
    return _pair(result)[0]


def _first(result):
    """The first of two values; anything else as it is."""
    return result[0] if type(result) is tuple and len(result) == 2 else result


def _torch_step(x, h_prev, U, W, g, b, eps):
    """One step by torch's modules: a linear map of input and state side by side, LayerNorm, Tanh."""
    linear, norm = nn.Linear(U.shape[1] + len(g), len(g), bias=False), nn.LayerNorm(len(g), eps)
    step = with_parameters(nn.Sequential(linear, norm, nn.Tanh()).double(), np.concatenate([U, W], axis=1), g, b)
    with torch.no_grad():
        return step(_tensor(np.concatenate([x, h_prev], axis=1))).numpy()


def _expect_torch_steps(h, x, U, W, g, b, h0=None, eps=1e-5, words=""):
    """Each state of h is what torch's step makes of the state before it."""
    expect.array(h, shape=(*x.shape[:2], len(g)), name=f"h{words}")
    h_prev = np.zeros((len(x), len(g))) if h0 is None else h0
    for t in range(x.shape[1]):
        expect.close(h[:, t], _torch_step(x[:, t], h_prev, U, W, g, b, eps), name=f"h[:, {t}]{words}")
        h_prev = h[:, t]


@exercise("layer_norm_rnn_forward", points=2)
def test_each_state_is_torchs_step_from_the_state_before(layer_norm_rnn_forward, cases, rng):
    of_one = {"N": 1, "T": 1, "D": 1, "H": 1}
    for sizes in ({}, {"N": 2, "T": 4, "D": 5, "H": 5}, {"N": 4, "T": 3, "D": 2, "H": 7, "eps": 0.7}, of_one):
        args = cases.layer_norm_rnn_forward(rng, **sizes)
        _expect_torch_steps(_states(layer_norm_rnn_forward(*args)), *args)
    args = cases.layer_norm_rnn_forward(rng, N=2, T=1, D=3, H=4)
    desired = _torch_step(args[0][:, 0], args[5], *args[1:5], args[6])[:, None]
    agree_in_float32_and_strided(layer_norm_rnn_forward, lambda *_: (desired, None), args, "h", part=_first)


@exercise("layer_norm_rnn_forward", points=1)
def test_without_an_initial_state_and_an_epsilon_they_are_zeros_and_1e_5(layer_norm_rnn_forward, cases, rng):
    args = cases.layer_norm_rnn_forward(rng, N=2, T=4, D=3, H=5)[:5]
    _expect_torch_steps(_states(layer_norm_rnn_forward(*args)), *args)


@exercise("layer_norm_rnn_forward", points=1)
def test_the_cache_holds_what_each_step_normalised(probe, cases, rng):
    x, U, W, g, b, h0, eps = cases.layer_norm_rnn_forward(rng, N=3, T=4, D=2, H=5)
    cache = probe("caches", x, U, W, g, b, h0, eps)
    expect.tuple(cache, 6, "the cache")
    h, caches = cache[4], cache[5]
    _expect_torch_steps(h, x, U, W, g, b, h0, eps, " in the cache")
    expect.that(type(caches) is list, "caches is not a list; expected a list of the T caches of layer_norm_forward")
    expect.that(len(caches) == 4, f"caches has length {len(caches)}; there were 4 steps")
    for t, of_step in enumerate(caches):
        expect.tuple(of_step, 3, f"caches[{t}]")
        h_prev = h0 if t == 0 else h[:, t - 1]
        a_hat, sigma = _torch_norm_cache(x[:, t] @ U.T + h_prev @ W.T, eps)
        expect.close(of_step[0], a_hat, name=f"a_hat of caches[{t}]")
        expect.close(of_step[1], sigma, name=f"sigma of caches[{t}]")


# recurrent_init


@exercise("recurrent_init")
def test_initial_values_are_float64_of_shape_H_H(recurrent_init, cases, rng):
    for kind in ("orthogonal", "identity"):
        expect.array(recurrent_init(*cases.recurrent_init(rng, H=6, kind=kind)), shape=(6, 6), name=f"W, {kind}")


@exercise("recurrent_init", points=2)
def test_orthogonal_weights_change_no_length_but_for_the_scale(recurrent_init, cases, rng):
    for H, scale in ((6, 1.0), (15, 1.4), (2, 0.3), (1, 0.8)):
        W = recurrent_init(*cases.recurrent_init(rng, H=H, scale=scale))
        expect.array(W, shape=(H, H), name="W")
        because = "Q times its transpose is the identity matrix"
        expect.close(W @ W.T, scale**2 * np.eye(H), name="W @ W.T", atol=1e-9, because=because)


@exercise("recurrent_init", points=1)
def test_the_scaled_identity_copies_a_state_and_other_kinds_are_refused(recurrent_init, cases, rng):
    for H, scale in ((4, 1.0), (7, 0.9)):
        W = recurrent_init(*cases.recurrent_init(rng, H=H, kind="identity", scale=scale))
        expect.array(W, shape=(H, H), name="W")
        state = rng.standard_normal(H)
        expect.close(W @ state, scale * state, name="W @ state", because="the identity changes nothing but the size")
    for kind in ("normal", "", None):
        expect.raises("ValueError", recurrent_init, *cases.recurrent_init(rng, kind=kind), because="an unknown kind")


@exercise("recurrent_init", points=2)
def test_orthogonal_weights_favour_no_direction(probe, cases, rng):
    H, count = 3, 300
    Q = probe("draw_orthogonal", H, np.random.default_rng(rng.integers(2**62)), count)
    expect.array(Q, shape=(count, H, H), name=f"{count} draws")
    far = SIX / np.sqrt(H * count)  # each entry has mean 0 and variance 1 / H
    named = "no entry of Q is on average positive, or negative"
    expect.that(abs(Q.mean(axis=0)).max() < far, f"the mean of {count} draws is not near zero: {named}")
    right_handed = float((np.linalg.det(Q) > 0).mean())
    named = "half of all orthogonal matrices turn, the others mirror as well"
    expect.that(abs(right_handed - 0.5) < SIX * 0.5 / np.sqrt(count), f"the determinant has mostly one sign: {named}")


@exercise("recurrent_init", points=1)
def test_Q_turned_back_makes_the_drawn_matrix_triangular_with_a_positive_diagonal(recurrent_init, rng):
    for H, scale in ((6, 1.0), (3, 1.7)):
        seed = rng.integers(2**62)
        W = recurrent_init(H, "orthogonal", np.random.default_rng(seed), scale)
        expect.array(W, shape=(H, H), name="W")
        R = W.T @ np.random.default_rng(seed).standard_normal((H, H)) / scale
        because = "A = Q R, so Q.T @ A is R, which has zeros below its diagonal"
        expect.close(np.tril(R, -1), np.zeros((H, H)), name="Q.T @ A below the diagonal", atol=1e-9, because=because)
        expect.that(bool((np.diag(R) > 0).all()), "the diagonal of R = Q.T @ A is not positive everywhere")


@exercise("recurrent_init", points=1)
def test_the_generator_is_the_only_source_of_initial_values(recurrent_init, cases, rng):
    H, kind, generator, scale = cases.recurrent_init(rng, H=5)
    other = np.random.default_rng(rng.integers(2**62))
    drawn = recurrent_init.watched(H, kind, generator, scale)
    W, (again, others, later) = (
        drawn.value,
        recurrent_init.map([(H, kind, g, scale) for g in (generator, other, drawn.args[2])]),
    )
    for value in (W, again, others, later):
        expect.array(value, shape=(5, 5), name="W")
    expect.that(np.array_equal(W, again), "two generators in the same state gave different initial values")
    expect.that(not np.allclose(W, others), "two generators gave the same initial values")
    expect.that(not np.allclose(W, later), "a generator gave the same initial values twice")
    shared_generators_untouched(recurrent_init.watched, (H, kind, generator, scale), rng)
    after = recurrent_init.watched(H, "identity", generator, scale).args[2]
    generator_untouched(generator, after, "numbers were drawn from the generator; the identity matrix needs none")


# dropout_deep_rnn


def _layers_of(result, x, layers):
    """The output and the list of states, of the right shapes."""
    out, states = _pair(result)
    expect.that(type(states) is list, "the second of the two values is not a list; expected each layer's states")
    expect.that(len(states) == len(layers), f"the list has length {len(states)}; {len(layers)} layers were given")
    for l, (_, _, b) in enumerate(layers):
        expect.array(states[l], shape=(*x.shape[:2], len(b)), name=f"states[{l}]")
    expect.array(out, shape=states[-1].shape, name="out")
    return out, states


def _calm(args):
    """The same arguments with U and W halved, so that no state is so near 1 that artanh would magnify its rounding."""
    x, layers, *rest = args
    return x, [(U / 2, W / 2, b) for U, W, b in layers], *rest


def _places(result, x, layers):
    """The L + 1 places of dropout: pairs of v, what comes from below, and D(v), both (N, T, features).

    What reached U is worked out from the states: U D(v) is what is left of artanh(h_t) without W h_{t-1} and b.
    """
    out, states = _layers_of(result, x, layers)
    places, below = [], x
    for l, (U, W, b) in enumerate(layers):
        h = states[l]
        expect.that(
            bool((abs(h) < 1).all()),
            f"states[{l}] leaves the interval from -1 to 1, in which tanh and nothing after it keeps a state",
        )
        h_prev = np.concatenate([0 * h[:, :1], h[:, :-1]], axis=1)
        from_below = np.arctanh(h) - h_prev @ W.T - b  # (N, T, H_l)
        dropped = from_below @ np.linalg.pinv(U).T  # (N, T, H_{l-1})
        because = "artanh(h_t) without W h_{t-1} and b is U times what came from below"
        expect.close(from_below, dropped @ U.T, name=f"U D(v) of layer {l}", atol=1e-5, because=because)
        places.append((below, dropped))
        below = h
    return [*places, (below, out)]


def _masks(result, x, layers, p):
    """The masks of all places, True where kept; what is kept must be 1 / (1 - p) as large."""
    masks = []
    for place, (v, dropped) in enumerate(_places(result, x, layers)):
        kept = abs(dropped) > 0.5 * abs(v)
        because = "an entry is dropped whole, or divided by 1 - p so that its expectation stays"
        expect.close(dropped, kept * v / (1 - p), name=f"D(v) at place {place}", atol=1e-5, because=because)
        masks.append(kept)
    return masks


def _near(share, probability, count):
    return abs(share - probability) < SIX * np.sqrt(probability * (1 - probability) / count)


@exercise("dropout_deep_rnn")
def test_dropout_returns_an_output_and_a_list_of_states(dropout_deep_rnn, cases, rng):
    for training in (True, False):
        args = cases.dropout_deep_rnn(rng, training=training)
        _layers_of(dropout_deep_rnn(*args), *args[:2])


test_dropout_deep_rnn_leaves_its_arguments_as_they_were = arguments_test(
    "dropout_deep_rnn", "x layers p rng training same_mask", points=1
)


@exercise("dropout_deep_rnn", points=2)
def test_at_test_time_and_with_p_0_the_network_is_torchs(dropout_deep_rnn, cases, rng):
    of_one = {"N": 1, "T": 1, "D": 1, "H": (1,), "p": 0.0}
    for sizes in ({"training": False}, {"p": 0.0, "H": (5, 5)}, {"training": False, "H": (4, 3, 6)}, of_one):
        x, layers, *rest = cases.dropout_deep_rnn(rng, **sizes)
        out, states = _layers_of(dropout_deep_rnn(x, layers, *rest), x, layers)
        below = x
        for l, layer in enumerate(layers):
            below = _torch_rnn(below, *layer)
            expect.close(states[l], below, name=f"states[{l}]", because="nothing is dropped")
        expect.close(out, below, name="out", because="nothing is dropped")
    args = cases.dropout_deep_rnn(rng, N=2, T=3, D=4, H=(3,), p=0.0)
    h = _torch_rnn(args[0], *args[1][0])
    agree_in_float32_and_strided(dropout_deep_rnn, lambda *_: (h, [h]), args)


@exercise("dropout_deep_rnn", points=2)
def test_no_noise_enters_the_recurrent_path(dropout_deep_rnn, cases, rng):
    for p, same_mask in ((0.5, False), (0.9, False), (0.5, True)):
        x, layers, *rest = cases.dropout_deep_rnn(rng, N=4, T=9, D=3, H=(5, 6), p=p, same_mask=same_mask)
        deaf = [(0 * U, W, b) for U, W, b in layers]  # nothing comes in from below
        _, states = _layers_of(dropout_deep_rnn(x, deaf, *rest), x, deaf)
        for l, layer in enumerate(deaf):
            because = "with U = 0 the states depend on W and b alone, and are never dropped"
            desired = _torch_rnn(np.zeros((4, 9, layer[0].shape[1])), *layer)
            expect.close(states[l], desired, name=f"states[{l}] with U = 0", because=because)
    for same_mask in (False, True):
        args = _calm(cases.dropout_deep_rnn(rng, N=4, T=9, D=3, H=(5, 7), p=0.5, same_mask=same_mask))
        _places(dropout_deep_rnn(*args), *args[:2])


@exercise("dropout_deep_rnn", points=2)
def test_each_of_the_L_plus_1_places_drops_with_probability_p_and_keeps_the_expectation(dropout_deep_rnn, cases, rng):
    for p in (0.25, 0.6):
        args = _calm(cases.dropout_deep_rnn(rng, N=15, T=20, D=5, H=(5, 5), p=p))
        for place, mask in enumerate(_masks(dropout_deep_rnn(*args), *args[:3])):
            share = float(1 - mask.mean())
            expect.that(_near(share, p, mask.size), f"place {place} (0: the input) dropped {share:.2f} for p = {p}")


@exercise("dropout_deep_rnn", points=1)
def test_masks_are_drawn_afresh_for_each_sequence_place_and_feature(dropout_deep_rnn, cases, rng):
    p = 0.4
    args = _calm(cases.dropout_deep_rnn(rng, N=16, T=18, D=6, H=(6, 6), p=p))
    masks = np.stack(_masks(dropout_deep_rnn(*args), *args[:3]))  # (L + 1, N, T, features)
    for axis, name in enumerate(("places", "sequences", "steps", "features")):
        first, second = np.split(np.take(masks, range(2 * (masks.shape[axis] // 2)), axis=axis), 2, axis=axis)
        share = float((first == second).mean())  # of entries treated alike: p^2 + (1 - p)^2 if independent
        named = (
            f"of the masks of different {name} {share:.2f} agree; of masks drawn afresh {p**2 + (1 - p) ** 2:.2f} do"
        )
        expect.that(_near(share, p**2 + (1 - p) ** 2, first.size), named)


@exercise("dropout_deep_rnn", points=1)
def test_the_steps_of_a_sequence_share_a_mask_when_asked(dropout_deep_rnn, cases, rng):
    p = 0.4
    args = _calm(cases.dropout_deep_rnn(rng, N=60, T=4, D=6, H=(6, 6), p=p, same_mask=True))
    for place, mask in enumerate(_masks(dropout_deep_rnn(*args), *args[:3])):
        shared = bool((mask == mask[:, :1]).all())
        expect.that(shared, f"with same_mask the steps of a sequence have different masks at place {place}")
        share = float(1 - mask[:, 0].mean())
        expect.that(_near(share, p, mask[:, 0].size), f"place {place} dropped {share:.2f} for p = {p}")
        alike = float((mask[:30, 0] == mask[30:, 0]).mean())
        named = (
            f"of the masks of different sequences {alike:.2f} agree; of masks drawn afresh {p**2 + (1 - p) ** 2:.2f} do"
        )
        expect.that(_near(alike, p**2 + (1 - p) ** 2, 180), named)


@exercise("dropout_deep_rnn", points=1)
def test_each_place_draws_its_masks_by_the_stated_call(dropout_deep_rnn, cases, rng):
    for same_mask in (False, True):
        x, layers, p, generator, *_ = _calm(cases.dropout_deep_rnn(rng, N=3, T=4, D=3, H=(5, 6), p=0.4))
        again = copy.deepcopy(generator)
        result = dropout_deep_rnn(x, layers, p, generator, True, same_mask)
        for place, (mask, features) in enumerate(zip(_masks(result, x, layers, p), (3, 5, 6), strict=True)):
            drawn = np.broadcast_to(again.random((3, 1 if same_mask else 4, features)) >= p, mask.shape)
            words = f"the masks at place {place} are not those that the docstring's call draws, same_mask={same_mask}"
            expect.that(bool((mask == drawn).all()), words)


@exercise("dropout_deep_rnn", points=0.5)
def test_masks_are_drawn_in_training_where_p_is_0_too(dropout_deep_rnn, cases, rng):
    for same_mask in (False, True):
        x, layers, p, generator, *_ = cases.dropout_deep_rnn(rng, N=3, T=4, D=3, H=(5, 6), p=0.0)
        after = dropout_deep_rnn.watched(x, layers, p, generator, True, same_mask).args[3]
        for features in (3, 5, 6):
            generator.random((3, 1 if same_mask else 4, features))
        words = f"with p = 0 the generator is not left as the docstring's calls leave it, same_mask={same_mask}"
        generator_untouched(generator, after, words)


@exercise("dropout_deep_rnn", points=1)
def test_the_generator_is_the_only_source_of_masks(dropout_deep_rnn, cases, rng):
    x, layers, p, generator, *rest = cases.dropout_deep_rnn(rng, N=4, T=6, D=5, H=(5,), p=0.5)
    other = np.random.default_rng(rng.integers(2**62))
    drawn = dropout_deep_rnn.watched(x, layers, p, generator, *rest)
    calls = [(x, layers, p, g, *rest) for g in (generator, other, drawn.args[3])]
    outs = [_layers_of(result, x, layers)[0] for result in (drawn.value, *dropout_deep_rnn.map(calls))]
    expect.that(np.array_equal(outs[0], outs[1]), "two generators in the same state gave different outputs")
    expect.that(not np.allclose(outs[0], outs[2]), "two generators gave the same output")
    expect.that(not np.allclose(outs[0], outs[3]), "a generator gave the same output twice")
    shared_generators_untouched(dropout_deep_rnn.watched, (x, layers, p, generator, *rest), rng)
    after = dropout_deep_rnn.watched(x, layers, p, generator, False).args[3]
    generator_untouched(generator, after, "numbers were drawn from the generator at test time")


@exercise("dropout_deep_rnn", points=1)
def test_a_probability_that_is_none_is_refused(dropout_deep_rnn, cases, rng):
    for p, training in ((1.0, True), (-0.1, True), (1.5, True), (1.0, False)):
        args = cases.dropout_deep_rnn(rng, p=p, training=training)
        expect.raises("ValueError", dropout_deep_rnn, *args, because="not 0 <= p < 1")


# orthogonal_step, without points


test_an_orthogonal_step_returns_float64_of_shape_H_H = shapes_test("orthogonal_step", "the new W (6, 6)")
test_orthogonal_step_leaves_its_arguments_as_they_were = arguments_test("orthogonal_step", "W dW rate", points=1)


@exercise("orthogonal_step", points=2)
def test_an_orthogonal_step_keeps_the_product_of_W_with_itself(orthogonal_step, cases, rng):
    because = "W^T W is the same before and after the step"
    for sizes in ({}, {"rate": 300.0}, {"H": 5, "orthogonal": False}, {"H": 3, "orthogonal": False, "rate": 40.0}):
        W, dW, rate = cases.orthogonal_step(rng, **sizes)
        kept = W.T @ W
        new = orthogonal_step(W, dW, rate)
        expect.array(new, shape=dW.shape, name="the new W")
        expect.close(new.T @ new, kept, name="W^T W of the new W", atol=1e-10, because=because)


@exercise("orthogonal_step", points=2)
def test_both_sides_of_the_equation_of_an_orthogonal_step_agree(orthogonal_step, cases, rng):
    for sizes in ({}, {"H": 4, "rate": 9.0}, {"H": 5, "orthogonal": False, "rate": 1.5}, {"H": 1}, {"rate": 0.0}):
        W, dW, rate = cases.orthogonal_step(rng, **sizes)
        new = orthogonal_step(W.copy(), dW.copy(), rate)
        expect.array(new, shape=W.shape, name="the new W")
        middle, pull = torch.lerp(_tensor(W), _tensor(new), 0.5), _tensor(dW) @ _tensor(W).T
        moved = (pull - pull.T) @ middle * -rate
        expect.close(new - W, moved.numpy(), name="the new W minus W", rtol=1e-6, atol=1e-9, because="the equation")
    same_in_float32_and_strided(orthogonal_step, cases.orthogonal_step(rng), "the new W")


@exercise("orthogonal_step", points=1)
def test_a_small_orthogonal_step_lowers_the_loss_as_its_equation_says(orthogonal_step, cases, rng):
    W, target, _ = cases.orthogonal_step(rng, H=5)
    weight = _tensor(W).requires_grad_()
    (weight * torch.cos(weight + _tensor(target))).sum().backward()
    G = weight.grad.numpy()
    desired = -0.5 * ((G @ W.T - W @ G.T) ** 2).sum()  # dL / d rate at rate 0, of an orthogonal W
    new = orthogonal_step(W.copy(), G.copy(), 1e-6)
    expect.array(new, shape=(5, 5), name="the new W")
    slope = ((new * np.cos(new + target)).sum() - (W * np.cos(W + target)).sum()) / 1e-6
    expect.close(float(slope), float(desired), name="the slope of the loss along the step", rtol=1e-4)


# zoneout_rnn_forward, without points


def _zoneout_holds(h, x, U, W, b, h0, m, words=""):
    """Expect of all steps at once that h_t is what m, h_{t-1} and torch's cell, fed h_{t-1}, make it."""
    N, T, H = m.shape
    expect.array(h, shape=(N, T, H), name=f"h{words}")
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H), yours
    cell = with_parameters(nn.RNNCell(x.shape[2], H).double(), U, W, b, 0 * b)
    with torch.no_grad():
        new = cell(_tensor(x.reshape(N * T, -1)), _tensor(before.reshape(N * T, H))).numpy().reshape(N, T, H)
    because = "each state, by the equation, from the one before it among yours"
    expect.close(h, new + m * (before - new), name=f"h{words}", because=because)


@exercise("zoneout_rnn_forward")
def test_zoneout_returns_float64_of_shape_N_T_H(zoneout_rnn_forward, cases, rng):
    for training in (True, False):
        args = cases.zoneout_rnn_forward(rng, training=training)
        expect.array(zoneout_rnn_forward(*args), shape=(3, 5, 6), name="h")


test_zoneout_rnn_forward_leaves_its_arguments_as_they_were = arguments_test(
    "zoneout_rnn_forward", "x U W b h0 p rng training", points=1
)


@exercise("zoneout_rnn_forward", points=2)
def test_each_unit_keeps_its_value_or_takes_the_new_one_as_the_stated_masks_say(zoneout_rnn_forward, cases, rng):
    for sizes in ({}, {"N": 2, "T": 6, "D": 5, "H": 5, "p": 0.7}, dict.fromkeys("NTDH", 1)):
        *arrays_, p, generator, _ = cases.zoneout_rnn_forward(rng, **sizes)
        again = copy.deepcopy(generator)
        h = zoneout_rnn_forward(*arrays_, p, generator)
        x, H = arrays_[0], len(arrays_[3])
        _zoneout_holds(h, *arrays_, again.random((*x.shape[:2], H)) < p)
    same_in_float32_and_strided(zoneout_rnn_forward, cases.zoneout_rnn_forward(rng, p=0.5), "h")


@exercise("zoneout_rnn_forward", points=2)
def test_at_test_time_p_takes_the_place_of_the_masks(zoneout_rnn_forward, cases, rng):
    for sizes in ({}, {"N": 2, "T": 6, "D": 5, "H": 5, "p": 0.8}):
        *arrays_, p, generator, training = cases.zoneout_rnn_forward(rng, training=False, **sizes)
        h = zoneout_rnn_forward(*arrays_, p, generator, training)
        shape = *arrays_[0].shape[:2], len(arrays_[3])
        _zoneout_holds(h, *arrays_, np.full(shape, p), " at test time")
    same_in_float32_and_strided(zoneout_rnn_forward, cases.zoneout_rnn_forward(rng, training=False), "h at test time")


@exercise("zoneout_rnn_forward", points=1)
def test_with_p_0_nothing_is_kept_and_with_p_1_all_of_h0(zoneout_rnn_forward, cases, rng):
    for training in (True, False):
        x, U, W, b, h0, _, generator, _ = cases.zoneout_rnn_forward(rng)
        calls = [(x, U, W, b, h0, p, generator, training) for p in (0.0, 1.0)]
        nothing, all_of_it = zoneout_rnn_forward.map(calls)
        network = with_parameters(nn.RNN(4, 6, batch_first=True).double(), U, W, b, 0 * b)
        with torch.no_grad():
            expect.close(nothing, network(_tensor(x), _tensor(h0)[None])[0].numpy(), name="h with p = 0")
        expect.close(all_of_it, np.repeat(h0[:, None], 5, axis=1), name="h with p = 1", because="every unit keeps h0")


@exercise("zoneout_rnn_forward", points=1)
def test_the_generator_is_the_only_source_of_zoneout_and_rests_at_test_time(zoneout_rnn_forward, cases, rng):
    *rest, generator, _ = cases.zoneout_rnn_forward(rng, p=0.5)
    shared_generators_untouched(zoneout_rnn_forward.watched, (*rest, generator, True), rng)
    after = zoneout_rnn_forward.watched(*rest, generator, False).args[6]
    generator_untouched(generator, after, "numbers were drawn from the generator at test time")


@exercise("zoneout_rnn_forward", points=1)
def test_a_p_of_zoneout_that_is_no_probability_is_refused(zoneout_rnn_forward, cases, rng):
    for p, training in ((1.1, True), (-0.1, True), (1.5, False)):
        args = cases.zoneout_rnn_forward(rng, p=p, training=training)
        expect.raises("ValueError", zoneout_rnn_forward, *args, because="not 0 <= p <= 1")
