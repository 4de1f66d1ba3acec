# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 2: backpropagation through time and the vanishing gradient
#
# *You carry the derivative of a loss backwards through time, measure how it fades on the way, and train a network with
# it.*
#
# The chapter follows the middle of the lecture. It begins with the lecture's own derivation, the chain rule for
# $\mathbf{W}$ (1), and with a tool that checks any derivation (2). Then you write backpropagation through time by hand
# and see PyTorch arrive at the same numbers (3, 4). The factor that the lecture puts in a box gets its own section (5),
# in which a claim of the slides is put to the test. What follows from the box: the picture of the vanishing gradient
# (6), what singular values can say about it and what they cannot (7), a single unit that tries to keep one bit (8), and
# what is lost when one goes back only a few steps (9). At the end your own gradients train a network that writes
# letters (10).
#
# **How to work.** As in assignment 1: write the function under its card, run its cell, run the `check(...)` below it;
# help is folded away under the symptom that it cures. The forward pass of assignment 1 is given here, so nothing
# depends on your solution of it. Eleven exercises are for you to write and two questions to answer in words.
#
# **Predict, then measure.** Six experiments ask for a prediction first: write it in place of `None`. Several of the
# measurements will contradict a sentence that sounds right, one or two of them perhaps a sentence of yours.

# %% [markdown] include="NOTATION.md"

# %%
import numpy as np
import sympy

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    plt.rcParams.update({"figure.dpi": 110, "figure.constrained_layout.use": True, "font.size": 9})
    plt.rcParams.update({"axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False})
    plt.rcParams.update({"legend.frameon": False})
    BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#767676"

# %% [markdown]
# ## 1. The chain rule, written out
#
# *W acts on a state directly, and through every state before it.*
#
# Take the smallest recurrent network there is: one unit, no bias. The lecture calls its states $s_t$:
#
# $$s_t = \tanh(W s_{t-1} + U x_t).$$
#
# Three inputs have been read, and we want to know how the last state changes with $W$. Write all of it out:
#
# $$s_2 = \tanh\big(W\, \underbrace{\tanh(W\, \underbrace{\tanh(W s_{-1} + U x_0)}_{s_0} + U x_1)}_{s_1} + U x_2\big).$$
#
# $W$ stands there three times. So two derivatives must be told apart. The **total** derivative $ds_2/dW$ asks what
# happens when every $W$ in this line is moved. The **immediate** partial derivative $\partial s_2/\partial W$ asks what
# happens when only the outermost $W$ is moved, the one in $s_2 = \tanh(W s_1 + U x_2)$, while $s_1$ is held fixed as if
# it were a given number. The chain rule joins them. A state depends on $W$ at first hand, and through the state before
# it:
#
# $$\frac{ds_2}{dW} = \frac{\partial s_2}{\partial W} + \frac{\partial s_2}{\partial s_1} \frac{ds_1}{dW},
# \qquad \frac{ds_1}{dW} = \frac{\partial s_1}{\partial W} + \frac{\partial s_1}{\partial s_0} \frac{ds_0}{dW},
# \qquad \frac{ds_0}{dW} = \frac{\partial s_0}{\partial W} .$$
#
# (There it ends, for $s_{-1}$ was there before $W$ was first used. In code it is `h0`.) Put the third into the second
# and the second into the first, and multiply out:
#
# $$\frac{ds_2}{dW} = \frac{\partial s_2}{\partial W}
# + \frac{\partial s_2}{\partial s_1} \frac{\partial s_1}{\partial W}
# + \underbrace{\frac{\partial s_2}{\partial s_1} \frac{\partial s_1}{\partial s_0}}_{\partial s_2 / \partial s_0}
# \frac{\partial s_0}{\partial W} .$$
#
# These are the three lines of the slide: the **direct** term, the one **through $s_1$**, the one **through $s_0$**.
# (On the slide, and from here on, $\partial s_2/\partial s_0$ means: along the states, that is through $s_1$, with $W$
# held fixed.)
#
# Each of the three is now a formula that you can write down. Do it with SymPy, a library that computes with symbols
# instead of numbers. Keep $s_{-1}$ as a symbol of its own. Programs often start from the state zero; then one of the
# three terms is zero too, and nobody would notice if it were missing. Which one?


# %% exercise="chain_rule_terms" points=8 difficulty=3 minutes=50
def chain_rule_terms(W, U, x, s_before):
    r"""The three terms of $ds_2/dW$ for a network of one unit: $s_t = \tanh(W s_{t-1} + U x_t)$.

    $\frac{ds_2}{dW} = \frac{\partial s_2}{\partial W} + \frac{\partial s_2}{\partial s_1} \frac{\partial s_1}{\partial
    W} + \frac{\partial s_2}{\partial s_0} \frac{\partial s_0}{\partial W}$, where $\partial s_t / \partial W$ on the
    right holds $s_{t-1}$ fixed: the immediate partial derivative.
    W, U: SymPy symbols. x: tuple of three SymPy symbols, x_0, x_1, x_2. s_before: the SymPy symbol s_{-1}, not zero.
    Returns the tuple (direct, via_s1, via_s0) of SymPy expressions in these six symbols; any equivalent form will do,
    and none need be simplified (sympy.simplify would take half a minute).
    Lecture: "Let's try it out for W with the chain rule".
    """
    ### BEGIN SOLUTION
    s0 = sympy.tanh(W * s_before + U * x[0])
    s1 = sympy.tanh(W * s0 + U * x[1])
    s2 = sympy.tanh(W * s1 + U * x[2])
    d0, d1, d2 = 1 - s0**2, 1 - s1**2, 1 - s2**2  # tanh' at each of the three arguments
    p0, p1, p2 = d0 * s_before, d1 * s0, d2 * s1  # the immediate partial derivative of each state
    direct, via_s1, via_s0 = p2, d2 * W * p1, d2 * W * d1 * W * p0  # ds_2/ds_1 = d2 W, ds_1/ds_0 = d1 W
    ### END SOLUTION
    return direct, via_s1, via_s0


# %% [markdown]
# <details><summary>I do not see why there are three terms</summary>
#
# In the long line above call the three W's, from the outside to the inside, $W_2$, $W_1$ and $W_0$, as if they were
# three different numbers. Differentiate with respect to one of them at a time. What do you get if all three change
# together?
# </details>
#
# <details><summary>sympy.diff(s2, W) gives everything at once</summary>
#
# It moves every W: that is the total derivative. To hold $s_1$ fixed, make it a symbol while you differentiate, and put
# the expression back afterwards (`.subs`). Or differentiate by hand: the derivative of $\tanh(a)$ is
# $1 - \tanh(a)^2$.
# </details>
#
# <details><summary>The sum is right, the single terms are not</summary>
#
# Then something of one term stands in another. Which of your terms still contain a derivative that moves more than one
# W?
# </details>
#
# <details><summary>The direct term is right, the others are close but wrong</summary>
#
# Every factor has a slope of the tanh in it, and each slope is taken at the argument of *its own* step. Which argument
# belongs to $\partial s_1/\partial W$?
# </details>

# %% [markdown]
# SymPy can differentiate the long line as a whole, but it does not tell the terms apart. Do yours add up to its
# derivative? And how large is each of them?

# %%
if __name__ == "__main__":
    W, U, s_before, *x = sympy.symbols("W U s_before x_0 x_1 x_2")
    s = s_before
    for x_t in x:
        s = sympy.tanh(W * s + U * x_t)
    terms = chain_rule_terms(W, U, tuple(x), s_before)
    expressions = [*terms, sum(terms), sympy.diff(s, W)]
    print(f"{'W':>4} {'direct':>10} {'via s_1':>10} {'via s_0':>10} {'sum':>10} {'SymPy':>10}")
    for value in (0.25, 0.5, 1, 2):
        numbers = {W: value, U: 1, s_before: 0.5, x[0]: 0.3, x[1]: 0.1, x[2]: -0.2}
        print(f"{value:>4}", *(f"{float(expression.subs(numbers)):>10.6f}" for expression in expressions))

# %% [markdown]
# The sums agree. At $W = 0.25$ the terms are 0.193, 0.094 and 0.025: each step back costs at least half. One would
# expect a large $W$ to mend that; but at $W = 2$ they are 0.119, 0.021 and 0.006, smaller and falling faster, since the
# states run into the flat part of the tanh and the slopes become small. Three steps already show what the rest of this
# assignment is about.
#
# Nothing in the argument was special to three inputs. For the loss $J_n$ at step $n$, computed from an output $y_n$,
#
# $$\frac{\partial J_n}{\partial W} = \sum_{k=0}^{n} \frac{\partial J_n}{\partial y_n} \frac{\partial y_n}{\partial s_n}
# \boxed{\frac{\partial s_n}{\partial s_k}} \frac{\partial s_k}{\partial W},
# \qquad\qquad
# \boxed{\frac{\partial s_n}{\partial s_k}} = \frac{\partial s_n}{\partial s_{n-1}} \frac{\partial s_{n-1}}{\partial
# s_{n-2}} \cdots \frac{\partial s_{k+1}}{\partial s_k} .$$
#
# (On the left the lecture writes $\partial$ for what is a total derivative; everywhere in this assignment
# $\partial J/\partial W$ of a *loss* is the total one, the gradient that training needs.)
#
# One term for each step at which $W$ was used; in each the immediate derivative $\partial s_k / \partial W$, carried to
# the end by the factor in the box, a product of $n - k$ factors (none for $k = n$: the box is 1). "As the gap between
# timesteps gets bigger, this product gets longer and longer." Sections 5 to 8 look into the box. First we compute the
# sum.

# %% [markdown]
# ## 2. A gradient without calculus
#
# *Move one number a little, see how the loss moves: slow, but hard to get wrong.*
#
# You are about to differentiate by hand, and hands err. It helps to have a second opinion that knows no chain rule. By
# Taylor's formula $L(X + \epsilon) - L(X - \epsilon) = 2 \epsilon L'(X) + \frac{\epsilon^3}{3} L'''(X) + \dots$, so the
# **central difference**
#
# $$\frac{\partial L}{\partial X_i} \approx \frac{L(X_i + \epsilon) - L(X_i - \epsilon)}{2 \epsilon}$$
#
# is wrong only in proportion to $\epsilon^2$. (The one-sided difference $(L(X + \epsilon) - L(X))/\epsilon$ is wrong in
# proportion to $\epsilon$.) Write it for any function and any of its arguments: it will check the rest of this
# assignment.


# %% exercise="numerical_gradient" points=6 difficulty=2 minutes=30
def numerical_gradient(loss, args, which, step=1e-5):
    r"""The gradient of a loss with respect to any of its arguments, by central differences.

    $\frac{\partial L}{\partial X_i} \approx \frac{L(X_i + \epsilon) - L(X_i - \epsilon)}{2 \epsilon}$, one entry $X_i$
    at a time, all others as they are.
    loss: a function of len(args) arguments that returns a number. args: tuple of its arguments; those that are not
    asked for may be anything. which: the position in args of the float64 array X, of any shape. step: epsilon.
    Returns an array of X's shape, float64. Afterwards every array of args holds what it held before.
    """
    ### BEGIN SOLUTION
    X = args[which]
    gradient = np.empty(X.shape)
    for i in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
        ahead[i] += step
        behind[i] -= step
        difference = loss(*args[:which], ahead, *args[which + 1 :]) - loss(*args[:which], behind, *args[which + 1 :])
        gradient[i] = difference / (2 * step)
    ### END SOLUTION
    return gradient


# %% [markdown]
# <details><summary>"the argument was changed"</summary>
#
# If you add to an entry of the array that was given to you, you must take exactly the same away again, and
# $(x + \epsilon) - \epsilon$ need not be $x$. Is there a way never to write into it at all?
# </details>
#
# <details><summary>All entries of the result are equal, or too large</summary>
#
# Only one entry may differ from X at a time. What does the second entry see of what you did to the first?
# </details>
#
# <details><summary>It works for matrices, not for arrays of three axes</summary>
#
# `np.ndindex(X.shape)` runs over all indices, however many axes there are; each is a tuple, and `X[i]` takes it.
# </details>

# %% [markdown]
# **Which step?** A smaller $\epsilon$ means a smaller error, until it does not: the two losses agree in more and more
# digits, and float64 has only sixteen. Write down which of the steps $10^{-1}, 10^{-2}, \dots, 10^{-12}$ will come
# closest, and how close. The test object is section 1's $ds_2/dW$.

# %%
if __name__ == "__main__":
    predicted_best_step, predicted_smallest_error = None, None

# %%
if __name__ == "__main__":

    def last_state(W):
        """s_2 of the unit with U = 1 from s_{-1} = 0.5; W is an array of one number."""
        s = 0.5
        for x_t in (0.3, 0.1, -0.2):
            s = np.tanh(W[0] * s + x_t)
        return s

    numbers = {W: 1.5, U: 1, s_before: 0.5, x[0]: 0.3, x[1]: 0.1, x[2]: -0.2}
    exact = float(sum(terms).subs(numbers))
    without = float((terms[0] + terms[1]).subs(numbers))  # the sum as it is when the last term is forgotten
    steps = 10.0 ** -np.arange(1, 13)
    errors = [abs(numerical_gradient(last_state, (np.array([1.5]),), 0, step)[0] - exact) / exact for step in steps]

    figure, axis = plt.subplots(figsize=(5.6, 3.2))
    axis.loglog(steps, errors, "o-", color=BLUE, label="numerical gradient")
    axis.axhline(abs(without - exact) / exact, color=ORANGE, linestyle="--", label="chain rule without the third term")
    axis.set(xlabel="step ε", ylabel="relative error", title="How wrong is a central difference?")
    axis.legend(loc="center left", bbox_to_anchor=(0.0, 0.78))
    plt.show()
    best = int(np.argmin(errors))
    print(f"best step {steps[best]:.0e} (predicted: {predicted_best_step})", end=", ")
    print(f"relative error {errors[best]:.0e} (predicted: {predicted_smallest_error})")

# %% [markdown]
# From right to left the error first falls with $\epsilon^2$, two digits for each digit of the step, and then rises
# about as $1/\epsilon$: rounding takes over. The best step, near $10^{-5}$, leaves ten right digits: enough to see any
# real mistake, such as the dashed line. It is not enough to expect equality, so compare with a tolerance; and do not
# ask for a smaller step in the hope of more digits.
#
# Why not train with it? Each number of a gradient costs two evaluations of the loss. The network of section 10 has
# 16,934 parameters, so one update would cost 33,868 forward passes. Backpropagation costs about as much as two or
# three, whatever the number of parameters.

# %% [markdown]
# ## 3. Backwards through one step, and through all
#
# *A state hears of the loss from two sides: from its own output and from the state that comes after it.*
#
# Here is assignment 1's network once more, N sequences at once.


# %%
def rnn_step_forward(x, h_prev, U, W, b):
    """One step of assignment 1's network: h (N, H) = tanh(W h_prev + U x + b), and the cache (x, h_prev, U, W, h)."""
    h = np.tanh(x @ U.T + h_prev @ W.T + b)  # (N, H)
    return h, (x, h_prev, U, W, h)


def rnn_forward(x, U, W, b, h0=None):
    """All states of assignment 1's network: h (N, T, H) for x (N, T, D), and the cache (x, h0, U, W, h)."""
    N, T, _ = x.shape
    if h0 is None:
        h0 = np.zeros((N, len(b)), dtype=x.dtype)
    h = np.empty((N, T, len(b)), dtype=x.dtype)
    h_prev = h0
    for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)
        h[:, t] = h_prev
    return h, (x, h0, U, W, h)


# %% [markdown]
# **One step.** Suppose that somebody tells us `dh` $= \partial L / \partial \mathbf{h}$, how the loss changes with each
# number of the state after the step. What do we tell those who made the step? Name the value inside the tanh, for one
# sequence,
#
# $$a_i = \sum_j W_{ij}\, h^{\text{prev}}_j + \sum_j U_{ij}\, x_j + b_i, \qquad h_i = \tanh(a_i),$$
#
# and read the immediate derivatives off it:
#
# $$\frac{\partial h_i}{\partial a_i} = 1 - \tanh(a_i)^2 = 1 - h_i^2, \qquad
# \frac{\partial a_i}{\partial W_{ij}} = h^{\text{prev}}_j, \quad
# \frac{\partial a_i}{\partial U_{ij}} = x_j, \quad
# \frac{\partial a_i}{\partial b_i} = 1, \quad
# \frac{\partial a_i}{\partial h^{\text{prev}}_j} = W_{ij}, \quad
# \frac{\partial a_i}{\partial x_j} = U_{ij} .$$
#
# The rest is the chain rule: whatever reaches the loss by several ways gets the sum over them. An entry $W_{ij}$
# touches one $a_i$ only, but in each of the N sequences; a previous state's $h^{\text{prev}}_j$ touches one sequence
# only, but all H of its $a_i$.


# %% exercise="rnn_step_backward" points=10 difficulty=3 minutes=45
def rnn_step_backward(dh, cache):
    r"""Backwards through one step $h = \tanh(a)$, $a = W h_{prev} + U x + b$: from $\partial L/\partial h$ to all else.

    $\tanh'(a) = 1 - h^2$.
    dh: (N, H), the gradient of the loss with respect to h. cache: (x, h_prev, U, W, h), as rnn_step_forward returns it,
    with x (N, D), h_prev (N, H), U (H, D), W (H, H), h (N, H).
    Returns dx (N, D), dh_prev (N, H), dU (H, D), dW (H, H), db (H,): float64; dU, dW, db are sums over the batch.
    Lecture: "Backprop through time"; Rumelhart, Hinton and Williams 1986.
    """
    x, h_prev, U, W, h = cache
    ### BEGIN SOLUTION
    da = dh * (1 - h**2)  # (N, H): dh/da = 1 - tanh(a)^2
    dx = da @ U  # (N, D): da/dx = U
    dh_prev = da @ W  # (N, H): da/dh_prev = W
    dU = da.T @ x  # (H, D): da_i/dU_ij = x_j, summed over the batch
    dW = da.T @ h_prev  # (H, H): da_i/dW_ij = h_prev_j
    db = da.sum(axis=0)  # (H,): da/db = 1
    ### END SOLUTION
    return dx, dh_prev, dU, dW, db


# %% [markdown]
# <details><summary>Which matrix, which side, transposed or not?</summary>
#
# Write the shapes down. `dh_prev` is (N, H) and sums over $i$, the *first* index of $W_{ij}$; the forward pass summed
# over the second. `dU` is (H, D) and sums over the batch: which of its two factors must be transposed so that the N's
# meet?
# </details>
#
# <details><summary>dx and dU are right, dh_prev and dW have the right shape and wrong values</summary>
#
# W is square, and so is dW: a transposition too many or too few raises no error. Test with H = 2 and a W whose entries
# are 1, 2, 3, 4, on paper.
# </details>
#
# <details><summary>Everything is too small, or right only for small states</summary>
#
# The slope at $a$ is $1 - \tanh(a)^2$. What is in the cache, $a$ or $\tanh(a)$? And how many times is the tanh passed?
# </details>
#
# <details><summary>Right for N = 1, wrong for N = 3</summary>
#
# The parameters are shared by all sequences of the batch: their gradients are sums over it, not means, and `db` has
# shape (H,). The gradients of x and h_prev belong to one sequence each: no sum there.
# </details>

# %% [markdown]
# **The whole sequence.** Unrolled in time, each state has two arrows that leave it, to its own output and to the next
# state. Backwards, each arrow brings a gradient:
#
# $$\begin{array}{ccccccccc}
# & & \textstyle\frac{\partial L}{\partial \mathbf{h}_{t-1}} & & \textstyle\frac{\partial L}{\partial \mathbf{h}_t} & &
# \textstyle\frac{\partial L}{\partial \mathbf{h}_{t+1}} \\
# & & \downarrow & & \downarrow & & \downarrow \\
# \cdots & \longleftarrow & \mathbf{h}_{t-1} & \longleftarrow & \mathbf{h}_t & \longleftarrow & \mathbf{h}_{t+1} &
# \longleftarrow & \cdots
# \end{array}$$
#
# $$\underbrace{\frac{dL}{d\mathbf{h}_t}}_{\text{in all}}
# = \underbrace{\frac{\partial L}{\partial \mathbf{h}_t}}_{\text{from its own output}} +
# \underbrace{\frac{dL}{d\mathbf{h}_{t+1}} \frac{\partial \mathbf{h}_{t+1}}{\partial
# \mathbf{h}_t}}_{\text{from its future}}$$
#
# The second summand is what `rnn_step_backward` returns as `dh_prev`, one step later in time and one round earlier in
# your loop. And the same $\mathbf{W}$ was used at every step, so its gradient is the sum of what the steps say, the
# lecture's "parameter sharing → sum gradients":
#
# $$\frac{\partial L}{\partial \mathbf{W}} = \sum_{t} \frac{dL}{d\mathbf{h}_t} \frac{\partial \mathbf{h}_t}{\partial
# \mathbf{W}} .$$
#
# Do not confuse it with the other sum of the lecture, $\frac{\partial J}{\partial \mathbf{W}} = \sum_t \frac{\partial
# \mathcal{L}(\hat{\mathbf{y}}_t, \mathbf{y}_t)}{\partial \mathbf{W}}$, over the *losses* of the steps, each of which
# contains section 1's sum over $k$, with a long product in each term. One pass from right to left computes both sums at
# once, T steps' worth of work instead of T²/2 products. That is **backpropagation through time**, BPTT.


# %% exercise="rnn_backward" points=12 difficulty=4 minutes=55
def rnn_backward(dh, cache, dh_last=None):
    r"""Backpropagation through time: the gradients of a loss with respect to all that made a sequence of states.

    $\frac{\partial L}{\partial W} = \sum_t \left.\frac{\partial L}{\partial W}\right|_t$, a sum over the steps that use
    W, and $\frac{dL}{dh_t} = \frac{\partial L}{\partial h_t} + \frac{dL}{dh_{t+1}} \frac{\partial h_{t+1}}{\partial
    h_t}$: what reaches a state from its own output and from its future.
    dh: (N, T, H), what reaches each state from the output of its own step, and nothing of what comes through later
    states. dh_last: (N, H), what reaches the last state besides, or None for nothing.
    cache: (x, h0, U, W, h), as rnn_forward returns it, with x (N, T, D), h0 (N, H), h (N, T, H).
    Returns dx (N, T, D), dU (H, D), dW (H, H), db (H,), dh0 (N, H): float64, in the order of rnn_forward's arguments;
    one pass over the T steps.
    Lecture: "Backprop through time" and "Parameter sharing -> sum gradients"; Werbos 1990.
    """
    x, h0, U, W, h = cache
    N, T, _ = x.shape
    ### BEGIN SOLUTION
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros(len(W))
    dh_future = np.zeros_like(h0) if dh_last is None else dh_last  # (N, H): what comes through later states
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t > 0 else h0
        step = (x[:, t], h_prev, U, W, h[:, t])
        dx[:, t], dh_future, dU_t, dW_t, db_t = rnn_step_backward(dh[:, t] + dh_future, step)
        dU += dU_t  # one U for all steps: its gradient is the sum of theirs
        dW += dW_t
        db += db_t
    dh0 = dh_future
    ### END SOLUTION
    return dx, dU, dW, db, dh0


# %% [markdown]
# <details><summary>The last step's dx is right, the earlier ones are too small</summary>
#
# What does $\mathbf{h}_{t}$ do besides producing its own output? If `dx[:, t]` depends on `dh[:, t]` alone, the future
# is missing.
# </details>
#
# <details><summary>dW is right for T = 1 only</summary>
#
# Which of the T steps does your dW speak of: of the last one your loop has visited, or of all? And is it a sum, or a
# mean?
# </details>
#
# <details><summary>dW is nearly right, and right if h0 equals the last state</summary>
#
# The state before step t is `h[:, t - 1]`, except once. What does NumPy give for `h[:, -1]`?
# </details>
#
# <details><summary>"dh was changed", or the second call gives another result than the first</summary>
#
# `dh_t = dh[:, t]` is a view: `dh_t += ...` writes into the array of the caller. Make a new array instead.
# </details>
#
# <details><summary>It fails only when dh_last is given, or only when it is None</summary>
#
# `dh_last` is what the last state hears from a future that you do not see. Where in your loop is there a variable for
# exactly that?
# </details>

# %% [markdown]
# **Against autograd.** PyTorch records the forward pass and runs the chain rule backwards by itself. It knows nothing
# of your code, so if both agree, either both are right or both are wrong in the same way, which is unlikely. The second
# part of the cell shows what a shared parameter means. Each step gets a **copy** $\mathbf{W}_t$ of $\mathbf{W}$, equal
# in value but a parameter of its own, so that PyTorch keeps T gradients apart.

# %%
if __name__ == "__main__":
    import torch

    rng = np.random.default_rng(0)
    N, T, D, H = 3, 5, 4, 6
    sizes = {"x": (N, T, D), "U": (H, D), "W": (H, H), "b": (H,), "h0": (N, H)}
    given = {name: rng.standard_normal(size) for name, size in sizes.items()}
    dh, dh_last = rng.standard_normal((N, T, H)), rng.standard_normal((N, H))
    h, cache = rnn_forward(**given)
    ours = dict(zip(sizes, rnn_backward(dh, cache, dh_last), strict=True))

    def loss_in_torch(p, W_of_step):
        """A loss whose gradient with respect to the states is dh, and dh_last besides for the last one."""
        state, loss = p["h0"], 0.0
        for t in range(T):
            state = torch.tanh(p["x"][:, t] @ p["U"].T + state @ W_of_step[t].T + p["b"])
            loss = loss + (state * torch.from_numpy(dh[:, t])).sum()
        return loss + (state * torch.from_numpy(dh_last)).sum()

    p = {name: torch.tensor(value, requires_grad=True) for name, value in given.items()}
    loss_in_torch(p, [p["W"]] * T).backward()
    for name, value in p.items():
        print(f"d{name:<3} largest difference from autograd: {abs(ours[name] - value.grad.numpy()).max():.0e}")

    copies = [torch.tensor(given["W"], requires_grad=True) for _ in range(T)]
    loss_in_torch(p, copies).backward()
    parts = np.array([copy.grad.numpy() for copy in copies])  # (T, H, H)
    norms = np.linalg.norm(parts, axis=(1, 2))
    print(f"\nsum over the copies, largest difference from our dW: {abs(parts.sum(0) - ours['W']).max():.0e}")
    print(f"norms of the copies' gradients: {norms.round(2)}; norm of their sum {np.linalg.norm(parts.sum(0)):.2f}")
    print(f"if all had pointed the same way: {norms.sum():.2f}; at right angles: {np.sqrt((norms**2).sum()):.2f}")

# %% [markdown] written="shared_gradient" points=10 minutes=20
# ### Why does a parameter that is used T times get a sum?
#
# (a) Derive it. Let $L(\mathbf{W}_0, \dots, \mathbf{W}_{T-1})$ be the loss of the network in which each step has a
# matrix of its own, as in the cell above, and let all of them be equal to $\mathbf{W}$. Why is $dL/d\mathbf{W}$ the sum
# of the $\partial L/\partial \mathbf{W}_t$?
#
# (b) A fellow student divides `dW` by T, "because an average is more sensible". What happens to a check with
# `numerical_gradient`, and what to training by gradient descent? When would the mean be the right answer?
#
# (c) In the output above compare the norm of the sum with the two numbers in the last line. What does that say about
# what the steps want, and what does sharing cost and buy here?
#
# ### BEGIN SOLUTION
# (a) Sharing means that $L$ is evaluated at $\mathbf{W}_0 = \mathbf{W}, \dots, \mathbf{W}_{T-1} = \mathbf{W}$. By the
# chain rule for several arguments $\frac{dL}{d\mathbf{W}} = \sum_t \frac{\partial L}{\partial \mathbf{W}_t}
# \frac{d\mathbf{W}_t}{d\mathbf{W}}$, and $\mathbf{W}_t = \mathbf{W}$ has derivative 1 (the identity). In words: move
# one entry by $\epsilon$ and it moves at every step at once; to first order each step changes the loss by $\epsilon$
# times its own derivative, and the changes add up.
#
# (b) The check fails by exactly the factor T: the loss really does change T times as fast. The direction of descent is
# the same, so with dW alone training would run as with a learning rate divided by T; but the other parameters, V for
# example, keep theirs, so the joint direction is no longer that of the gradient, and if T varies between batches the
# factor varies too. The mean is right when the *loss* is a mean over steps; but then the factor 1/T is in dh already
# and comes out by itself.
#
# (c) 14.75 is far below 28.65, which only parallel gradients would reach, and close to 13.72, that of gradients at
# right angles: by and large each step wants a change of its own, and neither supports nor opposes the others; in single
# entries they partly cancel. A shared matrix is a compromise: no step gets the matrix that would be best for it alone
# (the cost). What steps have in common adds up, while the rest grows only like a random sum; what is learnt so holds
# for steps and lengths never seen, and one matrix is learnt from T times as many examples (the gain).
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 4: the loss as a function of T arguments that are set equal (2); the chain rule with $d\mathbf{W}_t/d\mathbf{W}$
#   equal to 1, or the argument that an entry moves at all steps at once and first-order changes add (2). "Because the
#   gradients accumulate" restates the claim: 0 of the last 2.
# - (b) 3: the check fails, by the factor T (1); same direction for this parameter with another step size, or wrong in
#   proportion to the others (1); mean if the loss itself is a mean, or the remark that the factor then sits in dh (1).
# - (c) 3: the steps do not want the same change; that their gradients are nearly at right angles, or that they partly
#   cancel, is both accepted (1); a cost: a compromise, no step gets its own best matrix (1); a gain: more examples for
#   each parameter, or validity for other steps and lengths, or fewer parameters (1).
# ### END MARK SCHEME

# %% [markdown]
# ## 4. From the loss to the states
#
# *Where the gradient that goes back in time comes from.*
#
# The network reads $x_0, x_1, \dots$ and is to name the right one of K classes at every step. The loss is the mean
# cross-entropy of the softmax, over all N sequences and T steps. The forward pass is given; the logarithm is taken in
# one go with the softmax, so that no probability is rounded to zero first.


# %%
def sequence_loss(h, V, c_out, targets):
    """The mean cross-entropy of softmax(V h_t + c_out) over all N * T steps, and the cache (h, V, y, targets).

    h: (N, T, H). V: (K, H). c_out: (K,). targets: (N, T) integers in 0..K-1. y: (N, T, K), the probabilities.
    """
    logits = h @ V.T + c_out  # (N, T, K)
    logits = logits - logits.max(axis=-1, keepdims=True)
    log_y = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    loss = -float(np.take_along_axis(log_y, targets[..., None], axis=-1).mean())
    return loss, (h, V, np.exp(log_y), targets)


# %% [markdown]
# For one sequence and one step, with logits $\mathbf{z} = \mathbf{V}\mathbf{h}_t + \mathbf{c}$ and the right class $r$,
#
# $$-\log y_r = -z_r + \log \sum_m e^{z_m} .$$
#
# Differentiate both summands with respect to $z_k$; the second one is an old acquaintance. The result is so short that
# it is worth memorising. From the logits it is one linear map back to $\mathbf{V}$, $\mathbf{c}$ and the states, as in
# section 3.


# %% exercise="sequence_loss_backward" points=8 difficulty=3 minutes=40
def sequence_loss_backward(cache):
    r"""Backwards through the mean cross-entropy: from the loss to the states and to the output's weights.

    $L = -\frac{1}{NT} \sum_{n,t} \log y_{n,t,\text{targets}_{n,t}}$ with $y_t = \mathrm{softmax}(V h_t + c)$.

    cache: (h, V, y, targets), as sequence_loss returns it, with h (N, T, H), V (K, H), y (N, T, K) the probabilities,
    targets (N, T) integers in 0..K-1.
    Returns dh (N, T, H), dV (K, H), dc_out (K,): float64.
    Lecture: "Backprop through time".
    """
    h, V, y, targets = cache
    ### BEGIN SOLUTION
    one_hot = np.eye(len(V))[targets]  # (N, T, K)
    dlogits = (y - one_hot) / targets.size  # (N, T, K): of softmax and logarithm together, and of the mean
    dh = dlogits @ V  # (N, T, H): dlogits/dh = V
    dV = np.einsum("ntk,nth->kh", dlogits, h)  # (K, H): dlogits_k/dV_kh = h_h, summed over batch and time
    dc_out = dlogits.sum(axis=(0, 1))  # (K,): dlogits/dc_out = 1
    ### END SOLUTION
    return dh, dV, dc_out


# %% [markdown]
# <details><summary>The derivative of the logarithm of a sum of exponentials</summary>
#
# $\frac{\partial}{\partial z_k} \log \sum_m e^{z_m}$: outer derivative one over the sum, inner derivative $e^{z_k}$.
# Have you met this fraction before? It is in the cache.
# </details>
#
# <details><summary>Right for N = T = 1, too large otherwise</summary>
#
# The loss is a mean over N times T numbers. Each of them therefore counts only so much.
# </details>
#
# <details><summary>"y was changed", or the second call gives another result</summary>
#
# Subtracting 1 in place from the probabilities writes into the cache. Copy first.
# </details>
#
# <details><summary>dV: two axes must go at once</summary>
#
# dV sums over sequences and steps. Flatten both (N, T, ·) arrays to (N·T, ·) and it is an ordinary product, or name the
# axes with `np.einsum`.
# </details>

# %% [markdown]
# **All of it together.** States forward, loss, loss backward, states backward: the gradient of a whole network, with a
# loss at every step. Compared with central differences, which know nothing of all this, and with autograd.

# %%
if __name__ == "__main__":
    K = 7
    targets = rng.integers(K, size=(N, T))
    values = (*given.values(), rng.standard_normal((K, H)), rng.standard_normal(K))  # x, U, W, b, h0, V, c_out

    def network_loss(x, U, W, b, h0, V, c_out):
        """The loss of the whole network as a function of all its arguments."""
        h, _ = rnn_forward(x, U, W, b, h0)
        return sequence_loss(h, V, c_out, targets)[0]

    x, U, W, b, h0, V, c_out = values
    h, cache = rnn_forward(x, U, W, b, h0)
    loss, loss_cache = sequence_loss(h, V, c_out, targets)
    dh, dV, dc_out = sequence_loss_backward(loss_cache)
    ours = (*rnn_backward(dh, cache), dV, dc_out)

    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    state, states = tensors[4], []
    for t in range(T):
        state = torch.tanh(tensors[0][:, t] @ tensors[1].T + state @ tensors[2].T + tensors[3])
        states.append(state)
    logits = torch.stack(states, dim=1) @ tensors[5].T + tensors[6]
    torch.nn.functional.cross_entropy(logits.reshape(N * T, K), torch.from_numpy(targets).reshape(-1)).backward()

    print(f"{'':>8} {'central differences':>20} {'autograd':>10}   (largest difference from ours)")
    for i, name in enumerate(("dx", "dU", "dW", "db", "dh0", "dV", "dc_out")):
        numerical = abs(ours[i] - numerical_gradient(network_loss, values, i)).max()
        print(f"{name:>8} {numerical:>20.0e} {abs(ours[i] - tensors[i].grad.numpy()).max():>10.0e}")

# %% [markdown]
# Central differences agree to nine or ten digits after the point, as section 2 promised; autograd to the last ones that
# float64 has. From here on the gradient is yours.

# %% [markdown]
# ## 5. What is in the box
#
# *The box is a product of Jacobians, each a diagonal of slopes times W.*
#
# For a state of H numbers, $\partial \mathbf{h}_t / \partial \mathbf{h}_{t-1}$ is a table of H by H derivatives, a
# **Jacobian**. Read it off section 3, now for any nonlinearity $f$ in $h_{t,i} = f(a_{t,i})$:
#
# $$J_{ij} = \frac{\partial h_{t,i}}{\partial h_{t-1,j}} = f'(a_{t,i})\, W_{ij},
# \qquad\text{that is}\qquad
# \frac{\partial \mathbf{h}_t}{\partial \mathbf{h}_{t-1}} = \mathrm{diag}\big(f'(\mathbf{a}_t)\big)\, \mathbf{W} .$$
#
# The same product carries the influence of an input. The lecture begins its chapter on training with
#
# $$\frac{\partial \mathbf{x}_{\text{out}}[t]}{\partial \mathbf{x}_{\text{in}}[0]} = \frac{\partial
# \mathbf{x}_{\text{out}}[t]}{\partial \mathbf{h}_T} \frac{\partial \mathbf{h}_T}{\partial \mathbf{h}_{T-1}} \cdots
# \frac{\partial \mathbf{h}_1}{\partial \mathbf{h}_0} \frac{\partial \mathbf{h}_0}{\partial \mathbf{x}_{\text{in}}[0]}
# \qquad (t = T),$$
#
# so a product that vanishes makes late errors deaf to early steps, *and* late outputs deaf to early inputs: "old
# observations are forgotten".
#
# **Two layouts.** The slide says $\frac{\partial s_n}{\partial s_{n-1}} = W^\top \mathrm{diag}[f'(\cdot)]$. That is the
# transpose of ours, and neither is wrong. Whether the row or the column of the table belongs to the numerator is a
# convention. We put the numerator into the rows (**numerator layout**); the slide's formula puts it into the columns
# (denominator layout). What one may not do is mix them: transposing a product reverses it,
#
# $$\Big(\frac{\partial \mathbf{h}_2}{\partial \mathbf{h}_1} \frac{\partial \mathbf{h}_1}{\partial
# \mathbf{h}_0}\Big)^{\!\top} = \Big(\frac{\partial \mathbf{h}_1}{\partial \mathbf{h}_0}\Big)^{\!\top}
# \Big(\frac{\partial \mathbf{h}_2}{\partial \mathbf{h}_1}\Big)^{\!\top} ,$$
#
# so in the slide's layout the chain on the slide is to be multiplied in reverse. In ours it reads from left to right as
# it stands. For the argument that follows it makes no difference, since a matrix and its transpose have the same
# singular values. For code it does.


# %% exercise="state_jacobian" points=6 difficulty=3 minutes=30
def state_jacobian(a, W, nonlinearity="tanh"):
    r"""The Jacobian of one step: $\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(f'(a_t))\, W$.

    $h_t = f(a_t)$ with $a_t = W h_{t-1} + U x_t + b$.
    a: (N, H), the values inside of f. W: (H, H). nonlinearity: "tanh", or "sigmoid" for $f(a) = 1 / (1 + e^{-a})$.
    Returns J: (N, H, H) float64, $J_{n,i,j} = \partial h_{n,i} / \partial h^{prev}_{n,j}$ (numerator layout); finite,
    however large a is.
    Lecture: "Vanishing Gradient Problem", where $W^T \mathrm{diag}[f'(\cdot)]$ is the other layout.
    """
    ### BEGIN SOLUTION
    if nonlinearity == "tanh":
        df = 1 - np.tanh(a) ** 2  # (N, H)
    else:
        y = (1 + np.tanh(a / 2)) / 2  # the sigmoid, without overflow
        df = y * (1 - y)
    J = df[:, :, None] * W  # (N, H, H): row i of W times f'(a_i)
    ### END SOLUTION
    return J


# %% [markdown]
# <details><summary>Is it the row or the column that gets the slope?</summary>
#
# $f'(a_i)$ belongs to $h_i$, and $h_i$ is the row. Which new axis must `(N, H)` get, so that it multiplies all of row
# $i$?
# </details>
#
# <details><summary>Right for tanh, wrong for the sigmoid</summary>
#
# Write $f = 1/(1 + e^{-a})$, differentiate, and express the result in $f$ itself. At $a = 0$ the slope is 1/4.
# </details>
#
# <details><summary>NaN or a warning for large a</summary>
#
# $e^{1000}$ is infinite. The sigmoid is a tanh in disguise: $\frac{1}{1 + e^{-a}} = \frac{1}{2}\big(1 + \tanh
# \frac{a}{2}\big)$, and `np.tanh` never overflows.
# </details>

# %% [markdown]
# Now the products. For one $n$, the last step, all boxes $\partial \mathbf{h}_n / \partial \mathbf{h}_k$ are asked, for
# $k = n, n-1, \dots, 0$. Each contains the one before it, so no product of two matrices need be computed twice.


# %% exercise="jacobian_product" points=6 difficulty=3 minutes=25
def jacobian_product(J):
    r"""The boxed factor of the lecture for every k at once, with $n = T - 1$ the last step.

    $\frac{\partial h_n}{\partial h_k} = \frac{\partial h_n}{\partial h_{n-1}} \cdots \frac{\partial h_{k+1}}{\partial
    h_k}$.
    J: (N, T, H, H), J[:, t] $= \partial h_t / \partial h_{t-1}$ in numerator layout; J[:, 0] leads to h0 and is in none
    of the products.
    Returns P: (N, T, H, H) float64, P[:, k] $= \partial h_{T-1} / \partial h_k$, so that P[:, T-1] is the identity.
    At most T products of (H, H) matrices for each sequence, not of the order of T^2.
    Lecture: "Vanishing Gradient Problem".
    """
    ### BEGIN SOLUTION
    N, T, H, _ = J.shape
    P = np.empty_like(J)
    P[:, T - 1] = np.eye(H)
    for k in reversed(range(T - 1)):
        P[:, k] = P[:, k + 1] @ J[:, k + 1]  # dh_n/dh_k = dh_n/dh_{k+1} dh_{k+1}/dh_k
    ### END SOLUTION
    return P


# %% [markdown]
# <details><summary>Right for T = 2, wrong for T = 3</summary>
#
# With two factors the order first matters. Is the newest factor of $\partial \mathbf{h}_n/\partial \mathbf{h}_k$, the
# one that is not yet in $\partial \mathbf{h}_n/\partial \mathbf{h}_{k+1}$, the leftmost or the rightmost of the chain?
# </details>
#
# <details><summary>Everything is shifted by one step</summary>
#
# `J[:, t]` leads from $\mathbf{h}_{t-1}$ to $\mathbf{h}_t$. The last step that leaves $\mathbf{h}_k$ is therefore
# `J[:, k + 1]`, and `J[:, 0]` is used nowhere. What is $\partial \mathbf{h}_n / \partial \mathbf{h}_n$?
# </details>

# %% [markdown]
# **The two layouts, in numbers**, for two units and a $\mathbf{W}$ that is not symmetric. The judge is your
# `numerical_gradient`: it moves the entries of $\mathbf{h}_0$ and looks at $\mathbf{h}_2$.

# %%
if __name__ == "__main__":
    W2, drive = np.array([[0.5, 1.0], [-1.0, 0.25]]), np.array([[[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]]])  # (1, T, H)
    U2, b2, start = np.eye(2), np.zeros(2), np.array([[0.2, -0.4]])
    h, _ = rnn_forward(drive, U2, W2, b2, start)
    a = np.arctanh(h[0])  # (T, H): the values inside of the tanh
    J = state_jacobian(a, W2)  # (T, H, H): the T steps stand where a batch would stand
    box = jacobian_product(J[None])[0, 0]  # dh_2/dh_0

    def unit_of_last_state(h_0, i):
        """Unit i of h_2, when the network goes on from h_0."""
        return rnn_forward(drive[:, 1:], U2, W2, b2, h_0)[0][0, -1, i]

    by_differences = [numerical_gradient(unit_of_last_state, (h[:, 0], i), 0)[0] for i in range(2)]
    slide = [W2.T @ np.diag(1 - h[0, t] ** 2) for t in range(3)]  # the slide's layout, the transposes of J
    for name, matrix in {
        "numerical, row i: unit i of h_2": np.array(by_differences),
        "ours, J_2 J_1": box,
        "the slide's layout, reversed: J_1ᵀ J_2ᵀ": slide[1] @ slide[2],
        "the slide's layout, not reversed: J_2ᵀ J_1ᵀ": slide[2] @ slide[1],
    }.items():
        print(f"{name:<45}", matrix.round(4).tolist())

# %% [markdown]
# The third is the transpose of the second, the same table in the other layout. The fourth is no derivative of anything.

# %% [markdown]
# ### Experiment 1: "W = sampled from standard normal distribution = mostly < 1"
#
# The slide asks what these factors are, and gives two reasons why the product shrinks. $W$, sampled from a standard
# normal distribution, is "mostly < 1"; and $f$ is a tanh or a sigmoid, so $f' < 1$. "We're multiplying a lot of small
# numbers together."
#
# Put it to the test with the real product. H units, $\mathbf{U}$ and $\mathbf{W}$ standard normal, no bias, 32 inputs
# drawn from the standard normal distribution at each step. How large is $\sigma_{\max}(\mathbf{W})$, its largest
# singular value, that is the factor by which it stretches the vector that it stretches most? And by what factor a step
# does $\lVert \partial \mathbf{h}_n / \partial \mathbf{h}_k \rVert$ change when the gap $n - k$ grows? Below 1 it
# vanishes, above 1 it explodes.

# %%
if __name__ == "__main__":
    predicted_sigma_max = {16: None, 256: None}
    predicted_growth = {("tanh", 16): None, ("tanh", 256): None, ("sigmoid", 16): None, ("sigmoid", 256): None}

# %%
if __name__ == "__main__":

    def norm(matrices):
        """The spectral norm, the largest singular value, of each matrix."""
        return np.linalg.norm(matrices, 2, axis=(-2, -1))

    def measure(U, W, nonlinearity, rng, T=51):
        """By what factor a step the norm of dh_n/dh_k grows from gap 10 to gap 50, and the guess for it."""
        a, h = np.empty((T, len(W))), np.zeros(len(W))
        for t in range(T):
            a[t] = W @ h + U @ rng.standard_normal(U.shape[1])
            h = np.tanh(a[t]) if nonlinearity == "tanh" else 1 / (1 + np.exp(-a[t]))
        P = jacobian_product(state_jacobian(a, W, nonlinearity)[None])[0]  # (T, H, H), P[k] = dh_50/dh_k
        slopes = state_jacobian(a, np.eye(len(W)), nonlinearity).diagonal(axis1=1, axis2=2)
        return (norm(P[0]) / norm(P[40])) ** (1 / 40), np.sqrt(len(W) * W.var() * (slopes**2).mean())

    rng = np.random.default_rng(1)
    widths, repeats, kinds = (4, 8, 16, 32, 64, 128, 256), 5, ("tanh", "sigmoid", "PyTorch's start, tanh")
    sigma, small = np.empty((len(widths), repeats)), []
    growth, guess = np.empty((3, len(widths), repeats)), np.empty((3, len(widths), repeats))
    for i, H in enumerate(widths):
        for j in range(repeats):
            U, W = rng.standard_normal((H, 32)), rng.standard_normal((H, H))
            sigma[i, j] = norm(W)
            small.append((abs(W) < 1).mean())
            growth[0, i, j], guess[0, i, j] = measure(U, W, "tanh", rng)
            growth[1, i, j], guess[1, i, j] = measure(U, W, "sigmoid", rng)
            U, W = (rng.uniform(-1, 1, size) / np.sqrt(H) for size in ((H, 32), (H, H)))
            growth[2, i, j], guess[2, i, j] = measure(U, W, "tanh", rng)

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    left.loglog(widths, sigma, "o", color=BLUE, alpha=0.6, markersize=4, label=["W standard normal"] + [None] * 4)
    left.loglog(widths, 2 * np.sqrt(widths), color=GREY, linestyle="--", label="2 √H")
    left.axhline(1, color="black", linewidth=0.8)
    left.set(xlabel="units H", ylabel="largest singular value of W", title="W itself: far above 1", ylim=(0.5, 60))
    left.legend()
    for kind, rates, color, marker in zip(kinds, growth, (BLUE, ORANGE, GREEN), "os^", strict=True):
        label = kind if "start" in kind else f"W standard normal, {kind}"
        right.loglog(widths, np.exp(np.log(rates).mean(axis=1)), marker=marker, color=color, label=label)
        right.loglog(widths, rates, marker, color=color, alpha=0.25, markersize=3)
    right.axhline(1, color="black", linewidth=0.8)
    right.annotate("explodes", (4, 1.12))
    right.annotate("vanishes", (4, 0.82))
    right.set(xlabel="units H", ylabel="growth per step", title="The product: growth of ‖∂hₙ/∂hₖ‖ per step")
    right.legend(loc="lower right")
    for axis in (left, right):
        axis.set_xticks(widths, [str(H) for H in widths])
        axis.minorticks_off()
    plt.show()

    print(f"share of the numbers in W that lie between -1 and 1: {np.mean(small):.2f}")
    for H, sizes in zip(widths, sigma, strict=True):
        print(f"H = {H:>3}: largest singular value {sizes.mean():5.1f}; predicted: {predicted_sigma_max.get(H)}")
    means, guesses = np.exp(np.log(growth).mean(axis=2)), guess.mean(axis=2)
    for kind, rates, estimates in zip(kinds, means, guesses, strict=True):
        print(f"{kind}:")
        for H, rate, estimate in zip(widths, rates, estimates, strict=True):
            print(f"  H = {H:>3}: growth {rate:.2f}, guess {estimate:.2f}", end="")
            print(f"; predicted: {predicted_growth[kind, H]}" if (kind, H) in predicted_growth else "")

# %% [markdown]
# **The premise.** Of the numbers in $\mathbf{W}$ 69% lie between -1 and 1. Number by number the slide is right, and for
# a single unit nothing more need be said. But with H units a new state adds up H of these numbers, and how far a step
# stretches a vector is told by singular values, not by entries. The largest is about $2\sqrt{H}$ from H = 16 on: 7.6 at
# H = 16, 31.7 at H = 256. As a matrix, $\mathbf{W}$ is not "mostly < 1".
#
# **The conclusion** often holds all the same. With a sigmoid the product vanishes up to H = 128 (0.94 a step), with
# tanh up to H = 16 (0.73 a step). The other half of the slide's sentence does it: a large $\mathbf{W}$ drives most
# units into the flat part, where $f'$ is tiny. Two forces pull against each other, and a guess shows both. If
# $\mathbf{W}$ had nothing to do with the slopes, it would make of a vector of length 1 a vector of H numbers of about
# the size of its entries, and the slopes would multiply each of them, so the length would become
#
# $$\text{growth per step} \approx \sqrt{H \cdot \mathrm{var}(W_{ij}) \cdot \text{mean of } f'^2} .$$
#
# From H = 64 on this guess is right to within 16% for all three curves. Width stretches, saturation shrinks. Where
# width wins, the product **explodes**: tanh at H = 32 (1.20), and at H = 256 with 2.76 a step, a factor of $10^{44}$ in
# a hundred steps.
#
# **Restated.** That entries are smaller than 1 proves nothing for a matrix; nor does $f' < 1$ alone. What can be proven
# is a bound, $\lVert \partial \mathbf{h}_n/\partial \mathbf{h}_k \rVert \le (\gamma\, \sigma_{\max}(\mathbf{W}))^{n-k}$
# with $\gamma$ the largest slope of $f$ (section 7), and a standard normal $\mathbf{W}$ is far outside of what it
# covers. What the slide is after remains true where it matters: programs start with a smaller $\mathbf{W}$. PyTorch
# draws it uniformly between $-1/\sqrt{H}$ and $1/\sqrt{H}$, and then the product vanished at every width that we tried,
# with 0.19 to 0.57 a step. A slide has room for one line; the right one might be "W scaled to its width, and $f' \le
# 1$".

# %% [markdown]
# ## 6. The picture of the vanishing gradient
#
# *What each step adds to the gradient, from the last one back to the first.*
#
# Back to the sum of section 1. Each term of
#
# $$\frac{\partial J_n}{\partial \mathbf{W}} = \sum_{k=0}^{n} \frac{\partial J_n}{\partial \mathbf{h}_n}
# \boxed{\frac{\partial \mathbf{h}_n}{\partial \mathbf{h}_k}} \frac{\partial \mathbf{h}_k}{\partial \mathbf{W}}$$
#
# is a matrix of the shape of $\mathbf{W}$: what the use of $\mathbf{W}$ at step $k$ has to do with the loss at step
# $n$. Its norm says how much of a say step $k$ has. No product of Jacobians is needed for that: carry the *vector*
# $\partial J_n / \partial \mathbf{h}_k$ backwards, as in section 3, but keep the terms apart instead of adding them.


# %% exercise="gradient_contributions" points=6 difficulty=3 minutes=35
def gradient_contributions(dh_last, cache):
    r"""How much each step k adds to the gradient of a loss at the last step: the norm of each term of the sum.

    $\frac{\partial J_n}{\partial W} = \sum_k \frac{\partial J_n}{\partial h_n} \frac{\partial h_n}{\partial h_k}
    \frac{\partial h_k}{\partial W}$, where $\partial h_k / \partial W$ holds $h_{k-1}$ fixed.
    dh_last: (N, H), $\partial J_n / \partial h_n$ at the last state, n = T - 1. cache: (x, h0, U, W, h), as rnn_forward
    returns it.
    Returns norms: (T,) float64, norms[k] the Frobenius norm of term k, an (H, H) matrix, the sum over the batch.
    Lecture: "Vanishing Gradient Problem"; Bengio, Simard and Frasconi 1994.
    """
    x, h0, U, W, h = cache
    ### BEGIN SOLUTION
    T = h.shape[1]
    norms = np.empty(T)
    dh = dh_last  # (N, H)
    for k in reversed(range(T)):
        h_prev = h[:, k - 1] if k > 0 else h0
        da = dh * (1 - h[:, k] ** 2)  # (N, H)
        norms[k] = np.linalg.norm(da.T @ h_prev)  # of an (H, H) matrix
        dh = da @ W  # dJ_n/dh_{k-1}
    ### END SOLUTION
    return norms


# %% [markdown]
# <details><summary>The last entry is right, the others are too large</summary>
#
# Each term has its own immediate derivative $\partial \mathbf{h}_k/\partial \mathbf{W}$. If you add up on the way, you
# get the norm of what has come together so far, not that of one term.
# </details>
#
# <details><summary>The sum of the terms is not rnn_backward's dW</summary>
#
# For a loss at the last step only it should be. But norms do not add: to compare, add the matrices. And remember what
# precedes step 0.
# </details>
#
# <details><summary>Right for N = 1, wrong for a batch</summary>
#
# Term k is one matrix, the sum over the batch. Is the norm of a sum the sum of the norms?
# </details>

# %% [markdown]
# ### Experiment 2: how far back does a gradient reach?
#
# Assignment 1's random networks again, with H = 64 and spectral radius $\rho$ = 0.5, 1 and 1.5; weak inputs, 61 steps,
# a loss at the last step. Add the norms of all 61 terms: how many of the last steps hold 99% of that sum?


# %%
def random_rnn(rng, D, H, radius):
    """Draw U (H, D), W (H, H), b (H,): normal numbers, U divided by sqrt(D), W scaled to a spectral radius, b small."""
    U = rng.standard_normal((H, D)) / np.sqrt(D)
    W = rng.standard_normal((H, H))
    W *= radius / abs(np.linalg.eigvals(W)).max()
    b = 0.1 * rng.standard_normal(H)
    return U, W, b


# %%
if __name__ == "__main__":
    predicted_steps = {0.5: None, 1.0: None, 1.5: None}

# %%
if __name__ == "__main__":
    N, T, D, H = 32, 61, 8, 64
    networks = {}
    for radius in predicted_steps:
        rng = np.random.default_rng(3)
        U, W, b = random_rnn(rng, D, H, radius)
        x, h0 = 0.3 * rng.standard_normal((N, T, D)), 0.3 * rng.standard_normal((N, H))
        networks[radius] = rnn_forward(x, U, W, b, h0)[1]

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
    gaps = np.arange(T)
    for (radius, cache), color, style in zip(networks.items(), (GREEN, BLUE, ORANGE), ("--", "-", "-."), strict=True):
        dh_last = np.random.default_rng(4).standard_normal((N, H))
        norms = gradient_contributions(dh_last, cache)[::-1]  # norms[gap]
        share = np.cumsum(norms) / norms.sum()
        left.semilogy(gaps, norms / norms[0], style, color=color, label=f"ρ = {radius:g}")
        right.plot(gaps + 1, share, style, color=color, label=f"ρ = {radius:g}")
        steps = np.argmax(share >= 0.99) + 1
        print(f"ρ = {radius:g}: 99% within the last {steps} steps (predicted: {predicted_steps[radius]})", end="; ")
        print(f"from gap 10 to gap 50 a factor of {(norms[50] / norms[10]) ** (1 / 40):.2f} a step")
    left.set(xlabel="gap n - k", ylabel="norm of term k, relative to k = n", title="What each step adds to ∂J/∂W")
    right.axhline(0.99, color=GREY, linewidth=0.8, linestyle=":")
    right.set(xlabel="number of last steps counted", ylabel="share of the sum of norms", ylim=(0, 1.05))
    right.set_title("How soon the sum is full")
    left.legend()
    right.legend(loc="lower right")
    plt.show()

# %% [markdown]
# Straight lines on a logarithmic scale: each step costs the same factor, 0.45 at $\rho$ = 0.5. There the last 5 of 61
# steps hold 99% of the sum, and the step 60 back contributes $10^{-21}$ of what the last one does: added to the
# gradient in float64, with its sixteen digits, it changes nothing at all. At $\rho$ = 1 it takes 24 steps. At $\rho$ =
# 1.5 the terms first shrink a little and then grow, 1.05 a step: all 61 are needed, and the farthest ones shout
# loudest.
#
# "We're multiplying a lot of small numbers together. So what?" Note what does *not* vanish. The gradient as a whole is
# healthy even at $\rho$ = 0.5, because the nearest terms are always there. It is the far terms that are lost *in the
# sum*. The loss goes down, the norm of the gradient looks normal, and nothing tells you that the weights hear only of
# the last few steps. In the words of the lecture: errors due to further back timesteps have increasingly smaller
# gradients, so parameters become biased to capture shorter-term dependencies.

# %% [markdown]
# ## 7. What the singular values say
#
# *Below 1 the gradient must vanish, above 1 it may explode, and where it does neither its noise may grow.*
#
# When can one tell without measuring? The norm of a product is at most the product of the norms, a diagonal matrix
# stretches by at most its largest entry, and the slopes are at most $\gamma$: 1 for tanh, 1/4 for the sigmoid. So
#
# $$\Big\lVert \frac{\partial \mathbf{h}_n}{\partial \mathbf{h}_k} \Big\rVert
# \le \prod_{t=k+1}^{n} \big\lVert \mathrm{diag}(f'(\mathbf{a}_t)) \big\rVert\, \lVert \mathbf{W} \rVert
# \le \big(\gamma\, \sigma_{\max}(\mathbf{W})\big)^{n-k} .$$
#
# If $\gamma\, \sigma_{\max} < 1$, every gradient **vanishes**, for all inputs and whatever the loss: that is a proof.
#
# The other direction is weaker. $\sigma_{\max} > 1$ stretches *some* vector once; the next step may shrink what the
# first has stretched. The matrix $\begin{pmatrix} 0 & 2 \\ 0 & 0 \end{pmatrix}$ has $\sigma_{\max} = 2$, and its square
# is zero. What counts in the long run of one and the same matrix is its spectral radius: $\lVert \mathbf{W}^m \rVert$
# grows like $\rho^m$. So where all slopes stay near $\gamma$ and $\gamma \rho > 1$, the gradient explodes. But nobody
# says that they stay there: hence **may explode**. Between the two, $\gamma\rho \le 1 \le \gamma\sigma_{\max}$, the
# weights alone do not decide, and the honest answer is **undecided**.


# %% exercise="spectral_verdict" points=5 difficulty=2 minutes=25
def spectral_verdict(W, gamma=1.0, tolerance=1e-9):
    r"""What W alone says of the gradient over long gaps, for a nonlinearity whose slope is nowhere above gamma.

    $\gamma\, \sigma_{max}(W) < 1$: "vanishes", since every Jacobian shrinks every vector by at least this factor.
    $\gamma\, \rho(W) > 1$: "may explode", since it can grow where all slopes are near gamma. Else "undecided".
    W: (H, H). sigma_max: the largest singular value. rho: the spectral radius, the largest absolute value of an
    eigenvalue. gamma: 1 for tanh, 1/4 for the sigmoid. What is within tolerance of 1 is neither below nor above it.
    Returns one of the three strings.
    Lecture: "Vanishing Gradient Problem" and "Long-Term Dependencies"; Pascanu, Mikolov and Bengio 2013.
    """
    ### BEGIN SOLUTION
    sigma_max = np.linalg.norm(W, 2)
    rho = abs(np.linalg.eigvals(W)).max()
    verdict = "undecided"
    if gamma * sigma_max < 1 - tolerance:
        verdict = "vanishes"
    elif gamma * rho > 1 + tolerance:
        verdict = "may explode"
    ### END SOLUTION
    return verdict


# %% [markdown]
# <details><summary>Which number is the spectral radius?</summary>
#
# The largest *absolute value* of an eigenvalue. Eigenvalues of a real matrix may be complex, and negative ones count
# too. `np.linalg.norm(W, 2)` is not it: that is the largest singular value.
# </details>
#
# <details><summary>An orthogonal matrix comes out as "vanishes" or "may explode"</summary>
#
# All its singular values and eigenvalues have absolute value 1, up to rounding: 0.9999999999999998 is not a reason for
# a verdict. That is what `tolerance` is for.
# </details>

# %% [markdown]
# ### Experiment 3: smaller than 1, larger than 1, random
#
# The lecture, on Jacobians: "singular values > 1 → gradients explode, or < 1 → gradients shrink and vanish, or random →
# variance grows exponentially". Take a matrix whose singular values are all equal, $\mathbf{W} = s\, \mathbf{Q}$ with
# $\mathbf{Q}$ orthogonal, H = 64, and three scales, $s$ = 0.7, 1 and 1.3. The bound above is then $s^{\text{gap}}$. How
# large is $\lVert \partial \mathbf{h}_n/\partial \mathbf{h}_k \rVert$ at a gap of 40, for weak inputs? And for $s$ =
# 1.3 with inputs ten times as strong?

# %%
if __name__ == "__main__":
    predicted_norm_at_40 = {"s = 0.7": None, "s = 1": None, "s = 1.3": None, "s = 1.3, strong inputs": None}

# %%
if __name__ == "__main__":
    rng = np.random.default_rng(6)
    T, D, H = 41, 8, 64
    Q, _ = np.linalg.qr(rng.standard_normal((H, H)))
    U, x = rng.standard_normal((H, D)) / np.sqrt(D), rng.standard_normal((1, T, D))

    def box_norms(W, x, U):
        """Norms of dh_n/dh_k by gap (T,), and the share of the Jacobians' singular values that exceed 1."""
        h, _ = rnn_forward(x, U, W, np.zeros(len(W)))
        J = state_jacobian(np.arctanh(h[0]), W)
        return norm(jacobian_product(J[None])[0])[::-1], (np.linalg.svd(J, compute_uv=False) > 1).mean()

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    for name, scale, strength, color, style in (
        ("s = 0.7", 0.7, 0.1, GREEN, "-"),
        ("s = 1", 1.0, 0.1, BLUE, "-"),
        ("s = 1.3", 1.3, 0.1, ORANGE, "-"),
        ("s = 1.3, strong inputs", 1.3, 1.0, ORANGE, ":"),
    ):
        norms, above = box_norms(scale * Q, strength * x, U)
        left.semilogy(np.arange(T), norms, style, color=color, label=name)
        if style == "-":
            left.semilogy(np.arange(T), scale ** np.arange(T), "--", color=color, linewidth=0.9)
        print(f"{name}: verdict {spectral_verdict(scale * Q)!r}; norm at gap 40: {norms[40]:.1e}", end=" ")
        print(f"(predicted: {predicted_norm_at_40[name]}), bound {scale**40:.1e}", end="; ")
        print(f"share of the Jacobians' singular values above 1: {above:.2f}")
    left.set(xlabel="gap n - k", ylabel="‖∂hₙ/∂hₖ‖")
    left.set_title("All singular values of W equal to s (dashed: $s^{gap}$)")
    left.legend(fontsize=8)

    rng = np.random.default_rng(7)
    N, T, D, H = 1000, 31, 16, 16
    W, U = 2.5 * rng.standard_normal((H, H)) / np.sqrt(H), rng.standard_normal((H, D)) / np.sqrt(D)
    h, _ = rnn_forward(rng.standard_normal((N, T, D)), U, W, np.zeros(H))
    a = np.arctanh(h).reshape(N * T, H)
    P = jacobian_product(state_jacobian(a, W).reshape(N, T, H, H))[:, ::-1]  # (N, gap, H, H)
    v = rng.standard_normal(H)
    squares = ((v @ P) ** 2).sum(axis=2) / (v @ v)  # (N, gap): of the gradient of v·h_n
    spread = squares.var(axis=0) / squares.mean(axis=0) ** 2
    right.semilogy(np.arange(1, T), spread[1:], color=BLUE, label="variance / mean², 1000 sequences")
    right.semilogy(np.arange(1, T), np.median(squares, axis=0)[1:], color=GREY, linestyle="--", label="median")
    fresh = (1 + 2 / H) ** np.arange(1, T) - 1
    right.semilogy(np.arange(1, T), fresh, ":", color=ORANGE, label="fresh normal matrices: $(1+2/H)^{gap}-1$")
    right.set(xlabel="gap n - k", ylabel="of the squared norm of a gradient", title="W random: noise that grows")
    right.legend(fontsize=8)
    plt.show()
    print(f"\nrandom W: verdict {spectral_verdict(W)!r}")
    for gap in (1, 5, 10, 20, 30):
        low, middle, high = np.quantile(np.sqrt(squares[:, gap]), (0.05, 0.5, 0.95))
        print(f"gap {gap:>2}: norm of a gradient, 5% / 50% / 95% of sequences:", end=" ")
        print(f"{low:.2g} / {middle:.2g} / {high:.2g};", end="")
        print(f" variance / mean² of its square: {spread[gap]:.2g}")

# %% [markdown]
# **Smaller than 1.** At $s$ = 0.7 the proof is confirmed, and the bound is nearly reached ($3.9 \cdot 10^{-7}$ of
# $6.4 \cdot 10^{-7}$), for weak inputs keep all slopes near 1. At $s$ = 1 the bound says only "not more than 1"; slopes
# slightly below 1 bring the norm to 0.18.
#
# **Larger than 1.** At $s$ = 1.3 the norm grows to 33, far less than the bound's 36,000: when $\mathbf{W}$ stretches
# small states they do not stay small, the tanh bends, and only 63% of the *Jacobians'* singular values exceed 1
# although all of $\mathbf{W}$'s do. With strong inputs it is 32%, and the same $\mathbf{W}$ gives $6 \cdot 10^{-4}$:
# the gradient vanishes. The lecture's sentence speaks of the singular values of the Jacobians, rightly: if all of them
# stay above some number larger than 1, the product must explode. Those of $\mathbf{W}$ are known beforehand, those of
# the Jacobians depend on the states. Hence "may".
#
# **Random.** The third network was chosen such that a typical gradient neither vanishes nor explodes: its median norm
# is 1.2 at gap 1 and 3.1 at gap 30. But at gap 30 one sequence in twenty has less than 0.1 and another one in twenty
# more than 78. The variance, in units of the mean squared, grows from 0.35 to some hundreds, roughly along a straight
# line on the logarithmic scale: exponentially. (The curve is jagged because by then a few of the thousand sequences
# make up most of the mean.) For Jacobians that are fresh matrices of normal numbers at every step the growth can be
# computed, the dotted line: even these, with nothing in them that prefers to grow or to shrink, are exponentially
# noisy. A minibatch averages such gradients, and the average is what its loudest sequence says: "stochastic gradients
# become high variance".

# %% [markdown]
# ## 8. A unit that keeps one bit
#
# *To hold a bit against noise a unit must contract, and contraction is what makes gradients vanish.*
#
# Perhaps a network can simply learn to remember, by finding the right weights? The lecture's toy example asks this of
# the smallest network possible (Bengio, Simard and Frasconi 1994). "Can the single tanh unit learn to store for T time
# steps 1 bit of information given by the sign of initial input?"
#
# A unit $h_t = \tanh(w h_{t-1} + b)$ that hears nothing more can hold a bit only if it has two states in which it
# *stays*, two **fixed points**, solutions of
#
# $$h = \tanh(w h + b) .$$
#
# How many are there? Plot $\tanh(w h + b)$ against $h$: a rising S-curve and the diagonal. They meet once, unless the S
# is somewhere steeper than the diagonal and crosses it three times. The slope of the S is $w (1 - \tanh^2)$, at most
# $w$: with $w \le 1$ there is one fixed point. For $w > 1$ the slope is 1 where $\tanh^2 = 1 - 1/w$; there
# $\tanh(wh + b) - h$ has its two turning points, and between these and the ends $-1$ and $1$ it is monotonic. Three
# solutions exist if the lower turning point lies below the diagonal and the upper one above it. Work that out:
#
# $$\text{three fixed points} \iff w > 1 \ \text{ and }\ |b| < \sqrt{w(w-1)} - \mathrm{artanh}\sqrt{1 - 1/w} .$$


# %% exercise="fixed_points" points=6 difficulty=4 minutes=40
def fixed_points(w, b):
    r"""All states of a single unit that stay as they are: the solutions of $h = \tanh(w h + b)$.

    There are three if and only if $w > 1$ and $|b| < \sqrt{w (w - 1)} - \mathrm{artanh} \sqrt{1 - 1/w}$, and otherwise
    one. (The border itself is not asked for.)
    w, b: floats. Returns a float64 array of shape (1,) or (3,), in ascending order, right to 1e-9.
    Lecture: "A Toy Example"; Bengio, Simard and Frasconi 1994.
    """
    ### BEGIN SOLUTION
    turns = []
    if w > 1:  # tanh(w h + b) - h turns where its slope w (1 - tanh^2) - 1 is zero
        c = np.sqrt(1 - 1 / w)
        turns = (np.arctanh([-c, c]) - b) / w
    bounds = np.array([-2.0, *turns, 2.0])
    above = np.tanh(w * bounds + b) > bounds
    crossed = above[:-1] != above[1:]
    low, high, falls = bounds[:-1][crossed], bounds[1:][crossed], above[:-1][crossed]
    while (high - low).max() > 1e-10:
        middle = (low + high) / 2
        before = (np.tanh(w * middle + b) > middle) == falls
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    points = low
    ### END SOLUTION
    return points


# %% [markdown]
# <details><summary>Some solutions are missing, or found twice</summary>
#
# A search that starts at many places finds what is near, some twice, some not at all. Use what you know of the curve:
# where does $\tanh(wh + b) - h$ turn? Between two neighbouring turning points there is at most one solution, and a
# change of sign tells whether there is one.
# </details>
#
# <details><summary>Not accurate enough</summary>
#
# Repeating $h \leftarrow \tanh(w h + b)$ converges slowly near $w = 1$, and never to the middle point. Halving an
# interval in which the sign changes gains one binary digit a round: how many rounds for $10^{-9}$, and how many more
# would do no harm?
# </details>
#
# <details><summary>It fails for large w or large b</summary>
#
# Then a solution lies so close to 1 or -1 that `np.tanh` rounds to 1 exactly and the sign of the difference becomes 0.
# At the two ends the sign is known without computing: a tanh never reaches them.
# </details>

# %% [markdown]
# **The state map.** Left, the new state against the old one: where the curve meets the diagonal, the unit stays. It
# returns to a point after a small push if the slope there is below 1 (filled), and leaves it if the slope is above 1
# (open). Right, the number of fixed points in the plane of $w$ and $b$, and the border from the formula: a constant
# push $b$ that lies outside of it erases the bit.

# %%
if __name__ == "__main__":

    def slope_at(w, h):
        """The derivative of tanh(w h + b) at a fixed point h: w (1 - h^2)."""
        return w * (1 - h**2)

    def draw_points(axis, w, b, color):
        """Fixed points, filled where the unit returns after a small push."""
        for h in fixed_points(w, b):
            stays = slope_at(w, h) < 1
            axis.plot(h, h, "o", color=color, mfc=color if stays else "white", ms=6 if stays else 10, zorder=3 + stays)

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    h = np.linspace(-1.3, 1.3, 300)
    left.plot(h, h, color=GREY, linewidth=0.8)
    for w, b, color, style in ((0.5, 0.3, GREEN, "--"), (2.0, 0.0, BLUE, "-"), (2.0, 0.8, ORANGE, "-.")):
        left.plot(h, np.tanh(w * h + b), style, color=color, label=f"w = {w:g}, b = {b:g}")
        draw_points(left, w, b, color)
    left.set(xlabel="state before", ylabel="state after", title="The map h → tanh(w h + b)")
    left.legend(loc="upper left", fontsize=8)
    for w in np.linspace(0.2, 3, 15):
        for b in np.linspace(-1.4, 1.4, 15):
            three = len(fixed_points(w, b)) == 3
            right.plot(w, b, "o", color=BLUE if three else GREY, fillstyle="full" if three else "none", markersize=4)
    w = np.linspace(1, 3.1, 200)
    border = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
    right.plot(w, border, color=ORANGE)
    right.plot(w, -border, color=ORANGE)
    right.set(xlabel="w", ylabel="b", title="Filled: three fixed points, a bit can be kept")
    plt.show()

# %% [markdown]
# With $w$ = 0.5 every state falls towards one and the same point: whatever the bit was, it is gone. With $w$ = 2 and no
# push there are two states that hold, and a constant push of 0.8 removes one of them.
#
# ### Experiment 4: can it learn to latch?
#
# So weights that keep a bit exist. Will gradient descent find them? The task: $x_0 = +1$ or $-1$ is the bit, the T - 1
# inputs after it are noise with standard deviation 0.2, and at the end the state should be at 0.8 times the bit
# (squared error). A unit $h_t = \tanh(w h_{t-1} + u x_t)$, no bias, starts with $w$ and $u$ anywhere between 0.2 and
# 1.2, and gets 500 updates of 16 fresh sequences each at a learning rate of 0.1. It has succeeded if the sign of its
# last state is right for at least 95 of 100 new sequences.
#
# We train 100 units at once, as a network with H = D = 100 whose $\mathbf{U}$ and $\mathbf{W}$ are *diagonal*: a
# hundred units that do not hear each other. Your `rnn_backward` gives the gradients, and of dU and dW only the
# diagonals are used. The same 100 starts serve every T.
#
# Predict: how many of the 100 succeed at T = 3, 11, 41? And for the successful ones, how large is
# $|\partial s_T / \partial s_1|$, the derivative of the last state with respect to the first, T - 1 steps earlier?

# %%
if __name__ == "__main__":
    predicted_successes = {3: None, 11: None, 41: None}
    predicted_derivative = {3: None, 11: None, 41: None}

# %%
if __name__ == "__main__":
    UNITS = 100
    start_rng = np.random.default_rng(8)
    w_start, u_start = start_rng.uniform(0.2, 1.2, UNITS), start_rng.uniform(0.2, 1.2, UNITS)

    def bits_and_noise(rng, N, T):
        """Inputs (N, T, units), a bit and then noise, and the bits (N, units)."""
        bit = rng.choice([-1.0, 1.0], (N, UNITS))
        x = 0.2 * rng.standard_normal((N, T, UNITS))
        x[:, 0] = bit
        return x, bit

    def last_by_first(h, w):
        """|ds_T/ds_1| of each unit: the median over the sequences (units,)."""
        return np.median(np.abs(np.prod(w * (1 - h[:, 1:] ** 2), axis=1)), axis=0)

    def train_units(T, updates=500, rate=0.1, N=16):
        """Train the units on T steps; returns w, u, whether each succeeds, |ds_T/ds_1| before and after (units,)."""
        rng = np.random.default_rng([9, T])
        U, W, b = np.diag(u_start), np.diag(w_start), np.zeros(UNITS)
        before = last_by_first(rnn_forward(bits_and_noise(rng, 100, T)[0], U, W, b)[0], w_start)
        for _ in range(updates):
            x, bit = bits_and_noise(rng, N, T)
            h, cache = rnn_forward(x, U, W, b)
            dh_last = (h[:, -1] - 0.8 * bit) / N  # of half the squared error, for each unit its own loss
            _, dU, dW, _, _ = rnn_backward(np.zeros_like(h), cache, dh_last)
            U -= rate * np.diag(dU.diagonal())
            W -= rate * np.diag(dW.diagonal())
        x, bit = bits_and_noise(rng, 100, T)
        h, _ = rnn_forward(x, U, W, b)
        succeeds = (np.sign(h[:, -1]) == bit).mean(axis=0) >= 0.95
        return W.diagonal(), U.diagonal(), succeeds, before, last_by_first(h, W.diagonal())

    def interval(successes, trials, z=1.96):
        """The 95% interval of a probability after so many successes (Wilson 1927)."""
        share, extra = successes / trials, z**2 / trials
        middle = (share + extra / 2) / (1 + extra)
        half = z * np.sqrt(share * (1 - share) / trials + extra / (4 * trials)) / (1 + extra)
        return middle - half, middle + half

    lengths = (3, 6, 11, 16, 21, 31, 41)
    trained = {T: train_units(T) for T in lengths}

# %%
if __name__ == "__main__":
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.5))
    for group, chosen, color, marker in (
        ("all 100", w_start > 0, BLUE, "o"),
        (f"the {np.sum(w_start < 1)} with w < 1 at the start", w_start < 1, ORANGE, "s"),
    ):
        counts = np.array([np.sum(trained[T][2] & chosen) for T in lengths])
        low, high = interval(counts, chosen.sum())
        share = counts / chosen.sum()
        bars = np.maximum([share - low, high - share], 0)
        left.errorbar(lengths, share, bars, marker=marker, color=color, capsize=2, label=group)
        print(f"{group}: successes {dict(zip(lengths, counts.tolist(), strict=True))}")
    left.set(xlabel="T", ylabel="Prob(success | T), 95% interval", title="Who learns to latch?", ylim=(-0.02, 1.3))
    left.legend(fontsize=8)
    for T in lengths:
        w, u, succeeds, before, after = trained[T]
        for chosen, color, fill in ((succeeds, BLUE, "full"), (~succeeds, ORANGE, "none")):
            middle.plot(np.full(chosen.sum(), T), w_start[chosen], "o", color=color, fillstyle=fill, markersize=3)
    middle.axhline(1, color=GREY, linewidth=0.8)
    middle.set(xlabel="T", ylabel="w at the start", title="Filled: success, open: failure")
    after = [trained[T][4][trained[T][2]] for T in lengths]
    before = [trained[T][3] for T in lengths]
    for sizes, color, marker, label in (
        (after, BLUE, "o", "successful, after training"),
        (before, GREY, "x", "all, before training"),
    ):
        middles = [np.median(size) for size in sizes]
        right.semilogy(lengths, middles, marker=marker, color=color, label=label)
        right.fill_between(lengths, *np.transpose([np.quantile(s, (0.1, 0.9)) for s in sizes]), color=color, alpha=0.2)
    right.set(xlabel="T", ylabel=r"$|\partial s_T/\partial s_1|$, median, 10% to 90%")
    right.set_title("Derivative of last by first state")
    right.legend(fontsize=8)
    plt.show()

    for T in lengths:
        w, u, succeeds, _, after = trained[T]
        print(f"T = {T:>2}: {succeeds.sum():>3} succeed (predicted: {predicted_successes.get(T)})", end="; ")
        print(f"smallest w at the start among them {w_start[succeeds].min():.2f}", end="; ")
        print(f"w at the end {np.median(w[succeeds]):.2f}, of the failures ", end="")
        print(f"{np.median(w[~succeeds]):.2f}" if not succeeds.all() else "-", end=", ")
        print(f"u {np.median(abs(u[~succeeds])):.2f}" if not succeeds.all() else "-", end="; ")
        print(f"|ds_T/ds_1| {np.median(after[succeeds]):.0e} (predicted: {predicted_derivative.get(T)})", end="")
        print(f", of all before training {np.median(trained[T][3]):.0e}")

# %% [markdown]
# **Who learns it?** All units at T = 3, 58 at T = 11, 13 at T = 41. And most of these 13 had little to learn: 12 of the
# 100 starts have $w > 1$ and can hold a bit from the beginning, and 11 of them succeed. Of the 88 others, which must
# first find a $w$ above 1, 46 succeed at T = 11 and 2 at T = 41. The middle panel shows the border move up: at T = 11
# the smallest $w$ that still found its way was 0.48, at T = 41 it was 0.92. To learn that the *first* input matters,
# $w$ and $u$ must hear of it through $|\partial s_T/\partial s_1|$, which before training is 0.3 at T = 3 and, for the
# median start, $7 \cdot 10^{-10}$ at T = 41. What cannot be heard cannot be learnt. To the failures all inputs look
# like noise, and they learn to ignore them, the bit included: at T = 41 they end with $u$ near 0.06 and $w$ near 0.4.
#
# **And the successful ones?** One might hope that whoever has learnt to keep the bit has a healthy gradient. It is the
# other way round: 0.3 at T = 3, 0.007 at T = 11, $10^{-12}$ at T = 41. The next figure shows why.

# %%
if __name__ == "__main__":
    w, u, succeeds, _, _ = trained[21]
    w_success, w_failure = np.median(w[succeeds]), np.median(w[~succeeds])
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    h = np.linspace(-1.1, 1.1, 300)
    left.plot(h, h, color=GREY, linewidth=0.8)
    for value, color, style, label in ((w_success, BLUE, "-", "success"), (w_failure, ORANGE, "--", "failure")):
        left.plot(h, np.tanh(value * h), style, color=color, label=f"a {label} at T = 21: w = {value:.2f}")
        draw_points(left, value, 0.0, color)
    left.set(xlabel="state before", ylabel="state after", title="What the units have learnt")
    left.legend(loc="upper left", fontsize=8)
    grid = np.linspace(0.1, 2.5, 97)
    factor = [slope_at(value, fixed_points(value, 0.0)[-1]) for value in grid]
    right.plot(grid, factor, color=BLUE, label="at the stable fixed points")
    right.plot(grid[grid > 1], grid[grid > 1], ":", color=GREY, label="at the unstable one, h = 0")
    right.axhline(1, color="black", linewidth=0.8)
    for value, color, marker in ((w_success, BLUE, "o"), (w_failure, ORANGE, "s")):
        right.plot(value, slope_at(value, fixed_points(value, 0.0)[-1]), marker, color=color, markersize=7)
    right.set(xlabel="w", ylabel=r"$\partial h_t/\partial h_{t-1}$", title="The factor of each step", ylim=(0, 1.6))
    right.legend(fontsize=8)
    plt.show()
    for name, value in (("success", w_success), ("failure", w_failure)):
        point = fixed_points(value, 0.0)[-1]
        rate = slope_at(value, point)
        print(f"{name}: w {value:.2f}, stays at {abs(point):.2f}, factor {rate:.2f} a step, {rate**20:.0e} in 20 steps")

# %% [markdown]
# The successful unit at T = 21 has found $w$ = 1.39 and with it two states, 0.81 and -0.81, in which it stays (the
# target was 0.8). It *holds* the bit because it returns there after every push of the noise: the slope at these points
# is 0.48, so that of any push 48% is left after a step, and $4 \cdot 10^{-7}$ after twenty. But a push on the first
# state is also what $\partial s_T/\partial s_1$ measures. **Robust latching is vanishing**: the same factor that
# forgets the noise forgets the gradient. (The measured median, $10^{-5}$ at T = 21, is larger since noise now and then
# moves the state to where the slope is steeper.) The failing unit has a single point, 0, and a factor of 0.36: it
# forgets the gradient and the bit.
#
# On the right, the choice that a unit has. At a stable point the factor is below 1 for every $w$ but one. At $w$ = 1
# exactly gradients would pass unharmed, but there the two states have merged into one, and nothing is held. This is the
# lecture's sentence: "To store information robustly in a finite-dimensional state, the dynamics must be contractive".
# It is no accident of the tanh, nor of one unit; more units can share out the task, but in the directions in which a
# state holds something against noise, the gradient shrinks.

# %% [markdown]
# ## 9. Going back only a few steps
#
# *Truncation saves memory and time, and cuts every thread that crosses a border.*
#
# BPTT through a whole play of Shakespeare would need all its states at once, for one single update. So one cuts the
# sequence into **chunks** of k steps. The state is carried on from chunk to chunk, the gradient is not: at the
# beginning of a chunk the state counts as a given number. One update after each chunk, memory for k states, and since
# the states are carried, the network may still *use* what it read long ago; it only gets no derivative for it. (In the
# exercise the weights stay as they are from chunk to chunk, so that the result can be compared with the full gradient.)


# %% exercise="truncated_bptt" points=7 difficulty=3 minutes=35
def truncated_bptt(dh, cache, k):
    r"""Backpropagation through time in chunks of k steps, 0..k-1, k..2k-1, and so on, the last perhaps shorter.

    The states are those of the whole sequence, carried from chunk to chunk; the gradient is not: the state that a chunk
    begins with counts as a constant. For k >= T the result is rnn_backward's.
    dh: (N, T, H), what reaches each state from the output of its own step. k: int, at least 1.
    cache: (x, h0, U, W, h), as rnn_forward returns it.
    Returns dx (N, T, D), dU (H, D), dW (H, H), db (H,), dh0 (N, H): float64; dh0 comes from the first chunk alone.
    Lecture: "Backprop through time"; Williams and Peng 1990.
    """
    x, h0, U, W, h = cache
    N, T, _ = x.shape
    ### BEGIN SOLUTION
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros(len(W))
    for begin in reversed(range(0, T, k)):
        steps = slice(begin, begin + k)
        h_before = h[:, begin - 1] if begin > 0 else h0
        chunk = (x[:, steps], h_before, U, W, h[:, steps])
        dx[:, steps], dU_chunk, dW_chunk, db_chunk, dh_before = rnn_backward(dh[:, steps], chunk)
        dU += dU_chunk
        dW += dW_chunk
        db += db_chunk
    dh0 = dh_before  # of the first chunk, which comes last
    ### END SOLUTION
    return dx, dU, dW, db, dh0


# %% [markdown]
# <details><summary>Right when k divides T, wrong otherwise</summary>
#
# The last chunk may be shorter. A slice beyond the end of an array is simply cut off; a loop over T // k chunks forgets
# it.
# </details>
#
# <details><summary>Right for k at least T, wrong below</summary>
#
# With which state does the second chunk begin? The state is *carried*: it is the last one of the first chunk, not zero
# and not h0. And what the chunk's own backward pass returns for it is thrown away.
# </details>
#
# <details><summary>dh0 is not zero, but it should be, or the other way round</summary>
#
# Which of the chunks begins with h0?
# </details>

# %% [markdown]
# ### Experiment 5: what is lost
#
# The three networks of experiment 2, now with a loss at every step (ten classes, random targets). The full gradient dW
# against that of chunks of k steps: $\lVert dW - dW_k \rVert / \lVert dW \rVert$. In experiment 2 the gradient of the
# network with $\rho$ = 0.5 reached back 5 steps. What will it lose with chunks of k = 10, twice its reach?

# %%
if __name__ == "__main__":
    predicted_loss_at_10 = {0.5: None, 1.0: None, 1.5: None}

# %%
if __name__ == "__main__":
    rng = np.random.default_rng(10)
    sizes, draws = np.arange(1, 62), 5
    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    for (radius, cache), color, style in zip(networks.items(), (GREEN, BLUE, ORANGE), ("--", "-", "-."), strict=True):
        h, lost = cache[-1], np.empty((draws, len(sizes)))
        for draw in range(draws):
            V, targets = rng.standard_normal((10, 64)) / 8, rng.integers(10, size=h.shape[:2])
            dh, _, _ = sequence_loss_backward(sequence_loss(h, V, np.zeros(10), targets)[1])
            dW = rnn_backward(dh, cache)[2]
            cut = [truncated_bptt(dh, cache, k)[2] for k in sizes]
            lost[draw] = [np.linalg.norm(dW - dW_k) / np.linalg.norm(dW) for dW_k in cut]
        lost = np.median(lost, axis=0)
        axis.plot(sizes, lost, style, color=color, label=f"ρ = {radius:g}")
        print(f"ρ = {radius:g}: lost at k = 10: {lost[9]:.2f} (predicted: {predicted_loss_at_10[radius]})", end="; ")
        print("at k = " + ", ".join(f"{k}: {lost[k - 1]:.2f}" for k in (1, 5, 20, 40, 60, 61)))
    axis.set(xlabel="k, steps in a chunk", ylabel=r"$\|dW - dW_k\| \,/\, \|dW\|$", ylim=(0, 1.05))
    axis.set_title("What truncation loses: T = 61, median of 5 draws of the targets")
    axis.legend()
    plt.show()

# %% [markdown]
# "Twice the reach" sounds safe, and still 12% are lost at $\rho$ = 0.5. The chunks do not slide along with the step
# that looks back: a step just behind a border sees nothing of its past, however large k is. The loss falls slowly,
# 0.34, 0.16, 0.08 at k = 1, 5, 20, about as $1/\sqrt{k}$: there are T/k borders, each loses about the same, and what
# they lose points in all directions (the targets are random), so it adds up like a random walk. At $\rho$ = 1 the reach
# is longer and each border costs more, 0.29 at k = 10. At $\rho$ = 1.5 most of the gradient is made of terms from far
# away, and chunks lose most of it, 0.77 at k = 10; whether one misses the part that shouts is another question.
#
# In practice one chooses k well beyond the reach and accepts the rest. Most of what truncation cuts off in a vanishing
# network would not have arrived anyway.

# %% [markdown]
# ## 10. The loop closes
#
# *Your gradients train a network that writes.*
#
# Everything is there: the forward pass of assignment 1, the loss, its gradient, and chunks that make long texts
# possible. Read six plays of Shakespeare letter by letter (lower case, a few marks, K = 34 symbols) and predict the
# next letter. The text is cut into N = 32 streams that are read side by side, 25 letters at a time; the state is
# carried from chunk to chunk. Plain gradient descent, $\theta \leftarrow \theta - \eta\, \partial L/\partial\theta$,
# learning rate $\eta$ = 0.5.

# %%
if __name__ == "__main__":
    import re

    text = re.sub(r"[^a-z,.;:!?' ]", " ", data_path("shakespeare.txt").read_text().lower())
    text = re.sub(r" +", " ", text)
    symbols = sorted(set(text))
    K = len(symbols)
    tokens = np.array([symbols.index(symbol) for symbol in text])
    reading, held_out = tokens[:-50_000], tokens[-50_000:]
    streams = reading[: len(reading) // 32 * 32].reshape(32, -1)  # (N, letters of one stream)
    print(f"{len(text):,} letters, {K} different ones: {''.join(symbols)}")
    print(text[1000:1100])

    def new_model(rng, H):
        """Random parameters in the order U, W, b, V, c_out; W with a spectral radius of about 1."""
        U, W = 0.3 * rng.standard_normal((H, K)), rng.standard_normal((H, H)) / np.sqrt(H)
        return {"U": U, "W": W, "b": np.zeros(H), "V": 0.1 * rng.standard_normal((K, H)), "c_out": np.zeros(K)}

    def loss_and_gradient(model, tokens, h0):
        """The loss of predicting tokens[:, 1:] from tokens[:, :-1], its gradient, and the last state."""
        h, cache = rnn_forward(np.eye(K)[tokens[:, :-1]], model["U"], model["W"], model["b"], h0)
        loss, loss_cache = sequence_loss(h, model["V"], model["c_out"], tokens[:, 1:])
        dh, dV, dc_out = sequence_loss_backward(loss_cache)
        _, dU, dW, db, _ = rnn_backward(dh, cache)
        return loss, {"U": dU, "W": dW, "b": db, "V": dV, "c_out": dc_out}, h[:, -1]

# %% [markdown]
# **Check first.** A small copy of the network, with 5 units, on the real letters, from a state that is not zero: is the
# gradient that will train it the gradient of its loss?

# %%
if __name__ == "__main__":
    rng = np.random.default_rng(11)
    small, some, h0 = new_model(rng, 5), streams[:2, :9], 0.5 * rng.standard_normal((2, 5))
    _, gradient, _ = loss_and_gradient(small, some, h0)

    def small_loss(*parameters):
        """The loss as a function of the five parameters."""
        return loss_and_gradient(dict(zip(small, parameters, strict=True)), some, h0)[0]

    for i, name in enumerate(small):
        numerical = numerical_gradient(small_loss, tuple(small.values()), i)
        difference = np.linalg.norm(gradient[name] - numerical) / np.linalg.norm(numerical)
        print(f"d{name:<6} relative difference from central differences: {difference:.0e}")

# %% [markdown]
# ### Experiment 6: what will it have learnt?
#
# 3000 updates, some ten seconds. Guessing costs $\log 34 = 3.53$ nats a letter. For comparison count letters in the
# text: a table of how often each letter follows the last one, the last two, the last three. Will the network, with 100
# units, beat these tables? And will training make the gradient reach *farther* back than at the random start, or less
# far?

# %%
if __name__ == "__main__":
    predicted_final_loss = None
    predicted_letters_beaten = None  # 0, 1, 2 or 3: the table with the longest memory that the network beats
    predicted_reach_after_training = None  # "farther" or "less far"

# %%
if __name__ == "__main__":

    def train(model, updates, rate, k=25):
        """Gradient descent on chunks of k letters; returns the model and the loss of each update."""
        losses, chunks = [], (streams.shape[1] - 1) // k
        for update in range(updates):
            begin = update % chunks * k
            if begin == 0:
                h0 = np.zeros((len(streams), len(model["W"])))
            loss, gradient, h0 = loss_and_gradient(model, streams[:, begin : begin + k + 1], h0)
            model = {name: model[name] - rate * gradient[name] for name in model}
            losses.append(loss)
        return model, losses

    def write(model, rng, letters):
        """Letters drawn one after the other from the model's own probabilities, after a blank."""
        h, drawn = np.zeros((1, len(model["W"]))), [symbols.index(" ")]
        for _ in range(letters):
            h, _ = rnn_step_forward(np.eye(K)[drawn[-1:]], h, model["U"], model["W"], model["b"])
            logits = (h @ model["V"].T + model["c_out"])[0]
            weights = np.exp(logits - logits.max())
            drawn.append(int(rng.choice(K, p=weights / weights.sum())))
        return "".join(symbols[symbol] for symbol in drawn[1:])

    untrained = new_model(np.random.default_rng(12), 100)
    early, losses = train(untrained, 300, 0.5)
    model, losses = train(untrained, 3000, 0.5)
    for name, writer in {"at the start": untrained, "after 300 updates": early, "after 3000 updates": model}.items():
        print(f"{name}:\n  {write(writer, np.random.default_rng(13), 100)}\n")

# %%
if __name__ == "__main__":

    def table_loss(memory):
        """Nats per held-out letter of a table of counts of the next letter after the last `memory` letters."""

        def contexts(tokens):
            starts = range(memory + 1)
            return sum(tokens[i : len(tokens) - memory + i] * K ** (memory - i) for i in starts)

        counts = np.bincount(contexts(reading), minlength=K ** (memory + 1)).reshape(-1, K) + 0.1
        return -np.log(counts / counts.sum(axis=1, keepdims=True)).ravel()[contexts(held_out)].mean()

    tables = [table_loss(memory) for memory in range(4)]
    rows = held_out.reshape(100, 500)
    final = loss_and_gradient(model, rows, np.zeros((100, 100)))[0]
    print("held-out nats per letter, tables with a memory of 0, 1, 2, 3 letters:", np.round(tables, 2))
    print(f"the network: {final:.2f} (predicted: {predicted_final_loss})", end="; ")
    beaten = max(memory for memory in range(4) if final < tables[memory])
    print(f"beats the table with a memory of {beaten} (predicted: {predicted_letters_beaten})")

    def reach(model, T=61):
        """Norms of the terms of dJ_n/dW by gap (T,), what chunks of 25 lose of dW, and the mean slope of the tanh."""
        h0 = rnn_forward(np.eye(K)[rows[:, :100]], model["U"], model["W"], model["b"])[0][:, -1]
        inputs, targets = rows[:, 100 : 100 + T], rows[:, 101 : 101 + T]
        h, cache = rnn_forward(np.eye(K)[inputs], model["U"], model["W"], model["b"], h0)
        dh, _, _ = sequence_loss_backward(sequence_loss(h, model["V"], model["c_out"], targets)[1])
        dW = rnn_backward(dh, cache)[2]
        lost = np.linalg.norm(dW - truncated_bptt(dh, cache, 25)[2]) / np.linalg.norm(dW)
        return gradient_contributions(dh[:, -1], cache)[::-1], lost, (1 - h**2).mean()

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    smooth = np.convolve(losses, np.ones(50) / 50, "valid")
    left.plot(smooth, color=BLUE, label="network, as it reads, mean of 50 updates")
    for memory, value in enumerate(tables):
        left.axhline(value, color=GREY, linewidth=0.8, linestyle="--")
        left.annotate(f"table, memory of {memory}", (2980, value), va="bottom", ha="right", color=GREY, fontsize=8)
    left.set(xlabel="updates", ylabel="nats per letter", title="Trained by your own gradients", ylim=(1.5, 3.2))
    left.legend()
    for name, writer, color, style in (("at the start", untrained, GREY, "--"), ("trained", model, BLUE, "-")):
        norms, lost, slope = reach(writer)
        share = np.cumsum(norms) / norms.sum()
        right.semilogy(np.arange(61), norms / norms[0], style, color=color, label=name)
        print(f"{name}: a factor of {(norms[50] / norms[10]) ** (1 / 40):.2f} a letter", end="; ")
        print(f"99% of the sum within {np.argmax(share >= 0.99) + 1} letters", end="; ")
        print(f"lost by chunks of 25: {lost:.2f}; mean slope {slope:.2f}", end="; ")
        radius = abs(np.linalg.eigvals(writer["W"])).max()
        print(f"spectral radius of W {radius:.2f}, verdict {spectral_verdict(writer['W'])!r}")
    right.set(xlabel="gap n - k, letters", ylabel="norm of term k, relative to k = n")
    right.set_title("How far the gradient reaches")
    right.legend()
    plt.show()
    print(f"predicted reach after training: {predicted_reach_after_training}")

# %% [markdown]
# From noise to something that looks like English from afar, by nothing but your gradients. On letters never seen
# in training the network needs 1.89 nats each. It beats the table that remembers two letters (1.95) and not the one
# that remembers three (1.63). A state of 100 numbers *could* tell of all that was read; this one predicts about as well
# as if it knew a little more than the last two letters. (More units and more updates would lower the loss; the network
# has read the text three times.)
#
# And its gradient reaches *less* far than before training: 99% of the sum of norms within 14 letters instead of 23, a
# factor of 0.72 a letter instead of 0.82, although the spectral radius has grown from 0.99 to 1.14. (The verdict "may
# explode" is true, and the gradient vanishes: the mean slope has fallen from 0.82 to 0.57.) Chunks of 25
# letters now lose 8% of the gradient. Which is cause and which effect this figure cannot say. Near letters *are* the
# most useful ones, and a network that has learnt so has no reason to listen farther back; but once it does not listen,
# no gradient tells it what it misses. Assignment 1 found the same from the other side: training made the memory
# shorter.

# %% [markdown] written="in_france" points=10 minutes=20
# ### "In France, I had a great time and I learnt some of the _____ language"
#
# (a) Let the blank be predicted at step $n$ and let "France" be read at step $k$. Write down the term of $\partial
# J_n/\partial \mathbf{W}$ that could teach the network to use "France", name the factor that makes it small, and say
# why that factor is small. Estimate how small, relative to the term of $k = n$, with a growth per step that you have
# measured: for a network that reads words (11 words stand between "France" and the blank, so $n - k = 11$) and for one
# that reads letters, commas and blanks ($n - k = 46$).
#
# (b) The gradient $\partial J_n/\partial \mathbf{W}$ itself is not small. What does the network learn from it about
# this sentence, and which word will it put into the blank?
#
# (c) Does it follow that no recurrent network with a tanh can get the blank right? Support your answer with a result of
# experiment 4.
#
# (d) A fellow student proposes to scale $\mathbf{W}$ such that all its singular values are above 1. What do you reply?
# Support your answer with a number that you have measured.
#
# ### BEGIN SOLUTION
# (a) $\frac{\partial J_n}{\partial \mathbf{h}_n} \frac{\partial \mathbf{h}_n}{\partial \mathbf{h}_k} \frac{\partial
# \mathbf{h}_k}{\partial \mathbf{W}}$ with $\frac{\partial \mathbf{h}_n}{\partial \mathbf{h}_k} = \prod_{t=k+1}^{n}
# \mathrm{diag}(f'(\mathbf{a}_t))\, \mathbf{W}$, a product of $n - k$ factors. Slopes are at most 1 and smaller where
# a unit is saturated; together with a $\mathbf{W}$ of ordinary size each factor shrinks a typical vector, so the
# product falls exponentially with the gap. With the trained network's 0.72 a step: $0.72^{11} = 0.03$ and
# $0.72^{46} = 3 \cdot 10^{-7}$. (With 0.85, measured at $\rho$ = 1: 0.17 and $6 \cdot 10^{-4}$.)
#
# (b) The sum is dominated by the terms with k near n: "some of the". They teach what usually comes after these words
# and before "language" is seen, so the network will name a plausible language, or any frequent word that follows "of
# the", according to how often each occurs, whatever the country was. The parameters become biased towards short-term
# dependencies.
#
# (c) No. What vanishes is the gradient, not the possibility. In experiment 4 weights that hold a bit for 41 steps exist
# and work: 13 of 100 units did it, 11 of them from starts that could already hold a bit; but of the 88 that had to find
# such weights only 2 did. The dependency can be represented; over long gaps gradient descent hardly finds it. (A lucky
# start or a better one changes that, and so does another architecture.)
#
# (d) Then the bound no longer forces the gradient to vanish, but nothing forces it to survive. In experiment 3 all
# singular values of $\mathbf{W}$ were 1.3: with weak inputs the norm grew to 33 at gap 40, with strong ones it fell to
# $6 \cdot 10^{-4}$, because the Jacobians contain the slopes too. Where it does grow it explodes with the gap, and its
# variance between sequences as well; and a state that stretches everything holds nothing robustly.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 4: the term, with all three factors (1); the Jacobian product named as a product of n - k factors (1); why each
#   is below 1: slopes, and a W of limited size; "small numbers are multiplied" without saying which earns nothing (1);
#   an estimate for both gaps from one measured growth per step below 1, correctly raised to the power (1).
# - (b) 2: near terms dominate the sum, although its norm is normal (1); consequence for the blank: the last words
#   decide, a frequent or plausible word instead of the one that fits France (1).
# - (c) 2: no: to represent is not to learn (1); supported by experiment 4: units that hold the bit exist, or starts
#   with w > 1 succeed where others do not (1). "No, because LSTMs exist" answers another question: 0 of 2.
# - (d) 2: singular values of W above 1 do not make those of the Jacobians so, or gradients explode or get noisy instead
#   (1); a number that fits, for example 33 and 0.0006 for s = 1.3 (1).
# ### END MARK SCHEME

# %% [markdown]
# ## 11. Where this leads
#
# *Vanishing makes a network forgetful; exploding stops it from learning anything.*
#
# You have derived backpropagation through time, written it, and trained with it; and you know what is in the lecture's
# box. The terms of far steps fade by a factor a step that depends on $\mathbf{W}$ *and* on the slopes: certain if
# $\gamma\,\sigma_{\max} < 1$, usual at ordinary starts, and unavoidable for whatever is held robustly.
#
# In the experiments on training it was the vanishing gradient that did harm, silently. The other half of the story is
# not silent. The same network, the same start, the same letters; only the learning rate is raised, from 0.5 to 1 and 2:

# %%
if __name__ == "__main__":
    for rate in (0.5, 1.0, 2.0):
        hurried, losses = train(untrained, 300, rate)
        h, _ = rnn_forward(np.eye(K)[rows[:, :100]], hurried["U"], hurried["W"], hurried["b"])
        means = [f"{np.mean(losses[i : i + 50]):5.2f}" for i in range(0, 300, 50)]
        print(f"learning rate {rate}: mean loss of 50 updates each:", *means, end="; ")
        print(f"mean slope of the tanh in the end: {(1 - h**2).mean():.3f}")

    print("\nthe first updates at learning rate 2:")
    hurried, h0 = untrained, np.zeros((32, 100))
    for update in range(5):
        begin = 25 * update
        loss, gradient, h0 = loss_and_gradient(hurried, streams[:, begin : begin + 26], h0)
        size = np.sqrt(sum((part**2).sum() for part in gradient.values()))
        hurried = {name: hurried[name] - 2 * gradient[name] for name in hurried}
        radius = abs(np.linalg.eigvals(hurried["W"])).max()
        print(f"  loss {loss:5.2f}; norm of the gradient {size:.2f}; then W has spectral radius {radius:.2f}")

# %% [markdown]
# Guessing costs 3.53 nats. At a learning rate of 2 the network is worse than that from the third update on, and it does
# not come back. Two updates at the usual size of gradient, 0.7, and the third gradient is eight times, the fourth
# thirteen times as long; one such step lifts the spectral radius of $\mathbf{W}$ from 1.9 to 8.7. Now nearly all units
# saturate, the mean slope ends at 0.01, and no error comes back in time: an exploded network has a vanishing gradient.
# At 1 it may go either way. From this start the loss jumps within the first twenty updates too, far above guessing, and
# from there each rounding error decides how it goes on: your line shows a slow way back, or none. (From other random
# starts it need not jump at all.)
#
# The direction of the gradient was not the trouble, only its length. **What if one kept the direction and cut the
# length?** With this question assignment 3 begins: clipping, and what else keeps a recurrent network in the region
# where it can learn. It will not bring the far terms back. For these one must change the cell itself, so that the
# factor from step to step is 1 by design and still something is held: assignment 4.

# %%
if __name__ == "__main__":
    progress()
