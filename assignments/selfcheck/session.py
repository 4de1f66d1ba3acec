"""The visible tests of a student's folder, run on the student's code with inputs that do not change."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Collection, Generator, Sequence
from pathlib import Path

import pytest

from selfcheck import harness
from selfcheck.execute import NotebookProvider
from selfcheck.folder import cases_beside
from selfcheck.plugin import Recorder
from selfcheck.record import Record
from selfcheck.restore import undisturbed
from selfcheck.target import Provider

SEED = b"public"
NOT_INSTALLED = (
    "{package} is not installed in the Python that runs this, {python}: choose the course's environment as the "
    "notebook's kernel, or install what requirements.txt names (python -m pip install -r requirements.txt). "
    "In a terminal, python -m selfcheck --doctor says what else is missing."
)
ASK_DOCTOR = (
    "call python -m selfcheck --doctor in its folder, and if nothing is missing there, unpack the assignment again"
)


class CouldNotRun(Exception):
    """The visible tests could not be run; the text says what to do."""


def run_tests(tests: Sequence[Path], provider: Provider, exercises: Collection[str] | None = None) -> list[Record]:
    """Run the tests in these files, of some exercises or of all, on the provider's code.

    Raises Stopped if the user stopped them, CouldNotRun if a test file cannot be collected.
    """
    recorder = Recorder(exercises)
    with undisturbed():
        cases = cases_beside(tests[0])
        done = harness.run(tests, provider, SEED, cases, hooks=(recorder, _OwnWarnings()), capture=True)
    if done.code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        names = " and ".join(path.name for path in tests)
        if missing := re.search(r"ModuleNotFoundError: No module named '(\w+)", done.output):
            raise CouldNotRun(NOT_INSTALLED.format(package=missing[1], python=sys.executable))
        raise CouldNotRun(f"{names} could not be run: {ASK_DOCTOR}. pytest said:\n{done.output}")
    return recorder.records


def tested(tests: Sequence[Path], provider: NotebookProvider, exercises: Collection[str]) -> list[Record]:
    """Run the tests of exercises on a notebook file; each counts as it was at its check, as it does for the grade."""
    provider.execute()
    alone = [name for name in exercises if name in provider.changed]
    records = run_tests(tests, provider, [name for name in exercises if name not in alone])
    for name in alone:
        records += run_tests(tests, provider.at_check(name), [name])
    return records


class _OwnWarnings:
    """Drops warnings of the student's code, and puts back the filters that it may set in this process."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        with warnings.catch_warnings(record=True):
            return (yield)
