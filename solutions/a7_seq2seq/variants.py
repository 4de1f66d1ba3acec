"""Each student's own numbers in the written questions of assignment 7."""

NUMBERS = {"fixed_size_state": {"H": (48, 96, 128, 192, 224, 256), "T": range(9, 19), "phonemes": range(6, 13)}}


def fixed_size_state(H, T, phonemes):
    return {
        "asks": f"In (d) count: the encoder has H = {H} units, the word {T} letters and its pronunciation {phonemes} "
        "phonemes. How many numbers hold the source now, how many would be kept, and how often would the decoder "
        "compare its state with one of them?",
        "expects": f"Now {H} numbers, for a word of any length. Kept would be {T} states of {H} numbers, "
        f"{T * H:,}. {phonemes} phonemes and the end make {phonemes + 1} steps with {T} comparisons each, "
        f"{(phonemes + 1) * T}; without the end, {phonemes * T}.",
        "marks": "The third point of (d), for memory and work in proportion to T, needs these counts; with or without "
        "the step of the end is right. One slip of arithmetic costs nothing.",
    }
