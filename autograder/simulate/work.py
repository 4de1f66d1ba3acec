"""One student's work while it is being made: the notebook, what lies beside it, and what it must therefore earn."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import notebook
from autograder.simulate.expected import Claim, Expectation
from autograder.simulate.subject import Exercise, Mistake, Subject


@dataclass(frozen=True)
class Peers:
    """Students whom a kind may need. right: all as in the reference; control: wrong everywhere, without a trick."""

    right: str = ""
    control: str = ""


@dataclass
class Work:
    """A submission in progress: it starts from the release with every exercise solved as in the reference.

    plausible: exercise -> the mistake that the class's control, and every trick around wrong code, hands in.
    put: writes something else in the notebook's place; beside: relative path -> content of other files; put_beside:
    relative path -> what writes something else than a text there.
    """

    subject: Subject
    student: str
    rng: random.Random
    peers: Peers
    plausible: Mapping[str, Mistake | None]
    notebook: NotebookNode = field(init=False)
    sources: dict[str, str] = field(init=False)
    claims: dict[str, Claim] = field(default_factory=dict)
    beside: dict[str, str] = field(init=False)
    put: Callable[[Path], None] | None = None
    put_beside: dict[str, Callable[[Path], None]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    honest: bool = False
    status: str = "graded"
    detail: str = ""
    timestamp: str = ""

    def __post_init__(self) -> None:
        self.notebook = copy.deepcopy(self.subject.release)
        self.sources = {}
        for exercise in self.subject.exercises.values():
            self.solve(exercise.name, exercise.reference)
        self.beside = dict(self.subject.handed_in.values())
        for name in self.subject.written:
            self.cell(name).source = "The state h sums up what came before, so old inputs still count."

    def cell(self, grade_id: str) -> NotebookNode:
        """Return the cell with this grade_id."""
        return notebook.find(self.notebook, grade_id)

    def solution(self, name: str) -> NotebookNode:
        """Return the cell in which the exercise is solved."""
        return self.cell(name + notebook.SOLUTION_SUFFIX)

    def solve(self, name: str, source: str, claim: Claim | None = None) -> None:
        """Write `source` into the exercise's cell; `claim` is what it must earn if that is not everything."""
        self.solution(name).source = source
        self.sources[name] = source
        if claim is not None:
            self.claims[name] = claim

    def stub(self, name: str) -> None:
        """Leave the exercise as the release had it: it earns nothing."""
        self.solve(name, notebook.find(self.subject.release, name + notebook.SOLUTION_SUFFIX).source, 0.0)
        if name in self.subject.handed_in:
            self.beside.pop(self.subject.handed_in[name][0], None)

    def remove(self, cell: NotebookNode) -> int:
        """Take a cell out of the notebook; returns where it was."""
        position = self.position(cell)
        del self.notebook.cells[position]
        return position

    def position(self, cell: NotebookNode) -> int:
        """Return the cell's place in the notebook."""
        return next(index for index, other in enumerate(self.notebook.cells) if other is cell)

    def insert(self, position: int, source: str) -> None:
        """Add a cell of the student's own."""
        cell = nbformat.v4.new_code_cell(source, id=f"own-{len(self.notebook.cells)}-{position}")
        self.notebook.cells.insert(position, cell)

    def insert_first(self, source: str) -> None:
        """Add an own cell before the first exercise, after what the notebook gives."""
        self.insert(self.position(self.solution(self.subject.names[0])), source)

    def insert_last(self, source: str) -> None:
        """Add an own cell at the end."""
        self.insert(len(self.notebook.cells), source)

    def pick(self) -> Exercise:
        """Any exercise, by the student's own random numbers."""
        return self.subject.exercises[self.rng.choice(self.subject.names)]

    def pick_alone(self) -> Exercise:
        """An exercise that no other one uses, if there is such a one: then the others' points are known exactly."""
        sunk = {name: self.subject.sunk([name], self.sources) for name in self.subject.names}
        fewest = min(map(len, sunk.values()))
        return self.subject.exercises[self.rng.choice([name for name in sunk if len(sunk[name]) == fewest])]

    def below(self, name: str) -> Claim:
        """Less than everything; nothing, of an exercise without points."""
        points = self.subject.exercises[name].points
        return {"below": points} if points else 0.0

    def mistaken(self, name: str) -> str:
        """Return the exercise's cell with the class's mistake; without a catalogue, a function that answers nothing."""
        mistake = self.plausible[name]
        return mistake.source if mistake else f"def {name}(*args, **kwargs):\n    return None\n"

    def mistake_everywhere(self) -> None:
        """Hand in the class's mistaken cell in every exercise."""
        for name in self.subject.names:
            bound: Claim = {"no_more_than": self.peers.control}
            follows = self.peers.control and self.peers.control != self.student
            self.solve(name, self.mistaken(name), bound if follows else self.below(name))

    def expectation(self, kind: str) -> Expectation:
        """Return what this work must get: its claims, and "at most" wherever a damaged exercise is used."""
        exercises = self.subject.exercises
        points: dict[str, Claim] = {name: exercise.points for name, exercise in exercises.items()}
        if self.status != "graded":
            points = dict.fromkeys(points, 0.0)
        else:
            for name in self.subject.sunk(self.claims, self.sources):
                points[name] = {"at_most": exercises[name].points}
            points.update(self.claims)
            for name, (file, _) in self.subject.handed_in.items():
                if points[name] == 0.0 and file in self.beside:  # what is right in the file counts
                    points[name] = self.below(name)
        worth = {name: exercise.points for name, exercise in exercises.items()}
        return Expectation(
            self.student, kind, self.detail, self.status, points, worth, tuple(sorted(self.flags)), self.honest
        )

    def text(self) -> str:
        """Return the notebook's file, valid or not."""
        return as_text(self.notebook)

    def write(self, folder: Path) -> None:
        """Write the submission: the notebook or what is in its place, other files, the collector's timestamp."""
        folder.mkdir(parents=True)
        path = folder / f"{self.subject.assignment}.ipynb"
        if self.put is not None:
            self.put(path)
        else:
            path.write_text(self.text(), encoding="utf-8", newline="\n")
        if not folder.is_symlink():
            for name, content in self.beside.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content, encoding="utf-8", newline="\n")
            for name, put in self.put_beside.items():
                put(folder / name)
            if self.timestamp:
                (folder / "timestamp.txt").write_text(self.timestamp + "\n", encoding="utf-8")


def as_text(content: Any) -> str:
    """JSON as Jupyter writes it, whether or not it is a valid notebook."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def rename(source: str, old: str, new: str) -> str:
    """Give the function or class `old` another name where it is defined, and nowhere else."""
    return re.sub(rf"^(\s*(?:def|class)\s+){re.escape(old)}\b", rf"\g<1>{new}", source, flags=re.MULTILINE)
