"""A cell of a percent script: its kind, what its first line says, and the slips that its author can make."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.course import markers
from autograder.course.percent import RawCell, dedented

Kind = Literal["prose", "include", "given", "demo", "exercise", "written"]

ATTRIBUTES: dict[Kind, tuple[str, ...]] = {
    "prose": (),
    "include": ("include",),
    "given": (),
    "demo": ("folded",),
    "exercise": ("exercise", "points", "difficulty", "minutes", "file"),
    "written": ("written", "points", "minutes"),
}
DIFFICULTIES = range(1, 6)
MAIN = 'if __name__ == "__main__":'


@dataclass(frozen=True)
class Cell:
    """One cell of the script.

    source: its text, markers included; a demo's is dedented. line: its first in the script, from 1.
    name, points, difficulty, minutes: of exercises and written questions; `name` of an include is the file's. An
    exercise of 0 points is for those who want more: it is checked, and counts nowhere.
    file: what an exercise hands in beside the notebook, if anything. folded: whether JupyterLab shows a demo's output
    without its code.
    """

    kind: Kind
    source: str
    line: int
    name: str = ""
    points: float = 0
    difficulty: int = 0
    minutes: int = 0
    file: str = ""
    folded: bool = False

    @property
    def reference(self) -> str:
        """An exercise's code with the reference solution, markers left out."""
        return markers.without_markers(self.source)

    @property
    def student(self) -> str:
        """The cell as a student gets it: the stub of an exercise, the question of a written one."""
        if self.kind == "written":
            return self.question
        return markers.student_view(self.source) if self.kind == "exercise" else self.source

    @property
    def solutions(self) -> list[str]:
        """The text of each solution region of an exercise."""
        return markers.region_texts(self.source, markers.SOLUTION)

    @property
    def given(self) -> str:
        """The lines of an exercise outside of its solution, or the whole of another cell."""
        return markers.outside(self.source)

    @property
    def question(self) -> str:
        """A written question, without its answer and its mark scheme."""
        return re.sub(r"\n{3,}", "\n\n", markers.outside(self.source)).strip()

    @property
    def answer(self) -> str:
        """A written question's model answer."""
        return "\n\n".join(self.solutions).strip()

    @property
    def scheme(self) -> str:
        """A written question's mark scheme."""
        return "\n\n".join(markers.region_texts(self.source, markers.MARK_SCHEME)).strip()

    def patched(self, old: str, new: str) -> str:
        """Return the reference code with `old` replaced by `new` in the solution.

        Raises ValueError unless `old` is in the solution exactly once.
        """
        return markers.patched(self.source, old, new)

    def patched_by_all(self, changes: Sequence[tuple[str, str]]) -> str:
        """Return the reference code with several (old, new) replaced in turn; ValueError as in `patched`."""
        return markers.patched_by_all(self.source, changes)


def typed(raw: RawCell, report: Callable[..., None]) -> Cell:
    """The cell with its kind; each slip is told to `report(sentence, line_of_the_cell)`, and the cell comes anyway."""
    kind = _kind(raw, report)
    for attribute in raw.attributes:
        if attribute not in ATTRIBUTES[kind]:
            known = ", ".join(ATTRIBUTES[kind]) or "none"
            report(f"unknown attribute {attribute!r}; a cell of kind {kind!r} knows: {known}.")
    regions: dict[Kind, tuple[markers.Region, ...]] = {
        "exercise": (markers.SOLUTION,),
        "written": (markers.SOLUTION, markers.MARK_SCHEME),
    }
    slips = markers.lint(raw.source, regions.get(kind, ()))
    for offset, sentence in slips:
        report(sentence, offset + 1)
    if kind == "demo":
        folded = raw.attributes.get("folded", False)
        if not isinstance(folded, bool):
            report(f"folded={folded!r} must be true or false.")
        return Cell(kind, dedented(raw.source, report), raw.line, folded=folded is True)
    if kind == "include":
        if raw.source.strip():
            report("a cell that includes a file holds nothing else: move its text to a cell of its own.")
        return Cell(kind, "", raw.line, name=str(raw.attributes["include"]))
    if kind not in ("exercise", "written"):
        if kind == "given" and (line := _main_below(raw.source)):
            report(
                f"a demo's first line is {MAIN!r}, spelled so, with nothing above it; else the cell is graded.", line
            )
        return Cell(kind, raw.source, raw.line)
    cell = Cell(
        kind,
        raw.source,
        raw.line,
        name=_name(raw.attributes[kind], report),
        points=_number(raw, "points", report),
        difficulty=int(_number(raw, "difficulty", report)) if kind == "exercise" else 0,
        minutes=int(_number(raw, "minutes", report)),
        file=_file(raw.attributes.get("file", ""), report),
    )
    if not slips:
        (_check_exercise if kind == "exercise" else _check_written)(cell, report)
    return cell


def _kind(raw: RawCell, report: Callable[..., None]) -> Kind:
    if raw.type == "raw":
        report("raw cells are not used: make it markdown or code.")
        return "prose"
    if raw.type == "markdown":
        if "exercise" in raw.attributes:
            report("an exercise is a code cell: leave [markdown] out.")
        if "written" in raw.attributes:
            return "written"
        return "include" if "include" in raw.attributes else "prose"
    for attribute in ("written", "include"):
        if attribute in raw.attributes:
            report(f"{attribute} belongs to a markdown cell: write [markdown] before it.")
    if "exercise" in raw.attributes:
        return "exercise"
    return "demo" if raw.source.startswith(MAIN) else "given"


def _main_below(source: str) -> int:
    """Return the line, from 1, in which a given cell asks whether it is the main program; 0 if it does not."""
    asks = (n for n, line in enumerate(source.split("\n"), 1) if re.match(r"if\s+__name__\s*==", line))
    return next(asks, 0)


def _name(value: object, report: Callable[..., None]) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,48}", value):
        report(f"{value!r} cannot be a name: a letter, then letters, digits and _, at most 49 in all.")
    return str(value)


def _file(value: object, report: Callable[..., None]) -> str:
    if value != "" and (not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_]+\.(json|csv|txt)", value)):
        report(f"file={value!r} cannot be handed in: a name of letters, digits and _ that ends in .json, .csv or .txt.")
    return str(value)


def _number(raw: RawCell, attribute: str, report: Callable[..., None]) -> float:
    value = raw.attributes.get(attribute)
    if value is None:
        report(f"{attribute} is missing: write {attribute}=... in the cell's first line.")
        return 0
    whole = isinstance(value, int) and not isinstance(value, bool)
    if attribute == "difficulty":
        if not whole or value not in DIFFICULTIES:
            report(f"difficulty={value!r} must be a whole number from 1 to 5.")
            return 0
    elif attribute == "minutes":
        if not whole or value <= 0:
            report(f"minutes={value!r} must be a whole number above 0.")
            return 0
    elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        report(f"points={value!r} must be a number, 0 for an exercise without points.")
        return 0
    elif value == 0 and "written" in raw.attributes:
        report("points=0: a question that a person grades is worth points.")
        return 0
    return value


def _check_exercise(cell: Cell, report: Callable[..., None]) -> None:
    if not cell.solutions:
        report(
            "no solution region: nbgrader would wipe the whole cell, signature included; write ### BEGIN SOLUTION "
            "and ### END SOLUTION around what the student has to find."
        )
    for text, what in ((cell.reference, "with its solution"), (cell.student, "as the student gets it")):
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            report(f"the cell {what} is not Python: {error.msg}, line {error.lineno} of the cell.")
            return
        defined = (node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
        if cell.name not in defined:
            report(
                f"the cell {what} does not define a function or class called {cell.name}: the exercise's name is "
                "its main function's."
            )
            return


def _check_written(cell: Cell, report: Callable[..., None]) -> None:
    for text, what in (
        (cell.question, "question"),
        (cell.answer, "model answer (### BEGIN SOLUTION ... ### END SOLUTION)"),
        (cell.scheme, "mark scheme (### BEGIN MARK SCHEME ... ### END MARK SCHEME)"),
    ):
        if not text:
            report(f"the written question has no {what}.")
