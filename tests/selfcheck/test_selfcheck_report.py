"""How results look."""

import json
import re

from selfcheck.folder import GradedCell
from selfcheck.record import Record
from selfcheck.report import CheckReport, Problem, ProgressReport

NASTY = "</pre><script>alert('x')</script> & more"


def record(name="test_a_law_holds", outcome="passed", message="", **more):
    return Record(name, "e", "visible", outcome, 1.0, message, **more)


def test_the_failing_stand_first_and_the_same_message_is_not_repeated():
    tests = [
        record("test_a"),
        record("test_b", "gated", "not run yet: a test that comes first has not passed"),
        record("test_c", "error", "ValueError: no"),
        record("test_d", "error", "ValueError: no"),
        record("test_e", "failed", "h is a list"),
    ]
    assert CheckReport("e", tests).rows() == [
        ("failed", "e", "h is a list"),
        ("raised", "c", "ValueError: no"),
        ("raised", "d", "the same message as above"),
        ("not run", "b", "a test that comes first has not passed"),
        ("passed", "a", ""),
    ]


def test_passing_says_that_the_visible_tests_passed_and_that_there_are_others():
    report = CheckReport("e", [record()])
    assert report.passed
    assert repr(report).splitlines() == [
        "e: the visible tests passed",
        "  passed      a law holds",
        "The grade also counts hidden tests on other inputs.",
    ]


def test_hidden_tests_are_not_spoken_of_where_no_points_can_be_earned(toy):
    report = CheckReport("e", [record()], graded=False)
    assert "hidden" not in report.text() + report.html()
    content = json.loads(toy.notebook.read_text())
    for cell in content["cells"]:
        if cell["id"] == "total":
            cell["metadata"]["nbgrader"]["points"] = 0
    toy.notebook.write_text(json.dumps(content))
    assert "hidden" not in toy.run("-m", "selfcheck", "toy.ipynb", "total").stdout
    assert "hidden" in toy.run("-m", "selfcheck", "toy.ipynb").stdout


def test_text_of_a_student_is_shown_and_never_run():
    failed = record(outcome="failed", message=NASTY, output=NASTY)
    for report in (CheckReport("e", [failed], [NASTY]), Problem(NASTY)):
        assert "<script" not in report._repr_html_()
        assert "&lt;script&gt;" in report._repr_html_()
        assert NASTY in repr(report)


def test_each_colour_reads_on_its_ground():
    page = CheckReport("e", [record(outcome=o, message="m") for o in ("passed", "failed", "gated")])._repr_html_()
    grounds = set(re.findall(r"background:(#\w{6});color:#ffffff", page))
    assert len(grounds) == 3
    for ground in grounds:
        r, g, b = (int(ground[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG's contrast of white on it
    others = re.findall(r"(?<![-\w])color:([^;\"]+)", page)
    assert set(others) == {"#ffffff", "inherit"}


def test_reports_are_shown_as_html_and_as_text():
    report = CheckReport("e", [record()])
    assert report._repr_mimebundle_() == {"text/plain": repr(report), "text/html": report._repr_html_()}
    assert not ProgressReport([], []).passed
    report = ProgressReport([], [], ["step", "total"])
    assert 'Hidden tests may see more: check("step") and check("total") show what still differs.' in report.text()


def test_what_is_without_points_takes_no_time_from_the_rest():
    cells = [GradedCell("e", 8, False), GradedCell("more", 0, False)]
    report = ProgressReport(cells, [record()], minutes={"e": 10, "more": 30})
    assert report.left == 0
    assert report.passed
    assert report.rows == [("e", "1 of 1", "8 of 8"), ("more", "0 of 0", "without points")]
