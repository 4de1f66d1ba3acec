"""A file that is handed in beside the notebook: built, checked, graded, simulated; and every way to abuse it."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from autograder.author.check import check
from autograder.author.trial import run_reference
from autograder.course import notebook
from autograder.course.paths import Course, Repository
from autograder.gradebook import shown_tests
from autograder.simulate import every_kind
from autograder.simulate.expected import compare
from sample import CASES, HIDDEN, NAME, SOURCE, VISIBLE, build, write_sample
from selfcheck import hidden

from .conftest import grade_class

FILE = "answers.json"
# The demo that follows the exercise writes the file.
ASKING = SOURCE.replace('exercise="total" points=40', f'exercise="total" file="{FILE}" points=40').replace(
    "# %% [markdown] written",
    """# %%
if __name__ == "__main__":
    from pathlib import Path

    Path("answers.json").write_text('{"a": 1, "b": 2}')

# %% [markdown] written""",
)
SEEN = """
@exercise("total")
def test_total_is_a_number(total, cases, rng):
    expect.number(total(*cases.total(rng)), name="total")

@exercise("total", points=1)
def test_the_file_has_the_keys(handed_in):
    expect.equal(sorted(expect.json_object(handed_in("answers.json"), name="answers.json")), ["a", "b"], name="keys")
"""
UNSEEN = """
@exercise("total", points=2)
def test_the_sum_in_the_file_is_three(handed_in, note):
    found = expect.json_object(handed_in("answers.json"), name="answers.json")
    note(f"the sum is {sum(found.values())}")
    expect.that(sum(found.values()) == 3, "the sum is not right")
"""


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    """A repository whose second exercise asks for a file, and a course with it."""
    root = tmp_path_factory.mktemp("asking")
    repository = write_sample(root / "repository")
    repository.source(NAME).write_text(
        ASKING.replace('raise RuntimeError("demo cells are never run in grading")', "...")
    )
    repository.cases(NAME).write_text(CASES.lstrip())
    repository.visible(NAME).write_text(VISIBLE.lstrip() + SEEN)
    repository.hidden(NAME).write_text(HIDDEN.lstrip() + UNSEEN)
    course = Course(root / "course")
    build(repository, course, NAME)
    return repository, course


@pytest.fixture
def graded(asking, tmp_path):
    """graded(put): the result of the reference's notebook with what `put` writes at the file's place."""
    repository, course = asking
    text = course.source_notebook(NAME).read_text()

    def grade(put):
        path = tmp_path / "submitted" / "s1" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.with_name(FILE).unlink(missing_ok=True)
        put(path.with_name(FILE))
        options = {"submitted": tmp_path / "submitted", "results": tmp_path / "results", "jobs": 1}
        return grade_class(course, repository, NAME, **options)[0]

    return grade


def _points(result):
    assert result.status == "graded", result.reason
    assert result.flags == []
    return {exercise.name: round(exercise.points, 4) for exercise in result.exercises}


ALL, WITHOUT = {"scaled": 40.0, "total": 40.0}, {"scaled": 40.0, "total": 20.0}  # the file's tests: 3 of 6


def test_the_card_names_the_file_and_the_check_stands_after_the_cell_that_writes_it(asking):
    cells = notebook.read(asking[1].release_notebook(NAME)).cells
    assert any(f"hand in `{FILE}`" in cell.source for cell in cells)
    places = {cell.id: place for place, cell in enumerate(cells)}
    writes = next(place for place, cell in enumerate(cells) if "write_text" in cell.source)
    assert places["total-solution"] < writes < places["total"] == writes + 1
    assert places["scaled"] == places["scaled-solution"] + 1


def test_a_file_earns_its_points_and_a_changed_one_is_graded_again(graded):
    right = graded(lambda path: path.write_text('{"a": 1, "b": 2}'))
    assert _points(right) == ALL
    told = next(test for test in right.exercise("total").tests if "sum_in_the_file" in test.name)
    assert (told.outcome, told.message, told.note) == ("passed", "", "the sum is 3")
    assert "the sum is 3" not in shown_tests.tests_output(right.exercise("total"), 40.0, "graded", "").data["text/html"]
    other = graded(lambda path: path.write_text('{"a": 1, "b": 1}'))
    assert other.key != right.key
    assert (
        sum(test.outcome == "passed" for test in other.exercise("total").tests)
        == len(other.exercise("total").tests) - 1
    )
    told = next(test for test in other.exercise("total").tests if "sum_in_the_file" in test.name)
    assert (told.message, told.note) == (hidden.NOT_SO, "the sum is 2")


def test_a_file_that_stops_a_test_costs_that_test_alone(asking, tmp_path):
    own = Repository(tmp_path / "own")
    shutil.copytree(asking[0].root, own.root)
    own.handed_in(NAME).mkdir(parents=True)
    (own.handed_in(NAME) / FILE).write_text('{"a": 1, "b": 2}')
    path = tmp_path / "submitted" / "s1" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    shutil.copy(asking[1].source_notebook(NAME), path)
    path.with_name(FILE).write_text('{"a": "one", "b": 2}')
    options = {"submitted": tmp_path / "submitted", "results": tmp_path / "results", "jobs": 1}
    (result,) = grade_class(asking[1], own, NAME, **options)
    assert result.status == "graded", result.reason
    assert [flag.kind for flag in result.flags] == ["test-not-finished"]
    assert {exercise.name: round(exercise.points, 2) for exercise in result.exercises} == {"scaled": 40, "total": 26.67}


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda path: None, "not beside the notebook"),
        (lambda path: path.symlink_to("/etc/hostname"), "is a symbolic link"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.mkdir(), "not a regular file"),
        (lambda path: path.write_bytes(b" " * (2**20 + 1)), "larger than 1 MiB"),
        (lambda path: path.write_bytes(b"\xff\xfe{}"), "not UTF-8"),
        (lambda path: path.write_text("[" * 100_000 + "]" * 100_000), "is not JSON"),
        (lambda path: path.write_text('{"a": 1, "b": 2'), "is not JSON (line 1)"),
        (lambda path: path.write_text("[1, 2]"), "not an object"),
        (lambda path: path.write_text('{"a": 1, "b": 1, "b": 2}'), "the key 'b' more than once"),
        (lambda path: path.write_text('{"a": 1, "c": 2}'), "keys"),
    ],
)
def test_whatever_stands_in_the_files_place_costs_its_points_alone_and_says_why(graded, put, said):
    result = graded(put)
    if said == "keys":
        assert _points(result)["total"] == pytest.approx(40 * 5 / 6, abs=1e-3)
    else:
        assert _points(result) == WITHOUT
    failed = [test for test in result.exercise("total").tests if test.outcome != "passed"]
    assert {test.message for test in failed if test.visibility == "hidden"} <= {hidden.NO_JSON}
    messages = [test.message for test in failed if test.visibility == "visible"]
    assert messages
    assert all(said in message for message in messages), messages


def test_the_reference_hands_its_file_in_and_a_class_with_all_that_can_go_wrong_gets_what_it_must(asking, tmp_path):
    repository, course = asking
    problems = [problem.sentence for problem in check(repository, [NAME]) if "handed_in" in problem.where]
    assert len(problems) == 1
    assert "--hand-in" in problems[0]
    run_reference(repository, NAME, hand_in=True)
    assert json.loads(repository.handed_in_texts(NAME)[FILE]) == {"a": 1, "b": 2}
    assert not [problem for problem in check(repository, [NAME]) if "handed_in" in problem.where]
    (repository.handed_in(NAME) / "more.json").write_text("{}")
    assert ["remove it" in problem.sentence for problem in check(repository, [NAME]) if "more" in problem.where] == [
        True
    ]
    (repository.handed_in(NAME) / "more.json").unlink()
    simulation = every_kind(repository, course, NAME, 1, tmp_path / "class")
    families = ("right", "alternative", "wrong", "unfinished", "untouched", "foreign")
    expected = [one for one in simulation.expected if one.kind.partition("/")[0] in families]
    for student in {one.student for one in simulation.expected} - {one.student for one in expected}:
        path = simulation.folder / student / NAME
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
    results = grade_class(course, repository, NAME, submitted=simulation.folder, results=tmp_path / "results")
    assert [row for row in compare(expected, results) if not row.ok] == []
    assert len(results) == len(expected) > 10
