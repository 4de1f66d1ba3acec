"""What a student's bundle of an assignment must not hold: collected from solutions/, to be searched for by `leaks`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from autograder.author.expected import expected_arrays
from autograder.author.handout import NOTATION
from autograder.author.own_numbers import read_questions
from autograder.author.statements import LONG, long_statements, parsed, readings, squeezed
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import Cell, Problem, Source, SourceError, parse, shown_path

SENTENCE = 30  # letters and digits: a shorter sentence may stand anywhere


@dataclass
class Confidential:
    """Each secret with the words that name it to the instructor.

    code: squeezed statements. sentences: letters and digits only. names: whole words. arrays: expected by hidden tests.
    """

    code: dict[str, str] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    arrays: list[np.ndarray] = field(default_factory=list)


def confidential(repository: Repository, source: Source, seeds: list[bytes]) -> Confidential:
    """Everything of the assignment that its students must not get before they hand in.

    seeds: the sessions for which the hidden tests' expected arrays are computed. Raises SourceError if a file of
    solutions/ cannot be read, or if the reference fails a hidden test.
    """
    found = Confidential()
    shown = _shown(repository, source)
    for exercise in source.exercises:
        for _, text in long_statements(ast.parse(exercise.reference)):  # what is outside of the solution is shown
            _add_code(found, text, f"a statement of the solution of {exercise.name}: {text}", shown)
        for solution in exercise.solutions:  # short statements, one after the other
            tree = parsed(solution)
            if tree and len(tree.body) > 1 and len(text := ast.unparse(tree)) > LONG:
                _add_code(found, text, f"the solution of {exercise.name}", shown)
    for question in source.written:
        asked = letters(question.question)
        for what, text in (("model answer", question.answer), ("mark scheme", question.scheme)):
            _add_sentences(found, text, f"the {what} of {question.name}", asked)
    _add_hidden_tests(found, repository, source, shown)
    _add_own_numbers(found, repository, source, shown)
    _add_mistakes(found, repository, source, shown)
    found.arrays = expected_arrays(repository, source, seeds)
    return found


def letters(text: str) -> str:
    """Return a text reduced to its letters and digits in lower case."""
    return "".join(filter(str.isalnum, text.lower()))


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a Markdown text, list items apart, each reduced to letters and digits, if long enough."""
    for block in re.split(r"\n\s*\n|\n\s*(?:[-*+]|\d+[.)])\s+", "\n" + text):
        for sentence in re.split(r"(?<=[.!?;:])\s+", " ".join(block.split())):
            reduced = letters(re.sub(r"^\d+[.)]", "", sentence))
            if len(reduced) >= SENTENCE:
                yield reduced


def _shown(repository: Repository, source: Source) -> str:
    """All code that students may see anyway, squeezed: given cells and lines up to this assignment, the notation."""
    names = repository.names()
    earlier = names[: names.index(source.name)] if source.name in names else []
    texts = [cell.given for one in (*map(parse, map(repository.source, earlier)), source) for cell in _given(one)]
    notation = repository.assignments / NOTATION
    if notation.is_file():
        texts.append(notation.read_text(encoding="utf-8"))
    return "\n".join(reading for text in texts for reading in readings(text))


def _given(source: Source) -> list[Cell]:
    return [cell for cell in source.cells if cell.kind in ("given", "exercise")]


def _add_code(found: Confidential, text: str, what: str, shown: str) -> None:
    if squeezed(text) not in shown:
        found.code.setdefault(squeezed(text), what)


def _add_sentences(found: Confidential, text: str, what: str, shown: str = "") -> None:
    for sentence in sentences(text):
        if sentence not in shown:
            found.sentences.setdefault(sentence, what)


def _add_hidden_tests(found: Confidential, repository: Repository, source: Source, shown: str) -> None:
    """Statements and names of hidden tests, but for those that the visible tests and cases share with them."""
    path = repository.hidden(source.name)
    if not path.is_file():
        raise SourceError([Problem(shown_path(path), "the hidden tests are missing: write them.")])
    tree = ast.parse(path.read_text(encoding="utf-8"))
    files = (repository.visible(source.name), repository.cases(source.name))
    public = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    visible = "\n".join(reading for text in public for reading in readings(text))
    for node, text in long_statements(tree):
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        if "reference" in names or squeezed(text) not in visible:
            _add_code(found, text, f"a statement of a hidden test: {text}", shown)
    for test in ast.walk(tree):
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_") and f"def{test.name}(" not in visible:
            found.names[test.name] = f"the name of a hidden test: {test.name}"


def _add_own_numbers(found: Confidential, repository: Repository, source: Source, shown: str) -> None:
    """The statements of variants.py, and the answer that it expects of one student."""
    for question in read_questions(repository, source):
        what = f"variants.py says of {question.name}"
        try:
            asked = question.asked(question.drawn(b"", source.name, ""))
        except ValueError as error:
            raise SourceError([Problem(shown_path(repository.variants(source.name)), str(error))]) from error
        for text in (asked.expects, asked.marks):
            _add_sentences(found, text, f"what {what}", letters(asked.asks))
    path = repository.variants(source.name)
    if path.is_file():
        for _, text in long_statements(ast.parse(path.read_text(encoding="utf-8"))):
            _add_code(found, text, f"a statement of variants.py: {text}", shown)


def _add_mistakes(found: Confidential, repository: Repository, source: Source, shown: str) -> None:
    for name, mistakes in catalogue.mistakes(repository, source.name).items():
        for mistake in mistakes:
            what = f"the mistake {mistake['id']} of {name}"
            _add_sentences(found, mistake["says"], f"what is said about {what}")
            if len(mistake["new"].strip()) > LONG:
                _add_code(found, re.sub(r"(?m)#.*$", "", mistake["new"]), f"the patch of {what}", shown)
