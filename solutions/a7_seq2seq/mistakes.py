"""The mistakes that students make in assignment 7: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_SOURCE = "source = torch.where(t < ends, ends - 1 - t, t)  # (N, T)"

MISTAKES["pad_batch"] = [
    mistake(
        id="pads_at_the_left",
        old="tokens[n, : len(sequence)] =",
        new="tokens[n, tokens.shape[1] - len(sequence) :] =",
        says="The sequences stand at the right end of their rows, after the padding. At which end should padding be?",
    ),
    mistake(
        id="pads_with_zero_always",
        old="max(map(len, sequences))), pad)",
        new="max(map(len, sequences))), 0)",
        says="The rows are filled up with 0, whatever the second argument says. Who chooses the pad symbol?",
    ),
    mistake(
        id="cuts_to_the_shortest",
        old="""max(map(len, sequences))), pad)  # (N, T)
    for n, sequence in enumerate(sequences):
        tokens[n, : len(sequence)] = torch.tensor(sequence)""",
        new="""min(map(len, sequences))), pad)
    for n, sequence in enumerate(sequences):
        tokens[n] = torch.tensor(sequence[: tokens.shape[1]])""",
        says="All sequences are cut to the length of the shortest. What is T, if nothing is to be lost?",
    ),
    mistake(
        id="one_column_too_many",
        old="max(map(len, sequences))), pad)",
        new="max(map(len, sequences)) + 1), pad)",
        says="The last column is padding in every row. How long is the longest sequence?",
    ),
    mistake(
        id="returns_the_padded_lengths",
        old="torch.tensor([len(sequence) for sequence in sequences])  # (N,)",
        new="torch.tensor([max(map(len, sequences)) for sequence in sequences])",
        says="All lengths are T, the padded one. Who will later tell the symbols from the padding?",
    ),
    mistake(
        id="sorts_the_batch",
        old="lengths = torch.tensor([len(sequence)",
        new="""sequences = sorted(sequences, key=len, reverse=True)
    lengths = torch.tensor([len(sequence)""",
        says="The rows are sorted by length, so row n is no longer sequence n. Who else keeps the old order?",
    ),
    mistake(
        id="reverses_the_padding_too",
        old=_SOURCE,
        new="source = (tokens.shape[1] - 1 - t).expand(tokens.shape)",
        says="Each row is turned round as a whole, so that the padding is read first. Round which position does a "
        "sequence of length 3 turn in a row of 7?",
    ),
    mistake(
        id="reverses_around_the_length_instead_of_the_last_index",
        old="ends - 1 - t, t)",
        new="(ends - t).clamp(max=tokens.shape[1] - 1), t)",
        says="Each sequence is moved by one: its first place holds what stands after its last symbol. Counting from 0, "
        "what is the index of the last of three symbols?",
    ),
    mistake(
        id="fills_with_zero_after_reversing",
        old="reversed_tokens = tokens.gather(1, source)",
        new="reversed_tokens = tokens.gather(1, source) * (t < ends)",
        says="The sequences are reversed, and the padding has been overwritten with 0. What does the docstring say of "
        "the padding?",
    ),
    mistake(
        id="reverses_the_batch",
        old="reversed_tokens = tokens.gather(1, source)",
        new="reversed_tokens = tokens.flip(0)",
        says="The rows are in the opposite order, and each sequence runs as before. Which axis is time?",
    ),
    mistake(
        id="moves_the_reversed_sequence_by_its_padding",
        old="reversed_tokens = tokens.gather(1, source)",
        new="reversed_tokens = tokens.gather(1, (source + ends) % tokens.shape[1])",
        says="The sequences are shifted along their rows, padding and all. Where does a reversed sequence begin?",
    ),
]

_LOOP = """for t in range(x.shape[1]):
        new = cell_step(a[:, t], state, W)
        state = torch.where((t < lengths)[:, None], new, state)  # who has ended keeps its state"""
_KEEP = "state = torch.where((t < lengths)[:, None], new, state)  # who has ended keeps its state"

MISTAKES["encode"] = [
    mistake(
        id="takes_the_state_after_the_padding",
        old=_KEEP,
        new="state = new",
        says="The states are those after the last column: short sequences go on reading the padding. When has a "
        "sequence of length 3 been read?",
    ),
    mistake(
        id="mask_on_the_wrong_side",
        old="(t < lengths)[:, None], new, state)",
        new="(t < lengths)[:, None], state, new)",
        says="The mask is on the wrong side: a state is kept while there are symbols, and moved by the padding. Which "
        "of the two should hold where t is below the length?",
    ),
    mistake(
        id="zeroes_the_finished",
        old=_KEEP,
        new="state = new * (t < lengths)[:, None]",
        says="The state of a sequence that has ended is set to zero: only the longest ones keep theirs. What should a "
        "finished sequence's state be at the next step?",
    ),
    mistake(
        id="reads_one_symbol_of_the_padding",
        old="(t < lengths)",
        new="(t <= lengths)",
        says="Every sequence reads one symbol too many, the first of its padding. Counting from 0, which is the last "
        "step of a sequence of length 3?",
    ),
    mistake(
        id="leaves_the_last_symbol_out",
        old="(t < lengths)",
        new="(t < lengths - 1)",
        says="Every sequence stops before its last symbol. Counting from 0, which is the last step of a sequence of "
        "length 3?",
    ),
    mistake(
        id="sorted_batch_not_unsorted",
        old="a = input_part(x, U, b)  # (N, T, G*H): the inputs' part of all steps at once",
        new="""lengths, order = lengths.sort(descending=True)
    a = input_part(x[order], U, b)""",
        says="The states are right, and in another order: the longest sequence comes first. Row n belongs to "
        "sequence n; what undoes a sorting?",
    ),
    mistake(
        id="sorts_twice_instead_of_unsorting",
        old=_LOOP,
        new="""lengths, order = lengths.sort(descending=True)
    a = a[order]
    for t in range(x.shape[1]):
        new = cell_step(a[:, t], state, W)
        state = torch.where((t < lengths)[:, None], new, state)
    state = state[order]""",
        says="The batch is sorted, and at the end the same reordering is applied once more. What is the inverse of a "
        "permutation?",
    ),
    mistake(
        id="all_stop_at_the_shortest",
        old="(t < lengths)[:, None]",
        new="(t < lengths.min()).expand(len(x))[:, None]",
        says="All sequences stop where the shortest one ends. For whom is the mask of a step?",
    ),
    mistake(
        id="starts_from_ones",
        old="state = first_state(len(x), W)  # (N, S)",
        new="state = first_state(len(x), W) + 1",
        says="The first state is one where it should be zero. What does first_state give?",
    ),
    mistake(
        id="resets_the_state_each_step",
        old="new = cell_step(a[:, t], state, W)",
        new="new = cell_step(a[:, t], first_state(len(x), W), W)",
        says="Each step starts from zeros: the state knows the last symbol alone. What does a step read besides the "
        "symbol?",
    ),
    mistake(
        id="means_over_time",
        old=_LOOP,
        new="""total = state
    for t in range(x.shape[1]):
        new = cell_step(a[:, t], state, W)
        state = torch.where((t < lengths)[:, None], new, state)
        total = total + torch.where((t < lengths)[:, None], new, 0)
    state = total / lengths[:, None]""",
        says="This is the mean of all states of a sequence. Which one of them does the decoder start from?",
    ),
    mistake(
        id="reads_backwards_from_the_padded_end",
        old="for t in range(x.shape[1]):",
        new="for t in reversed(range(x.shape[1])):",
        says="Time runs backwards in the loop. Reversing is done before the encoder, by reverse_within_lengths; in "
        "which order does the encoder read?",
    ),
    mistake(
        id="uses_the_decoders_weights",
        old='W, b = parameters["U_enc"], parameters["W_enc"]',
        new='W, b = parameters["U_enc"], parameters["W_dec"]',
        says="The recurrent weights are the decoder's. Which of the two networks reads the source?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="a = input_part(x, U, b)",
        new="a = input_part(x, U, 0 * b)",
        says="The bias is left out. What does input_part take as its third argument?",
    ),
    mistake(
        id="cuts_the_graph",
        old="new = cell_step(a[:, t], state, W)",
        new="new = cell_step(a[:, t], state, W).detach()",
        says="The states are right, but their gradient ends at the last step: the encoder would learn from the last "
        "symbol alone. What cuts the graph of the steps before?",
    ),
]

_INPUTS = "inputs = torch.cat([starts, targets[:, :-1]], dim=1)  # (N, T): the targets, one step later"

MISTAKES["decode_teacher_forced"] = [
    mistake(
        id="feeds_the_target_itself",
        old=_INPUTS,
        new="inputs = targets",
        says="In each step the decoder reads the very symbol that it should predict. What is it given in step t when "
        "it translates, and what should it be given in training?",
    ),
    mistake(
        id="first_symbol_twice",
        old=_INPUTS,
        new="inputs = torch.cat([targets[:, :1], targets[:, :-1]], dim=1)",
        says="The first step reads the first target instead of START. What is known of the sentence before its first "
        "symbol?",
    ),
    mistake(
        id="starts_with_end",
        old="targets[:, :1], START)",
        new="targets[:, :1], END)",
        says="The first step reads END. Which symbol opens a sequence?",
    ),
    mistake(
        id="starts_with_pad",
        old="targets[:, :1], START)",
        new="targets[:, :1], PAD)",
        says="The first step reads PAD. Which symbol opens a sequence?",
    ),
    mistake(
        id="reads_start_always",
        old=_INPUTS,
        new="inputs = starts.expand(targets.shape)",
        says="Every step reads START: the decoder never hears what was said before. What does it read in step 1?",
    ),
    mistake(
        id="shifts_the_wrong_way",
        old=_INPUTS,
        new="inputs = torch.cat([starts, targets[:, 2:], targets[:, -1:]], dim=1)",
        says="From step 1 on the decoder reads the symbol after the one it should predict. Which way are the targets "
        "moved?",
    ),
    mistake(
        id="shifts_by_two",
        old=_INPUTS,
        new="inputs = torch.cat([starts, starts, targets[:, :-2]], dim=1)",
        says="The decoder hears of each target two steps later, after START twice. How many steps late should it be?",
    ),
    mistake(
        id="rolls_the_last_target_to_the_front",
        old=_INPUTS,
        new="inputs = targets.roll(1, dims=1)",
        says="The first step reads the last target, which a roll has brought to the front. What opens a sequence?",
    ),
    mistake(
        id="encoder_state_discarded",
        old="    steps = []\n",
        new="    steps, state = [], torch.zeros_like(state)\n",
        says="The decoder starts from zeros and never hears of the source: it is a language model. What is the only "
        "thing that the encoder hands over?",
    ),
    mistake(
        id="state_not_carried",
        old="step, state = decoder_step(parameters, symbols, state)",
        new="step, _ = decoder_step(parameters, symbols, state)",
        says="Every step starts from the encoder's state again. Where does the new state of a step go?",
    ),
    mistake(
        id="greedy_inside",
        old="""for symbols in inputs.unbind(dim=1):
        step, state = decoder_step(parameters, symbols, state)""",
        new="""symbols = inputs[:, 0]
    for _ in range(inputs.shape[1]):
        step, state = decoder_step(parameters, symbols, state)
        symbols = step.argmax(dim=1)""",
        says="The decoder reads what it found likeliest itself, and not the targets. What does teacher forcing feed?",
    ),
    mistake(
        id="softmax_instead_of_logits",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=1).softmax(dim=2)",
        says="These are probabilities. The loss takes logits: who applies the softmax?",
    ),
    mistake(
        id="log_softmax_instead_of_logits",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=1).log_softmax(dim=2)",
        says="These are log probabilities. The loss takes logits: who applies the softmax?",
    ),
    mistake(
        id="stacks_time_first",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=0)",
        says="The first axis is time and the second the batch. What shape does the docstring promise?",
    ),
    mistake(
        id="teacher_forced_without_a_graph",
        old="step, state = decoder_step(parameters, symbols, state)",
        new="step, state = decoder_step(parameters, symbols, state.detach())",
        says="The logits are right, but no gradient flows from a step to the one before it, nor to the encoder. What "
        "cuts the graph?",
    ),
]

_LOG_P = "log_p = logits.log_softmax(dim=2).gather(2, targets[:, :, None])  # (N, T, 1)"

MISTAKES["sequence_loss"] = [
    mistake(
        id="loss_over_the_padding",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p.mean()",
        says="The padding is part of the mean: the network is trained to say PAD. Which places of targets are real?",
    ),
    mistake(
        id="mean_over_all_places",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].sum() / valid.numel()",
        says="The padding is left out of the sum, and counted in the number it is divided by. How many symbols has the "
        "batch?",
    ),
    mistake(
        id="sum_instead_of_mean",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].sum()",
        says="This is the sum over all symbols. What does the formula divide by?",
    ),
    mistake(
        id="mean_over_sequences",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].sum() / len(targets)",
        says="The sum is divided by the number of sequences. By what does the formula divide?",
    ),
    mistake(
        id="mean_of_means",
        old="loss = -log_p[valid].mean()",
        new="loss = -((log_p[:, :, 0] * valid).sum(dim=1) / lengths).mean()",
        says="Each sequence is averaged first, then the sequences: a symbol of a short one counts more. What counts "
        "alike in the formula, symbols or sequences?",
    ),
    mistake(
        id="gain_instead_of_loss",
        old="loss = -log_p[valid].mean()",
        new="loss = log_p[valid].mean()",
        says="The sign is missing: minimising this makes the targets improbable. Which sign has a log probability?",
    ),
    mistake(
        id="end_left_out",
        old="< lengths[:, None]  # (N, T)",
        new="< (lengths[:, None] - 1).clamp(min=1)",
        says="The last symbol of each sequence is left out, so END is never learnt. Is it counted in lengths?",
    ),
    mistake(
        id="one_step_of_padding",
        old="torch.arange(targets.shape[1]) < lengths[:, None]  # (N, T)",
        new="torch.arange(targets.shape[1]) <= lengths[:, None]",
        says="The first place of the padding is part of the mean. Counting from 0, which is the last place of a "
        "sequence of length 3?",
    ),
    mistake(
        id="the_padding_alone",
        old="torch.arange(targets.shape[1]) < lengths[:, None]  # (N, T)",
        new="torch.arange(targets.shape[1]) >= lengths[:, None]",
        says="The mask is turned round: the mean goes over the padding alone. Where is it true?",
    ),
    mistake(
        id="softmax_twice",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2).log_softmax(dim=2)",
        says="The softmax is taken twice, so that no probability gets near 1. What does log_softmax expect?",
    ),
    mistake(
        id="probability_instead_of_log",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2)",
        says="This is minus the mean probability of the targets. Where is the logarithm?",
    ),
    mistake(
        id="softmax_over_time",
        old="log_softmax(dim=2)",
        new="log_softmax(dim=1)",
        says="The softmax runs over the steps of time. Over which axis do the probabilities of the next symbol add up "
        "to 1?",
    ),
    mistake(
        id="no_softmax",
        old="logits.log_softmax(dim=2)",
        new="logits",
        says="The logits themselves are averaged. When is a logit a log probability?",
    ),
    mistake(
        id="bits_instead_of_nats",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].mean() / np.log(2)",
        says="This is the loss in bits. Which logarithm gives nats?",
    ),
    mistake(
        id="targets_off_by_one",
        old=_LOG_P,
        new="log_p = logits.log_softmax(dim=2).gather(2, targets.roll(-1, dims=1)[:, :, None])",
        says="Each step's logits are compared with the target after theirs. The shift was done by the decoder's "
        "inputs: which target belongs to step t?",
    ),
    mistake(
        id="ignores_the_lengths_and_trusts_the_id",
        old="valid = torch.arange(targets.shape[1]) < lengths[:, None]  # (N, T)",
        new="valid = targets > END",
        says="Which places count is read off the ids, and END falls out with PAD. What tells the sequence from the "
        "padding?",
    ),
]

MISTAKES["translate_greedy"] = [
    mistake(
        id="reads_start_in_every_step",
        old="logits, state = decoder_step(parameters, symbols, state)",
        new="logits, state = decoder_step(parameters, torch.full((len(state),), START), state)",
        says="Every step reads START. What does the decoder read after it has said something?",
    ),
    mistake(
        id="starts_with_end_greedy",
        old="torch.full((len(state),), START)",
        new="torch.full((len(state),), END)",
        says="The first step reads END. Which symbol opens a sequence?",
    ),
    mistake(
        id="starts_with_pad_greedy",
        old="torch.full((len(state),), START)",
        new="torch.full((len(state),), PAD)",
        says="The first step reads PAD. Which symbol opens a sequence?",
    ),
    mistake(
        id="encoder_state_discarded_greedy",
        old="symbols, said = torch.full((len(state),), START), []",
        new="symbols, said, state = torch.full((len(state),), START), [], torch.zeros_like(state)",
        says="All sequences are the same: the decoder starts from zeros. What does it know of the source?",
    ),
    mistake(
        id="state_not_carried_greedy",
        old="logits, state = decoder_step(parameters, symbols, state)",
        new="logits, _ = decoder_step(parameters, symbols, state)",
        says="Every step starts from the encoder's state. Where does the new state of a step go?",
    ),
    mistake(
        id="keeps_end",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) + 1] if",
        says="END stands at the end of the sequences that end. Is it part of what is said?",
    ),
    mistake(
        id="end_missing",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="row for row in rows]",
        says="Nothing ends: every sequence has max_length symbols, with END somewhere among them. What does END mean?",
    ),
    mistake(
        id="leaves_end_out_and_goes_on",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="[symbol for symbol in row if symbol != END] for row in rows]",
        says="END is left out, and what comes after it is kept. When does a sequence end?",
    ),
    mistake(
        id="ends_at_the_last_end",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="row[: len(row) - 1 - row[::-1].index(END)] if END in row else row for row in rows]",
        says="Each sequence is cut at its last END. Which one counts?",
    ),
    mistake(
        id="ends_at_pad",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="row[: row.index(PAD)] if PAD in row else row for row in rows]",
        says="Sequences end at PAD. With which symbol does the network say that it has finished?",
    ),
    mistake(
        id="all_end_with_the_first",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="""ends = [bool((symbols == END).any()) for symbols in said]
    rows = torch.stack(said[: ends.index(True)] if True in ends[1:] else said, dim=1).tolist()""",
        says="As soon as one sequence ends, all are cut off. Who decides when the others end?",
    ),
    mistake(
        id="takes_the_least_likely",
        old="logits.argmax(dim=1)",
        new="logits.argmin(dim=1)",
        says="In each step the least likely symbol is taken. Which one has the largest logit?",
    ),
    mistake(
        id="one_step_too_few",
        old="range(max_length)",
        new="range(max(1, max_length - 1))",
        says="Sequences are cut one symbol too early. How many may be said?",
    ),
    mistake(
        id="one_step_too_many",
        old="range(max_length)",
        new="range(max_length + 1)",
        says="Sequences that do not end are one symbol longer than max_length. Does START count?",
    ),
    mistake(
        id="never_says_pad_or_start",
        old="symbols = logits.argmax(dim=1)  # (N,)",
        new="symbols = logits[:, END:].argmax(dim=1) + END",
        says="PAD and START are never chosen. It sounds sensible; what does the docstring ask for?",
    ),
    mistake(
        id="keeps_start",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="rows = [[START, *row] for row in torch.stack(said, dim=1).tolist()]",
        says="Each sequence begins with START. Was it said, or only read?",
    ),
]

_MOVE = "state = state.view(N, k, -1)[n, parents].flatten(0, 1)  # everything moves to its new slot"
_SAID = "said = torch.cat([said[n, parents], symbols[:, :, None]], dim=2)"
_VALUES = "values, best = (scores / sizes.to(scores.dtype) ** alpha).max(dim=1)"

MISTAKES["translate_beam"] = [
    mistake(
        id="states_not_reordered",
        old=_MOVE,
        new="pass",
        says="The states stay in their slots while the hypotheses move: each goes on from another one's past. What "
        "belongs to a hypothesis besides its symbols?",
    ),
    mistake(
        id="symbols_not_reordered",
        old="torch.cat([said[n, parents], symbols",
        new="torch.cat([said, symbols",
        says="New symbols are put behind whatever stands in the slot. To which hypothesis does a continuation belong?",
    ),
    mistake(
        id="finished_not_reordered",
        old="finished = symbols == END  # what has ended goes on with END",
        new="finished = finished | (symbols == END)",
        says="A slot that once held a finished hypothesis counts as finished for ever. Where do the flags go when the "
        "hypotheses move?",
    ),
    mistake(
        id="nothing_is_ever_finished",
        old="finished = symbols == END  # what has ended goes on with END",
        new="finished = torch.zeros_like(finished)",
        says="Hypotheses that have ended are extended like others, and lose their slots. Which symbol finishes one?",
    ),
    mistake(
        id="parents_of_another_sequence",
        old=_MOVE,
        new="state = state[parents.flatten()]",
        says="All sequences take their states from the first one's slots. Parents count within a beam: which rows of "
        "the N*k are those of sequence n?",
    ),
    mistake(
        id="copies_lie_apart",
        old="state = state.repeat_interleave(k, dim=0)  # (N*k, S): k copies beside each other",
        new="state = state.repeat(k, 1)",
        says="The slots of a beam hold the states of different sources. In which order do `repeat` and "
        "`repeat_interleave` lay their copies?",
    ),
    mistake(
        id="all_slots_start_alike",
        old="scores[:, 0] = 0.0",
        new="scores[:] = 0.0",
        says="All k slots start with START and score 0, and say the same to the end: a beam of k copies of greedy "
        "search. What do the other slots hold at first?",
    ),
    mistake(
        id="no_length_normalisation",
        old=_VALUES,
        new="values, best = scores.max(dim=1)",
        says="The sums are compared as they are, whatever alpha is: short hypotheses win. What is a sum divided by?",
    ),
    mistake(
        id="alpha_ignored",
        old=_VALUES,
        new="values, best = (scores / sizes).max(dim=1)",
        says="The sums are divided by the length itself, whatever alpha is. To which power?",
    ),
    mistake(
        id="multiplies_by_the_length",
        old="(scores / sizes.to(scores.dtype) ** alpha)",
        new="(scores * sizes.to(scores.dtype) ** alpha)",
        says="The sums are multiplied by the length's power, which punishes long hypotheses twice. What makes a long "
        "one's sum comparable with a short one's?",
    ),
    mistake(
        id="end_not_counted",
        old="sizes = (said != END).sum(dim=2) + finished  # END counts once",
        new="sizes = (said != END).sum(dim=2).clamp(min=1)",
        says="The length leaves END out. Does its log probability stand in the sum?",
    ),
    mistake(
        id="every_length_is_the_longest",
        old="sizes = (said != END).sum(dim=2) + finished  # END counts once",
        new="sizes = torch.full_like(parents, max_length)",
        says="All sums are divided by max_length, so that the division changes no comparison. How long is a hypothesis "
        "that has ended in the third round?",
    ),
    mistake(
        id="start_counted",
        old="sizes = (said != END).sum(dim=2) + finished  # END counts once",
        new="sizes = (said != END).sum(dim=2) + finished + 1",
        says="The length is one too large. Does START count among a hypothesis's symbols?",
    ),
    mistake(
        id="adds_logits",
        old="log_p = logits.log_softmax(dim=1).view(N, k, -1)",
        new="log_p = logits.view(N, k, -1)",
        says="Logits are added up. Logits of different steps have no common zero: what turns them into log "
        "probabilities?",
    ),
    mistake(
        id="adds_probabilities",
        old="logits.log_softmax(dim=1)",
        new="logits.softmax(dim=1)",
        says="Probabilities are added up. The probability of a sequence is a product: of what is it the sum?",
    ),
    mistake(
        id="chooses_the_worst",
        old="** alpha).max(dim=1)",
        new="** alpha).where(scores > -torch.inf, torch.inf).min(dim=1)",
        says="The worst of the k hypotheses is returned. Is a log probability better if it is larger or smaller?",
    ),
    mistake(
        id="takes_the_first_slot",
        old=_VALUES,
        new="""values = scores / sizes.to(scores.dtype) ** alpha
    values, best = values[:, 0], torch.zeros(N, dtype=torch.int64)""",
        says="The first slot wins always: it has the largest sum, which need not be worth most. What is compared in "
        "the end?",
    ),
    mistake(
        id="reads_start_in_every_round",
        old="said[:, :, -1].flatten()",
        new="said[:, :, 0].flatten()",
        says="Every round reads START. What does a hypothesis read after it has said something?",
    ),
    mistake(
        id="encoder_state_discarded_beam",
        old="state = state.repeat_interleave(k, dim=0)  # (N*k, S): k copies beside each other",
        new="state = torch.zeros_like(state).repeat_interleave(k, dim=0)",
        says="All sequences are the same: the decoder starts from zeros. What does it know of the source?",
    ),
    mistake(
        id="stops_with_the_first_finished",
        old="finished = symbols == END  # what has ended goes on with END",
        new="""finished = symbols == END
        if finished.any():
            break""",
        says="The search stops as soon as one hypothesis has ended. May a longer one not be better?",
    ),
    mistake(
        id="keeps_end_beam",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) + 1] if",
        says="END stands at the end of the sequences that end. Is it part of what is said?",
    ),
    mistake(
        id="normalised_sums_are_carried_on",
        old=_SAID,
        new=_SAID + "\n        scores = scores / said.shape[2] ** alpha",
        says="The sums are divided in every round, and go on as divided ones. When is the division made?",
    ),
]

_CELL = "d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + differ)"
_RATE = "rate = edits / sum(len(meant) for meant in references)"

MISTAKES["edit_distance"] = [
    mistake(
        id="first_row_zero",
        old="d[:, 0], d[0] = np.arange(I + 1), np.arange(J + 1)",
        new="d[:, 0] = np.arange(I + 1)",
        says="The first row of d is zero: symbols missing at the beginning cost nothing. What is the distance of the "
        "empty sequence from j symbols?",
    ),
    mistake(
        id="first_column_zero",
        old="d[:, 0], d[0] = np.arange(I + 1), np.arange(J + 1)",
        new="d[0] = np.arange(J + 1)",
        says="The first column of d is zero: symbols too many at the beginning cost nothing. What is the distance of i "
        "symbols from the empty sequence?",
    ),
    mistake(
        id="no_borders",
        old="d[:, 0], d[0] = np.arange(I + 1), np.arange(J + 1)",
        new="",
        says="The first row and the first column of d are zero. What are the distances from the empty sequence?",
    ),
    mistake(
        id="borders_one_everywhere",
        old="d[:, 0], d[0] = np.arange(I + 1), np.arange(J + 1)",
        new="d[:, 0], d[0], d[0, 0] = 1, 1, 0",
        says="The first row and the first column of d are 1 from the second place on. How many insertions does it take "
        "to say j symbols?",
    ),
    mistake(
        id="substitution_costs_two",
        old="d[i - 1, j - 1] + differ)",
        new="d[i - 1, j - 1] + 2 * differ)",
        says="A substitution costs 2, as much as a deletion and an insertion. What does it cost here?",
    ),
    mistake(
        id="substitution_costs_always",
        old="d[i - 1, j - 1] + differ)",
        new="d[i - 1, j - 1] + 1)",
        says="The diagonal step costs 1 even where the symbols are the same: d is the longer length. When is it free?",
    ),
    mistake(
        id="substitution_is_free",
        old="d[i - 1, j - 1] + differ)",
        new="d[i - 1, j - 1])",
        says="The diagonal step is always free: this is the difference of the lengths. When does it cost something?",
    ),
    mistake(
        id="no_insertions",
        old=_CELL,
        new="d[i, j] = min(d[i - 1, j] + 1, d[i - 1, j - 1] + differ)",
        says="Only two of the three edits are tried; the step from the left neighbour is missing. Which edit is it?",
    ),
    mistake(
        id="no_deletions",
        old=_CELL,
        new="d[i, j] = min(d[i, j - 1] + 1, d[i - 1, j - 1] + differ)",
        says="Only two of the three edits are tried; the step from the neighbour above is missing. Which edit is it?",
    ),
    mistake(
        id="equal_symbols_turned_round",
        old="hypothesis[i - 1] != reference[j - 1]",
        new="hypothesis[i - 1] == reference[j - 1]",
        says="Equal symbols cost 1 and different ones nothing. What does the bracket in the formula mean?",
    ),
    mistake(
        id="compares_the_next_symbols",
        old="hypothesis[i - 1] != reference[j - 1]",
        new="hypothesis[min(i, I - 1)] != reference[min(j, J - 1)]",
        says="The symbols compared are one too far to the right: row i of d is about the first i symbols. Counting "
        "from 0, which one is the i-th?",
    ),
    mistake(
        id="counts_different_places",
        old=_CELL,
        new="d[i, j] = d[i - 1, j - 1] + differ",
        says="The sequences are compared place by place: one symbol left out makes all later ones wrong. What else "
        "than substituting may an edit do?",
    ),
    mistake(
        id="mean_of_ratios",
        old=_RATE,
        new="""ratios = [edit_distance(s, m)[0] / len(m) for s, m in zip(hypotheses, references, strict=True)]
    rate = sum(ratios) / len(ratios)""",
        says="The rate is a mean of the sequences' own rates: a symbol of a short word counts more. What is divided by "
        "what?",
    ),
    mistake(
        id="divides_by_the_hypotheses",
        old=_RATE,
        new="rate = edits / sum(len(said) for said in hypotheses)",
        says="The edits are divided by what was said. A network that talks much would look better: what is the size "
        "of the task?",
    ),
    mistake(
        id="divides_by_the_number_of_sequences",
        old=_RATE,
        new="rate = edits / len(references)",
        says="This is the number of edits for each sequence. A rate per phoneme divides by what?",
    ),
    mistake(
        id="divides_by_the_longer_of_both",
        old=_RATE,
        new="rate = edits / sum(max(len(s), len(m)) for s, m in zip(hypotheses, references, strict=True))",
        says="The edits are divided by the longer one of each pair, so that the rate cannot exceed 1. What does the "
        "formula divide by?",
    ),
    mistake(
        id="share_of_wrong_sequences",
        old="edits = sum(distance for distance, _ in map(edit_distance, hypotheses, references))",
        new="edits = sum(said != meant for said, meant in zip(hypotheses, references, strict=True))",
        says="A sequence counts as one error, however many of its symbols are wrong. What is counted in the numerator?",
    ),
    mistake(
        id="returns_accuracy",
        old=_RATE,
        new="rate = 1 - edits / sum(len(meant) for meant in references)",
        says="This is one minus the error rate. Is 0 the best value, or 1?",
    ),
]

MISTAKES["error_by_length"] = [
    mistake(
        id="mean_of_ratios_in_a_bin",
        old="rates[b] = edits[inside].sum() / sizes[inside].sum()",
        new="rates[b] = (edits[inside] / sizes[inside]).mean()",
        says="A bin's rate is the mean of its sequences' own rates. What is divided by what in phoneme_error_rate?",
    ),
    mistake(
        id="edits_per_sequence",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() / counts[b]",
        says="These are edits for each sequence, which grow with the length by themselves. A rate per phoneme divides "
        "by what?",
    ),
    mistake(
        id="divides_by_the_sources",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() / lengths[inside].sum()",
        says="The edits are divided by the letters of the sources. In what are edits counted?",
    ),
    mistake(
        id="upper_edge_included",
        old="(lengths < edges[b + 1])",
        new="(lengths <= edges[b + 1])",
        says="A length on an edge is in two bins. To which one does it belong?",
    ),
    mistake(
        id="lower_edge_left_out",
        old="(lengths >= edges[b])",
        new="(lengths > edges[b])",
        says="A length on an edge is in no bin. To which one does it belong?",
    ),
    mistake(
        id="bins_open_below",
        old="(lengths >= edges[b]) & (lengths < edges[b + 1])",
        new="(lengths > edges[b]) & (lengths <= edges[b + 1])",
        says="Bins hold their upper edge and not their lower one. Which one does the docstring ask for?",
    ),
    mistake(
        id="cumulative",
        old="(lengths >= edges[b]) & (lengths < edges[b + 1])",
        new="lengths < edges[b + 1]",
        says="Each bin holds all shorter sequences too. Where does a bin begin?",
    ),
    mistake(
        id="empty_bins_have_no_errors",
        old="        if counts[b]:\n",
        new="        rates[b] = 0.0\n        if counts[b]:\n",
        says="A bin without sequences has the rate 0, as if nothing in it were wrong. What is known about it?",
    ),
    mistake(
        id="bins_of_the_references",
        old="inside = (lengths >= edges[b]) & (lengths < edges[b + 1])  # (N,)",
        new="inside = (sizes >= edges[b]) & (sizes < edges[b + 1])",
        says="The sequences are binned by the length of their references. Against which length is the error asked?",
    ),
    mistake(
        id="share_of_all_phonemes",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() / sizes.sum()",
        says="Each bin's edits are divided by the phonemes of all bins. How many has this one?",
    ),
]
