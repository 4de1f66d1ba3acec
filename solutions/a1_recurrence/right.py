"""Other right solutions of assignment 1: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["one_hot"] = {
    "rows_of_the_identity": """
def one_hot(tokens, K):
    if np.any(tokens < 0) or np.any(tokens > K - 1):
        raise ValueError("a token is not a class")
    return np.eye(K)[tokens]
""",
    "loops": """
def one_hot(tokens, K):
    N, T = tokens.shape
    x = np.zeros((N, T, K))
    for n in range(N):
        for t in range(T):
            if not 0 <= tokens[n, t] < K:
                raise ValueError(f"token {tokens[n, t]} of sequence {n} is outside 0..{K - 1}")
            x[n, t, tokens[n, t]] = 1
    return x
""",
    "comparison_with_all_classes": """
def one_hot(tokens, K):
    x = (tokens[:, :, np.newaxis] == np.arange(K)).astype(np.float64)
    if not np.array_equal(x.sum(axis=2), np.ones(tokens.shape)):
        raise ValueError("tokens must be classes")
    return x
""",
    "torch_in_float32_then_float64": """
import torch
import torch.nn.functional as F


def one_hot(tokens, K):
    t = torch.tensor(np.ascontiguousarray(tokens), dtype=torch.int64)
    if t.min() < 0 or t.max() >= K:
        raise ValueError("tokens must be classes")
    return F.one_hot(t, K).float().numpy().astype(np.float64)
""",
    "an_error_of_its_own": """
class NotAClass(ValueError):
    pass


def check_classes(tokens, K):
    for token in np.ravel(tokens):
        if token not in range(K):
            raise NotAClass(int(token))


def one_hot(tokens, K):
    check_classes(tokens, K)
    flat = np.zeros((tokens.size, K))
    flat[np.arange(tokens.size), tokens.reshape(-1)] = 1.0
    return flat.reshape(tokens.shape + (K,))
""",
}

RIGHT["temporal_convolution"] = {
    "loops": """
def temporal_convolution(x, filters, b):
    N, T, D = x.shape
    k, H, _ = filters.shape
    y = np.zeros((N, T, H))
    for n in range(N):
        for t in range(T):
            y[n, t] = b
            for j in range(k):
                if t - j >= 0:
                    y[n, t] += filters[j] @ x[n, t - j]
    return y
""",
    "padded_windows_and_einsum": """
def temporal_convolution(x, filters, b):
    k, H, D = filters.shape
    padded = np.pad(x, ((0, 0), (k - 1, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, k, axis=1)  # (N, T, D, k), oldest first
    return np.einsum("ntdj,jhd->nth", windows, filters[::-1]) + b
""",
    "torch_conv1d": """
import torch


def temporal_convolution(x, filters, b):
    k = len(filters)
    x_t = torch.tensor(x).transpose(1, 2)
    x_t = torch.nn.functional.pad(x_t, (k - 1, 0))
    weight = torch.tensor(filters).flip(0).permute(1, 2, 0)
    return torch.nn.functional.conv1d(x_t, weight, torch.tensor(b)).transpose(1, 2).numpy()
""",
    "one_matrix_for_all_lags": """
def temporal_convolution(x, filters, b):
    N, T, D = x.shape
    k, H, _ = filters.shape
    lagged = np.zeros((N, T, k * D))
    for j in range(k):
        for t in range(j, T):
            lagged[:, t, j * D : (j + 1) * D] = x[:, t - j]
    matrix = np.concatenate([F.T for F in filters], axis=0)  # (k * D, H)
    return lagged @ matrix + b
""",
    "shifted_in_place_on_a_copy": """
def temporal_convolution(x, filters, b):
    late = x.copy()
    y = np.zeros((x.shape[0], x.shape[1], filters.shape[1])) + b
    for F in filters:
        y += np.tensordot(late, F, axes=(2, 1))
        late[:, 1:] = late[:, :-1].copy()
        late[:, 0] = 0
    return y
""",
}

RIGHT["rnn_step_forward"] = {
    "loops": """
def rnn_step_forward(x, h_prev, U, W, b):
    N, D = x.shape
    H = len(b)
    h = np.zeros((N, H))
    for n in range(N):
        for i in range(H):
            a = b[i]
            for d in range(D):
                a += U[i, d] * x[n, d]
            for j in range(H):
                a += W[i, j] * h_prev[n, j]
            h[n, i] = np.tanh(a)
    return h, (x, h_prev, U, W, h)
""",
    "einsum": """
def rnn_step_forward(x, h_prev, U, W, b):
    h = np.tanh(np.einsum("hd,nd->nh", U, x) + np.einsum("ij,nj->ni", W, h_prev) + b[np.newaxis])
    return h, (x, h_prev, U, W, h)
""",
    "one_matrix": """
def rnn_step_forward(x, h_prev, U, W, b):
    a = np.hstack([h_prev, x, np.ones((len(x), 1), dtype=x.dtype)]) @ np.column_stack([W, U, b]).T
    h = (np.exp(2 * a) - 1) / (np.exp(2 * a) + 1)
    return h, (x, h_prev, U, W, h)
""",
    "torch_inside": """
import torch


def rnn_step_forward(x, h_prev, U, W, b):
    tensors = [torch.tensor(array) for array in (x, h_prev, U, W, b)]
    h = torch.tanh(tensors[0] @ tensors[2].T + tensors[1] @ tensors[3].T + tensors[4]).numpy()
    return h, (x, h_prev, U, W, h)
""",
    "in_place_on_its_own_array": """
def rnn_step_forward(x, h_prev, U, W, b):
    h = np.dot(x, U.T)
    h += np.dot(W, h_prev.T).T
    h += b
    np.tanh(h, out=h)
    return h, (x, h_prev, U, W, h)
""",
}

# What the exercise's cell gives.
_GIVEN = """
def rnn_forward(x, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[0]
    if h0 is None:
        h0 = np.zeros((N, H), dtype=x.dtype)
"""

RIGHT["rnn_forward"] = {
    "stacked_list": _GIVEN
    + """    states = [h0]
    for t in range(T):
        states.append(np.tanh(states[-1] @ W.T + x[:, t] @ U.T + b))
    h = np.stack(states[1:], axis=1)
    return h, (x, h0, U, W, h)
""",
    "inputs_first_with_einsum": _GIVEN
    + """    h = np.einsum("ntd,hd->nth", x, U) + b
    for t in range(T):
        h[:, t] += np.einsum("nj,ij->ni", h[:, t - 1] if t else h0, W)
        h[:, t] = np.tanh(h[:, t])
    return h, (x, h0, U, W, h)
""",
    "torch_rnn": "\nimport torch\n\n"
    + _GIVEN
    + """    rnn = torch.nn.RNN(U.shape[1], H, batch_first=True).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor(U))
        rnn.weight_hh_l0.copy_(torch.tensor(W))
        rnn.bias_ih_l0.copy_(torch.tensor(b))
        rnn.bias_hh_l0.zero_()
        h, _ = rnn(torch.tensor(x).double(), torch.tensor(h0).double()[None])
    h = h.numpy()
    return h, (x, h0, U, W, h)
""",
    "recursion": _GIVEN
    + """
    def state(t):
        if t < 0:
            return [h0]
        before = state(t - 1)
        return [*before, rnn_step_forward(x[:, t], before[-1], U, W, b)[0]]

    h = np.array(state(T - 1)[1:]).transpose(1, 0, 2)
    return h, (x, h0, U, W, h)
""",
    "each_sequence_by_itself": _GIVEN
    + """    h = np.zeros((N, T, H))
    for n in range(N):
        state = h0[n].copy()
        for t in range(T):
            state[:] = np.tanh(U @ x[n, t] + W @ state + b)
            h[n, t] = state
    return h, (x, h0, U, W, h)
""",
}

RIGHT["rnn_forward_masked"] = {
    "each_sequence_by_itself": """
def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[0]
    h = np.zeros((N, T, H))
    for n in range(N):
        state = np.zeros(H) if h0 is None else h0[n]
        for t in range(T):
            if t < lengths[n]:
                state = np.tanh(U @ x[n, t] + W @ state + b)
            h[n, t] = state
    return h
""",
    "only_the_rows_that_run": """
def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    N, T, _ = x.shape
    state = np.zeros((N, W.shape[0])) if h0 is None else h0.astype(np.float64)
    h = []
    for t in range(T):
        rows = np.flatnonzero(lengths > t)
        state[rows] = np.tanh(x[rows, t] @ U.T + state[rows] @ W.T + b)
        h.append(state.copy())
    return np.stack(h, 1)
""",
    "all_steps_then_the_last_again": """
def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[0]
    if h0 is None:
        h0 = np.zeros((N, H), dtype=x.dtype)
    h, _ = rnn_forward(x, U, W, b, h0)  # right up to each length, whatever follows
    with_h0 = np.concatenate([h0[:, None], h], axis=1)  # (N, T + 1, H)
    which = np.minimum(np.arange(1, T + 1), lengths[:, None])  # (N, T)
    return with_h0[np.arange(N)[:, None], which]
""",
    "padding_cleaned_then_multiplied": """
def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    N, T, _ = x.shape
    H = W.shape[0]
    x = x.copy()
    for n in range(N):
        x[n, lengths[n] :] = 0
    state = np.zeros((N, H)) if h0 is None else h0
    h = np.zeros((N, T, H))
    for t in range(T):
        m = (t < lengths).astype(float)[:, None]
        h[:, t] = state = m * np.tanh(x[:, t] @ U.T + state @ W.T + b) + (1 - m) * state
    return h
""",
    "torch_inside": """
import torch


def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    x_t, U_t, W_t, b_t, n_t = (torch.tensor(a) for a in (x, U, W, b, lengths))
    state = torch.zeros(x.shape[0], W.shape[0], dtype=x_t.dtype) if h0 is None else torch.tensor(h0)
    h = []
    for t in range(x.shape[1]):
        new = torch.tanh(torch.einsum("nd,hd->nh", x_t[:, t], U_t) + state @ W_t.T + b_t)
        state = torch.where((n_t > t).unsqueeze(1), new, state)
        h.append(state)
    return torch.stack(h, dim=1).numpy()
""",
}

RIGHT["rnn_output"] = {
    "torch_softmax": """
import torch


def rnn_output(h, V, c_out):
    logits = torch.nn.functional.linear(torch.tensor(h), torch.tensor(V), torch.tensor(c_out))
    return torch.softmax(logits, dim=2).numpy()
""",
    "loops": """
def rnn_output(h, V, c_out):
    N, T, _ = h.shape
    K = len(c_out)
    y = np.zeros((N, T, K))
    for n in range(N):
        for t in range(T):
            logits = V @ h[n, t] + c_out
            e = np.exp(logits - max(logits))
            y[n, t] = e / sum(e)
    return y
""",
    "log_sum_exp": """
def rnn_output(h, V, c_out):
    logits = np.einsum("nth,kh->ntk", h, V) + c_out
    return np.exp(logits - np.logaddexp.reduce(logits, axis=2)[:, :, None])
""",
    "differences_of_logits": """
def rnn_output(h, V, c_out):
    logits = h @ V.T + c_out
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[..., None, :] - logits[..., None]).sum(axis=-1)
""",
    "in_place_on_its_own_array": """
def rnn_output(h, V, c_out):
    N, T, H = h.shape
    y = np.dot(h.reshape(N * T, H), V.T)
    y += c_out
    y -= np.amax(y, axis=1, keepdims=True)
    np.exp(y, out=y)
    y /= np.sum(y, axis=1)[:, None]
    return y.reshape(N, T, -1)
""",
}

RIGHT["deep_rnn_forward"] = {
    "time_outside_layers_inside": """
def deep_rnn_forward(x, layers, h0=None):
    N, T, _ = x.shape
    states = [np.zeros((N, T, len(b))) for _, _, b in layers]
    now = [np.zeros((N, len(b))) for _, _, b in layers] if h0 is None else list(h0)
    for t in range(T):
        fed = x[:, t]
        for l, (U, W, b) in enumerate(layers):
            fed = now[l] = np.tanh(fed @ U.T + now[l] @ W.T + b)
            states[l][:, t] = fed
    return states
""",
    "recursion_from_the_top": """
def deep_rnn_forward(x, layers, h0=None):
    if not layers:
        return []
    below = deep_rnn_forward(x, layers[:-1], None if h0 is None else h0[:-1])
    U, W, b = layers[-1]
    top, _ = rnn_forward(below[-1] if below else x, U, W, b, None if h0 is None else h0[-1])
    return [*below, top]
""",
    "list_that_starts_with_the_input": """
def deep_rnn_forward(x, layers, h0=None):
    initial = [None] * len(layers) if h0 is None else h0
    states = [x]
    for (U, W, b), start in zip(layers, initial):
        states.append(rnn_forward(states[-1], U, W, b, h0=start)[0])
    return states[1:]
""",
    "torch_cells": """
import torch


def deep_rnn_forward(x, layers, h0=None):
    below = torch.tensor(x)
    states = []
    for l, layer in enumerate(layers):
        U, W, b = (torch.tensor(array) for array in layer)
        h = torch.zeros(len(x), len(b), dtype=below.dtype) if h0 is None else torch.tensor(h0[l])
        steps = []
        for t in range(x.shape[1]):
            h = torch.tanh(torch.nn.functional.linear(below[:, t], U, b) + torch.nn.functional.linear(h, W))
            steps.append(h)
        below = torch.stack(steps, 1)
        states.append(below.numpy())
    return states
""",
}

RIGHT["count_parameters"] = {
    "closed_form": """
def count_parameters(D, H, K, L):
    return H * (D + H + 1) + (L - 1) * H * (2 * H + 1) + K * (H + 1)
""",
    "loop_over_layers": """
def count_parameters(D, H, K, L):
    count = 0
    inputs = D
    for _ in range(L):
        count += H * inputs + H * H + H
        inputs = H
    return count + H * K + K
""",
    "arrays_made_and_counted": """
def count_parameters(D, H, K, L):
    shapes = [(H, D)] + [(H, H)] * (2 * L - 1) + [(H,)] * L + [(K, H), (K,)]
    return sum(int(np.prod(shape)) for shape in shapes)
""",
    "torch_modules_counted": """
import torch


def count_parameters(D, H, K, L):
    rnn = torch.nn.RNN(D, H, L, device="meta")
    out = torch.nn.Linear(H, K, device="meta")
    both = sum(p.numel() for m in (rnn, out) for p in m.parameters())
    return both - L * H
""",
}

RIGHT["sample_sequence"] = {
    "inverse_of_the_distribution_function": """
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    U, W, b, V, c_out = (model[name] for name in ("U", "W", "b", "V", "c_out"))
    h, symbol, drawn = np.zeros(len(b)), 0, []
    for _ in range(max_length):
        h = np.tanh(U[:, symbol] + W @ h + b)
        logits = (V @ h + c_out) / temperature
        p = np.exp(logits - logits.max())
        symbol = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side="right"))
        if symbol == 0:
            return drawn
        drawn.append(symbol)
    return drawn
""",
    "gumbel_noise": """
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    K, H = model["V"].shape
    h, x, drawn = np.zeros((1, H)), np.eye(K)[:1], []
    while len(drawn) < max_length:
        h, _ = rnn_step_forward(x, h, model["U"], model["W"], model["b"])
        logits = (model["V"] @ h[0] + model["c_out"]) / temperature
        symbol = np.argmax(logits + rng.gumbel(size=K))
        if not symbol:
            break
        drawn.append(symbol.item())
        x = np.eye(K)[symbol : symbol + 1]
    return drawn
""",
    "nothing_drawn_where_nothing_is_left_to_chance": """
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    U, W, b, V, c_out = (model[name] for name in ("U", "W", "b", "V", "c_out"))
    h, drawn = np.zeros(len(b)), [0]
    while len(drawn) <= max_length:
        h = np.tanh(U[:, drawn[-1]] + W @ h + b)
        logits = V @ h + c_out
        if temperature < 1e-5:
            symbol = int(logits.argmax())
        else:
            p = np.exp((logits - logits.max()) / temperature)
            symbol = int(rng.choice(len(p), p=p / p.sum()))
        if symbol == 0:
            break
        drawn.append(symbol)
    return drawn[1:]
""",
    "multinomial_counts": """
def next_state(model, h, symbol):
    return np.tanh(model["U"][:, symbol] + h @ model["W"].T + model["b"])


def sample_sequence(model, rng, temperature=1.0, max_length=20):
    symbols = [0]
    h = np.zeros(model["W"].shape[0])
    while len(symbols) <= max_length:
        h = next_state(model, h, symbols[-1])
        p = rnn_output(h[None, None], model["V"] / temperature, model["c_out"] / temperature).ravel()
        symbols.append(int(np.flatnonzero(rng.multinomial(1, p / p.sum()))[0]))
        if symbols[-1] == 0:
            return symbols[1:-1]
    return symbols[1:]
""",
    "float32_and_torch": """
import torch


def sample_sequence(model, rng, temperature=1.0, max_length=20):
    m = {name: torch.tensor(value, dtype=torch.float32) for name, value in model.items()}
    h = torch.zeros(m["W"].shape[0])
    symbol, drawn = 0, []
    for _ in range(max_length):
        h = torch.tanh(m["U"][:, symbol] + m["W"] @ h + m["b"])
        p = torch.softmax((m["V"] @ h + m["c_out"]) / temperature, dim=0).double()
        symbol = min(int(torch.sum(torch.cumsum(p / p.sum(), 0) <= rng.uniform())), len(p) - 1)
        if symbol == 0:
            break
        drawn.append(symbol)
    return drawn
""",
    "uniforms_drawn_beforehand": """
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    K = model["V"].shape[0]
    h, token, drawn = np.zeros((1, model["W"].shape[0])), np.zeros((1, 1), dtype=int), []
    for u in rng.random(max_length):
        h, _ = rnn_step_forward(one_hot(token, K)[:, 0], h, model["U"], model["W"], model["b"])
        logits = ((model["V"] @ h.T)[:, 0] + model["c_out"]) / temperature
        weights = np.exp(logits - np.max(logits))
        edges = np.cumsum(weights / weights.sum())
        k = next((k for k in range(K) if u < edges[k]), int(np.argmax(weights)))
        if k == 0:
            break
        drawn.append(k)
        token[0, 0] = k
    return drawn
""",
    "a_sequence_of_one_step": """
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    K, h, drawn = len(model["V"]), np.zeros((1, len(model["b"]))), []
    while len(drawn) < max_length:
        x = one_hot(np.array([[drawn[-1] if drawn else 0]]), K)
        states, _ = rnn_forward(x, model["U"], model["W"], model["b"], h)
        p = rnn_output(states, model["V"] / temperature, model["c_out"] / temperature)[0, -1]
        symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            return drawn
        h = states[:, -1]
        drawn.append(symbol)
    return drawn
""",
}

RIGHT["bidirectional_rnn_forward"] = {
    "sequence_by_sequence": """
def bidirectional_rnn_forward(x, lengths, forwards, backwards):
    N, T, _ = x.shape
    sizes = len(forwards[2]), len(backwards[2])
    h = np.zeros((N, T, sum(sizes)))
    for n in range(N):
        state = np.zeros(sizes[0])
        for t in range(lengths[n]):
            state = np.tanh(forwards[0] @ x[n, t] + forwards[1] @ state + forwards[2])
            h[n, t, : sizes[0]] = state
        state = np.zeros(sizes[1])
        for t in reversed(range(lengths[n])):
            state = np.tanh(backwards[0] @ x[n, t] + backwards[1] @ state + backwards[2])
            h[n, t, sizes[0] :] = state
    return h
""",
}

RIGHT["sequence_log_probability"] = {
    "step_by_step": """
def sequence_log_probability(model, symbols):
    h, before, total = np.zeros(len(model["b"])), 0, 0.0
    for symbol in [int(s) for s in symbols] + [0]:
        h = np.tanh(model["U"][:, before] + model["W"] @ h + model["b"])
        logits = model["V"] @ h + model["c_out"]
        total += float(logits[symbol] - np.logaddexp.reduce(logits))
        before = symbol
    return total
""",
}
