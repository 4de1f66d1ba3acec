"""Which mistake of the catalogue a failed exercise makes: found by comparing with the mistake's own outputs.

The mistakes are the instructor's own code and run here, in the trusted process; the student's outputs come by wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.course import markers
from autograder.course.catalogue import read_mistakes
from autograder.course.notebook import EXERCISE, GIVEN
from autograder.grading.assignment import Cell
from selfcheck.fingerprint import Describer, Trace, same
from selfcheck.target import NOT_STARTED, LocalProvider, Provider, StudentError
from selfcheck.traces import Raised, Subject, caller, trace

Function = Callable[..., Any]
_ATTEMPTS = 10  # seeds tried for inputs on which every mistake shows


@dataclass(frozen=True)
class _Known:
    """What the reference and each mistake of an exercise make of inputs, those of the attempt of this number."""

    attempt: int
    subject: Subject
    right: Trace
    wrong: dict[str, Trace]

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> _Known:
        """Return what `to_data` was made of, with all that is computed of its traces computed."""
        subject = Subject(data["subject"]["name"], tuple(data["subject"]["outputs"]), tuple(data["subject"]["opaque"]))
        wrong = {mistake: _trace(made) for mistake, made in data["wrong"].items()}
        return cls(data["attempt"], subject, _trace(data["right"]), wrong)


def _trace(data: Mapping[str, Any]) -> Trace:
    made = Trace(data["exact"], tuple(data["reals"]), data["unknowns"])
    _ = made.combined
    return made


class Catalogue:
    """The mistakes of an assignment, by exercise, made from the reference's cells.

    cells: of the source notebook. listed: what `course.catalogue.read_mistakes` returns. cases: the public cases.py.
    seed: bytes that the inputs follow from. An exercise's mistakes run when the first submission fails it.
    """

    def __init__(
        self, cells: tuple[Cell, ...], listed: Mapping[str, list[dict[str, Any]]], cases: ModuleType, seed: bytes
    ) -> None:
        self.sources = {cell.exercise: cell.source for cell in cells if cell.role == EXERCISE}
        self.given = [cell.source for cell in cells if cell.role == GIVEN]
        self.listed = listed
        self.cases = cases
        self.seed = seed
        self.describe = Describer(seed[:16])
        self.rehearsed: dict[str, _Known] = {}

    def identify(self, exercise: str, provider: Provider) -> str | None:
        """Return the id of the mistake whose outputs the student's equal on all inputs; None if there is none."""
        if exercise not in self.listed or not hasattr(self.cases, "CASES"):
            return None
        known = self.rehearse(exercise)
        try:
            inputs = self._inputs(exercise, known.attempt)
            mine = trace(known.subject, caller(exercise, provider, self.cases), inputs, self.describe).whole
        except StudentError:
            return None
        if same(mine, known.right):
            return None
        return next((mistake for mistake, made in known.wrong.items() if same(mine, made)), None)

    def rehearse(self, exercise: str) -> _Known:
        """Run each of its mistakes on inputs, once for all submissions; on others where one of them does not show."""
        if exercise not in self.rehearsed:
            shown = [mistake["id"] for mistake in self.listed[exercise] if not mistake.get("exempt")]
            for attempt in range(_ATTEMPTS):
                known = self._on_inputs(exercise, attempt)
                if not any(same(known.right, known.wrong[mistake]) for mistake in shown):
                    break
            self.rehearsed[exercise] = known
        return self.rehearsed[exercise]

    def rehearsed_beyond(self, known: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return, by exercise, what was learnt of those that are not among the known ones, for another process."""
        return {exercise: one.to_data() for exercise, one in self.rehearsed.items() if exercise not in known}

    def learn(self, rehearsed: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over what another process has learnt."""
        self.rehearsed |= {exercise: _Known.from_data(data) for exercise, data in rehearsed.items()}

    def _inputs(self, exercise: str, attempt: int) -> list[tuple]:
        seed = int.from_bytes(hashlib.sha256(self.seed + f"{exercise} {attempt}".encode()).digest(), "big")
        return self.cases.CASES(exercise, np.random.default_rng(seed))

    def _on_inputs(self, exercise: str, attempt: int) -> _Known:
        def inputs() -> list[tuple]:
            return self._inputs(exercise, attempt)

        def call(namespace: dict[str, Any]) -> Function:
            return caller(exercise, LocalProvider(namespace, self.cases), self.cases)

        subject = self._subject(exercise, call(self._reference), inputs())
        right = trace(subject, call(self._reference), inputs(), self.describe).whole
        wrong: dict[str, Trace] = {}
        for mistake in self.listed[exercise]:
            namespace = dict(self._reference)
            source = markers.patched(self.sources[exercise], mistake["old"], mistake["new"] or "")
            exec(compile(source, mistake["id"], "exec", dont_inherit=True), namespace)
            wrong[mistake["id"]] = trace(subject, call(namespace), inputs(), self.describe).whole
        return _Known(attempt, subject, right, wrong)

    @cached_property
    def _reference(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "reference"}
        for source in (*self.given, *self.sources.values()):
            exec(compile(source, "reference", "exec", dont_inherit=True), namespace)
        return namespace

    def _subject(self, exercise: str, call: Function, inputs: list[tuple]) -> Subject:
        """Return the exercise with as many outputs as the reference returns where it returns."""
        opaque = tuple(getattr(self.cases, "OPAQUE", {}).get(exercise, ()))
        for case in inputs:
            try:
                value = call(*case).value
            except Raised:  # a case in which the right answer is an error
                continue
            if type(value) is tuple:
                return Subject(exercise, tuple(str(position) for position in range(len(value))), opaque)
            break
        return Subject(exercise, ("value",), ())


def load_catalogue(cells: list[dict[str, Any]], path: Path, cases: ModuleType, seed: bytes) -> Catalogue:
    """Return the catalogue in a file; without the file, one that knows no mistake."""
    listed = read_mistakes(path) if path.is_file() else {}
    return Catalogue(tuple(Cell(**cell) for cell in cells), listed, cases, seed)


def started(messages: list[str]) -> bool:
    """Return whether the exercise's tests met anything but the release's stub."""
    return not any(NOT_STARTED in message for message in messages)
