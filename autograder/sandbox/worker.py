"""The student's process: executes a notebook's cells through IPython, then answers calls, or forks to have them
answered.

Runs inside the wall, in a fork of the fork server, and holds nothing but the student's work. Requests and replies are
wire frames; each reply is judged elsewhere.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import socket
import threading
import types
from collections.abc import Callable
from typing import Any

from autograder.sandbox import wire


def serve(channel: int, shell: Any, cases: types.ModuleType) -> None:
    """Answer requests on the descriptor `channel` until the other side closes it.

    After the request "fork" a byte brings a descriptor: a fork of this process, in which the cells have run, serves
    there, says first that it is HERE, and this process goes on here.
    """
    from selfcheck.target import LocalProvider, StudentError

    worker = Worker(shell, cases, LocalProvider, StudentError)
    connection = socket.socket(fileno=channel)
    while True:
        try:
            request = wire.decode(wire.receive(connection.fileno()))
        except wire.Closed:
            return
        if request["op"] == "fork":
            connection = _fork(connection)
        else:
            wire.send(connection.fileno(), worker.answer(request, _tell(connection.fileno())))


def _tell(channel: int) -> Callable[[int], None]:
    """Say which cell begins to run, so that the other side can time each."""
    return lambda number: wire.send(channel, wire.encode(number))


def _fork(connection: socket.socket) -> socket.socket:
    """Fork; returns what to serve: the descriptor that came over `connection` in the child, `connection` itself in the
    parent. Where the wall allows no further process, this one does the child's work and does not come back.
    """
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    drawn = random.getstate()  # Python seeds this generator anew in a fork
    with contextlib.suppress(BlockingIOError):
        if os.fork():
            os.close(descriptors[0])
            return connection
        os.setsid()  # a signal to its group does not reach the process it comes from
        random.setstate(drawn)
    connection.close()
    wire.send(descriptors[0], HERE)
    return socket.socket(fileno=descriptors[0])


CHECK = "check:"  # begins the id of a plan's entry for an exercise's check cell
HERE = b""  # the first frame of a fork: it has begun
LOOKED_AT = "the value that a test looked at"
_WARM_UP = """
import numpy
def _warm_up(x):
    return numpy.tanh(x @ x.T) + numpy.exp(x).sum(axis=-1, keepdims=True), numpy.random.default_rng(0).random()
"""


def load_cases(source: str) -> types.ModuleType:
    """Return the assignment's public cases.py as a module; its probes run beside the student's code."""
    cases = types.ModuleType("cases")
    exec(compile(source, "cases.py", "exec", dont_inherit=True), cases.__dict__)
    return cases


def warm_up(shell: Any) -> None:
    """Do once, before the forks, what is slow the first time: a cell, a matrix product, a call."""
    import numpy as np

    from selfcheck.target import LocalProvider, StudentError

    names = set(shell.user_ns)
    rehearsal = Worker(shell, load_cases(""), LocalProvider, StudentError)
    calls: list[Any] = [((np.ones((3, 3)),), {})]
    cells = [("warm", _WARM_UP, None), ("wrong", "1 / 0", None)]
    for request in (
        {"op": "run", "cells": cells},
        {"op": "call", "name": "_warm_up", "calls": calls, "opaque": [1]},
    ):
        wire.decode(rehearsal.answer(wire.decode(wire.encode(request)), lambda number: None))
    for name in set(shell.user_ns) - names:
        del shell.user_ns[name]


class Worker:
    """One notebook's namespace, and the values that stay in it (handles)."""

    def __init__(
        self, shell: Any, cases: types.ModuleType, provider_class: Any, student_error: type[Exception]
    ) -> None:
        self.shell = shell
        self.cases = cases
        self.provider_class = provider_class
        self.student_error = student_error
        self.provider: Any = None
        self.handles: dict[int, Any] = {}

    def answer(self, request: dict[str, Any], tell: Callable[[int], None]) -> bytes:
        """Return the encoded reply to one request; before each cell that it runs, call `tell` with its number."""
        operation = request["op"]
        if operation == "run":
            return self._run(request["cells"], tell)
        name = request["name"]
        if operation == "probe":
            return _encoded([self._probe(name, request["args"])], LOOKED_AT)
        if operation == "watch":
            return _encoded([self._watch(request)], LOOKED_AT if request["probe"] else f"the value that {name} returns")
        calls = [self._call(name, call, request["opaque"]) for call in request["calls"]]
        return _encoded(calls, f"the value that {name} returns")

    def _run(self, cells: list[tuple[str, str, str | None]], tell: Callable[[int], None]) -> bytes:
        """Run (id, source, source without magics or None if not known) in order; note the exercises at their checks."""
        from selfcheck.cells import AtCheck
        from selfcheck.execute import run_cells

        errors, skipped, at_check = [], [], AtCheck()
        transform = self.shell.input_transformer_manager.transform_cell
        ready = {source: plain for _, source, plain in cells if plain is not None}
        self.shell.input_transformer_manager.transform_cell = lambda text: ready.get(text) or transform(text)
        for number, (identity, source, _) in enumerate(cells):
            tell(number)
            if identity.startswith(CHECK):
                at_check.note(identity.removeprefix(CHECK), self.shell.user_ns)
                continue
            for error in run_cells(self.shell, [(identity, source)]):
                errors.append({"cell": identity, "error": _described(error)})
            skipped += [[identity, command] for command in self.shell.skipped[:100]]
            self.shell.skipped.clear()
        self.provider = self.provider_class(self.shell.user_ns, self.cases)
        gc.freeze()  # a collection in a fork would copy every page
        alone = threading.active_count() == 1  # a fork has no threads but its own
        names, changed = sorted(_functions(self.shell.user_ns)), at_check.changed(self.shell.user_ns)
        return wire.encode({"done": errors, "defined": names, "alone": alone, "changed": changed, "skipped": skipped})

    def _call(self, name: str, call: tuple[tuple, dict], opaque: list[int]) -> dict[str, Any]:
        args, kwargs = self._resolved(call[0]), self._resolved(call[1])
        try:
            return {"value": self._with_handles(self.provider.call(name, args, kwargs), opaque)}
        except self.student_error as error:
            return {"error": _described(error)}

    def _probe(self, name: str, args: Any) -> dict[str, Any]:
        try:
            return {"value": self.provider.probe(name, self._resolved(args))}
        except self.student_error as error:
            return {"error": _described(error)}

    def _watch(self, request: dict[str, Any]) -> dict[str, Any]:
        name, args = request["name"], request["args"]
        try:
            seen = self.provider.watched(name, self._resolved(args), probe=request["probe"], seed=request["seed"])
        except self.student_error as error:
            return {"error": _described(error)}
        after = tuple(was if type(was) is wire.Handle else now for was, now in zip(args, seen.args, strict=True))
        try:
            wire.encode(after)
        except wire.WireError as error:
            return _unsendable(f"an argument that {name} changed", error)
        return {"value": self._with_handles(seen.value, request["opaque"]), "after": after, "shared": seen.shared}

    def _with_handles(self, value: Any, opaque: list[int]) -> Any:
        if not opaque or type(value) is not tuple:
            return value
        return tuple(self._kept(item) if position in opaque else item for position, item in enumerate(value))

    def _kept(self, item: Any) -> wire.Handle:
        handle = wire.Handle(len(self.handles))
        self.handles[handle.number] = item
        return handle

    def _resolved(self, value: Any) -> Any:
        """The value with what was kept in the place of its handles: a copy, as the self-checker's calls get one."""
        from selfcheck.copies import copied

        if type(value) is wire.Handle:
            return copied(self.handles[value.number])
        if type(value) in (tuple, list):
            return type(value)(self._resolved(item) for item in value)
        if type(value) is dict:
            return {key: self._resolved(item) for key, item in value.items()}
        return value


def _encoded(results: list[dict[str, Any]], what: str) -> bytes:
    """Encode the reply with these results; an error that says why replaces a result that cannot be sent."""
    try:
        return wire.encode({"results": results})
    except wire.WireError:
        judged = [_judged(result, what) for result in results]
    try:
        return wire.encode({"results": judged})
    except wire.WireError as error:  # each can be sent, but not all of them together
        return wire.encode({"results": [_unsendable(what, error)] * len(results)})


def _judged(result: dict[str, Any], what: str) -> dict[str, Any]:
    try:
        wire.encode(result)
    except wire.WireError as error:
        return _unsendable(what, error)
    return result


def _unsendable(what: str, error: wire.WireError) -> dict[str, Any]:
    return {"error": {"names": ["WireError"], "message": f"{what} {error}", "traceback": ""}}


def _described(error: Any) -> dict[str, Any]:
    return {"names": list(error.names), "message": str(error.message)[:2000], "traceback": str(error.traceback)[:6000]}


def _functions(namespace: dict[str, Any]) -> list[str]:
    kinds = (types.FunctionType, type)
    return [name for name, value in namespace.items() if type(value) in kinds and not name.startswith("_")][:500]
