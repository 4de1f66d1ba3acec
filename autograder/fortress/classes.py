"""A class of attacks with honest submissions in between, graded as an instructor would, and the honest ones alone."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.fortress.attacks import ODD_IDS, ORDINARY, attacks
from autograder.fortress.looks import changed, files, look_at_results, look_for, plant, results, tree
from autograder.fortress.runs import As, run, subreaper
from autograder.fortress.tally import Tally
from autograder.simulate import KINDS, of_kinds

JOBS = 2
HONEST = 40
SEED = 11


def try_all(
    repository: Repository,
    assignment: str,
    folder: Path,
    *,
    titles: Collection[str] | None = None,
    honest: int = HONEST,
    user: int | None = None,
    python: str = sys.executable,
    arguments: Sequence[str] = ("--call-seconds", "2", "--inputs", "1"),  # the same inputs, to compare points
) -> Tally:
    """Grade a class of attacks, and its honest students alone, in `folder`; return what became of it.

    titles: of the attacks, by default all. honest: how many honest students sit between them. user: the id of the user
    who grades, if not this one's; python: the interpreter that does. arguments: more of them for `autograder grade`.
    """
    mark = f"canary{secrets.token_hex(8)}"
    course = Course(folder / mark / "course")
    build(repository, course, assignment, generate=False)
    chosen = attacks(titles, mark, course.root)
    ordinary = [kind for kind in KINDS if kind.family in ORDINARY]
    between = list(itertools.islice(itertools.cycle(ordinary), max(honest, 2)))
    expected = of_kinds(repository, course, assignment, [*chosen, *between], SEED, course.submitted).expected
    neighbours = [one.student for one in expected if one.kind.split("/")[0] in ORDINARY]
    odd = _hand_in_under_odd_ids(course, assignment, neighbours[0]) if titles is None else []
    plant(course, mark)
    alone = Course(folder / mark / "alone")
    shutil.copytree(course.root, alone.root, symlinks=True, ignore=_submissions_but(course, neighbours))
    (home := folder / mark / "home").mkdir()
    if user is not None:
        for path in tree(folder / mark):
            os.chown(path, user, user, follow_symlinks=False)
    tally = Tally(attacks=len(chosen) + len(odd))
    who = As(repository, python, user, home if user is not None else None, {"CANARY": mark, "COLUMNS": "200"})

    def grade(one: Course, jobs: int) -> float:
        command = who.command("grade", assignment, *arguments, "--jobs", f"{jobs}", "--course", str(one.root))
        return run(who, command, one.root.name, tally)

    with subreaper():
        tally.alone = grade(alone, 1)
        before = {student: files(course.submitted / student) for student in neighbours}
        tally.together = grade(course, JOBS)
    found = results(course, assignment)
    look_at_results(tally, expected, found, odd)
    look_for(tally, course, mark)
    tally.changed += [
        f"{student}: {what}"
        for student in neighbours
        for what in changed(course, alone, assignment, student, before[student])
    ]
    return tally


def _hand_in_under_odd_ids(course: Course, assignment: str, right: str) -> list[str]:
    """Hand in a student's notebook under ids that cannot be any student's."""
    for student in ODD_IDS:
        path = course.submission(student, assignment)
        path.parent.mkdir(parents=True)
        shutil.copyfile(course.submission(right, assignment), path)
    return list(ODD_IDS)


def _submissions_but(course: Course, students: Collection[str]) -> Callable[[str, list[str]], list[str]]:
    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name not in students] if Path(folder) == course.submitted else []

    return ignore
