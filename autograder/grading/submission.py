"""Reads what a student has handed in: the notebook's bytes, with limits, and what is beside it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.collected import read_collected
from autograder.course.student_ids import is_id
from autograder.grading.assignment import Assignment, file_hash
from autograder.grading.result import Flag

if TYPE_CHECKING:
    from selfcheck.handed_in import NotHandedIn

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2000
_IGNORED = re.compile(  # .pt: weights that a notebook has trained and keeps; what the self-check keeps for the student
    r"(timestamp\.txt|submission_secret\.txt|collected\.json|.*\.pt|.*\.progress\.json|.*\.receipt\.txt"
    r"|\.ipynb_checkpoints|__pycache__|\.pytest_cache|\.DS_Store|desktop\.ini|Thumbs\.db)"
)


class Unreadable(Exception):
    """The submission cannot be graded; the text tells student and instructor why."""


@dataclass(frozen=True)
class Received:
    """What a student's folder holds, read once: plain data, for the key of the result and for the grader.

    content: the notebook's bytes, or none, and `refusal` says why. foreign: what foreign_files and collecting flag.
    handed_in: files beside the notebook by name, each its text or why there is none.
    """

    content: bytes
    refusal: str = ""
    foreign: tuple[Flag, ...] = ()
    handed_in: Mapping[str, str | NotHandedIn] = field(default_factory=dict)

    def digest(self) -> bytes:
        """Return a hash of all of it."""
        digest = hashlib.sha256(self.content or self.refusal.encode())
        digest.update(repr((self.foreign, self.handed_in)).encode("utf-8", "backslashreplace"))
        return digest.digest()


NOT_ON_ROSTER = "this student is not on the roster"


def check_student_id(student: str, roster: Collection[str] | None) -> None:
    """Raise Unreadable if the id is not on the roster, or, without a roster, does not look like an id."""
    if not is_id(student):
        raise Unreadable(
            "the folder's name is not a valid student id: use letters, digits, blanks and _ . , @ - + ' ( )"
        )
    if roster is not None and student not in roster:
        raise Unreadable(NOT_ON_ROSTER)


def is_ignored(name: str) -> bool:
    """Whether a file beside a notebook is none of the student's work: when it came, and what tools leave there."""
    return _IGNORED.fullmatch(name) is not None


def read_bytes(path: Path, submitted: Path) -> bytes:
    """Return the bytes of a regular file of limited size, not reached through a link. Raises Unreadable."""
    relative = path.relative_to(submitted)
    try:
        for folder in list(relative.parents)[:-1]:
            if (submitted / folder).is_symlink():
                raise Unreadable(f"the folder {folder.name} is a symbolic link; submit the folder itself")
        if path.is_symlink():
            raise Unreadable("the notebook is a symbolic link; submit the file itself")
    except OSError as error:  # a folder that may not be entered, a disk that fails
        raise Unreadable(f"the notebook cannot be read: {error.strerror}") from error
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        others = sorted(p.name for p in path.parent.glob("*.ipynb"))[:5] if path.parent.is_dir() else []
        hint = f"; found instead: {', '.join(map(printable, others))}" if others else ""
        raise Unreadable(f"there is no {path.name}{hint}") from error
    except OSError as error:
        raise Unreadable(f"the notebook cannot be opened: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unreadable("the notebook is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            raise Unreadable(
                f"the notebook is larger than {MAX_BYTES // 2**20} MiB; clear its outputs and submit again"
            )
        return file.read(MAX_BYTES + 1)


def receive(path: Path, submitted: Path, assignment: Assignment) -> Received:
    """Read the notebook `path` and what is beside it; whatever is wrong with them is in what is returned."""
    content, refusal = b"", ""
    try:
        content = read_bytes(path, submitted)
    except Unreadable as error:
        refusal = str(error)
    except OSError as error:  # a folder that may not be entered, a disk that fails
        refusal = f"the notebook cannot be read: {error.strerror}"
    try:
        if not path.parent.is_dir():
            return Received(content, refusal)
        flags = (*_noted(path.parent), *foreign_files(path, assignment))
        return Received(content, refusal, flags, read_beside(path, assignment))
    except OSError as error:  # a name that is too long, a folder that may not be listed
        return Received(content, refusal or f"its folder cannot be read: {error.strerror}")


def _noted(folder: Path) -> list[Flag]:
    """Return the flags that collecting has put beside the notebook."""
    noted = read_collected(folder)
    return [Flag(kind, printable(detail)) for kind, detail in noted.flags] if noted else []


def read_beside(path: Path, assignment: Assignment) -> dict[str, str | NotHandedIn]:
    """Read the files that the assignment requires beside the notebook `path`: each its text or why there is none."""
    found: dict[str, str | NotHandedIn] = {}
    if not assignment.handed_in:
        return found
    from selfcheck.handed_in import NotHandedIn, read_handed_in  # selfcheck takes half a second to import

    for name in assignment.handed_in:
        try:
            found[name] = read_handed_in(path.with_name(name))
        except NotHandedIn as reason:
            found[name] = reason
    return found


def foreign_files(path: Path, assignment: Assignment) -> list[Flag]:
    """Flag files beside the notebook that are not in the release, or differ from it. None of them is loaded."""
    names = []
    for entry in sorted(os.scandir(path.parent), key=lambda e: e.name):
        if entry.name in (path.name, *assignment.handed_in) or is_ignored(entry.name):
            continue
        released = assignment.released_files.get(entry.name)
        if released is None or (released and not _same_file(entry, released)):
            names.append(printable(entry.name))
    return [Flag("foreign-file", ", ".join(names[:10]))] if names else []


def _same_file(entry: os.DirEntry, released: str) -> bool:
    try:
        small = entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= MAX_BYTES
        return small and file_hash(Path(entry.path)) == released
    except OSError:  # it may not be read: not the file of the release, as far as anybody can tell
        return False


def cell_count(notebook: dict[str, Any]) -> int:
    """Return how many cells a notebook of any format has."""
    sheets = notebook.get("worksheets")
    sheets = [notebook, *(sheets if isinstance(sheets, list) else [])]
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return len(sheets) - 1 + sum(len(cells) for cells in lists if isinstance(cells, list))


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:80]
