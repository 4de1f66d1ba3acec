"""A small assignment, `toy`, as it lies in a student's folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SELFCHECK = ROOT / "assignments" / "selfcheck"
TEMPLATES = ROOT / "autograder" / "author" / "templates" / "assignment"

TESTS = '''
"""The visible tests of the toy assignment."""

import copy

import numpy as np
from selfcheck import exercise, expect


@exercise("step", points=2)
def test_a_step_agrees_with_the_equation(step, cases, rng):
    x, h_prev, U, W, b = cases.step(rng)
    desired = np.tanh(np.einsum("nd,hd->nh", x, U) + np.einsum("ng,hg->nh", h_prev, W) + b)
    expect.close(step(x, h_prev, U, W, b)[0], desired, name="h")


@exercise("step")
def test_a_step_returns_shape_N_H(step, cases, rng):
    expect.array(step(*cases.step(rng))[0], shape=(3, 5), name="h")


@exercise("step")
def test_a_step_leaves_h_prev_as_it_was(step, cases, rng):
    args = cases.step(rng)
    before = copy.deepcopy(args)
    step(*args)
    expect.unchanged(before[1], args[1], name="h_prev")


@exercise("backward")
def test_backward_returns_two_arrays(backward, cases, rng):
    dW, db = backward(*cases.backward(rng))
    expect.array(dW, shape=(5, 4), name="dW")
    expect.array(db, shape=(5,), name="db")


@exercise("backward", points=1)
def test_db_is_the_sum_over_the_batch(backward, cases, rng):
    x, dout = cases.backward(rng)
    expect.close(backward(x, dout)[1], dout.sum(axis=0), name="db")


@exercise("total", points=3)
def test_the_total_is_counted(total, probe):
    expect.equal(total([1, 2]), 3, name="the total")
    expect.equal(probe("total_of_total", [1, 2]), 3, name="the total of one total")
'''

CASES = '''
"""Inputs for the toy assignment."""


def step(rng, N=3, D=4, H=5):
    return (
        rng.normal(size=(N, D)), rng.normal(size=(N, H)),
        0.5 * rng.normal(size=(H, D)), 0.5 * rng.normal(size=(H, H)), rng.normal(size=H),
    )


def backward(rng, N=3, D=4, H=5):
    return rng.normal(size=(N, D)), rng.normal(size=(N, H))


def CASES(name, rng):
    if name == "step":
        return [step(rng), step(rng, N=2, D=3, H=3)]
    if name == "backward":
        return [backward(rng), backward(rng, N=6)]
    return [([3, 4],)]


def _total_of_total(namespace, values):
    return namespace["total"]([namespace["total"](values)])


OPAQUE = {"step": (1,)}
PROBES = {"total_of_total": _total_of_total}
'''

STEP = "def step(x, h_prev, U, W, b):\n    h = np.tanh(x @ U.T + h_prev @ W.T + b)\n    return h, (x, h)"
BACKWARD = "def backward(x, dout):\n    return dout.T @ x, dout.sum(axis=0)"
TOTAL = "def total(values):\n    return sum(values)"
STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"


class Toy:
    """The folder, and what is done in it: `write` the notebook, `run` commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "test_toy.py").write_text(TESTS)
        (folder / "cases.py").write_text(CASES)
        shutil.copy(TEMPLATES / "conftest.py.j2", folder / "conftest.py")
        shutil.copytree(SELFCHECK, folder / "selfcheck", ignore=shutil.ignore_patterns("__pycache__"))
        self.write()

    @property
    def notebook(self) -> Path:
        return self.folder / "toy.ipynb"

    def write(self, *more: str, step: str = STEP, backward: str = BACKWARD, total: str = TOTAL, last: str = "") -> Path:
        """Write the notebook; `more` cells come before the exercises, `last` after them."""
        cells = [_cell("setup", "import numpy as np\nfrom selfcheck import check, data_path, progress")]
        cells += [_cell(f"free-{i}", source) for i, source in enumerate(more)]
        cells.append(_cell("demo", "raise RuntimeError('a demo cell is not run')", tags=["demo"]))
        for name, points, source in (("step", 8, step), ("backward", 6, backward), ("total", 6, total)):
            solution = {"grade": False, "solution": True, "locked": False, "grade_id": f"{name}-solution"}
            grade = {"grade": True, "solution": False, "locked": True, "grade_id": name, "points": points}
            cells += [_cell(f"{name}-solution", source, nbgrader=solution)]
            cells += [_cell(name, f'check("{name}")', nbgrader=grade)]
        cells += [_cell("last", last)] if last else []
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = {"grade": True, "solution": True, "locked": False, "grade_id": "why", "points": 10}
        cells.append({"cell_type": "markdown", "id": "why", "metadata": {"nbgrader": written}, "source": "Because."})
        content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        self.notebook.write_text(json.dumps(content))
        return self.notebook

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run python with these arguments in the folder, where only the folder's own selfcheck is imported."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self.folder), "MPLBACKEND": "agg"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120)


def _cell(name: str, source: str, **metadata: object) -> dict:
    cell = {"cell_type": "code", "id": name, "source": source, "outputs": [], "execution_count": None}
    return {**cell, "metadata": metadata}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "toy")
