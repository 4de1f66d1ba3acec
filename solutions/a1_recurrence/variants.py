"""Each student's own numbers in the written questions of assignment 1."""

NUMBERS = {
    "four_requirements": {"k": range(4, 13), "D": range(20, 61), "H": (32, 48, 64, 96, 128), "t": range(90, 400)}
}


def four_requirements(k, D, H, t):
    return {
        "asks": f"Take filters of length k = {k} with D = {D} and H = {H}. In your reason about long-term dependencies "
        f"say which is the oldest input that the output of step {t} depends on. In your reason about shared parameters "
        "give the number of parameters.",
        "expects": f"The oldest is the input of step t - k + 1 = {t - k + 1}. There are kHD + H = {k * H * D + H:,} "
        "parameters, for every T.",
        "marks": "In each of these two reasons the second point asks for the number. A slip of arithmetic costs "
        "nothing if the formula stands beside it; the numbers of another student earn nothing.",
    }
