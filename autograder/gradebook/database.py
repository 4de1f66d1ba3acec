"""The gradebook's database: SQLite in the course's folder by default, or what nbgrader's db_url names, as PostgreSQL.

A URL may hold a password: no message shows it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from autograder import faults


class GradebookFault(OSError):
    """The gradebook cannot be used; the text says why and what to do."""


@contextmanager
def usable(url: str) -> Iterator[None]:
    """Inside, what SQLAlchemy raises becomes a GradebookFault, and a missing driver too."""
    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise GradebookFault(sentence(error, url)) from error


def check_server(url: str) -> bool:
    """Return whether a database that answers holds a gradebook. Raises GradebookFault if it cannot be used."""
    with usable(url):
        engine = create_engine(url)
        try:
            return bool(inspect(engine).has_table("assignment"))
        finally:
            engine.dispose()


def is_server(where: str) -> bool:
    """Return whether a URL names a server; SQLite's name a file, and a path does."""
    try:
        return make_url(where).get_backend_name() != "sqlite"
    except ArgumentError:
        return False


def shown(where: str) -> str:
    """Return what to call a database: the path of SQLite's file, or the URL with *** for its password."""
    if where.startswith("/"):
        return where
    try:
        url = make_url(where)
    except ArgumentError:
        return "of c.CourseDirectory.db_url"  # what is no URL may hold a password all the same
    return url.render_as_string() if is_server(where) else (url.database or ":memory:")


def check_file(path: Path) -> None:
    """Raise GradebookFault unless the file is a sound database that can be written now."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise GradebookFault(f"the gradebook {path} is read-only: make the file and its folder writable, and run again")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if answer != "ok":
                raise sqlite3.DatabaseError(answer)
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise GradebookFault(sentence(error, str(path))) from error


def sentence(error: Exception, where: str) -> str:
    """Return what to do about an error of the gradebook's database. where: its URL, or the path of SQLite's file."""
    said = " ".join(str(getattr(error, "orig", None) or error).splitlines()[0].split())
    if isinstance(error, ModuleNotFoundError):
        advice = "install this driver, for PostgreSQL with `pip install 'psycopg[binary]'`, and run again"
    elif isinstance(error, ArgumentError):
        said, advice = "no database has such a URL", "correct c.CourseDirectory.db_url in nbgrader_config.py"
    elif "no such" in said or "does not exist" in said:  # table or column
        advice = "another version of nbgrader made it: run `nbgrader db upgrade` in the course directory"
    elif is_server(where):
        advice = "see that the server runs, and that c.CourseDirectory.db_url in nbgrader_config.py names it"
    elif "locked" in said:
        advice = "another program is writing to it (formgrader, a backup): end it, and run again"
    elif "readonly" in said:
        advice = "make the file and its folder writable, and run again"
    elif "full" in said:
        advice = "free some space, and run again"
    else:
        advice = "restore it from a backup, or use --no-gradebook"
    return f"the gradebook {shown(where)} cannot be used ({said}): {advice}"


def fault_of_record(error: Exception, where: str) -> str:
    """Return why a result is not in the gradebook, for an error of the database or of a file."""
    return faults.sentence(error) if isinstance(error, OSError) else sentence(error, where)
