"""Executes a notebook's code cells in IPython, going on after an error.

An error in one cell does not lose the others: it is recorded and the next cell runs. What the cells print or display
does not reach the terminal.
"""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from selfcheck.cells import CELL_COMMANDS, LINE_COMMANDS, needed_definitions, one_source
from selfcheck.folder import cases_beside, notebook_beside, read_cells
from selfcheck.output import captured
from selfcheck.target import LocalProvider, StudentError, student_error

_quiet = False


def quiet(on: bool = True) -> None:
    """Make prepare(), check() and progress() do nothing while a program executes the notebook."""
    global _quiet
    _quiet = on


def is_quiet() -> bool:
    """Return whether a program executes the notebook."""
    return _quiet


@dataclass(frozen=True)
class CellError:
    """An error raised by a cell: names of its class's MRO, its message, the cell's own frames."""

    cell_id: str
    names: tuple[str, ...]
    message: str
    traceback: str

    def __str__(self) -> str:
        return f"cell {self.cell_id} raised {StudentError(self.names, self.message, self.traceback)}"


class HeadlessShell(InteractiveShell):
    """IPython without a user: formats no traceback, opens no window, starts no program, and exit() does not end it.

    skipped: the commands that were not carried out, each one of COMMANDS.
    """

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Format nothing: run_cell returns the error, and formatting takes longer than most cells."""

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Format nothing, as in showtraceback."""

    def enable_gui(self, gui: Any = None) -> None:
        """Start no event loop for `%matplotlib`: figures are drawn without one."""

    def ask_exit(self) -> None:
        """Do nothing: a cell that calls exit() must not end the run."""

    def system(self, cmd: str) -> None:
        """Run no command of the system: `!pip install` has done its work where the notebook was written."""
        self.skipped.append("!")

    def getoutput(self, cmd: str, *args: Any, **kwargs: Any) -> SList:
        """Run no command, as in system; it has printed nothing."""
        self.skipped.append("!")
        return SList()

    def skip_commands(self) -> None:
        """Have the magics that start programs, install packages or clear the namespace do nothing but be noted."""
        self.skipped: list[str] = []
        for kind, prefix, names in (("line", "%", LINE_COMMANDS), ("cell", "%%", CELL_COMMANDS)):
            for name in names:
                self.magics_manager.register_function(self._skip(prefix + name), kind, name)

    def _skip(self, name: str) -> Callable[..., None]:
        def skip(line: str = "", cell: str = "") -> None:
            self.skipped.append(name)

        return skip


def make_shell() -> HeadlessShell:
    """Make a headless IPython shell without the user's history, profile or startup files."""
    config = Config()
    config.HistoryManager.enabled = False
    with tempfile.TemporaryDirectory(prefix="selfcheck-") as folder:
        make = HeadlessShell if InteractiveShell.initialized() else HeadlessShell.instance
        shell: HeadlessShell = make(ipython_dir=folder, config=config)
    shell.skip_commands()
    return shell


def run_cells(shell: InteractiveShell, cells: Sequence[tuple[str, str]]) -> list[CellError]:
    """Run the cells (id, source) in order in the shell with output captured; return the errors raised."""
    errors = []
    with captured(shell), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing would show them
        for cell_id, source in cells:
            result = shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
            if error is not None:
                failure = student_error(error, shell.user_ns)
                errors.append(CellError(cell_id, failure.names, failure.message, failure.traceback))
    return errors


_CALLS_OF_OURS = re.compile(r"\s*(?:selfcheck\.)?(?:check|progress)\s*\([^()]*\)\s*;?\s*(?:#.*)?")


def code_cells(notebook: Path) -> list[tuple[str, str]]:
    """Return (cell id, source) of the cells of a notebook file that run, by the rules of `selfcheck.cells`.

    Calls to check() and progress() are left out.
    """
    found: list[tuple[str, str, bool]] = []
    pieces: dict[str, list[str]] = {}
    for position, cell in enumerate(read_cells(notebook)):
        source = cell.get("source", cell.get("input", ""))
        source = "".join(source) if isinstance(source, list) else str(source)
        metadata = cell.get("metadata", {})
        nbgrader = metadata.get("nbgrader", {})
        if cell.get("cell_type") != "code" or not source.strip() or _CALLS_OF_OURS.fullmatch(source):
            continue
        name = str(nbgrader.get("grade_id") or f"number {position + 1}")
        if nbgrader.get("solution"):
            pieces.setdefault(name, []).append(source)
        found.append((name, source, "demo" in metadata.get("tags", ())))
    whole = {name: one_source(name.removesuffix("-solution"), texts)[0] for name, texts in pieces.items()}
    run = [whole.get(name, source) for name, source, figure in found if not figure]
    figures = iter(needed_definitions([source for _, source, figure in found if figure], run))
    cells: dict[str, str] = {}
    for number, (name, source, figure) in enumerate(found):
        text = next(figures) if figure else whole.get(name, source)
        if text:
            cells.setdefault(name if name in whole else f"{name}\0{number}", text)
    return [(name.partition("\0")[0], text) for name, text in cells.items()]


class NotebookProvider(LocalProvider):
    """Calls the functions of a notebook file; runs its cells once, before the first call."""

    _known: Mapping[Path, NotebookProvider] = {}

    def __init__(self, notebook: Path, tests: Path) -> None:
        super().__init__({}, cases_beside(tests))
        self.notebook = notebook
        self.tests = tests
        self.errors: list[CellError] | None = None

    @classmethod
    def beside(cls, tests: Path) -> NotebookProvider:
        """Return the provider for the notebook that belongs to a test file; one per notebook."""
        notebook = notebook_beside(tests)
        if notebook not in cls._known:
            cls._known = {**cls._known, notebook: cls(notebook, tests)}
        return cls._known[notebook]

    def execute(self) -> list[CellError]:
        """Run the notebook's cells in its folder at the first call; return the errors they raised."""
        if self.errors is None:
            quiet()
            cells = code_cells(self.notebook)
            with contextlib.chdir(self.notebook.parent), _first_on_path(self.notebook.parent):
                shell = make_shell()
                self.errors = []
                for cell in cells:
                    self.errors += run_cells(shell, [cell])
                    if self.errors and self.errors[-1].names[0] == "KeyboardInterrupt":
                        raise KeyboardInterrupt
            self.namespace = shell.user_ns
        return self.errors

    @property
    def problems(self) -> list[str]:
        return [str(error) for error in self.errors or ()]

    def _guarded(self, function: Any, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        with contextlib.chdir(self.notebook.parent), _first_on_path(self.notebook.parent):
            return super()._guarded(function, args, kwargs)

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        self.execute()
        return super().call(name, args, kwargs)

    def probe(self, name: str, args: tuple) -> Any:
        self.execute()
        return super().probe(name, args)


@contextlib.contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))
