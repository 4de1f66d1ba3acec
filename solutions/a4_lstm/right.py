"""Other right solutions of assignment 4: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["additive_cell"] = {
    "loops": """
def additive_cell(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    N, H = c_prev.shape
    i = np.ones((N, H)) * i
    o = np.ones((N, H)) * o
    h, c = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        for k in range(H):
            a = b[k] + np.dot(U[k], x[n]) + np.dot(W[k], h_prev[n])
            c[n, k] = c_prev[n, k] + i[n, k] * np.tanh(a)
            h[n, k] = o[n, k] * np.tanh(c[n, k])
    return h, c


def original_lstm_step(x, h_prev, c_prev, U, W, b):
    N, H = c_prev.shape
    h, c = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        a = U @ x[n] + W @ h_prev[n] + b
        for k in range(H):
            c[n, k] = c_prev[n, k] + np.tanh(a[H + k]) / (1 + np.exp(-a[k]))
            h[n, k] = np.tanh(c[n, k]) / (1 + np.exp(-a[2 * H + k]))
    return h, c
""",
    "all_rows_in_one_product": """
def additive_cell(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    g = np.tanh(np.einsum("nd,hd->nh", x, U) + np.einsum("nk,hk->nh", h_prev, W) + b)
    c = c_prev + g * i
    return np.tanh(c) * o, c


def original_lstm_step(x, h_prev, c_prev, U, W, b):
    H = W.shape[1]
    a = np.hstack([x, h_prev]) @ np.hstack([U, W]).T + b
    i, o = sigmoid(a[:, :H]), sigmoid(a[:, 2 * H :])
    c = c_prev + i * np.tanh(a[:, H : 2 * H])
    return o * np.tanh(c), c
""",
    "torch_inside": """
import torch


def additive_cell(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    x, h_prev, c_prev, U, W, b, i, o = (torch.as_tensor(np.array(v)) for v in (x, h_prev, c_prev, U, W, b, i, o))
    c = c_prev + i * torch.tanh(torch.nn.functional.linear(x, U, b) + torch.nn.functional.linear(h_prev, W))
    return (o * torch.tanh(c)).numpy(), c.numpy()


def original_lstm_step(x, h_prev, c_prev, U, W, b):
    x, h_prev, c_prev, U, W, b = (torch.tensor(np.array(v)) for v in (x, h_prev, c_prev, U, W, b))
    i, g, o = (x @ U.T + h_prev @ W.T + b).chunk(3, dim=1)
    c = c_prev + i.sigmoid() * g.tanh()
    return (o.sigmoid() * c.tanh()).numpy(), c.numpy()
""",
    "in_place_on_its_own_arrays": """
def additive_cell(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    c = np.dot(x, U.T)
    c += np.dot(h_prev, W.T)
    c += b
    np.tanh(c, out=c)
    c *= i
    c += c_prev
    h = np.tanh(c)
    h *= o
    return h, c


def gate(k, x, h_prev, U, W, b):
    rows = slice(k * W.shape[1], (k + 1) * W.shape[1])
    return sigmoid(x @ U[rows].T + h_prev @ W[rows].T + b[rows])


def original_lstm_step(x, h_prev, c_prev, U, W, b):
    H = W.shape[1]
    i, o = (gate(k, x, h_prev, U, W, b) for k in (0, 2))
    middle = slice(H, 2 * H)
    return additive_cell(x, h_prev, c_prev, U[middle], W[middle], b[middle], i=i, o=o)
""",
}

RIGHT["lstm_step_forward"] = {
    "loops": """
def lstm_step_forward(x, h_prev, c_prev, U, W, b):
    N, H = c_prev.shape
    i, f, g, o, c, h = (np.zeros((N, H)) for _ in range(6))
    for n in range(N):
        a = U @ x[n] + W @ h_prev[n] + b
        for k in range(H):
            i[n, k] = sigmoid(a[k])
            f[n, k] = sigmoid(a[H + k])
            g[n, k] = np.tanh(a[2 * H + k])
            o[n, k] = sigmoid(a[3 * H + k])
            c[n, k] = f[n, k] * c_prev[n, k] + i[n, k] * g[n, k]
            h[n, k] = o[n, k] * np.tanh(c[n, k])
    return h, c, (x, h_prev, c_prev, U, W, i, f, g, o, c)
""",
    "slices": """
def lstm_step_forward(x, h_prev, c_prev, U, W, b):
    H = h_prev.shape[1]
    a = h_prev @ W.T + x @ U.T + b
    i = sigmoid(a[:, 0:H])
    f = sigmoid(a[:, H : 2 * H])
    g = np.tanh(a[:, 2 * H : 3 * H])
    o = sigmoid(a[:, 3 * H : 4 * H])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, (x, h_prev, c_prev, U, W, i, f, g, o, c)
""",
    "einsum_with_an_axis_for_the_gates": """
def lstm_step_forward(x, h_prev, c_prev, U, W, b):
    H = W.shape[1]
    a = np.einsum("khd,nd->knh", U.reshape(4, H, -1), x) + np.einsum("khj,nj->knh", W.reshape(4, H, H), h_prev)
    a = a + b.reshape(4, 1, H)
    i, f, o = sigmoid(a[[0, 1, 3]])
    g = np.tanh(a[2])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, (x, h_prev, c_prev, U, W, i, f, g, o, c)
""",
    "torch_inside": """
import torch


def lstm_step_forward(x, h_prev, c_prev, U, W, b):
    as_tensor = [torch.tensor(np.array(v)) for v in (x, h_prev, c_prev, U, W, b)]
    x_t, h_t, c_t, U_t, W_t, b_t = as_tensor
    i, f, g, o = torch.split(x_t @ U_t.T + h_t @ W_t.T + b_t, W_t.shape[1], dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = torch.addcmul(f * c_t, i, g)
    h = (o * torch.tanh(c)).numpy()
    i, f, g, o, c = (v.numpy() for v in (i, f, g, o, c))
    return h, c, (x, h_prev, c_prev, U, W, i, f, g, o, c)
""",
}

RIGHT["gate_settings"] = {
    "loop_over_units": """
def gate_settings(behaviours, U, W, b, x_max, T, tolerance):
    H = W.shape[1]
    new = b.copy()
    s = (1 - tolerance) ** (1 / T)
    for unit, behaviour in enumerate(behaviours):
        for row, is_open in ((unit, behaviour in ("add", "overwrite")), (H + unit, behaviour in ("add", "remember"))):
            worst = x_max * sum(abs(U[row])) + sum(abs(W[row]))
            bias = np.log(s) - np.log(1 - s) + worst
            new[row] = bias if is_open else -bias
    return new
""",
    "logarithms_that_lose_nothing": """
def gate_settings(behaviours, U, W, b, x_max, T, tolerance):
    H = W.shape[1]
    a = -np.log(np.expm1(-np.log1p(-tolerance) / T))
    reach = np.abs(np.hstack([x_max * U, W])).sum(axis=1)[: 2 * H].reshape(2, H)
    is_open = np.array([[word in ("add", "overwrite") for word in behaviours],
                        [word in ("add", "remember") for word in behaviours]])
    return np.append(np.where(is_open, a + reach, -a - reach), b[2 * H :])
""",
    "by_bisection": """
def gate_settings(behaviours, U, W, b, x_max, T, tolerance):
    H = W.shape[1]
    low, high = 0.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        if -T * np.log1p(np.exp(-middle)) >= np.log1p(-tolerance):
            high = middle
        else:
            low = middle
    new = b.copy()
    for unit in range(H):
        signs = {"remember": "-+", "add": "++", "erase": "--", "overwrite": "+-"}[behaviours[unit]]
        for row, sign in zip((unit, H + unit), signs):
            x, h = x_max * np.sign(U[row]), np.sign(W[row])
            new[row] = float(sign + "1") * (high + U[row] @ x + W[row] @ h)
    return new
""",
    "torch_logit": """
import torch


def gate_settings(behaviours, U, W, b, x_max, T, tolerance):
    H = W.shape[1]
    a = torch.logit(torch.tensor((1 - tolerance) ** (1 / T), dtype=torch.float64)).item()
    swing = np.linalg.norm(U, 1, axis=1) * x_max + np.linalg.norm(W, 1, axis=1)
    i, f, rest = np.split(np.array(b), [H, 2 * H])
    for unit, behaviour in enumerate(behaviours):
        i[unit] = (1 if behaviour in {"add", "overwrite"} else -1) * (a + swing[unit])
        f[unit] = (1 if behaviour in {"add", "remember"} else -1) * (a + swing[H + unit])
    return np.concatenate([i, f, rest])
""",
}

_INITIAL = """    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    c0 = np.zeros((N, H), dtype=x.dtype) if c0 is None else c0
    h, c, gates = (np.empty((N, T, size), dtype=x.dtype) for size in (H, H, 4 * H))
"""
_RETURN = """    c_last = c[:, -1]
    return h, c_last, (x, h0, c0, U, W, gates, c, h)
"""
RIGHT["lstm_forward"] = {
    "by_the_students_own_step": f"""
def lstm_forward(x, U, W, b, h0=None, c0=None):
{_INITIAL}
    h_t, c_t = h0, c0
    for t in range(T):
        a = x[:, t] @ U.T + h_t @ W.T + b
        gates[:, t] = sigmoid(a)
        gates[:, t, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
        h_t, c_t, _ = lstm_step_forward(x[:, t], h_t, c_t, U, W, b)
        h[:, t], c[:, t] = h_t, c_t
{_RETURN}""",
    "step_by_step": f"""
def lstm_forward(x, U, W, b, h0=None, c0=None):
{_INITIAL}
    h_t, c_t = h0, c0
    for t in range(T):
        h_t, c_t, cache = lstm_step_forward(x[:, t], h_t, c_t, U, W, b)
        h[:, t] = h_t
        c[:, t] = c_t
        gates[:, t] = np.concatenate(cache[5:9], axis=1)
{_RETURN}""",
    "each_sequence_by_itself": f"""
def lstm_forward(x, U, W, b, h0=None, c0=None):
{_INITIAL}
    for n in range(N):
        h_t, c_t = h0[n], c0[n]
        for t in range(T):
            a = U @ x[n, t] + W @ h_t + b
            values = 1 / (1 + np.exp(-a))
            values[2 * H : 3 * H] = np.tanh(a[2 * H : 3 * H])
            i, f, g, o = values.reshape(4, H)
            c_t = f * c_t + i * g
            h_t = o * np.tanh(c_t)
            h[n, t], c[n, t], gates[n, t] = h_t, c_t, values
{_RETURN}""",
    "lists_that_are_stacked": f"""
def lstm_forward(x, U, W, b, h0=None, c0=None):
{_INITIAL}
    hs, cs, values = [h0], [c0], []
    for x_t in x.transpose(1, 0, 2):
        a = np.hstack([x_t, hs[-1]]) @ np.hstack([U, W]).T + b
        value = sigmoid(a)
        value[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
        cs.append(value[:, H : 2 * H] * cs[-1] + value[:, :H] * value[:, 2 * H : 3 * H])
        hs.append(value[:, 3 * H :] * np.tanh(cs[-1]))
        values.append(value)
    h, c, gates = np.stack(hs[1:], axis=1), np.stack(cs[1:], axis=1), np.stack(values, axis=1)
{_RETURN}""",
    "torch_cell": f"""
import torch


def lstm_forward(x, U, W, b, h0=None, c0=None):
{_INITIAL}
    cell = torch.nn.LSTMCell(U.shape[1], H).double()
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (U, W, b, np.zeros(4 * H))):
            parameter.copy_(torch.tensor(value.copy()))
        states = torch.tensor(h0.astype(np.float64)), torch.tensor(c0.astype(np.float64))
        for t in range(T):
            x_t = torch.tensor(x[:, t].astype(np.float64))
            a = x_t @ cell.weight_ih.T + states[0] @ cell.weight_hh.T + cell.bias_ih
            values = torch.sigmoid(a)
            values[:, 2 * H : 3 * H] = torch.tanh(a[:, 2 * H : 3 * H])
            states = cell(x_t, states)
            h[:, t], c[:, t], gates[:, t] = states[0].numpy(), states[1].numpy(), values.numpy()
{_RETURN}""",
}

RIGHT["lstm_step_backward"] = {
    "gate_by_gate": """
def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, U, W, i, f, g, o, c = cache
    H = W.shape[1]
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    slopes = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g * g), dh * np.tanh(c) * o * (1 - o)]
    dx, dh_prev = np.zeros_like(x), np.zeros_like(h_prev)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros(4 * H, dtype=x.dtype)
    for k, da in enumerate(slopes):
        rows = slice(k * H, (k + 1) * H)
        dx += da @ U[rows]
        dh_prev += da @ W[rows]
        dU[rows], dW[rows], db[rows] = da.T @ x, da.T @ h_prev, da.sum(axis=0)
    return dx, dh_prev, f * dc, dU, dW, db
""",
    "loops": """
def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, U, W, i, f, g, o, c = cache
    N, H = dh.shape
    dx, dh_prev, dc_prev = np.zeros(x.shape), np.zeros((N, H)), np.zeros((N, H))
    dU, dW, db = np.zeros(U.shape), np.zeros(W.shape), np.zeros(4 * H)
    for n in range(N):
        for k in range(H):
            tanh_c = np.tanh(c[n, k])
            d = dc[n, k] + dh[n, k] * o[n, k] * (1 - tanh_c**2)
            dc_prev[n, k] = d * f[n, k]
            da = (
                d * g[n, k] * i[n, k] * (1 - i[n, k]),
                d * c_prev[n, k] * f[n, k] * (1 - f[n, k]),
                d * i[n, k] * (1 - g[n, k] ** 2),
                dh[n, k] * tanh_c * o[n, k] * (1 - o[n, k]),
            )
            for gate in range(4):
                row = gate * H + k
                dx[n] += da[gate] * U[row]
                dh_prev[n] += da[gate] * W[row]
                dU[row] += da[gate] * x[n]
                dW[row] += da[gate] * h_prev[n]
                db[row] += da[gate]
    return dx, dh_prev, dc_prev, dU, dW, db
""",
    "einsum_with_an_axis_for_the_gates": """
def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, U, W, i, f, g, o, c = cache
    N, H = dh.shape
    do = dh * np.tanh(c)
    dc = dc + dh * o / np.cosh(c) ** 2
    da = np.stack([dc * g * (i - i**2), dc * c_prev * (f - f**2), dc * i * (1 - g) * (1 + g), do * (o - o**2)])
    dx = np.einsum("knh,khd->nd", da, U.reshape(4, H, -1))
    dh_prev = np.einsum("knh,khj->nj", da, W.reshape(4, H, H))
    dU = np.einsum("knh,nd->khd", da, x).reshape(4 * H, -1)
    dW = np.einsum("knh,nj->khj", da, h_prev).reshape(4 * H, H)
    return dx, dh_prev, dc * f, dU, dW, da.sum(axis=1).ravel()
""",
    "torch_autograd_from_the_gates": """
import torch


def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, U, W, i, f, g, o, c = (torch.tensor(np.array(v)).double() for v in cache)
    inputs = [v.requires_grad_() for v in (x, h_prev, c_prev, U, W)]
    a = torch.cat([torch.logit(i), torch.logit(f), torch.atanh(g), torch.logit(o)], dim=1)
    product = x @ U.T + h_prev @ W.T
    b = (a - product).detach().requires_grad_()  # a bias for each sequence: the gradients add up
    a_i, a_f, a_g, a_o = (product + b).chunk(4, dim=1)
    new_c = a_f.sigmoid() * c_prev + a_i.sigmoid() * a_g.tanh()
    new_h = a_o.sigmoid() * new_c.tanh()
    gradients = torch.autograd.grad((new_h, new_c), [*inputs, b], (torch.tensor(np.array(dh)).double(),
                                                                   torch.tensor(np.array(dc)).double()))
    *firsts, db = (v.numpy() for v in gradients)
    return (*firsts, db.sum(axis=0))
""",
}

RIGHT["lstm_backward"] = {
    "step_by_step": """
def lstm_backward(dh, dc_last, cache):
    x, h0, c0, U, W, gates, c, h = cache
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros(len(U), dtype=x.dtype)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in range(x.shape[1] - 1, -1, -1):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        step = (x[:, t], h_prev, c_prev, U, W, *np.split(gates[:, t], 4, axis=1), c[:, t])
        dx[:, t], dh_next, dc_next, *weights = lstm_step_backward(dh[:, t] + dh_next, dc_next, step)
        for total, part in zip((dU, dW, db), weights):
            total += part
    return dx, dU, dW, db, dh_next, dc_next
""",
    "gradients_added_in_the_loop": """
def lstm_backward(dh, dc_last, cache):
    x, h0, c0, U, W, gates, c, h = cache
    N, T, H = dh.shape
    dx, dU, dW, db = np.zeros(x.shape), np.zeros(U.shape), np.zeros(W.shape), np.zeros(4 * H)
    dh0, dc0 = np.zeros((N, H)), dc_last.copy()
    for t in reversed(range(T)):
        i, f, g, o = (gates[:, t, k * H : (k + 1) * H] for k in range(4))
        dh0 = dh0 + dh[:, t]
        before = c[:, t - 1] if t else c0
        do = dh0 * np.tanh(c[:, t])
        dc0 = dc0 + dh0 * o * (1 - np.tanh(c[:, t]) ** 2)
        da = np.concatenate(
            [dc0 * g * i * (1 - i), dc0 * before * f * (1 - f), dc0 * i * (1 - g**2), do * o * (1 - o)], axis=1
        )
        dU += da.T @ x[:, t]
        dW += da.T @ (h[:, t - 1] if t else h0)
        db += np.sum(da, 0)
        dx[:, t], dh0, dc0 = da @ U, da @ W, dc0 * f
    return dx, dU, dW, db, dh0, dc0
""",
    "each_sequence_by_itself": """
def lstm_backward(dh, dc_last, cache):
    x, h0, c0, U, W, gates, c, h = cache
    N, T, H = dh.shape
    dx, dh0, dc0 = np.zeros_like(x), np.zeros_like(h0), np.zeros_like(c0)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros(4 * H, dtype=x.dtype)
    for n in range(N):
        back_h, back_c = np.zeros(H), dc_last[n]
        for t in range(T)[::-1]:
            i, f, g, o = gates[n, t].reshape(4, H)
            h_prev, c_prev = (h0[n], c0[n]) if t == 0 else (h[n, t - 1], c[n, t - 1])
            total_h = dh[n, t] + back_h
            total_c = back_c + total_h * o * (1 - np.tanh(c[n, t]) ** 2)
            by_gate = [total_c * g, total_c * c_prev, total_c * i, total_h * np.tanh(c[n, t])]
            da = np.concatenate(by_gate) * np.concatenate([i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)])
            dU += np.outer(da, x[n, t])
            dW += np.outer(da, h_prev)
            db += da
            dx[n, t] = U.T @ da
            back_h, back_c = W.T @ da, total_c * f
        dh0[n], dc0[n] = back_h, back_c
    return dx, dU, dW, db, dh0, dc0
""",
    "torch_autograd_from_the_gates": """
import torch


def lstm_backward(dh, dc_last, cache):
    x, h0, c0, U, W, gates, c, h = (torch.tensor(np.array(v)).double() for v in cache)
    N, T, H = dh.shape
    before = torch.cat([h0[:, None], h[:, :-1]], dim=1)
    a = torch.logit(gates)
    a[..., 2 * H : 3 * H] = torch.atanh(gates[..., 2 * H : 3 * H])
    b = a - x @ U.T - before @ W.T  # the bias, found again at every step
    inputs = [v.requires_grad_() for v in (x, U, W, b, h0, c0)]
    h_t, c_t, states = h0, c0, []
    for t in range(T):
        i, f, g, o = (x[:, t] @ U.T + h_t @ W.T + b[:, t]).chunk(4, dim=1)
        c_t = f.sigmoid() * c_t + i.sigmoid() * g.tanh()
        h_t = o.sigmoid() * c_t.tanh()
        states.append(h_t)
    arriving = torch.tensor(np.array(dh)).double(), torch.tensor(np.array(dc_last)).double()
    gradients = torch.autograd.grad((torch.stack(states, dim=1), c_t), inputs, arriving)
    dx, dU, dW, db, dh0, dc0 = (v.numpy() for v in gradients)
    return dx, dU, dW, db.sum(axis=(0, 1)), dh0, dc0
""",
}

RIGHT["peephole_step"] = {
    "loops": """
def peephole_step(x, h_prev, c_prev, U, W, P, b):
    N, H = c_prev.shape
    h, c = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        a = U @ x[n] + W @ h_prev[n] + b
        seen = P[: 2 * H] @ c_prev[n]
        for k in range(H):
            i = 1 / (1 + np.exp(-a[k] - seen[k]))
            f = 1 / (1 + np.exp(-a[H + k] - seen[H + k]))
            c[n, k] = f * c_prev[n, k] + i * np.tanh(a[2 * H + k])
        seen = P[2 * H :] @ c[n]
        for k in range(H):
            h[n, k] = np.tanh(c[n, k]) / (1 + np.exp(-a[3 * H + k] - seen[k]))
    return h, c
""",
    "one_matrix_for_what_is_known_before": """
def peephole_step(x, h_prev, c_prev, U, W, P, b):
    H = W.shape[1]
    seen = np.vstack([P[: 2 * H], np.zeros((2 * H, H), dtype=P.dtype)])
    a = np.hstack([x, h_prev, c_prev]) @ np.hstack([U, W, seen]).T + b
    i, f, g = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), np.tanh(a[:, 2 * H : 3 * H])
    c = f * c_prev + i * g
    h = sigmoid(a[:, 3 * H :] + c @ P[2 * H :].T) * np.tanh(c)
    return h, c
""",
    "einsum": """
def peephole_step(x, h_prev, c_prev, U, W, P, b):
    H = W.shape[1]
    P = P.reshape(3, H, H)
    a = np.einsum("nd,gd->ng", x, U) + np.einsum("nh,gh->ng", h_prev, W) + b
    a = a.reshape(len(x), 4, H)
    i = sigmoid(a[:, 0] + np.einsum("hk,nk->nh", P[0], c_prev))
    f = sigmoid(a[:, 1] + np.einsum("hk,nk->nh", P[1], c_prev))
    c = i * np.tanh(a[:, 2]) + f * c_prev
    o = sigmoid(a[:, 3] + np.einsum("hk,nk->nh", P[2], c))
    return o * np.tanh(c), c
""",
    "torch_inside": """
import torch


def peephole_step(x, h_prev, c_prev, U, W, P, b):
    x, h_prev, c_prev, U, W, P, b = (torch.tensor(np.array(v)) for v in (x, h_prev, c_prev, U, W, P, b))
    i, f, g, o = (x @ U.T + h_prev @ W.T + b).chunk(4, dim=1)
    to_i, to_f, to_o = P.chunk(3)
    c = torch.sigmoid(f + c_prev @ to_f.T) * c_prev + torch.sigmoid(i + c_prev @ to_i.T) * torch.tanh(g)
    h = torch.sigmoid(o + c @ to_o.T) * torch.tanh(c)
    return h.numpy(), c.numpy()
""",
}

RIGHT["forget_bias_init"] = {
    "by_rule": """
def forget_bias_init(b, rule, T=None):
    H = b.shape[0] // 4
    if rule == "zero":
        forget = np.zeros(H)
    elif rule == "one":
        forget = np.ones(H)
    elif rule == "remember":
        forget = np.log(T) * np.ones(H)
    else:
        raise ValueError(rule)
    return np.concatenate([b[:H], forget, b[2 * H :]])
""",
    "from_the_gate": """
class NoSuchRule(ValueError):
    pass


def forget_bias_init(b, rule, T=None):
    gates = np.array(b).reshape(4, -1)
    if rule == "remember":
        f = np.asarray(T) / (1 + np.asarray(T))  # f / (1 - f) = T
        gates[1] = np.log(f / (1 - f))
    elif rule in ("zero", "one"):
        gates[1] = ("zero", "one").index(rule)
    else:
        raise NoSuchRule(rule)
    return gates.ravel()
""",
    "torch_inside": """
import torch


def forget_bias_init(b, rule, T=None):
    new = torch.tensor(np.array(b))
    H = new.shape[0] // 4
    match rule:
        case "zero":
            new[H : 2 * H].zero_()
        case "one":
            new[H : 2 * H].fill_(1)
        case "remember":
            new[H : 2 * H] = torch.log(torch.as_tensor(np.array(T, dtype=np.float64)))
        case _:
            raise ValueError(f"unknown rule {rule!r}")
    return new.numpy()
""",
}

RIGHT["coupled_step"] = {
    "loops": """
def coupled_step(x, h_prev, c_prev, U, W, b):
    N, H = c_prev.shape
    h, c = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        a = U @ x[n] + W @ h_prev[n] + b
        for k in range(H):
            f = 1 / (1 + np.exp(-a[k]))
            c[n, k] = np.tanh(a[H + k]) + f * (c_prev[n, k] - np.tanh(a[H + k]))
            h[n, k] = np.tanh(c[n, k]) / (1 + np.exp(-a[2 * H + k]))
    return h, c
""",
}

RIGHT["written_shares"] = {
    "products_of_slices": """
def written_shares(i, f):
    N, T, H = i.shape
    A = np.zeros((N, T, T, H))
    for t in range(T):
        for k in range(t + 1):
            A[:, t, k] = i[:, k] * f[:, k + 1 : t + 1].prod(axis=1)
    left = np.stack([f[:, : t + 1].prod(axis=1) for t in range(T)], axis=1).astype(float)
    return A, left
""",
}
