"""What is kept beside the notebook, the hints that come after three tries, and progress by sections."""

import json

import pytest

from selfcheck.folder import GradedCell
from selfcheck.hints import chosen
from selfcheck.kept import Kept
from selfcheck.predictions import predictions
from selfcheck.record import Record
from selfcheck.report import CheckReport, ProgressReport

HINTS = [
    ("No error, but the values are wrong", "Which weight multiplies which vector?"),
    ('"matmul: Input operand 1 has a mismatch"', "Write the shapes below each other."),
]


def record(name="test_a", outcome="failed", message="", exercise="e"):
    return Record(name, exercise, "visible", outcome, 1.0, message)


def test_tries_are_counted_until_the_test_passes_and_outlive_the_session(tmp_path):
    path = tmp_path / "toy.progress.json"
    for _ in range(3):
        Kept(path).note([record(), record("test_b", "passed"), record("test_c", "gated")], {"e": 6.0})
    kept = Kept(path)
    assert [kept.tries(name) for name in ("test_a", "test_b", "test_c")] == [3, 0, 0]
    assert kept.exercise("e") | {"time": ""} == {"passed": 1, "tests": 3, "points": 2.0, "time": ""}
    kept.note([record(outcome="passed")], {"e": 6.0})
    assert Kept(path).tries("test_a") == 0


@pytest.mark.parametrize("content", ["", "[]", '{"exercises": 3}', '{"exercises": {"e": 1}, "tries": {"test_a": "x"}}'])
def test_a_damaged_file_is_begun_anew(tmp_path, content):
    path = tmp_path / "toy.progress.json"
    path.write_text(content)
    kept = Kept(path)
    assert (kept.tries("test_a"), kept.exercise("e")) == (0, None)
    kept.note([record()], {})
    assert Kept(path).tries("test_a") == 1


def test_where_nothing_can_be_written_the_session_remembers(tmp_path):
    path = tmp_path / "no folder" / "toy.progress.json"
    for _ in range(2):
        Kept(path).note([record()], {})
    assert Kept(path).tries("test_a") == 2


def test_the_hint_that_fits_comes_first():
    hints, fits = chosen(HINTS, [record(message="ValueError: matmul: Input operand 1 has a mismatch in its core")])
    assert (hints[0], fits) == (HINTS[1], True)
    hints, fits = chosen(HINTS, [record(message="h is a list")])
    assert not fits
    assert len(hints) == 2
    quoting = ('"has a mismatch", though every other thing looked perfectly plausible', "Print the shapes.")
    assert chosen([quoting], [record(message="operand 1 has a mismatch")])[1]
    assert chosen([], [record()]) == ([], False)


A1 = [
    ('"probabilities do not sum to 1", or NaN, at a low temperature', "a"),
    ("Probabilities do not add up to 1", "b"),
    ('"operands could not be broadcast together"', "c"),
    ("IndexError, where the docstring says ValueError", "d"),
    ('"Expected target size [4, 9], got [4, 8]"', "e"),
    ('"a leaf Variable that requires grad ... in-place operation"', "f"),
]


@pytest.mark.parametrize(
    ("claim", "message", "expected"),
    [
        ("probabilities add up to 1", "p differs first at [0], by about 0.1", None),
        ("probabilities add up to 1", "ValueError: operands could not be broadcast together with (2,3) (4,)", "c"),
        ("sequences follow their probabilities", "the sequence has more than max_length symbols", None),
        ("sequences follow their probabilities", "ValueError: probabilities do not sum to 1", "a"),
        ("a bad token raises ValueError", "IndexError was raised; expected ValueError", "d"),
        ("a bad token raises ValueError", "ValueError: no", None),
        ("the loss", "RuntimeError: Expected target size [2, 5], got [2, 4]", "e"),
        ("the step", "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation.", "f"),
    ],
)
def test_only_a_hint_whose_symptom_is_what_the_check_says_is_opened(claim, message, expected):
    hints, fits = chosen(A1, [record(f"test_{claim}".replace(" ", "_"), message=message)])
    assert (hints[0][1] if fits else None) == expected
    assert sorted(hints) == sorted(A1)


def test_of_two_hints_that_fit_none_is_opened():
    both = [record(message="ValueError: probabilities do not sum to 1"), record(message="IndexError: no")]
    assert chosen(A1, both) == (A1, False)


def test_a_fitting_hint_is_open_and_others_are_pointed_at():
    report = CheckReport("e", [record()], hints=HINTS[::-1], fits=True)
    assert report.html().count("<details open") == 1
    assert "Write the shapes" in report.text()
    assert "Which weight" not in report.text()
    assert HINTS[0][0] in report.text()
    assert "Write the shapes" not in CheckReport("e", [record()], hints=HINTS[::-1]).text()
    assert "Hints" not in CheckReport("e", [record(outcome="passed")], hints=HINTS).text()


CELLS = [
    GradedCell("one", 8, False, "1. First"),
    GradedCell("two", 6, False, "1. First"),
    GradedCell("three", 6, False, "2. Second"),
    GradedCell("why", 10, True, "2. Second"),
]


def test_progress_adds_up_by_section_and_says_what_is_left():
    records = [record(exercise="one", outcome="passed"), record(exercise="two"), record(exercise="three")]
    kept = {"three": {"points": 6.0, "passed": 1, "tests": 1, "time": "2026-01-02 23:10"}}
    minutes = {"one": 10, "two": 20, "three": 40, "why": 15}
    said = ProgressReport(CELLS, records, (), kept, minutes, (), ["reach 5 (predicted: 7)"]).text()
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "1. First 8 of 14" in lines
    assert "three 1 of 1 on 2026-01-02 23:10 6 of 6" in lines
    assert "all exercises 14 of 20" in lines
    assert "About 35 minutes are left by the cards." in lines
    assert "reach 5 (predicted: 7)" in lines
    assert "About 20 minutes" in ProgressReport(CELLS, records, (), kept, minutes, ("why",)).text()


def test_predictions_are_read_from_what_figures_printed(tmp_path):
    printed = ["reach 5 (predicted: 7)\n", "reach 9 (predicted: None)\n", "1,234 words; predicted: 99\n", "no guess\n"]
    cell = {"cell_type": "code", "source": "", "outputs": [{"output_type": "stream", "text": printed}, "damaged"]}
    path = tmp_path / "toy.ipynb"
    path.write_text(json.dumps({"cells": [cell, {"outputs": None}]}))
    assert predictions(path) == ["reach 5 (predicted: 7)", "1,234 words; predicted: 99"]
    path.write_text("{")
    assert predictions(path) == []
