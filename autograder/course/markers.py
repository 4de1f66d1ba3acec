"""nbgrader's markers: the regions they open and close, what a student sees of a cell, and lint for mistyped ones.

nbgrader looks for its markers as substrings and says nothing about one it does not know: a mistyped BEGIN with a
correct END would hand the region to students. So a line that is nearly a marker must be exactly one.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Region = Literal["", "SOLUTION", "MARK SCHEME"]

SOLUTION: Region = "SOLUTION"
MARK_SCHEME: Region = "MARK SCHEME"
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"

_NAMES = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
_MARKERS = tuple(f"{edge} {name}" for name in _NAMES for edge in ("BEGIN", "END"))
_EXACT = {f"### {marker}": marker for marker in _MARKERS}
_KEYWORDS = ("SOLUTION", "SOLUTIONS", "HIDDENTEST", "HIDDENTESTS", "MARKSCHEME", "MARKINGSCHEME")
_NEARLY = 0.8
_LONGEST_HEADING = 4  # words: a longer line after ## is a heading, not a marker gone wrong


@dataclass(frozen=True)
class Segment:
    """Consecutive lines of a cell: inside a region, or (`region` empty) outside; `indent` is the BEGIN line's."""

    region: Region
    text: str
    indent: str = ""


def segments(source: str) -> list[Segment]:
    """Split a cell at its markers, the marker lines left out; the cell must have passed `lint`."""
    found: list[Segment] = []
    lines: list[str] = []
    region: Region = ""
    indent = ""

    def close() -> None:
        if lines or region:
            found.append(Segment(region, "\n".join(lines), indent))
        lines.clear()

    for line in source.split("\n"):
        marker = _EXACT.get(line.strip(), "")
        if marker.startswith("BEGIN"):
            close()
            region = SOLUTION if marker.endswith(SOLUTION) else MARK_SCHEME
            indent = line[: len(line) - len(line.lstrip())]
        elif marker:
            close()
            region, indent = "", ""
        else:
            lines.append(line)
    close()
    return found


def region_texts(source: str, region: Region) -> list[str]:
    """Return the text of each region of that kind, in order."""
    return [segment.text for segment in segments(source) if segment.region == region]


def without_markers(source: str) -> str:
    """Return the cell as the instructor reads and runs it: every line but the markers."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in _EXACT)


def patched(source: str, old: str, new: str) -> str:
    """Return the cell as the instructor runs it, with `old` replaced by `new` in its solution.

    Raises ValueError unless `old` is in the solution exactly once.
    """
    return patched_by_all(source, [(old, new)])


def patched_by_all(source: str, changes: Sequence[tuple[str, str]]) -> str:
    """Return the cell as the instructor runs it, with each old text replaced by its new one in turn.

    Raises ValueError unless each old text is in the solution exactly once by then.
    """
    found = list(segments(source))
    inside = [i for i, segment in enumerate(found) if segment.region == SOLUTION]
    texts = [segment.text for segment in found]
    for old, new in changes:
        count = sum(texts[i].count(old) for i in inside) if old else 0
        if count != 1:
            raise ValueError(
                f"the text to replace is {count} times in the solution, not once: {old!r}. Copy it from the solution "
                "in chapter.py, with as much around it as makes it the only one."
            )
        for i in inside:
            texts[i] = texts[i].replace(old, new)
    return "\n".join(texts)


def outside(source: str) -> str:
    """Return the lines outside of all regions: what the author gives."""
    return "\n".join(segment.text for segment in segments(source) if not segment.region)


def student_view(source: str, stub: str = CODE_STUB) -> str:
    """Return the cell as nbgrader hands it out: `stub` in the place of each solution, mark schemes left out."""
    shown: list[str] = []
    for segment in segments(source):
        if segment.region == SOLUTION:
            shown.extend(segment.indent + line for line in stub.split("\n"))
        elif not segment.region:
            shown.append(segment.text)
    return "\n".join(shown)


def lint(source: str, allowed: tuple[Region, ...]) -> list[tuple[int, str]]:
    """Return what is wrong with a cell's markers: pairs of a line's number (from 0) and a sentence.

    `allowed` are the regions that this kind of cell may have.
    """
    found: list[tuple[int, str]] = []
    open_marker, opened_at = "", 0
    for number, line in enumerate(source.split("\n")):
        marker = _EXACT.get(line.strip(), "")
        if not marker:
            if sentence := _suspicious(line):
                found.append((number, sentence))
            continue
        edge, name = marker.split(" ", 1)
        if name not in allowed:
            found.append((number, _misplaced(name)))
        elif edge == "BEGIN" and open_marker:
            found.append(
                (number, f"BEGIN {name} inside of a region that BEGIN {open_marker} opened: regions may not nest.")
            )
        elif edge == "BEGIN":
            open_marker, opened_at = name, number
        elif open_marker != name:
            found.append((number, f"END {name} closes nothing: no BEGIN {name} is open before it."))
        else:
            open_marker = ""
    if open_marker:
        found.append((opened_at, f"BEGIN {open_marker} is never closed: write ### END {open_marker} below it."))
    return found


def _suspicious(line: str) -> str:
    """Return a sentence if the line is nearly a marker, or if nbgrader would take it for one; empty otherwise."""
    for marker in _MARKERS:
        if marker in line:
            return f"nbgrader takes this line for a marker; the line must be `### {marker}` and nothing else."
    if "AUTOTEST" in line:
        return "nbgrader takes AUTOTEST for a command that runs the solution; tests stand in pytest files."
    words = re.findall(r"[A-Za-z]+", line)
    letters = "".join(words).upper()
    for marker in _MARKERS:
        if _alike(letters, marker.replace(" ", "")):
            return f"this is nearly a marker, but nbgrader would not see it; write `### {marker}`, or other words."
    if re.match(r"\s*#{2,}", line) and len(words) <= _LONGEST_HEADING:
        neighbours = [*words, *(first + second for first, second in itertools.pairwise(words))]
        if any(_alike(word.upper(), keyword) for word in neighbours for keyword in _KEYWORDS):
            return "this looks like a marker, but nbgrader would not see it; write the marker exactly, or other words."
    return ""


def _alike(word: str, wanted: str) -> bool:
    return (
        abs(len(word) - len(wanted)) <= len(wanted) // 4
        and difflib.SequenceMatcher(None, word, wanted, autojunk=False).ratio() >= _NEARLY
    )


def _misplaced(name: str) -> str:
    if name == "HIDDEN TESTS":
        return "hidden tests stand in solutions/aN/hidden_tests.py, not in a cell: move them there."
    if name == "MARK SCHEME":
        return 'a mark scheme belongs to a written question: give the cell [markdown] written="NAME".'
    return 'a solution belongs to an exercise or a written question: give the cell exercise="NAME" or written="NAME".'
