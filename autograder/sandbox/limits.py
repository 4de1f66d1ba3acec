"""What a submission may use of the machine, and the limits that the kernel keeps for each of its processes."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

_FILES = 256  # that a process of a submission may have open


class OwnLimit(OSError):
    """This process may use less of the machine than a submission may; the text says what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of processor time for a call, a cell and the whole; bytes of memory and
    scratch space; processes, and threads of all of them.

    patience: by the clock, a call and a cell may take this many times as long, and the whole a quarter of that, so that
    a busy machine costs no points and code that sleeps ends.
    """

    call: float = 5.0
    cell: float = 10.0
    submission: float = 120.0
    patience: float = 10.0
    memory: int = 2 * 2**30
    scratch: int = 64 * 2**20
    processes: int = 24
    threads: int = 512

    @property
    def whole_patience(self) -> float:
        """How many times its processor time the whole submission may take by the clock."""
        return self.patience / 4

    def alone(self) -> Limits:
        """Return the limits for a submission that is graded once more, after all others."""
        return replace(self, patience=2 * self.patience)


def limit_this_process(limits: Limits, in_use: int, *, own_user: bool) -> None:
    """Have the kernel keep the limits for this process and its forks. in_use: bytes of address space before it began.
    own_user: whether the user has no other processes than these and the fork server.

    The sandbox counts the processes, and the grader watches from outside what they use together, threads included.
    """
    import resource  # not on Windows, where limits are known and nothing is graded

    for kind, value in (
        (resource.RLIMIT_AS, in_use + limits.memory),
        (resource.RLIMIT_CPU, int(limits.submission) + 1),
        (resource.RLIMIT_FSIZE, limits.scratch),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(kind, (value, value))
    if own_user:  # the kernel counts a user's threads
        resource.setrlimit(resource.RLIMIT_NPROC, (limits.threads, limits.threads))


def check_own_limits(limits: Limits) -> None:
    """Raise OwnLimit if this process's own limits, which its children inherit, leave less than `limits` allow.

    What a submission could not have for that reason would look as if the student had used it up.
    """
    if sys.platform == "win32":  # where nothing is graded
        return
    import resource

    memory = 4 * limits.memory  # the trusted side may take twice as much, and there is what both have imported
    for option, kind, least, unit, size in (
        ("v", resource.RLIMIT_AS, memory, " KiB of memory", 2**10),
        ("d", resource.RLIMIT_DATA, memory, " KiB of data", 2**10),
        ("f", resource.RLIMIT_FSIZE, limits.scratch, " KiB of a file", 2**10),
        ("t", resource.RLIMIT_CPU, int(limits.submission) + 1, " s of processor time", 1),
        ("n", resource.RLIMIT_NOFILE, _FILES, " open files", 1),
    ):
        have, _ = resource.getrlimit(kind)
        if have != resource.RLIM_INFINITY and have < least:
            raise OwnLimit(
                f"each process here may have {have // size}{unit} at most, and grading needs {least // size}. "
                f"Raise the limit (`ulimit -{option} {least // size}`, or whoever set it), and run again"
            )
