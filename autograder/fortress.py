"""Every attack that the course considers, tried on this machine: what it gained, read, left behind, changed or stopped.

A class of attacks with honest submissions in between is graded by `autograder grade --jobs 2`, as an instructor would,
and the honest ones once more alone. Then the results are compared: points beyond those of the same code without its
trick, the planted word in what students get to see, processes and files that are left, neighbours whose results, pages
or files differ by a byte, and runs that did not end as they should.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import base64
import contextlib
import ctypes
import itertools
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from autograder.author.build import build
from autograder.course.paths import Course, Repository, result_name
from autograder.grading.result import Result
from autograder.sandbox.processes import children_of, kill
from autograder.simulate import KINDS, Expectation, Kind, compare, of_kinds
from autograder.simulate.hostile_fortress import fortress_kinds, row_of

JOBS = 2
HONEST = 40
SEED = 11
USER = 54321  # an id of no user: the grader needs no name
SECONDS = 3600  # for a run
_SETTLE = 10.0  # seconds in which the grader's own processes may end after it
_NO_PYTHON = (
    f"user {USER} can read no Python of this version with the course's packages: install it where all may read it, "
    "or use --as root"
)
_LARGEST_PAGE = 8 * 2**20
_PR_SET_CHILD_SUBREAPER = 36
_Seen = dict[str, tuple[bytes, int, int, int]]
_ORDINARY = ("right", "alternative", "wrong", "unfinished", "untouched")
# Ids that no roster would hold, with a right notebook.
_ODD_IDS = ("-rf", "$(touch taken)", "two\nlines", "a" * 246, "evil\u202etxt", "s*", "=1+1", "a b", "..s", "nul ")

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
NOT_HERE: Mapping[int, str] = {
    30: "an answer table for visible inputs earns the visible tests' points, and no more: tests have hidden inputs",
    34: "which library calls an exercise forbids is its tests' matter",
    40: "how often a student may submit is the instructor's rule",
    68: "archives are opened by `autograder collect`",
    69: "archives are opened by `autograder collect`",
    85: "tests/gradebook/test_gradebook_export.py",
    86: "tests/gradebook/test_gradebook_export.py",
}


@dataclass
class Tally:
    """What became of the attacks of one run, as sentences."""

    attacks: int = 0
    gained: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    points: float = 0.0
    alone: float = 0.0
    together: float = 0.0

    @property
    def held(self) -> bool:
        """Whether nothing was gained, read, left, changed or stopped, and every result was as expected."""
        return not any((self.gained, self.leaks, self.survivors, self.changed, self.stopped, self.otherwise))

    def last_line(self) -> str:
        """The line that says so."""
        return (
            f"fortress: {self.attacks} attacks, {self.points:g} points gained, {len(self.leaks)} leaks, "
            f"{len(self.survivors)} survivors, {len(self.changed)} neighbours changed, {len(self.stopped)} runs stopped"
        )

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


def attacks(titles: Collection[str] | None = None, mark: str = "", course: Path = Path()) -> list[Kind]:
    """The kinds that are tried, for a course in which `mark` is planted. titles: those of them alone."""
    kinds = [kind for kind in (*KINDS, *fortress_kinds(mark, course)) if kind.family not in _ORDINARY]
    return [kind for kind in kinds if titles is None or kind.title in titles]


def try_all(
    repository: Repository,
    assignment: str,
    folder: Path,
    *,
    titles: Collection[str] | None = None,
    honest: int = HONEST,
    user: int | None = None,
    python: str = sys.executable,
    arguments: Sequence[str] = ("--call-seconds", "2"),
) -> Tally:
    """Grade a class of attacks, and its honest students alone, in `folder`; return what became of it.

    titles: of the attacks, by default all. honest: how many honest students sit between them. user: the id of the user
    who grades, if not this one's; python: the interpreter that does. arguments: more of them for `autograder grade`.
    """
    mark = f"canary{secrets.token_hex(8)}"
    course = Course(folder / mark / "course")
    build(repository, course, assignment, generate=False)
    chosen = attacks(titles, mark, course.root)
    ordinary = [kind for kind in KINDS if kind.family in _ORDINARY]
    between = list(itertools.islice(itertools.cycle(ordinary), max(honest, 2)))
    expected = of_kinds(repository, course, assignment, [*chosen, *between], SEED, course.submitted).expected
    neighbours = [one.student for one in expected if one.kind.split("/")[0] in _ORDINARY]
    odd = _hand_in_under_odd_ids(course, assignment, neighbours[0]) if titles is None else []
    _plant(course, mark)
    alone = Course(folder / mark / "alone")
    shutil.copytree(course.root, alone.root, symlinks=True, ignore=_submissions_but(course, neighbours))
    (home := folder / mark / "home").mkdir()
    if user is not None:
        for path in _tree(folder / mark):
            os.chown(path, user, user, follow_symlinks=False)
    tally = Tally(attacks=len(chosen) + len(odd))
    with _subreaper():
        command = [python, "-B", "-m", "autograder.fortress", "--grade", str(repository.root), assignment]
        environment = {"CANARY": mark, "COLUMNS": "200"}
        environment |= {"HOME": str(home), "USER": "fortress"} if user is not None else {}
        tally.alone = _run([*command, *arguments, "--jobs", "1", "--course"], alone, environment, user, tally)
        before = {student: _files(course.submitted / student) for student in neighbours}
        tally.together = _run([*command, *arguments, "--jobs", f"{JOBS}", "--course"], course, environment, user, tally)
    results = _results(course, assignment)
    _look_at_results(tally, expected, results, odd)
    _look_for(tally, course, mark)
    tally.changed += [
        f"{student}: {what}"
        for student in neighbours
        for what in _changed(course, alone, assignment, student, before[student])
    ]
    return tally


def _changed(course: Course, alone: Course, assignment: str, student: str, before: _Seen) -> list[str]:
    """What of a student's is not as it was before, or not as in the course without attacks."""
    changed = ["files handed in"] * (_files(course.submitted / student) != before)
    for what, place in (
        ("result", Path("results", assignment, result_name(student))),
        ("page", Path("feedback", student)),
        ("notebook", Path("autograded", student)),
    ):
        here, there = (_contents(one.root / place) for one in (course, alone))
        if here != there or not here:
            changed.append(what)
    return changed


def _hand_in_under_odd_ids(course: Course, assignment: str, right: str) -> list[str]:
    """Hand in a student's notebook under ids that cannot be any student's."""
    for student in _ODD_IDS:
        path = course.submission(student, assignment)
        path.parent.mkdir(parents=True)
        shutil.copyfile(course.submission(right, assignment), path)
    return list(_ODD_IDS)


def _plant(course: Course, mark: str) -> None:
    for path in (course.root / "canary.txt", course.submitted / "canary" / "canary.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{mark}\n")
        path.chmod(0o644)


def _submissions_but(course: Course, students: Collection[str]) -> Callable[[str, list[str]], list[str]]:
    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name not in students] if Path(folder) == course.submitted else []

    return ignore


@contextlib.contextmanager
def _subreaper() -> Iterator[None]:
    """Have processes whose parents end become this one's children, where they can be counted."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _run(
    command: Sequence[str], course: Course, environment: Mapping[str, str], user: int | None, tally: Tally
) -> float:
    """Run a command on the course; note how it ended and what is left of it. Return the seconds it took."""
    begin, others = time.monotonic(), set(children_of(os.getpid()))
    name = course.root.name
    with tempfile.TemporaryDirectory(prefix="fortress-") as temporary:
        if user is not None:
            os.chown(temporary, user, user)
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "USER")}
        try:
            ended = subprocess.run(
                [*command, str(course.root)],
                env={**kept, **environment, "TMPDIR": temporary},
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            if ended.returncode != 0:
                tally.stopped.append(f"{name}: exit code {ended.returncode}: {ended.stderr.strip()[-600:]}")
        except subprocess.TimeoutExpired:
            tally.stopped.append(f"{name}: not done after {SECONDS} s")
        seconds = time.monotonic() - begin
        end = time.monotonic() + _SETTLE
        while (left := _alive(set(children_of(os.getpid())) - others)) and time.monotonic() < end:
            time.sleep(0.1)
        tally.survivors += [f"{name}: process {pid}: {_name_of(pid)}" for pid in left]
        kill(left)
        for pid in left:
            os.waitpid(pid, 0)
        tally.survivors += [f"{name}: {path}" for path in sorted(Path(temporary).iterdir())]
    return seconds


def _tree(folder: Path) -> Iterator[Path]:
    yield folder
    for inside, folders, files in os.walk(folder):
        yield from (Path(inside, name) for name in (*folders, *files))


def _alive(pids: Collection[int]) -> list[int]:
    """Those of these children that have not ended; the others are waited for."""
    left = []
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                left.append(pid)
    return left


def _name_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
    return "ended"


def _results(course: Course, assignment: str) -> dict[str, Result]:
    found = [Result.read(path) for path in sorted((course.results / assignment).glob("*.json"))]
    return {result.student: result for result in found}


def _look_at_results(
    tally: Tally, expected: Sequence[Expectation], results: Mapping[str, Result], odd: Sequence[str]
) -> None:
    known = [results[one.student] for one in expected if one.student in results]
    for row in compare(expected, known):
        if not row.ok:
            tally.otherwise.append(f"{row.student} {row.kind} ({row.detail}): expected {row.expected}; got {row.got}")
    for one in expected:
        points = sum(_beyond(one, name, results) for name in one.points)
        if points > 0:
            tally.points += points
            tally.gained.append(f"{one.student} {one.kind}: {points:g} points")
    for student in odd:
        result = results.get(student)
        if result is None or result.status != "unreadable":
            tally.otherwise.append(f"the id {student!r}: {'no result' if result is None else result.status}")


def _beyond(one: Expectation, name: str, results: Mapping[str, Result]) -> float:
    """The points of an exercise beyond those of the same code without the trick."""
    try:
        got = results[one.student].exercise(name).points
        claim = one.points[name]
        if isinstance(claim, dict):
            ((relation, bound),) = claim.items()
            claim = results[bound].exercise(name).points if relation == "no_more_than" else float(bound)
    except KeyError:
        return 0.0  # which is said elsewhere
    return got - claim if got - claim > 1e-4 else 0.0


def _look_for(tally: Tally, course: Course, mark: str) -> None:
    """Look for the planted word in what students get to see, and for pages that run or fetch something."""
    plain = mark.encode()
    forms = (plain, plain[::-1], plain.hex().encode(), base64.b64encode(plain)[:-2], plain.upper())
    for path in sorted((*course.results.rglob("*.json"), *course.feedback.rglob("*.html"), *course.root.glob("*.csv"))):
        content = path.read_bytes()
        if any(form in content for form in forms):
            tally.leaks.append(f"{path.relative_to(course.root)} holds the planted word")
        if path.suffix == ".html":
            page = _Page(content.decode())
            if page.found or len(content) > _LARGEST_PAGE:
                said = ", ".join(page.found) or f"{len(content)} bytes"
                tally.leaks.append(f"{path.relative_to(course.root)}: {said}")


class _Page(HTMLParser):
    """What of a page a browser would run or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        if tag in ("script", "iframe", "object", "embed", "base", "link", "form", "meta") and not (
            tag == "meta" and dict(attrs).get("http-equiv") in (None, "Content-Security-Policy")
        ):
            self.found.append(tag)
        for name, value in attrs:
            value = (value or "").strip().lower()
            fetches = name in ("src", "srcset", "data", "poster", "background") and not value.startswith("data:image/")
            if name.startswith("on") or fetches or value.startswith("javascript:"):
                self.found.append(f"{tag} {name}={value[:40]}")


def _files(folder: Path) -> _Seen:
    """By path, what each file holds, with its mode, owner and time."""
    found: _Seen = {}
    for path in _tree(folder):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (content, status.st_mode, status.st_uid, status.st_mtime_ns)
    return found


def _contents(path: Path) -> dict[str, bytes]:
    """By path, what each file holds; nothing if there is nothing."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {name: seen[0] for name, seen in _files(path).items()} if path.is_dir() else {}


def _rows(kinds: Sequence[Kind]) -> dict[int, list[str]]:
    """The attacks of the list, each with the kinds that try it."""
    found = {row: list(titles) for row, titles in ROWS.items()}
    for kind in kinds:
        if row := row_of(kind):
            found.setdefault(row, []).append(kind.title)
    return dict(sorted(found.items()))


def _grade(root: str, rest: list[str]) -> None:
    """In the process that grades: `autograder grade` for the repository at `root`."""
    from autograder import cli

    repository = Repository(Path(root))
    cli.Repository.default = classmethod(lambda cls: repository)  # type: ignore[method-assign, assignment]
    sys.argv = ["autograder", "grade", *rest]
    cli.main()


def _python_for(user: int, folder: Path) -> str:
    """Return an interpreter with this one's packages that the user can run; '' if there is none.

    Where this one lies in a closed folder, the system's own of the same version does, with these packages.
    """
    if _runs(sys.executable, user):
        return sys.executable
    of_system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    command = [of_system, "-m", "venv", "--without-pip", str(folder)]
    with contextlib.suppress(OSError):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            (packages,) = folder.glob("lib/python*/site-packages")
            packages.rmdir()
            packages.symlink_to(sysconfig.get_path("purelib"))
            (folder / "share").symlink_to(Path(sysconfig.get_path("data"), "share"))  # nbconvert's templates
            return str(folder / "bin" / "python") if _runs(str(folder / "bin" / "python"), user) else ""
    return ""


def _runs(python: str, user: int) -> bool:
    command = [python, "-B", "-c", "import autograder.cli, numpy, sandlock, selfcheck"]
    try:
        ended = subprocess.run(command, user=user, group=user, extra_groups=[], capture_output=True, check=False)
    except OSError:
        return False
    return ended.returncode == 0


def main() -> int:
    """Exit code 0 when every attack failed, else 1."""
    repository = Repository.default()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default=repository.names()[0], help="the assignment that is handed in")
    parser.add_argument("--honest", type=int, default=HONEST, help="how many honest students sit between the attacks")
    parser.add_argument("--only", nargs="+", help="kinds of attacks, such as hostile/ast-strip; all by default")
    parser.add_argument("--as", choices=("root", "user", "both"), default="both", dest="who",
                        help="who grades: root, an ordinary user, or one after the other (needs root)")  # fmt: skip
    arguments = parser.parse_args()
    rows = _rows(attacks())
    print(f"{len(rows)} of 89 attacks of the list are tried, and {len(fortress_kinds('', Path()))} kinds besides")
    for row, why in NOT_HERE.items():
        print(f"  not here: {row}: {why}")
    choices: dict[str, list[int | None]] = {"root": [None], "user": [USER], "both": [None, USER]}
    whole = Tally()
    for user in choices[arguments.who] if os.geteuid() == 0 else [None]:
        with tempfile.TemporaryDirectory(prefix="fortress-class-") as temporary:
            folder = Path(temporary)
            folder.chmod(0o755)
            python = sys.executable if user is None else _python_for(user, folder / "python")
            tally = Tally(stopped=[_NO_PYTHON]) if not python else try_all(
                repository, arguments.assignment, folder, titles=arguments.only, honest=arguments.honest, user=user,
                python=python,
            )  # fmt: skip
        who = "an ordinary user" if user is not None or os.geteuid() else "root"
        print(f"\nas {who}: honest students alone {tally.alone:.0f} s, all together {tally.together:.0f} s")
        for name in ("gained", "leaks", "survivors", "changed", "stopped", "otherwise"):
            for sentence in getattr(tally, name):
                print(f"  {name}: {sentence}")
        whole = whole.plus(tally)
    print(whole.last_line())
    return 0 if whole.held else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--grade"]:
        _grade(sys.argv[2], sys.argv[3:])
    sys.exit(main())
