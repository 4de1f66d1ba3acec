"""The student's processes of one submission: one in which the cells have run, and a fork of it for each exercise."""

from __future__ import annotations

import array
import secrets
import socket
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.sandbox import wire
from autograder.sandbox.clock import Allowance
from autograder.sandbox.limits import Limits
from autograder.sandbox.processes import address_space, processor_seconds, sweep
from autograder.sandbox.scratch import Listing, give_to_owner_of, listing, remove_folder, space_used
from autograder.sandbox.worker import CHECK
from selfcheck.cells import COMMANDS
from selfcheck.target import StudentError

MRO = ("Exception", "BaseException", "object")
_REPORTED = ("done", "defined", "changed", "skipped")
_ANSWER = 60  # seconds by the clock for the fork server's answers, of which each takes milliseconds


class ForkServerFault(Exception):
    """The fork server failed; the submission is not to blame."""


@dataclass(frozen=True)
class Forks:
    """A fork server, seen from the process that has students forked: its control socket and its process id.

    scratch_root: where the scratch folders of its forks are.
    """

    control: socket.socket
    pid: int
    scratch_root: Path

    def fork(self) -> Home:
        """Return a new process with a scratch folder of its own, whose name no other process can guess: what `stat`
        says of a file would carry numbers from one to another. Raises ForkServerFault.
        """
        scratch = self.scratch_root / secrets.token_hex(16)
        scratch.mkdir(mode=0o700)
        give_to_owner_of(self.scratch_root, scratch)
        ours, theirs = _channel()
        try:
            self.control.settimeout(_ANSWER)
            self.control.sendmsg([f"F{address_space(self.pid)} {scratch}".encode()], _rights(theirs))
            answer = self.control.recv(64)
        except OSError as error:
            raise ForkServerFault(f"the fork server does not answer: {error}") from error
        finally:
            theirs.close()
        if not answer.strip().isdigit():
            raise ForkServerFault("the fork server could not fork")
        return Home(ours, int(answer), scratch)

    def sweep(self, seconds: float, spare: int = 0) -> bool:
        """End all forks but `spare`; return whether that worked in time. Raises ForkServerFault."""
        try:
            self.control.settimeout(_ANSWER)
            return sweep(self.pid, self.control, seconds, spare=spare)
        except OSError as error:
            raise ForkServerFault(f"the fork server does not answer: {error}") from error


@dataclass(frozen=True)
class Home:
    """The process in which a notebook's cells run: our end of its channel, its id, and its scratch folder."""

    channel: socket.socket
    pid: int
    scratch: Path

    def fork(self) -> socket.socket | None:
        """Return the channel to a fork of the process that has said that it is there; None if none has in time."""
        ours, theirs = _channel()
        deadline = time.monotonic() + 5  # it has nothing else to do
        try:
            wire.send(self.channel.fileno(), wire.encode({"op": "fork"}), deadline)
            self.channel.sendmsg([b"F"], _rights(theirs))
            theirs.close()
            wire.receive(ours.fileno(), deadline)
        except (OSError, wire.Closed, wire.TimedOut, wire.WireError):
            ours.close()
            return None
        finally:
            theirs.close()
        return ours


@dataclass
class Notebook:
    """A submission's cells, as (id, source) in order, and what came of running them.

    A cell whose id begins with CHECK is the check cell of an exercise and holds nothing. plain: by source, the
    cell as IPython will compile it, magics turned into calls; the student's process does that with the others.
    left_out: by cell, why it is not run. errors: by cell, what it raised. defined: the functions that there are.
    changed: the exercises that are no longer what they were at their check cells when all cells have run. skipped:
    commands that did not run, each with its cell before it.
    """

    cells: list[tuple[str, str]]
    plain: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    errors: dict[str, StudentError] = field(default_factory=dict)
    defined: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    skipped: frozenset[tuple[str, str]] = frozenset()

    def to_run(self, until: str = "") -> list[tuple[str, str, str | None]]:
        """Return the cells that have not been left out, each with its plain text, if that is known.

        until: an exercise, up to whose check cell they run.
        """
        run = [(cell, source, self.plain.get(source)) for cell, source in self.cells if cell not in self.left_out]
        ends = [number for number, (cell, _, _) in enumerate(run, start=1) if until and cell == CHECK + until]
        return run[: ends[0]] if ends else run

    def note(self, reply: Any, until: str = "") -> None:
        """Keep what the student's process reports of its cells, of which those up to an exercise's check have run.

        Raises WireError.
        """
        if type(reply) is not dict or any(type(reply.get(part)) is not list for part in _REPORTED):
            raise wire.WireError("not a reply")
        if not until:
            checks = {cell.removeprefix(CHECK) for cell, _ in self.cells if cell.startswith(CHECK)}
            self.changed = frozenset(name for name in reply["changed"] if type(name) is str) & checks
            ids = {cell for cell, _ in self.cells}
            self.skipped = frozenset(
                (entry[0], entry[1])
                for entry in reply["skipped"]
                if type(entry) is list
                and [type(part) for part in entry] == [str, str]
                and entry[0] in ids
                and entry[1] in COMMANDS
            )
        self.defined = frozenset(name for name in reply["defined"] if type(name) is str)
        self.errors = {
            entry["cell"]: student_error(entry.get("error"))
            for entry in reply["done"]
            if type(entry) is dict and type(entry.get("cell")) is str
        }


class StudentProcesses:
    """Runs a notebook's cells in a fresh process, and each exercise's calls in a fresh fork of that.

    Where the cells leave threads running, which no fork inherits, they run anew for every exercise. For an exercise
    that is changed after its check cell they run up to that cell.
    """

    def __init__(self, forks: Forks, limits: Limits, notebook: Notebook) -> None:
        self.forks = forks
        self.limits = limits
        self.notebook = notebook
        self.whole = Allowance(self._used, limits.submission, limits.whole_patience)
        self.whole.before = self._used()
        self.cell_out_of_time = False  # whether a cell was left out that wanted more time
        self.told: Notebook | None = None  # what there was to tell of the notebook when the hidden tests began
        self._home: Home | None = None
        self._files: Listing | None = None  # in the scratch folder, as the cells have left it
        self._until = ""  # the exercise up to whose check cell the cells have run there; "" for all
        self._forkable = False
        self._forks_answer = True
        self._channel: socket.socket | None = None  # to the process that answers this exercise's calls

    def other(self) -> StudentProcesses:
        """Return processes of the same notebook, within the same time, that share nothing with these."""
        made = StudentProcesses(self.forks, self.limits, replace(self.notebook))
        made.whole, made.told = self.whole, self.told
        return made

    def start(self, exercise: str = "") -> None:
        """Make sure that there is a process in which the cells have run, for the calls of an exercise.

        Leave out a cell that hangs or ends its process, and run the others again. Raises OutOfTime when the time of the
        submission is used up.
        """
        while self._channel is None:
            self.whole()
            if self.whole.spent is not None:
                raise self.whole.spent
            until = exercise if exercise in self.notebook.changed else ""
            if self._home is not None and self._until != until:
                self.close()
            if self._home is None:
                self._until = until
                self._home = self.forks.fork()
                if not self._run_cells(self._home):
                    self.close()
                    continue
                if exercise in self.notebook.changed and not until:
                    continue  # it is only known now
            self._channel = self._home.fork() if self._forkable else self._home.channel
            if self._channel is None:  # from now on the cells run anew for every exercise
                self._forks_answer = False
                self.close()

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """Return the answer of the process that `start` has made.

        Raises OutOfTime, Closed or WireError; then the student's processes have ended.
        """
        assert self._channel is not None
        self.whole()  # a call that is answered at once does not look
        if self.whole.spent is not None:
            self.close()
            raise self.whole.spent
        allowance = self._allowance(seconds)
        try:
            wire.send(self._channel.fileno(), wire.encode(request), allowance)
            return wire.decode(wire.receive(self._channel.fileno(), allowance))
        except wire.TimedOut:
            self.close()
            assert allowance.spent is not None
            raise allowance.spent from None
        except (wire.Closed, wire.WireError):
            self.close()
            raise

    def _used(self) -> float:
        return processor_seconds(self.forks.pid)

    def _allowance(self, seconds: float) -> Allowance:
        return Allowance(self._used, seconds, self.limits.patience, self.whole)

    def begin_hidden(self) -> None:
        """Prepare for hidden tests: new forks, and a scratch folder that holds only what the cells have written.

        What the student's process reports from now on is not told any more.
        """
        self.end_exercise()
        self.told = replace(self.notebook, left_out=dict(self.notebook.left_out), errors=dict(self.notebook.errors))
        self._close_if_littered()

    def end_exercise(self) -> None:
        """End the process of an exercise and all it has started."""
        channel, self._channel = self._channel, None
        if channel is None or self._home is None:
            return
        channel.close()
        clean = channel is not self._home.channel and self.forks.sweep(0.5, spare=self._home.pid)
        if not clean or space_used(self._home.scratch) > self.limits.scratch:  # which is not the next exercise's doing
            self.close()
        if self.told is not None:
            self._close_if_littered()

    def _close_if_littered(self) -> None:
        """Have the cells run anew for the next exercise if one has written to the scratch folder."""
        if self._home is not None and (self._files is None or listing(self._home.scratch) != self._files):
            self.close()

    def close(self) -> None:
        """End every process of the student's, and empty the scratch folder."""
        home, channel = self._home, self._channel
        self._home = self._channel = None
        if channel is not None:
            channel.close()
        if home is None:
            return
        home.channel.close()
        if not self.forks.sweep(30.0):
            raise ForkServerFault("processes of the student could not be ended")
        remove_folder(home.scratch)

    def _run_cells(self, home: Home) -> bool:
        """Execute the cells. Return False if one of them did not end; it is left out from now on."""
        cells, running = self.notebook.to_run(self._until), -1
        channel, allowance = home.channel.fileno(), self._allowance(self.limits.cell)
        try:
            wire.send(channel, wire.encode({"op": "run", "cells": cells}), allowance)
            while type(reply := wire.decode(wire.receive(channel, allowance))) is int:
                if not running < reply < len(cells):
                    raise wire.WireError("no cell of that number comes next")
                running, allowance = reply, self._allowance(self.limits.cell)
            self.notebook.note(reply, self._until)
            self._forkable = self._forks_answer and reply.get("alone") is True
            self._files = listing(home.scratch)
            return True
        except wire.TimedOut:
            spent = allowance.spent
            assert spent is not None
            self.cell_out_of_time |= not spent.idle
            reason = f"{spent}, so the cell was left out" if spent.whole else f"the cell {spent}, so it was left out"
        except wire.Closed:
            reason = "the process ended while the cell ran, so the cell was left out"
        except wire.WireError:
            reason = "the cell wrote to the grader's own channel, so it was left out"
        if running < 0:  # the first cell is told of before any of the student's code runs
            raise ForkServerFault(f"the student's process failed before its first cell: {reason}")
        self.notebook.left_out[cells[running][0]] = reason
        return False


def _channel() -> tuple[socket.socket, socket.socket]:
    """Our end, which does not block, and the student's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    return ours, theirs


def _rights(descriptor: socket.socket) -> list[tuple[int, int, array.array]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor.fileno()]))]


def student_error(raw: Any) -> StudentError:
    """Return a StudentError made from what the student's process reports; anything in it is only text."""
    if type(raw) is not dict:
        return StudentError(("WireError", *MRO), "what came back is not a reply")
    names = raw.get("names")
    names = [name for name in names if type(name) is str][:20] if type(names) is list else []
    message, trace = raw.get("message"), raw.get("traceback")
    return StudentError(
        names or ["Exception"], message if type(message) is str else "", trace if type(trace) is str else ""
    )
