"""A time is understood for certain or refused in a sentence; none is read as another."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from nbgrader.utils import parse_utc

from autograder.course.times import (
    TimeProblem,
    after,
    duration_text,
    nbgrader_text,
    passed,
    read_duration,
    read_time,
    read_zone,
)

BERLIN, LOS_ANGELES = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles")


def utc(text, zone=UTC, **settings):
    return f"{read_time(text, zone, **settings).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-06 13:30:00 +0200",
        "2026-10-06 13:30 +02:00",
        "2026-10-06T13:30+02",
        "2026-10-06 13:30:00.123456 +0200",
        "2026-10-06 13:30 UTC+02:00",
        "2026-10-06  13:30 Europe/Berlin",
        "2026-10-06 11:30:00.000000 UTC",
        "2026-10-06T11:30Z",
        "2026-10-06 11:30 GMT",
        "2026-10-06-11-30-00",
        "Tuesday, 6 October 2026, 11:30 AM",
        "Tuesday, 6 October 2026, 11:30",
        "2026-10-06 11:30",
        datetime(2026, 10, 6, 11, 30),
        datetime.fromisoformat("2026-10-06T13:30:00+02:00"),
    ],
)
def test_these_are_the_same_moment(text):
    assert utc(text) == "2026-10-06 11:30:00"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("06/10/2026 13:30", "no time for certain"),
        ("06.10.2026 13:30", "no time for certain"),
        ("13:30:00 +0200", "no time for certain"),
        ("tomorrow", "no time for certain"),
        ("2026-10-06", "no time of day: write 2026-10-06 23:59"),
        (date(2026, 10, 6), "no time of day"),
        ("2026-10-06 13:30 PST", '"PST" is not one time zone for certain'),
        ("2026-10-06 13:30 CET", "not one time zone"),
        ("2026-10-06 13:30 EST", "not one time zone"),
        ("2026-10-06 13:30 Europe/Berln", "there is no time zone"),
        ("2026-10-06 13:30 ../../etc/passwd", "there is no time zone"),
        ("2026-10-06 13:30 +25:00", "no place is more than 14 hours"),
        ("2026-13-06 13:30", "is no time"),
        ("2026-10-06 24:30", "is no time"),
        ("2026-02-30 12:00", "is no time"),
        ("1 PM", "no time for certain"),
        (1760000000, "is no time"),
        (True, "is no time"),
        ("", "no time for certain"),
        ("2" * 10_000, "..."),
    ],
)
def test_what_is_not_certain_is_refused_with_what_to_write(text, says):
    with pytest.raises(TimeProblem, match=r"write|no time|within|14 hours") as refused:
        read_time(text, UTC)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 400


def test_the_courses_zone_counts_for_a_time_without_one():
    assert utc("2026-10-06 13:30", BERLIN) == "2026-10-06 11:30:00"
    assert utc("2026-12-06 13:30", BERLIN) == "2026-12-06 12:30:00"


def test_the_courses_own_abbreviations_are_understood_at_their_time_of_year():
    assert utc("2026-12-06 13:30:00 PST", LOS_ANGELES) == "2026-12-06 21:30:00"
    assert utc("2026-07-06 13:30:00 PDT", LOS_ANGELES) == "2026-07-06 20:30:00"
    with pytest.raises(TimeProblem):
        read_time("2026-07-06 13:30 PST", LOS_ANGELES)


def test_an_hour_that_comes_twice_and_one_that_does_not_come():
    assert utc("2026-10-25 02:30", BERLIN) == "2026-10-25 00:30:00"
    assert utc("2026-10-25 02:30", BERLIN, late=True) == "2026-10-25 01:30:00"
    with pytest.raises(TimeProblem, match="does not exist"):
        read_time("2026-03-29 02:30", BERLIN)


@pytest.mark.parametrize(
    ("start", "duration", "end", "hours"),
    [
        ("2026-10-24 13:30", "2 days", "2026-10-26 13:30:00+01:00", 49),
        ("2026-03-28 13:30", "2 days", "2026-03-30 13:30:00+02:00", 47),
        ("2026-10-24 23:00", "12 hours", "2026-10-25 10:00:00+01:00", 12),
        ("2026-03-28 23:00", "12 hours", "2026-03-29 12:00:00+02:00", 12),
        ("2026-10-24 02:30", "1 day", "2026-10-25 02:30:00+01:00", 25),  # an hour that comes twice: the later
        ("2026-03-28 02:30", "1 day", "2026-03-29 03:30:00+02:00", 24),  # one that does not come
        ("2026-10-25 02:50", "15 minutes", "2026-10-25 02:05:00+01:00", 0.25),
    ],
)
def test_a_duration_is_days_by_the_calendar_and_hours_as_they_pass(start, duration, end, hours):
    begin = read_time(start, BERLIN)
    found = after(begin, read_duration(duration))
    assert str(found) == end
    assert passed(begin, found) == timedelta(hours=hours)


def test_what_is_written_for_nbgrader_is_read_by_it_as_the_same_moment():
    moment = read_time("2026-10-06 13:30:00 +0200", UTC)
    assert nbgrader_text(moment) == "2026-10-06 11:30:00.000000 UTC"
    assert parse_utc(nbgrader_text(moment)) == moment.astimezone(UTC).replace(tzinfo=None)


@pytest.mark.parametrize("name", ["PST", "MEZ", "", "Mars", "EST5EDT"])
def test_only_a_certain_zone_is_a_zone(name):
    with pytest.raises(TimeProblem):
        read_zone(name)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15 minutes", 15),
        ("2 days 12 hours", 3600),
        ("1.5 h", 90),
        ("1 week", 10080),
        ("0", 0),
        ("2 days and 1 h", 2940),
    ],
)
def test_durations(text, minutes):
    assert read_duration(text) == timedelta(minutes=minutes)
    assert read_duration(duration_text(read_duration(text))) == timedelta(minutes=minutes)


@pytest.mark.parametrize("value", ["15", "soon", "-2 days", "2 fortnights", 15, "", "1 day x", None])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(TimeProblem, match="is no duration"):
        read_duration(value)
