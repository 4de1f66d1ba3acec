"""Runs of the grader as a user would start it, and what is left of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.paths import Repository
from autograder.fortress.tally import Tally
from autograder.sandbox.processes import children_of, kill

USER = 54321  # an id of no user: the grader needs no name
SECONDS = 3600  # for a run
SETTLE = 10.0  # seconds in which the grader's own processes may end after it
NO_PYTHON = (
    f"user {USER} can read no Python of this version with the course's packages: install it where all may read it, "
    "or use --as root"
)
_PR_SET_CHILD_SUBREAPER = 36


@contextlib.contextmanager
def subreaper() -> Iterator[None]:
    """Have processes whose parents end become this one's children, where they can be counted."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@dataclass(frozen=True)
class As:
    """Who runs a command, and what else it is started with. user: an id, or None for this process's own."""

    repository: Repository
    python: str = sys.executable
    user: int | None = None
    home: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        """`autograder WORDS` for the repository."""
        return [self.python, "-B", "-m", "autograder.fortress", "--run", str(self.repository.root), *words]

    def started(self, command: Sequence[str], temporary: str) -> subprocess.Popen[str]:
        """Start a command, with a folder of its own for what is temporary."""
        if self.user is not None:
            os.chown(temporary, self.user, self.user)
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "USER")}
        home = {"HOME": str(self.home), "USER": "fortress"} if self.home is not None else {}
        return subprocess.Popen(
            command,
            env={**kept, **home, **self.environment, "TMPDIR": temporary},
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def run(
    who: As, command: Sequence[str], name: str, tally: Tally, *, codes: Collection[int] = (0,), seconds: float = SECONDS
) -> float:
    """Run a command; note how it ended and what is left of it. Return the seconds it took.

    name: what to call it. codes: the exit codes that are as they should be.
    """
    begin, others = time.monotonic(), set(children_of(os.getpid()))
    with tempfile.TemporaryDirectory(prefix="fortress-") as temporary:
        process = who.started(command, temporary)
        try:
            said, complained = process.communicate(timeout=seconds)
            if process.returncode not in codes or "Traceback" in said + complained:
                told = (complained.strip() or said.strip())[-600:]
                tally.stopped.append(f"{name}: exit code {process.returncode}: {told}")
        except subprocess.TimeoutExpired:
            tally.stopped.append(f"{name}: not done after {seconds} s")
            process.kill()
            process.communicate()
        took = time.monotonic() - begin
        left_over(others, name, tally)
        tally.survivors += [f"{name}: {path}" for path in sorted(Path(temporary).iterdir())]
    return took


def left_over(others: Collection[int], name: str, tally: Tally) -> None:
    """Note, and end, the children of this process that do not end by themselves. others: those that are none of it."""
    end = time.monotonic() + SETTLE
    while (left := alive(set(children_of(os.getpid())) - set(others))) and time.monotonic() < end:
        time.sleep(0.1)
    tally.survivors += [f"{name}: process {pid}: {name_of(pid)}" for pid in left]
    kill(left)
    for pid in left:
        os.waitpid(pid, 0)


def alive(pids: Collection[int]) -> list[int]:
    """Return those of these children that have not ended; the others are waited for."""
    left = []
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                left.append(pid)
    return left


def name_of(pid: int) -> str:
    """Return the command line of a process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
    return "ended"


def run_here(root: str, words: list[str]) -> None:
    """In the process that was started: `autograder WORDS` for the repository at `root`."""
    from autograder import cli

    repository = Repository(Path(root))
    cli.Repository.default = classmethod(lambda cls: repository)  # type: ignore[method-assign, assignment]
    sys.argv = ["autograder", *words]
    cli.main()


def python_for(user: int, folder: Path) -> str:
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
