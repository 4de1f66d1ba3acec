"""The reference of assignment 6 agrees with torch.nn, sacreBLEU, NLTK and exhaustive search; no mistake does."""

import itertools
import json
import math
import warnings
from collections import Counter

import numpy as np
import pytest
import sacrebleu
import torch
from nltk.translate import bleu_score
from rapidfuzz.distance import LCSseq
from torch import nn

from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import load_reference
from content import read_content
from selfcheck import shared_generators
from selfcheck.expect import Mismatch
from selfcheck.oracles import deviation, exhaustive_search

REPOSITORY = Repository.default()
CONTENT = read_content("a6_captioning")
reference, cases = CONTENT.reference, CONTENT.cases
with warnings.catch_warnings():
    warnings.simplefilter("ignore", pytest.PytestUnknownMarkWarning)  # of a test's exercise
    hidden = load_reference(REPOSITORY.hidden("a6_captioning"))
    visible = load_reference(REPOSITORY.visible("a6_captioning"))
PAD, START, END, UNK = reference.PAD, reference.START, reference.END, reference.UNK


@pytest.fixture(scope="module")
def emoji():
    """The training captions, the hidden pictures' ids, and some real captions with others like them."""
    with np.load(REPOSITORY.data / "emoji.npz") as data:
        split, captions, ids = data["split"], data["captions"], data["hidden_ids"].tolist()
    return captions[split == "train"][:, 0].tolist(), ids


def _rng(seed=0):
    return np.random.default_rng([2026, seed])


def _slopes(function, tensor, step=1e-6):
    """The gradient of a function of one tensor by central differences in every entry."""
    found = torch.empty_like(tensor)
    for index in itertools.product(*map(range, tensor.shape)):
        values = []
        for sign in (1, -1):
            moved = tensor.clone()
            moved[index] += sign * step
            values.append(function(moved).item())
        found[index] = (values[0] - values[1]) / (2 * step)
    return found


# Words and numbers


@pytest.mark.parametrize("minimum_count", [1, 2, 5])
def test_the_vocabulary_is_counted_and_sorted_otherwise(emoji, minimum_count):
    captions = emoji[0]
    words = sorted(" ".join(captions).split())
    groups = sorted((-len(list(group)), word) for word, group in itertools.groupby(words))
    desired = [*reference.SPECIAL, *(word for count, word in groups if -count >= minimum_count)]
    assert reference.build_vocabulary(captions, minimum_count) == desired


def test_every_caption_of_the_data_comes_back(emoji):
    vocabulary = reference.build_vocabulary(emoji[0])
    for caption in emoji[0][::50]:
        ids = reference.encode(caption, vocabulary)
        assert (ids[0], ids[-1]) == (START, END)
        assert reference.decode(ids, vocabulary) == caption


def test_padded_captions_stand_at_the_left():
    tokens = reference.pad_captions(["cat", "dog cat x", ""], [*reference.SPECIAL, "cat", "dog"])
    assert tokens.tolist() == [[1, 4, 2, 0, 0], [1, 5, 4, 3, 2], [1, 2, 0, 0, 0]]
    assert tokens.dtype is torch.int64


# Embedding and loss


def test_lookups_and_their_gradients_agree_with_torch_nn_and_with_differences():
    E, ids = cases.embedding_forward(_rng())
    leaf = E.clone().requires_grad_()
    desired = nn.functional.embedding(ids, leaf)
    out, cache = reference.embedding_forward(E, ids)
    assert torch.equal(out, desired.detach())
    dout = torch.tensor(_rng(1).standard_normal(out.shape))
    dE = reference.embedding_backward(dout, cache)
    torch.testing.assert_close(dE, torch.autograd.grad((desired * dout).sum(), leaf)[0], rtol=1e-12, atol=1e-14)
    slopes = _slopes(lambda E: (reference.embedding_forward(E, ids)[0] * dout).sum(), E)
    torch.testing.assert_close(dE, slopes, rtol=1e-7, atol=1e-8)
    one_hot = nn.functional.one_hot(ids, len(E)).double().flatten(0, 1)
    torch.testing.assert_close(dE, one_hot.T @ dout.flatten(0, 1), rtol=1e-12, atol=1e-14)


def test_losses_and_gradients_agree_with_cross_entropy_and_with_differences():
    logits, targets = cases.caption_loss(_rng(), (4, 1, 3), 5, 6)
    shown = cases.PROBES["loss_and_gradient"](vars(reference), logits, targets)
    leaf = logits.clone().requires_grad_()
    wanted = nn.functional.cross_entropy(leaf.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    torch.testing.assert_close(shown["loss"], wanted.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(shown["dlogits"], torch.autograd.grad(wanted, leaf)[0], rtol=1e-11, atol=1e-14)
    slopes = _slopes(lambda logits: reference.caption_loss(logits, targets), logits)
    torch.testing.assert_close(shown["dlogits"], slopes, rtol=0, atol=1e-8)


def test_the_loss_is_the_definition_word_by_word():
    logits, targets = cases.caption_loss(_rng())
    terms = []
    for n, t in itertools.product(range(targets.shape[0]), range(targets.shape[1])):
        if targets[n, t] != PAD:
            e = [math.exp(x) for x in logits[n, t].tolist()]
            terms.append(-math.log(e[targets[n, t]] / sum(e)))
    assert reference.caption_loss(logits, targets).item() == pytest.approx(sum(terms) / len(terms), rel=1e-12)


# The LSTM and the model


def test_steps_agree_with_torch_nn_and_assignment_4_and_differences():
    args = cases.lstm_step(_rng())
    x, h, c, U, W, b = args
    cell = nn.LSTMCell(4, 5, dtype=torch.float64)
    with torch.no_grad():
        for parameter, tensor in zip(cell.parameters(), (U, W, b, torch.zeros_like(b)), strict=True):
            parameter.copy_(tensor)
    a4 = load_reference(REPOSITORY.source("a4_lstm"))
    found = reference.lstm_step(*args)
    by_hand = a4.lstm_step_forward(*(tensor.numpy() for tensor in args))[:2]
    for one, two, three in zip(found, cell(x, (h, c)), by_hand, strict=True):
        torch.testing.assert_close(one, two.detach(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(one.numpy(), three, rtol=1e-12)
    shown = cases.PROBES["state_and_gradients"](vars(reference), *args)
    ramp = torch.linspace(0, 1, 15, dtype=torch.float64).reshape(3, 5)
    for n, name in enumerate("xhcUWb"):

        def weighed(tensor, n=n):
            h, c = reference.lstm_step(*args[:n], tensor, *args[n + 1 :])
            return (h * ramp.cos()).sum() + (c * (ramp + 1).cos()).sum()

        torch.testing.assert_close(shown[f"d{name}"], _slopes(weighed, args[n]), rtol=1e-6, atol=1e-8)


def _torch_loss(weights, features, tokens):
    """The mean cross-entropy of a captioner made of torch.nn alone, and its parameters by our names."""
    (D, F), (K, H) = weights["I"].shape, weights["V"].shape
    layers = {
        "image": nn.Linear(F, D),
        "words": nn.Embedding(K, D),
        "lstm": nn.LSTM(D, H, batch_first=True),
        "out": nn.Linear(H, K),
    }
    model = nn.ModuleDict(layers).double()
    lstm = layers["lstm"]
    owners = {"I": layers["image"].weight, "b_I": layers["image"].bias, "E": layers["words"].weight}
    owners |= {"U": lstm.weight_ih_l0, "W": lstm.weight_hh_l0, "b": lstm.bias_ih_l0}
    owners |= {"V": layers["out"].weight, "c_out": layers["out"].bias}
    with torch.no_grad():
        lstm.bias_hh_l0.zero_()
        for name, parameter in owners.items():
            parameter.copy_(weights[name])
    read = torch.cat([model["image"](features)[:, None], model["words"](tokens[:, :-1])], dim=1)
    logits = model["out"](lstm(read)[0])[:, 1:]
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=PAD)
    return logits, loss, owners


def test_the_model_and_its_gradients_agree_with_torch_nn_on_equal_weights():
    for seed, sizes in enumerate([((6, 3, 5), 7, 5, 4, 3, 9), ((2,), 2, 1, 1, 1, 5), ((4, 7), 9, 3, 6, 5, 6)]):
        weights, features, tokens, _ = cases.CaptionModel(_rng(seed), *sizes)
        logits, wanted, owners = _torch_loss(weights, features, tokens)
        found = cases.PROBES["model_logits"](vars(reference), weights, [(features, tokens)])[0]
        torch.testing.assert_close(found, logits.detach(), rtol=1e-11, atol=1e-13)
        loss, gradients = cases.PROBES["model_loss"](vars(reference), weights, features, tokens)
        torch.testing.assert_close(loss, wanted.detach(), rtol=1e-12, atol=0)
        wanted.backward()
        for name, gradient in gradients.items():
            torch.testing.assert_close(gradient, owners[name].grad, rtol=1e-9, atol=1e-13)


def test_the_models_gradients_agree_with_differences():
    weights, features, tokens, _ = cases.CaptionModel(_rng(), (3, 4), 5, 3, 2, 3, 5)
    _, gradients = cases.PROBES["model_loss"](vars(reference), weights, features, tokens)
    for name in weights:

        def loss(tensor, name=name):
            moved = {**weights, name: tensor}
            return cases.PROBES["model_loss"](vars(reference), moved, features, tokens)[0]

        torch.testing.assert_close(gradients[name], _slopes(loss, weights[name]), rtol=1e-5, atol=1e-8)


def test_a_models_first_weights_are_small_and_differ():
    torch.manual_seed(0)
    model = reference.CaptionModel(6, 5, 4, 9)
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    wanted = {"I": (5, 6), "b_I": (5,), "E": (9, 5), "U": (16, 5), "W": (16, 4), "b": (16,), "V": (9, 4), "c_out": (9,)}
    assert shapes == wanted
    for parameter in model.parameters():
        assert parameter.dtype is torch.float32
        assert 0 < parameter.abs().max() < 1
        assert parameter.unique().numel() == parameter.numel()


# Learning


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("max_norm", [0.05, 0.5, 30.0])
def test_steps_of_learning_agree_with_torchs_own_and_with_assignment_3(kind, max_norm):
    weights, batches, *_ = cases.train_step(_rng())
    a3 = load_reference(REPOSITORY.source("a3_stability"))
    models = [cases.LinearModel(weights) for _ in range(2)]
    ours, theirs = (getattr(torch.optim, kind)(model.parameters(), lr=0.1) for model in models)
    for features, tokens in batches:
        loss, norm = reference.train_step(models[0], ours, features, tokens, max_norm)
        logits = models[1](features, tokens).transpose(1, 2)
        wanted = nn.functional.cross_entropy(logits, tokens[:, 1:], ignore_index=PAD)
        gradients = dict(zip(weights, torch.autograd.grad(wanted, list(models[1].parameters())), strict=True))
        clipped, desired = a3.clip_gradient_norm({n: g.numpy() for n, g in gradients.items()}, max_norm)
        for name, parameter in models[1].named_parameters():
            parameter.grad = torch.tensor(clipped[name])
        theirs.step()
        assert loss == pytest.approx(wanted.item(), rel=1e-5)
        assert norm == pytest.approx(desired, rel=1e-5)
        assert type(loss) is type(norm) is float
        for one, two in zip(*(model.parameters() for model in models), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


def test_the_cases_descent_is_torchs():
    weights, batches, *_ = cases.train_step(_rng())
    models = [cases.LinearModel(weights) for _ in range(2)]
    ours = cases.Descent(models[0].parameters(), 0.3)
    theirs = torch.optim.SGD(models[1].parameters(), lr=0.3, momentum=0.5)
    for model, optimiser in zip(models, (ours, theirs), strict=True):
        for batch in batches:
            reference.train_step(model, optimiser, *batch, 0.4)
    for one, two in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-14)


def test_a_model_learns_pictures_by_heart_and_every_decoder_says_them():
    rng, captions = _rng(), ["red cat", "dog", "red dog and cat", "cat and dog", "and"]
    vocabulary = reference.build_vocabulary(captions)
    features, tokens = torch.tensor(rng.standard_normal((5, 8))).float(), reference.pad_captions(captions, vocabulary)
    torch.manual_seed(0)
    model = reference.CaptionModel(8, 12, 24, len(vocabulary))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss, _ = reference.train_step(model, optimiser, features, tokens, 5.0)
    assert loss < 0.02
    said = reference.decode_greedy(model, features, 10)
    assert [reference.decode(row, vocabulary) for row in said] == captions
    assert [reference.decode_beam(model, picture, 3, 10)[0] for picture in features] == said
    assert reference.decode_sample(model, features, 0.1, torch.Generator().manual_seed(0), 10) == said
    wrong = reference.decode_greedy(model, features.flip(0), 10)
    assert wrong == said[::-1]


# Decoding


def _log_p(weights, features, rows):
    model = cases.RememberingModel(weights)
    state, found = model.start(features.expand(len(rows), -1)), []
    for words in torch.tensor([[START, *row] for row in rows]).T:
        state, logits = model.step(state, words)
        found.append(logits.log_softmax(dim=1))
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
def test_a_beam_of_K_to_the_T_minus_1_is_exhaustive_search_and_of_K_to_the_T_whatever_alpha(alpha):
    for seed, (K, T) in enumerate([(4, 3), (5, 3), (4, 4), (6, 2), (5, 1)]):
        weights, features, *_ = cases.decode_beam(_rng(seed), N=6, K=K)
        for picture in features:

            def next_log_p(beginnings, picture=picture, weights=weights):
                return _log_p(weights, picture, beginnings)[:, -1]

            k = K ** (T - 1) if alpha == 0 else K**T  # the last round keeps the k best by their sums
            found, value = reference.decode_beam(cases.RememberingModel(weights), picture, k, T, alpha)
            best, worth = exhaustive_search(next_log_p, T, END, alpha)
            assert found == best
            assert value == pytest.approx(worth, rel=1e-7)  # a whole number to the power of alpha is a float32


def test_one_slot_is_greedy_search_in_500_tries():
    lengths = set()
    for seed in range(25):
        weights, features, max_length = cases.decode_greedy(_rng(seed), N=20, spread=0.8)
        model = cases.RememberingModel(weights)
        said = reference.decode_greedy(model, features, max_length)
        assert [reference.decode_beam(model, picture, 1, max_length, 0.6)[0] for picture in features] == said
        lengths |= {len(row) for row in said}
    assert lengths == set(range(7))


def test_what_is_said_greedily_is_the_likeliest_after_what_was_said():
    weights, features, max_length = cases.decode_greedy(_rng(), N=40)
    for n, row in enumerate(reference.decode_greedy(cases.RememberingModel(weights), features, max_length)):
        whole = [*row, END] if len(row) < max_length else row
        assert _log_p(weights, features[n], [whole])[0, : len(whole)].argmax(dim=1).tolist() == whole


def test_the_notebook_draws_every_right_beam_but_one_that_does_without_extend_beam(monkeypatch, capsys):
    figures = load_reference(REPOSITORY.figures("a6_captioning"))
    monkeypatch.setattr(figures.plt, "show", figures.plt.close)
    weights, features, k, max_length, _ = cases.decode_beam(_rng())
    for variant, code in catalogue.right(REPOSITORY, "a6_captioning")["decode_beam"].items():
        own = dict(vars(reference))
        exec(compile(code, "decode_beam.py", "exec"), own)
        model = cases.RememberingModel(weights)
        rounds = figures.rounds_of_beam(own["decode_beam"], model, features[0], k, max_length)
        figures.hypotheses(rounds, [f"word {number}" for number in range(99)], variant)
    said = "no picture of topk_of_lists: your decode_beam does without extend_beam, whose rounds would be drawn here\n"
    assert capsys.readouterr().out == said


def test_the_value_of_a_beam_is_that_of_its_caption_and_rarely_worse_with_more_slots():
    worths = np.zeros((3, 40))
    weights, features, _, max_length, _ = cases.decode_beam(_rng(), N=40)
    for i, k in enumerate((1, 4, 40)):
        for n, picture in enumerate(features):
            row, worths[i, n] = reference.decode_beam(cases.RememberingModel(weights), picture, k, max_length, 0.0)
            whole = [*row, END] if len(row) < max_length else row
            log_p = _log_p(weights, picture, [whole])[0, range(len(whole)), whole].sum().item()
            assert worths[i, n] == pytest.approx(log_p, rel=1e-9)
    assert worths.mean(axis=1).tolist() == sorted(worths.mean(axis=1))
    assert worths[2].sum() > worths[0].sum()


@pytest.mark.parametrize("seed", range(10))
def test_an_extended_beam_is_the_sorted_list_of_all_continuations(seed):
    rng = _rng(seed)
    scores, log_p, finished = cases.extend_beam(rng, int(rng.integers(1, 7)), int(rng.integers(4, 8)))
    log_p = (4 * log_p).round() / 4  # so that there are ties
    scores = (4 * scores).round() / 4
    every = []
    for parent, word in itertools.product(range(len(scores)), range(log_p.shape[1])):
        if not finished[parent] or word == END:
            every.append((-(scores[parent] + (0 if finished[parent] else log_p[parent, word])).item(), parent, word))
    every.sort()
    words, parents, best = reference.extend_beam(scores, log_p, finished)
    there = every[: len(scores)]
    assert parents.tolist() == [parent for _, parent, _ in there]
    assert words.tolist() == [word for *_, word in there]
    assert best.tolist() == [-value for value, *_ in there]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_whole_captions_are_drawn_with_their_probabilities(temperature):
    weights, features = cases.decoder(_rng(), N=1, K=5)
    generator = torch.Generator().manual_seed(1)
    model = cases.RememberingModel(weights)
    said = reference.decode_sample(model, features.expand(20_000, -1), temperature, generator, 3)
    counts = Counter(map(tuple, said))
    rows, chances = list(itertools.product(range(5), repeat=3)), Counter()
    p = np.zeros((len(rows), 3))
    state, words = model.start(features.expand(len(rows), -1)), torch.full((len(rows),), START)
    for t in range(3):
        state, logits = model.step(state, words)
        words = torch.tensor(rows)[:, t]
        p[:, t] = (logits / temperature).softmax(dim=1)[range(len(rows)), words].numpy()
    for row, own in zip(rows, p, strict=True):
        size = row.index(END) + 1 if END in row else 3
        if END not in row[: size - 1] and (size == 3 or set(row[size:]) == {0}):
            chances[row[: row.index(END)] if END in row else row] += own[:size].prod()
    assert sum(chances.values()) == pytest.approx(1)
    assert deviation([counts[row] for row in chances], list(chances.values()), samples=20_000) < 5


def test_the_same_seed_draws_the_same_captions_and_nothing_else_is_touched():
    weights, features, max_length = cases.decode_greedy(_rng(), N=30)
    one, again, other = cases.PROBES["sampled"](vars(reference), weights, features, 2.0, [1, 1, 2], max_length)
    assert one == again != other
    with shared_generators.seeded(3) as digests:
        cases.PROBES["sampled"](vars(reference), weights, features, 1.0, [1], max_length)
        assert shared_generators.untouched(digests(), 3)


# BLEU and CIDEr


def _sacrebleu(captions, references):
    width = max(map(len, references))
    streams = [[own[i] if i < len(own) else None for own in references] for i in range(width)]
    made = sacrebleu.corpus_bleu(captions, streams, smooth_method="none", force=True, tokenize="none")
    return made.score / 100


@pytest.mark.parametrize("seed", range(60))
def test_bleu_is_sacrebleus(seed):
    captions, references = cases.bleu(_rng(seed), 1 + seed % 12, 1 + seed % 4, empty=seed % 2 == 0)
    assert reference.bleu(captions, references) == pytest.approx(_sacrebleu(captions, references), abs=1e-9)


def test_bleu_is_sacrebleus_on_the_names_of_the_hidden_pictures_and_real_captions_like_them(emoji):
    names = list(hidden.truth().values())
    pool = [set(caption.split()) for caption in emoji[0]]
    near = [max(range(len(pool)), key=lambda i: len(pool[i] & set(name.split()))) for name in names]
    captions = [emoji[0][i] for i in near]
    captions[::17] = [""] * len(captions[::17])
    captions[1::17] = [caption.split()[0] for caption in captions[1::17]]
    references = [[name] for name in names]
    score = reference.bleu(captions, references)
    assert 0.1 < score < 0.9
    assert score == pytest.approx(_sacrebleu(captions, references), abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_bleu_is_nltks_where_every_caption_has_four_words(seed):
    captions, references = cases.bleu(_rng(100 + seed), 8, 3, empty=False)
    pairs = [pair for pair in zip(captions, references, strict=True) if len(pair[0].split()) >= 4]
    captions, references = map(list, zip(*pairs, strict=True))
    split = [[sentence.split() for sentence in own] for own in references]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = bleu_score.corpus_bleu(split, [caption.split() for caption in captions])
    found = reference.bleu(captions, references)
    assert found == pytest.approx(wanted if wanted > 1e-50 else 0, abs=1e-9)


def test_bleu_is_the_number_that_nltks_documentation_gives():
    captions = [
        "It is a guide to action which ensures that the military always obeys the commands of the party",
        "he read the book because he was interested in world history",
    ]
    references = [
        [
            "It is a guide to action that ensures that the military will forever heed Party commands",
            "It is the guiding principle which guarantees the military forces always being under the command of the "
            "Party",
            "It is the practical guide for the army always to heed the directions of the party",
        ],
        ["he was interested in world history because he read the book"],
    ]
    assert 0.5920 < reference.bleu(captions, references) < 0.5921


def test_cider_agrees_with_dense_vectors_by_the_papers_formula():
    captions, references = cases.bleu(_rng(), 6, 3)
    M, score = len(captions), 0.0
    for n in range(1, 5):

        def grams(sentence, n=n):
            words = sentence.split()
            return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]

        sentences = [*captions, *itertools.chain.from_iterable(references)]
        every = sorted({gram for sentence in sentences for gram in grams(sentence)})
        place = {gram: i for i, gram in enumerate(every)}
        seen = np.zeros(len(every))
        for own in references:
            seen[[place[gram] for gram in {gram for sentence in own for gram in grams(sentence)}]] += 1
        idf = np.log(M / np.maximum(seen, 1))

        def vector(sentence, place=place, idf=idf, grams=grams):
            counts = np.bincount([place[gram] for gram in grams(sentence)], minlength=len(place))
            return counts * idf

        for caption, own in zip(captions, references, strict=True):
            g = vector(caption)
            for sentence in own:
                s = vector(sentence)
                norms = np.linalg.norm(g) * np.linalg.norm(s)
                length = len(caption.split()) - len(sentence.split())
                if norms > 0:
                    score += np.minimum(g, s) @ s / norms * np.exp(-(length**2) / 72) / len(own)
    assert reference.cider(captions, references) == pytest.approx(10 * score / 4 / M, rel=1e-9)


def test_cider_is_10_for_the_references_themselves_and_0_for_strangers():
    sentences = ["a red cat sleeps", "two dogs run here now", "one old man sat down", "the sun is very hot"]
    assert reference.cider(sentences, [[s] for s in sentences]) == pytest.approx(10)
    assert reference.cider(sentences[::-1], [[s] for s in sentences]) == pytest.approx(0, abs=1e-12)
    assert reference.cider([""] * 4, [[s] for s in sentences]) == 0


# captions.json


def _bands(captions):
    """How many bands a captions.json reaches, and its BLEU."""
    score = hidden.score(json.dumps(captions), reference)
    return sum(score >= band for band in hidden.BANDS), score


def test_the_hidden_names_are_those_of_the_hidden_pictures(emoji):
    assert set(hidden.truth()) == set(emoji[1])
    assert len(emoji[1]) == 312
    assert list(hidden.BANDS) == sorted(set(hidden.BANDS))


def test_the_true_names_reach_every_band():
    assert _bands(hidden.truth()) == (len(hidden.BANDS), 1.0)


def test_a_file_that_says_little_or_copies_training_captions_earns_nothing(emoji):
    train, ids = emoji
    rng = _rng()
    commonest = Counter(train).most_common(1)[0][0]
    longest = max(train, key=lambda caption: len(caption.split()))
    words = [word for word, _ in Counter(" ".join(train).split()).most_common(5)]
    for captions in (
        {},
        dict.fromkeys(ids, ""),
        dict.fromkeys(ids, commonest),
        dict.fromkeys(ids, longest),
        dict.fromkeys(ids, " ".join(words)),
        {id: str(rng.choice(train)) for id in ids},
        dict.fromkeys(ids, " ".join(words * 8)),
        dict.fromkeys(ids, "medium light skin tone"),
        dict.fromkeys(ids, "medium dark skin tone"),
    ):
        assert _bands(captions)[0] == 0


def test_pictures_left_out_cost_what_they_are_worth(emoji):
    names = hidden.truth()
    scores = [_bands(dict(list(names.items())[:count]))[1] for count in (31, 156, 281, 312)]
    assert scores == sorted(set(scores))
    assert scores[1] < 0.5
    others = {**dict(list(names.items())[:156]), **{f"more-{n}": name for n, name in enumerate(names.values())}}
    assert _bands(others)[1] == scores[1]


def test_what_is_no_caption_counts_as_empty():
    names = hidden.truth()
    first = next(iter(names))
    missing = _bands({id: name for id, name in names.items() if id != first})
    for value in (None, 7, ["a"], {"a": 1}, "word " * 41):
        assert _bands({**names, first: value}) == missing
    spaced = {id: f"  {name.replace(' ', '   ')}\n" for id, name in names.items()}
    assert _bands(spaced)[1] == 1.0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"hidden-000": "a", "hidden-000": "b"}'])
def test_a_text_that_is_no_object_is_a_sentence(text):
    with pytest.raises(Mismatch, match=r"captions\.json"):
        hidden.score(text, reference)


def _complaint(captions):
    """What the visible test says of a captions.json; "" if it passes."""
    try:
        visible.test_the_file_has_a_caption_for_every_hidden_picture(lambda name: json.dumps(captions))
    except Mismatch as mismatch:
        return str(mismatch)
    return ""


def test_a_file_with_a_mistake_is_told_in_a_sentence_which():
    names = hidden.truth()
    first, second, *_ = names
    assert _complaint(names) == ""
    assert _complaint({**names, first: ""}) == ""
    assert _complaint({**names, first: "word " * 39 + "word"}) == ""
    assert "missing: 312 of 312 hidden pictures, first hidden-000" in _complaint({})
    missing = {id: name for id, name in names.items() if id not in (first, second)}
    assert f"missing: 2 of 312 hidden pictures, first {first}" in _complaint(missing)
    assert "no hidden picture is called '1f600' (1 of the keys)" in _complaint({**names, "1f600": "grinning face"})
    for value in (None, 3, ["a", "cat"]):
        assert f"the caption of {first} is not a string" in _complaint({**names, first: value})
    for value in ("a  cat", " a cat", "a cat\n"):
        assert f"{first}: not just words one space apart" in _complaint({**names, first: value})
    assert f"the caption of {first} has more than 40 words" in _complaint({**names, first: "word " * 40 + "word"})
    with pytest.raises(Mismatch, match="not JSON"):
        visible.test_the_file_has_a_caption_for_every_hidden_picture(lambda name: "{")


def test_the_description_counts():
    names = hidden.truth()
    lines = hidden.description(json.dumps({**names, next(iter(names)): ""}), reference)
    assert "311 of 312" in lines[0]
    assert "1 captions are missing or empty" in lines[1]


# Without points


@pytest.mark.parametrize("mass", [0.15, 0.4, 0.75, 0.97, 1.0])
def test_a_nucleus_is_the_smallest_of_all_sets_that_have_the_mass(mass):
    probabilities, _ = cases.nucleus(_rng(), 6, 7)
    filtered = reference.nucleus(probabilities, mass)
    for row, found in zip(probabilities.tolist(), filtered.tolist(), strict=True):
        sets = (some for size in range(1, 8) for some in itertools.combinations(range(7), size))
        enough = [some for some in sets if sum(row[k] for k in some) >= min(mass, 1 - 1e-12)]
        best = min(enough, key=lambda some: (len(some), -sum(row[k] for k in some)))
        total = sum(row[k] for k in best)
        assert found == pytest.approx([row[k] / total if k in best else 0.0 for k in range(7)], rel=1e-12)


@pytest.mark.parametrize("mass", [0.2, 0.5, 0.8, 0.95])
def test_a_nucleus_is_what_is_left_when_the_least_probable_words_go_first(mass):
    """The way of the library transformers: from below, all goes that has 1 - m together."""
    probabilities, _ = cases.nucleus(_rng(1), 50, 30)
    p = probabilities.numpy()
    for row, found in zip(p, reference.nucleus(probabilities, mass).numpy(), strict=True):
        order = row.argsort()
        left = order[row[order].cumsum() > 1 - mass]
        wanted = np.zeros(30)
        wanted[left] = row[left] / row[left].sum()
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=0)


def test_words_drawn_from_a_nucleus_are_drawn_as_often_as_without_the_others():
    """Rejection: draw from the whole, throw away what is outside of the nucleus; its frequencies are left."""
    probabilities, _ = cases.nucleus(_rng(2), 1, 8)
    filtered = reference.nucleus(probabilities, 0.7)[0]
    drawn = _rng(3).choice(8, 200_000, p=probabilities[0].numpy())
    inside = drawn[filtered.numpy()[drawn] > 0]
    shares = np.bincount(inside, minlength=8) / len(inside)
    np.testing.assert_allclose(shares, filtered, atol=5 * 0.5 / len(inside) ** 0.5)


@pytest.mark.parametrize("seed", range(10))
def test_rouge_agrees_with_rapidfuzz(seed):
    captions, references, _ = cases.rouge_l(_rng(seed), 8, 4)
    for beta in (0.5, 1.0, 1.2):
        wanted = []
        for caption, sentences in zip(captions, references, strict=True):
            words, scores = caption.split(), [0.0]
            for other in map(str.split, sentences):
                common = LCSseq.similarity(words, other)
                if common:
                    P, R = common / len(words), common / len(other)
                    scores.append((1 + beta**2) / (1 / P + beta**2 / R))
            wanted.append(max(scores))
        np.testing.assert_allclose(reference.rouge_l(captions, references, beta), wanted, rtol=1e-12)


def test_the_longest_thread_is_the_longest_of_all_common_subsequences():
    rng = _rng()
    captions, others = (cases.sentences(rng, 12, 1, 8, cases.WORDS[:3]) for _ in range(2))
    found = reference.rouge_l(captions, [[one] for one in others], 1.0)
    for score, one, other in zip(found, map(str.split, captions), map(str.split, others), strict=True):
        ways = [
            {some for size in range(1, len(words) + 1) for some in itertools.combinations(words, size)}
            for words in (one, other)
        ]
        longest = max(map(len, ways[0] & ways[1]), default=0)
        assert score == pytest.approx(2 * longest / (len(one) + len(other)), rel=1e-12)


def test_rouge_is_what_lin_gives_for_his_example():
    """Lin 2004, section 3.1, with beta = 1."""
    said = ["police kill the gunman", "the gunman kill police", "the gunman police killed"]
    scores = reference.rouge_l(said, [["police killed the gunman"]] * 3, 1.0)
    assert scores.tolist() == [3 / 4, 2 / 4, 2 / 4]


def test_beta_moves_the_score_from_precision_to_recall():
    said, meant = ["a b c d e f"], [["a b c"]]
    scores = [reference.rouge_l(said, meant, beta)[0] for beta in (1e-6, 1.0, 1e6)]
    assert scores == pytest.approx([1 / 2, 2 / 3, 1.0], rel=1e-9)
