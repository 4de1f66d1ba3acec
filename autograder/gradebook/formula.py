"""Formulas of a page as pictures inside it: no script draws them, and nothing is fetched.

matplotlib's mathtext knows the TeX that a course's answers use; what it does not know stays as TeX, and so do the
formulas of a page beyond MOST and MOST_BYTES.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path
from matplotlib.textpath import TextPath

EM = 100  # units of a drawing to one em of the text around it
LONGEST = 500
MOST, MOST_BYTES = 200, 2_000_000  # different formulas of a page, and what all of its formulas take
_MARKED = re.compile(r'<(span|div) class="tex">(.*?)</\1>', re.DOTALL)
_ROWS = re.compile(r"\\begin\{(aligned|align\*?|split|gathered|gather\*?|equation\*?)\}(.*)\\end\{\1\}\s*\Z", re.DOTALL)
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}
SIZE = 1.1 * EM  # Computer Modern looks smaller than the page's font
_PROPERTIES = FontProperties(size=SIZE, math_fontfamily="cm")


_drawn: set[str] = set()  # the page's formulas
_left = MOST_BYTES


def begin_page() -> None:
    """Count anew what a page's formulas take."""
    global _left
    _drawn.clear()
    _left = MOST_BYTES


def marked(tex: str, display: bool = False) -> str:
    """Return the mark that `with_formulas` looks for; it survives sanitising."""
    tag = "div" if display else "span"
    return f'<{tag} class="tex">{html.escape(tex, quote=False)}</{tag}>'


def with_formulas(fragment: str) -> str:
    """Replace each marked formula of sanitised HTML by its drawing."""
    return _MARKED.sub(lambda match: _shown(html.unescape(match[2]).strip(), match[1] == "div"), fragment)


def _shown(tex: str, display: bool) -> str:
    rows = [tex]
    if environment := _ROWS.match(tex):
        rows = [row for row in re.split(r"\\\\", environment[2].replace("&", "")) if row.strip()]
    shown = [_counted(" ".join(row.split())) or f'<code class="tex">{html.escape(row.strip())}</code>' for row in rows]
    return "".join(f'<div class="formula">{one}</div>' for one in shown) if display else " ".join(shown)


def _counted(tex: str) -> str:
    """Return the drawing, as long as the page may have one more."""
    global _left
    if tex not in _drawn and len(_drawn) >= MOST:
        return ""
    _drawn.add(tex)
    found = drawing(tex)
    if len(found) > _left:
        return ""
    _left -= len(found)
    return found


@lru_cache(maxsize=2048)
def drawing(tex: str) -> str:
    """Return an svg element as high as its formula in the surrounding text; empty if mathtext cannot draw it.

    tex: without dollar signs. TeX that is long or not ASCII is not tried: it comes from strangers.
    """
    if not tex or not tex.isascii() or len(tex) > LONGEST or "$" in tex:
        return ""
    try:
        width, height, depth, _, _ = MathTextParser("path").parse(f"${tex}$", dpi=72, prop=_PROPERTIES)
        outline = TextPath((0, 0), f"${tex}$", size=SIZE, prop=_PROPERTIES)
    except Exception:  # mathtext raises what its parser's parts do: AttributeError for an empty \\text, among others
        return ""
    width, height, depth = (max(value, 1.0) for value in (width, height, depth))
    return (
        f'<svg class="formula" role="img" aria-label="{html.escape(tex)}" viewBox="0 {depth - height:.0f} {width:.0f} '
        f'{height:.0f}" style="width: {width / EM:.2f}em; height: {height / EM:.2f}em; vertical-align: '
        f'{-depth / EM:.2f}em"><path d="{_outline(outline)}"/></svg>'
    )


def _outline(path: Path) -> str:
    """Return the path as SVG writes it: y grows downwards."""
    parts = []
    for vertices, code in path.iter_segments(curves=True, simplify=False):
        numbers = [round(float(v)) if place % 2 == 0 else -round(float(v)) for place, v in enumerate(vertices)]
        parts.append(_LETTERS[code] + ("" if code == Path.CLOSEPOLY else " ".join(map(str, numbers))))
    return "".join(parts)
