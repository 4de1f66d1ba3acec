"""The figures and tables of assignment 6, and the measuring behind them.

Each function takes the notebook's functions as arguments; it draws one figure, or prints a table beside what was
predicted. Captions are strings, and the special tokens have the numbers that the notebook gives them.
"""

import inspect
import io
import json
import math
import textwrap
import timeit
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from selfcheck import data_path
from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show
from selfcheck.panels import show_panel

PAD, START, END = 0, 1, 2


def show_picture(axis, picture, below="", color="black", size=8):
    """Draw a picture of 32 by 32 points without axes, and a text below it."""
    axis.imshow(picture, interpolation="nearest")
    axis.set_axis_off()
    axis.text(0.5, -0.04, below, transform=axis.transAxes, ha="center", va="top", color=color, fontsize=size)


def broken(caption, width=18):
    """Return a caption in lines of about `width` letters."""
    return "\n".join(textwrap.wrap(caption, width)) or "(nothing)"


# Section 1: the pictures


def pictures_of_splits(emoji, rows, seed=1):
    """Draw six pictures with their captions of each of three splits.

    emoji: the arrays of emoji.npz. rows: the numbers of the pictures of each split.
    """
    _, axes = plt.subplots(3, 6, figsize=(9, 5.4))
    rng = np.random.default_rng(seed)
    for split, line in zip(("train", "combinations", "concepts"), axes, strict=True):
        for axis, row in zip(line, rng.choice(rows[split], 6, replace=False), strict=True):
            show_picture(axis, emoji["pictures"][row], broken(emoji["captions"][row, 0]))
        line[0].text(-0.25, 0.5, split, transform=line[0].transAxes, rotation=90, va="center", ha="center", fontsize=10)
    show()


def nearest_neighbours(emoji, features, rows, numbers=(5, 130, 333, 580)):
    """Draw four unseen combinations, each beside the three training pictures whose features are nearest.

    features: (N, F). numbers: which of the unseen combinations.
    """
    unseen, trained = rows["combinations"], rows["train"]
    _, axes = plt.subplots(2, 8, figsize=(9.4, 3.8))
    for place, number in enumerate(numbers):
        distance = torch.cdist(features[unseen[[number]]], features[trained])[0]  # to all training pictures
        four = axes[place // 2, 4 * (place % 2) :][:4]
        for axis, row in zip(four, [unseen[number], *trained[distance.argsort()[:3].numpy()]], strict=True):
            text = broken(emoji["captions"][row, 0], 14)
            show_picture(axis, emoji["pictures"][row], text, BLUE if row == unseen[number] else "black", size=7)
    title = "Four unseen pictures (blue), each with its three nearest neighbours in the training set"
    plt.suptitle(title, fontsize=10)
    show()


# Sections 3 to 6: words, loss, model, training


def lookup_against_product(embedding_forward, embedding_backward, ids, K, D=128):
    """Print how a lookup differs from the product with one-hot vectors, in values, gradient and time. ids: (N, T)."""
    generator = torch.Generator().manual_seed(3)
    E = torch.randn(K, D, generator=generator).requires_grad_()
    onehot = torch.nn.functional.one_hot(ids, K).float()
    out, cache = embedding_forward(E, ids)
    dout = torch.randn(out.shape, generator=generator)
    dE = embedding_backward(dout, cache)
    print(f"lookup and product differ by {(out - onehot @ E).abs().max().item():.0e}", end="; ")
    print(f"our gradient and PyTorch's by {(dE - torch.autograd.grad(out, E, dout)[0]).abs().max().item():.0e}")
    for name, compute in (("product", lambda: onehot @ E), ("lookup", lambda: embedding_forward(E, ids)[0])):
        seconds = min(timeit.repeat(compute, number=5, repeat=5)) / 5
        print(f"{name:>8}: {1e6 * seconds:7.0f} µs for {ids.numel()} words")
    print(f"rows of E with a gradient: {int(dE.any(dim=1).sum())} of {K:,}")


def losses_without_a_picture(caption_loss, trained, tested, K):
    """Print the loss of three models of the language: no knowledge, the words' frequencies, those of pairs of words.

    trained, tested: (N, T), the captions that are counted and those that are said.
    """
    single = torch.bincount(trained[:, 1:].flatten(), minlength=K).float()
    single[PAD] = 0
    pairs = torch.zeros(K, K)
    pairs.index_put_((trained[:, :-1].flatten(), trained[:, 1:].flatten()), torch.ones(()), accumulate=True)
    pairs[:, PAD] = 0
    targets, share = tested[:, 1:], single / single.sum()
    models = {
        "nothing": torch.zeros(*targets.shape, K),
        "single words": share.add(1e-6).log().expand(*targets.shape, K),
        "the word before": (pairs + share).add(1e-6)[tested[:, :-1]].log(),
    }
    for name, logits in models.items():
        loss = caption_loss(logits, targets).item()
        print(f"knowing {name:<15}: {loss:.2f} nats per word, undecided among {math.exp(loss):,.0f}")


def untrained_model(CaptionModel, caption_loss, features, tokens, K):
    """Print how an untrained model differs from torch.nn.LSTM, and its loss for other pictures and with more padding.

    features: (N, F). tokens: (N, T), the captions of the same N pictures.
    """
    torch.manual_seed(5)
    model = CaptionModel(features.shape[1], 128, 256, K)
    theirs = torch.nn.LSTM(128, 256, batch_first=True)
    with torch.no_grad():
        for name, values in (("weight_ih_l0", model.U), ("weight_hh_l0", model.W), ("bias_ih_l0", model.b)):
            getattr(theirs, name).copy_(values)
        theirs.bias_hh_l0.zero_()
        read = torch.cat([(features @ model.I.T + model.b_I)[:, None], model.E[tokens[:, :-1]]], dim=1)
        logits = theirs(read)[0][:, 1:] @ model.V.T + model.c_out
        print(f"largest difference from torch.nn.LSTM: {(logits - model(features, tokens)).abs().max():.0e}")
        longer = torch.cat([tokens, torch.full((len(tokens), 3), PAD)], dim=1)
        for name, pictures, words in (
            ("as it is", features, tokens),
            ("other pictures", features.roll(1, 0), tokens),
            ("more padding", features, longer),
        ):
            print(f"{name:>15}: loss {caption_loss(model(pictures, words), words[:, 1:]):.6f}")
    print(f"{sum(values.numel() for values in model.parameters()):,} parameters; ln K = {math.log(K):.2f}")


def by_heart(curve, pictures, words):
    """Draw the losses of a network that learns some pictures by heart, and print whether it has learnt them.

    curve: the losses. pictures, words: how many of each it learns; a network that is blind to the pictures pays at
    least the logarithm of their number for each sentence.
    """
    floor = pictures * math.log(pictures) / words
    _, axis = plt.subplots(figsize=(6.2, 2.8))
    axis.semilogy(curve, color=BLUE)
    axis.axhline(floor, color=GREY, linestyle=":")
    axis.text(150, floor * 1.1, "without the picture: ln 50 a sentence", color=GREY, ha="right", va="bottom")
    axis.axhline(0.02, color=GREEN, linewidth=0.8)
    axis.text(0, 0.018, "to be reached: 0.02", color=GREEN, va="top")
    axis.set(xlabel="steps, all fifty pictures in each", ylabel="loss, nats per word", title="Fifty pictures by heart")
    show()
    print(f"first {curve[0]:.2f}, without the picture at best {floor:.2f}, last {curve[-1]:.4f} nats per word")
    print("learnt by heart" if curve[-1] < 0.02 else "not learnt by heart: look for the mistake before you go on")


def interrupted_runs(tiny_run, train, load_run, features, pairs):
    """Train a run in one go, resumed from its checkpoint, and resumed from its parameters alone; print who is equal.

    tiny_run: a function that returns a new run. pairs: the training and the validation examples.
    """
    torch.manual_seed(7)
    straight, broken_off = tiny_run(), tiny_run()
    broken_off["model"].load_state_dict(straight["model"].state_dict())  # the same first parameters
    train(straight, features, *pairs)

    train(broken_off, features, *pairs, until=3, path="tiny.pt")
    resumed = load_run(tiny_run()["model"], "tiny.pt")
    train(resumed, features, *pairs)

    forgetful = tiny_run()
    forgetful["model"].load_state_dict(broken_off["model"].state_dict())
    forgetful["history"] = broken_off["history"].copy()
    train(forgetful, features, *pairs)
    Path("tiny.pt").unlink()
    for name, run in (("in one go", straight), ("resumed", resumed), ("forgetful", forgetful)):
        parameters = zip(straight["model"].parameters(), run["model"].parameters(), strict=True)
        equal = all(torch.equal(ours, theirs) for ours, theirs in parameters)
        print(f"{name:>10}: last validation loss {run['history'][-1][1]:.9f}; all parameters equal: {equal}")


def training_curves(history):
    """Draw the training and the validation loss of each epoch. history: a list of pairs."""
    _, axis = plt.subplots(figsize=(6.2, 3))
    learnt, unseen = np.array(history).T
    epochs = np.arange(1, len(learnt) + 1)
    axis.semilogy(epochs, learnt, "o-", color=BLUE, markersize=3, label="training (with dropout)")
    axis.semilogy(epochs, unseen, "s--", color=ORANGE, markersize=3, label="validation (without)")
    axis.set(xlabel="epochs", ylabel="loss, nats per word", title="Training the captioner", ylim=(0.1, 5))
    axis.set_yticks([0.1, 0.2, 0.5, 1, 2, 5], ["0.1", "0.2", "0.5", "1", "2", "5"])
    axis.set_xticks(range(0, len(learnt) + 1, 5))
    axis.minorticks_off()
    axis.legend()
    show()


@torch.no_grad()
def losses_of_words(model, features, tokens):
    """Return -log p of each word given the words before it: (N, T-1). features: (N, F). tokens: (N, T)."""
    log_p = model(features, tokens).log_softmax(dim=2)
    return -log_p.gather(2, tokens[:, 1:, None])[:, :, 0]


def losses_by_kind(measured, targets, vocabulary, to_lose_most, to_lose_least, better_at_first_word):
    """Draw the mean loss of five kinds of words, for each of three ways to see the picture.

    measured: by name, losses (N, T-1). targets: (N, T-1), the words. The last three: what was predicted.
    """
    tones, after = ([vocabulary.index(word) for word in some.split()] for some in ("light medium dark", "skin tone"))
    kinds = {"first word": torch.zeros(targets.shape, dtype=torch.bool), "END": targets == END}
    kinds["first word"][:, 0] = True
    kinds["light, medium, dark"] = torch.isin(targets, torch.tensor(tones))
    kinds["skin, tone"] = torch.isin(targets, torch.tensor(after))
    kinds["others"] = (targets != PAD) & ~torch.stack(list(kinds.values())).any(dim=0)

    _, axis = plt.subplots(figsize=(7.4, 3.2))
    styles = zip((BLUE, ORANGE, GREY), ("", "//", ".."), (-0.27, 0, 0.27), strict=True)
    for (name, losses), (color, hatch, shift) in zip(measured.items(), styles, strict=True):
        means = [float(losses[chosen].mean()) for chosen in kinds.values()]
        where = np.arange(len(kinds)) + shift
        axis.bar(where, means, 0.25, color=color, hatch=hatch, edgecolor="white", label=name)
        for x, mean in zip(where, means, strict=True):
            axis.text(x, mean, f"{mean:.2f}", ha="center", va="bottom", fontsize=7)
        total = float(losses[targets != PAD].mean())
        print(f"{name:>20}: {total:.2f} nats per word;", end=" ")
        print(", ".join(f"{kind} {mean:.2f}" for kind, mean in zip(kinds, means, strict=True)))
    axis.set_xticks(range(len(kinds)), kinds)
    axis.set(ylabel="loss, nats per word", title="What a word costs, by what the network sees (unseen combinations)")
    axis.legend()
    show()
    print(f"predicted to lose most: {to_lose_most}; least: {to_lose_least}", end="; ")
    print(f"better at the first word: {better_at_first_word}")


# Sections 7 to 9: the decoders


def captions_said(pictures, said, names, seed=10):
    """Draw twelve pictures with the captions said, and in brackets the name where it is another one."""
    _, axes = plt.subplots(2, 6, figsize=(9, 4.2))
    for axis, n in zip(axes.flat, np.random.default_rng(seed).choice(len(said), 12, replace=False), strict=True):
        right = said[n] == names[n]
        text = broken(said[n]) if right else f"{broken(said[n])}\n[{broken(names[n])}]"
        show_picture(axis, pictures[n], text, BLUE if right else ORANGE)
    show()


@torch.no_grad()
def go_on_from(model, features, first, max_length=13):
    """Return what greedy decoding says after the words `first`, (N,), have been put into its mouth: N lists."""
    state, _ = model.step(model.start(features), torch.full((len(features),), START))
    said, words = [], first
    for _ in range(max_length):
        state, logits = model.step(state, words)
        words = logits.argmax(dim=1)
        said.append(words)
    return torch.stack(said, dim=1).tolist()


def false_first_words(model, decode, vocabulary, features, said, names, predicted):
    """Print how often the rest of a caption stays right when a false first word is put into the network's mouth.

    features: (N, F). said, names: the N captions and what they should be; only those count that begin with man or woman
    and are right. predicted: the share predicted for each false word.
    """
    right = [said[n] == name and name.split()[0] in ("man", "woman") for n, name in enumerate(names)]
    chosen = np.flatnonzero(right)
    rest = [names[n].split(maxsplit=1)[1] for n in chosen]
    man, woman, flag = (vocabulary.index(word) for word in ("man", "woman", "flag"))
    swapped = torch.tensor([woman if names[n].split()[0] == "man" else man for n in chosen])
    for name, first in (("the other of man and woman", swapped), ("flag", torch.full_like(swapped, flag))):
        went_on = [decode(ids, vocabulary) for ids in go_on_from(model, features[chosen], first)]
        share = np.mean([one == other for one, other in zip(went_on, rest, strict=True)])
        print(f"{name}: the rest is right in {100 * share:.0f}% of {len(chosen)} captions", end="; ")
        print(f"predicted: {predicted[name]}")
        for n in range(40, len(chosen), 80)[:3]:
            print(f"    {names[chosen[n]]} -> [{vocabulary[first[n]]}] {went_on[n]}")


def print_right_of_five(value, drawn, names, what="temperature"):
    """Print how many captions are right, five for each picture. drawn: 5 M strings. names: M strings.

    what, value: the name and the number of that which they were drawn with.
    """
    drawn = np.array(drawn).reshape(-1, 5)
    right = drawn == np.array(names)[:, None]
    different = np.mean([len(set(row)) for row in drawn])
    print(f"{what} {value:>4}: {100 * right.mean():4.0f}% right,", end=" ")
    print(f"at least one of five: {100 * right.any(axis=1).mean():4.0f}%; {different:.1f} different ones of five")


class InNucleus:
    """A captioner that says only words of the nucleus; decoders take it as they take a CaptionModel.

    nucleus: yours.
    """

    def __init__(self, model, nucleus, mass):
        self.model, self.nucleus, self.mass = model, nucleus, mass

    def start(self, features):
        """Return the captioner's own first state."""
        return self.model.start(features)

    def step(self, state, words):
        """Return the captioner's own next state, and logits that are minus infinity outside of the nucleus."""
        state, logits = self.model.step(state, words)
        return state, self.nucleus(logits.softmax(dim=1), self.mass).log()


def mended_by_the_beam(beam, greedy, names):
    """Return the number of a picture with a short name that the beam names rightly and greedy decoding does not.

    beam, greedy, names: lists of N captions. If there is no such picture, it is one of the opposite case, or any.
    """
    mended = [n for n, name in enumerate(names) if beam[n] == name != greedy[n]]
    spoilt = [n for n, name in enumerate(names) if greedy[n] == name != beam[n]]
    print(f"validation, k = 3: right where greedy is not: {len(mended)}; wrong where greedy is right: {len(spoilt)}")
    return min(mended or spoilt or range(len(names)), key=lambda n: len(names[n].split()))


def rounds_of_beam(decode_beam, model, picture, k, max_length):
    """Return what extend_beam returned in each round of decode_beam until all hypotheses were finished.

    picture: (F,). Returns a list of rounds, each the lists words, parents, scores, and whether the slot was finished
    before; none where decode_beam does not call the notebook's extend_beam.
    """
    notebook = inspect.unwrap(decode_beam).__globals__
    rounds, own = [], notebook["extend_beam"]

    def noted(scores, log_p, finished):
        words, parents, best = own(scores, log_p, finished)
        rounds.append((words.tolist(), parents.tolist(), best.tolist(), finished[parents].tolist()))
        return words, parents, best

    notebook["extend_beam"] = noted  # for one call
    try:
        decode_beam(model, picture, k, max_length)
    finally:
        notebook["extend_beam"] = own
    return [one for one in rounds if not all(one[3])]


def hypotheses(rounds, vocabulary, title):
    """Draw the hypotheses of a beam search: a column for each round, a row for each slot, lines to what they become.

    rounds: as rounds_of_beam returns them; of none, say why there is nothing to draw.
    """
    if not rounds:
        print(f"no picture of {title}: your decode_beam does without extend_beam, whose rounds would be drawn here")
        return
    _, axis = plt.subplots(figsize=(9, 2.8))
    axis.text(0, 0, "START", ha="center", va="center", bbox={"boxstyle": "round", "fc": "white", "ec": GREY})
    for t, (words, parents, scores, over) in enumerate(rounds, start=1):
        for slot, (word, parent, score, was_over) in enumerate(zip(words, parents, scores, over, strict=True)):
            axis.plot([t - 1, t], [-parent, -slot], color=GREY, linewidth=0.8, zorder=0)
            color = GREEN if word == END else BLUE
            label = "·" if was_over else {END: "END"}.get(word, vocabulary[word])
            box = {"boxstyle": "round", "fc": "white", "ec": color}
            axis.text(t, -slot, f"{label}\n{score:.2f}", ha="center", va="center", fontsize=7, color=color, bbox=box)
    slots = range(len(rounds[0][0]))
    axis.set(xlim=(-0.5, len(rounds) + 0.5), ylim=(0.4 - len(slots), 0.6), xlabel="round", title=title)
    axis.set_yticks([-slot for slot in slots], [f"slot {slot}" for slot in slots])
    show()


# A beam of 3 on "woman medium dark skin tone beard", as one trained network gave it. For each round: the words, the
# slots that they continue, the sums of log probabilities, and who had said END before.
RECORDED = [
    ("woman girl person", (0, 0, 0), (-0.12, -3.22, -3.49), (False, False, False)),
    ("medium medium medium", (0, 1, 2), (-0.18, -3.24, -3.55), (False, False, False)),
    ("dark skin dark", (0, 0, 1), (-0.24, -3.26, -3.29), (False, False, False)),
    ("skin tone skin", (0, 1, 2), (-0.25, -3.27, -3.29), (False, False, False)),
    ("tone tone END", (0, 2, 1), (-0.25, -3.29, -4.41), (False, False, False)),
    ("END beard curly", (0, 0, 0), (-1.32, -1.38, -2.21), (False, False, False)),
    ("END END hair", (0, 1, 2), (-1.32, -1.38, -2.25), (True, False, False)),
    ("END END END", (0, 1, 2), (-1.32, -1.38, -2.25), (True, True, False)),
]


def recorded_beam():
    """Draw the recorded beam search, and print what its captions are worth by sums and by means."""
    names = sorted({word for words, *_ in RECORDED for word in words.split()} - {"END"})
    vocabulary = ["PAD", "START", "END", *names]
    rounds = [([vocabulary.index(word) for word in words.split()], *rest) for words, *rest in RECORDED]
    hypotheses(rounds, vocabulary, "A beam of 3, recorded: 'woman medium dark skin tone beard'")
    captions = [[], [], []]
    for words, parents, *_ in rounds:
        captions = [captions[parent] + [word] for word, parent in zip(words, parents, strict=True)]
    for caption, total in zip(captions, RECORDED[-1][2], strict=True):
        said = [vocabulary[word] for word in caption if word != END]
        size = len(said) + 1
        print(f"{' '.join(said):<36} sum {total:.2f}; {size} symbols with END; per symbol {total / size:.3f}")


BEAM_QUESTION = (
    "The search of one network for the name of one picture, recorded for k = 1 to 4. Greedy decoding, k = 1, does not "
    "find the name that is right. At which k will the search find it first, if means per word decide (α = 1)?"
)


def play_with_the_beam():
    """Show a panel: the recorded searches of a beam, round by round, by its width and by α."""
    recorded = json.loads(Path(data_path("beams.json")).read_text(encoding="utf-8"))
    rounds = recorded["beams"]["1"]
    said = " ".join(continuations[0][1] for continuations in rounds)
    sums = [0, *(continuations[0][3] for continuations in rounds)]
    _, axis = plt.subplots(figsize=(7, 2.6))
    axis.plot(range(len(sums)), sums, "o-", color=BLUE)
    for column, continuations in enumerate(rounds, start=1):
        axis.annotate(continuations[0][1], (column, sums[column]), (0, 6), textcoords="offset points", ha="center")
    axis.set(xlabel="round", ylabel="sum of log p", title=f"k = 1 says: {said}", xlim=(-0.3, len(sums) - 0.5))
    axis.margins(y=0.25)
    data = {"beams": recorded["beams"], "right": recorded["name"]}
    show_panel("beam", "A beam search, round by round", f"{BEAM_QUESTION} The name is: {recorded['name']}.", data)


def print_widths(alpha, said, names, predicted):
    """Print the share of exact names for each width of the beam. said: the captions by k. predicted: the change."""
    shares = {
        k: 100 * np.mean([one == name for one, name in zip(found, names, strict=True)]) for k, found in said.items()
    }
    first, last = min(said), max(said)
    print(f"α = {alpha:g}:", ", ".join(f"k = {k}: {share:.0f}%" for k, share in shares.items()))
    print(f"       from k = {first} to {last} {shares[last] - shares[first]:+.1f}; predicted: {predicted}", end="; ")
    print(f"{np.mean([len(caption.split()) for caption in said[last]]):.2f} words a caption at k = {last}")


# Sections 10 and 11: scores, and what has been learnt


def _exchanged(first, second):
    """Return a function that exchanges two words in a list of words."""
    other = {first: second, second: first}
    return lambda words: [other.get(word, word) for word in words]


def bleu_of_spoilt_names(bleu, names, score_name="BLEU"):
    """Print the BLEU, or another score, of names that are spoilt in four ways, against the names themselves."""
    changes = {
        "man and woman exchanged": _exchanged("man", "woman"),
        "light and dark exchanged": _exchanged("light", "dark"),
        "the first word left out": lambda words: words[1:],
        "words in alphabetical order": sorted,
    }
    for what, change in changes.items():
        spoilt = [" ".join(change(name.split())) for name in names]
        share = np.mean([one == name for one, name in zip(spoilt, names, strict=True)])
        score = bleu(spoilt, [[name] for name in names])
        print(f"all unseen combinations, {what}: {score_name} {score:.3f}, {100 * share:.0f}% unchanged")


def nearest(pictures, trained):
    """Return for each picture's features, (N, F), the number of the nearest ones among `trained`, (M, F): (N,)."""
    return torch.cdist(pictures, trained).argmin(dim=1).numpy()


def print_scores(split, spoken, names, bleu, cider):
    """Print the share of exact names, BLEU and CIDEr of several captioners. spoken: their captions by name."""
    references = [[name] for name in names]
    print(f"{split}: {len(names)} pictures{'exactly right':>28} {'BLEU':>6} {'CIDEr':>6}")
    for captioner, said in spoken.items():
        of_these = references[: len(said)]  # a slow beam may have said the first pictures only
        share = np.mean([one == name for one, (name,) in zip(said, of_these, strict=True)])
        print(f"{captioner:>24} {100 * share:>22.1f}%", end=" ")
        print(f"{bleu(said, of_these):>6.3f} {cider(said, of_these):>6.2f}")


def print_competitor(name, epochs, seconds, loss, tokens, said, names):
    """Print a competitor's loss per symbol and per caption, its share of exact names, and three of its captions.

    tokens: (N, T), the captions as numbers of the words or characters that it says.
    """
    each = float((tokens[:, 1:] != PAD).sum(dim=1).float().mean())  # words or characters of a caption, END too
    share = np.mean([one == other for one, other in zip(said, names, strict=True)])
    print(f"{name:>10}: {epochs} epochs in {seconds:.0f} s; {loss:.3f} nats x {each:.1f} = {loss * each:.2f}", end="")
    print(f" per caption; {100 * share:.0f}% exactly right; such as", end=" ")
    print("; ".join(said[n] for n in (0, 100, 200)))


COLUMNS = ["Describes without errors", "with minor errors", "Somewhat related", "Unrelated"]


def shared_words(said, name):
    """Return how many words a caption shares with the name: 2 · shared / (words of both), from 0 to 1."""
    a, b = Counter(said.split()), Counter(name.split())
    return 2 * (a & b).total() / (a.total() + b.total())


def column_of(said, name):
    """Return the score's verdict: 1 the name itself, 2 at least three quarters shared, 3 some of it shared, 4 none."""
    score = shared_words(said, name)
    return 1 if said == name else 2 if score >= 0.75 else 3 if score > 0 else 4


def choose_gallery(rows, said, names, seed=14):
    """Draw at random three captions of each verdict, and an order in which to show them.

    rows, said, names: of each split the numbers of the pictures, the captions said and the names.
    Returns a list of 12 tuples (row, caption, name, verdict), by verdict, and a permutation of 0..11.
    """
    everything = [
        (row, caption, name, column_of(caption, name))
        for split in ("combinations", "concepts")
        for row, caption, name in zip(rows[split], said[split], names[split], strict=True)
    ]
    rng = np.random.default_rng(seed)
    gallery = []
    for column in (1, 2, 3, 4):
        of_column = [n for n, (*_, verdict) in enumerate(everything) if verdict == column] or range(len(everything))
        gallery += [everything[n] for n in rng.choice(of_column, 3, replace=len(of_column) < 3)]
    return gallery, rng.permutation(12)


def show_gallery(pictures, gallery, shown):
    """Draw the pictures of choose_gallery with their captions, without names and verdicts."""
    _, axes = plt.subplots(2, 6, figsize=(9, 4))
    for place, (axis, n) in enumerate(zip(axes.flat, shown, strict=True), start=1):
        row, said, _, _ = gallery[n]
        show_picture(axis, pictures[row], f"{place}: {broken(said)}")
    show()


def sort_gallery(pictures, gallery, shown, my_columns):
    """Draw the pictures of choose_gallery in the four columns, with names and verdicts; print how many verdicts agree.

    my_columns: the reader's 12 verdicts, 1 to 4 or None, in the order in which the pictures were shown.
    """
    _, axes = plt.subplots(3, 4, figsize=(9, 6.8))
    for column, line in enumerate(axes.T):
        line[0].set_title(COLUMNS[column], color=(GREEN, BLUE, "#a07000", ORANGE)[column], fontsize=10)
        for axis, n in zip(line, range(3 * column, 3 * column + 3), strict=True):
            row, said, name, _ = gallery[n]
            mine = my_columns[list(shown).index(n)] or "–"
            below = f"{broken(said, 28)}\n[{broken(name, 28)}]\nshared {shared_words(said, name):.2f}, you: {mine}"
            show_picture(axis, pictures[row], below, size=7)
    show()
    agreed = [mine == gallery[n][3] for mine, n in zip(my_columns, shown, strict=True) if mine]
    print(f"you and the score agree in {sum(agreed)} of {len(agreed)} pictures")


def print_columns(said, names):
    """Print how the score sorts all captions of two splits into the four columns."""
    for split in ("combinations", "concepts"):
        verdicts = Counter(column_of(*pair) for pair in zip(said[split], names[split], strict=True))
        shares = ", ".join(
            f"{title} {100 * verdicts[k] / len(names[split]):.0f}%" for k, title in enumerate(COLUMNS, 1)
        )
        print(f"{split:>12}: {shares}")


# Section 12: photographs


def photographs_as_emoji(say):
    """Draw six photographs, and below each what a captioner of emoji says of it: the recorded one, and yours.

    say: a function of pictures (N, 32, 32, 3) uint8 that returns your N captions. The captioner gets the middle square.
    """
    with np.load(data_path("photographs.npz")) as file:
        names, recorded = file["names"].tolist(), file["captions"][:, 0].tolist()
        photographs = [plt.imread(io.BytesIO(file[f"jpeg/{name}"].tobytes()), format="jpeg") for name in names]
        squares = file["squares"]
    said = say(squares)
    _, axes = plt.subplots(2, len(names), figsize=(9, 4.2))
    for n, (above, below) in enumerate(axes.T):
        own, other = said[n], recorded[n]
        show_picture(above, photographs[n], names[n], GREY)
        show_picture(below, squares[n], f"yours:\n{broken(own)}\nrecorded:\n{broken(other)}", size=7)
    show()
    for name, own, other in zip(names, said, recorded, strict=True):
        print(f"{name:>10}: yours {own!r}; recorded {other!r}")


# Section 13: the hidden pictures


def hidden_captions(pictures, said, seed=16):
    """Draw twelve of the hidden pictures with their captions, and print how long and how different all captions are."""
    sizes = [len(caption.split()) for caption in said]
    used = {word for caption in said for word in caption.split()}
    print(f"{len(said)} captions of {np.mean(sizes):.1f} words, {len(used)} different words", end="; ")
    print(f"{len(said) - len(set(said))} captions repeat an earlier one")
    _, axes = plt.subplots(2, 6, figsize=(9, 4))
    for axis, n in zip(axes.flat, np.random.default_rng(seed).choice(len(said), 12, replace=False), strict=True):
        show_picture(axis, pictures[n], broken(said[n]))
    show()
