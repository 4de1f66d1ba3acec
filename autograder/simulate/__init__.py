"""A class of students with known results: right, wrong by named mistakes, unfinished, broken, crashing and hostile."""

from autograder.simulate.classroom import KINDS, Simulation, every_kind, of_kinds, simulate
from autograder.simulate.expected import Expectation, Row, compare, describe, read_expected, write_expected
from autograder.simulate.kinds import FAMILIES, Kind
from autograder.simulate.subject import SimulationError

__all__ = [
    "FAMILIES", "KINDS", "Expectation", "Kind", "Row", "Simulation", "SimulationError",
    "compare", "describe", "every_kind", "of_kinds", "read_expected", "simulate", "write_expected",
]  # fmt: skip
