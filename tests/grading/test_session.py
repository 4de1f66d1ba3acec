"""The trusted session's forks, which end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from types import SimpleNamespace

from autograder.grading.session import Session
from autograder.sandbox import wire
from autograder.sandbox.limits import Limits
from selfcheck.plugin import Recorder


def test_a_fork_that_tells_what_it_has_learnt_ends_where_nobody_reads_it(monkeypatch):
    ours, theirs = socket.socketpair()
    control, other = socket.socketpair()
    session = Session(theirs, Limits(), Recorder())

    def grade(*_):
        os.kill(os.getppid(), signal.SIGSTOP)
        return {"fork": os.getpid()}

    monkeypatch.setattr(session, "_grade", grade)
    monkeypatch.setattr(session, "catalogue", SimpleNamespace(learnt=lambda: {"step": "x" * 10**6}))
    plugins = SimpleNamespace(unregister=lambda name: None)
    collected = SimpleNamespace(testsfailed=0, items=[], config=SimpleNamespace(pluginmanager=plugins))
    if (pid := os.fork()) == 0:
        try:
            session.pytest_runtestloop(collected)
        finally:
            os._exit(0)
    with ours, theirs, control, other:
        theirs.close()
        end = time.monotonic() + 20
        assert wire.decode(wire.receive(ours.fileno(), end)) == {"ready": 0}
        socket.send_fds(ours, [b"J"], [control.fileno()])
        wire.send(ours.fileno(), wire.encode({}), end)
        fork = wire.decode(wire.receive(ours.fileno(), end))["fork"]
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    while _runs(fork) and time.monotonic() < end:
        time.sleep(0.01)
    ended = not _runs(fork)
    with contextlib.suppress(ProcessLookupError):
        os.kill(fork, signal.SIGKILL)
    assert ended


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
