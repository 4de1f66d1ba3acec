"""The result of one submission: one JSON file, written atomically, byte-identical when nothing changed."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder import atomic

OF_EXERCISES = ("changed-after-check", "test-not-finished")  # flags whose detail begins with the exercise's name
OUTCOMES = ("passed", "failed", "error", "timeout", "gated")


@dataclass
class TestResult:
    """One test: `outcome` is one of OUTCOMES; points are out of `max_points`, both 0 for a gate."""

    __test__ = False  # the name begins with Test; pytest must not collect it

    name: str
    visibility: str
    outcome: str
    points: float
    max_points: float
    message: str = ""


@dataclass
class ExerciseResult:
    """One exercise: its points are the sum over its tests; `mistake` is the catalogue's id, if one was recognised."""

    name: str
    points: float
    max_points: float
    mistake: str | None = None
    tests: list[TestResult] = field(default_factory=list)


@dataclass
class Flag:
    """Something for the instructor to look at; it never changes points."""

    kind: str
    detail: str = ""


@dataclass
class Result:
    """What grading one submission found.

    status: `graded`; `unreadable` (the submission could not be read: `reason` says why, every exercise has 0 points);
    `failed` (the grader itself failed: no grade, no row in the gradebook).
    key: a hash of all that can change the result; wall: the sandbox in which the student's code ran.
    """

    assignment: str
    student: str
    status: str
    points: float
    max_points: float
    exercises: list[ExerciseResult] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    wall: str = "sandlock"
    key: str = ""
    reason: str = ""

    def exercise(self, name: str) -> ExerciseResult:
        """Return the exercise called `name`; KeyError if the assignment has none."""
        for one in self.exercises:
            if one.name == name:
                return one
        raise KeyError(name)

    def with_second(self, second: Result) -> Result:
        """Return this result with the exercises that were graded a second time, and that grading's flags.

        A second grading that failed, or could not be read, is the result.
        """
        if second.status != "graded":
            return second
        again = {exercise.name: exercise for exercise in second.exercises}
        exercises = [again.get(exercise.name, exercise) for exercise in self.exercises]
        points = sum(exercise.points for exercise in exercises)
        kept = [flag for flag in self.flags if flag.kind in OF_EXERCISES and not _concerns(flag, again)]
        return replace(self, exercises=exercises, flags=[*second.flags, *kept], points=points)

    def to_json(self) -> str:
        """The file's text: points with four decimals, a fixed order of keys, a newline at the end."""
        return json.dumps(_rounded(asdict(self)), indent=1, ensure_ascii=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote; ValueError if the text is not a result."""
        try:
            data = json.loads(text)
            exercises = [
                ExerciseResult(**{**exercise, "tests": [TestResult(**test) for test in exercise["tests"]]})
                for exercise in data.pop("exercises")
            ]
            flags = [Flag(**flag) for flag in data.pop("flags")]
            return cls(exercises=exercises, flags=flags, **data)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a result file: {error}") from error

    def write(self, path: Path) -> None:
        """Write atomically: a reader sees the old file or the new one, whatever happens in between."""
        write_atomically(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> Result:
        """Read one result file; ValueError if it is not one, OSError if it cannot be read."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def _concerns(flag: Flag, exercises: Collection[str]) -> bool:
    return re.split(r"[,:]", flag.detail, maxsplit=1)[0] in exercises


def write_atomically(path: Path, text: str) -> None:
    """Put `text` into `path` at once; only its owner may read it, since it tells of grades."""
    atomic.replace(path, text.encode("utf-8"), mode=0o600)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
