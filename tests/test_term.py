"""A term in small: the commands of `make term` on the sample, in one process, without browser and exchange."""

from __future__ import annotations

import sys

import pytest

from autograder import cli
from autograder.course.paths import Course
from sample import NAME, write_sample
from term import Term, term, without_a_browser

_VARIANTS = """
NUMBERS = {"why": {"N": range(2, 40)}}

def why(N):
    return {"asks": f"Take {N} rows.", "expects": f"{7 * N}.", "marks": "2 points."}
"""


@pytest.fixture
def play(tmp_path, monkeypatch, capsys):
    repository = write_sample(tmp_path / "repository")
    repository.variants(NAME).write_text(_VARIANTS)
    monkeypatch.setattr(cli.Repository, "default", classmethod(lambda cls: repository))
    monkeypatch.setattr(cli.output, "width", 200)
    monkeypatch.chdir(tmp_path)

    def program(command, where):
        monkeypatch.setattr(sys, "argv", list(command))
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        said.append(captured.out + captured.err)
        return stop.value.code or 0, said[-1]

    said: list[str] = []
    lines: list[str] = []
    playing = Term(tmp_path, repository, Course(tmp_path / "course"), NAME, program, lines.append)
    playing.lines = lines
    return playing


def test_a_term_goes_from_the_roster_to_grades_and_appeals(play):
    assert term(play, 8, without_a_browser, exchange=0), "\n".join(play.lines)
    assert play.lines[-1] == f"term: {play.steps} steps, 0 failed"
    assert play.steps > 25


def test_a_step_that_fails_is_counted(play):
    assert not play.play(lambda: play.autograder("grade", "a9_nowhere"))
    assert play.lines[-1] == "term: 1 steps, 1 failed"
    assert "exit code 2, not 0" in play.failed[0]
