"""What is in an archive or a folder of submissions: read with limits, and nothing of it written on the way.

A zip that names places outside itself, holds links, is encrypted, is damaged or holds too much is refused whole: no
learning platform makes one. A single file that would be too large is its student's alone, and is not unpacked: nobody
can stop the class from being collected. Of a folder, links are never followed.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import IO

MAX_FILE = 20 * 2**20  # bytes of one file; a notebook of more is not graded either
BOMB = 200  # times that a file grows when it is unpacked: text of real notebooks grows less than 50 times
_JUNK = re.compile(
    r"__MACOSX|\.ipynb_checkpoints|__pycache__|\.git|\.?venv|node_modules|\.DS_Store|Thumbs\.db|desktop\.ini|\._.*"
)


class SourceProblem(ValueError):
    """Nothing can be collected from here, or not this file; the text says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """How much a source may hold: files, and bytes together when unpacked."""

    files: int = 200_000
    total: int = 8 * 2**30


LONGEST_PATH = 1000  # characters: a path that no system can write may still keep those busy that read it
INSIDE = Limits(files=2_000, total=100 * 2**20)  # of a zip that a student has handed in


@dataclass(frozen=True)
class Item:
    """One file: its path below the source, other readings of its bytes, and how to read it.

    time: when it was last changed, as the source says; without a zone if it says none.
    """

    path: str
    size: int
    time: datetime | None
    read: Callable[[], bytes]
    readings: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def problem(self) -> str:
        """Say why it cannot be read; '' if it can."""
        try:
            self.read()
        except SourceProblem as problem:
            return str(problem)
        return ""

    def below(self, folder: str) -> Item:
        """Return the same file, by its path below `folder`, which it lies in."""
        return replace(self, path=self.path[len(folder) + 1 :] if folder else self.path, readings=())


@dataclass(frozen=True)
class Source:
    """Files by path, what was refused of them and why, and the folder they lie in, if it is no archive."""

    path: Path
    items: tuple[Item, ...]
    refused: tuple[tuple[str, str], ...] = field(default=())
    root: Path | None = None


@contextmanager
def open_source(path: Path, limits: Limits = Limits()) -> Iterator[Source]:
    """Open a zip or a folder. Raises SourceProblem with a sentence if it cannot be trusted, or is neither."""
    if path.is_dir():
        yield _folder(path, limits)
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise SourceProblem(f"there is no {path}: give the archive or the folder with the submissions") from None
    with file, zip_in(file, str(path), limits) as items:
        yield Source(path, items)


@contextmanager
def zip_in(file: IO[bytes], shown: str, limits: Limits) -> Iterator[tuple[Item, ...]]:
    """Yield the files of a zip; they can be read inside the block. shown: how a message calls it."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error, EOFError) as error:
        file.seek(0)
        raise SourceProblem(f"{shown} {_what_else(file.read(512), str(error))}") from None
    with archive:
        there = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
        entries = [entry for entry in there if not is_junk(entry.orig_filename)]
        _check(entries, shown, limits)
        items = [_item(archive, entry, shown) for entry in entries]
        for path, times in Counter(item.path for item in items).most_common(1):
            if times > 1:
                raise SourceProblem(f"{shown} contains {shown_name(path)} twice: download it again")
        yield tuple(items)


def within(item: Item) -> tuple[Item, ...]:
    """Return the files of a zip that a student has handed in, unpacked when they are read. Raises SourceProblem."""
    folder = f"{item.folder}/" if item.folder else ""
    return tuple(
        replace(one, path=f"{folder}{path}", read=partial(_inside, item, path))
        for path, one in _opened(item)[1].items()
    )


def _inside(item: Item, path: str) -> bytes:
    return _opened(item)[1][path].read()


@lru_cache(maxsize=1)
def _opened(item: Item) -> tuple[ExitStack, dict[str, Item]]:
    """Return the files of a student's zip, by path, and what keeps it open. Only the last one stays in memory: it may
    hold thousands of files, of which each is read several times.
    """
    held = ExitStack()
    inner = held.enter_context(zip_in(BytesIO(item.read()), shown_name(item.name), INSIDE))
    return held, {one.path: one for one in inner}


def shown_name(name: str) -> str:
    """Return a file's name as a message can show it."""
    text = "".join(character if character.isprintable() else "?" for character in name)
    return text if len(text) <= 120 else f"{text[:60]}...{text[-50:]}"


def _check(entries: list[zipfile.ZipInfo], shown: str, limits: Limits) -> None:
    if len(entries) > limits.files:
        raise SourceProblem(f"{shown} contains {len(entries)} files; at most {limits.files} are read")
    total = 0
    for entry in entries:
        name = shown_name(entry.filename)
        total += entry.file_size if entry.file_size <= MAX_FILE else 0  # of larger ones nothing is unpacked
        if entry.flag_bits & 0x1:
            raise SourceProblem(f"{shown} is encrypted ({name}): unpack it with its password, and give the folder")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise SourceProblem(f"{shown} contains a link ({name}): nothing of it was read; download it again")
        if total > limits.total:
            raise SourceProblem(
                f"{shown} would unpack to more than {limits.total // 2**20} MiB; nothing of it was read"
            )


def _item(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shown: str) -> Item:
    readings = _readings(entry)
    path = safe_path(readings[0])
    if (length := max(map(len, readings))) > LONGEST_PATH:
        raise SourceProblem(
            f"{shown} contains a path of {length} characters ({shown_name(readings[0])}); at most {LONGEST_PATH} are "
            "read: pack it again with shorter names"
        )
    if not readings[0]:
        raise SourceProblem(f"{shown} contains a file without a name: nothing of it was read; pack it again")
    if path is None:
        raise SourceProblem(
            f"{shown} contains {shown_name(readings[0])}, a place outside itself: nothing of it was read"
        )
    others = tuple(other for reading in readings[1:] if (other := safe_path(reading)) is not None)
    return Item(path, entry.file_size, _zip_time(entry), lambda: _unpacked(archive, entry), others)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    name = shown_name(entry.filename)
    if entry.file_size > MAX_FILE:
        bomb = f", and would grow more than {BOMB} times" if entry.file_size > BOMB * entry.compress_size else ""
        raise SourceProblem(f"{name} is larger than {MAX_FILE // 2**20} MiB{bomb}: nothing of it was read")
    try:
        with archive.open(entry) as file:
            content = file.read(MAX_FILE + 1)
    except Exception as error:  # each way to pack has its own: zlib's, LZMA's, of too little memory
        said = str(error)[:100] or type(error).__name__
        raise SourceProblem(f"{name} is damaged in the archive ({said})") from None
    if len(content) > MAX_FILE:
        raise SourceProblem(f"{name} is larger than {MAX_FILE // 2**20} MiB")
    return content


def safe_path(name: str) -> str | None:
    """Return the path that an archive's entry names, with / between its parts; None if it leads out of the archive."""
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or not parts or ".." in parts or re.match(r"[A-Za-z]:", parts[0]) or "\0" in name:
        return None
    return "/".join(parts)


def is_junk(path: str) -> bool:
    """Is this what operating systems, Jupyter, git and Python leave beside a person's files? Nothing of it is read."""
    return any(_JUNK.fullmatch(part) for part in re.split(r"[/\\]", path))


def _readings(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """What an entry's name says: one text if the zip declares its encoding, else each that its bytes may mean."""
    if unicode_name := _extra(entry.extra, 0x7075)[5:]:
        return (unicode_name.decode("utf-8", "replace"),)
    if entry.flag_bits & 0x800 or entry.orig_filename.isascii():
        return (entry.orig_filename,)
    raw = entry.orig_filename.encode("cp437", "replace")
    found = []
    for encoding in ("utf-8", "cp437", "cp1252", "cp932", "gb18030", "euc_kr", "cp1251"):
        try:
            found.append(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return tuple(dict.fromkeys(found))


def _zip_time(entry: zipfile.ZipInfo) -> datetime | None:
    """When the file was changed: in UTC where the zip says so, else local to who made the zip; None if unknown."""
    stamp = _extra(entry.extra, 0x5455)
    if len(stamp) >= 5 and stamp[0] & 1:
        seconds = int.from_bytes(stamp[1:5], "little", signed=True)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    try:
        found = datetime(*entry.date_time)
    except ValueError:
        return None
    return found if found.year > 1980 else None


def _extra(extra: bytes, wanted: int) -> bytes:
    """Return the field of a zip entry's extra data with this number; empty if there is none."""
    while len(extra) >= 4:
        number, size = struct.unpack("<HH", extra[:4])
        if number == wanted:
            return extra[4 : 4 + size]
        extra = extra[4 + size :]
    return b""


def _what_else(start: bytes, error: str) -> str:
    known = {
        b"\x1f\x8b": "is compressed with gzip",
        b"Rar!": "is a RAR archive",
        b"7z\xbc\xaf": "is a 7z archive",
        b"\xfd7zX": "is compressed with xz",
        b"BZh": "is compressed with bzip2",
    }
    for magic, what in known.items():
        if start.startswith(magic):
            return f"{what}: unpack it, and give the folder"
    if start[257:262] == b"ustar":
        return "is a tar archive: unpack it, and give the folder"
    if start.startswith(b"PK"):
        return f"is damaged or not complete ({error[:80]}): download it again"
    return "is neither a zip nor a folder: give what the learning platform lets you download"


def _folder(root: Path, limits: Limits) -> Source:
    items: list[Item] = []
    refused: list[tuple[str, str]] = []
    total = 0
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            refused.append((folder, f"the folder cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if is_junk(path):
                continue
            if entry.is_symlink():
                refused.append((path, "it is a link; links are not followed"))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif not entry.is_file(follow_symlinks=False):
                refused.append((path, "it is no regular file"))
            else:
                status = entry.stat(follow_symlinks=False)
                total += status.st_size if status.st_size <= MAX_FILE else 0  # larger ones are not read
                changed = datetime.fromtimestamp(status.st_mtime, UTC)
                reader = _reader(Path(entry.path))
                items.append(
                    Item(os.fsencode(path).decode("utf-8", "surrogateescape"), status.st_size, changed, reader)
                )
            if len(items) > limits.files:
                raise SourceProblem(
                    f"{root} contains more than {limits.files} files: give the folder of one assignment"
                )
            if total > limits.total:
                raise SourceProblem(
                    f"{root} contains more than {limits.total // 2**20} MiB: give the submissions alone"
                )
    return Source(root, tuple(sorted(items, key=lambda item: item.path)), tuple(sorted(refused)), root)


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(MAX_FILE + 1)
        except OSError as error:
            raise SourceProblem(f"{shown_name(path.name)} cannot be read: {error.strerror}") from None
        if len(content) > MAX_FILE:
            raise SourceProblem(f"{shown_name(path.name)} is larger than {MAX_FILE // 2**20} MiB")
        return content

    return read
