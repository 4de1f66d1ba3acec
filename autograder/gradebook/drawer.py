"""Cells as HTML, drawn in a process with limits; what cannot be drawn within them is shown as text.

Markdown, code and formulas are read by mistune, Pygments and matplotlib, none of which was made for text that somebody
wrote to keep them busy. What a page may take is counted in characters, formulas and bytes, so that a page is the same
on every machine; the limits of the process are for what that does not foresee.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.gradebook import formula, harmless
from autograder.sandbox.limited import Fault, Limited, Stopped, TooMuch

SECONDS, MEMORY = 5.0, 2**30  # for a cell
LONGEST_PAGE = 400_000  # characters of a page's cells; the chapters' notebooks have a tenth of that
LONGEST_TEXT = 2_000_000  # of those shown as text
_LEFT_OUT = "<p>Left out, because this page is full. The cell is in the notebook that was handed in.</p>"
_MOST_FAILURES = 2  # for a page: each may cost its time
_MARKDOWN, _CODE, _PAGE = "markdown", "code", "page"


@dataclass
class Drawer:
    """Draws the cells of one page after another."""

    _limited: Limited = field(default_factory=lambda: Limited(_answer, seconds=SECONDS, memory=MEMORY))
    _left: int = field(default_factory=lambda: LONGEST_PAGE)
    _failures: int = 0

    def begin_page(self) -> None:
        """Count anew."""
        self._left, self._failures = LONGEST_PAGE, 0
        self._ask(_PAGE, "", {})

    def markdown(self, source: str, attachments: dict[str, Any]) -> str:
        """Return a markdown cell as sanitised HTML with its formulas drawn."""
        return self._drawn(_MARKDOWN, source, attachments)

    def code(self, source: str) -> str:
        """Python in colours."""
        return self._drawn(_CODE, source, {})

    def close(self) -> None:
        """End the process."""
        self._limited.close()

    def _drawn(self, kind: str, source: str, attachments: dict[str, Any]) -> str:
        source = harmless.directions_marked(source)
        self._left -= len(source)
        if self._left < -LONGEST_TEXT:
            return _LEFT_OUT
        drawn = self._ask(kind, source, attachments) if self._left >= 0 else ""
        return drawn or f"<pre>{html.escape(source)}</pre>"

    def _ask(self, kind: str, source: str, attachments: dict[str, Any]) -> str:
        if self._failures >= _MOST_FAILURES:
            return ""
        try:
            return str(self._limited.ask((kind, source, attachments)))
        except (TooMuch, Stopped):
            self._failures += 1
        except Fault:  # a stranger's text: mistune and the renderer's attachments raise several kinds
            pass
        return ""


def _answer(request: tuple[str, str, dict[str, Any]]) -> str:
    """In the process with limits: draw a cell."""
    kind, source, attachments = request
    if kind == _PAGE:
        formula.begin_page()
        return ""
    if kind == _CODE:
        return str(Highlight2HTML(pygments_lexer="ipython3")(source))
    renderer = _Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return formula.with_formulas(harmless.html(MarkdownWithMath(renderer=renderer).render(source)))


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of markdown, with formulas marked for drawing."""

    def inline_math(self, body: str) -> str:
        return formula.marked(body)

    def block_math(self, body: str) -> str:
        return formula.marked(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return formula.marked(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)
