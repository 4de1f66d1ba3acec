"""Names that an exercise uses and nothing has defined; what a session must run before they are there."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from selfcheck.cells import bound, global_names, parsed
from selfcheck.release import student_cells


def unknown_names(exercise: str, namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (function, name) for each name that an exercise needs and the namespace does not hold.

    function: what uses the name, which is the exercise or a function or class of the namespace that it calls.
    """
    waiting, seen = [exercise], set[str]()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        value = namespace.get(function)
        for name in dict.fromkeys(global_names(value)) if _is_own(value, namespace) else ():
            if name in namespace:
                waiting.append(name)
            elif not hasattr(builtins, name):
                yield function, name


def not_run(exercise: str, namespace: Mapping[str, Any], known: Collection[str], notebook: Path | None) -> list[str]:
    """Say which cells this session has not run, though the exercise uses what they define.

    known: the exercises' names. notebook: where other cells are looked for.
    """
    said = []
    for function, name in unknown_names(exercise, namespace):
        if name in known:
            where = f"run the cell of {name} first."
        elif notebook is not None and name in _defined(notebook):
            where = "run the cell that defines it first; after a restart, run all cells above."
        else:
            continue  # a slip of the pen: what Python says of it is enough
        said.append(f"{function} uses {name}, which this session does not know: {where}")
    return said


def _defined(notebook: Path) -> set[str]:
    """The names that the cells of a notebook file define; none if it cannot be read."""
    try:
        trees = [parsed(cell.source) for cell in student_cells(notebook) if cell.kind == "code"]
    except (OSError, ValueError):
        return set()
    return {name for tree in trees if tree is not None for node in tree.body for name in bound(node)}


def _is_own(value: Any, namespace: Mapping[str, Any]) -> bool:
    """Whether a function, or a class by one of its methods, was defined in the notebook and not in a library."""
    members = vars(value).values() if isinstance(value, type) else [value]
    return any(getattr(member, "__globals__", None) is namespace for member in members)
