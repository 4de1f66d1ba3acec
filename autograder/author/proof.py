"""Proves the tests and the self-checker on an assignment: right solutions pass, listed mistakes are rejected and named.

python -m autograder.author.proof [ASSIGNMENT ...] [--quick | --all-inputs]

Rejected: at least one visible or hidden test fails, so the mistake earns fewer points than the reference. Named: in a
process that has only what students get, the self-checker says the mistake's own sentence. A false accusation is any
sentence about a right solution, about one that differs by rounding, or about a wrong one that is not on the list.
Two mistakes at once must be named by both sentences, or by none; and where a mistake is made in one output alone, the
rest being right, nothing may be said that was written for more.

Grading gives a submission one of several sets of inputs (autograder.grading.attempts). With --all-inputs the tests run
on all of them: the reference and every right solution must pass, and every listed mistake must be rejected, on each.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from rich.table import Table

from autograder.author import student_side
from autograder.author.arguments import parser_for_assignments
from autograder.author.build import read_source
from autograder.author.fingerprints import Exercise, exercises
from autograder.author.handout import handout
from autograder.author.mutant_session import SEED, Verdict, judge_on, judging
from autograder.author.mutation import Mutant
from autograder.console import console, print_table
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import Source, SourceError
from autograder.grading import attempts
from selfcheck import diagnosis, fingerprint
from selfcheck.sealing import Sealed
from selfcheck.traces import Traces, raises

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
    pairs: int = 0
    outputs: int = 0
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
    """A solution of an exercise, changed or not, and the sentence that must be said of it; () if none may be.

    Of two mistakes at once: `says` are their sentences, those of single outputs too, `others` those of all mistakes,
    one of which may give the same as the two.
    """

    exercise: str
    what: str
    code: str
    change: str = ""
    says: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    right: bool = False


def prove(repository: Repository, assignment: str, pairs: bool = True) -> dict[str, Proof]:
    """Return the proof of every exercise of an assignment; pairs: also of two mistakes at once.

    Raises SourceError if its files are not whole.
    """
    source = read_source(repository, assignment)
    mistakes, rights = catalogue.mistakes(repository, assignment), catalogue.right(repository, assignment)
    proofs = {cell.name: Proof() for cell in source.exercises}
    wrong = [(cell, mistake) for cell in source.exercises for mistake in mistakes.get(cell.name, [])]
    others = [(cell, name, code) for cell in source.exercises for name, code in rights.get(cell.name, {}).items()]
    patched = [Mutant(c.name, "", m["id"], 1, c.patched(m["old"], m["new"] or "")) for c, m in wrong]
    alternatives = [Mutant(cell.name, "", name, 1, code) for cell, name, code in others]
    trials = [
        Trial(cell.name, mistake["id"], mutant.code, says=(mistake["says"],))
        for (cell, mistake), mutant in zip(wrong, patched, strict=True)
        if not mistake.get("exempt")
    ]
    trials += [Trial(cell.name, name, code, right=True) for cell, name, code in others]
    for cell in source.exercises:
        for change in student_side.CHANGES:
            right = change in student_side.RIGHT
            trials += [Trial(cell.name, change, cell.reference, change, right=right)] * (REPEATS if right else 1)
    sealing = exercises(repository, source)
    trials += [trial for exercise in sealing if pairs for trial in _of_two_mistakes(exercise)]
    committed = json.loads((repository.public(assignment) / diagnosis.FILE).read_text(encoding="utf-8"))["exercises"]
    with (
        judging(repository, assignment, patched, [SEED], right=alternatives) as judged,
        asking_students_files(repository, source, trials) as answered,
    ):
        for exercise in sealing:  # meanwhile
            _judge_single_outputs(proofs[exercise.cell.name], exercise, committed[exercise.cell.name])
        said = answered()
        (verdicts,) = judged()
    for cell, mistake in wrong:
        proofs[cell.name].exempt += bool(mistake.get("exempt"))
    for place, (mutant, verdict) in enumerate(zip([*patched, *alternatives], verdicts, strict=True)):
        _judge_verdict(proofs[mutant.exercise], mutant, verdict, right=place >= len(patched))
    for trial, (sentences, right) in zip(trials, said, strict=True):
        _judge_sentences(proofs[trial.exercise], trial, sentences, right)
    return proofs


def _of_two_mistakes(exercise: Exercise) -> Iterator[Trial]:
    """Yield a trial for each two mistakes whose patches fit together and of which both sentences are said."""
    for one, other in combinations(exercise.mistakes_said_together(), 2):
        code = exercise.with_both(one, other)
        if code is not None:
            own = [said for mistake in (one, other) for said in (mistake["says"], *mistake.get("of", {}).values())]
            what, others = f"{one['id']} with {other['id']}", tuple(exercise.says.values())
            yield Trial(exercise.cell.name, what, code, says=tuple(own), others=others)


def _judge_single_outputs(proof: Proof, exercise: Exercise, entry: dict[str, Any]) -> None:
    """Make each mistake in one output alone: whatever is said must have been written for that output or that result."""
    sample, sealed = exercise.sample(entry["seed"]), Sealed(exercise.salt, entry)
    written = {(scope, who): message.says for scope, who, message in exercise.messages(sample)}
    for name, wrong in sample.wrong.items():
        for output in sample.subject.shown:
            made = _in_one_output(sample.right, wrong, output)
            if made is None:
                continue
            proof.outputs += 1
            found = diagnosis.looked_up(made, sample.subject, entry, sealed, [""] * len(made.cases))
            alike = [who for who, traces in sample.wrong.items() if fingerprint.same(traces.whole, made.whole)]
            known = {exercise.says[who] for who in alike}
            known |= {
                written.get((f"{diagnosis.OUTPUT} {output}", who), "")
                for who, traces in sample.wrong.items()
                if fingerprint.same(traces.output(output), made.output(output))
            }
            said = [found.sentence] if found.sentence and not found.also else [says for _, says in found.sentences]
            for sentence in said:
                if sentence not in known:
                    proof.accusations += 1
                    proof.problems.append(
                        f"{exercise.cell.name}: {name} in {output} alone is told what is not true: {sentence}"
                    )


def _in_one_output(right: Traces, wrong: Traces, output: str) -> Traces | None:
    """The right answer's traces with one output of the wrong one; None if that is the right one's, or all there is."""
    cases = tuple(
        {**good, output: bad[output]} if not raises(good) and not raises(bad) else good
        for good, bad in zip(right.cases, wrong.cases, strict=True)
    )
    made = Traces(cases)
    different = not fingerprint.same(made.whole, right.whole) and not fingerprint.same(made.whole, wrong.whole)
    return made if different else None


def prove_on_all_inputs(repository: Repository, assignment: str) -> dict[str, Proof]:
    """Return what the tests say of right solutions and listed mistakes, by exercise, on every set of inputs.

    Raises SourceError if its files are not whole, or if the reference fails.
    """
    source = read_source(repository, assignment)
    mistakes, rights = catalogue.mistakes(repository, assignment), catalogue.right(repository, assignment)
    proofs = {cell.name: Proof() for cell in source.exercises}
    wrong = [
        Mutant(cell.name, "", mistake["id"], 1, cell.patched(mistake["old"], mistake["new"] or ""))
        for cell in source.exercises
        for mistake in mistakes.get(cell.name, [])
    ]
    right = [
        Mutant(cell.name, "", name, 1, code)
        for cell in source.exercises
        for name, code in rights.get(cell.name, {}).items()
    ]
    seeds = [attempts.seed_of(SEED, number) for number in range(attempts.SETS)]
    for number, verdicts in enumerate(judge_on(repository, assignment, wrong, seeds, right=right)):
        for mutant, verdict in zip([*wrong, *right], verdicts, strict=True):
            found = Proof()
            _judge_verdict(found, mutant, verdict, mutant in right)
            found.problems = [f"inputs {number}: {problem}" for problem in found.problems]
            proofs[mutant.exercise].add(found)
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
    if trial.others:
        proof.pairs += 1
        own = {*sentences} <= {*trial.says}
        if not own and not (len(sentences) == 1 and sentences[0] in trial.others):
            proof.accusations += 1
            proof.problems.append(f"{trial.exercise}: {trial.what} is told of another mistake: {sentences}")
        return
    if trial.says:
        named = sentences == [*trial.says]
        proof.named += named
        if not named:
            proof.problems.append(f"{trial.exercise}: {trial.what} is not named; said: {sentences or 'nothing'}")
        return
    proof.variants += 1
    if sentences:
        proof.accusations += 1
        proof.problems.append(f"{trial.exercise}: {trial.what} is accused falsely: {sentences[0]}")
    elif trial.right and not right:
        proof.problems.append(f"{trial.exercise}: the right {trial.what} is said to differ from the expected result")


@contextmanager
def asking_students_files(
    repository: Repository, source: Source, trials: list[Trial]
) -> Iterator[Callable[[], list[tuple[list[str], bool]]]]:
    """Begin to ask the self-checker about each trial, in a process whose only files of the course are students' own.

    What is yielded waits for what it says: of each trial the sentences, and whether it finds it right.
    """
    asked = {
        "given": [cell.source for cell in source.cells if cell.kind == "given"],
        "reference": {cell.name: cell.reference for cell in source.exercises},
        "trials": [[trial.exercise, trial.code, trial.change] for trial in trials],
    }
    with tempfile.TemporaryDirectory(prefix=f"{source.name}-") as folder, ExitStack() as files:
        for name, content in handout(repository, source).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        question, answer, errors = (files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        json.dump(asked, question)
        question.seek(0)
        script = Path(student_side.__file__).read_text(encoding="utf-8")
        command = [sys.executable, "-I", "-B", "-W", "ignore", "-c", script, folder]
        process = subprocess.Popen(command, stdin=question, stdout=answer, stderr=errors, cwd=folder)

        def answers() -> list[tuple[list[str], bool]]:
            code = process.wait(timeout=600 + len(trials))  # seconds by the clock
            if code != 0:
                errors.seek(0)
                said = errors.read()[-2000:]
                raise RuntimeError(f"the self-checker failed on the student's files of {source.name}:\n{said}")
            answer.seek(0)
            return [(sentences, right) for sentences, right in json.load(answer)]

        try:
            yield answers
        finally:
            process.kill()  # without effect on one that has ended
            process.wait()


def main() -> int:
    """Print a table and the sum; exit code 1 if anything failed."""
    repository = Repository.default()
    parser = parser_for_assignments("Prove the tests and the self-checker.")
    parser.add_argument("--quick", action="store_true", help="leave out two mistakes at once")
    parser.add_argument("--all-inputs", action="store_true", help="only the tests, on every set of inputs of grading")
    arguments = parser.parse_args()
    table = Table(
        "exercise", "mistakes", "rejected", "exempt", "named", "right solutions", "passed", "variants", "accused"
    )
    total = Proof()
    for assignment in arguments.assignments or repository.names():
        try:
            if arguments.all_inputs:
                proofs = prove_on_all_inputs(repository, assignment)
            else:
                proofs = prove(repository, assignment, pairs=not arguments.quick)
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
    if arguments.all_inputs:
        print(
            f"on {attempts.SETS} sets of inputs: {total.passed} of {total.right} right solutions passed, "
            f"{total.rejected} of {total.listed} mistakes were rejected"
        )
        return 0 if total.holds else 1
    print(
        f"mistakes: {total.listed} listed, {total.rejected} rejected, {total.named} named, "
        f"{total.accusations} false accusations ({total.exempt} exempt from naming, with reasons; "
        f"{total.variants} variants, {total.outputs} single outputs and {total.pairs} pairs of mistakes tried)"
    )
    return 0 if total.holds else 1


if __name__ == "__main__":
    sys.exit(main())
