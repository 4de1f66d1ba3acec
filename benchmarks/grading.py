"""Grades the same submissions twice in one run: nbgrader with its tests in the kernel, and this course's grader.

python -m benchmarks.grading [--assignment NAME] [--students N] [--at-least RATIO]

Both start as a fresh process and end with every grade in an nbgrader gradebook. Demo cells are taken out of the
baseline's
notebooks, which would otherwise run them for every student; the grader never runs them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder import simulate
from autograder.author.build import build
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.grading.assignment import Assignment

FAMILIES = ("right", "alternative", "wrong", "unfinished")  # nothing that loops: a kernel would only wait for it
SEED = 11

BASELINE = """
c = get_config()
c.CourseDirectory.course_id = "baseline"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.Execute.timeout = 120
"""


def main() -> int:
    """Print both times and the ratio. Exit code 1 if the grades differ or the ratio is below --at-least."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default=Repository.default().names()[0])
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--at-least", type=float, default=0.0, metavar="RATIO")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course, baseline = Course(Path(folder, "course")), Course(Path(folder, "baseline"))
        repository = Repository.default()
        build(repository, course, arguments.assignment)
        simulate.simulate(
            repository, course, arguments.assignment, arguments.students, SEED, course.submitted, kinds=FAMILIES
        )
        environment = prepare_baseline(repository, course, baseline, arguments.assignment)
        command = [sys.executable, "-m", "autograder.cli", "grade", arguments.assignment]
        command += ["--course", str(course.root), "--no-feedback"]
        ours = timed(command, Path.cwd(), environment)
        print(f"this grader, gradebook included: {ours:7.1f} s for {arguments.students} submissions", flush=True)
        command = [sys.executable, "-m", "nbgrader", "autograde", arguments.assignment, "--log-level=ERROR"]
        kernel = timed(command, baseline.root, environment)
        print(f"nbgrader, tests in the kernel:   {kernel:7.1f} s for {arguments.students} submissions")
        mine, theirs = scores(course, arguments.assignment), scores(baseline, arguments.assignment)
    same = sum(abs(mine[student] - theirs.get(student, -1.0)) < 0.01 for student in mine)
    for student in sorted(mine):
        if abs(mine[student] - theirs.get(student, -1.0)) >= 0.01:
            print(f"{student}: {mine[student]:.2f} here, {theirs.get(student)} from the kernel")
    print(f"same points from both:           {same} of {len(mine)} submissions")
    print(f"ratio: {kernel / ours:.1f}")
    return 0 if same == len(mine) and kernel / ours >= arguments.at_least else 1


def prepare_baseline(repository: Repository, course: Course, baseline: Course, assignment: str) -> dict[str, str]:
    """An nbgrader course whose test cells run the tests; returns the environment that its kernels need."""
    loaded = Assignment.load(course, repository, assignment)
    baseline.root.mkdir(parents=True)
    (baseline.root / "nbgrader_config.py").write_text(BASELINE.format(root=str(baseline.root.resolve())))
    source = notebooks.read(course.source_notebook(assignment))
    _with_tests(source, loaded)
    baseline.source_notebook(assignment).parent.mkdir(parents=True)
    nbformat.write(source, baseline.source_notebook(assignment))
    for path in sorted(course.submitted.glob(f"*/{assignment}/{assignment}.ipynb")):
        submission = nbformat.read(path, as_version=4)
        _with_tests(submission, loaded)
        copy = baseline.submission(path.parent.parent.name, assignment)
        copy.parent.mkdir(parents=True)
        nbformat.write(submission, copy)
    here = Path(__file__).resolve().parent.parent
    environment = {
        **os.environ,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(here), str(here / "assignments")]),
        "KERNEL_BASELINE_SEED": loaded.seed.hex(),
        "KERNEL_BASELINE_CASES": str(repository.cases(assignment).resolve()),
        "KERNEL_BASELINE_REFERENCE": str(repository.source(assignment).resolve()),
        "KERNEL_BASELINE_VISIBLE": str(repository.visible(assignment).resolve()),
        "KERNEL_BASELINE_HIDDEN": str(repository.hidden(assignment).resolve()),
    }
    generate = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--force", "--log-level=ERROR"]
    timed(generate, baseline.root, environment)
    return environment


def _with_tests(notebook: nbformat.NotebookNode, assignment: Assignment) -> None:
    notebook.cells = [cell for cell in notebook.cells if not notebooks.is_demo(cell)]
    for cell in notebook.cells:
        if notebooks.is_test(cell):
            name = notebooks.grade_id(cell)
            cell.source = (
                "from benchmarks import kernel_baseline\n"
                f"kernel_baseline.points({name!r}, globals(), {assignment.points.get(name or '', 0.0)})"
            )


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Seconds that a command takes; its output is shown only if it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"{' '.join(command[:5])} ... ended with {done.returncode}")
    return seconds


def scores(course: Course, assignment: str) -> dict[str, float]:
    """Each student's points from code, out of the gradebook."""
    with Gradebook(f"sqlite:///{course.gradebook.resolve()}") as gradebook:
        return {
            submission.student.id: sum(
                float(grade.auto_score or 0.0) for n in submission.notebooks for grade in n.grades
            )
            for submission in gradebook.assignment_submissions(assignment)
        }


if __name__ == "__main__":
    sys.exit(main())
