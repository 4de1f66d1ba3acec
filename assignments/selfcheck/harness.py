"""Runs tests with pytest: the only place that starts it, for the self-check, the grader, the mutants and the leak scan.

Everything that differs between them is an argument of `run`. Nothing of the user's own pytest is read, nothing is
written, and no plugin of pytest touches the process around the tests.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from selfcheck import plugin
from selfcheck.handed_in import NotHandedIn
from selfcheck.output import captured
from selfcheck.patience import Stopped
from selfcheck.target import Provider, setting

# Each costs time at every test, or changes the process around it; none has anything to do here.
_LEFT_OUT = (
    *("cacheprovider", "doctest", "faulthandler", "junitxml"),
    *("logging", "threadexception", "unraisableexception", "warnings"),
)
_OPTIONS = [
    *("-c", str(Path(__file__).with_name("pytest.ini"))),
    *("--noconftest", "--import-mode=importlib", "--assert=plain", "--tb=native", "-q"),
    *(f"-pno:{name}" for name in _LEFT_OUT),
]


class Run(NamedTuple):
    """What pytest made of the files: its exit code, and what was printed."""

    code: int
    output: str


def run(
    tests: Sequence[Path],
    provider: Provider | None,
    seed: bytes,
    cases: ModuleType,
    reference: Any = None,
    handed_in: Mapping[str, str | NotHandedIn] | None = None,
    hooks: Sequence[object] = (),
    capture: bool = False,
) -> Run:
    """Run the tests in these files on the provider's code, and leave nothing of it behind.

    provider, seed, cases, reference, handed_in: what `selfcheck.target.current` holds meanwhile. provider: None where
    a hook sets it for each run of the tests. hooks: plugins of pytest, such as a `plugin.Recorder`. capture: keep what
    the student's code prints, test by test, for its Record; this costs time at every test, and what runs elsewhere
    prints nothing here.
    Raises Stopped, a KeyboardInterrupt, if the user stopped the tests.
    """
    stop = _Stop()
    options = [*_OPTIONS, f"--rootdir={tests[0].parent}", f"--capture={'sys' if capture else 'no'}"]
    with (
        setting(provider=provider, seed=seed, cases=cases, reference=reference, handed_in=handed_in),
        _own_settings(),
        _without_test_modules(),
        captured() as output,
    ):
        code = pytest.main([*options, *map(str, tests)], plugins=[plugin, stop, *hooks])
    if stop.by_user is not None:
        raise stop.by_user.with_traceback(None)
    return Run(code, output.getvalue())


class _Stop:
    """Keeps what stopped the tests, if it was the user."""

    by_user: Stopped | None = None

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        found = excinfo.value
        if isinstance(found, Stopped):
            self.by_user = found
        elif type(found) is KeyboardInterrupt:  # pytest has one of its own, for files that it cannot collect
            self.by_user = Stopped("You stopped the tests")


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    """Hide the user's settings of pytest, write no .pyc, show no warning; put all of it back."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    written = sys.dont_write_bytecode
    for name in theirs:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = True
    try:
        with warnings.catch_warnings(record=True):
            yield
    finally:
        sys.dont_write_bytecode = written
        os.environ.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
        os.environ.update(theirs)


@contextlib.contextmanager
def _without_test_modules() -> Iterator[None]:
    """Take test modules out of sys.modules again; libraries that they import stay: many cannot be imported twice."""
    known = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - known:
            if name.rpartition(".")[2].startswith(("test_", "hidden_")):
                del sys.modules[name]
