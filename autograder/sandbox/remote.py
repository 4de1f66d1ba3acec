"""The functions under test, seen from the trusted process: every call goes over a private socket to the student's
process.
"""

from __future__ import annotations

import array
import functools
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.sandbox import wire
from autograder.sandbox.host import Limits, address_space, remove_folder, space_used, sweep
from autograder.sandbox.worker import PROGRESS
from selfcheck.target import StudentError, StudentTimeout

_MRO = ("Exception", "BaseException", "object")
NOT_A_REPLY = "your code sent something that is not a reply"
_LONG_CELL = 20_000  # characters
_LATER_CALL = 1.0  # seconds for a call once another call of the same exercise has run out of time


class ForkServerFault(Exception):
    """The fork server failed; the submission is not to blame."""


class RemoteProvider:
    """Runs a submission's cells in a fresh process, and each exercise's functions in a fresh fork of that.

    Where the cells leave threads running, which no fork inherits, they run anew for every exercise.

    control, fork server: the socket to the fork server, and its process id. cells: (id, source) in order. problems: by
    exercise, the sentence that says why its function cannot be found. opaque: by exercise, positions in the returned
    tuple that stay in the student's process.
    """

    def __init__(
        self,
        control: socket.socket,
        fork_server: int,
        scratch_root: Path,
        limits: Limits,
        cells: list[tuple[str, str]],
        problems: Mapping[str, str],
        opaque: Mapping[str, tuple[int, ...]],
    ) -> None:
        self.control = control
        self.fork_server = fork_server
        self.scratch_root = scratch_root
        self.limits = limits
        self.cells = cells
        self.problems = problems
        self.opaque = opaque
        self.left_out: dict[str, str] = {}
        self.cell_errors: dict[str, dict[str, Any]] = {}
        self.defined: frozenset[str] = frozenset()
        self.end = time.monotonic() + limits.submission
        self._home: socket.socket | None = None  # to the process in which the cells have run
        self._home_pid = 0
        self._forkable = False
        self._forks_answer = True
        self._channel: socket.socket | None = None  # to the process that answers this exercise's calls
        self._forks = 0
        self._slow = False

    def begin(self) -> None:
        """Start an exercise: its first call goes to a fresh process."""
        self._drop()
        self._slow = False

    def finish(self) -> None:
        """End the last exercise and every process of the student."""
        self._drop_all()

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """Return the student's NAME(*args, **kwargs); carry changes of the arguments back. Raises StudentError."""
        return self.map(name, [(args, dict(kwargs))])[0]

    def map(self, name: str, calls: list[tuple[tuple, dict]]) -> list[Any]:
        """Make many calls in one message; raise the first error, as single calls would."""
        self._ensure_worker()
        if name in self.problems and name not in self.defined:
            raise StudentError(("NameError", *_MRO), self.problems[name])
        self._explain_if_undefined(name)
        request = {"op": "call", "name": name, "calls": calls, "opaque": list(self.opaque.get(name, ()))}
        replies = self._ask(request, len(calls))
        return [self._value(reply, calls[index][0]) for index, reply in enumerate(replies)]

    def probe(self, name: str, args: tuple) -> Any:
        """Return cases.PROBES[name](namespace, *args), computed in the student's process. Raises StudentError."""
        self._ensure_worker()
        return self._value(self._ask({"op": "probe", "name": name, "args": args}, 1)[0], ())

    def _explain_if_undefined(self, name: str) -> None:
        if name in self.defined:
            return
        cell = f"{name}-solution"
        if cell in self.left_out:
            raise StudentError(("NameError", *_MRO), f"{name} is not defined: {self.left_out[cell]}")
        if cell in self.cell_errors:
            error = self.cell_errors[cell]
            said = f"{error['names'][0]}: {error['message']}" if error["message"] else error["names"][0]
            raise StudentError(error["names"], f"{name} is not defined: its cell raised {said}", error["traceback"])

    def _value(self, reply: Any, args: tuple) -> Any:
        if type(reply) is not dict:
            raise StudentError(("WireError", *_MRO), NOT_A_REPLY)
        if "error" in reply:
            raise _student_error(reply["error"])
        changed = reply.get("changed", {})
        if type(changed) is dict:
            for position, value in changed.items():
                if type(position) is int and 0 <= position < len(args):
                    wire.write_back(args[position], value)
        return reply.get("value")

    def _ask(self, request: dict[str, Any], expected: int) -> list[Any]:
        assert self._channel is not None
        allowed = _LATER_CALL if self._slow else self.limits.call
        deadline = min(time.monotonic() + allowed, self.end)
        try:
            wire.send(self._channel.fileno(), wire.encode(request), deadline)
            reply = wire.decode(wire.receive(self._channel.fileno(), deadline))
        except wire.TimedOut:
            self._drop_all()
            self._slow = True
            raise StudentTimeout(self._timeout_text(allowed)) from None
        except wire.Closed:
            self._drop_all()
            raise StudentError(("ProcessDied", *_MRO), self._death_text()) from None
        except wire.WireError as error:
            self._drop_all()
            raise StudentError(("WireError", *_MRO), f"your code sent a reply that cannot be read: {error}") from None
        results = reply.get("results") if type(reply) is dict else None
        if type(results) is not list or len(results) != expected:
            self._drop_all()
            raise StudentError(("WireError", *_MRO), NOT_A_REPLY)
        return results

    def _timeout_text(self, allowed: float) -> str:
        if time.monotonic() >= self.end:
            return f"the submission has used all of its {self.limits.submission:g} s"
        return f"still running after {allowed:g} s"

    def _death_text(self) -> str:
        megabytes = self.limits.memory // 2**20
        return f"the process ended while your code ran: it exited, crashed, or needed more than {megabytes} MiB"

    def _ensure_worker(self) -> None:
        """Make sure that there is a process in which the cells have run. Leave out a cell that hangs or ends its
        process, and run the others again.
        """
        while self._channel is None:
            if time.monotonic() >= self.end:
                raise StudentTimeout(self._timeout_text(0))
            if self._home is None:
                self._fork()
                if self._run_cells() is not None:
                    self._drop_all()
                    continue
            self._channel = self._fork_of_home() if self._forkable else self._home

    def _run_cells(self) -> str | None:
        """Execute the cells. Returns None when done, or the id of the cell that was left out."""
        assert self._home is not None
        cells = [
            (identity, source, without_magics(source))
            for identity, source in self.cells
            if identity not in self.left_out
        ]
        channel = self._home.fileno()
        begun = -1
        try:
            request = {"op": "run", "cells": cells}
            wire.send(channel, wire.encode(request), time.monotonic() + self.limits.cell)
            while True:
                try:
                    reply = wire.receive(channel, min(time.monotonic() + self.limits.cell, self.end))
                    self._note(wire.decode(reply))
                    return None
                except wire.TimedOut:
                    if self._progress() <= begun or time.monotonic() >= self.end:
                        raise
                    begun = self._progress()
        except wire.TimedOut:
            reason = f"the cell ran longer than {self.limits.cell:g} s, so it was left out"
        except wire.Closed:
            reason = "the process ended while the cell ran, so the cell was left out"
        except wire.WireError:
            reason = "the cell wrote to the grader's own channel, so it was left out"
        if not 0 <= self._progress() < len(cells):
            raise ForkServerFault(f"the student's process failed before its first cell: {reason}")
        left_out = cells[self._progress()][0]
        self.left_out[left_out] = reason
        return left_out

    def _progress(self) -> int:
        """Return the number of the running cell, as the student's process reports it; -1 without a report."""
        try:
            descriptor = os.open(self._scratch / PROGRESS, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return -1
        try:
            return int(os.read(descriptor, 8))
        except (OSError, ValueError):
            return -1
        finally:
            os.close(descriptor)

    def _note(self, reply: Any) -> None:
        if type(reply) is not dict or type(reply.get("done")) is not list or type(reply.get("defined")) is not list:
            raise wire.WireError("not a reply")
        self._forkable = self._forks_answer and reply.get("alone") is True
        self.defined = frozenset(name for name in reply["defined"] if type(name) is str)
        self.cell_errors = {}
        for entry in reply["done"]:
            if type(entry) is dict and type(entry.get("cell")) is str:
                error = _student_error(entry.get("error"))
                described = {"names": error.names, "message": error.message, "traceback": error.traceback}
                self.cell_errors[entry["cell"]] = described

    @property
    def _scratch(self) -> Path:
        """The scratch folder of the student's process: its own, and gone with it."""
        return self.scratch_root / f"{os.getpid()}-{self._forks}"

    def _fork(self) -> None:
        """Have the fork server fork the process in which the cells will run."""
        self._forks += 1
        scratch = self._scratch
        scratch.mkdir(mode=0o700)
        ours, theirs = _channel()
        try:
            self.control.settimeout(10)
            self.control.sendmsg([f"F{address_space(self.fork_server)} {scratch}".encode()], _rights(theirs))
            answer = self.control.recv(64)
        except OSError as error:
            raise ForkServerFault(f"the fork server does not answer: {error}") from error
        finally:
            theirs.close()
        if not answer.strip().isdigit():
            raise ForkServerFault("the fork server could not fork")
        self._home, self._home_pid = ours, int(answer)

    def _fork_of_home(self) -> socket.socket | None:
        """The channel to a fork of the process in which the cells have run, which has said that it is there.

        None if there is no such fork, or none in time: from then on the cells run anew for every exercise.
        """
        assert self._home is not None
        ours, theirs = _channel()
        deadline = time.monotonic() + 5  # it has nothing else to do
        try:
            wire.send(self._home.fileno(), wire.encode({"op": "fork"}), deadline)
            self._home.sendmsg([b"F"], _rights(theirs))
            theirs.close()
            wire.receive(ours.fileno(), deadline)
        except (OSError, wire.Closed, wire.TimedOut, wire.WireError):
            ours.close()
            self._drop_all()
            self._forks_answer = False
            return None
        finally:
            theirs.close()
        return ours

    def _drop(self) -> None:
        """End the process of an exercise and all it has started."""
        channel, self._channel = self._channel, None
        if channel is None:
            return
        channel.close()
        clean = channel is not self._home and self._swept(0.5, spare=self._home_pid)
        if not clean or space_used(self._scratch) > self.limits.scratch:  # which is not the next exercise's doing
            self._drop_all()

    def _drop_all(self) -> None:
        """End every process of the student's, and empty the scratch folder."""
        for channel in (self._channel, self._home):
            if channel is not None:
                channel.close()
        if self._home is None:
            return
        self._channel = self._home = None
        if not self._swept(5.0):
            raise ForkServerFault("processes of the student could not be ended")
        remove_folder(self._scratch)

    def _swept(self, seconds: float, spare: int = 0) -> bool:
        try:
            self.control.settimeout(10)
            return sweep(self.fork_server, self.control, seconds, spare=spare)
        except OSError as error:
            raise ForkServerFault(f"the fork server does not answer: {error}") from error


def _channel() -> tuple[socket.socket, socket.socket]:
    """Our end, which does not block, and the student's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    return ours, theirs


def _rights(descriptor: socket.socket) -> list[tuple[int, int, array.array]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor.fileno()]))]


@functools.lru_cache(maxsize=1000)
def without_magics(source: str) -> str | None:
    """A cell as IPython will compile it: magics turned into calls. None where that is left to the student's process.

    It takes longer than running most cells, and the same cells run once for every exercise.
    """
    if len(source) > _LONG_CELL:
        return None
    try:
        return TransformerManager().transform_cell(source)
    except Exception:  # a stranger's text; IPython will meet the same error where it belongs
        return None


def _student_error(raw: Any) -> StudentError:
    """Make a StudentError from what the student's process reports; anything in it is only text."""
    if type(raw) is not dict:
        return StudentError(("WireError", *_MRO), "what came back is not a reply")
    names = raw.get("names")
    names = [name for name in names if type(name) is str][:20] if type(names) is list else []
    message, trace = raw.get("message"), raw.get("traceback")
    return StudentError(
        names or ["Exception"], message if type(message) is str else "", trace if type(trace) is str else ""
    )
