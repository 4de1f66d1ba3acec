"""A failed exercise is named by the catalogue's mistake whose outputs it has, shown by a probe where it must be."""

import json
from types import ModuleType

import numpy as np

from autograder.course.notebook import EXERCISE
from autograder.grading.assignment import Cell
from autograder.grading.kept import Shelf
from autograder.grading.mistakes import Catalogue
from selfcheck.target import LocalProvider

SOURCE = "def powers(x):\n    ### BEGIN SOLUTION\n    return (x**n for n in (1, 2))\n    ### END SOLUTION"
LISTED = {
    "powers": [
        {"id": "cubes", "old": "x**n", "new": "x**3", "says": "Cubes?"},
        {"id": "turns_around", "old": "x**n", "new": "x[::-1]**n", "says": "Order?"},
    ]
}


def _probe(namespace, x):
    return list(namespace["powers"](x))


def _cases():
    cases = ModuleType("cases")
    cases.SHOWN_BY, cases.PROBES = {"powers": "listed"}, {"listed": _probe}
    cases.CASES = lambda name, rng: [(rng.uniform(2, 3, (3, 4)),)]
    return cases


def _catalogue(cases, shelf=None):
    cell = Cell("powers-solution", "powers-solution", EXERCISE, SOURCE)
    return Catalogue((cell,), LISTED, cases, bytes(32), shelf)


def _cubes(cases):
    return LocalProvider({"powers": lambda x: iter([x**3] * 2)}, cases)


def test_a_generator_is_named_by_what_its_probe_lists():
    cases = _cases()
    catalogue = _catalogue(cases)

    def named(function):
        return catalogue.identify("powers", LocalProvider({"powers": function}, cases))

    assert not catalogue.rehearsed  # nobody has failed it yet
    assert named(lambda x: iter([x**3, x * x * x])) == "cubes"
    assert catalogue.rehearsed.keys() == {"powers"}
    assert named(lambda x: iter([x, x * x])) is None
    assert named(lambda x: iter([x[::-1], (x * x)[::-1]])) == "turns_around"
    assert named(np.linalg.inv) is None


def test_what_one_process_has_learnt_of_the_mistakes_another_need_not_run(monkeypatch):
    cases = _cases()
    first, second = _catalogue(cases), _catalogue(cases)
    assert first.learnt() == {}
    assert first.identify("powers", _cubes(cases)) == "cubes"
    told = json.dumps(first.learnt())

    second.learn(json.loads(told))
    monkeypatch.setattr(second, "wrong", None)
    assert second.identify("powers", _cubes(cases)) == "cubes"
    assert second.identify("powers", LocalProvider({"powers": lambda x: iter([x, x * x])}, cases)) is None


def test_a_mistake_runs_only_until_it_is_told_from_the_answer():
    cases = _cases()
    cases.CASES = lambda name, rng: [(rng.uniform(2, 3, (3, 4)),) for _ in range(5)]
    catalogue = _catalogue(cases)
    assert catalogue.identify("powers", LocalProvider({"powers": lambda x: iter([x, x * x + 1])}, cases)) is None
    known = catalogue.rehearsed["powers"].wrong
    assert {mistake: len(made) for mistake, made in known.items()} == {"cubes": 1, "turns_around": 1}
    assert catalogue.identify("powers", _cubes(cases)) == "cubes"
    assert {mistake: len(made) for mistake, made in known.items()} == {"cubes": 5, "turns_around": 1}


def test_a_mistake_that_shows_only_in_a_later_case_is_named():
    cases = _cases()
    cases.CASES = lambda name, rng: [(np.ones((3, 4)),), (rng.uniform(2, 3, (3, 4)),)]
    catalogue = _catalogue(cases)
    assert catalogue.identify("powers", _cubes(cases)) == "cubes"
    assert catalogue.identify("powers", LocalProvider({"powers": lambda x: iter([x, x * x])}, cases)) is None


def test_a_mistake_that_remembers_runs_on_all_cases_in_their_order():
    cases = _cases()
    cases.CASES = lambda name, rng: [(rng.uniform(2, 3, (3, 4)),) for _ in range(3)]
    cell = Cell("powers-solution", "powers-solution", EXERCISE, SOURCE)
    new = "x**n + (vars(powers).setdefault('seen', []).append(0) or len(powers.seen)) // 5"  # wrong in the third case
    listed = {"powers": [{"id": "remembers", "old": "x**n", "new": new, "says": "Shared?"}]}
    seen = []

    def remembering(x):
        return iter([x**n + (seen.append(0) or len(seen)) // 5 for n in (1, 2)])

    for catalogue in (Catalogue((cell,), listed, cases, bytes(32)) for _ in range(2)):
        seen.clear()
        assert catalogue.identify("powers", LocalProvider({"powers": remembering}, cases)) == "remembers"


def test_what_the_mistakes_made_is_kept_for_the_next_run(monkeypatch, tmp_path):
    cases, shelf = _cases(), Shelf.of_version(tmp_path / "rehearsed", "one")
    first = _catalogue(cases, shelf)
    assert first.identify("powers", _cubes(cases)) == "cubes"
    (kept,) = (tmp_path / "rehearsed").glob("*/powers.json")
    assert kept.stat().st_mode & 0o777 == 0o600

    second = _catalogue(cases, Shelf.of_version(tmp_path / "rehearsed", "one"))
    monkeypatch.setattr(second, "wrong", None)
    assert second.identify("powers", _cubes(cases)) == "cubes"
    assert second.rehearsed == first.rehearsed

    for damaged in ("{half of", "[1]", '{"attempt": 0}'):
        kept.write_text(damaged)
        assert _catalogue(cases, shelf).identify("powers", _cubes(cases)) == "cubes", "it is computed again"
        assert json.loads(kept.read_text())["attempt"] == first.rehearsed["powers"].attempt

    Shelf.of_version(tmp_path / "rehearsed", "another")
    assert not kept.exists(), "of another version nothing is kept"


def test_where_nothing_can_be_kept_the_mistakes_run_all_the_same(tmp_path):
    (tmp_path / "rehearsed").write_text("no folder")
    cases = _cases()
    assert (
        _catalogue(cases, Shelf.of_version(tmp_path / "rehearsed", "one")).identify("powers", _cubes(cases)) == "cubes"
    )
    assert (tmp_path / "rehearsed").read_text() == "no folder"
