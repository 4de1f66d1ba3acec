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
# # Assignment 3: recurrent networks that neither explode nor vanish
#
# *You write the tools with which recurrent networks are trained, and measure what each of them buys, and what not.*
#
# Assignment 2 found the trouble: the gradient over a long gap is a product of many matrices, and such a product either
# grows or fades. This chapter is about what people do about it. It follows three slides of the lecture, *Gradient Norm
# Clipping*, *Norm-stabilizer* and *Layer Normalization*, and adds two tools that every recipe needs besides. The
# network and its gradient are given (1). Clipping shortens steps that are too long (2), and a picture of a cliff shows
# where such steps come from (3). A penalty holds the norms of the states together (4), a normalisation puts each step
# on one scale (5), and the first value of $\mathbf{W}$ decides over what distance training can begin to learn (6).
# Dropout fights another enemy, overfitting, and must do it without harm to the memory (7). Then all of them meet a real
# text (8), and not every promise is kept.
#
# **What you will be able to do.** Clip a gradient and say what that repairs; look at a loss along a line; write two
# regularisers that act on the states, and the backward pass of layer normalisation; choose a first $\mathbf{W}$ for a
# long memory; place dropout so that it leaves the memory alone; hold a promise against a measurement.
#
# **How to work.** As before: write each of the nine exercises below its card, run its cell, then the `check(...)`
# below it; help is folded away under the symptom that it cures, and two questions are answered in words. Two harder
# tasks without points stand at the end. What draws and measures is in `figures.py`, beside this notebook, and yours to
# change.
#
# **Predict, then measure.** Seven experiments ask for a prediction in place of `None` before they show a figure. Some
# of the results are not what the slides lead one to expect; that is no fault of the slides, which must be short.

# %% [markdown] include="NOTATION.md"

# %%
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small products: a second thread would cost more than it brings
import numpy as np

from selfcheck import check, data_path, progress

# %%
if __name__ == "__main__":
    import figures
    from selfcheck.drawing import house_style

    house_style()

# %% [markdown]
# ## 1. The network, its loss and its gradient
#
# *What assignments 1 and 2 built, given, and the list of what can be done about a gradient that explodes or vanishes.*
#
# The cell below repeats the network of assignment 1 and its gradient of assignment 2, so that nothing here depends on
# what you wrote there. Two things are new. All numbers that training may change stand in one dict, `parameters`, with
# the names `U`, `W`, `b`, `V` and `c_out`, and a gradient is a dict with the same names and shapes: together its
# entries are one long vector, the lecture's $\hat{\mathbf{g}} = \partial\,\text{error} / \partial\theta$. And a target
# may be -1: at that step nothing is asked.


# %%
def rnn_forward(x, U, W, b, h0=None):
    r"""The whole sequence: $h_t = \tanh(W h_{t-1} + U x_t + b)$ for $t = 0 .. T-1$, with $h_{-1}$ = h0.

    x: (N, T, D). U: (H, D). W: (H, H). b: (H,). h0: (N, H), or None for zeros.
    Returns h: (N, T, H), every state, and the cache (x, h0, U, W, h).
    """
    N, T, _ = x.shape
    if h0 is None:
        h0 = np.zeros((N, len(b)), dtype=x.dtype)
    h = x @ U.T + b  # (N, T, H): what the inputs bring, for all steps at once
    h_prev = h0
    for t in range(T):
        h_prev = h[:, t] = np.tanh(h[:, t] + h_prev @ W.T)  # (N, H)
    return h, (x, h0, U, W, h)


def rnn_backward(dh, cache):
    """Backpropagation through time: dh (N, T, H), the gradients of all states, and rnn_forward's cache.

    Returns dx: (N, T, D), dU: (H, D), dW: (H, H), db: (H,), dh0: (N, H).
    """
    x, h0, U, W, h = cache
    da = np.empty_like(h)  # (N, T, H), the gradient of what stands inside tanh
    dh_next = np.zeros_like(h0)  # (N, H), what a state receives from its future
    for t in reversed(range(h.shape[1])):
        da[:, t] = (dh[:, t] + dh_next) * (1 - h[:, t] ** 2)  # tanh' = 1 - tanh^2
        dh_next = da[:, t] @ W
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H)
    dU, dW = np.tensordot(da, x, axes=([0, 1], [0, 1])), np.tensordot(da, h_prev, axes=([0, 1], [0, 1]))
    return da @ U, dU, dW, da.sum(axis=(0, 1)), dh_next


def softmax_loss(h, V, c_out, targets):
    r"""Cross-entropy of softmax$(V h_t + c)$, in nats: the mean over all places whose target is a class.

    h: (N, T, H). V: (K, H). c_out: (K,). targets: (N, T) integers in 0..K-1, or -1 where nothing is asked.
    Returns the loss, a float, and its gradients dh: (N, T, H), dV: (K, H), dc_out: (K,).
    """
    logits = h @ V.T + c_out  # (N, T, K)
    logits -= logits.max(axis=-1, keepdims=True)
    log_y = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    asked = (targets >= 0)[..., None]  # (N, T, 1)
    classes = np.maximum(targets, 0)[..., None]
    loss = -(np.take_along_axis(log_y, classes, axis=-1) * asked).sum() / asked.sum()
    dlogits = np.exp(log_y)
    np.put_along_axis(dlogits, classes, np.take_along_axis(dlogits, classes, axis=-1) - 1, axis=-1)  # y - one_hot
    dlogits *= asked / asked.sum()
    dV = np.tensordot(dlogits, h, axes=([0, 1], [0, 1]))
    return float(loss), dlogits @ V, dV, dlogits.sum(axis=(0, 1))


def rnn_loss(parameters, x, targets):
    """The loss of a recurrent network: parameters, a dict of U, W, b, V and c_out; x (N, T, D); targets (N, T)."""
    h, _ = rnn_forward(x, parameters["U"], parameters["W"], parameters["b"])
    return softmax_loss(h, parameters["V"], parameters["c_out"], targets)[0]


def rnn_loss_and_gradients(parameters, x, targets):
    """The loss of a recurrent network, and a dict of its gradients with the names and shapes of the parameters."""
    h, cache = rnn_forward(x, parameters["U"], parameters["W"], parameters["b"])
    loss, dh, dV, dc_out = softmax_loss(h, parameters["V"], parameters["c_out"], targets)
    _, dU, dW, db, _ = rnn_backward(dh, cache)
    return loss, {"U": dU, "W": dW, "b": db, "V": dV, "c_out": dc_out}


# %% [markdown]
# Remember what assignment 2 found. From step to step the gradient is multiplied by $\mathrm{diag}(f')\,\mathbf{W}$.
# Over $T$ steps that is a product of $T$ matrices, so its size is roughly $q^T$: with $q = 0.9$ and $T = 100$ the
# gradient is smaller by a factor of 40,000, with $q = 1.1$ larger by 14,000. Five tools are in use, and each takes hold
# at a different place:
#
# | section | tool | what it touches | what is promised |
# |---|---|---|---|
# | 2, 3 | gradient norm clipping | the length of a step | no step is longer than we allow |
# | 4 | norm-stabilizer | the loss | norms of the states "approximately constant across time" |
# | 5 | layer normalisation | the forward pass | "stabilizing the hidden state dynamics"; "reduces training time" |
# | 6 | initialisation | the first value of $\mathbf{W}$ | a product that at first neither grows nor fades |
# | 7 | dropout | the arrows between layers | less overfitting, and the memory left alone |
#
# The words in quotation marks are the lecture's. One text will serve throughout: the six plays of Shakespeare, read one
# character at a time. The network sees a character, as a one-hot vector, and says what the next one will be; its loss
# is measured in nats, and guessing evenly among the K = 72 characters costs $\log 72 = 4.28$.


# %%
def initial_parameters(rng, D, H, K):
    """U (H, D), W (H, H), V (K, H): normal numbers over the square root of the row's length; b (H,), c_out (K,): 0."""
    return {
        "U": rng.standard_normal((H, D)) / np.sqrt(D),
        "W": rng.standard_normal((H, H)) / np.sqrt(H),
        "b": np.zeros(H),
        "V": rng.standard_normal((K, H)) / np.sqrt(H),
        "c_out": np.zeros(K),
    }


def text_batches(tokens, rng, batches, N=16, T=50):
    """Yield batches of N pieces of a text, x (N, T, K) one-hot, and targets (N, T), the characters that come next.

    tokens: (M,) integers 0..K-1, the text. rng: numpy.random.Generator, which draws the places.
    """
    one_hot = np.eye(tokens.max() + 1)
    for _ in range(batches):
        starts = rng.integers(len(tokens) - T, size=(N, 1))
        pieces = tokens[starts + np.arange(T + 1)]  # (N, T + 1)
        yield one_hot[pieces[:, :-1]], pieces[:, 1:]


# %%
if __name__ == "__main__":
    text = data_path("shakespeare.txt").read_text()
    characters = sorted(set(text))
    K = len(characters)
    number = {character: k for k, character in enumerate(characters)}
    tokens = np.array([number[character] for character in text])
    x, targets = next(text_batches(tokens, np.random.default_rng(0), 1))
    loss, gradients = rnn_loss_and_gradients(initial_parameters(np.random.default_rng(0), K, 128, K), x, targets)
    print(f"{len(tokens):,} characters, {K} different ones; log {K} = {np.log(K):.2f} nats")
    print(f"a network that has learnt nothing: loss {loss:.2f} nats")
    print("norms of its gradient:", {name: round(float(np.linalg.norm(g)), 3) for name, g in gradients.items()})

# %% [markdown]
# ## 2. Gradient norm clipping
#
# *If the gradient is too long, shorten it. Its direction stays.*
#
# A gradient says in which direction the loss falls fastest, and how fast it falls *here*. It does not say how far this
# holds. Where the loss is steep, plain gradient descent takes its longest steps, although these are the places where
# trust should end soonest. The lecture's remedy (Pascanu, Mikolov and Bengio 2013) is three lines:
#
# $$\begin{array}{l}
# \hat{\mathbf{g}} \leftarrow \dfrac{\partial\,\text{error}}{\partial\theta} \\[6pt]
# \textbf{if}\ \ \|\hat{\mathbf{g}}\| \ge \text{threshold}\ \ \textbf{then} \\[4pt]
# \qquad \hat{\mathbf{g}} \leftarrow \dfrac{\text{threshold}}{\|\hat{\mathbf{g}}\|}\,\hat{\mathbf{g}} \\[4pt]
# \textbf{end if}
# \end{array}$$
#
# $\theta$ is *all* parameters, so $\|\hat{\mathbf{g}}\|$ is one number: the length of the long vector that holds the
# entries of all arrays. At the threshold itself the factor is 1, so whether the comparison is $\ge$ or $>$ cannot be
# seen from outside. Two cases the slide leaves open. A gradient of **zeros** has no direction and needs no shortening.
# A gradient with **NaN or infinity** in it cannot be repaired by any factor: we say so and stop, with an exception.
# (PyTorch's `clip_grad_norm_` returns NaN in silence unless told otherwise. It also divides by
# $\|\hat{\mathbf{g}}\| + 10^{-6}$, so that its results are shorter than ours by one part in a million at norm 1.)


# %% exercise="clip_gradient_norm" points=10 difficulty=2 minutes=20
def clip_gradient_norm(gradients, threshold):
    r"""Clip a gradient by its norm: $g \leftarrow \frac{\text{threshold}}{\|g\|}\, g$ if $\|g\| \ge$ threshold.

    $\|g\| = \sqrt{\sum_i g_i^2}$ over all entries of all arrays together: they are one long vector.
    gradients: dict of arrays of any shapes; neither the dict nor its arrays are changed.
    threshold: a number > 0; np.inf never clips.
    Returns a new dict, with the same names in the same order, of float64 arrays of the same shapes, and the norm before
    clipping, a float.
    A gradient of zeros stays as it is. Nothing is added to the norm (torch.nn.utils.clip_grad_norm_ adds 1e-6).
    Raises FloatingPointError if any entry is NaN or infinite: no step can be made of such a gradient.
    Lecture: "Gradient Norm Clipping"; Pascanu, Mikolov and Bengio 2013.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
    if not np.isfinite(norm):
        raise FloatingPointError("the gradient is not finite")
    scale = threshold / norm if norm >= threshold else 1.0
    clipped = {name: scale * g for name, g in gradients.items()}
    ### END SOLUTION
    norm = float(norm)
    return clipped, norm


# %% [markdown]
# <details><summary>Right with one array, wrong with several</summary>
#
# If each array is shortened by its own factor, does the long vector keep its direction? How many norms does a dict of
# five arrays have, according to the formula?
# </details>
#
# <details><summary>A short gradient comes out longer</summary>
#
# What should happen to a gradient of norm 0.1 with threshold 1? Print the factor that you multiply by.
# </details>
#
# <details><summary>NaN where zeros went in, or a warning about a division</summary>
#
# For which gradients do you divide by the norm? For which would it have been needed?
# </details>
#
# <details><summary>"gradients was changed"</summary>
#
# `g *= factor` writes into the caller's array. A new dict that holds the old arrays is not enough either if these are
# then changed in place.
# </details>
#
# <details><summary>No error is raised for a NaN</summary>
#
# Every comparison with NaN is false, so an `if` steps over it in silence. And the sum of squares may be infinite though
# all entries are finite. What can you ask of each entry?
# </details>

# %% [markdown]
# There is a cruder way: clip each *entry* by itself to the interval from -limit to limit. It is as quick, it bounds the
# step as well, and it is in use. What it does to the direction, the picture shows.


# %%
def clip_gradient_value(gradients, limit):
    """Clip each entry of a gradient by itself to the interval from -limit to limit; a new dict of arrays."""
    return {name: np.clip(g, -limit, limit) for name, g in gradients.items()}


# %% [markdown]
# ### Experiment 1: which way does a clipped gradient point?
#
# In two dimensions one can see it: norm clipping brings a gradient back to a circle, value clipping to a square. How
# much does that matter for a real gradient, that of an untrained network with 128 units, 35,016 numbers? Below, both
# thresholds are lowered from the largest entry (or the whole norm) down to a thousandth of it, and the angle between
# the gradient and what is left of it is measured. By how many degrees will value clipping have turned it when the limit
# is a thousandth of the largest entry? Two hints: 0 means the same direction, 90 no relation at all; and in the end
# every entry that is not tiny has become +limit or -limit.

# %%
if __name__ == "__main__":
    predicted_degrees = {"by norm": None, "by value": None}

# %% folded=true
if __name__ == "__main__":
    figures.directions_after_clipping(clip_gradient_norm, clip_gradient_value, gradients, predicted_degrees)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The blue line is no surprise: norm clipping multiplies all entries by one number. Value clipping turns the gradient by
# 33 degrees when the limit is a tenth of the largest entry, and by 60 when it is a thousandth. The cosine of 60 degrees
# is one half: for its length, such a step lowers the loss half as fast as one down the gradient would. In the end only
# the signs are left. (If all entries were of normal size, that end would be at 37 degrees. Here it lies further, since
# the entries differ much more: a few columns of $\mathbf{U}$ belong to common characters, most to rare ones.) Turned is
# not lost; every angle below 90 still leads downhill, and a rare large entry no longer drowns the others. But it is
# another direction, it depends on the coordinates in which the parameters happen to be written, and the lecture's
# algorithm has none of this to explain.
# </details>

# %% [markdown]
# ## 3. The cliff
#
# *Where a small change of the weights changes the fate of the state, the loss has a wall.*
#
# Where do exploding gradients come from? Assignment 2 gives the answer for a single unit. The state
# $h = \tanh(w h + b)$ has two stable values, one positive and one negative, as long as $w > 1$ and
# $|b| < \sqrt{w(w-1)} - \mathrm{artanh}\sqrt{1 - 1/w}$. Let $b$ fall slowly past this bound: the positive value ceases
# to exist, and a state that rested on it slides over to the negative one. After 50 steps it is somewhere else
# altogether. The loss, which depends on where it is, has jumped, and at the place of the jump its slope is enormous.
#
# To look at such a surface we need its heights. The simplest way to look into a space of many parameters is along a
# line, $\theta + s\,\mathbf{d}$: a direction $\mathbf{d}$, and the loss at some distances $s$. Many lines side by side
# make a plane.


# %% exercise="loss_along" points=8 difficulty=2 minutes=12
def loss_along(parameters, direction, offsets, x, targets):
    r"""Losses on a line through the parameters: $L_m = L(\theta + s_m\, d)$, with L the given rnn_loss.

    parameters: dict of U, W, b, V, c_out, the point $\theta$; not changed.
    direction: dict, $d$: arrays shaped as those of the parameters, used at the length they have; a parameter
    that is not among its names stays where it is.
    offsets: (M,), the numbers $s_m$, in any order. x: (N, T, D). targets: (N, T) integers.
    Returns the losses: (M,) float64.
    Lecture: "Gradient Norm Clipping", the cliff; Pascanu, Mikolov and Bengio 2013, figure 6.
    """
    ### BEGIN SOLUTION
    losses = np.empty(len(offsets))
    for m, offset in enumerate(offsets):
        moved = parameters | {name: parameters[name] + offset * d for name, d in direction.items()}
        losses[m] = rnn_loss(moved, x, targets)
    ### END SOLUTION
    return losses


# %% [markdown]
# <details><summary>The first loss is right, the later ones drift away</summary>
#
# Is each point reached from $\theta$, or from the point before it? An offset is measured from $\theta$. And do your
# moved parameters share an array with the ones that came in?
# </details>
#
# <details><summary>"parameters was changed"</summary>
#
# `parameters["W"] += ...` changes the caller's network, and so does the same statement on a dict that was merely
# copied: a copied dict holds the same arrays.
# </details>
#
# <details><summary>KeyError for a name</summary>
#
# The direction need not name all parameters. Over which names should you go? And the loss needs all five.
# </details>
#
# <details><summary>Right for some directions, wrong for longer ones</summary>
#
# Is the direction used at the length that it has, or did you make it a unit vector first?
# </details>

# %% [markdown]
# ### Experiment 2: one step at the edge of the cliff
#
# A network of a single unit, $h_t = \tanh(w h_{t-1} + b + x_t)$, gets a push $x_0 = 2$ and then 50 - 1 steps of
# nothing. At the end it is asked whether it has seen a push; there are five such sequences, all with the same input,
# and for four of them the right answer is yes, for one it is no. So the best the network can do is to end in a state
# that says "yes, with probability 0.8", which is $h = 0.46$. Only $w$ and $b$ are learnt, from $w = 2.2$, $b = 0.3$, by
# gradient descent with learning rate 0.2. This is the problem of Pascanu, Mikolov and Bengio, with our unit and our
# loss.
#
# On its way the descent comes to a point where the gradient has norm 899. How long is the step that plain gradient
# descent takes there? How long if the gradient is clipped at 0.5? And what will be the loss of each after 150 steps?
# The least that can be reached is 0.50, and a coin's guess has 0.69.

# %%
if __name__ == "__main__":
    predicted_step_length = {"plain": None, "clipped at 0.5": None}
    predicted_last_loss = {"plain": None, "clipped at 0.5": None}

# %%
if __name__ == "__main__":
    figures.cliff(
        rnn_loss_and_gradients,
        loss_along,
        clip_gradient_norm,
        predicted_step_length,
        predicted_last_loss,
        threshold=0.5,
        rate=0.2,
    )

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The landscape is the one that assignment 2 foretold: a lowland on the upper right, where the push is remembered, a
# high plateau below, where it is forgotten, and between them a wall that runs along the dashed bound. The best place
# lies in the lowland, close to the edge. Both descents walk towards it, and for 77 steps they are the same, since no
# gradient on the way is longer than 0.46. Step 75 goes over the edge: the loss jumps from 0.56 to 2.35. Two steps along
# the plateau lead back to the wall, and there, at loss 0.71, the norm is 899.
#
# Plain descent takes a step of length 180, to $w = 92$, $b = 155$. Look at the right picture: the direction is
# excellent, the loss would have been lowest at a distance of about a thousandth, and beyond a distance of 1 nothing
# changes any more. At its new place the state is 1 whatever the input was, and the loss, 0.649, does not even look bad,
# it is lower than before. But the gradient is 0, rounding errors apart, and the training is over. The clipped step has
# length 0.1. It is too long as well, the wall is steeper than that; but it stays in a region where the gradient still
# has something to say, and after 150 steps the loss is 0.502, against 0.500 at the best.
#
# Follow its path, though. In the next dozen steps it falls over the edge several more times, with losses near 2, and
# each time clipping brings it back. It does not come to rest in the lowland: it leaves by the left, where $w$ is about
# 0.9, smaller than 1, so that there is one fixed point, and the unit ends near 0.46 whether it was pushed or not. In
# *this* task that costs nothing, since the push is always there: what was learnt is the share of the answers, and the
# memory is gone. Clipping has not removed the cliff, and it has not found a better direction. It has kept one step from
# undoing all the others.
# </details>

# %% [markdown]
# ## 4. The norm-stabilizer
#
# *A penalty on the change of the state's norm from one step to the next.*
#
# Clipping looks at the gradient and never at the states. The next two tools act on the states themselves. The first
# (Krueger and Memisevic 2016) adds a term to the loss:
#
# $$\beta\, \frac{1}{T} \sum_{t=1}^T \left( \|\mathbf{h}_t\|_2 - \|\mathbf{h}_{t-1}\|_2 \right)^2$$
#
# Read it twice: it is the *difference of two norms* that is squared, not the norm of a difference. A state may turn as
# quickly as it likes; only its length is held. In the slide's indices the states are
# $\mathbf{h}_1, \dots, \mathbf{h}_T$, and $\mathbf{h}_0$ is the one before the first input, our `h0`. So there are $T$
# differences, and `h` with its T states brings all of them but the first one's lower end. For a batch the penalty is
# the mean over its sequences.


# %% exercise="norm_stabilizer" points=8 difficulty=2 minutes=12
def norm_stabilizer(h, h0, beta):
    r"""Penalty on changes of the state's norm: $\beta \frac{1}{T} \sum_{t=1}^T (\|h_t\|_2 - \|h_{t-1}\|_2)^2$.

    The norm is taken over the H units, and the penalty is the mean over the N sequences of the batch.
    h: (N, T, H), the states $h_1 .. h_T$; h[:, 0] is $h_1$. h0: (N, H), the state $h_0$ before them.
    beta: a number >= 0. Returns a float.
    Lecture: "Regularization: Norm-stabilizer"; Krueger and Memisevic 2016.
    """
    N, T, H = h.shape
    ### BEGIN SOLUTION
    norms = np.linalg.norm(np.concatenate([h0[:, None], h], axis=1), axis=-1)  # (N, T + 1)
    penalty = beta * (np.diff(norms) ** 2).sum() / (T * N)
    ### END SOLUTION
    return float(penalty)


# %% [markdown]
# <details><summary>Right for T = 1 and too small, or too large, for the rest by a constant factor</summary>
#
# How many differences are there, and by what is their sum divided? Which of the two counts did you use: T, or T - 1?
# And does the batch enter as a mean?
# </details>
#
# <details><summary>Zero states change nothing, but h0 does not matter either</summary>
#
# The first difference is $\|\mathbf{h}_1\| - \|\mathbf{h}_0\|$. Where in your code does `h0` occur?
# </details>
#
# <details><summary>Not zero for a state that only turns</summary>
#
# Rotate a state by 90 degrees: $\|\mathbf{h}_t - \mathbf{h}_{t-1}\|$ is large, and
# $\|\mathbf{h}_t\| - \|\mathbf{h}_{t-1}\|$ is not. Which of them does the formula square?
# </details>

# %% [markdown]
# To train with it we need its gradient. Write $n_t = \|\mathbf{h}_t\|$. The norm $n_t$ occurs in the difference to the
# state before and in the difference to the state after, so $\mathbf{h}_t$ stands in **two** terms; the last state
# stands in one, and so does $\mathbf{h}_0$. The rest is the chain rule, with
# $\partial n_t / \partial \mathbf{h}_t = \mathbf{h}_t / n_t$: the norm grows fastest in the direction of the state
# itself. At $\mathbf{h}_t = 0$ the norm has a kink, like $|x|$ at 0, and no derivative. We take 0 there. That is no
# corner case: training nearly always begins with $\mathbf{h}_0 = 0$.


# %% exercise="norm_stabilizer_backward" points=10 difficulty=4 minutes=45
def norm_stabilizer_backward(h, h0, beta):
    r"""Gradient of norm_stabilizer with respect to every state: $h_t$ stands in the term of $t$ and of $t+1$.

    With $n_t = \|h_t\|$ and $\partial n_t / \partial h_t = h_t / n_t$; where $n_t = 0$ it is taken to be 0.
    h: (N, T, H), the states $h_1 .. h_T$. h0: (N, H), the state $h_0$. beta: a number >= 0.
    Returns dh: (N, T, H) and dh0: (N, H), float64, the gradients of the mean over the batch.
    Lecture: "Regularization: Norm-stabilizer"; Krueger and Memisevic 2016.
    """
    N, T, H = h.shape
    ### BEGIN SOLUTION
    states = np.concatenate([h0[:, None], h], axis=1)  # (N, T + 1, H)
    norms = np.linalg.norm(states, axis=-1)  # (N, T + 1)
    change = 2 * beta / (T * N) * np.diff(norms)  # (N, T), dP/dn_t by the term of t
    dnorms = np.zeros_like(norms)
    dnorms[:, 1:] += change  # d(n_t - n_{t-1})/dn_t = 1
    dnorms[:, :-1] -= change  # d(n_{t+1} - n_t)/dn_t = -1
    dstates = (dnorms / np.where(norms > 0, norms, 1))[..., None] * states  # dn_t/dh_t = h_t / n_t, and 0 at 0
    dh, dh0 = dstates[:, 1:], dstates[:, 0]
    ### END SOLUTION
    return dh, dh0


# %% [markdown]
# <details><summary>The last state is right, the others are not</summary>
#
# The last state has no successor. What do the others have that it lacks? With which sign does $n_t$ stand in the term
# of $t + 1$?
# </details>
#
# <details><summary>NaN, or a warning about an invalid division</summary>
#
# Which state has norm 0? What should stand in its place is a choice, and the docstring makes it. Choose before you
# divide: what has become NaN stays NaN when it is multiplied by 0.
# </details>
#
# <details><summary>Too large by a factor of N</summary>
#
# The penalty is a mean over the batch. What does that do to the gradient of one sequence?
# </details>
#
# <details><summary>The finite differences of the check disagree by a factor of 2</summary>
#
# What is the derivative of a square?
# </details>

# %% [markdown]
# ### Experiment 3: the norm of the state, far beyond the trained length
#
# Train a character model on pieces of 50 characters, then let it read 500: ten times longer than anything it has seen.
# Do its states keep their norm? We look at four networks: with tanh and with the **ReLU**, $f(a) = \max(a, 0)$, each
# with $\beta = 0$ and $\beta = 5$. Krueger and Memisevic worked with the ReLU, started from $\mathbf{W} = \mathbf{I}$
# as in Le, Jaitly and Hinton (2015). It differs from tanh in one thing that matters here: it has no upper bound.
#
# First the training loop, which the rest of the chapter will use too. It takes batches, asks for loss and gradients,
# clips with *your* function, and takes a step, either down the gradient or by **Adam** (Kingma and Ba 2015), which
# divides each entry of the averaged gradient by the root of its averaged square, so that every parameter gets steps of
# about the same size, the learning rate.


# %%
def train(parameters, loss_and_gradients, batches, rate, threshold=np.inf, adam=False):
    """Train by gradient descent with norm clipping, or by Adam with norm clipping.

    parameters: dict of arrays, not changed. loss_and_gradients: a function of parameters, x and targets, such as
    rnn_loss_and_gradients. batches: an iterable of (x, targets). rate: the learning rate.
    Returns the trained parameters, the losses and the norms before clipping, both (number of batches,). A gradient
    that is not finite ends the training; the rest of losses and norms is then NaN.
    """
    batches = list(batches)
    losses, norms = np.full((2, len(batches)), np.nan)
    mean = {name: np.zeros_like(value) for name, value in parameters.items()}
    square = dict(mean)
    for step, (x, targets) in enumerate(batches):
        losses[step], gradients = loss_and_gradients(parameters, x, targets)
        try:
            gradients, norms[step] = clip_gradient_norm(gradients, threshold)
        except FloatingPointError:
            break
        if adam:
            mean = {name: 0.9 * mean[name] + 0.1 * g for name, g in gradients.items()}
            square = {name: 0.999 * square[name] + 0.001 * g**2 for name, g in gradients.items()}
            unbias = np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))  # both averages began at zero
            gradients = {name: unbias * mean[name] / (np.sqrt(square[name]) + 1e-8) for name in gradients}
        parameters = {name: value - rate * gradients[name] for name, value in parameters.items()}
    return parameters, losses, norms


def stabilized(beta, forward=rnn_forward, backward=rnn_backward):
    """A function like rnn_loss_and_gradients: its gradients include the penalty's, the loss is the loss alone."""

    def loss_and_gradients(parameters, x, targets):
        h, cache = forward(x, parameters["U"], parameters["W"], parameters["b"])
        loss, dh, dV, dc_out = softmax_loss(h, parameters["V"], parameters["c_out"], targets)
        dh_penalty, _ = norm_stabilizer_backward(h, cache[1], beta)  # cache[1] is h0, not learnt
        _, dU, dW, db, _ = backward(dh + dh_penalty, cache)
        return loss, {"U": dU, "W": dW, "b": db, "V": dV, "c_out": dc_out}

    return loss_and_gradients


# %% [markdown]
# H = 64, 200 batches, Adam with learning rate 0.0003, clipped at 1, three seeds. Then twenty pieces of 500 characters.
# For each of the four: by what factor does the mean norm change between step 50 and step 500?

# %%
if __name__ == "__main__":
    predicted_factor = {"tanh, β = 0": None, "tanh, β = 5": None, "ReLU, β = 0": None, "ReLU, β = 5": None}

# %%
if __name__ == "__main__":
    passes = {"tanh": (rnn_forward, rnn_backward), "ReLU": (figures.relu_rnn_forward, figures.relu_rnn_backward)}

    def trained(kind, beta, seed):
        rng = np.random.default_rng(seed)
        parameters = initial_parameters(rng, K, 64, K)
        if kind == "ReLU":
            parameters["W"] = np.eye(64)
        loss_and_gradients = stabilized(beta, *passes[kind])
        return train(parameters, loss_and_gradients, text_batches(tokens, rng, 200), 3e-4, 1.0, adam=True)[0]

    forwards = {kind: forward for kind, (forward, _) in passes.items()}
    long_batch = next(text_batches(tokens, np.random.default_rng(40), 1, N=20, T=500))
    figures.norms_beyond_the_trained_length(trained, forwards, softmax_loss, long_batch, predicted_factor)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# On the left a prediction that many get wrong: **nothing happens**, with or without the penalty. The states of the tanh
# network keep their norm for 500 steps (all factors lie between 0.99 and 1.01), and its loss after step 250 is no
# higher than in the first 50 steps. tanh is bounded, and on this text a network that forgets does not drift. What the
# penalty does do is make the states *shorter*, 4.3 instead of 6.4: its largest terms by far belong to the rise from
# $\mathbf{h}_0 = 0$ in the first steps, and these become smaller if there is less to rise to.
#
# On the right is the network for which the penalty was invented. Within the trained 50 steps its norm looks tame, and
# there the losses are alike, 3.4 to 3.5 nats with and without the penalty. Beyond, it grows on and on, up to 32-fold,
# and after step 250 the loss lies between 4.5 and 23 nats: the network never saw such states in training, and never
# learnt what to do in them. With $\beta = 5$ the norm grows by a factor of 1.2 to 1.6, and the loss stays between 3.3
# and 3.5. The penalty acted on steps 1 to 50 only, and it holds, more or less, up to 500.
#
# So the slide's sentence, "approximately constant across time", is confirmed where there was something to confirm. And
# a limit: both ReLU networks are trained little (a longer training with a larger rate makes the norm steady by itself),
# and the three seeds differ much. A penalty is a wish and not a guarantee.
# </details>

# %% [markdown]
# ## 5. Layer normalisation
#
# *Before the nonlinearity, shift and scale what the H units of a step receive to mean 0 and variance 1.*
#
# The third remedy changes the network itself. Batch normalisation, of an earlier lecture, takes each unit and
# normalises it over the examples of the batch. **Layer normalisation** (Ba, Kiros and Hinton 2016) takes each example
# and normalises over its H units, "separately at each time step". With
# $\mathbf{a}^t = \mathbf{W}\mathbf{h}^{t-1} + \mathbf{U}\mathbf{x}^t$ the lecture writes
#
# $$\mathbf{h}^t = f\!\left[ \frac{\mathbf{g}}{\sigma^t} \odot (\mathbf{a}^t - \mu^t) + \mathbf{b} \right],
# \qquad \mu^t = \frac{1}{H} \sum_{i=1}^H a_i^t,
# \qquad \sigma^t = \sqrt{\frac{1}{H} \sum_{i=1}^H (a_i^t - \mu^t)^2} .$$
#
# $\mu^t$ and $\sigma^t$ are two numbers for each sequence and each step. $\mathbf{g}$ and $\mathbf{b}$, the **gain**
# and the bias, have an entry for each unit, are learnt, and are the same at every step. One number is missing on the
# slide: if all $a_i$ are equal then $\sigma^t = 0$. Everyone adds a small $\epsilon$ under the root, and so do we, with
# PyTorch's value $10^{-5}$. The figure shows what is averaged over.

# %% folded=true
if __name__ == "__main__":
    figures.what_is_averaged()

# %% [markdown]
# First the normalisation by itself. It acts on the last axis, whatever stands before it.


# %% exercise="layer_norm_forward" points=8 difficulty=2 minutes=12
def layer_norm_forward(a, g, b, eps=1e-5):
    r"""Layer normalisation: $y = g \odot \hat a + b$ with $\hat a = (a - \mu) / \sigma$.

    $\mu = \frac{1}{H} \sum_i a_i$ and $\sigma = \sqrt{\frac{1}{H} \sum_i (a_i - \mu)^2 + \epsilon}$, both over
    the H units: each step of each sequence has its own. With $\epsilon$ = 0 this is the lecture's formula.
    a: (..., H), any number of axes before the last, such as (N, H) or (N, T, H). g: (H,), gain. b: (H,), bias.
    Returns y: (..., H) float64, and the cache (a_hat, sigma, g), with a_hat: (..., H) and sigma: (..., 1).
    Lecture: "Regularization: Layer Normalization"; Ba, Kiros and Hinton 2016.
    """
    ### BEGIN SOLUTION
    mu = a.mean(axis=-1, keepdims=True)  # (..., 1)
    sigma = np.sqrt(((a - mu) ** 2).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    a_hat = (a - mu) / sigma
    y = g * a_hat + b
    ### END SOLUTION
    cache = (a_hat, sigma, g)
    return y, cache


# %% [markdown]
# <details><summary>"operands could not be broadcast together", or the wrong thing is subtracted</summary>
#
# A mean over the last axis of (N, T, H) has shape (N, T), and (N, T, H) - (N, T) does not line up. NumPy's reductions
# can keep the axis with length 1.
# </details>
#
# <details><summary>Right for one row, wrong for a batch</summary>
#
# Which numbers may enter $\mu$ for sequence n? Change another sequence and see whether this one's result moves.
# </details>
#
# <details><summary>Off by a few per cent, and less so for large H</summary>
#
# Is the sum of squares divided by H or by H - 1? Look at the formula, and at what your function for the variance does
# when not told otherwise.
# </details>
#
# <details><summary>Equal entries give NaN, or the result differs from PyTorch's in the sixth digit</summary>
#
# Where does $\epsilon$ stand in the docstring: under the root, or behind it?
# </details>

# %% [markdown]
# Backwards. Let $\hat a_i = (a_i - \mu)/\sigma$. An entry $a_j$ reaches $\hat a_i$ in three ways: directly, if $i = j$;
# through $\mu$, which is subtracted from every entry; and through $\sigma$, which divides every entry. The last two
# reach *all* i, so each $\partial L / \partial a_j$ is a sum over the H units. Write the three partial derivatives on
# paper first, then collect. Two facts can serve as a check of your result: adding a constant to all $a_i$ changes
# nothing, so the entries of $\partial L / \partial \mathbf{a}$ must sum to zero; and stretching the $a_i - \mu$ by a
# common factor changes nothing either (for $\epsilon = 0$), so the gradient must be orthogonal to $\hat{\mathbf{a}}$.


# %% exercise="layer_norm_backward" points=12 difficulty=4 minutes=60
def layer_norm_backward(dy, cache):
    r"""Gradients of layer_norm_forward: $\mu$ and $\sigma$ depend on every $a_i$ of their step.

    dy: (..., H), the gradient of the loss with respect to y. cache: (a_hat, sigma, g) of layer_norm_forward,
    with $\hat a$ (..., H), $\sigma$ (..., 1), $\epsilon$ included, and g (H,).
    Returns da: (..., H), dg: (H,), db: (H,), float64; g and b are shared by all steps and sequences.
    Lecture: "Regularization: Layer Normalization"; Ba, Kiros and Hinton 2016.
    """
    a_hat, sigma, g = cache
    ### BEGIN SOLUTION
    before = tuple(range(dy.ndim - 1))  # every axis but that of the units
    dg = (dy * a_hat).sum(axis=before)  # dy/dg = a_hat
    db = dy.sum(axis=before)  # dy/db = 1
    da_hat = dy * g  # (..., H), dy/da_hat = g
    through_mu = da_hat.mean(axis=-1, keepdims=True)  # dmu/da_i = 1/H
    through_sigma = a_hat * (da_hat * a_hat).mean(axis=-1, keepdims=True)  # dsigma/da_i = a_hat_i / H
    da = (da_hat - through_mu - through_sigma) / sigma
    ### END SOLUTION
    return da, dg, db


# %% [markdown]
# <details><summary>dg and db are right, da is not</summary>
#
# Sum your da over the units. If it is not zero, the way through $\mu$ is missing or wrong. If it is, take the inner
# product with $\hat{\mathbf{a}}$: not zero (for a tiny $\epsilon$) means that the way through $\sigma$ is.
# </details>
#
# <details><summary>I do not see what the derivative of sigma is</summary>
#
# Begin with $\sigma^2$, whose derivative with respect to $a_j$ has two parts, one of which sums to zero. Then use
# $\partial \sigma^2 = 2 \sigma\, \partial \sigma$. The result can be written with $\hat a_j$ and H alone.
# </details>
#
# <details><summary>Right when g is all ones, wrong otherwise</summary>
#
# What reaches $\hat{\mathbf{a}}$ is not dy. Between them stands the gain, and it differs from unit to unit, so it
# cannot be multiplied in at the end.
# </details>
#
# <details><summary>dg has shape (N, H) or (N, T, H)</summary>
#
# One gain serves all sequences and all steps. What happens to the gradient of something that is used many times?
# </details>

# %% [markdown]
# Now put it inside the recurrence. The bias of the network is the $\mathbf{b}$ of the normalisation: one added to
# $\mathbf{a}$ would enter $\mathbf{a} - \mu$ and lose its mean.


# %% exercise="layer_norm_rnn_forward" points=6 difficulty=2 minutes=25
def layer_norm_rnn_forward(x, U, W, g, b, h0=None, eps=1e-5):
    r"""A recurrent network with layer normalisation: $h_t = \tanh[\frac{g}{\sigma_t} \odot (a_t - \mu_t) + b]$.

    $a_t = W h_{t-1} + U x_t$, with one $\mu_t$ and one $\sigma_t$ for the sum, as in layer_norm_forward.
    x: (N, T, D). U: (H, D). W: (H, H). g, b: (H,). h0: (N, H), or None for zeros.
    Returns h: (N, T, H) float64, and the cache (x, h0, U, W, h, caches), where caches is the list of the T caches
    of layer_norm_forward, first step first: the given layer_norm_rnn_backward reads it.
    Lecture: "Regularization: Layer Normalization"; Ba, Kiros and Hinton 2016.
    """
    N, T, _ = x.shape
    H = W.shape[0]
    if h0 is None:
        h0 = np.zeros((N, H), dtype=x.dtype)
    ### BEGIN SOLUTION
    h, caches = np.empty((N, T, H), dtype=x.dtype), []
    h_prev = h0
    for t in range(T):
        y, norm_cache = layer_norm_forward(x[:, t] @ U.T + h_prev @ W.T, g, b, eps)  # (N, H)
        h_prev = h[:, t] = np.tanh(y)
        caches.append(norm_cache)
    ### END SOLUTION
    return h, (x, h0, U, W, h, caches)


# %% [markdown]
# <details><summary>The first state is right, the rest is not</summary>
#
# What is handed on to the next step: the state, or what went into the tanh? And which array did you hand on?
# </details>
#
# <details><summary>All values are slightly off</summary>
#
# One $\mu$ and one $\sigma$ belong to the *sum* $\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t$. Normalising the
# two parts one by one, or the state after the tanh, are other networks. Is `eps` handed on too?
# </details>
#
# <details><summary>"not enough values to unpack" in the given backward pass</summary>
#
# It expects in `caches` exactly what layer_norm_forward returned as its cache, one entry for each step.
# </details>

# %% [markdown]
# Its backpropagation through time is given. It is assignment 2's loop with one line more: *your* layer_norm_backward,
# between the tanh and the matrices.


# %%
def layer_norm_rnn_backward(dh, cache):
    """Backpropagation through time of layer_norm_rnn_forward: dh (N, T, H), the gradients of all states.

    Returns dx: (N, T, D), dU: (H, D), dW: (H, H), dg: (H,), db: (H,), dh0: (N, H).
    """
    x, h0, U, W, h, caches = cache
    da = np.empty_like(h)  # (N, T, H)
    dg, db = np.zeros(len(W)), np.zeros(len(W))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(h.shape[1])):
        dy = (dh[:, t] + dh_next) * (1 - h[:, t] ** 2)  # tanh' = 1 - tanh^2
        da[:, t], dg_t, db_t = layer_norm_backward(dy, caches[t])
        dg, db = dg + dg_t, db + db_t  # shared by all steps
        dh_next = da[:, t] @ W
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)  # (N, T, H)
    dU, dW = np.tensordot(da, x, axes=([0, 1], [0, 1])), np.tensordot(da, h_prev, axes=([0, 1], [0, 1]))
    return da @ U, dU, dW, dg, db, dh_next


# %%
def layer_norm_loss_and_gradients(parameters, x, targets):
    """rnn_loss_and_gradients for the network with layer normalisation; parameters has a gain g (H,) as well."""
    h, cache = layer_norm_rnn_forward(x, parameters["U"], parameters["W"], parameters["g"], parameters["b"])
    loss, dh, dV, dc_out = softmax_loss(h, parameters["V"], parameters["c_out"], targets)
    _, dU, dW, dg, db, _ = layer_norm_rnn_backward(dh, cache)
    return loss, {"U": dU, "W": dW, "g": dg, "b": db, "V": dV, "c_out": dc_out}


# %% [markdown]
# ### Experiment 4: the scale of W
#
# Draw $\mathbf{W}$ as `initial_parameters` does and multiply it by a scale between 1/4 and 16. Then measure two things
# over 50 steps of random input (H = 64): how large the states are, as the root of their mean square; and by what factor
# a step multiplies the gradient on its way back, $(\|\partial L/\partial \mathbf{h}_0\| / \|\partial L/\partial
# \mathbf{h}_T\|)^{1/T}$. Without layer normalisation you know the answer from assignment 2: too small a scale and the
# gradient vanishes, too large and it explodes. And with it? What is the factor at scale 1/4, and at 16?

# %%
if __name__ == "__main__":
    predicted_growth = {0.25: None, 16: None}  # with layer normalisation

# %% folded=true
if __name__ == "__main__":
    normalised = (layer_norm_rnn_forward, layer_norm_rnn_backward)
    figures.scale_of_W((rnn_forward, rnn_backward), normalised, predicted_growth)

# %%
if __name__ == "__main__":
    rng = np.random.default_rng(50)
    U, W, x = rng.standard_normal((64, 8)), rng.standard_normal((64, 64)), rng.standard_normal((16, 50, 8))
    h, h_scaled = (layer_norm_rnn_forward(x, s * U, s * W, np.ones(64), np.zeros(64))[0] for s in (1, 1000))
    print(f"U and W multiplied by 1000: largest change of a state {abs(h - h_scaled).max():.0e}")

# %% [markdown]
# <details><summary>What was measured</summary>
#
# Forward the promise is kept: the states have the root mean square 0.63 at every scale, since what enters the tanh has
# mean 0 and variance 1. And if $\mathbf{U}$ *and* $\mathbf{W}$ are multiplied by 1000, then so are $\mathbf{a}$, $\mu$
# and $\sigma$, the factor cancels, and no state moves by more than 4e-6, for which $\epsilon$ is to blame.
#
# Backward it is half kept. Towards large scales the blue curve levels off: 1.09 at scale 4 and 1.12 at 16, where the
# plain network has 1.51 and about 2.4. If $\mathbf{W}\mathbf{h}$ dominates $\mathbf{a}$ then $\sigma$ grows with it,
# and a step back multiplies by $\mathbf{W}/\sigma$, which stays what it was. Over 50 steps that is a factor of 300
# instead of $10^{19}$: a gradient that explodes becomes one that clipping can handle. Towards small scales nothing
# holds it: $\sigma$ is then made by the inputs, $\mathbf{W}/\sigma$ goes to zero, and at scale 1/4 the factor is 0.53,
# after 50 steps $10^{-14}$. Layer normalisation is a remedy for exploding, not for vanishing.
# </details>

# %% [markdown] written="batch_statistics" points=10 minutes=30
# ### Why do the batch's statistics not fit a recurrent network?
#
# Batch normalisation would take the mean and the variance of each unit over the N sequences of the batch (and at test
# time averages of these, kept from training), where layer normalisation takes those of each sequence over its H units.
#
# (a) Name two reasons why the batch's statistics fit a recurrent network badly, and say for each why layer
# normalisation does not have the trouble. Think of sequences of different lengths, of the statistics of different
# steps, of test time and of a batch of one.
#
# (b) A colleague proposes one common mean and variance of each unit over *all* steps and sequences of the batch. What
# does this repair, what does it not repair, and which new trouble does it bring if the network is to produce its output
# step by step?
#
# (c) Layer normalisation is no free gift either. Name one thing that a unit's activation can no longer express once the
# layer is normalised, or a case in which the normalisation itself does harm.
#
# ### BEGIN SOLUTION
# (a) Any two of the following.
#
# - *The statistics differ from step to step.* The states start from zero and need some steps to reach their usual size,
#   so the mean and variance at step 1 are not those at step 20. Batch normalisation therefore needs averages of its own
#   for every t, to be kept for test time. Layer normalisation computes $\mu^t$ and $\sigma^t$ afresh from the one step
#   in front of it and stores nothing.
# - *Lengths.* If a test sequence is longer than all training sequences, there are no statistics for its later steps.
#   And within a batch of different lengths fewer and fewer sequences are still running at late steps, so the last
#   statistics come from a handful of examples, or from padding. For layer normalisation a step is a step.
# - *Small batches, and a batch of one.* With N = 1 the variance over the batch is 0 and the activation is erased. At
#   test time, in generation for example, sequences come one by one. Layer normalisation gives the same result for a
#   sequence alone and in company, in training and at test time.
# - *Noise that is fed back.* The statistics of a small batch are noisy, the same $\mathbf{W}$ is used at every step,
#   and the error of one step's statistics is carried by the state into the next.
#
# (b) It repairs the need for separate statistics for each t: one pair of numbers for each unit, which also exists for
# sequences longer than those trained on, and it is averaged over NT numbers instead of N, so it is less noisy. It does
# not repair the dependence on the other sequences of the batch, the difference between training and test time, or the
# fact that early steps and late steps have different statistics: the common mean fits neither. New trouble: the
# statistics of step t would need the activations of steps t+1 to T, which depend on the normalised state of step t.
# They cannot be computed in a step-by-step pass; the future would have to be known.
#
# (c) For example: the common size of all $a_i$ is lost, so the layer cannot say "this input is strong" by making all
# activations larger, and the mean of the activations is lost too (only the gain and bias, the same at every step, can
# put a size back). If nothing arrives, when all $a_i$ are nearly equal, small differences are blown up to size 1 (until
# $\epsilon$ stops it): noise becomes signal. With H = 1 nothing is left at all: $a - \mu = 0$.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 4: two for each of two reasons: 1 for a reason that is specific to recurrence or to test time (statistics differ
#   over t; no statistics beyond the trained length; few sequences left at late steps, or padding; N = 1 or generation;
#   noise fed back), 1 for saying why layer normalisation is free of it. "Batch normalisation is slow" or "works worse"
#   earns nothing; a reason that holds as well for a feedforward network (small batches are noisy) earns 1 of 2 unless
#   it is tied to the recurrence or to one-by-one generation.
# - (b) 4: what is repaired, one statistic for all t or for lengths not seen, or less noise (1); what is not, dependence
#   on the batch, training against test, or early steps unlike late ones (1); that step t would need future steps (1),
#   and why that is impossible: these depend on step t's own normalised state (1).
# - (c) 2: a true limit (1) with its reason (1): common scale or mean of the activations is not representable; small
#   differences are blown up when the input is nearly constant; H small; the answer must be about layer normalisation,
#   not about cost alone.
# ### END MARK SCHEME

# %% [markdown]
# ## 6. Initialisation
#
# *A first W whose product neither grows nor fades.*
#
# Training can only begin to use a distant input if some gradient arrives there at the very beginning. Near the state
# zero the slope of tanh is 1, and the gradient over T steps is multiplied by $\mathbf{W}$ T times. What would be ideal?
# A matrix that leaves the length of *every* vector as it is. These are the **orthogonal** matrices,
# $\mathbf{Q}^\top \mathbf{Q} = \mathbf{I}$: all singular values are 1, and so are those of every power (Saxe,
# McClelland and Ganguli 2014). The simplest of them is the **identity**, "remember everything and change nothing"; Le,
# Jaitly and Hinton (2015) start their networks of ReLUs from it, or from a multiple below 1 if the task needs a short
# memory.
#
# How does one *draw* an orthogonal matrix, so that no direction is preferred? Take a matrix of independent normal
# numbers, for which no direction is special, and make its columns orthonormal, which is what the QR decomposition does.
# One trap is left: $\mathbf{A} = \mathbf{Q}\mathbf{R}$ does not determine the signs. Flip the sign of a column of
# $\mathbf{Q}$ and the row of $\mathbf{R}$ that belongs to it, and the product is the same. A library returns *some*
# choice, and the usual one is far from random: in LAPACK's, the first entry of $\mathbf{Q}$ is practically never
# positive. Demand $R_{ii} > 0$ and the choice is unique, and the draw uniform (Mezzadri 2007).


# %% exercise="recurrent_init" points=8 difficulty=3 minutes=20
def recurrent_init(H, kind, rng, scale=1.0):
    r"""Initial values of W: $W = \text{scale} \cdot Q$, Q a random orthogonal matrix, or $W = \text{scale} \cdot I$.

    kind: "orthogonal": $A = Q R$ is the QR decomposition of A = rng.standard_normal((H, H)) with
    $R_{ii} > 0$ for every i, which makes it unique, and Q uniform among all orthogonal matrices.
    kind: "identity": the identity matrix; nothing is drawn.
    H: int >= 1. rng: numpy.random.Generator, the only source of randomness. scale: a number.
    Returns W: (H, H) float64. Raises ValueError for any other kind.
    Saxe, McClelland and Ganguli 2014 (orthogonal); Le, Jaitly and Hinton 2015 (identity); Mezzadri 2007 (signs).
    """
    ### BEGIN SOLUTION
    if kind == "orthogonal":
        Q, R = np.linalg.qr(rng.standard_normal((H, H)))
        W = scale * Q * np.sign(np.diag(R))  # columns; R's rows change sign with them, and QR stays A
    elif kind == "identity":
        W = scale * np.eye(H)
    else:
        raise ValueError(f"unknown kind of initial values: {kind!r}")
    ### END SOLUTION
    return W


# %% [markdown]
# <details><summary>Orthogonal, but the check says that the draw is not uniform</summary>
#
# Look at the diagonal of the R that belongs to your Q. Is it positive? If you flip the sign of a column of Q, is QR
# still A? What must be multiplied by the signs: rows or columns?
# </details>
#
# <details><summary>Q times its transpose is not the identity</summary>
#
# Multiplying a matrix by a *vector* of signs acts along one axis. What may the diagonal of R be multiplied with,
# besides its sign?
# </details>
#
# <details><summary>Two calls with the same seed differ, or another number is drawn than expected</summary>
#
# Exactly one array is drawn, H x H normal numbers, from the generator that is passed in, and none at all for the
# identity.
# </details>

# %% [markdown]
# Left: the singular values of three matrices with H = 64: your orthogonal one, the normal numbers over $\sqrt H$ of
# `initial_parameters`, and PyTorch's default for its recurrent layers, uniform between $-1/\sqrt H$ and $1/\sqrt H$.
# Right: the first entry of Q in 2,000 draws with H = 3. A point that is uniform on a sphere has coordinates that are
# uniform between -1 and 1 (Archimedes knew); so should the entries of Q be.


# %%
def first_W(kind, H, rng):
    """A first W (H, H): "uniform", as PyTorch's default; "normal", over sqrt(H); or one of recurrent_init's kinds."""
    if kind == "uniform":
        return rng.uniform(-1, 1, (H, H)) / np.sqrt(H)
    if kind == "normal":
        return rng.standard_normal((H, H)) / np.sqrt(H)
    return recurrent_init(H, kind, rng)


# %% folded=true
if __name__ == "__main__":
    figures.singular_values_and_signs(first_W, recurrent_init)

# %% [markdown]
# ### Experiment 5: a memory over a long gap
#
# What does it buy? A task that needs nothing but memory: the first symbol is one of four, then come random symbols of
# another four, which mean nothing, and after the last one the network is asked what the first was. Guessing gives 0.25
# right. The gap is T = 25 or T = 100. H = 32, 200 batches of 32 sequences, Adam with learning rate 0.001, clipped at 1,
# weak inputs ($\mathbf{U}$ is divided by 10, so that tanh is not saturated by them), three seeds. $\mathbf{W}$ starts
# in four ways: uniform as in PyTorch, normal, orthogonal, identity. In how many of the three runs will each answer more
# than 0.9 of the questions of 20 further batches correctly?

# %%
if __name__ == "__main__":
    predicted_solved = {
        25: {"uniform": None, "normal": None, "orthogonal": None, "identity": None},
        100: {"uniform": None, "normal": None, "orthogonal": None, "identity": None},
    }

# %%
if __name__ == "__main__":

    def beginning(kind, seed, H=32):
        rng = np.random.default_rng(seed)
        parameters = initial_parameters(rng, 8, H, 4)
        return parameters | {"U": 0.1 * parameters["U"], "W": first_W(kind, H, rng)}, rng

    def learn(parameters, batches):
        return train(parameters, rnn_loss_and_gradients, batches, rate=1e-3, threshold=1.0, adam=True)[0]

    figures.memory_over_a_gap(beginning, learn, rnn_forward, rnn_backward, softmax_loss, predicted_solved)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The uniform beginning, which a library gives you if you do not ask for another, never gets beyond guessing, at either
# gap: its spectral radius is 0.57, the gradient is multiplied by about that at every step, and 100 steps back $3 \cdot
# 10^{-23}$ of it arrives. There is nothing to learn from. The normal one has the spectral radius 1 or so, but its
# singular values reach from 0 to 2: how much arrives is a matter of luck, as the wide band shows, and it solves one of
# three at each gap. (The rise at the far end: the states begin at zero, and while they are small the slopes are near 1,
# so that a radius above 1 makes gradients grow.) The orthogonal one solves all six. Nothing else in the network, the
# data or the training differs: same inputs, same threshold, same Adam. Clipping was switched on in all of these runs,
# and it helped none of the grey ones.
#
# And the identity? As much gradient arrives as with the orthogonal matrix; it solves T = 25 and fails at T = 100. That
# some gradient arrives is necessary, and it is not enough. With a learning rate of 0.0003 and 500 batches it solves
# T = 100 as well, in all three runs: near the identity, it seems, a change of $\mathbf{W}$ acts a hundred times in the
# same direction, and a rate of 0.001 is too coarse for that. Le, Jaitly and Hinton recommend it for ReLUs.
# </details>

# %% [markdown]
# ## 7. Dropout
#
# *Noise on the arrows upward, none on the arrows to the right.*
#
# The tools so far help training to go on at all. Dropout helps what has been trained to hold for new data: at each use
# a random share p of the numbers is set to 0, so that no unit can rely on one other alone. What remains is divided by
# $1 - p$, so that the sum that the next layer forms is the same on average, and at test time nothing is dropped. In a
# recurrent network one must choose *where*. Zaremba, Sutskever and Vinyals (2014), whose paper the lecture cites, drop
# on the arrows upward only: where the input enters the first layer, between the layers, and where the output reads the
# last one. With L layers that is L + 1 places. (`torch.nn.RNN(dropout=p)` does it in L - 1 places, only between the
# layers; input and output are left to you.)

# %% folded=true
if __name__ == "__main__":
    figures.places_of_dropout()

# %% [markdown]
# Follow the yellow path, along which $\mathbf{x}_0$ reaches $\mathbf{y}_3$. It passes three dashed arrows and three
# blue ones. Every path from an input to an output passes exactly L + 1 dashed arrows, *however many steps lie between
# them*: the noise does not grow with the distance in time. That is the whole point, and the next experiment measures
# it.
#
# The masks are fresh at each step. Gal and Ghahramani (2016) keep the same mask for all steps of a sequence instead
# (and then drop on the recurrent arrows too, which we do not); `same_mask` asks for it.


# %% exercise="dropout_deep_rnn" points=10 difficulty=3 minutes=40
def dropout_deep_rnn(x, layers, p, rng, training=True, same_mask=False):
    r"""A deep RNN with dropout on its non-recurrent connections: L layers and L + 1 places, the arrows upward.

    $h^l_t = \tanh(W^l h^l_{t-1} + U^l\, D(h^{l-1}_t) + b^l)$ with $h^0_t = x_t$ and $h^l_{-1} = 0$; the output reads
    $D(h^L_t)$. $D(v) = m \odot v / (1 - p)$, each $m_i$ being 0 with probability p and 1 otherwise.
    x: (N, T, D). layers: list of L tuples (U, W, b); U of layer l is (H_l, H_{l-1}), with H_0 = D.
    rng: numpy.random.Generator, the only source of randomness. Each place, from the lowest up, draws its masks
    by one call: m = rng.random(v.shape) >= p, v being (N, T, features). If same_mask, it draws (N, 1, features)
    instead, and the steps of a sequence share the mask. With p = 0 the masks are drawn too.
    If training is False, D changes nothing and nothing is drawn.
    Returns out: (N, T, H_L) float64, the $D(h^L_t)$, and the list of the L arrays $h^l$, (N, T, H_l) float64.
    Raises ValueError unless 0 <= p < 1.
    Zaremba, Sutskever and Vinyals 2014 (fresh masks at each step); Gal and Ghahramani 2016 (the same mask).
    """
    ### BEGIN SOLUTION
    if not 0 <= p < 1:
        raise ValueError("p must lie in 0 <= p < 1")

    def dropped(v):  # D(v), (N, T, features)
        if not training:
            return v
        N, T, features = v.shape
        m = rng.random((N, 1 if same_mask else T, features)) >= p
        return v * m / (1 - p)

    states, out = [], dropped(x)
    for U, W, b in layers:
        h, _ = rnn_forward(out, U, W, b)  # (N, T, H_l)
        states.append(h)
        out = dropped(h)
    ### END SOLUTION
    return out, states


# %% [markdown]
# <details><summary>The states differ from those of the check, although all places are there</summary>
#
# The order of draws matters. Which place comes first, and with which shape is its mask drawn? One call for each place,
# for all steps at once: a call for each step gives other numbers. Does "drawn below p" mean kept or dropped?
# </details>
#
# <details><summary>The mean of many draws is smaller than the value without dropout</summary>
#
# If a share p is missing, by what must the rest be multiplied so that the expectation stays? When p = 0.5, is it 2?
# When p = 0.2?
# </details>
#
# <details><summary>The check says that noise has entered the recurrent path</summary>
#
# `dropped(h)` and `h` are two arrays. Which of them does the next *step* read, and which the next *layer*? And which of
# them belongs on the list of states?
# </details>
#
# <details><summary>Random at test time</summary>
#
# With `training=False` nothing may change, and the generator must not be touched: the next number drawn from it must be
# what it would have been.
# </details>

# %% [markdown]
# ### Experiment 6: what noise does to a memory
#
# Two layers of 64 units with orthogonal $\mathbf{W}$, an input at the first step only, p = 0.2. In 400 draws we compare
# the first layer's state with the state that it would have without dropout, by the cosine of the angle between them: 1
# is the same direction, 0 is no relation. Once with Zaremba's dropout, by your function, and once with dropout on the
# recurrent arrow as well. What is the mean cosine 1, 20 and 99 steps after the input?

# %%
if __name__ == "__main__":
    predicted_cosine = {"arrows upward only": [None, None, None], "recurrent arrow too": [None, None, None]}

# %%
if __name__ == "__main__":
    figures.noise_on_a_memory(dropout_deep_rnn, recurrent_init, predicted_cosine, p=0.2)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# The blue line is level: 0.86 after 1 step, after 20 and after 99. The input lost a part of itself on one arrow on its
# way into the first layer, and nothing thereafter. The orange line starts at the same height and has halved after six
# steps; after 20 the mean cosine is 0.08 and after 99 there is nothing left. Each step leaves the memory, on average,
# where it was and adds fresh noise, so that the square of the cosine shrinks by the factor $1 - p = 0.8$, and after 20
# steps the cosine by $\sqrt{0.8^{20}} = 0.11$. If you want noise on the recurrent arrow, you have to change something
# else, as Gal and Ghahramani do, whose mask stays the same for all steps of a sequence.
# </details>

# %% [markdown]
# ## 8. All of it on a text
#
# *Five ways to train the same network on Shakespeare, with three seeds each.*
#
# ### Experiment 7: a character model
#
# H = 128, $\mathbf{W}$ normal, batches of 16 pieces of 50 characters, 150 batches, learning rate 1. The five:
#
# 1. **plain** gradient descent, nothing else;
# 2. **clipped** at norm 1;
# 3. clipped, with **layer normalisation** in the network;
# 4. clipped, with the **stabilizer**, $\beta = 1$, in the loss;
# 5. clipped, **Adam** with learning rate 0.003 instead of gradient descent.
#
# All five start from the same weights and read the same batches. Every batch is text that the network has hardly seen
# before, so the loss on it, before the step, is an honest measure. Write down the mean loss of the last 20 batches:
# guessing evenly is 4.28, and knowing how often each character occurs, but nothing of its neighbours, is about 3.3. The
# lecture says that layer normalisation "reduces training time". Does it here?

# %%
if __name__ == "__main__":
    predicted_loss = {"plain": None, "clipped": None, "+ layer norm": None, "+ stabilizer": None, "Adam": None}

# %%
if __name__ == "__main__":
    recipes = {  # the loss and its gradients, the learning rate, the threshold, whether to use Adam
        "plain": (rnn_loss_and_gradients, 1.0, np.inf, False),
        "clipped": (rnn_loss_and_gradients, 1.0, 1.0, False),
        "+ layer norm": (layer_norm_loss_and_gradients, 1.0, 1.0, False),
        "+ stabilizer": (stabilized(1.0), 1.0, 1.0, False),
        "Adam": (rnn_loss_and_gradients, 3e-3, 1.0, True),
    }

    def run(loss_and_gradients, rate, threshold, adam, seed):
        rng = np.random.default_rng(seed)
        parameters = initial_parameters(rng, K, 128, K)
        if loss_and_gradients is layer_norm_loss_and_gradients:
            parameters["g"] = np.ones(128)
        return train(parameters, loss_and_gradients, text_batches(tokens, rng, 150), rate, threshold, adam)[1:]


# %% folded=true
if __name__ == "__main__":
    curves = figures.train_on_text(recipes, run, predicted_loss)
    figures.losses_and_norms(curves, K)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# **Plain** gradient descent does not merely learn slowly, it leaves within a few batches for regions in which it is
# wrong with great confidence, and ends above the 4.28 of guessing evenly. How far above, your cell has printed. (These
# three curves are chaotic: on another processor the last digits of a sum are rounded in another way, and the numbers,
# though not the story, will be different. Six seeds, with two or three ways of rounding each, ended between 5 and 32.)
# **Clipped**, with nothing else changed, it learns: 2.63, and the three seeds agree to 0.03.
#
# The clipping shows. The rest shows less than one might expect. **Layer normalisation** does not reduce the training
# time here: some 2.75, behind in all three seeds, and its gradient is above the threshold twice as often. The
# **stabilizer** changes next to nothing, 2.66. As experiment 3 would have it: in a tanh network there is little to
# stabilise. **Adam** is the one that is faster, 2.47, in every seed; it divides each entry by its own usual size, and
# so gives the rarely used columns of $\mathbf{U}$ steps as large as all others. Note that its learning rate was chosen
# for it: 1, the rate of the others, would be absurd.
#
# Look at the lower pictures too. With clipping and nothing else, about 15 % of the gradients were above the threshold,
# and nearly all of these in the first 40 batches. For most of the time it does nothing at all.
# </details>

# %% [markdown]
# **The cliff, again.** Is it a cliff as in section 3 from which the plain network falls, or does it climb out of the
# valley step by step? Go back to the plain run of seed 0 and stop just before the first batch whose loss is above 5
# nats. Then look at the batch before it, whose step has done the damage, along the direction of that step.

# %%
if __name__ == "__main__":
    bad = int(np.argmax(curves["plain"][0][0] > 5))  # the first bad loss; the step before it led there
    rng = np.random.default_rng(0)
    parameters, batches = initial_parameters(rng, K, 128, K), text_batches(tokens, rng, 150)
    before = [next(batches) for _ in range(bad - 1)]
    parameters, _, _ = train(parameters, rnn_loss_and_gradients, before, rate=1.0)
    figures.downhill(rnn_loss_and_gradients, loss_along, clip_gradient_norm, parameters, next(batches), bad - 1)

# %% [markdown]
# A step of length 6.54 from a loss of 4.50, and the same batch costs 10.76. There is no wall in this picture: along the
# line the loss first falls, is best at a distance of 0.25, and then climbs steadily, as far as we looked, for along a
# straight line the logits keep growing, and with them the price of being wrong. With 35,016 parameters, and a loss that
# is a mean over 800 characters, the edges of single units are smoothed away. What remains is a valley with steep sides,
# and a step that is twenty-six times too long. The clipped step, of length 1, is too long as well, 4.62; but from there
# the next gradient leads back down. A learning rate of 0.04 would have suited this place; used throughout, without
# clipping, it brings the same network to 3.33 in 150 batches, and 0.3 to 2.95, where 1 with clipping reaches 2.65. That
# is what clipping buys in practice: a learning rate that fits most of the way, and a bound for the few places where it
# does not.

# %% [markdown]
# **Longer, and each tool without the clipping.** 150 batches are a short training. The file `stability_curves.npz`
# holds the same networks after 1,000 batches, made by the same functions, and for each tool a run with clipping and one
# without. Beside them, what the figure above could not show: 300 batches, clipped, from a $\mathbf{W}$ that is too
# small or too large to begin with.

# %% folded=true
if __name__ == "__main__":
    figures.longer_runs(data_path("stability_curves.npz"), K)

# %% [markdown]
# **Without clipping** (left) SGD ends at 20 to 28 nats and the stabilizer, which never looks at the gradient's size,
# saves none of its runs (36, 5.3, 8.2). **Layer normalisation without clipping works**: 2.17 to 2.21, after a start
# with losses up to 6. Adam hardly notices whether its gradient is clipped: it divides by the gradient's size anyway.
# Now the slide's "reduces training time", again. **With clipping** (middle) layer normalisation is behind at first,
# draws level after some 470 batches and is ahead from then on: 2.14 at the end, against 2.19. The stabilizer is last,
# 2.29. To reach a loss of 2.25 takes layer normalisation 640 batches instead of 777, a sixth less. Each of its batches
# takes about a third longer in our code, so on the clock nothing is gained; in other code, and other networks, it may
# be. Adam reaches 2.25 after 347 batches and ends at 2.01.
#
# **The right picture** shows what the good beginning had hidden. If the first $\mathbf{W}$ is twice too large, clipped
# SGD ends at 3.31 after 300 batches, as if it knew only how often each character occurs; with layer normalisation at
# 2.65. Eight times too large: 4.71, worse than guessing, against 3.23. If you initialise with care, you need layer
# normalisation less; if you cannot, or build something for which nobody knows the right scale, you will be glad of it.
# The fair summary of the slide would be: it makes training *less sensitive*, and what that is worth depends on what you
# start from.

# %% [markdown]
# ### As it is written at work
#
# The same network in PyTorch's parts, and one step of training as it stands in countless programs: five lines, the
# fourth of which is your `clip_gradient_norm`. Compared is what matters, the parameters after the step.

# %%
if __name__ == "__main__":
    import torch

    x, targets = next(text_batches(tokens, np.random.default_rng(80), 1))
    parameters = initial_parameters(np.random.default_rng(81), K, 16, K)
    ours, _, _ = train(parameters, rnn_loss_and_gradients, [(x, targets)], rate=1.0, threshold=0.1)
    network = figures.torch_network(parameters)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    optimizer.zero_grad()
    logits = network["out"](network["rnn"](torch.tensor(x))[0])  # (N, T, K)
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), max_norm=0.1)
    optimizer.step()
    figures.same_parameters(network, ours)

# %% [markdown]
# Only the last digits differ, the larger part of it by the $10^{-6}$ that PyTorch adds to the norm. And the two biases
# of PyTorch's layer get the same gradient *each*: its norm counts that of $\mathbf{b}$ twice, and a step moves their
# sum twice as far. That is why the second one is held fixed here.

# %% [markdown] written="clipping_repairs" points=10 minutes=35
# ### What can clipping repair, and what can it not?
#
# (a) What exactly does norm clipping bound, and what does it leave as it was? Why is one norm for all parameters better
# than one for each array?
#
# (b) In experiment 7 clipping made the difference between a network that learns and one that does not, although most of
# the gradients were not clipped at all. How can that be? Support your answer with a number that you have measured.
#
# (c) A network does not learn to use an input 100 steps back. A friend suggests a smaller threshold, another a larger
# one. Explain with the gradient's sum over $k$ from assignment 2 why neither helps, and name something that does, with
# evidence from this chapter.
#
# (d) Clipping is not free. Describe one way in which it changes what is learnt, or how fast.
#
# ### BEGIN SOLUTION
# (a) It bounds the length of the gradient, and so the length of a step of gradient descent: at most learning rate times
# threshold. It leaves the direction as it was, and leaves gradients below the threshold alone altogether. It leaves the
# loss surface as it was too: the cliff is still there. With one norm for each array the arrays are shortened by
# different factors, and the long vector turns: the step is no longer in the direction of steepest descent.
#
# (b) Because a single step is enough to do the damage. In the plain run of seed 0 the step at batch 3 had length 6.54
# and raised the loss of the very batch from which it was computed from 4.50 to 10.76; from there the network did not
# come back within 150 batches. Clipping acts on the few gradients that are long, some 15 % of all, and these are the
# ones that count. (In the one-unit network it is one step of 150: length 180 instead of 0.1.)
#
# (c) $\partial J_n / \partial \mathbf{W}$ is a sum over $k$ of terms with the factor
# $\partial \mathbf{h}_n / \partial \mathbf{h}_k$. If this factor is $10^{-20}$ for the step 100 back, the term of that
# step is lost among the others in the sum. Clipping multiplies the *sum* by one number: all terms alike, so their
# proportions stay what they were, and a threshold that is larger, or none, multiplies by 1. What helps must change the
# factor itself: a first $\mathbf{W}$ that keeps lengths (experiment 5: with T = 100 the uniform one never gets beyond
# guessing, the orthogonal one solves it in all three runs, both with the same clipping), or an architecture with a
# gradient path that does not shrink, which is the next assignment.
#
# (d) For example: the mean of clipped gradients is not the clipped mean, so rare large gradients, from rare and perhaps
# informative batches, count less than they should, and the expected step no longer points along the gradient of the
# expected loss: it is biased. Or: with too small a threshold nearly every step has the same length, the learning rate
# times the threshold, so training is slow far from the minimum and does not settle near it. Or: one more number to
# choose, whose right value depends on the loss's scale (a sum over steps in place of a mean multiplies all gradients by
# T).
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# 10 points.
#
# - (a) 3: bounds the length of the step (1); keeps the direction, or leaves the surface or short gradients alone (1);
#   different factors for different arrays turn the vector (1). "Prevents exploding gradients" alone earns nothing: the
#   gradient does explode, its use is limited.
# - (b) 2: one or few long steps suffice to leave the region where the network had learnt (1); a number of the student's
#   own that fits (1): share of clipped batches, length or loss of the bad step, norm 899 in experiment 2.
# - (c) 3: a sum of terms of which the distant one is tiny (1); one common factor keeps their proportions, so neither
#   threshold brings it back (1); a remedy that acts on the product, with evidence: initialisation by experiment 5, or
#   gates with a reason (1). "A larger learning rate" earns nothing, nor does layer normalisation without a number.
# - (d) 2: a true cost (1) with its reason (1): biased expectation, rare batches count less, steps of equal length near
#   the minimum or far from it, a threshold that depends on the scale of the loss.
# ### END MARK SCHEME

# %% [markdown]
# ## 9. Where this leads
#
# *What has been repaired, and what has not.*
#
# **What you have learnt.** You now have the tools that every recipe for recurrent networks contains, and for each a
# measurement of what it does:
#
# | tool | what you measured | what it did not do |
# |---|---|---|
# | norm clipping | 2.63 nats, below guessing; a step of 0.1 instead of 180 | bring back a gradient that had vanished |
# | norm-stabilizer | a ReLU network's norm grows 1.6-fold at most, not 32-fold | change much for tanh |
# | layer normalisation | a factor of 1.12, not 2.4; repairs a bad $\mathbf{W}$ | stop the vanishing |
# | orthogonal beginning | a gap of 100 bridged in 3 of 3 runs; PyTorch's: 0 | keep $\mathbf{W}$ orthogonal |
# | dropout, arrows upward | noise that does not grow with the distance | (not meant for gradients) |
#
# The exploding gradient is under control: it can be seen, its norm is one number, and it can be cut. The vanishing
# gradient cannot be cut into being. The last column says what has not been touched: the state is still passed through
# $\mathbf{W}$ and tanh at *every* step, and a product of many such factors can be kept near 1 only by care, only at the
# beginning, and only roughly. In the words of the lecture: "Careful initialization and optimization of vanilla RNNs can
# enable them to learn long(ish) dependencies, but gated additive cells, like the LSTM and GRU, often just work."
#
# *Additive*: that is the idea. What if a step did not multiply the state but **add** to it,
# $\mathbf{c}_t = \mathbf{c}_{t-1} + \dots$? What would be the derivative of $\mathbf{c}_T$ with respect to
# $\mathbf{c}_0$ then, and what could go wrong? With this question assignment 4 begins.

# %% [markdown]
# ## 10. For those who want more
#
# *Two harder tasks without points: checked like the others, and nothing depends on them.*
#
# **Orthogonal to the end.** The table says of the orthogonal beginning that it does not keep $\mathbf{W}$ orthogonal:
# the first step of training leaves the orthogonal matrices. Are there steps that stay among them? Write
# $\mathbf{G} = \partial L / \partial \mathbf{W}$. What changes no length is a rotation, and a small rotation turns
# $\mathbf{W}$ into $\mathbf{W} - \eta \mathbf{A} \mathbf{W}$ with $\mathbf{A}^\top = -\mathbf{A}$. At an
# orthogonal $\mathbf{W}$, of all such $\mathbf{A}$ of one norm, this one lowers the loss fastest:
#
# $$\mathbf{A} = \mathbf{G} \mathbf{W}^\top - \mathbf{W} \mathbf{G}^\top .$$
#
# But that step is straight, and a straight step along a circle leads out of it:
# $\|\mathbf{v} - \eta \mathbf{A} \mathbf{v}\|^2 = \|\mathbf{v}\|^2 + \eta^2 \|\mathbf{A} \mathbf{v}\|^2$. Now let
# $\mathbf{A}$ act on neither the old nor the new $\mathbf{W}$, but on the **mean of both**:
#
# $$\mathbf{W}_{\text{new}} = \mathbf{W} - \eta\, \mathbf{A}\, \frac{\mathbf{W} + \mathbf{W}_{\text{new}}}{2} .$$
#
# This step keeps all lengths exactly, however large $\eta$ is (Wen and Yin 2013; Vorontsov et al. 2017 ask what it does
# to recurrent networks). The price: $\mathbf{W}_{\text{new}}$ stands on both sides.


# %% exercise="orthogonal_step" points=0 difficulty=3 minutes=25
def orthogonal_step(W, dW, rate):
    r"""A step down the gradient that keeps all lengths: $W_{new} = W - \text{rate}\, A\, (W + W_{new}) / 2$.

    $A = G W^\top - W G^\top$ with $G = \partial L / \partial W$, so that $A^\top = -A$. Whatever W is,
    $W_{new}^\top W_{new} = W^\top W$: an orthogonal W stays orthogonal, and any other keeps its singular values.
    W: (H, H). dW: (H, H), the gradient G. rate: a number >= 0, however large.
    Returns $W_{new}$: (H, H) float64, the one solution of the equation.
    Wen and Yin 2013; Vorontsov, Trabelsi, Kadoury and Pal 2017 for recurrent networks.
    """
    ### BEGIN SOLUTION
    A = dW @ W.T - W @ dW.T
    half_turn = rate / 2 * A  # (I + half_turn) W_new = (I - half_turn) W
    W_new = np.linalg.solve(np.eye(len(W)) + half_turn, W - half_turn @ W)
    ### END SOLUTION
    return W_new


# %% [markdown]
# <details><summary>I do not see how to begin: the unknown is on both sides</summary>
#
# Write the equation for H = 1 with some number for A, and solve it. Then do the same with matrices: which one is
# multiplied by $\mathbf{W}_{\text{new}}$ once all of its terms stand on the left? Can it be singular, if
# $\mathbf{A}^\top = -\mathbf{A}$? (For real $\mathbf{v}$, what is $\mathbf{v}^\top \mathbf{A} \mathbf{v}$?)
# </details>
#
# <details><summary>Right for small rates, wrong for large ones</summary>
#
# An iteration that puts its last result into the right side again converges for small rates alone. Is your result a
# solution? Put it into the equation.
# </details>
#
# <details><summary>The lengths stay, and the loss rises</summary>
#
# Every antisymmetric matrix keeps lengths, $-\mathbf{A}$ too. Which of the two products comes first in $\mathbf{A}$,
# and with which signs does $\mathbf{A}$ enter the two sides?
# </details>

# %% [markdown]
# What does it buy? The network of experiment 5 at T = 100, orthogonal at first, one seed, trained twice: all by Adam,
# and with your step in the place of Adam's for $\mathbf{W}$. How far do the singular values get from 1?

# %%
if __name__ == "__main__":
    by_turning = figures.turning(orthogonal_step, clip_gradient_norm, rnn_loss_and_gradients, rate=0.03)
    ways = {"all by Adam": learn, "W turned": by_turning}
    figures.orthogonal_to_the_end(ways, beginning, rnn_forward, rnn_loss_and_gradients)

# %% [markdown]
# <details><summary>What was measured</summary>
#
# Left to itself $\mathbf{W}$ soon has singular values between 0.92 and 1.54. With your step all of them are 1 to the
# last digits, and both networks answer every question. Yet the free one is far surer of its answers: a loss of 0.1 nats
# against 1.0, where guessing has 1.4. A likely reason: it can make the trace of the first symbol larger on the way, and
# a rotation cannot. Vorontsov et al. found that hard constraints on orthogonality "can negatively affect the speed of
# convergence and model performance", and also tried a margin around 1 in which the singular values may stray.
# </details>

# %% [markdown]
# **Noise that keeps.** Experiment 6 has shown what dropout on the recurrent arrow does: a unit that is hit forgets. The
# first author of the norm-stabilizer proposed another noise (**zoneout**, Krueger et al. 2017): a unit that is hit
# keeps the value that it had.
#
# $$\tilde{\mathbf{h}}_t = \tanh(\mathbf{W} \mathbf{h}_{t-1} + \mathbf{U} \mathbf{x}_t + \mathbf{b}), \qquad
# \mathbf{h}_t = \mathbf{m}_t \odot \mathbf{h}_{t-1} + (1 - \mathbf{m}_t) \odot \tilde{\mathbf{h}}_t,$$
#
# each $m_{t,i}$ being 1 with probability $p$ and 0 otherwise. At test time nothing is drawn, and $p$ stands in the
# place of the masks: that is the expectation of the step, given the state before it. (Not of the whole sequence:
# between two steps stands a tanh.)


# %% exercise="zoneout_rnn_forward" points=0 difficulty=2 minutes=20
def zoneout_rnn_forward(x, U, W, b, h0, p, rng, training=True):
    r"""A recurrent network with zoneout: $h_t = m_t \odot h_{t-1} + (1 - m_t) \odot \tilde h_t$.

    $\tilde h_t = \tanh(W h_{t-1} + U x_t + b)$, and each $m_{t,i}$ is 1 with probability p: the unit keeps its value.
    x: (N, T, D). U: (H, D). W: (H, H). b: (H,). h0: (N, H).
    rng: numpy.random.Generator, the only source of randomness. All masks are drawn at once, before the first step:
    m = rng.random((N, T, H)) < p. If training is False, nothing is drawn and p takes the place of every $m_{t,i}$.
    Returns h: (N, T, H) float64, every state.
    Raises ValueError unless 0 <= p <= 1.
    Krueger et al. 2017.
    """
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError("p must lie in 0 <= p <= 1")
    N, T, _ = x.shape
    m = rng.random((N, T, len(b))) < p if training else np.full((N, T, len(b)), p)
    h, h_prev = np.empty((N, T, len(b)), dtype=x.dtype), h0
    for t in range(T):
        candidate = np.tanh(x[:, t] @ U.T + h_prev @ W.T + b)  # (N, H)
        h_prev = h[:, t] = m[:, t] * h_prev + (1 - m[:, t]) * candidate
    ### END SOLUTION
    return h


# %% [markdown]
# <details><summary>The first state is right, the later ones are not</summary>
#
# The state before a step is asked for twice: by W, and by the units that keep it. Is it the mixed one in both places?
# </details>
#
# <details><summary>The masks are not those of the check</summary>
#
# One call for all steps, or one for each? Is a number below p kept, or replaced? And what of the generator where
# nothing is to be drawn?
# </details>
#
# <details><summary>The sum of both parts is too large, or too small, on average</summary>
#
# Dropout divides by $1 - p$, since something is missing. Is anything missing here?
# </details>

# %% [markdown]
# A unit that keeps its value also hands its gradient back as it is. How much is that worth? Begin as PyTorch does, with
# the uniform $\mathbf{W}$ of experiment 5. Give a network without inputs a tiny state and see how much of it is left
# after 50 steps, at test time: near zero the tanh changes nothing, and what becomes of a small state is what becomes of
# a small change. For which p would you expect a thousandth to be left?

# %%
if __name__ == "__main__":
    figures.left_by_zoneout(zoneout_rnn_forward, first_W, shares=(0.0, 0.2, 0.5, 0.8, 0.9))

# %% [markdown]
# <details><summary>What was measured</summary>
#
# A step multiplies by $p\,\mathbf{I} + (1 - p)\,\mathbf{W}$, whose eigenvalues are $p + (1 - p) \lambda$: between 1 and
# an eigenvalue of $\mathbf{W}$. Without zoneout a step leaves 0.59 of the state, and 50 steps leave $3 \cdot 10^{-12}$;
# with p = 0.5 it is 0.77 and $2 \cdot 10^{-6}$, with p = 0.9 it is 0.94 and a twentieth. A thousandth takes 0.87 a
# step, a p between 0.7 and 0.8. The noise that was meant against overfitting is also a bridge for the gradient. But p
# is a constant: every unit copies at the same rate, whether what it holds is worth keeping or not. What if the network
# could choose p, for each unit and at each step? That is a gate, and the subject of assignments 4 and 5.
# </details>

# %%
if __name__ == "__main__":
    progress()
