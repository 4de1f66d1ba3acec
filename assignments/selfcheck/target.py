"""The exercise under test: a name that is called, and the provider that knows where the student's code runs.

A test names an exercise and gets a `Target`. `current.provider` decides whether a call runs in this process
(self-check) or in a sandbox (grading); it is set before a test runs, not when the test is collected.
"""

from __future__ import annotations

import builtins
import contextlib
import linecache
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, Protocol

from selfcheck import shapes, shared_generators
from selfcheck.copies import copied
from selfcheck.handed_in import NotHandedIn
from selfcheck.patience import Endless, Watch

MESSAGE_LIMIT = 500
TRACEBACK_LIMIT = 2000
FRAMES_SHOWN = 6
NOT_STARTED = "is not started yet"


class StudentError(Exception):
    """An exception in the student's code, as it reaches a test.

    names: names of the classes of the exception's MRO, its own first. message: its text.
    traceback: the student's own frames, one `line L, in FUNCTION: SOURCE` each, outermost first.
    """

    def __init__(self, names: Sequence[str], message: str, traceback: str = "") -> None:
        super().__init__(names, message, traceback)
        self.names = tuple(plain_text(name, 80) for name in names) or ("Exception",)
        self.message = plain_text(message, MESSAGE_LIMIT)
        self.traceback = plain_text(traceback, TRACEBACK_LIMIT)

    def __str__(self) -> str:
        if self.names[0] == "NotImplementedError" and self.message.endswith(NOT_STARTED):
            return self.message
        said = f"{self.names[0]}: {self.message}" if self.message else self.names[0]
        return f"{said}\n{self.traceback}" if self.traceback else said


class StudentTimeout(StudentError):
    """A call of the student's code did not end in its time."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(("TimeoutError", "OSError", "Exception", "BaseException", "object"), message, traceback)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Watched:
    """What a call gave, its arguments as the call left them, and digests of the generators that all code shares.

    shared: see selfcheck.shared_generators; empty unless they were seeded before the call.
    """

    value: Any
    args: tuple
    shared: Mapping[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """Runs calls of the student's functions. Errors of the student's code are raised as `StudentError`.

    watched: calls a function, or a probe, on copies of the arguments, and tells what became of them. seed: of the
    generators that all code shares, before the call; None to leave them as they are.
    """

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any: ...

    def map(self, name: str, calls: list[tuple[tuple, dict]]) -> list: ...

    def probe(self, name: str, args: tuple) -> Any: ...

    def watched(self, name: str, args: tuple, *, probe: bool = False, seed: int | None = None) -> Watched: ...


class Current:
    """Holds what the running session has set; targets and fixtures read it when a test runs.

    handed_in: the files beside the notebook by name, each its text or why there is none; None to read them from disk.
    """

    provider: Provider | None = None
    seed: bytes = b"public"
    cases: ModuleType | None = None
    reference: Any = None
    handed_in: Mapping[str, str | NotHandedIn] | None = None


current = Current()


@contextlib.contextmanager
def setting(**values: Any) -> Iterator[None]:
    """Let `current` hold these values, by the names of its attributes, and put back what it held."""
    before = {name: getattr(current, name) for name in values}
    try:
        for name, value in values.items():
            setattr(current, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(current, name, value)


@dataclass(frozen=True)
class Target:
    """An exercise's function under test.

    It is called on copies of the arguments, so no edit of them reaches the test, or the reference that the test asks.
    """

    name: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _provider().call(self.name, copied(args), copied(kwargs))

    def map(self, calls: Iterable[tuple]) -> list:
        """Return name(*args) for each args of calls, sent together; raise the first error."""
        results = _provider().map(self.name, [(copied(tuple(args)), {}) for args in calls])
        for result in results:
            if isinstance(result, StudentError):
                raise result
        return results

    def watched(self, *args: Any, seed: int | None = None) -> Watched:
        """Call it on copies of the arguments; return what it gives, what it made of them, and the shared generators."""
        return _provider().watched(self.name, args, seed=seed)


class Probe:
    """probe(NAME, *args) gives cases.PROBES[NAME](student's namespace, *args), computed in the student's process.

    Like a function under test, it gets copies of the arguments.
    """

    def __call__(self, name: str, *args: Any) -> Any:
        return _provider().probe(name, copied(args))

    def watched(self, name: str, *args: Any, seed: int | None = None) -> Watched:
        """Return what the probe gives, what was made of its arguments, and the shared generators."""
        return _provider().watched(name, args, probe=True, seed=seed)


def _provider() -> Provider:
    if current.provider is None:
        raise RuntimeError("no provider is set, so the student's code cannot be run")
    return current.provider


class LocalProvider:
    """Calls the functions of a namespace in this process.

    Raises StudentError for a missing name, for a value that is not a function, and for every exception of the student's
    code but KeyboardInterrupt; StudentTimeout where a call was ended at its limit.
    watch: told of each call; None for no watch. limit: seconds of processor time for a call, kept by the watch.
    """

    limit: float | None = None

    def __init__(self, namespace: Mapping[str, Any], cases: Any = None) -> None:
        self.namespace = namespace
        self.cases = cases
        self.watch: Watch | None = None

    def call(self, name: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        if name not in self.namespace:
            message = f"{name} is not defined: run the cell that defines it, and keep the function's name"
            raise StudentError(("NameError", "Exception", "BaseException", "object"), message)
        function = self.namespace[name]
        if not callable(function):
            message = f"{name} is {_article(type(function).__name__)}, not a function"
            raise StudentError(("TypeError", "Exception", "BaseException", "object"), message)
        with self._timed(name):
            return self._guarded(function, args, kwargs)

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Have the call in the `with` block watched."""
        if self.watch is None:
            yield
            return
        try:
            with self.watch.call(name, self.namespace, self.limit):
                yield
        except Endless as ended:
            raise StudentTimeout(str(ended)) from None

    def map(self, name: str, calls: list[tuple[tuple, dict]]) -> list:
        return [self.call(name, args, kwargs) for args, kwargs in calls]

    def probe(self, name: str, args: tuple) -> Any:
        with self._timed(name):
            return self._guarded(self.cases.PROBES[name], (self.namespace, *args), {})

    def watched(self, name: str, args: tuple, *, probe: bool = False, seed: int | None = None) -> Watched:
        args = copied(args)
        with shared_generators.seeded(seed) as digests:
            value = self.probe(name, args) if probe else self.call(name, args, {})
            return Watched(value, args, digests())

    def uses(self, name: str, among: Collection[str]) -> list[str]:
        """Return the names in `among` that the function `name` refers to, directly or through other functions."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            new = {word for word in _names(self.namespace.get(waiting.pop())) if word in self.namespace} - found.keys()
            found |= dict.fromkeys(sorted(new))
            waiting += sorted(new)
        return [word for word in found if word in among and word != name]

    def _guarded(self, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        try:
            with _nobody_answers(self.namespace):
                return function(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failure = student_error(error, self.namespace)
        raise failure


@contextlib.contextmanager
def _nobody_answers(namespace: Mapping[str, Any]) -> Iterator[None]:
    """Let input() raise in the `with` block, as in the grade; one that the student's own code has put there stays.

    A notebook would ask the student, once for each call, and the check would pass where the grade fails.
    """
    before = builtins.input
    if getattr(before, "__globals__", None) is not namespace:
        builtins.input = _no_input
    try:
        yield
    finally:
        builtins.input = before


def _no_input(prompt: object = "") -> str:
    raise EOFError("nobody answers input() when your work is graded: take what the function needs from its arguments")


def not_started(name: str, records: Sequence[Any]) -> list[str]:
    """Say which exercise that `name` calls is not started; records: the outcomes of its tests."""
    ends = f" {NOT_STARTED}"
    said = {record.message for record in records if record.message.endswith(ends)}
    others = sorted({message.removesuffix(ends) for message in said} - {name})
    return [f"{name} calls {other}, which {NOT_STARTED}: do {other} first." for other in others]


def _names(value: Any) -> set[str]:
    """The names that a function's code refers to, a class's functions' and those inside them; none for other things."""
    if isinstance(value, type):
        return set().union(*map(_names, vars(value).values()))
    code = value if isinstance(value, CodeType) else getattr(value, "__code__", None)
    if not isinstance(code, CodeType):
        return set()
    return set(code.co_names).union(
        *(_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    )


def student_error(error: BaseException, namespace: Mapping[str, Any]) -> StudentError:
    """Turn error into a StudentError; keep only frames whose globals are the student's namespace."""
    names = [cls.__name__ for cls in type(error).__mro__]
    traces = [trace for trace in _traces(error.__traceback__) if trace.tb_frame.f_globals is namespace]
    frames = [(trace.tb_frame, trace.tb_lineno) for trace in traces]
    try:
        # a type found in _SYNTAX has msg and lineno, which mypy cannot know
        message = error.msg if type(error) in _SYNTAX else str(error)  # type: ignore[attr-defined]
    except BaseException:
        message = ""
    if names[0] == "NotImplementedError" and not message:
        message = f"{frames[-1][0].f_code.co_name if frames else 'the exercise'} {NOT_STARTED}"
    if type(error) in _SYNTAX and not frames:
        return StudentError(names, message, f"  line {error.lineno}: {(error.text or '').strip()[:160]}")  # type: ignore[attr-defined]
    below = [f"    {plain_text(line, 300)}" for line in (shapes.told(traces[-1]) if traces else [])]
    return StudentError(names, message, "\n".join([*_own_frames(frames), *below]))


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


_SYNTAX = (SyntaxError, IndentationError, TabError)


def _own_frames(frames: list[tuple[FrameType, int]]) -> list[str]:
    lines = []
    for frame, line in frames:
        source = linecache.getline(frame.f_code.co_filename, line).strip()
        lines.append(f"  line {line}, in {frame.f_code.co_name}: {source[:160]}")
    if len(lines) > FRAMES_SHOWN:
        half = FRAMES_SHOWN // 2
        lines[half:-half] = [f"  ... {len(lines) - 2 * half} more ..."]
    return lines


_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_text(text: str, limit: int) -> str:
    """Remove control codes from a text and cut it to `limit` characters."""
    if type(text) is not str:
        text = str.__str__(text) if isinstance(text, str) else "?"
    text = _CONTROL.sub("", text[: 4 * limit])
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {plain_text(noun, 40)}"
