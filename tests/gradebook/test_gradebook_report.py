"""The page about the class."""

import re

from autograder.gradebook.report import write_report
from autograder.grading.result import Flag

TINY = "a0_tiny"


def written(desk, *results):
    path = desk.course.root / "report.html"
    write_report(desk.course, TINY, results, path)
    return path.read_text()


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", page)).split())


def test_the_class_is_counted_and_failed_and_unreadable_are_no_zeros_in_the_mean(desk, made):
    unreadable = made("s3", 0.0, 0.0, status="unreadable", reason="not JSON")
    failed = made("s4", 0.0, 0.0, status="failed", reason="the grader died", exercises=[])
    text = text_of(written(desk, made("s2", negate=2.0), made("s1"), unreadable, failed))
    assert "4 submissions 2 graded 1 unreadable 1 failed 8 mean of 10 8 median" in text
    assert "s3 unreadable not JSON The student has 0 points" in text
    assert "s4 failed the grader died The student has no grade. Grade again" in text


def test_each_exercise_has_its_distribution(desk, made):
    page = written(desk, *(made(f"s{i}", negate=float(i)) for i in range(7)))
    assert 'aria-label="negate: 1, 1, 0, 1, 0, 1, 1, 0, 1, 1 students by tenth of the points"' in page
    assert "negate 6 50% 1 1" in text_of(page)


def test_tests_that_failed_most_stand_first_with_what_they_said(desk, made):
    results = [made("s1", 0.0, 0.0), made("s2", 4.0, 0.0), made("s3")]
    results[2].exercises[1].tests[1].outcome = "gated"
    text = text_of(written(desk, *results))
    rows = text.split("Tests that failed most")[1].split("Flags")[0]
    assert "negate of other sizes (3-5) hidden negate 2 of 2 result[0] differs: 3e-1 (2 times)" in rows
    assert rows.index("negate of other sizes") < rows.index("double of other sizes")


def test_mistakes_are_listed_with_who_made_them(desk, made):
    results = [made("s1", negate=0.0), made("s2", negate=0.0), made("s3")]
    for result in results[:2]:
        result.exercises[1].mistake = "forgets_the_sign"
    assert "forgets_the_sign negate 2 s1, s2" in text_of(written(desk, *results))


def test_flags_are_shown_to_the_instructor(desk, made):
    text = text_of(written(desk, made("s1")))
    assert "locked-cell-changed 1 given code differs from the release; the original was used" in text


def test_grading_without_a_sandbox_is_said_at_the_top(desk, made):
    assert "Graded without a sandbox" not in written(desk, made("s1"))
    assert "Graded without a sandbox" in written(desk, made("s1"), made("s2", wall="none"))


def test_what_comes_from_a_submission_is_escaped_and_nothing_is_fetched(desk, made):
    evil = "<script>alert(1)</script><img src=http://evil.example/x.png>\x1b[31m"
    result = made("s1", 0.0, 0.0, flags=[Flag(evil, evil)])
    result.exercises[0].tests[1].message = result.exercises[0].tests[1].name = result.exercises[0].mistake = evil
    page = written(desk, result, made(evil), made("s3", status="unreadable", reason=evil))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page


def test_a_class_of_none_is_a_page_too(desk):
    assert "0 submissions" in text_of(written(desk))
