"""`autograder build --check`: is everything that was generated up to date, and has every exercise all that it needs?"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.author import beside
from autograder.author.build import GENERATED, IMPORTS_CHECK, BuildError, read_source, student_notebook
from autograder.author.handout import handout
from autograder.author.samples import ALTERNATIVE, not_python
from autograder.author.variants import check_questions
from autograder.course import catalogue
from autograder.course.marked_tests import marked_tests, slips
from autograder.course.paths import Course, Repository
from autograder.course.source import Problem, Source, SourceError, load_reference

STALE = "it is not what the script says: run `autograder build` and commit the result."


def check(repository: Repository, assignments: list[str] | None = None) -> list[Problem]:
    """Return all that keeps these assignments, or all, from being handed out; empty if nothing does.

    Each assignment is built anew in a temporary course directory and compared with what is committed.
    """
    names = assignments or repository.names()
    found = dict(beside.each(_problems, repository, names))
    return [problem for name in names for problem in dict.fromkeys(found[name])]


def _problems(repository: Repository, name: str) -> list[Problem]:
    with tempfile.TemporaryDirectory() as folder:
        return list(_assignment(repository, Course(Path(folder) / "course"), name))


def _assignment(repository: Repository, course: Course, name: str) -> Iterator[Problem]:
    try:
        source = read_source(repository, name)
    except SourceError as error:
        yield from error.problems
        return
    for part in (_notebook, _generated, _handout, _handed_in, _tests, _right, _mistakes, _cases, _variants):
        try:
            yield from part(repository, course, source)
        except SourceError as error:
            yield from error.problems


def _notebook(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    first = next((cell.line for cell in source.exercises), 0)
    if not any(c.kind == "given" and c.line < first and IMPORTS_CHECK.search(c.source) for c in source.cells):
        sentence = "no given cell above the first exercise imports check: write `from selfcheck import check` in one."
        yield Problem(_shown(repository, source.path), sentence)
    try:
        made = student_notebook(repository, course, source)
    except BuildError as error:
        yield Problem(source.name, str(error))
        return
    yield from _stale(repository, repository.notebook(source.name), made)


def _generated(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    for name, generate in GENERATED.items():
        yield from _stale(repository, repository.public(source.name) / name, generate(repository, source))


def _stale(repository: Repository, path: Path, made: bytes) -> Iterator[Problem]:
    if not path.is_file():
        yield Problem(_shown(repository, path), "it is missing: run `autograder build` and commit the result.")
    elif path.read_bytes() != made:
        yield Problem(_shown(repository, path), STALE)


def _handout(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    handout(repository, source)
    yield from ()


def _handed_in(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    asked = {exercise.file for exercise in source.exercises if exercise.file}
    for name in sorted(asked ^ repository.handed_in_texts(source.name).keys()):
        where = _shown(repository, repository.handed_in(source.name) / name)
        if name in asked:
            yield Problem(
                where, f"it is missing: run python -m autograder.author.trial {source.name} --hand-in, and commit it."
            )
        else:
            yield Problem(where, f"no exercise of {source.name} asks for it: remove it.")


def _tests(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    names = {exercise.name for exercise in source.exercises}
    earning: set[str] = set()
    for what, path in (("visible", repository.visible(source.name)), ("hidden", repository.hidden(source.name))):
        where = _shown(repository, path)
        if not path.is_file():
            yield Problem(where, f"the {what} tests of {source.name} are missing: write them.")
            continue
        tests = marked_tests(path)
        yield from (Problem(f"{where}:{line}", sentence) for line, sentence in slips(path))
        for test in tests:
            if test.exercise not in names:
                yield Problem(
                    f"{where}:{test.line}", f"{test.name} is marked with {test.exercise!r}: no such exercise."
                )
            if what == "hidden" and test.points is None:
                sentence = (
                    f"{test.name} has no points, so it is a gate, and gates are visible: move it, or give it points."
                )
                yield Problem(f"{where}:{test.line}", sentence)
            if test.points is not None:
                earning.add(test.exercise)
        without_points = {cell.name for cell in source.exercises if not cell.points}  # visible tests are all they need
        found = {test.exercise for test in tests} | (without_points if what == "hidden" else set())
        for name in _missing(source, found):
            yield Problem(where, f"{name} has no {what} test: write one, marked @exercise({name!r}).")
    for name in _missing(source, earning):
        yield Problem(source.name, f"no test of {name} earns points: give one points=...")


def _missing(source: Source, names: set[str]) -> list[str]:
    return [exercise.name for exercise in source.exercises if exercise.name not in names]


def _right(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    where = _shown(repository, repository.right(source.name))
    right = catalogue.right(repository, source.name)
    yield from catalogue.unknown(source, repository.right(source.name), right)
    for name in _missing(source, {name for name, variants in right.items() if variants}):
        yield Problem(where, f"{name} has no right alternative: add one to RIGHT.")
    for name, variants in right.items():
        for variant, text in variants.items():
            try:
                defined = [getattr(node, "name", "") for node in ast.parse(text).body]
            except SyntaxError as error:
                yield Problem(where, f"{name}: {ALTERNATIVE}{variant}: {not_python(error)}")
                continue
            if name not in defined:
                yield Problem(where, f"{name}: {ALTERNATIVE}{variant}: it does not define {name}.")


def _mistakes(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    where = _shown(repository, repository.mistakes(source.name))
    mistakes = catalogue.mistakes(repository, source.name)
    yield from catalogue.unknown(source, repository.mistakes(source.name), mistakes)
    for exercise in source.exercises:
        if not mistakes.get(exercise.name):
            yield Problem(where, f"{exercise.name} has no mistake: write a table [[{exercise.name}]].")
        for mistake in mistakes.get(exercise.name, []):
            missing = [key for key in ("id", "old", "new", "says") if not mistake.get(key)]
            if missing and missing != ["new"]:  # a mistake may leave text out
                yield Problem(where, f"a mistake of {exercise.name} lacks {', '.join(missing)}: {mistake!r}")
                continue
            try:
                ast.parse(exercise.patched(mistake["old"], mistake["new"]))
            except ValueError as error:
                yield Problem(where, f"{exercise.name}: {mistake['id']}: {error}")
            except SyntaxError as error:
                yield Problem(where, f"{exercise.name}: {mistake['id']}: {not_python(error)}")


def _cases(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    path = repository.cases(source.name)
    where = _shown(repository, path)
    if not path.is_file():
        return  # the handout has said so
    cases = load_reference(path)
    for exercise in source.exercises:
        for what, make in _inputs(cases, exercise.name):
            try:
                made = make(np.random.default_rng(0))
            except Exception as error:
                yield Problem(where, f"{what} raises {type(error).__name__}: {error}")
                continue
            if sentence := _crossing(made):
                yield Problem(where, f"{what}: {sentence}")
        if not callable(getattr(cases, exercise.name, None)):
            yield Problem(where, f"{exercise.name} has no case: write {exercise.name}(rng), its arguments as a tuple.")


def _variants(repository: Repository, course: Course, source: Source) -> Iterator[Problem]:
    yield from check_questions(repository, source)


def _inputs(cases: ModuleType, name: str) -> Iterator[tuple[str, Callable[[np.random.Generator], Any]]]:
    own, several = getattr(cases, name, None), getattr(cases, "CASES", None)
    if callable(own):
        yield f"{name}(rng)", own
    if callable(several):
        yield f"CASES({name!r}, rng)", lambda rng: tuple(several(name, rng))


def _crossing(arguments: Any) -> str:
    """Return what keeps a case from reaching the student's process as it is; empty if nothing does."""
    from autograder.sandbox import wire

    if type(arguments) is not tuple:
        return f"it returns {type(arguments).__name__}; expected a tuple of the exercise's arguments."
    try:
        arrived = wire.decode(wire.encode(arguments))
    except wire.WireError as error:
        return f"it cannot cross the wire: {error}"
    return _changed(arguments, arrived)


def _changed(sent: Any, arrived: Any) -> str:
    if type(sent) is not type(arrived):
        plain = "arrays, numbers, strings, generators, tuples, lists, dicts"
        return f"{type(sent).__name__} cannot cross the wire: use {plain}."
    if isinstance(sent, np.ndarray) and (sent.dtype, sent.shape) != (arrived.dtype, arrived.shape):
        return f"an array {sent.dtype} {sent.shape} crosses the wire as {arrived.dtype} {arrived.shape}."
    if isinstance(sent, dict):
        sent, arrived = [*sent, *sent.values()], [*arrived, *arrived.values()]
    if isinstance(sent, tuple | list):
        if len(sent) != len(arrived):
            return "a sequence crosses the wire with another length."
        return next((said for pair in zip(sent, arrived, strict=True) if (said := _changed(*pair))), "")
    return ""


def _shown(repository: Repository, path: Path) -> str:
    return path.relative_to(repository.root).as_posix()
