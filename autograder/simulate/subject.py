"""What a class is made of: an assignment's release, its right solutions, its named mistakes, and who calls whom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.course import catalogue, markers, notebook
from autograder.course.marked_tests import marked_tests
from autograder.course.paths import Course, Repository
from autograder.course.problem import SourceError


class SimulationError(Exception):
    """A class cannot be simulated: the text says why and what to do."""


@dataclass(frozen=True)
class Mistake:
    """A named mistake: `source` is the exercise's whole cell with the mistake in it."""

    id: str
    source: str


@dataclass(frozen=True)
class Exercise:
    """One graded exercise: its points, its reference cell, other right cells by variant, and its mistaken cells."""

    name: str
    points: float
    reference: str
    alternatives: Mapping[str, str]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Subject:
    """An assignment as a simulated class sees it.

    release: the student's notebook, parsed. tests_need: exercise -> other exercises its tests ask for.
    handed_in: exercise -> name and text of the file that the reference hands in beside the notebook.
    """

    assignment: str
    release: NotebookNode
    exercises: dict[str, Exercise]
    tests_need: dict[str, set[str]]
    handed_in: Mapping[str, tuple[str, str]]

    @property
    def written(self) -> list[str]:
        """The grade ids of the written questions."""
        return [str(notebook.grade_id(cell)) for cell in self.release.cells if notebook.is_written(cell)]

    @property
    def given(self) -> list[str]:
        """The sources of the code cells that are not exercises."""
        return [cell.source for cell in self.release.cells if notebook.is_given(cell)]

    @property
    def names(self) -> list[str]:
        """The exercises in the notebook's order."""
        return list(self.exercises)

    def sunk(self, damaged: Iterable[str], sources: Mapping[str, str]) -> set[str]:
        """Other exercises that may lose points with the damaged ones, which their code or their tests use, however far.

        sources: each exercise's cell as this student wrote it (an absent one counts as the reference).
        """
        texts = {name: sources.get(name) or exercise.reference for name, exercise in self.exercises.items()}
        defines = {name: {name} | defined_names(self.exercises[name].reference) for name in texts}
        uses = {name: used_names(text) for name, text in texts.items()}
        for number, text in enumerate(self.given):
            defines[f"given cell {number}"], uses[f"given cell {number}"] = defined_names(text), used_names(text)
        damaged = set(damaged)
        reached = set(damaged)
        while True:
            spoilt = set().union(*(defines[node] for node in reached))
            more = {node for node in uses if uses[node] & spoilt or self.tests_need.get(node, set()) & reached}
            if more <= reached:
                return (reached & set(self.exercises)) - damaged
            reached |= more


def read_subject(repository: Repository, course: Course, assignment: str) -> Subject:
    """Read what the build made of an assignment and what was written about it; SimulationError if it is not there."""
    source = _read(course.source_notebook(assignment), assignment)
    release = _read(course.release_notebook(assignment), assignment)
    try:
        right, mistakes = catalogue.right(repository, assignment), catalogue.mistakes(repository, assignment)
    except SourceError as error:
        raise SimulationError(f"a class is made from right solutions and mistakes. {error}") from error
    exercises = {}
    for name, points in notebook.exercise_points(release).items():
        cell = notebook.find(source, name + notebook.SOLUTION_SUFFIX).source
        exercises[name] = Exercise(
            name=name,
            points=points,
            reference=markers.without_markers(cell),
            alternatives={variant: text.strip("\n") for variant, text in right.get(name, {}).items()},
            mistakes=tuple(_mistaken(cell, entry, name) for entry in mistakes.get(name, [])),
        )
    if not exercises:
        raise SimulationError(f"the release of {assignment} has no graded exercise: build it again")
    return Subject(
        assignment=assignment,
        release=release,
        exercises=exercises,
        tests_need=_needs_of_tests(repository, assignment, set(exercises)),
        handed_in=_handed_in(repository, assignment, source),
    )


def _handed_in(repository: Repository, assignment: str, source: NotebookNode) -> dict[str, tuple[str, str]]:
    found, texts = {}, repository.handed_in_texts(assignment)
    for cell in source.cells:
        name = notebook.handed_in(cell)
        if name and name not in texts:
            raise SimulationError(f"{repository.handed_in(assignment) / name} is missing: `autograder build --check`")
        if name:
            found[str(notebook.exercise_name(cell))] = name, texts[name]
    return found


def defined_names(source: str) -> set[str]:
    """Names that a cell defines at its top level: functions, classes, assignments, imports left out."""
    names = set()
    for node in _statements(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def used_names(source: str) -> set[str]:
    """Names that a cell's code reads; every word of it if it does not parse."""
    statements = _statements(source)
    if not statements:
        return set(re.findall(r"\w+", source))
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def _read(path: Path, assignment: str) -> NotebookNode:
    if not path.is_file():
        raise SimulationError(f"{path} is missing: run `autograder build {assignment}` first")
    return notebook.read(path)


def _mistaken(cell: str, entry: Mapping[str, Any], name: str) -> Mistake:
    try:
        return Mistake(str(entry["id"]), markers.patched(cell, entry["old"], entry["new"] or ""))
    except ValueError as error:
        raise SimulationError(f"the mistake {entry['id']} of {name} does not apply: {error}") from error


def _needs_of_tests(repository: Repository, assignment: str, names: set[str]) -> dict[str, set[str]]:
    """Exercise -> the other exercises that its tests ask for, as fixtures or inside probes."""
    probes = _needs_of_probes(repository.cases(assignment), names)
    needs: dict[str, set[str]] = {}
    for path in (repository.visible(assignment), repository.hidden(assignment)):
        for test in marked_tests(path) if path.is_file() else []:
            used = set(test.fixtures & names).union(*(probes[probe] for probe in probes.keys() & test.strings))
            needs.setdefault(test.exercise, set()).update(used - {test.exercise})
    return needs


def _needs_of_probes(path: Path, names: set[str]) -> dict[str, set[str]]:
    """Probe -> the exercises that its function names, as a key or as an attribute of the student's namespace."""
    functions = {function.name: function for function in _functions(path)}
    needs: dict[str, set[str]] = {}
    for statement in _statements(path.read_text(encoding="utf-8")) if path.is_file() else []:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            for key, value in zip(statement.value.keys, statement.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and value.id in functions:
                    nodes = list(ast.walk(functions[value.id]))
                    words = {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
                    words |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
                    needs[str(key.value)] = words & names
    return needs


def _functions(path: Path) -> list[ast.FunctionDef]:
    if not path.is_file():
        return []
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)]
