"""Finds out what this machine can do, one finding per line."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.paths import Course, Repository
from autograder.gradebook.course_config import outdated
from autograder.sandbox.host import ForkServer, WallError, check_wall
from autograder.sandbox.limits import Limits

_NEEDED = ("numpy", "torch", "matplotlib", "pytest", "IPython", "nbgrader", "jupytext", "msgpack", "rich", "jinja2")


@dataclass(frozen=True)
class Finding:
    """The result of one check; `advice` says what to do if it is not ok."""

    what: str
    ok: bool
    advice: str = ""


def examine(course: Course, repository: Repository) -> Iterator[Finding]:
    """Check Python, packages, alembic, the sandbox (by starting a process in it), the gradebook and free space."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(f"Python {version}", sys.version_info >= (3, 11), "use Python 3.11 or newer")
    for name in _NEEDED:
        yield Finding(f"package {name}", importlib.util.find_spec(name) is not None, "pip install -e '.[instructor]'")
    found = shutil.which("alembic", path=str(Path(sys.executable).parent)) or shutil.which("alembic")
    yield Finding("alembic, which nbgrader runs", found is not None, "pip install alembic, into this environment")
    yield _wall(repository)
    yield _gradebook(course)
    if course.config_file.is_file():
        advice = outdated(course)
        yield Finding("nbgrader_config.py names the modules of this version", not advice, advice)
    free = shutil.disk_usage(course.root if course.root.is_dir() else Path.cwd()).free // 2**20
    yield Finding(f"{free} MiB of free space", free > 500, "free some space")


def _wall(repository: Repository) -> Finding:
    try:
        check_wall()
        ForkServer(repository.selfcheck, wall="sandlock", limits=Limits(), preload=("numpy",)).close()
    except WallError as error:
        return Finding("the sandbox (Landlock and seccomp)", False, str(error))
    return Finding("the sandbox (Landlock and seccomp): a process was started in it", True)


def _gradebook(course: Course) -> Finding:
    if not course.gradebook.is_file():
        return Finding("no gradebook yet", True)
    try:
        with sqlite3.connect(f"file:{course.gradebook}?mode=ro", uri=True) as database:
            (answer,) = database.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    return Finding(f"the gradebook {course.gradebook}", answer == "ok", f"restore it from a backup: {answer}")
