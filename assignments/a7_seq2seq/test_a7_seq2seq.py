"""The visible tests of assignment 7: types and shapes, PyTorch's own layers, and laws that every right answer obeys."""

import math

import numpy as np
import torch

from selfcheck import arrays, exercise, expect
from selfcheck.agreement import arguments_unchanged, as_they_were, same_in_float32_and_strided
from selfcheck.common_tests import arguments_test
from selfcheck.oracles import exhaustive_search
from selfcheck.tensors import expect_tensor, to_number, to_numpy


def _equal(tensor, desired, name, because=""):
    """Two int64 tensors."""
    expect.equal(to_numpy(tensor, name, torch.int64), desired.numpy(), name=name, because=because)


# pad_batch and reverse_within_lengths


@exercise("pad_batch")
def test_a_padded_batch_is_two_tensors_of_integers(pad_batch, cases, rng):
    result = pad_batch(*cases.pad_batch(rng))
    expect.tuple(result, 2, "the result")
    expect_tensor(result[0], (4, 6), "tokens", torch.int64)
    expect_tensor(result[1], (4,), "lengths", torch.int64)


@exercise("pad_batch")
def test_a_reversed_batch_is_a_tensor_of_integers(probe, cases, rng):
    tokens = probe("reverse_within_lengths", *cases.reverse_within_lengths(rng))
    expect_tensor(tokens, (5, 7), "reversed_tokens", torch.int64)


@exercise("pad_batch", points=1)
def test_padding_and_reversing_leave_their_arguments_as_they_were(pad_batch, probe, cases, rng):
    arguments_unchanged(pad_batch, cases.pad_batch(rng), "sequences pad")
    args = cases.reverse_within_lengths(rng)
    as_they_were(args, probe.watched("reverse_within_lengths", *args), "tokens lengths")


@exercise("pad_batch", points=2)
def test_the_sequences_stand_at_the_left_and_the_pad_symbol_everywhere_else(pad_batch, cases, rng):
    for shape, pad in (((3, 6, 1, 5), 0), ((2, 2), -4), ((4, 1, 3), 9), ((1,), 9)):
        sequences, pad = cases.pad_batch(rng, shape, pad, inside=pad == 9)
        tokens, lengths = pad_batch(sequences, pad)
        because = "the first sequence begins with the pad symbol" if pad == 9 else ""
        _equal(lengths, torch.tensor(shape), "lengths", because)
        rows = to_numpy(tokens, "tokens", torch.int64).tolist()
        for row, sequence in zip(rows, sequences, strict=True):
            expect.equal(row[: len(sequence)], sequence, name="a row's beginning", because="it is the sequence")
            rest = row[len(sequence) :]
            expect.equal(rest, [pad] * len(rest), name="a row's rest", because="it is padding")


@exercise("pad_batch", points=2)
def test_each_sequence_is_reversed_and_the_padding_stays(probe, cases, rng):
    tokens, lengths = cases.reverse_within_lengths(rng)
    turned = to_numpy(probe("reverse_within_lengths", tokens, lengths), "reversed_tokens", torch.int64).tolist()
    for row, was, length in zip(turned, tokens.tolist(), lengths.tolist(), strict=True):
        expect.equal(row[length:], was[length:], name="a row's padding", because="it stays where it is")
        expect.equal(row[:length], list(reversed(was[:length])), name="a row's sequence", because="it runs backwards")


@exercise("pad_batch", points=1)
def test_what_is_reversed_twice_is_what_it_was(probe, cases, rng):
    tokens, lengths = cases.reverse_within_lengths(rng, (3, 8, 1, 5, 2, 8), 8)
    once = probe("reverse_within_lengths", tokens, lengths)
    twice = probe("reverse_within_lengths", once, lengths)
    _equal(twice, tokens, "what is reversed twice")


# encode


@exercise("encode")
def test_the_encoder_returns_a_state_for_each_sequence(encode, cases, rng):
    expect_tensor(encode(*cases.encode(rng)), (5, 6), "state of a GRU")
    expect_tensor(encode(*cases.encode(rng, "lstm")), (5, 12), "state of an LSTM")


@exercise("encode", points=1)
def test_the_states_follow_the_sizes_and_the_dtype_of_the_arguments(encode, cases, rng):
    expect_tensor(encode(*cases.encode(rng, "gru", (1,), 1, 1, 1)), (1, 1), "state with one of everything")
    single = arrays.in_float32(cases.encode(rng))
    expect_tensor(encode(*single), (5, 6), "state with float32 parameters", torch.float32)


test_the_encoder_leaves_its_arguments_as_they_were = arguments_test("encode", "parameters x lengths", points=1)


@exercise("encode", points=2)
def test_the_states_of_an_lstm_are_those_of_torch_nn(encode, cases, rng):
    parameters, x, lengths = cases.encode(rng, "lstm")
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        cases.one_hot(x, 9), lengths, batch_first=True, enforce_sorted=False
    )
    _, (h, c) = cases.copied_to_torch(parameters, "enc")(packed)
    desired = torch.cat([h[0], c[0]], dim=1).detach().numpy()
    because = "of torch.nn.LSTM, h and c side by side after the last symbol of each sequence"
    expect.close(to_numpy(encode(parameters, x, lengths), "state"), desired, name="state", because=because)


@exercise("encode", points=2)
def test_a_sequence_gets_the_state_that_it_gets_alone_without_padding(encode, cases, rng):
    parameters, x, lengths = cases.encode(rng)
    state = to_numpy(encode(parameters, x, lengths), "state")
    alone = encode.map([(parameters, x[n : n + 1, : lengths[n]], lengths[n : n + 1]) for n in range(5)])
    desired = np.concatenate([to_numpy(one, "state") for one in alone])
    expect.close(state, desired, name="state", because="a batch changes nothing for the sequences in it")


@exercise("encode", points=1)
def test_what_stands_in_the_padding_does_not_matter(encode, cases, rng):
    parameters, x, lengths = cases.encode(rng)
    other = torch.where(torch.arange(7) < lengths[:, None], x, (x + 4) % 9)
    one, two = encode.map([(parameters, x, lengths), (parameters, other, lengths)])
    expect.close(to_numpy(two, "state"), to_numpy(one, "state"), name="state", because="only the padding was changed")


@exercise("encode", points=1)
def test_every_symbol_of_a_sequence_and_no_other_matters(encode, cases, rng):
    parameters, _, lengths = cases.encode(rng, lengths=(1, 2, 3, 4, 5), T=5)
    x = torch.tensor(rng.integers(0, 4, (5, 5)))
    state = to_numpy(encode(parameters, x, lengths), "state")
    for t in range(5):
        other = x.clone()
        other[:, t] += 5
        moved = np.abs(to_numpy(encode(parameters, other, lengths), "state") - state).max(axis=1) > 1e-12
        because = f"of the state, where the symbol of step {t} is another one"
        expect.equal(moved, np.arange(1, 6) > t, name="change", because=because)


def _gradients(weighed, leaves):
    """The gradients of a sum of the entries of `weighed`, all weights different, as the probes take them."""
    weights = torch.linspace(0, 1, weighed.numel(), dtype=weighed.dtype).reshape(weighed.shape).cos()
    return torch.autograd.grad((weighed * weights).sum(), leaves)


@exercise("encode", points=1)
def test_gradients_flow_through_the_states_as_through_those_of_torch_nn(probe, cases, rng):
    parameters, x, lengths = cases.encode(rng, "lstm")
    shown = probe("encode_and_gradients", parameters, x, lengths)
    layer = cases.copied_to_torch(parameters, "enc")
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        cases.one_hot(x, 9), lengths, batch_first=True, enforce_sorted=False
    )
    _, (h, c) = layer(packed)
    desired = _gradients(torch.cat([h[0], c[0]], dim=1), list(layer.parameters())[:3])
    for name, gradient in zip(("U_enc", "W_enc", "b_enc"), desired, strict=True):
        because = "of a weighted sum of the states; by torch.nn.LSTM"
        found = to_numpy(shown.get(f"d{name}"), f"the gradient of {name}")
        expect.close(found, gradient.numpy(), name=f"gradient of {name}", because=because)


# decode_teacher_forced


def _decoded_by_torch(cases, parameters, state, inputs):
    """Logits (N, T, K) of PyTorch's own LSTM layer that reads the inputs (N, T)."""
    H = parameters["W_dec"].shape[1]
    h, c = state[:, :H], state[:, H:]
    layer = cases.copied_to_torch(parameters, "dec")
    states, _ = layer(cases.one_hot(inputs, len(parameters["V"])), (h[None].contiguous(), c[None].contiguous()))
    return (states @ parameters["V"].T + parameters["c_out"]).detach()


@exercise("decode_teacher_forced")
def test_the_decoder_returns_logits_for_each_symbol(decode_teacher_forced, cases, rng):
    expect_tensor(decode_teacher_forced(*cases.decode_teacher_forced(rng)), (4, 6, 8), "logits")


@exercise("decode_teacher_forced", points=1)
def test_the_logits_follow_the_sizes_and_the_dtype_of_the_arguments(decode_teacher_forced, cases, rng):
    one = cases.decode_teacher_forced(rng, "gru", (1,), 1, 1, 4)
    expect_tensor(decode_teacher_forced(*one), (1, 1, 4), "logits of one symbol")
    single = arrays.in_float32(cases.decode_teacher_forced(rng))
    expect_tensor(decode_teacher_forced(*single), (4, 6, 8), "logits with float32 parameters", torch.float32)


test_the_decoder_leaves_its_arguments_as_they_were = arguments_test(
    "decode_teacher_forced", "parameters state targets", points=1
)


@exercise("decode_teacher_forced", points=2)
def test_the_logits_of_an_lstm_are_those_of_torch_nn(decode_teacher_forced, cases, rng):
    parameters, state, targets = cases.decode_teacher_forced(rng, "lstm")
    inputs = torch.tensor([[cases.START, *row[:-1]] for row in targets.tolist()])
    desired = _decoded_by_torch(cases, parameters, state, inputs)
    logits = to_numpy(decode_teacher_forced(parameters, state, targets), "logits")
    because = "of torch.nn.LSTM, which reads START and then each target but the last"
    expect.close(logits, desired.numpy(), name="logits", because=because)


@exercise("decode_teacher_forced", points=2)
def test_logits_depend_on_the_targets_before_and_on_no_others(decode_teacher_forced, cases, rng):
    parameters, state, targets = cases.decode_teacher_forced(rng)
    logits = to_numpy(decode_teacher_forced(parameters, state, targets), "logits")
    for t in range(6):
        other = targets.clone()
        other[:, t] = (other[:, t] + 3) % 8
        changed = to_numpy(decode_teacher_forced(parameters, state, other), "logits")
        moved = np.abs(changed - logits).max(axis=(0, 2)) > 1e-9
        because = f"of the logits of each step, where the target of step {t} is another one"
        expect.equal(moved, np.arange(6) > t, name="change", because=because)


@exercise("decode_teacher_forced", points=1)
def test_all_logits_depend_on_the_encoders_state(decode_teacher_forced, cases, rng):
    parameters, state, targets = cases.decode_teacher_forced(rng)
    one, two = decode_teacher_forced.map([(parameters, state, targets), (parameters, 0.5 * state, targets)])
    moved = np.abs(to_numpy(two, "logits") - to_numpy(one, "logits")).max(axis=2) > 1e-12
    expect.that(moved.all(), "some logits do not depend on the encoder's state")


@exercise("decode_teacher_forced", points=1)
def test_gradients_flow_through_the_logits_as_through_those_of_torch_nn(probe, cases, rng):
    parameters, state, targets = cases.decode_teacher_forced(rng, "lstm")
    shown = probe("decode_and_gradients", parameters, state, targets)
    layer, state = cases.copied_to_torch(parameters, "dec"), state.clone().requires_grad_()
    inputs = torch.tensor([[cases.START, *row[:-1]] for row in targets.tolist()])
    h, c = state.chunk(2, dim=1)
    states, _ = layer(cases.one_hot(inputs, 8), (h[None].contiguous(), c[None].contiguous()))
    desired = _gradients(states @ parameters["V"].T + parameters["c_out"], [state, *list(layer.parameters())[:3]])
    for name, gradient in zip(("state", "U_dec", "W_dec", "b_dec"), desired, strict=True):
        because = "of a weighted sum of the logits; by torch.nn.LSTM"
        found = to_numpy(shown.get(f"d{name}"), f"the gradient of {name}")
        expect.close(found, gradient.numpy(), name=f"gradient of {name}", because=because)


# sequence_loss


@exercise("sequence_loss")
def test_the_loss_is_a_tensor_without_axes(sequence_loss, cases, rng):
    expect_tensor(sequence_loss(*cases.sequence_loss(rng)), (), "loss")


@exercise("sequence_loss", points=1)
def test_the_loss_has_the_dtype_of_the_logits(sequence_loss, cases, rng):
    single = arrays.in_float32(cases.sequence_loss(rng))
    expect_tensor(sequence_loss(*single), (), "loss of float32 logits", torch.float32)


test_the_loss_leaves_its_arguments_as_they_were = arguments_test("sequence_loss", "logits targets lengths", points=1)


@exercise("sequence_loss", points=2)
def test_equal_logits_cost_log_K_whatever_the_lengths(sequence_loss, cases, rng):
    for lengths, size in (((5, 1, 6, 3), 1), ((6, 6), 1), ((1,), 1), ((6, 4, 5), 1e3)):
        _, targets, sizes = cases.sequence_loss(rng, lengths)
        logits = torch.tensor(size * rng.standard_normal((len(lengths), 6, 1))).expand(-1, -1, 7).contiguous()
        because = "K symbols of one probability cost log K each"
        expect.close(
            to_number(sequence_loss(logits, targets, sizes), "loss"), math.log(7), name="loss", because=because
        )


@exercise("sequence_loss", points=2)
def test_the_loss_is_the_mean_over_the_symbols_and_not_over_the_sequences(sequence_loss, cases, rng):
    logits, targets, lengths = cases.sequence_loss(rng)
    alone = [
        to_number(sequence_loss(logits[n : n + 1, :length], targets[n : n + 1, :length], lengths[n : n + 1]), "loss")
        for n, length in enumerate(lengths.tolist())
    ]
    desired = float(np.average(alone, weights=lengths.numpy()))
    because = "each sequence's loss, weighed by its length"
    expect.close(to_number(sequence_loss(logits, targets, lengths), "loss"), desired, name="loss", because=because)


@exercise("sequence_loss", points=1)
def test_a_single_symbol_costs_what_torch_nn_says(sequence_loss, rng):
    logits = torch.tensor(rng.permutation(5) + rng.random(5) - 1.5)[None, None]
    targets = logits.argmin(dim=2)
    for times, words in ((1.0, "loss"), (1e3, "loss of large logits")):
        desired = torch.nn.functional.cross_entropy(times * logits[0], targets[0]).item()
        expect.close(to_number(sequence_loss(times * logits, targets, torch.tensor([1])), "loss"), desired, name=words)


@exercise("sequence_loss", points=1)
def test_what_stands_in_the_padding_costs_nothing(sequence_loss, cases, rng):
    logits, targets, lengths = cases.sequence_loss(rng)
    padding = torch.arange(6) >= lengths[:, None]
    loss = to_number(sequence_loss(logits, targets, lengths), "loss")
    for symbol, name in ((cases.PAD, "PAD"), (cases.END, "END"), (cases.FIRST, "a phoneme")):
        filled = targets.masked_fill(padding, symbol)
        because = f"the padding was filled with {name}, and lengths says what is padding"
        expect.close(to_number(sequence_loss(logits, filled, lengths), "loss"), loss, name="loss", because=because)


@exercise("sequence_loss", points=1)
def test_the_gradient_is_zero_in_the_padding_and_nowhere_else(probe, cases, rng):
    logits, targets, lengths = cases.sequence_loss(rng)
    shown = probe("loss_and_gradient", logits, targets, lengths)
    gradient = to_numpy(shown.get("dlogits"), "the gradient of the loss")
    expect.equal((gradient != 0).all(axis=2), (torch.arange(6) < lengths[:, None]).numpy(), name="dlogits != 0")
    desired = np.zeros((4, 6))
    expect.close(gradient.sum(axis=2), desired, name="sum over the classes", atol=1e-12, because="a softmax adds to 1")


# translate_greedy


def _lists(result, N, max_length, K, name="the translations"):
    expect.lists_of_ints(result, N, longest=max_length, below=K, name=name, outside="an id that does not exist")
    return result


@exercise("translate_greedy")
def test_translations_are_lists_of_ints(translate_greedy, cases, rng):
    _lists(translate_greedy(*cases.translate_greedy(rng)), 12, 7, 6)


test_translating_leaves_the_arguments_as_they_were = arguments_test(
    "translate_greedy", "parameters state max_length", points=1
)


@exercise("translate_greedy", points=2)
def test_every_symbol_said_has_the_largest_logit_of_torch_nn(translate_greedy, cases, rng):
    for often in (cases.FIRST, cases.PAD, cases.START):
        parameters, state, max_length = cases.translate_greedy(rng, "lstm", N=15)
        parameters["c_out"][often] += 1.5
        said = _lists(translate_greedy(parameters, state, max_length), 15, max_length, 6)
        expect.that(all(cases.END not in row for row in said), "a translation holds END; it ends before")
        for n, row in enumerate(said):
            read = torch.tensor([[cases.START, *row]])
            largest = _decoded_by_torch(cases, parameters, state[n : n + 1], read)[0].argmax(dim=1).tolist()
            because = "torch.nn.LSTM, which reads START and what was said, finds another symbol likelier"
            wanted = [*row, cases.END] if len(row) < max_length else row
            name = f"translation {n}, with 1.5 added to the logits of {often}"
            expect.equal(largest[: len(wanted)], wanted, name=name, because=because)


@exercise("translate_greedy", points=1)
def test_a_sequence_is_translated_as_it_is_alone(translate_greedy, cases, rng):
    parameters, state, max_length = cases.translate_greedy(rng)
    together = _lists(translate_greedy(parameters, state, max_length), 12, max_length, 6)
    alone = translate_greedy.map([(parameters, state[n : n + 1], max_length) for n in range(12)])
    expect.equal(together, [_lists(one, 1, max_length, 6)[0] for one in alone], name="the translations")


@exercise("translate_greedy", points=1)
def test_fewer_steps_give_the_beginnings(translate_greedy, cases, rng):
    parameters, state, _ = cases.translate_greedy(rng)
    whole = _lists(translate_greedy(parameters, state, 9), 12, 9, 6)
    for some in (1, 4):
        desired = [row[:some] for row in whole]
        because = f"of max_length = {some}; they are those of max_length = 9, cut after {some} symbols"
        expect.equal(translate_greedy(parameters, state, some), desired, name="the translations", because=because)


# translate_beam


def _log_p_by_torch(cases, parameters, state, row):
    """The log probability of each of the symbols `row` by PyTorch's own LSTM layer; state: (1, 2H)."""
    log_p = _decoded_by_torch(cases, parameters, state, torch.tensor([[cases.START, *row[:-1]]]))[0].log_softmax(dim=1)
    return [log_p[t, symbol].item() for t, symbol in enumerate(row)]


def _beam(target, N, K, *args):
    result = target(*args)
    expect.tuple(result, 2, "the result")
    said, values = result
    expect_tensor(values, (N,), "values")
    return _lists(said, N, args[2], K), values.numpy()


@exercise("translate_beam")
def test_a_beam_gives_lists_and_a_tensor(translate_beam, cases, rng):
    _beam(translate_beam, 6, 6, *cases.translate_beam(rng))


@exercise("translate_beam", points=1)
def test_the_values_have_the_dtype_of_the_parameters(translate_beam, cases, rng):
    result = translate_beam(*arrays.in_float32(cases.translate_beam(rng)))
    expect.tuple(result, 2, "the result")
    _, values = result
    expect_tensor(values, (6,), "values with float32 parameters", torch.float32)


test_a_beam_leaves_its_arguments_as_they_were = arguments_test(
    "translate_beam", "parameters state max_length k alpha", points=1
)


@exercise("translate_beam", points=2)
def test_the_values_are_those_of_what_is_said(translate_beam, cases, rng):
    for alpha in (0.0, 0.7):
        parameters, state, max_length, k, _ = cases.translate_beam(rng, "lstm", N=8)
        said, values = _beam(translate_beam, 8, 6, parameters, state, max_length, k, alpha)
        desired = []
        for n, row in enumerate(said):
            whole = [*row, cases.END] if len(row) < max_length else row
            desired.append(sum(_log_p_by_torch(cases, parameters, state[n : n + 1], whole)) / len(whole) ** alpha)
        because = f"log probabilities by torch.nn.LSTM, END included, over the length to the power of {alpha}"
        expect.close(values, np.array(desired), name="values", rtol=1e-6, because=because)


@exercise("translate_beam", points=2)
def test_one_slot_is_greedy_search(translate_beam, cases, rng):
    parameters, state, max_length = cases.translate_greedy(rng, "lstm", N=10)
    said, _ = _beam(translate_beam, 10, 6, parameters, state, max_length, 1, 0.7)
    for n, row in enumerate(said):
        read = torch.tensor([[cases.START, *row]])
        largest = _decoded_by_torch(cases, parameters, state[n : n + 1], read)[0].argmax(dim=1).tolist()
        wanted = [*row, cases.END] if len(row) < max_length else row
        because = "with k = 1 every symbol said has the largest logit of torch.nn.LSTM"
        expect.equal(largest[: len(wanted)], wanted, name=f"translation {n}", because=because)


@exercise("translate_beam", points=3)
def test_enough_slots_find_the_best_of_all_sequences(translate_beam, cases, rng):
    T, K = 3, 4
    # The last round keeps the k sequences of the largest sums: the best sum is always among them, the best one for its
    # length surely if all are there.
    for alpha, k in ((0.0, K ** (T - 1)), (1.0, K**T)):
        parameters, state, *_ = cases.translate_beam(rng, "lstm", N=4, K=K)
        said, values = _beam(translate_beam, 4, K, parameters, state, T, k, alpha)
        for n in range(4):

            def next_log_p(beginnings, parameters=parameters, state=state[n : n + 1]):
                read = torch.tensor([[cases.START, *row] for row in beginnings])
                logits = _decoded_by_torch(cases, parameters, state.expand(len(read), -1), read)
                return logits[:, -1].log_softmax(dim=1)

            best, worth = exhaustive_search(next_log_p, T, cases.END, alpha)
            because = f"the best of all sequences of at most {T} symbols, alpha = {alpha}"
            expect.equal(said[n], best, name=f"translation {n}", because=because)
            expect.close(float(values[n]), worth, name=f"value {n}", rtol=1e-6, because=because)


@exercise("translate_beam", points=1)
def test_a_beam_translates_a_sequence_as_it_does_alone(translate_beam, cases, rng):
    parameters, state, *rest = cases.translate_beam(rng, N=5)
    said, values = _beam(translate_beam, 5, 6, parameters, state, *rest)
    alone = [_beam(translate_beam, 1, 6, parameters, state[n : n + 1], *rest) for n in range(5)]
    expect.equal(said, [one[0][0] for one in alone], name="the translations")
    expect.close(values, np.concatenate([one[1] for one in alone]), name="values", rtol=1e-6)


# edit_distance and phoneme_error_rate


def _distance(result, I, J):
    expect.tuple(result, 2, "the result")
    expect.integer(result[0], name="distance")
    expect.array(result[1], shape=(I + 1, J + 1), dtype=np.int64, name="d")
    return result


@exercise("edit_distance")
def test_a_distance_is_an_int_with_its_table(edit_distance, cases, rng):
    _distance(edit_distance(*cases.edit_distance(rng)), 5, 8)


test_the_distance_leaves_its_arguments_as_they_were = arguments_test("edit_distance", "hypothesis reference", points=1)


@exercise("edit_distance")
def test_the_error_rate_is_a_float(probe, cases, rng):
    expect.number(probe("phoneme_error_rate", *cases.phoneme_error_rate(rng)), name="the rate")


@exercise("edit_distance", points=1)
def test_the_distance_from_nothing_is_the_length(edit_distance):
    for I, J in ((4, 0), (0, 5), (0, 0)):
        distance, d = _distance(edit_distance(list(range(I)), list(range(J))), I, J)
        expect.equal(distance, max(I, J), name=f"distance of {I} symbols from {J}")
        expect.equal(d.max(axis=0 if J else 1).tolist(), list(range(J + 1 if J else I + 1)), name="d")


@exercise("edit_distance", points=2)
def test_known_distances(edit_distance):
    known = [("kitten", "sitting", 3), ("sunday", "saturday", 3), ("intention", "execution", 5), ("ab", "ba", 2)]
    for one, other, desired in known:
        for hypothesis, reference in ((one, other), (other, one), (one, one), ("x" + one, other + "x")):
            distance, _ = edit_distance(list(hypothesis), list(reference))
            if hypothesis == reference:
                expect.equal(distance, 0, name="distance of a word from itself")
            elif {hypothesis, reference} == {one, other}:
                expect.equal(distance, desired, name=f"distance of {hypothesis!r} and {reference!r}")
            else:
                expect.that(distance <= desired + 2, "one symbol more in each word adds more than 2 to the distance")


@exercise("edit_distance", points=1)
def test_a_symbol_of_several_letters_or_digits_is_one_symbol(edit_distance):
    spoken, number = "K AE1 T", "1000"  # equal symbols that are not one object
    for hypothesis, reference, desired in (
        (["AH0", "K"], ["AH1", "K"], 1),
        (["AH", "K"], ["A", "HK"], 2),
        ([12, 3], [1, 23], 2),
        ([10, 11, 12], [10, 12], 1),
        (spoken.split(), spoken.split(), 0),
        ([int(number), 3], [int(number), 4], 1),
    ):
        distance, _ = _distance(edit_distance(hypothesis, reference), len(hypothesis), len(reference))
        expect.equal(distance, desired, name=f"distance of {hypothesis} and {reference}")


@exercise("edit_distance", points=2)
def test_neighbours_in_the_table_differ_by_one_at_most(edit_distance, cases, rng):
    args = cases.edit_distance(rng, I=9, J=7, symbols=3)
    _, d = _distance(edit_distance(*args), 9, 7)
    _, turned = _distance(edit_distance(*args[::-1]), 7, 9)
    expect.equal(d, turned.T, name="d", because="the distance is the same in both directions")
    expect.that(int(np.abs(np.diff(d, axis=0)).max()) <= 1, "d has neighbours in a column that differ by more than 1")
    expect.that(int(np.abs(np.diff(d, axis=1)).max()) <= 1, "d has neighbours in a row that differ by more than 1")
    for corner in ((3, 5), (9, 1), (2, 2)):
        shorter, _ = edit_distance(args[0][: corner[0]], args[1][: corner[1]])
        expect.equal(shorter, int(d[corner]), name="distance of two beginnings", because="it stands in the table")


@exercise("edit_distance", points=2)
def test_every_symbol_counts_alike_in_the_error_rate(probe):
    long_and_short, both_short = [[1] * 9, [2]], [[1], [2, 1]]
    for hypotheses, references, desired in (
        ([[1] * 9, [2]], long_and_short, 0.0),
        ([[1] * 9, [3]], long_and_short, 0.1),
        ([[1] * 9, []], long_and_short, 0.1),
        ([[1] * 8, [2]], long_and_short, 0.1),
        ([[], []], long_and_short, 1.0),
        ([[1] * 9, [2] * 16], long_and_short, 1.5),
        ([[1, 2], [1]], both_short, 2 / 3),
    ):
        rate = probe("phoneme_error_rate", hypotheses, references)
        because = f"references of {len(references[0])} and {len(references[1])} symbols"
        expect.close(rate, desired, name="the rate", rtol=1e-9, atol=1e-12, because=because)


@exercise("edit_distance", points=1)
def test_the_error_rate_counts_every_edit(probe):
    for hypotheses, references, desired, because in (
        (
            [[4, 4], [5, 6]],
            [[], [5, 7]],
            3 / 2,
            "two symbols are said where nothing is meant: 3 edits, 2 symbols",
        ),
        ([[5, 6], []], [[5, 7], []], 1 / 2, "nothing is said where nothing is meant: 1 edit, 2 symbols"),
        ([[1, 2, 3, 4]], [[2, 3, 4, 5]], 2 / 4, "one symbol too many at the front and one too few at the end"),
    ):
        rate = probe("phoneme_error_rate", hypotheses, references)
        expect.close(rate, desired, name="the rate", rtol=1e-9, because=because)


# error_by_length


def _rates(result, B):
    expect.tuple(result, 2, "the result")
    expect.array(result[0], shape=(B,), name="rates", finite=False)
    expect.array(result[1], shape=(B,), dtype=np.int64, name="counts")
    return result


@exercise("error_by_length")
def test_rates_and_counts_are_arrays(error_by_length, cases, rng):
    _rates(error_by_length(*cases.error_by_length(rng)), 5)


test_binning_leaves_the_arguments_as_they_were = arguments_test(
    "error_by_length", "edits sizes lengths edges", points=1
)


@exercise("error_by_length", points=2)
def test_bins_hold_their_lower_edge_and_not_their_upper_one(error_by_length):
    lengths = [1, 2, 3, 4, 5, 6, 7]
    _, counts = _rates(error_by_length([1] * 7, [1] * 7, lengths, [2, 3, 6, 6, 7]), 4)
    expect.equal(counts, np.array([1, 3, 0, 1]), name="counts", because="of lengths 1 to 7 between 2, 3, 6, 6 and 7")


@exercise("error_by_length", points=2)
def test_the_rate_of_a_bin_is_edits_over_phonemes(error_by_length):
    rates, _ = _rates(error_by_length([9, 0, 3, 4], [9, 1, 4, 1], [4, 4, 8, 8], [4, 5, 8, 9]), 3)
    expect.close(rates, np.array([0.9, np.nan, 1.4]), name="rates", because="9 of 10, nothing, 7 of 5")
    rates, _ = _rates(error_by_length([0, 0, 3], [4, 2, 6], [1, 2, 3], [1, 3, 4]), 2)
    expect.close(rates, np.array([0.0, 0.5]), name="rates", because="no edit in 6 phonemes, 3 in 6")


@exercise("error_by_length", points=1)
def test_one_bin_for_all_gives_the_whole_rate(error_by_length, cases, rng):
    edits, sizes, lengths, _ = cases.error_by_length(rng)
    rates, counts = _rates(error_by_length(edits, sizes, lengths, [1, 100]), 1)
    expect.equal(counts, np.array([30]), name="counts")
    expect.close(rates, np.array([sum(edits) / sum(sizes)]), name="rates", because="all edits over all phonemes")


# attend, without points


def _attended(result, N, Q, H, T, dtype=torch.float64):
    expect.tuple(result, 2, "the result")
    expect_tensor(result[0], (N, Q, H), "contexts", dtype)
    expect_tensor(result[1], (N, Q, T), "weights", dtype)
    return result[0].detach().numpy(), result[1].detach().numpy()


@exercise("attend")
def test_contexts_and_weights_are_two_tensors(attend, cases, rng):
    _attended(attend(*cases.attend(rng)), 4, 3, 6, 7)


@exercise("attend", points=1)
def test_contexts_follow_the_sizes_and_the_dtype_of_the_arguments(attend, cases, rng):
    _attended(attend(*cases.attend(rng, (1,), 1, 1, 1)), 1, 1, 1, 1)
    _attended(attend(*arrays.in_float32(cases.attend(rng))), 4, 3, 6, 7, torch.float32)


test_looking_back_leaves_the_arguments_as_they_were = arguments_test("attend", "queries states lengths", points=1)


@exercise("attend", points=2)
def test_the_weights_of_the_symbols_add_up_to_1_and_the_padding_has_none(attend, cases, rng):
    queries, states, lengths = cases.attend(rng)
    _, weights = _attended(attend(queries, states, lengths), 4, 3, 6, 7)
    valid = (torch.arange(7) < lengths[:, None]).numpy()[:, None]
    expect.close(weights.sum(axis=2), np.ones((4, 3)), name="sum of the weights")
    expect.equal(weights > 0, np.broadcast_to(valid, (4, 3, 7)).copy(), name="where a weight is above 0")


@exercise("attend", points=2)
def test_a_sequence_without_padding_gets_the_contexts_of_torch(attend, cases, rng):
    for T, Q, H in ((5, 3, 4), (1, 2, 6), (6, 1, 3)):
        queries, states, lengths = cases.attend(rng, (T, T), T, Q, H)
        contexts, _ = _attended(attend(queries, states, lengths), 2, Q, H, T)
        desired = torch.nn.functional.scaled_dot_product_attention(queries, states, states, scale=1.0).numpy()
        because = "of torch's own attention, with the scale 1"
        expect.close(contexts, desired, name="contexts", because=because)


@exercise("attend", points=2)
def test_a_sequence_gets_the_contexts_that_it_gets_alone_without_padding(attend, cases, rng):
    queries, states, lengths = cases.attend(rng)
    contexts, weights = _attended(attend(queries, states, lengths), 4, 3, 6, 7)
    for n, length in enumerate(lengths.tolist()):
        one = slice(n, n + 1)
        alone = _attended(attend(queries[one], states[one, :length], lengths[one]), 1, 3, 6, length)
        because = "a batch changes nothing for the sequences in it"
        expect.close(contexts[one], alone[0], name=f"contexts of sequence {n}", because=because)
        expect.close(weights[one, :, :length], alone[1], name=f"weights of sequence {n}", because=because)


@exercise("attend", points=1)
def test_what_stands_behind_the_end_is_never_seen(attend, cases, rng):
    queries, states, lengths = cases.attend(rng)
    behind = torch.arange(7) >= lengths[:, None]
    other = torch.where(behind[..., None], 300 * states.flip(1), states)
    one, two = (
        _attended(result, 4, 3, 6, 7) for result in attend.map([(queries, s, lengths) for s in (states, other)])
    )
    for before, after, name in zip(one, two, ("contexts", "weights"), strict=True):
        expect.close(after, before, name=name, because="only the padding was changed")


@exercise("attend", points=1)
def test_of_large_products_the_largest_gets_all(attend, cases, rng):
    queries, states, lengths = cases.attend(rng, spread=1e7)
    contexts, weights = _attended(attend(queries, states, lengths), 4, 3, 6, 7)
    expect.close(weights.max(axis=2), np.ones((4, 3)), name="the largest weight", because="the products are very large")
    seen = states[torch.arange(4)[:, None], torch.tensor(weights.argmax(axis=2))].numpy()
    expect.close(contexts, seen, name="contexts", because="each is the state whose weight is 1")


@exercise("attend", points=2)
def test_the_gradients_of_contexts_are_finite_differences(probe, cases, rng):
    queries, states, lengths = cases.attend(rng)
    dcontexts, *along = (torch.tensor(rng.standard_normal(one.shape)) for one in (queries, queries, states))
    shown = probe("attention_and_gradients", queries, states, lengths, dcontexts)
    slope = 0.0
    for name, direction in zip(("dqueries", "dstates"), along, strict=True):
        slope += float((to_numpy(shown.get(name), name) * direction.numpy()).sum())
    step, sums = 1e-5, []
    for sign in (1, -1):
        moved = [one + sign * step * more for one, more in zip((queries, states), along, strict=True)]
        contexts = probe("attention_and_gradients", *moved, lengths, dcontexts).get("contexts")
        sums.append(float((to_numpy(contexts, "contexts") * dcontexts.numpy()).sum()))
    because = "the contexts' own change, along a random direction of queries and states"
    expect.close(slope, (sums[0] - sums[1]) / (2 * step), name="the gradient", rtol=1e-5, atol=1e-7, because=because)


# minimum_bayes_risk, without points


def _risks(result, M):
    expect.tuple(result, 2, "the result")
    expect.that(type(result[0]) is list, "the choice is not a list; expected one of the candidates")
    expect.array(result[1], shape=(M,), name="risks")
    return result


def _log(*probabilities):
    return np.log(np.array(probabilities))


@exercise("minimum_bayes_risk")
def test_a_choice_is_a_candidate_with_the_risks_of_all(minimum_bayes_risk, cases, rng):
    _risks(minimum_bayes_risk(*cases.minimum_bayes_risk(rng)), 7)


test_choosing_leaves_the_arguments_as_they_were = arguments_test("minimum_bayes_risk", "candidates log_p", points=1)


@exercise("minimum_bayes_risk", points=2)
def test_of_two_candidates_the_likelier_has_the_smaller_risk(minimum_bayes_risk):
    for one, other, distance in (("kitten", "sitting", 3), ("intention", "execution", 5), ("", "abc", 3)):
        for p in (0.75, 0.125):
            choice, risks = _risks(minimum_bayes_risk([list(one), list(other)], _log(p, 1 - p)), 2)
            because = f"{one!r} has the probability {p}, {other!r} the rest; they are {distance} edits apart"
            expect.close(risks, distance * np.array([1 - p, p]), name="risks", rtol=1e-9, because=because)
            expect.equal(choice, list(one if p > 0.5 else other), name="the choice", because=because)
    choice, risks = _risks(minimum_bayes_risk([[5, 6]], np.array([-3.0])), 1)
    expect.equal(choice, [5, 6], name="the choice", because="there is only one candidate")
    expect.close(risks, np.zeros(1), name="risks", atol=1e-12, because="there is only one candidate")
    choice, _ = _risks(minimum_bayes_risk([[7], [5], [7]], np.zeros(3)), 3)
    expect.equal(choice, [7], name="the choice", because="it stands in the list twice")
    choice, _ = _risks(minimum_bayes_risk([[5, 5], [7]], np.zeros(2)), 2)
    expect.equal(choice, [5, 5], name="the choice", because="of equal risks the first is chosen")


@exercise("minimum_bayes_risk", points=1)
def test_the_risks_are_the_same_in_float32_and_of_strided_arrays(minimum_bayes_risk, cases, rng):
    args = cases.minimum_bayes_risk(rng)
    same_in_float32_and_strided(minimum_bayes_risk, args, ("risks",), part=lambda found: found[1:])


@exercise("minimum_bayes_risk", points=2)
def test_two_that_nearly_agree_outvote_a_loner(minimum_bayes_risk):
    candidates = [["IY", "Z"], ["K", "AE", "T"], ["K", "AE", "D"]]
    choice, risks = _risks(minimum_bayes_risk(candidates, _log(0.4, 0.35, 0.25)), 3)
    expect.close(risks, np.array([1.8, 1.45, 1.55]), name="risks", rtol=1e-9, because="the example in the text")
    expect.equal(choice, candidates[1], name="the choice", because="the example in the text")


@exercise("minimum_bayes_risk", points=2)
def test_the_risks_are_a_mean_of_those_where_one_candidate_is_certain(minimum_bayes_risk, cases, rng):
    candidates, log_p = cases.minimum_bayes_risk(rng, M=6)
    choice, risks = _risks(minimum_bayes_risk(candidates, log_p), 6)
    certain = [np.where(np.arange(6) == m, 0.0, -900.0) for m in range(6)]
    rows = [_risks(one, 6)[1] for one in minimum_bayes_risk.map([(candidates, one) for one in certain])]
    p = np.exp(log_p) / np.exp(log_p).sum()
    because = "the mean, by the candidates' probabilities, of the risks where one of them is certain"
    expect.close(risks, p @ np.stack(rows), name="risks", because=because)
    for m in range(6):
        expect.close(float(rows[m][m]), 0.0, name="risk of what is certain", atol=1e-12)
    expect.that(choice in candidates, "the choice is not among the candidates")
    chosen = risks[candidates.index(choice)]
    expect.that(bool(chosen <= risks.min() + 1e-9), "the choice is not the candidate of the least risk")


@exercise("minimum_bayes_risk", points=1)
def test_only_the_differences_of_log_probabilities_matter(minimum_bayes_risk, cases, rng):
    candidates, log_p = cases.minimum_bayes_risk(rng)
    _, risks = _risks(minimum_bayes_risk(candidates, log_p), 7)
    for shift in (-3000.0, 900.0):
        _, moved = _risks(minimum_bayes_risk(candidates, log_p + shift), 7)
        expect.close(moved, risks, name="risks", because=f"{shift:.0f} was added to each log probability")


@exercise("minimum_bayes_risk", points=1)
def test_a_candidate_in_two_halves_counts_as_the_whole(minimum_bayes_risk, cases, rng):
    candidates, log_p = cases.minimum_bayes_risk(rng)
    choice, risks = _risks(minimum_bayes_risk(candidates, log_p), 7)
    log_p[2] -= np.log(2.0)
    halves = minimum_bayes_risk([*candidates, candidates[2]], np.append(log_p, log_p[2]))
    because = "one candidate stands in the list twice, with half of its probability each time"
    expect.close(_risks(halves, 8)[1], np.append(risks, risks[2]), name="risks", because=because)
    expect.equal(halves[0], choice, name="the choice", because=because)
