"""Reads an assignment's source of truth: a jupytext percent script, cell by cell, every slip of its author named.

`parse` gives a `Source`; `load_reference` imports the same script as the reference's functions.
"""

from __future__ import annotations

import ast
import functools
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, ModuleType

from autograder.course.cell import Cell, typed
from autograder.course.loading import load_file
from autograder.course.percent import RawCell, read_cells
from autograder.course.problem import Problem, SourceError

__all__ = [
    "Cell",
    "Problem",
    "Source",
    "SourceError",
    "author_text",
    "load_cells",
    "load_reference",
    "parse",
    "shown_path",
]

TOTAL_POINTS = 100
CODE_POINTS = (75, 85)
DECIMALS = 6  # of a sum of points: 14.9 + 13.9 + ... is 99.99999999999999 otherwise


@dataclass(frozen=True)
class Source:
    """An assignment's script. `name` is the assignment's; `cells` are all cells in order."""

    name: str
    path: Path
    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> list[Cell]:
        """The exercises in order."""
        return [cell for cell in self.cells if cell.kind == "exercise"]

    @property
    def written(self) -> list[Cell]:
        """The written questions in order."""
        return [cell for cell in self.cells if cell.kind == "written"]

    def exercise(self, name: str) -> Cell:
        """Return the exercise called `name`; KeyError, naming those there are, if there is none."""
        for cell in self.exercises:
            if cell.name == name:
                return cell
        names = ", ".join(cell.name for cell in self.exercises)
        raise KeyError(f"{self.name} has no exercise {name!r}; it has {names}")

    def with_cell(self, name: str, source: str) -> Source:
        """Return the same assignment with other code in the cell of the exercise `name`."""
        wanted = self.exercise(name)
        return replace(
            self, cells=tuple(replace(cell, source=source) if cell is wanted else cell for cell in self.cells)
        )

    def load(self, title: str = "variant") -> ModuleType:
        """Run the given cells and the exercises, not the demos, and return what they define as a module."""
        module = ModuleType(f"{self.name}_{title}")
        for cell in self.cells:
            if cell.kind in ("given", "exercise"):
                text = re.sub(r"(?m)^(\s*)([%!])", r"\1# \2", cell.reference)  # IPython's commands
                exec(_compiled("\n" * (cell.line) + text, str(self.path)), module.__dict__)
        return module


@functools.lru_cache(maxsize=256)
def _compiled(text: str, path: str) -> CodeType:
    """Compile a cell as a notebook does, without this module's future import; one is loaded a thousand times."""
    return compile(text, path, "exec", dont_inherit=True)


def parse(path: Path) -> Source:
    """Read a percent script.

    Raises SourceError with every problem found, each with the script's name, line and cell; OSError if the script
    cannot be read.
    """
    text = author_text(path)
    problems: list[Problem] = []
    shown = shown_path(path)
    cells: list[Cell] = []
    try:
        raw_cells = read_cells(text)
    except ValueError as error:
        raise SourceError([Problem(shown, f"jupytext cannot read it: {error}")]) from error
    for raw in raw_cells:

        def report(sentence: str, offset: int = 0, raw: RawCell = raw) -> None:
            name = raw.attributes.get("exercise") or raw.attributes.get("written")
            where = f"{shown}:{raw.line + offset}" + (f" (cell {name})" if name else "")
            problems.append(Problem(where, sentence))

        cells.append(typed(raw, report))
    problems.extend(_whole(shown, cells))
    if not problems:
        problems.extend(_not_python(shown, text))
    if problems:
        raise SourceError(problems)
    return Source(path.parent.name, path, tuple(cells))


def load_reference(path: Path) -> ModuleType:
    """Import a file of the course (a chapter, cases, a catalogue); SourceError, naming the file, if it raises."""
    try:
        return load_file(path)
    except (Exception, SystemExit) as error:
        raise SourceError([_raised(path, error)]) from error


def load_cells(source: Source) -> ModuleType:
    """Run an assignment's cells as `Source.load` does; SourceError, naming the line, if one raises."""
    try:
        return source.load()
    except (Exception, SystemExit) as error:
        raise SourceError([_raised(source.path, error)]) from error


def author_text(path: Path) -> str:
    """Return the text of a file that an author writes.

    SourceError, naming the line, if it is not UTF-8, or holds a zero byte, of which Python's parser names no line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SourceError([Problem(f"{shown_path(path)}:{line}", "it is not UTF-8: save it as UTF-8.")]) from error
    before, zero, _ = text.partition("\0")
    if zero:
        line = before.count("\n") + 1
        raise SourceError([Problem(f"{shown_path(path)}:{line}", "it holds a zero byte: delete it.")])
    return text


def shown_path(path: Path) -> str:
    """Return the end of a path that names the file to an author: room, assignment, file."""
    return "/".join(path.parts[-3:])


def _raised(path: Path, error: BaseException) -> Problem:
    """Return what running a file has raised, with the last of the file's lines that took part in it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    said = str(error)
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
        said = error.msg
    where = shown_path(path) + (f":{lines[-1]}" if lines else "")
    return Problem(where, f"{type(error).__name__}: {said}")


def _not_python(shown: str, text: str) -> Iterator[Problem]:
    """Yield where the script is not Python: then no demo could run, and nothing could import the reference."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        yield Problem(f"{shown}:{error.lineno}", f"it is not Python: {error.msg}.")


def _whole(shown: str, cells: list[Cell]) -> list[Problem]:
    """Return what is wrong with the assignment as a whole: names used twice, points that do not sum."""
    problems = []
    seen: dict[str, int] = {}
    for cell in cells:
        if cell.kind in ("exercise", "written"):
            if cell.name in seen:
                problems.append(
                    Problem(
                        f"{shown}:{cell.line}", f"the name {cell.name} is taken by the cell at line {seen[cell.name]}."
                    )
                )
            seen.setdefault(cell.name, cell.line)
    code = round(sum(cell.points for cell in cells if cell.kind == "exercise"), DECIMALS)
    total = round(sum(cell.points for cell in cells), DECIMALS)
    if total != TOTAL_POINTS:
        problems.append(Problem(shown, f"the points sum to {total:g}, not to {TOTAL_POINTS}."))
    low, high = CODE_POINTS
    if not low <= code <= high:
        problems.append(Problem(shown, f"{code:g} points are graded by code; it must be {low} to {high}."))
    return problems
