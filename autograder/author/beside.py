"""Work on several assignments at once, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from autograder.course.paths import Repository

T = TypeVar("T")


def each(work: Callable[[Repository, str], T], repository: Repository, assignments: Sequence[str]) -> Iterator[T]:
    """Yield `work(repository, assignment)` in the order of the assignments, on all cores; one alone is done here.

    work: a function of a module. What it raises is raised at the turn of its assignment, and what has not begun by then
    is not begun.
    """
    if len(assignments) < 2:
        yield from (work(repository, name) for name in assignments)
        return
    workers = min(len(assignments), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        largest = max(assignments, key=lambda name: _size(repository, name))  # would end long after the others
        order = [largest, *(name for name in assignments if name != largest)]  # so that the caller need not wait
        begun = {name: pool.submit(work, repository, name) for name in order}
        yield from (begun[name].result() for name in assignments)
    finally:
        pool.shutdown(cancel_futures=True)


def _size(repository: Repository, assignment: str) -> int:
    """Return about how much there is to compute: the length of the list of mistakes."""
    path = repository.mistakes(assignment)
    return path.stat().st_size if path.is_file() else 0
