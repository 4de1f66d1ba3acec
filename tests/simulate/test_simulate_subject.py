"""What a class is made of is read from the course, and who uses whom from the code and its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.paths import Course, Repository
from autograder.simulate import SimulationError
from autograder.simulate.subject import Subject, read_subject


def test_a_mistake_sinks_at_most_what_uses_it(subject: Subject) -> None:
    assert subject.sunk(["double"], {}) == {"quadruple"}
    assert subject.sunk(["add"], {}) == {"total"}, "a test of total asks for add"
    assert subject.sunk(["quadruple"], {}) == set()
    assert subject.sunk(["double"], {"quadruple": "def quadruple(x):\n    return 4 * x"}) == set()


def test_a_mistake_that_does_not_apply_is_said(
    rooms: tuple[Repository, Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "mistakes.toml"
    catalogue.write_text("[[double]]\nid = 'gone'\nold = '5 * x'\nnew = '6 * x'\nsays = ''\n")
    monkeypatch.setattr(Repository, "mistakes", lambda self, assignment: catalogue)
    with pytest.raises(SimulationError, match=r"mistake gone of double does not apply"):
        read_subject(*rooms, "a0")
