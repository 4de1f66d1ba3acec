"""Reads files handed in beside a notebook: text of limited size, never through a link, never executed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_BYTES = 2**20


class NotHandedIn(Exception):
    """A required file cannot be read; the text says why and what to do."""


def read_handed_in(path: Path) -> str:
    """Return the text of a file. Raises NotHandedIn if it is missing, a link, not a file, over 1 MiB, or not UTF-8."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise NotHandedIn(f"{path.name} is a symbolic link; hand in the file itself")
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise NotHandedIn(f"{path.name} is not beside the notebook: run the cell that writes it") from None
    except OSError as error:
        raise NotHandedIn(f"{path.name} cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotHandedIn(f"{path.name} is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise NotHandedIn(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB, the most that is allowed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotHandedIn(f"{path.name} is not UTF-8 text: run the notebook's cell that writes it") from None
