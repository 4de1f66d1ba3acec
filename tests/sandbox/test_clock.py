"""What student code may use of the processors, and of the clock: counted apart, whichever is used up first."""

from __future__ import annotations

import pytest

from autograder.sandbox import clock
from autograder.sandbox.clock import Allowance


class Machine:
    """A clock and a count of processor time that stand still until they are told otherwise."""

    now = 100.0
    used = 7.0
    looks = 0

    def look(self):
        self.looks += 1
        return self.used

    def passes(self, seconds, computed=0.0):
        self.now += seconds
        self.used += computed

    def runs(self, allowance, seconds, share):
        """Look every half second, while student code gets this share of the processor; what is left in the end."""
        left = [allowance() for _ in range(int(2 * seconds)) if not self.passes(0.5, 0.5 * share)]
        return left[-1]


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setattr(clock.time, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def allowance(machine):
    """What one call may use: 5 s of the processors, and 50 s by the clock."""
    whole = Allowance(machine.look, 1000.0, 10.0)
    whole.before = machine.used
    return Allowance(machine.look, 5.0, 10.0, whole)


def test_a_call_that_is_answered_at_once_costs_no_look(machine, allowance):
    assert 0 < allowance() <= clock.LOOK
    assert machine.looks == 0


def test_a_reply_in_many_pieces_costs_no_look_for_each(machine, allowance):
    for _ in range(100):
        machine.passes(clock.LOOK / 50)
        assert allowance() > 0
    assert machine.looks <= 2


def test_time_in_which_others_compute_does_not_count(machine, allowance):
    assert machine.runs(allowance, 49, share=0.1) > 0


def test_processor_time_is_what_is_limited(machine, allowance):
    machine.passes(1.0)
    assert allowance() > 0
    machine.passes(1.0, computed=5.1)
    assert allowance() == 0
    assert str(allowance.spent) == "needs more than 5 s of processor time"
    assert not allowance.spent.idle


@pytest.mark.parametrize(("share", "idle"), [(0.0, True), (0.05, False)])
def test_the_clock_ends_what_waits_and_tells_it_from_what_was_held_up(machine, allowance, share, idle):
    assert machine.runs(allowance, 49, share) > 0
    assert machine.runs(allowance, 2, share) == 0
    assert str(allowance.spent) == "takes more than 50 s by the clock"
    assert allowance.spent.idle is idle


def test_time_in_which_the_grader_itself_stood_still_does_not_count(machine, allowance):
    assert machine.runs(allowance, 2, share=0.0) > 0
    machine.passes(3600.0)
    assert allowance() > 0


def test_a_call_may_not_use_more_than_its_submission_has_left(machine):
    whole = Allowance(machine.look, 20.0, 10.0)
    whole.before = machine.used
    machine.passes(30.0, computed=19.0)
    allowance = Allowance(machine.look, 5.0, 10.0, whole)
    machine.passes(1.0)
    assert allowance() > 0
    machine.passes(1.0, computed=1.5)
    assert allowance() == 0
    assert str(allowance.spent) == "the submission needs more than 20 s of processor time"
    assert allowance.spent.whole
