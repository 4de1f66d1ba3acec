"""Proves the tests and the self-checker on an assignment: right solutions pass, listed mistakes are rejected and named.

python -m autograder.author.proof [ASSIGNMENT ...]

Rejected: at least one visible or hidden test fails, so the mistake earns fewer points than the reference. Named: in a
process that has only what students get, the self-checker says the mistake's own sentence. A false accusation is any
sentence about a right solution, about one that differs by rounding, or about a wrong one that is not on the list.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from autograder.author import student_side
from autograder.author.build import read_source
from autograder.author.handout import handout
from autograder.author.mutant_session import Verdict, judge
from autograder.author.mutation import Mutant
from autograder.console import console, print_table
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import Source, SourceError

REPEATS = 5  # times that rounding is tried, with other noise each time


@dataclass
class Proof:
    """The figures of one exercise, or their sum; `problems` says in sentences what failed."""

    listed: int = 0
    rejected: int = 0
    exempt: int = 0
    named: int = 0
    right: int = 0
    passed: int = 0
    variants: int = 0
    accusations: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: Proof) -> None:
        """Add the figures of `other`."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not self.problems


@dataclass(frozen=True)
class Trial:
    """A solution of an exercise, changed or not, and the sentence that must be said of it: None if none may be."""

    exercise: str
    what: str
    code: str
    change: str = ""
    says: str | None = None
    right: bool = False


def prove(repository: Repository, assignment: str) -> dict[str, Proof]:
    """The proof of every exercise of an assignment. Raises SourceError if its files are not whole."""
    source = read_source(repository, assignment)
    mistakes, rights = catalogue.mistakes(repository, assignment), catalogue.right(repository, assignment)
    proofs = {cell.name: Proof() for cell in source.exercises}
    wrong = [(cell, mistake) for cell in source.exercises for mistake in mistakes.get(cell.name, [])]
    others = [(cell, name, code) for cell in source.exercises for name, code in rights.get(cell.name, {}).items()]
    patched = [Mutant(c.name, "", m["id"], 1, c.patched(m["old"], m["new"] or "")) for c, m in wrong]
    alternatives = [Mutant(cell.name, "", name, 1, code) for cell, name, code in others]
    trials = [
        Trial(cell.name, mistake["id"], mutant.code, says=mistake["says"])
        for (cell, mistake), mutant in zip(wrong, patched, strict=True)
        if not mistake.get("exempt")
    ]
    trials += [Trial(cell.name, name, code, right=True) for cell, name, code in others]
    for cell in source.exercises:
        for change in student_side.CHANGES:
            right = change in student_side.RIGHT
            trials += [Trial(cell.name, change, cell.reference, change, right=right)] * (REPEATS if right else 1)
    with ThreadPoolExecutor(1) as beside:
        said = beside.submit(ask_students_files, repository, source, trials)
        verdicts = judge(repository, assignment, patched, right=alternatives)
    for cell, mistake in wrong:
        proofs[cell.name].exempt += bool(mistake.get("exempt"))
    for place, (mutant, verdict) in enumerate(zip([*patched, *alternatives], verdicts, strict=True)):
        _judge_verdict(proofs[mutant.exercise], mutant, verdict, right=place >= len(patched))
    for trial, (sentences, right) in zip(trials, said.result(), strict=True):
        _judge_sentences(proofs[trial.exercise], trial, sentences, right)
    return proofs


def _judge_verdict(proof: Proof, mutant: Mutant, verdict: Verdict, right: bool) -> None:
    if right:
        proof.right += 1
        proof.passed += verdict.outcome == "passed"
        if verdict.outcome != "passed":
            why = f"{verdict.test} rejects" if verdict.test else f"the tests end with {verdict.outcome} on"
            proof.problems.append(f"{mutant.exercise}: {why} the right solution {mutant.now}")
    else:
        proof.listed += 1
        proof.rejected += verdict.killed
        if not verdict.killed:
            proof.problems.append(f"{mutant.exercise}: no test rejects {mutant.now} ({verdict.outcome})")


def _judge_sentences(proof: Proof, trial: Trial, sentences: list[str], right: bool) -> None:
    if trial.says is not None:
        named = sentences == [trial.says]
        proof.named += named
        if not named:
            proof.problems.append(f"{trial.exercise}: {trial.what} is not named; said: {sentences or 'nothing'}")
        return
    proof.variants += 1
    if sentences:
        proof.accusations += 1
        proof.problems.append(f"{trial.exercise}: {trial.what} is accused falsely: {sentences[0]}")
    elif trial.right and not right:
        proof.problems.append(f"{trial.exercise}: the right {trial.what} is said to differ from what is asked")


def ask_students_files(repository: Repository, source: Source, trials: list[Trial]) -> list[tuple[list[str], bool]]:
    """What the self-checker says of each trial, in a process whose only files of the course are those students get."""
    asked = {
        "given": [cell.source for cell in source.cells if cell.kind == "given"],
        "reference": {cell.name: cell.reference for cell in source.exercises},
        "trials": [[trial.exercise, trial.code, trial.change] for trial in trials],
    }
    with tempfile.TemporaryDirectory(prefix=f"{source.name}-") as folder:
        for name, content in handout(repository, source).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        script = Path(student_side.__file__).read_text(encoding="utf-8")
        command = [sys.executable, "-I", "-B", "-W", "ignore", "-c", script, folder]
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, cwd=folder, timeout=600
        )
    if done.returncode != 0:
        raise RuntimeError(f"the self-checker failed on the student's files of {source.name}:\n{done.stderr[-2000:]}")
    return [(sentences, right) for sentences, right in json.loads(done.stdout)]


def main() -> int:
    """Print a table and the sum; exit code 1 if anything failed."""
    repository = Repository.default()
    parser = argparse.ArgumentParser(description="Prove the tests and the self-checker.")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="which; all by default")
    arguments = parser.parse_args()
    table = Table(
        "exercise", "mistakes", "rejected", "exempt", "named", "right solutions", "passed", "variants", "accused"
    )
    total = Proof()
    for assignment in arguments.assignments or repository.names():
        try:
            proofs = prove(repository, assignment)
        except SourceError as error:
            total.problems.append(str(error))
            continue
        for name, p in proofs.items():
            figures = (p.listed, p.rejected, p.exempt, p.named, p.right, p.passed, p.variants, p.accusations)
            table.add_row(f"{assignment} {name}", *map(str, figures))
            total.add(p)
    print_table(table, console())
    for problem in total.problems:
        print(problem)
    print(
        f"mistakes: {total.listed} listed, {total.rejected} rejected, {total.named} named, "
        f"{total.accusations} false accusations"
        + (f" ({total.exempt} exempt from naming, with reasons; {total.variants} variants tried)")
    )
    return 0 if total.holds else 1


if __name__ == "__main__":
    sys.exit(main())
