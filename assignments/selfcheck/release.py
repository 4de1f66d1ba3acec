"""What an assignment's release holds (release.json beside the tests), and what a student's notebook makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfcheck.folder import GradedCell, read_cells
from selfcheck.merging import DEMO, EXERCISE, GIVEN, TEST, Merged, StudentCell, merge

FILE = "release.json"
WRITTEN = "written"
SOLUTION_SUFFIX = "-solution"
UNANSWERED = "YOUR ANSWER HERE"


@dataclass(frozen=True)
class ReleaseCell:
    """A cell as students get it: its name, its role, its text ('' for a written question), its nbgrader metadata.

    section: the heading above it. file: what the exercise hands in beside the notebook; '' if nothing.
    """

    id: str
    grade_id: str
    role: str
    source: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    section: str = ""
    file: str = ""

    @property
    def exercise(self) -> str:
        """The exercise that the cell solves or tests."""
        return self.grade_id.removesuffix(SOLUTION_SUFFIX)


@dataclass(frozen=True)
class Release:
    """An assignment as it was handed out.

    version: what tells it from other releases; '' where only the notebook itself could be asked. minutes: by exercise
    and written question, from its card. hints: by exercise, pairs of symptom and text. axes: by exercise, the axes of
    arrays by name, such as {"h": ["N", "T", "H"]}.
    """

    assignment: str
    version: str
    cells: tuple[ReleaseCell, ...]
    minutes: Mapping[str, int] = field(default_factory=dict)
    hints: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    axes: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)

    @property
    def graded(self) -> list[GradedCell]:
        """The exercises and written questions with their points, in order."""
        return [
            GradedCell(cell.exercise, float(cell.metadata.get("points", 0)), cell.role == WRITTEN, cell.section)
            for cell in self.cells
            if cell.role in (TEST, WRITTEN)
        ]

    @property
    def files(self) -> dict[str, str]:
        """The exercises that hand in a file, each with the file's name."""
        return {cell.exercise: cell.file for cell in self.cells if cell.file}


_known: dict[Path, tuple[tuple[int, int], Release]] = {}


def release_beside(path: Path) -> Release | None:
    """Return the release that is described in the folder of a file; None if its release.json is missing or damaged."""
    file = path.with_name(FILE)
    try:
        stamp = file.stat()
        key = (stamp.st_mtime_ns, stamp.st_size)
        if file not in _known or _known[file][0] != key:
            _known[file] = key, _read(json.loads(file.read_text("utf-8")))
        return _known[file][1]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(told: Mapping[str, Any]) -> Release:
    cells = tuple(ReleaseCell(**{"grade_id": "", **cell}) for cell in told["cells"])
    exercises = told["exercises"]
    return Release(
        told["assignment"],
        told["release"],
        cells,
        told["minutes"],
        {name: [(hint["when"], hint["text"]) for hint in found["hints"]] for name, found in exercises.items()},
        {name: found["axes"] for name, found in exercises.items()},
    )


def release_in(notebook: Path) -> Release:
    """Return the release as a notebook's own metadata tells it, where there is no release.json: its marked cells."""
    cells: dict[str, ReleaseCell] = {}
    for cell in student_cells(notebook):
        part = cell.nbgrader
        graded, solution = bool(part.get("grade")), bool(part.get("solution"))
        if not cell.grade_id or (cell.kind != "code" and not (graded and solution)):
            continue
        role = WRITTEN if graded and solution else EXERCISE if solution else TEST if graded else GIVEN
        cells.setdefault(cell.grade_id, ReleaseCell(cell.grade_id, cell.grade_id, role, cell.source, part))
    return Release(notebook.stem, "", tuple(cells.values()))


def release_of(notebook: Path) -> Release:
    """Return the release that a notebook belongs to."""
    return release_beside(notebook) or release_in(notebook)


def plan(notebook: Path) -> Merged:
    """Return the cells of a notebook file that run when it is graded, and what differs from the release."""
    return merge(student_cells(notebook), release_of(notebook).cells)


def student_cells(notebook: Path) -> list[StudentCell]:
    """Return the cells of a notebook file, whatever its editor has made of their metadata."""
    found = []
    for number, cell in enumerate(read_cells(notebook), start=1):
        source = cell.get("source", cell.get("input", ""))
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        metadata = cell.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        nbgrader, tags = metadata.get("nbgrader"), metadata.get("tags")
        demo = isinstance(tags, list) and DEMO in tags
        part = nbgrader if isinstance(nbgrader, dict) else {}
        found.append(StudentCell(str(cell.get("cell_type", "")), source, part, demo, number))
    return found


def answered(notebook: Path, release: Release) -> list[str]:
    """Return the written questions that have an answer in a notebook file."""
    asked = {cell.name for cell in release.graded if cell.written}
    return [
        cell.grade_id
        for cell in student_cells(notebook)
        if cell.grade_id in asked and cell.source.replace(UNANSWERED, "").strip()
    ]
