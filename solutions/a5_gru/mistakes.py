"""The mistakes that students make in assignment 5: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_Z_REVERSED = (
    "The update gate works the other way round: this is PyTorch's convention, in which an open gate keeps the old "
    "state. In the lecture's equation, which of the two states does z multiply?"
)
_RESET_AFTER = (
    "The reset gate acts after the product with W_n, as in PyTorch: it weighs what a unit hears, not what it is heard "
    "to say. In the lecture's equation, what stands beside r inside the brackets?"
)

MISTAKES["gru_step_forward"] = [
    mistake(
        id="reverses_the_update_gate",
        old="(1 - z) * h_prev + z * n",
        new="z * h_prev + (1 - z) * n",
        says=_Z_REVERSED,
    ),
    mistake(
        id="resets_after_the_product",
        old="(r * h_prev) @ W_n.T",
        new="r * (h_prev @ W_n.T)",
        says=_RESET_AFTER,
    ),
    mistake(
        id="resets_the_input",
        old="np.tanh(a_n + (r * h_prev) @ W_n.T)",
        new="np.tanh(r * a_n + h_prev @ W_n.T)",
        says="The reset gate lies on the input, and the old state passes in full. If r is near 0, which of the two "
        "should the candidate forget?",
    ),
    mistake(
        id="resets_all_that_the_candidate_reads",
        old="np.tanh(a_n + (r * h_prev) @ W_n.T)",
        new="np.tanh(r * (a_n + h_prev @ W_n.T))",
        says="The reset gate lies on the whole sum inside tanh, the input and the bias included. With r near 0 the "
        "lecture stores new input information: where does it come from here?",
    ),
    mistake(
        id="swaps_r_and_z",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n""",
        new="""a_z, a_r, a_n = np.split(x @ U.T + b, 3, axis=1)
    W_z, W_r, W_n""",
        says="Reset and update gate have exchanged their weights. Which rows belong to r and which to z, and what "
        "does each of the two do?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_r",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n""",
        new="""a_n, a_z, a_r = np.split(x @ U.T + b, 3, axis=1)
    W_n, W_z, W_r""",
        says="The candidate and the reset gate have exchanged their weights. Do the rows of the candidate come first "
        "or last?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_z",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n""",
        new="""a_r, a_n, a_z = np.split(x @ U.T + b, 3, axis=1)
    W_r, W_n, W_z""",
        says="The candidate and the update gate have exchanged their weights. Which H rows of U, W and b belong to "
        "each of the three?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="np.tanh(a_n",
        new="sigmoid(a_n",
        says="The candidate goes through a sigmoid: it can never be negative. Which of the three is no gate?",
    ),
    mistake(
        id="uses_tanh_for_the_reset_gate",
        old="sigmoid(a_r",
        new="np.tanh(a_r",
        says="The reset gate goes through tanh and can turn a state's sign. Between which numbers must a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_update_gate",
        old="sigmoid(a_z",
        new="np.tanh(a_z",
        says="The update gate goes through tanh, so it may be negative and the two shares no mixture. Between which "
        "numbers must a gate lie?",
    ),
    mistake(
        id="leaves_out_the_reset_gate",
        old="(r * h_prev) @ W_n.T",
        new="h_prev @ W_n.T",
        says="The reset gate is computed and never used. What does it multiply?",
    ),
    mistake(
        id="keeps_nothing_of_the_old_state",
        old="(1 - z) * h_prev + z * n",
        new="z * n",
        says="The new state is z times the candidate, and the old state is not copied at all. What becomes of a unit "
        "whose update gate is shut?",
    ),
    mistake(
        id="keeps_all_of_the_old_state",
        old="(1 - z) * h_prev + z * n",
        new="h_prev + z * n",
        says="The candidate is added to the whole old state, so a state can grow without bound. Who forgets in a GRU, "
        "which has no forget gate?",
    ),
    mistake(
        id="copies_the_reset_state",
        old="(1 - z) * h_prev + z * n",
        new="(1 - z) * (r * h_prev) + z * n",
        says="What is copied has gone through the reset gate. How many times does r stand in the equations, and in "
        "which of them?",
    ),
    mistake(
        id="mixes_by_the_reset_gate",
        old="(1 - z) * h_prev + z * n",
        new="(1 - r) * h_prev + r * n",
        says="The reset gate mixes the old state and the candidate, and z does nothing. Which gate decides how much of "
        "the state is renewed?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="x @ U.T + b",
        new="x @ U.T",
        says="All biases are missing. What should the gates be where the input and the old state are zero?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_candidate",
        old="np.tanh(a_n + (r * h_prev) @ W_n.T)",
        new="np.tanh(a_n - b[-a_n.shape[1] :] + (r * h_prev) @ W_n.T)",
        says="The gates have their biases and the candidate has none, as on the slides. What does the table of the "
        "notation say of the candidate?",
    ),
    mistake(
        id="gives_the_reset_gate_the_bias_of_the_update_gate",
        old="sigmoid(a_r + h_prev @ W_r.T)",
        new="sigmoid(a_r - b[: a_r.shape[1]] + b[a_r.shape[1] : 2 * a_r.shape[1]] + h_prev @ W_r.T)",
        says="The reset gate has the update gate's bias. On the slide the bias of r is called b_f, a slip: which rows "
        "of b are its own?",
    ),
    mistake(
        id="uses_W_untransposed_in_the_gates",
        old="""r = sigmoid(a_r + h_prev @ W_r.T)  # (N, H)
    z = sigmoid(a_z + h_prev @ W_z.T)  # (N, H)""",
        new="""r = sigmoid(a_r + h_prev @ W_r)
    z = sigmoid(a_z + h_prev @ W_z)""",
        says="In the gates each unit adds up a column of W_r and W_z instead of a row. Both are square, so NumPy does"
        " not complain: with one state per row, which product is a matrix times each state?",
    ),
    mistake(
        id="uses_W_untransposed_in_the_candidate",
        old="(r * h_prev) @ W_n.T",
        new="(r * h_prev) @ W_n",
        says="In the candidate each unit adds up a column of W_n instead of a row. W_n is square, so NumPy does not "
        "complain: with one state per row, which product is W_n times each state?",
    ),
    mistake(
        id="gates_see_the_input_alone",
        old="""r = sigmoid(a_r + h_prev @ W_r.T)  # (N, H)
    z = sigmoid(a_z + h_prev @ W_z.T)  # (N, H)""",
        new="""r = sigmoid(a_r)
    z = sigmoid(a_z)""",
        says="The gates do not depend on the old state. On what two things does the lecture base a gate?",
    ),
    mistake(
        id="overwrites_the_old_state",
        old="h = (1 - z) * h_prev + z * n  # (N, H)",
        new="h = h_prev\n    h *= 1 - z\n    h += z * n",
        says="The new state was written into h_prev: the caller has lost the state before the step. "
        "Who else may still need that array, the cache for one?",
    ),
    mistake(
        id="gives_the_update_gate_the_bias_of_the_reset_gate",
        old="sigmoid(a_z + h_prev @ W_z.T)",
        new="sigmoid(a_z - b[a_z.shape[1] : 2 * a_z.shape[1]] + b[: a_z.shape[1]] + h_prev @ W_z.T)",
        says="The update gate has the reset gate's bias. Which rows of b are its own?",
    ),
    mistake(
        id="gives_all_three_the_bias_of_the_reset_gate",
        old="x @ U.T + b",
        new="x @ U.T + np.tile(b[: len(b) // 3], 3)",
        says="Both gates and the candidate have the reset gate's bias. How many rows of b does each of them own?",
    ),
    mistake(
        id="gives_the_update_gate_the_W_of_the_reset_gate",
        old="h_prev @ W_z.T",
        new="h_prev @ W_r.T",
        says="In the update gate the old state meets W_r. Which matrix stands there in the equation?",
    ),
    mistake(
        id="gives_the_reset_gate_the_W_of_the_update_gate",
        old="h_prev @ W_r.T",
        new="h_prev @ W_z.T",
        says="In the reset gate the old state meets W_z. Which matrix stands there in the equation?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_reset_gate",
        old="r = sigmoid(a_r + h_prev @ W_r.T)",
        new="r = a_r + h_prev @ W_r.T",
        says="The reset gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_update_gate",
        old="z = sigmoid(a_z + h_prev @ W_z.T)",
        new="z = a_z + h_prev @ W_z.T",
        says="The update gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="np.tanh(a_n + (r * h_prev) @ W_n.T)",
        new="a_n + (r * h_prev) @ W_n.T",
        says="The candidate has not been through tanh: states can grow beyond 1. Which function keeps it "
        "between -1 and 1?",
    ),
    mistake(
        id="lets_the_candidate_read_the_input_alone",
        old="np.tanh(a_n + (r * h_prev) @ W_n.T)",
        new="np.tanh(a_n)",
        says="The candidate does not depend on the old state. Which two things does it read?",
    ),
    mistake(
        id="lets_all_three_read_the_state_alone",
        old="x @ U.T + b",
        new="np.zeros((len(x), 1)) + b",
        says="The new state does not depend on the input. Which product is missing?",
    ),
    mistake(
        id="resets_by_the_update_gate",
        old="(r * h_prev) @ W_n.T",
        new="(z * h_prev) @ W_n.T",
        says="The update gate stands before the product with W_n, and the reset gate has no effect. Which of "
        "the two decides what the candidate sees of the old state?",
    ),
    mistake(
        id="resets_by_one_minus_r",
        old="(r * h_prev) @ W_n.T",
        new="((1 - r) * h_prev) @ W_n.T",
        says="The reset gate works the other way round: open, it hides the old state. What is r h where r is 1?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="x @ U.T + b",
        new="x @ U.T + 2 * b",
        says="The biases count twice, as if each product had one. How many does each equation have?",
    ),
    mistake(
        id="returns_the_candidate",
        old="(1 - z) * h_prev + z * n",
        new="1.0 * n",
        says="The new state is the candidate: nothing of the old state is copied, and the update gate has no "
        "effect. What does z mix?",
    ),
    mistake(
        id="takes_the_rows_as_z_n_r",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n""",
        new="""a_z, a_n, a_r = np.split(x @ U.T + b, 3, axis=1)
    W_z, W_n, W_r""",
        says="The rows are taken in the order z, n, r. Which H rows of U, W and b belong to each of the three?",
    ),
    mistake(
        id="takes_the_rows_as_n_r_z",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n""",
        new="""a_n, a_r, a_z = np.split(x @ U.T + b, 3, axis=1)
    W_n, W_r, W_z""",
        says="The rows are taken in the order n, r, z. Which H rows of U, W and b belong to each of the three?",
    ),
    mistake(
        id="interleaves_the_gates",
        old="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n = np.split(W, 3)""",
        new="""a_r, a_z, a_n = np.moveaxis((x @ U.T + b).reshape(len(x), -1, 3), 2, 0)
    W_r, W_z, W_n = np.moveaxis(W.reshape(-1, 3, W.shape[1]), 1, 0)""",
        says="Every third row is taken for the same gate. Do the rows of a gate lie side by side, or one unit's three?",
    ),
    mistake(
        id="resets_before_and_after_the_product",
        old="(r * h_prev) @ W_n.T",
        new="r * ((r * h_prev) @ W_n.T)",
        says="The reset gate acts before the product with W_n and once more after it. How often does r stand "
        "in the equation?",
    ),
    mistake(
        id="uses_W_untransposed_everywhere",
        old="""r = sigmoid(a_r + h_prev @ W_r.T)  # (N, H)
    z = sigmoid(a_z + h_prev @ W_z.T)  # (N, H)
    n = np.tanh(a_n + (r * h_prev) @ W_n.T)""",
        new="""r = sigmoid(a_r + h_prev @ W_r)
    z = sigmoid(a_z + h_prev @ W_z)
    n = np.tanh(a_n + (r * h_prev) @ W_n)""",
        says="In gates and candidate each unit adds up a column of its matrix instead of a row. The matrices "
        "are square, so NumPy does not complain: with one state per row, which product is a matrix times "
        "each state?",
    ),
    mistake(
        id="keeps_the_old_state_alone",
        old="(1 - z) * h_prev + z * n",
        new="(1 - z) * h_prev + z * h_prev * n",
        says="The candidate is multiplied by the old state. What does z multiply in the equation?",
    ),
    mistake(
        id="takes_the_reset_gate_into_the_mix",
        old="(1 - z) * h_prev + z * n",
        new="(1 - z) * h_prev + r * n",
        says="The candidate's share is the reset gate, and the two shares do not add up to 1. Which gate "
        "decides how much of the state is renewed?",
    ),
    mistake(
        id="gives_the_candidate_the_bias_of_the_update_gate",
        old="a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)",
        new="""b_r, b_z, _ = np.split(b, 3)
    a_r, a_z, a_n = np.split(x @ U.T + np.concatenate([b_r, b_z, b_z]), 3, axis=1)""",
        says="The candidate has the update gate's bias. How many biases does each of the three own?",
    ),
    mistake(
        id="gives_the_candidate_the_W_of_the_update_gate",
        old="(r * h_prev) @ W_n.T",
        new="(r * h_prev) @ W_z.T",
        says="The candidate reads the state through the update gate's W. Which H rows of W belong to it?",
    ),
    mistake(
        id="gives_the_candidate_the_W_of_the_reset_gate",
        old="(r * h_prev) @ W_n.T",
        new="(r * h_prev) @ W_r.T",
        says="The candidate reads the state through the reset gate's W. Which H rows of W belong to it?",
    ),
    mistake(
        id="gives_the_update_gate_the_U_of_the_reset_gate",
        old="a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each",
        new="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)
    H = h_prev.shape[1]
    a_z = a_r + b[H : 2 * H] - b[:H]""",
        says="The update gate reads the input through the reset gate's U. Which H rows of U belong to it?",
    ),
    mistake(
        id="gives_the_reset_gate_the_U_of_the_update_gate",
        old="a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each",
        new="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)
    H = h_prev.shape[1]
    a_r = a_z + b[:H] - b[H : 2 * H]""",
        says="The reset gate reads the input through the update gate's U. Which H rows of U belong to it?",
    ),
    mistake(
        id="gives_the_candidate_the_U_of_the_update_gate",
        old="a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each",
        new="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)
    H = h_prev.shape[1]
    a_n = a_z + b[2 * H :] - b[H : 2 * H]""",
        says="The candidate reads the input through the update gate's U. Which H rows of U belong to it?",
    ),
    mistake(
        id="gives_the_candidate_the_U_of_the_reset_gate",
        old="a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each",
        new="""a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)
    H = h_prev.shape[1]
    a_n = a_r + b[2 * H :] - b[:H]""",
        says="The candidate reads the input through the reset gate's U. Which H rows of U belong to it?",
    ),
]

_FROM_THE_CANDIDATE = """drh = da_n @ W_n  # (N, H): da_n/d(r h_{t-1}) = W_n
    da_r = drh * h_prev * r * (1 - r)  # d(r h_{t-1})/dr = h_{t-1}
    da = np.hstack([da_r, da_z, da_n])  # (N, 3H)
    dx = da @ U  # (N, D): da/dx = U
    dh_prev = dh * (1 - z) + drh * r + da_r @ W_r + da_z @ W_z  # the copy, the candidate, the two gates
    dU = da.T @ x  # (3H, D): the sum over the batch
    dW = np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r * h_prev)])"""
MISTAKES["gru_step_backward"] = [
    mistake(
        id="drops_the_copy",
        old="dh * (1 - z) + drh * r",
        new="drh * r",
        says="dh_prev lacks what comes straight through the copy, where no matrix stands in the way. Which term of "
        "h_t holds h_{t-1} itself?",
    ),
    mistake(
        id="takes_z_for_the_copy",
        old="dh * (1 - z) + drh * r",
        new="dh * z + drh * r",
        says="Through the copy comes z times dh. Which share of the old state did the forward step keep?",
    ),
    mistake(
        id="copies_the_gradient_in_full",
        old="dh * (1 - z) + drh * r",
        new="dh + drh * r",
        says="Through the copy comes the whole of dh, as if the cell only added. Which share of the old state did the "
        "forward step keep?",
    ),
    mistake(
        id="drops_the_candidate",
        old="dh * (1 - z) + drh * r + da_r",
        new="dh * (1 - z) + da_r",
        says="dh_prev lacks what comes through the candidate, which read r times h_{t-1}. In which four places does "
        "the step read the old state?",
    ),
    mistake(
        id="forgets_the_reset_gate_on_the_way_back",
        old="drh * r + da_r",
        new="drh + da_r",
        says="What comes back through W_n reaches h_{t-1} without the reset gate. The product read r times h_{t-1}: "
        "what is its derivative by h_{t-1}?",
    ),
    mistake(
        id="drops_the_reset_gate_s_path_to_the_state",
        old=" + da_r @ W_r + da_z @ W_z  # the copy",
        new=" + da_z @ W_z  # the copy",
        says="dh_prev lacks what comes through the reset gate, which is a function of the old state too. In which four "
        "places does the step read it?",
    ),
    mistake(
        id="drops_the_update_gate_s_path_to_the_state",
        old=" + da_r @ W_r + da_z @ W_z  # the copy",
        new=" + da_r @ W_r  # the copy",
        says="dh_prev lacks what comes through the update gate, which is a function of the old state too. In which "
        "four places does the step read it?",
    ),
    mistake(
        id="drops_both_gates_paths_to_the_state",
        old=" + da_r @ W_r + da_z @ W_z  # the copy",
        new="  # the copy",
        says="dh_prev treats both gates as constants. On what do r and z depend besides the input?",
    ),
    mistake(
        id="drops_the_reset_gate",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = np.zeros_like(r)",
        says="No gradient reaches the reset gate: it can never learn. By way of which product does r change the loss?",
    ),
    mistake(
        id="reaches_the_reset_gate_past_the_product",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = da_n * h_prev * r * (1 - r)",
        says="The gradient goes from the candidate's sum to r without passing W_n. In the forward step a matrix stands "
        "between r h_{t-1} and that sum: what brings a gradient back through it?",
    ),
    mistake(
        id="resets_after_the_product",
        old=_FROM_THE_CANDIDATE,
        new=_FROM_THE_CANDIDATE.replace("drh = da_n @ W_n ", "drh = (da_n * r) @ W_n / r ")
        .replace("drh * h_prev * r", "da_n * (h_prev @ W_n.T) * r")
        .replace("da_n.T @ (r * h_prev)", "(da_n * r).T @ h_prev"),
        says="These are the gradients of a candidate that is reset after the product with W_n, as in PyTorch. In the "
        "lecture's step, does r multiply the product or what enters it?",
    ),
    mistake(
        id="leaves_out_the_state_in_the_reset_gate",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * r * (1 - r)",
        says="The reset gate's gradient lacks the state that it multiplies. What is the derivative of r h_{t-1} by r?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_the_sigmoid_in_r",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * h_prev",
        says="The gradient of the reset gate stops at r; what feeds U, W and b is the sum before the sigmoid. Which "
        "factor leads there?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_the_sigmoid_in_z",
        old="da_z = dh * (n - h_prev) * z * (1 - z)",
        new="da_z = dh * (n - h_prev)",
        says="The gradient of the update gate stops at z; what feeds U, W and b is the sum before the sigmoid. Which "
        "factor leads there?",
    ),
    mistake(
        id="reverses_the_update_gate",
        old="dh * (n - h_prev) * z",
        new="dh * (h_prev - n) * z",
        says="The update gate's gradient has the wrong sign: it belongs to the convention in which an open gate keeps "
        "the old state. If z grows a little, towards which of the two does h_t move?",
    ),
    mistake(
        id="forgets_that_z_is_in_the_copy_too",
        old="dh * (n - h_prev) * z",
        new="dh * n * z",
        says="In the gradient of z the candidate stands alone. z occurs twice in the equation of h_t: what is the "
        "derivative of 1 - z times h_{t-1}?",
    ),
    mistake(
        id="forgets_z_before_the_candidate",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * (1 - n**2)",
        says="The candidate receives the whole of dh. Which share of it went into h_t?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_tanh",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * z",
        says="The candidate's gradient stops at h'; what feeds U, W and b is the sum before tanh. Which factor leads "
        "there?",
    ),
    mistake(
        id="takes_tanh_of_the_candidate_again",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * z * (1 - np.tanh(n) ** 2)",
        says="tanh is applied to n a second time: n is already what came out of it. Which of the two does the "
        "derivative of tanh need here?",
    ),
    mistake(
        id="uses_the_sigmoid_s_derivative_for_the_candidate",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * z * n * (1 - n)",
        says="The candidate's gradient has the derivative of a sigmoid. Which function made h'?",
    ),
    mistake(
        id="uses_W_n_transposed",
        old="drh = da_n @ W_n",
        new="drh = da_n @ W_n.T",
        says="On the way back through the candidate's product W_n is transposed: it is square, so NumPy does not "
        "complain. Forward, each row met W_n's transpose: what must it meet on the way back?",
    ),
    mistake(
        id="gives_W_n_the_unreset_state",
        old="da_n.T @ (r * h_prev)",
        new="da_n.T @ h_prev",
        says="The rows of n in dW are made with h_{t-1}. What did W_n multiply in the forward step?",
    ),
    mistake(
        id="gives_the_gates_the_reset_state",
        old="da_r.T @ h_prev, da_z.T @ h_prev",
        new="da_r.T @ (r * h_prev), da_z.T @ (r * h_prev)",
        says="The rows of the gates in dW are made with the reset state. What did W_r and W_z multiply in the forward "
        "step?",
    ),
    mistake(
        id="swaps_the_rows_of_r_and_z",
        old="da = np.hstack([da_r, da_z, da_n])",
        new="da = np.hstack([da_z, da_r, da_n])",
        says="In dU, db and dx the rows of r and z have changed places. In which order do the rows of U belong to the "
        "gates?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="dU = da.T @ x  # (3H, D): the sum over the batch",
        new="dU = da.T @ x / len(x)",
        says="dU is the mean over the batch. The loss is one number to which each sequence contributes: is its "
        "gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="leaves_db_for_each_row",
        old="db = da.sum(axis=0)",
        new="db = da",
        says="db has a row for each sequence. One b serves the whole batch: what becomes of the rows' contributions?",
    ),
    mistake(
        id="edits_dh_in_place",
        old="da_n = dh * z * (1 - n**2)",
        new="dh *= z * (1 - n**2)\n    da_n = dh",
        says="dh itself is overwritten on the way, and what is computed from it afterwards is wrong, as is the "
        "caller's array. Which of your lines writes into an argument?",
    ),
    mistake(
        id="squares_one_minus_the_candidate",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * z * (1 - n) ** 2",
        says="In the candidate's gradient one minus n is squared as a whole. What is squared in the derivative"
        " of tanh?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_reset_gate",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * h_prev * (1 - r**2)",
        says="The reset gate's gradient has the slope of tanh. Which function makes a gate, and what is its "
        "derivative?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_update_gate",
        old="da_z = dh * (n - h_prev) * z * (1 - z)",
        new="da_z = dh * (n - h_prev) * (1 - z**2)",
        says="The update gate's gradient has the slope of tanh. Which function makes a gate, and what is its "
        "derivative?",
    ),
    mistake(
        id="takes_the_sigmoid_of_the_reset_gate_again",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * h_prev * sigmoid(r) * (1 - sigmoid(r))",
        says="The reset gate's slope is taken of the sigmoid of r. Is r what goes into the sigmoid, or what comes out?",
    ),
    mistake(
        id="takes_the_sigmoid_of_the_update_gate_again",
        old="da_z = dh * (n - h_prev) * z * (1 - z)",
        new="da_z = dh * (n - h_prev) * sigmoid(z) * (1 - sigmoid(z))",
        says="The update gate's slope is taken of the sigmoid of z. Is z what goes into the sigmoid, or what "
        "comes out?",
    ),
    mistake(
        id="gives_the_reset_gate_the_slope_of_the_update_gate",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * h_prev * z * (1 - z)",
        says="The reset gate's gradient has the slope of the update gate. Of which number is its own slope made?",
    ),
    mistake(
        id="gives_the_update_gate_the_slope_of_the_reset_gate",
        old="da_z = dh * (n - h_prev) * z * (1 - z)",
        new="da_z = dh * (n - h_prev) * r * (1 - r)",
        says="The update gate's gradient has the slope of the reset gate. Of which number is its own slope made?",
    ),
    mistake(
        id="gives_the_candidate_the_share_of_the_copy",
        old="da_n = dh * z * (1 - n**2)",
        new="da_n = dh * (1 - z) * (1 - n**2)",
        says="The candidate receives the copy's share of dh. Which share of it went into h_t?",
    ),
    mistake(
        id="multiplies_the_reset_gates_gradient_by_r",
        old="da_r = drh * h_prev * r * (1 - r)",
        new="da_r = drh * r * h_prev * r * (1 - r)",
        says="The reset gate's gradient holds r once too often. By what is r multiplied in the forward step?",
    ),
    mistake(
        id="sends_the_gates_gradients_through_transposes",
        old="da_r @ W_r + da_z @ W_z",
        new="da_r @ W_r.T + da_z @ W_z.T",
        says="What comes back through the gates' products goes through the transposed matrices: both are "
        "square, so NumPy does not complain. What must each row meet on the way back?",
    ),
    mistake(
        id="averages_all_over_the_batch",
        old="""dU = da.T @ x  # (3H, D): the sum over the batch
    dW = np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r * h_prev)])  # (3H, H): W_n meets r h_{t-1}
    db = da.sum(axis=0)""",
        new="""dU = da.T @ x / len(x)
    dW = np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r * h_prev)]) / len(x)
    db = da.mean(axis=0)""",
        says="The weights' gradients are means over the batch. The loss is one number to which each sequence "
        "contributes: is its gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="averages_the_biases",
        old="db = da.sum(axis=0)",
        new="db = da.mean(axis=0)",
        says="db is the mean over the batch. The loss is one number to which each sequence contributes: is its"
        " gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="swaps_the_rows_of_z_and_n",
        old="da = np.hstack([da_r, da_z, da_n])",
        new="da = np.hstack([da_r, da_n, da_z])",
        says="In dU, db and dx the rows of z and n have changed places. Which H rows of U, W and b belong to "
        "each of the three?",
    ),
    mistake(
        id="swaps_the_rows_of_r_and_n",
        old="da = np.hstack([da_r, da_z, da_n])",
        new="da = np.hstack([da_n, da_z, da_r])",
        says="In dU, db and dx the rows of r and n have changed places. Which H rows of U, W and b belong to "
        "each of the three?",
    ),
    mistake(
        id="swaps_the_rows_of_r_and_z_in_dW",
        old="da_r.T @ h_prev, da_z.T @ h_prev,",
        new="da_z.T @ h_prev, da_r.T @ h_prev,",
        says="In dW the rows of r and z have changed places. Which H rows of W belong to each of the three?",
    ),
    mistake(
        id="leaves_the_gates_out_of_dx",
        old="dx = da @ U",
        new="dx = da_n @ U[-len(U) // 3 :]",
        says="dx holds what came through the candidate and nothing that came through the gates. Which of the "
        "three read x?",
    ),
    mistake(
        id="adds_dh_to_the_gradient_at_h_prev",
        old="dh_prev = dh * (1 - z)",
        new="dh_prev = dh + dh * (1 - z)",
        says="dh is added to dh_prev once more in full. Which share of the old state did the forward step copy?",
    ),
    mistake(
        id="sends_the_candidates_gradient_through_the_update_gate",
        old="drh * r + da_r",
        new="drh * z + da_r",
        says="What comes back through W_n reaches h_{t-1} by the update gate. Which gate stands before the "
        "product with W_n?",
    ),
    mistake(
        id="sums_db_over_the_gates",
        old="db = da.sum(axis=0)",
        new="db = da.sum(axis=1)",
        says="db has one number for each sequence, the sum over all gates and units. Over which axis do the "
        "uses of one bias lie?",
    ),
    mistake(
        id="transposes_dU",
        old="dU = da.T @ x",
        new="dU = x.T @ da",
        says="dU has the shape of U's transpose. What shape has a gradient, compared with what it belongs to?",
    ),
    mistake(
        id="transposes_the_blocks_of_dW",
        old="np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r * h_prev)])",
        new="np.vstack([h_prev.T @ da_r, h_prev.T @ da_z, (r * h_prev).T @ da_n])",
        says="Each of the three blocks of dW is transposed: they are square, so NumPy does not complain. Which"
        " index of dW belongs to the unit that reads, and which to the unit that is read?",
    ),
    mistake(
        id="treats_the_gates_as_constants",
        old="da = np.hstack([da_r, da_z, da_n])",
        new="""da_r, da_z = 0 * da_r, 0 * da_z
    da = np.hstack([da_r, da_z, da_n])""",
        says="No gradient reaches the gates: neither their weights nor what they read. On what do r and z depend?",
    ),
    mistake(
        id="makes_dW_of_the_candidate_with_z",
        old="da_n.T @ (r * h_prev)",
        new="da_n.T @ (z * h_prev)",
        says="The rows of n in dW are made with z times h_{t-1}. What did W_n multiply in the forward step?",
    ),
    mistake(
        id="takes_the_update_gate_for_its_slope",
        old="dh * (n - h_prev) * z * (1 - z)",
        new="dh * (n - h_prev) * z",
        says="In the update gate's rows the gate itself stands in the place of its slope. What is the derivative "
        "of the sigmoid, in terms of its value?",
    ),
    mistake(
        id="takes_one_minus_the_update_gate_for_its_slope",
        old="dh * (n - h_prev) * z * (1 - z)",
        new="dh * (n - h_prev) * (1 - z)",
        says="In the update gate's rows the slope is 1 - z: one factor is missing. What is the derivative of the "
        "sigmoid, in terms of its value?",
    ),
    mistake(
        id="takes_the_reset_gate_for_its_slope",
        old="drh * h_prev * r * (1 - r)",
        new="drh * h_prev * r",
        says="In the reset gate's rows the gate itself stands in the place of its slope. What is the derivative "
        "of the sigmoid, in terms of its value?",
    ),
    mistake(
        id="takes_one_minus_the_reset_gate_for_its_slope",
        old="drh * h_prev * r * (1 - r)",
        new="drh * h_prev * (1 - r)",
        says="In the reset gate's rows the slope is 1 - r: one factor is missing. What is the derivative of the "
        "sigmoid, in terms of its value?",
    ),
    mistake(
        id="exchanges_the_gates_W_on_the_way_back",
        old="da_r @ W_r + da_z @ W_z",
        new="da_r @ W_z + da_z @ W_r",
        says="On the way back to the state before, each gate's gradient goes through the other gate's W. Through "
        "which rows of W does the state reach a gate?",
    ),
    mistake(
        id="takes_the_candidate_for_the_state_in_the_reset_gate",
        old="drh * h_prev * r * (1 - r)",
        new="drh * n * r * (1 - r)",
        says="The reset gate's gradient holds the candidate where the state should be. What does r multiply?",
    ),
    mistake(
        id="returns_dh_prev_first",
        old="db = da.sum(axis=0)",
        new="""db = da.sum(axis=0)
    dx, dh_prev = dh_prev, dx""",
        says="dh_prev comes first and dx second. In which order does the docstring give them?",
    ),
    mistake(
        id="drops_the_copy_and_the_candidates_path",
        old="dh * (1 - z) + drh * r + da_r @ W_r",
        new="da_r @ W_r",
        says="Only the two gates carry a gradient back to the state before. In which four places is that state read?",
    ),
]

_H_T = "h_t = (1 - z) * h_t + z * n"
MISTAKES["gru_forward"] = [
    mistake(id="reverses_the_update_gate", old=_H_T, new="h_t = z * h_t + (1 - z) * n", says=_Z_REVERSED),
    mistake(
        id="resets_after_the_product",
        old="(r * h_t) @ W_n.T",
        new="r * (h_t @ W_n.T)",
        says=_RESET_AFTER,
    ),
    mistake(
        id="starts_every_step_from_h0",
        old="    for t in range(T):\n",
        new="    for t in range(T):\n        h_t = h0\n",
        says="Every step starts from h0: no state depends on an earlier input. What does a step hand to the next one?",
    ),
    mistake(
        id="ignores_h0",
        old="h_t = h0\n",
        new="h_t = np.zeros_like(h0)\n",
        says="The sequence always starts from zeros, even if h0 is given. What is the state before the first input?",
    ),
    mistake(
        id="stores_the_state_before_the_step",
        old="        " + _H_T + "\n        h[:, t], gates[:, t, : 2 * H], gates[:, t, 2 * H :] = h_t, rz, n",
        new="        h[:, t], gates[:, t, : 2 * H], gates[:, t, 2 * H :] = h_t, rz, n\n        " + _H_T,
        says="All states are one place late: h[:, 0] is h0, and the last state is missing. Has h[:, t] already read "
        "x[:, t]?",
    ),
    mistake(
        id="stores_the_candidate",
        old="= h_t, rz, n",
        new="= n, rz, n",
        says="The candidates are returned in the place of the states. Which of the two is handed to the next step, and "
        "is asked?",
    ),
    mistake(
        id="hands_on_the_candidate",
        old=_H_T + "\n        h[:, t], gates[:, t, : 2 * H], gates[:, t, 2 * H :] = h_t, rz, n",
        new="h[:, t] = (1 - z) * h_t + z * n\n        h_t = n\n"
        "        gates[:, t, : 2 * H], gates[:, t, 2 * H :] = rz, n",
        says="Each step starts from the candidate of the step before, not from its state. Which of the two is h_{t-1}?",
    ),
    mistake(
        id="swaps_r_and_z",
        old="r, z = rz[:, :H], rz[:, H:]",
        new="z, r = rz[:, :H], rz[:, H:]",
        says="Reset and update gate have exchanged their weights. Which rows belong to r and which to z, and what "
        "does each of the two do?",
    ),
    mistake(
        id="leaves_out_the_reset_gate",
        old="(r * h_t) @ W_n.T",
        new="h_t @ W_n.T",
        says="The reset gate is computed and never used. What does it multiply?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="a_x = x @ U.T + b",
        new="a_x = x @ U.T",
        says="All biases are missing. What should the gates be where the input and the old state are zero?",
    ),
    mistake(
        id="keeps_nothing_of_the_old_state",
        old=_H_T,
        new="h_t = z * n",
        says="Each new state is z times the candidate, and the old state is not copied. What becomes of a unit whose "
        "update gate is shut?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end",
        old="a_x = x @ U.T + b",
        new="a_x = x[:, ::-1] @ U.T + b",
        says="The inputs are read from the last to the first. Which input should the first state have read?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="a_x = x @ U.T + b",
        new="a_x = x[:, :1].repeat(T, axis=1) @ U.T + b",
        says="The first input is read again at every step, and no other. Which axis of x is time, and what walks "
        "along it?",
    ),
    mistake(
        id="writes_into_h0",
        old=_H_T + "\n",
        new="h_t *= 1 - z\n        h_t += z * n\n",
        says="Each state is written into h0, the caller's array, which holds the last state "
        "in the end. Which of your lines changes an array instead of making one?",
    ),
    mistake(
        id="fills_every_step_with_the_last_state",
        old="= h_t, rz, n",
        new="= h_t, rz, n\n        h[:] = h_t[:, None]",
        says="The last state stands at every step. Is each step's state kept in a place of its own before the next one "
        "is computed?",
    ),
    mistake(
        id="reads_the_array_of_states_at_minus_1",
        old="a_x[:, t, : 2 * H] + h_t @ W_rz.T",
        new="a_x[:, t, : 2 * H] + h[:, t - 1] @ W_rz.T",
        says="The first step's gates read h[:, -1], into which nothing has been written yet. Which state comes"
        " before h[:, 0]?",
        exempt="it reads memory that nothing was written to, so that the result differs from run to run",
    ),
    mistake(
        id="leaves_out_the_last_step",
        old="range(T)",
        new="range(T - 1)",
        says="The last step is not computed. How many inputs has the sequence?",
        exempt="it reads memory that nothing was written to, so that the result differs from run to run",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="np.tanh(",
        new="sigmoid(",
        says="The candidate goes through a sigmoid: it can never be negative. Which of the three is no gate?",
    ),
    mistake(
        id="uses_tanh_for_the_gates",
        old="rz = sigmoid(",
        new="rz = np.tanh(",
        says="The gates go through tanh, so that they can be negative. Between which numbers must a gate lie?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)",
        new="n = a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T",
        says="The candidate has not been through tanh: states can grow beyond 1. Which function keeps it "
        "between -1 and 1?",
    ),
    mistake(
        id="resets_the_input",
        old="n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)",
        new="n = np.tanh(r * a_x[:, t, 2 * H :] + h_t @ W_n.T)",
        says="The reset gate lies on the input, and the old state passes in full. If r is near 0, which of the"
        " two should the candidate forget?",
    ),
    mistake(
        id="resets_all_that_the_candidate_reads",
        old="n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)",
        new="n = np.tanh(r * (a_x[:, t, 2 * H :] + h_t @ W_n.T))",
        says="The reset gate lies on the whole sum inside tanh, the input and the bias included. With r near "
        "0, where does new information come from?",
    ),
    mistake(
        id="keeps_all_of_the_old_state",
        old="h_t = (1 - z) * h_t + z * n",
        new="h_t = h_t + z * n",
        says="The candidate is added to the whole old state, so a state can grow without bound. Who forgets in"
        " a GRU, which has no forget gate?",
    ),
    mistake(
        id="copies_the_reset_state",
        old="h_t = (1 - z) * h_t + z * n",
        new="h_t = (1 - z) * (r * h_t) + z * n",
        says="What is copied has gone through the reset gate. How many times does r stand in the equations, "
        "and in which of them?",
    ),
    mistake(
        id="mixes_by_the_reset_gate",
        old="h_t = (1 - z) * h_t + z * n",
        new="h_t = (1 - r) * h_t + r * n",
        says="The reset gate mixes the old state and the candidate, and z does nothing. Which gate decides how"
        " much of the state is renewed?",
    ),
    mistake(
        id="resets_by_the_update_gate",
        old="(r * h_t) @ W_n.T",
        new="(z * h_t) @ W_n.T",
        says="The update gate stands before the product with W_n, and the reset gate has no effect. Which of "
        "the two decides what the candidate sees of the old state?",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old="a_x[:, t, : 2 * H] + h_t @ W_rz.T",
        new="a_x[:, t, : 2 * H]",
        says="The gates do not depend on the old state. On what two things does the lecture base a gate?",
    ),
    mistake(
        id="lets_the_candidate_read_the_input_alone",
        old="n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)",
        new="n = np.tanh(a_x[:, t, 2 * H :])",
        says="The candidate does not depend on the old state. Which two things does it read?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="a_x = x @ U.T + b",
        new="a_x = x @ U.T + 2 * b",
        says="The biases count twice at every step. How many does each equation have?",
    ),
    mistake(
        id="leaves_out_the_inputs",
        old="a_x = x @ U.T + b",
        new="a_x = np.zeros((N, T, 1)) + b",
        says="No state depends on the inputs. Which product is missing?",
    ),
    mistake(
        id="reads_each_input_one_step_late",
        old="a_x = x @ U.T + b",
        new="a_x = np.roll(x, 1, axis=1) @ U.T + b",
        says="Each step reads the input before its own, and the first reads the last. Which input arrives at step t?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_r",
        old="W_rz, W_n = W[: 2 * H], W[2 * H :]",
        new="""a_x, W = np.roll(a_x, 2 * H, axis=2), np.roll(W, 2 * H, axis=0)
    W_rz, W_n = W[: 2 * H], W[2 * H :]""",
        says="The first H rows make the candidate, and those of z and n the two gates. Which H rows of U, W "
        "and b belong to each of the three?",
    ),
    mistake(
        id="takes_the_rows_as_n_r_z",
        old="W_rz, W_n = W[: 2 * H], W[2 * H :]",
        new="""a_x, W = np.roll(a_x, H, axis=2), np.roll(W, H, axis=0)
    W_rz, W_n = W[: 2 * H], W[2 * H :]""",
        says="The last H rows make the reset gate, and those of r and z the update gate and the candidate. "
        "Which H rows of U, W and b belong to each of the three?",
    ),
    mistake(
        id="uses_W_untransposed_in_the_candidate",
        old="(r * h_t) @ W_n.T",
        new="(r * h_t) @ W_n",
        says="In the candidate each unit adds up a column of W_n instead of a row. W_n is square, so NumPy "
        "does not complain: with one state per row, which product is W_n times each state?",
    ),
    mistake(
        id="uses_W_untransposed_in_the_gates",
        old="h_t @ W_rz.T",
        new="np.hstack([h_t @ W_rz[:H], h_t @ W_rz[H:]])",
        says="In the gates each unit adds up a column of its matrix instead of a row. The matrices are square,"
        " so NumPy does not complain: with one state per row, which product is a matrix times each state?",
    ),
    mistake(
        id="lets_the_candidate_read_the_new_state",
        old="""n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)  # (N, H)
        h_t = (1 - z) * h_t + z * n""",
        new="""n = np.tanh(a_x[:, t, 2 * H :] + (r * h0) @ W_n.T)
        h_t = (1 - z) * h_t + z * n""",
        says="The candidate of every step reads h0. Which state does a step hand to the next one?",
    ),
    mistake(
        id="copies_h0_at_every_step",
        old="h_t = (1 - z) * h_t + z * n",
        new="h_t = (1 - z) * h0 + z * n",
        says="What every step copies is h0. Which state does a step hand to the next one?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end_in_place",
        old="for t in range(T):",
        new="for t in reversed(range(T)):",
        says="The sequence is run from its last step to its first. Which state does h_t follow from?",
    ),
]

_TO_THE_STEP_BEFORE = "dh_next = dh_t * (1 - z[:, t]) + drh * r[:, t] + da[:, t, : 2 * H] @ W_rz"
_LAST_STEP_ALONE = (
    "The weights' gradients come from one step alone. The same U, W and b are used at every step: what becomes of the "
    "other steps' contributions?"
)
MISTAKES["gru_backward"] = [
    mistake(
        id="carries_nothing_back",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, t]",
        says="Each state receives what arrives from outside and nothing from the step behind it. In which two ways "
        "does h_t change the loss?",
    ),
    mistake(
        id="forgets_what_arrives_from_outside",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, t] if t == T - 1 else dh_next",
        says="Only at the last state the gradient from outside is used; the earlier states receive their future's "
        "alone. In which two ways does h_t change the loss?",
    ),
    mistake(
        id="walks_forward_in_time",
        old="for t in reversed(range(T)):",
        new="for t in range(T):",
        says="The steps are taken from the first to the last, so gradients are carried from a state to the one behind "
        "it. Which state must be finished before h_t can be?",
    ),
    mistake(
        id="drops_the_copy",
        old=_TO_THE_STEP_BEFORE,
        new="dh_next = drh * r[:, t] + da[:, t, : 2 * H] @ W_rz",
        says="What goes back lacks the straight way through the copy, the one on which gradients last. Which term of "
        "h_t holds h_{t-1} itself?",
    ),
    mistake(
        id="takes_z_for_the_copy",
        old="dh_t * (1 - z[:, t])",
        new="dh_t * z[:, t]",
        says="Through the copy goes z times the gradient. Which share of the old state did the forward step keep?",
    ),
    mistake(
        id="copies_the_gradient_in_full",
        old="dh_t * (1 - z[:, t])",
        new="dh_t",
        says="Through the copy goes the whole gradient, as if the cell only added. Which share of the old state did "
        "the forward step keep?",
    ),
    mistake(
        id="goes_back_by_the_copy_alone",
        old=_TO_THE_STEP_BEFORE,
        new="dh_next = dh_t * (1 - z[:, t])",
        says="The gradient goes back through the copy and through nothing else. In which other three places does a "
        "step read the old state?",
    ),
    mistake(
        id="drops_the_candidate",
        old=" + drh * r[:, t]",
        new="",
        says="What goes back lacks the way through the candidate, which read r times h_{t-1}. In which four places "
        "does a step read the old state?",
    ),
    mistake(
        id="forgets_the_reset_gate_on_the_way_back",
        old="drh * r[:, t]",
        new="drh",
        says="What comes back through W_n reaches the old state without the reset gate. The product read r times "
        "h_{t-1}: what is its derivative by h_{t-1}?",
    ),
    mistake(
        id="drops_both_gates_paths_to_the_state",
        old=" + da[:, t, : 2 * H] @ W_rz",
        new="",
        says="On the way back both gates are treated as constants. On what do r and z depend besides the input?",
    ),
    mistake(
        id="drops_the_reset_gate",
        old="da[:, t, :H] = drh * drh_da_r[:, t]",
        new="da[:, t, :H] = 0",
        says="No gradient reaches the reset gate: it can never learn. By way of which product does r change the loss?",
    ),
    mistake(
        id="reaches_the_reset_gate_past_the_product",
        old="da[:, t, :H] = drh * drh_da_r[:, t]",
        new="da[:, t, :H] = da_n * drh_da_r[:, t]",
        says="The gradient goes from the candidate's sum to r without passing W_n. In the forward step a matrix stands "
        "between r h_{t-1} and that sum: what brings a gradient back through it?",
    ),
    mistake(
        id="takes_the_state_for_the_state_before",
        old="h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)",
        new="h_prev = h",
        says="Where h_{t-1} belongs stands h_t, one step late. Which states did step t read, and which one comes "
        "before the first?",
    ),
    mistake(
        id="starts_from_zeros_instead_of_h0",
        old="np.concatenate([h0[:, None], h[:, :-1]], axis=1)",
        new="np.concatenate([0 * h0[:, None], h[:, :-1]], axis=1)",
        says="The first step is treated as if it had read zeros. What did it read when h0 was given?",
    ),
    mistake(
        id="reverses_the_update_gate",
        old="(n - h_prev) * z * (1 - z)",
        new="(h_prev - n) * z * (1 - z)",
        says="The update gate's gradient has the wrong sign: it belongs to the convention in which an open gate keeps "
        "the old state. If z grows a little, towards which of the two does h_t move?",
    ),
    mistake(
        id="forgets_that_z_is_in_the_copy_too",
        old="(n - h_prev) * z * (1 - z)",
        new="n * z * (1 - z)",
        says="In the gradient of z the candidate stands alone. z occurs twice in the equation of h_t: what is the "
        "derivative of 1 - z times h_{t-1}?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_tanh",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = z",
        says="The candidate's gradient stops at h'; what feeds U, W and b is the sum before tanh. Which factor leads "
        "there?",
    ),
    mistake(
        id="takes_tanh_of_the_candidate_again",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = z * (1 - np.tanh(n) ** 2)",
        says="tanh is applied to n a second time: n is already what came out of it. Which of the two does the "
        "derivative of tanh need here?",
    ),
    mistake(
        id="leaves_out_the_state_in_the_reset_gate",
        old="drh_da_r = h_prev * r * (1 - r)",
        new="drh_da_r = r * (1 - r)",
        says="The reset gate's gradient lacks the state that it multiplies. What is the derivative of r h_{t-1} by r?",
    ),
    mistake(
        id="gives_W_n_the_unreset_state",
        old="(da, h_prev, r * h_prev)",
        new="(da, h_prev, h_prev)",
        says="The rows of n in dW are made with h_{t-1}. What did W_n multiply in the forward step?",
    ),
    mistake(
        id="gives_the_gates_the_reset_state",
        old="(da, h_prev, r * h_prev)",
        new="(da, r * h_prev, r * h_prev)",
        says="The rows of the gates in dW are made with the reset state. What did W_r and W_z multiply in the forward "
        "step?",
    ),
    mistake(
        id="keeps_the_last_step_s_gradients_alone",
        old="db = da.sum(axis=0)",
        new="""steps, before, reset, inputs = (a.reshape(*gates.shape[:2], -1)[:, -1] for a in (da, h_prev, rh, x))
    dU, db = steps.T @ inputs, steps.sum(axis=0)
    dW = np.vstack([steps[:, : 2 * H].T @ before, steps[:, 2 * H :].T @ reset])""",
        says=_LAST_STEP_ALONE,
    ),
    mistake(
        id="keeps_the_first_step_s_gradients_alone",
        old="db = da.sum(axis=0)",
        new="""steps, before, reset, inputs = (a.reshape(*gates.shape[:2], -1)[:, 0] for a in (da, h_prev, rh, x))
    dU, db = steps.T @ inputs, steps.sum(axis=0)
    dW = np.vstack([steps[:, : 2 * H].T @ before, steps[:, 2 * H :].T @ reset])""",
        says=_LAST_STEP_ALONE,
        of={
            "dU": "The gradient of U holds the part of the first step alone, the last one to be reached. "
            "What is the gradient of a parameter that is used T times?",
            "dW": "The gradient of W holds the part of the first step alone, the last one to be reached. "
            "What is the gradient of a parameter that is used T times?",
            "db": "The gradient of b holds the part of the first step alone, the last one to be reached. "
            "What is the gradient of a parameter that is used T times?",
        },
    ),
    mistake(
        id="averages_over_the_steps",
        old="db = da.sum(axis=0)",
        new="dU, dW, db = dU / T, dW / T, da.sum(axis=0) / T",
        says="The weights' gradients are means over the steps. The loss is one number to which each use of a weight "
        "contributes: is its gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="returns_the_gradient_of_the_first_state_for_h0",
        old="dh0 = dh_next",
        new="dh0 = dh_t",
        says="dh0 is the gradient of the first state, not of the one before it. How often does your loop go from a "
        "state to the state before?",
    ),
    mistake(
        id="edits_dh_in_place",
        old="dh_t = dh[:, t] + dh_next",
        new="dh[:, t] += dh_next\n        dh_t = dh[:, t]",
        says="dh has been written into: the caller's array now holds sums. Which of your "
        "lines changes an array instead of making one?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_the_sigmoid_in_r",
        old="drh_da_r = h_prev * r * (1 - r)",
        new="drh_da_r = h_prev.copy()",
        says="The gradient of the reset gate stops at r; what feeds U, W and b is the sum before the sigmoid. "
        "Which factor leads there?",
    ),
    mistake(
        id="leaves_out_the_derivative_of_the_sigmoid_in_z",
        old="(n - h_prev) * z * (1 - z)",
        new="n - h_prev",
        says="The gradient of the update gate stops at z; what feeds U, W and b is the sum before the sigmoid."
        " Which factor leads there?",
    ),
    mistake(
        id="forgets_z_before_the_candidate",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = 1 - n**2",
        says="The candidate receives the whole gradient. Which share of it went into h_t?",
    ),
    mistake(
        id="gives_the_candidate_the_share_of_the_copy",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = (1 - z) * (1 - n**2)",
        says="The candidate receives the copy's share of the gradient. Which share of it went into h_t?",
    ),
    mistake(
        id="squares_one_minus_the_candidate",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = z * (1 - n) ** 2",
        says="In the candidates' gradients one minus n is squared as a whole. What is squared in the "
        "derivative of tanh?",
    ),
    mistake(
        id="uses_the_sigmoid_s_derivative_for_the_candidate",
        old="dh_da_n = z * (1 - n**2)",
        new="dh_da_n = z * n * (1 - n)",
        says="The candidates' gradients have the derivative of a sigmoid. Which function made h'?",
    ),
    mistake(
        id="drops_the_reset_gate_s_path_to_the_state",
        old="da[:, t, : 2 * H] @ W_rz",
        new="da[:, t, H : 2 * H] @ W_rz[H:]",
        says="What goes back lacks what comes through the reset gate, which is a function of the old state "
        "too. In which four places does a step read it?",
    ),
    mistake(
        id="drops_the_update_gate_s_path_to_the_state",
        old="da[:, t, : 2 * H] @ W_rz",
        new="da[:, t, :H] @ W_rz[:H]",
        says="What goes back lacks what comes through the update gate, which is a function of the old state "
        "too. In which four places does a step read it?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="db = da.sum(axis=0)",
        new="dU, dW, db = dU / len(x), dW / len(x), da.sum(axis=0) / len(x)",
        says="The weights' gradients are means over the batch. The loss is one number to which each sequence "
        "contributes: is its gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="averages_the_biases",
        old="db = da.sum(axis=0)",
        new="db = da.mean(axis=0)",
        says="db is a mean over batch and time. The loss is one number to which each use of a bias "
        "contributes: is its gradient the contributions' mean or their sum?",
    ),
    mistake(
        id="leaves_out_the_last_step",
        old="""da = np.empty_like(gates)  # (N, T, 3H)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):""",
        new="""da = np.zeros_like(gates)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T - 1)):""",
        says="The last step is left out: nothing comes from it, and dx is zero there. At which index does the "
        "way back begin?",
    ),
    mistake(
        id="leaves_out_the_first_step",
        old="""da = np.empty_like(gates)  # (N, T, 3H)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):""",
        new="""da = np.zeros_like(gates)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(1, T)):""",
        says="The first step is left out: nothing comes from it, and dx is zero there. At which index does the"
        " way back end?",
    ),
    mistake(
        id="takes_the_last_dh_at_every_step",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, -1] + dh_next",
        says="What arrives at the last state is added at every step. What arrives from outside at step t?",
    ),
    mistake(
        id="adds_the_gradient_to_what_goes_back",
        old="dh_next = dh_t * (1 - z[:, t])",
        new="dh_next = dh_t + dh_t * (1 - z[:, t])",
        says="The whole gradient goes back once more beside the copy's share. Which share of the old state did"
        " the forward step copy?",
    ),
    mistake(
        id="uses_W_n_transposed",
        old="drh = da_n @ W_n",
        new="drh = da_n @ W_n.T",
        says="On the way back through the candidate's product W_n is transposed: it is square, so NumPy does "
        "not complain. What must each row meet on the way back?",
    ),
    mistake(
        id="gives_the_initial_state_no_gradient",
        old="dh0 = dh_next",
        new="dh0 = np.zeros_like(h0)",
        says="dh0 is zero. Does the loss change when the initial state does?",
    ),
    mistake(
        id="leaves_the_gates_out_of_dx",
        old="dx = da @ U",
        new="dx = da[..., 2 * H :] @ U[2 * H :]",
        says="dx holds what came through the candidates and nothing that came through the gates. Which of the "
        "three read x?",
    ),
    mistake(
        id="swaps_the_rows_of_r_and_z",
        old="dx = da @ U",
        new="""da = np.concatenate([da[..., H : 2 * H], da[..., :H], da[..., 2 * H :]], axis=2)
    dx = da @ U""",
        says="In all gradients the rows of r and z have changed places. Which H rows of U, W and b belong to "
        "each of the three?",
    ),
    mistake(
        id="transposes_the_blocks_of_dW",
        old="np.vstack([da[:, : 2 * H].T @ h_prev, da[:, 2 * H :].T @ rh])",
        new="np.vstack([h_prev.T @ da[:, :H], h_prev.T @ da[:, H : 2 * H], rh.T @ da[:, 2 * H :]])",
        says="Each of the three blocks of dW is transposed: they are square, so NumPy does not complain. Which"
        " index of dW belongs to the unit that reads, and which to the unit that is read?",
    ),
    mistake(
        id="makes_dW_with_the_states_after_the_step",
        old="dW = np.vstack([da[:, : 2 * H].T @ h_prev,",
        new="""h_prev = h.reshape(-1, H)
    dW = np.vstack([da[:, : 2 * H].T @ h_prev,""",
        says="The rows of the gates in dW pair each step with its own state. Which state did W_r and W_z meet "
        "at step t?",
    ),
    mistake(
        id="takes_the_sigmoid_of_the_gates_again",
        old="""dh_da_z = (n - h_prev) * z * (1 - z)  # what needs no gradient, for all steps at once
    dh_da_n = z * (1 - n**2)
    drh_da_r = h_prev * r * (1 - r)""",
        new="""dh_da_z = (n - h_prev) * sigmoid(z) * (1 - sigmoid(z))
    dh_da_n = z * (1 - n**2)
    drh_da_r = h_prev * sigmoid(r) * (1 - sigmoid(r))""",
        says="The gates' slopes are taken of the sigmoid of r and z. Are they what goes into the sigmoid, or "
        "what comes out?",
    ),
    mistake(
        id="passes_the_gates_of_the_step_before",
        old="dh_next = dh_t * (1 - z[:, t])",
        new="dh_next = dh_t * (1 - z[:, max(t - 1, 0)])",
        says="The copy's share is that of one step earlier. Between which two states does z of step t stand?",
    ),
    mistake(
        id="takes_the_last_state_for_h0",
        old="h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)",
        new="h_prev = np.concatenate([h[:, -1:], h[:, :-1]], axis=1)",
        says="At the first step the last state, h[:, -1], stands for the one before. What does an index of -1 "
        "mean, and which state comes before the first step?",
    ),
    mistake(
        id="returns_dh0_after_dx",
        old="db = da.sum(axis=0)",
        new="""db = da.sum(axis=0)
    dU, dW, db, dh0 = dh0, dU, dW, db""",
        says="The results come in the order of a single step, dh0 behind dx. In which order does the docstring "
        "give them?",
    ),
    mistake(
        id="reads_the_gates_as_z_r_n",
        old="r, z, n = np.split(gates",
        new="z, r, n = np.split(gates",
        says="The gates are read in the order z, r, n. In which order do the three lie side by side?",
    ),
]

MISTAKES["torch_gru_step"] = [
    mistake(
        id="keeps_the_lecture_s_update_gate",
        old="h = (1 - z) * n + z * h_prev",
        new="h = z * n + (1 - z) * h_prev",
        says="The update gate works as in the lecture. In PyTorch's equation, which of the two states does z multiply?",
    ),
    mistake(
        id="resets_before_the_product",
        old="n = np.tanh(x_n + r * h_n)",
        new="H = len(b_W) // 3\n    n = np.tanh(x_n + (r * h_prev) @ W[2 * H :].T + b_W[2 * H :])",
        says="The reset gate acts before the product with W_n, as in the lecture. In PyTorch's equation, what stands "
        "in the brackets behind r?",
    ),
    mistake(
        id="resets_the_product_without_its_bias",
        old="n = np.tanh(x_n + r * h_n)",
        new="b_Wn = b_W[-h_prev.shape[1] :]\n    n = np.tanh(x_n + r * (h_n - b_Wn) + b_Wn)",
        says="The candidate's second bias stands outside the reset gate, as if the two biases were one. Why does "
        "PyTorch's candidate need two, when its gates do not?",
    ),
    mistake(
        id="is_the_lecture_s_step",
        old="""n = np.tanh(x_n + r * h_n)
    h = (1 - z) * n + z * h_prev""",
        new="""H = len(b_W) // 3
    n = np.tanh(x_n + (r * h_prev) @ W[2 * H :].T + b_W[2 * H :])
    h = z * n + (1 - z) * h_prev""",
        says="This is the lecture's step with the sum of the two biases. In which two places is PyTorch's another?",
    ),
    mistake(
        id="leaves_out_the_second_bias",
        old="h_prev @ W.T + b_W",
        new="h_prev @ W.T",
        says="Only b_U is added. PyTorch keeps a bias with each of the two products: where is the other one?",
    ),
    mistake(
        id="leaves_out_the_first_bias",
        old="x @ U.T + b_U",
        new="x @ U.T",
        says="Only b_W is added. PyTorch keeps a bias with each of the two products: where is the other one?",
    ),
    mistake(
        id="adds_the_first_bias_twice",
        old="h_prev @ W.T + b_W",
        new="h_prev @ W.T + b_U",
        says="b_U is added with both products, and b_W is never used. To which of the two products does each belong?",
    ),
    mistake(
        id="swaps_the_biases",
        old="""x_r, x_z, x_n = np.split(x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_W, 3, axis=1)""",
        new="""x_r, x_z, x_n = np.split(x @ U.T + b_W, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_U, 3, axis=1)""",
        says="The two biases have changed places. In the gates it makes no difference, in the candidate it does: which "
        "of them does the reset gate multiply?",
    ),
    mistake(
        id="swaps_r_and_z",
        old="r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)",
        new="z, r = sigmoid(x_r + h_r), sigmoid(x_z + h_z)",
        says="Reset and update gate have exchanged their weights. Which rows belong to r and which to z, and what does "
        "each of the two do?",
    ),
    mistake(
        id="resets_the_input_too",
        old="n = np.tanh(x_n + r * h_n)",
        new="n = np.tanh(r * (x_n + h_n))",
        says="The reset gate lies on the input's part as well. With r near 0, what should the candidate still see?",
    ),
    mistake(
        id="leaves_out_the_reset_gate",
        old="n = np.tanh(x_n + r * h_n)",
        new="n = np.tanh(x_n + h_n)",
        says="The reset gate is computed and never used. What does it multiply?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="n = np.tanh(x_n",
        new="n = sigmoid(x_n",
        says="The candidate goes through a sigmoid: it can never be negative. Which of the three is no gate?",
    ),
    mistake(
        id="uses_tanh_for_the_reset_gate",
        old="sigmoid(x_r + h_r)",
        new="np.tanh(x_r + h_r)",
        says="The reset gate goes through tanh and can turn a sign. Between which numbers must a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_update_gate",
        old="sigmoid(x_z + h_z)",
        new="np.tanh(x_z + h_z)",
        says="The update gate goes through tanh, so that it may be negative. Between which numbers must a gate lie?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_reset_gate",
        old="sigmoid(x_r + h_r)",
        new="x_r + h_r",
        says="The reset gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_update_gate",
        old="sigmoid(x_z + h_z)",
        new="x_z + h_z",
        says="The update gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="np.tanh(x_n + r * h_n)",
        new="x_n + r * h_n",
        says="The candidate has not been through tanh. Which function keeps it between -1 and 1?",
    ),
    mistake(
        id="leaves_out_both_biases",
        old="""x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_W""",
        new="""x @ U.T, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W.T""",
        says="Both biases are missing. PyTorch keeps one with each of the two products: where do they stand?",
    ),
    mistake(
        id="adds_both_biases_with_both_products",
        old="""x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_W""",
        new="""x @ U.T + b_U + b_W, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_U + b_W""",
        says="Each of the two products has both biases. To which of the two does each belong?",
    ),
    mistake(
        id="adds_the_second_bias_outside_the_gates_alone",
        old="np.tanh(x_n + r * h_n)",
        new="np.tanh(x_n + r * (h_n - b_W[-h_n.shape[1] :]))",
        says="The candidate lacks the second bias; the gates have it. What stands in the brackets behind r?",
    ),
    mistake(
        id="resets_by_the_update_gate",
        old="np.tanh(x_n + r * h_n)",
        new="np.tanh(x_n + z * h_n)",
        says="The update gate multiplies what the candidate hears of the state, and the reset gate has no "
        "effect. Which of the two stands there?",
    ),
    mistake(
        id="resets_the_input",
        old="np.tanh(x_n + r * h_n)",
        new="np.tanh(r * x_n + h_n)",
        says="The reset gate lies on the input's part, and the state's passes in full. Which of the two does "
        "it multiply?",
    ),
    mistake(
        id="mixes_by_the_reset_gate",
        old="(1 - z) * n + z * h_prev",
        new="(1 - r) * n + r * h_prev",
        says="The reset gate mixes the old state and the candidate, and z does nothing. Which gate decides how"
        " much of the state is kept?",
    ),
    mistake(
        id="keeps_nothing_of_the_old_state",
        old="(1 - z) * n + z * h_prev",
        new="(1 - z) * n",
        says="The old state is not copied at all. What becomes of a unit whose update gate is 1?",
    ),
    mistake(
        id="keeps_all_of_the_old_state",
        old="(1 - z) * n + z * h_prev",
        new="(1 - z) * n + h_prev",
        says="The candidate is added to the whole old state. Which share of it is kept?",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old="r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)",
        new="r, z = sigmoid(x_r), sigmoid(x_z)",
        says="The gates do not depend on the old state. Which two products does each gate add up?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_z",
        old="""x_r, x_z, x_n = np.split(x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n""",
        new="""x_r, x_n, x_z = np.split(x @ U.T + b_U, 3, axis=1)
    h_r, h_n, h_z""",
        says="The candidate and the update gate have exchanged their weights. Which H rows of the weights "
        "belong to each of the three?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_r",
        old="""x_r, x_z, x_n = np.split(x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n""",
        new="""x_n, x_z, x_r = np.split(x @ U.T + b_U, 3, axis=1)
    h_n, h_z, h_r""",
        says="The candidate and the reset gate have exchanged their weights. Which H rows of the weights "
        "belong to each of the three?",
    ),
    mistake(
        id="uses_the_blocks_of_W_untransposed",
        old="h_prev @ W.T",
        new="np.hstack([h_prev @ block for block in np.split(W, 3)])",
        says="Each unit adds up a column of its block of W instead of a row. The block is square, so NumPy "
        "does not complain: with one state per row, which product is W times each state?",
    ),
    mistake(
        id="returns_the_candidate",
        old="h = (1 - z) * n + z * h_prev",
        new="h = 1.0 * n",
        says="The new state is the candidate: nothing of the old state is copied. What does z mix?",
    ),
    mistake(
        id="resets_with_the_candidates_first_bias_inside",
        old="np.tanh(x_n + r * h_n)",
        new="np.tanh(x_n - b_U[-h_n.shape[1] :] + r * (h_n + b_U[-h_n.shape[1] :]))",
        says="In the candidate the reset gate multiplies both biases. Which of the two is never reset?",
    ),
]

_NEVER_REFUSED = """if (connected & ~shared & ~(constant[:, None] & constant)).any():
        raise ValueError("a unit reads another one through a reset gate that is not proportional to its own")
    """
MISTAKES["gru_to_torch"] = [
    mistake(
        id="converts_everything",
        old=_NEVER_REFUSED,
        new="",
        says="What cannot be converted is converted as well, into weights of another "
        "function. Try it on random weights with H = 2 and h not zero: do the two steps agree?",
    ),
    mistake(
        id="negates_z_and_nothing_else",
        old=_NEVER_REFUSED + "r = sigmoid(b[:H])",
        new="r = np.ones(H, dtype=b.dtype)",
        says="The update gate is converted, and the candidate is taken over as it stands, whatever the reset gate "
        "does. Is the product with W_n before the reset the same as after it?",
    ),
    mistake(
        id="refuses_all_but_diagonal_candidates",
        old="(connected & ~shared & ~(constant[:, None] & constant)).any()",
        new="(connected & ~np.eye(H, dtype=bool)).any()",
        says="Nothing but a diagonal W_n is converted. If two units have one and the same reset gate, does it matter "
        "to either whether it acts before the product or after?",
    ),
    mistake(
        id="refuses_units_that_share_a_reset_gate",
        old="(connected & ~shared & ~(constant[:, None] & constant)).any()",
        new="(connected & ~np.eye(H, dtype=bool) & ~(constant[:, None] & constant)).any()",
        says="Units that share one reset gate are refused. If r_i and r_j are the same function, does it matter "
        "whether it acts before the product or after?",
    ),
    mistake(
        id="refuses_constant_reset_gates_that_differ",
        old="(connected & ~shared & ~(constant[:, None] & constant)).any()",
        new="(connected & ~shared).any()",
        says="Reset gates that are constant but not equal are refused. If r_j never changes, can W_n not take it over?",
    ),
    mistake(
        id="takes_constant_reset_gates_for_equal_ones",
        old="r / r[:, None]",
        new="1",
        says="Where reset gates are constant W_n is taken over as it stands, which is right only if they are equal. "
        "W_ij r_j must become r_i times something: what?",
    ),
    mistake(
        id="turns_the_ratio_of_the_reset_gates_round",
        old="r / r[:, None]",
        new="r[:, None] / r",
        says="Where reset gates are constant their ratio is the wrong way up. W_ij r_j must become r_i times "
        "something: what?",
    ),
    mistake(
        id="moves_constant_reset_gates_into_W_n_without_dividing",
        old="r / r[:, None]",
        new="r",
        says="W_n has taken over the reset gates, and PyTorch's step multiplies by them once more. What must W_n be "
        "divided by, so that they count once?",
    ),
    mistake(
        id="refuses_if_any_two_reset_gates_differ",
        old="(connected & ~shared & ~(constant[:, None] & constant)).any()",
        new="not (shared.all() or constant.all() or (connected <= np.eye(H, dtype=bool)).all())",
        says="Weights are converted only if all units have one reset gate, or all have constant ones, or none reads "
        "another. Must r_i and r_j have anything in common where unit i does not read unit j?",
    ),
    mistake(
        id="takes_weights_for_the_whole_of_a_reset_gate",
        old="gates = np.hstack([U, W, b[:, None]])[:H]",
        new="gates = np.hstack([U, W, 0 * b[:, None]])[:H]",
        says="Units whose reset gates differ by their biases are taken for units that share one. On what three things "
        "does r_i depend?",
    ),
    mistake(
        id="forgets_that_reset_gates_read_the_state",
        old="gates = np.hstack([U, W, b[:, None]])[:H]",
        new="gates = np.hstack([U, b[:, None]])[:H]",
        says="Reset gates that differ, or vary, only by what they read of the state are taken for shared or constant "
        "ones. On what three things does r_i depend?",
    ),
    mistake(
        id="forgets_that_reset_gates_read_the_input",
        old="gates = np.hstack([U, W, b[:, None]])[:H]",
        new="gates = np.hstack([W, b[:, None]])[:H]",
        says="Reset gates that differ, or vary, only by what they read of the input are taken for shared or constant "
        "ones. On what three things does r_i depend?",
    ),
    mistake(
        id="leaves_z_as_it_is",
        old="np.repeat([1.0, -1.0, 1.0], H)",
        new="np.ones(3 * H)",
        says="The rows of z are unchanged, so that in PyTorch's step an open gate keeps what the lecture's would "
        "replace. What is 1 - sigma(a), written as a sigma?",
    ),
    mistake(
        id="negates_r_instead_of_z",
        old="np.repeat([1.0, -1.0, 1.0], H)",
        new="np.repeat([-1.0, 1.0, 1.0], H)",
        says="The rows of r are negated and those of z are not. In which order do the rows belong to the gates?",
    ),
    mistake(
        id="negates_n_instead_of_z",
        old="np.repeat([1.0, -1.0, 1.0], H)",
        new="np.repeat([1.0, 1.0, -1.0], H)",
        says="The rows of n are negated and those of z are not. In which order do the rows belong to the gates?",
    ),
    mistake(
        id="leaves_the_bias_of_z_as_it_is",
        old="sign[:, None] * U, sign * b, np",
        new="sign[:, None] * U, b.copy(), np",
        says="Of z the rows of U and W are negated, and the bias is not. Of what is the sigma in 1 - sigma(a)?",
    ),
    mistake(
        id="negates_U_of_z_alone",
        old="W_new = sign[:, None] * W",
        new="W_new = W.copy()",
        says="Of z the rows of U and the bias are negated, and those of W are not. Of what is the sigma in "
        "1 - sigma(a)?",
    ),
    mistake(
        id="subtracts_the_bias_of_z_from_one",
        old="sign * b, np",
        new="np.where(sign < 0, 1 - b, b), np",
        says="The bias of z has become one minus itself. It is the gate that becomes 1 - z: what does that do to what "
        "stands inside the sigma?",
    ),
    mistake(
        id="halves_the_bias",
        old="sign * b, np.zeros_like(b)",
        new="sign * b / 2, sign * b / 2",
        says="Each of the two biases holds half of the lecture's. In the gates that would do, in the candidate the "
        "reset gate multiplies one of them: what is asked of b_W?",
    ),
    mistake(
        id="puts_the_bias_with_the_state",
        old="sign * b, np.zeros_like(b)",
        new="np.zeros_like(b), sign * b",
        says="The whole bias is b_W, and in the candidate the reset gate multiplies it. Which of PyTorch's two biases "
        "is never reset?",
    ),
    mistake(
        id="gives_both_biases_the_whole",
        old="sign * b, np.zeros_like(b)",
        new="sign * b, sign * b",
        says="Both biases hold the whole of the lecture's, and PyTorch adds them. What must their sum be?",
    ),
    mistake(
        id="writes_into_the_given_weights",
        old="W_new = sign[:, None] * W",
        new="W *= sign[:, None]\n    W_new = W",
        says="W, which was given, has become one of the new weights. Who may still need the lecture's weights?",
    ),
    mistake(
        id="converts_constant_gates_and_takes_the_rest_as_it_stands",
        old="""if (connected & ~shared & ~(constant[:, None] & constant)).any():
        raise ValueError("a unit reads another one through a reset gate that is not proportional to its own")
    r = sigmoid(b[:H])""",
        new="r = np.where(constant, sigmoid(b[:H]), 1)",
        says="Nothing is refused: where reset gates are constant W_n is adapted, and elsewhere it is taken "
        "over as it stands. Try it on random weights with H = 2 and h not zero: do the two steps agree?",
    ),
    mistake(
        id="raises_another_error",
        old="raise ValueError(",
        new="raise TypeError(",
        says="What cannot be converted is refused, but not with the error that the statement names. Which one is it?",
    ),
    mistake(
        id="negates_the_U_of_z_alone",
        old="W_new = sign[:, None] * W",
        new="W_new, b = W.copy(), np.where(sign < 0, -b, b)",
        says="Of z only the rows of U are negated; those of W and the bias are not. Of what is the sigma in 1 "
        "- sigma(a)?",
    ),
    mistake(
        id="negates_the_W_of_z_alone",
        old="sign[:, None] * U, sign * b, np",
        new="U.copy(), b.copy(), np",
        says="Of z only the rows of W are negated; those of U and the bias are not. Of what is the sigma in 1 "
        "- sigma(a)?",
    ),
    mistake(
        id="negates_the_bias_of_z_alone",
        old="W_new = sign[:, None] * W",
        new="W_new, U = W.copy(), sign[:, None] * U",
        says="Of z only the bias is negated; the rows of U and W are not. Of what is the sigma in 1 - sigma(a)?",
    ),
    mistake(
        id="puts_the_candidates_bias_with_the_state",
        old="sign * b, np.zeros_like(b)",
        new="np.repeat([1.0, -1.0, 0.0], H) * b, np.repeat([0.0, 0.0, 1.0], H) * b",
        says="The candidate's bias stands in b_W, where the reset gate multiplies it. Which of PyTorch's two "
        "biases is never reset?",
    ),
    mistake(
        id="leaves_out_the_biases",
        old="sign * b, np.zeros_like(b)",
        new="np.zeros_like(b), np.zeros_like(b)",
        says="Both of the new biases are zero. What has become of b?",
    ),
    mistake(
        id="moves_z_into_the_last_rows",
        old="U_new, b_U, b_W = sign[:, None] * U, sign * b, np.zeros_like(b)",
        new="""order = np.r_[:H, 2 * H : 3 * H, H : 2 * H]
    W_new = W_new[order]
    U_new, b_U, b_W = (sign[:, None] * U)[order], (sign * b)[order], np.zeros_like(b)""",
        says="z and n have changed places in the new weights. In which order does PyTorch keep r, z and n?",
    ),
    mistake(
        id="moves_z_into_the_first_rows",
        old="U_new, b_U, b_W = sign[:, None] * U, sign * b, np.zeros_like(b)",
        new="""order = np.r_[H : 2 * H, :H, 2 * H : 3 * H]
    W_new = W_new[order]
    U_new, b_U, b_W = (sign[:, None] * U)[order], (sign * b)[order], np.zeros_like(b)""",
        says="r and z have changed places in the new weights. In which order does PyTorch keep r, z and n?",
    ),
    mistake(
        id="transposes_W_n",
        old="W_new[2 * H :] *= r / r[:, None]",
        new="W_new[2 * H :] = (W_new[2 * H :] * (r / r[:, None])).T",
        says="W_n is transposed. In both steps a state meets the same matrix: what must be done to it apart "
        "from the reset gates?",
    ),
    mistake(
        id="adapts_the_whole_W",
        old="W_new[2 * H :] *= r / r[:, None]",
        new="W_new *= np.tile(r / r[:, None], (3, 1))",
        says="The reset gates' ratio multiplies the rows of r and z too. Which of the three products is reset?",
    ),
    mistake(
        id="negates_all_three",
        old="np.repeat([1.0, -1.0, 1.0], H)",
        new="-np.ones(3 * H)",
        says="All rows are negated. Which of the three becomes one minus itself in PyTorch's step?",
    ),
    mistake(
        id="negates_r_and_z",
        old="np.repeat([1.0, -1.0, 1.0], H)",
        new="np.repeat([-1.0, -1.0, 1.0], H)",
        says="The rows of r are negated as well as those of z. Which of the two gates means the same in both steps?",
    ),
    mistake(
        id="adds_the_biases_up_to_nothing",
        old="sign * b, np.zeros_like(b)",
        new="sign * b, -sign * b",
        says="The two new biases cancel in the gates. What must their sum be?",
    ),
    mistake(
        id="writes_into_the_given_bias",
        old="sign * b, np.zeros_like(b)",
        new="np.multiply(b, sign, out=b), np.zeros_like(b)",
        says="b, which was given, has become one of the new weights. Who may still need the lecture's bias?",
    ),
    mistake(
        id="returns_None_for_what_cannot_be_converted",
        old='raise ValueError("a unit reads another one through a reset gate that is not proportional to its own")',
        new="return None",
        says="Where no weights exist the result is None and no error is raised. What does the docstring ask for there?",
    ),
]

_COUNT = "blocks[cell] * H * (D + H + biases)"
MISTAKES["count_cell_parameters"] = [
    mistake(
        id="leaves_out_the_biases",
        old=_COUNT,
        new="blocks[cell] * H * (D + H)",
        says="The counts have no biases in them. Each gate and each candidate adds a vector of numbers that are "
        "learnt: how many are there, in the lecture and in PyTorch?",
    ),
    mistake(
        id="always_counts_one_bias",
        old=_COUNT,
        new="blocks[cell] * H * (D + H + 1)",
        says="The counts are those with the lecture's one bias, and do not change for PyTorch's two. What is "
        "biases for?",
    ),
    mistake(
        id="always_counts_two_biases",
        old=_COUNT,
        new="blocks[cell] * H * (D + H + 2)",
        says="The counts are PyTorch's, with two biases, even where one is asked for. What is biases for?",
    ),
    mistake(
        id="counts_one_bias_for_the_whole_cell",
        old=_COUNT,
        new="blocks[cell] * H * (D + H) + biases * H",
        says="There is one bias for the whole cell. Has each gate one of its own?",
    ),
    mistake(
        id="counts_a_bias_as_one_number",
        old=_COUNT,
        new="blocks[cell] * (H * (D + H) + biases)",
        says="A bias counts as one number. What shape has the bias of one gate of H units?",
    ),
    mistake(
        id="leaves_out_the_recurrent_matrices",
        old=_COUNT,
        new="blocks[cell] * H * (D + biases)",
        says="What leads from state to state is not counted. Which matrices does a cell have besides those that meet "
        "the input?",
    ),
    mistake(
        id="counts_recurrent_matrices_as_wide_as_the_input",
        old=_COUNT,
        new="blocks[cell] * H * (D + D + biases)",
        says="The recurrent matrices are counted as wide as the input. How many numbers does W meet in a row of h?",
    ),
    mistake(
        id="leaves_out_the_candidate",
        old='{"rnn": 1, "lstm": 4, "peephole": 4, "gru": 3}',
        new='{"rnn": 1, "lstm": 3, "peephole": 3, "gru": 2}',
        says="Each gate is counted, and the candidate, which has weights like a gate, is not. How many blocks of rows "
        "has the U of each cell?",
    ),
    mistake(
        id="gives_the_gru_four_blocks",
        old='"gru": 3',
        new='"gru": 4',
        says="The GRU is counted with as many blocks as the LSTM. Which two gates has it merged?",
    ),
    mistake(
        id="counts_every_cell_as_an_rnn",
        old=_COUNT,
        new="H * (D + H + biases)",
        says="All cells are counted like an RNN, with one block of weights. How many blocks of rows has the U of each "
        "cell?",
    ),
    mistake(
        id="counts_peepholes_as_vectors",
        old="count += 3 * H * H",
        new="count += 3 * H",
        says="The peepholes are vectors, one weight for each unit, as many programs have them. What does the slide "
        "multiply the cell state by?",
    ),
    mistake(
        id="gives_the_candidate_a_peephole",
        old="count += 3 * H * H",
        new="count += 4 * H * H",
        says="Four blocks of the LSTM see the cell state. Which one of them does not, on the slide?",
    ),
    mistake(
        id="leaves_out_the_peepholes",
        old="count += 3 * H * H",
        new="count += 0",
        says="The LSTM with peepholes has as many parameters as the one without. By way of what do its gates see the "
        "cell state?",
    ),
    mistake(
        id="forgets_the_cell_state",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new="state = H",
        says="The memory of an LSTM counts h and not c. What does it hand to the next step?",
    ),
    mistake(
        id="gives_the_gru_a_cell_state",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new='state = H if cell == "rnn" else 2 * H',
        says="The GRU's memory is counted twice. What did it merge, according to the lecture?",
    ),
    mistake(
        id="counts_parameters_for_each_number_of_state",
        old="memory = state / count",
        new="memory = count / state",
        says="Memory is upside down: parameters for each number kept. Which of the two is large "
        "for a cell that remembers much with few parameters?",
    ),
    mistake(
        id="multiplies_the_count_by_the_steps",
        old=_COUNT,
        new="blocks[cell] * H * (D + H + biases) * T",
        says="The count grows with the length of the sequences. How many different W does a cell use in T steps?",
    ),
    mistake(
        id="adds_up_the_states_of_all_steps",
        old="memory = state / count",
        new="memory = state * T / count",
        says="Memory adds up the states of all steps. How many of them can a cell still read "
        "when the next input comes?",
    ),
    mistake(
        id="raises_key_errors",
        old="""if cell not in blocks:
        raise ValueError(f"no such cell: {cell}")
    """,
        new="",
        says="A word that names no cell raises another error than the one that is asked for. Which one is it?",
    ),
    mistake(
        id="doubles_the_count_for_two_biases",
        old="blocks[cell] * H * (D + H + biases)",
        new="blocks[cell] * H * (D + H + 1) * biases",
        says="With two biases everything is counted twice. Which of the parameters does PyTorch have twice?",
    ),
    mistake(
        id="counts_peepholes_with_biases",
        old="count += 3 * H * H",
        new="count += 3 * H * (H + biases)",
        says="Each peephole is counted with a bias of its own. How many biases has a gate that sees the cell state?",
    ),
    mistake(
        id="counts_two_peepholes",
        old="count += 3 * H * H",
        new="count += 2 * H * H",
        says="Two gates are counted with a peephole. Which gates see the cell state on the slide?",
    ),
    mistake(
        id="counts_one_matrix_of_peepholes",
        old="count += 3 * H * H",
        new="count += H * H",
        says="One peephole is counted. Do the three gates share a matrix?",
    ),
    mistake(
        id="exchanges_inputs_and_units",
        old="blocks[cell] * H * (D + H + biases)",
        new="blocks[cell] * D * (D + H + biases)",
        says="Every gate is counted with D rows. How many units has it?",
    ),
    mistake(
        id="counts_the_inputs_alone_in_biases",
        old="blocks[cell] * H * (D + H + biases)",
        new="blocks[cell] * (H * (D + H) + biases * D)",
        says="A bias is counted as long as the input. What shape has the bias of one gate of H units?",
    ),
    mistake(
        id="forgets_the_cell_state_of_the_peephole_lstm",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new='state = 2 * H if cell == "lstm" else H',
        says="The memory of the LSTM with peepholes counts h and not c. What does it hand to the next step?",
    ),
    mistake(
        id="counts_the_cell_state_alone_for_all",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new="state = 2 * H",
        says="Every cell is given two states. Which cells have a cell state beside h?",
    ),
    mistake(
        id="counts_the_gates_as_state",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new="state = blocks[cell] * H",
        says="The gates are counted as state. Which numbers does the cell hand from one step to the next?",
    ),
    mistake(
        id="counts_one_number_of_state",
        old='state = 2 * H if cell in ("lstm", "peephole") else H',
        new='state = 2 if cell in ("lstm", "peephole") else 1',
        says="The vectors of state are counted, not their numbers. How many numbers has a state of H units?",
    ),
    mistake(
        id="divides_by_the_weights_alone",
        old="memory = state / count",
        new="memory = state / (count - blocks[cell] * H * biases)",
        says="memory is the state over the weights without the biases. What does count hold?",
    ),
    mistake(
        id="gives_the_gru_two_blocks",
        old='"gru": 3',
        new='"gru": 2',
        says="The GRU is counted with two blocks. How many blocks of rows has its U?",
    ),
    mistake(
        id="gives_the_lstm_three_blocks",
        old='"lstm": 4',
        new='"lstm": 3',
        says="The LSTM without peepholes is counted with three blocks. How many blocks of rows has its U?",
    ),
    mistake(
        id="raises_another_error",
        old="raise ValueError(",
        new="raise TypeError(",
        says="A word that names no cell raises an error, but not the one that the statement names. Which one is it?",
    ),
    mistake(
        id="counts_the_state_with_the_parameters",
        old="blocks[cell] * H * (D + H + biases)",
        new="blocks[cell] * H * (D + H + biases) + H",
        says="H numbers too many are counted. Is a state learnt?",
    ),
    mistake(
        id="takes_memory_for_whole_numbers",
        old="memory = state / count",
        new="memory = float(state // count)",
        says="memory is cut to a whole number, which is 0. What type has it?",
    ),
    mistake(
        id="multiplies_the_matrices",
        old="blocks[cell] * H * (D + H + biases)",
        new="blocks[cell] * (D * H * H + biases * H)",
        says="The sizes of the two matrices are multiplied. How many numbers do two matrices hold together?",
    ),
    mistake(
        id="returns_zeros_for_another_word",
        old='raise ValueError(f"no such cell: {cell}")',
        new="return 0, 0.0",
        says="Another word gives a count of zero and no error. What does the docstring ask for there?",
    ),
]

MISTAKES["adding_problem_batch"] = [
    mistake(
        id="takes_the_target_from_the_next_steps",
        old="y = values[rows, first] + values[rows, second]",
        new="y = values[rows, (first + 1) % T] + values[rows, (second + 1) % T]",
        says="y is the sum of the values one step behind the marks. At which steps do the marks stand?",
    ),
    mistake(
        id="takes_the_target_from_the_steps_before",
        old="y = values[rows, first] + values[rows, second]",
        new="y = values[rows, first - 1] + values[rows, second - 1]",
        says="y is the sum of the values one step before the marks. At which steps do the marks stand?",
    ),
    mistake(
        id="sums_all_values",
        old="y = values[rows, first] + values[rows, second]",
        new="y = values.sum(axis=1)",
        says="y is the sum of all values. What are the marks for?",
    ),
    mistake(
        id="averages_the_marked_values",
        old="y = values[rows, first] + values[rows, second]",
        new="y = (values[rows, first] + values[rows, second]) / 2",
        says="y is half of what is asked. Is it the sum of the two marked values or their mean?",
    ),
    mistake(
        id="multiplies_the_marked_values",
        old="values[rows, first] + values[rows, second]",
        new="values[rows, first] * values[rows, second]",
        says="y is the product of the two marked values: a neighbour of the adding problem. Which operation gives "
        "this one its name?",
    ),
    mistake(
        id="takes_the_sum_of_values_and_marks",
        old="y = values[rows, first] + values[rows, second]",
        new="y = (values + marks)[rows, first] + (values + marks)[rows, second]",
        says="y is too large by 2: the marks themselves are in the sum. What is marked, and what is added?",
    ),
    mistake(
        id="puts_both_marks_anywhere",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = (places[:, 0] * T).astype(int)
    second = (places[:, 1] * T).astype(int)""",
        says="Each mark may stand at any step of the sequence, and sometimes both stand at one. Where does the first "
        "part end?",
    ),
    mistake(
        id="puts_the_second_mark_into_the_first_part",
        old="second = m + (places[:, 1] * (T - m)).astype(int)",
        new="second = (places[:, 1] * (T - m)).astype(int)",
        says="Both marks lie at the beginning of the sequence. With which step does the second part begin?",
    ),
    mistake(
        id="forgets_that_an_odd_T_has_a_longer_second_part",
        old="(places[:, 1] * (T - m))",
        new="(places[:, 1] * m)",
        says="For an odd T the last step is never marked. How many steps does the second part have?",
    ),
    mistake(
        id="leaves_out_the_first_step_of_the_second_part",
        old="second = m + (places[:, 1] * (T - m)).astype(int)",
        new="second = m + 1 + (places[:, 1] * (T - m - 1)).astype(int)",
        says="Step m is never marked. With which step does the second part begin, when steps are counted from 0?",
    ),
    mistake(
        id="exchanges_the_two_draws",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = (places[:, 1] * m).astype(int)
    second = m + (places[:, 0] * (T - m)).astype(int)""",
        says="Each mark uses the number that was drawn for the other one. Which column of places belongs to the first "
        "part?",
    ),
    mistake(
        id="marks_the_steps_of_the_whole_batch",
        old="marks[rows, first] = marks[rows, second] = 1.0",
        new="marks[:, first] = marks[:, second] = 1.0",
        says="Each sequence carries the marks of all the sequences in the batch. A colon beside an array of indices "
        "means all combinations: how is each step paired with its own sequence?",
    ),
    mistake(
        id="puts_the_marks_before_the_values",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([marks, values], axis=2)",
        says="x holds the mark first and the value second. In which order are they asked for?",
    ),
    mistake(
        id="shows_the_marked_values_only",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values * marks, marks], axis=2)",
        says="The values that are not marked are zero, so a network could add up everything. What should make the "
        "problem hard?",
    ),
    mistake(
        id="puts_values_and_marks_on_the_time_axis",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values, marks], axis=1)",
        says="Time and the two numbers of a step have exchanged their axes. Which shape is asked for?",
    ),
    mistake(
        id="numbers_the_marks",
        old="marks[rows, first] = marks[rows, second] = 1.0",
        new="marks[rows, first], marks[rows, second] = 1.0, 2.0",
        says="The second mark is a 2. Which two values may a mark have?",
    ),
    mistake(
        id="rounds_the_places",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = np.minimum(np.rint(places[:, 0] * m).astype(int), m - 1)
    second = np.minimum(m + np.rint(places[:, 1] * (T - m)).astype(int), T - 1)""",
        says="The products of draws and lengths are rounded to the nearest step, within their part. What do "
        "the two brackets in the statement do to a number?",
    ),
    mistake(
        id="rounds_the_places_up",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = np.minimum(np.ceil(places[:, 0] * m).astype(int), m - 1)
    second = np.minimum(m + np.ceil(places[:, 1] * (T - m)).astype(int), T - 1)""",
        says="The products of draws and lengths are rounded up, within their part. What do the two brackets in"
        " the statement do to a number?",
    ),
    mistake(
        id="makes_the_first_part_the_longer_one",
        old="m = T // 2",
        new="m = (T + 1) // 2",
        says="For an odd T the first part has the step in the middle. How many steps are T/2, rounded down?",
    ),
    mistake(
        id="never_marks_the_last_step_of_each_part",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = (places[:, 0] * max(m - 1, 1)).astype(int)
    second = m + (places[:, 1] * (T - m - 1)).astype(int)""",
        says="The last step of each part is never marked. Between which bounds does u lie, and can it be 1?",
    ),
    mistake(
        id="uses_one_draw_for_both_marks",
        old="places[:, 1] * (T - m)",
        new="places[:, 0] * (T - m)",
        says="Both marks are placed by the first of the two draws. What is the second column of places for?",
    ),
    mistake(
        id="draws_the_places_again",
        old="""first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)""",
        new="""first = rng.integers(0, m, N)
    second = rng.integers(m, T, N)""",
        says="The marks are at steps that were drawn anew. By which numbers, already drawn, are they to be placed?",
    ),
    mistake(
        id="marks_the_first_step_alone",
        old="marks[rows, first] = marks[rows, second] = 1.0",
        new="marks[rows, first] = 1.0",
        says="Only the step in the first part is marked; y has both values. How many marks has a sequence?",
    ),
    mistake(
        id="marks_the_second_step_alone",
        old="marks[rows, first] = marks[rows, second] = 1.0",
        new="marks[rows, second] = 1.0",
        says="Only the step in the second part is marked; y has both values. How many marks has a sequence?",
    ),
    mistake(
        id="adds_the_first_value_alone",
        old="values[rows, first] + values[rows, second]",
        new="values[rows, first].copy()",
        says="y is the first of the two marked values. What is to be told at the end?",
    ),
    mistake(
        id="adds_the_second_value_alone",
        old="values[rows, first] + values[rows, second]",
        new="values[rows, second].copy()",
        says="y is the second of the two marked values. What is to be told at the end?",
    ),
    mistake(
        id="takes_the_difference",
        old="values[rows, first] + values[rows, second]",
        new="values[rows, first] - values[rows, second]",
        says="y is the difference of the two marked values. Which operation gives the problem its name?",
    ),
    mistake(
        id="adds_the_steps",
        old="values[rows, first] + values[rows, second]",
        new="1.0 * (first + second)",
        says="y is the sum of the two marked steps' numbers. Which numbers are marked?",
    ),
    mistake(
        id="puts_time_first",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values.T, marks.T], axis=2)",
        says="Time comes first and the sequences second. Which shape is asked for?",
    ),
    mistake(
        id="puts_values_and_marks_first",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values, marks])",
        says="Values and marks lie along the first axis. Which shape is asked for?",
    ),
    mistake(
        id="marks_by_minus_one_elsewhere",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values, 2 * marks - 1], axis=2)",
        says="Steps without a mark have a -1. Which two values may a mark have?",
    ),
    mistake(
        id="shows_the_marks_as_ones_elsewhere",
        old="np.stack([values, marks], axis=2)",
        new="np.stack([values, 1 - marks], axis=2)",
        says="The marks are 0 at the two steps and 1 everywhere else. Which two steps are to be marked?",
    ),
    mistake(
        id="gives_y_a_second_axis",
        old="y = values[rows, first] + values[rows, second]",
        new="y = (values[rows, first] + values[rows, second])[:, None]",
        says="y has a second axis. Which shape is asked for?",
    ),
    mistake(
        id="adds_up_the_batch",
        old="values[rows, first] + values[rows, second]",
        new="np.full(N, (values * marks).sum())",
        says="Every y is the sum of all marked values in the batch. Whose two values make the target of a sequence?",
    ),
    mistake(
        id="marks_the_step_after_the_first",
        old="marks[rows, first] = marks[rows, second] = 1.0",
        new="marks[rows, first + 1] = marks[rows, second] = 1.0",
        says="The first mark is one step late; its value is the one of the drawn step. Which step does the draw u "
        "choose in the first part?",
        of={
            "x": "The first mark is one step late. Which step does the draw u choose in the first part?",
        },
    ),
    mistake(
        id="lets_the_first_mark_lie_anywhere",
        old="first = (places[:, 0] * m)",
        new="first = (places[:, 0] * T)",
        says="The first mark may lie in either part: its draw is multiplied by T. How many steps has the first part?",
    ),
    mistake(
        id="rounds_the_first_place",
        old="first = (places[:, 0] * m).astype(int)",
        new="first = np.round(places[:, 0] * m).astype(int)",
        says="The first place is rounded to the nearest step, and can lie in the second part. Which step does "
        "floor(u m) choose?",
    ),
]

MISTAKES["stacked_gru_step"] = [
    mistake(
        id="reverses_the_update_gate",
        old="(1 - z) * h_prev + z * n",
        new="z * h_prev + (1 - z) * n",
        says=_Z_REVERSED,
    ),
    mistake(
        id="resets_after_the_product",
        old="(r * h_prev) @ W_n",
        new="r * (h_prev @ W_n)",
        says=_RESET_AFTER,
    ),
    mistake(
        id="swaps_r_and_z",
        old="""r = torch.sigmoid(a_r + h_prev @ W_r)
    z = torch.sigmoid(a_z + h_prev @ W_z)""",
        new="""z = torch.sigmoid(a_r + h_prev @ W_r)
    r = torch.sigmoid(a_z + h_prev @ W_z)""",
        says="Reset and update gate have exchanged their weights. Which rows belong to r and which to z, and what "
        "does each of the two do?",
    ),
    mistake(
        id="gives_all_the_first_network_s_weights",
        old="a_r, a_z, a_n = (x",
        new="U, W, b = (array[:1].expand_as(array) for array in (U, W, b))\n    a_r, a_z, a_n = (x",
        says="All networks compute with the weights of the first. Along which axis do the S sets of weights lie?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="W_r, W_z, W_n = W.mT.chunk(3, dim=2)",
        new="W_r, W_z, W_n = W.chunk(3, dim=1)",
        says="In gates and candidate each unit adds up a column of its matrix instead of a row. The matrices are "
        "square, so PyTorch does not complain: with one state per row, which product is a matrix times each "
        "state?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="x @ U.mT + b[:, None]",
        new="x @ U.mT",
        says="All biases are missing. What should the gates be where the input and the old state are zero?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="torch.tanh(a_n",
        new="torch.sigmoid(a_n",
        says="The candidate goes through a sigmoid: it can never be negative. Which of the three is no gate?",
    ),
    mistake(
        id="leaves_out_the_reset_gate",
        old="(r * h_prev) @ W_n",
        new="h_prev @ W_n",
        says="The reset gate is computed and never used. What does it multiply?",
    ),
    mistake(
        id="keeps_nothing_of_the_old_state",
        old="(1 - z) * h_prev + z * n",
        new="z * n",
        says="The new state is z times the candidate, and the old state is not copied at all. What becomes of a unit "
        "whose update gate is shut?",
    ),
    mistake(
        id="stops_the_gradients",
        old="(1 - z) * h_prev + z * n",
        new="((1 - z) * h_prev + z * n).detach()",
        says="No gradient flows back through them: nothing can learn. Which call cuts a "
        "tensor off from what it was computed from?",
    ),
    mistake(
        id="stops_the_gradients_of_the_old_state",
        old="a_r, a_z, a_n = (x",
        new="h_prev = h_prev.detach()\n    a_r, a_z, a_n = (x",
        says="No gradient flows back to the state before: errors cannot travel in time. "
        "Which call cuts a tensor off from what it was computed from?",
    ),
    mistake(
        id="returns_a_numpy_array",
        old="(1 - z) * h_prev + z * n",
        new="((1 - z) * h_prev + z * n).detach().numpy()",
        says="The numbers are in a NumPy array, through which no gradient flows. What kind of array is asked for?",
    ),
    mistake(
        id="uses_tanh_for_the_reset_gate",
        old="torch.sigmoid(a_r",
        new="torch.tanh(a_r",
        says="The reset gate goes through tanh and can turn a state's sign. Between which numbers must a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_update_gate",
        old="torch.sigmoid(a_z",
        new="torch.tanh(a_z",
        says="The update gate goes through tanh, so that it may be negative. Between which numbers must a gate lie?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="torch.tanh(a_n + (r * h_prev) @ W_n)",
        new="a_n + (r * h_prev) @ W_n",
        says="The candidate has not been through tanh: states can grow beyond 1. Which function keeps it "
        "between -1 and 1?",
    ),
    mistake(
        id="adds_each_networks_bias_to_a_sequence",
        old="b[:, None]",
        new="(b[:, None] if len(b) != x.shape[1] else b)",
        says="Where there are as many sequences as networks, each sequence gets the bias of another network. "
        "Along which axis of the product do the networks lie?",
    ),
    mistake(
        id="keeps_all_of_the_old_state",
        old="(1 - z) * h_prev + z * n",
        new="h_prev + z * n",
        says="The candidate is added to the whole old state, so a state can grow without bound. Which share of"
        " it is kept?",
    ),
    mistake(
        id="copies_the_reset_state",
        old="(1 - z) * h_prev + z * n",
        new="(1 - z) * (r * h_prev) + z * n",
        says="What is copied has gone through the reset gate. How many times does r stand in the equations, "
        "and in which of them?",
    ),
    mistake(
        id="mixes_by_the_reset_gate",
        old="(1 - z) * h_prev + z * n",
        new="(1 - r) * h_prev + r * n",
        says="The reset gate mixes the old state and the candidate, and z does nothing. Which gate decides how"
        " much of the state is renewed?",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old="""r = torch.sigmoid(a_r + h_prev @ W_r)
    z = torch.sigmoid(a_z + h_prev @ W_z)""",
        new="""r = torch.sigmoid(a_r)
    z = torch.sigmoid(a_z)""",
        says="The gates do not depend on the old state. On what two things does the lecture base a gate?",
    ),
    mistake(
        id="computes_in_float32",
        old="(1 - z) * h_prev + z * n",
        new="((1 - z) * h_prev + z * n).float()",
        says="The states come in float32. Which dtype is asked for?",
        exempt="a result in float32 is recognised as the same result",
    ),
    mistake(
        id="resets_the_input",
        old="torch.tanh(a_n + (r * h_prev) @ W_n)",
        new="torch.tanh(r * a_n + h_prev @ W_n)",
        says="The reset gate lies on the input, and the old state passes in full. If r is near 0, which of the"
        " two should the candidate forget?",
    ),
    mistake(
        id="returns_the_candidate",
        old="(1 - z) * h_prev + z * n",
        new="1.0 * n",
        says="The new state is the candidate: nothing of the old state is copied. What does z mix?",
    ),
    mistake(
        id="stops_the_gradients_of_the_gates",
        old="n = torch.tanh(a_n",
        new="""r, z = r.detach(), z.detach()
    n = torch.tanh(a_n""",
        says="No gradient flows back through the gates: they cannot learn. Which "
        "call cuts a tensor off from what it was computed from?",
    ),
    mistake(
        id="resets_by_the_update_gate",
        old="(r * h_prev) @ W_n",
        new="(z * h_prev) @ W_n",
        says="The update gate stands before the product with W_n, and the reset gate has no effect. Which of "
        "the two decides what the candidate sees of the old state?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_z",
        old="""a_r, a_z, a_n = (x @ U.mT + b[:, None]).chunk(3, dim=2)  # (S, N, H) each
    W_r, W_z, W_n""",
        new="""a_r, a_n, a_z = (x @ U.mT + b[:, None]).chunk(3, dim=2)
    W_r, W_n, W_z""",
        says="The candidate and the update gate have exchanged their weights. Which H rows of U, W and b "
        "belong to each of the three?",
    ),
    mistake(
        id="takes_the_candidate_from_the_rows_of_r",
        old="""a_r, a_z, a_n = (x @ U.mT + b[:, None]).chunk(3, dim=2)  # (S, N, H) each
    W_r, W_z, W_n""",
        new="""a_n, a_z, a_r = (x @ U.mT + b[:, None]).chunk(3, dim=2)
    W_n, W_z, W_r""",
        says="The candidate and the reset gate have exchanged their weights. Which H rows of U, W and b belong"
        " to each of the three?",
    ),
    mistake(
        id="averages_the_networks",
        old="(1 - z) * h_prev + z * n",
        new="((1 - z) * h_prev + z * n).mean(dim=0, keepdim=True)",
        says="The states of the networks are averaged. How many states are asked for?",
    ),
    mistake(
        id="lets_the_candidate_read_the_input_alone",
        old="torch.tanh(a_n + (r * h_prev) @ W_n)",
        new="torch.tanh(a_n)",
        says="The candidate does not depend on the old state. Which two things does it read?",
    ),
    mistake(
        id="returns_a_plain_list",
        old="(1 - z) * h_prev + z * n",
        new="((1 - z) * h_prev + z * n).tolist()",
        says="The numbers are in a list, through which no gradient flows. What kind of value is asked for?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="x @ U.mT + b[:, None]",
        new="x @ U.mT + 2 * b[:, None]",
        says="The biases count twice, as if each product had one. How many does each equation have?",
    ),
    mistake(
        id="gives_all_the_first_networks_bias",
        old="b[:, None]",
        new="b[0]",
        says="All networks have the bias of the first. Along which axis do the S biases lie?",
    ),
    mistake(
        id="writes_into_the_old_state",
        old="h = (1 - z) * h_prev + z * n",
        new="""with torch.no_grad():
        h_prev.copy_((1 - z) * h_prev + z * n)
    h = h_prev""",
        says="The new states were written into h_prev: the caller has lost those before the step. Who else may "
        "still need that tensor?",
    ),
    mistake(
        id="gives_the_candidate_the_bias_of_the_update_gate",
        old="W_r, W_z, W_n = W.mT",
        new="""a_n = a_n - b[:, None, 2 * h_prev.shape[2] :] + b[:, None, h_prev.shape[2] : 2 * h_prev.shape[2]]
    W_r, W_z, W_n = W.mT""",
        says="The candidate has the update gate's bias. How many biases does each of the three own?",
    ),
]

_CLIPPED = """norms = sum((p.grad**2).reshape(S, -1).sum(dim=1) for p in parameters).sqrt()  # (S,)
        for p in parameters:
            p.grad *= (clip / norms).clamp(max=1).reshape(S, *[1] * (p.ndim - 1))"""
_STOP = "if None not in steps:\n            break\n        "
_UPDATE = f"""optimizer.zero_grad()
        losses.sum().backward()  # a network's loss depends on its own parameters alone, so the sum keeps them apart
        {_CLIPPED}
        optimizer.step()"""
MISTAKES["train_to_criterion"] = [
    mistake(
        id="does_not_reset_the_gradients",
        old="optimizer.zero_grad()\n        ",
        new="",
        says="Each step uses the gradients of all batches so far: PyTorch adds to what is already there. When must "
        "the old gradient go?",
    ),
    mistake(
        id="averages_the_losses_of_the_networks",
        old="losses.sum().backward()",
        new="losses.mean().backward()",
        says="The gradients are too small by the number of networks, so that fewer are clipped. Whose loss may a "
        "network's gradient depend on, and may the others' number matter?",
    ),
    mistake(
        id="clips_all_networks_together",
        old=_CLIPPED,
        new="torch.nn.utils.clip_grad_norm_(parameters, clip)",
        says="The gradients of all networks are clipped together: one that explodes holds up the others. Over which "
        "axes does the norm of one network's gradient go?",
    ),
    mistake(
        id="does_not_clip",
        old=_CLIPPED,
        new="pass",
        says="No gradient is clipped. When is its norm to be brought down to clip?",
    ),
    mistake(
        id="scales_every_gradient_to_clip",
        old=".clamp(max=1)",
        new="",
        says="Every gradient is brought to the norm clip, short ones too (and one of zero to NaN). What happens to "
        "a gradient that is shorter, in the equation?",
    ),
    mistake(
        id="clips_each_array_by_itself",
        old=_CLIPPED,
        new="""for p in parameters:
            norms = (p.grad**2).reshape(S, -1).sum(dim=1).sqrt()
            p.grad *= (clip / norms).clamp(max=1).reshape(S, *[1] * (p.ndim - 1))""",
        says="Each array of a network is clipped by itself, so the direction of its gradient changes. Over what does "
        "the norm go?",
    ),
    mistake(
        id="clips_values_instead_of_norms",
        old=_CLIPPED,
        new="torch.nn.utils.clip_grad_value_(parameters, clip)",
        says="Each number of the gradient is cut off at clip. Which of the two ways of clipping keeps the direction?",
    ),
    mistake(
        id="forgets_the_root_of_the_norm",
        old=" for p in parameters).sqrt()",
        new=" for p in parameters)",
        says="Gradients are compared with clip by their squared norms. What is missing?",
    ),
    mistake(
        id="uses_plain_gradient_descent",
        old="torch.optim.Adam(",
        new="torch.optim.SGD(",
        says="This is plain gradient descent. Which optimizer is asked for?",
    ),
    mistake(
        id="leaves_lr_at_its_default",
        old="torch.optim.Adam(parameters, lr=lr)",
        new="torch.optim.Adam(parameters)",
        says="Whatever lr is, the steps are as long as Adam's default makes them. Who tells the optimizer of lr?",
    ),
    mistake(
        id="makes_a_new_optimizer_at_each_step",
        old="optimizer.zero_grad()",
        new="optimizer = torch.optim.Adam(parameters, lr=lr)\n        optimizer.zero_grad()",
        says="Every step is Adam's first: its memory of earlier gradients is lost. When is the optimizer made?",
    ),
    mistake(
        id="trains_on_the_first_batch_again_and_again",
        old="stacked_losses(cell, parameters, x[k], y[k])",
        new="stacked_losses(cell, parameters, x[0], y[0])",
        says="All steps use batch 0. Which batch belongs to step k?",
    ),
    mistake(
        id="counts_the_steps_from_one",
        old="steps[s] = k",
        new="steps[s] = k + 1",
        says="Each entry of steps is one too many. How many updates had a network "
        "taken that met the criterion on the first batch?",
    ),
    mistake(
        id="keeps_the_last_step_below_the_criterion",
        old="if steps[s] is None and losses[s] < criterion:",
        new="if losses[s] < criterion:",
        says="steps tells of the last loss below the criterion, not of the first. What may an entry be once it has "
        "been set?",
    ),
    mistake(
        id="takes_a_loss_equal_to_the_criterion_for_one_below",
        old="losses[s] < criterion",
        new="losses[s] <= criterion",
        says="A loss that equals the criterion is taken to meet it. Which losses do?",
    ),
    mistake(
        id="stops_as_soon_as_one_network_has_met_the_criterion",
        old="if None not in steps:",
        new="if any(step is not None for step in steps):",
        says="All stop when the first network has met the criterion. For which one does training wait?",
    ),
    mistake(
        id="does_not_stop_early",
        old=_STOP,
        new="",
        says="Training goes on until the batches run out, even if all networks have met the criterion. When is it to "
        "end?",
    ),
    mistake(
        id="updates_once_more_before_it_stops",
        old=_STOP + _UPDATE,
        new=_UPDATE + "\n        " + _STOP.rstrip(),
        says="Where all networks have met the criterion one more update is made before "
        "training ends. In which order do loss, criterion and update follow each other?",
    ),
    mistake(
        id="stops_a_network_that_has_met_the_criterion",
        old="losses.sum().backward()",
        new="sum(loss for loss, step in zip(losses, steps) if step is None).backward()",
        says="A network that has met the criterion gets no more gradients. What does the statement ask it to do while "
        "others have not?",
    ),
    mistake(
        id="gives_the_number_of_batches_to_those_that_failed",
        old="curves = np.stack(curves, axis=1)",
        new="steps = [B if step is None else step for step in steps]\n    curves = np.stack(curves, axis=1)",
        says="A network that never met the criterion has the number of batches in "
        "steps, as if it had met it then. What is asked for?",
    ),
    mistake(
        id="puts_time_before_the_networks",
        old="np.stack(curves, axis=1)",
        new="np.stack(curves)",
        says="curves has time on its first axis. Which shape is asked for?",
    ),
    mistake(
        id="compares_the_mean_loss_with_the_criterion",
        old="losses[s] < criterion",
        new="losses.mean() < criterion",
        says="All networks meet the criterion at once, when the mean of their losses does. Whose loss counts for a "
        "network?",
    ),
    mistake(
        id="leaves_out_the_last_update",
        old="if None not in steps:",
        new="if None not in steps or k == B - 1:",
        says="After the last batch the parameters are not updated. When does a step end without an update?",
    ),
    mistake(
        id="uses_AdamW",
        old="torch.optim.Adam(",
        new="torch.optim.AdamW(",
        says="The parameters also shrink a little at each step: the optimizer is another with a similar name. "
        "Which one is asked for?",
    ),
    mistake(
        id="uses_RMSprop",
        old="torch.optim.Adam(",
        new="torch.optim.RMSprop(",
        says="The steps are those of RMSprop. Which optimizer is asked for?",
    ),
    mistake(
        id="never_takes_a_step",
        old="optimizer.step()",
        new="pass",
        says="The parameters never change. What uses the gradients, and are they still there when it does?",
    ),
    mistake(
        id="lengthens_short_gradients",
        old=".clamp(max=1)",
        new=".clamp(min=1)",
        says="Gradients shorter than clip are lengthened to it, and long ones pass. On which side of clip is "
        "there anything to do?",
    ),
    mistake(
        id="turns_the_fraction_over",
        old="(clip / norms)",
        new="(norms / clip)",
        says="Short gradients become shorter still, and long ones pass. By what must a gradient of twice the "
        "length of clip be multiplied?",
    ),
    mistake(
        id="leaves_the_biases_out_of_the_norm",
        old="for p in parameters).sqrt()",
        new="for p in parameters if p.ndim == 3).sqrt()",
        says="Only the matrices count for the norm. Over what does the norm of a network's gradient go?",
    ),
    mistake(
        id="records_the_loss_after_the_update",
        old="optimizer.step()",
        new="""optimizer.step()
        curves[-1] = stacked_losses(cell, parameters, x[k], y[k]).detach().numpy()""",
        says="The curves hold the losses after each update, on the batch that was just used. When is the loss "
        "of step k taken?",
    ),
    mistake(
        id="returns_the_curves_as_a_list",
        old="curves = np.stack(curves, axis=1)",
        new="curves = np.stack(curves, axis=1).tolist()",
        says="The curves come as a list. What type is asked for?",
    ),
    mistake(
        id="gives_all_the_step_of_the_last",
        old="curves = np.stack(curves, axis=1)",
        new="""steps = steps if None in steps else [max(steps)] * S
    curves = np.stack(curves, axis=1)""",
        says="Every network is given the step at which the last one met the criterion. When did each one meet it?",
    ),
    mistake(
        id="trains_the_first_network_alone",
        old="losses.sum().backward()",
        new="losses[0].backward()",
        says="Only the first network gets gradients. How many are trained at once?",
    ),
    mistake(
        id="trains_on_the_batches_in_reverse",
        old="stacked_losses(cell, parameters, x[k], y[k])",
        new="stacked_losses(cell, parameters, x[B - 1 - k], y[B - 1 - k])",
        says="The last batch is used first. Which batch belongs to step k?",
    ),
    mistake(
        id="leaves_out_the_first_batch",
        old="for k in range(B):",
        new="for k in range(1, B):",
        says="The first batch is never used. With which k does training begin?",
    ),
    mistake(
        id="leaves_out_the_last_batch",
        old="for k in range(B):",
        new="for k in range(B - 1):",
        says="The last batch is never used. With which k does training end?",
    ),
    mistake(
        id="records_the_mean_of_the_networks",
        old="curves.append(losses.detach().numpy())",
        new="curves.append(losses.mean().repeat(S).detach().numpy())",
        says="All networks have the same curve, the mean of all. Whose losses stand in a row of curves?",
    ),
    mistake(
        id="takes_a_loss_above_the_criterion",
        old="losses[s] < criterion",
        new="losses[s] > criterion",
        says="A network is taken to meet the criterion with the first loss above it. Which losses meet it?",
    ),
    mistake(
        id="gives_minus_one_to_those_that_failed",
        old="curves = np.stack(curves, axis=1)",
        new="""steps = [-1 if step is None else step for step in steps]
    curves = np.stack(curves, axis=1)""",
        says="A network that never met the criterion has -1 in steps. What is asked for?",
    ),
    mistake(
        id="squares_the_learning_rate",
        old="torch.optim.Adam(parameters, lr=lr)",
        new="torch.optim.Adam(parameters, lr=lr**2)",
        says="The steps have the square of lr. Where does the optimizer get its learning rate from?",
    ),
    mistake(
        id="divides_the_learning_rate_by_the_networks",
        old="torch.optim.Adam(parameters, lr=lr)",
        new="torch.optim.Adam(parameters, lr=lr / S)",
        says="The more networks are trained, the shorter are the steps. Whose number may matter to a network?",
    ),
    mistake(
        id="decays_the_weights",
        old="torch.optim.Adam(parameters, lr=lr)",
        new="torch.optim.Adam(parameters, lr=lr, weight_decay=0.01)",
        says="The weights are decayed at each step. Which of Adam's arguments does the docstring set, besides the "
        "parameters?",
    ),
]
