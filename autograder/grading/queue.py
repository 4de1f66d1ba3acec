"""Jobs to places: each place is given as many jobs as it grades at a time and as many that wait; places come and go.

A place is a process of this machine or a worker of a cluster: what happens to a job is the same in both. When a place
dies, what it was grading is under suspicion, the rest is given to others. A suspect is tried once more with nothing
beside it in its place; if that place dies as well, the submission is to blame and its result is `failed`.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from typing import NamedTuple, Protocol

from autograder.cores import cores
from autograder.grading import grader
from autograder.grading.assignment import Assignment
from autograder.grading.forks import context, imports_of, start_server
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import receive
from autograder.sandbox.host import check_wall
from autograder.sandbox.limits import check_own_limits

_AHEAD = 2
_ATTEMPTS = 2


class Ended(Exception):
    """The process that was grading a job ended over it; the place goes on."""


class Changed(Exception):
    """A submission is not what it was when the run began."""


class ClusterError(Exception):
    """The machines of a cluster cannot grade; the text says why and what to do."""


class Place(Protocol):
    """Where jobs are graded, `threads` at a time, on the machine `host`."""

    threads: int
    host: str

    def submit(self, job: grader.Job) -> Future[grader.Graded]:
        """Give it a job. The future raises Ended, or BrokenExecutor or CancelledError if the place is lost."""


class Machines(Protocol):
    """The places there are. look_again: seconds after which others may have come or gone, or None."""

    look_again: float | None

    def prepare(self, assignment: Assignment, options: Options) -> None:
        """Do at once what takes no time and what may go on while the submissions are read."""

    def start(self, jobs: int) -> None:
        """Get ready to grade that many jobs of the assignment."""

    def current(self) -> Sequence[Place]:
        """Return the places that there are now; one that was lost is not among them."""

    def died(self, place: Place) -> bool:
        """Whether a place that is gone died over its jobs, and was not merely taken away or out of reach."""

    def close(self) -> None:
        """Let the places go."""


def local_executor() -> ProcessPoolExecutor:
    """Return a process on this machine, which will own one grader."""
    return ProcessPoolExecutor(1, mp_context=context(), initializer=grader.initialise)


def stop(pool: ProcessPoolExecutor) -> None:
    """End its processes at once: each has written nothing that could be lost."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=10)


class LocalProcess:
    """A place: one process of this machine with its grader."""

    threads = 1
    host = ""

    def __init__(self) -> None:
        self.pool = local_executor()
        self.lost = False

    def submit(self, job: grader.Job) -> Future[grader.Graded]:
        """Give it a job."""
        try:
            future = self.pool.submit(grader.run, job)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        future.add_done_callback(self._look)
        return future

    def _look(self, future: Future[grader.Graded]) -> None:
        self.lost |= not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


class Local:
    """This machine: one place for each core, or as many as `Options.jobs` says. A process that dies is replaced."""

    look_again: float | None = None

    def __init__(self) -> None:
        self.processes: list[LocalProcess] = []
        self.most = cores()

    def prepare(self, assignment: Assignment, options: Options) -> None:
        """Have what the tests import imported once for all processes. Raises WallError where the sandbox cannot run,
        OwnLimit where this process may use too little of the machine.
        """
        if options.wall != "none":
            check_wall()
        check_own_limits(options.limits)
        start_server(imports_of(assignment.repository, assignment.name))
        self.most = options.jobs or cores()

    def start(self, jobs: int) -> None:
        """Start as many processes as the jobs have use for; those that are there already are kept."""
        wanted = max(1, min(self.most, jobs))
        self.processes += [LocalProcess() for _ in range(wanted - len(self.processes))]

    def current(self) -> Sequence[LocalProcess]:
        """Return the processes, each dead one replaced."""
        for index, process in enumerate(self.processes):
            if process.lost:
                stop(process.pool)
                self.processes[index] = LocalProcess()
        return self.processes

    def died(self, place: Place) -> bool:
        """Return True: a process that is gone has died."""
        return True

    def close(self) -> None:
        """End the processes."""
        for process in self.processes:
            stop(process.pool)
        self.processes.clear()


def run(
    waiting: list[grader.Job],
    assignment: Assignment,
    machines: Machines,
    *,
    close: bool,
    meanwhile: Callable[[], bool] | None = None,
) -> Iterator[tuple[Result, float] | None]:
    """Yield results as they come, each with the seconds it took, after one None when the first jobs are given out.

    close: let the machines go at the end. meanwhile: called again and again while no result has come, until it returns
    False, as it has nothing to do; a call should not take longer than a job.

    Jobs that import what is slow to import go to the first place while there are others for the rest: each process
    that grades one has to import it. One that ran out of time is graded again in what ran out, once, after all others
    and with half of its machine's places empty, so that it has a core for itself. An exercise whose first call without
    an end has none again keeps its first result and costs no more time; of others the second result counts.
    """
    try:
        if waiting:
            machines.start(len(waiting))
            yield from _Run(waiting, assignment, machines, meanwhile or (lambda: False)).results()
    finally:
        if close:
            machines.close()


class _Late(NamedTuple):
    """A job to grade again, in the exercises that ran out of time, its first result and the seconds that it took."""

    job: grader.Job
    first: Result
    seconds: float


class _Run:
    """What is to do, what is being done, and where."""

    def __init__(
        self, waiting: list[grader.Job], assignment: Assignment, machines: Machines, meanwhile: Callable[[], bool]
    ) -> None:
        self.assignment = assignment
        self.machines = machines
        self.meanwhile = meanwhile
        self.queue = _Queue(waiting)
        self.suspects: deque[grader.Job] = deque()
        self.attempts: Counter[str] = Counter()
        self.late: deque[grader.Job] = deque()
        self.first: dict[str, _Late] = {}
        self.lines: dict[Place, _Line] = {}

    def results(self) -> Iterator[tuple[Result, float] | None]:
        """Do all there is to do."""
        for turn in itertools.count():
            yield from self._places_gone()
            self._fill()
            if turn == 0:
                yield None
            running = [future for line in self.lines.values() for future in line.given]
            while running and not any(future.done() for future in running) and self.meanwhile():
                pass
            if running:
                done, _ = wait(running, timeout=self.machines.look_again, return_when=FIRST_COMPLETED)
            elif self.queue or self.suspects or self.late:
                done = set()
                time.sleep(self.machines.look_again or 0.0)
            else:
                return
            for line in list(self.lines.values()):
                for future in [given for given in line.given if given in done]:  # the oldest first
                    yield from self._finished(line, future)

    def _places_gone(self) -> Iterator[tuple[Result, float]]:
        """Take notice of places that have come or gone; yield what a lost one had finished or is blamed for."""
        current = self.machines.current()
        for place in [place for place in self.lines if place not in current]:
            line = self.lines.pop(place)
            for future in [future for future in line.given if _has_result(future)]:
                yield from self._finished(line, future)
            jobs = list(line.given.values())
            running = place.threads if self.machines.died(place) else 0
            for suspect in jobs[:running]:
                yield from self._blamed(suspect)
            for job in jobs[running:]:
                self._put_back(job)
        for place in current:
            self.lines.setdefault(place, _Line(place))

    def _blamed(self, suspect: grader.Job) -> Iterator[tuple[Result, float]]:
        self.attempts[suspect.student] += 1
        if self.attempts[suspect.student] < _ATTEMPTS:
            self.suspects.append(suspect)
        else:
            yield self._failed(suspect, "the grading process ended unexpectedly twice")

    def _failed(self, job: grader.Job, reason: str) -> tuple[Result, float]:
        self.first.pop(job.student, None)
        return grader.blank_result(self.assignment, job, "failed", reason), 0.0

    def _put_back(self, job: grader.Job) -> None:
        if self.attempts[job.student]:
            self.suspects.append(job)
        elif job.again:
            self.late.append(job)
        else:
            self.queue.put_back([job])

    def _finished(self, line: _Line, future: Future[grader.Graded]) -> Iterator[tuple[Result, float]]:
        """Yield the result of a job that has ended, unless it is to be graded again or its place is lost."""
        try:
            graded = future.result()
        except BrokenExecutor:
            return  # the place is lost, and its jobs with it: see _places_gone
        except CancelledError:
            self._put_back(line.given.pop(future))
        except Ended:
            yield from self._blamed(line.given.pop(future))
        except Changed as error:
            yield self._failed(line.given.pop(future), str(error))
        except Exception as error:  # of what carries jobs and results: the next job may fare better
            yield self._failed(line.given.pop(future), f"{type(error).__name__}: {error}")
        else:
            yield from self._graded(line.given.pop(future), graded)

    def _graded(self, job: grader.Job, graded: grader.Graded) -> Iterator[tuple[Result, float]]:
        result = Result.from_json(graded.text)
        if job.again:
            late = self.first.pop(job.student)
            given_up = [name for name, _ in graded.out_of_time]
            yield late.first.with_second(result, given_up), late.seconds + graded.seconds
        elif graded.out_of_time:
            only = tuple(name for name, _ in graded.out_of_time)
            late = _Late(replace(job, only=only, again=graded.out_of_time), result, graded.seconds)
            self.first[job.student] = late
            self.late.append(late.job)
        else:
            yield result, graded.seconds

    def _fill(self) -> None:
        """Give the places what they have room for, and then, while many wait, each some more so that it need not wait
        for us: the last ones go to whoever is free.
        """
        threads = sum(line.place.threads for line in self.lines.values())
        for most, kept in ((1, 0), (_AHEAD, threads)):
            for index, line in enumerate(self.lines.values()):
                self._fill_line(line, most * line.place.threads, kept, slow_first=index == 0)

    def _fill_line(self, line: _Line, most: int, kept: int, *, slow_first: bool) -> None:
        """Give a place up to `most` jobs of the queue, as long as it holds more than `kept`, or what goes before."""
        host = [other for other in self.lines.values() if other.place.host == line.place.host]
        beside = [job for other in host for job in other.given.values()]
        late = sum(bool(job.again) for job in beside)
        if (line.alone and line.given) or (late and (self.suspects or self.queue)):
            return
        line.alone = False
        if self.suspects:  # no place is given more until one is empty and takes the suspect
            if not line.given:
                self._give(line, self.suspects.popleft(), alone=True)
        elif self.queue:
            while len(line.given) < most and len(self.queue) > kept:
                self._give(line, self.queue.take(slow_first=slow_first))
        elif late == len(beside):
            room = max(1, sum(other.place.threads for other in host) // 2) - late
            for _ in range(min(room, line.place.threads - len(line.given), len(self.late))):
                self._give(line, self.late.popleft())

    def _give(self, line: _Line, job: grader.Job, *, alone: bool = False) -> None:
        line.alone = alone
        received = job.received
        if isinstance(received, bytes):
            digest, received = received, receive(job.path, job.submitted, self.assignment)
            if received.digest() != digest:  # its result would have the key of what was there before
                changed: Future[grader.Graded] = Future()
                changed.set_exception(Changed("the submission was changed after this run had begun"))
                line.given[changed] = job
                return
        line.given[line.place.submit(replace(job, received=received))] = job


def _has_result(future: Future[grader.Graded]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


class _Line:
    """What a place has been given, the oldest first; alone: one job, which has the place for itself."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.given: dict[Future[grader.Graded], grader.Job] = {}
        self.alone = False


class _Queue:
    """What is left to do."""

    def __init__(self, jobs: Iterable[grader.Job]) -> None:
        self.quick: deque[grader.Job] = deque()
        self.slow: deque[grader.Job] = deque()
        self.put_back(jobs)

    def __len__(self) -> int:
        return len(self.quick) + len(self.slow)

    def put_back(self, jobs: Iterable[grader.Job]) -> None:
        for job in jobs:
            (self.slow if job.slow else self.quick).append(job)

    def take(self, *, slow_first: bool) -> grader.Job:
        """Take the next job; IndexError if there is none."""
        first, then = (self.slow, self.quick) if slow_first else (self.quick, self.slow)
        return (first or then).popleft()
