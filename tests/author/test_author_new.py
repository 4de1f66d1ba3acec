"""author/new.py: what `autograder new` writes is whole; what cannot be written is refused whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder import cli
from autograder.author.new import new
from autograder.course.paths import Repository
from autograder.course.source import parse
from newcomer import commands, empty_repository, python

NAME, EXERCISE = "a8_attention", "softmax_rows"
OWN = Repository.default()


@pytest.fixture
def repository(tmp_path):
    return empty_repository(tmp_path / "repository")


@pytest.fixture
def run(repository, tmp_path, monkeypatch, capsys):
    return commands(repository, tmp_path / "course", monkeypatch, capsys)


def files(repository: Repository) -> set[Path]:
    return {path for folder in (repository.solutions, repository.assignments) for path in folder.rglob("*")}


def test_one_exercise_gets_a_second_and_the_points_are_as_they_must_be(repository):
    new(repository, NAME, [EXERCISE])
    source = parse(repository.source(NAME))
    assert [cell.name for cell in source.exercises] == [EXERCISE, f"{EXERCISE}_over_time"]
    assert [cell.points for cell in (*source.exercises, *source.written)] == [40, 40, 20]


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_several_exercises_are_written_as_they_are_named(repository, count):
    names = [f"exercise_{number}" for number in range(count)]
    new(repository, NAME, names)
    source = parse(repository.source(NAME))
    assert [cell.name for cell in source.exercises] == names
    assert sum(cell.points for cell in source.exercises) == 80
    assert all(isinstance(cell.points, int) for cell in source.exercises)


def test_what_is_written_passes_the_linters(repository):
    new(repository, NAME, ["a_name_of_thirty_letters_first", "a_name_of_thirty_letters_other", "one"])
    folders = ("solutions", f"assignments/{NAME}")
    python(repository, "ruff", "check", "--no-cache", *folders)
    python(repository, "ruff", "format", "--no-cache", "--check", *folders)


def test_every_assignment_has_the_conftest_that_is_written(repository):
    new(repository, NAME, [EXERCISE])
    written = (repository.public(NAME) / "conftest.py").read_bytes()
    for assignment in OWN.names():
        assert (OWN.public(assignment) / "conftest.py").read_bytes() == written, assignment


def test_every_kind_of_cell_says_what_it_is_in_the_first_lines_of_the_chapter(repository):
    new(repository, NAME, [EXERCISE])
    head = repository.source(NAME).read_text("utf-8").partition("# %%")[0]
    assert NAME in head
    kinds = {cell.kind for cell in parse(repository.source(NAME)).cells}
    assert kinds == {"prose", "include", "given", "demo", "exercise", "written"}
    for word in ("include=", "written=", "exercise=", "given", "__main__", "75 to 85"):
        assert word in head


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("attention", "--exercise", EXERCISE), "'attention' cannot be an assignment's name: write aN_word"),
        (("a8", "--exercise", EXERCISE), "'a8' cannot be an assignment's name"),
        (("a0_zero", "--exercise", EXERCISE), "'a0_zero' cannot be an assignment's name"),
        (("a8_Attention", "--exercise", EXERCISE), "'a8_Attention' cannot be an assignment's name"),
        (("../a8_attention", "--exercise", EXERCISE), "'../a8_attention' cannot be an assignment's name"),
        ((NAME, "--exercise", "softmax-rows"), "'softmax-rows' cannot be an exercise's name: write a function's name"),
        ((NAME, "--exercise", "n" * 50), "at most 49 in all"),
        ((NAME, "--exercise", "lambda"), "Python or the files of an assignment use it"),
        ((NAME, "--exercise", "request"), "Python or the files of an assignment use it"),
        ((NAME, "--exercise", "x"), "Python or the files of an assignment use it"),
        ((NAME, "--exercise", "np"), "Python or the files of an assignment use it"),
        ((NAME, "--exercise", "one", "--exercise", "one"), "two exercises are called 'one'"),
        ((NAME, *(["--exercise", "one"] * 21)), "21 exercises cannot be written"),
        ((NAME,), "--exercise"),
    ],
)
def test_a_bad_name_is_refused_with_a_sentence_and_nothing_is_written(repository, run, arguments, said):
    before = files(repository)
    code, printed = run("new", *arguments)
    assert code == cli.USAGE
    assert said in printed
    assert files(repository) == before


@pytest.mark.parametrize("folder", ["solutions", "assignments"])
def test_an_assignment_that_exists_is_refused_and_left_as_it_is(repository, run, folder):
    mine = repository.root / folder / NAME / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    before = files(repository)
    code, printed = run("new", NAME, "--exercise", EXERCISE)
    assert code == cli.USAGE
    assert f"{folder}/{NAME} exists already" in printed
    assert files(repository) == before


def test_nothing_is_left_when_a_file_cannot_be_written(repository, monkeypatch):
    before = files(repository)
    replace = os.replace

    def full(new_file: Path, path: Path) -> None:
        if Path(path).name == "conftest.py":
            raise OSError("no space left on device")
        replace(new_file, path)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        new(repository, NAME, [EXERCISE])
    assert files(repository) == before
