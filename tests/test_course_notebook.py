"""notebook.py: cells and what they are, notebooks and their bytes."""

import json

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course import notebook as notebooks
from sample import one_of_each_kind


@pytest.fixture
def one() -> nbformat.NotebookNode:
    return one_of_each_kind()


def test_each_cell_is_exactly_one_kind(one):
    kinds = (
        notebooks.is_given,
        notebooks.is_exercise,
        notebooks.is_test,
        notebooks.is_demo,
        notebooks.is_written,
    )
    assert [[kind(cell) for kind in kinds].count(True) for cell in one.cells] == [0, 1, 1, 1, 1, 1]
    for cell, kind in zip(one.cells[1:], kinds, strict=True):
        assert kind(cell)


def test_a_cell_tells_its_name_and_its_points(one):
    assert [notebooks.grade_id(cell) for cell in one.cells] == [None, "given-1", "f-solution", "f", None, "why"]
    assert [notebooks.points(cell) for cell in one.cells] == [0, 0, 0, 8, 0, 10]
    assert [notebooks.exercise_name(cell) for cell in one.cells] == [None, None, "f", "f", None, None]
    assert notebooks.find(one, "f").source == 'check("f")'
    assert notebooks.exercise_points(one) == {"f": 8}
    assert notebooks.release(one) == {"assignment": "a1", "release": "0123"}


def test_a_missing_cell_is_a_key_error(one):
    with pytest.raises(KeyError, match="g"):
        notebooks.find(one, "g")


def test_nbgrader_accepts_the_metadata(one):
    MetadataValidator().validate_nb(one)


@pytest.mark.parametrize("damaged", [None, 3, "text", [], {"grade_id": 3, "points": "8", "grade": True}])
def test_accessors_survive_metadata_that_is_not_ours(one, damaged):
    cell = one.cells[3]
    cell.metadata["nbgrader"] = damaged
    assert notebooks.grade_id(cell) is None
    assert notebooks.points(cell) == 0
    cell.metadata["tags"] = damaged
    assert not notebooks.is_demo(cell)


def test_the_same_notebook_is_written_in_the_same_bytes(one, tmp_path):
    notebooks.write(tmp_path / "deep" / "one.ipynb", one)
    first = (tmp_path / "deep" / "one.ipynb").read_bytes()
    again = notebooks.read(tmp_path / "deep" / "one.ipynb")
    again.metadata = nbformat.from_dict(dict(reversed(again.metadata.items())))
    notebooks.write(tmp_path / "two.ipynb", again)
    assert (tmp_path / "two.ipynb").read_bytes() == first
    assert first.endswith(b"}\n")
    assert "α" in first.decode()
    content = json.loads(first)
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert [cell["id"] for cell in content["cells"]][:3] == ["prose-1", "given-1", "f-solution"]


def test_what_breaks_the_format_is_not_written(one, tmp_path):
    one.cells[1].id = "not an id"
    with pytest.raises(nbformat.ValidationError):
        notebooks.write(tmp_path / "one.ipynb", one)
    assert not (tmp_path / "one.ipynb").exists()


@pytest.mark.parametrize("cell_id", ["", "a b", "ä", "x" * 65])
def test_an_impossible_id_is_refused(cell_id):
    with pytest.raises(ValueError, match="cannot be a cell's id"):
        notebooks.prose("text", cell_id)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}'])
def test_a_file_that_is_no_notebook_is_named(tmp_path, text):
    (tmp_path / "broken.ipynb").write_text(text)
    with pytest.raises(ValueError, match=r"broken\.ipynb is not a notebook"):
        notebooks.read(tmp_path / "broken.ipynb")


def test_strings_finds_every_text_with_its_place():
    tree = {"cells": [{"source": ["a\n", "b"], "outputs": [{"data": {"text/plain": "c"}}], "count": 3}]}
    found = list(notebooks.strings(tree))
    assert ("cells[0].source", "a\nb") in found
    assert ("cells[0].outputs[0].data.text/plain", "c") in found
    assert "text/plain" in [text for _, text in found]
