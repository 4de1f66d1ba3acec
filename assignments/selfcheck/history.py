"""What this session has run, and when: tells whether a function is older than the saved text of its cell."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

from selfcheck.cells import defined_names, parsed
from selfcheck.release import SOLUTION_SUFFIX, plan, student_cells

_EVENT = "post_run_cell"
_ran: dict[str, tuple[str, float]] = {}  # by function: the text of the cell that last defined it, and when it ran


def follow(shell: Any) -> None:
    """Have the shell tell from now on which cells it has run."""
    events = getattr(shell, "events", None)
    if events is not None and _note not in events.callbacks[_EVENT]:
        events.register(_EVENT, _note)


def _note(result: Any) -> None:
    text = getattr(result.info, "raw_cell", None)
    if isinstance(text, str) and result.error_before_exec is None:
        _ran.update(dict.fromkeys(defined_names(text), (text, time.time())))


def older(names: list[str], notebook: Path) -> list[str]:
    """Return those of the exercises whose saved cells were edited after they ran here."""
    return [name for name, later in _different(names, notebook) if later]


def unsaved(names: list[str], notebook: Path) -> list[str]:
    """Return those of the exercises that ran here in a version which is not in the saved notebook, and is newer."""
    return [name for name, later in _different(names, notebook) if not later]


def split_inside(name: str, notebook: Path) -> bool:
    """Whether the saved cell of an exercise is split inside of a function, so that no piece can be run by itself."""
    try:
        pieces = _pieces(name, notebook)
    except (OSError, ValueError):
        return False
    whole = parsed("\n".join(pieces)) is not None
    return len(pieces) > 1 and whole and any(parsed(piece) is None for piece in pieces)


def _pieces(name: str, notebook: Path) -> list[str]:
    """The texts of the cells that bear the mark of an exercise's cell: more than one if it was split."""
    return [cell.source for cell in student_cells(notebook) if cell.grade_id == name + SOLUTION_SUFFIX]


def _different(names: list[str], notebook: Path) -> list[tuple[str, bool]]:
    """The exercises whose saved text is not what ran here; with each, whether the file is newer than the run."""
    try:
        merged, at = plan(notebook), notebook.stat().st_mtime
        saved = dict(merged.cells)
        split = {detail.partition(":")[0] for kind, detail in merged.flags if kind == "cell-split"}
        pieces = {name: _pieces(name, notebook) for name in names if name + SOLUTION_SUFFIX in split}
    except (OSError, ValueError):
        return []
    found = []
    for name in names:
        text = saved.get(name + SOLUTION_SUFFIX, "")
        if name in _ran and name in defined_names(text):
            ran, when = _ran[name]
            same = {_code(text), *(_code(piece) for piece in pieces.get(name, ()))}  # its pieces run one by one
            if _code(ran) not in same:
                found.append((name, at > when))
    return found


def _code(text: str) -> str:
    """The code of a cell, whatever its comments and its layout."""
    tree = parsed(text)
    return text if tree is None else ast.dump(tree)
