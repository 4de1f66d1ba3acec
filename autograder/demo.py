"""The whole course in one run: build, simulate a class, grade it, fill the gradebook, write feedback and report,
compare.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import multiprocessing
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.course.paths import Course, Repository
from autograder.grading.batch import grade_stream
from autograder.grading.forks import imports_of, start_server
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.sandbox.limits import Limits
from autograder.simulate.expected import Row, compare, read_expected

STUDENTS = 20  # hand in the first assignment
AT_ONCE = 3  # assignments graded at a time: each waits now and then, for a process to start or for the gradebook
OTHERS = ("alternative/variants", "wrong/mistakes")  # what is handed in of each of the others
SEED = 7
LIMITS = Limits(call=0.5, cell=2.0, patience=5.0)  # of the first, less than usual: the class has loops that never end


def run(course: Course, console: Console, repository: Repository, students: int = STUDENTS) -> bool:
    """Make `course` anew and take every assignment through it. Returns whether every result was as expected.

    students: the class, all of whom hand in the first assignment; a few of them hand in each of the others.
    The first is graded by a process for each core; each of the others by one, since it is done before a second would be
    ready. Beside them one process builds the assignments one after another, and then writes what people look at.
    """
    course = Course(course.root.resolve())
    if course.root.exists():
        shutil.rmtree(course.root)
    first, *others = names = repository.names()
    start_server(imports_of(repository, *names))  # one server for all: it imports what any of them needs, once
    from autograder.gradebook.gradebook import record  # beside the server's imports, which are this module's and more

    begin, written = time.monotonic(), []
    as_expected: dict[str, bool] = {}  # by student, over all that the student has handed in
    streams: dict[str, Iterator[Result]] = {}
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as beside:
        built = {first: beside.submit(prepare, repository, course, first, students)}
        built |= {name: beside.submit(prepare, repository, course, name, len(OTHERS), OTHERS) for name in others}
        for number, name in enumerate(names):
            built[name].result()
            for ready in names[number : number + AT_ONCE]:
                if ready not in streams and built[ready].done():
                    options = Options(limits=LIMITS) if ready == first else Options(jobs=1)
                    streams[ready] = grade_stream(course, repository, ready, options)
            size = students if name == first else len(OTHERS)
            console.print(
                f"[bold]{name}[/]: {size} submissions, graded in the sandbox into nbgrader's gradebook", highlight=False
            )
            results: list[Result] = []
            record(course, repository, name, _kept(streams[name], results))
            written.append(beside.submit(write, course, name, results))
            rows = compare(read_expected(course.submitted, name), results)
            _show(rows, console)
            console.print(f"{time.monotonic() - begin:.0f} s", highlight=False)
            count(rows, as_expected)
        console.print("writing feedback, reports and CSV")
        for future in written:
            future.result()
    console.print("\nLook at", highlight=False)
    for what, path in (
        ("the class", course.results / "*.html"),
        ("a student's feedback", course.feedback / "STUDENT" / "ASSIGNMENT" / "*.html"),
        ("the grades", course.root / "*.csv"),
        ("nbgrader's gradebook", f"autograder serve --course {course.root}"),
    ):
        console.print(f"  {what}: {path}", highlight=False, soft_wrap=True)
    print(f"demo: {sum(as_expected.values())} of {len(as_expected)} as expected")
    return all(as_expected.values())


def count(rows: list[Row], as_expected: dict[str, bool]) -> None:
    """Count a student once: as expected where everything that was handed in is."""
    for row in rows:
        as_expected[row.student] = row.ok and as_expected.get(row.student, True)


def prepare(
    repository: Repository, course: Course, assignment: str, students: int, kinds: Sequence[str] | None = None
) -> None:
    """Build the assignment with its mistakes as they are committed, and write a class's submissions of it.

    Each of the grader's processes imports this module, so what they do not need is imported here and in `write`.
    """
    from autograder.author.build import build
    from autograder.simulate.classroom import simulate

    build(repository, course, assignment, generate=False)
    simulate(repository, course, assignment, students, SEED, course.submitted, kinds)


def _kept(stream: Iterator[Result], into: list[Result]) -> Iterator[Result]:
    for result in stream:
        into.append(result)
        yield result


def write(course: Course, assignment: str, results: list[Result]) -> None:
    """What people look at: feedback, report and CSV."""
    from autograder.gradebook.export import export_csv
    from autograder.gradebook.feedback import write_feedback
    from autograder.gradebook.report import write_report

    write_feedback(course, assignment)
    write_report(course, assignment, results, course.results / f"{assignment}.html")
    export_csv(course, assignment, course.root / f"{assignment}.csv")


def _show(rows: list[Row], console: Console) -> None:
    """Print the comparison, readable at 80 columns: only `expected` is wrapped, and what disagrees comes below."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold underline")
    for name in ("id", "ok", "kind"):
        table.add_column(name, no_wrap=True)
    table.add_column("expected", overflow="fold")
    table.add_column("got", no_wrap=True)
    for row in rows:
        kind, expected, got = map(escape, (row.kind, row.expected, row.got.partition("; ")[0]))
        table.add_row(row.student, "ok" if row.ok else "[red]NO[/]", kind, expected, got)
    console.print(table)
    for row in rows:
        if not row.ok:
            console.print(f"{row.student}: {row.got}", style="red", markup=False, highlight=False)


def main() -> int:
    """Exit code 0 when all is as expected, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", type=Path, default=Path("demo-course"), help="the course directory to make anew")
    arguments = parser.parse_args()
    return 0 if run(Course(arguments.course), Console(), Repository.default()) else 1


if __name__ == "__main__":
    sys.exit(main())
