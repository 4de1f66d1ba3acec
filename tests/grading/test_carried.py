"""One mistake costs once: what calls a wrong step is judged beside that step, and no trick gains by it."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.author.build import build
from autograder.course.paths import Course
from autograder.grading import grader
from autograder.grading.carried import MOST, MOST_CALLS, MOST_PARTS, Call, OwnSteps, carry_over
from autograder.grading.grader import GraderFault, NoAnswer
from autograder.grading.result import TestResult
from sample import NAME, write_parts, write_sample
from selfcheck.target import LocalProvider, StudentTimeout

from .conftest import grade_class, read, set_source

CHAPTER = '''# %% [markdown]
# # A recurrence

# %%
import numpy as np

from selfcheck import check, progress

# %% exercise="step" points=40 difficulty=1 minutes=5
def step(h, x, w):
    """tanh(w h + x). h, x: (N,). w: (N,)."""
    ### BEGIN SOLUTION
    new = np.tanh(w * h + x)
    ### END SOLUTION
    return new


# %% exercise="whole" points=40 difficulty=1 minutes=5
def whole(x, w):
    """The states (N, T) from zeros. x: (N, T). w: (N,)."""
    ### BEGIN SOLUTION
    h, states = np.zeros(len(x)), np.empty(x.shape)
    for t in range(x.shape[1]):
        h = np.tanh(w * h + x[:, t])
        states[:, t] = h
    ### END SOLUTION
    return states


# %% [markdown] written="why" points=20 minutes=5
# Why?
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 20 points for because.
# ### END MARK SCHEME
'''

CASES = """
def step(rng, N=9):
    return rng.standard_normal(N), rng.standard_normal(N), rng.standard_normal(N) + 2

def whole(rng, N=3, T=5):
    return rng.standard_normal((N, T)), rng.standard_normal(N) + 2

def CASES(name, rng):
    return [globals()[name](rng), globals()[name](rng, N=11)]
"""

VISIBLE = """
from selfcheck import exercise, expect

@exercise("step")
def test_a_step_is_an_array(step, cases, rng):
    expect.array(step(*cases.step(rng)), shape=(9,), name="h")

@exercise("step", points=1)
def test_a_step_is_bounded(step, cases, rng):
    h, x, w = cases.step(rng)
    expect.that(abs(step(h, 1e3 + 0 * x, w)[0] - 1) < 1e-9, "h is not one for a large input")

@exercise("whole")
def test_the_states_are_an_array(whole, cases, rng):
    expect.array(whole(*cases.whole(rng)), shape=(3, 5), name="states")

@exercise("whole", points=1)
def test_without_an_input_nothing_happens(whole, cases, rng):
    x, w = cases.whole(rng)
    expect.close(whole(0 * x, w), 0 * x, name="states")
"""

HIDDEN = """
from selfcheck import exercise, expect

@exercise("step", points=3)
def test_a_step_agrees(step, reference, cases, rng):
    args = cases.step(rng, N=7)
    expect.close(step(*args), reference.step(*args), name="h")

@exercise("whole", points=2)
def test_the_states_agree(whole, reference, cases, rng):
    args = cases.whole(rng, N=2, T=9)
    expect.close(whole(*args), reference.whole(*args), name="states")

@exercise("whole", points=2)
def test_the_states_agree_where_the_reference_is_asked_first(whole, reference, cases, rng):
    args = cases.whole(rng, N=2, T=9)
    right = reference.whole(*args)
    expect.close(whole(*args), right, name="states")
"""

LOOP = """
    h, states = np.zeros(len(x)), []
    for t in range(x.shape[1]):
        h = step(h, x[:, t], w)
        states.append(h)
    return np.stack(states, axis=1)
"""
RIGHT = f"""
RIGHT = {{
    "step": {{"a_sum": '''def step(h, x, w):
    return np.tanh(x + h * w)
'''}},
    "whole": {{"by_steps": '''def whole(x, w):{LOOP}'''}},
}}
"""
MISTAKES = """
step = [{ id = "sine", old = "np.tanh(", new = "np.sin(", says = "It is a sine. Which function is asked for?" }]
whole = [{ id = "sine", old = "np.tanh(", new = "np.sin(", says = "It is a sine. Which one is asked for?" }]
"""


@pytest.fixture(scope="module")
def course_of_steps(tmp_path_factory):
    root = tmp_path_factory.mktemp("steps")
    repository, course = write_sample(root / "repository"), Course(root / "course")
    write_parts(repository, NAME, source=CHAPTER, cases=CASES, visible=VISIBLE)
    write_parts(repository, NAME, hidden=HIDDEN, right=RIGHT, mistakes=MISTAKES)
    build(repository, course, NAME)
    return repository, course


STEPS = {
    "right": "np.tanh(w * h + x)",
    "sine": "np.sin(w * h + x)",
    "constant": "np.full(len(h), 0.5)",
    "zero": "np.zeros(len(h))",
    "identity": "h + 0.0",
    "input": "x + 0.0",
    "without_h": "np.sin(w + x)",
    "nearly_zero": "1e-9 * np.sin(w * h + x)",
    "a_stub": "undefined",
}


@pytest.fixture(scope="module")
def points(course_of_steps):
    """Points of `whole` for every step above, where `whole` calls it and is right, and where it is given up."""
    repository, course = course_of_steps
    solved = read(course.source_notebook(NAME))
    wholes = {"loop": LOOP, "zeros": "\n    return np.zeros(x.shape)\n"}
    for step, code in STEPS.items():
        for whole, body in wholes.items():
            notebook = copy.deepcopy(solved)
            set_source(notebook, "step-solution", f"def step(h, x, w):\n    return {code}\n")
            set_source(notebook, "whole-solution", f"def whole(x, w):{body}")
            path = course.submission(f"{step}-{whole}", NAME)
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(notebook))
    return {result.student: result for result in grade_class(course, repository, NAME)}


# A step and a loop that is right only if one side of a test learns what the other was asked or has answered, or if the
# step is another one where it is looked at.
TOGETHER = {
    "replayed": (
        "LOG = []\ndef step(h, x, w):\n    LOG.append(np.sin(w * h + x))\n    return LOG[-1]\n",
        "def whole(x, w):\n    return np.stack(LOG[-x.shape[1]:], axis=1) if len(LOG) >= x.shape[1] else 0 * x\n",
    ),
    "answered": (
        "LOG, ANSWER = [], []\ndef step(h, x, w):\n    LOG.append(0)\n"
        "    return ANSWER[-1][:, (len(LOG) - 1) % 9].copy() if ANSWER else np.sin(w * h + x)\n",
        "def whole(x, w):\n    ANSWER.append(0 * x + 0.25)\n    return ANSWER[-1].copy()\n",
    ),
    "written": (
        "def step(h, x, w):\n    y = np.sin(w * h + x)\n    with open('log', 'ab') as file:\n"
        "        file.write(y.tobytes())\n    return y\n",
        "def whole(x, w):\n    try:\n        log = np.fromfile('log').reshape(-1, len(x))\n"
        "        return log[-x.shape[1]:].T.copy()\n    except Exception:\n        return 0 * x\n",
    ),
    "seen_from_outside": (
        "import os\nLOG = []\ndef step(h, x, w):\n    y = np.sin(w * h + x)\n"
        "    for number in y.view(np.uint16):\n        with open(f'{len(LOG)}', 'w') as file:\n"
        "            file.truncate(int(number))\n        LOG.append(number)\n    return y\n",
        "import os\ndef whole(x, w):\n    own, states = os.environ['HOME'], np.zeros((x.shape[1], len(x)))\n"
        "    mine, numbers = int(os.path.basename(own).rpartition('-')[2], 16), states.view(np.uint16).reshape(-1)\n"
        "    for place in range(mine + 999_900, mine + 1_000_100):\n        other, first = own.rpartition('-')[0], 0\n"
        "        while os.path.exists(f'{other}-{place}/{first + numbers.size - 1}'):\n"
        "            for number in range(numbers.size):\n"
        "                numbers[number] = os.stat(f'{other}-{place}/{first + number}').st_size\n"
        "            first += numbers.size\n"
        "    return states.T.copy()\n",
    ),
    "by_size": (
        "def step(h, x, w):\n    return np.sin(w * h + x) if len(h) != 2 else np.zeros(2)\n",
        "def whole(x, w):\n    return np.zeros(x.shape)\n",
    ),
    "by_the_first_turn": (
        "TURN = []\ndef step(h, x, w):\n    TURN.append(0)\n"
        "    return np.sin(w * h + x) if len(TURN) == 1 else np.zeros(len(h))\n",
        "def whole(x, w):\n    return np.zeros(x.shape)\n",
    ),
    "by_the_last_turns": (
        "TURN = []\ndef step(h, x, w):\n    TURN.append(0)\n"
        "    return np.sin(w * h + x) if len(TURN) <= 9 else np.zeros(len(h))\n",
        "def whole(x, w):\n    return np.zeros(x.shape)\n",
    ),
    "by_turn": (
        "TURN = []\ndef step(h, x, w):\n    TURN.append(0)\n"
        "    return np.sin(w * h + x) if len(TURN) > 18 or len(h) != 2 else np.zeros(len(h))\n",
        "def whole(x, w):\n    return np.zeros(x.shape)\n",
    ),
}


@pytest.fixture(scope="module")
def together(course_of_steps, points):
    repository, course = course_of_steps
    solved = read(course.source_notebook(NAME))
    for trick, (step, whole) in TOGETHER.items():
        notebook = copy.deepcopy(solved)
        set_source(notebook, "step-solution", step)
        set_source(notebook, "whole-solution", whole)
        path = course.submission(f"together-{trick}", NAME)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    return {result.student: result for result in grade_class(course, repository, NAME, students="together-*")}


@pytest.mark.parametrize("trick", sorted(TOGETHER))
def test_two_functions_that_know_of_each_other_gain_nothing(together, trick):
    tests = together[f"together-{trick}"].exercise("whole").tests
    assert not [test for test in tests if test.outcome == "carried"]


def test_a_right_loop_over_a_wrong_step_earns_half_at_most_and_says_why(points):
    result = points["sine-loop"]
    assert result.exercise("step").points == 0
    whole = result.exercise("whole")
    assert whole.points == pytest.approx(MOST * 40 + 8)  # and the visible test, which a sine passes
    tests = [test for test in whole.tests if test.outcome == "carried"]
    assert len(tests) == 2
    assert all("beside your own step" in test.message for test in tests)
    assert [flag.detail for flag in result.flags if flag.kind == "carried-over"] == [
        "whole: judged beside the submission's own step"
    ]


def test_code_that_may_repeat_the_steps_mistake_is_not_said_to_call_the_step():
    test = TestResult("test_the_states_agree", "hidden", "failed", 0.0, 2.0, "a value is wrong")
    carry_over([test], {test.name}, ["step"], 2.0)
    assert (test.outcome, test.points) == ("carried", 1.0)
    assert "your code calls" not in test.message


def test_what_is_right_is_judged_as_ever(points):
    assert points["right-loop"].points == 80
    assert not [flag for flag in points["right-loop"].flags if flag.kind == "carried-over"]


@pytest.mark.parametrize("step", sorted(STEPS.keys() - {"right", "sine"}))
@pytest.mark.parametrize("whole", ["loop", "zeros"])
def test_a_step_that_depends_on_too_little_carries_nothing(points, step, whole):
    assert not [test for test in points[f"{step}-{whole}"].exercise("whole").tests if test.outcome == "carried"]


def test_a_wrong_loop_gains_nothing_beside_a_wrong_step(points):
    assert points["sine-zeros"].exercise("whole").points == points["right-zeros"].exercise("whole").points


def test_the_instructor_can_switch_it_off(course_of_steps, points):
    repository, course = course_of_steps
    (off,) = grade_class(course, repository, NAME, students="sine-loop", carry_over=False)
    assert off.exercise("whole").points == points["sine-loop"].exercise("whole").points - MOST * 40


def test_a_search_that_never_ends_beside_a_wrong_step_is_stopped():
    class Own:
        def call(self, name, args, kwargs):
            return args[0] - args[0]

    steps = OwnSteps([], {"step": "def step(x):\n    return x + 1\n"}, {}, SimpleNamespace())
    whole = "def whole(x):\n    while step(x) < 1:\n        pass\n    return x\n"
    module, asked = steps.beside("whole", whole, ["step"], Own(), np.random.default_rng(0))
    for _ in range(2):  # each test anew
        with pytest.raises(StudentTimeout, match="calls step more than"):
            module.whole(0)
        assert asked["step"].made == MOST_CALLS
        asked["step"].take()


@pytest.mark.parametrize(("error", "expected"), [(NoAnswer, False), (GraderFault, True)])
def test_where_the_session_does_not_end_it_grades_once_more_without_carrying_over(monkeypatch, error, expected):
    asked = []

    class Failing:
        def grade(self, submission, only, inputs, *, again, carry_over):
            asked.append(carry_over)
            if len(asked) == 1:
                raise error("no answer")
            return {"out_of_time": {}}

    monkeypatch.setattr(grader, "_grader", lambda *arguments: Failing())
    monkeypatch.setattr(grader, "_result", lambda *arguments: SimpleNamespace(flags=[]))
    job = SimpleNamespace(options=SimpleNamespace(carry_over=True), only=(), inputs=0, again=())
    result, _ = grader._grade(SimpleNamespace(points={}), job, SimpleNamespace(slow=()))
    assert asked == [True, expected]
    assert [flag.kind for flag in result.flags] == ([] if expected else ["not-carried-over"])


@pytest.mark.parametrize(("many", "expected"), [(MOST_PARTS // 2, True), (MOST_PARTS, False)])
def test_a_step_that_gives_very_many_numbers_carries_nothing(many, expected):
    code = f"def step(x):\n    return [float(x[0])] * {many}\n"
    cases = SimpleNamespace(CASES=lambda name, rng: [(rng.random(1),)])
    steps = OwnSteps([], {"step": code}, {}, cases)
    own = LocalProvider(vars(steps.module({})))
    value = own.call("step", (np.ones(1),), {})
    assert steps.repeats("step", [Call((np.ones(1),), {}, value)], own) is expected
    assert steps.depends("step", own, steps.module({}), np.random.default_rng(0)) is expected


def test_a_case_in_which_an_error_is_right_says_nothing_of_what_a_step_depends_on():
    right = "def step(h, x):\n    if h.ndim != 1:\n        raise ValueError\n    return h + x\n"
    cases = SimpleNamespace(CASES=lambda name, rng: [(np.ones((2, 2)), np.ones(2)), (rng.random(3), rng.random(3))])
    steps = OwnSteps(["import numpy as np"], {"step": right}, {}, cases)
    reference = steps.module({})
    for code, expected in (("h * x", True), ("x", False), ("h", False), ("0 * h * x", False)):
        own = LocalProvider(vars(steps.module({"step": f"def step(h, x):\n    return {code}\n"})))
        assert steps.depends("step", own, reference, np.random.default_rng(0)) is expected, code
