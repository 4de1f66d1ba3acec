"""The numbers of their own that students were told for written questions: what was asked of each, kept by the course.

`autograder.author.variants` draws them and writes the file; pages for graders and students read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from autograder import atomic
from autograder.course.paths import Course
from autograder.course.policies import OWN, course_policies
from autograder.course.roster import Roster, course_roster

Number = int | float | str


@dataclass(frozen=True)
class Asked:
    """One question as one student was asked it, each text in Markdown.

    numbers: the student's own, by name. asks: what the student was told. expects: the answer that follows from the
    numbers. marks: what it is worth, for graders.
    """

    numbers: Mapping[str, Number]
    asks: str
    expects: str
    marks: str

    def for_graders(self, worth: bool = True) -> str:
        """Return what graders read beside this student's answer. worth: say what it is worth, too."""
        parts = [("Asked of this student", self.asks), ("Expected here", self.expects)]
        parts += [("Worth", self.marks)] if worth else []
        return "\n\n".join(f"**{title}.** {text}" for title, text in parts)

    def for_student(self, over: bool) -> str:
        """Return what the student reads below the question. over: whether nobody can hand in any more."""
        text = f"**Your own numbers.** {self.asks}"
        return f"{text}\n\n**Expected.** {self.expects}" if over else text


@dataclass(frozen=True)
class Variants:
    """What each student was asked, by id and question; nothing if the course gives everybody the same.

    problem: why that could not be read, as a sentence; see `readable_variants`.
    """

    asked: Mapping[str, Mapping[str, Asked]] = field(default_factory=dict)
    roster: Roster | None = None
    problem: str = ""

    def of(self, student: str) -> Mapping[str, Asked]:
        """Return what a student was asked, by question: under the id, or another name that the roster knows."""
        own = self.asked.get(student)
        if own is None and self.roster is not None:
            own = self.asked.get(self.roster.find(student) or "")
        return own or {}

    def worth(self, question: str) -> str:
        """Return what a question's own numbers are worth, if the same is said of all students; else ''."""
        said = {own[question].marks for own in self.asked.values() if question in own}
        return said.pop() if len(said) == 1 else ""

    def about(self, question: str) -> str:
        """Return what graders read once about a question's own numbers, before its mark scheme; '' if nothing."""
        if self.problem:
            return f"**Own numbers could not be read.** {self.problem}\n\n"
        worth = self.worth(question)
        return f"**Own numbers.** {worth}\n\n" if worth else ""

    def texts(self, student: str) -> set[str]:
        """Return the texts that a student found in the notebook of the student's own zip: they are no answer."""
        return {numbers_text(asked) for asked in self.of(student).values()}


def folder(course: Course, assignment: str) -> Path:
    """Return where an assignment's numbers and what is handed out of them are."""
    return course.root / "variants" / assignment


def record(course: Course, assignment: str) -> Path:
    """Return the file that says what each student was asked."""
    return folder(course, assignment) / "asked.json"


def numbers_text(asked: Asked) -> str:
    """Return the cell that stands below a question in the notebook of a student's own zip."""
    return asked.for_student(over=False)


def course_variants(course: Course, assignment: str) -> Variants:
    """Return what each student was asked; nothing unless course.toml says that each has own numbers.

    Raises ValueError if the file is damaged.
    """
    if course_policies(course).rules(assignment).numbers != OWN:
        return Variants()
    path = record(course, assignment)
    try:
        status = path.stat()
    except FileNotFoundError:
        return Variants()
    return Variants(_kept(path, status.st_mtime_ns, status.st_size), course_roster(course))


def readable_variants(course: Course, assignment: str) -> Variants:
    """Return what `course_variants` does, or only the problem where that raises: a page comes anyway."""
    try:
        return course_variants(course, assignment)
    except ValueError as error:
        return Variants(problem=str(error))


def read_record(path: Path) -> dict[str, dict[str, Asked]]:
    """Read the file; {} if there is none. Raises ValueError if it is damaged."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        return {
            student: {question: Asked(**asked) for question, asked in questions.items()}
            for student, questions in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}): restore it from a backup") from error


def write_record(path: Path, asked: Mapping[str, Mapping[str, Asked]]) -> None:
    """Write the file, which only its owner may read."""
    plain = {
        student: {question: asdict(one) for question, one in questions.items()} for student, questions in asked.items()
    }
    atomic.replace(path, (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode(), mode=0o600)


@lru_cache(maxsize=16)
def _kept(path: Path, *stamp: int) -> dict[str, dict[str, Asked]]:
    return read_record(path)
