"""The folders that student code may write to: made, measured and removed from outside."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from autograder.sandbox.processes import alive

_PREFIX = "course-scratch-"
_OF_OWNER = re.compile(rf"{_PREFIX}([0-9]{{1,9}})-.*", re.ASCII)
_MOST_FILES = 5000  # in a scratch folder
_MOST_LISTED = 500


def make_scratch_root(user: int | None = None) -> Path:
    """Make the folder of a fork server's scratch folders; remove those of graders that were killed.

    user: whose it is, if not this process's.
    """
    with contextlib.suppress(OSError):
        for name in os.listdir(tempfile.gettempdir()):
            owner = _OF_OWNER.fullmatch(name)
            if owner and not alive(int(owner[1])):
                remove_folder(Path(tempfile.gettempdir(), name))
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    os.chmod(made, stat.S_IRWXU)
    if user is not None:
        os.chown(made, user, user)
    return made


def give_to_owner_of(root: Path, folder: Path) -> None:
    """Give a new folder to the user who has the folder of all scratch folders."""
    owner = os.stat(root)
    if owner.st_uid != os.geteuid():
        os.chown(folder, owner.st_uid, owner.st_gid)


def space_used(folder: Path) -> int:
    """Return the bytes that a folder takes on disk.

    One of very many files, or with files that cannot be seen from outside (a path of more than 4,096 bytes, a folder
    that cannot be listed), counts as over any limit.
    """
    total = files = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if files > _MOST_FILES:
                        return sys.maxsize
                    with contextlib.suppress(FileNotFoundError):  # its owner may have removed it meanwhile
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return sys.maxsize
    return total


Listing = frozenset[tuple[str, int, int, int]]
"""The files and folders in a folder: of each its path, its number, its size and when it was changed."""


def listing(folder: Path) -> Listing | None:
    """Return what a folder holds, so that a later look shows whether anything was written; None if that is too much."""
    found = set()
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    found.add((entry.path, status.st_ino, status.st_size, status.st_ctime_ns))
                    if len(found) > _MOST_LISTED:
                        return None
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            return None
    return frozenset(found)


def remove_folder(folder: Path) -> None:
    """Remove a folder that a stranger has written to, whatever its depth and the modes of its folders.

    Follow no link, and change nothing outside of it. Never raise: what cannot be removed is left where it is.
    """
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            os.unlink(folder)
        elif hasattr(os, "O_PATH"):
            _empty(folder)
            os.rmdir(folder)
        else:  # not on Linux, where no stranger's code is run
            shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    """Remove what a folder holds. A folder within a folder is moved up first, so that no path grows long."""
    top = _opened(os.fspath(folder), None)
    try:
        names = os.listdir(top)
        waiting = [name for name in names if not _unlinked(name, top)]
        moved = 0
        while waiting:
            name = waiting.pop()
            with contextlib.suppress(OSError):
                inner = _opened(name, top)
                try:
                    for child in os.listdir(inner):
                        with contextlib.suppress(OSError):  # the others may move
                            if not _unlinked(child, inner):
                                moved = _move_up(child, inner, top, moved + 1)
                                waiting.append(_moved(moved))
                finally:
                    os.close(inner)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)


def _opened(name: str, at: int | None) -> int:
    """A descriptor of a folder that is no link, after its owner has been given all rights to it. Raises OSError."""
    seen = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        os.chmod(f"/proc/self/fd/{seen}", stat.S_IRWXU)  # of the very folder that was opened
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=seen)
    finally:
        os.close(seen)


def _unlinked(name: str, at: int) -> bool:
    """Return whether a name has been removed, or cannot be; False for a folder."""
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            return False
        os.unlink(name, dir_fd=at)
    return True


def _moved(number: int) -> str:
    return f"moved-{number}"


def _move_up(name: str, at: int, top: int, number: int) -> int:
    """Move a folder to the top under the first free name from this number on, and return its number. Raises OSError."""
    os.close(_opened(name, at))  # it must be writable to be moved
    while True:
        try:
            os.stat(_moved(number), dir_fd=top, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(name, _moved(number), src_dir_fd=at, dst_dir_fd=top)
            return number
        number += 1
