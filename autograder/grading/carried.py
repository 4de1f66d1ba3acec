"""One mistake costs once: judges an exercise beside the student's own functions that it calls, where those are wrong.

A function that calls a wrong step gives wrong values, however right it is itself. Its hidden tests then run once more,
and what they expect comes from a right solution that calls the student's own step, over the same wire. What passes
there is right, given that step. The reference still never enters the student's process.

A step counts only if its tests of type and shape have passed, and if its result depends on each of its arguments about
as strongly as the right one's. One that is constant, zero, or hands an argument through would make what follows
trivial.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autograder.grading.result import TestResult
from selfcheck.copies import copied
from selfcheck.record import Record
from selfcheck.target import LocalProvider, Provider, StudentError
from selfcheck.traces import shown_by

MOST = 0.5  # of an exercise's points
_LEAST = 0.05  # of what the right result changes by, when one argument changes
_CHANGE = 0.3  # of an argument's numbers, relative to their size
_ROUNDS = 2


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
            exec(compile(source, "right", "exec"), module.__dict__)
        return module

    def beside(self, exercise: str, code: str, steps: Sequence[str], provider: Provider) -> ModuleType:
        """Return the assignment's functions, with this code of the exercise, that call the student's own `steps`."""
        module = self.module({exercise: code})
        for step in steps:
            setattr(module, step, _through(provider, step))
        return module

    def depends(self, step: str, provider: Provider, reference: ModuleType, rng: np.random.Generator) -> bool:
        """Return whether the student's function depends on each array that it gets, as the reference does.

        Each array is changed alone, on inputs that follow from `rng`; the result must change by at least a twentieth of
        what the reference's does. False if a call fails, or if there is no array to change.
        """
        if shown_by(self.cases, step) is not None:
            return False
        right = LocalProvider(vars(reference))
        try:
            return all(self._depends(step, args, provider, right, rng) for args in self._inputs(step, right, rng))
        except StudentError:
            return False

    def _inputs(self, step: str, right: Provider, rng: np.random.Generator) -> list[tuple]:
        """Return cases with an array to change, but none in which an error is right."""
        made = [case for case in self.cases.CASES(step, rng) if any(map(_places, case)) and _returns(right, step, case)]
        return made[:_ROUNDS] or [()]

    def _depends(self, step: str, args: tuple, provider: Provider, right: Provider, rng: np.random.Generator) -> bool:
        shown = self._shown(step)
        own, best = shown(provider, args), shown(right, args)
        changes = []
        for position, argument in enumerate(args):
            for place in range(_places(argument)):
                other = tuple(
                    _with_a_change(each, place, rng) if number == position else each for number, each in enumerate(args)
                )
                moved, expected = _distance(shown(provider, other), own), _distance(shown(right, other), best)
                changes.append(moved >= _LEAST * expected)
        return bool(changes) and all(changes)

    def _shown(self, step: str) -> Any:
        """The call of a function, without the outputs that stay beside the student's code."""
        kept = getattr(self.cases, "OPAQUE", {}).get(step, ())

        def call(provider: Provider, args: tuple) -> list[np.ndarray]:
            value = provider.call(step, copied(args), {})
            parts = value if type(value) is tuple else (value,)
            return list(_arrays([part for position, part in enumerate(parts) if position not in kept]))

        return call


def carry_over(tests: Sequence[TestResult], passed: Collection[str], steps: Sequence[str], points: float) -> None:
    """Give the tests that passed beside the student's own steps their points, at most MOST of the exercise's."""
    carried = [test for test in tests if test.name in passed and test.outcome != "passed"]
    whole = sum(test.max_points for test in carried)
    share = min(1.0, MOST * points / whole) if whole else 0.0
    for test in carried:
        test.outcome, test.points = "carried", share * test.max_points
        test.message = (
            f"this test fails, and passes beside your own {' and '.join(steps)}, which your code calls and which "
            f"{'is' if len(steps) == 1 else 'are'} not right yet: the mistake costs its points there"
        )


def _lacks_values(records: Sequence[Record]) -> bool:
    """Whether an exercise's tests of type and shape have all passed, and of its other tests not all."""
    gates = all(record.outcome == "passed" for record in records if record.weight is None)
    return gates and any(record.outcome != "passed" for record in records)


def _returns(provider: Provider, name: str, args: tuple) -> bool:
    try:
        provider.call(name, copied(args), {})
    except StudentError:
        return False
    return True


def _through(provider: Provider, name: str) -> Any:
    return lambda *args, **kwargs: provider.call(name, copied(args), copied(kwargs))


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """The floating-point arrays and numbers in a value, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, float) or (isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f"):
        yield np.asarray(value, dtype=np.float64)


def _places(value: Any) -> int:
    """How many arrays of an argument can be changed."""
    return sum(array.ndim > 0 and array.size > 0 for array in _arrays(value))


def _with_a_change(value: Any, place: int, rng: np.random.Generator) -> Any:
    """The argument, its array number `place` changed by numbers of about its own size."""
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


def _distance(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """The largest difference of two results; 0 if they do not have the same shapes or are not finite."""
    if [a.shape for a in one] != [b.shape for b in other]:
        return 0.0
    largest = max((float(np.max(np.abs(a - b), initial=0.0)) for a, b in zip(one, other, strict=True)), default=0.0)
    return largest if np.isfinite(largest) else 0.0
