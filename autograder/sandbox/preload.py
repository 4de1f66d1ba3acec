"""Imports inside the sandbox, whose supervisor looks at each question about a file and takes a tenth of a millisecond.

Importing torch asks eighteen thousand times: Python asks three times of each module's file, and `inspect`, which torch
calls for some of its functions, resolves the links of every module's path anew. While `asking_once` lasts, what there
is is asked of a path once.
"""

from __future__ import annotations

import contextlib
import importlib._bootstrap_external as bootstrap
import os
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def asking_once() -> Iterator[None]:
    """In this block answer from memory what `os.stat` and `os.lstat` said of a path before; a path that was not there
    is asked of again. Modules are read without asking for their size first.
    """
    following, itself = _Remembered(os.stat), _Remembered(os.lstat)
    places: Any = (os, "stat"), (os, "lstat"), (bootstrap, "_path_stat"), (bootstrap.FileLoader, "get_data")
    before = [getattr(place, name) for place, name in places]
    for (place, name), function in zip(places, (following, itself, following, _read), strict=True):
        setattr(place, name, function)
    try:
        yield
    finally:
        following.known = itself.known = None
        for (place, name), function in zip(places, before, strict=True):
            setattr(place, name, function)


class _Remembered:
    """os.stat or os.lstat that remembers; for good it is what it was, should a module have kept it."""

    def __init__(self, ask: Callable[..., os.stat_result]) -> None:
        self.ask = ask
        self.known: dict[str, os.stat_result] | None = {}
        for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if ask in supporting:
                supporting.add(self)

    def __call__(self, path: Any, **options: Any) -> os.stat_result:
        if self.known is None or options or type(path) is not str:
            return self.ask(path, **options)
        if path not in self.known:
            self.known[path] = self.ask(path)
        return self.known[path]


def _read(loader: Any, path: str) -> bytes:
    descriptor, chunks = os.open(path, os.O_RDONLY | os.O_CLOEXEC), []
    try:
        while chunk := os.read(descriptor, 2**20):
            chunks.append(chunk)
    finally:
        os.close(descriptor)
    return b"".join(chunks)
