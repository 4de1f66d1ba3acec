"""How an exception in a student's code reaches a test."""

import builtins

import numpy as np
import pytest

from selfcheck import StudentError, StudentTimeout, Target
from selfcheck.target import LocalProvider, current

CODE = """
import numpy as np

def solve(a):
    return inner(a)

def inner(a):
    return np.linalg.inv(a)

def stub(a):
    raise NotImplementedError()

def deep(n):
    return deep(n + 1)

def leave():
    raise SystemExit(0)

class Loud(Exception):
    def __str__(self):
        raise RuntimeError("no text")

def loud():
    raise Loud()

def coloured():
    raise ValueError("\\x1b[31mred\\x1b[0m \\u202ereversed" + "x" * 5000)

def asks():
    return input("Go on? ")

def answers(prompt):
    return "yes"

number = 3
"""


@pytest.fixture
def provider(tmp_path, monkeypatch):
    path = tmp_path / "cell.py"
    path.write_text(CODE)
    namespace = {"__name__": "__main__"}
    exec(compile(CODE, str(path), "exec"), namespace)
    made = LocalProvider(namespace)
    monkeypatch.setattr(current, "provider", made)
    return made


def raised(name, *args):
    with pytest.raises(StudentError) as caught:
        Target(name)(*args)
    return caught.value


def test_only_the_students_own_frames_are_told(provider):
    error = raised("solve", np.ones((2, 3)))
    assert error.names[:3] == ("LinAlgError", "ValueError", "Exception")
    assert error.traceback.splitlines() == [
        "  line 5, in solve: return inner(a)",
        "  line 8, in inner: return np.linalg.inv(a)",
        "    where a has shape (2, 3)",
    ]
    assert "site-packages" not in str(error)


def test_a_stub_is_called_not_started(provider):
    assert str(raised("stub", 1)) == "stub is not started yet"


def test_a_missing_name_and_a_number_are_told_in_sentences(provider):
    assert "missing is not defined: run the cell" in str(raised("missing"))
    assert "number is an int, not a function" in str(raised("number"))


def test_long_tracebacks_and_messages_are_capped_and_bare_of_control_codes(provider):
    deep = raised("deep", 0)
    assert deep.names[0] == "RecursionError"
    assert len(deep.traceback.splitlines()) == 8  # six lines, what is left out, and the values at the last one
    said = raised("coloured").message
    assert said.startswith("red reversedxxx")
    assert len(said) == 500


def test_leaving_the_process_is_an_error_like_another(provider):
    assert raised("leave").names[0] == "SystemExit"
    assert raised("loud").names[0] == "Loud"


def test_input_is_told_to_have_no_answer_in_the_grade_wherever_it_is_called(provider, monkeypatch):
    monkeypatch.setattr(builtins, "input", typed := lambda prompt: "typed in the notebook")
    assert str(raised("asks")).startswith("EOFError: nobody answers input() when your work is graded: take what")
    assert builtins.input is typed
    monkeypatch.setattr(builtins, "input", provider.namespace["answers"])  # the student's own code answers
    assert Target("asks")() == "yes"


def test_a_keyboard_interrupt_is_the_users_own(provider):
    provider.namespace["wait"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        Target("wait")()


def test_map_raises_the_first_error_whether_it_is_raised_or_returned(provider, monkeypatch):
    provider.namespace["half"] = lambda n: 1 / n
    assert Target("half").map([(2,), (4,)]) == [0.5, 0.25]
    with pytest.raises(StudentError):
        Target("half").map([(2,), (0,)])
    monkeypatch.setattr(provider, "map", lambda name, calls: [1, StudentTimeout("too slow"), 3])
    with pytest.raises(StudentTimeout, match="too slow"):
        Target("half").map([(2,)])


def test_what_a_function_uses_is_found_by_way_of_other_functions():
    source = """
def a(x): return b(x)
def b(x): return [c(y) + len(d) for y in x]
def c(x): return a(x) + c(x)
d = [1]
class E:
    size = 3
    def first(self, x): return self.second(x)
    def second(self, x): return [c(y) for y in x]
"""
    namespace = {}
    exec(source, namespace)
    provider = LocalProvider(namespace)
    assert provider.uses("a", ["a", "c", "d", "len", "missing"]) == ["c", "d"]
    assert provider.uses("d", ["a"]) == []
    assert provider.uses("E", ["a", "b", "d", "E", "size"]) == ["a", "b", "d"]
    assert provider.uses("missing", ["a"]) == []
