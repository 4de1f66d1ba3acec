"""The proof finds each way in which an assignment may fail to hold. That those of the course hold: tests/proofs."""

from __future__ import annotations

import ast
from threading import get_ident

import pytest

from autograder.author import proof
from autograder.author.build import build
from autograder.course.paths import Course
from autograder.grading.attempts import SETS
from sample import NAME, write_sample

SAYS = "The factor is added. What does the statement ask to do with it?"
CATALOGUE = "scaled = [{ %s }]\ntotal = []\n"
ADDED = f'id = "adds", old = "factor * x", new = "factor + x", says = "{SAYS}"'


@pytest.fixture
def prove(tmp_path):
    """prove(catalogue, right): the proof of the sample's `scaled` with these files."""

    def run(catalogue: str, right: str = 'RIGHT = {"scaled": {}, "total": {}}\n') -> proof.Proof:
        repository = write_sample(tmp_path / "repository")
        repository.mistakes(NAME).write_text(catalogue)
        repository.right(NAME).write_text('RIGHT = {"scaled": {}, "total": {}}\n')
        build(repository, Course(tmp_path / "course"), NAME)  # which refuses a right solution that gives something else
        repository.right(NAME).write_text(right)
        return proof.prove(repository, NAME)["scaled"]

    return run


def test_a_mistake_is_rejected_and_named(prove):
    found = prove(CATALOGUE % ADDED)
    assert (found.listed, found.rejected, found.named, found.problems) == (1, 1, 1, [])


def test_two_threads_never_parse_python_at_once_which_ends_in_a_system_error(prove, monkeypatch):
    threads, parse = set(), ast.parse
    monkeypatch.setattr(ast, "parse", lambda *given, **named: threads.add(get_ident()) or parse(*given, **named))
    prove(CATALOGUE % ADDED)
    assert threads == {get_ident()}


def test_a_mistake_that_no_test_rejects_is_a_problem(prove):
    harmless = 'id = "harmless", old = "factor * x", new = "x * factor", says = "Nothing.", exempt = "it is right"'
    found = prove(CATALOGUE % harmless)
    assert found.rejected == 0
    assert "no test rejects harmless" in found.problems[0]


def test_a_right_solution_that_a_test_rejects_is_a_problem(prove):
    wrong = (
        'RIGHT = {"scaled": {"listed": "def scaled(x, factor):\\n    return (factor * x).tolist(), {}"}, "total": {}}\n'
    )
    found = prove(CATALOGUE % ADDED, wrong)
    assert found.passed == 0
    assert any("rejects the right solution listed" in problem for problem in found.problems)


def test_a_sentence_about_a_right_solution_is_a_false_accusation():
    figures = proof.Proof()
    trial = proof.Trial("scaled", "loops", "", right=True)
    proof._judge_sentences(figures, trial, [SAYS], right=False)
    assert figures.accusations == 1
    assert "accused falsely" in figures.problems[0]


@pytest.mark.parametrize(
    ("sentences", "accused"),
    [
        (["U alone.", "Adds?"], False),  # what was written for one output of the one, and the other's
        (["Another's?"], False),  # both together give what a third mistake gives
        (["Another's?", "Adds?"], True),
        (["Unheard of."], True),
        ([], False),
    ],
)
def test_of_two_mistakes_only_their_own_sentences_or_one_that_fits_both_is_true(sentences, accused):
    figures = proof.Proof()
    others = ("Adds?", "Halves?", "Another's?")
    trial = proof.Trial("scaled", "adds with halves", "", says=("Adds?", "Halves?", "U alone."), others=others)
    proof._judge_sentences(figures, trial, sentences, right=False)
    assert (figures.pairs, figures.accusations, bool(figures.problems)) == (1, accused, accused)


def test_an_unknown_assignment_is_named_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["proof", "a9_nothing"])
    assert proof.main() == 1
    assert "a9_nothing: there is no such assignment in solutions/; there are: a1" in capsys.readouterr().out


def test_a_right_solution_that_fails_on_some_sets_of_inputs_is_a_problem_of_each(tmp_path):
    repository = write_sample(tmp_path / "repository")
    often = "def scaled(x, factor):\n    return (factor * x if x.max() < 2 else x), {}\n"
    repository.right(NAME).write_text(f"RIGHT = {{'scaled': {{'often': {often!r}}}, 'total': {{}}}}\n")
    found = proof.prove_on_all_inputs(repository, NAME)["scaled"]
    assert (found.listed, found.rejected, found.right) == (SETS, SETS, SETS)
    assert 0 < found.passed < SETS
    assert len(found.problems) == SETS - found.passed
    assert all(problem.startswith("inputs ") and "the right solution often" in problem for problem in found.problems)
