"""Grades as CSV, from nbgrader's gradebook: what a person has graded, late penalties and extra credit included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, SubmittedAssignment

from autograder.course import notebook as cells
from autograder.course.paths import Course
from autograder.gradebook import harmless
from autograder.gradebook.lateness import settle
from autograder.gradebook.nbgrader_course import opened
from autograder.grading.result import Result, write_atomically

TOTALS = ["auto_total", "manual_total", "late_penalty", "total", "max", "status", "late_hours"]


def export_csv(course: Course, assignment: str, path: Path) -> list[str]:
    """Write one line per student (of the gradebook, or with a result), by id, and a first line with the columns' names.

    Columns: student, name; each exercise and each written question in the notebook's order (empty as long as a person
    has not graded it); auto_total, the sum of the exercises; manual_total, of the written questions; late_penalty;
    total = auto_total + manual_total - late_penalty; max; status; late_hours.
    status: `graded`; `to grade` (a person has still to look); `unreadable`; `failed` (the grader's own fault; if
    there are grades, they are of an earlier run); `missing` (no submission).
    Lateness and penalty are those of course.toml and the times of submission as they are now. Returns sentences about
    times and extensions that do not count.
    UTF-8, lines and quotes as in RFC 4180, and nothing in it that a spreadsheet takes for a formula.
    Raises NotBuilt if the assignment was not built in this course.
    """
    header, lines, remarks = grade_table(course, assignment)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([harmless.spreadsheet(value) for value in line] for line in lines)
    write_atomically(path, text.getvalue())
    return remarks


def grade_table(course: Course, assignment: str) -> tuple[list[str], list[list[Any]], list[str]]:
    """Return the columns' names and the lines that `export_csv` writes, as values, and its sentences."""
    course = Course(course.root.resolve())
    release = cells.read(course.release_notebook(assignment)) if course.release_notebook(assignment).is_file() else None
    with opened(course, assignment) as (config, _):
        remarks = settle(config, course, assignment)
        graded = [cell for cell in release.cells if cells.part(cell).get("grade")] if release else []
        gradebook = Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)
        try:
            lines = list(_lines(gradebook, course, assignment, graded))
        finally:
            gradebook.close()
    return ["student", "name", *(cells.grade_id(cell) or "" for cell in graded), *TOTALS], lines, remarks


def _lines(gradebook: Gradebook, course: Course, assignment: str, graded: list[Any]) -> Iterator[list[Any]]:
    written = {cells.grade_id(cell) for cell in graded if cells.is_written(cell)}
    submissions = {submission.student_id: submission for submission in gradebook.assignment_submissions(assignment)}
    most = sum(cells.points(cell) for cell in graded)
    names = {path.stem: "" for path in (course.results / assignment).glob("*.json")}
    for known in gradebook.students:
        names[known.id] = " ".join(part for part in (known.first_name, known.last_name) if part)
    for student, name in sorted(names.items()):
        submission, status = submissions.get(student), _status(course, assignment, student)
        if submission is None:
            yield [student, name, *[None] * len(graded), *[None] * 4, most, status or "missing", None]
            continue
        grades = {grade.name: grade for part in submission.notebooks for grade in part.grades}
        scores = [_score(grades.get(cells.grade_id(cell))) for cell in graded]
        manual = sum(
            score or 0.0 for cell, score in zip(graded, scores, strict=True) if cells.grade_id(cell) in written
        )
        auto = sum(score or 0.0 for score in scores) - manual
        penalty = float(submission.late_submission_penalty or 0.0)
        status = status or ("to grade" if any(grade.needs_manual_grade for grade in grades.values()) else "graded")
        total = max(0.0, auto + manual - penalty)
        yield [student, name, *scores, auto, manual, penalty, total, most, status, _hours_late(submission)]


def _score(grade: Any) -> float | None:
    if grade is None or (grade.manual_score is None and grade.auto_score is None):
        return None
    return float(grade.score)


def _status(course: Course, assignment: str, student: str) -> str:
    """Return what the result file says, if it says more than that the submission was graded."""
    try:
        status = Result.read(course.result(student, assignment)).status
    except (OSError, ValueError):
        return ""
    return "" if status == "graded" else status


def _hours_late(submission: SubmittedAssignment) -> float | None:
    seconds = submission.total_seconds_late if submission.duedate is not None else 0
    return seconds / 3600 if seconds else None
