"""Which tests stay in one process when several share the work, and which of them begin first.

A unit of work is a module, since its tests share what is expensive to make: a course that is built, a fork server. A
module that takes long is cut: by assignment, where a fixture of the module is made for each, else test by test. Units
begin with the slowest, so that no core waits at the end for another.
"""

from __future__ import annotations

# Modules with a fixture that is made once for each assignment: each of its parameters makes a unit.
BY_ASSIGNMENT = (
    "tests/author/test_author_course.py",
    "tests/proofs/test_built.py",
    "tests/proofs/test_fingerprints.py",
    "tests/proofs/test_catalogues.py",
)
# Seconds of processor time of what takes more than a few; only the order matters. Each parameter of a test that is
# named here is a unit of its own; of a module, all tests are one, or those of each assignment. A name may have one
# parameter: it is for that one alone.
_PROOF = "tests/proofs/test_proofs.py::test_every_mistake_is_rejected_and_named_and_no_right_solution_is_accused"
_MUTANTS = "tests/proofs/test_proofs.py::test_a_selection_of_the_mutants_of_an_assignment_is_killed_or_explained"
_INPUTS = "tests/proofs/test_proofs.py::test_no_inputs_of_another_course_fail_the_reference_or_another_right_solution"
SECONDS: dict[str, float] = {
    f"{_PROOF}[a6_captioning]": 64,
    f"{_PROOF}[a5_gru]": 55,
    _INPUTS: 40,
    "tests/grading/test_batch.py": 42,
    _PROOF: 35,
    f"{_PROOF}[a2_bptt]": 32,
    "tests/proofs/test_fortress_parts.py": 31,
    "tests/test_cli.py": 26,
    f"{_MUTANTS}[a5_gru]": 29,
    f"{_PROOF}[a3_stability]": 27,
    "tests/grading/test_handed_in.py": 26,
    f"{_PROOF}[a4_lstm]": 25,
    f"{_PROOF}[a1_recurrence]": 25,
    "tests/proofs/test_built.py[a6_captioning]": 25,
    "tests/sandbox/test_remote.py": 25,
    "tests/test_in_a_browser.py": 23,
    "tests/grading/test_cluster.py": 22,
    f"{_PROOF}[a7_seq2seq]": 21,
    "tests/proofs/test_fingerprints.py[a6_captioning]": 20,
    f"{_MUTANTS}[a4_lstm]": 18,
    "tests/test_term.py": 18,
    "tests/selfcheck/test_selfcheck_ready.py": 18,
    "tests/selfcheck/test_selfcheck_notebook.py": 18,
    "tests/author/test_author_mutants.py": 17,
    "tests/selfcheck/test_selfcheck_diagnosis.py": 17,
    f"{_MUTANTS}[a6_captioning]": 16,
    _MUTANTS: 16,
    "tests/author/test_author_bundle.py": 16,
    f"{_MUTANTS}[a2_bptt]": 15,
    "tests/test_any_system.py": 6,
    "tests/selfcheck/test_selfcheck_terminal.py": 15,
    "tests/gradebook/test_gradebook_gradebook.py": 15,
    "tests/proofs/test_fingerprints.py[a5_gru]": 14,
    "tests/proofs/test_fingerprints.py[a4_lstm]": 14,
    "tests/test_fortress.py": 14,
    "tests/sandbox/test_wire.py": 14,
    "tests/proofs/test_new_assignment.py": 12,
    "tests/gradebook/test_gradebook_current.py": 9,
    "tests/gradebook/test_gradebook_writer.py": 9,
    "tests/grading/test_attempts.py": 13,
    "tests/grading/test_carried.py": 13,
    "tests/gradebook/test_gradebook_watch.py": 13,
    f"{_MUTANTS}[a7_seq2seq]": 12,
    "tests/proofs/test_fingerprints.py[a2_bptt]": 12,
    "tests/proofs/test_fingerprints.py[a3_stability]": 12,
    "tests/proofs/test_fingerprints.py[a7_seq2seq]": 12,
    "tests/gradebook/test_gradebook_feedback.py": 12,
    "tests/author/test_author_portable.py": 12,
    "tests/author/test_author_trial.py": 12,
    "tests/proofs/test_fingerprints.py[a1_recurrence]": 11,
    "tests/test_demo.py": 9,
    "tests/gradebook/test_gradebook_lateness.py": 11,
    "tests/grading/test_messages.py": 11,
    "tests/gradebook/test_gradebook_appeal.py": 11,
    f"{_MUTANTS}[a3_stability]": 10,
    "tests/gradebook/test_gradebook_regrade.py": 10,
    "tests/author/test_author_course.py[a6_captioning]": 9,
    "tests/proofs/test_built.py[a7_seq2seq]": 9,
    "tests/sandbox/test_host.py": 9,
    "tests/gradebook/test_gradebook_variants.py": 9,
    "tests/author/test_author_build.py": 9,
    "tests/proofs/test_built.py[a5_gru]": 8,
    "tests/proofs/test_built.py[a3_stability]": 8,
    "tests/proofs/test_built.py[a1_recurrence]": 8,
    "tests/author/test_author_proof.py": 8,
    "tests/author/test_author_variants.py": 8,
    "tests/author/test_author_course.py[a2_bptt]": 7,
    "tests/proofs/test_built.py[a2_bptt]": 7,
    "solutions/a6_captioning/test_reference.py": 7,
    "tests/gradebook/test_gradebook_lms.py": 7,
    "tests/author/test_author_course.py[a5_gru]": 6,
    "tests/proofs/test_catalogues.py[a6_captioning]": 6,
    "tests/proofs/test_built.py[a4_lstm]": 6,
    "tests/selfcheck/test_selfcheck_session_aids.py": 6,
    "tests/author/test_author_course.py[a7_seq2seq]": 5,
    "tests/author/test_author_course.py[a3_stability]": 5,
    "tests/author/test_author_course.py[a4_lstm]": 5,
    "tests/simulate/test_simulate_classroom.py": 5,
    "tests/test_repository.py": 5,
    "tests/author/test_author_course.py[a1_recurrence]": 4,
    "tests/grading/test_notebook_rules.py": 4,
    "tests/grading/test_reader.py": 4,
    "tests/author/test_author_check.py": 4,
    "tests/grading/test_key.py": 4,
}


def unit(nodeid: str) -> str:
    """Return the name of the unit that a test belongs to."""
    module, _, test = nodeid.partition("::")
    name, bracket, parameter = test.partition("[")
    if f"{module}::{name}" in SECONDS:
        return nodeid
    return f"{module}[{parameter}" if module in BY_ASSIGNMENT and bracket else module


def seconds(name: str) -> float:
    """Return how long a unit takes, as far as it is known."""
    return SECONDS.get(name, SECONDS.get(name.partition("[")[0], 0.0))
