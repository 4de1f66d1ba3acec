"""The class in nbgrader's gradebook: names and addresses, which formgrader and the export show."""

from __future__ import annotations

from nbgrader.api import Student

from autograder.course.paths import Course
from autograder.course.roster import Roster
from autograder.gradebook.nbgrader_course import existing_gradebook

LONGEST_TEXT = 128  # characters, of nbgrader's columns


def enrol(course: Course, roster: Roster) -> bool:
    """Put the students into the gradebook, with names and e-mail addresses; return False if there is no gradebook yet.

    Nobody is removed, and what the roster does not say stays. Who has handed in nothing then shows as missing.
    """
    with existing_gradebook(Course(course.root.resolve())) as gradebook:
        if gradebook is None:
            return False
        rows = {row.id: row for row in gradebook.db.query(Student)}
        for student in roster:
            row = rows.get(student.id)
            if row is None:
                row = Student(id=student.id)
                gradebook.db.add(row)
            said = {"first_name": student.first_name, "last_name": student.last_name, "email": student.email}
            for column, text in said.items():
                if text and getattr(row, column) != text[:LONGEST_TEXT]:
                    setattr(row, column, text[:LONGEST_TEXT])
        gradebook.db.commit()
    return True
