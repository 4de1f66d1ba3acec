"""Notebooks as VS Code and Colab write them, and with their metadata lost: checked and merged as before.

Colab: format 4.0, no cell ids, `metadata.id` and `metadata.colab` in each cell, its own keys at the top. VS Code: keys
sorted, ids kept or made anew, `metadata.vscode` for another language, its interpreter's version at the top.
"""

import copy
import dataclasses
import json
import sys
import types

import nbformat
import pytest

from selfcheck import live
from selfcheck.merging import merge
from selfcheck.record import Record
from selfcheck.release import release_beside, student_cells
from selfcheck.report import CheckReport, Problem, ProgressReport

COLAB_TOP = {"colab": {"provenance": [], "toc_visible": True}, "language_info": {"name": "python"}}
VSCODE_TOP = {
    "kernelspec": {"display_name": "course-env", "language": "python", "name": "python3"},
    "language_info": {
        **{"codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py", "mimetype": "text/x-python"},
        **{"name": "python", "nbconvert_exporter": "python", "pygments_lexer": "ipython3", "version": "3.12.4"},
    },
}


def as_colab(content):
    """Write a notebook as Colab does when it is downloaded."""
    content["nbformat_minor"] = 0
    content["metadata"] |= COLAB_TOP
    for number, cell in enumerate(content["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"Xy{number}AbCdEfGh"}
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "0a1b"}
            cell["execution_count"] = number
    return content


def as_colab_forgetful(content):
    """Write what Colab leaves where the notebook was pasted cell by cell: none of the marks."""
    content = as_colab(content)
    for cell in content["cells"]:
        cell["metadata"] = {"id": cell["metadata"]["id"]}
    content["metadata"].pop("course", None)
    return content


def as_vscode(content):
    """Write a notebook as VS Code does: ids made anew where they were missing, sources as lists of lines."""
    content["metadata"] |= VSCODE_TOP
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"{number:08x}"
        cell["source"] = cell["source"].splitlines(keepends=True)
        if cell["cell_type"] == "markdown":
            cell["metadata"] |= {"vscode": {"languageId": "markdown"}}
    return json.loads(json.dumps(content, sort_keys=True))


def as_vscode_of_2022(content):
    """Write a notebook as VS Code did while it kept its interpreter and the format it found in the metadata."""
    content = as_vscode(content)
    content["metadata"] |= {"orig_nbformat": 4, "vscode": {"interpreter": {"hash": "31f2aee4e71d21fb"}}}
    return content


def without_outputs(content):
    """Leave out what a cell has shown, as Colab does by a setting and tools that tidy notebooks for git do."""
    for cell in content["cells"]:
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
    return content


def with_windows_lines(content):
    """End lines as an editor on Windows may when a text is pasted."""
    for cell in content["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return content


def without_metadata(content):
    """Lose everything that the format calls optional."""
    content["metadata"] = {}
    for cell in content["cells"]:
        cell["metadata"] = {}
    return content


def with_damaged_metadata(content):
    """Hold something else where a mapping belongs."""
    for cell in content["cells"]:
        cell["metadata"] = {"nbgrader": None, "tags": "demo"}
    return content


LOSING = [as_colab_forgetful, without_metadata, with_damaged_metadata]
EDITORS = [as_colab, as_vscode, as_vscode_of_2022, without_outputs, *LOSING]


@pytest.fixture
def released(toy):
    """Write release.json for the toy assignment; return the notebook's content."""
    content = json.loads(toy.notebook.read_text())
    cells = []
    for cell in content["cells"]:
        part = cell["metadata"].get("nbgrader", {})
        role = {(True, True): "written", (True, False): "test", (False, True): "exercise"}.get(
            (bool(part.get("grade")), bool(part.get("solution"))), "demo"
        )
        if cell["id"] == "setup":
            role, part = "given", {"grade_id": "setup", "locked": True, "grade": False, "solution": False}
            cell["metadata"]["nbgrader"] = part
        told = {"id": cell["id"], "role": role, "source": cell["source"], "section": "1. One"}
        if role == "written":
            del told["source"]
        if part:
            told |= {"grade_id": part["grade_id"], "metadata": part}
        cells.append(told)
    release = {"assignment": "toy", "release": "1", "cells": cells, "exercises": {}, "minutes": {"step": 10}}
    (toy.folder / "release.json").write_text(json.dumps(release))
    return content


@pytest.mark.parametrize("editor", EDITORS, ids=lambda editor: editor.__name__)
def test_a_notebook_of_another_editor_runs_the_same_cells(released, toy, editor):
    release = release_beside(toy.notebook)
    toy.notebook.write_text(json.dumps(released))
    before = merge(student_cells(toy.notebook), release.cells)
    toy.notebook.write_text(json.dumps(editor(copy.deepcopy(released))))
    after = merge(student_cells(toy.notebook), release.cells)
    assert after.cells == before.cells
    assert after.problems == {}
    assert {kind for kind, _ in after.flags} == ({"metadata-lost"} if editor in LOSING else set())


def test_lines_that_end_as_on_windows_check_and_are_ready(released, toy):
    toy.notebook.write_text(json.dumps(with_windows_lines(released)))
    done = toy.run("-m", "selfcheck", "--ready", "toy.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "locked cell" not in done.stdout


@pytest.mark.parametrize("editor", [as_colab, as_vscode, as_vscode_of_2022])
def test_what_the_editors_write_is_valid(released, editor):
    nbformat.validate(nbformat.from_dict(editor(copy.deepcopy(released))))


def test_with_all_metadata_lost_it_checks_and_is_ready(released, toy):
    toy.notebook.write_text(json.dumps(without_metadata(released)))
    assert toy.run("-m", "selfcheck", "toy.ipynb").returncode == 0
    done = toy.run("-m", "selfcheck", "--ready", "toy.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "visible tests: 20 of 20 points" in done.stdout
    assert "Your editor has removed the marks of the cells. The grade recognises the cells" in done.stdout


def test_an_own_helper_named_like_an_exercise_is_not_moved_where_marks_are_left(released, toy):
    del next(cell for cell in released["cells"] if cell["id"] == "total-solution")["metadata"]["nbgrader"]
    toy.notebook.write_text(json.dumps(released))
    merged = merge(student_cells(toy.notebook), release_beside(toy.notebook).cells)
    assert ("function-elsewhere", "total is defined in cell free-backward-0") in merged.flags


@pytest.mark.parametrize("keeps_the_mark", [True, False], ids=["JupyterLab", "VS Code"])
def test_an_exercise_split_inside_of_its_function_runs_whole(released, toy, keeps_the_mark):
    cells = released["cells"]
    place = next(i for i, cell in enumerate(cells) if cell["id"] == "total-solution")
    rest = copy.deepcopy(cells[place]) | {"id": "rest", "source": "return sum(values)"}
    cells[place]["source"] = "def total(values):\n    "
    rest["metadata"] = rest["metadata"] if keeps_the_mark else {}
    cells.insert(place + 1, rest)
    toy.notebook.write_text(json.dumps(released))
    found = [dataclasses.replace(cell, number=0) for cell in student_cells(toy.notebook)]  # grading counts no cells
    merged = merge(found, release_beside(toy.notebook).cells)
    assert ("total-solution", "def total(values):\n    return sum(values)") in merged.cells
    assert ("cell-split", "total-solution: its 2 pieces were joined") in merged.flags


def test_a_cell_of_ones_own_that_is_no_python_is_no_piece(released, toy):
    cells = released["cells"]
    place = next(i for i, cell in enumerate(cells) if cell["id"] == "total-solution")
    cells.insert(place + 1, {"cell_type": "code", "id": "own", "metadata": {}, "source": "for", "outputs": []})
    toy.notebook.write_text(json.dumps(released))
    merged = merge(student_cells(toy.notebook), release_beside(toy.notebook).cells)
    assert any(text == "for" for _, text in merged.cells)
    assert merged.flags == []


def test_colab_is_asked_for_its_notebook(tmp_path, monkeypatch):
    assert live.saved(tmp_path, "toy") is None
    asked = []
    colab = types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(
        blocking_request=lambda what, timeout_sec: asked.append(what) or {"ipynb": {"cells": []}}
    )
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert live.saved(tmp_path, "toy") == tmp_path / "toy.ipynb"
    assert json.loads((tmp_path / "toy.ipynb").read_text()) == {"cells": []}
    assert asked == ["get_ipynb"]
    colab._message = None
    assert live.saved(tmp_path, "toy") is None


def test_every_report_says_the_same_as_text():
    record = Record("test_a_law", "e", "visible", "failed", 1.0, "h is a list")
    for report, words in (
        (Problem("a sentence"), ["a sentence"]),
        (CheckReport("e", [record], ["said"], [("symptom", "hint")], fits=True), ["h is a list", "said", "hint"]),
        (ProgressReport([], [record], ["e"], predictions=["1 (predicted: 2)"]), ["(predicted: 2)", 'check("e")']),
    ):
        bundle = report._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        for word in words:
            assert word in bundle["text/plain"]
            assert word.replace('"', "&quot;") in bundle["text/html"]
