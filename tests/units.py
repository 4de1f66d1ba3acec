"""Which tests stay in one process when several share the work, and which of them begin first.

A unit of work is a module, since its tests share what is expensive to make: a course that is built, a fork server. A
module that takes long is cut: by assignment, where a fixture of the module is made for each, else test by test. Units
begin with the slowest, so that no core waits at the end for another.
"""

from __future__ import annotations

# Modules with a fixture that is made once for each assignment: each of its parameters makes a unit.
BY_ASSIGNMENT = ("tests/author/test_author_course.py", "tests/author/test_author_fingerprints.py")
# Seconds of processor time of what takes more than a few; only the order matters. Each parameter of a test that is
# named here is a unit of its own; of a module, all tests are one, or those of each assignment.
_MUTANTS = "test_a_selection_of_the_mutants_of_an_assignment_is_killed_or_explained"
_PROOF = "test_every_mistake_is_rejected_and_named_and_no_right_solution_is_accused"
SECONDS: dict[str, float] = {
    "tests/grading/test_batch.py": 60.0,
    f"tests/author/test_author_mutants.py::{_MUTANTS}": 50.0,
    f"tests/author/test_author_proof.py::{_PROOF}": 30.0,
    "tests/author/test_author_fingerprints.py": 25.0,
    "tests/author/test_author_new.py": 25.0,
    "tests/author/test_author_portable.py": 20.0,
    "tests/test_demo.py": 15.0,
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
