"""A mistake is named from its outputs alone, and nothing is ever named wrongly."""

import json
import shutil

import numpy as np
import pytest

from autograder.author.fingerprints import mistakes_json
from autograder.course.paths import Repository
from autograder.course.source import parse
from sample import as_toml
from selfcheck.diagnosis import PASSED_BUT_DIFFERS, TWO_MISTAKES, UNKNOWN, Diagnosis, described, differing, sentences
from selfcheck.folder import cases_beside
from selfcheck.record import Record
from selfcheck.target import LocalProvider

SOURCE = '''# %%
import numpy as np

# %% exercise="step" points=30 difficulty=1 minutes=5
def step(x, h_prev, U, W, b):
    """One step."""
    ### BEGIN SOLUTION
    h = np.tanh(x @ U.T + h_prev @ W.T + b)
    ### END SOLUTION
    return h, (x, h)

# %% exercise="backward" points=30 difficulty=1 minutes=5
def backward(x, dout):
    """Two sums."""
    ### BEGIN SOLUTION
    dW = dout.T @ x
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dW, db

# %% exercise="total" points=20 difficulty=1 minutes=5
def total(values):
    """A sum."""
    ### BEGIN SOLUTION
    result = sum(values)
    ### END SOLUTION
    return result

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

MISTAKES = {
    "step": [
        {"id": "uses_W_untransposed", "old": "W.T", "new": "W", "says": "W is transposed."},
        {
            "id": "overwrites_h_prev",
            "old": "np.tanh(x @ U.T + h_prev @ W.T + b)",
            "new": "np.tanh(x @ U.T + h_prev @ W.T + b, out=h_prev)",
            "says": "h_prev is overwritten.",
        },
    ],
    "backward": [
        {"id": "averages_db", "old": "dout.sum(axis=0)", "new": "dout.mean(axis=0)", "says": "A mean, not a sum."},
        {"id": "keeps_the_first_row", "old": "dout.T @ x", "new": "np.outer(dout[0], x[0])", "says": "One row only."},
    ],
    "total": [{"id": "forgets_the_first", "old": "(values)", "new": "(values[1:])", "says": "-", "exempt": "a number"}],
}
W_UNTRANSPOSED = "def step(x, h_prev, U, W, b):\n    return np.tanh({}), None"


@pytest.fixture
def repository(toy, tmp_path):
    """An instructor's repository around the toy folder."""
    made = Repository(tmp_path / "repository")
    made.secret("toy").mkdir(parents=True)
    made.source("toy").write_text(SOURCE)
    made.mistakes("toy").write_text(as_toml(MISTAKES))
    made.public("toy").mkdir(parents=True)
    shutil.copy(toy.folder / "cases.py", made.cases("toy"))
    return made


@pytest.fixture
def said(toy, repository):
    """What the command line says of an exercise before its tests, in a process that has the student's files alone."""
    (toy.folder / "mistakes.json").write_bytes(mistakes_json(repository, parse(repository.source("toy"))))
    shutil.rmtree(repository.root)

    def run(exercise: str, source: str, **others: str) -> list[str]:
        toy.write(**{exercise: source}, **others)
        done = toy.run("-m", "selfcheck", "toy.ipynb", exercise)
        assert done.returncode in (0, 1), done.stderr
        lines = done.stdout.split("\n\n")[0].splitlines()
        return [line for line in lines[1:] if not line.startswith("  ")]

    return run


def test_a_mistake_is_named_however_it_is_written(said):
    terms = ("x @ U.T + h_prev @ W + b", "b + np.einsum('gh,ng->nh', W, h_prev) + np.einsum('hd,nd->nh', U, x)")
    for term in terms:
        assert said("step", W_UNTRANSPOSED.format(term)) == ["W is transposed."]
    single = "(x @ U.T + h_prev @ W + b).astype(np.float32)"
    assert said("step", W_UNTRANSPOSED.format(single)) == ["W is transposed."]
    overwrites = (
        "def step(x, h_prev, U, W, b):\n    h_prev[:] = np.tanh(x @ U.T + h_prev @ W.T + b)\n    return h_prev, 0"
    )
    assert said("step", overwrites)[-1] == "h_prev is overwritten."  # the sample's visible tests do not see it


def test_outputs_are_judged_one_by_one(said):
    body = "def backward(x, dout):\n    return {}, {}"
    right_W = "dout.T @ x"
    assert said("backward", body.format(right_W, "dout.mean(axis=0)")) == [
        "A mean, not a sum.",
        "dW is right, db is wrong.",
    ]
    assert said("backward", body.format(right_W, "dout.max(axis=0)")) == ["dW is right, db is wrong."]
    assert said("backward", body.format("np.outer(dout[0], x[0])", "dout.mean(axis=0)")) == [
        *(TWO_MISTAKES, "A mean, not a sum.", "One row only."),
    ]
    assert said("backward", body.format("np.outer(dout[0], x[0])", "dout.max(axis=0)")) == ["dW: One row only."]
    assert said("backward", body.format("x.T @ dout", "dout.max(axis=0)")) == [UNKNOWN]
    assert said("backward", f"def backward(x, dout):\n    return {right_W}") == [UNKNOWN]


def test_an_unknown_mistake_is_called_unknown_and_a_right_answer_nothing(said):
    assert said("step", W_UNTRANSPOSED.format("x @ U.T - h_prev @ W.T + b")) == [UNKNOWN]
    assert said("step", W_UNTRANSPOSED.format("x @ U.T + h_prev @ W.T + b")) == []
    assert said("step", "def step(x, h_prev, U, W, b):\n    raise NotImplementedError()") == []
    assert said("total", "def total(values):\n    return sum(values[1:])") == []


def test_an_exercise_that_uses_a_wrong_one_sends_there_first(said):
    uses = "def twice(x):\n    return step(x, x, np.eye(4), np.eye(4), x[0])[0]\n\ndef backward(x, dout):\n"
    uses += "    return dout.T @ twice(x), dout.sum(axis=0)"
    here = "dW is right, db is wrong."
    assert said("backward", uses.replace("twice(x),", "x,").replace("sum", "max")) == [here]
    wrong = W_UNTRANSPOSED.format("x @ U.T + h_prev @ W - b")
    begin = "It uses step, which is not right yet: correct step first."
    assert said("backward", uses, step=wrong)[1:] == ["db is right, dW is wrong.", begin]
    assert said("backward", uses)[1:] == ["db is right, dW is wrong."]
    assert said("backward", uses, step="def step(x, h_prev, U, W, b):\n    raise NotImplementedError()") == []


def test_an_exercise_whose_name_is_given_to_a_value_is_not_said_to_be_wrong(said):
    uses = "def backward(x, dout):\n    return dout.T @ step(x, x, np.eye(4), np.eye(4), x[0])[0], dout.sum(axis=0)"
    begin = "It uses step, which is no function any more: use another name where you give it a value."
    assert said("backward", uses, step="step = 3") == [begin]


def test_passing_the_visible_tests_is_not_taken_for_being_right(said, toy):
    source = "def step(x, h_prev, U, W, b):\n    w = W if {} else W.T\n    return np.tanh(x @ U.T + h_prev @ w + b), 0"
    (line,) = said("step", source.format("len(x) == 2"))
    assert line == (
        f"{PASSED_BUT_DIFFERS} The difference shows with "
        "x of shape (2, 3), h_prev of shape (2, 3), U of shape (3, 3), W of shape (3, 3), b of shape (3,)."
    )
    for condition, expected in (("len(x) == 2", ["step"]), ("len(x) == 7", [])):
        provider = LocalProvider({"np": np}, cases_beside(toy.folder / "test_toy.py"))
        exec(source.format(condition), provider.namespace)
        assert differing(toy.folder / "test_toy.py", ["step", "total"], provider) == expected
    assert said("step", source.format("len(x) == 7")) == []
    twice = "def backward(x, dout):\n    return dout.T @ x * (1 + (len(x) == 6)), dout.sum(axis=0)"
    first, second = said("backward", twice)
    assert first.endswith("may see it. The difference shows with x of shape (6, 4), dout of shape (6, 5).")
    assert second == "db is right, dW is wrong."


def test_nothing_is_said_where_fingerprints_are_missing_broken_or_of_other_inputs(said, toy):
    wrong = W_UNTRANSPOSED.format("x @ U.T + h_prev @ W + b")
    path = toy.folder / "mistakes.json"
    content = json.loads(path.read_text())
    content["exercises"]["step"]["seed"] += 1  # as another version of numpy, with another stream, would have it
    path.write_text(json.dumps(content))
    assert said("step", wrong) == []
    for text in ("{}", "[", '{"salt": "00", "exercises": []}'):
        path.write_text(text)
        assert said("step", wrong) == []
    path.unlink()
    assert said("step", wrong) == []


def test_a_file_that_was_changed_is_read_again_in_the_same_process(said, toy):
    path, tests = toy.folder / "mistakes.json", toy.folder / "test_toy.py"
    provider = LocalProvider({"np": np}, cases_beside(tests))
    exec(W_UNTRANSPOSED.format("x @ U.T + h_prev @ W + b"), provider.namespace)
    whole = path.read_text()
    assert differing(tests, ["step"], provider) == ["step"]
    path.write_text("{}")
    assert differing(tests, ["step"], provider) == []
    path.write_text(whole)
    assert differing(tests, ["step"], provider) == ["step"]
    path.unlink()
    assert differing(tests, ["step"], provider) == []


def test_the_file_shows_neither_sentences_nor_ids_nor_numbers_and_is_made_the_same_twice(repository):
    source = parse(repository.source("toy"))
    made = mistakes_json(repository, source)
    assert made == mistakes_json(repository, source)
    text = made.decode()
    for word in ("transposed", "overwrit", "mean", "first_row", "One row"):
        assert word not in text
    entry = json.loads(text)["exercises"]["step"]
    head = {"seed", "arguments", "outputs", "judged", "steady", "of two mistakes"}
    assert set(entry) == head | {"tags", "keys", "texts"}
    assert "total" not in json.loads(text)["exercises"]


def test_plain_pytest_names_the_mistake_too(said, toy):
    toy.write(step=W_UNTRANSPOSED.format("x @ U.T + h_prev @ W + b"))
    done = toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "step: W is transposed." in done.stdout


def test_the_sentence_stands_before_everything_else():
    failed = [Record("test_a", "e", "visible", "failed", 1.0, "h differs")]
    raised = [Record("test_a", "e", "visible", "error", 1.0, "ValueError: no")]
    assert sentences(Diagnosis("Look there.", right=False), failed) == ["Look there."]
    assert sentences(Diagnosis("", right=False), failed) == [UNKNOWN]
    assert sentences(Diagnosis("", right=False), raised) == []
    assert sentences(Diagnosis("", right=True), failed) == []
    assert sentences(None, failed) == []


def test_inputs_are_described_and_not_printed():
    case = (np.full((2, 3), np.nan), np.array([2, 0]), None, [1, 2], 0.5, {"W": 1}, np.zeros((9, 9), dtype=int))
    assert described(case, ["x", "lengths", "h0", "layers", "rate", "model", "tokens"]) == (
        "x of shape (2, 3) with NaN in it, lengths = [2, 0], h0 = None, layers of length 2, rate = 0.5, model, "
        "tokens of shape (9, 9)"
    )
