"""Shows one exercise's tests as the output of its test cell: a number for nbgrader, a table for people."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode

from autograder.gradebook import harmless
from autograder.grading.result import ExerciseResult, TestResult

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
LONGEST_MESSAGE = 1500
LONGEST_HIDDEN_ERROR = 200

# Outcome: the sign in front of the test and the words behind it.
OUTCOMES = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "error": ("✗", "your code raised an error"),
    "timeout": ("✗", "took too long"),
    "gated": ("–", "not run: a required test did not pass"),
}


def tests_output(exercise: ExerciseResult, max_points: float, status: str, said: str) -> NotebookNode:
    """Return an execute_result: text/plain is the points, text/html a table of tests with outcome, points and message,
    text/markdown the same as a list.

    exercise: the result. max_points: the cell's points, which nbgrader lets no result exceed. status: the whole
    result's; of an unreadable submission no test has run. said: the sentence about a mistake, if any.
    Hidden tests show what visible ones do, except that of an error in the student's code only the first line stays,
    without decimal numbers: a student could raise an error to read the test's input.
    """
    earned = min(max(round(exercise.points, 4), 0.0), max_points)
    rows = [(test, harmless.plain(shown_message(test), LONGEST_MESSAGE)) for test in exercise.tests]
    shown = {
        **{"earned": earned, "max_points": max_points, "rows": rows, "status": status, "said": said},
        "passed": sum(test.outcome == "passed" for test in exercise.tests),
        "gate": any(test.max_points == 0 and test.outcome != "passed" for test in exercise.tests),
    }
    table = _PAGES.get_template("tests.html.j2").render(shown)
    listed = _TEXTS.get_template("tests.md.j2").render(shown)
    data = {"text/plain": f"{earned:.4f}", "text/html": table, "text/markdown": listed}
    return nbformat.v4.new_output("execute_result", data)


def claim(name: str) -> str:
    """Return a test's name as the claim it makes: `test_one_step_agrees[3-5]` is "one step agrees (3-5)"."""
    head, _, case = harmless.line(name, 200).partition("[")
    words = head.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"{words} ({case.removesuffix(']')})" if case else words


def shown_message(test: TestResult) -> str:
    """Return what a student may read of a test's message: of an error in a hidden test its first line, no numbers."""
    if test.visibility != "hidden" or test.outcome != "error":
        return test.message
    first = test.message.strip().partition("\n")[0][:LONGEST_HIDDEN_ERROR]
    return re.sub(r"\d*\.\d+(?:e[+-]?\d+)?", "…", first)


def page_environment(escaped: bool = True) -> Environment:
    """Load the templates of this package. escaped: for HTML, where every value is; not for Markdown."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(points=harmless.number, claim=claim, plain=harmless.plain, line=harmless.line)
    environment.filters.update(fenced=harmless.fenced, markdown_text=harmless.markdown_text)
    environment.globals.update(outcomes=OUTCOMES)
    return environment


_PAGES, _TEXTS = page_environment(), page_environment(escaped=False)
