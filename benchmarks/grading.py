"""Grades the same submissions twice in one run: nbgrader with its tests in the kernel, and this course's grader.

python -m benchmarks.grading [ASSIGNMENT ...] [--all] [--students N] [--repetitions K] [--at-least RATIO]

Both start as a fresh process and end with every grade in an nbgrader gradebook, for the same tests on the same inputs:
neither writes feedback, and points of code that is right beside a wrong step, which nbgrader does not know, are not
given. Demo cells are taken out of the baseline's notebooks, which would otherwise run them for every student; the
grader never runs them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder import simulate
from autograder.author.build import build
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.grading.assignment import Assignment
from autograder.grading.attempts import seed_of
from benchmarks.measured import Run, run, spread

FAMILIES = ("right", "alternative", "wrong", "unfinished")  # nothing that loops: a kernel would only wait for it
SEED = 11
INPUTS = 0  # the set of inputs that all get, by either grader

BASELINE = """
c = get_config()
c.CourseDirectory.course_id = "baseline"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.Execute.timeout = 120
"""


@dataclass
class Comparison:
    """Both graders on the same submissions of an assignment, each as often as the other, in turn."""

    students: int
    ours: list[Run]
    theirs: list[Run]
    differ: list[str]  # a sentence for each submission whose points are not the same

    @property
    def ratios(self) -> list[float]:
        """How many times as long nbgrader takes, repetition by repetition."""
        return [theirs.seconds / ours.seconds for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def main(given: Sequence[str] | None = None) -> int:
    """Print a row for each assignment. Exit code 1 if grades differ or the median ratio is below --at-least."""
    names = Repository.default().names()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "assignments", nargs="*", default=names[:1], metavar="ASSIGNMENT", help=f"{names[0]} by default"
    )
    parser.add_argument("--all", action="store_true", help="every assignment")
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--at-least", type=float, default=0.0, metavar="RATIO")
    arguments = parser.parse_args(given)
    found = compare_all(names if arguments.all else arguments.assignments, arguments.students, arguments.repetitions)
    ratio = statistics.median(one.ratio for one in found.values())
    print(f"ratio: {ratio:.1f}")
    return 0 if ratio >= arguments.at_least and not any(one.differ for one in found.values()) else 1


def compare_all(names: Sequence[str], students: int, repetitions: int) -> dict[str, Comparison]:
    """Compare the graders on each assignment, and print a table in Markdown, row by row."""
    print("| assignment | nbgrader, s a submission | here, s | ratio | peak memory, nbgrader | here | same points |")
    print("|---|---|---|---|---|---|---|", flush=True)
    found = {}
    for name in names:
        found[name] = one = compare(name, students, repetitions)
        theirs, ours = ([run.seconds / students for run in runs] for runs in (one.theirs, one.ours))
        peaks = [f"{max(run.peak for run in runs) / 1e9:.1f} GB" for runs in (one.theirs, one.ours)]
        same = f"{students - len(one.differ)} of {students}"
        print("|", " | ".join([name, spread(theirs, 2), spread(ours, 2), spread(one.ratios), *peaks, same]), "|")
        print("\n".join(one.differ), end="\n" if one.differ else "", flush=True)
    return found


def compare(name: str, students: int, repetitions: int) -> Comparison:
    """Grade a class's submissions of an assignment by both, `repetitions` times in turn."""
    repository = Repository.default()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course, baseline = Course(Path(folder, "course")), Course(Path(folder, "baseline"))
        build(repository, course, name, generate=False)
        simulate.simulate(repository, course, name, students, SEED, course.submitted, kinds=FAMILIES)
        environment = prepare_baseline(repository, course, baseline, name)
        kept = Path(folder, "kept")
        for one in (course, baseline):
            shutil.copytree(one.root, kept / one.root.name)
        found = Comparison(students, [], [], [])
        for _ in range(repetitions):
            for one in (course, baseline):  # each begins without a grade
                shutil.rmtree(one.root)
                shutil.copytree(kept / one.root.name, one.root)
            command = [sys.executable, "-m", "autograder.cli", "grade", name]
            command += ["--course", str(course.root), "--no-feedback", "--no-carry-over"]
            command += ["--inputs", str(INPUTS)]
            found.ours.append(run(command, Path.cwd(), environment))
            command = [sys.executable, "-m", "nbgrader", "autograde", name, "--log-level=ERROR"]
            found.theirs.append(run(command, baseline.root, environment))
        mine, theirs = scores(course, name), scores(baseline, name)
    for student in sorted(mine):
        if abs(mine[student] - theirs.get(student, -1.0)) >= 0.01:
            found.differ.append(f"{student}: {mine[student]:.2f} here, {theirs.get(student)} from the kernel")
    return found


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
        for file in filter(Path.is_file, map(path.with_name, loaded.handed_in)):
            shutil.copy(file, copy.with_name(file.name))
    here = Path(__file__).resolve().parent.parent
    environment = {
        **os.environ,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(here), str(here / "assignments")]),
        "KERNEL_BASELINE_SEED": seed_of(loaded.seed, INPUTS).hex(),
        "KERNEL_BASELINE_CASES": str(repository.cases(assignment).resolve()),
        "KERNEL_BASELINE_REFERENCE": str(repository.source(assignment).resolve()),
        "KERNEL_BASELINE_VISIBLE": str(repository.visible(assignment).resolve()),
        "KERNEL_BASELINE_HIDDEN": str(repository.hidden(assignment).resolve()),
    }
    generate = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--force", "--log-level=ERROR"]
    run(generate, baseline.root, environment)
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
