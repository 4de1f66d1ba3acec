"""Do the tests tell right from nearly right? Every automatic mutant of every reference solution is put to them.

python -m autograder.author.mutants [ASSIGNMENT ...] [--quick N]

The visible and hidden tests of an exercise together must kill its mutants. One that survives is equivalent to the
reference in all that the exercise promises, and is listed in solutions/aN/mutants.toml with the reason, or it shows a
hole in the tests.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

from autograder.author.arguments import parser_for_assignments
from autograder.author.build import read_source
from autograder.author.mutant_session import Verdict, judge
from autograder.author.mutation import Mutant, mutants_of
from autograder.course.paths import Repository
from autograder.course.problem import Problem, SourceError
from autograder.course.source import author_text

LEAST_KILLED = 0.97
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Trial:
    """What became of the mutants of an assignment.

    tried: each mutant with its verdict. reasons: why the mutants that are listed as equivalent are so, by their key.
    possible: the keys of all mutants there are; more than were tried, where a selection was.
    """

    assignment: str
    tried: list[tuple[Mutant, Verdict]]
    reasons: dict[Key, str]
    possible: frozenset[Key]

    @property
    def killed(self) -> list[Mutant]:
        return [mutant for mutant, verdict in self.tried if verdict.killed]

    @property
    def explained(self) -> list[Mutant]:
        """The survivors that are listed as equivalent."""
        return [mutant for mutant, verdict in self.tried if verdict.outcome == "passed" and mutant.key in self.reasons]

    @property
    def unexplained(self) -> list[tuple[Mutant, Verdict]]:
        """The other survivors, and the mutants on which a test could not finish."""
        settled = {mutant.key for mutant in chain(self.killed, self.explained)}
        return [(mutant, verdict) for mutant, verdict in self.tried if mutant.key not in settled]

    @property
    def complete(self) -> bool:
        return len(self.tried) == len(self.possible)

    def problems(self) -> Iterator[str]:
        """Yield a sentence for all that must be mended: holes in the tests, and reasons that are not true."""
        where = f"solutions/{self.assignment}/mutants.toml"
        for mutant, verdict in self.unexplained:
            if verdict.outcome == "fault":
                yield f"{mutant}\n    {verdict.test} could not finish: it must fail with a sentence."
            else:
                yield (
                    f"{mutant}\n    no test kills it: write one, or, if it is equivalent, add to {where}\n"
                    + _entry(mutant)
                )
        for mutant, verdict in self.tried:
            if verdict.killed and mutant.key in self.reasons:
                what = verdict.test or f"it ended with {verdict.outcome}"
                yield f"{mutant}\n    {where} lists it as equivalent, but it is killed: {what}. Remove it there."
        for key in self.reasons:
            if key not in self.possible:
                yield f"{where} lists, of {key[0]},\n    {key[1]}  ->  {key[2]}\n    which is no mutant. Remove it."
        if self.complete and len(self.killed) < LEAST_KILLED * len(self.tried):
            yield (
                f"{self.assignment}: {_percent(len(self.killed), len(self.tried))} of the mutants are killed, "
                f"at least {LEAST_KILLED:.0%} must be. Leave out what the solution does not need, or test more."
            )


def trial(repository: Repository, assignment: str, quick: int | None = None) -> Trial:
    """Put the mutants of an assignment's exercises, or a fixed selection of them, to its tests.

    Raises SourceError if the script, the tests or the list of equivalent mutants must be mended first.
    """
    everyone = [mutants_of(cell) for cell in read_source(repository, assignment).exercises]
    reasons = equivalent(repository, assignment)
    chosen = list(chain(*everyone)) if quick is None else selection(everyone, quick)
    verdicts = judge(repository, assignment, chosen)
    possible = frozenset(mutant.key for mutant in chain(*everyone))
    return Trial(assignment, list(zip(chosen, verdicts, strict=True)), reasons, possible)


def selection(everyone: list[list[Mutant]], count: int) -> list[Mutant]:
    """`count` mutants, taken from the exercises in turn: the same ones for as long as the code stays the same."""
    mixed = [
        sorted(mutants, key=lambda mutant: hashlib.sha256(repr(mutant.key).encode()).digest()) for mutants in everyone
    ]
    return [mutant for mutant in chain(*zip_longest(*mixed)) if mutant is not None][:count]


def equivalent(repository: Repository, assignment: str) -> dict[Key, str]:
    """The reasons why mutants are equivalent, by their key, from solutions/aN/mutants.toml; empty without that file.

    Raises SourceError unless it holds, for each exercise, tables of was, now, because, and nth where it is not 1.
    """
    path = repository.mutants(assignment)
    where = path.relative_to(repository.root).as_posix()
    try:
        listed = tomllib.loads(author_text(path)) if path.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise SourceError([Problem(where, f"it is not TOML: {error}.")]) from error
    reasons: dict[Key, str] = {}
    for exercise, tables in listed.items():
        for table in tables if isinstance(tables, list) else [tables]:
            said = [str(table.get(key, "")) for key in ("was", "now", "because")] if isinstance(table, dict) else []
            if not all(said) or not said:
                raise SourceError([Problem(where, f"a mutant of {exercise} needs was, now and because: {table!r}")])
            reasons[exercise, said[0], said[1], table.get("nth", 1)] = said[2]
    return reasons


def _entry(mutant: Mutant) -> str:
    lines = [f"[[{mutant.exercise}]]", f"was = {_quoted(mutant.was)}", f"now = {_quoted(mutant.now)}"]
    lines += [f"nth = {mutant.nth}"] if mutant.nth > 1 else []
    return "\n".join([*lines, 'because = ""'])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # every such text is a string of TOML too


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0%"


def _show(one: Trial) -> None:
    print(one.assignment)
    exercises = dict.fromkeys(mutant.exercise for mutant, _ in one.tried)
    for name in exercises:
        outcomes = Counter(
            "explained" if mutant in one.explained else verdict.outcome
            for mutant, verdict in one.tried
            if mutant.exercise == name
        )
        print(f"  {name}: {', '.join(f'{count} {_WORDS[outcome]}' for outcome, count in sorted(outcomes.items()))}")
    print(f"  kill rate: {_percent(len(one.killed), len(one.tried))}")


_WORDS = {
    "error": "raised",
    "explained": "equivalent",
    "failed": "failed a test",
    "fault": "made a test stumble",
    "passed": "survived",
    "timeout": "did not end",
}


def main(arguments: list[str] | None = None, repository: Repository | None = None) -> int:
    """Exit code 0 when all survivors are explained and enough mutants are killed, else 1."""
    repository = repository or Repository.default()
    parser = parser_for_assignments("Put automatic mutants of the references to the tests.")
    parser.add_argument("--quick", type=int, metavar="N", help="a fixed selection of N mutants of each assignment")
    options = parser.parse_args(arguments)
    trials, problems = [], []
    for assignment in options.assignments or repository.names():
        try:
            trials.append(trial(repository, assignment, options.quick))
        except SourceError as error:
            problems.append(str(error))
            continue
        _show(trials[-1])
        problems.extend(trials[-1].problems())
    for problem in problems:
        print(f"\n{problem}")
    print(
        f"mutants: {sum(len(one.killed) for one in trials)} of {sum(len(one.tried) for one in trials)} killed, "
        f"{sum(len(one.explained) for one in trials)} explained, "
        f"{sum(len(one.unexplained) for one in trials)} unexplained"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
