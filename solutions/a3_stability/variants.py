"""Each student's own numbers in the written questions of assignment 3."""

NUMBERS = {"clipping_repairs": {"s": range(3, 15), "threshold": (1, 2, 3, 4, 5)}}


def clipping_repairs(s, threshold):
    U, W, b = 3 * s, 6 * s, 2 * s  # of which the whole has the norm 7 s
    shorter = threshold / (7 * s)
    return {
        "asks": f"In (a) show it with numbers: dU has the norm {U}, dW {W}, db {b}, and the threshold is {threshold}. "
        "What is each norm after clipping with one norm for all parameters, and what with one for each array?",
        "expects": f"The whole gradient has the norm {7 * s}. With one norm for all, each is multiplied by "
        f"{threshold}/{7 * s}: {U * shorter:.3g}, {W * shorter:.3g} and {b * shorter:.3g}. With one for each array all "
        f"three have the norm {threshold}: other factors, {threshold}/{U}, {threshold}/{W} and {threshold}/{b}.",
        "marks": "The third point of (a), for different factors that turn the vector, needs these numbers. One slip of "
        "arithmetic costs nothing.",
    }
