"""Files that are handed in beside a notebook: text of a sane size, reached through no link, never more than data."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_BYTES = 2**20


class NotHandedIn(Exception):
    """A file that was asked for cannot be read; the text is a sentence that says why and what to do."""


def read_handed_in(path: Path) -> str:
    """The text of a file. Raises NotHandedIn if it is missing, a link, no regular file, over 1 MiB, or not UTF-8."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise NotHandedIn(f"{path.name} is a link; hand in the file itself")
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
        raise NotHandedIn(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB, far more than is asked")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotHandedIn(f"{path.name} is not UTF-8 text: write it with the cell of the notebook") from None
