"""The real assignments, one after another: built to the same bytes twice, and without a leak."""

from __future__ import annotations

import shutil

import pytest

from autograder.author.build import build, read_source
from autograder.author.bundle import bundle
from autograder.author.confidential import confidential
from autograder.author.leaks import scan
from autograder.course.paths import Course, Repository

REAL = Repository.default()


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy of the repository, so that building changes nothing that is committed."""
    root = tmp_path_factory.mktemp("real")
    for folder in ("solutions", "assignments", "data"):
        shutil.copytree(REAL.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Repository(root)


@pytest.fixture(scope="session")
def courses(copied: Repository) -> tuple[Course, Course]:
    """Two courses for all assignments that are built in this process: a new one takes nbgrader seconds to make."""
    return Course(copied.root / "course"), Course(copied.root / "again")


@pytest.fixture(scope="module", params=REAL.names())
def name(request: pytest.FixtureRequest, copied: Repository, courses: tuple[Course, Course]) -> str:
    """An assignment, built in the first of the courses for the tests that need a release."""
    build(copied, courses[0], request.param, generate=False)
    return request.param


def test_it_builds_to_the_same_bytes_twice(name, copied, courses):
    generated = (copied.notebook(name), copied.public(name) / "mistakes.json")
    first = [path.read_bytes() for path in generated]
    build(copied, courses[1], name)
    assert [path.read_bytes() for path in generated] == first


def test_it_holds_no_leak_and_a_planted_one_is_found(name, copied, courses, tmp_path):
    bundle(copied, courses[0], name, tmp_path)
    source = read_source(copied, name)
    solutions = [text for exercise in source.exercises for text in exercise.solutions]
    statement = max(solutions, key=len).strip().split("\n")
    planted = ["", "", "def planted():", *(f"    # {line}" for line in statement), "    return 0", ""]
    cases = copied.cases(name).read_text() + "\n".join(planted)
    assert scan({"cases.py": cases.encode()}, confidential(copied, source, [])) != []
