"""Own numbers on the pages of graders and students: each shows what this student was asked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from traitlets.config import Config

from autograder.course import notebook as cells
from autograder.course.variants import Asked, numbers_text, record, write_record
from autograder.gradebook import answers, current, drawer, feedback
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.formgrader import ForGraders

TINY = "a0_tiny"
OWN = f'[assignments.{TINY}]\ndue = "%s"\n[assignments.{TINY}.written]\nnumbers = "own"\n'
PAST, COMING = "2001-01-01 12:00", "2999-01-01 12:00"


def asked(number):
    return Asked({"N": number}, f"Take $N = {number}$ rows.", f"It is {number * 7}.", f"2 points for {number * 7}.")


@pytest.fixture
def told(desk, made):
    """Two students' work, graded; each was told own numbers."""
    write_record(record(desk.course, TINY), {"s1": {"why": asked(11)}, "s2": {"why": asked(23)}})
    rules(desk, COMING)
    for student in ("s1", "s2"):
        desk.submit(student)
    assert all(one.recorded for one in desk.record(made("s1"), made("s2")))
    return desk


def rules(desk, due):
    (desk.course.root / "course.toml").write_text(OWN % due)


def all_answers(desk):
    with desk.gradebook() as gradebook:
        return {one.student: one for one in answers.answers(desk.course, gradebook, TINY, "why")}


def for_graders(desk, student):
    config = Config({"CourseDirectory": {"root": str(desk.course.root)}})
    resources = {"submission_id": "x", "assignment_id": TINY, "student": student}
    shown, _ = ForGraders(config=config).preprocess(desk.autograded(student), resources)
    return shown


def test_beside_each_answer_stands_what_was_asked_and_what_is_expected(told):
    found = all_answers(told)
    for student, own, other in (("s1", 11, 23), ("s2", 23, 11)):
        text = re.sub(r"<svg.*?</svg>", "", found[student].own)
        assert f"It is {own * 7}." in text
        assert f"2 points for {own * 7}." in text
        assert f"N = {own}" in found[student].own  # of the formula
        assert f"{other * 7}" not in text


def test_what_is_worth_the_same_for_all_stands_once_beside_the_mark_scheme(told):
    def schemes():
        with told.gradebook() as gradebook:
            return [one.scheme for one in answers.questions(told.course, gradebook)]

    assert "Own numbers" not in schemes()[0]
    same = {student: {"why": replace(asked(11), marks="2 points.")} for student in ("s1", "s2")}
    write_record(record(told.course, TINY), same)
    assert "<strong>Own numbers.</strong> 2 points." in schemes()[0]
    assert not any("2 points." in one.own for one in all_answers(told).values())


def test_formgrader_shows_them_in_front_of_the_mark_scheme(told):
    shown = for_graders(told, "s2")
    (scheme,) = (cell.source for cell in shown.cells if cell.id == "mark-scheme-why")
    assert scheme.index("It is 161.") < scheme.index("Since f(a + b)")
    assert "$N = 23$" in scheme
    assert "77" not in scheme


def test_the_cell_of_a_students_own_zip_is_no_answer(told, made):
    def with_cell(text):
        def change(data):
            place = next(n for n, cell in enumerate(data["cells"]) if cell["id"] == "why-question")
            data["cells"].insert(place + 1, dict(cells.prose(text, "why-numbers")))

        return change

    told.submit("s1", change=with_cell(numbers_text(asked(11))))
    told.submit("s2", change=with_cell("It is mine."))
    told.record(made("s1"), made("s2"))
    write_feedback(told.course, TINY)
    assert "A cell of your own" not in told.page("s1")
    assert "A cell of your own" in told.page("s2")
    assert numbers_text(asked(11)) not in [cell.source for cell in for_graders(told, "s1").cells]
    assert "It is mine." in [cell.source for cell in for_graders(told, "s2").cells]


def test_feedback_says_the_numbers_and_when_nobody_can_hand_in_the_answer(told):
    write_feedback(told.course, TINY)
    markdown = told.course.feedback / "s1" / TINY / f"{TINY}.md"
    assert "Your own numbers" in told.page("s1")
    assert "It is 77." not in told.page("s1") + markdown.read_text()
    rules(told, PAST)
    write_feedback(told.course, TINY)
    for text in (told.page("s1"), markdown.read_text()):
        assert "It is 77." in text
        assert "2 points for" not in text  # marks are for graders
        assert "It is 161." not in text
    assert "$N = 11$" in markdown.read_text()


def test_a_page_is_made_anew_when_the_last_students_time_is_over(told, monkeypatch):
    rules(told, "2030-01-01 12:00")
    for year, shown in ((2029, False), (2031, True)):

        class Then(datetime):
            @classmethod
            def now(cls, zone=None, year=year):
                return datetime(year, 1, 1, tzinfo=UTC)

        for module in (current, feedback):
            monkeypatch.setattr(module, "datetime", Then)
        write_feedback(told.course, TINY)
        assert ("It is 77." in told.page("s1")) == shown


def test_a_page_is_made_anew_when_what_was_asked_has_changed(told):
    write_feedback(told.course, TINY)
    assert "N = 12" not in told.page("s1")
    write_record(record(told.course, TINY), {"s1": {"why": asked(12)}})
    write_feedback(told.course, TINY)
    assert "N = 12" in told.page("s1")


def test_without_the_rule_no_page_speaks_of_numbers(told):
    (told.course.root / "course.toml").unlink()
    write_feedback(told.course, TINY)
    assert "own numbers" not in told.page("s1")
    assert [one.own for one in all_answers(told).values()] == ["", ""]
    assert "Asked of" not in "".join(cell.source for cell in for_graders(told, "s1").cells)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("variants/a0_tiny/asked.json", '{"s1": {"why": {}}}', "asked.json is damaged"),
        ("course.toml", 'timezone = "PST"', "is not one time zone"),
    ],
)
def test_what_cannot_be_read_is_told_on_pages_that_come_anyway(told, name, text, says):
    (told.course.root / name).write_text(text)
    with told.gradebook() as gradebook:
        (question,) = answers.questions(told.course, gradebook)
    assert says in question.scheme
    assert "Since f(a + b)" in question.scheme
    assert [one.own for one in all_answers(told).values()] == ["", ""]
    (scheme,) = (cell.source for cell in for_graders(told, "s1").cells if cell.id == "mark-scheme-why")
    assert says in scheme
    assert "Since f(a + b)" in scheme


def test_each_answer_and_each_page_has_the_whole_room_of_a_page(told, monkeypatch):
    monkeypatch.setattr(drawer, "LONGEST_PAGE", 500)
    for _ in range(3):
        found = all_answers(told).values()
        assert len(found) == 2
        assert not any("<pre" in one.html + one.own for one in found)
    for _ in range(5):
        with told.gradebook() as gradebook:
            assert not any("<pre" in one.html + one.scheme for one in answers.questions(told.course, gradebook))
    for _ in range(3):
        for_graders(told, "s1")
        assert "<pre" not in feedback.shown_comment("x" * 400)
