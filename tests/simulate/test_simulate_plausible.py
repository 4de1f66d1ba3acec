"""The mistakes around which tricks are put look right by type and shape, and are wrong by value."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from autograder.course.paths import Repository
from autograder.simulate.plausible import PlausibleMistakes
from autograder.simulate.subject import Exercise, Mistake, Subject

REFERENCE = "import numpy as np\n\ndef double(x):\n    return 2 * x, {'x': x}\n"
CASES = "def double(rng, N=3):\n    return (rng.normal(size=N),)\n"
RIGHT_HERE = Mistake("right_on_this_case", "def double(x):\n    return 2 * x, {'x': x}")
WRONG_VALUE = Mistake("triples", "def double(x):\n    return 3 * x, {'x': x}")
WRONG_INSIDE = Mistake("keeps_another_x", "def double(x):\n    return 2 * x, {'x': x + 1}")
WRONG_SHAPE = Mistake("column", "def double(x):\n    return (2 * x)[:, None], {'x': x}")
WRONG_TYPE = Mistake("list", "def double(x):\n    return [2 * x, {'x': x}]")
RAISES = Mistake("raises", "def double(x):\n    return x @ x @ x, {'x': x}")


def chosen(subject: Subject, root: Path, *mistakes: Mistake) -> set[str]:
    """The ids of what is found with one lot or another."""
    repository = Repository(root)
    for path, text in ((repository.source("a0"), REFERENCE), (repository.cases("a0"), CASES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    exercise = Exercise("double", 2.0, REFERENCE, {}, mistakes)
    one = dataclasses.replace(subject, exercises={"double": exercise})
    found = [PlausibleMistakes(repository, one, random.Random(lot))["double"] for lot in range(40)]
    return {mistake.id for mistake in found if mistake}


def test_a_wrong_value_of_the_right_shape_comes_first(subject: Subject, tmp_path: Path) -> None:
    mistakes = (RIGHT_HERE, WRONG_VALUE, WRONG_SHAPE, WRONG_TYPE, RAISES, WRONG_INSIDE)
    assert chosen(subject, tmp_path, *mistakes) == {"triples", "keeps_another_x"}


@pytest.mark.parametrize("hopeless", [WRONG_SHAPE, WRONG_TYPE, RAISES], ids=lambda mistake: mistake.id)
def test_what_no_gate_lets_through_comes_last(subject: Subject, tmp_path: Path, hopeless: Mistake) -> None:
    assert chosen(subject, tmp_path, hopeless, RIGHT_HERE) == {"right_on_this_case"}
    assert chosen(subject, tmp_path, hopeless) == {hopeless.id}


def test_without_a_reference_every_mistake_will_do(subject: Subject, tmp_path: Path) -> None:
    found = PlausibleMistakes(Repository(tmp_path), subject, random.Random(1))
    assert found["add"] in subject.exercises["add"].mistakes
    assert found["total"] is None


def test_the_same_lot_finds_the_same(subject: Subject, tmp_path: Path) -> None:
    mistakes = [Mistake(str(number), WRONG_VALUE.source) for number in range(9)]
    exercises = {"double": Exercise("double", 2.0, REFERENCE, {}, tuple(mistakes))}
    one = dataclasses.replace(subject, exercises=exercises)
    found = [PlausibleMistakes(Repository(tmp_path), one, random.Random(7))["double"] for _ in range(4)]
    assert len(set(found)) == 1


def test_nothing_runs_before_an_exercise_is_looked_up(subject: Subject, tmp_path: Path) -> None:
    chosen(subject, tmp_path, WRONG_VALUE)
    Repository(tmp_path).source("a0").write_text("raise RuntimeError('it runs')\n")
    one = dataclasses.replace(subject, exercises={"double": Exercise("double", 2.0, REFERENCE, {}, (WRONG_VALUE,))})
    found = PlausibleMistakes(Repository(tmp_path), one, random.Random(1))
    assert list(found) == ["double"]
    with pytest.raises(Exception, match="it runs"):
        found["double"]
