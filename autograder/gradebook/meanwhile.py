"""Feedback pages that are written while others are still being graded.

Light to import: what writes a page is imported when the first jobs have long been given out.
"""

from __future__ import annotations

from autograder.course.paths import Course

FEW = 5  # pages written at a time: a result that comes waits until they are there


class Meanwhile:
    """Writes pages of the students in `waiting`, whose grades are in the gradebook.

    What goes wrong stops nobody's grade: `write_feedback` comes across it again, and tells it.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self.course = course
        self.assignment = assignment
        self.waiting: list[str] = []
        self.failed = False

    def __call__(self) -> bool:
        """Write a few pages, if that many wait; return whether it was worth a try."""
        if self.failed or len(self.waiting) < FEW:
            return False
        from autograder.gradebook import feedback

        students, self.waiting = self.waiting[:FEW], self.waiting[FEW:]
        try:
            feedback.write_feedback(self.course, self.assignment, students, more=True)
        except feedback.FeedbackError:
            pass  # of one of these students
        except Exception:
            self.failed = True  # the disk or the gradebook: of the next ones too
        return True
