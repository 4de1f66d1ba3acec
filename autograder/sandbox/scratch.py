"""The folders that student code may write to: made, measured and removed from outside."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.sandbox.processes import alive

_PREFIX = "course-scratch-"


def make_scratch_root() -> Path:
    """Make the folder of a fork server's scratch folders; remove those of graders that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not alive(int(owner)):
            remove_folder(folder)
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    os.chmod(made, stat.S_IRWXU)
    return made


def space_used(folder: Path) -> int:
    """Return the bytes that a folder takes on disk; one of very many files counts as over any limit."""
    total = files = 0
    for inner, _, names in os.walk(folder):
        files += len(names) + 1
        if files > 5000:
            return sys.maxsize
        for name in names:
            try:
                total += os.lstat(os.path.join(inner, name)).st_blocks * 512
            except OSError:
                continue
    return total


def remove_folder(folder: Path) -> None:
    """Remove a folder that a stranger has written to, whatever modes its folders have."""

    def make_writable(function: Any, path: str, error: Any) -> None:
        try:
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, stat.S_IRWXU)
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        except OSError:
            pass  # the folder is in the system's temporary directory; what cannot be removed harms nobody

    shutil.rmtree(folder, onerror=make_writable)
