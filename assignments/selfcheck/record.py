"""The outcome of a test, and the points it earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Record:
    """The outcome of one test.

    visibility: "visible" or "hidden". outcome: "passed", "failed", "error" (the student's code raised), "timeout" or
    "gated" (not run, because a gate of its exercise did not pass). weight: None for a gate.
    message: for the student; of a hidden test one of the sentences of selfcheck.hidden. detail: all that a hidden test
    found, for its author. note: what it adds, for the instructor.
    fault: the test itself could not finish, which is not the student's fault. output: what the student's code printed.
    """

    name: str
    exercise: str
    visibility: str
    outcome: str
    weight: float | None
    message: str = ""
    fault: bool = False
    output: str = ""
    detail: str = ""
    note: str = ""

    @property
    def claim(self) -> str:
        """Return the test's name as a sentence."""
        name, bracket, parameters = self.name.partition("[")
        return name.removeprefix("test_").replace("_", " ") + (f" [{parameters}" if bracket else "")


def visibility(path: Path) -> str:
    """Return a test's visibility by its file's name: hidden_*.py is hidden, everything else visible."""
    return "hidden" if path.name.startswith("hidden_") else "visible"


def earned(records: Sequence[Record], max_points: float) -> list[tuple[Record, float, float]]:
    r"""Share an exercise's points among its tests: $p_i = P\, w_i / \sum_j w_j$ for a passed test, 0 otherwise.

    records: all tests of one exercise. If a gate has not passed, no test earns anything; a gate has no points itself.
    Returns (record, points, max_points) in the order of records.
    """
    total = sum(record.weight or 0 for record in records)
    open_ = all(record.outcome == "passed" for record in records if record.weight is None)
    shares = []
    for record in records:
        share = max_points * (record.weight or 0) / total if total else 0.0
        shares.append((record, share if open_ and record.outcome == "passed" else 0.0, share))
    return shares
