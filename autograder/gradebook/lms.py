"""A class as Canvas or Moodle lists it: whose line is whose, grades as they import them, feedback as they take it back.

Both are given their own file back with the grades in it: ids and names are what they exported, character by character.
A line belongs to a student by an id, else by the e-mail address, else by the whole name where nobody else in the class
has it; what is left is listed with the reason, never guessed. Students without a final grade have no line, because an
empty cell may delete a grade there.

| | file to give | where it comes from | columns |
|---|---|---|---|
| Canvas | gradebook | Grades, Export | Student, ID, SIS User ID, SIS Login ID, Section, the assignment's |
| Moodle | grading worksheet | the assignment, Grading action | Identifier, Full name, Email address, ..., Grade |

Source of the columns and of the names of feedback files: Canvas's guide to the gradebook's CSV and its
`generate_comments_from_files`; Moodle's `assignfeedback_offline` and `assignfeedback_file`.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder import atomic
from autograder.gradebook import harmless

POINTS_POSSIBLE = "points possible"
_CANVAS_COLUMNS = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Section")
_CANVAS_FILE = re.compile(r"(?P<front>.*?_(?:LATE_)?(?P<user>\d+)_(?P<attachment>\d{1,20}))_.+", re.DOTALL)
# Columns by what they say of a person, in the order in which they are tried; Canvas first, then Moodle.
_IDS = ("sis login id", "sis user id", "id", "username", "id number", "institution id")
_EMAILS = ("email address", "email", "sis login id", "username")
_NAMES = ("student", "full name")


class LmsFileError(ValueError):
    """The file is not what was expected of Canvas or Moodle; the text says what to export."""


@dataclass(frozen=True)
class Person:
    """A student of the gradebook. lms_id: the number of the learning management system's own."""

    id: str
    name: str = ""
    email: str = ""
    lms_id: str = ""


@dataclass(frozen=True)
class Listing:
    """A file of Canvas or Moodle: its columns, the lines above the first student, one line per student.

    delimiter: what stands between cells; a setting of Canvas makes it a semicolon.
    """

    columns: list[str]
    above: list[list[str]]
    lines: list[list[str]]
    delimiter: str = ","

    def cell(self, line: Sequence[str], column: str) -> str:
        """Return the line's cell in this column, whatever its case; '' if there is none."""
        for place, name in enumerate(self.columns):
            if name.strip().casefold() == column.casefold() and place < len(line):
                return line[place]
        return ""


@dataclass
class Matched:
    """Whose line is whose; `unclear` says of each line and each student that is left why."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)


def read_canvas(path: Path) -> Listing:
    """Read Canvas's exported gradebook. Raises LmsFileError if it is not one."""
    columns, lines, delimiter = _read(path, {"id"})
    names = _plain_names(columns)
    if "id" not in names or not ("student" in names or {"lastname", "firstname"} <= names):
        raise LmsFileError(f"{path} has no columns Student and ID: export the gradebook from Canvas (Grades, Export)")
    whole = Listing(columns, [], lines, delimiter)
    students = [line for line in lines if whole.cell(line, "ID").strip()]
    return Listing(columns, [line for line in lines if line not in students], students, delimiter)


def read_moodle(path: Path) -> Listing:
    """Read Moodle's grading worksheet. Raises LmsFileError if it is not one."""
    columns, lines, delimiter = _read(path, {"identifier", "grade"})
    if not {"identifier", "grade"} <= _plain_names(columns):
        raise LmsFileError(
            f"{path} has no columns Identifier and Grade: in the Moodle assignment, switch on the feedback type "
            "'Offline grading worksheet', then choose 'Download grading worksheet', with Moodle in English"
        )
    return Listing(columns, [], lines, delimiter)


def _read(path: Path, wanted: set[str]) -> tuple[list[str], list[list[str]], str]:
    """Return the names of the columns, the lines, and the delimiter: that which parts the wanted names."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LmsFileError(
            f"{path} is not in UTF-8: use the file as it was exported, not a spreadsheet's copy"
        ) from error
    for delimiter in (",", ";", "\t"):
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [row for row in table if any(cell.strip() for cell in row)]
        if not rows:
            raise LmsFileError(f"{path} is empty: export it again")
        if wanted <= _plain_names(rows[0]):
            return rows[0], rows[1:], delimiter
    return rows[0], rows[1:], ","


def _plain_names(columns: Iterable[str]) -> set[str]:
    return {column.strip().casefold() for column in columns}


def _number(text: str) -> float | None:
    """Return the number that a platform has written, with a comma or a point; None if it is none."""
    found = re.fullmatch(r"\d+([.,]\d+)?", text)
    return float(text.replace(",", ".")) if found else None


def match(listing: Listing, people: Iterable[Person]) -> Matched:
    """Find each student's line."""
    people = list(people)
    found: dict[str, list[list[str]]] = {}
    matched = Matched()
    for line in listing.lines:
        owners = _owners(listing, line, people)
        if len(owners) == 1:
            found.setdefault(owners[0], []).append(line)
        else:
            why = f"fits {' and '.join(owners)}" if owners else _no_owner(listing, line, people)
            matched.unclear.append(f"line of {_called(listing, line)}: {why}")
    for person in people:
        lines = found.get(person.id, [])
        if len(lines) == 1:
            matched.lines[person.id] = lines[0]
        else:
            why = f"{len(lines)} lines fit" if lines else "no line has the id, e-mail or name"
            matched.unclear.append(f"{person.id}{f' ({person.name})' if person.name else ''}: {why}")
    return matched


def _owners(listing: Listing, line: Sequence[str], people: Sequence[Person]) -> list[str]:
    """Return the students whose line this may be, by the first kind of key that fits anybody."""
    lms = _plain(listing.cell(line, "ID"))
    ids = {_plain(listing.cell(line, column)) for column in _IDS} - {""}
    emails = {_plain(listing.cell(line, column)) for column in _EMAILS} - {""}
    names = {_words(name) for name in _names(listing, line)} - {frozenset()}
    for fits in (
        lambda person: bool(lms) and _plain(person.lms_id) == lms,
        lambda person: _plain(person.id) in ids,
        lambda person: _plain(person.email) in emails or _plain(person.id) in emails,
        lambda person: _words(person.name) in names and (not lms or _plain(person.lms_id) in ("", lms)),
    ):
        owners = [person.id for person in people if fits(person)]
        if owners:
            return owners
    return []


def _no_owner(listing: Listing, line: Sequence[str], people: Sequence[Person]) -> str:
    names = {_words(name) for name in _names(listing, line)} - {frozenset()}
    for person in people:
        if _words(person.name) in names:
            return f"it has the name of {person.id}, whose ID there is {person.lms_id}"
    return "nobody in the gradebook has its id, e-mail or name"


def _called(listing: Listing, line: Sequence[str]) -> str:
    ids = (listing.cell(line, column).strip() for column in _IDS)
    return next(filter(None, (*_names(listing, line), *ids)), "no name")


def _names(listing: Listing, line: Sequence[str]) -> list[str]:
    """Return the names in a line. An account of Canvas may show last and first names in two columns."""
    two = f"{listing.cell(line, 'LastName').strip()}, {listing.cell(line, 'FirstName').strip()}".strip(", ")
    return [*(listing.cell(line, column).strip() for column in _NAMES), two]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _words(name: str) -> frozenset[str]:
    """Return a name's words: `Müller, José` and `José Müller` are one name."""
    return frozenset(re.findall(r"[^\s,]+", _plain(name)))


def canvas_grades(
    listing: Listing, lines: Mapping[str, list[str]], grades: Mapping[str, float], column: str, most: float
) -> tuple[str, list[str]]:
    """Return Canvas's import file, and what to know before it is imported.

    column: the assignment's name in Canvas; its column may carry Canvas's number, as in `NAME (1234)`, and `column` may
    too. Without such a column Canvas asks, at the import, whether to make a new assignment.
    """
    wanted = column.strip().casefold()
    there = [name for name in listing.columns if name.strip().casefold() == wanted] or [
        name for name in listing.columns if re.sub(r"\s*\(\d+\)\s*$", "", name).strip().casefold() == wanted
    ]
    remarks = [] if there else [f"Canvas lists no assignment {column!r}: it will offer to make a new one"]
    if len(there) > 1:
        raise LmsFileError(f"Canvas lists {len(there)} assignments called {column!r}: rename one of them, export again")
    kept = [
        name for known in _CANVAS_COLUMNS for name in listing.columns if name.strip().casefold() == known.casefold()
    ]
    title = there[0] if there else column
    rows = [[*kept, title]]
    for line in listing.above:
        if POINTS_POSSIBLE in map(str.casefold, _names(listing, line)):
            possible = listing.cell(line, title).strip() if there else ""
            if _number(possible) not in (None, most):
                remarks.append(
                    f"in Canvas {column} is worth {possible} points, in the gradebook {most:g}: change one of them"
                )
            rows.append([*(listing.cell(line, name) for name in kept), possible or f"{most:g}"])
    for student, grade in grades.items():
        if student in lines:
            rows.append([*(listing.cell(lines[student], name) for name in kept), harmless.number(grade)])
    return _csv(rows, listing.delimiter), remarks


def moodle_grades(
    listing: Listing, lines: Mapping[str, list[str]], grades: Mapping[str, float], most: float
) -> tuple[str, list[str]]:
    """Return Moodle's worksheet with the grades in it, and what to know before it is uploaded."""
    place = next(place for place, name in enumerate(listing.columns) if name.strip().casefold() == "grade")
    rows, remarks = [listing.columns], set()
    for student, grade in grades.items():
        if student in lines:
            line = list(lines[student])
            line[place] = harmless.number(grade)
            rows.append(line)
            possible = listing.cell(line, "Maximum grade").strip()
            if _number(possible) not in (None, most):
                remarks.add(
                    f"in Moodle the assignment is worth {possible} points, in the gradebook {most:g}: change one"
                )
            if listing.cell(line, "Grade can be changed").strip().casefold() == "no":
                remarks.add("Moodle says of some lines that the grade cannot be changed: it will skip them")
    return _csv(rows, listing.delimiter), sorted(remarks)


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Write cells as they came from the LMS: it must find its own ids and names again."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def moodle_feedback(listing: Listing, lines: Mapping[str, list[str]], pages: Mapping[str, Path]) -> dict[str, Path]:
    """Return the pages by their names in the zip for Moodle's 'Upload multiple feedback files in a zip'."""
    named = {}
    for student, page in pages.items():
        number = re.search(r"\d+$", listing.cell(lines[student], "Identifier").strip()) if student in lines else None
        if number:
            full = listing.cell(lines[student], "Full name") or student
            front = re.sub(r"[_/\\\x00-\x1f]", " ", full).strip(" .~") or "student"
            named[f"{front}_{number[0]}_assignfeedback_file_/{page.name}"] = page
    return named


def canvas_feedback(
    listing: Listing, lines: Mapping[str, list[str]], pages: Mapping[str, Path], archive: Path
) -> tuple[dict[str, Path], list[str]]:
    """Return the pages by their names in the zip for Canvas's 'Upload Submissions', and the students left out.

    archive: what 'Download Submissions' gave: Canvas takes a file back only under the numbers of a person and of a file
    which that person handed in.
    """
    fronts: dict[str, tuple[bool, int, str]] = {}
    try:
        with zipfile.ZipFile(archive) as content:
            names = [Path(name).name for name in content.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise LmsFileError(
            f"{archive} is not a zip: give the file that 'Download Submissions' in Canvas made"
        ) from error
    for name in names:
        if parsed := _CANVAS_FILE.fullmatch(name):
            one = (name.endswith(".ipynb"), int(parsed["attachment"]), parsed["front"])
            fronts[parsed["user"]] = max(one, fronts.get(parsed["user"], one))
    if not fronts:
        raise LmsFileError(f"no file in {archive} is named as Canvas names submissions: NAME_NUMBER_NUMBER_FILE")
    named, left = {}, []
    for student, page in pages.items():
        user = listing.cell(lines[student], "ID").strip() if student in lines else ""
        if user in fronts:
            named[f"{fronts[user][2]}_{page.name}"] = page
        elif user:
            left.append(f"{student}: {archive.name} holds nothing of Canvas's user {user}")
    return named, left


def write_zip(path: Path, named: Mapping[str, Path]) -> None:
    """Write the files under these names; the zip is there whole or not at all."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, file in sorted(named.items()):
            made.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    atomic.replace(path, content.getvalue(), mode=0o600)
