"""A small assignment to simulate: four exercises, one that calls another, one that is tested with another."""

from __future__ import annotations

import pytest

from autograder.course import notebook
from autograder.course.paths import Course, Repository
from autograder.simulate import Simulation, every_kind
from autograder.simulate.subject import Subject, read_subject

SOURCES = {
    "double": "def double(x):\n    ### BEGIN SOLUTION\n    y = 2 * x\n    ### END SOLUTION\n    return y",
    "add": "def add(x, y):\n    ### BEGIN SOLUTION\n    z = x + y\n    ### END SOLUTION\n    return z",
    "quadruple": (
        "def quadruple(x):\n    ### BEGIN SOLUTION\n    y = double(double(x))\n    ### END SOLUTION\n    return y"
    ),
    "total": "def total(x):\n    ### BEGIN SOLUTION\n    y = np.sum(x)\n    ### END SOLUTION\n    return y",
}
STUB = "def {name}(*args):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
RIGHT = """
RIGHT = {
    "double": {"sum": "def double(x):\\n    return shared(x, x)\\n\\ndef shared(x, y):\\n    return x + y"},
    "add": {"other": "def add(x, y):\\n    return shared(x, y)\\n\\ndef shared(x, y):\\n    return y + x"},
}
"""
MISTAKES = """
double = [{ id = "triples", old = "2 * x", new = "3 * x", says = "" }]
add = [{ id = "subtracts", old = "x + y", new = "x - y", says = "" }]
quadruple = [{ id = "doubles", old = "double(double(x))", new = "double(x)", says = "" }]
"""
HIDDEN = """
from selfcheck import exercise

@exercise("double", points=1)
def test_double(double, reference): ...

@exercise("total", points=1)
def test_total_of_sums(total, add, reference): ...
"""


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Course]:
    """A repository and a course with the assignment a0."""
    root = tmp_path_factory.mktemp("rooms")
    repository, course = Repository(root / "repository"), Course(root / "course")
    for path, text in (
        (repository.right("a0"), RIGHT),
        (repository.mistakes("a0"), MISTAKES),
        (repository.hidden("a0"), HIDDEN),
        (repository.visible("a0"), ""),
        (repository.cases("a0"), ""),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path, of in (
        (course.source_notebook("a0"), SOURCES),
        (course.release_notebook("a0"), dict.fromkeys(SOURCES, STUB)),
    ):
        cells = [notebook.prose("# A small assignment", "title"), notebook.given("import numpy as np", "setup")]
        for points, (name, source) in enumerate(of.items(), start=2):
            text = source.replace("{name}", name)
            cells += [notebook.exercise(text, name), notebook.test(name, points)]
        cells += [notebook.written("YOUR ANSWER HERE", "why", 10), notebook.demo("print(double(2))", "demo")]
        notebook.write(path, notebook.new(cells, {"course": {"assignment": "a0", "release": "1" * 16}}))
    return repository, course


@pytest.fixture(scope="module")
def subject(rooms: tuple[Repository, Course]) -> Subject:
    return read_subject(*rooms, "a0")


@pytest.fixture(scope="module")
def everything(rooms: tuple[Repository, Course], tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return every_kind(*rooms, "a0", 3, tmp_path_factory.mktemp("everything"))
