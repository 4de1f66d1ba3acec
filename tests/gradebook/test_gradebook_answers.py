"""All answers to one question: who is listed, what is shown beside them, and what the gradebook says of them."""

from __future__ import annotations

import pytest

from autograder.gradebook import answers as page

TINY = "a0_tiny"


@pytest.fixture
def graded(desk, made):
    """Three students' work in the gradebook; one has written nothing, one has points and a comment."""
    desk.submit("s1")
    desk.submit("s2", {"why": "**Because** <script>alert(1)</script> $f(0)=0$."})
    desk.submit("s3", {})
    assert all(one.recorded for one in desk.record(made("s1"), made("s2"), made("s3")))
    desk.grade_by_hand("s1", "why", 7.5, "Say *which*.")
    return desk


def test_every_answer_is_there_with_its_points_and_nobody_elses(graded):
    with graded.gradebook() as gradebook:
        found = {one.student: one for one in page.answers(graded.course, gradebook, TINY, "why")}
    assert sorted(found) == ["s1", "s2", "s3"]
    assert sorted(one.number for one in found.values()) == [1, 2, 3]
    assert (found["s1"].score, found["s1"].said, found["s1"].waits) == (7.5, "Say *which*.", False)
    assert (found["s2"].score, found["s2"].said, found["s2"].waits) == (None, "", True)
    assert (found["s3"].blank, found["s3"].waits) == (True, False)  # nbgrader gives 0 to what was left as it was
    assert "svg" in found["s2"].html
    assert "<script" not in found["s2"].html


def test_a_question_comes_with_its_text_its_mark_scheme_and_how_many_wait(graded):
    with graded.gradebook() as gradebook:
        (question,) = page.questions(graded.course, gradebook)
    assert (question.assignment, question.name, question.points) == (TINY, "why", 10)
    assert (question.answers, question.waiting) == (3, 1)
    assert "Why is doubling" in question.html
    assert "Since f(a + b)" in question.scheme
    assert "BEGIN SOLUTION" not in question.scheme
