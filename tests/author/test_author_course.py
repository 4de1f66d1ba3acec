"""The real assignments are whole and up to date; what else holds of each of them: tests/proofs."""

from __future__ import annotations

import pytest

from autograder.author.check import check
from autograder.course.paths import Repository

REAL = Repository.default()


@pytest.mark.parametrize("name", REAL.names())
def test_all_that_its_exercises_need_is_there_and_what_is_committed_is_up_to_date(name):
    assert [str(problem) for problem in check(REAL, [name])] == []
