"""Turns a percent script into nbgrader's source notebook, and that, by nbgrader's own hand, into the student's.

    solutions/aN/chapter.py -> course/source/aN/aN.ipynb -> course/release/aN/ -> assignments/aN/aN.ipynb

Every step gives the same bytes from run to run.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import atomic
from autograder.author import beside, reading
from autograder.author.fingerprints import mistakes_json
from autograder.author.handout import handout
from autograder.author.outline import outline
from autograder.author.release import BuildError, Release, generated
from autograder.course import markers
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.course.source import Cell, Problem, Source, SourceError, author_text, parse, shown_path
from autograder.gradebook.course_config import config_text

Generator = Callable[[Repository, Source], bytes]
_CONFTEST = Path(__file__).parent / "templates" / "assignment" / "conftest.py.j2"


def conftest(repository: Repository, source: Source) -> bytes:
    """Return the bytes of assignments/aN/conftest.py, the same in all assignments."""
    return _CONFTEST.read_bytes()


def release_json(repository: Repository, source: Source) -> bytes:
    """Return the bytes of assignments/aN/release.json: what the self-check knows of this release."""
    return outline(source_notebook(repository, source))


# Files beside the notebook that are generated and committed as it is: name in assignments/aN/ -> what makes its bytes.
GENERATED: dict[str, Generator] = {
    "conftest.py": conftest,
    "mistakes.json": mistakes_json,
    "release.json": release_json,
}

RELEASE_DIGITS = 16
PREPARE = "prepare"  # the id of the demo cell that the build adds below the first import of check()
IMPORTS_CHECK = re.compile(r"(?m)^from selfcheck import .*\bcheck\b")
_PREPARATION = """\
from selfcheck import prepare

prepare()  # reads the tests once, so that the first check is quick"""
READY = "ready"  # the id of the demo cell that the build adds at the end, below READY_TEXT
READY_TEXT = """\
## Before you hand in

Save the notebook, then run this cell. It runs the saved notebook from the top in a process of its own, as the grade
will, and says what is unfinished, what the grade would miss, and what it does not run. It takes about as long as the
exercises take. In a terminal, `python -m selfcheck --ready` with the notebook's name does the same."""
_READY = """\
from selfcheck import ready

ready()"""


@dataclass(frozen=True)
class Built:
    """What a build has made: the committed notebook, nbgrader's release folder, and their contents."""

    assignment: str
    notebook: Path
    release: Path
    files: tuple[str, ...]
    exercises: int
    written: int


def build_all(repository: Repository, course: Course, assignments: Sequence[str]) -> Iterator[Built]:
    """Build assignments, see `build`, in the order in which all cores have made what is generated beside their
    notebooks.
    """
    for name, made in beside.each(generated_files, repository, assignments):
        yield _build(repository, course, read_source(repository, name), made)


def generated_files(repository: Repository, assignment: str) -> dict[str, bytes]:
    """Return what is generated beside an assignment's notebook, by name. Raises SourceError."""
    return _made(repository, read_source(repository, assignment))


def _made(repository: Repository, source: Source) -> dict[str, bytes]:
    return {name: make(repository, source) for name, make in GENERATED.items()}


def build(repository: Repository, course: Course, assignment: str, generate: bool = True) -> Built:
    """Build one assignment: source and release of the course directory (made if missing), and the committed files.

    generate: whether to make anew what is generated beside the notebook; without it, what is committed is handed out.
    Everything is made before anything is written. Raises SourceError that names every slip in what the author wrote,
    BuildError if nbgrader refuses. After these, as after any other failure, repository and course are as before.
    """
    source = read_source(repository, assignment)
    return _build(repository, course, source, _made(repository, source) if generate else {})


def _build(repository: Repository, course: Course, source: Source, made: dict[str, bytes]) -> Built:
    assignment = source.name
    files = handout(repository, source, made)
    notebook = source_notebook(repository, source)
    folder = course.release / assignment
    with _released(course, source, notebook) as release:
        files[f"{assignment}.ipynb"] = release.notebook
        contents: dict[Path, bytes | None] = {repository.public(assignment) / name: made[name] for name in made}
        contents[repository.notebook(assignment)] = release.notebook
        contents[course.source_notebook(assignment)] = notebooks.to_text(notebook).encode()
        contents |= dict.fromkeys(path for path in folder.rglob("*") if path.is_file())  # what is no longer handed out
        contents |= {folder / place: content for place, content in files.items()}
        with course.created(config_text(course)), atomic.all_or_none(contents):
            release.commit()
    return Built(
        assignment,
        repository.notebook(assignment),
        folder,
        tuple(sorted(files)),
        len(source.exercises),
        len(source.written),
    )


def read_source(repository: Repository, assignment: str) -> Source:
    """Return the assignment's script; SourceError, naming the assignments there are, if there is none of that name."""
    path = repository.source(assignment)
    if assignment not in repository.names():
        known = ", ".join(repository.names()) or "none"
        raise SourceError([Problem(assignment, f"there is no such assignment in solutions/; there are: {known}.")])
    return parse(path)


def student_notebook(repository: Repository, course: Course, source: Source) -> bytes:
    """Return the student's notebook as nbgrader makes it. Of the course, only the gradebook is written."""
    with _released(course, source, source_notebook(repository, source)) as release, course.created(config_text(course)):
        release.commit()
    return release.notebook


@contextlib.contextmanager
def _released(course: Course, source: Source, notebook: NotebookNode) -> Iterator[Release]:
    """nbgrader's release of the source notebook; BuildError unless it is what the script says."""
    with generated(course, source.name, notebook) as release:
        if (
            release_hash(nbformat.reads(release.notebook.decode(), as_version=4))
            != notebooks.release(notebook)["release"]
        ):
            raise BuildError(
                f"nbgrader's release of {source.name} is not what the script says students shall see: "
                f"remove settings of ClearSolutions and the like from {course.config_file}."
            )
        yield release


def source_notebook(repository: Repository, source: Source) -> NotebookNode:
    """The instructor's notebook: the script's cells, one that prepares the checks, beside each exercise its card and
    its graded cell, and at the end the cell that tries the whole as the grade will.
    """
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
    prepared = False

    def numbered(kind: str) -> str:
        counts[kind] += 1
        return f"{kind}-{counts[kind]}"

    for cell, minutes in zip(source.cells, reading.section_minutes(source.cells), strict=True):
        if cell.kind == "prose":
            text = reading.announced(cell.source, minutes) if minutes else cell.source
            yield notebooks.prose(text, numbered("prose"))
        elif cell.kind == "include":
            yield notebooks.prose(_included(repository, source, cell), numbered("prose"))
        elif cell.kind == "given":
            yield notebooks.given(cell.source, _given_id(cell.source, taken))
            if not prepared and IMPORTS_CHECK.search(cell.source):
                prepared = True
                yield notebooks.demo(_PREPARATION, PREPARE)
        elif cell.kind == "demo":
            yield notebooks.demo(cell.source, numbered("demo"), cell.folded)
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
            yield notebooks.prose(asked(cell), f"{cell.name}-question")
            yield notebooks.written(_answer(cell), cell.name, cell.points)
    yield from waiting
    if prepared:
        yield notebooks.prose(READY_TEXT, f"{READY}-text")
        yield notebooks.demo(_READY, READY)


def card(cell: Cell, number: str) -> str:
    """Return the heading above an exercise, and below it points, difficulty and minutes."""
    dots = "●" * cell.difficulty + "○" * (5 - cell.difficulty)
    beside = f" · hand in `{cell.file}` beside the notebook" if cell.file else ""
    return f"### Exercise {number}: `{cell.name}`\n\n{_worth(cell)} · difficulty {dots} · {_time(cell)}{beside}"


def asked(cell: Cell) -> str:
    """Return a written question under its own heading, or under its name, with points and minutes."""
    first, _, rest = cell.question.partition("\n")
    heading, text = (first, rest.strip()) if first.startswith("#") else (f"### Question: `{cell.name}`", cell.question)
    worth = f"**Question: `{cell.name}`** · {_worth(cell)} · {_time(cell)} · graded by a person"
    return f"{heading}\n\n{worth}\n\n{text}"


def _worth(cell: Cell) -> str:
    if not cell.points:
        return "without points"
    return f"{cell.points:g} point{'' if cell.points == 1 else 's'}"


def _time(cell: Cell) -> str:
    return f"about {cell.minutes} minutes"


def _answer(cell: Cell) -> str:
    """One solution region that holds model answer and mark scheme: nbgrader puts its stub in the place of both.

    Its own mark scheme regions belong to task cells, and come back to students in the feedback.
    """
    return "\n\n".join(
        ["### BEGIN SOLUTION", "**Model answer**", cell.answer, "**Mark scheme**", cell.scheme, "### END SOLUTION"]
    )


def _included(repository: Repository, source: Source, cell: Cell) -> str:
    path = repository.assignments / cell.name
    if not path.is_file() or not path.resolve().is_relative_to(repository.assignments.resolve()):
        where = f"{shown_path(source.path)}:{cell.line}"
        raise SourceError([Problem(where, f"include={cell.name!r}: there is no such file in assignments/.")])
    return author_text(path).strip()


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
