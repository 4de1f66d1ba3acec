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
# # Assignment 4: from the additive cell to the LSTM
#
# *You build the LSTM one idea at a time, ask of each part what it buys, and measure which derivative it keeps at 1.*
#
# In assignment 2 the gradient had to pass through a product of Jacobians, one for each step, and it vanished or
# exploded; assignment 3 tamed the training. This chapter changes the cell itself, in the order in which the lecture
# does it. A state that is added to (1) gets two gates (2), then a third that lets it forget (3). Two of the gates, open
# or shut, make four behaviours (4). Then the whole sequence (5), its gradients by hand (6), gates that look into the
# cell (7), and the bias with which training had better begin (8). At the end your own code trains a network on
# Shakespeare, and you watch its gates while it reads (9).
#
# **What you will be able to do.** Write the LSTM, forward and backward, and its relatives; tell the direct derivative
# of a cell from the total one; set gates by hand for a given memory, and know what such a gate costs; choose a forget
# bias; read what a trained network's gates do, and what they do not tell.
#
# **How to work.** As before: write each of the eight exercises below its card, run its cell, then the `check(...)`
# below it; help is folded away under the symptom that it cures, and two questions are answered in words. Two harder
# tasks without points stand at the end. What draws and measures is in `figures.py`, beside this notebook, and yours to
# change.
#
# **Predict, then measure.** Seven experiments ask for a prediction first, in place of `None`. Some sentences that are
# often said of the LSTM will turn out stronger than the measurement allows, and so, most likely, will some of your
# own.

# %% [markdown] include="NOTATION.md"

# %%
if __name__ == "__main__":
    import os

    # The products of this notebook are small: one thread is quicker than several that wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"

# %%
import numpy as np

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import figures
    from selfcheck.budget import affordable
    from selfcheck.drawing import house_style

    house_style()

# %% [markdown]
# ## 1. Adding instead of replacing
#
# *What is only added to stays where it is; what is computed anew must be copied, at every step.*
#
# A recurrent network computes its state anew at every step. Whatever is to survive must pass through $\mathbf{W}$ and
# through the tanh, T times for T steps, and so must its gradient:
#
# $$\mathbf{h}_t = \tanh(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t + \mathbf{b}),
# \qquad\qquad
# \frac{\partial \mathbf{h}_t}{\partial \mathbf{h}_{t-1}} = \mathrm{diag}(1 - \mathbf{h}_t^2)\, \mathbf{W} .$$
#
# The idea behind the LSTM is a second state, the **cell** $\mathbf{c}_t$, to which each step only *adds* something. The
# hidden state, which the next step and the output read, is made from it:
#
# $$\mathbf{c}_t = \mathbf{c}_{t-1} + \tanh(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t + \mathbf{b}),
# \qquad\qquad \mathbf{h}_t = \tanh \mathbf{c}_t .$$
#
# **What does it buy?** Look at $\mathbf{c}_{t-1}$ where it *stands* in the first formula: it has the factor 1, and so
# it has after a hundred steps. What was once stored stays, and an error that arrives at $\mathbf{c}_T$ walks back along
# the sum unchanged: the **constant error carousel** of Hochreiter and Schmidhuber (1997).
#
# But $\mathbf{c}_{t-1}$ stands there twice. It also hides in $\mathbf{h}_{t-1} = \tanh \mathbf{c}_{t-1}$. So we must
# tell two derivatives apart, and shall do so to the end of the chapter:
#
# $$\underbrace{\frac{\partial \mathbf{c}_t}{\partial \mathbf{c}_{t-1}} \Big|_{\mathbf{h}_{t-1} \text{ fixed}} = I}_{
# \text{the direct one}}
# \qquad\qquad
# \underbrace{\frac{d \mathbf{c}_t}{d \mathbf{c}_{t-1}} = I + \mathrm{diag}(1 - \mathbf{g}_t^2)\, \mathbf{W}\,
# \mathrm{diag}(1 - \mathbf{h}_{t-1}^2)}_{\text{the total one}}
# \qquad\qquad \mathbf{g}_t = \tanh(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t + \mathbf{b}) .$$
#
# The first is 1 whatever the weights are. The second is what a gradient really meets; we shall measure it.

# %% [markdown]
# ## 2. The original LSTM: when to write, when to speak
#
# *Two gates, numbers between 0 and 1, decide what enters the cell and what leaves it.*
#
# The additive cell keeps everything, wanted or not. Each input is added, so the one that mattered drowns among all that
# came after. And each unit speaks at every step, also while it only holds something for later. The weights cannot help:
# the *same* weight into the cell would have to let one input in and keep the next one out (Hochreiter and Schmidhuber
# call this the input weight conflict, and its mirror image the output weight conflict). So let the network decide anew
# at each step. A **gate** is a vector of numbers between 0 and 1, computed from input and state like everything else,
# with which something is multiplied element by element:
#
# $$\begin{aligned}
# \mathbf{i}_t &= \sigma(\mathbf{W}_i\mathbf{h}_{t-1} + \mathbf{U}_i\mathbf{x}_t + \mathbf{b}_i) \\
# \mathbf{o}_t &= \sigma(\mathbf{W}_o\mathbf{h}_{t-1} + \mathbf{U}_o\mathbf{x}_t + \mathbf{b}_o) \\
# \mathbf{c}_t &= \mathbf{c}_{t-1} + \mathbf{i}_t \otimes
# \tanh(\mathbf{W}_g\mathbf{h}_{t-1} + \mathbf{U}_g\mathbf{x}_t + \mathbf{b}_g) \\
# \mathbf{h}_t &= \mathbf{o}_t \otimes \tanh \mathbf{c}_t
# \end{aligned}$$
#
# **What does it buy?** The input gate protects the cell from inputs that do not matter. The output gate protects the
# rest of the network from a cell that has nothing to say yet. And neither touches the factor 1 before
# $\mathbf{c}_{t-1}$.
#
# The gates need the logistic function; here it is in a form that never overflows.


# %%
def sigmoid(a):
    """The logistic function 1 / (1 + exp(-a)), in a form that does not overflow for any a."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


# %% exercise="additive_cell" points=10 difficulty=2 minutes=20
def additive_cell(x, h_prev, c_prev, U, W, b, i=1.0, o=1.0):
    r"""One step of the additive cell: $c_t = c_{t-1} + i \otimes \tanh(W h_{t-1} + U x_t + b)$.

    The hidden state is read from it: $h_t = o \otimes \tanh c_t$.
    x: (N, D). h_prev, c_prev: (N, H). U: (H, D). W: (H, H). b: (H,).
    i, o: (N, H), what the input and the output gate let through; 1.0, all of it, gives the additive cell of the slide.
    Returns h, c: (N, H) float64 each.
    Lecture: "The LSTM Idea"; the constant error carousel of Hochreiter and Schmidhuber 1997.
    """
    ### BEGIN SOLUTION
    c = c_prev + i * np.tanh(x @ U.T + h_prev @ W.T + b)  # (N, H)
    h = o * np.tanh(c)  # (N, H)
    ### END SOLUTION
    return h, c


def original_lstm_step(x, h_prev, c_prev, U, W, b):
    r"""One step of the original LSTM, the additive cell behind two gates of its own: $i_t, o_t = \sigma(\dots)$.

    Each of the three, in the order i, g, o, has its H rows of the weights: $a = W h_{t-1} + U x_t + b$,
    $i_t = \sigma(a_i)$, $o_t = \sigma(a_o)$, $c_t = c_{t-1} + i_t \otimes \tanh(a_g)$, $h_t = o_t \otimes \tanh c_t$.
    x: (N, D). h_prev, c_prev: (N, H). U: (3H, D). W: (3H, H). b: (3H,).
    Returns h, c: (N, H) float64 each.
    Lecture: "The Original LSTM Cell"; Hochreiter and Schmidhuber 1997.
    """
    ### BEGIN SOLUTION
    (U_i, U_g, U_o), (W_i, W_g, W_o), (b_i, b_g, b_o) = (np.split(weights, 3) for weights in (U, W, b))
    i = sigmoid(x @ U_i.T + h_prev @ W_i.T + b_i)  # (N, H)
    o = sigmoid(x @ U_o.T + h_prev @ W_o.T + b_o)  # (N, H)
    h, c = additive_cell(x, h_prev, c_prev, U_g, W_g, b_g, i, o)
    ### END SOLUTION
    return h, c


# %% [markdown]
# <details><summary>The cell is right while the gates are 1, wrong when they are given</summary>
#
# The input gate decides what *enters*. Does yours also multiply what has been in the cell before?
# </details>
#
# <details><summary>c is right, h is wrong</summary>
#
# Two things are called state here. Which of them does the output read, the cell before this step or after it? And does
# h pass through a tanh of its own?
# </details>
#
# <details><summary>additive_cell is right, original_lstm_step is not</summary>
#
# Which of the 3H rows belong to which gate? The order is stated in the docstring. Two of the three parts pass through
# the same function, the third through another one.
# </details>
#
# <details><summary>"operands could not be broadcast together", or a product that does not fit</summary>
#
# Each gate has H *rows* of U, of W and of b, and all columns. Once a product is made, its N sequences are rows and the
# 3H numbers are columns.
# </details>

# %% [markdown]
# **A memory set by hand.** One unit, no recurrent weights, an input of three numbers: a value that changes at every
# step, and two cues, *write* and *read*. The weights are set by hand so that the cues open the gates. The value at step
# 10 is to be kept and read at step 40; the value at step 60 is to take its place and be read at step 90. The additive
# cell has no gates and must take what comes.

# %%
if __name__ == "__main__":
    value, write, read = np.eye(3)  # the candidate sees the value, the gates see the cues
    U_additive, b_additive = np.array([value]), np.zeros(1)
    U_original, b_original = np.array([20 * write, value, 20 * read]), np.array([-10.0, 0, -10])  # i, g, o
    cells = {
        "additive cell": (additive_cell, U_additive, b_additive),
        "original LSTM: input and output gate": (original_lstm_step, U_original, b_original),
    }
    figures.memory_by_hand(cells, writes={10: 0.7, 60: -0.5}, reads=[40, 90], ylim=(-3.4, 2.3))

# %% [markdown]
# The additive cell wanders about with everything that it is fed; at both readings its value has the wrong sign. The
# original LSTM writes only at the cue, holds 0.604 without a scratch for fifty steps, and speaks only when asked. But
# at step 60 it does the one thing that it can do, it *adds*: 0.604 - 0.462 = 0.142, where -0.462 was wanted. It has no
# way to let go of the first value. Keep this in mind for section 3.

# %% [markdown]
# ### Experiment 1: the direct derivative and the total one
#
# Now random weights, H = 32 units, D = 8 random inputs, drawn as PyTorch draws them: uniform between $-1/\sqrt H$ and
# $1/\sqrt H$. Change each number of $\mathbf{c}_0$ a little and see how much $\mathbf{c}_t$ changes, for t = 1 to 100.
# The matrix of these changes is $d\mathbf{c}_t / d\mathbf{c}_0$, and its norm (the largest singular value) is the
# largest factor by which a change can have grown. To measure the *direct* derivative, hand the cell at each step the
# hidden state that it had in an undisturbed run, so that nothing can travel through $\mathbf{h}$.
#
# For comparison the recurrent network of section 1 with the weights of the additive cell. By what power of ten will a
# small change have grown or shrunk after 100 steps: 0 for "not at all", -6 for "to a millionth"?

# %%
if __name__ == "__main__":
    predicted_power_direct = {"additive cell": None, "original LSTM": None}
    predicted_power_total = {"additive cell": None, "original LSTM": None, "RNN": None}

# %%
if __name__ == "__main__":
    predicted = predicted_power_direct, predicted_power_total
    figures.direct_and_total(additive_cell, original_lstm_step, *predicted, D=8, H=32, T=100)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The direct derivative is 1.000000 in every case: the carousel does what it promises. The total one is something else.
# After 100 steps it has grown to $10^{3.4}$, more than two thousand, in the additive cell and to $10^{2.2}$ in the
# original LSTM. (The RNN is below $10^{-9}$, where small differences drown in rounding errors.) The formula of section
# 1 says why: $I$ plus a random matrix has its eigenvalues scattered around 1, about half of them outside the unit
# circle, where the RNN's were scattered around 0. Adding cured the vanishing; it did not cure the exploding, and the
# clipping of assignment 3 stays in use.
#
# That the growth slows down later is no comfort. On the right the cells fill up: numbers of 30 in the additive cell,
# where $\tanh$ is as flat as it gets, so that nothing passes through $\mathbf{h}$ any more. The derivative stops
# growing because the network has stopped listening to its memory.
#
# Hochreiter and Schmidhuber knew this. In their paper an error that leaves the cell through its candidate or a gate
# changes their weights and is then *cut off*: it is not followed back through $\mathbf{h}$ to earlier steps. With the
# gradient truncated in this way the direct derivative is all there is, and their word *constant* is exact. Today's
# programs, yours included, compute the whole gradient.
# </details>

# %% [markdown]
# ## 3. The popular LSTM: learning to forget
#
# *A third gate multiplies the old cell, so that the cell can let go.*
#
# Two things went wrong in the last section. The original cell could add a second value to the first but not put it in
# the first one's place. And in a long run its numbers only grow, until $\tanh \mathbf{c}_t$ lies in its flat part,
# where the network can neither read what is stored nor tell by a gradient how to change it. Sequences that never end,
# such as text, need a way to *let go*. Gers, Schmidhuber and Cummins (2000) put a gate where the factor 1 had been:
#
# $$\begin{aligned}
# \mathbf{i}_t &= \sigma(\mathbf{W}_i\mathbf{h}_{t-1} + \mathbf{U}_i\mathbf{x}_t + \mathbf{b}_i) &
# \mathbf{f}_t &= \sigma(\mathbf{W}_f\mathbf{h}_{t-1} + \mathbf{U}_f\mathbf{x}_t + \mathbf{b}_f) \\
# \mathbf{g}_t &= \tanh(\mathbf{W}_g\mathbf{h}_{t-1} + \mathbf{U}_g\mathbf{x}_t + \mathbf{b}_g) &
# \mathbf{o}_t &= \sigma(\mathbf{W}_o\mathbf{h}_{t-1} + \mathbf{U}_o\mathbf{x}_t + \mathbf{b}_o) \\
# \mathbf{c}_t &= \mathbf{f}_t \otimes \mathbf{c}_{t-1} + \mathbf{i}_t \otimes \mathbf{g}_t &
# \mathbf{h}_t &= \mathbf{o}_t \otimes \tanh \mathbf{c}_t
# \end{aligned}$$
#
# This is the cell that everybody calls LSTM today. $\mathbf{g}_t$ is the **candidate**, what would be written if the
# input gate were wide open.
#
# **What does it buy?** The cell can be emptied, at once or little by little, unit by unit, whenever input and state ask
# for it. **What does it cost?** The direct derivative is no longer 1 but $\mathbf{f}_t$: the carousel runs at the
# strength that the network itself chooses. At $\mathbf{f}_t = 1$ everything is as before.
#
# **On paper**: one unit, its weights in the order i, f, g, o: $U = (1, -1, 2, 0.5)$, $W = (0.5, 0.5, -0.5, 1)$, $b =
# (0, 1, 0, 0)$. It starts from $h = 0$ and $c = 0.5$ and reads $x = (1, -1)$:
#
# | | $a = Wh + Ux + b$ | i | f | g | o | $c = f c_{\text{prev}} + i g$ | $h = o \tanh c$ |
# |---|---|---|---|---|---|---|---|
# | $x = 1$ | 1, 0, 2, 0.5 | 0.7311 | 0.5 | 0.9640 | 0.6225 | 0.25 + 0.7048 = 0.9548 | 0.6225 · 0.7419 = 0.4618 |
# | $x = -1$ | -0.7691, 2.2309, -2.2309, -0.0382 | 0.3167 | 0.9030 | -0.9772 | 0.4905 | 0.5527 | 0.2465 |
#
# In code the four stand below each other in one matrix of 4H rows, in the order i, f, g, o, so that one product serves
# all of them.


# %% exercise="lstm_step_forward" points=10 difficulty=2 minutes=15
def lstm_step_forward(x, h_prev, c_prev, U, W, b):
    r"""One step of the LSTM: $c_t = f_t \otimes c_{t-1} + i_t \otimes g_t$, $h_t = o_t \otimes \tanh c_t$.

    $a = W h_{t-1} + U x_t + b$, with H rows for each of i, f, g, o, in this order;
    $i_t = \sigma(a_i)$, $f_t = \sigma(a_f)$, $g_t = \tanh(a_g)$, $o_t = \sigma(a_o)$.
    x: (N, D). h_prev, c_prev: (N, H). U: (4H, D). W: (4H, H). b: (4H,).
    Returns h, c: (N, H) float64 each, and the cache (x, h_prev, c_prev, U, W, i, f, g, o, c) for the backward pass.
    Lecture: "The Popular LSTM Cell"; Gers, Schmidhuber and Cummins 2000.
    """
    ### BEGIN SOLUTION
    a_i, a_f, a_g, a_o = np.split(x @ U.T + h_prev @ W.T + b, 4, axis=1)  # (N, H) each
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c_prev + i * g  # (N, H)
    h = o * np.tanh(c)  # (N, H)
    ### END SOLUTION
    return h, c, (x, h_prev, c_prev, U, W, i, f, g, o, c)


# %% [markdown]
# <details><summary>Only some of the numbers are wrong, or all of them a little</summary>
#
# Print the four gates for one sequence. All but one must lie between 0 and 1. Which one may be negative, and where in
# the order i, f, g, o does it stand?
# </details>
#
# <details><summary>c is wrong, though the gates are right</summary>
#
# Two products are added. Which gate belongs to what *was* there, and which one to what is *new*?
# </details>
#
# <details><summary>c is right, h is not</summary>
#
# Can your h be larger than 1? The lecture's cannot.
# </details>
#
# <details><summary>The gates have the wrong shape, or each gets numbers of another</summary>
#
# The 4H numbers of a row belong to four gates. Along which axis did you cut?
# </details>

# %% [markdown]
# PyTorch's cell, computed by your function from its own weights. It keeps two biases and adds them; ours is their sum.
# Below it the memory of the last section again, with a forget gate that shuts when the *write* cue comes.

# %%
if __name__ == "__main__":
    import torch

    torch.manual_seed(0)
    cell = torch.nn.LSTMCell(input_size=4, hidden_size=6, dtype=torch.float64)
    x, h_prev, c_prev = (np.random.default_rng(size).standard_normal((3, size)) for size in (4, 6, 6))
    ours = lstm_step_forward(x, h_prev, c_prev, *figures.torch_weights(cell))[:2]
    theirs = cell(torch.from_numpy(x), (torch.from_numpy(h_prev), torch.from_numpy(c_prev)))
    for name, a, b in zip("hc", ours, theirs, strict=True):
        print(f"{name}: largest difference from PyTorch's {abs(a - b.detach().numpy()).max():.0e}")

# %%
if __name__ == "__main__":
    value, write, read = np.eye(3)
    U_original, b_original = np.array([20 * write, value, 20 * read]), np.array([-10.0, 0, -10])  # i, g, o
    U_popular, b_popular = np.array([20 * write, -20 * write, value, 20 * read]), np.array([-10.0, 10, 0, -10])
    cells = {
        "original LSTM": (original_lstm_step, U_original, b_original),
        "popular LSTM: with forget gate": (lstm_step_forward, U_popular, b_popular),  # i, f, g, o
    }
    figures.memory_by_hand(cells, writes={10: 0.7, 60: -0.5}, reads=[40, 90], ylim=(-1.1, 0.8))

# %% [markdown]
# The second value has taken the place of the first: -0.461. The forget gate was at 0.99995 between the cues and at
# 0.00005 at the second one. Look closely at the first value, though: after 49 steps at 0.99995 it has become 0.603
# where the original LSTM still has 0.604. A gate that is nearly open leaks.

# %% [markdown]
# ## 4. The table of the gates
#
# *Two gates, open or shut: four things that a cell can do with what it holds. And how far open is open?*
#
# | input gate | forget gate | behaviour |
# |---|---|---|
# | 0 | 1 | remember the previous value |
# | 1 | 1 | add to the previous value |
# | 0 | 0 | erase the value |
# | 1 | 0 | overwrite the value |
#
# The additive cell knew only the second row, the original LSTM the first and the second; the forget gate brings the
# other two. But the table speaks of 0 and 1, and a sigmoid reaches neither. A forget gate of 0.99 *remembers* for one
# step; over a hundred steps it leaves $0.99^{100} = 0.37$ of the value. Whether a gate is open is a question about how
# long and how exactly: for T steps, to a tolerance $\varepsilon$.
#
# ### Play with it: the gates in your hand
#
# One cell. Set its gates, let it go on by a step or by twenty, and see what it holds. The table's rows are buttons.
# When you have found what is asked, try this too: bring the cell to 0.5, whatever it holds now, in one step; then let
# it hold that while the candidate stays where it is. Which gates have to change?

# %% folded=true
if __name__ == "__main__":
    figures.play_with_the_gates()

# %% [markdown]
# <details><summary>What was measured</summary>
#
# 0.995: at 0.99 only 82% are left after 20 steps, at 0.9, which looks nearly open, 12%. *Overwrite* with a candidate of
# 0.5 brings any cell to 0.5; then both gates have to change, to *remember*. A candidate that is not wanted does no harm
# as long as the input gate is shut.
# </details>

# %% [markdown]
# In a network a gate does not stand still. Its pre-activation is the bias *plus* what inputs and states contribute,
# which may be anything from minus to plus the sum of the sizes of a row's weights, times the largest input or state. A
# gate that must stay open has to do so in the worst case.
#
# You could choose a bias of 1000 and be done. But then no input could ever close the gate again, and no gradient could
# teach it to. So find the *smallest* bias that does what the table says. Take a pencil: with the gate at f all the
# time, what is left after T steps? How large must f be? Which number does the sigmoid map to this f? And for a gate
# that must stay shut: what does $\sigma(-a)$ have to do with $\sigma(a)$?


# %% exercise="gate_settings" points=12 difficulty=4 minutes=60
def gate_settings(behaviours, U, W, b, x_max, T, tolerance):
    r"""The smallest biases with which each unit of an LSTM behaves for T steps as its row of the lecture's table says.

    | behaviour | input gate | forget gate |
    |---|---|---|
    | "remember" | 0 | 1 |
    | "add" | 1 | 1 |
    | "erase" | 0 | 0 |
    | "overwrite" | 1 | 0 |

    No sigmoid reaches 0 or 1. A gate counts as 1 if T steps multiply to enough: $\text{gate}^T \ge 1 - $ tolerance; it
    counts as 0 if what it holds back does: $(1 - \text{gate})^T \ge 1 - $ tolerance. This must hold for every input
    with $|x_d| \le $ x_max and every state with $|h_k| \le 1$. Of all biases for which it does, return the smallest in
    size: a larger one would do too, but would leave the gate without a slope by which training could move it.

    behaviours: list of H words, one for each unit. U: (4H, D). W: (4H, H). b: (4H,), the gates in the order i, f, g, o.
    x_max: float >= 0. T: int >= 1. tolerance: float between 0 and 1/2.
    Returns a new b: (4H,) float64, which differs from b in the rows of i and f only.
    Lecture: "The Popular LSTM Cell", the table of input and forget gate.
    """
    ### BEGIN SOLUTION
    H = len(behaviours)
    gate = (1 - tolerance) ** (1 / T)  # the least that counts as 1
    a = np.log(gate / (1 - gate))  # sigma(a) = gate, sigma(-a) = 1 - gate
    swing = x_max * np.abs(U).sum(axis=1) + np.abs(W).sum(axis=1)  # (4H,): how far inputs and states can move a gate
    table = {"remember": (-1, 1), "add": (1, 1), "erase": (-1, -1), "overwrite": (1, -1)}
    signs = np.array([table[behaviour] for behaviour in behaviours])  # (H, 2)
    biases = np.concatenate([signs[:, 0], signs[:, 1]]) * (a + swing[: 2 * H])  # (2H,)
    new = np.concatenate([biases, b[2 * H :]])
    ### END SOLUTION
    return new


# %% [markdown]
# <details><summary>My bias is a little too small: the test says that the value is not kept</summary>
#
# After one step or after T? A gate that loses a thousandth at each of a hundred steps has lost a tenth.
# </details>
#
# <details><summary>The test says that a smaller bias would do</summary>
#
# Where does equality hold? For T = 1 the condition is $\sigma(b) \ge 1 - \varepsilon$; solve that one first. A round
# number that is certainly large enough is not the answer here, and an approximation for small $\varepsilon$ is not
# either.
# </details>
#
# <details><summary>Right for U = 0 and W = 0, wrong otherwise</summary>
#
# The worst input for an open gate makes its pre-activation as small as possible. Each input may have either sign, so
# what is the smallest value of $\sum_d U_{kd} x_d$ for $|x_d| \le$ x_max? And each row has worst inputs of its own.
# </details>
#
# <details><summary>"remember" and "overwrite" are exchanged</summary>
#
# The table's columns are input gate, forget gate. What must each of the two be so that nothing *new* comes in?
# </details>

# %% [markdown]
# One real cell with four units, random weights and random inputs, one unit for each row of the table, all starting from
# 0.8. The thick line is what the table promises.

# %%
if __name__ == "__main__":
    behaviours, rng = ["remember", "add", "erase", "overwrite"], np.random.default_rng(3)
    U, W = 0.3 * rng.uniform(-1, 1, (16, 3)), 0.3 * rng.uniform(-1, 1, (16, 4))
    b = gate_settings(behaviours, U, W, np.zeros(16), x_max=1.0, T=100, tolerance=1e-3)
    figures.four_behaviours(lstm_step_forward, behaviours, U, W, b, x=rng.uniform(-1, 1, (100, 3)))

# %% [markdown]
# All four do what the table says, up to a few thousandths of a value of 15 in the unit that adds. The biases are larger
# in size than 12: some 11.5 for the hundred steps, and the rest for the worst that these small weights could do.

# %% [markdown]
# ### Experiment 2: what a long memory costs
#
# A cell without inputs, so that $c_T = f^T c_0$ with $f = \sigma(b_f)$. Which bias keeps the value for T = 100 steps to
# a tolerance of 0.001? Which for 1000 steps? And the price: a gradient that is to move the gate must pass through its
# sigmoid, whose slope is $f(1-f)$, at most 0.25. How much of these 0.25 is left at the bias for 100 steps?

# %%
if __name__ == "__main__":
    predicted_bias = {100: None, 1000: None}
    predicted_slope = None

# %%
if __name__ == "__main__":
    figures.cost_of_memory(lstm_step_forward, gate_settings, predicted_bias, predicted_slope, tolerance=1e-3)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# With $1 - f \approx e^{-b}$ for a gate that is nearly open, and $1 - f^T \approx T(1-f)$ for a small loss, the
# condition becomes $T e^{-b} \approx \varepsilon$, or
#
# $$b \approx \ln \frac{T}{\varepsilon} ,$$
#
# 11.5 for 100 steps to a thousandth (your function's 11.512 is exact, the formula gives 11.513). Time is cheap: ten
# times as many steps cost only ln 10 = 2.3 more. So would a bias of 30 be better still? The right-hand figure shows the
# price. At 11.5 the sigmoid's slope is 0.00001, which is 25,000 times less than at 0: every gradient that wants to move
# this gate is multiplied by it. Such a gate remembers, and cannot be taught to do anything else. For a network that is
# still to learn *when* to remember one must be less greedy; ln 100, at a slope of 0.0098, is a compromise to which
# section 8 returns.
# </details>

# %% [markdown]
# ## 5. The whole sequence
#
# *The same step again and again, with two states handed on.*
#
# Nothing new happens here, but one habit is worth having. The part $\mathbf{U}\mathbf{x}_t + \mathbf{b}$ of the
# pre-activations does not wait for any state, so it can be computed for all steps at once, in one large product; only
# $\mathbf{W}\mathbf{h}_{t-1}$ must be done step by step. That is one of the reasons why library code is fast. Do it in
# whichever way you like; the numbers are the same.
#
# The loop hands on *two* states. The cache keeps what the backward pass will ask for: the gates and the cell of every
# step.


# %% exercise="lstm_forward" points=10 difficulty=2 minutes=25
def lstm_forward(x, U, W, b, h0=None, c0=None):
    r"""The whole sequence: the step of the LSTM for $t = 0 .. T-1$, from $h_{-1}$ = h0 and $c_{-1}$ = c0.

    x: (N, T, D). U: (4H, D). W: (4H, H). b: (4H,). h0, c0: (N, H), or None for zeros.
    Returns h: (N, T, H) float64, every hidden state; c_last: (N, H) float64, the last cell state; and the cache
    (x, h0, c0, U, W, gates, c, h) with gates: (N, T, 4H), the values of i, f, g, o side by side, and c: (N, T, H).
    Lecture: "The Popular LSTM Cell", unrolled in time.
    """
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    c0 = np.zeros((N, H), dtype=x.dtype) if c0 is None else c0
    h, c, gates = (np.empty((N, T, size), dtype=x.dtype) for size in (H, H, 4 * H))
    ### BEGIN SOLUTION
    a_x = x @ U.T + b  # (N, T, 4H): the inputs' part of all steps at once
    h_t, c_t = h0, c0
    for t in range(T):
        a_i, a_f, a_g, a_o = np.split(a_x[:, t] + h_t @ W.T, 4, axis=1)  # (N, H) each
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_t = f * c_t + i * g
        h_t = o * np.tanh(c_t)
        h[:, t], c[:, t], gates[:, t] = h_t, c_t, np.hstack([i, f, g, o])
    ### END SOLUTION
    c_last = c[:, -1]
    return h, c_last, (x, h0, c0, U, W, gates, c, h)


# %% [markdown]
# <details><summary>The first step is right, later ones are wrong</summary>
#
# How many states does your loop hand on from step to step? Print both for T = 2 and compare with two calls of your
# step.
# </details>
#
# <details><summary>h is right, but the check complains about the cache or c_last</summary>
#
# `h`, `c` and `gates` are made for you, above the line where your part begins; each has a place for every step. Are all
# three filled, with the gates side by side in the order i, f, g, o?
# </details>
#
# <details><summary>"h0 was changed"</summary>
#
# `a *= ...` and `a += ...` write into the array that came in. For the first step this is the caller's.
# </details>

# %%
if __name__ == "__main__":
    torch.manual_seed(1)
    network = torch.nn.LSTM(input_size=4, hidden_size=6, batch_first=True, dtype=torch.float64)
    rng = np.random.default_rng(1)
    x, h0, c0 = rng.standard_normal((3, 5, 4)), rng.standard_normal((3, 6)), rng.standard_normal((3, 6))
    h, c_last, _ = lstm_forward(x, *figures.torch_weights(network), h0, c0)
    states = tuple(torch.from_numpy(state[None]) for state in (h0, c0))
    theirs, (_, their_c) = network(torch.from_numpy(x), states)
    print(f"h: largest difference from torch.nn.LSTM {abs(h - theirs.detach().numpy()).max():.0e}", end=", ")
    print(f"c_last: {abs(c_last - their_c[0].detach().numpy()).max():.0e}")

# %% [markdown]
# ## 6. Backward
#
# *Two gradients walk back, one for each state; where the forward pass used a number twice, two of them meet and add.*
#
# The lecture points to an illustrated forward and backward pass; here is ours. On the left a step of the LSTM as a
# graph, on the right the same graph with every arrow turned round.

# %% folded=true
if __name__ == "__main__":
    figures.step_as_graph()

# %% [markdown]
# Everything about the backward pass can be read from the right-hand graph, in the order of its arrows.
#
# - **A fork becomes a sum.** At each dot a value was used twice or more in the forward pass; backward the gradients
#   add. The most important one is the dot on the upper line: $\mathbf{c}_t$ went to the next step *and*, through the
#   tanh, into $\mathbf{h}_t$. The gradient `dc` that arrives from the next step is only one of the two.
# - **A product hands on the other factor.** At $y = a\,b$ the gradient for $a$ is $dy\; b$. So each arrow that leaves a
#   "×" carries as a factor the value that came in *beside* it.
# - **A sum hands on a copy.** At the "+" nothing is multiplied: here the carousel turns.
# - **A function hands on its slope**: $\sigma' = \sigma(1-\sigma)$ and $\tanh' = 1 - \tanh^2$, written with values that
#   the forward pass has kept.
#
# Before you write code, write the factor of each of the arrows ① to ⑪ on paper, as a formula in i, f, g, o, c and
# $c_{t-1}$. From there on it is an RNN's backward step: with `da` the gradient of all 4H pre-activations, what remains
# is what you did in assignment 2.


# %% exercise="lstm_step_backward" points=14 difficulty=4 minutes=60
def lstm_step_backward(dh, dc, cache):
    r"""The gradients of one step of the LSTM: given $\partial L / \partial h_t$ and $\partial L / \partial c_t$.

    $h_t = o_t \otimes \tanh c_t$, $c_t = f_t \otimes c_{t-1} + i_t \otimes g_t$, and $i_t, f_t, g_t, o_t$ as in
    lstm_step_forward. L depends on $c_t$ in two ways: by way of $h_t$, and otherwise, which is what dc holds.
    dh, dc: (N, H). cache: (x, h_prev, c_prev, U, W, i, f, g, o, c) as lstm_step_forward returns it.
    Returns dx: (N, D), dh_prev, dc_prev: (N, H), dU: (4H, D), dW: (4H, H), db: (4H,), float64 each.
    Lecture: "LSTM - Forward/Backward".
    """
    x, h_prev, c_prev, U, W, i, f, g, o, c = cache
    ### BEGIN SOLUTION
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)  # dh_t/dc_t = o (1 - tanh^2 c_t)
    da_i = dc * g * i * (1 - i)  # dc_t/di = g; sigma' = sigma (1 - sigma)
    da_f = dc * c_prev * f * (1 - f)  # dc_t/df = c_{t-1}
    da_g = dc * i * (1 - g**2)  # dc_t/dg = i; tanh' = 1 - tanh^2
    da_o = dh * tanh_c * o * (1 - o)  # dh_t/do = tanh c_t
    da = np.hstack([da_i, da_f, da_g, da_o])  # (N, 4H)
    dx = da @ U  # (N, D): da/dx = U
    dh_prev = da @ W  # (N, H): da/dh_{t-1} = W
    dc_prev = dc * f  # (N, H): dc_t/dc_{t-1} = f
    dU = da.T @ x  # (4H, D): the sum over the batch
    dW = da.T @ h_prev  # (4H, H)
    db = da.sum(axis=0)  # (4H,)
    ### END SOLUTION
    return dx, dh_prev, dc_prev, dU, dW, db


# %% [markdown]
# <details><summary>dc_prev and the gradients of i, f, g are wrong, the one of o is right</summary>
#
# They all come from the dot on the upper line, where ② ends. How many arrows meet there? If dh is zero everywhere, are
# you right?
# </details>
#
# <details><summary>Only the rows of one gate are wrong</summary>
#
# Which value came into the "×" beside this gate? For the forget gate: was it the cell before the step or after it? And
# does the slope belong to this gate's own function? Three of the four have a sigmoid.
# </details>
#
# <details><summary>All of dU, dW and db are wrong, dc_prev is right</summary>
#
# Between a gate and its pre-activation stands one of ⑧ to ⑪. Is the slope written with the *value* of the gate, which
# the cache holds, or with something that you have passed through the sigmoid a second time?
# </details>
#
# <details><summary>dU or db is N times too small or has a shape with N in it</summary>
#
# The weights are shared by the N sequences of the batch. What does a shared parameter receive?
# </details>
#
# <details><summary>"dh was changed", or the check is right once and then wrong</summary>
#
# `dc += ...` writes into the array of the caller. Make a new one.
# </details>

# %% [markdown]
# And now the sequence. Backward through time both states hand back a gradient, `dh` *and* `dc`. What reaches
# $\mathbf{h}_t$ is the sum of what comes from outside (the loss at step t) and what comes back from step t+1; what
# reaches $\mathbf{c}_t$ comes from step t+1, and at the last step from outside. A program that hands back only one of
# the two still runs, and its loss may even go down. Only a comparison shows it.


# %% exercise="lstm_backward" points=12 difficulty=4 minutes=50
def lstm_backward(dh, dc_last, cache):
    r"""The gradients of the whole sequence, by backpropagation through time.

    $\partial L / \partial h_t$ has two parts: dh[:, t], which arrives from outside, and what comes back from step t+1;
    $\partial L / \partial c_t$ has one from step t+1, and at the last step dc_last, besides what comes through $h_t$.
    dh: (N, T, H), at every hidden state. dc_last: (N, H), at the last cell state.
    cache: (x, h0, c0, U, W, gates, c, h) as lstm_forward returns it.
    Returns dx: (N, T, D), dU: (4H, D), dW: (4H, H), db: (4H,), dh0, dc0: (N, H), float64 each.
    Lecture: "LSTM - Forward/Backward".
    """
    x, h0, c0, U, W, gates, c, h = cache
    ### BEGIN SOLUTION
    N, T, D = x.shape
    H = W.shape[1]
    i, f, g, o = np.split(gates, 4, axis=2)  # (N, T, H) each
    tanh_c = np.tanh(c)
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H): the state before each step
    c_prev = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    dh_dc = o * (1 - tanh_c**2)  # what needs no gradient, for all steps at once
    dc_da = np.stack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g**2)], axis=2)  # (N, T, 3, H)
    dh_da = tanh_c * o * (1 - o)
    da = np.empty_like(gates).reshape(N, T, 4, H)
    dh_next, dc_next = np.zeros_like(h0), dc_last
    for t in reversed(range(T)):
        dh_t = dh[:, t] + dh_next  # from outside and from the future
        dc_t = dc_next + dh_t * dh_dc[:, t]
        da[:, t, :3] = dc_t[:, None] * dc_da[:, t]
        da[:, t, 3] = dh_t * dh_da[:, t]
        dh_next = da[:, t].reshape(N, 4 * H) @ W
        dc_next = dc_t * f[:, t]
    dh0, dc0 = dh_next, dc_next
    da = da.reshape(N * T, 4 * H)  # a shared parameter's gradient is the sum over batch and time
    dx = (da @ U).reshape(N, T, D)
    dU = da.T @ x.reshape(N * T, D)
    dW = da.T @ h_prev.reshape(N * T, H)
    db = da.sum(axis=0)
    ### END SOLUTION
    return dx, dU, dW, db, dh0, dc0


# %% [markdown]
# <details><summary>Right for T = 1, wrong for T = 2</summary>
#
# What does step 1 hand back to step 0? Name two arrays, and find the place in your loop where each of them is used.
# </details>
#
# <details><summary>dh0 and dc0 are right, the gradients of the weights are not (or the other way round)</summary>
#
# The weights are used at every step, so their gradients are sums over t. The states' gradients are not: each is used up
# by the step before. Is one of them carried on when it should have been replaced, or replaced when it should add up?
# </details>
#
# <details><summary>Only what concerns the first step is wrong</summary>
#
# What were the states before step 0? The cache says so. `h[:, t - 1]` with t = 0 is the *last* state.
# </details>
#
# <details><summary>It is right if dc_last is zero</summary>
#
# With which value does the gradient of the cell begin its way back?
# </details>
#
# <details><summary>How do I use my step?</summary>
#
# The cache of the sequence holds all that the cache of a step holds, for every t: `gates[:, t]` cut into four, and the
# states before the step. Build the tuple and call your step, or write its lines anew inside the loop.
# </details>

# %% [markdown]
# **Unrolled**, the unit of section 3 over four steps, with your numbers. Along the cell's line forward stands the
# forget gate. On its way back the gradient of $c_3$ meets the same gates: is it their product? If not, what has come
# in?

# %% folded=true
if __name__ == "__main__":
    figures.unrolled_in_numbers(lstm_forward, lstm_backward)

# %% [markdown]
# **By hand and by machine.** The same loss, a random weight on every hidden state and on the last cell state,
# differentiated twice: by your function, and by PyTorch's autograd through `torch.nn.LSTM`.

# %%
if __name__ == "__main__":
    torch.manual_seed(1)
    network = torch.nn.LSTM(input_size=4, hidden_size=6, batch_first=True, dtype=torch.float64)
    rng = np.random.default_rng(1)
    x, h0, c0 = rng.standard_normal((3, 5, 4)), rng.standard_normal((3, 6)), rng.standard_normal((3, 6))
    weight_h, weight_c = rng.standard_normal((3, 5, 6)), rng.standard_normal((3, 6))
    theirs, db_too = figures.torch_gradients(network, x, h0, c0, weight_h, weight_c)
    ours = lstm_backward(weight_h, weight_c, lstm_forward(x, *figures.torch_weights(network), h0, c0)[2])
    for name, a, b in zip(("dx", "dU", "dW", "db", "dh0", "dc0"), ours, theirs, strict=True):
        print(f"{name:>3}: largest difference from autograd {abs(a - b).max():.0e}, largest number {abs(b).max():.1f}")
    print(f"PyTorch's two biases get the same gradient: they differ by {abs(theirs[3] - db_too).max():.0e}")

# %% [markdown]
# ## 7. Peepholes
#
# *Gates that see the cell can act on what is stored even while the output gate hides it.*
#
# The gates of the LSTM see $\mathbf{x}_t$ and $\mathbf{h}_{t-1} = \mathbf{o}_{t-1} \otimes \tanh \mathbf{c}_{t-1}$. As
# long as the output gate is shut, $\mathbf{h}_{t-1}$ is zero and they are blind: the one thing that should decide
# whether to go on keeping, *what is kept*, they cannot see. Gers and Schmidhuber (2000) gave them a **peephole**:
#
# $$\begin{aligned}
# \mathbf{i}_t &= \sigma(\mathbf{W}_i\mathbf{h}_{t-1} + \mathbf{U}_i\mathbf{x}_t + \mathbf{P}_i \mathbf{c}_{t-1} +
# \mathbf{b}_i) \\
# \mathbf{f}_t &= \sigma(\mathbf{W}_f\mathbf{h}_{t-1} + \mathbf{U}_f\mathbf{x}_t + \mathbf{P}_f \mathbf{c}_{t-1} +
# \mathbf{b}_f) \\
# \mathbf{o}_t &= \sigma(\mathbf{W}_o\mathbf{h}_{t-1} + \mathbf{U}_o\mathbf{x}_t + \mathbf{P}_o \mathbf{c}_t +
# \mathbf{b}_o)
# \end{aligned}$$
#
# $\mathbf{g}_t$, $\mathbf{c}_t$ and $\mathbf{h}_t$ are as before. Mind the time: i and f decide what becomes of the
# cell, so they can only see the old one; o decides what is shown of the new cell, and sees the new one. The slide
# writes one matrix times $(\mathbf{x}_t; \mathbf{h}_{t-1}; \mathbf{c}_{t-1})$, so $\mathbf{P}$ is a full matrix here;
# in the usual form each gate sees its own unit's cell only, and $\mathbf{P}$ is diagonal.
#
# **What does it buy?** A unit that can count in silence.


# %% exercise="peephole_step" points=8 difficulty=3 minutes=20
def peephole_step(x, h_prev, c_prev, U, W, P, b):
    r"""One step of the LSTM with peepholes: the gates i and f see $c_{t-1}$, the gate o sees the new $c_t$.

    $a = W h_{t-1} + U x_t + b$, with H rows for each of i, f, g, o;
    $i_t = \sigma(a_i + P_i c_{t-1})$, $f_t = \sigma(a_f + P_f c_{t-1})$, $g_t = \tanh(a_g)$,
    $c_t = f_t \otimes c_{t-1} + i_t \otimes g_t$, $o_t = \sigma(a_o + P_o c_t)$, $h_t = o_t \otimes \tanh c_t$.
    x: (N, D). h_prev, c_prev: (N, H). U: (4H, D). W: (4H, H). b: (4H,). P: (3H, H), H rows for each of i, f, o: full
    matrices, as the slide has them; the usual form, a vector for each gate, is the case of three diagonal ones.
    Returns h, c: (N, H) float64 each.
    Lecture: "Extension I: Peephole LSTM"; Gers and Schmidhuber 2000.
    """
    ### BEGIN SOLUTION
    a_i, a_f, a_g, a_o = np.split(x @ U.T + h_prev @ W.T + b, 4, axis=1)  # (N, H) each
    P_i, P_f, P_o = np.split(P, 3)  # (H, H) each
    i = sigmoid(a_i + c_prev @ P_i.T)
    f = sigmoid(a_f + c_prev @ P_f.T)
    c = f * c_prev + i * np.tanh(a_g)  # (N, H)
    o = sigmoid(a_o + c @ P_o.T)
    h = o * np.tanh(c)  # (N, H)
    ### END SOLUTION
    return h, c


# %% [markdown]
# <details><summary>h is wrong, c is right</summary>
#
# There are two cells in this step, the one before and the one after. Which of them does the output gate
# see?
# </details>
#
# <details><summary>Right for diagonal P, wrong for full ones</summary>
#
# A row of $\mathbf{P}_i$ says with which weights *one* gate sees *all* cells. Which product of c_prev and P does this?
# `c_prev * P` is another one.
# </details>
#
# <details><summary>The candidate is wrong</summary>
#
# P has 3H rows, not 4H. Which of the four has no peephole?
# </details>

# %% [markdown]
# ### Experiment 3: a clock without input
#
# Three units that get no input at all and have no recurrent weights. Each step adds $g$ to its cell. The first two have
# peepholes, set by hand: when the cell has reached 0.95, the output gate opens, and at the next step the forget gate
# shuts for one step. With $g = 0.1$ and $g = 0.04$: after how many steps does each of them ring for the first time, and
# how many steps lie between two rings? The third is the first one without peepholes. What will its $\mathbf{h}_t$ be?

# %%
if __name__ == "__main__":
    predicted_period = {"g = 0.1": None, "g = 0.04": None}
    predicted_h_without_peepholes = None

# %%
if __name__ == "__main__":
    predicted = {**predicted_period, "g = 0.1, no peepholes": predicted_h_without_peepholes}
    figures.clocks(peephole_step, predicted, g=[0.1, 0.04, 0.1], peepholes=[1, 1, 0], strength=400.0, threshold=0.95)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The first clock rings at the steps 10, 20, 30 and so on, the second at 24, 48, 72, 96, since 24 · 0.04 = 0.96 is the
# first number not below 0.95. Nothing comes in, and nothing is heard between two rings: the count goes on behind a
# closed door. Without peepholes the same cell goes on counting, in silence.
# </details>

# %% [markdown]
# Is the peephole necessary? Not strictly: if the output gate stood open all the time, $\mathbf{h}$ would show the
# count, and a large weight in $\mathbf{W}$ could do the peephole's work; but then every other unit hears every count.
# And most data seem not to need it: Greff et al. (2017) left the peepholes out of an LSTM on three tasks and found no
# significant loss, whereas the forget gate and the tanh before the output gate were the two parts that could not be
# spared.

# %% [markdown]
# ## 8. The forget gate before training
#
# *Whether an LSTM starts out as a memory depends on one number that most libraries set to zero.*
#
# Before training the weights are small and random, and the biases are usually zero. Then the forget gate stands at
# $\sigma(0) = 0.5$, and the cell that was built to keep things loses half of them at every step. Training may open the
# gate, but only if a gradient from far back tells it to, and that gradient must pass through this very gate. So it is
# worth a thought where the gate should start.
#
# - *Zero*: what you get if you do not think about it.
# - *One*: recommended by Jozefowicz, Zaremba and Sutskever (2015); the inventors of the forget gate, too, began with
#   positive biases. $\sigma(1) = 0.73$.
# - *To remember T steps* (after Tallec and Ollivier 2018): with the gate at f, what is in the cell fades like $f, f^2,
#   f^3, \dots$ The sum of these numbers is the number of further steps that the value survives, counted in whole
#   values. Set it to T and solve for the bias.
#
# The last rule is milder than section 4's: it does not ask that the value be kept, only that it fade no faster than
# over some T steps. It is half of what was published. Tallec and Ollivier draw a T for each unit, uniformly between 1
# and the longest time that matters, so that some units are slow and others quick; and they give the *input* gate the
# opposite bias, $b_i = -b_f$, so that a unit which lets little go takes little in. Experiment 5 tries both.


# %% exercise="forget_bias_init" points=4 difficulty=2 minutes=15
def forget_bias_init(b, rule, T=None):
    r"""The biases of an LSTM before training, with the forget gate's set by a rule and all others left as they are.

    rule "zero": 0. "one": 1. "remember": the bias with which, where inputs and states contribute nothing, what is
    in the cell survives T further steps on average: $\sum_{k \ge 1} f^k = T$ with $f = \sigma(b_f)$.
    b: (4H,), the gates in the order i, f, g, o. T, for "remember" only: a number > 0, or (H,), one for each unit.
    Returns a new b: (4H,) float64. Raises ValueError if the rule is another word.
    Lecture: "The Popular LSTM Cell", its b_f. Jozefowicz, Zaremba and Sutskever 2015 (one); Tallec and Ollivier 2018
    (T steps).
    """
    ### BEGIN SOLUTION
    if rule == "zero":
        bias = 0.0
    elif rule == "one":
        bias = 1.0
    elif rule == "remember":
        bias = np.log(T)  # the sum of all powers is f / (1 - f) = exp(b_f)
    else:
        raise ValueError(f"no such rule: {rule}")
    H = len(b) // 4
    new = b.copy()
    new[H : 2 * H] = bias
    ### END SOLUTION
    return new


# %% [markdown]
# <details><summary>"remember" is nearly right, off by a hundredth or less</summary>
#
# Does your sum begin with $f^0 = 1$ or with $f^1$? The docstring says where.
# </details>
#
# <details><summary>The caller's b has changed</summary>
#
# Slicing an array gives a window onto it, not a copy.
# </details>
#
# <details><summary>The wrong gate is set</summary>
#
# Which H of the 4H numbers belong to f? And what should happen to all the others: zero, or what they were?
# </details>

# %% [markdown]
# ### Experiment 4: how much gradient comes back
#
# The question of this chapter, measured with your own `lstm_step_backward`. Let the loss be one number of
# $\mathbf{c}_T$, or of $\mathbf{h}_T$, and walk back: for all H numbers at once this gives the matrices $d\mathbf{c}_T
# / d\mathbf{c}_t$ and $d\mathbf{h}_T / d\mathbf{h}_t$, the *total* derivatives, with all that travels through the
# gates. (For $d\mathbf{h}_T/d\mathbf{h}_t$ the hidden state alone is changed, and $\mathbf{c}_t$ is left as it is.)
# Beside them the *direct* derivative $\partial \mathbf{c}_T / \partial \mathbf{c}_t$ along the cell's own line: the
# product of the forget gates.
#
# H = 32 units, T = 100, weights drawn as before. Three LSTMs that differ in the forget gate's bias alone, 0, 1 and ln
# T. Two recurrent networks: $\mathbf{W}$ drawn like the LSTM's, and an orthogonal $\mathbf{W}$ as in assignment 3. Over
# 100 steps, which power of ten will $\|d\mathbf{h}_T/d\mathbf{h}_t\|$ have for each of the five?

# %%
if __name__ == "__main__":
    predicted_power_dh = {"LSTM, bias 0": None, "LSTM, bias 1": None, "LSTM, bias ln T": None}
    predicted_power_dh |= {"RNN": None, "RNN, orthogonal W": None}
    predicted_direct_ln_T = None  # the product of 100 forget gates at bias ln 100, if nothing else moved them

# %%
if __name__ == "__main__":
    yours = lstm_step_forward, lstm_step_backward, forget_bias_init
    figures.returning_gradient(*yours, predicted_power_dh, predicted_direct_ln_T, D=8, H=32, T=100)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# Powers of ten of the norms, 100 steps back, in the mean of five networks:
#
# | network | direct, product of f | total, $d\mathbf{c}_T/d\mathbf{c}_t$ | total, $d\mathbf{h}_T/d\mathbf{h}_t$ |
# |---|---|---|---|
# | LSTM, bias 0 | -29.4 | -19.4 | -20.0 |
# | LSTM, bias 1 | -13.2 | -6.1 | -6.9 |
# | LSTM, bias ln T | -0.3 | 2.2 | 0.8 |
# | RNN | | | -26.4 |
# | RNN, orthogonal $\mathbf{W}$ | | | -6.6 |
#
# - **Bias 0 and bias 1: both derivatives vanish.** One unit of bias is worth thirteen powers of ten, but a millionth
#   has vanished too: "an LSTM has no vanishing gradient" is refuted by an LSTM with the recommended bias.
# - **Bias ln T: neither vanishes.** Along the cell's own line $(1 + 1/T)^{-T} \approx 1/e = 0.37$ would be left if
#   nothing else moved the gates; the table has the best of 32 units, whose gates the weights do move. The total ones do
#   not stay at 1 either: what carried the additive cell upwards carries this one too.
# - **The RNN with an orthogonal W** is far ahead of the LSTM with bias 0, and level with bias 1. It is not the gates as
#   such that keep a gradient. (Nor is it the orthogonal matrix alone: inputs stronger by a factor of 3.5 drive its tanh
#   into the flat part, and only $10^{-20}$ comes back.)
# - **Direct and total are far apart** at biases 0 and 1: nearly all that comes back came through $\mathbf{h}$ and the
#   gates at some steps, and rode the carousel at others.
#
# So this much may be promised: an LSTM *can* keep the direct derivative as near to 1 as it likes, by opening its forget
# gate; the total derivative then did not vanish here, but nothing keeps it at 1. And all of this holds for random
# weights, before training. What training does with it is seen in section 9.
# </details>

# %% [markdown] written="constant_error_carousel" points=10 minutes=35
# ### Which derivative does the constant error carousel keep at 1, and which not?
#
# (a) Section 1 writes down both derivatives of the additive cell. Do it for the **original LSTM**, the one with an
# input and an output gate: the derivative of $\mathbf{c}_t$ by $\mathbf{c}_{t-1}$, the direct one and the total one.
# Say what is held fixed in the first, and which term of the second is new and what it is a consequence of. Which of the
# two is the constant error carousel about, and what does it become in the popular LSTM, over one step and over T steps?
#
# (b) In experiment 1 the total derivative is far larger than 1, and in experiment 4, with bias 1, far larger than the
# direct one. By which route does the rest come? Why can this route make the total derivative grow in one cell and
# vanish in another?
#
# (c) "An LSTM has no vanishing gradient." Rewrite this sentence so that it is true, and support it with two numbers
# that you have measured.
#
# (d) Hochreiter and Schmidhuber did not follow an error any further back once it had left the cell through a gate or
# the candidate. What does the derivative of $\mathbf{c}_T$ by $\mathbf{c}_t$ become then? What can such a network learn
# less well?
#
# ### BEGIN SOLUTION
# (a) Direct, with $\mathbf{h}_{t-1}$ (and so candidate and gates) held fixed: the identity. Total, with the hidden
# state moving along:
#
# $$\frac{d\mathbf{c}_t}{d\mathbf{c}_{t-1}} = I + \big( \mathrm{diag}(\mathbf{i}_t (1 - \mathbf{g}_t^2))\, \mathbf{W}_g
# + \mathrm{diag}(\mathbf{g}_t\, \mathbf{i}_t (1 - \mathbf{i}_t))\, \mathbf{W}_i \big)\,
# \mathrm{diag}(\mathbf{o}_{t-1} (1 - \tanh^2 \mathbf{c}_{t-1})) .$$
#
# New is the term with $\mathbf{W}_i$: the input gate depends on $\mathbf{h}_{t-1}$ too. The gates also stand as
# factors: $\mathbf{i}_t$ before the candidate's route, and $\mathbf{o}_{t-1}$ before everything, for where it is shut
# the cell does not move $\mathbf{h}_{t-1}$ and the route is closed. ($\mathbf{o}_{t-1}$ itself does not depend on
# $\mathbf{c}_{t-1}$.) The carousel is about the direct one. In the popular LSTM it is $\mathrm{diag}(\mathbf{f}_t)$
# over a step and the diagonal matrix of the products $\prod_t \mathbf{f}_t$ over T steps: at most 1, and 1 only where
# all the gates are open.
#
# (b) Through $\mathbf{h}$: the cell changes $\mathbf{h}_{t-1}$, and this changes the candidate and the gates of the
# next step, hence the cell. Each step has a matrix with $\mathbf{W}$ and the slopes of tanh and sigmoid in it, added to
# the direct factor, and over T steps every way of changing between the two routes counts. Added to $I$ (additive cell)
# random matrices push about half of the eigenvalues beyond 1, and the product grows; added to
# $\mathrm{diag}(\mathbf{f})$ with f near 0.5 or 0.73 most eigenvalues stay below 1, and it shrinks, only more slowly
# than the forget gates alone. In full cells the slope of the tanh is zero and the route is closed.
#
# (c) For example: "In an LSTM whose forget gates stand near 1 the gradient need not vanish; with gates near 0.5 or 0.73
# it vanishes as in other networks." Over 100 steps $\|d\mathbf{c}_T/d\mathbf{c}_t\|$ was $10^{-19}$ at bias 0 and
# $10^{-6}$ at bias 1, but $10^{2.2}$ at bias ln 100.
#
# (d) The route through $\mathbf{h}$ is cut, only the direct derivative is left, and in their cell, without forget gate,
# it is exactly 1. What a present gate or candidate owes to an earlier state by way of $\mathbf{h}$ gets no gradient:
# the network learns what to store now, less well how an earlier step should have prepared the gates (for example
# storing one thing in order to decide later whether another is to be stored).
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 3: the direct one is I with h (hence gates and candidate) held fixed, and the total one has a route through the
#   candidate *and* one through the input gate (1; words will do if they name both routes, or o as a factor of both);
#   the carousel is the direct one (1); diag(f), and its product over T steps (1).
# - (b) 3: through h into candidate and gates of the next step (1); the total factor of a step is a sum of the direct
#   one and a matrix with W and slopes in it (1); why it can go either way: around 1 it grows, around f well below 1 it
#   shrinks, or saturation closes the route (1). "The weights are random" alone earns nothing.
# - (c) 2: a sentence with a condition on the forget gate (1); two numbers that fit the student's own figure and the
#   sentence (1). "The LSTM reduces vanishing" without a condition earns no point for the sentence.
# - (d) 2: the total derivative becomes the direct one, 1 in their cell (1); something is lost that would have needed
#   the gradient through h, named (1).
# ### END MARK SCHEME

# %% [markdown]
# ## 9. A trained network, and its gates while it reads
#
# *Your forward and backward pass train a network on Shakespeare; then we look inside while it reads a sentence.*
#
# Six of Shakespeare's plays in lower case, K = 36 symbols: the letters, blank, new line and eight punctuation marks.
# The network is asked for the next character. 16 readers start at 16 places of the text; each update takes the next 32
# characters of each of them (truncated backpropagation as in assignment 2: the states $\mathbf{h}$ and $\mathbf{c}$ are
# carried over, the gradient is not). Gradients are clipped to norm 1 and fed to Adam. The last 10,000 characters are
# held out. `train` in `figures.py` holds the loop; everything about the LSTM in it is yours.

# %%
if __name__ == "__main__":
    plays = figures.read_plays(data_path("shakespeare.txt"))
    sentence = "in france, i had a great time and i learnt some of the french language."

# %% [markdown]
# ### Experiment 5: which forget bias learns Shakespeare best?
#
# Networks that are alike but for the bias with which their forget gates start: 0, 1, and ln 32, which remembers as many
# steps as the gradient can walk back. A fourth follows the published rule in its other half too, $b_i = -b_f$. After
# 700 updates each reads the held-out text. Experiment 4 says whose gradient reaches farthest. Which has the lowest
# loss? Where will the forget gates stand, on average, after the training? (The four trainings take some 20 seconds
# together.)

# %%
if __name__ == "__main__":
    predicted_order = None  # the four, from the lowest loss to the highest
    predicted_mean_gate = {"bias 0": None, "bias 1": None, "bias ln 32": None, "ln 32, i: -ln 32": None}

# %%
if __name__ == "__main__":
    rules = {"bias 0": "zero", "bias 1": "one", "bias ln 32": "remember"}
    biases = {name: forget_bias_init(np.zeros(4 * 64), rule, T=32) for name, rule in rules.items()}  # H = 64 units
    is_input_gate = np.arange(4 * 64) < 64
    biases["ln 32, i: -ln 32"] = np.where(is_input_gate, -np.log(32), biases["bias ln 32"])

    def train(b, updates):
        return figures.train(lstm_forward, lstm_backward, plays, b, T=32, updates=updates, seed=0)

    updates = affordable(700, 20, lambda n: train(biases["bias 0"], n), sample=2, what="updates")
    trained = {name: train(b, updates) for name, b in biases.items()}
    networks, losses = ({name: pair[k] for name, pair in trained.items()} for k in (0, 1))
    figures.trainings(networks, losses, biases, plays, predicted_mean_gate, predicted_order)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The order is the reverse of what experiment 4 might suggest. Over three seeds (yours is the first) 1.83 to 1.86 nats
# with bias 0, 1.86 to 1.90 with bias 1, 2.02 to 2.03 with bias ln 32, 2.03 to 2.08 with the input gate's bias as well:
# the other half of the rule does not help here. (What does help, if little, is a T of its own for each unit: 1.96 to
# 1.99 when it was tried.) The gradients that reach farthest belong to the networks that learn least. Why? The next
# character depends mostly on the last few, and the cells of the third network hold everything: its forget gates stand
# at 0.93 after training (they began at 0.97), and the numbers in its cells have a mean size of 34. The tanh of such a
# number is 1 or -1, whatever is added to it. It is the additive cell of section 2 once more.
#
# Note also how much the training leaves as it was. The mean gate is 0.45, 0.65 and 0.93, not far from where it started;
# in the figure more than half of the units of the second network, and nearly all of the third, still have a gate above
# 0.8; only the others have learnt to forget. Where one begins matters.
#
# Do not conclude that a high bias is bad. It is a bet on the length of what must be remembered, and *this* task, with
# this many updates, does not reward it. Assignment 5 sets tasks that do.
# </details>

# %% [markdown]
# ### Experiment 6: gates over a sentence
#
# The network with bias 0 reads the lecture's sentence: "In France, I had a great time and I learnt some of the French
# language." The figure will show its gates in every fourth of the 64 units, sorted by how slow they are, one column for
# each character just read; the blanks are framed. Before you look: which of the three gates will react most when a
# *blank* is read, and will it open or close?

# %%
if __name__ == "__main__":
    predicted_reaction_to_a_blank = None  # for example "f closes"

# %%
if __name__ == "__main__":
    figures.gates_over_sentence(networks, "bias 0", sentence, plays, predicted_reaction_to_a_blank)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# All three close on average, the **output gate** most: from 0.50 after a letter to 0.34 after a blank; in the lowest
# panel the framed columns are darker. The input gate goes from 0.67 to 0.57, the forget gate from 0.46 to 0.39. A
# likely reading: when a new word begins, the letters of the last one matter less and are not to be heard. (Likely, not
# proven; a mean over 64 units hides what single units do.)
#
# The rows tell something too. In the topmost rows, where the forget gate is most open, the output gate is dark: 0.21 on
# average in the 16 slowest units, against 0.74 in the 16 quickest. Those that hold longest say least.
#
# And the table of section 4? Calling a gate open above one half, the cells *add* 36% of the time, *overwrite* 34%,
# *erase* 22% and *remember* 7%. The network has found little use for the row after which the long short-term memory is
# named. And only one time in seven are both gates within 0.1 of 0 or 1, so that one may speak of a row of the table at
# all: most gates stand somewhere in between.
# </details>

# %% folded=true
if __name__ == "__main__":
    figures.units_over_sentence(networks["bias 0"], sentence, plays)

# %% [markdown]
# Three units, chosen by what their gates do on the held-out text. The forget gate of unit 46 drops from 0.53 after
# letters to 0.06 after blanks: whatever it held is gone, and its cell is overwritten with something between 0.6 and 1.
# Within a few letters it sinks below zero: this unit knows the beginning of a word from the rest. Unit 21 closes its
# output gate at blanks, 0.75 to 0.13: in the shaded columns h is near zero, wherever c may be. Unit 17 has the slowest
# cell of all, f = 0.82 on average; it climbs to 4, where the tanh is flat, and its output gate is nearly shut. It keeps
# much and says little.
#
# Be careful with such stories. These three are the extreme ones of 64, looked for on purpose; most units answer to
# several things at once, and what a unit means cannot be read off a picture of its gates.

# %% [markdown]
# ### Experiment 7: is France still there?
#
# Assignment 2 asked why a network trained by gradients forgets France before it comes to the language. Here is a
# measurement. Put five other countries in its place, each of six letters, and let the first three trained networks read
# all six sentences. From the name on the sentences are alike, character by character, so any difference between the
# states is what is left of the name. We show it as a share of the distance between the states at two random places of
# the held-out text. How many characters after the name does the difference between the *cells* fall below 0.01? And
# which of the three networks has most of the country left at the full stop, in its cells and in its hidden states?

# %%
if __name__ == "__main__":
    predicted_characters = {"bias 0": None, "bias 1": None, "bias ln 32": None}
    predicted_most_left = {"cells": None, "hidden states": None}

# %%
if __name__ == "__main__":
    countries = ["france", "sweden", "greece", "norway", "turkey", "poland"]
    three = {name: networks[name] for name in rules}
    figures.what_is_left(three, sentence, countries, plays, predicted_characters, predicted_most_left)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# With bias 0 the country has fallen below one hundredth after 14 characters, with bias 1 after 36; at the full stop
# less than a millionth and 0.002 of a typical distance are left in the cells. The network with bias ln 32 starts with
# less, 0.11, since its cells are so full that one word hardly counts, but of this it keeps more than a third, 0.04,
# through all the 62 characters: its carousel turns as section 8 has promised. Yet its hidden states differ by no more
# than 0.0004, a hundred times less. The cell holds the country where the tanh is flat, and what does not reach
# $\mathbf{h}$ can change no prediction. A memory must be kept *and* read, and a long gradient alone arranges for
# neither.
#
# None of the three has been asked for countries: the next character rarely depends on anything 60 characters back, and
# the gradient was cut after 32. Networks that can remember do so when the task rewards it. (And "left" is a distance
# here: a difference of a millionth is small, but not proven useless.)
# </details>

# %% [markdown]
# ### As it is written at work
#
# Sequences of different lengths go through `torch.nn.LSTM` *packed*: the padding is left out, and the last states that
# come back are those of each sequence's own end. Compared with your `lstm_forward` on each sequence alone.

# %%
if __name__ == "__main__":
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

    torch.manual_seed(2)
    network = torch.nn.LSTM(input_size=4, hidden_size=6, batch_first=True, dtype=torch.float64)
    sequences = [torch.randn(length, 4, dtype=torch.float64) for length in (5, 2, 7)]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    padded = pad_sequence(sequences, batch_first=True)  # (N, T, D), zeros behind the shorter ones
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    h, (_, c_last) = network(packed)
    h, _ = pad_packed_sequence(h, batch_first=True)  # (N, T, H) again
    for n, sequence in enumerate(sequences):
        ours, c, _ = lstm_forward(sequence[None].numpy(), *figures.torch_weights(network))
        figures.same_states(h[n, : len(sequence)], ours[0], c_last[0, n], c[0])

# %% [markdown] written="what_gates_buy" points=10 minutes=30
# ### What does each gate buy, and what does it cost?
#
# (a) For the input gate, the forget gate and the output gate: name one thing that the cell can do with this gate and
# could not do without it, and point to a figure or a number of this notebook that shows it.
#
# (b) What does the forget gate take away from the constant error carousel in return? What else do the gates cost?
#
# (c) A network reads a text letter by letter and must know, at every letter, whether it stands inside a pair of
# brackets. Describe what the three gates of one unit should do when it reads "(", between the brackets, at ")", and
# outside. Which rows of the gate table occur?
#
# (d) In experiment 5 the network with the longest gradient learnt least, and in experiment 7 it kept the country and
# did not use it. Explain both from its cells and its gates. Is this an argument against remembering?
#
# ### BEGIN SOLUTION
# (a) Input gate: the cell can ignore an input. Without it every input is added: in the first figure the additive cell
# wanders, while the original LSTM holds 0.604 for fifty steps. Forget gate: it can let go, and so put a new value in
# the place of the old; without it the second value was added to the first, 0.142 instead of -0.462, and in experiment 1
# the cells filled up. Output gate: it can hold a value without disturbing the others: between the cues h is zero while
# c is not; the trained network closes it at blanks (0.50 to 0.34).
#
# (b) The direct derivative is f instead of 1, so that over T steps it fades unless f stands very near 1, where the
# slope of its sigmoid is small and it can hardly be taught. All gates cost parameters and time: 4H(D + H + 1) numbers
# where a recurrent network of the same H has a quarter.
#
# (c) For example, with +1 for "inside": at "(": input gate open, forget gate shut, the candidate near 1: overwrite.
# Between: input gate shut, forget gate open: remember. At ")": forget gate shut, input gate shut: erase (or overwrite
# with 0). Outside: remember again, namely nothing. The output gate is open all the time, because the answer is needed
# at every letter; if it were needed only at the end, it could stay shut until then. For brackets inside brackets
# the unit would have to count: add 1 at "(", add -1 at ")".
#
# (d) Its forget gates stand at 0.93 on average, so that the cells add up to numbers of size 34. There the tanh is flat:
# h hardly changes with c, so a new letter cannot show in h, nor can a gradient through h tell the cell what to store.
# The country stays in the cells (more than a third of what came in is there after 62 characters) and hardly reaches h
# (0.0004 left). It is no argument against remembering, but against keeping *everything* when the task needs the last
# few letters: with long gaps to bridge the same bias can be right.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 3: one for each gate, with a figure or a number. A function without evidence, or evidence that does not show it,
#   earns half; round the sum up.
# - (b) 2: f instead of 1, or its product over T steps (1); parameters, time, or gates that cannot be taught when nearly
#   open (1).
# - (c) 3: writing at "(" (1); keeping in between, named as remember (1); letting go at ")", and an output gate that
#   fits the task (1). Other codes (two values, counting) earn the same if the gates fit them.
# - (d) 2: full cells, tanh flat, hence nothing readable in h (1); a conclusion limited to this task, or to keeping
#   everything (1).
# ### END MARK SCHEME

# %% [markdown]
# ## 10. Where this leads
#
# *Three gates and two states: does it take all of them?*
#
# **What you have learnt.** You have built the LSTM from its first idea. Adding instead of replacing keeps a derivative
# at 1, the direct one; the input and the output gate say when to write and when to speak; the forget gate lets go, and
# makes of the 1 whatever the network wants; the peephole counts in silence. You have differentiated it by hand, and
# measured what none of this guarantees: the total derivative, which may explode as in experiment 1, vanish as at bias
# 1, and, where it does neither, still belong to a network that learns its task less well.
#
# The price is plain: four blocks of weights where the recurrent network has one. Is it too high? Think back to the
# gates. A cell that overwrites has its input gate open and its forget gate shut, one that remembers has it the other
# way round. **What if a single gate did both, $\mathbf{i}_t = 1 - \mathbf{f}_t$?** Which rows of the table would be
# lost, and how often did your trained network use them? And if there were no output gate, what would be left to tell
# $\mathbf{h}$ from $\mathbf{c}$? Follow these two questions and you will arrive at the **gated recurrent unit**.
# Assignment 5 begins there. It will ask, with tasks in which something must be remembered over long gaps, which of the
# cells pays its price, and with which bias.

# %% [markdown]
# ## 11. For those who want more
#
# *Two harder tasks without points: checked like the others, and nothing depends on them.*
#
# **One gate for two.** The question above, written down: let the input gate be what the forget gate leaves,
# $\mathbf{i}_t = 1 - \mathbf{f}_t$. Three blocks of weights remain, f, g, o, and the cell becomes a mean of what it
# held and of what is new. Greff et al. (2017) compared eight variants of the LSTM; this one, which they call coupled
# input and forget gate, did about as well as all the others.


# %% exercise="coupled_step" points=0 difficulty=2 minutes=15
def coupled_step(x, h_prev, c_prev, U, W, b):
    r"""One step of an LSTM whose input gate is what its forget gate leaves: $i_t = 1 - f_t$.

    $a = W h_{t-1} + U x_t + b$, $f_t = \sigma(a_f)$, $g_t = \tanh(a_g)$, $o_t = \sigma(a_o)$,
    $c_t = f_t \otimes c_{t-1} + (1 - f_t) \otimes g_t$, $h_t = o_t \otimes \tanh c_t$.
    x: (N, D). h_prev, c_prev: (N, H). U: (3H, D). W: (3H, H). b: (3H,), the rows in the order f, g, o.
    Returns h, c: (N, H) float64 each.
    Greff et al. 2017, the variant CIFG.
    """
    ### BEGIN SOLUTION
    f, g, o = np.split(x @ U.T + h_prev @ W.T + b, 3, axis=1)  # (N, H) each
    f, g, o = sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c_prev + (1 - f) * g
    h = o * np.tanh(c)
    ### END SOLUTION
    return h, c


# %% [markdown]
# **Who is still in the cell?** Unroll the sum. What was written at step k has since passed the forget gates of the
# steps k + 1 to t, so
#
# $$\mathbf{c}_t = \sum_{k=1}^{t} \mathbf{A}_{t,k} \otimes \mathbf{g}_k + \mathbf{L}_t \otimes \mathbf{c}_0,
# \qquad \mathbf{A}_{t,k} = \mathbf{i}_k \otimes \mathbf{f}_{k+1} \otimes \cdots \otimes \mathbf{f}_t,
# \qquad \mathbf{L}_t = \mathbf{f}_1 \otimes \cdots \otimes \mathbf{f}_t .$$
#
# The cell is a weighted sum of all candidates and of its first state. With coupled gates the weights, $\mathbf{L}_t$
# among them, are positive and add up to 1. Keep this in mind for the lecture on *attention*, whose weights do the same
# with one difference: the LSTM decides at the time of writing, and what it has let go it cannot take back.


# %% exercise="written_shares" points=0 difficulty=3 minutes=25
def written_shares(i, f):
    r"""What each step's candidate still counts for in each later cell: $A_{t,k} = i_k \otimes f_{k+1} \cdots f_t$.

    i, f: (N, T, H), the input and the forget gates of all steps, between 0 and 1, both included.
    Returns A: (N, T, T, H) float64, A[:, t, k] for k <= t and 0 for k > t, and left: (N, T, H) float64,
    $f_1 \otimes \cdots \otimes f_t$, what is left of the first cell state. Finite for gates that are 0.
    """
    ### BEGIN SOLUTION
    N, T, H = f.shape
    A = np.zeros((N, T, T, H))
    for t in range(T):
        A[:, t, :t] = f[:, t, None] * A[:, t - 1, :t]  # what was there has passed one gate more
        A[:, t, t] = i[:, t]
    left = np.cumprod(f, axis=1)
    ### END SOLUTION
    return A, left


# %%
if __name__ == "__main__":
    progress()
