"""The sample assignment, built once; a class is a folder of notebooks made from its source or its release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.course.paths import Course, Repository
from autograder.grading.assignment import Assignment
from autograder.grading.batch import grade_stream
from autograder.grading.options import Options
from autograder.grading.result import Result
from sample import NAME, build_sample


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def repository(built):
    return built[0]


@pytest.fixture
def course(built, tmp_path):
    """A course directory of its own, with the sample built in it."""
    root = tmp_path / "course"
    shutil.copytree(built[1].root, root)
    return Course(root)


@pytest.fixture
def assignment(course, repository):
    return Assignment.load(course, repository, NAME)


@pytest.fixture
def solved(course):
    return read(course.source_notebook(NAME))


@pytest.fixture
def untouched(course):
    return read(course.release_notebook(NAME))


def read(path: Path) -> dict:
    """A notebook whose cells hold their text in one piece."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


@pytest.fixture
def hand_in(course):
    """hand_in(STUDENT, notebook or text): puts a submission into the course."""

    def write(student: str, content: dict | str) -> Path:
        path = course.submission(student, NAME)
        path.parent.mkdir(parents=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def grade_class(course: Course, repository: Repository, assignment: str, **options: Any) -> list[Result]:
    """Grade as `grade_stream` does, with these options; the results by student."""
    on_start = options.pop("on_start", None)
    graded = grade_stream(course, repository, assignment, Options(**options), on_start=on_start)
    return sorted(graded, key=lambda result: result.student)


def cell_of(notebook: dict, grade_id: str) -> dict:
    """The notebook's cell with that grade_id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def set_source(notebook: dict, grade_id: str, source: str) -> None:
    """Replace a cell's text."""
    cell_of(notebook, grade_id)["source"] = source


def code_cell(source: str) -> dict:
    """A cell that a student has added."""
    return {
        "cell_type": "code",
        "id": "added",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
