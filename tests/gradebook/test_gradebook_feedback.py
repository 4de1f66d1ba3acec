"""Feedback pages: what a student reads, and what no page may hold."""

import errno
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from pygments.styles import get_style_by_name
from pygments.token import Token

from autograder.course import notebook as cells
from autograder.gradebook import feedback, harmless, meanwhile, shown_tests
from autograder.gradebook.feedback import shown_comment, write_feedback
from autograder.grading.assignment import NotBuilt
from autograder.grading.result import ExerciseResult, TestResult

TINY = "a0_tiny"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Page(HTMLParser):
    """The tags and attributes of a page, as a browser's parser finds them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def fetched(self):
        """Addresses that a browser fetches without being asked."""
        names = ("src", "srcset", "data", "poster", "background", "action", "xlink:href")
        return [v for t, n, v in self.attributes if n in names or (n == "href" and t not in ("a",))]


def page_of(desk, made, answers=None, change=None, result=None):
    desk.submit("s1", answers, change)
    desk.record(result or made("s1"))
    (path,) = write_feedback(desk.course, TINY)
    assert path == desk.course.feedback / "s1" / TINY / f"{TINY}.html"
    return desk.page("s1")


def test_a_page_shows_points_outcomes_messages_and_the_answers(desk, made):
    result = made("s1", negate=1.5)
    result.exercises[1].tests.append(TestResult("test_negate_of_zero", "visible", "gated", 0, 1, ""))
    page = page_of(desk, made, result=result)
    text = re.sub(r"<[^>]*>", "", page)
    assert "1.5 of 6 points, 1 of 3 tests passed" in text
    assert re.search(r"negate of other sizes \(3-5\)\s*hidden\s*result\[0\] differs: 3e-1\s*failed\s*1.5 / 6", text)
    assert "not run: a required test did not pass" in text
    assert re.search(r"return\s*-x", text)
    assert "5.5" in text  # 4 + 1.5: what is graded so far
    assert "of 20 points" in text
    assert "not graded yet" in text


def test_a_part_without_points_has_no_bar_and_no_share(desk, made, monkeypatch):
    row = feedback._row
    free = {"points": 0.0, "score": 0.0, "waiting": True, "percent": 100.0}
    monkeypatch.setattr(feedback, "_row", lambda cell: {**found, **free} if (found := row(cell)) else {})
    page = page_of(desk, made)
    text = re.sub(r"<[^>]*>", " ", page)
    assert re.search(r"negate\s+without points\s+–\s", text)
    assert "0 / 0" not in text
    assert '<rect width="' not in page
    markdown = (desk.course.feedback / "s1" / TINY / f"{TINY}.md").read_text()
    assert "| `negate` | without points |" in markdown


def test_a_page_says_what_a_person_found(desk, made):
    page_of(desk, made)
    desk.grade_by_hand("s1", "why", 7.5, "State the **law** $f(a+b)$.")
    write_feedback(desk.course, TINY, ["s1"])
    page = desk.page("s1")
    assert "<b>7.5</b> / 10" in page
    assert "State the <strong>law</strong>" in page
    assert "not graded yet" not in page


def test_a_page_says_what_is_graded_again_changed_by_a_person_or_extra(desk, made):
    desk.submit("s1")
    desk.record(made("s1"))
    with desk.gradebook() as gradebook:
        gradebook.find_grade("why", TINY, TINY, "s1").extra_credit = 1.5  # without points nbgrader does not count it
        gradebook.db.commit()
    page_of(desk, made)
    markdown = desk.course.feedback / "s1" / TINY / f"{TINY}.md"
    again, changed = "to be graded again", "A person has graded this exercise"
    assert not [text for text in (again, changed, "Extra credit") if text in desk.page("s1") + markdown.read_text()]
    desk.grade_by_hand("s1", "why", 7.5)
    desk.grade_by_hand("s1", "double", 3.0)
    write_feedback(desk.course, TINY)
    for text in (desk.page("s1"), markdown.read_text()):
        assert again not in text
        assert text.count(changed) == 1
        assert "Extra credit, in the total: 1.5." in text
    page_of(desk, made, answers={"why": "Another answer."})
    for text in (desk.page("s1"), markdown.read_text()):
        assert again in text
        assert "until then they keep their points" in text


def test_a_page_shows_the_question_and_leaves_the_chapter_out(desk, made):
    page = page_of(desk, made)
    assert "Why is doubling" in page
    assert "Doubling is" not in page
    assert "import math" not in page
    assert "Since f(a + b)" not in page  # the model answer


def test_a_page_loads_nothing_and_runs_nothing(desk, made):
    page = page_of(desk, made)
    parsed = Page(page)
    assert not parsed.tags & {"script", "link", "iframe", "object", "embed", "base", "form", "audio", "video"}
    assert parsed.fetched() == []
    assert "url(" not in page
    assert "@import" not in page
    policy = next(v for t, n, v in parsed.attributes if n == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=http://evil.example/a.png>",
    "![p](http://evil.example/a.png) ![q][r]\n\n[r]: http://evil.example/b.png",
    "![p](data:image/svg+xml;base64,PHN2Zz4=)",
    "[click](javascript:alert(1)) <a href='jAvascript:alert(1)'>x</a>",
    "<svg onload=alert(1)><style>@import 'http://evil.example'</style></svg>",
    "<iframe src=http://evil.example></iframe><object data=x></object><base href=http://evil.example>",
    "<p style='background: url(http://evil.example/a.png)' onclick=alert(1)>p</p>",
    "$\\href{javascript:alert(1)}{x}$ $$<script>alert(1)</script>$$",
    "```html\n<script>alert(1)</script>\n```\n`<img src=x onerror=alert(1)>`",
    "<!--><script>alert(1)</script>-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "</pre></div></main><script>alert(1)</script>",
]


def check_harmless(page):
    parsed = Page(page)
    assert not parsed.tags & {"script", "iframe", "object", "embed", "base", "link", "form", "math", "mglyph"}
    assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
    assert not [value for _, name, value in parsed.attributes if name == "href" and "script:" in value.lower()]
    assert all(address.startswith("data:image/png") for address in parsed.fetched())
    assert not [value for _, name, value in parsed.attributes if name == "style" and "url" in value]


@pytest.mark.parametrize("evil", EVIL)
def test_markdown_can_neither_run_nor_fetch(evil):
    check_harmless(shown_comment(evil))
    check_harmless(harmless.html(evil))
    check_harmless(shown_comment(harmless.markdown(evil)))


@pytest.mark.parametrize("place", ["answer", "own cell", "message", "comment", "tampered"])
def test_a_page_with_a_strangers_words_can_neither_run_nor_fetch(desk, made, place):
    evil = "\n\n".join(EVIL)
    answers, change, result = {"why": "x"}, None, made("s1", negate=0.0)
    if place == "answer":
        answers = {"why": evil, "double-solution": evil}
    elif place == "own cell":

        def change(data):
            for number, text in enumerate(EVIL):
                for kind in ("markdown", "raw", "code"):
                    cell = {"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": text}
                    data["cells"].insert(4, cell | {"outputs": [], "id": f"{kind}-{number}"})

    elif place == "message":
        result.exercises[1].tests[1].message = result.exercises[1].tests[1].name = evil
        result.exercises[1].mistake = evil
    page_of(desk, made, answers, change, result)
    if place == "comment":
        desk.grade_by_hand("s1", "why", 1.0, evil)
    elif place == "tampered":  # an autograded notebook that another tool has written
        path = desk.course.autograded / "s1" / TINY / f"{TINY}.ipynb"
        autograded = cells.read(path)
        cells.find(autograded, "why").source = evil
        cells.find(autograded, "negate").outputs[0].data["text/html"] = evil
        path.chmod(0o644)
        cells.write(path, autograded)
    write_feedback(desk.course, TINY)
    page = desk.page("s1")
    check_harmless(page)
    assert page.count("<style>") == 1


def test_pasted_pictures_are_kept_and_missing_ones_break_nothing(desk, made):
    def change(data):
        data["cells"][-1]["attachments"] = {
            "Screen shot.png": {"image/png": PIXEL},
            "x.svg": {"image/svg+xml": "<svg/>"},
        }

    answer = "![a](attachment:Screen%20shot.png) ![b](attachment:gone.png) ![c](attachment:x.svg)"
    page = page_of(desk, made, {"why": answer}, change)
    assert Page(page).fetched() == [f"data:image/png;base64,{PIXEL}"]
    assert "![b](attachment:gone.png)" in shown_comment("![b](attachment:gone.png)")


def test_formulas_are_drawn_and_what_cannot_be_drawn_stays_as_it_was_written(desk, made):
    page = page_of(desk, made, {"why": "With $a<b$ we have\n\n$$\\frac{1}{2}$$\n\nand $\\nonsense{x}$."})
    assert 'aria-label="a&lt; b"' in page
    assert '<div class="formula"><svg' in page
    assert '<code class="tex">\\nonsense{x}</code>' in page


def test_an_unreadable_submission_has_a_page_that_says_why(desk, made):
    desk.submit("s1").write_text("{")
    desk.record(made("s1", 0.0, 0.0, status="unreadable", reason="the file is not JSON <i>at all</i>"))
    write_feedback(desk.course, TINY)
    page = desk.page("s1")
    assert "could not be read" in page
    assert "the file is not JSON &lt;i&gt;at all" in page
    assert "passed" not in re.sub(r"(?s)<style>.*</style>", "", page)


def test_pages_are_written_for_the_students_asked_for(desk, made):
    for student in ("s1", "s2"):
        desk.submit(student)
    desk.record(made("s1"), made("s2"))
    assert [path.parts[-3] for path in write_feedback(desk.course, TINY, ["s2", "unknown"])] == ["s2"]
    assert not (desk.course.feedback / "s1").exists()
    assert len(write_feedback(desk.course, TINY)) == 2


def test_feedback_before_a_build_is_a_sentence_and_before_grading_nothing(desk):
    assert write_feedback(desk.course, TINY) == []
    (desk.course.autograded / "s1" / "a1_other").mkdir(parents=True)
    (desk.course.autograded / "s1" / "a1_other" / "a1_other.ipynb").write_text("{}")
    with pytest.raises(NotBuilt, match="a1_other was not built"):
        write_feedback(desk.course, "a1_other")


def test_an_exercise_without_points_requires_nothing():
    tests = [TestResult("test_a", "visible", "failed", 0.0, 0.0, "", "")]
    output = shown_tests.tests_output(ExerciseResult("more", 0.0, 0.0, None, tests), 0.0, "graded", "")
    for shown in (output.data["text/html"], output.data["text/markdown"]):
        assert "Without points" in shown
        assert "required" not in shown
    assert output.data["text/plain"] == "0.0000"


def _contrast(one: str, other: str) -> float:
    """The ratio of the luminances of two colours, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("style", "ground"), [(feedback.LIGHT, "#f8f9fb"), (feedback.DARK, "#151a21")])
def test_code_can_be_read_on_its_ground(style, ground):
    assert ground in (feedback.TEMPLATES / "page.css").read_text()
    tokens = (Token.Comment.Single, Token.Keyword, Token.Name.Builtin, Token.Literal.String, Token.Literal.Number)
    colours = {f"#{get_style_by_name(style).style_for_token(token)['color'] or '000000'}" for token in tokens}
    assert len(colours) > 3
    assert all(_contrast(colour, ground) >= 4.5 for colour in colours), colours


def test_many_pages_are_written_by_all_cores_and_are_the_same(desk, made, monkeypatch):
    for student in ("s1", "s2", "s3"):
        desk.submit(student)
    desk.record(made("s1"), made("s2", negate=1.5), made("s3"))
    write_feedback(desk.course, TINY)
    pages = {student: desk.page(student) for student in ("s1", "s2", "s3")}
    for student in pages:
        (desk.course.feedback / student / TINY / f"{TINY}.html").unlink()
    monkeypatch.setattr(feedback, "MANY", 3)
    monkeypatch.setattr(feedback, "_converted", lambda *_: pytest.fail("written here"))
    (desk.course.autograded / "s2" / TINY / f"{TINY}.ipynb").chmod(0o600)
    (desk.course.autograded / "s2" / TINY / f"{TINY}.ipynb").write_text("no notebook")
    with pytest.raises(feedback.FeedbackError, match="no feedback could be written for s2: "):
        write_feedback(desk.course, TINY)
    assert (desk.page("s1"), desk.page("s3")) == (pages["s1"], pages["s3"])


def test_a_page_whose_folder_cannot_be_made_says_what_to_do(desk, made):
    desk.submit("s1")
    desk.record(made("s1"))
    (desk.course.feedback / "s1").write_text("")
    with pytest.raises(feedback.FeedbackError, match="for s1: there is a file where a folder is expected"):
        write_feedback(desk.course, TINY)


def test_pages_are_written_while_others_wait_for_their_results(desk, made, monkeypatch):
    for student in ("s1", "s2", "s3"):
        desk.submit(student)
    desk.record(made("s1"), made("s2", negate=1.5), made("s3"))
    monkeypatch.setattr(meanwhile, "FEW", 2)
    pages = meanwhile.Meanwhile(desk.course, TINY)
    pages.waiting += ["s2"]
    assert not pages(), "one alone waits for others"
    pages.waiting += ["s3", "s1"]
    assert pages()
    assert not pages()
    assert sorted(path.name for path in desk.course.feedback.iterdir()) == ["s2", "s3"]
    early = desk.page("s2")
    monkeypatch.setattr(feedback.ShowGrades, "preprocess", _refused_but_for("s1"))
    assert len(write_feedback(desk.course, TINY)) == 3, "what shows already what it would show is left"
    assert desk.page("s2") == early


def test_a_page_that_could_not_be_written_meanwhile_is_told_at_the_end(desk, made, monkeypatch):
    desk.submit("s1")
    desk.record(made("s1"))
    monkeypatch.setattr(meanwhile, "FEW", 1)
    (desk.course.autograded / "s1" / TINY / f"{TINY}.ipynb").chmod(0o600)
    (desk.course.autograded / "s1" / TINY / f"{TINY}.ipynb").write_text("no notebook")
    pages = meanwhile.Meanwhile(desk.course, TINY)
    pages.waiting += ["s1"]
    assert pages()
    with pytest.raises(feedback.FeedbackError, match="no feedback could be written for s1: "):
        write_feedback(desk.course, TINY)


def test_what_else_goes_wrong_meanwhile_stops_nothing_and_is_not_tried_again(desk, made, monkeypatch):
    tried = []

    def full(*arguments, **options):
        tried.append(arguments)
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(meanwhile, "FEW", 1)
    monkeypatch.setattr(feedback, "write_feedback", full)
    pages = meanwhile.Meanwhile(desk.course, TINY)
    pages.waiting += ["s1", "s2"]
    assert pages()
    assert not pages()
    assert len(tried) == 1


def _refused_but_for(student):
    write = feedback.ShowGrades.preprocess

    def preprocess(self, nb, resources):
        assert resources["nbgrader"]["student"] == student, "it was written already"
        return write(self, nb, resources)

    return preprocess
