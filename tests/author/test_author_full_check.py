"""author/full_check.py: everything about one assignment in one command, whose last line says how it went."""

import pytest

from autograder.author import full_check
from autograder.author.full_check import Step, steps
from autograder.course.paths import Repository

NAME = "a1_sample"
FINE = ("timeit", "-n", "1", "-r", "1", "pass")
WRONG = ("timeit", "-n", "1", "raise ValueError('a slip')")


def run(capsys, first, *others):
    """Whether these commands pass, and the lines that are printed."""
    named = [Step(f"step-{number}", command) for number, command in enumerate((first, *others))]
    passed = full_check.full_check(NAME, named[0], named[1:])
    return passed, capsys.readouterr().out.strip().split("\n")


def test_when_all_steps_pass_the_last_line_says_how_many(capsys):
    passed, lines = run(capsys, FINE, FINE, FINE)
    assert passed
    assert [line.split()[0] for line in lines[:-1]] == ["step-0", "step-1", "step-2"]
    assert "loop" in lines[0]  # what the command said last
    assert lines[-1].startswith("check a1_sample: 3 of 3 steps passed in ")


def test_a_step_that_fails_is_shown_in_full_and_named_in_the_last_line(capsys):
    passed, lines = run(capsys, FINE, WRONG, FINE)
    assert not passed
    assert any(line.startswith("step-2") and "loop" in line for line in lines)
    assert "ValueError: a slip" in lines
    assert lines[-1].startswith("check a1_sample: failed after ")
    assert lines[-1].endswith(": step-1")


def test_nothing_else_is_run_when_the_build_fails(capsys):
    passed, lines = run(capsys, WRONG, FINE)
    assert not passed
    assert not [line for line in lines if line.startswith("step-1")]
    assert lines[-1].endswith(": step-0")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "say which assignment to check"), (["a9_nowhere"], "there is no assignment 'a9_nowhere'")],
)
def test_a_missing_or_unknown_name_is_usage_and_lists_what_there_is(sample, capsys, arguments, said):
    assert full_check.main(arguments, sample) == full_check.USAGE
    assert capsys.readouterr().err == f"{said}: make check A=NAME, where NAME is one of {NAME}\n"


@pytest.mark.parametrize("assignment", Repository.default().names())
def test_each_assignment_has_the_tests_of_its_reference_where_they_are_looked_for(assignment):
    repository = Repository.default()
    commands = {step.name: step.command for step in steps(repository, assignment)}
    assert set(commands) == {"proof", "mutants", "reference", "check"}
    assert all((repository.root / path).is_file() for path in commands["reference"][1:3])
    assert commands["reference"][3:] == ("-k", assignment)
