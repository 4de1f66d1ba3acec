r"""Fingerprints of what a function does on the public cases, and sentences sealed by them.

A trace describes outputs by what is exact (types, shapes, whole numbers, errors, which entries are not finite) and by a
few real numbers per array $a$ of $n$ finite entries: $\log_2 s$, with $s = \sqrt{\sum a_i^2 / n}$, and at most four
projections $\sum_i a_i r_{ki} / (\sqrt{n}\, s)$ on directions $r_k$ that a salt gives: always fewer than $n$, so that
no array can be solved for. The reals are cut into bins; what is exact and the bins make a key. Only a program whose
outputs lie in the same bins has the key, and opens what is sealed under it: a sentence, and the reals once more, finer,
so that being near is not taken for being the same.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PROJECTIONS = 4
BIN = 1 / 32
SHIFT = 0.382 * BIN  # of all edges, so that sizes which are powers of two lie on none
NEAR_EDGE = 1e-3  # a real this near an edge is tried on both sides of it
SAME = 5e-4  # reals that differ by less are the same: float32 and the order of additions stay far below
RESOLUTION = 1e-5  # of the reals under the seal
MOST_TRIES = 4096
ZERO = 1e-13  # an array of smaller entries is called zero: there is only rounding in it
MOST_ITEMS = 10_000


@dataclass(frozen=True)
class Trace:
    """A description of a value: what is exact, real numbers, and how many unknown numbers these stand for."""

    exact: str = ""
    reals: tuple[float, ...] = ()
    unknowns: int = 0


def joined(traces: Mapping[str, Trace]) -> Trace:
    """Several named traces as one."""
    return Trace(
        "\n".join(f"{name}: {trace.exact}" for name, trace in traces.items()),
        tuple(itertools.chain.from_iterable(trace.reals for trace in traces.values())),
        sum(trace.unknowns for trace in traces.values()),
    )


def apart(a: Trace, b: Trace) -> bool:
    """Whether two traces can never be taken for one another, rounding included."""
    if a.exact != b.exact or len(a.reals) != len(b.reals):
        return True
    return max((abs(x - y) for x, y in zip(a.reals, b.reals, strict=True)), default=0.0) >= BIN + 2 * NEAR_EDGE


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces differ by rounding at most."""
    return a.exact == b.exact and _agree(a.reals, b.reals)


def edge_distance(trace: Trace) -> float:
    """The distance of the nearest real from an edge between bins."""
    return min(map(_edge, trace.reals), default=BIN / 2)


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
        kinds = {type(item) for item in value}
        if kinds and kinds <= {int, float}:
            if kinds == {int}:
                return Trace(f"{kind} {_digest(list(value))}", (), len(value))
            return self._array(np.asarray(value, dtype=np.float64), kind, place)
        items = {str(i): self._value(item, f"{place}[{i}]", budget) for i, item in enumerate(value[:MOST_ITEMS])}
        return _within(f"{kind} of {len(value)}", items)

    def _array(self, array: np.ndarray, kind: str, place: str) -> Trace:
        head = f"{kind} {array.shape}"
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


def seal(salt: bytes, messages: Sequence[tuple[str, Trace, Mapping[str, Any]]]) -> dict[str, str]:
    """Seal each message of (scope, trace, message) under the key of its trace; all are made equally long.

    scope: a word that says what the trace is of. Returns {name: sealed text}, sorted, so that neither order nor length
    tells one from another.
    """
    texts = []
    for scope, trace, message in messages:
        content = {**message, "reals": [round(x / RESOLUTION) for x in trace.reals]}
        bins = [_bin(x) for x in trace.reals]
        texts.append((_material(salt, scope, trace.exact, bins), json.dumps(content).encode()))
    length = max((len(text) for _, text in texts), default=0)
    sealed = {}
    for material, text in texts:
        text = text.ljust(length)
        sealed[_name(material)] = base64.b64encode(_masked(_check(text) + text, material)).decode()
    return dict(sorted(sealed.items()))


def opened(salt: bytes, sealed: Mapping[str, str], scope: str, trace: Trace) -> dict[str, Any] | None:
    """The message sealed under this trace, or one that differs from it by rounding; None if there is none."""
    for bins in _nearby(trace.reals):
        material = _material(salt, scope, trace.exact, bins)
        if _name(material) in sealed:
            content = _masked(base64.b64decode(sealed[_name(material)]), material)
            if content[:8] == _check(content[8:]):
                message = json.loads(content[8:])
                if _agree(trace.reals, [n * RESOLUTION for n in message.pop("reals")]):
                    return message
    return None


def ambiguous(trace: Trace) -> int:
    """How many of the reals lie so near an edge that both sides are tried."""
    return sum(_edge(x) < NEAR_EDGE for x in trace.reals)


def _place(x: float) -> float:
    """Where a real lies, counted in bins: an edge at every whole number."""
    return (x + SHIFT) / BIN


def _bin(x: float) -> int:
    return int(np.floor(_place(x)))


def _edge(x: float) -> float:
    """The distance from the nearest edge."""
    return abs(_place(x) - round(_place(x))) * BIN


def _nearby(reals: Sequence[float]) -> Iterator[list[int]]:
    """The bins of the reals, then those with some of the reals near an edge moved across it, at most MOST_TRIES."""
    own = [_bin(x) for x in reals]
    nearest = [round(_place(x)) for x in reals]
    moves = [(i, nearest[i] - (own[i] == nearest[i])) for i, x in enumerate(reals) if _edge(x) < NEAR_EDGE]
    moves.sort(key=lambda move: _edge(reals[move[0]]))
    subsets = itertools.chain.from_iterable(itertools.combinations(moves, size) for size in range(len(moves) + 1))
    for subset in itertools.islice(subsets, MOST_TRIES):
        bins = list(own)
        for position, across in subset:
            bins[position] = across
        yield bins


def _agree(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b) and all(abs(x - y) <= SAME for x, y in zip(a, b, strict=True))


def _material(salt: bytes, scope: str, exact: str, bins: Sequence[int]) -> bytes:
    return hashlib.shake_256(salt + json.dumps([scope, exact, list(bins)]).encode()).digest(32)


def _name(material: bytes) -> str:
    return hashlib.sha256(b"name" + material).hexdigest()[:20]


def _masked(text: bytes, material: bytes) -> bytes:
    stream = hashlib.shake_256(b"stream" + material).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def _check(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:8]


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _within(head: str, items: Mapping[str, Trace]) -> Trace:
    whole = joined(items)
    return Trace(f"{head} {{{whole.exact}}}", whole.reals, whole.unknowns)
