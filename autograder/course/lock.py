"""One command at a time writes to a course: a lock that says who holds it, and that ends with the process."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

_NAME = ".autograder.lock"
_NOT_THERE = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)  # a file system that knows no locks
_held: set[Path] = set()  # by this process


class InUse(OSError):
    """Another command is writing to the folder; the text says which, and what to do."""


@contextlib.contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder's lock in this block; inside of another such block of this process, do nothing more.

    A folder that is not there yet has nothing to protect, and gets none. what: the command, for the sentence that
    others get. The kernel takes the lock back when the process ends, however it ends, so what a killed one left behind
    stops nobody. Raises InUse if another process holds it, OSError if the folder cannot be written to.
    """
    folder = folder.resolve()
    if folder in _held or not folder.is_dir() or importlib.util.find_spec("fcntl") is None:  # where nothing is graded
        yield
        return
    descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _lock(descriptor, folder)
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since, "what": what})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
        _held.add(folder)
        yield
    finally:
        _held.discard(folder)
        os.close(descriptor)  # which unlocks; the file stays, since removing it would race with the next one's lock


def _lock(descriptor: int, folder: Path) -> None:
    import fcntl  # not on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUse(
            f"{_holder(descriptor)} is working on {folder}. Wait until it has finished there, or stop it, "
            "and run again: nothing was changed"
        ) from None
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise


def _holder(descriptor: int) -> str:
    try:
        held = json.loads(os.pread(descriptor, 1000, 0))
        return f"{held['what']} (process {held['pid']} on {held['host']}, since {held['since']})"
    except (ValueError, KeyError, TypeError):  # it has just begun, or the file was damaged
        return "another command"
