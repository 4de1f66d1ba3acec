"""The mistakes that students make in assignment 3: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_DIFFERENT_EACH_TIME = "the result differs from run to run, so that it has no fingerprint"

_NORM = "np.sqrt(sum((g**2).sum() for g in gradients.values()))"
_SCALE = "threshold / norm if norm >= threshold else 1.0"
_CLIPPED = "{name: scale * g for name, g in gradients.items()}"
_NOT_FINITE = """if not np.isfinite(norm):
        raise FloatingPointError("the gradient is not finite")
    """
MISTAKES["clip_gradient_norm"] = [
    mistake(
        id="clips_each_array_by_its_own_norm",
        old=f"""scale = {_SCALE}
    clipped = {_CLIPPED}""",
        new="""clipped = {}
    for name, g in gradients.items():
        own = np.sqrt((g**2).sum())
        clipped[name] = g * (threshold / own if own >= threshold else 1.0)""",
        says="Each array is clipped by its own norm, so that long ones shrink and short ones do not: the direction "
        "turns. How many vectors is the gradient of one loss, and how many norms has it?",
    ),
    mistake(
        id="always_rescales",
        old=_SCALE,
        new="threshold / norm if norm > 0 else 1.0",
        says="Every gradient gets the norm of the threshold, a short one too: it is made longer. What should happen "
        "to a gradient that is shorter than the threshold?",
    ),
    mistake(
        id="clips_each_entry",
        old=_CLIPPED,
        new="{name: np.clip(g, -threshold, threshold) for name, g in gradients.items()}",
        says="Each entry is cut off by itself: this is clipping by value. Which directions can a gradient have after "
        "that, and does it keep its own?",
    ),
    mistake(
        id="leaves_out_the_root",
        old=_NORM,
        new="sum((g**2).sum() for g in gradients.values())",
        says="The sum of squares stands where the norm should. How long is the vector (3, 4)?",
    ),
    mistake(
        id="compares_the_square_with_the_threshold",
        old="if norm >= threshold",
        new="if norm**2 >= threshold",
        says="The scale is right, but the *square* of the norm is compared with the threshold: some short gradients "
        "are lengthened, and some long ones are let through. Which of the two is compared in the statement?",
    ),
    mistake(
        id="adds_the_norms_of_the_arrays",
        old=_NORM,
        new="sum(np.sqrt((g**2).sum()) for g in gradients.values())",
        says="The norms of the arrays are added up, which is more than the norm of all together. For two vectors at "
        "right angles, of lengths 3 and 4, how long is the two of them in one?",
    ),
    mistake(
        id="takes_the_largest_of_the_norms",
        old=_NORM,
        new="max(np.sqrt((g**2).sum()) for g in gradients.values())",
        says="The norm of the longest array stands for the norm of all. Do the others add nothing to the length?",
    ),
    mistake(
        id="takes_the_sum_of_sizes",
        old=_NORM,
        new="sum(np.abs(g).sum() for g in gradients.values())",
        says="The sizes of the entries are added up: this is the 1-norm. Which norm has the two bars in the lecture?",
    ),
    mistake(
        id="takes_the_largest_entry",
        old=_NORM,
        new="max(np.abs(g).max() for g in gradients.values())",
        says="The largest entry stands for the norm. How long is the vector (1, 1, 1, 1)?",
    ),
    mistake(
        id="averages_the_squares",
        old=_NORM,
        new="np.sqrt(np.mean(np.concatenate([g.ravel() for g in gradients.values()]) ** 2))",
        says="The squares are averaged before the root is taken, so that the norm does not grow with the number of "
        "parameters. Is the norm a sum or a mean?",
    ),
    mistake(
        id="adds_a_constant_to_the_norm",
        old="threshold / norm if",
        new="threshold / (norm + 1e-6) if",
        says="A millionth is added to the norm, as torch does: where gradients are small, the norm afterwards is well "
        "below the threshold. Can the norm be zero at all where you divide by it?",
    ),
    mistake(
        id="makes_unit_vectors",
        old=_SCALE,
        new="1 / norm if norm >= threshold else 1.0",
        says="A long gradient gets the norm 1, whatever the threshold. Which norm should it have afterwards?",
    ),
    mistake(
        id="turns_the_fraction_over",
        old="threshold / norm if",
        new="norm / threshold if",
        says="A gradient that is too long becomes longer still. What must the scale be for twice the threshold?",
    ),
    mistake(
        id="scales_only_below_the_threshold",
        old="norm >= threshold",
        new="norm < threshold",
        says="Short gradients are lengthened to the threshold, and long ones pass. On which side of the threshold is "
        "there anything to do?",
    ),
    mistake(
        id="divides_by_zero_before_it_looks",
        old=_SCALE,
        new="min(1.0, threshold / float(norm))",
        says="Where the gradient is zero, something is divided by its norm. Is there anything to "
        "clip in a gradient of zeros?",
    ),
    mistake(
        id="edits_the_gradients_in_place",
        old=f"clipped = {_CLIPPED}",
        new="""for g in gradients.values():
        g *= scale
    clipped = gradients""",
        says="The values were written into the arrays that you were given: the caller's gradient "
        "is lost. What makes a new array of a product?",
    ),
    mistake(
        id="lets_NaN_through",
        old=_NOT_FINITE,
        new="",
        says="A gradient with NaN or infinity in it passes without a word, and the next step destroys all the "
        "parameters. What should happen to it, and what is its norm?",
    ),
    mistake(
        id="replaces_what_is_not_finite_by_zero",
        old=f"norm = {_NORM}\n    {_NOT_FINITE}",
        new=f"""gradients = {{name: np.nan_to_num(g, posinf=0.0, neginf=0.0) for name, g in gradients.items()}}
    norm = {_NORM}
    """,
        says="Entries that are not finite become 0, and training goes on in a direction that nobody has computed. "
        "What does the statement ask for instead?",
    ),
    mistake(
        id="looks_for_NaN_and_not_for_infinity",
        old="if not np.isfinite(norm):",
        new="if np.isnan(norm):",
        says="NaN is found, but an infinite entry passes, and its array ends up as NaN. What is infinity times zero?",
    ),
    mistake(
        id="returns_the_norm_after_clipping",
        old=f"clipped = {_CLIPPED}",
        new=f"clipped = {_CLIPPED}\n    norm = norm * scale",
        says="The norm is the one *after* clipping, which says nothing about how large "
        "the gradient was. Which of the two is asked for?",
    ),
    mistake(
        id="returns_the_scale_in_the_place_of_the_norm",
        old="clipped = {name: scale * g for name, g in gradients.items()}",
        new="""clipped = {name: scale * g for name, g in gradients.items()}
    norm = scale""",
        says="Where the norm is expected stands the factor that they were multiplied "
        "by. Which of the two tells how large the gradient was?",
    ),
    mistake(
        id="returns_the_square_of_the_norm",
        old="clipped = {name: scale * g for name, g in gradients.items()}",
        new="""clipped = {name: scale * g for name, g in gradients.items()}
    norm = norm**2""",
        says="What is returned beside the gradients is the square of the norm. How long is the vector (3, 4)?",
    ),
    mistake(
        id="computes_the_scale_and_does_not_use_it",
        old="clipped = {name: scale * g for name, g in gradients.items()}",
        new="clipped = {name: g.copy() for name, g in gradients.items()}",
        says="No gradient is ever clipped. What is to be done with one that is too long?",
    ),
    mistake(
        id="raises_another_error",
        old="raise FloatingPointError(",
        new="raise ValueError(",
        says="A gradient that is not finite is refused, but not with the error that the statement names. Which"
        " one is it?",
    ),
    mistake(
        id="looks_for_infinity_and_not_for_NaN",
        old="if not np.isfinite(norm):",
        new="if np.isinf(norm):",
        says="An infinite entry is found, but NaN passes and the norm becomes NaN. Which comparisons are true for NaN?",
    ),
    mistake(
        id="looks_at_the_first_array_alone",
        old="if not np.isfinite(norm):",
        new="if not np.isfinite(next(iter(gradients.values()))).all():",
        says="Only the first array is searched for NaN and infinity. In which of the arrays can they stand?",
    ),
    mistake(
        id="leaves_the_biases_out_of_the_norm",
        old="np.sqrt(sum((g**2).sum() for g in gradients.values()))",
        new="np.sqrt(sum((g**2).sum() for g in gradients.values() if g.ndim > 1))",
        says="Only the matrices count for the norm, the vectors do not. Which entries belong to the gradient?",
    ),
    mistake(
        id="takes_the_largest_singular_values",
        old="np.sqrt(sum((g**2).sum() for g in gradients.values()))",
        new="np.sqrt(sum(np.linalg.norm(np.atleast_2d(g), 2) ** 2 for g in gradients.values()))",
        says="Of each matrix the largest singular value is taken for its length. Over what does the sum under "
        "the root run?",
    ),
    mistake(
        id="divides_by_the_threshold",
        old="threshold / norm if norm >= threshold else 1.0",
        new="1 / threshold if norm >= threshold else 1.0",
        says="A long gradient is divided by the threshold, whatever its norm. Which norm should it have afterwards?",
    ),
    mistake(
        id="averages_the_norms_of_the_arrays",
        old="np.sqrt(sum((g**2).sum() for g in gradients.values()))",
        new="sum(np.sqrt((g**2).sum()) for g in gradients.values()) / len(gradients)",
        says="The mean of the arrays' norms stands for the norm of all together. For two vectors at right "
        "angles, of lengths 3 and 4, how long is the two of them in one?",
    ),
    mistake(
        id="scales_by_the_square_of_the_fraction",
        old="threshold / norm if norm >= threshold else 1.0",
        new="(threshold / norm) ** 2 if norm >= threshold else 1.0",
        says="A long gradient becomes shorter than the threshold. By what must a vector of twice the threshold"
        " be multiplied?",
    ),
    mistake(
        id="clips_the_longest_array_alone",
        old="clipped = {name: scale * g for name, g in gradients.items()}",
        new="""longest = max(gradients, key=lambda name: (gradients[name] ** 2).sum())
    clipped = {name: scale * g if name == longest else g.copy() for name, g in gradients.items()}""",
        says="Only the array with the largest norm is made shorter: the direction turns. Which of the arrays "
        "does the scale multiply?",
    ),
    mistake(
        id="goes_half_of_the_way",
        old="threshold / norm if norm >= threshold else 1.0",
        new="(1 + threshold / norm) / 2 if norm >= threshold else 1.0",
        says="A long gradient goes half of the way to the threshold. Which norm should it have afterwards?",
    ),
    mistake(
        id="takes_the_absolute_values",
        old="clipped = {name: scale * g for name, g in gradients.items()}",
        new="clipped = {name: scale * np.abs(g) for name, g in gradients.items()}",
        says="All entries have become positive: the direction is another. What does clipping by the norm keep?",
    ),
]

_MOVED = "parameters | {name: parameters[name] + offset * d for name, d in direction.items()}"
_LINE = f"""for m, offset in enumerate(offsets):
        moved = {_MOVED}
        losses[m] = rnn_loss(moved, x, targets)"""
MISTAKES["loss_along"] = [
    mistake(
        id="walks_on_from_the_last_point",
        old=_LINE,
        new="""moved = dict(parameters)
    for m, offset in enumerate(offsets):
        moved = moved | {name: moved[name] + offset * d for name, d in direction.items()}
        losses[m] = rnn_loss(moved, x, targets)""",
        says="Each step starts where the last one ended: the offsets add up. From which point is every offset counted?",
    ),
    mistake(
        id="moves_the_parameters_themselves",
        old=_LINE,
        new="""for m, offset in enumerate(offsets):
        for name, d in direction.items():
            parameters[name] += offset * d
        losses[m] = rnn_loss(parameters, x, targets)
        for name, d in direction.items():
            parameters[name] -= offset * d""",
        says="The caller's parameters were moved, and rounding keeps them from coming back "
        "exactly. Why move them at all?",
    ),
    mistake(
        id="moves_the_parameters_and_leaves_them_there",
        old=_LINE,
        new="""for m, offset in enumerate(offsets):
        for name, d in direction.items():
            parameters[name] += offset * d
        losses[m] = rnn_loss(parameters, x, targets)""",
        says="The caller's parameters were moved, and each step starts where the last one ended. What does `+=` do "
        "to an array that somebody else holds as well?",
    ),
    mistake(
        id="normalises_the_direction",
        old="+ offset * d for",
        new="+ offset * d / np.sqrt(sum((e**2).sum() for e in direction.values())) for",
        says="The direction is brought to length 1 first, so that the offsets count other units. At which length is "
        "it to be used?",
    ),
    mistake(
        id="normalises_each_array_of_the_direction",
        old="+ offset * d for",
        new="+ offset * d / np.sqrt((d**2).sum()) for",
        says="Each array of the direction is brought to length 1 by itself, which makes another direction of it. At "
        "which length is it to be used?",
    ),
    mistake(
        id="goes_against_the_direction",
        old="+ offset * d for",
        new="- offset * d for",
        says="The line is walked backwards, as in a step of gradient descent. Which sign has the offset in the "
        "equation?",
    ),
    mistake(
        id="walks_between_two_points",
        old="parameters[name] + offset * d for",
        new="(1 - offset) * parameters[name] + offset * d for",
        says="At offset 1 you stand at d itself: the line runs from the parameters to d, as if d were a second point. "
        "Where do you stand at offset 1 if d is a direction?",
    ),
    mistake(
        id="scales_the_parameters",
        old="parameters[name] + offset * d for",
        new="parameters[name] * (1 + offset * d) for",
        says="Each parameter is moved in proportion to its own size. What does the equation add to it?",
    ),
    mistake(
        id="ignores_the_offset",
        old="+ offset * d for",
        new="+ d for",
        says="All the losses are equal: each is the loss at the parameters plus the whole direction. Where does the "
        "offset enter?",
    ),
    mistake(
        id="knows_no_parameters_but_those_that_move",
        old="parameters | {name",
        new="{name",
        says="Parameters that the direction does not name are missing. Where do the ones stay that do not move?",
    ),
    mistake(
        id="zeroes_what_does_not_move",
        old="moved = parameters | {name",
        new="moved = {name: np.zeros_like(p) for name, p in parameters.items()} | {name",
        says="A parameter that the direction does not name becomes zero. Where should it stay?",
    ),
    mistake(
        id="sorts_the_offsets",
        old="enumerate(offsets):",
        new="enumerate(sorted(offsets)):",
        says="These are the right losses in another order: that of the sorted offsets. Which offset does the first "
        "loss belong to?",
    ),
    mistake(
        id="subtracts_the_loss_at_the_start",
        old="losses[m] = rnn_loss(moved, x, targets)",
        new="losses[m] = rnn_loss(moved, x, targets) - rnn_loss(parameters, x, targets)",
        says="These are changes of the loss: it is 0 at offset 0. What is the loss of an untouched network?",
    ),
    mistake(
        id="moves_one_parameter_at_a_time",
        old=_LINE,
        new="""for m, offset in enumerate(offsets):
        losses[m] = sum(
            rnn_loss(parameters | {name: parameters[name] + offset * d}, x, targets) for name, d in direction.items()
        ) / len(direction)""",
        says="Only one parameter is moved at a time, and the losses are averaged. How many of them move together on "
        "one line?",
    ),
    mistake(
        id="averages_the_sequences_one_by_one",
        old="rnn_loss(moved, x, targets)",
        new="np.mean([rnn_loss(moved, x[n : n + 1], targets[n : n + 1]) for n in range(len(x))])",
        says="Each sequence's own mean is averaged, so that a sequence with few targets counts as much as one with "
        "many. Over what does the given loss average?",
    ),
    mistake(
        id="takes_the_index_for_the_offset",
        old="+ offset * d for",
        new="+ m * d for",
        says="The m-th loss is that at m times the direction. How far along the line is offset m?",
    ),
    mistake(
        id="leaves_out_the_parameters",
        old="parameters[name] + offset * d for",
        new="offset * d for",
        says="The line runs through the origin: at offset 0 the moved parameters are zero. Through which point"
        " should it run?",
    ),
    mistake(
        id="ignores_the_sign_of_the_offset",
        old="+ offset * d for",
        new="+ abs(offset) * d for",
        says="An offset and its negative give the same loss. On which side of the parameters does a negative "
        "offset lie?",
    ),
    mistake(
        id="returns_a_list",
        old="losses[m] = rnn_loss(moved, x, targets)",
        new="""losses[m] = rnn_loss(moved, x, targets)
    losses = losses.tolist()""",
        says="The numbers are right, but they come as a list. What does the statement say is returned?",
    ),
    mistake(
        id="returns_the_smallest_loss",
        old="losses[m] = rnn_loss(moved, x, targets)",
        new="""losses[m] = rnn_loss(moved, x, targets)
    losses = losses.min()""",
        says="One number comes out, the smallest of the losses. How many offsets were given?",
    ),
    mistake(
        id="leaves_out_the_last_offset",
        old="enumerate(offsets):",
        new="""enumerate(offsets[:-1]):
        losses[-1] = 0.0""",
        says="The last loss is 0: its offset is never tried. How many losses are to be computed?",
    ),
    mistake(
        id="counts_offsets_from_the_first",
        old="+ offset * d for",
        new="+ (offset - offsets[0]) * d for",
        says="The offsets are counted from the first of them, whose loss is that of the untouched network. "
        "From which point is every offset counted?",
    ),
    mistake(
        id="rounds_the_offsets",
        old="+ offset * d for",
        new="+ int(offset) * d for",
        says="Offsets are cut to whole numbers. What type do the numbers s_m have?",
    ),
    mistake(
        id="multiplies_the_loss_by_the_offset",
        old="""moved = parameters | {name: parameters[name] + offset * d for name, d in direction.items()}
        losses[m] = rnn_loss(moved, x, targets)""",
        new="""moved = parameters | {name: parameters[name] + d for name, d in direction.items()}
        losses[m] = offset * rnn_loss(moved, x, targets)""",
        says="The loss at the end of the direction is multiplied by the offset. What does the offset multiply "
        "in the equation?",
    ),
    mistake(
        id="moves_the_first_parameter_alone",
        old="for name, d in direction.items()}",
        new="for name, d in list(direction.items())[:1]}",
        says="Of all the parameters that the direction names only the first is moved. How many of them move together?",
    ),
    mistake(
        id="moves_the_matrices_alone",
        old="for name, d in direction.items()}",
        new="for name, d in direction.items() if d.ndim > 1}",
        says="Matrices are moved and biases are not. Which parameters does the direction name?",
    ),
    mistake(
        id="takes_the_signs_of_the_direction",
        old="+ offset * d for",
        new="+ offset * np.sign(d) for",
        says="Every entry is moved equally far, by the sign of the direction. What does the equation multiply "
        "by the offset?",
    ),
    mistake(
        id="walks_on_at_half_the_length",
        old="+ offset * d for",
        new="+ offset / 2 * d for",
        says="Every point lies half as far away as it should. What stands between offset and direction in the "
        "equation?",
    ),
]

_NORMS = "np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)"
_CHANGES = "(np.diff(norms) ** 2).sum()"
_DIVIDED = "/ (T * N)"
MISTAKES["norm_stabilizer"] = [
    mistake(
        id="penalises_the_distance_between_states",
        old=f"""norms = {_NORMS}  # (N, T + 1)
    penalty = beta * {_CHANGES}""",
        new="""states = np.concatenate([h0[:, None], h], axis=1)
    penalty = beta * (np.diff(states, axis=1) ** 2).sum()""",
        says="This is the squared distance between successive states, which also punishes a state that only turns. "
        "Two states of equal length that point in different directions: what should they cost?",
    ),
    mistake(
        id="leaves_out_the_root",
        old=_NORMS,
        new="(np.concatenate([h0[:, None], h], axis=1) ** 2).sum(axis=-1)",
        says="The squares of the norms are compared, not the norms. For states of length 1 and 3, how far apart are "
        "the lengths, and how far apart are your numbers?",
    ),
    mistake(
        id="subtracts_squares",
        old=_CHANGES,
        new="np.diff(norms**2, axis=1).sum()",
        says="You add up differences of squares, so that nearly all cancels and the sum may be negative. What is "
        "squared in the equation: each norm, or their difference?",
    ),
    mistake(
        id="adds_up_the_changes_unsquared",
        old=_CHANGES,
        new="np.diff(norms).sum()",
        says="The changes are added up with their signs: all but the first and the last norm cancel. What keeps a "
        "change up from making good for a change down?",
    ),
    mistake(
        id="takes_sizes_for_squares",
        old=_CHANGES,
        new="np.abs(np.diff(norms)).sum()",
        says="The sizes of the changes are added up, not their squares. How much more should a change of 3 cost than "
        "a change of 1?",
    ),
    mistake(
        id="leaves_out_the_first_change",
        old=_NORMS,
        new="np.linalg.norm(h, axis=-1)",
        says="The change from h_0 to h_1 is missing: only T - 1 changes are counted. How many has a sequence of T "
        "steps, if the state before it is known?",
    ),
    mistake(
        id="starts_from_zero",
        old="h0[:, None]",
        new="np.zeros_like(h0)[:, None]",
        says="The first change is counted from a norm of 0, whatever h_0 is. Where does the sequence start?",
    ),
    mistake(
        id="leaves_out_the_first_change_and_its_share",
        old=f"""norms = {_NORMS}  # (N, T + 1)
    penalty = beta * {_CHANGES} {_DIVIDED}""",
        new="""norms = np.linalg.norm(h, axis=-1)
    penalty = beta * (np.diff(norms) ** 2).sum() / (max(T - 1, 1) * N)""",
        says="The T - 1 changes among h_1 .. h_T are averaged, and h_0 is never looked at. Which is the first change "
        "in the sum from t = 1 to T?",
    ),
    mistake(
        id="divides_by_T_minus_1",
        old=_DIVIDED,
        new="/ (max(T - 1, 1) * N)",
        says="All T changes are there, but the sum is divided by T - 1. How many changes are there from h_0 to h_T?",
    ),
    mistake(
        id="divides_by_T_plus_1",
        old=_DIVIDED,
        new="/ ((T + 1) * N)",
        says="The sum is divided by T + 1, the number of states. Over what is the mean taken: states or changes?",
    ),
    mistake(
        id="adds_up_the_steps",
        old=_DIVIDED,
        new="/ N",
        says="The changes are added up over time, not averaged: a longer sequence pays more. What stands before the "
        "sum in the equation?",
    ),
    mistake(
        id="adds_up_the_batch",
        old=_DIVIDED,
        new="/ T",
        says="The penalties of the sequences are added up: a larger batch pays more. What does the statement ask for "
        "over the N sequences?",
    ),
    mistake(
        id="adds_up_steps_and_batch",
        old=f" {_DIVIDED}",
        new="",
        says="Everything is added up, over the steps and over the batch. Which two means does the statement ask for?",
    ),
    mistake(
        id="forgets_beta",
        old="beta * ",
        new="",
        says="The penalty's weight, beta, is missing. What should beta = 0 give?",
    ),
    mistake(
        id="takes_one_norm_for_the_batch",
        old=f"{_NORMS}  # (N, T + 1)",
        new="np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=(0, 2))[None]",
        says="One norm is taken of the states of all the sequences together. Whose state must keep its length: the "
        "batch's or each sequence's?",
    ),
    mistake(
        id="takes_the_1_norm",
        old=f"{_NORMS}",
        new="np.abs(np.concatenate([h0[:, None], h], axis=1)).sum(axis=-1)",
        says="The sizes of the units are added up: the 1-norm. What does the small 2 at the bars ask for?",
    ),
    mistake(
        id="averages_over_the_units",
        old=_DIVIDED,
        new="/ (T * N * H)",
        says="The penalty is also divided by the number of units. A norm is one number a state: over which two axes "
        "are you asked to average?",
    ),
    mistake(
        id="runs_in_a_circle",
        old=f"""norms = {_NORMS}  # (N, T + 1)
    penalty = beta * {_CHANGES}""",
        new="""norms = np.linalg.norm(h, axis=-1)
    penalty = beta * ((norms - np.roll(norms, 1, axis=1)) ** 2).sum()""",
        says="The first state is compared with the last, as if time ran in a circle. Which state comes before h_1?",
    ),
    mistake(
        id="takes_the_root_of_the_mean",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * np.sqrt((np.diff(norms) ** 2).sum() / (T * N))",
        says="A root is taken of the mean of the squares. What stands outside the sum in the equation?",
    ),
    mistake(
        id="squares_the_mean_change",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * np.mean(np.diff(norms)) ** 2",
        says="The mean of all changes is squared, so that changes up and down cancel. What comes first: the "
        "square or the mean?",
    ),
    mistake(
        id="halves_the_penalty",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta / 2 * (np.diff(norms) ** 2).sum() / (T * N)",
        says="The penalty is half of what it should be. Which factors stand before the sum?",
    ),
    mistake(
        id="squares_beta",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta**2 * (np.diff(norms) ** 2).sum() / (T * N)",
        says="beta counts squared. By how much should the penalty grow if beta doubles?",
    ),
    mistake(
        id="adds_beta",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta + (np.diff(norms) ** 2).sum() / (T * N)",
        says="beta is added to the mean of the squares. What should beta = 0 give?",
    ),
    mistake(
        id="compares_every_norm_with_the_first",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * ((norms[:, 1:] - norms[:, :1]) ** 2).sum() / (T * N)",
        says="Every norm is compared with that of h_0. With which state is h_t compared in the equation?",
    ),
    mistake(
        id="penalises_the_norms_themselves",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * (norms[:, 1:] ** 2).sum() / (T * N)",
        says="Large norms are punished, not changes of the norm. What should a sequence cost whose states all "
        "have norm 3?",
    ),
    mistake(
        id="takes_the_norms_over_time",
        old="np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)",
        new="np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=1)",
        says="The norm is taken over time, one for each unit. Over which axis are the units of one state?",
    ),
    mistake(
        id="puts_h0_behind_the_last_state",
        old="[h0[:, None], h]",
        new="[h, h0[:, None]]",
        says="h_0 comes after h_T: the change from h_0 to h_1 is missing, and one from h_T to h_0 is counted. "
        "Where does the sequence begin?",
    ),
    mistake(
        id="leaves_out_the_last_change",
        old="(np.diff(norms) ** 2).sum()",
        new="(np.diff(norms[:, :-1]) ** 2).sum()",
        says="The change from h_{T-1} to h_T is missing. How many changes does the sum have?",
    ),
    mistake(
        id="takes_the_largest_unit",
        old="np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)",
        new="np.abs(np.concatenate([h0[:, None], h], axis=1)).max(axis=-1)",
        says="The largest unit stands for the norm. What does the small 2 at the bars ask for?",
    ),
    mistake(
        id="adds_up_the_units",
        old="np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)",
        new="np.concatenate([h0[:, None], h], axis=1).sum(axis=-1)",
        says="The units are added up with their signs, so that they cancel. What does the small 2 at the bars ask for?",
    ),
    mistake(
        id="returns_the_penalty_of_each_sequence",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = (beta * (np.diff(norms) ** 2).sum(axis=1) / T)[0]",
        says="The penalty is that of the first sequence alone. What is asked for over the N sequences of the batch?",
    ),
    mistake(
        id="takes_the_median",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * (np.diff(norms) ** 2).sum(axis=1).max() / T",
        says="The penalty is that of the sequence which pays most. What is asked for over the N sequences of "
        "the batch?",
    ),
    mistake(
        id="divides_by_T_minus_1_even_if_that_is_zero",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="""with np.errstate(all="ignore"):
        penalty = beta * (np.diff(norms) ** 2).sum() / np.float64((T - 1) * N)""",
        says="All T changes are there, but the sum is divided by T - 1. How many changes are there from h_0 to h_T?",
    ),
    mistake(
        id="averages_the_changes_from_h1_on",
        old="""norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)  # (N, T + 1)
    penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)""",
        new="""changes = np.diff(np.linalg.norm(h, axis=-1))
    penalty = beta * (changes**2).mean() if changes.size else np.nan""",
        says="The first change, from h_0 to h_1, is left out of the mean. How many changes are there in a "
        "sequence of T steps, if h_0 is given?",
    ),
    mistake(
        id="takes_the_norms_over_time_and_the_changes_over_units",
        old="""norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)  # (N, T + 1)
    penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)""",
        new="""norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=1)
    penalty = beta * (np.diff(norms) ** 2).mean()""",
        says="The norm is taken over time, one for each unit, and the changes from unit to unit are averaged. "
        "Over which axis are the units of one state?",
    ),
    mistake(
        id="compares_the_sequences_of_the_batch",
        old="""norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)  # (N, T + 1)
    penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)""",
        new="""norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)
    changes = np.diff(norms, axis=0)
    penalty = beta * (changes**2).mean() if changes.size else np.nan""",
        says="The changes are those from one sequence to the next. Along which axis does time run?",
    ),
    mistake(
        id="averages_the_norms_over_the_batch_first",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = beta * (np.diff(norms.mean(axis=0)) ** 2).mean()",
        says="The norms are averaged over the batch before their changes are squared. Of what is the mean over "
        "the batch taken?",
    ),
    mistake(
        id="adds_up_the_batch_and_forgets_beta",
        old="penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)",
        new="penalty = (np.diff(norms) ** 2).sum() / T",
        says="The sum over the batch is there in the place of its mean, and beta is missing. What stands in front "
        "of the sum over t?",
    ),
]

_UNIT = "(dnorms / np.where(norms > 0, norms, 1))[..., None] * states"
MISTAKES["norm_stabilizer_backward"] = [
    mistake(
        id="leaves_out_the_successors_term",
        old="dnorms[:, :-1] -= change",
        new="pass",
        says="Each state gets the gradient of its own term only, and h_0 gets none. In which other term of the sum "
        "does the norm of h_t stand?",
    ),
    mistake(
        id="leaves_out_the_states_own_term",
        old="dnorms[:, 1:] += change",
        new="pass",
        says="Each state gets the gradient of the next term only, and the last state gets none. In which other term "
        "of the sum does the norm of h_t stand?",
    ),
    mistake(
        id="adds_the_successors_term",
        old="dnorms[:, :-1] -= change",
        new="dnorms[:, :-1] += change",
        says="Both terms come with the same sign. In the term of t + 1 the norm of h_t is *taken away*: what does "
        "that do to the derivative?",
    ),
    mistake(
        id="turns_all_signs",
        old="np.diff(norms)  # (N, T)",
        new="-np.diff(norms)  # (N, T)",
        says="This is the gradient with the opposite sign: a step against it makes the penalty larger. Does raising "
        "the larger of two norms raise or lower the penalty?",
    ),
    mistake(
        id="stops_at_h0",
        old="dstates[:, 1:], dstates[:, 0]",
        new="dstates[:, 1:], np.zeros_like(h0)",
        says="h_0 gets no gradient. Does the penalty change when h_0 does?",
    ),
    mistake(
        id="forgets_the_2",
        old="2 * beta",
        new="beta",
        says="The gradient is half of what it should be. What is the derivative of a square?",
    ),
    mistake(
        id="divides_by_zero",
        old="np.where(norms > 0, norms, 1)",
        new="norms",
        says="Where a state has norm 0, the gradient is NaN. What does the statement say that it is there?",
        of={
            "dh": "Where a state has norm 0, its gradient is NaN. What does the statement say that it is there?",
        },
    ),
    mistake(
        id="does_not_divide_by_the_norm",
        old=_UNIT,
        new="dnorms[..., None] * states",
        says="Each state's gradient is too large by the norm of that state. The gradient of a norm is a vector of "
        "length 1: of which vector is it the direction?",
    ),
    mistake(
        id="divides_by_the_square_of_the_norm",
        old="np.where(norms > 0, norms, 1)",
        new="np.where(norms > 0, norms, 1) ** 2",
        says="Each state's gradient is too small by the norm of that state: it was divided by it twice. How long is "
        "the gradient of a norm?",
    ),
    mistake(
        id="differentiates_the_distance_between_states",
        old=f"{_UNIT}",
        new="""np.zeros_like(states)
    distance = 2 * beta / (T * N) * np.diff(states, axis=1)
    dstates[:, 1:] += distance
    dstates[:, :-1] -= distance
    dstates = dstates""",
        says="This is the gradient of the squared distance between successive states. Does turning a state without "
        "changing its norm change the penalty?",
    ),
    mistake(
        id="differentiates_squares_of_norms",
        old=_UNIT,
        new="2 * dnorms[..., None] * states",
        says="The norm is differentiated as if it were its own square: 2 h_t. What is the derivative of the root of "
        "a sum of squares?",
    ),
    mistake(
        id="adds_up_the_batch",
        old="2 * beta / (T * N)",
        new="2 * beta / T",
        says="The gradient is N times too large. What is the penalty of a batch: the sum or the mean of its "
        "sequences' penalties?",
    ),
    mistake(
        id="adds_up_the_steps",
        old="2 * beta / (T * N)",
        new="2 * beta / N",
        says="The gradient is T times too large. Does the penalty add the terms up or average them?",
    ),
    mistake(
        id="divides_by_T_plus_1",
        old="2 * beta / (T * N)",
        new="2 * beta / ((T + 1) * N)",
        says="The terms are divided by the number of states, T + 1. How many terms has the sum?",
    ),
    mistake(
        id="forgets_beta",
        old="2 * beta / (T * N)",
        new="2 / (T * N)",
        says="beta is missing. What is the gradient of a penalty that has no weight?",
    ),
    mistake(
        id="starts_from_zero",
        old="states = np.concatenate([h0[:, None], h], axis=1)",
        new="states = np.concatenate([np.zeros_like(h0)[:, None], h], axis=1)",
        says="The gradient is that of a sequence which begins at norm 0. From which state does the first change count?",
    ),
    mistake(
        id="lets_the_last_state_fall_to_zero",
        old="dnorms[:, :-1] -= change  # d(n_{t+1} - n_t)/dn_t = -1",
        new="dnorms[:, :-1] -= change\n    dnorms[:, -1] += 2 * beta / (T * N) * norms[:, -1]",
        says="The last state is treated as if a state of norm 0 came after it. In how many terms of the sum does "
        "h_T stand?",
    ),
    mistake(
        id="gives_every_unit_the_same",
        old="[..., None] * states",
        new="[..., None] * np.ones_like(states)",
        says="All units of a state get the same gradient, as if the norm were a sum. By how much does the norm change "
        "when a single unit does?",
    ),
    mistake(
        id="returns_all_states_in_dh",
        old="dstates[:, 1:], dstates[:, 0]",
        new="dstates, dstates[:, 0]",
        says="dh holds one state too many: h_0's gradient stands in front. Which shape has h?",
    ),
    mistake(
        id="keeps_the_square",
        old="np.diff(norms)  # (N, T)",
        new="np.diff(norms) ** 2  # (N, T)",
        says="The change of the norm still counts squared. What is the derivative of a square?",
    ),
    mistake(
        id="adds_up_steps_and_batch",
        old="2 * beta / (T * N)",
        new="2 * beta",
        says="The gradient is T times N too large. Over what is the penalty a mean?",
    ),
    mistake(
        id="averages_over_the_units",
        old="2 * beta / (T * N)",
        new="2 * beta / (T * N * H)",
        says="The gradient is too small by the number of units. Over which two axes is the penalty a mean?",
    ),
    mistake(
        id="divides_by_T_minus_1",
        old="2 * beta / (T * N)",
        new="2 * beta / (max(T - 1, 1) * N)",
        says="The sum is divided by T - 1. How many changes are there from h_0 to h_T?",
    ),
    mistake(
        id="squares_beta",
        old="2 * beta / (T * N)",
        new="2 * beta**2 / (T * N)",
        says="beta counts squared. By how much should the gradient grow if beta doubles?",
    ),
    mistake(
        id="returns_the_gradients_one_step_early",
        old="dstates[:, 1:], dstates[:, 0]",
        new="dstates[:, :-1], dstates[:, 0]",
        says="dh[:, 0] is the gradient of h_0, and that of the last state is missing. Which state does h[:, 0] hold?",
    ),
    mistake(
        id="takes_signs_for_the_direction",
        old="[..., None] * states",
        new="[..., None] * np.sign(states)",
        says="All units of a state get a gradient of the same size, with the unit's sign. By how much does the"
        " norm change when a unit does that is nearly 0?",
    ),
    mistake(
        id="turns_the_sign_at_h0",
        old="dstates[:, 1:], dstates[:, 0]",
        new="dstates[:, 1:], -dstates[:, 0]",
        says="The gradient of h_0 has the opposite sign. In which term does the norm of h_0 "
        "stand, and with which sign?",
    ),
    mistake(
        id="points_along_the_state_before",
        old="[..., None] * states",
        new="[..., None] * np.concatenate([states[:, :1], states[:, :-1]], axis=1)",
        says="The gradient of each state points along the state before it. Along which state does its own norm grow?",
    ),
    mistake(
        id="subtracts_squares",
        old="np.diff(norms)  # (N, T)",
        new="np.diff(norms**2)  # (N, T)",
        says="The squares of the norms are compared, not the norms. What stands in the brackets of the penalty?",
    ),
    mistake(
        id="adds_up_dh0_over_the_batch",
        old="dstates[:, 1:], dstates[:, 0]",
        new="dstates[:, 1:], dstates[:, 0].sum(axis=0)",
        says="The gradient of h_0 is added up over the sequences. Do they share one h_0?",
    ),
    mistake(
        id="gives_the_last_state_nothing",
        old="dnorms[:, 1:] += change",
        new="dnorms[:, 1:-1] += change[:, :-1]",
        says="The last state gets no gradient. In which term does its norm stand?",
    ),
    mistake(
        id="gives_each_state_the_gradient_of_the_next",
        old="dnorms[:, 1:] += change",
        new="dnorms[:, :-1] += change",
        says="Each state gets both terms of the state after it, and they cancel: all gradients are zero. Which"
        " norms stand in the term of t?",
    ),
    mistake(
        id="forgets_the_means_and_the_2",
        old="2 * beta / (T * N)",
        new="beta / N",
        says="The gradient is half of that of the changes added up over time. Which factors come down from the"
        " square and from the mean?",
    ),
    mistake(
        id="leaves_the_successors_term_to_h0_alone",
        old="dnorms[:, :-1] -= change",
        new="dnorms[:, 0] -= change[:, 0]",
        says="Among the states h_1 to h_T none gets the term of the step after it. In how many terms does the "
        "norm of h_t stand?",
    ),
    mistake(
        id="adds_the_successors_term_but_at_h0",
        old="dnorms[:, :-1] -= change",
        new="""dnorms[:, 0] -= change[:, 0]
    dnorms[:, 1:-1] += change[:, 1:]""",
        says="For the states h_1 to h_T the term of the step after has the wrong sign. What is the derivative of "
        "(n_{t+1} - n_t)^2 by n_t?",
    ),
    mistake(
        id="replaces_the_states_own_term",
        old="dnorms[:, :-1] -= change",
        new="dnorms[:, :-1] = -change",
        says="The term of the step after takes the place of a state's own one. What does a gradient with two "
        "parts do with them?",
    ),
    mistake(
        id="exchanges_dh_and_dh0",
        old="dh, dh0 = dstates[:, 1:], dstates[:, 0]",
        new="dh, dh0 = dstates[:, 0], dstates[:, 1:]",
        says="The two results are exchanged. In which order does the docstring give them?",
    ),
    mistake(
        id="takes_the_last_state_for_h0",
        old="states = np.concatenate([h0[:, None], h], axis=1)",
        new="states = np.concatenate([h[:, -1:], h], axis=1)",
        says="The first change is counted from the last state, h[:, -1]. What does an index of -1 mean, and which "
        "state comes before h_1?",
        exempt="where T is 1 the change is a difference of a number from itself, which rounding decides",
    ),
    mistake(
        id="leaves_out_the_last_change",
        old="np.diff(norms)  # (N, T)",
        new="np.diff(norms) * (np.arange(T) < T - 1)  # (N, T)",
        says="The last change is left out: the last state gets no gradient, and the one before it a part only. "
        "Over which t does the sum run?",
    ),
    mistake(
        id="leaves_out_the_first_change",
        old="np.diff(norms)  # (N, T)",
        new="np.diff(norms) * (np.arange(T) > 0)  # (N, T)",
        says="The change from h_0 to h_1 is left out: h_0 gets no gradient, and h_1 a part only. Over which t "
        "does the sum run?",
    ),
    mistake(
        id="adds_up_the_batch_and_forgets_the_2",
        old="2 * beta / (T * N)",
        new="beta / T",
        says="The factor 2 of the square is missing, and so is the mean over the batch. What is the derivative of "
        "(n_t - n_{t-1})^2, and what stands in front of the sum?",
    ),
]

_MU = "a.mean(axis=-1, keepdims=True)"
_VARIANCE = "((a - mu) ** 2).mean(axis=-1, keepdims=True)"
_SIGMA = f"np.sqrt({_VARIANCE} + eps)"
_FORWARD = f"""mu = {_MU}  # (..., 1)
    sigma = {_SIGMA}  # (..., 1)"""
MISTAKES["layer_norm_forward"] = [
    mistake(
        id="takes_statistics_over_the_batch",
        old=_FORWARD,
        new=_FORWARD.replace("axis=-1", "axis=0"),
        says="Mean and variance are taken over the sequences of the batch: this is batch normalisation. What would a "
        "single sequence be divided by then, and over what are the statistics taken here?",
        of={
            "y": "Mean and variance are taken over the sequences of the batch: this is batch normalisation. "
            "Over what are the statistics taken here?",
        },
    ),
    mistake(
        id="takes_statistics_over_time",
        old=_FORWARD,
        new=_FORWARD.replace("axis=-1", "axis=-2"),
        says="Mean and variance are taken over the axis before the units (in a sequence, over time). May step 1 know "
        "the inputs of step 5?",
    ),
    mistake(
        id="takes_statistics_over_all_but_the_batch",
        old=_FORWARD,
        new=_FORWARD.replace("axis=-1", "axis=tuple(range(1, a.ndim))"),
        says="All steps of a sequence share one mean and one variance. How many has each step of its own?",
    ),
    mistake(
        id="takes_statistics_over_everything",
        old=_FORWARD,
        new=_FORWARD.replace("axis=-1, ", ""),
        says="One mean and one variance are taken of the whole array. Should one sequence's numbers depend on its "
        "neighbours?",
        of={
            "y": "One mean and one variance are taken of the whole array. Should one sequence's numbers "
            "depend on its neighbours?",
        },
    ),
    mistake(
        id="divides_by_H_minus_1",
        old=_VARIANCE,
        new="a.var(axis=-1, ddof=1, keepdims=True)",
        says="The squares are divided by H - 1, as for a sample's variance. What stands before the sum in the "
        "lecture's sigma?",
        of={
            "y": "The squares are divided by H - 1, as for a sample's variance. What stands before the sum "
            "in the lecture's sigma?",
        },
    ),
    mistake(
        id="adds_epsilon_outside_the_root",
        old=_SIGMA,
        new=f"np.sqrt({_VARIANCE}) + eps",
        says="Epsilon is added to the standard deviation, not to the variance (the difference shows where the "
        "variance is small). Does epsilon stand inside or outside the root?",
    ),
    mistake(
        id="leaves_out_epsilon",
        old=f"{_VARIANCE} + eps",
        new=_VARIANCE,
        says="Epsilon is missing. What happens where all units are equal?",
    ),
    mistake(
        id="uses_its_own_epsilon",
        old=f"{_VARIANCE} + eps",
        new=f"{_VARIANCE} + 1e-5",
        says="Epsilon is 1e-5 whatever the caller asks for. Where does the argument enter?",
    ),
    mistake(
        id="divides_by_the_variance",
        old=_SIGMA,
        new=f"({_VARIANCE} + eps)",
        says="The deviations are divided by the variance. Which unit does it have, if a is in metres, and which has "
        "sigma?",
    ),
    mistake(
        id="only_scales",
        old="a_hat = (a - mu) / sigma",
        new="a_hat = a / sigma",
        says="a is divided by sigma, but its mean is still in it. What should the mean over the units be before gain "
        "and bias?",
    ),
    mistake(
        id="only_centres",
        old="a_hat = (a - mu) / sigma",
        new="a_hat = a - mu",
        says="The mean is taken away, but nothing is divided by sigma. What should the variance over the units be "
        "before gain and bias?",
    ),
    mistake(
        id="measures_sigma_from_zero",
        old="((a - mu) ** 2)",
        new="(a**2)",
        says="sigma is the root of the mean square of a, measured from 0. From where are deviations measured?",
    ),
    mistake(
        id="applies_the_gain_before_it_normalises",
        old=f"""mu = {_MU}""",
        new=f"""a, g = g * a, np.ones_like(g)
    mu = {_MU}""",
        says="The gain is applied first and the result normalised, which undoes a gain that all units share. When "
        "does the gain come in?",
    ),
    mistake(
        id="scales_the_bias_too",
        old="g * a_hat + b",
        new="g * (a_hat + b)",
        says="The bias is multiplied by the gain. What does the equation multiply?",
    ),
    mistake(
        id="leaves_out_the_gain",
        old="g * a_hat + b",
        new="a_hat + b",
        says="The gain is missing. Which of the outputs would change if it were doubled?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="g * a_hat + b",
        new="g * a_hat",
        says="The bias is missing. What should y be for a unit that lies exactly at the mean?",
    ),
    mistake(
        id="swaps_gain_and_bias",
        old="g * a_hat + b",
        new="b * a_hat + g",
        says="Gain and bias have changed places. Which of the two multiplies?",
    ),
    mistake(
        id="centres_a_in_place",
        old="a_hat = (a - mu) / sigma",
        new="a -= mu\n    a_hat = a / sigma",
        says="The caller's a has lost its mean. What does `-=` do to an array that somebody else holds?",
    ),
    mistake(
        id="keeps_the_variance_in_the_cache",
        old="y = g * a_hat + b",
        new="y = g * a_hat + b\n    sigma = sigma**2",
        says="The cache holds the variance in the place of sigma. What will the backward pass divide by?",
    ),
    mistake(
        id="adds_up_the_squares",
        old="((a - mu) ** 2).mean(axis=-1, keepdims=True)",
        new="((a - mu) ** 2).sum(axis=-1, keepdims=True)",
        says="The squares are added up and not averaged: sigma grows with the number of units. What stands "
        "before the sum in the equation?",
    ),
    mistake(
        id="adds_up_the_units",
        old="a.mean(axis=-1, keepdims=True)",
        new="a.sum(axis=-1, keepdims=True)",
        says="The units are added up and not averaged: mu is H times too large. What stands before the sum in "
        "the equation?",
    ),
    mistake(
        id="takes_sizes_for_squares",
        old="np.sqrt(((a - mu) ** 2).mean(axis=-1, keepdims=True) + eps)",
        new="np.abs(a - mu).mean(axis=-1, keepdims=True) + eps",
        says="The mean size of the deviations is taken for sigma. What happens to the deviations before the "
        "mean is taken?",
    ),
    mistake(
        id="multiplies_by_sigma",
        old="a_hat = (a - mu) / sigma",
        new="a_hat = (a - mu) * sigma",
        says="The deviations are multiplied by sigma. What should the variance over the units be before gain and bias?",
    ),
    mistake(
        id="adds_the_mean_back",
        old="y = g * a_hat + b",
        new="y = g * a_hat + b + mu",
        says="The mean comes back at the end. What should the mean over the units be before gain and bias?",
    ),
    mistake(
        id="adds_one_to_the_gain",
        old="y = g * a_hat + b",
        new="y = (1 + g) * a_hat + b",
        says="The gain is counted from 1: with g = 0 the normalised a still passes. What does the equation "
        "multiply a_hat by?",
    ),
    mistake(
        id="subtracts_the_bias",
        old="y = g * a_hat + b",
        new="y = g * a_hat - b",
        says="The bias is taken away. Which sign has it in the equation?",
    ),
    mistake(
        id="squares_epsilon",
        old="+ eps)",
        new="+ eps**2)",
        says="Epsilon counts squared (the difference shows where epsilon is not small beside the variance). "
        "What is added under the root?",
    ),
    mistake(
        id="adds_epsilon_inside_and_outside",
        old="keepdims=True) + eps)",
        new="keepdims=True) + eps) + eps",
        says="Epsilon is added twice, to the variance and to its root. Where does it stand in the equation?",
    ),
    mistake(
        id="keeps_the_deviations_in_the_cache",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    a_hat = a - mu""",
        says="The cache holds the deviations before they are divided by sigma. What is a_hat in the equation?",
    ),
    mistake(
        id="keeps_y_in_the_cache",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    a_hat = y""",
        says="y stands in the cache, too, where a_hat should be. What will the backward pass need?",
    ),
    mistake(
        id="keeps_a_in_the_cache",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    a_hat = a""",
        says="The cache holds a itself where a_hat should be. What will the backward pass need?",
    ),
    mistake(
        id="keeps_the_inverse_of_sigma",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    sigma = 1 / sigma""",
        says="The cache holds one over sigma. Will the backward pass divide or multiply?",
    ),
    mistake(
        id="keeps_sigma_without_its_last_axis",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    sigma = sigma[..., 0]""",
        says="The sigma in the cache lacks its last axis. Which shape does the statement give it?",
    ),
    mistake(
        id="keeps_sigma_without_epsilon",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    sigma = np.sqrt(((a - mu) ** 2).mean(axis=-1, keepdims=True))""",
        says="The sigma in the cache is that without epsilon. By what were the deviations divided?",
    ),
    mistake(
        id="normalises_twice",
        old="y = g * a_hat + b",
        new="""a_hat = a_hat / np.sqrt((a_hat**2).mean(axis=-1, keepdims=True) + eps)
    y = g * a_hat + b""",
        says="a_hat is normalised once more (the difference shows where epsilon is not small beside the "
        "variance). How often is a divided by a sigma?",
    ),
    mistake(
        id="takes_statistics_over_axis_1",
        old="""mu = a.mean(axis=-1, keepdims=True)  # (..., 1)
    sigma = np.sqrt(((a - mu) ** 2).mean(axis=-1, keepdims=True) + eps)""",
        new="""mu = a.mean(axis=1, keepdims=True)
    sigma = np.sqrt(((a - mu) ** 2).mean(axis=1, keepdims=True) + eps)""",
        says="Mean and variance are taken over axis 1: of a sequence that is time. Which axis holds the units, "
        "whatever the number of axes?",
        of={
            "y": "Mean and variance are taken over axis 1: of a sequence that is time. Which axis holds the "
            "units, whatever the number of axes?",
        },
    ),
    mistake(
        id="keeps_the_variance_without_epsilon",
        old="a_hat = (a - mu) / sigma",
        new="""a_hat = (a - mu) / sigma
    sigma_used, sigma = sigma, sigma**2 - eps""",
        says="The cache holds the variance in the place of sigma, without epsilon. What will the backward pass "
        "divide by?",
    ),
    mistake(
        id="keeps_the_bias_in_the_cache",
        old="y = g * a_hat + b",
        new="""y = g * a_hat + b
    g = b""",
        says="The cache holds b where g should be. Which of the two will the backward pass need?",
    ),
]

_BEFORE = "tuple(range(dy.ndim - 1))"
_DA = "(da_hat - through_mu - through_sigma) / sigma"
_THROUGH_SIGMA = "a_hat * (da_hat * a_hat).mean(axis=-1, keepdims=True)"
MISTAKES["layer_norm_backward"] = [
    mistake(
        id="leaves_out_the_path_through_the_variance",
        old=_DA,
        new="(da_hat - through_mu) / sigma",
        says="mu is differentiated, but sigma is treated as a constant. What happens to every normalised unit when "
        "one unit of the step moves away from the mean?",
    ),
    mistake(
        id="leaves_out_the_path_through_the_mean",
        old=_DA,
        new="(da_hat - through_sigma) / sigma",
        says="sigma is differentiated, but mu is treated as a constant. What happens to every normalised unit when "
        "one unit of the step grows?",
    ),
    mistake(
        id="treats_the_statistics_as_constants",
        old=_DA,
        new="da_hat / sigma",
        says="mu and sigma are both treated as constants. On which units of its step does each of them depend?",
    ),
    mistake(
        id="adds_the_path_through_the_variance",
        old=_DA,
        new="(da_hat - through_mu + through_sigma) / sigma",
        says="The path through sigma comes with the wrong sign. Does a larger sigma make a_hat larger or smaller?",
    ),
    mistake(
        id="adds_the_path_through_the_mean",
        old=_DA,
        new="(da_hat + through_mu - through_sigma) / sigma",
        says="The path through mu comes with the wrong sign. Does a larger mean raise or lower the deviations?",
    ),
    mistake(
        id="forgets_to_divide_by_sigma",
        old=_DA,
        new="da_hat - through_mu - through_sigma",
        says="da lacks the division by sigma. By how much does a_hat move when a moves by 1?",
    ),
    mistake(
        id="divides_by_the_variance",
        old=_DA,
        new="(da_hat - through_mu - through_sigma) / sigma**2",
        says="da is divided by sigma twice. Is sigma in the cache the standard deviation or the variance?",
    ),
    mistake(
        id="multiplies_by_sigma",
        old=_DA,
        new="(da_hat - through_mu - through_sigma) * sigma",
        says="da is multiplied by sigma. By how much does a_hat move when a moves by 1?",
    ),
    mistake(
        id="leaves_out_the_gain",
        old="da_hat = dy * g",
        new="da_hat = dy",
        says="dy is taken for the gradient of a_hat: the gain is missing from da. By how much does y move when a_hat "
        "moves by 1?",
    ),
    mistake(
        id="applies_the_gain_last",
        old=f"""da_hat = dy * g  # (..., H), dy/da_hat = g
    through_mu = da_hat.mean(axis=-1, keepdims=True)  # dmu/da_i = 1/H
    through_sigma = {_THROUGH_SIGMA}  # dsigma/da_i = a_hat_i / H
    da = {_DA}""",
        new=f"""da_hat = dy
    through_mu = da_hat.mean(axis=-1, keepdims=True)
    through_sigma = {_THROUGH_SIGMA}
    da = g * {_DA}""",
        says="The gain multiplies at the very end, after the means over the units are taken. Going backwards, what "
        "comes first: the gain or the statistics?",
    ),
    mistake(
        id="adds_up_where_it_should_average",
        old=f"""through_mu = da_hat.mean(axis=-1, keepdims=True)  # dmu/da_i = 1/H
    through_sigma = {_THROUGH_SIGMA}""",
        new=f"""through_mu = da_hat.sum(axis=-1, keepdims=True)
    through_sigma = {_THROUGH_SIGMA.replace("mean", "sum")}""",
        says="Both paths are H times too strong: the units are added up. How much does the mean move when one of H "
        "units moves by 1?",
    ),
    mistake(
        id="divides_the_variance_path_by_H_minus_1",
        old=f"through_sigma = {_THROUGH_SIGMA}",
        new="""H = len(g)
    through_sigma = a_hat * (da_hat * a_hat).sum(axis=-1, keepdims=True) / (H - 1)""",
        says="The path through sigma is that of a variance which divides by H - 1. By what did the forward pass "
        "divide the squares?",
    ),
    mistake(
        id="averages_over_the_batch",
        old=f"""through_mu = da_hat.mean(axis=-1, keepdims=True)  # dmu/da_i = 1/H
    through_sigma = {_THROUGH_SIGMA}""",
        new=f"""through_mu = da_hat.mean(axis=0)
    through_sigma = {_THROUGH_SIGMA.replace("axis=-1, keepdims=True", "axis=0")}""",
        says="The means are taken over the batch: this is the backward pass of batch normalisation. Whose mean did "
        "each a go into?",
    ),
    mistake(
        id="forgets_a_hat_in_the_variance_path",
        old=f"through_sigma = {_THROUGH_SIGMA}",
        new="through_sigma = (da_hat * a_hat).mean(axis=-1, keepdims=True)",
        says="The path through sigma is the same for all units of a step. Does a unit at the mean move sigma as much "
        "as one far from it?",
    ),
    mistake(
        id="takes_dy_for_the_gradient_of_the_gain",
        old="(dy * a_hat).sum(axis=before)",
        new="dy.sum(axis=before)",
        says="dg equals db. What does the gain multiply in the forward pass?",
    ),
    mistake(
        id="counts_the_gain_twice",
        old="(dy * a_hat).sum(axis=before)",
        new="(dy * g * a_hat).sum(axis=before)",
        says="The gain stands in its own gradient. What is the derivative of g times a_hat with respect to g?",
    ),
    mistake(
        id="adds_up_gain_and_bias_over_the_first_axis_alone",
        old=_BEFORE,
        new="0",
        says="dg and db are added up over the first axis alone; with more axes than two a shape is left over. How "
        "many steps and sequences share one gain?",
    ),
    mistake(
        id="averages_gain_and_bias",
        old="""dg = (dy * a_hat).sum(axis=before)  # dy/dg = a_hat
    db = dy.sum(axis=before)""",
        new="""dg = (dy * a_hat).mean(axis=before)
    db = dy.mean(axis=before)""",
        says="dg and db are averaged over steps and sequences. The same parameter is used everywhere: do its "
        "gradients average or add up?",
    ),
    mistake(
        id="does_not_add_up_gain_and_bias",
        old="""dg = (dy * a_hat).sum(axis=before)  # dy/dg = a_hat
    db = dy.sum(axis=before)""",
        new="""dg = dy * a_hat
    db = dy""",
        says="dg and db have the shape of dy: each step has a gradient of its own. How many gains are there to be "
        "changed?",
    ),
    mistake(
        id="overwrites_dy",
        old="da_hat = dy * g",
        new="dy *= g\n    da_hat = dy",
        says="The caller's dy now holds something else. What makes a new array of a product?",
    ),
    mistake(
        id="adds_up_the_path_through_the_mean",
        old="through_mu = da_hat.mean(",
        new="through_mu = da_hat.sum(",
        says="The path through mu is H times too strong. How much does the mean move when one of H units moves by 1?",
    ),
    mistake(
        id="adds_up_the_path_through_the_variance",
        old="through_sigma = a_hat * (da_hat * a_hat).mean(axis=-1, keepdims=True)",
        new="through_sigma = a_hat * (da_hat * a_hat).sum(axis=-1, keepdims=True)",
        says="The path through sigma is H times too strong. How much does the "
        "variance move when one of H units moves a little?",
    ),
    mistake(
        id="leaves_out_the_gain_in_the_mean_path",
        old="through_mu = da_hat.mean(",
        new="through_mu = dy.mean(",
        says="The gain is missing from the path through mu. Which gradient arrives at a_hat?",
    ),
    mistake(
        id="leaves_out_the_gain_in_the_variance_path",
        old="through_sigma = a_hat * (da_hat * a_hat).mean(axis=-1, keepdims=True)",
        new="through_sigma = a_hat * (dy * a_hat).mean(axis=-1, keepdims=True)",
        says="The gain is missing from the path through sigma. Which gradient arrives at a_hat?",
    ),
    mistake(
        id="takes_a_hat_alone_for_the_variance_path",
        old="through_sigma = a_hat * (da_hat * a_hat).mean(axis=-1, keepdims=True)",
        new="through_sigma = a_hat * (a_hat * a_hat).mean(axis=-1, keepdims=True)",
        says="The path through sigma does not depend on dy. Whose gradient goes back through sigma?",
    ),
    mistake(
        id="counts_the_gain_twice_in_da",
        old="da = (da_hat - through_mu - through_sigma) / sigma",
        new="da = (da_hat - through_mu - through_sigma) / sigma * g",
        says="The gain stands in da twice: before the statistics and after them. By how much does y move when "
        "a_hat moves by 1?",
    ),
    mistake(
        id="divides_the_direct_path_alone_by_sigma",
        old="da = (da_hat - through_mu - through_sigma) / sigma",
        new="da = da_hat / sigma - through_mu - through_sigma",
        says="Only the direct path is divided by sigma. Which of the three paths lead through the division?",
    ),
    mistake(
        id="divides_the_variance_path_twice",
        old="da = (da_hat - through_mu - through_sigma) / sigma",
        new="da = (da_hat - through_mu - through_sigma / sigma) / sigma",
        says="The path through sigma is divided by sigma once too often. Is what stands in the cache a or a_hat?",
    ),
    mistake(
        id="swaps_dg_and_db",
        old="db = dy.sum(axis=before)  # dy/db = 1",
        new="db, dg = dg, dy.sum(axis=before)",
        says="dg and db are exchanged. Which of the two is multiplied by a_hat in the forward pass?",
    ),
    mistake(
        id="leaves_dy_out_of_dg",
        old="(dy * a_hat).sum(axis=before)",
        new="a_hat.sum(axis=before)",
        says="dg does not depend on dy. What does the chain rule multiply by dy/dg?",
    ),
    mistake(
        id="gives_the_bias_the_gain",
        old="db = dy.sum(axis=before)",
        new="db = (dy * g).sum(axis=before)",
        says="The gain stands in db. By how much does y move when b moves by 1?",
    ),
    mistake(
        id="adds_up_over_the_units",
        old="db = dy.sum(axis=before)",
        new="db = dy.sum(axis=-1)",
        says="db is added up over the units, which have a bias each. Over which axes is a bias shared?",
    ),
    mistake(
        id="keeps_the_axes_of_dg_and_db",
        old="""dg = (dy * a_hat).sum(axis=before)  # dy/dg = a_hat
    db = dy.sum(axis=before)""",
        new="""dg = (dy * a_hat).sum(axis=before, keepdims=True)
    db = dy.sum(axis=before, keepdims=True)""",
        says="dg and db have axes of length 1 in front. What shape has a gradient, compared with what it belongs to?",
    ),
    mistake(
        id="averages_the_bias_alone",
        old="db = dy.sum(axis=before)",
        new="db = dy.mean(axis=before)",
        says="db is averaged over steps and sequences. The same bias is used everywhere: do its gradients "
        "average or add up?",
    ),
    mistake(
        id="averages_the_gain_alone",
        old="(dy * a_hat).sum(axis=before)",
        new="(dy * a_hat).mean(axis=before)",
        says="dg is averaged over steps and sequences. The same gain is used everywhere: do its gradients "
        "average or add up?",
    ),
    mistake(
        id="divides_dg_by_sigma",
        old="(dy * a_hat).sum(axis=before)",
        new="(dy * a_hat / sigma).sum(axis=before)",
        says="dg is divided by sigma once more. What does the gain multiply in the forward pass?",
    ),
    mistake(
        id="adds_up_the_gain_over_the_first_axis_alone",
        old="dg = (dy * a_hat).sum(axis=before)",
        new="dg = (dy * a_hat).sum(axis=0)",
        says="dg is summed over the first axis alone. Which axes share one gain?",
    ),
    mistake(
        id="adds_up_the_bias_over_the_first_axis_alone",
        old="db = dy.sum(axis=before)",
        new="db = dy.sum(axis=0)",
        says="db is summed over the first axis alone. Which axes share one bias?",
    ),
    mistake(
        id="multiplies_by_H",
        old="da = (da_hat - through_mu - through_sigma) / sigma",
        new="da = dy.shape[-1] * (da_hat - through_mu - through_sigma) / sigma",
        says="da is H times as large. Where do the two means of the formula bring their 1/H, and what has none?",
    ),
    mistake(
        id="divides_the_direct_path_by_H",
        old="da = (da_hat - through_mu - through_sigma) / sigma",
        new="da = (da_hat / dy.shape[-1] - through_mu - through_sigma) / sigma",
        says="The direct path is divided by H. By how much does a_hat_i move with a_i, if mu and sigma stand still?",
    ),
    mistake(
        id="averages_over_all_units_and_steps",
        old="through_mu = da_hat.mean(axis=-1, keepdims=True)",
        new="through_mu = da_hat.mean()",
        says="The path through mu is averaged over all steps and sequences. How many means has a batch?",
    ),
    mistake(
        id="sums_over_two_axes_always",
        old="before = tuple(range(dy.ndim - 1))",
        new="before = (0, 1)",
        says="dg and db are summed over axes 0 and 1, whatever the number of axes: for (N, H) one number is left. "
        "Over which axes do g and b have a single value?",
    ),
]

_A_T = "x[:, t] @ U.T + h_prev @ W.T"
_STEP = f"y, norm_cache = layer_norm_forward({_A_T}, g, b, eps)  # (N, H)"
MISTAKES["layer_norm_rnn_forward"] = [
    mistake(
        id="adds_the_bias_before_it_normalises",
        old=_STEP,
        new=f"y, norm_cache = layer_norm_forward({_A_T} + b, g, 0 * b, eps)",
        says="The bias is added to a_t and then normalised with it, where a part that all units share is lost. On "
        "which side of the normalisation does b stand?",
    ),
    mistake(
        id="adds_the_bias_twice",
        old=_STEP,
        new=f"y, norm_cache = layer_norm_forward({_A_T} + b, g, b, eps)",
        says="The bias comes in twice: in a_t, as in the plain network, and after the normalisation. What is a_t in "
        "the equation?",
    ),
    mistake(
        id="normalises_input_and_state_apart",
        old=_STEP,
        new="""y, norm_cache = layer_norm_forward(x[:, t] @ U.T, g, b, eps)
        y = y + layer_norm_forward(h_prev @ W.T, g, 0 * b, eps)[0]""",
        says="What comes from the input and what comes from the state are normalised apart and then added. How many "
        "means and how many sigmas has a step in the equation?",
    ),
    mistake(
        id="normalises_the_input_alone",
        old=_STEP,
        new="""y, norm_cache = layer_norm_forward(x[:, t] @ U.T, g, b, eps)
        y = y + h_prev @ W.T""",
        says="Only what comes from the input is normalised; what comes from the state may still grow. What does a_t "
        "consist of?",
    ),
    mistake(
        id="normalises_the_state_alone",
        old=_STEP,
        new="""y, norm_cache = layer_norm_forward(h_prev @ W.T, g, b, eps)
        y = y + x[:, t] @ U.T""",
        says="Only what comes from the state is normalised, and the input is added afterwards. What does a_t consist "
        "of?",
    ),
    mistake(
        id="normalises_after_tanh",
        old=f"""{_STEP}
        h_prev = h[:, t] = np.tanh(y)""",
        new=f"""y, norm_cache = layer_norm_forward(np.tanh({_A_T}), g, b, eps)
        h_prev = h[:, t] = y""",
        says="tanh comes first and the normalisation after it: states leave the interval from -1 to 1. Which of the "
        "two is inside the other?",
    ),
    mistake(
        id="leaves_out_tanh",
        old="np.tanh(y)",
        new="y",
        says="This is what stands inside tanh. What keeps a state between -1 and 1?",
    ),
    mistake(
        id="feeds_back_what_stands_inside_tanh",
        old="h_prev = h[:, t] = np.tanh(y)",
        new="h_prev, h[:, t] = y, np.tanh(y)",
        says="After the first state the step is fed what stands inside tanh. Which of the two is the state?",
    ),
    mistake(
        id="resets_the_state_at_each_step",
        old="h_prev @ W.T, g",
        new="h0 @ W.T, g",
        says="Every step starts from h0: no state depends on an earlier input. What does a step hand to the next one?",
    ),
    mistake(
        id="ignores_h0",
        old="h_prev = h0",
        new="h_prev = np.zeros_like(h0)",
        says="The sequence always starts from zeros, even if h0 is given. What is the state before the first input?",
    ),
    mistake(
        id="does_not_pass_epsilon_on",
        old="g, b, eps)",
        new="g, b)",
        says="The result is that of epsilon 1e-5, whatever eps is. Where does the argument eps end up?",
    ),
    mistake(
        id="leaves_out_the_gain",
        old="g, b, eps)",
        new="np.ones_like(g), b, eps)",
        says="The gain has no effect. Where does g stand in the equation?",
    ),
    mistake(
        id="swaps_gain_and_bias",
        old="g, b, eps)",
        new="b, g, eps)",
        says="Gain and bias have changed places. In which order does layer_norm_forward take them?",
    ),
    mistake(
        id="uses_W_untransposed",
        old="h_prev @ W.T",
        new="h_prev @ W",
        says="Each unit adds up a column of W instead of a row. W is square, so NumPy does not complain: with one "
        "state per row, which product is W times each state?",
    ),
    mistake(
        id="normalises_every_step_of_the_input_together",
        old=_STEP,
        new="""a = x @ U.T
        a[:, t] += h_prev @ W.T
        y, norm_cache = layer_norm_forward(a.reshape(N, -1), np.tile(g, T), np.tile(b, T), eps)
        y = y.reshape(N, T, H)[:, t]""",
        says="Mean and sigma are taken over the units of all steps together, so that early states depend on late "
        "inputs. How many means has a sequence of T steps?",
    ),
    mistake(
        id="leaves_out_the_previous_state",
        old=" + h_prev @ W.T",
        new="",
        says="No state depends on the one before: this network has no memory. Which product is missing from a_t?",
    ),
    mistake(
        id="does_not_normalise",
        old="h_prev = h[:, t] = np.tanh(y)",
        new="h_prev = h[:, t] = np.tanh(g * (x[:, t] @ U.T + h_prev @ W.T) + b)",
        says="Gain and bias are there, but nothing is normalised. What should the mean over the units be "
        "before gain and bias?",
    ),
    mistake(
        id="applies_gain_and_bias_after_tanh",
        old="""y, norm_cache = layer_norm_forward(x[:, t] @ U.T + h_prev @ W.T, g, b, eps)  # (N, H)
        h_prev = h[:, t] = np.tanh(y)""",
        new="""y, norm_cache = layer_norm_forward(x[:, t] @ U.T + h_prev @ W.T, np.ones_like(g), 0 * b, eps)
        h_prev = h[:, t] = g * np.tanh(y) + b""",
        says="Gain and bias come after tanh, so that states leave the interval from -1 to 1. On which side of "
        "tanh are they in the equation?",
    ),
    mistake(
        id="uses_the_sigmoid",
        old="np.tanh(y)",
        new="1 / (1 + np.exp(-y))",
        says="States go through the sigmoid and are never negative. Which function does the equation have?",
    ),
    mistake(
        id="cuts_off_negative_states",
        old="np.tanh(y)",
        new="np.maximum(y, 0)",
        says="Negative states are cut off to 0, and positive ones grow beyond 1. Which function does the "
        "equation have?",
    ),
    mistake(
        id="leaves_out_the_bias",
        old="g, b, eps)",
        new="g, 0 * b, eps)",
        says="The bias has no effect. Where does b stand in the equation?",
    ),
    mistake(
        id="leaves_out_the_input",
        old="x[:, t] @ U.T + h_prev @ W.T",
        new="h_prev @ W.T",
        says="No state depends on the inputs. Which product is missing from a_t?",
    ),
    mistake(
        id="reads_the_sequence_from_its_end",
        old="x[:, t] @ U.T",
        new="x[:, T - 1 - t] @ U.T",
        says="The inputs are read from the last to the first. Which input should the first state have read?",
    ),
    mistake(
        id="reads_the_first_input_at_every_step",
        old="x[:, t] @ U.T",
        new="x[:, 0] @ U.T",
        says="The first input is read at every step, and no other. Which axis of x is time, and what walks along it?",
    ),
    mistake(
        id="reads_each_input_one_step_late",
        old="x[:, t] @ U.T",
        new="x[:, t - 1] @ U.T",
        says="Each step reads the input before its own, and the first reads the last. Which input arrives at step t?",
    ),
    mistake(
        id="stores_the_state_before_the_step",
        old="h_prev = h[:, t] = np.tanh(y)",
        new="""h[:, t] = h_prev
        h_prev = np.tanh(y)""",
        says="All states are one place late: h[:, 0] is h0, and the last state is missing. Has h[:, t] already"
        " read x[:, t]?",
    ),
    mistake(
        id="adds_the_state_before",
        old="np.tanh(y)",
        new="np.tanh(y) + h_prev",
        says="The state before is added to the new one past tanh. In which product alone does it stand?",
    ),
    mistake(
        id="takes_tanh_of_input_and_state_first",
        old="x[:, t] @ U.T + h_prev @ W.T",
        new="np.tanh(x[:, t] @ U.T) + np.tanh(h_prev @ W.T)",
        says="tanh is taken of both products before the normalisation, and once more after it. How often does "
        "tanh stand in the equation?",
    ),
    mistake(
        id="fills_every_step_with_the_last_state",
        old="caches.append(norm_cache)",
        new="""caches.append(norm_cache)
    h[:] = h_prev[:, None]""",
        says="The last state stands at every step. What is h[:, 0] for a sequence of three steps?",
    ),
    mistake(
        id="normalises_input_and_state_apart_with_both_biases",
        old="y, norm_cache = layer_norm_forward(x[:, t] @ U.T + h_prev @ W.T, g, b, eps)",
        new="""y, norm_cache = layer_norm_forward(x[:, t] @ U.T, g, b, eps)
        y = y + layer_norm_forward(h_prev @ W.T, g, b, eps)[0]""",
        says="The input's part and the state's part are normalised each by itself, and b is added with both. What "
        "is a_t, and how many means and deviations does a step have?",
    ),
    mistake(
        id="applies_gain_and_bias_twice",
        old="np.tanh(y)",
        new="np.tanh(g * y + b)",
        says="Gain and bias are applied twice. What does layer_norm_forward return: a_hat or y?",
    ),
    mistake(
        id="normalises_all_states_at_the_end",
        old="""h_prev = h[:, t] = np.tanh(y)
        caches.append(norm_cache)""",
        new="""h_prev = h[:, t] = np.tanh(x[:, t] @ U.T + h_prev @ W.T + b)
        caches.append(norm_cache)
    h = layer_norm_forward(h, g, b, eps)[0]""",
        says="An ordinary network is run, and its states are normalised at the end. What is normalised in each "
        "step, before tanh?",
    ),
]

_QR = "np.linalg.qr(rng.standard_normal((H, H)))"
_SIGNED = "scale * Q * np.sign(np.diag(R))"
_DRAWN = f"""Q, R = {_QR}
        W = {_SIGNED}"""
_UNSCALED = (
    "The orthogonal matrix lacks the scale: it is not used, or it went into the drawn matrix and was lost. "
    "Which of the two factors keeps the size of what is decomposed, Q or R, and where must the scale come in?"
)
MISTAKES["recurrent_init"] = [
    mistake(
        id="leaves_the_signs_of_QR",
        old=_SIGNED,
        new="scale * Q",
        says="W is orthogonal, but its signs are those that the library happens to choose: over many draws the mean "
        "of Q[0, 0] is about -0.5 for H = 3. Which condition on R makes the decomposition unique?",
    ),
    mistake(
        id="turns_the_signs_of_rows",
        old="* np.sign(np.diag(R))",
        new="* np.sign(np.diag(R))[:, None]",
        says="The signs go to the rows of Q, and Q times R is no longer the drawn matrix. R's rows must change sign: "
        "which part of Q does a row of R meet in the product?",
    ),
    mistake(
        id="turns_signs_by_Qs_own_diagonal",
        old="np.sign(np.diag(R))",
        new="np.sign(np.diag(Q))",
        says="Q gets a positive diagonal, which favours matrices near the identity. Whose diagonal should be positive?",
    ),
    mistake(
        id="multiplies_by_Rs_diagonal",
        old="np.sign(np.diag(R))",
        new="np.diag(R)",
        says="The columns are multiplied by R's diagonal and no longer have length 1. What of these numbers is needed, "
        "and what not?",
    ),
    mistake(
        id="takes_R_for_Q",
        old=_SIGNED,
        new="scale * R * np.sign(np.diag(R))[:, None]",
        says="This is R, with half of its entries zero. Which of the two factors is orthogonal?",
    ),
    mistake(
        id="transposes_Q",
        old=_SIGNED,
        new="scale * (Q * np.sign(np.diag(R))).T",
        says="This is the transpose of the matrix that is asked for, orthogonal too, but not the Q of the drawn A. "
        "Does your function return Q itself?",
    ),
    mistake(
        id="draws_a_plain_normal_matrix",
        old=_DRAWN,
        new="W = scale * rng.standard_normal((H, H)) / np.sqrt(H)",
        says="Normal numbers over the root of H keep lengths on average, but not each of them: the singular values "
        "run from nearly 0 to 2. What makes all of them equal?",
    ),
    mistake(
        id="divides_by_the_largest_singular_value",
        old=_DRAWN,
        new="""A = rng.standard_normal((H, H))
        W = scale * A / np.linalg.norm(A, 2)""",
        says="The largest singular value is right, the others are smaller: some directions fade. What are the singular "
        "values of an orthogonal matrix?",
    ),
    mistake(
        id="normalises_the_columns_alone",
        old=_DRAWN,
        new="""A = rng.standard_normal((H, H))
        W = scale * A / np.linalg.norm(A, axis=0)""",
        says="Each column has length 1, but the columns are not at right angles. Which decomposition makes them so?",
    ),
    mistake(
        id="draws_from_uniform_numbers",
        old="qr(rng.standard_normal((H, H)))",
        new="qr(rng.random((H, H)))",
        says="The matrix is orthogonal, but made from numbers between 0 and 1, which favour some directions. What is "
        "special about a vector of normal numbers when it is turned?",
    ),
    mistake(
        id="forgets_the_scale_of_the_orthogonal_matrix",
        old=_SIGNED,
        new="Q * np.sign(np.diag(R))",
        says=_UNSCALED,
    ),
    mistake(
        id="scales_before_the_decomposition",
        old=_DRAWN,
        new="""Q, R = np.linalg.qr(scale * rng.standard_normal((H, H)))
        W = Q * np.sign(np.diag(R)) * 1.0""",
        says=_UNSCALED,
    ),
    mistake(
        id="forgets_the_scale_of_the_identity",
        old="scale * np.eye(H)",
        new="np.eye(H)",
        says="The identity matrix is not scaled. What should W do to a state if scale is 0.9?",
    ),
    mistake(
        id="fills_the_matrix_with_the_scale",
        old="scale * np.eye(H)",
        new="np.full((H, H), scale)",
        says="Every entry of the matrix is the scale: each unit gets the sum of all. Which matrix leaves a state as it "
        "is?",
    ),
    mistake(
        id="takes_any_kind_for_the_identity",
        old="""elif kind == "identity":
        W = scale * np.eye(H)
    else:
        raise ValueError(f"unknown kind of initial values: {kind!r}")""",
        new="""else:
        W = scale * np.eye(H)""",
        says="A kind that does not exist gives the identity matrix, without a word. What should a slip of the pen "
        "lead to?",
    ),
    mistake(
        id="makes_every_determinant_positive",
        old=_SIGNED,
        new="""Q * np.sign(np.diag(R))
        W[:, 0] *= np.sign(np.linalg.det(W))
        W = scale * W""",
        says="All the matrices turn and none of them mirrors: a column is turned round where the determinant is "
        "negative. Is every orthogonal matrix to be drawn, or only half of them?",
    ),
    mistake(
        id="makes_a_generator_of_its_own",
        old="qr(rng.standard_normal((H, H)))",
        new="qr(np.random.default_rng(0).standard_normal((H, H)))",
        says="The same matrix comes out whatever rng is. Which generator is the only source of randomness?",
    ),
    mistake(
        id="draws_from_the_global_generator",
        old="qr(rng.standard_normal((H, H)))",
        new="qr(np.random.standard_normal((H, H)))",
        says="The draw comes from the generator that all code shares. Can anyone repeat it who has only rng?",
        exempt=_DIFFERENT_EACH_TIME,
    ),
    mistake(
        id="squares_the_scale",
        old="W = scale * Q * np.sign(np.diag(R))",
        new="W = scale**2 * Q * np.sign(np.diag(R))",
        says="The orthogonal matrix is multiplied by the scale twice. By how much should W change the length "
        "of a state?",
    ),
    mistake(
        id="divides_by_the_root_of_H",
        old="W = scale * Q * np.sign(np.diag(R))",
        new="W = scale / np.sqrt(H) * Q * np.sign(np.diag(R))",
        says="The orthogonal matrix is divided by the root of H. By how much does an orthogonal matrix change "
        "the length of a state?",
    ),
    mistake(
        id="decomposes_the_transpose",
        old="Q, R = np.linalg.qr(rng.standard_normal((H, H)))",
        new="Q, R = np.linalg.qr(rng.standard_normal((H, H)).T)",
        says="The Q is that of the drawn matrix's transpose. Which matrix is A in the statement?",
    ),
    mistake(
        id="makes_the_diagonal_of_R_negative",
        old="np.sign(np.diag(R))",
        new="-np.sign(np.diag(R))",
        says="This is minus the matrix that is asked for: R's diagonal would be negative. Which sign does the "
        "statement ask for?",
    ),
    mistake(
        id="returns_the_drawn_matrix",
        old="W = scale * Q * np.sign(np.diag(R))",
        new="W = scale * Q @ R",
        says="This is the drawn matrix A itself: Q and R are multiplied again. Which of the two factors is orthogonal?",
    ),
    mistake(
        id="takes_the_left_singular_vectors",
        old="""Q, R = np.linalg.qr(rng.standard_normal((H, H)))
        W = scale * Q * np.sign(np.diag(R))""",
        new="W = scale * np.linalg.svd(rng.standard_normal((H, H)))[0]",
        says="These are the left singular vectors of A: orthogonal too, but not the Q of the statement. Which "
        "decomposition does it name?",
    ),
    mistake(
        id="takes_the_nearest_orthogonal_matrix",
        old="""Q, R = np.linalg.qr(rng.standard_normal((H, H)))
        W = scale * Q * np.sign(np.diag(R))""",
        new="""left, _, right = np.linalg.svd(rng.standard_normal((H, H)))
        W = scale * left @ right""",
        says="This is the orthogonal matrix nearest to A, but not the Q of the statement. Which decomposition "
        "does it name?",
    ),
    mistake(
        id="draws_uniform_numbers_of_either_sign",
        old="qr(rng.standard_normal((H, H)))",
        new="qr(rng.uniform(-1, 1, (H, H)))",
        says="The matrix is orthogonal, but made from numbers between -1 and 1, which favour the corners of a "
        "cube. What is special about a vector of normal numbers when it is turned?",
    ),
    mistake(
        id="draws_a_matrix_in_vain",
        old="Q, R = np.linalg.qr(rng.standard_normal((H, H)))",
        new="""rng.standard_normal((H, H))
        Q, R = np.linalg.qr(rng.standard_normal((H, H)))""",
        says="The matrix is made from the second draw of the generator. How many numbers does the statement "
        "draw, and by which call?",
    ),
    mistake(
        id="draws_for_the_identity_too",
        old="W = scale * np.eye(H)",
        new="""rng.standard_normal((H, H))
        W = scale * np.eye(H)""",
        says="Numbers are drawn for the identity matrix, which needs none. What does the next user of the "
        "generator get?",
        exempt="the numbers that are drawn without being used do not show in the result",
    ),
    mistake(
        id="raises_another_error",
        old="raise ValueError(",
        new="raise KeyError(",
        says="An unknown kind raises an error, but not the one that the statement names. Which one is it?",
    ),
    mistake(
        id="takes_any_kind_for_the_orthogonal",
        old='if kind == "orthogonal":',
        new='if kind != "identity":',
        says="A kind that does not exist gives an orthogonal matrix. What does the statement ask for instead?",
    ),
    mistake(
        id="divides_the_identity_by_H",
        old="scale * np.eye(H)",
        new="scale * np.eye(H) / H",
        says="The identity matrix is divided by H. What should W do to a state if scale is 1?",
    ),
    mistake(
        id="mirrors_the_identity",
        old="scale * np.eye(H)",
        new="scale * np.eye(H)[::-1]",
        says="The ones stand on the other diagonal: the units of a state come in reverse. Which matrix leaves "
        "a state as it is?",
    ),
    mistake(
        id="fills_with_ones",
        old="scale * np.eye(H)",
        new="scale * np.ones((H, H)) / H",
        says="Every unit gets the mean of all units. Which matrix leaves a state as it is?",
    ),
    mistake(
        id="forgets_scale_and_signs",
        old="W = scale * Q * np.sign(np.diag(R))",
        new="W = Q",
        says="The orthogonal matrix has neither the scale nor the signs that make R's diagonal positive. Which "
        "two factors does W still need?",
    ),
    mistake(
        id="forgets_the_scale_of_both",
        old="""W = scale * Q * np.sign(np.diag(R))  # columns; R's rows change sign with them, and QR stays A
    elif kind == "identity":
        W = scale * np.eye(H)""",
        new="""W = Q * np.sign(np.diag(R))
    elif kind == "identity":
        W = np.eye(H)""",
        says="scale is used for neither kind. What is W made of besides Q or I?",
    ),
    mistake(
        id="returns_None_for_other_kinds",
        old='raise ValueError(f"unknown kind of initial values: {kind!r}")',
        new="W = None",
        says="For another kind the result is None and no error is raised. What does the docstring ask for there?",
    ),
]

_STACK = """states, out = [], dropped(x)
    for U, W, b in layers:
        h, _ = rnn_forward(out, U, W, b)  # (N, T, H_l)
        states.append(h)
        out = dropped(h)"""
_RECURRENT = """h_prev = h[:, t] = np.tanh(out[:, t] @ U.T + {state} @ W.T + b)"""
_STEP_BY_STEP = """states, out = [], dropped(x)
    for U, W, b in layers:
        h, h_prev = np.empty((*x.shape[:2], len(b))), np.zeros((len(x), len(b)))
        for t in range(x.shape[1]):
            {step}
        states.append(h)
        out = dropped(h)"""
MISTAKES["dropout_deep_rnn"] = [
    mistake(
        id="drops_on_the_recurrent_path",
        old=_STACK,
        new=_STEP_BY_STEP.format(step=_RECURRENT.format(state="dropped(h_prev[:, None])[:, 0]")),
        says="The state is dropped on its way to the next step too: after t steps a memory has passed t masks. On "
        "which arrows may noise enter, those upward or those along time?",
    ),
    mistake(
        id="feeds_the_dropped_state_back",
        old=_STACK,
        new="""states, out = [], dropped(x)
    for U, W, b in layers:
        h, h_prev = np.empty((*x.shape[:2], len(b))), np.zeros((len(x), len(b)))
        m = np.broadcast_to(dropped(np.ones_like(h)), h.shape)
        for t in range(x.shape[1]):
            h[:, t] = np.tanh(out[:, t] @ U.T + h_prev @ W.T + b)
            h_prev = m[:, t] * h[:, t]
        states.append(h)
        out = m * h""",
        says="What W meets is the state after dropout: the mask that belongs to the layer above also hits the memory. "
        "Which copy of the state goes up, and which goes on in time?",
    ),
    mistake(
        id="forgets_to_divide",
        old="v * m / (1 - p)",
        new="v * m",
        says="What is kept is not divided by 1 - p, so that layers get less in training than at test time. What is "
        "the expectation of D(v)?",
    ),
    mistake(
        id="divides_by_p",
        old="v * m / (1 - p)",
        new="v * m / p",
        says="What is kept is divided by p, the probability of being *dropped*. For p = 0.3, what must the seven "
        "kept of ten be multiplied by to make up for the three?",
    ),
    mistake(
        id="multiplies_by_1_minus_p",
        old="v * m / (1 - p)",
        new="v * m * (1 - p)",
        says="What is kept is made smaller still, as older papers do *at test time*. Here the test does nothing: what "
        "must training do then to keep the expectation?",
    ),
    mistake(
        id="scales_at_test_time",
        old="""if not training:
            return v""",
        new="""if not training:
            return v * (1 - p)""",
        says="At test time everything is multiplied by 1 - p. If training has already divided by it, what is left to "
        "do at test time?",
    ),
    mistake(
        id="leaves_the_scale_to_the_test",
        old="""if not training:
            return v
        N, T, features = v.shape
        m = rng.random((N, 1 if same_mask else T, features)) >= p
        return v * m / (1 - p)""",
        new="""if not training:
            return v * (1 - p)
        N, T, features = v.shape
        m = rng.random((N, 1 if same_mask else T, features)) >= p
        return v * m""",
        says="Training does not divide, and the test multiplies by 1 - p: this is how the first papers kept the "
        "expectation. On which side does this statement keep it?",
    ),
    mistake(
        id="drops_at_test_time_too",
        old="if not training:",
        new="if False:",
        says="Entries are dropped at test time as well. Should the same input give two different answers then?",
    ),
    mistake(
        id="keeps_with_probability_p",
        old="features)) >= p",
        new="features)) < p",
        says="Entries are kept with probability p and divided by 1 - p. Is p the probability of being kept or dropped?",
    ),
    mistake(
        id="does_not_drop_the_input",
        old="states, out = [], dropped(x)",
        new="states, out = [], x",
        says="The input is never dropped: L places remain of L + 1. Which arrow upward is the lowest?",
    ),
    mistake(
        id="does_not_drop_the_output",
        old=_STACK,
        new=_STACK.replace("out = dropped(h)", "out = dropped(h) if len(states) < len(layers) else h"),
        says="The top layer's states reach the output undropped: L places remain of L + 1. Which arrow upward is the "
        "highest?",
    ),
    mistake(
        id="drops_only_between_layers",
        old=_STACK,
        new=_STACK.replace("dropped(x)", "x").replace(
            "out = dropped(h)", "out = dropped(h) if len(states) < len(layers) else h"
        ),
        says="Only what passes between layers is dropped, as torch's dropout argument does: L - 1 places. Which two "
        "more does Zaremba's network have?",
    ),
    mistake(
        id="drops_only_input_and_output",
        old=_STACK,
        new=_STACK.replace("out = dropped(h)", "out = h\n    out = dropped(out)"),
        says="Input and output are dropped, and nothing between the layers. How many places are there for L layers?",
    ),
    mistake(
        id="shares_one_mask_in_time_always",
        old="1 if same_mask else T",
        new="1",
        says="All the steps of a sequence share one mask, asked or not. When is a fresh one to be drawn?",
    ),
    mistake(
        id="never_shares_a_mask_in_time",
        old="1 if same_mask else T",
        new="T",
        says="Each step has a mask of its own even with same_mask. Which axis of the mask should have length 1 then?",
    ),
    mistake(
        id="turns_same_mask_round",
        old="1 if same_mask else T",
        new="T if same_mask else 1",
        says="Steps share a mask exactly when they should not. Which of the two draws fewer numbers?",
    ),
    mistake(
        id="drops_all_sequences_alike",
        old="rng.random((N, 1 if",
        new="rng.random((1, 1 if",
        says="All the sequences of a batch share their masks. How many different networks does one step of training "
        "then see?",
    ),
    mistake(
        id="drops_whole_vectors",
        old="else T, features))",
        new="else T, 1))",
        says="A step's features are dropped all together or not at all. For which index is the mask drawn: for the "
        "step or for each feature?",
    ),
    mistake(
        id="returns_the_dropped_states",
        old="""states.append(h)
        out = dropped(h)""",
        new="""out = dropped(h)
        states.append(out)""",
        says="The list holds the states after dropout. Which states did the layer itself go on with in time?",
    ),
    mistake(
        id="feeds_x_to_every_layer",
        old="rnn_forward(out, U, W, b)",
        new="rnn_forward(dropped(x), U, W, b)",
        says="Every layer reads x (where all sizes are equal it even runs). What does the second layer read?",
    ),
    mistake(
        id="drops_weights",
        old=_STACK,
        new=_STACK.replace("rnn_forward(out, U, W, b)", "rnn_forward(out, dropped(U[None])[0], W, b)").replace(
            "dropped(x)", "x"
        ),
        says="Entries of U are dropped, one mask for the whole batch and all of time. Which is dropped here: weights, "
        "or what they are multiplied by?",
    ),
    mistake(
        id="lets_any_probability_through",
        old="""if not 0 <= p < 1:
        raise ValueError("p must lie in 0 <= p < 1")

    """,
        new="",
        says="p = 1 or a negative p passes without a word, and the result is NaN, or nothing is dropped. What is "
        "divided by 1 - p when p is 1?",
    ),
    mistake(
        id="draws_from_the_global_generator",
        old="rng.random((N",
        new="np.random.random((N",
        says="The masks come from the generator that all code shares. Can anyone repeat them who has only rng?",
        exempt=_DIFFERENT_EACH_TIME,
    ),
    mistake(
        id="draws_the_same_masks_each_time",
        old="m = rng.random((",
        new="m = np.random.default_rng(0).random((",
        says="The same masks come out whatever rng is, at every place and in every step of training. Which generator "
        "is the only source of randomness?",
    ),
    mistake(
        id="shares_one_mask_among_all_sequences_and_steps",
        old="rng.random((N, 1 if same_mask else T, features))",
        new="rng.random((1, 1, features))",
        says="All sequences and all steps share one mask at each place. For which indices is a mask drawn?",
    ),
    mistake(
        id="drops_twice_between_layers",
        old="rnn_forward(out, U, W, b)",
        new="rnn_forward(dropped(out) if states else out, U, W, b)",
        says="What passes between two layers is dropped twice. How many places are there for L layers?",
    ),
    mistake(
        id="scales_by_the_root",
        old="return v * m / (1 - p)",
        new="return v * m / np.sqrt(1 - p)",
        says="What is kept is divided by the root of 1 - p: that keeps the mean square, not the mean. What is "
        "the expectation of D(v)?",
    ),
    mistake(
        id="divides_by_the_share_that_was_kept",
        old="return v * m / (1 - p)",
        new="return v * m / m.mean()",
        says="What is kept is divided by the share that was kept in this draw. By which number does the "
        "statement divide?",
    ),
    mistake(
        id="subtracts_instead_of_dropping",
        old="return v * m / (1 - p)",
        new="return v - (1 - m) * v / (1 - p)",
        says="What is kept is left as it is, and what is dropped becomes negative. What is D(v) where m is 0, "
        "and where it is 1?",
    ),
    mistake(
        id="adds_noise_before_tanh_alone",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = rng.random((N, 1, features)) >= p if same_mask else rng.random((1, T, features)) >= p",
        says="Without same_mask all the sequences of a batch share their masks. For which indices is a mask drawn?",
    ),
    mistake(
        id="draws_all_steps_and_uses_the_first",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="""m = rng.random((N, T, features)) >= p
        m = m[:, :1] if same_mask else m""",
        says="With same_mask a mask is drawn for every step and only the first is used, so that later places "
        "get other numbers. Which shape does the statement draw?",
    ),
    mistake(
        id="draws_step_by_step",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = np.stack([rng.random((N, features)) for _ in range(1 if same_mask else T)], axis=1) >= p",
        says="Each step's mask is drawn by a call of its own, so that the numbers land elsewhere. By how many "
        "calls does a place draw its masks?",
    ),
    mistake(
        id="draws_by_another_call",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = rng.binomial(1, 1 - p, (N, 1 if same_mask else T, features))",
        says="The masks are not those that the stated call draws. By which call does each place draw?",
    ),
    mistake(
        id="draws_normal_numbers",
        old="rng.random((N",
        new="rng.standard_normal((N",
        says="The numbers behind the masks are normal ones, of which more than a share p lies below p. Between"
        " which bounds must they lie, all equally likely?",
    ),
    mistake(
        id="lets_p_1_through",
        old="if not 0 <= p < 1:",
        new="if not 0 <= p <= 1:",
        says="p = 1 passes without a word, and something is divided by zero. What is divided by 1 - p?",
    ),
    mistake(
        id="lets_a_negative_p_through",
        old="if not 0 <= p < 1:",
        new="if not p < 1:",
        says="A negative p passes without a word. Which probabilities does the statement allow?",
    ),
    mistake(
        id="refuses_p_0",
        old="if not 0 <= p < 1:",
        new="if not 0 < p < 1:",
        says="p = 0 is refused. Which probabilities does the statement allow?",
    ),
    mistake(
        id="looks_at_p_in_training_alone",
        old="if not 0 <= p < 1:",
        new="if training and not 0 <= p < 1:",
        says="At test time any p passes. When does the statement ask for the error?",
    ),
    mistake(
        id="raises_another_error",
        old="raise ValueError(",
        new="raise AssertionError(",
        says="A p that is no probability is refused, but not with the error that the statement names. Which one is it?",
    ),
    mistake(
        id="draws_at_test_time_too",
        old="""if not training:
            return v
        N, T, features = v.shape
        m = rng.random((N, 1 if same_mask else T, features)) >= p
""",
        new="""N, T, features = v.shape
        m = rng.random((N, 1 if same_mask else T, features)) >= p
        if not training:
            return v
""",
        says="Masks are drawn at test time, too, although none is used. What does the next user of the generator get?",
        exempt="the numbers that are drawn without being used do not show in the result",
    ),
    mistake(
        id="lists_the_states_from_the_top",
        old="states.append(h)",
        new="states.insert(0, h)",
        says="The list begins with the top layer. In which order does the statement list the L arrays?",
    ),
    mistake(
        id="lists_the_top_states_alone",
        old="states.append(h)",
        new="states[:] = [h]",
        says="The list holds the top layer's states alone. How many arrays does the statement ask for?",
    ),
    mistake(
        id="returns_the_last_step_alone",
        old="""states.append(h)
        out = dropped(h)""",
        new="""states.append(h)
        out = dropped(h)
    out = out[:, -1]""",
        says="The output holds the last step alone. Which shape does the statement give it?",
    ),
    mistake(
        id="drops_the_first_layers_input_at_every_layer",
        old="rnn_forward(out, U, W, b)",
        new="rnn_forward(out if states else x, U, W, b)",
        says="The lowest layer reads x undropped, although a mask was drawn for it. Which arrow upward is the lowest?",
    ),
    mistake(
        id="shares_a_mask_among_sequences_instead_of_steps",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = rng.random((1 if same_mask else N, T, features)) >= p",
        says="With same_mask the sequences of the batch share a mask, and the steps do not. Which axis of the "
        "mask has length 1?",
    ),
    mistake(
        id="shares_the_same_mask_among_sequences_too",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = rng.random((1 if same_mask else N, 1 if same_mask else T, features)) >= p",
        says="With same_mask all sequences of the batch share one mask, too. Which axis of the mask has length 1?",
    ),
    mistake(
        id="shares_a_mask_among_features",
        old="m = rng.random((N, 1 if same_mask else T, features)) >= p",
        new="m = rng.random((N, T, 1 if same_mask else features)) >= p",
        says="With same_mask all features of a step are dropped together, or none. Which axis of the mask has "
        "length 1?",
    ),
    mistake(
        id="returns_the_states_in_a_tuple",
        old="""states.append(h)
        out = dropped(h)""",
        new="""states.append(h)
        out = dropped(h)
    states = tuple(states)""",
        says="The states come in a tuple. Which type does the docstring name?",
        of={
            "states": "The states come in a tuple. Which type does the docstring name?",
        },
    ),
    mistake(
        id="exchanges_output_and_states",
        old="""states.append(h)
        out = dropped(h)""",
        new="""states.append(h)
        out = dropped(h)
    out, states = states, out""",
        says="The list of the states comes first and the output second. In which order does the docstring give them?",
    ),
]
