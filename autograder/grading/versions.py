"""What a result was made from, exercise by exercise: so that after a change only the exercises it concerns are graded.

A result's key says whether anything has changed. Beside the results a file of versions says, for each assignment and
machine that has graded here, what each exercise depends on: its tests, its mistakes, its points. A stored result whose
key belongs to one of them can be brought to the present by grading the exercises that differ. What all exercises depend
on (the reference, cases, given code, helpers of the tests, data, the machine) makes all of them differ.
"""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.catalogue import read_mistakes
from autograder.course.loading import load_file
from autograder.course.marked_tests import marked_tests, name_of_test
from autograder.course.notebook import EXERCISE, GIVEN
from autograder.grading.assignment import Assignment, code_hash, file_hash
from autograder.grading.carried import called_by
from autograder.grading.result import write_atomically

MOST_KEPT = 20  # versions of an assignment


@dataclass(frozen=True)
class Version:
    """A hash of what each exercise depends on alone, of each test by `EXERCISE NAME`, and of what all depend on.

    key: what results made from it have in their keys.
    """

    key: str
    common: str
    exercises: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)

    def changed(self, earlier: Version) -> tuple[str, ...]:
        """Return the exercises that differ from an earlier version."""
        if self.common != earlier.common:
            return tuple(self.exercises)
        return tuple(name for name, digest in self.exercises.items() if earlier.exercises.get(name) != digest)


def version_of(assignment: Assignment, key: str, machine: str) -> Version:
    """Return the assignment's present version. machine: what of the machine can change a result."""
    files, name = assignment.repository, assignment.name
    tests: dict[str, str] = {}
    rest = [machine, assignment.seed.hex(), code_hash(files.selfcheck)]
    for path in (files.visible(name), files.hidden(name)):
        found, helpers = _split(path)
        tests |= {f"{exercise} {test}": f"{path.name} {digest}" for (exercise, test), digest in found.items()}
        rest.append(helpers)
    rest += [f"{path.name} {file_hash(path)}" for path in (files.cases(name), *assignment.tests_data)]
    rest += [file_hash(path) for path in sorted(files.handed_in(name).glob("*"))]
    rest += [cell.source for cell in assignment.cells if cell.role in (GIVEN, EXERCISE)]
    rest += list(assignment.points)
    solutions = {cell.exercise: cell.source for cell in assignment.cells if cell.role == EXERCISE}
    right = getattr(load_file(path), "RIGHT", {}) if (path := files.right(name)).is_file() else {}
    listed = read_mistakes(path) if (path := files.mistakes(name)).is_file() else {}
    exercises = {
        exercise: _digest(
            points, listed.get(exercise), {test: made for test, made in tests.items() if test.split(" ")[0] == exercise}
        )
        for exercise, points in assignment.points.items()
    }
    beside = {  # whether they are right decides what is carried over
        exercise: [exercises[step] for step in sorted(called_by([exercise], solutions, right)) if step in exercises]
        for exercise in exercises
    }
    whole = {exercise: _digest(own, right.get(exercise), beside[exercise]) for exercise, own in exercises.items()}
    return Version(key, _digest(*rest), whole, tests)


def _split(path: Path) -> tuple[dict[tuple[str, str], str], str]:
    """Return a hash of each marked test, by exercise and name, and one of all else in the file."""
    text = path.read_text(encoding="utf-8")
    marks: dict[str, set[str]] = {}
    for test in marked_tests(path):
        marks.setdefault(test.name, set()).add(test.exercise)
    found: dict[tuple[str, str], str] = {}
    rest: list[str] = []
    for node in ast.parse(text).body:
        # decorators and the docstring's place included; comments and blank lines change nothing
        shown = ast.dump(node)
        name = name_of_test(node)
        found |= {(exercise, name): _digest(shown) for exercise in marks.get(name, ())}
        if name not in marks:
            rest.append(shown)
    return found, _digest(*rest)


def _digest(*parts: Any) -> str:
    return hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "backslashreplace")).hexdigest()


def known_versions(path: Path) -> list[Version]:
    """Return the versions in a file, the newest first; none if there is no such file or it is damaged."""
    try:
        return [Version(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def remember(path: Path, version: Version) -> list[Version]:
    """Put the version first in the file; return all that are in it now."""
    versions = [version, *(one for one in known_versions(path) if one.key != version.key)][:MOST_KEPT]
    write_atomically(path, json.dumps([vars(one) for one in versions], indent=1) + "\n")
    return versions
