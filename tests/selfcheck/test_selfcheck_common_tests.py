"""Tests made from what differs: they belong to their exercise, and fail as written ones do."""

from types import SimpleNamespace

import numpy as np
import pytest

from selfcheck.common_tests import arguments_test, float32_and_strided_test, scaled, shapes_test, sizes_test
from selfcheck.expect import Mismatch
from selfcheck.target import LocalProvider, setting

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnknownMarkWarning")


def cases_of(rng, N=3):
    return rng.standard_normal((N, 4)), 2.0


def run(test, function):
    with setting(provider=LocalProvider({"scaled": function})):
        test(SimpleNamespace(scaled=cases_of), np.random.default_rng(0))


def in_place(x, factor):
    x *= factor
    return x


def test_they_are_marked_with_the_exercise_and_its_points():
    made = (shapes_test("scaled", "y (3, 4)"), arguments_test("scaled", "x factor", points=0.7))
    marks = [mark for test in made for mark in test.pytestmark]
    assert [(mark.name, mark.args, mark.kwargs) for mark in marks] == [
        ("exercise", ("scaled",), {"points": None}),
        ("exercise", ("scaled",), {"points": 0.7}),
    ]


def test_shapes_are_those_of_the_first_case():
    test = shapes_test("scaled", "y (3, 4)")
    run(test, lambda x, factor: factor * x)
    with pytest.raises(Mismatch, match=r"y has shape \(4, 3\)"):
        run(test, lambda x, factor: factor * x.T)


def test_a_changed_argument_is_named_at_the_sizes_that_were_given():
    seen = []
    test = arguments_test("scaled", "x factor", points=1, N=5)
    run(test, lambda x, factor: seen.append(x.shape) or factor * x)
    assert seen == [(5, 4)]
    with pytest.raises(Mismatch, match="x"):
        run(test, in_place)


def of_three(rng, **sizes):
    return cases_of(rng, N=3 * sizes["N"])


@pytest.mark.parametrize(
    ("make", "seen_at"),
    [
        (lambda **how: sizes_test("scaled", [{"N": 1}, {"N": 6}], points=2, **how), [1, 6]),
        (lambda **how: float32_and_strided_test("scaled", points=2, N=2, **how), [2, 2]),
    ],
    ids=["sizes", "float32 and strided"],
)
def test_hidden_tests_compare_with_the_reference_at_the_sizes_given(make, seen_at):
    reference = SimpleNamespace(scaled=lambda x, factor: factor * x)

    def run_hidden(test, function):
        with setting(provider=LocalProvider({"scaled": function})):
            test(reference, SimpleNamespace(scaled=cases_of), np.random.default_rng(0))

    seen = []
    run_hidden(make(), lambda x, factor: seen.append(len(x)) or factor * x)
    run_hidden(make(made_by=lambda reference, cases: of_three), lambda x, factor: seen.append(len(x)) or factor * x)
    assert seen == seen_at + [3 * size for size in seen_at]
    run_hidden(make(part=np.shape), lambda x, factor: x)
    with pytest.raises(Mismatch, match="the result with"):
        run_hidden(make(), lambda x, factor: x)
    assert [(mark.args, mark.kwargs) for mark in make().pytestmark] == [(("scaled",), {"points": 2})]


def test_scaled_arguments_are_those_of_the_case_times_their_factors():
    reference = SimpleNamespace(scaled=lambda x, factor: factor * x)
    cases = SimpleNamespace(scaled=cases_of)
    x, factor = scaled("scaled", x=1e3)(reference, cases)(np.random.default_rng(1), N=2)
    plain, _ = cases_of(np.random.default_rng(1), N=2)
    assert np.array_equal(x, 1e3 * plain)
    assert factor == 2.0
    larger, tenfold = scaled("scaled", lambda *_: of_three, factor=10)(reference, cases)(np.random.default_rng(1), N=2)
    assert larger.shape == (6, 4)
    assert tenfold == 20.0
    with pytest.raises(ValueError, match="'y' is not in list"):
        scaled("scaled", y=2.0)(reference, cases)
