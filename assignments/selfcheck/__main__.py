"""`python -m selfcheck NOTEBOOK [EXERCISE ...]`: run the visible tests on a saved notebook.

Exit code: 0 all visible tests passed, 1 a visible test did not pass, 2 nothing to run (the message says what to do),
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from selfcheck.diagnosis import explain
from selfcheck.execute import NotebookProvider
from selfcheck.folder import NotFound, visible_tests
from selfcheck.notebook import exercise_names
from selfcheck.report import HIDDEN_TESTS, CheckReport
from selfcheck.session import CouldNotRun, tested


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m selfcheck",
        description="Run the visible tests of an assignment on a saved notebook. Cells tagged 'demo' are skipped.",
    )
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="the .ipynb file, in its assignment's folder")
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="exercises to check (default: all)")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("MPLBACKEND", "agg")
    try:
        return _check(asked.notebook, asked.exercises)
    except (NotFound, CouldNotRun, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _check(notebook: Path, asked: Sequence[str]) -> int:
    if not notebook.is_file():
        raise NotFound(f"there is no notebook {notebook}: give the path of the .ipynb file to check")
    notebook = notebook.resolve()
    tests = visible_tests(notebook.parent)
    if not tests:
        raise NotFound(f"there are no visible tests beside {notebook.name}: move it back into its assignment's folder")
    known = exercise_names(tests)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ValueError(f"there is no exercise {unknown[0]!r} in this assignment; choose from: {', '.join(known)}")
    provider = NotebookProvider(notebook, tests[0])
    for error in provider.execute():
        print(f"{error}\n")
    chosen = [name for name in known if name in (asked or known)]
    records = tested(tests, provider, chosen)
    reports = []
    for name in chosen:
        own = [record for record in records if record.exercise == name]
        reports.append(CheckReport(name, own, explain(tests[0], name, provider.at_check(name), own)))
    for report in reports:
        print(f"{report.body()}\n")
    passed = sum(report.passed for report in reports)
    print(f"{passed} of {len(reports)} exercises: the visible tests passed. {HIDDEN_TESTS}")
    return 0 if passed == len(reports) else 1


if __name__ == "__main__":
    sys.exit(main())
