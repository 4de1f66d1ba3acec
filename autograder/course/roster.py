"""The class: read from what learning platforms export, kept as `roster.csv` in the course directory.

Columns are known by their names, in any case: those of Canvas's gradebook, of Moodle's participants and its grading
worksheet, of Gradescope, of GitHub Classroom, of nbgrader, and plain ones such as id, name, email.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder import atomic
from autograder.course.paths import Course
from autograder.course.student_ids import MOST_CHARACTERS, id_without, is_id, name_key
from autograder.course.tables import Rows, TableProblem, read_table

NAME = "roster.csv"

# What a column holds, by its name without case, blanks and punctuation.
_COLUMNS = {
    "id": ("id", "studentid"),
    "login": ("sisloginid", "loginid", "login", "username", "githubusername", "netid"),
    "email": ("email", "emailaddress", "mail"),
    "number": ("sisuserid", "sid", "sisid", "studentnumber", "idnumber", "orgdefinedid", "userid", "canvasuserid"),
    "identifier": ("identifier",),
    "name": ("student", "name", "fullname", "studentname"),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "section": ("section", "sections", "group", "groups"),
    "role": ("role", "roles"),
    "original_id": ("originalid",),
}
_IDS = ("id", "login", "email", "number", "identifier")  # in this order of preference
_STAFF = re.compile(
    r"\b(instructor|teacher|ta|reader|manager|assistant|observer|grader|designer|tutor|lecturer|professor|faculty|staff"
    r"|maintain)\b",  # Sakai's instructors may be called maintain
    re.IGNORECASE,
)
_TOTALS = re.compile(r"(grand )?totals?( students| count| rows)?[^\w]*\d*", re.IGNORECASE)
_AS_TEXT = re.compile(r'="(?P<formula>[^"]*)"|\'(?P<apostrophe>\d+)|#(?P<brightspace>[\w.@+-]+)')
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d{1,3}", re.IGNORECASE)
_WHOLE = re.compile(r"\d+\.0+")
_UNSEEN = "".join(
    map(chr, (0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF, 32))
)
_MOST_WORDS = 20  # of a name, from which it may begin elsewhere
_OWN = ("id", "last_name", "first_name", "original_id")  # the first columns of the course's own file


class RosterProblem(TableProblem):
    """The roster cannot be read; the text says where and what to do."""


@dataclass(frozen=True)
class Student:
    """One student. id: as folders and the gradebook have it; original_id: as the file had it.

    fields: what the file says, by the names of `_COLUMNS`; columns: all of it, by the file's own names. aliases: every
    id, login, address and number in it.
    """

    id: str
    original_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    section: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name as people read it."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.fields.get("name", "")

    @property
    def canvas_number(self) -> str:
        """Canvas's number of the student; '' if the roster is not Canvas's own, which has the numbers of all."""
        number = self.columns.get("ID", "")
        return number if "SIS Login ID" in self.columns and number.isdecimal() else ""

    def name_keys(self) -> set[str]:
        """Return the forms of the name that platforms write: its words in their order, from whichever they begin (of
        very many, one of the first).

        Ana de la Cruz is `Cruz, Ana de la` to one platform and `de la Cruz, Ana` to another.
        """
        names = (f"{self.first_name} {self.last_name}", self.fields.get("name", ""))
        orders = (
            words[start:] + words[:start]
            for words in map(str.split, names)
            for start in range(min(len(words), _MOST_WORDS))
        )
        return {key for words in orders if (key := name_key("".join(words)))}


class Roster:
    """The students by id, and the ways to find one: an id or an address that names one student, or a name."""

    def __init__(
        self,
        students: Iterable[Student],
        left_out: Iterable[str] = (),
        columns: Iterable[str] = (),
        ids_from: str = "",
    ) -> None:
        self.students = tuple(students)
        self.left_out = tuple(left_out)
        self.columns = tuple(columns)
        self.ids_from = ids_from  # the name of the column that holds the ids
        self._known: dict[str, set[str]] = {}
        self._named: dict[str, set[str]] = {}
        self._by_id = {student.id: student for student in self.students}
        for student in self.students:
            for alias in (student.original_id, *student.aliases):
                self._known.setdefault(_plain(alias), set()).add(student.id)
            for key in student.name_keys():
                self._named.setdefault(key, set()).add(student.id)
        for student in self.students:  # an id is nobody else's number, whatever another column says
            self._known[_plain(student.id)] = {student.id}

    def __len__(self) -> int:
        return len(self.students)

    def __iter__(self) -> Iterator[Student]:
        return iter(self.students)

    def __getitem__(self, student: str) -> Student:
        return self._by_id[student]

    def ids(self) -> list[str]:
        """Return the ids, in the file's order."""
        return list(self._by_id)

    def accepted(self) -> tuple[str, ...]:
        """Return all names that a student's folder may have: the id and the file's own form of it, composed or not."""
        forms = (
            unicodedata.normalize(form, text)
            for student in self.students
            for text in (student.id, student.original_id)
            for form in ("NFC", "NFD")
        )
        return tuple(dict.fromkeys(forms))

    def find(self, text: str) -> str | None:
        """Return the id of the one student with this id, login, address or number, in any case; None if not one."""
        found = self._known.get(_plain(text), set())
        return next(iter(found)) if len(found) == 1 else None

    def knows(self, text: str) -> bool:
        """Return whether a student has this id or this name."""
        return self.find(text) is not None or bool(self.named(text))

    def named(self, name: str) -> list[str]:
        """Return the ids of all students of this name, in whatever order and form its parts are."""
        return sorted(self._named.get(name_key(name), ()))

    def absent(self, present: Iterable[str]) -> list[Student]:
        """Return the students that none of these folders belongs to."""
        here = {self.find(folder) for folder in present}
        return [student for student in self.students if student.id not in here]

    def text(self) -> str:
        """Return `roster.csv`: id, names and the id as it was, then every column that the export had."""
        others = [column for column in self.columns if column not in _OWN]
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([*_OWN, *others])
        for student in self.students:
            own = [student.id, student.last_name, student.first_name, student.original_id]
            writer.writerow([*own, *(student.columns.get(name, "") for name in others)])
        return out.getvalue()


def read_roster(path: Path, id_column: str = "") -> Roster:
    """Read a roster. Raises TableProblem, naming the line, if who is meant is not certain; OSError without a file.

    UTF-8, UTF-16 and Windows-1252; commas, semicolons and tabs. id_column: which column holds the ids; by default the
    first of id, login, e-mail address and student number that there is. Rows of staff, Canvas's points and its test
    student are left out.
    """
    header, rows = read_table(path, is_column)
    if id_column and id_column.casefold() not in (name.casefold() for name in header):
        raise RosterProblem(f"{path} has no column {id_column!r}; its columns are: {', '.join(header)[:500]}")
    kinds = [_kind(name) for name in header]
    for name in header:
        if name and header.count(name) > 1 and (_kind(name) or name.casefold() == id_column.casefold()):
            raise RosterProblem(f"{path} has {header.count(name)} columns called {name!r}: rename all but one")
    known = [kind for kind in _IDS if kind in kinds and not _blinds(kind, kinds, rows)]
    ids = next((kind for kind in known if _is_filled(kinds.index(kind), rows)), next(iter(known), None))
    if ids is None and not id_column:
        raise RosterProblem(
            f"{path} has no column named id or student_id, and none that a learning platform exports (SIS Login ID, "
            f"Username, Email, SID). Its first line is: {', '.join(header)[:200]!r}. If these are the columns' names, "
            "say which column holds the ids: --id COLUMN. If not, add a first line with the names"
        )
    column = _own_name(header, id_column) if id_column else header[kinds.index(ids)]
    return Roster(*_students(path, header, kinds, rows, column), columns=header, ids_from=column)


def course_roster(course: Course, path: Path | None = None) -> Roster | None:
    """Read the roster at `path`, or the course's own; None if no path is given and the course has none."""
    if path is None and not (course.root / NAME).is_file():
        return None
    return read_roster(path or course.root / NAME)


def write_roster(course: Course, roster: Roster) -> Path:
    """Write the course's own `roster.csv`, which only its owner may read; return its path."""
    path = course.root / NAME
    atomic.replace(path, roster.text().encode("utf-8-sig"), mode=0o600)
    return path


def _students(
    path: Path, header: list[str], kinds: list[str | None], rows: Rows, ids: str
) -> tuple[list[Student], list[str]]:
    found: list[Student] = []
    left_out: list[str] = []
    lines: dict[str, int] = {}
    numbers = _fractions(header, kinds, rows, ids)
    for line, row in rows:
        columns = dict.fromkeys(header, "") | {
            name: _whole(cell) if name in numbers else cell for name, cell in zip(header, map(_said, row), strict=False)
        }
        fields = {kind: columns[name] for kind, name in reversed(list(zip(kinds, header, strict=True))) if kind}
        raw = columns[ids]
        if reason := _no_student(fields, columns, raw):
            left_out.append(f"line {line}: {reason}")
            continue
        if not raw and not any(fields.values()):
            continue
        if not raw:
            who = next(filter(None, (" ".join(filter(None, _names(fields))), *map(fields.get, _IDS))), "this row")
            raise RosterProblem(
                f"{path}, line {line}: {_short(who)} has no {ids}: "
                "fill it in, choose another column with --id, or delete the line if it is no student's"
            )
        if _ROUNDED.fullmatch(raw):
            raise RosterProblem(
                f"{path}, line {line}: {_short(raw)!r} is what a spreadsheet makes of a long number: its digits are "
                "lost. Export the class again, and do not save the file from a spreadsheet"
            )
        original = fields.get("original_id") or raw
        student = id_without(raw)
        if not is_id(student):
            raise RosterProblem(
                f"{path}, line {line}: {_short(raw)!r} cannot be an id: "
                f"it needs 1 to {MOST_CHARACTERS} letters or digits"
            )
        if (before := lines.get(_plain(raw))) is not None:
            raise RosterProblem(f"{path}, line {line}: {_short(raw)!r} is in line {before} already: keep one of them")
        lines[_plain(raw)] = line
        first, last = _names(fields)
        fields |= {"original_id": original}
        aliases = tuple(
            columns[name] for kind, name in zip(kinds, header, strict=True) if kind in _IDS and columns[name]
        )
        email, section = fields.get("email", ""), fields.get("section", "")
        found.append(Student(student, original, first, last, email, section, fields, columns, aliases))
    if not found:
        raise RosterProblem(f"{path} has no student below its first line")
    return _all_different(found), left_out


def _all_different(students: list[Student]) -> list[Student]:
    """Give students whose ids have become the same different ones: an id that was one already stays."""
    taken = {_plain(student.id) for student in students if student.id == student.original_id}
    done = []
    for student in students:
        name, number = student.id, 2
        while student.id != student.original_id and _plain(name) in taken:
            name, number = f"{student.id}-{number}", number + 1
        taken.add(_plain(name))
        done.append(replace(student, id=name))
    return done


def _no_student(fields: dict[str, str], columns: dict[str, str], raw: str) -> str:
    """Say why a row is no student's; '' if it is one's."""
    name = fields.get("name", "") or ", ".join(filter(None, (fields.get("last_name"), fields.get("first_name"))))
    known = [raw, *(fields.get(kind, "") for kind in _IDS)]
    if name.lower() == "points possible" or (not any(known) and "(read only)" in columns.values()):
        return "Canvas's row of points"
    if name.lower() in ("student, test", "test student"):
        return "Canvas's test student"
    if name.lower() in ("date", "points", "class average") and not any(known):
        return "Google Classroom's row of dates or points"
    if _TOTALS.fullmatch(name or raw):
        return f"{_short(name or raw)}: a row of totals"
    if _STAFF.search(fields.get("role", "")) and "student" not in fields.get("role", "").lower():
        return f"{_short(name or fields.get('email', ''))}: {_short(fields['role'])}"
    if not any(known) and any(columns.values()) and not name and not fields.get("last_name"):
        return "no id and no name"
    return ""


def _said(cell: str) -> str:
    """What a cell says: on one line, without marks that nobody sees around it, and without what a spreadsheet (="0012",
    '0012) or Brightspace (#0012) adds to it so that a number stays a text.
    """
    text = " ".join(cell.split()).strip(_UNSEEN)
    marked = _AS_TEXT.fullmatch(text)
    return marked[marked.lastgroup] if marked and marked.lastgroup else text


def _fractions(header: list[str], kinds: list[str | None], rows: Rows, ids: str) -> set[str]:
    """Return the columns of ids that hold nothing but 12345.0: a program has read whole numbers as fractions."""
    found = set()
    for place, (name, kind) in enumerate(zip(header, kinds, strict=True)):
        cells = [cell for _, row in rows if place < len(row) and (cell := row[place].strip())]
        if name and (kind in _IDS or name == ids):
            found |= {name} if cells and all(map(_WHOLE.fullmatch, cells)) else set()
    return found


def _whole(cell: str) -> str:
    return cell.partition(".")[0]


def _names(fields: dict[str, str]) -> tuple[str, str]:
    """First and last name. Of a name in one piece, `Last, First` is certain; else the last word is the last name."""
    if fields.get("first_name") or fields.get("last_name"):
        return fields.get("first_name", ""), fields.get("last_name", "")
    name = fields.get("name", "")
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()


def is_column(name: str) -> bool:
    """Is this the name of a column that is known?"""
    return _kind(name) is not None


def _kind(column: str) -> str | None:
    plain = "".join(character for character in column.casefold() if character.isalnum())
    return next((kind for kind, names in _COLUMNS.items() if plain in names), None)


def _blinds(kind: str, kinds: list[str | None], rows: Rows) -> bool:
    """Is this Moodle's column of numbers for blind marking (Participant 12345), which names nobody elsewhere?"""
    if kind != "identifier":
        return False
    place = kinds.index(kind)
    return any(re.match(r"\D+ \d+$", row[place]) for _, row in rows if place < len(row))


def _is_filled(place: int, rows: Rows) -> bool:
    """Is there anything in this column? A platform may list one that the school does not use."""
    return any(row[place].strip() for _, row in rows if place < len(row))


def _own_name(header: list[str], wanted: str) -> str:
    return next(name for name in header if name.casefold() == wanted.casefold())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()


def _short(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return f"{shown[:60]}{'...' * (len(shown) > 60)}"
