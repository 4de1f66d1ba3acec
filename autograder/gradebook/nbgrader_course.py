"""A course directory as nbgrader sees it: its configuration, its log, its converters run for chosen students."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbgrader.api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder import faults
from autograder.course.paths import Course
from autograder.course.policies import course_policies
from autograder.course.times import read_time
from autograder.gradebook import harmless
from autograder.gradebook.course_config import read_config
from autograder.gradebook.database import check_file, file_of, reachable, usable
from autograder.gradebook.schema import known_schema
from autograder.gradebook.shown_tests import TEMPLATES
from autograder.grading.assignment import NotBuilt

TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"  # written by `nbgrader submit`; fetch_feedback finds a page by it
LOCK_SECONDS = 10  # for another program that writes to a server's gradebook
_LONGEST_SECRET = 1000
_LOG_BYTES = 2_000_000


def feedback_config() -> Config:
    """What makes nbgrader's own generate_feedback write the pages of `autograder.gradebook.feedback`, and formgrader
    show what `autograder.gradebook.formgrader` says.

    A course's nbgrader_config.py merges it, so that nbgrader's command and formgrader's button do as well. nbgrader's
    folder of templates stays on the path: formgrader's pages come from there.
    """
    config = Config()
    config.GenerateFeedback.preprocessors = ["autograder.gradebook.feedback.ShowGrades"]
    formgrader = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), str(formgrader)]
    config.HTMLExporter.filters = {
        "points": "autograder.gradebook.harmless.number",
        "shown_html": "autograder.gradebook.harmless.html",
        "shown_markdown": "autograder.gradebook.feedback.shown_markdown",
        "shown_comment": "autograder.gradebook.feedback.shown_comment",
        "shown_code": "autograder.gradebook.feedback.shown_code",
        "markdown2html": "autograder.gradebook.formgrader.drawn_markdown",
        "clean_html": "autograder.gradebook.harmless.html",
    }
    config.HTMLExporter.preprocessors = ["autograder.gradebook.formgrader.ForGraders"]
    return config


@contextmanager
def opened(
    course: Course, assignment: str, submitted: Path | None = None, *, copied: bool = False
) -> Iterator[tuple[Config, logging.Logger]]:
    """The course's nbgrader configuration, and a log that goes to gradebook.log.

    course: its root must be absolute. submitted: where the submissions are, if not in the course. copied: whether what
    a submission holds beside its notebook is copied as well.
    Inside, the process looks as under `nbgrader autograde`. Raises NotBuilt if the assignment was not built here,
    GradebookFault if the gradebook cannot be written.
    """
    not_built = f"{assignment} was not built in {course.root}: run `autograder build {assignment}` first"
    if not course.root.is_dir():
        raise NotBuilt(not_built)
    config = _config(course, submitted, copied)
    with _surroundings(course), _log(course) as log:
        url, released = config.CourseDirectory.db_url, course.release_notebook(assignment)
        own = file_of(url, course.root) == course.gradebook
        missing = own and not course.gradebook.is_file()
        if own and not missing:
            check_file(course.gradebook)
        with reachable(url):
            known = not missing and released.is_file() and _knows(url, config.CourseDirectory.course_id, assignment)
        if not known:
            raise NotBuilt(not_built)
        with usable(url):
            yield config, log


@contextmanager
def existing_gradebook(course: Course) -> Iterator[Gradebook | None]:
    """The course's gradebook, whatever was built; None if its file is not there yet. course: its root must be absolute.

    A server's is made where it is not there. Raises GradebookFault where the database cannot be used.
    """
    config = _config(course, None, copied=False)
    url = config.CourseDirectory.db_url
    if not course.gradebook.is_file() and file_of(url, course.root) == course.gradebook:
        yield None
        return
    with _surroundings(course), usable(url):
        with reachable(url):
            gradebook = Gradebook(url, config.CourseDirectory.course_id)
        try:
            yield gradebook
        finally:
            gradebook.close()


def _config(course: Course, submitted: Path | None, copied: bool) -> Config:
    config = Config()
    if course.config_file.is_file():
        config = read_config(course)
    folders = config.CourseDirectory
    folders.root = str(course.root)
    folders.setdefault("db_url", f"sqlite:///{course.gradebook}")
    folders.setdefault("course_id", "")
    if not copied:
        folders.ignore = ["*"]
    if "plugin_class" not in config.AssignLatePenalties:
        config.AssignLatePenalties.plugin_class = "autograder.gradebook.lateness.CoursePenalty"
    if submitted is not None:
        folders.submitted_directory = str(submitted.resolve())
    return config


def _knows(url: str, course_id: str, assignment: str) -> bool:
    gradebook = Gradebook(url, course_id)
    try:
        gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return False
    finally:
        gradebook.close()
    return True


@contextmanager
def _surroundings(course: Course) -> Iterator[None]:
    """The course's own modules (a plugin) are importable, and nbgrader starts no program (alembic) of its own.

    nbgrader opens the gradebook nine times for a submission; here all share one engine, its connection and its compiled
    queries. Everything is put back: nbgrader leaves NBGRADER_EXECUTION behind when a conversion raises.
    """
    environment, path = dict(os.environ), list(sys.path)
    sys.path.insert(0, str(course.root))
    engines: list[Engine] = []

    @cache
    def engine(url: str, **settings: Any) -> Engine:
        engines.append(create_engine(url, **settings))
        return engines[-1]

    try:
        with warnings.catch_warnings(), patch("nbgrader.api.create_engine", engine), known_schema():
            # nbgrader builds its rows in an order that SQLAlchemy remarks on.
            warnings.simplefilter("ignore", SAWarning)
            yield
    finally:
        for one in engines:
            one.dispose()
        sys.path[:] = path
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)


@contextmanager
def committed_once(url: str) -> Iterator[None]:
    """Inside `opened`: whatever nbgrader commits to the gradebook goes to disk in one transaction, at the end.

    nbgrader commits after each cell, and each commit waits for the disk. What was committed before an exception stays,
    unless nbgrader rolls back: that takes back all of it.
    """
    with _one_connection(url) as connection:
        try:
            yield
        finally:
            connection.commit()


@contextmanager
def rolled_back(url: str) -> Iterator[None]:
    """Inside `opened`: what is committed to a server's gradebook is seen inside the block only, and undone at its end.

    Others who write to the same rows wait meanwhile. PostgreSQL waits LOCK_SECONDS for those who have begun first.
    """
    with _one_connection(url) as connection, closing(connection.begin()):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        yield


@contextmanager
def _one_connection(url: str) -> Iterator[Connection]:
    with (
        _Kept(nbgrader.api.create_engine(url, echo=False, future=True)) as connection,
        patch("nbgrader.api.create_engine", lambda url, **settings: connection),
        patch.object(nbgrader.api.Base.metadata, "create_all"),  # the tables are there: see `opened`
    ):
        yield connection


class _Kept(Connection):
    """A connection in the place of an engine, which nbgrader disposes of when it closes a gradebook."""

    def dispose(self) -> None:
        """Stay open."""


@contextmanager
def _log(course: Course) -> Iterator[logging.Logger]:
    handler = RotatingFileHandler(course.root / "gradebook.log", maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(_OneRecord("%(asctime)s %(levelname)s %(message)s"))
    log = logging.Logger("gradebook", logging.INFO)
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()


class _OneRecord(logging.Formatter):
    """Lines but a record's first are indented, control characters left out: nothing in it can forge a record."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless.plain(super().format(record), 20_000).replace("\n", "\n    | ")


class Folders(CourseDirectory):
    """nbgrader's course directory; a time stamp is what it says for certain, where nbgrader takes +0200 for 200 s."""

    def get_existing_timestamp(self, dest_path: str) -> Any:
        """When the submission in `dest_path` was handed in, or None. A link is not followed."""
        path = Path(dest_path) / TIMESTAMP
        if not os.path.lexists(path):
            return None
        moment, problem = read_timestamp(path, self._zone())
        if moment is None:
            self.log.warning("%s: %s", path, problem)
            return None
        return moment.astimezone(UTC).replace(tzinfo=None)

    def _zone(self) -> tzinfo:
        return course_policies(Course(Path(self.root))).zone


def read_timestamp(path: Path, zone: tzinfo) -> tuple[datetime | None, str]:
    """Return the time in a file that nbgrader calls timestamp.txt and "", or None and why it is none.

    zone: of a time without one. A link is not followed. Without a file, None and "".
    """
    if not os.path.lexists(path):
        return None, ""
    problem = "it is no small file"
    try:
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size < 200:
            return read_time(path.read_text(encoding="utf-8").strip(), zone), ""
    except (OSError, ValueError) as error:
        problem = str(error)
    return None, f"{problem}. The submission counts as on time"


class Chosen(BaseConverter):
    """In front of one of nbgrader's converters: convert the notebooks of chosen students, file or no file.

    `errors` says, per student, what went wrong.
    """

    def choose(self, assignment: str, students: Sequence[str]) -> None:
        """Set what `start` will convert, in place of nbgrader's search with glob patterns."""
        self.force = True
        self.errors: dict[str, str] = {}
        self.coursedir.assignment_id = assignment
        self.chosen = {os.path.normpath(self._format_source(assignment, student)): student for student in students}

    def init_notebooks(self) -> None:
        """nbgrader's hook: the folders and notebooks to convert."""
        self.assignments = {
            folder: [os.path.join(folder, f"{self.coursedir.assignment_id}.ipynb")] for folder in self.chosen
        }

    def convert_chosen(self) -> dict[str, str]:
        """Convert all; return why it went wrong, by student. A converter's error is the student's, not the class's."""
        try:
            self.start()
        except NbGraderException as error:
            for student in self.chosen.values():
                if not self._converted(student):
                    self.errors.setdefault(student, harmless.line(str(error)))
        return self.errors

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """As nbgrader's; of the files beside the notebook only the time stamp and the exchange's secret are copied."""
        source = Path(self._format_source(assignment_id, student_id))
        folder = Path(self._format_dest(assignment_id, student_id))
        try:
            super().init_assignment(assignment_id, student_id)
            copied = [TIMESTAMP] if self.coursedir.get_existing_timestamp(str(source)) is not None else []
            copied += [SECRET] if submission_secret(source) else []
            for name in copied:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, folder / name)
        except OSError as error:
            self.errors[student_id] = harmless.line(faults.sentence(error))
            raise

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """As nbgrader's, which only logs what goes wrong."""
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            student = self.chosen[os.path.dirname(notebook_filename)]
            self.errors[student] = harmless.line(faults.sentence(error))
            raise

    def _converted(self, student: str) -> bool:
        return os.path.isdir(self._format_dest(self.coursedir.assignment_id, student))


def submission_secret(folder: Path) -> str:
    """Return what the exchange wrote beside a submission to find its feedback by; '' if nothing usable is there."""
    path = folder / SECRET
    try:
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size <= _LONGEST_SECRET:
            return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        pass
    return ""


def forget_empty_submission(gradebook: Gradebook, assignment: str, student: str) -> None:
    """Remove the row that nbgrader makes before it converts, if nothing was ever written into it.

    Such a row counts as 0 points in nbgrader's totals. A row that holds a score or a person's comment stays.
    """
    with suppress(MissingEntry):
        submission = gradebook.find_submission(assignment, student)
        grades = [grade for part in submission.notebooks for grade in part.grades]
        comments = [comment for part in submission.notebooks for comment in part.comments]
        written = [score for g in grades for score in (g.auto_score, g.manual_score, g.extra_credit)]
        written += [comment.manual_comment for comment in comments] + [submission.extension]
        if all(entry is None for entry in written):
            gradebook.remove_submission(assignment, student)
