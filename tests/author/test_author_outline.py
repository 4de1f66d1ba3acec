"""release.json: what the self-check knows of a release."""

import json

import pytest

from autograder.author.build import read_source, source_notebook
from autograder.author.outline import axes, outline
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository
from autograder.grading.assignment import _cell
from selfcheck.merging import merge
from selfcheck.release import release_beside, release_in, student_cells

REPOSITORY = Repository.default()
NAME = "a1_recurrence"


@pytest.fixture(scope="module")
def notebook():
    return source_notebook(REPOSITORY, read_source(REPOSITORY, NAME))


@pytest.fixture(scope="module")
def told(notebook):
    return json.loads(outline(notebook))


def test_it_holds_the_cells_that_grading_follows_as_students_see_them(notebook, told):
    graded = [cell for cell in told["cells"] if cell.get("grade_id")]
    assert [cell["grade_id"] for cell in graded] == [
        cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata
    ]
    text = json.dumps(told)
    assert "BEGIN SOLUTION" not in text
    assert text.count("raise NotImplementedError()") == len(told["exercises"])


def test_it_knows_minutes_hints_and_axes(told):
    forward = told["exercises"]["rnn_forward"]
    assert forward["minutes"] == told["minutes"]["rnn_forward"] > 0
    assert "The first state is right, all later ones are wrong" in [hint["when"] for hint in forward["hints"]]
    assert forward["axes"]["h"] == ["N", "T", "H"]
    assert "cache" not in forward["axes"]
    sections = {cell["grade_id"]: cell["section"] for cell in told["cells"] if cell["role"] == "exercise"}
    assert sections["one_hot-solution"] == "2. Words and characters as numbers"


def test_what_an_experiment_has_shown_is_no_hint(notebook, told):
    folded = [cell for cell in notebook.cells if "<summary>What was measured</summary>" in cell.source]
    assert len(folded) > 2
    symptoms = {name: [hint["when"] for hint in found["hints"]] for name, found in told["exercises"].items()}
    assert [name for name, said in symptoms.items() if "What was measured" in said] == []
    assert symptoms["sample_sequence"][-1] == "Two runs with the same seed differ"


def test_axes_are_read_from_docstrings():
    docstring = "x, h_prev: (N, D). U: (4H, D). b: (4H,). k is 3 (or more). Returns h, c: (N, H) each, cache (x, U)."
    source = f"def f(x):\n    {docstring!r}\n    return x\n"
    assert axes(source) == {
        **{name: ["N", "D"] for name in ("x", "h_prev")},
        **{"U": ["4H", "D"], "b": ["4H"]},
        **{name: ["N", "H"] for name in ("h", "c")},
    }


def test_an_axis_may_be_two_axes_side_by_side():
    source = """def f(x):\n    "Returns h: (N, T, H + H') float64."\n    return x\n"""
    assert axes(source) == {"h": ["N", "T", "H + H'"]}


def test_a_notebook_merges_with_it_as_with_the_instructors_cells(tmp_path, notebook):
    """The student's own checks run the cells that grading runs."""
    (tmp_path / "release.json").write_bytes(outline(notebook))
    release = release_beside(tmp_path / "test_x.py")
    path = REPOSITORY.notebook(NAME)
    theirs = merge(student_cells(path), [_cell(cell) for cell in notebook.cells])
    ours = merge(student_cells(path), release.cells)
    assert ours.cells == theirs.cells
    assert ours.flags == theirs.flags
    exercises = {cell.name: cell.points for cell in release.graded if not cell.written}
    assert exercises == notebooks.exercise_points(notebook)
    assert [cell.name for cell in release_in(path).graded] == [cell.name for cell in release.graded]
