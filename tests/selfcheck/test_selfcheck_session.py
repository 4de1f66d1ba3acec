"""Running tests inside a student's process leaves the process as it was."""

import os
import random
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from selfcheck.session import run_tests
from selfcheck.target import LocalProvider

TESTS = """
import colorsys
from selfcheck import exercise, expect


@exercise("disturb")
def test_disturb_returns_an_int(disturb, cases):
    print("printed by a test")
    expect.integer(disturb())


@exercise("disturb")
def test_this_one_fails(disturb):
    expect.equal(disturb(), 4)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test_sample.py").write_text(TESTS)
    (tmp_path / "cases.py").write_text("PROBES = {}\n")
    return tmp_path


def run(folder, function):
    return run_tests([folder / "test_sample.py"], LocalProvider({"disturb": function}))


def state():
    return {
        "cwd": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "hooks": (list(sys.meta_path), list(sys.path_hooks)),
        "bytecode": sys.dont_write_bytecode,
        "filters": list(warnings.filters),
        "recursion": sys.getrecursionlimit(),
        "random": (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()),
        "numpy": (np.geterr(), np.get_printoptions()),
        "figures": (plt.get_fignums(), plt.gcf().number, dict(plt.rcParams)),
        "streams": (sys.stdout, sys.stderr, sys.stdin),
        "last": getattr(sys, "last_value", "nothing"),
    }


def test_nothing_that_the_students_function_changes_outlives_the_tests(folder, monkeypatch, capfd):
    def disturb():
        print("printed by the student")
        os.chdir("/")
        os.environ["DISTURBED"] = "1"
        sys.path.insert(0, "/nowhere")
        warnings.simplefilter("error")
        random.random(), np.random.rand(), torch.rand(1)
        np.seterr(all="raise")
        np.set_printoptions(precision=2)
        plt.figure()
        plt.rcParams["font.size"] = 33
        sys.setrecursionlimit(5000)
        return 3

    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    plt.figure()
    before, files = state(), sorted(folder.rglob("*"))
    records = run(folder, disturb)
    assert [record.outcome for record in records] == ["passed", "failed"]
    after = state()
    assert {key for key in before if before[key] != after[key]} == set()
    assert sorted(folder.rglob("*")) == files
    assert capfd.readouterr() == ("", "")
    plt.close("all")


def test_test_modules_leave_sys_modules_and_are_read_anew(folder):
    names = set(sys.modules)
    assert len(run(folder, lambda: 4)) == 2
    assert {name for name in set(sys.modules) - names if "sample" in name or "cases" in name} == set()
    (folder / "test_sample.py").write_text(TESTS.split("@exercise")[0] + "@exercise" + TESTS.split("@exercise")[1])
    assert len(run(folder, lambda: 4)) == 1


def test_the_users_own_pytest_settings_are_not_read(folder, monkeypatch):
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (folder / "conftest.py").write_text("raise RuntimeError('conftest was loaded')")
    installed = folder / "installed-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[pytest11]\ninstalled = no_such_module\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert [record.outcome for record in run(folder, lambda: 4)] == ["passed", "passed"]
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_what_the_student_prints_is_kept_for_the_failure_and_cut(folder):
    def shout():
        print("x" * 10_000)
        return 3

    passed, failed = run(folder, shout)
    assert passed.output == ""
    assert failed.output.startswith("xxx")
    assert len(failed.output) == 1000


def test_an_interrupt_by_the_user_is_handed_on(folder):
    def stop():
        raise KeyboardInterrupt

    directory = os.getcwd()
    with pytest.raises(KeyboardInterrupt):
        run(folder, stop)
    assert os.getcwd() == directory
