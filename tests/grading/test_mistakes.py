"""A failed exercise is named by the catalogue's mistake whose outputs it has, shown by a probe where it must be."""

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


def test_a_generator_is_named_by_what_its_probe_lists():
    cases = _cases()
    cell = Cell("powers-solution", "powers-solution", EXERCISE, SOURCE)
    catalogue = Catalogue((cell,), LISTED, cases, bytes(32))

    def named(function):
        return catalogue.identify("powers", LocalProvider({"powers": function}, cases))

    assert not catalogue.rehearsed  # nobody has failed it yet
    assert named(lambda x: iter([x**3, x * x * x])) == "cubes"
    assert catalogue.rehearsed.keys() == {"powers"}
    assert named(lambda x: iter([x, x * x])) is None
    assert named(lambda x: iter([x[::-1], (x * x)[::-1]])) == "turns_around"
    assert named(np.linalg.inv) is None
