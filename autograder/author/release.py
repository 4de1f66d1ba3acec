"""nbgrader makes the student's notebook: in a folder of its own, with the gradebook in one transaction.

The course directory changes only when the caller commits; a failure or an interruption before leaves it as it was.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nbformat import NotebookNode
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url

from autograder.course import notebook as notebooks
from autograder.course.paths import Course
from autograder.gradebook.course_config import config_text, read_config
from autograder.gradebook.database import GradebookFault, reachable

WAIT_SECONDS = 60  # for another program that is writing into the gradebook


class BuildError(Exception):
    """nbgrader did not make the student's notebook; the text says why and what to do."""


@dataclass(frozen=True)
class Release:
    """The student's notebook as nbgrader made it; `commit` puts what it knows of the assignment into the gradebook."""

    notebook: bytes
    _gradebook: _Gradebook

    def commit(self) -> None:
        """Write the gradebook, in the course directory that is there by now. Raises BuildError if it cannot be."""
        self._gradebook.commit()


@contextlib.contextmanager
def generated(course: Course, assignment: str, source: NotebookNode) -> Iterator[Release]:
    """Let nbgrader make the release of a source notebook. Without `commit` inside the block, nothing is changed.

    Raises BuildError, with nbgrader's log, if it refuses.
    """
    root = course.root.resolve()
    with tempfile.TemporaryDirectory() as folder:
        aside = Course(Path(folder) / (root.name or "course"))
        aside.create(config_text(aside))
        config = read_config(course if course.config_file.is_file() else aside)
        config.CourseDirectory.root = str(aside.root)
        if not course.config_file.is_file():
            config.CourseDirectory.db_url = f"sqlite:///{root / course.gradebook.name}"
        configured = str(config.CourseDirectory.get("db_url") or f"sqlite:///{root / course.gradebook.name}")
        with _told(configured):
            url = make_url(configured)
        notebooks.write(aside.source_notebook(assignment), source)
        with _gradebook(url, root, aside.root) as gradebook:
            config.CourseDirectory.db_url = gradebook.url
            _generate_assignment(aside, assignment, config, gradebook)
            yield Release(aside.release_notebook(assignment).read_bytes(), gradebook)


def _generate_assignment(course: Course, assignment: str, config: Any, gradebook: _Gradebook) -> None:
    """Run nbgrader's converter in this process, quietly; BuildError with its log if it fails."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    said = io.StringIO()
    log = logging.Logger("build", logging.INFO)
    log.addHandler(logging.StreamHandler(said))
    directory = CourseDirectory(config=config, log=log)
    directory.assignment_id = assignment
    converter = GenerateAssignment(coursedir=directory, config=config, log=log)
    converter.force = True
    failure = ""
    try:
        converter.start()
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    if not failure and course.release_notebook(assignment).is_file():
        return
    text = f"{said.getvalue()}\n{failure}"
    if "there are submissions associated with it" in re.sub(r"\s+", " ", text):
        raise BuildError(
            f"{gradebook.name} holds submissions of {assignment}, so nbgrader keeps its cells as they are, but cells "
            "were added, removed or renamed in the script. Undo that, or build into a new course with --course DIR."
        )
    raise BuildError(f"nbgrader could not generate {assignment}. Its log:\n{text.strip()}")


class _Gradebook:
    """The database of one conversion: a transaction, and for a new gradebook also the file it is written into."""

    def __init__(self, url: URL, connection: Connection, name: str, new: Path | None) -> None:
        self.url = url.render_as_string(hide_password=False)
        self.name = name
        self._connection = connection
        self._new = new

    def commit(self) -> None:
        """Write what nbgrader has recorded, and put a new gradebook into its place."""
        with _told(self.name):
            self._connection.commit()
        if self._new is not None:
            self._connection.close()
            made = Path(str(self._connection.engine.url.database))
            beside = self._new.with_name(f".{made.name}.{secrets.token_hex(4)}")  # made may lie on another disk
            try:
                shutil.copyfile(made, beside)
                os.link(beside, self._new)
            except FileExistsError as error:
                raise BuildError(f"another program has made {self._new} meanwhile: run the build again.") from error
            finally:
                beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _gradebook(url: URL, root: Path, aside: Path) -> Iterator[_Gradebook]:
    """Inside: all that nbgrader commits to the gradebook goes into one transaction, which ends with the block.

    nbgrader commits after each cell, and each commit waits for the disk. A gradebook that is not there yet is made
    aside.
    """
    new = None
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        place = root / url.database
        new = None if place.exists() else place
        url = url.set(database=str(place if new is None else aside / place.name))
        name = str(place)
    else:
        name = url.render_as_string()
    with _told(name):
        engine = _engine(url)
    try:
        with _told(name):
            connection = _Kept(engine)
            connection.begin()
        from autograder.gradebook.schema import known_schema  # with nbgrader, which takes a second to import

        made = patch("nbgrader.api.create_engine", lambda url, **settings: connection)
        with connection, made, known_schema():
            yield _Gradebook(url, connection, name, new)
    finally:
        engine.dispose()


class _Kept(Connection):
    """A connection in the place of an engine, which nbgrader disposes of when it closes a gradebook."""

    def dispose(self) -> None:
        """Stay open."""


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # Python's own are no transactions for CREATE TABLE

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # At once: SQLite refuses one that has read when another program has written since.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        with reachable(name):
            yield
    except GradebookFault as error:
        raise BuildError(f"{error}.") from error
