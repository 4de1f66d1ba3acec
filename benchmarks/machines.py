"""Grades the same class here and by a Dask cluster of this machine's cores: what does the way there and back cost?

python -m benchmarks.machines [--students N] [--repetitions K]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from benchmarks.grading import FAMILIES
from benchmarks.measured import run, spread
from tests.loopback import loopback

SEED = 11


def main(given: Sequence[str] | None = None) -> int:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default=Repository.default().names()[0])
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args(given)
    ratio = compare(arguments.assignment, arguments.students, arguments.repetitions)
    print(f"dask against local: {ratio:.2f}")
    return 0


def compare(assignment: str, students: int, repetitions: int) -> float:
    """Grade in turn here and there, with a worker for each core; return the median of the ratios of the times."""
    cores = len(os.sched_getaffinity(0))
    here, there = [], []
    with tempfile.TemporaryDirectory(prefix="machines-") as name:
        folder = Path(name)
        course, repository = Course(folder / "course"), Repository.default()
        build(repository, course, assignment, generate=False)
        simulate.simulate(repository, course, assignment, students, SEED, course.submitted, kinds=FAMILIES)
        command = [sys.executable, "-m", "autograder.cli", "grade", assignment, "--course", str(course.root)]
        command += ["--no-gradebook", "--jobs", str(cores), "--results"]
        with loopback(folder / "cluster", *[1] * cores) as cluster:
            for number in range(repetitions):
                there.append(run([*command, f"{folder}/there{number}", "--cluster", cluster.address], Path.cwd()))
                here.append(run([*command, f"{folder}/here{number}"], Path.cwd()))
    ratios = [there.seconds / here.seconds for there, here in zip(there, here, strict=True)]
    print(f"here: {spread([one.seconds for one in here])} s")
    print(f"on {cores} workers: {spread([one.seconds for one in there])} s")
    print(f"ratio: {spread(ratios, 2)}", flush=True)
    return statistics.median(ratios)


if __name__ == "__main__":
    sys.exit(main())
