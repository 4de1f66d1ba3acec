"""Inputs for the exercises of assignment 6, and the small models that its decoders are tested with.

One function per exercise: a NumPy Generator and sizes in, the tuple of the exercise's arguments out, or of those of the
probe that shows the exercise. All sizes differ by default, lengths are in no order, and no weight is near zero. Tensors
are float64.
"""

import json
import random

import numpy as np
import torch

from selfcheck.arrays import ended_rows

PAD, START, END, UNK = 0, 1, 2, 3
SPECIAL = ["<pad>", "<start>", "<end>", "<unk>"]
WORDS = ["red", "blue", "old", "young", "man", "woman", "cat", "dog", "face", "hand", "with", "and", "medium", "light"]
WORDS += ["dark", "tone", "eye", "sun"]

# Exercises whose cell holds several functions, or takes or gives what is no plain data, or of which a gradient shows
# more than the value.
SHOWN_BY = {
    "build_vocabulary": "vocabulary_and_numbers",
    "caption_loss": "loss_and_gradient",
    "lstm_step": "state_and_gradient",
    "CaptionModel": "model_and_gradient",
    "train_step": "steps_of_learning",
    "decode_greedy": "greedy",
    "decode_sample": "drawn",
    "decode_beam": "beam",
    "bleu": "scores",
    "caption_file": "pairs_and_errors",
}
OPAQUE = {"embedding_forward": (1,)}


def sentences(rng, N=9, shortest=1, longest=8, words=WORDS):
    """N captions of some of these words."""
    return [" ".join(rng.choice(words, rng.integers(shortest, longest + 1))) for _ in range(N)]


def build_vocabulary(rng, N=11, minimum_count=2, words=WORDS):
    """(captions, minimum_count): many words are equally frequent, some are rarer than minimum_count."""
    captions = sentences(rng, N, 1, 6, words)
    return [*captions, f"{words[3]} {words[0]} Zebra", words[1], f"{words[5]} apple {words[5]}"], minimum_count


def encode(rng, N=6, K=12):
    """(captions, vocabulary): some words are not in the vocabulary; one caption is empty."""
    vocabulary = [*SPECIAL, *rng.permutation(WORDS)[: K - 4].tolist()]
    return [*sentences(rng, N), "", f"zebra {vocabulary[-1]} {vocabulary[4]}"], vocabulary


def decode(rng, N=6, K=12):
    """(rows, vocabulary): ids with END in the middle, at the end or nowhere, PAD and START among them."""
    vocabulary = encode(rng, 1, K)[1]
    rows = [rng.permutation([PAD, START, UNK, *range(4, K)])[: rng.integers(2, 8)].tolist() for _ in range(N)]
    rows = [[*row, END, *rng.integers(0, K, 3).tolist()] for row in rows[: N - 2]] + rows[N - 2 :]
    return [*rows, [START, 5, 4, 5, END], [START, UNK, 6, END, PAD, PAD], [END, 4], []], vocabulary


def _vocabulary_and_numbers(rng, N=11, minimum_count=2):
    captions, vocabulary = encode(rng)
    rows, other = decode(rng, K=11)
    return *build_vocabulary(rng, N, minimum_count), captions, vocabulary, rows, other


def embedding_forward(rng, N=3, T=5, K=7, D=4, padding=False):
    """(E, ids): some ids occur more than once, one in two rows, and one never. padding: PAD does, the last two not."""
    return torch.tensor(_signed(rng, K, D)), _repeating(rng, N, T, K, padding)


def embedding_backward(rng, N=3, T=5, K=7, D=4, padding=False):
    """(dout, cache)."""
    return torch.tensor(_signed(rng, N, T, D)), (_repeating(rng, N, T, K, padding), K)


def caption_loss(rng, lengths=(5, 2, 7, 4), T=8, K=9, spread=2.0):
    """(logits, targets): targets of these lengths, END the last, then PAD."""
    return torch.tensor(spread * rng.standard_normal((len(lengths), T, K))), _rows(rng, lengths, T, K)


def lstm_step(rng, N=3, D=4, H=5):
    """(x, h, c, U, W, b)."""
    shapes = ((N, D), (N, H), (N, H), (4 * H, D), (4 * H, H), (4 * H,))
    return tuple(torch.tensor(0.9 * _signed(rng, *shape)) for shape in shapes)


def CaptionModel(rng, lengths=(6, 3, 5), T=7, F=5, D=4, H=3, K=9):
    """(weights, features, tokens, words): a model's weights by name, and what it reads."""
    shapes = {"I": (D, F), "b_I": (D,), "E": (K, D), "U": (4 * H, D), "W": (4 * H, H), "b": (4 * H,)}
    shapes |= {"V": (K, H), "c_out": (K,)}
    weights = {name: torch.tensor(0.9 * _signed(rng, *shape)) for name, shape in shapes.items()}
    tokens = torch.cat([torch.full((len(lengths), 1), START), _rows(rng, [n - 1 for n in lengths], T - 1, K)], dim=1)
    return weights, _features(rng, len(lengths), F), tokens, torch.tensor(rng.integers(0, K, len(lengths)))


def train_step(rng, lengths=((5, 3, 6, 2), (4, 4, 2), (3, 6, 5, 5, 2)), F=4, K=7, max_norm=0.4, rate=0.8):
    """(weights, batches, max_norm, rate): a linear model, and (features, tokens) for each step of learning."""
    shapes = {"A": (K, F), "M": (K, K), "b": (K,)}
    weights = {name: torch.tensor(_signed(rng, *shape)) for name, shape in shapes.items()}
    batches = []
    for n, sizes in enumerate(lengths):
        _, features, tokens, _ = CaptionModel(rng, sizes, max(sizes) + n % 2, F, K=K)
        batches.append((features, tokens))
    return weights, batches, max_norm, rate


def decoder(rng, N=10, F=4, H=5, K=7, spread=2.0, end=0.0):
    """(weights, features) of a RememberingModel. spread: of the logits; end: added to END's."""
    shapes = {"A": (F, H), "B": (F, H), "E": (K, H), "R": (H, H), "S": (H, H), "V": (K, H), "Z": (K, H), "b": (K,)}
    weights = {name: torch.tensor(_signed(rng, *shape)) for name, shape in shapes.items()}
    for name in ("V", "Z", "b"):
        weights[name] *= spread
    weights["b"][END] += end
    return weights, _features(rng, N, F)


def decode_greedy(rng, N=12, F=4, H=5, K=7, max_length=6, spread=2.0):
    """(weights, features, max_length): a model that ends some captions soon and others never."""
    return *decoder(rng, N, F, H, K, spread), max_length


def decode_sample(rng, N=10, K=7, tau=0.5, max_length=5):
    """(weights, features, max_length, table, tau, seed): see PROBES["drawn"]."""
    weights, features, max_length = decode_greedy(rng, N, K=K, max_length=max_length)
    return weights, features, max_length, fifths(rng, K), tau, int(rng.integers(2**31))


def fifths(rng, K=7):
    """Shares (2, 2, K, K) in fifths for a TableModel: by step, group and word read. END may come in the second step."""
    table = np.zeros((2, 2, K, K), dtype=np.int64)
    for group in range(2):
        first, second, *_ = words = rng.permutation(np.arange(UNK, K))
        table[0, group, START, [first, second, END]] = 2, 2, 1
        for n, word in enumerate((first, second)):
            table[1, group, word, [END, PAD, words[n], words[2]]] = [(2, 1, 1, 1), (0, 1, 3, 1)][(n + group) % 2]
    return torch.tensor(table)


def table_model(rng, G=2, steps=3, K=6, spread=1.2):
    """Logits (steps, G, K, K) of a TableModel."""
    return torch.tensor(spread * rng.standard_normal((steps, G, K, K)))


def decode_beam(rng, N=4, F=4, H=5, K=6, k=3, max_length=6, alpha=0.7, spread=0.8):
    """(weights, features, k, max_length, alpha): features (N, F), to be captioned one by one."""
    return *decoder(rng, N, F, H, K, spread), k, max_length, alpha


def extend_beam(rng, k=4, K=6, empty=0, ties=False):
    """(scores, log_p, finished): some hypotheses are finished; the last `empty` slots hold nothing.

    ties: scores and log_p are whole numbers, so that many sums are equal.
    """
    scores = torch.tensor(-5 * rng.random(k)).sort(descending=True).values
    finished = torch.tensor(rng.permutation(np.arange(k) < (k + 1) // 3))
    scores[k - empty :], finished[k - empty :] = -torch.inf, False
    log_p = torch.tensor(2 * rng.standard_normal((k, K))).log_softmax(dim=1)
    return (scores.round(), log_p.round(), finished) if ties else (scores, log_p, finished)


def _beam_case(rng, k=3, K=6, slots=4, empty=0, ties=False, **sizes):
    return *decode_beam(rng, k=k, K=K, **sizes), *extend_beam(rng, slots, K, empty, ties)


def bleu(rng, M=7, most_references=3, empty=True):
    """(captions, references): captions made of their references' parts; the second is empty, the third has one word.

    Some captions are too short, in others some words stand too often. Where there are several references, two may be
    equally near in length. There are small letters and capitals.
    """
    words = [*WORDS[:8], WORDS[0].capitalize()]
    references, captions = [], []
    for _ in range(M):
        own = sentences(rng, int(rng.integers(1, most_references + 1)), 7, 12, words)
        said = own[0].split()
        for _ in range(int(rng.integers(0, 4))):
            said[int(rng.integers(len(said)))] = str(rng.choice(words))
        said = said[int(rng.integers(0, 4)) :] + said[: int(rng.integers(1, 6))] * int(rng.integers(0, 3))
        if len(own) > 1:
            other = 2 * len(said) - len(own[0].split())  # as many words too many as the first has too few
            own[1] = " ".join([*said[1:4], *rng.choice(words, max(0, other - 3))])
        references.append([own[n] for n in rng.permutation(len(own))])
        captions.append(" ".join(said))
    if empty and M > 3:
        captions[1], captions[2] = "", captions[2].split()[0]
    return captions, references


def _corpora(rng, most_references):
    """Four corpora, of one caption to seven."""
    return ([bleu(rng, M, most_references, empty=M > 5) for M in (1, 2, 3, 6)],)


def caption_file(rng, M=9, twice=True):
    """(ids, captions): ids in no order; captions with an accent and more, one empty, one twice or none."""
    ids = [f"hidden-{n:03d}" for n in rng.permutation(900)[:M]]
    captions = [*sentences(rng, M - 4, 6, 8), 'A "smile" \\ café', "", "red cat", "red cat" if twice else "red dog"]
    return ids, [captions[n] for n in rng.permutation(M)]


def nucleus(rng, N=4, K=7, mass=0.7, spread=1.5):
    """(probabilities, mass): the larger the spread, the fewer words have the mass."""
    return torch.tensor(spread * rng.standard_normal((N, K))).softmax(dim=1), mass


def rouge_l(rng, M=7, most_references=3, beta=1.2, empty=True):
    """(captions, references, beta): as for bleu."""
    return *bleu(rng, M, most_references, empty), beta


def CASES(name, rng):
    """The argument tuples on which a mistake in the exercise `name` is recognised, jointly over all of them."""
    return _CASES[name](rng)


_CASES = {
    "build_vocabulary": lambda rng: [
        _vocabulary_and_numbers(rng),
        _vocabulary_and_numbers(rng, 8, 1),
        _vocabulary_and_numbers(rng, 15, 3),
    ],
    "embedding_forward": lambda rng: [
        embedding_forward(rng),
        embedding_forward(rng, 4, 2, 5, 6),
        embedding_forward(rng, 2, 4, 6, 3, padding=True),
    ],
    "embedding_backward": lambda rng: [
        embedding_backward(rng),
        embedding_backward(rng, 2, 6, 5, 3),
        embedding_backward(rng, 4, 3, 6, 5, padding=True),
    ],
    "caption_loss": lambda rng: [
        caption_loss(rng),
        caption_loss(rng, (2, 7, 4), 7, 5, spread=0.5),
        caption_loss(rng, (4, 3, 4), 4, 4),
        caption_loss(rng, (3, 5), 5, 6, spread=600.0),
    ],
    "lstm_step": lambda rng: [lstm_step(rng), lstm_step(rng, 2, 3, 4), lstm_step(rng, 4, 5, 5)],
    "CaptionModel": lambda rng: [CaptionModel(rng), CaptionModel(rng, (4, 2, 5, 3), 7, 3, 5, 4, 8)],
    "train_step": lambda rng: [
        train_step(rng),
        train_step(rng, max_norm=50.0),
        train_step(rng, F=3, K=6, max_norm=0.1, rate=3.0),
    ],
    "decode_greedy": lambda rng: [
        decode_greedy(rng),
        decode_greedy(rng, N=15, K=6, max_length=9, spread=1.0),
        decode_greedy(rng, N=15, max_length=3),
    ],
    "decode_sample": lambda rng: [decode_sample(rng), decode_sample(rng, N=12, K=8, tau=2.0, max_length=8)],
    "decode_beam": lambda rng: [
        _beam_case(rng),
        _beam_case(rng, k=2, K=5, N=6, max_length=5, alpha=0.0, slots=5, empty=2),
        _beam_case(rng, k=9, K=4, N=4, max_length=4, alpha=1.3, slots=2),
        _beam_case(rng, k=4, K=7, N=5, max_length=7, alpha=1.0, spread=0.5, slots=6, empty=3),
        _beam_case(rng, k=3, K=8, N=3, max_length=4, slots=7, ties=True),
        _beam_case(rng, k=2, K=6, N=3, max_length=3, slots=5, ties=True),
    ],
    "bleu": lambda rng: [_corpora(rng, most_references) for most_references in (1, 2, 3, 2, 3, 2, 3)],
    "caption_file": lambda rng: [caption_file(rng), caption_file(rng, 12, twice=False)],
    "nucleus": lambda rng: [
        nucleus(rng),
        nucleus(rng, N=3, K=9, mass=0.4, spread=2.0),
        nucleus(rng, N=5, K=5, mass=0.9),
        nucleus(rng, N=2, K=6, mass=0.2),
    ],
    "rouge_l": lambda rng: [
        rouge_l(rng),
        rouge_l(rng, 5, 1, beta=0.5),
        rouge_l(rng, 6, 4, beta=2.0),
        rouge_l(rng, 3, 2, beta=1.5, empty=False),
    ],
}


def _held(tensor):
    """A tensor as a parameter that is not trained: a decoder may ask a model for its parameters, say for a device."""
    return torch.nn.Parameter(tensor, requires_grad=False)


class RememberingModel(torch.nn.Module):
    """A model for decoders, with weights set by hand: what it says next depends on the picture and on all words read.

    Its state is a pair, and both parts matter.
    """

    def __init__(self, weights):
        super().__init__()
        self.weights = torch.nn.ParameterDict({name: _held(tensor) for name, tensor in weights.items()})

    def start(self, features):
        """The pair (h, c), (N, H) each. ValueError unless features are (N, F)."""
        if features.dim() != 2:
            raise ValueError(f"start was given features of shape {tuple(features.shape)} and reads (N, F)")
        return torch.tanh(features @ self.weights["A"]), torch.tanh(features @ self.weights["B"])

    def step(self, state, words):
        """The new pair, and logits (N, K)."""
        (h, c), w = state, self.weights
        h = torch.tanh(w["E"][words] + h @ w["R"])
        c = torch.tanh(c @ w["S"] + h)
        return (h, c), h @ w["V"].T + c @ w["Z"].T + w["b"]


class TableModel(torch.nn.Module):
    """A model for decoders whose logits stand in a table (steps, G, K, K): by step, group of picture and word read.

    A picture's features (N, G) are one-hot: its group. The state counts the steps; the last one of the table is
    repeated.
    """

    def __init__(self, table):
        super().__init__()
        self.table = _held(table)

    def start(self, features):
        """The pair (h, c): which group, how many steps."""
        return features, torch.zeros_like(features)

    def step(self, state, words):
        """The new pair, and logits (N, K)."""
        h, c = state
        return (h, c + 1), self.table[c[:, 0].long().clamp(max=len(self.table) - 1), h.argmax(dim=1), words]


class LinearModel(torch.nn.Module):
    """A model for train_step: the logits of a word are linear in the picture and in the word before it."""

    def __init__(self, weights):
        super().__init__()
        for name, tensor in weights.items():
            self.register_parameter(name, torch.nn.Parameter(tensor.clone()))

    def forward(self, features, tokens):
        """Logits (N, T-1, K) of tokens[:, 1:]."""
        return (features @ self.A.T)[:, None] + self.M[tokens[:, :-1]] + self.b


class Descent:
    """Gradient descent with momentum 1/2, as torch.optim.SGD does it, which makes PyTorch import 800 modules more."""

    def __init__(self, parameters, lr):
        self.param_groups = [{"params": list(parameters), "lr": lr, "momentum": 0.5}]
        self.velocities = [torch.zeros_like(parameter) for parameter in self.param_groups[0]["params"]]

    def zero_grad(self, set_to_none=True):
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None if set_to_none or parameter.grad is None else torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self, closure=None):
        """Move each parameter that has a gradient by its velocity; a closure computes the loss and gradients first."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for parameter, velocity in zip(self.param_groups[0]["params"], self.velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(0.5).add_(parameter.grad)
                parameter.sub_(self.param_groups[0]["lr"] * velocity)
        return loss


def groups(G, N):
    """Features (G * N, G) of a TableModel: N pictures of each group, one after the other."""
    return torch.eye(G, dtype=torch.float64).repeat_interleave(N, dim=0)


def _vocabulary_and_numbers_shown(namespace, captions, minimum_count, others, vocabulary, rows, other):
    """What the three functions of the cell give, by name; each has a vocabulary of its own."""
    return {
        "vocabulary": namespace["build_vocabulary"](captions, minimum_count),
        "ids": [namespace["encode"](caption, vocabulary) for caption in others],
        "captions": [namespace["decode"](row, other) for row in rows],
    }


def _encoded(namespace, captions, vocabulary):
    """The student's encode of each caption."""
    return [namespace["encode"](caption, vocabulary) for caption in captions]


def _decoded(namespace, rows, vocabulary):
    """The student's decode of each row."""
    return [namespace["decode"](row, vocabulary) for row in rows]


def _loss_and_gradient(namespace, logits, targets):
    """The student's loss, and the gradient that reaches the logits from it; targets are a slice, as in train_step."""
    logits = logits.clone().requires_grad_()
    tokens = torch.cat([torch.full_like(targets[:, :1], START), targets], dim=1)
    return _with_gradients({"loss": namespace["caption_loss"](logits, tokens[:, 1:])}, {"logits": logits})


def _state_and_gradients(namespace, *args):
    """The student's state, and the gradients that reach all six arguments from it."""
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in zip("xhcUWb", args, strict=True)}
    state = namespace["lstm_step"](*leaves.values())
    both = state if type(state) is tuple and len(state) == 2 else (state, None)
    return _with_gradients(dict(zip(("h", "c"), both, strict=True)), leaves)


def _state_and_gradient(namespace, x, h, c, U, W, b):
    """The same with all gradients one behind the other."""
    return _with_one_gradient(_state_and_gradients(namespace, x, h, c, U, W, b))


def _made(namespace, weights):
    """The student's model with these weights."""
    (D, F), (K, H) = weights["I"].shape, weights["V"].shape
    model = namespace["CaptionModel"](F, D, H, K, weights["I"].dtype)
    with torch.no_grad():
        for name, tensor in weights.items():
            getattr(model, name).copy_(tensor)
    return model


def _model_and_gradients(namespace, weights, features, tokens, words):
    """The student's start, step and forward, and the gradients that reach the weights from forward's logits.

    Before the step, which goes on from the first state, other pictures are read.
    """
    model = _made(namespace, weights)
    start = model.start(features)
    model.start(-features)
    step = model.step(start, words)
    logits = model(features, tokens)
    shown = _with_gradients({"logits": logits}, dict(model.named_parameters()))
    return {"start": _detached(start), "step": _detached(step), **shown}


def _model_and_gradient(namespace, weights, features, tokens, words):
    """The same with all gradients one behind the other: fewer numbers make a fingerprint that is easier to keep."""
    return _with_one_gradient(_model_and_gradients(namespace, weights, features, tokens, words))


def _with_one_gradient(shown):
    gradients = [shown.pop(name).flatten() for name in list(shown) if name.startswith("d")]
    return {**shown, "gradient": torch.cat(gradients)}


def _model_logits(namespace, weights, batches):
    """The logits of the student's model for each (features, tokens)."""
    model = _made(namespace, weights)
    return [_detached(model(features, tokens)) for features, tokens in batches]


def _model_loss(namespace, weights, features, tokens):
    """The student's caption_loss of the student's model on a batch, and the gradients of its weights."""
    model = _made(namespace, weights)
    loss = namespace["caption_loss"](model(features, tokens), tokens[:, 1:])
    loss.backward()
    return _detached(loss), {name: parameter.grad for name, parameter in model.named_parameters()}


def _steps_of_learning(namespace, weights, batches, max_norm, rate):
    """Losses and norms of the student's steps, and the weights of the linear model afterwards.

    Before the first step some gradient of an earlier batch stands in the weights.
    """
    model = LinearModel(weights)
    optimiser = Descent(model.parameters(), rate)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    steps = [namespace["train_step"](model, optimiser, *batch, max_norm) for batch in batches]
    return {"steps": steps, **{name: parameter.detach() for name, parameter in model.named_parameters()}}


def _greedy(namespace, weights, features, max_length):
    """The student's captions of a RememberingModel."""
    return namespace["decode_greedy"](RememberingModel(weights), features, max_length)


def _greedy_from_table(namespace, table, features, max_length):
    """The student's captions of a TableModel."""
    return namespace["decode_greedy"](TableModel(table), features, max_length)


def _sampled(namespace, weights, features, temperature, seeds, max_length):
    """The student's captions of a RememberingModel, once for each seed."""
    model = RememberingModel(weights)
    return [namespace["decode_sample"](model, features, temperature, _generator(seed), max_length) for seed in seeds]


def _sampled_in_turn(namespace, weights, features, temperature, seed, max_length):
    """The student's captions of a RememberingModel, twice, from one generator."""
    model, generator = RememberingModel(weights), _generator(seed)
    return [namespace["decode_sample"](model, features, temperature, generator, max_length) for _ in range(2)]


def _sampled_from_table(namespace, table, features, temperature, seed, max_length):
    """The student's captions of a TableModel as one int64 array (N, max_length), -1 after a caption's end."""
    said = namespace["decode_sample"](TableModel(table), features, temperature, _generator(seed), max_length)
    return _padded(said, max_length)


def _shared_generators(draw=False):
    """The states of the generators that all code shares.

    draw: a number from each first, so that a call which seeds them as the call before did is seen too.
    """
    if draw:
        torch.rand(1), np.random.random(), random.random()
    _, numbers, place, *_ = np.random.get_state()
    return torch.get_rng_state().tolist(), random.getstate(), numbers.tolist(), place


def _drawn(namespace, weights, features, max_length, table, tau, seed):
    """What is the same however a student draws, by name.

    captions: of a RememberingModel at a temperature so low that only the likeliest word is drawn. shares: of the words
    that a TableModel says at temperature tau, in fifths, which its probabilities nearly are: of 2000 captions for each
    of two groups the first words, and the second ones after each of the two first words. longest: of these captions.
    repeats: whether the seed alone decides. moves: whether the generators that all code shares are used.
    """
    function, before = namespace["decode_sample"], _shared_generators(draw=True)
    tilt = 0.02 * torch.arange(table.shape[-1]) / table.shape[-1]  # no two words are equally likely
    model, pictures = TableModel(tau * (torch.log(table / 5 + 1e-30) + tilt)), groups(2, 2000)
    drawn = function(model, pictures, tau, _generator(seed), 2)
    said = _padded([row[:2] for row in drawn], 2)
    one, again = (function(model, groups(2, 30), tau, _generator(seed), 2) for _ in range(2))
    try:
        captions = function(RememberingModel(weights), features, 1e-7, _generator(seed), max_length)
    except RuntimeError:  # probabilities that are no probabilities
        captions = "RuntimeError"
    K, shares = table.shape[-1], []
    for group, rows in enumerate(said.reshape(2, 2000, 2)):
        shares.append(_in_fifths(rows[:, 0], K))
        for word in torch.nonzero(table[0, group, START] == 2)[:, 0].tolist():
            shares.append(_in_fifths(rows[rows[:, 0] == word, 1], K))
    return {
        "captions": captions,
        "shares": np.array(shares),
        "longest": max(map(len, drawn)),
        "repeats": one == again,
        "moves": _shared_generators() != before,
    }


def _in_fifths(words, K):
    """How many fifths of the words are -1 (no more word), 0, 1 ... K-1; zeros if there are no words."""
    counts = np.bincount(words + 1, minlength=K + 1)[: K + 1]
    return np.rint(5 * counts / max(1, len(words))).astype(np.int64)


def _beams(namespace, weights, features, k, max_length, alpha):
    """The student's decode_beam on a RememberingModel, picture by picture: a list of results."""
    model = RememberingModel(weights)
    return [namespace["decode_beam"](model, picture, k, max_length, alpha) for picture in features]


def _beam_from_table(namespace, table, picture, k, max_length, alpha):
    """The student's decode_beam of one picture (G,) on a TableModel."""
    return namespace["decode_beam"](TableModel(table), picture, k, max_length, alpha)


def _beams_without_alpha(namespace, weights, features, k, max_length):
    """The same without the last argument."""
    model = RememberingModel(weights)
    return [namespace["decode_beam"](model, picture, k, max_length) for picture in features]


def _extend_beam(namespace, scores, log_p, finished):
    """What the student's extend_beam gives."""
    return namespace["extend_beam"](scores, log_p, finished)


def _beam(namespace, weights, features, k, max_length, alpha, scores, log_p, finished):
    """What both functions of the cell give, by name; captions that extend_beam's parents have led to no slot say so."""
    try:
        found = _beams(namespace, weights, features, k, max_length, alpha)
    except IndexError:
        found = ["IndexError"] * len(features)
    extended = namespace["extend_beam"](scores, log_p, finished)
    three = extended if type(extended) is tuple and len(extended) == 3 else (extended, None, None)
    pairs = [one if type(one) is tuple and len(one) == 2 else (one, None) for one in found]
    captions, values = zip(*pairs, strict=True)
    return {
        "captions": list(captions),
        "values": list(values),
        "words": three[0],
        "parents": three[1],
        "best": three[2],
    }


def _scores(namespace, corpora):
    """The student's bleu of each corpus."""
    return [namespace["bleu"](captions, references) for captions, references in corpora]


def _text_of(namespace, ids, captions):
    """The student's text of captions.json."""
    return namespace["caption_file"](ids, captions)


def _pairs_and_errors(namespace, ids, captions):
    """What the student's text holds, sorted by id, and what is raised where it should be."""
    text = namespace["caption_file"](ids, captions)
    shown = {"text": type(text).__name__, "pairs": _pairs(text)}
    for name, args in {
        "one_caption_too_few": (ids, captions[:-1]),
        "one_caption_too_many": (ids, [*captions, captions[0]]),
        "an_id_twice": ([*ids[:-1], ids[0]], captions),
    }.items():
        try:
            shown[name] = _pairs(namespace["caption_file"](*args))
        except Exception as error:
            shown[name] = "ValueError" if isinstance(error, ValueError) else type(error).__name__
    return shown


def _pairs(text):
    try:
        content = json.loads(text, object_pairs_hook=lambda pairs: sorted(map(list, pairs), key=repr))
    except TypeError:
        return "no text"
    except ValueError:
        return f"no JSON in {len(text.splitlines())} lines"
    return content if type(content) is list else type(content).__name__


PROBES = {
    "vocabulary_and_numbers": _vocabulary_and_numbers_shown,
    "encoded": _encoded,
    "decoded": _decoded,
    "loss_and_gradient": _loss_and_gradient,
    "state_and_gradients": _state_and_gradients,
    "state_and_gradient": _state_and_gradient,
    "model_and_gradients": _model_and_gradients,
    "model_and_gradient": _model_and_gradient,
    "model_logits": _model_logits,
    "model_loss": _model_loss,
    "steps_of_learning": _steps_of_learning,
    "greedy": _greedy,
    "greedy_from_table": _greedy_from_table,
    "sampled": _sampled,
    "sampled_in_turn": _sampled_in_turn,
    "sampled_from_table": _sampled_from_table,
    "drawn": _drawn,
    "beams": _beams,
    "beam_from_table": _beam_from_table,
    "beams_without_alpha": _beams_without_alpha,
    "extend_beam": _extend_beam,
    "beam": _beam,
    "scores": _scores,
    "text_of": _text_of,
    "pairs_and_errors": _pairs_and_errors,
}


def _with_gradients(values, leaves):
    """The values by name, and "d" + leaf: the gradients of a sum of all their entries, all weights different."""
    shown = {name: _detached(value) for name, value in values.items()}
    weighed = []
    for n, value in enumerate(value for value in values.values() if type(value) is torch.Tensor):
        weights = torch.linspace(n, n + 1, value.numel(), dtype=value.dtype).reshape(value.shape).cos()
        weighed += [(value * weights).sum()] if value.requires_grad else []
    found = torch.autograd.grad(sum(weighed), list(leaves.values()), allow_unused=True) if weighed else []
    gradients = dict(zip(leaves, found, strict=bool(weighed)))
    for leaf, tensor in leaves.items():
        gradient = gradients.get(leaf)
        shown[f"d{leaf}"] = torch.zeros_like(tensor.detach()) if gradient is None else gradient.detach()
    return shown


def _detached(value):
    if type(value) in (tuple, list):
        return type(value)(map(_detached, value))
    return value.detach() if isinstance(value, torch.Tensor) else value


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _padded(rows, T):
    """Lists of ints as an array (N, T), -1 where a list has ended; ValueError if one is longer."""
    array = np.full((len(rows), T), -1)
    for n, row in enumerate(rows):
        if len(row) > T:
            raise ValueError(f"a caption of {len(row)} words, where max_length is {T}")
        array[n, : len(row)] = row
    return array


def _rows(rng, lengths, T, K):
    """(N, T) int64: ids of words, END the last of each length, then PAD."""
    return torch.tensor(ended_rows(rng, lengths, T, (UNK, K), end=END, pad=PAD))


def _repeating(rng, N, T, K, padding=False):
    """(N, T) int64 ids: of 1 ... K-1 only, the first of each row equal, the second of a row equal to the first.

    padding: of 0 ... K-3, and the last of the last row is PAD.
    """
    ids = torch.tensor(rng.integers(0 if padding else 1, K - 2 * padding, (N, T)))
    ids[:, 0] = ids[0, 0]
    ids[0, min(1, T - 1)] = ids[0, 0]
    if padding:
        ids[-1, -1] = PAD
    return ids


def _features(rng, N, F):
    return torch.tensor(_signed(rng, N, F))


def _signed(rng, *shape):
    """Numbers between 0.4 and 1.1 in size, of either sign."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.4, 1.1, shape)
