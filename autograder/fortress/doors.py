"""What comes in and what goes out: archives and repositories that are collected, and tables that spreadsheets open."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import socket
import stat
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.fortress.looks import files, tree
from autograder.fortress.runs import As, run, subreaper
from autograder.fortress.tally import Tally
from autograder.simulate import KINDS, of_kinds

SECONDS = 120.0  # for an archive
_REFUSED = (0, 1, 2)  # exit codes: collected, or refused in a sentence
_MIB = bytes(2**20)
_NAMES = ("=1+1", "@SUM(A1)", "+1", "-1+1", "\tx", 'Jo "JJ", Jr.', "two\nlines", "＝1", "=cmd|'/C calc'!A0", "a,b;c")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Make = Callable[[Path, bytes], None]
"""Writes an archive or a folder to a path, around a right notebook."""


def try_doors(
    repository: Repository, assignment: str, folder: Path, *, user: int | None = None, python: str = ""
) -> Tally:
    """Collect what is made to do harm, then a right archive; hand out a class with names that are made to.

    Nothing but the course may change, nothing of an archive that is refused may be there, and the right one must be
    collected whole.
    """
    course, outside = Course(folder / "course"), folder / "outside"
    build(repository, course, assignment, generate=False)
    right = [kind for kind in KINDS if kind.title == "right/reference"]
    of_kinds(repository, course, assignment, right * 2, 1, folder / "handed-in")
    notebook = next((folder / "handed-in").glob(f"*/{assignment}/*.ipynb")).read_bytes()
    outside.mkdir()
    (outside / "witness.txt").write_text("as it was\n")
    (home := folder / "home").mkdir()
    made: dict[str, Path] = {}
    for name, make in attempts(assignment).items():
        made[name] = folder / "sources" / name / ("source" if name.startswith("folder") else "source.zip")
        made[name].parent.mkdir(parents=True)
        make(made[name], notebook)
    for path in tree(folder) if user is not None else ():
        with contextlib.suppress(OSError):
            os.chown(path, user or 0, user or 0, follow_symlinks=False)
    who = As(repository, python, user, home) if python else As(repository, user=user, home=home)
    tally, before = Tally(attacks=len(made) + len(_NAMES)), files(outside)
    with subreaper():
        for name, source in made.items():
            kept, inputs = files(course.root), files(source.parent)
            run(who, who.command("collect", str(source), "--course", str(course.root)), name, tally,
                codes=_REFUSED, seconds=SECONDS)  # fmt: skip
            _look(tally, name, course, kept)
            if files(outside) != before or files(source.parent) != inputs or list(home.iterdir()):
                tally.changed.append(f"{name}: something outside of the course")
        _collect_right(tally, who, course, assignment, folder)
        if not tally.stopped:
            _hand_out(tally, who, course, assignment, folder)
    return tally


def _look(tally: Tally, name: str, course: Course, kept: object) -> None:
    """Whatever an attempt has put into the course is a student's folder of regular files, of no great size."""
    if files(course.root) == kept:
        return
    for path in tree(course.root):
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            tally.leaks.append(f"{name}: {path.relative_to(course.root)} is no regular file")
        if status.st_size > 20 * 2**20 and path != course.gradebook:
            tally.leaks.append(f"{name}: {path.relative_to(course.root)} has {status.st_size} bytes")
    for place in (course.submitted, course.root / "collected"):
        shutil.rmtree(place, ignore_errors=True)


def _collect_right(tally: Tally, who: As, course: Course, assignment: str, folder: Path) -> None:
    source = folder / "right.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for path in sorted((folder / "handed-in").glob(f"*/{assignment}/{assignment}.ipynb")):
            archive.write(path, path.relative_to(folder / "handed-in"))
    source.chmod(0o644)
    run(who, who.command("collect", str(source), "--course", str(course.root)), "a right archive", tally)
    for path in sorted((folder / "handed-in").glob(f"*/{assignment}/{assignment}.ipynb")):
        there = course.root / "submitted" / path.relative_to(folder / "handed-in")
        if not there.is_file() or there.read_bytes() != path.read_bytes():
            tally.changed.append(f"a right archive: {path.parent.parent.name}")


def _hand_out(tally: Tally, who: As, course: Course, assignment: str, folder: Path) -> None:
    """Rows 85 and 86: the names of the class as formulas, and with all that a table could break on."""
    roster = folder / "names.csv"
    student = sorted(path.name for path in course.submitted.iterdir())[0]
    with roster.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "first_name", "last_name", "email"])
        for number, name in enumerate(_NAMES):
            writer.writerow([student if number == 0 else f"n{number}", name, name, f"n{number}@example.org"])
    roster.chmod(0o644)
    for words in (
        ("roster", str(roster), "--course", str(course.root)),
        ("grade", assignment, "--jobs", "1", "--course", str(course.root)),
        ("export", assignment, "--course", str(course.root)),
        ("report", assignment, "--course", str(course.root)),
    ):
        run(who, who.command(*words), words[0], tally)
    with contextlib.suppress(FileNotFoundError):
        table = list(csv.reader(io.StringIO((course.root / f"{assignment}.csv").read_text(encoding="utf-8"))))
        if {len(row) for row in table} != {len(table[0])}:
            tally.leaks.append("export: rows of different lengths")
        for cell in (cell for row in table[1:] for cell in row):
            if cell.startswith(_FORMULA) and not cell.lstrip("+-").replace(".", "", 1).isdigit():
                tally.leaks.append(f"export: {cell!r} is a formula")


def attempts(assignment: str) -> dict[str, Make]:
    """Return what is collected, by name; those whose name begins with "folder" are folders."""
    own = f"{assignment}/{assignment}.ipynb"
    odd = ("-rf", "$(touch taken)", "two\nlines", "evil\u202etxt", "=1+1", "s*", "nul ")

    def entries(*pairs: tuple[str | zipfile.ZipInfo, bytes]) -> Make:
        def make(path: Path, notebook: bytes) -> None:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"s1/{own}", notebook)
                for name, content in pairs:
                    archive.writestr(name, content)

        return make

    def link(name: str, to: str) -> tuple[zipfile.ZipInfo, bytes]:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        return info, to.encode()

    return {
        "up": entries(("../../outside/evil.txt", b"x")),
        "absolute": entries(("/tmp/fortress-evil.txt", b"x")),
        "backslashes": entries(("s2\\..\\..\\..\\outside\\evil.txt", b"x")),
        "drive": entries(("C:\\evil.txt", b"x")),
        "link": entries(link("s2", "../../outside"), ("s2/witness.txt", b"evil")),
        "link-to-gradebook": entries(link(f"s2/{own}", "../../../gradebook.db")),
        "links-inside-a-zip": _zip_in_zip(entries(link(own, "/etc/passwd"))),
        "grows": entries(("s2/big.txt", _MIB * 64)),
        "grows-in-a-zip": _zip_in_zip(entries(("big.txt", _MIB * 64))),
        "many-that-grow": _zip_in_zip(entries(*((f"{number}.txt", _MIB * 19) for number in range(8)))),
        "sizes-that-lie": _lying,
        "overlapping": _overlapping,
        "zips-in-zips": _nested,
        "many-entries": _many,
        "encrypted": _with_flag,
        "damaged": lambda path, notebook: path.write_bytes(notebook[:1000] + b"PK\5\6" + bytes(18)) and None,
        "odd-names": entries(*((f"s2/{name}", b"x") for name in (*odd, "CON", "a" * 4000, "x."))),
        "odd-students": entries(*((f"{name}/{own}", b"{}") for name in (*odd, "a" * 300, "gradebook.db"))),
        "case-clash": entries((f"S1/{own}", b"{}"), (f"s1/{own.upper()}", b"{}")),
        "own-notes": entries((f"s1/{assignment}/collected.json", b'{"time": "1999-01-01T00:00:00Z", "late": false}'),
                             (f"s1/{assignment}/timestamp.txt", b"1999-01-01 00:00:00 UTC"),
                             (f"s1/{assignment}/submission_secret.txt", b"x" * 100_000)),
        "folder-with-pipes": _pipes(assignment),
        "folder-with-links": _links(assignment),
        "folder-with-a-huge-commit": _huge_commit(assignment),
    }  # fmt: skip


def _zip_in_zip(make: Make) -> Make:
    def outer(path: Path, notebook: bytes) -> None:
        inner = path.with_name("inner.zip")
        make(inner, notebook)
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(inner, "s1/work.zip")
        inner.unlink()

    return outer


def _lying(path: Path, notebook: bytes) -> None:
    """Headers that say ten bytes of what is 64 MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s1/big.ipynb", _MIB * 64)
    size = struct.pack("<I", 64 * 2**20)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 10)))


def _overlapping(path: Path, notebook: bytes) -> None:
    """5,000 entries that all mean the same 19 MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s1/0000", _MIB * 19)
    content = path.read_bytes()
    begin = content.index(b"PK\1\2")
    entry = content[begin : content.index(b"PK\5\6")]
    entries = [entry.replace(b"s1/0000", b"s1/%04d" % number) for number in range(5000)]
    directory = b"".join(entries)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), begin, 0)
    path.write_bytes(content[:begin] + directory + end)


def _nested(path: Path, notebook: bytes) -> None:
    content = notebook
    for level in range(50):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("s1/work.ipynb" if level == 0 else "s1/work.zip", content)
        content = held.getvalue()
    path.write_bytes(content)


def _many(path: Path, notebook: bytes) -> None:
    """210,000 empty entries, written by hand: the module would take a minute."""
    name = b"s1/%06d"
    local, directory = bytearray(), bytearray()
    for number in range(210_000):
        head = struct.pack("<5H3I2H", 20, 0, 0, 0, 33, 0, 0, 0, len(name % 0), 0)
        directory += (
            b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<3H2I", 0, 0, 0, 0, len(local)) + name % number
        )
        local += b"PK\3\4" + head + name % number
    zip64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 210_000, 210_000, len(directory), len(local))
    where = struct.pack("<4sIQI", b"PK\6\7", 0, len(local) + len(directory), 1)
    full = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(bytes(local + directory) + zip64 + where + full)


def _with_flag(path: Path, notebook: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s1/work.ipynb", notebook)
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)


def _pipes(assignment: str) -> Make:
    def make(path: Path, notebook: bytes) -> None:
        (path / "s1" / assignment).mkdir(parents=True)
        os.mkfifo(path / "s1" / assignment / f"{assignment}.ipynb")
        (path / "s2").mkdir()
        (path / "s2" / f"{assignment}.ipynb").write_bytes(notebook)
        os.mkfifo(path / "s2" / "timestamp.txt")
        os.chdir(path / "s2")  # the path of a socket may not be long
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket")
        os.chdir("/")

    return make


def _links(assignment: str) -> Make:
    def make(path: Path, notebook: bytes) -> None:
        (path / "s1").mkdir(parents=True)
        (path / "s1" / "round").symlink_to("..")
        (path / "s1" / f"{assignment}.ipynb").symlink_to("/etc/passwd")
        (path / "s2").symlink_to("/etc")

    return make


def _huge_commit(assignment: str) -> Make:
    """Return a repository whose commit is 1 MiB on disk and 256 MiB unpacked."""

    def make(path: Path, notebook: bytes) -> None:
        (path / "s1").mkdir(parents=True)
        (path / "s1" / f"{assignment}.ipynb").write_bytes(notebook)
        subprocess.run(["git", "init", "-q", str(path / "s1")], check=True, capture_output=True)
        head = b"commit %d\0tree " % (256 * 2**20) + b"0" * 40 + b"\n"
        packer, packed = zlib.compressobj(1), bytearray()
        packed += packer.compress(head)
        for _ in range(256):
            packed += packer.compress(_MIB)
        packed += packer.flush()
        name = sha1(head).hexdigest()
        (place := path / "s1" / ".git" / "objects" / name[:2]).mkdir(parents=True)
        (place / name[2:]).write_bytes(packed)
        (path / "s1" / ".git" / "HEAD").write_text(name + "\n")

    return make
