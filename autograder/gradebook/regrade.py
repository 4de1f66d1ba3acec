"""Grades again what a changed test, mistake or date concerns, and says whose points move before anything is written.

The new results are made in a folder of their own, from copies of the stored ones: what has not changed is not graded.
`changes` compares; `apply` puts the new results in the place of the old, takes them into the gradebook, where manual
grades and comments stay, brings late penalties up to date, writes the pages of those concerned, and adds to the log.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.course.paths import Course, Repository, result_name
from autograder.gradebook.course_config import database_url
from autograder.gradebook.database import file_of
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.gradebook import Recorded, record
from autograder.gradebook.lateness import settle
from autograder.gradebook.nbgrader_course import opened, rolled_back
from autograder.gradebook.shown_tests import OUTCOMES
from autograder.grading.batch import grade_stream, versions_file
from autograder.grading.options import Options
from autograder.grading.result import ExerciseResult, Result, TestResult
from autograder.grading.versions import Version, known_versions

LOG = "regrades.jsonl"
LATE = "late penalty"


@dataclass(frozen=True)
class Move:
    """One student's points in one test, or the late penalty, before and after, and why they are others."""

    student: str
    exercise: str
    test: str
    before: float
    after: float
    why: str


@dataclass
class Changes:
    """What a regrade found: points that move; results that change without a point; how many were graded, of how many.

    results: the changed ones, new. late: the students whose penalty changes. points: by how much each exercise's
    move, of the students where some do.
    """

    assignment: str
    moves: list[Move] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    graded: int = 0
    looked_at: int = 0
    points: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def found_nothing(self) -> bool:
        """Whether nothing was graded, and nothing is other than it was."""
        return not (self.graded or self.results or self.late)

    def totals(self) -> dict[str, float]:
        """Return by how much each student's total moves; students whose points all stay are left out.

        It is the exercises' points that count: those of their tests are rounded one by one.
        """
        found = {student: sum(by.values()) for student, by in self.points.items()}
        for move in self.moves:
            if move.exercise == LATE:
                found[move.student] = found.get(move.student, 0.0) + move.after - move.before
        return {student: round(total, 4) for student, total in sorted(found.items())}


def changes(
    course: Course,
    repository: Repository,
    assignment: str,
    options: Options,
    on_start: Callable[[int, int], None] | None = None,
    on_result: Callable[[], None] | None = None,
) -> Changes:
    """Grade what has changed into a folder beside the results, and compare. Nothing else is written.

    options.results: where the stored results are; students without one are not graded here, but by `grade`.
    """
    course = Course(course.root.resolve())
    stored = options.results or course.results
    trial = trial_folder(course)
    before = _copied(stored, trial, assignment, options.students)
    found = Changes(assignment, looked_at=len(before))
    if not before:
        return found

    def begun(to_do: int, unchanged: int) -> None:
        found.graded = to_do
        if on_start:
            on_start(to_do, unchanged)

    new_options = replace(options, results=trial, only_changed=True)
    earlier = known_versions(versions_file(stored, assignment))
    after = {}
    for result in grade_stream(course, repository, assignment, new_options, on_start=begun):
        after[result.student] = result
        if on_result:
            on_result()
    now = known_versions(versions_file(trial, assignment))
    for student, old in sorted(before.items()):
        new = after.get(student)
        if new is None or new.status == "failed" or _without_key(new) == _without_key(old):
            continue
        found.results.append(new)
        found.moves += _moves(old, new, now[0], earlier)
        if by := _by_exercise(old, new):
            found.points[student] = by
    found.moves += _late_moves(course, assignment, found, options.students)
    found.late = sorted({move.student for move in found.moves if move.exercise == LATE})
    return found


def trial_folder(course: Course) -> Path:
    """Return where a regrade makes its results before they are applied."""
    return course.results / ".regrade"


def _copied(stored: Path, trial: Path, assignment: str, students: str) -> dict[str, Result]:
    """Copy the stored results to where a regrade makes new ones, unless newer ones are there; return the stored."""
    before: dict[str, Result] = {}
    folder = trial / assignment
    paths = sorted((stored / assignment).glob("*.json"))
    if paths:
        folder.mkdir(parents=True, exist_ok=True)
        _copy_newer(versions_file(stored, assignment), versions_file(trial, assignment))
    for path in paths:
        result = Result.read(path)
        if fnmatch.fnmatchcase(result.student, students) and result.status != "failed":
            before[result.student] = result
            _copy_newer(path, folder / path.name)
    return before


def _copy_newer(path: Path, to: Path) -> None:
    """Copy a file, unless what an earlier trial made of it is there and it has not changed since."""
    if path.is_file() and not (to.is_file() and to.stat().st_mtime_ns >= path.stat().st_mtime_ns):
        shutil.copy2(path, to)


def _without_key(result: Result) -> dict[str, Any]:
    return asdict(result) | {"key": ""}


def _by_exercise(old: Result, new: Result) -> dict[str, float]:
    """Return by how much the points of each exercise move, of those where they do."""
    before = {exercise.name: exercise.points for exercise in old.exercises}
    by = {one.name: round(one.points - before.pop(one.name, 0.0), 4) for one in new.exercises}
    return {name: moved for name, moved in (by | {name: -gone for name, gone in before.items()}).items() if moved}


def _moves(old: Result, new: Result, now: Version, earlier: list[Version]) -> Iterator[Move]:
    """Give each test whose points differ, and why."""
    before = earlier[0] if earlier else None
    for exercise in new.exercises:
        known = next((one for one in old.exercises if one.name == exercise.name), ExerciseResult(exercise.name, 0, 0))
        tests = {test.name: test for test in known.tests}
        for test in exercise.tests:
            was = tests.pop(test.name, None)
            if round(was.points if was else 0.0, 4) != round(test.points, 4):
                why = _why(exercise.name, was, test, now, before)
                yield Move(new.student, exercise.name, test.name, was.points if was else 0.0, test.points, why)
        for name, was in tests.items():
            if was.points:
                yield Move(new.student, exercise.name, name, was.points, 0.0, "the test is gone")
        unlisted = round(exercise.points - known.points - sum(t.points for t in exercise.tests), 4)
        if not exercise.tests and not known.tests and unlisted:
            yield Move(new.student, exercise.name, "", known.points, exercise.points, new.reason or new.status)


def _why(exercise: str, was: TestResult | None, test: TestResult, now: Version, before: Version | None) -> str:
    if was is None:
        return "the test is new"
    key = f"{exercise} {test.name.partition('[')[0].rpartition('::')[2]}"
    outcome = f"{_words(was)} before, {_words(test)} now" if was.outcome != test.outcome else ""
    if before is not None and now.tests.get(key) != before.tests.get(key):
        cause = "the test was changed"
    elif before is not None and now.common == before.common and not outcome:
        cause = "other tests of the exercise changed, which share its points"
    elif before is not None and now.common == before.common:
        cause = "the exercise's points, mistakes or required tests were changed"
    else:
        cause = "the reference, cases, helpers or the machine were changed, or the submission"
    return f"{cause}: {outcome}" if outcome else cause


def _words(test: TestResult) -> str:
    return OUTCOMES.get(test.outcome, ("", test.outcome))[1]


def _late_moves(course: Course, assignment: str, found: Changes, students: str) -> list[Move]:
    """Return the late penalties that change, tried with the new points on a copy of the gradebook, or rolled back."""
    course = Course(course.root.resolve())
    file = file_of(database_url(course), course.root)
    if file is not None and not file.is_file():
        return []
    with opened(course, assignment) as (config, _), _on_trial(course, config):
        with _gradebook(config) as gradebook:
            _put_points(gradebook, found)
        before = _penalties(config, assignment)
        settle(config, course, assignment, students)
        after = _penalties(config, assignment)
    return [
        Move(student, LATE, "", -before[student], -after[student], "the time when it was due, or the points, changed")
        for student in sorted(after)
        if round(before[student], 4) != round(after[student], 4)
    ]


@contextmanager
def _on_trial(course: Course, config: Config) -> Iterator[None]:
    """Inside, `config` names a copy of SQLite's file; of a server's gradebook, what is changed is rolled back."""
    url = config.CourseDirectory.db_url
    file = file_of(url, course.root)
    if file is None:
        with rolled_back(url):
            yield
        return
    copy = trial_folder(course) / "gradebook.db"
    shutil.copyfile(file, copy)
    config.CourseDirectory.db_url = f"sqlite:///{copy}"
    try:
        yield
    finally:
        copy.unlink(missing_ok=True)


def _put_points(gradebook: Gradebook, found: Changes) -> None:
    for result in found.results:
        points = {exercise.name: exercise.points for exercise in result.exercises}
        for submission in gradebook.student_submissions(result.student):
            for grade in (grade for part in submission.notebooks for grade in part.grades):
                if submission.name == found.assignment and grade.name in points:
                    grade.auto_score = points[grade.name]
    gradebook.db.commit()


def _penalties(config: Config, assignment: str) -> dict[str, float]:
    with _gradebook(config) as gradebook:
        return {
            submission.student_id: float(submission.late_submission_penalty or 0.0)
            for submission in gradebook.assignment_submissions(assignment)
        }


@contextmanager
def _gradebook(config: Config) -> Iterator[Gradebook]:
    gradebook = Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)
    try:
        yield gradebook
    finally:
        gradebook.close()


def apply(course: Course, repository: Repository, found: Changes, options: Options) -> list[Recorded]:
    """Write what `changes` has found. Returns what became of each changed result in the gradebook."""
    course = Course(course.root.resolve())
    stored, trial = options.results or course.results, trial_folder(course)
    concerned = sorted({*(result.student for result in found.results), *found.late})
    recorded: list[Recorded] = []
    if found.results:
        recorded = record(
            course, repository, found.assignment, found.results, submitted=options.submitted, roster=options.roster
        )
    for path in sorted((trial / found.assignment).glob("*.json")):  # the unchanged ones too: their keys are new
        result = Result.read(path)
        if result.status != "failed":
            result.write(stored / found.assignment / result_name(result.student))
    shutil.copyfile(versions_file(trial, found.assignment), versions_file(stored, found.assignment))
    if found.late:
        with opened(course, found.assignment) as (config, _):
            settle(config, course, found.assignment, options.students)
    if concerned:
        write_feedback(course, found.assignment, concerned)
    shutil.rmtree(trial, ignore_errors=True)
    if not found.found_nothing:
        _log(course, found)
    return recorded


def _log(course: Course, found: Changes) -> None:
    """Add a line to the log of regrades: when, what, whose points moved and why."""
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "assignment": found.assignment,
        "graded": found.graded,
        "changed": [result.student for result in found.results],
        "totals": found.totals(),
        "moves": [asdict(move) for move in found.moves],
    }
    with (course.root / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
