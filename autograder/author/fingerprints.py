"""Makes assignments/aN/mistakes.json: sentences that open only for a program that makes the mistake they are about.

Every mistake of the catalogue runs on the public cases; what comes out is the key its sentence is sealed with
(`selfcheck.sealing`). Nothing in the file can be read as a list of hints, and nothing in it depends on the processor: a
mistake is refused where rounding decides what it gives.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import ModuleType
from typing import Any

import numpy as np

from autograder.author import rounding
from autograder.course import catalogue
from autograder.course.cell import Cell
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import Source, load_reference
from selfcheck import diagnosis, fingerprint, sealing
from selfcheck.fingerprint import Describer, Trace
from selfcheck.sealing import Message, Sealed
from selfcheck.target import LocalProvider
from selfcheck.traces import Subject, Traces, caller, raises, shown_by, trace

SEEDS = range(100)
MOST_UNSTEADY = 5  # seeds on which rounding or chance decides, before it is said: others would show the same
FROM_EDGE = 1e-5  # no real of the right answer or of a mistake lies nearer to an edge between bins
MOST_AMBIGUOUS = 10
FEWEST_UNKNOWNS = 8  # what holds fewer unknown numbers could be guessed, and is not sealed by itself

RIGHT, ALTERNATIVE = "the right answer", "the right solution "


def mistakes_json(repository: Repository, source: Source) -> bytes:
    """Return the bytes of assignments/aN/mistakes.json.

    What the committed file holds of an exercise stays, byte for byte, if it recognises all that this machine computes:
    the reals of a trace differ in their last digits from processor to processor. Raises SourceError, naming exercise
    and mistake, where a mistake cannot be told from the right answer or from a mistake with another sentence, where it
    raises on every case, where its result differs from run to run, or where rounding decides what it gives.
    """
    committed = _committed(repository, source)
    problems: list[Problem] = []
    entries = {}
    for exercise in exercises(repository, source):
        try:
            entries[exercise.cell.name] = exercise.entry(committed.get(exercise.cell.name))
        except Refused as refused:
            where = repository.mistakes(source.name).relative_to(repository.root).as_posix()
            problems += [Problem(where, f"{exercise.cell.name}: {sentence}") for sentence in refused.sentences]
    if problems:
        raise SourceError(problems)
    return (json.dumps({"salt": _salt(source).hex(), "exercises": entries}, indent=1) + "\n").encode()


def exercises(repository: Repository, source: Source) -> list[Exercise]:
    """Return the exercises of an assignment that have mistakes to be named."""
    path = repository.cases(source.name)
    if not path.is_file():  # the handout names it
        return []
    cases, reference = load_reference(path), source.load()
    run = [cell.reference for cell in source.cells if cell.kind in ("given", "exercise")]
    code = hashlib.sha256("\n".join(run).encode() + path.read_bytes()).digest()
    listed, rights = catalogue.mistakes(repository, source.name), {}
    if repository.right(source.name).is_file():
        rights = catalogue.right(repository, source.name)
    found = []
    for cell in source.exercises:
        named = [mistake for mistake in listed.get(cell.name, []) if not mistake.get("exempt")]
        if named:
            found.append(Exercise(cell, reference, cases, _salt(source), named, rights.get(cell.name, {}), code))
    return found


def _salt(source: Source) -> bytes:
    return hashlib.sha256(f"mistakes of {source.name}".encode()).digest()[:16]


def _committed(repository: Repository, source: Source) -> dict[str, Any]:
    """What the committed file holds, by exercise; empty if it is missing, damaged or sealed with another salt."""
    try:
        content = json.loads((repository.public(source.name) / diagnosis.FILE).read_bytes())
        return dict(content["exercises"]) if content["salt"] == _salt(source).hex() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


class Refused(Exception):
    """An exercise whose mistakes cannot be sealed; `sentences` say why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class Unsteady(Refused):
    """Refused since the last bits, or chance, change a trace."""


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
        return _part(self.by[who], scope)


def _part(traces: Traces, scope: str) -> Trace:
    what, _, name = scope.partition(" ")
    if what == diagnosis.WHOLE:
        return traces.whole
    return traces.case(int(name)) if what == diagnosis.CASE else traces.output(name)


@dataclass(frozen=True)
class Exercise:
    """An exercise with its mistakes and its other right solutions, to be run on the public cases."""

    cell: Cell
    reference: ModuleType
    cases: ModuleType
    salt: bytes
    mistakes: Sequence[dict[str, Any]]
    rights: Mapping[str, str]
    code: bytes

    @property
    def steady(self) -> str:
        """A digest of all that the traces come from: an entry that holds it was made when rounding changed nothing."""
        texts = [self.code.hex(), *map(repr, self.mistakes), repr(self.rights)]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]

    def entry(self, committed: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Return the exercise's part of the file: the committed one if it recognises all, else a new one.

        A new one is made on the first cases on which all can be told apart, clear of every edge and of every tie.
        """
        for mistake in self.mistakes:
            if not mistake.get("id") or not mistake.get("says"):
                raise Refused(f"a mistake lacks its id or what it says: {mistake!r}")
        if committed is not None and self._still_recognises(committed):
            return {**committed, "steady": self.steady}
        refused: list[Refused] = []
        for seed in SEEDS:
            try:
                sample = self.checked(seed)
            except Refused as reason:
                refused.append(reason)
                if sum(isinstance(one, Unsteady) for one in refused) == MOST_UNSTEADY:
                    break
                continue
            sealed = [(scope, sample.part(scope, who), message) for scope, who, message in self.messages(sample)]
            return {**self.header(sample, seed), **sealing.seal(self.salt, sealed)}
        raise refused[-1]

    def _still_recognises(self, committed: Mapping[str, Any]) -> bool:
        """Whether an entry recognises all that this machine computes on the entry's own cases."""
        seed = committed.get("seed")
        if type(seed) is not int:
            return False
        try:
            sample = self.checked(seed, steady=committed.get("steady") == self.steady)
        except Refused:
            return False
        same_head = {**committed, **self.header(sample, seed), "steady": committed.get("steady")} == committed
        return same_head and not any(self.unrecognised(committed, sample, sample))

    def sample(self, seed: int, noise: int | None = None) -> Sample:
        """Run the right answer and every mistake on the cases of a seed; noise: the draw of it, if any.

        Noise goes into the inputs and into each step of the computation (`rounding`).
        """
        inputs = self.inputs(seed, noise)
        describe = Describer(self.salt)
        right = self._caller(vars(self.reference))
        opaque = tuple(getattr(self.cases, "OPAQUE", {}).get(self.cell.name, ()))
        subject = Subject(self.cell.name, _output_names(self.cell, right, self.inputs(seed)), opaque)
        with self._computing(noise):
            by = {RIGHT: trace(subject, right, inputs, describe)}
            for mistake in self.mistakes:
                by[mistake["id"]] = trace(subject, self._caller(self._with_mistake(mistake)), inputs, describe)
        return Sample(subject, diagnosis.inputs_trace(inputs, describe), by)

    def alternatives(self, sample: Sample, seed: int, noise: int | None = None) -> dict[str, Traces]:
        """Run the other right solutions on the cases of a seed, with noise in them if asked."""
        inputs, describe = self.inputs(seed, noise), Describer(self.salt)
        with self._computing(noise):
            return {
                name: trace(sample.subject, self._caller(self._with(name, text)), inputs, describe)
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
            yield

    def checked(self, seed: int, steady: bool = False) -> Sample:
        """Return the sample of a seed; Refused where something cannot be told apart, or hangs on rounding or chance.

        steady: rounding and chance were found to change nothing before, with the same code.
        """
        sample = self.sample(seed)
        _tell_apart(sample, self.says)
        _stay_clear(sample)
        if steady:
            return sample
        known = {**sample.by, **_named(self.alternatives(sample, seed))}
        different = [name for name in known if name.startswith(ALTERNATIVE) and not _same(known[name], sample.right)]
        if different:
            raise Refused(*(_not_right(name, _moved(sample.right, known[name])) for name in different))
        for draw in range(rounding.DRAWS):
            noisy = {**self.sample(seed, noise=draw).by, **_named(self.alternatives(sample, seed, noise=draw))}
            moved = [name for name in known if not _same(known[name], noisy[name])]
            if moved:
                self._refuse({name: _moved(known[name], noisy[name]) for name in moved}, sample, self.sample(seed).by)
        return sample

    def _refuse(self, moved: Mapping[str, str], sample: Sample, again: Mapping[str, Traces]) -> None:
        """Say of these solutions, and of which part of each, that chance or rounding decides what they give.

        again: the traces of a second run of the sample.
        """
        by_chance = [name for name in moved if name in again and not _same(sample.by[name], again[name])]
        if by_chance:
            raise Unsteady(
                *(f"{name}: its result differs from run to run, so it cannot be recognised." for name in by_chance)
            )
        raise Unsteady(*(_rounding_decides(name, where, exempt=name in sample.wrong) for name, where in moved.items()))

    @property
    def says(self) -> dict[str, str]:
        """The sentence of each mistake, by its id."""
        return {mistake["id"]: mistake["says"] for mistake in self.mistakes}

    def header(self, sample: Sample, seed: int) -> dict[str, Any]:
        """Return what the file holds of the exercise besides what is sealed."""
        judged = [scope.partition(" ")[2] for scope in _of_the_right(sample) if scope.partition(" ")[2]]
        return {
            "seed": seed,
            "arguments": self._arguments(),
            "outputs": list(sample.subject.outputs),
            "judged": [int(name) if name.isdecimal() else name for name in judged],
            "steady": self.steady,
        }

    def messages(self, sample: Sample) -> list[tuple[str, str, Message]]:
        """Return what is sealed: (scope, whose trace, message)."""
        says = self.says
        found = [(diagnosis.INPUTS, RIGHT, Message())]
        found += [(scope, RIGHT, Message(right=True)) for scope in _of_the_right(sample)]
        found += [(diagnosis.WHOLE, name, Message(says=says[name])) for name in sample.wrong]
        return found + [(scope, name, Message(says=says[name])) for scope, name in _of_single_outputs(sample, says)]

    def unrecognised(self, entry: Mapping[str, Any], clean: Sample, seen: Sample) -> Iterator[str]:
        """Yield what an entry does not recognise: messages of `clean` that the traces of `seen` do not open.

        A record that none of them opens counts too: it belongs to a mistake that is no longer listed.
        """
        try:
            sealed = Sealed(self.salt, entry)
        except (ValueError, KeyError, TypeError) as error:
            yield f"{self.cell.name}: the entry is damaged: {error}"
            return
        opened = set()
        for scope, who, message in self.messages(clean):
            found = sealed.found(scope, seen.part(scope, who))
            if found is None or found[1] != message:
                yield f"{self.cell.name}, {who}: {scope}"
            else:
                opened.add(found[0])
        if sealed.names - opened:
            yield f"{self.cell.name}: {len(sealed.names - opened)} records of what is no longer listed"

    def inputs(self, seed: int, noise: int | None = None) -> list[tuple[Any, ...]]:
        """Return the public cases of a seed, with noise in them if asked; Refused if there are none."""
        called = f"cases.CASES({self.cell.name!r}, rng)"
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
        """The reference's functions, with this code in the place of the exercise's own."""
        namespace = dict(vars(self.reference))
        try:
            exec(compile(text, f"{self.cell.name}_{name}", "exec"), namespace)
        except SyntaxError as error:
            raise Refused(f"{name}: {error}") from error
        return namespace

    def _caller(self, namespace: Mapping[str, Any]) -> Callable[..., Any]:
        return caller(self.cell.name, LocalProvider(namespace, self.cases), self.cases)

    def _arguments(self) -> list[str]:
        """Names of what a case holds: the exercise's parameters, or those of the probe that shows it."""
        probe = shown_by(self.cases, self.cell.name)
        if probe is None:
            return list(inspect.signature(getattr(self.reference, self.cell.name)).parameters)
        return list(inspect.signature(self.cases.PROBES[probe]).parameters)[1:]


def _rounding_decides(name: str, where: str, exempt: bool) -> str:
    """The sentence about a solution that noise changes; exempt: whether it is a mistake, which may be exempt."""
    return (
        f"{name}: rounding decides what it gives: {where} changes with noise of the size of rounding (1e-12; float32 "
        "1e-6), so another processor may see another result. Choose cases clear of ties and thresholds"
        + (", or list the mistake as exempt with this reason." if exempt else ".")
    )


def _named(alternatives: Mapping[str, Traces]) -> dict[str, Traces]:
    return {f"{ALTERNATIVE}{name}": traces for name, traces in alternatives.items()}


def _same(a: Traces, b: Traces) -> bool:
    return fingerprint.same(a.whole, b.whole)


def _not_right(name: str, where: str) -> str:
    return f"{name}: on the public cases it does not give what the right answer gives: {where} is another."


def _moved(clean: Traces, noisy: Traces) -> str:
    """Which output of which case differs, in words."""
    for i, (before, after) in enumerate(zip(clean.cases, noisy.cases, strict=True)):
        for output in before:
            if output not in after or not fingerprint.same(before[output], after[output]):
                return f"{output} of case {i}"
    return "a case"


def _tell_apart(sample: Sample, says: Mapping[str, str]) -> None:
    """Raise Refused unless all that is said differently can be told apart."""
    right, wrong, sentences = sample.right, sample.wrong, []
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
        raise Refused(*sentences)


def _stay_clear(sample: Sample) -> None:
    """Raise Refused unless every real keeps its distance from the edges of the bins."""
    for name, traces in sample.by.items():
        whole = traces.whole
        if fingerprint.edge_distance(whole) < FROM_EDGE or fingerprint.ambiguous(whole) > MOST_AMBIGUOUS:
            raise Refused(f"{name}: on all seeds tried it lies on an edge between two bins: change the cases' sizes.")


def _of_the_right(sample: Sample) -> list[str]:
    """The scopes that recognise the right answer: the whole of it, its outputs if there are several, its cases."""
    subject, right = sample.subject, sample.right
    scopes = [(f"{diagnosis.CASE} {i}", raises(case)) for i, case in enumerate(right.cases)]
    if len(subject.shown) > 1:
        scopes += [(f"{diagnosis.OUTPUT} {name}", False) for name in subject.shown]
    found = [diagnosis.WHOLE]
    for scope, open_anyway in scopes:
        part = _part(right, scope)
        if open_anyway or part.unknowns >= max(FEWEST_UNKNOWNS, len(part.reals) + 1):
            found.append(scope)
    return found


def _of_single_outputs(sample: Sample, says: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(scope, mistake) where a mistake can be told from all others by one output among several."""
    shown = sample.subject.shown
    for output in shown if len(shown) > 1 else []:
        own = {name: traces.output(output) for name, traces in sample.wrong.items() if not traces.raises_everywhere()}
        for name, part in own.items():
            others = [other for key, other in own.items() if says[key] != says[name]]
            if all(fingerprint.apart(part, other) for other in [sample.right.output(output), *others]):
                yield f"{diagnosis.OUTPUT} {output}", name


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
