"""Runs an exercise's right answer, its mistakes and its other right solutions on the public cases.

A `Sample` holds the traces of all of them on one draw of the cases, with noise of the size of rounding if asked.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import ModuleType
from typing import Any

import numpy as np

from autograder.author import rounding
from autograder.author.merging import merged
from autograder.course.cell import Cell
from selfcheck import diagnosis
from selfcheck.fingerprint import Describer, Trace
from selfcheck.patience import Watch
from selfcheck.target import LocalProvider, StudentTimeout
from selfcheck.traces import Subject, Traces, caller, shown_by, trace

RIGHT = "the right answer"
ALTERNATIVE = "the right solution "  # before the name of another one
CASES = "cases.CASES"
LIMIT = 30.0  # seconds of processor time for a call: the loop of a mistake may never end


class Refused(Exception):
    """An exercise whose mistakes cannot be sealed; `sentences` say why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class Unsteady(Refused):
    """Refused since the last bits, or chance, change a trace."""


class NeverEnds(Refused):
    """Refused since a call did not end."""


@dataclass(frozen=True)
class Sample:
    """What the right answer and every mistake do on one draw of the public cases. inputs: the cases themselves."""

    subject: Subject
    inputs: Trace
    by: Mapping[str, Traces]

    @property
    def right(self) -> Traces:
        """The right answer's traces."""
        return self.by[RIGHT]

    @property
    def wrong(self) -> dict[str, Traces]:
        """The traces of the mistakes, by their id."""
        return {name: traces for name, traces in self.by.items() if name != RIGHT}

    def part(self, scope: str, who: str) -> Trace:
        """Return the trace that a message of this scope is sealed under."""
        if scope == diagnosis.INPUTS:
            return self.inputs
        return part_of(self.by[who], scope)


def not_python(error: SyntaxError) -> str:
    """Return what an author reads of a right solution, or of a solution with a mistake in it, that is not Python."""
    return f"the code is not Python: {error.msg}, line {error.lineno} of it."


def part_of(traces: Traces, scope: str) -> Trace:
    what, _, name = scope.partition(" ")
    if what == diagnosis.WHOLE:
        return traces.whole
    return traces.case(int(name)) if what == diagnosis.CASE else traces.output(name)


@dataclass(frozen=True)
class Runs:
    """An exercise with its mistakes and its other right solutions, to be run on the public cases."""

    cell: Cell
    reference: ModuleType
    cases: ModuleType
    salt: bytes
    mistakes: Sequence[Mapping[str, Any]]
    rights: Mapping[str, str]
    watch: Watch = field(default_factory=lambda: Watch(lambda text: None), init=False, repr=False, compare=False)

    def sample(self, seed: int, noise: int | None = None) -> Sample:
        """Run the right answer and every mistake on the cases of a seed; noise: the draw of it, if any.

        Noise goes into the inputs and into each step of the computation (`rounding`).
        """
        inputs = self.inputs(seed, noise)
        right = self._caller(vars(self.reference))
        opaque = tuple(getattr(self.cases, "OPAQUE", {}).get(self.cell.name, ()))
        subject = Subject(self.cell.name, _output_names(self.cell, right, self.inputs(seed)), opaque)
        with self._computing(noise):
            by = {RIGHT: self._trace(RIGHT, subject, right, inputs)}
            for mistake in self.mistakes:
                by[mistake["id"]] = self._trace(
                    mistake["id"], subject, self._caller(self._with_mistake(mistake)), inputs
                )
        return Sample(subject, diagnosis.inputs_trace(inputs, Describer(self.salt)), by)

    def alternatives(self, sample: Sample, seed: int, noise: int | None = None) -> dict[str, Traces]:
        """Run the other right solutions on the cases of a seed, with noise in them if asked."""
        inputs = self.inputs(seed, noise)
        with self._computing(noise):
            return {
                name: self._trace(name, sample.subject, self._caller(self._with(ALTERNATIVE + name, text)), inputs)
                for name, text in self.rights.items()
            }

    @contextlib.contextmanager
    def _computing(self, noise: int | None) -> Iterator[None]:
        """Compute with noise, if asked, and in one thread: small tensors gain nothing from more."""
        with contextlib.ExitStack() as stack:
            if torch := sys.modules.get("torch"):
                stack.callback(torch.set_num_threads, torch.get_num_threads())
                torch.set_num_threads(1)
            if noise is not None:
                stack.enter_context(rounding.shaky(self.reference, noise))
            stack.enter_context(self.watch.on())
            yield

    def _trace(
        self, name: str, subject: Subject, call: Callable[..., Any], inputs: Sequence[tuple[Any, ...]]
    ) -> Traces:
        try:
            return trace(subject, call, inputs, Describer(self.salt))
        except StudentTimeout as error:
            raise NeverEnds(f"{name}: {error.message}; a call may take {LIMIT:g} s of processor time.") from error

    def pairs(
        self, sample: Sample, seed: int, among: Sequence[Mapping[str, Any]], noise: int | None = None
    ) -> dict[tuple[str, str], Traces]:
        """Run two mistakes at once, for each two of `among` whose patches fit into the solution together.

        The result has the traces on the cases of a seed by the two mistakes' ids.
        """
        inputs = self.inputs(seed, noise)
        found = {}
        with self._computing(noise):
            for one, other in combinations(among, 2):
                code = self.with_both(one, other)
                if code is not None:
                    name = f"{one['id']} with {other['id']}"
                    call = self._caller(self._with(name, code))
                    found[one["id"], other["id"]] = self._trace(name, sample.subject, call, inputs)
        return found

    def with_both(self, *mistakes: Mapping[str, Any]) -> str | None:
        """Return the exercise's code with both mistakes in it; None if the patches do not fit together.

        Patches whose texts overlap are merged token by token: one may change a line's beginning, the other its end.
        """
        changes = [(mistake["old"], mistake.get("new") or "") for mistake in mistakes]
        try:
            forwards, backwards = (self.cell.patched_by_all(order) for order in (changes, changes[::-1]))
            both = forwards if forwards == backwards else None  # else one patch changes what the other has written
        except ValueError:
            both = merged(self.cell.reference, *(self.cell.patched(*change) for change in changes))
        if both is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            try:
                compile(both, self.cell.name, "exec")
            except SyntaxError:
                return None
        return both

    def inputs(self, seed: int, noise: int | None = None) -> list[tuple[Any, ...]]:
        """Return the public cases of a seed, with noise in them if asked; Refused if there are none."""
        called = f"{CASES}({self.cell.name!r}, rng)"
        make = getattr(self.cases, "CASES", None)
        try:
            made = list(make(self.cell.name, np.random.default_rng(seed))) if callable(make) else []
        except KeyError:
            made = []
        except Exception as error:
            raise Refused(f"{called} raises {type(error).__name__}: {error}") from error
        if not made:
            raise Refused(f"{called} gives no cases: add some, or list the exercise's mistakes as exempt.")
        if any(type(case) is not tuple for case in made):
            raise Refused(f"{called} must give a list of tuples, the arguments of one call in each.")
        return made if noise is None else rounding.disturbed(made, noise)

    def _with_mistake(self, mistake: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._with(mistake["id"], self.cell.patched(mistake["old"], mistake.get("new") or ""))
        except (KeyError, ValueError) as error:
            raise Refused(f"{mistake['id']}: {error}") from error

    def _with(self, name: str, text: str) -> dict[str, Any]:
        """Return the reference's functions, with this code in the place of the exercise's own."""
        namespace = dict(vars(self.reference))
        try:
            exec(compile(text, f"{self.cell.name}_{name}", "exec", dont_inherit=True), namespace)
        except SyntaxError as error:
            raise Refused(f"{name}: {not_python(error)}") from error
        return namespace

    def _caller(self, namespace: Mapping[str, Any]) -> Callable[..., Any]:
        provider = LocalProvider(namespace, self.cases)
        provider.watch, provider.limit = self.watch, LIMIT
        return caller(self.cell.name, provider, self.cases)

    def arguments(self) -> list[str]:
        """Names of what a case holds: the exercise's parameters, or those of the probe that shows it."""
        probe = shown_by(self.cases, self.cell.name)
        if probe is None:
            return list(inspect.signature(getattr(self.reference, self.cell.name)).parameters)
        return list(inspect.signature(self.cases.PROBES[probe]).parameters)[1:]


def _output_names(cell: Cell, call: Callable[..., Any], inputs: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Names of what the exercise returns: the keys of a dictionary, or the names in its last return statement."""
    value = None
    for case in inputs:
        with contextlib.suppress(Exception):  # some cases ask for an error
            value = call(*case).value
            break
    if type(value) is dict:
        return tuple(map(str, value))
    if type(value) is not tuple:
        return ("result",)
    body = next(node for node in ast.walk(ast.parse(cell.reference)) if getattr(node, "name", "") == cell.name)
    returns = [node for node in ast.walk(body) if isinstance(node, ast.Return)]
    last = max(returns, key=lambda node: node.lineno).value
    items = last.elts if isinstance(last, ast.Tuple) and len(last.elts) == len(value) else [None] * len(value)
    return tuple(
        item.id if isinstance(item, ast.Name) else f"output {position + 1}" for position, item in enumerate(items)
    )
