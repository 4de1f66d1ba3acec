"""The mistakes that students make in assignment 1: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_IN_THE_CACHE = "the cache alone is wrong, and caches stay beside the student's code"
_SAME_PATH = "where the draw is forced the result is right, and elsewhere it depends on the stream of random numbers"

MISTAKES["one_hot"] = [
    mistake(
        id="counts_the_classes_from_one",
        old="np.put_along_axis(x, tokens[..., None], 1.0",
        new="np.put_along_axis(x, tokens[..., None] - 1, 1.0",
        says="Every 1 stands one class too low, and token 0 marks the last class, as if classes were counted "
        "from 1. Which index belongs to the first class?",
    ),
    mistake(
        id="lets_negative_tokens_count_from_the_end",
        old="tokens.min() < 0 or ",
        new="",
        says="Where a token is negative, a class counted from the end is marked, without a word. "
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
        says="The token's place is marked with the token's own number. How far apart do the vectors of two classes "
        "lie then, and how far should they?",
    ),
    mistake(
        id="returns_integers",
        old="np.zeros((*tokens.shape, K))",
        new="np.zeros((*tokens.shape, K), dtype=int)",
        says="The zeros and ones are integers. Which dtype does the docstring give, and what would an in-place "
        "product with a float do to yours?",
    ),
    mistake(
        id="returns_booleans",
        old="np.zeros((*tokens.shape, K))",
        new="np.zeros((*tokens.shape, K), dtype=bool)",
        says="The result holds True and False in the place of 1 and 0. Which dtype does the docstring give?",
    ),
    mistake(
        id="puts_time_first",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)\n    x = x.transpose(1, 0, 2)",
        says="The vectors of the tokens come with time as the first axis: (T, N, K). In which order do the axes of "
        "a batch of sequences stand?",
    ),
    mistake(
        id="lists_all_tokens_in_one_row",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)\n    x = x.reshape(-1, K)",
        says="Batch and time are one axis: the result is (N T, K). How many axes does the docstring give?",
    ),
    mistake(
        id="exchanges_zeros_and_ones",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)\n    x = 1 - x",
        says="Every class but the token's own is marked. In which place alone does a 1 stand?",
    ),
    mistake(
        id="adds_the_vectors_over_time",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)\n    x = x.sum(axis=1)",
        says="The vectors are added up over time: how often each class occurs is left, when it occurs is not. How "
        "many vectors does a sequence of T tokens have?",
    ),
    mistake(
        id="checks_nothing",
        old="""if tokens.min() < 0 or tokens.max() >= K:
        raise ValueError(f"tokens must lie in 0..{K - 1}")
    x""",
        new="x",
        says="A negative token marks a class counted from the end, and a token of K or more ends in NumPy's "
        "IndexError. Which error does the docstring ask for, and for which tokens?",
    ),
    mistake(
        id="raises_an_IndexError",
        old="raise ValueError",
        new="raise IndexError",
        says="A token outside of the classes is refused with an IndexError. Which error does the docstring name?",
    ),
    mistake(
        id="refuses_with_an_assertion",
        old='raise ValueError(f"tokens must lie in 0..{K - 1}")',
        new="raise AssertionError",
        says="A token outside of the classes is refused with an AssertionError, as `assert` does. Which error does "
        "the docstring name?",
    ),
    mistake(
        id="moves_unknown_tokens_to_the_nearest_class",
        old="""if tokens.min() < 0 or tokens.max() >= K:
        raise ValueError(f"tokens must lie in 0..{K - 1}")
    x""",
        new="tokens = np.clip(tokens, 0, K - 1)\n    x",
        says="A token outside of 0..K-1 is counted as the class nearest to it. Should a wrong token pass in silence?",
    ),
    mistake(
        id="returns_None_for_an_unknown_token",
        old='raise ValueError(f"tokens must lie in 0..{K - 1}")',
        new="return None",
        says="Where a token is no class the result is None and no error is raised. What does the docstring ask for "
        "there?",
    ),
    mistake(
        id="takes_the_number_of_classes_from_the_tokens",
        old="if tokens.min() < 0",
        new="K = tokens.max() + 1\n    if tokens.min() < 0",
        says="There are as many classes as the largest token asks for, whatever K is. Must every class occur in a "
        "batch?",
    ),
    mistake(
        id="refuses_the_last_class",
        old="tokens.max() >= K",
        new="tokens.max() >= K - 1",
        says="The token K - 1 is refused. Which is the largest of K classes that are counted from 0?",
    ),
    mistake(
        id="refuses_token_0",
        old="tokens.min() < 0",
        new="tokens.min() <= 0",
        says="The token 0 is refused. Which is the smallest class?",
    ),
    mistake(
        id="marks_all_tokens_of_all_steps",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="x[:, :, tokens] = 1.0",
        says="Every vector carries the marks of all the tokens of the whole batch. A colon beside an array of "
        "indices means all combinations: how is each token paired with its own sequence and step?",
    ),
    mistake(
        id="leaves_the_last_step_zero",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="""np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)
    x[:, -1] = 0.0""",
        says="The vectors of the last step are zero. Over which steps does your loop run?",
    ),
    mistake(
        id="has_one_class_too_many",
        old="np.zeros((*tokens.shape, K))",
        new="np.zeros((*tokens.shape, K + 1))",
        says="There are K + 1 places in each vector. How many classes are there, if the tokens go from 0 to K - 1?",
    ),
    mistake(
        id="marks_every_class_up_to_the_token",
        old="np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)",
        new="x[np.arange(K) <= tokens[..., None]] = 1.0",
        says="Every class up to the token's is marked. In how many places does a 1 stand?",
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
        says="The rows and columns of each filter are exchanged (where D equals H it even runs). Which axis of "
        "the filter must meet the D inputs?",
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
        says="The bias, a constant of each unit, is missing. What is the output where all the inputs are zero?",
    ),
    mistake(
        id="wraps_around_in_time",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)""",
        new="""for j in range(k):
        y += np.roll(x, j, axis=1) @ filters[j].T""",
        says="The first outputs depend on the last inputs: time runs in a circle. What is x before the first input?",
    ),
    mistake(
        id="breaks_when_the_filter_is_longer_than_the_sequence",
        old="range(min(k, T))",
        new="range(k)",
        says="Where the filter is longer than the sequence, an error is raised. What does "
        "a slice make of an end that has become negative?",
    ),
    mistake(
        id="averages_over_the_filter",
        old="filters[j].T",
        new="filters[j].T / k",
        says="The inputs' part is too small by the length of the filter: a mean stands where the equation has a "
        "sum. Why would the filter not care?",
    ),
    mistake(
        id="keeps_the_last_filter_that_fits",
        old="y[:, j:] +=",
        new="y[:, j:] =",
        says="Each filter's part replaces what stood there: at each step only the oldest input that the filters "
        "reach counts, and the bias where none does. What does the sign before the equation's terms say to do with "
        "them?",
    ),
    mistake(
        id="uses_one_filter_for_all_lags",
        old="filters[j].T",
        new="filters[0].T",
        says="The first filter is used for every lag. How many matrices does the filter hold, and which belongs to "
        "the input j steps back?",
    ),
    mistake(
        id="leaves_out_the_first_filter",
        old="range(min(k, T))",
        new="range(1, min(k, T))",
        says="The first filter is never used: the present input does not count. At which j does the sum begin?",
    ),
    mistake(
        id="gives_only_the_full_windows",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)\n    y = y[:, k - 1 :]",
        says="The first k - 1 outputs are missing: only the steps at which the filter lies wholly inside of the "
        "sequence are there. What is x before time 0, and how many outputs are there?",
    ),
    mistake(
        id="keeps_what_comes_after_the_end",
        old="for j in range(min(k, T)):\n        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y = np.tile(b, (N, T + k - 1, 1))\n    for j in range(k):\n        y[:, j : j + T] += x @ filters[j].T",
        says="There are T + k - 1 outputs: those of the steps after the sequence's end are there as well. How many "
        "does the docstring give?",
    ),
    mistake(
        id="leaves_the_first_outputs_at_the_bias",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)\n    y[:, : k - 1] = b",
        says="The first k - 1 outputs are the bias alone. Are there no inputs yet that the filter reaches at these "
        "steps?",
    ),
    mistake(
        id="leaves_the_first_outputs_at_zero",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)\n    y[:, : k - 1] = 0.0",
        says="The first k - 1 outputs are zero. Are there no inputs yet that the filter reaches at these steps, and "
        "no bias?",
    ),
    mistake(
        id="counts_lags_along_the_batch",
        old="for j in range(min(k, T)):\n        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="for j in range(min(k, N)):\n        y[j:] += x[: N - j] @ filters[j].T",
        says="The filter runs along the batch: a sequence's output depends on the sequences before it. Which axis "
        "of x is time?",
    ),
    mistake(
        id="takes_tanh",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)\n    y = np.tanh(y)",
        says="tanh is taken of each output. Is there a nonlinearity in this equation?",
    ),
    mistake(
        id="puts_time_last",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)",
        new="y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)\n    y = y.transpose(0, 2, 1)",
        says="The outputs come with time as the last axis: (N, H, T). In which order does the docstring give the axes?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="np.tile(b, (N, T, 1))",
        new="np.tile(b + b, (N, T, 1))",
        says="The bias is in the sum twice. How often does it stand in the equation?",
    ),
    mistake(
        id="begins_the_sum_with_the_input_two_steps_back",
        old="range(min(k, T))",
        new="range(2, min(k, T))",
        says="The first two filters are never used. At which j does the sum begin?",
    ),
    mistake(
        id="adds_k_biases",
        old="np.tile(b, (N, T, 1))",
        new="np.tile(k * b, (N, T, 1))",
        says="The bias is in every output k times. How often does it stand in the equation?",
    ),
    mistake(
        id="counts_negative_times_from_the_end",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T""",
        new="""for j in range(k):
        y += np.stack([x[:, t - j] for t in range(T)], axis=1) @ filters[j].T""",
        says="Where t - j is negative, x[:, t - j] is counted from the end: the first outputs depend on the last "
        "inputs, and a filter longer than twice the sequence ends in an error. What is x before the first input?",
    ),
    mistake(
        id="never_reads_the_first_input",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T",
        new="y[:, j + 1 :] += x[:, 1 : T - j] @ filters[j].T",
        says="The first input, x[:, 0], is in none of the outputs. For which t - j does the equation have an input?",
    ),
    mistake(
        id="replaces_the_sum_by_its_last_term",
        old="y[:, j:] += x[:, : T - j] @ filters[j].T",
        new="y[:, j:] = x[:, : T - j] @ filters[j].T + b",
        says="Each filter's part takes the place of what stood there: at each step only the oldest input that the "
        "filters reach counts, with the bias. What does the sum's sign say to do with the terms?",
    ),
    mistake(
        id="subtracts_the_bias",
        old="np.tile(b, (N, T, 1))",
        new="np.tile(-b, (N, T, 1))",
        says="The bias has the opposite sign. What is the output where all the inputs are zero?",
    ),
    mistake(
        id="zeroes_inputs_in_place",
        old="y = np.tile(b",
        new="""x[:, 0] = 0.0
    y = np.tile(b""",
        says="The first input was set to zero, in the caller's own array. Where does the padding belong: into x, "
        "or in front of it?",
    ),
    mistake(
        id="puts_the_padding_behind",
        old="""for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T""",
        new="""x = np.concatenate([x, np.zeros((N, k, x.shape[2]))], axis=1)
    for j in range(k):
        y += x[:, k - 1 - j : k - 1 - j + T] @ filters[j].T""",
        says="The zeros stand behind the sequence: each output reads the k inputs from its own step on, the last "
        "of them with filters[0]. On which side must they stand so that only the past is read?",
    ),
]

_STEP = "np.tanh(x @ U.T + h_prev @ W.T + b)"
_TANH_PER_TERM = (
    "tanh is taken of each term by itself, and their sum can leave the interval from -1 to 1. How many times does "
    "tanh stand in the equation, and what stands inside?"
)
MISTAKES["rnn_step_forward"] = [
    mistake(
        id="uses_U_untransposed",
        old="x @ U.T",
        new="x @ U",
        says="The rows and columns of U are exchanged (where D equals H it even runs). U is (H, D): which of its axes "
        "must meet the D inputs of a row?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev @ W.T",
        new="h_prev @ W",
        says="The rows and columns of W are exchanged: W is square, so NumPy does not complain. Which entry of W "
        "leads from unit j to unit i?",
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
        says="The bias is in the sum twice. How many biases does the lecture's equation have?",
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
        says="h_prev holds the new state after the call: the caller has lost the state before "
        "the step. Who else may still need that array, a backward pass for one?",
    ),
    mistake(
        id="uses_both_matrices_untransposed",
        old=_STEP,
        new="np.tanh(x @ U + h_prev @ W + b)",
        says="Rows and columns are exchanged in U and in W alike (where D equals H it even runs). Row i of a matrix "
        "leads to unit i: which axis must the sum run over?",
    ),
    mistake(
        id="uses_relu",
        old=_STEP,
        new="np.maximum(0, x @ U.T + h_prev @ W.T + b)",
        says="Negative arguments give 0 and positive ones pass: this is ReLU. Which function does the equation name?",
    ),
    mistake(
        id="cuts_off_at_one",
        old=_STEP,
        new="np.clip(x @ U.T + h_prev @ W.T + b, -1, 1)",
        says="The argument is cut off at -1 and 1. Does tanh have corners?",
    ),
    mistake(
        id="leaves_out_the_input",
        old="x @ U.T + ",
        new="",
        says="The result does not depend on x. By which matrix does the input enter?",
    ),
    mistake(
        id="gives_the_slope_of_tanh",
        old=_STEP,
        new="1 - np.tanh(x @ U.T + h_prev @ W.T + b) ** 2",
        says="This is the slope of tanh at the argument, not tanh. Which of the two is the state?",
    ),
    mistake(
        id="takes_tanh_twice",
        old=_STEP,
        new="np.tanh(np.tanh(x @ U.T + h_prev @ W.T + b))",
        says="tanh is taken twice. How many times does it stand in the equation?",
    ),
    mistake(
        id="takes_tanh_of_half_the_argument",
        old=_STEP,
        new="np.tanh((x @ U.T + h_prev @ W.T + b) / 2)",
        says="The result is tanh of half the argument. Which power of e stands in tanh, and is it the sigmoid's?",
    ),
    mistake(
        id="adds_the_input_after_tanh",
        old=_STEP,
        new="np.tanh(h_prev @ W.T + b) + x @ U.T",
        says="The input's part is added after tanh. Which terms stand inside of the equation's brackets?",
    ),
    mistake(
        id="adds_the_state_after_tanh",
        old=_STEP,
        new="np.tanh(x @ U.T + b) + h_prev @ W.T",
        says="The previous state's part is added after tanh. Which terms stand inside of the equation's brackets?",
    ),
    mistake(
        id="returns_columns",
        old=_STEP,
        new="np.tanh(U @ x.T + W @ h_prev.T + b[:, None])",
        says="The states stand in columns: (H, N). Is a sequence of the batch a row or a column here?",
    ),
    mistake(
        id="adds_the_states_of_the_batch",
        old=_STEP,
        new="np.tanh(x @ U.T + h_prev.sum(axis=0) @ W.T + b)",
        says="Each sequence receives the previous states of the whole batch, added up. Whose state does a row "
        "continue?",
    ),
    mistake(
        id="adds_a_mean_over_the_units",
        old=_STEP,
        new="np.tanh(x @ U.T + h_prev @ W.T + b.mean())",
        says="Every unit has the same bias, the mean of b. How many biases does a layer of H units have?",
    ),
    mistake(
        id="keeps_the_new_state_as_the_old_one",
        old=_STEP,
        new=f"{_STEP}\n    h_prev = h",
        says="The new state is that of the equation, but the cache holds it as h_prev too. Which state will a "
        "backward pass multiply with?",
        exempt=_IN_THE_CACHE,
    ),
    mistake(
        id="subtracts_the_bias",
        old="W.T + b)",
        new="W.T - b)",
        says="The bias has the opposite sign. What should the next state be when the input and the previous state "
        "are both zero?",
    ),
    mistake(
        id="leaves_out_W",
        old="h_prev @ W.T",
        new="h_prev",
        says="The previous state enters as it is, without W. What does the equation multiply it by?",
    ),
    mistake(
        id="multiplies_the_parts",
        old="x @ U.T + h_prev @ W.T",
        new="x @ U.T * (h_prev @ W.T)",
        says="The input's part and the state's part are multiplied. Which sign stands between them in the equation?",
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
        says="Each state reads the input before its own, and the first reads the last. Which input arrives at step t?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="rnn_step_forward(x[:, t], h_prev",
        new="rnn_step_forward(x[:, 0], h_prev",
        says="Every step reads the first input, and no other is read. Which axis of x is time, and what walks "
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
        says="All the right states are there, but under wrong sequences and steps. Which axis comes first in a "
        "list of steps, and does a reshape make axes change places?",
    ),
    mistake(
        id="overwrites_h0",
        old="h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="h_prev[:] = rnn_step_forward(x[:, t], h_prev, U, W, b)[0]",
        says="The caller's h0 now holds the last state. Which array do you write into at the first step?",
    ),
    mistake(
        id="returns_h0_among_the_states",
        old=_LOOP,
        new=_LOOP + "\n    h = np.concatenate([h0[:, None], h], axis=1)",
        says="There is one state too many: h0 stands in front of the others. Which is the first state that has "
        "read an input?",
    ),
    mistake(
        id="takes_the_batch_for_time",
        old="rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="rnn_step_forward(x[t], h_prev, U, W, b)",
        says="At step t all steps of sequence t are read, one for each row (where N equals T it even runs). Which "
        "axis of x is time?",
    ),
    mistake(
        id="returns_time_first",
        old=_LOOP,
        new=_LOOP + "\n    h = h.transpose(1, 0, 2)",
        says="The states come with time as the first axis: (T, N, H). In which order does the docstring give the axes?",
    ),
    mistake(
        id="returns_a_list_of_states",
        old=_LOOP,
        new=_LOOP + "\n    h = list(h.transpose(1, 0, 2))",
        says="The states are a list with one array for each step. What should the T states be, and along which axis "
        "of it should they lie?",
    ),
    mistake(
        id="returns_the_last_state_alone",
        old=_LOOP,
        new=_LOOP + "\n    h = h[:, -1]",
        says="Only the last state comes back: the axis of time is gone. Of which steps are the states returned?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev, U, W, b)",
        new="h_prev, U, W, 0 * b)",
        says="The states are those of a network without a bias. What stands beside the two products?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev, U, W, b)",
        new="h_prev, U, W.T, b)",
        says="The rows and columns of W are exchanged: W is square, so NumPy does not complain. Which entry of W "
        "leads from unit j to unit i?",
    ),
    mistake(
        id="leaves_out_tanh",
        old="h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="h_prev = x[:, t] @ U.T + h_prev @ W.T + b",
        says="No tanh is taken: this is a linear network. What does the equation do with the sum?",
    ),
    mistake(
        id="adds_h0_at_every_step",
        old="rnn_step_forward(x[:, t], h_prev, U",
        new="rnn_step_forward(x[:, t], h_prev + (t > 0) * h0, U",
        says="h0 is added to the state at every step. Which step alone does it precede?",
    ),
    mistake(
        id="adds_the_states_up",
        old="h[:, t] = h_prev",
        new="h[:, t] = h_prev + (h[:, t - 1] if t > 0 else 0)",
        says="Each entry is the sum of all the states so far. Is h[:, t] one state or a running total?",
    ),
    mistake(
        id="keeps_the_old_state_in_part",
        old="h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)",
        new="h_prev = h_prev + rnn_step_forward(x[:, t], h_prev, U, W, b)[0]",
        says="The previous state is added to the new one at each step. Where does the previous state stand in the "
        "equation, and where not?",
    ),
    mistake(
        id="takes_zeros_whenever_h0_is_given_by_the_first_row",
        old="h_prev = h0",
        new="h_prev = np.broadcast_to(h0[:1], (N, H))",
        says="Every sequence starts from the first sequence's initial state. What does row n of h0 belong to?",
    ),
    mistake(
        id="carries_the_state_in_h0",
        old="h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)",
        new="h0, _ = rnn_step_forward(x[:, t], h0, U, W, b)\n        h_prev = h0",
        says="The states are those of the equation, but the cache holds the last state as h0. Which state will the "
        "first step of a backward pass need?",
        exempt=_IN_THE_CACHE,
    ),
    mistake(
        id="takes_h0_for_the_first_state",
        old="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""h[:, 0] = h0
    for t in range(1, T):
        h[:, t], _ = rnn_step_forward(x[:, t], h[:, t - 1], U, W, b)""",
        says="h[:, 0] is h0 itself, and the steps begin with x[:, 1]: the first input is never read. Which state "
        "has read x[:, 0]?",
    ),
    mistake(
        id="returns_one_state_too_few",
        old="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev
    h = h[:, 1:]""",
        says="The first state is missing: there are T - 1 states. How many does a sequence of T inputs have?",
    ),
    mistake(
        id="stops_one_step_early",
        old="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev
    h = h[:, :-1]""",
        says="The last state is missing: there are T - 1 states. How many does a sequence of T inputs have?",
    ),
    mistake(
        id="starts_from_the_last_input_of_zeros",
        old="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""h_prev = np.ones_like(h0)
    for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        says="The first state follows from a state of ones. From which state does it follow?",
    ),
    mistake(
        id="adds_up_the_states_so_far",
        old="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev""",
        new="""for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev
    for t in range(T):
        h[:, t] += h[:, :t].sum(axis=1)""",
        says="Each state has all of the states returned before it added to it. What is h_t in the equation?",
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
        says="Where the padding holds NaN, finished states become NaN. What is "
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
        says="Sequences of length 0 have read one input of padding. How many steps does "
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
        says="Sequences of length 0 hold what their padding led to. Which step does the "
        "index `length - 1` mean when the length is 0?",
    ),
    mistake(
        id="marks_the_padding_with_NaN",
        old="h[:, t] = h_prev",
        new="h[:, t] = np.where(running, h_prev, np.nan)",
        says="From its length on, a sequence's states are NaN. Which state should it keep?",
    ),
    mistake(
        id="returns_the_last_states_alone",
        old=_MASKED,
        new=_MASKED + "\n    h = h_prev",
        says="Only the last states come back: the axis of time is gone. Of which steps are the states returned?",
    ),
    mistake(
        id="returns_a_cache_as_well",
        old=_MASKED,
        new=_MASKED + "\n    h = (h, (x, h0, U, W, h))",
        says="The result is a tuple: a cache comes with the states. What alone does the docstring return here?",
    ),
    mistake(
        id="returns_time_first",
        old=_MASKED,
        new=_MASKED + "\n    h = h.transpose(1, 0, 2)",
        says="The states come with time as the first axis: (T, N, H). In which order does the docstring give the axes?",
    ),
    mistake(
        id="gives_zeros_for_a_sequence_of_length_zero",
        old="h[:, t] = h_prev",
        new="h[:, t] = np.where((lengths > 0)[:, None], h_prev, 0.0)",
        says="A sequence of length 0 has states of zero, even if h0 is given. What does it keep, having never begun?",
    ),
    mistake(
        id="recognises_the_padding_by_NaN",
        old="running = (t < lengths)[:, None]",
        new="running = ~np.isnan(x[:, t]).any(axis=1)[:, None]",
        says="With NaN in the padding each sequence stops, and with numbers there it runs on. What alone says how "
        "long a sequence is?",
    ),
    mistake(
        id="resets_the_state_at_each_step",
        old="rnn_step_forward(x_t, h_prev, U, W, b)",
        new="rnn_step_forward(x_t, h0, U, W, b)",
        says="Every step starts from h0: no state depends on an earlier input. What does a step hand to the next one?",
    ),
    mistake(
        id="stores_the_state_before_the_step",
        old="h_prev = np.where(running, h_new, h_prev)  # (N, H)\n        h[:, t] = h_prev",
        new="h[:, t] = h_prev\n        h_prev = np.where(running, h_new, h_prev)",
        says="All states are one place late: h[:, 0] is the initial state. Has h[:, t] already read x[:, t]?",
    ),
    mistake(
        id="keeps_the_sum_of_old_and_new",
        old="np.where(running, h_new, h_prev)",
        new="np.where(running, h_new + h_prev, h_prev)",
        says="While a sequence runs, its previous state is added to the new one. Which of the two should stand there?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev, U, W, b)",
        new="h_prev, U, W, 0 * b)",
        says="The states are those of a network without a bias. What stands beside the two products?",
    ),
    mistake(
        id="keeps_the_state_of_the_length_before",
        old="lengths)[:, None]",
        new="np.roll(lengths, 1))[:, None]",
        says="Each sequence stops at the length of the sequence before it in the batch. Which entry of lengths "
        "belongs to sequence n?",
    ),
    mistake(
        id="sorts_the_sequences_by_length",
        old=_MASKED,
        new=_MASKED + "\n    h = h[np.argsort(-lengths)]",
        says="The sequences come back in the order of their lengths, the longest first. Which row of the result "
        "belongs to sequence n?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev, U, W, b)",
        new="h_prev, U, W.T, b)",
        says="The rows and columns of W are exchanged: W is square, so NumPy does not complain. Which entry of W "
        "leads from unit j to unit i?",
    ),
    mistake(
        id="keeps_the_first_state_at_the_end",
        old="np.where(running, h_new, h_prev)",
        new="np.where(running, h_new, h[:, 0] if t > 0 else h_prev)",
        says="A sequence that has ended goes back to its first state. Which state should it keep?",
    ),
    mistake(
        id="counts_sequences_for_steps",
        old="(t < lengths)[:, None]",
        new="(np.arange(N) < lengths[t % N])[:, None]",
        says="The index of the sequence is compared with the lengths, instead of the step. Which of n and t must "
        "be below lengths[n]?",
    ),
    mistake(
        id="zeroes_the_padding_in_place",
        old="for t in range(T):",
        new="""x[np.isnan(x)] = 0
    for t in range(T):""",
        says="NaN in the padding was replaced in x itself: the caller's array is another one. How can a step "
        "leave out the padding and x stay as it is?",
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
        says="Large logits give NaN. What is exp(1000), and which number "
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
        says="The rows and columns of V are exchanged (where K equals H it even runs). V is (K, H): which of its axes "
        "must meet the H units?",
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
    mistake(
        id="forgets_to_keep_the_axis_of_the_sum",
        old="e.sum(axis=-1, keepdims=True)",
        new="e.sum(axis=-1)",
        says="Each step is divided by the sum of another step, or an error is raised (where N, T and K are equal it "
        "even runs). Which shape has a sum over the last axis, and along which axes does NumPy lay it out?",
    ),
    mistake(
        id="forgets_to_keep_the_axis_of_the_maximum",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.max(axis=-1)",
        says="Each step is shifted by the maxima of other steps, or an error is raised (where N, T and K are equal "
        "it even runs). Which shape has a maximum over the last axis, and along which axes does NumPy lay it out?",
    ),
    mistake(
        id="forgets_to_keep_both_axes",
        old=_SOFTMAX,
        new="e = np.exp(logits - logits.max(axis=-1))\n    y = e / e.sum(axis=-1)",
        says="Each step is shifted and divided by numbers of other steps, or an error is raised (where N, T and K "
        "are equal it even runs). Which shape has a sum over the last axis, and along which axes does NumPy lay it "
        "out?",
    ),
    mistake(
        id="gives_the_exponentials",
        old=_SOFTMAX,
        new="y = np.exp(logits)",
        says="These are the exponentials of the logits. What should the numbers of one step sum to?",
    ),
    mistake(
        id="shifts_by_the_mean",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.mean(axis=-1, keepdims=True)",
        says="Small logits give the softmax; far apart, the largest overflows. Which number may be subtracted so "
        "that no exponential is above 1?",
    ),
    mistake(
        id="shifts_by_the_smallest",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.min(axis=-1, keepdims=True)",
        says="Small logits give the softmax; far apart, the largest overflows. Is it the small exponentials that "
        "must be feared, or the large ones?",
    ),
    mistake(
        id="turns_the_logits_round",
        old=_SOFTMAX,
        new="e = np.exp(logits.min(axis=-1, keepdims=True) - logits)\n    y = e / e.sum(axis=-1, keepdims=True)",
        says="The class with the smallest logit is the likeliest. Which sign has the exponent in the softmax?",
    ),
    mistake(
        id="divides_the_logits_by_their_sum",
        old=_SOFTMAX,
        new="y = logits / logits.sum(axis=-1, keepdims=True)",
        says="The logits are divided by their sum, so that some results are negative or above 1. Which function "
        "makes a number positive first?",
    ),
    mistake(
        id="applies_the_softmax_twice",
        old=_SOFTMAX,
        new=_SOFTMAX + "\n    y = np.exp(y) / np.exp(y).sum(axis=-1, keepdims=True)",
        says="The softmax is applied twice: all classes are nearly as likely as one another. How many times does it "
        "stand in the equation?",
    ),
    mistake(
        id="applies_the_softmax_to_the_states",
        old=_SOFTMAX,
        new="e = np.exp(h - h.max(axis=-1, keepdims=True))\n    y = e / e.sum(axis=-1, keepdims=True) @ V.T + c_out",
        says="The softmax is taken of the states, and V and c_out come after it. What stands inside of the softmax?",
    ),
    mistake(
        id="applies_tanh_to_the_logits",
        old="h @ V.T + c_out",
        new="np.tanh(h @ V.T + c_out)",
        says="tanh is taken of the logits before the softmax. How far apart can two of them be then?",
    ),
    mistake(
        id="marks_the_likeliest_class",
        old=_SOFTMAX,
        new="y = np.eye(V.shape[0])[logits.argmax(axis=-1)]",
        says="The likeliest class of each step has 1 and all others have 0. How likely are the others?",
    ),
    mistake(
        id="returns_the_likeliest_class",
        old=_SOFTMAX,
        new="y = logits.argmax(axis=-1)",
        says="Each step gives a class, not probabilities. How many numbers does a step have in the docstring?",
    ),
    mistake(
        id="gives_the_last_step_alone",
        old="h @ V.T",
        new="h[:, -1] @ V.T",
        says="Only the last step has an output: the axis of time is gone. At which steps does the network speak?",
    ),
    mistake(
        id="puts_time_first",
        old=_SOFTMAX,
        new=_SOFTMAX + "\n    y = y.transpose(1, 0, 2)",
        says="The outputs come with time as the first axis: (T, N, K). In which order does the docstring give the "
        "axes?",
    ),
    mistake(
        id="subtracts_the_bias",
        old="h @ V.T + c_out",
        new="h @ V.T - c_out",
        says="c_out enters with the wrong sign. Should a large bias make its class likelier or rarer?",
    ),
    mistake(
        id="takes_powers_of_two",
        old=_SOFTMAX,
        new=_SOFTMAX.replace("np.exp", "np.exp2"),
        says="The powers are those of 2. Which base does the softmax have?",
    ),
    mistake(
        id="divides_by_the_length_of_the_vector",
        old=_SOFTMAX,
        new="""e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / np.sqrt((e**2).sum(axis=-1, keepdims=True))""",
        says="The squares of each step sum to 1. What should sum to 1 in probabilities?",
    ),
    mistake(
        id="divides_by_the_sum_over_time",
        old="e.sum(axis=-1, keepdims=True)",
        new="e.sum(axis=1, keepdims=True)",
        says="Each exponential is divided by a sum over time. Over which axis must the probabilities of a step "
        "sum to 1?",
    ),
    mistake(
        id="divides_by_the_sum_over_the_batch",
        old="e.sum(axis=-1, keepdims=True)",
        new="e.sum(axis=0, keepdims=True)",
        says="Each exponential is divided by a sum over the sequences of the batch. Over which axis must the "
        "probabilities of a step sum to 1?",
    ),
    mistake(
        id="divides_by_the_sum_over_everything",
        old="e.sum(axis=-1, keepdims=True)",
        new="e.sum()",
        says="Each exponential is divided by the sum over all steps and sequences. What must sum to 1?",
    ),
    mistake(
        id="shifts_by_the_maximum_over_time",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.max(axis=1, keepdims=True)",
        says="The maximum that is subtracted was taken over time, class by class: the differences between the "
        "classes of a step change. Whose maximum may be subtracted?",
    ),
    mistake(
        id="shifts_by_the_maximum_over_the_batch",
        old="logits.max(axis=-1, keepdims=True)",
        new="logits.max(axis=0, keepdims=True)",
        says="The maximum that is subtracted was taken over the batch, class by class: the differences between "
        "the classes of a step change. Whose maximum may be subtracted?",
    ),
    mistake(
        id="adds_the_maximum",
        old="logits - logits.max",
        new="logits + logits.max",
        says="The largest logit is added: large ones overflow all the sooner. With which sign does it keep the "
        "exponentials small?",
    ),
    mistake(
        id="shifts_by_the_largest_size",
        old="logits.max(axis=-1, keepdims=True)",
        new="abs(logits).max(axis=-1, keepdims=True)",
        says="The largest absolute value is subtracted: where all logits are far below zero, every exponential is "
        "0. Which number makes the largest exponential 1?",
    ),
    mistake(
        id="takes_tanh_of_the_states",
        old="h @ V.T",
        new="np.tanh(h) @ V.T",
        says="tanh is taken of the states once more. What is h already?",
    ),
    mistake(
        id="divides_by_the_sum_over_time_without_the_shift",
        old="""e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)""",
        new="""e = np.exp(logits)
    y = e / e.sum(axis=1, keepdims=True)""",
        says="Each exponential is divided by a sum over time, and large logits give NaN. Over which axis must the "
        "probabilities of a step sum to 1, and what is exp(1000)?",
    ),
    mistake(
        id="divides_by_the_sum_over_the_batch_without_the_shift",
        old="""e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)""",
        new="""e = np.exp(logits)
    y = e / e.sum(axis=0, keepdims=True)""",
        says="Each exponential is divided by a sum over the batch, and large logits give NaN. Over which axis "
        "must the probabilities of a step sum to 1, and what is exp(1000)?",
    ),
    mistake(
        id="divides_by_the_sum_over_everything_without_the_shift",
        old="""e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)""",
        new="""e = np.exp(logits)
    y = e / e.sum()""",
        says="Each exponential is divided by the sum over all steps and sequences, and large logits give NaN. "
        "What must sum to 1, and what is exp(1000)?",
    ),
    mistake(
        id="returns_the_shifted_logits",
        old="y = e / e.sum(axis=-1, keepdims=True)",
        new="y = logits - logits.max(axis=-1, keepdims=True)",
        says="These are the logits less the largest of each step. What does the softmax do with them?",
    ),
    mistake(
        id="takes_the_logarithm_of_the_probabilities",
        old="y = e / e.sum(axis=-1, keepdims=True)",
        new="""with np.errstate(divide="ignore"):
        y = np.log(e / e.sum(axis=-1, keepdims=True))""",
        says="The logarithm of the softmax is taken: negative numbers, and minus infinity where a probability "
        "underflows. What is asked for, the probabilities or their logarithms?",
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
        says="The list begins with the top layer. Which layer comes first in the statement?",
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
    mistake(
        id="keeps_the_caches_in_the_list",
        old="states.append(below)",
        new="states.append((below, _))",
        says="The list holds pairs, of states and a cache. What alone does the docstring list for a layer?",
    ),
    mistake(
        id="returns_a_tuple",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    states = tuple(states)""",
        says="The layers' states come in a tuple. Which type does the docstring name?",
    ),
    mistake(
        id="stacks_the_layers_in_one_array",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    states = np.array(states)""",
        says="Where all layers have the same size their states come as one array, and otherwise an error is raised. "
        "May layers differ in size, and what does the docstring return?",
    ),
    mistake(
        id="returns_x_among_the_layers",
        old="states = []",
        new="states = [x]",
        says="The list begins with x itself. Is the input one of the L layers?",
    ),
    mistake(
        id="lists_what_each_layer_reads",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="states.append(below)\n        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])",
        says="The list holds what each layer reads: it begins with x, and the top layer is missing. When does a "
        "layer's result belong in the list?",
    ),
    mistake(
        id="leaves_out_the_top_layer",
        old="enumerate(layers):",
        new="enumerate(layers[:-1]):",
        says="The top layer is never run. How many entries does the list have for L layers?",
    ),
    mistake(
        id="leaves_out_the_first_layer",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    states = states[1:]""",
        says="The states of the lowest layer are missing. How many entries does the list have for L layers?",
    ),
    mistake(
        id="requires_h0",
        old="None if h0 is None else h0[l]",
        new="h0[l]",
        says="Without h0 an error is raised. What do the layers start from if it is not given?",
    ),
    mistake(
        id="takes_the_initial_states_from_the_top",
        old=_OF_ITS_OWN,
        new="None if h0 is None else h0[-1 - l]",
        says="The initial states are taken from the last to the first (where all sizes are equal it even runs). To "
        "which layer does h0[l] belong?",
    ),
    mistake(
        id="starts_the_upper_layers_from_zeros",
        old=_OF_ITS_OWN,
        new="None if h0 is None or l > 0 else h0[l]",
        says="Only the first layer starts from its initial state, the others from zeros. Whose initial states does "
        "the list h0 hold?",
    ),
    mistake(
        id="repeats_the_top_layer",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    states = [below] * len(layers)""",
        says="Every entry of the list is the top layer. Which layer's states stand at place l?",
    ),
    mistake(
        id="returns_time_first",
        old="states.append(below)",
        new="states.append(below.transpose(1, 0, 2))",
        says="Each layer's states come with time as the first axis: (T, N, H). In which order does the docstring "
        "give the axes?",
    ),
    mistake(
        id="adds_the_states_below",
        old="states.append(below)",
        new="""below = below + (states[-1] if states and states[-1].shape == below.shape else 0)
        states.append(below)""",
        says="Where two layers are equally large, the states of the lower one are added to the upper one's. What "
        "does the equation do with the layer below, and where?",
    ),
    mistake(
        id="returns_the_top_layer_without_a_list",
        old="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)""",
        new="""below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    states = below""",
        says="The result is one array, the top layer's states. Of how many layers does the docstring give them, and "
        "in what?",
    ),
    mistake(
        id="leaves_out_the_biases",
        old="rnn_forward(below, U, W, b,",
        new="rnn_forward(below, U, W, 0 * b,",
        says="The states are those of layers without a bias. What stands beside the two products?",
    ),
    mistake(
        id="resets_the_state_at_each_step",
        old="below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])",
        new="start = 0.0 if h0 is None else h0[l][:, None] @ W.T\n        below = np.tanh(below @ U.T + start + b)",
        says="In every layer each step starts from the initial state: no state depends on an earlier input. What "
        "does a step hand to the next one?",
    ),
    mistake(
        id="uses_the_last_layers_weights_in_all",
        old="for l, (U, W, b) in enumerate(layers):",
        new="U, W, b = layers[-1]\n    for l, _ in enumerate(layers):",
        says="The last layer's weights are used in every layer (where all sizes are equal it even runs). Parameters "
        "are shared over time: are they shared over layers?",
    ),
    mistake(
        id="runs_all_layers_on_the_old_states",
        old="""for l, (U, W, b) in enumerate(layers):
        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])""",
        new="""h0 = [np.zeros((x.shape[0], W.shape[0])) for _, W, _ in layers] if h0 is None else h0
    for l, (U, W, b) in enumerate(layers):
        if l:
            below = np.concatenate([h0[l - 1][:, None], below[:, :-1]], axis=1)
        below, _ = rnn_forward(below, U, W, b, h0[l])""",
        says="An upper layer reads the states below of the step before, and the initial state below at the first "
        "step. Which step's states does the equation feed upwards?",
    ),
    mistake(
        id="writes_into_the_list_of_initial_states",
        old="""for l, (U, W, b) in enumerate(layers):
        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])""",
        new="""for l, (U, W, b) in enumerate(layers):
        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])
        if h0 is not None:
            h0[l] = below[:, -1]""",
        says="The caller's list h0 holds the last states after the call. Which list may you write into?",
    ),
    mistake(
        id="keeps_an_initial_state_in_front",
        old="states.append(below)",
        new="states.append(below if h0 is None else np.concatenate([h0[l][:, None], below], axis=1))",
        says="The initial state stands in front of each layer's states. Which is the first state that has read an "
        "input?",
    ),
    mistake(
        id="adds_the_input_of_a_layer_to_its_states",
        old="below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])",
        new="""under = below
        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])
        below = below + under if below.shape == under.shape else below""",
        says="Where the sizes allow it, what a layer reads is added to its states. What does the equation hand "
        "upwards?",
    ),
    mistake(
        id="returns_pairs",
        old="states.append(below)",
        new="states.append((below, None))",
        says="Each entry of the list is a pair. What does the docstring say that the list holds?",
    ),
    mistake(
        id="takes_the_initial_state_of_the_layer_below",
        old="None if h0 is None else h0[l]",
        new="None if h0 is None else h0[l - 1]",
        says="Each layer starts from the initial state of the layer below, the first one from that of the top "
        "(where all sizes are equal it even runs). Which entry of the list belongs to layer l, counted from 0?",
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
    ),
    mistake(
        id="counts_two_biases_in_each_layer",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H * H + 2 * H\n    upper = H * H + H * H + 2 * H",
        says="There are H numbers too many for each layer: a second bias, as PyTorch has, or an initial state. "
        "Which three arrays does a layer have?",
    ),
    mistake(
        id="lets_every_layer_read_the_input",
        old="upper = H * H + H * H + H",
        new="upper = H * D + H * H + H",
        says="Every layer has a U for D inputs. What does an upper layer read, and how many numbers is that?",
    ),
    mistake(
        id="lets_the_first_layer_read_H_inputs",
        old="first = H * D + H * H + H",
        new="first = H * H + H * H + H",
        says="The first layer has a U for H inputs. What does it read, and how many numbers is that?",
    ),
    mistake(
        id="leaves_out_the_output",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper",
        says="The output's parameters are not counted. What leads from the top state to the K classes?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_output",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper + K * H",
        says="The output's bias is not counted. What is added to V h?",
    ),
    mistake(
        id="leaves_out_the_recurrent_weights",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H\n    upper = H * H + H",
        says="Only one matrix is counted in each layer. What leads from a layer's state to its next one?",
    ),
    mistake(
        id="counts_one_layer_too_many",
        old="(L - 1) * upper",
        new="L * upper",
        says="There is one layer too many. How many layers stand above the first of L?",
    ),
    mistake(
        id="counts_the_upper_layers_once",
        old="(L - 1) * upper",
        new="upper",
        says="All the upper layers together are counted as one. Parameters are shared over time: over layers too?",
    ),
    mistake(
        id="lets_the_output_read_all_layers",
        old="+ K * H + K",
        new="+ K * H * L + K",
        says="V is counted as if it read all the layers. Which layer's state does the output read?",
    ),
    mistake(
        id="gives_every_layer_an_output",
        old="+ K * H + K",
        new="+ L * (K * H + K)",
        says="V and c_out are counted once for each layer. Which layer's state does the output read?",
    ),
    mistake(
        id="leaves_out_all_biases",
        old="first = H * D + H * H + H\n    upper = H * H + H * H + H\n    count = first + (L - 1) * upper + K * H + K",
        new="count = H * D + H * H + (L - 1) * 2 * H * H + K * H",
        says="No bias is counted, neither the layers' nor the output's. What is added to a product with a matrix?",
    ),
    mistake(
        id="leaves_out_U_of_the_upper_layers",
        old="upper = H * H + H * H + H",
        new="upper = H * H + H",
        says="The layers above the first are counted with one matrix each. What leads into an upper layer from "
        "below, and what from its own past?",
    ),
    mistake(
        id="leaves_out_U_of_the_first_layer",
        old="first = H * D + H * H + H",
        new="first = H * H + H",
        says="The first layer's U is not counted: the result does not depend on D. What leads from the input to the "
        "state?",
    ),
    mistake(
        id="takes_D_for_the_number_of_classes",
        old="+ K * H + K",
        new="+ D * H + D",
        says="The output is counted with D classes. How many rows does V have?",
    ),
    mistake(
        id="takes_H_biases_for_the_output",
        old="+ K * H + K",
        new="+ K * H + H",
        says="The output has H biases in this count. How many numbers does the product of V and a state have?",
    ),
    mistake(
        id="lets_the_upper_layers_read_x_as_well",
        old="upper = H * H + H * H + H",
        new="upper = H * (H + D) + H * H + H",
        says="Each upper layer has weights for x besides those for the layer below. What does an upper layer read?",
    ),
    mistake(
        id="counts_a_bias_as_one_number",
        old=_FIRST_AND_UPPER,
        new="first = H * D + H * H + 1\n    upper = H * H + H * H + 1",
        says="Each layer's bias counts as one number. How many units does a layer have?",
    ),
    mistake(
        id="counts_four_gates",
        old="(L - 1) * upper",
        new="4 * (L - 1) * upper + 3 * first",
        says="Each layer is counted four times, as an LSTM's four gates would be. How many matrices has a layer of "
        "this network?",
    ),
    mistake(
        id="returns_a_float",
        old="count = first + (L - 1) * upper + K * H + K",
        new="count = float(first + (L - 1) * upper + K * H + K)",
        says="The count is a float. Can a network have half a parameter, and which type does the docstring give?",
    ),
    mistake(
        id="counts_two_biases_everywhere",
        old="first = H * D + H * H + H\n    upper = H * H + H * H + H\n    count = first + (L - 1) * upper + K * H + K",
        new="""first = H * D + H * H + 2 * H
    upper = H * H + H * H + 2 * H
    count = first + (L - 1) * upper + K * H + 2 * K""",
        says="Every bias is counted twice, the output's as well. How many has the lecture's equation?",
    ),
    mistake(
        id="counts_one_layer_too_few",
        old="(L - 1) * upper",
        new="max(L - 2, 0) * upper",
        says="There is one layer too few where L is above 1. How many layers stand above the first of L?",
    ),
    mistake(
        id="counts_the_first_layer_alone",
        old="(L - 1) * upper + ",
        new="",
        says="Only one layer is counted, whatever L is. What do the layers above it have?",
    ),
    mistake(
        id="counts_the_output_with_D_inputs",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper + K * D + K",
        says="V is counted with D columns. Which vector does the output read?",
    ),
    mistake(
        id="counts_the_top_layer_not",
        old="(L - 1) * upper + K * H + K",
        new="(L - 1) * upper + K * H + K - (upper if L > 1 else first)",
        says="One layer is not counted. How many layers are there, and where does your loop begin and end?",
    ),
    mistake(
        id="gives_a_numpy_integer",
        old="K * H + K",
        new="np.int64(K * H + K)",
        says="The count is a NumPy number. Which type does the docstring give?",
    ),
]

_UNUSED = (
    "The generator that is passed in is never used: nothing that it holds decides what is drawn. How often should a "
    "symbol of probability 1/4 appear, and what alone should decide when?"
)
_COLD_BIAS = (
    "At a small temperature c_out does not count beside V h: it is left out, or not divided by it. What do "
    "the brackets of the equation hold?"
)
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
        says=_COLD_BIAS,
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
        says=_UNUSED,
    ),
    mistake(
        id="draws_from_the_global_generator",
        old="rng.choice(K, p=p)",
        new="np.random.choice(K, p=p)",
        says="The draws come from the generator that all code shares. Can anyone repeat this sequence who has only "
        "rng?",
    ),
    mistake(
        id="makes_a_generator_of_its_own",
        old="rng.choice(K, p=p)",
        new="np.random.default_rng(0).choice(K, p=p)",
        says=_UNUSED,
    ),
    mistake(
        id="feeds_the_probabilities_instead_of_the_symbol",
        old="x = one_hot(np.array([[symbol]]), K)[:, 0]",
        new="x = p[None] if drawn else one_hot(np.array([[0]]), K)[:, 0]",
        says="The model is fed the probabilities, so it never learns what was drawn. Can it make a word of a "
        "mixture of letters?",
        exempt=_SAME_PATH,
    ),
    mistake(
        id="returns_an_array",
        old="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)""",
        new="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)
    drawn = np.array(drawn, dtype=int)""",
        says="The symbols come in a NumPy array. Which type does the docstring name?",
    ),
    mistake(
        id="draws_one_symbol_too_few",
        old="len(drawn) < max_length",
        new="len(drawn) < max_length - 1",
        says="A sequence that does not end by itself is one symbol too short. How many symbols are there when your "
        "loop asks whether to go on?",
    ),
    mistake(
        id="begins_with_another_symbol",
        old="symbol, drawn = 0, []",
        new="symbol, drawn = 1, []",
        says="The first input is symbol 1. Which symbol stands for START?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_output",
        old='model["c_out"] / temperature',
        new='0 * model["c_out"]',
        says=_COLD_BIAS,
    ),
    mistake(
        id="passes_over_END",
        old="if symbol == 0:\n            break",
        new="if symbol == 0:\n            max_length -= 1\n            continue",
        says="END is left out of the result, and the drawing goes on behind it. What should happen when it is drawn?",
    ),
    mistake(
        id="never_draws_END",
        old="int(rng.choice(K, p=p))",
        new="int(1 + rng.choice(K - 1, p=p[1:] / p[1:].sum()))",
        says="END is never drawn: every sequence is as long as it may be. Is symbol 0 among those the model chooses "
        "from?",
    ),
    mistake(
        id="divides_the_models_weights_in_place",
        old='p = rnn_output(h[:, None], model["V"] / temperature, model["c_out"] / temperature)[0, 0]',
        new="""model["V"] /= temperature
        model["c_out"] /= temperature
        p = rnn_output(h[:, None], model["V"], model["c_out"])[0, 0]""",
        says="The model's V and c_out are other numbers after the call, divided by the temperature once for each "
        "draw. What should a sampler leave of the model it is given?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_step",
        old='model["W"], model["b"])',
        new='model["W"], 0 * model["b"])',
        says="The states are those of a network without the bias b. What stands beside the two products?",
    ),
    mistake(
        id="uses_W_untransposed",
        old='model["W"], model["b"])',
        new='model["W"].T, model["b"])',
        says="The rows and columns of W are exchanged in the step: W is square, so NumPy does not complain. Which "
        "entry of W leads from unit j to unit i?",
    ),
    mistake(
        id="starts_from_a_state_of_ones",
        old="h = np.zeros(",
        new="h = np.ones(",
        says="The first state is full of ones. What does the docstring say of it?",
    ),
    mistake(
        id="returns_the_sequence_in_reverse",
        old="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)""",
        new="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)
    drawn = drawn[::-1]""",
        says="The symbols come in reverse: the last drawn is the first. Where does a drawn symbol go in the list?",
    ),
    mistake(
        id="draws_from_equal_chances",
        old="rng.choice(K, p=p)",
        new="rng.choice(K)",
        says="All symbols are equally likely, whatever the model says. Which probabilities should each draw have?",
        exempt="what is drawn depends on the stream of random numbers alone",
    ),
    mistake(
        id="scales_the_input_by_the_symbol",
        old="x = one_hot(np.array([[symbol]]), K)[:, 0]",
        new="x = symbol * one_hot(np.array([[symbol]]), K)[:, 0]",
        says="The input holds the symbol's number in the place of 1. What does a one-hot vector hold?",
    ),
    mistake(
        id="ends_at_the_last_symbol",
        old="if symbol == 0:",
        new="if symbol == K - 1:",
        says="The sequence ends with the last symbol instead of symbol 0. Which symbol stands for END?",
    ),
    mistake(
        id="returns_a_tuple",
        old="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)""",
        new="""symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)
    drawn = tuple(drawn)""",
        says="The symbols come in a tuple. Which type does the docstring name?",
    ),
]
