"""What a file contains: its texts and its numbers, in a notebook's metadata, outputs and attachments too, and through
base64, zip and gzip."""

from __future__ import annotations

import ast
import base64
import binascii
import functools
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from autograder.author.statements import parsed
from autograder.course.notebook import strings

DEEPEST = 4  # archives in archives
LARGEST_PYTHON = 300_000  # characters: longer texts are data
_REMEMBERED = 10_000  # texts that were taken apart: each is needed several times, and is in several files
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?!\w)")
_READABLE = re.compile(rb"[\t\n\r -~]{6,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")


def texts(place: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield every text in a file with its place: its own, its strings one by one, and what is packed in it."""
    text = _decoded(content)
    yield place, text
    array = _array(content)
    if array is not None and array.dtype.kind in "US":
        yield place, "\n".join(map(str, array.ravel().tolist()))
    if depth < DEEPEST:
        for where, packed in _inside(place, content):
            yield from texts(where, packed, depth + 1)
    for where, piece in _pieces(text):
        yield f"{place}, {where}", piece
        for string in _constants(piece):
            yield f"{place}, {where}", string


def numbers(place: str, content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every sequence of numbers in a file: arrays as they are, and the numbers of each text in their order."""
    for where, array in _arrays(place, content):
        yield where, array
    for where, text in texts(place, content):
        found = np.array([float(number) for number in _NUMBER.findall(text)], dtype=np.float64)
        if found.size:
            yield where, found


def _inside(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is packed in a file: members of an archive, and what is there as base64."""
    for name, packed in _packed(content):
        yield f"{place} > {name}", packed
    text = _decoded(content)
    for where, piece in _pieces(text):
        for packed in _from_base64(piece):
            yield f"{place}, {where} (base64)", packed
    if not _pieces(text):
        for packed in _from_base64(text):
            yield f"{place} (base64)", packed


@functools.lru_cache(_REMEMBERED)
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """Return the strings of a JSON text, a notebook's for one, or those of a Python text, each with its place."""
    tree = _json(text)
    if tree is not None:
        return tuple(strings(tree))
    return tuple(("a string", string) for string in _constants(text))


@functools.lru_cache(_REMEMBERED)
def _constants(text: str) -> tuple[str, ...]:
    """Return the string constants of a Python text, escapes resolved and neighbours joined."""
    tree = parsed(text) if len(text) < LARGEST_PYTHON else None
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] if tree else []
    return tuple(
        value.decode("latin-1") if isinstance(value, bytes) else value
        for value in constants
        if isinstance(value, str | bytes)
    )


def _arrays(place: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    array = _array(content)
    if array is not None:
        if array.dtype.kind == "f":  # whole numbers say nothing (`leaks`)
            yield place, array.astype(np.float64).ravel()
    elif depth < DEEPEST:
        for where, packed in _inside(place, content):
            yield from _arrays(where, packed, depth + 1)


def _array(content: bytes) -> np.ndarray | None:
    """Return the array that a file of NumPy's holds; None if the content is no such file."""
    if not content.startswith(b"\x93NUMPY"):
        return None
    try:
        return np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError):
        return None


def _packed(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the members of an archive."""
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
            return
    elif content.startswith(b"\x1f\x8b"):
        try:
            yield "gzip", gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return


def _from_base64(text: str) -> Iterator[bytes]:
    whole = re.sub(r"\s+", "", text)
    candidates = [whole] if _BASE64.fullmatch(whole) else _BASE64.findall(text)
    for candidate in candidates:
        try:
            yield base64.b64decode(candidate + "=" * (-len(candidate) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue


def _decoded(content: bytes) -> str:
    """Return a file as text: UTF-8, or the readable runs of a binary file, each in a line."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(run.decode("ascii") for run in _READABLE.findall(content))


def _json(text: str) -> object | None:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
