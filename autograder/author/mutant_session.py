"""Runs the tests of an exercise on one mutant after another: pytest collects once, then a fork tries some of them.

A mutant may loop without end, eat the memory or end its process: the fork has a limit of processor time for each, so
that a busy machine changes nothing, one of memory, and one of patience. What could have been changed by the mutants
tried before it in the same fork is tried again in a fork of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.author.build import read_source
from autograder.author.mutation import Mutant
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import Source, load_reference
from autograder.grading import forks
from autograder.grading.forks import import_all, imported_beyond
from selfcheck import harness
from selfcheck.plugin import Recorder, exercise_of
from selfcheck.target import LocalProvider, current, setting

SEED = b"mutants"
CPU_SECONDS = 2.0
TIMES_REFERENCE = 10
RIGHT_SECONDS = 60.0  # of a reference or another right solution, which may be slow and does end
MEMORY = 2 * 1024**3
TOGETHER = 16  # mutants of an exercise in one fork, since to fork a process that holds torch costs as much as the tests
PATIENCE = 20  # seconds of waiting for each second of processor time allowed


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

    Raises SourceError: see `judging`.
    """
    with judging(repository, assignment, mutants, seeds, right=right) as verdicts:
        return verdicts()


@contextmanager
def judging(
    repository: Repository,
    assignment: str,
    mutants: list[Mutant],
    seeds: Sequence[bytes],
    *,
    right: Sequence[Mutant] = (),
) -> Iterator[Callable[[], list[list[Verdict]]]]:
    """Begin to judge in a process of its own; what is yielded waits for the verdicts of `judge_on`.

    What the caller does meanwhile needs no thread: two threads that parse Python at once end in a SystemError (CPython
    counts the depth of the tree for the whole process).

    A mutant may never end: it has ten times as long as the reference needs. A right solution has a minute. What is
    yielded raises SourceError if the tests cannot be collected, or if the reference does not pass them.
    """
    forks.start_server([*forks.imports_of(repository, assignment), __name__])
    with ProcessPoolExecutor(1, mp_context=forks.context()) as executor:
        begun = executor.submit(_judge, repository, assignment, mutants, right, seeds)

        def verdicts() -> list[list[Verdict]]:
            found, refusal = begun.result()
            if refusal:
                raise SourceError([Problem(assignment, refusal)])
            return found

        yield verdicts


def _judge(
    repository: Repository, assignment: str, mutants: list[Mutant], right: Sequence[Mutant], seeds: Sequence[bytes]
) -> tuple[list[list[Verdict]], str]:
    """Return the verdicts, and what keeps the tests from running; in that case there are no verdicts."""
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
        self.items: dict[str, dict[str, pytest.Item]] = {}  # by exercise and node id
        self.rejected_last: dict[str, str] = {}  # by exercise: it may well reject the next mutant, too

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """For each seed, try the reference of each exercise, which sets its mutants' time, and then the mutants."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self.ready = True
        for item in session.items:
            self.items.setdefault(exercise_of(item) or "", {})[item.nodeid] = item
        for seed in self.seeds:
            with setting(seed=seed):
                if not self._try_all():
                    break
        return True

    def _try_all(self) -> bool:
        """Try all with the inputs of one seed; return whether the reference passes."""
        limits: dict[str, float] = {}
        for name in dict.fromkeys(mutant.exercise for mutant in [*self.mutants, *self.right]):
            before = _used_by_forks()
            (verdict,), imported = self._fork(name, [self.source], RIGHT_SECONDS)
            limits[name] = max(CPU_SECONDS, TIMES_REFERENCE * (_used_by_forks() - before))
            import_all(imported)  # once, and not in the fork of every mutant
            if verdict.outcome != "passed":
                self.refusal = (
                    f"the reference of {name} does not pass {verdict.test} ({verdict.outcome}): mend it first."
                )
                return False
        found: dict[str, list[Verdict]] = {}
        for name, limit in limits.items():
            for codes in _batches([mutant.code for mutant in self.mutants if mutant.exercise == name]):
                found.setdefault(name, []).extend(self._together(name, codes, limit))
        of = {name: iter(some) for name, some in found.items()}
        verdicts = [next(of[mutant.exercise]) for mutant in self.mutants]
        for solution in self.right:
            verdicts += self._one_by_one(solution.exercise, [solution.code], RIGHT_SECONDS)
        self.verdicts.append(verdicts)
        return True

    def _together(self, exercise: str, codes: list[str], seconds: float) -> list[Verdict]:
        """Try mutants in one fork, the reference last: if it fails there, one of them left something behind.

        Then each is tried in a fork of its own, and so is one that ended the process or ran out of time.
        """
        if len(codes) < 2:
            return self._one_by_one(exercise, codes, seconds)
        variants = [*(self.source.with_cell(exercise, code) for code in codes), self.source]
        verdicts, _ = self._fork(exercise, variants, seconds)
        last = len(verdicts) - 1
        if last == len(codes):
            return verdicts[:-1] if verdicts[-1].outcome == "passed" else self._one_by_one(exercise, codes, seconds)
        before, after = codes[:last], codes[last + 1 :]
        return [
            *self._together(exercise, before, seconds),
            *self._one_by_one(exercise, [codes[last]], seconds),
            *self._together(exercise, after, seconds),
        ]

    def _one_by_one(self, exercise: str, codes: list[str], seconds: float) -> list[Verdict]:
        variants = [self.source.with_cell(exercise, code) for code in codes]
        return [self._fork(exercise, [variant], seconds)[0][0] for variant in variants]

    def _fork(self, exercise: str, sources: Sequence[Source], seconds: float) -> tuple[list[Verdict], list[str]]:
        """Run the exercise's tests on each source's code in one fork; each may take these seconds of processor time.

        Returns the verdicts, up to the first code that ended the process or took too long, and what the fork imported.
        """
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                _be_quiet_and_small()
                known = set(sys.modules)
                with open(writing, "w", encoding="utf-8") as reply:
                    for source in sources:
                        signal.setitimer(signal.ITIMER_PROF, seconds)
                        verdict = self._first_failure(exercise, source)
                        answer = [vars(verdict), self.rejected_last, imported_beyond(known)]
                        print(json.dumps(answer), file=reply, flush=True)
            finally:
                os._exit(0)
        os.close(writing)
        verdicts: list[Verdict] = []
        imported: list[str] = []
        text = b""
        with open(reading, "rb", buffering=0) as replies:
            while len(verdicts) < len(sources):
                if not select.select([replies], [], [], seconds * PATIENCE)[0]:
                    os.kill(pid, signal.SIGKILL)
                part = replies.read(1 << 16)
                if not part:
                    break
                *lines, text = (text + part).split(b"\n")
                for line in lines:
                    verdict, self.rejected_last, imported = json.loads(line)
                    verdicts.append(Verdict(**verdict))
        _, status = os.waitpid(pid, 0)
        if len(verdicts) < len(sources):
            late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGKILL)
            verdicts.append(Verdict("timeout" if late else "error"))
        return verdicts, imported

    def _first_failure(self, exercise: str, source: Source) -> Verdict:
        """Run the exercise's tests up to one that does not pass: the one that rejected the last mutant, then in order.

        A test that comes before those of type and shape may meet what it cannot finish on: then it counts in its turn.
        """
        try:
            namespace: dict[str, Any] = vars(source.load("mutant"))
        except Exception:
            return Verdict("error")
        early = self.rejected_last.get(exercise)
        with setting(provider=LocalProvider(namespace, current.cases)):
            if early:
                found = self._verdict(exercise, early)
                if found is not None and found.outcome != "fault":
                    return found
            for name in self.items.get(exercise, ()):
                found = self._verdict(exercise, name)
                if found is not None:
                    self.rejected_last[exercise] = name
                    return found
        return Verdict("passed")

    def _verdict(self, exercise: str, name: str) -> Verdict | None:
        """Run one test; None if it passes."""
        item = self.items[exercise][name]
        self.recorder.records.clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        for record in self.recorder.records:
            if record.outcome != "passed":
                return Verdict("fault" if record.fault else record.outcome, record.name)
        return None


def _used_by_forks() -> float:
    """Return the seconds of processor time that forks have used which have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _batches(codes: list[str]) -> list[list[str]]:
    return [codes[begin : begin + TOGETHER] for begin in range(0, len(codes), TOGETHER)]


def _be_quiet_and_small() -> None:
    """Print nothing; end when the time is over; a request for too much memory is a MemoryError."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    statistics = Path("/proc/self/statm")  # Linux: the pages in use
    if statistics.is_file():
        import resource  # Windows has none

        used = int(statistics.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
