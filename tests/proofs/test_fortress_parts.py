"""The parts of the fortress that take longer, on a few attacks: what is collected, and grading that is killed."""

from __future__ import annotations

import pytest

from autograder.fortress import doors, kills
from sample import NAME, build_sample


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("built"))[0]


def test_what_is_collected_harms_nothing(repository, tmp_path, monkeypatch):
    made = doors.attempts(NAME)
    quick = ("odd-students", "folder-with-pipes")
    monkeypatch.setattr(doors, "attempts", lambda name: {name: made[name] for name in quick})
    monkeypatch.setattr(doors, "_hand_out", lambda *arguments: None)  # see tests/gradebook/test_gradebook_export.py
    tally = doors.try_doors(repository, NAME, tmp_path)
    assert tally.held, vars(tally)


def test_grading_that_is_killed_comes_to_the_same(repository, tmp_path):
    tally = kills.try_kills(repository, NAME, tmp_path, kills=1, students=2)
    assert tally.held, vars(tally)
    assert tally.attacks == 1
