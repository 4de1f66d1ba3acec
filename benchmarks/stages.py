"""Where the time of a submission goes: seconds in each stage, for a right submission of each assignment.

python -m benchmarks.stages [ASSIGNMENT ...] [--students N]

One process grades them one after another; the first, which has everything imported, is not counted. The time of a stage
is by the clock and without the stages inside it, so the stages add up to the whole.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import functools
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.gradebook import record
from autograder.grading import grader, mistakes, plan, session
from autograder.grading.assignment import Assignment
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import receive
from autograder.sandbox import student, wire

STAGES = (
    *("notebook read", "session forks", "tests", "fork server forks", "cells run", "functions run", "coding"),
    *("processes end", "mistakes named", "result", "gradebook", "feedback"),
)
# What begins a stage: the object that holds it, its name there, the stage.
_WRAPPED: tuple[tuple[Any, str, str], ...] = (
    (plan, "read_submission", "notebook read"),
    (grader.Grader, "grade", "session forks"),
    (session.Session, "_grade", "tests"),
    (student.Forks, "fork", "fork server forks"),
    (student.Home, "fork", "fork server forks"),
    (student.StudentProcesses, "_run_cells", "cells run"),
    (student.StudentProcesses, "ask", "functions run"),
    (wire, "encode", "coding"),
    (wire, "decode", "coding"),
    (student.StudentProcesses, "end_exercise", "processes end"),
    (student.StudentProcesses, "close", "processes end"),
    (mistakes.Catalogue, "identify", "mistakes named"),
    (grader, "_result", "result"),
)


class Clock:
    """Seconds by stage, of this process and of its forks: what runs in a fork is time in which its parent waits."""

    def __init__(self) -> None:
        self.spent = multiprocessing.get_context("fork").RawArray("d", len(STAGES))
        self.inside: list[str] = []
        self.since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block, without what other stages take inside it."""
        self._turn()
        self.inside.append(name)
        try:
            yield
        finally:
            self._turn()
            self.inside.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self.inside:
            self.spent[STAGES.index(self.inside[-1])] += now - self.since
        self.since = now

    def wrapped(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return the function as a stage."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*arguments, **named)

        return timed


def profile(repository: Repository, course: Course, name: str, students: int, clock: Clock) -> dict[str, float]:
    """Return the seconds of a submission by stage, and those that the grader took to start, as `start`."""
    build(repository, course, name, generate=False)
    simulate.simulate(repository, course, name, students + 1, 5, course.submitted, kinds=("right",))
    assignment = Assignment.load(course, repository, name)
    jobs = []
    for folder in sorted(course.submitted.glob(f"*/{name}")):
        path, who = folder / f"{name}.ipynb", folder.parent.name
        received = receive(path, course.submitted, assignment)
        jobs.append(
            grader.Job(
                *(course, repository, name, who, path, course.submitted, received, Options()),
                *("profile", assignment.fingerprint()),
            )
        )
    begin = time.perf_counter()
    results = [Result.from_json(grader.run(jobs[0]).text)]
    start = time.perf_counter() - begin
    record(course, repository, name, results)
    write_feedback(course, name)
    for index in range(len(STAGES)):
        clock.spent[index] = 0.0
    results = [Result.from_json(grader.run(job).text) for job in jobs[1:]]
    inside = STAGES.index("session forks")  # our process waits while the session's fork works
    clock.spent[inside] -= sum(clock.spent[STAGES.index(stage)] for stage in STAGES[inside + 1 : inside + 7])
    with clock.stage("gradebook"):
        record(course, repository, name, results)
    with clock.stage("feedback"):
        write_feedback(course, name)
    grader.close_grader()
    assert all(result.points == result.max_points for result in results), "a right submission must have all points"
    return {"start": start, **{stage: clock.spent[index] / students for index, stage in enumerate(STAGES)}}


FLOOR = ("cells run", "functions run")  # the student's own computation, and the way to it


def profile_all(names: Sequence[str], students: int) -> dict[str, dict[str, float]]:
    """Return the seconds of a submission by stage, for each assignment; in this process, which is good for once."""
    repository, clock = Repository.default(), Clock()
    for place, name, stage in _WRAPPED:
        setattr(place, name, clock.wrapped(getattr(place, name), stage))
    grader._imported = True  # so that the session is a fork of this process, with these clocks in it
    columns = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="stages-") as folder:
            columns[name] = profile(repository, Course(Path(folder, "course")), name, students, clock)
    return columns


def main(given: Sequence[str] | None = None) -> int:
    """Print a table in Markdown: milliseconds by stage, a column for each assignment."""
    names = Repository.default().names()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=names)
    parser.add_argument("--students", type=int, default=5)
    arguments = parser.parse_args(given)
    columns = profile_all(arguments.assignments, arguments.students)
    print(f"| ms | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    rows = {stage: [column[stage] for column in columns.values()] for stage in STAGES}
    rows["together"] = [sum(column[stage] for stage in STAGES) for column in columns.values()]
    rows["beyond the student's own computation"] = [overhead(column) for column in columns.values()]
    rows["the first submission, with all that starts"] = [column["start"] for column in columns.values()]
    for said, seconds in rows.items():
        print(f"| {said} | {' | '.join(f'{1000 * one:.0f}' for one in seconds)} |")
    print(f"overhead: {1000 * statistics.median(map(overhead, columns.values())):.0f} ms")
    return 0


def overhead(column: dict[str, float]) -> float:
    """Return the seconds of a submission that are not the student's own computation."""
    return sum(column[stage] for stage in STAGES if stage not in FLOOR)


if __name__ == "__main__":
    sys.exit(main())
