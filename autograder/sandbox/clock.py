"""How long student code may run: by the processor time of all its processes, and generously by the clock.

Processor time does not depend on what else the machine does; the clock ends what waits or sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK = 0.1  # seconds between two looks at what has been used
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
    Processor time counts from the first look on, so a call that is answered before costs no look.
    """

    def __init__(
        self, used: Callable[[], float], seconds: float, patience: float, within: Allowance | None = None
    ) -> None:
        self.used = used
        self.seconds = seconds
        self.by_the_clock = patience * seconds
        self.within = within
        self.began = time.monotonic()
        self.before: float | None = None
        self.spent: OutOfTime | None = None

    def __call__(self) -> float:
        now = time.monotonic()
        if now - self.began < LOOK:
            return self.began + LOOK - now
        if self.spent is None:
            self.spent = self._look(now, self.used())
        return LOOK if self.spent is None else 0.0

    def _look(self, now: float, used: float) -> OutOfTime | None:
        if self.before is None:
            self.before = used
        computed, passed, whole = used - self.before, now - self.began, self.within is None
        idle = computed < _IDLE * passed
        if self.within is not None and (spent := self.within._look(now, used)) is not None:
            return spent
        who = "the submission " if whole else ""
        if computed > self.seconds:
            return OutOfTime(f"{who}needs more than {self.seconds:g} s of processor time", idle=False, whole=whole)
        if passed > self.by_the_clock:
            return OutOfTime(f"{who}takes more than {self.by_the_clock:g} s by the clock", idle=idle, whole=whole)
        return None
