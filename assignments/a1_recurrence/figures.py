"""The figures and measurements of assignment 1.

Every function takes what you have written, or what the notebook gives, as an argument, draws, prints, and keeps its
names to itself, so that a cell of the notebook can be run again, in any order. Nothing here is graded: change what you
like.
"""

import re
from collections import Counter
from itertools import cycle, pairwise, permutations
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

from selfcheck.drawing import BLUE, GREEN, GREY, ORANGE, show
from selfcheck.unrolled import unrolled

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # symbol 0, the dot, marks where a name begins and ends; a..z are 1..26


def tokens_of(word):
    """Return the letters of a word as integers 1..26, shape (T,)."""
    return np.array([LETTERS.index(letter) for letter in word])


# Section 2: one-hot vectors


def letters_and_words(one_hot, path):
    """Draw your one_hot of the letters of "stroll", and how many different letters and words are met in a text.

    path: of the text. Prints how many words there are, and how often the words of the lecture's sentence occur.
    """
    words = re.findall(r"[a-z']+", path.read_text().lower())
    counts = Counter(words)
    _, first_use = np.unique(words, return_index=True)  # where each word occurs for the first time
    first_letters = [min(i for i in first_use if letter in words[i]) for letter in LETTERS[1:]]
    picture = one_hot(tokens_of("stroll")[None] - 1, 26)[0].T  # (26, 6): here a is class 0
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), width_ratios=[1, 2])
    left.imshow(picture, cmap="Blues", aspect="auto")
    left.set(xlabel="step t", ylabel="class k", title="one_hot of “stroll”")
    left.set_xticks(range(6), list("stroll"))
    left.set_yticks(range(26), [f"{k}  {letter}" for k, letter in enumerate(LETTERS[1:])], fontsize=6)
    right.loglog(np.sort(first_use) + 1, np.arange(1, len(first_use) + 1), color=BLUE, label="different words met")
    right.plot(*_met(first_letters, len(words)), color=ORANGE, linestyle="-.", label="different letters met")
    right.axhline(100_000, color=GREY, linestyle="--", label="the lecture's K = 100,000")
    right.set(xlabel="words read", ylabel="classes K", title="Shakespeare: words keep coming, letters do not")
    right.legend(loc="upper left", bbox_to_anchor=(0, 0.88))
    show()
    once = sum(times == 1 for times in counts.values())
    print(f"{len(words):,} words, {len(counts):,} different ones; {once:,} of them occur only once")
    print({word: counts[word] for word in ("an", "evening", "stroll", "through", "a", "city", "square")})


def _met(first_uses, end):
    """Return the points of a curve up to `end` items read: how many of the things first met there have been met."""
    return [*(np.sort(first_uses) + 1), end], [*range(1, len(first_uses) + 1), len(first_uses)]


# Random networks


def random_rnn(rng, D, H, radius):
    """Draw U (H, D), W (H, H), b (H,): normal numbers, U divided by sqrt(D), W scaled to a spectral radius, b small."""
    U = rng.standard_normal((H, D)) / np.sqrt(D)
    W = rng.standard_normal((H, H))
    W *= radius / abs(np.linalg.eigvals(W)).max()
    b = 0.1 * rng.standard_normal(H)
    return U, W, b


# Sections 3 and 5: which input can change which output?


def _influence(f, T, D, rng):
    """Return how far each output moves when one input changes: (T, T), row t the output, column s the input."""
    x = np.repeat(rng.standard_normal((1, T, D)), T + 1, axis=0)  # (T + 1, T, D): T + 1 equal sequences
    x[np.arange(T), np.arange(T)] += 0.1  # sequence s differs at step s; the last one is unchanged
    y = f(x)
    return np.linalg.norm(y[:T] - y[T], axis=2).T


def influence_in_convolution(temporal_convolution, k, T=24, D=8, H=32):
    """Return how far output t of your convolution with k random filters moves when input s changes: (T, T)."""
    rng = np.random.default_rng(10)
    filters, bias = rng.standard_normal((k, H, D)) / np.sqrt(k * D), rng.standard_normal(H)
    return _influence(lambda x: temporal_convolution(x, filters, bias), T, D, rng)


def influence_in_rnn(rnn_forward, radius, T=24, D=8, H=32):
    """Return how far state t of a random network with this spectral radius moves when input s changes: (T, T)."""
    rng = np.random.default_rng(11)
    U, W, b = random_rnn(rng, D, H, radius)
    return _influence(lambda x: rnn_forward(x, U, W, b)[0], T, D, rng)


def show_influence(moved):
    """Draw one or two influences (T, T), by title: white where the output has not moved, rounding errors apart."""
    figure, axes = plt.subplots(1, len(moved), figsize=(8 if len(moved) > 1 else 4.4, 3.6), squeeze=False)
    for axis, (title, sizes) in zip(axes[0], moved.items(), strict=True):
        picture = axis.imshow(np.log10(np.where(sizes > 1e-12, sizes, np.nan)), cmap="viridis_r", vmin=-7, vmax=0)
        axis.set(xlabel="input changed at step s", ylabel="output at step t", title=title)
    figure.colorbar(picture, ax=axes, label="log10 of the change")
    show()


def unrolled_in_numbers(rnn_forward):
    """Draw the unit that section 5 works out on paper, over four steps, with the states of your rnn_forward."""
    x, (U, W, b, h0) = np.array([1.0, -1.0, 0.5, 0.0]), (0.5, 0.9, 0.1, 0.2)
    h = rnn_forward(x[None, :, None], np.array([[U]]), np.array([[W]]), np.array([b]), np.array([[h0]]))[0][0, :, 0]
    states = [f"$h_{t}$\n{state:.4f}" for t, state in enumerate(h)]
    inputs = [f"$x_{t}$\n{value:g}" for t, value in enumerate(x)]
    across = [f"W·h = {W * state:.3f}" for state in (h0, *h[:-1])]
    unrolled(states, inputs, [""] * 4, f"$h_{{-1}}$\n{h0}", across, title="One unit, the same W, U, b at every step")


# Experiment 1


def order_matters(one_hot, temporal_convolution, rnn_forward, predicted_vectors, sentence):
    """Draw how far the summaries of all orders of seven words lie from that of the sentence.

    The functions: yours. predicted_vectors: by kind of summary, how many different vectors there are; the number is
    printed beside it. sentence: seven words. On the right: how far the last state of a network moves when two
    neighbours are exchanged.
    """
    orders = np.array(list(permutations(range(7))))  # (5040, 7); the first row is the sentence as it stands
    x = one_hot(orders, 7)
    rng = np.random.default_rng(1)
    filters, bias = rng.standard_normal((3, 16, 7)), rng.standard_normal(16)
    summaries = {
        "sum of the words": x.sum(axis=1),
        "averaged convolution": temporal_convolution(x, filters, bias).mean(axis=1),
        "last state of the RNN": rnn_forward(x, *random_rnn(rng, 7, 16, radius=0.9))[0][:, -1],
    }
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
    for (name, vectors), color in zip(summaries.items(), (GREY, ORANGE, BLUE), strict=True):
        different = len(np.unique(vectors.round(9), axis=0))
        print(f"{name:>21}: {different:>4} different vectors; predicted: {predicted_vectors[name]}")
        distance = np.linalg.norm(vectors - vectors[0], axis=1) / np.linalg.norm(vectors[0])
        left.hist(distance[1:], bins=np.linspace(0, 2.2, 45), color=color, alpha=0.7, label=f"{name}: {different}")
    left.set(xlabel="relative distance from the sentence as it stands", ylabel="orders", yscale="log", ylim=(0.7, 1e6))
    left.set_title("5040 orders of seven words")
    left.legend(title="different vectors", loc="upper right", fontsize=8)

    swaps = np.tile(np.arange(7), (7, 1))  # row 0: the sentence; row i + 1: words i and i + 1 exchanged
    for i in range(6):
        swaps[i + 1, [i, i + 1]] = i + 1, i
    moved = []
    for _ in range(200):
        last = rnn_forward(one_hot(swaps, 7), *random_rnn(rng, 7, 16, radius=0.9))[0][:, -1]
        moved.append(np.linalg.norm(last[1:] - last[0], axis=1) / np.linalg.norm(last[0]))
    right.bar(range(6), np.mean(moved, axis=0), color=BLUE)
    right.set_xticks(range(6), [f"{first}\n{second}" for first, second in pairwise(sentence)], fontsize=7)
    right.set(xlabel="the two neighbours exchanged", ylabel="relative distance")
    right.set_title("Last state, mean of 200 networks")
    show()


# The trained model of surnames


def read_model(path):
    """Return the parameters U, W, b, V, c_out of a trained model by name, as float64."""
    with np.load(path) as file:
        return {name: file[name].astype(np.float64) for name in file}


def read(names, one_hot, rnn_forward, U, W, b):
    """Return the symbols (N, T) of names of equal length, START first, and the states (N, T, H) of an RNN on them."""
    tokens = np.array([[0, *tokens_of(name)] for name in names])
    return tokens, rnn_forward(one_hot(tokens, 27), U, W, b)[0]


def expectations(one_hot, rnn_forward, rnn_output, model, name):
    """Draw the probabilities of a model for the next symbol after each letter of a name; print those of what comes.

    The functions: yours. model: from `read_model`.
    """
    tokens, h = read([name], one_hot, rnn_forward, model["U"], model["W"], model["b"])
    y = rnn_output(h, model["V"], model["c_out"])[0]  # (T, K)
    steps, comes = np.arange(len(name) + 1), [*tokens[0, 1:], 0]
    figure, axis = plt.subplots(figsize=(4.6, 4.6))
    picture = axis.imshow(y.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.plot(steps, comes, "o", color=ORANGE, fillstyle="none", markersize=8)
    axis.set_xticks(steps, ["START", *name])
    axis.set_yticks(range(27), list(LETTERS), fontsize=7)
    axis.set(xlabel="symbol just read", ylabel="next symbol", title="What the model expects, circle: what comes")
    figure.colorbar(picture, label="probability")
    show()
    print("probability of what comes:", y[steps, comes].round(2))


# Experiment 2


def _seconds(action, repeats=15):
    """Return the median time of an action."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return np.median(times)


def everything_or_a_state(one_hot, rnn_step_forward, predicted_t):
    """Draw bytes and time of three memories against the inputs seen: everything, a window of 16, a state of H = 128.

    The functions: yours. predicted_t: by memory, the t from which it needs more bytes
    than the state. Prints this t.
    """
    rng = np.random.default_rng(3)
    tokens = rng.integers(27, size=100_000)
    everything = one_hot(tokens[None], 27)[0]  # (T, 27)
    U, W, b = random_rnn(rng, 27, 128, radius=0.9)
    h = np.zeros((1, 128))
    steps = np.unique(np.logspace(0, 5, 300).astype(int))
    kept = {
        "everything, as one-hot vectors": [everything[:t].nbytes for t in steps],
        "everything, as one byte a letter": [tokens[:t].astype(np.uint8).nbytes for t in steps],
        "the last k = 16 inputs": [everything[max(0, t - 16) : t].nbytes for t in steps],
        "a state of H = 128": [h.nbytes for t in steps],
    }
    some = np.unique(np.logspace(1, 5, 17).astype(int))
    window = everything[:16]
    used = {
        "everything, as one-hot vectors": [_seconds(lambda t=t: everything[:t] @ everything[t - 1]) for t in some],
        "the last k = 16 inputs": [_seconds(lambda t=t: window @ everything[t - 1]) for t in some],
        "a state of H = 128": [_seconds(lambda t=t: rnn_step_forward(everything[t - 1 : t], h, U, W, b)) for t in some],
    }
    looks = dict(zip(kept, ((ORANGE, "-"), ("#e69f00", ":"), (GREEN, "-."), (BLUE, "--")), strict=True))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
    for name, size in kept.items():
        color, style = looks[name]
        left.loglog(steps, size, style, color=color, label=name if name in used else f"{name} (left alone)")
    for name, duration in used.items():
        color, style = looks[name]
        right.loglog(some, np.array(duration) * 1e6, style, marker=".", color=color)
    left.set(xlabel="inputs seen, t", ylabel="bytes kept", title="Memory")
    right.set(xlabel="inputs seen, t", ylabel="microseconds", title="Time to use it once")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    show()
    for name, row in zip(predicted_t, (everything[:1], tokens[:1].astype(np.uint8)), strict=True):
        first = h.nbytes // row.nbytes + 1
        print(f"{name}: more bytes than the state from t = {first} on; predicted: {predicted_t[name]}")


# Experiment 3


def ridge_readout(h, target, h_new, penalty=1e-3):
    r"""Fit target $\approx A h + d$ by ridge regression and apply it to new states.

    Minimises the mean of $|target - A h - d|^2$ plus penalty times $|A|^2$; d is not penalised.
    h: (M, H). target: (M, C). h_new: (M', H). Returns the predictions (M', C).
    """
    centre = h.mean(axis=0)  # (H,)
    centred = h - centre
    covariance = centred.T @ centred / len(h) + penalty * np.eye(h.shape[1])  # (H, H)
    A = np.linalg.solve(covariance, centred.T @ (target - target.mean(axis=0)) / len(h))  # (H, C)
    return (h_new - centre) @ A + target.mean(axis=0)


def how_far_back(temporal_convolution, rnn_forward, predicted_reach, radii, penalty=1e-3):
    """Draw R^2 of reading x[t-j] out of h_t against j, for a convolution with k = 8 and random networks.

    The functions: yours. predicted_reach: by network, the last j with R^2 above one
    half. radii: spectral radii. penalty: of the ridge regression. Prints the last j and the sum over all j.
    """
    rng = np.random.default_rng(4)
    N, T, H, lags = 100, 160, 64, np.arange(41)
    x = rng.uniform(-1, 1, (N, T, 1))
    now = np.arange(lags[-1], T)  # steps at which the state is read
    past = np.stack([x[:, now - lag, 0] for lag in lags], axis=2)  # (N, steps, lags)

    def explained(h):
        """Return R^2 for each j (lags,): fitted on half of the sequences, scored on the rest."""
        half = N // 2
        states, truth = h[half:, now].reshape(-1, H), past[half:].reshape(-1, len(lags))
        guess = ridge_readout(h[:half, now].reshape(-1, H), past[:half].reshape(-1, len(lags)), states, penalty)
        return 1 - ((truth - guess) ** 2).mean(axis=0) / truth.var(axis=0)

    window = temporal_convolution(x, rng.standard_normal((8, H, 1)), np.zeros(H))
    curves = {"convolution, k = 8": explained(window)}
    for radius in radii:
        U, W, b = random_rnn(np.random.default_rng(5), 1, H, radius)
        curves[f"RNN, ρ = {radius:g}"] = explained(rnn_forward(x, 0.5 * U, W, b)[0])  # weak inputs: no saturation

    _, axis = plt.subplots(figsize=(6.4, 3.4))
    looks = ((":", GREY), ("--", GREEN), ("-", BLUE), ("-.", ORANGE))
    for (name, score), (style, color) in zip(curves.items(), cycle(looks)):
        axis.plot(lags, score, style, marker=".", color=color, label=name)
        reach = np.argmax(score < 0.5) - 1  # the last j before the score first falls below one half
        predicted, total = predicted_reach.get(name), score.clip(min=0).sum()
        print(f"{name}: above one half up to j = {reach} (predicted: {predicted}); sum over j: {total:.1f}")
    axis.set(
        xlabel="j, steps back", ylabel="$R^2$ of reading $x[t-j]$ out of $h_t$", title="How far back a state remembers"
    )
    axis.legend()
    show()


def _letters_right(names, one_hot, rnn_forward, U, W, b):
    """Return the share of letters (9,) read right out of the state after nine letters, j letters back."""
    tokens, h = read(names, one_hot, rnn_forward, U, W, b)
    half, last = len(names) // 2, h[:, -1]
    right = []
    for back in range(9):
        truth = tokens[:, 9 - back]
        scores = ridge_readout(last[:half], one_hot(truth[None, :half], 27)[0], last[half:])
        right.append((scores.argmax(axis=1) == truth[half:]).mean())
    return np.array(right)


def letters_in_the_state(one_hot, rnn_forward, model, path, predicted_to_know_more):
    """Draw the share of letters that are read right out of the state, j letters back: trained and shuffled weights.

    one_hot, rnn_forward: yours. model: from `read_model`. path: of the list of names. The shuffled networks have the
    same numbers in random places, once as they are and once with the spectral radius of the trained W.
    """
    names = [name for name in path.read_text().split() if len(name) >= 9]
    names = [name[:9] for name in np.random.default_rng(6).permutation(names)]
    half, backs = len(names) // 2, np.arange(9)

    def shuffled(array, rng):
        """Return the same numbers in random places."""
        return rng.permutation(array.ravel()).reshape(array.shape)

    def radius(W):
        """Return the spectral radius."""
        return abs(np.linalg.eigvals(W)).max()

    trained = _letters_right(names, one_hot, rnn_forward, model["U"], model["W"], model["b"])
    mixed, scaled = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        U, W, b = (shuffled(model[name], rng) for name in ("U", "W", "b"))
        mixed.append(_letters_right(names, one_hot, rnn_forward, U, W, b))
        scaled.append(_letters_right(names, one_hot, rnn_forward, U, W * radius(model["W"]) / radius(W), b))
    tokens = np.array([tokens_of(name) for name in names])
    commonest = [(tokens[half:, 8 - back] == np.bincount(tokens[:half, 8 - back]).argmax()).mean() for back in backs]

    _, axis = plt.subplots(figsize=(6.4, 3.6))
    axis.plot(backs, trained, "o-", color=BLUE, label="trained weights")
    for runs, style, color, label in (
        (mixed, "s--", ORANGE, "shuffled, mean and range of 5"),
        (scaled, "^-.", GREEN, "shuffled, ρ scaled back, mean and range of 5"),
    ):
        axis.plot(backs, np.mean(runs, axis=0), style, color=color, label=label)
        axis.fill_between(backs, np.min(runs, axis=0), np.max(runs, axis=0), color=color, alpha=0.2, linewidth=0)
    axis.plot(backs, commonest, ":", color=GREY, label="always guessing the commonest letter")
    axis.set(xlabel="j, letters back", ylabel="share read right", title="Letters read out of the state", ylim=(0, 1.03))
    axis.legend(fontsize=8)
    show()
    of_old = trained[5:].mean(), np.mean(mixed, axis=0)[5:].mean(), np.mean(scaled, axis=0)[5:].mean()
    print(
        "share read right five and more letters back: trained {:.2f}, shuffled {:.2f}, scaled {:.2f}".format(*of_old),
        end="",
    )
    print(f"; predicted: {predicted_to_know_more}")
    print("j = 0, 1, ... 8")
    print("trained:         ", trained.round(2))
    print("shuffled:        ", np.mean(mixed, axis=0).round(2))
    print("shuffled, scaled:", np.mean(scaled, axis=0).round(2))
    print("guessing:        ", np.round(commonest, 2))


# Experiment 4


def surnames_drawn(drawn, path, predicted_on_the_list, predicted_different):
    """Print names drawn at each temperature, and their shares; return the shares on the list and of different names.

    drawn: by temperature, a list of samples, each a list of symbols. path: of the list of surnames. The predictions: by
    temperature.
    """
    surnames = set(path.read_text().split())
    names = {
        temperature: ["".join(LETTERS[symbol] for symbol in sample) for sample in samples]
        for temperature, samples in drawn.items()
    }
    print("".join(f"temperature {temperature:<10}" for temperature in names))
    for row in zip(*(some[:12] for some in names.values()), strict=True):
        print("".join(f"{name:<22}" for name in row))
    on_list = {temperature: np.mean([name in surnames for name in some]) for temperature, some in names.items()}
    different = {temperature: len(set(some)) / len(some) for temperature, some in names.items()}
    for temperature, some in names.items():
        length = np.mean([len(name) for name in some])
        print(f"temperature {temperature}: mean length {length:.1f}; on the list {on_list[temperature]:.2f}", end=" ")
        print(f"(predicted: {predicted_on_the_list.get(temperature)}); different {different[temperature]:.2f}", end=" ")
        print(f"(predicted: {predicted_different.get(temperature)})")
    return on_list, different


def temperatures(one_hot, rnn_forward, rnn_output, model, on_list, different):
    """Draw the probabilities of the next symbol after "mc" at each temperature, and the shares of the names drawn.

    The functions: yours. model: from `read_model`. on_list, different: from `surnames_drawn`.
    """
    _, h = read(["mc"], one_hot, rnn_forward, model["U"], model["W"], model["b"])
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), width_ratios=[2, 1])
    for i, (temperature, color) in enumerate(zip(on_list, cycle((GREEN, BLUE, ORANGE)))):
        y = rnn_output(h[:, -1:], model["V"] / temperature, model["c_out"] / temperature)[0, 0]
        left.bar(np.arange(27) + 0.28 * (i - 1), y, width=0.28, color=color, label=f"temperature {temperature}")
    left.set_xticks(range(27), list(LETTERS))
    left.set(xlabel="next symbol", ylabel="probability", title="After “mc”")
    left.legend()
    right.bar(np.arange(len(on_list)) - 0.2, on_list.values(), width=0.4, color=GREY, label="on the list of surnames")
    right.bar(np.arange(len(different)) + 0.2, different.values(), width=0.4, color="#56b4e9", label="different names")
    right.set_xticks(range(len(on_list)), [str(temperature) for temperature in on_list])
    right.set(xlabel="temperature", ylabel="share of 500", ylim=(0, 1.45), title="Names drawn")
    right.legend(loc="upper left")
    show()
