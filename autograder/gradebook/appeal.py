"""The appeal view of one student: each test, what it called, what came back, how long it took.

The submission is graded once more, with every call noted; nothing is written but the page. Arguments of hidden tests
are shown only on request, since a page that is gone through together with the student would give them away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.paths import Course, Repository, result_name
from autograder.course.variants import course_variants
from autograder.gradebook.feedback import drawn_texts
from autograder.gradebook.sentences import sentence
from autograder.gradebook.shown_tests import POLICY, TEMPLATES, page_environment
from autograder.grading import attempts
from autograder.grading.assignment import Assignment
from autograder.grading.grader import Job, run_traced
from autograder.grading.options import Options
from autograder.grading.result import ExerciseResult, Result, TestResult, write_atomically
from autograder.grading.submission import receive


@dataclass(frozen=True)
class Tried:
    """One test as it ran now, beside the stored points: seconds, calls made, and the calls that may be shown."""

    test: TestResult
    stored: float | None
    seconds: float = 0.0
    made: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        """Whether it earns other points now than when it was graded."""
        return self.stored is not None and round(self.stored, 4) != round(self.test.points, 4)


def write_appeal(
    course: Course, repository: Repository, assignment: str, student: str, path: Path, options: Options, hidden: bool
) -> Result:
    """Write the page and return the result of this grading. hidden: show the arguments of hidden tests too.

    Raises Unreadable if the submission cannot be read, GraderFault if the grader fails, NotBuilt as `grade` does.
    """
    course = Course(course.root.resolve())
    submitted = (options.submitted or course.submitted).resolve()
    place = submitted / student / assignment / f"{assignment}.ipynb"
    received = receive(place, submitted, Assignment.load(course, repository, assignment))
    attempt = attempts.attempt_of(course, assignment, result_name(student), received)
    inputs = attempts.inputs_of(course, assignment, student, attempt) if options.inputs is None else options.inputs
    job = Job(
        course, repository, assignment, student, place, submitted, received, options, key="", fingerprint="",
        inputs=inputs,
    )  # fmt: skip
    result, traces = run_traced(job)
    stored = _stored(course, assignment, student)
    traced = {(trace["exercise"], trace["name"]): trace for trace in traces}
    exercises = []
    for exercise in result.exercises:
        before = {test.name: test.points for test in _tests(stored, exercise.name)}
        tried = [_tried(exercise, test, before, traced, hidden) for test in exercise.tests]
        exercises.append((exercise, sentence(repository, assignment, exercise.name, exercise.mistake), tried))
    asked = course_variants(course, assignment).of(student)
    text = page_environment().get_template("appeal.html.j2").render(
        assignment=assignment,
        student=student,
        policy=POLICY,
        style=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        result=result,
        stored=stored,
        exercises=exercises,
        hidden=hidden,
        asked=drawn_texts({name: one.for_graders() for name, one in asked.items()}),
    )  # fmt: skip
    write_atomically(path, text)
    return result


def _stored(course: Course, assignment: str, student: str) -> Result | None:
    try:
        return Result.read(course.result(student, assignment))
    except (OSError, ValueError):
        return None


def _tests(stored: Result | None, exercise: str) -> list[TestResult]:
    return [test for one in (stored.exercises if stored else ()) if one.name == exercise for test in one.tests]


def _tried(
    exercise: ExerciseResult, test: TestResult, before: dict[str, float], traced: dict[Any, Any], hidden: bool
) -> Tried:
    trace = traced.get((exercise.name, test.name), {"seconds": 0.0, "made": 0, "calls": []})
    shown = trace["calls"] if hidden or test.visibility != "hidden" else []
    return Tried(test, before.get(test.name), trace["seconds"], trace["made"], shown)
