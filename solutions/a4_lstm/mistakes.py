"""The mistakes that students make in assignment 4: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from itertools import combinations

from autograder.course.catalogue import mistake

MISTAKES = {}

_WRONG_ROWS = [  # of a step, and of the loop, which writes the same sums
    mistake(
        id="makes_the_candidate_of_the_rows_of_i",
        old="np.tanh(a_g)",
        new="np.tanh(a_i)",
        says="The candidate is made of the rows of i, and those of g are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="makes_the_candidate_of_the_rows_of_f",
        old="np.tanh(a_g)",
        new="np.tanh(a_f)",
        says="The candidate is made of the rows of f, and those of g are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="makes_the_candidate_of_the_rows_of_o",
        old="np.tanh(a_g)",
        new="np.tanh(a_o)",
        says="The candidate is made of the rows of o, and those of g are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="makes_the_output_gate_of_the_rows_of_g",
        old="sigmoid(a_o)",
        new="sigmoid(a_g)",
        says="The output gate is made of the rows of g, and those of o are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="makes_the_input_gate_of_the_rows_of_g",
        old="= sigmoid(a_i)",
        new="= sigmoid(a_g)",
        says="The input gate is made of the rows of g, and those of i are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="makes_the_forget_gate_of_the_rows_of_g",
        old="sigmoid(a_f)",
        new="sigmoid(a_g)",
        says="The forget gate is made of the rows of g, and those of f are not used. Which H rows does the "
        "statement give to each of the four?",
    ),
    mistake(
        id="cuts_off_negative_candidates",
        old="np.tanh(a_g)",
        new="np.maximum(a_g, 0)",
        says="Negative candidates are cut off to 0, and positive ones grow beyond 1. Which function does the "
        "equation have?",
    ),
]

_CARRIED = "c_prev + i * np.tanh(x @ U.T + h_prev @ W.T + b)"
_OF_THE_ORIGINAL = "additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i, o)"
MISTAKES["additive_cell"] = [
    mistake(
        id="leaves_out_the_old_cell_state",
        old="c_prev + i * np.tanh(",
        new="i * np.tanh(",
        says="c does not depend on the cell state before: this is a plain recurrent network again. What is new in "
        "the additive cell?",
    ),
    mistake(
        id="adds_to_the_hidden_state",
        old="c_prev + i * np.tanh(",
        new="h_prev + i * np.tanh(",
        says="The candidate is added to the old hidden state. Two states travel from step to step: which of them "
        "is added to?",
    ),
    mistake(
        id="lets_the_candidate_read_the_cell_state",
        old="h_prev @ W.T + b)",
        new="c_prev @ W.T + b)",
        says="W meets the cell state. Which of the two states stands in the equation beside the input?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="i * np.tanh(x @ U.T + h_prev @ W.T + b)",
        new="i * (x @ U.T + h_prev @ W.T + b)",
        says="What is added to the cell has not been through tanh. How much may one step add at the most?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="i * np.tanh(x",
        new="i * sigmoid(x",
        says="What is added to the cell is always positive: c can only grow. Which function lets a step take away "
        "as well as add?",
    ),
    mistake(
        id="squashes_the_cell_state",
        old=_CARRIED,
        new=f"np.tanh({_CARRIED})",
        says="c itself goes through tanh before it is kept, so that the direct derivative is no longer 1. Where does "
        "tanh of c stand in the equations, and is its result carried on?",
    ),
    mistake(
        id="squashes_the_old_cell_state",
        old="c_prev + i * np.tanh(",
        new="np.tanh(c_prev) + i * np.tanh(",
        says="The old cell state goes through tanh before it is added to. What is done to it in the equation?",
    ),
    mistake(
        id="puts_the_input_gate_on_the_whole_sum",
        old=_CARRIED,
        new="i * (c_prev + np.tanh(x @ U.T + h_prev @ W.T + b))",
        says="The input gate multiplies the old cell state too. What does a gate at the input decide about what is "
        "already stored?",
    ),
    mistake(
        id="puts_the_input_gate_inside_tanh",
        old="np.tanh(x @ U.T + h_prev @ W.T + b)",
        new="1.0 * np.tanh(i * (x @ U.T + h_prev @ W.T + b))",
        says="The input gate stands inside tanh, and multiplies once more outside. On which side of the candidate's "
        "tanh is the gate, and how often?",
    ),
    mistake(
        id="moves_the_input_gate_inside_tanh",
        old="i * np.tanh(x @ U.T + h_prev @ W.T + b)",
        new="np.tanh(i * (x @ U.T + h_prev @ W.T + b))",
        says="The input gate multiplies what goes into tanh instead of what comes out. What should half a gate do to "
        "a candidate of 1?",
    ),
    mistake(
        id="leaves_out_the_input_gate",
        old="i * np.tanh(x",
        new="np.tanh(x",
        says="The input gate has no effect: everything is let in. Where does i stand in the equation?",
    ),
    mistake(
        id="leaves_out_the_output_gate",
        old="o * np.tanh(c)",
        new="np.tanh(c)",
        says="The output gate has no effect: everything is shown. Where does o stand in the equation?",
    ),
    mistake(
        id="exchanges_the_two_gates",
        old="""i * np.tanh(x @ U.T + h_prev @ W.T + b)  # (N, H)
    h = o *""",
        new="""o * np.tanh(x @ U.T + h_prev @ W.T + b)
    h = i *""",
        says="The output gate stands at the input, and the input gate at the output. Which of them is there to decide "
        "what is stored?",
    ),
    mistake(
        id="shows_the_cell_state_itself",
        old="o * np.tanh(c)",
        new="o * c",
        says="h is the gated cell state without tanh: it can be as large as c. Between which bounds should h lie?",
    ),
    mistake(
        id="puts_the_output_gate_inside_tanh",
        old="o * np.tanh(c)",
        new="np.tanh(o * c)",
        says="The output gate multiplies c before tanh. Of what is o the part that is shown?",
    ),
    mistake(
        id="shows_the_old_cell_state",
        old="o * np.tanh(c)",
        new="o * np.tanh(c_prev)",
        says="h shows the cell state as it was before this step. Has the input of this step reached h?",
    ),
    mistake(
        id="forgets_what_the_input_gate_lets_in",
        old="c_prev + i * np.tanh(",
        new="(1 - i) * c_prev + i * np.tanh(",
        says="As much is forgotten as is let in: with i = 1 nothing old remains. Does this cell forget at all?",
    ),
    mistake(
        id="takes_tanh_of_each_product",
        old="np.tanh(x @ U.T + h_prev @ W.T + b)",
        new="(np.tanh(x @ U.T) + np.tanh(h_prev @ W.T + b))",
        says="tanh is taken of the input's part and of the state's part, one by one. How many times does tanh stand "
        "in the candidate, and what stands inside?",
    ),
    mistake(
        id="adds_the_bias_outside_tanh",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T) + b",
        says="The bias is added to the cell directly, at every step and past the gate. Is b inside or outside the "
        "brackets of the candidate?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T)",
        says="The bias is missing. What should be added to the cell when the input and the hidden state are zero?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev @ W.T",
        new="h_prev @ W",
        says="Each unit adds up a column of W instead of a row. W is square, so NumPy does not complain: with one "
        "state per row, which product is W times each state?",
    ),
    mistake(
        id="overwrites_the_old_cell_state",
        old=_CARRIED,
        new="np.add(c_prev, i * np.tanh(x @ U.T + h_prev @ W.T + b), out=c_prev)",
        says="The new c was written into c_prev: the caller has lost the state before the step. Who else may "
        "still need that array?",
    ),
    mistake(
        id="original_exchanges_the_gates",
        old=_OF_THE_ORIGINAL,
        new=_OF_THE_ORIGINAL.replace("i, o)", "o, i)"),
        says="In original_lstm_step the output gate stands at the input, and the input gate at the output. Which rows"
        " of the weights belong to which gate, and what does each gate decide?",
    ),
    mistake(
        id="original_takes_the_order_i_o_g",
        old="(U_i, U_g, U_o), (W_i, W_g, W_o), (b_i, b_g, b_o)",
        new="(U_i, U_o, U_g), (W_i, W_o, W_g), (b_i, b_o, b_g)",
        says="In original_lstm_step the rows of g make the output gate, and those of o the candidate. Which H rows "
        "does the statement give to each?",
    ),
    mistake(
        id="original_uses_tanh_for_the_input_gate",
        old="i = sigmoid(x",
        new="i = np.tanh(x",
        says="In original_lstm_step the input gate is a tanh, and can be negative. What would it mean to let in less "
        "than nothing?",
    ),
    mistake(
        id="original_leaves_out_the_sigmoid_of_the_output_gate",
        old="o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)",
        new="o = x @ U_o.T + h_prev @ W_o.T + b_o",
        says="In original_lstm_step the output gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="uses_the_input_gate_at_both_places",
        old="o * np.tanh(c)",
        new="i * np.tanh(c)",
        says="The input gate decides about what is shown, too, and o has no effect. Which of the two gates "
        "stands in the equation of h?",
    ),
    mistake(
        id="uses_the_output_gate_at_both_places",
        old="i * np.tanh(x",
        new="o * np.tanh(x",
        says="The output gate decides about what is let in, too, and i has no effect. Which of the two gates "
        "stands in the equation of c?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="h_prev @ W.T + b)",
        new="h_prev @ W.T + 2 * b)",
        says="The bias counts twice. How often does b stand in the candidate?",
    ),
    mistake(
        id="lets_the_candidate_read_the_input_alone",
        old=" + h_prev @ W.T",
        new="",
        says="The candidate does not depend on the hidden state. Which two things does it read?",
    ),
    mistake(
        id="lets_the_candidate_read_the_state_alone",
        old="x @ U.T + ",
        new="",
        says="The candidate does not depend on the input: nothing new can ever get in. Which two things does it read?",
    ),
    mistake(
        id="returns_the_states_in_the_wrong_order",
        old="h = o * np.tanh(c)  # (N, H)",
        new="h, c = c, o * np.tanh(c)",
        says="h and c of additive_cell are exchanged. Which one is shown to the outside, and which one is kept?",
    ),
    mistake(
        id="shows_the_candidate",
        old="o * np.tanh(c)",
        new="o * np.tanh(x @ U.T + h_prev @ W.T + b)",
        says="h holds the gated candidate of this step, and nothing that was stored before. Of what is h read?",
    ),
    mistake(
        id="shows_the_sigmoid_of_the_cell_state",
        old="o * np.tanh(c)",
        new="o * sigmoid(c)",
        says="What is shown goes through the sigmoid, so that h is never negative. Which function stands in "
        "the equation of h?",
    ),
    mistake(
        id="multiplies_the_old_cell_state",
        old="c_prev + i * np.tanh(",
        new="c_prev * i * np.tanh(",
        says="The old cell state is multiplied by what is let in. What is new about this cell, after which it "
        "is named?",
    ),
    mistake(
        id="takes_the_candidate_away",
        old="c_prev + i * np.tanh(",
        new="c_prev - i * np.tanh(",
        says="The candidate is taken away from the cell state. Which sign has it in the equation?",
    ),
    mistake(
        id="original_leaves_out_the_sigmoid_of_the_input_gate",
        old="i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)",
        new="i = x @ U_i.T + h_prev @ W_i.T + b_i",
        says="In original_lstm_step the input gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="original_uses_tanh_for_the_output_gate",
        old="o = sigmoid(x",
        new="o = np.tanh(x",
        says="In original_lstm_step the output gate is a tanh, and can turn the sign of what is shown. Between"
        " which bounds does a gate lie?",
    ),
    mistake(
        id="original_gives_the_input_gate_the_bias_of_the_output_gate",
        old="h_prev @ W_i.T + b_i",
        new="h_prev @ W_i.T + b_o",
        says="In original_lstm_step the input gate has the output gate's bias. How many biases does each of "
        "the three own?",
    ),
    mistake(
        id="original_gives_the_output_gate_the_bias_of_the_input_gate",
        old="h_prev @ W_o.T + b_o",
        new="h_prev @ W_o.T + b_i",
        says="In original_lstm_step the output gate has the input gate's bias. How many biases does each of "
        "the three own?",
    ),
    mistake(
        id="original_computes_the_input_gate_twice",
        old="o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)",
        new="o = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)",
        says="In original_lstm_step both gates have the same values, those of the input gate. Which rows of "
        "the weights belong to the output gate?",
    ),
    mistake(
        id="original_leaves_out_the_biases_of_the_gates",
        old="""i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)  # (N, H)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)""",
        new="""i = sigmoid(x @ U_i.T + h_prev @ W_i.T)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T)""",
        says="In original_lstm_step the two gates have no bias. What stands in their equation beside the two products?",
    ),
    mistake(
        id="original_lets_the_gates_read_the_cell_state",
        old="""i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)  # (N, H)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)""",
        new="""i = sigmoid(x @ U_i.T + c_prev @ W_i.T + b_i)
    o = sigmoid(x @ U_o.T + c_prev @ W_o.T + b_o)""",
        says="In original_lstm_step the gates read the cell state in the place of the hidden state. Which "
        "state stands in the equation of a?",
    ),
    mistake(
        id="original_lets_the_gates_read_the_input_alone",
        old="""i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)  # (N, H)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)""",
        new="""i = sigmoid(x @ U_i.T + b_i)
    o = sigmoid(x @ U_o.T + b_o)""",
        says="In original_lstm_step the gates do not depend on the hidden state. How do they learn what the "
        "cell has shown?",
    ),
    mistake(
        id="original_uses_the_blocks_of_W_untransposed_in_the_gates",
        old="""i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)  # (N, H)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)""",
        new="""i = sigmoid(x @ U_i.T + h_prev @ W_i + b_i)
    o = sigmoid(x @ U_o.T + h_prev @ W_o + b_o)""",
        says="In the gates of original_lstm_step each unit adds up a column of its block of W instead of a "
        "row. The block is square, so NumPy does not complain: with one state per row, which product is W"
        " times each state?",
    ),
    mistake(
        id="original_takes_the_order_g_i_o",
        old="(U_i, U_g, U_o), (W_i, W_g, W_o), (b_i, b_g, b_o)",
        new="(U_g, U_i, U_o), (W_g, W_i, W_o), (b_g, b_i, b_o)",
        says="In original_lstm_step the rows of i make the candidate, and those of g the input gate. Which H "
        "rows does the statement give to each?",
    ),
    mistake(
        id="original_leaves_out_both_gates",
        old="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i, o)",
        new="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g)",
        says="original_lstm_step gives the additive cell without gates. What becomes of i and o?",
    ),
    mistake(
        id="original_leaves_out_the_output_gate",
        old="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i, o)",
        new="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i)",
        says="In original_lstm_step the whole cell is shown, whatever the output gate says. What becomes of o?",
    ),
    mistake(
        id="original_leaves_out_the_input_gate",
        old="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i, o)",
        new="additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, o=o)",
        says="In original_lstm_step the whole candidate is let in, whatever the input gate says. What becomes of i?",
    ),
    mistake(
        id="original_exchanges_the_states",
        old="additive_cell(x, h_prev, c_prev, U_g,",
        new="additive_cell(x, c_prev, h_prev, U_g,",
        says="In original_lstm_step the candidate reads the cell state and is added to the hidden state. Which"
        " of the two states is added to?",
    ),
]
# What is said of a cell holds for either function, and for h and c one by one: many write the second without the first.
_EITHER_FUNCTION = ("h", "c", "h of original_lstm_step", "c of original_lstm_step")
_OF_BOTH_STATES = ("returns_the_states_in_the_wrong_order", "overwrites_the_old_cell_state", "exchanges_the_two_gates")
for _entry in MISTAKES["additive_cell"]:
    if not _entry["id"].startswith("original_") and _entry["id"] not in _OF_BOTH_STATES:
        _entry["of"] = dict.fromkeys(_EITHER_FUNCTION, _entry["says"])


def _gates_swapped(old: str, cell: str) -> list[dict[str, str | None]]:
    """A mistake for each pair of gates: the rows of one are taken for those of the other."""
    asked = {
        ("g", "o"): "the rows of g make o, and those of o make g, as where the order is i, f, o, g",
        ("i", "f"): "what should be let in and what should be kept have changed places",
    }
    found = []
    for one, other in combinations("ifgo", 2):
        order = ["i", "f", "g", "o"]
        a, b = order.index(one), order.index(other)
        order[a], order[b] = other, one
        what = asked.get((one, other), f"the rows of {one} make {other}, and those of {other} make {one}")
        found.append(
            mistake(
                id=f"takes_{one}_for_{other}",
                old=old,
                new=", ".join(f"a_{gate}" for gate in order) + " =",
                says=f"Two of the {cell}'s four are exchanged: {what}. Which rows belong to each of them, and where "
                f"does it stand in the equations of c and h?",
            )
        )
    return found


_ROWS = "a_i, a_f, a_g, a_o ="
_INTERLEAVED = "np.moveaxis(({}).reshape(len(x), -1, 4), 2, 0)"
MISTAKES["lstm_step_forward"] = [
    *_gates_swapped(_ROWS, "step"),
    mistake(
        id="uses_tanh_for_the_input_gate",
        old="= sigmoid(a_i)",
        new="= np.tanh(a_i)",
        says="The input gate goes through tanh and can be negative. Between which bounds does a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_forget_gate",
        old="sigmoid(a_f)",
        new="np.tanh(a_f)",
        says="The forget gate goes through tanh: it can turn the sign of what is stored. Between which bounds does "
        "the part that is kept lie?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="np.tanh(a_g)",
        new="sigmoid(a_g)",
        says="The candidate goes through the sigmoid, as the gates do: a step can only add to the cell. Which of the "
        "four is not a gate?",
    ),
    mistake(
        id="uses_tanh_for_the_output_gate",
        old="sigmoid(a_o)",
        new="np.tanh(a_o)",
        says="The output gate goes through tanh: it can turn the sign of what is shown. Between which bounds does a "
        "gate lie?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="np.tanh(a_g)",
        new="a_g",
        says="The candidate has not been through tanh. How much may one step add to the cell at the most?",
    ),
    mistake(
        id="leaves_out_the_input_gate",
        old="+ i * g",
        new="+ g",
        says="The whole candidate is added, whatever the input gate says. What decides how much of g is let in?",
    ),
    mistake(
        id="leaves_out_the_forget_gate",
        old="f * c_prev",
        new="c_prev",
        says="All of the old cell state is kept: this is the original LSTM. What has the popular one in addition?",
    ),
    mistake(
        id="leaves_out_the_output_gate",
        old="o * np.tanh(c)",
        new="np.tanh(c)",
        says="The whole cell is shown, whatever the output gate says. What decides how much of it is read?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_forget_gate",
        old="+ i * g",
        new="+ f * g",
        says="The candidate is multiplied by the forget gate. Which gate decides about what comes in, and which about "
        "what was there?",
    ),
    mistake(
        id="puts_the_forget_gate_on_the_whole_sum",
        old="f * c_prev + i * g",
        new="f * (c_prev + i * g)",
        says="The forget gate multiplies what is let in as well. What does it decide about: the old, the new or both?",
    ),
    mistake(
        id="couples_the_two_gates",
        old="f * c_prev",
        new="(1 - i) * c_prev",
        says="One minus the input gate stands where the forget gate should: as in a GRU, as much goes as comes. Can "
        "such a cell add to what it has, the second row of the lecture's table?",
    ),
    mistake(
        id="shows_the_cell_state_itself",
        old="o * np.tanh(c)",
        new="o * c",
        says="h is o times c, without tanh. Between which bounds should h lie, however long the cell has been adding?",
    ),
    mistake(
        id="puts_the_output_gate_inside_tanh",
        old="o * np.tanh(c)",
        new="np.tanh(o * c)",
        says="The output gate multiplies c before tanh instead of after it. What is h where o is one half and c is "
        "very large?",
    ),
    mistake(
        id="shows_the_sigmoid_of_the_cell_state",
        old="o * np.tanh(c)",
        new="o * sigmoid(c)",
        says="What is shown of the cell goes through the sigmoid: h is never negative. Which function stands there?",
    ),
    mistake(
        id="shows_the_old_cell_state",
        old="o * np.tanh(c)",
        new="o * np.tanh(c_prev)",
        says="h shows the cell state from before the step. Which of the two is computed first, h or c?",
    ),
    mistake(
        id="keeps_the_old_hidden_state_in_the_cell",
        old="f * c_prev",
        new="f * h_prev",
        says="The forget gate keeps a part of the old hidden state. Of which state does the cell keep a part?",
    ),
    mistake(
        id="lets_the_gates_read_the_cell_state",
        old="h_prev @ W.T",
        new="c_prev @ W.T",
        says="The gates read the cell state in the place of the hidden state. Which state does W meet? (A cell whose "
        "gates see c as well comes later, with a matrix for it.)",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old=" + h_prev @ W.T",
        new="",
        says="Gates and candidate do not depend on the hidden state. How do they learn what the cell has shown?",
    ),
    mistake(
        id="squashes_the_cell_state",
        old="f * c_prev + i * g",
        new="np.tanh(f * c_prev + i * g)",
        says="c goes through tanh before it is kept and once more for h. How often does tanh of c stand in the "
        "equations, and in which of them?",
    ),
    mistake(
        id="returns_the_states_in_the_wrong_order",
        old="h = o * np.tanh(c)  # (N, H)",
        new="h, c = c, o * np.tanh(c)",
        says="h and c are exchanged in what is returned. Which one is shown to the outside, and which one is kept?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev @ W.T + b",
        new="h_prev @ W.T",
        says="The biases are missing. What is a gate when the input and the hidden state are zero?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="h_prev @ W.T + b",
        new="h_prev @ W.T + 2 * b",
        says="The biases are counted twice, as if there were one with each product, as in PyTorch. How many does the "
        "equation have?",
    ),
    mistake(
        id="interleaves_the_gates",
        old="np.split(x @ U.T + h_prev @ W.T + b, 4, axis=1)",
        new=_INTERLEAVED.format("x @ U.T + h_prev @ W.T + b"),
        says="Every fourth row is taken for the same gate. Do the rows of a gate lie side by side, or one unit's four "
        "gates?",
    ),
    mistake(
        id="overwrites_the_old_cell_state",
        old="f * c_prev + i * g",
        new="np.add(f * c_prev, i * g, out=c_prev)",
        says="The new c was written into c_prev, which the cache holds too. What will the backward "
        "pass take for the state before the step?",
    ),
    mistake(
        id="shows_by_the_forget_gate",
        old="o * np.tanh(c)",
        new="f * np.tanh(c)",
        says="The forget gate decides about what is shown, too, and the output gate has no effect. Which of "
        "the four stands in the equation of h?",
    ),
    mistake(
        id="shows_by_the_input_gate",
        old="o * np.tanh(c)",
        new="i * np.tanh(c)",
        says="The input gate decides about what is shown, too, and the output gate has no effect. Which of the"
        " four stands in the equation of h?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_output_gate",
        old="+ i * g",
        new="+ o * g",
        says="The output gate decides about what is let in, too, and the input gate has no effect. Which of "
        "the four multiplies g?",
    ),
    mistake(
        id="keeps_the_old_by_the_input_gate",
        old="f * c_prev",
        new="i * c_prev",
        says="The input gate decides about what is kept, too, and the forget gate has no effect. Which of the "
        "four multiplies the old cell state?",
    ),
    mistake(
        id="keeps_the_old_by_the_output_gate",
        old="f * c_prev",
        new="o * c_prev",
        says="The output gate decides about what is kept, too, and the forget gate has no effect. Which of the"
        " four multiplies the old cell state?",
    ),
    mistake(
        id="reads_the_forget_gate_as_forgetting",
        old="f * c_prev",
        new="(1 - f) * c_prev",
        says="The forget gate is read as the part that is forgotten: with f = 1 nothing is kept. Which part of"
        " the old cell state does the equation keep?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_input_gate",
        old="= sigmoid(a_i)",
        new="= a_i",
        says="The input gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_forget_gate",
        old="sigmoid(a_f)",
        new="a_f",
        says="The forget gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_the_output_gate",
        old="sigmoid(a_o)",
        new="a_o",
        says="The output gate is not between 0 and 1. Which function brings it there?",
    ),
    mistake(
        id="leaves_out_the_sigmoid_of_all_gates",
        old="sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)",
        new="a_i, a_f, np.tanh(a_g), a_o",
        says="None of the three gates is between 0 and 1. Which function brings them there?",
    ),
    mistake(
        id="uses_tanh_for_all_gates",
        old="sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)",
        new="np.tanh((a_i, a_f, a_g, a_o))",
        says="Gates and candidate all go through tanh, so that gates can be negative. Which of the four is not a gate?",
    ),
    mistake(
        id="uses_the_blocks_of_W_untransposed",
        old="h_prev @ W.T",
        new="np.hstack([h_prev @ block for block in np.split(W, 4)])",
        says="Each unit adds up a column of its block of W instead of a row. The block is square, so NumPy "
        "does not complain: with one state per row, which product is W times each state?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_candidate",
        old="np.tanh(a_g)",
        new="np.tanh(a_g - b[2 * len(b) // 4 : 3 * len(b) // 4])",
        says="The gates have their biases and the candidate has none. Which rows of b belong to g?",
    ),
    mistake(
        id="gives_all_four_the_bias_of_the_input_gate",
        old="h_prev @ W.T + b",
        new="h_prev @ W.T + np.tile(b[: len(b) // 4], 4)",
        says="All four have the bias of the input gate. How many rows of b does each of them own?",
    ),
    mistake(
        id="lets_the_gates_read_the_state_alone",
        old="x @ U.T + ",
        new="",
        says="Gates and candidate do not depend on the input: nothing new can ever get in. Which two products make a?",
    ),
    mistake(
        id="shows_the_candidate",
        old="o * np.tanh(c)",
        new="o * np.tanh(g)",
        says="h holds the candidate of this step, and nothing that was stored before. Of which number is tanh "
        "taken in the equation of h?",
    ),
    mistake(
        id="shows_the_candidate_itself",
        old="o * np.tanh(c)",
        new="o * g",
        says="h is the output gate times the candidate of this step, and nothing that was stored before. What "
        "does the output gate multiply?",
    ),
    mistake(
        id="multiplies_the_two_parts",
        old="f * c_prev + i * g",
        new="f * c_prev * i * g",
        says="What is kept and what is let in are multiplied. How do the two parts of c come together?",
    ),
    mistake(
        id="takes_the_candidate_away",
        old="f * c_prev + i * g",
        new="f * c_prev - i * g",
        says="The candidate is taken away from the cell state. Which sign has it in the equation?",
    ),
    mistake(
        id="takes_the_rows_as_f_i_o_g",
        old="a_i, a_f, a_g, a_o =",
        new="a_f, a_i, a_o, a_g =",
        says="The rows are taken in the order f, i, o, g. Which H rows does the statement give to each of the four?",
    ),
    mistake(
        id="takes_the_rows_as_g_i_f_o",
        old="a_i, a_f, a_g, a_o =",
        new="a_g, a_i, a_f, a_o =",
        says="The rows are taken in the order g, i, f, o. Which H rows does the statement give to each of the four?",
    ),
    mistake(
        id="takes_the_rows_as_i_o_f_g",
        old="a_i, a_f, a_g, a_o =",
        new="a_i, a_o, a_f, a_g =",
        says="The rows are taken in the order i, o, f, g. Which H rows does the statement give to each of the four?",
    ),
    mistake(
        id="takes_the_rows_as_f_g_i_o",
        old="a_i, a_f, a_g, a_o =",
        new="a_f, a_g, a_i, a_o =",
        says="The rows are taken in the order f, g, i, o. Which H rows does the statement give to each of the four?",
    ),
    mistake(
        id="overwrites_the_old_hidden_state",
        old="h = o * np.tanh(c)  # (N, H)",
        new="h = np.multiply(o, np.tanh(c), out=h_prev)",
        says="h_prev holds the new hidden state after the call. What will the "
        "backward pass take for the state before the step?",
    ),
    *_WRONG_ROWS,
    mistake(
        id="squashes_the_old_cell_state",
        old="f * c_prev",
        new="f * np.tanh(c_prev)",
        says="The old cell state goes through tanh before a part of it is kept. What is done to it in the equation?",
    ),
    mistake(
        id="squashes_both_parts",
        old="f * c_prev + i * g",
        new="np.tanh(f * c_prev) + i * g",
        says="What is kept of the old cell state goes through tanh. What is done to it in the equation?",
    ),
    mistake(
        id="reads_the_input_gate_as_shutting",
        old="sigmoid(a_i)",
        new="sigmoid(-a_i)",
        says="The input gate is turned round: where it should be open it is shut. With which sign does the "
        "argument stand in the sigmoid?",
    ),
    mistake(
        id="reads_the_output_gate_as_shutting",
        old="sigmoid(a_o)",
        new="sigmoid(-a_o)",
        says="The output gate is turned round: where it should be open it is shut. With which sign does the "
        "argument stand in the sigmoid?",
    ),
    mistake(
        id="lets_in_what_it_forgets",
        old="c = f * c_prev + i * g",
        new="c = f * c_prev + (1 - f) * g",
        says="As much is let in as is forgotten: the input gate has no effect. Which gate multiplies the candidate?",
    ),
    mistake(
        id="adds_one_to_the_forget_gates_argument",
        old="sigmoid(a_f)",
        new="sigmoid(a_f + 1)",
        says="1 is added inside of the forget gate. Is a forget bias a part of the step, or of b?",
    ),
    mistake(
        id="adds_the_old_hidden_state_to_the_new_one",
        old="h = o * np.tanh(c)",
        new="h = o * np.tanh(c) + h_prev",
        says="The old hidden state is added to the new one. Of what is h read?",
    ),
]

_LEAST = "(1 - tolerance) ** (1 / T)"
_SWING = "x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)"
_BIASES = "np.concatenate([signs[:, 0], signs[:, 1]]) * (a + swing[: 2 * H])"
MISTAKES["gate_settings"] = [
    mistake(
        id="holds_for_one_step",
        old=_LEAST,
        new="1 - tolerance",
        says="The biases hold for a single step. What is left after T steps, when each keeps the same part?",
    ),
    mistake(
        id="divides_the_tolerance_among_the_steps",
        old=_LEAST,
        new="1 - tolerance / T",
        says="The tolerance is divided by T: that is enough, but a little more than is needed. Do losses add up from "
        "step to step, or do the parts that are kept multiply?",
    ),
    mistake(
        id="takes_the_power_of_T",
        old=_LEAST,
        new="(1 - tolerance) ** T",
        says="The more steps there are, the less each of them keeps. Solve for the gate: what undoes the power of T?",
    ),
    mistake(
        id="keeps_the_tolerance",
        old=_LEAST,
        new="tolerance ** (1 / T)",
        says="After T steps only the tolerance is left. Is it the part that is kept, or the part that may be lost?",
    ),
    mistake(
        id="takes_the_logarithm_of_the_gate",
        old="np.log(gate / (1 - gate))",
        new="-np.log(gate)",
        says="The bias is the logarithm of the gate. Which function turns the sigmoid back?",
    ),
    mistake(
        id="takes_the_gate_for_its_bias",
        old="np.log(gate / (1 - gate))",
        new="gate",
        says="The bias is the gate's own value. What is the sigmoid of 1?",
    ),
    mistake(
        id="takes_what_is_lost_for_an_exponential",
        old="np.log(gate / (1 - gate))",
        new="-np.log(1 - gate)",
        says="The bias is a little too large: it takes one minus the sigmoid for an exponential, which it is only far "
        "out. What is the exact inverse of the sigmoid?",
    ),
    mistake(
        id="wins_with_a_huge_bias",
        old="(a + swing[: 2 * H])",
        new="1000.0",
        says="The gates are held by a huge number. It works, for any T and any weights, and no gradient will ever move "
        "such a gate again: which is the smallest that works?",
    ),
    mistake(
        id="ignores_the_weights",
        old="(a + swing[: 2 * H])",
        new="a",
        says="The biases hold the gates when inputs and states are zero. How far can the weights move a gate from "
        "there?",
    ),
    mistake(
        id="takes_the_best_case",
        old="(a + swing[: 2 * H])",
        new="(a - swing[: 2 * H])",
        says="The biases are enough only where inputs and states help. Which input makes it hardest for a gate to stay "
        "where it should?",
    ),
    mistake(
        id="ignores_the_states",
        old=" + np.abs(W).sum(axis=1)",
        new="",
        says="The part of the inputs is counted, that of the hidden state is not. What else moves a gate?",
    ),
    mistake(
        id="ignores_the_inputs",
        old="x_max * np.abs(U).sum(axis=1) + ",
        new="",
        says="The part of the hidden state is counted, that of the inputs is not. What else moves a gate?",
    ),
    mistake(
        id="ignores_the_size_of_the_inputs",
        old="x_max * np.abs(U)",
        new="np.abs(U)",
        says="The inputs are taken to be 1 at the most. What does x_max say about them?",
    ),
    mistake(
        id="multiplies_the_states_by_x_max",
        old=_SWING,
        new="x_max * (np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1))",
        says="The hidden state is given the inputs' bound. How large can an entry of h become, and why?",
    ),
    mistake(
        id="adds_weights_with_their_signs",
        old=_SWING,
        new="np.abs(x_max * U.sum(axis=1) + W.sum(axis=1))",
        says="The weights are added with their signs, as if all inputs and states were at their upper bounds. Which "
        "sign would each of them have in the worst case?",
    ),
    mistake(
        id="takes_the_largest_weight",
        old=_SWING,
        new="x_max * np.abs(U).max(axis=1) + np.abs(W).max(axis=1)",
        says="Only the largest weight of each row is counted. Can all inputs be at their worst at the same time?",
    ),
    mistake(
        id="takes_the_length_of_the_rows",
        old=_SWING,
        new="x_max * np.linalg.norm(U, axis=1) + np.linalg.norm(W, axis=1)",
        says="The Euclidean length of each row is taken. That would bound a product with a vector of bounded length: "
        "what is bounded here?",
    ),
    mistake(
        id="exchanges_the_two_gates",
        old="np.concatenate([signs[:, 0], signs[:, 1]])",
        new="np.concatenate([signs[:, 1], signs[:, 0]])",
        says="Units that should remember overwrite, and the other way round: the two columns of the table are "
        "exchanged. Which gate must be open to keep what is there?",
    ),
    mistake(
        id="exchanges_remember_and_erase",
        old='"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1)',
        new='"remember": (-1, -1), "add": (1, 1), "erase": (-1, 1)',
        says="Units that should remember erase, and the other way round. What does the forget gate multiply when it "
        "is 1?",
    ),
    mistake(
        id="exchanges_add_and_overwrite",
        old='"add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)',
        new='"add": (1, -1), "erase": (-1, -1), "overwrite": (1, 1)',
        says="Units that should add overwrite, and the other way round. What must become of the old value when "
        "something is added to it?",
    ),
    mistake(
        id="reads_the_forget_gate_as_forgetting",
        old="[signs[:, 0], signs[:, 1]]",
        new="[signs[:, 0], -signs[:, 1]]",
        says="The forget gate is shut where it should be open: it is read as how much is forgotten. What becomes of "
        "the old value when f is 1?",
    ),
    mistake(
        id="does_for_all_units_what_the_first_should",
        old="[table[behaviour] for behaviour in behaviours]",
        new="[table[behaviours[0]] for _ in behaviours]",
        says="All units behave as the first should. How many words are there, and to what does each belong?",
    ),
    mistake(
        id="adds_to_the_old_biases",
        old=_BIASES,
        new=f"b[: 2 * H] + {_BIASES}",
        says="What is needed is added to the old biases. Is the old bias still there when the new one is set?",
    ),
    mistake(
        id="shuts_gates_to_the_tolerance",
        old=_BIASES,
        new="np.where(np.concatenate([signs[:, 0], signs[:, 1]]) > 0, a + swing[: 2 * H], "
        "np.log(tolerance / (1 - tolerance)) - swing[: 2 * H])",
        says="Shut gates let the tolerance through at every step. How much comes in over T steps?",
    ),
    mistake(
        id="writes_into_b",
        old="new = np.concatenate([biases, b[2 * H :]])",
        new="b[: 2 * H] = biases\n    new = b",
        says="The biases were written into b, which the caller still holds. What is asked: to "
        "change b, or to return another?",
    ),
    mistake(
        id="turns_all_signs",
        old="(a + swing[: 2 * H])",
        new="(-a - swing[: 2 * H])",
        says="Every gate that should be open is shut, and the other way round. On which side of zero is the "
        "bias of a gate that is nearly open?",
    ),
    mistake(
        id="turns_the_odds_over",
        old="np.log(gate / (1 - gate))",
        new="np.log((1 - gate) / gate)",
        says="Where nothing moves the gates, those that should be open are shut, and the other way round. What"
        " is the bias of a gate of 0.99, and what that of 0.01?",
    ),
    mistake(
        id="pushes_all_gates_upward",
        old="(a + swing[: 2 * H])",
        new="a + swing[: 2 * H]",
        says="What inputs and states can do is added to the bias of every gate, of those that should be shut "
        "too. In which direction must the bias of a shut gate go?",
    ),
    mistake(
        id="pushes_all_gates_downward",
        old="(a + swing[: 2 * H])",
        new="a - swing[: 2 * H]",
        says="What inputs and states can do is taken away from the bias of every gate, of those that should be"
        " open too. In which direction must the bias of an open gate go?",
    ),
    mistake(
        id="guards_the_open_gates_alone",
        old="* (a + swing[: 2 * H])",
        new="""* a
    biases = biases + np.where(biases > 0, swing[: 2 * H], 0)""",
        says="Open gates hold at any input; shut ones only where inputs and states are zero. What can move a "
        "shut gate?",
    ),
    mistake(
        id="takes_one_reach_for_all_gates",
        old="(a + swing[: 2 * H])",
        new="(a + swing[: 2 * H].max())",
        says="All gates get the bias of the one that can be moved farthest: that is enough, but for most of "
        "them more than is needed. What of U and W moves one gate alone?",
    ),
    mistake(
        id="adds_up_the_weights_of_all_rows",
        old="x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)",
        new="np.full(4 * H, x_max * np.abs(U).sum() + np.abs(W).sum())",
        says="The weights of all rows are added up for every gate. Which of them meet in one gate?",
    ),
    mistake(
        id="takes_the_input_gates_reach_for_both",
        old="(a + swing[: 2 * H])",
        new="(a + np.tile(swing[:H], 2))",
        says="The forget gates are given what can move the input gates. Which rows of U and W make the forget gate?",
    ),
    mistake(
        id="averages_the_weights",
        old="x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)",
        new="x_max * np.abs(U).mean(axis=1) + np.abs(W).mean(axis=1)",
        says="The sizes of a row's weights are averaged. Can all inputs be at their worst at the same time?",
    ),
    mistake(
        id="lays_the_gates_out_unit_by_unit",
        old="np.concatenate([signs[:, 0], signs[:, 1]])",
        new="signs.ravel()",
        says="The two signs of a unit are put side by side, i and f of unit 0, then of unit 1. How does b list"
        " the gates of all units?",
    ),
    mistake(
        id="sets_the_input_gates_alone",
        old="new = np.concatenate([biases, b[2 * H :]])",
        new="new = np.concatenate([biases[:H], b[H:]])",
        says="The input gates' biases are set, those of the forget gates are as they were. How many gates does"
        " the table have?",
    ),
    mistake(
        id="sets_the_forget_gates_alone",
        old="new = np.concatenate([biases, b[2 * H :]])",
        new="new = np.concatenate([b[:H], biases[H:], b[2 * H :]])",
        says="The forget gates' biases are set, those of the input gates are as they were. How many gates does"
        " the table have?",
    ),
    mistake(
        id="splits_the_tolerance_between_the_gates",
        old="(1 - tolerance) ** (1 / T)",
        new="(1 - tolerance / 2) ** (1 / T)",
        says="Each gate is held to half of the tolerance: a little more than is needed. To what does the "
        "statement apply the tolerance?",
    ),
    mistake(
        id="takes_the_tolerance_for_its_logarithm",
        old="(1 - tolerance) ** (1 / T)",
        new="np.exp(-tolerance / T)",
        says="After T steps exp(-tolerance) is kept, which is near to 1 - tolerance but not the same. What "
        "does the statement ask to be kept?",
    ),
    mistake(
        id="counts_one_step_too_many",
        old="(1 - tolerance) ** (1 / T)",
        new="(1 - tolerance) ** (1 / (T + 1))",
        says="The biases hold for T + 1 steps, one more than is asked for. How many factors has the product "
        "over T steps?",
    ),
    mistake(
        id="shares_the_loss_among_the_steps",
        old="(1 - tolerance) ** (1 / T)",
        new="1 - tolerance ** (1 / T)",
        says="What a single step may lose is the T-th root of the tolerance. Is it what is lost that "
        "multiplies from step to step, or what is kept?",
    ),
    mistake(
        id="adds_the_weights_without_their_sizes",
        old="x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)",
        new="x_max * U.sum(axis=1) + W.sum(axis=1)",
        says="The weights are added up with their signs, so that positive and negative ones cancel. Which sign"
        " can an input have?",
    ),
    mistake(
        id="takes_the_old_biases_away",
        old="* (a + swing[: 2 * H])",
        new="* (a + swing[: 2 * H]) - b[: 2 * H]",
        says="The old biases are taken away from the new ones. Is the old bias still there when the new one is set?",
    ),
    mistake(
        id="exchanges_add_and_erase",
        old='"add": (1, 1), "erase": (-1, -1)',
        new='"add": (-1, -1), "erase": (1, 1)',
        says="Units that should add erase, and the other way round. Which gates are open when something is added?",
    ),
    mistake(
        id="exchanges_remember_and_add",
        old='"remember": (-1, 1), "add": (1, 1)',
        new='"remember": (1, 1), "add": (-1, 1)',
        says="Units that should remember add, and the other way round. What may come in while a unit remembers?",
    ),
    mistake(
        id="exchanges_erase_and_overwrite",
        old='"erase": (-1, -1), "overwrite": (1, -1)',
        new='"erase": (1, -1), "overwrite": (-1, -1)',
        says="Units that should erase overwrite, and the other way round. What is in the cell after it was erased?",
    ),
    mistake(
        id="clears_the_other_biases",
        old="b[2 * H :]])",
        new="0 * b[2 * H :]])",
        says="The biases of g and o are zero. What should become of the rows that the table does not speak of?",
    ),
    mistake(
        id="returns_the_biases_of_the_two_gates_alone",
        old="new = np.concatenate([biases, b[2 * H :]])",
        new="new = biases",
        says="Only the biases of i and f are returned. How many rows has b?",
    ),
    mistake(
        id="gives_shut_gates_no_bias",
        old="signs[:, 1]])",
        new="signs[:, 1]]).clip(min=0)",
        says="Gates that should be shut have the bias 0. What is the sigmoid of 0?",
    ),
    mistake(
        id="takes_the_sizes_of_the_sums",
        old="x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)",
        new="x_max * np.abs(U.sum(axis=1)) + np.abs(W.sum(axis=1))",
        says="The weights of the inputs are added up with their signs, and so are those of the states; only "
        "the two sums are taken by their size. Which sign would each weight have in the worst case?",
    ),
    mistake(
        id="takes_the_inverse_of_tanh",
        old="np.log(gate / (1 - gate))",
        new="np.arctanh(gate)",
        says="The bias is what tanh turns into the gate. Which function makes a gate?",
    ),
    mistake(
        id="halves_the_odds",
        old="np.log(gate / (1 - gate))",
        new="0.5 * np.log(gate / (1 - gate))",
        says="The bias, apart from what inputs and states can do, is half of what it must be. What is the "
        "exact inverse of the sigmoid?",
    ),
    mistake(
        id="turns_the_input_gate_round",
        old='table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)}',
        new='table = {"remember": (1, 1), "add": (-1, 1), "erase": (1, -1), "overwrite": (-1, -1)}',
        says="The input gate is open where the table shuts it, and shut where it should be open. For which two "
        "behaviours does something come in?",
    ),
    mistake(
        id="holds_only_what_it_should_remember",
        old='table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)}',
        new='table = {"remember": (-1, 1), "add": (1, -1), "erase": (-1, -1), "overwrite": (1, -1)}',
        says='A unit that should add forgets what it holds. What does the table say of the forget gate beside "add"?',
    ),
    mistake(
        id="lets_in_only_what_overwrites",
        old='table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)}',
        new='table = {"remember": (-1, 1), "add": (-1, 1), "erase": (-1, -1), "overwrite": (1, -1)}',
        says='A unit that should add lets nothing in. What does the table say of the input gate beside "add"?',
    ),
    mistake(
        id="lets_in_only_what_is_added",
        old='table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)}',
        new='table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (-1, -1)}',
        says="A unit that should overwrite lets nothing in. What does the table say of the input gate beside "
        '"overwrite"?',
    ),
    mistake(
        id="counts_one_step_too_few",
        old="gate = (1 - tolerance) ** (1 / T)",
        new="gate = (1 - tolerance) ** (1 / max(T - 1, 1))",
        says="The bias is that for T - 1 steps. How often is the gate multiplied in T steps?",
    ),
    mistake(
        id="allows_for_the_old_bias",
        old="+ np.abs(W).sum(axis=1)",
        new="+ np.abs(W).sum(axis=1) + np.abs(b)",
        says="The size of the old bias is added to what inputs and states can do. Is the old bias still there?",
    ),
    mistake(
        id="sets_forget_and_candidate",
        old="new = np.concatenate([biases, b[2 * H :]])",
        new="new = np.concatenate([biases[:H], b[H : 2 * H], biases[H:], b[3 * H :]])",
        says="The forget gates' biases stand in the rows of g. In which order do the four blocks come?",
    ),
]

_STATES_KEPT = "h[:, t], c[:, t], gates[:, t] = h_t, c_t,"
MISTAKES["lstm_forward"] = [
    *_gates_swapped(_ROWS, "sequence"),
    mistake(
        id="resets_the_hidden_state_at_each_step",
        old="h_t @ W.T",
        new="h0 @ W.T",
        says="The gates of every step read h0. Which hidden state does a step hand to the next one?",
    ),
    mistake(
        id="resets_the_cell_state_at_each_step",
        old="f * c_t + i * g",
        new="f * c0 + i * g",
        says="Every step starts from c0: the cell keeps nothing. Which cell state does a step hand to the next one?",
    ),
    mistake(
        id="ignores_h0",
        old="h_t, c_t = h0, c0",
        new="h_t, c_t = np.zeros_like(h0), c0",
        says="The hidden state always starts from zeros, even if h0 is given. What is the state before the first "
        "input?",
    ),
    mistake(
        id="ignores_c0",
        old="h_t, c_t = h0, c0",
        new="h_t, c_t = h0, np.zeros_like(c0)",
        says="The cell state always starts from zeros, even if c0 is given. How many states does a sequence start "
        "from?",
    ),
    mistake(
        id="ignores_both_initial_states",
        old="h_t, c_t = h0, c0",
        new="h_t, c_t = np.zeros_like(h0), np.zeros_like(c0)",
        says="Both states always start from zeros, whatever is given. What are h0 and c0 for?",
    ),
    mistake(
        id="exchanges_the_initial_states",
        old="h_t, c_t = h0, c0",
        new="h_t, c_t = c0, h0",
        says="The hidden state starts from c0 and the cell from h0. In which order does the function take them?",
    ),
    mistake(
        id="starts_the_cell_from_h0",
        old="h_t, c_t = h0, c0",
        new="h_t, c_t = h0, h0",
        says="The cell state starts from h0. What is c0 for?",
    ),
    mistake(
        id="stores_the_states_before_the_step",
        old=_STATES_KEPT,
        new="h[:, t], c[:, t], gates[:, t] = (h[:, t - 1] if t else h0), c_t,",
        says="h[:, 0] is h0, and at each step stands what was stored one step before. Has h[:, t] already read "
        "x[:, t]?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end",
        old="a_x[:, t]",
        new="a_x[:, T - 1 - t]",
        says="The inputs are read from the last to the first. Which input should the first state have read?",
    ),
    mistake(
        id="reads_each_input_one_step_late",
        old="a_x[:, t]",
        new="a_x[:, t - 1]",
        says="Each step reads the input before its own, and the first reads the last. Which input arrives at step t?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="a_x[:, t]",
        new="a_x[:, 0]",
        says="The first input is read at every step. Which axis of x is time, and what walks along it?",
    ),
    mistake(
        id="lets_the_gates_read_the_cell_state",
        old="h_t @ W.T",
        new="c_t @ W.T",
        says="The gates read the cell state in the place of the hidden state. Which state does W meet?",
    ),
    mistake(
        id="returns_the_cell_states_as_h",
        old=_STATES_KEPT,
        new="h[:, t], c[:, t], gates[:, t] = c_t, c_t,",
        says="The cell states stand where the hidden states should. Which of the two is shown to the outside?",
    ),
    mistake(
        id="returns_the_last_hidden_state_as_c_last",
        old=_STATES_KEPT,
        new="h[:, t], c[:, t], gates[:, t] = h_t, h_t,",
        says="The last of the hidden states stands where the last cell state should. What does the array c hold?",
    ),
    mistake(
        id="carries_on_the_hidden_state_without_tanh",
        old="h_t = o * np.tanh(c_t)",
        new="h_t = o * c_t",
        says="h is o times c, without tanh, at every step. Between which bounds should h lie?",
    ),
    mistake(
        id="squashes_the_cell_state_at_each_step",
        old="c_t = f * c_t + i * g",
        new="c_t = np.tanh(f * c_t + i * g)",
        says="The cell state goes through tanh at every step, so that what is stored shrinks. Where does tanh of c "
        "stand, and is it carried on?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="x @ U.T + b",
        new="x @ U.T",
        says="The biases are missing at every step. What is a gate when the input and the hidden state are zero?",
    ),
    mistake(
        id="leaves_out_the_first_step",
        old="""h_t, c_t = h0, c0
    for t in range(T):""",
        new="""h_t, c_t = h0, c0
    h[:, 0], c[:, 0] = h0, c0
    for t in range(1, T):""",
        says="The first input is never read: h[:, 0] is h0. At which index does time begin?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="np.tanh(a_g)",
        new="sigmoid(a_g)",
        says="The candidate goes through the sigmoid at every step, so that the cell can only fill up. Which of the "
        "four is not a gate?",
    ),
    mistake(
        id="writes_into_c0",
        old="c_t = f * c_t + i * g",
        new="c_t *= f\n        c_t += i * g",
        says="c0, the caller's array, holds another state after the call. Which operators "
        "make a new array, and which do not?",
    ),
    mistake(
        id="reads_the_array_of_states_at_minus_1",
        old="h_t @ W.T",
        new="h[:, t - 1] @ W.T",
        says="The first step reads h[:, -1], into which nothing has been written yet. Which state comes before"
        " h[:, 0]?",
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
        id="leaves_out_the_forget_gate",
        old="f * c_t + i * g",
        new="c_t + i * g",
        says="All of the old cell state is kept at every step: this is the original LSTM. What has the popular"
        " one in addition?",
    ),
    mistake(
        id="leaves_out_the_input_gate",
        old="f * c_t + i * g",
        new="f * c_t + g",
        says="The whole candidate is added at every step, whatever the input gate says. What decides how much "
        "of g is let in?",
    ),
    mistake(
        id="leaves_out_the_output_gate",
        old="o * np.tanh(c_t)",
        new="np.tanh(c_t)",
        says="The whole cell is shown at every step, whatever the output gate says. What decides how much of "
        "it is read?",
    ),
    mistake(
        id="uses_tanh_for_the_input_gate",
        old="= sigmoid(a_i)",
        new="= np.tanh(a_i)",
        says="The input gate goes through tanh and can be negative. Between which bounds does a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_forget_gate",
        old="sigmoid(a_f)",
        new="np.tanh(a_f)",
        says="The forget gate goes through tanh: it can turn the sign of what is stored. Between which bounds "
        "does a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_output_gate",
        old="sigmoid(a_o)",
        new="np.tanh(a_o)",
        says="The output gate goes through tanh: it can turn the sign of what is shown. Between which bounds "
        "does a gate lie?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="np.tanh(a_g)",
        new="a_g",
        says="The candidate has not been through tanh. How much may one step add to the cell at the most?",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old="a_x[:, t] + h_t @ W.T",
        new="a_x[:, t]",
        says="Gates and candidate do not depend on the hidden state. Which state does W meet?",
    ),
    mistake(
        id="lets_the_gates_read_the_state_alone",
        old="x @ U.T + b",
        new="np.zeros((N, T, 1)) + b",
        says="No step depends on the inputs. Which two products make a?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old="a_x[:, t] + h_t @ W.T",
        new="a_x[:, t] + h_t @ W.T + b",
        says="The biases are counted twice at every step. How often does b stand in the equation of a?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_forget_gate",
        old="f * c_t + i * g",
        new="f * c_t + f * g",
        says="The candidate is multiplied by the forget gate. Which gate decides about what comes in, and "
        "which about what was there?",
    ),
    mistake(
        id="puts_the_forget_gate_on_the_whole_sum",
        old="f * c_t + i * g",
        new="f * (c_t + i * g)",
        says="The forget gate multiplies what is let in as well. What does it decide about: the old, the new or both?",
    ),
    mistake(
        id="couples_the_two_gates",
        old="f * c_t + i * g",
        new="(1 - i) * c_t + i * g",
        says="One minus the input gate stands where the forget gate should. Can such a cell add to what it has?",
    ),
    mistake(
        id="shows_the_old_cell_state",
        old="""c_t = f * c_t + i * g
        h_t = o * np.tanh(c_t)""",
        new="""h_t = o * np.tanh(c_t)
        c_t = f * c_t + i * g""",
        says="Each h shows the cell state from before its step. Which of the two is computed first, h or c?",
    ),
    mistake(
        id="hands_the_states_on_in_the_wrong_order",
        old="""a_i, a_f, a_g, a_o = np.split(a_x[:, t] + h_t @ W.T, 4, axis=1)  # (N, H) each
""",
        new="""h_t, c_t = c_t, h_t
        a_i, a_f, a_g, a_o = np.split(a_x[:, t] + h_t @ W.T, 4, axis=1)
""",
        says="Each step takes the hidden state for the cell state, and the other way round. In which order "
        "does a step take the two, and in which does it return them?",
    ),
    mistake(
        id="resets_both_states_at_each_step",
        old="""for t in range(T):
""",
        new="""for t in range(T):
        h_t, c_t = h0, c0
""",
        says="Every step starts from h0 and c0: no state depends on an earlier input. What does a step hand to"
        " the next one?",
    ),
    mistake(
        id="interleaves_the_gates",
        old="np.split(a_x[:, t] + h_t @ W.T, 4, axis=1)",
        new="np.moveaxis((a_x[:, t] + h_t @ W.T).reshape(N, H, 4), 2, 0)",
        says="Every fourth row is taken for the same gate. Do the rows of a gate lie side by side, or one "
        "unit's four gates?",
    ),
    mistake(
        id="keeps_the_old_hidden_state_in_the_cell",
        old="f * c_t + i * g",
        new="f * h_t + i * g",
        says="The forget gate keeps a part of the old hidden state. Of which state does the cell keep a part?",
    ),
    mistake(
        id="returns_the_candidates_as_h",
        old="h[:, t], c[:, t], gates[:, t] = h_t, c_t,",
        new="h[:, t], c[:, t], gates[:, t] = g, c_t,",
        says="The candidates stand where the hidden states should. Which of the two is handed to the next "
        "step, and is asked for?",
    ),
    mistake(
        id="fills_every_step_with_the_last_state",
        old="np.hstack([i, f, g, o])",
        new="""np.hstack([i, f, g, o])
    h[:] = h_t[:, None]""",
        says="The last hidden state stands at every step. What is h[:, 0] for a sequence of three steps?",
    ),
    mistake(
        id="uses_the_blocks_of_W_untransposed",
        old="h_t @ W.T",
        new="np.hstack([h_t @ block for block in np.split(W, 4)])",
        says="Each unit adds up a column of its block of W instead of a row. The block is square, so NumPy "
        "does not complain: with one state per row, which product is W times each state?",
    ),
    mistake(
        id="shows_by_the_forget_gate",
        old="o * np.tanh(c_t)",
        new="f * np.tanh(c_t)",
        says="The forget gate decides about what is shown, too, and the output gate has no effect. Which of "
        "the four stands in the equation of h?",
    ),
    *_WRONG_ROWS,
    mistake(
        id="squashes_the_old_cell_state",
        old="f * c_t",
        new="f * np.tanh(c_t)",
        says="The old cell state goes through tanh before a part of it is kept. What is done to it in the equation?",
    ),
    mistake(
        id="shows_by_the_input_gate",
        old="o * np.tanh(c_t)",
        new="i * np.tanh(c_t)",
        says="The input gate decides about what is shown, too, and the output gate has no effect. Which of the"
        " four stands in the equation of h?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_output_gate",
        old="f * c_t + i * g",
        new="f * c_t + o * g",
        says="The output gate decides about what is let in, too, and the input gate has no effect. Which of "
        "the four multiplies g?",
    ),
    mistake(
        id="keeps_the_old_by_the_input_gate",
        old="f * c_t + i * g",
        new="i * c_t + i * g",
        says="The input gate decides about what is kept, too, and the forget gate has no effect. Which of the "
        "four multiplies the old cell state?",
    ),
    mistake(
        id="reads_the_forget_gate_as_forgetting",
        old="f * c_t + i * g",
        new="(1 - f) * c_t + i * g",
        says="The forget gate is read as the part that is forgotten: with f = 1 nothing is kept. Which part of"
        " the old cell state does the equation keep?",
    ),
    mistake(
        id="shows_the_candidate",
        old="o * np.tanh(c_t)",
        new="o * np.tanh(g)",
        says="h holds the candidate of its step, and nothing that was stored before. Of which number is tanh "
        "taken in the equation of h?",
    ),
    mistake(
        id="puts_the_output_gate_inside_tanh",
        old="o * np.tanh(c_t)",
        new="np.tanh(o * c_t)",
        says="The output gate multiplies c before tanh instead of after it. What is h where o is one half and "
        "c is very large?",
    ),
    mistake(
        id="leaves_out_the_bias_of_the_candidate",
        old="np.tanh(a_g)",
        new="np.tanh(a_g - b[2 * H : 3 * H])",
        says="The gates have their biases and the candidate has none. Which rows of b belong to g?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end_in_place",
        old="for t in range(T):",
        new="for t in reversed(range(T)):",
        says="The sequence is run from its last step to its first. Which state does h_t follow from?",
    ),
]

_INTO_THE_CELL = "dc = dc + dh * o * (1 - tanh_c**2)"
MISTAKES["lstm_step_backward"] = [
    mistake(
        id="skips_the_path_through_h",
        old=_INTO_THE_CELL,
        new="dc = 1.0 * dc",
        says="The cell state gets no gradient from h: the path through tanh(c) is missing. In how many ways does L "
        "depend on c?",
    ),
    mistake(
        id="ignores_the_gradient_at_c",
        old=_INTO_THE_CELL,
        new="dc = dh * o * (1 - tanh_c**2)",
        says="The gradient that arrives at c from the next step is lost. What does the argument dc hold, and where "
        "does it enter?",
    ),
    mistake(
        id="leaves_out_the_output_gate_on_the_way_to_c",
        old=_INTO_THE_CELL,
        new="dc = dc + dh * (1 - tanh_c**2)",
        says="On the way from h to c the output gate is missing. What multiplies tanh(c) in h?",
    ),
    mistake(
        id="leaves_out_the_slope_of_tanh_on_the_way_to_c",
        old=_INTO_THE_CELL,
        new="dc = dc + dh * o",
        says="On the way from h to c the slope of tanh is missing. What is the derivative of tanh(c)?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_from_c_itself",
        old=_INTO_THE_CELL,
        new="dc = dc + dh * o * (1 - c**2)",
        says="On the way from h to c one minus the square of c is taken. Of which number is the square taken in the "
        "derivative of tanh?",
    ),
    mistake(
        id="adds_dh_to_dc",
        old=_INTO_THE_CELL,
        new="dc = dc + dh",
        says="dh is added to dc as it is. What lies between c and h, and what is its derivative?",
    ),
    mistake(
        id="changes_dc_in_place",
        old=_INTO_THE_CELL,
        new="dc += dh * o * (1 - tanh_c**2)",
        says="The array dc of the caller was changed on the way. Which operator adds without a new array?",
    ),
    mistake(
        id="leaves_out_the_slopes_of_the_gates",
        old="""da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev * f * (1 - f)  # dc_t/df = c_{t-1}
    da_g = dc * i * (1 - g**2)  # dc_t/dg = i; tanh' = 1 - tanh^2
    da_o = dh * tanh_c * o * (1 - o)""",
        new="""da_i = dc * g
    da_f = dc * c_prev
    da_g = dc * i
    da_o = dh * tanh_c""",
        says="The gradients are those at the gates' values, not at what goes into sigmoid and tanh. Which derivatives "
        "lie between the two?",
    ),
    mistake(
        id="exchanges_the_partners_of_i_and_f",
        old="""da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev *""",
        new="""da_i = dc * c_prev * i * (1 - i)
    da_f = dc * g *""",
        says="The input gate's gradient is multiplied by the old cell state, the forget gate's by the candidate. By "
        "what is each of the two gates multiplied in c?",
    ),
    mistake(
        id="takes_the_new_cell_state_for_the_forget_gate",
        old="da_f = dc * c_prev *",
        new="da_f = dc * c *",
        says="The forget gate's gradient holds the new cell state. Which state does the forget gate multiply?",
    ),
    mistake(
        id="takes_the_old_hidden_state_for_the_forget_gate",
        old="da_f = dc * c_prev *",
        new="da_f = dc * h_prev *",
        says="The forget gate's gradient holds the old hidden state. Which state does the forget gate multiply?",
    ),
    mistake(
        id="takes_the_slope_of_the_sigmoid_for_the_candidate",
        old="(1 - g**2)",
        new="g * (1 - g)",
        says="The candidate's gradient has the slope of a sigmoid. Which function makes g, and what is its derivative?",
    ),
    mistake(
        id="leaves_out_the_input_gate_of_the_candidate",
        old="da_g = dc * i * (1",
        new="da_g = dc * (1",
        says="The candidate's gradient does not pass the input gate. By what is g multiplied in c?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_forget_gate",
        old="da_g = dc * i * (1",
        new="da_g = dc * f * (1",
        says="The candidate's gradient passes the forget gate. Which gate multiplies g in c?",
    ),
    mistake(
        id="leaves_out_the_candidate_of_the_input_gate",
        old="da_i = dc * g * i",
        new="da_i = dc * i",
        says="The input gate's gradient does not hold what the gate lets in. By what is i multiplied in c?",
    ),
    mistake(
        id="takes_c_for_tanh_of_c_at_the_output_gate",
        old="dh * tanh_c * o",
        new="dh * c * o",
        says="The output gate's gradient holds c instead of tanh(c). By what is o multiplied in h?",
    ),
    mistake(
        id="takes_the_output_gates_gradient_from_c",
        old="dh * tanh_c * o",
        new="dc * tanh_c * o",
        says="The output gate's gradient is taken from dc. Does the output gate stand in the equation of c, or in that "
        "of h?",
    ),
    mistake(
        id="stacks_the_gates_as_f_i_g_o",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_f, da_i, da_g, da_o]",
        says="The input gate's gradient stands in the forget gate's rows, and the other way round. Which rows of U, W "
        "and b belong to each?",
    ),
    mistake(
        id="stacks_the_gates_as_i_f_o_g",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_i, da_f, da_o, da_g]",
        says="The candidate's gradient stands in the output gate's rows, and the other way round. Which rows of U, W "
        "and b belong to each?",
    ),
    mistake(
        id="stacks_the_gates_as_g_f_i_o",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_g, da_f, da_i, da_o]",
        says="The candidate's gradient stands in the input gate's rows, and the other way round. Which rows of U, W "
        "and b belong to each?",
    ),
    mistake(
        id="leaves_out_the_forget_gate_on_the_way_back",
        old="dc_prev = dc * f",
        new="dc_prev = dc",
        says="The gradient at c goes back to c_prev undiminished, as in the original LSTM. What multiplies c_prev in "
        "this one?",
    ),
    mistake(
        id="multiplies_by_the_input_gate_on_the_way_back",
        old="dc_prev = dc * f",
        new="dc_prev = dc * i",
        says="The gradient goes back to c_prev through the input gate. Which gate multiplies c_prev?",
    ),
    mistake(
        id="sends_back_only_what_arrived_at_c",
        old="dc_prev = dc * f",
        new="dc_prev = (dc - dh * o * (1 - tanh_c**2)) * f",
        says="Only what arrived at c goes back to c_prev; what came to c by way of h is missing. What is the whole "
        "gradient of L with respect to c?",
    ),
    mistake(
        id="adds_dh_to_the_gradient_at_h_prev",
        old="dh_prev = da @ W",
        new="dh_prev = da @ W + dh",
        says="dh is added to the gradient of h_prev, as if a copy of h_prev stood in h. Through what alone does h_prev "
        "act?",
    ),
    mistake(
        id="takes_the_new_hidden_state_for_dW",
        old="da.T @ h_prev",
        new="da.T @ (o * tanh_c)",
        says="dW is made with the new hidden state. Which hidden state does W meet in this step?",
    ),
    mistake(
        id="takes_the_old_cell_state_for_dW",
        old="da.T @ h_prev",
        new="da.T @ c_prev",
        says="dW is made with the old cell state. Which state does W meet in this step?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="""dU = da.T @ x  # (4H, D): the sum over the batch
    dW = da.T @ h_prev  # (4H, H)
    db = da.sum(axis=0)""",
        new="""dU = da.T @ x / len(x)
    dW = da.T @ h_prev / len(x)
    db = da.mean(axis=0)""",
        says="The weights' gradients are too small by the size of the batch. Is a shared parameter's gradient a mean "
        "or a sum?",
    ),
    mistake(
        id="leaves_db_unsummed",
        old="da.sum(axis=0)",
        new="da",
        says="db has a row for each sequence. How many biases are there, and how often is each of them used?",
    ),
    mistake(
        id="transposes_dU",
        old="da.T @ x",
        new="x.T @ da",
        says="dU has the shape of U's transpose. What shape has a gradient, compared with what it belongs to?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_input_gate",
        old="dc * g * i * (1 - i)",
        new="dc * g",
        says="The input gate's gradient is that at the gate's value, not at a_i. Which derivative lies between"
        " the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_forget_gate",
        old="dc * c_prev * f * (1 - f)",
        new="dc * c_prev",
        says="The forget gate's gradient is that at the gate's value, not at a_f. Which derivative lies "
        "between the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_candidate",
        old="dc * i * (1 - g**2)",
        new="dc * i",
        says="The candidate's gradient is that at g, not at a_g. Which derivative lies between the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_output_gate",
        old="dh * tanh_c * o * (1 - o)",
        new="dh * tanh_c",
        says="The output gate's gradient is that at the gate's value, not at a_o. Which derivative lies "
        "between the two?",
    ),
    mistake(
        id="takes_the_input_gates_slope_for_the_forget_gate",
        old="dc * c_prev * f * (1 - f)",
        new="dc * c_prev * i * (1 - i)",
        says="The forget gate's gradient has the slope of the input gate. Of which number is its own slope made?",
    ),
    mistake(
        id="takes_the_forget_gates_slope_for_the_output_gate",
        old="dh * tanh_c * o * (1 - o)",
        new="dh * tanh_c * f * (1 - f)",
        says="The output gate's gradient has the slope of the forget gate. Of which number is its own slope made?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_gates",
        old="""da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev * f * (1 - f)  # dc_t/df = c_{t-1}
    da_g = dc * i * (1 - g**2)  # dc_t/dg = i; tanh' = 1 - tanh^2
    da_o = dh * tanh_c * o * (1 - o)""",
        new="""da_i = dc * g * (1 - i**2)
    da_f = dc * c_prev * (1 - f**2)
    da_g = dc * i * (1 - g**2)
    da_o = dh * tanh_c * (1 - o**2)""",
        says="The gates' gradients have the slope of tanh. Which function makes a gate, and what is its derivative?",
    ),
    mistake(
        id="takes_tanh_of_the_candidate_again",
        old="(1 - g**2)",
        new="(1 - np.tanh(g) ** 2)",
        says="tanh is taken of g once more before it is squared. Is g what goes into tanh, or what comes out?",
    ),
    mistake(
        id="takes_the_sigmoid_of_the_gates_again",
        old="""da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev * f * (1 - f)  # dc_t/df = c_{t-1}
    da_g = dc * i * (1 - g**2)  # dc_t/dg = i; tanh' = 1 - tanh^2
    da_o = dh * tanh_c * o * (1 - o)""",
        new="""da_i = dc * g * sigmoid(i) * (1 - sigmoid(i))
    da_f = dc * c_prev * sigmoid(f) * (1 - sigmoid(f))
    da_g = dc * i * (1 - g**2)
    da_o = dh * tanh_c * sigmoid(o) * (1 - sigmoid(o))""",
        says="The gates' slopes are taken of the sigmoid of the gates. Are i, f and o what goes into the "
        "sigmoid, or what comes out?",
    ),
    mistake(
        id="leaves_out_the_old_cell_state_of_the_forget_gate",
        old="dc * c_prev * f",
        new="dc * f",
        says="The forget gate's gradient does not hold what the gate keeps. By what is f multiplied in c?",
    ),
    mistake(
        id="leaves_out_tanh_of_c_at_the_output_gate",
        old="dh * tanh_c * o",
        new="dh * o",
        says="The output gate's gradient does not hold what the gate shows. By what is o multiplied in h?",
    ),
    mistake(
        id="gives_the_gates_only_what_arrived_at_c",
        old="""da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev * f * (1 - f)  # dc_t/df = c_{t-1}
    da_g = dc *""",
        new="""own = dc - dh * o * (1 - tanh_c**2)
    da_i = own * g * i * (1 - i)
    da_f = own * c_prev * f * (1 - f)
    da_g = own *""",
        says="The gradients of i, f and g hold what arrived at c and not what came by way of h; dc_prev holds "
        "both. Which gradient at c reaches the gates?",
    ),
    mistake(
        id="sends_back_only_what_came_by_way_of_h",
        old="dc_prev = dc * f",
        new="dc_prev = dh * o * (1 - tanh_c**2) * f",
        says="Only what came by way of h goes back to c_prev; what arrived at c itself is missing. What is the"
        " whole gradient of L with respect to c?",
    ),
    mistake(
        id="exchanges_dh_prev_and_dc_prev",
        old="""dh_prev = da @ W  # (N, H): da/dh_{t-1} = W
    dc_prev = dc * f""",
        new="""dc_prev = da @ W
    dh_prev = dc * f""",
        says="dh_prev and dc_prev are exchanged. Which of the two came through W?",
    ),
    mistake(
        id="averages_the_biases",
        old="db = da.sum(axis=0)",
        new="db = da.mean(axis=0)",
        says="db is too small by the size of the batch. Is a shared parameter's gradient a mean or a sum?",
    ),
    mistake(
        id="sums_db_over_the_gates",
        old="db = da.sum(axis=0)",
        new="db = da.sum(axis=1)",
        says="db has one number for each sequence, the sum over all gates and units. Over which axis do the "
        "uses of one bias lie?",
    ),
    mistake(
        id="transposes_dW",
        old="da.T @ h_prev",
        new="h_prev.T @ da",
        says="dW has the shape of W's transpose. What shape has a gradient, compared with what it belongs to?",
    ),
    mistake(
        id="takes_tanh_of_the_old_cell_state",
        old="tanh_c = np.tanh(c)",
        new="tanh_c = np.tanh(c_prev)",
        says="Wherever tanh of c belongs, tanh of the old cell state is taken. Which cell state does h show?",
    ),
    mistake(
        id="squares_one_minus_tanh_of_c",
        old="dh * o * (1 - tanh_c**2)",
        new="dh * o * (1 - tanh_c) ** 2",
        says="On the way from h to c one minus tanh(c) is squared as a whole. What is squared in the "
        "derivative of tanh?",
    ),
    mistake(
        id="squares_one_minus_the_candidate",
        old="(1 - g**2)",
        new="(1 - g) ** 2",
        says="In the candidate's gradient one minus g is squared as a whole. What is squared in the derivative"
        " of tanh?",
    ),
    mistake(
        id="leaves_out_the_gates_on_the_way_to_x",
        old="dx = da @ U",
        new="dx = da[:, 2 * len(U) // 4 : 3 * len(U) // 4] @ U[2 * len(U) // 4 : 3 * len(U) // 4]",
        says="dx holds what came through the candidate and nothing that came through the gates. Which of the "
        "four read x?",
    ),
    mistake(
        id="leaves_out_the_gates_on_the_way_to_h_prev",
        old="dh_prev = da @ W",
        new="dh_prev = da[:, 2 * len(U) // 4 : 3 * len(U) // 4] @ W[2 * len(U) // 4 : 3 * len(U) // 4]",
        says="dh_prev holds what came through the candidate and nothing that came through the gates. Which of "
        "the four read h_prev?",
    ),
    mistake(
        id="stacks_the_gates_as_i_g_f_o",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_i, da_g, da_f, da_o]",
        says="The candidate's gradient stands in the forget gate's rows, and the other way round. Which rows "
        "of U, W and b belong to each?",
    ),
    mistake(
        id="stacks_the_gates_as_o_f_g_i",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_o, da_f, da_g, da_i]",
        says="The output gate's gradient stands in the input gate's rows, and the other way round. Which rows "
        "of U, W and b belong to each?",
    ),
    mistake(
        id="stacks_the_gates_as_i_o_g_f",
        old="[da_i, da_f, da_g, da_o]",
        new="[da_i, da_o, da_g, da_f]",
        says="The output gate's gradient stands in the forget gate's rows, and the other way round. Which rows"
        " of U, W and b belong to each?",
    ),
    mistake(
        id="takes_tanh_of_c_for_its_slope",
        old="dc = dc + dh * o * (1 - tanh_c**2)",
        new="dc = dc + dh * o * tanh_c",
        says="On the way from h to c tanh(c) itself stands where its slope should be. What is the derivative "
        "of tanh(c)?",
    ),
    mistake(
        id="adds_dh_prev_to_dc_prev",
        old="dW = da.T @ h_prev",
        new="""dc_prev = dc_prev + dh_prev
    dW = da.T @ h_prev""",
        says="dc_prev holds the gradient at h_prev too. Does c_prev act through h_prev in this step?",
    ),
    mistake(
        id="takes_the_forget_gates_slope_for_the_input_gate",
        old="dc * g * i * (1 - i)",
        new="dc * g * f * (1 - f)",
        says="The input gate's rows hold the slope of the forget gate's sigmoid. Whose values does a gate's own "
        "derivative stand on?",
    ),
    mistake(
        id="takes_the_output_gates_slope_for_the_input_gate",
        old="dc * g * i * (1 - i)",
        new="dc * g * o * (1 - o)",
        says="The input gate's rows hold the slope of the output gate's sigmoid. Whose values does a gate's own "
        "derivative stand on?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_input_gate",
        old="dc * g * i * (1 - i)",
        new="dc * g * (1 - i**2)",
        says="The input gate's rows have the slope of tanh, 1 - i^2. Which function makes this gate?",
    ),
    mistake(
        id="takes_the_input_gate_for_its_slope",
        old="dc * g * i * (1 - i)",
        new="dc * g * i",
        says="In the input gate's rows the gate itself stands in the place of its slope. What is the derivative "
        "of the sigmoid, in terms of its value?",
    ),
    mistake(
        id="takes_the_output_gates_slope_for_the_forget_gate",
        old="dc * c_prev * f * (1 - f)",
        new="dc * c_prev * o * (1 - o)",
        says="The forget gate's rows hold the slope of the output gate's sigmoid. Whose values does a gate's own "
        "derivative stand on?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_forget_gate",
        old="dc * c_prev * f * (1 - f)",
        new="dc * c_prev * (1 - f**2)",
        says="The forget gate's rows have the slope of tanh, 1 - f^2. Which function makes this gate?",
    ),
    mistake(
        id="takes_the_forget_gate_for_its_slope",
        old="dc * c_prev * f * (1 - f)",
        new="dc * c_prev * f",
        says="In the forget gate's rows the gate itself stands in the place of its slope. What is the derivative "
        "of the sigmoid, in terms of its value?",
    ),
    mistake(
        id="takes_the_input_gates_slope_for_the_output_gate",
        old="dh * tanh_c * o * (1 - o)",
        new="dh * tanh_c * i * (1 - i)",
        says="The output gate's rows hold the slope of the input gate's sigmoid. Whose values does a gate's own "
        "derivative stand on?",
    ),
    mistake(
        id="takes_the_slope_of_tanh_for_the_output_gate",
        old="dh * tanh_c * o * (1 - o)",
        new="dh * tanh_c * (1 - o**2)",
        says="The output gate's rows have the slope of tanh, 1 - o^2. Which function makes this gate?",
    ),
    mistake(
        id="takes_the_output_gate_for_its_slope",
        old="dh * tanh_c * o * (1 - o)",
        new="dh * tanh_c * o",
        says="In the output gate's rows the gate itself stands in the place of its slope. What is the derivative "
        "of the sigmoid, in terms of its value?",
    ),
    mistake(
        id="leaves_out_the_slopes_of_i_f_and_o",
        old="np.hstack([da_i, da_f, da_g, da_o])",
        new="np.hstack([dc * g, dc * c_prev, da_g, dh * tanh_c])",
        says="The slope of the sigmoid is missing in all three gates. What lies between a gate and its argument?",
    ),
    mistake(
        id="exchanges_the_partners_of_i_and_g",
        old="da_i = dc * g * i * (1 - i)",
        new="da_i = dc * i * i * (1 - i)",
        says="The input gate is multiplied by itself: its gradient should hold what it multiplies. What does i "
        "multiply in c?",
    ),
    mistake(
        id="multiplies_the_candidate_by_itself",
        old="da_g = dc * i * (1 - g**2)",
        new="da_g = dc * g * (1 - g**2)",
        says="The candidate's gradient holds the candidate itself. What does g meet in c?",
    ),
    mistake(
        id="adds_dc_once_more_to_the_gradient_at_c_prev",
        old="dc_prev = dc * f",
        new="dc_prev = dc * f + dc - dh * o * (1 - tanh_c**2)",
        says="What arrived at c is added to the gradient at c_prev, past the forget gate. By what is c_{t-1} "
        "multiplied in c_t?",
    ),
    mistake(
        id="leaves_the_square_out_of_the_slope_of_tanh_of_c",
        old="(1 - tanh_c**2)",
        new="(1 - tanh_c)",
        says="The slope of tanh at c is taken as 1 - tanh c. What is the derivative of tanh, in terms of its value?",
    ),
]

_GOES_BACK = """dh_t = dh[:, t] + dh_next  # from outside and from the future
        dc_t = dc_next + dh_t * dh_dc[:, t]"""
_AT_THE_LAST = "(dc_last if t == T - 1 else 0)"
_SUMS = """dU = da.T @ x.reshape(N * T, D)
    dW = da.T @ h_prev.reshape(N * T, H)
    db = da.sum(axis=0)"""
MISTAKES["lstm_backward"] = [
    mistake(
        id="carries_nothing_between_the_steps",
        old=_GOES_BACK,
        new=f"""dh_t = dh[:, t]
        dc_t = {_AT_THE_LAST} + dh_t * dh_dc[:, t]""",
        says="Every step is differentiated by itself: nothing goes back from a step to the one before. Which two "
        "gradients does a step hand back?",
    ),
    mistake(
        id="does_not_carry_dh",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, t]",
        says="The hidden state gets no gradient from the next step; the cell state does. What reads h besides the "
        "outside?",
    ),
    mistake(
        id="does_not_carry_dc",
        old="dc_t = dc_next +",
        new=f"dc_t = {_AT_THE_LAST} +",
        says="The cell state gets no gradient from the next step; the hidden state does. Which of the two ways back is "
        "the one the LSTM was made for?",
    ),
    mistake(
        id="ignores_what_arrives_at_the_hidden_states",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = (dh[:, t] if t == T - 1 else 0) + dh_next",
        says="Of dh only the last step is used. At which hidden states does a gradient arrive from outside?",
    ),
    mistake(
        id="ignores_dc_last",
        old="np.zeros_like(h0), dc_last",
        new="np.zeros_like(h0), np.zeros_like(dc_last)",
        says="The gradient at the last cell state is ignored. With what does dc begin its way back?",
    ),
    mistake(
        id="adds_dc_last_at_every_step",
        old="dc_t = dc_next +",
        new="dc_t = dc_next + (dc_last if t < T - 1 else 0) +",
        says="dc_last is added at every step. At which step does it arrive?",
    ),
    mistake(
        id="starts_dh_from_dc_last",
        old="np.zeros_like(h0), dc_last",
        new="dc_last, np.zeros_like(h0)",
        says="dc_last arrives at the last hidden state instead of the last cell state. Which of the two does it belong "
        "to?",
    ),
    mistake(
        id="skips_the_path_through_h",
        old="dc_t = dc_next + dh_t * dh_dc[:, t]",
        new="dc_t = 1.0 * dc_next",
        says="The cell states get no gradient from the hidden states: the path through tanh(c) is missing. On how many "
        "ways does L depend on a cell state?",
    ),
    mistake(
        id="sends_only_the_outside_part_through_tanh",
        old="dh_t * dh_dc[:, t]",
        new="dh[:, t] * dh_dc[:, t]",
        says="From h to c goes only what arrived from outside, not what came back from the next step. Which gradient "
        "at h is the whole one?",
    ),
    mistake(
        id="leaves_out_the_output_gate_on_the_way_to_c",
        old="o * (1 - tanh_c**2)",
        new="1 - tanh_c**2",
        says="On the way from h to c the output gate is missing, at every step. What multiplies tanh(c) in h?",
    ),
    mistake(
        id="leaves_out_the_slope_of_tanh_on_the_way_to_c",
        old="o * (1 - tanh_c**2)",
        new="o.copy()",
        says="On the way from h to c the slope of tanh is missing, at every step. What is the derivative of tanh(c)?",
    ),
    mistake(
        id="leaves_out_the_forget_gate_on_the_way_back",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_t",
        says="The gradient at c goes back undiminished, as in the original LSTM. What multiplies the old cell state in "
        "this one?",
    ),
    mistake(
        id="passes_the_forget_gate_of_the_step_before",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_t * f[:, max(t - 1, 0)]",
        says="On the way back the forget gate of one step earlier is passed. Between which two cell states does f of "
        "step t stand?",
    ),
    mistake(
        id="takes_the_new_cell_state_for_the_forget_gate",
        old="c_prev * f * (1 - f)",
        new="c * f * (1 - f)",
        says="The forget gates' gradients hold the new cell states. Which state does a forget gate multiply?",
    ),
    mistake(
        id="takes_zero_for_the_cell_state_before_the_first_step",
        old="np.concatenate([c0[:, None], c[:, :-1]], axis=1)",
        new="np.concatenate([0 * c0[:, None], c[:, :-1]], axis=1)",
        says="Before the first step the cell state is taken to be zero. What did the forward pass start from?",
    ),
    mistake(
        id="takes_zero_for_the_hidden_state_before_the_first_step",
        old="np.concatenate([h0[:, None], h[:, :-1]], axis=1)",
        new="np.concatenate([0 * h0[:, None], h[:, :-1]], axis=1)",
        says="Before the first step the hidden state is taken to be zero: dW lacks a part. What did the forward pass "
        "start from?",
    ),
    mistake(
        id="takes_the_new_hidden_states_for_dW",
        old="h_prev.reshape(N * T, H)",
        new="h.reshape(N * T, H)",
        says="dW pairs each step with its own hidden state. Which hidden state does W meet at step t?",
    ),
    mistake(
        id="shifts_the_hidden_states_the_wrong_way",
        old="h_prev.reshape(N * T, H)",
        new="np.concatenate([h[:, 1:], h0[:, None]], axis=1).reshape(N * T, H)",
        says="dW pairs each step with the hidden state after it. Which hidden state does W meet at step t?",
    ),
    mistake(
        id="overwrites_the_weights_gradients_at_each_step",
        old=_SUMS,
        new="""da = da.reshape(N, T, 4 * H)[:, 0]
    dU, dW, db = da.T @ x[:, 0], da.T @ h0, da.sum(axis=0)""",
        says="The weights' gradients hold the part of the first step alone, the last one to be reached. What is the "
        "gradient of a parameter that is used T times?",
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
        id="takes_the_last_step_alone",
        old=_SUMS,
        new="""da = da.reshape(N, T, 4 * H)[:, -1]
    dU, dW, db = da.T @ x[:, -1], da.T @ h_prev[:, -1], da.sum(axis=0)""",
        says="The weights' gradients hold the part of the last step alone. How often are the weights used?",
    ),
    mistake(
        id="averages_over_time",
        old=_SUMS,
        new="dU, dW, db = da.T @ x.reshape(N * T, D) / T, da.T @ h_prev.reshape(N * T, H) / T, da.sum(axis=0) / T",
        says="The weights' gradients are too small by the number of steps. Is a shared parameter's gradient a mean or "
        "a sum?",
    ),
    mistake(
        id="goes_forward_in_time",
        old="reversed(range(T))",
        new="range(T)",
        says="The loop runs from the first step to the last. From which side does a gradient come?",
    ),
    mistake(
        id="reads_the_gates_as_i_f_o_g",
        old="i, f, g, o = np.split",
        new="i, f, o, g = np.split",
        says="The cache's gates are read in the order i, f, o, g. In which order does the forward pass put them there?",
    ),
    mistake(
        id="takes_the_slope_of_the_sigmoid_for_the_candidate",
        old="i * (1 - g**2)",
        new="i * g * (1 - g)",
        says="The candidates' gradients have the slope of a sigmoid. Which function makes g?",
    ),
    mistake(
        id="returns_the_gradients_at_the_first_states",
        old="dh0, dc0 = dh_next, dc_next",
        new="dh0, dc0 = dh_t, dc_t",
        says="dh0 and dc0 are the gradients at the states after the first step. How far back do h0 and c0 lie?",
    ),
    mistake(
        id="exchanges_dh0_and_dc0",
        old="dh0, dc0 = dh_next, dc_next",
        new="dh0, dc0 = dc_next, dh_next",
        says="dh0 and dc0 are exchanged. In which order does the forward pass take h0 and c0?",
    ),
    mistake(
        id="changes_dh_in_place",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, t]\n        dh_t += dh_next",
        says="The array dh of the caller was changed on the way. Is a slice a copy?",
    ),
    mistake(
        id="changes_dc_last_in_place",
        old="dc_t = dc_next + dh_t * dh_dc[:, t]",
        new="dc_t = dc_next\n        dc_t += dh_t * dh_dc[:, t]",
        says="The array dc_last of the caller was changed on the way. Does giving an array a second name make a copy?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_input_gate",
        old="[g * i * (1 - i),",
        new="[g.copy(),",
        says="The input gates' gradients are those at the gates' values, not at a_i. Which derivative lies "
        "between the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_forget_gate",
        old="c_prev * f * (1 - f)",
        new="c_prev.copy()",
        says="The forget gates' gradients are those at the gates' values, not at a_f. Which derivative lies "
        "between the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_candidate",
        old="i * (1 - g**2)",
        new="i.copy()",
        says="The candidates' gradients are those at g, not at a_g. Which derivative lies between the two?",
    ),
    mistake(
        id="leaves_out_the_slope_of_the_output_gate",
        old="tanh_c * o * (1 - o)",
        new="tanh_c.copy()",
        says="The output gates' gradients are those at the gates' values, not at a_o. Which derivative lies "
        "between the two?",
    ),
    mistake(
        id="leaves_out_tanh_of_c_at_the_output_gate",
        old="tanh_c * o * (1 - o)",
        new="o * (1 - o)",
        says="The output gates' gradients do not hold what the gates show. By what is o multiplied in h?",
    ),
    mistake(
        id="takes_c_for_tanh_of_c_at_the_output_gate",
        old="tanh_c * o * (1 - o)",
        new="c * o * (1 - o)",
        says="The output gates' gradients hold c instead of tanh(c). By what is o multiplied in h?",
    ),
    mistake(
        id="leaves_out_the_candidate_of_the_input_gate",
        old="[g * i * (1 - i),",
        new="[i * (1 - i),",
        says="The input gates' gradients do not hold what the gates let in. By what is i multiplied in c?",
    ),
    mistake(
        id="leaves_out_the_input_gate_of_the_candidate",
        old="i * (1 - g**2)",
        new="1 - g**2",
        says="The candidates' gradients do not pass the input gates. By what is g multiplied in c?",
    ),
    mistake(
        id="multiplies_the_candidate_by_the_forget_gate",
        old="i * (1 - g**2)",
        new="f * (1 - g**2)",
        says="The candidates' gradients pass the forget gates. Which gate multiplies g in c?",
    ),
    mistake(
        id="exchanges_the_partners_of_i_and_f",
        old="[g * i * (1 - i), c_prev * f * (1 - f),",
        new="[c_prev * i * (1 - i), g * f * (1 - f),",
        says="The input gates' gradients are multiplied by the old cell state, the forget gates' by the "
        "candidate. By what is each of the two gates multiplied in c?",
    ),
    mistake(
        id="stacks_the_gates_as_f_i_g_o",
        old="[g * i * (1 - i), c_prev * f * (1 - f),",
        new="[c_prev * f * (1 - f), g * i * (1 - i),",
        says="The input gates' gradients stand in the forget gates' rows, and the other way round. Which rows "
        "of U, W and b belong to each?",
    ),
    mistake(
        id="takes_the_output_gates_gradient_from_c",
        old="da[:, t, 3] = dh_t *",
        new="da[:, t, 3] = dc_t *",
        says="The output gates' gradients are taken from the gradient at c. Does the output gate stand in the "
        "equation of c, or in that of h?",
    ),
    mistake(
        id="takes_the_last_dh_at_every_step",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh[:, -1] + dh_next",
        says="What arrives at the last hidden state is added at every step. What arrives from outside at step t?",
    ),
    mistake(
        id="takes_tanh_of_the_old_cell_state",
        old="dh_dc = o * (1 - tanh_c**2)",
        new="""tanh_c = np.tanh(c_prev)
    dh_dc = o * (1 - tanh_c**2)""",
        says="Wherever tanh of c belongs, tanh of the cell state before the step is taken. Which cell state "
        "does h show?",
    ),
    mistake(
        id="averages_over_the_batch",
        old="""dU = da.T @ x.reshape(N * T, D)
    dW = da.T @ h_prev.reshape(N * T, H)
    db = da.sum(axis=0)""",
        new="""dU = da.T @ x.reshape(N * T, D) / N
    dW = da.T @ h_prev.reshape(N * T, H) / N
    db = da.sum(axis=0) / N""",
        says="The weights' gradients are too small by the size of the batch. Is a shared parameter's gradient "
        "a mean or a sum?",
    ),
    mistake(
        id="averages_over_batch_and_time",
        old="""dU = da.T @ x.reshape(N * T, D)
    dW = da.T @ h_prev.reshape(N * T, H)
    db = da.sum(axis=0)""",
        new="""dU = da.T @ x.reshape(N * T, D) / (N * T)
    dW = da.T @ h_prev.reshape(N * T, H) / (N * T)
    db = da.mean(axis=0)""",
        says="The weights' gradients are means over batch and time. Is a shared parameter's gradient a mean or a sum?",
    ),
    mistake(
        id="averages_the_biases",
        old="db = da.sum(axis=0)",
        new="db = da.mean(axis=0)",
        says="db is a mean over batch and time. Is a shared parameter's gradient a mean or a sum?",
    ),
    mistake(
        id="takes_the_old_cell_states_for_dW",
        old="h_prev.reshape(N * T, H)",
        new="c_prev.reshape(N * T, H)",
        says="dW pairs each step with the cell state before it. Which state does W meet at step t?",
    ),
    mistake(
        id="leaves_out_the_last_step",
        old="""da = np.empty_like(gates).reshape(N, T, 4, H)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in reversed(range(T)):""",
        new="""da = np.zeros_like(gates).reshape(N, T, 4, H)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in reversed(range(T - 1)):""",
        says="The last step is left out: nothing comes from its gates, and dx is zero there. At which index "
        "does the way back begin?",
    ),
    mistake(
        id="leaves_out_the_first_step",
        old="""da = np.empty_like(gates).reshape(N, T, 4, H)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in reversed(range(T)):""",
        new="""da = np.zeros_like(gates).reshape(N, T, 4, H)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in reversed(range(1, T)):""",
        says="The first step is left out: nothing comes from its gates, and dx is zero there. At which index "
        "does the way back end?",
    ),
    mistake(
        id="gives_the_initial_states_no_gradient",
        old="dh0, dc0 = dh_next, dc_next",
        new="dh0, dc0 = np.zeros_like(h0), np.zeros_like(c0)",
        says="dh0 and dc0 are zero. Does the loss change when the initial states do?",
    ),
    mistake(
        id="squares_one_minus_tanh_of_c",
        old="o * (1 - tanh_c**2)",
        new="o * (1 - tanh_c) ** 2",
        says="On the way from h to c one minus tanh(c) is squared as a whole. What is squared in the "
        "derivative of tanh?",
    ),
    mistake(
        id="squares_one_minus_the_candidate",
        old="i * (1 - g**2)",
        new="i * (1 - g) ** 2",
        says="In the candidates' gradients one minus g is squared as a whole. What is squared in the "
        "derivative of tanh?",
    ),
    mistake(
        id="adds_dh_to_what_goes_back",
        old="dh_next = da[:, t].reshape(N, 4 * H) @ W",
        new="dh_next = da[:, t].reshape(N, 4 * H) @ W + dh_t",
        says="The gradient at h goes back to the hidden state before it directly, as if a copy of it stood in "
        "h. Through what alone does the old hidden state act?",
    ),
    mistake(
        id="multiplies_by_the_input_gate_on_the_way_back",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_t * i[:, t]",
        says="The gradient at c goes back through the input gate. Which gate multiplies the old cell state?",
    ),
    mistake(
        id="passes_the_forget_gate_of_the_step_after",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_t * f[:, min(t + 1, T - 1)]",
        says="On the way back the forget gate of one step later is passed. Between which two cell states does "
        "f of step t stand?",
    ),
    mistake(
        id="sends_back_only_what_arrived_at_c",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = (dc_t - dh_t * dh_dc[:, t]) * f[:, t]",
        says="What came to c by way of h does not go back to the cell state before. What is the whole gradient"
        " of L with respect to c?",
    ),
    mistake(
        id="takes_tanh_of_the_candidate_again",
        old="i * (1 - g**2)",
        new="i * (1 - np.tanh(g) ** 2)",
        says="tanh is taken of g once more before it is squared. Is g what goes into tanh, or what comes out?",
    ),
    mistake(
        id="takes_tanh_of_c_for_its_slope",
        old="o * (1 - tanh_c**2)",
        new="o * tanh_c",
        says="On the way from h to c tanh(c) itself stands where its slope should be, at every step. What is "
        "the derivative of tanh(c)?",
    ),
    mistake(
        id="adds_the_gradient_at_h_to_what_goes_back_to_c",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_t * f[:, t] + dh_t",
        says="The gradient at h is added to what goes back to the old cell state. Through which gate alone "
        "does the old cell state act on c?",
    ),
    mistake(
        id="adds_dh_to_the_gradient_at_c",
        old="dc_t = dc_next + dh_t * dh_dc[:, t]",
        new="dc_t = dc_next + dh_t",
        says="The gradient at h is added to that at c as it is. What lies between c and h, and what is its derivative?",
    ),
    mistake(
        id="takes_the_last_hidden_state_for_h0",
        old="h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)",
        new="h_prev = np.concatenate([h[:, -1:], h[:, :-1]], axis=1)",
        says="At the first step the last hidden state, h[:, -1], stands for the one before. What does an index of "
        "-1 mean, and which state comes before the first step?",
    ),
    mistake(
        id="takes_the_last_cell_state_for_c0",
        old="c_prev = np.concatenate([c0[:, None], c[:, :-1]], axis=1)",
        new="c_prev = np.concatenate([c[:, -1:], c[:, :-1]], axis=1)",
        says="At the first step the last cell state, c[:, -1], stands for the one before. What does an index of "
        "-1 mean, and which state comes before the first step?",
    ),
    mistake(
        id="takes_h0_for_c0",
        old="c_prev = np.concatenate([c0[:, None], c[:, :-1]], axis=1)",
        new="c_prev = np.concatenate([h0[:, None], c[:, :-1]], axis=1)",
        says="At the first step h0 stands for the cell state before. Which state did the forget gate multiply there?",
    ),
    mistake(
        id="hands_dc_last_to_every_step",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next = dc_last",
        says="Every step gets dc_last in the place of what the next step hands back to the cell. Where does "
        "dc_last arrive?",
    ),
    mistake(
        id="hands_the_two_gradients_on_in_the_wrong_order",
        old="dc_next = dc_t * f[:, t]",
        new="dc_next, dh_next = dh_next, dc_t * f[:, t]",
        says="What belongs to the hidden state is handed to the cell state, and the other way round. In which "
        "order does the step return the two?",
    ),
    mistake(
        id="gives_the_cell_no_gradient_of_its_own",
        old="dc_t = dc_next + dh_t",
        new="dc_t = dh_t",
        says="The cell state gets a gradient through h alone: neither from the next step nor from dc_last. Which "
        "two ways lead to c_t?",
    ),
    mistake(
        id="never_reads_dh",
        old="dh_t = dh[:, t] + dh_next",
        new="dh_t = dh_next",
        says="dh is never read: only dc_last brings a gradient. Where does dh[:, t] arrive?",
    ),
    mistake(
        id="returns_dc_last_for_dc0",
        old="dh0, dc0 = dh_next, dc_next",
        new="dh0, dc0 = dh_next, dc_last",
        says="dc0 is dc_last itself. What has happened to it on the way from the last step to the first?",
    ),
    mistake(
        id="returns_dh0_and_dc0_after_dx",
        old="db = da.sum(axis=0)",
        new="""db = da.sum(axis=0)
    dU, dW, db, dh0, dc0 = dh0, dc0, dU, dW, db""",
        says="The results come in the order of a single step, dh0 and dc0 behind dx. In which order does the "
        "docstring give them?",
    ),
    mistake(
        id="keeps_adding_up_dh",
        old="dh_next = da[:, t].reshape(N, 4 * H) @ W",
        new="dh_next = dh_next + da[:, t].reshape(N, 4 * H) @ W",
        says="What is carried back to the hidden states grows: what came to later ones is still in it. Is it "
        "spent when a step has passed it on?",
    ),
]

_SEEN_BY_O = "a_o + c @ P_o.T"
MISTAKES["peephole_step"] = [
    mistake(
        id="lets_the_output_gate_see_the_old_cell_state",
        old=_SEEN_BY_O,
        new="a_o + c_prev @ P_o.T",
        says="The output gate sees the cell state from before the step. Which of the two does the slide's note in "
        "brackets give it?",
    ),
    mistake(
        id="lets_the_output_gate_see_tanh_of_c",
        old=_SEEN_BY_O,
        new="a_o + np.tanh(c) @ P_o.T",
        says="The output gate sees tanh(c). Does a peephole look at the cell state, or at what is shown of it?",
    ),
    mistake(
        id="lets_the_output_gate_see_the_candidate",
        old=_SEEN_BY_O,
        new="a_o + np.tanh(a_g) @ P_o.T",
        says="The output gate sees the candidate. What is it that the peepholes look at?",
    ),
    mistake(
        id="gives_the_output_gate_no_peephole",
        old=_SEEN_BY_O,
        new="a_o",
        says="The output gate sees no cell state. How many gates have a peephole?",
    ),
    mistake(
        id="gives_the_input_gate_no_peephole",
        old="sigmoid(a_i + c_prev @ P_i.T)",
        new="sigmoid(a_i)",
        says="The input gate sees no cell state. How many gates have a peephole?",
    ),
    mistake(
        id="gives_the_forget_gate_no_peephole",
        old="sigmoid(a_f + c_prev @ P_f.T)",
        new="sigmoid(a_f)",
        says="The forget gate sees no cell state. How many gates have a peephole?",
    ),
    mistake(
        id="ignores_the_peepholes",
        old="np.split(P, 3)",
        new="np.split(0 * P, 3)",
        says="This is the LSTM without peepholes. What do the gates see in addition?",
    ),
    mistake(
        id="gives_the_candidate_a_peephole",
        old="np.tanh(a_g)",
        new="np.tanh(a_g + c_prev @ P_i.T)",
        says="The candidate sees the cell state too, through the input gate's matrix. Which rows has P, and which of "
        "the four has none?",
    ),
    mistake(
        id="exchanges_the_peepholes_of_i_and_f",
        old="P_i, P_f, P_o = np.split",
        new="P_f, P_i, P_o = np.split",
        says="The input gate looks through the forget gate's peephole, and the other way round. Which rows of P "
        "belong to each?",
    ),
    mistake(
        id="exchanges_the_peepholes_of_f_and_o",
        old="P_i, P_f, P_o = np.split",
        new="P_i, P_o, P_f = np.split",
        says="The forget gate looks through the output gate's peephole, and the other way round. Which rows of P "
        "belong to each?",
    ),
    mistake(
        id="exchanges_the_peepholes_of_i_and_o",
        old="P_i, P_f, P_o = np.split",
        new="P_o, P_f, P_i = np.split",
        says="The input gate looks through the output gate's peephole, and the other way round. Which rows of P "
        "belong to each?",
    ),
    mistake(
        id="uses_the_peepholes_untransposed",
        old="P_i, P_f, P_o = np.split(P, 3)",
        new="P_i, P_f, P_o = (p.T for p in np.split(P, 3))",
        says="Through its peephole each unit adds up a column of the matrix instead of a row. The matrices are "
        "square, so NumPy does not complain: with one state per row, which product is a matrix times each state?",
    ),
    mistake(
        id="uses_the_diagonals_alone",
        old="P_i, P_f, P_o = np.split(P, 3)",
        new="P_i, P_f, P_o = (np.diag(np.diag(p)) for p in np.split(P, 3))",
        says="Each unit sees its own cell state alone, as in the usual form. What do the matrices hold beside their "
        "diagonals?",
    ),
    mistake(
        id="multiplies_entry_by_entry",
        old="""i = sigmoid(a_i + c_prev @ P_i.T)
    f = sigmoid(a_f + c_prev @ P_f.T)""",
        new="""i = sigmoid(a_i + c_prev * P_i.sum(axis=1))
    f = sigmoid(a_f + c_prev * P_f.sum(axis=1))""",
        says="Each unit of i and f sees its own cell state, multiplied by the sum of its row. What does a matrix do to "
        "the states of the other units?",
    ),
    mistake(
        id="lets_the_gates_see_the_hidden_state",
        old="""i = sigmoid(a_i + c_prev @ P_i.T)
    f = sigmoid(a_f + c_prev @ P_f.T)""",
        new="""i = sigmoid(a_i + h_prev @ P_i.T)
    f = sigmoid(a_f + h_prev @ P_f.T)""",
        says="Through the peepholes i and f see the hidden state, which they see already. What do they not see before?",
    ),
    mistake(
        id="looks_after_the_sigmoid",
        old="""i = sigmoid(a_i + c_prev @ P_i.T)
    f = sigmoid(a_f + c_prev @ P_f.T)""",
        new="""i = sigmoid(a_i) + c_prev @ P_i.T
    f = sigmoid(a_f) + c_prev @ P_f.T""",
        says="What i and f see is added after the sigmoid, so that a gate can leave the interval from 0 to 1. Is the "
        "cell state inside or outside the brackets?",
    ),
    mistake(
        id="shows_the_cell_state_itself",
        old="o * np.tanh(c)",
        new="o * c",
        says="h is o times c, without tanh. Between which bounds should h lie?",
    ),
    mistake(
        id="takes_the_order_i_f_o_g",
        old=_ROWS,
        new="a_i, a_f, a_o, a_g =",
        says="Output gate and candidate are exchanged in the rows of U, W and b. Which order has the notation?",
    ),
    mistake(
        id="shows_by_the_output_gate_of_h",
        old="a_o + c @ P_o.T",
        new="a_o + h_prev @ P_o.T",
        says="Through its peephole the output gate sees the hidden state, which it sees already. What does it "
        "not see before?",
    ),
    mistake(
        id="looks_after_the_sigmoid_of_the_output_gate",
        old="o = sigmoid(a_o + c @ P_o.T)",
        new="o = sigmoid(a_o) + c @ P_o.T",
        says="What the output gate sees is added after the sigmoid, so that the gate can leave the interval "
        "from 0 to 1. Is the cell state inside or outside the brackets?",
    ),
    mistake(
        id="gives_the_forget_gate_the_input_gates_peephole",
        old="c_prev @ P_f.T",
        new="c_prev @ P_i.T",
        says="The forget gate looks through the input gate's peephole. How many matrices does P hold?",
    ),
    mistake(
        id="gives_the_input_gate_the_forget_gates_peephole",
        old="c_prev @ P_i.T",
        new="c_prev @ P_f.T",
        says="The input gate looks through the forget gate's peephole. How many matrices does P hold?",
    ),
    mistake(
        id="gives_the_output_gate_the_forget_gates_peephole",
        old="c @ P_o.T",
        new="c @ P_f.T",
        says="The output gate looks through the forget gate's peephole. How many matrices does P hold?",
    ),
    mistake(
        id="gives_the_output_gate_the_input_gates_peephole",
        old="c @ P_o.T",
        new="c @ P_i.T",
        says="The output gate looks through the input gate's peephole. How many matrices does P hold?",
    ),
    mistake(
        id="gives_all_gates_the_input_gates_peephole",
        old="P_i, P_f, P_o = np.split(P, 3)",
        new="P_i = P_f = P_o = np.split(P, 3)[0]",
        says="All three gates look through the input gate's peephole. How many matrices does P hold?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="h_prev @ W.T + b",
        new="h_prev @ W.T",
        says="The biases are missing. What is a gate when the input and both states are zero?",
    ),
    mistake(
        id="lets_the_gates_read_the_input_alone",
        old=" + h_prev @ W.T",
        new="",
        says="Gates and candidate do not depend on the hidden state. What do they read besides the input and "
        "the cell state?",
    ),
    mistake(
        id="uses_the_sigmoid_for_the_candidate",
        old="np.tanh(a_g)",
        new="sigmoid(a_g)",
        says="The candidate goes through the sigmoid, as the gates do: a step can only add to the cell. Which "
        "of the four is not a gate?",
    ),
    mistake(
        id="leaves_out_the_tanh_of_the_candidate",
        old="np.tanh(a_g)",
        new="a_g",
        says="The candidate has not been through tanh. How much may one step add to the cell at the most?",
    ),
    mistake(
        id="uses_tanh_for_the_input_gate",
        old="i = sigmoid(",
        new="i = np.tanh(",
        says="The input gate goes through tanh and can be negative. Between which bounds does a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_forget_gate",
        old="f = sigmoid(",
        new="f = np.tanh(",
        says="The forget gate goes through tanh: it can turn the sign of what is stored. Between which bounds "
        "does a gate lie?",
    ),
    mistake(
        id="uses_tanh_for_the_output_gate",
        old="o = sigmoid(",
        new="o = np.tanh(",
        says="The output gate goes through tanh: it can turn the sign of what is shown. Between which bounds "
        "does a gate lie?",
    ),
    mistake(
        id="leaves_out_the_forget_gate",
        old="f * c_prev + i",
        new="c_prev + i",
        says="All of the old cell state is kept, whatever the forget gate says. What multiplies the old cell state?",
    ),
    mistake(
        id="leaves_out_the_input_gate",
        old="f * c_prev + i * np",
        new="f * c_prev + np",
        says="The whole candidate is added, whatever the input gate says. What multiplies the candidate?",
    ),
    mistake(
        id="leaves_out_the_output_gate",
        old="o * np.tanh(c)",
        new="np.tanh(c)",
        says="The whole cell is shown, whatever the output gate says. What decides how much of it is read?",
    ),
    mistake(
        id="returns_the_states_in_the_wrong_order",
        old="h = o * np.tanh(c)  # (N, H)",
        new="h, c = c, o * np.tanh(c)",
        says="h and c are exchanged in what is returned. Which one is shown to the outside, and which one is kept?",
    ),
    mistake(
        id="shows_the_old_cell_state",
        old="o * np.tanh(c)",
        new="o * np.tanh(c_prev)",
        says="h shows the cell state from before the step. Which of the two is computed first, h or c?",
    ),
    mistake(
        id="squashes_the_cell_state",
        old="f * c_prev + i * np.tanh(a_g)",
        new="np.tanh(f * c_prev + i * np.tanh(a_g))",
        says="c goes through tanh before it is kept and once more for h. How often does tanh of c stand in the"
        " equations, and in which of them?",
    ),
    mistake(
        id="exchanges_the_rows_of_i_and_f",
        old="a_i, a_f, a_g, a_o =",
        new="a_f, a_i, a_g, a_o =",
        says="Input and forget gate are exchanged in the rows of U, W and b. Which H rows does the statement "
        "give to each?",
    ),
    mistake(
        id="exchanges_the_rows_of_i_and_o",
        old="a_i, a_f, a_g, a_o =",
        new="a_o, a_f, a_g, a_i =",
        says="Input and output gate are exchanged in the rows of U, W and b. Which H rows does the statement "
        "give to each?",
    ),
    mistake(
        id="exchanges_the_rows_of_f_and_o",
        old="a_i, a_f, a_g, a_o =",
        new="a_i, a_o, a_g, a_f =",
        says="Forget and output gate are exchanged in the rows of U, W and b. Which H rows does the statement "
        "give to each?",
    ),
    mistake(
        id="exchanges_the_rows_of_i_and_g",
        old="a_i, a_f, a_g, a_o =",
        new="a_g, a_f, a_i, a_o =",
        says="Input gate and candidate are exchanged in the rows of U, W and b. Which H rows does the "
        "statement give to each?",
    ),
    mistake(
        id="exchanges_the_rows_of_f_and_g",
        old="a_i, a_f, a_g, a_o =",
        new="a_i, a_g, a_f, a_o =",
        says="Forget gate and candidate are exchanged in the rows of U, W and b. Which H rows does the "
        "statement give to each?",
    ),
    mistake(
        id="gives_the_candidate_the_output_gates_peephole",
        old="np.tanh(a_g)",
        new="np.tanh(a_g + c_prev @ P_o.T)",
        says="The candidate sees the cell state too, through the output gate's matrix. Which of the four has "
        "no peephole?",
    ),
    mistake(
        id="uses_the_input_gates_peephole_untransposed",
        old="c_prev @ P_i.T",
        new="c_prev @ P_i",
        says="The input gate's peepholes are untransposed: the matrix is square, so NumPy does not complain. "
        "Which entry of it leads from cell j to unit i?",
    ),
    mistake(
        id="uses_the_forget_gates_peephole_untransposed",
        old="c_prev @ P_f.T",
        new="c_prev @ P_f",
        says="The forget gate's peepholes are untransposed: the matrix is square, so NumPy does not complain. "
        "Which entry of it leads from cell j to unit i?",
    ),
    mistake(
        id="uses_the_output_gates_peephole_untransposed",
        old="c @ P_o.T",
        new="c @ P_o",
        says="The output gate's peepholes are untransposed: the matrix is square, so NumPy does not complain. "
        "Which entry of it leads from cell j to unit i?",
    ),
]

_REMEMBERED = "bias = np.log(T)"
_FIXED = """bias = 0.0
    elif rule == "one":
        bias = 1.0"""
_ROWS_OF_F = "new[H : 2 * H] ="
MISTAKES["forget_bias_init"] = [
    mistake(
        id="takes_T_for_the_bias",
        old=_REMEMBERED,
        new="bias = T",
        says="The bias is T itself. What is the sigmoid of 50, and how long does such a gate remember?",
    ),
    mistake(
        id="takes_the_gate_for_its_bias",
        old=_REMEMBERED,
        new="bias = T / (1 + T)",
        says="The bias is the value that the gate should have. Which function stands between a bias and its gate?",
    ),
    mistake(
        id="counts_the_present_step",
        old=_REMEMBERED,
        new="bias = np.log(T - 1)",
        says="The gate is 1 - 1/T, so that the powers sum to T only if the zeroth is counted. With which power does "
        "the sum of the statement begin?",
    ),
    mistake(
        id="turns_the_sign",
        old=_REMEMBERED,
        new="bias = -np.log(T)",
        says="The longer a unit should remember, the more it forgets. On which side of zero is the bias of a gate that "
        "is nearly open?",
    ),
    mistake(
        id="keeps_one_half_after_T_steps",
        old=_REMEMBERED,
        new="bias = -np.log(2 ** (1 / T) - 1)",
        says="After T steps one half is left: that is a half-life. What does the statement's sum over all powers add "
        "up to?",
    ),
    mistake(
        id="keeps_one_eth_after_T_steps",
        old=_REMEMBERED,
        new="bias = -np.log(np.exp(1 / T) - 1)",
        says="After T steps 1/e is left, which is near to what is asked but not the same. What does a geometric series "
        "sum to?",
    ),
    mistake(
        id="sets_the_input_gate",
        old=_ROWS_OF_F,
        new="new[:H] =",
        says="The input gate's biases are set. Which rows belong to f?",
    ),
    mistake(
        id="sets_the_candidate",
        old=_ROWS_OF_F,
        new="new[2 * H : 3 * H] =",
        says="The candidate's biases are set. Which rows belong to f?",
    ),
    mistake(
        id="sets_the_output_gate",
        old=_ROWS_OF_F,
        new="new[3 * H :] =",
        says="The output gate's biases are set. Which rows belong to f?",
    ),
    mistake(
        id="adds_to_the_old_biases",
        old=_ROWS_OF_F,
        new="new[H : 2 * H] +=",
        says="The number is added to the biases that were there. What is asked: to set them, or to raise them?",
    ),
    mistake(
        id="clears_the_other_biases",
        old="new = b.copy()",
        new="new = np.zeros_like(b)",
        says="The biases of the other gates are zero. What should become of them?",
    ),
    mistake(
        id="writes_into_b",
        old="new = b.copy()",
        new="new = b",
        says="The caller's array was changed. Does a second name make a second array?",
    ),
    mistake(
        id="exchanges_zero_and_one",
        old=_FIXED,
        new=_FIXED.replace("0.0", "-").replace("1.0", "0.0").replace("-", "1.0"),
        says='The rules "zero" and "one" are exchanged. Is it the bias that is meant, or the gate?',
    ),
    mistake(
        id="sets_a_zero_bias_for_a_gate_of_one",
        old=_FIXED,
        new=_FIXED.replace("0.0", "-1000.0").replace("= 1.0", "= 1000.0"),
        says='With the rules "zero" and "one" the gate itself is 0 or 1. To what do the two words refer?',
    ),
    mistake(
        id="lets_any_word_pass",
        old='raise ValueError(f"no such rule: {rule}")',
        new="return b.copy()",
        says="A rule that does not exist leaves the biases as they are, and nobody learns of it. What should happen "
        "when the word is none of the three?",
    ),
    mistake(
        id="sets_the_biases_of_all_gates",
        old="new[H : 2 * H] =",
        new="new[:] =",
        says="The biases of all four are set. Which rows belong to f, and what should become of the others?",
    ),
    mistake(
        id="sets_every_fourth_bias",
        old="new[H : 2 * H] =",
        new="new[1::4] =",
        says="Every fourth bias is set. Do the rows of a gate lie side by side, or one unit's four gates?",
    ),
    mistake(
        id="returns_the_biases_of_the_forget_gate_alone",
        old="new[H : 2 * H] = bias",
        new="new = np.zeros_like(b[:H]) + bias",
        says="Only H numbers are returned. How many biases has an LSTM?",
    ),
    mistake(
        id="takes_the_logarithm_to_base_2",
        old="bias = np.log(T)",
        new="bias = np.log2(T)",
        says="The logarithm is that to base 2. Which number's powers stand in the sigmoid?",
    ),
    mistake(
        id="takes_the_logarithm_to_base_10",
        old="bias = np.log(T)",
        new="bias = np.log10(T)",
        says="The logarithm is that to base 10. Which number's powers stand in the sigmoid?",
    ),
    mistake(
        id="counts_one_step_more",
        old="bias = np.log(T)",
        new="bias = np.log(T + 1)",
        says="What is in the cell survives T + 1 steps on average. With which power does the sum of the "
        "statement begin?",
    ),
    mistake(
        id="takes_one_number_for_all_units",
        old="bias = np.log(T)",
        new="bias = np.log(np.mean(T))",
        says="All units remember equally long, for the mean of T. What does T hold if it is an array?",
    ),
    mistake(
        id="takes_what_is_kept_of_a_step_for_the_bias",
        old="bias = np.log(T)",
        new="bias = 1 - 1 / T",
        says="The bias is 1 - 1/T: the value of a gate, or near it. Which function stands between a bias and its gate?",
    ),
    mistake(
        id="takes_the_inverse_of_T",
        old="bias = np.log(T)",
        new="bias = 1 / T",
        says="The bias is 1/T: the longer a unit should remember, the nearer is its gate to one half. To what "
        "does the gate tend as T grows?",
    ),
    mistake(
        id="takes_any_other_word_for_remember",
        old="""elif rule == "remember":
        bias = np.log(T)  # the sum of all powers is f / (1 - f) = exp(b_f)
    else:
        raise ValueError(f"no such rule: {rule}")""",
        new="""else:
        bias = np.log(T if T else 1.0)""",
        says="A word that is none of the three does not raise ValueError: it is taken for one of them. What "
        "should happen?",
    ),
    mistake(
        id="raises_another_error",
        old="raise ValueError(",
        new="raise KeyError(",
        says="An unknown rule raises an error, but not the one that the statement names. Which one is it?",
    ),
    mistake(
        id="takes_the_sigmoid_of_the_bias",
        old="new[H : 2 * H] = bias",
        new="new[H : 2 * H] = 1 / (1 + np.exp(-1.0 * np.asarray(bias)))",
        says="The biases are the values that the gates should have. Where is the sigmoid applied: here, or in "
        "the step?",
    ),
    mistake(
        id="takes_a_decaying_exponential_for_the_bias",
        old="bias = np.log(T)",
        new="bias = np.exp(-1 / T)",
        says="The bias is exp(-1/T): near the value of a gate. Which function stands between a bias and its gate?",
    ),
    mistake(
        id="adds_one_to_the_old_biases",
        old="""    elif rule == "one":
        bias = 1.0""",
        new="""    elif rule == "one":
        bias = b[len(b) // 4 : len(b) // 2] + 1.0""",
        says='By the rule "one" 1 is added to the old biases. Does the docstring say what they are raised by, or '
        "what they are?",
    ),
    mistake(
        id="takes_half_of_T",
        old="np.log(T)",
        new="np.log(np.asarray(T) / 2)",
        says="The bias is that of half as many steps. What is the sum of all powers of f, from the first on?",
    ),
    mistake(
        id="sets_the_input_gate_to_the_opposite",
        old="new[H : 2 * H] = bias",
        new="""new[H : 2 * H] = bias
    if rule == "remember":
        new[:H] = -new[H : 2 * H]""",
        says='By the rule "remember" the input gate gets the opposite bias, as in one of the papers. Which rows '
        "does the docstring let you change?",
    ),
    mistake(
        id="sets_all_gates_to_one",
        old="new[H : 2 * H] = bias",
        new='new[slice(None) if rule == "one" else slice(H, 2 * H)] = bias',
        says='By the rule "one" the biases of all gates are 1. Which rows belong to the forget gate?',
    ),
]
