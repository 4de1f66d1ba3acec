"""A regrade grades what a change concerns, shows whose points move and why, and writes only when told."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository
from autograder.gradebook import regrade
from autograder.gradebook.export import export_csv
from autograder.gradebook.gradebook import record
from autograder.grading import queue
from autograder.grading.batch import grade_stream
from autograder.grading.options import Options
from autograder.grading.result import Result
from sample import NAME, build_sample

ANSWERS = {
    "right": {},
    "adds": {"scaled-solution": "def scaled(x, factor):\n    return factor + x, {}\n"},
    "none": {"total-solution": "def total(x, rng):\n    return 7.0\n"},
}
STRICTER = 'expect.that(probe("doubled", np.ones(3)) >= 1e9, "twice the total is too small")'
OPTIONS = Options(jobs=1)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The sample, graded into the gradebook; each test gets a copy."""
    root = tmp_path_factory.mktemp("graded")
    repository, course = build_sample(root)
    for student, answers in ANSWERS.items():
        notebook = cells.read(course.source_notebook(NAME))
        for name, text in answers.items():
            cells.find(notebook, name).source = text
        cells.find(notebook, "why").source = "Because."
        cells.write(course.submission(student, NAME), notebook)
    results = list(grade_stream(course, repository, NAME, OPTIONS))
    assert all(one.recorded for one in record(course, repository, NAME, results))
    return root, repository, course


@pytest.fixture
def desk(graded, tmp_path, monkeypatch):
    """(repository, course, jobs): a copy of it, and a list that gets each job that is graded."""
    root, repository, course = graded
    shutil.copytree(root, tmp_path / "desk")
    jobs = []
    run = queue.run

    def seen(waiting, *rest, **options):
        jobs.extend(waiting)
        return run(waiting, *rest, **options)

    monkeypatch.setattr(queue, "run", seen)
    here = tmp_path / "desk"
    return Repository(here / repository.root.relative_to(root)), Course(here / course.root.relative_to(root)), jobs


def stored(course):
    return {path.name: path.read_bytes() for path in sorted((course.results / NAME).glob("*"))}


def points(course, student):
    return {exercise.name: exercise.points for exercise in Result.read(course.result(student, NAME)).exercises}


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_changed_test_moves_points_only_where_it_counts_and_only_its_exercise_is_graded(desk):
    repository, course, jobs = desk
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "right")
        grade.manual_score, grade.needs_manual_grade = 13.0, False
        gradebook.find_comment("why", NAME, NAME, "right").manual_comment = "Well said."
        gradebook.db.commit()
    before, book = stored(course), course.gradebook.read_bytes()
    replace(
        repository.hidden(NAME),
        'expect.that(probe("doubled", np.ones(3)) >= 6, "twice the total is too small")',
        STRICTER,
    )

    found = regrade.changes(course, repository, NAME, OPTIONS)
    assert {job.student: job.only for job in jobs} == dict.fromkeys(ANSWERS, ("total",))
    assert (stored(course), course.gradebook.read_bytes()) == (before, book)  # nothing is written
    assert {move.student for move in found.moves} == {"right", "adds", "none"}
    (move,) = [move for move in found.moves if move.student == "right"]
    assert (move.exercise, move.test, round(move.before, 2), move.after) == (
        "total",
        "test_a_probe_sees_what_total_gives",
        13.33,
        0.0,
    )
    assert move.why == "the test was changed: passed before, failed now"

    jobs.clear()
    found = regrade.changes(course, repository, NAME, OPTIONS)
    assert jobs == []  # what was graded for the table is not graded again to be written
    assert all(one.recorded for one in regrade.apply(course, repository, found, OPTIONS))
    assert round(points(course, "right")["total"], 2) == 26.67
    assert round(points(course, "adds")["scaled"], 2) == round(
        json.loads(before["adds.json"])["exercises"][0]["points"], 2
    )
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "right")
        assert (grade.manual_score, bool(grade.needs_manual_grade)) == (13.0, False)
        assert gradebook.find_comment("why", NAME, NAME, "right").comment == "Well said."
        assert round(gradebook.find_grade("total", NAME, NAME, "right").auto_score, 2) == 26.67
    assert "Well said." in (course.feedback / "right" / NAME / f"{NAME}.html").read_text()
    (line,) = (course.root / regrade.LOG).read_text().splitlines()
    assert json.loads(line)["totals"]["right"] == pytest.approx(-13.3333, abs=1e-3)

    assert list(grade_stream(course, repository, NAME, OPTIONS))  # and `grade` finds nothing to do
    assert jobs == []
    found = regrade.changes(course, repository, NAME, OPTIONS)
    assert found.found_nothing
    assert regrade.apply(course, repository, found, OPTIONS) == []
    assert (course.root / regrade.LOG).read_text().splitlines() == [line]


def test_a_mistakes_new_name_grades_its_exercise_and_moves_no_points(desk):
    repository, course, jobs = desk
    replace(repository.mistakes(NAME), "adds_the_factor", "takes_a_sum")
    found = regrade.changes(course, repository, NAME, OPTIONS)
    assert {job.only for job in jobs} == {("scaled",)}
    assert (found.moves, [result.student for result in found.results]) == ([], ["adds"])
    assert found.results[0].exercise("scaled").mistake == "takes_a_sum"


def test_a_changed_test_that_a_call_makes_grades_its_exercise_alone(desk):
    repository, course, jobs = desk
    replace(repository.visible(NAME), '("scaled", "x factor")', '("scaled", "x factor", N=5)')
    regrade.changes(course, repository, NAME, OPTIONS)
    assert {job.only for job in jobs} == {("scaled",)}


def test_prose_and_comments_grade_nothing(desk):
    repository, course, jobs = desk
    replace(repository.hidden(NAME), "import numpy as np", "# a comment\nimport numpy as np")
    found = regrade.changes(course, repository, NAME, OPTIONS)
    assert (jobs, found.moves, found.results) == ([], [], [])


def test_what_all_exercises_depend_on_grades_all(desk):
    repository, course, jobs = desk
    replace(repository.cases(NAME), "2.5", "3.5")
    found = regrade.changes(course, repository, NAME, replace_students("right"))
    assert [(job.student, job.only) for job in jobs] == [("right", ())]
    assert found.moves == []


def replace_students(glob):
    return Options(jobs=1, students=glob)


def test_a_changed_date_moves_the_late_penalty(desk):
    repository, course, jobs = desk
    with course.config_file.open("a") as file:
        file.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:
        now = datetime.now(UTC).replace(tzinfo=None)
        gradebook.find_submission(NAME, "right").timestamp = now
        gradebook.find_assignment(NAME).duedate = now - timedelta(hours=3)
        gradebook.db.commit()
    assert regrade.changes(course, repository, NAME, replace_students("adds")).moves == []  # nobody else is looked at
    found = regrade.changes(course, repository, NAME, OPTIONS)
    (move,) = found.moves
    assert (jobs, move.student, move.exercise, move.before, move.after) == ([], "right", regrade.LATE, 0.0, -80.0)
    regrade.apply(course, repository, found, OPTIONS)
    export_csv(course, NAME, course.root / "out.csv")
    (line,) = [line for line in (course.root / "out.csv").read_text().splitlines() if line.startswith("right")]
    assert ",80,0," in line  # penalty, total
    assert (course.root / regrade.LOG).read_text().count("late penalty") == 1
