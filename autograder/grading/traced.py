"""Notes what each test called, with what, what came back and how long it took: for an appeal, not for grading."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.remote import RemoteProvider
from selfcheck.target import StudentError, Watched

MOST_CALLS = 30  # of one test that are kept with their arguments
LONGEST_VALUE = 600
_MOST_NUMBERS = 24
_MOST_ITEMS = 12
_T = TypeVar("_T")


@dataclass
class Trace:
    """What one test did: seconds by the clock, the number of calls, and the first of them as text."""

    exercise: str
    name: str
    seconds: float = 0.0
    made: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)


class TracedProvider(RemoteProvider):
    """A RemoteProvider that writes its calls into `trace`, if one is set."""

    trace: Trace | None = None

    def map(self, name: str, calls: list[tuple[tuple, dict]]) -> list[Any]:
        """Make the calls and note them: their arguments as they were before."""
        given = [_call(name, args, kwargs) for args, kwargs in calls[:MOST_CALLS]]
        return self._noted(given, len(calls), lambda: super(TracedProvider, self).map(name, calls))

    def probe(self, name: str, args: tuple) -> Any:
        """Ask the probe and note it."""
        given = [f"the course's probe {_call(name, args, {})}"]
        return self._noted(given, 1, lambda: [super(TracedProvider, self).probe(name, args)])[0]

    def watched(self, name: str, args: tuple, *, probe: bool = False, seed: int | None = None) -> Watched:
        """Make the call and note it as any other."""
        given = [f"the course's probe {_call(name, args, {})}" if probe else _call(name, args, {})]
        found: list[Watched] = []

        def step() -> list[Any]:
            found.append(super(TracedProvider, self).watched(name, args, probe=probe, seed=seed))
            return [found[0].value]

        self._noted(given, 1, step)
        return found[0]

    def _noted(self, given: list[str], made: int, step: Callable[[], list[Any]]) -> list[Any]:
        begin = time.perf_counter()
        values: list[Any] = []
        error = ""
        try:
            values = step()
            return values
        except StudentError as raised:
            error = str(raised)
            raise
        finally:
            seconds = (time.perf_counter() - begin) / max(made, 1)
            if self.trace is not None:
                room = MOST_CALLS - len(self.trace.calls)
                self.trace.made += made
                for place, call in enumerate(given[: max(room, 0)]):
                    back = in_words(values[place]) if place < len(values) else error.strip().partition("\n")[0]
                    self.trace.calls.append(
                        {"call": call, "back": back[:LONGEST_VALUE], "raised": bool(error), "seconds": seconds}
                    )


def _call(name: str, args: tuple, kwargs: Mapping[str, Any]) -> str:
    shown = [*map(in_words, args), *(f"{key}={in_words(value)}" for key, value in kwargs.items())]
    return f"{name}({', '.join(shown)})"[: 4 * LONGEST_VALUE]


def in_words(value: Any) -> str:
    """Return a value as a person reads it: an array by shape, dtype and, if it is small, its numbers."""
    if isinstance(value, wire.Handle):
        return "a value that stays with the student's code"
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        return f"tensor {_array(value.detach().numpy())}"
    if isinstance(value, np.ndarray):
        return f"array {_array(value)}"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(in_words, value[:_MOST_ITEMS])) + (", ..." if len(value) > _MOST_ITEMS else "")
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        items = list(value.items())
        inner = ", ".join(f"{key!r}: {in_words(item)}" for key, item in items[:_MOST_ITEMS])
        return "{" + inner + (", ..." if len(items) > _MOST_ITEMS else "") + "}"
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _array(value: np.ndarray) -> str:
    head = f"{value.shape} {value.dtype}"
    if value.size > _MOST_NUMBERS:
        return head
    with np.printoptions(precision=4, suppress=True):
        return f"{head} {' '.join(np.array2string(value, separator=', ').split())}"
