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
# **What you will be able to do.** Write the chain rule of a recurrent network as a sum over steps; program
# backpropagation through time, whole and truncated, and check it without calculus; measure how a gradient fades, and
# say from the weights alone when it must; explain why a unit that holds a bit robustly passes no gradient on.
#
# **How to work.** As before: write each of the eleven exercises below its card, run its cell, then the `check(...)`
# below it; help is folded away under the symptom that it cures, and two questions are answered in words. Two harder
# tasks without points stand at the end. What draws and measures is in `figures.py`, beside this notebook, and yours to
# change. The forward pass of assignment 1 is given, so nothing depends on your solution of it.
#
# **Predict, then measure.** Six experiments ask for a prediction first: write it in place of `None`. Several of the
# measurements will contradict a sentence that sounds right, one or two of them perhaps a sentence of yours.

# %% [markdown] include="NOTATION.md"

# %%
if __name__ == "__main__":
    import os

    # The products of this notebook are small: one thread is quicker than several that wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"

# %%
import numpy as np
import sympy

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import figures
    from selfcheck.budget import affordable
    from selfcheck.drawing import house_style

    house_style()

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


# %% exercise="chain_rule_terms" points=8 difficulty=3 minutes=35
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
# <details><summary>What was measured</summary>
#
# The sums agree. At $W = 0.25$ the terms are 0.193, 0.094 and 0.025: each step back costs at least half. One would
# expect a large $W$ to mend that; but at $W = 2$ they are 0.119, 0.021 and 0.006, smaller and falling faster, since the
# states run into the flat part of the tanh and the slopes become small. Three steps already show what the rest of this
# assignment is about.
# </details>

# %% [markdown]
# **Any number of steps.** Nothing in the argument was special to three inputs. For every $n$ the chain rule says of
# the last state what it said of $s_2$, and it says the same of the derivative that stands on the right:
#
# $$\frac{ds_n}{dW} = \frac{\partial s_n}{\partial W} + \frac{\partial s_n}{\partial s_{n-1}} \frac{ds_{n-1}}{dW}
# = \frac{\partial s_n}{\partial W} + \frac{\partial s_n}{\partial s_{n-1}} \left( \frac{\partial s_{n-1}}{\partial W}
# + \frac{\partial s_{n-1}}{\partial s_{n-2}} \frac{ds_{n-2}}{dW} \right) = \dots$$
#
# Each round gives one term, and puts one factor more in front of what is left, down to $ds_0/dW = \partial s_0/\partial
# W$. For the loss $J_n$ at step $n$, computed from an output $y_n$, all of it is multiplied by $\frac{\partial
# J_n}{\partial y_n} \frac{\partial y_n}{\partial s_n}$:
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
    loss: a function of len(args) arguments that returns a number. args: tuple of its arguments; those besides X
    may be anything. which: the position in args of the float64 array X, of any shape. step: epsilon.
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
# closest, and how close (the relative error). The test object is section 1's $ds_2/dW$.

# %%
if __name__ == "__main__":
    predicted_best_step, predicted_smallest_error = None, None

# %%
if __name__ == "__main__":
    figures.step_sizes(numerical_gradient, chain_rule_terms, predicted_best_step, predicted_smallest_error)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# From right to left the error first falls with $\epsilon^2$, two digits for each digit of the step, and then rises
# about as $1/\epsilon$: rounding takes over. The best step, near $10^{-5}$, leaves ten right digits: enough to see any
# real mistake, such as the dashed line. It is not enough to expect equality, so compare with a tolerance; and do not
# ask for a smaller step in the hope of more digits.
# </details>

# %% [markdown]
# Why not train with numerical gradients? Each number of a gradient costs two evaluations of the loss. The network of
# section 10 has 16,934 parameters, so one update would cost 33,868 forward passes. Backpropagation costs about as much
# as two or three, whatever the number of parameters.

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
# **One step.** Suppose that we know `dh` $= \partial L / \partial \mathbf{h}$, how the loss changes with each number of
# the state after the step. How does it change with all that went into the step? Name the value inside the tanh, for one
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
# The rest is the chain rule: whatever reaches the loss by several routes gets the sum over them. An entry $W_{ij}$
# touches one $a_i$ only, but in each of the N sequences; a previous state's $h^{\text{prev}}_j$ touches one sequence
# only, but all H of its $a_i$.
#
# **On paper**, assignment 1's unit: $W = 0.9$, $U = 0.5$, $b = 0.1$, $h_{-1} = 0.2$ and $x = (1, -1)$ gave $h_0 =
# 0.6527$ and $h_1 = 0.1853$. Let the loss be $h_1$ itself, so that $dL/dh_1 = 1$, and go back:
#
# | | $dL/dh_t$ | slope $1 - h_t^2$ | $dL/da_t$ | its part of $dL/dW$: times $h_{t-1}$ | handed on: times $W$ |
# |---|---|---|---|---|---|
# | $t = 1$ | 1 | 0.9657 | 0.9657 | 0.9657 · 0.6527 = 0.6303 | 0.8691 |
# | $t = 0$ | 0.8691 | 0.5740 | 0.4988 | 0.4988 · 0.2 = 0.0998 | 0.4490 |
#
# Together $dL/dW = 0.7301$: section 1's direct term and the one through the state before. A single row of the table is
# what `rnn_step_backward` does, and all rows with the sum at the end are `rnn_backward`.


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
# A single step takes the left side, all that reaches its state, as its `dh`; `rnn_backward` is given the first summands
# alone. The second one is what `rnn_step_backward` returns as `dh_prev`, one step later in time and one round earlier
# in your loop. And the same $\mathbf{W}$ was used at every step, so its gradient is the sum of what the steps say, the
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

    $\frac{\partial L}{\partial W} = \sum_t \frac{dL}{dh_t} \frac{\partial h_t}{\partial W}$, a sum over the steps that
    use W, with $\frac{dL}{dh_t} = \frac{\partial L}{\partial h_t} + \frac{dL}{dh_{t+1}} \frac{\partial h_{t+1}}
    {\partial h_t}$: what reaches a state from its own output and from its future.
    dh: (N, T, H), what reaches each state from the output of its own step, and nothing of what comes through later
    states. dh_last: (N, H), what reaches the last state besides, or None for nothing.
    cache: (x, h0, U, W, h), as rnn_forward returns it, with x (N, T, D), h0 (N, H), h (N, T, H).
    Returns dx (N, T, D), dU (H, D), dW (H, H), db (H,), dh0 (N, H): float64, in the order of rnn_forward's arguments;
    one pass over the T steps, of which there may be thousands, more than Python lets calls nest.
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
# **Unrolled**, the unit from above over four steps, with your gradients: each orange number is the derivative of $h_3$
# with respect to the state that the arrow points at. The same W stands at every blue arrow from state to state; what
# the steps say adds up.

# %% folded=true
if __name__ == "__main__":
    figures.unrolled_in_numbers(rnn_forward, rnn_backward)

# %% [markdown]
# **Against autograd.** PyTorch records the forward pass and runs the chain rule backwards by itself. It knows nothing
# of your code, so if both agree, either both are right or both are wrong in the same way, which is unlikely. The last
# call of the cell shows what a shared parameter means. Each step gets a **copy** $\mathbf{W}_t$ of $\mathbf{W}$, equal
# in value but a parameter of its own, so that PyTorch keeps T gradients apart.

# %%
if __name__ == "__main__":
    case = figures.random_case(seed=0)  # x, U, W, b, h0; dh, dh_last; targets, V, c_out
    h, cache = rnn_forward(**case.given)
    ours = rnn_backward(case.dh, cache, case.dh_last)
    figures.against_autograd(case, ours)
    figures.against_copies(case, dW=ours[2])

# %% [markdown] written="shared_gradient" points=10 minutes=30
# ### Why does a parameter that is used T times get a sum?
#
# (a) Derive it. Let $L(\mathbf{W}_0, \dots, \mathbf{W}_{T-1})$ be the loss of the network in which each step has a
# matrix of its own, as in the comparison above, and let all of them be equal to $\mathbf{W}$. Why is
# $dL/d\mathbf{W}$ the sum of the $\partial L/\partial \mathbf{W}_t$?
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
    exact zeros and ones among them where logits lie far apart, and targets (N, T) integers in 0..K-1.
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
    case = figures.random_case(seed=0)

    def network_loss(x, U, W, b, h0, V, c_out):
        """The loss of the whole network as a function of all its arguments."""
        h, _ = rnn_forward(x, U, W, b, h0)
        return sequence_loss(h, V, c_out, case.targets)[0]

    h, cache = rnn_forward(**case.given)
    loss, loss_cache = sequence_loss(h, case.V, case.c_out, case.targets)
    dh, dV, dc_out = sequence_loss_backward(loss_cache)
    ours = (*rnn_backward(dh, cache), dV, dc_out)
    figures.against_differences(case, ours, network_loss, numerical_gradient)

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
# Now the products. For one $n$, the last step, we want all boxes $\partial \mathbf{h}_n / \partial \mathbf{h}_k$, for
# $k = n, n-1, \dots, 0$. Each contains the one before it, so no product of two matrices need be computed twice.


# %% exercise="jacobian_product" points=6 difficulty=3 minutes=12
def jacobian_product(J):
    r"""The boxed factor of the lecture for every k at once, with $n = T - 1$ the last step.

    $\frac{\partial h_n}{\partial h_k} = \frac{\partial h_n}{\partial h_{n-1}} \cdots \frac{\partial h_{k+1}}{\partial
    h_k}$.
    J: (N, T, H, H), J[:, t] $= \partial h_t / \partial h_{t-1}$ in numerator layout; J[:, 0], the step from h0, the
    state before the first input, is in none of the products.
    Returns P: (N, T, H, H) float64, P[:, k] $= \partial h_{T-1} / \partial h_k$, so that P[:, T-1] is the identity.
    At most T products of (H, H) matrices for each sequence, not of the order of T^2. T may be thousands, more than
    Python lets calls nest.
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
    W_small = np.array([[0.5, 1.0], [-1.0, 0.25]])
    figures.two_layouts(W_small, rnn_forward, state_jacobian, jacobian_product, numerical_gradient)

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
# does $\lVert \partial \mathbf{h}_n / \partial \mathbf{h}_k \rVert$, the largest singular value of the product, change
# when the gap $n - k$ grows? Below 1 it vanishes, above 1 it explodes.

# %%
if __name__ == "__main__":
    predicted_sigma_max = {16: None, 256: None}
    predicted_growth = {("tanh", 16): None, ("tanh", 256): None, ("sigmoid", 16): None, ("sigmoid", 256): None}

# %%
if __name__ == "__main__":
    widths = (4, 8, 16, 32, 64, 128, 256)
    figures.growth_of_the_product(state_jacobian, jacobian_product, predicted_sigma_max, predicted_growth, widths)

# %% [markdown]
# <details><summary>What was measured</summary>
#
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
# </details>

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


# %% exercise="gradient_contributions" points=6 difficulty=3 minutes=20
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
# Assignment 1's random networks again, with H = 64 and spectral radius $\rho$ = 0.5, 1 and 1.5 (the largest absolute
# value of an eigenvalue of $\mathbf{W}$); weak inputs, eight numbers of standard deviation 0.3 at each step; 61 steps,
# a loss at the last one. Add the norms of all 61 terms: how many of the last steps hold 99% of that sum?

# %%
if __name__ == "__main__":
    predicted_steps = {0.5: None, 1.0: None, 1.5: None}

# %%
if __name__ == "__main__":
    caches = figures.random_networks(rnn_forward, radii=(0.5, 1.0, 1.5))
    figures.reach_of_the_gradient(caches, gradient_contributions, predicted_steps)

# %% [markdown]
# <details><summary>What was measured</summary>
#
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
# </details>

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


# %% exercise="spectral_verdict" points=5 difficulty=2 minutes=12
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
# large is $\lVert \partial \mathbf{h}_n/\partial \mathbf{h}_k \rVert$ at a gap of 40, for weak inputs (standard
# deviation 0.1)? And for $s$ = 1.3 with inputs ten times as strong?
#
# For "random", two more panels, without a prediction: a $\mathbf{W}$ of normal numbers, H = 16, and the gradients of
# one and the same loss for 1000 sequences of normal inputs. How far apart do their norms come to lie?

# %%
if __name__ == "__main__":
    predicted_norm_at_40 = {"s = 0.7": None, "s = 1": None, "s = 1.3": None, "s = 1.3, strong inputs": None}

# %%
if __name__ == "__main__":
    yours = state_jacobian, jacobian_product, spectral_verdict
    figures.singular_values(rnn_forward, *yours, predicted_norm_at_40)

# %% [markdown]
# <details><summary>What was measured</summary>
#
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
# **Random.** The standard deviation of the numbers in this $\mathbf{W}$, $2.5/\sqrt{H}$, was chosen such that a typical
# gradient neither vanishes nor explodes: relative to gap 0 its median norm is 1.2 at gap 1 and 3.1 at gap 30. But at
# gap 30 one sequence in twenty has less than 0.1 and another one in twenty more than 78 (middle panel). The panel on
# the right shows the variance of the *squared* norm, in units of its mean squared. It grows from 0.35 to some hundreds,
# roughly along a straight line on the logarithmic scale: exponentially. (The curve is jagged because by then a few of
# the thousand sequences make up most of the mean. A thousand sequences cannot show more than 999, the value if one of
# them has everything.) For Jacobians that are fresh matrices of normal numbers at every step the growth can be
# computed, the dotted line: even these, with nothing in them that prefers to grow or to shrink, are exponentially
# noisy. A minibatch averages such gradients, and the average is what its loudest sequence says: "stochastic gradients
# become high variance".
# </details>

# %% [markdown]
# ### Play with it: scale, slope and gap
#
# Sixteen units, one sequence of 40 inputs. The sliders scale $\mathbf{W}$ and the inputs, the buttons choose the
# nonlinearity; the dashed line is the bound. (Where scripts are off you see a figure of four curves that does not move,
# without the bound.) Predict first, then move.

# %% folded=true
if __name__ == "__main__":
    figures.play_with_the_gap(state_jacobian, jacobian_product)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# With the tanh 1.6 to 1.7, although at $\rho$ = 1 a matrix alone neither grows nor shrinks in the long run: the inputs
# push the units off the middle of the tanh, where its slope is 1, and $\mathbf{W}$ has to make up for it. With inputs
# of strength 0.1 it is little more than 1. With the sigmoid no radius of this slider will do. At 4 the largest slope,
# 1/4, is just made up for, but few units have it, and the norm is below $10^{-9}$; at 10 it is 0.03. Without a
# nonlinearity the slope is 1 everywhere, and the line follows $\rho$ alone. And see, whatever you choose, how far the
# bound is from the line: it is certain, and seldom near.
# </details>

# %% [markdown]
# ## 8. A unit that keeps one bit
#
# *To hold a bit against noise a unit must contract, and contraction is what makes gradients vanish.*
#
# Perhaps a network can simply learn to remember, by finding the right weights? The lecture's toy example asks this of
# the smallest network possible (Bengio, Simard and Frasconi 1994). "Can the single tanh unit learn to store for T time
# steps 1 bit of information given by the sign of initial input?"
#
# A unit $h_t = \tanh(w h_{t-1} + b)$ with $w > 0$ that hears nothing more can hold a bit only if it has two states in
# which it *stays*, two **fixed points**, solutions of
#
# $$h = \tanh(w h + b) .$$
#
# How many are there? Plot $\tanh(w h + b)$ against $h$: a rising S-curve and the diagonal. They meet once, unless the S
# is somewhere steeper than the diagonal and crosses it three times. The slope of the S is $w (1 - \tanh^2)$, at most
# $w$: with $0 < w \le 1$ there is one fixed point. With $w \le 0$ the curve does not rise, and meets the rising
# diagonal once. (For $w < -1$ the state may then jump to and fro between two values; your function returns the fixed
# point between them.) For $w > 1$ the slope is 1 where $\tanh^2 = 1 - 1/w$; there the difference $\tanh(wh + b) - h$
# has its two turning points, and between these and the ends $-1$ and $1$ it is monotonic. From left to right it falls,
# rises and falls. Three solutions exist if it is below 0 at the left turning point, and above 0 at the right one. Work
# that out:
#
# $$\text{three fixed points} \iff w > 1 \ \text{ and }\ |b| < \sqrt{w(w-1)} - \mathrm{artanh}\sqrt{1 - 1/w} .$$


# %% exercise="fixed_points" points=6 difficulty=4 minutes=55
def fixed_points(w, b):
    r"""All states of a single unit that stay as they are: the solutions of $h = \tanh(w h + b)$.

    There are three if and only if $w > 1$ and $|b| < \sqrt{w (w - 1)} - \mathrm{artanh} \sqrt{1 - 1/w}$, and otherwise
    one. (The border itself is not tested.)
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

# %% folded=true
if __name__ == "__main__":
    figures.state_map(fixed_points)

# %% [markdown]
# With $w$ = 0.5 every state falls towards one and the same point: whatever the bit was, it is gone. With $w$ = 2 and no
# push there are two states that hold, and a constant push of 0.8 removes one of them.
#
# ### Experiment 4: can it learn to latch?
#
# So weights that keep a bit exist. Will gradient descent find them? The task: $x_0 = +1$ or $-1$ is the bit, the T - 1
# inputs after it are noise with standard deviation 0.2, and at the end the state should be at 0.8 times the bit
# (half the squared error). A unit $h_t = \tanh(w h_{t-1} + u x_t)$, no bias, starts with $w$ and $u$ anywhere between
# 0.2 and 1.2, and gets 500 updates of 16 fresh sequences each at a learning rate of 0.1. It has succeeded if the sign
# of its last state is right for at least 95 of 100 new sequences.
#
# We train 100 units at once, as a network with H = D = 100 whose $\mathbf{U}$ and $\mathbf{W}$ are *diagonal*: a
# hundred units that do not hear each other. Your `rnn_backward` gives the gradients, and of dU and dW only the
# diagonals are used. The same 100 starts serve every T.
#
# Predict: how many of the 100 succeed at T = 3, 11, 41? And for the successful ones, how large is
# $|\partial h_{T-1} / \partial h_0|$, the derivative of the last state with respect to the first, T - 1 steps earlier?

# %%
if __name__ == "__main__":
    predicted_successes = {3: None, 11: None, 41: None}
    predicted_derivative = {3: None, 11: None, 41: None}

# %%
if __name__ == "__main__":
    lengths = (3, 6, 11, 16, 21, 31, 41)

    def train_units(T, updates):
        return figures.train_units(rnn_forward, rnn_backward, T, updates=updates, rate=0.1)

    updates = affordable(500, 25, lambda n: train_units(max(lengths), n), sample=3, what="updates of the longest")
    trained_units = {T: train_units(T, updates) for T in lengths}

# %%
if __name__ == "__main__":
    figures.who_learns_to_latch(trained_units, predicted_successes, predicted_derivative)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# **Who learns it?** All units at T = 3, 58 at T = 11, 13 at T = 41. And most of these 13 had little to learn: 12 of the
# 100 starts have $w > 1$ and can hold a bit from the beginning, and 11 of them succeed. Of the 88 others, which must
# first find a $w$ above 1, 46 succeed at T = 11 and 2 at T = 41. The middle panel shows the border move up: at T = 11
# the smallest $w$ that still found its way was 0.48, at T = 41 it was 0.92. To learn that the *first* input matters,
# $w$ and $u$ must hear of it through $|\partial h_{T-1}/\partial h_0|$, which before training is 0.3 at T = 3 and, for
# the median start, $7 \cdot 10^{-10}$ at T = 41. What cannot be heard cannot be learnt. To the failures all inputs look
# like noise, and they learn to ignore them, the bit included: at T = 41 they end with $u$ near 0.06 and $w$ near 0.4.
#
# **And the successful ones?** One might hope that a unit that keeps the bit has a healthy gradient. It is the other way
# round: 0.3 at T = 3, 0.007 at T = 11, $10^{-12}$ at T = 41. The next figure shows why.
# </details>

# %%
if __name__ == "__main__":
    figures.what_units_have_learnt(fixed_points, trained_units, T=21)

# %% [markdown]
# The successful unit at T = 21 has found $w$ = 1.39 and with it two states, 0.81 and -0.81, in which it stays (the
# target was 0.8). It *holds* the bit because it returns there after every push of the noise: the slope at these points
# is 0.48, so that of any push 48% is left after a step, and $4 \cdot 10^{-7}$ after twenty. But a push on the first
# state is also what $\partial h_{T-1}/\partial h_0$ measures. **Robust latching is vanishing**: the same factor that
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


# %% exercise="truncated_bptt" points=7 difficulty=3 minutes=20
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
    caches = figures.random_networks(rnn_forward, radii=(0.5, 1.0, 1.5))
    yours = rnn_backward, truncated_bptt, sequence_loss, sequence_loss_backward
    figures.loss_of_truncation(caches, *yours, predicted_loss_at_10)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# "Twice the reach" sounds safe, and still 12% are lost at $\rho$ = 0.5. The chunks do not slide along with the step
# that looks back: a step just behind a border sees nothing of its past, however large k is. What is lost shrinks
# slowly, 0.34, 0.16, 0.08 at k = 1, 5, 20, about as $1/\sqrt{k}$: there are T/k borders, each loses about the same, and
# what they lose points in all directions (the targets are random), so it adds up like a random walk. At $\rho$ = 1 the
# reach is longer and each border costs more, 0.29 at k = 10. At $\rho$ = 1.5 most of the gradient is made of terms from
# far away, and chunks lose most of it, 0.77 at k = 10; whether one misses the part that shouts is another question.
# </details>

# %% [markdown]
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
    plays = figures.read_plays(data_path("shakespeare.txt"))

    def loss_and_gradient(model, tokens, h0):
        """The loss of predicting tokens[:, 1:] from tokens[:, :-1], its gradient, and the last state."""
        one_hots = np.eye(len(plays.symbols))[tokens[:, :-1]]
        h, cache = rnn_forward(one_hots, model["U"], model["W"], model["b"], h0)
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
    small, h0 = figures.new_model(rng, H=5, K=len(plays.symbols)), 0.5 * rng.standard_normal((2, 5))
    letters = plays.streams[:2, :9]
    _, gradient, _ = loss_and_gradient(small, letters, h0)

    def small_loss(*parameters):
        """The loss as a function of the five parameters."""
        return loss_and_gradient(dict(zip(small, parameters, strict=True)), letters, h0)[0]

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
    untrained = figures.new_model(np.random.default_rng(12), H=100, K=len(plays.symbols))

    def train(updates, rate=0.5):
        return figures.train(loss_and_gradient, untrained, plays, updates, rate)

    updates = affordable(3000, 60, train, sample=2, what="updates")
    early, (model, model_losses) = train(updates // 10)[0], train(updates)
    for name, writer in {"at the start": untrained, "after a tenth": early, "after training": model}.items():
        print(f"{name}:\n  {figures.write(rnn_step_forward, writer, plays, letters=100, seed=13)}\n")

# %%
if __name__ == "__main__":
    yours = sequence_loss_backward, rnn_backward, truncated_bptt, gradient_contributions, spectral_verdict
    reaches = {
        name: figures.reach(network, plays, rnn_forward, sequence_loss, yours)
        for name, network in {"at the start": untrained, "trained": model}.items()
    }
    held_out_loss = figures.held_out_loss(model, plays, rnn_forward, sequence_loss)
    predicted = predicted_final_loss, predicted_letters_beaten, predicted_reach_after_training
    figures.what_it_has_learnt(plays, model_losses, held_out_loss, reaches, *predicted)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# From noise to something that looks like English from afar, by nothing but your gradients. On letters never seen
# in training the network needs 1.89 nats each. It beats the table that remembers two letters (1.95) and not the one
# that remembers three (1.63). A state of 100 numbers *could* tell of all that was read; this one predicts about as well
# as if it knew a little more than the last two letters. (More units and more updates would lower the loss; the network
# has read the text three times.)
#
# And its gradient reaches *less* far than before training: 99% of the sum of norms within 14 letters instead of 23, a
# factor of 0.72 a letter instead of 0.82, although the spectral radius has grown from 0.99 to 1.14. (The verdict "may
# explode" is true, and the gradient vanishes: the mean slope has fallen from 0.82 to 0.57.) Chunks of 25 letters now
# lose 8% of the gradient, at the start 17%. Which is cause and which effect this figure cannot say. Near letters *are*
# the most useful ones, and a network that has learnt so has no reason to listen farther back; but once it does not
# listen, no gradient tells it what it misses. Assignment 1 found the same from the other side: training made the memory
# shorter.
# </details>

# %% [markdown]
# **One input, pushed.** How much does the trained network's state still know of one letter, after so many others? Move
# that letter's vector a little, in a random direction, and see how far the states after it move, compared with the
# state at once.

# %%
if __name__ == "__main__":
    figures.push_one_input(model, plays, rnn_forward, gaps=(0, 5, 11, 23, 46))

# %% [markdown] written="in_france" points=10 minutes=35
# ### "In France, I had a great time and I learnt some of the _____ language"
#
# (a) Let the blank be predicted at step $n$ and let "France" be read at step $k$. Write down the term of $\partial
# J_n/\partial \mathbf{U}$ that could teach the network to use "France", name the factor that makes it small, and say
# why that factor is small. Estimate how small, relative to the term of $k = n$, with a growth per step that you have
# measured: for a network that reads words (11 words stand between "France" and the blank, so $n - k = 11$) and for one
# that reads letters, commas and blanks ($n - k = 46$). Does pushing one input, above, agree with your estimates?
# (Why U? Term $k$ of $\partial J_n/\partial \mathbf{W}$ holds $\mathbf{h}_{k-1}$, a state that has not read "France"
# yet.)
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
# \mathbf{h}_k}{\partial \mathbf{U}}$, whose last factor holds $\mathbf{x}_k$, "France", with $\frac{\partial
# \mathbf{h}_n}{\partial \mathbf{h}_k} = \prod_{t=k+1}^{n} \mathrm{diag}(f'(\mathbf{a}_t))\, \mathbf{W}$, a product of
# $n - k$ factors. Slopes are at most 1 and smaller where a unit is saturated; together with a $\mathbf{W}$ of ordinary
# size each factor shrinks a typical vector, so the product falls exponentially with the gap. With the trained network's
# 0.72 a step: $0.72^{11} = 0.03$ and $0.72^{46} = 3 \cdot 10^{-7}$. (With 0.85, measured at $\rho$ = 1: 0.17 and $6
# \cdot 10^{-4}$.) The push on one input is left with 0.04 after 11 steps and $3 \cdot 10^{-7}$ after
# 46: the same order of magnitude.
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
# - (a) 4: the term, with all three factors, the last one by U (1; by W with $k + 1$ in place of $k$ is right too); the
#   Jacobian product named as a product of n - k factors (1); why each
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
# ### As it is written at work
#
# Nobody writes these loops twice. In PyTorch a training loop carries the state on, and one word, `detach()`, cuts the
# thread at the border of a chunk: the numbers stay, their history is forgotten. The gradients of the chunks add up in
# `.grad`. It is your `truncated_bptt`, to the last digits; leave `detach()` out, and it is an error or the whole past.

# %%
if __name__ == "__main__":
    import torch

    case = figures.random_case(seed=0)
    _, cache = rnn_forward(**case.given)
    x, *parameters, state = (torch.tensor(array) for array in case.given.values())
    U, W, b = (parameter.requires_grad_() for parameter in parameters)
    for chunk, dh in zip(x.split(2, dim=1), torch.tensor(case.dh).split(2, dim=1), strict=True):
        state = state.detach()
        states = []
        for x_t in chunk.unbind(dim=1):
            state = torch.tanh(x_t @ U.T + state @ W.T + b)
            states.append(state)
        (torch.stack(states, dim=1) * dh).sum().backward()
    figures.same_gradients((U, W, b), truncated_bptt(case.dh, cache, k=2)[1:4])

# %% [markdown]
# ## 11. Where this leads
#
# *Vanishing makes a network forgetful; exploding stops it from learning anything.*
#
# **What you have learnt.** You have derived backpropagation through time, written it, and trained with it; and you know
# what is in the lecture's box. The terms of far steps fade by a factor a step that depends on $\mathbf{W}$ *and* on the
# slopes: certain if $\gamma\,\sigma_{\max} < 1$, usual at ordinary starts, and unavoidable for whatever is held
# robustly.
#
# In the experiments on training it was the vanishing gradient that did harm, silently. The other half of the story is
# not silent. The same network, the same start, the same letters; only the learning rate is raised, from 0.5 to 1 and 2:

# %%
if __name__ == "__main__":
    updates = affordable(300, 10, train, sample=2, what="updates")
    figures.learning_rates(loss_and_gradient, rnn_forward, untrained, plays, (0.5, 1.0, 2.0), updates)
    figures.first_updates(loss_and_gradient, untrained, plays, rate=2)

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

# %% [markdown]
# ## 12. For those who want more
#
# *Two harder tasks without points: checked like the others, and nothing depends on them.*
#
# **Forwards in time.** Backpropagation keeps all states of the sequence and walks back along them. The line of section
# 1 can also be read from the left to the right: when a step is taken, the derivative of its state follows from the
# derivative of the state before,
#
# $$\frac{d\mathbf{h}_t}{d\mathbf{W}} = \frac{\partial \mathbf{h}_t}{\partial \mathbf{W}}
# + \frac{\partial \mathbf{h}_t}{\partial \mathbf{h}_{t-1}} \frac{d\mathbf{h}_{t-1}}{d\mathbf{W}},
# \qquad \frac{\partial L}{\partial \mathbf{W}} = \sum_t \frac{\partial L}{\partial \mathbf{h}_t}
# \frac{d\mathbf{h}_t}{d\mathbf{W}},$$
#
# where $\partial L/\partial \mathbf{h}_t$ is what the state gets from its own output. So a network can learn while it
# reads a text without an end, and keeps nothing of what it has read. This is **real-time recurrent learning** (Williams
# and Zipser 1989). Its price: $d\mathbf{h}_t/d\mathbf{W}$ has $H^3$ numbers, and a step costs $H^4$ products.


# %% exercise="forward_gradient" points=0 difficulty=4 minutes=40
def forward_gradient(x, U, W, b, h0, dh):
    r"""dL/dW of a sequence, computed forwards: real-time recurrent learning.

    $\frac{dh_t}{dW} = \frac{\partial h_t}{\partial W} + \frac{\partial h_t}{\partial h_{t-1}} \frac{dh_{t-1}}{dW}$,
    $\frac{\partial L}{\partial W} = \sum_t \frac{\partial L}{\partial h_t} \frac{dh_t}{dW}$. Of the steps that are
    past, nothing is kept but a state and its derivative.
    x: (N, T, D). U: (H, D). W: (H, H). b: (H,). h0: (N, H).
    dh: (N, T, H), dh[:, t] $= \partial L/\partial h_t$, the gradient at a state that comes from its own output.
    Returns dW: (H, H) float64, summed over the N sequences.
    Williams and Zipser 1989.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    H = len(b)
    h, G, dW = h0, np.zeros((N, H, H, H)), np.zeros((H, H))  # G[n, i, j, k] = dh_i / dW_jk
    for t in range(T):
        before = h
        h, _ = rnn_step_forward(x[:, t], before, U, W, b)
        G = np.einsum("il,nljk->nijk", W, G)  # by way of the state before
        G[:, range(H), range(H)] += before[:, None]  # at first hand: row i of W stands in h_i alone
        G *= (1 - h**2)[:, :, None, None]
        dW += np.einsum("ni,nijk->jk", dh[:, t], G)
    ### END SOLUTION
    return dW


# %% [markdown]
# **All exponents of a product.** How do the singular values of a long product of Jacobians grow? Multiply a hundred of
# them, and rounding leaves of the product nothing but its largest direction: the others are smaller by powers of ten
# that float64 does not have. The remedy is never to let it get so far. Carry an orthogonal matrix $\mathbf{Q}$ along,
# beginning with $I$; at each step decompose $\mathbf{J}_t \mathbf{Q}_{t-1} = \mathbf{Q}_t \mathbf{R}_t$, and note the
# diagonal of $\mathbf{R}_t$. It says by how much each direction was stretched beyond those before it. The means of
# their logarithms,
#
# $$\lambda_i = \frac{1}{T} \sum_{t=1}^{T} \ln \big|(\mathbf{R}_t)_{ii}\big|,$$
#
# are, for a long product, its **Lyapunov exponents** (Benettin et al. 1980). The largest is the logarithm of the growth
# per step that experiment 1 measured. All of them below 0: every gradient vanishes. One above 0: chaos, and gradients
# that explode.


# %% exercise="growth_exponents" points=0 difficulty=4 minutes=30
def growth_exponents(J):
    r"""The Lyapunov exponents of a product of Jacobians: $\lambda_i = \frac{1}{T} \sum_t \ln |(R_t)_{ii}|$.

    $J_t Q_{t-1} = Q_t R_t$ with $Q_0 = I$, each $Q_t$ orthogonal and each $R_t$ upper triangular.
    J: (T, H, H), the Jacobians $J_1, \dots, J_T$ in numerator layout, all invertible: J[0] is $J_1$ and acts first.
    Returns (H,) float64, sorted, the largest first; finite however long the product is.
    Benettin, Galgani, Giorgilli and Strelcyn 1980.
    """
    ### BEGIN SOLUTION
    Q, total = np.eye(J.shape[1]), np.zeros(J.shape[1])
    for J_t in J:
        Q, R = np.linalg.qr(J_t @ Q)
        total += np.log(abs(np.diag(R)))  # LAPACK's diagonal may be negative
    exponents = np.sort(total / len(J))[::-1]
    ### END SOLUTION
    return exponents


# %% [markdown]
# The exponents of the network of section 10, at the start and trained, on a text of 300 letters that it has not seen.
# In how many of its hundred directions is at least a thousandth of a push left after ten steps? That takes $\lambda >
# \ln(10^{-3})/10 = -0.69$.

# %%
if __name__ == "__main__":
    figures.exponents(
        growth_exponents, state_jacobian, rnn_forward, plays, {"at the start": untrained, "trained": model}
    )

# %% [markdown]
# <details><summary>What was measured</summary>
#
# In 60 of them at the start, in 34 after training. The largest exponents, -0.20 and -0.34, are factors of 0.82 and 0.71
# a step: experiment 6 found 0.82 and 0.72 from the terms of one gradient. All exponents are below 0, although the
# verdict on the trained $\mathbf{W}$ is "may explode": on this text every gradient vanishes.
# </details>

# %%
if __name__ == "__main__":
    progress()
