"""Each student's own numbers in the written questions of assignment 2."""

NUMBERS = {"in_france": {"words": range(6, 21), "letters": range(28, 46)}}
TRAINED, RANDOM = 0.72, 0.85  # growth per step: of the trained network, and at a spectral radius of 1


def in_france(words, letters):
    return {
        "asks": f"In (a) estimate for gaps of your own in the place of 11 and 46: n - k = {words} for the network that "
        f"reads words, n - k = {letters} for the one that reads letters.",
        "expects": f"With {TRAINED} a step: {TRAINED**words:.2g} and {TRAINED**letters:.1g}. With {RANDOM} a step: "
        f"{RANDOM**words:.2g} and {RANDOM**letters:.1g}.",
        "marks": "The point for an estimate in (a): one measured growth per step below 1, raised to the powers "
        f"{words} and {letters}. Powers of other gaps do not earn it.",
    }
