"""Which mistakes look right: the same types and shapes as the reference, with other values.

A trick that lies about values must stand around code that passes every gate; a mistake that raises would hide the lie.
Only the instructor's own texts run here: the reference, its catalogue of mistakes, the public cases.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograder.course.loading import load_file
from autograder.course.paths import Repository
from autograder.simulate.subject import Mistake, Subject
from selfcheck.target import LocalProvider
from selfcheck.traces import caller

_SEED = 20
_BEST = 2


class PlausibleMistakes(Mapping[str, Mistake | None]):
    """For each exercise a mistake, by lot, of those that look most like an answer: by type, by shape, and by a value
    that differs. None where no mistake is listed. They are tried when the exercise is looked up, and only until one is
    found: few classes need all.
    """

    def __init__(self, repository: Repository, subject: Subject, rng: random.Random) -> None:
        self._repository, self._subject = repository, subject
        self._lot = rng.random()
        self._found: dict[str, Mistake | None] = {}

    def __getitem__(self, name: str) -> Mistake | None:
        if name not in self._found:
            self._found[name] = self._drawn(name, self._subject.exercises[name].mistakes)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._subject.exercises)

    def __len__(self) -> int:
        return len(self._subject.exercises)

    @cached_property
    def _loaded(self) -> tuple[Mapping[str, Any], Any] | None:
        """What the reference defines, and the cases; None where a file is missing."""
        reference = self._repository.source(self._subject.assignment)
        cases = self._repository.cases(self._subject.assignment)
        return (vars(load_file(reference)), load_file(cases)) if reference.is_file() and cases.is_file() else None

    def _drawn(self, name: str, mistakes: Sequence[Mistake]) -> Mistake | None:
        shuffled = random.Random(f"{self._lot}:{name}").sample(mistakes, len(mistakes))
        if not shuffled or self._loaded is None:
            return next(iter(shuffled), None)
        given, cases = self._loaded
        try:
            right = _called(given, cases, name)
        except Exception:  # cases of another form than the call's: then nothing says which looks like an answer
            return shuffled[0]
        best, found = -1, None
        for mistake in shuffled:
            rank = _rank(given, cases, name, mistake, right)
            if rank > best:
                best, found = rank, mistake
            if best == _BEST:
                break
        return found


def _rank(given: Mapping[str, Any], cases: Any, name: str, mistake: Mistake, right: Any) -> int:
    """2: the right type and shape with another value; 1: the same value as the reference's, here; 0: anything else."""
    namespace = dict(given)
    try:
        exec(compile(mistake.source, f"<{mistake.id}>", "exec", dont_inherit=True), namespace)
        got = _called(namespace, cases, name)
    except Exception:  # a mistake may raise anything; that it does is the answer
        return 0
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
