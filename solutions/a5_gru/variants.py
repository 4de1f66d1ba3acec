"""Each student's own numbers in the written questions of assignment 5."""

NUMBERS = {"copy_or_overwrite": {"T": range(30, 121, 5), "closed": (20, 40, 60, 80, 100, 150)}}


def copy_or_overwrite(T, closed):
    return {
        "asks": f"In (c) give the product over T = {T} steps in the place of 50, for z = 1/2 and for z = 1/{closed}.",
        "expects": f"1/2 to the power {T} is {0.5**T:.1g}; (1 - 1/{closed}) to the power {T} is "
        f"{(1 - 1 / closed) ** T:.2g}.",
        "marks": "The third point of (c), for both numbers, asks for these. The comparison with experiment 1 stays as "
        "it is: there 50 steps were measured.",
    }
