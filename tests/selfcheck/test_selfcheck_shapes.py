"""What is said of the line that raised: shapes there, and which two do not fit."""

import numpy as np
import pytest

from selfcheck.target import LocalProvider, StudentError

CODE = """
import numpy as np

def step(x, h_prev, U, W, b):
    h = np.tanh(
        x @ U.T
        + h_prev @ W + b
    )
    return h

def add(a, b):
    return 2 * a[:, 0] + b

def of_many(values, n):
    return values[n]

class Loud:
    @property
    def shape(self):
        raise RuntimeError("looked at")

def loud():
    x = Loud()
    return x + 1

def dot(a, b):
    return np.dot(a.T, b)

def product(a, b):
    return a @ b

def inside(a):
    return a + a[7]

def window(x, filters):
    t, j = 2, 1
    return x[:, t - j] @ filters[:, j]

def called(x, filters):
    return x[:, int(1)] @ filters
"""


@pytest.fixture
def told(tmp_path):
    """Call a function of CODE; return what is said below the line that raised."""
    path = tmp_path / "cell.py"
    path.write_text(CODE)
    namespace = {"__name__": "__main__"}
    exec(compile(CODE, str(path), "exec"), namespace)
    provider = LocalProvider(namespace)

    def call(name, *args):
        with pytest.raises(StudentError) as caught:
            provider.call(name, args, {})
        lines = caught.value.traceback.splitlines()
        assert lines[0].startswith("  line ")
        return [line.strip() for line in lines if line.startswith("    ")]

    return call


def test_a_product_that_does_not_fit_names_both_sides_and_the_axes(told):
    x, h_prev, U, W, b = np.ones((3, 4)), np.ones((3, 5)), np.ones((5, 4)), np.ones((6, 5)), np.ones(5)
    shapes, clash = told("step", x, h_prev, U, W, b)
    assert shapes == (
        "where x has shape (3, 4), U has shape (5, 4), h_prev has shape (3, 5), W has shape (6, 5), b has shape (5,)"
    )
    assert clash == (
        "h_prev has shape (3, 5), W has shape (6, 5): "
        "the last axis of h_prev (5) must be as long as the second to last axis of W (6)"
    )


def test_a_broadcast_that_fails_names_both_sides_and_the_axis(told):
    assert told("add", np.ones((3, 4)), np.ones((2, 5)))[1] == (
        "2 * a[:, 0] has shape (3,), b has shape (2, 5): they differ in the last axis, 3 against 5"
    )
    assert told("add", np.ones((3, 1, 1)), np.ones((2, 4)))[1] == (
        "2 * a[:, 0] has shape (3, 1), b has shape (2, 4): they differ in axis 2 from the end, 3 against 2"
    )
    x, h_prev, U, W = np.ones((3, 4)), np.ones((2, 5)), np.ones((5, 4)), np.ones((5, 5))
    assert told("step", x, h_prev, U, W, np.ones(5))[1] == (
        "x @ U.T has shape (3, 5), h_prev @ W has shape (2, 5): they differ in axis 2 from the end, 3 against 2"
    )


def test_a_function_for_products_is_read_as_well(told):
    assert told("dot", np.ones((3, 4)), np.ones((2, 5)))[1] == (
        "a.T has shape (4, 3), b has shape (2, 5): "
        "the last axis of a.T (3) must be as long as the second to last axis of b (2)"
    )


def test_values_that_are_no_arrays_are_told_by_length_or_value(told):
    assert told("of_many", [1, 2, 3], 5) == ["where values is a list of length 3, n is 5"]


def test_nothing_of_the_students_runs_when_its_values_are_described(told):
    assert told("loud") == []


def test_no_clash_is_claimed_where_there_is_none(told):
    assert told("inside", np.ones((4, 4))) == ["where a has shape (4, 4)"]
    assert len(told("product", np.ones((2, 3, 4)), np.ones((3, 4, 5)))) == 1


def test_an_error_in_code_without_a_source_is_told_without_shapes():
    namespace = {"__name__": "__main__"}
    exec("def f(a):\n    return a[9]", namespace)
    with pytest.raises(StudentError, match="IndexError"):
        LocalProvider(namespace).call("f", ([1],), {})


def test_a_clash_is_found_behind_an_index_that_is_a_difference(told):
    assert told("window", np.ones((2, 3, 4)), np.ones((5, 2, 4))) == [
        "where x has shape (2, 3, 4), t is 2, j is 1, filters has shape (5, 2, 4)",
        "x[:, t - j] has shape (2, 4), filters[:, j] has shape (5, 4): "
        "the last axis of x[:, t - j] (4) must be as long as the second to last axis of filters[:, j] (5)",
    ]


def test_the_shapes_are_told_where_a_side_cannot_be_worked_out(told):
    said = ["where x has shape (2, 3, 4), filters has shape (5, 4)"]
    assert told("called", np.ones((2, 3, 4)), np.ones((5, 4))) == said
