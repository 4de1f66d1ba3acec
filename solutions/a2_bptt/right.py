"""Other right solutions of assignment 2: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["chain_rule_terms"] = {
    "differentiated_by_sympy_with_states_as_symbols": """
def chain_rule_terms(W, U, x, s_before):
    a, b = sympy.symbols("a b")
    step = sympy.tanh(W * a + U * b)
    states = [s_before]
    for x_t in x:
        states.append(step.subs({a: states[-1], b: x_t}, simultaneous=True))

    def at(expression, t):
        return expression.subs({a: states[t], b: x[t]}, simultaneous=True)

    immediate, along = sympy.diff(step, W), sympy.diff(step, a)
    direct = at(immediate, 2)
    via_s1 = at(along, 2) * at(immediate, 1)
    via_s0 = at(along, 2) * at(along, 1) * at(immediate, 0)
    return direct, via_s1, via_s0
""",
    "a_weight_of_its_own_for_each_step": """
def chain_rule_terms(W, U, x, s_before):
    weights = sympy.symbols("W_0 W_1 W_2")
    s = s_before
    for weight, x_t in zip(weights, x):
        s = sympy.tanh(weight * s + U * x_t)
    same = {weight: W for weight in weights}
    return tuple(sympy.factor(sympy.diff(s, weight).subs(same)) for weight in reversed(weights))
""",
    "squared_hyperbolic_secants": """
def chain_rule_terms(W, U, x, s_before):
    a0 = W * s_before + U * x[0]
    a1 = W * sympy.tanh(a0) + U * x[1]
    a2 = W * sympy.tanh(a1) + U * x[2]
    slopes = [sympy.cosh(a) ** -2 for a in (a0, a1, a2)]
    direct = slopes[2] * sympy.tanh(a1)
    via_s1 = slopes[2] * slopes[1] * W * sympy.tanh(a0)
    via_s0 = slopes[2] * slopes[1] * slopes[0] * W**2 * s_before
    return direct, via_s1, via_s0
""",
    "derivatives_left_standing": """
def chain_rule_terms(W, U, x, s_before):
    p = sympy.Symbol("p")

    def made(s, t):
        return sympy.tanh(W * s + U * x[t])

    def moved_by_state(s, t):
        return sympy.Subs(sympy.Derivative(made(p, t), p), p, s)

    def moved_by_weight(s, t):
        return sympy.Subs(sympy.Derivative(sympy.tanh(p * s + U * x[t]), p), p, W)

    s0 = made(s_before, 0)
    s1 = made(s0, 1)
    q = sympy.Symbol("q")
    direct = moved_by_weight(q, 2).doit().subs(q, s1)
    via_s1 = moved_by_state(s1, 2) * moved_by_weight(q, 1).doit().subs(q, s0)
    via_s0 = moved_by_state(s1, 2) * moved_by_state(s0, 1) * moved_by_weight(s_before, 0)
    return direct, via_s1, via_s0
""",
    "written_out_in_exponentials": """
def chain_rule_terms(W, U, x, s_before):
    def tanh(a):
        return (sympy.exp(2 * a) - 1) / (sympy.exp(2 * a) + 1)

    def slope(a):
        return 4 * sympy.exp(2 * a) / (sympy.exp(2 * a) + 1) ** 2

    a0 = W * s_before + U * x[0]
    a1 = W * tanh(a0) + U * x[1]
    a2 = W * tanh(a1) + U * x[2]
    along = slope(a2) * W * slope(a1)
    return slope(a2) * tanh(a1), along * tanh(a0), along * W * slope(a0) * s_before
""",
}

RIGHT["numerical_gradient"] = {
    "flat_loop_on_a_copy": """
def numerical_gradient(loss, args, which, step=1e-5):
    args = list(args)
    X = args[which].copy()
    args[which] = X
    gradient = np.zeros(X.size)
    for i in range(X.size):
        value = X.flat[i]
        X.flat[i] = value + step
        ahead = loss(*args)
        X.flat[i] = value - step
        behind = loss(*args)
        X.flat[i] = value
        gradient[i] = (ahead - behind) / (2 * step)
    return gradient.reshape(X.shape)
""",
    "in_place_and_put_back": """
def numerical_gradient(loss, args, which, step=1e-5):
    X = args[which]
    gradient = np.empty_like(X)
    walk = np.nditer(X, flags=["multi_index"])
    while not walk.finished:
        i = walk.multi_index
        kept = X[i]
        X[i] = kept + step
        ahead = loss(*args)
        X[i] = kept - step
        behind = loss(*args)
        X[i] = kept
        gradient[i] = (ahead - behind) / step / 2
        walk.iternext()
    return gradient
""",
    "unit_vectors": """
def numerical_gradient(loss, args, which, step=1e-5):
    X = args[which]
    units = np.eye(X.size).reshape(X.size, *X.shape)

    def at(moved):
        return float(loss(*[moved if i == which else argument for i, argument in enumerate(args)]))

    quotients = [(at(X + step * unit) - at(X - step * unit)) / (2 * step) for unit in units]
    return np.array(quotients, dtype=np.float64).reshape(X.shape)
""",
    "recursion_over_axes": """
def numerical_gradient(loss, args, which, step=1e-5):
    def entry(index):
        total = 0.0
        for sign in (1, -1):
            moved = np.array(args[which], dtype=np.float64)
            moved[index] += sign * step
            total += sign * loss(*args[:which], moved, *args[which + 1:])
        return total / (2 * step)

    def block(index):
        if len(index) == args[which].ndim:
            return entry(index)
        return [block((*index, i)) for i in range(args[which].shape[len(index)])]

    return np.array(block(()), dtype=np.float64)
""",
}

RIGHT["rnn_step_backward"] = {
    "loops": """
def rnn_step_backward(dh, cache):
    x, h_prev, U, W, h = cache
    N, D = x.shape
    H = W.shape[0]
    dx, dh_prev = np.zeros((N, D)), np.zeros((N, H))
    dU, dW, db = np.zeros((H, D)), np.zeros((H, H)), np.zeros(H)
    for n in range(N):
        for i in range(H):
            da = dh[n, i] * (1 - h[n, i] * h[n, i])
            db[i] += da
            for d in range(D):
                dx[n, d] += da * U[i, d]
                dU[i, d] += da * x[n, d]
            for j in range(H):
                dh_prev[n, j] += da * W[i, j]
                dW[i, j] += da * h_prev[n, j]
    return dx, dh_prev, dU, dW, db
""",
    "einsum": """
def rnn_step_backward(dh, cache):
    x, h_prev, U, W, h = cache
    slope = (1 + h) * (1 - h)
    dx = np.einsum("nh,nh,hd->nd", dh, slope, U)
    dh_prev = np.einsum("nh,nh,hg->ng", dh, slope, W)
    dU = np.einsum("nh,nh,nd->hd", dh, slope, x)
    dW = np.einsum("nh,nh,ng->hg", dh, slope, h_prev)
    db = np.einsum("nh,nh->h", dh, slope)
    return dx, dh_prev, dU, dW, db
""",
    "torch_autograd": """
import torch


def rnn_step_backward(dh, cache):
    x, h_prev, U, W, h = cache
    b = np.arctanh(h[0]) - U @ x[0] - W @ h_prev[0]
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h_prev, U, W, b)]
    x_t, h_t, U_t, W_t, b_t = leaves
    state = torch.tanh(x_t @ U_t.T + h_t @ W_t.T + b_t)
    state.backward(torch.tensor(dh))
    return tuple(leaf.grad.numpy() for leaf in leaves)
""",
    "explicit_jacobians": """
def rnn_step_backward(dh, cache):
    x, h_prev, U, W, h = cache
    diagonal = np.eye(W.shape[0]) * (1 - h[:, None, :] ** 2)  # (N, H, H)
    row = (dh[:, None, :] @ diagonal)[:, 0]  # (N, H)
    outer = lambda one, other: sum(np.outer(r, s) for r, s in zip(one, other))
    return row @ U, row @ W, outer(row, x), outer(row, h_prev), np.ones(len(row)) @ row
""",
    "in_float32_where_the_inputs_are": """
def rnn_step_backward(dh, cache):
    x, h_prev, U, W, h = (np.ascontiguousarray(array) for array in cache)
    da = np.multiply(dh, np.cosh(np.arctanh(h)) ** -2)
    return np.dot(da, U), np.dot(da, W), np.dot(da.T, x), np.dot(da.T, h_prev), np.add.reduce(da, axis=0)
""",
}

RIGHT["rnn_backward"] = {
    "written_out_without_the_step": """
def rnn_backward(dh, cache, dh_last=None):
    x, h0, U, W, h = cache
    T = x.shape[1]
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da = np.zeros_like(h)
    future = 0 if dh_last is None else dh_last
    for t in range(T - 1, -1, -1):
        da[:, t] = (dh[:, t] + future) * (1 - h[:, t] ** 2)
        future = da[:, t] @ W
    dx = da @ U
    dU = np.einsum("nth,ntd->hd", da, x)
    dW = np.einsum("nth,ntg->hg", da, before)
    return dx, dU, dW, da.sum(axis=(0, 1)), future
""",
    "lists_and_sums": """
def rnn_backward(dh, cache, dh_last=None):
    x, h0, U, W, h = cache
    states = [h0] + [h[:, t] for t in range(h.shape[1])]
    total = dh.copy()
    if dh_last is not None:
        total[:, -1] += dh_last
    parts = []
    carried = np.zeros_like(h0)
    for t in range(x.shape[1] - 1, -1, -1):
        part = rnn_step_backward(total[:, t] + carried, (x[:, t], states[t], U, W, states[t + 1]))
        carried = part[1]
        parts.insert(0, part)
    dx = np.stack([part[0] for part in parts], axis=1)
    dU, dW, db = (sum(part[i] for part in parts) for i in (2, 3, 4))
    return dx, dU, dW, db, carried
""",
    "torch_autograd": """
import torch


def rnn_backward(dh, cache, dh_last=None):
    x, h0, U, W, h = cache
    b = np.arctanh(h[0, 0]) - U @ x[0, 0] - W @ h0[0]
    leaves = [torch.tensor(np.ascontiguousarray(array), requires_grad=True) for array in (x, U, W, b, h0)]
    x_t, U_t, W_t, b_t, state = leaves
    loss = 0.0
    for t in range(x.shape[1]):
        state = torch.tanh(x_t[:, t] @ U_t.T + state @ W_t.T + b_t)
        loss = loss + (state * torch.tensor(dh[:, t])).sum()
    if dh_last is not None:
        loss = loss + (state * torch.tensor(dh_last)).sum()
    loss.backward()
    return tuple(leaf.grad.numpy() for leaf in leaves)
""",
    "loops_over_the_batch": """
def rnn_backward(dh, cache, dh_last=None):
    x, h0, U, W, h = cache
    N, T, D = x.shape
    H = len(W)
    dx, dh0 = np.zeros((N, T, D)), np.zeros((N, H))
    dU, dW, db = np.zeros((H, D)), np.zeros((H, H)), np.zeros(H)
    for n in range(N):
        carried = np.zeros(H)
        if dh_last is not None:
            carried = carried + dh_last[n]
        for t in reversed(range(T)):
            da = (dh[n, t] + carried) * (1 - h[n, t] ** 2)
            before = h0[n] if t == 0 else h[n, t - 1]
            dx[n, t] = U.T @ da
            dU += np.outer(da, x[n, t])
            dW += np.outer(da, before)
            db += da
            carried = W.T @ da
        dh0[n] = carried
    return dx, dU, dW, db, dh0
""",
}

RIGHT["sequence_loss_backward"] = {
    "loops": """
def sequence_loss_backward(cache):
    h, V, y, targets = cache
    N, T, H = h.shape
    K = V.shape[0]
    dh, dV, dc_out = np.zeros((N, T, H)), np.zeros((K, H)), np.zeros(K)
    for n in range(N):
        for t in range(T):
            for k in range(K):
                d = (y[n, t, k] - (1.0 if targets[n, t] == k else 0.0)) / (N * T)
                dh[n, t] += d * V[k]
                dV[k] += d * h[n, t]
                dc_out[k] += d
    return dh, dV, dc_out
""",
    "a_copy_and_indices": """
def sequence_loss_backward(cache):
    h, V, y, targets = cache
    N, T, H = h.shape
    d = y.copy()
    d[np.arange(N)[:, None], np.arange(T)[None, :], targets] -= 1
    d /= N * T
    flat_d, flat_h = d.reshape(N * T, -1), h.reshape(N * T, H)
    return d @ V, flat_d.T @ flat_h, flat_d.sum(0)
""",
    "torch_autograd": """
import torch


def sequence_loss_backward(cache):
    h, V, y, targets = cache
    leaves = [torch.tensor(np.ascontiguousarray(array), requires_grad=True) for array in (h, V)]
    logits = leaves[0] @ leaves[1].T
    y_t = torch.tensor(np.ascontiguousarray(y))
    one_hot = torch.nn.functional.one_hot(torch.tensor(np.ascontiguousarray(targets)), y.shape[-1]).to(y_t.dtype)
    d = (y_t - one_hot) / targets.size
    logits.backward(d)
    return leaves[0].grad.numpy(), leaves[1].grad.numpy(), d.sum(dim=(0, 1)).numpy()
""",
    "softmax_jacobian": """
def sequence_loss_backward(cache):
    h, V, y, targets = cache
    N, T, K = y.shape
    one_hot = (np.arange(K) == targets[:, :, None]).astype(y.dtype)
    # d log y_target / d logits = row of the identity less y: the Jacobian of the softmax divided by y
    jacobian = np.eye(K, dtype=y.dtype) - y[:, :, None, :]  # (N, T, K, K)
    d = -np.einsum("ntk,ntkj->ntj", one_hot, jacobian) / N / T
    return np.einsum("ntk,kh->nth", d, V), np.tensordot(d, h, axes=((0, 1), (0, 1))), np.einsum("ntk->k", d)
""",
}

RIGHT["state_jacobian"] = {
    "loops": """
def state_jacobian(a, W, nonlinearity="tanh"):
    N, H = a.shape
    J = np.zeros((N, H, H))
    for n in range(N):
        for i in range(H):
            if nonlinearity == "tanh":
                slope = 1 - np.tanh(a[n, i]) ** 2
            else:
                slope = (1 - np.tanh(a[n, i] / 2) ** 2) / 4
            for j in range(H):
                J[n, i, j] = slope * W[i, j]
    return J
""",
    "diagonal_matrices": """
def state_jacobian(a, W, nonlinearity="tanh"):
    def slope(v):
        if nonlinearity == "tanh":
            return 1 - np.tanh(v) ** 2
        e = np.exp(-np.abs(v))
        return e / (1 + e) ** 2

    return np.stack([np.diag(slope(row)) @ W for row in a])
""",
    "einsum": """
def state_jacobian(a, W, nonlinearity="tanh"):
    scale = {"tanh": 1.0, "sigmoid": 0.5}[nonlinearity]
    f = np.tanh(scale * a)
    return np.einsum("ni,ij->nij", scale**2 * (1 - f * f), W)
""",
    "torch_autograd": """
import torch


def state_jacobian(a, W, nonlinearity="tanh"):
    f = torch.tanh if nonlinearity == "tanh" else torch.sigmoid
    a_t = torch.tensor(np.ascontiguousarray(a), requires_grad=True)
    f(a_t).sum().backward()
    return (a_t.grad[:, :, None] * torch.tensor(np.ascontiguousarray(W))).numpy()
""",
    "clipped_exponent": """
def state_jacobian(a, W, nonlinearity="tanh"):
    if nonlinearity == "sigmoid":
        y = 1 / (1 + np.exp(-np.clip(a, -500, 500)))
        slope = y * (1 - y)
    else:
        slope = 1 - np.tanh(a) ** 2
    return np.stack([np.diag(slope[n]) @ W for n in range(len(a))])
""",
}

RIGHT["jacobian_product"] = {
    "a_list_from_the_end": """
def jacobian_product(J):
    N, T, H, _ = J.shape
    products = [np.tile(np.eye(H), (N, 1, 1))]
    for t in range(T - 1, 0, -1):
        products.append(np.matmul(products[-1], J[:, t]))
    return np.stack(products[::-1], axis=1).astype(J.dtype)
""",
    "einsum": """
def jacobian_product(J):
    P = np.zeros(J.shape)
    P[:, -1] = np.eye(J.shape[-1])
    for k in range(J.shape[1] - 2, -1, -1):
        P[:, k] = np.einsum("nij,njl->nil", P[:, k + 1], J[:, k + 1])
    return P
""",
    "torch": """
import torch


def jacobian_product(J):
    J_t = torch.tensor(np.ascontiguousarray(J))
    N, T, H, _ = J.shape
    product = torch.eye(H, dtype=J_t.dtype).expand(N, H, H)
    out = torch.empty_like(J_t)
    for k in reversed(range(T)):
        out[:, k] = product
        product = torch.bmm(product, J_t[:, k])
    return out.numpy()
""",
    "transposes_from_the_left": """
def jacobian_product(J):
    transposed = np.swapaxes(J, -1, -2)
    P = np.empty(J.shape)
    carried = np.broadcast_to(np.eye(J.shape[-1]), J[:, 0].shape)
    for k in reversed(range(J.shape[1])):
        P[:, k] = np.swapaxes(carried, -1, -2)
        if k > 0:
            carried = transposed[:, k] @ carried
    return P
""",
}

RIGHT["gradient_contributions"] = {
    "a_product_of_jacobians": """
def gradient_contributions(dh_last, cache):
    x, h0, U, W, h = cache
    N, T, H = h.shape
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    slopes = 1 - h**2
    product = np.broadcast_to(np.eye(H), (N, H, H))
    norms = np.zeros(T)
    for k in reversed(range(T)):
        row = np.einsum("ni,nij->nj", dh_last, product)
        term = np.einsum("ni,nj->ij", row * slopes[:, k], before[:, k])
        norms[k] = np.sqrt((term**2).sum())
        product = product @ (slopes[:, k][:, :, None] * W)
    return norms
""",
    "loops_over_the_batch": """
def gradient_contributions(dh_last, cache):
    x, h0, U, W, h = cache
    N, T, H = h.shape
    terms = np.zeros((T, H, H))
    for n in range(N):
        row = dh_last[n]
        for k in range(T - 1, -1, -1):
            row = row * (1 - h[n, k] ** 2)
            terms[k] += np.outer(row, h0[n] if k == 0 else h[n, k - 1])
            row = W.T @ row
    return np.linalg.norm(terms, axis=(1, 2))
""",
    "torch_with_a_weight_for_each_step": """
import torch


def gradient_contributions(dh_last, cache):
    x, h0, U, W, h = (torch.tensor(np.ascontiguousarray(array)) for array in cache)
    slopes = 1 - h**2
    weights = W.expand(h.shape[1], *W.shape).clone().requires_grad_()
    moved = torch.zeros_like(h0)  # how the state moves, to first order, when the weights do
    before = h0
    for t in range(h.shape[1]):
        moved = slopes[:, t] * (moved @ W.T + before @ weights[t].T)
        before = h[:, t]
    (moved * torch.tensor(np.ascontiguousarray(dh_last))).sum().backward()
    return weights.grad.flatten(1).norm(dim=1).numpy()
""",
    "by_the_students_own_step": """
def gradient_contributions(dh_last, cache):
    x, h0, U, W, h = cache
    dh, norms = dh_last, []
    for k in reversed(range(h.shape[1])):
        before = h[:, k - 1] if k else h0
        _, dh, _, term, _ = rnn_step_backward(dh, (x[:, k], before, U, W, h[:, k]))
        norms.append(float(np.linalg.norm(term, "fro")))
    return np.array(norms[::-1])
""",
    "by_the_students_own_products": """
def gradient_contributions(dh_last, cache):
    x, h0, U, W, h = cache
    slopes = 1 - h**2  # (N, T, H)
    P = jacobian_product(slopes[..., None] * W)  # (N, T, H, H)
    da = np.einsum("ni,ntij->ntj", dh_last, P) * slopes
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return np.linalg.norm(np.einsum("ntj,ntk->tjk", da, before), axis=(1, 2))
""",
}

RIGHT["spectral_verdict"] = {
    "all_singular_values": """
def spectral_verdict(W, gamma=1.0, tolerance=1e-9):
    if gamma * np.linalg.svd(W, compute_uv=False)[0] < 1 - tolerance:
        return "vanishes"
    if gamma * np.max(np.abs(np.linalg.eigvals(W))) > 1 + tolerance:
        return "may explode"
    return "undecided"
""",
    "eigenvalues_of_the_product_with_the_transpose": """
def spectral_verdict(W, gamma=1.0, tolerance=1e-9):
    A = gamma * np.asarray(W, dtype=np.float64)
    sigma = np.sqrt(np.linalg.eigvalsh(A.T @ A).max())
    rho = max(abs(value) for value in np.linalg.eigvals(A))
    if sigma - 1 < -tolerance:
        return "vanishes"
    return "may explode" if rho - 1 > tolerance else "undecided"
""",
    "torch": """
import torch


def spectral_verdict(W, gamma=1.0, tolerance=1e-9):
    A = gamma * torch.tensor(np.ascontiguousarray(W)).double()
    small = bool(torch.linalg.matrix_norm(A, ord=2) < 1 - tolerance)
    large = bool(torch.linalg.eigvals(A).abs().max() > 1 + tolerance)
    return {(True, False): "vanishes", (False, True): "may explode", (False, False): "undecided"}[small, large]
""",
}

RIGHT["fixed_points"] = {
    "monotone_iterations_and_a_bisection": """
def fixed_points(w, b):
    def g(h):
        return np.tanh(w * h + b) - h

    def root(low, high):
        rises = g(high) > g(low)
        for _ in range(100):
            middle = 0.5 * (low + high)
            if (g(middle) > 0) == rises:
                high = middle
            else:
                low = middle
        return 0.5 * (low + high)

    if w > 1:
        limit = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
        left, right = (np.array([-1, 1]) * np.arctanh(np.sqrt(1 - 1 / w)) - b) / w
        if abs(b) < limit:
            return np.array([root(-1.0, left), root(left, right), root(right, 1.0)])
        return np.array([root(right, 1.0)] if b > 0 else [root(-1.0, left)])
    return np.array([root(-1.0, 1.0)])
""",
    "newton_from_a_fine_grid": """
def fixed_points(w, b):
    a = np.linspace(-25, 25, 400_001) if abs(w) < 20 else np.linspace(-3 * abs(w), 3 * abs(w), 800_001)
    a = np.union1d(a, np.tanh(np.linspace(-25, 25, 40_001)) * w + b)  # arguments: fine where tanh turns
    g = w * np.tanh(a) + b - a  # zero where a = w h + b with h = tanh(a)
    exact = np.flatnonzero(g == 0)
    left = np.flatnonzero(g[:-1] * g[1:] < 0)
    found = [a[i] for i in exact]
    for i in left:
        low, high, sign = a[i], a[i + 1], np.sign(g[i])
        for _ in range(80):
            middle = (low + high) / 2
            if sign * (w * np.tanh(middle) + b - middle) > 0:
                low = middle
            else:
                high = middle
        found.append((low + high) / 2)
    merged = []
    for point in sorted(found):
        if not merged or point - merged[-1] > 1e-9:
            merged.append(point)
    return np.sort(np.tanh(np.array(merged)))
""",
    "newton_for_stable_points": """
def fixed_points(w, b):
    def newton(low, high, start):
        h = start
        for _ in range(200):
            value = np.tanh(w * h + b)
            if (value - h) * (np.tanh(w * low + b) - low or 1e-300 * (1 if low < 0 else -1)) > 0:
                low = h
            else:
                high = h
            slope = w * (1 - value * value) - 1
            following = h - (value - h) / slope if slope else low - 1
            h = following if low < following < high else (low + high) / 2
        return h

    ends = [-1.0, 1.0]
    if w > 1:
        turn = np.arctanh(np.sqrt(1 - 1 / w))
        ends = [-1.0, (-turn - b) / w, (turn - b) / w, 1.0]
    signs = [1] + [int(np.sign(np.tanh(w * h + b) - h)) for h in ends[1:-1]] + [-1]
    points = []
    for i in range(len(ends) - 1):
        if signs[i] != signs[i + 1] and ends[i] < ends[i + 1]:
            low, high = max(ends[i], -1.0), min(ends[i + 1], 1.0)
            if low < high:
                points.append(newton(low, high, (low + high) / 2))
    return np.array(points)
""",
}

RIGHT["truncated_bptt"] = {
    "one_loop_that_forgets_at_the_borders": """
def truncated_bptt(dh, cache, k):
    x, h0, U, W, h = cache
    N, T, _ = x.shape
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da = np.zeros_like(h)
    carried = np.zeros_like(h0)
    for t in reversed(range(T)):
        da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = da[:, t] @ W
        if t % k == 0 and t > 0:
            carried = np.zeros_like(h0)
    dU, dW = np.einsum("nth,ntd->hd", da, x), np.einsum("nth,ntg->hg", da, before)
    return da @ U, dU, dW, da.sum(axis=(0, 1)), carried
""",
    "recursion_on_the_rest": """
def truncated_bptt(dh, cache, k):
    x, h0, U, W, h = cache
    first = (x[:, :k], h0, U, W, h[:, :k])
    dx, dU, dW, db, dh0 = rnn_backward(dh[:, :k], first)
    if x.shape[1] <= k:
        return dx, dU, dW, db, dh0
    rest = truncated_bptt(dh[:, k:], (x[:, k:], h[:, k - 1], U, W, h[:, k:]), k)
    return np.concatenate([dx, rest[0]], axis=1), dU + rest[1], dW + rest[2], db + rest[3], dh0
""",
    "torch_detached": """
import torch


def truncated_bptt(dh, cache, k):
    x, h0, U, W, h = (np.ascontiguousarray(array) for array in cache)
    b = np.arctanh(h[0, 0]) - U @ x[0, 0] - W @ h0[0]
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, U, W, b, h0)]
    x_t, U_t, W_t, b_t, state = leaves
    weight = torch.tensor(np.ascontiguousarray(dh))
    loss = 0.0
    for t in range(x.shape[1]):
        if t > 0 and t % k == 0:
            state = state.detach()
        state = torch.tanh(x_t[:, t] @ U_t.T + state @ W_t.T + b_t)
        loss = loss + (state * weight[:, t]).sum()
    loss.backward()
    return tuple(leaf.grad.numpy() for leaf in leaves)
""",
    "chunks_from_the_last_to_the_first": """
def truncated_bptt(dh, cache, k):
    x, h0, U, W, h = cache
    T = x.shape[1]
    parts = []
    for number in reversed(range((T + k - 1) // k)):
        begin, end = number * k, min(number * k + k, T)
        state = h0 if number == 0 else h[:, begin - 1]
        parts.append(rnn_backward(dh[:, begin:end], (x[:, begin:end], state, U, W, h[:, begin:end]), None))
    dx = np.concatenate([part[0] for part in reversed(parts)], axis=1)
    return dx, sum(p[1] for p in parts), sum(p[2] for p in parts), sum(p[3] for p in parts), parts[-1][4]
""",
}

RIGHT["forward_gradient"] = {
    "loops_over_sequences": """
def forward_gradient(x, U, W, b, h0, dh):
    N, T, _ = x.shape
    H = len(b)
    dW = np.zeros(H * H)
    for n in range(N):
        h, G = h0[n], np.zeros((H, H * H))
        for t in range(T):
            immediate = np.kron(np.eye(H), h[None])
            h = np.tanh(U @ x[n, t] + W @ h + b)
            G = (1 - h**2)[:, None] * (W @ G + immediate)
            dW += dh[n, t] @ G
    return dW.reshape(H, H)
""",
}

RIGHT["growth_exponents"] = {
    "gram_schmidt": """
def growth_exponents(J):
    T, H, _ = J.shape
    Q, total = np.eye(H), np.zeros(H)
    for t in range(T):
        A = J[t] @ Q
        for i in range(H):
            for _ in range(2):
                for j in range(i):
                    A[:, i] -= (A[:, j] @ A[:, i]) * A[:, j]
            length = np.sqrt((A[:, i] ** 2).sum())
            total[i] += np.log(length)
            A[:, i] /= length
        Q = A
    return np.array(sorted(total / T, reverse=True))
""",
}
