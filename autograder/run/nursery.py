"""The fork server inside the wall: pre-imports what notebooks need, then forks one child per exercise of a submission.

Descriptor 0 is the control socket to the trusted side. A request is one byte with, for a fork, the child's channel as
an
SCM_RIGHTS descriptor: `F` + path of the scratch folder forks; `K` kills and reaps every descendant; end of file ends
all.
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
import resource
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from autograder.run import worker

_PR_SET_CHILD_SUBREAPER = 36
_SWEEP_SECONDS = 5.0


def main(settings: dict[str, Any]) -> None:
    """Serve until the control socket closes. settings: selfcheck (folder), preload (modules), confine, readable,
    limits.
    """
    _be_subreaper()
    _import_selfcheck(Path(settings["selfcheck"]))
    shell = importlib.import_module("selfcheck.execute").make_shell()
    for name in settings["preload"]:
        importlib.import_module(name)
    confine = None
    if settings["confine"]:
        import sandlock

        confine = sandlock
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=os.dup(0))
    control.sendall(b"ready\n")
    while True:
        request, channel = _receive(control)
        if not request:
            _sweep()
            os._exit(0)
        if request[:1] == b"K":
            control.sendall(b"clean\n" if _sweep() else b"dirty\n")
        elif request[:1] == b"F" and channel is not None:
            pid = os.fork()
            if pid == 0:
                _child(control, channel, request[1:].decode(), settings, confine, shell)
            os.close(channel)
            control.sendall(b"%d\n" % pid)


def _child(control: socket.socket, channel: int, scratch: str, settings: dict, sandlock: Any, shell: Any) -> None:
    try:
        control.close()
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch, IPYTHONDIR=scratch, MPLCONFIGDIR=scratch)
        in_use = _address_space()
        if sandlock is not None:
            sandlock.confine(sandlock.Sandbox(fs_readable=settings["readable"], fs_writable=[scratch, "/dev/null"]))
        _limit(settings["limits"], in_use)
        worker.serve(channel, shell)
    finally:
        os._exit(0)


def _address_space() -> int:
    """Bytes of address space in use before the student's code runs."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _limit(limits: dict[str, Any], in_use: int) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, in_use + int(limits["memory"])),
        (resource.RLIMIT_CPU, int(limits["submission"]) + 1),
        (resource.RLIMIT_FSIZE, int(limits["scratch"])),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(kind, (value, value))


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
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _receive(control: socket.socket) -> tuple[bytes, int | None]:
    data, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_LEN(4))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content[:4])
            return data, descriptors[0]
    return data, None


def _sweep() -> bool:
    """Kill and reap every descendant; orphans come to us, so repeat until there is none. False if time ran out."""
    end = time.monotonic() + _SWEEP_SECONDS
    children_file = f"/proc/self/task/{os.getpid()}/children"
    while time.monotonic() < end:
        with open(children_file) as file:
            children = [int(pid) for pid in file.read().split()]
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            if children:
                time.sleep(0.0005)
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
