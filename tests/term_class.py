"""The class of a term: forty people with names, what each hands in, and the files that Canvas and Moodle make of it.

Work and expected results come from `autograder.simulate`; everything around them is what a platform adds: numbers,
names of files, times, and what goes wrong at every due date.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from autograder.course.paths import Course, Repository
from autograder.simulate import Expectation, read_expected, simulate

DUE = datetime.fromisoformat("2026-10-12T22:00:00+00:00")
FAMILIES = ("right", "alternative", "wrong", "unfinished")


@dataclass
class Member:
    """Somebody of the class. number: Canvas's; way: how the work comes in (canvas, exchange or nothing).

    expected: the points of the code, where they are known exactly; full: whether these are all.
    """

    id: str
    first_name: str
    last_name: str
    number: int
    work: Path
    time: datetime
    way: str = "canvas"
    expected: float | None = None
    full: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def sortable(self) -> str:
        """The name as Canvas sorts it."""
        return f"{self.last_name}, {self.first_name}"


@dataclass
class Class:
    """Everybody, with the parts that some of them play."""

    assignment: str
    folder: Path
    members: list[Member]
    parts: dict[str, Member] = field(default_factory=dict)

    def by(self, way: str) -> list[Member]:
        """Return those whose work comes in this way and is there."""
        return [member for member in self.members if member.way == way and member.work.is_file()]


def make_class(
    repository: Repository, course: Course, assignment: str, students: int, folder: Path, exchange: int
) -> Class:
    """Simulate the class's work, and give everybody a name, a number and a time. exchange: how many use nbgrader's."""
    out = folder / "work"
    simulation = simulate(repository, course, assignment, students, 3, out, FAMILIES)
    expected = {one.student: one for one in read_expected(out, assignment)}
    members = []
    with simulation.roster.open(encoding="utf-8", newline="") as file:
        for place, row in enumerate(csv.DictReader(file)):
            work = out / row["id"] / assignment / f"{assignment}.ipynb"
            member = Member(row["id"], row["first_name"], row["last_name"], 2001 + place, work, DUE)
            member.time = DUE - timedelta(hours=5 + 3 * place)
            one = expected[member.id]
            member.expected = _total(one)
            member.full = member.expected == sum(one.max_points.values())
            members.append(member)
    klass = Class(assignment, folder, members)
    late, extended = [member for member in members if member.full][:2]
    late.time = extended.time = DUE + timedelta(hours=30)
    rest = [member for member in members if member not in (late, extended)]
    absent, renamed, two, *others = rest
    absent.way = "nothing"
    for member in others[:exchange]:
        member.way = "exchange"
    klass.parts = {"late": late, "extended": extended, "absent": absent, "renamed": renamed, "two": two}
    return klass


def _total(one: Expectation) -> float | None:
    points = [value for value in one.points.values() if not isinstance(value, dict)]
    return sum(points) if one.status == "graded" and len(points) == len(one.points) else None


def canvas_gradebook(klass: Class) -> str:
    """Return what Canvas exports under Grades, Export: its row of points and its test student are in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{klass.assignment} (4711)"])
    writer.writerow(["    Points Possible", "", "", "", "", ""])
    for member in klass.members:
        writer.writerow([member.sortable, member.number, f"U{member.number}", member.id, "Monday", ""])
    writer.writerow(["Student, Test", 9001, "", "b2a4c6", "Monday", ""])
    return "\ufeff" + out.getvalue()


def canvas_archive(klass: Class, path: Path) -> None:
    """Write what Canvas gives under Download Submissions, with what students do to names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in klass.by("canvas"):
            late = "LATE_" if member.time > DUE else ""
            front = f"{_squeezed(member.sortable)}_{late}{member.number}_{80_000 + member.number}_"
            names = [f"{klass.assignment}.ipynb"]
            if member is klass.parts["renamed"]:
                names = ["my homework (1).ipynb"]
            if member is klass.parts["two"]:
                names = ["draft.ipynb", "final.ipynb"]
            for place, name in enumerate(names):
                content = member.work.read_bytes()
                archive.writestr(front + name, content if place == len(names) - 1 else content + b"\n")
        strange = klass.by("canvas")[0].work.read_bytes()
        archive.writestr(f"strangeradam_9999_99999_{klass.assignment}.ipynb", strange)


def times_table(klass: Class) -> str:
    """Return when everybody handed in, as a table; its times are of a zone that is not the course's."""
    lines = [f"{m.id},{m.time.isoformat(sep=' ')}" for m in klass.by("canvas")]
    return "\n".join(["login,time", *lines]) + "\n"


def moodle_worksheet(klass: Class) -> str:
    """Return a Moodle grading worksheet of the same class."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        ["Identifier", "Full name", "Username", "Status", "Grade", "Maximum grade", "Grade can be changed",
         "Last modified (submission)", "Last modified (grade)", "Feedback comments"]
    )  # fmt: skip
    for place, member in enumerate(klass.members):
        writer.writerow(
            [
                f"Participant {5000 + place}",
                member.name,
                member.id,
                "Submitted for grading",
                "",
                "",
                "Yes",
                "-",
                "-",
                "",
            ]
        )
    return out.getvalue()


def _squeezed(name: str) -> str:
    """A name as Canvas writes it in front of a file: letters and digits, in lower case."""
    return "".join(character for character in name.lower() if character.isalnum())
