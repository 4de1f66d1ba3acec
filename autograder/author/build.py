"""Turns a percent script into nbgrader's source notebook, and that, by nbgrader's own hand, into the student's.

    solutions/aN.py -> course/source/aN/aN.ipynb -> course/release/aN/ -> assignments/aN/aN.ipynb

Every step gives the same bytes from run to run.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder import notebook as notebooks
from autograder.author import markers
from autograder.author.fingerprints import mistakes_json
from autograder.author.handout import handout
from autograder.author.source import Cell, Problem, Source, SourceError, parse
from autograder.rooms import Course, Repository

Generator = Callable[[Repository, Source], bytes]
# Files beside the notebook that are generated and committed as it is: name in assignments/aN/ -> what makes its bytes.
GENERATED: dict[str, Generator] = {"mistakes.json": mistakes_json}

RELEASE_DIGITS = 16


class BuildError(Exception):
    """nbgrader did not make the student's notebook; the text says why and what to do."""


@dataclass(frozen=True)
class Built:
    """What a build has made: the committed notebook, nbgrader's release folder, and what stands in them."""

    assignment: str
    notebook: Path
    release: Path
    files: tuple[str, ...]
    exercises: int
    written: int


def build_all(repository: Repository, course: Course) -> list[Built]:
    """Build every assignment, in the order of the course."""
    return [build(repository, course, assignment) for assignment in repository.names()]


def build(repository: Repository, course: Course, assignment: str) -> Built:
    """Build one assignment: source and release of the course directory (made if missing), and the committed files.

    Raises SourceError that names every slip in what the author wrote, BuildError if nbgrader refuses. Then source and
    release stand as they did before.
    """
    source = read_source(repository, assignment)
    for name, generate in GENERATED.items():
        _write(repository.public(assignment) / name, generate(repository, source))
    files = handout(repository, source)
    student = student_notebook(repository, course, source)
    _write(repository.notebook(assignment), student)
    release = course.release_notebook(assignment).parent
    for place, content in files.items():
        _write(release / place, content)
    return Built(
        assignment,
        repository.notebook(assignment),
        release,
        tuple(sorted([*files, f"{assignment}.ipynb"])),
        len(source.exercises),
        len(source.written),
    )


def read_source(repository: Repository, assignment: str) -> Source:
    """The assignment's script; SourceError, naming the assignments there are, if there is none of that name."""
    path = repository.source(assignment)
    if assignment not in repository.names():
        known = ", ".join(repository.names()) or "none"
        raise SourceError([Problem(assignment, f"there is no such assignment in solutions/; there are: {known}.")])
    return parse(path)


def student_notebook(repository: Repository, course: Course, source: Source) -> bytes:
    """Write the source notebook into the course, let nbgrader make the release of it; returns the release's bytes."""
    assignment = source.name
    course.create()
    made = source_notebook(repository, source)
    with _restored_on_failure(course.source / assignment, course.release / assignment):
        notebooks.write(course.source_notebook(assignment), made)
        _generate_assignment(course, assignment)
        release = notebooks.read(course.release_notebook(assignment))
        if release_hash(release) != notebooks.release(made)["release"]:
            raise BuildError(
                f"nbgrader's release of {assignment} is not what the script says students shall see: "
                f"remove settings of ClearSolutions and the like from {course.config_file}."
            )
    return course.release_notebook(assignment).read_bytes()


def source_notebook(repository: Repository, source: Source) -> NotebookNode:
    """The instructor's notebook: the script's cells, with a card before each exercise and its graded cell after it."""
    cells = list(_cells(repository, source))
    made = notebooks.new(cells, {"course": {"assignment": source.name, "release": ""}})
    made.metadata["course"]["release"] = release_hash(made)
    return made


def release_hash(notebook: NotebookNode) -> str:
    """16 hexadecimal digits of the sha256 of what students see: the same for a source notebook and its release."""
    seen = [
        [cell.id, cell.cell_type, markers.student_view(cell.source, _stub(cell)), notebooks.points(cell)]
        for cell in notebook.cells
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:RELEASE_DIGITS]


def _stub(cell: NotebookNode) -> str:
    return markers.CODE_STUB if cell.cell_type == "code" else markers.TEXT_STUB


def _cells(repository: Repository, source: Source) -> Iterator[NotebookNode]:
    counts = {"prose": 0, "demo": 0, "exercise": 0}
    waiting: list[NotebookNode] = []  # tests of a file, which stand after the demo that writes it
    taken: set[str] = set()

    def numbered(kind: str) -> str:
        counts[kind] += 1
        return f"{kind}-{counts[kind]}"

    for cell in source.cells:
        if cell.kind == "prose":
            yield notebooks.prose(cell.source, numbered("prose"))
        elif cell.kind == "include":
            yield notebooks.prose(_included(repository, source, cell), numbered("prose"))
        elif cell.kind == "given":
            yield notebooks.given(cell.source, _given_id(cell.source, taken))
        elif cell.kind == "demo":
            yield notebooks.demo(cell.source, numbered("demo"))
            yield from waiting
            waiting.clear()
        elif cell.kind == "exercise":
            number = numbered("exercise").removeprefix("exercise-")
            yield notebooks.prose(card(cell, number), f"{cell.name}-card")
            yield notebooks.exercise(cell.source, cell.name, cell.file)
            test = notebooks.test(cell.name, cell.points)
            if cell.file:
                waiting.append(test)
            else:
                yield test
        else:
            yield notebooks.prose(f"{card(cell)}\n\n{cell.question}", f"{cell.name}-question")
            yield notebooks.written(_answer(cell), cell.name, cell.points)
    yield from waiting


def card(cell: Cell, number: str = "") -> str:
    """The line above an exercise or a written question: name, points, difficulty and minutes."""
    worth = f"{cell.points:g} point{'' if cell.points == 1 else 's'}"
    minutes = f"about {cell.minutes} minutes"
    if cell.kind == "written":
        return f"**Question: `{cell.name}`** · {worth} · {minutes} · graded by a person"
    dots = "●" * cell.difficulty + "○" * (5 - cell.difficulty)
    beside = f" · hand in `{cell.file}` beside the notebook" if cell.file else ""
    return f"**Exercise {number}: `{cell.name}`** · {worth} · difficulty {dots} · {minutes}{beside}"


def _answer(cell: Cell) -> str:
    """One solution region that holds model answer and mark scheme: nbgrader puts its stub in the place of both.

    Its own mark scheme regions belong to task cells, and come back to students in the feedback.
    """
    return "\n\n".join(
        ["### BEGIN SOLUTION", "**Model answer**", cell.answer, "**Mark scheme**", cell.scheme, "### END SOLUTION"]
    )


def _included(repository: Repository, source: Source, cell: Cell) -> str:
    path = repository.assignments / cell.name
    if not path.is_file():
        where = f"{source.path.parent.name}/{source.path.name}:{cell.line}"
        raise SourceError([Problem(where, f"include={cell.name!r}: there is no such file in assignments/.")])
    return path.read_text(encoding="utf-8").strip()


def _given_id(source: str, taken: set[str]) -> str:
    """`given-` and the first function or class that the cell defines, else its number among the given cells."""
    with contextlib.suppress(SyntaxError):
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and f"given-{node.name}"[:64] not in taken:
                taken.add(f"given-{node.name}"[:64])
                return f"given-{node.name}"[:64]
    number = len(taken) + 1
    taken.add(f"given-{number}")
    return f"given-{number}"


def _generate_assignment(course: Course, assignment: str) -> None:
    """Run nbgrader's converter in this process, quietly; BuildError with its log if it fails."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(course.config_file.name, path=str(course.root.resolve())).load_config()
    directory = CourseDirectory(config=config)
    directory.assignment_id = assignment
    converter = GenerateAssignment(coursedir=directory, config=config)
    converter.force = True  # without it, a release that exists is left as it is, and nbgrader calls that success
    with _own_programs_first():
        outcome: dict[str, Any] = capture_log(converter)
    if outcome.get("success") and course.release_notebook(assignment).is_file():
        return
    log = "\n".join(str(outcome[key]) for key in ("log", "error") if outcome.get(key))
    if "there are submissions associated with it" in re.sub(r"\s+", " ", log):
        raise BuildError(
            f"{course.gradebook} holds submissions of {assignment}, so nbgrader keeps its cells as they are, but cells "
            "were added, removed or renamed in the script. Undo that, or build into a new course with --course DIR."
        )
    raise BuildError(f"nbgrader could not generate {assignment} in {course.root}. Its log:\n{log.strip()}")


@contextlib.contextmanager
def _own_programs_first() -> Iterator[None]:
    """nbgrader calls `alembic` as a program: it is the one beside this Python, whatever PATH says."""
    before = os.environ.get("PATH")
    own = [str(Path(sys.executable).parent), str(Path(sys.prefix) / "bin")]
    os.environ["PATH"] = os.pathsep.join([*own, *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


@contextlib.contextmanager
def _restored_on_failure(*folders: Path) -> Iterator[None]:
    """Keep a copy of the folders, and put it back if anything goes wrong."""
    with tempfile.TemporaryDirectory() as kept:
        copies = [(folder, Path(kept) / str(number)) for number, folder in enumerate(folders)]
        for folder, copy in copies:
            if folder.exists():
                shutil.copytree(folder, copy)
        try:
            yield
        except BaseException:
            for folder, copy in copies:
                shutil.rmtree(folder, ignore_errors=True)
                if copy.exists():
                    shutil.copytree(copy, folder)
            raise


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
