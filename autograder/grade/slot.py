"""A slot: one trusted pytest session and one nursery, made once in each process of an executor."""

from __future__ import annotations

import functools
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from autograder.grade.assignment import Assignment
from autograder.grade.result import ExerciseResult, Flag, Result, TestResult
from autograder.grade.submission import Submission, Unreadable, check_student_id, read_submission
from autograder.rooms import Course, Repository
from autograder.run import wire
from autograder.run.wall import Limits, Nursery, WallError
from selfcheck.record import Record, earned

_WATCH_SECONDS = 0.2
_GRACE = 60.0  # seconds that the trusted side may need beyond the submission's own limit
_PRELOAD = ("numpy", "matplotlib.pyplot")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """One submission to grade; plain data, so that it can travel to any executor."""

    course: Path
    repository: Path
    assignment: str
    student: str
    path: Path
    submitted: Path
    roster: tuple[str, ...] | None
    limits: Limits
    wall: str
    key: str
    fingerprint: str
    preload: tuple[str, ...] = ()


class SlotFault(Exception):
    """The slot did not do its part: the grader's own fault."""


def run(job: Job) -> tuple[str, float]:
    """Grade one submission in this process's slot. Returns the result as JSON, and the seconds it took."""
    begin = time.monotonic()
    assignment = _assignment(job.course, job.repository, job.assignment, job.fingerprint)
    try:
        check_student_id(job.student, list(job.roster) if job.roster is not None else None)
        submission = read_submission(job.path, job.submitted, assignment)
    except Unreadable as error:
        result = blank_result(assignment, job, "unreadable", str(error))
    else:
        result = _grade(assignment, job, submission)
    return result.to_json(), time.monotonic() - begin


@functools.lru_cache(maxsize=1)
def _assignment(course: Path, repository: Path, name: str, fingerprint: str) -> Assignment:
    """The assignment, read once in this process for as long as its fingerprint stays."""
    return Assignment.load(Course(course), Repository(repository), name)


def blank_result(assignment: Assignment, job: Job, status: str, reason: str) -> Result:
    """A result without grading: every exercise is listed with 0 points."""
    exercises = [ExerciseResult(name, 0.0, points) for name, points in assignment.points.items()]
    return Result(
        assignment=assignment.name,
        student=job.student,
        status=status,
        points=0.0,
        max_points=assignment.max_points,
        exercises=exercises,
        wall=job.wall,
        key=job.key,
        reason=reason,
    )


def _grade(assignment: Assignment, job: Job, submission: Submission) -> Result:
    fault = ""
    for _ in range(2):  # a slot that failed is made anew once; a second failure is reported
        try:
            reply = _slot(job, assignment).grade(submission)
            return _result(assignment, job, submission, reply)
        except (SlotFault, WallError) as error:
            close_slot()
            fault = str(error)
    return blank_result(assignment, job, "failed", fault)


def _result(assignment: Assignment, job: Job, submission: Submission, reply: dict[str, Any]) -> Result:
    records = [Record(**record) for record in reply["records"]]
    faulty = [record.name for record in records if record.fault]
    if faulty:
        raise SlotFault(f"the test {faulty[0]} could not finish: {next(r.message for r in records if r.fault)}")
    exercises = []
    for name, points in assignment.points.items():
        own = [record for record in records if record.exercise == name]
        if not own:
            raise SlotFault(f"no test of {name} ran")
        tests = [TestResult(r.name, r.visibility, r.outcome, got, of, r.message) for r, got, of in earned(own, points)]
        exercises.append(ExerciseResult(name, sum(test.points for test in tests), points, None, tests))
    flags = [*submission.flags, *(Flag("cell-left-out", f"{c}: {why}") for c, why in sorted(reply["left_out"].items()))]
    return Result(
        assignment=assignment.name,
        student=job.student,
        status="graded",
        points=sum(exercise.points for exercise in exercises),
        max_points=assignment.max_points,
        exercises=exercises,
        flags=flags,
        wall=job.wall,
        key=job.key,
    )


class Slot:
    """A session and a nursery that belong together."""

    def __init__(self, assignment: Assignment, limits: Limits, wall: str, preload: tuple[str, ...]) -> None:
        self.limits = limits
        self.nursery: Nursery | None = None
        self.session: subprocess.Popen | None = None
        self.jobs, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            cases = assignment.cases.read_text(encoding="utf-8")
            modules = tuple(dict.fromkeys((*_PRELOAD, *assignment.imports(), *preload)))
            self.nursery = Nursery(assignment.selfcheck, wall=wall, limits=limits, preload=modules, cases=cases)
            self.session = self._start_session(theirs)
            theirs.close()  # so that the end of the session is the end of the conversation
            self._send_setup(assignment)
        except BaseException:
            theirs.close()
            self.close()
            raise

    def _start_session(self, theirs: socket.socket) -> subprocess.Popen:
        assert self.nursery is not None
        control = self.nursery.control
        os.set_inheritable(theirs.fileno(), True)
        environment = {
            **os.environ,
            **dict.fromkeys(_THREADS, "1"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment.pop("PYTEST_ADDOPTS", None)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        return subprocess.Popen(
            [sys.executable, "-m", "autograder.grade.session", str(theirs.fileno()), str(control.fileno())],
            pass_fds=(theirs.fileno(), control.fileno()),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def _send_setup(self, assignment: Assignment) -> None:
        assert self.nursery is not None
        setup = {
            "seed": assignment.seed,
            "cases": str(assignment.cases),
            "reference": str(assignment.reference),
            "visible": str(assignment.visible),
            "hidden": str(assignment.hidden),
            "nursery": self.nursery.pid,
            "scratch_root": str(self.nursery.scratch_root),
            "limits": asdict(self.limits),
        }
        wire.send(self.jobs.fileno(), wire.encode(setup))
        try:
            reply = wire.decode(wire.receive(self.jobs.fileno(), time.monotonic() + 120))
        except (wire.Closed, wire.TimedOut) as error:
            raise SlotFault(f"the tests could not be collected: {self._complaint()}") from error
        if "ready" not in reply:
            raise SlotFault(f"the tests could not be collected: {reply}")

    def _complaint(self) -> str:
        assert self.session is not None
        self.session.kill()
        _, stderr = self.session.communicate(timeout=10)
        lines = (stderr or b"").decode(errors="replace").strip().splitlines()
        return (
            lines[-1][:300] if lines else f"pytest ended with code {self.session.returncode}; run it on the test files"
        )

    def grade(self, submission: Submission) -> dict[str, Any]:
        """Run all tests on one submission, watching time, memory and scratch space from outside. Raises SlotFault."""
        assert self.nursery is not None
        job = {"cells": submission.cells, "problems": submission.problems}
        jobs = self.jobs.fileno()
        wire.send(jobs, wire.encode(job))
        end = time.monotonic() + self.limits.submission + _GRACE
        poll = select.poll()
        poll.register(jobs, select.POLLIN)
        while not poll.poll(_WATCH_SECONDS * 1000):
            if time.monotonic() > end:
                raise SlotFault("the session did not answer in time")
            if self.nursery.memory() > self.limits.memory or self.nursery.scratch() > self.limits.scratch:
                self.nursery.kill_students()
        try:
            reply = wire.decode(wire.receive(jobs, end))
        except (wire.Closed, wire.TimedOut, wire.WireError) as error:
            raise SlotFault(f"the session ended: {error}") from error
        if "fault" in reply:
            raise SlotFault(reply["fault"])
        return reply

    def close(self) -> None:
        """End both processes and all they have started."""
        self.jobs.close()
        if self.session is not None:
            self.session.kill()
            self.session.wait()
            if self.session.stderr is not None:
                self.session.stderr.close()
        if self.nursery is not None:
            self.nursery.close()


_current: tuple[tuple, Slot] | None = None
_closing = threading.Lock()


def _slot(job: Job, assignment: Assignment) -> Slot:
    """This process's slot; made anew when what it was made for has changed."""
    global _current
    wanted = (assignment.name, job.fingerprint, job.limits, job.wall, job.preload)
    if _current is not None and _current[0] != wanted:
        close_slot()
    if _current is None:
        _current = (wanted, Slot(assignment, job.limits, job.wall, job.preload))
    return _current[1]


def close_slot() -> None:
    """End this process's slot, if it has one. A second call while the first is at work returns at once."""
    global _current
    if not _closing.acquire(blocking=False):
        return
    try:
        slot, _current = _current, None
        if slot is not None:
            slot[1].close()
    finally:
        _closing.release()


def initialise() -> None:
    """For a new process of an executor: ignore Ctrl-C, which is the parent's business; clean up when told to end or
    orphaned.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _end())
    Finalize(None, close_slot, exitpriority=10)
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
        close_slot()
    finally:
        os._exit(1)
