"""Writes a page about the class for the instructor: points, flags, mistakes, failed tests, ungraded submissions."""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.paths import Course, Repository
from autograder.course.roster import course_roster
from autograder.gradebook.items import FEWEST, items
from autograder.gradebook.nbgrader_course import existing_gradebook
from autograder.gradebook.publish import people as gradebook_people
from autograder.gradebook.sentences import sentence
from autograder.gradebook.shown_tests import POLICY, TEMPLATES, page_environment
from autograder.grading.assignment import NotBuilt
from autograder.grading.result import ExerciseResult, Result, write_atomically
from autograder.grading.submission import NOT_ON_ROSTER

BINS = 10
_SORT = (TEMPLATES / "sort.js").read_text(encoding="utf-8")
MOST_FAILED = 15

WHAT_TO_DO = {
    "out of time": "Open the appeal view (autograder appeal): is it a loop that never ends, or honest but slow code?",
    "cell left out": "A cell took too long or ended its process, and all else was graded without it. Read it.",
    "unreadable": "The student has 0 points. Ask for the notebook again, or repair it in submitted/, and grade again.",
    NOT_ON_ROSTER: "Nothing in the gradebook was changed. Put the student on the roster, or take the folder away.",
    "failed": "The student has no grade. Grade again; if it fails again, run autograder doctor.",
}
# What a flag means and what to do about it; a kind that is not here is shown by its name.
FLAGS = {
    "locked-cell-changed": "given code differs from the release; the original was used",
    "cell-missing": "a cell of the release is missing",
    "cell-duplicated": "the notebook contains a cell more than once; the last one was used",
    "cell-split": "an exercise's cell was split; its pieces were joined",
    "metadata-changed": "points or type of a cell differ from the release; the release's were used",
    "figure-cell-used": "an exercise uses what a figure cell defines; its definitions and imports ran",
    "changed-after-check": "an exercise was changed after its check cell; it counts as it was there",
    "test-not-finished": "a test could not finish with what the code returned; it counts as failed",
    "carried-over": "an exercise gives what a right one would give beside a wrong function of the submission",
    "not-carried-over": "grading did not end, and was done again without judging what calls a wrong function beside it",
    "command-skipped": "a shell command, an installation or %reset was left out",
    "cell-left-out": "a cell took too long or ended its process; the notebook ran without it",
    "function-elsewhere": "the function was found in another cell",
    "function-renamed": "the function is defined under another name",
    "suspicious-code": "code that an honest answer rarely needs; read it",
    "foreign-file": "files beside the notebook that are not in the release, or differ from it; they were not used",
    "notebook-renamed": "the notebook had another name or folder; its cells say which assignment it is",
    "several-notebooks": "of several notebooks the one with work in it, or with the assignment's name, was taken",
    "group-work": "handed in together with others; each of them has it",
    "late-without-time": "the platform says late, but no time of submission is known, so nothing was deducted",
    "old-release": "the notebook comes from an earlier release",
    "old-format": "the notebook had an old format and was upgraded",
}


@dataclass(frozen=True)
class Column:
    """One exercise in the class: its points, students by tenth of the points, mean share, and how many earned all."""

    name: str
    max_points: float
    counts: list[int]
    mean: float
    full: int
    none: int


@dataclass(frozen=True)
class FailedTest:
    """How many students did not pass a test, among those for whom it was run."""

    exercise: str
    name: str
    visibility: str
    failed: int
    run: int
    messages: list[tuple[str, int]]


def write_report(
    course: Course, assignment: str, results: Sequence[Result], path: Path, repository: Repository | None = None
) -> None:
    """Write one HTML file that needs nothing else: the class's results, by exercise and by student.

    results: all results of `assignment`, in any order; points are those of the exercises, before manual grading.
    repository: where the mistakes' sentences are; the one this package lies in by default.
    Nothing is fetched, nothing runs but the few lines that sort a table, and everything from submissions is escaped.
    """
    home = repository or Repository.default()
    people = _people(course, assignment)
    results = sorted(results, key=lambda result: result.student)
    graded = [result for result in results if result.status == "graded"]
    every = {exercise.name: exercise.max_points for result in results for exercise in result.exercises}
    names = {name: most for name, most in every.items() if most}
    text = page_environment().get_template("report.html.j2").render(
        assignment=assignment,
        course=course.root.resolve().name,
        policy=f"{POLICY}; script-src 'sha256-{_digest(_SORT)}'",
        script=_SORT,
        style=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        results=results,
        graded=graded,
        absent=_absent(course, results),
        troubled=[result for result in results if result.status != "graded"],
        counts=Counter(result.status for result in results),
        names=names,
        most=sum(names.values()),
        mean=statistics.fmean(result.points for result in graded) if graded else 0.0,
        median=statistics.median(result.points for result in graded) if graded else 0.0,
        columns=[_column(graded, name, most) for name, most in names.items()],
        totals=_bins([result.points / result.max_points for result in graded if result.max_points]),
        failed_tests=_failed_tests(graded)[:MOST_FAILED],
        mistakes=_mistakes(graded),
        flags=Counter(flag.kind for result in results for flag in result.flags),
        flag_words=FLAGS,
        what_to_do=WHAT_TO_DO,
        items={item.name: item for item in items(graded, list(names))},
        fewest=FEWEST,
        unpaid=[(name, _solved(graded, name)) for name, most in every.items() if not most],
        said=lambda exercise, mistake: sentence(home, assignment, exercise, mistake),
        slow=_out_of_time(graded),
        left_out=_left_out(graded),
        alike=_alike(graded),
        people=people,
        unprotected=[result.student for result in results if result.wall == "none"],
    )  # fmt: skip
    write_atomically(path, text)


def _absent(course: Course, results: Sequence[Result]) -> list[tuple[str, str]]:
    """Id and name of those who have no result, on the course's roster or else in its gradebook."""
    present = [result.student for result in results]
    if roster := course_roster(course):
        return [(student.id, student.name) for student in roster.absent(present)]
    with existing_gradebook(Course(course.root.resolve())) as gradebook:
        students = gradebook.students if gradebook else []
        named = [(row.id, " ".join(filter(None, (row.first_name, row.last_name)))) for row in students]
    return [(student, name) for student, name in named if student not in present]


def _people(course: Course, assignment: str) -> dict[str, str]:
    """Return the students of the gradebook with their names; none if the assignment has no gradebook yet."""
    try:
        return {person.id: person.name for person in gradebook_people(course, assignment)}
    except NotBuilt:
        return {}


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _out_of_time(graded: Sequence[Result]) -> list[tuple[str, list[str]]]:
    """Return the students of whom a test ran out of time, with the exercises."""
    found = []
    for result in graded:
        where = [one.name for one in result.exercises if any(test.outcome == "timeout" for test in one.tests)]
        if where:
            found.append((result.student, where))
    return found


def _left_out(graded: Sequence[Result]) -> list[tuple[str, str]]:
    """Return the students with a cell that was left out, with the cell and the reason."""
    flags = [(result.student, flag) for result in graded for flag in result.flags]
    return [(student, flag.detail) for student, flag in flags if flag.kind == "cell-left-out"]


def _alike(graded: Sequence[Result]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the tests that nobody passes and those that all pass, where several students have tried."""
    outcomes: dict[tuple[str, str], list[bool]] = {}
    for result in graded:
        for exercise in filter(_has_points, result.exercises):
            for test in exercise.tests:
                outcomes.setdefault((exercise.name, test.name), []).append(test.outcome == "passed")
    tried = {key: passed for key, passed in outcomes.items() if len(passed) > 1}
    groups = {
        "Nobody passes": [key for key, passed in tried.items() if not any(passed)],
        "Everybody passes": [key for key, passed in tried.items() if all(passed)],
    }
    return [(words, tests) for words, tests in groups.items() if tests]


def _column(graded: Sequence[Result], name: str, most: float) -> Column:
    points = [exercise.points for result in graded for exercise in result.exercises if exercise.name == name]
    shares = [value / most for value in points if most]
    full, none = sum(share > 0.9999 for share in shares), sum(share < 0.0001 for share in shares)
    return Column(name, most, _bins(shares), statistics.fmean(shares) if shares else 0.0, full, none)


def _solved(graded: Sequence[Result], name: str) -> int:
    """Return how many have passed all tests of an exercise."""
    tried = [exercise.tests for result in graded for exercise in result.exercises if exercise.name == name]
    return sum(bool(tests) and all(test.outcome == "passed" for test in tests) for tests in tried)


def _bins(shares: Sequence[float]) -> list[int]:
    """Students by tenth of the points; full points belong to the last tenth."""
    counts = Counter(min(int(share * BINS), BINS - 1) for share in shares)
    return [counts[place] for place in range(BINS)]


def _failed_tests(graded: Sequence[Result]) -> list[FailedTest]:
    """Return the tests that students did not pass, most often first; gated tests were not run and do not count.

    Those of exercises without points are left out: most students do not begin them.
    """
    runs: Counter[tuple[str, str, str]] = Counter()
    messages: dict[tuple[str, str, str], Counter[str]] = {}
    for result in graded:
        for exercise in filter(_has_points, result.exercises):
            for test in exercise.tests:
                key = (exercise.name, test.name, test.visibility)
                runs[key] += test.outcome != "gated"
                if test.outcome not in ("passed", "gated"):
                    messages.setdefault(key, Counter())[test.message.strip().partition("\n")[0]] += 1
    found = [
        FailedTest(*key, sum(counts.values()), runs[key], counts.most_common(2)) for key, counts in messages.items()
    ]
    return sorted(found, key=lambda test: (-test.failed, test.exercise, test.name))


def _has_points(exercise: ExerciseResult) -> bool:
    return exercise.max_points > 0


def _mistakes(graded: Sequence[Result]) -> list[tuple[str, str, list[str]]]:
    """Exercise, mistake and the students who made it, most often first."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in graded:
        for exercise in result.exercises:
            if exercise.mistake:
                found.setdefault((exercise.name, exercise.mistake), []).append(result.student)
    return [(*key, students) for key, students in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]
