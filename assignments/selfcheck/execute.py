"""Executes a notebook's code cells in IPython, going on after an error.

An error in one cell does not lose the others: it is recorded and the next cell runs. What the cells print or display
does not reach the terminal.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from selfcheck.cells import CELL_COMMANDS, CHECK, LINE_COMMANDS, AtCheck, does_not_compile, in_pieces, syntax_error
from selfcheck.folder import cases_beside, notebook_beside
from selfcheck.merging import Merged
from selfcheck.output import captured
from selfcheck.patience import Endless, Watch
from selfcheck.release import SOLUTION_SUFFIX, plan
from selfcheck.target import LocalProvider, StudentError, StudentTimeout, student_error

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


def run_cells(
    shell: InteractiveShell, cells: Sequence[tuple[str, str]], *, hand_on_interrupts: bool = False
) -> list[CellError]:
    """Run the cells (id, source) in order in the shell with output captured; return the errors raised.

    hand_on_interrupts: raise a KeyboardInterrupt as it is, for where a user may stop a cell.
    """
    errors = []
    with captured(shell), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing would show them
        for cell_id, source in cells:
            result = shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
            if hand_on_interrupts and isinstance(error, KeyboardInterrupt):
                raise error
            if error is not None:
                failure = student_error(error, shell.user_ns)
                errors.append(CellError(cell_id, failure.names, failure.message, failure.traceback))
    return errors


class NotebookProvider(LocalProvider):
    """Calls the functions of a notebook file; runs its cells once, before the first call, by the rules of the grade.

    merged: the cells that run. changed: exercises that are no longer what they were at their check cells when all cells
    have run. skipped: the commands that did not run, each with its cell before it. seconds: of processor time, by cell.
    slowest: of processor time, by exercise, of its longest call. endless: by cell and by exercise, what was said
    when it was ended at its limit; such an exercise is not called again. cell_limit: as `limit` for a call.
    """

    cell_limit: float | None = None

    _known: Mapping[Path, NotebookProvider] = {}

    def __init__(self, notebook: Path, tests: Path, until: str = "") -> None:
        super().__init__({}, cases_beside(tests))
        self.notebook = notebook
        self.tests = tests
        self.errors: list[CellError] | None = None
        self.merged = Merged([])
        self.changed: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        self.seconds: dict[str, float] = {}
        self.slowest: dict[str, float] = {}
        self.endless: dict[str, str] = {}
        self._until = until
        self._at_check: dict[str, NotebookProvider] = {}

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
            self.merged = plan(self.notebook)
            at_check = AtCheck()
            with contextlib.chdir(self.notebook.parent), _first_on_path(self.notebook.parent):
                shell = make_shell()
                self.errors = []
                for identity, source in self.merged.cells:
                    if identity.startswith(CHECK):
                        at_check.note(identity.removeprefix(CHECK), shell.user_ns)
                        if identity == CHECK + self._until:
                            break
                        continue
                    self._run(shell, self.named(identity), source)
            self.namespace = shell.user_ns
            self.changed = at_check.changed(self.namespace)
        return self.errors

    def syntax_error_of(self, exercise: str) -> str:
        """Return where the cell of an exercise does not compile; see `cells.syntax_error`."""
        self.execute()
        return syntax_error(dict(self.merged.cells).get(exercise + SOLUTION_SUFFIX, ""))

    def remarks(self, exercise: str) -> list[str]:
        """Return sentences about the cell of an exercise: that it does not compile, or was split."""
        where, count = self.syntax_error_of(exercise), self.merged.pieces.get(exercise, 0)
        said = [does_not_compile(exercise, where)] if where else []
        return [*said, *([f"{in_pieces(exercise, count)}, and so does this check."] if count else [])]

    def named(self, identity: str) -> str:
        """Return what a student calls a cell: the number of one of their own, else the name that its mark gives it."""
        return f"number {self.merged.numbers[identity]}" if identity in self.merged.numbers else identity

    def _run(self, shell: HeadlessShell, name: str, source: str) -> None:
        assert self.errors is not None
        start = time.process_time()
        watch = self.watch or Watch(print)
        try:
            with watch.call(f"the cell {name}", shell.user_ns, self.cell_limit):
                self.errors += run_cells(shell, [(name, source)], hand_on_interrupts=True)
        except Endless as ended:
            failure = StudentTimeout(str(ended))
            self.endless[name] = failure.message
            self.errors.append(CellError(name, failure.names, failure.message, ""))
        self.seconds[name] = time.process_time() - start
        self.skipped += [(name, command) for command in shell.skipped]
        shell.skipped.clear()

    def at_check(self, exercise: str) -> NotebookProvider:
        """Return what counts for an exercise: this, or the notebook run up to its check if later cells change it."""
        self.execute()
        if exercise not in self.changed or self._until:
            return self
        if exercise not in self._at_check:
            until = NotebookProvider(self.notebook, self.tests, until=exercise)
            until.watch, until.limit, until.cell_limit = self.watch, self.limit, self.cell_limit
            self._at_check[exercise] = until
        return self._at_check[exercise]

    @property
    def problems(self) -> list[str]:
        return [str(error) for error in self.errors or ()]

    def _guarded(self, function: Any, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        with contextlib.chdir(self.notebook.parent), _first_on_path(self.notebook.parent):
            return super()._guarded(function, args, kwargs)

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        self.execute()
        if name in self.endless:
            raise StudentTimeout(self.endless[name])
        start = time.process_time()
        try:
            return super().call(name, args, kwargs)
        except StudentTimeout as ended:
            self.endless[name] = f"{ended.message}. It was not called again"
            raise
        finally:
            self.slowest[name] = max(self.slowest.get(name, 0.0), time.process_time() - start)

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
