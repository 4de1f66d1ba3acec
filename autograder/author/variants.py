"""Tells each student own numbers in written questions: `autograder variants`.

What a student has been told stays, whatever becomes of the author's file: see `give`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import atomic
from autograder.author.build import read_source
from autograder.author.bundle import bundle_files, zipped
from autograder.author.confidential import sentences
from autograder.author.own_numbers import Question, read_questions
from autograder.author.page import rendered
from autograder.course import notebook as notebooks
from autograder.course import variants as told
from autograder.course.paths import Course, Repository
from autograder.course.policies import NAME as RULES
from autograder.course.policies import OWN, course_policies
from autograder.course.roster import Roster, Student, course_roster
from autograder.course.source import Problem, Source, SourceError, shown_path
from autograder.course.variants import Asked, Number
from autograder.gradebook.harmless import spreadsheet

FEWEST = 20  # sets of numbers of a question, below which neighbours would often have the same
TRIED = 200  # sets, with which a question is tried
SHEET, TABLE = "your-numbers.html", "numbers.csv"


class NoNumbers(ValueError):
    """No numbers can be given out; the text says what to do first."""


def check_questions(repository: Repository, source: Source) -> Iterator[Problem]:
    """Yield what is wrong with the questions: tried with TRIED sets of numbers, or with all there are."""
    where = shown_path(repository.variants(source.name))
    for question in read_questions(repository, source):
        if question.sets < FEWEST:
            yield Problem(
                where,
                f"{question.name} has {question.sets} sets of numbers: give it {FEWEST} or more, or none of its own.",
            )
        drawn = (question.drawn(b"check", source.name, str(number)) for number in range(TRIED))
        asked: dict[str, Mapping[str, Number]] = {}
        answers = set()
        try:
            for one in map(question.asked, drawn):
                if asked.setdefault(one.asks, one.numbers) != one.numbers:
                    yield Problem(where, f"{question.name}: asks does not say all the numbers: say each of them.")
                    break
                if given := next(_given_away(one), ""):
                    yield Problem(where, f"{question.name}: asks gives away what is expected: {given!r}.")
                    break
                answers.add(one.expects)
            else:
                if len(answers) == 1:
                    yield Problem(where, f"{question.name}: what it expects does not depend on the numbers.")
        except ValueError as error:
            yield Problem(where, str(error))


@dataclass(frozen=True)
class Given:
    """What was written: the table's path, for whom, for how many of them for the first time."""

    table: Path
    roster: Roster
    new: int
    questions: tuple[str, ...]


def give(
    repository: Repository, course: Course, assignment: str, zips: bool = False, roster: Path | None = None
) -> Given:
    """Draw the numbers of all students on the roster who have none yet, and write what each is told.

    Into variants/ASSIGNMENT/ of the course: asked.json, which pages for graders read; numbers.csv, a line for each
    student; STUDENT/your-numbers.html; with `zips` STUDENT/ASSIGNMENT.zip, the release with the numbers in the
    notebook. Numbers and words that a student was told stay as they are; expected answers are made anew.
    Raises NoNumbers if the course gives no own numbers, SourceError for what the author wrote, and what `bundle` does.
    """
    source = read_source(repository, assignment)
    questions = read_questions(repository, source)
    students = course_roster(course, roster)
    if course_policies(course).rules(assignment).numbers != OWN:
        raise NoNumbers(
            f'{assignment} asks all the same: write numbers = "{OWN}" under [assignments.{assignment}.written] of '
            f"{RULES} first"
        )
    if not questions:
        raise NoNumbers(f"{assignment} has no questions with numbers of one's own: there is no variants.py")
    if students is None:
        raise NoNumbers("there is no roster, so nobody can be told: run `autograder roster` first")
    if problems := list(check_questions(repository, source)):
        raise SourceError(problems)
    path = told.record(course, assignment)
    before = told.read_record(path)
    asked = before | {
        student: _asked(questions, before.get(student, {}), course, assignment, student) for student in students.ids()
    }
    files = bundle_files(repository, course, source) if zips else {}
    folder = told.folder(course, assignment)
    titles = {question.name: question.title for question in questions}
    told.write_record(path, asked)
    for student in students.ids():
        sheet = _sheet(assignment, titles, students[student], asked[student])
        atomic.replace(folder / student / SHEET, sheet.encode(), mode=0o644)
        if files:
            name = f"{assignment}.ipynb"
            own = files | {name: with_numbers(files[name], asked[student])}
            atomic.replace(folder / student / f"{assignment}.zip", zipped(assignment, own), mode=0o644)
    table = folder / TABLE
    atomic.replace(table, _table(titles, students, asked).encode("utf-8-sig"), mode=0o600)
    return Given(table, students, len(set(students.ids()) - before.keys()), tuple(titles))


def sheets(course: Course, assignment: str, roster: Roster) -> dict[str, Path]:
    """Return the page of each student that `give` has written."""
    return {student: told.folder(course, assignment) / student / SHEET for student in roster.ids()}


def with_numbers(released: bytes, asked: Mapping[str, Asked]) -> bytes:
    """Return the student's notebook with a cell below each question that says the student's own numbers."""
    notebook = nbformat.reads(released.decode(), as_version=4)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        name = cell.id.removesuffix("-question")
        if name != cell.id and name in asked:
            cells.append(notebooks.prose(told.numbers_text(asked[name]), f"{name}-numbers"))
    notebook.cells = cells
    return notebooks.to_text(notebook).encode()


def _asked(
    questions: Sequence[Question], before: Mapping[str, Asked], course: Course, assignment: str, student: str
) -> dict[str, Asked]:
    """What one student is asked: numbers and words as they were told, or drawn now."""
    found = dict(before)  # a question that the author has taken out was asked all the same
    for question in questions:
        if (old := before.get(question.name)) is None:
            found[question.name] = question.asked(question.drawn(course.secret(), assignment, student))
            continue
        try:
            now = question.asked(old.numbers)
        except ValueError as error:
            raise NoNumbers(
                f"{student} was told numbers that variants.py no longer takes: {error} Numbers that were told stay: "
                f"take them again, or delete {told.record(course, assignment)} to tell all students new ones"
            ) from error
        found[question.name] = Asked(old.numbers, old.asks, now.expects, now.marks)
    return found


def _given_away(asked: Asked) -> Iterator[str]:
    """Yield the sentences of the expected answer and of what it is worth that stand in the question."""
    shown = set(sentences(asked.asks))
    yield from (sentence for text in (asked.expects, asked.marks) for sentence in sentences(text) if sentence in shown)


def _sheet(assignment: str, titles: Mapping[str, str], student: Student, asked: Mapping[str, Asked]) -> str:
    """A student's own page: each question's title and numbers."""
    who = f"{student.name} ({student.id})" if student.name else student.id
    cells = [notebooks.prose(f"# {assignment}: your own numbers", "title")]
    for name, title in titles.items():
        if name in asked:
            cells.append(notebooks.prose(f"## {title}\n\n{asked[name].asks}", f"{name}-numbers"))
    return rendered(
        assignment, notebooks.new(cells), f"For {who}. Write your answers into the notebook, with these numbers."
    )


def _table(titles: Mapping[str, str], students: Roster, asked: Mapping[str, Mapping[str, Asked]]) -> str:
    """The table for a mail merge: who, and for each question each number and the words."""
    names = {
        question: dict.fromkeys(name for own in asked.values() if question in own for name in own[question].numbers)
        for question in titles
    }
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    columns = [f"{question} {name}" for question in titles for name in (*names[question], "text")]
    writer.writerow(["id", "first_name", "last_name", "email", *columns])
    for student in students:
        own = asked[student.id]
        cells = [own[question].numbers.get(name, "") if name != "text" else own[question].asks
                 for question in titles for name in (*names[question], "text")]  # fmt: skip
        writer.writerow(map(spreadsheet, (student.id, student.first_name, student.last_name, student.email, *cells)))
    return out.getvalue()
