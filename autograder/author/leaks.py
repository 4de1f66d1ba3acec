"""Searches a student's bundle for what it must not hold, in every file and in everything that a file contains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from autograder.author.confidential import Confidential, letters
from autograder.author.contents import LARGEST_PYTHON, numbers, texts
from autograder.author.statements import readings, squeezed
from autograder.course.problem import Problem

FLOATS = 8
DISTINCT = 4  # as many different fractions must be among eight floats, or they say nothing (zeros, counts)
_DIGITS = 4


class LeakFound(Exception):
    """A bundle that would give something away; `findings` lists all of it."""

    def __init__(self, findings: list[Problem]):
        lines = "\n".join(f"  {finding}" for finding in findings)
        super().__init__(
            f"nothing was written: students would find what they must not see.\n{lines}\n"
            "Take it out of these files, or show it in a given cell if students shall have it."
        )
        self.findings = findings


def scan(files: dict[str, bytes], secrets: Confidential) -> list[Problem]:
    """Return every secret in the files, each once per place."""
    expected = np.unique(_window_hashes(secrets.arrays, telling=True))
    findings: dict[Problem, None] = {}
    known: dict[str, list[str]] = {}  # a text in several places is searched once
    for name, content in files.items():
        for place, text in texts(name, content):
            if text not in known:
                known[text] = list(_in_text(text, secrets))
            for what in known[text]:
                findings[Problem(place, what)] = None
        for place, sequence in numbers(name, content):
            if _share(_window_hashes([sequence]), expected):
                what = f"{FLOATS} or more floats in a row that a hidden test expects"
                findings[Problem(place, what)] = None
    return [one for one in findings if not any(_within(other, one) for other in findings)]


def _share(hashes: np.ndarray, known: np.ndarray) -> bool:
    """Return whether two arrays have a number in common; `known` is sorted."""
    places = np.searchsorted(known, hashes)
    found = places < len(known)
    return bool((known[places[found]] == hashes[found]).any())


def _within(inner: Problem, outer: Problem) -> bool:
    """Is it the same secret, at a place that says more?"""
    return inner.sentence == outer.sentence and inner.where != outer.where and inner.where.startswith(outer.where)


def _in_text(text: str, secrets: Confidential) -> Iterator[str]:
    looks = "\n".join(readings(text) if len(text) < LARGEST_PYTHON else [squeezed(text)])  # no code has a new line
    for code, what in secrets.code.items():
        if code in looks:
            yield what
    reduced = letters(text)
    for sentence, what in secrets.sentences.items():
        if sentence in reduced:
            yield what
    for name, what in secrets.names.items():
        if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield what


def _window_hashes(arrays: list[np.ndarray], telling: bool = False) -> np.ndarray:
    """A number for each eight neighbours in each array, to four digits; `telling`: only where they say something."""
    found = [np.empty(0, dtype=np.uint64)]
    for array in arrays:
        if array.size < FLOATS:
            continue
        codes = _rounded(array)
        hashes = np.zeros(array.size - FLOATS + 1, dtype=np.uint64)
        with np.errstate(over="ignore"):
            for position in range(FLOATS):
                hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[position : position + hashes.size]
                hashes ^= hashes >> np.uint64(29)
        if telling:
            hashes = hashes[_telling(array)]
        found.append(hashes)
    return np.concatenate(found)


_SMALLEST = np.finfo(np.float64).tiny  # subnormal numbers count as 0: powers of ten do not reach them


def _rounded(array: np.ndarray) -> np.ndarray:
    """Return each number's first four digits and its exponent in one integer."""
    finite = np.where(np.isfinite(array), array, 0.0)
    finite = np.where(np.abs(finite) < _SMALLEST, 0.0, finite)
    size = np.where(finite == 0, 1.0, np.abs(finite))
    exponent = np.floor(np.log10(size))
    digits = np.round(size / 10.0**exponent * 10 ** (_DIGITS - 1))
    carried = digits >= 10**_DIGITS
    digits, exponent = np.where(carried, digits / 10, digits), exponent + carried
    signed = np.where(finite == 0, 0, np.sign(finite) * digits) * 1000 + np.where(finite == 0, 0, exponent)
    return signed.astype(np.int64).view(np.uint64)


def _telling(array: np.ndarray) -> np.ndarray:
    """For each window, whether at least DISTINCT different fractions stand in it."""
    windows = np.lib.stride_tricks.sliding_window_view(array, FLOATS)
    fractions = np.sort(np.where(np.isfinite(windows) & (windows != np.round(windows)), windows, np.inf), axis=1)
    first_of_its_value = np.isfinite(fractions)
    first_of_its_value[:, 1:] &= fractions[:, 1:] != fractions[:, :-1]
    return first_of_its_value.sum(axis=1) >= DISTINCT
