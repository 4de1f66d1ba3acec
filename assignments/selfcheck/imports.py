"""Modules that a notebook imports here and that the grade does not have."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from selfcheck.cells import parsed

REQUIREMENTS = "requirements.txt"


def not_in_the_grade(cells: Sequence[tuple[str, str]], folder: Path) -> Iterator[str]:
    """Say of each cell (name, text) which of its imports are files of the folder, or packages that are not required."""
    listed: set[str] | None = None
    for cell, text in cells:
        tree = parsed(text)
        for module in dict.fromkeys(_imported(tree) if tree is not None else ()):
            if module in sys.stdlib_module_names or module == "selfcheck":
                continue
            if (folder / f"{module}.py").is_file() or (folder / module).is_dir():
                yield f"The cell {cell} imports {module} from this folder: the grade has only the notebook's own cells."
                continue
            listed = _listed(folder / REQUIREMENTS) if listed is None else listed
            found = {_normal(name) for name in importlib.metadata.packages_distributions().get(module, ())}
            if listed and found and not found & listed:
                why = f"which {REQUIREMENTS} does not bring: the grade may not have it"
                yield f"The cell {cell} imports {module}, {why}."


def _imported(tree: ast.AST) -> Iterator[str]:
    """The modules that code imports, but for those that it can do without."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif not (isinstance(node, ast.Try) and node.handlers):
            yield from _imported(node)


def _listed(path: Path) -> set[str]:
    """The packages that a file requires, and those that they require; none if there is no such file."""
    found: set[str] = set()
    waiting = path.read_text("utf-8").splitlines() if path.is_file() else []
    while waiting:
        try:
            wanted = Requirement(waiting.pop().partition("#")[0].strip())
        except InvalidRequirement:  # a line of comment
            continue
        name = _normal(wanted.name)
        if name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found.add(name)
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # not installed here
                waiting += importlib.metadata.requires(name) or []
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
