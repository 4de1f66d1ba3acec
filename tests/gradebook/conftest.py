"""A tiny course, generated once by nbgrader itself and copied for each test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository
from autograder.gradebook.course_config import config_text
from autograder.gradebook.gradebook import Recorded, record
from autograder.gradebook.schema import known_schema
from autograder.grading.result import ExerciseResult, Flag, Result, TestResult

ASSIGNMENT = "a0_tiny"
SOLVED = {
    "double-solution": "def double(x):\n    return 2 * x",
    "negate-solution": "def negate(x):\n    return -x",
    "why": "Because $a<b$ holds.",
}


def source_notebook() -> nbformat.NotebookNode:
    stub = "def {0}(x):\n    ### BEGIN SOLUTION\n    return {1}\n    ### END SOLUTION"
    return cells.new(
        [
            cells.prose("# Tiny\n\nDoubling is $x \\mapsto 2x$.", "title"),
            cells.given("import math", "given-setup"),
            cells.exercise(stub.format("double", "2 * x"), "double"),
            cells.test("double", 4),
            cells.demo("double(3)", "demo-double"),
            cells.exercise(stub.format("negate", "-x"), "negate"),
            cells.test("negate", 6),
            cells.prose("**Question.** Why is doubling $f(x) = 2x$ linear?", "why-question"),
            cells.written("### BEGIN SOLUTION\nSince f(a + b) = f(a) + f(b).\n### END SOLUTION", "why", 10),
        ],
        {"course": {"assignment": ASSIGNMENT, "release": "0123456789abcdef"}},
    )


@pytest.fixture(scope="session")
def _generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("generated")
    repository = Repository(root / "repository")
    repository.secret(ASSIGNMENT).mkdir(parents=True)
    repository.source(ASSIGNMENT).write_text("# %%\n")
    course = Course(root / "course")
    course.create(config_text(course))
    cells.write(course.source_notebook(ASSIGNMENT), source_notebook())
    config = PyFileConfigLoader(course.config_file.name, path=str(course.root)).load_config()
    with known_schema():
        answer = NbGraderAPI(config=config).generate_assignment(ASSIGNMENT)
    assert answer["success"], answer
    return root


@dataclass
class Desk:
    """A course and its repository, and what tests need to do in it again and again."""

    course: Course
    repository: Repository

    def submit(self, student: str, answers: dict[str, str] | None = None, change: Any = None, stamp: str = "") -> Path:
        """Put a submission into the course: the release, with these answers by grade_id, then `change(notebook)`."""
        notebook = cells.read(self.course.release_notebook(ASSIGNMENT))
        for name, text in (SOLVED if answers is None else answers).items():
            cells.find(notebook, name).source = text
        data = json.loads(nbformat.writes(notebook))
        if change is not None:
            change(data)
        path = self.course.submission(student, ASSIGNMENT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
        if stamp:
            (path.parent / "timestamp.txt").write_text(stamp)
        return path

    def record(self, *results: Result, **settings: Any) -> list[Recorded]:
        return record(self.course, self.repository, ASSIGNMENT, results, **settings)

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        gradebook = Gradebook(f"sqlite:///{self.course.gradebook}", self.course.root.name)
        yield gradebook
        gradebook.close()
        gradebook.engine.dispose()

    def grades(self, student: str, what: str = "auto_score") -> dict[str, Any]:
        """`what` of each graded cell in the gradebook; empty if the student has no submission."""
        with self.gradebook() as gradebook:
            submissions = gradebook.student_submissions(student)
            return {g.name: getattr(g, what) for s in submissions for part in s.notebooks for g in part.grades}

    def grade_by_hand(self, student: str, name: str, score: float, comment: str = "") -> None:
        """What formgrader writes when a person has graded an answer."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(name, ASSIGNMENT, ASSIGNMENT, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            if comment:
                gradebook.find_comment(name, ASSIGNMENT, ASSIGNMENT, student).manual_comment = comment
            gradebook.db.commit()

    def configure(self, *lines: str) -> None:
        """Add lines to the course's nbgrader_config.py."""
        with self.course.config_file.open("a") as file:
            file.write("\n".join(lines) + "\n")

    def page(self, student: str) -> str:
        return (self.course.feedback / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()

    def autograded(self, student: str) -> nbformat.NotebookNode:
        return cells.read(self.course.autograded / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


@pytest.fixture
def desk(_generated: Path, tmp_path: Path) -> Desk:
    shutil.copytree(_generated, tmp_path / "desk")
    return Desk(Course(tmp_path / "desk" / "course"), Repository(tmp_path / "desk" / "repository"))


def result(student: str, double: float = 4.0, negate: float = 6.0, **changes: Any) -> Result:
    """A graded result with these points."""

    def exercise(name: str, points: float, most: float) -> ExerciseResult:
        outcome = "passed" if points == most else "failed"
        tests = [
            TestResult(f"test_{name}_takes_a_float", "visible", "passed", 0, 0),
            TestResult(f"test_{name}_of_other_sizes[3-5]", "hidden", outcome, points, most, "result[0] differs: 3e-1"),
        ]
        return ExerciseResult(name, points, most, None, tests)

    settings: dict[str, Any] = {
        "status": "graded",
        "points": double + negate,
        "max_points": 10.0,
        "exercises": [exercise("double", double, 4.0), exercise("negate", negate, 6.0)],
        "flags": [Flag("locked-cell-changed", "given-setup")],
        "key": "sha256:0",
    }
    return Result(ASSIGNMENT, student, **{**settings, **changes})


@pytest.fixture
def made() -> Any:
    """The function `result` of this file."""
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """nbgrader builds its rows in an order that SQLAlchemy remarks on; that is not ours to mend."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"))
