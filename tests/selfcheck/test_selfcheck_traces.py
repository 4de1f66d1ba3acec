"""What is looked at when an exercise runs on its public cases."""

import numpy as np

from selfcheck.fingerprint import Describer
from selfcheck.traces import ARGUMENTS, Raised, Subject, trace

CASES = [(np.arange(12.0).reshape(3, 4), {"W": np.ones((2, 5))}, np.random.default_rng(0))]
ONE = Subject("one", ("h",))
TWO = Subject("two", ("dW", "cache", "db"), opaque=(1,))


def run(function, subject=ONE, cases=CASES):
    return trace(subject, function, cases, Describer(b"salt"))


def test_an_edited_argument_belongs_to_what_came_out_and_the_case_itself_stays():
    def edits(x, weights, rng):
        weights["W"][0, 0] = 9.0
        return x + 1

    clean, edited = run(lambda x, weights, rng: x + 1), run(edits)
    assert clean.cases[0][ARGUMENTS].exact == ""
    assert edited.cases[0][ARGUMENTS].exact.startswith("1: dict")
    assert clean.output("h") == edited.output("h")
    assert clean.whole != edited.whole
    assert CASES[0][1]["W"][0, 0] == 1.0


def test_a_generator_may_move_on():
    drawn = run(lambda x, weights, rng: x + 0 * rng.normal())
    assert drawn.whole == run(lambda x, weights, rng: x).whole


def test_an_error_counts_by_the_first_of_its_classes_that_is_pythons_own():
    class Mine(ValueError):
        pass

    def fails(kind):
        def call(*arguments):
            raise Raised([base.__name__ for base in kind.__mro__])

        return run(call)

    assert fails(Mine) == fails(ValueError) == fails(np.linalg.LinAlgError)
    assert fails(ValueError) != fails(IndexError)
    assert fails(Mine).raises_everywhere()


def test_opaque_outputs_are_not_looked_into():
    here = run(lambda x, weights, rng: (x, object(), x), TWO)
    assert here == run(lambda x, weights, rng: (x, "anything", x), TWO)
    assert set(here.cases[0]) == {"dW", "db", ARGUMENTS}


def test_outputs_are_told_apart_one_by_one_in_a_tuple_or_a_dictionary():
    by_name = Subject("named", ("dW", "db"))
    right = run(lambda x, weights, rng: {"dW": x, "db": x[0]}, by_name)
    wrong = run(lambda x, weights, rng: {"dW": x, "db": x[1]}, by_name)
    assert right.output("dW") == wrong.output("dW")
    assert right.output("db") != wrong.output("db")
    unlike = run(lambda x, weights, rng: x, by_name)
    assert unlike.output("dW") != right.output("dW")
    assert unlike.output("db") != right.output("db")


def test_warnings_do_not_turn_into_errors():
    assert not run(lambda x, weights, rng: np.log(x - 5)).raises_everywhere()
