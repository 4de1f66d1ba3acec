"""Writes a new assignment: every file that it needs, with exercises that work, for its author to replace.

The files come from the templates beside this module. As written they pass the build, its check, the bundler, the
grader and the proof, so that an author always changes something that works.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from autograder import atomic
from autograder.course.paths import Repository
from autograder.course.source import TOTAL_POINTS

EXAMPLES = ("layer", "average")  # the exercises that the templates know, used in turn
CODE_POINTS = 80
QUESTION = "first_question"
MINUTES_PER_EXERCISE, MINUTES_PER_QUESTION = 10, 15
MOST_EXERCISES = 20
SECOND = "{}_over_time"  # what the second exercise is called where an author names one alone
LONGEST_NAME = 49

_TEMPLATES = Path(__file__).with_name("templates") / "assignment"
_FIXTURES = frozenset(["request", "note", "probe", "handed_in"])  # of the tests, beside those that the templates name


@dataclass(frozen=True)
class Exercise:
    """An exercise to be written: its name, its points, and which of the templates' examples it is."""

    name: str
    points: int
    example: str


def new(repository: Repository, assignment: str, exercises: Sequence[str]) -> list[Path]:
    """Write all files of a new assignment and return their paths; if anything fails, none of them is there.

    exercises: their names; where there is only one, a second is added.
    Raises ValueError, with a sentence, if the assignment exists or if a name cannot be used.
    """
    _check_assignment(repository, assignment)
    names = [*exercises] if len(exercises) != 1 else [exercises[0], SECOND.format(exercises[0])]
    _check_exercises(repository, assignment, names)
    texts = _files(repository, assignment, names)
    with atomic.all_or_none({path: text.encode() for path, text in texts.items()}):
        return list(texts)


def _check_assignment(repository: Repository, assignment: str) -> None:
    if not re.fullmatch(r"a[1-9][0-9]*_[a-z][a-z0-9_]*", assignment):
        raise ValueError(
            f"{assignment!r} cannot be an assignment's name: write aN_word, with its number for N, in "
            "lower-case letters, digits and _"
        )
    for folder in (repository.secret(assignment), repository.public(assignment)):
        if folder.exists():
            where = folder.relative_to(repository.root).as_posix()
            raise ValueError(f"{where} exists already: choose another name, or edit the files in it")


def _check_exercises(repository: Repository, assignment: str, names: Sequence[str]) -> None:
    if not 1 < len(names) <= MOST_EXERCISES:
        raise ValueError(
            f"{len(names)} exercises cannot be written: name 1 to {MOST_EXERCISES} of them with --exercise"
        )
    taken = _names_of_the_templates(repository, assignment)
    for place, name in enumerate(names):
        if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name):
            raise ValueError(
                f"{name!r} cannot be an exercise's name: write a function's name, a lower-case letter first, then "
                f"lower-case letters, digits and _, at most {LONGEST_NAME} in all"
            )
        if name in taken:
            raise ValueError(f"{name!r} cannot be an exercise's name: Python or the files of an assignment use it")
        if name in names[:place]:
            raise ValueError(f"two exercises are called {name!r}: give each a name of its own")


def _names_of_the_templates(repository: Repository, assignment: str) -> set[str]:
    """Return every name that an exercise's own would hide: of Python, of fixtures, and in the files themselves."""
    taken = {*keyword.kwlist, *dir(builtins), *_FIXTURES, QUESTION}
    for path, text in _files(repository, assignment, [f"EXERCISE_{example}" for example in EXAMPLES]).items():
        for node in ast.walk(ast.parse(text)) if path.suffix == ".py" else ():
            found = (getattr(node, kind, None) for kind in ("id", "arg", "name", "asname", "module"))
            taken |= {name for name in found if isinstance(name, str)}
    return taken


def _files(repository: Repository, assignment: str, names: Sequence[str]) -> dict[Path, str]:
    """Return the texts of all files by their paths: the secret folder first, then the public one."""
    number, _, word = assignment.removeprefix("a").partition("_")
    values = {
        "assignment": assignment,
        "number": number,
        "title": word.replace("_", " "),
        "exercises": _exercises(names),
        "question": QUESTION,
        "question_points": TOTAL_POINTS - CODE_POINTS,
        "minutes": len(names) * MINUTES_PER_EXERCISE + MINUTES_PER_QUESTION,
    }
    secret, public = repository.secret(assignment), repository.public(assignment)
    places = {
        repository.source(assignment): "chapter.py",
        repository.hidden(assignment): "hidden_tests.py",
        repository.right(assignment): "right.py",
        repository.mistakes(assignment): "mistakes.toml",
        repository.mutants(assignment): "mutants.toml",
        repository.notes(assignment): "notes.md",
        secret / "test_reference.py": "test_reference.py",
        repository.visible(assignment): "test_visible.py",
        repository.cases(assignment): "cases.py",
        public / "conftest.py": "conftest.py",
    }
    return {path: _environment().get_template(f"{template}.j2").render(values) for path, template in places.items()}


def _exercises(names: Sequence[str]) -> list[Exercise]:
    """Return the exercises, whose points are whole numbers and sum to what is graded by code."""
    each, left = divmod(CODE_POINTS, len(names))
    points = [each + (place < left) for place in range(len(names))]
    return [Exercise(*one) for one in zip(names, points, itertools.cycle(EXAMPLES))]


def _environment() -> jinja2.Environment:
    """Return Jinja with other brackets than its own, which mathematics and Python need."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
