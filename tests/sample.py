"""A tiny assignment in a repository of its own: two exercises, one of which returns a cache, and a written question."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import nbformat

from autograder.author.build import build
from autograder.course import notebook as cells
from autograder.course.paths import Course, Repository

NAME = "a1_sample"

SOURCE = '''# %% [markdown]
# # A sample

# %%
import numpy as np

from selfcheck import check, progress

# %% exercise="scaled" points=40 difficulty=1 minutes=5
def scaled(x, factor):
    """factor times x. x: (N, D)."""
    ### BEGIN SOLUTION
    y = factor * x
    ### END SOLUTION
    return y, {"factor": factor}


# %%
if __name__ == "__main__":
    raise RuntimeError("demo cells are never run in grading")

# %% exercise="total" points=40 difficulty=1 minutes=5
def total(x, rng):
    """The sum of x, and one draw."""
    ### BEGIN SOLUTION
    result = float(x.sum() + rng.random())
    ### END SOLUTION
    return result


# %% [markdown] written="why" points=20 minutes=5
# Why?
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 20 points for because.
# ### END MARK SCHEME
'''

CASES = """
import numpy as np

OPAQUE = {"scaled": (1,)}
def doubled(namespace, x):
    return float(2 * namespace["total"](x, np.random.default_rng(1)))

PROBES = {"doubled": doubled}

def scaled(rng, N=3, D=4):
    return rng.standard_normal((N, D)), 2.5

def total(rng, N=3, D=4):
    return rng.standard_normal((N, D)), rng

def CASES(name, rng):
    return [globals()[name](rng), globals()[name](rng, N=4, D=5)]
"""

VISIBLE = """
import numpy as np
from selfcheck import exercise, expect
from selfcheck.common_tests import arguments_test

@exercise("scaled")
def test_scaled_is_an_array(scaled, cases, rng):
    y, _ = scaled(*cases.scaled(rng))
    expect.array(y, shape=(3, 4), name="y")

test_scaled_leaves_x_alone = arguments_test("scaled", "x factor")

@exercise("scaled", points=1)
def test_factor_one_changes_nothing(scaled, cases, rng):
    x, _ = cases.scaled(rng)
    y, _ = scaled(x, 1.0)
    expect.close(y, x, name="y")

@exercise("total", points=1)
def test_total_uses_the_generator_it_is_given(total, cases, rng):
    x, _ = cases.total(rng)
    first, second = total.map([(x, np.random.default_rng(3)), (x, np.random.default_rng(4))])
    expect.that(first != second, "two generators gave the same draw")
"""

HIDDEN = """
import numpy as np
from selfcheck import exercise, expect

@exercise("scaled", points=3)
def test_scaled_agrees_with_the_reference(scaled, reference, cases, rng):
    x, factor = cases.scaled(rng, N=1, D=7)
    expected, _ = reference.scaled(x, factor)
    y, cache = scaled(x, factor)
    expect.close(y, expected, name="y")

@exercise("total", points=1)
def test_total_agrees_with_the_reference(total, reference, cases, rng):
    x, _ = cases.total(rng)
    theirs = np.random.default_rng(5)
    reference.total(x, theirs)
    seen = total.watched(x, np.random.default_rng(5))
    expect.number(seen.value, name="total")
    expect.that(type(seen.args[1]) is np.random.Generator, "no generator came back")
    expect.that(seen.args[1].random() == theirs.random(), "the generator was not advanced by one draw")

@exercise("total", points=1)
def test_a_probe_sees_what_total_gives(total, probe):
    expect.that(probe("doubled", np.ones(3)) >= 6, "twice the total is too small")
"""

RIGHT = """
RIGHT = {
    "scaled": {"loops": '''def scaled(x, factor):
    return np.stack([row * factor for row in x]), {"factor": factor}
'''},
    "total": {"ravel": '''def total(x, rng):
    return float(np.add.reduce(x.ravel()) + rng.random())
'''},
}
"""

MISTAKES = """
[[scaled]]
id = "adds_the_factor"
old = "factor * x"
new = "factor + x"
says = "The factor is added."

[[total]]
id = "draws_from_a_generator_of_its_own"
old = "rng.random()"
new = "np.random.default_rng(0).random()"
exempt = "it depends on the stream"
says = "The draw does not come from the generator that was passed in. Where does it come from?"
"""


def one_of_each_kind() -> nbformat.NotebookNode:
    """Return a released notebook with a cell of each kind."""
    return cells.new(
        [
            cells.prose("# Title\n\nα", "prose-1"),
            cells.given("import math", "given-1"),
            cells.exercise("def f(): ...", "f"),
            cells.test("f", 8),
            cells.demo("f()", "demo-1"),
            cells.written("YOUR ANSWER HERE", "why", 10),
        ],
        {"course": {"assignment": "a1", "release": "0123"}},
    )


def as_toml(mistakes: dict[str, list[dict[str, Any]]]) -> str:
    """Return a mistakes.toml of these entries by exercise; JSON's strings are TOML's."""
    tables = ((name, entry) for name, entries in mistakes.items() for entry in entries)
    return "".join(
        f"[[{name}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
        for name, entry in tables
    )


def write_sample(root: Path, *names: str) -> Repository:
    """Write the sample repository under `root`, with the real selfcheck. names: under which the sample stands there."""
    repository = Repository(root)
    selfcheck = Repository.default().assignments / "selfcheck"
    shutil.copytree(selfcheck, root / "assignments" / "selfcheck", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "NOTATION.md"):
        (root / "assignments" / name).write_text(f"# {name}\n")
    (root / "data").mkdir()
    (root / "data" / "README.md").write_text("# Data\n")
    (root / "data" / "registry.txt").write_text("")
    for name in names or (NAME,):
        parts = {"source": SOURCE, "hidden": HIDDEN, "right": RIGHT, "mistakes": MISTAKES}
        write_parts(repository, name, **parts, visible=VISIBLE, cases=CASES)
        (repository.public(name) / "conftest.py").write_text(
            'pytest_plugins = ["selfcheck.plugin", "selfcheck.plain"]\n'
        )
    return repository


def write_parts(repository: Repository, name: str, **texts: str) -> None:
    """Write files of an assignment: source, cases, visible, hidden, right or mistakes, as Repository names them."""
    for part, text in texts.items():
        path = getattr(repository, part)(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))


def build_sample(root: Path) -> tuple[Repository, Course]:
    """Write the sample repository and build it into a course directory beside it."""
    repository = write_sample(root / "repository")
    course = Course(root / "course")
    build(repository, course, NAME)
    return repository, course


def may_not_be_entered(folder: Path, monkeypatch: Any) -> None:
    """Close a folder as mode 000 does to an ordinary user, whoever runs the tests."""

    def closed(real: Any) -> Any:
        def look(path: Any, *arguments: Any, **options: Any) -> Any:
            if str(path).startswith(f"{folder}/"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *arguments, **options)

        return look

    for name in ("stat", "lstat", "open", "scandir"):
        monkeypatch.setattr(os, name, closed(getattr(os, name)))
