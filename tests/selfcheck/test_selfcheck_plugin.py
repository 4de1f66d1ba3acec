"""Fixtures, gates, order and outcomes, as the plugin makes them."""

import sys
from pathlib import Path

import pytest

from selfcheck.plugin import generator_for
from selfcheck.record import Record, earned
from selfcheck.session import CouldNotRun, run_tests
from selfcheck.target import LocalProvider, StudentTimeout, current

CASES = "PROBES = {}\n\n\ndef twice(rng):\n    return (float(rng.normal()),)\n"
HEAD = "import numpy as np\nimport pytest\nfrom selfcheck import exercise, expect\n\n\n"


@pytest.fixture
def run(tmp_path):
    def run_file(tests: str, namespace=None, name: str = "test_sample.py", exercises=None, provider=None):
        (tmp_path / "cases.py").write_text(CASES)
        path: Path = tmp_path / name
        path.write_text(HEAD + tests)
        return run_tests([path], provider or LocalProvider(namespace or {}), exercises)

    return run_file


def outcomes(records):
    return {record.name: record.outcome for record in records}


THREE = """
@exercise("thrice", points=1)
def test_thrice_of_one(thrice):
    expect.equal(thrice(1), 3)

@exercise("twice", points=2)
def test_twice_of_one(twice):
    expect.equal(twice(1), 2)

@exercise("twice")
def test_twice_returns_an_int(twice):
    expect.integer(twice(1))

@exercise("thrice", points=1)
@pytest.mark.parametrize("n", [2, 3])
def test_thrice_is_twice_and_once_more(thrice, twice, n):
    expect.equal(thrice(n), twice(n) + n)
"""


def test_tests_run_exercise_by_exercise_and_gates_first(run):
    records = run(THREE, {"twice": lambda n: 2 * n, "thrice": lambda n: 3 * n})
    assert [(r.name, r.exercise, r.weight, r.outcome) for r in records] == [
        ("test_thrice_of_one", "thrice", 1, "passed"),
        ("test_thrice_is_twice_and_once_more[2]", "thrice", 1, "passed"),
        ("test_thrice_is_twice_and_once_more[3]", "thrice", 1, "passed"),
        ("test_twice_returns_an_int", "twice", None, "passed"),
        ("test_twice_of_one", "twice", 2, "passed"),
    ]
    assert records[1].claim == "thrice is twice and once more [2]"


def test_a_failed_gate_holds_back_the_points_of_its_own_exercise_alone(run):
    records = run(THREE, {"twice": lambda n: 2.0 * n, "thrice": lambda n: 3 * n}, exercises={"twice"})
    assert outcomes(records) == {"test_twice_returns_an_int": "failed", "test_twice_of_one": "gated"}
    assert records[1].message == "not run yet: a test that comes first has not passed"


def test_outcomes_tell_wrong_from_raised_from_slow_from_a_fault_of_the_test(run):
    tests = """
@exercise("twice")
def test_wrong(twice):
    expect.equal(twice(1), 3, name="twice")

@exercise("slow")
def test_slow(slow):
    slow()

@exercise("raises")
def test_raised(raises):
    raises()

@exercise("twice")
def test_broken(twice):
    raise RuntimeError("secret")

@exercise("raises")
def test_fixture(raises, reference):
    raises()
"""

    class Provider(LocalProvider):
        def call(self, name, args, kwargs):
            if name == "slow":
                raise StudentTimeout("no answer within 2 s")
            return super().call(name, args, kwargs)

    provider = Provider({"twice": lambda n: 2 * n, "raises": lambda: 1 / 0})
    for name in ("test_sample.py", "hidden_sample.py"):
        found = {r.name: r for r in run(tests, provider=provider, name=name)}
        assert outcomes(found.values()) == {
            "test_wrong": "failed",
            "test_slow": "timeout",
            "test_raised": "error",
            "test_broken": "failed",
            "test_fixture": "failed",
        }
        hidden = name.startswith("hidden")
        assert found["test_wrong"].message == ("a value is wrong" if hidden else "twice is wrong")
        assert found["test_wrong"].detail == ("twice is wrong" if hidden else "")
        assert found["test_slow"].message == "no answer within 2 s"
        said = "your code raised ZeroDivisionError" if hidden else "ZeroDivisionError: division by zero"
        assert found["test_raised"].message.startswith(said)
        assert found["test_broken"].fault
        assert found["test_fixture"].fault
        assert found["test_broken"].visibility == ("hidden" if hidden else "visible")
        assert ("secret" in found["test_broken"].message) == (not hidden)


def test_a_student_cannot_skip_or_pass_a_test_by_raising_pytests_own_exceptions(run):
    tests = """
@exercise("twice")
def test_skipped(twice):
    twice(1)
"""
    for leave in (pytest.skip, pytest.xfail, pytest.exit, pytest.fail):
        (record,) = run(tests, {"twice": lambda n, leave=leave: leave("done")})
        assert record.outcome == "error"


def test_inputs_follow_from_the_seed_and_the_tests_name(run, monkeypatch):
    tests = """
@exercise("twice")
@pytest.mark.parametrize("n", [1, 2])
def test_first(twice, rng, n):
    twice(rng.normal())

@exercise("twice")
def test_second(twice, cases, rng):
    twice(*cases.twice(rng))
"""
    seen = []
    run(tests, {"twice": seen.append})
    again = []
    run(tests, {"twice": again.append})
    assert seen == again
    assert len(set(seen)) == 3
    monkeypatch.setattr(current, "seed", b"of another course")
    assert generator_for("test_second").normal() not in seen


def test_a_file_that_cannot_be_collected_is_told_and_not_taken_for_an_interrupt(run):
    with pytest.raises(CouldNotRun, match=r"--doctor(.|\n)*unpack the assignment again(.|\n)*ZeroDivisionError"):
        run("1 / 0")


def test_a_package_that_is_missing_is_named_with_the_python_that_lacks_it(run):
    with pytest.raises(CouldNotRun, match=r"^no_such_module is not installed in the Python that runs this") as told:
        run("import no_such_module.part")
    assert sys.executable in str(told.value)
    assert "Traceback" not in str(told.value)


def test_nothing_of_the_session_stays_in_current(run):
    before = (current.provider, current.seed, current.cases)
    run(THREE, {"twice": lambda n: 2 * n})
    assert (current.provider, current.seed, current.cases) == before


def test_points_are_shared_by_weight_and_lost_behind_a_failed_gate():
    gate = Record("g", "e", "visible", "passed", None)
    tests = [Record("a", "e", "visible", "passed", 1), Record("b", "e", "hidden", "failed", 3)]
    assert [share[1:] for share in earned([gate, *tests], 8)] == [(0.0, 0.0), (2.0, 2.0), (0.0, 6.0)]
    gate.outcome = "error"
    assert [share[1:] for share in earned([gate, *tests], 8)] == [(0.0, 0.0), (0.0, 2.0), (0.0, 6.0)]
    assert earned([gate], 8)[0][1:] == (0.0, 0.0)
