"""selfcheck/budget.py: a cell does as much as its time allows."""

import pytest

from selfcheck import budget


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when work is done."""
    now = [100.0]
    monkeypatch.setattr(budget.time, "process_time", lambda: now[0])
    return now


def worker(clock, each):
    def work(count):
        clock[0] += each * count

    return work


def test_quick_work_is_done_in_full_and_nothing_is_said(clock, capsys):
    assert budget.affordable(4200, 60, worker(clock, 0.01), sample=5, what="batches") == 4200
    assert capsys.readouterr().out == ""


def test_slow_work_is_done_as_far_as_the_time_goes_and_that_is_said(clock, capsys):
    assert budget.affordable(4200, 60, worker(clock, 0.5), sample=5, what="batches") == 120
    assert capsys.readouterr().out.startswith(
        "Your code would need about 2,100 s for 4,200 batches: this cell takes 120,"
    )


def test_the_sample_is_the_least(clock):
    assert budget.affordable(4200, 60, worker(clock, 100), sample=5, what="batches") == 5


def test_no_more_than_what_is_wanted(clock):
    assert budget.affordable(3, 60, worker(clock, 0.0001), sample=5, what="words") == 3


def test_what_is_slow_the_first_time_alone_is_done_in_full(clock, capsys):
    works = iter((worker(clock, 5.0), worker(clock, 0.01)))
    assert budget.affordable(4200, 60, lambda count: next(works)(count), sample=5, what="batches") == 4200
    assert capsys.readouterr().out == ""
