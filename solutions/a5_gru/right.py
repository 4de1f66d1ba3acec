"""Other right solutions of assignment 5: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["gru_step_forward"] = {
    "loops": """
def gru_step_forward(x, h_prev, U, W, b):
    N, H = h_prev.shape
    r, z, n, h = np.zeros((N, H)), np.zeros((N, H)), np.zeros((N, H)), np.zeros((N, H))
    for m in range(N):
        for i in range(H):
            r[m, i] = 1 / (1 + np.exp(-(U[i] @ x[m] + W[i] @ h_prev[m] + b[i])))
            z[m, i] = 1 / (1 + np.exp(-(U[H + i] @ x[m] + W[H + i] @ h_prev[m] + b[H + i])))
        for i in range(H):
            n[m, i] = np.tanh(U[2 * H + i] @ x[m] + W[2 * H + i] @ (r[m] * h_prev[m]) + b[2 * H + i])
            h[m, i] = h_prev[m, i] + z[m, i] * (n[m, i] - h_prev[m, i])
    return h, (x, h_prev, U, W, r, z, n)
""",
    "einsum": """
def gru_step_forward(x, h_prev, U, W, b):
    N, H = h_prev.shape
    U3, W3, b3 = U.reshape(3, H, -1), W.reshape(3, H, H), b.reshape(3, 1, H)
    a = np.einsum("ghd,nd->gnh", U3, x) + b3
    r, z = sigmoid(a[:2] + np.einsum("gij,nj->gni", W3[:2], h_prev))
    n = np.tanh(a[2] + np.einsum("ij,nj->ni", W3[2], r * h_prev))
    h = (1 - z) * h_prev + z * n
    return h, (x, h_prev, U, W, r, z, n)
""",
    "one_matrix_for_both": """
def gru_step_forward(x, h_prev, U, W, b):
    H = h_prev.shape[1]
    both = np.concatenate([U, W], axis=1)
    gates = 1 / (1 + np.exp(-np.concatenate([x, h_prev], axis=1) @ both[: 2 * H].T - b[: 2 * H]))
    r, z = gates[:, :H], gates[:, H:]
    n = np.tanh(np.concatenate([x, r * h_prev], axis=1) @ both[2 * H :].T + b[2 * H :])
    h = z * n + h_prev - z * h_prev
    return h, (x, h_prev, U, W, r, z, n)
""",
    "torch_inside": """
def gru_step_forward(x, h_prev, U, W, b):
    xt, ht, Ut, Wt, bt = (torch.tensor(array) for array in (x, h_prev, U, W, b))
    U_r, U_z, U_n = Ut.chunk(3)
    W_r, W_z, W_n = Wt.chunk(3)
    b_r, b_z, b_n = bt.chunk(3)
    linear = torch.nn.functional.linear
    r = torch.sigmoid(linear(xt, U_r, b_r) + linear(ht, W_r))
    z = torch.sigmoid(linear(xt, U_z, b_z) + linear(ht, W_z))
    n = torch.tanh(linear(xt, U_n, b_n) + linear(r * ht, W_n))
    h = torch.lerp(ht, n, z).numpy()
    r, z, n = r.numpy(), z.numpy(), n.numpy()
    return h, (x, h_prev, U, W, r, z, n)
""",
}

RIGHT["gru_step_backward"] = {
    "loops": """
def gru_step_backward(dh, cache):
    x, h_prev, U, W, r, z, n = cache
    (N, D), H = x.shape, W.shape[1]
    dx, dh_prev = np.zeros((N, D)), np.zeros((N, H))
    dU, dW, db = np.zeros((3 * H, D)), np.zeros((3 * H, H)), np.zeros(3 * H)
    for m in range(N):
        reset = r[m] * h_prev[m]
        dn = dh[m] * z[m] * (1 + n[m]) * (1 - n[m])
        dreset = W[2 * H :].T @ dn
        dz = dh[m] * (n[m] - h_prev[m]) * z[m] * (1 - z[m])
        dr = dreset * h_prev[m] * r[m] * (1 - r[m])
        for g, (da, read) in enumerate(((dr, h_prev[m]), (dz, h_prev[m]), (dn, reset))):
            rows = slice(g * H, (g + 1) * H)
            dU[rows] += np.outer(da, x[m])
            dW[rows] += np.outer(da, read)
            db[rows] += da
            dx[m] += U[rows].T @ da
        dh_prev[m] = dh[m] - dh[m] * z[m] + dreset * r[m] + W[:H].T @ dr + W[H : 2 * H].T @ dz
    return dx, dh_prev, dU, dW, db
""",
    "einsum": """
def gru_step_backward(dh, cache):
    x, h_prev, U, W, r, z, n = cache
    H = W.shape[1]
    U3, W3 = U.reshape(3, H, -1), W.reshape(3, H, H)
    da = np.zeros((3, *r.shape))
    da[1] = dh * (n - h_prev) * z * (1 - z)
    da[2] = dh * z * (1 - n * n)
    back = np.einsum("ni,ij->nj", da[2], W3[2])
    da[0] = back * h_prev * r * (1 - r)
    read = np.stack([h_prev, h_prev, r * h_prev])
    dx = np.einsum("gni,gid->nd", da, U3)
    dh_prev = dh * (1 - z) + back * r + np.einsum("gni,gij->nj", da[:2], W3[:2])
    dU = np.einsum("gni,nd->gid", da, x).reshape(U.shape)
    dW = np.einsum("gni,gnj->gij", da, read).reshape(W.shape)
    return dx, dh_prev, dU, dW, da.sum(axis=1).ravel()
""",
    "autograd_around_the_cached_gates": """
def gru_step_backward(dh, cache):
    arrays = [torch.tensor(array) for array in cache]
    x, h, U, W = (tensor.requires_grad_() for tensor in arrays[:4])
    r, z, n = arrays[4:]
    H = W.shape[1]
    b = torch.zeros(3 * H, dtype=U.dtype, requires_grad=True)

    def around(value, a):  # a sum whose value is what the cache says
        return value + a - a.detach()

    a = x @ U.T + b
    rr = torch.sigmoid(around(torch.logit(r), a[:, :H] + h @ W[:H].T))
    zz = torch.sigmoid(around(torch.logit(z), a[:, H : 2 * H] + h @ W[H : 2 * H].T))
    nn = torch.tanh(around(torch.atanh(n), a[:, 2 * H :] + (rr * h) @ W[2 * H :].T))
    new = (1 - zz) * h + zz * nn
    return tuple(g.numpy() for g in torch.autograd.grad(new, [x, h, U, W, b], torch.tensor(dh)))
""",
    "in_place_on_its_own_arrays": """
def gru_step_backward(dh, cache):
    x, h_prev, U, W, r, z, n = cache
    H = r.shape[1]
    da = np.empty((len(dh), 3 * H), dtype=W.dtype)
    da[:, 2 * H :] = dh
    da[:, 2 * H :] *= z
    da[:, H : 2 * H] = da[:, 2 * H :]
    da[:, 2 * H :] *= 1 - n**2
    da[:, H : 2 * H] *= 1 - z
    da[:, H : 2 * H] *= n - h_prev
    dreset = np.dot(da[:, 2 * H :], W[2 * H :])
    da[:, :H] = dreset * (1 - r) * r * h_prev
    dh_prev = np.array(dh)
    dh_prev -= z * dh
    dh_prev += dreset * r
    dh_prev += np.dot(da[:, : 2 * H], W[: 2 * H])
    dW = np.concatenate([np.dot(h_prev.T, da[:, : 2 * H]).T, np.dot((r * h_prev).T, da[:, 2 * H :]).T])
    return np.dot(da, U), dh_prev, np.dot(x.T, da).T, dW, np.ones(len(dh), dtype=W.dtype) @ da
""",
}

RIGHT["gru_forward"] = {
    "by_the_students_own_step": """
def gru_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    h, gates = np.empty((N, T, H), dtype=x.dtype), np.empty((N, T, 3 * H), dtype=x.dtype)
    state = h0
    for t in range(T):
        a = x[:, t] @ U.T + b
        rz = sigmoid(a[:, : 2 * H] + state @ W[: 2 * H].T)
        n = np.tanh(a[:, 2 * H :] + (rz[:, :H] * state) @ W[2 * H :].T)
        gates[:, t] = np.concatenate([rz, n], axis=1)
        state, _ = gru_step_forward(x[:, t], state, U, W, b)
        h[:, t] = state
    return h, (x, h0, U, W, gates, h)
""",
    "step_by_step": """
def gru_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    h, gates = np.empty((N, T, H), dtype=x.dtype), np.empty((N, T, 3 * H), dtype=x.dtype)
    state = h0
    for t in range(T):
        state, (*_, r, z, n) = gru_step_forward(x[:, t], state, U, W, b)
        h[:, t] = state
        gates[:, t] = np.concatenate([r, z, n], axis=1)
    return h, (x, h0, U, W, gates, h)
""",
    "stacked_lists": """
def gru_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[1]
    if h0 is None:
        h0 = np.zeros((N, H))
    states, gates = [h0], []
    for t in range(T):
        a = x[:, t] @ U.T + b
        rz = 1 / (1 + np.exp(-a[:, : 2 * H] - states[-1] @ W[: 2 * H].T))
        n = np.tanh(a[:, 2 * H :] + (rz[:, :H] * states[-1]) @ W[2 * H :].T)
        states.append(states[-1] + rz[:, H:] * (n - states[-1]))
        gates.append(np.hstack([rz, n]))
    h, gates = np.stack(states[1:], 1), np.stack(gates, 1)
    return h, (x, h0, U, W, gates, h)
""",
    "torch_inside": """
def gru_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    xt, Ut, Wt, bt, ht = (torch.tensor(array) for array in (x, U, W, b, h0))
    h, gates = [], []
    for x_t in xt.unbind(1):
        a = torch.addmm(bt, x_t, Ut.T)
        rz = torch.sigmoid(a[:, : 2 * H] + ht @ Wt[: 2 * H].T)
        r, z = rz.chunk(2, dim=1)
        n = torch.tanh(a[:, 2 * H :] + (r * ht) @ Wt[2 * H :].T)
        ht = torch.lerp(ht, n, z)
        h.append(ht)
        gates.append(torch.cat([r, z, n], 1))
    h, gates = torch.stack(h, 1).numpy(), torch.stack(gates, 1).numpy()
    return h, (x, h0, U, W, gates, h)
""",
    "each_sequence_by_itself": """
def gru_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H)) if h0 is None else h0
    h, gates = np.zeros((N, T, H)), np.zeros((N, T, 3 * H))
    for m in range(N):
        state = h0[m]
        for t in range(T):
            a = U @ x[m, t] + b
            a[: 2 * H] += W[: 2 * H] @ state
            r, z = sigmoid(a[:H]), sigmoid(a[H : 2 * H])
            n = np.tanh(a[2 * H :] + W[2 * H :] @ (r * state))
            h[m, t] = state = (1 - z) * state + z * n
            gates[m, t] = np.concatenate([r, z, n])
    return h, (x, h0, U, W, gates, h)
""",
}

RIGHT["gru_backward"] = {
    "step_by_step": """
def gru_backward(dh, cache):
    x, h0, U, W, gates, h = cache
    T, H = h.shape[1:]
    dx = np.zeros(x.shape)
    dU, dW, db, dnext = 0.0, 0.0, 0.0, 0.0
    for t in range(T - 1, -1, -1):
        before = h[:, t - 1] if t > 0 else h0
        r, z, n = gates[:, t, :H], gates[:, t, H : 2 * H], gates[:, t, 2 * H :]
        dx[:, t], dnext, dU_t, dW_t, db_t = gru_step_backward(dh[:, t] + dnext, (x[:, t], before, U, W, r, z, n))
        dU, dW, db = dU + dU_t, dW + dW_t, db + db_t
    return dx, dU, dW, db, dnext
""",
    "loops_written_out": """
def gru_backward(dh, cache):
    x, h0, U, W, gates, h = cache
    N, T, H = h.shape
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    carried = np.zeros((N, H), dtype=h.dtype)
    for t in reversed(range(T)):
        h_prev = h0 if t == 0 else h[:, t - 1]
        r, z, n = np.split(gates[:, t], 3, axis=1)
        g = dh[:, t] + carried
        dn = g * z * (1 - n**2)
        dz = g * (n - h_prev) * z * (1 - z)
        dreset = dn @ W[2 * H :]
        dr = dreset * h_prev * r * (1 - r)
        da = np.concatenate([dr, dz, dn], axis=1)
        dx[:, t] = da @ U
        dU += np.einsum("ni,nd->id", da, x[:, t])
        dW[: 2 * H] += da[:, : 2 * H].T @ h_prev
        dW[2 * H :] += dn.T @ (r * h_prev)
        db += np.sum(da, 0)
        carried = g - g * z + r * dreset + np.concatenate([dr, dz], axis=1) @ W[: 2 * H]
    return dx, dU, dW, db, carried
""",
    "autograd_around_the_cached_gates": """
def gru_backward(dh, cache):
    x, h0, U, W = (torch.tensor(array, requires_grad=True) for array in cache[:4])
    gates = torch.tensor(cache[4])
    T, H = cache[5].shape[1:]
    b = torch.zeros(3 * H, dtype=U.dtype, requires_grad=True)

    def around(value, a):
        return value + a - a.detach()

    state, states = h0, []
    for t in range(T):
        r, z, n = gates[:, t].chunk(3, dim=1)
        a_r, a_z, a_n = (x[:, t] @ U.T + b).chunk(3, dim=1)
        W_r, W_z, W_n = W.chunk(3)
        rr = torch.sigmoid(around(torch.logit(r), a_r + state @ W_r.T))
        zz = torch.sigmoid(around(torch.logit(z), a_z + state @ W_z.T))
        nn = torch.tanh(around(torch.atanh(n), a_n + (rr * state) @ W_n.T))
        state = torch.lerp(state, nn, zz)
        states.append(state)
    found = torch.autograd.grad(torch.stack(states, 1), [x, U, W, b, h0], torch.tensor(dh))
    return tuple(gradient.numpy() for gradient in found)
""",
    "time_on_the_first_axis": """
def gru_backward(dh, cache):
    x, h0, U, W, gates, h = cache
    x_t, h_t, g_t, dh_t = (np.ascontiguousarray(a.swapaxes(0, 1)) for a in (x, h, gates, dh))
    T, N, H = h_t.shape
    before = np.concatenate([h0[None], h_t[:-1]])
    das, dnext = [], np.zeros((N, H), dtype=h.dtype)
    for t in range(T)[::-1]:
        r, z, n = g_t[t, :, :H], g_t[t, :, H:-H], g_t[t, :, -H:]
        total = dh_t[t] + dnext
        dn = total * z * (1 - n**2)
        dreset = dn @ W[-H:]
        dgates = np.hstack([dreset * before[t] * r * (1 - r), total * (n - before[t]) * z * (1 - z)])
        das.insert(0, np.hstack([dgates, dn]))
        dnext = total * (1 - z) + dreset * r + dgates @ W[:-H]
    da = np.array(das)
    dW = np.vstack(
        [
            np.tensordot(da[..., :-H], before, axes=([0, 1], [0, 1])),
            np.tensordot(da[..., -H:], g_t[..., :H] * before, axes=([0, 1], [0, 1])),
        ]
    )
    return (da @ U).swapaxes(0, 1), np.tensordot(da, x_t, axes=([0, 1], [0, 1])), dW, da.sum(axis=(0, 1)), dnext
""",
}

RIGHT["torch_gru_step"] = {
    "pytorch_s_own_cell": """
def torch_gru_step(x, h_prev, U, W, b_U, b_W):
    tensors = [torch.tensor(array) for array in (x, h_prev, U, W, b_U, b_W)]
    return torch.gru_cell(*tensors).numpy()
""",
    "loops": """
def torch_gru_step(x, h_prev, U, W, b_U, b_W):
    N, H = h_prev.shape
    h = np.zeros((N, H))
    for m in range(N):
        from_x, from_h = U @ x[m] + b_U, W @ h_prev[m] + b_W
        for i in range(H):
            r = 1 / (1 + np.exp(-(from_x[i] + from_h[i])))
            z = 1 / (1 + np.exp(-(from_x[H + i] + from_h[H + i])))
            n = np.tanh(from_x[2 * H + i] + r * from_h[2 * H + i])
            h[m, i] = n + z * (h_prev[m, i] - n)
    return h
""",
    "einsum": """
def torch_gru_step(x, h_prev, U, W, b_U, b_W):
    H = h_prev.shape[1]
    from_x = np.einsum("gid,nd->gni", U.reshape(3, H, -1), x) + b_U.reshape(3, 1, H)
    from_h = np.einsum("gij,nj->gni", W.reshape(3, H, H), h_prev) + b_W.reshape(3, 1, H)
    r, z = sigmoid(from_x[:2] + from_h[:2])
    n = np.tanh(from_x[2] + r * from_h[2])
    return n - z * n + z * h_prev
""",
    "slices": """
def torch_gru_step(x, h_prev, U, W, b_U, b_W):
    H = W.shape[1]
    gates = sigmoid(x @ U[: 2 * H].T + h_prev @ W[: 2 * H].T + (b_U + b_W)[: 2 * H])
    r, z = np.hsplit(gates, 2)
    n = np.tanh(np.dot(x, U[2 * H :].T) + b_U[2 * H :] + r * (np.dot(h_prev, W[2 * H :].T) + b_W[2 * H :]))
    return np.where(z > 0.5, h_prev - (1 - z) * (h_prev - n), n + z * (h_prev - n))
""",
}

RIGHT["gru_to_torch"] = {
    "entry_by_entry": """
def gru_to_torch(U, W, b):
    H = W.shape[1]
    U_new, W_new, b_U, b_W = U.copy(), W.copy(), b.copy(), np.zeros_like(b)
    U_new[H : 2 * H] *= -1
    W_new[H : 2 * H] *= -1
    b_U[H : 2 * H] *= -1
    for i in range(H):
        for j in range(H):
            if i == j or W[2 * H + i, j] == 0:
                continue
            if all(np.array_equal(array[i], array[j]) for array in (U, W, b)):
                continue
            if np.any(U[[i, j]]) or np.any(W[[i, j]]):
                raise ValueError(f"unit {i} reads unit {j}")
            W_new[2 * H + i, j] *= (1 + np.exp(-b[i])) / (1 + np.exp(-b[j]))
    return U_new, W_new, b_U, b_W
""",
    "reset_gates_by_name": """
class NotConvertible(ValueError):
    pass


def name_of_reset_gate(u, w, c):
    if not u.any() and not w.any():
        return "constant"
    return tuple(u) + tuple(w) + (c,)


def gru_to_torch(U, W, b):
    H = len(b) // 3
    names = [name_of_reset_gate(U[i], W[i], b[i]) for i in range(H)]
    W_n = W[2 * H :].copy()
    for i, j in zip(*np.nonzero(W_n)):
        if i != j and names[i] != names[j]:
            raise NotConvertible(f"{i} reads {j}")
        if i != j and names[i] == "constant":
            W_n[i, j] = W_n[i, j] * sigmoid(b[j]) / sigmoid(b[i])
    W_new = np.concatenate([W[:H], -W[H : 2 * H], W_n])
    U_new = np.concatenate([U[:H], -U[H : 2 * H], U[2 * H :]])
    return U_new, W_new, np.concatenate([b[:H], -b[H : 2 * H], b[2 * H :]]), b * 0
""",
    "torch_inside": """
def gru_to_torch(U, W, b):
    Ut, Wt, bt = (torch.tensor(array) for array in (U, W, b))
    U_r, U_z, U_n = Ut.chunk(3)
    W_r, W_z, W_n = Wt.chunk(3)
    b_r, b_z, b_n = bt.chunk(3)
    reset = torch.cat([U_r, W_r, b_r[:, None]], dim=1)
    fixed = (U_r.abs().sum(1) + W_r.abs().sum(1)) == 0
    proportional = torch.cdist(reset[None], reset[None], p=float("inf"))[0] == 0
    proportional |= torch.outer(fixed, fixed)
    if (W_n[~proportional] != 0).any():
        raise ValueError("cannot be converted")
    ratio = torch.where(proportional, torch.sigmoid(b_r)[None] / torch.sigmoid(b_r)[:, None], 0.0).to(bt.dtype)
    new = torch.cat([U_r, -U_z, U_n]), torch.cat([W_r, -W_z, W_n * ratio]), torch.cat([b_r, -b_z, b_n])
    return *(tensor.numpy() for tensor in new), np.zeros_like(b)
""",
}

RIGHT["count_cell_parameters"] = {
    "a_dataclass_and_fractions": """
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Cell:
    blocks: int
    peepholes: int
    states: int


CELLS = {"rnn": Cell(1, 0, 1), "lstm": Cell(4, 0, 2), "peephole": Cell(4, 3, 2), "gru": Cell(3, 0, 1)}


def count_cell_parameters(cell, D, H, biases=1, T=1):
    kind = CELLS.get(cell)
    if kind is None:
        raise ValueError(cell)
    count = kind.blocks * H * (D + H + biases) + kind.peepholes * H**2
    return count, float(Fraction(kind.states * H, count))
""",
    "shapes_added_up": """
def count_cell_parameters(cell, D, H, biases=1, T=1):
    block = [(H, D), (H, H)] + [(H,)] * biases
    shapes = {
        "rnn": block,
        "gru": 3 * block,
        "lstm": 4 * block,
        "peephole": 4 * block + 3 * [(H, H)],
    }
    if cell not in shapes:
        raise ValueError(cell)
    count = int(sum(np.prod(shape) for shape in shapes[cell]))
    return count, (2 if "lstm" in cell or "peephole" in cell else 1) * H / count
""",
    "torch_layers_counted": """
def count_cell_parameters(cell, D, H, biases=1, T=1):
    layers = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "peephole": torch.nn.LSTM, "gru": torch.nn.GRU}
    try:
        layer = layers[cell](D, H, bias=False, device="meta")
    except KeyError:
        raise ValueError("no such cell") from None
    count = sum(p.numel() for p in layer.parameters())
    count += biases * layer.weight_hh_l0.shape[0]
    if cell == "peephole":
        count += 3 * H**2
    kept = H * (1 + isinstance(layer, torch.nn.LSTM))
    return count, float(kept / count)
""",
    "one_case_after_the_other": """
def count_cell_parameters(cell, D, H, biases=1, T=1):
    if cell == "rnn":
        count, memory = H * (D + H + biases), H
    elif cell == "gru":
        count, memory = 3 * H * (D + H + biases), H
    elif cell == "lstm":
        count, memory = 4 * H * (D + H + biases), 2 * H
    elif cell == "peephole":
        count, memory = 4 * H * (D + H + biases) + 3 * H * H, 2 * H
    else:
        raise ValueError(f"{cell} is none of rnn, lstm, peephole, gru")
    return count, memory / count
""",
}

RIGHT["adding_problem_batch"] = {
    "loops": """
def adding_problem_batch(rng, N, T):
    values, places = rng.random((N, T)), rng.random((N, 2))
    m = T // 2
    x, y = np.zeros((N, T, 2)), np.zeros(N)
    for n in range(N):
        one, other = int(np.floor(places[n, 0] * m)), m + int(np.floor(places[n, 1] * (T - m)))
        x[n, :, 0] = values[n]
        x[n, one, 1] = x[n, other, 1] = 1
        y[n] = values[n, one] + values[n, other]
    return x, y
""",
    "sum_over_marks": """
def adding_problem_batch(rng, N, T):
    values, places = rng.random((N, T)), rng.random((N, 2))
    lengths = np.array([T // 2, T - T // 2])
    steps = np.floor(places * lengths).astype(np.int64) + np.array([0, T // 2])
    marks = np.eye(T)[steps].sum(axis=1)
    x = np.concatenate([values[..., None], marks[..., None]], axis=-1)
    return x, np.einsum("nt,nt->n", values, marks)
""",
    "torch_inside": """
def adding_problem_batch(rng, N, T):
    values, places = rng.random((N, T)), rng.random((N, 2))
    v, u = torch.tensor(values), torch.tensor(places)
    m = T // 2
    steps = torch.stack([(u[:, 0] * m).long(), m + (u[:, 1] * (T - m)).long()], dim=1)
    marks = torch.zeros_like(v).scatter_(1, steps, 1.0)
    return torch.stack([v, marks], dim=2).numpy(), v.gather(1, steps).sum(dim=1).numpy()
""",
    "drawn_one_after_the_other": """
def adding_problem_batch(rng, N, T):
    values = np.array([rng.uniform() for _ in range(N * T)]).reshape(N, T)
    places = np.array([rng.uniform() for _ in range(2 * N)]).reshape(N, 2)
    half = int(T / 2)
    steps = np.stack([places[:, 0] * half // 1, half + places[:, 1] * (T - half) // 1], axis=1).astype(int)
    marks = np.zeros((N, T))
    np.put_along_axis(marks, steps, 1, axis=1)
    return np.dstack([values, marks]), np.take_along_axis(values, steps, axis=1).sum(axis=1)
""",
}

RIGHT["stacked_gru_step"] = {
    "one_network_after_the_other": """
def stacked_gru_step(x, h_prev, U, W, b):
    new = []
    for x_s, h_s, U_s, W_s, b_s in zip(x, h_prev, U, W, b):
        H = h_s.shape[1]
        a = x_s @ U_s.T + b_s
        r = torch.sigmoid(a[:, :H] + h_s @ W_s[:H].T)
        z = torch.sigmoid(a[:, H : 2 * H] + h_s @ W_s[H : 2 * H].T)
        n = torch.tanh(a[:, 2 * H :] + (r * h_s) @ W_s[2 * H :].T)
        new.append(h_s + z * (n - h_s))
    return torch.stack(new)
""",
    "einsum": """
def stacked_gru_step(x, h_prev, U, W, b):
    S, N, H = h_prev.shape
    U3, W3, b3 = U.reshape(S, 3, H, -1), W.reshape(S, 3, H, H), b.reshape(S, 3, 1, H)
    a = torch.einsum("sghd,snd->sgnh", U3, x) + b3
    gates = torch.sigmoid(a[:, :2] + torch.einsum("sgij,snj->sgni", W3[:, :2], h_prev))
    r, z = gates[:, 0], gates[:, 1]
    n = torch.tanh(a[:, 2] + torch.einsum("sij,snj->sni", W3[:, 2], r * h_prev))
    return torch.lerp(h_prev, n, z)
""",
    "baddbmm": """
def stacked_gru_step(x, h_prev, U, W, b):
    H = h_prev.size(2)
    a = torch.baddbmm(b.unsqueeze(1), x, U.transpose(1, 2))
    rz = torch.baddbmm(a[..., : 2 * H], h_prev, W[:, : 2 * H].transpose(1, 2)).sigmoid()
    n = torch.baddbmm(a[..., 2 * H :], rz[..., :H] * h_prev, W[:, 2 * H :].transpose(1, 2)).tanh()
    return n * rz[..., H:] + h_prev * (1 - rz[..., H:])
""",
    "vmap": """
def one_step(x, h, U, W, b):
    U_r, U_z, U_n = U.chunk(3)
    W_r, W_z, W_n = W.chunk(3)
    b_r, b_z, b_n = b.chunk(3)
    r = torch.sigmoid(x @ U_r.T + h @ W_r.T + b_r)
    z = torch.sigmoid(x @ U_z.T + h @ W_z.T + b_z)
    return (1 - z) * h + z * torch.tanh(x @ U_n.T + (r * h) @ W_n.T + b_n)


def stacked_gru_step(x, h_prev, U, W, b):
    return torch.vmap(one_step)(x, h_prev, U, W, b)
""",
}

_GIVEN = """
    S, B = len(parameters[0]), len(x)
    parameters = [torch.tensor(array, requires_grad=True) for array in parameters]
    x, y = torch.tensor(x), torch.tensor(y)"""
RIGHT["train_to_criterion"] = {
    "adam_written_out": f"""
def train_to_criterion(cell, parameters, x, y, criterion, lr=0.01, clip=1.0):{_GIVEN}
    steps, curves = [None for _ in range(S)], []
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    for k in range(B):
        losses = stacked_losses(cell, parameters, x[k], y[k])
        curves += [losses.tolist()]
        for s, loss in enumerate(curves[-1]):
            if loss < criterion and steps[s] is None:
                steps[s] = k
        if all(step is not None for step in steps):
            break
        gradients = torch.autograd.grad(losses.sum(), parameters)
        norm = torch.cat([g.reshape(S, -1) for g in gradients], dim=1).norm(dim=1)
        factor = clip / torch.clamp(norm, min=clip)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second):
                g = g * factor.view(-1, *(1 for _ in p.shape[1:]))
                m.mul_(0.9).add_(0.1 * g)
                v.mul_(0.999).add_(0.001 * g * g)
                p -= lr * (m / (1 - 0.9 ** (k + 1))) / ((v / (1 - 0.999 ** (k + 1))).sqrt() + 1e-8)
    curves = np.array(curves, dtype=parameters[0].detach().numpy().dtype).T
    trained = [p.detach().numpy() for p in parameters]
    return steps, curves, trained
""",
    "an_optimizer_for_each_network": f"""
def train_to_criterion(cell, parameters, x, y, criterion, lr=0.01, clip=1.0):{_GIVEN}
    networks = [[p[s : s + 1].detach().clone().requires_grad_() for p in parameters] for s in range(S)]
    optimizers = [torch.optim.Adam(network, lr=lr) for network in networks]
    steps, curves = [None] * S, [[] for _ in range(S)]
    for k in range(B):
        losses = [stacked_losses(cell, network, x[k], y[k])[0] for network in networks]
        for s, loss in enumerate(losses):
            curves[s].append(loss.item())
            if steps[s] is None and loss < criterion:
                steps[s] = k
        if None not in steps:
            break
        for network, optimizer, loss in zip(networks, optimizers, losses):
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network, clip)
            optimizer.step()
    trained = [torch.cat(arrays).detach().numpy() for arrays in zip(*networks)]
    curves = np.array(curves, dtype=trained[0].dtype)
    return steps, curves, trained
""",
    "steps_from_the_curves": f"""
def train_to_criterion(cell, parameters, x, y, criterion, lr=0.01, clip=1.0):{_GIVEN}
    optimizer = torch.optim.Adam(parameters, lr)
    curves = []
    for x_k, y_k in zip(x, y):
        optimizer.zero_grad(set_to_none=False)
        losses = stacked_losses(cell, parameters, x_k, y_k)
        curves.append(losses.detach().clone())
        met = (torch.stack(curves) < criterion).any(dim=0)
        if met.all():
            break
        torch.autograd.backward(losses, torch.ones_like(losses))
        with torch.no_grad():
            squares = torch.zeros(S, dtype=losses.dtype)
            for p in parameters:
                squares += (p.grad**2).flatten(1).sum(1) if p.ndim > 1 else p.grad**2
            for s in range(S):
                if squares[s] > clip**2:
                    for p in parameters:
                        p.grad[s] *= clip / squares[s].sqrt()
        optimizer.step()
    curves = torch.stack(curves, dim=1).numpy()
    steps = [int(np.flatnonzero(curve < criterion)[0]) if (curve < criterion).any() else None for curve in curves]
    trained = [p.detach().numpy() for p in parameters]
    return steps, curves, trained
""",
}

RIGHT["mgu_step"] = {
    "loops": """
def mgu_step(dh, x, h_prev, U, W, b):
    (N, D), H = x.shape, h_prev.shape[1]
    h, dx, dh_prev = np.zeros((N, H)), np.zeros((N, D)), np.zeros((N, H))
    dU, dW, db = np.zeros((2 * H, D)), np.zeros((2 * H, H)), np.zeros(2 * H)
    for m in range(N):
        f, candidate = np.zeros(H), np.zeros(H)
        for i in range(H):
            f[i] = 1 / (1 + np.exp(-(U[i] @ x[m] + W[i] @ h_prev[m] + b[i])))
        seen = f * h_prev[m]
        for i in range(H):
            candidate[i] = np.tanh(U[H + i] @ x[m] + W[H + i] @ seen + b[H + i])
            h[m, i] = h_prev[m, i] + f[i] * (candidate[i] - h_prev[m, i])
        inner = np.concatenate([np.zeros(H), dh[m] * f * (1 + candidate) * (1 - candidate)])
        back = sum(inner[H + i] * W[H + i] for i in range(H))  # what reaches f h_prev
        for i in range(H):
            reaches_f = dh[m, i] * candidate[i] - dh[m, i] * h_prev[m, i] + back[i] * h_prev[m, i]
            inner[i] = reaches_f * f[i] * (1 - f[i])
        for row in range(2 * H):
            dU[row] += inner[row] * x[m]
            dW[row] += inner[row] * (h_prev[m] if row < H else seen)
            db[row] += inner[row]
            dx[m] += inner[row] * U[row]
            dh_prev[m] += inner[row] * W[row] if row < H else 0
        dh_prev[m] += back * f + dh[m] * (1 - f)
    return h, dx, dh_prev, dU, dW, db
""",
    "a_gru_with_one_gate_twice": """
def mgu_step(dh, x, h_prev, U, W, b):
    H = h_prev.shape[1]
    U3, W3, b3 = (np.concatenate([weights[:H], weights]) for weights in (U, W, b))
    h, cache = gru_step_forward(x, h_prev, U3, W3, b3)
    dx, dh_prev, *gradients = gru_step_backward(dh, cache)
    dU, dW, db = (np.concatenate([g[:H] + g[H : 2 * H], g[2 * H :]]) for g in gradients)
    return h, dx, dh_prev, dU, dW, db
""",
    "einsum": """
def mgu_step(dh, x, h_prev, U, W, b):
    (U_f, U_n), (W_f, W_n), (b_f, b_n) = (np.split(weights, 2) for weights in (U, W, b))
    f = sigmoid(np.einsum("nd,hd->nh", x, U_f) + np.einsum("nj,hj->nh", h_prev, W_f) + b_f)
    n = np.tanh(np.einsum("nd,hd->nh", x, U_n) + np.einsum("nj,nj,hj->nh", f, h_prev, W_n) + b_n)
    h = h_prev + f * (n - h_prev)
    da = {"n": dh * f * (1 - n * n)}
    back = np.einsum("nh,hj->nj", da["n"], W_n)
    da["f"] = (dh * n + (back - dh) * h_prev) * f * (1 - f)
    dx = np.einsum("nh,hd->nd", da["f"], U_f) + np.einsum("nh,hd->nd", da["n"], U_n)
    dh_prev = dh - f * dh + f * back + np.einsum("nh,hj->nj", da["f"], W_f)
    dU = np.vstack([np.einsum("nh,nd->hd", da[gate], x) for gate in "fn"])
    dW = np.vstack([np.einsum("nh,nj->hj", da["f"], h_prev), np.einsum("nh,nj->hj", da["n"], f * h_prev)])
    return h, dx, dh_prev, dU, dW, np.concatenate([da["f"].sum(0), da["n"].sum(0)])
""",
    "torch_inside": """
def mgu_step(dh, x, h_prev, U, W, b):
    tensors = [torch.tensor(np.ascontiguousarray(a), requires_grad=True) for a in (x, h_prev, U, W, b)]
    x_, h_, U_, W_, b_ = tensors
    H = h_prev.shape[1]
    a = torch.nn.functional.linear(x_, U_, b_)
    f = torch.sigmoid(a[:, :H] + h_ @ W_[:H].T)
    new = torch.lerp(h_, torch.tanh(a[:, H:] + (f * h_) @ W_[H:].T), f)
    found = torch.autograd.grad(new, tensors, torch.tensor(np.ascontiguousarray(dh)))
    return (new.detach().numpy(), *(gradient.numpy() for gradient in found))
""",
}

RIGHT["gated_scan"] = {
    "loops": """
def gated_scan(z, n, h0):
    N, T, H = z.shape
    maps = [[[(1 - z[m, t, i], z[m, t, i] * n[m, t, i]) for i in range(H)] for t in range(T)] for m in range(N)]

    def factors():
        return np.array([[[pair[0] for pair in step] for step in row] for row in maps], dtype=z.dtype)

    kept, distance = [factors()], 1
    while distance < T:
        for row in maps:
            for t in range(T - 1, distance - 1, -1):  # from the end: what is read is still that of the last round
                for i in range(H):
                    (a, b), (a_before, b_before) = row[t][i], row[t - distance][i]
                    row[t][i] = (a * a_before, a * b_before + b)
        kept.append(factors())
        distance += distance
    h = np.zeros(z.shape)
    for m, t, i in np.ndindex(N, T, H):
        h[m, t, i] = maps[m][t][i][0] * h0[m, i] + maps[m][t][i][1]
    return h, kept
""",
    "padded_with_maps_that_do_nothing": """
def gated_scan(z, n, h0):
    N, T, H = z.shape
    A, B = 1.0 - z, n * z
    kept = [A]
    for r in range(int(np.ceil(np.log2(T)))):
        step = 2**r
        A_before, B_before = np.ones_like(A), np.zeros_like(B)
        A_before[:, step:], B_before[:, step:] = A[:, : T - step], B[:, : T - step]
        A, B = A_before * A, A * B_before + B
        kept.append(A)
    return h0[:, None, :] * A + B, kept
""",
    "in_place_with_copies": """
def gated_scan(z, n, h0):
    A, B = np.array(1 - z), np.array(z * n)
    B[:, 0] += A[:, 0] * h0  # the first map has its state already
    kept = [A.copy()]
    for r in range((z.shape[1] - 1).bit_length()):
        s = 1 << r
        B[:, s:] += A[:, s:] * B[:, :-s].copy()
        A[:, s:] *= A[:, :-s].copy()
        kept.append(A.copy())
    return B, kept
""",
    "recursive": """
def gated_scan(z, n, h0):
    def rounds(A, B, s, kept):
        kept.append(A)
        if s >= A.shape[1]:
            return A * h0[:, None] + B, kept
        joined = np.concatenate([B[:, :s], A[:, s:] * B[:, :-s] + B[:, s:]], axis=1)
        return rounds(np.concatenate([A[:, :s], A[:, s:] * A[:, :-s]], axis=1), joined, 2 * s, kept)

    return rounds(1 - z, z * n, 1, [])
""",
}
