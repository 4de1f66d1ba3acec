"""Grades the same submissions with otter-grader and with this course's grader, where otter is installed.

python -m benchmarks.otter [ASSIGNMENT ...] [--students N]

Otter's exception-based test files hold the same tests on the same inputs, one test case for each, beside the student's
code; `otter run` grades one notebook after another without a container. Otter is no package of the course: install it
with `pip install -c requirements.lock otter-grader`. Without it there is a sentence and no table.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import nbformat

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.grading.assignment import Assignment
from benchmarks import kernel_baseline
from benchmarks.grading import FAMILIES, INPUTS, SEED, prepare_baseline, scores
from benchmarks.measured import run

_TEST_FILE = """OK_FORMAT = False

from otter.test_files import test_case

from benchmarks import kernel_baseline

name = {name!r}
points = None
_passed = {{}}


def _assert(environment, label):
    if not _passed:
        _passed.update({{label: passed for label, _, passed in kernel_baseline.outcomes(name, environment)}})
    assert _passed[label], label

"""
_TEST_CASE = """
@test_case(name={label!r}, points={points!r}, hidden={hidden!r})
def test_{number}(env):
    _assert(env, {label!r})

"""


def main(given: Sequence[str] | None = None) -> int:
    """Print a row for each assignment, and which submissions do not get the same points."""
    names = Repository.default().names()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=names, metavar="ASSIGNMENT", help="all by default")
    parser.add_argument("--students", type=int, default=6)
    arguments = parser.parse_args(given)
    if importlib.util.find_spec("otter") is None:
        print("otter is not installed, so nothing is compared: pip install -c requirements.lock otter-grader")
        return 0
    print("| assignment | otter, s a submission | here | ratio | same points |\n|---|---|---|---|---|", flush=True)
    differ = [compare(name, arguments.students) for name in arguments.assignments]
    return 1 if any(differ) else 0


def compare(name: str, students: int) -> list[str]:
    """Grade submissions of an assignment by both, and print the row; return a sentence for each other grade."""
    repository = Repository.default()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course, baseline = Course(Path(folder, "course")), Course(Path(folder, "baseline"))
        build(repository, course, name, generate=False)
        kinds = [kind for kind in simulate.KINDS if kind.family in FAMILIES]
        simulate.of_kinds(repository, course, name, kinds[:students], SEED, course.submitted)
        environment = prepare_baseline(repository, course, baseline, name)
        packed = _autograder(Path(folder), Assignment.load(course, repository, name), environment)
        command = [sys.executable, "-m", "autograder.cli", "grade", name, "--course", str(course.root)]
        command += ["--no-feedback", "--no-carry-over", "--inputs", str(INPUTS)]
        ours = run(command, Path.cwd(), environment)
        mine, theirs, begin = scores(course, name), {}, time.perf_counter()
        for student in sorted(mine):
            theirs[student] = _otter(packed, baseline.submission(student, name), environment)
        seconds = time.perf_counter() - begin
    each = [seconds / len(mine), ours.seconds / len(mine)]
    differ = [f"{who}: {mine[who]:.2f} here, {theirs[who]:.2f}" for who in mine if abs(mine[who] - theirs[who]) >= 0.01]
    same = f"{len(mine) - len(differ)} of {len(mine)}"
    print(f"| {name} | {each[0]:.2f} | {each[1]:.2f} | {each[0] / each[1]:.1f} | {same} |")
    print("\n".join(differ), end="\n" if differ else "", flush=True)
    return differ


def _autograder(folder: Path, assignment: Assignment, environment: dict[str, str]) -> Path:
    """Return otter's zip file with a test file for each exercise."""
    tests, packed = folder / "tests", folder / "autograder.zip"
    tests.mkdir()
    for name, most in assignment.points.items():
        with mock.patch.dict(os.environ, environment):
            found = [
                (label, weight, number == 1)
                for number, file in enumerate(kernel_baseline.FILES)
                for _, weight, _, label in kernel_baseline.tests(kernel_baseline.module(file), name)
            ]
        possible = sum(weight or 0.0 for _, weight, _ in found)
        cases = [
            _TEST_CASE.format(label=label, points=most * (weight or 0.0) / possible, hidden=hidden, number=number)
            for number, (label, weight, hidden) in enumerate(found)
        ]
        (tests / f"{name}.py").write_text(_TEST_FILE.format(name=name) + "".join(cases))
    command = [sys.executable, "-m", "otter", "generate", "-t", str(tests), "-o", str(packed)]
    run([*command, "--no-requirements", "--no-environment", "--no-config"], folder, environment)
    return packed


def _otter(packed: Path, notebook: Path, environment: dict[str, str]) -> float:
    """Return what otter gives for a notebook, without the cells that call this course's own self-check."""
    content = nbformat.read(notebook, as_version=4)
    content.cells = [cell for cell in content.cells if "kernel_baseline.points(" not in cell.source]
    with tempfile.TemporaryDirectory(prefix="otter-") as folder:
        path = Path(folder, notebook.name)
        nbformat.write(content, path)
        command = [sys.executable, "-m", "otter", "run", str(path), "-a", str(packed), "-o", folder, "--no-logo"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        tests = json.loads(Path(folder, "results.json").read_text())["tests"]
    return sum(float(test.get("score", 0.0)) for test in tests)


if __name__ == "__main__":
    sys.exit(main())
