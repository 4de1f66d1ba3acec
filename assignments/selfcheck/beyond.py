"""What a notebook does here that the grade's sandbox may refuse: processes, the network, the files of its folder.

Python tells an audit hook of each such act before it is done. Only what happens below the notebook's own code counts,
and not what an import does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

PROCESSES = "starts other processes or programs, which the grade may refuse: do the work without them."
NETWORK = "uses the network: the grade has none."
FILE = "reads {} from this folder: the grade has only the notebook's own cells."

_STARTS = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn"}
_CONNECTS = {"socket.__new__", "socket.getaddrinfo", "urllib.Request"}
_OF_THIS_MACHINE = getattr(socket, "AF_UNIX", None)
_IMPORT = "<frozen importlib._bootstrap>"


@dataclass
class Beyond:
    """What was seen so far.

    acts: (who, what); who is a function or a cell, what is PROCESSES, NETWORK or the path of a file that was read.
    written: paths that the code has written itself.
    """

    acts: dict[tuple[str, str], None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def told(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield (who, sentence without its subject) of what the grade may refuse; of files, of those in the folder."""
        for who, what in self.acts:
            if what in (PROCESSES, NETWORK):
                yield who, what
            elif what not in self.written and (name := _in_folder(Path(what), folder)):
                yield who, FILE.format(name)


def _in_folder(path: Path, folder: Path) -> str:
    """Return the name of one of the folder's files, data included; '' for others and for what is installed there."""
    folder = Path(os.path.realpath(folder))
    if not path.is_relative_to(folder) or path.is_relative_to(sys.prefix) or path.is_relative_to(folder / "selfcheck"):
        return ""
    return path.relative_to(folder).as_posix()


@dataclass(frozen=True)
class _Now:
    """The code that runs, by its name and its globals, and where it is noted what that does."""

    who: str
    namespace: Mapping[str, Any]
    beyond: Beyond


_now: _Now | None = None
_hooked = False


@contextlib.contextmanager
def noted(who: str, namespace: Mapping[str, Any], beyond: Beyond) -> Iterator[None]:
    """Note what the code of a namespace does in the `with` block."""
    global _now, _hooked
    if not _hooked:
        _hooked = True
        sys.addaudithook(_audit)  # for good: a hook cannot be removed
    before, _now = _now, _Now(who, namespace, beyond)
    try:
        yield
    finally:
        _now = before


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    now = _now
    if now is None or not (event == "open" or event in _STARTS or event in _CONNECTS):
        return
    with contextlib.suppress(Exception):  # what is raised here would stop the code
        if event == "socket.__new__" and arguments[1] == _OF_THIS_MACHINE:
            return
        if event == "open" and isinstance(arguments[0], int):
            return
        who = _whose(now, sys._getframe(1))
        if who and event == "open":
            _note_file(now.beyond, who, os.path.realpath(os.fsdecode(arguments[0])), arguments[2])
        elif who:
            now.beyond.acts[who, PROCESSES if event in _STARTS else NETWORK] = None


def _note_file(beyond: Beyond, who: str, path: str, flags: int) -> None:
    if flags & (os.O_WRONLY | os.O_RDWR):
        beyond.written.add(path)
    elif os.path.isfile(path):
        beyond.acts[who, path] = None


def _whose(now: _Now, frame: FrameType | None) -> str:
    """Return which of the notebook's functions, or which cell, a frame was called by; '' for none, and for what an
    import does, the self-check, or a pair of sockets.
    """
    while frame is not None and frame.f_globals is not now.namespace:
        own = str(frame.f_globals.get("__name__")).partition(".")[0] == "selfcheck"
        if own or frame.f_code.co_filename == _IMPORT or frame.f_code.co_name == "socketpair":
            return ""
        frame = frame.f_back
    found = ""
    while frame is not None:
        if frame.f_globals is now.namespace:
            function = frame.f_code.co_qualname.partition(".")[0]
            found = now.who if function.startswith("<") else function
        frame = frame.f_back
    return found
