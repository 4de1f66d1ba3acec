"""The comparison of what was expected with what came out must see every kind of disagreement."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from autograder.grading.result import ExerciseResult, Flag, Result
from autograder.simulate import Expectation, compare, describe, read_expected, write_expected


def expectation(student: str = "s001", **changes: object) -> Expectation:
    points = {"double": 4.0, "add": {"below": 6.0}}
    base = Expectation(student, "wrong/mistakes", "add: subtracts", "graded", points, {"double": 4.0, "add": 6.0})
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def result(student: str = "s001", double: float = 4.0, add: float = 1.5, flags: tuple[str, ...] = ()) -> Result:
    exercises = [ExerciseResult("double", double, 4.0), ExerciseResult("add", add, 6.0)]
    return Result("a0", student, "graded", double + add, 10.0, exercises, [Flag(kind) for kind in flags])


def complaint(one: Expectation, got: Result, *others: Result) -> str:
    row = compare([one], [got, *others])[0]
    assert not row.ok
    return row.got


def test_a_result_as_expected_is_a_row_in_words() -> None:
    (row,) = compare([expectation()], [result()])
    assert row.ok
    assert (row.student, row.kind, row.detail) == ("s001", "wrong/mistakes", "add: subtracts")
    assert row.expected == "4 in the others; below 6 in add"
    assert row.got == "5.5 of 10"


def test_points_that_differ_from_the_exact_number_are_seen() -> None:
    assert complaint(expectation(), result(double=3.99)).endswith("double got 3.99, expected 4")


def test_full_marks_for_a_mistake_are_seen() -> None:
    assert complaint(expectation(), result(add=6.0)).endswith("add got 6, expected below 6")


def test_more_than_the_most_is_seen_and_the_most_itself_is_right() -> None:
    one = expectation(points={"double": 4.0, "add": {"at_most": 3.0}})
    assert compare([one], [result(add=3.0)])[0].ok
    assert complaint(one, result(add=3.1)).endswith("add got 3.1, expected at most 3")


def test_a_trick_that_gains_over_the_same_code_is_seen() -> None:
    one = expectation(points={"double": 4.0, "add": {"no_more_than": "s002"}})
    assert compare([one, expectation("s002")], [result(add=1.0), result("s002", add=1.0)])[0].ok
    assert "add got 1.1, expected no more than s002" in complaint(one, result(add=1.1), result("s002", add=1.0))


def test_a_trick_is_not_cleared_when_the_control_has_no_result() -> None:
    one = expectation(points={"double": 4.0, "add": {"no_more_than": "s002"}})
    assert "no more than s002" in complaint(one, result(add=0.0))


def test_another_status_is_seen_with_its_reason() -> None:
    got = dataclasses.replace(result(), status="unreadable", reason="the file is empty")
    assert "status unreadable, not graded (the file is empty)" in complaint(expectation(), got)


def test_a_missing_flag_is_seen() -> None:
    one = expectation(flags=("cell-missing",))
    assert compare([one], [result(flags=("cell-missing", "old-format"))])[0].ok
    assert complaint(one, result(flags=("old-format",))).endswith("no flag cell-missing")


def test_a_flag_on_honest_work_is_seen() -> None:
    assert complaint(expectation(honest=True), result(flags=("suspicious-code",))).endswith("on honest work")


def test_an_exercise_that_is_worth_something_else_is_seen() -> None:
    got = result()
    got.exercises[1].max_points = 600.0
    assert "add is worth 600, not 6" in complaint(expectation(), got)


def test_an_exercise_that_is_not_listed_is_seen() -> None:
    got = result()
    del got.exercises[0]
    assert "exercises add" in complaint(expectation(), got)


def test_points_that_are_not_the_sum_are_seen() -> None:
    assert "not the sum" in complaint(expectation(), dataclasses.replace(result(), points=10.0))


def test_a_student_without_a_result_and_a_result_without_a_student_are_seen() -> None:
    rows = compare([expectation("s001"), expectation("s002")], [result("s002"), result("s009")])
    assert [(row.student, row.ok) for row in rows] == [("s001", False), ("s002", True), ("s009", False)]


def test_a_relation_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="above"):
        compare([expectation(points={"double": {"above": 1.0}, "add": 6.0})], [result()])


def test_full_marks_and_no_marks_are_said_in_short() -> None:
    assert describe(expectation(points={"double": 4.0, "add": 6.0})) == "10 of 10"
    assert describe(expectation(points={"double": 0.0, "add": 0.0})) == "0 in each"
    assert describe(expectation(status="unreadable")) == "unreadable"


def test_expectations_come_back_from_their_file_and_assignments_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first, second = [expectation(flags=("old-format",))], [expectation("s002"), expectation("s003")]
    write_expected(tmp_path, "a1", first)
    write_expected(tmp_path, "a2", second)
    assert read_expected(tmp_path, "a1") == first
    assert read_expected(tmp_path) == second
