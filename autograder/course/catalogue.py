"""The catalogues of an assignment: other right solutions of its exercises, and named mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import load_reference, shown_path


def mistake(
    *, id: str, old: str, new: str = "", says: str, exempt: str | None = None, of: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return an entry of MISTAKES: a patch on the reference's solution, and the sentence for a student who makes it.

    old: occurs exactly once in the solution; new takes its place. says: what the result equals, and the question that
    leads on; never the line to write. exempt: why the self-checker cannot name the mistake, if it cannot. of: by
    output, what to say where that output alone is the mistake's.
    """
    entry: dict[str, Any] = {"id": id, "old": old, "new": new, "says": says, "exempt": exempt}
    return entry | ({"of": of} if of else {})


def right(repository: Repository, assignment: str) -> dict[str, dict[str, str]]:
    """RIGHT of solutions/aN/right.py: by exercise and variant, the code of a right solution.

    Raises SourceError, naming the file, if it is missing, raises, or holds no such dictionary.
    """
    return _dictionary(repository.right(assignment), "RIGHT")


def mistakes(repository: Repository, assignment: str) -> dict[str, list[dict[str, Any]]]:
    """MISTAKES of solutions/aN/mistakes.py: by exercise, what `mistake` returns for each.

    Raises SourceError, naming the file, if it is missing, raises, or holds no such dictionary.
    """
    return _dictionary(repository.mistakes(assignment), "MISTAKES")


def _dictionary(path: Path, name: str) -> dict[str, Any]:
    where = shown_path(path)
    if not path.is_file():
        raise SourceError([Problem(where, f"the file is missing: write it, with {name} in it.")])
    found = getattr(load_reference(path), name, None)
    if not isinstance(found, dict):
        raise SourceError([Problem(where, f"it has no dictionary called {name}.")])
    return found
