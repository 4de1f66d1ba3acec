"""The trusted pytest session of a grader: collects the tests once, then forks in pytest's run loop for each submission.

`serve` runs in a process of its own, forked from one that has imported what tests need. It holds the tests, the
reference and the secret; student code runs elsewhere (autograder.sandbox).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.course.loading import load_file
from autograder.grading.carried import ROUNDS, Call, OwnSteps, called_by
from autograder.grading.forks import import_all, imported_beyond
from autograder.grading.mistakes import Catalogue, load_catalogue, started
from autograder.grading.traced import Trace, TracedProvider
from autograder.sandbox import wire
from autograder.sandbox.limited import limit_memory
from autograder.sandbox.limits import Limits
from autograder.sandbox.remote import Anew, RemoteProvider
from autograder.sandbox.student import Forks, ForkServerFault, Notebook, StudentProcesses
from selfcheck import harness
from selfcheck.handed_in import NotHandedIn
from selfcheck.plugin import COULD_NOT_FINISH, Recorder, exercise_of, generator_for, is_hidden
from selfcheck.target import LocalProvider, current, setting

_MEMORY = 4 * 2**30  # bytes that grading one submission may take on the trusted side


class Session:
    """Pytest plugin whose run loop serves jobs."""

    def __init__(self, jobs: socket.socket, limits: Limits, recorder: Recorder) -> None:
        self.jobs = jobs
        self.limits = limits
        self.recorder = recorder
        self.served = False
        self.complaint = "pytest could not start"
        self.catalogue = Catalogue((), {}, ModuleType("cases"), bytes(16))
        self.own_steps: OwnSteps | None = None
        self.carried: list[dict[str, Any]] = []
        self.mistakes: dict[str, str] = {}
        self.not_finished: list[str] = []  # tests that the student's replies or files have stopped
        self.traces: list[Trace] = []
        self.handed_in: dict[str, str] = {}  # the reference's files

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember why a file could not be collected."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            self.complaint = f"{report.nodeid}: {lines[-1] if lines else 'no reason given'}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
        """A failure's report without its text, which pytest takes long to format and which the recorder replaces."""
        if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception) or call.when == "collect":
            return None
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", "", call.when, duration=call.duration)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve jobs until the grader closes; each in a fork, so that no submission meets what another left."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self.served = True
        session.config.pluginmanager.unregister(name="terminalreporter")  # nobody reads what it would print
        for item in session.items:
            _ = item.location  # pytest looks it up once for each item: here, and not again in each fork
        self._send({"ready": len(session.items)})
        gc.freeze()  # what exists by now stays: a collection in a fork need not look at it
        while True:
            byte, descriptors, _, _ = socket.recv_fds(self.jobs, 1, 1)
            if not byte:
                return True
            job = wire.decode(wire.receive(self.jobs.fileno()))
            reading, writing = os.pipe()
            with socket.socket(fileno=descriptors[0]) as control:
                pid = os.fork()
                if pid == 0:
                    os.close(reading)  # else it would wait without end for a reader that has been killed
                    self._serve(session, job, control, writing)
            os.close(writing)
            with open(reading, encoding="utf-8") as file:
                said = file.read()
            _, status = os.waitpid(pid, 0)
            if status != 0:
                self._send({"fault": f"the session's fork ended with status {status}"})
            elif any((learnt := json.loads(said)).values()):  # once, and not in every fork
                import_all(learnt["imported"])
                self.catalogue.learn(learnt["rehearsed"])
                gc.freeze()

    def _send(self, message: dict[str, Any]) -> None:
        wire.send(self.jobs.fileno(), wire.encode(message))

    def _serve(self, session: pytest.Session, job: dict[str, Any], control: socket.socket, writing: int) -> None:
        """Grade, answer, and write to `writing` which modules it imported and what exercises' mistakes made."""
        status, known = 1, set(sys.modules)
        limit_memory(_MEMORY)  # what a test makes of a stranger's reply may be much larger than the reply
        gc.disable()  # this process ends in a second
        try:
            self._send(self._grade(session, job, control))
            with open(writing, "w", encoding="utf-8") as learnt:
                json.dump({"imported": imported_beyond(known), "rehearsed": self.catalogue.learnt()}, learnt)
            status = 0
        finally:
            os._exit(status)

    def _grade(self, session: pytest.Session, job: dict[str, Any], control: socket.socket) -> dict[str, Any]:
        notebook = Notebook([tuple(cell) for cell in job["cells"]], job["plain"])
        forks = Forks(control, job["fork_server"], Path(job["scratch_root"]))
        student = StudentProcesses(forks, self.limits.alone() if job["again"] else self.limits, notebook)
        kind = TracedProvider if job.get("traced") else RemoteProvider
        provider = kind(student, job["problems"], getattr(current.cases, "OPAQUE", {}), job["again"])
        files = {name: text if there else NotHandedIn(text) for name, (there, text) in job["handed_in"].items()}
        only = set(job["only"])
        if only and job["carry_over"] and self.own_steps is not None:  # which decide what is carried over
            only |= called_by(only, self.own_steps.solutions, self.own_steps.right)
        items = [item for item in session.items if not only or exercise_of(item) in only]
        self.recorder.records.clear()
        self.mistakes, self.not_finished, self.carried, self.traces = {}, [], [], []
        try:
            with setting(provider=provider, handed_in=files, seed=job["seed"]):
                self._run(items, provider)
                # not what judging beside wrong steps takes
                out_of_time = dict.fromkeys(provider.given_up, 0) if job["again"] else provider.out_of_time
                if job["carry_over"]:
                    self._carry_over(items, provider)
            provider.finish()
        except ForkServerFault as error:
            return {"fault": str(error)}
        except Exception:
            return {"fault": traceback.format_exc(limit=8)}
        told = student.told or notebook
        records = [vars(record) | {"output": "", "detail": ""} for record in self.recorder.records]
        return {
            "records": records,
            "left_out": told.left_out,
            "changed": sorted(told.changed),
            "skipped": sorted(map(list, told.skipped)),
            "mistakes": self.mistakes,
            "out_of_time": out_of_time,
            "not_finished": self.not_finished,
            "carried": self.carried,
            "traces": [vars(trace) for trace in self.traces],
        }

    def _name_mistake(self, exercise: str, provider: RemoteProvider) -> None:
        """Note the mistake that an exercise makes whose tests have just run, if it is one of the catalogue."""
        if exercise in provider.given_up:
            return
        own = [record for record in self.recorder.records if record.exercise == exercise]
        messages = [record.message for record in own if record.outcome in ("failed", "error")]
        if not messages or not started(messages):
            return
        try:
            mistake = self.catalogue.identify(exercise, provider)
        except MemoryError:  # what came back is no mistake that a student makes
            return
        if mistake is not None:
            self.mistakes[exercise] = mistake

    def _run(self, items: list[pytest.Item], provider: RemoteProvider) -> None:
        """Run all visible tests, then all hidden ones, and name the mistakes; each exercise in a new fork each time.

        No hidden input is there while anything of the student's becomes text.
        """
        following = dict(zip(items, [*items[1:], None], strict=True))
        tests: dict[str, dict[bool, list[pytest.Item]]] = {}  # by exercise, visible and hidden
        for item in items:
            tests.setdefault(exercise_of(item), {False: [], True: []})[is_hidden(item)].append(item)
        for hidden in (False, True):
            if hidden:
                provider.begin_hidden()
            for exercise, those in tests.items():
                provider.begin(exercise)
                for item in those[hidden]:
                    self._run_one(item, following[item], provider)
                if hidden:
                    self._name_mistake(exercise, provider)

    def _run_one(self, item: pytest.Item, following: pytest.Item | None, provider: RemoteProvider) -> None:
        with self._tracing(item, provider):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        record = self.recorder.records[-1] if self.recorder.records else None
        if record is not None and record.fault and self._passes_on_the_reference(item, following):
            self.not_finished.append(f"{record.exercise}, {record.name}: {record.message}")
            record.fault, record.message = False, f"{COULD_NOT_FINISH} with what your code returned"

    @contextlib.contextmanager
    def _tracing(self, item: pytest.Item, provider: RemoteProvider) -> Iterator[None]:
        """Note what a test does with a provider that traces; with another do nothing."""
        if not isinstance(provider, TracedProvider):
            yield
            return
        trace = provider.trace = Trace(exercise_of(item), item.name)
        begin = time.perf_counter()
        try:
            yield
        finally:
            trace.seconds = time.perf_counter() - begin
            self.traces.append(trace)
            provider.trace = None

    def _carry_over(self, items: list[pytest.Item], provider: RemoteProvider) -> None:
        """Note what is right beside the student's own functions that it calls: see autograder.grading.carried."""
        if self.own_steps is None:
            return
        anew = Anew(provider)
        depends: dict[str, bool] = {}
        for exercise, code, steps in list(self.own_steps.to_judge_again(self.recorder.records)):
            if exercise in provider.given_up:
                continue
            for step in steps:
                if step not in depends:
                    rng = generator_for(f"carried {step}")
                    depends[step] = self.own_steps.depends(step, anew, current.reference, rng)
            if not all(depends[step] for step in steps):
                continue
            lost = {record.name for record in self.recorder.records if record.exercise == exercise and record.weight}
            lost -= {record.name for record in self.recorder.records if record.outcome == "passed"}
            again = [item for item in items if is_hidden(item) and exercise_of(item) == exercise and item.name in lost]
            rng = generator_for(f"asked of {exercise}")
            made: dict[str, dict[str, list[Call]]] = {}  # by test and step
            with provider.beside(exercise) as other:
                module, asked = self.own_steps.beside(exercise, code, steps, other, rng)
                with setting(reference=module):
                    for item in again:
                        passes = self._passes_now(item)
                        calls = {step: asked[step].take() for step in steps}
                        if passes and any(calls.values()):
                            made[item.name] = calls
            passed = [
                name
                for name, calls in made.items()
                if all(self.own_steps.repeats(step, some, anew) for step, some in calls.items())
            ]
            if passed and all(
                self.own_steps.depends(step, anew, current.reference, rng, inputs)
                for step, inputs in _some_of(steps, [made[name] for name in passed], rng).items()
            ):
                self.carried.append({"exercise": exercise, "steps": steps, "tests": passed})

    def _passes_now(self, item: pytest.Item) -> bool:
        """Run a test once more, and leave the records as they are."""
        kept = list(self.recorder.records)
        self.recorder.records[:] = []  # its gates have passed
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            return [record.outcome for record in self.recorder.records] == ["passed"]
        finally:
            self.recorder.records[:] = kept

    def _passes_on_the_reference(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        kept = list(self.recorder.records)
        try:
            with setting(provider=LocalProvider(vars(current.reference), current.cases), handed_in=self.handed_in):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            return self.recorder.records[-1].outcome == "passed"
        finally:
            self.recorder.records[:] = kept


def _some_of(
    steps: Sequence[str], calls: Sequence[dict[str, list[Call]]], rng: np.random.Generator
) -> dict[str, list[tuple]]:
    """Return, by step, the arguments of a few calls, of those that several tests have made."""
    made = {step: [call.args for one in calls for call in one[step] if not call.options] for step in steps}
    return {step: [inputs[place] for place in rng.permutation(len(inputs))[:ROUNDS]] for step, inputs in made.items()}


def serve(jobs: socket.socket, setup: dict[str, Any]) -> None:
    """Collect, then serve jobs until the other end of `jobs` is closed; a setup that fails is told to the grader."""
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    recorder = Recorder()
    session = Session(jobs, setup["limits"], recorder)
    session.handed_in = setup["handed_in"]
    try:
        seed, cases = setup["seed"], load_file(setup["cases"], "cases")
        reference = load_file(setup["reference"], "reference")
        session.catalogue = load_catalogue(setup["cells"], setup["mistakes"], cases, seed, setup["shelf"])
        if setup["right"].is_file():
            right = load_file(setup["right"]).RIGHT
            session.own_steps = OwnSteps(session.catalogue.given, session.catalogue.sources, right, cases)
        tests = [setup["visible"], setup["hidden"]]
        harness.run(tests, None, seed, cases, reference, hooks=(recorder, session))  # each fork has its provider
    except Exception as error:  # whatever the instructor's files raise, the grader must hear of it
        session.complaint = f"{type(error).__name__}: {error}"
    if not session.served:
        session._send({"fault": session.complaint})
