"""What the sealed mistakes of the real assignments say: all are named, nothing else is accused, nothing given away."""

import copy
import json
import re
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import load_reference, parse
from selfcheck.diagnosis import diagnose
from selfcheck.fingerprint import Describer
from selfcheck.target import LocalProvider
from selfcheck.traces import shown_by

COURSE = Repository.default()
SELECTED = 4  # every fourth mistake is changed in each way; that each is named as it is, the proof shows


class Assignment:
    """An assignment of the course with its committed fingerprints, which `build --check` compares with this machine's.

    What is called on the public cases is called once: a second diagnosis of the same code replays the outcomes.
    """

    def __init__(self, name):
        self.source = parse(COURSE.source(name))
        self.reference = vars(self.source.load())
        self.cases = load_reference(COURSE.cases(name))
        self.folder = COURSE.public(name)
        self.text = (self.folder / "mistakes.json").read_text()
        self.exercises = json.loads(self.text)["exercises"]
        self.mistakes = catalogue.mistakes(COURSE, name)
        # (exercise, mistake, a namespace that makes it) of all mistakes that are not exempt
        self.catalogue = [
            (cell.name, mistake, self.namespace(cell.patched(mistake["old"], mistake["new"])))
            for cell in self.source.exercises
            for mistake in self.mistakes[cell.name]
            if not mistake.get("exempt")
        ]
        self._outcomes = {}

    def namespace(self, text):
        namespace = dict(self.reference)
        exec(text, namespace)
        return namespace

    def outcomes(self, exercise, namespace):
        """Return what a namespace's exercise does on its public cases: (value or exception, arguments after it)."""
        key = exercise, id(namespace)
        if key not in self._outcomes:
            shown, found = self._shown(exercise, namespace), []
            for case in self.cases.CASES(exercise, np.random.default_rng(self.exercises[exercise]["seed"])):
                arguments = copy.deepcopy(case)  # the cases may share a generator
                try:
                    with warnings.catch_warnings(action="ignore"):
                        value = shown(*arguments)
                except Exception as error:
                    value = error
                found.append((value, arguments))
            self._outcomes[key] = found
        return self._outcomes[key]

    def _shown(self, exercise, namespace):
        probe = shown_by(self.cases, exercise)
        return namespace[exercise] if probe is None else partial(self.cases.PROBES[probe], namespace)

    def changed(self, exercise, change, namespace=None):
        """The diagnosis of the right answer, or of a namespace's, with what is looked at changed."""
        namespace = namespace or self.reference
        replayed = iter(self.outcomes(exercise, namespace))

        def other(*args):
            value, after = next(replayed)
            for argument, changed in zip(args, after, strict=True):
                _set(argument, changed)
            if isinstance(value, Exception):
                raise value
            return _each(_copied(value), change)

        probe = shown_by(self.cases, exercise)
        if probe is None:
            provider = LocalProvider({**namespace, exercise: other}, self.cases)
        else:
            provider = LocalProvider(namespace, SimpleNamespace(PROBES={probe: lambda _, *args: other(*args)}))
        return diagnose(self.folder, exercise, provider, self.cases)


def _copied(value):
    """A copy of what a call has given; of a tensor, without its graph."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list | tuple):
        return type(value)(map(_copied, value))
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return copy.deepcopy(value)


def _set(argument, value):
    """Give an argument the content that it had after a call that changed it."""
    if isinstance(argument, np.ndarray):
        argument[...] = value
    elif isinstance(argument, torch.Tensor):
        with torch.no_grad():
            argument.copy_(value)
    elif isinstance(argument, np.random.Generator):
        argument.bit_generator.state = value.bit_generator.state
    elif isinstance(argument, torch.Generator):
        argument.set_state(value.get_state())
    elif isinstance(argument, dict | list):
        content = copy.deepcopy(value)
        argument.clear()
        argument.update(content) if isinstance(argument, dict) else argument.extend(content)
    elif isinstance(argument, tuple):
        for item, changed in zip(argument, value, strict=True):
            _set(item, changed)


def _each(value, change):
    if isinstance(value, tuple):
        return (_each(value[0], change), *value[1:])
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    if isinstance(value, list):
        arrays = any(isinstance(item, np.ndarray) for item in value)
        return [_each(item, change) for item in value] if arrays else change(value)
    return change(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


@pytest.fixture(scope="module", params=COURSE.names())
def assignment(request):
    return Assignment(request.param)


def test_outcomes_that_are_replayed_are_those_of_a_call(assignment):
    """The first mistake of each exercise is named by its function and by its replayed outcomes alike."""
    called = {}
    for exercise, mistake, namespace in assignment.catalogue:
        if exercise not in called:
            called[exercise] = diagnose(
                assignment.folder, exercise, LocalProvider(namespace, assignment.cases), assignment.cases
            )
            assert called[exercise].sentence == mistake["says"]
            assert assignment.changed(exercise, lambda value: value, namespace) == called[exercise]
    assert called.keys() == assignment.exercises.keys()


def _noise(size, rng):
    def change(value):
        if not isinstance(value, np.ndarray):
            return value
        return value + size * np.abs(value[np.isfinite(value)]).max(initial=0) * rng.standard_normal(value.shape)

    return change


def test_rounding_never_hides_that_an_answer_is_right_nor_which_mistake_it_is(assignment):
    rng = np.random.default_rng(1)
    changes = [_noise(1e-12, rng), _noise(1e-7, rng)]
    changes.append(lambda value: value.astype(np.float32) if isinstance(value, np.ndarray) else value)
    for change in changes:
        for exercise in assignment.exercises:
            assert assignment.changed(exercise, change).right
        for exercise, mistake, namespace in assignment.catalogue[::SELECTED]:
            assert assignment.changed(exercise, change, namespace).sentence == mistake["says"], mistake["id"]


def test_no_unknown_answer_is_accused_of_a_mistake_it_does_not_make(assignment):
    """Right answers and known mistakes with something done to them, and answers out of the air."""
    rng = np.random.default_rng(2)

    def swapped(value):
        if isinstance(value, list):
            return [*value[-1:], *value[1:-1], *value[:1]]
        flat = value.reshape(-1).copy()
        flat[[0, -1]] = flat[-1] + 1, flat[0] - 1
        return flat.reshape(value.shape)

    def of_the_air(value):
        return rng.standard_normal(value.shape) if isinstance(value, np.ndarray) else rng.integers(1, 6, 9).tolist()

    changes = {"3% off": lambda value: value * 1.03 if isinstance(value, np.ndarray) else [*value[::-1], 1]}
    changes |= {"two entries": swapped, "of the air": of_the_air}
    changes |= {"noise": _noise(0.05, rng), "no array": lambda value: None}
    tried = 0
    for name, change in changes.items():
        for exercise in assignment.exercises:
            found = assignment.changed(exercise, change)
            assert (found.sentence, found.sentences) == ("", ()), (exercise, name)
            assert found.right != _alters(change, None, assignment, exercise), name
            tried += 1
        for exercise, mistake, namespace in assignment.catalogue[::SELECTED]:
            found = assignment.changed(exercise, change, namespace)
            tried += 1
            for output, accused in [(None, found.sentence)] if found.sentence else found.sentences:
                written = mistake.get("of", {}).get(output, mistake["says"])
                assert accused == written, (exercise, mistake["id"], name)
                assert not _alters(change, namespace, assignment, exercise, output), (exercise, mistake["id"], name)
    assert tried >= 100


def test_a_check_that_sees_some_of_the_tokens_is_not_said_to_see_none():
    source, cases = parse(COURSE.source("a1_recurrence")), load_reference(COURSE.cases("a1_recurrence"))
    (cell,) = (cell for cell in source.exercises if cell.name == "one_hot")
    reference = vars(source.load())
    for seen in ("tokens[0]", "tokens[-1]", "tokens[:, 0]", "tokens[:, -1]"):
        namespace = dict(reference)
        exec(cell.patched("tokens.min() < 0 or tokens.max() >=", f"{seen}.min() < 0 or {seen}.max() >="), namespace)
        found = diagnose(COURSE.public("a1_recurrence"), "one_hot", LocalProvider(namespace, cases), cases)
        assert (found.right, found.sentence, found.also) == (False, "", ""), seen


def _alters(change, namespace, assignment, exercise, output=None):
    """Whether a change alters any output of the namespace's on the public cases, or the one of this name."""
    names = assignment.exercises[exercise]["outputs"]
    for value, _ in assignment.outcomes(exercise, namespace or assignment.reference):
        if isinstance(value, Exception):
            continue
        before, after = value, _each(value, change)
        if output is not None:
            if isinstance(value, dict):
                before, after = before.get(output), after.get(output)
            else:
                place = names.index(output)
                before, after = before[place], after[place]
        if not _unaltered(before, after):
            return True
    return False


def _unaltered(before, after):
    if before is after:
        return True
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        same_kind = (before.dtype, before.shape) == (after.dtype, after.shape)
        return same_kind and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    if isinstance(before, list | tuple) and type(before) is type(after) and len(before) == len(after):
        return all(map(_unaltered, before, after))
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        return all(_unaltered(before[key], after[key]) for key in before)
    return repr(before) == repr(after)


def test_fewer_numbers_are_sealed_than_an_array_has_unknowns(assignment):
    describe = Describer(bytes.fromhex(json.loads(assignment.text)["salt"]))
    for exercise in assignment.exercises:
        for value, _ in assignment.outcomes(exercise, assignment.reference):
            items = list(value.values()) if isinstance(value, dict) else value
            for array in [value, *items] if isinstance(items, list | tuple) else [value]:
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    assert 2 * len(describe(array, "p").reals) <= max(array.size, 2), exercise


def test_the_file_shows_no_sentence_no_id_and_no_number_of_an_answer(assignment):
    for mistakes in assignment.mistakes.values():
        for mistake in mistakes:
            assert mistake["id"] not in assignment.text
            assert mistake["says"][:20] not in assignment.text
    assert re.search(r"\d\.\d", assignment.text) is None
