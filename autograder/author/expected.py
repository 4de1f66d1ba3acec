"""The arrays that hidden tests expect: the tests are run on the reference, and what they compare with is kept."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder.course.paths import Repository
from autograder.course.source import Problem, Source, SourceError, load_reference, shown_path
from selfcheck import expect, plugin
from selfcheck.target import LocalProvider, current

_OPTIONS = ("-c", os.devnull, "--noconftest", "--import-mode=importlib", "--assert=plain", "--capture=no", "-q")
_LEFT_OUT = ("cacheprovider", "faulthandler", "logging", "threadexception", "unraisableexception")


def expected_arrays(repository: Repository, source: Source, seeds: list[bytes]) -> list[np.ndarray]:
    """Every `desired` that the hidden tests give to `expect.close`, flattened to float64, for each seed of a session.

    Raises SourceError if the reference fails a hidden test: then the tests, or the reference, must be mended first.
    """
    path = repository.hidden(source.name)
    reference, cases = load_reference(source.path), load_reference(repository.cases(source.name))
    found: list[np.ndarray] = []
    for seed in seeds:
        recorder = plugin.Recorder()
        handed_in = repository.handed_in_texts(source.name)
        with _recording(found), _session(seed, reference, cases, handed_in), _quiet() as output:
            options = [*_OPTIONS, f"--rootdir={path.parent}", *(f"-pno:{name}" for name in _LEFT_OUT), str(path)]
            code = pytest.main(options, plugins=[plugin, recorder])
        where = shown_path(path)
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SourceError(
                [Problem(where, f"pytest could not run it on the reference:\n{output.getvalue().strip()}")]
            )
        failed = [record for record in recorder.records if record.outcome != "passed"]
        if failed:
            raise SourceError(
                [
                    Problem(where, f"the reference fails {one.name}: {one.message}; mend the test or the reference.")
                    for one in failed
                ]
            )
    return found


@contextlib.contextmanager
def _recording(found: list[np.ndarray]) -> Iterator[None]:
    close: Callable[..., None] = expect.close

    def recording(actual: Any, desired: Any, **options: Any) -> None:
        with contextlib.suppress(TypeError, ValueError):
            found.append(np.asarray(desired, dtype=np.float64).ravel())
        close(actual, desired, **options)

    expect.close = recording
    try:
        yield
    finally:
        expect.close = close


@contextlib.contextmanager
def _session(seed: bytes, reference: Any, cases: Any, handed_in: dict[str, str]) -> Iterator[None]:
    before = (current.provider, current.seed, current.cases, current.reference, current.handed_in)
    current.provider, current.seed = LocalProvider(vars(reference), cases), seed
    current.cases, current.reference, current.handed_in = cases, reference, handed_in
    try:
        yield
    finally:
        current.provider, current.seed, current.cases, current.reference, current.handed_in = before


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep pytest's output, write no .pyc beside the hidden tests, and forget their module afterwards."""
    modules, written, output = set(sys.modules), sys.dont_write_bytecode, io.StringIO()
    environment = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    for name in environment:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = True
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            yield output
    finally:
        sys.dont_write_bytecode = written
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(environment)
        for name in set(sys.modules) - modules:
            if name.rpartition(".")[2].startswith("hidden_"):
                del sys.modules[name]
