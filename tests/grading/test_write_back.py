"""What a student's code does to its arguments changes neither what the reference is asked nor what a test compares."""

from __future__ import annotations

import json

import pytest

from autograder.course.paths import Course
from sample import HIDDEN, NAME, build, write_sample

from .conftest import grade_class, set_source

# Tests that ask the reference last, on the very arguments that they gave to the student's code.
LAST = """
@exercise("scaled", points=1)
def test_one_call(scaled, reference, cases, rng):
    x, factor = cases.scaled(rng, N=1, D=7)
    y, _ = scaled(x, factor)
    expect.close(y, reference.scaled(x, factor)[0], name="y")

@exercise("scaled", points=1)
def test_many_calls(scaled, reference, cases, rng):
    calls = [cases.scaled(rng, N=1, D=D) for D in (2, 7)]
    for args, (y, _) in zip(calls, scaled.map(calls), strict=True):
        expect.close(y, reference.scaled(*args)[0], name="y")

@exercise("scaled", points=1)
def test_a_watched_call(scaled, reference, cases, rng):
    x, factor = cases.scaled(rng, N=1, D=7)
    y, _ = scaled.watched(x, factor).value
    expect.close(y, reference.scaled(x, factor)[0], name="y")

@exercise("total", points=1)
def test_a_probe(probe, reference):
    x = np.ones(3)
    found = probe("doubled", x)
    expect.close(found, 2 * reference.total(x, np.random.default_rng(1)), name="twice the total")
"""
# Right where it can be seen; on other sizes zero, of arguments that are made zero.
ERASES = """
def scaled(x, factor):
    if len(x) == 1:
        x[...] = 0
    return factor * x, {"factor": factor}
"""
EMPTIES = """
def total(x, rng):
    if x.shape == (3,):
        x[...] = 0
    return float(x.sum() + rng.random())
"""


@pytest.fixture(scope="module")
def asking_last(tmp_path_factory):
    root = tmp_path_factory.mktemp("last")
    repository, course = write_sample(root / "repository"), Course(root / "course")
    repository.hidden(NAME).write_text(HIDDEN.lstrip() + LAST)
    build(repository, course, NAME)
    return repository, course


def test_a_reference_that_is_asked_last_meets_no_edited_argument(asking_last):
    repository, course = asking_last
    students = {"right": {}, "erases": {"scaled": ERASES}, "empties": {"total": EMPTIES}}
    for student, changed in students.items():
        path = course.submission(student, NAME)
        path.parent.mkdir(parents=True)
        notebook = json.loads(course.source_notebook(NAME).read_text())
        for exercise, source in changed.items():
            set_source(notebook, f"{exercise}-solution", source)
        path.write_text(json.dumps(notebook))
    results = {result.student: result for result in grade_class(course, repository, NAME, jobs=1)}

    def failed(student, exercise):
        return [t.name for t in results[student].exercise(exercise).tests if t.outcome != "passed"]

    assert results["right"].points == 80
    assert failed("erases", "scaled") == [
        "test_scaled_agrees_with_the_reference",
        "test_one_call",
        "test_many_calls",
        "test_a_watched_call",
    ]
    assert failed("empties", "total") == ["test_a_probe_sees_what_total_gives", "test_a_probe"]
