"""Which of a student's files are the notebooks of assignments, and what comes along with each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime

from autograder.collect.archive import MAX_FILE, Item, Source, SourceProblem, shown_name, within
from autograder.collect.conventions import ATTACHMENTS, CANVAS, FOLDERS, SECRET, TIMESTAMP, Handed
from autograder.collect.identify import Assignments
from autograder.collect.plan import Options, Plan, Taken
from autograder.course import collected as note
from autograder.course.collected import Collected

MOST_BESIDE = 100  # files beside a notebook
MOST_BYTES = 100 * 2**20  # of them together
_ARCHIVE = re.compile(r".*\.(zip|rar|7z|tar|tgz|gz|bz2|xz)", re.IGNORECASE)


class Submission:
    """One student's files, from which the notebooks of assignments are taken."""

    def __init__(
        self,
        handed: Handed,
        student: str,
        style: str,
        source: Source,
        assignments: Assignments,
        options: Options,
        done: Plan,
    ) -> None:
        self.handed, self.student, self.style, self.source = handed, student, style, source
        self.assignments, self.options, self.done = assignments, options, done
        self.items = self._opened()

    def taken(self) -> list[Taken]:
        by_assignment: dict[str, list[Item]] = {}
        refused: list[str] = []
        for item in filter(_may_be_notebook, self.items):
            try:
                assignment, reason = self.assignments.of(item.read(), item.name)
            except SourceProblem as problem:
                refused.append(str(problem))
                continue
            if assignment is None:
                if item.name.lower().endswith(".ipynb"):
                    refused.append(f"{shown_name(item.path)}: {reason}")
            elif self.options.assignment not in ("", assignment):
                refused.append(f"{shown_name(item.path)} is the notebook of {assignment}")
            else:
                by_assignment.setdefault(assignment, []).append(item)
        if self.handed.assignment and by_assignment and set(by_assignment) != {self.handed.assignment}:
            others = ", ".join(sorted(by_assignment))
            self._list(f"it was handed in as {self.handed.assignment}, and holds the notebook of {others}")
            return []
        if not by_assignment:
            self._list_none(refused)
        return [one for name, found in by_assignment.items() if (one := self._one(name, found))]

    def _list_none(self, refused: list[str]) -> None:
        """Say why no notebook was taken; of a zip that cannot be opened that is said already."""
        names = ", ".join(shown_name(item.path) for item in self.items[:5])
        if refused:
            self._list("; ".join(refused[:5]))
        elif archive := next((item for item in self.items if _ARCHIVE.fullmatch(item.name)), None):
            self._list(
                f"there is no notebook among: {names}. Unpack {shown_name(archive.name)} into a folder that has the "
                "student's id as its name, and collect the folder around it"
            )
        elif self.items:
            self._list(f"there is no notebook among: {names}")

    def _one(self, assignment: str, found: list[Item]) -> Taken | None:
        flags = []
        chosen, several = self._chosen(assignment, found)
        if chosen is None:
            paths = ", ".join(shown_name(_called(item)) for item in found)
            self._list(f"{len(found)} different notebooks of {assignment}: {paths}. Choose one with --take PATH")
            return None
        if several:
            flags.append((note.SEVERAL, f"{shown_name(chosen.path)} was taken of {len(found)}"))
        if not self._usual(assignment, chosen):
            flags.append((note.RENAMED, shown_name(chosen.path)))
        if self.handed.partners:
            flags.append((note.GROUP, f"handed in together with {self.handed.partners} more"))
        moment, time_from = self._time()
        if self.style == FOLDERS and moment is None and self._has(TIMESTAMP, chosen.folder):
            self._list(f"its {TIMESTAMP} was not used, since the student may have written it: give times with --times")
        if self.handed.late and moment is None:
            flags.append((note.LATE_WITHOUT_TIME, "the platform says late, and no time of submission is known"))
        noted = Collected(
            self.style, f"{self.source.path.name}: {shown_name(self.handed.label)}/{shown_name(chosen.path)}",
            moment.isoformat() if moment else "", time_from, self.handed.late, tuple(flags),
        )  # fmt: skip
        return Taken(self.student, assignment, self.handed.label, chosen, self._beside(assignment, chosen), noted,
                     self.handed.secret)  # fmt: skip

    def _chosen(self, assignment: str, found: list[Item]) -> tuple[Item | None, bool]:
        """The notebook to take, and whether there were others: what --take names, the only one, or that of the name.

        One as it was released does not count beside others.
        """
        asked = [item for item in found if self._is_asked_for(item)]
        if len(asked) == 1:
            return asked[0], len(found) > 1
        worked = [item for item in found if not self.assignments.is_untouched(assignment, item.read())]
        left_out = 0 < len(worked) < len(found)
        found = worked or found
        different = {hashlib.sha256(item.read()).digest(): item for item in reversed(found)}
        if len(different) == 1:
            return min(found, key=lambda item: (not self._usual(assignment, item), item.path)), left_out
        if self.style == CANVAS and all(self._usual(assignment, item) for item in found):
            return found[-1], True  # a1-1.ipynb is what Canvas calls a later a1.ipynb; its numbers give the order
        exact = [item for item in found if item.name == f"{assignment}.ipynb" and self._usual(assignment, item)]
        return (exact[0], True) if len(exact) == 1 else (None, True)

    def _is_asked_for(self, item: Item) -> bool:
        """Does --take name it, with or without its submission, the zip that it was in included or not?"""
        names = {item.path, _called(item)}
        return not names.isdisjoint(self.options.take) or any(
            f"{self.handed.label}/{name}" in self.options.take for name in names
        )

    def _usual(self, assignment: str, item: Item) -> bool:
        """Has the notebook its name, and does it lie where the platform or nbgrader puts it?"""
        folders = ("", assignment, ATTACHMENTS) if self.style == FOLDERS else ("",)
        loose = self.style == FOLDERS and len(self.handed.items) == 1 and item.path == self.handed.label
        named = loose or self.assignments.named(item.name) == assignment
        return named and item.folder in folders

    def _beside(self, assignment: str, notebook: Item) -> tuple[tuple[str, Item], ...]:
        """Return the files in the notebook's folder, with the names that they get."""
        here = [item for item in self.items if item.folder == notebook.folder and item.path != notebook.path]
        names = {item.name for item in here}
        kept: dict[str, Item] = {}
        size = 0
        for item in here:
            name = self.assignments.beside(assignment, item.name, names)
            own = (f"{assignment}.ipynb", TIMESTAMP, SECRET, note.NAME)
            size += item.size
            too_long = len(name.encode("utf-8", "surrogateescape")) > 200
            if name in own:
                continue  # the collector's own names
            if name in kept or not name.isprintable() or too_long or item.size > MAX_FILE:
                self._list(f"{shown_name(item.path)}, a file beside the notebook, was left out: its name or size")
            elif len(kept) >= MOST_BESIDE or size > MOST_BYTES:
                self._list(f"files beside the notebook were left out: more than {MOST_BESIDE}, or too large")
                break
            elif problem := item.problem():
                self._list(f"{shown_name(item.path)}, a file beside the notebook, was left out: {problem}")
            elif not (self.style == FOLDERS and notebook.folder == "" and _is_assignments(item, self.assignments)):
                kept[name] = item
        return tuple(kept.items())

    def _has(self, name: str, folder: str) -> bool:
        return any(item.name == name and item.folder == folder for item in self.items)

    def _time(self) -> tuple[datetime | None, str]:
        if told := self.options.times.get(self.student):
            return told, "--times"
        return self.handed.time, self.handed.time_from

    def _opened(self) -> list[Item]:
        """Return the files, with those of a zip that the student has handed in."""
        items: list[Item] = []
        for item in self.handed.items:
            if not item.name.lower().endswith(".zip"):
                items.append(item)
                continue
            try:
                inside = _unwrapped(within(item), item.folder)
            except SourceProblem as problem:
                self._list(str(problem))
                continue
            if not inside:
                self._list(f"{shown_name(item.path)} contains no file")
            items += [replace(one, readings=(f"{item.path}/{one.below(item.folder).path}",)) for one in inside]
        return items

    def _list(self, reason: str) -> None:
        self.done.listed.append((self.handed.label, reason))


def _called(item: Item) -> str:
    """Return a file's path with the zip that a student has put it into, which tells it from one of another zip."""
    return item.readings[0] if item.readings else item.path


def _unwrapped(items: tuple[Item, ...], folder: str) -> list[Item]:
    """Return the files of a student's zip without the one folder around all of them."""
    below = [item.below(folder) for item in items]
    tops = {item.parts[0] for item in below}
    if len(tops) == 1 and all(len(item.parts) > 1 for item in below):
        below = [item.below(next(iter(tops))) for item in below]
    return [replace(item, path=f"{folder}/{item.path}" if folder else item.path) for item in below]


def _is_assignments(item: Item, assignments: Assignments) -> bool:
    """Is this another assignment's notebook, in a repository of all?"""
    return assignments.named(item.name) is not None


def _may_be_notebook(item: Item) -> bool:
    name = item.name.lower()
    return name.endswith((".ipynb", ".json")) or ".ipynb." in name
