"""Writes results as nbgrader's autograde converter does, row for row and byte for byte, in a fraction of its time.

The converter opens the gradebook nine times for a submission, looks every cell up by a query of its own and converts
the notebook twice. Here the rows of a student are read and written with one statement for each table, and the notebook
is put together once. Both come to the same where a course leaves nbgrader's steps as they are and the gradebook knows
the release, see `writer_for`; anywhere else the converter is run.
"""

from __future__ import annotations

import copy
import json
import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbconvert.writers import FilesWriter
from nbformat import NotebookNode
from nbgrader import api, utils
from nbgrader import preprocessors as steps
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload, load_only
from traitlets.config import Config, Configurable, LazyConfigValue
from traitlets.utils.importstring import import_item

from autograder import atomic
from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository
from autograder.course.policies import course_policies
from autograder.gradebook import harmless
from autograder.gradebook.lateness import CoursePenalty, penalize, set_submission_times
from autograder.gradebook.nbgrader_course import SECRET, TIMESTAMP, read_timestamp, submission_secret
from autograder.gradebook.read_once import ReadOnce, read_once
from autograder.gradebook.restored import released, restored_notebook, stand_in
from autograder.gradebook.sentences import sentence
from autograder.gradebook.shown_tests import tests_output
from autograder.grading.result import Result

_MODE = 0o444  # nbgrader's, of files that it has autograded
_SUBMITTED = (api.SubmittedAssignment.student_id, api.SubmittedAssignment.timestamp, api.SubmittedAssignment.extension)
_PART = (api.SubmittedNotebook.assignment_id, api.SubmittedNotebook.late_submission_penalty)
_ASSIGNMENT = (api.Assignment.name, api.Assignment.duedate)

# nbgrader's steps: those that change nothing in a notebook put together from the release, and those of the gradebook.
_IDLE = {
    *(steps.ClearOutput, steps.DeduplicateIds, steps.OverwriteKernelspec, steps.OverwriteCells, steps.IgnorePattern),
    *(steps.CheckCellMetadata, steps.LimitOutput, steps.Execute, ClearMetadataPreprocessor),
}
_NEEDED = {steps.SaveAutoGrades, steps.AssignLatePenalties}
# What a configuration may set of the classes at work without changing a row or a file.
_FREE = {
    "CourseDirectory": {"root", "db_url", "course_id", "ignore", "submitted_directory"},
    "Autograde": {"exporter_class", "sanitize_preprocessors", "autograde_preprocessors"},
    "AssignLatePenalties": {"plugin_class"},
}
_AT_WORK = {
    parent.__name__
    for part in (Autograde, FilesWriter, CourseDirectory, NotebookExporter, *_IDLE, *_NEEDED)
    for parent in part.__mro__
    if issubclass(parent, Configurable)
}


class NotGraded(Exception):
    """The grader's own fault: the submission has no result, and its student must not get a zero for that."""


def fill_in(notebook: NotebookNode, result: Result, repository: Repository) -> None:
    """Write each exercise's points and tests as the output of its test cell."""
    exercises = {exercise.name: exercise for exercise in result.exercises}
    for cell in filter(cells.is_test, notebook.cells):
        name = cells.grade_id(cell) or ""
        if name not in exercises:
            raise NotGraded(f"the result of {result.student} has no exercise {name}: build and grade again")
        said = sentence(repository, result.assignment, name, exercises[name].mistake)
        cell.outputs = [tests_output(exercises[name], cells.points(cell), result.status, said)]


def written(notebook: NotebookNode) -> str:
    """Return the text of an autograded notebook, as nbgrader's exporter orders it and as compact JSON; it is valid."""
    nbformat.validate(notebook)
    return json.dumps(notebook, ensure_ascii=False, sort_keys=True) + "\n"


def answers(notebook: Path) -> dict[str, str]:
    """Return the text of each graded cell of an autograded notebook, with its pictures; none if it is not there."""
    return _answers(cells.read(notebook)) if notebook.is_file() else {}


def writer_for(
    course: Course, repository: Repository, assignment: str, submitted: Path, config: Config, log: logging.Logger
) -> Writer | None:
    """Return what writes the assignment's results; None where the configuration or the gradebook asks for more.

    submitted: the folder of submissions. config, log: see `nbgrader_course.opened`, inside of which this is called.
    """
    if not _leaves_steps(config):
        return None
    writer = Writer(course, repository, assignment, submitted, config, log)
    try:
        return writer if writer.knows_release() else None
    except (ValueError, RuntimeError):  # MissingEntry, checksums that contradict: nbgrader tells of it, by student
        return None


class Writer:
    """Writes the results of one assignment into the gradebook and into autograded/; see `writer_for`."""

    def __init__(
        self,
        course: Course,
        repository: Repository,
        assignment: str,
        submitted: Path,
        config: Config,
        log: logging.Logger,
    ) -> None:
        self.course, self.repository, self.assignment, self.submitted = course, repository, assignment, submitted
        self.url, self.course_id, self.log = config.CourseDirectory.db_url, config.CourseDirectory.course_id, log
        self.policies = course_policies(course)
        self.plugin = CoursePenalty(config=config)
        self.assignment_id = self.notebook_id = ""
        self.graded: dict[str, str] = {}  # the ids of cells in the gradebook, by name
        self.commented: dict[str, str] = {}

    def knows_release(self) -> bool:
        """Return whether nbgrader would leave the release's cells as they are, and the gradebook has their rows."""
        release = self._release()
        sanitized, where = copy.deepcopy(release), {"notebook": self.assignment, "assignment": self.assignment}
        with read_once():
            for step in (steps.OverwriteKernelspec, steps.OverwriteCells):
                sanitized, _ = step(log=self.log).preprocess(sanitized, {"nbgrader": {**where, "db_url": self.url}})
        with closing(ReadOnce(self.url, self.course_id)) as gradebook:
            (notebook, *others) = gradebook.find_assignment(self.assignment).notebooks
            self.graded = {cell.name: cell.id for cell in (*notebook.grade_cells, *notebook.task_cells)}
            self.commented = {cell.name: cell.id for cell in (*notebook.solution_cells, *notebook.task_cells)}
            self.assignment_id, self.notebook_id = notebook.assignment_id, notebook.id
        graded = {cells.grade_id(cell) for cell in release.cells if utils.is_grade(cell) or utils.is_task(cell)}
        commented = {cells.grade_id(cell) for cell in release.cells if utils.is_solution(cell) or utils.is_task(cell)}
        same = (graded, commented) == (self.graded.keys(), self.commented.keys())
        return same and sanitized == release and not others

    def write(self, result: Result) -> str:
        """Write a result; return why that did not work, or nothing: then all is as it was.

        Raises SQLAlchemyError or OSError where the database or a file cannot be used.
        """
        self.log.info("%s of %s: recording", self.assignment, result.student)
        try:
            notebook = self._notebook(result)
            files = self._files(result.student, written(notebook))
            with Session(api.create_engine(self.url, echo=False, future=True)) as session:
                self._rows(session, result.student, notebook)
                with atomic.all_or_none(files):
                    for path in (path for path, content in files.items() if content is not None):
                        path.chmod(_MODE)
                    session.commit()
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:  # one student's rows or notebook: the others are recorded
            self.log.exception("%s of %s was not recorded", self.assignment, result.student)
            return harmless.line(str(error) or type(error).__name__)
        return ""

    def _release(self) -> NotebookNode:
        return released(self.course.release_notebook(self.assignment))

    def _notebook(self, result: Result) -> NotebookNode:
        if result.status == "unreadable":
            notebook = stand_in(self._release(), result.reason)
        else:
            handed_in = self.submitted / result.student / self.assignment / f"{self.assignment}.ipynb"
            notebook = restored_notebook(handed_in, self.submitted, self.course.release_notebook(self.assignment))
        fill_in(notebook, result, self.repository)
        return notebook

    def _files(self, student: str, text: str) -> dict[Path, bytes | None]:
        """Return what the student's folder in autograded/ holds afterwards, and None for what it held beside that."""
        handed_in, folder = (root / student / self.assignment for root in (self.submitted, self.course.autograded))
        before = [path for path in folder.rglob("*") if not path.is_dir()] if folder.is_dir() else []
        found: dict[Path, bytes | None] = dict.fromkeys(before)
        found[folder / f"{self.assignment}.ipynb"] = text.encode()
        if read_timestamp(handed_in / TIMESTAMP, self.policies.zone)[0] is not None:
            found[folder / TIMESTAMP] = (handed_in / TIMESTAMP).read_bytes()
        if secret := submission_secret(handed_in):
            found[folder / SECRET] = secret.encode("ascii")
        return found

    def _rows(self, session: Session, student: str, notebook: NotebookNode) -> None:
        submission, part = self._submission(session, student)
        new = part.id is None
        set_submission_times(submission, self.policies, self.submitted)
        session.flush()
        self._write_grades(session, student, part.id, new, notebook)
        self._write_comments(session, part.id, new, notebook)
        penalize(submission, part, self.plugin, self.policies.rules(self.assignment))

    def _submission(self, session: Session, student: str) -> tuple[api.SubmittedAssignment, api.SubmittedNotebook]:
        """Return the rows of a student's submission and of its notebook, which have no id yet if they are new."""
        submitted, part = api.SubmittedAssignment, api.SubmittedNotebook
        query = select(submitted, part).join(part, part.assignment_id == submitted.id)
        query = query.where(submitted.assignment_id == self.assignment_id, submitted.student_id == student)
        known = joinedload(submitted.assignment).load_only(*_ASSIGNMENT)
        query = query.options(load_only(*_SUBMITTED), load_only(*_PART), known)
        found = session.execute(query).one_or_none()
        if found is not None:
            return found[0], found[1]
        if session.scalar(select(api.Student.id).where(api.Student.id == student)) is None:
            session.execute(insert(api.Student.__table__), {"id": student})
        assignment = session.get_one(api.Assignment, self.assignment_id, options=[load_only(*_ASSIGNMENT)])
        submission = submitted(assignment=assignment, student_id=student)
        new = part(assignment=submission, notebook_id=self.notebook_id)
        session.add_all([submission, new])
        return submission, new

    def _write_grades(self, session: Session, student: str, part: str, new: bool, notebook: NotebookNode) -> None:
        """Write what nbgrader's SaveAutoGrades does; a grade that a person gave stays settled if nothing changed."""
        scores = {self.graded[name]: utils.determine_grade(cell, self.log)[0] for name, cell in _graded(notebook)}
        if new:
            rows = [
                {"notebook_id": part, "cell_id": cell, "auto_score": score, "needs_manual_grade": score is None}
                for cell, score in ((cell, scores.get(cell)) for cell in self.graded.values())
            ]
            session.execute(insert(api.Grade.__table__), rows)
            return
        table = api.Grade.__table__.c
        columns = (table.cell_id, table.id, table.auto_score, table.manual_score, table.needs_manual_grade)
        known = {row.cell_id: row for row in session.execute(select(*columns).where(table.notebook_id == part))}
        same = self._same_answers(student, notebook, known.values())
        changed = []
        for cell, score in scores.items():
            row = _row(known, cell, "grade")
            settled = row.manual_score is not None and not row.needs_manual_grade
            unchanged = settled and row.auto_score == score and cell in same
            needed = not unchanged and (score is None or row.manual_score is not None)
            if (row.auto_score, row.needs_manual_grade) != (score, needed):
                changed.append({"row": row.id, "auto_score": score, "needs_manual_grade": needed})
        _update(session, api.Grade.__table__, changed)

    def _same_answers(self, student: str, notebook: NotebookNode, grades: Any) -> set[str]:
        """Return the ids of graded cells whose text is that of the notebook which is there, if a person has graded."""
        if not any(row.manual_score is not None and not row.needs_manual_grade for row in grades):
            return set()
        before = answers(self.course.autograded / student / self.assignment / f"{self.assignment}.ipynb")
        return {self.graded[name] for name, text in _answers(notebook).items() if before.get(name) == text}

    def _write_comments(self, session: Session, part: str, new: bool, notebook: NotebookNode) -> None:
        notes = {self.commented[name]: _automatic_comment(cell) for name, cell in _commented(notebook)}
        if new:
            rows = [
                {"notebook_id": part, "cell_id": cell, "auto_comment": notes.get(cell)}
                for cell in self.commented.values()
            ]
            session.execute(insert(api.Comment.__table__), rows)
            return
        table = api.Comment.__table__.c
        columns = (table.cell_id, table.id, table.auto_comment)
        known = {row.cell_id: row for row in session.execute(select(*columns).where(table.notebook_id == part))}
        changed = []
        for cell, note in notes.items():
            row = _row(known, cell, "comment")
            if row.auto_comment != note:
                changed.append({"row": row.id, "auto_comment": note})
        _update(session, api.Comment.__table__, changed)


def _leaves_steps(config: Config) -> bool:
    """Return whether a course's configuration leaves all that `nbgrader autograde` does to a row or a file as it is."""
    if any(set(config[section]) - _FREE.get(section, set()) for section in _AT_WORK & config.keys()):
        return False
    settings, ours = config.Autograde, f"{__package__}.gradebook.GradeInSandbox"
    if any(isinstance(value, LazyConfigValue) for value in settings.values()):  # nbgrader's own list with more steps
        return False
    before = {_class_of(step) for step in settings.get("sanitize_preprocessors", ())}
    after = {_class_of(step) for step in settings.get("autograde_preprocessors", _NEEDED) if step != ours}
    return (
        before <= _IDLE
        and _NEEDED <= after <= _IDLE | _NEEDED
        and _class_of(config.AssignLatePenalties.plugin_class) is CoursePenalty
    )


def _class_of(named: Any) -> Any:
    """Return the class that a configuration names; the name, if there is none of that name."""
    try:
        return import_item(named) if isinstance(named, str) else named
    except ImportError:
        return named


def _graded(notebook: NotebookNode) -> list[tuple[str, NotebookNode]]:
    return [(cells.grade_id(cell) or "", cell) for cell in notebook.cells if utils.is_grade(cell)]


def _commented(notebook: NotebookNode) -> list[tuple[str, NotebookNode]]:
    found = (cell for cell in notebook.cells if utils.is_solution(cell) or utils.is_task(cell))
    return [(cells.grade_id(cell) or "", cell) for cell in found]


def _automatic_comment(cell: NotebookNode) -> str | None:
    """Return what `nbgrader.preprocessors.SaveAutoGrades` says of an answer."""
    untouched = cells.part(cell).get("checksum") == utils.compute_checksum(cell) and not utils.is_task(cell)
    return "No response." if untouched else None


def _answers(notebook: NotebookNode) -> dict[str, str]:
    return {name: f"{cell.source}\n{cell.get('attachments', '')}" for name, cell in _graded(notebook)}


def _row(known: dict[str, Any], cell: str, kind: str) -> Any:
    if cell not in known:
        raise api.MissingEntry(f"the gradebook has no {kind} of the cell {cell} for this submission")
    return known[cell]


def _update(session: Session, table: Any, changed: list[dict[str, Any]]) -> None:
    """Update rows of a table, in one statement. changed: the new values of each, and its id as `row`."""
    if changed:
        values: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name != "row"}
        session.connection().execute(update(table).where(table.c.id == bindparam("row")).values(values), changed)
