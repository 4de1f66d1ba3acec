"""Finds out what this machine can do, one finding per line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from autograder.console import counted
from autograder.course.paths import Course, Repository
from autograder.course.policies import NAME as RULES
from autograder.course.policies import read_policies
from autograder.course.roster import course_roster
from autograder.gradebook.course_config import database_url, outdated, read_config
from autograder.gradebook.database import GradebookFault, check_server, file_of, shown
from autograder.sandbox.host import ForkServer, WallError, check_wall
from autograder.sandbox.limits import Limits, OwnLimit, check_own_limits

_NEEDED = (
    *("numpy", "torch", "matplotlib", "pytest", "IPython", "nbgrader", "jupytext", "msgpack", "rich", "jinja2"),
    *("jupyterlab", "bleach", "copydetect", "latex2mathml"),
)
NBGRADER = "0.9.6"  # what pyproject.toml pins, because some of our code patches what it has inside
LEAST_MIB = 500


@dataclass(frozen=True)
class Finding:
    """The result of one check; `advice` says what to do if it is not ok: what to type stands between backticks."""

    what: str
    ok: bool
    advice: str = ""


def examine(course: Course, repository: Repository) -> Iterator[Finding]:
    """Check Python, packages, alembic, the sandbox (by starting a process in it), the course and free space."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        f"Python {version}", sys.version_info >= (3, 11), "type `make clean`, then `make PYTHON=python3.12 lint`"
    )
    for name in _NEEDED:
        there = importlib.util.find_spec(name) is not None
        yield Finding(f"package {name}", there, "type `pip install -e '.[instructor]'` in the repository's folder")
    yield _nbgrader()
    found = shutil.which("alembic", path=str(Path(sys.executable).parent)) or shutil.which("alembic")
    yield Finding("alembic, which nbgrader runs", found is not None, "type `pip install alembic` in this environment")
    yield _wall(repository)
    yield _limits()
    yield from _course(course, repository)
    yield _gradebook(course)
    if course.config_file.is_file():
        advice = outdated(course)
        yield Finding("nbgrader_config.py names the modules of this version", not advice, _edit(course, advice))
        yield from _nbgraders_own_command(course)
    place = course.root if course.root.is_dir() else Path.cwd()
    free = shutil.disk_usage(place).free // 2**20
    yield Finding(
        f"{free} MiB of free space",
        free > LEAST_MIB,
        f"type `du -sh {place}/* | sort -h` to see what is large, and free {LEAST_MIB} MiB",
    )


def _edit(course: Course, advice: str) -> str:
    return f"{advice}. Type `nano {course.config_file}`" if advice else ""


def _nbgraders_own_command(course: Course) -> Iterator[Finding]:
    """Yield what nbgrader's own command would do with the course's assignments, where it can be told."""
    try:
        preprocessors = read_config(course).Autograde.get("autograde_preprocessors") or []
    except (ValueError, OSError):
        return  # the other findings say why
    yield Finding(
        "nbgrader autograde and formgrader's Autograde use the sandbox",
        any(str(one).endswith("GradeInSandbox") for one in preprocessors),
        f"{course.config_file} was not written by `autograder build`: there they run students' code with your rights, "
        "and without the hidden tests. Grade this repository's assignments with `autograder grade` alone. "
        "`autograder build --course NEW` writes the lines to copy; with them, nbgrader grades no others here",
    )


def _nbgrader() -> Finding:
    try:
        found = importlib.metadata.version("nbgrader")
    except importlib.metadata.PackageNotFoundError:
        found = "none"
    return Finding(f"nbgrader {found}", found == NBGRADER, f"type `pip install nbgrader=={NBGRADER}`")


def _wall(repository: Repository) -> Finding:
    what = "the sandbox (Landlock and seccomp)"
    try:
        check_wall()
        ForkServer(repository.selfcheck, wall="sandlock", limits=Limits(), preload=("numpy",)).close()
    except WallError as error:
        said = str(error).removesuffix(". Run `autograder doctor`")
        see = "`uname -r; cat /sys/kernel/security/lsm` shows the kernel and whether landlock is switched on"
        return Finding(what, False, f"{said}. {see}; `autograder grade ASSIGNMENT --wall none` grades without")
    return Finding(f"{what}: a process was started in it", True)


def _limits() -> Finding:
    what = "this shell's limits (ulimit) leave what a submission may use"
    try:
        check_own_limits(Limits())
    except OwnLimit as error:
        return Finding(what, False, str(error))
    return Finding(what, True)


def _course(course: Course, repository: Repository) -> Iterator[Finding]:
    """Yield whether the course is built, and whether its roster and its rules can be read."""
    option = f" --course {course.root}"
    built = [name for name in repository.names() if course.release_notebook(name).is_file()]
    yield Finding(
        f"{len(built)} of {len(repository.names())} assignments are built in {course.root}",
        bool(built),
        f"type `autograder build{option}`",
    )
    students = None
    try:
        students = course_roster(course)
        count = (
            "no roster: everybody may hand in"
            if students is None
            else f"a roster of {counted(len(students), 'student')}"
        )
        yield Finding(count, True)
    except (ValueError, OSError) as error:
        yield Finding("the roster", False, f"{error}. Type `autograder roster FILE{option}` with a new export")
    try:
        policies = read_policies(course, repository.names(), students.find if students else None)
        yield Finding(f"{policies.path.name}: {'in order' if policies.written else 'not written, all defaults'}", True)
    except (ValueError, OSError) as error:
        yield Finding(
            "the rules", False, f"{error}. Type `nano {course.root / RULES}`, `autograder course --check{option}`"
        )


def _gradebook(course: Course) -> Finding:
    try:
        url = database_url(course)
    except (ValueError, OSError) as error:
        return Finding(f"{course.config_file} runs", False, _edit(course, str(error).removesuffix(". Correct it")))
    root = course.root.resolve()
    if (file := file_of(url, root)) is not None:
        return _file(file)
    try:
        held = check_server(url)
    except GradebookFault as error:
        return Finding(f"the gradebook {shown(url)}", False, str(error))
    return Finding(f"the gradebook {shown(url)}{'' if held else ': nothing in it yet'}", True)


def _file(path: Path) -> Finding:
    if not path.is_file():
        return Finding("no gradebook yet", True)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            (answer,) = database.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    advice = (
        f"{answer}. Type `cp BACKUP {path}` with your last backup; without one `mv {path} {path}.broken`, then "
        "`autograder build`, `autograder grade ASSIGNMENT`: points that people gave are lost"
    )
    return Finding(f"the gradebook {path}", answer == "ok", advice)
