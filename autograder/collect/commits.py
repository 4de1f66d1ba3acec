"""When a repository's work was committed, without running anything that the repository configures."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMITTER = re.compile(rb"^committer .*> (\d{1,12}) ([+-])(\d{2})(\d{2})$", re.MULTILINE)
LONGEST_FILE = 2**20


def commit_time(repository: Path) -> datetime | None:
    """Return the time of the commit that the folder `repository` is at; None if it is no repository, or unknown.

    It is the time that the committer's machine gave. A repository's configuration can name programs to run, so git is
    pointed at its objects alone, from an empty repository of ours, and reads one of them.
    """
    git = repository / ".git"
    if git.is_symlink() or not git.is_dir():
        return None
    commit = _head(git)
    objects = git / "objects"
    if commit is None or objects.is_symlink() or not objects.is_dir():
        return None
    with tempfile.TemporaryDirectory() as empty:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": empty,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": "",
        }
        try:
            subprocess.run(["git", "init", "-q", "--bare", empty], env=environment, check=True, capture_output=True)
            git_at = ["git", f"--git-dir={empty}", "cat-file"]
            where = {**environment, "GIT_OBJECT_DIRECTORY": str(objects.resolve())}
            size = subprocess.run(
                [*git_at, "-s", commit], env=where, check=True, capture_output=True, timeout=20
            )  # by its head: a commit may be packed to a thousandth of what it is
            if int(size.stdout) > LONGEST_FILE:
                return None
            shown = subprocess.run([*git_at, "commit", commit], env=where, check=True, capture_output=True, timeout=20)
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
    match = _COMMITTER.search(shown.stdout.partition(b"\n\n")[0])
    if match is None:
        return None
    offset = timedelta(hours=int(match[3]), minutes=int(match[4])) * (-1 if match[2] == b"-" else 1)
    try:
        return datetime.fromtimestamp(int(match[1]), timezone(offset))
    except (ValueError, OverflowError, OSError):
        return None


def _head(git: Path) -> str | None:
    """Return the hash that HEAD leads to."""
    head = _text(git / "HEAD").strip()
    if not head.startswith("ref: "):
        return head if _HASH.fullmatch(head) else None
    name = head.removeprefix("ref: ")
    if not re.fullmatch(r"refs(/[^/\0]+)+", name) or ".." in name.split("/"):
        return None
    loose = _text(git / name).strip()
    if _HASH.fullmatch(loose):
        return loose
    for line in _text(git / "packed-refs").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name and _HASH.fullmatch(commit):
            return commit
    return None


def _text(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return file.read(LONGEST_FILE).decode("utf-8", "replace")
