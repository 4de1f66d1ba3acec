"""Which cells of a student's notebook run, in which order: the release's cells are followed, for the grade and `ready`.

Given cells come from the release, exercises and the student's own cells from the notebook; of figure cells, only the
definitions and imports that others use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from selfcheck.cells import CHECK, JOINED, SEVERAL, defined_names, joined, needed_definitions, one_source, stands_alone

GIVEN, EXERCISE, TEST, DEMO = "given", "exercise", "test", "demo"
FIELDS = ("points", "grade", "locked", "solution")


class Expected(Protocol):
    """A cell of the release: its nbgrader grade_id ('' if it has none), its role, its text, its nbgrader metadata."""

    @property
    def id(self) -> str: ...
    @property
    def grade_id(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...
    @property
    def exercise(self) -> str: ...


@dataclass
class StudentCell:
    """A cell of the student's notebook. kind: its cell_type. demo: whether it is a figure cell. number: from 1."""

    kind: str
    source: str
    nbgrader: dict[str, Any]
    demo: bool
    number: int = 0

    def __post_init__(self) -> None:
        self.source = self.source.replace("\r\n", "\n")  # of an editor on Windows

    @property
    def grade_id(self) -> str:
        identity = self.nbgrader.get("grade_id", "")
        return identity if isinstance(identity, str) else ""


@dataclass
class Merged:
    """The cells to run in order, as (id, source); flags as (kind, detail); by exercise what is wrong with its cell, if
    anything.

    An entry CHECK + NAME is the check cell of the exercise NAME. numbers: of the student's own cells, by id.
    figures: the text of figure cells, by number. pieces: how many there were, of each exercise whose cell was split.
    """

    cells: list[tuple[str, str]]
    flags: list[tuple[str, str]] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    figures: dict[int, str] = field(default_factory=dict)
    pieces: dict[str, int] = field(default_factory=dict)


Flags = list[tuple[str, str]]


def merge(cells: Sequence[StudentCell], release: Sequence[Expected]) -> Merged:
    """Follow the release's cells; replace exercise cells by the student's, and keep the student's own cells after their
    neighbour. A cell that is recognised gets its mark.
    """
    flags: Flags = []
    known = {cell.grade_id: cell for cell in release if cell.grade_id}
    if not any(cell.grade_id in known for cell in cells) and _recognised(cells, release):
        flags.append(("metadata-lost", "no cell carries its mark; they were recognised by what they hold"))
    by_id: dict[str, list[StudentCell]] = {}
    followers: dict[str, list[StudentCell]] = {}
    demos = {cell.source.strip() for cell in release if cell.role == DEMO}
    anchor, above = "", None
    for cell in cells:
        if cell.grade_id in known:
            anchor = cell.grade_id
            by_id.setdefault(anchor, []).append(cell)
        elif above is not None and above in by_id.get(anchor, []) and _goes_on(known[anchor], by_id[anchor], cell):
            cell.nbgrader = by_id[anchor][-1].nbgrader
            by_id[anchor].append(cell)
        elif cell.kind == "code" and cell.source.strip():
            cell.demo |= cell.source.strip() in demos
            followers.setdefault(anchor, []).append(cell)
        above = cell
    plan: list[tuple[str, str, bool]] = [*_following("start", followers.get("", []))]  # the last: a figure cell
    for expected in release:
        copies = by_id.get(expected.grade_id, []) if expected.grade_id else []
        if expected.role == GIVEN:
            plan.append((expected.grade_id or expected.id, expected.source, False))
        elif expected.role == EXERCISE and copies:
            plan.append((expected.grade_id, _exercise_text(expected, copies, flags), False))
        elif expected.role == TEST:
            plan.append((CHECK + expected.exercise, "", False))
        if expected.grade_id:
            flags += _flags_of(expected, copies)
            plan += _following(expected.grade_id, followers.get(expected.grade_id, []))
    run = _with_definitions(plan, flags)
    problems: dict[str, str] = {}
    for expected in release:
        if expected.role == EXERCISE:
            flags += _find_function(expected, by_id.get(expected.grade_id, []), run, problems)
    numbers = {
        identity: cell.number
        for anchor, own in followers.items()
        for (identity, _, _), cell in zip(_following(anchor or "start", own), own, strict=True)
    }
    figures = {cell.number: cell.source for own in followers.values() for cell in own if cell.demo}
    split = {detail.partition(":")[0] for kind, detail in flags if kind == "cell-split"}
    pieces = {cell.exercise: len(by_id[cell.grade_id]) for cell in release if cell.grade_id in split}
    return Merged(run, flags, problems, numbers, figures, pieces)


def _recognised(cells: Sequence[StudentCell], release: Sequence[Expected]) -> bool:
    """Give cells without any mark, as some editors save them, the marks of the release; return whether one was found.

    A given or check cell is known by its text, an exercise by the function that it defines.
    """
    texts = {cell.source.strip(): cell.grade_id for cell in release if cell.role in (GIVEN, TEST) and cell.grade_id}
    names = {cell.exercise: cell.grade_id for cell in release if cell.role == EXERCISE}
    found = False
    for cell in cells:
        if cell.kind == "code":
            defines = [names[name] for name in defined_names(cell.source) if name in names]
            identity = texts.get(cell.source.strip()) or next(iter(defines), "")
            if identity:
                found = True
                cell.nbgrader = {"grade_id": identity}
    return found


def _goes_on(expected: Expected, pieces: Sequence[StudentCell], cell: StudentCell) -> bool:
    """Whether a cell without a mark is Python only as the rest of an exercise's cell: VS Code splits a cell so."""
    if expected.role != EXERCISE or cell.kind != "code" or stands_alone(cell.source):
        return False
    return stands_alone(joined([*(piece.source for piece in pieces), cell.source]))


def _following(anchor: str, cells: list[StudentCell]) -> Iterator[tuple[str, str, bool]]:
    """The student's own cells and the figure cells behind a cell of the assignment, in order."""
    for number, cell in enumerate(cells):
        yield f"{'figure' if cell.demo else 'free'}-{anchor}-{number}", cell.source, cell.demo


def _exercise_text(expected: Expected, copies: list[StudentCell], flags: Flags) -> str:
    """The text that counts of an exercise's cells; what was not as it should be becomes a flag."""
    if any(copy.kind != "code" for copy in copies):
        flags.append(("metadata-changed", f"{expected.grade_id} is no longer a code cell; it ran as one"))
    text, how = one_source(expected.exercise, [copy.source for copy in copies])
    if how == JOINED:
        flags.append(("cell-split", f"{expected.grade_id}: its {len(copies)} pieces were joined"))
    elif how == SEVERAL:
        flags.append(("cell-duplicated", f"{expected.grade_id}: {len(copies)} copies; the last solution was used"))
    return text


def _with_definitions(plan: list[tuple[str, str, bool]], flags: Flags) -> list[tuple[str, str]]:
    """The cells to run, with the definitions of figure cells that the others need."""
    figures = [source for _, source, figure in plan if figure]
    try:
        needed = needed_definitions(figures, [source for _, source, figure in plan if not figure])
    except (RecursionError, MemoryError):  # a stranger's text
        needed = [""] * len(figures)
    texts = iter(needed)
    run = [(identity, next(texts) if figure else source) for identity, source, figure in plan]
    used = [name for (_, text), (_, _, figure) in zip(run, plan, strict=True) if figure for name in _bound_in(text)]
    if used:
        flags.append(("figure-cell-used", f"defined in a figure cell: {', '.join(used[:10])}"))
    return [(identity, text) for identity, text in run if text or identity.startswith(CHECK)]


def _bound_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("import", "from"))] + defined_names(text)


def _flags_of(expected: Expected, copies: list[StudentCell]) -> Flags:
    if expected.role not in (GIVEN, EXERCISE, TEST, DEMO):
        return []
    if not copies:
        return [("cell-missing", expected.grade_id)]
    flags = []
    if len(copies) > 1 and expected.role != EXERCISE:
        flags.append(("cell-duplicated", f"{expected.grade_id}: {len(copies)} copies; the last one was used"))
    last = copies[-1]
    if expected.role in (GIVEN, TEST) and (last.source.strip() != expected.source.strip() or last.kind != "code"):
        flags.append(("locked-cell-changed", expected.grade_id))
    if any(last.nbgrader.get(name, expected.metadata.get(name)) != expected.metadata.get(name) for name in FIELDS):
        flags.append(("metadata-changed", expected.grade_id))
    return flags


def _find_function(
    cell: Expected, copies: list[StudentCell], plan: list[tuple[str, str]], problems: dict[str, str]
) -> Flags:
    """Find an exercise's function if its own cell does not define it; put the sentence for the student into
    `problems`.
    """
    name = cell.exercise
    counting = next((source for identity, source in plan if identity == cell.grade_id), "")
    if name in defined_names(counting):
        return []
    elsewhere = [identity for identity, source in plan if identity != cell.grade_id and name in defined_names(source)]
    if elsewhere:
        return [("function-elsewhere", f"{name} is defined in cell {elsewhere[-1]}")]
    if not copies:
        problems[name] = f"{name} is not defined: its cell is missing from the notebook"
        return []
    own = [other for other in defined_names(counting) if not other.startswith("_")]
    if own:
        problems[name] = f"{name} is not defined: its cell defines {', '.join(own[:3])}. Keep the function's name"
        return [("function-renamed", f"{name}: its cell defines {', '.join(own[:3])}")]
    return []
