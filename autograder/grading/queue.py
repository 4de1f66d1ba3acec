"""Jobs to processes: each process is given one job and one that waits, and a process that dies is replaced."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import NamedTuple

from autograder.grading import grader
from autograder.grading.assignment import Assignment
from autograder.grading.forks import context
from autograder.grading.options import Options
from autograder.grading.result import Result

_AHEAD = 2
_ATTEMPTS = 2


def local_executor() -> ProcessPoolExecutor:
    """A process on this machine, which will own one grader."""
    return ProcessPoolExecutor(1, mp_context=context(), initializer=grader.initialise)


def stop(pool: Executor) -> None:
    """End its processes at once: each has written nothing that could be lost."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=10)


def run(waiting: list[grader.Job], assignment: Assignment, options: Options) -> Iterator[tuple[Result, float] | None]:
    """Yield results as they come, each with the seconds it took, after one None when the processes have started.

    Jobs that import what is slow to import go to the first process while there are others for the rest: each process
    that grades one has to import it. A submission that two processes die of is reported as failed. One that ran out of
    time is graded again in what ran out, once, after all others and with no other beside it; the second result counts.
    """
    workers = max(1, min(options.jobs or os.cpu_count() or 1, len(waiting)))
    queue = _Queue(waiting)
    lines = [_Line(options.executor, workers)] if options.executor else [_Line(None, 1) for _ in range(workers)]
    attempts: Counter[str] = Counter()
    late: list[_Late] = []
    try:
        for line in lines:
            line.fill(queue, slow_first=line is lines[0])
        yield None
        while running := [future for line in lines for future in line.given]:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for line in lines:
                for future in [given for given in line.given if given in done]:  # the oldest first
                    yield from _finished(line, future, assignment, attempts, queue, late)
                line.fill(queue, slow_first=line is lines[0])
        for one in late:
            yield from _alone(lines[0], one, assignment)
    finally:
        for line in lines:
            line.close()


class _Late(NamedTuple):
    """A job that ran out of time in the exercises `job.only`, its first result and the seconds that it took."""

    job: grader.Job
    first: Result
    seconds: float


def _alone(line: _Line, late: _Late, assignment: Assignment) -> Iterator[tuple[Result, float]]:
    """Yield the result of a second grading, with which the process has nothing else to do."""
    queue, attempts = _Queue([late.job]), Counter[str]()
    while True:
        line.fill(queue, slow_first=True)
        if not line.given:
            return
        wait(line.given)
        for future in list(line.given):
            for second, seconds in _finished(line, future, assignment, attempts, queue, []):
                yield late.first.with_second(second), late.seconds + seconds


def _finished(
    line: _Line, future: Future, assignment: Assignment, attempts: Counter[str], queue: _Queue, late: list[_Late]
) -> Iterator[tuple[Result, float]]:
    """Yield the result of a job that has ended; one that is to be graded again is put back, or into `late`."""
    if future not in line.given:  # given back when the process died
        return
    try:
        graded: grader.Graded = future.result()
    except BrokenProcessPool:
        suspect, *others = line.given_back()
        attempts[suspect.student] += 1
        if attempts[suspect.student] < _ATTEMPTS:
            others.append(suspect)
        else:
            yield (
                grader.blank_result(assignment, suspect, "failed", "the grading process ended unexpectedly twice"),
                0.0,
            )
        queue.put_back(others)
    except Exception as error:  # of what carries jobs and results: the next job may fare better
        job = line.given.pop(future)
        yield grader.blank_result(assignment, job, "failed", f"{type(error).__name__}: {error}"), 0.0
    else:
        job, result = line.given.pop(future), Result.from_json(graded.text)
        if graded.out_of_time and not job.only:
            late.append(_Late(replace(job, only=graded.out_of_time), result, graded.seconds))
        else:
            yield result, graded.seconds


class _Queue:
    """What is left to do."""

    def __init__(self, jobs: Iterable[grader.Job]) -> None:
        self.quick: deque[grader.Job] = deque()
        self.slow: deque[grader.Job] = deque()
        self.put_back(jobs)

    def put_back(self, jobs: Iterable[grader.Job]) -> None:
        for job in jobs:
            (self.slow if job.slow else self.quick).append(job)

    def take(self, *, slow_first: bool) -> grader.Job | None:
        for jobs in (self.slow, self.quick) if slow_first else (self.quick, self.slow):
            if jobs:
                return jobs.popleft()
        return None


class _Line:
    """The processes of an executor, by default one of our own, and the jobs that they have been given."""

    def __init__(self, executor: Executor | None, workers: int) -> None:
        self.own = executor is None
        self.pool = executor or local_executor()
        self.ahead = _AHEAD * workers
        self.given: dict[Future, grader.Job] = {}  # the oldest first

    def fill(self, queue: _Queue, *, slow_first: bool) -> None:
        """Give the processes what they have room for."""
        while len(self.given) < self.ahead and (job := queue.take(slow_first=slow_first)) is not None:
            self.given[self._submitted(job)] = job

    def _submitted(self, job: grader.Job) -> Future:
        try:
            return self.pool.submit(grader.run, job)
        except BrokenProcessPool as error:
            broken: Future = Future()
            broken.set_exception(error)
            return broken

    def given_back(self) -> list[grader.Job]:
        """All jobs, when a process has died over the first; a dead process of our own is replaced."""
        jobs = list(self.given.values())
        self.given.clear()
        if self.own:
            stop(self.pool)
            self.pool = local_executor()
        return jobs

    def close(self) -> None:
        """End our own processes; those of an executor that was passed in stay."""
        if self.own:
            stop(self.pool)
