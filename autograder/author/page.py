"""A chapter as one page for reading, on a phone for one: text, formulas, code, folded hints and figures, no solution.

The code is that of the student's notebook. The figures are those that its cells draw when all exercises are solved;
one that asks for a prediction first is folded away.
"""

from __future__ import annotations

import html
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from autograder import atomic
from autograder.author.build import read_source
from autograder.author.bundle import SELF_CHECK_SEED, bundle_files
from autograder.author.confidential import confidential
from autograder.author.leaks import LeakFound, scan
from autograder.author.trial import run_reference
from autograder.course import notebook as notebooks
from autograder.course.notebook import DEMO
from autograder.course.paths import Course, Repository

NOTE = "For reading, without a network: work in the notebook, whose checks this page does not have."
PREDICT = "Predict first; then open what was measured"
_TEMPLATE = Path(__file__).parent / "templates" / "chapter.html.j2"
_CALLS_OF_OURS = re.compile(r"(?m)^\s*(?:prepare|progress|ready)\(\)")
_PREDICTION = re.compile(r"(?m)^predicted\w*(?:, predicted\w*)* = ")
_TAG = re.compile(r"<[^>]*>")
_UNKNOWN = (
    (r"\\arg(?![a-zA-Z])", r"\\operatorname{arg}"),
    (r"(begin|end)\{aligned\}", r"\1{align*}"),
)  # to latex2mathml


@dataclass(frozen=True)
class Section:
    """A heading of the page and the anchor that leads to it."""

    title: str
    anchor: str


def write_page(repository: Repository, course: Course, assignment: str, out: Path) -> Path:
    """Write an assignment's chapter as one HTML page that needs no other file; returns its path.

    out: the page's path, or a folder for ASSIGNMENT.html. Raises LeakFound, listing every finding, if readers would see
    what they must not; BuildError or SourceError as for the zip. Nothing is written then.
    """
    source = read_source(repository, assignment)
    files = bundle_files(repository, course, source)
    content = page(repository, assignment, files[f"{assignment}.ipynb"])
    secrets = confidential(repository, source, [SELF_CHECK_SEED, course.secret()])
    text = html.unescape(_TAG.sub("", content.decode()))  # what is coloured word by word can be read as one, too
    name = f"{assignment}.html"
    findings = scan({name: content, f"{name} as text": text.encode()}, secrets)
    if findings:
        raise LeakFound(findings)
    path = out if out.suffix == ".html" else out / name
    atomic.replace(path, content, mode=0o644)
    return path


def page(repository: Repository, assignment: str, released: bytes) -> bytes:
    """Return the page of a student's notebook, whose figures come from a run of the instructor's.

    Raises TrialError if a cell of that raises, or a check in it does not pass.
    """
    notebook = nbformat.reads(released.decode(), as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        run_reference(repository, assignment, keep=Path(folder))
        executed = notebooks.read(Path(folder) / f"{assignment}.ipynb")
    outputs = {cell.id: cell.outputs for cell in executed.cells if notebooks.role(cell) == DEMO}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = outputs.get(cell.id, [])
    return rendered(assignment, notebook).encode()


def rendered(title: str, notebook: NotebookNode, note: str = NOTE) -> str:
    """Return a notebook, with the outputs in it, as the page's HTML. note: the line above the text."""
    sections: list[Section] = []
    parts: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(_prose(cell, sections))
        elif cell.cell_type == "code" and not _CALLS_OF_OURS.search(cell.source):
            parts.append(_code(cell))
    heading = re.search(r"(?m)^# (.+)$", "\n".join(cell.source for cell in notebook.cells))
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    shown = [Section(html.escape(section.title), section.anchor) for section in sections]
    shown_title = html.escape(heading[1] if heading else title)
    return template.render(title=shown_title, note=html.escape(note), sections=shown, parts=parts) + "\n"


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of markdown, with formulas as MathML, which browsers draw without a script."""

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def multiline_math(self, text: str) -> str:
        return mathml(text, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def mathml(tex: str, display: bool = False) -> str:
    """Return a formula as MathML that keeps its TeX as its text for those who cannot see it."""
    known = tex.strip()
    for unknown, instead in _UNKNOWN:
        known = re.sub(unknown, instead, known)
    drawn = convert(known, display="block" if display else "inline")
    reached = ' tabindex="0"' if display else ""  # by the keyboard, where it is wider than the page
    return drawn.replace("<math ", f'<math alttext="{html.escape(" ".join(tex.split()))}"{reached} ', 1)


def _prose(cell: NotebookNode, sections: list[Section]) -> str:
    text: str = MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(cell.source)

    def anchored(match: re.Match[str]) -> str:
        anchor = f"section-{len(sections) + 1}"
        sections.append(Section(html.unescape(_TAG.sub("", match[1])), anchor))
        return f'<h2 id="{anchor}">{match[1]}</h2>'

    text = re.sub(r"<h2[^>]*>(.*?)</h2>", anchored, text, flags=re.DOTALL)
    text = text.replace("<th></th>", "<td></td>")  # the corner of a table heads nothing
    # reached by the keyboard, where it is wider than the page
    return text.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")


def _code(cell: NotebookNode) -> str:
    code = f'<pre tabindex="0"><code>{html.escape(cell.source)}</code></pre>'
    if notebooks.role(cell) == DEMO:
        opened = "" if cell.metadata.get("jupyter", {}).get("source_hidden") else " open"
        code = f"<details{opened}><summary>Code of the figure below</summary>{code}</details>"
        return f"{code}\n{_outputs(cell)}"
    return code


def _outputs(cell: NotebookNode) -> str:
    """Return what a figure cell has drawn and printed, folded away where it asks for a prediction first."""
    shown = "\n".join(filter(None, map(_output, cell.outputs)))
    if shown and _PREDICTION.search(cell.source):
        return f"<details><summary>{PREDICT}</summary>\n{shown}\n</details>"
    return shown


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return (
            f'<pre class="printed" tabindex="0">{html.escape(output.text.rstrip())}</pre>'
            if output.text.strip()
            else ""
        )
    data = output.get("data", {})
    text = data.get("text/plain", "")
    if "text/html" in data:  # a panel: it moves here as in the notebook
        return str(data["text/html"])
    if "image/png" in data:
        told = output.get("metadata", {}).get("image/png", {}).get("alt")  # by selfcheck.drawing.show
        described = html.escape(told or "Figure with: " + (", ".join(text.splitlines()[1:]) or "a picture"))
        image = "".join(data["image/png"].split())
        return f'<figure><img alt="{described}" src="data:image/png;base64,{image}"></figure>'
    return f'<pre class="printed" tabindex="0">{html.escape(text)}</pre>' if text else ""
