"""Every attack that the course considers, tried on this machine: what it gained, read, left behind, changed or stopped.

A class of attacks with honest submissions in between is graded by `autograder grade --jobs 2`, as an instructor would,
and the honest ones once more alone. Then the results are compared: points beyond those of the same code without its
trick, the planted word in what students get to see, processes and files that are left, neighbours whose results, pages
or files differ by a byte, and runs that did not end as they should. So is a class of 60 of whom 20 attack. Archives
are collected and tables handed out that are made to do harm, and grading is killed at 20 random moments and run again.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course.paths import Repository
from autograder.fortress.attacks import DOORS, NOT_HERE, TWENTY, attacks, rows
from autograder.fortress.classes import HONEST, try_all
from autograder.fortress.doors import try_doors
from autograder.fortress.kills import try_kills
from autograder.fortress.runs import NO_PYTHON, USER, python_for, run_here
from autograder.fortress.stock import table, try_stock
from autograder.fortress.tally import Tally

PARTS = ("class", "sixty", "doors", "kills")


def main() -> int:
    """Exit code 0 when every attack failed, else 1."""
    repository = Repository.default()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default=repository.names()[0], help="the assignment that is handed in")
    parser.add_argument("--honest", type=int, default=HONEST, help="how many honest students sit between the attacks")
    parser.add_argument("--only", nargs="+", help="kinds of attacks, such as hostile/ast-strip; all by default")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is tried; all by default")
    parser.add_argument("--stock", action="store_true",
                        help="instead, the attacks that are safe there against nbgrader as it comes")  # fmt: skip
    parser.add_argument("--as", choices=("root", "user", "both"), default="both", dest="who",
                        help="who grades: root, an ordinary user, or one after the other (needs root)")  # fmt: skip
    arguments = parser.parse_args()
    if arguments.stock:
        return _stock(repository, arguments.assignment)
    print(f"{len(rows(attacks()))} of 89 attacks of the list are tried, {sum(map(len, DOORS.values()))} of them at the "
          "doors, and others besides")  # fmt: skip
    for row, why in NOT_HERE.items():
        print(f"  not here: {row}: {why}")
    choices: dict[str, list[int | None]] = {"root": [None], "user": [USER], "both": [None, USER]}
    whole = Tally()
    for user in choices[arguments.who] if os.geteuid() == 0 else [None]:
        who = "an ordinary user" if user is not None or os.geteuid() else "root"
        for part, tally in _tried(repository, arguments, user):
            print(f"\n{part} as {who}: {tally.alone:.0f} s, then {tally.together:.0f} s; {tally.last_line()}")
            for name in ("gained", "leaks", "survivors", "changed", "stopped", "otherwise"):
                for sentence in getattr(tally, name):
                    print(f"  {name}: {sentence}")
            sys.stdout.flush()
            whole = whole.plus(tally)
    print(whole.last_line())
    return 0 if whole.held else 1


def _tried(repository: Repository, arguments: argparse.Namespace, user: int | None) -> Iterator[tuple[str, Tally]]:
    """Yield each part that is tried, and what became of it."""
    name = arguments.assignment
    for part in arguments.parts:
        with tempfile.TemporaryDirectory(prefix="fortress-class-") as temporary:
            folder = Path(temporary)
            folder.chmod(0o755)
            python = sys.executable if user is None else python_for(user, folder / "python")
            (place := folder / part).mkdir()
            if not python:
                yield part, Tally(stopped=[NO_PYTHON])
                return
            if part == "class":
                titles = arguments.only
                yield part, try_all(repository, name, place, titles=titles, honest=arguments.honest, user=user,
                                    python=python)  # fmt: skip
            elif part == "sixty":
                yield part, try_all(repository, name, place, titles=TWENTY, honest=HONEST, user=user, python=python)
            elif part == "doors":
                yield part, try_doors(repository, name, place, user=user, python=python)
            else:
                yield part, try_kills(repository, name, place, user=user, python=python)


def _stock(repository: Repository, assignment: str) -> int:
    """Print the table of what nbgrader as it comes makes of the attacks."""
    user = USER if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="fortress-stock-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        python = sys.executable if user is None else python_for(user, folder / "python")
        if not python:
            print(NO_PYTHON)
            return 1
        (place := folder / "stock").mkdir()
        lines = try_stock(repository, assignment, place, user=user, python=python)
    print(table(lines))
    gained = [line for line in lines if line.gain > 0]
    lost = [line for line in lines if line.points is None]
    print(f"stock nbgrader: {len(lines)} attacks, {len(gained)} gain points, {len(lost)} end without a grade")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_here(sys.argv[2], sys.argv[3:])
    sys.exit(main())
