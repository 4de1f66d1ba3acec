"""Which mistake of the catalogue a failed exercise makes: found by comparing with the mistake's own outputs.

The mistakes are the instructor's own code and run here, in the trusted process; the student's outputs come by wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.grade.assignment import EXERCISE, GIVEN, Cell
from selfcheck.fingerprint import Describer, same
from selfcheck.target import NOT_STARTED, Provider, StudentError, StudentTimeout
from selfcheck.traces import Raised, Subject, trace

Function = Callable[..., Any]


class Catalogue:
    """The mistakes of an assignment, by exercise, made from the reference's cells.

    cells: of the source notebook. listed: MISTAKES of solutions/mistakes/aN.py. cases: the public cases.py. seed: bytes
    that the inputs follow from.
    """

    def __init__(
        self, cells: tuple[Cell, ...], listed: Mapping[str, list[dict[str, Any]]], cases: ModuleType, seed: bytes
    ) -> None:
        self.sources = {cell.exercise: cell.source for cell in cells if cell.role == EXERCISE}
        self.given = [cell.source for cell in cells if cell.role == GIVEN]
        self.listed = listed
        self.cases = cases
        self.seed = seed

    def identify(self, exercise: str, provider: Provider) -> str | None:
        """The id of the mistake whose outputs the student's equal on all inputs; None if there is none."""
        listed = self.listed.get(exercise, [])
        if not listed or not hasattr(self.cases, "CASES"):
            return None
        seed = int.from_bytes(hashlib.sha256(self.seed + exercise.encode()).digest(), "big")
        inputs = self.cases.CASES(exercise, np.random.default_rng(seed))
        reference = self._namespace()
        subject = self._subject(exercise, reference[exercise], seed)
        describe = Describer(self.seed[:16])
        try:
            mine = trace(subject, _of_student(exercise, provider), inputs, describe).whole
        except (StudentError, StudentTimeout):
            return None
        if same(mine, trace(subject, _guarded(reference[exercise]), inputs, describe).whole):
            return None
        for mistake in listed:
            namespace = dict(reference)
            source = self.sources[exercise].replace(mistake["old"], mistake["new"] or "")
            exec(compile(source, mistake["id"], "exec"), namespace)
            if same(mine, trace(subject, _guarded(namespace[exercise]), inputs, describe).whole):
                return str(mistake["id"])
        return None

    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "reference"}
        for source in (*self.given, *self.sources.values()):
            exec(compile(source, "reference", "exec"), namespace)
        return namespace

    def _subject(self, exercise: str, function: Function, seed: int) -> Subject:
        """The exercise with as many outputs as the reference returns where it returns."""
        opaque = tuple(getattr(self.cases, "OPAQUE", {}).get(exercise, ()))
        for case in self.cases.CASES(exercise, np.random.default_rng(seed)):
            try:
                value = function(*case)
            except Exception:
                continue
            if type(value) is tuple:
                return Subject(exercise, tuple(str(position) for position in range(len(value))), opaque)
            break
        return Subject(exercise, ("value",), ())


def load_catalogue(cells: list[dict[str, Any]], path: Path, cases: ModuleType, seed: bytes) -> Catalogue:
    """The catalogue that stands in a file; without the file, one that knows no mistake."""
    namespace: dict[str, Any] = {"__name__": "mistakes"}
    if path.is_file():
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return Catalogue(tuple(Cell(**cell) for cell in cells), namespace.get("MISTAKES", {}), cases, seed)


def started(messages: list[str]) -> bool:
    """Whether the exercise's tests met anything but the release's stub."""
    return not any(NOT_STARTED in message for message in messages)


def _of_student(exercise: str, provider: Provider) -> Function:
    def call(*arguments: Any) -> Any:
        try:
            return provider.call(exercise, arguments, {})
        except StudentTimeout:
            raise
        except StudentError as error:
            raise Raised(error.names) from None

    return call


def _guarded(function: Function) -> Function:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise Raised([cls.__name__ for cls in type(error).__mro__]) from None

    return call
