"""All answers to one written question on one page, for a person who gives points: an extension of the Jupyter server.

Formgrader goes notebook by notebook; whoever grades an essay question wants its answers one after another, the mark
scheme in view. `autograder serve` switches this extension on. Points and comments go through formgrader's own API,
so they are in nbgrader's gradebook as if they were given there.

    autograder/answers                      the questions of the course, each with how many answers wait
    autograder/answers/ASSIGNMENT/QUESTION  the answers to one
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.server_extensions.formgrader.base import BaseHandler, check_notebook_dir, check_xsrf
from tornado import web

from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.course.variants import readable_variants
from autograder.gradebook.feedback import new_page, shown_markdown
from autograder.gradebook.formgrader import ANSWERS, scheme_text
from autograder.gradebook.shown_tests import TEMPLATES, page_environment

MODULE = "autograder.gradebook.answers"
# As the other pages, but with the page's own script, which speaks to this server alone.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_SCRIPT = (TEMPLATES / "answers.js").read_text(encoding="utf-8")
_STYLE = (TEMPLATES / "page.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """One student's answer: its place in the order, whose it is, and what the gradebook has.

    submission: nbgrader's id, under which formgrader shows the whole notebook; grade, comment: ids of its API.
    score: None as long as nobody has given points; extra: extra credit; blank: whether nothing was written.
    own: what this student was asked and is expected to answer, as HTML, where each has own numbers.
    """

    number: int
    submission: str
    student: str
    html: str
    grade: str
    comment: str
    score: float | None
    extra: float | None
    said: str
    waits: bool
    blank: bool
    own: str = ""


@dataclass(frozen=True)
class Question:
    """A written question: its text and mark scheme as HTML, its points, and how many answers there are and wait."""

    assignment: str
    name: str
    points: float
    html: str
    scheme: str
    answers: int = 0
    waiting: int = 0


def questions(course: Course, gradebook: Gradebook) -> Iterator[Question]:
    """Yield the written questions of all assignments of the gradebook, in the order of their notebooks."""
    for assignment in sorted(one.name for one in gradebook.assignments):
        source = course.source_notebook(assignment)
        if not source.is_file():
            continue
        notebook = cells.read(source)
        for cell in notebook.cells:
            if cells.is_written(cell) and (name := cells.grade_id(cell)):
                waits = [grade.needs_manual_grade for _, grade in _grades(gradebook, assignment, name)]
                own = readable_variants(course, assignment).about(name)
                yield _question(notebook, assignment, name, cell, len(waits), sum(waits), own)


def _question(
    notebook: NotebookNode, assignment: str, name: str, cell: NotebookNode, answers: int, waiting: int, own: str
) -> Question:
    new_page()
    asked = next((one for one in notebook.cells if one.get("id") == f"{name}-question"), None)
    return Question(
        assignment, name, cells.points(cell),
        shown_markdown(asked) if asked is not None else "",
        _drawn(f"{own}{scheme_text(cell.source)}"),
        answers, waiting,
    )  # fmt: skip


def _grades(gradebook: Gradebook, assignment: str, name: str) -> list[tuple[Any, Any]]:
    """The submitted notebooks with their grade of this question, in formgrader's order, which shows nobody's name."""
    found = []
    for notebook in sorted(gradebook.notebook_submissions(assignment, assignment), key=lambda one: one.id):
        found += [(notebook, grade) for grade in notebook.grades if grade.name == name]
    return found


def answers(course: Course, gradebook: Gradebook, assignment: str, name: str) -> list[Answer]:
    """Return all answers to a question; as in formgrader, only those whose autograded notebook is there."""
    found = []
    variants = readable_variants(course, assignment)
    for number, (notebook, grade) in enumerate(_grades(gradebook, assignment, name), start=1):
        student = notebook.student
        asked = variants.of(student.id).get(name)
        new_page()  # nobody's answer takes the room of another's
        path = course.autograded / student.id / assignment / f"{assignment}.ipynb"
        if not path.is_file():
            continue
        cell = next((one for one in cells.read(path).cells if cells.grade_id(one) == name), None)
        comment = next((one for one in notebook.comments if one.name == name), None)
        if cell is None or comment is None:
            continue
        waits = bool(grade.needs_manual_grade)
        found.append(
            Answer(
                number, notebook.id,
                " ".join(part for part in (student.first_name, student.last_name) if part) or student.id,
                shown_markdown(cell), grade.id, comment.id,
                None if waits and grade.manual_score is None else float(grade.manual_score or grade.auto_score or 0),
                grade.extra_credit, comment.comment or "", waits,
                not cell.source.strip() or grade.auto_score is not None,
                _drawn(asked.for_graders(worth=not variants.worth(name))) if asked else "",
            )
        )  # fmt: skip
    return found


def _drawn(text: str) -> str:
    return shown_markdown(NotebookNode(source=text))


class _Page(BaseHandler):
    """What both pages share. The server's own policy for pages is not theirs: they run one script of their own."""

    @property
    def base_url(self) -> str:
        """The server's, with the slash at the end that nbgrader cuts off: the login's cookie is for all below it."""
        return str(self.settings["base_url"])

    @property
    def course(self) -> Course:
        return Course(Path(self.coursedir.root))

    def show(self, template: str, **shown: Any) -> None:
        nonce = self.settings["autograder_answers_nonce"]
        self.set_header("Content-Security-Policy", POLICY.format(nonce=nonce))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page, base = page_environment().get_template(template), self.base_url.rstrip("/")
        self.finish(page.render(**shown, base=base, place=ANSWERS, nonce=nonce, style=_STYLE, script=_SCRIPT))


class QuestionsHandler(_Page):
    """The questions of the course."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def get(self) -> None:
        self.show("questions.html.j2", questions=list(questions(self.course, self.gradebook)))


class AnswersHandler(_Page):
    """The answers to one question."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def get(self, assignment: str, name: str) -> None:
        try:
            known = {(one.assignment, one.name): one for one in questions(self.course, self.gradebook)}
            question = known[assignment, name]
            found = answers(self.course, self.gradebook, assignment, name)
        except (KeyError, MissingEntry):
            raise web.HTTPError(404, f"{assignment} has no written question {name}") from None
        self.show("answers.html.j2", question=question, answers=found)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": MODULE}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.web_app.settings["autograder_answers_nonce"] = secrets.token_urlsafe(16)
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, ANSWERS, "?"), QuestionsHandler),
            (url_path_join(base, ANSWERS, r"([^/]+)", r"([^/]+)", "?"), AnswersHandler),
        ],
    )
