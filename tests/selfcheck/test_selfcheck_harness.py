"""The one place that starts pytest: what a run is told, what it keeps, and that nothing of it stays."""

import ast
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autograder.course.paths import Repository
from selfcheck import harness
from selfcheck.plugin import Recorder
from selfcheck.target import LocalProvider, current, setting

ROOT = Repository.default().root
TESTS = """
import os

from selfcheck import exercise, expect


@exercise("twice")
def test_twice_of_one(twice, cases, reference, handed_in):
    assert (cases.__name__, handed_in("a.txt")) == ("cases", "text")
    expect.equal(twice(1), reference.twice(1))


@exercise("twice", points=1)
def test_that_is_wrong(twice):
    expect.equal(twice(1), 3)
"""


@pytest.fixture
def hidden(tmp_path):
    path = tmp_path / "hidden_tests.py"
    path.write_text(TESTS)
    return path


def twice(n):
    print("called")
    return 2 * n


def run(path, *hooks, function=twice, **options):
    cases, reference, provider = ModuleType("cases"), ModuleType("reference"), LocalProvider({"twice": function})
    reference.twice = twice
    return harness.run([path], provider, b"seed", cases, reference, {"a.txt": "text"}, hooks=hooks, **options)


def test_a_run_has_its_own_target_and_puts_back_what_was_there(hidden):
    seen = []

    class Look:
        def pytest_runtest_setup(self):
            seen.append(dict(vars(current)))

    recorder = Recorder()
    with setting(seed=b"outer", handed_in={}):
        before = {name: getattr(current, name) for name in ("provider", "seed", "cases", "reference", "handed_in")}
        done = run(hidden, recorder, Look())
        assert {name: getattr(current, name) for name in before} == before
    assert [record.outcome for record in recorder.records] == ["passed", "failed"]
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert seen[0]["seed"] == b"seed"
    assert seen[0]["reference"].twice is twice
    assert current.seed == b"public"


def test_a_run_leaves_no_module_no_file_and_no_setting(hidden, monkeypatch, capfd):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    environment, modules, files = dict(os.environ), set(sys.modules), sorted(hidden.parent.rglob("*"))
    done = run(hidden, Recorder())
    assert "1 failed, 1 passed" in done.output
    assert dict(os.environ) == environment
    assert not [name for name in set(sys.modules) - modules if "hidden_tests" in name]
    assert sys.dont_write_bytecode is False
    assert sorted(hidden.parent.rglob("*")) == files
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("capture", [True, False])
def test_what_the_students_code_prints_is_in_its_record_if_the_caller_wants_it(hidden, capture):
    recorder = Recorder()
    run(hidden, recorder, capture=capture)
    assert [record.output for record in recorder.records] == ["", "called\n" if capture else ""]


def test_an_interrupt_reaches_the_caller(hidden):
    def stop(n):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(hidden, Recorder(), function=stop)
    assert current.provider is None


def test_only_the_harness_starts_pytest():
    files = [path for folder in ("assignments", "autograder", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    starts = {path.relative_to(ROOT).as_posix() for path in files if _starts_pytest(path)}
    assert starts == {"assignments/selfcheck/harness.py"}


def _starts_pytest(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr == "main" and ast.unparse(node.value) == "pytest":
            return True
    return False
