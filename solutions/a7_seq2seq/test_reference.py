"""The reference of assignment 7 agrees with torch.nn, RapidFuzz and exhaustive search; no mistake does."""

import itertools
import math

import numpy as np
import pytest
import torch
from rapidfuzz.distance import Levenshtein
from torch import nn

from autograder.course.paths import Repository
from autograder.course.source import load_reference
from content import read_content

CONTENT = read_content("a7_seq2seq")
reference, cases = CONTENT.reference, CONTENT.cases
DATA = Repository.default().data
make_pronunciations = load_reference(DATA / "make_pronunciations.py")
START, END, PAD = reference.START, reference.END, reference.PAD


def _rng(seed=0):
    return np.random.default_rng([2026, seed])


# Reading a batch


def test_a_padded_batch_is_what_torch_pads():
    sequences, pad = cases.pad_batch(_rng())
    tokens, lengths = reference.pad_batch(sequences, pad)
    padded = nn.utils.rnn.pad_sequence([torch.tensor(s) for s in sequences], batch_first=True, padding_value=pad)
    assert torch.equal(tokens, padded)
    assert lengths.tolist() == [3, 6, 1, 5]


def test_reversed_sequences_are_pythons():
    tokens, lengths = cases.reverse_within_lengths(_rng())
    turned = reference.reverse_within_lengths(tokens, lengths)
    for row, was, length in zip(turned.tolist(), tokens.tolist(), lengths.tolist(), strict=True):
        assert row == was[:length][::-1] + was[length:]


def _torch_gru(parameters, side):
    """PyTorch's GRU with the weights of one side: the update gate turned round."""
    U, W, b = (parameters[f"{name}_{side}"].clone() for name in ("U", "W", "b"))
    H = W.shape[1]
    for tensor in (U, W, b):
        tensor[H : 2 * H] *= -1
    layer = nn.GRU(U.shape[1], H, batch_first=True).double()
    with torch.no_grad():
        for parameter, tensor in zip(layer.parameters(), (U, W, b, torch.zeros_like(b)), strict=True):
            parameter.copy_(tensor)
    return layer


def _diagonal(parameters):
    """The same with candidates that each read their own unit alone: there the two conventions of the GRU agree."""
    made = dict(parameters)
    for name in ("W_enc", "W_dec"):
        W = made[name].clone()
        H = W.shape[1]
        W[2 * H :] *= torch.eye(H)
        made[name] = W
    return made


def _last_states(layer, x, lengths):
    D = layer.input_size
    packed = nn.utils.rnn.pack_padded_sequence(cases.one_hot(x, D), lengths, batch_first=True, enforce_sorted=False)
    return layer(packed)[1]


def test_the_states_of_a_gru_agree_with_torch_nn_on_packed_sequences():
    parameters, x, lengths = cases.encode(_rng())
    parameters = _diagonal(parameters)
    desired = _last_states(_torch_gru(parameters, "enc"), x, lengths)[0]
    torch.testing.assert_close(reference.encode(parameters, x, lengths), desired.detach(), rtol=1e-11, atol=1e-13)


def test_the_states_of_an_lstm_agree_with_torch_nn_on_packed_sequences():
    parameters, x, lengths = cases.encode(_rng(), "lstm")
    h, c = _last_states(cases.copied_to_torch(parameters, "enc"), x, lengths)
    desired = torch.cat([h[0], c[0]], dim=1).detach()
    torch.testing.assert_close(reference.encode(parameters, x, lengths), desired, rtol=1e-11, atol=1e-13)


def test_a_state_agrees_with_the_lectures_equations_unit_by_unit():
    parameters, x, lengths = cases.encode(_rng())
    U, W, b = (parameters[f"{name}_enc"].numpy() for name in ("U", "W", "b"))
    H = W.shape[1]
    for n, length in enumerate(lengths.tolist()):
        h = np.zeros(H)
        for symbol in x[n, :length].tolist():
            r, z = (1 / (1 + np.exp(-(U[g : g + H, symbol] + W[g : g + H] @ h + b[g : g + H]))) for g in (0, H))
            h = (1 - z) * h + z * np.tanh(U[2 * H :, symbol] + W[2 * H :] @ (r * h) + b[2 * H :])
        np.testing.assert_allclose(reference.encode(parameters, x, lengths)[n].numpy(), h, rtol=1e-11)


def test_the_gradients_of_the_whole_network_agree_with_torch_nn():
    rng = _rng()
    parameters, x, lengths = cases.encode(rng, "lstm", (4, 2, 5), 5, 6, 4)
    parameters = {**cases.parameters(rng, "lstm", 6, 4, 8), **parameters}
    targets, sizes = cases.decode_teacher_forced(rng, "lstm", (3, 1, 4), 4)[2], torch.tensor([3, 1, 4])
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in parameters.items()}
    state = reference.encode(leaves, x, lengths)
    loss = reference.sequence_loss(reference.decode_teacher_forced(leaves, state, targets), targets, sizes)
    loss.backward()
    encoder, decoder = (cases.copied_to_torch(parameters, side) for side in ("enc", "dec"))
    start = torch.full((3, 1), START)
    inputs = cases.one_hot(torch.cat([start, targets[:, :-1]], dim=1), 8)
    states, _ = decoder(inputs, _last_states(encoder, x, lengths))
    logits = states @ parameters["V"].T + parameters["c_out"]
    wanted = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    wanted.backward()
    torch.testing.assert_close(loss, wanted, rtol=1e-12, atol=0)
    for layer, side in ((encoder, "enc"), (decoder, "dec")):
        for name, parameter in zip(("U", "W", "b"), layer.parameters(), strict=False):
            torch.testing.assert_close(leaves[f"{name}_{side}"].grad, parameter.grad, rtol=1e-9, atol=1e-13)


# The loss


def test_losses_and_gradients_agree_with_cross_entropy_and_with_differences():
    logits, targets, lengths = cases.sequence_loss(_rng(), (4, 1, 3), 4, 5)
    shown = cases.PROBES["loss_and_gradient"](vars(reference), logits, targets, lengths)
    leaf, padding = logits.clone().requires_grad_(), torch.arange(4) >= lengths[:, None]
    classes = targets.masked_fill(padding, -100)
    wanted = nn.functional.cross_entropy(leaf.flatten(0, 1), classes.flatten(), ignore_index=-100)
    torch.testing.assert_close(shown["loss"], wanted.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(shown["dlogits"], torch.autograd.grad(wanted, leaf)[0], rtol=1e-11, atol=1e-14)
    step = 1e-6
    for index in itertools.product(range(3), range(4), range(5)):
        values = []
        for sign in (1, -1):
            moved = logits.clone()
            moved[index] += sign * step
            values.append(reference.sequence_loss(moved, targets, lengths).item())
        assert shown["dlogits"][index].item() == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-8)


# Saying something


def _log_p(parameters, state, row):
    """The sum of the log probabilities of a row, symbol by symbol, from teacher forcing."""
    targets = torch.tensor([row])
    return reference.decode_teacher_forced(parameters, state, targets).log_softmax(dim=2)[0, range(len(row)), row].sum()


def _best_of_all(parameters, state, max_length, alpha):
    """Exhaustive search: the best sequence and what it is worth."""
    K, worth = len(parameters["V"]), {}
    for row in itertools.product(range(K), repeat=max_length):
        whole = row[: row.index(END) + 1] if END in row else row
        if whole not in worth:
            worth[whole] = _log_p(parameters, state, list(whole)).item() / len(whole) ** alpha
    best = max(worth, key=worth.get)
    return [symbol for symbol in best if symbol != END], worth[best]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_a_beam_of_K_to_the_T_minus_1_is_exhaustive_search(cell, alpha):
    for seed, (K, T) in enumerate([(4, 3), (5, 3), (4, 4)]):
        parameters, state, *_ = cases.translate_beam(_rng(seed), cell, N=2, H=4, K=K)
        said, values = reference.translate_beam(parameters, state, T, K ** (T - 1), alpha)
        for n in range(2):
            best, worth = _best_of_all(parameters, state[n : n + 1], T, alpha)
            assert said[n] == best
            assert values[n].item() == pytest.approx(worth, rel=1e-9)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_one_slot_is_greedy_search_in_500_tries(cell):
    for seed in range(5):
        parameters, state, max_length = cases.translate_greedy(_rng(seed), cell, N=100, spread=0.8)
        said = reference.translate_greedy(parameters, state, max_length)
        for alpha in (0.0, 1.0):
            assert reference.translate_beam(parameters, state, max_length, 1, alpha)[0] == said
    assert len({len(row) for row in said}) > 2


def test_what_is_said_greedily_has_the_largest_logits_under_teacher_forcing():
    parameters, state, max_length = cases.translate_greedy(_rng(), N=30)
    for n, row in enumerate(reference.translate_greedy(parameters, state, max_length)):
        whole = [*row, END] if len(row) < max_length else row
        logits = reference.decode_teacher_forced(parameters, state[n : n + 1], torch.tensor([whole]))
        assert logits[0].argmax(dim=1).tolist() == whole


def test_the_value_of_a_beam_is_that_of_its_sequence_and_rarely_worse_with_more_slots():
    parameters, state, max_length, *_ = cases.translate_beam(_rng(), N=40)
    worths = []
    for k in (1, 4, 30):
        said, values = reference.translate_beam(parameters, state, max_length, k, 0.0)
        for n, row in enumerate(said):
            whole = [*row, END] if len(row) < max_length else row
            assert values[n].item() == pytest.approx(_log_p(parameters, state[n : n + 1], whole).item(), rel=1e-9)
        worths.append(values.mean().item())
    assert worths == sorted(worths)


def test_ties_go_to_the_earlier_slot_and_the_smaller_symbol():
    scores, log_p = torch.zeros(1, 2), torch.zeros(1, 2, 4)
    symbols, parents, best = reference.extend_beam(scores, log_p, torch.zeros(1, 2, dtype=torch.bool))
    assert (symbols.tolist(), parents.tolist(), best.tolist()) == ([[0, 1]], [[0, 0]], [[0.0, 0.0]])
    symbols, parents, _ = reference.extend_beam(scores, log_p - 1, torch.tensor([[False, True]]))
    assert (symbols.tolist(), parents.tolist()) == ([[END, 0]], [[1, 0]])


# Errors


@pytest.mark.parametrize("seed", range(20))
def test_distances_agree_with_rapidfuzz_for_all_beginnings(seed):
    rng = _rng(seed)
    I, J, symbols = (int(n) for n in rng.integers([0, 0, 1], [12, 12, 5]))
    hypothesis, target = cases.edit_distance(rng, I, J, symbols)
    distance, d = reference.edit_distance(hypothesis, target)
    assert distance == Levenshtein.distance(hypothesis, target)
    for i, j in itertools.product(range(I + 1), range(J + 1)):
        assert d[i, j] == Levenshtein.distance(hypothesis[:i], target[:j])


def test_the_error_rate_is_all_edits_over_all_symbols():
    hypotheses, references = cases.phoneme_error_rate(_rng(), 9)
    edits = sum(map(Levenshtein.distance, hypotheses, references))
    wanted = edits / sum(map(len, references))
    assert reference.phoneme_error_rate(hypotheses, references) == pytest.approx(wanted, rel=1e-12)


def test_binned_rates_agree_with_histograms():
    edits, sizes, lengths, edges = cases.error_by_length(_rng())
    rates, counts = reference.error_by_length(edits, sizes, lengths, edges)
    bins = [*edges[:-1], edges[-1] - 0.5]  # NumPy's last bin holds its upper edge
    np.testing.assert_array_equal(counts, np.histogram(lengths, bins)[0])
    wrong, total = (np.histogram(lengths, bins, weights=some)[0] for some in (edits, sizes))
    np.testing.assert_allclose(rates[:-1], (wrong / np.where(total > 0, total, 1))[:-1], rtol=1e-12)
    assert np.isnan(rates[-1])
    assert total[-1] == 0


# Looking back


@pytest.mark.parametrize("lengths", [(4, 7, 1, 5), (3,), (6, 6), (2, 5, 1)])
def test_contexts_agree_with_torchs_own_attention_under_a_mask(lengths):
    T = max(lengths) + 2 * (len(lengths) > 2)
    queries, states, sizes = cases.attend(_rng(), lengths, T)
    mask = (torch.arange(T) < sizes[:, None])[:, None]
    contexts, weights = reference.attend(queries, states, sizes)
    wanted = nn.functional.scaled_dot_product_attention(queries, states, states, mask, scale=1.0)
    torch.testing.assert_close(contexts, wanted, rtol=1e-12, atol=1e-14)
    ones = torch.eye(T, dtype=torch.float64).expand(len(lengths), T, T)  # attention to one-hot rows gives the weights
    wanted = nn.functional.scaled_dot_product_attention(queries, states, ones, mask, scale=1.0)
    torch.testing.assert_close(weights, wanted, rtol=1e-12, atol=1e-14)


def test_contexts_agree_with_the_equation_number_by_number():
    queries, states, lengths = cases.attend(_rng(1), (3, 1, 5), 5, 2, 4)
    contexts, weights = reference.attend(queries, states, lengths)
    for n, q in itertools.product(range(3), range(2)):
        h = states[n, : lengths[n]].tolist()
        e = [math.exp(sum(a * b for a, b in zip(queries[n, q].tolist(), one, strict=True))) for one in h]
        a = [one / sum(e) for one in e]
        assert weights[n, q].tolist() == pytest.approx([*a, *[0.0] * (5 - len(a))], rel=1e-12)
        wanted = [sum(a[t] * h[t][i] for t in range(len(h))) for i in range(4)]
        assert contexts[n, q].tolist() == pytest.approx(wanted, rel=1e-11)


def test_the_gradients_of_contexts_agree_with_differences():
    queries, states, lengths = (
        one.clone().requires_grad_() if one.is_floating_point() else one
        for one in cases.attend(_rng(), (3, 1, 4), 4, 2, 3)
    )
    assert torch.autograd.gradcheck(lambda q, h: reference.attend(q, h, lengths)[0], (queries, states))


# The answer of least risk


def test_risks_agree_with_rapidfuzz_and_the_choice_with_all_others():
    for seed in range(20):
        candidates, log_p = cases.minimum_bayes_risk(_rng(seed), M=8)
        p = np.exp(log_p) / np.exp(log_p).sum()
        wanted = [sum(p * [Levenshtein.distance(said, meant) for meant in candidates]) for said in candidates]
        choice, risks = reference.minimum_bayes_risk(candidates, log_p)
        np.testing.assert_allclose(risks, wanted, rtol=1e-12)
        assert choice == candidates[wanted.index(min(wanted))]
        assert choice != candidates[int(log_p.argmax())]  # the likeliest one stands alone


def test_risks_are_the_mean_edits_against_truths_that_are_drawn():
    candidates, log_p = cases.minimum_bayes_risk(_rng(), M=5)
    p = np.exp(log_p) / np.exp(log_p).sum()
    drawn = _rng().choice(5, 20_000, p=p)
    _, risks = reference.minimum_bayes_risk(candidates, log_p)
    for said, risk in zip(candidates, risks, strict=True):
        edits = np.array([Levenshtein.distance(said, meant) for meant in candidates])[drawn]
        assert abs(edits.mean() - risk) < 5 * edits.std() / len(drawn) ** 0.5


def test_the_example_in_the_text_is_right():
    candidates = [["IY", "Z"], ["K", "AE", "T"], ["K", "AE", "D"]]
    choice, risks = reference.minimum_bayes_risk(candidates, np.log([0.4, 0.35, 0.25]))
    assert choice == candidates[1]
    np.testing.assert_allclose(risks, [1.8, 1.45, 1.55], rtol=1e-12)


def test_where_every_miss_costs_the_same_the_likeliest_has_the_least_risk():
    """With d = [y != y'] the risk is 1 - p (Kumar and Byrne 2004): candidates of one symbol are such a case."""
    log_p = _rng().standard_normal(9)
    choice, risks = reference.minimum_bayes_risk([[n] for n in range(9)], log_p)
    np.testing.assert_allclose(risks, 1 - np.exp(log_p) / np.exp(log_p).sum(), rtol=1e-12)
    assert choice == [int(log_p.argmax())]


# The data


def test_the_notebooks_symbols_are_those_of_the_data():
    splits = reference.read_pronunciations(DATA / "pronunciations.txt")
    assert [len(split) for split in splits] == [112285, 6264, 6377]
    assert len(reference.PHONEMES) == 39
    assert {phoneme for split in splits for _, said in split for phoneme in said} == set(reference.PHONEMES)
    assert {letter for split in splits for word, _ in split for letter in word} == set(reference.LETTERS)


def test_no_word_no_stem_and_no_sound_is_in_two_splits():
    splits = reference.read_pronunciations(DATA / "pronunciations.txt")
    for one, other in itertools.combinations(splits, 2):
        assert not {make_pronunciations.stem(word) for word, _ in one} & {
            make_pronunciations.stem(word) for word, _ in other
        }
        assert not {" ".join(said) for _, said in one} & {" ".join(said) for _, said in other}
    words = [word for split in splits for word, _ in split]
    assert len(words) == len(set(words))


def test_pronunciations_are_the_first_ones_without_stress_and_remarks():
    text = "a AH0\na(2) EY1\na.m. EY2 EH1 M\naalborg AO1 L B AO0 R G # place, danish\n'bout B AW1 T\nno-one N\n"
    assert make_pronunciations.pronunciations(text) == {"a": "AH", "aalborg": "AO L B AO R G", "'bout": "B AW T"}


def test_relatives_by_spelling_and_by_sound_are_one_family():
    words = {"rays": "R EY Z", "raise": "R EY Z", "ray's": "R EY Z", "ray": "R EY", "abbot": "A B", "abbott's": "A"}
    family = make_pronunciations.families(words)
    assert len({family[word] for word in ("rays", "raise", "ray's", "ray")}) == 1
    assert family["abbot"] == family["abbott's"] != family["ray"]


def test_the_licence_stands_in_the_file():
    head = (DATA / "pronunciations.txt").read_text("ascii").split("\n\n")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "Carnegie Mellon University. All rights reserved." in head
    assert "Redistribution and use in source and binary forms" in head
