"""Notebooks (nbformat 4.5) and their cells: constructors, accessors, and a writer whose bytes do not vary.

A cell's nbgrader metadata (schema 3) says what part it has in the assignment:

| cell | made by | grade | solution | locked | grade_id | points |
|---|---|---|---|---|---|---|
| prose | `prose` | | | | | |
| given code | `given` | no | no | yes | its own | |
| exercise | `exercise` | no | yes | no | NAME-solution | |
| graded test of an exercise | `test` | yes | no | yes | NAME | P |
| answer to a written question | `written` | yes | yes | no | NAME | P |
| demo, free to edit | `demo` | tagged `demo` | | | | |

Reading a notebook that a stranger wrote is `autograder.grading.submission`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import atomic

SCHEMA = 3
SOLUTION_SUFFIX = "-solution"
GIVEN, EXERCISE, TEST, WRITTEN, DEMO, PROSE = "given", "exercise", "test", "written", "demo", "prose"
DEMO_TAG = "demo"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}

_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def new(cells: list[NotebookNode], metadata: dict[str, Any] | None = None) -> NotebookNode:
    """Return a notebook of these cells for the kernel `python3`; `metadata` is added to the notebook's own.

    Whether it is valid is asked when it is written.
    """
    notebook = nbformat.v4.new_notebook()
    notebook.cells = cells
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE), **(metadata or {})}
    )
    return notebook


def prose(source: str, cell_id: str) -> NotebookNode:
    """Return a markdown cell that nbgrader does not know."""
    return _markdown(source, cell_id, {})


def given(source: str, grade_id: str) -> NotebookNode:
    """Code of the instructor: locked and read-only."""
    return _code(source, grade_id, {"nbgrader": _part(grade_id, locked=True)})


def demo(source: str, cell_id: str, folded: bool = False) -> NotebookNode:
    """Return a cell to play with: tagged `demo`, free to edit, never run when grading.

    folded: whether JupyterLab shows its output without its code, until the reader opens it.
    """
    hidden = {"jupyter": {"source_hidden": True}} if folded else {}
    return _code(source, cell_id, {"tags": [DEMO_TAG]} | hidden)


def exercise(source: str, name: str, file: str = "") -> NotebookNode:
    """The cell in which a student solves the exercise `name`, which hands in `file` beside the notebook, if any."""
    grade_id = name + SOLUTION_SUFFIX
    asked = {"course": {"file": file}} if file else {}
    return _code(source, grade_id, {"nbgrader": _part(grade_id, solution=True)} | asked)


def test(name: str, points: float) -> NotebookNode:
    """Return the locked cell that carries the exercise's points: `check("NAME")`."""
    return _code(check_call(name), name, {"nbgrader": _part(name, grade=True, locked=True, points=points)})


test.__test__ = False  # type: ignore[attr-defined] # its name begins with test; pytest must not collect it


def written(source: str, name: str, points: float) -> NotebookNode:
    """Return the markdown cell that holds the answer to the written question `name`; a person grades it."""
    return _markdown(source, name, {"nbgrader": _part(name, grade=True, solution=True, points=points)})


def check_call(name: str) -> str:
    """Return the source of an exercise's graded test cell."""
    return f'check("{name}")'


def part(cell: NotebookNode) -> dict[str, Any]:
    """Return the cell's nbgrader metadata; empty if it has none, or something else than a mapping is there."""
    found = cell.get("metadata", {}).get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's name of the cell, or None."""
    found = part(cell).get("grade_id")
    return found if isinstance(found, str) and found else None


def points(cell: NotebookNode) -> float:
    """Return what the cell is worth: 0 unless it is graded."""
    found = part(cell).get("points", 0)
    return float(found) if part(cell).get("grade") and isinstance(found, int | float) else 0.0


def handed_in(cell: NotebookNode) -> str:
    """Return the file that an exercise hands in beside the notebook; '' if none."""
    found = cell.get("metadata", {}).get("course", {})
    return str(found.get("file", "")) if isinstance(found, dict) else ""


def role(cell: NotebookNode) -> str:
    """Return the part that a cell plays, by its metadata: GIVEN, EXERCISE, TEST, WRITTEN, DEMO or PROSE.

    In the instructor's notebook GIVEN is code of the instructor; in a student's it is any other code, see `is_given`.
    """
    graded, solution = bool(part(cell).get("grade")), bool(part(cell).get("solution"))
    if cell.cell_type != "code":
        return WRITTEN if cell.cell_type == "markdown" and graded and solution else PROSE
    if is_demo(cell):
        return DEMO
    if solution:
        return EXERCISE
    return TEST if graded else GIVEN


def is_test(cell: NotebookNode) -> bool:
    """Is this the graded test cell of an exercise?"""
    return role(cell) == TEST


def is_exercise(cell: NotebookNode) -> bool:
    """Is this the cell in which an exercise is solved?"""
    return role(cell) == EXERCISE


def is_written(cell: NotebookNode) -> bool:
    """Is this the answer cell of a written question?"""
    return role(cell) == WRITTEN


def is_given(cell: NotebookNode) -> bool:
    """Is this locked code of the instructor that carries no points?"""
    return role(cell) == GIVEN and bool(part(cell).get("locked"))


def is_demo(cell: NotebookNode) -> bool:
    """Is this a demo cell?"""
    tags = cell.get("metadata", {}).get("tags", [])
    return cell.cell_type == "code" and isinstance(tags, list) and DEMO_TAG in tags


def exercise_name(cell: NotebookNode) -> str | None:
    """Return the exercise that the cell solves or tests, or None."""
    found = grade_id(cell)
    if found is None:
        return None
    if is_exercise(cell):
        return found.removesuffix(SOLUTION_SUFFIX)
    return found if is_test(cell) else None


def find(notebook: NotebookNode, wanted: str) -> NotebookNode:
    """Return the cell whose grade_id is `wanted`; KeyError if there is none."""
    for cell in notebook.cells:
        if grade_id(cell) == wanted:
            return cell
    raise KeyError(wanted)


def exercise_points(notebook: NotebookNode) -> dict[str, float]:
    """Return each exercise's points in the notebook's order, read from its graded test cells."""
    return {name: points(cell) for cell in notebook.cells if is_test(cell) and (name := grade_id(cell))}


def release(notebook: NotebookNode) -> dict[str, str]:
    """Return what the build wrote about the notebook: `assignment` and `release`; empty if it wrote nothing."""
    found = notebook.metadata.get("course", {})
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def to_text(notebook: NotebookNode) -> str:
    """Return the file's text: keys sorted, one space of indent, non-ASCII kept, a newline at the end.

    Raises nbformat.ValidationError if the notebook breaks the format.
    """
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path: Path, notebook: NotebookNode) -> None:
    """Write the notebook at once; its folder is made if missing."""
    atomic.replace(path, to_text(notebook).encode("utf-8"))


def read(path: Path) -> NotebookNode:
    """Read a notebook of ours, in format 4; ValueError, naming the file, if it is not one."""
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        raise ValueError(f"{path} is not a notebook: {error}") from error


def strings(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each string in a notebook, or in any tree of dicts and lists, keys included, with the path that leads to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield where, str(key)
            yield from strings(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield where, "".join(value)  # the file's form of a text of several lines
        for position, item in enumerate(value):
            yield from strings(item, f"{where}[{position}]")


def _part(
    grade_id: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "schema_version": SCHEMA,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        found["points"] = points
    return found


def _code(source: str, cell_id: str, metadata: dict[str, Any]) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, id=_checked(cell_id), metadata=metadata)


def _markdown(source: str, cell_id: str, metadata: dict[str, Any]) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=_checked(cell_id), metadata=metadata)


def _checked(cell_id: str) -> str:
    if not _CELL_ID.fullmatch(cell_id):
        raise ValueError(f"{cell_id!r} cannot be a cell's id: 1 to 64 letters, digits, - and _ are allowed.")
    return cell_id
