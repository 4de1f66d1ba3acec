"""What a notebook calls: `prepare()` at its beginning, then `check("NAME")`, `progress()`, and `ready()` at its end."""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec

from selfcheck import history, live, unshown, waiting
from selfcheck.cells import does_not_compile, in_pieces
from selfcheck.diagnosis import differing, explain
from selfcheck.execute import is_quiet
from selfcheck.folder import (
    NotFound,
    assignment_folder,
    cases_beside,
    notebook_beside,
    session_notebook,
    visible_tests,
)
from selfcheck.hints import AFTER_TRIES, chosen
from selfcheck.kept import SUFFIX, Kept
from selfcheck.patience import BY_CTRL_C, Stopped, Watch
from selfcheck.predictions import predictions
from selfcheck.readiness import ReadyReport
from selfcheck.release import Release, answered, release_beside, release_in
from selfcheck.report import CheckReport, Problem, ProgressReport, Report
from selfcheck.session import CouldNotRun, run_tests
from selfcheck.target import LocalProvider, not_started
from selfcheck.unknown import not_run

P = ParamSpec("P")

TO_STOP = "To stop it: the button ■, or Kernel > Interrupt."
TO_JOIN = (
    "A session cannot run a piece of a function: join them (in JupyterLab, Edit > Merge Cell Below), "
    "mind the indentation, run the cell, then this check."
)
AS_BEFORE = "What is checked is the function as it was before. "
MEND_IT = "Correct the line, run the cell, then this check."
ONE_NAME = 'Give check the name of one exercise, in quotation marks: check("{0}"). progress() checks all of them.'
COULD_NOT_START = "The clean run could not be made: in a terminal, in this folder, call python -m selfcheck --ready"


def prepare() -> None:
    """Collect the visible tests once, so that the first check() is quick: most of its time goes into their imports.

    From then on a cell that calls an exercise which is not written yet says so, where Run All stopped at it.
    """
    if is_quiet():
        return
    history.follow(_shell())
    waiting.follow(_shell())
    try:
        tests = visible_tests(assignment_folder())
        run_tests(tests, _provider(tests), exercises=())
    except (NotFound, CouldNotRun):  # check() says so when it is called
        return


def _always_shown(call: Callable[P, Report | None]) -> Callable[P, Report | None]:
    """Return a call whose report is shown also where it is not a cell's last value, or a line of a script."""

    @functools.wraps(call)
    def showing(*args: P.args, **kwargs: P.kwargs) -> Report | None:
        unshown.show()
        report = call(*args, **kwargs)
        if report is not None and (shell := _shell()) is not None:
            unshown.keep(report, shell)
        elif report is not None and not hasattr(sys, "ps1"):
            print(report.text(), flush=True)
        return report

    return showing


@_always_shown
def check(name: str = "", *more: object) -> Report | None:
    """Run the visible tests of one exercise on what this notebook has defined; the value is the report, which is shown.

    name: the exercise's name, which is its function's name; the function itself will do. more: a second name is
    refused with a sentence.
    The visible tests are few and their inputs are known: the grade also counts hidden tests on other inputs.
    nbgrader's Validate takes what a cell writes to its errors for a failure, so there a failed check writes its report.
    """
    if is_quiet():
        return None
    report = _checked(getattr(name, "__name__", name), more)
    if not report.passed and os.environ.get("NBGRADER_EXECUTION") == "validate":
        print(report.text(), file=sys.stderr)
    return report


def _checked(name: object, more: tuple[object, ...] = ()) -> Report:
    history.follow(_shell())
    try:
        tests = visible_tests(assignment_folder())
        if not isinstance(name, str) or not name or more:
            return Problem(ONE_NAME.format(exercise_names(tests)[0]))
        provider = _provider(tests)
        with _watched(provider) as watch:
            records = run_tests(tests, provider, {name})
            if not records:
                return Problem(_no_exercise(name, exercise_names(tests)))
            said = explain(tests[0], name, provider, records)
    except (NotFound, CouldNotRun, ValueError) as problem:
        return Problem(str(problem))
    release = _release(tests)
    kept = _kept(tests, release)
    points = {cell.name: cell.points for cell in release.graded}
    if name in provider.namespace:  # what this session has not run is as it was
        kept.note(records, points)
    hints: list[tuple[str, str]] = []
    fits = False
    if any(kept.tries(record.name) >= AFTER_TRIES for record in records):
        hints, fits = chosen(release.hints.get(name, []), records)
    missed = any(record.outcome != "passed" for record in records)
    refused = dict.fromkeys(f"{name} {what}" for _, what in watch.beyond.told(tests[0].parent))
    said = [*_session(name, provider, tests, missed), *not_started(name, records), *refused, *said]
    return CheckReport(name, records, said, hints, fits, graded=points.get(name) != 0)


def _no_exercise(name: str, known: list[str]) -> str:
    """Say that there is no such exercise, which one may be meant, and which there are."""
    meant = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.strip().lower(), meant, n=1)
    hint = f" Did you mean {meant[close[0]]}?" if close else ""
    return f"There is no exercise {name!r} in this assignment.{hint} Its exercises are: {', '.join(known)}."


@_always_shown
def progress() -> Report | None:
    """Run all visible tests and add up the points so far, section by section; kept beside the notebook.

    An exercise that passes them all, but is not right on the public inputs, is named: hidden tests will see it.
    """
    if is_quiet():
        return None
    try:
        tests = visible_tests(assignment_folder())
        provider = _provider(tests)
        release = _release(tests)
        kept = _kept(tests, release)
        names = exercise_names(tests)
        here = [name for name in names if name in provider.namespace]
        with _watched(provider):
            records = run_tests(tests, provider)
            missed = {record.exercise for record in records if record.outcome != "passed"}
            differ = differing(tests[0], [name for name in names if name not in missed], provider)
    except (NotFound, CouldNotRun, ValueError) as problem:
        return Problem(str(problem))
    points = {cell.name: cell.points for cell in release.graded}
    earlier = {name: found for name in names if name not in here and (found := kept.exercise(name))}
    kept.note([record for record in records if record.exercise in here], points)
    notebook = _notebook(tests)
    done = answered(notebook, release) if notebook else ()
    lines = predictions(notebook) if notebook else ()
    return ProgressReport(release.graded, records, differ, earlier, release.minutes, done, lines)


@_always_shown
def ready() -> Report | None:
    """Run the saved notebook in a clean process as the grade will, and say what is unfinished before it is handed in.

    Save the notebook first. What passes here and fails there depends on something that only this session has.
    """
    if is_quiet():
        return None
    try:
        tests = visible_tests(assignment_folder())
        notebook = live.saved(tests[0].parent, tests[0].stem.removeprefix("test_")) or _notebook(tests)
        if notebook is None:
            notebook = notebook_beside(tests[0])
        report = _clean_run(notebook, tests[0].parent)
        if isinstance(report, ReadyReport):
            unfinished = [name for name, passed, count, _, _ in report.exercises if passed < count]
            names = [name for name in unfinished if name not in report.endless]
            provider = _provider(tests)
            with _watched(provider):
                records = run_tests(tests, provider, names) if names else []
    except (NotFound, CouldNotRun, ValueError) as problem:
        return Problem(str(problem))
    if not isinstance(report, ReadyReport):
        return report
    missed = {record.exercise for record in records if record.outcome != "passed"}
    newer = history.unsaved([name for name, *_ in report.exercises], notebook)
    for name in newer:
        report.mend.insert(
            0, f"{name} has a newer version here than in the saved notebook: save it, then run this again."
        )
    for name in names:
        used = [name, *provider.uses(name, names)]
        as_saved = not history.older(used, notebook) and not any(history.gone(one, notebook) for one in used)
        if name not in missed and name not in newer and as_saved:
            report.mend.append(
                f"{name} passes in this session, but not in a clean run: something it needs is only here."
            )
    return report


def exercise_names(tests: list[Path]) -> list[str]:
    """The exercises that test files mark their tests with, in order of appearance."""
    names = []
    for path in tests:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exercise":
                names += [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return list(dict.fromkeys(map(str, names)))


def _clean_run(notebook: Path, folder: Path) -> Report:
    """Run `python -m selfcheck --ready` on the notebook, with this Python and this folder's selfcheck."""
    command = [sys.executable, "-m", "selfcheck", "--ready", "--json", str(notebook)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": paths, "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
    print("The notebook runs in a clean process, as it does for the grade ...", flush=True)
    found, why = _said(command, folder, environment)
    try:
        return ReadyReport.from_data(json.loads(found))
    except (ValueError, KeyError, TypeError):
        return Problem(f"{COULD_NOT_START} {notebook.name}. {why}".strip())


def _said(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[str, str]:
    """Run a command that may be stopped; print what it says of long calls. Return its output and its last error line.

    Raises Stopped, with what the command says of it, if the user stops it.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process,
    ):
        assert process.stderr is not None
        last = ""
        try:
            for line in process.stderr:
                last = line.strip() or last
                if last.endswith(BY_CTRL_C):
                    print(f"{last.removesuffix(BY_CTRL_C)}{TO_STOP}", flush=True)
            process.wait()
        except KeyboardInterrupt:
            raise Stopped(_last_words(process) or "You stopped the clean run") from None
        output.seek(0)
        return output.read(), last


def _last_words(process: subprocess.Popen[str]) -> str:
    """End a process that is to be stopped, and return the line of its errors that says what was running."""
    for signal_, seconds in ((None, 1), (signal.SIGINT, 3), (signal.SIGTERM, 3)):  # Jupyter mostly has told it, too
        with contextlib.suppress(subprocess.TimeoutExpired, ValueError, OSError):
            if signal_ is not None:
                process.send_signal(signal_)  # Windows knows SIGTERM only
            lines = process.communicate(timeout=seconds)[1].splitlines()
            return next((line for line in reversed(lines) if line.startswith("You stopped")), "")
    process.kill()
    return ""


def _session(name: str, provider: LocalProvider, tests: list[Path], missed: bool) -> list[str]:
    """Say what is not as this session's cells have left it: what was not run, edited later, or split.

    missed: whether a test of the exercise did not pass.
    """
    notebook, known = _notebook(tests), exercise_names(tests)
    said: list[str] = []
    if notebook is not None:
        used = [name, *provider.uses(name, known)]
        broken = {one: where for one in used if (where := history.syntax_error_of(one, notebook))}
        older = history.older([one for one in used if one not in broken], notebook)
        said += filter(None, (history.gone(one, notebook) for one in used))
        for one, where in broken.items():
            checked = AS_BEFORE if one in provider.namespace else ""
            said.append(f"{does_not_compile(one, where)}\n{checked}{MEND_IT}")
        said += [f"{one} was defined before your last edit: run its cell again, then this check." for one in older]
        pieces, each_runs = history.split(name, notebook)
        if pieces:
            said.insert(0, f"{in_pieces(name, pieces)}. {'' if each_runs else TO_JOIN}".strip())
    return [*said, *(not_run(name, provider.namespace, known, notebook) if missed else [])]


def _release(tests: list[Path]) -> Release:
    found = release_beside(tests[0])
    return found if found is not None else release_in(session_notebook() or notebook_beside(tests[0]))


def _notebook(tests: list[Path]) -> Path | None:
    """The notebook of this session, or the one beside the tests; None if there is none or one of several."""
    with contextlib.suppress(NotFound):
        return session_notebook() or notebook_beside(tests[0])
    return None


def _kept(tests: list[Path], release: Release) -> Kept:
    return Kept(tests[0].with_name((release.assignment or tests[0].stem.removeprefix("test_")) + SUFFIX))


@contextlib.contextmanager
def _watched(provider: LocalProvider) -> Iterator[Watch]:
    """Say of a call that it runs long, on what is the notebook's output now, before that is kept away from it."""
    stream = sys.stdout

    def say(sentence: str) -> None:
        stream.write(f"{sentence}. {TO_STOP}\n")
        stream.flush()

    watch = Watch(say)
    provider.watch = watch
    try:
        with watch.on():
            yield watch
    finally:
        provider.watch = None


def _provider(tests: list[Path]) -> LocalProvider:
    shell = _shell()
    namespace = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
    return LocalProvider(namespace, cases_beside(tests[0]))


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


if not is_quiet():
    history.follow(_shell())  # from the import on: a cell may define an exercise before the first check
