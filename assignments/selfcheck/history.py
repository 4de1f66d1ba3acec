"""What this session has run, and when: tells whether a function is older than the saved text of its cell."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

from selfcheck.cells import defined_names, parsed
from selfcheck.release import SOLUTION_SUFFIX, plan

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


def _different(names: list[str], notebook: Path) -> list[tuple[str, bool]]:
    """The exercises whose saved text is not what ran here; with each, whether the file is newer than the run."""
    try:
        saved, at = dict(plan(notebook).cells), notebook.stat().st_mtime
    except (OSError, ValueError):
        return []
    found = []
    for name in names:
        text = saved.get(name + SOLUTION_SUFFIX, "")
        if name in _ran and name in defined_names(text) and _code(text) != _code(_ran[name][0]):
            found.append((name, at > _ran[name][1]))
    return found


def _code(text: str) -> str:
    """The code of a cell, whatever its comments and its layout."""
    tree = parsed(text)
    return text if tree is None else ast.dump(tree)
