"""Feedback pages: nbgrader's generate_feedback, with a template whose pages can be opened anywhere.

nbgrader's own template loads jQuery, RequireJS, Mermaid and MathJax from the network, and shows a student's markdown as
it is. A page written here loads nothing and runs nothing (its content security policy says so to the browser too), and
all that a student wrote is sanitised. It leaves the chapter out: it holds the answers, what the tests said about them,
a grader's comments and the points. Formulas become pictures inside the page.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import multiprocessing
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import copy, deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from jinja2 import Template
from nbconvert.exporters.html import BeautifulSoup
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from autograder.cores import cores
from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository
from autograder.course.policies import course_policies
from autograder.course.variants import course_variants
from autograder.gradebook import restored
from autograder.gradebook.current import Kept, same_for_all, shown, states
from autograder.gradebook.drawer import Drawer
from autograder.gradebook.lateness import settle_those
from autograder.gradebook.nbgrader_course import (
    SECRET,
    TIMESTAMP,
    Chosen,
    Folders,
    feedback_config,
    opened,
    submission_secret,
)
from autograder.gradebook.read_once import read_once
from autograder.gradebook.sentences import sentence
from autograder.gradebook.shown_tests import POLICY, TEMPLATES, page_environment, tests_output
from autograder.grading.result import Result

MANY = 60  # pages, from which on all cores write them
LIGHT, DARK = "default", "monokai"  # of Pygments: the colours of code, which can be read on the page's grounds
_UNDESCRIBED = re.compile(r"<img(?![^>]*\salt=)")


class FeedbackError(OSError):
    """A page could not be written; the text says whose and why."""


def write_feedback(
    course: Course, assignment: str, students: Sequence[str] | None = None, *, more: bool = False
) -> list[Path]:
    """Write feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html for these students, or for all with an autograded notebook.

    Late penalties are brought up to date first, so that a page says what an export says. Beside it ASSIGNMENT.md says
    the same in Markdown; what nbgrader's `release_feedback` reads is there too. A page that shows already what it
    would show is left as it is. Returns the pages, by student. Raises NotBuilt if the assignment was not built in this
    course, and FeedbackError, once all others are written, if a page could not be.
    more: whether this process will write others, as `grade` does while it records; then the one that draws their cells
    lives on, and penalties are left as they were recorded.
    """
    course = Course(course.root.resolve())
    chosen = _autograded(course, assignment, students)
    if not chosen:
        return []
    kept, common = Kept(course.results / assignment / "feedback.log"), same_for_all(course, assignment)
    with opened(course, assignment) as (config, log):
        if not more:  # else their results were recorded a moment ago, penalties too
            settle_those(config, course, assignment, set(chosen).__contains__)
        state = states(config.CourseDirectory.db_url, assignment, chosen if len(chosen) < MANY else None)
        stale = [
            student for student in chosen if not kept.holds(student, shown(course, assignment, student, state, common))
        ]
        try:
            errors = _converted(config, log, assignment, stale) if len(stale) < MANY else {}
        finally:
            if not more:
                _drawer().close()
    if len(stale) >= MANY:
        errors = _converted_beside(course, assignment, stale)
    for student in stale:
        if student not in errors:
            kept.keep(student, shown(course, assignment, student, state, common))
    if errors:
        lines = "; ".join(f"{student}: {reason}" for student, reason in sorted(errors.items()))
        raise FeedbackError(f"no feedback could be written for {lines}. See {course.root / 'gradebook.log'}")
    for student in chosen:
        _make_releasable(course, student, assignment)
    return [course.feedback / student / assignment / f"{assignment}.html" for student in chosen]


def _autograded(course: Course, assignment: str, students: Sequence[str] | None) -> list[str]:
    """Return, sorted, who of these students has an autograded notebook, or who of all."""
    place = f"{assignment}/{assignment}.ipynb"
    if students is None:
        return sorted(path.parts[-3] for path in course.autograded.glob(f"*/{place}"))
    named = {student for student in students if Path(student).name == student}
    return sorted(student for student in named if (course.autograded / student / place).is_file())


def _converted(config: Config, log: logging.Logger, assignment: str, students: Sequence[str]) -> dict[str, str]:
    """Write the pages of these students; return why one could not be, by student."""
    config.merge(feedback_config())
    config.HTMLExporter.optimistic_validation = True  # once for a notebook, not after each step
    converter = _Feedback(Folders(config=config, log=log), config=config, log=log)
    converter.choose(assignment, students)
    with read_once(), patch("nbconvert.exporters.html.BeautifulSoup", _parsed):
        return converter.convert_chosen() if students else {}


def _converted_beside(course: Course, assignment: str, students: Sequence[str]) -> dict[str, str]:
    """Do as `_converted`, on all cores: a page is drawn in turn by its own process and by the one with limits."""
    processes = cores()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(_part, course, assignment, students[number::processes]) for number in range(processes)]
        return {student: reason for part in parts for student, reason in part.result().items()}


def _part(course: Course, assignment: str, students: Sequence[str]) -> dict[str, str]:
    with opened(course, assignment) as (config, log):
        log.setLevel(logging.WARNING)  # several write to one file
        try:
            return _converted(config, log, assignment, students)
        finally:
            _drawer().close()


class _AsItIs(str):
    """A page in which nbconvert finds nothing to mend."""

    def select(self, selector: str) -> list[Any]:
        return []


def _parsed(page: str, features: str) -> Any:
    """Parse a page for nbconvert only if it has something to mend there: a picture without a text in its place.

    The other things it looks for are in its own templates alone; and parsing takes half the time of a page.
    """
    return BeautifulSoup(page, features=features) if _UNDESCRIBED.search(page) else _AsItIs(page)


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
        text = _markdown_page().render(page=where)
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
        release = restored.released(released / f"{where['notebook']}.ipynb")
        course = Course(Path(folder.root))
        if not isinstance(self.parent.parent, _Feedback):  # nbgrader's own command, or formgrader's button
            self._settle(course, folder.course_id, where)
        variants = course_variants(course, where["assignment"])
        self.familiar = {cell.source.strip() for cell in release.cells} | variants.texts(where["student"])
        self._withhold(nb, course, where)
        over = course_policies(course).rules(where["assignment"]).over(datetime.now(UTC))
        questions = {cell.get("id"): copy(cell) for cell in release.cells}
        for name, asked in variants.of(where["student"]).items():
            if f"{name}-question" in questions:
                questions[f"{name}-question"].source += f"\n\n{asked.for_student(over)}"
        new_page()
        nb, resources = super().preprocess(nb, resources)
        rows = {row["grade_id"]: row for cell in nb.cells if (row := _row(cell))}
        where["rows"] = list(rows.values())
        where["sections"] = _sections(nb, rows, questions)
        where |= {"style": _style(), "policy": POLICY}
        return nb, resources

    def _settle(self, course: Course, course_id: str, where: dict[str, str]) -> None:
        """Bring the student's late penalty up to date, as `write_feedback` does for all."""
        config = deepcopy(self.config)
        config.CourseDirectory.db_url, config.CourseDirectory.course_id = where["db_url"], course_id
        settle_those(config, course, where["assignment"], where["student"].__eq__)

    def _withhold(self, nb: NotebookNode, course: Course, where: dict[str, str]) -> None:
        """Leave out the tests that course.toml does not show to students, or not yet."""
        rules, now = course_policies(course).rules(where["assignment"]), datetime.now(UTC)
        shown = [visibility for visibility in ("visible", "hidden") if rules.shows(visibility, now)]
        if len(shown) == 2:
            return
        try:
            result = Result.read(course.result(where["student"], where["assignment"]))
            exercises = {exercise.name: exercise for exercise in result.exercises}
        except (OSError, ValueError):
            exercises = {}  # graded elsewhere: nobody can tell which of its tests may be shown
        configured = self.config.get("GradeInSandbox", {}).get("repository", "")
        repository = Repository(Path(configured)) if configured else Repository.default()
        for cell in filter(cells.is_test, nb.cells):
            exercise = exercises.get(cells.grade_id(cell) or "")
            if exercise is None:
                cell.outputs = []
                continue
            tests = [test for test in exercise.tests if test.visibility in shown]
            seen = replace(exercise, tests=tests)
            said = sentence(repository, where["assignment"], exercise.name, exercise.mistake)
            withheld = len(exercise.tests) - len(tests)
            cell.outputs = [tests_output(seen, cells.points(cell), result.status, said, withheld=withheld)]

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        """Give the cell its part, its grade and its comment."""
        cell.metadata["shown"] = self._part(cell)
        return super().preprocess_cell(cell, resources, cell_index)

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(cells.grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata["waiting"] = grade.manual_score is None and grade.auto_score is None
        cell.metadata["again"] = bool(grade.needs_manual_grade) and not cell.metadata["waiting"]
        cell.metadata["changed"] = grade.manual_score is not None and grade.manual_score != grade.auto_score
        cell.metadata["extra"] = 0.0 if cell.metadata["waiting"] else grade.extra_credit or 0.0  # then not in the score

    def _part(self, cell: NotebookNode) -> str:
        for name, plays in (("tests", cells.is_test), ("exercise", cells.is_exercise), ("answer", cells.is_written)):
            if plays(cell):
                return name
        if cell.get("id") == "unreadable":
            return "notice"
        chapter = cell.source.strip() in self.familiar or cells.part(cell).get("locked")
        return "" if chapter or not cell.source.strip() else "own"


def shown_markdown(cell: NotebookNode) -> str:
    """Return a markdown cell as sanitised HTML with its formulas drawn; what cannot be drawn is shown as text."""
    return _drawer().markdown(cell.source, cell.get("attachments", {}))


def shown_comment(comment: str) -> str:
    """Return a grader's comment, written in markdown."""
    return _drawer().markdown(comment, {})


def new_page() -> None:
    """Let what is drawn from now on have the room of a page, and forget what could not be drawn before."""
    _drawer().begin_page()


def drawn_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return markdown texts by name as sanitised HTML, each with the room of a page; no process stays behind."""
    drawn = {}
    for name, text in texts.items():
        new_page()
        drawn[name] = _drawer().markdown(text, {})
    if texts:
        _drawer().close()
    return drawn


def shown_code(source: str) -> str:
    """Code in colours; what cannot be drawn is shown as text."""
    return _drawer().code(source)


@cache
def _markdown_page() -> Template:
    return page_environment(escaped=False).get_template("feedback.md.j2")


@cache
def _drawer() -> Drawer:
    """Return the drawer of this process, made when it is first needed."""
    return Drawer()


def _row(cell: NotebookNode) -> dict[str, Any]:
    """Return a graded cell's line in the head of the page; empty for another cell."""
    part = cells.part(cell)
    if not part.get("grade"):
        return {}
    percent = 100 * part["score"] / part["points"] if part["points"] else 100.0
    said = {name: cell.metadata[name] for name in ("waiting", "again", "changed", "extra")}
    return {**part, **said, "percent": round(min(max(percent, 0.0), 100.0), 1)}


def _sections(
    nb: NotebookNode, rows: dict[str, dict[str, Any]], release: dict[str, NotebookNode]
) -> list[dict[str, Any]]:
    """Return the page's cells by exercise or question; a student's own cells stay with what comes before them."""
    sections: list[dict[str, Any]] = []
    for cell in nb.cells:
        part = cell.metadata["shown"]
        name = cells.exercise_name(cell) or cells.grade_id(cell) or ""
        if part == "notice" or (part == "own" and not sections):
            sections.append({"name": "", "row": None, "cells": []})
        elif part in ("exercise", "tests", "answer") and (not sections or sections[-1]["name"] != name):
            sections.append({"name": name, "row": rows.get(name), "cells": []})
            if part == "answer" and (question := release.get(f"{name}-question")) is not None:
                question.metadata = NotebookNode(question.metadata, shown="question")
                sections[-1]["cells"].append(question)
        if part:
            sections[-1]["cells"].append(cell)
        if part == "notice":
            return sections
    return sections


@cache
def _style() -> str:
    colours = HtmlFormatter(style=LIGHT).get_style_defs(".highlight")
    dark = HtmlFormatter(style=DARK).get_style_defs(".highlight")
    colours += f"\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
    return (
        (TEMPLATES / "page.css").read_text(encoding="utf-8") + colours + "\n.highlight { background: none !important; }"
    )
