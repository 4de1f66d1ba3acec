"""The solutions edition of a chapter, for after the deadline: the reference in place, each wrong turn below it.

Nothing of it may be seen while somebody can still hand in, so it is written only when the last student's time is over.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder import atomic
from autograder.author.build import PREPARE, READY, read_source
from autograder.author.page import rendered
from autograder.author.trial import run_reference
from autograder.course import catalogue
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.course.policies import NAME as RULES
from autograder.course.policies import Rules, course_policies
from autograder.course.source import Cell, Source
from autograder.course.times import after
from autograder.gradebook import harmless

MOST_LINES = 24  # of a difference; a longer one is another program, and reads as none
NOTE = "The solutions edition: the reference, and below each exercise the wrong turns that its self-check knows."
_OURS = (PREPARE, READY, f"{READY}-text")


class StillOpen(Exception):
    """Somebody can still hand the assignment in; the text says until when, or what to write into the course's rules."""


def write_edition(
    repository: Repository, course: Course, assignment: str, out: Path, now: datetime | None = None
) -> list[Path]:
    """Write ASSIGNMENT-solutions.ipynb and .html into the folder `out`; return their paths.

    The notebook is run for its figures, which takes as long as it takes. now: the present by default.
    Raises StillOpen while anybody's time runs, extensions and grace included, or if no due time is known; SourceError,
    PolicyProblem, or TrialError if a cell raises. Nothing is written then.
    """
    refuse_while_open(course_policies(course).rules(assignment), now or datetime.now(UTC))
    source = read_source(repository, assignment)
    with tempfile.TemporaryDirectory() as folder:
        run_reference(repository, assignment, keep=Path(folder))
        executed = notebooks.read(Path(folder) / f"{assignment}.ipynb")
    notebook = edition(source, executed, catalogue.mistakes(repository, assignment))
    page = rendered(f"{assignment}: solutions", notebook, NOTE)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)  # nothing of it can be handed in
    contents: dict[Path, bytes | None] = {
        out / f"{assignment}-solutions.ipynb": notebooks.to_text(notebook).encode(),
        out / f"{assignment}-solutions.html": page.encode(),
    }
    with atomic.all_or_none(contents):
        pass
    return list(contents)


def refuse_while_open(rules: Rules, now: datetime) -> None:
    """Raise StillOpen unless the last student's time is over."""
    last = rules.last_due()
    if last is None:
        raise StillOpen(
            f"{rules.assignment} is never due, so its solutions stay closed: write its due time into {RULES} "
            f"(`autograder course` shows where)"
        )
    student, due = last
    if rules.over(now):
        return
    whose = f"{student}'s extension" if student else "its time"
    until = after(due, rules.grace).isoformat(" ", "minutes")
    raise StillOpen(
        f"{rules.assignment} is still open: {whose} runs until {until}. Its solutions stay closed until then"
    )


def edition(
    source: Source, executed: NotebookNode, mistakes: Mapping[str, Sequence[Mapping[str, Any]]]
) -> NotebookNode:
    """Return the edition of a chapter as a notebook, with the outputs of the instructor's notebook that was run."""
    written = {cell.name: cell for cell in source.written}
    cells: list[NotebookNode] = []
    for cell in executed.cells:
        if cell.id in _OURS:
            continue
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
        name = notebooks.grade_id(cell)
        if notebooks.is_exercise(cell):
            cell.source = source.exercise(notebooks.exercise_name(cell) or "").reference
        elif notebooks.is_written(cell) and name in written:
            cell.source = f"**Model answer**\n\n{written[name].answer}"
        cells.append(cell)
        if notebooks.is_test(cell) and name:
            known = "\n\n".join(_why_not(source.exercise(name), mistake) for mistake in mistakes.get(name, ()))
            cells += [notebooks.prose(known, f"{name[:50]}-why-not")] if known else []
    return notebooks.new(cells)


def _why_not(cell: Cell, mistake: Mapping[str, Any]) -> str:
    """Return one wrong turn, folded: what it is called, what a student reads of it, and how its code differs."""
    called = harmless.markdown_text(str(mistake["id"]).replace("_", " "))
    lines = [f"<details><summary>Why not so: {called}?</summary>", "", harmless.markdown_text(mistake["says"]), ""]
    change = list(_difference(cell.reference, cell.patched(mistake["old"], mistake["new"] or "")))
    if len(change) <= MOST_LINES:
        lines += [harmless.fenced("\n".join(change), "diff"), ""]
    return "\n".join([*lines, "</details>"])


def _difference(right: str, wrong: str) -> Iterator[str]:
    """Yield the lines of a difference, with one line around each change, and no line numbers."""
    for line in difflib.unified_diff(right.splitlines(), wrong.splitlines(), n=1, lineterm=""):
        if not line.startswith(("---", "+++")):
            yield "..." if line.startswith("@@") else line
