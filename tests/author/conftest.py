"""A small course to build: one assignment with two exercises and a written question."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.author.build import build
from autograder.course.paths import SECRET_BYTES, Course, Repository

NAME = "a1_sample"

SCRIPT = '''\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sums
#
# Text with $x_t$ and – a dash.

# %% [markdown] include="NOTATION.md"

# %%
import numpy as np

from selfcheck import check, data_path, progress


# %% exercise="scaled_sum" points=50 difficulty=2 minutes=15
def scaled_sum(x, w):
    """The sum of w times x: (N, T) to (N,)."""
    ### BEGIN SOLUTION
    total = np.einsum("nt,t->n", x, w) + 0.0 * x.sum()  # the sum over time
    ### END SOLUTION
    return total


# %%
def plotted(values):
    return list(values)


# %%
if __name__ == "__main__":
    text = """
first
    second
"""
    for line in data_path("words/names.txt").read_text().split():
        print(line, text)

# %% exercise="running_mean" points=30 difficulty=4 minutes=25
def half(a):
    return a / 2


def running_mean(x):
    """The mean of x[:, :t + 1] for each t: (N, T) to (N, T)."""
    ### BEGIN SOLUTION
    steps = np.arange(1, x.shape[1] + 1, dtype=np.float64)
    ### END SOLUTION
    T = x.shape[1]
    ### BEGIN SOLUTION
    mean = np.cumsum(x, axis=1) / steps.reshape(1, T)
    ### END SOLUTION
    return mean


# %% [markdown] written="why_means_forget" points=20 minutes=10
# Why does a running mean forget slowly?
#
# ### BEGIN SOLUTION
# Each new value enters with weight one over t, so that the old ones keep nearly all of theirs.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# - 10 points: the answer names the weight of the newest value.
# - 10 points: the answer compares it with an exponential average of fixed rate.
# ### END MARK SCHEME
'''

VISIBLE = """\
import numpy as np
from selfcheck import exercise, expect


@exercise("scaled_sum")
def test_the_sum_has_one_number_per_row(scaled_sum, cases, rng):
    expect.array(scaled_sum(*cases.scaled_sum(rng)), shape=(3,))


@exercise("running_mean", points=1)
def test_the_first_mean_is_the_first_value(running_mean, cases, rng):
    (x,) = cases.running_mean(rng)
    expect.close(running_mean(x)[:, 0], x[:, 0])
"""

HIDDEN = """\
from selfcheck import exercise, expect


@exercise("scaled_sum", points=2)
def test_the_sum_agrees_at_other_sizes(scaled_sum, reference, cases, rng):
    x, w = cases.scaled_sum(rng, N=9)
    expect.close(scaled_sum(x, w), reference.scaled_sum(x, w))


@exercise("running_mean", points=2)
def test_the_means_agree_at_other_sizes(running_mean, reference, cases, rng):
    (x,) = cases.running_mean(rng, N=2, T=7)
    expect.close(running_mean(x), reference.running_mean(x), because="a hidden law about the running mean")
"""

CASES = """\
def scaled_sum(rng, N=3, T=5):
    return rng.standard_normal((N, T)), rng.standard_normal(T)


def running_mean(rng, N=3, T=5):
    return (rng.standard_normal((N, T)),)


def CASES(name, rng):
    return [globals()[name](rng, N=9), globals()[name](rng, N=10, T=6)]
"""

RIGHT = """\
RIGHT = {
    "scaled_sum": {"product": "def scaled_sum(x, w):\\n    return x @ w\\n"},
    "running_mean": {
        "loop": "def running_mean(x):\\n    return np.stack([x[:, : t + 1].mean(1) for t in range(x.shape[1])], 1)\\n",
    },
}
"""

MISTAKES = """\
[[scaled_sum]]
id = "sums_over_the_batch"
old = "nt,t->n"
new = "nt,t->t"
says = "This is the sum over the rows; over which axis does the time run?"

[[running_mean]]
id = "divides_by_all"
old = "np.cumsum(x, axis=1) / steps.reshape(1, T)"
new = "np.cumsum(x, axis=1) / np.full_like(steps, T).reshape(1, T)"
says = "Every sum is divided by the number of all steps; how many values has it summed so far?"
"""

FILES = {
    f"solutions/{NAME}/chapter.py": SCRIPT,
    f"solutions/{NAME}/hidden_tests.py": HIDDEN,
    f"solutions/{NAME}/right.py": RIGHT,
    f"solutions/{NAME}/mistakes.toml": MISTAKES,
    f"assignments/{NAME}/test_{NAME}.py": VISIBLE,
    f"assignments/{NAME}/cases.py": CASES,
    f"assignments/{NAME}/conftest.py": 'pytest_plugins = ["selfcheck.plugin", "selfcheck.plain"]\n',
    "assignments/NOTATION.md": "## Notation\n\n| lecture | code |\n|---|---|\n| $x_t$ | `x[:, t]` |\n",
    "assignments/README.md": "# How to work\n",
    "assignments/requirements.txt": "numpy\nmatplotlib\n",
    "assignments/selfcheck/__init__.py": "",
    "assignments/selfcheck/table.css": "table {}\n",
    "assignments/selfcheck/__pycache__/old.pyc": "not for students",
    "data/words/names.txt": "ann\nbob\n",
    "data/words/LICENSE-words": "public domain\n",
    "data/other.txt": "not asked for\n",
    "data/README.md": "# Data\n\nAll about it.\n\n| file | licence |\n|---|---|\n"
    "| `words/names.txt` | public domain, see `words/LICENSE-words` |\n| `other.txt` | secret |\n",
}


@pytest.fixture
def sample(tmp_path: Path) -> Repository:
    """The sample course, not built yet."""
    return write_sample(tmp_path / "repository")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Course]:
    """The sample course, built once for all tests: not to be changed."""
    repository = write_sample(tmp_path_factory.mktemp("built") / "repository")
    course = Course(repository.root / "course")
    build(repository, course, NAME)
    # The same hidden inputs in every run: a number that lies on the edge of a rounded digit is not found in print.
    course.secret_file.write_text(f"{course.secret_file.name.encode().hex().ljust(2 * SECRET_BYTES, '0')}\n")
    return repository, course


@pytest.fixture
def own(built: tuple[Repository, Course], tmp_path: Path) -> tuple[Repository, Course]:
    """A copy of the built course that a test may change."""
    shutil.copytree(built[0].root, tmp_path / "own")
    return Repository(tmp_path / "own"), Course(tmp_path / "own" / "course")


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """edit(path, old, new): replace a text that stands in a file exactly once."""

    def replaced(path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new))

    return replaced


def write_sample(root: Path) -> Repository:
    for place, text in FILES.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Repository(root)
