"""The notebook a grader and a student look at: the release, with what the student wrote in its place.

nbgrader's converter believes the metadata of a submission: a cell that says it is locked and has no id, an id on two
cells, a graded cell that is gone, points that are not a number each end in an exception, and the student is left out
or left at zero. So the notebook that goes into `autograded/` is put together here. The release gives the cells that
nbgrader knows, with their metadata; the student gives the text of the answers, and all other cells.
"""

from __future__ import annotations

import copy
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import notebook as cells
from autograder.gradebook import harmless
from autograder.grading.submission import MAX_CELLS, Unreadable, cell_count, read_bytes
from autograder.sandbox.limited import Fault, Limited, TooMuch

LONGEST_CELL = 100_000
_PICTURES = ("image/png", "image/jpeg", "image/gif")


@lru_cache(maxsize=1)
def restorer() -> Limited:
    """Return the process that puts submissions together, for all of this one's."""
    return Limited(restored_file, seconds=30.0, memory=2**31)


def restored_notebook(path: Path, submitted: Path, release: Path) -> NotebookNode:
    """Return the notebook to look at for a submission; with the reason in its place if it takes too much to show it."""
    try:
        return nbformat.from_dict(restorer().ask((path, submitted, release)))
    except (TooMuch, Fault) as error:
        return stand_in(released(release), f"to show it takes {error}")


def restored_file(request: tuple[Path, Path, Path]) -> NotebookNode:
    """Return the notebook to look at, for a submission, the folder of all of them, and the release.

    For a process with limits: it reads a stranger's file.
    """
    path, submitted, release = request
    whole, found = released(release), submitted_cells(path, submitted)
    return stand_in(whole, "the file is not a notebook") if found is None else restored(found, whole)


def released(path: Path) -> NotebookNode:
    """Return the released notebook, read once for a class; nobody may change it."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, changed: int) -> NotebookNode:
    return cells.read(path)


def submitted_cells(path: Path, submitted: Path) -> list[dict[str, Any]] | None:
    """Return the cells of a stranger's notebook, in format 4; None if the file cannot be read as one.

    The reason is the grader's to give: its result says it.
    """
    try:
        text = read_bytes(path, submitted).decode("utf-8-sig")
        data = json.loads(text)
        if cell_count(data) > MAX_CELLS:
            return None
        if data["nbformat"] < 4:
            data = nbformat.reads(text, as_version=4)
        return [cell for cell in data["cells"] if isinstance(cell, dict)]
    except Unreadable:
        return None
    except Exception:  # a stranger's file makes the upgrade of an old format raise anything
        return None


def restored(submitted: list[dict[str, Any]], release: NotebookNode) -> NotebookNode:
    """Return the release's graded, locked and answer cells, with the student's answers and the student's other cells.

    submitted: the student's cells. release: the notebook as students got it.
    Of cells with the same grade_id the last counts and the others stay as ordinary cells. Graded and locked cells
    that are gone come back, an answer among them untouched; an exercise's cell that is gone stays away, since its
    function may stand elsewhere. Outputs and metadata of the student are left out, pasted pictures kept.
    """
    known = {name: cell for cell in release.cells if (name := cells.grade_id(cell))}
    familiar = {cell.source.strip(): cell for cell in release.cells if not cells.grade_id(cell)}
    last = {name: place for place, cell in enumerate(submitted) if (name := _name(cell)) in known}
    found: list[NotebookNode] = []
    for place, cell in enumerate(submitted):
        name = _name(cell)
        if last.get(name) == place:
            found.append(_answered(known[name], cell))
        elif (own := _own(cell, familiar, place)) is not None:
            found.append(own)
    _bring_back(found, known)
    return _notebook(found, release)


def stand_in(release: NotebookNode, reason: str) -> NotebookNode:
    """Replace a submission that could not be read by the reason, with the graded cells untouched."""
    notice = (
        "**This submission could not be read.** It has 0 points, and nothing in it was run. The reason:\n\n"
        f"    {harmless.line(reason) or 'unknown'}\n\n"
        "Check the file that you handed in: does it open in Jupyter, and does it have the right name? Ask your "
        "instructor before you hand it in again.\n"
    )
    graded = [_fresh(cell) for cell in release.cells if cells.part(cell).get("grade")]
    return _notebook([nbformat.v4.new_markdown_cell(notice, id="unreadable"), *graded], release)


def _notebook(found: list[NotebookNode], release: NotebookNode) -> NotebookNode:
    metadata = {
        key: copy.deepcopy(release.metadata[key])
        for key in ("kernelspec", "language_info", "course")
        if key in release.metadata
    }
    return cells.new(found, metadata)


def _name(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    part = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = part.get("grade_id") if isinstance(part, dict) else None
    return name if isinstance(name, str) else ""


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    text = harmless.unicode(source) if isinstance(source, str) else ""
    if len(text) > LONGEST_CELL:
        text = f"{text[:LONGEST_CELL]}\n# ... ({len(text) - LONGEST_CELL} more characters)"
    return text


def _new(kind: str, identity: str, text: str, **more: Any) -> NotebookNode:
    """Return what nbformat's functions make; they check each cell, where the whole notebook is checked once."""
    return NotebookNode(id=identity, cell_type=kind, metadata=NotebookNode(), source=text, **more)


def _fresh(cell: NotebookNode) -> NotebookNode:
    copy = nbformat.from_dict(dict(cell))
    if copy.cell_type == "code":
        copy.outputs, copy.execution_count = [], None
    return copy


def _answered(expected: NotebookNode, cell: dict[str, Any]) -> NotebookNode:
    """Return the release's cell, with the student's text if it is one that students fill in."""
    answered = _fresh(expected)
    if cells.part(expected).get("solution") and (text := _text(cell)) != expected.source:
        if expected.cell_type == "markdown":
            _write_markdown(answered, text, cell)
        else:
            answered.source = text
    return answered


def _own(cell: dict[str, Any], familiar: dict[str, NotebookNode], place: int) -> NotebookNode | None:
    """A cell that nbgrader does not grade: the course's prose and demos as they are, the student's made harmless."""
    text, identity = _text(cell), f"own-{place}"
    if (expected := familiar.pop(text.strip(), None)) is not None:
        return _fresh(expected)
    if cell.get("cell_type") == "code":
        return _new("code", identity, text, execution_count=None, outputs=[])
    if cell.get("cell_type") not in ("markdown", "raw"):
        return None
    own = _new("markdown", identity, "")
    _write_markdown(own, text, cell)
    return own


def _write_markdown(target: NotebookNode, text: str, cell: dict[str, Any]) -> None:
    """Give `target` the student's text, made harmless, and its pictures under names that nbconvert finds."""
    found = cell.get("attachments")
    names: dict[str, str] = {}
    for name, bundle in found.items() if isinstance(found, dict) else ():
        for kind in _PICTURES:
            if isinstance(bundle, dict) and isinstance(data := bundle.get(kind), str | list):
                names[name] = f"picture-{len(names)}"
                content = re.sub(r"[^A-Za-z0-9+/=]", "", data if isinstance(data, str) else "".join(map(str, data)))
                target.setdefault("attachments", {})[names[name]] = {kind: content}
                break
    target.source = harmless.markdown(text, names)


def _bring_back(found: list[NotebookNode], known: dict[str, NotebookNode]) -> None:
    """Insert the graded and locked cells that are gone, each behind the cell it follows in the release."""
    place = 0
    positions = {name: cell for cell in found if (name := cells.grade_id(cell))}
    for name, expected in known.items():
        if name in positions:
            place = next(index for index, cell in enumerate(found) if cells.grade_id(cell) == name) + 1
        elif not cells.is_exercise(expected):
            found.insert(place, _fresh(expected))
            place += 1
