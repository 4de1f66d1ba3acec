r"""Fingerprints of what a function does on the public cases.

A trace describes outputs by what is exact (types, shapes, whole numbers, errors, which entries are not finite) and by a
few real numbers per array $a$ of $n$ finite entries: $\log_2 s$, with $s = \sqrt{\sum a_i^2 / n}$, and at most four
projections $\sum_i a_i r_{ki} / (\sqrt{n}\, s)$ on directions $r_k$ that a salt gives: always fewer than $n$, so that
no array can be solved for. `COMBINATIONS` weighted sums of all reals are cut into bins; what is exact and the bins make
the hash that sentences are sealed under (`selfcheck.sealing`). Being near is not taken for being the same: a trace that
differs from another one in a single real, by two bins, has all sums in the same bins with a chance of about 1e-16.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

PROJECTIONS = 4
COMBINATIONS = 32
BIN = 1 / 600
SHIFT = 0.382 * BIN  # of all edges, so that sizes which are powers of two lie on none
SAME = 1e-4  # combinations that differ by less are the same: float32 and the order of additions stay far below
NEAR_EDGE = SAME  # a combination this near an edge is tried on both sides of it
APART = BIN + 2 * SAME  # combinations that differ by as much never share a bin, rounding included
ZERO = 1e-13  # an array of smaller entries is called zero: there is only rounding in it
MOST_ITEMS = 10_000
MOST_NUMBERS = 100_000  # of an array: a description takes up to a thousand times its bytes


@dataclass(frozen=True)
class Trace:
    """A description of a value: what is exact, real numbers, and how many unknown numbers these stand for."""

    exact: str = ""
    reals: tuple[float, ...] = ()
    unknowns: int = 0

    @cached_property
    def combined(self) -> np.ndarray:
        """(COMBINATIONS,): weighted sums of the reals."""
        return _weights(len(self.reals)) @ np.array(self.reals, dtype=np.float64)


def joined(traces: Mapping[str, Trace]) -> Trace:
    """Several named traces as one."""
    return Trace(
        "\n".join(f"{name}: {trace.exact}" for name, trace in traces.items()),
        tuple(itertools.chain.from_iterable(trace.reals for trace in traces.values())),
        sum(trace.unknowns for trace in traces.values()),
    )


def apart(a: Trace, b: Trace) -> bool:
    """Whether two traces can never be taken for one another, rounding included."""
    return _distance(a, b) >= APART


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces differ by rounding at most."""
    return _distance(a, b) <= SAME


def _distance(a: Trace, b: Trace) -> float:
    """The largest difference of two combinations; infinite where what is exact differs."""
    if a.exact != b.exact or len(a.reals) != len(b.reals):
        return math.inf
    return float(np.abs(a.combined - b.combined).max())


@functools.lru_cache(maxsize=64)
def _weights(count: int) -> np.ndarray:
    """(COMBINATIONS, count), uniform in [-1, 1]."""
    stream = hashlib.shake_256(f"weights {count}".encode()).digest(4 * COMBINATIONS * count)
    return np.frombuffer(stream, dtype="<u4").reshape(COMBINATIONS, count) / 2**31 - 1.0


@dataclass(frozen=True)
class Describer:
    """Describes values; `salt` and the value's place give the directions to project on."""

    salt: bytes

    def __call__(self, value: Any, place: str) -> Trace:
        return self._value(value, place, [MOST_ITEMS])

    def _value(self, value: Any, place: str, budget: list[int]) -> Trace:
        kind = type(value)
        budget[0] -= 1
        if budget[0] < 0:
            return Trace("too much")
        if value is None or kind in (bool, int, str, bytes):
            return Trace(f"{kind.__name__} {_digest(value)}", (), 1)
        if kind in (float, complex) or (issubclass(kind, np.generic) and kind.__module__ == "numpy"):
            return self._array(np.asarray(value), "number", place)
        if kind is np.ndarray:
            return self._array(value, "array", place)
        if kind in (list, tuple):
            return self._sequence(value, kind.__name__, place, budget)
        if kind is dict:
            items = {repr(key): self._value(item, f"{place}[{key!r}]", budget) for key, item in value.items()}
            return _within("dict", items)
        torch = sys.modules.get("torch")
        if torch is not None and kind in (torch.Tensor, torch.nn.Parameter):
            return self._array(value.detach().cpu().numpy(), "tensor", place)
        return Trace(f"an object of type {kind.__name__}")

    def _sequence(self, value: Any, kind: str, place: str, budget: list[int]) -> Trace:
        kinds = {float if isinstance(item, float) else type(item) for item in value}  # NumPy's float64 is a float
        if kinds and kinds <= {int, float}:
            if kinds == {int}:
                return Trace(f"{kind} {_digest(list(value))}", (), len(value))
            with contextlib.suppress(OverflowError):  # of an integer that no float is near to
                return self._array(np.asarray(value, dtype=np.float64), kind, place)
        items = {str(i): self._value(item, f"{place}[{i}]", budget) for i, item in enumerate(value[:MOST_ITEMS])}
        return _within(f"{kind} of {len(value)}", items)

    def _array(self, array: np.ndarray, kind: str, place: str) -> Trace:
        head = f"{kind} {array.shape}"
        if array.size > MOST_NUMBERS:
            return Trace(f"{head} of too many numbers")
        if array.dtype.kind in "biu":
            return Trace(f"{head} {array.dtype.kind} {_digest(array.astype(object).tolist())}", (), array.size)
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag])
        elif array.dtype.kind != "f":
            return Trace(f"{head} of {array.dtype.kind}")
        flat = array.astype(np.float64).ravel()
        finite = np.isfinite(flat)
        if not finite.all():
            head += f" {_digest(np.where(finite, 0, np.nan_to_num(flat, nan=1, posinf=2, neginf=3)).tolist())}"
        return self._finite(np.where(finite, flat, 0.0), int(finite.sum()), head, place)

    def _finite(self, flat: np.ndarray, count: int, head: str, place: str) -> Trace:
        largest = float(np.abs(flat).max(initial=0.0))
        if largest < ZERO:
            return Trace(f"{head} zero", (), count)
        scaled = flat / largest
        norm = float(np.sqrt((scaled**2).sum()))
        reals = [float(np.log2(largest) + np.log2(norm / np.sqrt(count)))]
        reals += [float(direction @ scaled) / norm for direction in self._directions(flat.size, count, place)]
        return Trace(head if count > 1 else f"{head} {flat.sum() > 0}", tuple(reals), count)

    def _directions(self, size: int, count: int, place: str) -> np.ndarray:
        """(at most PROJECTIONS, size), entries uniform with variance 1; fewer than half of the unknowns."""
        number = min(PROJECTIONS, max(0, (count - 2) // 2))
        stream = hashlib.shake_256(self.salt + f"direction {size} {place}".encode()).digest(4 * number * size)
        uniform = np.frombuffer(stream, dtype="<u4").astype(np.float64) / 2**32
        return ((2 * uniform - 1) * np.sqrt(3.0)).reshape(number, size)


def place_in_bins(x: np.ndarray) -> np.ndarray:
    """Where numbers lie, counted in bins: an edge at every whole number."""
    return (x + SHIFT) / BIN


def edge(x: np.ndarray) -> np.ndarray:
    """The distances from the nearest edge."""
    return np.abs(place_in_bins(x) - np.round(place_in_bins(x))) * BIN


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _within(head: str, items: Mapping[str, Trace]) -> Trace:
    whole = joined(items)
    return Trace(f"{head} {{{whole.exact}}}", whole.reals, whole.unknowns)
