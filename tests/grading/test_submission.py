"""A notebook from a stranger: what is read, what is put right, what is flagged, and what is refused with a reason."""

from __future__ import annotations

import json
import os

import pytest

from autograder.grading import submission as reading
from autograder.grading.batch import handed_in
from autograder.grading.plan import read_submission
from autograder.grading.submission import Unreadable, check_student_id, read_bytes, receive
from sample import NAME, may_not_be_entered

from .conftest import cell_of, code_cell, set_source


@pytest.fixture
def read(course, assignment):
    def run(path):
        return read_submission(receive(path, course.submitted, assignment), assignment)

    return run


def kinds(submission):
    return [flag.kind for flag in submission.flags]


def test_the_release_reads_without_a_flag(hand_in, read, untouched):
    submission = read(hand_in("s1", untouched))
    assert submission.flags == []
    assert [identity for identity, _ in submission.cells if identity.endswith("-solution")] == [
        "scaled-solution",
        "total-solution",
    ]


def test_demo_cells_and_check_cells_are_never_run(hand_in, read, solved):
    submission = read(hand_in("s1", solved))
    assert not any("demo cells" in source or source.startswith("check(") for _, source in submission.cells)


def test_a_changed_locked_cell_is_restored_and_flagged(hand_in, read, solved, assignment):
    given = next(cell for cell in assignment.cells if cell.role == "given")
    set_source(solved, given.grade_id, "import numpy as np\nnp.sum = None")
    submission = read(hand_in("s1", solved))
    assert kinds(submission) == ["locked-cell-changed"]
    assert (given.grade_id, given.source) in submission.cells


def test_raised_points_and_cleared_grade_flags_are_flagged_only(hand_in, read, solved):
    cell_of(solved, "scaled")["metadata"]["nbgrader"].update(points=1000, grade=False)
    assert kinds(read(hand_in("s1", solved))) == ["metadata-changed"]


def test_of_two_cells_with_one_id_the_last_counts(hand_in, read, solved):
    copy = json.loads(json.dumps(cell_of(solved, "scaled-solution")))
    copy["source"] = "def scaled(x, factor):\n    return 'second'"
    solved["cells"].append(copy)
    submission = read(hand_in("s1", solved))
    assert kinds(submission) == ["cell-duplicated"]
    assert dict(submission.cells)["scaled-solution"] == copy["source"]


def test_a_function_moved_to_a_free_cell_is_found(hand_in, read, solved):
    source = cell_of(solved, "scaled-solution")["source"]
    solved["cells"].remove(cell_of(solved, "scaled-solution"))
    solved["cells"].append(code_cell(source))
    submission = read(hand_in("s1", solved))
    assert sorted(kinds(submission)) == ["cell-missing", "function-elsewhere"]
    assert source in dict(submission.cells).values()
    assert submission.problems == {}


def test_a_renamed_function_is_named_in_the_message(hand_in, read, solved):
    source = cell_of(solved, "scaled-solution")["source"].replace("def scaled", "def my_scaled")
    set_source(solved, "scaled-solution", source)
    submission = read(hand_in("s1", solved))
    assert kinds(submission) == ["function-renamed"]
    assert "my_scaled" in submission.problems["scaled"]


def test_an_exercise_turned_into_text_runs_as_code(hand_in, read, solved):
    cell_of(solved, "scaled-solution")["cell_type"] = "markdown"
    submission = read(hand_in("s1", solved))
    assert "metadata-changed" in kinds(submission)
    assert "def scaled(" in dict(submission.cells)["scaled-solution"]


def test_foreign_files_and_an_old_release_are_flagged(hand_in, read, solved):
    solved["metadata"]["course"]["release"] = "0" * 16
    path = hand_in("s1", solved)
    (path.parent / "conftest.py").write_text("")  # released under this name, with another text
    (path.parent / "weights.pt").write_bytes(b"")  # what a notebook has trained, nor this
    for kept in ("a.progress.json", "a.receipt.txt"):  # nor what the self-check keeps
        (path.parent / kept).write_text("")
    (path.parent / "numpy.py").write_text("")
    assert sorted(kinds(read(path))) == ["foreign-file", "old-release"]
    assert [flag.detail for flag in read(path).flags if flag.kind == "foreign-file"] == ["conftest.py, numpy.py"]


def test_a_notebook_without_any_marks_runs_the_same_cells(hand_in, read, solved):
    marked = read(hand_in("s1", solved))
    for cell in solved["cells"]:
        cell["metadata"] = {}
    unmarked = read(hand_in("s2", solved))
    assert kinds(unmarked) == ["metadata-lost"]
    assert unmarked.cells == marked.cells


def test_suspicious_code_is_flagged(hand_in, read, solved):
    solved["cells"].append(code_cell("get_ipython().ast_transformers.append(1)"))
    assert kinds(read(hand_in("s1", solved))) == ["suspicious-code"]


@pytest.mark.parametrize(
    ("line", "flagged"),
    [
        ("hidden_size = hidden_state = 6; print({'hidden_size': hidden_size})", False),
        ("np.testing.assert_allclose(np.ones(3), 1.0)", False),
        ("from numpy.testing import assert_allclose", False),
        ("os.environ['CUDA_VISIBLE_DEVICES'] = ''; os.environ.setdefault('OMP_NUM_THREADS', '1')", False),
        ("import unittest\nclass Own(unittest.TestCase): pass\nunittest.main(argv=[''], exit=False)", False),
        ("from unittest import TestCase, main", False),
        ("np.testing.assert_allclose.__code__ = None", True),
        ("unittest.TestCase.assertEqual = print", True),
        ("for name in dir(unittest.TestCase): setattr(unittest.TestCase, name, print)", True),
        ("from unittest import TestCase, mock", True),
        ("setattr(np.testing, name, None)", True),
        ("[name for name in sys.modules if name.startswith('hidden_')]", True),
        ("glob.glob('*/hidden_*.py')", True),
        ("import hidden_tests", True),
        ("os.environ['PYTEST_CURRENT_TEST']", True),
        ("os.environ['A'] == 'grader'", True),
        ("dict(os.environ)", True),
    ],
)
def test_ordinary_code_is_not_called_suspicious(hand_in, read, solved, line, flagged):
    solved["cells"].append(code_cell(line))
    assert kinds(read(hand_in("s1", solved))) == ["suspicious-code"] * flagged


def test_magics_are_ordinary(hand_in, read, solved):
    solved["cells"].append(code_cell("%matplotlib inline\n!ls"))
    assert kinds(read(hand_in("s1", solved))) == []


def test_formats_4_2_and_3_are_upgraded(hand_in, read, solved):
    import nbformat

    older = nbformat.from_dict(solved)
    for cell in older.cells:
        del cell["id"]
    older.nbformat_minor = 2
    assert kinds(read(hand_in("s1", dict(older)))) == ["old-format"]
    oldest = nbformat.convert(nbformat.from_dict(solved), 3)
    submission = read(hand_in("s2", nbformat.v3.writes_json(oldest)))
    assert "old-format" in kinds(submission)
    assert "scaled-solution" in dict(submission.cells)


def test_a_byte_order_mark_does_no_harm(hand_in, read, solved):
    assert kinds(read(hand_in("s1", "\ufeff" + json.dumps(solved)))) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        ("not json", "not JSON"),
        ("[1, 2]", "no nbformat"),
        ("[" * 5000 + "]" * 5000, "nested"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no list of cells"),
        ('{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}', "newer"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}', "damaged"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "no cell and no function"),
        ('{"nbformat": 4, "metadata": {"course": {"assignment": "a9_other"}}, "cells": []}', "a9_other"),
    ],
)
def test_what_cannot_be_graded_is_refused_with_its_reason(hand_in, read, content, reason):
    with pytest.raises(Unreadable, match=reason):
        read(hand_in("s1", content))


def test_too_many_cells_and_too_large_a_file_are_refused(hand_in, read, solved, monkeypatch):
    solved["cells"] += [code_cell("1")] * 2001
    with pytest.raises(Unreadable, match="2000 cells"):
        read(hand_in("s1", solved))
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    with pytest.raises(Unreadable, match="larger than"):
        read(hand_in("s2", solved))


def test_a_missing_notebook_says_what_is_there_instead(hand_in, read, solved):
    path = hand_in("s1", solved)
    path.rename(path.with_name("homework (1).ipynb"))
    with pytest.raises(Unreadable, match=r"homework \(1\)\.ipynb"):
        read(path)


def test_links_and_pipes_are_never_opened(hand_in, read, course, solved, tmp_path):
    target = tmp_path / "target.ipynb"
    target.write_text(json.dumps(solved))
    path = hand_in("s1", solved)
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(Unreadable, match="link"):
        read(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Unreadable, match="regular file"):
        read(path)
    (course.submitted / "s2").symlink_to(course.submitted / "s1")
    with pytest.raises(Unreadable, match="link"):
        read(course.submission("s2", NAME))


@pytest.mark.parametrize("student", ["../s1", "a;b", "*", "-rf", "x\n", "a" * 70, "$(cmd)", "", "s1 "])
def test_odd_ids_are_refused(student):
    with pytest.raises(Unreadable, match="student id"):
        check_student_id(student, None)


@pytest.mark.parametrize("student", ["José Müller", "山田太郎", "o'brien", "a.b+c@uni.edu", "Jose\u0301", "de la Cruz"])
def test_names_in_any_alphabet_are_ids(student):
    check_student_id(student, None)


def test_a_student_not_on_the_roster_is_refused():
    check_student_id("s1", ["s1"])
    with pytest.raises(Unreadable, match="roster"):
        check_student_id("s2", ["s1"])


def test_a_folder_that_may_not_be_entered_is_a_refusal_and_nobody_is_left_out(
    course, assignment, hand_in, solved, monkeypatch
):
    path = hand_in("s1", solved)
    hand_in("s2", solved)
    may_not_be_entered(path.parents[1], monkeypatch)
    with pytest.raises(Unreadable, match="the notebook cannot be read: Permission denied"):
        read_bytes(path, course.submitted)
    assert receive(path, course.submitted, assignment).refusal == "the notebook cannot be read: Permission denied"
    assert handed_in(course.submitted, NAME) == ["s1", "s2"]
    assert handed_in(course.submitted, "a2_nowhere") == ["s1"]
