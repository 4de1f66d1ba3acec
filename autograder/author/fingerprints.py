"""Makes assignments/aN/mistakes.json: sentences that open only for a program that makes the mistake they are about.

Every mistake of the catalogue runs on the public cases; what comes out is the key its sentence is sealed with
(`selfcheck.fingerprint`). The file is the same from run to run, and nothing in it can be read as a list of hints.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import ModuleType
from typing import Any

import numpy as np

from autograder.author import catalogue
from autograder.author.cell import Cell
from autograder.author.problem import Problem, SourceError
from autograder.author.source import Source, load_reference
from autograder.rooms import Repository
from selfcheck import diagnosis, fingerprint
from selfcheck.fingerprint import Describer, Trace
from selfcheck.target import LocalProvider
from selfcheck.traces import Subject, Traces, caller, raises, shown_by, trace

SEEDS = range(100)
FROM_EDGE = 1e-5  # no real of the right answer or of a mistake lies nearer to an edge between bins
MOST_AMBIGUOUS = 10
FEWEST_UNKNOWNS = 8  # what holds fewer unknown numbers could be guessed, and is not sealed by itself

Message = tuple[str, Trace, Mapping[str, Any]]


def mistakes_json(repository: Repository, source: Source) -> bytes:
    """The bytes of assignments/aN/mistakes.json.

    Raises SourceError, naming exercise and mistake, where a mistake cannot be told from the right answer or from a
    mistake with another sentence, where it raises on every case, or where its result differs from run to run.
    """
    salt = hashlib.sha256(f"mistakes of {source.name}".encode()).digest()[:16]
    path = repository.cases(source.name)
    if not path.is_file():  # the handout names it
        return _written(salt, {})
    cases = load_reference(path)
    listed = catalogue.mistakes(repository, source.name)
    reference = source.load()
    problems: list[Problem] = []
    exercises = {}
    for cell in source.exercises:
        named = [mistake for mistake in listed.get(cell.name, []) if not mistake.get("exempt")]
        if not named:
            continue
        try:
            exercises[cell.name] = _Exercise(cell, reference, cases, salt).entry(named)
        except _Refused as refused:
            where = repository.mistakes(source.name).relative_to(repository.root).as_posix()
            problems += [Problem(where, f"{cell.name}: {sentence}") for sentence in refused.sentences]
    if problems:
        raise SourceError(problems)
    return _written(salt, exercises)


def _written(salt: bytes, exercises: Mapping[str, Any]) -> bytes:
    content = {"salt": salt.hex(), "exercises": exercises}
    return (json.dumps(content, indent=1) + "\n").encode()


class _Refused(Exception):
    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


@dataclass(frozen=True)
class _Exercise:
    cell: Cell
    reference: ModuleType
    cases: ModuleType
    salt: bytes

    def entry(self, mistakes: list[dict[str, Any]]) -> dict[str, Any]:
        """The exercise's part of the file, on the first cases on which all can be told apart, clear of every edge."""
        for mistake in mistakes:
            if not mistake.get("id") or not mistake.get("says"):
                raise _Refused(f"a mistake lacks its id or what it says: {mistake!r}")
        wrong = {mistake["id"]: self.patched(mistake) for mistake in mistakes}
        refused = None
        for seed in SEEDS:
            try:
                return self._on_seed(seed, mistakes, wrong)
            except _Refused as reason:
                refused = reason
        assert refused is not None
        raise refused

    def patched(self, mistake: dict[str, Any]) -> dict[str, Any]:
        """The reference's functions, with the mistake in the exercise's own."""
        namespace = dict(vars(self.reference))
        try:
            text = self.cell.patched(mistake["old"], mistake.get("new") or "")
            exec(compile(text, f"{self.cell.name}_{mistake['id']}", "exec"), namespace)
        except (KeyError, ValueError, SyntaxError) as error:
            raise _Refused(f"{mistake['id']}: {error}") from error
        return namespace

    def _on_seed(
        self, seed: int, mistakes: list[dict[str, Any]], namespaces: Mapping[str, dict[str, Any]]
    ) -> dict[str, Any]:
        inputs = self._inputs(seed)
        opaque = tuple(getattr(self.cases, "OPAQUE", {}).get(self.cell.name, ()))
        call = self._caller(vars(self.reference))
        subject = Subject(self.cell.name, _output_names(self.cell, call, self._inputs(seed)), opaque)
        right = self._traced(subject, call, inputs, "the right answer")
        wrong = {name: self._traced(subject, self._caller(made), inputs, name) for name, made in namespaces.items()}
        says = {mistake["id"]: mistake["says"] for mistake in mistakes}
        _tell_apart(right, wrong, says)
        _stay_clear(right, wrong)
        describe = Describer(self.salt)
        messages: list[Message] = [(diagnosis.INPUTS, diagnosis.inputs_trace(inputs, describe), {})]
        messages += _of_the_right(subject, right)
        judged = [scope.partition(" ")[2] for scope, _, _ in messages if scope.partition(" ")[2]]
        messages += [(diagnosis.WHOLE, wrong[name].whole, {"says": says[name]}) for name in wrong]
        messages += _of_single_outputs(subject, right, wrong, says)
        return {
            "seed": seed,
            "arguments": self._arguments(),
            "outputs": list(subject.outputs),
            "judged": [int(name) if name.isdecimal() else name for name in judged],
            "sealed": fingerprint.seal(self.salt, messages),
        }

    def _inputs(self, seed: int) -> list[tuple[Any, ...]]:
        called = f"cases.CASES({self.cell.name!r}, rng)"
        make = getattr(self.cases, "CASES", None)
        try:
            made = list(make(self.cell.name, np.random.default_rng(seed))) if callable(make) else []
        except KeyError:
            made = []
        except Exception as error:
            raise _Refused(f"{called} raises {type(error).__name__}: {error}") from error
        if not made:
            raise _Refused(f"{called} gives no cases: add some, or list the exercise's mistakes as exempt.")
        if any(type(case) is not tuple for case in made):
            raise _Refused(f"{called} must give a list of tuples, the arguments of one call in each.")
        return made

    def _caller(self, namespace: Mapping[str, Any]) -> Callable[..., Any]:
        return caller(self.cell.name, LocalProvider(namespace, self.cases), self.cases)

    def _arguments(self) -> list[str]:
        """Names of what a case holds: the exercise's parameters, or those of the probe that shows it."""
        probe = shown_by(self.cases, self.cell.name)
        if probe is None:
            return list(inspect.signature(getattr(self.reference, self.cell.name)).parameters)
        return list(inspect.signature(self.cases.PROBES[probe]).parameters)[1:]

    def _traced(self, subject: Subject, call: Callable[..., Any], inputs: list[tuple[Any, ...]], what: str) -> Traces:
        describe = Describer(self.salt)
        first, second = (trace(subject, call, inputs, describe) for _ in range(2))
        if not fingerprint.same(first.whole, second.whole):
            raise _Refused(f"{what}: its result differs from run to run, so it cannot be recognised.")
        return first


def _tell_apart(right: Traces, wrong: Mapping[str, Traces], says: Mapping[str, str]) -> None:
    """Raise _Refused unless all that is said differently can be told apart."""
    sentences = []
    if right.whole.unknowns < max(FEWEST_UNKNOWNS, len(right.whole.reals) + 1):
        sentences.append("the right answer on its cases is small enough to be guessed: list its mistakes as exempt.")
    for name, traces in wrong.items():
        if traces.raises_everywhere():
            sentences.append(f"{name}: it raises on every case, as much else does: add a case on which it runs.")
        elif not fingerprint.apart(right.whole, traces.whole):
            sentences.append(
                f"{name}: on the public cases it gives what the right answer gives: add a case that shows it."
            )
    for one, other in combinations(wrong, 2):
        if says[one] != says[other] and not fingerprint.apart(wrong[one].whole, wrong[other].whole):
            sentences.append(
                f"{one} and {other} give the same on the public cases: add a case, or say the same of both."
            )
    if sentences:
        raise _Refused(*sentences)


def _stay_clear(right: Traces, wrong: Mapping[str, Traces]) -> None:
    """Raise _Refused unless every real keeps its distance from the edges of the bins."""
    for name, traces in {"the right answer": right, **wrong}.items():
        whole = traces.whole
        if fingerprint.edge_distance(whole) < FROM_EDGE or fingerprint.ambiguous(whole) > MOST_AMBIGUOUS:
            raise _Refused(f"{name}: on all seeds tried it lies on an edge between two bins: change the cases' sizes.")


def _of_the_right(subject: Subject, right: Traces) -> list[Message]:
    """What recognises the right answer: the whole of it, its outputs if there are several, its cases."""
    messages: list[Message] = [(diagnosis.WHOLE, right.whole, {"right": True})]
    parts = [(f"{diagnosis.CASE} {i}", right.case(i), raises(case)) for i, case in enumerate(right.cases)]
    if len(subject.shown) > 1:
        parts += [(f"{diagnosis.OUTPUT} {name}", right.output(name), False) for name in subject.shown]
    for scope, part, open_anyway in parts:
        if open_anyway or part.unknowns >= max(FEWEST_UNKNOWNS, len(part.reals) + 1):
            messages.append((scope, part, {"right": True}))
    return messages


def _of_single_outputs(
    subject: Subject, right: Traces, wrong: Mapping[str, Traces], says: Mapping[str, str]
) -> list[Message]:
    """What recognises a mistake by one output among several, where it can be told from all others by it."""
    messages: list[Message] = []
    for output in subject.shown if len(subject.shown) > 1 else []:
        own = {name: traces.output(output) for name, traces in wrong.items() if not traces.raises_everywhere()}
        for name, part in own.items():
            others = [other for key, other in own.items() if says[key] != says[name]]
            if all(fingerprint.apart(part, other) for other in [right.output(output), *others]):
                messages.append((f"{diagnosis.OUTPUT} {output}", part, {"says": says[name]}))
    return messages


def _output_names(cell: Cell, call: Callable[..., Any], inputs: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Names of what the exercise returns: the keys of a dictionary, or the names in its last return statement."""
    value = None
    for case in inputs:
        with contextlib.suppress(Exception):  # some cases ask for an error
            value = call(*case)
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
