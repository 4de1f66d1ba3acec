"""Each student's own numbers in the written questions of assignment 6."""

NUMBERS = {"shared_state": {"f": (0.4, 0.6, 0.7, 0.8, 0.9), "word": range(4, 11)}}


def shared_state(f, word):
    return {
        "asks": f"In (a) follow the picture to word number {word} in the place of the third, with a forget gate that "
        f"stands at {f} in the place of 1/2.",
        "expects": f"Word number {word} is read off in step {word - 1}, after the forget gates of {word} steps, 0 to "
        f"{word - 1}: {f} to the power {word} is {f**word:.2g}.",
        "marks": f"The second point of (a) needs {f**word:.2g}, or {f} to the power {word}. A power one more or one "
        "less earns it too where it is said which steps are counted.",
    }
