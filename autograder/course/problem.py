"""What an author must mend, and the error that carries all of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something its author must mend: its place, and a sentence that says what it is or what to do."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class SourceError(Exception):
    """A percent script that cannot become an assignment; `problems` names every slip."""

    def __init__(self, problems: list[Problem]):
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[SourceError], tuple[list[Problem]]]:
        """Let the error come back from another process."""
        return type(self), (self.problems,)
