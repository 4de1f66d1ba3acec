"""The functions under test, seen from the trusted process: every call goes over a private socket to the student's
process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from autograder.sandbox import wire
from autograder.sandbox.clock import OutOfTime
from autograder.sandbox.student import MRO, StudentProcesses, student_error
from selfcheck.target import StudentError, StudentTimeout, Watched

NOT_A_REPLY = "your code sent something that is not a reply"
_LATER_CALL = 1.0  # seconds of processor time for a call once another of the same exercise has run out of time
_T = TypeVar("_T")


class RemoteProvider:
    """Calls the functions of a notebook that runs elsewhere.

    problems: by exercise, the sentence that says why its function cannot be found. opaque: by exercise, positions in
    the returned tuple that stay in the student's process. last_chance: by exercise, which of its calls was the first
    that ran out of time before; if that call or an earlier one does so again, the exercise is given up.
    """

    def __init__(
        self,
        student: StudentProcesses,
        problems: Mapping[str, str],
        opaque: Mapping[str, tuple[int, ...]],
        last_chance: Mapping[str, int] | None = None,
    ) -> None:
        self.student = student
        self.problems = problems
        self.opaque = opaque
        self.last_chance = last_chance or {}
        self.given_up: set[str] = set()
        self._exercise = ""
        self._slow: set[str] = set()
        self._asked: Counter[str] = Counter()
        self._out_of_time: dict[str, int] = {}

    @property
    def out_of_time(self) -> dict[str, int]:
        """The exercises that wanted more time, and which of their calls was the first to do so, counted from 1.

        "" is among them if a cell or the submission as a whole did.
        """
        return self._out_of_time | ({"": 0} if self.student.cell_out_of_time else {})

    def begin(self, exercise: str = "") -> None:
        """Start an exercise: its first call goes to a fresh process."""
        self.student.end_exercise()
        self._exercise = exercise

    def begin_hidden(self) -> None:
        """From now on hidden inputs go to the student's code, and nothing that comes from it becomes text."""
        self.student.begin_hidden()

    def finish(self) -> None:
        """End the last exercise and every process of the student."""
        self.student.close()

    @contextmanager
    def beside(self, exercise: str) -> Iterator[RemoteProvider]:
        """Start an exercise; in this block there is another provider with processes of its own, which share nothing
        with this one's. When one side runs out of time, both end.
        """
        self.begin(exercise)
        other = RemoteProvider(self.student.other(), self.problems, self.opaque)
        other.begin(exercise)
        try:
            yield other
        finally:
            self.student.close()
            other.student.close()

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """Return the student's NAME(*args, **kwargs). Raises StudentError."""
        return self.map(name, [(args, dict(kwargs))])[0]

    def map(self, name: str, calls: list[tuple[tuple, dict]]) -> list[Any]:
        """Make many calls in one message; raise the first error, as single calls would."""
        self._start(name)
        request = {"op": "call", "name": name, "calls": calls, "opaque": list(self.opaque.get(name, ()))}
        return [_value(reply) for reply in self._ask(request, len(calls))]

    def probe(self, name: str, args: tuple) -> Any:
        """Return cases.PROBES[name](namespace, *args), computed in the student's process. Raises StudentError."""
        self._start()
        return _value(self._ask({"op": "probe", "name": name, "args": args}, 1)[0])

    def watched(self, name: str, args: tuple, *, probe: bool = False, seed: int | None = None) -> Watched:
        """Return what a call or a probe gives, its arguments as they came back, and the shared generators' digests.

        The arguments that are passed in stay as they are: what came back is the test's to compare. Raises StudentError.
        """
        self._start("" if probe else name)
        opaque = [] if probe else list(self.opaque.get(name, ()))
        request = {"op": "watch", "name": name, "args": args, "probe": probe, "seed": seed, "opaque": opaque}
        (reply,) = self._ask(request, 1)
        value, after, shared = _value(reply), reply.get("after"), reply.get("shared")
        if type(after) is not tuple or len(after) != len(args) or type(shared) is not dict:
            raise StudentError(("WireError", *MRO), NOT_A_REPLY)
        return Watched(value, after, shared)

    def _start(self, name: str = "") -> None:
        """Make sure that there is a process for the calls, and that it defines the function `name`, if one is given."""
        self._asked[self._exercise] += 1
        if self._exercise in self.given_up:
            raise StudentTimeout("an earlier call ran out of time twice")
        self._in_time(lambda: self.student.start(self._exercise))
        if name:
            self._explain_if_undefined(name)

    def _explain_if_undefined(self, name: str) -> None:
        notebook = self.student.notebook
        if name in notebook.defined:
            return
        if name in self.problems:
            raise StudentError(("NameError", *MRO), self.problems[name])
        cell = f"{name}-solution"
        if cell in notebook.left_out:
            raise StudentError(("NameError", *MRO), f"{name} is not defined: {notebook.left_out[cell]}")
        if cell in notebook.errors:
            error = notebook.errors[cell]
            said = f"{error.names[0]}: {error.message}" if error.message else error.names[0]
            raise StudentError(error.names, f"{name} is not defined: its cell raised {said}", error.traceback)

    def _ask(self, request: dict[str, Any], expected: int) -> list[Any]:
        allowed = _LATER_CALL if self._exercise in self._slow else self.student.limits.call
        try:
            reply = self._in_time(lambda: self.student.ask(request, allowed))
        except wire.Closed:
            raise StudentError(("ProcessDied", *MRO), self._death_text()) from None
        except wire.WireError as error:
            raise StudentError(("WireError", *MRO), f"your code sent a reply that cannot be read: {error}") from None
        results = reply.get("results") if type(reply) is dict else None
        if type(results) is not list or len(results) != expected:
            self.student.close()
            raise StudentError(("WireError", *MRO), NOT_A_REPLY)
        return results

    def _in_time(self, step: Callable[[], _T]) -> _T:
        """Return what the step returns. Raises StudentTimeout if it ran out of time."""
        try:
            return step()
        except OutOfTime as error:
            self._slow.add(self._exercise)
            asked = self._asked[self._exercise]
            if not error.idle:
                self._out_of_time.setdefault("" if error.whole else self._exercise, asked)
            if asked <= self.last_chance.get(self._exercise, 0):
                self.given_up.add(self._exercise)
            raise StudentTimeout(str(error)) from None

    def _death_text(self) -> str:
        limits = self.student.limits
        return (
            "the process ended while your code ran: it exited, crashed, or needed more than "
            f"{limits.memory // 2**20} MiB or {limits.threads} threads"
        )


class Anew:
    """The functions of a notebook, each call in a process of its own."""

    def __init__(self, provider: RemoteProvider) -> None:
        self.provider = provider

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """Return the student's NAME(*args, **kwargs). Raises StudentError."""
        self.provider.begin(name)
        return self.provider.call(name, args, kwargs)


def _value(reply: Any) -> Any:
    """Return what a call gave. Raises StudentError."""
    if type(reply) is not dict:
        raise StudentError(("WireError", *MRO), NOT_A_REPLY)
    if "error" in reply:
        raise student_error(reply["error"])
    return reply.get("value")
