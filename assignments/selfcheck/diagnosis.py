"""Names the mistake behind an exercise's outputs, where the build has sealed a sentence under such outputs."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from selfcheck.fingerprint import Describer, Trace, joined
from selfcheck.folder import cases_beside
from selfcheck.record import Record
from selfcheck.restore import undisturbed
from selfcheck.sealing import Message, Sealed
from selfcheck.target import NOT_STARTED, LocalProvider, Provider, StudentError
from selfcheck.traces import Subject, Traces, caller, trace

FILE = "mistakes.json"
INPUTS, WHOLE, OUTPUT, CASE = "inputs", "whole", "output", "case"  # what a sealed message may be about
PASSED_BUT_DIFFERS = (
    "It passes the visible tests, but does not give the expected result on the public inputs: hidden tests may see it."
)
TWO_MISTAKES = "Two mistakes together give exactly this result. Here is each as it would show by itself:"
UNKNOWN = "This is none of the known mistakes: the tests' messages say what is wrong."


@dataclass(frozen=True)
class Diagnosis:
    """Says what the fingerprints show about an exercise.

    sentence: of the mistake that makes exactly these outputs; "" if there is none. also: of the second mistake, where
    two make them together. right: whether everything is right.
    right_outputs, wrong_outputs: names of outputs, where there are several and each can be judged by itself.
    sentences: by output, of a mistake that makes exactly this output, where none makes all of them.
    differs_on: descriptions of the inputs on which an output is wrong; of those that cannot be judged by
    themselves, if no other input shows it.
    """

    sentence: str
    right: bool
    right_outputs: tuple[str, ...] = ()
    wrong_outputs: tuple[str, ...] = ()
    sentences: tuple[tuple[str, str], ...] = ()
    differs_on: tuple[str, ...] = ()
    also: str = ""


def explain(tests: Path, exercise: str, provider: LocalProvider, records: Sequence[Record]) -> list[str]:
    """Return what to say about an exercise above its visible tests: its mistake, if it is a known one. See `diagnose`.

    tests: the file of the visible tests. records: the outcomes of the exercise's tests.
    """
    if any(record.message == f"{exercise} {NOT_STARTED}" for record in records):
        return []
    with undisturbed():
        cases = cases_beside(tests)
        diagnosis = diagnose(tests.parent, exercise, provider, cases)
        wrong_below, no_function = "", ""
        if diagnosis is not None and not diagnosis.right and not diagnosis.sentence:
            for name in provider.uses(exercise, exercises(tests.parent)):
                if not callable(provider.namespace[name]):
                    no_function = name
                    continue
                below = diagnose(tests.parent, name, provider, cases)
                if below is not None and not below.right:
                    wrong_below = name
    return sentences(diagnosis, records, wrong_below, no_function)


def differing(tests: Path, names: Sequence[str], provider: Provider) -> list[str]:
    """Return which of these exercises do not give the expected result on the public inputs."""
    with undisturbed():
        cases = cases_beside(tests)
        found = {name: diagnose(tests.parent, name, provider, cases) for name in names}
    return [name for name, diagnosis in found.items() if diagnosis is not None and not diagnosis.right]


def diagnose(folder: Path, exercise: str, provider: Provider, cases: ModuleType) -> Diagnosis | None:
    """Run an exercise on its public cases and look its fingerprint up in the folder's mistakes.json.

    None if nothing can be said: no fingerprints, another stream of random inputs than the build had, an exercise that
    is not started, a call that does not end in its time.
    """
    found = _entry(folder / FILE, exercise)
    if found is None or not hasattr(cases, "CASES"):
        return None
    entry, sealed, describe = found
    inputs = cases.CASES(exercise, np.random.default_rng(entry["seed"]))
    if sealed.opened(INPUTS, inputs_trace(inputs, describe)) is None:
        return None
    subject = Subject(exercise, tuple(entry["outputs"]), tuple(getattr(cases, "OPAQUE", {}).get(exercise, ())))
    try:
        traces = trace(subject, caller(exercise, provider, cases), inputs, describe)
    except StudentError:
        return None
    return looked_up(traces, subject, entry, sealed, [described(case, entry["arguments"]) for case in inputs])


def sentences(
    diagnosis: Diagnosis | None, records: Sequence[Record], wrong_below: str = "", no_function: str = ""
) -> list[str]:
    """Return what to say about an exercise above its visible tests, whose records are given.

    wrong_below: an exercise that this one uses and that is not right itself. no_function: one
    whose name was given to a value.
    """
    if diagnosis is None or diagnosis.right:
        return []
    named = [diagnosis.sentence] if diagnosis.sentence else []
    if diagnosis.also:
        named = [TWO_MISTAKES, diagnosis.sentence, diagnosis.also]
    if not named:
        of_outputs: dict[str, list[str]] = {}
        for output, sentence in diagnosis.sentences:
            of_outputs.setdefault(sentence, []).append(output)
        named = [f"{', '.join(outputs)}: {sentence}" for sentence, outputs in of_outputs.items()]
    if diagnosis.right_outputs and diagnosis.wrong_outputs:
        named.append(f"{_listed(diagnosis.right_outputs)} right, {_listed(diagnosis.wrong_outputs)} wrong.")
    if no_function:
        named.append(
            f"It uses {no_function}, which is no function any more: use another name where you give it a value."
        )
    elif wrong_below:
        named.append(f"It uses {wrong_below}, which is not right yet: correct {wrong_below} first.")
    if all(record.outcome == "passed" for record in records):
        inputs = "; or with ".join(dict.fromkeys(diagnosis.differs_on))
        shows = f" The difference shows with {inputs}." if inputs else ""
        return [f"{PASSED_BUT_DIFFERS}{shows}", *named]
    if not named and any(record.outcome == "failed" for record in records):
        return [UNKNOWN]
    return named


def described(case: Sequence[Any], names: Sequence[str]) -> str:
    """Describe the arguments of a case: shapes of arrays, values of small arguments."""
    return ", ".join(f"{name} {_in_words(value)}".strip() for name, value in zip(names, case, strict=False))


def _in_words(value: Any) -> str:
    if type(value) is np.ndarray:
        if value.dtype.kind in "iub" and value.size <= 8:
            return f"= {value.tolist()}"
        holds = " with NaN in it" if value.dtype.kind == "f" and np.isnan(value).any() else ""
        return f"of shape {value.shape}{holds}"
    if value is None or type(value) in (bool, int, float, str):
        return f"= {value!r}"
    if type(value) in (list, tuple):
        return f"of length {len(value)}"
    shape = getattr(value, "shape", None)
    return f"of shape {tuple(shape)}" if shape is not None else ""


def inputs_trace(inputs: Sequence[tuple[Any, ...]], describe: Describer) -> Trace:
    """Return the trace of an exercise's public cases themselves."""
    return joined({str(i): describe(tuple(case), f"input {i}") for i, case in enumerate(inputs)})


def looked_up(
    traces: Traces, subject: Subject, entry: Mapping[str, Any], sealed: Sealed, labels: Sequence[str]
) -> Diagnosis:
    """Return what an exercise's entry of mistakes.json shows about these traces; labels describe the cases."""

    def found(scope: str, what: Trace) -> Message:
        return sealed.opened(scope, what) or Message()

    whole = found(WHOLE, traces.whole)
    if whole.right:
        return Diagnosis("", right=True)
    outputs = {name: found(f"{OUTPUT} {name}", traces.output(name)) for name in subject.shown}
    judged = set(entry["judged"])
    cases = [i for i in range(len(labels)) if i in judged]
    different = [labels[i] for i in cases if not found(f"{CASE} {i}", traces.case(i)).right]
    return Diagnosis(
        whole.says,
        right=False,
        right_outputs=tuple(name for name in subject.shown if outputs[name].right),
        wrong_outputs=tuple(name for name in subject.shown if name in judged and not outputs[name].right),
        sentences=tuple(() if whole.says else ((name, known.says) for name, known in outputs.items() if known.says)),
        differs_on=tuple(different or (label for i, label in enumerate(labels) if i not in judged)),
        also=whole.also,
    )


def exercises(folder: Path) -> list[str]:
    """Return the exercises that have fingerprints."""
    try:
        return list(json.loads((folder / FILE).read_text("utf-8"))["exercises"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _entry(path: Path, exercise: str) -> tuple[dict[str, Any], Sealed, Describer] | None:
    """Return an exercise's part of mistakes.json, what is sealed in it, and what describes values with its salt."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _read_entry(path, exercise, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=64)
def _read_entry(path: Path, exercise: str, changed: int, size: int) -> tuple[dict[str, Any], Sealed, Describer] | None:
    """Read it, once for as long as the file stays the same: of that time of change and size."""
    try:
        content = json.loads(path.read_text("utf-8"))
        entry, salt = content["exercises"][exercise], bytes.fromhex(content["salt"])
        return entry, Sealed(salt, entry), Describer(salt)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _listed(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"
