"""Submissions are graded as they arrive, by stand-ins for graders; the gradebook and the pages are real."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import date

import pytest

from autograder.gradebook.watch import Watch
from autograder.grading import grader
from autograder.grading.assignment import NotBuilt
from autograder.grading.options import Options
from sample import may_not_be_entered

from .conftest import ASSIGNMENT as TINY


class Stand:
    """A place where a notebook has a point for each time that it says POINT."""

    threads, host = 1, ""

    def __init__(self, results):
        self.results, self.graded = results, []

    def submit(self, job):
        self.graded.append(job.student)
        content = job.received.content.decode()
        result = self.results(job.student, double=float(content.count("POINT")), key=job.key)
        if "trap" in content:
            result.status = "failed"
        if not content.endswith("}"):
            result.status, result.exercises, result.reason = "unreadable", [], "it is no JSON"
        future = Future()
        future.set_result(grader.Graded(result.to_json(), 0.1))
        return future


class Machines:
    look_again = None

    def __init__(self, place):
        self.place = place

    def prepare(self, assignment, options):
        """Nothing to do."""

    def start(self, jobs):
        """Nothing to do."""

    def current(self):
        return [self.place]

    def close(self):
        """Nothing to do."""


@pytest.fixture
def place(made):
    return Stand(made)


@pytest.fixture
def said():
    return []


@pytest.fixture
def watch(desk, place, said, _files):
    def start(**settings):
        options = Options(wall="none", machines=Machines(place))
        return Watch(desk.course, desk.repository, [TINY], options, say=said.append, **settings)

    return start


@pytest.fixture
def _files(desk):
    """What grading wants to find of an assignment."""
    for path in (desk.repository.hidden(TINY), desk.repository.visible(TINY), desk.repository.cases(TINY)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def solved(points):
    return {"double-solution": "POINT " * points}


def test_a_submission_is_graded_when_it_is_complete_and_again_when_it_is_another(desk, watch, place, said):
    watching = watch()
    desk.submit("s1", solved(2))
    assert watching.look() == []  # it may still be arriving
    assert [result.points for result in watching.look()] == [8.0]
    assert "double" in desk.page("s1")
    assert said == [f"s1, {TINY}: 8.00 of 10.00"]
    assert watching.look() == []
    desk.submit("s1", solved(3))
    desk.submit("s2", solved(1))
    assert watching.look() == []
    desk.submit("s2", solved(4))
    assert [result.student for result in watching.look()] == ["s1"]
    assert [result.student for result in watching.look()] == ["s2"]
    assert place.graded == ["s1", "s1", "s2"]
    assert (desk.grades("s1")["double"], desk.grades("s2")["double"]) == (3.0, 4.0)


def test_what_arrived_while_nobody_watched_is_graded_and_nothing_twice(desk, watch, place):
    desk.submit("s1", solved(2))
    first = watch()
    first.look()
    first.look()
    desk.submit("s2", solved(2))
    again = watch()
    assert [again.look(), [result.student for result in again.look()]] == [[], ["s2"]]
    assert place.graded == ["s1", "s2"]


def test_attempts_are_limited_by_the_day_and_a_restart_gives_none_back(desk, watch, place, said):
    today = date(2026, 1, 1)
    for points in (1, 2, 3):
        desk.submit("s1", solved(points))
        watching = watch(attempts=2, today=lambda: today)
        for _ in range(3):
            watching.look()
    assert place.graded == ["s1", "s1"]
    assert desk.grades("s1")["double"] == 2.0
    assert said[-1] == f"s1, {TINY}: waits for tomorrow, 2 were graded today"
    assert len(said) == 3
    desk.submit("s1", solved(1))
    watching.look()
    watching.look()
    assert len(place.graded) == 3, "what was graded today already costs no attempt"
    desk.submit("s1", solved(3))
    watching.look()
    today = date(2026, 1, 2)
    watching.look()
    assert desk.grades("s1")["double"] == 3.0


def test_a_half_copied_notebook_costs_no_attempt(desk, watch, place):
    path = desk.submit("s1", solved(1))
    whole = path.read_bytes()
    for content in (whole[:100], whole[:200], whole):
        path.write_bytes(content)
        watching = watch(attempts=1, today=lambda: date(2026, 1, 1))
        watching.look()
        results = watching.look()
    assert [result.status for result in results] == ["graded"]
    desk.submit("s1", solved(2))
    watching.look()
    assert watching.look() == [], "one attempt was allowed"


def test_two_submissions_whose_files_hold_the_same_bytes_in_a_row_are_two_attempts(desk, watch, place):
    name = f"{TINY}.ipynb"
    watching = watch(attempts=1, today=lambda: date(2026, 1, 1))
    second = desk.submit("s1", solved(2)).read_bytes()
    path = desk.submit("s1", solved(1))
    first = path.read_bytes()
    path.with_name("A").write_bytes(b"")
    path.with_name(f"{name} ").write_bytes(second)
    watching.look()
    watching.look()
    path.with_name("A").write_bytes(name.encode() + first)
    path.write_bytes(b" " + second)
    path.with_name(f"{name} ").unlink()
    watching.look()
    watching.look()
    assert place.graded == ["s1"]


def test_the_same_work_handed_in_later_is_no_other_attempt(desk, watch, place, said):
    watching = watch(attempts=1, today=lambda: date(2026, 1, 1))
    path = desk.submit("s1", solved(1))
    for time in ("10:00:00", "10:05:00"):
        path.with_name("timestamp.txt").write_text(f"2026-01-01 {time} UTC")
        watching.look()
        watching.look()
    assert place.graded == ["s1"]
    assert said == [f"s1, {TINY}: 7.00 of 10.00"]


def test_what_is_wrong_with_one_assignment_or_the_exchange_keeps_no_other_waiting(desk, watch, place):
    desk.configure("c.Exchange.root = '/nowhere'")
    desk.submit("s1", solved(1))
    watching = watch(inbound=True)
    watching.assignments = ["not_built", TINY]
    (desk.course.submitted / "s1" / "not_built").mkdir()
    for _ in range(2):
        with pytest.raises(NotBuilt, match="not_built was not built"):
            watching.look()
    assert place.graded == ["s1"]


def test_a_failure_of_the_grader_is_tried_again_but_not_for_ever(desk, watch, place):
    desk.submit("s1", {"double-solution": "trap"})
    watching = watch()
    for _ in range(7):
        watching.look()
    assert place.graded == ["s1"] * 3
    assert desk.grades("s1") == {}


def test_a_folder_that_may_not_be_entered_is_graded_as_what_it_is_and_ends_no_watch(desk, watch, place, monkeypatch):
    folder = desk.submit("s1", solved(2)).parents[1]
    desk.submit("s2", solved(2))
    may_not_be_entered(folder, monkeypatch)
    watching = watch(attempts=1)
    watching.look()
    assert [result.student for result in watching.look()] == ["s1", "s2"]


def test_who_joins_the_class_meanwhile_is_on_the_roster(desk, watch, place):
    known = ("s1",)
    asked = []
    submit = place.submit
    place.submit = lambda job: asked.append(job.options.roster) or submit(job)
    watching = watch(roster=lambda: known)
    for student in ("s1", "s2"):
        desk.submit(student, solved(1))
    watching.look()
    watching.look()
    assert asked == [("s1",), ()]
    known = ("s1", "s2")
    watching.look()
    assert asked == [("s1",), (), ("s2",)]


def test_the_inbound_exchange_is_collected(desk, watch, place, tmp_path):
    inbound = tmp_path / "exchange" / desk.course.root.name / "inbound"
    desk.configure(f"c.Exchange.root = {str(tmp_path / 'exchange')!r}", "c.ExchangeCollect.check_owner = False")
    handed_in = desk.submit("s1", solved(2)).parent
    arrived = inbound / f"s1+{TINY}+2026-01-01 10:00:00 UTC"
    inbound.mkdir(parents=True)
    handed_in.rename(arrived)
    (arrived / "timestamp.txt").write_text("2026-01-01 10:00:00 UTC")
    watching = watch(inbound=True)
    watching.look()
    assert [result.points for result in watching.look()] == [8.0]
    assert desk.course.submission("s1", TINY).is_file()
