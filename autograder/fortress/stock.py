"""The rows that are safe to try against nbgrader as it comes: the same assignment, with the tests in its cells.

A course such as nbgrader's documentation describes: tests compare with the reference's values in a hidden region, and
`nbgrader autograde` runs each submission in a kernel. Only attacks run here that stay in their kernel and their course:
nothing that fills disks or memory, starts processes or reaches for the network. Each runs with limits, in a folder of
its own, and as a user of its own where this is root.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from autograder.author.build import build
from autograder.course import markers
from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository
from autograder.fortress.attacks import attacks, rows
from autograder.fortress.looks import tree
from autograder.simulate import KINDS, Kind, classroom
from autograder.simulate.plausible import PlausibleMistakes
from autograder.simulate.subject import read_subject

SAFE = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 27, 28, 35, 43, 49, 58, 66, 71, 72,
        73, 74, 75, 76, 77, 79)  # fmt: skip
_SECONDS, _CELL_SECONDS = 120, 15  # by the clock: for a submission, for a cell
_MEMORY, _FILE = 6 * 2**30, 64 * 2**20
_TESTS = """{call}
### BEGIN HIDDEN TESTS
import copy as _copy, types as _types
import numpy as _np
_cases, _right = _types.ModuleType("_cases"), {{}}
exec({cases!r}, _cases.__dict__)
for _text in {reference!r}:
    exec(_text, _right)
def _agree(found, wanted, left_out=()):
    if isinstance(wanted, (tuple, list)):
        assert len(found) == len(wanted)
        for _place, (_a, _b) in enumerate(zip(found, wanted)):
            if _place not in left_out:
                _agree(_a, _b)
    elif isinstance(wanted, (int, float, _np.ndarray)):
        _np.testing.assert_allclose(found, wanted, rtol=1e-6)
    else:
        assert found == wanted
for _arguments in _cases.CASES({name!r}, _np.random.default_rng(7)):
    try:
        _wanted = _right[{name!r}](*_copy.deepcopy(_arguments))
    except Exception:
        continue
    _agree({name}(*_copy.deepcopy(_arguments)), _wanted, getattr(_cases, "OPAQUE", {{}}).get({name!r}, ()))
### END HIDDEN TESTS
"""


@dataclass
class Line:
    """What became of one attack: its points, those of the same code without the trick, and what else happened."""

    title: str
    row: int
    points: float | None
    control: float
    of: float
    lost: str = ""

    @property
    def gain(self) -> float:
        """The points beyond those of the same code without the trick."""
        return max(0.0, round((self.points or 0.0) - self.control, 4))

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.points is None:
            return f"no grade: {self.lost}"
        return f"gains {self.gain:g} of {self.of:g} points" if self.gain else "gains nothing"


def try_stock(
    repository: Repository, assignment: str, folder: Path, *, user: int | None = None, python: str = sys.executable
) -> list[Line]:
    """Run the safe rows against `nbgrader autograde`; return a line for each."""
    ours, course = Course(folder / "ours"), folder / "stock"
    build(repository, ours, assignment, generate=False)
    found = rows(attacks())
    kinds = [kind for kind in attacks() if any(kind.title in found.get(row, ()) for row in SAFE)]
    kinds += [kind for kind in KINDS if kind.title in ("right/reference", "wrong/everywhere")]
    subject = read_subject(repository, ours, assignment)
    subject = replace(subject, release=_graded_cells(subject.release))
    rng = random.Random(1)
    expected = classroom._write_class(
        subject, PlausibleMistakes(repository, subject, rng), kinds, 1, rng, course / "submitted"
    ).expected
    _write_source(repository, ours, assignment, course)
    _write_commands(folder, python)
    for path in tree(folder) if user is not None else ():
        with contextlib.suppress(OSError):
            os.chown(path, user or 0, user or 0, follow_symlinks=False)
    if problem := _nbgrader(course, user, python, "generate_assignment", assignment, "--force"):
        raise RuntimeError(f"nbgrader generate_assignment: {problem}")
    points: dict[str, float | None] = {}
    lost: dict[str, str] = {}
    for one in expected:
        lost[one.student] = _nbgrader(
            course, user, python, "autograde", assignment, "--student", one.student, "--force"
        )
        points[one.student] = _points(course, assignment, one.student)
    names = {one.kind: one.student for one in expected}
    control, right = (points[names[title]] or 0.0 for title in ("wrong/everywhere", "right/reference"))
    made = {kind.title: kind for kind in kinds}
    return sorted(
        (
            Line(one.kind, row, points[one.student], _without_trick(made[one.kind], one, control, right), right,
                 lost[one.student])
            for row in SAFE
            for one in expected
            if one.kind in found.get(row, ())
        ),
        key=lambda line: (line.row, line.title),
    )  # fmt: skip


def _without_trick(kind: Kind, one: object, control: float, right: float) -> float:
    """What the code is worth: that of the wrong code around which a trick stands, or of right code but one exercise."""
    if kind.needs_control:
        return control
    claims = getattr(one, "points")  # noqa: B009
    worth = getattr(one, "max_points")  # noqa: B009
    missing = [worth[name] for name, claim in claims.items() if claim != worth[name]]
    return right - sum(missing)


def _graded_cells(release: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without the demonstrations, which take time and are no part of a test."""
    kept = nbformat.from_dict(release)
    kept.cells = [cell for cell in kept.cells if cells.part(cell) and not cells.is_written(cell)]
    return kept


def _write_source(repository: Repository, ours: Course, assignment: str, course: Path) -> None:
    source = _graded_cells(cells.read(ours.source_notebook(assignment)))
    given = [cell.source for cell in source.cells if cells.is_given(cell)]
    reference = [*given, *(markers.without_markers(one.source) for one in source.cells if cells.is_exercise(one))]
    cases = repository.cases(assignment).read_text(encoding="utf-8")
    for cell in source.cells:
        part = cells.part(cell)
        if part.get("grade") and not part.get("solution"):
            name = part["grade_id"]
            cell.source = _TESTS.format(call="# tests", cases=cases, reference=reference, name=name)
    (place := course / "source" / assignment).mkdir(parents=True)
    nbformat.write(source, place / f"{assignment}.ipynb")
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'stock'\n"
        f"c.Execute.timeout = {_CELL_SECONDS}\nc.ClearSolutions.code_stub = {{'python': 'raise NotImplementedError'}}\n"
    )


def _write_commands(folder: Path, python: str) -> None:
    """What nbgrader starts by its name: alembic, of this very Python."""
    (commands := folder / "commands").mkdir()
    for name, module in (("alembic", "alembic.config"), ("python3", "")):
        text = f'#!/bin/sh\nexec {python} {"-m " + module if module else ""} "$@"\n'
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (kernel := folder / "kernels" / "kernels" / "python3").mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        f'{{"argv": ["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"], '
        '"display_name": "Python 3", "language": "python"}\n'
    )


def _nbgrader(course: Path, user: int | None, python: str, *words: str) -> str:
    """Run an nbgrader command with limits, and end all it has started; return why it failed, or nothing."""
    folder = course.parent
    (home := folder / "home").mkdir(exist_ok=True)
    if user is not None:
        os.chown(home, user, user)
    process = subprocess.Popen(
        [python, "-B", "-m", "nbgrader", *words],
        cwd=course,
        env={
            "PATH": f"{folder / 'commands'}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "USER": "stock",
            "TMPDIR": str(home), "JUPYTER_PATH": str(folder / "kernels"), "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg",
        },
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_limited,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        said = f"not done after {_SECONDS} s"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    if process.returncode == 0:
        return ""
    lines = [line.strip() for line in said.splitlines()]
    return next((line for line in reversed(lines) if re.match(r"\w+(Error|Exception):", line)), said.strip())[-200:]


def _limited() -> None:
    for kind, value in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_FSIZE, _FILE), (resource.RLIMIT_CORE, 0),
                        (resource.RLIMIT_CPU, _SECONDS)):  # fmt: skip
        resource.setrlimit(kind, (value, value))


def _points(course: Path, assignment: str, student: str) -> float | None:
    database = course / "gradebook.db"
    if not database.is_file():
        return None
    copied = course.parent / "read.db"
    shutil.copyfile(database, copied)
    with Gradebook(f"sqlite:///{copied}", "stock") as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return None
        graded = (course / "autograded" / student / assignment / f"{assignment}.ipynb").is_file()
        return float(submission.score) if graded else None


def table(lines: list[Line]) -> str:
    """Return the lines as a table of Markdown."""
    text = ["| row | attack | `nbgrader autograde` |", "|---|---|---|"]
    return "\n".join([*text, *(f"| {line.row} | {line.title} | {line.verdict} |" for line in lines)])
