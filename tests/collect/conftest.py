"""A course with two released assignments and a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from archives import ONE, TWO, Desk, released
from autograder.course import notebook as cells
from autograder.course.paths import Course


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    course = Course(tmp_path / "course")
    course.create()
    for name in (ONE, TWO):
        cells.write(course.release_notebook(name), released(name))
    (course.release / ONE / "cases.py").write_text("CASES = 1\n")
    made = Desk(course, tmp_path)
    made.roster()
    return made
