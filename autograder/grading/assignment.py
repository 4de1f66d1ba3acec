"""What grading knows of an assignment, read from the instructor's source notebook and the files of the repository."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.course import notebook as notebooks
from autograder.course.notebook import EXERCISE, GIVEN, SOLUTION_SUFFIX
from autograder.course.paths import Course, Repository
from autograder.grading.forks import late_imports, module_imports

CODE_SUFFIXES = (".py", ".ini")
_STRING = re.compile(r"""["']([^"'\n]+)["']""")


class NotBuilt(Exception):
    """The assignment cannot be graded yet; the text says what is missing and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of the source notebook: its nbgrader grade_id ('' if it has none), its role, its text."""

    id: str
    grade_id: str
    role: str
    source: str
    metadata: dict[str, Any] = field(hash=False, compare=False, default_factory=dict)

    @property
    def exercise(self) -> str:
        """The exercise whose solution cell or test cell this is."""
        return self.grade_id.removesuffix(SOLUTION_SUFFIX)


@dataclass(frozen=True)
class Assignment:
    """An assignment as grading sees it: the instructor's notebook, and what else in the course a result depends on.

    released_files: names of what the release holds beside the notebook, with a hash of each file. tests_data: files
    that its tests and cases read. seed: bytes that the inputs of its tests follow from.
    """

    name: str
    course: Course
    repository: Repository
    notebook: NotebookNode = field(repr=False)
    released_files: dict[str, str]
    tests_data: tuple[Path, ...]
    seed: bytes = field(repr=False)

    @classmethod
    def load(cls, course: Course, repository: Repository, name: str) -> Assignment:
        """Read the assignment `name`. Raises NotBuilt, with the next step, if something is missing."""
        if name not in repository.names():
            known = ", ".join(repository.names()) or "none"
            raise NotBuilt(f"there is no assignment {name!r}. The assignments are: {known}")
        source = course.source_notebook(name)
        if not source.is_file():
            raise NotBuilt(f"{source} is missing. Run `autograder build` first")
        tests = {
            "visible": repository.visible(name),
            "hidden": repository.hidden(name),
            "cases": repository.cases(name),
        }
        for what, path in {"reference": repository.source(name), **tests}.items():
            if not path.is_file():
                raise NotBuilt(f"the {what} file of {name} is missing: {path}. Restore it from version control")
        return cls(
            name=name,
            course=course,
            repository=repository,
            notebook=notebooks.read(source),
            released_files=_released(course.release / name),
            tests_data=_tests_data(repository, name, *tests.values()),
            seed=course.seed(name),
        )

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the instructor's notebook, as plain data."""
        return tuple(map(_cell, self.notebook.cells))

    @cached_property
    def points(self) -> dict[str, float]:
        """The exercises in order, each with its points."""
        return notebooks.exercise_points(self.notebook)

    @property
    def release(self) -> str:
        """What tells this release of the assignment from others."""
        return notebooks.release(self.notebook).get("release", "")

    @cached_property
    def handed_in(self) -> tuple[str, ...]:
        """The names of the files that are handed in beside the notebook."""
        return tuple(filter(None, map(notebooks.handed_in, self.notebook.cells)))

    @property
    def max_points(self) -> float:
        """Points that code can earn."""
        return sum(self.points.values())

    def imports(self) -> tuple[str, ...]:
        """Modules that the given cells import, and those that a solution will, for the fork server to import once."""
        given = module_imports(*(cell.source for cell in self.cells if cell.role == GIVEN))
        return (*given, *late_imports(*(cell.source for cell in self.cells if cell.role == EXERCISE)))

    @property
    def files(self) -> tuple[Path, ...]:
        """All that grading reads of the repository for this assignment, but selfcheck; not every one need be there."""
        files, name = self.repository, self.name
        return (
            *(files.source(name), files.hidden(name), files.visible(name), files.cases(name), files.mistakes(name)),
            *(files.right(name), files.outline(name)),
            *sorted(files.handed_in(name).glob("*")),
            *self.tests_data,
        )

    def fingerprint(self) -> str:
        """Return a hash of everything of the assignment that can change a result."""
        digest = hashlib.sha256(self.seed)
        for path in (self.course.source_notebook(self.name), *self.files):
            digest.update(f"{path.name} {file_hash(path) if path.is_file() else 'none'}\n".encode())
        digest.update(code_hash(self.repository.selfcheck).encode())
        return digest.hexdigest()


def _tests_data(repository: Repository, name: str, *tests: Path) -> tuple[Path, ...]:
    """The files of data/ and of solutions/aN/ that tests or cases name in a string, or whose folder they name."""
    strings = {text for path in tests for text in _STRING.findall(path.read_text(encoding="utf-8"))}
    found = []
    for folder in (repository.data, repository.secret(name)):
        for path in sorted(folder.rglob("*")):
            place = path.relative_to(folder)
            names = {path.name, *(part.as_posix() for part in (place, *place.parents) if part.name)}
            if path.is_file() and path not in tests and path.suffix != ".pyc" and names & strings:
                found.append(path)
    return tuple(found)


def _released(folder: Path) -> dict[str, str]:
    """Names of what the release holds beside the notebook, with a hash of each file ('' for a folder)."""
    if not folder.is_dir():
        return {}
    return {path.name: file_hash(path) if path.is_file() else "" for path in folder.iterdir()}


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def code_hash(*folders: Path) -> str:
    """Return a hash of the code in these folders, with each file's place in them: the same wherever they lie.

    What a result follows from is Python and pytest's configuration. Templates and style sheets are left out: pages are
    made from results and change none.
    """
    digest = hashlib.sha256()
    for folder in folders:
        found = {
            path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in CODE_SUFFIXES
        }
        for place, path in sorted(found.items()):
            digest.update(f"{folder.name}/{place} {file_hash(path)}\n".encode())
    return digest.hexdigest()


def _cell(cell: NotebookNode) -> Cell:
    nbgrader = dict(notebooks.part(cell))
    return Cell(cell.get("id", ""), nbgrader.get("grade_id", ""), notebooks.role(cell), cell.source, nbgrader)
