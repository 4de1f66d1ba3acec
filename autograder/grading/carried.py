"""One mistake costs once: judges an exercise beside the student's own functions that it calls, where those are wrong.

A function that calls a wrong step gives wrong values, however right it is itself. Its hidden tests then run once more,
and what they expect comes from a right solution that calls the student's own step, over the same wire. What passes
there is right, given that step. The reference still never enters the student's process.

A step counts only if its tests of type and shape have passed, and if its result depends on each of its arguments about
as strongly as the right one's. One that is constant, zero, or hands an argument through would make what follows
trivial. That is tried on inputs of its own and on some that it was asked for, each call in a process of its own. And it
must be one function: what it answered in a test it must answer there too, or it could be trivial where it is used.

The step that the right solution calls runs in another process than the exercise that is judged: neither learns what the
other was asked, or has answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograder.grading.result import TestResult
from selfcheck.copies import copied
from selfcheck.record import Record
from selfcheck.target import LocalProvider, StudentError, StudentTimeout
from selfcheck.traces import shown_by

MOST = 0.5  # of an exercise's points
_LEAST = 0.05  # of what the right result changes by, when one argument changes
_CHANGE = 0.3  # of an argument's numbers, relative to their size
ROUNDS = 2
MOST_CALLS = 5_000  # of a step in one test, which makes some dozens: a search that never ends beside a wrong step
MOST_PARTS = 1_000  # of what a step gives
_SAME = 1e-6  # relative: the same sums may be rounded otherwise in another process


class Caller(Protocol):
    """What calls the student's functions by name."""

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """Return the student's NAME(*args, **kwargs). Raises StudentError."""


def called_by(
    exercises: Collection[str], solutions: Mapping[str, str], right: Mapping[str, Mapping[str, str]]
) -> set[str]:
    """Return the other exercises whose names occur in right solutions of these, or of those found so."""
    found: set[str] = set()
    waiting = list(exercises)
    while waiting:
        exercise = waiting.pop()
        codes = (solutions.get(exercise, ""), *right.get(exercise, {}).values())
        words = {word for code in codes for word in re.findall(r"\w+", code)}
        new = (words & solutions.keys()) - found - {exercise}
        found |= new
        waiting += new
    return found - set(exercises)


class Call(NamedTuple):
    """A call of a step, and what it gave."""

    args: tuple
    options: Mapping[str, Any]
    value: Any


class Calls:
    """Some of the calls of a step since the last `take`: at most ROUNDS of them, each as likely.

    made: how many there were.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.made = 0
        self._kept: list[Call] = []

    def note(self, call: Call) -> None:
        """Keep a call, or pass it over."""
        self.made += 1
        place = len(self._kept) if len(self._kept) < ROUNDS else int(self.rng.integers(self.made))
        if place < ROUNDS:
            self._kept[place : place + 1] = [call]

    def take(self) -> list[Call]:
        """Return the calls that are kept, and forget all."""
        kept, self._kept, self.made = self._kept, [], 0
        return kept


class OwnSteps:
    """Right solutions of an assignment's exercises that call other exercises of it, and what they call.

    given: the code of the given cells. solutions: the reference's by exercise, in order. right: other right ones by
    exercise and name; a reference that writes a step out has some that calls it among them.
    """

    def __init__(
        self, given: Sequence[str], solutions: Mapping[str, str], right: Mapping[str, Mapping[str, str]], cases: Any
    ) -> None:
        self.given = given
        self.solutions = dict(solutions)
        self.right = right
        self.cases = cases

    def to_judge_again(self, records: Sequence[Record]) -> Iterator[tuple[str, str, list[str]]]:
        """Yield an exercise that lost points, a right solution of it, and what that calls of the student's unfinished.

        records: of all tests that have run.
        """
        unfinished = [name for name in self.solutions if _lacks_values([r for r in records if r.exercise == name])]
        for exercise in unfinished:
            for code in (self.solutions[exercise], *self.right.get(exercise, {}).values()):
                if not any(step in code for step in unfinished if step != exercise):
                    continue
                module = self.module({exercise: code})
                steps = LocalProvider(vars(module)).uses(exercise, unfinished)
                if steps:
                    yield exercise, code, steps
                    break

    def module(self, changed: Mapping[str, str]) -> ModuleType:
        """Return the assignment's functions as a module; `changed` holds other code for some exercises."""
        module = ModuleType("right")
        for source in (*self.given, *{**self.solutions, **changed}.values()):
            exec(compile(source, "right", "exec", dont_inherit=True), module.__dict__)
        return module

    def beside(
        self, exercise: str, code: str, steps: Sequence[str], provider: Caller, rng: np.random.Generator
    ) -> tuple[ModuleType, dict[str, Calls]]:
        """Return the assignment's functions, with this code of the exercise, that call the student's own `steps`.

        Beside them, by step, some of these calls, drawn from `rng` as they are made.
        """
        module = self.module({exercise: code})
        asked = {step: Calls(rng) for step in steps}
        for step in steps:
            setattr(module, step, _through(provider, step, asked[step]))
        return module, asked

    def repeats(self, step: str, calls: Sequence[Call], provider: Caller) -> bool:
        """Return whether the student's function gives in these calls what it gave before. False if a call fails."""
        shown = self._shown(step)
        try:
            return all(
                _alike(shown(provider, call.args, call.options), self._parts(step, call.value)) for call in calls
            )
        except StudentError:
            return False

    def depends(
        self,
        step: str,
        provider: Caller,
        reference: ModuleType,
        rng: np.random.Generator,
        inputs: Sequence[tuple] | None = None,
    ) -> bool:
        """Return whether the student's function depends on each array that it gets, as the reference does.

        Each array is changed alone, in these inputs, or in cases that follow from `rng`; the result must change by at
        least a twentieth of what the reference's does, and each output of it must change with some array. False if a
        call fails, or if there is no array to change.
        """
        if shown_by(self.cases, step) is not None:
            return False
        right = LocalProvider(vars(reference))
        cases = self._inputs(step, right, rng) if inputs is None else inputs
        try:
            return all(self._depends(step, args, provider, right, rng) for args in cases)
        except StudentError:
            return False

    def _inputs(self, step: str, right: Caller, rng: np.random.Generator) -> list[tuple]:
        """Return cases with an array to change, but none in which an error is right."""
        made = [case for case in self.cases.CASES(step, rng) if any(map(_places, case)) and _returns(right, step, case)]
        return made[:ROUNDS] or [()]

    def _depends(self, step: str, args: tuple, provider: Caller, right: Caller, rng: np.random.Generator) -> bool:
        shown = self._shown(step)
        own, best = shown(provider, args), shown(right, args)
        changes = []
        by_output: list[list[tuple[float, float]]] = []
        for position, argument in enumerate(args):
            for place in range(_places(argument)):
                other = tuple(
                    _with_a_change(each, place, rng) if number == position else each for number, each in enumerate(args)
                )
                moved, expected = _distances(shown(provider, other), own), _distances(shown(right, other), best)
                changes.append(max(moved, default=0.0) >= _LEAST * max(expected, default=0.0))
                by_output.append(list(zip(moved, expected, strict=False)))
        whole = [tuple(map(max, zip(*changed, strict=True))) for changed in zip(*by_output, strict=False)]
        return bool(changes) and all(changes) and all(moved >= _LEAST * expected for moved, expected in whole)

    def _shown(self, step: str) -> Callable[..., list[np.ndarray]]:
        """Return the call of a function, without the outputs that stay beside the student's code."""

        def call(provider: Caller, args: tuple, options: Mapping[str, Any] | None = None) -> list[np.ndarray]:
            return self._parts(step, provider.call(step, copied(args), copied(options or {})))

        return call

    def _parts(self, step: str, value: Any) -> list[np.ndarray]:
        """Return the arrays and numbers of what a step gave, but for the outputs that stay beside its code.

        Raises StudentError if there are MOST_PARTS or more: each takes as long as an array.
        """
        kept = getattr(self.cases, "OPAQUE", {}).get(step, ())
        parts = value if type(value) is tuple else (value,)
        found = list(islice(_arrays([part for position, part in enumerate(parts) if position not in kept]), MOST_PARTS))
        if len(found) == MOST_PARTS:
            raise StudentError(("ValueError",), f"{step} gives {MOST_PARTS} arrays and numbers or more")
        return found


def carry_over(tests: Sequence[TestResult], passed: Collection[str], steps: Sequence[str], points: float) -> None:
    """Give the tests that passed beside the student's own steps their points, at most MOST of the exercise's."""
    carried = [test for test in tests if test.name in passed and test.outcome != "passed"]
    whole = sum(test.max_points for test in carried)
    share = min(1.0, MOST * points / whole) if whole else 0.0
    for test in carried:
        test.outcome, test.points = "carried", share * test.max_points
        test.message = (
            f"this test fails, and passes beside your own {' and '.join(steps)}: your code gives what a right solution "
            f"that calls {'it' if len(steps) == 1 else 'them'} would give. The mistake costs its points there"
        )


def _lacks_values(records: Sequence[Record]) -> bool:
    """Return whether an exercise's tests of type and shape have all passed, and of its other tests not all."""
    gates = all(record.outcome == "passed" for record in records if record.weight is None)
    return gates and any(record.outcome != "passed" for record in records)


def _returns(provider: Caller, name: str, args: tuple) -> bool:
    try:
        provider.call(name, copied(args), {})
    except StudentError:
        return False
    return True


def _through(provider: Caller, name: str, asked: Calls) -> Any:
    """Return the student's function; calls of it are noted in `asked`, and after MOST_CALLS it runs out of time."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if asked.made >= MOST_CALLS:
            raise StudentTimeout(f"a test calls {name} more than {MOST_CALLS} times")
        value = provider.call(name, copied(args), copied(kwargs))
        asked.note(Call(copied(args), copied(kwargs), copied(value)))
        return value

    return call


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the floating-point arrays and numbers in a value, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, float) or (isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f"):
        yield np.asarray(value, dtype=np.float64)


def _places(value: Any) -> int:
    """Return how many arrays of an argument can be changed."""
    return sum(array.ndim > 0 and array.size > 0 for array in _arrays(value))


def _with_a_change(value: Any, place: int, rng: np.random.Generator) -> Any:
    """Return the argument, its array number `place` changed by numbers of about its own size."""
    seen = -1

    def visit(item: Any) -> Any:
        nonlocal seen
        if isinstance(item, list | tuple):
            return type(item)(visit(each) for each in item)
        if isinstance(item, dict):
            return {key: visit(each) for key, each in item.items()}
        if _places(item) == 0:
            return item
        seen += 1
        if seen != place:
            return item
        size = float(np.sqrt(np.mean(np.square(item)))) or 1.0
        return (item + _CHANGE * size * rng.standard_normal(item.shape)).astype(item.dtype)

    return visit(value)


def _alike(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    """Return whether arrays have the same shapes and numbers, but for rounding."""
    return [a.shape for a in one] == [b.shape for b in other] and all(
        np.allclose(a, b, rtol=_SAME, atol=_SAME * np.max(np.abs(b), initial=0.0), equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def _distances(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[float]:
    """Return the largest difference of each two arrays; 0 where they do not have the same shape or are not finite."""
    if [a.shape for a in one] != [b.shape for b in other]:
        return [0.0] * len(one)
    largest = [float(np.max(np.abs(a - b), initial=0.0)) for a, b in zip(one, other, strict=True)]
    return [difference if np.isfinite(difference) else 0.0 for difference in largest]
