"""The tests of the real assignments are proven: `make proofs`.

Every listed mistake is rejected and named, no right solution is accused, a selection of automatic mutants is killed,
and neither other kernels nor noise of the size of rounding lose a name. `make mistakes`, `make mutants` and
`make portable` try all that there is, for an hour and more.
"""

from __future__ import annotations

import pytest

from autograder.author import mutants, proof
from autograder.author.mutant_session import judge_on
from autograder.author.mutation import Mutant
from autograder.author.portable import measured, recognition, settings
from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.grading.attempts import SETS, seed_of

COURSE = Repository.default()


@pytest.mark.parametrize("assignment", COURSE.names())
def test_every_mistake_is_rejected_and_named_and_no_right_solution_is_accused(assignment):
    total = proof.Proof()
    for figures in proof.prove(COURSE, assignment, pairs=assignment == "a1_recurrence").values():
        total.add(figures)
    assert total.problems == []
    assert total.rejected == total.listed >= 40
    assert total.named == total.listed - total.exempt
    assert total.passed == total.right
    assert (total.accusations, total.variants >= 200) == (0, True)


@pytest.mark.parametrize("assignment", COURSE.names())
def test_no_inputs_of_another_course_fail_the_reference_or_another_right_solution(assignment):
    """A course draws the seeds of its inputs from its own secret: other sets than those that the proof tries."""
    rights = catalogue.right(COURSE, assignment)
    first = [Mutant(name, "", "", 1, next(iter(some.values()))) for name, some in rights.items()]
    verdicts = judge_on(
        COURSE, assignment, [], [seed_of(b"course", number) for number in range(0, SETS, 3)], right=first
    )
    assert {verdict.outcome for some in verdicts for verdict in some} == {"passed"}


@pytest.mark.parametrize("assignment", COURSE.names())
def test_a_selection_of_the_mutants_of_an_assignment_is_killed_or_explained(assignment):
    one = mutants.trial(COURSE, assignment, quick=54)
    assert len(one.tried) == 54
    assert not "\n".join(one.problems())


@pytest.mark.parametrize("assignment", ["a1_recurrence", "a6_captioning"])
def test_the_oldest_kernels_recognise_all_that_is_sealed(assignment):
    found = measured([assignment], settings()["oldest kernels"])[assignment]
    assert found.lost == []
    assert found.traces > 100


@pytest.mark.parametrize("assignment", ["a1_recurrence", "a4_lstm"])
def test_noise_in_every_step_loses_no_name(assignment):
    found = recognition(COURSE, assignment, noise=1)
    assert found.lost == []
    assert found.traces > 100
