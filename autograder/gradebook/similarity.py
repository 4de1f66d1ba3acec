"""Pairs of submissions that share unusually much code, side by side: a hint for a person, never a grade.

Code is compared as copydetect does it (winnowing, the method of MOSS): names, strings and comments do not count, so
that renaming hides nothing. Left out are the released notebook's code, and what so many students have that it says
nothing: the usual way to write an exercise.

Source: S. Schleimer, D. Wilkerson, A. Aiken, Winnowing: local algorithms for document fingerprinting, 2003.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.gradebook import harmless
from autograder.gradebook.shown_tests import POLICY, TEMPLATES, page_environment
from autograder.grading.assignment import NotBuilt
from autograder.grading.batch import handed_in
from autograder.grading.result import write_atomically
from autograder.grading.submission import Unreadable, read_bytes

GRAM = 25  # characters of code without names: the shortest piece that is compared
LEAST_SHARED = 120  # characters: less is chance
MASS = 0.1  # of the class, and at least FEW students: what is that common, everyone writes
FEW = 5
LONGEST_CODE = 300_000  # characters of one submission
MOST_PAIRS = 200


@dataclass(frozen=True)
class Side:
    """One student's code in pieces: text, and whether the other has it too. percent: of the code that was compared."""

    student: str
    percent: int
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Pair:
    """Two submissions; shared: characters, without names, strings and comments, that both have."""

    left: Side
    right: Side
    shared: int


@dataclass(frozen=True)
class Pairs:
    """What was found: the pairs, most alike first, how many submissions were compared, and which could not be."""

    assignment: str
    compared: int
    pairs: tuple[Pair, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    mass: int = 0


def find_pairs(course: Course, assignment: str, submitted: Path | None = None, least: float = 0.5) -> Pairs:
    """Compare all submissions of an assignment. least: share of one side's code that both must have.

    Raises NotBuilt if the assignment was not built in this course.
    """
    release = course.release_notebook(assignment)
    if not release.is_file():
        raise NotBuilt(f"{assignment} was not built in {course.root}: run `autograder build {assignment}` first")
    given = [cell.source for cell in cells.read(release).cells if cell.cell_type == "code"]
    codes, left_out = _codes((submitted or course.submitted).resolve(), assignment, set(map(str.strip, given)))
    prints = {student: _fingerprint(student, code) for student, code in codes.items()}
    mass = max(FEW, round(MASS * len(prints)))
    have = Counter(one for fingerprint in prints.values() for one in fingerprint.hashes)
    usual = {one for one, students in have.items() if students > mass} | _fingerprint(
        "release", "\n".join(given)
    ).hashes
    for fingerprint in prints.values():
        _without(fingerprint, usual)
    found = [pair for names in _candidates(prints) if (pair := _pair(names, prints, least)) is not None]
    found.sort(key=lambda pair: (-pair.shared, pair.left.student, pair.right.student))
    return Pairs(assignment, len(prints), tuple(found[:MOST_PAIRS]), left_out, mass)


def write_pairs(found: Pairs, path: Path) -> None:
    """Write the page: it runs nothing and loads nothing, and all students' text in it is escaped."""
    text = page_environment().get_template("similar.html.j2").render(
        found=found, policy=POLICY, style=(TEMPLATES / "page.css").read_text(encoding="utf-8"), most=MOST_PAIRS
    )  # fmt: skip
    write_atomically(path, text)


def _codes(submitted: Path, assignment: str, given: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return each student's own code, and why some have none."""
    codes, left_out = {}, {}
    for student in handed_in(submitted, assignment) if submitted.is_dir() else ():
        try:
            data = json.loads(read_bytes(submitted / student / assignment / f"{assignment}.ipynb", submitted))
            sources = [_source(cell) for cell in data["cells"] if cell.get("cell_type") == "code"]
        except (Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            left_out[student] = "it is no notebook that can be read"
            continue
        code = "\n\n".join(source for source in sources if source.strip() and source.strip() not in given)
        if len(code) > LONGEST_CODE:
            left_out[student] = f"it has more than {LONGEST_CODE} characters of code"
        elif code:
            codes[student] = harmless.unicode(code)
    return codes, left_out


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(part for part in source if isinstance(part, str))


def _fingerprint(student: str, code: str) -> Any:
    """copydetect's fingerprint of a text: each piece of GRAM characters, and its place."""
    from copydetect.detector import CodeFingerprint  # it imports matplotlib, which takes half a second

    return CodeFingerprint(f"{student}.py", GRAM, 1, language="python", fp=io.StringIO(code))


def _without(fingerprint: Any, usual: set[int]) -> None:
    """Take these pieces out; what is left is what percentages are of."""
    from copydetect.utils import get_token_coverage

    fingerprint.hashes = {one for one in fingerprint.hashes if one not in usual}
    fingerprint.hash_idx = {one: fingerprint.hash_idx[one] for one in fingerprint.hashes}
    fingerprint.token_coverage = get_token_coverage(fingerprint.hash_idx, GRAM, len(fingerprint.filtered_code))


def _candidates(prints: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pairs that share anything."""
    students: dict[int, list[str]] = {}
    for student, fingerprint in prints.items():
        for one in fingerprint.hashes:
            students.setdefault(one, []).append(student)
    shared = Counter(pair for having in students.values() for pair in combinations(having, 2))
    return sorted(pair for pair, pieces in shared.items() if pieces + GRAM > LEAST_SHARED)


def _pair(names: tuple[str, str], prints: Mapping[str, Any], least: float) -> Pair | None:
    from copydetect.detector import compare_files

    left, right = (prints[name] for name in names)
    shared, likeness, places = compare_files(left, right)
    if shared < LEAST_SHARED or max(likeness) < least:
        return None
    sides = [
        Side(
            name,
            min(100, round(100 * float(share))),
            tuple(_pieces(prints[name].raw_code, list(zip(*at, strict=True)))),
        )
        for name, share, at in zip(names, likeness, places, strict=True)
    ]
    return Pair(sides[0], sides[1], int(shared))


def _pieces(code: str, places: Sequence[tuple[Any, Any]]) -> Iterable[tuple[str, bool]]:
    """Yield the code cut at the places that both have."""
    end = 0
    for start, stop in sorted((int(start), int(stop)) for start, stop in places):
        if start > end:
            yield code[end:start], False
        if stop > end:
            yield code[max(start, end) : stop], True
            end = stop
    if end < len(code):
        yield code[end:], False
