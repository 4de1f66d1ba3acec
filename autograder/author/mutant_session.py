"""Runs the tests of an exercise on one mutant after another: pytest collects once, then each mutant has a fork.

A mutant may loop without end, eat the memory or end its process: the fork has a limit of processor time, so that a busy
machine changes nothing, one of memory, and one of patience.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.author.build import read_source
from autograder.author.mutation import Mutant
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import Source, load_reference
from autograder.grading.forks import import_all, imported_beyond
from selfcheck import harness
from selfcheck.plugin import Recorder, exercise_of
from selfcheck.target import LocalProvider, current, setting

SEED = b"mutants"
CPU_SECONDS = 2.0
TIMES_REFERENCE = 10
RIGHT_SECONDS = 60.0  # of a reference or another right solution, which may be slow and does end
MEMORY = 2 * 1024**3
PATIENCE = 20  # seconds of waiting for each second of processor time allowed
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Verdict:
    """What the tests say of a mutant, up to the first that does not pass.

    outcome: "failed" (a test did), "error" (the mutant raised, or ended its process), "timeout" (it did not end),
    "passed" (it survived), or "fault" (a test could not finish, which is the test's own slip). test: which one.
    """

    outcome: str
    test: str = ""

    @property
    def killed(self) -> bool:
        return self.outcome in ("failed", "error", "timeout")


def judge(
    repository: Repository, assignment: str, mutants: list[Mutant], *, right: Sequence[Mutant] = (), seed: bytes = SEED
) -> list[Verdict]:
    """Return the verdicts of the visible and hidden tests on these mutants, then on these right solutions.

    Raises SourceError: see `judge_on`.
    """
    (verdicts,) = judge_on(repository, assignment, mutants, [seed], right=right)
    return verdicts


def judge_on(
    repository: Repository,
    assignment: str,
    mutants: list[Mutant],
    seeds: Sequence[bytes],
    *,
    right: Sequence[Mutant] = (),
) -> list[list[Verdict]]:
    """Return, for each seed of the tests' inputs, the verdicts on these mutants, then on these right solutions.

    The tests run in a process of their own. A mutant may never end: it has ten times as long as the reference needs.
    A right solution has a minute. Raises SourceError if the tests cannot be collected, or if the reference does not
    pass them.
    """
    before = dict(os.environ)
    os.environ.update(_ENVIRONMENT)  # read by NumPy and torch as they start: a fork of a process with threads may hang
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
            verdicts, refusal = executor.submit(_judge, repository, assignment, mutants, right, seeds).result()
    finally:
        os.environ.clear()
        os.environ.update(before)
    if refusal:
        raise SourceError([Problem(assignment, refusal)])
    return verdicts


def _judge(
    repository: Repository, assignment: str, mutants: list[Mutant], right: Sequence[Mutant], seeds: Sequence[bytes]
) -> tuple[list[list[Verdict]], str]:
    """The verdicts, and what keeps the tests from running; in that case there are no verdicts."""
    sys.dont_write_bytecode = True
    source = read_source(repository, assignment)
    try:
        cases, reference = load_reference(repository.cases(assignment)), load_reference(source.path)
        handed_in = repository.handed_in_texts(assignment)
    except SourceError as error:
        return [], str(error)
    recorder = Recorder()
    trial = _Trial(source, mutants, right, recorder, seeds)
    tests = (repository.visible(assignment), repository.hidden(assignment))
    done = harness.run(tests, None, seeds[0], cases, reference, handed_in, hooks=(recorder, trial))
    if trial.ready:
        return trial.verdicts, trial.refusal
    return [], f"its tests could not be collected:\n{done.output.strip()}"


class _Trial:
    """Pytest plugin whose run loop tries the mutants."""

    def __init__(
        self, source: Source, mutants: list[Mutant], right: Sequence[Mutant], recorder: Recorder, seeds: Sequence[bytes]
    ) -> None:
        self.source = source
        self.mutants = mutants
        self.right = right
        self.recorder = recorder
        self.seeds = seeds
        self.verdicts: list[list[Verdict]] = []  # by seed
        self.refusal = ""
        self.ready = False
        self.imported: list[str] = []  # by the fork that was tried last

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """For each seed, try the reference of each exercise, which sets its mutants' time, and then the mutants."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self.ready = True
        for seed in self.seeds:
            with setting(seed=seed):
                if not self._try_all(session):
                    break
        return True

    def _try_all(self, session: pytest.Session) -> bool:
        """Try all with the inputs of one seed; return whether the reference passes."""
        limits: dict[str, float] = {}
        for name in dict.fromkeys(mutant.exercise for mutant in [*self.mutants, *self.right]):
            before = _used_by_forks()
            verdict = self._try(session, name, self.source, RIGHT_SECONDS)
            limits[name] = max(CPU_SECONDS, TIMES_REFERENCE * (_used_by_forks() - before))
            import_all(self.imported)  # once, and not in the fork of every mutant
            if verdict.outcome != "passed":
                self.refusal = (
                    f"the reference of {name} does not pass {verdict.test} ({verdict.outcome}): mend it first."
                )
                return False
        tried = [(mutant, limits[mutant.exercise]) for mutant in self.mutants]
        tried += [(solution, RIGHT_SECONDS) for solution in self.right]
        verdicts = []
        for mutant, limit in tried:
            variant = self.source.with_cell(mutant.exercise, mutant.code)
            verdicts.append(self._try(session, mutant.exercise, variant, limit))
        self.verdicts.append(verdicts)
        return True

    def _try(self, session: pytest.Session, exercise: str, source: Source, seconds: float) -> Verdict:
        """Run the exercise's tests on the source's code in a fork that has at most these seconds of processor time."""
        self.imported = []
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                _limit(seconds)
                known = set(sys.modules)
                verdict = self._first_failure(session.items, exercise, source)
                os.write(writing, json.dumps([vars(verdict), imported_beyond(known)]).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as reply:
            ready, _, _ = select.select([reply], [], [], seconds * PATIENCE)
            if not ready:
                os.kill(pid, signal.SIGKILL)
            text = reply.read()
        _, status = os.waitpid(pid, 0)
        if text:
            verdict, self.imported = json.loads(text)
            return Verdict(**verdict)
        late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGKILL)
        return Verdict("timeout" if late else "error")

    def _first_failure(self, items: list[pytest.Item], exercise: str, source: Source) -> Verdict:
        try:
            namespace: dict[str, Any] = vars(source.load("mutant"))
        except Exception:
            return Verdict("error")
        own = [item for item in items if exercise_of(item) == exercise]
        with setting(provider=LocalProvider(namespace, current.cases)):
            for item, following in zip(own, [*own[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                for record in self.recorder.records:
                    if record.outcome != "passed":
                        return Verdict("fault" if record.fault else record.outcome, record.name)
        return Verdict("passed")


def _used_by_forks() -> float:
    """Return the seconds of processor time that forks have used which have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _limit(seconds: float) -> None:
    """Be quiet; end after these seconds of processor time; a request for too much memory is a MemoryError."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    statistics = Path("/proc/self/statm")  # Linux: the pages in use
    if statistics.is_file():
        import resource  # Windows has none

        used = int(statistics.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
