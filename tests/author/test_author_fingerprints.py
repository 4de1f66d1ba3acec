"""Fingerprints of the catalogue's mistakes: all named, nothing else accused, nothing given away."""

import copy
import json
import re
import warnings
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from autograder.author.fingerprints import Unsteady, _Known, exercises, mistakes_json
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import SourceError, load_reference, parse
from sample import as_toml
from selfcheck.diagnosis import diagnose
from selfcheck.fingerprint import Describer, Trace, apart
from selfcheck.sealing import seal
from selfcheck.target import LocalProvider
from selfcheck.traces import shown_by

COURSE = Repository.default()
SELECTED = 4  # every fourth mistake is changed in each way; that each is named as it is, the proof shows
OPENING = """# %%
import numpy as np

# %% [markdown] written="why" points=20 minutes=5
# Why?
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 20 points for because.
# ### END MARK SCHEME

# %% exercise="product" points=80 difficulty=1 minutes=5
"""
PRODUCT = '''def product(a, b):
    """A product."""
    ### BEGIN SOLUTION
    c = a @ b
    ### END SOLUTION
    return c
'''
CASES = """
def CASES(name, rng):
    return [(rng.normal(size=(3, 4)), rng.normal(size=(4, 5))), (rng.normal(size=(3, 3)), rng.normal(size=(3, 3)))]
"""


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
                assert accused == mistake["says"], (exercise, mistake["id"], name)
                assert not _alters(change, namespace, assignment, exercise, output), (exercise, mistake["id"], name)
    assert tried >= 100


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


@pytest.fixture
def written(tmp_path):
    """Write an assignment of one exercise; returns what mistakes_json makes of it."""

    def write(mistakes, cases=CASES, solution=PRODUCT, rights=None):
        repository = Repository(tmp_path)
        repository.secret("a1").mkdir(parents=True, exist_ok=True)
        repository.right("a1").write_text(f"RIGHT = {{'product': {rights or {}!r}}}")
        repository.public("a1").mkdir(parents=True, exist_ok=True)
        repository.source("a1").write_text(OPENING + solution)
        repository.cases("a1").write_text(cases)
        listed = [{"says": f"{mistake['id']}?", **mistake} for mistake in mistakes]
        repository.mistakes("a1").write_text(as_toml({"product": listed}))
        return json.loads(mistakes_json(repository, parse(repository.source("a1"))))

    write.root = tmp_path
    return write


def refused(written, *args, **kwargs):
    with pytest.raises(SourceError) as caught:
        written(*args, **kwargs)
    (problem,) = caught.value.problems
    assert problem.where == "solutions/a1/mistakes.toml"
    return problem.sentence


SQUARE = {"id": "squares", "old": "a @ b", "new": "(a @ b) ** 2"}


def test_a_mistake_that_gives_the_right_answer_is_refused(written):
    said = refused(written, [{"id": "copies", "old": "a @ b", "new": "(a @ b).copy()"}])
    assert (
        said == "product: copies: on the public cases it gives what the right answer gives: add a case that shows it."
    )


def test_two_mistakes_that_look_alike_must_say_the_same(written):
    twin = {"id": "multiplies", "old": "a @ b", "new": "(a @ b) * (a @ b)"}
    assert "squares and multiplies give the same on the public cases" in refused(written, [SQUARE, twin])
    assert written([SQUARE | {"says": "Too much."}, twin | {"says": "Too much."}])["exercises"]["product"]


def test_of_too_many_pairs_those_whose_mistakes_are_listed_first_are_sealed(written, monkeypatch):
    solution = PRODUCT.replace("c = a @ b", "c = a @ b\n    c = 1.0 * c\n    c = c + 0.0")
    mistakes = [
        {"id": "squares", "old": "a @ b", "new": "(a @ b) ** 2"},
        {"id": "doubles", "old": "1.0", "new": "2.0"},
        {"id": "adds", "old": "0.0", "new": "0.7"},
    ]
    assert written(mistakes, solution=solution)["exercises"]["product"]["of two mistakes"] == 3
    (made,) = exercises(Repository(written.root), parse(Repository(written.root).source("a1")))
    monkeypatch.setattr("autograder.author.fingerprints.MOST_PAIRS", 1)
    ((_, _, message),) = made.of_two_mistakes(made.sample(0), 0)
    assert (message.says, message.also) == ("squares?", "doubles?")


def test_a_mistake_that_is_listed_alone_is_sealed_with_no_other(written):
    solution = PRODUCT.replace("c = a @ b", "c = a @ b\n    c = 1.0 * c")
    doubles = {"id": "doubles", "old": "1.0", "new": "2.0"}
    squares = {"id": "squares", "old": "a @ b", "new": "(a @ b) ** 2"}
    assert written([squares, doubles], solution=solution)["exercises"]["product"]["of two mistakes"] == 1
    entry = written([squares, doubles | {"alone": True}], solution=solution)["exercises"]["product"]
    assert entry["of two mistakes"] == 0


def test_a_mistake_that_only_raises_is_refused(written):
    assert "it raises on every case" in refused(written, [{"id": "divides", "old": "a @ b", "new": "1 / 0"}])


def test_a_mistake_that_depends_on_chance_is_refused(written):
    chance = {"id": "draws", "old": "a @ b", "new": "a @ b + np.random.default_rng().normal()"}
    assert "its result differs from run to run" in refused(written, [chance])


@pytest.mark.parametrize(
    "tie",
    [
        "a @ b + 0.5 + np.argmax(np.exp(a[:, :1] + 0 * a), axis=1)[:, None]",  # the first of equal numbers
        "a @ b + 0.5 + np.argsort(np.exp(a[:, :1] + 0 * a), axis=1)[:, :1]",  # equal numbers, sorted
        "a @ b + 0.5 + (np.sum(np.tanh(a), axis=1) < np.sum(np.tanh(a[:, ::-1]), axis=1))[:, None]",  # equal sums
    ],
)
def test_a_mistake_in_which_rounding_decides_is_refused(written, tie):
    says = refused(written, [SQUARE, {"id": "ties", "old": "a @ b", "new": tie}])
    assert says.startswith("product: ties: rounding decides what it gives: result of case ")
    assert "list the mistake as exempt with this reason" in says
    assert written([SQUARE, {"id": "ties", "old": "a @ b", "new": tie, "exempt": "ties"}])["exercises"]


def test_a_right_solution_in_which_rounding_decides_is_refused(written):
    right = "def product(a, b):\n    c = a @ b\n    return c + (np.exp(0 * c + 0.3) != np.exp(0.3)) * 0.5\n"
    steady = "def product(a, b):\n    return np.einsum('ij,jk', a, b)\n"
    assert written([SQUARE], rights={"steady": steady})["exercises"]["product"]
    says = refused(written, [SQUARE], rights={"steady": steady, "counts": right})
    assert says.startswith("product: the right solution counts: rounding decides what it gives")


def test_a_right_solution_may_have_the_name_of_a_mistake(written):
    right = "def product(a, b):\n    return np.einsum('ij,jk', a, b)\n"
    assert written([SQUARE], rights={SQUARE["id"]: right})["exercises"]["product"]


def test_a_right_solution_that_gives_something_else_is_refused(written):
    says = refused(written, [SQUARE], rights={"scales": "def product(a, b):\n    return 1.5 * a @ b\n"})
    assert says == (
        "product: the right solution scales: on the public cases it does not give what the right answer gives: result "
        "of case 0 is another."
    )


def test_the_reference_is_refused_where_rounding_decides(written):
    solution = PRODUCT.replace(
        "a @ b", "a @ b + (np.sum(np.tanh(a), axis=1) > np.sum(np.tanh(a[:, ::-1]), axis=1))[:, None]"
    )
    mistake = {"id": "squares", "old": "a @ b +", "new": "(a @ b) ** 2 +"}
    with pytest.raises(SourceError) as caught:
        written([mistake], solution=solution)
    said = [problem.sentence for problem in caught.value.problems]
    assert any("the right answer: rounding decides what it gives" in sentence for sentence in said)
    assert not any("list the mistake as exempt" in sentence for sentence in said if "the right answer" in sentence)


def test_the_softmax_over_the_beam_is_refused_for_the_ties_that_its_sorts_meet():
    source = parse(COURSE.source("a6_captioning"))
    beam = next(one for one in exercises(COURSE, source) if one.cell.name == "decode_beam")
    listed = catalogue.mistakes(COURSE, "a6_captioning")["decode_beam"]
    tied = [mistake for mistake in listed if mistake["id"] == "softmax_over_the_slots"]
    with pytest.raises(Unsteady, match="softmax_over_the_slots: rounding decides what it gives: captions of case 0"):
        replace(beam, mistakes=tied, rights={}).checked(0)


def test_whole_numbers_and_halves_are_exact_on_every_machine(written):
    """A sort of equal whole numbers is the same everywhere, and is not refused."""
    solution = PRODUCT.replace("a @ b", "a @ b + np.argsort(np.round(a), axis=1, kind='stable')[:, :1]")
    mistake = {"id": "turns", "old": "kind='stable')[", "new": "kind='stable')[:, ::-1]["}
    assert written([mistake], solution=solution)["exercises"]["product"]


def test_a_file_that_recognises_all_stays_as_it_is(written, tmp_path):
    """Another processor seals other last bits: its file is as good as this one's."""
    content = written([SQUARE])
    entry = content["exercises"]["product"]
    sample = exercises(Repository(tmp_path), parse(Repository(tmp_path).source("a1")))[0].sample(entry["seed"], noise=1)
    exercise = exercises(Repository(tmp_path), parse(Repository(tmp_path).source("a1")))[0]
    sealed = [(scope, sample.part(scope, who), message) for scope, who, message in exercise.messages(sample)]
    elsewhere = {**entry, **seal(exercise.salt, [(s, nudged(t), m) for s, t, m in sealed])}
    assert elsewhere != entry
    committed = {**content, "exercises": {"product": elsewhere}}
    path = Repository(tmp_path).public("a1") / "mistakes.json"
    path.write_text(json.dumps(committed))
    assert written([SQUARE]) == committed
    for other in (
        [SQUARE | {"says": "Another sentence?"}],
        [SQUARE, {"id": "doubles", "old": "a @ b", "new": "2 * a @ b"}],
    ):
        path.write_text(json.dumps(committed))
        assert written(other) != committed
    for part in ("tags", "keys", "texts"):
        damaged = {**elsewhere, part: entry[part][:-5]}
        path.write_text(json.dumps({**content, "exercises": {"product": damaged}}))
        assert written([SQUARE]) == content, part


def nudged(trace):
    return Trace(trace.exact, tuple(x + 2e-5 for x in trace.reals), trace.unknowns)


def test_a_mistake_that_is_no_longer_listed_leaves_the_file(written, tmp_path):
    doubles = {"id": "doubles", "old": "a @ b", "new": "2 * a @ b"}
    path = Repository(tmp_path).public("a1") / "mistakes.json"
    both = written([SQUARE, doubles])
    path.write_text(json.dumps(both))
    alone = written([SQUARE])
    assert alone != both
    assert len(alone["exercises"]["product"]["texts"]) < len(both["exercises"]["product"]["texts"])


def test_all_known_traces_are_found_that_another_one_could_be_taken_for():
    rng, near = np.random.default_rng(3), 0
    known = [Trace("ab"[i % 2], tuple(rng.normal(0, 3e-3, 3))) for i in range(200)]
    index = _Known(known)
    for trace in [Trace("a", tuple(rng.normal(0, 3e-3, 3))) for _ in range(200)] + known:
        found = sorted(index.near(trace))
        assert found == [number for number, other in enumerate(known) if not apart(trace, other)]
        near += len(found)
    assert near > 400


def test_an_answer_that_can_be_guessed_is_refused_unless_exempt(written):
    solution = PRODUCT.replace("a @ b", "float((a @ b).sum())")
    mistake = {"id": "doubles", "old": "float(", "new": "2 * float("}
    assert "small enough to be guessed" in refused(written, [mistake], solution=solution)
    assert written([mistake | {"exempt": "a number"}], solution=solution)["exercises"] == {}


def test_an_exercise_without_cases_is_refused(written):
    for cases in ("", "def CASES(name, rng):\n    return {}[name]\n"):
        assert "gives no cases" in refused(written, [SQUARE], cases=cases)


def test_names_of_outputs_come_from_the_return_or_the_keys(written):
    several = PRODUCT.replace("    return c", "    if a is None:\n        return 0, 0\n    return c, a + 1, b")
    entry = written([SQUARE], solution=several)["exercises"]["product"]
    assert entry["outputs"] == ["c", "output 2", "b"]
    keyed = PRODUCT.replace("return c", 'return {"dc": c, "da": a}')
    assert written([SQUARE], solution=keyed)["exercises"]["product"]["outputs"] == ["dc", "da"]


def test_an_output_that_could_be_guessed_is_not_judged_by_itself(written, tmp_path):
    solution = PRODUCT.replace("return c", "return c, float(c.sum())")
    content = written([SQUARE], solution=solution)
    assert content["exercises"]["product"]["judged"] == [0, 1, "c"]
    (tmp_path / "mistakes.json").write_text(json.dumps(content))
    cases = load_reference(Repository(tmp_path).cases("a1"))
    found = diagnose(tmp_path, "product", LocalProvider({"product": lambda a, b: (a @ b, 7.0)}), cases)
    assert found is not None
    assert (found.right_outputs, found.wrong_outputs) == (("c",), ())


SHOWN = """
import numpy as np

SHOWN_BY = {"product": "rows"}


def rows(namespace, a, b):
    found = {"rows": np.array(list(namespace["product"](a, b)))}
    a[:] = 0
    return found


PROBES = {"rows": rows}
"""


def test_an_exercise_without_plain_results_is_shown_by_a_probe(written, tmp_path):
    solution = PRODUCT.replace("return c", "return iter(c)")
    content = written([SQUARE], cases=SHOWN + CASES, solution=solution)
    assert content["exercises"]["product"]["outputs"] == ["rows"]
    assert content["exercises"]["product"]["arguments"] == ["a", "b"]
    (tmp_path / "mistakes.json").write_text(json.dumps(content))
    cases = load_reference(Repository(tmp_path).cases("a1"))

    def found(function):
        return diagnose(tmp_path, "product", LocalProvider({"product": function}, cases), cases)

    assert found(lambda a, b: iter(a @ b)).right
    assert found(lambda a, b: iter((a @ b) ** 2)).sentence == "squares?"
    assert found(lambda a, b: a @ b).right
    assert not found(lambda a, b: 1 / 0).right
