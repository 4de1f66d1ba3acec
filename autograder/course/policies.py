"""The rules of a course in one file, `course.toml`: due times, lateness, extensions, attempts, feedback, own numbers.

Every value has a default, and a file need not exist. What is in the file is checked before anything is done with it: an
unknown key, a value of the wrong kind or a time that is not certain is refused, with its line.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from autograder.course import roster
from autograder.course.paths import Course
from autograder.course.times import TimeProblem, after, duration_text, passed, read_duration, read_time, read_zone

NAME = "course.toml"
NONE, ALWAYS, AFTER_DUE, NEVER = "none", "always", "after due", "never"
EARNED, POSSIBLE = "earned points", "possible points"
STARTED, EXACT = "started", "exact"
SAME, OWN = "same", "own"
DAY = timedelta(days=1)
LONGEST_FILE = 2**20


class PolicyProblem(ValueError):
    """The course's rules cannot be read; the text names the file and the line, and says what to write."""


@dataclass(frozen=True)
class Rules:
    """The rules of one assignment; `extensions` gives, by student, more time or another due time.

    penalty_percent_per_day: of the points that `penalty_of` names, for each day of lateness that has begun, or in
    proportion (`penalty_days`), at most penalty_cap_percent. Lateness within `grace` costs nothing; beyond it, it is
    counted from the due time. attempts: 0 allows any number. numbers: whether each student has own numbers in written
    questions.
    """

    assignment: str = ""
    due: datetime | None = None
    grace: timedelta = timedelta()
    penalty_percent_per_day: float = 0.0
    penalty_cap_percent: float = 100.0
    penalty_of: str = EARNED
    penalty_days: str = STARTED
    attempts: int = 0
    visible_tests: str = ALWAYS
    hidden_tests: str = ALWAYS
    numbers: str = SAME
    extensions: Mapping[str, timedelta | datetime] = field(default_factory=dict)

    def due_for(self, student: str) -> datetime | None:
        """When this student's work is due; None if it never is."""
        more = self.extensions.get(student)
        if self.due is None or more is None:
            return self.due
        return more if isinstance(more, datetime) else after(self.due, more)

    def penalty(self, late: timedelta, earned: float, possible: float) -> float:
        """Return the points that this lateness costs: never more than were earned."""
        if late <= self.grace or late <= timedelta():
            return 0.0
        days = late / DAY if self.penalty_days == EXACT else math.ceil(late / DAY)
        percent = min(self.penalty_percent_per_day * days, self.penalty_cap_percent)
        return max(0.0, min(percent / 100 * (earned if self.penalty_of == EARNED else possible), earned))

    def shows(self, visibility: str, now: datetime) -> bool:
        """May students see tests of this visibility at this moment? After due: once the last student's time is over."""
        rule = self.hidden_tests if visibility == "hidden" else self.visible_tests
        if rule != AFTER_DUE:
            return rule == ALWAYS
        return self.over(now)

    def over(self, now: datetime) -> bool:
        """Is the last student's time over, extensions and grace included? Never, if nothing is due."""
        last = self.last_due()
        return last is not None and passed(after(last[1], self.grace), now) > timedelta()

    def last_due(self) -> tuple[str, datetime] | None:
        """Return whose work is due last, "" for everybody's, and when; None if it never is."""
        all_due = [(student, due) for student in ("", *self.extensions) if (due := self.due_for(student)) is not None]
        return max(all_due, key=lambda one: one[1].timestamp(), default=None)


@dataclass(frozen=True)
class Policies:
    """The rules of all assignments; `rules` gives those of one. written: whether the course has the file."""

    path: Path
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    defaults: Rules = Rules()
    assignments: Mapping[str, Rules] = field(default_factory=dict)
    written: bool = False

    def rules(self, assignment: str) -> Rules:
        """Return the rules of this assignment, which are the course's where it has none of its own."""
        return self.assignments.get(assignment) or replace(self.defaults, assignment=assignment)


def read_policies(
    course: Course,
    known: Collection[str] | None = None,
    student: Callable[[str], str | None] | None = None,
) -> Policies:
    """Read the course's rules; the defaults if there is no file. Raises PolicyProblem.

    known: the names of the assignments. student: gives the id of whom an extension names, or None if nobody is meant.
    """
    path = course.root / NAME
    if not path.exists():
        return Policies(path)
    try:
        content = path.read_bytes()
        text = content[:LONGEST_FILE].decode("utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise PolicyProblem(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyProblem(f"{path} is not TOML: {error}") from None
    if len(content) > LONGEST_FILE:
        raise PolicyProblem(f"{path} is larger than 1 MiB: a course's rules need a page")
    return _Reader(path, text, known, student).policies(data)


def course_policies(course: Course) -> Policies:
    """Read the course's rules as `read_policies` does, with extensions by the ids of its own roster; kept until a file
    changes.
    """
    return _kept(course.root, *(_stamp(course.root / name) for name in (NAME, roster.NAME)))


@lru_cache(maxsize=4)
def _kept(root: Path, *stamps: tuple[int, int]) -> Policies:
    students = roster.course_roster(Course(root)) if (root / NAME).exists() else None
    return read_policies(Course(root), student=students.find if students else None)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def policies_text(policies: Policies, assignments: Sequence[str]) -> str:
    """Write the file's text with every value that holds, each with what it means."""
    rules = policies.defaults
    lines = [
        "# The rules of this course. A line that is deleted has its default again: `autograder course` shows all.",
        f'timezone = {_text(policies.zone_name)}  # of times without a zone: UTC, or a name such as "Europe/Berlin"',
        *_settings(rules, "", explain=True),
    ]
    for name in [*assignments, *(name for name in policies.assignments if name not in assignments)]:
        own = policies.rules(name)
        due = _text(NONE) if own.due is None else _text(_moment(own.due, policies))
        lines += ["", f"[assignments.{_key(name)}]", f"due = {due}"]
        lines += _settings(own, f"assignments.{_key(name)}.", unlike=rules)
        lines += ["", f"[assignments.{_key(name)}.extensions]"]
        for student, more in sorted(own.extensions.items()):
            said = _moment(more, policies) if isinstance(more, datetime) else duration_text(more)
            lines.append(f"{_text(student)} = {_text(said)}")
    example = "[assignments.a1.extensions] holds, by student, more time or another due time:"
    lines[1:1] = [
        '# due: "none", or a time such as "2026-10-06 13:30 Europe/Berlin". Each table below may also stand in an',
        "# assignment, as [assignments.a1.late], and then holds for that one alone.",
        f"# {example}",
        '#   s002 = "2 days"        "o\'brien" = "2026-10-08 13:30"',
        "",
    ]
    return "\n".join(lines) + "\n"


# Table, key, the field of Rules, and what it means.
_KEYS = (
    ("late", "grace", "grace", "lateness up to this costs nothing"),
    ("late", "penalty_percent_per_day", "penalty_percent_per_day", "for each day, counted from the due time"),
    ("late", "penalty_cap_percent", "penalty_cap_percent", "no lateness costs more than this"),
    ("late", "penalty_of", "penalty_of", f'percent of what: "{EARNED}" or "{POSSIBLE}"'),
    ("late", "penalty_days", "penalty_days", f'a day counts once it has "{STARTED}", or by its "{EXACT}" part'),
    ("attempts", "allowed", "attempts", "0: any number; of the allowed ones the newest counts"),
    ("feedback", "visible_tests", "visible_tests", f'students see them "{ALWAYS}", "{AFTER_DUE}" or "{NEVER}"'),
    ("feedback", "hidden_tests", "hidden_tests", "the same, of hidden tests"),
    ("written", "numbers", "numbers", f'"{OWN}": each student has own ones, see `autograder variants`; or "{SAME}"'),
)
_CHOICES = {
    "penalty_of": (EARNED, POSSIBLE),
    "penalty_days": (STARTED, EXACT),
    "visible_tests": (ALWAYS, AFTER_DUE, NEVER),
    "hidden_tests": (ALWAYS, AFTER_DUE, NEVER),
    "numbers": (SAME, OWN),
}
_TABLES = tuple(dict.fromkeys(table for table, *_ in _KEYS))


class _Reader:
    """Checks what TOML has read, and knows its place in the text."""

    def __init__(
        self,
        path: Path,
        text: str,
        known: Collection[str] | None,
        student: Callable[[str], str | None] | None,
    ) -> None:
        self.path, self.known, self.student = path, known, student
        self.zone: tzinfo = UTC
        self.places = dict(_places(text))

    def policies(self, data: dict[str, Any]) -> Policies:
        self._only(data, (), ("timezone", *_TABLES, "assignments"))
        name = data.get("timezone", "UTC")
        self.zone = self._read(("timezone",), read_zone, self._is(("timezone",), name, str, "a text"))
        defaults = self._rules(Rules(), data, ())
        found = self._table(data, (), "assignments")
        if self.known is not None:
            self._only(found, ("assignments",), self.known, "assignment")
        own = {}
        for assignment in found:
            where = ("assignments", assignment)
            table = self._table(found, where[:1], assignment)
            self._only(table, where, ("due", "extensions", *_TABLES))
            rules = replace(self._rules(defaults, table, where), assignment=assignment)
            due = table.get("due", NONE)
            if due != NONE:
                rules = replace(rules, due=self._read((*where, "due"), self._time, due))
            own[assignment] = replace(rules, extensions=self._extensions(table, where, rules.due))
        return Policies(self.path, self.zone, name, defaults, own, written=True)

    def _rules(self, rules: Rules, data: dict[str, Any], where: tuple[str, ...]) -> Rules:
        """`rules`, with what the tables of `data` change."""
        for table in _TABLES:
            found = self._table(data, where, table)
            keys = {key: name for one, key, name, _ in _KEYS if one == table}
            self._only(found, (*where, table), keys)
            for key, value in found.items():
                rules = replace(rules, **{keys[key]: self._value((*where, table, key), keys[key], value)})
        return rules

    def _value(self, where: tuple[str, ...], name: str, value: Any) -> Any:
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                choices = ", ".join(f'"{choice}"' for choice in _CHOICES[name])
                self._fail(where, f"{where[-1]} is {_shown(value)}: write one of {choices}")
            return value
        if name == "grace":
            return self._read(where, read_duration, value)
        if name == "attempts":
            number = self._is(where, value, int, "a whole number")
            if number < 0:
                self._fail(where, f"{where[-1]} is {number}: write 0 (any number) or more")
            return number
        number = float(self._is(where, value, (int, float), "a number"))
        if not 0 <= number <= 100:
            self._fail(where, f"{where[-1]} is {value}: write a percentage from 0 to 100")
        return number

    def _extensions(self, table: dict[str, Any], where: tuple[str, ...], due: datetime | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        where = (*where, "extensions")
        for named, value in self._table(table, where[:-1], "extensions").items():
            place = (*where, named)
            student = self.student(named) if self.student else named
            if student is None:
                self._fail(place, f"{_shown(named)} is not on the roster: write the student's id")
            if student in found:
                self._fail(place, f"{_shown(named)} has two extensions: keep one")
            if due is None:
                self._fail(place, f"{where[1]} has no due time, so nothing can be extended: write due = ... above")
            found[student] = self._read(place, self._more, value)
            if isinstance(found[student], datetime) and found[student].timestamp() < due.timestamp():
                self._fail(place, f"the extension of {_shown(named)} ends before the work is due: check the time")
        return found

    def _more(self, value: Any) -> timedelta | datetime:
        try:
            return read_duration(value)
        except TimeProblem as no_duration:
            if isinstance(value, str) and not re.match(r"\d{4}-|\d+[./]", value):
                raise no_duration
            return self._time(value)

    def _time(self, value: Any) -> datetime:
        return read_time(value, self.zone, late=True)

    def _read(self, where: tuple[str, ...], reader: Callable[[Any], Any], value: Any) -> Any:
        try:
            return reader(value)
        except TimeProblem as problem:
            self._fail(where, f"{where[-1]}: {problem}")

    def _is(self, where: tuple[str, ...], value: Any, kind: Any, words: str) -> Any:
        if not isinstance(value, kind) or isinstance(value, bool):
            self._fail(where, f"{where[-1]} is {_shown(value)}: write {words}")
        return value

    def _table(self, data: dict[str, Any], where: tuple[str, ...], key: str) -> dict[str, Any]:
        found = data.get(key, {})
        if not isinstance(found, dict):
            self._fail((*where, key), f"{key} is {_shown(found)}: it is a table; write [{'.'.join((*where, key))}]")
        return found

    def _only(self, data: dict[str, Any], where: tuple[str, ...], allowed: Collection[str], kind: str = "key") -> None:
        for key in data:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                advice = f"did you mean {near[0]}?" if near else f"there are: {', '.join(allowed) or 'none'}"
                self._fail((*where, key), f"there is no {kind} {_shown(key)} here; {advice}")

    def _fail(self, where: tuple[str, ...], text: str) -> NoReturn:
        raise self._problem(where, text)

    def _problem(self, where: tuple[str, ...], text: str) -> PolicyProblem:
        line = next((self.places[where[:end]] for end in range(len(where), 0, -1) if where[:end] in self.places), 1)
        return PolicyProblem(f"{self.path}, line {line}: {text}")


def _places(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield each table and key of a TOML text with its line, found line by line: TOML's own reader does not tell."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = re.match(r"\s*\[[^\[].*?\]\s*(#.*)?$", line), re.match(r"([^=#]*)=", line)
        if header and (path := _path(line)):
            table = path
            yield path, number
        elif key and (path := _path(f"{key[1]}= 0")):
            for end in range(1, len(path) + 1):
                yield (*table, *path[:end]), number


def _path(line: str) -> tuple[str, ...]:
    """Return the keys that a header or an assignment names; () if it is neither."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(found, dict) and found:
        (name, found), *_ = found.items()
        path.append(name)
    return tuple(path)


def _settings(rules: Rules, prefix: str, unlike: Rules | None = None, explain: bool = False) -> Iterator[str]:
    """Yield the lines of the tables; only values unlike those of `unlike`, if given."""
    for table in _TABLES:
        lines = []
        for one, key, name, means in _KEYS:
            value = getattr(rules, name)
            if one == table and (unlike is None or value != getattr(unlike, name)):
                lines.append(f"{key} = {_written(value)}" + (f"  # {means}" if explain else ""))
        if lines:
            yield ""
            yield f"[{prefix}{table}]"
            yield from lines


def _written(value: Any) -> str:
    if isinstance(value, timedelta):
        return _text(duration_text(value))
    if isinstance(value, float):
        return f"{value:g}"
    return _text(value) if isinstance(value, str) else str(value)


def _moment(moment: datetime, policies: Policies) -> str:
    """Return a time as the file has it: with its zone's name, where it has one."""
    zone = getattr(moment.tzinfo, "key", "") or f"{moment:%z}".replace("+0000", "UTC")
    ambiguous = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    return f"{moment:%Y-%m-%d %H:%M:%S} {f'{moment:%z}' if ambiguous else zone}"


def _text(value: str) -> str:
    """Return a TOML basic string."""
    escaped = "".join(
        f"\\u{ord(character):04x}" if ord(character) < 32 or ord(character) == 127 else character
        for character in value.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return f'"{text[:60]}{"..." * (len(text) > 60)}"' if isinstance(value, str) else text[:60]
