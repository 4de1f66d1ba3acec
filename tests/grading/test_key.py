"""The key of a stored result: it changes with all that can change the result, and with nothing else."""

from __future__ import annotations

import importlib.util
import shutil
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

import autograder
import selfcheck
from autograder.course.paths import Repository
from autograder.grading import batch, installed
from autograder.grading.assignment import Assignment, code_hash
from autograder.grading.submission import receive
from autograder.sandbox.limits import Limits
from sample import NAME

PACKAGES = {package.__name__: Path(package.__file__).parent for package in (autograder, selfcheck)}


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A copy of the grader's code, which counts as the one that runs; returns its folder."""
    for name, folder in PACKAGES.items():
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    find_spec = importlib.util.find_spec

    def found(name, *arguments):
        if name in PACKAGES:
            return ModuleSpec(name, None, origin=str(tmp_path / name / "__init__.py"))
        return find_spec(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    return tmp_path


@pytest.fixture
def key(course, assignment, hand_in, solved):
    """The key of a right submission, as it is now."""
    path = hand_in("s1", solved)

    def now():
        version = assignment.fingerprint() + batch.machine_version("sandlock", Limits())
        return batch.submission_key(version, receive(path, course.submitted, assignment), "s1", None)

    return now


@pytest.mark.parametrize(
    "place",
    [
        *(
            "autograder/course/notebook.py",
            "autograder/course/paths.py",
            "autograder/author/check.py",
            "autograder/grading/grader.py",
        ),
        *("autograder/grading/session.py", "autograder/sandbox/forkserver.py", "autograder/gradebook/restored.py"),
        *("selfcheck/fingerprint.py", "selfcheck/pytest.ini"),
    ],
)
def test_a_change_of_the_graders_code_changes_the_key(code, key, place):
    before = key()
    path = code / place
    path.write_bytes(path.read_bytes() + b"\n")
    assert key() != before


def test_a_new_file_of_code_and_another_name_change_the_key(code, key):
    keys = [key()]
    (code / "autograder" / "sandbox" / "new.py").write_text("")
    keys.append(key())
    (code / "autograder" / "sandbox" / "new.py").rename(code / "autograder" / "sandbox" / "newer.py")
    keys.append(key())
    (code / "autograder" / "sandbox" / "newer.py").rename(code / "autograder" / "grading" / "newer.py")
    keys.append(key())
    assert len(set(keys)) == 4


def test_what_is_no_code_does_not_change_the_key(code, key):
    before = key()
    for place in (
        *("autograder/__pycache__/notebook.cpython-311.pyc", "selfcheck/__pycache__/marks.cpython-311.pyc"),
        *("autograder/notes.txt", "autograder/notebook.py~", "selfcheck/picture.png"),
        "autograder/gradebook/templates/page.css",
    ):
        (code / place).parent.mkdir(exist_ok=True)
        (code / place).write_text("something else")
    assert key() == before


def test_the_code_has_the_same_hash_wherever_it_lies(code):
    hashed = installed.grader_code()
    assert hashed == code_hash(*PACKAGES.values())
    shutil.copytree(code / "autograder", code / "elsewhere" / "autograder")
    assert code_hash(code / "elsewhere" / "autograder", code / "selfcheck") == hashed


def test_a_result_of_other_code_is_not_taken(course, code, key):
    result = course.result("s1", NAME)
    made = batch.Result(NAME, "s1", "graded", 80, 80, key=key())
    made.write(result)
    assert batch.stored_result(result, key(), made.student) == made
    with (code / "autograder" / "course" / "notebook.py").open("a") as file:
        file.write("\n")
    assert batch.stored_result(result, key(), made.student) is None


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("hidden", 'DATA = "table.txt"\n', "data/table.txt"),
        ("visible", "DATA = 'words/names.txt'\n", "data/words/names.txt"),
        ("visible", 'FOLDER = "words"\n', "data/words/inner/names.txt"),
        ("cases", 'DATA = "words/names.txt"\n', "data/words/names.txt"),
        ("hidden", 'DATA = "truth.json"\n', f"solutions/{NAME}/truth.json"),
        ("hidden", "", "assignments/selfcheck/pytest.ini"),
        ("hidden", "", "assignments/selfcheck/more/inner.py"),
    ],
)
def test_a_file_that_tests_and_cases_read_changes_the_key(course, repository, tmp_path, file, text, place):
    copy = Repository(tmp_path / "repository")
    shutil.copytree(repository.root, copy.root)
    (copy.data / "unread.txt").write_text("")
    with getattr(copy, file)(NAME).open("a") as script:
        script.write(text)
    path = copy.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("one")

    def fingerprint():
        return Assignment.load(course, copy, NAME).fingerprint()

    before = fingerprint()
    (copy.data / "unread.txt").write_text("changed")
    assert fingerprint() == before
    path.write_text("another")
    assert fingerprint() != before


def test_another_set_of_inputs_changes_the_key(course, assignment, hand_in, solved):
    received = receive(hand_in("s1", solved), course.submitted, assignment)
    assert len({batch.submission_key("version", received, "s1", None, inputs) for inputs in range(16)}) == 16


@pytest.mark.parametrize("package", ["nbformat", "msgpack", "sympy", "torch"])
def test_another_version_of_what_reads_and_computes_changes_the_key(key, monkeypatch, package):
    before, version = key(), installed.importlib.metadata.version
    monkeypatch.setattr(installed.importlib.metadata, "version", lambda name: "0" if name == package else version(name))
    assert key() != before
