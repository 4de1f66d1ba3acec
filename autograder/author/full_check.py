"""Checks one assignment in all respects, on all cores: for the time after an edit.

python -m autograder.author.full_check ASSIGNMENT

Builds it first, since the rest reads what a build writes. Then, beside one another: the proof, which begins with the
visible and hidden tests on the reference, a fixed sample of the mutants, the tests of the reference and of the
catalogues, `build --check`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.cores import cores
from autograder.course.paths import Repository

MUTANTS = 54
CATALOGUES = "tests/proofs/test_catalogues.py"
PASSED, FAILED, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Step:
    """A command whose exit code says whether the assignment passes it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a step: whether it passed, all that it printed, and the seconds it took."""

    step: Step
    passed: bool
    output: str
    seconds: float

    @property
    def last_line(self) -> str:
        return self.output.strip().rpartition("\n")[2]


def building(assignment: str, course: Path) -> Step:
    """Return the step before all others."""
    return Step("build", ("autograder.cli", "build", assignment, "--course", str(course)))


def steps(repository: Repository, assignment: str) -> list[Step]:
    """Return the other steps, the longest first; they need not wait for one another."""
    of_authors = (repository.secret(assignment) / "test_reference.py", repository.root / CATALOGUES)
    return [
        Step("proof", ("autograder.author.proof", assignment, "--quick")),
        Step("mutants", ("autograder.author.mutants", assignment, "--quick", str(MUTANTS))),
        Step("reference", ("pytest", *map(str, of_authors), "-k", assignment)),
        Step("check", ("autograder.cli", "build", assignment, "--check")),
    ]


def carry_out(step: Step) -> Outcome:
    """Run a step's command as a module of this Python, in one thread of computation."""
    begin = time.monotonic()
    command = [sys.executable, "-B", "-m", *step.command]
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, **alone}
    )
    return Outcome(step, done.returncode == 0, done.stdout, time.monotonic() - begin)


def full_check(assignment: str, first: Step, others: Sequence[Step], jobs: int | None = None) -> bool:
    """Run `first`, then `others` beside one another; print a line for each, what failing ones said, and the sum."""
    begin = time.monotonic()
    outcomes = [carry_out(first)]
    _show(outcomes[0])
    if outcomes[0].passed:
        with ThreadPoolExecutor(jobs or cores()) as pool:
            for outcome in pool.map(carry_out, others):
                outcomes.append(outcome)
                _show(outcome)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n{outcome.step.name}: python -m {' '.join(outcome.step.command)}\n{outcome.output.strip()}\n")
    seconds = f"{time.monotonic() - begin:.0f} s"
    if failed:
        print(f"check {assignment}: failed after {seconds}: {', '.join(outcome.step.name for outcome in failed)}")
    else:
        print(f"check {assignment}: {len(outcomes)} of {len(outcomes)} steps passed in {seconds}")
    return not failed


def _show(outcome: Outcome) -> None:
    said = outcome.last_line if outcome.passed else "FAILED, see below"
    print(f"{outcome.step.name:<10} {outcome.seconds:3.0f} s  {said}", flush=True)


def main(arguments: list[str] | None = None, repository: Repository | None = None) -> int:
    """Exit code 0 when all steps pass, 1 when one does not, 2 when there is no such assignment."""
    repository = repository or Repository.default()
    parser = argparse.ArgumentParser(prog="full_check", description="Check one assignment in all respects.")
    parser.add_argument("assignment", nargs="?", metavar="ASSIGNMENT")
    name, known = parser.parse_args(arguments).assignment, repository.names()
    if name not in known:
        wrong = f"there is no assignment {name!r}" if name else "say which assignment to check"
        print(f"{wrong}: make check A=NAME, where NAME is one of {', '.join(known)}", file=sys.stderr)
        return USAGE
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        passed = full_check(name, building(name, Path(folder) / "course"), steps(repository, name))
    return PASSED if passed else FAILED


if __name__ == "__main__":
    sys.exit(main())
