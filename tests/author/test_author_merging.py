from autograder.author.merging import merged

BASE = "h = np.tanh(x @ U.T + h_prev @ W.T + b)\nreturn h"


def test_two_patches_of_different_places_in_one_line_are_both_made():
    sigmoid = "h = 1 / (1 + np.exp(-(x @ U.T + h_prev @ W.T + b)))\nreturn h"
    no_bias = "h = np.tanh(x @ U.T + h_prev @ W.T)\nreturn h"
    assert merged(BASE, sigmoid, no_bias) == "h = 1 / (1 + np.exp(-(x @ U.T + h_prev @ W.T)))\nreturn h"


def test_the_order_of_two_patches_does_not_matter():
    one, other = BASE.replace("W.T", "W"), BASE.replace("return h", "return h[None]")
    assert merged(BASE, one, other) == one.replace("return h", "return h[None]")
    assert merged(BASE, other, one) == merged(BASE, one, other)


def test_patches_that_change_the_same_place_in_different_ways_do_not_merge():
    assert merged(BASE, BASE.replace("+ b", "- b"), BASE.replace("+ b", "* b")) is None
    assert merged(BASE, BASE.replace("+ b", "+ b + b"), BASE.replace("+ b", "+ b / 2")) is None


def test_a_change_that_both_patches_make_is_made_once():
    both = BASE.replace("U.T", "U")
    assert merged(BASE, both, both.replace("W.T", "W")) == "h = np.tanh(x @ U + h_prev @ W + b)\nreturn h"


def test_a_line_written_anew_is_not_merged():
    loop = "h = h_prev\nfor n in range(9):\n    h = np.maximum(h, x[n] * 3 - U[n] + 7)\nreturn h"
    assert merged(BASE, loop, BASE.replace("return h", "return h[None]")) is None
