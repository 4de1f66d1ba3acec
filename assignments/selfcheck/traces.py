"""What an exercise does on its public cases: a trace for each output of each case, and for the arguments it changes."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from selfcheck.copies import copied
from selfcheck.fingerprint import Describer, Trace, joined
from selfcheck.target import NOT_STARTED, Provider, StudentError, StudentTimeout, Watched

ARGUMENTS = "arguments"
RAISES = "raises"


class Raised(Exception):
    """The function under test raised an error; names: of the classes of its MRO.

    name: of the first that is Python's own, for an error derived from the expected one is right as well.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names)
        self.name = next((name for name in names if isinstance(getattr(builtins, name, None), type)), "Exception")


@dataclass(frozen=True)
class Subject:
    """An exercise: its name, the names of its outputs, and the positions of those that nobody looks into."""

    name: str
    outputs: tuple[str, ...]
    opaque: tuple[int, ...] = ()

    @property
    def shown(self) -> list[str]:
        """The outputs that are looked into."""
        return [name for position, name in enumerate(self.outputs) if position not in self.opaque]


@dataclass(frozen=True)
class Traces:
    """Traces of a function on all cases: cases[i][output], and cases[i][ARGUMENTS] for the arguments it has changed."""

    cases: tuple[Mapping[str, Trace], ...]

    @cached_property
    def whole(self) -> Trace:
        """Everything together."""
        return joined({str(i): self.case(i) for i in range(len(self.cases))})

    def case(self, number: int) -> Trace:
        """One case, all of its outputs and changed arguments together."""
        return joined(self.cases[number])

    def output(self, name: str) -> Trace:
        """One output, over all cases."""
        return joined({str(i): case[name] for i, case in enumerate(self.cases)})

    def raises_everywhere(self) -> bool:
        """Whether no case has any output."""
        return all(raises(case) for case in self.cases)


def shown_by(cases: Any, exercise: str) -> str | None:
    """The probe that shows an exercise whose arguments or results are no plain data; named in cases.SHOWN_BY."""
    probe: str | None = getattr(cases, "SHOWN_BY", {}).get(exercise)
    return probe


def caller(exercise: str, provider: Provider, cases: Any) -> Callable[..., Watched]:
    """The exercise as a function of a case's arguments, watched; those are the probe's where one shows it.

    What the exercise raises is a Raised, but for a call that does not end in its time and an exercise not started. A
    probe has arguments of its own: what it does to them stays with it.
    """
    probe = shown_by(cases, exercise)

    def call(*arguments: Any) -> Watched:
        try:
            if probe is not None:
                return Watched(provider.probe(probe, copied(arguments)), arguments)
            return provider.watched(exercise, arguments)
        except StudentTimeout:
            raise
        except StudentError as error:
            if error.message.endswith(NOT_STARTED):
                raise
            raise Raised(error.names) from None

    return call


def raises(case: Mapping[str, Trace]) -> bool:
    """Whether a case ended in an error."""
    return any(trace.exact.startswith(RAISES) for trace in case.values())


def trace(
    subject: Subject, call: Callable[..., Watched], cases: Sequence[tuple[Any, ...]], describe: Describer
) -> Traces:
    """Call the function on each case's arguments and describe what comes out, and what the call made of them.

    call: as `caller` makes it; an error of the function is a Raised, everything else passes through.
    """
    return Traces(tuple(case_trace(subject, call, case, i, describe) for i, case in enumerate(cases)))


def case_trace(
    subject: Subject, call: Callable[..., Watched], case: tuple[Any, ...], number: int, describe: Describer
) -> dict[str, Trace]:
    """Do as `trace`, with the case of this number alone."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _case(subject, call, case, f"{subject.name} {number}", describe)


def _case(
    subject: Subject, call: Callable[..., Watched], case: tuple[Any, ...], place: str, describe: Describer
) -> dict[str, Trace]:
    try:
        seen = call(*case)
    except Raised as error:
        seen, outputs = Watched(None, case), {name: Trace(f"{RAISES} {error.name}") for name in subject.shown}
    else:
        outputs = _outputs(subject, seen.value, place, describe)
    pairs = list(zip(case, seen.args, strict=True))
    changed = {
        str(i): describe(after, f"{place} argument {i}")
        for i, (before, after) in enumerate(pairs)
        if content(before) != content(after)
    }
    return {**outputs, ARGUMENTS: joined(changed)}


def _outputs(subject: Subject, value: Any, place: str, describe: Describer) -> dict[str, Trace]:
    items: Mapping[str, Any] | None = None
    if len(subject.outputs) == 1:
        items = {subject.outputs[0]: value}
    elif type(value) is tuple and len(value) == len(subject.outputs):
        items = dict(zip(subject.outputs, value, strict=True))
    elif type(value) is dict and tuple(value) == subject.outputs:
        items = value
    if items is not None:
        return {name: describe(items[name], f"{place} {name}") for name in subject.shown}
    first, *rest = subject.shown
    whole = describe(value, place)
    return {
        first: Trace(f"unlike: {whole.exact}", whole.reals, whole.unknowns),
        **{name: Trace("unlike") for name in rest},
    }


def content(value: Any) -> Any:
    """Return what a call may not change in an argument, comparable by ==: None for a generator, which rightly moves."""
    if type(value) is np.ndarray:
        return value.dtype.str, value.shape, value.tobytes()
    if type(value) in (list, tuple):
        return [content(item) for item in value]
    if type(value) is dict:
        return [(key, content(item)) for key, item in value.items()]
    if value is None or type(value) in (bool, int, float, complex, str, bytes):
        return repr(value)
    if type(value).__module__ == "torch" and type(value).__name__ == "Tensor":
        return content(value.detach().cpu().numpy())
    return None
