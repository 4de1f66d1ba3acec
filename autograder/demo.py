"""The whole course in one run: build, simulate a class, grade it, fill the gradebook, write feedback and report,
compare.
"""

from __future__ import annotations

import autograder.grade.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder import simulate
from autograder.author.build import build
from autograder.desk.export import export_csv
from autograder.desk.feedback import write_feedback
from autograder.desk.gradebook import record
from autograder.desk.report import write_report
from autograder.grade.batch import grade_stream, kept
from autograder.grade.result import Result
from autograder.rooms import Course, Repository

STUDENTS = 30  # of the first assignment
FEWER = 6  # of each of the others: right, right in another way, wrong, unfinished, untouched, broken
SEED = 7


def run(course: Course, console: Console) -> bool:
    """Make `course` anew and take every assignment through it. Returns whether every result was as expected."""
    repository = Repository.default()
    if course.root.exists():
        shutil.rmtree(course.root)
    good = total = 0
    for assignment in repository.names():
        begin, students = time.monotonic(), FEWER if total else STUDENTS
        console.print(f"[bold]{assignment}[/]: building", highlight=False)
        build(repository, course, assignment)
        simulate.simulate(repository, course, assignment, students, SEED, course.submitted)
        console.print(
            f"grading {students} simulated students behind the wall, into nbgrader's gradebook", highlight=False
        )
        results: list[Result] = []
        stream = grade_stream(course, repository, assignment)
        record(course, repository, assignment, kept(stream, results))
        console.print("writing feedback, report and CSV")
        write_feedback(course, assignment)
        write_report(course, assignment, results, course.results / f"{assignment}.html")
        export_csv(course, assignment, course.root / f"{assignment}.csv")
        rows = simulate.compare(simulate.read_expected(course.submitted, assignment), results)
        console.print(_table(rows))
        good += sum(row.ok for row in rows)
        total += len(rows)
        console.print(f"{assignment} took {time.monotonic() - begin:.0f} s", highlight=False)
    console.print("\nLook at", highlight=False)
    for what, path in (
        ("the class", course.results / "*.html"),
        ("a student's feedback", course.feedback / "STUDENT" / "ASSIGNMENT" / "*.html"),
        ("the grades", course.root / "*.csv"),
        ("nbgrader's gradebook", f"cd {course.root} && nbgrader formgrader"),
    ):
        console.print(f"  {what}: {path}", highlight=False, soft_wrap=True)
    print(f"demo: {good} of {total} as expected")
    return good == total


def _table(rows: list[simulate.Row]) -> Table:
    table = Table("student", "kind", "expected", "got", "")
    for row in rows:
        table.add_row(row.student, row.kind, row.expected, row.got, "ok" if row.ok else "[red]NO[/]")
    return table


def main() -> int:
    """Exit code 0 when all is as expected, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", type=Path, default=Path("demo-course"), help="the course directory to make anew")
    arguments = parser.parse_args()
    return 0 if run(Course(arguments.course), Console()) else 1


if __name__ == "__main__":
    sys.exit(main())
