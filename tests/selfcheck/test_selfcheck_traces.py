"""What is looked at when an exercise runs on its public cases."""

from types import SimpleNamespace

import numpy as np
import pytest

from selfcheck.copies import copied
from selfcheck.fingerprint import Describer
from selfcheck.target import NOT_STARTED, LocalProvider, StudentError, StudentTimeout, Watched
from selfcheck.traces import ARGUMENTS, Raised, Subject, caller, trace

CASES = [(np.arange(12.0).reshape(3, 4), {"W": np.ones((2, 5))}, np.random.default_rng(0))]
ONE = Subject("one", ("h",))
TWO = Subject("two", ("dW", "cache", "db"), opaque=(1,))


def run(function, subject=ONE, cases=CASES):
    def watched(*arguments):
        arguments = copied(arguments)
        return Watched(function(*arguments), arguments)

    return trace(subject, watched, cases, Describer(b"salt"))


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


def _called(function, cases=None, **more):
    return caller("one", LocalProvider({"one": function, **more}, cases), cases)


def test_an_exercise_is_called_or_shown_by_its_probe_whose_arguments_stay_as_they_were():
    def drawn(namespace, points):
        points *= namespace["one"]()(2.0)
        return points.sum()

    x = np.ones(3)
    assert _called(lambda x: x.sum())(x).value == 3.0
    assert _called(lambda x: x.sum(), SimpleNamespace())(x).value == 3.0
    cases = SimpleNamespace(SHOWN_BY={"one": "drawn"}, PROBES={"drawn": drawn})
    assert _called(lambda: lambda y: y + 5, cases)(x).value == 21.0
    assert x.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "cases", [None, SimpleNamespace(SHOWN_BY={"one": "p"}, PROBES={"p": lambda n, x: n["one"](x)})]
)
def test_what_an_exercise_raises_is_told_from_one_that_is_not_started_or_does_not_end(cases):
    with pytest.raises(Raised) as caught:
        _called(lambda x: 1 / 0, cases)(1)
    assert caught.value.name == "ZeroDivisionError"

    def unstarted(x):
        raise NotImplementedError(f"one {NOT_STARTED}")

    with pytest.raises(StudentError) as waiting:
        _called(unstarted, cases)(1)
    assert waiting.value.names[0] == "NotImplementedError"

    class Late:
        def watched(self, name, args):
            raise StudentTimeout("still running")

        def probe(self, name, args):
            raise StudentTimeout("still running")

    with pytest.raises(StudentTimeout):
        caller("one", Late(), cases)(1)
