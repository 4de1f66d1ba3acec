"""What collecting is told, and what it is going to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from autograder.collect.archive import Item
from autograder.course.collected import Collected

NEW, REPLACES, UNCHANGED = "new", "replaces the earlier one", "unchanged"
ASIDE, WAS_ASIDE = "kept aside", "was kept aside before"


@dataclass(frozen=True)
class Options:
    """What may be told beside the source. style: of names; pattern: as nbgrader's zip_collect takes it.

    assignment: the only one to collect. times: when students handed in, which counts more than what the source says.
    take: paths of notebooks to take where several could be meant. file_times: trust the times of files.
    """

    style: str = ""
    assignment: str = ""
    pattern: str = ""
    times: dict[str, datetime] = field(default_factory=dict)
    take: tuple[str, ...] = ()
    file_times: bool = False


@dataclass(frozen=True)
class Taken:
    """A submission that has found its student and its assignment. state: what happens to it; reason: why aside."""

    student: str
    assignment: str
    label: str
    notebook: Item
    beside: tuple[tuple[str, Item], ...]
    noted: Collected
    secret: Item | None = None
    state: str = NEW
    reason: str = ""


@dataclass
class Plan:
    """What collecting will do: submissions, what needs a person (label and reason), and remarks on all."""

    style: str
    taken: list[Taken] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
