"""The written questions of an assignment that have numbers of each student's own, as their author says.

`solutions/aN/variants.py` has NUMBERS, by question the choices of each of its numbers, and for each question a function
of its name: from the numbers it makes what the student is asked, the expected answer, and what that is worth.
"""

from __future__ import annotations

import hmac
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.course.paths import Repository
from autograder.course.source import Cell, Problem, Source, SourceError, load_reference, shown_path
from autograder.course.variants import Asked, Number

TEXTS = ("asks", "expects", "marks")


@dataclass(frozen=True)
class Question:
    """A written question with numbers: its choices by name, and the author's function of them."""

    name: str
    title: str
    choices: Mapping[str, Sequence[Number]]
    tell: Callable[..., Any]

    @property
    def sets(self) -> int:
        """How many sets of numbers there are."""
        return math.prod(map(len, self.choices.values()))

    def drawn(self, secret: bytes, assignment: str, student: str) -> dict[str, Number]:
        """Return a student's numbers: of each name's choices the one that a keyed hash says, so always the same."""
        found = {}
        for name, options in self.choices.items():
            said = "\0".join(("variant", assignment, unicodedata.normalize("NFC", student), self.name, name))
            digest = hmac.digest(secret, said.encode("utf-8", "surrogateescape"), "sha256")
            found[name] = options[int.from_bytes(digest) % len(options)]
        return found

    def asked(self, numbers: Mapping[str, Number]) -> Asked:
        """Return what is asked with these numbers. Raises ValueError, with a sentence, if the author's code fails."""
        shown = ", ".join(f"{name} = {value}" for name, value in numbers.items())
        try:
            texts = self.tell(**numbers)
        except Exception as error:  # the author's code
            raise ValueError(f"{self.name} with {shown}: {type(error).__name__}: {error}") from error
        if not isinstance(texts, dict) or sorted(texts) != sorted(TEXTS):
            raise ValueError(f"{self.name} with {shown} does not return a dict of {', '.join(TEXTS)}.")
        for key, text in texts.items():
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{self.name} with {shown}: {key} is no text.")
        return Asked(numbers, *(texts[key].strip() for key in TEXTS))


def read_questions(repository: Repository, source: Source) -> list[Question]:
    """Return the questions with numbers, in the chapter's order; none if there is no solutions/aN/variants.py.

    Raises SourceError, naming the file, if it raises, or is not of the form that this module's text says.
    """
    path = repository.variants(source.name)
    if not path.is_file():
        return []
    module, problems, found = load_reference(path), [], []
    numbers = getattr(module, "NUMBERS", None)
    if not isinstance(numbers, dict):
        raise SourceError([Problem(shown_path(path), "it has no dictionary called NUMBERS.")])
    written = {cell.name: cell for cell in source.written}
    for name in sorted(numbers, key=list(written).index if numbers.keys() <= written.keys() else str):
        tell, choices = getattr(module, str(name), None), numbers[name]
        if name not in written:
            problems.append(Problem(shown_path(path), f"{name!r} is no written question of {source.name}: mend it."))
        elif sentence := _wrong_choices(name, choices):
            problems.append(Problem(shown_path(path), sentence))
        elif callable(tell):
            kept = {number: tuple(options) for number, options in choices.items()}
            found.append(Question(name, _title(written[name]), kept, tell))
        else:
            lacks = f"{name} has numbers and no function: write def {name}({', '.join(choices)})."
            problems.append(Problem(shown_path(path), lacks))
    if problems:
        raise SourceError(problems)
    return found


def _wrong_choices(name: str, choices: Any) -> str:
    if not isinstance(choices, dict) or not choices:
        return f"{name} is no dictionary of choices by a number's name."
    for number, options in choices.items():
        if not isinstance(options, range | tuple | list) or len(options) < 2:
            return f"{name}, {number}: write a range or a tuple of two choices or more."
        if not all(type(option) in (int, float, str) for option in options):
            return f"{name}, {number}: a choice is a whole number, a float or a text."
        if len(set(options)) < len(options):
            return f"{name}, {number}: a choice is there twice."
    return ""


def _title(cell: Cell) -> str:
    """Return a question's heading, or its name."""
    first = cell.question.partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else cell.name
