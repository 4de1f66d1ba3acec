"""What formgrader shows of a submission: each question with the answer and the mark scheme, formulas without a network.

nbgrader's formgrader renders the whole notebook, chapter and all, and shows no mark scheme: the release has none. Here
the chapter is left out (a question stays in front of its answer), and the mark scheme and the model answer come from
the instructor's notebook, when the page is made. They are in no file that students get. `feedback_config` switches it
on for every course.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from autograder.course import markers
from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.course.variants import Variants, readable_variants
from autograder.gradebook.feedback import new_page, shown_markdown

SCHEME = "mark-scheme"
ANSWERS = "autograder/answers"  # where autograder.gradebook.answers puts its pages
# What makes a Jupyter server show all answers to one question on one page, and formgrader link to it.
ALL_ANSWERS = (
    "--ServerApp.jpserver_extensions={'autograder.gradebook.answers': True}",
    "--ForGraders.all_answers=True",
)


class ForGraders(Preprocessor):
    """Leaves the chapter out of a page of formgrader, and puts the mark scheme behind each answer.

    Acts on formgrader's pages alone, which it knows by their submission's id: feedback pages never hold a mark scheme.
    """

    all_answers = Bool(False, help="Link to the page with all answers to a question: the server has it.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the notebook as graders should see it."""
        if "submission_id" not in resources or "assignment_id" not in resources:
            return nb, resources
        new_page()
        course, assignment = Course(Path(self.config.CourseDirectory.root)), resources["assignment_id"]
        release, source = (_read(path(assignment)) for path in (course.release_notebook, course.source_notebook))
        variants, student = readable_variants(course, assignment), str(resources.get("student", ""))
        familiar = {cell.source.strip() for cell in release} | variants.texts(student)
        secret = {cells.grade_id(cell): cell.source for cell in source if cells.is_written(cell)}
        shown = []
        for cell in nb.cells:
            if not _is_work(cell) and cell.source.strip() in familiar | {""}:
                continue
            shown.append(cell)
            if (name := cells.grade_id(cell)) in secret and cells.is_written(cell):
                page = (
                    f"{resources.get('base_url', '')}/{ANSWERS}/{quote(assignment)}/{name}" if self.all_answers else ""
                )
                shown.append(_scheme(str(name), secret[name], page, variants, student))
        nb.cells = shown
        return nb, resources


def _is_work(cell: NotebookNode) -> bool:
    """Return whether this is an exercise, what is graded, or the question in front of an answer."""
    question = cell.get("id", "").endswith("-question")
    return bool(cells.part(cell).get("grade")) or cells.is_exercise(cell) or question


def _read(path: Path) -> list[NotebookNode]:
    return cells.read(path).cells if path.is_file() else []


def scheme_text(source: str) -> str:
    """Return the mark scheme and the model answer in an instructor's cell, as Markdown."""
    regions = (markers.MARK_SCHEME, markers.SOLUTION)
    return "\n\n".join(text for region in regions for text in markers.region_texts(source, region) if text.strip())


def _scheme(name: str, source: str, all_answers: str, variants: Variants, student: str) -> NotebookNode:
    link = f" [All answers to this question]({all_answers})" if all_answers else ""
    asked = variants.of(student).get(name)
    own = f"{asked.for_graders()}\n\n" if asked else variants.about("")
    text = f"**For graders: students do not see this.**{link}\n\n{own}{scheme_text(source)}"
    quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return nbformat.v4.new_markdown_cell(quoted, id=f"{SCHEME}-{name}"[:64])


@pass_context
def drawn_markdown(context: Context, source: str) -> str:
    """Return markdown as sanitised HTML with its formulas drawn, in the place of nbconvert's `markdown2html`."""
    cell = context.get("cell") or {}
    return shown_markdown(NotebookNode(source=source, attachments=cell.get("attachments", {})))


def serve(course: Course, port: int, browser: bool) -> int:
    """Run a Jupyter server in the course directory that opens at formgrader; return its exit code when it ends."""
    root = course.root.resolve()
    command = [
        *(sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}"),
        *("--LabApp.default_url=/formgrader", "--ServerApp.ip=127.0.0.1", *ALL_ANSWERS),
    ]
    command += [] if browser else ["--no-browser"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(command, cwd=root, env={**os.environ, "PATH": path}, check=False).returncode
