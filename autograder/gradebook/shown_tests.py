"""Shows one exercise's tests as the output of its test cell: a number for nbgrader, a table for people."""

from __future__ import annotations

from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode

from autograder.gradebook import harmless
from autograder.grading.result import ExerciseResult

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
LONGEST_MESSAGE = 1500

# Outcome: the sign in front of the test and the words behind it.
OUTCOMES = {
    "passed": ("✓", "passed"),
    "carried": ("✓", "right beside your own function"),
    "failed": ("✗", "failed"),
    "error": ("✗", "your code raised an error"),
    "timeout": ("✗", "took too long"),
    "gated": ("–", "not run: a required test did not pass"),
}


def tests_output(
    exercise: ExerciseResult,
    max_points: float,
    status: str,
    said: str,
    *,
    withheld: int = 0,  # noqa: PT028, this is no test
) -> NotebookNode:
    """Return an execute_result: text/plain is the points, text/html a table of tests with outcome, points and message,
    text/markdown the same as a list.

    exercise: the result. max_points: the cell's points, which nbgrader lets no result exceed. status: the whole
    result's; of an unreadable submission no test has run. said: the sentence about a mistake, if any. withheld: how
    many tests the course does not show.
    Hidden tests say one of the sentences of selfcheck.hidden, which quote nothing of what the student's code gave.
    """
    earned = min(max(round(exercise.points, 4), 0.0), max_points)
    rows = [(test, harmless.plain(test.message, LONGEST_MESSAGE)) for test in exercise.tests]
    shown = {
        **{"earned": earned, "max_points": max_points, "rows": rows, "status": status, "said": said},
        "passed": sum(test.outcome == "passed" for test in exercise.tests),
        "gate": bool(max_points) and any(test.max_points == 0 and test.outcome != "passed" for test in exercise.tests),
        "withheld": withheld,
    }
    table = _PAGES.get_template("tests.html.j2").render(shown)
    listed = _TEXTS.get_template("tests.md.j2").render(shown)
    # what nbformat.v4.new_output makes, without its validation: the whole notebook is validated when it is written
    data = {"text/plain": f"{earned:.4f}", "text/html": table, "text/markdown": listed}
    output = {"output_type": "execute_result", "metadata": {}, "execution_count": None, "data": data}
    return nbformat.from_dict(output)


def claim(name: str) -> str:
    """Return a test's name as the claim it makes: `test_one_step_agrees[3-5]` is "one step agrees (3-5)"."""
    head, _, case = harmless.line(name, 200).partition("[")
    words = head.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"{words} ({case.removesuffix(']')})" if case else words


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
