"""Tests that most exercises have, made from what differs. A test file gives each its name, the claim:

test_rnn_forward_leaves_its_arguments_as_they_were = arguments_test("rnn_forward", "x U W b h0", points=1)
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from selfcheck.agreement import Names, arguments_unchanged, returns
from selfcheck.marks import exercise
from selfcheck.target import Target

Test = Callable[[ModuleType, np.random.Generator], None]


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
