"""course.toml: every value has a default, what is wrong is refused with its line, and nothing is read as another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from autograder.course.paths import Course
from autograder.course.policies import NAME, Policies, PolicyProblem, Rules, policies_text, read_policies

KNOWN = ("a1_one", "a2_two")
FULL = """
timezone = "Europe/Berlin"

[late]
grace = "15 minutes"
penalty_percent_per_day = 10
penalty_cap_percent = 50

[attempts]
allowed = 3

[feedback]
hidden_tests = "after due"

[assignments.a1_one]
due = "2026-10-06 13:30"

[assignments.a1_one.extensions]
s002 = "2 days"
"o'brien" = "2026-10-09 12:00 UTC"

[assignments.a2_two]
due = 2026-11-01T12:00:00Z
late.penalty_percent_per_day = 100
"""


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def read(course, text, **settings):
    (course.root / NAME).write_text(text, encoding="utf-8")
    return read_policies(course, KNOWN, **settings)


def utc(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def test_without_a_file_nothing_is_due_and_nothing_costs(course):
    rules = read_policies(course).rules("a1_one")
    assert rules.due_for("s1") is None
    assert rules.penalty(timedelta(days=9), 10, 20) == 0
    assert rules.shows("hidden", datetime.now(UTC))
    assert not read_policies(course).written


def test_a_file_is_read_with_its_zone_its_extensions_and_each_assignments_own_values(course):
    one, two = (read(course, FULL).rules(name) for name in KNOWN)
    assert (utc(one.due_for("s1")), utc(one.due_for("s002")), utc(one.due_for("o'brien"))) == (
        "2026-10-06 11:30", "2026-10-08 11:30", "2026-10-09 12:00",
    )  # fmt: skip
    assert (one.penalty_percent_per_day, two.penalty_percent_per_day) == (10, 100)
    assert two.penalty_cap_percent == 50
    assert (one.attempts, two.attempts, utc(two.due)) == (3, 3, "2026-11-01 12:00")


def test_the_penalty_is_per_day_from_the_due_time_within_grace_and_cap():
    rules = Rules(grace=timedelta(minutes=15), penalty_percent_per_day=10, penalty_cap_percent=50)
    late = {"0": 0, "15 m": 15, "16 m": 16, "1 d": 1440, "1 d 1 m": 1441, "9 d": 12960}
    found = {name: rules.penalty(timedelta(minutes=minutes), 80, 100) for name, minutes in late.items()}
    assert found == {"0": 0, "15 m": 0, "16 m": 8, "1 d": 8, "1 d 1 m": 16, "9 d": 40}
    possible = Rules(penalty_percent_per_day=10, penalty_of="possible points", penalty_days="exact")
    assert possible.penalty(timedelta(hours=12), 80, 100) == pytest.approx(5)
    assert possible.penalty(timedelta(days=9), 80, 100) == 80
    assert possible.penalty(timedelta(seconds=-60), 80, 100) == 0


def test_hidden_tests_are_shown_once_the_last_extension_is_over(course):
    rules = read(course, FULL).rules("a1_one")
    assert not rules.shows("hidden", datetime(2026, 10, 9, 12, 10, tzinfo=UTC))
    assert rules.shows("hidden", datetime(2026, 10, 9, 12, 16, tzinfo=UTC))
    assert rules.shows("visible", datetime(2026, 10, 1, tzinfo=UTC))
    assert not read(course, '[feedback]\nhidden_tests = "after due"').rules("a1_one").shows("hidden", datetime.now(UTC))
    assert not read(course, '[feedback]\nvisible_tests = "never"').rules("a1_one").shows("visible", datetime.now(UTC))


def test_time_is_over_when_it_has_passed_where_clocks_are_put_back(course):
    text = FULL.replace("2026-10-06 13:30", "2026-10-25 02:50 CEST").replace("2 days", "20 minutes")
    rules = read(course, text.replace("2026-10-09 12:00 UTC", "2026-10-25 02:50 CEST")).rules("a1_one")
    assert utc(rules.due_for("s002")) == "2026-10-25 01:10"
    assert not rules.over(datetime(2026, 10, 25, 1, 25, tzinfo=UTC))
    assert rules.over(datetime(2026, 10, 25, 1, 26, tzinfo=UTC))


def test_what_is_written_out_is_read_as_the_same(course):
    for text in ("", FULL):
        first = read(course, text)
        again = read(course, policies_text(first, KNOWN))
        for name in KNOWN:
            assert again.rules(name) == first.rules(name)
        assert policies_text(again, KNOWN) == policies_text(first, KNOWN)


def test_every_value_is_written_with_its_default(course):
    written = policies_text(Policies(course.root / NAME), KNOWN)
    for line in (
        'timezone = "UTC"', 'grace = "0 minutes"', "penalty_percent_per_day = 0", "penalty_cap_percent = 100",
        "allowed = 0",
        'penalty_of = "earned points"', 'penalty_days = "started"', 'visible_tests = "always"',
        'hidden_tests = "always"', 'numbers = "same"', "[assignments.a1_one]", 'due = "none"',
        "[assignments.a1_one.extensions]",
    ):  # fmt: skip
        assert f"\n{line}" in written, line


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("timezone = 'UTC'\n[late]\ngrase = '1 day'", 3, "did you mean grace?"),
        ("\n\nlate.grase = '1 day'", 3, "did you mean grace?"),
        ("timezone = 'PST'", 1, "not one time zone"),
        ("timezone = 2", 1, "timezone is 2: write a text"),
        ("[late]\npenalty_percent_per_day = '10'", 2, "write a number"),
        ("[late]\npenalty_percent_per_day = true", 2, "write a number"),
        ("[late]\npenalty_percent_per_day = -1", 2, "from 0 to 100"),
        ("[late]\npenalty_percent_per_day = nan", 2, "from 0 to 100"),
        ("[late]\ngrace = 15", 2, "no duration"),
        ("[late]\npenalty_of = 'all'", 2, '"earned points", "possible points"'),
        ("[attempts]\nallowed = 1.5", 2, "a whole number"),
        ("[feedback]\nhidden_tests = 'later'", 2, '"after due"'),
        ("[written]\nnumbers = 'mine'", 2, '"same", "own"'),
        ("late = 3", 1, "it is a table; write [late]"),
        ("[assignments.a3_three]\ndue = 'none'", 1, 'no assignment "a3_three" here; there are: a1_one, a2_two'),
        ("[assignments.a1_one]\n\ndue = '06/10/2026'", 3, "no time for certain"),
        ("[assignments.a1_one]\ndue = '2026-10-06 13:30 PST'", 2, "not one time zone"),
        ("[assignments.a1_one]\ndue = '13:30:00 +0200'", 2, "no time for certain"),
        ("[assignments.a1_one]\ndue = 2026-10-06", 2, "no time of day"),
        ("[assignments.a1_one]\nduedate = 'none'", 2, "did you mean due?"),
        ("[assignments.a1_one.extensions]\ns1 = '2 days'", 2, "no due time"),
        ("[assignments.a1_one]\ndue='2026-10-06 12:00'\n[assignments.a1_one.extensions]\ns1 = 'x'", 4, "no duration"),
        ("[assignments.a1_one]\ndue='2026-10-06 12:00'\n[assignments.a1_one.extensions]\ns1 = '6/11/26'", 4, "no time"),
        (
            "[assignments.a1_one]\ndue='2026-10-06 12:00'\n[assignments.a1_one.extensions]\ns1='2026-10-05 12:00'",
            4,
            "ends before",
        ),
        ("timezone = 'UTC'\nlate = = 3", 2, "is not TOML"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(course, text, line, says):
    with pytest.raises(PolicyProblem) as refused:
        read(course, text)
    assert f"line {line}" in str(refused.value)
    assert says in str(refused.value)
    assert NAME in str(refused.value)


def test_an_extension_of_nobody_is_refused_and_another_name_of_somebody_is_understood(course):
    ids = {"s002": "s002", "mail@uni.edu": "s003", "o'brien": "o'brien"}
    assert set(read(course, FULL, student=ids.get).rules("a1_one").extensions) == {"s002", "o'brien"}
    text = FULL.replace("s002 =", '"mail@uni.edu" =')
    assert set(read(course, text, student=ids.get).rules("a1_one").extensions) == {"s003", "o'brien"}
    with pytest.raises(PolicyProblem, match=r'line 19: "s0002" is not on the roster'):
        read(course, FULL.replace("s002", "s0002"), student=ids.get)


def test_a_file_that_is_no_text_is_a_sentence(course):
    (course.root / NAME).write_bytes(b"timezone = '\xff'")
    with pytest.raises(PolicyProblem, match="UTF-8"):
        read_policies(course)
