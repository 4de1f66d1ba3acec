"""Each student's own numbers in the written questions of assignment 4."""

NUMBERS = {
    "constant_error_carousel": {
        "i": (0.21, 0.27, 0.34, 0.42, 0.55),
        "f": (0.91, 0.93, 0.94, 0.96, 0.97, 0.98),
        "o": (0.38, 0.46, 0.59, 0.63, 0.72),
        "T": range(40, 121),
    }
}


def constant_error_carousel(i, f, o, T):
    return {
        "asks": f"In (a) give a number too. In one cell of the popular LSTM the gates stand at i = {i}, f = {f} and "
        f"o = {o} at every step: what is left of the direct derivative after one step and after T = {T} steps?",
        "expects": f"f = {f} after one step, f to the power T = {f**T:.2g} after {T}. Neither i nor o enters.",
        "marks": "The point of (a) for diag(f) and its product over T steps needs both numbers. One of them is enough "
        "if the formula of the other stands beside it.",
    }
