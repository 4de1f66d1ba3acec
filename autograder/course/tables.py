"""Tables that people and platforms save as CSV: in any encoding, split at commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path

LONGEST_FIELD = 1000
LONGEST_FILE = 20 * 2**20
MOST_LINES = 20_000
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_ABOVE = 20  # lines of titles that there may be above the columns' names
_OTHERS = (  # what systems call .csv or .xls too, by how it begins
    (re.compile(rb"PK\x03\x04"), "an Excel workbook or a zip"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an Excel workbook"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|meta|table|\?xml)", re.IGNORECASE), "a web page or XML"),
)

Rows = list[tuple[int, list[str]]]  # each with the line in which it ends


class TableProblem(ValueError):
    """The table cannot be read; the text says where and what to do."""


def read_table(path: Path, known: Callable[[str], bool]) -> tuple[list[str], Rows]:
    """Read a table: its columns' names, and its rows with their lines. Raises TableProblem, or OSError without a file.

    known: whether a text is the name of a column that is looked for; what splits the first line into most of them is
    what splits all.
    """
    with path.open("rb") as file:
        content = file.read(LONGEST_FILE + 1)
    if len(content) > LONGEST_FILE:
        raise TableProblem(f"{path} is larger than {LONGEST_FILE // 2**20} MiB: this is no table of students")
    for begins, what in _OTHERS:
        if begins.match(content):
            raise TableProblem(f"{path} is {what}: open it in a spreadsheet, and save the table as CSV (UTF-8)")
    return _table(_decoded(content, path), path, known)


def is_windows_1252(path: Path) -> bool:
    """Is the table read as Windows-1252, since it is in no kind of Unicode? Nobody can tell that it is not another."""
    content = path.read_bytes()[: LONGEST_FILE + 1]
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(content, path) == content.decode("cp1252", "replace")
    return False


def _table(text: str, path: Path, known: Callable[[str], bool]) -> tuple[list[str], Rows]:
    """The first line and the others with their numbers, split at what splits the first into the most known columns."""
    lines = text.splitlines()
    skip = bool(lines and re.fullmatch(r'"?sep=."?', lines[0].strip()))
    firsts = {delimiter: _first(text, delimiter, skip) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda one: (sum(map(known, firsts[one])), one == ","))
    if not any(map(known, firsts[delimiter])) and (line := _names_below(text, known)):
        raise TableProblem(f"{path}: the columns' names are in line {line}: delete the lines above it")
    rows: Rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if rows or any(cell.strip() for cell in row):  # there may be blank lines above the first
                rows.append((reader.line_num, row))
            if len(rows) > MOST_LINES:
                raise TableProblem(f"{path} has more than {MOST_LINES} lines: this is no table of students")
    except csv.Error as error:
        begun = rows[-1][0] + 1 if rows else 1
        raise TableProblem(f"{path}, line {begun}: {error}; is a quotation mark missing or too many?") from None
    if len(rows) <= skip:
        raise TableProblem(f"{path} is empty: its first line must hold the columns' names")
    _check_fields(rows, path)
    header = [name.strip() for name in rows[skip][1]]
    for line, row in rows[skip + 1 :]:
        if any(cell.strip() for cell in row[len(header) :]):
            raise TableProblem(
                f"{path}, line {line}: {len(row)} cells under {len(header)} names of columns; a cell with "
                f"{_DELIMITERS[delimiter]} in it needs quotation marks around it"
            )
    return header, rows[skip + 1 :]


def _first(text: str, delimiter: str, skip: bool) -> list[str]:
    """Return the names of the columns as this delimiter splits them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        lines = (row for row in reader if any(cell.strip() for cell in row))
        return next(itertools.islice(lines, int(skip), None), [])
    except csv.Error:
        return []


def _names_below(text: str, known: Callable[[str], bool]) -> int:
    """Return the first line that names two columns at least, of a table that begins with titles; 0 if none does."""
    for number, line in enumerate(text.splitlines()[:_ABOVE], 1):
        if any(sum(map(known, _first(line, delimiter, False))) >= 2 for delimiter in _DELIMITERS):
            return number
    return 0


def _check_fields(rows: Rows, path: Path) -> None:
    for line, row in rows:
        if longest := max(map(len, row), default=0) if row else 0:
            if longest > LONGEST_FIELD:
                raise TableProblem(
                    f"{path}, line {line}: a field of {longest} characters; is a quotation mark missing?"
                )
            if any("\0" in cell for cell in row):
                raise TableProblem(f"{path}, line {line}: a zero byte; save the table as CSV (UTF-8)")


def _decoded(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[1:200:2].count(0) > 20:
        encodings = ["utf-16-le"]
    elif content[0:200:2].count(0) > 20:
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    if len(encodings) > 1:
        raise TableProblem(f"{path} is neither in UTF-8 nor in Windows-1252: save the table as CSV (UTF-8)")
    raise TableProblem(f"{path} is damaged: it is not {encodings[0].upper()} to its end; export it again")
