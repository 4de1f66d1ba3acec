"""What need not be done again: a result that the gradebook holds as it is, a page that shows what the gradebook holds.

Of each student a digest is kept of all that the work was made from and of what came of it, in the database and on
disk. As long as both are the same, there is nothing to do. The digests stand in a file beside the results, one line
each, the last of a student counts; without the file all is done again, and nothing else is lost.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy.orm import Session

from autograder.course import policies, roster, variants
from autograder.course.paths import Course
from autograder.course.policies import course_policies
from autograder.gradebook.shown_tests import TEMPLATES
from autograder.grading.installed import grader_code
from autograder.grading.result import Result
from autograder.grading.submission import Unreadable, read_bytes

_STATED = {
    api.Grade: ("auto_score", "manual_score", "extra_credit", "needs_manual_grade"),
    api.Comment: ("auto_comment", "manual_comment"),
}
State = dict[str, list[Any]]


class Kept:
    """The digests of one kind of work, by student, in the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digests: dict[str, str] = {}
        with suppress(FileNotFoundError):
            for line in path.read_text("utf-8", "replace").splitlines():
                with suppress(ValueError, TypeError):  # half a line, of a run that was killed
                    student, digest = json.loads(line)
                    self.digests[student] = digest

    def holds(self, student: str, digest: str) -> bool:
        """Return whether this is the digest that was kept last."""
        return bool(digest) and self.digests.get(student) == digest

    def keep(self, student: str, digest: str) -> None:
        """Note what the work has come to."""
        if not digest or self.holds(student, digest):
            return
        self.digests[student] = digest
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps([student, digest]) + "\n")  # first an end to what was not finished


def states(db_url: str, assignment: str, students: Collection[str] | None = None) -> State:
    """Return all that the gradebook holds of an assignment, by student: of all of them, or of these."""
    with Session(api.create_engine(db_url, echo=False, future=True)) as session:
        return _states(session, assignment, students)


def _states(session: Session, assignment: str, students: Collection[str] | None) -> State:
    found: State = defaultdict(list)
    submitted, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    of = [api.Assignment.name == assignment, *([] if students is None else [submitted.student_id.in_(students)])]
    query = session.query(
        submitted.student_id, submitted.timestamp, submitted.extension, api.Assignment.duedate,
        notebook.late_submission_penalty,
    )  # fmt: skip
    query = query.join(api.Assignment, api.Assignment.id == submitted.assignment_id)
    query = query.join(notebook, notebook.assignment_id == submitted.id)
    for name, *row in query.filter(*of):
        found[name].append(row)
    for kind, columns in _STATED.items():
        query = session.query(submitted.student_id, kind.cell_id, *(getattr(kind, column) for column in columns))
        query = query.join(notebook, notebook.id == kind.notebook_id)
        query = query.join(submitted, submitted.id == notebook.assignment_id)
        query = query.join(api.Assignment, api.Assignment.id == submitted.assignment_id)
        for name, *row in query.filter(*of).order_by(kind.cell_id):
            found[name].append(row)
    return found


def same_for_all(course: Course, assignment: str) -> tuple[str, ...]:
    """Return what notebooks and pages of all students are made from."""
    rules, now = course_policies(course).rules(assignment), datetime.now(UTC)
    seen = repr([rules.shows(visibility, now) for visibility in ("visible", "hidden")] + [rules.over(now)])
    paths = [course.release_notebook(assignment), course.config_file]
    paths += [course.root / name for name in (policies.NAME, roster.NAME)] + [variants.record(course, assignment)]
    return (_machinery(), seen, *(_content(path, course.root) for path in paths))


def made_from(submitted: Path, result: Result, common: tuple[str, ...]) -> str:
    """Digest of what a row and an autograded notebook are made from.

    submitted: the folder of submissions. common: what `same_for_all` says.
    """
    handed_in = submitted / result.student / result.assignment
    files = (handed_in / f"{result.assignment}.ipynb", handed_in / "timestamp.txt")
    return _digest(result.to_data(), common, *(_content(path, submitted) for path in files))


def recorded(course: Course, result: Result, source: str, state: State) -> str:
    """Digest of what a result in the gradebook was made from, as `made_from` tells, and of what it is there.

    '' if it is not there.
    """
    if result.student not in state:
        return ""
    made = course.autograded / result.student / result.assignment / f"{result.assignment}.ipynb"
    return _digest(source, _place(made), state[result.student])


def shown(course: Course, assignment: str, student: str, state: State, common: tuple[str, ...]) -> str:
    """Digest of what a feedback page shows and of the page; '' if there is none."""
    notebook = course.autograded / student / assignment / f"{assignment}.ipynb"
    page = course.feedback / student / assignment / f"{assignment}.html"
    return _digest(common, _place(notebook), _place(page), state.get(student)) if page.is_file() else ""


@cache
def _machinery() -> str:
    """Return all code and templates that make notebooks and pages."""
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("nbgrader", "nbconvert", "nbformat")]
    pages = [_content(path, TEMPLATES) for path in sorted(TEMPLATES.rglob("*")) if path.is_file()]
    return _digest(grader_code(), *packages, *pages)


def _content(path: Path, inside: Path) -> str:
    """Digest of a file, or why it cannot be read."""
    try:
        return hashlib.sha256(read_bytes(path, inside)).hexdigest()
    except Unreadable as error:
        return str(error)


def _place(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "none"
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()
