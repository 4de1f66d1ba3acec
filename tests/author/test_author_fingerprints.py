"""Fingerprints of the catalogue's mistakes: all named, nothing else accused, nothing given away."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from autograder.author import samples
from autograder.author.fingerprints import Unsteady, _Known, exercises, mistakes_json
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import SourceError, load_reference, parse
from sample import as_toml
from selfcheck.diagnosis import diagnose
from selfcheck.fingerprint import Trace, apart
from selfcheck.sealing import seal
from selfcheck.target import LocalProvider

COURSE = Repository.default()
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


@pytest.fixture
def written(tmp_path):
    """Write an assignment of one exercise; returns what mistakes_json makes of it."""

    def write(mistakes, cases=CASES, solution=PRODUCT, rights=None, exercise="product"):
        repository = Repository(tmp_path)
        repository.secret("a1").mkdir(parents=True, exist_ok=True)
        repository.right("a1").write_text(f"RIGHT = {{'product': {rights or {}!r}}}")
        repository.public("a1").mkdir(parents=True, exist_ok=True)
        repository.source("a1").write_text(OPENING + solution)
        repository.cases("a1").write_text(cases)
        listed = [{"says": f"{mistake['id']}?", **mistake} for mistake in mistakes]
        repository.mistakes("a1").write_text(as_toml({exercise: listed}))
        return json.loads(mistakes_json(repository, parse(repository.source("a1"))))

    write.root = tmp_path
    return write


def refused(written, *args, where="solutions/a1/mistakes.toml", **kwargs):
    with pytest.raises(SourceError) as caught:
        written(*args, **kwargs)
    (problem,) = caught.value.problems
    assert problem.where == where
    return problem.sentence


SQUARE = {"id": "squares", "old": "a @ b", "new": "(a @ b) ** 2"}


def test_a_mistake_that_gives_the_right_answer_is_refused(written):
    said = refused(written, [{"id": "copies", "old": "a @ b", "new": "(a @ b).copy()"}])
    assert (
        said == "product: copies: on the public cases it gives what the right answer gives: add a case that shows it."
    )


def test_a_mistake_that_never_ends_is_refused(written, monkeypatch):
    monkeypatch.setattr(samples, "LIMIT", 0.1)
    endless = {"id": "waits", "old": "c = a @ b", "new": "while True:\n        c = a @ b"}
    said = refused(written, [endless])
    assert re.match(r"product: waits: product had not ended after \d+ s and was stopped, in line \d; a call may", said)


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
    says = refused(written, [SQUARE], rights={"steady": steady, "counts": right}, where="solutions/a1/right.py")
    assert says.startswith("product: the right solution counts: rounding decides what it gives")


def test_a_right_solution_may_have_the_name_of_a_mistake(written):
    right = "def product(a, b):\n    return np.einsum('ij,jk', a, b)\n"
    assert written([SQUARE], rights={SQUARE["id"]: right})["exercises"]["product"]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("return 1.5 * a @ b", "on the public cases it does not give what the right answer gives: result of case 0 is"),
        ("return a @ c", "on the public cases it does not give what the right answer gives: on case 0 it raises NameE"),
        ("return (a @ b", "the code is not Python: '(' was never closed, line 2 of it."),
    ],
)
def test_a_right_solution_that_gives_something_else_is_refused_where_it_stands(written, code, what):
    rights = {"other": f"def product(a, b):\n    {code}\n"}
    says = refused(written, [SQUARE], rights=rights, where="solutions/a1/right.py")
    assert says.startswith(f"product: the right solution other: {what}")


def test_a_name_in_a_catalogue_that_is_no_exercise_is_refused(written):
    with pytest.raises(SourceError, match=r"^solutions/a1/mistakes.toml: 'products' is no exercise of a1: mend"):
        written([SQUARE], exercise="products")


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
        assert "gives no cases" in refused(written, [SQUARE], cases=cases, where="assignments/a1/cases.py")


def test_cases_on_which_the_solution_raises_are_refused_where_they_stand(written):
    says = refused(
        written,
        [SQUARE],
        cases=CASES.replace("size=(4, 5)", "size=(5, 4)").replace("size=(3, 3)), rng", "size=(3, 2)), rng"),
        where="assignments/a1/cases.py",
    )
    assert says.startswith("product: cases.CASES('product', rng): the solution raises ValueError on every case: mend")


def test_names_of_outputs_come_from_the_return_or_the_keys(written):
    several = PRODUCT.replace("    return c", "    if a is None:\n        return 0, 0\n    return c, a + 1, b")
    entry = written([SQUARE], solution=several)["exercises"]["product"]
    assert entry["outputs"] == ["c", "output 2", "b"]
    keyed = PRODUCT.replace("return c", 'return {"dc": c, "da": a}')
    assert written([SQUARE], solution=keyed)["exercises"]["product"]["outputs"] == ["dc", "da"]


def test_a_sentence_that_is_true_anywhere_is_said_of_one_output_among_wrong_ones(written, tmp_path):
    solution = PRODUCT.replace("return c", "return c, c.T + 1")
    wrong = [SQUARE, {"id": "doubles", "old": "a @ b", "new": "2.0 * (a @ b)"}]
    only_first = {"product": lambda a, b: ((a @ b) ** 2, a)}
    for flag in ({}, {"anywhere": True}):
        (tmp_path / "mistakes.json").write_text(
            json.dumps(written([mistake | flag for mistake in wrong], solution=solution))
        )
        cases = load_reference(Repository(tmp_path).cases("a1"))
        found = diagnose(tmp_path, "product", LocalProvider(only_first), cases)
        assert found.sentence == ""
        assert found.sentences == ((("c", "squares?"),) if flag else ())


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
