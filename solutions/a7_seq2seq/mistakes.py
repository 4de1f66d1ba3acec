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
    mistake(
        id="tokens_as_floats",
        old="max(map(len, sequences))), pad)",
        new="max(map(len, sequences))), float(pad))",
        says="tokens holds floats, with which nothing can be looked up. Which dtype have ids?",
    ),
    mistake(
        id="tokens_and_lengths_exchanged",
        old="tokens[n, : len(sequence)] = torch.tensor(sequence)",
        new="tokens[n, : len(sequence)] = torch.tensor(sequence)\n    tokens, lengths = lengths, tokens",
        says="The two results are exchanged: the lengths come first. In which order are they returned?",
    ),
    mistake(
        id="time_first",
        old="tokens[n, : len(sequence)] = torch.tensor(sequence)",
        new="tokens[n, : len(sequence)] = torch.tensor(sequence)\n    tokens = tokens.T.contiguous()",
        says="Each sequence runs down a column: the first axis is time. Which axis is the batch?",
    ),
    mistake(
        id="loses_the_last_symbol",
        old="tokens[n, : len(sequence)] = torch.tensor(sequence)",
        new="tokens[n, : len(sequence) - 1] = torch.tensor(sequence[:-1], dtype=torch.int64)",
        says="Padding stands where the last symbol of each sequence should be. Does a slice hold the place it ends at?",
    ),
    mistake(
        id="lengths_as_a_list",
        old="lengths = torch.tensor([len(sequence) for sequence in sequences])  # (N,)",
        new="lengths = [len(sequence) for sequence in sequences]",
        says="The lengths are a list. What does the docstring promise?",
    ),
    mistake(
        id="fills_the_sequences_themselves",
        old="tokens = torch.full(",
        new="""for sequence in sequences:
        sequence += [pad] * (max(map(len, sequences)) - len(sequence))
    tokens = torch.full(""",
        says="The lists that were given are longer afterwards: the padding was added to them. What makes a new list?",
        exempt="The probe that shows this exercise keeps its arguments to itself.",
    ),
    mistake(
        id="turned_over_itself",
        old="reversed_tokens = tokens.gather(1, source)",
        new="""reversed_tokens = tokens.clone()
    for n, length in enumerate(lengths.tolist()):
        for i in range(length):
            reversed_tokens[n, i] = reversed_tokens[n, length - 1 - i]""",
        says="Each reversed sequence reads the same from both ends: its first symbols are lost. From where is the "
        "second half taken, once the first has been overwritten?",
    ),
    mistake(
        id="turned_where_it_stands",
        old="reversed_tokens = tokens.gather(1, source)",
        new="""reversed_tokens = tokens
    reversed_tokens.copy_(tokens.gather(1, source))""",
        says="The tensor that was given is reversed itself. Who may still need it as it was?",
        exempt="The probe that shows this exercise keeps its arguments to itself.",
    ),
    mistake(
        id="leaves_the_last_symbol_where_it_is",
        old="torch.where(t < ends, ends - 1 - t, t)",
        new="torch.where(t < ends - 1, ends - 2 - t, t)",
        says="The last symbol of each sequence stays where it is, and those before it are reversed. Counting from 0, "
        "what is the index of the last of three symbols?",
    ),
    mistake(
        id="stops_one_place_too_early",
        old="torch.where(t < ends,",
        new="torch.where(t < ends - 1,",
        says="A reversed sequence begins and ends with the same symbol: its last place was not written. Up to which "
        "place does a sequence reach?",
    ),
    mistake(
        id="nothing_is_turned",
        old="reversed_tokens = tokens.gather(1, source)",
        new="reversed_tokens = tokens.clone()",
        says="The sequences run as they did before. Does flip change a tensor, or give a new one?",
    ),
    mistake(
        id="one_length_for_all",
        old="ends = lengths[:, None]  # (N, 1)",
        new="ends = lengths.max().expand(len(lengths), 1)",
        says="All sequences are turned round the middle of the longest one. Whose length says where one turns?",
    ),
    mistake(
        id="reversed_as_floats",
        old="reversed_tokens = tokens.gather(1, source)",
        new="reversed_tokens = tokens.gather(1, source).float()",
        says="The reversed ids are floats, with which nothing can be looked up. Which dtype do new tensors have?",
    ),
    mistake(
        id="zeros_of_the_default_dtype",
        old="torch.full((len(sequences), max(map(len, sequences))), pad)",
        new="torch.zeros(len(sequences), max(map(len, sequences)))",
        says="tokens holds floats, and its rows are filled up with 0, whatever the second argument says. What do "
        "torch.zeros give if nothing more is asked of it, and who chooses the pad symbol?",
    ),
    mistake(
        id="leaves_the_first_symbol_where_it_is",
        old="torch.where(t < ends, ends - 1 - t, t)",
        new="torch.where((t < ends) & (t > 0), ends - t, t)",
        says="The first symbol of each sequence stays where it is, and those after it are reversed. Which index has "
        "the "
        "first?",
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
        says="The states come in another order: the longest sequence comes first. Row n belongs to "
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
        says="The states stand in the order that sorting by length gives when it is applied twice. Row n belongs to "
        "sequence n; what is the inverse of a permutation?",
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
        says="Each sequence is read from its last symbol to its first. Reversing is done before the encoder, by "
        "reverse_within_lengths; in which order does the encoder read?",
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
        new="new = cell_step(a[:, t], state.detach(), W)",
        says="The gradient of the states ends at the last step: the encoder would learn from the last "
        "symbol alone. What cuts the graph of the steps before?",
    ),
    mistake(
        id="as_many_steps_as_sequences",
        old="range(x.shape[1])",
        new="range(min(x.shape))",
        says="There are as many steps as the batch has sequences, if it has fewer than columns. Which axis "
        "of x is time?",
    ),
    mistake(
        id="last_column_unread",
        old="range(x.shape[1])",
        new="range(x.shape[1] - 1)",
        says="The last column is never read: the longest sequences stop before their last symbol. Where does range "
        "end?",
    ),
    mistake(
        id="first_symbol_unread",
        old="range(x.shape[1])",
        new="range(1, x.shape[1])",
        says="The first symbol of each sequence is not read. Which step has the number 0?",
    ),
    mistake(
        id="returns_the_states_of_all_steps",
        old=_LOOP,
        new="""states = []
    for t in range(x.shape[1]):
        new = cell_step(a[:, t], state, W)
        state = torch.where((t < lengths)[:, None], new, state)
        states.append(state)
    state = torch.stack(states, dim=1)""",
        says="There is a state for each step. Which one of them is handed over?",
    ),
    mistake(
        id="cell_left_behind",
        old=_KEEP,
        new=_KEEP + "\n    state = state[:, : W.shape[1]]",
        says="Of an LSTM only h is returned. What does its next step need besides h?",
    ),
    mistake(
        id="uses_the_decoders_bias",
        old='parameters["b_enc"]',
        new='parameters["b_dec"]',
        says="The bias is the decoder's. Which of the two networks reads the source?",
    ),
    mistake(
        id="bias_added_twice",
        old="a = input_part(x, U, b)",
        new="a = input_part(x, U, b) + b",
        says="The bias is added twice. What does input_part do with its third argument?",
    ),
    mistake(
        id="padding_known_by_its_symbol",
        old="torch.where((t < lengths)[:, None], new, state)",
        new="torch.where((x[:, t] != PAD)[:, None], new, state)",
        says="Zeros are passed over wherever they stand, and other symbols in the padding are read. What says where a "
        "sequence is over?",
    ),
    mistake(
        id="no_gradient_at_all",
        old=_KEEP,
        new=_KEEP + "\n    state = state.detach()",
        says="No gradient flows through the states: the encoder would never learn. What cuts the graph?",
    ),
    mistake(
        id="sum_of_the_states",
        old=_KEEP,
        new="state = state + torch.where((t < lengths)[:, None], new, 0)",
        says="Each new state is added to the old one. What takes the old state's place?",
    ),
    mistake(
        id="one_step_late",
        old="cell_step(a[:, t], state, W)",
        new="cell_step(a[:, t - 1], state, W)",
        says="Each step reads the symbol before its own, and the first step the last column. Which symbol belongs to "
        "step t?",
    ),
    mistake(
        id="first_symbol_in_every_step",
        old="cell_step(a[:, t], state, W)",
        new="cell_step(a[:, 0], state, W)",
        says="Every step reads the first symbol. Which symbol belongs to step t?",
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
        says="No gradient flows from a step to the one before it, nor to the encoder. What cuts the graph?",
    ),
    mistake(
        id="one_step_too_many",
        old=_INPUTS,
        new="inputs = torch.cat([starts, targets], dim=1)",
        says="There are logits for T+1 steps: the last target is read too. What would they be for?",
    ),
    mistake(
        id="without_start",
        old=_INPUTS,
        new="inputs = targets[:, :-1]",
        says="There are logits for T-1 steps: START is not read. Which step predicts the first symbol?",
    ),
    mistake(
        id="no_gradient_to_the_encoder",
        old="    steps = []\n",
        new="    steps, state = [], state.detach()\n",
        says="No gradient reaches the state that was given: the encoder would never learn. What cuts the graph?",
    ),
    mistake(
        id="no_gradient_of_the_logits",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=1).detach()",
        says="No gradient flows through the logits. What cuts the graph?",
    ),
    mistake(
        id="symbols_instead_of_logits",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=1).argmax(dim=2)",
        says="These are the likeliest symbols. What does the loss need to know of all the others?",
    ),
    mistake(
        id="steps_below_each_other",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.cat(steps)",
        says="The steps stand below each other along one axis. What makes a new axis?",
    ),
    mistake(
        id="steps_beside_each_other",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.cat(steps, dim=1)",
        says="The logits of all steps stand in one row. What makes a new axis?",
    ),
    mistake(
        id="laid_out_anew",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps).view(len(steps), *steps[0].shape).reshape(*targets.shape, -1)",
        says="The numbers stand in the order of a tensor whose first axis is time, cut into rows of another shape: "
        "steps and sequences are mixed up. What exchanges two axes?",
    ),
    mistake(
        id="padding_gets_no_logits",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = torch.stack(steps, dim=1) * (targets != PAD)[:, :, None]",
        says="The logits are zero where the target is PAD. Who leaves the padding out, the decoder or the loss?",
    ),
    mistake(
        id="stops_after_as_many_steps_as_sequences",
        old="inputs.unbind(dim=1)",
        new="inputs[:, : len(inputs)].unbind(dim=1)",
        says="There are as many steps as the batch has sequences. Which axis of targets is time?",
    ),
    mistake(
        id="first_target_read_in_every_step",
        old=_INPUTS,
        new="inputs = torch.cat([starts, targets[:, :1].expand(-1, targets.shape[1] - 1)], dim=1)",
        says="From step 1 on every step reads the first target. Which one belongs to step t?",
    ),
    mistake(
        id="start_in_the_place_of_the_first_target",
        old=_INPUTS,
        new="inputs = torch.cat([starts, targets[:, 1:]], dim=1)",
        says="From step 1 on each step reads the very symbol that it should predict: START has taken the first "
        "target's "
        "place, and nothing has moved. What is read in step 1?",
    ),
    mistake(
        id="state_empty_in_every_step",
        old="step, state = decoder_step(parameters, symbols, state)",
        new="step, state = decoder_step(parameters, symbols, 0 * state)",
        says="The state is zero in every step: neither the source nor what was said before is known. What does a step "
        "read besides the symbol?",
    ),
    mistake(
        id="logits_of_the_last_step_alone",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = steps[-1]",
        says="There are logits for the last step alone. For which steps does the docstring ask?",
    ),
    mistake(
        id="a_list_of_steps",
        old="logits = torch.stack(steps, dim=1)",
        new="logits = steps",
        says="The logits are a list with a tensor for each step. What does the docstring promise?",
    ),
]

_LOG_P = "log_p = logits.log_softmax(dim=2).gather(2, targets[:, :, None])  # (N, T, 1)"

_TINY = (
    "Where the logits lie far apart the loss is too small: no symbol costs more than the logarithm of some tiny "
    "number. What is the logarithm of the softmax, worked out by hand?"
)

MISTAKES["sequence_loss"] = [
    mistake(
        id="loss_over_the_padding",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p.mean()",
        says="The padding is part of the mean: the network learns to predict what stands there. Which places of "
        "targets are real?",
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
        says="END is left out of the mean, and ids above END count even in the padding. What says where a sequence "
        "is over?",
    ),
    mistake(
        id="padding_known_by_its_id",
        old="valid = torch.arange(targets.shape[1]) < lengths[:, None]  # (N, T)",
        new="valid = targets != PAD",
        says="All targets but PAD count, in the padding too. What says where a sequence is over?",
    ),
    mistake(
        id="logarithm_of_a_rounded_softmax",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2).log()",
        says="Where the logits lie far apart the loss is infinite: a probability was rounded to 0 before its logarithm "
        "was taken. What is the logarithm of the softmax, worked out by hand?",
    ),
    mistake(
        id="exponentials_overflow",
        old="logits.log_softmax(dim=2)",
        new="(logits - logits.exp().sum(dim=2, keepdim=True).log())",
        says="Where the logits are large the loss is not finite: their exponentials overflow. What may be subtracted "
        "from all logits of a step without a change?",
    ),
    mistake(
        id="softmax_over_the_batch",
        old="log_softmax(dim=2)",
        new="log_softmax(dim=0)",
        says="The softmax runs over the sequences of the batch. Over which axis do the probabilities of the next "
        "symbol add up to 1?",
    ),
    mistake(
        id="divided_by_the_steps",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].sum() / targets.shape[1]",
        says="The sum is divided by the number of steps T. By what does the formula divide?",
    ),
    mistake(
        id="all_as_long_as_the_longest",
        old="< lengths[:, None]  # (N, T)",
        new="< lengths.max().expand(len(lengths), 1)",
        says="All sequences count as if they were as long as the longest. Whose length ends a row?",
    ),
    mistake(
        id="all_as_long_as_the_shortest",
        old="< lengths[:, None]  # (N, T)",
        new="< lengths.min().expand(len(lengths), 1)",
        says="All sequences count as if they were as long as the shortest. Whose length ends a row?",
    ),
    mistake(
        id="first_symbol_left_out",
        old="loss = -log_p[valid].mean()",
        new="valid[:, 0] = False\n    loss = -log_p[valid].mean()",
        says="The first symbol of each sequence is left out of the mean. Is START among the targets?",
    ),
    mistake(
        id="padding_costs_log_k",
        old="loss = -log_p[valid].mean()",
        new="loss = -torch.where(valid, log_p[:, :, 0], -np.log(logits.shape[2])).mean()",
        says="Each place of the padding costs log K, as if all its logits were 0, and is counted. What should it cost?",
    ),
    mistake(
        id="perplexity",
        old="loss = -log_p[valid].mean()",
        new="loss = (-log_p[valid].mean()).exp()",
        says="This is the perplexity, the loss's exponential. Where does the formula end?",
    ),
    mistake(
        id="likeliest_instead_of_true",
        old=_LOG_P,
        new="log_p = logits.log_softmax(dim=2).max(dim=2, keepdim=True).values",
        says="This is the cost of the symbols that the network finds likeliest. Whose probability does the formula "
        "take?",
    ),
    mistake(
        id="no_gradient_of_the_loss",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].mean().detach()",
        says="No gradient flows through it. What cuts the graph?",
    ),
    mistake(
        id="returns_a_number",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].mean().item()",
        says="The loss is a number and no tensor: no gradient flows through it. What cuts the graph?",
    ),
    mistake(
        id="a_loss_for_each_symbol",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid][:, 0]",
        says="There is a loss for each symbol. What makes one number of them?",
    ),
    mistake(
        id="a_tiny_number_added",
        old="logits.log_softmax(dim=2)",
        new="(logits.softmax(dim=2) + 1e-8).log()",
        says=_TINY,
    ),
    mistake(
        id="a_tinier_number_added",
        old="logits.log_softmax(dim=2)",
        new="(logits.softmax(dim=2) + 1e-12).log()",
        says=_TINY,
    ),
    mistake(
        id="divided_by_the_longest",
        old="loss = -log_p[valid].mean()",
        new="loss = -log_p[valid].sum() / lengths.max()",
        says="The sum is divided by the largest length. By what does the formula divide?",
    ),
]

_ALL_END = "As soon as one sequence ends, all are cut off. Who decides when the others end?"

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
    rows = torch.stack(said[: ends.index(True) + 1] if True in ends else said, dim=1).tolist()""",
        says=_ALL_END,
    ),
    mistake(
        id="all_end_before_the_first",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="""ends = [bool((symbols == END).any()) for symbols in said]
    rows = torch.stack(said, dim=1)[:, : ends.index(True) if True in ends else None].tolist()""",
        says=_ALL_END,
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
    mistake(
        id="symbols_are_tensors",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="rows = [list(row) for row in torch.stack(said, dim=1)]",
        says="The lists hold tensors, not ints. What turns a tensor into numbers?",
    ),
    mistake(
        id="rows_are_tensors",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="torch.tensor(row[: row.index(END)] if END in row else row) for row in rows]",
        says="The translations are tensors. What does the docstring promise?",
    ),
    mistake(
        id="a_list_for_each_step",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="rows = torch.stack(said, dim=0).tolist()",
        says="There is a list for each step, not for each sequence. Along which axis do the steps lie?",
    ),
    mistake(
        id="padded_to_one_length",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="""[symbol if END not in row[: t + 1] else PAD for t, symbol in enumerate(row)] for row in rows]""",
        says="All translations have the same length: PAD takes the place of END and of what follows. May the lists "
        "differ in length?",
    ),
    mistake(
        id="ends_at_pad_too",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="""
        row[: min([t for t, symbol in enumerate(row) if symbol in (PAD, END)], default=len(row))] for row in rows
    ]""",
        says="Sequences end at PAD as well as at END. What does the docstring say of PAD?",
    ),
    mistake(
        id="pad_and_start_left_out",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="""
        [symbol for symbol in (row[: row.index(END)] if END in row else row) if symbol > END] for row in rows
    ]""",
        says="PAD and START have been taken out of what was said. What does the docstring say of them?",
    ),
    mistake(
        id="only_what_ends",
        old="row[: row.index(END)] if END in row else row for row in rows]",
        new="row[: row.index(END)] if END in row else [] for row in rows]",
        says="Sequences that do not end are empty. What has been said after max_length symbols?",
    ),
    mistake(
        id="draws_a_symbol",
        old="logits.argmax(dim=1)",
        new="torch.multinomial(logits.softmax(dim=1), 1)[:, 0]",
        says="Symbols are drawn at random. Which one does greedy search take?",
        exempt="Its result differs from run to run.",
    ),
    mistake(
        id="first_symbol_lost",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="rows = torch.stack(said, dim=1)[:, 1:].tolist()",
        says="The first symbol of each sequence is missing. Does START stand among the symbols said?",
    ),
    mistake(
        id="symbol_before_end_lost",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) - 1] if",
        says="The symbol before END is missing. Does a slice hold the place it ends at?",
    ),
    mistake(
        id="symbols_of_numpy",
        old="rows = torch.stack(said, dim=1).tolist()",
        new="rows = [list(row) for row in torch.stack(said, dim=1).numpy()]",
        says="The lists hold NumPy's integers, not ints. What turns an array into numbers?",
    ),
]

_MOVE = "state = state.view(N, k, -1)[n, parents].flatten(0, 1)  # everything moves to its new slot"
_SAID = "said = torch.cat([said[n, parents], symbols[:, :, None]], dim=2)"
_FLAG = "finished = symbols == END  # what has ended goes on with END"
_SIZES = "sizes = (said != END).sum(dim=2) + finished  # END counts once"
_TO_SIZES = _FLAG + "\n    said = said[:, :, 1:]  # without START\n    " + _SIZES
_FLAGS_STAY = (
    "A slot that has held a finished hypothesis counts as finished from then on, whatever moves into it. Where do the "
    "flags go when the hypotheses move?"
)
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
        says=_FLAGS_STAY,
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
        says="All sums are divided by the same power of max_length, so that the division changes no comparison. How "
        "long is a hypothesis that has ended in the third round?",
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
    mistake(
        id="finished_not_reordered_and_sizes_of_the_symbols",
        old=_TO_SIZES,
        new="""finished = finished | (symbols == END)
    said = said[:, :, 1:]
    sizes = (said != END).sum(dim=2) + (said == END).any(dim=2)""",
        says=_FLAGS_STAY,
    ),
    mistake(
        id="finished_moved_with_the_new_ends",
        old=_TO_SIZES,
        new="""finished = (finished | (symbols == END)).gather(1, parents)
    said = said[:, :, 1:]
    sizes = (said != END).sum(dim=2) + (said == END).any(dim=2)""",
        says="The flags of the new symbols have been moved as if they stood in the old slots. Which flags still have "
        "to move, those from before the round or those of the new symbols?",
    ),
    mistake(
        id="nothing_follows",
        old=_MOVE + "\n        " + _SAID,
        new="said = torch.cat([said, symbols[:, :, None]], dim=2)",
        says="Neither the symbols said so far nor the states follow the hypotheses to their new slots. What are the "
        "parents for?",
    ),
    mistake(
        id="values_are_sums",
        old=_VALUES,
        new=_VALUES + "\n    values = scores.gather(1, best[:, None])[:, 0]",
        says="The values are the sums of the winners, not what they are worth by the formula. Which number made them "
        "win?",
    ),
    mistake(
        id="only_the_finished_compete",
        old=_VALUES,
        new="""worth = scores / sizes.to(scores.dtype) ** alpha
    some = finished.any(dim=1, keepdim=True)
    values, best = worth.masked_fill(some & ~finished, -torch.inf).max(dim=1)""",
        says="A hypothesis that was cut off never wins where another has ended. What does the docstring say of those "
        "that were cut off?",
    ),
    mistake(
        id="values_as_a_list",
        old=_VALUES,
        new=_VALUES + "\n    values = values.tolist()",
        says="The values are a list. What does the docstring promise?",
    ),
    mistake(
        id="alpha_times_the_length",
        old="sizes.to(scores.dtype) ** alpha)",
        new="(sizes.to(scores.dtype) * alpha))",
        says="The sums are divided by alpha times the length. Where does alpha stand in the formula?",
    ),
    mistake(
        id="the_constant_of_wu_et_al",
        old="sizes.to(scores.dtype) ** alpha)",
        new="((5 + sizes.to(scores.dtype)) / 6) ** alpha)",
        says="The length is (5 + |y|)/6, as in Wu et al. Which length does the docstring divide by?",
    ),
    mistake(
        id="first_source_instead_of_first_slot",
        old="scores[:, 0] = 0.0",
        new="scores[0] = 0.0",
        says="All slots of the first source start with score 0, and none of the others'. Which axis are the slots?",
    ),
    mistake(
        id="one_round_too_few",
        old="range(max_length)",
        new="range(max_length - 1)",
        says="There is one round too few: hypotheses are cut off one symbol too early. How many rounds are there?",
    ),
    mistake(
        id="one_round_too_many",
        old="range(max_length)",
        new="range(max_length + 1)",
        says="There is one round too many. Does START count among the symbols?",
    ),
    mistake(
        id="never_says_pad_or_start_beam",
        old="symbols, parents, scores = extend_beam(scores, log_p, finished)",
        new="log_p[:, :, :END] = -torch.inf\n        symbols, parents, scores = extend_beam(scores, log_p, finished)",
        says="PAD and START are never chosen. Is the network forbidden to say them?",
    ),
    mistake(
        id="softmax_over_the_hypotheses",
        old="logits.log_softmax(dim=1)",
        new="logits.log_softmax(dim=0)",
        says="The softmax runs over the hypotheses. Over which axis do the probabilities of the next symbol add up to "
        "1?",
    ),
    mistake(
        id="state_not_carried_beam",
        old="logits, state = decoder_step(parameters, said[:, :, -1].flatten(), state)",
        new="logits, _ = decoder_step(parameters, said[:, :, -1].flatten(), state)",
        says="No state ever moves on: every round starts from the encoder's. Where does the new state of a step go?",
    ),
    mistake(
        id="takes_the_last_slot",
        old=_VALUES,
        new="""values = scores / sizes.to(scores.dtype) ** alpha
    values, best = values[:, -1], torch.full((N,), k - 1)""",
        says="The last slot wins always. In which order do the slots stand, and what is compared in the end?",
    ),
    mistake(
        id="always_the_first_of_the_batch",
        old="said[source, slot].tolist() for source, slot in enumerate(best)]",
        new="said[source, 0].tolist() for source, slot in enumerate(best)]",
        says="The values are those of the winners, but what is said stands in the first slot. Where is the winner?",
    ),
    mistake(
        id="lengths_with_the_padding_of_ends",
        old=_SIZES,
        new="sizes = (said != END).sum(dim=2) + (said == END).sum(dim=2).clamp(max=2)",
        says="A hypothesis that has ended before the last round counts one END too many. How often is END said?",
    ),
    mistake(
        id="end_counted_for_all",
        old=_SIZES,
        new="sizes = (said != END).sum(dim=2) + 1",
        says="END is counted even where a hypothesis was cut off before it. How many symbols have such ones?",
    ),
    mistake(
        id="only_the_finished_have_a_value",
        old=_VALUES,
        new="""worth = scores / sizes.to(scores.dtype) ** alpha
    values, best = worth.masked_fill(~finished, -torch.inf).max(dim=1)""",
        says="What was cut off is worth minus infinity. What does the docstring say of hypotheses that were cut off?",
    ),
    mistake(
        id="values_positive",
        old=_VALUES,
        new=_VALUES + "\n    values = -values",
        says="The values are positive. Which sign has a logarithm of a probability?",
    ),
    mistake(
        id="values_are_probabilities",
        old=_VALUES,
        new=_VALUES + "\n    values = values.exp()",
        says="The values are the exponentials of what they should be. Does the formula end with a probability?",
    ),
    mistake(
        id="stops_when_the_first_slots_have_ended",
        old=_FLAG,
        new="""finished = symbols == END
        if finished[:, 0].all():
            break""",
        says="The search stops as soon as the hypotheses in the first slots have ended. May another one not become "
        "worth more, when both are divided by their lengths?",
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
        says="d is the longer of the two lengths, as if no symbol were ever the same as another. When is a step free?",
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
        says="The edits are divided by the symbols of the hypotheses. A network that talks much would look better: "
        "what is the size of the task?",
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
    mistake(
        id="last_row_unfilled",
        old="for i in range(1, I + 1):",
        new="for i in range(1, I):",
        says="The last row of d is not filled. Where does range end?",
    ),
    mistake(
        id="last_column_unfilled",
        old="for j in range(1, J + 1):",
        new="for j in range(1, J):",
        says="The last column of d is not filled. Where does range end?",
    ),
    mistake(
        id="takes_the_largest",
        old="d[i, j] = min(",
        new="d[i, j] = max(",
        says="The most expensive of the three edits is taken. Which number of edits is asked for?",
    ),
    mistake(
        id="side_steps_are_free",
        old=_CELL,
        new="d[i, j] = min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1] + differ)",
        says="Insertions and deletions cost nothing. What does each add to the distance?",
    ),
    mistake(
        id="one_is_added_to_all",
        old=_CELL,
        new="d[i, j] = 1 + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1] + differ)",
        says="A substitution costs 2, and equal symbols 1. What do they cost in the formula?",
    ),
    mistake(
        id="borders_begin_with_one",
        old="d[:, 0], d[0] = np.arange(I + 1), np.arange(J + 1)",
        new="d[:, 0], d[0] = np.arange(1, I + 2), np.arange(1, J + 2)",
        says="The first row and the first column of d count from 1. How far is nothing from nothing?",
    ),
    mistake(
        id="compares_one_place_too_early",
        old="hypothesis[i - 1] != reference[j - 1]",
        new="hypothesis[i - 2] != reference[j - 2]",
        says="The symbols compared are one too far to the left. Counting from 0, which one is the i-th?",
    ),
    mistake(
        id="compares_equal_places_only",
        old="hypothesis[i - 1] != reference[j - 1]",
        new="hypothesis[i - 1] != reference[min(i, J) - 1]",
        says="In row i the symbol of the hypothesis is compared with the i-th of the reference, whatever j is. Which "
        "two symbols belong to d[i, j]?",
    ),
    mistake(
        id="in_per_cent",
        old=_RATE,
        new="rate = 100 * edits / sum(len(meant) for meant in references)",
        says="The rate is in per cent. What does the formula give if every symbol is wrong?",
    ),
    mistake(
        id="divides_by_the_symbols_of_both",
        old=_RATE,
        new="rate = edits / sum(len(s) + len(m) for s, m in zip(hypotheses, references, strict=True))",
        says="The edits are divided by the symbols of hypotheses and references together. By which of them does the "
        "formula divide?",
    ),
    mistake(
        id="number_of_edits",
        old=_RATE,
        new="rate = edits",
        says="This is the number of edits. What does the formula divide it by?",
    ),
    mistake(
        id="sum_of_ratios",
        old=_RATE,
        new="rate = sum(edit_distance(s, m)[0] / len(m) for s, m in zip(hypotheses, references, strict=True))",
        says="The rate is the sum of the sequences' own rates. What is added up, and what is divided by what?",
    ),
    mistake(
        id="differ_added_to_all",
        old=_CELL,
        new="d[i, j] = min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1]) + differ",
        says="Every step is free where the two symbols are the same, and costs 1 elsewhere. What does an insertion "
        "cost?",
    ),
    mistake(
        id="rate_at_most_one",
        old=_RATE,
        new="rate = min(1.0, edits / sum(len(meant) for meant in references))",
        says="The rate is never above 1. What does the docstring say of that?",
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
    mistake(
        id="last_bin_holds_its_upper_edge",
        old="(lengths < edges[b + 1])",
        new="((lengths < edges[b + 1]) | (lengths == edges[-1]) & (b == len(counts) - 1))",
        says="The last bin holds its upper edge, as np.histogram has it. What does the docstring say of the edges?",
    ),
    mistake(
        id="outsiders_counted",
        old="edits, sizes, lengths = np.array(edits), np.array(sizes), np.array(lengths)  # (N,) each",
        new="""edits, sizes = np.array(edits), np.array(sizes)
    lengths = np.array(lengths).clip(edges[0], edges[-1] - 1)""",
        says="What is shorter than the first edge is in the first bin, and what is too long in the last. What does the "
        "docstring do with such sequences?",
    ),
    mistake(
        id="counts_phonemes",
        old="counts[b] = inside.sum()",
        new="counts[b] = sizes[inside].sum()",
        says="The counts are those of phonemes. What does the docstring count?",
    ),
    mistake(
        id="rates_in_per_cent",
        old="rates[b] = edits[inside].sum()",
        new="rates[b] = 100 * edits[inside].sum()",
        says="The rates are in per cent. What is the rate if every phoneme is wrong?",
    ),
    mistake(
        id="accuracies",
        old="rates[b] = edits[inside].sum()",
        new="rates[b] = 1 - edits[inside].sum()",
        says="These are one minus the error rates. Is 0 the best value, or 1?",
    ),
    mistake(
        id="open_above",
        old=" & (lengths < edges[b + 1])",
        new="",
        says="Each bin holds all longer sequences too. Where does a bin end?",
    ),
    mistake(
        id="share_of_all_edits",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() / edits.sum()",
        says="These are the bins' shares of all edits. By what does a rate divide?",
    ),
    mistake(
        id="last_bin_never_filled",
        old="for b in range(len(counts)):",
        new="for b in range(len(counts) - 1):",
        says="The last bin is never filled. How many bins do B+1 edges make?",
    ),
    mistake(
        id="first_bin_never_filled",
        old="for b in range(len(counts)):",
        new="for b in range(1, len(counts)):",
        says="The first bin is never filled. Which number has it?",
    ),
    mistake(
        id="upside_down",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="sizes[inside].sum() / max(1, edits[inside].sum())",
        says="These are phonemes for each edit. What is divided by what?",
    ),
    mistake(
        id="in_whole_numbers",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() // sizes[inside].sum()",
        says="The rates are whole numbers: what is left of the division was dropped. Which division keeps it?",
    ),
    mistake(
        id="bins_of_the_edits",
        old="inside = (lengths >= edges[b]) & (lengths < edges[b + 1])  # (N,)",
        new="inside = (edits >= edges[b]) & (edits < edges[b + 1])",
        says="The sequences are binned by their edits. Against which number is the error asked?",
    ),
    mistake(
        id="edits_of_all_bins",
        old="edits[inside].sum() / sizes",
        new="edits.sum() / sizes",
        says="The edits of all sequences are divided by the phonemes of each bin. Whose edits belong to a bin?",
    ),
    mistake(
        id="edits_over_all_sequences",
        old="edits[inside].sum() / sizes[inside].sum()",
        new="edits[inside].sum() / len(edits)",
        says="Each bin's edits are divided by the number of all sequences. By what does a rate per phoneme divide?",
    ),
]
