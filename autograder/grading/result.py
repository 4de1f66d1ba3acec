"""The result of one submission: one JSON file, written atomically, byte-identical when nothing changed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from autograder import atomic

OF_EXERCISES = ("changed-after-check", "test-not-finished", "carried-over")  # flags that begin with the exercise's name
OUTCOMES = ("passed", "carried", "failed", "error", "timeout", "gated")
STATUSES = ("graded", "unreadable", "failed")


@dataclass
class TestResult:
    """One test: `outcome` is one of OUTCOMES; points are out of `max_points`, both 0 for a gate.

    message: for the student. note: for the instructor alone.
    """

    __test__ = False  # the name begins with Test; pytest must not collect it

    name: str
    visibility: str
    outcome: str
    points: float
    max_points: float
    message: str = ""
    note: str = ""


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

    def with_second(self, second: Result, given_up: Collection[str] = ()) -> Result:
        """Return this result with the exercises that were graded a second time, and that grading's flags.

        given_up: exercises that the second grading did not get to the end of; they stay as they are here.
        A second grading that failed, or could not be read, is the result.
        """
        if second.status != "graded":
            return second
        again = {exercise.name: exercise for exercise in second.exercises if exercise.name not in given_up}
        exercises = [again.get(exercise.name, exercise) for exercise in self.exercises]
        points = sum(exercise.points for exercise in exercises)
        kept = [flag for flag in self.flags if flag.kind in OF_EXERCISES and not _concerns(flag, again)]
        new = [flag for flag in second.flags if flag.kind not in OF_EXERCISES or not _concerns(flag, given_up)]
        return replace(self, exercises=exercises, flags=[*new, *kept], points=points)

    def to_json(self) -> str:
        """Return the file's text: points with four decimals, a fixed order of keys, a newline at the end."""
        return json.dumps(self.to_data(), indent=1, ensure_ascii=True) + "\n"

    def to_data(self) -> dict[str, Any]:
        """Return what the file holds, as JSON's types."""
        return _plain(self)

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote; ValueError if the text is not a result, or a part of it has another type."""
        try:
            result: Result = _typed(cls, json.loads(text))
        except (TypeError, KeyError, RecursionError, OverflowError) as error:
            raise ValueError(f"not a result: {error}") from error
        outcomes = {test.outcome for exercise in result.exercises for test in exercise.tests}
        if result.status not in STATUSES or not outcomes <= set(OUTCOMES):
            raise ValueError("not a result: it has a status or an outcome that no result has")
        return result

    def write(self, path: Path) -> None:
        """Write atomically: a reader sees the old file or the new one, whatever happens in between."""
        write_atomically(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> Result:
        """Read one result file; ValueError, with its name, if it is not one, OSError if it cannot be read."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is damaged ({error}): run `autograder grade` again, which replaces it") from error


def _concerns(flag: Flag, exercises: Collection[str]) -> bool:
    return re.split(r"[,:]", flag.detail, maxsplit=1)[0] in exercises


def write_atomically(path: Path, text: str) -> None:
    """Put `text` into `path` at once; only its owner may read it, since it tells of grades."""
    atomic.replace(path, text.encode("utf-8"), mode=0o600)


def _typed(kind: Any, value: Any) -> Any:
    """Return `value`, read from JSON, as what a field's annotation says. Raises TypeError or KeyError."""
    if kind is float:
        if type(value) in (int, float) and math.isfinite(value):
            return value
    elif kind is str or kind == str | None:
        if type(value) is str or (value is None and kind is not str):
            return value
    elif type(value) is list and get_args(kind):
        (item,) = get_args(kind)
        return [_typed(item, one) for one in value]
    elif type(value) is dict and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _typed(hints[name], one) for name, one in value.items()})
    raise TypeError(f"{str(value)[:50]!r} is no {getattr(kind, '__name__', kind)}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    """Return a dataclass or a part of it as JSON's types, floats with four decimals."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return round(value, 4) + 0.0
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict) or is_dataclass(value):
        parts = value if isinstance(value, dict) else vars(value)
        return {key: _plain(item) for key, item in parts.items()}
    return value
