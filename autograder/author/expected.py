"""The arrays that hidden tests expect: the tests are run on the reference, and what they compare with is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder.course.paths import Repository
from autograder.course.source import Problem, Source, SourceError, load_reference, shown_path
from selfcheck import expect, harness
from selfcheck.plugin import Recorder
from selfcheck.target import LocalProvider


def expected_arrays(repository: Repository, source: Source, seeds: list[bytes]) -> list[np.ndarray]:
    """Every `desired` that the hidden tests give to `expect.close`, flattened to float64, for each seed of a session.

    Raises SourceError if the reference fails a hidden test: then the tests, or the reference, must be mended first.
    """
    path = repository.hidden(source.name)
    reference, cases = load_reference(source.path), load_reference(repository.cases(source.name))
    provider, where = LocalProvider(vars(reference), cases), shown_path(path)
    handed_in = repository.handed_in_texts(source.name)
    found: list[np.ndarray] = []
    for seed in seeds:
        recorder = Recorder()
        with _recording(found):
            done = harness.run([path], provider, seed, cases, reference, handed_in, hooks=(recorder,))
        if done.code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SourceError([Problem(where, f"pytest could not run it on the reference:\n{done.output.strip()}")])
        failed = [record for record in recorder.records if record.outcome != "passed"]
        if failed:
            raise SourceError(
                [
                    Problem(where, f"the reference fails {one.name}: {one.detail}; mend the test or the reference.")
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
