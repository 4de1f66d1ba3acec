"""Where an array is right and where it is wrong: what is said is true of the mask."""

import re

import numpy as np
import pytest

from selfcheck import expect
from selfcheck.where import Where, located

AXES = {
    "h": ["N", "T", "H"],
    "y": ["N", "T", "K"],
    "dW": ["4H", "H"],
    "c": ["N", "H"],
    "b": ["3H"],
    "gates": ["N", "T", "3H"],
}


def mask(shape, *places):
    wrong = np.zeros(shape, bool)
    for place in places:
        wrong[place] = True
    return wrong


ALL = slice(None)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("h", mask((2, 4, 3), (ALL, slice(1, None))), "Right for t = 0, wrong from t = 1 on."),
        ("h", mask((2, 4, 3), (ALL, slice(2, None))), "Right for t = 0 to 1, wrong from t = 2 on."),
        ("h with N = 2", mask((2, 4, 3), (ALL, 0)), "Wrong for t = 0, right from t = 1 on."),
        ("h", mask((2, 4, 3), (ALL, 2)), "Wrong only at t = 2; right everywhere else."),
        ("h", mask((2, 4, 3), (ALL, [1, 3])), "Wrong only at t = 1, 3; right everywhere else."),
        ("h", mask((3, 4, 3), (1,)), "Wrong only at batch element 1; right everywhere else."),
        (
            "h",
            mask((2, 4, 3), (1, slice(1, None))),
            "Wrong only where n = 1 and t ≥ 1; right everywhere else.",
        ),
        (
            "unknown",
            mask((4, 5, 8), (slice(2, None), slice(3, None), slice(0, 6))),
            "Wrong only where the first index ≥ 2 and the second index ≥ 3 and the third index ≤ 5; "
            "right everywhere else.",
        ),
        (
            "log y with T = 5",
            mask((4, 5, 8), ([0, 2], slice(1, 3), 7)),
            "Wrong only where n = 0 or 2 and t = 1 to 2 and the third index = 7; right everywhere else.",
        ),
        ("unknown", mask((2, 4, 3), (ALL, 0)), "Wrong for the second index = 0, right from the second index = 1 on."),
        (
            "dW",
            mask((8, 2), (slice(2, 4), 1)),
            "Wrong only where the row is in the second (rows 2 to 3) of 4 blocks of H rows and column = 1; "
            "right everywhere else.",
        ),
        (
            "dW",
            mask((8, 2), ([2, 3],)),
            "Wrong only in the second (rows 2 to 3) of 4 blocks of H rows; the other rows are right.",
        ),
        (
            "b",
            mask((6,), (0,), (5,)),
            "Wrong only in the first (rows 0 to 1) and the third (rows 4 to 5) of 3 blocks of H rows; "
            "the other rows are right.",
        ),
        (
            "gates",
            mask((2, 4, 6), (ALL, ALL, [4])),
            "Wrong only in the third (numbers 4 to 5) of 3 blocks of H numbers; the other numbers are right.",
        ),
        ("b", mask((6,), ([0, 2, 4],)), "Wrong only at index 0, 2, 4; right everywhere else."),
        ("c", mask((2, 3), (ALL, 2)), "Right for columns 0 to 1, wrong from column 2 on."),
        ("unknown", mask((4,), (3,)), "Right for indices 0 to 2, wrong from index 3 on."),
        ("h", mask((2, 2, 2), (0, 0, 0), (1, 1, 1)), "6 of its 8 numbers are right."),
        ("h", ~mask((2, 2), (1, 0)), "1 of its 4 numbers is right."),
        ("h", np.ones((2, 3, 4), bool), ""),
        ("h", np.array(True), ""),
    ],
)  # fmt: skip
def test_the_place_is_named(name, wrong, said):
    assert located(Where(name, wrong), AXES) == said


def told_wrong(said: str, size: int) -> set[int] | None:
    """Read back which indices a sentence about one axis calls wrong; None if it only counts."""
    if match := re.fullmatch(r"Right for .*, wrong from index (\d+) on\.", said):
        return set(range(int(match[1]), size))
    if match := re.fullmatch(r"Wrong for .*, right from index (\d+) on\.", said):
        return set(range(int(match[1])))
    if match := re.fullmatch(r"Wrong only from index (\d+) to (\d+); right everywhere else\.", said):
        return set(range(int(match[1]), int(match[2]) + 1))
    if match := re.fullmatch(r"Wrong only at index ([\d, ]+); right everywhere else\.", said):
        return set(map(int, match[1].split(",")))
    return None


def test_what_is_named_is_wrong_and_all_else_is_right():
    seen = set()
    for number in range(2**9):
        wrong = np.array([bool(number >> place & 1) for place in range(9)])
        said = located(Where("x", wrong), {})
        told = told_wrong(said, 9)
        if told is not None:
            assert told == set(map(int, np.flatnonzero(wrong)))
        elif said:
            right = 9 - wrong.sum()
            assert said == f"{right} of its 9 numbers {'is' if right == 1 else 'are'} right."
        seen.add(said.partition(" ")[0])
    assert {"Right", "Wrong", ""} < seen


def test_a_comparison_tells_which_entries_are_wrong():
    desired = np.arange(6.0).reshape(2, 3)
    with pytest.raises(expect.Mismatch) as caught:
        expect.close(desired + np.array([0, 0, 1]), desired, name="c")
    assert caught.value.where.name == "c"
    assert caught.value.where.wrong.tolist() == [[False, False, True]] * 2
    with pytest.raises(expect.Mismatch) as caught:
        expect.array([1], shape=(1,))
    assert caught.value.where is None
