"""Grades as CSV."""

import csv

import pytest

from autograder.gradebook.export import export_csv
from autograder.grading.assignment import NotBuilt

TINY = "a0_tiny"
COLUMNS = ["student", "name", "double", "negate", "why"]
TOTALS = ["auto_total", "manual_total", "late_penalty", "total", "max", "status", "late_hours"]


def exported(desk, path):
    export_csv(desk.course, TINY, path)
    with path.open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_line_holds_exercises_questions_and_totals(desk, made, tmp_path):
    for student in ("s1", "s2"):
        desk.submit(student)
    desk.record(made("s1", negate=1.3333), made("s2"))
    desk.grade_by_hand("s2", "why", 7.5)
    rows = exported(desk, tmp_path / "grades.csv")
    assert list(rows["s1"]) == COLUMNS + TOTALS
    assert list(rows["s1"].values()) == ["s1", "", "4", "1.33", "", "5.33", "0", "0", "5.33", "20", "to grade", ""]
    assert list(rows["s2"].values()) == ["s2", "", "4", "6", "7.5", "10", "7.5", "0", "17.5", "20", "graded", ""]


def test_a_persons_change_of_an_exercise_counts(desk, made, tmp_path):
    desk.submit("s1")
    desk.record(made("s1", double=0.0))
    desk.grade_by_hand("s1", "double", 3.0)
    row = exported(desk, tmp_path / "grades.csv")["s1"]
    assert (row["double"], row["auto_total"]) == ("3", "9")


def test_late_work_has_its_hours_and_its_penalty(desk, made, tmp_path):
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")
    with desk.gradebook() as gradebook:
        gradebook.update_or_create_assignment(TINY, duedate="2026-01-01 12:00:00 UTC")
    desk.submit("s1", stamp="2026-01-01 14:30:00 UTC")
    desk.record(made("s1"))
    row = exported(desk, tmp_path / "grades.csv")["s1"]
    assert (row["auto_total"], row["late_penalty"], row["total"], row["late_hours"]) == ("10", "10", "0", "2.5")


def test_names_are_quoted_and_are_no_formulas(desk, made, tmp_path):
    desk.submit("s1")
    desk.record(made("s1"))
    with desk.gradebook() as gradebook:
        gradebook.update_or_create_student("s1", first_name='=HYPERLINK("http://x","y")', last_name="Zoë,\nO'Hara")
    path = tmp_path / "grades.csv"
    assert exported(desk, path)["s1"]["name"] == '\'=HYPERLINK("http://x","y") Zoë,\nO\'Hara'
    assert '"\'=HYPERLINK(""http://x"",""y"") Zoë,\nO\'Hara"' in path.read_bytes().decode("utf-8")


def test_status_tells_missing_unreadable_and_failed_apart(desk, made, tmp_path):
    unreadable = made("s1", 0.0, 0.0, status="unreadable", reason="not JSON")
    failed = made("s2", status="failed", exercises=[], reason="the grader died")
    for result in (unreadable, failed):
        result.write(desk.course.result(result.student, TINY))
    desk.record(unreadable, failed)
    with desk.gradebook() as gradebook:
        gradebook.add_student("s3")
    rows = exported(desk, tmp_path / "grades.csv")
    assert {student: row["status"] for student, row in rows.items()} == {
        "s1": "unreadable",
        "s2": "failed",
        "s3": "missing",
    }
    assert (rows["s1"]["total"], rows["s1"]["why"]) == ("0", "0")
    assert (rows["s2"]["total"], rows["s2"]["double"]) == ("", "")
    assert rows["s3"]["total"] == ""


def test_an_assignment_that_was_not_built_is_a_sentence(desk, tmp_path):
    with pytest.raises(NotBuilt, match="a1_other was not built"):
        export_csv(desk.course, "a1_other", tmp_path / "grades.csv")
