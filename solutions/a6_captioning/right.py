"""Other right solutions of assignment 6: sources that may stand in an exercise's cell and must earn full marks."""

RIGHT: dict[str, dict[str, str]] = {}

RIGHT["build_vocabulary"] = {
    "loops": """
def build_vocabulary(captions, minimum_count=1):
    counts = {}
    for caption in captions:
        for word in caption.split():
            counts[word] = counts.get(word, 0) + 1
    vocabulary = list(SPECIAL)
    for count in sorted(set(counts.values()), reverse=True):
        if count >= minimum_count:
            vocabulary.extend(sorted(word for word in counts if counts[word] == count))
    return vocabulary


def encode(caption, vocabulary):
    ids = [START]
    for word in caption.split():
        ids.append(vocabulary.index(word) if word in vocabulary else UNK)
    ids.append(END)
    return ids


def decode(ids, vocabulary):
    words = []
    for k in ids:
        if k == END:
            break
        if k != PAD and k != START:
            words.append(vocabulary[k])
    return " ".join(words)
""",
    "two_stable_sortings": """
def build_vocabulary(captions, minimum_count=1):
    counts = Counter()
    for caption in captions:
        counts.update(caption.split())
    words = sorted(counts)
    words.sort(key=counts.get, reverse=True)
    return [*SPECIAL, *filter(lambda word: counts[word] >= minimum_count, words)]


def encode(caption, vocabulary):
    number = dict(zip(vocabulary, range(len(vocabulary))))
    words = ["<start>"] + caption.split() + ["<end>"]
    return [number[word] if word in number else UNK for word in words]


def decode(ids, vocabulary):
    cut = [*ids, END].index(END)
    return " ".join(filter(None, ("" if k in (PAD, START) else vocabulary[k] for k in ids[:cut])))
""",
    "numpy": """
def build_vocabulary(captions, minimum_count=1):
    words, counts = np.unique(" ".join(captions).split() or [""], return_counts=True)
    order = np.lexsort((np.arange(len(words)), -counts))
    chosen = [str(words[k]) for k in order if counts[k] >= minimum_count and words[k]]
    return SPECIAL + chosen


def encode(caption, vocabulary):
    def number(word):
        try:
            return vocabulary.index(word)
        except ValueError:
            return UNK

    return [START] + list(map(number, caption.split())) + [END]


def decode(ids, vocabulary):
    array = np.array([*ids, END], dtype=int)
    kept = array[: int(np.argmax(array == END))]
    return " ".join(vocabulary[k] for k in kept[(kept != PAD) & (kept != START)])
""",
}

RIGHT["embedding_forward"] = {
    "one_hot_product": """
def embedding_forward(E, ids):
    one_hot = torch.nn.functional.one_hot(ids, len(E)).to(E.dtype)
    return one_hot @ E, (ids, len(E))
""",
    "torch_nn": """
def embedding_forward(E, ids):
    return torch.nn.functional.embedding(ids, E), (ids, E.shape[0])
""",
    "einsum": """
def embedding_forward(E, ids):
    K = E.size(0)
    one_hot = (ids[..., None] == torch.arange(K)).to(E.dtype)
    return torch.einsum("kd,ntk->ntd", E, one_hot), (ids, K)
""",
    "loops": """
def embedding_forward(E, ids):
    rows = [torch.stack([E[k] for k in row]) for row in ids.tolist()]
    return torch.stack(rows), (ids, len(E))
""",
    "index_select": """
def embedding_forward(E, ids):
    N, T = ids.shape
    out = torch.index_select(E, 0, ids.reshape(-1)).reshape(N, T, -1)
    return out, (ids, len(E))
""",
}

RIGHT["embedding_backward"] = {
    "one_hot_product": """
def embedding_backward(dout, cache):
    ids, K = cache
    one_hot = torch.nn.functional.one_hot(ids, K).to(dout.dtype)
    return one_hot.flatten(0, 1).T @ dout.flatten(0, 1)
""",
    "einsum": """
def embedding_backward(dout, cache):
    ids, K = cache
    one_hot = (ids[..., None] == torch.arange(K)).to(dout.dtype)
    return torch.einsum("ntk,ntd->kd", one_hot, dout)
""",
    "loops": """
def embedding_backward(dout, cache):
    ids, K = cache
    dE = torch.zeros((K, dout.size(-1)), dtype=dout.dtype)
    for n in range(ids.shape[0]):
        for t in range(ids.shape[1]):
            dE[ids[n, t]] += dout[n, t]
    return dE
""",
    "accumulating_assignment": """
def embedding_backward(dout, cache):
    ids, K = cache
    dE = dout.new_zeros(K, dout.shape[-1])
    return dE.index_put((ids,), dout, accumulate=True)
""",
    "masks": """
def embedding_backward(dout, cache):
    ids, K = cache
    return torch.stack([(dout * (ids == k)[:, :, None]).sum(dim=(0, 1)) for k in range(K)])
""",
    "numpy_add_at": """
def embedding_backward(dout, cache):
    ids, K = cache
    gradient = dout.detach().numpy()
    dE = np.zeros((K, gradient.shape[2]), dtype=gradient.dtype)
    np.add.at(dE, ids.numpy(), gradient)
    return torch.from_numpy(dE)
""",
}

RIGHT["caption_loss"] = {
    "cross_entropy_with_an_ignored_class": """
def caption_loss(logits, targets):
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, ignore_index=PAD)
""",
    "sums_by_mask": """
def caption_loss(logits, targets):
    mask = (targets != PAD).to(logits.dtype)
    chosen = torch.take_along_dim(logits, targets[:, :, None], dim=2).squeeze(2)
    return ((logits.logsumexp(dim=2) - chosen) * mask).sum() / mask.sum()
""",
    "loops": """
def caption_loss(logits, targets):
    total, count = 0, 0
    for n in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            word = int(targets[n, t])
            if word != PAD:
                total = total - torch.log_softmax(logits[n, t], dim=0)[word]
                count += 1
    return total / count
""",
    "one_hot_targets": """
def caption_loss(logits, targets):
    one_hot = torch.nn.functional.one_hot(targets, logits.shape[2]).to(logits.dtype)
    one_hot = one_hot * targets.ne(PAD)[..., None]
    return -torch.einsum("ntk,ntk->", one_hot, logits.log_softmax(-1)) / one_hot.sum()
""",
    "stable_softmax_by_hand": """
def caption_loss(logits, targets):
    valid = targets != PAD
    rows, classes = logits[valid], targets[valid]
    shifted = rows - rows.max(dim=1, keepdim=True).values
    log_p = shifted - torch.log(torch.exp(shifted).sum(dim=1, keepdim=True))
    return -log_p[torch.arange(len(rows)), classes].sum() / len(rows)
""",
    "places_that_are_not_padding": """
def caption_loss(logits, targets):
    n, t = torch.nonzero(targets, as_tuple=True)
    z = logits[n, t]
    return (torch.logsumexp(z, dim=1) - z[torch.arange(len(n)), targets[n, t]]).mean()
""",
}

RIGHT["lstm_step"] = {
    "torch_nn_cell": """
def lstm_step(x, h, c, U, W, b):
    cell = torch.nn.LSTMCell(U.shape[1], W.shape[1], dtype=x.dtype)
    weights = {"weight_ih": U, "weight_hh": W, "bias_ih": b, "bias_hh": torch.zeros_like(b)}
    return torch.func.functional_call(cell, weights, (x, (h, c)))
""",
    "one_gate_at_a_time": """
def lstm_step(x, h, c, U, W, b):
    H = h.shape[1]

    def block(j):
        rows = slice(j * H, (j + 1) * H)
        return x @ U[rows].T + h @ W[rows].T + b[rows]

    i, f, o = torch.sigmoid(block(0)), torch.sigmoid(block(1)), torch.sigmoid(block(3))
    new = f * c + i * torch.tanh(block(2))
    return o * new.tanh(), new
""",
    "einsum": """
def lstm_step(x, h, c, U, W, b):
    a = torch.einsum("nd,gd->ng", x, U) + torch.einsum("nh,gh->ng", h, W) + b
    a = a.reshape(len(x), 4, -1)
    i, f, o = a[:, 0].sigmoid(), a[:, 1].sigmoid(), a[:, 3].sigmoid()
    c_new = torch.addcmul(f * c, i, a[:, 2].tanh())
    return o * torch.tanh(c_new), c_new
""",
    "one_product": """
def lstm_step(x, h, c, U, W, b):
    H = h.shape[1]
    a = torch.nn.functional.linear(torch.cat([x, h], dim=1), torch.cat([U, W], dim=1), b)
    g = torch.tanh(a[:, 2 * H : 3 * H])
    s = 1 / (1 + torch.exp(-a))
    c = s[:, H : 2 * H] * c + s[:, :H] * g
    return s[:, 3 * H :] * torch.tanh(c), c
""",
    "row_by_row": """
def lstm_step(x, h, c, U, W, b):
    hs, cs = [], []
    for n in range(len(x)):
        i, f, g, o = (U @ x[n] + W @ h[n] + b).split(h.shape[1])
        cs.append(f.sigmoid() * c[n] + i.sigmoid() * g.tanh())
        hs.append(o.sigmoid() * cs[-1].tanh())
    return torch.stack(hs), torch.stack(cs)
""",
}

_INIT = """
class CaptionModel(torch.nn.Module):
    def __init__(self, F, D, H, K, dtype=torch.float32):
        super().__init__()
        shapes = {"I": (D, F), "b_I": (D,), "E": (K, D), "U": (4 * H, D), "W": (4 * H, H), "b": (4 * H,)}
        shapes |= {"V": (K, H), "c_out": (K,)}
        for name, shape in shapes.items():
            scale = 1 / math.sqrt(shape[1] if len(shape) == 2 else shape[0])
            values = torch.empty(shape, dtype=dtype).uniform_(-scale, scale)
            self.register_parameter(name, torch.nn.Parameter(values))
"""

RIGHT["CaptionModel"] = {
    "all_logits_at_once": _INIT
    + """
    def start(self, features):
        zeros = torch.zeros(len(features), self.W.shape[1], dtype=features.dtype)
        picture = torch.nn.functional.linear(features, self.I, self.b_I)
        h, c = lstm_step(picture, zeros, zeros, self.U, self.W, self.b)
        return h, c

    def step(self, state, words):
        h, c = state
        h, c = lstm_step(torch.nn.functional.embedding(words, self.E), h, c, self.U, self.W, self.b)
        return (h, c), torch.nn.functional.linear(h, self.V, self.c_out)

    def forward(self, features, tokens):
        h, c = self.start(features)
        states = []
        x, _ = embedding_forward(self.E, tokens[:, :-1])
        for t in range(x.shape[1]):
            h, c = lstm_step(x[:, t], h, c, self.U, self.W, self.b)
            states.append(h)
        return torch.stack(states, dim=1) @ self.V.T + self.c_out
""",
    "one_sequence_from_the_picture_on": _INIT
    + """
    def start(self, features):
        zeros = torch.zeros(len(features), self.W.shape[1], dtype=features.dtype)
        x = torch.einsum("nf,df->nd", features, self.I) + self.b_I
        return lstm_step(x, zeros, zeros, self.U, self.W, self.b)

    def step(self, state, words):
        one_hot = torch.nn.functional.one_hot(words, len(self.E)).to(self.E.dtype)
        new = lstm_step(one_hot @ self.E, state[0], state[1], self.U, self.W, self.b)
        return new, torch.einsum("nh,kh->nk", new[0], self.V) + self.c_out

    def forward(self, features, tokens):
        picture = features @ self.I.T + self.b_I
        x = torch.cat([picture[:, None], self.E[tokens[:, :-1]]], dim=1)
        h = c = torch.zeros(len(x), self.W.shape[1], dtype=x.dtype)
        logits = []
        for t in range(x.shape[1]):
            h, c = lstm_step(x[:, t], h, c, self.U, self.W, self.b)
            if t > 0:
                logits.append((h @ self.V.T + self.c_out)[:, None])
        return torch.cat(logits, dim=1)
""",
    "filled_in_place": _INIT
    + """
    def start(self, features):
        zeros = torch.zeros(len(features), self.W.shape[1], dtype=features.dtype)
        return lstm_step((self.I @ features.T).T + self.b_I, zeros, zeros, self.U, self.W, self.b)

    def step(self, state, words):
        x = torch.stack([self.E[k] for k in words.tolist()])
        h, c = lstm_step(x, *state, self.U, self.W, self.b)
        return (h, c), torch.addmm(self.c_out, h, self.V.T)

    def forward(self, features, tokens):
        N, T = tokens.shape
        logits = torch.zeros(N, T - 1, len(self.V), dtype=features.dtype)
        state = self.start(features)
        for t in range(T - 1):
            state, logits[:, t] = self.step(state, tokens[:, t])
        return logits
""",
    "one_picture_at_a_time": _INIT
    + """
    def start(self, features):
        zeros = torch.zeros(len(features), self.W.shape[1], dtype=features.dtype)
        h, c = zeros[:1], zeros[:1]
        states = [
            lstm_step((self.I @ picture + self.b_I)[None], h, c, self.U, self.W, self.b) for picture in features
        ]
        return torch.cat([h for h, _ in states]), torch.cat([c for _, c in states])

    def step(self, state, words):
        h, c = lstm_step(self.E.index_select(0, words), state[0], state[1], self.U, self.W, self.b)
        return (h, c), (self.V @ h.T).T + self.c_out

    def forward(self, features, tokens):
        rows = []
        for n in range(len(tokens)):
            state, row = self.start(features[n : n + 1]), []
            for word in tokens[n, :-1]:
                state, logits = self.step(state, word[None])
                row.append(logits[0])
            rows.append(torch.stack(row))
        return torch.stack(rows)
""",
}

RIGHT["train_step"] = {
    "a_closure_for_the_optimiser": """
def train_step(model, optimiser, features, tokens, max_norm):
    def closure():
        nonlocal norm
        optimiser.zero_grad()
        loss = caption_loss(model(features, tokens), tokens.narrow(1, 1, tokens.shape[1] - 1))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        return loss

    norm = None
    loss = optimiser.step(closure)
    return loss.item(), float(norm)
""",
    "clipping_by_hand": """
def train_step(model, optimiser, features, tokens, max_norm):
    for parameter in model.parameters():
        parameter.grad = None
    loss = caption_loss(model(features, tokens), tokens[:, 1:])
    loss.backward()
    norm = math.sqrt(sum(float((parameter.grad**2).sum()) for parameter in model.parameters()))
    if norm > max_norm:
        for parameter in model.parameters():
            parameter.grad.mul_(max_norm / norm)
    optimiser.step()
    return loss.item(), norm
""",
    "zeros_kept": """
def train_step(model, optimiser, features, tokens, max_norm):
    optimiser.zero_grad(set_to_none=False)
    logits = model.forward(features, tokens)
    loss = caption_loss(logits, tokens[:, 1:])
    loss.backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients]))
    scale = torch.clamp(max_norm / (norm + 1e-30), max=1.0)
    for gradient in gradients:
        gradient *= scale
    optimiser.step()
    return loss.item(), norm.item()
""",
    "gradients_from_autograd": """
def train_step(model, optimiser, features, tokens, max_norm):
    parameters = list(model.parameters())
    loss = caption_loss(model(features, tokens), tokens[:, 1:])
    gradients = torch.autograd.grad(loss, parameters)
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient * min(1.0, max_norm / float(norm))
    optimiser.step()
    optimiser.zero_grad()
    return float(loss.detach()), float(norm)
""",
    "zeroed_just_before_backward": """
def train_step(model, optimiser, features, tokens, max_norm):
    loss = caption_loss(model(features, tokens), tokens[:, 1:])
    optimiser.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm)
    optimiser.step()
    return loss.detach().item(), norm.item()
""",
    "norm_of_one_long_vector": """
def train_step(model, optimiser, features, tokens, max_norm):
    model.zero_grad(set_to_none=True)
    model.train()
    loss = caption_loss(model.forward(features, tokens), tokens[:, 1:])
    loss.backward()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    norm = torch.linalg.vector_norm(torch.cat([parameter.grad.flatten() for parameter in parameters]))
    for parameter in parameters:
        parameter.grad = parameter.grad * min(1.0, max_norm / float(norm))
    optimiser.step()
    optimiser.zero_grad()
    return float(loss.detach()), float(norm)
""",
}

RIGHT["decode_greedy"] = {
    "on_the_models_device": """
@torch.no_grad()
def decode_greedy(model, features, max_length):
    model.eval()
    device = next(model.parameters()).device
    state, words = model.start(features.to(device)), torch.full((len(features),), START, device=device)
    captions, finished = [[] for _ in features], torch.zeros(len(features), dtype=torch.bool, device=device)
    for _ in range(max_length):
        state, logits = model.step(state, words)
        words = logits.argmax(dim=-1)
        finished |= words == END
        for n in (~finished).nonzero().flatten().tolist():
            captions[n].append(words[n].item())
        if finished.all():
            break
    return captions
""",
    "one_picture_at_a_time": """
def decode_greedy(model, features, max_length):
    captions = []
    with torch.no_grad():
        for n in range(len(features)):
            state, word, said = model.start(features[n : n + 1]), START, []
            while len(said) < max_length:
                state, logits = model.step(state, torch.tensor([word]))
                word = int(logits[0].argmax())
                if word == END:
                    break
                said.append(word)
            captions.append(said)
    return captions
""",
    "stops_when_all_have_ended": """
@torch.no_grad()
def decode_greedy(model, features, max_length):
    N = len(features)
    captions, ended = [[] for _ in range(N)], torch.zeros(N, dtype=torch.bool)
    state, words = model.start(features), torch.tensor([START] * N)
    for _ in range(max_length):
        state, logits = model.step(state, words)
        words = logits.softmax(dim=1).max(dim=1).indices
        ended |= words == END
        for n in torch.nonzero(~ended)[:, 0].tolist():
            captions[n].append(int(words[n]))
        if ended.all():
            break
    return captions
""",
    "numpy": """
@torch.no_grad()
def decode_greedy(model, features, max_length):
    said = np.full((len(features), max_length + 1), START)
    state = model.start(features)
    for t in range(max_length):
        state, logits = model.step(state, torch.from_numpy(said[:, t].copy()))
        said[:, t + 1] = np.argmax(logits.numpy(), axis=1)
    said = said[:, 1:]
    lengths = np.cumprod(said != END, axis=1).sum(axis=1)
    return [row[:length].tolist() for row, length in zip(said, lengths)]
""",
    "without_no_grad": """
def decode_greedy(model, features, max_length):
    state = model.start(features)
    words = torch.full((features.shape[0],), START, dtype=torch.long)
    columns = []
    for t in range(max_length):
        state, logits = model.step(state, words)
        words = logits.detach().max(1)[1]
        columns.append(words.tolist())
    captions = []
    for row in zip(*columns):
        caption = []
        for word in row:
            if word == END:
                break
            caption.append(word)
        captions.append(caption)
    return captions
""",
    "a_grid_of_words": """
@torch.no_grad()
def decode_greedy(model, features, max_length):
    state, words = model.start(features), torch.ones(len(features), dtype=torch.long)
    grid = torch.full((len(features), max_length), END)
    for t in range(max_length):
        state, logits = model.step(state, words)
        words = torch.argmax(torch.softmax(logits, dim=-1), dim=-1)
        grid[:, t] = words
    ended = (grid == END).long().cumsum(dim=1) > 0
    return [row[~over].tolist() for row, over in zip(grid, ended)]
""",
}

RIGHT["decode_sample"] = {
    "numpys_generator_seeded_by_the_given_one": """
@torch.no_grad()
def decode_sample(model, features, temperature, generator, max_length):
    device, dtype = next(model.parameters()).device, next(iter(model.state_dict().values())).dtype
    rng = np.random.default_rng(torch.randint(2**31, (1,), generator=generator).item())
    state, words = model.start(features.to(device, dtype)), torch.full((len(features),), START)
    columns = []
    for _ in range(max_length):
        state, logits = model.step(state, words)
        edges = (logits.double() / temperature).softmax(dim=1).cumsum(dim=1).numpy()
        draws = rng.random((len(words), 1)) * edges[:, -1:]
        words = torch.tensor((draws >= edges).sum(axis=1))
        columns.append(words.tolist())
    rows = [list(row) for row in zip(*columns)]
    return [row[: row.index(END)] if END in row else row for row in rows]
""",
    "one_picture_at_a_time": """
@torch.no_grad()
def decode_sample(model, features, temperature, generator, max_length):
    captions = []
    for n in range(len(features)):
        state, word, said = model.start(features[n : n + 1]), START, []
        while len(said) < max_length:
            state, logits = model.step(state, torch.tensor([word]))
            p = torch.softmax(logits[0] / temperature, dim=0)
            word = int(torch.multinomial(p, 1, generator=generator))
            if word == END:
                break
            said.append(word)
        captions.append(said)
    return captions
""",
    "inverse_of_the_distribution": """
@torch.no_grad()
def decode_sample(model, features, temperature, generator, max_length):
    N = len(features)
    state, words, said = model.start(features), torch.full((N,), START), []
    for _ in range(max_length):
        state, logits = model.step(state, words)
        cumulative = (logits.double() / temperature).softmax(dim=1).cumsum(dim=1)
        u = torch.rand(N, 1, generator=generator, dtype=torch.float64)
        words = (cumulative < u * cumulative[:, -1:]).sum(dim=1)
        said.append(words)
    rows = torch.stack(said, dim=1).tolist()
    return [row[: [*row, END].index(END)] for row in rows]
""",
    "gumbel": """
@torch.no_grad()
def decode_sample(model, features, temperature, generator, max_length):
    N = len(features)
    state, words = model.start(features), torch.full((N,), START)
    captions, ended = [[] for _ in range(N)], [False] * N
    for _ in range(max_length):
        state, logits = model.step(state, words)
        u = torch.rand(logits.shape, generator=generator, dtype=torch.float64).clamp(min=1e-300)
        words = (logits.double() / temperature - torch.log(-torch.log(u))).argmax(dim=1)
        for n, word in enumerate(words.tolist()):
            ended[n] = ended[n] or word == END
            if not ended[n]:
                captions[n].append(word)
    return captions
""",
    "exponential_race": """
def decode_sample(model, features, temperature, generator, max_length):
    with torch.no_grad():
        state, words = model.start(features), torch.full((len(features),), START)
        said = torch.empty(len(features), 0, dtype=torch.int64)
        for _ in range(max_length):
            state, logits = model.step(state, words)
            log_p = torch.log_softmax(logits / temperature, dim=1)
            clocks = torch.empty_like(log_p).exponential_(generator=generator)
            words = (log_p - clocks.log()).argmax(dim=1)
            said = torch.cat([said, words[:, None]], dim=1)
    lengths = (said != END).long().cumprod(dim=1).sum(dim=1)
    return [row[:length].tolist() for row, length in zip(said, lengths.tolist())]
""",
    "picture_by_picture_and_word_by_word": """
@torch.no_grad()
def decode_sample(model, features, temperature, generator, max_length):
    captions = []
    for n in range(len(features)):
        state, word, said = model.start(features[n:n + 1]), torch.tensor([START]), []
        for _ in range(max_length):
            state, logits = model.step(state, word)
            word = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)[:, 0]
            if word.item() == END:
                break
            said.append(word.item())
        captions.append(said)
    return captions
""",
}

RIGHT["decode_beam"] = {
    "topk_of_lists": """
def extend_beam(scores, log_p, finished):
    k, K = log_p.shape
    found = []
    for slot in range(k):
        if finished[slot]:
            found.append((scores[slot], slot, END))
        else:
            found += [(scores[slot] + log_p[slot, word], slot, word) for word in range(K)]
    found = sorted(found, key=lambda one: (-one[0].item(), one[1], one[2]))
    found += [(torch.full_like(scores[0], -torch.inf), 0, PAD)] * k  # nothing
    best, parents, words = zip(*found[:k])
    return torch.tensor(words), torch.tensor(parents), torch.stack(best)


@torch.no_grad()
def decode_beam(model, features, k, max_length, alpha=1.0):
    beam = [(0.0, [], model.start(features[None]))]
    for _ in range(max_length):
        longer = []
        for score, said, state in beam:
            if said and said[-1] == END:
                longer.append((score, said, state))
                continue
            new, logits = model.step(state, torch.tensor([said[-1] if said else START]))
            log_p = torch.log_softmax(logits[0], dim=0).tolist()
            longer += [(score + log_p[word], [*said, word], new) for word in range(len(log_p))]
        beam = sorted(longer, key=lambda one: -one[0])[:k]
    worth = [score / len(said) ** alpha for score, said, _ in beam]
    best = worth.index(max(worth))
    said = beam[best][1]
    return said[:-1] if said[-1] == END else said, float(worth[best])
""",
    "lists_of_hypotheses": """
def extend_beam(scores, log_p, finished):
    k, K = log_p.shape
    totals = scores[:, None] + log_p.masked_fill(finished[:, None], float("-inf"))
    totals[finished, END] = scores[finished]
    flat = totals.reshape(-1)
    order = torch.from_numpy(np.argsort(-flat.numpy(), kind="stable")[:k].copy())
    return order.remainder(K), order.div(K, rounding_mode="floor"), flat[order]


@torch.no_grad()
def decode_beam(model, features, k, max_length, alpha=1.0):
    state = model.start(torch.stack([features] * k))
    scores = torch.tensor([0.0] + [float("-inf")] * (k - 1), dtype=state[0].dtype)
    hypotheses, done = [[] for _ in range(k)], torch.zeros(k, dtype=torch.bool)
    words = torch.tensor([START] * k)
    for _ in range(max_length):
        state, logits = model.step(state, words)
        words, parents, scores = extend_beam(scores, torch.log_softmax(logits, 1), done)
        state = tuple(part.index_select(0, parents) for part in state)
        was = done[parents]
        hypotheses = [
            hypotheses[p] if over else [*hypotheses[p], w]
            for p, w, over in zip(parents.tolist(), words.tolist(), was.tolist())
        ]
        done = was | (words == END)
        if bool(done.all()):
            break
    worth = [float(score) / len(said) ** alpha for score, said in zip(scores, hypotheses)]
    best = max(range(k), key=lambda j: worth[j])
    said = hypotheses[best]
    return [word for word in said if word != END], worth[best]
""",
    "lengths_carried_along": """
def extend_beam(scores, log_p, finished):
    k, K = log_p.shape
    rest = torch.zeros_like(log_p).index_fill(1, torch.tensor([w for w in range(K) if w != END]), -torch.inf)
    sums = torch.where(finished.unsqueeze(1), rest, log_p) + scores.unsqueeze(1)
    order = torch.argsort(sums.flatten(), descending=True, stable=True)[:k]
    parents = torch.arange(k).repeat_interleave(K)[order]
    words = torch.arange(K).repeat(k)[order]
    return words, parents, sums[parents, words]


def decode_beam(model, features, k, max_length, alpha=1.0):
    with torch.no_grad():
        h, c = model.start(features.repeat(k, 1))
        scores = torch.zeros(k, dtype=h.dtype).index_fill(0, torch.arange(1, k), -torch.inf)
        words, done = torch.full((k,), START), torch.zeros(k, dtype=torch.bool)
        lengths, said = torch.zeros(k, dtype=h.dtype), torch.full((k, max_length), END)
        for t in range(max_length):
            (h, c), logits = model.step((h, c), words)
            log_p = logits - logits.logsumexp(dim=1, keepdim=True)
            words, parents, scores = extend_beam(scores, log_p, done)
            h, c, said, lengths, done = h[parents], c[parents], said[parents], lengths[parents], done[parents]
            said[:, t] = words
            lengths = lengths + (~done).to(lengths.dtype)
            done = done | words.eq(END)
        worth = scores * lengths ** (-alpha)
        row = said[worth.argmax()].tolist()
    return row[: [*row, END].index(END)], worth.max().item()
""",
    "sorted_tuples": """
def extend_beam(scores, log_p, finished):
    k, K = log_p.shape
    candidates, never = [], []
    for slot in range(k):
        for word in range(K):
            if not finished[slot]:
                candidates.append((-float(scores[slot] + log_p[slot, word]), slot, word))
            elif word == END:
                candidates.append((-float(scores[slot]), slot, word))
            else:
                never.append((math.inf, slot, word))
    best = sorted(candidates + never)[:k]
    words = torch.tensor([word for _, _, word in best])
    parents = torch.tensor([slot for _, slot, _ in best])
    return words, parents, torch.tensor([-cost for cost, _, _ in best], dtype=scores.dtype)


@torch.no_grad()
def decode_beam(model, features, k, max_length, alpha=1.0):
    h, c = model.start(features.repeat(k, 1))
    scores = torch.full((k,), float("-inf"), dtype=h.dtype)
    scores[0] = 0
    words, finished, hypotheses = torch.full((k,), START), torch.zeros(k, dtype=torch.bool), [[] for _ in range(k)]
    for _ in range(max_length):
        (h, c), logits = model.step((h, c), words)
        words, parents, scores = extend_beam(scores, torch.log_softmax(logits, dim=1), finished)
        h, c = h[parents], c[parents]
        hypotheses = [
            hypotheses[parent] if finished[parent] else [*hypotheses[parent], word]
            for word, parent in zip(words.tolist(), parents.tolist())
        ]
        finished = words == END
        if finished.all():
            break
    values = [score / len(said) ** alpha for score, said in zip(scores.tolist(), hypotheses)]
    best = values.index(max(values))
    return [word for word in hypotheses[best] if word != END], values[best]
""",
}

RIGHT["bleu"] = {
    "loops": """
def bleu(captions, references):
    matched, possible, said, asked = {}, {}, 0, 0
    for caption, sentences in zip(captions, references):
        words = caption.split()
        options = [sentence.split() for sentence in sentences]
        said += len(words)
        nearest = None
        for option in sorted(options, key=len):
            if nearest is None or abs(len(option) - len(words)) < abs(nearest - len(words)):
                nearest = len(option)
        asked += nearest
        for n in (1, 2, 3, 4):
            counts = count_ngrams(words, n)
            for ngram, count in counts.items():
                most = max(count_ngrams(option, n)[ngram] for option in options)
                matched[n] = matched.get(n, 0) + min(count, most)
                possible[n] = possible.get(n, 0) + count
    product = 1.0
    for n in (1, 2, 3, 4):
        product *= matched.get(n, 0) / max(1, possible.get(n, 0))
    if product == 0:
        return 0.0
    return min(1.0, math.exp(1 - asked / said)) * product ** (1 / 4)
""",
    "numpy": """
def bleu(captions, references):
    table = []
    for caption, sentences in zip(captions, references):
        words = caption.split()
        lengths = np.array(sorted(len(sentence.split()) for sentence in sentences))
        row = [len(words), lengths[np.argmin(np.abs(lengths - len(words)))]]
        for n in range(1, 5):
            own = Counter(zip(*(words[i:] for i in range(n))))
            best = Counter()
            for sentence in sentences:
                other = sentence.split()
                for ngram, count in Counter(zip(*(other[i:] for i in range(n)))).items():
                    best[ngram] = max(best[ngram], count)
            row += [sum(min(count, best[ngram]) for ngram, count in own.items()), max(0, len(words) - n + 1)]
        table.append(row)
    c, r, *counts = np.sum(table, axis=0)
    m, p = np.array(counts[::2], dtype=float), np.array(counts[1::2], dtype=float)
    if (m == 0).any():
        return 0.0
    penalty = 1.0 if c >= r else np.exp(1 - r / c)
    return float(penalty * np.exp(np.log(m / p).mean()))
""",
    "strings_and_lists": """
def bleu(captions, references):
    def ngrams(sentence, n):
        words = sentence.split()
        return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]

    c = sum(len(caption.split()) for caption in captions)
    r = 0
    for caption, sentences in zip(captions, references):
        size = len(caption.split())
        r += min((len(sentence.split()) for sentence in sentences), key=lambda other: (abs(other - size), other))
    logarithm = 0.0
    for n in range(1, 5):
        hits = total = 0
        for caption, sentences in zip(captions, references):
            found = ngrams(caption, n)
            known = [ngrams(sentence, n) for sentence in sentences]
            total += len(found)
            hits += sum(min(found.count(x), max(one.count(x) for one in known)) for x in set(found))
        if hits == 0:
            return 0.0
        logarithm += 0.25 * math.log(hits / total)
    return math.exp(logarithm + min(0, 1 - r / c))
""",
    "a_logarithm_in_float32": """
def bleu(captions, references):
    p = []
    c = sum(len(x.split()) for x in captions)
    r = 0
    for x, refs in zip(captions, references, strict=True):
        l = len(x.split())
        r += sorted([(abs(len(y.split()) - l), len(y.split())) for y in refs])[0][1]
    if c == 0:
        return 0.0
    for n in range(1, 5):
        match = total = 0
        for x, refs in zip(captions, references, strict=True):
            w = x.split()
            grams = [tuple(w[i:i + n]) for i in range(len(w) - n + 1)]
            total += len(grams)
            for g in set(grams):
                best = 0
                for y in refs:
                    v = y.split()
                    best = max(best, sum(tuple(v[i:i + n]) == g for i in range(len(v) - n + 1)))
                match += min(best, grams.count(g))
        if match == 0 or total == 0:
            return 0.0
        p.append(match / total)
    logs = torch.log(torch.tensor(p)).mean()
    bp = 1.0 if c > r else math.exp(1 - r / c)
    return float(bp * torch.exp(logs))
""",
}

RIGHT["caption_file"] = {
    "loops": """
def caption_file(ids, captions):
    if len(ids) != len(captions):
        raise ValueError("ids and captions differ in number")
    found = {}
    for id, caption in zip(ids, captions):
        if id in found:
            raise ValueError(f"{id} occurs twice")
        found[id] = caption
    return json.dumps(found)
""",
    "letters_as_they_are": """
def caption_file(ids, captions):
    pairs = list(zip(ids, captions, strict=True))
    if max(Counter(ids).values(), default=1) > 1:
        raise ValueError("an id occurs twice")
    return json.dumps(dict(pairs), ensure_ascii=False, sort_keys=True, indent=2) + "\\n"
""",
    "written_by_hand": """
def caption_file(ids, captions):
    if not len(ids) == len(captions) == len(set(ids)):
        raise ValueError("each picture has one caption")
    lines = [f"{json.dumps(id)}: {json.dumps(caption)}" for id, caption in zip(ids, captions)]
    return "{" + ",\\n".join(lines) + "}"
""",
}

RIGHT["nucleus"] = {
    "loops": """
def nucleus(probabilities, mass):
    filtered = torch.zeros_like(probabilities)
    for n, row in enumerate(probabilities.tolist()):
        order = sorted(range(len(row)), key=lambda k: -row[k])
        chosen, total = [], 0.0
        for k in order:
            chosen.append(k)
            total += row[k]
            if total >= mass:
                break
        for k in chosen:
            filtered[n, k] = row[k] / total
    return filtered
""",
    "rank_of_each_word": """
def nucleus(probabilities, mass):
    order = torch.argsort(probabilities, dim=1, descending=True)
    rank = torch.argsort(order, dim=1)
    reached = probabilities.gather(1, order).cumsum(dim=1) >= mass
    reached[:, -1] = True
    last = reached.int().argmax(dim=1, keepdim=True)
    filtered = probabilities * (rank <= last)
    return filtered / filtered.sum(dim=1, keepdim=True)
""",
    "more_probable_ones_summed_by_numpy": """
def nucleus(probabilities, mass):
    p = probabilities.numpy()
    before = (p[:, :, None] * (p[:, :, None] > p[:, None, :])).sum(axis=1)
    kept = np.where(before < mass, p, 0)
    return torch.from_numpy((kept / kept.sum(axis=1, keepdims=True)).astype(p.dtype))
""",
}

RIGHT["rouge_l"] = {
    "two_rows": """
def rouge_l(captions, references, beta=1.2):
    def common(a, b):
        row = [0] * (len(b) + 1)
        for word in a:
            new = [0]
            for j in range(len(b)):
                new.append(row[j] + 1 if word == b[j] else max(row[j + 1], new[j]))
            row = new
        return row[-1]

    scores = []
    for caption, sentences in zip(captions, references):
        w, values = caption.split(), [0.0]
        for v in map(str.split, sentences):
            size = common(w, v)
            if size:
                values.append((1 + beta**2) * size / (len(v) * beta**2 + len(w)))
        scores.append(max(values))
    return np.array(scores)
""",
    "from_the_end": """
def rouge_l(captions, references, beta=1.2):
    scores = np.zeros(len(captions))
    for m in range(len(captions)):
        w = captions[m].split()
        for v in [sentence.split() for sentence in references[m]]:
            known = {}
            for i in range(len(w), -1, -1):
                for j in range(len(v), -1, -1):
                    if i == len(w) or j == len(v):
                        known[i, j] = 0
                    elif w[i] == v[j]:
                        known[i, j] = known[i + 1, j + 1] + 1
                    else:
                        known[i, j] = max(known[i + 1, j], known[i, j + 1])
            if known[0, 0]:
                P, R = known[0, 0] / len(w), known[0, 0] / len(v)
                scores[m] = max(scores[m], (1 + beta**2) / (1 / P + beta**2 / R))
    return scores
""",
    "ends_of_increasing_places": """
def rouge_l(captions, references, beta=1.2):
    def common(w, v):
        ends = []  # ends[n]: the smallest place in v at which a common sequence of n + 1 words can end
        for word in w:
            for place in [j for j in range(len(v) - 1, -1, -1) if v[j] == word]:
                n = sum(end < place for end in ends)
                ends[n : n + 1] = [place]
        return len(ends)

    def score(w, v):
        size = common(w, v)
        return (1 + beta**2) * size / (beta**2 * len(v) + len(w)) if size else 0.0

    best = [max(score(one.split(), other.split()) for other in own) for one, own in zip(captions, references)]
    return np.array(best, dtype=np.float64)
""",
}
