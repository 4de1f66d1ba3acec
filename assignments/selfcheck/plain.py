"""The pytest plugin of plain `pytest` in an assignment's folder, loaded by its conftest.py beside `selfcheck.plugin`.

Tests the notebook beside each test file, and says what `selfcheck.plugin` cannot know: errors of cells, and the names
of mistakes.
"""

from __future__ import annotations

import pytest

from selfcheck.diagnosis import explain
from selfcheck.execute import NotebookProvider
from selfcheck.plugin import Recorder, exercise_of
from selfcheck.target import current


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `pytest -k EXERCISE` select the exercise's tests, whose own names need not hold it."""
    item.extra_keyword_matches.add(exercise_of(item))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Test the notebook beside the test file; the next test's file may lie beside another."""
    if exercise_of(item):
        current.provider = NotebookProvider.beside(item.path).at_check(exercise_of(item))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print errors of cells and the names of mistakes of the notebook tested last."""
    provider = current.provider
    if not isinstance(provider, NotebookProvider):
        return
    provider = NotebookProvider.beside(provider.tests)
    for problem in provider.problems:
        terminalreporter.write_line(problem, yellow=True)
    recorder = next(known for known in config.pluginmanager.get_plugins() if isinstance(known, Recorder))
    for name in dict.fromkeys(record.exercise for record in recorder.records):
        own = [record for record in recorder.records if record.exercise == name]
        for sentence in provider.remarks(name):
            terminalreporter.write_line(sentence)
        for sentence in explain(provider.tests, name, provider.at_check(name), own):
            terminalreporter.write_line(f"{name}: {sentence}")
