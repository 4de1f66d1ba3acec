"""Runs visible tests with pytest in this process and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfcheck import plugin
from selfcheck.execute import Sink, captured
from selfcheck.folder import cases_beside
from selfcheck.record import Record
from selfcheck.target import Provider, current

# Nothing of the user's own pytest is read, nothing is written, and no plugin touches the process around the tests.
_LEFT_OUT = ("cacheprovider", "faulthandler", "logging", "threadexception", "unraisableexception")
_OPTIONS = [
    *("-c", str(Path(__file__).with_name("pytest.ini"))),
    *("--noconftest", "--import-mode=importlib", "--assert=plain", "--capture=sys"),
    *(f"-pno:{name}" for name in _LEFT_OUT),
]


class CouldNotRun(Exception):
    """The visible tests could not be run; the text says what to do."""


def run_tests(tests: Sequence[Path], provider: Provider, exercises: Collection[str] | None = None) -> list[Record]:
    """Run the tests in these files, of some exercises or of all, on the provider's code.

    Raises KeyboardInterrupt if the user stopped them, CouldNotRun if a test file cannot be collected.
    """
    recorder, stop = plugin.Recorder(exercises), _Stop()
    with undisturbed() as output:
        current.provider, current.seed, current.cases = provider, b"public", cases_beside(tests[0])
        options = [*_OPTIONS, f"--rootdir={tests[0].parent}"]
        code = pytest.main([*options, *map(str, tests)], plugins=[plugin, recorder, stop])
    if stop.by_user:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        names = " and ".join(path.name for path in tests)
        raise CouldNotRun(f"{names} could not be run: unpack the assignment again. pytest said:\n{output.getvalue()}")
    return recorder.records


@contextlib.contextmanager
def undisturbed() -> Iterator[Sink]:
    """Run student's code with its output kept, and put the process back as it was."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    with _as_before(), captured(shell) as output:
        yield output


class _Stop:
    """Tells whether the user stopped the tests."""

    by_user = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.by_user = type(excinfo.value) is KeyboardInterrupt


@contextlib.contextmanager
def _as_before() -> Iterator[None]:
    """Put back what pytest, the tests or the student's functions may change in the process."""
    with contextlib.ExitStack() as stack:
        for keep in (_keep_attributes, _keep_paths, _keep_random_states, _keep_numpy, _keep_figures, _keep_modules):
            restore = keep()
            stack.callback(restore)
        stack.enter_context(warnings.catch_warnings())
        sys.dont_write_bytecode = True
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        yield


def _keep_attributes() -> Callable[[], None]:
    absent = object()
    places: list[tuple[Any, str]] = [
        (sys, name) for name in ("dont_write_bytecode", "last_type", "last_value", "last_traceback", "last_exc")
    ]
    places += [(current, name) for name in ("provider", "seed", "cases", "reference", "handed_in")]
    saved = [(place, name, getattr(place, name, absent)) for place, name in places]

    def restore() -> None:
        for place, name, value in saved:
            if value is not absent:
                setattr(place, name, value)
            elif hasattr(place, name):
                delattr(place, name)

    return restore


def _keep_paths() -> Callable[[], None]:
    folder, environment = os.getcwd(), dict(os.environ)
    lists: list[tuple[Any, list]] = [(where, list(where)) for where in (sys.path, sys.meta_path, sys.path_hooks)]
    limit = sys.getrecursionlimit()

    def restore() -> None:
        os.chdir(folder)
        for where, content in lists:
            where[:] = content
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        sys.setrecursionlimit(limit)

    return restore


def _keep_random_states() -> Callable[[], None]:
    torch = _imported("torch", "get_rng_state")
    states = (random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None)

    def restore() -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch:
            torch.set_rng_state(states[2])

    return restore


def _keep_numpy() -> Callable[[], None]:
    printing, errors = np.get_printoptions(), np.geterr()

    def restore() -> None:
        np.set_printoptions(**printing)
        np.seterr(**errors)

    return restore


def _keep_figures() -> Callable[[], None]:
    pyplot = _imported("matplotlib.pyplot", "get_fignums")
    if pyplot is None:
        return lambda: None
    open_, settings = set(pyplot.get_fignums()), dict(pyplot.rcParams)
    active = pyplot.gcf().number if open_ else None

    def restore() -> None:
        for number in set(pyplot.get_fignums()) - open_:
            pyplot.close(number)
        if active in pyplot.get_fignums():
            pyplot.figure(active)
        dict.update(pyplot.rcParams, settings)

    return restore


def _keep_modules() -> Callable[[], None]:
    """Test modules leave sys.modules again; libraries that tests import stay, for many cannot be imported twice."""
    known = set(sys.modules)

    def restore() -> None:
        for name in set(sys.modules) - known:
            if name.rpartition(".")[2].startswith(("test_", "hidden_")):
                del sys.modules[name]

    return restore


def _imported(module: str, needed: str) -> Any:
    found = sys.modules.get(module)
    return found if hasattr(found, needed) else None
