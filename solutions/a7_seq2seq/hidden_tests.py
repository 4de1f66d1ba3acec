"""The hidden tests of assignment 7: other inputs, other sizes (the degenerate ones too), GRU and LSTM, float32.

Expected values are computed from the reference, never typed, and no message shows one.
"""

import copy

import numpy as np
import pytest
import torch

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import in_pairs
from selfcheck.common_tests import float32_and_strided_test
from selfcheck.tensors import agree_in_float32, expect_close, to_numpy, zeros_but

CELLS = ("gru", "lstm")


def _same(tensor, desired, name):
    expect.equal(to_numpy(tensor, name, desired.dtype), desired.numpy(), name=name)


def _with_gradients_agree(probe, reference, cases, name, *args):
    desired = cases.PROBES[name](vars(reference), *copy.deepcopy(args))
    shown = probe(name, *args)
    expect.that(type(shown) is dict and list(shown) == list(desired), "the result is not a torch tensor")
    for key, wanted in desired.items():
        expect_close(shown[key], wanted, key)


@exercise("pad_batch", points=2)
def test_padded_batches_agree(pad_batch, reference, cases, rng):
    calls = [
        cases.pad_batch(rng, (2, 9, 4, 4, 1, 7), 0),
        cases.pad_batch(rng, (1,), 5),
        cases.pad_batch(rng, (3, 3), 8),
        cases.pad_batch(rng, (1, 1, 2), 40),
        ([[300, 2**40 + 1], [70_000]], -300),
    ]
    for _, result, desired in in_pairs(pad_batch, reference, calls):
        expect.tuple(result, 2, "the result")
        for found, wanted, name in zip(result, desired, ("tokens", "lengths"), strict=True):
            _same(found, wanted, name)


@exercise("pad_batch", points=1)
def test_the_pad_symbol_is_0_unless_it_is_given(pad_batch, reference):
    ((_, result, desired),) = in_pairs(pad_batch, reference, [([[4], [5, 6]],)])
    expect.tuple(result, 2, "the result")
    for found, wanted in zip(result, desired, strict=True):
        _same(found, wanted, "tokens or lengths, without a second argument")


@exercise("pad_batch", points=3)
def test_reversed_batches_agree(probe, reference, cases, rng):
    for lengths, T in (((2, 9, 4, 4, 1, 7), 9), ((1,), 1), ((3, 3), 5), ((1, 6), 6), ((4,), 4), ((2, 1, 3), 8)):
        tokens, sizes = cases.reverse_within_lengths(rng, lengths, T)
        desired = reference.reverse_within_lengths(tokens, sizes)
        _same(probe("reverse_within_lengths", tokens, sizes), desired, f"reversed_tokens with T = {T}")


@exercise("encode", points=2)
@pytest.mark.parametrize("cell", CELLS)
def test_states_agree_at_other_sizes_down_to_one(encode, reference, cases, rng, cell):
    calls = [
        cases.encode(rng, cell, (3, 1, 8, 5, 8, 2), 8, 5, 7),
        cases.encode(rng, cell, (1,), 1, 1, 1),
        cases.encode(rng, cell, (2, 4), 4, 3, 1),
        cases.encode(rng, cell, (3, 3, 3), 3, 3, 3),
        cases.encode(rng, cell, (2, 1), 6, 1, 4),
        cases.encode(rng, cell, (23, 40), 40, 3, 4),
    ]
    for args, state, desired in in_pairs(encode, reference, calls):
        expect_close(state, desired, f"state with lengths {args[2].tolist()}")


@exercise("encode", points=1)
def test_states_agree_in_float32(encode, reference, cases, rng):
    agree_in_float32(encode, reference, [cases.encode(rng, cell) for cell in CELLS], "state")


@exercise("encode", points=1)
def test_the_gradients_of_states_agree(probe, reference, cases, rng):
    for cell in CELLS:
        for args in (cases.encode(rng, cell), cases.encode(rng, cell, (23, 40), 40, 3, 4)):
            _with_gradients_agree(probe, reference, cases, "encode_and_gradients", *args)


@exercise("decode_teacher_forced", points=2)
@pytest.mark.parametrize("cell", CELLS)
def test_logits_agree_at_other_sizes_down_to_one(decode_teacher_forced, reference, cases, rng, cell):
    calls = [
        cases.decode_teacher_forced(rng, cell, (2, 8, 5, 1, 7), 8, 6, 9),
        cases.decode_teacher_forced(rng, cell, (1,), 1, 1, 4),
        cases.decode_teacher_forced(rng, cell, (1, 1), 1, 3, 5),
        cases.decode_teacher_forced(rng, cell, (4,), 6, 1, 5),
        cases.decode_teacher_forced(rng, cell, (23, 40), 40, 3, 5),
        cases.decode_teacher_forced(rng, cell, (5, 4, 2, 3, 5), 5, 5, 5),
    ]
    for args, logits, desired in in_pairs(decode_teacher_forced, reference, calls):
        expect_close(logits, desired, f"logits with targets {tuple(args[2].shape)}")


@exercise("decode_teacher_forced", points=1)
def test_logits_agree_in_float32(decode_teacher_forced, reference, cases, rng):
    calls = [cases.decode_teacher_forced(rng, cell) for cell in CELLS]
    agree_in_float32(decode_teacher_forced, reference, calls, "logits")


@exercise("decode_teacher_forced", points=1)
def test_the_gradients_of_logits_agree(probe, reference, cases, rng):
    for cell in CELLS:
        for sizes in ({}, {"lengths": (23, 40), "T": 40, "H": 3, "K": 5}):
            args = cases.decode_teacher_forced(rng, cell, **sizes)
            _with_gradients_agree(probe, reference, cases, "decode_and_gradients", *args)


@exercise("sequence_loss", points=2)
def test_losses_agree_at_other_sizes_down_to_one(sequence_loss, reference, cases, rng):
    calls = [
        cases.sequence_loss(rng, (3, 9, 1, 5, 5), 9, 4),
        cases.sequence_loss(rng, (1,), 1, 5),
        cases.sequence_loss(rng, (2,), 7, 6),
        cases.sequence_loss(rng, (4, 4, 4, 4), 4, 4),
        cases.sequence_loss(rng, (1, 1, 1), 5, 5),
    ]
    for args, loss, desired in in_pairs(sequence_loss, reference, calls):
        expect_close(loss, desired, f"loss with lengths {args[2].tolist()}")


@exercise("sequence_loss", points=1)
def test_losses_of_large_logits_agree(sequence_loss, reference, cases, rng):
    for spread in (1e3, 1e5):
        args = cases.sequence_loss(rng, spread=spread)
        desired = reference.sequence_loss(*args)
        expect_close(sequence_loss(*args), desired, "loss of large logits")


@exercise("sequence_loss", points=1)
def test_losses_agree_in_float32(sequence_loss, reference, cases, rng):
    agree_in_float32(sequence_loss, reference, [cases.sequence_loss(rng)], "loss")


@exercise("sequence_loss", points=2)
def test_the_gradients_of_losses_agree(probe, reference, cases, rng):
    for lengths, T, K in (((3, 9, 1, 5), 9, 4), ((1,), 1, 5), ((2, 6), 6, 6)):
        args = cases.sequence_loss(rng, lengths, T, K)
        _with_gradients_agree(probe, reference, cases, "loss_and_gradient", *args)


@exercise("translate_greedy", points=2)
@pytest.mark.parametrize("cell", CELLS)
def test_translations_agree_at_other_sizes_down_to_one(translate_greedy, reference, cases, rng, cell):
    calls = [
        cases.translate_greedy(rng, cell, 20, 6, 7, 12),
        cases.translate_greedy(rng, cell, 9, 4, 5, 1),
        cases.translate_greedy(rng, cell, 1, 1, 4, 5),
        cases.translate_greedy(rng, cell, 15, 3, 4, 2),
        cases.translate_greedy(rng, cell, 5, 5, 5, 5),
        cases.translate_greedy(rng, cell, 30, 8, 4, 4),
    ]
    for args, found, desired in in_pairs(translate_greedy, reference, calls):
        expect.equal(found, desired, name=f"translations with N = {len(args[1])}")


@exercise("translate_greedy", points=1)
def test_translations_agree_in_float32(translate_greedy, reference, cases, rng):
    args = arrays.in_float32(cases.translate_greedy(rng))
    desired = reference.translate_greedy(*args)
    expect.equal(translate_greedy(*args), desired, name="translations in float32")


@exercise("translate_greedy", points=1)
def test_what_never_ends_is_cut_and_what_ends_at_once_is_empty(translate_greedy, reference, cases, rng):
    for bias in (-50.0, 50.0):
        parameters, state, max_length = cases.translate_greedy(rng)
        parameters["c_out"][cases.END] += bias
        desired = reference.translate_greedy(parameters, state, max_length)
        expect.equal(translate_greedy(parameters, state, max_length), desired, name="translations")


def _beams_agree(translate_beam, reference, calls):
    for args, found, (said, values) in in_pairs(translate_beam, reference, calls):
        words = f"with N = {len(args[1])}, k = {args[3]}, alpha = {args[4]}"
        expect.tuple(found, 2, "the result")
        expect_close(found[1], values, f"values {words}", rtol=1e-6)
        expect.equal(found[0], said, name=f"translations {words}")


@exercise("translate_beam", points=2)
@pytest.mark.parametrize("cell", CELLS)
def test_beams_agree_at_other_sizes_down_to_one(translate_beam, reference, cases, rng, cell):
    calls = [
        cases.translate_beam(rng, cell, 9, 6, 7, 8, 4, 0.7),
        cases.translate_beam(rng, cell, 4, 4, 5, 1, 3, 1.0),
        cases.translate_beam(rng, cell, 1, 1, 4, 5, 2, 0.5),
        cases.translate_beam(rng, cell, 5, 3, 4, 4, 9, 2.0),
        cases.translate_beam(rng, cell, 5, 5, 5, 5, 5, 1.0),
        cases.translate_beam(rng, cell, 7, 4, 6, 6, 3, 0.0),
    ]
    _beams_agree(translate_beam, reference, calls)


@exercise("translate_beam", points=1)
def test_one_slot_agrees(translate_beam, reference, cases, rng):
    calls = [cases.translate_beam(rng, "gru", 12, k=1, alpha=alpha) for alpha in (0.0, 1.0)]
    _beams_agree(translate_beam, reference, calls)
    for args in calls:
        desired = reference.translate_greedy(*args[:3])
        said = translate_beam(*args)[0]
        expect.equal(said, desired, name="translations with k = 1", because="one slot is greedy search")


@exercise("translate_beam", points=1)
def test_the_length_counts_fully_unless_alpha_is_given(translate_beam, reference, cases, rng):
    args = cases.translate_beam(rng, N=10)[:4]
    said, values = reference.translate_beam(*args)
    found = translate_beam(*args)
    expect.tuple(found, 2, "the result")
    expect_close(found[1], values, "values without a fifth argument", rtol=1e-6)
    expect.equal(found[0], said, name="translations without a fifth argument")


@exercise("translate_beam", points=1)
def test_beams_agree_in_float32(translate_beam, reference, cases, rng):
    args = arrays.in_float32(cases.translate_beam(rng))
    said, values = reference.translate_beam(*args)
    found = translate_beam(*args)
    expect.tuple(found, 2, "the result")
    expect_close(found[1], values, "values in float32")
    expect.equal(found[0], said, name="translations in float32")


@exercise("translate_beam", points=1)
def test_of_equal_hypotheses_the_first_slot_wins(translate_beam, reference, cases, rng):
    parameters, state, max_length, k, _ = cases.translate_beam(rng)
    parameters = zeros_but(parameters, "c_out", cases.END, -1.0)
    for alpha in (0.0, 1.0):
        said, _ = reference.translate_beam(parameters, state, max_length, k, alpha)
        found = translate_beam(parameters, state, max_length, k, alpha)
        expect.tuple(found, 2, "the result")
        expect.equal(found[0], said, name="translations of a network that finds all symbols but END alike")


def _distances_agree(edit_distance, reference, calls):
    for args, found, (distance, d) in in_pairs(edit_distance, reference, calls):
        expect.tuple(found, 2, "the result")
        expect.equal(found[0], distance, name=f"distance of {len(args[0])} symbols from {len(args[1])}")
        expect.array(found[1], shape=d.shape, dtype=np.int64, name="d")
        expect.equal(found[1], d, name="d")


@exercise("edit_distance", points=3)
def test_distances_agree_at_other_sizes_down_to_none(edit_distance, reference, cases, rng):
    sizes = [(12, 9), (3, 11), (7, 7), (1, 1), (0, 4), (4, 0), (0, 0), (1, 6), (6, 1)]
    calls = [cases.edit_distance(rng, I, J, symbols) for I, J in sizes for symbols in (2, 5)]
    _distances_agree(edit_distance, reference, calls)


@exercise("edit_distance", points=1)
def test_distances_of_strings_and_repeated_symbols_agree(edit_distance, reference, cases, rng):
    calls = [
        ([str(symbol) for symbol in hypothesis], [str(symbol) for symbol in target])
        for hypothesis, target in (cases.edit_distance(rng, 6, 6, 3), cases.edit_distance(rng, 8, 5, 1))
    ]
    _distances_agree(edit_distance, reference, calls)


@exercise("edit_distance", points=2)
def test_error_rates_agree(probe, reference, cases, rng):
    for N in (3, 6, 9):
        hypotheses, references = cases.phoneme_error_rate(rng, N)
        desired = reference.phoneme_error_rate(hypotheses, references)
        rate = probe("phoneme_error_rate", hypotheses, references)
        expect.close(rate, desired, name=f"the rate of {N} sequences")
    for pair, name in (
        (([[1, 2, 3]], [[2, 2]]), "the rate of one sequence"),
        (([[2, 2]], [[1, 2, 3]]), "the rate, hypothesis and reference exchanged"),
    ):
        desired = reference.phoneme_error_rate(*pair)
        expect.close(probe("phoneme_error_rate", *pair), desired, name=name)


@exercise("error_by_length", points=3)
def test_binned_rates_agree(error_by_length, reference, cases, rng):
    calls = [
        cases.error_by_length(rng, 50, 12, (1, 3, 4, 5, 8, 13)),
        cases.error_by_length(rng, 40, 9, (3, 5, 7, 9)),
        cases.error_by_length(rng, 20, 30, (2, 4, 8, 16, 24, 32, 64)),
        ([2], [5], [7], [7, 8, 9]),
        ([2], [5], [7], [5, 6, 7]),
        ([0, 0], [1, 3], [2, 2], [1, 2, 3]),
    ]
    for _, found, (rates, counts) in in_pairs(error_by_length, reference, calls):
        expect.tuple(found, 2, "the result")
        expect.close(found[0], rates, name="rates")
        expect.array(found[1], shape=counts.shape, dtype=np.int64, name="counts")
        expect.equal(found[1], counts, name="counts")


# Without points


@exercise("attend", points=2)
def test_contexts_agree_at_other_sizes_down_to_one(attend, reference, cases, rng):
    calls = [
        cases.attend(rng, (3, 9, 1, 5, 9), 9, 4, 7),
        cases.attend(rng, (1,), 1, 1, 1),
        cases.attend(rng, (1, 2), 5, 3, 4),
        cases.attend(rng, (4, 2, 3, 4), 4, 4, 4),
        cases.attend(rng, (2, 6), 6, 5, 1),
        cases.attend(rng, (3, 5), 8, 2, 6, spread=2e3),
        cases.attend(rng, (5, 2), 6, 2, 4, spread=5e4, below_zero=True),
    ]
    for args, found, desired in in_pairs(attend, reference, calls):
        expect.tuple(found, 2, "the result")
        for one, wanted, name in zip(found, desired, ("contexts", "weights"), strict=True):
            expect_close(one, wanted, f"{name} with lengths {args[2].tolist()}")


@exercise("attend", points=1)
def test_contexts_agree_in_float32(attend, reference, cases, rng):
    args = arrays.in_float32(cases.attend(rng, (2, 6, 5), 6, 4, 5))
    desired, found = reference.attend(*args), attend(*args)
    expect.tuple(found, 2, "the result")
    for one, wanted, name in zip(found, desired, ("contexts", "weights"), strict=True):
        expect_close(one, wanted, f"{name} in float32")


@exercise("attend", points=1)
def test_the_gradients_of_contexts_agree(probe, reference, cases, rng):
    for sizes in (((3, 1, 6), 6, 2, 5), ((4, 2), 5, 4, 3), ((1,), 3, 1, 2)):
        queries, states, lengths = cases.attend(rng, *sizes)
        dcontexts = torch.tensor(rng.standard_normal(queries.shape))
        _with_gradients_agree(probe, reference, cases, "attention_and_gradients", queries, states, lengths, dcontexts)


@exercise("minimum_bayes_risk", points=2)
def test_risks_and_choices_agree(minimum_bayes_risk, reference, cases, rng):
    calls = [
        cases.minimum_bayes_risk(rng, M=12, length=9, symbols=6),
        cases.minimum_bayes_risk(rng, M=1),
        cases.minimum_bayes_risk(rng, M=2, length=4),
        cases.minimum_bayes_risk(rng, M=8, length=3, symbols=2),
        cases.minimum_bayes_risk(rng, M=5, shift=-1500.0),
    ]
    candidates, log_p = cases.minimum_bayes_risk(rng, M=5)
    calls += [([[], *candidates[1:]], log_p), ([[str(symbol) for symbol in one] for one in candidates], log_p)]
    for args, found, (choice, risks) in in_pairs(minimum_bayes_risk, reference, calls):
        expect.tuple(found, 2, "the result")
        expect.close(found[1], risks, name=f"risks of {len(args[0])} candidates")
        expect.equal(found[0], choice, name=f"the choice among {len(args[0])} candidates")


test_risks_agree_in_float32_and_strided = float32_and_strided_test(
    "minimum_bayes_risk", ("risks",), points=1, part=lambda found: found[1:], M=6
)
