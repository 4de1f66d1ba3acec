"""Which inputs a submission's tests get: by student and attempt, the same each time, and none the instructor fixes."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from typing import get_type_hints

import pytest

from autograder import cli
from autograder.course.paths import result_name
from autograder.grading import attempts
from autograder.grading.attempts import SETS, attempt_of, inputs_of, seed_of
from autograder.grading.result import Result
from autograder.grading.submission import Received, receive
from sample import NAME

from .conftest import cell_of, code_cell, grade_class, set_source

SHOWS = """
def scaled(x, factor):
    raise ValueError(x.tobytes().hex())
"""


def test_the_attempts_of_a_student_get_all_sets_before_any_comes_again(course):
    for student in ("s1", "s2", "\udcff"):
        for turn in range(2):
            assert sorted(inputs_of(course, NAME, student, turn * SETS + n) for n in range(SETS)) == list(range(SETS))


def test_the_sets_follow_from_student_assignment_attempt_and_secret(course):
    def all_of(assignment="a1", students=range(320), attempt=0):
        return [inputs_of(course, assignment, f"s{n}", attempt) for n in students]

    first = all_of()
    assert first == all_of()
    assert min(Counter(first).values()) > 5  # of 20
    for other in (all_of(assignment="a2"), all_of(attempt=1), all_of(attempt=SETS)):
        assert sum(one == two for one, two in zip(first, other, strict=True)) < 50  # of 320, by chance 20
    course.secret_file.write_text("00" * 32 + "\n")
    assert sum(one == two for one, two in zip(first, all_of(), strict=True)) < 50


def test_the_option_takes_the_sets_that_there_are():
    (option,) = get_type_hints(cli.grade, include_extras=True)["inputs"].__metadata__
    assert (option.min, option.max) == (0, SETS - 1)


def test_the_seeds_of_the_sets_all_differ():
    assert len({seed_of(b"seed", n) for n in range(SETS)} | {seed_of(b"other", 0), b"seed"}) == SETS + 2


def test_an_attempt_is_what_differs_from_all_before_it_and_keeps_its_number(course):
    one, two = Received(b"one"), Received(b"two")
    beside = replace(one, handed_in={"captions.json": "{}"})
    order = (one, two, one, beside, two, beside)
    assert [attempt_of(course, NAME, "s1.json", received) for received in order] == [0, 1, 0, 2, 1, 2]
    assert attempt_of(course, NAME, "s2.json", two) == 0
    assert attempt_of(course, "a2_other", "s1.json", two) == 0
    assert attempt_of(course, NAME, "s1.json", Received(b"", "there is no notebook")) == 0
    assert attempt_of(course, NAME, "s1.json", Received(b"three")) == 3
    assert os.stat(course.attempts / NAME / "s1.json").st_mode & 0o77 == 0


@pytest.mark.parametrize("text", ["", "[", "{}", "[1, null]", "\x00"])
def test_a_damaged_file_of_attempts_stops_nothing(course, text):
    (course.attempts / NAME).mkdir(parents=True)
    (course.attempts / NAME / "s1.json").write_text(text)
    assert [attempt_of(course, NAME, "s1.json", Received(b"one")) for _ in range(2)] == [0, 0]


def _inputs_seen(result: Result) -> str:
    """The input that SHOWS has put into a visible test's message."""
    return next(test.message for test in result.exercise("scaled").tests if "ValueError" in test.message)


def test_inputs_differ_from_student_to_student_and_from_attempt_to_attempt(course, repository, hand_in, solved):
    set_source(solved, "scaled-solution", SHOWS)
    students = [f"s{n}" for n in range(4)]
    for student in students:
        hand_in(student, solved)
    first = grade_class(course, repository, NAME, jobs=1)
    expected = {inputs_of(course, NAME, student, 0) for student in students}
    assert len({_inputs_seen(result) for result in first}) == len(expected) > 1

    solved["cells"].append(code_cell("# once more"))
    course.submission("s0", NAME).write_text(json.dumps(solved))
    again, *others = grade_class(course, repository, NAME, jobs=1)
    assert _inputs_seen(again) != _inputs_seen(first[0])
    assert again.key != first[0].key
    assert others == first[1:]

    solved["cells"].pop()
    course.submission("s0", NAME).write_text(json.dumps(solved))
    assert grade_class(course, repository, NAME, jobs=1) == first

    fixed = grade_class(course, repository, NAME, jobs=1, inputs=3, results=course.root / "fixed")
    assert len({_inputs_seen(result) for result in fixed}) == 1
    assert json.loads((course.attempts / NAME / result_name("s0")).read_text())[0] == attempts.digest_of(
        receive(course.submission("s0", NAME), course.submitted, _loaded(course, repository))
    )


def _loaded(course, repository):
    from autograder.grading.assignment import Assignment

    return Assignment.load(course, repository, NAME)


def test_a_right_submission_earns_all_whatever_its_inputs(course, repository, hand_in, solved):
    assert cell_of(solved, "scaled-solution")
    hand_in("s1", solved)
    for inputs in range(0, SETS, 8):
        (result,) = grade_class(course, repository, NAME, jobs=1, inputs=inputs)
        assert result.points == 80
