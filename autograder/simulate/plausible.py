"""Which mistakes look right: the same types and shapes as the reference, with other values.

A trick that lies about values must stand around code that passes every gate; a mistake that raises would hide the lie.
Only the instructor's own texts run here: the reference, its catalogue of mistakes, the public cases.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.course.loading import load_file
from autograder.course.paths import Repository
from autograder.simulate.subject import Mistake, Subject
from selfcheck.target import LocalProvider
from selfcheck.traces import caller

_SEED = 20
_BEST = 2


def plausible_mistakes(repository: Repository, subject: Subject, rng: random.Random) -> dict[str, Mistake | None]:
    """For each exercise a mistake, by lot, of those that look most like an answer: by type, by shape, and by a value
    that differs. None where no mistake is listed. They are tried only until one is found.
    """
    reference, cases = repository.source(subject.assignment), repository.cases(subject.assignment)
    known = reference.is_file() and cases.is_file()
    given, arguments = (vars(load_file(reference)), load_file(cases)) if known else ({}, None)
    found: dict[str, Mistake | None] = {}
    for name, exercise in subject.exercises.items():
        best, found[name] = -1, None
        for mistake in rng.sample(exercise.mistakes, len(exercise.mistakes)):
            rank = _rank(given, arguments, name, mistake)
            if rank > best:
                best, found[name] = rank, mistake
            if best == _BEST or not known:
                break
    return found


def _rank(given: Mapping[str, Any], cases: Any, name: str, mistake: Mistake) -> int:
    """2: the right type and shape with another value; 1: the same value as the reference's, here; 0: anything else."""
    if not hasattr(cases, name) or name not in given:
        return 0
    namespace = dict(given)
    try:
        exec(compile(mistake.source, f"<{mistake.id}>", "exec", dont_inherit=True), namespace)
        got = _called(namespace, cases, name)
    except Exception:  # a mistake may raise anything; that it does is the answer
        return 0
    right = _called(given, cases, name)
    return (1 if _equal(got, right) else _BEST) if _alike(got, right) else 0


def _called(namespace: Mapping[str, Any], cases: Any, name: str) -> Any:
    arguments = getattr(cases, name)(np.random.default_rng(_SEED))
    return caller(name, LocalProvider(namespace, cases), cases)(*arguments).value


def _alike(got: Any, right: Any) -> bool:
    if type(got) is not type(right):
        return False
    if isinstance(right, dict):
        return got.keys() == right.keys() and all(_alike(got[key], right[key]) for key in right)
    if isinstance(right, tuple | list) and any(hasattr(item, "shape") for item in right):
        return len(got) == len(right) and all(map(_alike, got, right))
    return bool(getattr(got, "shape", None) == getattr(right, "shape", None))


def _equal(got: Any, right: Any) -> bool:
    if isinstance(right, dict):
        return all(_equal(got[key], right[key]) for key in right)
    if isinstance(right, tuple | list):
        return len(got) == len(right) and all(map(_equal, got, right))
    return bool(np.array_equal(got, right)) if hasattr(right, "shape") else bool(got == right)
