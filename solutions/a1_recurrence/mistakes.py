"""The mistakes that students make in assignment 1: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_GUESSED = "the answer is a small number, which could be found by trying"
_SAME_PATH = "where the draw is forced the result is right, and elsewhere it depends on the stream of random numbers"

MISTAKES["one_hot"] = [
    mistake(
        id="counts_the_classes_from_one",
        old="np.put_along_axis(x, tokens[..., None], 1.0",
        new="np.put_along_axis(x, tokens[..., None] - 1, 1.0",
        says="Every 1 stands one class too low, and token 0 marks the last class: this is what comes out when "
        "classes are counted from 1. Which index belongs to the first class?",
    ),
    mistake(
        id="lets_negative_tokens_count_from_the_end",
        old="tokens.min() < 0 or ",
        new="",
        says="All is right until a token is negative: then a class counted from the end is marked, without a word. "
        "What does NumPy take a negative index for, and what does the statement ask for there?",
    ),
    mistake(
        id="lets_the_token_K_through",
        old="tokens.max() >= K",
        new="tokens.max() > K",
        says="A token equal to K passes your check and fails later, with another error than the one that is asked "
        "for. What is the largest of K classes that are counted from 0?",
    ),
    mistake(
        id="leaves_the_row_of_an_unknown_token_zero",
        old="""if tokens.min() < 0 or tokens.max() >= K:
        raise ValueError(f"tokens must lie in 0..{K - 1}")
    x = np.zeros((*tokens.shape, K))  # (N, T, K)
    np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)""",
        new="x = np.where(tokens[..., None] == np.arange(K), 1.0, 0.0)",
        says="A token that is no class becomes a row of zeros, and nobody learns of it. What should happen when a "
        "token lies outside 0..K-1?",
    ),
    mistake(
        id="puts_the_classes_on_the_time_axis",
        old="""x = np.zeros((*tokens.shape, K))  # (N, T, K)
    np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)""",
        new="""x = np.zeros((tokens.shape[0], K, tokens.shape[1]))
    np.put_along_axis(x, tokens[:, None, :], 1.0, axis=1)""",
        says="These are the right numbers with time and classes exchanged: (N, K, T). Along which axis do the K "
        "places of one token lie?",
    ),
    mistake(
        id="marks_the_tokens_of_the_whole_batch",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="for t in range(tokens.shape[1]):\n        x[:, t, tokens[:, t]] = 1.0",
        says="At each step every sequence carries the marks of all the sequences in the batch. A colon beside an "
        "array of indices means all combinations: how is each token paired with its own sequence?",
    ),
    mistake(
        id="writes_the_token_itself",
        old="np.put_along_axis(x, tokens[..., None], 1.0",
        new="np.put_along_axis(x, tokens[..., None], tokens[..., None]",
        says="The right place is marked, with the token's own number. How far apart do the vectors of two classes "
        "lie then, and how far should they?",
    ),
]

MISTAKES["temporal_convolution"] = [
    mistake(
        id="reads_the_future",
        old="y[:, j:] += x[:, : T - j]",
        new="y[:, : T - j] += x[:, j:]",
        says="Each output looks ahead in time instead of back: it depends on inputs that have not come yet. Does "
        "filter j belong to the input j steps before or j steps after?",
    ),
    mistake(
        id="applies_the_filter_backwards",
        old="filters[j].T",
        new="filters[k - 1 - j].T",
        says="The filter is applied the other way round: its last matrix meets the newest input. Which of them "
        "does the statement give to the present?",
    ),
    mistake(
        id="uses_the_filters_untransposed",
        old="filters[j].T",
        new="filters[j]",
        says="The product is taken with each filter's transpose (where D equals H it even runs). For rows of a "
        "batch, which axis of the filter must meet the D inputs?",
    ),
    mistake(
        id="centres_the_filter",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)""",
        new="""for j in range(k):
        for t in range(T):
            if 0 <= t - j + k // 2 < T:
                y[:, t] += x[:, t - j + k // 2] @ filters[j].T""",
        says="The filter is centred on each step, as in a picture: half of it reads the future. On which side must "
        "the padding stand so that only the past is read?",
    ),
    mistake(
        id="never_reads_the_present",
        old="y[:, j:] += x[:, : T - j]",
        new="y[:, j + 1 :] += x[:, : T - j - 1]",
        says="Everything comes one step late: the present input is never read. What is the lag of the first filter?",
    ),
    mistake(
        id="leaves_out_the_last_filter",
        old="range(min(k, T))",
        new="range(min(k - 1, T))",
        says="The oldest input that should count is not read: one filter of the k is never used. How many values "
        "does your lag take?",
    ),
    mistake(
        id="adds_the_bias_with_every_filter",
        old="""y = np.tile(b, (N, T, 1))  # (N, T, H)
    for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T""",
        new="""y = np.zeros((N, T, H), dtype=x.dtype)
    for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T + b""",
        says="The bias is in the sum as often as there are filters that reach an input. How often does it stand in "
        "the equation?",
    ),
    mistake(
        id="repeats_the_first_input_before_the_start",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)""",
        new="""for j in range(k):
        y += x[:, np.maximum(np.arange(T) - j, 0)] @ filters[j].T""",
        says="Before the start the first input is repeated. What does the statement say that x is before time 0?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="np.tile(b, (N, T, 1))",
        new="np.zeros((N, T, H), dtype=x.dtype)",
        says="The result is right but for a constant of each unit. What is the output where all the inputs are zero?",
    ),
    mistake(
        id="wraps_around_in_time",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)""",
        new="""for j in range(k):
        y += np.roll(x, j, axis=1) @ filters[j].T""",
        says="The first outputs depend on the last inputs: time runs in a circle. What stands before the first "
        "input, and what does your shift put there?",
    ),
    mistake(
        id="breaks_when_the_filter_is_longer_than_the_sequence",
        old="range(min(k, T))",
        new="range(k)",
        says="All is right while the filter is no longer than the sequence; beyond, an error is raised. What does "
        "a slice make of an end that has become negative?",
    ),
    mistake(
        id="averages_over_the_filter",
        old="filters[j].T",
        new="filters[j].T / k",
        says="The inputs' part is too small by the length of the filter: a mean stands where the equation has a "
        "sum. Why would the filter not care?",
    ),
]

_STEP = "np.tanh(x @ U.T + h_prev @ W.T + b)"
_TANH_PER_TERM = (
    "tanh is taken of each term by itself, and the sum of them leaves the interval from -1 to 1. How many times does "
    "tanh stand in the equation, and what stands inside?"
)
MISTAKES["rnn_step_forward"] = [
    mistake(
        id="uses_U_untransposed",
        old="x @ U.T",
        new="x @ U",
        says="The inputs meet U's transpose (where D equals H it even runs). U is (H, D): which of its axes must "
        "meet the D inputs of a row?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev @ W.T",
        new="h_prev @ W",
        says="The previous state meets W's transpose: W is square, so NumPy does not complain. With one state per "
        "row, what must stand there for W times a column?",
    ),
    mistake(
        id="swaps_U_and_W",
        old="x @ U.T + h_prev @ W.T",
        new="x @ W.T + h_prev @ U.T",
        says="U meets the state and W the input (where D equals H it even runs). Which of the two leads from the "
        "input to the state?",
    ),
    mistake(
        id="takes_tanh_of_each_product",
        old=_STEP,
        new="np.tanh(x @ U.T) + np.tanh(h_prev @ W.T + b)",
        says=_TANH_PER_TERM,
    ),
    mistake(
        id="takes_tanh_of_each_product_with_the_bias_at_the_input",
        old=_STEP,
        new="np.tanh(x @ U.T + b) + np.tanh(h_prev @ W.T)",
        says=_TANH_PER_TERM,
    ),
    mistake(
        id="takes_tanh_of_each_product_and_leaves_the_bias_outside",
        old=_STEP,
        new="np.tanh(x @ U.T) + np.tanh(h_prev @ W.T) + b",
        says=_TANH_PER_TERM,
    ),
    mistake(
        id="adds_the_bias_after_tanh",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T) + b",
        says="The bias is added after tanh, so that a state can leave the interval from -1 to 1. Is b inside or "
        "outside the brackets of the equation?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T)",
        says="The bias is missing. What should the next state be when the input and the previous state are both zero?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T + b + b)",
        says="The bias is in the sum twice, as if each of two products brought its own. How many biases does the "
        "lecture's equation have?",
    ),
    mistake(
        id="leaves_out_tanh",
        old=_STEP,
        new="x @ U.T + h_prev @ W.T + b",
        says="This is what stands inside tanh. What keeps a state small, however many steps it takes?",
    ),
    mistake(
        id="uses_the_sigmoid",
        old=_STEP,
        new="1 / (1 + np.exp(-(x @ U.T + h_prev @ W.T + b)))",
        says="The sigmoid is used: all states are positive. Which function does the equation name, and where does "
        "it lie for negative arguments?",
    ),
    mistake(
        id="leaves_out_the_previous_state",
        old=" + h_prev @ W.T",
        new="",
        says="The result does not depend on the previous state: this network has no memory. What carries the past "
        "into the present?",
    ),
    mistake(
        id="adds_the_previous_state_to_the_new_one",
        old=_STEP,
        new=f"h_prev + {_STEP}",
        says="The previous state is added to the new one, as a cell of a later assignment does. Where does the "
        "previous state stand in this equation, and where does it not?",
    ),
    mistake(
        id="overwrites_the_previous_state",
        old=_STEP,
        new="np.tanh(x @ U.T + h_prev @ W.T + b, out=h_prev)",
        says="The new state is right, but it was written into h_prev: the caller has lost the state before the "
        "step. Who else may still need that array, a backward pass for one?",
    ),
]

_LOOP = """h = np.empty((N, T, H), dtype=x.dtype)
    h_prev = h0
    for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev"""
MISTAKES["rnn_forward"] = [
    mistake(
        id="resets_the_state_at_each_step",
        old="rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="rnn_step_forward(x[:, t], h0, U, W, b)",
        says="Every step starts from h0: no state depends on an earlier input. What does a step hand to the next one?",
    ),
    mistake(
        id="stores_the_state_before_the_step",
        old="""h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""h[:, t] = h_prev
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)""",
        says="All states are one place late: h[:, 0] is h0, and the last state is missing. Has h[:, t] already "
        "read x[:, t]?",
    ),
    mistake(
        id="ignores_h0",
        old="h_prev = h0",
        new="h_prev = np.zeros((N, H), dtype=x.dtype)",
        says="The sequence always starts from zeros, even if h0 is given. What is the state before the first input?",
    ),
    mistake(
        id="fills_every_step_with_the_last_state",
        old="h[:, t] = h_prev",
        new="h[:] = h_prev[:, None]",
        says="The last state stands at every step. Is each step's state kept in a place of its own before the next "
        "one is computed?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end",
        old="rnn_step_forward(x[:, t], h_prev",
        new="rnn_step_forward(x[:, T - 1 - t], h_prev",
        says="The inputs are read from the last to the first. Which input should the first state have read?",
    ),
    mistake(
        id="reads_each_input_one_step_late",
        old="rnn_step_forward(x[:, t], h_prev",
        new="rnn_step_forward(x[:, t - 1], h_prev",
        says="Each state reads the input before its own, and the first reads the last, by way of index -1. Which "
        "input arrives at step t?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="rnn_step_forward(x[:, t], h_prev",
        new="rnn_step_forward(x[:, 0], h_prev",
        says="The first input is read again at every step, and no other. Which axis of x is time, and what walks "
        "along it?",
    ),
    mistake(
        id="leaves_out_the_first_step",
        old=_LOOP,
        new=_LOOP.replace("empty", "zeros").replace("range(T)", "range(1, T)"),
        says="The first input is never read, and the first state is still zero. At which index does time begin?",
    ),
    mistake(
        id="leaves_out_the_last_step",
        old=_LOOP,
        new=_LOOP.replace("empty", "zeros").replace("range(T)", "range(T - 1)"),
        says="The last state is still zero: the last step is never taken. How many inputs are there, and how many "
        "steps do you take?",
    ),
    mistake(
        id="reshapes_where_axes_should_change_places",
        old=_LOOP,
        new="""states, h_prev = [], h0
    for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)
        states.append(h_prev)
    h = np.array(states).reshape(N, T, H)""",
        says="All the right states are there, but under wrong sequences and steps: a reshape keeps the order in "
        "memory. Which axis comes first in a list of steps, and what makes axes change places?",
    ),
    mistake(
        id="overwrites_h0",
        old="h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="h_prev[:] = rnn_step_forward(x[:, t], h_prev, U, W, b)[0]",
        says="The states are right, but the caller's h0 now holds the last state. Which array do you write into at "
        "the first step?",
    ),
    mistake(
        id="returns_h0_among_the_states",
        old=_LOOP,
        new=_LOOP + "\n    h = np.concatenate([h0[:, None], h], axis=1)",
        says="There is one state too many: h0 stands in front of the others. Which is the first state that has "
        "read an input?",
    ),
]

_MASKED = """h = np.empty((N, T, H), dtype=x.dtype)
    h_prev = h0
    for t in range(T):
        running = (t < lengths)[:, None]  # (N, 1)
        x_t = np.where(running, x[:, t], 0.0)  # NaN in the padding must not reach the product
        h_new, _ = rnn_step_forward(x_t, h_prev, U, W, b)
        h_prev = np.where(running, h_new, h_prev)  # (N, H)
        h[:, t] = h_prev"""
MISTAKES["rnn_forward_masked"] = [
    mistake(
        id="zeroes_a_finished_state",
        old="np.where(running, h_new, h_prev)",
        new="np.where(running, h_new, 0.0)",
        says="From its length on, a sequence's states are zero. What is known of a sequence when it has ended, and "
        "should it be lost?",
    ),
    mistake(
        id="returns_to_h0_at_the_end",
        old="np.where(running, h_new, h_prev)",
        new="np.where(running, h_new, h0)",
        says="A sequence that has ended goes back to its initial state. Which state should it keep?",
    ),
    mistake(
        id="multiplies_the_padding_by_zero",
        old="""x_t = np.where(running, x[:, t], 0.0)  # NaN in the padding must not reach the product
        h_new, _ = rnn_step_forward(x_t, h_prev, U, W, b)
        h_prev = np.where(running, h_new, h_prev)""",
        new="""h_new, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)
        h_prev = running * h_new + (1 - running) * h_prev""",
        says="All is right while the padding holds numbers; with NaN there, finished states become NaN. What is "
        "zero times NaN, and what chooses without multiplying?",
    ),
    mistake(
        id="runs_one_step_too_far",
        old="t < lengths",
        new="t <= lengths",
        says="Each sequence takes one step into its padding. With steps counted from 0, which is the last step of "
        "a sequence of length 1?",
    ),
    mistake(
        id="stops_one_step_early",
        old="t < lengths",
        new="t < lengths - 1",
        says="Each sequence misses its last input. With steps counted from 0, which is the last step of a sequence "
        "of length 1?",
    ),
    mistake(
        id="ignores_the_lengths",
        old="(t < lengths)[:, None]",
        new="np.full((N, 1), True)",
        says="Every sequence runs to T, through its padding. Where do the lengths enter your code?",
    ),
    mistake(
        id="feeds_zeros_after_the_end",
        old="np.where(running, h_new, h_prev)",
        new="h_new",
        says="The padding is no longer read, but the state still moves: it takes steps with inputs of zero. Does a "
        "state stand still when its input is zero?",
    ),
    mistake(
        id="always_takes_the_first_step",
        old="t < lengths",
        new="t < np.maximum(lengths, 1)",
        says="All is right but for sequences of length 0: they have read one input of padding. How many steps does "
        "a sequence take that never began?",
    ),
    mistake(
        id="stops_all_with_the_shortest",
        old="(t < lengths)[:, None]",
        new="np.full((N, 1), t < lengths.min())",
        says="The whole batch stops with its shortest sequence. Is your condition one for the batch or one for "
        "each sequence?",
    ),
    mistake(
        id="runs_all_with_the_longest",
        old="(t < lengths)[:, None]",
        new="np.full((N, 1), t < lengths.max())",
        says="The whole batch runs until its longest sequence has ended, the others through their padding. Is your "
        "condition one for the batch or one for each sequence?",
    ),
    mistake(
        id="expects_the_padding_in_front",
        old="t < lengths",
        new="t >= T - lengths",
        says="The last inputs of each row are read, as if the padding stood in front. On which side of a short "
        "sequence does it stand here?",
    ),
    mistake(
        id="runs_only_behind_the_end",
        old="t < lengths",
        new="t >= lengths",
        says="The states stand still while a sequence lasts and move in its padding. For which steps is your "
        "condition true?",
    ),
    mistake(
        id="ignores_h0",
        old="h_prev = h0",
        new="h_prev = np.zeros((N, H), dtype=x.dtype)",
        says="All sequences start from zeros, even if h0 is given. What should a sequence of length 0 keep?",
    ),
    mistake(
        id="takes_the_last_step_for_a_length_of_zero",
        old=_MASKED,
        new="""h, _ = rnn_forward(x, U, W, b, h0)
    for n in range(N):
        h[n, lengths[n] :] = h[n, lengths[n] - 1].copy()""",
        says="All is right but for sequences of length 0: they hold what their padding led to. Which step does the "
        "index `length - 1` mean when the length is 0?",
    ),
]

_SOFTMAX = """e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)"""
MISTAKES["rnn_output"] = [
    mistake(
        id="normalises_over_time",
        old=_SOFTMAX,
        new=_SOFTMAX.replace("axis=-1", "axis=1"),
        says="The probabilities of each class sum to 1 over time. Among what does the network choose at one step?",
    ),
    mistake(
        id="normalises_over_the_batch",
        old=_SOFTMAX,
        new=_SOFTMAX.replace("axis=-1", "axis=0"),
        says="The probabilities of each class sum to 1 over the sequences of the batch. Should one sequence's "
        "output depend on its neighbours?",
    ),
    mistake(
        id="normalises_over_everything",
        old=_SOFTMAX,
        new="e = np.exp(logits - logits.max())\n    y = e / e.sum()",
        says="All the outputs together sum to 1. What should the sum be at each step of each sequence?",
    ),
    mistake(
        id="leaves_out_the_shift",
        old="np.exp(logits - logits.max(axis=-1, keepdims=True))",
        new="np.exp(logits)",
        says="All is right while the logits are small; large ones give NaN. What is exp(1000), and which number "
        "may be subtracted from all logits of a step without changing the softmax?",
    ),
    mistake(
        id="shifts_every_step_by_the_same_number",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.max()",
        says="The largest logit of all is subtracted everywhere: a step whose own logits lie far below it divides "
        "zero by zero. Whose maximum does a step need?",
    ),
    mistake(
        id="clips_the_logits",
        old="np.exp(logits - logits.max(axis=-1, keepdims=True))",
        new="np.exp(np.clip(logits, -500, 500))",
        says="Large logits are cut off, and two classes that were far apart become equally likely. Is there a "
        "change of the logits that keeps their differences?",
    ),
    mistake(
        id="uses_V_untransposed",
        old="h @ V.T",
        new="h @ V",
        says="The states meet V's transpose (where K equals H it even runs). V is (K, H): which of its axes must "
        "meet the H units?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h @ V.T + c_out",
        new="h @ V.T",
        says="c_out is missing. Which classes should be likelier than others when the state is zero?",
    ),
    mistake(
        id="returns_the_logits",
        old=_SOFTMAX,
        new="y = logits",
        says="These are the logits: they may be negative and do not sum to 1. What makes probabilities of them?",
    ),
    mistake(
        id="returns_log_probabilities",
        old="y = e / e.sum(axis=-1, keepdims=True)",
        new="""y = logits - logits.max(axis=-1, keepdims=True)
    y = y - np.log(e.sum(axis=-1, keepdims=True))""",
        says="These are the logarithms of the probabilities. What is asked for?",
    ),
    mistake(
        id="uses_the_sigmoid",
        old=_SOFTMAX,
        new="y = 1 / (1 + np.exp(-logits))",
        says="Each class is judged by itself, by a sigmoid. Do the classes exclude one another, and what should "
        "their probabilities sum to?",
    ),
    mistake(
        id="adds_the_bias_after_the_softmax",
        old="""logits = h @ V.T + c_out  # (N, T, K)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)""",
        new="""logits = h @ V.T
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True) + c_out""",
        says="c_out is added to the probabilities, which then no longer sum to 1. Is it inside or outside the "
        "softmax of the equation?",
    ),
    mistake(
        id="divides_by_the_largest",
        old="e / e.sum(axis=-1, keepdims=True)",
        new="e / e.max(axis=-1, keepdims=True)",
        says="The likeliest class of each step has probability 1 and the others come on top. What should they sum to?",
    ),
]

_OF_ITS_OWN = "None if h0 is None else h0[l]"
MISTAKES["deep_rnn_forward"] = [
    mistake(
        id="feeds_x_to_every_layer",
        old="rnn_forward(below, U",
        new="rnn_forward(x, U",
        says="Every layer reads x itself (where all sizes are equal it even runs). What does the equation put in "
        "the place of x for the second layer?",
    ),
    mistake(
        id="returns_the_top_layer_alone",
        old="states.append(below)",
        new="states = [below]",
        says="Only the top layer's states are in the list. Of how many layers are they asked for?",
    ),
    mistake(
        id="returns_the_top_layer_first",
        old="states.append(below)",
        new="states.insert(0, below)",
        says="All layers are right, but the list begins with the top. Which layer comes first in the statement?",
    ),
    mistake(
        id="starts_every_layer_from_the_first_h0",
        old=_OF_ITS_OWN,
        new="None if h0 is None else h0[0]",
        says="Every layer starts from the first layer's initial state (where all sizes are equal it even runs). "
        "Whose initial states does the list h0 hold?",
    ),
    mistake(
        id="ignores_h0",
        old=_OF_ITS_OWN,
        new="None",
        says="All layers start from zeros, even if h0 is given. What does the list h0 hold for a layer?",
    ),
    mistake(
        id="uses_the_first_layers_weights_in_all",
        old="for l, (U, W, b) in enumerate(layers):",
        new="U, W, b = layers[0]\n    for l, _ in enumerate(layers):",
        says="The first layer's weights are used in every layer (where all sizes are equal it even runs). "
        "Parameters are shared over time: are they shared over layers?",
    ),
    mistake(
        id="starts_a_layer_from_the_last_state_below",
        old=_OF_ITS_OWN,
        new="(None if h0 is None else h0[0]) if l == 0 else below[:, -1]",
        says="Each layer starts from the last state of the layer below it (where all sizes are equal it even "
        "runs). What does a layer take from below, and what from its own h0?",
    ),
    mistake(
        id="feeds_the_states_below_one_step_late",
        old="rnn_forward(below, U",
        new="rnn_forward(below if l == 0 else np.pad(below, ((0, 0), (1, 0), (0, 0)))[:, :-1], U",
        says="A layer reads, at each step, what the layer below it was one step before. Which step of the layer "
        "below stands in the equation?",
    ),
    mistake(
        id="feeds_the_last_state_below_at_every_step",
        old="rnn_forward(below, U",
        new="rnn_forward(below if l == 0 else np.repeat(below[:, -1:], below.shape[1], axis=1), U",
        says="The upper layers read the last state of the layer below, at every step. What do they see of the "
        "order of the inputs then?",
    ),
    mistake(
        id="runs_the_layers_from_the_top",
        old="enumerate(layers):",
        new="reversed(list(enumerate(layers))):",
        says="The layers are taken from the last to the first (where all sizes are equal it even runs). Which one "
        "reads x?",
    ),
    mistake(
        id="returns_the_last_states_alone",
        old="states.append(below)",
        new="states.append(below[:, -1])",
        says="Only the last state of each layer is in the list: the axis of time is gone. For which steps are the "
        "states asked for?",
    ),
]

_FIRST_AND_UPPER = """first = H * D + H * H + H
    upper = H * H + H * H + H"""
MISTAKES["count_parameters"] = [
    mistake(
        id="leaves_out_the_biases_of_the_layers",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H * H\n    upper = H * H + H * H",
        says="The layers' biases are not counted. What does a layer have besides its two matrices?",
        exempt=_GUESSED,
    ),
    mistake(
        id="counts_two_biases_in_each_layer",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H * H + 2 * H\n    upper = H * H + H * H + 2 * H",
        says="Each layer has two biases, as PyTorch has them. How many has the lecture's equation?",
        exempt=_GUESSED,
    ),
    mistake(
        id="lets_every_layer_read_the_input",
        old="upper = H * H + H * H + H",
        new="upper = H * D + H * H + H",
        says="Every layer has a U for D inputs. What does an upper layer read, and how many numbers is that?",
        exempt=_GUESSED,
    ),
    mistake(
        id="lets_the_first_layer_read_H_inputs",
        old="first = H * D + H * H + H",
        new="first = H * H + H * H + H",
        says="The first layer has a U for H inputs. What does it read, and how many numbers is that?",
        exempt=_GUESSED,
    ),
    mistake(
        id="leaves_out_the_output",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper",
        says="The output's parameters are not counted. What leads from the top state to the K classes?",
        exempt=_GUESSED,
    ),
    mistake(
        id="leaves_out_the_bias_of_the_output",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper + K * H",
        says="The output's bias is not counted. What is added to V h?",
        exempt=_GUESSED,
    ),
    mistake(
        id="leaves_out_the_recurrent_weights",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H\n    upper = H * H + H",
        says="Only one matrix is counted in each layer. What leads from a layer's state to its next one?",
        exempt=_GUESSED,
    ),
    mistake(
        id="counts_one_layer_too_many",
        old="(L - 1) * upper",
        new="L * upper",
        says="There is one layer too many. How many layers stand above the first of L?",
        exempt=_GUESSED,
    ),
    mistake(
        id="counts_the_upper_layers_once",
        old="(L - 1) * upper",
        new="upper",
        says="All the upper layers together are counted as one. Parameters are shared over time: over layers too?",
        exempt=_GUESSED,
    ),
    mistake(
        id="lets_the_output_read_all_layers",
        old="+ K * H + K",
        new="+ K * H * L + K",
        says="V is counted as if it read all the layers. Which layer's state does the output read?",
        exempt=_GUESSED,
    ),
]

_TEMPERED = 'model["V"] / temperature, model["c_out"] / temperature'
MISTAKES["sample_sequence"] = [
    mistake(
        id="begins_with_an_empty_input",
        old="x = one_hot(np.array([[symbol]]), K)[:, 0]",
        new="x = one_hot(np.array([[symbol]]), K)[:, 0] * bool(drawn)",
        says="The first input is a vector of zeros. Which symbol tells the model that a sequence begins?",
    ),
    mistake(
        id="feeds_START_at_every_step",
        old="np.array([[symbol]])",
        new="np.array([[0]])",
        says="START is fed at every step, so the model never hears what was drawn. What is the input after the "
        "first draw?",
    ),
    mistake(
        id="resets_the_state_at_each_draw",
        old="rnn_step_forward(x, h, model",
        new="rnn_step_forward(x, np.zeros_like(h), model",
        says="Each draw starts from a state of zeros: only the last symbol counts, and that is a Markov chain. "
        "What should a step hand to the next one?",
    ),
    mistake(
        id="draws_from_the_state_before_the_input",
        old="""h, _ = rnn_step_forward(x, h, model["U"], model["W"], model["b"])
        p = rnn_output(h[:, None], model["V"] / temperature, model["c_out"] / temperature)[0, 0]  # (K,)""",
        new="""p = rnn_output(h[:, None], model["V"] / temperature, model["c_out"] / temperature)[0, 0]  # (K,)
        h, _ = rnn_step_forward(x, h, model["U"], model["W"], model["b"])""",
        says="Each symbol is drawn from the state before the input was read. Has the state seen START when the "
        "first symbol is drawn?",
    ),
    mistake(
        id="multiplies_by_the_temperature",
        old=_TEMPERED,
        new='model["V"] * temperature, model["c_out"] * temperature',
        says="A small temperature makes the draws wilder instead of sharper. What happens to the differences of "
        "the logits when they are divided by a small number?",
    ),
    mistake(
        id="ignores_the_temperature",
        old=_TEMPERED,
        new='model["V"], model["c_out"]',
        says="The temperature changes nothing. Where does it stand in the equation, inside the softmax or outside?",
    ),
    mistake(
        id="divides_the_product_alone_by_the_temperature",
        old='model["c_out"] / temperature',
        new='model["c_out"]',
        says="The temperature divides V h, but not the bias beside it. What do the brackets of the equation hold?",
    ),
    mistake(
        id="keeps_END_in_the_result",
        old="""if symbol == 0:
            break
        drawn.append(symbol)""",
        new="""drawn.append(symbol)
        if symbol == 0:
            break""",
        says="The symbol that ends the sequence is part of the result. Is END one of the symbols that are asked for?",
    ),
    mistake(
        id="goes_on_after_END",
        old="""if symbol == 0:
            break
        drawn""",
        new="drawn",
        says="The sequence goes on after END until it is as long as it may be. When has the model said that it is "
        "done?",
    ),
    mistake(
        id="keeps_START_in_the_result",
        old="symbol, drawn = 0, []",
        new="symbol, drawn = 0, [0]",
        says="The result begins with START, which was fed and not drawn. Which symbols are asked for?",
    ),
    mistake(
        id="draws_one_symbol_too_many",
        old="len(drawn) < max_length",
        new="len(drawn) <= max_length",
        says="A sequence that does not end by itself is one symbol too long. How many symbols are there when your "
        "loop asks whether to go on?",
    ),
    mistake(
        id="takes_the_likeliest_symbol",
        old="rng.choice(K, p=p)",
        new="np.argmax(p)",
        says="The likeliest symbol is taken each time, and the generator is never used. How often should a symbol "
        "of probability 1/4 appear?",
        exempt=_SAME_PATH,
    ),
    mistake(
        id="draws_from_the_global_generator",
        old="rng.choice(K, p=p)",
        new="np.random.choice(K, p=p)",
        says="The draws come from the generator that all code shares. Can anyone repeat this sequence who has only "
        "rng?",
        exempt=_SAME_PATH,
    ),
    mistake(
        id="makes_a_generator_of_its_own",
        old="rng.choice(K, p=p)",
        new="np.random.default_rng(0).choice(K, p=p)",
        says="The same random number is used for every draw, whatever rng is. Which generator is the only source "
        "of randomness?",
        exempt=_SAME_PATH,
    ),
    mistake(
        id="feeds_the_probabilities_instead_of_the_symbol",
        old="x = one_hot(np.array([[symbol]]), K)[:, 0]",
        new="x = p[None] if drawn else one_hot(np.array([[0]]), K)[:, 0]",
        says="The model is fed the probabilities, so it never learns what was drawn. Can it make a word of a "
        "mixture of letters?",
        exempt=_SAME_PATH,
    ),
]
