"""Which tests stay in one process when several share the work, and which of them begin first.

A unit of work is a module, since its tests share what is expensive to make: a course that is built, a fork server. A
module that takes long is cut: by assignment, where a fixture of the module is made for each, else test by test. Units
begin with the slowest, so that no core waits at the end for another.
"""

from __future__ import annotations

# Modules with a fixture that is made once for each assignment: each of its parameters makes a unit.
BY_ASSIGNMENT = (
    "tests/author/test_author_course.py",
    "tests/author/test_author_fingerprints.py",
    "tests/test_catalogues.py",
)
# Seconds of processor time of what takes more than a few; only the order matters. Each parameter of a test that is
# named here is a unit of its own; of a module, all tests are one, or those of each assignment. A name may have one
# parameter: it is for that one alone.
_PROOF = "tests/author/test_author_proof.py::test_every_mistake_is_rejected_and_named_and_no_right_solution_is_accused"
_MUTANTS = (
    "tests/author/test_author_mutants.py::test_a_selection_of_the_mutants_of_an_assignment_is_killed_or_explained"
)
SECONDS: dict[str, float] = {
    "tests/author/test_author_new.py": 28,
    "tests/author/test_author_portable.py": 40,
    "tests/author/test_author_course.py[a6_captioning]": 50,
    "tests/author/test_author_fingerprints.py[a6_captioning]": 50,
    f"{_PROOF}[a6_captioning]": 40,
    "tests/grading/test_handed_in.py": 30,
    "tests/grading/test_batch.py": 25,
    f"{_PROOF}[a5_gru]": 25,
    "tests/test_demo.py": 20,
    _PROOF: 18,
    "tests/author/test_author_course.py": 18,
    "tests/author/test_author_check.py": 18,
    f"{_MUTANTS}[a5_gru]": 18,
    "tests/author/test_author_fingerprints.py": 15,
    _MUTANTS: 12,
    "tests/selfcheck/test_selfcheck_diagnosis.py": 12,
    "solutions/a6_captioning/test_reference.py": 5,
    "tests/author/test_author_proof.py": 9,
    "tests/test_catalogues.py": 10,
    "tests/author/test_author_build.py": 8,
    "tests/author/test_author_bundle.py": 8,
    "tests/author/test_author_mutants.py": 8,
    "solutions/a2_bptt/test_reference.py": 7,
    "tests/selfcheck/test_selfcheck_ready.py": 15,
    "tests/selfcheck/test_selfcheck_notebook.py": 8,
    "tests/selfcheck/test_selfcheck_editors.py": 5,
    "tests/selfcheck/test_selfcheck_terminal.py": 6,
    "tests/gradebook/test_gradebook_gradebook.py": 5,
    "tests/gradebook/test_gradebook_regrade.py": 8,
    "tests/gradebook/test_gradebook_appeal.py": 10,
    "solutions/a7_seq2seq/test_reference.py": 5,
    "tests/test_cli.py": 5,
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
