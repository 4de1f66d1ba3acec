"""Tests that most exercises have, made from what differs. A test file gives each its name, the claim:

test_rnn_forward_leaves_its_arguments_as_they_were = arguments_test("rnn_forward", "x U W b h0", points=1)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from selfcheck.agreement import Names, agree, agree_in_float32_and_strided, arguments_unchanged, returns, sized, whole
from selfcheck.marks import exercise
from selfcheck.target import Target

Test = Callable[[ModuleType, np.random.Generator], None]
HiddenTest = Callable[[ModuleType, ModuleType, np.random.Generator], None]
# Takes the reference and cases.py; returns a function as those of cases.py are: of a generator and sizes, arguments.
MadeBy = Callable[[ModuleType, ModuleType], Callable[..., tuple]]


def _of_cases(name: str) -> MadeBy:
    return lambda reference, cases: getattr(cases, name)


def scaled(name: str, made_by: MadeBy | None = None, **factors: float) -> MadeBy:
    """Return what makes the arguments that `made_by`, by default cases.py, makes, some of them times a factor.

    name: of the exercise. factors: by name of the argument, which must be the one in the function's definition.
    """

    def scaled_by(reference: ModuleType, cases: ModuleType) -> Callable[..., tuple]:
        make = (made_by or _of_cases(name))(reference, cases)
        arguments = list(inspect.signature(getattr(reference, name)).parameters)
        factor_at = {arguments.index(argument): factor for argument, factor in factors.items()}

        def made(rng: np.random.Generator, **sizes: Any) -> tuple:
            args = enumerate(make(rng, **sizes))
            return tuple(factor_at[place] * value if place in factor_at else value for place, value in args)

        return made

    return scaled_by


def shapes_test(name: str, said: str) -> Test:
    """Return a gate of exercise `name`: it returns the float64 arrays that `said` lists, as in `agreement.returns`."""

    @exercise(name)
    def test(cases: ModuleType, rng: np.random.Generator) -> None:
        returns(Target(name), getattr(cases, name)(rng), said)

    return test


def arguments_test(name: str, arguments: Names, *, points: float | None = None, **sizes: Any) -> Test:
    """Return a test of exercise `name`: a call leaves all its arguments, of these names, as they were.

    points: as in `exercise`. sizes: what cases.py is given to make the arguments.
    """

    @exercise(name, points=points)
    def test(cases: ModuleType, rng: np.random.Generator) -> None:
        arguments_unchanged(Target(name), getattr(cases, name)(rng, **sizes), arguments)

    return test


def sizes_test(
    name: str,
    sizes: Iterable[Mapping],
    names: Names = "the result",
    *,
    points: float | None = None,
    made_by: MadeBy | None = None,
    part: Callable[[Any], Any] = whole,
) -> HiddenTest:
    """Return a hidden test of exercise `name`: it agrees with the reference at all of these sizes.

    sizes: a dictionary for each call, as `agreement.table` makes them. names, part: as in `agreement.agree`.
    made_by: returns what makes the arguments; by default that is what cases.py has of the exercise's name.
    """

    @exercise(name, points=points)
    def test(reference: ModuleType, cases: ModuleType, rng: np.random.Generator) -> None:
        make = (made_by or _of_cases(name))(reference, cases)
        agree(Target(name), reference, sized(make, rng, sizes), names, part=part)

    return test


def float32_and_strided_test(
    name: str,
    names: Names = "the result",
    *,
    points: float | None = None,
    made_by: MadeBy | None = None,
    part: Callable[[Any], Any] = whole,
    **sizes: Any,
) -> HiddenTest:
    """Return a hidden test of exercise `name`: on float32 and on strided arrays it agrees with the reference.

    sizes: what the arguments are made of. The rest is as in `sizes_test`.
    """

    @exercise(name, points=points)
    def test(reference: ModuleType, cases: ModuleType, rng: np.random.Generator) -> None:
        make = (made_by or _of_cases(name))(reference, cases)
        agree_in_float32_and_strided(Target(name), reference, make(rng, **sizes), names, part=part)

    return test
