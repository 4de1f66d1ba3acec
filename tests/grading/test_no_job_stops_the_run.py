"""Whatever one submission causes becomes that submission's own result, and the others are graded."""

from __future__ import annotations

import copy
import json
import os
import shutil

import pytest

from autograder.course.paths import Repository
from autograder.grading import grader, reader
from autograder.grading.assignment import Assignment
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import receive
from sample import NAME

from .conftest import code_cell, grade_class, set_source
from .test_batch import LIMITS

HIDDEN = """
import json as j
@exercise("total", points=1)
def test_the_total_is_a_number_that_json_can_read(total, rng):
    j.loads(str(total(rng.normal(size=3), rng)))

@exercise("total", points=1)
def test_as_many_bytes_as_the_total_are_there(total, rng):
    np.empty(int(abs(total(rng.normal(size=3), rng))), dtype=np.int8)
"""


def with_course(value):
    def change(notebook):
        notebook["metadata"]["course"] = value

    return change


def deep_expression(notebook):
    notebook["cells"].append(code_cell(f"optim = {'-' * 100_000}1"))


def deep_figure(notebook):
    cell = code_cell(f"def helper(): return {'(' * 5000}1{')' * 5000}\nhelper{'.a' * 50_000}")
    cell["metadata"]["tags"] = ["demo"]
    notebook["cells"].append(cell)


def half_a_pair(notebook):
    notebook["cells"].append(code_cell("text = '\ud800'"))


def no_number(notebook):
    set_source(notebook, "total-solution", "def total(x, rng):\n    return ''")


def five_gibibytes(notebook):
    set_source(notebook, "total-solution", "def total(x, rng):\n    return 5.0 * 2**30")


KINDS = {
    "course_null": (with_course(None), "graded"),
    "course_list": (with_course([1]), "graded"),
    "course_text": (with_course("a1"), "graded"),
    "deep": (deep_expression, "graded"),
    "deep_figure": (deep_figure, "graded"),
    "surrogate": (half_a_pair, "graded"),
    "unfinished_test": (no_number, "graded"),
    "too_much_memory": (five_gibibytes, "graded"),
    "a" * 246: (None, "unreadable"),
    "not-utf-8-\udcff": (None, "unreadable"),
}


@pytest.fixture
def results(course, repository, solved, tmp_path):
    own = Repository(tmp_path / "own")
    shutil.copytree(repository.root, own.root)
    with own.hidden(NAME).open("a") as file:
        file.write(HIDDEN)
    for student, (change, _) in {"right": (None, ""), **KINDS, "right_again": (None, "")}.items():
        notebook = copy.deepcopy(solved)
        if change is not None:
            change(notebook)
        folder = os.path.join(os.fsencode(course.submitted), os.fsencode(student), NAME.encode())
        os.makedirs(folder)
        with open(os.path.join(folder, f"{NAME}.ipynb".encode()), "w") as file:
            json.dump(notebook, file)
    found = grade_class(course, own, NAME, limits=LIMITS, jobs=1)
    return {result.student: result for result in found}


def test_the_run_goes_on_and_each_has_a_result_of_its_own(results):
    assert {student: result.status for student, result in results.items()} == {
        "right": "graded",
        "right_again": "graded",
        **{student: status for student, (_, status) in KINDS.items()},
    }
    full = {student for student, result in results.items() if result.points == 80}
    assert {"right", "right_again", "course_null", "course_list", "course_text", "surrogate", "deep_figure"} <= full
    failed = results["unfinished_test"]
    assert failed.exercise("scaled").points == 40
    assert [flag.detail for flag in failed.flags if flag.kind == "test-not-finished"]
    (too_much,) = [flag.detail for flag in results["too_much_memory"].flags if flag.kind == "test-not-finished"]
    assert too_much.startswith("total, test_as_many_bytes")
    assert results["right"].flags == []


def test_a_notebook_that_nobody_foresaw_is_unreadable_and_the_graders_own_error_a_failure(
    course, repository, hand_in, solved, monkeypatch
):
    path = hand_in("s1", solved)
    received = receive(path, course.submitted, Assignment.load(course, repository, NAME))
    options = Options(limits=LIMITS)
    job = grader.Job(course, repository, NAME, "s1", path, course.submitted, received, options, "key", "", False)

    def broken(*arguments):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(grader, "_grade", broken)
    result = Result.from_json(grader.run(job).text)
    assert (result.status, result.reason) == ("failed", "ZeroDivisionError: unforeseen")
    monkeypatch.setattr(reader, "read_submission", broken)
    reader.close()
    result = Result.from_json(grader.run(job).text)
    assert result.status == "unreadable"
    assert "damaged (ZeroDivisionError)" in result.reason
    reader.close()
