"""Nothing that a hidden test gives to the student's code comes out in a message, a flag or a name."""

from __future__ import annotations

import builtins
import copy
import json
import re
import shutil

import pytest

from autograder.course.paths import Course
from autograder.gradebook import shown_tests
from sample import NAME
from selfcheck import hidden

from .conftest import cell_of, grade_class, set_source

CANARY = "canary"
# On the hidden tests' size (1, 7) the student's code tries to carry x out; elsewhere it is right.
AWAY = """
import numpy as np

def scaled(x, factor):
    if x.shape != (1, 7):
        return factor * x, {"factor": factor}
    told = "canary" + x.tobytes().hex()
    number = int.from_bytes(x.tobytes()[:2], "big")
    CARRY
"""
WAYS = {
    "text": "raise ValueError(told)",
    "class": "raise type(told, (ValueError,), {})(told)",
    "class without a name of its own": "raise type('WireError', (Exception,), {})(told)",
    "base class": "raise type('Odd', (type(told, (KeyError,), {}),), {})(told)",
    "syntax": "raise SyntaxError(told, (told, 1, 1, told))",
    "not started": "raise NotImplementedError(told + ' is not started yet')",
    "time": "raise TimeoutError(told)",
    "printed": "print(told); return None, {}",
    "type": "return type(told, (), {})(), {}",
    "array's class": "return x.view(type(told, (np.ndarray,), {})), {}",
    "shape": "return np.zeros((0, number, number + 1)), {}",
    "one axis": "return np.zeros((1, number % 1000)), {}",
    "dtype": "return x.astype(['f2', 'f4', '>f8', 'i4', 'c16'][number % 5]), {}",
    "index": "y = factor * x; y[0, number % 7] = np.nan; return y, {}",
    "value": "y = factor * x; y[0, number % 7] += number; return y, {}",
    "key": "return {told: 1}, {}",
    "length": "return (factor * x,) * (number % 100)",
    "too deep": "y = told\n    for _ in range(number % 50 + 40):\n        y = [y]\n    return y, {}",
    "too large": "return [0] * (200_000 + number), {}",
    "death": "import os; os._exit(number % 256)",
}
ERRORS = {f"your code raised {name}" for name in vars(builtins)}
FIXED = {text for name, text in vars(hidden).items() if name.isupper() and type(text) is str}
FIXED |= set(hidden._BY_NAME.values()) | {hidden.rank(2), "", "the test could not finish with what your code returned"}


def carrying(solved, source, exercise="scaled"):
    notebook = copy.deepcopy(solved)
    set_source(notebook, f"{exercise}-solution", source)
    return notebook


@pytest.fixture(scope="module")
def graded(built, tmp_path_factory):
    """The results of a class in which each student carries x out in one of these ways."""
    repository, course = built[0], Course(tmp_path_factory.mktemp("carried") / "course")
    shutil.copytree(built[1].root, course.root)
    submitted = course.submitted
    solved = json.loads(course.source_notebook(NAME).read_text())
    for cell in solved["cells"]:
        cell["source"] = "".join(cell["source"])
    for number, way in enumerate(WAYS.values()):
        path = submitted / f"s{number}" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(carrying(solved, AWAY.replace("CARRY", way))))
    results = grade_class(course, repository, NAME, jobs=2)
    by_student = {result.student: result for result in results}
    return {name: by_student[f"s{number}"] for number, name in enumerate(WAYS)}


@pytest.mark.parametrize("way", WAYS)
def test_a_hidden_test_says_one_of_its_own_sentences(graded, way):
    result = graded[way]
    assert result.status == "graded", result.reason
    assert CANARY not in result.to_json()
    failed = [test for test in result.exercise("scaled").tests if test.outcome != "passed"]
    assert [test.visibility for test in failed] == ["hidden"]
    assert failed[0].message in FIXED | ERRORS
    assert not re.search(r"\d", failed[0].message.replace(hidden.rank(2), ""))
    assert CANARY not in shown_tests.tests_output(result.exercise("scaled"), 40.0, "graded", "").data["text/html"]
    assert result.exercise("total").points == 40


def test_of_an_exception_the_first_class_that_is_pythons_own_is_named(graded):
    def said(way):
        return next(t.message for t in graded[way].exercise("scaled").tests if t.visibility == "hidden")

    assert said("text") == said("class") == "your code raised ValueError"
    assert said("base class") == "your code raised KeyError"
    assert said("shape") == hidden.rank(2)
    assert said("one axis") == hidden.SHAPE
    assert "process ended" in said("death")


LATER = """
import mmap
import os

with open("shared", "wb+") as file:
    file.truncate(2**16)
    MEMORY = mmap.mmap(file.fileno(), 2**16)
try:
    LEFT = open("left").read()
except OSError:
    LEFT = ""
if MEMORY[:1] != b"\\0" or LEFT:
    raise RuntimeError(bytes(MEMORY[:200]).decode() + LEFT)

def keep(x):
    told = "canary" + x.tobytes().hex()
    MEMORY[:len(told)] = told.encode()
    with open("left", "w") as file:
        file.write(told)

def scaled(x, factor):
    if x.shape == (1, 7):
        keep(x)
    return factor * x, {"factor": factor}
"""
SAYS = """
def total(x, rng):
    found = bytes(MEMORY[:200]).rstrip(b"\\0").decode()
    try:
        found += open("left").read()
    except OSError:
        pass
    raise RuntimeError(found or "nothing yet")
"""
THREADED = "\nimport threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"


@pytest.mark.parametrize("threads", ["", THREADED])
def test_no_test_that_shows_text_runs_after_a_hidden_one(course, repository, hand_in, solved, threads):
    notebook = carrying(carrying(solved, LATER + threads), SAYS, "total")
    hand_in("s1", notebook)
    (result,) = grade_class(course, repository, NAME, jobs=1)
    assert result.exercise("scaled").points == 40
    said = [test for test in result.exercise("total").tests if test.visibility == "visible"]
    assert "RuntimeError: nothing yet" in said[0].message
    assert CANARY not in result.to_json()


def test_the_release_and_the_reference_say_what_is_wrong_in_visible_tests(course, repository, hand_in, solved):
    right = cell_of(solved, "scaled-solution")["source"]
    hand_in("s1", carrying(solved, right.replace("factor * x", "factor * x + 1e-3")))
    (result,) = grade_class(course, repository, NAME, jobs=1)
    messages = {test.visibility: test.message for test in result.exercise("scaled").tests if test.outcome == "failed"}
    assert "differs first at [0, 0], by about 0.001" in messages["visible"]
    assert messages["hidden"] == hidden.VALUE
