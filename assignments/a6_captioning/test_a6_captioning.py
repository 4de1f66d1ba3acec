"""The visible tests of assignment 6: types and shapes, PyTorch's own layers, and laws that every right answer obeys."""

import itertools
import math
from collections import Counter

import numpy as np
import torch

from selfcheck import data_path, exercise, expect
from selfcheck.agreement import arguments_unchanged, as_they_were, shared_generators_untouched
from selfcheck.common_tests import arguments_test
from selfcheck.oracles import deviation, exhaustive_search
from selfcheck.tensors import expect_tensor, to_number, to_numpy

MOST_WORDS = 40  # of a caption in captions.json


def _pair(value, name, what):
    expect.that(type(value) is tuple and len(value) == 2, f"{name} is not a tuple of two; expected {what}")
    return value


def _as_many(found, asked):
    """What came back for several calls; expect a list with one result for each."""
    expect.that(type(found) is list and len(found) == len(asked), "there is not one result for each call")
    return found


# build_vocabulary, encode and decode


@exercise("build_vocabulary")
def test_a_vocabulary_is_a_list_of_strings(build_vocabulary, cases, rng):
    words = build_vocabulary(*cases.build_vocabulary(rng))
    expect.that(type(words) is list and all(type(word) is str for word in words), "the vocabulary: no list of strings")
    expect.that(len(set(words)) == len(words), "the vocabulary holds a word twice")


@exercise("build_vocabulary", points=1.5)
def test_captions_numbers_and_vocabularies_are_left_as_they_were(build_vocabulary, probe, cases, rng):
    arguments_unchanged(build_vocabulary, cases.build_vocabulary(rng), "captions minimum_count")
    for name, args, names in (
        ("encoded", cases.encode(rng), ("captions of encode", "vocabulary of encode")),
        ("decoded", cases.decode(rng), ("rows of decode", "vocabulary of decode")),
    ):
        as_they_were(args, probe.watched(name, *args), names)


@exercise("build_vocabulary")
def test_a_caption_becomes_a_list_of_ints(probe, cases, rng):
    captions, vocabulary = cases.encode(rng)
    for row in _as_many(probe("encoded", captions, vocabulary), captions):
        expect.that(type(row) is list and all(type(k) is int for k in row), "encode does not give a list of ints")


@exercise("build_vocabulary")
def test_a_list_of_ints_becomes_a_string(probe, cases, rng):
    rows, vocabulary = cases.decode(rng)
    captions = _as_many(probe("decoded", rows, vocabulary), rows)
    expect.that(all(type(caption) is str for caption in captions), "decode does not give a string")


@exercise("build_vocabulary", points=1)
def test_the_vocabulary_holds_the_frequent_words_behind_the_special_ones(build_vocabulary, cases, rng):
    for minimum_count in (1, 2, 3):
        captions = [*cases.build_vocabulary(rng)[0], ""]
        words = build_vocabulary(captions, minimum_count)
        expect.equal(words[:4], cases.SPECIAL, name="the first four")
        count = Counter(" ".join(captions).split())
        frequent = {word for word in count if count[word] >= minimum_count}
        because = f"expected those with at least {minimum_count} occurrences"
        expect.that(set(words[4:]) == frequent, f"the vocabulary does not hold the right words: {because}")


@exercise("build_vocabulary", points=1)
def test_the_vocabulary_begins_with_the_most_frequent_words(build_vocabulary, cases, rng):
    captions, _ = cases.build_vocabulary(rng, N=14)
    words = build_vocabulary(captions, 1)[4:]
    count = Counter(" ".join(captions).split())
    for one, other in itertools.pairwise(words):
        expect.that(count[one] >= count[other], "a rarer word comes before a more frequent one")
        if count[one] == count[other]:
            expect.that(one < other, "of two equally frequent words the later one in Python's order comes first")


@exercise("build_vocabulary", points=2)
def test_a_caption_is_start_its_words_and_end(probe, cases, rng):
    captions, vocabulary = cases.encode(rng)
    for caption, row in zip(captions, probe("encoded", captions, vocabulary), strict=True):
        words = caption.split()
        expect.that(
            len(row) == len(words) + 2, f"encode of {caption!r} gives {len(row)} numbers, not two more than words"
        )
        expect.that((row[0], row[-1]) == (cases.START, cases.END), "a caption's first and last are not START and END")
        for word, k in zip(words, row[1:-1], strict=True):
            if word in vocabulary:
                expect.that(k == vocabulary.index(word), "a word has another number than its place in the vocabulary")
            else:
                expect.that(k == cases.UNK, "a word that is not in the vocabulary has another number than UNK")


@exercise("build_vocabulary", points=2)
def test_a_caption_ends_before_its_first_end(probe, cases):
    vocabulary = [*cases.SPECIAL, "cat", "dog", "sun"]
    known = {
        (1, 4, 5, 2): "cat dog",
        (4, 5, 2, 6, 2): "cat dog",
        (6, 6, 4): "sun sun cat",
        (1, 3, 4, 2, 0, 0): "<unk> cat",
        (0, 4, 1, 5): "cat dog",
        (2, 4): "",
        (): "",
    }
    captions = probe("decoded", [list(row) for row in known], vocabulary)
    for row, caption, desired in zip(known, captions, known.values(), strict=True):
        expect.equal(caption, desired, name=f"decode({list(row)}, vocabulary)", because=f"vocabulary is {vocabulary}")


@exercise("build_vocabulary", points=1)
def test_a_caption_of_known_words_comes_back(build_vocabulary, probe, cases, rng):
    captions, _ = cases.build_vocabulary(rng)
    vocabulary = build_vocabulary(captions, 1)
    rows = probe("encoded", captions, vocabulary)
    expect.equal(probe("decoded", rows, vocabulary), captions, name="decode of encode of the captions")


# embedding_forward and embedding_backward


@exercise("embedding_forward")
def test_vectors_are_a_tensor_with_one_axis_more(embedding_forward, cases, rng):
    result = embedding_forward(*cases.embedding_forward(rng))
    expect.tuple(result, 2, "the result")
    expect_tensor(result[0], (3, 5, 4), "out")
    result = embedding_forward(*cases.embedding_forward(rng, 1, 1, 2, 3))
    expect.tuple(result, 2, "the result")
    expect_tensor(result[0], (1, 1, 3), "out of a single word")


test_a_lookup_leaves_its_arguments_as_they_were = arguments_test("embedding_forward", "E ids", points=0.2)


@exercise("embedding_forward", points=1)
def test_a_lookup_is_a_product_with_one_hot_rows(embedding_forward, cases, rng):
    for padding in (False, True):
        E, ids = cases.embedding_forward(rng, padding=padding)
        desired = torch.nn.functional.one_hot(ids, 7).double() @ E
        out = embedding_forward(E, ids)[0]
        expect.close(to_numpy(out, "out"), desired.numpy(), name="out", because="one-hot rows times E")


@exercise("embedding_backward")
def test_the_gradient_of_the_vectors_has_their_shape(embedding_backward, cases, rng):
    expect_tensor(embedding_backward(*cases.embedding_backward(rng)), (7, 4), "dE")


test_the_backward_pass_leaves_its_arguments_as_they_were = arguments_test(
    "embedding_backward", "dout cache", points=0.7
)


@exercise("embedding_backward", points=2)
def test_the_gradient_is_that_of_torch_nn(embedding_backward, cases, rng):
    for padding in (False, True):
        dout, (ids, K) = cases.embedding_backward(rng, padding=padding)
        E = torch.zeros(K, 4, dtype=torch.float64, requires_grad=True)
        desired = torch.autograd.grad((torch.nn.functional.embedding(ids, E) * dout).sum(), E)[0]
        dE = embedding_backward(dout, (ids, K))
        expect.close(to_numpy(dE, "dE"), desired.numpy(), name="dE", because="of torch.nn.functional.embedding")


@exercise("embedding_backward", points=1)
def test_a_word_that_occurs_everywhere_gets_the_sum(embedding_backward, cases, rng):
    dout, (ids, K) = cases.embedding_backward(rng)
    desired = np.zeros((K, 4))
    desired[2] = dout.sum(dim=(0, 1)).numpy()
    dE = embedding_backward(dout, (torch.full_like(ids, 2), K))
    because = "word 2 stands in every place, so its row is the sum and the others are 0"
    expect.close(to_numpy(dE, "dE"), desired, name="dE", because=because)


# caption_loss


@exercise("caption_loss")
def test_the_loss_is_a_tensor_without_axes(probe, cases, rng):
    shown = probe("loss_and_gradient", *cases.caption_loss(rng))
    expect_tensor(shown["loss"], (), "loss")
    expect_tensor(shown["dlogits"], (4, 8, 9), "the gradient of the loss")


test_the_loss_leaves_its_arguments_as_they_were = arguments_test("caption_loss", "logits targets", points=1)


@exercise("caption_loss", points=1)
def test_equal_logits_cost_log_K_whatever_the_lengths(caption_loss, cases, rng):
    for lengths in ((5, 1, 6, 3), (6, 6), (1,)):
        _, targets = cases.caption_loss(rng, lengths, 6, 7)
        logits = torch.tensor(rng.standard_normal((len(lengths), 6, 1))).expand(-1, -1, 7).contiguous()
        because = "K words of one probability cost log K each"
        expect.close(to_number(caption_loss(logits, targets), "loss"), math.log(7), name="loss", because=because)


@exercise("caption_loss", points=1)
def test_the_loss_is_the_mean_over_the_words_and_not_over_the_captions(caption_loss, cases, rng):
    lengths = (5, 1, 7, 4)
    logits, targets = cases.caption_loss(rng, lengths)
    alone = [
        to_number(caption_loss(logits[n : n + 1, :length], targets[n : n + 1, :length]), "loss")
        for n, length in enumerate(lengths)
    ]
    desired = float(np.average(alone, weights=lengths))
    because = "each caption's loss without its padding, weighed by its length"
    expect.close(to_number(caption_loss(logits, targets), "loss"), desired, name="loss", because=because)


@exercise("caption_loss", points=1)
def test_a_single_word_costs_what_torch_nn_says(caption_loss, rng):
    logits = torch.tensor(rng.permutation(5) + rng.random(5))[None, None]
    for times in (1.0, 1e3):
        for word in (1, 2, 3, 4):
            desired = torch.nn.functional.cross_entropy(times * logits[0], torch.tensor([word])).item()
            loss = to_number(caption_loss(times * logits, torch.tensor([[word]])), "loss")
            name = f"loss of the single word {word}" + (", large logits" if times > 1 else "")
            expect.close(loss, desired, name=name, atol=1e-12)


@exercise("caption_loss", points=2)
def test_what_stands_in_the_padding_changes_neither_loss_nor_gradient(probe, cases, rng):
    logits, targets = cases.caption_loss(rng)
    real = (targets != cases.PAD)[:, :, None]
    one = probe("loss_and_gradient", logits, targets)
    expect.equal((one["dlogits"] != 0).numpy(), real.expand_as(logits).numpy(), name="where the gradient is not 0")
    for padding in (torch.zeros_like(logits), 1e4 * torch.tensor(rng.standard_normal(logits.shape))):
        other = probe("loss_and_gradient", torch.where(real, logits, padding), targets)
        because = "only logits of padding were changed"
        for name in ("loss", "dlogits"):
            expect.close(to_numpy(other[name], name), one[name].numpy(), name=name, because=because)


@exercise("caption_loss", points=1)
def test_the_gradient_agrees_with_finite_differences(caption_loss, probe, cases, rng):
    logits, targets = cases.caption_loss(rng, (3, 5), 6, 5)
    gradient = to_numpy(probe("loss_and_gradient", logits, targets)["dlogits"], "the gradient of the loss")
    for _ in range(3):
        direction = torch.tensor(rng.standard_normal(logits.shape))
        step = 1e-5 * direction
        up, down = (to_number(caption_loss(logits + sign * step, targets), "loss") for sign in (1, -1))
        because = "of the loss along a random direction, by finite differences"
        desired = (up - down) / 2e-5
        slope = float((gradient * direction.numpy()).sum())
        expect.close(slope, desired, name="slope", rtol=1e-6, atol=1e-9, because=because)


# lstm_step


def _weights(n, shape):
    """The weights with which the probes add up the entries of their n-th value before they take gradients."""
    return torch.linspace(n, n + 1, math.prod(shape), dtype=torch.float64).reshape(shape).cos()


@exercise("lstm_step")
def test_a_step_gives_two_states(lstm_step, cases, rng):
    result = lstm_step(*cases.lstm_step(rng))
    expect.tuple(result, 2, "the result")
    expect_tensor(result[0], (3, 5), "h")
    expect_tensor(result[1], (3, 5), "c")


test_a_step_leaves_its_arguments_as_they_were = arguments_test("lstm_step", "x h c U W b", points=0.7)


@exercise("lstm_step", points=2)
def test_a_step_is_that_of_torch_nn(lstm_step, cases, rng):
    x, h, c, U, W, b = cases.lstm_step(rng)
    cell = torch.nn.LSTMCell(4, 5, dtype=torch.float64)
    with torch.no_grad():
        for parameter, tensor in zip(cell.parameters(), (U, W, b, torch.zeros_like(b)), strict=True):
            parameter.copy_(tensor)
        desired = cell(x, (h, c))
    for found, wanted, name in zip(lstm_step(x, h, c, U, W, b), desired, "hc", strict=True):
        expect.close(to_numpy(found, name), wanted.numpy(), name=name, because="of torch.nn.LSTMCell on equal weights")


@exercise("lstm_step", points=1)
def test_gradients_flow_through_a_step_to_all_arguments(probe, cases, rng):
    args = cases.lstm_step(rng)
    shown = probe("state_and_gradients", *args)
    x, h, c = (tensor.clone().requires_grad_() for tensor in args[:3])
    cell = torch.nn.LSTMCell(4, 5, dtype=torch.float64)
    with torch.no_grad():
        for parameter, tensor in zip(cell.parameters(), (*args[3:], torch.zeros_like(args[5])), strict=True):
            parameter.copy_(tensor)
    weighed = sum((state * _weights(n, state.shape)).sum() for n, state in enumerate(cell(x, (h, c))))
    desired = torch.autograd.grad(weighed, [x, h, c, *list(cell.parameters())[:3]])
    for name, wanted in zip("xhcUWb", desired, strict=True):
        gradient = to_numpy(shown[f"d{name}"], f"the gradient of {name}")
        expect.that(bool((gradient != 0).all()), f"no gradient reaches {name}, or not all of it")
        because = "of a weighted sum of h and c; by torch.nn.LSTMCell"
        expect.close(gradient, wanted.numpy(), name=f"gradient of {name}", because=because)


# CaptionModel


@exercise("CaptionModel")
def test_a_model_gives_states_and_logits_of_the_right_shapes(probe, cases, rng):
    weights, features, tokens, words = cases.CaptionModel(rng)
    shown = probe("model_and_gradients", weights, features, tokens, words)
    for state, name in (
        (shown["start"], "start's"),
        (_pair(shown["step"], "step's result", "a state and logits")[0], "step's"),
    ):
        h, c = _pair(state, f"{name} state", "(h, c)")
        expect_tensor(h, (3, 3), f"{name} h")
        expect_tensor(c, (3, 3), f"{name} c")
    expect_tensor(shown["step"][1], (3, 9), "step's logits")
    expect_tensor(shown["logits"], (3, 6, 9), "forward's logits")
    longer = torch.cat([tokens, torch.full((3, 4), cases.PAD)], dim=1)
    (logits,) = probe("model_logits", weights, [(features, longer)])
    expect_tensor(logits, (3, 10, 9), "forward's logits where four more columns hold nothing but PAD")


def _read_by_torch(weights, features, tokens):
    """Logits of PyTorch's own LSTM layer with these weights, which reads the picture and then the tokens (N, T).

    With them the layer's own U, W and b, through which gradients flow.
    """
    layer = torch.nn.LSTM(weights["U"].shape[1], weights["W"].shape[1], batch_first=True, dtype=torch.float64)
    equal = (weights["U"], weights["W"], weights["b"], torch.zeros_like(weights["b"]))
    with torch.no_grad():
        for parameter, tensor in zip(layer.parameters(), equal, strict=True):
            parameter.copy_(tensor)
    picture = features @ weights["I"].T + weights["b_I"]
    states, _ = layer(torch.cat([picture[:, None], weights["E"][tokens]], dim=1))
    return states[:, 1:] @ weights["V"].T + weights["c_out"], dict(zip("UWb", layer.parameters(), strict=False))


@exercise("CaptionModel", points=3)
def test_the_logits_are_those_of_torch_nn(probe, cases, rng):
    weights, features, tokens, _ = cases.CaptionModel(rng)
    logits = probe("model_logits", weights, [(features, tokens)])[0]
    desired, _ = _read_by_torch(weights, features, tokens[:, :-1])
    because = "of torch.nn.LSTM on equal weights, which reads the picture and then tokens but for their last column"
    expect.close(to_numpy(logits, "logits"), desired.detach().numpy(), name="logits", because=because)


@exercise("CaptionModel", points=1)
def test_gradients_flow_through_the_logits_as_through_those_of_torch_nn(probe, cases, rng):
    weights, features, tokens, words = cases.CaptionModel(rng)
    shown = probe("model_and_gradients", weights, features, tokens, words)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
    logits, own = _read_by_torch(leaves, features, tokens[:, :-1])
    leaves |= own
    desired = torch.autograd.grad((logits * _weights(0, logits.shape)).sum(), list(leaves.values()))
    for name, gradient in zip(leaves, desired, strict=True):
        because = "of a weighted sum of forward's logits; by torch.nn.LSTM"
        found = to_numpy(shown[f"d{name}"], f"the gradient of {name}")
        expect.close(found, gradient.numpy(), name=f"gradient of {name}", because=because)


@exercise("CaptionModel", points=1)
def test_a_start_and_a_step_read_the_picture_and_one_word(probe, cases, rng):
    weights, features, tokens, words = cases.CaptionModel(rng)
    logits = to_numpy(probe("model_and_gradients", weights, features, tokens, words)["step"][1], "step's logits")
    desired = _read_by_torch(weights, features, words[:, None])[0][:, 0].detach()
    because = (
        "of torch.nn.LSTM on equal weights, which reads the picture and then a word; between start and step the model "
        "read other pictures, and the step goes on from the state that it is given"
    )
    expect.close(logits, desired.numpy(), name="step's logits", because=because)


@exercise("CaptionModel", points=2)
def test_logits_depend_on_the_words_before_and_on_no_others(probe, cases, rng):
    weights, features, tokens, _ = cases.CaptionModel(rng)
    batches = [(features, tokens)]
    for t in range(7):
        other = tokens.clone()
        other[:, t] = (other[:, t] + 4) % 9
        batches.append((features, other))
    logits, *changed = (to_numpy(found, "logits") for found in probe("model_logits", weights, batches))
    for t, one in enumerate(changed):
        moved = np.abs(one - logits).max(axis=(0, 2)) > 1e-12
        because = f"of the logits of each place, where tokens[:, {t}] are other numbers"
        expect.equal(moved, np.arange(6) >= t, name="change", because=because)


@exercise("CaptionModel", points=1)
def test_every_word_of_a_caption_depends_on_its_own_picture(probe, cases, rng):
    weights, features, tokens, _ = cases.CaptionModel(rng)
    other = features.clone()
    other[1] *= -0.5
    one, two = (
        to_numpy(found, "logits") for found in probe("model_logits", weights, [(features, tokens), (other, tokens)])
    )
    moved = np.abs(two - one).max(axis=2) > 1e-12
    desired = np.arange(3)[:, None] + np.zeros((1, 6)) == 1
    expect.equal(
        moved, desired, name="change", because="of the logits, where the picture of row 1 alone is another one"
    )


@exercise("CaptionModel", points=1)
def test_the_loss_changes_when_the_picture_changes(probe, cases, rng):
    weights, features, tokens, _ = cases.CaptionModel(rng)
    one, _ = probe("model_loss", weights, features, tokens)
    two, _ = probe("model_loss", weights, features.flip(0), tokens)
    expect.that(abs(one.item() - two.item()) > 1e-9, "the loss is the same when the pictures change places")


@exercise("CaptionModel", points=2)
def test_more_padding_changes_neither_loss_nor_gradients(probe, cases, rng):
    weights, features, tokens, _ = cases.CaptionModel(rng)
    longer = torch.cat([tokens, torch.full((3, 4), cases.PAD)], dim=1)
    (one, gradients), (two, others) = (probe("model_loss", weights, features, rows) for rows in (tokens, longer))
    because = "of the same captions with four columns of PAD more"
    expect.close(two.item(), one.item(), name="loss", because=because)
    for name, gradient in gradients.items():
        expect.that(gradient is not None, f"no gradient reaches {name}")
        expect.that(bool((gradient != 0).any()), f"no gradient reaches {name}")
        expect.close(others[name].numpy(), gradient.numpy(), name=f"gradient of {name}", because=because)


# train_step


def _steps(shown, count):
    for step in shown["steps"]:
        expect.tuple(step, 2, "the result")
        expect.number(step[0], name="loss")
        expect.number(step[1], name="norm")
    expect.that(len(shown["steps"]) == count, "a step is missing")
    return shown["steps"]


def _learnt(cases, weights, batches, max_norm, rate):
    """Losses and norms of a LinearModel's steps with captions of equal lengths, and its weights afterwards."""
    model, steps = cases.LinearModel(weights), []
    optimiser = cases.Descent(model.parameters(), rate)
    for features, tokens in batches:
        loss = torch.nn.functional.cross_entropy(model(features, tokens).flatten(0, 1), tokens[:, 1:].flatten())
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient * min(1.0, max_norm / norm)
        optimiser.step()
        steps.append((loss.item(), norm))
    return np.array(steps), {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}


@exercise("train_step")
def test_a_step_of_learning_gives_two_floats(probe, cases, rng):
    _steps(probe("steps_of_learning", *cases.train_step(rng)), 3)


def _without_padding(cases, rng, max_norm):
    weights, batches, max_norm, rate = cases.train_step(rng, ((5, 5, 5), (4, 4, 4, 4)), max_norm=max_norm)
    return weights, [(features, tokens[:, :-1]) for features, tokens in batches], max_norm, rate


@exercise("train_step", points=2)
def test_a_step_returns_the_loss_before_it_and_the_norm_before_clipping(probe, cases, rng):
    args = _without_padding(cases, rng, 0.4)
    found = np.array(_steps(probe("steps_of_learning", *args), 2))
    desired, _ = _learnt(cases, *args)
    because = "cross-entropy of the words but START, by torch.nn; captions of one length; two steps"
    expect.close(found[:, 0], desired[:, 0], name="losses", rtol=1e-5, because=because)
    expect.close(found[:, 1], desired[:, 1], name="norms", rtol=1e-5, because="of all gradients together, unclipped")


def _expect_weights(probe, cases, args, because, rtol):
    """The weights after the steps must be those that torch.nn and the clipped gradients give."""
    shown = probe("steps_of_learning", *args)
    for name, desired in _learnt(cases, *args)[1].items():
        expect.close(to_numpy(shown[name], name), desired, name=name, rtol=rtol, because=because)


@exercise("train_step", points=2)
def test_the_weights_move_by_clipped_gradients(probe, cases, rng):
    because = "after two steps, from gradients whose common norm is at most max_norm"
    for max_norm in (0.1, 0.5):
        _expect_weights(probe, cases, _without_padding(cases, rng, max_norm), because, rtol=1e-5)


@exercise("train_step", points=1)
def test_gradients_below_the_norm_stay_and_earlier_ones_are_forgotten(probe, cases, rng):
    because = "after two steps with a max_norm that no gradient reaches; an old gradient stood there before them"
    _expect_weights(probe, cases, _without_padding(cases, rng, 100.0), because, rtol=1e-6)


@exercise("train_step", points=1)
def test_more_padding_changes_no_step(probe, cases, rng):
    weights, batches, *rest = cases.train_step(rng)
    longer = [(features, torch.nn.functional.pad(tokens, (0, 3), value=cases.PAD)) for features, tokens in batches]
    one, two = (probe("steps_of_learning", weights, some, *rest) for some in (batches, longer))
    because = "of the same captions with three columns of PAD more"
    found, desired = (np.array(_steps(shown, 3)) for shown in (two, one))
    expect.close(found, desired, name="losses and norms", rtol=1e-6, because=because)
    for name in weights:
        expect.close(to_numpy(two[name], name), one[name].numpy(), name=name, rtol=1e-6, because=because)


@exercise("train_step", points=1)
def test_the_loss_falls_when_a_batch_is_learnt_again_and_again(probe, cases, rng):
    weights, (batch, *_), *_ = cases.train_step(rng)
    losses = [loss for loss, _ in _steps(probe("steps_of_learning", weights, [batch] * 25, 1.0, 0.5), 25)]
    expect.that(losses[-1] < 0.5 * losses[0], "at step 25 on one batch the loss is not below half of the first")


# decode_greedy


def _lists(result, N, max_length, K, name="the captions"):
    expect.lists_of_ints(result, N, longest=max_length, below=K, name=name, outside="a number that no word has")
    return result


def _whole(cases, row, max_length):
    """A caption with its END, if it was not cut off."""
    return [*row, cases.END] if len(row) < max_length else row


def _log_p(cases, weights, features, rows):
    """Log probabilities (N, T+1, K) of what comes after START and after each word of the rows (N, T)."""
    model = cases.RememberingModel(weights)
    state, found = model.start(features.expand(len(rows), -1)), []
    for words in torch.tensor([[cases.START, *row] for row in rows]).T:
        state, logits = model.step(state, words)
        found.append(logits.log_softmax(dim=1))
    return torch.stack(found, dim=1).numpy()


def _likeliest(cases, weights, picture, row, max_length):
    """The likeliest words after START and after each word of a caption, as many as the caption with its END has."""
    log_p = _log_p(cases, weights, picture[None], [row])[0]
    return log_p.argmax(axis=1).tolist()[: len(_whole(cases, row, max_length))]


@exercise("decode_greedy")
def test_captions_are_lists_of_ints(probe, cases, rng):
    _lists(probe("greedy", *cases.decode_greedy(rng)), 12, 6, 7)


@exercise("decode_greedy", points=2)
def test_every_word_said_is_the_likeliest_after_the_words_before(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng, N=20)
    said = _lists(probe("greedy", weights, features, max_length), 20, max_length, 7)
    expect.that(all(cases.END not in row for row in said), "a caption holds END; it ends before")
    for n, row in enumerate(said):
        because = "the model, which reads START and what was said, finds another word likelier"
        wanted = _whole(cases, row, max_length)
        expect.equal(
            _likeliest(cases, weights, features[n], row, max_length), wanted, name=f"caption {n}", because=because
        )


@exercise("decode_greedy", points=1)
def test_a_caption_ends_before_its_first_end_or_at_max_length(probe, cases):
    table = torch.zeros(4, 3, 7, 7, dtype=torch.float64)  # which word follows, by step and group, whatever is read
    for group, words in enumerate(((4, 5, cases.END, 6), (6, 4, 4, 5), (cases.END, 5, cases.END, 4))):
        for step, word in enumerate(words):
            table[step, group, :, word] = 5.0
    said = probe("greedy_from_table", table, cases.groups(3, 1), 4)
    because = "of three pictures for which the model finds these likeliest: 4 5 END 6, 6 4 4 5, END 5 END 4"
    expect.equal(said, [[4, 5], [6, 4, 4, 5], []], name="the captions", because=because)


@exercise("decode_greedy", points=0.5)
def test_of_two_equal_logits_the_first_is_said(probe, cases):
    table = torch.zeros(2, 3, 7, 7, dtype=torch.float64)
    equal = ((4, 5), (0, 6), (cases.END, 3))
    for group, words in enumerate(equal):
        table[:, group, :, list(words)] = 5.0
    said = probe("greedy_from_table", table, cases.groups(3, 1), 2)
    because = "of three pictures: equally likely are 4 and 5, PAD and 6, END and 3; of equal logits the first wins"
    expect.equal(said, [[4, 4], [0, 0], []], name="the captions", because=because)


@exercise("decode_greedy", points=1)
def test_a_picture_gets_the_caption_that_it_gets_alone(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng)
    together = _lists(probe("greedy", weights, features, max_length), 12, max_length, 7)
    alone = [_lists(probe("greedy", weights, features[n : n + 1], max_length), 1, max_length, 7)[0] for n in range(12)]
    expect.equal(together, alone, name="the captions", because="of all pictures together, and one by one")


@exercise("decode_greedy", points=1)
def test_fewer_steps_give_the_beginnings(probe, cases, rng):
    weights, features, _ = cases.decode_greedy(rng)
    whole = _lists(probe("greedy", weights, features, 9), 12, 9, 7)
    for some in (1, 4):
        desired = [row[:some] for row in whole]
        because = f"of max_length = {some}; they are those of max_length = 9, cut after {some} words"
        expect.equal(probe("greedy", weights, features, some), desired, name="the captions", because=because)


@exercise("decode_greedy", points=1)
def test_a_model_may_say_any_word(probe, cases, rng):
    for word in (cases.PAD, cases.START, cases.UNK):
        weights, features, max_length = cases.decode_greedy(rng)
        weights["b"][word] += 100.0
        because = f"of a model that always finds word {word} likeliest"
        said = probe("greedy", weights, features, max_length)
        expect.equal(said, [[word] * max_length] * 12, name="the captions", because=because)


# decode_sample


@exercise("decode_sample")
def test_drawn_captions_are_lists_of_ints(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng)
    _lists(probe("sampled", weights, features, 1.3, [5], max_length)[0], 12, 6, 7)


@exercise("decode_sample")
def test_drawing_moves_no_other_generator(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng)
    args = "sampled", weights, features, 1.3, [5], max_length
    shared_generators_untouched(probe.watched, args, rng)


@exercise("decode_sample", points=1)
def test_a_low_temperature_draws_the_likeliest_words(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng)
    for row, picture in zip(probe("sampled", weights, features, 1e-7, [3], max_length)[0], features, strict=True):
        because = "at a temperature of 1e-7 no other word than the likeliest is ever drawn"
        wanted = _whole(cases, row, max_length)
        expect.equal(_likeliest(cases, weights, picture, row, max_length), wanted, name="a caption", because=because)


@exercise("decode_sample", points=1)
def test_the_generator_alone_decides(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng, N=30)
    one, again, other = probe("sampled", weights, features, 2.0, [7, 7, 8], max_length)
    expect.equal(again, one, name="the captions", because="of two generators with the same seed")
    expect.that(other != one, "generators with different seeds give the same captions")
    first, second = probe("sampled_in_turn", weights, features, 2.0, 7, max_length)
    expect.that(first != second, "a generator gives the same captions twice: what it draws does not move it")


def _pair_chances(table, temperature, group):
    """Chances (K, K) of the word before and the word of a TableModel, for each step; END goes on as END."""
    p = (table[:, group] / temperature).softmax(dim=2).numpy()  # (steps, K, K)
    p[1:, 2] = np.eye(p.shape[-1])[2]  # 2 is END
    before, found = np.eye(p.shape[-1])[1], []  # 1 is START
    for step in p:
        found.append(before[:, None] * step)
        before = found[-1].sum(axis=0)
    return found


def _pair_counts(said, K):
    """The same for captions (N, steps) that were drawn, -1 or END after their end."""
    words = np.concatenate([np.ones((len(said), 1), dtype=np.int64), np.where(said < 0, 2, said)], axis=1)
    return [np.bincount(words[:, t] * K + words[:, t + 1], minlength=K * K).reshape(K, K) for t in range(said.shape[1])]


def _expect_words(said, N, T, K=6):
    """Expect captions (N, T) as the probe gives them: words below K, -1 after a caption's end."""
    expect.array(said, shape=(N, T), dtype=np.int64, name="the captions")
    expect.that(bool(((said >= -1) & (said < K)).all()), "a caption holds a number that is no word's")


@exercise("decode_sample", points=3)
def test_words_and_ends_are_drawn_as_often_as_their_probabilities_say(probe, cases, rng):
    table, N = cases.table_model(rng), 1500
    for temperature in (0.5, 1.0, 2.0):
        said = probe("sampled_from_table", table, cases.groups(2, N), temperature, int(rng.integers(2**31)), 3)
        _expect_words(said, 2 * N, 3)
        expect.that(not (said == cases.END).any(), "a caption holds END; it ends before")
        for group in range(2):
            counts = _pair_counts(said[group * N : (group + 1) * N], 6)
            for t, chances in enumerate(_pair_chances(table, temperature, group)):
                far = deviation(counts[t], chances, samples=N) > 6
                what = "after START" if t == 0 else "after each word before"
                where = f"word {t} of group {group}, {what}, at temperature {temperature}"
                expect.that(not far, f"the counts of {where}, do not look as if drawn from the model's probabilities")


@exercise("decode_sample", points=1)
def test_equal_pictures_get_captions_drawn_independently(probe, cases, rng):
    table, N = cases.table_model(rng), 1500
    said = probe("sampled_from_table", table, cases.groups(2, N), 1.5, int(rng.integers(2**31)), 2)
    _expect_words(said, 2 * N, 2)
    first = np.where(said[:N, 0] < 0, cases.END, said[:N, 0])
    counts = np.bincount(first[::2] * 6 + first[1::2], minlength=36)
    here, there = (np.bincount(half, minlength=6) / (N // 2) for half in (first[::2], first[1::2]))  # as often as drawn
    far = deviation(counts, np.outer(here, there), samples=N // 2) > 6
    expect.that(not far, "the captions of neighbouring pictures are not independent")


# extend_beam and decode_beam


def _extended(probe, scores, log_p, finished):
    result = probe("extend_beam", scores, log_p, finished)
    expect.tuple(result, 3, "the result of extend_beam")
    k = len(scores)
    expect_tensor(result[0], (k,), "words", torch.int64)
    expect_tensor(result[1], (k,), "parents", torch.int64)
    expect.that(bool((result[1] >= 0).all() and (result[1] < k).all()), "parents: a slot that does not exist")
    return result[0].tolist(), result[1].tolist(), to_numpy(result[2], "scores")


def _beam(result, max_length, K):
    expect.tuple(result, 2, "the result")
    expect.number(result[1], name="the caption's value")
    return _lists([result[0]], 1, max_length, K)[0], result[1]


@exercise("decode_beam")
def test_an_extended_beam_is_three_tensors(probe, cases, rng):
    _extended(probe, *cases.extend_beam(rng))


@exercise("decode_beam", points=1.5)
def test_extending_a_beam_leaves_the_arguments_as_they_were(probe, cases, rng):
    args = cases.extend_beam(rng, 5, 6, 1)
    as_they_were(args, probe.watched("extend_beam", *args), "scores log_p finished")


@exercise("decode_beam")
def test_a_beam_gives_a_list_of_ints_and_a_float(probe, cases, rng):
    weights, features, *rest = cases.decode_beam(rng)
    for result in _as_many(probe("beams", weights, features, *rest), features):
        _beam(result, 6, 6)


@exercise("decode_beam", points=1)
def test_without_finished_ones_the_best_continuations_are_the_largest_sums(probe, cases, rng):
    for k, K in ((4, 6), (3, 7), (1, 5)):
        scores, log_p, _ = cases.extend_beam(rng, k, K)
        words, parents, best = _extended(probe, scores, log_p, torch.zeros(k, dtype=torch.bool))
        desired, order = (scores[:, None] + log_p).flatten().topk(k)
        expect.close(best, desired.numpy(), name="scores", because="the largest sums of score and log_p, best first")
        expect.equal([p * K + w for p, w in zip(parents, words, strict=True)], order.tolist(), name="parents and words")


@exercise("decode_beam", points=2)
def test_a_finished_hypothesis_goes_on_with_end_alone_and_keeps_its_score(probe, cases, rng):
    for _ in range(6):
        scores, log_p, finished = cases.extend_beam(rng, 5, 6)
        words, parents, best = _extended(probe, scores, log_p, finished)
        expect.that(bool((np.diff(best) <= 0).all()), "the new scores are not numbers in order, the best first")
        continued = list(zip(parents, words, strict=True))
        expect.that(len(set(continued)) == 5, "a continuation is there twice")
        for (parent, word), score in zip(continued, best, strict=True):
            done = bool(finished[parent])
            expect.that(not done or word == cases.END, "a finished hypothesis goes on with another word than END")
            desired = scores[parent] + (0 if done else log_p[parent, word])
            expect.close(float(score), float(desired), name="score of a finished hypothesis" if done else "score")
        for slot in torch.nonzero(finished)[:, 0].tolist():
            missing = slot not in parents and float(scores[slot]) > best[-1]
            expect.that(not missing, "a finished hypothesis lost its slot to a worse one")


@exercise("decode_beam", points=1)
def test_of_equal_continuations_the_earlier_slot_and_the_smaller_word_come_first(probe, cases):
    scores, log_p = torch.tensor([-1.0, -1.0, -1.0]).double(), torch.full((3, 4), -2.0).double()
    words, parents, _ = _extended(probe, scores, log_p, torch.tensor([False, False, False]))
    expect.equal((parents, words), ([0, 0, 0], [0, 1, 2]), name="(parents, words)", because="all are worth the same")
    words, parents, _ = _extended(probe, scores, log_p, torch.tensor([False, True, True]))
    desired = [1, 2, 0], [cases.END, cases.END, 0]
    expect.equal((parents, words), desired, name="(parents, words)", because="slots 1 and 2 are finished")


@exercise("decode_beam", points=1)
def test_the_value_is_that_of_the_caption(probe, cases, rng):
    for alpha in (0.0, 0.7, 1.0):
        weights, features, k, max_length, _ = cases.decode_beam(rng, N=6)
        for n, result in enumerate(probe("beams", weights, features, k, max_length, alpha)):
            row, value = _beam(result, max_length, 6)
            whole = _whole(cases, row, max_length)
            log_p = _log_p(cases, weights, features[n : n + 1], [whole])[0]
            desired = float(log_p[np.arange(len(whole)), whole].sum() / len(whole) ** alpha)
            because = f"log probabilities of the caption said, END included, over the length to the power of {alpha}"
            expect.close(value, desired, name=f"value {n}", rtol=1e-6, because=because)


@exercise("decode_beam", points=0.5)
def test_what_has_ended_keeps_its_slot_in_all_rounds(probe, cases):
    p = torch.full((3, 1, 6, 6), 1 / 6, dtype=torch.float64)  # chances, by step and word read
    p[0, 0, cases.START] = torch.tensor([0.01, 0.01, 0.6, 0.3, 0.06, 0.02])
    p[1, 0, 3] = torch.tensor([0.06, 0.06, 0.06, 0.07, 0.4, 0.35])
    p[2, 0, 5] = torch.tensor([0.01, 0.01, 0.95, 0.01, 0.01, 0.01])
    row, value = _beam(probe("beam_from_table", p.log(), torch.ones(1).double(), 2, 3, 1.6), 3, 6)
    because = "of two slots END has one from round 1 on; 3 4 finds room in round 2, and 3 5 does not"
    expect.equal(row, [], name="the caption", because=because)
    expect.close(value, math.log(0.6), name="the caption's value", rtol=1e-6, because=because)


@exercise("decode_beam", points=1)
def test_one_slot_is_greedy_search(probe, cases, rng):
    weights, features, max_length = cases.decode_greedy(rng, N=15)
    for n, result in enumerate(probe("beams", weights, features, 1, max_length, 0.7)):
        row, _ = _beam(result, max_length, 7)
        wanted = _whole(cases, row, max_length)
        because = "with k = 1 every word said is the likeliest"
        expect.equal(
            _likeliest(cases, weights, features[n], row, max_length), wanted, name=f"caption {n}", because=because
        )


@exercise("decode_beam", points=2)
def test_enough_slots_find_the_best_of_all_captions(probe, cases, rng):
    T, K = 3, 4
    # The last round keeps the k captions of the largest sums: the best sum is always among them, the best one for its
    # length surely if all are there.
    for alpha, k in ((0.0, K ** (T - 1)), (1.0, K**T)):
        weights, features, *_ = cases.decode_beam(rng, N=5, K=K)
        for n, result in enumerate(probe("beams", weights, features, k, T, alpha)):
            row, value = _beam(result, T, K)

            def next_log_p(beginnings, picture=features[n : n + 1], weights=weights):
                return _log_p(cases, weights, picture, beginnings)[:, -1]

            best, worth = exhaustive_search(next_log_p, T, cases.END, alpha)
            because = f"the best of all captions of at most {T} words, alpha = {alpha}"
            expect.equal(row, best, name=f"caption {n}", because=because)
            expect.close(value, worth, name=f"value {n}", rtol=1e-6, because=because)


# bleu


def _score(bleu, captions, references):
    score = bleu(captions, references)
    expect.number(score, name="BLEU")
    return float(score)


@exercise("bleu")
def test_bleu_is_a_float_between_0_and_1(bleu, cases, rng):
    expect.that(0 <= _score(bleu, *cases.bleu(rng)) <= 1, "BLEU is not between 0 and 1")


test_bleu_leaves_its_arguments_as_they_were = arguments_test("bleu", "captions references", points=1)


@exercise("bleu", points=2)
def test_known_scores(bleu):
    known = [
        ("a b c d e", ["a b c d e"], 1.0, "caption and reference are the same"),
        ("a b c d e", ["a b c d f"], 0.2**0.25, "4/5, 3/4, 2/3 and 1/2 of the n-grams match"),
        ("a b c d", ["a b c d e f g h"], math.exp(-1), "all match, and the caption has half of the words"),
        ("a b c d e f g h", ["a b c d"], (4 / 8 * 3 / 7 * 2 / 6 * 1 / 5) ** 0.25, "a long caption has its precisions"),
        ("a b c d a b c d", ["a b c d e f g h"], (4 / 8 * 3 / 7 * 2 / 6 * 1 / 5) ** 0.25, "a match counts only once"),
        (
            "a b a b c d e",
            ["a b c d e", "a b f g"],
            (5 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25,
            "each reference has a b once, so it counts once",
        ),
        ("a b a b c", ["a b a b c"], 1.0, "caption and reference are the same, and hold a b twice"),
        ("a b c d", ["a b c d a b c d"], math.exp(-1), "all match, each once; the caption has half of the words"),
        ("a b c", ["a b c"], 0.0, "there are no 4-grams"),
        ("e d c b a", ["a b c d e"], 0.0, "no 2-gram matches"),
        ("ab c d e f", ["a bc d e f"], 0.0, "no 4-gram matches: ab and c are other words than a and bc"),
        ("", ["a b c d e"], 0.0, "the caption has no words"),
    ]
    for caption, references, desired, because in known:
        name = f"BLEU of {caption!r} against {references}"
        expect.close(_score(bleu, [caption], [references]), desired, name=name, rtol=1e-6, because=because)


@exercise("bleu", points=1)
def test_of_several_references_each_may_match(bleu):
    known = [
        (
            ["c d e f x", "a b c d y z"],
            (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25,
            "a b c d q q",
            "a b c d stands in the reference of 6 words",
        ),
        (["a b c d", "a b c d e f g h"], 1.0, "a b c d e f", "4 and 8 words are equally near to 6, the shorter counts"),
        (["a b c d e f g h i", "a b c d x"], math.exp(1 - 5 / 4), "a b c d", "the nearest reference has 5 words"),
        (["a x", "a b c d e f g"], math.exp(1 - 7 / 6), "a b c d e f", "the nearest reference has 7 words"),
        (["a b c d x", "q r s t u v w y"], 0.2**0.25, "a b c d z", "all matches are with the reference of 5 words"),
    ]
    for references, desired, caption, because in known:
        for order in (references, references[::-1]):
            score = _score(bleu, [caption], [order])
            expect.close(score, desired, name=f"BLEU of {caption!r} against {order}", rtol=1e-6, because=because)


@exercise("bleu", points=1)
def test_counts_are_added_over_the_corpus(bleu):
    captions, references = ["a b c d e", "x y"], [["a b c d e"], ["x z"]]
    desired = (6 / 7 * 4 / 5) ** 0.25
    because = "of the two captions together 6 of 7 words, 4 of 5 pairs, all triples and quadruples match"
    expect.close(_score(bleu, captions, references), desired, name="BLEU", rtol=1e-6, because=because)
    score = _score(bleu, ["a b c d e", ""], [["a b c d e"], ["f g h i j"]])
    expect.close(score, math.exp(-1), name="BLEU", rtol=1e-6, because="one of two captions is empty, the other right")


@exercise("bleu", points=1)
def test_the_order_of_the_pictures_does_not_matter(bleu, cases, rng):
    captions, references = cases.bleu(rng, M=9)
    order = rng.permutation(9)
    turned = _score(bleu, [captions[n] for n in order], [references[n] for n in order])
    expect.close(turned, _score(bleu, captions, references), name="BLEU", rtol=1e-6)
    twice = _score(bleu, captions * 2, references * 2)
    expect.close(twice, turned, name="BLEU", rtol=1e-6, because="of the same captions, each twice")


# caption_file


@exercise("caption_file", points=1)
def test_the_text_gives_each_caption_by_its_id(caption_file, cases, rng):
    for ids, captions in (cases.caption_file(rng), cases.caption_file(rng, 5), (["hidden-001"], [""]), ([], [])):
        text = caption_file(list(ids), list(captions))
        expect.that(type(text) is str, "the result is not a string")
        found = expect.json_object(text, name="the text")
        expect.that(set(found) == set(ids), "the keys of the object are not the ids")
        for id, caption in zip(ids, captions, strict=True):
            expect.equal(found[id], caption, name=f"the caption of {id}")


@exercise("caption_file", points=0.5)
def test_what_cannot_be_told_apart_is_an_error(caption_file, cases, rng):
    ids, captions = cases.caption_file(rng)
    expect.raises("ValueError", caption_file, ids, captions[:-1], because="a caption is missing")
    expect.raises("ValueError", caption_file, ids, captions[:-3], because="three captions are missing")
    expect.raises("ValueError", caption_file, ids[:-1], captions, because="there is a caption too many")
    for twice in ([*ids[:-1], ids[0]], [*ids[:3], ids[1], *ids[4:]]):
        expect.raises("ValueError", caption_file, twice, captions, because="an id occurs twice")
    because = "an id occurs twice, and a caption is missing"
    expect.raises("ValueError", caption_file, [*ids[:-1], ids[0]], captions[:-1], because=because)


@exercise("caption_file", points=1)
def test_the_file_has_a_caption_for_every_hidden_picture(handed_in):
    found = expect.json_object(handed_in("captions.json"), name="captions.json")
    with np.load(data_path("emoji.npz", beside=__file__)) as data:
        ids = data["hidden_ids"].tolist()
    missing = [id for id in ids if id not in found]
    if missing:
        expect.that(False, f"captions.json: missing: {len(missing)} of {len(ids)} hidden pictures, first {missing[0]}")
    others = [id for id in found if id not in set(ids)]
    if others:
        expect.that(False, f"captions.json: no hidden picture is called {others[0][:40]!r} ({len(others)} of the keys)")
    for id, caption in found.items():
        expect.that(type(caption) is str, f"captions.json: the caption of {id} is not a string")
        expect.that(caption == " ".join(caption.split()), f"captions.json: {id}: not just words one space apart")
        few = len(caption.split()) <= MOST_WORDS
        expect.that(few, f"captions.json: the caption of {id} has more than {MOST_WORDS} words")


# nucleus, without points


def _filtered(result, N, K, dtype=torch.float64):
    expect_tensor(result, (N, K), "filtered", dtype)
    return result.numpy()


@exercise("nucleus")
def test_a_filtered_distribution_is_a_tensor_of_the_same_shape(nucleus, cases, rng):
    _filtered(nucleus(*cases.nucleus(rng)), 4, 7)


@exercise("nucleus", points=1)
def test_filtered_distributions_follow_the_sizes_and_the_dtype(nucleus, cases, rng):
    _filtered(nucleus(*cases.nucleus(rng, N=1, K=1)), 1, 1)
    probabilities, mass = cases.nucleus(rng, N=3, K=5)
    _filtered(nucleus(probabilities.float(), mass), 3, 5, torch.float32)


test_filtering_leaves_its_arguments_as_they_were = arguments_test("nucleus", "probabilities mass", points=1)


@exercise("nucleus", points=2)
def test_known_nuclei(nucleus):
    row = [0.0625, 0.5, 0.3125, 0.125]
    known = [
        (0.4, [0, 1, 0, 0], "the most probable word alone has more"),
        (0.5, [0, 1, 0, 0], "the most probable word alone has it"),
        (0.6, [0, 8 / 13, 5 / 13, 0], "two words have 0.8125"),
        (0.8125, [0, 8 / 13, 5 / 13, 0], "two words have it"),
        (0.9, [0, 8 / 15, 5 / 15, 2 / 15], "three words have it"),
        (1.0, row, "all words are needed"),
    ]
    for mass, desired, because in known:
        filtered = _filtered(nucleus(torch.tensor([row], dtype=torch.float64), mass), 1, 4)
        name = f"filtered {row} with mass {mass}"
        expect.close(filtered, np.array([desired]), name=name, rtol=1e-9, because=because)


@exercise("nucleus", points=2)
def test_a_nucleus_reaches_the_mass_and_none_of_its_words_can_be_spared(nucleus, cases, rng):
    for N, K, mass in ((5, 9, 0.3), (6, 8, 0.6), (4, 12, 0.95)):
        probabilities, _ = cases.nucleus(rng, N, K)
        filtered, p = _filtered(nucleus(probabilities, mass), N, K), probabilities.numpy()
        inside = filtered > 0
        expect.that(bool(inside.any(axis=1).all()), "a row has no word left")
        expect.close(filtered.sum(axis=1), np.ones(N), name="sum of each row")
        for row, chosen, new in zip(p, inside, filtered, strict=True):
            words = f"of mass {mass}"
            expect.that(bool(row[chosen].sum() >= mass), f"a nucleus {words} has less than that")
            expect.that(bool(row[chosen].sum() - row[chosen].min() < mass), f"a nucleus {words} has a word too many")
            rest = row[~chosen].max(initial=0.0)
            expect.that(bool(row[chosen].min() > rest), f"a nucleus {words} lacks a word that is more probable")
            expect.close(
                new[chosen] / row[chosen], np.full(chosen.sum(), 1 / row[chosen].sum()), name="the ratios kept"
            )


@exercise("nucleus", points=2)
def test_each_distribution_has_a_nucleus_of_its_own(nucleus, cases, rng):
    probabilities = torch.cat([cases.nucleus(rng, N=2, spread=spread)[0] for spread in (0.1, 1.0, 6.0)])
    filtered = _filtered(nucleus(probabilities, 0.7), 6, 7)
    alone = [_filtered(nucleus(probabilities[n : n + 1], 0.7), 1, 7) for n in range(6)]
    expect.close(filtered, np.concatenate(alone), name="filtered", because="a batch changes nothing for a row in it")
    order = torch.tensor(rng.permutation(7))
    turned = _filtered(nucleus(probabilities[:, order], 0.7), 6, 7)
    because = "the words were numbered anew, and so are the answers"
    expect.close(turned, filtered[:, order.numpy()], name="filtered", because=because)


# rouge_l, without points


def _rouge(rouge_l, captions, references, *beta):
    scores = rouge_l(captions, references, *beta)
    expect.array(scores, shape=(len(captions),), name="scores")
    return scores


@exercise("rouge_l")
def test_rouge_is_an_array_of_numbers_between_0_and_1(rouge_l, cases, rng):
    scores = _rouge(rouge_l, *cases.rouge_l(rng))
    expect.that(bool(((scores >= 0) & (scores <= 1)).all()), "a score is not between 0 and 1")


test_rouge_leaves_its_arguments_as_they_were = arguments_test("rouge_l", "captions references beta", points=1)


@exercise("rouge_l", points=2)
def test_known_rouge_scores(rouge_l):
    gunman = "police killed the gunman"
    known = [
        ("police kill the gunman", gunman, 1.0, 3 / 4, "police, the and gunman are in order"),
        ("the gunman kill police", gunman, 1.0, 2 / 4, "the and gunman are in order"),
        ("the gunman police killed", gunman, 1.0, 2 / 4, "two words in order, with either of two threads"),
        ("a b c d", "a x b x c x d x", 1.0, 2 / 3, "all of 4 words, half of 8"),
        ("a b c d", "a x b x c x d x", 2.0, 5 / 9, "P = 1 and R = 1/2, and R counts for more"),
        ("a b c d", "a x b x c x d x", 0.5, 5 / 6, "P = 1 and R = 1/2, and P counts for more"),
        ("a x b x c x d x", "a b c d", 2.0, 5 / 6, "P = 1/2 and R = 1, and R counts for more"),
        ("flag norway", "flag norway", 1.2, 1.0, "caption and reference are the same"),
        ("a a a a", "a", 1.0, 2 / 5, "one of four words matches, once"),
        ("a", "a a a a", 1.0, 2 / 5, "one of four words is matched, once"),
        ("d c b a", "a b c d", 1.0, 1 / 4, "no two words are in order"),
        ("cat", "tac", 1.0, 0.0, "no word is the same"),
        ("Red cat", "red cat", 1.0, 1 / 2, "Red and red are two words"),
        ("", "a b", 1.0, 0.0, "the caption has no words"),
        ("a b", "", 1.0, 0.0, "the reference has no words"),
    ]
    for caption, reference, beta, desired, because in known:
        name = f"score of {caption!r} against {reference!r} with beta = {beta}"
        scores = _rouge(rouge_l, [caption], [[reference]], beta)
        expect.close(scores, np.array([desired]), name=name, rtol=1e-9, atol=1e-12, because=because)
    with_and_without = _rouge(rouge_l, ["a b c"], [["a c x y"]], 1.2), _rouge(rouge_l, ["a b c"], [["a c x y"]])
    expect.close(*with_and_without, name="the scores", because="beta is 1.2 if it is not given")


@exercise("rouge_l", points=2)
def test_of_several_references_the_best_counts(rouge_l, cases, rng):
    captions, references, beta = cases.rouge_l(rng, M=8, most_references=4)
    best = [
        _rouge(rouge_l, [said] * len(own), [[one] for one in own], beta).max()
        for said, own in zip(captions, references, strict=True)
    ]
    because = "the largest of the scores against each reference by itself"
    expect.close(_rouge(rouge_l, captions, references, beta), np.array(best), name="scores", because=because)


@exercise("rouge_l", points=2)
def test_the_longest_thread_is_the_longest_of_all(rouge_l, cases, rng):
    words = cases.WORDS[:3]
    captions, others = (cases.sentences(rng, 6, 2, 7, words) for _ in range(2))
    scores = _rouge(rouge_l, captions, [[one] for one in others], 1.0)

    def threads(sentence):
        split = sentence.split()
        return {some for size in range(1, len(split) + 1) for some in itertools.combinations(split, size)}

    for n, (one, other) in enumerate(zip(captions, others, strict=True)):
        longest = max(map(len, threads(one) & threads(other)), default=0)
        desired = 2 * longest / (len(one.split()) + len(other.split()))
        because = "all sequences of words of the two were compared; with beta = 1 it is 2 l / (|w| + |v|)"
        expect.close(float(scores[n]), desired, name=f"score of {one!r} against {other!r}", because=because)
