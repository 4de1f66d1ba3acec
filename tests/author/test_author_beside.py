"""Assignments that are worked on at once come as they are done, and what goes wrong with one is told whole."""

from __future__ import annotations

import os

import pytest

from autograder.author import beside
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from loopback import until

REPOSITORY = Repository.default()
NAMES = REPOSITORY.names()[:3]


def process_of(repository, name):
    return os.getpid()


def refused(repository, name):
    if name == NAMES[1]:
        raise SourceError([Problem(name, "one thing"), Problem(name, "another")])
    return name


def first_waits_for_second(repository, name):
    if name == "first":
        until((repository.root / "second").exists, "the second has come")
    return os.getpid()


def test_several_are_done_in_other_processes_and_come_as_they_are_done(tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "cores", lambda: 2)
    found = {}
    for name, process in beside.each(first_waits_for_second, Repository(tmp_path), ["first", "second"]):
        found[name] = process
        (tmp_path / name).touch()
    assert list(found) == ["second", "first"]
    assert os.getpid() not in found.values()


def test_where_forks_are_not_to_be_trusted_each_process_starts_anew(monkeypatch):
    monkeypatch.setattr(beside, "_FORKS", False)
    monkeypatch.setattr(beside, "import_once", None)  # a call of it would fail
    found = dict(beside.each(process_of, REPOSITORY, NAMES[:2]))
    assert os.getpid() not in found.values()


def test_one_alone_is_done_here():
    assert list(beside.each(process_of, REPOSITORY, NAMES[:1])) == [(NAMES[0], os.getpid())]
    assert list(beside.each(process_of, REPOSITORY, [])) == []


def test_what_an_author_wrote_wrong_is_told_whole():
    with pytest.raises(SourceError) as error:
        list(beside.each(refused, REPOSITORY, NAMES))
    assert [problem.sentence for problem in error.value.problems] == ["one thing", "another"]


@pytest.mark.parametrize(
    ("assignments", "modules"),
    [
        (["a1_recurrence"], None),
        (["a1_recurrence", "a2_bptt"], ["work", "sympy", "torch"]),
        (["a1_recurrence", "a5_gru"], ["work", "torch", "torch._dynamo"]),
    ],
)
def test_what_is_slow_to_import_is_imported_once_for_all_of_them(monkeypatch, assignments, modules):
    asked = []
    monkeypatch.setattr(beside, "_FORKS", True)
    monkeypatch.setattr(beside, "import_once", asked.append)
    beside.start(REPOSITORY, assignments, "work")
    assert asked == ([] if modules is None else [modules])
