"""Feedback on its way to students: through nbgrader's exchange, as Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from traitlets.config import PyFileConfigLoader

from autograder.course import notebook as cells
from autograder.gradebook.feedback import write_feedback
from autograder.grading.assignment import Assignment
from autograder.grading.submission import foreign_files

TINY = "a0_tiny"


@pytest.fixture
def exchange(desk, tmp_path, monkeypatch):
    """exchange(KIND, folder): what the command of nbgrader's class KIND does there, in the test's own exchange."""
    for name in ("exchange", "student"):
        (tmp_path / name).mkdir()
    (tmp_path / "exchange").chmod(0o777)
    (tmp_path / "student" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.course_id = {desk.course.root.name!r}\n"
    )

    def run(kind: type, folder: Path) -> None:
        monkeypatch.chdir(folder)
        config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
        config.Exchange.root, config.Exchange.cache = str(tmp_path / "exchange"), str(tmp_path / "cache")
        course = CourseDirectory(config=config)
        course.assignment_id = TINY
        kind(coursedir=course, authenticator=Authenticator(config=config), config=config).start()

    return run


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves a file open
def test_a_student_fetches_the_feedback_of_what_was_submitted(desk, made, exchange, tmp_path):
    course, student = desk.course, tmp_path / "student"
    exchange(ExchangeReleaseAssignment, course.root)
    exchange(ExchangeFetchAssignment, student)
    path = student / TINY / f"{TINY}.ipynb"
    notebook = cells.read(path)
    cells.find(notebook, "why").source = "Handed in through the exchange."
    cells.write(path, notebook)
    exchange(ExchangeSubmit, student)
    exchange(ExchangeCollect, course.root)
    (name,) = [folder.name for folder in course.submitted.iterdir()]
    handed_in = course.submission(name, TINY)
    assert {"timestamp.txt", "submission_secret.txt"} <= {path.name for path in handed_in.parent.iterdir()}

    desk.submit("by-mail")  # with no secret: it must not stop the others' feedback
    assert all(one.recorded for one in desk.record(made(name), made("by-mail")))
    desk.grade_by_hand(name, "why", 8, "Found it.")
    write_feedback(course, TINY)
    exchange(ExchangeReleaseFeedback, course.root)
    exchange(ExchangeFetchFeedback, student)
    (page,) = (student / TINY / "feedback").glob(f"*/{TINY}.html")
    assert "Handed in through the exchange." in page.read_text()
    assert "Found it." in page.read_text()


def test_what_the_exchange_writes_beside_a_notebook_is_no_foreign_file(desk):
    path = desk.submit("s1")
    for name in ("timestamp.txt", "submission_secret.txt", "submission_secret.txt.py"):
        (path.parent / name).write_text("x")
    notebook = cells.read(desk.course.source_notebook(TINY))
    assignment = Assignment(TINY, desk.course, desk.repository, notebook, {}, (), b"")
    (flag,) = foreign_files(path, assignment)
    assert flag.detail == "submission_secret.txt.py"


def test_a_secret_that_is_none_is_not_copied_and_feedback_is_releasable_all_the_same(desk, made):
    path = desk.submit("s1")
    (path.parent / "submission_secret.txt").symlink_to(desk.course.secret_file)
    desk.record(made("s1"))
    write_feedback(desk.course, TINY)
    written = (desk.course.feedback / "s1" / TINY / "submission_secret.txt").read_text()
    assert written
    assert desk.course.secret_file.read_text().strip() not in written
    assert (desk.course.feedback / "s1" / TINY / "timestamp.txt").is_file()


def test_the_markdown_says_what_the_page_says_and_the_mistakes_sentence(desk, made):
    desk.repository.mistakes(TINY).write_text(
        "[[negate]]\nid = 'keeps_the_sign'\nsays = 'The sign *stays*. Which is it?'\n"
    )
    result = made("s1", negate=1.5)
    result.exercises[1].mistake = "keeps_the_sign"
    result.exercises[1].tests[1].message = "see ```here```"
    desk.submit("s1")
    desk.record(result)
    desk.grade_by_hand("s1", "why", 7.5, "Well **said**.")
    write_feedback(desk.course, TINY)
    text = (desk.course.feedback / "s1" / TINY / f"{TINY}.md").read_text()
    assert "**13 of 20 points**" in text
    assert "> The sign \\*stays\\*. Which is it?" in text
    assert "- ✗ negate of other sizes (3-5) (hidden): failed, 1.5 of 6" in text
    assert "````text\n  see ```here```\n  ````" in text
    assert "| `why` | 7.5 / 10 |" in text
    assert "Well **said**." in text
    assert "The sign *stays*. Which is it?" in desk.page("s1")
    assert "keeps the sign" not in desk.page("s1")
