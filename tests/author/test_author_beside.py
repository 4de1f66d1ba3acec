"""Assignments that are worked on at once come in their order, and what goes wrong with one is told at its turn."""

from __future__ import annotations

import os

import pytest

from autograder.author import beside
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError

REPOSITORY = Repository.default()
NAMES = REPOSITORY.names()[:3]


def process_of(repository, name):
    return name, os.getpid()


def refused(repository, name):
    if name == NAMES[1]:
        raise SourceError([Problem(name, "one thing"), Problem(name, "another")])
    return name


def test_several_are_done_in_other_processes_and_come_in_their_order():
    found = list(beside.each(process_of, REPOSITORY, NAMES))
    assert [name for name, _ in found] == NAMES
    assert os.getpid() not in {process for _, process in found}


def test_one_alone_is_done_here():
    assert list(beside.each(process_of, REPOSITORY, NAMES[:1])) == [(NAMES[0], os.getpid())]
    assert list(beside.each(process_of, REPOSITORY, [])) == []


def test_what_an_author_wrote_wrong_is_told_whole_after_those_before_it():
    found = beside.each(refused, REPOSITORY, NAMES)
    assert next(found) == NAMES[0]
    with pytest.raises(SourceError) as error:
        next(found)
    assert [problem.sentence for problem in error.value.problems] == ["one thing", "another"]
