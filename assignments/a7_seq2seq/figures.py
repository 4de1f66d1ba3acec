"""The figures and tables of assignment 7, and the measuring behind them.

Each function takes the notebook's functions as arguments, draws one figure or prints one table, and prints what was
measured beside what was predicted. Answers are lists of phonemes' ids, as `pronounce` returns them.
"""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch

from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show
from selfcheck.unrolled import unrolled

EDGES = [2, 5, 7, 9, 11, 13, 21]  # of the bins of word lengths
BINS = ["2–4", "5–6", "7–8", "9–10", "11–12", "13–20"]


def symbols(ids, phonemes):
    """Return an answer as one writes it: the names of its phonemes. phonemes: the names of the ids from 3 on."""
    return " ".join(["PAD", "START", "END", *phonemes][number] for number in ids)


def letters_and_phonemes(pairs):
    """Draw how many words there are of each number of letters and phonemes. pairs: list of (word, phonemes)."""
    sizes = np.zeros((21, 21))  # words with so many phonemes (rows) and letters (columns)
    for word, phonemes in pairs:
        if len(word) <= 20 and len(phonemes) <= 20:
            sizes[len(phonemes), len(word)] += 1
    figure, axis = plt.subplots(figsize=(5, 3.8))
    picture = axis.imshow(np.log10(np.where(sizes > 0, sizes, np.nan)), cmap="viridis_r", origin="lower")
    axis.plot([1, 17], [1, 17], color=ORANGE, linewidth=1)
    axis.text(15.2, 17.2, "as many phonemes as letters", color=ORANGE, ha="right", va="bottom")
    axis.set(xlabel="letters", ylabel="phonemes", xlim=(0.5, 18.5), ylim=(0.5, 18.5), title="Words of the training set")
    axis.set(xticks=range(2, 19, 4), yticks=range(2, 19, 4))
    figure.colorbar(picture, label="number of words", ticks=range(5), format=lambda power, _: f"{10**power:,.0f}")
    show()


def training_loss(losses, K):
    """Draw the loss of each batch, smoothed over 50 batches. K: the number of symbols that can be said."""
    _, axis = plt.subplots(figsize=(6.4, 3.2))
    axis.semilogy(np.arange(25, len(losses) - 24), np.convolve(losses, np.ones(50) / 50, mode="valid"), color=BLUE)
    axis.axhline(np.log(K), color=GREY, linestyle=":")
    axis.text(len(losses), 1.05 * np.log(K), f"ln {K}: guessing", color=GREY, ha="right", va="bottom")
    axis.set(xlabel="batches of 128 words", ylabel="loss, nats per symbol", ylim=(0.14, 6))
    axis.set_title("Training (mean of 50 batches)")
    axis.set_yticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
    axis.minorticks_off()
    show()


# Section 7: one word


@torch.no_grad()
def one_word(encode, decoder_step, parameters, word, letter_id, phonemes):
    """Draw encoder and decoder unrolled while they say a word, read backwards: greedily, with their probabilities.

    encode: yours. decoder_step: the notebook's. letter_id: the letters' ids. phonemes: the names of the ids from 3 on.
    """
    read = word[::-1]
    x = torch.tensor([[letter_id[letter] for letter in read]])
    state, states, inputs, outputs = None, [], [], []
    for t in range(len(read)):
        state = encode(parameters, x[:, : t + 1], torch.tensor([t + 1]))
        states, inputs, outputs = [*states, f"‖h‖\n{state.norm():.1f}"], [*inputs, read[t]], [*outputs, ""]
    said = torch.tensor([1])  # START
    while said.item() != 2 and len(states) < len(read) + 8:  # until END
        inputs.append(symbols(said.tolist(), phonemes))
        logits, state = decoder_step(parameters, said, state)
        best, said = logits.softmax(dim=1).max(dim=1)
        states.append(f"‖s‖\n{state.norm():.1f}")
        outputs.append(f"{symbols(said.tolist(), phonemes)}\n{best.item():.2f}")
    across = ["c" if t == len(read) else "" for t in range(len(states))]
    unrolled(states, inputs, outputs, "", across, title=f"“{word}”: read backwards, then said, with its probabilities")


# Section 9: errors


def table_of_edits(edit_distance, said, meant, phonemes, word):
    """Draw the table of the edit distance of one answer, and a cheapest path through it."""
    distance, d = edit_distance(said, meant)
    i, j = len(said), len(meant)
    path = [(i, j)]
    while i or j:  # back from the corner, by a neighbour from which d[i, j] may have come
        if i and j and d[i, j] == d[i - 1, j - 1] + (said[i - 1] != meant[j - 1]):
            i, j = i - 1, j - 1
        elif i and d[i, j] == d[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
        path.append((i, j))
    _, axis = plt.subplots(figsize=(4.4, 3.8))
    axis.imshow(d, cmap="Blues", vmax=2 * d.max())
    axis.plot([j for _, j in path], [i for i, _ in path], color=ORANGE, linewidth=6, alpha=0.5)
    for i, j in np.ndindex(d.shape):
        axis.text(j, i, d[i, j], ha="center", va="center")
    axis.set_xticks(range(d.shape[1]), ["", *symbols(meant, phonemes).split()])
    axis.set_yticks(range(d.shape[0]), ["", *symbols(said, phonemes).split()])
    axis.set(xlabel="dictionary", ylabel="network", title=f"{word}: edit distance {distance}")
    show()


def beam_widths(beams, widths, meant, phoneme_error_rate, predicted_fall):
    """Draw the phoneme error rate against the number of hypotheses. beams: by alpha, the answers for each width."""
    _, axis = plt.subplots(figsize=(5.6, 3.2))
    for (alpha, answers), color, marker in zip(beams.items(), (BLUE, ORANGE), ("o-", "s--"), strict=True):
        rates = [100 * phoneme_error_rate(beam, meant) for beam in answers]
        axis.plot(widths, rates, marker, color=color, label=f"α = {alpha:g}")
        print(f"α = {alpha:g}: {np.round(rates, 2)}% with k = {widths};", end=" ")
        print(f"{np.mean([len(answer) for answer in answers[-1]]):.2f} phonemes a word at k = {widths[-1]}")
    axis.set(xlabel="k, hypotheses", ylabel="phoneme error rate, %", xscale="log")
    axis.set_title(f"Beam search, {len(meant):,} words of the test")
    axis.set_xticks(widths, [str(k) for k in widths])
    axis.minorticks_off()
    axis.legend()
    show()
    print(f"the dictionary has {np.mean([len(right) for right in meant]):.2f}; predicted fall: {predicted_fall}")


def log_probability(logits, y, lengths):
    """Return the sum of log p over the first symbols of each row. logits: (N, T, K). y: (N, T). lengths: (N,)."""
    log_p = logits.log_softmax(dim=2).gather(2, y[:, :, None])[:, :, 0]
    return torch.where(torch.arange(y.shape[1]) < lengths[:, None], log_p, 0).sum(dim=1).numpy()


def whose_fault(log_p_of, edit_distance, greedy, meant, beam, predicted):
    """Print in how many mistakes of greedy search the network holds the right answer for the more probable one.

    log_p_of: a function of N answers that returns their log probabilities, (N,). greedy, meant, beam: N answers each,
    those of greedy search, the dictionary's and those of a beam. predicted: the share that was predicted.
    """
    own, true, found = (log_p_of(answers) for answers in (greedy, meant, beam))
    edits = np.array([edit_distance(*pair)[0] for pair in zip(greedy, meant, strict=True)])
    of_beam = np.array([edit_distance(*pair)[0] for pair in zip(beam, meant, strict=True)])
    mistaken = edits > 0
    share = np.mean((true > own)[mistaken])
    print(
        f"greedy search is wrong in {mistaken.sum()} words; the dictionary's answer is the more probable one", end=" "
    )
    print(f"in {share:.3f} of them (predicted: {predicted})")
    better = mistaken & (found > own + 1e-4)  # more probable, and not by rounding alone
    fewer = (edits - of_beam)[better]
    print(f"in {better.sum()} of them a beam of 8, α = 0, finds something more probable than greedy search:", end=" ")
    print(f"fewer edits in {(fewer > 0).sum()}, as many in {(fewer == 0).sum()}, more in {(fewer < 0).sum()}")


def after_the_first_mistake(would_say, y, greedy, meant, edit_distance, predicted):
    """Print the errors per phoneme with the teacher, and after the first mistake with the teacher and without.

    would_say, y: (N, T), what the network would say after the right symbols, and what is right. greedy, meant: the N
    answers that it gives alone, and the right ones. predicted: the three rates, by name.
    """
    sizes = [len(right) for right in meant]
    wrong = [(would_say[n] != y[n])[: sizes[n]].numpy() for n in range(len(sizes))]  # with the teacher
    corrected = alone = rest = 0
    for n, mistakes in enumerate(wrong):
        if mistakes.any():
            first = int(mistakes.argmax())  # the first mistake, with the teacher and without
            rest += sizes[n] - first - 1
            corrected += mistakes[first + 1 :].sum()
            alone += edit_distance(greedy[n][first:], meant[n][first:])[0] - 1  # the first mistake itself not counted
    measured = np.concatenate(wrong).mean(), corrected / rest, alone / rest
    for (name, guess), value in zip(predicted.items(), measured, strict=True):
        print(f"{name:>24}: {value:.3f} errors per phoneme; predicted: {guess}")
    print(f"words with a mistake: {np.mean([mistakes.any() for mistakes in wrong]):.2f}; phonemes after it: {rest:,}")


# Sections 10 and 11: the shipped runs


def three_choices(runs, phonemes):
    """Draw the errors and the training losses of four networks with equally many parameters.

    runs: the arrays of bottleneck.npz. phonemes: how many the test has.
    """
    kinds = {
        "GRU, 64 units": "GRU, 64 units,\nsource reversed",
        "source forwards": "the same,\nsource forwards",
        "LSTM, 54 units": "LSTM, 54 units",
        "context at every step": "GRU, 55 units, context\nat every step",
    }
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=[1.2, 1])
    looks = zip(kinds, (BLUE, ORANGE, GREEN, "#cc79a7"), ("-", "--", "-.", ":"), strict=True)
    for place, (kind, color, style) in enumerate(looks):
        rates = 100 * runs[f"{kind}/test"].sum(axis=1) / phonemes  # one for each seed
        left.plot(rates, [place] * len(rates), "o", color=color, markersize=8, alpha=0.8)
        print(f"{kind:>22}, {runs[f'{kind}/parameters']:,} parameters:", ", ".join(f"{rate:.1f}%" for rate in rates))
        losses = runs[f"{kind}/losses"].mean(axis=0)
        right.semilogy(np.arange(25, 3000, 50), losses, style, color=color, label=kind)
    left.set_yticks(range(len(kinds)), kinds.values())
    left.set(xlabel="phoneme error rate on the test, %", ylim=(3.5, -0.5), title="Equal parameters, two seeds each")
    left.grid(axis="x", color="0.9")
    right.set(xlabel="batches", ylabel="loss, nats per symbol", title="Training loss", ylim=(0.25, 4))
    right.set_yticks([0.3, 0.5, 1, 2, 4], ["0.3", "0.5", "1", "2", "4"])
    right.minorticks_off()
    right.legend(fontsize=8)
    show()


def edits_without_order(said, meant):
    """Return for each answer the phonemes that are missing or superfluous, the more of the two, in any order."""
    bags = [(Counter(answer), Counter(right)) for answer, right in zip(said, meant, strict=True)]
    return [max((answer - right).total(), (right - answer).total()) for answer, right in bags]


def errors_by_length(error_by_length, runs, pairs):
    """Draw the phoneme error rate by length of word for four networks, on unseen words and on training words.

    runs: the arrays of bottleneck.npz. pairs: by split, "test" and "training", the list of (word, phonemes).
    """
    styles = {
        "GRU, 24 units": (ORANGE, "s--"),
        "GRU, 64 units": (GREEN, "^-."),
        "24 numbers pass": (GREY, "D:"),
        "GRU, 160 units": (BLUE, "o-"),
    }
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    for axis, (split, words) in zip(axes, pairs.items(), strict=True):
        letters, phonemes = [len(word) for word, _ in words], [len(phonemes) for _, phonemes in words]
        for kind, (color, style) in styles.items():
            label = "GRU, 160 units, 24 numbers pass" if kind == "24 numbers pass" else kind
            both = [100 * error_by_length(row, phonemes, letters, EDGES)[0] for row in runs[f"{kind}/{split}"]]
            mean = np.mean(both, axis=0)
            axis.plot(BINS, mean, style, color=color, label=label)
            axis.fill_between(BINS, np.min(both, axis=0), np.max(both, axis=0), color=color, alpha=0.25, linewidth=0)
            print(f"{split:>8}, {kind:>15}:", " ".join(f"{rate:5.1f}" for rate in mean), end="; ")
            print(f"all {100 * runs[f'{kind}/{split}'].sum() / 2 / sum(phonemes):.1f}%; ×{mean[-1] / mean[0]:.1f}")
        axis.set(xlabel="letters in the word", ylim=(0, None))
    axes[0].set(ylabel="phoneme error rate, %", title="Words never seen (test)")
    axes[1].set(title="Words of the training set")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    title = "How much passes from encoder to decoder: 3,000 batches each, mean and range of two seeds"
    figure.suptitle(title, fontsize=10)
    show()


# Section 12: which letters does a phoneme hear?


def letters_behind_phonemes(encode, decode_teacher_forced, parameters, pairs, letter_id, phoneme_id):
    """Draw for some words how strongly the log probability of each phoneme answers to each letter: gradients' norms.

    encode, decode_teacher_forced: yours. pairs: list of (word, phonemes). Every letter of a word gets a column of U of
    its own, so that its gradient is kept apart; a row is divided by its largest number.
    """
    _, axes = plt.subplots(1, len(pairs), figsize=(9, 3.4), width_ratios=[len(word) for word, _ in pairs])
    for axis, (word, said) in zip(axes, pairs, strict=True):
        columns = parameters["U_enc"].detach()[:, [letter_id[letter] for letter in word]].requires_grad_()  # (G*H, T)
        backwards = torch.arange(len(word)).flip(0)[None]
        state = encode(parameters | {"U_enc": columns}, backwards, torch.tensor([len(word)]))
        y = torch.tensor([[phoneme_id[phoneme] for phoneme in said]])
        log_p = decode_teacher_forced(parameters, state, y).log_softmax(dim=2)[0]
        rows = []
        for t, phoneme in enumerate(y[0]):
            (gradient,) = torch.autograd.grad(log_p[t, phoneme], columns, retain_graph=True)
            rows.append(gradient.norm(dim=0))
        strength = torch.stack(rows)
        axis.imshow(strength / strength.max(dim=1, keepdim=True).values, cmap="Blues", aspect="auto")
        axis.set_xticks(range(len(word)), list(word))
        axis.set_yticks(range(len(said)), said)
        axis.set(xlabel="letter", title=word)
    axes[0].set_ylabel("phoneme")
    show()


# Section 13: attention, and the answer of least risk


class Looking(torch.nn.Module):
    """A GRU that reads forwards and one that writes, whose output sees its own state and its context side by side.

    attend, sequence_loss: yours. D, K: how many symbols are read, and how many are said.
    """

    def __init__(self, attend, sequence_loss, D, K, H=64):
        super().__init__()
        torch.manual_seed(0)
        self.attend, self.loss = attend, sequence_loss
        self.letters, self.phonemes = torch.nn.Embedding(D, H), torch.nn.Embedding(K, H)
        self.reader, self.writer = (torch.nn.GRU(H, H, batch_first=True) for _ in range(2))
        self.output = torch.nn.Linear(2 * H, K)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=4e-3)

    def forward(self, x, lengths, y):
        """Return the logits of y, each given the true symbols before it, and where the writer looked, (N, Q, T)."""
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.letters(x), lengths, batch_first=True, enforce_sorted=False
        )
        packed, last = self.reader(packed)
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        before = torch.nn.functional.pad(y[:, :-1], (1, 0), value=1)  # START is 1
        queries, _ = self.writer(self.phonemes(before), last)
        contexts, weights = self.attend(queries, states, lengths)
        return self.output(torch.cat([queries, contexts], dim=2)), weights

    def learn(self, batches, steps):
        """Take this many steps with Adam and clipped gradients, one batch each; return the losses."""
        losses = []
        for _ in range(steps):
            x, lengths, y, sizes = next(batches)
            loss = self.loss(self(x, lengths, y)[0], y, sizes)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            self.optimizer.step()
            losses.append(loss.item())
        return losses


@torch.no_grad()
def where_it_looks(looking, pairs, letter_id, phoneme_id):
    """Draw the weights of some words, one row for each phoneme. pairs: list of (word, phonemes)."""
    _, axes = plt.subplots(1, len(pairs), figsize=(9, 3.4), width_ratios=[len(word) for word, _ in pairs])
    for axis, (word, said) in zip(axes, pairs, strict=True):
        x, y = (torch.tensor([ids]) for ids in ([letter_id[a] for a in word], [phoneme_id[p] for p in said]))
        _, weights = looking(x, torch.tensor([len(word)]), y)
        axis.imshow(weights[0], cmap="Blues", aspect="auto", vmin=0, vmax=1)
        axis.set_xticks(range(len(word)), list(word))
        axis.set_yticks(range(len(said)), said)
        axis.set(xlabel="state after letter", title=word)
    axes[0].set_ylabel("phoneme")
    show()


@torch.no_grad()
def drawn(decoder_step, parameters, state, count, start, end, max_length=20, seed=0):
    """Return for each of N sources `count` answers drawn from the network's own distribution: lists of ids."""
    generator = torch.Generator().manual_seed(seed)
    state = state.repeat_interleave(count, dim=0)
    said = [torch.full((len(state),), start)]
    for _ in range(max_length):
        logits, state = decoder_step(parameters, said[-1], state)
        said.append(torch.multinomial(logits.softmax(dim=1), 1, generator=generator).flatten())
    answers = [[*row, end] for row in torch.stack(said[1:], dim=1).tolist()]
    answers = [row[: row.index(end)] for row in answers]
    return [answers[n : n + count] for n in range(0, len(answers), count)]


def counted(answers):
    """Return each different answer once, and the logarithm of how often it stands there."""
    counts = Counter(map(tuple, answers))
    return [list(answer) for answer in counts], np.log(list(counts.values()))


def four_choices(draws, least_risk, greedy, beam, meant, phoneme_error_rate):
    """Print how wrong four ways to choose an answer are: by phonemes, and by whole words. The words: as least_risk."""
    frequent = [max(rows, key=rows.count) for rows in draws]
    choices = {"one draw": [rows[0] for rows in draws], "most frequent": frequent}
    choices |= {"greedy": greedy, "beam of 8": beam, "least risk": least_risk}
    right = meant[: len(least_risk)]
    for name, said in choices.items():
        said = said[: len(right)]
        exact = np.mean([one == other for one, other in zip(said, right, strict=True)])
        print(f"{name:>13}: {100 * phoneme_error_rate(said, right):4.1f}% of the phonemes wrong, ", end="")
        print(f"{100 * exact:4.1f}% of the words right")
