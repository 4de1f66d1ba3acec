"""What this session has run, and when: tells whether a function is older than the saved text of its cell."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

from selfcheck.cells import defined_names, joined, parsed, stands_alone, syntax_error
from selfcheck.merging import Merged, merge
from selfcheck.release import SOLUTION_SUFFIX, release_of, student_cells

_EVENT = "post_run_cell"
_ran: dict[str, tuple[str, float]] = {}  # by function: the text of the cell that last defined it, and when it ran
_did_not_run: dict[str, tuple[str, float]] = {}  # the same of cells that did not compile, until they do


def follow(shell: Any) -> None:
    """Have the shell tell from now on which cells it has run."""
    events = getattr(shell, "events", None)
    if events is not None and _note not in events.callbacks[_EVENT]:
        events.register(_EVENT, _note)


def _note(result: Any) -> None:
    text = getattr(result.info, "raw_cell", None)
    if isinstance(text, str):
        names = dict.fromkeys(defined_names(text), (text, time.time()))
        for name in names:
            _did_not_run.pop(name, None)
        (_ran if result.error_before_exec is None else _did_not_run).update(names)


def older(names: list[str], notebook: Path) -> list[str]:
    """Return those of the exercises whose saved cells were edited after they ran here."""
    return [name for name, later in _different(names, notebook) if later]


def unsaved(names: list[str], notebook: Path) -> list[str]:
    """Return those of the exercises that ran here in a version which is not in the saved notebook, and is newer."""
    return [name for name, later in _different(names, notebook) if not later]


def gone(name: str, notebook: Path) -> str:
    """Return the sentence about an exercise that ran here and that the notebook, saved later, does not define."""
    try:
        (merged, _), at = _merged(notebook), notebook.stat().st_mtime
    except (OSError, ValueError):
        return ""
    if name not in _ran or _ran[name][1] >= at or any(name in defined_names(text) for _, text in merged.cells):
        return ""
    why = merged.problems.get(name, f"{name} is not defined: no cell defines it")
    return f"In the saved notebook {why}. What is checked is the function that this session still has."


def syntax_error_of(name: str, notebook: Path) -> str:
    """Return where the cell of an exercise does not compile, as it was saved, or run later; see `cells.syntax_error`.

    '' if it does. Of a cell that is split its whole counts.
    """
    cell = name + SOLUTION_SUFFIX
    text, when = _did_not_run.get(name, ("", 0.0))
    try:
        merged, pieces = _merged(notebook)
        if len(pieces.get(cell, [])) > 1 or when <= notebook.stat().st_mtime:
            text = dict(merged.cells).get(cell, "")
    except (OSError, ValueError):
        pass  # what has run here is known all the same
    return syntax_error(text)


def split(name: str, notebook: Path) -> tuple[int, bool]:
    """Return into how many pieces the saved cell of an exercise is split, and whether each of them runs by itself.

    The number is 0 for one that is not split.
    """
    try:
        merged, texts = _merged(notebook)
    except (OSError, ValueError):
        return 0, True
    pieces = texts.get(name + SOLUTION_SUFFIX, [])
    return merged.pieces.get(name, 0), all(map(stands_alone, pieces)) or not stands_alone(joined(pieces))


def _merged(notebook: Path) -> tuple[Merged, dict[str, list[str]]]:
    """The cells that run for the grade, and the texts of all cells with a mark: several if it was split."""
    cells = student_cells(notebook)
    merged = merge(cells, release_of(notebook).cells)
    pieces: dict[str, list[str]] = {}
    for cell in cells:
        pieces.setdefault(cell.grade_id, []).append(cell.source)
    return merged, pieces


def _different(names: list[str], notebook: Path) -> list[tuple[str, bool]]:
    """The exercises whose saved text is not what ran here; with each, whether the file is newer than the run."""
    try:
        (merged, pieces), at = _merged(notebook), notebook.stat().st_mtime
    except (OSError, ValueError):
        return []
    saved, found = dict(merged.cells), []
    for name in names:
        cell = name + SOLUTION_SUFFIX
        text = saved.get(cell, "")
        if name in _ran and name in defined_names(text):
            ran, when = _ran[name]
            parts = pieces.get(cell, []) if text == joined(pieces.get(cell, [])) else []  # run one by one
            if _code(ran) not in {_code(text), *map(_code, parts)}:
                found.append((name, at > when))
    return found


def _code(text: str) -> str:
    """The code of a cell, whatever its comments and its layout."""
    tree = parsed(text)
    return text if tree is None else ast.dump(tree)
