"""Which mistake of the catalogue a failed exercise makes: found by comparing with the mistake's own outputs.

The mistakes are the instructor's own code and run here, in the trusted process; the student's outputs come by wire.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
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
from autograder.grading.kept import Shelf
from selfcheck.fingerprint import Describer, Trace, apart, joined, same
from selfcheck.target import NOT_STARTED, LocalProvider, Provider, StudentError
from selfcheck.traces import Raised, Subject, caller, case_trace

Function = Callable[..., Any]
_ATTEMPTS = 10  # seeds tried for inputs on which every mistake shows


@dataclass
class _Known:
    """What the reference makes of inputs, those of the attempt of this number, and what is known of each mistake.

    right: a trace for each case. wrong: by mistake, a trace for each of the first cases.
    """

    attempt: int
    subject: Subject
    right: list[Trace]
    wrong: dict[str, list[Trace]]

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> _Known:
        """Return what `to_data` was made of, with all that is computed of its traces computed."""
        subject = Subject(data["subject"]["name"], tuple(data["subject"]["outputs"]), tuple(data["subject"]["opaque"]))
        wrong = {mistake: [_trace(one) for one in made] for mistake, made in data["wrong"].items()}
        return cls(data["attempt"], subject, [_trace(one) for one in data["right"]], wrong)


def _trace(data: Mapping[str, Any]) -> Trace:
    made = Trace(data["exact"], tuple(data["reals"]), data["unknowns"])
    _ = made.combined
    return made


def _whole(cases: list[Trace]) -> Trace:
    return joined({str(number): case for number, case in enumerate(cases)})


class Catalogue:
    """The mistakes of an assignment, by exercise, made from the reference's cells.

    cells: of the source notebook. listed: what `course.catalogue.read_mistakes` returns. cases: the public cases.py.
    seed: bytes that the inputs follow from. An exercise's mistakes run when submissions fail it, as far as it takes to
    tell them from these; what they make is kept on the shelf.
    """

    def __init__(
        self,
        cells: tuple[Cell, ...],
        listed: Mapping[str, list[dict[str, Any]]],
        cases: ModuleType,
        seed: bytes,
        shelf: Shelf | None = None,
    ) -> None:
        self.sources = {cell.exercise: cell.source for cell in cells if cell.role == EXERCISE}
        self.given = [cell.source for cell in cells if cell.role == GIVEN]
        self.listed = listed
        self.cases = cases
        self.seed = seed
        self.shelf = shelf
        self.describe = Describer(seed[:16])
        self.rehearsed: dict[str, _Known] = {}
        self.grown: set[str] = set()  # of what was rehearsed in this process

    def identify(self, exercise: str, provider: Provider) -> str | None:
        """Return the id of the mistake whose outputs the student's equal on all inputs; None if there is none."""
        if exercise not in self.listed or not hasattr(self.cases, "CASES"):
            return None
        run = self._rehearsal(exercise)
        try:
            mine = run.traces(caller(exercise, provider, self.cases))
        except StudentError:
            return None
        finally:
            self._keep(run)
        if same(_whole(mine), _whole(run.known.right)):
            return None
        found = next((one["id"] for one in self.listed[exercise] if run.gives(one["id"], mine)), None)
        self._keep(run)
        return found

    def learnt(self) -> dict[str, dict[str, Any]]:
        """Return, by exercise, what this process has learnt since it was forked, for the one it comes from."""
        return {exercise: self.rehearsed[exercise].to_data() for exercise in self.grown}

    def learn(self, rehearsed: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over what another process has learnt."""
        self.rehearsed |= {exercise: _Known.from_data(data) for exercise, data in rehearsed.items()}

    def _keep(self, run: _Rehearsal) -> None:
        """Keep what was learnt of an exercise, for this process and on the shelf."""
        if run.grown:
            run.grown = False
            self.rehearsed[run.exercise] = run.known
            self.grown.add(run.exercise)
            if self.shelf is not None:
                self.shelf.put(run.exercise, run.known.to_data())

    def _rehearsal(self, exercise: str) -> _Rehearsal:
        """Return inputs on which each of an exercise's mistakes shows, and what is known of the mistakes on them."""
        if exercise not in self.rehearsed and self.shelf is not None:
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):  # nothing, or something else
                self.learn({exercise: self.shelf.get(exercise)})
        if exercise in self.rehearsed:
            known = self.rehearsed[exercise]
            return _Rehearsal(self, exercise, known.attempt, known)
        for attempt in range(_ATTEMPTS):
            run = _Rehearsal(self, exercise, attempt)
            if all(run.shows(mistake["id"]) for mistake in self.listed[exercise] if not mistake.get("exempt")):
                break
        return run

    def inputs(self, exercise: str, attempt: int) -> list[tuple]:
        """Return the inputs of an attempt, which follow from the seed."""
        seed = int.from_bytes(hashlib.sha256(self.seed + f"{exercise} {attempt}".encode()).digest(), "big")
        return self.cases.CASES(exercise, np.random.default_rng(seed))

    def right(self, exercise: str) -> Function:
        """Return the reference's solution."""
        return caller(exercise, LocalProvider(dict(self._reference), self.cases), self.cases)

    def wrong(self, exercise: str, mistake: str) -> Function:
        """Return the solution with a mistake in it."""
        listed = next(one for one in self.listed[exercise] if one["id"] == mistake)
        source = markers.patched(self.sources[exercise], listed["old"], listed["new"] or "")
        namespace = dict(self._reference)
        exec(compile(source, mistake, "exec", dont_inherit=True), namespace)
        return caller(exercise, LocalProvider(namespace, self.cases), self.cases)

    @cached_property
    def _reference(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "reference"}
        for source in (*self.given, *self.sources.values()):
            exec(compile(source, "reference", "exec", dont_inherit=True), namespace)
        return namespace


class _Rehearsal:
    """An exercise's mistakes on the inputs of an attempt; each runs on as many of them as must be known.

    Cases run in their order, in a namespace of their own for each mistake: a call may depend on those before it.
    grown: whether something was learnt here.
    """

    def __init__(self, catalogue: Catalogue, exercise: str, attempt: int, known: _Known | None = None) -> None:
        self.catalogue = catalogue
        self.exercise = exercise
        self.inputs = catalogue.inputs(exercise, attempt)
        self.grown = known is None
        self.running: dict[str, Function] = {}
        self.known = known or _Known(attempt, self._subject(catalogue.right(exercise)), [], {})
        if self.grown:
            self.known.right = self.traces(catalogue.right(exercise))

    def traces(self, call: Function) -> list[Trace]:
        """Return a trace for each case."""
        return [self._case(call, number) for number in range(len(self.inputs))]

    def shows(self, mistake: str) -> bool:
        """Return whether a mistake gives another answer than the right one."""
        return not self.gives(mistake, self.known.right)

    def gives(self, mistake: str, cases: list[Trace]) -> bool:
        """Return whether a mistake gives what these traces describe."""
        if any(apart(case, self._of(mistake, number)) for number, case in enumerate(cases)):
            return False
        return same(_whole(cases), _whole(self.known.wrong[mistake]))

    def _of(self, mistake: str, number: int) -> Trace:
        """Return the trace of a mistake in a case, for which those before it must have run."""
        made = self.known.wrong.setdefault(mistake, [])
        if number < len(made):
            return made[number]
        self.grown = True
        if mistake not in self.running:
            made.clear()
            self.running[mistake] = self.catalogue.wrong(self.exercise, mistake)
        while len(made) <= number:
            made.append(self._case(self.running[mistake], len(made)))
        return made[number]

    def _case(self, call: Function, number: int) -> Trace:
        return joined(case_trace(self.known.subject, call, self.inputs[number], number, self.catalogue.describe))

    def _subject(self, call: Function) -> Subject:
        """Return the exercise with as many outputs as the reference returns where it returns."""
        opaque = tuple(getattr(self.catalogue.cases, "OPAQUE", {}).get(self.exercise, ()))
        for case in self.inputs:
            try:
                value = call(*case).value
            except Raised:  # a case in which the right answer is an error
                continue
            if type(value) is tuple:
                return Subject(self.exercise, tuple(str(position) for position in range(len(value))), opaque)
            break
        return Subject(self.exercise, ("value",), ())


def load_catalogue(cells: list[dict[str, Any]], path: Path, cases: ModuleType, seed: bytes, shelf: Shelf) -> Catalogue:
    """Return the catalogue in a file; without the file, one that knows no mistake."""
    listed = read_mistakes(path) if path.is_file() else {}
    return Catalogue(tuple(Cell(**cell) for cell in cells), listed, cases, seed, shelf)


def started(messages: list[str]) -> bool:
    """Return whether the exercise's tests met anything but the release's stub."""
    return not any(NOT_STARTED in message for message in messages)
