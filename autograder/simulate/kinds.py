"""The kinds of submission: each has a name FAMILY/NAME and a function that makes a student's work into one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.simulate.work import Work

FAMILIES = (
    "right", "alternative", "wrong", "unfinished", "untouched", "broken",
    "crashing", "looping", "greedy", "unreadable", "foreign", "hostile",
)  # fmt: skip

Make = Callable[[Work], None]


@dataclass(frozen=True)
class Kind:
    """One kind of submission. ordinary: what honest students hand in, so a class may hold many of it."""

    family: str
    name: str
    says: str
    make: Make
    ordinary: bool = False
    needs_control: bool = False
    needs_right: bool = False

    @property
    def title(self) -> str:
        """FAMILY/NAME, as the table of results has it."""
        return f"{self.family}/{self.name}"


class Register:
    """The kinds of one module, in the order in which they were written."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.kinds: list[Kind] = []

    def __call__(self, name: str, says: str, *, family: str = "", **traits: bool) -> Callable[[Make], Make]:
        """Decorate a function that makes a work into the kind `name`."""

        def add(make: Make) -> Make:
            self.kinds.append(Kind(family or self.family, name, says, make, **traits))
            return make

        return add
