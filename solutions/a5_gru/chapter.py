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
# # Assignment 5: the GRU, conventions, and what gates buy
#
# *You write the GRU and its gradient, find out which of two GRUs a library computes, and let gated networks race
# against plain ones.*
#
# Assignment 4 took the LSTM apart. Here comes its smaller relative: the GRU (1) and its gradient (2). Then two things
# that a formula on a slide leaves open: which convention it is written in (3), and what exactly a reset gate resets
# (4). What a gate costs is counted (5). From then on you train. Two tasks ask for nothing but memory (6), a trainer
# runs many networks at once (7), and three races (8, 9, 10) show what gates buy, when, and how the memory works that
# training has found. At the end the lecture's summary is held against the figures (11).
#
# **What you will be able to do.** Write the GRU, forward and backward; recognise which of two conventions a program
# follows, and convert weights where that is possible; count what a gate costs; build tasks that ask for memory alone,
# train many networks on them at once, and tell two ways of remembering apart.
#
# **How to work.** As before: write each of the ten exercises below its card, run its cell, then the `check(...)`
# below it; help is folded away under the symptom that it cures, and two questions are answered in words. Two harder
# tasks without points stand at the end. What draws and measures is in `figures.py`, beside this notebook, and yours to
# change. Sections 1 to 5 are NumPy, with the
# gradient by hand; from section 7 on PyTorch finds the gradients: by then you know what it does.
#
# **Predict, then measure.** Six experiments ask for a prediction in place of `None` before they show a figure.
# Several results are not what the slides lead one to expect.

# %% [markdown] include="NOTATION.md"

# %%
import numpy as np
import torch

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import figures
    from selfcheck.drawing import house_style

    house_style()
    torch.set_num_threads(1)  # the products below are small: more threads would cost more than they bring

# %% [markdown]
# ## 1. From the LSTM to the GRU
#
# *One gate decides what is erased and what is written, and the state is also the output.*
#
# The LSTM keeps two states and three gates. Does it need all of them? The **gated recurrent unit** (Cho et al. 2014)
# is, in the words of the lecture, "a very simplified version of the LSTM": it "merges forget and input gate into a
# single 'update' gate" and "merges cell and hidden state". Take the LSTM's line
#
# $$\mathbf{c}_t = \mathbf{f}_t \otimes \mathbf{c}_{t-1} + \mathbf{i}_t \otimes \tanh(\dots)$$
#
# and put $\mathbf{i}_t = \mathbf{z}_t$, $\mathbf{f}_t = 1 - \mathbf{z}_t$: as much is erased as is written. Let
# the cell state itself be the output, $\mathbf{h}_t = \mathbf{c}_t$, with no output gate and no second tanh. What is
# left is the GRU's last line. One gate is new: the **reset gate** $\mathbf{r}_t$ weighs the old state where the
# candidate $\mathbf{h}'_t$ reads it.
#
# $$\begin{array}{lll}
# \textbf{the lecture} & \textbf{what it is} & \textbf{in code} \\
# \mathbf{r}_t = \sigma\!\left(W_r \binom{\mathbf{x}_t}{\mathbf{h}_{t-1}} + \mathbf{b}_r\right) &
# \text{reset gate} & \texttt{r, from rows 0 to H-1 of U, W, b} \\
# \mathbf{h}'_t = \tanh\!\left(W \binom{\mathbf{x}_t}{\mathbf{r}_t \otimes \mathbf{h}_{t-1}} +
# \mathbf{b}_n\right) & \text{candidate} & \texttt{n, from rows 2H to 3H-1} \\
# \mathbf{z}_t = \sigma\!\left(W_z \binom{\mathbf{x}_t}{\mathbf{h}_{t-1}} + \mathbf{b}_z\right) &
# \text{update gate} & \texttt{z, from rows H to 2H-1} \\
# \mathbf{h}_t = (1 - \mathbf{z}_t) \otimes \mathbf{h}_{t-1} + \mathbf{z}_t \otimes \mathbf{h}'_t &
# \text{new state} & \texttt{h}
# \end{array}$$
#
# Two remarks on the slides. They give the reset gate the bias $b_f$, and on one of them the update gate too: a slip of
# typing, left over from the LSTM's forget gate. The GRU has no f, so we read $b_r$ and $b_z$. And they leave out the
# candidate's bias, which we keep.
#
# Drive the gates to their ends and the cell becomes something simpler:
#
# | $\mathbf{z}$ | $\mathbf{r}$ | the new state is | the LSTM's name for it |
# |---|---|---|---|
# | 0 | any | $\mathbf{h}_{t-1}$, copied | remember |
# | 1 | 1 | a step of the plain RNN | overwrite |
# | 1 | 0 | $\tanh(U_n \mathbf{x}_t + \mathbf{b}_n)$, as if there had been no past | overwrite, without looking back |
#
# Two rows of the LSTM's table are missing. With one gate for both, nothing can be **added** without erasing as much,
# and nothing erased without something written in its place. The new state is a weighted mean of two vectors, and the
# candidate lies between -1 and 1: once inside these bounds the state never leaves them. The cell of an LSTM can count
# upwards, one at each step; a unit of a GRU cannot.
#
# **On paper**: one unit, its weights in the order r, z, n: $U = (1, -1, 2)$, $W = (0.5, 0.5, -1)$, no biases. It starts
# from $h = 0.5$ and reads $x = (1, -1)$:
#
# | | $r = \sigma(\cdot)$ | $z = \sigma(\cdot)$ | $h' = \tanh(2x - r h)$ | $(1 - z)\, h + z h'$, the new $h$ |
# |---|---|---|---|---|
# | $x = 1$ | $\sigma(1.25)$ = 0.7773 | $\sigma(-0.75)$ = 0.3208 | tanh(1.6114) = 0.9234 | 0.3396 + 0.2962 = 0.6358 |
# | $x = -1$ | $\sigma(-0.6821)$ = 0.3358 | $\sigma(1.3179)$ = 0.7888 | tanh(-2.2135) = -0.9764 | -0.6359 |


# %%
def sigmoid(a):
    """The logistic function 1 / (1 + exp(-a)), in a form that does not overflow for any a."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


# %% exercise="gru_step_forward" points=8 difficulty=2 minutes=20
def gru_step_forward(x, h_prev, U, W, b):
    r"""One step of the GRU: $h_t = (1 - z_t) \otimes h_{t-1} + z_t \otimes h'_t$, the reset before the product.

    $r_t = \sigma(U_r x_t + W_r h_{t-1} + b_r)$, $z_t = \sigma(U_z x_t + W_z h_{t-1} + b_z)$,
    $h'_t = \tanh(U_n x_t + W_n (r_t \otimes h_{t-1}) + b_n)$.
    x: (N, D). h_prev: (N, H). U: (3H, D). W: (3H, H). b: (3H,); H rows for each of r, z, n, in this order.
    Returns h: (N, H) float64, and the cache (x, h_prev, U, W, r, z, n) for the backward pass; n: (N, H) is $h'_t$.
    Lecture: "Gated Recurrent Unit (GRU)"; Cho et al. 2014, with z as in Chung et al. 2014.
    """
    ### BEGIN SOLUTION
    a_r, a_z, a_n = np.split(x @ U.T + b, 3, axis=1)  # (N, H) each
    W_r, W_z, W_n = np.split(W, 3)  # (H, H) each
    r = sigmoid(a_r + h_prev @ W_r.T)  # (N, H)
    z = sigmoid(a_z + h_prev @ W_z.T)  # (N, H)
    n = np.tanh(a_n + (r * h_prev) @ W_n.T)  # (N, H)
    h = (1 - z) * h_prev + z * n  # (N, H)
    ### END SOLUTION
    return h, (x, h_prev, U, W, r, z, n)


# %% [markdown]
# <details><summary>r and z seem exchanged</summary>
#
# The order of the rows is r, z, n, also where the lecture writes the candidate before the update gate. Which H rows of
# `U` belong to `z`?
# </details>
#
# <details><summary>Right when h_prev is zero, wrong otherwise</summary>
#
# Then the input's side is right. The old state enters in four places: in two gates, in the candidate, in the last line.
# What happens to it before it meets $W_n$? And does the input, too, go through the reset gate?
# </details>
#
# <details><summary>Right with one unit, wrong with more</summary>
#
# With one unit $W_n (r h)$ and $r (W_n h)$ are the same number. With more it matters which comes first, the reset or
# the product. Which one does the lecture's formula put inside the brackets?
# </details>
#
# <details><summary>The state hardly moves where it should move most</summary>
#
# Put z = 1 into the last of the four equations and read off what the new state is. Does your code do the same?
# </details>

# %% [markdown]
# **The table, and a time scale.** Biases of 20 and -20 drive the gates to within 3e-9 of their ends. Below, your cell
# is compared with the three rows of the table. The figure shows a cell of one unit without recurrent weights, with z
# held constant by its bias; the input is 1 for 30 steps, then 0. The unit creeps towards the candidate by the share z
# of the distance in each step: it needs about **1/z steps** to follow, and as many to forget.

# %%
if __name__ == "__main__":
    figures.gates_at_their_ends(gru_step_forward)
    figures.one_unit_follows(gru_step_forward, gates=(0.5, 0.1, 0.02))

# %% [markdown]
# ## 2. The gradient through the gates
#
# *The state is read in four places, so its gradient has four parts; one of them is a copy.*
#
# In a step of the GRU the old state $\mathbf{h}_{t-1}$ reaches the new one in four ways:
#
# $$\begin{array}{lll}
# \text{the copy} & \mathbf{h}_{t-1} \rightarrow \mathbf{h}_t & \text{weighed by } 1 - \mathbf{z}_t \\
# \text{the update gate} & \mathbf{h}_{t-1} \rightarrow \mathbf{z}_t \rightarrow \mathbf{h}_t &
# \text{which stands there twice} \\
# \text{the candidate} & \mathbf{h}_{t-1} \rightarrow \mathbf{r}_t \otimes \mathbf{h}_{t-1} \rightarrow
# \mathbf{h}'_t \rightarrow \mathbf{h}_t & \text{as the reset gate lets it} \\
# \text{the reset gate} & \mathbf{h}_{t-1} \rightarrow \mathbf{r}_t \rightarrow \mathbf{r}_t \otimes
# \mathbf{h}_{t-1} \rightarrow \mathbf{h}'_t \rightarrow \mathbf{h}_t & \text{the longest way}
# \end{array}$$
#
# The backward pass walks each of them from right to left and adds up what arrives. Draw the graph on paper first, with
# the sum before each sigmoid and tanh as a node of its own; the derivatives are $\sigma' = \sigma (1 - \sigma)$ and
# $\tanh' = 1 - \tanh^2$, both in terms of values that the cache holds.


# %% exercise="gru_step_backward" points=14 difficulty=4 minutes=45
def gru_step_backward(dh, cache):
    r"""The gradients of one step of the GRU: given $\partial L / \partial h_t$.

    $h_t = (1 - z_t) \otimes h_{t-1} + z_t \otimes h'_t$ with $r_t$, $z_t$ and $h'_t$ as in gru_step_forward: the state
    $h_{t-1}$ is read in four places.
    dh: (N, H). cache: (x, h_prev, U, W, r, z, n) as gru_step_forward returns it.
    Returns dx: (N, D), dh_prev: (N, H), dU: (3H, D), dW: (3H, H), db: (3H,), float64 each.
    Lecture: "Gated Recurrent Unit (GRU)".
    """
    x, h_prev, U, W, r, z, n = cache
    ### BEGIN SOLUTION
    W_r, W_z, W_n = np.split(W, 3)  # (H, H) each
    da_z = dh * (n - h_prev) * z * (1 - z)  # dh_t/dz = h' - h_{t-1}; sigma' = sigma (1 - sigma)
    da_n = dh * z * (1 - n**2)  # dh_t/dh' = z; tanh' = 1 - tanh^2
    drh = da_n @ W_n  # (N, H): da_n/d(r h_{t-1}) = W_n
    da_r = drh * h_prev * r * (1 - r)  # d(r h_{t-1})/dr = h_{t-1}
    da = np.hstack([da_r, da_z, da_n])  # (N, 3H)
    dx = da @ U  # (N, D): da/dx = U
    dh_prev = dh * (1 - z) + drh * r + da_r @ W_r + da_z @ W_z  # the copy, the candidate, the two gates
    dU = da.T @ x  # (3H, D): the sum over the batch
    dW = np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r * h_prev)])  # (3H, H): W_n meets r h_{t-1}
    db = da.sum(axis=0)  # (3H,)
    ### END SOLUTION
    return dx, dh_prev, dU, dW, db


# %% [markdown]
# <details><summary>dh_prev is right for one unit or for a diagonal W, and wrong otherwise</summary>
#
# The forward pass multiplies rows by `W_n.T`. What undoes that on the way back? A square matrix raises no error when it
# is transposed once too often.
# </details>
#
# <details><summary>The rows of r in dU, dW and db are zero, or wrong; all others are right</summary>
#
# The reset gate acts only through $\mathbf{r}_t \otimes \mathbf{h}_{t-1}$. You need the gradient of that product
# first; which of its two factors multiplies it on the way to r?
# </details>
#
# <details><summary>Only the rows of n in dW are wrong</summary>
#
# A weight's gradient is what arrives at its sum, times what the weight has multiplied. What has $W_n$ multiplied in the
# forward pass? Not what $W_r$ and $W_z$ have.
# </details>
#
# <details><summary>Only the rows of z are wrong</summary>
#
# $\mathbf{z}_t$ stands twice in the last line. Differentiate all of it. The sign of the result tells whether the
# candidate or the old state comes first in the difference.
# </details>
#
# <details><summary>dh_prev is wrong, everything else is right</summary>
#
# Count the terms of your sum. Set dh to 1 and W to zero: only the copy is left. Then let one block of W at a time
# differ from zero and see which way is missing.
# </details>

# %% [markdown]
# The whole sequence is the step again and again. Two loops that you know from assignments 1 and 2; the cache keeps the
# values of all gates, so that the backward pass need not compute them anew.


# %% exercise="gru_forward" points=8 difficulty=2 minutes=10
def gru_forward(x, U, W, b, h0=None):
    r"""The whole sequence: the step of the GRU for $t = 0 .. T-1$, from $h_{-1}$ = h0.

    x: (N, T, D). U: (3H, D). W: (3H, H). b: (3H,). h0: (N, H), or None for zeros.
    Returns h: (N, T, H) float64, every state, and the cache (x, h0, U, W, gates, h) with gates: (N, T, 3H), the values
    of r, z, n side by side.
    Lecture: "Gated Recurrent Unit (GRU)", unrolled in time.
    """
    N, T, _ = x.shape
    H = W.shape[1]
    h0 = np.zeros((N, H), dtype=x.dtype) if h0 is None else h0
    h, gates = np.empty((N, T, H), dtype=x.dtype), np.empty((N, T, 3 * H), dtype=x.dtype)
    ### BEGIN SOLUTION
    a_x = x @ U.T + b  # (N, T, 3H): the inputs' part of all steps at once
    W_rz, W_n = W[: 2 * H], W[2 * H :]
    h_t = h0
    for t in range(T):
        rz = sigmoid(a_x[:, t, : 2 * H] + h_t @ W_rz.T)  # (N, 2H)
        r, z = rz[:, :H], rz[:, H:]
        n = np.tanh(a_x[:, t, 2 * H :] + (r * h_t) @ W_n.T)  # (N, H)
        h_t = (1 - z) * h_t + z * n
        h[:, t], gates[:, t, : 2 * H], gates[:, t, 2 * H :] = h_t, rz, n
    ### END SOLUTION
    return h, (x, h0, U, W, gates, h)


# %% [markdown]
# <details><summary>The first state is right, all later ones are wrong</summary>
#
# What does your loop hand on as the previous state in its second round?
# </details>
#
# <details><summary>The states are right, but the test of the cache fails, or the backward pass is wrong later</summary>
#
# The array `gates` must hold the values r, z, n of each step, after their sigmoid and tanh, side by side in this order.
# </details>
#
# <details><summary>h0 is changed, or all steps show the same numbers</summary>
#
# `h_t += ...` writes into the array that `h_t` names, be it the caller's h0 or a view of `h`. Make a new array instead.
# </details>


# %% exercise="gru_backward" points=12 difficulty=4 minutes=25
def gru_backward(dh, cache):
    r"""The gradients of the whole sequence, by backpropagation through time.

    $\partial L / \partial h_t$ has two parts: dh[:, t], which arrives from outside, and what comes back from step t+1.
    dh: (N, T, H), at every state. cache: (x, h0, U, W, gates, h) as gru_forward returns it.
    Returns dx: (N, T, D), dU: (3H, D), dW: (3H, H), db: (3H,), dh0: (N, H), float64 each.
    Lecture: "Gated Recurrent Unit (GRU)", unrolled in time.
    """
    x, h0, U, W, gates, h = cache
    ### BEGIN SOLUTION
    T, D = x.shape[1:]
    H = h.shape[2]
    r, z, n = np.split(gates, 3, axis=2)  # (N, T, H) each
    W_rz, W_n = W[: 2 * H], W[2 * H :]
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H): the state before each step
    dh_da_z = (n - h_prev) * z * (1 - z)  # what needs no gradient, for all steps at once
    dh_da_n = z * (1 - n**2)
    drh_da_r = h_prev * r * (1 - r)
    da = np.empty_like(gates)  # (N, T, 3H)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        dh_t = dh[:, t] + dh_next  # from outside and from the future
        da_n = dh_t * dh_da_n[:, t]
        drh = da_n @ W_n  # (N, H)
        da[:, t, :H] = drh * drh_da_r[:, t]
        da[:, t, H : 2 * H] = dh_t * dh_da_z[:, t]
        da[:, t, 2 * H :] = da_n
        dh_next = dh_t * (1 - z[:, t]) + drh * r[:, t] + da[:, t, : 2 * H] @ W_rz
    dh0 = dh_next
    dx = da @ U
    da, h_prev, rh = (a.reshape(-1, a.shape[2]) for a in (da, h_prev, r * h_prev))  # (N T, ...): batch and time in one
    dU = da.T @ x.reshape(-1, D)  # a shared parameter's gradient is the sum over batch and time
    dW = np.vstack([da[:, : 2 * H].T @ h_prev, da[:, 2 * H :].T @ rh])
    db = da.sum(axis=0)
    ### END SOLUTION
    return dx, dU, dW, db, dh0


# %% [markdown]
# <details><summary>Right for T = 1, wrong from T = 2 on</summary>
#
# A state's gradient has two parts: from outside, and from the step after it. Do both enter before you go through the
# step? And in which order do the steps come?
# </details>
#
# <details><summary>dU, dW and db are those of one step only</summary>
#
# The weights are used at every step, so their gradients are sums over t. Is one of them overwritten instead?
# </details>
#
# <details><summary>dh0 is wrong, all else is right</summary>
#
# What is h0 to step 0? Which gradient is left over when the loop has ended?
# </details>
#
# <details><summary>"dh was changed"</summary>
#
# `dh[:, t] += ...` writes into the caller's array. Keep the part that comes from the future in a variable of your own.
# </details>

# %% [markdown]
# ### Experiment 1: what the copy buys the gradient
#
# "Less vanishing gradient!" says the slide on the intuition of the GRU. How much less, before any training? Networks
# with H = 16 units read normal numbers of standard deviation 0.5. The loss is a random direction in the last state,
# $L = \mathbf{v}^\top \mathbf{h}_{T-1}$ with $\lVert \mathbf{v} \rVert = 1$: the gradient begins its way back with
# length 1. What is left of it T = 50 steps earlier, at h0? Four networks: the plain RNN with normal weights and with an
# orthogonal W, the GRU with all biases zero, and the GRU whose update bias is $-\ln 50$, so that it starts with
# $z = \sigma(-\ln 50) = 1/51$. The function below draws all weights of this assignment. Give the length as a power of
# ten: -3 means 0.001.


# %%
def initial_parameters(cell, D, H, seeds, recurrent="normal", forget_bias=0.0):
    """Parameters to begin with, of S networks at once, one for each seed: a list of float32 arrays U, W, b, V, c_out.

    U: (S, G*H, D). W: (S, G*H, H). b: (S, G*H). V: (S, H) and c_out: (S,) for an output of one number. cell: "rnn",
    "lstm" or "gru", of G = 1, 4 or 3 blocks. Normal numbers over the root of how many are summed, biases zero but the
    LSTM's forget_bias. recurrent: "normal", or "orthogonal" for blocks of W that are orthogonal matrices.
    """
    G = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    networks = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        U = rng.standard_normal((G * H, D)) / np.sqrt(D)
        W = rng.standard_normal((G, H, H)) / np.sqrt(H)
        W = np.linalg.qr(W)[0] if recurrent == "orthogonal" else W
        b = np.zeros(G * H)
        if cell == "lstm":
            b[H : 2 * H] = forget_bias
        V = rng.standard_normal(H) / np.sqrt(H)
        networks.append((U, W.reshape(G * H, H), b, V, 0.0))
    return [np.stack(arrays).astype(np.float32) for arrays in zip(*networks, strict=True)]


# %%
if __name__ == "__main__":
    predicted_power_of_ten = {"RNN": None, "RNN, orthogonal W": None, "GRU, bias 0": None, "GRU, bias -ln 50": None}

# %%
if __name__ == "__main__":
    D, H, seeds = 2, 16, range(5)
    beginnings = {
        "RNN": initial_parameters("rnn", D, H, seeds),
        "RNN, orthogonal W": initial_parameters("rnn", D, H, seeds, recurrent="orthogonal"),
        "GRU, bias 0": initial_parameters("gru", D, H, seeds),
        "GRU, bias -ln 50": initial_parameters("gru", D, H, seeds),
    }
    beginnings["GRU, bias -ln 50"][2][:, H : 2 * H] = -np.log(50)  # b of the update gate
    figures.gradient_before_training(gru_forward, gru_backward, beginnings, predicted_power_of_ten)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# If you expected the GRU to be best by nature, look at the orange line. With all biases at zero it loses *more* than
# the plain RNN: $10^{-8.0}$ is left after 50 steps, against $10^{-6.4}$ and, with an orthogonal $\mathbf{W}$,
# $10^{-5.2}$. (An orthogonal W alone would keep all of it; what is lost is lost in the derivative of tanh.) Its gates
# stand half open, so the copy alone would leave $2^{-50} \approx 10^{-15}$, the dotted line; the three other ways add
# to it, but not enough. With the update bias at $-\ln 50$ it is another cell: $10^{-0.4} = 0.4$ is left, and nearly all
# of that is the copy, $(50/51)^{50} = 0.37$. (The plain RNN depends on its input: at standard deviation 1 the tanh
# saturates more, and $10^{-10.0}$ is left, less than the GRU's $10^{-9.0}$. What $-\ln 50$ buys hardly depends on it.)
#
# So "less vanishing gradient" is not in the equation. It is in the *gate*: true while z is close to 0, and as far as z
# is close to 0. Assignment 4 found the same for the LSTM's forget gate. Nothing makes a GRU begin there. PyTorch draws
# the biases of its GRU from a narrow interval around 0, and then z is near one half.
# </details>

# %% [markdown]
# ## 3. Two conventions
#
# *What one GRU calls "update" another calls "keep"; and the reset gate stands on either side of a product.*
#
# To load the weights of one program into another, you must know which GRU each of them computes. There are two choices
# for each of the two gates, and all of them are in use:
#
# $$\begin{array}{lll}
# & \textbf{the lecture} & \textbf{PyTorch} \\
# \text{update} & (1 - \mathbf{z}) \otimes \mathbf{h}_{t-1} + \mathbf{z} \otimes \mathbf{h}' &
# \mathbf{z} \otimes \mathbf{h}_{t-1} + (1 - \mathbf{z}) \otimes \mathbf{n} \\[1ex]
# \text{reset} & W_n (\mathbf{r} \otimes \mathbf{h}_{t-1}) &
# \mathbf{r} \otimes (W_n \mathbf{h}_{t-1} + \mathbf{b}_{Wn}) \\
# \text{a reset gate weighs} & \text{what its unit says to all} &
# \text{what its unit hears from all} \\
# \text{so written in} & \text{Cho et al. 2014, final version} & \text{Cho et al. 2014, first version} \\[1ex]
# \text{biases} & \text{one for each gate and candidate} & \text{two; the candidate's second stands inside the reset}
# \end{array}$$
#
# PyTorch's reset has a practical reason: it allows $W \mathbf{h}_{t-1}$ to be computed for all three blocks in *one*
# product, while the lecture's candidate must wait until r is known. What is the difference in what they compute?


# %% exercise="torch_gru_step" points=6 difficulty=2 minutes=15
def torch_gru_step(x, h_prev, U, W, b_U, b_W):
    r"""One step of PyTorch's GRU: $h_t = (1 - z_t) \otimes n_t + z_t \otimes h_{t-1}$, the reset after the product.

    $r_t = \sigma(U_r x_t + b_{Ur} + W_r h_{t-1} + b_{Wr})$, $z_t = \sigma(U_z x_t + b_{Uz} + W_z h_{t-1} + b_{Wz})$,
    $n_t = \tanh(U_n x_t + b_{Un} + r_t \otimes (W_n h_{t-1} + b_{Wn}))$; H rows for each of r, z, n, in this order.
    x: (N, D). h_prev: (N, H). U: (3H, D), W: (3H, H), b_U, b_W: (3H,), called weight_ih, weight_hh, bias_ih, bias_hh in
    torch.nn.GRUCell.
    Returns h: (N, H) float64.
    PyTorch's documentation of torch.nn.GRUCell; Cho et al. 2014 in its first version.
    """
    ### BEGIN SOLUTION
    x_r, x_z, x_n = np.split(x @ U.T + b_U, 3, axis=1)  # (N, H) each
    h_r, h_z, h_n = np.split(h_prev @ W.T + b_W, 3, axis=1)  # (N, H) each
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    h = (1 - z) * n + z * h_prev
    ### END SOLUTION
    return h


# %% [markdown]
# <details><summary>Agrees with the lecture's cell and not with GRUCell</summary>
#
# Read the equations of the docstring once more, not those of section 1: the last line is different, and the reset gate
# acts later.
# </details>
#
# <details><summary>Right when both vectors of biases are zero, or when b_W is zero</summary>
#
# Of each pair of biases only the sum matters, except in one block. There one of the two is multiplied by the reset
# gate: which? </details>

# %% [markdown]
# **From one to the other.** Can weights be found with which PyTorch's cell does, for every input and every state, what
# the lecture's cell does? For the update gate yes, always: it is a question of its pre-activation. For the candidate,
# write one entry of both products. Unit $i$ reads unit $j$ with
#
# $$\text{lecture: } W_{ij}\, r_j\, h_j \qquad\qquad \text{PyTorch: } r_i\, W'_{ij}\, h_j .$$
#
# The lecture weighs by the gate of the one who *speaks*, PyTorch by the gate of the one who *listens*. The weights are
# constants, the gates change from step to step. For which pairs of units can some $W'_{ij}$ make both equal? Your
# converter converts what can be converted and refuses the rest: a refusal is worth more than a silent error.


# %% exercise="gru_to_torch" points=10 difficulty=5 minutes=60
def gru_to_torch(U, W, b):
    r"""Weights with which torch_gru_step does for every x and h_prev what gru_step_forward does with (U, W, b).

    The update gate can always be converted. In the candidate, $W_n (r \otimes h)$ must become $r \otimes (W'_n h)$ with
    some constant matrix $W'_n$, for every h and every r that the reset gate can take. There is none for most weights.
    There is one, for example, where $W_n$ is diagonal; where the units that $W_n$ connects share one reset gate (equal
    rows of U, W and b); where the reset gates of the units that $W_n$ connects are constants, equal or not (rows of U
    and W that are zero); or some of each. Rows and zeros are compared exactly.
    U: (3H, D). W: (3H, H). b: (3H,), the rows of r, z, n in this order.
    Returns new U: (3H, D), W: (3H, H), b_U: (3H,), b_W: (3H,), float64 each: of U, W and b_U the rows of r are those
    given, and b_W is zero.
    Raises ValueError if no such weights exist.
    Lecture: "GRU", beside PyTorch's documentation of torch.nn.GRU.
    """
    ### BEGIN SOLUTION
    H = W.shape[1]
    gates = np.hstack([U, W, b[:, None]])[:H]  # (H, D + H + 1): all that a reset gate depends on
    shared = (gates[:, None] == gates).all(axis=2)  # (H, H): r_i and r_j are the same function of x and h
    constant = (gates[:, :-1] == 0).all(axis=1)  # (H,)
    connected = W[2 * H :] != 0  # (H, H)
    if (connected & ~shared & ~(constant[:, None] & constant)).any():
        raise ValueError("a unit reads another one through a reset gate that is not proportional to its own")
    # (H,): sigma(b_r), of units whose reset gate is constant; no other unequal ones are connected. sigmoid would round
    # a gate that is nearly closed to 0, and 0 / 0 is no ratio
    r = np.exp(-np.logaddexp(0.0, -b[:H]))
    sign = np.repeat([1.0, -1.0, 1.0], H)  # (3H,): 1 - sigma(a) = sigma(-a)
    W_new = sign[:, None] * W
    W_new[2 * H :] *= r / r[:, None]  # W_ij r_j = r_i W'_ij
    U_new, b_U, b_W = sign[:, None] * U, sign * b, np.zeros_like(b)
    ### END SOLUTION
    return U_new, W_new, b_U, b_W


# %% [markdown]
# <details><summary>The converted cell does the opposite: it copies where it should overwrite</summary>
#
# You need a gate that is $1 - \sigma(a)$. For which other argument does $\sigma$ give just that? And where does the
# argument come from: from how many arrays?
# </details>
#
# <details><summary>Nothing is refused, and every test I make by hand agrees</summary>
#
# Did you try it with one unit, or for one step from the state zero? In both cases no $r_j$ ever meets an $r_i$ of
# another unit. Use H > 1 and a state that is not zero.
# </details>
#
# <details><summary>Diagonal W_n is refused, or everything but a diagonal one is</summary>
#
# A pair of units with $W_{ij} = 0$ asks for nothing. For the pairs that do ask: when are $r_i$ and $r_j$ the same at
# every step? When are they different, but in a constant ratio?
# </details>
#
# <details><summary>Constant reset gates are accepted, but the candidate comes out wrong</summary>
#
# Solve $W_{ij} r_j = r_i W'_{ij}$ for $W'_{ij}$. Which of the two gates scales rows, which columns?
# </details>

# %% [markdown]
# ### Experiment 2: an error that hides
#
# Six units with random weights and a diagonal $W_n$ are converted; then the full $W_n$ is put into both cells, as a
# programmer might who knows about z and has never heard of the reset gate. Both start from h0 = 0 and read the same 25
# inputs. At which step do the two cells first differ by more than a rounding error? How large is the difference in the
# end, compared with states between -1 and 1? A second line shows what happens if the weights are not converted at all.

# %%
if __name__ == "__main__":
    predicted_first_step, predicted_last_difference = None, None

# %% folded=true
if __name__ == "__main__":
    predicted = predicted_first_step, predicted_last_difference
    figures.error_that_hides(gru_forward, torch_gru_step, gru_to_torch, *predicted)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# At step 0 all is well, to the last digit: the state before it is zero, so there is nothing that a reset gate could
# weigh. From step 1 on the cells part, by 0.16, then 0.26, and in the end by 0.38. That is no rounding error, but no
# explosion either: the states stay plausible, and so would the sentences of a language model. A test of one step from
# the state zero finds nothing wrong; nor does any test with one unit. Tests must have H > 1 and a state that is not
# zero. With nothing converted the cells differ at the first step already, by 0.7, later by about 1. And where the
# conversion is exact, with a diagonal $W_n$, the difference is a rounding error for good.
# </details>

# %% [markdown]
# Neither convention is the better GRU. Trained from the start, each finds its own weights. But the weights of one mean
# something else in the other.

# %% [markdown] written="copy_or_overwrite" points=10 minutes=30
# ### "If z close to 1, then we can copy information"
#
# The slide on the intuition of the GRU says: "Update gate z controls how much of past state should matter now. If z
# close to 1, then we can copy information in that unit through many time steps! **Less vanishing gradient!**" Beside it
# stands $\mathbf{h}_t = (1 - \mathbf{z}_t) \otimes \mathbf{h}_{t-1} + \mathbf{z}_t \otimes \mathbf{h}'_t$.
#
# (a) Show that the sentence and the equation cannot both hold.
#
# (b) There are two repairs: change the equation, or change the sentence. Give both. To which convention does each of
# the repaired pairs belong?
#
# (c) What does the copy buy the gradient? Write $\partial \mathbf{h}_t / \partial \mathbf{h}_{t-1}$ in the
# lecture's convention as the copy's part plus the rest, say what is special about the copy's part, and give its product
# over 50 steps for z = 1/2 and for z = 1/51. Compare with experiment 1.
#
# (d) Is "less vanishing gradient" then a property of the GRU? What must hold for it, and what does a unit give up as
# long as it holds?
#
# ### BEGIN SOLUTION
# (a) Put $z = 1$ into the equation: $\mathbf{h}_t = \mathbf{h}'_t$, the old state is overwritten and, but for what the
# candidate has read of it, gone. The sentence says that it is copied. Only $z = 0$ gives $\mathbf{h}_t =
# \mathbf{h}_{t-1}$.
#
# (b) Keep the sentence, change the equation: $\mathbf{h}_t = \mathbf{z}_t \otimes \mathbf{h}_{t-1} + (1 -
# \mathbf{z}_t) \otimes \mathbf{h}'_t$. That is the convention of Cho et al. 2014 and of PyTorch. Or keep the equation,
# change the sentence: "if z is close to **0**, we can copy". That is the convention of Chung et al. 2014 and of this
# course. Neither is wrong; mixing them is. Weights pass from one to the other by turning the sign of all that makes z's
# pre-activation, since $1 - \sigma(a) = \sigma(-a)$.
#
# (c) With $\mathbf{h}$ for $\mathbf{h}_{t-1}$,
#
# $$\begin{aligned} \frac{\partial \mathbf{h}_t}{\partial \mathbf{h}_{t-1}} ={}& \mathrm{diag}(1 - \mathbf{z}_t) +
# \mathrm{diag}\big((\mathbf{h}'_t - \mathbf{h}) \otimes \mathbf{z}_t \otimes (1 - \mathbf{z}_t)\big) W_z \\
# &+ \mathrm{diag}\big(\mathbf{z}_t \otimes (1 - \mathbf{h}'^2_t)\big)\, W_n \big[\mathrm{diag}(\mathbf{r}_t) +
# \mathrm{diag}(\mathbf{h} \otimes \mathbf{r}_t \otimes (1 - \mathbf{r}_t))\, W_r \big]. \end{aligned}$$
#
# The copy's part has no matrix and no derivative of a nonlinearity: it is diagonal, each unit keeps its own gradient,
# and its factor is set by the gate alone. Over 50 steps it is $2^{-50} \approx 9 \cdot 10^{-16}$ for z = 1/2 and
# $(50/51)^{50} \approx 0.37$ for z = 1/51. In experiment 1 the whole gradient at bias zero is larger than the copy's
# part, since the other ways contribute, but still only $10^{-8}$, less than the plain RNN's; at bias $-\ln 50$ it is
# near the copy's value: there the rest, each term of which has a factor z or z (1 - z), is small.
#
# (d) It is a property of a *state of the gate*. The gradient is kept while z is close to 0 at all the steps between
# (lecture's convention), for the units concerned. A fresh GRU with bias zero has z near 1/2 and vanishes faster than a
# plain RNN. While z is close to 0 the unit hardly takes in anything new; it must open its gate at the right moment, and
# the gate gets a gradient only through the same small factors. What is kept is also bounded by the leak: after 1/z
# steps the copy has faded too.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 1: z = 1 put into the equation gives the candidate alone (or z = 0 the copy).
# - (b) 3: the equation turned round (1), the sentence turned round (1), and each given its convention: Cho/PyTorch for
#   the first, Chung/the lecture's equation for the second (1; naming PyTorch and the lecture is enough).
# - (c) 4: the copy's part diag(1 - z) (1); that it involves no weights and no derivative of a nonlinearity, or keeps
#   each unit's gradient to itself (1); both numbers, about 1e-15 and 0.37 (1); a comparison with the student's own
#   figure (1). The other parts of the Jacobian need not be written out; "plus terms through z, h' and r" is enough. An
#   answer in PyTorch's convention, if it says so, earns the same.
# - (d) 2: only while the gate is near its copying end, hence a matter of initialisation or training and not of the
#   architecture (1); the price: the unit is closed to new input, or leaks after about 1/z steps (1).
# ### END MARK SCHEME

# %% [markdown]
# ## 4. Whom does a reset gate serve?
#
# *In the lecture's formula a reset gate weighs what its unit says, in PyTorch's what its unit hears.*
#
# "If reset is close to 0, ignore previous hidden state", says the slide, and: "Units with short-term dependencies often
# have reset gates very active". The second sentence goes back to Cho et al. (2014). It speaks of a unit and of *its*
# reset gate, as if the gate decided what its unit ignores. Section 3 has shown that this depends on the convention. In
# the lecture's formula $r_j$ close to 0 means that *nobody's candidate* reads unit $j$, not even its own; unit $j$ may
# still copy itself, and read all the others. In PyTorch's formula $r_i$ close to 0 means that unit $i$ reads nobody,
# itself included. Nor is it clear what "very active" is: open, r near 1, or busy resetting, r near 0?
#
# ### Experiment 3: fast units and their reset gates
#
# The file `shakespeare_gru.npz` holds a GRU of 64 units in the lecture's convention, trained to predict the next
# character of six of Shakespeare's plays (lower case), and the means of the gates of five more networks: three in all
# with the reset before the product, three with the reset after it, with z as in the lecture in both. The update biases
# began at values spread from 0 to about -3.7, so that each network has fast units and slow ones. On text that they
# were not trained on, measure for each unit the mean of z (large: fast, short-term; the unit forgets within 1/z steps)
# and the mean of r. How will the two go together, with the reset before the product, and after it? Predict a rank
# correlation: 1 if the fastest units have the most open reset gates, -1 if they have the most closed ones, 0 if it does
# not matter.

# %%
if __name__ == "__main__":
    predicted_correlation = {"before": None, "after": None}

# %% folded=true
if __name__ == "__main__":
    files = data_path("shakespeare_gru.npz"), data_path("shakespeare.txt")
    figures.speed_and_reset_gates(gru_forward, *files, predicted_correlation)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# With the reset **after** the product the sentence holds, if "active" means busy resetting: rank correlations of -0.52,
# -0.47 and -0.56. Slow units keep their reset gates open, fast units keep them more closed and hardly hear the old
# state. With the reset **before** the product, the lecture's own formula, there is nothing of the kind: -0.02, 0.11 and
# 0.17, which for 64 units cannot be told from no relation at all. Slow and fast units alike have gates near 0.4. That
# is what the formula lets one expect: here a reset gate does not serve its own unit but those that read it, and whether
# *they* are fast is not its business. Which of the two the authors of the sentence had before them is hard to say, for
# their paper exists in both versions.
#
# In both conventions it is **z** that makes a unit fast or slow: by the copy, not by the reset. And both kinds of
# network predict the text about equally well, with 1.73 to 1.77 nats a character.
# </details>

# %% [markdown]
# ## 5. What a gate costs
#
# *Three or four blocks of weights where the plain RNN has one.*
#
# The GRU "has fewer parameters than an LSTM", says the lecture, and of both, under *Bad*: they "have considerably more
# parameters and computation per memory cell than a vanilla RNN, as such they have less memory capacity per parameter".
# Count. Each gate and each candidate is a block of the size of a whole plain RNN; the peephole LSTM adds, for each of
# its three gates, a matrix that reads the cell state. "Memory capacity" we take in the simplest sense that can be
# counted: how many *numbers* a cell hands from one step to the next, H for the RNN and the GRU, 2H for the LSTM, whose
# $\mathbf{h}$ and $\mathbf{c}$ are both handed on. Divided by the number of parameters this is our **memory per
# parameter**. It says how much room there is, not how well it is used.


# %% exercise="count_cell_parameters" points=5 difficulty=2 minutes=20
def count_cell_parameters(cell, D, H, biases=1, T=1):
    r"""Number of parameters of one layer of a cell, and how many numbers of state it keeps for each of them.

    cell: "rnn", "lstm", "peephole" (the LSTM whose gates i, f, o see the cell state through full matrices, as the slide
    has it) or "gru". D inputs, H units: ints, at least 1. biases: 1 vector of biases for each gate and candidate, as in
    the lecture; or 2, as in PyTorch. T: the steps of the sequences that it will read, an int, at least 1.
    Returns count: int, and memory: float, the numbers that the cell hands from one step to the next, over count.
    Raises ValueError if the cell is another word.
    Lecture: "LSTMs and GRUs", its "memory capacity per parameter".
    """
    ### BEGIN SOLUTION
    blocks = {"rnn": 1, "lstm": 4, "peephole": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no such cell: {cell}")
    count = blocks[cell] * H * (D + H + biases)
    if cell == "peephole":
        count += 3 * H * H
    state = 2 * H if cell in ("lstm", "peephole") else H
    memory = state / count
    ### END SOLUTION
    return count, float(memory)


# %% [markdown]
# <details><summary>Too small by G * H against PyTorch, for G blocks</summary>
#
# PyTorch keeps two vectors of biases where the lecture has one; the argument `biases` says how many are to be counted.
# </details>
#
# <details><summary>The peephole cell is too large by H * H, or too small</summary>
#
# Which of the four blocks look at the cell state? The candidate is no gate. And the slide draws full matrices, (H, H),
# not vectors.
# </details>
#
# <details><summary>The LSTM's memory is half of what is expected</summary>
#
# What must be stored between two steps so that the third can be computed?
# </details>

# %% [markdown]
# The table, by your function: D = H = 128 with the lecture's one bias, then PyTorch's own layers beside the count with
# two; and the other way round, how many units each cell can afford with 100,000 parameters.

# %%
if __name__ == "__main__":
    layers = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM, "peephole": None}
    figures.table_of_cells(count_cell_parameters, layers, D=128, H=128, budget=100_000)

# %% [markdown]
# Three, four and five and a half times the parameters of the RNN, and as many multiplications in each step. Per 1000
# parameters the RNN hands on 3.89 numbers and all gated cells fewer: as far as counting goes, the slide is right. But
# the GRU, which has fewer parameters than the LSTM, comes out *below* it, 1.30 against 1.95, because the LSTM hands on
# two vectors. Count its c alone, and it has 0.97; then the order is the other way round. Without saying what is counted
# such a sentence has no truth value.
#
# And room is not use. Collins et al. (2017) measured what trained networks really hold: about one number of the past
# inputs for each hidden unit, in all these cells, carefully trained; the differences that others had reported were
# mostly differences in how well they *train*. The rest of this assignment is about training.

# %% [markdown]
# ## 6. Two tasks that ask for memory
#
# *Add two numbers that were marked long ago; or keep a single bit.*
#
# A text mixes short and long dependencies, and a better loss does not tell which of them was learnt. The two tasks here
# ask for nothing but memory, and have a parameter T for how much of it.
#
# The **adding problem** (Hochreiter and Schmidhuber 1997): each step brings a random number and a mark, 0 or 1. Two
# steps of the sequence are marked, one in each half. At the end the network is to tell the sum of the two marked
# numbers. A network that always answers 1, the mean, has a mean squared error of 1/6 = 0.167; we call the problem
# solved when it falls below 0.02 on a batch.


# %% exercise="adding_problem_batch" points=4 difficulty=2 minutes=15
def adding_problem_batch(rng, N, T):
    r"""A batch of the adding problem: of T numbers two are marked, and their sum is to be told at the end.

    With $m = \lfloor T / 2 \rfloor$ one mark lies in the steps 0 .. m-1 and one in the steps m .. T-1. The given line
    draws all that is random: values, and places: (N, 2) numbers u in [0, 1), the first of which chooses the step
    $\lfloor u m \rfloor$ in the first part, the second the step $\lfloor u (T - m) \rfloor$ of the second part.
    rng: numpy.random.Generator. N, T: ints, T at least 2.
    Returns x: (N, T, 2) float64, each step's value and its mark, 1 or 0; y: (N,) float64, the sum of the marked values.
    Lecture: "To model sequences, we need to keep track of long-term dependencies"; Hochreiter and Schmidhuber 1997.
    """
    values, places = rng.random((N, T)), rng.random((N, 2))
    ### BEGIN SOLUTION
    m = T // 2
    first = (places[:, 0] * m).astype(int)  # (N,)
    second = m + (places[:, 1] * (T - m)).astype(int)
    rows, marks = np.arange(N), np.zeros((N, T))
    marks[rows, first] = marks[rows, second] = 1.0
    x = np.stack([values, marks], axis=2)  # (N, T, 2)
    y = values[rows, first] + values[rows, second]  # (N,)
    ### END SOLUTION
    return x, y


# %% [markdown]
# <details><summary>The marks are right, the sum is not, or the other way round</summary>
#
# Each sequence of the batch has its own two steps. An index of shape (N,) for the steps needs a partner that tells the
# sequence: which?
# </details>
#
# <details><summary>A step is never marked, or lies outside, or T odd fails</summary>
#
# For T = 5 write down m, the steps of both parts, and what u = 0 and u = 0.999 give in each.
# </details>
#
# <details><summary>Same generator, other numbers</summary>
#
# The given line draws everything. Does your code draw again?
# </details>

# %% [markdown]
# The **latching problem** is the lecture's toy example ("2 categories of sequences"; Bengio et al. 1994), which
# assignment 2 gave to a single unit, in the clothes of the adding problem: one step is marked and brings 1 or -1, all
# others bring noise, and at the end the network is to tell the marked number. Answering 0 costs 1; solved means below
# 0.1. As long as `anywhere` is false the mark stands at step 0, and the bit must be carried over T-1 steps of noise.


# %%
ADDING_SOLVED, LATCHING_SOLVED = 0.02, 0.1  # criteria: mean squared errors on one batch


def latching_batch(rng, N, T, anywhere=False, noise=0.5):
    """A batch of the latching problem: of T numbers one is marked, 1 or -1, to be told at the end; the rest is noise.

    The mark stands at step 0 or, with anywhere=True, at a step drawn for each sequence.
    Returns x: (N, T, 2) float64, each step's value and its mark, 1 or 0; y: (N,) float64, the marked number.
    """
    y, n = rng.choice([-1.0, 1.0], size=N), np.arange(N)
    step = rng.integers(T, size=N) if anywhere else 0
    x = np.zeros((N, T, 2))
    x[:, :, 0] = noise * rng.standard_normal((N, T))
    x[n, step] = np.stack([y, np.ones(N)], axis=1)
    return x, y


# %% [markdown]
# An example of each: what the network sees, and what it is to tell.

# %% folded=true
if __name__ == "__main__":
    figures.one_sequence_of_each(adding_problem_batch, latching_batch, T=25)

# %% [markdown]
# ## 7. Many networks at once
#
# *A batched product trains a network for each seed in one pass; each must behave as if it were alone.*
#
# One run proves nothing: with another seed the loser may win. So every way to begin gets five seeds, and for that there
# must be time. A step of a network with 16 units is so small a computation that most of its time goes into *calling*
# it. Stack the weights of S networks along a new first axis, and one call computes all of them: for tensors of shapes
# (S, N, D) and (S, D, H) PyTorch's `A @ B` is S products of matrices. Gradients are PyTorch's from here on, so the cell
# is written in its functions.


# %% exercise="stacked_gru_step" points=5 difficulty=3 minutes=20
def stacked_gru_step(x, h_prev, U, W, b):
    r"""One step of S GRUs at once, each with weights of its own: the equations of gru_step_forward, in PyTorch.

    A batched product, `A @ B` of tensors (S, N, D) and (S, D, H), is S products of matrices in one call.
    x: (S, N, D). h_prev: (S, N, H). U: (S, 3H, D). W: (S, 3H, H). b: (S, 3H); tensors of one dtype.
    Returns h: (S, N, H), a tensor of the same dtype through which gradients flow.
    Lecture: "Gated Recurrent Unit (GRU)".
    """
    ### BEGIN SOLUTION
    a_r, a_z, a_n = (x @ U.mT + b[:, None]).chunk(3, dim=2)  # (S, N, H) each
    W_r, W_z, W_n = W.mT.chunk(3, dim=2)  # (S, H, H) each, transposed
    r = torch.sigmoid(a_r + h_prev @ W_r)
    z = torch.sigmoid(a_z + h_prev @ W_z)
    n = torch.tanh(a_n + (r * h_prev) @ W_n)
    h = (1 - z) * h_prev + z * n  # (S, N, H)
    ### END SOLUTION
    return h


# %% [markdown]
# <details><summary>"The size of tensor a must match the size of tensor b"</summary>
#
# Write the three shapes beside each other: (S, N, D), (S, 3H, D), (S, 3H). Which two axes of the second must change
# places (`.mT` does it for all S matrices)? Where does the third need an axis of length 1, so that it is laid along N?
# </details>
#
# <details><summary>Right for S = 1, wrong for more</summary>
#
# Then a bias or a block is laid along the wrong axis, and broadcasting did not mind. Test with S, N and H all
# different.
# </details>
#
# <details><summary>"does not require grad", or gradients are None</summary>
#
# `.detach()`, `.numpy()`, `.data` and `torch.tensor(...)` cut the graph. Use functions of PyTorch from the arguments to
# the result.
# </details>

# %% [markdown]
# The plain RNN and the LSTM in the same form, and the loss of S networks on one batch, are given.


# %%
def stacked_rnn_step(x, h_prev, U, W, b):
    """One step of S recurrent networks: x (S, N, D), h_prev (S, N, H), U (S, H, D), W (S, H, H), b (S, H)."""
    return torch.tanh(x @ U.mT + h_prev @ W.mT + b[:, None])


def stacked_lstm_step(x, h_prev, c_prev, U, W, b):
    """One step of S LSTMs, the gates in the order i, f, g, o: h and c (S, N, H) from weights with 4H rows."""
    i, f, g, o = (x @ U.mT + h_prev @ W.mT + b[:, None]).chunk(4, dim=2)  # (S, N, H) each
    c = torch.sigmoid(f) * c_prev + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def stacked_losses(cell, parameters, x, y):
    """The mean squared error of each of S networks on one batch, as a tensor (S,); its gradients flow.

    cell: "rnn", "lstm" or "gru". parameters: U (S, G*H, D), W (S, G*H, H), b (S, G*H), V (S, H), c_out (S,): the states
    start from zeros, and V h + c_out, after the last step, is the output. x: (N, T, D), y: (N,), the same for all.
    """
    U, W, b, V, c_out = parameters
    h = c = W.new_zeros(len(W), len(x), W.shape[2])  # (S, N, H)
    for x_t in x.unbind(dim=1):
        x_t = x_t.expand(len(W), *x_t.shape)  # (S, N, D)
        if cell == "lstm":
            h, c = stacked_lstm_step(x_t, h, c, U, W, b)
        elif cell == "gru":
            h = stacked_gru_step(x_t, h, U, W, b)
        else:
            h = stacked_rnn_step(x_t, h, U, W, b)
    output = (h * V[:, None]).sum(dim=2) + c_out[:, None]  # (S, N)
    return ((output - y) ** 2).mean(dim=1)


# %% [markdown]
# **The trainer.** A network "meets the criterion" with the first batch on which its loss is below it. The optimiser is
# Adam (Kingma and Ba 2015), gradient descent whose step for each parameter is scaled by a running mean of its
# gradient's size. As it treats every parameter by itself, stacking changes nothing for it. *Clipping* does not: the
# norm of a gradient joins all parameters of a network (assignment 3), and S networks have S norms. If one of them
# explodes, the other four must not notice.


# %% exercise="train_to_criterion" points=8 difficulty=3 minutes=45
def train_to_criterion(cell, parameters, x, y, criterion, lr=0.01, clip=1.0):
    r"""Train S networks at once, each as if it were alone, until every one has met the criterion or the data run out.

    Step k = 0 .. B-1: the loss of each network on batch k, by stacked_losses; then, unless every network has by now met
    the criterion, one step of Adam (torch.optim.Adam with its own defaults, but lr), before which the gradient g of
    each network, all its parameters together, is clipped by itself: $g \leftarrow g \min(1, \text{clip} / ||g||)$;
    a gradient of zero stays zero.
    A network meets the criterion with the first loss below it, and goes on training while others have not met it.
    cell: as stacked_losses takes it. parameters: list of float arrays U, W, b, V, c_out, the first axis of each is S.
    x: (B, N, T, D), y: (B, N): B batches, arrays of the parameters' dtype. criterion, lr, clip: floats.
    Returns steps: list of S: the k at which the network met the criterion, an int, or None if it never did;
    curves: (S, number of losses computed), an array of the parameters' dtype; trained: list of arrays as parameters.
    Kingma and Ba 2015; Pascanu, Mikolov and Bengio 2013. Lecture: "Gradient Norm Clipping".
    """
    S, B = len(parameters[0]), len(x)
    parameters = [torch.tensor(array, requires_grad=True) for array in parameters]
    x, y = torch.tensor(x), torch.tensor(y)
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(parameters, lr=lr)
    steps, curves = [None] * S, []
    for k in range(B):
        losses = stacked_losses(cell, parameters, x[k], y[k])  # (S,)
        curves.append(losses.detach().numpy())
        for s in range(S):
            if steps[s] is None and losses[s] < criterion:
                steps[s] = k
        if None not in steps:
            break
        optimizer.zero_grad()
        losses.sum().backward()  # a network's loss depends on its own parameters alone, so the sum keeps them apart
        norms = sum((p.grad**2).reshape(S, -1).sum(dim=1) for p in parameters).sqrt()  # (S,)
        for p in parameters:
            p.grad *= (clip / norms).clamp(max=1).reshape(S, *[1] * (p.ndim - 1))
        optimizer.step()
    curves = np.stack(curves, axis=1)  # (S, losses computed)
    ### END SOLUTION
    trained = [p.detach().numpy() for p in parameters]
    return steps, curves, trained


# %% [markdown]
# <details><summary>A network trains differently in company than alone</summary>
#
# Is there one norm for each network, or one for all? Do you divide the sum of the losses by S? And is a network that
# has met the criterion still trained?
# </details>
#
# <details><summary>The steps are one too large, or a criterion is met one batch late</summary>
#
# Batch k is looked at *before* the update that learns from it: the loss on batch 0 is that of the untrained network.
# </details>
#
# <details><summary>One loss too many, or too few</summary>
#
# The last loss belongs to the batch on which the last network met the criterion, and after it nothing is updated.
# </details>
#
# <details><summary>The loss falls, rises, and falls again</summary>
#
# `.backward()` adds to what already stands in `.grad`. When is it set to zero?
# </details>

# %% [markdown]
# **Who races.** Seven beginnings of three cells: the plain RNN with normal weights, as in the first experiment, and
# with an orthogonal W; the LSTM with forget bias 0, 1 and $\ln T$, the bias that remembers T steps (assignment 4); the
# GRU with update bias 0 and, as the counterpart, $-\ln T$. All have H = 16 units, so gated cells have three or four
# times the parameters. All meet the same batches of 32 sequences, the same learning rate 0.01, and clipping at 1.
# Nothing was tuned for any of them.


# %%
def contestants(D, H, T, seeds):
    """The seven beginnings that are compared: {name: (cell, parameters)}, each with one network for each seed."""
    networks = {
        "RNN": ("rnn", initial_parameters("rnn", D, H, seeds)),
        "RNN, orthogonal W": ("rnn", initial_parameters("rnn", D, H, seeds, recurrent="orthogonal")),
        "LSTM, bias 0": ("lstm", initial_parameters("lstm", D, H, seeds)),
        "LSTM, bias 1": ("lstm", initial_parameters("lstm", D, H, seeds, forget_bias=1.0)),
        "LSTM, bias ln T": ("lstm", initial_parameters("lstm", D, H, seeds, forget_bias=np.log(T))),
        "GRU, bias 0": ("gru", initial_parameters("gru", D, H, seeds)),
        "GRU, bias -ln T": ("gru", initial_parameters("gru", D, H, seeds)),
    }
    b = networks["GRU, bias -ln T"][1][2]  # (S, 3H), in the order r, z, n
    b[:, H : 2 * H] = -np.log(T)
    return networks


def race(batch, T, B, criterion, names=None, N=32, H=16, seeds=range(5)):
    """Train the contestants (or those in names) on the same B batches of a task: {name: (steps, curves, trained)}.

    batch: adding_problem_batch or another function of (rng, N, T). What stands behind a name is what train_to_criterion
    returns; all networks of one cell, whatever they begin with, are trained in one call of it.
    """
    rng = np.random.default_rng(0)
    x, y = (np.stack(arrays).astype(np.float32) for arrays in zip(*(batch(rng, N, T) for _ in range(B)), strict=True))
    networks = contestants(x.shape[3], H, T, seeds)
    results = {}
    for cell in ("rnn", "lstm", "gru"):
        group = {name: parameters for name, (kind, parameters) in networks.items() if kind == cell}
        group = {name: parameters for name, parameters in group.items() if names is None or name in names}
        if not group:
            continue
        stacked = [np.concatenate(arrays) for arrays in zip(*group.values(), strict=True)]
        steps, curves, trained = train_to_criterion(cell, stacked, x, y, criterion)
        for i, name in enumerate(group):
            own = slice(i * len(seeds), (i + 1) * len(seeds))
            results[name] = steps[own], curves[own], [array[own] for array in trained]
    return results


# %% [markdown]
# ## 8. The first race: adding
#
# *Seven beginnings, five seeds each, two numbers to be kept.*
#
# ### Experiment 4: the adding problem
#
# T = 10 and T = 25, at most 500 batches. How many of the five networks of each kind will solve T = 25? (This race takes
# about 10 s, the next one about 20 s; three times as long if your `stacked_gru_step` is a loop over the networks.)

# %%
if __name__ == "__main__":
    predicted_to_solve_adding = {
        "RNN": None,
        "RNN, orthogonal W": None,
        "LSTM, bias 0": None,
        "LSTM, bias 1": None,
        "LSTM, bias ln T": None,
        "GRU, bias 0": None,
        "GRU, bias -ln T": None,
    }

# %%
if __name__ == "__main__":
    adding = {T: race(adding_problem_batch, T, 500, ADDING_SOLVED) for T in (10, 25)}
    figures.batches_until_solved(adding, 500, "adding", predicted_to_solve_adding)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# At T = 10 all 35 networks get there, the plain RNNs last. At T = 25 all 25 gated ones do, within some 350 batches, and
# at most three of the 10 plain ones, later than that. (How many hangs on the last digits, and so on your processor.)
# The GRU with bias 0 is the quickest, half of its networks done after some 100 batches; the LSTM with
# bias 0 needs twice as many. The biases matter little, and the orthogonal W does not help. "Gated additive
# cells often just work": here is the figure for that sentence. The GRU "has been shown to outperform LSTM on some
# tasks", the lecture says, too: this is one.
#
# And a riddle. According to experiment 1, the GRU with bias 0 has at the beginning the *smallest* gradient over long
# distances of all that we tried. It won.
# </details>

# %% [markdown]
# ## 9. The second race: latching
#
# *One bit, one gap, and no shorter one to learn from.*
#
# ### Experiment 5: the latching problem
#
# The bit at step 0, then noise. T = 10, 25 and 50, at most 300 batches. How many of the five networks of each kind will
# solve T = 50? Before you write: experiment 1 has told what is left of a gradient after 50 steps.

# %%
if __name__ == "__main__":
    predicted_to_solve_latching = dict.fromkeys(predicted_to_solve_adding)  # all None: write a number for each

# %%
if __name__ == "__main__":
    latching = {T: race(latching_batch, T, 300, LATCHING_SOLVED) for T in (10, 25, 50)}
    figures.batches_until_solved(latching, 300, "latching", predicted_to_solve_latching)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# At T = 10 all of them solve it, and the plain RNNs are among the quickest. At T = 25 the winner of the first race
# fails altogether: **0 of 5 for the GRU with bias 0, and 0 of 5 for the LSTM with bias 0**, while the plain RNN and the
# orthogonal one both solve it 5 times out of 5. At T = 50 the orthogonal RNN is still ahead of the LSTM with bias 0 (1
# against 0), the plain RNN has 3, the LSTM with bias 1 has 3, and those that begin with $\ln T$ or $-\ln T$ have 5 and
# 5, after at most 48 batches.
#
# So the simple story, that gates keep the gradient and therefore gated cells remember, is not the whole story. At
# latching there is one gap and no shorter one. What can be learnt depends on what comes back over all T steps before
# training has begun, and that is a matter of *where the gates begin*. The copy's part over 50 steps is $2^{-50} =
# 10^{-15}$ at bias 0 and $\sigma(1)^{50} = 10^{-6.8}$ at forget bias 1; with the bias $\ln T$ it is about 0.37,
# whatever T. A plain RNN lies between: nothing in it is built to remember, but nothing is built to forget half of
# everything at each step either.
#
# How many of five solve it depends on seeds and protocol. With ten more seeds at T = 50 the counts of both RNNs and of
# the LSTM with bias 1 moved by one or two; every 0 and every 5 stayed. With weaker noise, standard deviation 0.2
# instead of 0.5, both RNNs and the LSTM with bias 1 reach 5 of 5, the orthogonal RNN in at most 17 batches, and the two
# cells with bias 0 stay at 0. Five seeds tell 0 from 5; they do not tell 1 from 3.
# </details>

# %% [markdown]
# ## 10. The same cell, another lesson
#
# *Two explanations of a failure predict different things, so let them.*
#
# Two explanations compete for the failure of the GRU at latching. Either the cell *cannot* keep a bit for 50 steps
# amid noise. Or it can, but cannot *find out*, because at the beginning no gradient comes back over 50 steps. They
# differ in what they predict about another lesson: let the marked step lie **anywhere** in the 50. Then some sequences
# of each batch have a short gap. If the cell is unable, the long gaps stay unsolved. If only the gradient was missing,
# the short gaps can teach what the long ones need.
#
# ### Experiment 6: a lesson with short gaps
#
# The same networks, the same T = 50, the mark anywhere. How many of five will meet the criterion? And then two of them
# are examined over gaps that none has met: the GRUs with bias 0 and with bias $-\ln T$, trained on gaps of at most 49
# steps, get the bit at step 0 and up to 1000 steps of noise. What share of the bits will be told right after 200 and
# after 1000 steps (guessing: 0.5)?

# %%
if __name__ == "__main__":
    names = ["RNN", "RNN, orthogonal W", "LSTM, bias 0", "GRU, bias 0", "GRU, bias -ln T"]
    predicted_to_solve_anywhere = dict.fromkeys(names)  # all None: write a number for each
    predicted_share_right = {
        "GRU, bias 0": (None, None),
        "GRU, bias -ln T": (None, None),
    }  # after 200, after 1000 steps

# %%
if __name__ == "__main__":
    from functools import partial

    task = partial(latching_batch, anywhere=True)
    anywhere = race(task, 50, 300, LATCHING_SOLVED, names=list(predicted_to_solve_anywhere))
    figures.print_solved(anywhere, predicted_to_solve_anywhere)
    trained = {name: parameters for name, (_, _, parameters) in anywhere.items()}
    figures.two_ways_to_remember(gru_forward, gru_backward, latching_batch, trained, predicted_share_right)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# **The cell was able.** With short gaps among the long ones, the GRU with bias 0 solves the task 5 times out of 5,
# after 46 to 78 batches, and so does the LSTM with bias 0. Asked for a bit from step 0, which neither had learnt in 300
# batches when it always stood there, the GRU tells every one of them. That is the answer to the riddle: in the adding
# problem the second mark may stand near the end, so there are short gaps to begin with, and each gap that has been
# mastered brings the next one within reach. And now the plain RNNs fail, 0 of 10. A likely reason: they must keep a bit
# *and* let a number in at a step that they cannot know beforehand. A gate can decide that anew at each step; a fixed
# $\mathbf{W}$ does the same at all of them.
#
# **Not by copying.** The second surprise is how this GRU remembers. During the noise the mean of z is 0.46: its update
# gates stand half open as on the first day, and a copy with z = 0.46 would lose the bit within ten steps. It holds the
# bit in another way: through $W_n$ the candidate says again what the state has said, and the state sustains itself. In
# silence, with zeros for inputs, four of the five networks come to rest in two different states, one for each bit. It
# is the latch of assignment 2. It is robust: after a thousand steps of noise, twenty times what it was trained on, all
# bits are told right. (At the very first step it is some four in five: the state has taken in a part of the bit, and
# needs another step to fall into one of its two places.) And its gradient vanishes, 0.01 after 50 steps and falling by
# a constant factor. As the lecture quotes Bengio et al. (1994): "to store information robustly in a finite-dimensional
# state, the dynamics must be contractive".
#
# The GRU that began at $-\ln T$ does copy, with z = 0.03 during the noise. Its gradient comes back whole (1.9 after 50
# steps). But a copy leaks, and takes in a little of the noise at each step; beyond the 49 steps that it was trained for
# the bit fades, and after 200 steps it guesses. In silence all five have one state of rest for both bits. Two ways to
# remember, then: **what makes a memory easy to learn is not what makes it safe.** (Training goes on where ours stopped:
# after 300 batches instead of 78, two of the five copying networks kept the bit for 200 steps when it was tried.)
# </details>

# %% [markdown]
# **Longer races.** The file `gate_curves.npz` holds the same seven beginnings trained on 1500 batches, also for larger
# T: for each task the batch on which each of the five networks met the criterion, if it did.

# %% folded=true
if __name__ == "__main__":
    figures.longer_races(data_path("gate_curves.npz"))

# %% [markdown]
# **Patience does not replace a gradient.** At latching five times the batches bring both plain RNNs to 4 of 5 at T =
# 50; the LSTM and the GRU with bias 0 stay at 0 of 5, with T = 50 and with T = 100. With $\ln T$ and $-\ln T$ all 20
# runs succeed. **Nor is $\ln T$ free.** At the adding problem with T = 100, where the GRUs need at most 207 batches and
# no plain RNN arrives, the LSTM with bias $\ln T$ has 2 of 5, and the LSTMs with bias 0 and 1 have 5 each. A likely
# reason: a cell that keeps everything also keeps the sum of what 98 unmarked numbers have left in it, until its gates
# have learnt to shut them out. One beginning has 5 in all four columns, the GRU with $-\ln T$, whose state cannot grow.

# %% [markdown]
# ## 11. What gates buy
#
# *The lecture's summary, held against the figures.*
#
# The slide *LSTMs and GRUs* sums up:
#
# > **Good.** Careful initialization and optimization of vanilla RNNs can enable them to learn long(ish) dependencies,
# > but gated additive cells, like the LSTM and GRU, often just work.
# >
# > **Bad.** LSTMs and GRUs have considerably more parameters and computation per memory cell than a vanilla RNN, as
# > such they have less memory capacity per parameter.
#
# Both are confirmed, and both need a condition. *Just work*: at the adding problem, yes, in 25 of 25 runs where plain
# RNNs reach at most 3 of 10; at latching with T = 25 two of the gated beginnings fail in every run and the plain RNNs
# in none. *Careful initialization*: not for vanilla RNNs alone. The bias of one gate decides between 0 of 5 and 5 of 5.
# *Long(ish) dependencies*: for plain RNNs 25 steps of noise are no trouble, and 50 are; over a mark at an unknown step
# they fail. *Less memory capacity per parameter*: yes by counting, and of small importance here, where every network
# had room enough and the question was whether it would learn to use it.

# %% [markdown]
# ### As it is written at work
#
# `torch.nn.GRU`, two layers, sequences of different lengths, packed so that the padding takes no part. Its first layer
# is your `torch_gru_step`, step by step; compared are the states at each sequence's own end.

# %%
if __name__ == "__main__":
    from torch.nn.utils.rnn import pack_sequence, unpack_sequence

    torch.manual_seed(3)
    network = torch.nn.GRU(input_size=4, hidden_size=6, num_layers=2, batch_first=True, dtype=torch.float64)
    sequences = [torch.randn(length, 4, dtype=torch.float64) for length in (5, 2, 7)]
    out, last = network(pack_sequence(sequences, enforce_sorted=False))  # last: (layers, N, H)
    weights = [weight.detach().numpy() for weight in network.all_weights[0]]  # U, W and the two biases
    for n, (sequence, above) in enumerate(zip(sequences, unpack_sequence(out), strict=True)):
        h = np.zeros((1, 6))
        for x_t in sequence.numpy():
            h = torch_gru_step(x_t[None], h, *weights)
        difference = abs(h[0] - last[0, n].detach().numpy()).max()
        print(f"{len(sequence)} steps, {len(above)} come back: largest difference at the end {difference:.0e}")

# %% [markdown] written="often_just_work" points=10 minutes=30
# ### "Gated additive cells often just work"
#
# (a) For each of the three claims "vanilla RNNs can learn long(ish) dependencies with care", "gated cells often just
# work", "gated cells have less memory per parameter", give one of your measurements that supports it and, where there
# is one, one that limits it.
#
# (b) Before training the GRU with bias 0 passes back less gradient over 25 and 50 steps than a plain RNN. Why is it
# nevertheless the first to solve the adding problem with T = 25, and why does it never solve latching with T = 25? What
# did experiment 6 add to your explanation that the first two races could not show?
#
# (c) In experiment 6 two GRUs keep the same bit by two mechanisms. Describe both. Which measured quantities tell them
# apart, and what does each mechanism gain and lose?
#
# (d) A colleague trains an LSTM on sequences in which what matters lies 200 steps back. The loss does not move. Name
# two things that you would try first, and say what each would do.
#
# ### BEGIN SOLUTION
# (a) *RNNs with care*: at latching with T = 25 both plain RNNs reach 5 of 5. Limits: at T = 50 they reach 3 and 1 of 5,
# at the adding problem with T = 25 they reach at most 3 of 10, with the mark anywhere 0 and 0; the orthogonal beginning
# is no cure. *Gated cells often just work*: all 25 gated runs at adding with T = 25; all 15 with the mark anywhere.
# Limits: at latching with T = 25 and 50 LSTM and GRU with bias 0 reach 0 of 5. *Less memory per parameter*: per 1000
# parameters 3.89 numbers for the RNN, 1.30 for the GRU, 1.95 for the LSTM (D = H = 128). Limit: it depends on whether c
# and h are both counted, and no network of the races failed for lack of room.
#
# (b) In the adding problem the second mark may stand anywhere in the second half, so that some sequences have gaps of a
# few steps, over which a gradient comes back. What is learnt on them (to react to the mark, to keep what was marked)
# serves longer gaps, too, and each success lengthens the reach. In latching every gap has T-1 steps; at bias 0 the
# gradient that comes back over them is too small against the noise to begin with, and there is nothing shorter to start
# from. The two races differ in more than the gaps (sum or bit, numbers or noise, one mark or two). Experiment 6 changes
# one thing alone, where the mark stands, and the failure disappears: so it was not the cell's inability.
#
# (c) *Copy* (bias $-\ln T$): z is near 0 during the noise (0.03), the state is handed on; the gradient to the state
# after the bit stays near 1 over 50 steps, so it is easy to train; but it leaks, and beyond the trained gaps the bit
# fades (0.5 right after 200 steps). *Self-sustaining states* (bias 0): z near one half (0.46), the candidate renews the
# state through $W_n$, two stable states; noise is corrected at each step, 1000 steps are no trouble; but the map is
# contractive, so the gradient vanishes (0.01 after 50 steps), and it could be found only by way of the short gaps.
#
# (d) Set the forget bias to ln 200, so that over 200 steps the copy alone leaves 0.37 of the gradient instead of
# $2^{-200}$ (or $10^{-27}$ at bias 1). Let training start with short gaps (shorter sequences, what matters nearer to
# the end) and lengthen them. Also sensible: a look at the gradient's length over 200 steps before anything else;
# clipping, if it is the opposite.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points. Numbers are the student's own; other seeds give other counts.
#
# - (a) 3: one for each claim, with a number that fits it; at most 2 in all if no limit of any claim is given.
# - (b) 3: short gaps in the adding problem, over which a gradient comes back (1); in latching one long gap only, and at
#   bias 0 next to nothing comes back over it (1); experiment 6 changes the gaps and nothing else, hence the failure was
#   one of learning and not of the cell (1).
# - (c) 3: copying with a closed update gate (1) and self-sustaining states through the candidate (1), each with what it
#   is good and bad for; at least one of the quantities that tell them apart: mean z, length of the gradient, share
#   right after 200 or 1000 steps (1).
# - (d) 1: two fitting measures, each with its effect. "Use more units" or "train longer" alone earns nothing.
# ### END MARK SCHEME

# %% [markdown]
# ## 12. Where this leads
#
# *A state that can be taught to keep something: now give it something worth keeping.*
#
# **What you have learnt.** You have a family of cells, and you know what each number in them does: which convention a
# gate is written in, what it costs, where it should begin, and by which of two mechanisms it remembers. All of this was
# learnt on marks and noise.
#
# The next assignment gives the first step of the sequence a picture. An LSTM reads it once, then START, then one word
# after the other, each of which pushes at the state as the noise did here, and it must still know at the tenth word
# that there were two dogs. That is latching, with a photograph in the place of the bit and a sentence in the place of
# the noise; the gaps are short and long by nature, as in experiment 6. What is new is everything around it: words as
# vectors that are learnt, a loss for sentences of different lengths, and a question that no loss answers. Of all the
# sentences that a network gives a high probability, **which one should it say?**

# %% [markdown]
# ## 13. For those who want more
#
# *Two harder tasks without points: checked like the others, and nothing depends on them.*
#
# **One gate for everything.** From three gates to two, and from two to one: Zhou et al. (2016) let a single gate do
# what r and z do, and call the cell the **minimal gated unit**.
#
# $$\mathbf{f}_t = \sigma(U_f \mathbf{x}_t + W_f \mathbf{h}_{t-1} + \mathbf{b}_f), \qquad
# \mathbf{h}'_t = \tanh(U_n \mathbf{x}_t + W_n (\mathbf{f}_t \otimes \mathbf{h}_{t-1}) + \mathbf{b}_n), \qquad
# \mathbf{h}_t = (1 - \mathbf{f}_t) \otimes \mathbf{h}_{t-1} + \mathbf{f}_t \otimes \mathbf{h}'_t .$$
#
# Which of the three rows of section 1's table can this cell no longer be driven to? It has two thirds of the GRU's
# parameters, and its one gate stands in three places: its gradient has as many parts.


# %% exercise="mgu_step" points=0 difficulty=4 minutes=35
def mgu_step(dh, x, h_prev, U, W, b):
    r"""One step of the minimal gated unit and its gradients: $h_t = (1 - f_t) \otimes h_{t-1} + f_t \otimes h'_t$.

    $f_t = \sigma(U_f x_t + W_f h_{t-1} + b_f)$, $h'_t = \tanh(U_n x_t + W_n (f_t \otimes h_{t-1}) + b_n)$.
    dh: (N, H), the gradient $\partial L / \partial h_t$ of the new state. x: (N, D). h_prev: (N, H). U: (2H, D).
    W: (2H, H). b: (2H,); H rows for each of f, n, in this order.
    Returns h: (N, H), and the gradients dx: (N, D), dh_prev: (N, H), dU: (2H, D), dW: (2H, H), db: (2H,): float64 each.
    Zhou, Wu, Zhang and Zhou 2016.
    """
    ### BEGIN SOLUTION
    H = h_prev.shape[1]
    a = x @ U.T + b  # (N, 2H)
    f = sigmoid(a[:, :H] + h_prev @ W[:H].T)
    fh = f * h_prev  # what the candidate sees of the past
    n = np.tanh(a[:, H:] + fh @ W[H:].T)
    h = (1 - f) * h_prev + f * n
    da_n = dh * f * (1 - n**2)
    dfh = da_n @ W[H:]
    da_f = (dh * (n - h_prev) + dfh * h_prev) * f * (1 - f)  # twice in the last line, once in the candidate
    da = np.hstack([da_f, da_n])
    dx = da @ U
    dh_prev = dh * (1 - f) + dfh * f + da_f @ W[:H]  # the copy, the candidate, the gate
    dU = da.T @ x
    dW = np.vstack([da_f.T @ h_prev, da_n.T @ fh])
    db = da.sum(axis=0)
    ### END SOLUTION
    return h, dx, dh_prev, dU, dW, db


# %% [markdown]
# <details><summary>h is right, and so are the rows of n; those of f are not</summary>
#
# Write the last two lines with f as a number of its own and differentiate them by f: in how many places does it stand?
# What reaches f by way of the candidate needs the gradient of the product $\mathbf{f}_t \otimes \mathbf{h}_{t-1}$.
# </details>
#
# <details><summary>How can I test it without a solution?</summary>
#
# You have one. A GRU whose rows of r and of z are the same numbers is this cell. What does your gru_step_backward say
# about a parameter that it has been given twice?
# </details>

# %% [markdown]
# Does a single gate cost the gradient something? The protocol of experiment 1, with the weights of its two GRUs; the
# rows of r are left out. The GRUs had $10^{-8.0}$ and $10^{-0.4}$.

# %%
if __name__ == "__main__":
    gated = {name: parameters for name, parameters in beginnings.items() if name.startswith("GRU")}
    figures.gradient_through_one_gate(mgu_step, gated)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# $10^{-8.0}$ and $10^{-0.5}$: next to nothing. Half open, one gate passes on as little as two; nearly shut, it copies
# as well, and hides the state from its own candidate besides, so that hardly anything but the copy is left. (The row
# that is lost is the third: a unit that overwrites looks back.)
# </details>

# %% [markdown]
# **All steps at once.** A GRU must wait: no gate of step t can be computed before the state of step t-1 is there. Feng
# et al. (2024) let gates and candidates read the *input* alone, $\mathbf{z}_t = \sigma(U_z \mathbf{x}_t +
# \mathbf{b}_z)$ and $\mathbf{h}'_t = U_n \mathbf{x}_t + \mathbf{b}_n$ (**minGRU**). Then all of them are known
# beforehand, and a step is nothing but
#
# $$\mathbf{h} \;\mapsto\; \mathbf{A}_t \otimes \mathbf{h} + \mathbf{B}_t, \qquad \mathbf{A}_t = 1 - \mathbf{z}_t,
# \quad \mathbf{B}_t = \mathbf{z}_t \otimes \mathbf{h}'_t .$$
#
# Two such maps, one after the other, are again one such map. So join each step's map with that of the step before it,
# for all t at once, and you have maps over two steps. Join each of these with the one that ends two steps earlier: four
# steps. After r rounds each map reaches over the last $2^r$ steps, or, where there are fewer, from h0 on; and it then
# stays as it is. After $\lceil \log_2 T \rceil$ rounds all of them lead from h0 to the state of their own step: 12
# rounds for 4,096 steps. This is a **scan** (Hillis and Steele 1986); Martin and Cundy (2018) brought it to recurrent
# networks.


# %% exercise="gated_scan" points=0 difficulty=4 minutes=40
def gated_scan(z, n, h0):
    r"""All states of $h_t = (1 - z_t) \otimes h_{t-1} + z_t \otimes h'_t$ in $R = \lceil \log_2 T \rceil$ rounds.

    Round r = 1 .. R joins each map that ends at step t with the one that ends at step $t - 2^{r-1}$, for all t at once.
    z, n: (N, T, H), the gates, between 0 and 1 with both included, and the candidates $h'_t$. h0: (N, H).
    Returns h: (N, T, H) float64, every state, and kept, a list of R + 1 arrays (N, T, H) float64: kept[r][:, t] is the
    factor of the state that the map of round r starts from, the product of $1 - z$ over the last $2^r$ steps up to t,
    or over all t + 1 if these are fewer. kept[0] is $1 - z$.
    Feng et al. 2024 (the gates); Hillis and Steele 1986 (the rounds); Martin and Cundy 2018 (in recurrent networks).
    """
    ### BEGIN SOLUTION
    T = z.shape[1]
    A, B = 1 - z, z * n
    kept, reach = [A], 1
    while reach < T:
        late = A[:, reach:]
        B = np.concatenate([B[:, :reach], late * B[:, :-reach] + B[:, reach:]], axis=1)
        A = np.concatenate([A[:, :reach], late * A[:, :-reach]], axis=1)
        kept.append(A)
        reach *= 2
    h = A * h0[:, None] + B
    ### END SOLUTION
    return h, kept


# %% [markdown]
# <details><summary>I do not see how two maps become one</summary>
#
# Put one formula into the other: first $\mathbf{A} \otimes \mathbf{h} + \mathbf{B}$, then the later map $\mathbf{A}'
# \otimes (\cdot) + \mathbf{B}'$. What is the factor of h now, and what is the rest? With which of the four is the other
# order another result?
# </details>
#
# <details><summary>The first states are right, later ones are not</summary>
#
# In one round every new map is made of two *old* ones. Has one of your arrays been overwritten before the other was
# computed? And what happens at the steps that have no step $2^{r-1}$ before them?
# </details>
#
# <details><summary>NaN, or infinity</summary>
#
# Do you divide? A gate that is 1 has forgotten everything: what is the product of $1 - \mathbf{z}$ from there on?
# </details>
#
# <details><summary>All arrays of kept are the same</summary>
#
# Does each round make a new array, or write into the old one, which is on the list already?
# </details>

# %% [markdown]
# Below, a minGRU reads 4,096 steps, by a loop over the steps and by your rounds. The rounds do more work in all, some
# $T \log_2 T$ products instead of T. What they save is the waiting: within a round all steps can be computed at once,
# on a graphics processor by thousands of cores. Here it is a loop in Python that is saved.

# %%
if __name__ == "__main__":
    figures.scan_against_loop(gated_scan)

# %% [markdown]
# What has been given up? The last array of kept is $\partial \mathbf{h}_t / \partial \mathbf{h}_0$, all of it: the copy
# is the only way that is left of section 2's four. Two states that differ come closer at every step, by the factor $1 -
# \mathbf{z}$, whatever the input. Of the two ways to remember that experiment 6 has found, which one is open to this
# cell?

# %%
if __name__ == "__main__":
    progress()
