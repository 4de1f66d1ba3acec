"""Grades submissions as they arrive: looks at a folder again and again, grades what is new, writes its feedback page.

The results say what has been graded, and a file beside them what was tried on which day: so a watch that
was ended or killed goes on where it was, and what arrived meanwhile is new when it starts again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect

from autograder.course.paths import Course, Repository
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.gradebook import record
from autograder.gradebook.nbgrader_course import Folders, opened
from autograder.grading import queue
from autograder.grading.batch import NothingToGrade, grade_stream, handed_in
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import Unreadable, is_ignored, read_bytes

_TRIES = 3  # of a submission that the grader fails over


class Watch:
    """Watches for submissions of some assignments of a course.

    options: how to grade; its `students` and `machines` are the watch's own unless they are given. attempts: how many
    different submissions of a student and an assignment are graded in a day; what comes beyond them waits for the next,
    and what cannot be read is not counted.
    inbound: whether to collect from nbgrader's exchange at each look. say: where a sentence about each goes. today: the
    date. roster: returns the ids of the students who may submit, at each look, in place of the options'.
    """

    def __init__(
        self,
        course: Course,
        repository: Repository,
        assignments: Sequence[str],
        options: Options,
        *,
        attempts: int | None = None,
        inbound: bool = False,
        say: Callable[[str], None] = print,
        today: Callable[[], date] = date.today,
        roster: Callable[[], tuple[str, ...] | None] | None = None,
    ) -> None:
        self.course, self.repository, self.assignments = Course(course.root.resolve()), repository, assignments
        self.machines = options.machines or queue.Local()
        self.options = replace(options, machines=self.machines)
        self.submitted = (options.submitted or course.submitted).resolve()
        self.attempts, self.inbound, self.say, self.today = attempts, inbound, say, today
        self.roster = roster or (lambda: options.roster)
        self.seen: dict[tuple[str, str], str] = {}
        self.finished: dict[tuple[str, str], str] = {}
        self.waiting: dict[tuple[str, str], date] = {}
        self.failures: Counter[tuple[str, str]] = Counter()
        self.counted: dict[tuple[str, str], list[str]] = {}

    def look(self) -> list[Result]:
        """Grade what has arrived and was the same at the last look; return the results.

        What goes wrong with one assignment, or with the exchange, is raised when all others have been looked at.
        """
        graded: list[Result] = []
        faults: list[Exception] = []
        self._read_roster()
        for assignment in self.assignments:
            try:
                if self.inbound:
                    self._collect(assignment)
            except Exception as error:
                faults.append(error)
            try:
                arrived = [student for student in self._arrived(assignment) if self._may_try(assignment, student)]
                if arrived:
                    graded += self._grade(assignment, arrived)
            except Exception as error:
                faults.append(error)
        if faults:
            raise faults[0]
        return graded

    def close(self) -> None:
        """End the processes that grade."""
        self.machines.close()

    def _read_roster(self) -> None:
        """Take over a new roster: whose submission was refused may be on it now."""
        roster = self.roster()
        if roster != self.options.roster:
            self.options = replace(self.options, roster=roster)
            self.finished.clear()

    def _collect(self, assignment: str) -> None:
        """Copy what students have handed in through nbgrader's exchange, as `nbgrader collect --update` does."""
        with opened(self.course, assignment, copied=True) as (config, log):
            folders = Folders(config=config, log=log)
            folders.assignment_id = assignment
            try:
                ExchangeCollect(coursedir=folders, config=config, log=log, update=True).start()
            except ExchangeError as error:
                raise NothingToGrade(
                    f"the exchange cannot be read ({error}): see {self.course.root / 'gradebook.log'}"
                ) from error

    def _arrived(self, assignment: str) -> Iterator[str]:
        """Yield the students whose submission is complete and is not what was graded last."""
        there = handed_in(self.submitted, assignment, self.options.students) if self.submitted.is_dir() else []
        for student in there:
            place, now = (assignment, student), _look_of(self.submitted / student / assignment)
            before, self.seen[place] = self.seen.get(place), now
            if now == before and now != self.finished.get(place):
                yield student

    def _may_try(self, assignment: str, student: str) -> bool:
        """Count an attempt, unless this very submission was counted; whether it is one that may be graded today."""
        if self.attempts is None:
            return True
        place, today, digest = (assignment, student), self.today(), self._digest(assignment, student)
        self.counted[place] = [student, today.isoformat(), digest]
        tried = _read_attempts(self._log(assignment)).get(student, [])
        if any(digest == earlier for _, earlier in tried):
            return True
        if sum(day == today.isoformat() for day, _ in tried) >= self.attempts:
            if self.waiting.get(place) != today:
                self.say(f"{student}, {assignment}: waits for tomorrow, {self.attempts} were graded today")
                self.waiting[place] = today
            return False
        self._note(assignment, self.counted[place])
        return True

    def _note(self, assignment: str, entry: list[str]) -> None:
        with self._log(assignment).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(entry) + "\n")

    def _log(self, assignment: str) -> Path:
        path = (self.options.results or self.course.results) / assignment / "attempts.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _digest(self, assignment: str, student: str) -> str:
        """Tell one submission from another: the notebook and what lies beside it, by content; not when it came."""
        folder = self.submitted / student / assignment
        digest = hashlib.sha256()
        try:
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
        except OSError as error:  # it may not be entered
            paths = []
            digest.update(str(error).encode())
        for path in (path for path in paths if not is_ignored(path.name)):
            try:
                content = read_bytes(path, self.submitted)
            except Unreadable as error:
                content = str(error).encode()
            digest.update(
                os.fsencode(path.name) + b"/" + hashlib.sha256(content).digest()
            )  # one part cannot pass for two
        return digest.hexdigest()

    def _grade(self, assignment: str, students: list[str]) -> list[Result]:
        """Grade, record and show these students' submissions; return the results that are new.

        A failure of the grader is tried again at the next looks.
        """
        looks = {student: self.seen[assignment, student] for student in students}
        options = replace(self.options, chosen=frozenset(students))
        results: list[Result] = []
        known: list[int] = []

        def coming() -> Iterator[Result]:
            stream = grade_stream(
                self.course, self.repository, assignment, options, on_start=lambda _, before: known.append(before)
            )
            for result in stream:
                results.append(result)
                yield result

        submitted, roster = self.options.submitted, self.options.roster
        done = record(self.course, self.repository, assignment, coming(), submitted=submitted, roster=roster)
        write_feedback(self.course, assignment, [one.student for one in done if one.recorded])
        refused = {one.student: one.reason for one in done if not one.recorded}
        for result in results:
            place = (assignment, result.student)
            self.failures[place] = self.failures[place] + 1 if result.status == "failed" else 0
            if not 0 < self.failures[place] < _TRIES:
                self.finished[place] = looks[result.student]
            if result.status == "unreadable" and place in self.counted:
                self._note(assignment, [*self.counted.pop(place), result.status])  # it may have been half copied
        new = results[known[0] :]  # those that were graded before come first
        for result in new:
            self.say(f"{result.student}, {assignment}: {_said(result, refused.get(result.student, ''))}")
        return new


def _said(result: Result, refused: str) -> str:
    if result.status != "graded":
        return f"{result.status}: {result.reason}"
    points = f"{result.points:.2f} of {result.max_points:.2f}"
    return f"{points}; not in the gradebook: {refused}" if refused else points


def _look_of(folder: Path) -> str:
    """Return what a folder's files look like from outside: names, times and sizes."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            status = entry.stat(follow_symlinks=False)
            found.append(f"{entry.name!r} {status.st_mtime_ns} {status.st_size} {status.st_ino}")
    return "\n".join(found)


def _read_attempts(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the day and the digest of each attempt, by student; without those that were then unreadable."""
    found: dict[str, list[tuple[str, str]]] = {}
    with suppress(FileNotFoundError):
        for line in path.read_text("utf-8", "replace").splitlines():
            with suppress(ValueError, TypeError):  # half a line, of a watch that was killed
                student, day, digest, *unreadable = json.loads(line)
                if unreadable:
                    found[student] = [one for one in found.get(student, []) if one != (day, digest)]
                else:
                    found.setdefault(student, []).append((day, digest))
    return found
