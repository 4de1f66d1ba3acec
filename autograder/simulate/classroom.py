"""A class of students with known results: who sits in it, what each hands in, and the files that say what to expect."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder import atomic
from autograder.course.paths import Course, Repository
from autograder.sandbox.scratch import remove_folder
from autograder.simulate import (
    accidents,
    broken,
    hostile_arguments,
    hostile_host,
    hostile_machinery,
    hostile_theft,
    hostile_values,
    ordinary,
    unreadable,
)
from autograder.simulate.expected import Expectation, write_expected
from autograder.simulate.kinds import FAMILIES, Kind
from autograder.simulate.plausible import PlausibleMistakes
from autograder.simulate.subject import Mistake, SimulationError, Subject, read_subject
from autograder.simulate.work import Peers, Work

_TABLES = (accidents, hostile_machinery, hostile_values, hostile_arguments, hostile_theft, hostile_host)

KINDS: tuple[Kind, ...] = tuple(
    sorted(
        [
            *ordinary.kinds,
            *broken.kinds,
            *unreadable.kinds,
            *(trick.kind() for table in _TABLES for trick in table.TRICKS),
        ],
        key=lambda kind: FAMILIES.index(kind.family),
    )
)

# One of each family first; then, over and over, a class as it is: half right or nearly.
_MIXTURE = (
    "right", "wrong", "alternative", "hostile", "broken", "right", "unfinished", "hostile", "wrong",
    "alternative", "crashing", "right", "hostile", "broken", "looping", "wrong", "unreadable", "hostile",
)  # fmt: skip
_ORDINARY = ("right", "wrong", "alternative", "unfinished")

_FIRST_NAMES = (
    "Ada", "Amina", "Bela", "Chen", "Dana", "Emeka", "Farid", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena", "Mei",
    "Noor", "Olu", "Priya", "Quynh", "Ravi", "Sofia", "Tomas", "Ursula", "Vera", "Wen", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
_LAST_NAMES = (
    "Abara", "Berg", "Castro", "Dahl", "Eriksen", "Fontaine", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Lindqvist",
    "Moreau", "Nakamura", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Vogel", "Weiss", "Yilmaz",
)  # fmt: skip
# Names that break a table that is written or opened carelessly.
_AWKWARD_NAMES = (("=1+1", "@SUM(A1)"), ('Jo "JJ"', "O'Hara, Jr."), ("Łukasz", "Ångström"), ("-Mia", "+Núñez"))
_DEADLINE = datetime(2026, 10, 12, 22, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Simulation:
    """A class that was written: its folder, in nbgrader's layout, and what each student must get."""

    folder: Path
    assignment: str
    expected: list[Expectation]

    @property
    def roster(self) -> Path:
        """The table of students: id, first_name, last_name, email."""
        return self.folder / "roster.csv"


@dataclass(frozen=True)
class _Seat:
    student: str
    kind: Kind


def simulate(
    repository: Repository,
    course: Course,
    assignment: str,
    students: int,
    seed: int,
    out: Path,
    kinds: Sequence[str] | None = None,
) -> Simulation:
    """Write a class of submissions OUT/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb, OUT/roster.csv and OUT/expected.json.

    students: how many. With 12 every family is there, with len(KINDS) every kind; the same seed writes the same class.
    kinds: titles (`broken/cell-deleted`) or families to choose from instead of the mixture, each at least once.
    Raises SimulationError if the assignment was not built, a kind is unknown, or OUT holds submissions of it.
    """
    if students < 1:
        raise SimulationError(f"a class of {students} cannot be made: ask for at least one student")
    subject = read_subject(repository, course, assignment)
    rng = random.Random(f"{assignment}:{seed}")
    chosen = mixture(students, rng) if kinds is None else _of_titles(kinds, students)
    return _write_class(subject, PlausibleMistakes(repository, subject, rng), chosen, seed, rng, out)


def every_kind(repository: Repository, course: Course, assignment: str, seed: int, out: Path) -> Simulation:
    """Write one submission of each kind, as `simulate` does for a class."""
    return of_kinds(repository, course, assignment, KINDS, seed, out)


def of_kinds(
    repository: Repository, course: Course, assignment: str, kinds: Sequence[Kind], seed: int, out: Path
) -> Simulation:
    """Write one submission of each of these kinds, in random order, as `simulate` does for a class."""
    subject = read_subject(repository, course, assignment)
    rng = random.Random(f"{assignment}:{seed}")
    return _write_class(subject, PlausibleMistakes(repository, subject, rng), list(kinds), seed, rng, out)


def mixture(students: int, rng: random.Random) -> list[Kind]:
    """Return the kinds of a class of this size, in the order in which they are chosen."""
    waiting = {family: _queue(family, rng) for family in FAMILIES}
    if students >= len(KINDS):
        extra = [_next(_ORDINARY[n % len(_ORDINARY)], {}, n) for n in range(students - len(KINDS))]
        return [*KINDS, *extra]
    families = [*FAMILIES, *(_MIXTURE * (students // len(_MIXTURE) + 1))][:students]
    return [_next(family, waiting, number) for number, family in enumerate(families)]


def _queue(family: str, rng: random.Random) -> list[Kind]:
    own = [kind for kind in KINDS if kind.family == family]
    if not any(kind.ordinary for kind in own):
        rng.shuffle(own)
    return own


def _next(family: str, waiting: dict[str, list[Kind]], number: int) -> Kind:
    """Return the family's next kind; when it has no more, one that honest students repeat."""
    if waiting.get(family):
        return waiting[family].pop(0)
    repeated = [kind for kind in KINDS if kind.family == family and kind.ordinary]
    if not repeated:
        family = _ORDINARY[number % len(_ORDINARY)]
        repeated = [kind for kind in KINDS if kind.family == family and kind.ordinary]
    return repeated[number % len(repeated)]


def _of_titles(titles: Sequence[str], students: int) -> list[Kind]:
    found: list[Kind] = []
    for title in titles:
        matching = [kind for kind in KINDS if title in (kind.title, kind.family)]
        if not matching:
            raise SimulationError(f"there is no kind {title!r}; the families are {', '.join(FAMILIES)}")
        found += [kind for kind in matching if kind not in found]
    size = max(students, len(found))
    return [found[number % len(found)] for number in range(size)]


def _write_class(
    subject: Subject,
    plausible: Mapping[str, Mistake | None],
    chosen: list[Kind],
    seed: int,
    rng: random.Random,
    out: Path,
) -> Simulation:
    if any(os.path.lexists(student / subject.assignment) for student in out.glob("*")):
        raise SimulationError(f"{out} already holds submissions of {subject.assignment}: choose another folder")
    seats = _seats(_with_peers(chosen), rng)
    by_title: dict[str, str] = {}
    for seat in seats:
        by_title.setdefault(seat.kind.title, seat.student)
    peers = Peers(right=by_title.get("right/reference", ""), control=by_title.get("wrong/everywhere", ""))
    expected = []
    with _removed_on_failure([out / seat.student / subject.assignment for seat in seats]):
        for seat in seats:
            expected.append(_submission(subject, seat, seed, peers, plausible, out))
        atomic.replace(out / "roster.csv", _roster(seats, random.Random(f"names:{seed}")).encode("utf-8"))
        write_expected(out, subject.assignment, expected)
    return Simulation(out, subject.assignment, expected)


@contextlib.contextmanager
def _removed_on_failure(folders: list[Path]) -> Iterator[None]:
    """If the block fails, remove these folders: half a class would stand in the way of a whole one."""
    try:
        yield
    except BaseException:
        for folder in folders:
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                remove_folder(folder)
            with contextlib.suppress(OSError):
                folder.parent.rmdir()
        raise


def _submission(
    subject: Subject, seat: _Seat, seed: int, peers: Peers, plausible: Mapping[str, Mistake | None], out: Path
) -> Expectation:
    """Write what one student hands in; returns what it must get."""
    own = random.Random(f"{subject.assignment}:{seed}:{seat.student}:{seat.kind.title}")
    work = Work(subject, seat.student, own, peers, plausible)
    work.timestamp = f"{_DEADLINE - timedelta(seconds=own.randrange(9 * 86400)):%Y-%m-%d %H:%M:%S} UTC"
    seat.kind.make(work)
    work.detail = f"{seat.kind.says}: {work.detail}" if work.detail else seat.kind.says
    work.write(out / seat.student / subject.assignment)
    return work.expectation(seat.kind.title)


def _with_peers(chosen: list[Kind]) -> list[Kind]:
    """Return the kinds, and with them the peers that some of them cannot be judged without."""
    added = list(chosen)
    for title, needed in (
        ("right/reference", any(kind.needs_right for kind in chosen)),
        ("wrong/everywhere", any(kind.needs_control for kind in chosen)),
    ):
        if needed and all(kind.title != title for kind in added):
            wanted = next(kind for kind in KINDS if kind.title == title)
            # A class keeps its size: the peer takes the place of one of its own family, if there is one to spare.
            spare = next((at for at, kind in enumerate(added) if kind.family == wanted.family), None)
            if spare is None:
                added.append(wanted)
            else:
                added[spare] = wanted
    return added


def _seats(kinds: list[Kind], rng: random.Random) -> list[_Seat]:
    """Kinds in random order, so that right submissions are graded after hostile ones, too."""
    shuffled = list(kinds)
    rng.shuffle(shuffled)
    width = max(3, len(str(len(shuffled))))
    return [_Seat(f"s{number:0{width}d}", kind) for number, kind in enumerate(shuffled, start=1)]


def _roster(seats: list[_Seat], rng: random.Random) -> str:
    """Return the class list as CSV."""
    names = [(rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)) for _ in seats]
    if len(seats) > len(_AWKWARD_NAMES) * 2:
        for position, awkward in zip(rng.sample(range(len(seats)), k=len(_AWKWARD_NAMES)), _AWKWARD_NAMES, strict=True):
            names[position] = awkward
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "first_name", "last_name", "email"])
    for seat, (first, last) in zip(seats, names, strict=True):
        writer.writerow([seat.student, first, last, f"{seat.student}@example.edu"])
    return text.getvalue()
