"""Feedback pages: nbgrader's generate_feedback, with a template whose pages can be opened anywhere.

nbgrader's own template loads jQuery, RequireJS, Mermaid and MathJax from the network, and shows a student's markdown as
it is. A page written here loads nothing and runs nothing (its content security policy says so to the browser too), and
all that a student wrote is sanitised. It leaves the chapter out: it holds the answers, what the tests said about them,
a grader's comments and the points. Formulas become pictures inside the page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades
from pygments.formatters import HtmlFormatter

from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.gradebook import formula, harmless
from autograder.gradebook.nbgrader_course import (
    SECRET,
    TIMESTAMP,
    Chosen,
    Folders,
    feedback_config,
    opened,
    submission_secret,
)
from autograder.gradebook.shown_tests import POLICY, TEMPLATES, page_environment


class FeedbackError(OSError):
    """A page could not be written; the text says whose and why."""


def write_feedback(course: Course, assignment: str, students: Sequence[str] | None = None) -> list[Path]:
    """Write feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html for these students, or for all with an autograded notebook.

    Beside it ASSIGNMENT.md says the same in Markdown; what nbgrader's `release_feedback` reads is there too.
    Returns the pages written, by student. Raises NotBuilt if the assignment was not built in this course, and
    FeedbackError, once all others are written, if a page could not be.
    """
    course = Course(course.root.resolve())
    found = sorted(path.parts[-3] for path in course.autograded.glob(f"*/{assignment}/{assignment}.ipynb"))
    chosen = found if students is None else [student for student in found if student in students]
    if not chosen:
        return []
    with opened(course, assignment) as (config, log):
        config.merge(feedback_config())
        converter = _Feedback(Folders(config=config, log=log), config=config, log=log)
        converter.choose(assignment, chosen)
        errors = converter.convert_chosen()
    if errors:
        lines = "; ".join(f"{student}: {reason}" for student, reason in sorted(errors.items()))
        raise FeedbackError(f"no feedback could be written for {lines}. See {course.root / 'gradebook.log'}")
    for student in chosen:
        _make_releasable(course, student, assignment)
    return [course.feedback / student / assignment / f"{assignment}.html" for student in chosen]


def _make_releasable(course: Course, student: str, assignment: str) -> None:
    """Write the two files without which `nbgrader release_feedback` stops, for the whole class, at this student.

    Who handed in through the exchange has them from there. Other submissions get an empty time and a secret of the
    course's own: their page is released under a name that no student's `fetch_feedback` looks for.
    """
    folder = course.feedback / student / assignment
    if not (folder / TIMESTAMP).is_file():
        (folder / TIMESTAMP).write_text("", encoding="ascii")
    if not submission_secret(folder):
        own = hmac.new(course.secret(), f"feedback {assignment} {student}".encode(), hashlib.sha256).hexdigest()
        (folder / SECRET).write_text(own, encoding="ascii")


class _Feedback(Chosen, GenerateFeedback):
    """nbgrader's converter for chosen students, which writes the page in Markdown too."""

    def write_single_notebook(self, output: Any, resources: Any) -> None:
        """Write the page, as nbgrader does, and the same in Markdown beside it."""
        super().write_single_notebook(output, resources)
        where = resources["nbgrader"]
        text = page_environment(escaped=False).get_template("feedback.md.j2").render(page=where)
        folder = Path(self._format_dest(where["assignment"], where["student"]))
        (folder / f"{where['notebook']}.md").write_text(text, encoding="utf-8")


class ShowGrades(GetGrades):
    """nbgrader's grades and comments, and the cells of the page in sections: one for each exercise and question.

    The part a cell plays is `metadata.shown`: exercise, tests, answer as in `course.notebook`; own: a cell of the
    student's that the release lacks; notice: why a submission could not be read. A cell of the chapter plays none, but
    the question that the build puts before an answer (`NAME-question`) is shown from the release.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Read the grades; `resources.nbgrader` gets rows for the head of the page, sections, style and policy."""
        where, folder = resources["nbgrader"], self.parent.parent.coursedir
        released = Path(folder.format_path(folder.release_directory, ".", where["assignment"]))
        release = cells.read(released / f"{where['notebook']}.ipynb")
        self.familiar = {cell.source.strip() for cell in release.cells}
        nb, resources = super().preprocess(nb, resources)
        rows = {row["grade_id"]: row for cell in nb.cells if (row := _row(cell))}
        where["rows"] = list(rows.values())
        where["sections"] = _sections(nb, rows, {cell.get("id"): cell for cell in release.cells})
        where |= {"style": _style(), "policy": POLICY}
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        """Give the cell its part, its grade and its comment."""
        cell.metadata["shown"] = self._part(cell)
        return super().preprocess_cell(cell, resources, cell_index)

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(cells.grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata["waiting"] = grade.manual_score is None and grade.auto_score is None

    def _part(self, cell: NotebookNode) -> str:
        for name, plays in (("tests", cells.is_test), ("exercise", cells.is_exercise), ("answer", cells.is_written)):
            if plays(cell):
                return name
        if cell.get("id") == "unreadable":
            return "notice"
        chapter = cell.source.strip() in self.familiar or cells.part(cell).get("locked")
        return "" if chapter or not cell.source.strip() else "own"


def shown_markdown(cell: NotebookNode) -> str:
    """A markdown cell as sanitised HTML with its formulas drawn; text that mistune cannot read is shown as it is."""
    renderer = _Renderer(escape=False, attachments=cell.get("attachments", {}), exclude_anchor_links=True)
    try:
        fragment = MarkdownWithMath(renderer=renderer).render(cell.source)
    except Exception:  # a stranger's text: mistune and the renderer's attachments raise several kinds
        fragment = f"<pre>{formula.html.escape(cell.source)}</pre>"
    return formula.with_formulas(harmless.html(fragment))


def shown_comment(comment: str) -> str:
    """A grader's comment, written in markdown."""
    return shown_markdown(NotebookNode(source=comment))


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of markdown, with formulas marked for drawing."""

    def inline_math(self, body: str) -> str:
        return formula.marked(body)

    def block_math(self, body: str) -> str:
        return formula.marked(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return formula.marked(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def _row(cell: NotebookNode) -> dict[str, Any]:
    """A graded cell's line in the head of the page; empty for another cell."""
    part = cells.part(cell)
    if not part.get("grade"):
        return {}
    percent = 100 * part["score"] / part["points"] if part["points"] else 100.0
    return {**part, "waiting": cell.metadata["waiting"], "percent": round(min(max(percent, 0.0), 100.0), 1)}


def _sections(
    nb: NotebookNode, rows: dict[str, dict[str, Any]], release: dict[str, NotebookNode]
) -> list[dict[str, Any]]:
    """The page's cells by exercise or question; a student's own cells stay with what stands before them."""
    sections: list[dict[str, Any]] = []
    for cell in nb.cells:
        part = cell.metadata["shown"]
        name = cells.exercise_name(cell) or cells.grade_id(cell) or ""
        if part == "notice" or (part == "own" and not sections):
            sections.append({"name": "", "row": None, "cells": []})
        elif part in ("exercise", "tests", "answer") and (not sections or sections[-1]["name"] != name):
            sections.append({"name": name, "row": rows.get(name), "cells": []})
            if part == "answer" and (question := release.get(f"{name}-question")) is not None:
                question.metadata["shown"] = "question"
                sections[-1]["cells"].append(question)
        if part:
            sections[-1]["cells"].append(cell)
        if part == "notice":
            return sections
    return sections


@cache
def _style() -> str:
    colours = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    dark = HtmlFormatter(style="monokai").get_style_defs(".highlight")
    colours += f"\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
    return (
        (TEMPLATES / "page.css").read_text(encoding="utf-8") + colours + "\n.highlight { background: none !important; }"
    )
