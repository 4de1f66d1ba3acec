"""Says so when a call runs long, while it runs, and what was running when it was stopped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

AFTER = 2.0  # seconds


class Stopped(KeyboardInterrupt):
    """The user stopped a check; the text says what was running. Jupyter shows the text alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Watch:
    """Watches calls from another thread, and says once of each that it has been running for AFTER seconds."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._running: tuple[str, float] | None = None

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Watch until the end of the `with` block."""
        end = threading.Event()
        thread = threading.Thread(target=self._watch, args=(end,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    @contextlib.contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Note that a call has begun, until the end of the `with` block."""
        before, self._running = self._running, (name, time.monotonic())
        try:
            yield
        except KeyboardInterrupt as stopped:
            if isinstance(stopped, Stopped):
                raise
            raise Stopped(f"Stopped: {name} had been running for {self._seconds():.0f} s.") from None
        finally:
            self._running = before

    def _seconds(self) -> float:
        return time.monotonic() - self._running[1] if self._running is not None else 0.0

    def _watch(self, end: threading.Event) -> None:
        told: tuple[str, float] | None = None
        while not end.wait(AFTER / 8):
            running = self._running
            if running is not None and running is not told and time.monotonic() - running[1] >= AFTER:
                told = running
                self._say(f"{running[0]} has been running for {AFTER:.0f} seconds and goes on")
