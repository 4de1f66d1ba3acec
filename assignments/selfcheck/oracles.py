"""What tests of more than one assignment compare with: the best of all sequences, and the chance of counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike


def exhaustive_search(
    next_log_p: Callable[[list[list[int]]], ArrayLike], T: int, end: int, alpha: float
) -> tuple[list[int], float]:
    """The best of all sequences of at most T symbols, without `end`, and what it is worth.

    A sequence is over with its first `end`, which counts as one of its symbols, or when it has T; it is worth the sum
    of the log probabilities of its symbols over their number to the power of alpha.
    next_log_p: given n beginnings of equal length, it gives (n, K), the log probabilities of each one's next symbol.
    """
    beginnings: list[list[int]] = [[]]
    sums, best, worth = np.zeros(1), [0], -np.inf
    for t in range(1, T + 1):
        longer = sums[:, None] + np.asarray(next_log_p(beginnings), dtype=np.float64)  # (n, K)
        over = longer if t == T else longer[:, [end]]
        n, k = np.unravel_index(int(over.argmax()), over.shape)
        if over[n, k] / t**alpha > worth:
            best, worth = [*beginnings[n], int(k) if t == T else end], float(over[n, k] / t**alpha)
        going = [symbol for symbol in range(longer.shape[1]) if symbol != end]
        beginnings = [[*beginning, symbol] for beginning in beginnings for symbol in going]
        sums = longer[:, going].ravel()
    return [symbol for symbol in best if symbol != end], worth


def deviation(
    counts: Sequence[int] | np.ndarray, probabilities: Sequence[float] | np.ndarray, *, samples: int
) -> float:
    """How many standard deviations Pearson's chi-square of `counts` lies above what `probabilities` lead one to expect.

    samples: how many were to be counted; counts of more, of fewer or of none deviate without bound.
    Cells in which fewer than 20 are expected are counted as one. The cube root of a chi-square over its degrees of
    freedom is nearly normal (Wilson and Hilferty 1931): above 6 about once in 1e9 times, by the normal law.
    """
    found, chances = np.asarray(counts, dtype=np.float64).ravel(), np.asarray(probabilities, dtype=np.float64).ravel()
    if found.shape != chances.shape:
        raise ValueError(f"{found.size} counts and {chances.size} probabilities: expected one for each")
    if samples < 1 or found.sum() != samples or (found < 0).any():
        return float("inf")
    expected = chances * samples
    rare = expected < 20
    if rare.any():
        found, expected = (np.append(a[~rare], a[rare].sum()) for a in (found, expected))
    if len(found) < 2:
        return 0.0
    if (found[expected == 0] > 0).any():
        return float("inf")
    found, expected = found[expected > 0], expected[expected > 0]
    freedom = max(1, len(found) - 1)
    ratio = ((found - expected) ** 2 / expected).sum() / freedom
    spread = 2 / (9 * freedom)
    return float((ratio ** (1 / 3) - (1 - spread)) / np.sqrt(spread))
