"""What each simulated submission must earn, and the table that compares it with what it got."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder import atomic
from autograder.grading.result import Result

EXPECTED = "expected.json"
_ROUNDING = 1e-4  # result files keep four decimals

Claim = float | dict[str, Any]


@dataclass(frozen=True)
class Expectation:
    """What one submission must get.

    points: exercise -> its exact points, or {"below": x}, {"at_most": x}, {"no_more_than": another student's id}: a
    trick gains nothing over the same code without it. max_points: exercise -> what it is worth in the release.
    flags: kinds that must be there; honest: no other flag may be there, but carried-over where something is wrong.
    """

    student: str
    kind: str
    detail: str
    status: str
    points: dict[str, Claim]
    max_points: dict[str, float]
    flags: tuple[str, ...] = ()
    honest: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the comparison, in words; `ok` if nothing of the result disagrees."""

    student: str
    kind: str
    detail: str
    expected: str
    got: str
    ok: bool


def write_expected(folder: Path, assignment: str, expectations: Sequence[Expectation]) -> None:
    """Write a class's expectations into FOLDER/expected.json, beside those of other assignments."""
    path = folder / EXPECTED
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known.pop(assignment, None)
    known[assignment] = [asdict(one) for one in expectations]
    atomic.replace(path, (json.dumps(known, indent=1) + "\n").encode())


def read_expected(folder: Path, assignment: str | None = None) -> list[Expectation]:
    """Read what `write_expected` wrote of an assignment, by default of the one written last."""
    known = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    students = known[assignment if assignment is not None else list(known)[-1]]
    return [Expectation(**{**one, "flags": tuple(one["flags"])}) for one in students]


def compare(expected: Sequence[Expectation], results: Sequence[Result]) -> list[Row]:
    """One row per student, in the order of `expected`; then one, not ok, per result that nobody expected."""
    got = {result.student: result for result in results}
    rows = []
    for one in expected:
        result = got.pop(one.student, None)
        wrong = ["no result"] if result is None else _disagreements(one, result, {r.student: r for r in results})
        found = [] if result is None else [_in_short(result)]
        rows.append(Row(one.student, one.kind, one.detail, describe(one), "; ".join(found + wrong), not wrong))
    for student, result in got.items():
        rows.append(Row(student, "", "", "nothing of this student was expected", _in_short(result), False))
    return rows


def describe(one: Expectation) -> str:
    """Return an expectation in words: full marks are summed up, everything else is named."""
    if one.status != "graded":
        return one.status
    names = {name: claim for name, claim in one.points.items() if claim != one.max_points[name]}
    rest = sum(one.max_points[name] for name in one.points if name not in names)
    claims: dict[str, list[str]] = {}
    for name, claim in names.items():
        claims.setdefault(_claim_in_words(claim), []).append(name)
    words = [
        f"{words} in {'each' if len(found) == len(one.points) else ', '.join(found)}" for words, found in claims.items()
    ]
    if rest:
        words.insert(0, f"{rest:g} of {sum(one.max_points.values()):g}" if not names else f"{rest:g} in the others")
    flags = [f"flags {', '.join(one.flags)}"] if one.flags else []
    return "; ".join(words + flags)


def _disagreements(one: Expectation, result: Result, results: Mapping[str, Result]) -> list[str]:
    wrong = []
    if result.status != one.status:
        wrong.append(f"status {result.status}, not {one.status}" + (f" ({result.reason})" if result.reason else ""))
    found = {exercise.name: exercise for exercise in result.exercises}
    if list(found) != list(one.points):
        wrong.append(f"exercises {', '.join(found) or 'none'}")
    for name, claim in one.points.items():
        if name not in found:
            continue
        points, worth = found[name].points, found[name].max_points
        if abs(worth - one.max_points[name]) > _ROUNDING:
            wrong.append(f"{name} is worth {worth:g}, not {one.max_points[name]:g}")
        if not _holds(claim, points, name, results):
            wrong.append(f"{name} got {points:g}, expected {_claim_in_words(claim)}")
    if abs(result.points - sum(exercise.points for exercise in result.exercises)) > _ROUNDING * (1 + len(found)):
        wrong.append(f"points {result.points:g} are not the sum of the exercises")
    kinds = {flag.kind for flag in result.flags}
    wrong += [f"no flag {kind}" for kind in one.flags if kind not in kinds]
    if one.honest:
        full = all(claim == one.max_points[name] for name, claim in one.points.items())
        allowed = {*one.flags} if full else {*one.flags, "carried-over"}  # beside what is wrong, others are judged anew
        wrong += [f"flag {kind} on honest work" for kind in sorted(kinds - allowed)]
    return wrong


def _holds(claim: Claim, points: float, name: str, results: Mapping[str, Result]) -> bool:
    if not isinstance(claim, dict):
        return abs(points - claim) < _ROUNDING
    ((relation, bound),) = claim.items()
    if relation == "below":
        return points < bound - _ROUNDING
    if relation == "at_most":
        return points < bound + _ROUNDING
    if relation == "no_more_than":
        try:
            return points < results[bound].exercise(name).points + _ROUNDING
        except KeyError:
            return False  # without the other's result nothing is shown
    raise ValueError(f"{relation!r} is not something to expect of points")


def _claim_in_words(claim: Claim) -> str:
    if not isinstance(claim, dict):
        return f"{claim:g}"
    ((relation, bound),) = claim.items()
    words = {"below": "below", "at_most": "at most", "no_more_than": "no more than"}[relation]
    return f"{words} {bound:g}" if isinstance(bound, int | float) else f"{words} {bound}"


def _in_short(result: Result) -> str:
    points = f"{result.points:.2f}".rstrip("0").rstrip(".")
    return f"{points} of {result.max_points:g}" if result.status == "graded" else result.status
