"""Sentences that only a program with the right fingerprint opens.

The trace of a program's outputs (`selfcheck.fingerprint`) makes a key: the exact part and the bins of the reals, hashed
with a salt and with the scope, a word that says what the trace is of. A record sealed under that key holds a short key
of its own for a sentence, and `CHECKS` combinations of where in their bins the reals lie, so that being near is not
taken for being the same. Each sentence is sealed once, under its short key; a trace that two mistakes make together
holds the keys of both sentences.

    records    a row per trace: name (8 bytes), then masked: kind (1), keys of two sentences (24), combinations (32)
    sentences  by the name of its key, masked: a digest (8 bytes), the text, padded

Both are sorted by name, and all rows are equally long, so neither order nor length tells one from another.

What this promises: reading the file gives nothing away, neither a sentence nor a number of an answer. It is no secret
from a reader who programs the mistake: that program opens its own sentence, and is meant to. Masks are key streams of
SHAKE-256, from the standard library.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfcheck.fingerprint import BIN, NEAR_EDGE, SAME, Trace, bin_of, edge, place_in_bins

CHECKS = 16
RESOLUTION = 1e-4  # of the combinations under the seal
MOST_TRIES = 4096
_NAME, _KEY, _DIGEST = 8, 12, 8
_KNOWN, _RIGHT, _SAYS = range(3)
_RECORD = struct.Struct(f"<B{_KEY}s{_KEY}s{CHECKS}H")


@dataclass(frozen=True)
class Message:
    """What a trace says: that it is `right`, what it `says` about a mistake, or only that it is known.

    also: what there is to say about a second mistake that is made at the same time.
    """

    right: bool = False
    says: str = ""
    also: str = ""

    @property
    def kind(self) -> int:
        """Its number in a record."""
        return _RIGHT if self.right else _SAYS if self.says else _KNOWN


def seal(salt: bytes, messages: Sequence[tuple[str, Trace, Message]]) -> dict[str, Any]:
    """Seal each message of (scope, trace, message) under the key of its trace; returns what `Sealed` reads."""
    records: dict[bytes, bytes] = {}
    texts: dict[bytes, bytes] = {}
    for scope, trace, message in messages:
        bins = [bin_of(x) for x in trace.reals]
        material = _material(salt, scope, trace.exact, bins)
        said = (message.says, message.also)
        keys = [hashlib.sha256(b"sentence" + salt + text.encode()).digest()[:_KEY] for text in said]
        record = _RECORD.pack(message.kind, *keys, *_combinations(salt, trace.reals, bins))
        records[_name(material)] = _masked(record, material)
        texts.update((key, text.encode()) for key, text in zip(keys, said, strict=True) if text)
    length = max(map(len, texts.values()), default=0)
    sentences = {}
    for key, text in texts.items():
        padded = text.ljust(length)
        sentences[_name(key).hex()] = base64.b64encode(_masked(_check(padded) + padded, key)).decode()
    packed = base64.b64encode(b"".join(name + records[name] for name in sorted(records))).decode()
    return {"records": packed, "sentences": dict(sorted(sentences.items()))}


class Sealed:
    """The sealed messages of an exercise, to be opened with traces.

    entry: holds what `seal` returned. Raises ValueError, KeyError or TypeError where that is damaged.
    """

    def __init__(self, salt: bytes, entry: Mapping[str, Any]) -> None:
        packed, size = base64.b64decode(entry["records"], validate=True), _NAME + _RECORD.size
        self._salt = salt
        self._records = {packed[at : at + _NAME]: packed[at + _NAME : at + size] for at in range(0, len(packed), size)}
        self._sentences = {name: base64.b64decode(text, validate=True) for name, text in entry["sentences"].items()}

    @property
    def names(self) -> frozenset[bytes]:
        """The names of all records."""
        return frozenset(self._records)

    def opened(self, scope: str, trace: Trace) -> Message | None:
        """Return the message sealed under this trace, or under one that differs by rounding; None if there is none."""
        found = self.found(scope, trace)
        return None if found is None else found[1]

    def found(self, scope: str, trace: Trace) -> tuple[bytes, Message] | None:
        """Return the name of the record that this trace opens, and its message."""
        for bins in _nearby(trace.reals):
            material = _material(self._salt, scope, trace.exact, bins)
            record = self._records.get(_name(material), b"")
            if len(record) == _RECORD.size:
                kind, key, other, *sealed = _RECORD.unpack(_masked(record, material))
                says, also = (self._sentence(key), self._sentence(other)) if kind == _SAYS else ("", "")
                message = Message(right=kind == _RIGHT, says=says, also=also)
                if message.kind == kind and _agree(sealed, _combinations(self._salt, trace.reals, bins)):
                    return _name(material), message
        return None

    def _sentence(self, key: bytes) -> str:
        content = _masked(self._sentences.get(_name(key).hex(), b""), key)
        digest, text = content[:_DIGEST], content[_DIGEST:]
        return text.decode().rstrip() if text and digest == _check(text) else ""


def _nearby(reals: Sequence[float]) -> Iterator[list[int]]:
    """The bins of the reals, then those with some of the reals near an edge moved across it, at most MOST_TRIES."""
    own = [bin_of(x) for x in reals]
    nearest = [round(place_in_bins(x)) for x in reals]
    moves = [(i, nearest[i] - (own[i] == nearest[i])) for i, x in enumerate(reals) if edge(x) < NEAR_EDGE]
    moves.sort(key=lambda move: edge(reals[move[0]]))
    subsets = itertools.chain.from_iterable(itertools.combinations(moves, size) for size in range(len(moves) + 1))
    for subset in itertools.islice(subsets, MOST_TRIES):
        bins = list(own)
        for position, across in subset:
            bins[position] = across
        yield bins


def _combinations(salt: bytes, reals: Sequence[float], bins: Sequence[int]) -> list[int]:
    """CHECKS weighted sums of the reals' places in their bins, in units of RESOLUTION, modulo 2^16."""
    places = (np.array([place_in_bins(x) for x in reals]) - np.array(bins)) * BIN if reals else np.zeros(0)
    return [int(n) % 2**16 for n in np.round(_weights(salt, len(reals)) @ places / RESOLUTION)]


@functools.lru_cache(maxsize=64)
def _weights(salt: bytes, count: int) -> np.ndarray:
    """(CHECKS, count), uniform in [-1, 1]."""
    stream = hashlib.shake_256(salt + f"weights {count}".encode()).digest(4 * CHECKS * count)
    return np.frombuffer(stream, dtype="<u4").reshape(CHECKS, count) / 2**31 - 1.0


def _agree(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether two lists of combinations differ by rounding at most."""
    return all(min((x - y) % 2**16, (y - x) % 2**16) * RESOLUTION <= SAME for x, y in zip(a, b, strict=True))


def _material(salt: bytes, scope: str, exact: str, bins: Sequence[int]) -> bytes:
    return hashlib.shake_256(salt + json.dumps([scope, exact, list(bins)]).encode()).digest(32)


def _name(material: bytes) -> bytes:
    return hashlib.sha256(b"name" + material).digest()[:_NAME]


def _masked(text: bytes, material: bytes) -> bytes:
    stream = hashlib.shake_256(b"stream" + material).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def _check(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:_DIGEST]
