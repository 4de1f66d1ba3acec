"""Takes grades and feedback out of the gradebook in the files that a learning management system takes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.course.paths import Course
from autograder.course.roster import course_roster
from autograder.gradebook import lms
from autograder.gradebook.export import TOTALS, grade_table
from autograder.gradebook.nbgrader_course import opened
from autograder.grading.result import write_atomically

FINAL = ("graded", "unreadable")  # what has a grade to hand on; `to grade` waits for a person, `failed` for the grader


@dataclass
class Handed:
    """What was written, for how many students, and what a person must know or do."""

    path: Path
    students: int
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Grades:
    """An assignment's final totals by student, its points, and the students without one with their status.

    unread: those whose submission is unreadable: their points are what a person has given, or an earlier run.
    """

    totals: dict[str, float]
    most: float
    waiting: dict[str, str]
    unread: list[str] = field(default_factory=list)


def people(course: Course, assignment: str) -> list[lms.Person]:
    """Return the students of the gradebook, with Canvas's numbers where the roster is Canvas's.

    Raises NotBuilt if the assignment was not built in this course.
    """
    roster = course_roster(course)
    numbers = {student.id: student.canvas_number for student in roster or ()}
    with opened(Course(course.root.resolve()), assignment) as (config, _):
        gradebook = Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)
        try:
            return [
                lms.Person(
                    student.id,
                    " ".join(filter(None, (student.first_name, student.last_name))),
                    student.email or "",
                    student.lms_user_id or numbers.get(student.id, ""),
                )
                for student in gradebook.students
            ]
        finally:
            gradebook.close()


def final_grades(course: Course, assignment: str) -> Grades:
    """Return the totals that `export` writes as well, of those whose grade is final."""
    _, lines, _ = grade_table(course, assignment)
    total, most, status = (TOTALS.index(name) - len(TOTALS) for name in ("total", "max", "status"))
    final = {line[0]: float(line[total] or 0.0) for line in lines if line[status] in FINAL}
    waiting = {line[0]: str(line[status]) for line in lines if line[status] not in FINAL}
    unread = [line[0] for line in lines if line[status] == "unreadable"]
    return Grades(final, float(lines[0][most]) if lines else 0.0, waiting, unread)


def hand_grades(
    course: Course, assignment: str, system: str, listing_file: Path, out: Path, column: str = ""
) -> Handed:
    """Write the grades in the import form of `system`, canvas or moodle, from the file that it has exported.

    column: the assignment's name in Canvas, if it is not the assignment's name here.
    """
    listing = lms.read_canvas(listing_file) if system == "canvas" else lms.read_moodle(listing_file)
    grades = final_grades(course, assignment)
    matched = lms.match(listing, people(course, assignment))
    if system == "canvas":
        name = column or assignment
        text, remarks = lms.canvas_grades(listing, matched.lines, grades.totals, name, grades.most)
    else:
        text, remarks = lms.moodle_grades(listing, matched.lines, grades.totals, grades.most)
    write_atomically(out, text)
    waiting = [f"{student}: no grade in the file: {status}" for student, status in grades.waiting.items()]
    waiting += [
        f"{student}: unreadable: {grades.totals[student]:g} points in the file"
        for student in grades.unread
        if student in matched.lines
    ]
    written = sum(student in matched.lines for student in grades.totals)
    return Handed(out, written, [*remarks, *matched.unclear, *waiting])


def hand_feedback(
    course: Course, assignment: str, system: str, listing_file: Path, out: Path, archive: Path | None = None
) -> Handed:
    """Write a zip with the class's feedback pages, named as `system`, canvas or moodle, takes them in.

    archive: Canvas's own zip of the submissions, without which Canvas takes no file back.
    """
    pages = {page.parts[-3]: page for page in sorted(course.feedback.glob(f"*/{assignment}/{assignment}.html"))}
    known = [person for person in people(course, assignment) if person.id in pages]
    if system == "moodle":
        return hand_pages(known, listing_file, pages, out)
    if archive is None:
        raise lms.LmsFileError("give Canvas's zip of the submissions too: --archive submissions.zip")
    listing = lms.read_canvas(listing_file)
    matched = lms.match(listing, known)
    named, left = lms.canvas_feedback(listing, matched.lines, pages, archive)
    lms.write_zip(out, named)
    return Handed(out, len(named), [*_students(matched), *left])


def hand_pages(known: Iterable[lms.Person], listing_file: Path, pages: Mapping[str, Path], out: Path) -> Handed:
    """Write a zip with a page for each student, named as Moodle's bulk upload of feedback files takes them in."""
    listing = lms.read_moodle(listing_file)
    matched = lms.match(listing, known)
    named = lms.moodle_feedback(listing, matched.lines, pages)
    lms.write_zip(out, named)
    return Handed(out, len(named), _students(matched))


def _students(matched: lms.Matched) -> list[str]:
    """Return what is unclear about students; lines of the file without one have no page."""
    return [text for text in matched.unclear if not text.startswith("line of ")]


def waiting_for_a_person(course: Course, assignment: str) -> Sequence[str]:
    """Return the students whose written answers are not all graded."""
    return [student for student, status in final_grades(course, assignment).waiting.items() if status == "to grade"]
