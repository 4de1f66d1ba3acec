"""Formgrader in a real browser: a written answer is graded beside its mark scheme, and the grade goes all the way."""

from __future__ import annotations

import csv
import shutil

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from autograder.course import notebook as cells
from autograder.gradebook.export import export_csv
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.formgrader import ALL_ANSWERS
from autograder.gradebook.gradebook import record
from autograder.gradebook.report import write_report
from autograder.grading.batch import grade_stream
from autograder.grading.options import Options
from autograder.grading.result import Result
from sample import NAME, build_sample

WIDE = "|" + "a wide column|" * 30 + "\n" + "|---" * 30 + "|\n" + "|1234567.123" * 30 + "|"
ANSWER = f"Because $h_t = W h_{{t-1}}$, and so on.\n\n{'x' * 2000}\n\n{WIDE}"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of two students, graded, whose written answers wait."""
    repository, course = build_sample(tmp_path_factory.mktemp("formgrader"))
    for student in ("ada", "bo"):
        notebook = cells.read(course.source_notebook(NAME))
        cells.find(notebook, "why").source = ANSWER
        cells.write(course.submission(student, NAME), notebook)
    results = list(grade_stream(course, repository, NAME, Options(jobs=1)))
    assert all(one.recorded for one in record(course, repository, NAME, results))
    yield course
    shutil.rmtree(course.root)


def test_points_and_a_comment_given_in_the_browser_are_in_feedback_and_export(page, jupyter_server, course):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    server = jupyter_server(course.root, "--LabApp.default_url=/formgrader")
    page.goto(server.at("formgrader"))
    page.get_by_role("link", name="Manual Grading").click()
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("link", name=NAME).last.click()
    page.get_by_role("link", name="Submission #1").click()

    scheme = page.get_by_text("20 points for because.")
    expect(scheme).to_be_visible()
    assert page.locator("svg.formula").count() == 1  # the answer's formula, drawn without a network
    expect(page.get_by_text("A sample", exact=True)).to_have_count(0)  # the chapter is left out
    page.get_by_text("Show the tests").first.click()  # folded, not only its title
    expect(page.get_by_text("scaled agrees with the reference")).to_be_visible()
    answer = page.locator("div.nbgrader_cell", has=page.locator("#why"))
    assert answer.bounding_box()["y"] < scheme.bounding_box()["y"] < answer.bounding_box()["y"] + 600

    page.locator("#why").fill("17.5")
    page.locator("#why").press("Tab")
    page.locator("#why-comment").fill("State **which** matrix.")
    with page.expect_response(lambda response: "/api/comment/" in response.url and response.ok):
        page.locator("#why-comment").press("Tab")
    expect(page.locator("#why")).to_have_value("17.5")
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []

    write_feedback(course, NAME)
    pages = {student: (course.feedback / student / NAME / f"{NAME}.html").read_text() for student in ("ada", "bo")}
    (graded,) = [student for student, text in pages.items() if "State <strong>which</strong> matrix." in text]
    assert "<b>17.5</b> / 20" in pages[graded]
    assert "20 points for because" not in "".join(pages.values())  # no student reads the mark scheme
    export_csv(course, NAME, course.root / "grades.csv")
    lines = {line["student"]: line for line in csv.DictReader((course.root / "grades.csv").read_text().splitlines())}
    assert (lines[graded]["why"], lines[graded]["status"]) == ("17.5", "graded")
    assert {line["status"] for student, line in lines.items() if student != graded} == {"to grade"}


def test_what_another_grader_has_given_meanwhile_is_replaced_on_request_only(page, jupyter_server, course):
    server = jupyter_server(course.root, *ALL_ANSWERS)
    page.goto(server.at("autograder/answers"))
    page.get_by_role("link", name="why").click()
    answer = page.locator(".answer").first
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:
        gradebook.find_grade_by_id(answer.get_attribute("data-grade")).manual_score = 7
        gradebook.find_comment_by_id(answer.get_attribute("data-comment")).manual_comment = "Good."
        gradebook.db.commit()
    answer.locator(".points").fill("3")
    answer.locator(".comment").fill("Why?")
    answer.locator(".comment").press("Tab")
    expect(answer.locator(".said")).to_contain_text(
        'NOT SAVED: meanwhile another grader has changed the points to "7".'
    )
    expect(answer.locator(".noted")).to_contain_text('changed the comment to "Good."')
    answer.get_by_role("button", name="Save my points instead").click()
    expect(answer.locator(".said")).to_have_text("saved")
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:
        assert gradebook.find_grade_by_id(answer.get_attribute("data-grade")).manual_score == 3
        assert gradebook.find_comment_by_id(answer.get_attribute("data-comment")).manual_comment == "Good."
        gradebook.find_grade_by_id(answer.get_attribute("data-grade")).manual_score = None
        gradebook.find_grade_by_id(answer.get_attribute("data-grade")).needs_manual_grade = True
        gradebook.find_comment_by_id(answer.get_attribute("data-comment")).manual_comment = None
        gradebook.db.commit()


def test_all_answers_to_one_question_are_on_one_page_beside_the_mark_scheme(page, jupyter_server, course):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    server = jupyter_server(course.root, *ALL_ANSWERS)
    page.goto(server.at("autograder/answers"))
    page.get_by_role("link", name="why").click()
    answers = page.locator(".answer")
    expect(answers).to_have_count(2)
    expect(page.get_by_text("20 points for because.")).to_be_in_viewport()
    assert answers.first.locator("svg.formula").count() == 1  # drawn without a network
    expect(page.get_by_text("Ada")).to_be_hidden()

    waiting = page.locator(".answer", has=page.locator(".state.wait")).last
    waiting.locator(".points").fill("21")
    waiting.locator(".points").press("Tab")
    expect(waiting.locator(".said")).to_have_text("NOT SAVED: give 0 to 20 points")
    grade = waiting.get_attribute("data-grade")
    with Gradebook(f"sqlite:///{course.gradebook}", course.root.name) as gradebook:  # another grader, meanwhile
        gradebook.find_grade_by_id(grade).extra_credit = 1.5
        gradebook.db.commit()
    waiting.locator(".points").fill("12.5")
    with page.expect_response(lambda response: "/api/grade/" in response.url and response.ok):
        waiting.locator(".points").press("Tab")
    number = page.locator(".answer", has=page.locator(".points")).evaluate_all(
        "answers => answers.findIndex(one => one.querySelector('.points').value === '12.5')"
    )
    chosen = answers.nth(number)
    expect(chosen.locator(".state")).to_have_text("graded")
    chosen.locator(".comment").fill("Which *term*?")
    with page.expect_response(lambda response: "/api/comment/" in response.url and response.ok):
        chosen.locator(".comment").press("Tab")
    chosen.get_by_role("link", name="notebook").click()  # formgrader has the same points, and links back
    expect(page.locator("#why")).to_have_value("12.5")
    expect(page.locator("#why_extra_credit")).to_have_value("1.5")
    expect(page.locator("#why-comment")).to_have_value("Which *term*?")
    page.get_by_role("link", name="All answers to this question").click()
    expect(page.locator(".answer")).to_have_count(2)
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert rightmost(page) <= 390


def rightmost(page) -> float:
    """Return how far to the right the widest cell, block of code, picture or word that is shown reaches.

    A table in an answer scrolls: of it the frame counts.
    """
    script = """Math.max(...[...document.querySelectorAll('td, th, pre, svg, p')].map(e => {
        const frame = e.closest('.text table') ?? e;
        const scrolled = getComputedStyle(frame).overflowX === 'auto' ? frame.clientWidth : frame.scrollWidth;
        return frame.getBoundingClientRect().left + Math.max(frame.getBoundingClientRect().width, scrolled || 0);
    }))"""
    return page.evaluate(script)


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_cut_at_a_phones_width_and_a_click_sorts_the_class(page, course, width):
    results = [Result.read(path) for path in sorted((course.results / NAME).glob("*.json"))]
    results[0].exercises[0].points = results[0].points = 1.25
    report = course.root / "report.html"
    write_report(course, NAME, results, report)
    (feedback, *_) = write_feedback(course, NAME)
    page.set_viewport_size({"width": width, "height": 800})
    for path in (feedback, report):
        page.goto(f"file://{path}")
        for folded in page.locator("details").all():
            folded.evaluate("element => element.open = true")
        assert rightmost(page) <= width, path
    if width > 1000:
        first = page.locator("table.class tbody tr").first
        page.get_by_role("columnheader", name="Total (80)").click()
        expect(first).to_contain_text("ada")  # who has 1.25 points
        page.get_by_role("columnheader", name="Total (80)").click()
        expect(first).to_contain_text("bo")
