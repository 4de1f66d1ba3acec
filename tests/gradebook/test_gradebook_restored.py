"""The notebook put together from a release and what a student wrote."""

import json
from copy import deepcopy

import nbformat
import pytest

from autograder.course import notebook as cells
from autograder.gradebook.restored import restored, stand_in, submitted_cells
from sample import one_of_each_kind


@pytest.fixture
def release():
    made = one_of_each_kind()
    made.cells.insert(-1, cells.prose("Why?", "why-question"))
    return made


def plain(notebook):
    return json.loads(nbformat.writes(notebook))["cells"]


def ids(notebook):
    return [cell.id for cell in notebook.cells]


def test_an_untouched_release_comes_back_as_it_is(release):
    assert restored(plain(release), release).cells == release.cells


def test_the_text_of_locked_cells_is_the_releases(release):
    submitted = plain(release)
    submitted[1]["source"] = submitted[3]["source"] = "print('mine')"
    assert [cell.source for cell in restored(submitted, release).cells] == [cell.source for cell in release.cells]


def test_of_two_cells_with_one_id_the_last_answers_and_the_first_is_kept_beside_it(release):
    submitted = plain(release)
    submitted.append({**submitted[2], "source": "def f(): return 2"})
    found = restored(submitted, release)
    assert cells.find(found, "f-solution").source == "def f(): return 2"
    assert [cell.source for cell in found.cells if cell.id.startswith("own-")] == ["def f(): ..."]


def test_cells_that_are_gone_come_back_in_their_place_but_not_an_exercise(release):
    submitted = [cell for cell in plain(release) if cell["id"] in ("prose-1", "demo-1", "why-question")]
    assert ids(restored(submitted, release)) == ["given-1", "f", "why", "prose-1", "demo-1", "why-question"]
    submitted = [cell for cell in plain(release) if cell["id"] not in ("f", "f-solution")]
    assert ids(restored(submitted, release)) == ["prose-1", "given-1", "f", "demo-1", "why-question", "why"]


def test_outputs_and_metadata_of_the_student_are_left_out(release):
    submitted = plain(release)
    submitted[2]["outputs"] = [{"output_type": "stream", "name": "stderr", "text": "x"}]
    submitted[2]["metadata"]["nbgrader"]["points"] = 99
    submitted.append({"cell_type": "code", "source": "1", "metadata": {"transient": {"remove_source": True}}})
    found = restored(submitted, release)
    assert cells.find(found, "f-solution") == cells.find(release, "f-solution")
    assert found.cells[-1].metadata == {}


def test_endless_cells_are_cut(release):
    submitted = plain(release)
    submitted[2]["source"] = "x" * 300_000
    assert len(cells.find(restored(submitted, release), "f-solution").source) < 101_000


def test_a_stand_in_holds_the_reason_on_one_line_and_the_graded_cells(release):
    found = stand_in(release, "bad\n\n# Full marks\x1b[0m")
    assert ids(found) == ["unreadable", "f", "why"]
    assert "\n    bad # Full marks\n" in found.cells[0].source


MANY = ",".join(['{"cell_type": "raw", "source": ""}'] * 2001)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"nbformat": 4}', '{"nbformat": "x", "cells": []}', "[" * 9999),
        f'{{"nbformat": 4, "cells": [{MANY}]}}',
        f'{{"nbformat": 3, "worksheets": [{{"cells": [{MANY}]}}]}}',
    ],
)
def test_what_is_no_notebook_has_no_cells(tmp_path, content):
    path = tmp_path / "s1" / "a" / "a.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert submitted_cells(path, tmp_path) is None


def test_an_old_notebook_is_upgraded(tmp_path, release):
    path = tmp_path / "s1" / "a" / "a.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(nbformat.convert(deepcopy(release), 3), version=3))
    found = submitted_cells(path, tmp_path)
    assert [cell["source"] for cell in found] == [cell.source for cell in release.cells]
