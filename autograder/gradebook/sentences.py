"""What the catalogue says of a mistake: the sentence and the question that a student reads in the notebook."""

from __future__ import annotations

from functools import lru_cache

from autograder.course import catalogue
from autograder.course.paths import Repository


def sentence(repository: Repository, assignment: str, exercise: str, mistake: str | None) -> str:
    """Return what a student who makes this mistake reads; its id as words if the catalogue no longer lists it.

    mistake: the id in a result; None, which gives '', if no mistake was recognised.
    """
    if not mistake:
        return ""
    path = repository.mistakes(assignment)
    listed = _sentences(repository, assignment, path.stat().st_mtime_ns) if path.is_file() else {}
    return listed.get((exercise, mistake)) or mistake.replace("_", " ")


@lru_cache(maxsize=16)
def _sentences(repository: Repository, assignment: str, changed: int) -> dict[tuple[str, str], str]:
    """Return the sentences by exercise and id, read once until the catalogue changes."""
    listed = catalogue.mistakes(repository, assignment)
    return {(exercise, entry["id"]): entry["says"] for exercise, entries in listed.items() for entry in entries}
