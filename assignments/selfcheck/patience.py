"""Says so when a call runs long, ends it at a limit, and says what was running where when the user stopped it.

Of each call it is noted, too, what the grade may refuse (`selfcheck.beyond`).
"""

from __future__ import annotations

import _thread
import contextlib
import linecache
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from selfcheck.beyond import Beyond, noted

AFTER = 2.0  # seconds
AGAIN = 1.0  # seconds until a call is interrupted again that has caught its interrupt
BY_CTRL_C = "To stop it: Ctrl+C."
PATIENCE = 10  # by the clock, a call may take this many times its limit of processor time


class Stopped(KeyboardInterrupt):
    """The user stopped a check; the text says what was running. Jupyter shows the text alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Endless(Exception):
    """A call was ended at its limit; the text says in which line."""


@dataclass
class _Running:
    """A call that has begun. ended: whether it was told to end, at its limit."""

    name: str
    limit: float | None
    started: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.process_time)
    told: bool = False
    ended: bool = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """Whether it has used more than its limit of processor time, or waits for something that does not come."""
        if self.limit is None:
            return False
        return time.process_time() - self.used > self.limit or self.seconds > PATIENCE * self.limit


class Watch:
    """Watches calls from another thread, and says once of each that it has been running for AFTER seconds.

    beyond: what the calls did that the grade may refuse.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self.beyond = Beyond()
        self._say = say
        self._running: _Running | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Watch until the end of the `with` block."""
        end = threading.Event()
        thread = threading.Thread(target=self._watch, args=(end,), daemon=True)
        thread.start()
        try:
            with _interruptible():
                yield
        finally:
            end.set()
            thread.join()

    @contextlib.contextmanager
    def call(self, name: str, namespace: Mapping[str, Any], limit: float | None = None) -> Iterator[None]:
        """Note that a call has begun, until the end of the `with` block.

        namespace: of the student's code, whose lines are told. limit: seconds of processor time.
        Raises Endless where the limit ended the call, Stopped where the user did.
        """
        before, running = self._running, _Running(name, limit)
        self._running = running
        try:
            try:
                with noted(name, namespace, self.beyond):
                    yield
            finally:
                self._leave(running, before)
        except KeyboardInterrupt as interrupt:
            if isinstance(interrupt, Stopped):
                raise
            place = _place(interrupt.__traceback__, namespace, name)
            if running.ended:
                raise Endless(f"{name} had not ended after {running.seconds:.0f} s and was stopped{place}") from None
            raise Stopped(f"You stopped {name} after {running.seconds:.0f} s{place}") from None

    def _leave(self, running: _Running, before: _Running | None) -> None:
        """Stop watching a call; an interrupt that was on its way to it arrives here."""
        interrupted = False
        while self._running is running:
            try:
                with self._lock:
                    self._running = before
                if running.ended:
                    time.sleep(0.01)
            except KeyboardInterrupt:
                interrupted = True
        if interrupted:
            raise KeyboardInterrupt

    def _watch(self, end: threading.Event) -> None:
        again = 0.0
        while not end.wait(AFTER / 8):
            with self._lock:
                running = self._running
                if running is None:
                    continue
                tell = not running.told and running.seconds >= AFTER
                running.told |= tell
                if running.over and time.monotonic() > again:
                    running.ended, again = True, time.monotonic() + AGAIN
                    _thread.interrupt_main()
            if tell:
                self._say(f"{running.name} has been running for {AFTER:.0f} seconds and goes on")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Inside, a call can be ended even in a process that a shell has put into the background: it ignores interrupts."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _place(trace: TracebackType | None, namespace: Mapping[str, Any], name: str) -> str:
    """Return the line of the student's code in which a call was stopped, such as ", in line 15: while True:"."""
    place = ""
    while trace is not None:
        frame, line = trace.tb_frame, trace.tb_lineno
        if frame.f_globals is namespace:
            source = linecache.getline(frame.f_code.co_filename, line).strip()[:160]
            function = frame.f_code.co_name
            of = "" if function == name or function.startswith("<") else f" of {function}"
            place = f", in line {line}{of}" + (f": {source}" if source else "")
        trace = trace.tb_next
    return place
