"""The mark that ties a test to an exercise."""

from __future__ import annotations

import pytest


def exercise(name: str, *, points: float | None = None) -> pytest.MarkDecorator:
    """Mark a test as belonging to exercise `name`.

    points: the test's weight among the exercise's tests. Without points the test is a gate: all gates of an exercise
    must pass before any of its points are earned.
    """
    return pytest.mark.exercise(name, points=points)
