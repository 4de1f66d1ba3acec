"""The page about the class."""

import re

from autograder.gradebook.report import write_report
from autograder.grading.result import ExerciseResult, Flag, TestResult

TINY = "a0_tiny"


def written(desk, *results):
    path = desk.course.root / "report.html"
    write_report(desk.course, TINY, results, path)
    return path.read_text()


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(style|script)>.*?</\1>", "", page)).split())


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
    assert "negate 6 50% 1 1 –" in text_of(page)


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
    assert "forgets the sign forgets_the_sign negate 2 s1, s2" in text_of(written(desk, *results))


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
    assert page.count("<script") == 1  # what sorts tables; the page's policy lets nothing else run
    assert re.search(r"script-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;", page)
    assert "<img" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page


def test_a_class_of_none_is_a_page_too(desk):
    assert "0 submissions" in text_of(written(desk))


def test_an_exercise_whose_points_agree_with_the_others_discriminates_and_its_opposite_is_pointed_at(desk, made):
    agreeing = [made(f"s{i}", double=float(i), negate=float(i)) for i in range(5)]
    assert "negate 6 33% 0 1 1 " in text_of(written(desk, *agreeing))
    opposite = [made(f"s{i}", double=4.0 - i, negate=float(i)) for i in range(5)]
    text = text_of(written(desk, *opposite))
    assert re.search("negate 6 33% 0 1 -1 .*those who are good elsewhere fail here", text)
    assert "negate 6 25% 0 1 –" in text_of(written(desk, *agreeing[:4]))  # too few to say


def test_names_missing_students_and_time_outs_are_shown(desk, made):
    with desk.gradebook() as gradebook:
        gradebook.add_student("s1", first_name="José", last_name="Müller")
        gradebook.add_student("s9", first_name="太郎", last_name="山田")
    slow = made("s1", negate=0.0)
    slow.exercises[1].tests[1].outcome = "timeout"
    text = text_of(written(desk, slow, made("s2")))
    assert "s1 José Müller out of time negate Open the appeal view" in text
    assert "Missing 1 of the class without a result s9 太郎 山田" in text
    assert text.count("山田") == 1


def test_somebody_who_is_not_on_the_roster_is_not_told_to_have_no_points(desk, made):
    left = made("s1", 0.0, 0.0, status="unreadable", reason="this student is not on the roster")
    text = text_of(written(desk, left, made("s2", 0.0, 0.0, status="unreadable", reason="not JSON")))
    assert "s1 unreadable this student is not on the roster Nothing in the gradebook was changed." in text
    assert re.search("s1 unreadable – .*s2 unreadable 0 ", text)


def test_a_cell_that_was_left_out_is_not_called_out_of_time(desk, made):
    crashed = made("s1", flags=[Flag("cell-left-out", "own-3: the process ended while the cell ran")])
    text = text_of(written(desk, crashed))
    assert "s1 cell left out own-3: the process ended while the cell ran A cell took too long or ended" in text
    assert "out of time" not in text


def test_an_exercise_without_points_keeps_no_other_from_discriminating_and_is_named_apart(desk, made):
    results = [made(f"s{i}", double=float(i), negate=float(i)) for i in range(5)]
    for place, result in enumerate(results):
        test = TestResult("test_more_is_float", "visible", "passed" if place < 2 else "error", 0, 0, "not started")
        result.exercises.append(ExerciseResult("extra", 0.0, 0.0, None, [test]))
    text = text_of(written(desk, *results))
    assert "negate 6 33% 0 1 1 " in text
    assert "Without points, for those who want more: extra , solved by 2 of 5." in text
    assert text.count("extra") == 1
    assert "not started" not in text


def test_tests_that_nobody_or_everybody_passes_are_listed(desk, made):
    text = text_of(written(desk, made("s1", negate=0.0), made("s2", negate=0.0)))
    assert "Nobody passes: 1 test negate : negate of other sizes (3-5)" in text
    assert "Everybody passes: 3 tests" in text
