"""Finds an assignment's files: its visible tests, its notebook, its cases, its data."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the folder is gone, or may not be read
        return Path(".")


_STARTED_IN = _here()


class NotFound(FileNotFoundError):
    """A file of the assignment is missing; the text says what to do."""

    def __str__(self) -> str:
        return str(self.args[0])


def data_path(name: str, beside: str | Path | None = None) -> Path:
    """Return the path of the file or folder `name` in the course's data.

    Looks for `data/NAME` beside the notebook, then in the folders above it; with beside=__file__, as tests need it,
    beside that file and above it.
    Raises NotFound, a FileNotFoundError, if there is none.
    """
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"data_path takes a name inside data/, such as 'surnames.txt', not {name!r}")
    start = _working_folder() if beside is None else Path(beside).resolve().parent
    for folder in (start, *start.parents):
        path = folder / "data" / relative
        if path.exists():
            return path
    raise NotFound(
        f"data/{relative.as_posix()} was not found in {start} or the folders above it: "
        "keep the notebook in the folder it came in, with data/ beside it"
    )


def assignment_folder() -> Path:
    """Return the folder with the visible tests that belong to the notebook of this kernel."""
    tried = list(dict.fromkeys((*_session_folders(), _STARTED_IN, _here())))
    for folder in tried:
        if visible_tests(folder):
            return folder
    raise NotFound(
        f"no visible tests were found in {tried[0]}: keep the notebook in the folder it came in, "
        "with test_*.py, cases.py and selfcheck/ beside it, and restart Jupyter there"
    )


def visible_tests(folder: Path) -> list[Path]:
    """Return the test files of a folder that mark their tests with exercises."""
    return [path for path in sorted(folder.glob("test_*.py")) if "@exercise(" in path.read_text("utf-8", "replace")]


def notebook_beside(tests: Path) -> Path:
    """Return the notebook that a test file belongs to: test_NAME.py tests NAME.ipynb."""
    named = tests.with_name(tests.stem.removeprefix("test_") + ".ipynb")
    if named.is_file():
        return named
    others = sorted(tests.parent.glob("*.ipynb"))
    if len(others) == 1:
        return others[0]
    found = f"the folder has {len(others)} notebooks" if others else "the folder has no notebook"
    raise NotFound(
        f"{named.name} is not beside {tests.name}, and {found}: rename the notebook to be checked to {named.name}"
    )


def cases_beside(tests: Path) -> ModuleType:
    """Load cases.py beside a test file, again when it has changed, and keep it out of sys.modules."""
    path = tests.with_name("cases.py")
    try:
        stamp = path.stat()
    except OSError:
        raise NotFound(f"cases.py is not beside {tests.name}: unpack the assignment again") from None
    key = (stamp.st_mtime_ns, stamp.st_size)
    if path not in _cases or _cases[path][0] != key:
        _cases[path] = (key, _load(path))
    return _cases[path][1]


_cases: dict[Path, tuple[tuple[int, int], ModuleType]] = {}


def _load(path: Path) -> ModuleType:
    name = "selfcheck_cases"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.modules[name] = module  # a dataclass looks its module up while the class is made
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
        del sys.modules[name]
    return module


@dataclass(frozen=True)
class GradedCell:
    """An exercise or a written question: its points, and the heading of its section ('' if that is not known)."""

    name: str
    points: float
    written: bool
    section: str = ""


def read_cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook file. Raises NotFound if it is missing, ValueError if it is not a notebook."""
    try:
        text = notebook.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(f"there is no notebook {notebook}: give the path of the .ipynb file to check") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{notebook} cannot be read ({type(error).__name__}): save it in Jupyter again") from None
    try:
        content = json.loads(text)
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise ValueError(f"{notebook} is not a notebook: give an .ipynb file that Jupyter opens") from None
    return [cell for cell in cells if isinstance(cell, dict)]


def session_notebook() -> Path | None:
    """Return the notebook file of this kernel, if the editor tells it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    told = getattr(shell, "user_ns", {}).get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    path = Path(told) if isinstance(told, str) and told.endswith(".ipynb") else None
    return path if path is not None and path.is_file() else None


def _session_folders() -> list[Path]:
    path = session_notebook()
    return [path.parent] if path else []


def _working_folder() -> Path:
    for folder in (*_session_folders(), _STARTED_IN):
        if visible_tests(folder) or (folder / "data").is_dir():
            return folder
    return _here()
