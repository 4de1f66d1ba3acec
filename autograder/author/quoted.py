"""Lists the numbers that a chapter quotes in its text beside those that its cells printed.

Nothing is judged here: a quoted number may come from an equation, or from a measurement that the notebook does not
repeat. The list shows the author each number with its words, and which numbers no cell prints:

| mark | meaning |
|---|---|
| = | printed by the same section, or elsewhere in the notebook, to the digits quoted |
| ~ | a range in which a printed number lies |
| c | in the section's code: a setting |
| ? | nowhere |

Whole numbers of one digit are left out, unless they end a range: too many of them count something else.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from autograder.author.reading import RESULT
from autograder.course import notebook as notebooks

PRINTED, WITHIN, SETTING, NOWHERE = "=", "~", "c", "?"
CONTEXT = 44  # characters of text on either side of a number

# Run in the kernel before the notebook: once matplotlib is there, the texts of a figure (titles, labels, legends) join
# its cell's output. The notebook itself must import it: importing it earlier would import NumPy before its settings.
FIGURES_TELL_THEIR_TEXTS = r"""
def _tell_the_texts_of_figures(*_):
    import sys

    if "matplotlib.figure" in sys.modules:
        from matplotlib.figure import Figure
        from matplotlib.text import Text

        def texts_of(figure, printer, cycle):
            texts = (text.get_text() for text in figure.findobj(Text) if text.get_visible())
            printer.text("\n".join([repr(figure), *filter(None, texts)]))

        Figure._repr_pretty_ = texts_of
        get_ipython().events.unregister("pre_run_cell", _tell_the_texts_of_figures)


get_ipython().events.register("pre_run_cell", _tell_the_texts_of_figures)
"""

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<mantissa>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<e>[-+]?\d+)|\s*\\cdot\s*10\^\{?(?P<ten>[-−]?[\d.]+)\}?)?(?![\d^]|,\d{3}(?!\d))(?P<percent>\s?\\?%)?"
    r"|(?<![\w.,])10\^\{?(?P<power>[-−]?\d+(?:\.\d+)?)\}?"
)
_NOT_QUOTED = re.compile(
    r"""(?xm)
    `[^`\n]*`                                            # code
    | \]\([^)]*\) | https?://\S+                         # addresses
    | (?i:sections?|experiments?|assignments?|figures?|exercises?|chapters?|seeds?)\s\d+(?:(?:,|\sto|,?\sand)\s\d+)*
    | \b(?:19|20)\d\d\b(?![.,]\d)                        # years
    | ^\s*(?:[#]+\s)?\d+\.\s                             # headings and lists
    | _(?:\{[^{}]*\}|\w) | (?<!10)\^(?:\{[^{}]*\}|\w)    # indices and powers
    """
)
_ASIDE = re.compile(  # help, the cards of exercises, minutes to read, TeX's spaces between lines
    rf"(?s)(?!{re.escape(RESULT)})<details>.*?</details>|(?m:^### Exercise\b.*\n\n.*$|^\*\*Question\b.*$)"
    r"|\(About \d+ minutes? to read\.\)|\\\\\[[\d.]+\w\w\]"
)
_COMMENT = re.compile(r"(?m)(?:^|\s)#\s(.*)$")
_RANGE = re.compile(r"(?s).*(?:\$?\s+to\s+\$?[-−]?|–|\bbetween\s+\$?[-−]?\0\$?\s+and\s+\$?[-−]?)")


@dataclass(frozen=True)
class Quoted:
    """A number in a text: its size, as signs often stand in words, lies between two `ends`.

    exponents: the ends of the exponent, where the number is a power of ten: a cell may print that alone.
    """

    text: str
    start: int
    stop: int
    ends: tuple[float, float]
    percent: bool = False
    whole: bool = False
    exponents: tuple[float, float] | None = None

    @property
    def digit(self) -> bool:
        """Is it a whole number of one digit?"""
        return self.whole and not self.percent and self.ends[1] < 10


@dataclass
class Section:
    """What one heading has below it: lines of text with their numbers, and the numbers of its outputs and its code."""

    title: str
    texts: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


class _Sizes:
    """The sizes of printed numbers, to be searched."""

    def __init__(self, numbers: Iterable[str]) -> None:
        found = (one for number in numbers for one in numbers_of(number))
        self.sorted = sorted(sum(one.ends) / 2 for one in found)

    def between(self, low: float, high: float) -> bool:
        place = bisect.bisect_left(self.sorted, low * (1 - 1e-9))
        return place < len(self.sorted) and self.sorted[place] <= high * (1 + 1e-9)

    def equals(self, one: Quoted) -> bool:
        low, high = one.ends
        alone = one.exponents is not None and self.between(*one.exponents)
        return self.between(low, high) or alone or (one.percent and self.between(low / 100, high / 100))


def numbers_of(text: str) -> list[Quoted]:
    """The numbers of a text, without those of code, addresses, indices, years, and numbers of sections and lists."""
    masked = _NOT_QUOTED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return [_quoted(match) for match in _NUMBER.finditer(masked)]


def sections(notebook: notebooks.NotebookNode) -> list[Section]:
    """The parts of an executed notebook between its headings; help that is folded away and the checks are left out."""
    found = [Section("beginning")]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for title, text in _parts(cell.source):
                if title:
                    found.append(Section(title))
                found[-1].texts.append(_ASIDE.sub("", text))
        elif cell.cell_type == "code" and not notebooks.is_test(cell):
            found[-1].code.append(cell.source)
            found[-1].texts.append("\n".join(_COMMENT.findall(cell.source)))
            found[-1].printed.extend(_outputs(cell))
    return found


def report(notebook: notebooks.NotebookNode, notes: str = "") -> str:
    """Write the numbers of each section, marked, with their words and with all that the section printed.

    Those of the instructor's notes follow, compared with what the whole notebook printed.
    """
    parts = sections(notebook)
    anywhere = _Sizes(text for part in parts for text in part.printed)
    of_notes = [Section(f"notes: {title or 'beginning'}", [text]) for title, text in _parts(notes)]
    blocks = []
    for part in [*parts, *of_notes]:
        here, code = anywhere if part in of_notes else _Sizes(part.printed), _Sizes(part.code)
        lines = [line for text in part.texts for line in _marked(text, here, code, anywhere)]
        printed = " ".join(one.text for text in part.printed for one in numbers_of(text))
        if lines:
            blocks.append("\n".join([part.title, *lines, *([f"  printed: {printed}"] if printed else [])]))
    return "\n\n".join([_summary(blocks), *blocks]) + "\n"


def _summary(blocks: list[str]) -> str:
    marks = re.findall(r"(?m)^  ([=~c?]) ", "\n".join(blocks))
    printed = marks.count(PRINTED) + marks.count(WITHIN)
    return f"{printed} quoted numbers are printed, {marks.count(SETTING)} are settings, {marks.count(NOWHERE)} neither."


def _marked(text: str, here: _Sizes, code: _Sizes, anywhere: _Sizes) -> Iterator[str]:
    """Yield a line for each number of a text, or for two that are the ends of a range."""
    found = numbers_of(text)
    while found:
        one = found.pop(0)
        stop, name, mark = one.stop, one.text, _mark(one, here, code, anywhere)
        before, link = text[max(0, one.start - 12) : one.start], text[one.stop : found[0].start] if found else ""
        if found and one.ends < found[0].ends and len(link) < 10 and _RANGE.fullmatch(f"{before}\0{link}"):
            other = found.pop(0)
            stop, name, marks = other.stop, f"{name} to {other.text}", {mark, _mark(other, here, code, anywhere)}
            if len(marks) > 1 or mark == NOWHERE:
                mark = WITHIN if here.between(one.ends[0], other.ends[1]) else max(marks, key="=c?".index)
        words = (
            f"{text[max(0, one.start - CONTEXT) : one.start]}[{text[one.start : stop]}]{text[stop : stop + CONTEXT]}"
        )
        if mark == WITHIN or stop != one.stop or not one.digit:
            yield f"  {mark} {name}: {' '.join(words.split())}"


def _mark(one: Quoted, here: _Sizes, code: _Sizes, anywhere: _Sizes) -> str:
    if here.equals(one):
        return PRINTED
    if code.equals(one):
        return SETTING
    return PRINTED if anywhere.equals(one) and not one.whole else NOWHERE


def _quoted(match: re.Match[str]) -> Quoted:
    span = (match.group().strip(), match.start(), match.start() + len(match.group().rstrip()))
    if match["power"]:
        power = Decimal(match["power"].replace("−", "-"))
        half = Decimal(5).scaleb(int(power.as_tuple().exponent) - 1)
        ends = (float(10 ** (power - half)), float(10 ** (power + half)))
        return Quoted(*span, ends, exponents=(float(abs(power) - half), float(abs(power) + half)))
    mantissa = Decimal(match["mantissa"].replace(",", ""))
    power = Decimal((match["ten"] or match["e"] or "0").replace("−", "-").rstrip("."))
    half = Decimal(5).scaleb(int(mantissa.as_tuple().exponent) - 1)
    ends = (float((mantissa - half) * 10**power), float((mantissa + half) * 10**power))
    whole = mantissa.as_tuple().exponent == 0 and power == 0 and mantissa < 1000
    return Quoted(*span, ends, match["percent"] is not None, whole)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield a Markdown text cut at its headings: (heading, text below it); the first heading may be ''."""
    title, lines = "", list[str]()
    for line in text.split("\n"):
        if re.match(r"#{1,3} (?!BEGIN|END|Exercise \d)", line):
            yield title, "\n".join(lines)
            title, lines = line.lstrip("# "), []
        else:
            lines.append(line)
    yield title, "\n".join(lines)


def _outputs(cell: notebooks.NotebookNode) -> Iterator[str]:
    """Yield the texts that a cell printed, those in its figures included."""
    for output in cell.get("outputs", []):
        yield from filter(None, (output.get("text"), output.get("data", {}).get("text/plain")))
