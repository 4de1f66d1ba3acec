"""Cells that call an exercise which is not written yet say so, and Run All goes on."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from selfcheck import waiting


@pytest.fixture
def shell():
    """A shell of IPython in which cells wait for exercises that are not written yet."""
    shell = InteractiveShell()
    waiting.follow(shell)
    waiting.follow(shell)  # the cell that does it may be run again
    return shell


@pytest.mark.parametrize(
    ("unwritten", "call"),
    [
        ("def one_hot(tokens, K):\n    raise NotImplementedError()", "one_hot([[0]], 1)"),
        ("class one_hot:\n    def __init__(self):\n        raise NotImplementedError()", "one_hot()"),
    ],
)
def test_a_cell_waits_for_an_unwritten_exercise_and_counts_as_run(shell, capsys, unwritten, call):
    shell.run_cell(unwritten)
    assert shell.run_cell(call).success
    assert capsys.readouterr().out == "This cell waits for one_hot, which is not written yet.\n"


@pytest.mark.parametrize("code", ["raise NotImplementedError('to do')", "raise NotImplementedError()", "1 / 0"])
def test_every_other_error_is_shown_as_it_is(shell, capsys, code):
    assert not shell.run_cell(code).success
    assert "Error" in capsys.readouterr().out
    assert shell.run_cell("1 + 1").success


def test_without_a_shell_nothing_is_followed():
    waiting.follow(None)
