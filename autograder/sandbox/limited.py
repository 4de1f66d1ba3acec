"""A process with limits that looks at strangers' text for this one.

It runs none of their code, but the text itself can be what goes wrong: a parser that takes minutes for a few kilobytes,
a tree of gigabytes, a stack that overflows. The process is used again and again, and made anew when it has ended.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_PATIENCE = 10  # by the clock, times the processor time
_STARTING = 120.0  # seconds by the clock
_LONGEST = 2**28  # bytes of an answer
_READY = b"ready"


class TooMuch(Exception):
    """A text needed more time or memory than it may; the text says how much that is."""


class Fault(Exception):
    """Looking at a text went wrong; the text is the name of the exception."""


class Stopped(OSError):
    """The machine ended the process, did not let it start, or gave it no processor time: no text is to blame."""


class Limited:
    """Answers requests in a process of its own, each within limits.

    answer: a function from what can be pickled to what JSON can hold. It is called in a fork of this process where that
    is safe (`fork`, or no other thread), else in a fresh process that imports it. seconds: processor time for one
    request; memory: bytes beyond what the process has when it begins.
    """

    def __init__(
        self,
        answer: Callable[[Any], Any],
        *,
        seconds: float = 10.0,
        memory: int = 2**30,
        fork: bool | None = None,
    ) -> None:
        self.answer = answer
        self.seconds = seconds
        self.memory = memory
        self.fork = fork
        self._process: Any = None
        self._connection: Connection | None = None

    def ask(self, request: Any) -> Any:
        """Return the answer. Raises TooMuch or Fault, or OSError if there can be no process, Stopped if two end."""
        try:
            return self._asked(request)
        except Stopped:
            return self._asked(request)

    def _asked(self, request: Any) -> Any:
        if self._connection is None or not self._process.is_alive():
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(request)
            if not self._connection.poll(_PATIENCE * self.seconds):
                raise EOFError
            reply = json.loads(self._connection.recv_bytes(_LONGEST))
        except (EOFError, OSError) as error:
            stopped = self._was_stopped()
            self.close()
            if stopped:
                raise Stopped(
                    "the process that reads it was ended from outside, as where memory is short, or got no processor "
                    "time: end other programs, or use fewer --jobs, and run again"
                ) from error
            raise TooMuch(f"more than {self.seconds:g} s of processor time or {self.memory >> 20} MiB") from error
        except BaseException:  # what the next request would get is this one's answer
            self.close()
            raise
        if "fault" in reply:
            if reply["fault"] == MemoryError.__name__:
                raise TooMuch(f"more than {self.memory >> 20} MiB")
            raise Fault(reply["fault"])
        return reply["answer"]

    def _was_stopped(self) -> bool:
        """Whether it was not the process's own limits that ended it: those of time end it by another signal."""
        if sys.platform == "win32":  # where there are none
            return False
        end = time.monotonic() + 1
        while self._process.exitcode is None and time.monotonic() < end:  # `join` waits on a file that a fork gives up
            time.sleep(0.01)
        return self._process.exitcode in (None, -signal.SIGKILL, -signal.SIGTERM)

    def close(self) -> None:
        """End the process."""
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()

    def _start(self) -> None:
        self.close()
        fork = threading.active_count() == 1 if self.fork is None else self.fork
        method = "fork" if fork else "forkserver"
        fork = fork and sys.platform != "win32"
        context: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else method)
        self._connection, theirs = context.Pipe()
        settings = (theirs, self.answer, self.seconds, self.memory, fork)
        self._process = context.Process(target=_serve, args=settings, daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._process = None
            self.close()
            raise
        finally:
            theirs.close()
        if not self._is_ready():
            self.close()
            raise Stopped(
                "the process that reads it ended as it started, as where memory is short or limited (ulimit -v): end "
                "other programs, or raise the limit, and run again"
            )

    def _is_ready(self) -> bool:
        assert self._connection is not None
        try:
            return self._connection.poll(_STARTING) and self._connection.recv_bytes(len(_READY)) == _READY
        except (EOFError, OSError):
            return False


def _serve(connection: Connection, answer: Callable[[Any], Any], seconds: float, memory: int, fork: bool) -> None:
    try:
        if fork:
            _forget(connection.fileno())
        gc.freeze()
        limit_memory(memory)
        connection.send_bytes(_READY)  # what ends it before is no text's fault
        while True:
            request = connection.recv()
            _limit_time(seconds)
            try:
                reply = json.dumps({"answer": answer(request)})
            except Exception as error:
                reply = json.dumps({"fault": type(error).__name__})
            connection.send_bytes(reply.encode())
            del request, reply
    except (EOFError, OSError, KeyboardInterrupt):
        pass  # nobody is there any more
    finally:
        os._exit(0)


def _forget(kept: int) -> None:
    """Give up what a fork has of its parent: files, sockets, and what to do when it is told to end."""
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def limit_memory(memory: int) -> None:
    """Have the kernel refuse this process more memory than so many bytes beyond what it has."""
    if sys.platform != "linux":
        return
    import resource  # not on Windows

    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, in_use + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Have the kernel end this process when it has used so much more processor time."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooMuch in this block when it has used so much processor time.

    In a main thread, and between two bytecodes: what one call of a C function takes is for the process's own limit.
    """
    if sys.platform == "win32":
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise TooMuch(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
