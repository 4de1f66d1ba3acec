"""author/trial.py: the reference notebook runs from top to bottom in a student's folder."""

import shutil

import pytest

from autograder.author import trial
from autograder.author.trial import TrialError, run_reference
from autograder.course.paths import Repository

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


ONLY_IN_A_KERNEL = """\
import sys

if "ipykernel" not in sys.modules:
    raise RuntimeError("only in a kernel")
"""


def test_a_solved_notebook_that_is_not_ready_to_hand_in_is_an_error(runnable, edit):
    edit(
        runnable.source(NAME),
        "        print(line, text)",
        f"        print(line, text)\n\n# %%\n{ONLY_IN_A_KERNEL}",
    )
    with pytest.raises(TrialError, match=r"(?s)ready\(\) does not say .*Not finished yet: 1 thing.*only in a kernel"):
        run_reference(runnable, NAME)


HANDS_IN = """\
# %%
if __name__ == "__main__":
    import pathlib

    pathlib.Path("sums.txt").write_text("made by the notebook")
"""


@pytest.fixture
def handing_in(runnable, edit):
    """The sample, which hands in sums.txt beside the notebook."""
    edit(
        runnable.source(NAME), "points=50 difficulty=2 minutes=15", 'points=50 difficulty=2 minutes=15 file="sums.txt"'
    )
    edit(runnable.source(NAME), '# %%\nif __name__ == "__main__":\n    text', f"{HANDS_IN}    text")
    return runnable


def test_what_the_reference_hands_in_is_kept_once_every_check_has_passed(handing_in, edit):
    kept = handing_in.handed_in(NAME) / "sums.txt"
    edit(handing_in.visible(NAME), "running_mean(x)[:, 0], x[:, 0]", "running_mean(x)[:, 0], x[:, 1]")
    with pytest.raises(TrialError, match="running_mean"):
        run_reference(handing_in, NAME, hand_in=True)
    assert not kept.exists()
    edit(handing_in.visible(NAME), "running_mean(x)[:, 0], x[:, 1]", "running_mean(x)[:, 0], x[:, 0]")
    run_reference(handing_in, NAME, hand_in=True)
    assert kept.read_text() == "made by the notebook"
    edit(handing_in.source(NAME), 'Path("sums.txt")', 'Path("other.txt")')
    with pytest.raises(TrialError, match=r"no cell wrote sums\.txt"):
        run_reference(handing_in, NAME, hand_in=True)


def test_an_unknown_assignment_is_named_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["trial", "a9_nothing"])
    assert trial.main() == 1
    assert "a9_nothing: there is no such assignment in solutions/; there are: a1" in capsys.readouterr().out


def test_what_is_kept_lists_the_numbers_in_prose_beside_those_printed(runnable, edit, tmp_path):
    edit(
        runnable.source(NAME),
        "        print(line, text)",
        "        plt.title('loss 3.25'); plt.show(); print(2.5)",
    )
    edit(runnable.source(NAME), "import numpy as np\n", "import matplotlib.pyplot as plt\nimport numpy as np\n")
    edit(runnable.source(NAME), "# Text with", "# The loss was 3.25, then 2.50, then 1.75. Text with")
    run_reference(runnable, NAME, keep=tmp_path)
    listed = (tmp_path / f"{NAME}.numbers.txt").read_text()
    assert [listed.count(f"  {line}: ") for line in ("= 3.25", "= 2.50", "? 1.75")] == [1, 1, 1]
