"""Says how long it takes to read a chapter's sections, as their first paragraphs then tell the student."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.course.cell import Cell

WORDS_PER_MINUTE = 130  # text with formulas, read to be understood
RESULT = "<details><summary>What was measured</summary>"  # opens a folded result; all else that is folded is help
_HELP = re.compile(rf"(?s)(?!{re.escape(RESULT)})<details>.*?</details>")
_SECTION = re.compile(r"\A## \S.*\n(?:\n(?P<summary>\*[^*]+\*)(?=\n|\Z))?")


def minutes(words: int) -> int:
    """Return how many minutes it takes to read this number of words, at least 1."""
    return max(1, round(words / WORDS_PER_MINUTE))


def words(text: str) -> int:
    """Count the words of a Markdown text, a formula as one for each piece between blanks; help is left out."""
    return len(_HELP.sub("", text).split())


def section_minutes(cells: Sequence[Cell]) -> list[int]:
    """Return, by cell, the minutes that the section takes that begins in it, or 0 if none does.

    A section begins in a prose cell with a heading of the second level. Questions belong to it; code, docstrings
    and what is folded away as help do not.
    """
    counts = [0] * len(cells)
    section = None
    for place, cell in enumerate(cells):
        if cell.kind == "prose" and cell.source.startswith("## "):
            section = place
        if section is not None and cell.kind in ("prose", "written"):
            counts[section] += words(cell.question if cell.kind == "written" else cell.source)
    return [minutes(count) if count else 0 for count in counts]


def announced(source: str, needed: int) -> str:
    """Return a section's first cell with the minutes to read it, behind the summary in italics if there is one."""
    said = f"(About {needed} minute{'' if needed == 1 else 's'} to read.)"
    match = _SECTION.match(source)
    if match is None:
        return source
    head, rest = source[: match.end()], source[match.end() :]
    return f"{head} {said}{rest}" if match["summary"] else f"{head}\n{said}\n{rest}"
