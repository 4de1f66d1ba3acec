"""Other right solutions of assignment 3: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["clip_gradient_norm"] = {
    "loops": """
def clip_gradient_norm(gradients, threshold):
    total = 0.0
    for g in gradients.values():
        for entry in g.ravel():
            total += float(entry) ** 2
    norm = total**0.5
    if norm != norm or norm == float("inf"):
        raise FloatingPointError("not finite")
    clipped = {}
    for name in gradients:
        clipped[name] = gradients[name].copy()
        if norm >= threshold:
            clipped[name] *= threshold / norm
    return clipped, norm
""",
    "one_long_vector": """
def clip_gradient_norm(gradients, threshold):
    long = np.concatenate([g.reshape(-1) for g in gradients.values()])
    if not np.all(np.isfinite(long)):
        raise FloatingPointError(f"{np.sum(~np.isfinite(long))} entries are not finite")
    norm = np.linalg.norm(long)
    if norm >= threshold:
        long = long / norm * threshold
    clipped, start = {}, 0
    for name, g in gradients.items():
        clipped[name] = long[start : start + g.size].reshape(g.shape)
        start += g.size
    return clipped, float(norm)
""",
    "norm_of_the_norms_and_no_copy_below": """
class Exploded(FloatingPointError):
    pass


def clip_gradient_norm(gradients, threshold):
    norm = float(np.linalg.norm([np.linalg.norm(g) for g in gradients.values()]))
    if not np.isfinite(norm):
        raise Exploded(norm)
    if norm < threshold:
        return dict(gradients), norm
    return {name: np.multiply(g, threshold / norm) for name, g in gradients.items()}, norm
""",
    "torch_inside": """
import torch


def clip_gradient_norm(gradients, threshold):
    tensors = {name: torch.tensor(np.ascontiguousarray(g)) for name, g in gradients.items()}
    norm = torch.linalg.vector_norm(torch.cat([t.flatten() for t in tensors.values()]).double()).item()
    if not np.isfinite(norm):
        raise FloatingPointError("NaN or infinity")
    scale = 1.0 if norm <= threshold else threshold / norm
    return {name: (t * scale).numpy() for name, t in tensors.items()}, norm
""",
}

RIGHT["loss_along"] = {
    "deep_copy": """
import copy


def loss_along(parameters, direction, offsets, x, targets):
    losses = []
    for offset in offsets:
        moved = copy.deepcopy(parameters)
        for name in direction:
            moved[name] = moved[name] + offset * direction[name]
        losses.append(rnn_loss(moved, x, targets))
    return np.array(losses)
""",
    "get_with_a_default": """
def loss_along(parameters, direction, offsets, x, targets):
    def point(offset):
        return {name: value + offset * direction.get(name, 0) for name, value in parameters.items()}

    return np.fromiter((rnn_loss(point(offset), x, targets) for offset in offsets), dtype=np.float64)
""",
    "the_gradient_thrown_away": """
def loss_along(parameters, direction, offsets, x, targets):
    losses = np.zeros(offsets.shape)
    for m in range(len(offsets)):
        moved = {}
        for name in parameters:
            if name in direction:
                moved[name] = parameters[name] + offsets[m] * direction[name]
            else:
                moved[name] = parameters[name]
        losses[m], _ = rnn_loss_and_gradients(moved, x, targets)
    return losses
""",
    "torch_inside": """
import torch
import torch.nn.functional as F


def loss_along(parameters, direction, offsets, x, targets):
    to = lambda array: torch.tensor(np.ascontiguousarray(array), dtype=torch.float64)
    losses = torch.zeros(len(offsets), dtype=torch.float64)
    for m, offset in enumerate(offsets):
        p = {name: to(value) + float(offset) * to(direction.get(name, 0.0)) for name, value in parameters.items()}
        h, total = torch.zeros(len(x), len(p["b"]), dtype=torch.float64), []
        for t in range(x.shape[1]):
            h = torch.tanh(to(x[:, t]) @ p["U"].T + h @ p["W"].T + p["b"])
            total.append(h @ p["V"].T + p["c_out"])
        logits = torch.stack(total, dim=1)
        wanted = torch.tensor(np.ascontiguousarray(targets))
        losses[m] = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), wanted.reshape(-1), ignore_index=-1)
    return losses.numpy()
""",
}

RIGHT["norm_stabilizer"] = {
    "loops": """
import math


def norm_stabilizer(h, h0, beta):
    N, T, H = h.shape
    total = 0.0
    for n in range(N):
        before = math.sqrt(sum(float(v) ** 2 for v in h0[n]))
        for t in range(T):
            now = math.sqrt(sum(float(v) ** 2 for v in h[n, t]))
            total += (now - before) ** 2
            before = now
    return beta * total / T / N
""",
    "means": """
def norm_stabilizer(h, h0, beta):
    norms = np.sqrt((h**2).sum(axis=2))
    first = np.sqrt((h0**2).sum(axis=1, keepdims=True))
    before = np.hstack([first, norms[:, :-1]])
    return float(beta * np.mean(np.square(norms - before)))
""",
    "einsum_and_expanded_square": """
def norm_stabilizer(h, h0, beta):
    squares = np.einsum("nth,nth->nt", h, h)
    start = np.einsum("nh,nh->n", h0, h0)
    before = np.column_stack([start, squares])[:, :-1]
    terms = squares + before - 2 * np.sqrt(squares * before)
    return float(beta * terms.mean(axis=1).mean())
""",
    "torch_inside": """
import torch


def norm_stabilizer(h, h0, beta):
    states = torch.cat([torch.tensor(h0)[:, None], torch.tensor(h)], dim=1)
    return beta * states.norm(dim=-1).diff(dim=1).pow(2).mean().item()
""",
}

RIGHT["norm_stabilizer_backward"] = {
    "loops": """
def norm_stabilizer_backward(h, h0, beta):
    N, T, H = h.shape
    dh, dh0 = np.zeros_like(h), np.zeros_like(h0)
    for n in range(N):
        for t in range(T):
            now, earlier = h[n, t], h0[n] if t == 0 else h[n, t - 1]
            n_now, n_earlier = np.linalg.norm(now), np.linalg.norm(earlier)
            change = 2 * beta * (n_now - n_earlier) / (N * T)
            if n_now != 0:
                dh[n, t] += change * now / n_now
            if n_earlier != 0:
                if t == 0:
                    dh0[n] -= change * earlier / n_earlier
                else:
                    dh[n, t - 1] -= change * earlier / n_earlier
    return dh, dh0
""",
    "padded_changes": """
def norm_stabilizer_backward(h, h0, beta):
    N, T, H = h.shape
    s = np.concatenate((h0.reshape(N, 1, H), h), axis=1)
    r = np.sqrt(np.sum(s * s, axis=2, keepdims=True))
    steps = np.pad(np.diff(r, axis=1), ((0, 0), (1, 1), (0, 0)))  # (N, T + 2, 1), no change before and after
    unit = np.divide(s, r, out=np.zeros_like(s), where=r != 0)
    ds = unit * (steps[:, :-1] - steps[:, 1:]) * (beta * 2.0 / N / T)
    return ds[:, 1:], ds[:, 0]
""",
    "a_matrix_of_differences": """
def norm_stabilizer_backward(h, h0, beta):
    N, T, H = h.shape
    states = np.concatenate([h0[:, None], h], axis=1)
    norms = np.linalg.norm(states, axis=2)
    D = np.eye(T, T + 1, 1) - np.eye(T, T + 1)  # D @ norms: the changes
    dnorms = 2 * beta / (N * T) * norms @ (D.T @ D)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = np.nan_to_num(states / norms[:, :, None])
    dstates = dnorms[:, :, None] * unit
    return dstates[:, 1:], dstates[:, 0]
""",
    "autograd": """
import torch


def norm_stabilizer_backward(h, h0, beta):
    h, h0 = torch.tensor(h, requires_grad=True), torch.tensor(h0, requires_grad=True)
    states = torch.cat([h0[:, None], h], dim=1)
    norms = torch.linalg.vector_norm(states, dim=-1)
    (beta * norms.diff(dim=1).square().mean(dim=1).mean()).backward()
    return h.grad.numpy(), h0.grad.numpy()
""",
}

RIGHT["layer_norm_forward"] = {
    "loops": """
def layer_norm_forward(a, g, b, eps=1e-5):
    a_hat, y = np.empty_like(a), np.empty_like(a)
    sigma = np.empty((*a.shape[:-1], 1), dtype=a.dtype)
    for place in np.ndindex(*a.shape[:-1]):
        units = a[place]
        mu = sum(units) / len(units)
        sigma[place] = np.sqrt(sum((u - mu) ** 2 for u in units) / len(units) + eps)
        a_hat[place] = (units - mu) / sigma[place]
        y[place] = g * a_hat[place] + b
    return y, (a_hat, sigma, g)
""",
    "mean_and_var": """
def layer_norm_forward(a, g, b, eps=1e-5):
    mean, var = a.mean(-1)[..., None], a.var(-1)[..., None]
    sigma = (var + eps) ** 0.5
    a_hat = (a - mean) * (1 / sigma)
    return b + a_hat * g, (a_hat, sigma, g)
""",
    "a_centring_matrix": """
def layer_norm_forward(a, g, b, eps=1e-5):
    H = a.shape[-1]
    centred = a @ (np.eye(H, dtype=a.dtype) - 1 / H)
    sigma = np.sqrt(np.einsum("...h,...h->...", centred, centred)[..., np.newaxis] / H + eps)
    a_hat = centred / sigma
    return np.multiply(a_hat, g) + b, (a_hat, sigma, g)
""",
    "torch_inside": """
import torch


def layer_norm_forward(a, g, b, eps=1e-5):
    t = torch.tensor(np.ascontiguousarray(a))
    sigma = torch.sqrt(t.var(dim=-1, correction=0, keepdim=True) + eps)
    a_hat = torch.nn.functional.layer_norm(t, t.shape[-1:], eps=eps)
    y = a_hat * torch.tensor(g) + torch.tensor(b)
    return y.numpy(), (a_hat.numpy(), sigma.numpy(), g)
""",
}

RIGHT["layer_norm_backward"] = {
    "loops_over_the_jacobian": """
def layer_norm_backward(dy, cache):
    a_hat, sigma, g = cache
    H = len(g)
    da, dg, db = np.zeros_like(dy), np.zeros(H), np.zeros(H)
    for place in np.ndindex(*dy.shape[:-1]):
        hat = a_hat[place]
        J = (np.eye(H) - 1 / H - np.outer(hat, hat) / H) / sigma[place]  # J[i, j] = d a_hat_i / d a_j
        da[place] = (dy[place] * g) @ J
        dg += dy[place] * hat
        db += dy[place]
    return da, dg, db
""",
    "the_three_paths": """
def layer_norm_backward(dy, cache):
    a_hat, sigma, g = cache
    H = dy.shape[-1]
    d = np.multiply(dy, g)
    centred = a_hat * sigma
    dsigma = -(d * centred).sum(-1, keepdims=True) / sigma**2
    dcentred = d / sigma + dsigma * centred / (H * sigma)
    dmu = -dcentred.sum(-1, keepdims=True)
    da = dcentred + dmu / H
    flat, hats = dy.reshape(-1, H), a_hat.reshape(-1, H)
    return da, np.einsum("mh,mh->h", flat, hats), flat.sum(0)
""",
    "sums_then_one_division": """
def layer_norm_backward(dy, cache):
    a_hat, sigma, g = cache
    H = g.shape[0]
    dg, db = dy * a_hat, dy
    while db.ndim > 1:
        dg, db = dg.sum(axis=0), db.sum(axis=0)
    d = dy * g
    total, along = d.sum(axis=-1), (d * a_hat).sum(axis=-1)
    da = (H * d - total[..., None] - a_hat * along[..., None]) / (H * sigma)
    return da, dg + 0.0, db + 0.0
""",
    "torch_inside": """
import torch


def layer_norm_backward(dy, cache):
    a_hat, sigma, g = (torch.tensor(np.ascontiguousarray(array)) for array in cache)
    dy = torch.tensor(np.ascontiguousarray(dy))
    before = list(range(dy.dim() - 1))
    d = dy * g
    da = (d - d.mean(-1, keepdim=True) - a_hat * (d * a_hat).mean(-1, keepdim=True)) / sigma
    if not before:
        return da.numpy(), (dy * a_hat).numpy(), dy.numpy()
    return da.numpy(), (dy * a_hat).sum(before).numpy(), dy.sum(before).numpy()
""",
}

RIGHT["layer_norm_rnn_forward"] = {
    "a_list_of_states": """
def layer_norm_rnn_forward(x, U, W, g, b, h0=None, eps=1e-5):
    N, T, D = x.shape
    if h0 is None:
        h0 = np.zeros((N, len(g)), dtype=x.dtype)
    states, caches = [h0], []
    for t in range(T):
        y, kept = layer_norm_forward(states[-1] @ W.T + x[:, t, :] @ U.T, g, b, eps=eps)
        states.append(np.tanh(y))
        caches.append(kept)
    h = np.stack(states[1:], axis=1)
    return h, (x, h0, U, W, h, caches)
""",
    "inputs_at_once": """
def layer_norm_rnn_forward(x, U, W, g, b, h0=None, eps=1e-5):
    from_input = np.einsum("ntd,hd->tnh", x, U)
    state = h0 = np.zeros(from_input.shape[1:], dtype=x.dtype) if h0 is None else h0
    h, caches = np.zeros_like(from_input), []
    for t, drive in enumerate(from_input):
        y, cache = layer_norm_forward(drive + np.einsum("ij,nj->ni", W, state), g, b, eps)
        state = h[t] = np.tanh(y)
        caches += [cache]
    h = np.swapaxes(h, 0, 1)
    return h, (x, h0, U, W, h, caches)
""",
    "without_layer_norm_forward": """
def layer_norm_rnn_forward(x, U, W, g, b, h0=None, eps=1e-5):
    weights = np.concatenate([U, W], axis=1).T
    h0 = np.zeros((len(x), len(W)), dtype=x.dtype) if h0 is None else h0
    previous, h, caches = h0, np.empty((*x.shape[:2], len(W)), dtype=x.dtype), []
    for t in range(x.shape[1]):
        a = np.concatenate([x[:, t], previous], axis=1) @ weights
        deviation = a - np.average(a, axis=1)[:, None]
        sigma = np.sqrt(np.average(deviation**2, axis=1)[:, None] + eps)
        caches.append((deviation / sigma, sigma, g))
        h[:, t] = previous = np.tanh(g / sigma * deviation + b)
    return h, (x, h0, U, W, h, caches)
""",
    "torch_inside": """
import torch


def layer_norm_rnn_forward(x, U, W, g, b, h0=None, eps=1e-5):
    h0 = np.zeros((len(x), len(W)), dtype=x.dtype) if h0 is None else h0
    to = lambda array: torch.tensor(np.ascontiguousarray(array))
    state, states, caches = to(h0), [], []
    for t in range(x.shape[1]):
        a = to(x[:, t]) @ to(U).T + state @ to(W).T
        sigma = torch.sqrt(a.var(dim=-1, correction=0, keepdim=True) + eps)
        a_hat = (a - a.mean(dim=-1, keepdim=True)) / sigma
        state = torch.tanh(to(g) * a_hat + to(b))
        states.append(state)
        caches.append((a_hat.numpy(), sigma.numpy(), g))
    h = torch.stack(states, dim=1).numpy()
    return h, (x, h0, U, W, h, caches)
""",
}

RIGHT["recurrent_init"] = {
    "gram_schmidt": """
def recurrent_init(H, kind, rng, scale=1.0):
    if kind not in ("orthogonal", "identity"):
        raise ValueError(kind)
    if kind == "identity":
        return np.diag(np.full(H, scale))
    columns = []
    for column in rng.standard_normal((H, H)).T:
        for _ in range(2):  # twice is enough
            for done in columns:
                column = column - (done @ column) * done
        columns.append(column / np.linalg.norm(column))
    return scale * np.stack(columns, axis=1)
""",
    "a_loop_over_the_columns": """
class UnknownKind(ValueError):
    pass


def recurrent_init(H, kind, rng, scale=1.0):
    if kind == "identity":
        return np.identity(H) * scale
    if kind != "orthogonal":
        raise UnknownKind(f"{kind} is neither orthogonal nor identity")
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    for j in range(H):
        if R[j, j] < 0:
            Q[:, j] = -Q[:, j]
    return Q * scale
""",
    "R_alone_then_solve": """
def recurrent_init(H, kind, rng, scale=1.0):
    match kind:
        case "orthogonal":
            A = rng.standard_normal(size=(H, H))
            R = np.linalg.qr(A, mode="r")
            R = np.where(np.diag(R)[:, None] < 0, -R, R)
            Q = np.linalg.solve(R.T, A.T).T
            return scale * Q
        case "identity":
            return np.array([[scale if i == j else 0.0 for j in range(H)] for i in range(H)], dtype=np.float64)
    raise ValueError("orthogonal or identity")
""",
    "torch_inside": """
import torch


def recurrent_init(H, kind, rng, scale=1.0):
    if kind == "identity":
        return (scale * torch.eye(H, dtype=torch.float64)).numpy()
    if kind == "orthogonal":
        Q, R = torch.linalg.qr(torch.from_numpy(rng.standard_normal((H, H))))
        return (scale * Q @ torch.diag(torch.sign(torch.diagonal(R)))).numpy()
    raise ValueError("unknown kind")
""",
}

RIGHT["dropout_deep_rnn"] = {
    "step_by_step": """
def dropout_deep_rnn(x, layers, p, rng, training=True, same_mask=False):
    if p < 0 or p >= 1:
        raise ValueError(p)
    N, T, _ = x.shape

    def mask(features):
        if not training:
            return np.ones((N, T, features), dtype=x.dtype)
        drawn = rng.random((N, 1, features)) if same_mask else rng.random((N, T, features))
        return np.broadcast_to((drawn >= p) / (1 - p), (N, T, features)).astype(x.dtype)

    states, below = [], x
    for U, W, b in layers:
        fed = mask(below.shape[2]) * below
        h_prev, h = np.zeros((N, len(b)), dtype=x.dtype), []
        for t in range(T):
            h_prev = np.tanh(fed[:, t] @ U.T + h_prev @ W.T + b)
            h.append(h_prev)
        below = np.stack(h, axis=1)
        states.append(below)
    return mask(below.shape[2]) * below, states
""",
    "where": """
def dropout_deep_rnn(x, layers, p, rng, training=True, same_mask=False):
    if not (p >= 0 and p < 1):
        raise ValueError("p is a probability below 1")

    def drop(v):
        if training:
            shape = list(v.shape)
            if same_mask:
                shape[1] = 1
            return np.where(rng.random(tuple(shape)) < p, 0.0, v / (1.0 - p))
        return v.copy()

    states = []
    signal = drop(x)
    for layer in layers:
        states.append(rnn_forward(signal, *layer)[0])
        signal = drop(states[-1])
    return signal, states
""",
    "recursive": """
def dropout_deep_rnn(x, layers, p, rng, training=True, same_mask=False):
    if not 0 <= p < 1:
        raise ValueError(f"{p}")
    if training:
        steps = 1 if same_mask else x.shape[1]
        x = x * (rng.random(size=(x.shape[0], steps, x.shape[2])) >= p).astype(x.dtype) / (1 - p)
    if len(layers) == 0:
        return x, []
    (U, W, b), *rest = layers
    h, _ = rnn_forward(x, U, W, b, np.zeros((x.shape[0], len(b)), dtype=x.dtype))
    out, above = dropout_deep_rnn(h, rest, p, rng, training, same_mask)
    return out, [h, *above]
""",
    "torch_inside": """
import torch


def dropout_deep_rnn(x, layers, p, rng, training=True, same_mask=False):
    if p < 0 or not p < 1:
        raise ValueError("0 <= p < 1 was asked")
    to = lambda array: torch.tensor(np.ascontiguousarray(array))

    def place(v):
        if not training:
            return v
        keep = rng.random((v.shape[0], 1 if same_mask else v.shape[1], v.shape[2])) >= p
        return v * torch.tensor(keep) / (1 - p)

    out, states = place(to(x)), []
    for U, W, b in layers:
        h, steps = torch.zeros(len(x), len(b), dtype=out.dtype), []
        for t in range(x.shape[1]):
            h = torch.tanh(out[:, t] @ to(U).T + h @ to(W).T + to(b))
            steps.append(h)
        states.append(torch.stack(steps, dim=1))
        out = place(states[-1])
    return out.numpy(), [h.numpy() for h in states]
""",
}

RIGHT["orthogonal_step"] = {
    "loops_of_elimination": """
def orthogonal_step(W, dW, rate):
    H = len(W)
    left, right = np.eye(H), np.array(W, dtype=np.float64)
    for i in range(H):
        for j in range(H):
            a = rate / 2 * sum(float(dW[i, k] * W[j, k] - W[i, k] * dW[j, k]) for k in range(H))
            left[i, j] += a
            right[i] -= a * W[j]
    for column in range(H):
        pivot = column + int(np.argmax(abs(left[column:, column])))
        for side in (left, right):
            side[[column, pivot]] = side[[pivot, column]]
        for row in range(H):
            if row != column:
                factor = left[row, column] / left[column, column]
                left[row] -= factor * left[column]
                right[row] -= factor * right[column]
    return right / np.diag(left)[:, None]
""",
    "inverse": """
def orthogonal_step(W, dW, rate):
    product = dW @ W.T
    S = 0.5 * rate * (product - product.T)
    identity = np.identity(W.shape[0])
    return (identity - S) @ np.linalg.inv(identity + S) @ W
""",
    "eigenvalues_on_the_imaginary_axis": """
def orthogonal_step(W, dW, rate):
    A = dW @ W.T - W @ dW.T
    angles, vectors = np.linalg.eigh(1j * A.astype(np.float64))
    turn = (1 + 0.5j * rate * angles) / (1 - 0.5j * rate * angles)
    return ((vectors * turn) @ vectors.conj().T @ W).real
""",
    "torch_inside": """
import torch


def orthogonal_step(W, dW, rate):
    W_, G = (torch.tensor(np.ascontiguousarray(a)) for a in (W, dW))
    S = (G @ W_.T - W_ @ G.T) * (rate / 2)
    eye = torch.eye(len(W_), dtype=W_.dtype)
    return torch.linalg.solve(eye + S, (eye - S) @ W_).numpy()
""",
}

RIGHT["zoneout_rnn_forward"] = {
    "loops": """
def zoneout_rnn_forward(x, U, W, b, h0, p, rng, training=True):
    if p < 0 or p > 1:
        raise ValueError("no probability")
    N, T, _ = x.shape
    H = len(b)
    drawn = rng.random((N, T, H)) if training else None
    h = np.zeros((N, T, H))
    for n in range(N):
        state = np.array(h0[n], dtype=np.float64)
        for t in range(T):
            after = np.tanh(U @ x[n, t] + W @ state + b)
            for i in range(H):
                if drawn is None:
                    h[n, t, i] = p * state[i] + (1 - p) * after[i]
                else:
                    h[n, t, i] = state[i] if drawn[n, t, i] < p else after[i]
            state = h[n, t]
    return h
""",
    "where": """
def zoneout_rnn_forward(x, U, W, b, h0, p, rng, training=True):
    if not (p >= 0 and p <= 1):
        raise ValueError(p)
    inputs = x @ U.T + b
    kept = rng.random(size=inputs.shape) < p if training else None
    states = [h0]
    for t in range(x.shape[1]):
        new = np.tanh(inputs[:, t] + states[-1] @ W.T)
        states.append(np.where(kept[:, t], states[-1], new) if training else new + p * (states[-1] - new))
    return np.stack(states[1:], axis=1).astype(x.dtype)
""",
    "steps_of_the_given_network": """
def zoneout_rnn_forward(x, U, W, b, h0, p, rng, training=True):
    if p != min(max(p, 0), 1):
        raise ValueError("0 <= p <= 1")
    shape = (*x.shape[:2], U.shape[0])
    m = np.full(shape, float(p))
    if training:
        m = (rng.random(shape) < p).astype(float)
    h = np.zeros(shape)
    for t in range(shape[1]):
        before = h[:, t - 1] if t else h0
        stepped, _ = rnn_forward(x[:, t : t + 1], U, W, b, before)
        h[:, t] = m[:, t] * before + (1 - m[:, t]) * stepped[:, 0]
    return h
""",
}
