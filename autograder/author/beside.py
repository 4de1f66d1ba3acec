"""Work on several assignments at once, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from autograder.cores import cores
from autograder.course.paths import Repository
from autograder.grading.forks import context, import_once

T = TypeVar("T")

# Elsewhere a library that was loaded before a fork may not work after it, and there may be no fork at all.
_FORKS = sys.platform == "linux"
_SLOW = {"sympy": "sympy", "torch": "torch", "torch.optim": "torch._dynamo"}  # to import, for scripts that speak of it


def start(repository: Repository, assignments: Sequence[str], *modules: str) -> None:
    """Have `modules`, and what is slow to import of what these assignments need, imported once for all processes of
    `each`, where those are forks. Returns at once.
    """
    if len(assignments) > 1 and _FORKS:
        paths = [repository.source(name) for name in assignments]
        scripts = [path.read_text("utf-8", "replace") for path in paths if path.is_file()]
        import_once([*modules, *(slow for said, slow in _SLOW.items() if any(said in script for script in scripts))])


def each(
    work: Callable[[Repository, str], T], repository: Repository, assignments: Sequence[str]
) -> Iterator[tuple[str, T]]:
    """Yield each assignment with `work(repository, assignment)` as they end, on all cores; one alone is done here.

    work: a function of a module. What it raises is raised, and what has not begun by then is not begun.
    """
    if len(assignments) < 2:
        yield from ((name, work(repository, name)) for name in assignments)
        return
    start(repository, assignments, work.__module__)
    workers = min(len(assignments), cores())
    pool = ProcessPoolExecutor(workers, mp_context=context() if _FORKS else multiprocessing.get_context("spawn"))
    try:
        largest = max(assignments, key=lambda name: _size(repository, name))  # would end long after the others
        order = [largest, *(name for name in assignments if name != largest)]
        begun = {pool.submit(work, repository, name): name for name in order}
        yield from ((begun[done], done.result()) for done in as_completed(begun))
    finally:
        pool.shutdown(cancel_futures=True)


def _size(repository: Repository, assignment: str) -> int:
    """Return about how much there is to compute: the length of the list of mistakes."""
    path = repository.mistakes(assignment)
    return path.stat().st_size if path.is_file() else 0
