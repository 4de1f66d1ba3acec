"""A failed exercise is named by the catalogue's mistake whose outputs it has, shown by a probe where it must be."""

import json
from types import ModuleType

import numpy as np

from autograder.course.notebook import EXERCISE
from autograder.grading.assignment import Cell
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


def _catalogue(cases):
    cell = Cell("powers-solution", "powers-solution", EXERCISE, SOURCE)
    return Catalogue((cell,), LISTED, cases, bytes(32))


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
    first.rehearse("powers")
    told = json.dumps(first.rehearsed_beyond(()))
    assert first.rehearsed_beyond({"powers"}) == {}

    second.learn(json.loads(told))
    monkeypatch.setattr(second, "_on_inputs", None)
    assert second.identify("powers", LocalProvider({"powers": lambda x: iter([x**3] * 2)}, cases)) == "cubes"
    assert second.identify("powers", LocalProvider({"powers": lambda x: iter([x, x * x])}, cases)) is None
