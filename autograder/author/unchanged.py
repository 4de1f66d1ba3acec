"""Whether a build would make what is there already. Light to import, so that such a build is over at once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import autograder
from autograder import atomic
from autograder.course.paths import Course, Repository

_PACKAGES = ("nbgrader", "nbformat", "nbconvert", "numpy", "sympy", "torch")
_PASSED_OVER = ("__pycache__", ".ipynb_checkpoints")


def is_built(repository: Repository, course: Course, assignment: str) -> bool:
    """Whether the assignment was built in this course, from the same files, by the same machine, and what was made is
    still there: its source, its release, its committed files, and its row in the course's own gradebook.
    """
    place = _place(course, assignment)
    known = place.is_file() and place.read_text("utf-8") == _digest(repository, course, assignment)
    return known and _in_gradebook(course.gradebook, assignment)


def remember(repository: Repository, course: Course, assignment: str) -> None:
    """Note what a build that has just ended was made of, and what it made."""
    place = _place(course, assignment)
    place.parent.mkdir(exist_ok=True)
    atomic.replace(place, _digest(repository, course, assignment).encode())


def _place(course: Course, assignment: str) -> Path:
    return course.root / ".built" / assignment


def _digest(repository: Repository, course: Course, assignment: str) -> str:
    found = hashlib.sha256(repr([(name, _version(name)) for name in _PACKAGES]).encode())
    for path in _files(repository, course, assignment):
        content = path.read_bytes()
        found.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        found.update(content)
    return found.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # as torch may, which not every assignment needs
        return ""


def _files(repository: Repository, course: Course, assignment: str) -> Iterator[Path]:
    others = {repository.public(name) for name in repository.names() if name != assignment}
    roots = [path for path in sorted(repository.assignments.iterdir()) if path not in others]
    roots += [repository.secret(assignment), repository.data, Path(autograder.__file__).parent]
    roots += [course.source / assignment, course.release / assignment, course.config_file]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and not set(path.parts) & set(_PASSED_OVER):
                yield path


def _in_gradebook(path: Path, assignment: str) -> bool:
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT 1 FROM assignment WHERE name = ?", [assignment]).fetchone() is not None
    except sqlite3.Error:
        return False
