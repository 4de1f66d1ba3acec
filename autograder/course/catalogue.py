"""The catalogues of an assignment: other right solutions of its exercises, and named mistakes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import Source, author_text, load_reference, shown_path

_KEYS = {"id": str, "old": str, "new": str, "says": str, "exempt": str, "of": dict, "anywhere": bool, "alone": bool}
_FORMS = {str: "text in quotation marks", dict: 'a table such as {h = "..."}', bool: "true or false"}


def right(repository: Repository, assignment: str) -> dict[str, dict[str, str]]:
    """RIGHT of solutions/aN/right.py: by exercise and variant, the code of a right solution.

    Raises SourceError, naming the file, if it is missing, raises, or holds no such dictionary.
    """
    path = repository.right(assignment)
    if not path.is_file():
        raise _missing(path, "with RIGHT in it")
    found = getattr(load_reference(path), "RIGHT", None)
    if not isinstance(found, dict):
        raise SourceError([Problem(shown_path(path), "it has no dictionary called RIGHT.")])
    for exercise, variants in found.items():
        if not isinstance(variants, dict) or not all(isinstance(text, str) for text in variants.values()):
            sentence = f"RIGHT[{exercise!r}] is no dictionary of texts, the code of each variant by a word for it."
            raise SourceError([Problem(shown_path(path), sentence)])
    return found


def cases(repository: Repository, source: Source) -> ModuleType:
    """Return cases.py as a module; SourceError if it raises, or if one of its tables names what is not there."""
    path = repository.cases(source.name)
    module, exercises = load_reference(path), {cell.name for cell in source.exercises}
    opaque, probes, shown_by = (getattr(module, name, {}) for name in ("OPAQUE", "PROBES", "SHOWN_BY"))
    problems = [
        f"{table}[{name!r}]: {name!r} is no exercise of {source.name}: mend the name."
        for table, entries in (("OPAQUE", opaque), ("SHOWN_BY", shown_by))
        for name in entries
        if name not in exercises
    ]
    for name, places in opaque.items():
        if not isinstance(places, tuple) or not all(type(place) is int for place in places):
            problems.append(f"OPAQUE[{name!r}] is {places!r}: write a tuple of positions, such as (1,).")
    problems += [f"PROBES[{name!r}] is no function." for name, probe in probes.items() if not callable(probe)]
    problems += [
        f"SHOWN_BY[{name!r}]: there is no probe {probe!r} in PROBES."
        for name, probe in shown_by.items()
        if probe not in probes
    ]
    if problems:
        raise SourceError([Problem(shown_path(path), problem) for problem in problems])
    return module


def mistakes(repository: Repository, assignment: str) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of solutions/aN/mistakes.toml, by exercise: see `read_mistakes`.

    Raises SourceError, naming the file, if it is missing or not of that form.
    """
    path = repository.mistakes(assignment)
    if not path.is_file():
        raise _missing(path, "with a table [[EXERCISE]] for each mistake")
    try:
        return read_mistakes(path)
    except ValueError as error:
        raise SourceError([Problem(shown_path(path), str(error))]) from error


def read_mistakes(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of a mistakes.toml, by exercise: patches on its solution, each with a student's sentence.

    id: a name. old: occurs exactly once in the solution; new takes its place. says: what the result equals, and the
    question that leads on; never the line to write. exempt: why the self-checker cannot name the mistake; None if it
    can. of: by output, what to say where that output alone is the mistake's. anywhere: true if `says` is said of any
    such output. alone: true if the mistake is not sealed together with a second one.
    Raises ValueError, with a sentence, if the file is not of that form; SourceError if it is not UTF-8.
    """
    try:
        listed = tomllib.loads(author_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML: {error}.") from error
    for exercise, entries in listed.items():
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError(f"{exercise} is not a list of tables: write [[{exercise}]] above each of its mistakes.")
        for entry in entries:
            for key, value in entry.items():
                if key not in _KEYS:
                    raise ValueError(f"a mistake of {exercise} has an unknown key {key!r}; keys: {', '.join(_KEYS)}.")
                if not isinstance(value, _KEYS[key]):
                    raise ValueError(f"{key} of a mistake of {exercise} is {value!r}: write {_FORMS[_KEYS[key]]}.")
            for output, sentence in entry.get("of", {}).items():
                if not isinstance(sentence, str):
                    raise ValueError(f"of.{output} of a mistake of {exercise} is {sentence!r}: write {_FORMS[str]}.")
        names = [entry["id"] for entry in entries if "id" in entry]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two mistakes of {exercise} have the id {name!r}: give one another name.")
    return {
        exercise: [{"new": "", "exempt": None, **entry} for entry in entries] for exercise, entries in listed.items()
    }


def unknown(source: Source, path: Path, listed: Iterable[str]) -> list[Problem]:
    """Return a problem for each name in a catalogue that is no exercise of the assignment."""
    known = {cell.name for cell in source.exercises}
    return [
        Problem(shown_path(path), f"{name!r} is no exercise of {source.name}: mend the name.")
        for name in listed
        if name not in known
    ]


def _missing(path: Path, what: str) -> SourceError:
    return SourceError([Problem(shown_path(path), f"the file is missing: write it, {what}.")])
