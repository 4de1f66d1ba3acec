"""The pytest plugin that makes an exercise a fixture, and its tests gates or tests with points.

Loaded by `selfcheck.harness`, and by `selfcheck.plain` for plain `pytest` in an assignment's folder.
Nothing about the student's code is fixed when tests are collected: `selfcheck.target.current` is read when a test runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from selfcheck import hidden
from selfcheck.expect import Mismatch
from selfcheck.folder import cases_beside
from selfcheck.handed_in import NotHandedIn, read_handed_in
from selfcheck.record import Record, visibility
from selfcheck.release import release_beside
from selfcheck.target import Probe, StudentError, StudentTimeout, Target, current, plain_text
from selfcheck.where import located

COULD_NOT_FINISH = "the test could not finish"
NOT_RUN = "not run yet: a test that comes first has not passed"
MESSAGE_LIMIT = 2500
OUTPUT_LIMIT = 1000
RECORDER = "selfcheck-recorder"
_NOTES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exercise(name, points=None): the exercise a test belongs to, and its weight")
    if not any(isinstance(known, Recorder) for known in config.pluginmanager.get_plugins()):
        config.pluginmanager.register(Recorder(), RECORDER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a Target for every argument that has the name of an exercise of the test's file."""
    names = [name for name in metafunc.fixturenames if name in _exercises(metafunc.module)]
    if names:
        targets = tuple(Target(name) for name in names)
        values = targets[0] if len(names) == 1 else targets
        metafunc.parametrize(",".join(names), [values], ids=[pytest.HIDDEN_PARAM])


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator whose seed follows from the session's seed and the test's name, parameters included."""
    return generator_for(request.node.name)


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> ModuleType:
    """Return the assignment's cases.py: random inputs by exercise."""
    return current.cases or cases_beside(request.path)


@pytest.fixture
def probe() -> Probe:
    """Return probe(NAME, *args), the value of cases.PROBES[NAME], computed in the student's process."""
    return Probe()


@pytest.fixture
def reference() -> Any:
    """Return the reference with its functions as attributes; hidden tests only."""
    if current.reference is None:
        raise RuntimeError("there is no reference here: only hidden tests may use it, and only while grading")
    return current.reference


@pytest.fixture
def handed_in(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return handed_in(NAME), the text of the file NAME beside the notebook; a Mismatch says why if there is none."""

    def text(name: str) -> str:
        try:
            found = (
                read_handed_in(request.path.with_name(name)) if current.handed_in is None else current.handed_in[name]
            )
        except NotHandedIn as reason:
            found = reason
        if isinstance(found, NotHandedIn):
            raise Mismatch(str(found), hidden.NO_JSON)
        return found

    return text


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return note(TEXT), which adds a line to the test's message, whether it passes or not.

    Students read it in visible tests; a hidden test's is for the instructor.
    """
    return request.node.stash.setdefault(_NOTES, []).append


class Recorder:
    """Keeps a Record of every test of an exercise, and holds back points whose gate has failed.

    exercises: the only ones to run; None for all.
    """

    def __init__(self, exercises: Collection[str] | None = None) -> None:
        self.exercises = exercises
        self.records: list[Record] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Order the tests, visible ones first, exercise by exercise, gates first; leave out the other exercises."""
        if self.exercises is not None:
            config.hook.pytest_deselected(items=[i for i in items if exercise_of(i) not in self.exercises])
            items[:] = [i for i in items if exercise_of(i) in self.exercises]
        names = list(dict.fromkeys(exercise_of(item) for item in items))
        order = {name: (not name, position) for position, name in enumerate(names)}
        items.sort(key=lambda item: (is_hidden(item), order[exercise_of(item)], weight_of(item) is not None))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        name = exercise_of(item)
        gates = [record for record in self.records if record.exercise == name and record.weight is None]
        if weight_of(item) is not None and any(gate.outcome != "passed" for gate in gates):
            pytest.skip(NOT_RUN)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if exercise_of(item) and (call.when == "call" or call.excinfo is not None):
            record = _record(item, call, report)
            if call.when == "teardown":
                self.records = [r for r in self.records if r is not self.records[-1] or r.name != record.name]
            self.records.append(record)
            if report.failed and not record.fault:
                report.longrepr = record.message
        return report


def generator_for(name: str) -> np.random.Generator:
    """Return the generator of the test called `name`: sha256 of the session's seed and the name."""
    digest = hashlib.sha256(current.seed + b"\0" + name.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def exercise_of(item: pytest.Item) -> str:
    """Return the exercise a test is marked with; '' if none."""
    mark = item.get_closest_marker("exercise")
    return str(mark.args[0]) if mark and mark.args else ""


def is_hidden(item: pytest.Item) -> bool:
    """Return whether a test is a hidden one."""
    return visibility(Path(item.path)) == "hidden"


def weight_of(item: pytest.Item) -> float | None:
    """Return the weight a test is marked with; None for a gate."""
    mark = item.get_closest_marker("exercise")
    return mark.kwargs.get("points") if mark else None


def _exercises(module: ModuleType) -> set[str]:
    """Return the names of all exercises that the tests of a module are marked with."""
    marks = (mark for test in vars(module).values() if callable(test) for mark in _marks(test))
    return {str(mark.args[0]) for mark in marks if mark.name == "exercise" and mark.args}


def _marks(test: Any) -> list[pytest.Mark]:
    marks = getattr(test, "pytestmark", [])
    return marks if isinstance(marks, list) else []


def _record(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Record:
    record = Record(item.name, exercise_of(item), visibility(Path(item.path)), "passed", weight_of(item))
    error = call.excinfo.value if call.excinfo else None
    said: list[str] = item.stash.get(_NOTES, [])
    notes = plain_text("\n".join(said), MESSAGE_LIMIT)
    item.stash[_NOTES] = []
    if error is None:
        record.message = notes
    else:
        record.output = plain_text(report.capstdout + report.capstderr, OUTPUT_LIMIT)
        told = filter(None, [str(error), *_located(item, error, record), notes])
        record.message = plain_text("\n".join(told), MESSAGE_LIMIT)
        _judge(record, error, gated=call.when == "setup" and report.skipped)
    if record.visibility == "hidden":
        record.detail, record.note, record.message = record.message, notes, _said_of_hidden(record, error)
    return record


def _judge(record: Record, error: BaseException, *, gated: bool) -> None:
    """Set the outcome that an error means; one that is the test's own is a fault."""
    if gated:
        record.outcome = "gated"
    elif isinstance(error, Mismatch):
        record.outcome = "failed"
    elif isinstance(error, StudentError):
        record.outcome = "timeout" if isinstance(error, StudentTimeout) else "error"
    else:
        record.outcome, record.fault = "failed", True
        record.message = f"{COULD_NOT_FINISH}: {type(error).__name__}: {record.message}".rstrip(": ")


def _said_of_hidden(record: Record, error: BaseException | None) -> str:
    if error is None:
        return ""
    if record.outcome == "gated":
        return NOT_RUN
    return COULD_NOT_FINISH if record.fault else hidden.sentence(error)


def _located(item: pytest.Item, error: BaseException, record: Record) -> list[str]:
    """Say where an array is wrong, in visible tests only: of a hidden one it might show what is expected."""
    if record.visibility != "visible" or not isinstance(error, Mismatch):
        return []
    release = release_beside(Path(item.path))
    sentence = located(error.where, release.axes.get(record.exercise, {}) if release else {})
    return [sentence] if sentence else []
