"""Keeps a cell that calls your functions within a time: slow code that is right is run on less."""

from __future__ import annotations

import time
from collections.abc import Callable


def affordable(wanted: int, seconds: float, work: Callable[[int], object], sample: int, what: str) -> int:
    """Return how many of `wanted` repetitions of some work fit into the seconds, at least `sample`; print it if fewer.

    Seconds are processor time, so that a machine that is busy with other work changes nothing.
    work: a function of a number of repetitions; it is called with `sample` and timed. what: a plural word for the
    repetitions, for the printed line.
    """
    count = 0
    for _ in range(2):  # what runs for the first time also imports and allocates: try slow work again
        start = time.process_time()
        work(sample)
        each = max(time.process_time() - start, 1e-9) / sample
        count = min(wanted, max(sample, count, int(seconds / each)))
        if count == wanted:
            break
    if count < wanted:
        print(
            f"Your code would need about {wanted * each:,.0f} s for {wanted:,} {what}: this cell takes {count:,}, "
            "so its numbers differ from those in the text."
        )
    return count
