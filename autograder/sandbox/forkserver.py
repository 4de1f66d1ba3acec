"""The fork server inside the wall: pre-imports what notebooks need, then forks one child per exercise of a submission.

Descriptor 0 is the control socket to the trusted side. `F` + bytes of address space in use + a blank + a scratch
folder's path, with the child's channel as an SCM_RIGHTS descriptor, forks. `R` reaps what has ended and tells whether a
child is left: killing is done from outside, since a process that could list processes could look into them. `C` tells
whether the sandbox lets a few processes run at once. `M`, with the list of this process's mapped memory as a
descriptor, gathers that in large pages. End of file ends the fork server. (Answers are written, not sent: the sandbox's
supervisor looks at each send.)
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from autograder.sandbox import worker
from autograder.sandbox.limits import Limits, limit_this_process
from autograder.sandbox.pages import collapse
from autograder.sandbox.preload import asking_once
from autograder.sandbox.syscalls import SystemCallFilter, drop_capabilities

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(settings: dict[str, Any]) -> None:
    """Serve until the control socket closes. host.ForkServer says what the settings are."""
    gc.disable()  # it takes a sixth of the time that imports do
    _be_subreaper()
    with asking_once():
        _import_selfcheck(Path(settings["selfcheck"]))
        shell = importlib.import_module("selfcheck.execute").make_shell()
        for name in (*settings["preload"], "resource"):  # with which each child is limited
            importlib.import_module(name)
    confine = None
    if settings["confine"]:
        import sandlock

        confine = sandlock
    calls = SystemCallFilter() if settings["filtered"] else None
    worker.warm_up(shell)
    cases = worker.load_cases(settings["cases"])
    os.register_at_fork(after_in_child=_be_seen)
    drop_capabilities(settings["user"])
    if calls is not None:
        _miss_files_that_are_not_there()
    gc.collect()
    gc.freeze()
    gc.enable()
    control = socket.socket(fileno=os.dup(0))
    control.sendall(b"ready\n")
    while True:
        request, channel = _receive(control)
        if not request:
            os._exit(0)
        if request[:1] == b"R":
            os.write(control.fileno(), b"none\n" if _reap() else b"some\n")
        elif request[:1] == b"C":
            os.write(control.fileno(), b"room\n" if _has_room() else b"full\n")
        elif request[:1] == b"M" and channel is not None:
            collapse(channel)
            os.write(control.fileno(), b"done\n")
        elif request[:1] == b"F" and channel is not None:
            in_use, _, scratch = request[1:].decode().partition(" ")
            pid = _fork()
            if pid == 0:
                _child(control, channel, scratch, int(in_use), settings, confine, calls, shell, cases)
            os.close(channel)
            os.write(control.fileno(), b"%d\n" % pid)


def _miss_files_that_are_not_there() -> None:
    """Have os.utime raise FileNotFoundError again: the filter of system calls answers without a look at the path, and
    Path.touch makes a file when this error tells it to.
    """
    set_times = os.utime

    def utime(path: Any, *args: Any, **options: Any) -> None:
        os.stat(path, **{name: options[name] for name in ("dir_fd", "follow_symlinks") if name in options})
        set_times(path, *args, **options)

    for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if set_times in supporting:
            supporting.add(utime)
    os.utime = utime


def _be_seen() -> None:
    """Open a file in a process that has just begun: so the sandbox's supervisor, which counts processes, hears of it.

    One that it has not heard of, and that is killed, would count from then on, and some later student could not fork.
    """
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/null", os.O_RDONLY))


def _fork(seconds: float = 2.0) -> int:
    """os.fork, which may have to wait: the supervisor takes its time to notice that processes have ended."""
    end = time.monotonic() + seconds
    while True:
        try:
            return os.fork()
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _has_room(processes: int = 4) -> bool:
    """Whether the sandbox lets a few processes run at once. They end by themselves, once it has heard of them."""
    wait, go_on = os.pipe()
    forked: list[int] = []
    try:
        while len(forked) < processes:
            pid = _fork(0.5)
            if pid == 0:  # the hook after a fork has made it heard of
                os.close(go_on)
                os.read(wait, 1)
                os._exit(0)
            forked.append(pid)
    except BlockingIOError:
        return False
    finally:
        os.close(wait)
        os.close(go_on)
        for pid in forked:
            os.waitpid(pid, 0)
    return True


def _child(
    control: socket.socket,
    channel: int,
    scratch: str,
    in_use: int,
    settings: dict,
    sandlock: Any,
    calls: SystemCallFilter | None,
    shell: Any,
    cases: Any,
) -> None:
    try:
        control.close()
        os.setsid()
        _end_with_parent()
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch, IPYTHONDIR=scratch, MPLCONFIGDIR=scratch)
        tempfile.tempdir = None  # else it stays what it was where we come from
        if sandlock is not None:
            sandlock.confine(sandlock.Sandbox(fs_readable=settings["readable"], fs_writable=[scratch, "/dev/null"]))
        limit_this_process(Limits(**settings["limits"]), in_use, own_user=settings["user"] is not None)
        if calls is not None:
            calls.install()
        worker.serve(channel, shell, cases)
    finally:
        os._exit(0)


def _import_selfcheck(folder: Path) -> None:
    """Import selfcheck from its own folder: the folder above it is not readable here."""
    spec = importlib.util.spec_from_file_location(
        "selfcheck", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["selfcheck"] = module
    spec.loader.exec_module(module)
    module.quiet()


def _be_subreaper() -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _receive(control: socket.socket) -> tuple[bytes, int | None]:
    data, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_LEN(4))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content[:4])
            return data, descriptors[0]
    return data, None


def _reap() -> bool:
    """Reap every child that has ended, orphans that came to us included. Returns whether none is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def boot() -> None:
    """Read the settings (one JSON line's length, then the text) from descriptor 0 and serve."""
    header = b""
    while not header.endswith(b"\n"):
        header += os.read(0, 1)
    left, chunks = int(header), []
    while left:
        chunk = os.read(0, left)
        left -= len(chunk)
        chunks.append(chunk)
    main(json.loads(b"".join(chunks)))
