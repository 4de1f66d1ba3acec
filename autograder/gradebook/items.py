"""What a class's results say of the exercises as items of an exam: how hard each is, and whom it tells apart.

Difficulty is the mean share of an exercise's points (item facility; 1 means that everybody has all of them).
Discrimination is the corrected item-total correlation: Pearson's r between the share in this exercise and the share in
all the others. Source: R. Ebel and D. Frisbie, Essentials of Educational Measurement, 1991.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.grading.result import Result

FEWEST = 5  # students, below which a correlation says nothing
EASY, HARD, WEAK = 0.95, 0.3, 0.2


@dataclass(frozen=True)
class Item:
    """One exercise: facility (mean share of its points) and discrimination (None where it cannot be told)."""

    name: str
    facility: float
    discrimination: float | None

    @property
    def advice(self) -> str:
        """Return what the two numbers suggest for the next lecture; '' if nothing."""
        if self.discrimination is not None and self.discrimination < 0:
            return "those who are good elsewhere fail here: read its tests and its text"
        if self.facility < HARD:
            return "hard: worth a part of the next lecture"
        if self.facility > EASY:
            return "nearly everybody has it"
        if self.discrimination is not None and self.discrimination < WEAK:
            return "says little about who is good elsewhere"
        return ""


def items(graded: Sequence[Result], names: Sequence[str]) -> list[Item]:
    """Return the exercises as items. graded: results that have points."""
    shares = [{one.name: one.points / one.max_points for one in r.exercises if one.max_points} for r in graded]
    whole = [share for share in shares if share.keys() == set(names)]
    found = []
    for name in names:
        own = [share[name] for share in shares if name in share]
        others = [(share[name], sum(share[other] for other in names if other != name)) for share in whole]
        found.append(Item(name, statistics.fmean(own) if own else 0.0, _correlation(others)))
    return found


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < FEWEST:
        return None
    try:
        return statistics.correlation([one for one, _ in pairs], [other for _, other in pairs])
    except statistics.StatisticsError:  # all have the same
        return None
