"""Results into nbgrader's gradebook and autograded notebooks, as nbgrader's autograde converter would put them there.

Late penalties, the zero of an unanswered question, manual grades and formgrader work as nbgrader's documentation says.
`autograder grade` writes with `gradebook.writer`, or runs the converter where a course's configuration asks for more;
`nbgrader autograde` and formgrader's button run it themselves. Then two things stand in other places than usual.
`SubmissionExporter` reads the submission (a stranger's file) and hands the converter a notebook that it cannot stumble
over. `GradeInSandbox`, in the place of `nbgrader.preprocessors.Execute`, runs nothing here: it asks for the
submission's result and writes each exercise's points as the output of its test cell, where nbgrader's
`determine_grade` looks for them.

| result | gradebook | autograded notebook |
|---|---|---|
| graded | points of each exercise; a written answer waits for a person, or has 0 if untouched | with tables of tests |
| unreadable | 0 in every exercise and written question | the reason, and the graded cells |
| failed | nothing new: no row, or the row of an earlier run as it was | none, or the earlier one |
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, DeduplicateIds, Execute, NbGraderPreprocessor
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Any as AnyTrait
from traitlets import Integer, Unicode
from traitlets.config import Config

from autograder.course.lock import locked
from autograder.course.paths import Course, Repository
from autograder.gradebook.current import Kept, made_from, recorded, same_for_all, states
from autograder.gradebook.database import fault_of_record
from autograder.gradebook.lateness import set_times
from autograder.gradebook.nbgrader_course import (
    Chosen,
    Folders,
    committed_once,
    forget_empty_submission,
    opened,
)
from autograder.gradebook.read_once import read_once
from autograder.gradebook.restored import released, restored_notebook, restorer, stand_in
from autograder.gradebook.writer import NotGraded, answers, fill_in, writer_for, written
from autograder.grading.assignment import NotBuilt
from autograder.grading.batch import grade_one
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import Unreadable, check_student_id

_TOGETHER = 50  # students whose rows are read again together


class SubmissionExporter(NotebookExporter):
    """Reads a submission into the notebook that nbgrader then works on; see `autograder.gradebook.restored`."""

    _written: tuple[str, NotebookNode] | None = None  # the text of the last notebook, and what it says

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[Any, Any]:
        """As nbconvert's; a notebook in the folder of submissions is restored first, and may even be missing."""
        where = resources["nbgrader"]
        folder = _coursedir(self)
        submitted = Path(folder.format_path(folder.submitted_directory, ".", "."))
        if not Path(filename).is_relative_to(submitted):
            text, notebook = self._written or ("", None)
            if notebook is None or Path(filename).read_text(encoding="utf-8") != text:
                return super().from_filename(filename, resources=resources, **kwargs)
            resources["metadata"] = {"name": where["notebook"], "path": str(Path(filename).parent)}
            return self.from_notebook_node(notebook, resources=resources, **kwargs)
        path = _release_path(folder, where)
        notebook = restored_notebook(Path(filename), submitted, path)
        resources["metadata"] = {"name": where["notebook"], "path": str(Path(filename).parent)}
        return self.from_notebook_node(notebook, resources=resources, **kwargs)

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kwargs: Any) -> tuple[Any, Any]:
        """As nbconvert's, without its copies, since nobody else holds this notebook; and as compact JSON.

        Those, the indent and one validation after another cost twice what nbgrader's own work does.
        """
        resources = self._init_resources(resources)
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        text = written(nb)
        self._written = (text, nb)
        return text, resources


class GradeInSandbox(NbGraderPreprocessor):
    """Writes a submission's result where nbgrader expects what a kernel has put out.

    Each graded test cell (its grade_id is the exercise's name) gets one execute_result: text/plain is the points and
    text/html a table of the tests. The result is the stored one if it is current, else the submission is graded
    in the sandbox. Flags are for the instructor; they are not written here.
    """

    wall = Unicode("sandlock", help="The sandbox: `sandlock`, or `none` as the instructor's explicit choice.").tag(
        config=True
    )
    repository = Unicode("", help="The instructor's repository; the one this package lies in by default.").tag(
        config=True
    )
    inputs = Integer(
        None,
        allow_none=True,
        help="The set of inputs, 0 to 15, of all tests; by default one by student and attempt.",
    ).tag(config=True)
    known = AnyTrait(None, allow_none=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Fill in the outputs. Raises NotGraded if there is no result; a row made for it is taken back first."""
        where = resources["nbgrader"]
        folder = _coursedir(self)
        try:
            result: Result = self.known or self._graded(folder, where)
            if result.status == "failed":
                raise NotGraded(f"{where['student']} could not be graded: {result.reason or 'no reason was given'}")
        except Exception:
            with Gradebook(where["db_url"], folder.course_id) as gradebook:
                forget_empty_submission(gradebook, where["assignment"], where["student"])
            raise
        with Gradebook(where["db_url"], folder.course_id) as gradebook:
            set_times(gradebook, Course(Path(folder.root)), where["assignment"], [where["student"]], _submitted(folder))
        if result.status == "unreadable":
            nb = stand_in(_release(folder, where), result.reason)
        fill_in(nb, result, self._repository())
        return nb, resources

    def _graded(self, folder: CourseDirectory, where: dict[str, str]) -> Result:
        submitted = Path(folder.format_path(folder.submitted_directory, where["student"], where["assignment"]))
        options = Options(submitted=submitted.parent.parent, wall=self.wall, inputs=self.inputs)
        course = Course(Path(folder.root))
        with locked(course.root, "nbgrader autograde"):
            return grade_one(course, self._repository(), where["assignment"], where["student"], options)

    def _repository(self) -> Repository:
        return Repository(Path(self.repository)) if self.repository else Repository.default()


@dataclass(frozen=True)
class Recorded:
    """What became of one result: in the gradebook, or not and why; `seconds` is what it took.

    barred: it must not be in the gradebook, by its student's id or the roster.
    """

    student: str
    recorded: bool
    seconds: float
    reason: str = ""
    barred: bool = False


def record(
    course: Course,
    repository: Repository,
    assignment: str,
    results: Iterable[Result],
    *,
    submitted: Path | None = None,
    roster: Sequence[str] | None = None,
) -> list[Recorded]:
    """Put results into the gradebook and autograded/, one student at a time; one that goes wrong stops no other.

    results: of `assignment`; they may come while others are still being graded.
    submitted: where the submissions are, if not in the course; roster: ids that may be in the gradebook, if not all.
    A result that the gradebook holds already, with nothing changed since, is left as it is there.
    Manual grades, comments, extra credit and extensions stay. nbgrader asks for a new look at each manual grade whose
    submission is autograded again; here only where the answer or the points changed.
    Raises NotBuilt if the assignment was not built in this course. What nbgrader said is in gradebook.log.
    """
    course = Course(course.root.resolve())
    if assignment not in repository.names():
        raise NotBuilt(f"there is no assignment {assignment!r} in {repository.root}")
    done: list[Recorded] = []
    kept, common = Kept(course.results / assignment / "recorded.log"), same_for_all(course, assignment)
    folder = (submitted or course.submitted).resolve()
    with opened(course, assignment, submitted) as (config, log), closing(restorer()):
        gc.freeze()  # nbgrader's modules stay: no collection need look at them
        url = config.CourseDirectory.db_url
        state = states(url, assignment)
        write = _written_by(course, repository, assignment, folder, config, log)
        pending: dict[str, tuple[Result, str]] = {}
        for result in results:
            started = time.perf_counter()
            barred = _barred(result.student, roster)
            reason = _refusal(result, assignment) or barred
            source = "" if reason else made_from(folder, result, common)
            if not reason and not kept.holds(result.student, recorded(course, result, source, state)):
                reason = _recorded(write, result, url, log)
                if not reason:
                    pending[result.student] = result, source
            if len(pending) == _TOGETHER:
                _keep(kept, course, assignment, url, pending)
            done.append(Recorded(result.student, not reason, time.perf_counter() - started, reason, bool(barred)))
        _keep(kept, course, assignment, url, pending)
    return done


def _keep(kept: Kept, course: Course, assignment: str, url: str, pending: dict[str, tuple[Result, str]]) -> None:
    """Note that these results are in the gradebook as they are, with one look at it."""
    if pending:
        state = states(url, assignment, pending)
        for result, source in pending.values():
            kept.keep(result.student, recorded(course, result, source, state))
    pending.clear()


def _written_by(
    course: Course, repository: Repository, assignment: str, submitted: Path, config: Config, log: logging.Logger
) -> Callable[[Result], str]:
    """Return what writes a result and returns why that did not work: directly, or by nbgrader's converter."""
    url = config.CourseDirectory.db_url
    writer = writer_for(course, repository, assignment, submitted, config, log)
    if writer is not None:
        return writer.write
    log.info("%s: recorded by nbgrader's converter, as this course sets more of nbgrader's steps", assignment)

    def convert(result: Result) -> str:
        recorder = _Recorder(Folders(config=config, log=log), repository, result, config=config, log=log)
        with committed_once(url), read_once():
            return recorder.run(Gradebook(url, config.CourseDirectory.course_id))

    return convert


def _recorded(write: Callable[[Result], str], result: Result, url: str, log: logging.Logger) -> str:
    """Put the result into the gradebook; return why that did not work, or nothing."""
    try:
        return write(result)
    except (SQLAlchemyError, OSError) as error:
        log.exception("%s was not recorded", result.student)
        return fault_of_record(error, url)


# What these look for cannot be in a notebook that SubmissionExporter made; they cost a third of a conversion.
_NEEDLESS = (ClearOutput, DeduplicateIds, CheckCellMetadata)


class _Recorder(Chosen, Autograde):
    """nbgrader's converter for one result that is in hand, with the preprocessors that the course has configured."""

    def __init__(self, coursedir: CourseDirectory, repository: Repository, result: Result, **settings: Any) -> None:
        super().__init__(coursedir, **settings)
        self.repository, self.result = repository, result
        self.exporter_class = SubmissionExporter
        for trait in ("sanitize_preprocessors", "autograde_preprocessors"):
            self.set_trait(trait, [item for item in getattr(self, trait) if not _is_one_of(item, *_NEEDLESS)])
        graders = [item for item in self.autograde_preprocessors if not _is_one_of(item, Execute, GradeInSandbox)]
        self.set_trait("autograde_preprocessors", [GradeInSandbox, *graders])
        self.choose(result.assignment, [result.student])

    def run(self, gradebook: Gradebook) -> str:
        """Convert; return why it did not work, or nothing."""
        where = (self.result.assignment, self.result.student)
        notebook = Path(self._format_dest(*where)) / f"{self.result.assignment}.ipynb"
        reason = "interrupted"
        try:
            looked_at = _looked_at(gradebook, *where, notebook)
            reason = self.convert_chosen().get(self.result.student, "")
            if not reason:
                _keep_looked_at(gradebook, *where, notebook, looked_at)
            return reason
        finally:
            if reason:
                forget_empty_submission(gradebook, *where)
            gradebook.close()

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        for preprocessor in self.exporter._preprocessors:
            if isinstance(preprocessor, GradeInSandbox):
                preprocessor.known, preprocessor.repository = self.result, str(self.repository.root)


def _refusal(result: Result, assignment: str) -> str:
    """Return why the result cannot enter the gradebook; '' if it can."""
    if result.assignment != assignment:
        return f"the result belongs to {result.assignment}"
    if result.status == "failed":
        return f"not graded: {result.reason or 'the grader failed'}; grade again"
    return ""


def _barred(student: str, roster: Sequence[str] | None) -> str:
    """Return why nothing of this student may be in the gradebook; '' if it may."""
    try:
        check_student_id(student, None if roster is None else list(roster))
    except Unreadable as error:
        return str(error)
    return ""


def _is_one_of(item: Any, *kinds: type) -> bool:
    """Does this entry of a list of preprocessors, a class or its dotted name, stand for one of these?"""
    return any(item is kind or (isinstance(item, str) and item.rpartition(".")[2] == kind.__name__) for kind in kinds)


def _coursedir(part: Any) -> CourseDirectory:
    """Return the course directory of the converter that a preprocessor or an exporter works for."""
    while getattr(part, "coursedir", None) is None:
        part = part.parent
    return part.coursedir


def _submitted(folder: CourseDirectory) -> Path:
    return Path(folder.format_path(folder.submitted_directory, ".", ".")).resolve()


def _release(folder: CourseDirectory, where: dict[str, str]) -> NotebookNode:
    return released(_release_path(folder, where))


def _release_path(folder: CourseDirectory, where: dict[str, str]) -> Path:
    released = Path(folder.format_path(folder.release_directory, ".", where["assignment"]))
    return released / f"{where['notebook']}.ipynb"


def _looked_at(
    gradebook: Gradebook, assignment: str, student: str, notebook: Path
) -> dict[str, tuple[float | None, str]]:
    """The grades a person has given and settled: by name, the automatic score and the answer that were before them."""
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return {}
    grades = [grade for part in submission.notebooks for grade in part.grades]
    settled = [grade for grade in grades if grade.manual_score is not None and not grade.needs_manual_grade]
    if not settled or not (found := answers(notebook)):
        return {}
    return {grade.name: (grade.auto_score, found.get(grade.name, "")) for grade in settled}


def _keep_looked_at(
    gradebook: Gradebook, assignment: str, student: str, notebook: Path, before: dict[str, tuple[float | None, str]]
) -> None:
    if not before:
        return
    found = answers(notebook)
    for part in gradebook.find_submission(assignment, student).notebooks:
        for grade in part.grades:
            if before.get(grade.name) == (grade.auto_score, found.get(grade.name, "")):
                grade.needs_manual_grade = False
    gradebook.db.commit()
