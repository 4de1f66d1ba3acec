"""How a class is graded: what the command line asks, for all that take part."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from autograder.sandbox.limits import Limits


@dataclass(frozen=True)
class Options:
    """How to grade.

    submitted: DIR with STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb (the course's own by default). roster: ids that may submit,
    or None. students: a glob on ids. jobs: processes (one per core by default). results: DIR for
    ASSIGNMENT/STUDENT.json (the course's own by default). wall: the sandbox. executor: anything with the interface of
    concurrent.futures.Executor in place of local processes. only_changed: of a submission graded under an earlier
    version of the assignment, grade the exercises that have changed since, and keep the rest.
    """

    submitted: Path | None = None
    roster: tuple[str, ...] | None = None
    students: str = "*"
    jobs: int | None = None
    results: Path | None = None
    wall: str = "sandlock"
    limits: Limits = field(default_factory=Limits)
    executor: Executor | None = None
    only_changed: bool = False
