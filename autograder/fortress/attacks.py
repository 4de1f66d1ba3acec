"""Which attacks are tried, and which rows of the list of 89 they stand for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from autograder.simulate import KINDS, Kind
from autograder.simulate.hostile_fortress import fortress_kinds, row_of

ORDINARY = ("right", "alternative", "wrong", "unfinished", "untouched")
# Ids that no roster would hold, with a right notebook.
ODD_IDS = ("-rf", "$(touch taken)", "two\nlines", "a" * 246, "evil\u202etxt", "s*", "=1+1", "..s", "nul ")

# Attacks of the list whose kinds are no tricks, and so do not carry the number.
ROWS: Mapping[int, tuple[str, ...]] = {
    8: ("foreign/conftest", "foreign/pytest-settings", "foreign/start-up-modules"),
    9: ("foreign/plugin",),
    10: ("foreign/shadow-modules",),
    66: ("unreadable/symlink", "unreadable/symlink-folder", "foreign/file-link"),
    67: ("unreadable/named-pipe", "unreadable/folder", "foreign/file-pipe"),
    70: ("odd ids",),
    71: ("broken/other-student",),
    72: ("broken/old-timestamp",),
    73: ("broken/points-raised",),
    74: ("broken/grade-switched-off",),
    75: ("broken/tests-deleted",),
    76: ("broken/duplicated-last-unfinished", "broken/ids-swapped"),
    77: ("broken/test-cell-flipped",),
    78: ("unreadable/invalid-json", "unreadable/too-large", "unreadable/too-many-cells", "unreadable/deep-nesting"),
    79: ("broken/kernel-swapped",),
    80: ("broken/magics", "fortress/timeit-lines"),
    81: ("broken/old-release",),
    82: ("unreadable/wrong-assignment",),
    84: ("fortress/fetched-pictures",),
    88: ("hostile/control-codes",),
}
# Rows that are no submissions: see autograder.fortress.doors.
DOORS: Mapping[int, tuple[str, ...]] = {
    68: ("up", "absolute", "backslashes", "drive", "link", "link-to-gradebook", "links-inside-a-zip"),
    69: ("grows", "grows-in-a-zip", "many-that-grow", "sizes-that-lie", "overlapping", "zips-in-zips", "many-entries"),
    85: ("names",),
    86: ("names",),
}
NOT_HERE: Mapping[int, str] = {
    30: "a table of answers holds those of the public seed; a grade has other inputs: tests/grading/test_attempts.py",
    34: "which library calls an exercise forbids is its tests' matter",
    40: "each attempt has other inputs: tests/grading/test_attempts.py; how many there are is the instructor's rule",
}
# Twenty kinds, each another one, for a class of sixty.
TWENTY = (
    *("hostile/ast-strip", "hostile/pickle-bomb", "hostile/detached-child", "hostile/forge-results", "hostile/markup"),
    *("hostile/fake-frames", "hostile/replay", "hostile/signal-parent", "crashing/segfault-in-call"),
    *("looping/loop-in-call", "greedy/fork-bomb", "greedy/memory-in-call", "greedy/disk-fill", "greedy/output-in-cell"),
    *("unreadable/named-pipe", "foreign/conftest", "broken/ids-swapped", "fortress/neighbours-files"),
    *("fortress/inherited", "fortress/raw-clones"),
)


def attacks(titles: Collection[str] | None = None, mark: str = "", course: Path = Path()) -> list[Kind]:
    """Return the kinds that are tried, for a course in which `mark` is planted. titles: those of them alone."""
    kinds = [kind for kind in (*KINDS, *fortress_kinds(mark, course)) if kind.family not in ORDINARY]
    return [kind for kind in kinds if titles is None or kind.title in titles]


def rows(kinds: Sequence[Kind]) -> dict[int, list[str]]:
    """Return the attacks of the list, each with the kinds that try it."""
    found = {row: list(titles) for row, titles in (*ROWS.items(), *DOORS.items())}
    for kind in kinds:
        if row := row_of(kind):
            found.setdefault(row, []).append(kind.title)
    return dict(sorted(found.items()))
