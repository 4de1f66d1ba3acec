"""Whose submission it is: what the platform says, looked up on the roster. Who is not certain is not guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

from autograder.collect.archive import SourceProblem
from autograder.collect.conventions import CANVAS, FOLDERS, GRADESCOPE, MOODLE, Handed
from autograder.course.roster import Roster, is_column
from autograder.course.student_ids import is_id, name_key
from autograder.course.tables import read_table
from autograder.course.times import TimeProblem, read_time

_TIMES = ("time", "submitted at", "submission time", "timestamp", "last modified (submission)", "submitted")


class NotCertain(ValueError):
    """Nobody is meant for certain; the text says why."""


def student_of(handed: Handed, roster: Roster | None, style: str) -> str:
    """Return the id of the student who handed in. Raises NotCertain."""
    if roster is None:
        if style in (CANVAS, MOODLE, GRADESCOPE):
            raise NotCertain("without a roster nobody knows whose it is: run `autograder roster FILE` first")
        own = unicodedata.normalize("NFC", handed.own_id)
        if not is_id(own):
            raise NotCertain("it names no student's id, and there is no roster: run `autograder roster FILE` first")
        return own
    named = _named(handed.names, roster)
    known = _found(handed.ids, roster)
    if len(known) > 1:
        raise NotCertain(f"{' and '.join(handed.ids)} are different students: {_listed(known, roster)}")
    if known:
        (student,) = known
        keys, theirs = {name_key(name) for name in handed.names}, roster[student].name_keys()
        if style == CANVAS and theirs and keys.isdisjoint(theirs | set(map(_without_accents, theirs))):
            raise NotCertain(f"its number is that of {_listed(known, roster)}, who has another name")
        if style == FOLDERS and named and student not in named:
            raise NotCertain(f"its id is that of {_listed(known, roster)}, its name that of {_listed(named, roster)}")
        return student
    if whole := _found(handed.pieces[:1], roster):
        return whole.pop()
    if len(named) == 1:
        if style == CANVAS and (number := roster[next(iter(named))].canvas_number):
            raise NotCertain(f"its number is nobody's on the roster, and that of {_listed(named, roster)} is {number}")
        return named.pop()
    if len(named) > 1:
        raise NotCertain(f"{len(named)} students have this name: {_listed(named, roster)}")
    parts = _found(handed.pieces, roster)
    if len(parts) == 1:
        return parts.pop()
    if len(parts) > 1:
        raise NotCertain(f"it may be of several students: {_listed(parts, roster)}")
    told = style == MOODLE and "Identifier" not in roster.columns
    hint = "; with Moodle's grading worksheet as the roster its number says who" if told else ""
    raise NotCertain(f"nobody on the roster has this name or id{hint}")


def read_times(path: Path, roster: Roster | None, zone: tzinfo) -> dict[str, datetime]:
    """Read when students handed in: a table with a column `time` and one that names the student by id, address or name.

    Columns whose names are known say who is meant; without one, or where these name nobody, any cell may.
    Raises SourceProblem, naming the line, if a time or a student is not certain.
    """
    header, rows = read_table(path, lambda name: is_column(name) or name.strip().casefold() in _TIMES)
    column = next((place for name in _TIMES for place, one in enumerate(header) if one.casefold() == name), None)
    if column is None:
        raise SourceProblem(f"{path} has no column named time; its columns are: {', '.join(header)[:300]}")
    found: dict[str, datetime] = {}
    lines: dict[str, int] = {}
    for line, row in rows:
        if len(row) <= column or row[column].strip() in ("", "-"):
            continue
        cells = {place: cell.strip() for place, cell in enumerate(row) if place != column and cell.strip()}
        known = [cell for place, cell in cells.items() if place < len(header) and is_column(header[place])]
        who = _meant(known, roster) or _meant(list(cells.values()), roster)
        if len(who) != 1:
            shown = ", ".join(cells.values())[:100]
            raise SourceProblem(f"{path}, line {line}: {shown} names no single student of the roster")
        try:
            student, moment = who.pop(), read_time(row[column], zone)
        except TimeProblem as problem:
            raise SourceProblem(f"{path}, line {line}: {problem}") from None
        if found.setdefault(student, moment) != moment:
            raise SourceProblem(
                f"{path}, line {line}: {student} has another time in line {lines[student]}: keep the line of the "
                "submission that the source holds"
            )
        lines[student] = line
    return found


def _meant(cells: list[str], roster: Roster | None) -> set[str]:
    if roster is None:
        return set(cells[:1])
    return _found(cells, roster) or _named(cells, roster)


def _without_accents(key: str) -> str:
    """Return a name as a platform writes it that knows 26 letters."""
    return "".join(one for one in unicodedata.normalize("NFKD", key) if not unicodedata.combining(one))


def _found(ids: Iterable[str], roster: Roster) -> set[str]:
    return {student for text in ids if text and (student := roster.find(text))}


def _named(names: Iterable[str], roster: Roster) -> set[str]:
    return {student for name in names for student in roster.named(name)}


def _listed(students: Iterable[str], roster: Roster) -> str:
    return ", ".join(f"{student} ({roster[student].name})" if roster[student].name else student
                     for student in sorted(students))  # fmt: skip
