"""Reads times and durations as people and learning platforms write them: understood for certain, or refused in a
sentence. Nothing is guessed: a wrong hour costs a student points.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_WRITE = "write it as 2026-10-06 13:30 Europe/Berlin, 2026-10-06 13:30 +02:00 or 2026-10-06T11:30Z"
_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?P<zone>\S.*)?"
)
# nbgrader's zip_collect names times 2026-10-06-13-30-00
_DASHED = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})-(\d{2})")
# Moodle's grading worksheet: Tuesday, 6 October 2026, 1:30 PM
_MOODLE = re.compile(r"[A-Za-z]+, (\d{1,2}) ([A-Za-z]+) (\d{4}), (\d{1,2}):(\d{2})(?: ?([AaPp][Mm]))?")
# Brightspace's folders: Oct 6, 2026 926 PM
_BRIGHTSPACE = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) (\d{1,2})(\d{2}) ([AP]M)")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(weeks?|days?|hours?|minutes?|w|d|h|min|m)\b", re.IGNORECASE)
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
LONGEST_TEXT = 100


class TimeProblem(ValueError):
    """A text that is no time, no zone or no duration for certain; the message says what to write instead."""


def read_zone(name: str) -> tzinfo:
    """Return the zone of an IANA name (`Europe/Berlin`), of UTC, or of an offset (`+02:00`). Raises TimeProblem.

    Abbreviations such as PST, CET or EST name several zones, or none in summer: they are refused.
    """
    if name in ("UTC", "GMT", "Z", "z"):
        return UTC
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset >= timedelta(hours=15) or int(minutes or 0) > 59:
            raise TimeProblem(f"{_quoted(name)} is no time zone: no place is more than 14 hours from UTC")
        return timezone(offset if sign == "+" else -offset)
    if "/" in name:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # no such key, or one that leads out of the folder of zones
            raise TimeProblem(f"there is no time zone {_quoted(name)}: write one such as Europe/Berlin") from None
    raise TimeProblem(
        f"{_quoted(name)} is not one time zone for certain: write a name such as Europe/Berlin, or an offset such as "
        "+02:00"
    )


def read_time(value: object, zone: tzinfo, *, late: bool = False) -> datetime:
    """Return the moment that `value` names, with its zone. Raises TimeProblem.

    value: a text (2026-10-06 13:30, with or without seconds and a zone), or what TOML makes of an unquoted one.
    zone: of the course, for a time without one; its own abbreviations (PDT in America/Los_Angeles) are understood.
    late: which of the two is meant where clocks are put back and an hour comes twice: the later, or the earlier.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else _placed(value, zone, late)
    if isinstance(value, date):
        raise TimeProblem(f"{value} has no time of day: write {value} 23:59")
    if not isinstance(value, str):
        raise TimeProblem(f"{_quoted(str(value))} is no time: {_WRITE}")
    text = " ".join(value.split())
    if match := _DASHED.fullmatch(text):
        text = f"{match[1]} {match[2]}:{match[3]}:{match[4]}"
    if match := _MOODLE.fullmatch(text):
        text = _from_words(match.groups(), text)
    if match := _BRIGHTSPACE.fullmatch(text):
        month, day, *rest = match.groups()
        text = _from_words((day, month, *rest), text)
    match = _TIME.fullmatch(text)
    if match is None:
        raise TimeProblem(f"{_quoted(text)} is no time for certain: {_WRITE}")
    if match["hour"] is None:
        raise TimeProblem(f"{_quoted(text)} has no time of day: write {match['date']} 23:59")
    try:
        hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
        local = datetime.combine(date.fromisoformat(match["date"]), time(hour, minute, second))
    except ValueError as error:
        raise TimeProblem(f"{_quoted(text)} is no time: {error}") from None
    if match["zone"] is None:
        return _placed(local, zone, late)
    for fold in (int(late), int(not late)):
        own = local.replace(tzinfo=zone, fold=fold)
        if own.tzname() == match["zone"]:  # PST in the winter of a course in America/Los_Angeles
            return own
    try:
        return _placed(local, read_zone(match["zone"]), late)
    except TimeProblem as problem:
        raise TimeProblem(f"{_quoted(text)}: {problem}") from None


def read_duration(value: object) -> timedelta:
    """Return what `15 minutes`, `2 days 12 hours` or `0` says. Raises TimeProblem."""
    text = " ".join(str(value).split())
    if isinstance(value, str) and text in ("0", "none"):
        return timedelta()
    parts = _DURATION.findall(text)
    if not isinstance(value, str) or not parts or _DURATION.sub("", text).replace("and", "").strip(" ,"):
        raise TimeProblem(f'{_quoted(text)} is no duration: write "15 minutes" or "2 days 12 hours"')
    return sum((float(number) * _UNITS[unit[0].lower()] for number, unit in parts), timedelta())


def after(moment: datetime, duration: timedelta) -> datetime:
    """Return the moment a duration later, in the same zone: days by the calendar, the rest as it passes.

    Two days after noon is noon, also where clocks are changed between; a time that clocks repeat or jump over is the
    later of the two moments that it can mean. (Python's own sum would count the hours by the clock on the wall.)
    """
    start = moment.astimezone(UTC)
    if duration.days:
        day = moment + timedelta(days=duration.days)
        start = max(day.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return (start + (duration - timedelta(days=duration.days))).astimezone(moment.tzinfo)


def passed(since: datetime, until: datetime) -> timedelta:
    """Return the time that passes between two moments. (Python's own difference in one zone is that of wall clocks.)"""
    return until.astimezone(UTC) - since.astimezone(UTC)


def duration_text(duration: timedelta) -> str:
    """Write a duration as `read_duration` reads it."""
    minutes = round(duration.total_seconds() / 60)
    parts = [(minutes // 1440, "day"), (minutes % 1440 // 60, "hour"), (minutes % 60, "minute")]
    return " ".join(f"{number} {unit}{'s' * (number != 1)}" for number, unit in parts if number) or "0 minutes"


def nbgrader_text(moment: datetime) -> str:
    """Write a moment as nbgrader's exchange does: in UTC, which every version of nbgrader reads rightly."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def _placed(local: datetime, zone: tzinfo, late: bool) -> datetime:
    """Return the moment of a local time in a zone; TimeProblem if clocks jump over it."""
    found = local.replace(tzinfo=zone, fold=int(late))
    if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise TimeProblem(f"{local} does not exist in {zone}: clocks are put forward over it; write another time")
    return found


def _from_words(parts: tuple[str, ...], text: str) -> str:
    """Return the time in figures. parts: day, month, year, hour, minute, and AM, PM or nothing."""
    day, month, year, hour, minute, half = parts
    known = next((name for name in _MONTHS if month.lower() in (name, name[:3])), None)
    if known is None:
        raise TimeProblem(f"{_quoted(text)} names no month in English: {_WRITE}")
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise TimeProblem(f"{_quoted(text)} is no time: {_WRITE}")
        hours = hours % 12 + 12 * (half.lower() == "pm")
    return f"{year}-{_MONTHS.index(known) + 1:02}-{int(day):02} {hours:02}:{minute}"


def _quoted(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{shown[:LONGEST_TEXT]}{"..." * (len(shown) > LONGEST_TEXT)}"'
