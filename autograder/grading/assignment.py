"""What grading knows of an assignment, read from the instructor's source notebook and the files of the repository."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from autograder.course import notebook
from autograder.course.notebook import EXERCISE, GIVEN, SOLUTION_SUFFIX, TEST, handed_in
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
    """An assignment as grading sees it: exercises with their points in order, the cells, and where its files are.

    handed_in: names of the files that are handed in beside the notebook. tests_data: files that its tests and
    cases read.
    """

    name: str
    points: dict[str, float]
    cells: tuple[Cell, ...]
    release: str
    released_files: dict[str, str]
    source_notebook: Path
    reference: Path
    hidden: Path
    visible: Path
    cases: Path
    mistakes: Path
    selfcheck: Path
    handed_in: tuple[str, ...]
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
        public = repository.public(name)
        paths = {
            "reference": repository.source(name),
            "hidden": repository.hidden(name),
            "visible": public / f"test_{name}.py",
            "cases": public / "cases.py",
        }
        for what, path in paths.items():
            if not path.is_file():
                raise NotBuilt(f"the {what} file of {name} is missing: {path}. Restore it from version control")
        content = nbformat.read(source, as_version=4)
        cells = tuple(_cell(cell) for cell in content.cells)
        points = {c.grade_id: float(c.metadata["points"]) for c in cells if c.role == TEST}
        release = content.metadata.get("course", {}).get("release", "")
        return cls(
            name=name,
            points=points,
            cells=cells,
            release=release,
            released_files=_released(course.release / name),
            source_notebook=source,
            mistakes=repository.mistakes(name),
            selfcheck=repository.assignments / "selfcheck",
            handed_in=tuple(filter(None, map(handed_in, content.cells))),
            tests_data=_tests_data(repository, name, paths["visible"], paths["hidden"], paths["cases"]),
            seed=hashlib.sha256(course.secret() + name.encode()).digest(),
            **paths,
        )

    @property
    def max_points(self) -> float:
        """Points that code can earn."""
        return sum(self.points.values())

    def imports(self) -> tuple[str, ...]:
        """Modules that the given cells import, and those that a solution will, for the fork server to import once."""
        given = module_imports(*(cell.source for cell in self.cells if cell.role == GIVEN))
        return (*given, *late_imports(*(cell.source for cell in self.cells if cell.role == EXERCISE)))

    def fingerprint(self) -> str:
        """A hash of everything of the assignment that can change a result."""
        digest = hashlib.sha256(self.seed)
        for path in (
            self.source_notebook,
            *(self.reference, self.hidden, self.visible, self.cases, self.mistakes),
            *self.tests_data,
        ):
            digest.update(f"{path.name} {file_hash(path) if path.is_file() else 'none'}\n".encode())
        digest.update(code_hash(self.selfcheck).encode())
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
    """The sha256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def code_hash(*folders: Path) -> str:
    """A hash of the code in these folders, with each file's place in them: the same wherever they lie.

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


def _cell(cell: nbformat.NotebookNode) -> Cell:
    nbgrader = dict(notebook.part(cell))
    return Cell(cell.get("id", ""), nbgrader.get("grade_id", ""), notebook.role(cell), cell.source, nbgrader)
