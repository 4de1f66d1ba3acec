"""A trick is text put around a student's code: cells before or after the exercises, and lines after an exercise's own.

The texts of the tables are real and run in the sandbox alone, with the worker's limits: never grade a simulated class
with `--wall none`.

In `around`, `{name}` stands for the exercise, `{right}` for its reference under the name `_right_{name}`; in `cell`,
`{names}` for the list of all exercises. A trick that steals has found something if its cell leaves a non-empty list
LOOT; it then answers with the right solution, so that a theft shows as points.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

from autograder.simulate.kinds import Kind
from autograder.simulate.work import Work, rename

WRONG, RIGHT = "wrong", "right"
ZERO, BELOW = "zero", "below"

ANSWER_WITH_LOOT = """
{right}

_wrong_{name} = {name}

def {name}(*args, **kwargs):
    return (_right_{name} if LOOT else _wrong_{name})(*args, **kwargs)
"""


def replaced(body: str) -> str:
    """Return text for `around`: a function with this body takes the place of the exercise's."""
    return "\ndef {name}(*args, **kwargs):\n" + indent(body.strip("\n"), "    ") + "\n"


def before_answer(body: str) -> str:
    """Return text for `around`: the function does this first, and then answers as it would have."""
    return "\n_answer_{name} = {name}\n" + replaced(body) + "    return _answer_{name}(*args, **kwargs)\n"


@dataclass(frozen=True)
class Trick:
    """One trick. row: its number among the attacks that the course considers, 0 if it is an accident.

    cell, last: own cells before the first exercise and after the last one.
    around: appended to the exercises' cells: every one's if base is wrong, one's if base is right.
    base: the code around which it stands. Wrong code earns no more than the class's control; right code everything,
    save in the one exercise of `around`, which earns nothing (claim ZERO) or less than its points (BELOW).
    """

    family: str
    name: str
    row: int
    says: str
    cell: str = ""
    last: str = ""
    around: str = ""
    base: str = RIGHT
    claim: str = ZERO
    flags: tuple[str, ...] = ()

    def kind(self) -> Kind:
        """Return the kind of submission that uses this trick."""
        says = f"{self.says} (attack {self.row})" if self.row else self.says
        return Kind(self.family, self.name, says, self.play, needs_control=self.base == WRONG)

    def play(self, work: Work) -> None:
        """Turn a work into one with this trick."""
        work.flags = self.flags
        if self.base == WRONG:
            work.mistake_everywhere()
            for name in work.subject.names if self.around else []:
                work.solve(name, f"{work.sources[name]}\n{self._around(work, name)}")
                if self.claim == BELOW:
                    work.claims[name] = work.below(name)
        elif self.around:
            exercise = work.pick_alone()
            work.detail = exercise.name
            claim = 0.0 if self.claim == ZERO else work.below(exercise.name)
            text = work.sources[exercise.name] if self.claim == ZERO else work.mistaken(exercise.name)
            work.solve(exercise.name, f"{text}\n{self._around(work, exercise.name)}", claim)
        if self.cell:
            work.insert_first(self.cell.strip("\n").replace("{names}", repr(work.subject.names)))
        if self.last:
            work.insert_last(self.last.strip("\n"))

    def _around(self, work: Work, name: str) -> str:
        right = rename(work.subject.exercises[name].reference, name, f"_right_{name}")
        return self.around.replace("{name}", name).replace("{right}", right)
