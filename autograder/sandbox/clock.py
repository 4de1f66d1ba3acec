"""How long student code may run: by the processor time of all its processes, and generously by the clock.

Processor time does not depend on what else the machine does; the clock ends what waits or sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK = 0.1  # seconds between two looks at what has been used
_LONGEST_LOOK = 1.0  # more than this has passed between two looks only where the grader itself was held up
_IDLE = 0.01  # the share of the processor that even a very busy machine gives to a process that wants it


class OutOfTime(Exception):
    """The student's processes have used up their time; the text says which limit they met.

    idle: they hardly used the processor, so the machine's other work did not delay them. whole: the limit is that of
    the whole submission.
    """

    def __init__(self, reason: str, *, idle: bool, whole: bool) -> None:
        super().__init__(reason)
        self.idle = idle
        self.whole = whole


class Allowance:
    """The seconds of processor time that the student's processes may use from now on.

    used: what they have used since they began. patience: by the clock, they may take this many times `seconds`.
    within: the allowance of the whole submission; without it, this is that.
    Call it to learn in how many seconds to look again, as `wire` does while it waits: 0 when the time is used up.
    Processor time counts from the first look on, so a call that is answered before costs no look. While the grader
    itself is held up (a machine that sleeps, a job that is stopped), its clock stands still.
    """

    def __init__(
        self, used: Callable[[], float], seconds: float, patience: float, within: Allowance | None = None
    ) -> None:
        self.used = used
        self.seconds = seconds
        self.by_the_clock = patience * seconds
        self.within = within
        self.looked = time.monotonic()
        self.passed = 0.0
        self.before: float | None = None
        self.spent: OutOfTime | None = None

    def __call__(self) -> float:
        now = time.monotonic()
        if self.spent is None and now - self.looked >= LOOK:
            self._look(now, self.used())
        return 0.0 if self.spent is not None else self.looked + LOOK - now

    def _look(self, now: float, used: float) -> None:
        if self.before is None:
            self.before = used
        self.passed += min(now - self.looked, _LONGEST_LOOK)
        self.looked = now
        computed = used - self.before
        if computed > self.seconds:
            self._end(f"needs more than {self.seconds:g} s of processor time", idle=False)
        elif self.passed > self.by_the_clock:
            self._end(f"takes more than {self.by_the_clock:g} s by the clock", idle=computed < _IDLE * self.passed)
        if self.within is not None:
            self.within._look(now, used)
            self.spent = self.within.spent or self.spent

    def _end(self, reason: str, *, idle: bool) -> None:
        whole = self.within is None
        self.spent = OutOfTime(f"the submission {reason}" if whole else reason, idle=idle, whole=whole)
