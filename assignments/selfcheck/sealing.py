"""Sentences that only a program with the right fingerprint opens.

The trace of a program's outputs (`selfcheck.fingerprint`) makes 16 bytes: the exact part and the bins, hashed with a
salt and with the scope, a word that says what the trace is of. They are a tag, by which a row is found, and the mask of
the row: the keys of two texts. A text stands once, under its key, however many traces open it.

    tags   of all rows, in ascending order, as gaps: one byte each, and 255 more for each byte of 255 before it
    keys   a row per tag, masked: the keys of two texts (4 bytes each); the second may be the key of no text
    texts  one string of all texts: a name (6 bytes), then masked: the length (2), the text, compressed

Rows are equally long and texts lie end to end, in the order of their names, so neither order nor length tells one from
another.

What this promises: reading the file gives nothing away, neither a sentence nor a number of an answer. Whoever tries all
keys needs months of computing, for a name and a mask come from a key by scrypt. It is no secret from a reader who
programs the mistake: that program opens its own sentence, and is meant to.

A trace that is not sealed opens nothing: it meets some row's tag once in 64 look-ups, and that row gives two keys of
texts with a chance of (100 / 2^32)^2, as no exercise has more than 100 texts. A check looks up at most 4096 bins for
each of some 30 scopes, mostly a few: its chance of a false sentence is below 2e-12.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfcheck.fingerprint import NEAR_EDGE, Trace, edge, place_in_bins

SPREAD = 64  # tags that there could be for each that there is
MOST_TRIES = 4096
_KEY, _NAME, _LENGTH = 4, 6, 2
_SCRYPT = {"n": 2**10, "r": 8, "p": 1}  # about 3 ms
_RIGHT = "\N{CHECK MARK}"  # the text that stands for "it is right"
_COMMON = (  # what many sentences say: a text is compressed with it
    b"is divided by the number of is added to does not are not should have instead of the gradient through the hidden "
    b"state of the sequence of the batch the same for each step before the last step with the previous state and "
    b"the bias Which of the two How many times In which order What does the docstring say about What happens if "
    b"The weights are the rows of the input are taken from the first one, which stands What is the What does the "
)


@dataclass(frozen=True)
class Message:
    """What a trace says: that it is `right`, what it `says` about a mistake, or only that it is known.

    also: what there is to say about a second mistake that is made at the same time.
    """

    right: bool = False
    says: str = ""
    also: str = ""

    @property
    def texts(self) -> tuple[str, str]:
        """The two texts that stand for it."""
        return (_RIGHT if self.right else self.says), self.also


def seal(salt: bytes, messages: Sequence[tuple[str, Trace, Message]]) -> dict[str, str]:
    """Seal each message of (scope, trace, message) under its trace; returns what `Sealed` reads."""
    by_hash, texts = {}, set()
    for scope, trace, message in messages:
        by_hash[next(_hashes(salt, scope, trace))] = b"".join(_key(salt, text) for text in message.texts)
        texts |= {*message.texts} - {"", _RIGHT}
    rows = sorted((_tag(hashed, len(by_hash)), _masked(keys, hashed[8:])) for hashed, keys in by_hash.items())
    return {
        "tags": _packed(_gaps(tag for tag, _ in rows)),
        "keys": _packed(b"".join(keys for _, keys in rows)),
        "texts": _packed(b"".join(sorted(_sealed_text(salt, text) for text in texts))),
    }


class Sealed:
    """The sealed messages of an exercise, to be opened with traces.

    entry: holds what `seal` returned. Raises ValueError, KeyError or TypeError where that is damaged.
    """

    def __init__(self, salt: bytes, entry: Mapping[str, Any]) -> None:
        tags, keys, self._texts = _tags(_unpacked(entry["tags"])), _unpacked(entry["keys"]), _unpacked(entry["texts"])
        if len(keys) != 2 * _KEY * len(tags):
            raise ValueError(f"{len(tags)} tags, but {len(keys)} bytes of keys")
        self._salt, self.rows = salt, len(tags)
        self._by_tag: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for row, tag in enumerate(tags):
            self._by_tag[tag].append((row, keys[2 * _KEY * row : 2 * _KEY * (row + 1)]))

    def opened(self, scope: str, trace: Trace) -> Message | None:
        """Return the message sealed under this trace, or under one that differs by rounding; None if there is none."""
        for _, keys in self._candidates(scope, trace):
            text = self._text(keys[:_KEY])
            also = None if text is None else self._text(keys[_KEY:])
            if text is not None and also is not None:
                return Message(right=True) if text == _RIGHT else Message(says=text, also=also)
        return None

    def row_of(self, scope: str, trace: Trace, message: Message) -> int | None:
        """Return the number of the row that gives this trace the keys of the message's texts; None if there is none.

        No text is opened, which would take longer.
        """
        wanted = b"".join(_key(self._salt, text) for text in message.texts)
        return next((row for row, keys in self._candidates(scope, trace) if keys == wanted), None)

    def _candidates(self, scope: str, trace: Trace) -> Iterator[tuple[int, bytes]]:
        """The rows with a tag of the trace: (number, keys as the trace unmasks them)."""
        for hashed in _hashes(self._salt, scope, trace):
            for row, keys in self._by_tag.get(_tag(hashed, self.rows), ()):
                yield row, _masked(keys, hashed[8:])

    def _text(self, key: bytes) -> str | None:
        """The text of a key; None if there is none, or if it is damaged."""
        if key in (known := {_key(self._salt, text): text for text in ("", _RIGHT)}):
            return known[key]
        name, mask = _name_and_mask(self._salt, key)
        start = self._texts.find(name) + _NAME
        if start < _NAME:
            return None
        length = int.from_bytes(_masked(self._texts[start : start + _LENGTH], mask), "big")
        content = _masked(self._texts[start : start + _LENGTH + length], mask)[_LENGTH:]
        try:
            text = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_COMMON).decompress(content).decode()
        except (zlib.error, UnicodeDecodeError):
            return None
        return text if _key(self._salt, text) == key else None


def _hashes(salt: bytes, scope: str, trace: Trace) -> Iterator[bytes]:
    """16 bytes of a trace: those of its own bins, then those with places near an edge moved across it.

    At most MOST_TRIES, the moves of few places first.
    """
    known = hashlib.sha256(salt + json.dumps([scope, trace.exact, len(trace.reals)]).encode())
    places = place_in_bins(trace.combined)
    own, nearest = np.floor(places).astype("<i8"), np.round(places).astype("<i8")
    near = sorted(np.flatnonzero(edge(trace.combined) < NEAR_EDGE), key=lambda i: edge(trace.combined[i]))
    subsets = itertools.chain.from_iterable(itertools.combinations(near, size) for size in range(len(near) + 1))
    for subset in itertools.islice(subsets, MOST_TRIES):
        bins = own.copy()
        for i in subset:
            bins[i] = nearest[i] - (own[i] == nearest[i])
        hashed = known.copy()
        hashed.update(bins.tobytes())
        yield hashed.digest()[:16]


def _tag(hashed: bytes, rows: int) -> int:
    return int.from_bytes(hashed[:8], "big") % (SPREAD * max(rows, 1))


def _gaps(ascending: Iterator[int]) -> bytes:
    gaps, last = bytearray(), 0
    for tag in ascending:
        gaps += b"\xff" * ((tag - last) // 255) + bytes([(tag - last) % 255])
        last = tag
    return bytes(gaps)


def _tags(gaps: bytes) -> list[int]:
    return [tag for tag, gap in zip(itertools.accumulate(gaps), gaps, strict=True) if gap < 255]


def _key(salt: bytes, text: str) -> bytes:
    return hashlib.sha256(b"text" + salt + text.encode()).digest()[:_KEY]


def _sealed_text(salt: bytes, text: str) -> bytes:
    compress = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_COMMON)
    content = compress.compress(text.encode()) + compress.flush()
    name, mask = _name_and_mask(salt, _key(salt, text))
    return name + _masked(len(content).to_bytes(_LENGTH, "big") + content, mask)


@functools.lru_cache(maxsize=4096)
def _name_and_mask(salt: bytes, key: bytes) -> tuple[bytes, bytes]:
    """The name of the text with this key, and what masks it; slow on purpose."""
    slow = hashlib.scrypt(key, salt=salt, dklen=_NAME + 32, **_SCRYPT)
    return slow[:_NAME], slow[_NAME:]


def _masked(text: bytes, mask: bytes) -> bytes:
    stream = hashlib.shake_256(mask).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def _packed(content: bytes) -> str:
    return base64.b85encode(content).decode()


def _unpacked(text: str) -> bytes:
    return base64.b85decode(text)
