"""author/trial.py: the reference notebook runs from top to bottom in a student's folder."""

import shutil

import pytest

from autograder.author.trial import TrialError, run_reference
from autograder.rooms import Repository

NAME = "a1_sample"
# A kernel's sockets and loops belong to jupyter_client and zmq.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def runnable(sample: Repository) -> Repository:
    """The sample with the real self-checker."""
    shutil.rmtree(sample.assignments / "selfcheck")
    shutil.copytree(Repository.default().assignments / "selfcheck", sample.assignments / "selfcheck")
    return sample


def test_a_notebook_runs_with_demos_checks_and_data(runnable, edit):
    edit(
        runnable.source(NAME),
        "        print(line, text)",
        "        assert scaled_sum(np.ones((2, 3)), np.ones(3))[0] == 3",
    )
    assert 0 < run_reference(runnable, NAME) < 60


def test_a_cell_that_raises_is_named(runnable, edit):
    edit(runnable.source(NAME), "        print(line, text)", "        raise RuntimeError(line)")
    with pytest.raises(TrialError, match=r"(?s)a1_sample, cell demo-1: .*RuntimeError: ann"):
        run_reference(runnable, NAME)
