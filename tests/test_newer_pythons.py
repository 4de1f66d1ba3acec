"""`make compat`: which Pythons it finds, what it installs, and which failures it excuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from newer_pythons import LOCK, ROOT, find_pythons, without_torch

TESTS = """
import pytest

def needs_torch():
    raise ModuleNotFoundError("No module named 'torch'")

@pytest.fixture
def network():
    needs_torch()

def test_it_imports_torch():
    needs_torch()

def test_its_fixture_imports_torch(network):
    assert network

def test_it_passes():
    assert True
"""


def executable(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def test_only_a_python_that_starts_is_found(tmp_path):
    executable(tmp_path / "shims" / "python3.12", 'echo "command not found" >&2; exit 127')
    executable(tmp_path / "shims" / "python3.13", "exit 127")
    executable(tmp_path / "real" / "python3.13", f'exec {sys.executable} "$@"')
    folders = [str(tmp_path / "shims"), str(tmp_path / "nowhere"), str(tmp_path / "real")]
    assert list(find_pythons(folders)) == [("3.13", tmp_path / "real" / "python3.13")]


def test_all_that_is_locked_but_torch_is_installed():
    locked = LOCK.read_text("utf-8")
    assert set(locked.splitlines()) - set(without_torch(locked).splitlines()) == {
        line for line in locked.splitlines() if line.startswith("torch==")
    }
    assert "torch==" not in without_torch(locked)


@pytest.mark.parametrize(
    ("more", "code", "counts"),
    [
        ("", 0, "1 passed, 2 skipped"),
        ("\ndef test_it_fails():\n    raise ModuleNotFoundError('torchvision')\n", 1, "1 failed, 1 passed, 2 skipped"),
        ("\nneeds_torch()\n", 5, "1 skipped"),
    ],
    ids=["two_need_torch", "another_failure_counts", "the_module_needs_torch"],
)
def test_only_failures_for_want_of_torch_are_excused(tmp_path, more, code, counts):
    path = tmp_path / "test_sample.py"
    path.write_text(TESTS + more, "utf-8")
    hidden = "import importlib.util as u\nf = u.find_spec\nu.find_spec = lambda n: None if n == 'torch' else f(n)\n"
    run = hidden + "import sys, pytest\nsys.exit(pytest.main(sys.argv[1:]))\n"
    command = [sys.executable, "-c", run, "-c", str(tmp_path / "pytest.ini"), "-p", "tests.without_torch", str(path)]
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert counts in done.stdout
