"""A course with two released assignments, and archives as platforms make them: for the tests of collecting."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.collect.archive import open_source
from autograder.collect.collect import plan
from autograder.collect.places import carry_out
from autograder.collect.plan import Options, Plan
from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.course.policies import NAME as RULES
from autograder.course.policies import course_policies
from autograder.course.roster import course_roster

ONE, TWO = "a1_one", "a2_two"

# Canvas's gradebook export
ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Müller, José",1001,U1,jmueller,A
"太郎, 山田",1002,U2,yamada@uni.edu,A
"O'Brien, Ann",1003,U3,o'brien,B
"de la Cruz, María",1004,U4,a.b+c@uni.edu,B
"Doe, Jane",1005,U5,jane1,A
"Doe, Jane",1006,U6,jane2,B
"Smith_Jones, Al",1007,U7,asj,B
"""


def released(name: str) -> nbformat.NotebookNode:
    return cells.new(
        [
            cells.given("import math", "given-1"),
            cells.exercise("def f(x):\n    pass", f"{name}_f", "captions.json" if name == TWO else ""),
            cells.test(f"{name}_f", 4),
            cells.written("", f"{name}_why", 6),
        ],
        {"course": {"assignment": name, "release": "0"}},
    )


def notebook(name: str = ONE, mark: str = "") -> bytes:
    """A student's work on this assignment; `mark` makes it differ from others."""
    work = released(name)
    cells.find(work, f"{name}_f-solution").source = f"def f(x):\n    return x  # {mark}"
    return json.dumps(work).encode()


@dataclass
class Desk:
    course: Course
    folder: Path

    def zip(
        self, files: dict[str, bytes], times: dict[str, tuple[int, ...]] | None = None, name: str = "all.zip"
    ) -> Path:
        """An archive with these files; without times, all have that of its making, as in Canvas and Moodle."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in files.items():
                if times and file in times:
                    archive.writestr(zipfile.ZipInfo(file, times[file]), content)
                else:
                    archive.writestr(file, content)
        return path

    def rules(self, text: str) -> None:
        (self.course.root / RULES).write_text(text, encoding="utf-8")

    def roster(self, text: str = ROSTER) -> None:
        (self.course.root / "roster.csv").write_text(text, encoding="utf-8")

    def plan(self, path: Path, **options: Any) -> Plan:
        return self._collect(path, options, write=False)

    def collect(self, path: Path, **options: Any) -> Plan:
        return self._collect(path, options, write=True)

    def _collect(self, path: Path, options: dict[str, Any], write: bool) -> Plan:
        with open_source(path) as source:
            done = plan(
                self.course, source, course_roster(self.course), course_policies(self.course), Options(**options)
            )
            if write:
                carry_out(self.course, done)
        return done

    def there(self) -> list[str]:
        """The submissions that are in their places."""
        return sorted(f"{p.parent.name}/{p.name}" for p in self.course.submitted.glob("*/*"))

    def content(self, student: str, assignment: str = ONE) -> bytes:
        return self.course.submission(student, assignment).read_bytes()

    def beside(self, student: str, name: str, assignment: str = ONE) -> str:
        return (self.course.submitted / student / assignment / name).read_text("utf-8")
