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
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from autograder import faults

_UNNAMED = "of c.CourseDirectory.db_url"
_SHOWN = ("host", "port")  # of what follows the ? of a URL


class GradebookFault(OSError):
    """The gradebook cannot be used; the text says why and what to do."""


@contextmanager
def usable(url: str) -> Iterator[None]:
    """Inside, what the database raises becomes a GradebookFault."""
    try:
        yield
    except SQLAlchemyError as error:
        raise GradebookFault(sentence(error, url)) from error


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Inside, where a database is first asked for, a URL that is none and a missing driver become a GradebookFault."""
    try:
        yield
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise GradebookFault(sentence(error, url)) from error


def check_server(url: str) -> bool:
    """Return whether a database that answers holds a gradebook. Raises GradebookFault if it cannot be used."""
    with reachable(url):
        engine = create_engine(url)
        try:
            return bool(inspect(engine).has_table("assignment"))
        finally:
            engine.dispose()


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


def file_of(url: str, root: Path) -> Path | None:
    """Return the file of SQLite's that a URL names, a relative one below `root`; None for a server or for no URL."""
    parsed = _parsed(url)
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return root / parsed.database


def shown(where: str) -> str:
    """Return what to call a database: the path of SQLite's file, or the URL without its password."""
    if where.startswith("/"):
        return where
    url = _parsed(where)
    if url is None or "@" in f"{url.host}{url.database}":  # a part of the password, if its @ is not written as %40
        return _UNNAMED
    if not _is_server(where):
        return url.database or ":memory:"
    return url.set(query={key: value for key, value in url.query.items() if key in _SHOWN}).render_as_string()


def sentence(error: Exception, where: str) -> str:
    """Return what to do about an error of the gradebook's database. where: its URL, or the path of SQLite's file."""
    text = str(getattr(error, "orig", None) or error)
    said = " ".join((text.splitlines() or [type(error).__name__])[0].split())
    table = "no such" in said or ("does not exist" in said and ("relation" in said or "column" in said))
    if isinstance(error, ImportError):
        advice = "install this driver; PostgreSQL's comes by `pip install 'psycopg[binary]'`, for postgresql+psycopg://"
    elif isinstance(error, ArgumentError | ValueError) or shown(where) == _UNNAMED:
        said = "no database has such a URL"
        advice = "correct it in nbgrader_config.py; a password's @ : / are written %40 %3A %2F"
    elif table:
        advice = "another version of nbgrader made it: run `nbgrader db upgrade` in the course directory"
    elif "locked" in said or "lock timeout" in said:
        advice = "another program is writing to it (formgrader, a backup): end it, and run again"
    elif "does not exist" in said:  # a database or a user
        advice = "create it on the server, or correct c.CourseDirectory.db_url in nbgrader_config.py"
    elif _is_server(where):
        advice = "see that the server runs, and that c.CourseDirectory.db_url in nbgrader_config.py names it"
    elif "unable to open" in said:
        advice = "make its folder yours to write (chmod u+rwX), and the path no longer than 500 characters"
    elif "readonly" in said:
        advice = "make the file and its folder writable, and run again"
    elif "full" in said:
        advice = "free some space, and run again"
    else:
        advice = "restore it from a backup; `autograder grade --no-gradebook` does without it"
    return f"the gradebook {shown(where)} cannot be used ({said}): {advice}"


def fault_of_record(error: Exception, where: str) -> str:
    """Return why a result is not in the gradebook, for an error of the database or of a file."""
    return faults.sentence(error) if isinstance(error, OSError) else sentence(error, where)


def _parsed(where: str) -> URL | None:
    try:
        return make_url(where)
    except (ArgumentError, ValueError):
        return None


def _is_server(where: str) -> bool:
    url = _parsed(where)
    return url is not None and url.get_backend_name() != "sqlite"
