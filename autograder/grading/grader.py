"""A grader: one trusted pytest session and one fork server, made once in each process of an executor."""

from __future__ import annotations

import functools
import importlib.util
import multiprocessing
import os
import re
import select
import signal
import socket
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograder.course.paths import Course, Repository
from autograder.faults import sentence
from autograder.grading.assignment import Assignment
from autograder.grading.attempts import seed_of
from autograder.grading.forks import context, late_imports
from autograder.grading.installed import installed_versions
from autograder.grading.kept import Shelf
from autograder.grading.options import Options
from autograder.grading.result import ExerciseResult, Flag, Result, TestResult
from autograder.grading.submission import (
    Received,
    Unreadable,
    check_student_id,
)
from autograder.sandbox import wire
from autograder.sandbox.host import ForkServer, WallError
from autograder.sandbox.limits import Limits

if TYPE_CHECKING:
    from autograder.grading.plan import Submission

_WATCH_SECONDS = 0.2
_GRACE = 60.0  # seconds that the trusted side may need beyond the submission's own limit
_PRELOAD = ("numpy",)
# Slow to import: a fork server imports once what a submission uses.
_SLOW_IMPORTS = re.compile(r"\b(?:import|from)\s+(torch|scipy|sympy|pandas|sklearn|matplotlib)\b")


@dataclass(frozen=True)
class Job:
    """One submission to grade; plain data, so that it can travel to any machine.

    received: the submission, or its digest to have it read from `path` in `submitted` when the job is given out. slow:
    whether it seems to import slow modules: see autograder.grading.queue. only: the exercises to grade, if not all:
    those that a change of the assignment concerns, or those that are graded `again` with more time, as they ran out of
    it when other jobs ran beside this one: by exercise, which of its calls did so first. inputs: the set of inputs of
    its tests: see autograder.grading.attempts.
    """

    course: Course
    repository: Repository
    assignment: str
    student: str
    path: Path
    submitted: Path
    received: Received | bytes
    options: Options
    key: str
    fingerprint: str
    slow: bool = False
    only: tuple[str, ...] = ()
    again: tuple[tuple[str, int], ...] = ()
    inputs: int = 0


class Graded(NamedTuple):
    """A result as JSON, and the seconds it took.

    out_of_time: by exercise that ran out of time, which of its calls was the first to do so, 0 if not one of them. Of a
    job that is graded again, the exercises that were given up, as the same call ran out of time again.
    """

    text: str
    seconds: float
    out_of_time: tuple[tuple[str, int], ...] = ()


class GraderFault(Exception):
    """The grader itself failed; the submission is not to blame."""


class NoAnswer(GraderFault):
    """The session did not come to an end."""


def run(job: Job) -> Graded:
    """Grade one submission in this process's grader.

    Whatever a stranger's notebook makes go wrong as it is read makes it unreadable; what goes wrong afterwards is the
    grader's fault. Neither stops the run.
    """
    from autograder.grading.reader import read  # with selfcheck, which takes half a second to import

    assert isinstance(job.received, Received)  # it is read at the latest when the job is given out
    begin = time.monotonic()
    assignment = _assignment(job.course, job.repository, job.assignment, job.fingerprint)
    try:
        check_student_id(job.student, job.options.roster)
        submission = read(job.received, assignment)
    except Unreadable as error:
        return Graded(blank_result(assignment, job, "unreadable", str(error)).to_json(), time.monotonic() - begin)
    except (OSError, MemoryError) as error:  # no process to read it in
        reason = f"the notebook could not be read: {sentence(error)}"
        return Graded(blank_result(assignment, job, "failed", reason).to_json(), time.monotonic() - begin)
    except Exception as error:
        reason = f"the notebook is damaged ({type(error).__name__}): open it in Jupyter, save it, and submit it again"
        return Graded(blank_result(assignment, job, "unreadable", reason).to_json(), time.monotonic() - begin)
    try:
        result, out_of_time = _grade(assignment, job, submission)
    except Exception as error:
        close_grader()
        result, out_of_time = blank_result(assignment, job, "failed", f"{type(error).__name__}: {error}"), ()
    return Graded(result.to_json(), time.monotonic() - begin, out_of_time)


def run_traced(job: Job) -> tuple[Result, list[dict[str, Any]]]:
    """Grade one submission in a grader of its own; return the result, and of each test what it called.

    Raises Unreadable if the submission cannot be read, GraderFault if the grader fails.
    """
    from autograder.grading.reader import read

    assignment = Assignment.load(job.course, job.repository, job.assignment)
    check_student_id(job.student, job.options.roster)
    assert isinstance(job.received, Received)
    submission = read(job.received, assignment)
    grader = Grader(assignment, job.options.limits, job.options.wall, submission.slow)
    try:
        reply = grader.grade(submission, inputs=job.inputs, carry_over=job.options.carry_over, traced=True)
        return _result(assignment, job, submission, reply), reply["traces"]
    finally:
        grader.close()


@functools.lru_cache(maxsize=1)
def _assignment(course: Course, repository: Repository, name: str, fingerprint: str) -> Assignment:
    """Return the assignment, read once in this process as long as its fingerprint stays."""
    return Assignment.load(course, repository, name)


def blank_result(assignment: Assignment, job: Job, status: str, reason: str) -> Result:
    """Make a result without grading: every exercise is listed with 0 points."""
    exercises = [ExerciseResult(name, 0.0, points) for name, points in assignment.points.items()]
    return Result(
        assignment=assignment.name,
        student=job.student,
        status=status,
        points=0.0,
        max_points=assignment.max_points,
        exercises=exercises,
        wall=job.options.wall,
        key=job.key,
        reason=reason,
    )


def _grade(assignment: Assignment, job: Job, submission: Submission) -> tuple[Result, tuple[tuple[str, int], ...]]:
    fault, carry_over = "", job.options.carry_over
    for _ in range(2):  # a grader that failed is made anew once; a second failure is reported
        try:
            reply = _grader(job, assignment, submission.slow).grade(
                submission, job.only, job.inputs, again=job.again, carry_over=carry_over
            )
            result = _result(assignment, job, submission, reply)
            if carry_over != job.options.carry_over:
                result.flags.append(Flag("not-carried-over", "grading did not end, and was done again without it"))
            return result, _out_of_time(assignment, reply["out_of_time"], job.only)
        except (GraderFault, WallError) as error:
            close_grader()
            fault = str(error)
            if isinstance(error, NoAnswer):  # a test that ends beside the reference's steps may not beside others
                carry_over = False
    return blank_result(assignment, job, "failed", fault), ()


def _out_of_time(assignment: Assignment, calls: dict[str, int], only: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return all exercises if a cell ("") ran out of time, on which any of them may depend; else those that did."""
    graded = [name for name in assignment.points if not only or name in only]
    return tuple((name, calls.get(name, 0)) for name in graded if "" in calls or name in calls)


def _result(assignment: Assignment, job: Job, submission: Submission, reply: dict[str, Any]) -> Result:
    from autograder.grading.carried import carry_over
    from selfcheck.record import Record, earned  # with pytest: see Grader._session

    records = [Record(**record) for record in reply["records"]]
    faulty = [record.name for record in records if record.fault]
    if faulty:
        raise GraderFault(f"the test {faulty[0]} could not finish: {next(r.message for r in records if r.fault)}")
    exercises = []
    for name, points in assignment.points.items():
        if job.only and name not in job.only:
            continue
        own = [record for record in records if record.exercise == name]
        if not own:
            raise GraderFault(f"no test of {name} was run")
        tests = [
            TestResult(r.name, r.visibility, r.outcome, got, of, r.message, r.note)
            for r, got, of in earned(own, points)
        ]
        own_steps = next((one for one in reply["carried"] if one["exercise"] == name), None)
        if own_steps:
            carry_over(tests, own_steps["tests"], own_steps["steps"], points)
        mistake = reply["mistakes"].get(name)
        exercises.append(ExerciseResult(name, sum(test.points for test in tests), points, mistake, tests))
    flags = [*submission.flags, *(Flag("cell-left-out", f"{c}: {why}") for c, why in sorted(reply["left_out"].items()))]
    flags += [Flag("changed-after-check", f"{name}: graded as it was at its check cell") for name in reply["changed"]]
    flags += [
        Flag("carried-over", f"{one['exercise']}: judged beside the submission's own {', '.join(one['steps'])}")
        for one in reply["carried"]
        if not job.only or one["exercise"] in job.only
    ]
    flags += [Flag("test-not-finished", said) for said in reply["not_finished"]]
    flags += [Flag("command-skipped", f"{command} in cell {cell}") for cell, command in reply["skipped"][:10]]
    return Result(
        assignment=assignment.name,
        student=job.student,
        status="graded",
        points=sum(exercise.points for exercise in exercises),
        max_points=assignment.max_points,
        exercises=exercises,
        flags=flags,
        wall=job.options.wall,
        key=job.key,
    )


class Grader:
    """A session and a fork server; a second fork server for submissions that import slow modules."""

    def __init__(self, assignment: Assignment, limits: Limits, wall: str, first: Collection[str] = frozenset()) -> None:
        """Start both; first: the slow modules of the submission to come, whose fork server is the first."""
        self.assignment = assignment
        self.limits = limits
        self.wall = wall
        self.fork_servers: dict[bool, ForkServer] = {}
        self.slow: set[str] = set()
        self.imports = assignment.imports()
        self.jobs, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        files, name, fingerprint = assignment.repository, assignment.name, assignment.fingerprint()
        setup = {
            "seed": assignment.seed,
            "cases": files.cases(name),
            "reference": files.source(name),
            "handed_in": files.handed_in_texts(name),
            "visible": files.visible(name),
            "hidden": files.hidden(name),
            "mistakes": files.mistakes(name),
            "right": files.right(name),
            "shelf": Shelf.of_version(assignment.course.rehearsed / name, fingerprint, installed_versions()),
            "cells": [vars(cell) for cell in assignment.cells],
            "limits": limits,
        }
        self.session = self._session(theirs, setup)
        try:
            self.session.start()
            theirs.close()  # so that the end of the session is the end of the conversation
            self._fork_server(self._slow(first))
            self._wait_until_ready()
        except BaseException:
            theirs.close()
            self.close()
            raise

    def _session(self, theirs: socket.socket, setup: dict[str, Any]) -> Any:
        """Make the session's process: a fork of this one if that has the tests' modules, else a fork server's."""
        from autograder.grading import session  # with pytest: the process that hands out jobs needs none of it

        if not _imported:
            return context().Process(target=session.serve, args=(theirs, setup))

        def serve() -> None:
            self.jobs.close()  # else the session would never see the end of the conversation
            session.serve(theirs, setup)

        return multiprocessing.get_context("fork").Process(target=serve)

    def _fork_server(self, slow: set[str]) -> ForkServer:
        """Return the fork server for a submission that imports `slow` modules.

        Make it when it is first needed, and anew when a submission has changed it.
        """
        heavy = bool(slow)
        made = self.fork_servers.get(heavy)
        if made is not None and not (slow <= self.slow and made.unchanged()):
            self.fork_servers.pop(heavy).close()
        if heavy not in self.fork_servers:
            self.slow |= slow
            files = self.assignment.repository
            cases = files.cases(self.assignment.name).read_text(encoding="utf-8")
            late = (*late_imports(cases), *(sorted(self.slow) if heavy else ()))
            modules = dict.fromkeys((*_PRELOAD, *self.imports, *late))
            self.fork_servers[heavy] = ForkServer(
                files.selfcheck, wall=self.wall, limits=self.limits, preload=tuple(modules), cases=cases
            )
        return self.fork_servers[heavy]

    def _slow(self, modules: Collection[str]) -> set[str]:
        """Return which of these slow modules every fork server does not import already."""
        return set(modules) - set(self.imports)

    def _wait_until_ready(self) -> None:
        try:
            reply = wire.decode(wire.receive(self.jobs.fileno(), time.monotonic() + 120))
        except (wire.Closed, wire.TimedOut) as error:
            raise GraderFault("the tests could not be collected: run pytest on the test files") from error
        if "ready" not in reply:
            raise GraderFault(f"the tests could not be collected: {reply.get('fault')}")

    def grade(
        self,
        submission: Submission,
        only: tuple[str, ...] = (),
        inputs: int = 0,
        *,
        again: tuple[tuple[str, int], ...] = (),
        carry_over: bool = True,
        traced: bool = False,
    ) -> dict[str, Any]:
        """Run all tests on one submission, or those of the exercises `only`, watching time, memory and scratch space
        from outside. inputs: the set of inputs that the tests get. again: see Job. carry_over: see
        autograder.grading.carried. traced: note every call too, as `traces`. Raises GraderFault.
        """
        fork_server = self._fork_server(self._slow(submission.slow))
        job = {
            "cells": submission.cells,
            "plain": submission.plain,
            "problems": submission.problems,
            "fork_server": fork_server.pid,
            "scratch_root": str(fork_server.scratch_root),
            "only": list(only),
            "again": dict(again),
            "carry_over": carry_over,
            "seed": seed_of(self.assignment.seed, inputs),
            "traced": traced,
            "handed_in": {name: [isinstance(text, str), str(text)] for name, text in submission.handed_in.items()},
        }
        jobs = self.jobs.fileno()
        try:
            socket.send_fds(self.jobs, [b"J"], [fork_server.control.fileno()])
            wire.send(jobs, wire.encode(job))
        except (OSError, wire.Closed) as error:
            raise GraderFault(f"the session ended: {error}") from error
        limits = self.limits.alone() if again else self.limits
        end = time.monotonic() + limits.whole_patience * limits.submission + _GRACE
        poll = select.poll()
        poll.register(jobs, select.POLLIN)
        while not poll.poll(_WATCH_SECONDS * 1000):
            if time.monotonic() > end:
                raise NoAnswer("the session did not answer in time")
            fork_server.enforce()
        try:
            reply = wire.decode(wire.receive(jobs, end))
        except (wire.Closed, wire.TimedOut, wire.WireError) as error:
            raise GraderFault(f"the session ended: {error}") from error
        if "fault" in reply:
            raise GraderFault(reply["fault"])
        return reply

    def close(self) -> None:
        """End the processes and all they have started."""
        self.jobs.close()
        if self.session.pid is not None:
            self.session.kill()
            self.session.join()
        for fork_server in self.fork_servers.values():
            fork_server.close()


def slow_imports(sources: Iterable[str]) -> set[str]:
    """Return the slow modules that these cells import and that are installed."""
    sources = list(sources)
    found = {name for source in sources for name in _SLOW_IMPORTS.findall(source)} | set(late_imports(*sources))
    return {name for name in found if importlib.util.find_spec(name.partition(".")[0])}


def slow_mentions(notebook: bytes) -> int:
    """Count mentions of slow imports (torch, scipy, ...) anywhere in the notebook."""
    return len(_SLOW_IMPORTS.findall(notebook.decode("utf-8", "replace")))


_imported = False  # whether this process comes from the fork server, and has no other work than its grader
_current: tuple[tuple, Grader] | None = None
_closing = threading.Lock()


def _grader(job: Job, assignment: Assignment, slow: Collection[str]) -> Grader:
    """Return this process's grader; make a new one when the assignment, the limits or the sandbox have changed.

    slow: the slow modules that the job's submission imports.
    """
    global _current
    wanted = (assignment.name, job.fingerprint, job.options.limits, job.options.wall)
    if _current is not None and _current[0] != wanted:
        close_grader()
    if _current is None:
        _current = (wanted, Grader(assignment, job.options.limits, job.options.wall, slow))
    return _current[1]


def close_grader() -> None:
    """End this process's grader, if it has one. A second call while the first is at work returns at once."""
    global _current
    if not _closing.acquire(blocking=False):
        return
    try:
        grader, _current = _current, None
        if grader is not None:
            grader[1].close()
    finally:
        _closing.release()


def initialise() -> None:
    """Prepare a new process of an executor: leave Ctrl-C to the parent; clean up when told to end or orphaned."""
    global _imported
    _imported = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _end())
    Finalize(None, close_grader, exitpriority=10)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    _end()


def _end() -> None:
    """Close and exit; where closing is already under way (a signal may come at any moment), leave it to finish."""
    if _closing.locked():
        return
    try:
        close_grader()
    finally:
        os._exit(1)
