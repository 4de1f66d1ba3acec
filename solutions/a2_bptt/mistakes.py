"""The mistakes that students make in assignment 2: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_SLOPES = "d0, d1, d2 = 1 - s0**2, 1 - s1**2, 1 - s2**2"
_PARTIALS = "d0 * s_before, d1 * s0, d2 * s1"
_UP_TO_S1 = "p2, d2 * W * p1,"
_VIA_S0 = "d2 * W * d1 * W * p0"
MISTAKES["chain_rule_terms"] = [
    mistake(
        id="leaves_out_the_term_through_s0",
        old=_VIA_S0,
        new="sympy.Integer(0)",
        says="The third term is zero. The first state was also made with W, from a state that is not zero: by which "
        "way does that use of W reach s_2?",
    ),
    mistake(
        id="leaves_out_the_term_through_s1",
        old=_UP_TO_S1,
        new="p2, sympy.Integer(0),",
        says="The second term is zero. Through which states does the W of step 1 reach s_2?",
    ),
    mistake(
        id="takes_the_total_derivative_of_s1",
        old=_UP_TO_S1,
        new="p2, d2 * W * (p1 + d1 * W * p0),",
        says="The second term holds the third as well, which then counts twice: it multiplies ds_2/ds_1 by the total "
        "derivative of s_1. What is held fixed in the immediate partial derivative?",
    ),
    mistake(
        id="takes_the_total_derivative_of_s2",
        old=_UP_TO_S1,
        new="sympy.diff(s2, W), d2 * W * p1,",
        says="The direct term is the whole derivative ds_2/dW, and the other two come on top of it. If s_1 is held "
        "fixed, where is W still to be seen in s_2?",
    ),
    mistake(
        id="takes_total_derivatives_everywhere",
        old=_UP_TO_S1,
        new="sympy.diff(s2, W), d2 * W * sympy.diff(s1, W),",
        says="Total derivatives stand where immediate partial ones are meant, in the first term and in the second: "
        "their sum counts the early steps again and again. What is held fixed in each of the three?",
    ),
    mistake(
        id="lets_the_terms_grow_into_their_sum",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new=f"p2, p2 + d2 * W * p1, p2 + d2 * W * p1 + {_VIA_S0}",
        says="Each term holds the ones before it: the last is the whole sum. Does the exercise ask for the terms or "
        "for what has been added up so far?",
    ),
    mistake(
        id="takes_tanh_prime_one_step_early",
        old=_SLOPES,
        new="d0, d1, d2 = 1 - s_before**2, 1 - s0**2, 1 - s1**2",
        says="Each tanh' is taken at the argument of the step before its own. Which state came out of the tanh that "
        "you differentiate?",
    ),
    mistake(
        id="takes_tanh_prime_at_s2_everywhere",
        old=_SLOPES,
        new="d0, d1, d2 = 1 - s2**2, 1 - s2**2, 1 - s2**2",
        says="The slope of the last step is used for all three. At which argument is the tanh of step 1 evaluated, "
        "and at which that of step 0?",
    ),
    mistake(
        id="forgets_the_square_in_tanh_prime",
        old=_SLOPES,
        new="d0, d1, d2 = 1 - s0, 1 - s1, 1 - s2",
        says="The slope of tanh is taken as 1 - s. At a state of -0.5, should it be above 1?",
    ),
    mistake(
        id="squares_the_argument_instead_of_the_state",
        old=_SLOPES,
        new="d0, d1, d2 = (1 - (W * a + U * x_t) ** 2 for a, x_t in zip((s_before, s0, s1), x, strict=True))",
        says="The square in tanh's slope is that of what goes into tanh, not of what comes out. Can the slope of "
        "tanh be negative?",
    ),
    mistake(
        id="leaves_out_tanh_prime",
        old=_SLOPES,
        new="d0, d1, d2 = 1, 1, 1",
        says="No term holds a slope of tanh: so it would be for a linear unit. What does the chain rule put in front "
        "when you differentiate tanh of something?",
    ),
    mistake(
        id="leaves_out_W_between_the_states",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new="p2, d2 * p1, d2 * d1 * p0",
        says="From state to state only tanh's slope is multiplied in. By what is s_1 multiplied inside of s_2?",
    ),
    mistake(
        id="counts_W_once_on_a_way_of_two_steps",
        old=_VIA_S0,
        new="d2 * W * d1 * p0",
        says="One factor W is missing in the third term. How many steps lie between s_0 and s_2, and what does "
        "each of them multiply by?",
    ),
    mistake(
        id="jumps_over_s1",
        old=_VIA_S0,
        new="d2 * W * p0",
        says="The third term goes from s_0 to s_2 as if it were a single step. Which state lies between them, and "
        "what does it contribute?",
    ),
    mistake(
        id="takes_the_state_before_for_zero",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new=f"(term.subs(s_before, 0) for term in ({_UP_TO_S1} {_VIA_S0}))",
        says="s_{-1} is taken to be zero in all terms, and so the third one vanishes. Does anything say that it is?",
    ),
    mistake(
        id="multiplies_by_the_state_after_the_step",
        old=_PARTIALS,
        new="d0 * s0, d1 * s1, d2 * s2",
        says="Each term ends with the state that the step made, not with the one that W was multiplied by. What "
        "stands beside W inside the tanh of step 2?",
    ),
    mistake(
        id="differentiates_with_respect_to_U",
        old=_PARTIALS,
        new="d0 * x[0], d1 * x[1], d2 * x[2]",
        says="These are the terms of the derivative with respect to U: each ends with an input. What does W multiply?",
    ),
    mistake(
        id="names_the_terms_from_the_past_to_the_present",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new=f"{_VIA_S0}, d2 * W * p1, p2",
        says="The three terms stand in the reverse order. Which of them is the direct one: that of the last step, or "
        "that of the first?",
    ),
    mistake(
        id="uses_the_slope_of_the_sigmoid",
        old=_SLOPES,
        new="d0, d1, d2 = s0 * (1 - s0), s1 * (1 - s1), s2 * (1 - s2)",
        says="The slopes are s (1 - s), those of a sigmoid. Which nonlinearity has the network?",
    ),
    mistake(
        id="leaves_out_the_inputs",
        old="""s0 = sympy.tanh(W * s_before + U * x[0])
    s1 = sympy.tanh(W * s0 + U * x[1])
    s2 = sympy.tanh(W * s1 + U * x[2])""",
        new="s0 = sympy.tanh(W * s_before)\n    s1 = sympy.tanh(W * s0)\n    s2 = sympy.tanh(W * s1)",
        says="The terms do not depend on U and x: these are the states of a network without inputs. What stands "
        "inside of tanh beside W s?",
    ),
    mistake(
        id="reads_the_inputs_in_reverse",
        old="""s0 = sympy.tanh(W * s_before + U * x[0])
    s1 = sympy.tanh(W * s0 + U * x[1])
    s2 = sympy.tanh(W * s1 + U * x[2])""",
        new="""s0 = sympy.tanh(W * s_before + U * x[2])
    s1 = sympy.tanh(W * s0 + U * x[1])
    s2 = sympy.tanh(W * s1 + U * x[0])""",
        says="x_0 and x_2 have changed places. Which input does the first step read?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_last_step",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new="p2, W * p1, W * d1 * W * p0",
        says="The slope of the last step is missing in the second term and in the third. What does the chain rule "
        "put in front when s_2 is differentiated with respect to s_1?",
    ),
    mistake(
        id="carries_with_U",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new="p2, d2 * U * p1, d2 * U * d1 * U * p0",
        says="From state to state the terms are multiplied by U. By what is s_1 multiplied inside of s_2?",
    ),
    mistake(
        id="exchanges_the_terms_through_s1_and_s0",
        old=f"{_UP_TO_S1} {_VIA_S0}",
        new="p2, d2 * W * d1 * W * p0, d2 * W * p1",
        says="The second and the third term have changed places. Which of them goes through s_1 alone?",
    ),
    mistake(
        id="counts_W_twice_on_a_way_of_one_step",
        old=_UP_TO_S1,
        new="p2, d2 * W**2 * p1,",
        says="The second term has one factor W too many. How many steps lie between s_1 and s_2?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_first_step",
        old=_VIA_S0,
        new="d2 * W * d1 * W * s_before",
        says="The third term lacks the slope of the first step. What does the chain rule put in front when s_0 is "
        "differentiated with respect to W?",
    ),
    mistake(
        id="differentiates_the_three_states",
        old="direct, via_s1, via_s0 = p2, d2 * W * p1, d2 * W * d1 * W * p0",
        new="direct, via_s1, via_s0 = (sympy.diff(s, W) for s in (s2, s1, s0))",
        says="These are the derivatives of s_2, s_1 and s_0 with respect to W. The sum has three terms of ds_2/dW "
        "alone: how does each state act on s_2?",
    ),
    mistake(
        id="multiplies_by_the_state_two_steps_before",
        old="d2 * s1  # the",
        new="d2 * s0  # the",
        says="The direct term holds s_0. Which state does W multiply inside of s_2?",
    ),
    mistake(
        id="leaves_out_W_in_the_second_term",
        old="p2, d2 * W * p1,",
        new="p2, d2 * p1,",
        says="One factor W is missing in the second term. By what is s_1 multiplied inside of s_2?",
    ),
    mistake(
        id="leaves_out_the_slope_of_s1_in_the_second_term",
        old="d2 * W * p1,",
        new="d2 * W * s0,",
        says="In the second term the slope of tanh at s_1 is missing. What is the immediate partial derivative of s_1?",
    ),
    mistake(
        id="leaves_out_the_slope_of_s2_in_the_second_term",
        old="p2, d2 * W * p1,",
        new="p2, W * p1,",
        says="In the second term the slope of tanh at s_2 is missing. What is the derivative of s_2 by s_1?",
    ),
    mistake(
        id="leaves_out_the_slope_of_s2_in_the_third_term",
        old="p1, d2 * W * d1",
        new="p1, W * d1",
        says="In the third term the slope of tanh at s_2 is missing. What is the derivative of s_2 by s_1?",
    ),
    mistake(
        id="leaves_out_the_slope_of_s1_in_the_third_term",
        old="d2 * W * d1 * W * p0",
        new="d2 * W * W * p0",
        says="In the third term the slope of tanh at s_1 is missing. What is the derivative of s_1 by s_0?",
    ),
    mistake(
        id="leaves_out_the_state_before",
        old="d0 * s_before",
        new="d0",
        says="In the third term s_{-1} is missing. What does W multiply inside of s_0?",
    ),
    mistake(
        id="carries_with_U_in_the_second_term",
        old="p2, d2 * W * p1,",
        new="p2, d2 * U * p1,",
        says="The second term is multiplied by U. By what is s_1 multiplied inside of s_2?",
    ),
    mistake(
        id="takes_one_over_cosh_for_the_slope",
        old="1 - s0**2, 1 - s1**2, 1 - s2**2",
        new="sympy.sqrt(1 - s0**2), sympy.sqrt(1 - s1**2), sympy.sqrt(1 - s2**2)",
        says="The slope of tanh is taken as one over cosh, without the square. What is the derivative of tanh?",
    ),
]

_DIFFERENCE = "loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args[:which], behind, *args[which + 1 :])"
_TWICE_AS_LARGE = "gradient[i] = difference / (2 * step)"
MISTAKES["numerical_gradient"] = [
    mistake(
        id="takes_a_forward_difference",
        old=f"{_DIFFERENCE}\n        {_TWICE_AS_LARGE}",
        new="loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args)\n        gradient[i] = difference / step",
        says="This is a forward difference: one side is the point itself, and the error shrinks with the step, not "
        "with its square. On which two sides of the point does a central difference look?",
    ),
    mistake(
        id="takes_a_backward_difference",
        old=f"{_DIFFERENCE}\n        {_TWICE_AS_LARGE}",
        new="loss(*args) - loss(*args[:which], behind, *args[which + 1 :])\n        gradient[i] = difference / step",
        says="This is a backward difference: one side is the point itself. On which two sides of the point does a "
        "central difference look?",
    ),
    mistake(
        id="divides_by_one_step",
        old="/ (2 * step)",
        new="/ step",
        says="Every entry is twice what it should be. How far apart are the two points at which the loss is taken?",
    ),
    mistake(
        id="divides_and_multiplies_by_half_the_step",
        old="/ (2 * step)",
        new="/ 2 * step",
        says="Every entry is too small by the square of the step. In which order does Python divide and multiply?",
    ),
    mistake(
        id="subtracts_the_wrong_way_round",
        old="gradient[i] = difference",
        new="gradient[i] = -difference",
        says="Every entry has the wrong sign. From which of the two losses is the other subtracted?",
    ),
    mistake(
        id="never_puts_an_entry_back",
        old="ahead, behind = X.copy(), X.copy()",
        new="ahead, behind = X, X.copy()",
        says="The caller's own array is moved and stays moved, so that the later entries are measured elsewhere. "
        "What should every array of args hold after the call, and before the next entry?",
    ),
    mistake(
        id="moves_all_entries_at_once",
        old="ahead[i] += step\n        behind[i] -= step",
        new="ahead += step\n        behind -= step",
        says="Every entry of the result is the same: all entries of X were moved together, which gives the sum of "
        "the gradient. Which of them may move when one derivative is measured?",
    ),
    mistake(
        id="moves_a_row_at_a_time",
        old="np.ndindex(X.shape)",
        new="range(len(X))",
        says="Within each row all entries are the same: the row was moved as a whole. How is one entry of an array "
        "with two or three axes picked?",
    ),
    mistake(
        id="ignores_the_step",
        old="X = args[which]",
        new="X, step = args[which], 1e-5",
        says="The result is that of a step of 1e-5, whatever step is passed in. Where is it used?",
    ),
    mistake(
        id="takes_steps_in_proportion_to_the_entry",
        old="ahead[i] += step\n        behind[i] -= step",
        new="ahead[i] += step * X[i]\n        behind[i] -= step * X[i]",
        says="The entry is moved by the step times its own value, and then divided by the step alone. By how much "
        "does the equation move it?",
    ),
    mistake(
        id="moves_both_copies_at_once",
        old="ahead, behind = X.copy(), X.copy()",
        new="ahead = behind = X.copy()",
        says="The gradient is zero everywhere: the two losses are the same. By how much do the two arrays differ at "
        "which the loss is taken, and are there two?",
    ),
    mistake(
        id="differentiates_along_the_first_argument",
        old="X = args[which]",
        new="which = 0\n    X = args[which]",
        says="The gradient belongs to the first argument, whichever is asked for. What says which one X is?",
    ),
    mistake(
        id="drops_the_sign",
        old="gradient[i] = difference",
        new="gradient[i] = abs(difference)",
        says="No entry is negative. May a loss not fall when an entry of X grows?",
    ),
    mistake(
        id="comes_back_to_the_point_alone",
        old=f"{_DIFFERENCE}\n        {_TWICE_AS_LARGE}",
        new="""loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args)
        gradient[i] = difference / (2 * step)""",
        says="Every entry is half of a forward difference: one of the two losses is that of the point itself. On "
        "which two sides of it does a central difference look?",
    ),
    mistake(
        id="moves_by_half_a_step",
        old="ahead[i] += step\n        behind[i] -= step",
        new="ahead[i] += step / 2\n        behind[i] -= step / 2",
        says="Every entry is half of a central difference that reaches half a step to either side. How far apart "
        "are the two points in the equation?",
    ),
    mistake(
        id="halves_the_step",
        old="""ahead[i] += step
        behind[i] -= step
        difference = loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args[:which], behind, *args[which + 1 :])
        gradient[i] = difference / (2 * step)""",
        new="""ahead[i] += step / 2
        behind[i] -= step / 2
        difference = loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args[:which], behind, *args[which + 1 :])
        gradient[i] = difference / step""",
        says="This is a central difference with half the step that is passed in. How far does the equation go to "
        "either side?",
    ),
    mistake(
        id="returns_a_flat_gradient",
        old=_TWICE_AS_LARGE,
        new="gradient[i] = difference / (2 * step)\n    gradient = gradient.ravel()",
        says="The gradient has one axis, whatever the shape of X. Which shape does a gradient have?",
    ),
    mistake(
        id="divides_by_the_number_of_entries",
        old="/ (2 * step)",
        new="/ (2 * step * X.size)",
        says="Every entry is too small by the number of entries. Is the gradient a mean over them?",
    ),
    mistake(
        id="adds_the_losses",
        old=_DIFFERENCE,
        new="loss(*args[:which], ahead, *args[which + 1 :]) + loss(*args[:which], behind, *args[which + 1 :])",
        says="The two losses are added. What tells how much the loss changes between two points?",
    ),
    mistake(
        id="leaves_an_entry_moved_back",
        old="ahead, behind = X.copy(), X.copy()",
        new="ahead, behind = X.copy(), X",
        says="The caller's own array is moved back by a step at each entry and stays moved, so that the later "
        "entries are measured elsewhere. What should every array of args hold after the call, and before the next "
        "entry?",
    ),
    mistake(
        id="gives_the_change_of_the_loss",
        old="difference / (2 * step)",
        new="difference",
        says="These are the changes of the loss, not divided by anything. How far apart are the two points?",
    ),
    mistake(
        id="gives_the_same_number_for_every_entry",
        old=_TWICE_AS_LARGE,
        new="gradient[...] = difference / (2 * step)",
        says="Every entry is the derivative with respect to the last entry. Where does the derivative of entry i "
        "belong?",
    ),
    mistake(
        id="never_puts_an_entry_of_the_copy_back",
        old="""for i in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
""",
        new="""ahead, behind = X.copy(), X.copy()
    for i in np.ndindex(X.shape):
""",
        says="The entries that were moved before are still moved when the next one is tried. What should all the "
        "other entries be?",
    ),
    mistake(
        id="leaves_entries_moved_down_in_the_copy",
        old="""for i in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
        ahead[i] += step
        behind[i] -= step
""",
        new="""X = X.copy()
    for i in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
        ahead[i] += step
        behind[i] -= step
        X[i] -= step
""",
        says="The entries tried before are still a step lower when the next one is tried, in a copy of X. What "
        "should all the other entries be?",
    ),
]

_DW_TRANSPOSED = (
    "dW is transposed: it is square, so no shape complains. Entry (i, j) of W leads from unit j to unit i: which of "
    "the two belongs to the row?"
)
MISTAKES["rnn_step_backward"] = [
    mistake(
        id="forgets_tanh",
        old="dh * (1 - h**2)",
        new="dh",
        says="The gradient passes through tanh as if it were not there. How much does h move when a moves, for a "
        "state near 1?",
    ),
    mistake(
        id="forgets_the_square",
        old="(1 - h**2)",
        new="(1 - h)",
        says="tanh's slope is taken as 1 - h. At h = -0.5, should it be above 1?",
    ),
    mistake(
        id="squares_a_instead_of_h",
        old="(1 - h**2)",
        new="(1 - np.arctanh(h) ** 2)",
        says="The slope of tanh is taken as 1 - a^2, with what goes into tanh in place of what comes out. Can the "
        "slope of tanh be negative?",
    ),
    mistake(
        id="takes_tanh_of_h_again",
        old="(1 - h**2)",
        new="(1 - np.tanh(h) ** 2)",
        says="tanh is taken a second time: h already is a tanh. At which argument is the slope needed, and what of "
        "it is in the cache?",
    ),
    mistake(
        id="uses_the_slope_of_the_sigmoid",
        old="(1 - h**2)",
        new="(h * (1 - h))",
        says="The slope is that of the sigmoid. Which nonlinearity made h?",
    ),
    mistake(
        id="divides_by_the_slope",
        old="dh * (1 - h**2)",
        new="dh / (1 - h**2)",
        says="The gradient is divided by tanh's slope: it grows where the unit is saturated. Should a flat tanh let "
        "more through or less?",
    ),
    mistake(
        id="uses_W_transposed",
        old="da @ W",
        new="da @ W.T",
        says="dh_prev is made with rows and columns of W exchanged: W is square, so NumPy does not complain. "
        "Forward, unit i received W[i, j] times the state of unit j: which entries lead back to unit j?",
    ),
    mistake(
        id="transposes_dW",
        old="da.T @ h_prev",
        new="h_prev.T @ da",
        says=_DW_TRANSPOSED,
    ),
    mistake(
        id="transposes_dU",
        old="da.T @ x",
        new="x.T @ da",
        says="dU is transposed. A gradient has the shape of what it belongs to: what is U's?",
    ),
    mistake(
        id="transposes_dU_and_dW",
        old="""dU = da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch
    dW = da.T @ h_prev""",
        new="dU = x.T @ da\n    dW = h_prev.T @ da",
        says="Both dU and dW are transposed. Entry (i, j) of a weight leads from j to i: which of the two belongs to "
        "the row?",
    ),
    mistake(
        id="uses_U_transposed",
        old="da @ U",
        new="da @ U.T",
        says="dx is made with rows and columns of U exchanged (where D equals H it even runs). U is (H, D): which of "
        "its axes must meet the H units of a row?",
    ),
    mistake(
        id="multiplies_by_the_state_after_the_step",
        old="da.T @ h_prev",
        new="da.T @ h",
        says="dW is made with h, the state after the step, in the place of the one before. Which of the two was "
        "multiplied by W?",
    ),
    mistake(
        id="leaves_db_unsummed",
        old="da.sum(axis=0)",
        new="da",
        says="db still has one row for each sequence. One b serves the whole batch: what happens to the gradients of "
        "what is used N times?",
    ),
    mistake(
        id="sums_db_over_the_units",
        old="da.sum(axis=0)",
        new="da.sum(axis=1)",
        says="db is summed over the units. Which axis of da is the batch?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="""da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch
    dW = da.T @ h_prev  # (H, H): da_i/dW_ij = h_prev_j
    db = da.sum(axis=0)""",
        new="da.T @ x / len(x)\n    dW = da.T @ h_prev / len(x)\n    db = da.mean(axis=0)",
        says="dU, dW and db are means over the batch. The loss adds up what the rows of dh stand for: does anything "
        "divide by N?",
    ),
    mistake(
        id="weights_see_the_gradient_before_tanh",
        old="""dU = da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch
    dW = da.T @ h_prev  # (H, H): da_i/dW_ij = h_prev_j
    db = da.sum(axis=0)""",
        new="dU = dh.T @ x\n    dW = dh.T @ h_prev\n    db = dh.sum(axis=0)",
        says="dx and dh_prev go through tanh, dU, dW and db do not. Do the weights stand inside tanh or outside?",
    ),
    mistake(
        id="the_state_before_sees_the_gradient_before_tanh",
        old="da @ W",
        new="dh @ W",
        says="dh_prev leaves tanh out. What lies between h and the product with W?",
    ),
    mistake(
        id="edits_dh_in_place",
        old="da = dh * (1 - h**2)",
        new="dh *= 1 - h**2\n    da = dh",
        says="dh was overwritten on the way: the caller's array has changed. Who else may still need what stood in it?",
    ),
    mistake(
        id="swaps_x_and_h_prev",
        old="""da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch
    dW = da.T @ h_prev""",
        new="da.T @ h_prev\n    dW = da.T @ x",
        says="dU is made with the state and dW with the input (where D equals H it even fits). Which of the two does "
        "W multiply?",
    ),
    mistake(
        id="the_input_sees_the_gradient_before_tanh",
        old="da @ U",
        new="dh @ U",
        says="dx leaves tanh out. What lies between h and the product with U?",
    ),
    mistake(
        id="dW_sees_the_gradient_before_tanh",
        old="da.T @ h_prev",
        new="dh.T @ h_prev",
        says="dW leaves tanh out. Does W stand inside tanh or outside?",
    ),
    mistake(
        id="dU_sees_the_gradient_before_tanh",
        old="da.T @ x",
        new="dh.T @ x",
        says="dU leaves tanh out. Does U stand inside tanh or outside?",
    ),
    mistake(
        id="db_sees_the_gradient_before_tanh",
        old="da.sum(axis=0)",
        new="dh.sum(axis=0)",
        says="db leaves tanh out. Does b stand inside tanh or outside?",
    ),
    mistake(
        id="keeps_an_axis_in_db",
        old="da.sum(axis=0)",
        new="da.sum(axis=0, keepdims=True)",
        says="db has the shape (1, H). A gradient has the shape of what it belongs to: what is b's?",
    ),
    mistake(
        id="adds_all_of_db_up",
        old="da.sum(axis=0)",
        new="da.sum()",
        says="db is a single number. How many biases are there?",
    ),
    mistake(
        id="averages_db",
        old="da.sum(axis=0)",
        new="da.mean(axis=0)",
        says="db is a mean over the batch. Does anything divide by N?",
    ),
    mistake(
        id="averages_dW",
        old="da.T @ h_prev",
        new="da.T @ h_prev / len(x)",
        says="dW is a mean over the batch. Does anything divide by N?",
    ),
    mistake(
        id="averages_dU",
        old="da.T @ x",
        new="da.T @ x / len(x)",
        says="dU is a mean over the batch. Does anything divide by N?",
    ),
    mistake(
        id="takes_the_slope_at_the_state_before",
        old="(1 - h**2)",
        new="(1 - h_prev**2)",
        says="tanh's slope is taken at the state before the step. Which state came out of the tanh?",
    ),
    mistake(
        id="adds_the_square",
        old="(1 - h**2)",
        new="(1 + h**2)",
        says="tanh's slope is taken as 1 + h^2. Does tanh rise faster or slower where it is saturated?",
    ),
    mistake(
        id="squares_the_difference",
        old="(1 - h**2)",
        new="(1 - h) ** 2",
        says="tanh's slope is taken as (1 - h)^2. What is squared in it?",
    ),
    mistake(
        id="takes_the_root_of_the_slope",
        old="(1 - h**2)",
        new="np.sqrt(1 - h**2)",
        says="The gradient passes through the root of tanh's slope. What is tanh' in terms of tanh?",
    ),
    mistake(
        id="swaps_U_and_W",
        old="dx = da @ U  # (N, D): da/dx = U\n    dh_prev = da @ W",
        new="dx = da @ W\n    dh_prev = da @ U",
        says="dx comes through W and dh_prev through U (where D equals H it even fits). Which of the two led from "
        "the input to the state?",
    ),
    mistake(
        id="uses_both_matrices_transposed",
        old="dx = da @ U  # (N, D): da/dx = U\n    dh_prev = da @ W",
        new="dx = da @ U.T\n    dh_prev = da @ W.T",
        says="dx and dh_prev are made with rows and columns of U and W exchanged (where D equals H it even runs). "
        "Which axis of U and W belongs to the unit that the gradient comes from?",
    ),
    mistake(
        id="adds_dh_to_dh_prev",
        old="da @ W",
        new="da @ W + dh",
        says="dh itself is added to dh_prev. Is there a way from h_prev to h beside the one through W?",
    ),
    mistake(
        id="turns_all_signs",
        old="dh * (1 - h**2)",
        new="-dh * (1 - h**2)",
        says="Every gradient has the wrong sign. Does a step backwards ask for the gradient or for a step against it?",
    ),
    mistake(
        id="keeps_the_last_sequence_only",
        old="dU = da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch\n    dW = da.T @ h_prev",
        new="dU = np.outer(da[-1], x[-1])\n    dW = np.outer(da[-1], h_prev[-1])",
        says="dU and dW are those of the last sequence alone. One U and one W serve the whole batch: what happens "
        "to the gradients of what is used N times?",
    ),
    mistake(
        id="leaves_dU_and_dW_unsummed",
        old="dU = da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch\n    dW = da.T @ h_prev",
        new='dU = np.einsum("nh,nd->nhd", da, x)\n    dW = np.einsum("ni,nj->nij", da, h_prev)',
        says="dU and dW have one matrix for each sequence. One U and one W serve the whole batch: what happens to "
        "the gradients of what is used N times?",
    ),
    mistake(
        id="makes_dU_with_the_state",
        old="da.T @ x",
        new="da.T @ h_prev",
        says="dU is made with h_prev. Which of the two does U multiply?",
    ),
    mistake(
        id="passes_dh_through_without_W",
        old="da @ W",
        new="da",
        says="dh_prev is the gradient inside of tanh, not carried back through W. What did h_prev meet first?",
    ),
]

_STEP = "rnn_step_backward(dh[:, t] + dh_future, step)"
_START = "dh_future = np.zeros_like(h0) if dh_last is None else dh_last"
_ADD = """dU += dU_t  # one U for all steps: its gradient is the sum of theirs
        dW += dW_t
        db += db_t"""
MISTAKES["rnn_backward"] = [
    mistake(
        id="goes_back_one_step_only",
        old="reversed(range(T))",
        new="[T - 1]",
        says="Only the last step is gone through: all else is zero, or comes from it alone. W was used at every "
        "step: where do the others' gradients come in?",
    ),
    mistake(
        id="keeps_the_weights_gradients_of_the_first_step",
        old=_ADD,
        new="dU, dW, db = dU_t, dW_t, db_t",
        says="dU, dW and db are those of the first step alone: each step has overwritten the one before. What is the "
        "gradient of a parameter that is used T times?",
    ),
    mistake(
        id="overwrites_dW",
        old="dW += dW_t",
        new="dW = dW_t",
        says="dW is that of the first step alone, not a sum over the steps. At how many steps is W used?",
    ),
    mistake(
        id="drops_what_comes_from_the_future",
        old=_STEP,
        new="rnn_step_backward(dh[:, t] + (dh_future if t == T - 1 else 0), step)",
        says="Each state receives the gradient of its own output and nothing from later steps: every step is treated "
        "alone. Whom else did the state influence?",
    ),
    mistake(
        id="drops_what_comes_from_the_outputs",
        old=_START,
        new="dh_future = dh[:, -1] + (0 if dh_last is None else dh_last)\n    dh = np.zeros_like(dh)",
        says="What arrives at the last state is carried back, but the outputs of all other steps are forgotten. How "
        "many ways lead from a state to the loss?",
    ),
    mistake(
        id="edits_dh_in_place",
        old=f"dx[:, t], dh_future, dU_t, dW_t, db_t = {_STEP}",
        new="dh[:, t] += dh_future\n        dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t], step)",
        says="dh now holds the total gradients of the states: the caller's array has "
        "changed, and a second call would add to it again. What should become of an argument?",
    ),
    mistake(
        id="edits_dh_last_in_place",
        old=f"dx[:, t], dh_future, dU_t, dW_t, db_t = {_STEP}",
        new="dh_future += dh[:, t]\n        dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh_future, step)",
        says="dh_last has changed: in the first round of the loop your sum was written "
        "into the caller's array. What does += do to an array, and what does a = a + b?",
    ),
    mistake(
        id="ignores_dh_last",
        old=_START,
        new="dh_future = np.zeros_like(h0)",
        says="The result does not depend on dh_last. Through what does the last state reach the loss, besides its "
        "own output?",
    ),
    mistake(
        id="lets_dh_last_replace_the_last_output",
        old=_STEP,
        new="rnn_step_backward(dh_future if t == T - 1 and dh_last is not None else dh[:, t] + dh_future, step)",
        says="At the last state dh_last has taken the place of the output's gradient. Two ways lead from there to "
        "the loss: what does one do with their gradients?",
    ),
    mistake(
        id="adds_dh_last_at_every_step",
        old=_STEP,
        new="rnn_step_backward(dh[:, t] + dh_future + (dh_last if dh_last is not None and t < T - 1 else 0), step)",
        says="dh_last arrives at every state. At which one alone does it belong?",
    ),
    mistake(
        id="takes_the_state_of_the_step_itself",
        old="h[:, t - 1] if t > 0 else h0",
        new="h[:, t]",
        says="Each step is given its own state as the one before. What did W multiply at step t?",
    ),
    mistake(
        id="takes_the_last_state_for_h0",
        old="h[:, t - 1] if t > 0 else h0",
        new="h[:, t - 1]",
        says="At the first step the state before is the *last* one of the sequence. Which state "
        "precedes the first input?",
    ),
    mistake(
        id="starts_from_zeros",
        old="h[:, t - 1] if t > 0 else h0",
        new="h[:, t - 1] if t > 0 else np.zeros_like(h0)",
        says="In dW the first step's part is missing: there the state before counts as zero. What is it?",
    ),
    mistake(
        id="walks_forward_in_time",
        old="reversed(range(T))",
        new="range(T)",
        says="The loop goes from the first step to the last, and what is carried goes the wrong way. When step t is "
        "reached, which gradients must already be known?",
    ),
    mistake(
        id="averages_over_time",
        old="dh0 = dh_future",
        new="dh0 = dh_future\n    dU, dW, db = dU / T, dW / T, db / T",
        says="dU, dW and db are means over the steps. The same W is used T times: do the gradients of its uses add, "
        "or is their mean taken?",
    ),
    mistake(
        id="returns_the_gradient_of_the_first_state",
        old=f"dx[:, t], dh_future, dU_t, dW_t, db_t = {_STEP}\n        {_ADD}\n    dh0 = dh_future",
        new="dh0 = dh[:, t] + dh_future\n        dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh0, step)\n"
        "        dU, dW, db = dU + dU_t, dW + dW_t, db + db_t",
        says="dh0 is the gradient of the state *after* the first input. How many steps lie between h0 and that state?",
    ),
    mistake(
        id="carries_the_gradient_without_the_step",
        old=f"dx[:, t], dh_future, dU_t, dW_t, db_t = {_STEP}",
        new=f"dx[:, t], _, dU_t, dW_t, db_t = {_STEP}\n        dh_future = dh[:, t] + dh_future",
        says="What a state receives is handed to the state before unchanged. What lies between the two: what does "
        "the gradient pass on its way back?",
    ),
    mistake(
        id="stores_dx_in_reverse",
        old="dx[:, t], dh_future",
        new="dx[:, T - 1 - t], dh_future",
        says="dx is in reverse order of time. To which input does the gradient of step t belong?",
    ),
    mistake(
        id="overwrites_dU",
        old="dU += dU_t  # one U for all steps: its gradient is the sum of theirs",
        new="dU = dU_t",
        says="dU is that of the first step alone, not a sum over the steps. At how many steps is U used?",
    ),
    mistake(
        id="overwrites_db",
        old="db += db_t",
        new="db = db_t",
        says="db is that of the first step alone, not a sum over the steps. At how many steps is b used?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="dh0 = dh_future",
        new="dh0 = dh_future\n    dU, dW, db = dU / N, dW / N, db / N",
        says="dU, dW and db are means over the batch. Does anything divide by N?",
    ),
    mistake(
        id="averages_over_batch_and_time",
        old="dh0 = dh_future",
        new="dh0 = dh_future\n    dU, dW, db = dU / (N * T), dW / (N * T), db / (N * T)",
        says="dU, dW and db are means over batch and time. Do the gradients of one parameter's uses add, or is "
        "their mean taken?",
    ),
    mistake(
        id="leaves_out_the_first_step",
        old="reversed(range(T))",
        new="reversed(range(1, T))",
        says="The first step is not gone through: dx[:, 0] is zero, and dh0 is what reaches the first state from "
        "later. At which index does time begin?",
    ),
    mistake(
        id="leaves_out_the_last_step",
        old="reversed(range(T))",
        new="reversed(range(T - 1))",
        says="The last step is not gone through: dx[:, -1] is zero. How many steps are there, and how many does "
        "your loop take?",
    ),
    mistake(
        id="returns_zeros_for_dh0",
        old="dh0 = dh_future",
        new="dh0 = np.zeros_like(h0)",
        says="dh0 is zero. Through what does h0 reach the loss?",
    ),
    mistake(
        id="returns_the_last_gradient_as_dh0",
        old="dh0 = dh_future",
        new="dh0 = dh[:, 0]",
        says="dh0 is what reaches the *first state* from its own output. What lies between h0 and that state?",
    ),
    mistake(
        id="feeds_the_last_outputs_gradient_at_every_step",
        old=_STEP,
        new="rnn_step_backward(dh[:, -1] + dh_future, step)",
        says="The gradient of the last output arrives at every state. Which entry of dh belongs to step t?",
    ),
    mistake(
        id="feeds_the_gradient_of_the_output_before",
        old=_STEP,
        new="rnn_step_backward(dh[:, t - 1] + dh_future, step)",
        says="Each state receives the gradient of the output one step before its own, and the first that of the "
        "last. Which entry of dh belongs to step t?",
    ),
    mistake(
        id="adds_dh_last_at_the_first_step",
        old=_START,
        new="""dh, dh_future = dh.copy(), np.zeros_like(h0)
    dh[:, 0] += 0 if dh_last is None else dh_last""",
        says="dh_last arrives at the first state. At which one does it belong?",
    ),
    mistake(
        id="uses_W_transposed",
        old="U, W, h[:, t])",
        new="U, W.T, h[:, t])",
        says="From state to state the gradient goes through W with rows and columns exchanged: W is square, so "
        "NumPy does not complain. Forward, unit i received W[i, j] times the state of unit j: which entries lead "
        "back to unit j?",
    ),
    mistake(
        id="forgets_tanh",
        old="U, W, h[:, t])",
        new="U, W, 0 * h[:, t])",
        says="No slope of tanh is in the gradients: so it would be for a linear network. What lies between a state "
        "and what stands inside of tanh?",
    ),
    mistake(
        id="transposes_dW",
        old="dW += dW_t",
        new="dW += dW_t.T",
        says="dW is transposed: it is square, so no shape complains. Entry (i, j) of W leads from unit j to unit i: "
        "which of the two belongs to the row?",
    ),
    mistake(
        id="subtracts_the_future",
        old=_STEP,
        new="rnn_step_backward(dh[:, t] - dh_future, step)",
        says="What comes from the future is subtracted. Two ways lead from a state to the loss: what does one do "
        "with their gradients?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="(x[:, t], h_prev",
        new="(x[:, 0], h_prev",
        says="dU is made with the first input at every step. Which input did U meet at step t?",
    ),
    mistake(
        id="reads_each_input_one_step_late",
        old="(x[:, t], h_prev",
        new="(x[:, t - 1], h_prev",
        says="dU is made with the input before each step's own, and at the first with the last. Which input did U "
        "meet at step t?",
    ),
    mistake(
        id="never_reads_dh",
        old="dh[:, t] + dh_future",
        new="dh_future",
        says="dh is never read: nothing reaches a state from its own output. What are the two parts of the "
        "gradient of a state?",
    ),
    mistake(
        id="takes_the_slope_at_the_state_before",
        old="U, W, h[:, t])",
        new="U, W, h_prev)",
        says="tanh's slope is taken at the state before the step. Of which state is 1 - h^2 the slope?",
    ),
    mistake(
        id="carries_the_gradient_of_the_argument",
        old="dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)",
        new="""total = dh[:, t] + dh_future
        dx[:, t], _, dU_t, dW_t, db_t = rnn_step_backward(total, step)
        dh_future = total * (1 - h[:, t] ** 2)""",
        says="From step to step the gradient is carried without W. By what is h_{t-1} multiplied inside of h_t?",
    ),
    mistake(
        id="carries_the_total_gradient_through_W",
        old="dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)",
        new="""_, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)
        dh_future = (dh[:, t] + dh_future) @ W""",
        says="From step to step the gradient is carried through W alone, without tanh's slope. What lies between "
        "h_t and W h_{t-1}?",
    ),
    mistake(
        id="never_empties_what_it_carries",
        old="dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)",
        new="""dh_before, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)
        dh_future = dh_future + dh_before""",
        says="What is carried backwards grows: what came to later states is still in it at the earlier ones. What "
        "reaches h_{t-1} through h_t, and is the rest of it spent?",
    ),
    mistake(
        id="takes_the_bias_gradient_before_tanh",
        old="dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)",
        new="""total = dh[:, t] + dh_future
        dx[:, t], dh_future, dU_t, dW_t, _ = rnn_step_backward(total, step)
        db_t = total.sum(axis=0)""",
        says="db is the sum of the gradients of the states, without tanh's slope. Does b stand inside of tanh or "
        "outside?",
    ),
    mistake(
        id="takes_dh_last_in_the_place_of_all_outputs",
        old="for t in reversed(range(T)):",
        new="""dh = dh if dh_last is None else np.zeros_like(dh)
    for t in reversed(range(T)):""",
        says="Where dh_last is given dh is not read. Does the loss reach the states through their outputs as well?",
    ),
    mistake(
        id="returns_dh0_in_the_second_place",
        old="dh0 = dh_future",
        new="dU, dW, db, dh0 = dh_future, dU, dW, db",
        says="The results come in the order of a single step, dh0 behind dx. In which order does the docstring "
        "give them?",
    ),
    mistake(
        id="adds_dh_last_to_dh0",
        old="dh0 = dh_future",
        new="dh0 = dh_future if dh_last is None else dh_future + dh_last",
        says="dh0 holds dh_last once more. At which state does dh_last enter?",
    ),
]

_DLOGITS = "(y - one_hot) / targets.size"
MISTAKES["sequence_loss_backward"] = [
    mistake(
        id="sums_over_batch_and_time",
        old=_DLOGITS,
        new="y - one_hot",
        says="All gradients are N T times too large: they are those of the sum. What does the loss do with its N T "
        "terms?",
    ),
    mistake(
        id="averages_over_the_batch_only",
        old="/ targets.size",
        new="/ len(y)",
        says="All gradients are T times too large. Over how many terms is the mean taken?",
    ),
    mistake(
        id="averages_over_time_only",
        old="/ targets.size",
        new="/ y.shape[1]",
        says="All gradients are N times too large. Over how many terms is the mean taken?",
    ),
    mistake(
        id="divides_by_N_and_multiplies_by_T",
        old="/ targets.size",
        new="/ len(y) * y.shape[1]",
        says="All gradients are T^2 times too large. In which order does Python divide and multiply?",
    ),
    mistake(
        id="forgets_the_targets",
        old=_DLOGITS,
        new="y / targets.size",
        says="The result does not depend on the targets. For which class should raising the logit lower the loss?",
    ),
    mistake(
        id="edits_y_in_place",
        old=f"dlogits = {_DLOGITS}",
        new="dlogits = y\n    dlogits -= one_hot\n    dlogits /= targets.size",
        says="The probabilities in the cache were overwritten: `dlogits` was another "
        "name for y. What does an assignment copy?",
    ),
    mistake(
        id="climbs",
        old=_DLOGITS,
        new="(one_hot - y) / targets.size",
        says="All gradients have the wrong sign: a step against them would raise the loss. Which sign stands in "
        "front of the logarithm?",
    ),
    mistake(
        id="stops_at_the_probabilities",
        old=_DLOGITS,
        new="-one_hot / y / targets.size",
        says="This is the gradient with respect to the probabilities: the softmax is left out. How do the other "
        "classes feel that one logit is raised?",
    ),
    mistake(
        id="sees_the_target_alone",
        old=_DLOGITS,
        new="(y - 1) * one_hot / targets.size",
        says="Only the target's logit has a gradient. Does the loss not change when another class becomes more likely?",
    ),
    mistake(
        id="applies_a_slope_on_top",
        old=_DLOGITS,
        new="(y - one_hot) * y * (1 - y) / targets.size",
        says="A factor y (1 - y) has been multiplied in, as for a squared error behind a sigmoid. What is left when "
        "the derivatives of logarithm and softmax are multiplied out?",
    ),
    mistake(
        id="transposes_dV",
        old="ntk,nth->kh",
        new="ntk,nth->hk",
        says="dV is transposed. A gradient has the shape of what it belongs to: what is V's?",
    ),
    mistake(
        id="uses_V_transposed",
        old="dlogits @ V ",
        new="dlogits @ V.T ",
        says="dh is made with rows and columns of V exchanged (where K equals H it even runs). V is (K, H): which of "
        "its axes must meet the K logits of a row?",
    ),
    mistake(
        id="leaves_dc_out_unsummed_over_time",
        old="dlogits.sum(axis=(0, 1))",
        new="dlogits.sum(axis=0)",
        says="dc_out still has a row for each step. The same c serves all steps: what happens to the gradients of "
        "what is used T times?",
    ),
    mistake(
        id="takes_dV_of_the_last_step_alone",
        old='np.einsum("ntk,nth->kh", dlogits, h)',
        new="dlogits[:, -1].T @ h[:, -1]",
        says="dV is that of the last step alone. At how many steps is V used?",
    ),
    mistake(
        id="averages_over_the_classes_too",
        old="/ targets.size",
        new="/ y.size",
        says="All gradients are K times too small. Over how many terms is the mean taken?",
    ),
    mistake(
        id="divides_the_target_alone",
        old=_DLOGITS,
        new="y - one_hot / targets.size",
        says="Only the target's 1 is divided by N T, not the probability beside it. In which order do - and / work "
        "without brackets?",
    ),
    mistake(
        id="divides_the_probabilities_alone",
        old=_DLOGITS,
        new="y / targets.size - one_hot",
        says="Only the probabilities are divided by N T, not the target's 1. In which order do - and / work without "
        "brackets?",
    ),
    mistake(
        id="adds_the_targets",
        old=_DLOGITS,
        new="(y + one_hot) / targets.size",
        says="The target's 1 is added to its probability. For which class should raising the logit lower the loss?",
    ),
    mistake(
        id="doubles_the_gradient",
        old=_DLOGITS,
        new="2 * (y - one_hot) / targets.size",
        says="All gradients are twice too large. Does a square stand in the loss?",
    ),
    mistake(
        id="shifts_the_targets_by_one_step",
        old="one_hot = np.eye(len(V))[targets]",
        new="one_hot = np.eye(len(V))[np.roll(targets, -1, axis=1)]",
        says="Each step is compared with the target of the next. Which entry of targets belongs to step t?",
    ),
    mistake(
        id="takes_the_likeliest_class_for_the_target",
        old="one_hot = np.eye(len(V))[targets]",
        new="one_hot = np.eye(len(V))[y.argmax(axis=-1)]",
        says="The likeliest class stands in the place of the target: the result does not depend on targets. What "
        "says which class was to come?",
    ),
    mistake(
        id="takes_the_logarithms",
        old=_DLOGITS,
        new="(np.log(y) - one_hot) / targets.size",
        says="The logarithms of the probabilities stand where the probabilities should. What is left of logarithm "
        "and softmax when their derivatives are multiplied out?",
    ),
    mistake(
        id="goes_on_through_tanh",
        old="dlogits @ V ",
        new="dlogits @ V * (1 - h**2) ",
        says="dh has gone through tanh as well. Is h what comes out of tanh or what goes in?",
    ),
    mistake(
        id="adds_all_of_dc_out_up",
        old="dlogits.sum(axis=(0, 1))",
        new="dlogits.sum()",
        says="dc_out is a single number. How many biases has the output?",
        exempt="the sum is zero but for rounding, which differs from machine to machine",
    ),
    mistake(
        id="leaves_dc_out_unsummed_over_the_batch",
        old="dlogits.sum(axis=(0, 1))",
        new="dlogits.sum(axis=1)",
        says="dc_out still has a row for each sequence. The same c serves the whole batch: what happens to the "
        "gradients of what is used N times?",
    ),
    mistake(
        id="averages_dc_out",
        old="dlogits.sum(axis=(0, 1))",
        new="dlogits.mean(axis=(0, 1))",
        says="dc_out is divided by N T once more. Where is the mean taken already?",
    ),
    mistake(
        id="keeps_the_axes_in_dc_out",
        old="dlogits.sum(axis=(0, 1))",
        new="dlogits.sum(axis=(0, 1), keepdims=True)",
        says="dc_out has the shape (1, 1, K). A gradient has the shape of what it belongs to: what is c's?",
    ),
    mistake(
        id="leaves_dV_unsummed_over_the_batch",
        old="ntk,nth->kh",
        new="ntk,nth->nkh",
        says="dV has one matrix for each sequence. One V serves the whole batch: what happens to the gradients of "
        "what is used N times?",
    ),
    mistake(
        id="leaves_dV_unsummed_over_time",
        old="ntk,nth->kh",
        new="ntk,nth->tkh",
        says="dV has one matrix for each step. One V serves all steps: what happens to the gradients of what is "
        "used T times?",
    ),
    mistake(
        id="makes_dV_with_the_probabilities",
        old='"ntk,nth->kh", dlogits, h',
        new='"ntk,nth->kh", y / targets.size, h',
        says="dV does not depend on the targets. Which gradient reaches V: that of the logits, or the probabilities?",
    ),
    mistake(
        id="makes_dh_with_the_probabilities",
        old="dlogits @ V ",
        new="y / targets.size @ V ",
        says="dh does not depend on the targets. Which gradient reaches h: that of the logits, or the probabilities?",
    ),
    mistake(
        id="subtracts_at_all_targets_of_the_batch",
        old="one_hot = np.eye(len(V))[targets]  # (N, T, K)",
        new="""one_hot = np.zeros_like(y)
    one_hot[:, :, targets] = 1""",
        says="1 is subtracted at the targets of all the steps and sequences. A colon beside an array of indices "
        "means all combinations: how is each target paired with its own step?",
    ),
    mistake(
        id="puts_minus_one_at_the_target",
        old="dlogits = (y - one_hot) / targets.size",
        new="dlogits = np.where(one_hot == 1, -1.0, y) / targets.size",
        says="At the target stands -1, without the probability. What is the derivative of -log y by the logit of "
        "the target itself?",
    ),
    mistake(
        id="returns_dV_first",
        old="dc_out = dlogits.sum(axis=(0, 1))",
        new="""dc_out = dlogits.sum(axis=(0, 1))
    dh, dV = dV, dh""",
        says="dV comes first and dh second. In which order does the docstring give them?",
    ),
    mistake(
        id="sums_and_climbs",
        old="dlogits = (y - one_hot) / targets.size",
        new="dlogits = one_hot - y",
        says="These are the gradients of the sum of the log-probabilities: neither the minus nor the mean is "
        "there. What stands in front of the sum in L?",
    ),
]

_TANH_SLOPE = "1 - np.tanh(a) ** 2"
_SIGMOID = "y = (1 + np.tanh(a / 2)) / 2  # the sigmoid, without overflow\n        df = y * (1 - y)"
_J = "df[:, :, None] * W"
MISTAKES["state_jacobian"] = [
    mistake(
        id="gives_the_lectures_layout",
        old=_J,
        new="df[:, None, :] * W.T",
        says="This is W^T diag(f'), the lecture's layout: the transpose of what is asked for. Which index of J "
        "belongs to the state after the step, in numerator layout?",
    ),
    mistake(
        id="puts_the_slopes_on_the_wrong_side",
        old=_J,
        new="df[:, None, :] * W",
        says="This is W diag(f'): the slopes stand on the wrong side of W. A state before the step meets W first or "
        "the slope first?",
    ),
    mistake(
        id="transposes_W",
        old=_J,
        new="df[:, :, None] * W.T",
        says="This is diag(f') W^T. Entry (i, j) says how unit i moves with unit j: which entry of W leads from j to "
        "i?",
    ),
    mistake(
        id="multiplies_the_diagonal_into_the_diagonal_of_W",
        old=_J,
        new="df[:, :, None] * np.eye(len(W)) * W",
        says="Off the diagonal everything is zero: the two matrices were multiplied entry by entry. Which product "
        "does the chain rule take?",
    ),
    mistake(
        id="squares_a",
        old=_TANH_SLOPE,
        new="1 - a**2",
        says="tanh's slope is taken as 1 - a^2, with what goes into tanh in place of what comes out. Can the slope "
        "of tanh be negative?",
    ),
    mistake(
        id="takes_f_for_its_slope",
        old=_TANH_SLOPE,
        new="np.tanh(a)",
        says="W is multiplied by tanh itself. Which function of a tells how fast tanh rises there?",
    ),
    mistake(
        id="forgets_the_square",
        old=_TANH_SLOPE,
        new="1 - np.tanh(a)",
        says="tanh's slope is taken as 1 - tanh(a). At a large negative a, should it be near 2?",
    ),
    mistake(
        id="leaves_out_the_slope_of_tanh",
        old=_TANH_SLOPE,
        new="np.ones_like(a)",
        says="With tanh every sequence has the Jacobian W, as for a linear network. What does the step do with a?",
    ),
    mistake(
        id="treats_the_sigmoid_as_tanh",
        old=_SIGMOID,
        new=f"df = {_TANH_SLOPE}",
        says="The sigmoid's slope is taken to be tanh's: no difference is made between the two. How steep is each of "
        "them at 0?",
    ),
    mistake(
        id="makes_the_sigmoid_as_steep_as_tanh",
        old="y * (1 - y)",
        new="4 * y * (1 - y)",
        says="The sigmoid's slope is four times too large: it is that of tanh at half the argument. How steep is the "
        "sigmoid at 0?",
    ),
    mistake(
        id="takes_the_sigmoid_for_its_slope",
        old="y * (1 - y)",
        new="y",
        says="W is multiplied by the sigmoid itself. Which function of a tells how fast it rises there?",
    ),
    mistake(
        id="overflows",
        old=_SIGMOID,
        new="df = np.exp(-a) / (1 + np.exp(-a)) ** 2",
        says="Where a is large and negative the result is NaN, infinity over infinity. What is "
        "e^900 in float64, and how could you avoid meeting it?",
    ),
    mistake(
        id="averages_the_slopes_over_the_batch",
        old=_J,
        new="np.broadcast_to(df.mean(axis=0), df.shape)[:, :, None] * W",
        says="All sequences have the same Jacobian, with slopes averaged over the batch. Is each state where the "
        "others are?",
    ),
    mistake(
        id="takes_one_minus_the_square_of_the_sigmoid",
        old="y * (1 - y)",
        new="1 - y**2",
        says="The sigmoid's slope is taken as 1 - y^2, tanh's formula with the sigmoid in it. How steep is the "
        "sigmoid at 0?",
    ),
    mistake(
        id="takes_one_minus_the_sigmoid",
        old="y * (1 - y)",
        new="1 - y",
        says="The sigmoid's slope is taken as 1 - y. Does the sigmoid rise fastest far to the left?",
    ),
    mistake(
        id="squares_the_sigmoid_for_its_slope",
        old="y * (1 - y)",
        new="y**2",
        says="The sigmoid's slope is taken as y^2. Does the sigmoid rise fastest far to the right?",
    ),
    mistake(
        id="takes_tanh_twice",
        old=_TANH_SLOPE,
        new="1 - np.tanh(np.tanh(a)) ** 2",
        says="tanh's slope is taken at tanh(a). At which argument is it needed?",
    ),
    mistake(
        id="squares_the_difference",
        old=_TANH_SLOPE,
        new="(1 - np.tanh(a)) ** 2",
        says="tanh's slope is taken as (1 - tanh a)^2. What is squared in it?",
    ),
    mistake(
        id="adds_the_square",
        old=_TANH_SLOPE,
        new="1 + np.tanh(a) ** 2",
        says="tanh's slope is taken as 1 + tanh^2. Does tanh rise faster or slower where it is saturated?",
    ),
    mistake(
        id="exchanges_the_nonlinearities",
        old='nonlinearity == "tanh"',
        new='nonlinearity != "tanh"',
        says="tanh gets the sigmoid's slope, and the sigmoid tanh's. How steep is each of them at 0?",
    ),
    mistake(
        id="treats_tanh_as_the_sigmoid",
        old='nonlinearity == "tanh"',
        new='nonlinearity == "relu"',
        says="tanh gets the sigmoid's slope. How steep is each of them at 0?",
    ),
    mistake(
        id="leaves_out_W",
        old=_J,
        new="df[:, :, None] * np.eye(len(W))",
        says="W is not in the result: it is diag(f') alone. What does the state before meet on its way into a?",
    ),
    mistake(
        id="multiplies_the_slopes_as_a_vector",
        old=_J,
        new="df @ W",
        says="There is one row for each sequence: the slopes met W as a row of numbers. How many derivatives does a "
        "step of H units have?",
    ),
    mistake(
        id="multiplies_without_a_new_axis",
        old=_J,
        new="df * W",
        says="The slopes of sequence n stand at row n of W (where N equals H it even runs). How many matrices are "
        "there for N sequences?",
    ),
    mistake(
        id="adds_the_sequences_up",
        old=_J,
        new="df.sum(axis=0)[:, None] * W",
        says="There is one matrix for the whole batch, the sum over the sequences. Is each state where the others are?",
    ),
    mistake(
        id="gives_one_mean_matrix",
        old=_J,
        new="df.mean(axis=0)[:, None] * W",
        says="There is one matrix for the whole batch, the mean over the sequences. Is each state where the others "
        "are?",
    ),
    mistake(
        id="puts_the_batch_last",
        old=_J,
        new="(df[:, :, None] * W).transpose(1, 2, 0)",
        says="The Jacobians come with the batch as the last axis: (H, H, N). In which order does the docstring give "
        "the axes?",
    ),
    mistake(
        id="adds_the_identity",
        old=_J,
        new="df[:, :, None] * W + np.eye(len(W))",
        says="The identity is added to every Jacobian. Is there a way from a state to the next beside the one "
        "through f?",
    ),
    mistake(
        id="multiplies_a_and_one_minus_a",
        old="df = y * (1 - y)",
        new="df = a * (1 - a)",
        says="The sigmoid's slope is taken as a (1 - a). Which number stands in y (1 - y), the argument or the value?",
    ),
    mistake(
        id="gives_W_itself",
        old="J = df[:, :, None] * W",
        new="J = df[:, :, None] ** 0 * W",
        says="This is W: the slope of the nonlinearity is missing. What is the derivative of f(a) by a?",
    ),
    mistake(
        id="takes_one_over_cosh",
        old="1 - np.tanh(a) ** 2",
        new="np.sqrt(1 - np.tanh(a) ** 2)",
        says="The slope of tanh is taken as one over cosh, without the square. What is the derivative of tanh?",
    ),
    mistake(
        id="overflows_for_large_a",
        old="y = (1 + np.tanh(a / 2)) / 2",
        new="y = np.exp(a) / (1 + np.exp(a))",
        says="Where a is large the result is NaN, infinity over infinity. What is e^900 in float64, and in which "
        "form of the sigmoid does it not meet itself?",
    ),
]

_PRODUCT = "P[:, k + 1] @ J[:, k + 1]"
MISTAKES["jacobian_product"] = [
    mistake(
        id="multiplies_in_reverse",
        old=_PRODUCT,
        new="J[:, k + 1] @ P[:, k + 1]",
        says="The factors stand in reverse: this is the order of the lecture's layout, whose matrices are the "
        "transposes of these. With dh_n on the left, which factor comes last?",
    ),
    mistake(
        id="uses_the_transposes",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:, k + 1].transpose(0, 2, 1)",
        says="Each factor is transposed, in an order for factors that are not. Does J come in numerator layout or in "
        "the other?",
    ),
    mistake(
        id="gives_the_lectures_layout",
        old=_PRODUCT,
        new="J[:, k + 1].transpose(0, 2, 1) @ P[:, k + 1]",
        says="Every product is the transpose of what is asked for: the other layout. Which index of P[:, k] belongs "
        "to the last state?",
    ),
    mistake(
        id="multiplies_by_the_step_before",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:, k]",
        says="The factors are one step too early: J[:, k] is in the product, and J[:, T-1] is not. Which Jacobian "
        "leads from h_k to h_{k+1}?",
    ),
    mistake(
        id="begins_with_the_last_jacobian",
        old=f"P[:, T - 1] = np.eye(H)\n    for k in reversed(range(T - 1)):\n        P[:, k] = {_PRODUCT}",
        new="P[:, T - 1] = J[:, T - 1]\n    for k in reversed(range(T - 1)):\n        P[:, k] = P[:, k + 1] @ J[:, k]",
        says="Every product has one factor too many: P[:, k] is the derivative with respect to h_{k-1}. What is the "
        "derivative of the last state with respect to itself?",
    ),
    mistake(
        id="begins_with_ones",
        old="np.eye(H)",
        new="1.0",
        says="The product begins with a matrix full of ones. Which matrix changes nothing when it is multiplied?",
    ),
    mistake(
        id="multiplies_entry_by_entry",
        old=_PRODUCT,
        new="P[:, k + 1] * J[:, k + 1]",
        says="The factors are multiplied entry by entry. Which product does the chain rule take, and how does NumPy "
        "write it?",
    ),
    mistake(
        id="starts_from_the_first_state",
        old=f"P[:, T - 1] = np.eye(H)\n    for k in reversed(range(T - 1)):\n        P[:, k] = {_PRODUCT}",
        new="P[:, 0] = np.eye(H)\n    for k in range(1, T):\n        P[:, k] = J[:, k] @ P[:, k - 1]",
        says="P[:, k] is the derivative of h_k with respect to the first state. Of which state are the derivatives "
        "asked, and with respect to which?",
    ),
    mistake(
        id="keeps_single_factors",
        old=_PRODUCT,
        new="J[:, k + 1]",
        says="P[:, k] is a single factor, from h_k to the next state. How many steps lie between h_k and the last "
        "state?",
    ),
    mistake(
        id="takes_powers_of_the_last_jacobian",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:, T - 1]",
        says="The last Jacobian is multiplied again and again. Is the slope the same at every step?",
    ),
    mistake(
        id="works_in_the_callers_array",
        old="np.empty_like(J)",
        new="J",
        says="P and J are the same array: the factors are overwritten before they are used, and the caller's "
        "Jacobians are lost. Where does the result need its own place?",
    ),
    mistake(
        id="multiplies_one_factor_too_few",
        old="reversed(range(T - 1)):",
        new="reversed(range(T - 1)):\n        if k == T - 2:\n            P[:, k] = np.eye(H)\n            continue",
        says="The last Jacobian, J[:, T-1], is in none of the products: they are derivatives of the last state but "
        "one. Where does the chain from the last state begin?",
    ),
    mistake(
        id="begins_with_zeros",
        old="np.eye(H)",
        new="0.0",
        says="All products are zero. What is the derivative of the last state with respect to itself?",
    ),
    mistake(
        id="returns_the_longest_product_alone",
        old="P[:, k + 1] @ J[:, k + 1]  # dh_n/dh_k = dh_n/dh_{k+1} dh_{k+1}/dh_k",
        new="P[:, k + 1] @ J[:, k + 1]\n    P = P[:, 0]",
        says="Only the product for k = 0 comes back. For which k are the products returned?",
    ),
    mistake(
        id="leaves_out_the_identity",
        old="P[:, k + 1] @ J[:, k + 1]  # dh_n/dh_k = dh_n/dh_{k+1} dh_{k+1}/dh_k",
        new="P[:, k + 1] @ J[:, k + 1]\n    P = P[:, :-1]",
        says="There are T - 1 products: the identity at the end is missing. What is the derivative of the last "
        "state with respect to itself?",
    ),
    mistake(
        id="stores_the_products_in_reverse",
        old="P[:, k + 1] @ J[:, k + 1]  # dh_n/dh_k = dh_n/dh_{k+1} dh_{k+1}/dh_k",
        new="P[:, k + 1] @ J[:, k + 1]\n    P = P[:, ::-1].copy()",
        says="The products come in reverse: they are ordered by the distance from the last step. Which k does P[:, "
        "0] belong to?",
    ),
    mistake(
        id="adds_the_factors",
        old=_PRODUCT,
        new="P[:, k + 1] + J[:, k + 1]",
        says="The factors are added. What does the chain rule do with the derivatives along one way?",
    ),
    mistake(
        id="uses_the_first_sequences_jacobians",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:1, k + 1]",
        says="Every sequence has the products of the first one's Jacobians. Which axis of J is the batch?",
    ),
    mistake(
        id="leaves_out_the_first_product",
        old="P = np.empty_like(J)\n    P[:, T - 1] = np.eye(H)\n    for k in reversed(range(T - 1)):",
        new="P = np.zeros_like(J)\n    P[:, T - 1] = np.eye(H)\n    for k in reversed(range(1, T - 1)):",
        says="P[:, 0] is zero. How many products are there, and for which k is the last one?",
    ),
    mistake(
        id="multiplies_one_jacobian_twice",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:, k + 1] @ J[:, k + 1]",
        says="Each factor is in the products twice. How many factors lead from h_k to the next state?",
    ),
    mistake(
        id="squares_the_products",
        old=_PRODUCT,
        new="P[:, k + 1] @ P[:, k + 1] @ J[:, k + 1]",
        says="The product so far enters twice at each step. How many factors does one step more add?",
    ),
    mistake(
        id="puts_time_first",
        old="P[:, k + 1] @ J[:, k + 1]  # dh_n/dh_k = dh_n/dh_{k+1} dh_{k+1}/dh_k",
        new="P[:, k + 1] @ J[:, k + 1]\n    P = P.transpose(1, 0, 2, 3)",
        says="The products come with time as the first axis: (T, N, H, H). In which order does the docstring give "
        "the axes?",
    ),
    mistake(
        id="divides_by_the_norm_at_each_step",
        old=_PRODUCT,
        new="P[:, k + 1] @ J[:, k + 1] / np.linalg.norm(J[:, k + 1], axis=(1, 2), keepdims=True)",
        says="Each factor is divided by its norm. What does a product tell of vanishing when every factor has been "
        "scaled?",
    ),
    mistake(
        id="leaves_the_last_product_zero",
        old="""P[:, T - 1] = np.eye(H)
    for k in reversed(range(T - 1)):
        P[:, k] = P[:, k + 1] @ J[:, k + 1]""",
        new="""P[:, T - 1] = np.eye(H)
    for k in reversed(range(T - 1)):
        P[:, k] = P[:, k + 1] @ J[:, k + 1]
    P[:, T - 1] = 0""",
        says="The last product is zero. What is the derivative of h_n by itself?",
    ),
    mistake(
        id="multiplies_in_reverse_by_the_step_before",
        old="P[:, k + 1] @ J[:, k + 1]",
        new="J[:, k] @ P[:, k + 1]",
        says="Each product has the factor of its own step k in front of the later ones. Which step leads from h_k "
        "to h_{k+1}, and on which side of the product does the earliest one stand?",
    ),
    mistake(
        id="mixes_the_sequences",
        old="P[:, k + 1] @ J[:, k + 1]",
        new="(P[:, k + 1] @ J[:, k + 1].sum(axis=0))",
        says="The factors of all sequences are added up before they are multiplied. Whose Jacobians belong to "
        "sequence n?",
    ),
]

_TERM = "np.linalg.norm(da.T @ h_prev)"
MISTAKES["gradient_contributions"] = [
    mistake(
        id="leaves_out_tanh_prime",
        old="dh * (1 - h[:, k] ** 2)",
        new="dh",
        says="No slope of tanh is in the terms: these are the norms for a linear network. What lies between a state "
        "and the product with W?",
    ),
    mistake(
        id="leaves_out_tanh_prime_in_the_term",
        old=_TERM,
        new="np.linalg.norm(dh.T @ h_prev)",
        says="The slopes of tanh are in the product of Jacobians, but not in the last factor, dh_k/dW. Does W stand "
        "inside tanh or outside?",
    ),
    mistake(
        id="leaves_out_tanh_prime_in_the_product",
        old="dh = da @ W",
        new="dh = dh @ W",
        says="From state to state only W is multiplied in. What is the Jacobian of a step?",
    ),
    mistake(
        id="multiplies_by_the_state_after_the_step",
        old=_TERM,
        new="np.linalg.norm(da.T @ h[:, k])",
        says="Each term is made with h_k in the place of the state before. What did W multiply at step k?",
    ),
    mistake(
        id="starts_from_zeros",
        old="h[:, k - 1] if k > 0 else h0",
        new="h[:, k - 1] if k > 0 else np.zeros_like(h0)",
        says="The first term is zero: the state before the first input counts as zero, or the first step is left out. "
        "Which state precedes the first input, and is it zero?",
    ),
    mistake(
        id="takes_the_last_state_for_h0",
        old="h[:, k - 1] if k > 0 else h0",
        new="h[:, k - 1]",
        says="In the first term the state before is the *last* one of the sequence. Which state "
        "precedes the first input?",
    ),
    mistake(
        id="uses_W_transposed",
        old="da @ W",
        new="da @ W.T",
        says="From state to state the gradient goes through W with rows and columns exchanged: W is square, so "
        "NumPy does not complain. Forward, unit i received W[i, j] times the state of unit j: which entries lead back?",
    ),
    mistake(
        id="adds_the_terms_up",
        old=_TERM,
        new="np.linalg.norm(sum_ := da.T @ h_prev + (0 if k == T - 1 else sum_))",
        says="Each norm is that of the sum of the terms from step k to the last: a running total. Is what is asked "
        "the immediate term of each step, or what has come together so far?",
    ),
    mistake(
        id="takes_the_spectral_norm",
        old=_TERM,
        new="np.linalg.norm(da.T @ h_prev, 2)",
        says="These are the largest singular values of the terms. Which norm of a matrix is the root of the sum of "
        "all its squared entries?",
    ),
    mistake(
        id="forgets_the_root",
        old=_TERM,
        new="((da.T @ h_prev) ** 2).sum()",
        says="These are the squares of the norms. What is missing between a sum of squares and a length?",
    ),
    mistake(
        id="adds_the_norms_of_the_sequences",
        old=_TERM,
        new="np.sqrt((da**2).sum(axis=1) * (h_prev**2).sum(axis=1)).sum()",
        says="The norm is taken sequence by sequence, and the norms are added. The gradient of W is a sum over the "
        "batch: which comes first, sum or norm?",
    ),
    mistake(
        id="stores_the_norms_by_their_distance",
        old="norms[k] =",
        new="norms[T - 1 - k] =",
        says="The norms stand in reverse: they are ordered by the distance from the last step. Which step does "
        "norms[0] belong to?",
    ),
    mistake(
        id="measures_the_gradient_of_the_state",
        old=_TERM,
        new="np.linalg.norm(da)",
        says="These are norms of the gradient with respect to what stands inside tanh. Which factor of the term is "
        "still missing, for a gradient with respect to W?",
    ),
    mistake(
        id="multiplies_two_norms",
        old=_TERM,
        new="np.linalg.norm(da) * np.linalg.norm(h_prev)",
        says="Two norms are multiplied, which gives only a bound on the term's. How is the term itself made from its "
        "two factors?",
    ),
    mistake(
        id="averages_over_the_batch",
        old=_TERM,
        new="np.linalg.norm(da.T @ h_prev / len(h0))",
        says="All norms are N times too small: a mean over the batch was taken. Does anything divide by N?",
    ),
    mistake(
        id="scales_the_largest_to_one",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="dh = da @ W\n    norms = norms / norms.max()",
        says="The norms are divided by the largest of them. Which size has the term itself?",
    ),
    mistake(
        id="scales_the_sum_to_one",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="dh = da @ W\n    norms = norms / norms.sum()",
        says="The norms are divided by their sum. Which size has the term itself?",
    ),
    mistake(
        id="gives_the_logarithms",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="dh = da @ W\n    norms = np.log10(norms)",
        says="These are the decimal logarithms of the norms. What is returned: the norm, or what a figure shows?",
    ),
    mistake(
        id="gives_the_natural_logarithms",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="dh = da @ W\n    norms = np.log(norms)",
        says="These are the logarithms of the norms. What is returned: the norm, or what a figure shows?",
    ),
    mistake(
        id="adds_the_sizes_of_the_entries",
        old=_TERM,
        new="np.abs(da.T @ h_prev).sum()",
        says="The sizes of all entries are added. Which norm of a matrix is the root of the sum of all its squared "
        "entries?",
    ),
    mistake(
        id="takes_the_largest_entry",
        old=_TERM,
        new="np.abs(da.T @ h_prev).max()",
        says="These are the largest entries of the terms. Which norm of a matrix is the root of the sum of all its "
        "squared entries?",
    ),
    mistake(
        id="averages_the_norms_of_the_sequences",
        old=_TERM,
        new="np.sqrt((da**2).sum(axis=1) * (h_prev**2).sum(axis=1)).mean()",
        says="The norm is taken sequence by sequence, and their mean is given. The gradient of W is a sum over the "
        "batch: which comes first, sum or norm?",
    ),
    mistake(
        id="measures_the_gradient_of_U",
        old=_TERM,
        new="np.linalg.norm(da.T @ x[:, k])",
        says="These are the norms of the gradient with respect to U. Which of the two matrices meets the state before?",
    ),
    mistake(
        id="measures_the_gradient_of_the_state_itself",
        old=_TERM,
        new="np.linalg.norm(dh)",
        says="These are norms of the gradient with respect to the state. Which factors of the term are still "
        "missing, for a gradient with respect to W?",
    ),
    mistake(
        id="measures_the_first_sequence_alone",
        old=_TERM,
        new="np.linalg.norm(np.outer(da[0], h_prev[0]))",
        says="Only the first sequence of the batch counts. Over what is each term a sum?",
    ),
    mistake(
        id="takes_the_slope_at_the_state_before",
        old="(1 - h[:, k] ** 2)",
        new="(1 - h_prev**2)",
        says="tanh's slope is taken at the state before each step. Which state came out of the tanh of step k?",
    ),
    mistake(
        id="forgets_the_square",
        old="(1 - h[:, k] ** 2)",
        new="(1 - h[:, k])",
        says="tanh's slope is taken as 1 - h. At h = -0.5, should it be above 1?",
    ),
    mistake(
        id="starts_from_ones",
        old="dh = dh_last",
        new="dh = np.ones_like(dh_last)",
        says="The result does not depend on dh_last. Where does the loss at the last step come in?",
    ),
    mistake(
        id="adds_dh_last_at_every_step",
        old="dh = da @ W",
        new="dh = da @ W + dh_last",
        says="dh_last is added at every step. At which state alone does this loss arrive by itself?",
    ),
    mistake(
        id="takes_the_mean_over_the_entries",
        old=_TERM,
        new="np.sqrt(((da.T @ h_prev) ** 2).mean())",
        says="The norm is divided by the root of the number of entries. Does the Frobenius norm take a mean or a sum?",
    ),
    mistake(
        id="leaves_out_the_first_norm",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="""dh = da @ W  # dJ_n/dh_{k-1}
    norms = norms[1:]""",
        says="The first norm is missing: there are T - 1 of them. Which step begins at h0?",
    ),
    mistake(
        id="takes_the_norm_over_the_batch_too",
        old="np.linalg.norm(da.T @ h_prev)",
        new="np.linalg.norm(da[:, :, None] * h_prev[:, None])",
        says="The squares of the sequences' terms are added up, not the terms. What is summed first, over the "
        "batch: the matrices or the squares of their entries?",
    ),
    mistake(
        id="adds_the_norms_of_the_rows",
        old="np.linalg.norm(da.T @ h_prev)",
        new="np.linalg.norm(da.T @ h_prev, axis=1).sum()",
        says="The norms of the rows are added up. Of how many numbers is the Frobenius norm the length?",
    ),
    mistake(
        id="returns_a_list",
        old="dh = da @ W  # dJ_n/dh_{k-1}",
        new="""dh = da @ W  # dJ_n/dh_{k-1}
    norms = norms.tolist()""",
        says="The norms come in a list. Which type does the docstring give?",
    ),
]

_SIGMA = "np.linalg.norm(W, 2)"
_RHO = "abs(np.linalg.eigvals(W)).max()"
MISTAKES["spectral_verdict"] = [
    mistake(
        id="uses_the_spectral_radius_for_both",
        old=_SIGMA,
        new=_RHO,
        says="Every verdict follows from the spectral radius alone. Can a matrix with small eigenvalues not make "
        "some vector longer in a single step?",
    ),
    mistake(
        id="uses_the_singular_value_for_both",
        old=_RHO,
        new="sigma_max",
        says="Every verdict follows from the largest singular value alone. Is a matrix that stretches some vector "
        "once bound to do so again and again?",
    ),
    mistake(
        id="exchanges_the_two_sizes",
        old=f"sigma_max = {_SIGMA}\n    rho = {_RHO}",
        new=f"rho = {_SIGMA}\n    sigma_max = {_RHO}",
        says="The verdicts are those that come out when singular value and spectral radius change places. Which of "
        "the two bounds how much one step can stretch?",
    ),
    mistake(
        id="ignores_gamma",
        old='verdict = "undecided"',
        new='gamma, verdict = 1.0, "undecided"',
        says="The verdicts do not depend on gamma. How much does the sigmoid shrink a gradient before W is met?",
    ),
    mistake(
        id="divides_by_gamma",
        old='verdict = "undecided"',
        new='gamma, verdict = 1 / gamma, "undecided"',
        says="The sizes are divided by gamma. Does a small slope shrink a gradient or make it grow?",
    ),
    mistake(
        id="keeps_the_sign_of_the_eigenvalues",
        old=_RHO,
        new="np.linalg.eigvals(W).real.max()",
        says="An eigenvalue that is large and negative goes unseen. What does its power do as the gap grows?",
    ),
    mistake(
        id="takes_the_smallest_singular_value",
        old=_SIGMA,
        new="np.linalg.norm(W, -2)",
        says="The smallest singular value decides what vanishes. Must every vector shrink, or is it enough if one "
        "does?",
    ),
    mistake(
        id="takes_the_frobenius_norm",
        old=_SIGMA,
        new="np.linalg.norm(W)",
        says="The Frobenius norm stands for the largest singular value: it is a bound, but too large a one. Which "
        "norm says how much a matrix can stretch a vector?",
    ),
    mistake(
        id="takes_the_largest_entry",
        old=_SIGMA,
        new="abs(W).max()",
        says="The largest entry of W decides what vanishes. What can many entries below 1 do together?",
    ),
    mistake(
        id="forgets_the_tolerance",
        old='verdict = "undecided"',
        new='tolerance, verdict = 0.0, "undecided"',
        says="A size that differs from 1 by less than the tolerance is taken to be below or above it. What does the "
        "statement say of such a size?",
    ),
    mistake(
        id="leaves_nothing_undecided",
        old="elif gamma * rho > 1 + tolerance:",
        new="else:",
        says="Nothing is undecided: what does not vanish is said to explode. Between the largest singular value and "
        "the spectral radius there may be room: what do we know of a W with 1 in it?",
    ),
    mistake(
        id="exchanges_the_two_words",
        old='verdict = "vanishes"\n    elif gamma * rho > 1 + tolerance:\n        verdict = "may explode"',
        new='verdict = "may explode"\n    elif gamma * rho > 1 + tolerance:\n        verdict = "vanishes"',
        says="The two words have changed places. What becomes of a product of many small factors?",
    ),
    mistake(
        id="looks_at_the_symmetric_part",
        old=_RHO,
        new="abs(np.linalg.eigvalsh((W + W.T) / 2)).max()",
        says="The eigenvalues are those of W's symmetric part. W is not symmetric: whose eigenvalues are asked for?",
    ),
    mistake(
        id="takes_the_real_part_of_the_eigenvalues",
        old=_RHO,
        new="abs(np.linalg.eigvals(W).real).max()",
        says="Eigenvalues count by the size of their real part: a growing rotation goes unseen. How is the size of "
        "a complex number made of its two parts?",
    ),
    mistake(
        id="takes_the_largest_row_sum",
        old=_SIGMA,
        new="np.abs(W).sum(axis=1).max()",
        says="The largest sum of a row's sizes decides what vanishes. Which norm says how much a matrix can stretch "
        "a vector?",
    ),
    mistake(
        id="takes_the_largest_column_sum",
        old=_SIGMA,
        new="np.abs(W).sum(axis=0).max()",
        says="The largest sum of a column's sizes decides what vanishes. Which norm says how much a matrix can "
        "stretch a vector?",
    ),
    mistake(
        id="takes_the_determinant",
        old=_SIGMA,
        new="abs(np.linalg.det(W))",
        says="The size of the determinant decides what vanishes. Can a matrix with a small determinant not stretch "
        "some vector?",
    ),
    mistake(
        id="takes_the_determinant_for_both",
        old=f"sigma_max = {_SIGMA}\n    rho = {_RHO}",
        new="sigma_max = rho = abs(np.linalg.det(W))",
        says="The size of the determinant decides everything. It is the product of all eigenvalues: which single "
        "one matters?",
    ),
    mistake(
        id="takes_the_frobenius_norm_for_both",
        old=f"sigma_max = {_SIGMA}\n    rho = {_RHO}",
        new="sigma_max = rho = np.linalg.norm(W)",
        says="The Frobenius norm decides everything: nearly every W is said to explode. Which two sizes does the "
        "docstring name?",
    ),
    mistake(
        id="forgets_the_root_of_the_singular_value",
        old=_SIGMA,
        new="np.linalg.norm(W, 2) ** 2",
        says="The square of the largest singular value decides what vanishes. Are the eigenvalues of W^T W the "
        "singular values, or their squares?",
    ),
    mistake(
        id="takes_the_smallest_eigenvalue",
        old=_RHO,
        new="abs(np.linalg.eigvals(W)).min()",
        says="The smallest eigenvalue decides what may explode. Is it enough if one direction grows, or must all?",
    ),
    mistake(
        id="averages_the_eigenvalues",
        old=_RHO,
        new="abs(np.linalg.eigvals(W)).mean()",
        says="The mean size of the eigenvalues decides what may explode. Is it enough if one direction grows?",
    ),
    mistake(
        id="leaves_gamma_out_of_the_first_question",
        old="gamma * sigma_max",
        new="sigma_max",
        says="What vanishes does not depend on gamma. How much does a flat nonlinearity shrink a gradient before W "
        "is met?",
    ),
    mistake(
        id="leaves_gamma_out_of_the_second_question",
        old="gamma * rho",
        new="rho",
        says="What may explode does not depend on gamma. How much does a flat nonlinearity shrink a gradient before "
        "W is met?",
    ),
    mistake(
        id="takes_the_border_for_below",
        old="1 - tolerance",
        new="1 + tolerance",
        says="A singular value within tolerance of the border counts as below it. What does the statement say of "
        "such a size?",
    ),
    mistake(
        id="takes_the_border_for_above",
        old="1 + tolerance",
        new="1 - tolerance",
        says="A spectral radius within tolerance of the border counts as above it. What does the statement say of "
        "such a size?",
    ),
    mistake(
        id="says_explodes",
        old='"may explode"',
        new='"explodes"',
        says='The verdict "explodes" is none of the three strings. Which words does the docstring give, and why '
        "does it say *may*?",
    ),
    mistake(
        id="never_says_may_explode",
        old='"may explode"',
        new='"undecided"',
        says="No matrix is said to let the gradient explode. What can happen where the spectral radius is above 1?",
    ),
    mistake(
        id="never_says_vanishes",
        old='"vanishes"',
        new='"undecided"',
        says="No matrix is said to let the gradient vanish. What must happen where every step shrinks every vector?",
    ),
    mistake(
        id="lets_the_undecided_vanish",
        old='verdict = "undecided"',
        new='verdict = "vanishes"',
        says="Nothing is undecided: what does not explode is said to vanish. Between the spectral radius and the "
        "largest singular value there may be room: what do we know of a W with 1 in it?",
    ),
    mistake(
        id="squares_gamma",
        old='verdict = "undecided"',
        new='gamma, verdict = gamma**2, "undecided"',
        says="gamma enters squared. How many slopes does one step have?",
    ),
    mistake(
        id="looks_at_the_symmetric_part_for_both",
        old=f"sigma_max = {_SIGMA}\n    rho = {_RHO}",
        new="sigma_max = rho = abs(np.linalg.eigvalsh((W + W.T) / 2)).max()",
        says="Every verdict follows from the eigenvalues of W's symmetric part. W is not symmetric: whose "
        "eigenvalues and singular values are meant?",
    ),
    mistake(
        id="forgets_the_tolerance_below",
        old="1 - tolerance",
        new="1",
        says="The first question has no tolerance: what is a little below 1 by rounding alone is called "
        "vanishing. What does the docstring say of what is within tolerance of 1?",
    ),
    mistake(
        id="forgets_the_tolerance_above",
        old="1 + tolerance",
        new="1",
        says="The second question has no tolerance: what is a little above 1 by rounding alone is said to "
        "explode. What does the docstring say of what is within tolerance of 1?",
    ),
    mistake(
        id="looks_at_one_triangle_of_W",
        old="abs(np.linalg.eigvals(W)).max()",
        new="abs(np.linalg.eigvalsh(W)).max()",
        says="The eigenvalues are those of a symmetric matrix made of one triangle of W. Is W symmetric, and "
        "which function makes no such assumption?",
    ),
    mistake(
        id="takes_the_first_eigenvalue",
        old="abs(np.linalg.eigvals(W)).max()",
        new="abs(np.linalg.eigvals(W))[0]",
        says="The eigenvalue that is listed first stands for the largest. In which order do the eigenvalues come?",
    ),
    mistake(
        id="takes_nearly_one_for_one",
        old="""verdict = "undecided"
    if gamma * sigma_max < 1 - tolerance:""",
        new="""verdict = "undecided"
    tolerance = 1e-5
    if gamma * sigma_max < 1 - tolerance:""",
        says="A size within 1e-5 of 1 counts as 1, as it does for np.isclose. Which tolerance is given?",
    ),
]

_FOUND = "points = low"
MISTAKES["fixed_points"] = [
    mistake(
        id="keeps_one_point_only",
        old=_FOUND,
        new="points = low[:1]",
        says="There is always one point, the lowest. How often can a steep tanh cross the diagonal?",
    ),
    mistake(
        id="iterates_from_zero",
        old=_FOUND,
        new="points = np.zeros(1)\n    for _ in range(2000):\n        points = np.tanh(w * points + b)",
        says="This is where the iteration from 0 ends: one point, and only one to which the iteration is drawn. How "
        "many crossings are there, and can an iteration end on all of them?",
    ),
    mistake(
        id="leaves_out_the_one_in_the_middle",
        old=_FOUND,
        new="points = low[[0, -1]] if len(low) == 3 else low",
        says="Of three fixed points the middle one is missing, from which every small push leads away. Is it not a "
        "solution of the equation?",
    ),
    mistake(
        id="sorts_in_descending_order",
        old=_FOUND,
        new="points = low[::-1]",
        says="The points come with the largest first. Which order is asked for?",
    ),
    mistake(
        id="ignores_b",
        old="turns = []",
        new="turns, b = [], 0.0",
        says="These are the fixed points for b = 0. What does a bias do to the curve?",
    ),
    mistake(
        id="turns_the_sign_of_b",
        old="turns = []",
        new="turns, b = [], -b",
        says="Every point has the wrong sign: these are the fixed points for -b. To which side does a positive bias "
        "push?",
    ),
    mistake(
        id="adds_b_outside_of_tanh",
        old=_FOUND,
        new="""grid = np.linspace(-1.1 - abs(b), 1.1 + abs(b), 20001)
    apart = np.tanh(w * grid) + b - grid
    left = np.flatnonzero(apart[:-1] * apart[1:] < 0)
    points = grid[left] + (grid[1] - grid[0]) * apart[left] / (apart[left] - apart[left + 1])""",
        says="These solve h = tanh(w h) + b, with the bias outside. Can a state of this unit leave the interval from "
        "-1 to 1?",
    ),
    mistake(
        id="finds_three_whenever_w_is_above_one",
        old="crossed = above[:-1] != above[1:]",
        new="crossed = np.full(len(above) - 1, True)",
        says="There are three points whenever w > 1. What does a large bias do to the curve: does it still cross the "
        "diagonal three times?",
    ),
    mistake(
        id="solves_the_linear_equation",
        old=_FOUND,
        new="points = np.array([b / (1 - w)])",
        says="This is the fixed point of h = w h + b. Where has tanh gone?",
    ),
    mistake(
        id="gives_the_arguments",
        old=_FOUND,
        new="points = w * low + b",
        says="These are the values inside of tanh at the fixed points. Which of the two is the state?",
    ),
    mistake(
        id="gives_the_distance_from_the_fixed_point",
        old=_FOUND,
        new="points = np.tanh(w * low + b) - low",
        says="All numbers are zero, or nearly: this is what remains at the fixed points, not the points. What is to "
        "be returned: the state, or the equation's two sides compared?",
        exempt="what remains is rounding, which differs from machine to machine",
    ),
    mistake(
        id="returns_a_list",
        old=_FOUND,
        new="points = low.tolist()",
        says="The points come in a list. Which type does the docstring give?",
    ),
    mistake(
        id="returns_a_tuple",
        old=_FOUND,
        new="points = tuple(low.tolist())",
        says="The points come in a tuple. Which type does the docstring give?",
    ),
    mistake(
        id="lists_the_middle_one_last",
        old=_FOUND,
        new="points = low[[0, 2, 1]] if len(low) == 3 else low",
        says="Of three points the middle one comes last. Which order does the docstring give?",
    ),
    mistake(
        id="lists_the_middle_one_first",
        old=_FOUND,
        new="points = low[[1, 0, 2]] if len(low) == 3 else low",
        says="Of three points the middle one comes first. Which order does the docstring give?",
    ),
    mistake(
        id="repeats_a_single_point",
        old=_FOUND,
        new="points = np.repeat(low, 3) if len(low) == 1 else low",
        says="There are three numbers where there is one fixed point: it is repeated. How many solutions has the "
        "equation there?",
    ),
    mistake(
        id="keeps_the_highest_point_only",
        old=_FOUND,
        new="points = low[-1:]",
        says="There is always one point, the highest. How often can a steep tanh cross the diagonal?",
    ),
    mistake(
        id="keeps_the_middle_one",
        old=_FOUND,
        new="points = low[1:2] if len(low) == 3 else low",
        says="Of three fixed points only the middle one is there. Are those to which the iteration is drawn no "
        "solutions of the equation?",
    ),
    mistake(
        id="leaves_out_the_lowest",
        old=_FOUND,
        new="points = low[1:] if len(low) == 3 else low",
        says="Of three fixed points the lowest is missing. Where does your search begin?",
    ),
    mistake(
        id="leaves_out_the_highest",
        old=_FOUND,
        new="points = low[:-1] if len(low) == 3 else low",
        says="Of three fixed points the highest is missing. Where does your search end?",
    ),
    mistake(
        id="multiplies_the_bias_by_w",
        old="turns = []",
        new="turns, b = [], w * b",
        says="These solve h = tanh(w (h + b)). What does w multiply in the equation?",
    ),
    mistake(
        id="ignores_w",
        old="turns = []",
        new="turns, w = [], 1.0",
        says="These are the fixed points for w = 1. What does the weight do to the curve?",
    ),
    mistake(
        id="takes_w_without_its_sign",
        old="turns = []",
        new="turns, w = [], abs(w)",
        says="A negative w is treated as a positive one. What does the curve look like when w is below zero?",
    ),
    mistake(
        id="turns_the_sign_of_w",
        old="turns = []",
        new="turns, w = [], -w",
        says="These are the fixed points for -w. Does the curve rise or fall where w is above zero?",
    ),
    mistake(
        id="takes_the_points_for_symmetric",
        old=_FOUND,
        new="points = np.array([low[0], 0.0, -low[0]]) if len(low) == 3 else low",
        says="The three points are taken to lie symmetrically around 0. What does the bias do to the curve?",
    ),
    mistake(
        id="gives_the_turning_points",
        old=_FOUND,
        new="points = np.array([turns[0], low[1], turns[1]]) if len(low) == 3 else low",
        says="The outer two of three points are where tanh(w h + b) - h turns. Is it zero there?",
    ),
    mistake(
        id="gives_the_slopes",
        old=_FOUND,
        new="points = w * (1 - low**2)",
        says="These are the slopes of tanh(w h + b) at the fixed points. Which of the two is asked: where the "
        "points are, or how stable they are?",
    ),
    mistake(
        id="takes_one_point_whenever_b_is_not_zero",
        old="turns = []\n    if w > 1:",
        new="turns = []\n    if w > 1 and b == 0:",
        says="Wherever b is not zero there is a single point. How large may a bias be before the curve leaves the "
        "diagonal's other side?",
    ),
    mistake(
        id="adds_zero_to_the_points",
        old=_FOUND,
        new="points = np.sort(np.append(low, 0.0))",
        says="0 is listed as a fixed point everywhere. Is tanh(b) zero?",
    ),
    mistake(
        id="solves_for_the_sigmoid",
        old=_FOUND,
        new="""grid = np.linspace(-0.1, 1.1, 2001)
    apart = 1 / (1 + np.exp(-(w * grid + b))) - grid
    left = np.flatnonzero(apart[:-1] * apart[1:] < 0)
    points = grid[left] + (grid[1] - grid[0]) * apart[left] / (apart[left] - apart[left + 1])""",
        says="These solve the equation with a sigmoid in the place of tanh. Can a state of this unit be negative?",
    ),
    mistake(
        id="iterates_from_three_starts",
        old="points = low",
        new="""points = np.array([-1.0, 0.0, 1.0])
    for _ in range(400):
        points = np.tanh(w * points + b)""",
        says="The step was repeated from three starts: three numbers come out whatever w and b are, and equal "
        "ones stand beside each other. To which of three fixed points does the step never lead, and what if there "
        "is only one?",
    ),
    mistake(
        id="iterates_from_three_starts_and_drops_what_is_equal",
        old="points = low",
        new="""points = np.array([-1.0, 0.0, 1.0])
    for _ in range(400):
        points = np.tanh(w * points + b)
    points = np.unique(np.round(points, 8))""",
        says="The step was repeated from several starts: it leads away from the fixed point in the middle, and "
        "where w is below -1 it may end between two numbers. What finds a crossing that no repetition leads to?",
    ),
    mistake(
        id="takes_zero_for_the_middle_point",
        old="points = low",
        new="points = np.array([low[0], 0.0, low[2]]) if len(low) == 3 else low",
        says="Of three fixed points the one in the middle is given as zero. For which b is it?",
    ),
]

_CHUNKS = """for begin in reversed(range(0, T, k)):
        steps = slice(begin, begin + k)"""
_BEFORE = "h[:, begin - 1] if begin > 0 else h0"
_SUMS = "dU += dU_chunk\n        dW += dW_chunk\n        db += db_chunk"
MISTAKES["truncated_bptt"] = [
    mistake(
        id="truncates_nothing",
        old=_CHUNKS,
        new="for begin in [0]:\n        steps = slice(0, T)",
        says="This is the full gradient: it passes every border between chunks. Where should it stop?",
    ),
    mistake(
        id="starts_every_chunk_from_zeros",
        old=_BEFORE,
        new="np.zeros_like(h0)",
        says="Each chunk is treated as if the state before it were zero. The gradient is cut, but is the state?",
    ),
    mistake(
        id="starts_every_later_chunk_from_zeros",
        old=_BEFORE,
        new="h0 if begin == 0 else np.zeros_like(h0)",
        says="Every chunk but the first is treated as if the state before it were zero. The gradient is cut, but is "
        "the state?",
    ),
    mistake(
        id="starts_every_chunk_from_h0",
        old=_BEFORE,
        new="h0",
        says="Each chunk is treated as if the state before it were h0. Which state was carried into the second chunk?",
    ),
    mistake(
        id="takes_the_chunks_first_state_for_the_one_before",
        old=_BEFORE,
        new="h[:, begin] if begin > 0 else h0",
        says="From the second chunk on, the state before is taken one step late: it is the chunk's own first state. "
        "Which state did its first step start from?",
    ),
    mistake(
        id="keeps_the_last_chunk_only",
        old=_SUMS,
        new="if begin + k >= T:\n            dU, dW, db = dU_chunk, dW_chunk, db_chunk",
        says="dU, dW and db are those of the last chunk alone. The same W serves all chunks: what happens to the "
        "gradients of its uses?",
    ),
    mistake(
        id="stops_after_the_first_chunk",
        old=_CHUNKS,
        new="for begin in [0]:\n        steps = slice(0, k)",
        says="Only the first chunk is gone through. Cut off is the gradient between chunks: what of the chunks?",
    ),
    mistake(
        id="slides_a_window",
        old="""dx[:, steps], dU_chunk, dW_chunk, db_chunk, dh_before = rnn_backward(dh[:, steps], chunk)
        dU += dU_chunk
        dW += dW_chunk
        db += db_chunk
    dh0 = dh_before""",
        new="""pass
    dh0 = np.zeros_like(h0)
    for t in range(T):
        begin = max(0, t - k + 1)
        steps = slice(begin, t + 1)
        last = np.zeros_like(dh[:, steps])
        last[:, -1] = dh[:, t]
        h_before = h[:, begin - 1] if begin > 0 else h0
        parts = rnn_backward(last, (x[:, steps], h_before, U, W, h[:, steps]))
        dx[:, steps] += parts[0]
        dU, dW, db = dU + parts[1], dW + parts[2], db + parts[3]
        dh0 += parts[4] if begin == 0 else 0""",
        says="The gradient of every output goes back k steps: a window that slides. Which outputs send a gradient "
        "all the way to the first step of their chunk, and which further than that?",
    ),
    mistake(
        id="counts_the_chunks_from_the_end",
        old=_CHUNKS,
        new="borders = [0, *range(T % k or k, T, k), T]\n"
        "    for begin, end in reversed(list(zip(borders[:-1], borders[1:], strict=True))):\n"
        "        steps = slice(begin, end)",
        says="The chunks are counted from the end, so that the first is the short one. Where does the statement "
        "begin to count?",
    ),
    mistake(
        id="leaves_out_the_short_chunk",
        old="range(0, T, k)",
        new="range(0, max(T - k, 0) + 1, k)",
        says="The last, shorter chunk is left out. How many steps remain when T is no multiple of k?",
    ),
    mistake(
        id="returns_the_gradient_before_the_last_chunk",
        old="db += db_chunk\n    dh0 = dh_before",
        new="db += db_chunk\n        if begin + k >= T:\n            dh0 = dh_before",
        says="dh0 is the gradient of the state before the *last* chunk. Which chunk starts from h0?",
    ),
    mistake(
        id="averages_over_the_chunks",
        old="dh0 = dh_before",
        new="dh0 = dh_before\n    chunks = -(-T // k)\n    dU, dW, db = dU / chunks, dW / chunks, db / chunks",
        says="dU, dW and db are means over the chunks. Do the gradients of one parameter's uses add, or is their "
        "mean taken?",
    ),
    mistake(
        id="takes_the_gradient_at_the_chunks_end_alone",
        old="rnn_backward(dh[:, steps], chunk)",
        new="rnn_backward(np.zeros_like(dh[:, steps]), chunk, dh[:, steps][:, -1])",
        says="Only the last output of each chunk sends a gradient. What of the other outputs inside the chunk?",
    ),
    mistake(
        id="makes_chunks_of_k_plus_one",
        old=_CHUNKS,
        new="for begin in reversed(range(0, T, k + 1)):\n        steps = slice(begin, begin + k + 1)",
        says="The chunks have k + 1 steps. Which is the first step of the second chunk?",
    ),
    mistake(
        id="returns_zeros_for_dh0",
        old="dh0 = dh_before",
        new="dh0 = np.zeros_like(h0)",
        says="dh0 is zero. Does the first chunk not begin with h0?",
    ),
    mistake(
        id="adds_up_what_reaches_the_states_before_all_chunks",
        old="db += db_chunk\n    dh0 = dh_before",
        new="db += db_chunk\n        dh0 = dh_before + (0 if begin + k >= T else dh0)",
        says="dh0 is the sum of what reaches the states before all the chunks. Which chunk starts from h0?",
    ),
    mistake(
        id="keeps_the_first_chunk_only",
        old=_SUMS,
        new="dU, dW, db = dU_chunk, dW_chunk, db_chunk",
        says="dU, dW and db are those of the first chunk alone. The same W serves all chunks: what happens to the "
        "gradients of its uses?",
    ),
    mistake(
        id="overwrites_dW",
        old="dW += dW_chunk",
        new="dW = dW_chunk",
        says="dW is that of the first chunk alone, not a sum over the chunks. In how many of them is W used?",
    ),
    mistake(
        id="overwrites_dU",
        old="dU += dU_chunk",
        new="dU = dU_chunk",
        says="dU is that of the first chunk alone, not a sum over the chunks. In how many of them is U used?",
    ),
    mistake(
        id="overwrites_db",
        old="db += db_chunk",
        new="db = db_chunk",
        says="db is that of the first chunk alone, not a sum over the chunks. In how many of them is b used?",
    ),
    mistake(
        id="averages_over_the_steps",
        old="dh0 = dh_before",
        new="dh0 = dh_before\n    dU, dW, db = dU / T, dW / T, db / T",
        says="dU, dW and db are means over the steps. Do the gradients of one parameter's uses add, or is their "
        "mean taken?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="dh0 = dh_before",
        new="dh0 = dh_before\n    dU, dW, db = dU / N, dW / N, db / N",
        says="dU, dW and db are means over the batch. Does anything divide by N?",
    ),
    mistake(
        id="makes_k_chunks",
        old=_CHUNKS,
        new="k = -(-T // k)\n    for begin in reversed(range(0, T, k)):\n        steps = slice(begin, begin + k)",
        says="The sequence is cut into k chunks, or nearly. Is k the number of chunks or the number of steps in each?",
    ),
    mistake(
        id="cuts_at_every_step",
        old=_CHUNKS,
        new="k = 1\n    for begin in reversed(range(T)):\n        steps = slice(begin, begin + 1)",
        says="The gradient stops at every step, whatever k is. How many steps does a chunk have?",
    ),
    mistake(
        id="leaves_out_the_last_step_of_each_chunk",
        old=_CHUNKS,
        new="for begin in reversed(range(0, T, k)):\n        steps = slice(begin, max(begin + k - 1, begin + 1))",
        says="The last step of each chunk is left out. Which is the last index in a slice?",
    ),
    mistake(
        id="takes_the_first_state_of_the_chunk_before",
        old=_BEFORE,
        new="h[:, begin - k] if begin > 0 else h0",
        says="From the second chunk on, the state before is the first one of the chunk before. Which state of it "
        "was carried on?",
    ),
    mistake(
        id="takes_the_last_state_of_the_sequence",
        old=_BEFORE,
        new="h[:, -1] if begin > 0 else h0",
        says="From the second chunk on, the state before is the last one of the whole sequence. Which state did the "
        "chunk's first step start from?",
    ),
    mistake(
        id="takes_the_last_state_for_h0",
        old=_BEFORE,
        new="h[:, begin - 1]",
        says="In the first chunk the state before is the *last* one of the sequence. Which state precedes the first "
        "input?",
    ),
    mistake(
        id="makes_chunks_of_k_minus_one",
        old=_CHUNKS,
        new="k = max(k - 1, 1)\n    for begin in reversed(range(0, T, k)):\n        steps = slice(begin, begin + k)",
        says="The chunks have k - 1 steps. Which is the first step of the second chunk?",
    ),
    mistake(
        id="leaves_out_the_first_chunk",
        old=_CHUNKS,
        new="for begin in reversed(range(k if k < T else 0, T, k)):\n        steps = slice(begin, begin + k)",
        says="The first chunk is not gone through: its inputs have no gradient. At which step does the first chunk "
        "begin?",
    ),
    mistake(
        id="forgets_tanh",
        old="U, W, h[:, steps])",
        new="U, W, 0 * h[:, steps])",
        says="No slope of tanh is in the gradients: so it would be for a linear network. What lies between a state "
        "and what stands inside of tanh?",
    ),
    mistake(
        id="averages_the_gradients_of_each_chunk",
        old="dx[:, steps], dU_chunk, dW_chunk, db_chunk, dh_before = rnn_backward(dh[:, steps], chunk)",
        new="dx[:, steps], dU_chunk, dW_chunk, db_chunk, dh_before = rnn_backward(dh[:, steps] / k, chunk)",
        says="All gradients are k times too small. Is the loss a mean over the steps of a chunk?",
    ),
    mistake(
        id="cuts_one_step_late",
        old="""for begin in reversed(range(0, T, k)):
        steps = slice(begin, begin + k)""",
        new="""for begin, end in reversed(list(zip([0, *range(1, T, k)], [*range(1, T, k), T]))):
        steps = slice(begin, end)""",
        says="The first chunk is the first step alone, and all others begin one step late. Which steps are the "
        "first k?",
    ),
    mistake(
        id="leaves_the_short_chunks_gradients_zero",
        old="""for begin in reversed(range(0, T, k)):
        steps = slice(begin, begin + k)""",
        new="""dh_before = np.zeros_like(h0)
    for begin in reversed(range(0, T - k + 1, k)):
        steps = slice(begin, begin + k)""",
        says="The last chunk is left out where it is shorter than k, and all of it where k is above T. How long "
        "may the last chunk be?",
    ),
    mistake(
        id="keeps_the_last_k_steps",
        old="""for begin in reversed(range(0, T, k)):
        steps = slice(begin, begin + k)""",
        new="""for begin in [max(T - k, 0)]:
        steps = slice(begin, T)""",
        says="Only the last k steps are gone through. What do the steps before them belong to?",
    ),
]
