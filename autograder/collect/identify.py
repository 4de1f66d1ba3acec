"""Which assignment a notebook belongs to: what its cells' ids say, whatever the file is called."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from autograder.collect.archive import SourceProblem
from autograder.course import notebook as cells
from autograder.course.paths import Course

CLEARLY = 3  # times as many cells of one assignment as of another: a cell or two may have been copied
# What a browser, a platform or Jupyter adds to a name without making it another: " (1)", "-1", "-Copy1".
_ADDED = re.compile(r"(\s*\(\d{1,3}\)|-\d{1,3}|-Copy\d*)+(?=\.[^.]+$)", re.IGNORECASE)
_LONGEST_NAME = 255  # of a file, in every system; to look through one of 60,000 characters takes minutes


class Assignments:
    """The assignments of a course, as they were released."""

    def __init__(self, course: Course) -> None:
        """Read the releases. Raises SourceProblem if there is none."""
        self.files: dict[str, set[str]] = {}
        self._released: dict[str, list[str]] = {}
        owners: dict[str, set[str]] = {}
        for folder in sorted(course.release.glob("*/")):
            path = course.release_notebook(folder.name)
            if not path.is_file():
                continue
            release = cells.read(path)
            self._released[folder.name] = _sources(release.cells)
            self.files[folder.name] = {one.name for one in folder.iterdir() if one.is_file()} - {path.name}
            self.files[folder.name] |= {name for cell in release.cells if (name := cells.handed_in(cell))}
            for identity in (one for cell in release.cells for one in _identities(cell)):
                owners.setdefault(identity, set()).add(folder.name)
        if not self.files:
            raise SourceProblem(f"no assignment was built in {course.root}: run `autograder build` first")
        self._owner = {name: next(iter(of)) for name, of in owners.items() if len(of) == 1}

    def names(self) -> list[str]:
        return list(self.files)

    def of(self, content: bytes, name: str) -> tuple[str | None, str]:
        """Return the assignment that a notebook belongs to and '', or None and why that cannot be said.

        The cells' ids decide; where they say nothing, what the build wrote about the notebook, then its name: work of
        the right name that is damaged, or was written into a new notebook, is for the grader to judge.
        """
        named = self.named(name)
        try:
            data = json.loads(content.decode("utf-8-sig"))
        except (UnicodeDecodeError, ValueError, RecursionError):
            return named, "" if named else "it is no notebook that can be read"
        if name.lower().endswith(".json") and "nbformat" not in _mapping(data):
            return None, "it is no notebook"  # what a release has beside it may list its cells
        found = data.get("cells") if isinstance(data, dict) else None
        if not isinstance(found, list):
            return named, "" if named else "it is no notebook"
        votes = Counter(owner for cell in found if (owner := self._of_cell(cell)))
        if votes:
            (first, most), *others = votes.most_common()
            if not others or most >= CLEARLY * others[0][1]:
                return first, ""
            several = " and of ".join(f"{one} ({count})" for one, count in votes.most_common(3))
            return None, f"it has cells of {several}"
        noted = _mapping(_mapping(data.get("metadata")).get("course")).get("assignment")
        if isinstance(noted, str) and noted in self.files:
            return noted, ""
        return named, "" if named else "none of its cells belongs to an assignment of this course"

    def is_untouched(self, assignment: str, content: bytes) -> bool:
        """Is this the notebook as it was released, with nothing of a student's in its cells?"""
        try:
            found = _mapping(json.loads(content.decode("utf-8-sig"))).get("cells")
        except (UnicodeDecodeError, ValueError, RecursionError):
            return False
        return isinstance(found, list) and _sources(found) == self._released[assignment]

    def _of_cell(self, cell: Any) -> str | None:
        """Return the assignment that alone has a cell of this id."""
        return next((owner for one in _identities(cell) if (owner := self._owner.get(one))), None)

    def named(self, name: str) -> str | None:
        """Return the assignment whose notebook has this name, whatever a browser or a platform has added to it."""
        stem, dot, ending = plain_name(name).rpartition(".")
        return stem if dot and ending.lower() == "ipynb" and stem in self.files else None

    def beside(self, assignment: str, name: str, others: set[str]) -> str:
        """Return the name that a file beside the notebook gets: `captions-1.json` is the required `captions.json`."""
        plain = plain_name(name)
        return plain if plain in self.files[assignment] and plain not in others else name


def plain_name(name: str) -> str:
    """Return a file's name without what a browser, a platform or Jupyter has added to it, if a file can have it."""
    return _ADDED.sub("", name) if len(name) <= _LONGEST_NAME else name


def _identities(cell: Any) -> list[str]:
    """Return what names a cell: nbgrader's id and its own, which stays where an editor has removed the first."""
    part = _mapping(_mapping(_mapping(cell).get("metadata")).get("nbgrader"))
    return [one for one in (part.get("grade_id"), _mapping(cell).get("id")) if isinstance(one, str) and one]


def _sources(found: list[Any]) -> list[str]:
    """Return the text of each cell: in a file it may be a list of lines."""
    texts = (_mapping(cell).get("source", "") for cell in found)
    return ["".join(map(str, text)) if isinstance(text, list) else str(text) for text in texts]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
