"""`python -m selfcheck [NOTEBOOK [EXERCISE ...]]`: run the visible tests on a saved notebook.

Without a notebook's name it is the one of the assignment here. `--ready [NOTEBOOK]`: what is left to do before
handing in. `--doctor`: does this environment have all that is needed?

Exit code: 0 all visible tests passed (nothing is left, nothing is missing), 1 a visible test did not pass (something
is left, or missing), 2 nothing to run (the message says what to do), 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from selfcheck import doctor
from selfcheck.clean_run import ready_report
from selfcheck.diagnosis import explain
from selfcheck.execute import NotebookProvider
from selfcheck.folder import NotFound, notebook_beside, visible_tests
from selfcheck.notebook import exercise_names
from selfcheck.patience import BY_CTRL_C, Watch
from selfcheck.release import release_of
from selfcheck.report import HIDDEN_TESTS, CheckReport
from selfcheck.session import CouldNotRun, tested


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m selfcheck",
        description="Run the visible tests of an assignment on a saved notebook. Cells tagged 'demo' are skipped.",
    )
    parser.add_argument(
        "notebook",
        type=Path,
        nargs="?",
        metavar="NOTEBOOK",
        help="the .ipynb file, in its assignment's folder (default: the one in this folder)",
    )
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="exercises to check (default: all)")
    parser.add_argument(
        "--ready", action="store_true", help="run the notebook as the grade will, and say what is left to do"
    )
    parser.add_argument("--json", action="store_true", help="with --ready: print what was found as JSON")
    parser.add_argument("--doctor", action="store_true", help="say whether this environment has all that is needed")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("MPLBACKEND", "agg")
    if asked.doctor:
        return doctor.main(asked.notebook.resolve().parent if asked.notebook else Path.cwd())
    try:
        if asked.notebook is not None and _is_exercise(asked.notebook):
            asked.notebook, asked.exercises = None, [str(asked.notebook), *asked.exercises]
        if asked.notebook is None:
            asked.notebook = _notebook_here()
        return _ready(asked.notebook, asked.json) if asked.ready else _check(asked.notebook, asked.exercises)
    except (NotFound, CouldNotRun, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        print(str(stopped) or "You stopped the check", file=sys.stderr)
        return 130


def _is_exercise(name: Path) -> bool:
    """Return whether the first name given is no file, but an exercise of the assignment in the current folder."""
    return not name.exists() and str(name) in exercise_names(visible_tests(Path.cwd()))


def _notebook_here() -> Path:
    """The notebook of the assignment in the current folder."""
    tests = visible_tests(Path.cwd())
    if not tests:
        raise NotFound(
            "there are no visible tests in this folder: go to the assignment's, or give the .ipynb file's path"
        )
    return Path(notebook_beside(tests[0]).name)


def _tests_of(notebook: Path) -> tuple[Path, list[Path]]:
    """The notebook's whole path, and the visible tests beside it."""
    if not notebook.is_file():
        raise NotFound(f"there is no notebook {notebook}: give the path of the .ipynb file to check")
    notebook = notebook.resolve()
    tests = visible_tests(notebook.parent)
    if not tests:
        raise NotFound(f"there are no visible tests beside {notebook.name}: move it back into its assignment's folder")
    return notebook, tests


def _ready(notebook: Path, as_json: bool) -> int:
    notebook, tests = _tests_of(notebook)
    watch = _watch()
    with watch.on():
        report = ready_report(notebook, tests, watch)
    print(json.dumps(report.data()) if as_json else report.text())
    return 0 if report.passed else 1


def _watch() -> Watch:
    """Return a watch that speaks on the terminal, even while what the tests print is kept from it."""
    terminal = sys.stderr
    return Watch(lambda sentence: print(f"{sentence}. {BY_CTRL_C}", file=terminal, flush=True))


def _check(notebook: Path, asked: Sequence[str]) -> int:
    notebook, tests = _tests_of(notebook)
    known = exercise_names(tests)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ValueError(f"there is no exercise {unknown[0]!r} in this assignment; choose from: {', '.join(known)}")
    provider = NotebookProvider(notebook, tests[0])
    provider.watch = watch = _watch()
    chosen = [name for name in known if name in (asked or known)]
    with watch.on():
        for error in provider.execute():
            print(f"{error}\n")
        records = tested(tests, provider, chosen)
        reports = []
        for name in chosen:
            own = [record for record in records if record.exercise == name]
            refused = [f"{who} {what}" for who, what in watch.beyond.told(notebook.parent) if who == name]
            said = [*provider.remarks(name), *refused, *explain(tests[0], name, provider.at_check(name), own)]
            reports.append(CheckReport(name, own, said))
    for report in reports:
        print(f"{report.body()}\n")
    passed = sum(report.passed for report in reports)
    graded = any(cell.points and cell.name in chosen for cell in release_of(notebook).graded)
    hidden = f" {HIDDEN_TESTS}" if graded else ""
    exercises = "exercise" if len(reports) == 1 else "exercises"
    print(f"{passed} of {len(reports)} {exercises}: the visible tests passed.{hidden}")
    return 0 if passed == len(reports) else 1


if __name__ == "__main__":
    sys.exit(main())
