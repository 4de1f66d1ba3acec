"""Grades a class of growing size: seconds and memory should not grow with it.

python -m benchmarks.growth [--sizes 30 300 3000] [--hostile 5] [--plot FILE]

Of each class a share is hostile or loops without end; nothing of it should cost more than its own time limits.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from benchmarks.grading import FAMILIES
from benchmarks.measured import run

SEED = 17
SIZES = (30, 300, 3000)


@dataclass(frozen=True)
class Grown:
    """A class of a size, graded into the gradebook, feedback included; bytes of memory as in `measured.Run`."""

    students: int
    seconds: float
    peak: int
    without_students: int = 0

    @property
    def each(self) -> float:
        """Seconds by the clock for a submission."""
        return self.seconds / self.students


def main(given: Sequence[str] | None = None) -> int:
    """Print a row for each size, and the growth from the last but one to the last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default=Repository.default().names()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--hostile", type=int, default=5, metavar="PERCENT")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="where to draw it")
    arguments = parser.parse_args(given)
    found = grow(arguments.assignment, arguments.sizes, arguments.hostile)
    if arguments.plot:
        draw(found, arguments.plot)
    print(f"growth: {growth(found)}")
    return 0


def grow(assignment: str, sizes: Sequence[int], hostile: int) -> list[Grown]:
    """Grade a class of each size, in a course of its own, and print a table in Markdown, row by row."""
    print(
        "| submissions | seconds | s a submission | peak memory | without students' code |\n|---|---|---|---|---|",
        flush=True,
    )
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="growth-") as folder:
            repository, course = Repository.default(), Course(Path(folder, "course"))
            build(repository, course, assignment, generate=False)
            some = size * hostile // 100
            simulate.simulate(repository, course, assignment, size - some, SEED, course.submitted, kinds=FAMILIES)
            if some:
                others = Path(folder, "others")
                simulate.of_kinds(repository, course, assignment, _costly(some), SEED, others)
                _sit_among(sorted(course.submitted.glob("*/")), sorted(others.glob("*/")))
            command = [sys.executable, "-m", "autograder.cli", "grade", assignment, "--course", str(course.root)]
            done = run(command, Path.cwd())
        row = Grown(size, done.seconds, done.peak, done.without_students)
        found.append(row)
        memory = f"{row.peak / 1e9:.2f} GB | {row.without_students / 1e9:.2f} GB"
        print(f"| {size} | {row.seconds:.0f} | {row.each:.2f} | {memory} |", flush=True)
    return found


def _costly(count: int) -> list[simulate.Kind]:
    """Return so many kinds, hostile and looping by turns, in an order that does not depend on the size of the class."""
    families = [[kind for kind in simulate.KINDS if kind.family == family] for family in ("hostile", "looping")]
    for kinds in families:
        random.Random(SEED).shuffle(kinds)
    return [families[number % 2][number // 2 % len(families[number % 2])] for number in range(count)]


def _sit_among(students: Sequence[Path], others: Sequence[Path]) -> None:
    """Move the folders of others among those of the students, with as many between any two, in the order of grading."""
    for number, other in enumerate(others):
        neighbour = students[number * len(students) // len(others)]
        other.rename(neighbour.with_name(f"{neighbour.name}x"))


def growth(found: Sequence[Grown]) -> str:
    """Return by how many percent a submission takes longer in the last class than in the last but one."""
    if len(found) < 2:
        return "not measured"
    return f"{100 * (found[-1].each / found[-2].each - 1):+.0f} % from {found[-2].students} to {found[-1].students}"


def draw(found: Sequence[Grown], path: Path) -> None:
    """Draw seconds for a submission and peak memory against the size of the class, both axes from 0."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    sizes = [one.students for one in found]
    seconds.plot(sizes, [one.each for one in found], "o-")
    seconds.set(ylabel="seconds for a submission", ylim=(0, 1.2 * max(one.each for one in found)))
    memory.plot(sizes, [one.peak / 1e9 for one in found], "o-", label="all processes")
    memory.plot(sizes, [one.without_students / 1e9 for one in found], "s--", label="without students' code")
    memory.set(ylabel="peak memory in GB", ylim=(0, 1.2 * max(one.peak for one in found) / 1e9))
    memory.legend()
    for axes in (seconds, memory):
        axes.set(xscale="log", xlabel="submissions")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main())
