"""units.py and conftest.py: what stays in one process when several share the suite, and what begins first."""

import ast
import types
from pathlib import Path

import pytest

import conftest
import units

ROOT = Path(__file__).parents[1]
TEST = "tests/test_slow.py::test_slow"
SECONDS = {TEST: 9.0, f"{TEST}[a6]": 20.0, "tests/test_whole.py": 4.0, "tests/test_built.py": 6.0}


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(units, "SECONDS", SECONDS)
    monkeypatch.setattr(units, "BY_ASSIGNMENT", ("tests/test_built.py",))


@pytest.mark.parametrize(
    ("nodeid", "unit", "seconds"),
    [
        ("tests/test_slow.py::test_slow[a1]", "tests/test_slow.py::test_slow[a1]", 9.0),
        ("tests/test_slow.py::test_slow[a6]", "tests/test_slow.py::test_slow[a6]", 20.0),
        ("tests/test_slow.py::test_slow", "tests/test_slow.py::test_slow", 9.0),
        ("tests/test_slow.py::test_other[a1]", "tests/test_slow.py", 0.0),
        ("tests/test_whole.py::test_one[a::b]", "tests/test_whole.py", 4.0),
        ("tests/test_built.py::test_one[a1]", "tests/test_built.py[a1]", 6.0),
        ("tests/test_built.py::test_one", "tests/test_built.py", 6.0),
        ("tests/test_new.py::test_one", "tests/test_new.py", 0.0),
    ],
)
def test_a_test_belongs_to_its_module_unless_that_is_cut(nodeid, unit, seconds):
    assert units.unit(nodeid) == unit
    assert units.seconds(unit) == seconds


def test_every_name_in_the_table_is_a_module_or_a_test(monkeypatch):
    monkeypatch.undo()
    assert units.SECONDS
    for name in [*units.SECONDS, *units.BY_ASSIGNMENT]:
        module, _, test = name.partition("[")[0].partition("::")
        tree = ast.parse((ROOT / module).read_text("utf-8"))
        assert not test or test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


@pytest.mark.parametrize(
    ("nodeid", "said"), [("tests/test_in_a_browser.py::test_one", 1), ("tests/test_b.py::test_one", 0)]
)
def test_the_last_lines_say_that_no_browser_ran(nodeid, said):
    report = types.SimpleNamespace(nodeid=nodeid, longrepr=("file", 1, "Skipped: no Chromium"))
    lines = []
    stats = {"skipped": [types.SimpleNamespace(nodeid="tests/test_browser.py", longrepr="no tuple"), report, report]}
    conftest.pytest_terminal_summary(types.SimpleNamespace(stats=stats, write_line=lines.append))
    assert lines == ["The tests in a browser did not run: no Chromium. Then `make browser` runs all."] * said
