"""The class in the gradebook: names are there before and after grading, and who is absent is missing, once."""

from __future__ import annotations

import csv

from autograder.course.paths import Course
from autograder.course.roster import read_roster, write_roster
from autograder.gradebook.export import export_csv
from autograder.gradebook.report import write_report
from autograder.gradebook.students import enrol

TINY = "a0_tiny"
ROSTER = 'ID,Student,Email\ns1,"Müller, José",j@uni.edu\na.b+c@uni.edu,山田太郎,\n"o\'brien",Ann O\'Brien,\n'


def test_names_go_into_the_gradebook_and_the_absent_are_missing(desk, made, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(ROSTER)
    roster = read_roster(path)
    desk.submit("s1")
    desk.submit("foreign")
    assert enrol(desk.course, roster)
    desk.record(made("s1"), roster=roster.accepted())
    made("foreign", status="unreadable", reason="this student is not on the roster").write(
        desk.course.result("foreign", TINY)
    )
    with desk.gradebook() as gradebook:
        names = {row.id: (row.first_name, row.last_name, row.email) for row in gradebook.students}
    assert names["s1"] == ("José", "Müller", "j@uni.edu")
    assert set(names) == {"s1", "a.b-c@uni.edu", "o'brien"}
    export_csv(desk.course, TINY, tmp_path / "grades.csv")
    rows = list(csv.DictReader((tmp_path / "grades.csv").read_text().splitlines()))
    assert [(row["student"], row["name"], row["status"]) for row in rows] == [
        ("a.b-c@uni.edu", "山田太郎", "missing"), ("foreign", "", "unreadable"), ("o'brien", "Ann O'Brien", "missing"),
        ("s1", "José Müller", "to grade"),
    ]  # fmt: skip


def test_the_report_lists_the_absent_of_the_roster_or_else_of_the_gradebook(desk, made, tmp_path):
    path, page = tmp_path / "export.csv", tmp_path / "report.html"
    path.write_text(ROSTER)
    roster = read_roster(path)
    write_report(desk.course, TINY, [made("s1")], page)
    assert "without a result" not in page.read_text()
    enrol(desk.course, roster)
    for _ in ("gradebook", "roster"):
        write_report(desk.course, TINY, [made("s1")], page)
        text = page.read_text()
        assert "2 of the class without a result" in text
        assert '<span class="mono">a.b-c@uni.edu</span> 山田太郎' in text
        assert '<span class="mono">o&#39;brien</span> Ann O&#39;Brien' in text
        write_roster(desk.course, roster)


def test_what_the_roster_does_not_say_stays_and_nobody_goes(desk, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(ROSTER)
    enrol(desk.course, read_roster(path))
    path.write_text("id,name\ns1,\ns9,New One\n")
    enrol(desk.course, read_roster(path))
    with desk.gradebook() as gradebook:
        assert gradebook.find_student("s1").last_name == "Müller"
        assert gradebook.find_student("s9").first_name == "New"
        assert len(gradebook.students) == 4


def test_a_course_without_a_gradebook_has_nothing_to_write_into(tmp_path):
    course = Course(tmp_path / "course")
    course.create()
    path = tmp_path / "export.csv"
    path.write_text(ROSTER)
    assert not enrol(course, read_roster(path))
    write_roster(course, read_roster(path))
    assert not course.gradebook.exists()
