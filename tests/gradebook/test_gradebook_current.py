"""What has not changed is not done again; and what is read once comes to the same rows as nbgrader's own way."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, nullcontext

import pytest

from autograder.course.paths import Course
from autograder.gradebook import feedback, gradebook

from .conftest import ASSIGNMENT as TINY
from .conftest import Desk


@pytest.fixture
def done(monkeypatch):
    """The students whose results were passed through nbgrader's converter, and whose pages were made."""
    noted: dict[str, list[str]] = {"recorded": [], "shown": []}
    for module, name, kind in ((gradebook, "_Recorder", "recorded"), (feedback, "_Feedback", "shown")):

        class Noting(getattr(module, name)):
            kind_of_work = kind

            def convert_chosen(self):
                noted[self.kind_of_work] += self.chosen.values()
                return super().convert_chosen()

        monkeypatch.setattr(module, name, Noting)
    return noted


def run(desk, done, *results):
    """Record and show; who was worked on."""
    for students in done.values():
        students.clear()
    assert all(one.recorded for one in desk.record(*results))
    pages = feedback.write_feedback(desk.course, TINY)
    assert [path.parts[-3] for path in pages] == sorted(result.student for result in results)
    return sorted(done["recorded"]), sorted(done["shown"])


def test_who_has_not_changed_is_left_alone(desk, made, done):
    for student in ("s1", "s2", "s3"):
        desk.submit(student)
    results = [made("s1"), made("s2"), made("s3", negate=2.0)]
    everyone = ["s1", "s2", "s3"]
    assert run(desk, done, *results) == (everyone, everyone)
    pages = {student: desk.page(student) for student in everyone}
    assert run(desk, done, *results) == ([], [])
    assert {student: desk.page(student) for student in everyone} == pages
    assert run(desk, done, made("s1"), made("s2", double=1.0), results[2]) == (["s2"], ["s2"])
    assert desk.grades("s2")["double"] == 1.0


def hand_in_another(desk):
    desk.submit("s1", {"why": "Another answer."})


def hand_in_late(desk):
    desk.submit("s1", stamp="2026-01-01 14:00:00 UTC")


def set_a_date(desk):
    with desk.gradebook() as opened:
        opened.update_or_create_assignment(TINY, duedate="2026-01-01 12:00:00 UTC")


def change_a_grade(desk):
    with desk.gradebook() as opened:
        opened.find_grade("double", TINY, TINY, "s1").auto_score = 0.5
        opened.db.commit()


def take_the_row_away(desk):
    with desk.gradebook() as opened:
        opened.remove_submission(TINY, "s1")


def take_the_notebook_away(desk):
    shutil.rmtree(desk.course.autograded / "s1")


def configure(desk):
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")


def forget(desk):
    (desk.course.results / TINY / "recorded.log").write_text("not a log")


CHANGES = (
    *(hand_in_another, hand_in_late, set_a_date, change_a_grade, take_the_row_away, take_the_notebook_away),
    *(configure, forget),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_a_grade_is_made_from_or_is_makes_it_anew(desk, made, done, change):
    desk.submit("s1")
    run(desk, done, made("s1"))
    change(desk)
    assert run(desk, done, made("s1"))[0] == ["s1"]
    assert desk.grades("s1") == {"double": 4.0, "negate": 6.0, "why": None}
    assert run(desk, done, made("s1")) == ([], [])


def test_a_grade_by_hand_changes_the_page(desk, made, done):
    desk.submit("s1")
    run(desk, done, made("s1"))
    desk.grade_by_hand("s1", "why", 7.5, "Good.")
    assert run(desk, done, made("s1"))[1] == ["s1"]
    assert "Good." in desk.page("s1")
    (desk.course.feedback / "s1" / TINY / f"{TINY}.html").unlink()
    assert run(desk, done, made("s1")) == ([], ["s1"])


def rows(course):
    """All rows of a gradebook; an id that chance has made is replaced by what it stands for."""
    with closing(sqlite3.connect(course.gradebook)) as opened:
        tables = [name for (name,) in opened.execute("select name from sqlite_master where type='table'")]
        content = {table: [list(row) for row in opened.execute(f"select * from {table}")] for table in tables}
    names: dict[str, str] = {}
    for table in ("assignment", "notebook", "base_cell", "submitted_assignment", "submitted_notebook"):
        for row in content.get(table, []):
            names[row[0]] = f"{table} {[names.get(value, value) for value in row[1:]]}"
    return {
        table: sorted(
            repr([names.get(value, value) for value in row[table in ("grade", "comment") :]]) for row in found
        )
        for table, found in content.items()
    }


def test_the_rows_and_the_notebooks_are_those_of_nbgraders_own_gradebook(desk, made, tmp_path, monkeypatch):
    with desk.gradebook() as opened:
        opened.update_or_create_assignment(TINY, duedate="2026-01-01 12:00:00 UTC")
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")
    desk.submit("s1")
    desk.submit("late", stamp="2026-01-01 14:00:00 UTC")
    desk.submit("untouched", {})
    desk.submit("unreadable").write_text("no notebook")
    desk.submit("foreign", change=lambda data: data["cells"].pop(2))
    shutil.copytree(desk.course.root, tmp_path / "other" / desk.course.root.name)
    other = Desk(Course(tmp_path / "other" / desk.course.root.name), desk.repository)
    config = other.course.config_file
    config.write_text(config.read_text().replace(str(desk.course.root), str(other.course.root)))
    unreadable = made("unreadable", 0.0, 0.0, status="unreadable", reason="the file is not JSON")
    first = [made("s1"), made("late", negate=2.5), made("untouched", 0.0, 0.0), made("foreign"), unreadable]
    again = [made("s1", double=1.0), made("late"), made("untouched"), made("foreign"), unreadable]
    for results in (first, again):
        desk.record(*results)
        with monkeypatch.context() as stock:
            stock.setattr(gradebook, "read_once", nullcontext)
            other.record(*results)
        assert rows(desk.course) == rows(other.course)
        assert len(rows(desk.course)["grade"]) == 15
        for student in (result.student for result in results):
            assert desk.autograded(student) == other.autograded(student)
        for one in (desk, other):
            one.grade_by_hand("s1", "why", 7.5, "Good.")
