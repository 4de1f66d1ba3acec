"""Keeps what code prints and displays off the terminal and out of the notebook."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from IPython.core.displaypub import DisplayPublisher

OUTPUT_LIMIT = 100_000


class Sink(io.TextIOBase):
    """A text stream that keeps the first `limit` characters."""

    encoding = "utf-8"  # read by IPython's `!command`

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self.limit = limit
        self.parts: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.limit > 0:
            self.parts.append(text[: self.limit])
            self.limit -= len(text)
        return len(text)

    def getvalue(self) -> str:
        return "".join(self.parts)


class _NoPublisher(DisplayPublisher):
    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Drop the output."""


@contextlib.contextmanager
def captured(shell: Any = None) -> Iterator[Sink]:
    """Keep the first OUTPUT_LIMIT characters printed to standard output and error; drop what the shell displays."""
    sink = Sink()
    publisher = getattr(shell, "display_pub", None)
    if shell is not None:
        shell.display_pub = _NoPublisher()
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            yield sink
    finally:
        if shell is not None:
            shell.display_pub = publisher
