"""Due times, extensions and late penalties in nbgrader's gradebook, as course.toml and the times of submission say.

nbgrader stores a penalty when it grades, and counts lateness when it is asked. Here both are brought up to date
together, so that a penalty always belongs to the lateness beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins.latesubmission import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.course.paths import Course
from autograder.course.policies import Policies, Rules, course_policies
from autograder.course.times import duration_text, passed
from autograder.gradebook.nbgrader_course import TIMESTAMP, read_timestamp


class CoursePenalty(LateSubmissionPlugin):
    """nbgrader's plugin: the penalty that course.toml sets; nbgrader's own where it says nothing of when work is due.

    known: the rules and the points that could be earned, if nbgrader's preprocessor is not what asks.
    """

    known: tuple[Rules, float] | None = None

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Return the points that the lateness costs, as nbgrader asks for them."""
        rules, possible = self.known or self._asked(student_id)
        if rules.due is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        return rules.penalty(timedelta(seconds=total_seconds_late), score, possible)

    def _asked(self, student: str) -> tuple[Rules, float]:
        asking, folder = self.parent, self.parent
        while getattr(folder, "coursedir", None) is None:
            folder = folder.parent
        rules = course_policies(Course(Path(folder.coursedir.root))).rules(asking.assignment_id)
        part = asking.gradebook.find_submission_notebook(asking.notebook_id, asking.assignment_id, student)
        return rules, float(part.max_score)


def set_times(
    gradebook: Gradebook, course: Course, assignment: str, students: Sequence[str], submitted: Path | None = None
) -> list[str]:
    """Write when the assignment is due and when these students handed in into the gradebook.

    submitted: where the submissions are, if not in the course. Where course.toml has a due time, extensions are those
    of course.toml; returns a sentence for each of the gradebook's own that counts no longer.
    """
    policies = course_policies(course)
    remarks = []
    for student in students:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            continue
        remarks += set_submission_times(submission, policies, submitted or course.submitted)
    gradebook.db.commit()
    return remarks


def settle(config: Config, course: Course, assignment: str, students: str = "*") -> list[str]:
    """Bring times and penalties of the submissions up to date; return sentences about what does not count.

    config: of the course, inside `opened`. students: whose, as a glob on ids. The penalty is what the configured plugin
    says of the lateness as it is now.
    """
    remarks = settle_those(config, course, assignment, lambda student: fnmatchcase(student, students))
    return [*remarks, *unread_times(course, assignment)]


def settle_those(config: Config, course: Course, assignment: str, concerned: Callable[[str], bool]) -> list[str]:
    """Do as `settle` for the students whom `concerned` names; return sentences about extensions that have ended."""
    policies = course_policies(course)
    rules = policies.rules(assignment)
    plugin = AssignLatePenalties(config=config).plugin_class(config=config)
    remarks = []
    gradebook = Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)
    try:
        for submission in gradebook.assignment_submissions(assignment):
            if not concerned(submission.student_id):
                continue
            remarks += set_submission_times(submission, policies, course.submitted)
            for part in submission.notebooks:
                penalize(submission, part, plugin, rules)
        gradebook.db.commit()
    finally:
        gradebook.close()
    return remarks


def unread_times(course: Course, assignment: str, submitted: Path | None = None) -> list[str]:
    """Return a sentence for each submission whose timestamp.txt holds no time for certain."""
    zone = course_policies(course).zone
    folders = _folders(submitted or course.submitted, assignment)
    found = ((folder, read_timestamp(folder / TIMESTAMP, zone)) for folder in folders)
    return [f"{folder.parent.name}: {TIMESTAMP}: {problem}" for folder, (_, problem) in found if problem]


def _folders(submitted: Path, assignment: str) -> Iterator[Path]:
    if submitted.is_dir():
        for entry in sorted(os.scandir(submitted), key=lambda entry: entry.name):
            yield Path(entry.path) / assignment


def penalize(
    submission: SubmittedAssignment, part: SubmittedNotebook, plugin: LateSubmissionPlugin, rules: Rules
) -> None:
    """Write the late penalty of a submission's notebook: what the plugin says of the lateness as it is now."""
    late = submission.total_seconds_late if submission.assignment.duedate is not None else 0
    penalty = None
    if late > 0:
        if isinstance(plugin, CoursePenalty):
            plugin.known = rules, float(part.max_score)
        penalty = plugin.late_submission_penalty(submission.student_id, part.score, late)
    if penalty is not None:
        penalty = min(max(float(penalty), 0.0), float(part.score))
    if part.late_submission_penalty != penalty:
        part.late_submission_penalty = penalty


def set_submission_times(submission: SubmittedAssignment, policies: Policies, submitted: Path) -> list[str]:
    """Write the times of one submission, as `set_times` does; commits nothing."""
    rules, student = policies.rules(submission.name), submission.student_id
    folder = submitted / student / submission.name
    moment, problem = read_timestamp(folder / TIMESTAMP, policies.zone)
    if moment is not None:
        _change(submission, "timestamp", _stored(moment))
    elif submission.timestamp is not None and (problem or (rules.due is not None and folder.is_dir())):
        submission.timestamp = None  # of a file that is gone, or that nbgrader has read something into
    due, own = rules.due, rules.due_for(student)
    if due is None or own is None:
        return []
    _change(submission.assignment, "duedate", _stored(due))
    before, now = submission.extension, passed(due, own) or None
    if before == now:
        return []
    submission.extension = now
    if before and student not in rules.extensions:
        return [f"{student}: the extension of {duration_text(before)} in the gradebook is not in course.toml: it ended"]
    return []


def _change(row: Any, column: str, value: datetime) -> None:
    if getattr(row, column) != value:
        setattr(row, column, value)


def _stored(moment: datetime) -> datetime:
    """Return a moment as nbgrader keeps it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
