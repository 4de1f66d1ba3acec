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
# # Assignment 1: sequences and the equations of a recurrent network
#
# *You write the forward pass of a recurrent network, from letters to sampled surnames, and measure what its state
# remembers.*
#
# The chapter follows the first part of the lecture. A sequence stretches in time (1); its items become numbers (2); a
# convolution in time sees a window of it (3); what a model of sequences should be able to do (4) leads to the recurrent
# network (5), to sequences of different lengths and to outputs (6), and to the deep network (7). Then come three
# questions: why not remember everything (8), how much a fixed state remembers (9), and what sharing parameters over
# time buys (10). At the end a trained network invents surnames (11). How it was trained is the subject of assignment 2.
#
# **What you will be able to do.** Turn words and letters into arrays and back into sequences; write the forward pass
# of a recurrent network, for batches of any lengths and for several layers; say which inputs can change which
# outputs, and measure how long a state remembers them; count what parameter sharing saves; sample from a trained
# model.
#
# **How to work.** Nine exercises are for you to write, two questions for you to answer in words; two harder tasks
# without points stand at the end. A card above each exercise gives its points, its difficulty from one to five dots
# and the minutes it should take. Write the function, run its cell, then run the `check(...)` below it. Help is folded
# away under the symptom that it cures. All other code runs as it stands once the exercises above it are done; until
# then it names the one that it waits for. What draws and measures is in `figures.py`, beside this notebook, and takes
# your functions as arguments; both it and the cells that call it are yours to change. In answers in words, put formulas
# between dollar signs, `$kHD + H$`, and code between backticks.
#
# The minutes on the cards, and the total that `progress()` gives, are for exercises and questions alone. Reading takes
# about half an hour more, section by section as written below the headings; the experiments and their predictions take
# another twenty minutes.
#
# **Predict, then measure.** Four experiments ask for a prediction before they show a figure: write it in place of
# `None`. A wrong prediction that is then measured teaches more than a figure only looked at. Predictions earn no points
# and cost none.
#
# **How can the check name my mistake?** No file beside this notebook holds a solution, right or wrong: the visible
# tests check laws that a right result obeys, and compare some results with `torch.nn`. When this assignment was made,
# the mistakes that students make most were programmed and run on public inputs. Each wrong output was reduced to a
# *fingerprint*: project it onto random directions, round the few numbers that come out, and keep a one-way hash of
# them, from which nobody can compute the output back. The sentence about the mistake is sealed with a key made from the
# same rounded numbers: it is the wrong output itself that opens it. So `mistakes.json` cannot be read as a list of
# hints. The check runs *your* function on the same inputs and tries its key. If no sentence opens, your mistake is a
# new one, and the check says only which visible test failed, and how. And when the visible tests pass, then that is all
# it means: the grade also uses hidden tests, with other sizes and other numbers.

# %% [markdown] include="NOTATION.md"

# %%
import os

# The products of this notebook are small: one thread is quicker than several that wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import figures
    from selfcheck.drawing import house_style

    house_style()

# %% [markdown]
# ## 1. Sequences
#
# *A sequence is data with a before and an after.*
#
# A film is a sequence of pictures, speech a sequence of air pressures, a sentence a sequence of words:
#
# $$\text{“An”},\ \text{“evening”},\ \text{“stroll”},\ \text{“through”},\ \text{“a”},\ \text{“city”},\ \text{“square”}
# \quad\xrightarrow{\quad\text{time}\quad}$$
#
# Three things set it apart from the single vectors and pictures of earlier lectures. Its **length varies** from example
# to example. Its **order** carries meaning. And what matters *now* may have been said **long ago**. In code, N
# sequences of T items, each item a vector of D numbers, are one array `x` of shape (N, T, D); `x[:, t]` is the
# lecture's $\mathbf{x}_{\text{in}}[t]$ for all N sequences.

# %% [markdown]
# ## 2. Words and characters as numbers
#
# *An item from a list of K becomes a vector of K numbers, all zero but one.*
#
# A network computes with numbers, and a sentence is made of words. So number the K words that may occur, from 0 to K-1.
# Feeding these numbers as they are would claim that word 7 is the sum of words 3 and 4. Instead each word gets a
# direction of its own, the **one-hot vector**:
#
# $$x_{n,t,k} = \begin{cases} 1 & \text{if } k = \text{tokens}_{n,t} \\ 0 & \text{otherwise} \end{cases}
# \qquad\qquad \text{tokens}_{n,t} \in \{0, \dots, K-1\}$$
#
# The lecture names two choices. With the **words** of a large vocabulary, K = 100,000, the sentence above is a sequence
# of T = 7 very long vectors. With **characters**, K = 26 for the English letters, it is a sequence of T = 33 short ones
# (blanks left out).


# %% exercise="one_hot" points=6 difficulty=1 minutes=10
def one_hot(tokens, K):
    r"""Represent integers as one-hot vectors: $x_{n,t,k} = 1$ if $k = \text{tokens}_{n,t}$, else 0.

    tokens: (N, T) integers in 0..K-1. K: number of classes.
    Returns x: (N, T, K) float64.
    Raises ValueError if a token lies outside 0..K-1.
    Lecture: "How to represent words as numbers?".
    """
    ### BEGIN SOLUTION
    if tokens.min() < 0 or tokens.max() >= K:
        raise ValueError(f"tokens must lie in 0..{K - 1}")
    x = np.zeros((*tokens.shape, K))  # (N, T, K)
    np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)
    ### END SOLUTION
    return x


# %% [markdown]
# <details><summary>Whole rows are 1, not single entries</summary>
#
# An array of indices beside a colon, or beside indices of another shape, selects more than one entry for each token.
# Count: how many ones should the result have? Which three numbers name the place of one of them?
# </details>
#
# <details><summary>A negative token raises no error</summary>
#
# NumPy counts negative indices from the end, so -1 silently becomes the class K-1. Which comparison finds such a token?
# </details>
#
# <details><summary>IndexError, where the docstring says ValueError</summary>
#
# NumPy noticed the bad token before you did. Look at the tokens first and write the array afterwards.
# </details>

# %% [markdown]
# Left: the letters of *stroll*, one column a step, the classes 0 to 25 for a to z. Right: while six of Shakespeare's
# plays are read from beginning to end, how many different letters have been met, and how many different words?

# %% folded=true
if __name__ == "__main__":
    figures.letters_and_words(one_hot, data_path("shakespeare.txt"))

# %% [markdown]
# **Why one-hot words cannot be the whole story.** After 148,564 words there are 11,240 different ones and the curve has
# not levelled off, so every K that we fix leaves words out: *stroll* does not occur in the six plays, and a model made
# from them has no number for it. Nearly half of the words that do occur are met only once, and each needs its own
# column of $\mathbf{U}$, since $\mathbf{U}\mathbf{x}$ with a one-hot $\mathbf{x}$ *is* a column of $\mathbf{U}$: little
# to learn from. The vectors are large: at K = 100,000 our seven words are 5.6 MB of float64, all zero but seven
# numbers. Above all, any two different words lie $\sqrt 2$ apart: *stroll* is as far from *walk* as from *square*.
# Letters avoid the first three troubles and pay with longer sequences, in which what matters is further back.
# Assignment 6 returns to words, and learns vectors for them.

# %% [markdown]
# ## 3. Convolutions in time
#
# *A convolution in time sees the last k inputs and nothing before them.*
#
# The last lecture slid a filter over a picture. Slide one along time. To make it **causal**, let the output at step $t$
# see the present and the past, never the future. With k matrices $F_0, \dots, F_{k-1}$, one for each step back,
#
# $$\mathbf{y}_t = \mathbf{b} + \sum_{j=0}^{k-1} F_j\, \mathbf{x}_{\text{in}}[t-j],
# \qquad\qquad \mathbf{x}_{\text{in}}[s] = 0 \ \text{ for } s < 0 .$$
#
# The same filters serve every step, and a sequence of any length will do.


# %% exercise="temporal_convolution" points=10 difficulty=2 minutes=25
def temporal_convolution(x, filters, b):
    r"""A causal convolution in time: $y_t = b + \sum_{j=0}^{k-1} F_j\, x_{t-j}$, with $x_s = 0$ for $s < 0$.

    x: (N, T, D). filters: (k, H, D), filters[j] multiplies the input j steps back. b: (H,).
    Returns y: (N, T, H) float64; y[:, t] depends on x[:, t-k+1 .. t] only. k may exceed T.
    Lecture: "Convolutions in time".
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    k, H, _ = filters.shape
    y = np.tile(b, (N, T, 1))  # (N, T, H)
    for j in range(min(k, T)):
        y[:, j:] += x[:, : T - j] @ filters[j].T  # (N, T - j, H)
    ### END SOLUTION
    return y


# %% [markdown]
# <details><summary>The first outputs are right, or the last ones, but not both</summary>
#
# Take T = 4 and k = 2 and write down on paper which inputs enter $y_0$ and $y_3$. Which of the two uses an input that
# does not exist? A negative index in NumPy is not zero: it is the end of the sequence.
# </details>
#
# <details><summary>Shapes do not fit when k is larger than T</summary>
#
# A filter j steps back meets an input only where $t \ge j$. How many steps are left for it when $j \ge T$?
# </details>
#
# <details><summary>Right for k = 1, wrong for k = 2</summary>
#
# Which filter belongs to the present input, the first or the last? Put a 1 into x at a single step and look where the
# output answers, and with which filter.
# </details>

# %% [markdown]
# **Which input can change which output?** Change one input at a time, at step $s$, and see how far each output
# $\mathbf{y}_t$ moves. T = 24 and k = 4: what picture do you expect?

# %%
if __name__ == "__main__":
    figures.show_influence({"convolution, k = 4": figures.influence_in_convolution(temporal_convolution, k=4)})

# %% [markdown]
# <details><summary>What was measured</summary>
#
# A band of width 4, and white elsewhere: the upper right is white because the filter is causal, the lower left because
# it ends. Input $s$ moves the outputs $s$ to $s+3$ and no other, however long the sequence. The farthest input that can
# change an output lies k-1 steps back: the memory of a convolution is the length of its filter. A second layer on top
# reaches 2(k-1) steps back, L layers L(k-1): farther, but still an end fixed before the first input is seen.
# </details>

# %% [markdown]
# Suppose a film shows a man's face once and says that his name is *Frank*; later it shows only his back. Who is it? The
# answer is known to those who still have the early picture in their window, or to those who *wrote the name down*. That
# is what the lecture's **memory unit** is for: a number kept from step to step beside the filter, which the filter may
# read and change.

# %% [markdown]
# ## 4. What a model of sequences needs
#
# *Four requirements, against which every architecture of this course can be held.*
#
# To model sequences, says the lecture, we need
#
# 1. to deal with **variable length** sequences,
# 2. to maintain **sequence order**,
# 3. to keep track of **long-term dependencies**,
# 4. to **share parameters** across the sequence.

# %% [markdown] written="four_requirements" points=10 minutes=25
# ### Which of the four requirements does a temporal convolution meet?
#
# Take a temporal convolution with filters of length k, as in section 3. For each of the four requirements say whether
# it is met, met only in part, or not met, and give the reason in one or two sentences that refer to the formula or to
# your picture. For what is not fully met: what could one change, and what would the change cost?
#
# ### BEGIN SOLUTION
# 1. **Variable length: met.** The formula is the same for every $t$ and never mentions T: one set of filters gives T
#    outputs for T inputs. (What it does not give is a summary of fixed size; for that one must still pool over time.)
# 2. **Order: met within the window.** Each distance $j$ has its own matrix $F_j$, so exchanging two inputs of one
#    window changes the output. Of two inputs that share no window, no output can say which came
#    first; and if the outputs are then averaged over time, most of the order is gone.
# 3. **Long-term dependencies: not met.** $\mathbf{y}_t$ depends on $\mathbf{x}_{\text{in}}[t-k+1], \dots,
#    \mathbf{x}_{\text{in}}[t]$ only; in the picture everything below the band is white. A larger k reaches
#    further, with parameters and work in proportion to k; L layers reach L(k-1) steps, dilated layers more, but the
#    reach is fixed beforehand in each case. A memory unit has no such fixed end; its cost is that steps must be
#    computed one after the other.
# 4. **Shared parameters: met.** The same $F_j$ and $\mathbf{b}$ serve every step: kHD + H numbers whatever T is.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - 8: two for each of the four verdicts with a reason that fits it; 1 if the verdict is right and the reason missing or
#   circular. Variable length: met, because no T occurs in the formula ("partly met", because no summary of fixed size
#   comes out, is right too). Order: met within the window; a plain "met" earns 2 if the reason speaks of one matrix for
#   each offset, "not met" earns 1 if the reason is that pooling loses order. Long-term dependencies: not met, because
#   nothing older than k-1 steps enters. Shared parameters: met, kHD + H for every T.
# - 1: a change that lengthens the memory (larger k, more layers, dilation, a recurrent state).
# - 1: its cost (parameters, depth, or computation step by step).
# ### END MARK SCHEME

# %% [markdown]
# ## 5. The recurrent network
#
# *The state is computed from the previous state and the present input, by the same function at every step.*
#
# Give the filter a memory, and let the memory be a vector $\mathbf{h}_t$ of H numbers, the **hidden state**:
#
# $$\mathbf{h}_t = f(\mathbf{h}_{t-1}, \mathbf{x}_{\text{in}}[t]),
# \qquad\qquad \mathbf{x}_{\text{out}}[t] = g(\mathbf{h}_t).$$
#
# $f$ writes, $g$ reads, and neither depends on $t$. Unrolled in time:
#
# $$\begin{array}{ccccccccc}
# & & \mathbf{x}_{\text{out}}[0] & & \mathbf{x}_{\text{out}}[1] & & \mathbf{x}_{\text{out}}[2] & & \\
# & & \uparrow{\scriptstyle g} & & \uparrow{\scriptstyle g} & & \uparrow{\scriptstyle g} & & \\
# \mathbf{h}_{-1} & \xrightarrow{\ f\ } & \mathbf{h}_0 & \xrightarrow{\ f\ } & \mathbf{h}_1 & \xrightarrow{\ f\ } &
# \mathbf{h}_2 & \xrightarrow{\ f\ } & \cdots \\
# & & \uparrow & & \uparrow & & \uparrow & & \\
# & & \mathbf{x}_{\text{in}}[0] & & \mathbf{x}_{\text{in}}[1] & & \mathbf{x}_{\text{in}}[2] & &
# \end{array}$$
#
# The simplest choice for both is a linear map and a nonlinearity:
#
# $$\mathbf{h}_t = \sigma_1(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_{\text{in}}[t] + \mathbf{b}),
# \qquad\qquad \mathbf{x}_{\text{out}}[t] = \sigma_2(\mathbf{V}\mathbf{h}_t + \mathbf{c}).$$
#
# Throughout the course $\sigma_1$ is $\tanh$, which keeps every number of the state between -1 and 1, and in this
# assignment $\sigma_2$ is the softmax, which turns numbers into probabilities.
#
# **On paper**, with a single unit: $W = 0.9$, $U = 0.5$, $b = 0.1$, the state $h_{-1} = 0.2$ and the inputs $x = (1,
# -1)$. Two steps, each of which uses what the one before has left:
#
# $$\begin{aligned}
# h_0 &= \tanh(0.9 \cdot 0.2 + 0.5 \cdot 1 + 0.1) = \tanh(0.78) = 0.6527, \\
# h_1 &= \tanh(0.9 \cdot 0.6527 - 0.5 + 0.1) = \tanh(0.1874) = 0.1853 .
# \end{aligned}$$
#
# Now one step of $f$, for N sequences at once.


# %% exercise="rnn_step_forward" points=4 difficulty=1 minutes=5
def rnn_step_forward(x, h_prev, U, W, b):
    r"""One step of a recurrent network: $h_t = \tanh(W h_{t-1} + U x_t + b)$.

    x: (N, D). h_prev: (N, H). U: (H, D). W: (H, H). b: (H,).
    Returns h: (N, H) float64, and the cache (x, h_prev, U, W, h) that a backward pass needs.
    Lecture: "Recurrent Neural Networks (RNNs)", with sigma_1 = tanh; Elman 1990.
    """
    ### BEGIN SOLUTION
    h = np.tanh(x @ U.T + h_prev @ W.T + b)  # (N, H)
    ### END SOLUTION
    return h, (x, h_prev, U, W, h)


# %% [markdown]
# <details><summary>"matmul: Input operand 1 has a mismatch in its core dimension"</summary>
#
# The lecture multiplies a matrix by one column vector; here every sequence is a row. Write the two shapes beside each
# other: the inner numbers must agree. See *Rows* under Notation.
# </details>
#
# <details><summary>No error, but the values are wrong</summary>
#
# W is square, so nothing complains if it stands there untransposed. Take N = 1 and H = 2 and work out by hand which
# entries of W feed the first unit. Does your code use the same ones? And what exactly does the tanh enclose?
# </details>

# %% [markdown]
# Now the whole sequence. The step is applied again and again, each time to the state that it has just made. Before the
# first input there must be a state too: it is given as `h0`, or it is zero.


# %% exercise="rnn_forward" points=11 difficulty=2 minutes=20
def rnn_forward(x, U, W, b, h0=None):
    r"""The whole sequence: $h_t = \tanh(W h_{t-1} + U x_t + b)$ for $t = 0 .. T-1$, with $h_{-1}$ = h0.

    x: (N, T, D). U: (H, D). W: (H, H). b: (H,). h0: (N, H), or None for zeros.
    Returns h: (N, T, H) float64, every state, and the cache (x, h0, U, W, h).
    Lecture: "Recurrent Neural Networks (RNNs)", unrolled in time.
    """
    N, T, _ = x.shape
    H = W.shape[0]
    if h0 is None:
        h0 = np.zeros((N, H), dtype=x.dtype)
    ### BEGIN SOLUTION
    h = np.empty((N, T, H), dtype=x.dtype)
    h_prev = h0
    for t in range(T):
        h_prev, _ = rnn_step_forward(x[:, t], h_prev, U, W, b)  # (N, H)
        h[:, t] = h_prev
    ### END SOLUTION
    return h, (x, h0, U, W, h)


# %% [markdown]
# <details><summary>The first state is right, all later ones are wrong</summary>
#
# What does your loop pass on as the previous state in its second round? Print it for T = 2.
# </details>
#
# <details><summary>The result has shape (T, N, H), or only (N, H)</summary>
#
# The states of all steps are returned, and time is the second axis. Stacking a list puts the new axis first unless told
# where.
# </details>
#
# <details><summary>"h0 was changed"</summary>
#
# An assignment such as `a[:] = ...` or `a += ...` writes into the array that the caller gave you. Make your own.
# </details>

# %% [markdown]
# **Unrolled**, the unit from above, over four steps, with the states that your function has computed:

# %% folded=true
if __name__ == "__main__":
    figures.unrolled_in_numbers(rnn_forward)

# %% [markdown]
# **The same network in PyTorch.** `torch.nn.RNN` computes the same states from the same weights. It keeps two biases,
# one with each matrix, and adds them: ours is their sum.

# %%
if __name__ == "__main__":
    import torch

    torch.manual_seed(0)
    network = torch.nn.RNN(input_size=4, hidden_size=6, batch_first=True, dtype=torch.float64)
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    U, W = weights["weight_ih_l0"], weights["weight_hh_l0"]
    b = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    x = np.random.default_rng(0).standard_normal((3, 5, 4))
    ours = rnn_forward(x, U, W, b)[0]
    theirs = network(torch.from_numpy(x))[0].detach().numpy()
    print(f"largest difference between our states and PyTorch's: {abs(ours - theirs).max():.0e}")

# %% [markdown]
# **A network to experiment with.** In most experiments the weights are drawn at random, which is where every training
# starts. One number about $\mathbf{W}$ will matter, its **spectral radius** $\rho$, the largest absolute value of its
# eigenvalues: $\mathbf{W}$ alone, applied again and again, in the long run makes a typical vector grow or shrink by
# the factor $\rho$ a step. `figures.random_rnn` draws a network with the $\rho$ that we ask for.
#
# The picture of section 3 again: change one input, see which states move. To the right the recurrent network, with
# $\rho = 0.9$. How wide is its band?

# %%
if __name__ == "__main__":
    influences = {
        "convolution, k = 4": figures.influence_in_convolution(temporal_convolution, k=4),
        "recurrent network": figures.influence_in_rnn(rnn_forward, radius=0.9),
    }
    figures.show_influence(influences)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The band has no lower edge: every input moves every later state, and no number in the formula says where that should
# end. But the colour fades, to less than $10^{-7}$ in the lower left corner. $\mathbf{W}$ alone does not explain so
# much fading: 23 steps would leave $0.9^{23} = 0.09$ of a change. A change must also pass the tanh at each step, which
# multiplies it by the slope there, and the mean slope in this network is 0.59. The first input changes its own state by
# 0.3, and $0.3 \cdot (0.9 \cdot 0.59)^{23} \approx 1.4 \cdot 10^{-7}$ comes near what is seen. *Can* change is not
# *does* change noticeably.
# </details>

# %% [markdown]
# Section 9 measures how fast the past fades; first, what the state does with order.

# %% [markdown]
# ### Experiment 1: order matters
#
# Seven different words can stand in 7! = 5040 orders. Feed all of them and summarise each sentence in one vector, in
# three ways: the **sum** of its one-hot words; the **average over time of a convolution** with k = 3 (the filter
# itself, no nonlinearity); the **last state** of a random recurrent network. How many *different* vectors come out in
# each way? The middle one deserves a minute with a pencil: write the sum over $t$ of $\mathbf{y}_t$ and see which words
# do not enter it in full.

# %%
if __name__ == "__main__":
    predicted_vectors = {"sum of the words": None, "averaged convolution": None, "last state of the RNN": None}

# %%
if __name__ == "__main__":
    sentence = ["An", "evening", "stroll", "through", "a", "city", "square"]
    figures.order_matters(one_hot, temporal_convolution, rnn_forward, predicted_vectors, sentence)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The sum gives **1** vector: a bag of words has no order. The averaged convolution gives **42** = 7 · 6: in the sum
# over time every $F_j$ meets every word except the last $j$, so only the last word and the last but one can be told
# apart from the rest, and the order of the others is gone (the orange bar at 0: 119 other orders with the same last two
# words). The recurrent network gives **5040**: each order has a state of its own.
#
# On the right a warning. Exchanging the last two words moves the final state about six times as far as exchanging the
# first two. The network keeps the order of all seven words, but not with equal force.
# </details>

# %% [markdown]
# ## 6. Sequences of different lengths, and outputs
#
# *A batch is a rectangle, sequences are not: a mask keeps the padding out. The softmax turns states into
# probabilities.*
#
# To compute N sequences at once they must stand in one array, so the shorter ones are **padded** to the length of the
# longest. What stands in the padding must not matter. A sequence that has ended keeps its state to the end of the
# array:
#
# $$\mathbf{h}_t = \begin{cases}
# \tanh(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_{\text{in}}[t] + \mathbf{b}) & \text{if } t < \text{length} \\
# \mathbf{h}_{t-1} & \text{otherwise.} \end{cases}$$
#
# Then `h[:, -1]` is the final state of every sequence, whatever its length: requirement 1, for a whole batch.


# %% exercise="rnn_forward_masked" points=14 difficulty=3 minutes=30
def rnn_forward_masked(x, lengths, U, W, b, h0=None):
    r"""Sequences of different lengths in one batch: from step lengths[n] on, sequence n keeps its last state.

    $h_t = \tanh(W h_{t-1} + U x_t + b)$ if $t <$ lengths[n], else $h_t = h_{t-1}$.
    x: (N, T, D), padded: whatever stands at t >= lengths[n], NaN and inf included, never changes the result.
    lengths: (N,) integers in 0..T; 0: the sequence never began and keeps h0. U, W, b, h0 as in rnn_forward.
    Returns h: (N, T, H) float64.
    Lecture: "To model sequences, we need to deal with variable length sequences".
    """
    N, T, _ = x.shape
    H = W.shape[0]
    if h0 is None:
        h0 = np.zeros((N, H), dtype=x.dtype)
    ### BEGIN SOLUTION
    h = np.empty((N, T, H), dtype=x.dtype)
    h_prev = h0
    for t in range(T):
        running = (t < lengths)[:, None]  # (N, 1)
        x_t = np.where(running, x[:, t], 0.0)  # NaN in the padding must not reach the product
        h_new, _ = rnn_step_forward(x_t, h_prev, U, W, b)
        h_prev = np.where(running, h_new, h_prev)  # (N, H)
        h[:, t] = h_prev
    ### END SOLUTION
    return h


# %% [markdown]
# <details><summary>NaN in the result, although I multiply the padding by zero</summary>
#
# What is `0 * np.nan`? Choosing between two values and multiplying by 0 or 1 are different operations.
# </details>
#
# <details><summary>A finished sequence has state zero</summary>
#
# The state is to be *kept*. Which array holds the state that a finished sequence had one step earlier?
# </details>
#
# <details><summary>It fails only where a length is 0</summary>
#
# Such a sequence has no last step to be looked up: `lengths - 1` is -1, which NumPy takes for the end. What should its
# state be at every step?
# </details>
#
# <details><summary>"operands could not be broadcast together", or the wrong sequence stops</summary>
#
# The mask of one step has shape (N,), the states have (N, H). Along which axis does NumPy lay a (N,) against a (N, H)?
# </details>

# %% [markdown]
# **Alone or in company.** Three surnames in one batch, the padding filled with NaN; each must end in the state that it
# reaches on its own.

# %%
if __name__ == "__main__":
    batch = ["ng", "lovelace", "turing"]
    lengths = np.array([len(name) for name in batch])
    x = np.full((3, lengths.max(), 27), np.nan)
    for n, name in enumerate(batch):
        x[n, : len(name)] = one_hot(figures.tokens_of(name)[None], 27)[0]
    U, W, b = figures.random_rnn(np.random.default_rng(2), 27, 16, radius=0.9)
    together = rnn_forward_masked(x, lengths, U, W, b)[:, -1]
    for n, name in enumerate(batch):
        alone = rnn_forward(one_hot(figures.tokens_of(name)[None], 27), U, W, b)[0][0, -1]
        print(f"{name:>8}: largest difference {abs(together[n] - alone).max():.0e}")

# %% [markdown]
# Now the output, $g$. With K classes, $\mathbf{V}\mathbf{h}_t + \mathbf{c}$ holds K numbers, the **logits** $z_k$, and
# the softmax makes probabilities of them:
#
# $$\mathbf{x}_{\text{out}}[t]_k = \frac{e^{z_k}}{\sum_{m} e^{z_m}},
# \qquad\qquad \mathbf{z} = \mathbf{V}\mathbf{h}_t + \mathbf{c}.$$
#
# As it stands it fails for large logits: $e^{1000}$ is infinite in float64, and $\infty / \infty$ is NaN. But the
# softmax does not change when the same number is added to all logits, and one choice of that number makes the largest
# exponent 0.


# %% exercise="rnn_output" points=8 difficulty=2 minutes=15
def rnn_output(h, V, c_out):
    r"""The output of each step: $y_t = \mathrm{softmax}(V h_t + c)$.

    h: (N, T, H). V: (K, H). c_out: (K,).
    Returns y: (N, T, K) float64, probabilities over the K classes; finite for logits of any size.
    Lecture: "Recurrent Neural Networks (RNNs)", with sigma_2 = softmax.
    """
    ### BEGIN SOLUTION
    logits = h @ V.T + c_out  # (N, T, K)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION
    return y


# %% [markdown]
# <details><summary>Probabilities do not add up to 1</summary>
#
# Over which of the three axes should they add up to 1? Print `y.sum(axis=-1)`.
# </details>
#
# <details><summary>"operands could not be broadcast together"</summary>
#
# A sum or a maximum over an axis removes it, and then (N, T) meets (N, T, K). NumPy's reductions can keep the axis with
# length 1.
# </details>
#
# <details><summary>Small logits are right, large ones give NaN, or zeros where a probability should be</summary>
#
# Which number must be subtracted so that no exponent is positive and one of them is 0? Is it the same number for every
# n and t? If one maximum is taken over the whole batch, some rows may underflow to 0 / 0.
# </details>

# %% [markdown]
# **What a trained network expects.** The file `surname_model.npz` holds an RNN with H = 128, trained on 19,000 of the
# 20,000 commonest surnames of the United States to predict the next letter. Its alphabet has K = 27 symbols: 1 to 26
# are a to z, and symbol 0, drawn as a dot, opens and closes a name. Where it opens one we call it START, where it
# closes one, END. Below it reads *johnson* from left to right; each column is $\mathbf{x}_{\text{out}}[t]$, its
# probabilities for the next symbol, and the circle marks the symbol that really comes next.

# %%
if __name__ == "__main__":
    model = figures.read_model(data_path("surname_model.npz"))
    figures.expectations(one_hot, rnn_forward, rnn_output, model, "johnson")

# %% [markdown]
# Look at the two columns under *n*. The letter just read is the same, and so is its one-hot vector. Yet after *john*
# the model gives END 0.49, and *e* and *s* most of the rest, while after *johnson* it gives END 0.98; and the two
# columns under *o*, after *jo* and after *johnso*, have little in common. What differs is the state: it has read
# different letters before. A convolution with k = 1 would have to give equal columns.

# %% [markdown]
# ## 7. Deep recurrent networks
#
# *The states of one layer are the inputs of the next.*
#
# A sequence of states is a sequence like any other, so a second network can read it, and a third the second's:
#
# $$\mathbf{h}^l_t = \tanh(\mathbf{W}^l \mathbf{h}^l_{t-1} + \mathbf{U}^l \mathbf{h}^{l-1}_t + \mathbf{b}^l),
# \qquad \mathbf{h}^0_t = \mathbf{x}_{\text{in}}[t], \qquad l = 1, \dots, L.$$
#
# $$\begin{array}{ccccccc}
# \mathbf{h}^2_{-1} & \xrightarrow{\mathbf{W}^2} & \mathbf{h}^2_0 & \xrightarrow{\mathbf{W}^2} & \mathbf{h}^2_1 &
# \xrightarrow{\mathbf{W}^2} & \cdots \\
# & & \uparrow{\scriptstyle \mathbf{U}^2} & & \uparrow{\scriptstyle \mathbf{U}^2} & & \\
# \mathbf{h}^1_{-1} & \xrightarrow{\mathbf{W}^1} & \mathbf{h}^1_0 & \xrightarrow{\mathbf{W}^1} & \mathbf{h}^1_1 &
# \xrightarrow{\mathbf{W}^1} & \cdots \\
# & & \uparrow{\scriptstyle \mathbf{U}^1} & & \uparrow{\scriptstyle \mathbf{U}^1} & & \\
# & & \mathbf{x}_{\text{in}}[0] & & \mathbf{x}_{\text{in}}[1] & &
# \end{array}$$
#
# Arrows to the right carry memory, one for each layer; arrows upward carry features. Each layer has its own three
# parameters and may have its own number of units.


# %% exercise="deep_rnn_forward" points=10 difficulty=3 minutes=20
def deep_rnn_forward(x, layers, h0=None):
    r"""L stacked layers: $h^l_t = \tanh(W^l h^l_{t-1} + U^l h^{l-1}_t + b^l)$, with $h^0_t = x_t$.

    x: (N, T, D). layers: list of L tuples (U, W, b); U of layer l is (H_l, H_{l-1}), with H_0 = D.
    h0: list of L arrays (N, H_l), or None for zeros.
    Returns a list of L arrays (N, T, H_l) float64, the states of each layer, lowest first.
    Lecture: "Deep Recurrent Neural Networks (RNNs)".
    """
    ### BEGIN SOLUTION
    states = []
    below = x
    for l, (U, W, b) in enumerate(layers):
        below, _ = rnn_forward(below, U, W, b, None if h0 is None else h0[l])  # (N, T, H_l)
        states.append(below)
    ### END SOLUTION
    return states


# %% [markdown]
# <details><summary>One layer works, two do not fit</summary>
#
# What is the input of the second layer? Compare the shape of its U with what you feed it.
# </details>
#
# <details><summary>Two layers of equal width run, but the upper one is wrong</summary>
#
# If D equals H, feeding the wrong array raises no error. Does the second layer's input depend on the first layer's
# weights? And does each layer start from its own initial state?
# </details>

# %% [markdown]
# PyTorch's network with three layers, computed from its own weights by your function:

# %%
if __name__ == "__main__":
    torch.manual_seed(1)
    network = torch.nn.RNN(input_size=4, hidden_size=6, num_layers=3, batch_first=True, dtype=torch.float64)
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    layers = [
        (weights[f"weight_ih_l{l}"], weights[f"weight_hh_l{l}"], weights[f"bias_ih_l{l}"] + weights[f"bias_hh_l{l}"])
        for l in range(3)
    ]
    x = np.random.default_rng(0).standard_normal((3, 5, 4))
    theirs = network(torch.from_numpy(x))[0].detach().numpy()
    difference = abs(deep_rnn_forward(x, layers)[-1] - theirs).max()
    print(f"top layer of three, largest difference from PyTorch: {difference:.0e}")

# %% [markdown]
# ## 8. Why not remember everything?
#
# *A memory of everything grows with time; a state does not.*
#
# The state is H numbers, and a sequence has no end. Why not keep every input and look things up when they are needed?
# The lecture answers with two observations: such a memory **grows with t**, and it is **nonparametric**, that is, there
# is no finite set of parameters that describes it for every t.
#
# ### Experiment 2: everything, a window, a state
#
# Letters arrive as one-hot vectors of 27 float64 numbers. We keep all of them; or the last 16, as a convolution of
# length 16 must; or the state of an RNN with H = 128. At what t does the memory of everything first need more bytes
# than the state? And if it stores each letter as one byte instead, as cheaply as one can? Work it out before you run
# it: one division each.

# %%
if __name__ == "__main__":
    predicted_t = {"everything, as one-hot vectors": None, "everything, as one byte a letter": None}

# %%
if __name__ == "__main__":
    figures.everything_or_a_state(one_hot, rnn_step_forward, predicted_t)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The memory of everything needs more bytes than the state from step 5 on (a one-hot vector has 216 bytes, the state
# 1024), and from step 1025 on even with one byte a letter; and it keeps growing, while window and state become flat
# lines. Time follows. As long as it holds few letters, looking everything up is quicker than a step of the RNN; once it
# holds some ten thousand, every use takes time in proportion to t. How much a model of this kind must store is decided
# by the data that it meets, not by a set of parameters fixed beforehand: that is what nonparametric means.
# </details>

# %% [markdown]
# To remember everything is not a foolish idea. Such a memory forgets nothing, and it need not decide in advance what
# will matter. The lecture after this one, on attention, comes back to it and pays the price. An RNN takes the other
# side of the bargain: H numbers, however long the sequence.

# %% [markdown]
# ## 9. The Markov assumption, and how far back a state remembers
#
# *Given the state, the past no longer matters, so whatever is to matter later must be in the state.*
#
# In the words of the lecture, an RNN makes a **Markov assumption**: the future hidden state depends only on the
# immediately preceding hidden state (and on the input of the step). Two sequences that have led to the same
# $\mathbf{h}_{t-1}$ are one and the same to the network from then on. That is an assumption about the *state*, not
# about the data: the words of a sentence may depend on each other over any distance, and "by putting the right info
# into the hidden state, RNNs can model dependencies that are arbitrarily far apart".
#
# The right information must get there, and stay. But "old observations are forgotten", says the lecture too. How soon?
#
# ### Experiment 3: how far back does a state remember?
#
# Feed a random network (H = 64) random numbers $x[t]$, drawn independently and uniformly from -1 to 1. If
# $\mathbf{h}_t$ still knows $x[t-j]$, then it can be read out of it. We read with the simplest tool, a linear one: fit
# $\hat{x}[t-j] = \mathbf{a}_j^\top \mathbf{h}_t + d_j$ on one half of the data, with a small penalty on the size of
# $\mathbf{a}_j$ (**ridge regression**), and score on the other half the share of the variance explained: $R^2 = 1$ when
# $x[t-j]$ is read exactly, 0 when nothing is known of it.
#
# Three networks that differ in the spectral radius alone, $\rho$ = 0.5, 1 and 2, and a convolution with k = 8. For
# each: up to which j, so many steps back, does $R^2$ stay above one half? Which of the three networks remembers
# farthest?

# %%
if __name__ == "__main__":
    predicted_reach = {"convolution, k = 8": None, "RNN, ρ = 0.5": None, "RNN, ρ = 1": None, "RNN, ρ = 2": None}

# %%
if __name__ == "__main__":
    radii, penalty = (0.5, 1, 2), 1e-3
    figures.how_far_back(temporal_convolution, rnn_forward, predicted_reach, radii, penalty)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The convolution remembers perfectly up to j = 7 and nothing from j = 8 on: a window with an edge. The recurrent
# networks have no edge; their memory fades. With $\rho$ = 0.5 the score falls below one half after j = 5: each step
# shrinks what is in the state, and the penalty of the read-out, which plays the part of noise, hides what has become
# small (with a penalty of 1e-7 the same states can be read up to j = 8). With $\rho$ = 2 one might expect a long
# memory, for nothing shrinks. It is the shortest, j = 3: the state drives itself into the flat parts of the tanh (a
# third of its numbers lie beyond 0.9 in size), old and new inputs get mixed in ways that no linear read-out untangles,
# and even the present input is read with an error. Of the three, $\rho$ = 1 remembers farthest, j = 11.
#
# The sums under the curves tell of limited room. For independent inputs and a linear read-out the sum over all j cannot
# exceed H, the number of units (Jaeger 2001): read in this way, 64 numbers cannot stand for more than 64 independent
# ones. The convolution uses 8 of the 64, our networks 5 to 12.
# </details>

# %% [markdown]
# How soon old observations are forgotten depends on $\mathbf{W}$, and these weights were random. Does training
# teach a network to remember? Take the trained model of surnames, let it read nine letters, and read each of them out
# of its last state, by ridge regression onto one-hot letters. For comparison shuffle its weights: the *same numbers* in
# $\mathbf{U}$, $\mathbf{W}$ and $\mathbf{b}$, in random places. Shuffling also lowers the spectral radius of
# $\mathbf{W}$, from 2.0 to between 1.5 and 1.7, so a second comparison scales the shuffled $\mathbf{W}$ back to 2.0.
# Which state knows more about letters that are five and more steps back, the trained one or the shuffled ones?

# %%
if __name__ == "__main__":
    predicted_to_know_more = None  # "trained" or "shuffled"

# %%
if __name__ == "__main__":
    surnames = data_path("surnames.txt")
    figures.letters_in_the_state(one_hot, rnn_forward, model, surnames, predicted_to_know_more)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# If you expected training to lengthen the memory, you are in good company. From j = 5 on the trained state knows
# *least*: at j = 5, 0.29 of the letters are read right, against 0.46 and 0.39 from the shuffled ones, and 0.10 by
# always guessing the commonest. For recent letters it depends on the comparison: at j = 2 the trained state gives 0.91,
# the shuffled one 0.93, and the shuffled one with the same spectral radius only 0.81. The trained network was asked for
# one thing, to predict the next letter, and for a name's next letter the last few count most. A likely reading of the
# figure is that training spent the room on them: putting *the right* info into the state is not the same as putting
# everything into it. (Likely, not proven: the read-out is linear, and what it does not find may still be there.)
#
# All curves rise a little at j = 7, the second letter of a name: it is often a vowel, and easier to guess, as the
# dotted line shows.
# </details>

# %% [markdown] written="markov_assumption" points=10 minutes=30
# ### What does the Markov assumption cost, and what does it not forbid?
#
# (a) Say in your own words what an RNN assumes when it computes $\mathbf{h}_t$ from $\mathbf{h}_{t-1}$ and
# $\mathbf{x}_{\text{in}}[t]$ alone. Is it an assumption about the data?
#
# (b) What does the assumption cost, compared with a memory of everything? And what does it save?
#
# (c) Why can $\mathbf{h}_t$ nevertheless carry information about an input that lies arbitrarily far back? Describe how
# a state with a single useful unit could carry one bit for a thousand steps.
#
# (d) In experiment 3 the networks forget after some ten steps. Does this contradict (c)? Support your answer with one
# number that you have measured.
#
# ### BEGIN SOLUTION
# (a) Given $\mathbf{h}_{t-1}$, the inputs before step $t$ make no further difference to any later state or output: two
# pasts that lead to the same state are treated alike from then on. It is an assumption about what the model's state
# contains, not about the data: the data may depend on each other over any distance, provided that the state holds what
# is needed.
#
# (b) Cost: what is not in the H numbers is lost for good; nothing can be looked up later, so the network must decide at
# once what to keep, before it knows what will be asked. The H numbers are also a limited room: everything kept competes
# for it. Saving: memory and time per step do not grow with t, and a finite set of parameters serves every length.
#
# (c) $\mathbf{h}_{t-1}$ was itself computed from $\mathbf{h}_{t-2}$, and so on: information is handed on from state to
# state, and nothing in the formula says that it must be lost on the way. For example a unit that feeds itself with a
# weight well above 1 and hardly listens to the inputs: $h = \tanh(2h)$ has two stable values, about 0.96 and -0.96, and
# stays near the one that the early input pushed it to, for a thousand steps or more.
#
# (d) No. (c) says what *some* weights can do, the experiment measures *random* ones, read by a linear read-out. At
# $\rho$ = 1 the score falls below one half after j = 11; at $\rho$ = 0.5 after j = 5: the weights decide how long the
# state keeps what, and for how much it has room. Whether training finds weights that keep the right things is another
# question.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 3: the past matters only through the state (2); said of the state or the model, not of the data (1). Writing
#   that the data must be Markov loses this last point and no other.
# - (b) 3: a cost named correctly, what is not kept is lost or room is limited (1), with why it hurts: the network must
#   choose before it knows what will be asked (1); a saving: memory or time constant in t, or finitely many parameters
#   (1).
# - (c) 2: information is handed on from state to state (1); a mechanism that would really hold a bit (1): a
#   self-exciting unit with two stable values, a linear unit with weight 1 and no input, a counter. "The state
#   remembers" earns nothing.
# - (d) 2: what random weights do says nothing against what is possible (1); a number of the student's own that fits
#   the figure (1). Arguing from the trained network, which keeps less of the old letters than shuffled weights, earns
#   both.
# ### END MARK SCHEME

# %% [markdown]
# ## 10. Parameter sharing
#
# *The same U, W and b at every step: the number of parameters does not depend on T.*
#
# Unrolled over T steps a recurrent network looks like a feedforward network T layers deep, but all its layers are the
# same layer. Hence requirement 4, and a good part of requirement 1: what was learnt at step 3 holds at step 300, also
# for lengths that no training example had. Count the parameters of a deep network with L layers of H units each, D
# inputs, and an output of K classes on the top layer, one bias for each layer and one for the output.


# %% exercise="count_parameters" points=6 difficulty=2 minutes=10
def count_parameters(D, H, K, L):
    r"""Number of parameters of a deep RNN with its output: D inputs, L layers of H units, K classes.

    Each layer has U, W and one bias b; the output, on the top layer, has V and c_out.
    D, H, K, L: ints, all at least 1. Returns an int.
    Lecture: "Parameter Sharing".
    """
    ### BEGIN SOLUTION
    first = H * D + H * H + H
    upper = H * H + H * H + H
    count = first + (L - 1) * upper + K * H + K
    ### END SOLUTION
    return count


# %% [markdown]
# <details><summary>Right for L = 1, wrong for L = 2</summary>
#
# What does the second layer read, and how long is that vector? How often does the output occur in the whole network?
# </details>
#
# <details><summary>Too small by H + K, or too large by L * H</summary>
#
# Count the biases: here each layer has one and the output has one. PyTorch's layers have two.
# </details>

# %% [markdown]
# The model of surnames, counted and weighed, and what it would cost not to share: with its own $\mathbf{U}_t$,
# $\mathbf{W}_t$, $\mathbf{b}_t$ for each step, or with each state fed by all inputs up to its step through matrices of
# their own.

# %%
if __name__ == "__main__":
    D, H, K = 27, 128, 27
    shared = count_parameters(D, H, K, 1)
    print(f"in surname_model.npz: {sum(value.size for value in model.values()):,}; counted: {shared:,}")
    print(f"PyTorch's layer without the output: {sum(p.numel() for p in torch.nn.RNN(D, H).parameters()):,}", end=", ")
    print(f"ours: {shared - K * H - K:,}, one bias of {H} less")
    print(f"{'T':>6} {'shared':>12} {'own at each step':>18} {'all inputs to each state':>26}")
    for T in (10, 100, 1000):
        own = T * (shared - K * H - K) + K * H + K
        all_inputs = T * (T + 1) // 2 * H * D + T * H + K * H + K
        print(f"{T:>6} {shared:>12,} {own:>18,} {all_inputs:>26,}")

# %% [markdown]
# ## 11. Sampling
#
# *What the network has drawn becomes what it reads next.*
#
# The trained network gives probabilities for the next symbol. Draw one symbol from them, feed it back as the next
# input, draw again: the network writes. It begins with the symbol 0 as START, in the state zero, and stops when it
# draws 0 as END:
#
# $$x_{t+1} \sim \mathrm{softmax}\!\left(\frac{\mathbf{V}\mathbf{h}_t + \mathbf{c}}{\tau}\right),
# \qquad\qquad \mathbf{h}_t = \tanh(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\,\text{one\_hot}(x_t) + \mathbf{b}),
# \qquad x_0 = 0 .$$
#
# By the chain rule of probability the name as a whole is drawn from $p(x_1, x_2, \dots) = \prod_t p(x_{t+1} \mid x_1,
# \dots, x_t)$, and the state stands for everything to the right of the bar: here the Markov assumption pays, for H
# numbers are all that must be kept between two letters.
#
# The **temperature** $\tau$ divides the logits. At $\tau = 1$ the model's own probabilities are used. As $\tau \to 0$
# the largest logit wins every draw; as $\tau \to \infty$ all K symbols become equally likely.


# %% exercise="sample_sequence" points=11 difficulty=3 minutes=35
def sample_sequence(model, rng, temperature=1.0, max_length=20):
    r"""Draw a sequence from a trained model: $x_{t+1} \sim \mathrm{softmax}((V h_t + c) / \text{temperature})$.

    model: dict with U (H, K), W (H, H), b (H,), V (K, H), c_out (K,). Symbol 0 stands for both START and END:
    the first input is one_hot of 0, the first state is zero, and drawing 0 ends the sequence.
    rng: numpy.random.Generator, the only source of randomness. temperature: > 0; small values sharpen.
    Returns a list of ints, the symbols drawn, without START and END, at most max_length of them.
    Lecture: "Testing" and "Samples", there for words; here for letters.
    """
    ### BEGIN SOLUTION
    K = model["V"].shape[0]
    h = np.zeros((1, model["W"].shape[0]))
    symbol, drawn = 0, []
    while len(drawn) < max_length:
        x = one_hot(np.array([[symbol]]), K)[:, 0]  # (1, K)
        h, _ = rnn_step_forward(x, h, model["U"], model["W"], model["b"])
        p = rnn_output(h[:, None], model["V"] / temperature, model["c_out"] / temperature)[0, 0]  # (K,)
        symbol = int(rng.choice(K, p=p))
        if symbol == 0:
            break
        drawn.append(symbol)
    ### END SOLUTION
    return drawn


# %% [markdown]
# <details><summary>The same letter over and over</summary>
#
# After a draw two things must change before the next one: what the network reads, and the state it is in. Print both.
# </details>
#
# <details><summary>Low temperatures give nonsense, high ones real names</summary>
#
# Take logits 2 and 0 and work out the two probabilities for a temperature of one half. Should they be further apart
# than at 1, or closer together?
# </details>
#
# <details><summary>"probabilities do not sum to 1", or NaN, at a low temperature</summary>
#
# Dividing by 0.01 makes logits large: is the softmax stable, and is it the last thing that you do? Dividing the
# *probabilities* by the temperature is another operation.
# </details>
#
# <details><summary>The list ends with 0, or is one symbol too long</summary>
#
# END is a sign to stop, not a letter. How long is your list when max_length is 1? When is the length looked at?
# </details>
#
# <details><summary>Two runs with the same seed differ</summary>
#
# All draws must come from the `rng` that is passed in. Does some other generator take part?
# </details>

# %% [markdown]
# ### Experiment 4: surnames at three temperatures
#
# Draw 500 names at each of the temperatures 0.3, 1 and 2. What share of them will be on the list of 20,000 surnames,
# and what share will be different from all others of the same temperature? As everywhere: predict, then measure.

# %%
if __name__ == "__main__":
    predicted_share_on_the_list = {0.3: None, 1.0: None, 2.0: None}
    predicted_share_different = {0.3: None, 1.0: None, 2.0: None}

# %%
if __name__ == "__main__":
    drawn = {}
    for temperature in (0.3, 1.0, 2.0):
        rng = np.random.default_rng(7)
        drawn[temperature] = [sample_sequence(model, rng, temperature) for _ in range(500)]
    predicted = predicted_share_on_the_list, predicted_share_different
    shares = figures.surnames_drawn(drawn, data_path("surnames.txt"), *predicted)
    figures.temperatures(one_hot, rnn_forward, rnn_output, model, *shares)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# At temperature 0.3 nearly half of the names, 0.47, are on the list, but the model repeats itself: only 0.73 are
# different. At 1 the names look like surnames, and hardly any, 0.09, is on the list: the model has learnt how surnames
# are built, not which there are. Their mean length, 6.5 letters, is that of the list, 6.48. At 2 the letters start to
# come at random, names get longer, since END too becomes less likely than it should be, and 0.03 are on the list,
# mostly short ones. On the left the reason: the temperature changes no order among the symbols, it only sharpens or
# flattens the bars.
# </details>

# %% [markdown]
# ## 12. Where this leads
#
# *The state forgets; can training teach it what to keep?*
#
# **What you have learnt.** You now have a recurrent network that meets the four requirements, one of them with a
# reservation. Sequences of any length: the loop, and the mask for a batch. Order: 5040 states for 5040 orders. Shared
# parameters: 23,451 of them for names of any length. Long-term dependencies: *possible*, since no edge is built in, but
# with random weights the past fades within some ten steps, and out of the trained network fewer than a third of the
# letters could be read from j = 5 on.
#
# All of this was the forward pass. The weights in `surname_model.npz` were found by gradient descent, and for that
# one must know how the loss changes with $\mathbf{W}$, one matrix that is used at every step, through states each of
# which depends on the one before. How do you differentiate through time? And look once more at the picture of
# section 5, in which the influence of an input fades while the state goes on. **If an early input hardly
# moves a late state, what can a late error tell the weights about an early input?** With this question assignment 2
# begins.

# %% [markdown]
# ## 13. For those who want more
#
# *Two harder tasks without points: checked like the others, and nothing depends on them.*
#
# **Both directions.** The state at step t knows the past. Where the whole sequence is there before anything is to be
# said of it, a second network can read it from the end, and its state at step t knows the future; side by side they
# know all of it (Schuster and Paliwal 1997). The difficulty is the batch: sequences of different lengths end at
# different steps, and the second network must begin at *its* sequence's end.


# %% exercise="bidirectional_rnn_forward" points=0 difficulty=4 minutes=30
def bidirectional_rnn_forward(x, lengths, forwards, backwards):
    r"""The states of two networks side by side: one reads each sequence from its beginning, one from its end.

    $h^\to_t = \tanh(W h^\to_{t-1} + U x_t + b)$ and $h^\leftarrow_t = \tanh(W' h^\leftarrow_{t+1} + U' x_t + b')$; both
    begin with zeros, the second at step lengths[n] - 1.
    x: (N, T, D), padded: whatever stands at t >= lengths[n], NaN and inf included, never changes the result.
    lengths: (N,) integers in 0..T. forwards, backwards: tuples (U, W, b) of H and of H' units.
    Returns h: (N, T, H + H') float64, the forward states first; 0 at t >= lengths[n].
    Schuster and Paliwal 1997.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    steps = np.arange(T)
    inside = steps < lengths[:, None]  # (N, T)
    x = np.where(inside[..., None], x, 0.0)
    turned = np.where(inside, lengths[:, None] - 1 - steps, steps)  # (N, T): from the last step of each to its first
    rows = np.arange(N)[:, None]
    ahead, _ = rnn_forward(x, *forwards)
    back, _ = rnn_forward(x[rows, turned], *backwards)
    both = np.concatenate([ahead, back[rows, turned]], axis=-1)
    h = np.where(inside[..., None], both, 0.0)
    ### END SOLUTION
    return h


# %% [markdown]
# **How probable is a name?** The model of section 11 draws names; it can also say how probable a given one is: the
# product of the probabilities of its letters, each given those before it, END included. The product of twenty small
# numbers is an even smaller one, so one adds logarithms. And a logarithm of a softmax that is computed as written, the
# probability first, is minus infinity where the probability is rounded to 0.


# %% exercise="sequence_log_probability" points=0 difficulty=3 minutes=25
def sequence_log_probability(model, symbols):
    r"""The logarithm of a sequence's probability under the model: $\sum_t \ln p(x_{t+1} \mid x_0, \dots, x_t)$.

    model: as in sample_sequence, at temperature 1; symbol 0 is START before the sequence and END behind it.
    symbols: (T,) integers in 1..K-1; T may be 0.
    Returns a float, finite also where a probability is too small for float64.
    """
    ### BEGIN SOLUTION
    K = model["V"].shape[0]
    read = np.concatenate([[0], symbols]).astype(np.int64)  # START, then the symbols
    said = np.concatenate([symbols, [0]]).astype(np.int64)  # the symbols, then END
    h, _ = rnn_forward(one_hot(read[None], K), model["U"], model["W"], model["b"])
    logits = h[0] @ model["V"].T + model["c_out"]  # (T + 1, K)
    top = logits.max(axis=1)
    log_sums = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    total = float((logits[np.arange(len(said)), said] - log_sums).sum())
    ### END SOLUTION
    return total


# %% [markdown]
# Is *smith* more probable than *smiht*, and by which factor? And what does the model think of your own name?

# %%
if __name__ == "__main__":
    for name in ("smith", "smiht", "smit", "xqzvk"):
        logarithm = sequence_log_probability(model, np.array([ord(letter) - ord("a") + 1 for letter in name]))
        print(f"{name:>6}: ln p = {logarithm:6.2f}, {-logarithm / (len(name) + 1):.2f} nats a symbol")

# %%
if __name__ == "__main__":
    progress()
