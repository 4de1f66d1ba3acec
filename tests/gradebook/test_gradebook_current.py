"""What has not changed is not done again."""

from __future__ import annotations

import shutil

import pytest

from autograder.gradebook import feedback, gradebook

from .conftest import ASSIGNMENT as TINY


@pytest.fixture
def done(monkeypatch):
    """The students whose results were written into the gradebook, and whose pages were made."""
    noted: dict[str, list[str]] = {"recorded": [], "shown": []}
    record_one = gradebook._recorded

    def noting(write, result, *others):
        noted["recorded"].append(result.student)
        return record_one(write, result, *others)

    class Noting(feedback._Feedback):
        def convert_chosen(self):
            noted["shown"] += self.chosen.values()
            return super().convert_chosen()

    monkeypatch.setattr(gradebook, "_recorded", noting)
    monkeypatch.setattr(feedback, "_Feedback", Noting)
    return noted


def run(desk, done, *results):
    """Record and show; who was worked on."""
    for students in done.values():
        students.clear()
    assert all(one.recorded for one in desk.record(*results))
    pages = feedback.write_feedback(desk.course, TINY)
    assert [path.parts[-3] for path in pages] == sorted(result.student for result in results)
    return sorted(done["recorded"]), sorted(done["shown"])


def test_who_has_not_changed_is_left_alone(desk, made, done, monkeypatch):
    monkeypatch.setattr(gradebook, "_TOGETHER", 2)
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
