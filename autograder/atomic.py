"""Files that are written whole or not at all: one by itself, or several together. Imports nothing of the rest."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def replace(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put `content` into `path`: a reader sees the old file or the new one, whatever happens in between.

    mode: of the new file; by default that of the file it replaces, or what the umask gives. Its folder is made if
    missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _name_beside(path)
    try:
        _write(temporary, content, path, mode, flush=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def all_or_none(contents: Mapping[Path, bytes | None]) -> Iterator[None]:
    """Write these files, where None removes one, then run the block; if anything fails, all is as it was before.

    Everything that needs space is written beside its place first. Each file then changes at once, and a file that holds
    its content already is left alone. Folders are made if missing, and removed where the last file goes.
    """
    changed = {path: content for path, content in contents.items() if _held(path) != content}
    new = {path: _name_beside(path) for path, content in changed.items() if content is not None}
    old = {path: _name_beside(path) for path in changed if path.is_file()}
    folders = _missing_folders(new)
    begun: list[Path] = []
    try:
        for folder in folders:
            folder.mkdir(exist_ok=True)
        for path, temporary in new.items():
            _write(temporary, changed[path] or b"", path)
        for path, temporary in old.items():
            shutil.copy2(path, temporary)
        for path in changed:
            begun.append(path)
            if path in new:
                os.replace(new[path], path)
            else:
                path.unlink()
        yield
    except BaseException:
        for path in begun:
            if path in old:
                os.replace(old[path], path)
            else:
                path.unlink(missing_ok=True)
        _discard([*new.values(), *old.values()])
        for folder in reversed(folders):
            with contextlib.suppress(OSError):  # it is not there, or something else is in it by now
                folder.rmdir()
        raise
    _discard(old.values())
    for path in changed.keys() - new.keys():
        with contextlib.suppress(OSError):  # up to the first that is not empty
            for folder in path.parents:
                folder.rmdir()


def _held(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _name_beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _write(temporary: Path, content: bytes, place: Path, mode: int | None = None, flush: bool = False) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if flush:
            file.flush()
            os.fsync(file.fileno())
    if mode is None and place.is_file():
        shutil.copymode(place, temporary)


def _missing_folders(paths: Mapping[Path, Path]) -> list[Path]:
    """Return the folders that the files need and that are not there, outer ones first."""
    missing = {folder for path in paths for folder in path.parents if not folder.exists()}
    return sorted(missing, key=lambda folder: len(folder.parts))


def _discard(temporaries: Iterable[Path]) -> None:
    for temporary in temporaries:
        with contextlib.suppress(OSError):
            temporary.unlink()
