"""Grading that is killed (SIGKILL) at random moments and run again: the same results, pages and gradebook."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.fortress.attacks import ORDINARY
from autograder.fortress.classes import JOBS, SEED
from autograder.fortress.looks import contents, tree
from autograder.fortress.runs import As, left_over, run, subreaper
from autograder.fortress.tally import Tally
from autograder.gradebook.current import states
from autograder.sandbox.processes import children_of
from autograder.simulate import KINDS, of_kinds

KILLS = 20
STUDENTS = 12


def try_kills(
    repository: Repository,
    assignment: str,
    folder: Path,
    *,
    kills: int = KILLS,
    students: int = STUDENTS,
    user: int | None = None,
    python: str = "",
    seed: int = SEED,
) -> Tally:
    """Grade a class without a break, and copies of it with a kill at a random moment, over and over until each is done.

    Compare what all come to. `attacks` counts the kills that met a run at work; `changed` says what differs.
    """
    course = Course(folder / "whole")
    build(repository, course, assignment, generate=False)
    ordinary = [kind for kind in KINDS if kind.family in ORDINARY]
    of_kinds(repository, course, assignment, list(itertools.islice(itertools.cycle(ordinary), students)), SEED,
             course.submitted)  # fmt: skip
    untouched = folder / "untouched"
    shutil.copytree(course.root, untouched, symlinks=True)
    (home := folder / "home").mkdir()
    for path in tree(folder) if user is not None else ():
        os.chown(path, user or 0, user or 0, follow_symlinks=False)
    who = As(repository, python, user, home) if python else As(repository, user=user, home=home)
    tally, rng = Tally(), random.Random(seed)

    def command(one: Course) -> list[str]:
        return who.command("grade", assignment, "--jobs", f"{JOBS}", "--course", str(one.root))

    with subreaper():
        tally.alone = run(who, command(course), "without a break", tally)
        wanted = _come_to(course, assignment)
        for round in itertools.count():
            if tally.attacks >= kills:
                return tally
            copy = Course(folder / f"round-{round}")
            shutil.copytree(untouched, copy.root, symlinks=True)
            for path in tree(copy.root) if user is not None else ():
                os.chown(path, user or 0, user or 0, follow_symlinks=False)
            while tally.attacks < kills and _killed(who, command(copy), rng.uniform(0.0, tally.alone), tally):
                tally.attacks += 1
            tally.together += run(who, command(copy), f"round {round}", tally)
            found = _come_to(copy, assignment)
            tally.changed += [f"round {round}: {name}" for name in sorted(wanted.keys() | found.keys())
                              if wanted.get(name) != found.get(name)]  # fmt: skip
            shutil.rmtree(copy.root)
    return tally


def _killed(who: As, command: list[str], seconds: float, tally: Tally) -> bool:
    """Start a command and kill it after so long; return whether it was still at work."""
    others = set(children_of(os.getpid()))
    with tempfile.TemporaryDirectory(prefix="fortress-") as temporary:
        process = who.started(command, temporary)
        try:
            process.communicate(timeout=seconds)
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            left_over(others, f"killed after {seconds:.1f} s", tally)
            return True


def _come_to(course: Course, assignment: str) -> dict[str, object]:
    """All that a run leaves: results, pages and notebooks to the byte, and what the gradebook holds of each student."""
    found: dict[str, object] = {
        f"{place.name}/{name}": content
        for place in (course.results / assignment, course.feedback, course.autograded)
        for name, content in contents(place).items()
        if content and not name.endswith((".log", ".kept"))
    }
    for student, rows in states(f"sqlite:///{course.gradebook}", assignment).items():
        found[f"gradebook/{student}"] = sorted(repr(row) for row in _without_ids(rows))
    return found


def _without_ids(rows: list) -> list[tuple]:
    """Rows without the random ids that nbgrader gives to cells."""
    return [tuple(value for value in row if not (isinstance(value, str) and len(value) == 32)) for row in rows]
