"""Records a class's results into a gradebook: how many students an hour can one process write, and into which database?

python -m benchmarks.gradebook [--students N] [--url URL ...]

One submission is graded once and stands for all. URL: further gradebooks, such as postgresql+psycopg://USER@HOST/DATABASE;
the database must be empty.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy.engine.default import DefaultDialect

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.gradebook.course_config import config_text
from autograder.gradebook.database import shown
from autograder.gradebook.gradebook import record
from autograder.grading.batch import grade_one
from autograder.grading.options import Options
from autograder.grading.result import ExerciseResult, Result

SEED = 13


@dataclass(frozen=True)
class Written:
    """A class in one gradebook: seconds by the clock, of the processor, and of statements and commits."""

    students: int
    seconds: float
    processor: float
    in_database: float

    def row(self, what: str) -> str:
        """Return a row in Markdown; times are those of a student, in ms."""
        each = [f"{1000 * value / self.students:.0f}" for value in (self.seconds, self.processor, self.in_database)]
        return f"| {' | '.join([what, *each, f'{3600 * self.students / self.seconds:,.0f}'])} |"


def main(given: Sequence[str] | None = None) -> int:
    """Print a table with a row for each gradebook and each kind of work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default=Repository.default().names()[0])
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--url", nargs="*", default=(), help="gradebooks beside SQLite's file")
    arguments = parser.parse_args(given)
    print("| gradebook | ms a student | of the processor | statements and commits | an hour |\n|---|---|---|---|---|")
    for url in (None, *arguments.url):
        name = "SQLite, a file" if url is None else shown(url).partition("://")[0]
        for what, written in write(arguments.assignment, arguments.students, url):
            print(written.row(f"{name}: {what}"), flush=True)
    return 0


def write(assignment: str, students: int, url: str | None = None) -> Iterator[tuple[str, Written]]:
    """Record a class into a gradebook of its own: for the first time, with other points, and as it is already."""
    repository = Repository.default()
    with tempfile.TemporaryDirectory(prefix="gradebook-") as folder:
        course = Course(Path(folder) / "course")
        course.create(config_text(course) + (f"\nc.CourseDirectory.db_url = {url!r}\n" if url else ""))
        build(repository, course, assignment, generate=False)
        first = _class_of(repository, course, assignment, students)
        changed = [replace(one, exercises=[_halved(exercise) for exercise in one.exercises]) for one in first]
        for what, results in (("first", first), ("other points", changed), ("unchanged", changed)):
            yield what, _timed(partial(record, course, repository, assignment, results), students)


def _class_of(repository: Repository, course: Course, assignment: str, students: int) -> list[Result]:
    """Grade one right submission, hand it in for everybody, and return everybody's result."""
    simulate.simulate(repository, course, assignment, 1, SEED, course.submitted, kinds=["right"])
    only = next(path.parents[1] for path in sorted(course.submitted.glob(f"*/{assignment}/{assignment}.ipynb")))
    graded = grade_one(course, repository, assignment, only.name, Options())
    names = [f"s{number:05}" for number in range(students)]
    for name in names:
        shutil.copytree(only, course.submitted / name, dirs_exist_ok=True)
    return [replace(graded, student=name) for name in names]


def _halved(exercise: ExerciseResult) -> ExerciseResult:
    return replace(exercise, points=exercise.points / 2)


def _timed(work: Callable[[], Sequence], students: int) -> Written:
    with _database_seconds() as waited:
        began, used = time.perf_counter(), time.process_time()
        done = work()
        seconds, processor = time.perf_counter() - began, time.process_time() - used
    failed = [one.reason for one in done if not one.recorded]
    if failed:
        raise SystemExit(f"{len(failed)} results were not recorded: {failed[0]}")
    return Written(students, seconds, processor, sum(waited))


@contextmanager
def _database_seconds() -> Iterator[list[float]]:
    """Yield a list that gathers the seconds of every statement and every commit that SQLAlchemy sends."""
    waited: list[float] = []

    def timed(sent: Callable[..., Any]) -> Callable[..., Any]:
        def send(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return sent(*arguments, **named)
            finally:
                waited.append(time.perf_counter() - began)

        return send

    with ExitStack() as patches:
        for name in ("do_execute", "do_executemany", "do_execute_no_params", "do_commit"):
            patches.enter_context(patch.object(DefaultDialect, name, timed(getattr(DefaultDialect, name))))
        yield waited


if __name__ == "__main__":
    sys.exit(main())
