"""Makes assignments/aN/mistakes.json: sentences that open only for a program that makes the mistake they are about.

Every mistake of the catalogue runs on the public cases; what comes out is the key its sentence is sealed with
(`selfcheck.sealing`). Nothing in the file can be read as a list of hints, and nothing in it depends on the processor: a
mistake is refused where rounding decides what it gives.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from autograder.author import rounding
from autograder.author.samples import (
    ALTERNATIVE,
    CASES,
    RIGHT,
    NeverEnds,
    Refused,
    Runs,
    Sample,
    Unsteady,
    part_of,
)
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import Source, load_cells
from selfcheck import diagnosis, fingerprint, sealing
from selfcheck.fingerprint import Trace
from selfcheck.sealing import Message, Sealed
from selfcheck.traces import RAISES, Traces, raises

SEEDS = range(100)
MOST_UNSTEADY = 5  # seeds on which rounding or chance decides, before it is said: others would show the same
FEWEST_UNKNOWNS = 8  # what holds fewer unknown numbers could be guessed, and is not sealed by itself
MOST_PAIRS = 1100  # of two mistakes in an exercise: a row costs 11 bytes of a file that every student gets


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
            problems += [
                Problem(
                    _file(repository, source.name, sentence).relative_to(repository.root).as_posix(),
                    f"{exercise.cell.name}: {sentence}",
                )
                for sentence in refused.sentences
            ]
    if problems:
        raise SourceError(problems)
    return (json.dumps({"salt": _salt(source).hex(), "exercises": entries}, indent=1) + "\n").encode()


def _file(repository: Repository, assignment: str, sentence: str) -> Path:
    """Return the file in which a sentence of `Refused` is to be mended, by what it speaks of."""
    if sentence.startswith(ALTERNATIVE):
        return repository.right(assignment)
    return repository.cases(assignment) if sentence.startswith(CASES) else repository.mistakes(assignment)


def exercises(repository: Repository, source: Source) -> list[Exercise]:
    """Return the exercises of an assignment that have mistakes to be named.

    Raises SourceError where a catalogue names an exercise that is not there.
    """
    path = repository.cases(source.name)
    if not path.is_file():  # the handout names it
        return []
    cases, reference = catalogue.cases(repository, source), load_cells(source)
    run = [cell.reference for cell in source.cells if cell.kind in ("given", "exercise")]
    code = hashlib.sha256("\n".join(run).encode() + path.read_bytes()).digest()
    listed, rights = catalogue.mistakes(repository, source.name), {}
    if repository.right(source.name).is_file():
        rights = catalogue.right(repository, source.name)
    problems = catalogue.unknown(source, repository.mistakes(source.name), listed)
    problems += catalogue.unknown(source, repository.right(source.name), rights)
    if problems:
        raise SourceError(problems)
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


@dataclass(frozen=True)
class Exercise(Runs):
    """An exercise whose mistakes are sealed. code: a digest of what is run with them."""

    code: bytes

    def steady(self, sealed: Mapping[str, Any]) -> str:
        """Return a digest of all that the traces come from and of the sealed texts.

        An entry that holds it was made when rounding changed nothing, and its texts were sealed from these mistakes.
        """
        texts = [self.code.hex(), *map(repr, self.mistakes), repr(self.rights), str(sealed.get("texts"))]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]

    def entry(self, committed: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Return the exercise's part of the file: the committed one if it recognises all, else a new one.

        A new one is made on the first cases on which all can be told apart, clear of every edge and of every tie.
        """
        for mistake in self.mistakes:
            if not mistake.get("id") or not mistake.get("says"):
                raise Refused(f"a mistake lacks its id or what it says: {mistake!r}")
        if committed is not None and self._still_recognises(committed):
            return {**committed, "steady": self.steady(committed)}
        refused: list[Refused] = []
        for seed in SEEDS:
            try:
                sample = self.checked(seed)
            except NeverEnds:
                raise
            except Refused as reason:
                refused.append(reason)
                if sum(isinstance(one, Unsteady) for one in refused) == MOST_UNSTEADY:
                    break
                continue
            return self.sealed(sample, seed, self.of_two_mistakes(sample, seed))
        raise refused[-1]

    def sealed(self, sample: Sample, seed: int, of_two: Sequence[tuple[str, Trace, Message]]) -> dict[str, Any]:
        """Return the exercise's part of the file: what `messages` and `of_two_mistakes` say of a sample, sealed."""
        single = [(scope, sample.part(scope, who), message) for scope, who, message in self.messages(sample)]
        sealed = sealing.seal(self.salt, [*single, *of_two])
        rows = Sealed(self.salt, sealed).rows - Sealed(self.salt, sealing.seal(self.salt, single)).rows
        return {**self.header(sample, seed), "of two mistakes": rows, **sealed, "steady": self.steady(sealed)}

    def _still_recognises(self, committed: Mapping[str, Any]) -> bool:
        """Return whether an entry recognises all that this machine computes on the entry's own cases."""
        seed, steady = committed.get("seed"), committed.get("steady") == self.steady(committed)
        if type(seed) is not int:
            return False
        try:
            sample = self.checked(seed, steady)
        except Refused:
            return False
        same_head = {**committed, **self.header(sample, seed)} == committed
        if not same_head or any(self.unrecognised(committed, sample)):
            return False
        if steady:
            return True
        of_two, sealed = self.of_two_mistakes(sample, seed), Sealed(self.salt, committed)
        rows = {sealed.row_of(*one) for one in of_two}
        same_texts = committed["texts"] == self.sealed(sample, seed, of_two)["texts"]
        return same_texts and None not in rows and len(rows) == committed["of two mistakes"]

    def checked(self, seed: int, steady: bool = False) -> Sample:
        """Return the sample of a seed; Refused where something cannot be told apart, or hangs on rounding or chance.

        steady: rounding and chance were found to change nothing before, with the same code.
        """
        sample = self.sample(seed)
        _tell_apart(sample, self.says)
        if steady:
            return sample
        known = {**sample.by, **_named(self.alternatives(sample, seed))}
        different = [name for name in known if name.startswith(ALTERNATIVE) and not _same(known[name], sample.right)]
        if different:
            raise Refused(*(_not_right(name, sample.right, known[name]) for name in different))
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
            "arguments": self.arguments(),
            "outputs": list(sample.subject.outputs),
            "judged": [int(name) if name.isdecimal() else name for name in judged],
        }

    def messages(self, sample: Sample) -> list[tuple[str, str, Message]]:
        """Return what is sealed: (scope, whose trace, message)."""
        says = self.says
        found = [(diagnosis.INPUTS, RIGHT, Message())]
        found += [(scope, RIGHT, Message(right=True)) for scope in _of_the_right(sample)]
        found += [(diagnosis.WHOLE, name, Message(says=says[name])) for name in sample.wrong]
        return found + list(_of_single_outputs(sample, self.mistakes))

    def of_two_mistakes(self, sample: Sample, seed: int) -> list[tuple[str, Trace, Message]]:
        """Return what is sealed of two mistakes that are made at once: (scope, trace, message).

        Those that can be taken for something else, or that rounding changes, are left out. Of more than MOST_PAIRS only
        those are kept whose mistakes are listed first.
        """
        among = self.mistakes_said_together()
        clean, noisy = (self.pairs(sample, seed, among, noise) for noise in (None, 0))
        single = _Known(traces.whole for traces in sample.by.values())
        says, found = self.says, []
        for (one, other), traces in clean.items():
            whole = traces.whole
            steady = _same(traces, noisy[one, other]) and not traces.raises_everywhere()
            if steady and says[one] != says[other] and not single.near(whole):
                found.append((diagnosis.WHOLE, whole, Message(says=says[one], also=says[other])))
        both = _Known(whole for _, whole, _ in found)
        kept = [one for one in found if all(found[other][2] == one[2] for other in both.near(one[1]))]
        place = {mistake["says"]: number for number, mistake in enumerate(self.mistakes)}
        return sorted(kept, key=lambda one: place[one[2].says] + place[one[2].also])[:MOST_PAIRS]

    def mistakes_said_together(self) -> list[Mapping[str, Any]]:
        """Return the mistakes whose sentences stay true when another one is made at the same time.

        Without those that are listed as `alone`.
        """
        together = [mistake for mistake in self.mistakes if not mistake.get("alone")]
        return [mistake for mistake in together if not _speaks_of_all(mistake["says"])]

    def unrecognised(self, entry: Mapping[str, Any], sample: Sample) -> Iterator[str]:
        """Yield what an entry does not recognise: messages whose row the sample's traces do not find.

        A row that none of them finds counts too: it belongs to a mistake that is no longer listed. Rows of two mistakes
        at once are not looked at.
        """
        try:
            sealed = Sealed(self.salt, entry)
        except (ValueError, KeyError, TypeError) as error:
            yield f"{self.cell.name}: the entry is damaged: {error}"
            return
        known = set()
        for scope, who, message in self.messages(sample):
            row = sealed.row_of(scope, sample.part(scope, who), message)
            if row is None:
                yield f"{self.cell.name}, {who}: {scope}"
            known.add(row)
        others = sealed.rows - len(known) - entry.get("of two mistakes", 0)
        if others:
            yield f"{self.cell.name}: {others} rows of what is no longer listed"


class _Known:
    """Traces, of which those are found that another one could be taken for."""

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._by_place = defaultdict(list)
        for number, trace in enumerate(traces):
            self._by_place[trace.exact, self._place(trace)].append((number, trace))

    def near(self, trace: Trace) -> list[int]:
        """Return the numbers of the traces that are not apart from this one."""
        place = self._place(trace)
        beside = [
            one for there in (place - 1, place, place + 1) for one in self._by_place.get((trace.exact, there), [])
        ]
        return [number for number, known in beside if not fingerprint.apart(trace, known)]

    @staticmethod
    def _place(trace: Trace) -> int:
        return math.floor(trace.combined[0] / fingerprint.APART)


def _rounding_decides(name: str, where: str, exempt: bool) -> str:
    """Return the sentence about a solution that noise changes; exempt: whether it is a mistake, which may be exempt."""
    return (
        f"{name}: rounding decides what it gives: {where} changes with noise of the size of rounding (1e-12; float32 "
        "1e-6), so another processor may see another result. Choose cases clear of ties and thresholds"
        + (", or list the mistake as exempt with this reason." if exempt else ".")
    )


def _named(alternatives: Mapping[str, Traces]) -> dict[str, Traces]:
    return {f"{ALTERNATIVE}{name}": traces for name, traces in alternatives.items()}


def _same(a: Traces, b: Traces) -> bool:
    return fingerprint.same(a.whole, b.whole)


def _not_right(name: str, right: Traces, traces: Traces) -> str:
    """Return the sentence about a right solution that gives something else, or raises where the reference does not."""
    what = f"{_moved(right, traces)} is another"
    for i, (case, good) in enumerate(zip(traces.cases, right.cases, strict=True)):
        if raises(case) and not raises(good):
            what = f"on case {i} it {_error(case)}"
            break
    return (
        f"{name}: on the public cases it does not give what the right answer gives: {what}. Either it is wrong, or the "
        "solution in chapter.py is."
    )


def _error(case: Mapping[str, Trace]) -> str:
    """Return "raises ValueError" of a case that ended so."""
    return next(trace.exact for trace in case.values() if trace.exact.startswith(RAISES))


def _moved(clean: Traces, noisy: Traces) -> str:
    """Return which output of which case differs, in words."""
    for i, (before, after) in enumerate(zip(clean.cases, noisy.cases, strict=True)):
        for output in before:
            if output not in after or not fingerprint.same(before[output], after[output]):
                return f"{output} of case {i}"
    return "a case"


def _tell_apart(sample: Sample, says: Mapping[str, str]) -> None:
    """Raise Refused unless all that is said differently can be told apart."""
    right, wrong, sentences = sample.right, sample.wrong, []
    if right.raises_everywhere():
        called = f"{CASES}({sample.subject.name!r}, rng)"
        raise Refused(
            f"{called}: the solution {_error(right.cases[0])} on every case: mend the cases, or the solution."
        )
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


def _of_the_right(sample: Sample) -> list[str]:
    """The scopes that recognise the right answer: the whole of it, its outputs if there are several, its cases."""
    subject, right = sample.subject, sample.right
    scopes = [(f"{diagnosis.CASE} {i}", raises(case)) for i, case in enumerate(right.cases)]
    if len(subject.shown) > 1:
        scopes += [(f"{diagnosis.OUTPUT} {name}", False) for name in subject.shown]
    found = [diagnosis.WHOLE]
    for scope, open_anyway in scopes:
        part = part_of(right, scope)
        if open_anyway or part.unknowns >= max(FEWEST_UNKNOWNS, len(part.reals) + 1):
            found.append(scope)
    return found


def _of_single_outputs(sample: Sample, mistakes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Message]]:
    """(scope, mistake, message) where one output among several shows a mistake, whatever the other outputs are.

    The message is what `of` says of the output, or else the mistake's sentence, if it is listed as true `anywhere` or
    changes this output alone and calls nothing right.
    """
    shown, right = sample.subject.shown, sample.right
    says = {mistake["id"]: mistake["says"] for mistake in mistakes}
    for output in shown if len(shown) > 1 else []:
        own = {name: traces.output(output) for name, traces in sample.wrong.items() if not traces.raises_everywhere()}
        for mistake in mistakes:
            name = mistake["id"]
            if name not in own:
                continue
            changed = [one for one in shown if not fingerprint.same(right.output(one), sample.by[name].output(one))]
            alone = changed == [output] and not _speaks_of_all(says[name])
            sentence = (mistake.get("of") or {}).get(output, says[name] if alone or mistake.get("anywhere") else "")
            others = [other for key, other in own.items() if says[key] != says[name]]
            if sentence and all(fingerprint.apart(own[name], other) for other in [right.output(output), *others]):
                yield f"{diagnosis.OUTPUT} {output}", name, Message(says=sentence)


def _speaks_of_all(sentence: str) -> bool:
    """Return whether a sentence calls something right: it is true of the whole result only."""
    return re.search(r"\bright\b|\ball else\b", sentence, re.IGNORECASE) is not None
