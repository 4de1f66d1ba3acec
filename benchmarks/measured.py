"""A command's seconds and the memory of all its processes together."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.processes import children_of, descendants_of

LOOK_EVERY = 1.0  # seconds; a look at a dozen processes takes some hundredths of one


_FORK_SERVER = b"autograder.sandbox.forkserver"  # in its command line: what it forks runs students' code


@dataclass(frozen=True)
class Run:
    """What a command took: seconds by the clock, and at most so many bytes of memory, shared pages counted once.

    without_students: the bytes at most without those of the processes that run students' code.
    """

    seconds: float
    peak: int
    without_students: int = 0


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Run:
    """Run a command to its end; SystemExit with what it printed if it fails."""
    begin, peak, without_students = time.perf_counter(), 0, 0
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment or dict(os.environ), stdout=output, stderr=subprocess.STDOUT
        )
        while True:
            try:
                process.wait(LOOK_EVERY)
                break
            except subprocess.TimeoutExpired:
                grader, students = _memory_below(process.pid)
                peak, without_students = max(peak, grader + students), max(without_students, grader)
        seconds = time.perf_counter() - begin
        if process.returncode != 0:
            output.seek(0)
            print(output.read()[-4000:], file=sys.stderr)
            raise SystemExit(f"{' '.join(command[:5])} ... ended with {process.returncode}")
    return Run(seconds, peak, without_students)


def _memory_below(pid: int) -> tuple[int, int]:
    """Return the bytes of a process and of all below it: those of the grader, and those of students' processes."""
    grader, waiting, students = 0, [pid], 0
    while waiting:
        one = waiting.pop()
        grader += _memory_of(one)
        if _FORK_SERVER in _command_of(one):
            students += sum(map(_memory_of, descendants_of(one)))
        else:
            waiting += children_of(one)
    return grader, students


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _memory_of(pid: int) -> int:
    """Return the bytes of a process, each page divided by the processes that share it; 0 of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median, and behind it the least and the greatest where there are several."""
    median = f"{statistics.median(values):.{digits}f}"
    return median if len(values) == 1 else f"{median} ({min(values):.{digits}f} to {max(values):.{digits}f})"
