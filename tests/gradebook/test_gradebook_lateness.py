"""Lateness as course.toml says: in the gradebook, in the export, under nbgrader's own command, and always together."""

from __future__ import annotations

import csv
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder.course.policies import NAME
from autograder.gradebook.export import export_csv
from autograder.gradebook.feedback import write_feedback

TINY = "a0_tiny"
RULES = """
timezone = "Europe/Berlin"
[late]
grace = "10 minutes"
penalty_percent_per_day = 10
penalty_cap_percent = 40
[assignments.a0_tiny]
due = "2026-10-06 13:30"
[assignments.a0_tiny.extensions]
extended = "2 days"
"""


@pytest.fixture
def late(desk, tmp_path):
    """Set the rules, and export: rows by student."""

    def rules(text=RULES):
        (desk.course.root / NAME).write_text(text)

    def exported():
        late.remarks = export_csv(desk.course, TINY, tmp_path / "grades.csv")
        rows = csv.DictReader((tmp_path / "grades.csv").read_text().splitlines())
        return {row["student"]: (row["late_hours"], row["late_penalty"], row["total"]) for row in rows}

    late = exported
    exported.rules = rules
    rules()
    return exported


def test_a_penalty_is_per_day_with_grace_cap_and_extension(desk, made, late):
    stamps = {
        "early": "2026-10-06 13:00:00 +0200",  # nbgrader takes +0200 for 200 seconds, and this for late
        "grace": "2026-10-06 11:39:00.000000 UTC",
        "hour": "2026-10-06 14:30",
        "days": "2026-10-08 13:30:01 Europe/Berlin",
        "extended": "2026-10-08 13:30 Europe/Berlin",
        "weeks": "2026-11-30 12:00:00 CET",
        "unknown": "2026-12-06 13:30:00 PST",
        "none": "",
    }
    for student, stamp in stamps.items():
        desk.submit(student, stamp=stamp)
    desk.record(*(made(student) for student in stamps))
    expected = {
        "early": ("", "0", "10"), "grace": ("0.15", "0", "10"), "hour": ("1", "1", "9"), "days": ("48", "3", "7"),
        "extended": ("", "0", "10"), "unknown": ("", "0", "10"), "none": ("", "0", "10"),
    }  # fmt: skip
    rows = late()
    assert {student: rows[student] for student in expected} == expected
    assert rows["weeks"][1:] == ("4", "6")
    assert len(late.remarks) == 1
    assert late.remarks[0].startswith('unknown: timestamp.txt: "2026-12-06 13:30:00 PST": "PST" is not one time zone')
    assert late.remarks[0].endswith("counts as on time")


def test_an_extension_over_a_change_of_the_clocks_ends_when_it_says(desk, made, late):
    late.rules(RULES.replace('extended = "2 days"', 'extended = "2026-10-25 12:00"\nweeks = "19 days"'))
    stamps = {"extended": "2026-10-25 11:30", "weeks": "2026-10-25 12:30"}
    for student, stamp in stamps.items():
        desk.submit(student, stamp=stamp)
    desk.record(*map(made, stamps))
    rows = late()
    assert [rows[student] for student in stamps] == [("", "0", "10"), ("", "0", "10")]


def test_the_gradebook_has_them_before_anything_is_exported(desk, made):
    (desk.course.root / NAME).write_text(RULES)
    desk.submit("hour", stamp="2026-10-06 14:30")
    desk.submit("extended", stamp="2026-10-08 13:00")
    desk.record(made("hour"), made("extended"))
    with desk.gradebook() as gradebook:
        found = {
            s.student_id: (s.total_seconds_late, s.late_submission_penalty)
            for s in gradebook.assignment_submissions(TINY)
        }
        assert gradebook.find_submission(TINY, "extended").extension == timedelta(days=2)
    assert found == {"hour": (3600.0, 1.0), "extended": (0, 0.0)}


def test_the_penalty_belongs_to_the_lateness_beside_it_after_any_change(desk, made, late):
    folder = desk.submit("s1", stamp="2026-10-06 14:30").parent
    desk.record(made("s1"))
    assert late()["s1"] == ("1", "1", "9")
    late.rules(RULES.replace("13:30", "14:30"))
    assert late()["s1"] == ("", "0", "10")
    late.rules(RULES.replace("= 10\n", "= 25\n"))
    assert late()["s1"] == ("1", "2.5", "7.5")
    (folder / "timestamp.txt").write_text("2026-10-07 14:30")
    assert late()["s1"] == ("25", "4", "6")
    late.rules(RULES.replace("extended", "s1"))
    assert late()["s1"] == ("", "0", "10")
    late.rules(RULES)
    assert late()["s1"] == ("25", "2", "8")
    assert late.remarks == ["s1: the extension of 2 days in the gradebook is not in course.toml: it ended"]
    (folder / "timestamp.txt").unlink()  # what has no time is on time
    assert late()["s1"] == ("", "0", "10")


def test_points_given_by_a_person_count_for_a_percentage(desk, made, late):
    desk.submit("s1", stamp="2026-10-06 14:30")
    desk.record(made("s1"))
    desk.grade_by_hand("s1", "why", 10.0)
    assert late()["s1"] == ("1", "2", "18")


def test_a_page_says_the_penalty_that_an_export_says_after_a_person_gave_points(desk, made, late):
    desk.submit("s1", stamp="2026-10-06 14:30")
    desk.record(made("s1"))
    write_feedback(desk.course, TINY)
    desk.grade_by_hand("s1", "why", 10.0)
    write_feedback(desk.course, TINY)  # nothing was exported since
    assert ">18 <small>" in desk.page("s1")
    assert "&minus;2</td>" in desk.page("s1")
    desk.grade_by_hand("s1", "why", 5.0)
    config = PyFileConfigLoader(desk.course.config_file.name, path=str(desk.course.root)).load_config()
    assert NbGraderAPI(config=config).generate_feedback(TINY, "s1", force=True)["success"]
    assert ">13.5 <small>" in desk.page("s1")
    assert late()["s1"] == ("1", "1.5", "13.5")


def test_nbgraders_own_command_gives_the_same(desk, made, late, monkeypatch):
    desk.submit("s1", stamp="2026-10-06 14:30:00 +0200")
    desk.record(made("s1"))
    monkeypatch.setattr("autograder.gradebook.gradebook.grade_one", lambda *arguments: made("s1"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    config = PyFileConfigLoader(desk.course.config_file.name, path=str(desk.course.root)).load_config()
    answer = NbGraderAPI(config=config).autograde(TINY, "s1", force=True)
    assert answer["success"], answer
    with desk.gradebook() as gradebook:
        submission = gradebook.find_submission(TINY, "s1")
        assert (submission.total_seconds_late, submission.late_submission_penalty) == (3600.0, 1.0)
    desk.submit("s1", stamp="2026-10-09 14:30:00 PST")
    assert NbGraderAPI(config=config).autograde(TINY, "s1", force=True)["success"]
    with desk.gradebook() as gradebook:
        submission = gradebook.find_submission(TINY, "s1")
        assert (submission.timestamp, submission.late_submission_penalty) == (None, 0.0)


def test_without_a_due_time_nbgraders_own_rule_and_dates_count(desk, made, late):
    late.rules('timezone = "Europe/Berlin"\n[late]\npenalty_percent_per_day = 100')
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")
    with desk.gradebook() as gradebook:
        gradebook.update_or_create_assignment(TINY, duedate="2026-10-06 11:30:00 UTC")
    desk.submit("s1", stamp="2026-10-06 13:00")
    desk.submit("s2", stamp="2026-10-06 15:30")
    desk.record(made("s1"), made("s2"))
    assert late() == {"s1": ("", "0", "10"), "s2": ("2", "10", "0")}


def shown(desk):
    write_feedback(desk.course, TINY)
    page = desk.page("s1")
    return "of other sizes" in page, "takes a float" in page, page


def test_feedback_shows_the_tests_that_the_course_shows(desk, made, late):
    desk.submit("s1")
    first = made("s1", negate=1.0)
    desk.record(first)
    first.write(desk.course.result("s1", TINY))
    assert shown(desk)[:2] == (True, True)
    late.rules('[feedback]\nhidden_tests = "never"')
    hidden, visible, page = shown(desk)
    assert (hidden, visible) == (False, True)
    assert "1 of 1 tests shown here passed" in page
    assert "1 test is not shown." in page
    assert "1 of 6 points" in page
    assert "result[0] differs" not in page
    late.rules('[feedback]\nhidden_tests = "after due"\n[assignments.a0_tiny]\ndue = "2100-01-01 00:00"')
    assert shown(desk)[:2] == (False, True)
    late.rules('[feedback]\nhidden_tests = "after due"\n[assignments.a0_tiny]\ndue = "2020-01-01 00:00"')
    assert shown(desk)[:2] == (True, True)
    late.rules('[feedback]\nhidden_tests = "never"\nvisible_tests = "never"')
    assert shown(desk)[:2] == (False, False)
    late.rules('[feedback]\nhidden_tests = "never"')
    desk.course.result("s1", TINY).unlink()
    assert shown(desk)[:2] == (False, False)
