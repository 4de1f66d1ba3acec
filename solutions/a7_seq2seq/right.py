"""Other right solutions of assignment 7: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["pad_batch"] = {
    "lists_first": """
def pad_batch(sequences, pad=0):
    longest = max(len(sequence) for sequence in sequences)
    rows = [sequence + [pad] * (longest - len(sequence)) for sequence in sequences]
    return torch.tensor(rows), torch.tensor([len(sequence) for sequence in sequences])


def reverse_within_lengths(tokens, lengths):
    rows = [row[:length][::-1] + row[length:] for row, length in zip(tokens.tolist(), lengths.tolist())]
    return torch.tensor(rows)
""",
    "flip_row_by_row": """
def pad_batch(sequences, pad=0):
    tensors = [torch.tensor(sequence) for sequence in sequences]
    tokens = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=pad)
    return tokens, torch.tensor([len(tensor) for tensor in tensors])


def reverse_within_lengths(tokens, lengths):
    turned = tokens.clone()
    for n, length in enumerate(lengths):
        turned[n, :length] = tokens[n, :length].flip(0)
    return turned
""",
    "flip_all_and_shift_by_numpy": """
def pad_batch(sequences, pad=0):
    lengths = np.array([len(sequence) for sequence in sequences])
    tokens = np.full((len(sequences), lengths.max()), pad)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = np.concatenate(sequences)
    return torch.from_numpy(tokens), torch.from_numpy(lengths)


def reverse_within_lengths(tokens, lengths):
    T = tokens.shape[1]
    t = torch.arange(T).expand(len(tokens), T)
    source = (lengths[:, None] - 1 - t) % T
    turned = torch.take_along_dim(tokens, source, dim=1)
    return torch.where(t < lengths[:, None], turned, tokens)
""",
    "columns_of_zip_longest": """
def pad_batch(sequences, pad=0):
    from itertools import zip_longest

    columns = list(zip_longest(*sequences, fillvalue=pad))
    return torch.tensor(columns).T, torch.LongTensor([len(sequence) for sequence in sequences])


def reverse_within_lengths(tokens, lengths):
    n, t = torch.arange(len(tokens))[:, None], torch.arange(tokens.shape[1]).repeat(len(tokens), 1)
    source = lengths[:, None] - 1 - t
    return tokens[n, torch.where(source < 0, t, source)]
""",
}

RIGHT["encode"] = {
    "gathers_the_last_state": """
def encode(parameters, x, lengths):
    W = parameters["W_enc"]
    states, state = [], first_state(len(x), W)
    for t in range(x.shape[1]):
        state = cell_step(input_part(x[:, t], parameters["U_enc"], parameters["b_enc"]), state, W)
        states.append(state)
    return torch.stack(states, dim=1)[torch.arange(len(x)), lengths - 1]
""",
    "one_sequence_at_a_time": """
def encode(parameters, x, lengths):
    U, W, b = (parameters[name] for name in ("U_enc", "W_enc", "b_enc"))
    rows = []
    for symbols, length in zip(x, lengths.tolist()):
        state = first_state(1, W)
        for symbol in symbols[:length]:
            state = cell_step((U[:, symbol] + b)[None], state, W)
        rows.append(state)
    return torch.cat(rows)
""",
    "sorted_by_length_and_unsorted": """
def encode(parameters, x, lengths):
    U, W, b = (parameters[name] for name in ("U_enc", "W_enc", "b_enc"))
    order = lengths.argsort(descending=True)
    sizes, a = lengths[order], input_part(x[order], U, b)
    state = first_state(len(x), W)
    for t in range(int(lengths.max())):
        alive = int((sizes > t).sum())
        state = torch.cat([cell_step(a[:alive, t], state[:alive], W), state[alive:]])
    return state[order.argsort()]
""",
    "a_mask_of_numbers": """
def encode(parameters, x, lengths):
    U, W, b = (parameters[name] for name in ("U_enc", "W_enc", "b_enc"))
    mask = (torch.arange(x.shape[1]) < lengths[:, None]).to(W.dtype)[:, :, None]
    state = first_state(len(x), W)
    one_hot = torch.nn.functional.one_hot(x, U.shape[1]).to(W.dtype)
    for t in range(x.shape[1]):
        new = cell_step(one_hot[:, t] @ U.T + b, state, W)
        state = mask[:, t] * new + (1 - mask[:, t]) * state
    return state
""",
    "active_rows_alone": """
def encode(parameters, x, lengths):
    U, W, b = parameters["U_enc"], parameters["W_enc"], parameters["b_enc"]
    state = first_state(x.size(0), W)
    for t in range(x.size(1)):
        active = lengths > t
        new = state.clone()
        new[active] = cell_step(input_part(x[active, t], U, b), state[active], W)
        state = new
    return state
""",
}

RIGHT["decode_teacher_forced"] = {
    "step_by_step": """
def decode_teacher_forced(parameters, state, targets):
    N, T = targets.shape
    symbols = torch.full((N,), START)
    columns = []
    for t in range(T):
        logits, state = decoder_step(parameters, symbols, state)
        columns.append(logits[:, None])
        symbols = targets[:, t]
    return torch.cat(columns, dim=1)
""",
    "outputs_of_all_steps_at_once": """
def decode_teacher_forced(parameters, state, targets):
    W, V = parameters["W_dec"], parameters["V"]
    inputs = torch.nn.functional.pad(targets[:, :-1], (1, 0), value=START)
    a = input_part(inputs, parameters["U_dec"], parameters["b_dec"])
    h = []
    for t in range(a.shape[1]):
        state = cell_step(a[:, t], state, W)
        h.append(state[:, : W.shape[1]])
    return torch.stack(h, dim=1) @ V.T + parameters["c_out"]
""",
    "one_sequence_at_a_time": """
def decode_teacher_forced(parameters, state, targets):
    rows = []
    for n, target in enumerate(targets):
        s, read, logits = state[n : n + 1], START, []
        for symbol in target:
            step, s = decoder_step(parameters, torch.tensor([int(read)]), s)
            logits.append(step[0])
            read = symbol
        rows.append(torch.stack(logits))
    return torch.stack(rows)
""",
    "filled_in_place": """
def decode_teacher_forced(parameters, state, targets):
    inputs = targets.roll(1, dims=1)
    inputs[:, 0] = START
    logits = torch.zeros(*targets.shape, len(parameters["V"]), dtype=state.dtype)
    for t in range(targets.shape[1]):
        logits[:, t], state = decoder_step(parameters, inputs[:, t], state)
    return logits
""",
    "targets_rolled": """
def decode_teacher_forced(parameters, state, targets):
    inputs = targets.roll(1, dims=1)
    inputs[:, 0] = START
    steps = []
    for symbols in inputs.T:
        logits, state = decoder_step(parameters, symbols, state)
        steps += [logits]
    return torch.stack(steps).permute(1, 0, 2)
""",
}

RIGHT["sequence_loss"] = {
    "cross_entropy_with_an_ignored_class": """
def sequence_loss(logits, targets, lengths):
    padding = torch.arange(targets.shape[1]) >= lengths[:, None]
    classes = targets.masked_fill(padding, -100)
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), classes, ignore_index=-100)
""",
    "sums_by_mask": """
def sequence_loss(logits, targets, lengths):
    mask = (torch.arange(targets.shape[1]) < lengths[:, None]).to(logits.dtype)
    chosen = torch.take_along_dim(logits, targets[:, :, None], dim=2).squeeze(2)
    return ((logits.logsumexp(dim=2) - chosen) * mask).sum() / lengths.sum()
""",
    "loops": """
def sequence_loss(logits, targets, lengths):
    total = 0
    for n, length in enumerate(lengths.tolist()):
        for t in range(length):
            total = total - torch.log_softmax(logits[n, t], dim=0)[targets[n, t]]
    return total / int(lengths.sum())
""",
    "stable_softmax_by_hand": """
def sequence_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    rows, classes = logits[valid], targets[valid]
    shifted = rows - rows.max(dim=1, keepdim=True).values
    log_p = shifted - torch.log(torch.exp(shifted).sum(dim=1, keepdim=True))
    return -log_p[torch.arange(len(rows)), classes].sum() / len(rows)
""",
    "rows_without_padding": """
def sequence_loss(logits, targets, lengths):
    rows = torch.cat([logits[n, : lengths[n]] for n in range(len(logits))])
    classes = torch.cat([targets[n, : lengths[n]] for n in range(len(logits))])
    return torch.nn.functional.cross_entropy(rows, classes)
""",
    "packed": """
def sequence_loss(logits, targets, lengths):
    def packed(batch):
        return torch.nn.utils.rnn.pack_padded_sequence(batch, lengths, batch_first=True, enforce_sorted=False).data

    z, y = packed(logits), packed(targets)
    return (torch.logsumexp(z, dim=1) - z.gather(1, y[:, None])[:, 0]).mean()
""",
}

RIGHT["translate_greedy"] = {
    "one_sequence_at_a_time": """
def translate_greedy(parameters, state, max_length):
    translations = []
    for n in range(len(state)):
        s, symbol, said = state[n : n + 1], START, []
        while len(said) < max_length:
            logits, s = decoder_step(parameters, torch.tensor([symbol]), s)
            symbol = int(logits.argmax())
            if symbol == END:
                break
            said.append(symbol)
        translations.append(said)
    return translations
""",
    "stops_when_all_have_ended": """
def translate_greedy(parameters, state, max_length):
    N = len(state)
    translations, ended = [[] for _ in range(N)], [False] * N
    symbols = torch.tensor([START] * N)
    for _ in range(max_length):
        logits, state = decoder_step(parameters, symbols, state)
        symbols = logits.max(dim=1).indices
        for n, symbol in enumerate(symbols.tolist()):
            ended[n] = ended[n] or symbol == END
            if not ended[n]:
                translations[n].append(symbol)
        if all(ended):
            break
    return translations
""",
    "by_probabilities_and_lengths": """
def translate_greedy(parameters, state, max_length):
    N = len(state)
    said = torch.full((N, max_length + 1), START)
    with torch.no_grad():
        for t in range(max_length):
            logits, state = decoder_step(parameters, said[:, t], state)
            said[:, t + 1] = logits.softmax(dim=1).argmax(dim=1)
    said = said[:, 1:]
    alive = (said == END).cumsum(dim=1) == 0
    return [row[: int(size)].tolist() for row, size in zip(said, alive.sum(dim=1))]
""",
    "rows_that_go_on": """
def translate_greedy(parameters, state, max_length):
    out = [[] for _ in range(len(state))]
    rows = list(range(len(state)))
    prev = torch.tensor([START] * len(state))
    for _ in range(max_length):
        if not rows:
            break
        logits, state = decoder_step(parameters, prev, state)
        prev = logits.argmax(1)
        keep = [i for i, s in enumerate(prev.tolist()) if s != END]
        for i in keep:
            out[rows[i]].append(int(prev[i]))
        rows = [rows[i] for i in keep]
        prev, state = prev[keep], state[keep]
    return out
""",
    "takes_while_not_end": """
def translate_greedy(parameters, state, max_length):
    from itertools import takewhile

    said = [torch.full((len(state),), START)]
    for _ in range(max_length):
        logits, state = decoder_step(parameters, said[-1], state)
        said.append(logits.max(dim=1)[1])
    return [list(takewhile(lambda symbol: symbol != END, row)) for row in torch.stack(said[1:], dim=1).tolist()]
""",
}

RIGHT["translate_beam"] = {
    "one_sequence_at_a_time": """
def translate_beam(parameters, state, max_length, k, alpha=1.0):
    translations, values = [], []
    for n in range(len(state)):
        beam = [(0.0, [], state[n : n + 1], False)]
        for _ in range(max_length):
            longer = []
            for score, said, s, finished in beam:
                if finished:
                    longer.append((score, said, s, True))
                    continue
                logits, new = decoder_step(parameters, torch.tensor([said[-1] if said else START]), s)
                log_p = logits[0].log_softmax(dim=0)
                longer += [(score + log_p[j], [*said, j], new, j == END) for j in range(len(log_p))]
            beam = sorted(longer, key=lambda one: -float(one[0]))[:k]
        worth = [score / len(said) ** alpha for score, said, _, _ in beam]
        best = max(range(len(beam)), key=lambda j: float(worth[j]))
        said = beam[best][1]
        translations.append(said[:-1] if said[-1] == END else said)
        values.append(torch.as_tensor(worth[best], dtype=state.dtype))
    return translations, torch.stack(values)
""",
    "lists_of_hypotheses": """
def translate_beam(parameters, state, max_length, k, alpha=1.0):
    N = len(state)
    state = torch.stack([state] * k, dim=1)  # (N, k, S)
    scores = torch.tensor([[0.0] + [-float("inf")] * (k - 1)] * N, dtype=state.dtype)
    hypotheses = [[[] for _ in range(k)] for _ in range(N)]
    finished = torch.zeros(N, k, dtype=torch.bool)
    symbols = torch.full((N, k), START)
    with torch.no_grad():
        for _ in range(max_length):
            logits, new = decoder_step(parameters, symbols.reshape(-1), state.reshape(N * k, -1))
            new = new.reshape(N, k, -1)
            symbols, parents, scores = extend_beam(scores, torch.log_softmax(logits, 1).reshape(N, k, -1), finished)
            state = torch.stack([new[n][parents[n]] for n in range(N)])
            was = torch.gather(finished, 1, parents)
            hypotheses = [
                [
                    hypotheses[n][int(parents[n, j])] + ([] if was[n, j] else [int(symbols[n, j])])
                    for j in range(k)
                ]
                for n in range(N)
            ]
            finished = was | (symbols == END)
            if finished.all():
                break
    translations, values = [], []
    for n in range(N):
        worth = [float(scores[n, j]) / len(hypotheses[n][j]) ** alpha for j in range(k)]
        best = worth.index(max(worth))
        said = hypotheses[n][best]
        translations.append(said[:-1] if said[-1] == END else said)
        values.append(worth[best])
    return translations, torch.tensor(values, dtype=state.dtype)
""",
    "sizes_carried_along": """
def translate_beam(parameters, state, max_length, k, alpha=1.0):
    N, S = state.shape
    state = state[:, None].expand(N, k, S)
    scores = torch.zeros(N, k, dtype=state.dtype).index_fill(1, torch.arange(1, k), -torch.inf)
    symbols, said = torch.full((N, k), START), torch.zeros(N, k, 0, dtype=torch.long)
    finished, sizes = torch.zeros(N, k, dtype=torch.bool), torch.zeros(N, k, dtype=state.dtype)
    for _ in range(max_length):
        logits, state = decoder_step(parameters, symbols.reshape(N * k), state.reshape(N * k, S))
        symbols, parents, scores = extend_beam(scores, logits.log_softmax(-1).reshape(N, k, -1), finished)
        rows = (torch.arange(N)[:, None] * k + parents).reshape(-1)
        state = state[rows].reshape(N, k, S)
        finished, sizes = finished.reshape(-1)[rows].reshape(N, k), sizes.reshape(-1)[rows].reshape(N, k)
        said = torch.cat([said.reshape(N * k, -1)[rows].reshape(N, k, -1), symbols[..., None]], dim=-1)
        sizes = sizes + (~finished).to(sizes.dtype)
        finished = finished | symbols.eq(END)
    worth = scores * sizes ** (-alpha)
    best = worth.argmax(dim=1)
    rows = [said[n, j].tolist() for n, j in enumerate(best)]
    return [row[: (row + [END]).index(END)] for row in rows], worth[torch.arange(N), best]
""",
}

RIGHT["edit_distance"] = {
    "a_row_at_a_time": """
def edit_distance(hypothesis, reference):
    rows = [list(range(len(reference) + 1))]
    for i, said in enumerate(hypothesis, start=1):
        row = [i]
        for j, meant in enumerate(reference, start=1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (said != meant)))
        rows.append(row)
    return rows[-1][-1], np.array(rows, dtype=np.int64)


def phoneme_error_rate(hypotheses, references):
    edits, symbols = 0, 0
    for said, meant in zip(hypotheses, references):
        edits += edit_distance(said, meant)[0]
        symbols += len(meant)
    return edits / symbols
""",
    "recursion": """
def edit_distance(hypothesis, reference):
    I, J = len(hypothesis), len(reference)
    known = {}

    def distance(i, j):
        if (i, j) not in known:
            if i == 0 or j == 0:
                known[i, j] = i + j
            else:
                same = hypothesis[i - 1] == reference[j - 1]
                known[i, j] = distance(i - 1, j - 1) if same else 1 + min(
                    distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1)
                )
        return known[i, j]

    d = np.array([[distance(i, j) for j in range(J + 1)] for i in range(I + 1)], dtype=np.int64)
    return int(d[-1, -1]), d


def phoneme_error_rate(hypotheses, references):
    edits = np.array([edit_distance(said, meant)[0] for said, meant in zip(hypotheses, references)])
    return float(edits.sum() / np.sum([len(meant) for meant in references]))
""",
    "anti_diagonals": """
def edit_distance(hypothesis, reference):
    I, J = len(hypothesis), len(reference)
    d = np.zeros((I + 1, J + 1), dtype=np.int64)
    for total in range(I + J + 1):
        for i in range(max(0, total - J), min(I, total) + 1):
            j = total - i
            options = [total] if i == 0 or j == 0 else []
            if i:
                options.append(d[i - 1, j] + 1)
            if j:
                options.append(d[i, j - 1] + 1)
            if i and j:
                options.append(d[i - 1, j - 1] + int(hypothesis[i - 1] != reference[j - 1]))
            d[i, j] = min(options)
    return int(d[I, J]), d


def phoneme_error_rate(hypotheses, references):
    lengths = [len(meant) for meant in references]
    rates = [edit_distance(*pair)[0] / max(1, len(pair[1])) for pair in zip(hypotheses, references)]
    empty = sum(len(said) for said, length in zip(hypotheses, lengths) if length == 0)
    return (sum(rate * length for rate, length in zip(rates, lengths)) + empty) / sum(lengths)
""",
    "rate_by_numpy": """
def edit_distance(hypothesis, reference):
    I, J = len(hypothesis), len(reference)
    d = np.zeros((I + 1, J + 1), dtype=np.int64)
    for i in range(I + 1):
        d[i, 0] = i
    for j in range(J + 1):
        d[0, j] = j
    for i in range(1, I + 1):
        for j in range(1, J + 1):
            if hypothesis[i - 1] == reference[j - 1]:
                d[i, j] = d[i - 1, j - 1]
            else:
                d[i, j] = 1 + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1])
    return int(d[I, J]), d


def phoneme_error_rate(hypotheses, references):
    edits = np.sum([edit_distance(said, meant)[0] for said, meant in zip(hypotheses, references)])
    rate = edits / np.sum([len(meant) for meant in references])
    return float(rate)
""",
}

RIGHT["error_by_length"] = {
    "loops": """
def error_by_length(edits, sizes, lengths, edges):
    rates, counts = [], []
    for low, high in zip(edges[:-1], edges[1:]):
        wrong = total = count = 0
        for edit, size, length in zip(edits, sizes, lengths):
            if low <= length < high:
                wrong, total, count = wrong + edit, total + size, count + 1
        rates.append(wrong / total if count else float("nan"))
        counts.append(count)
    return np.array(rates), np.array(counts)
""",
    "digitize": """
def error_by_length(edits, sizes, lengths, edges):
    B = len(edges) - 1
    place = np.digitize(lengths, edges) - 1
    inside = (place >= 0) & (place < B)
    wrong = np.bincount(place[inside], weights=np.array(edits)[inside], minlength=B)
    total = np.bincount(place[inside], weights=np.array(sizes)[inside], minlength=B)
    counts = np.bincount(place[inside], minlength=B)
    with np.errstate(invalid="ignore"):
        return wrong / total, counts
""",
    "torch_inside": """
def error_by_length(edits, sizes, lengths, edges):
    edits, sizes, lengths, edges = (torch.tensor(some) for some in (edits, sizes, lengths, edges))
    inside = (lengths[None] >= edges[:-1, None]) & (lengths[None] < edges[1:, None])
    wrong, total = (inside * edits).sum(dim=1).double(), (inside * sizes).sum(dim=1).double()
    return (wrong / total).numpy(), inside.sum(dim=1).numpy()
""",
    "products_with_a_mask": """
def error_by_length(edits, sizes, lengths, edges):
    e, s, l, g = map(np.asarray, (edits, sizes, lengths, edges))
    m = (l[None] >= g[:-1, None]) & (l[None] < g[1:, None])
    counts = m.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (m @ e) / (m @ s)
    return rates, counts
""",
}

RIGHT["attend"] = {
    "loops": """
def attend(queries, states, lengths):
    N, Q, H = queries.shape
    T = states.shape[1]
    contexts, weights = [], []
    for n in range(N):
        h = states[n, : int(lengths[n])]
        for q in range(Q):
            scores = torch.stack([(queries[n, q] * one).sum() for one in h])
            a = torch.softmax(scores, dim=0)
            contexts.append(sum(a[t] * h[t] for t in range(len(h))))
            weights.append(torch.cat([a, torch.zeros(T - len(h), dtype=a.dtype)]))
    return torch.stack(contexts).view(N, Q, H), torch.stack(weights).view(N, Q, T)
""",
    "exponentials_by_hand": """
def attend(queries, states, lengths):
    scores = torch.einsum("nqh,nth->nqt", queries, states)
    inside = (torch.arange(states.size(1))[None, :] < lengths[:, None]).unsqueeze(1)
    scores = torch.where(inside, scores, scores.new_full((), -1e30))
    top = scores.max(dim=2, keepdim=True).values.detach()
    e = torch.exp(scores - top) * inside
    weights = e / e.sum(dim=2, keepdim=True)
    return torch.einsum("nqt,nth->nqh", weights, states), weights
""",
    "one_query_at_a_time": """
def attend(queries, states, lengths):
    mask = torch.zeros(states.shape[:2], dtype=states.dtype)
    for n, length in enumerate(lengths.tolist()):
        mask[n, length:] = float("-inf")
    weights = torch.stack([((states @ s[:, :, None])[..., 0] + mask).softmax(dim=1) for s in queries.unbind(1)], dim=1)
    contexts = torch.stack([(a[:, :, None] * states).sum(dim=1) for a in weights.unbind(1)], dim=1)
    return contexts, weights
""",
}

RIGHT["minimum_bayes_risk"] = {
    "loops": """
def minimum_bayes_risk(candidates, log_p):
    top = max(log_p)
    total = sum(np.exp(value - top) for value in log_p)
    risks = []
    for said in candidates:
        risk = 0.0
        for meant, value in zip(candidates, log_p):
            risk += np.exp(value - top) / total * edit_distance(said, meant)[0]
        risks.append(risk)
    return candidates[risks.index(min(risks))], np.array(risks)
""",
    "half_of_the_table": """
def minimum_bayes_risk(candidates, log_p):
    log_p = np.asarray(log_p, dtype=np.float64)
    p = np.exp(log_p - np.logaddexp.reduce(log_p))
    risks = np.zeros(len(candidates))
    for m in range(len(candidates)):
        for other in range(m):
            distance, _ = edit_distance(candidates[other], candidates[m])
            risks[m] += p[other] * distance
            risks[other] += p[m] * distance
    return candidates[np.argmin(risks)], risks
""",
    "by_torch": """
def minimum_bayes_risk(candidates, log_p):
    p = torch.tensor(np.array(log_p)).double().softmax(dim=0)
    rows = [torch.tensor([float(edit_distance(a, b)[0]) for b in candidates]).double() for a in candidates]
    risks = torch.stack([torch.dot(row, p) for row in rows])
    best = min(range(len(candidates)), key=lambda m: risks[m].item())
    return list(candidates[best]), risks.numpy()
""",
}
