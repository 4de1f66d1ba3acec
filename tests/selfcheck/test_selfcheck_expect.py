"""What tests may assert, and how it reads when it fails."""

import numpy as np
import pytest
import torch

from selfcheck import StudentError, expect
from selfcheck.expect import Mismatch

H = np.linspace(-1.0, 1.0, 15).reshape(3, 5)


def message(function, *args, **kwargs):
    with pytest.raises(Mismatch) as caught:
        function(*args, **kwargs)
    return str(caught.value)


class LyingArray(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    @property
    def __class__(self):
        return np.ndarray


class Liar:
    __class__ = np.ndarray
    shape, dtype = (3, 5), np.dtype(np.float64)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (H.tolist(), "h is a list; expected a NumPy array"),
        (None, "h is None; expected a NumPy array"),
        (H[0, 0], "h is a NumPy scalar (float64); expected a NumPy array"),
        (np.ma.masked_array(H), "h is a masked array; expected a NumPy array"),
        (H.view(np.matrix), "h is a NumPy matrix; expected a NumPy array"),
        (H.view(LyingArray), "h is an instance of a subclass of np.ndarray; expected a NumPy array"),
        (torch.zeros(3, 5), "h is a torch tensor; expected a NumPy array"),
        (Liar(), "h is an object of type Liar; expected a NumPy array"),
        (iter([H]), "h is an iterator; expected a NumPy array"),
        (H[..., None], "h has shape (3, 5, 1); expected (3, 5)"),
        (H[:1], "h has shape (1, 5); expected (3, 5)"),
        (np.ones((3, 5), int), "h has dtype int64; expected float64"),
        (H.astype(object), "h has dtype object; expected float64"),
        (H.astype(np.complex128), "h has dtype complex128; expected float64"),
    ],
)
def test_type_shape_and_dtype_are_named_in_this_order(value, said):
    assert message(expect.array, value, shape=(3, 5), name="h") == said
    assert message(expect.close, value, H, name="h") == said


def test_the_first_bad_index_is_named():
    h = H.copy()
    h[0, 2], h[2, 1] = np.nan, np.inf
    assert message(expect.array, h, shape=(3, 5), name="h") == "h contains NaN, first at [0, 2]"
    h[0, 2] = 0.0
    assert message(expect.close, h, H, name="h") == "h contains an infinite value, first at [2, 1]"


def test_a_wrong_value_is_told_by_index_and_size_in_one_digit_and_never_by_what_was_expected():
    h = H.copy()
    h[1, 3] += 0.3123
    h[2, 0] -= 0.5321
    said = message(expect.close, h, H, name="h", because="the state is a convex mixture")
    assert said == (
        "h differs first at [1, 3], by about 0.3 (largest error 0.5, relative to a scale of 1): "
        "the state is a convex mixture"
    )


def test_closeness_is_relative_and_float32_is_given_more_room():
    expect.close(H * (1 + 9e-8), H)
    message(expect.close, H + 3e-7, H)
    expect.close(H.astype(np.float32), H, dtype=(np.float64, np.float32))
    message(expect.close, H.astype(np.float32) * np.float32(1.001), H, dtype=(np.float64, np.float32))
    message(expect.close, np.full(3, 1e-300), np.zeros(3))


def test_infinities_are_right_only_where_they_are_wanted():
    wanted = np.array([1.0, np.inf, -np.inf, np.nan])
    expect.close(wanted.copy(), wanted)
    assert message(expect.close, np.array([1.0, np.inf, np.inf, np.nan]), wanted) == "result differs first at [2]"


def test_no_number_passes_for_an_array_and_no_array_for_a_number():
    assert message(expect.close, np.array(1.0), 1.0) == "result is a NumPy array; expected a float"
    assert message(expect.close, 1.0, np.array(1.0)) == "result is a float; expected a NumPy array"
    expect.close(np.array(1.0), np.array(1.0))
    expect.close(1.0 + 1e-9, 1.0)
    assert message(expect.close, 1.5, 1.0, name="loss").startswith("loss differs, by about 0.5")


def test_equal_looks_at_types_too_and_keeps_the_answer_to_itself():
    expect.equal([1, "a", None], [1, "a", None])
    assert message(expect.equal, [1, 2, 4], [1, 2, 3], name="drawn") == "drawn differs first at [2]"
    assert message(expect.equal, [1, 2], [1, 2, 3], name="drawn") == "drawn has length 2, which is wrong"
    assert message(expect.equal, [1, True], [1, 1], name="drawn") == "drawn is a bool at [1]; expected an int"
    assert message(expect.equal, 41, 42, name="count") == "count is wrong"
    assert "42" not in message(expect.equal, np.int64(42), 42, name="count")
    assert message(expect.equal, {"a": [1, 5]}, {"a": [1, 2]}, name="d") == "d differs first at [a][1]"


def test_integers_and_numbers_are_pythons_own():
    expect.integer(3)
    expect.number(3.5)
    assert message(expect.integer, True, name="n") == "n is a bool; expected an int"
    assert message(expect.integer, np.int64(3), name="n") == "n is a NumPy scalar (int64); expected an int"
    assert message(expect.number, float("nan"), name="loss") == "loss is NaN"
    expect.number(int(np.finfo(float).max), finite=False)
    for wanted in (1.0, 0.0, float("inf")):
        assert message(expect.close, -(10**400), wanted, name="loss") == "loss is an int that is larger than any float"


def test_an_edited_argument_is_seen_wherever_it_lies():
    expect.unchanged([H, {"W": H}], [H.copy(), {"W": H.copy()}], name="layers")
    edited = H.copy()
    edited[0, 2] = 9.0
    said = message(expect.unchanged, H, edited, name="x")
    assert said == "x was changed by the call, first at [0, 2]; work on a copy of the argument"
    said = message(expect.unchanged, [H, {"W": H}], [H, {"W": edited}], name="layers")
    assert said == "layers was changed by the call, first at [1][W][0, 2]; work on a copy of the argument"
    assert "x was changed" in message(expect.unchanged, [np.ones((3, 5))], [np.ones((1, 5))], name="x")
    assert "x was changed" in message(expect.unchanged, H, H.astype(np.float32), name="x")
    expect.unchanged(np.array([np.nan]), np.array([np.nan]), name="x")


def test_a_tuple_is_asked_by_its_length():
    expect.tuple((1, 2), 2)
    assert message(expect.tuple, [1, 2], 2, "what is returned") == (
        "what is returned is a list; expected a tuple of 2 values"
    )
    assert message(expect.tuple, (1,), 2, "it") == "it has length 1; expected a tuple of 2 values"


def test_only_a_plain_bool_can_satisfy_that():
    expect.that(True, "no")
    expect.that(np.bool_(True), "no")
    for lie in (1, "yes", LyingArray((1,)), np.bool_(False), None):
        assert message(expect.that, lie, "the law holds") == "the law holds"


def test_an_error_is_asked_by_its_class():
    def fails(names):
        raise StudentError(names, "message")

    expect.raises("ValueError", fails, ("MyError", "ValueError", "Exception"))
    assert message(expect.raises, "ValueError", fails, ("TypeError",)) == "TypeError was raised; expected ValueError"
    assert message(expect.raises, "ValueError", abs, 1) == "no error was raised; expected ValueError"
    with pytest.raises(StudentError):
        expect.raises("ValueError", fails, ("NotImplementedError", "RuntimeError"))
    with pytest.raises(StudentError):  # told as too slow, with its line, and not as another error
        expect.raises("ValueError", fails, ("TimeoutError", "OSError"))


def test_what_is_made_of_large_numbers_may_differ_by_their_rounding():
    zeros = np.zeros(3)
    expect.close(zeros + 4e-13, zeros, made_of=1.0)
    with pytest.raises(expect.Mismatch, match=r"differs first at \[0\], by about 4e-13 \(largest error 4e-13\)$"):
        expect.close(zeros + 4e-13, zeros)
    with pytest.raises(expect.Mismatch, match="differs"):
        expect.close(zeros + 4e-12, zeros, made_of=1.0)


def test_lists_of_ints_say_what_is_wrong_with_one():
    asked = {"longest": 2, "below": 5, "name": "the captions", "outside": "a number that no word has"}
    expect.lists_of_ints([[0, 4], []], 2, **asked)
    for wrong, said in (
        ([[1]], "the captions: expected a list of 2 lists"),
        (([1], [2]), "the captions: expected a list of 2 lists"),
        ([[1], (2,)], "the captions: not lists of ints"),
        ([[1], [True]], "the captions: not lists of ints"),
        ([[1], [1, 2, 3]], "the captions: one is longer than max_length"),
        ([[1], [5]], "the captions: one holds a number that no word has"),
        ([[-1], [1]], "the captions: one holds a number that no word has"),
    ):
        assert message(expect.lists_of_ints, wrong, 2, **asked) == said
