"""How a class is graded: what the command line asks, for all that take part."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.sandbox.limits import Limits

if TYPE_CHECKING:
    from autograder.grading.queue import Machines


@dataclass(frozen=True)
class Options:
    """How to grade.

    submitted: DIR with STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb (the course's own by default). roster: ids that may submit,
    or None. students: a glob on ids; chosen: of those, these, if not all. jobs: processes (one per core by default).
    results: DIR for ASSIGNMENT/STUDENT.json (the course's own by default). wall: the sandbox. machines: where to grade,
    if not in processes of this run alone; their maker closes them. inputs: the set of inputs that everyone's
    tests get; None for one by student and attempt. carry_over: whether an exercise that calls a wrong one of the
    student's is judged beside that one, too: see autograder.grading.carried. only_changed: of a submission graded
    under an earlier version of the assignment, grade the exercises that have changed since, and keep the rest.
    """

    submitted: Path | None = None
    roster: tuple[str, ...] | None = None
    students: str = "*"
    jobs: int | None = None
    results: Path | None = None
    wall: str = "sandlock"
    limits: Limits = field(default_factory=Limits)
    machines: Machines | None = None
    chosen: frozenset[str] | None = None
    inputs: int | None = None
    carry_over: bool = True
    only_changed: bool = False
