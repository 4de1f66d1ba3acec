"""What a notebook calls: `prepare()` at its beginning, `check("NAME")` and `progress()` as the student works."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

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
from selfcheck.release import release_of
from selfcheck.report import CheckReport, Problem, ProgressReport, Report
from selfcheck.session import CouldNotRun, run_tests
from selfcheck.target import LocalProvider


def prepare() -> None:
    """Collect the visible tests once, so that the first check() is quick: most of its time goes into their imports."""
    if is_quiet():
        return
    try:
        tests = visible_tests(assignment_folder())
        run_tests(tests, _provider(tests), exercises=())
    except (NotFound, CouldNotRun):  # check() says so when it is called
        return


def check(name: str) -> Report | None:
    """Run the visible tests of one exercise on what this notebook has defined; the last cell's value is the report.

    name: the exercise's name, which is its function's name.
    The visible tests are few and their inputs are known: the grade also counts hidden tests on other inputs.
    """
    if is_quiet():
        return None
    try:
        tests = visible_tests(assignment_folder())
        provider = _provider(tests)
        records = run_tests(tests, provider, {name})
        if not records:
            every = ", ".join(exercise_names(tests))
            return Problem(f"There is no exercise {name!r} in this assignment. Its exercises are: {every}.")
        return CheckReport(name, records, explain(tests[0], name, provider, records))
    except (NotFound, CouldNotRun, ValueError) as problem:
        return Problem(str(problem))


def progress() -> Report | None:
    """Run all visible tests and add up the points so far, exercise by exercise.

    An exercise that passes them all, but is not right on the public inputs, is named: hidden tests will see it.
    """
    if is_quiet():
        return None
    try:
        tests = visible_tests(assignment_folder())
        notebook = session_notebook() or notebook_beside(tests[0])
        provider = _provider(tests)
        records = run_tests(tests, provider)
        missed = {record.exercise for record in records if record.outcome != "passed"}
        passed = [name for name in exercise_names(tests) if name not in missed]
        return ProgressReport(release_of(notebook).graded, records, differing(tests[0], passed, provider))
    except (NotFound, CouldNotRun, ValueError) as problem:
        return Problem(str(problem))


def exercise_names(tests: list[Path]) -> list[str]:
    """The exercises that test files mark their tests with, in order of appearance."""
    names = []
    for path in tests:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exercise":
                names += [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return list(dict.fromkeys(map(str, names)))


def _provider(tests: list[Path]) -> LocalProvider:
    shell = _shell()
    namespace = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
    return LocalProvider(namespace, cases_beside(tests[0]))


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
