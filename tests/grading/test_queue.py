"""Which process grades what, and what becomes of the rest when a process dies; no sandbox, no tests."""

from __future__ import annotations

import multiprocessing
import os
import resource
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.paths import Course, Repository
from autograder.grading import grader, queue
from autograder.grading.assignment import Assignment
from autograder.grading.options import Options
from autograder.grading.submission import Received, receive
from sample import NAME


def job(student, *, slow=False):
    here = Path("/nowhere")
    received = Received(b"")
    return grader.Job(
        Course(here), Repository(here), NAME, student, here, here, received, Options(wall="none"), "", "", slow
    )


def graded(job):
    """In the place of grader.run: a killer kills its process, what is late or looping runs out of time."""
    if job.student.startswith("killer") or (job.student.startswith("late killer") and job.only):
        os._exit(1)
    result = grader.blank_result(_GRADED["assignment"], job, "graded", "")
    if not job.only:
        result.exercise("scaled").points = result.points = 40.0
    result.exercises = [exercise for exercise in result.exercises if exercise.name in (job.only or ("scaled", "total"))]
    if job.only:
        result.exercise("total").points = 30.0  # of looping too, whose second result does not count
    late = (("total", 1),) if job.student == "looping" or (job.student.startswith("late") and not job.only) else ()
    return grader.Graded(result.to_json(), 0.5, late)


_GRADED: dict[str, Assignment] = {}


class Here(Executor):
    """Runs a job when it is given, and notes it."""

    def __init__(self):
        self.students = []

    def submit(self, function, /, job):
        self.students.append(job.student)
        future = Future()
        future.set_result(function(job))
        return future


@pytest.fixture
def made(monkeypatch, assignment):
    """The processes, as they are made; they run `graded`."""
    monkeypatch.setitem(_GRADED, "assignment", assignment)
    monkeypatch.setattr(grader, "run", graded)
    processes = []

    def process():
        processes.append(Here())
        return processes[-1]

    monkeypatch.setattr(queue, "local_executor", process)
    return processes


def local(workers):
    machines = queue.Local()
    machines.most = workers
    return machines


def run(jobs, assignment, workers=1, machines=None):
    coming = queue.run(jobs, assignment, machines or local(workers), close=machines is None)
    assert next(coming) is None
    return {result.student: (result.status, seconds) for result, seconds in coming}


def test_what_is_slow_to_import_is_imported_in_one_process(made, assignment):
    jobs = [job(f"s{number:02}", slow=number % 4 == 0) for number in range(24)]
    assert run(jobs, assignment, 2) == {job.student: ("graded", 0.5) for job in jobs}
    first, second = made
    assert first.students[:6] == [job.student for job in jobs if job.slow]
    assert not {job.student for job in jobs if job.slow} & set(second.students)
    assert len(first.students) + len(second.students) == 24


def test_slow_jobs_are_shared_when_nothing_else_is_left(made, assignment):
    jobs = [job(f"s{number:02}", slow=True) for number in range(12)]
    assert len(run(jobs, assignment, 3)) == 12
    assert all(process.students for process in made)


def test_machines_of_somebody_elses_are_used_and_left_open(made, assignment):
    machines = local(1)
    assert len(run([job("s1"), job("s2", slow=True)], assignment, machines=machines)) == 2
    assert len(run([job("s3")], assignment, machines=machines)) == 1
    (process,) = made
    assert sorted(process.students) == ["s1", "s2", "s3"]


def test_a_submission_that_changes_while_it_waits_gets_no_result_under_its_first_key(made, assignment, tmp_path):
    path = tmp_path / "s1" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("first")
    first = receive(path, tmp_path, assignment).digest()
    waiting = replace(job("s1"), received=first, path=path, submitted=tmp_path)
    assert run([waiting], assignment) == {"s1": ("graded", 0.5)}
    path.write_text("second")
    assert run([waiting, job("s2")], assignment) == {"s1": ("failed", 0.0), "s2": ("graded", 0.5)}


@pytest.mark.parametrize(("kind", "have", "said"), [
    (resource.RLIMIT_AS, 1_500_000 * 2**10, "ulimit -v 8388608"), (resource.RLIMIT_NOFILE, 64, "ulimit -n 256"),
    (resource.RLIMIT_CPU, 60, "ulimit -t 121"),
])  # fmt: skip
def test_a_shell_whose_limits_are_below_a_submissions_grades_nothing(monkeypatch, assignment, kind, have, said):
    """Else what a submission cannot have for that reason would be its own fault."""
    real = resource.getrlimit
    monkeypatch.setattr(resource, "getrlimit", lambda asked: (have, have) if asked == kind else real(asked))
    with pytest.raises(OSError, match=said):
        queue.Local().prepare(assignment, Options(wall="none"))


def test_nobody_else_pays_for_a_submission_that_kills_its_process(made, assignment, monkeypatch):
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(queue, "local_executor", lambda: ProcessPoolExecutor(1, mp_context=fork))
    students = ["s1", "killer1", "s2", "killer2", "s3", "s4"]
    for workers in (1, 2):
        got = run([job(student) for student in students], assignment, workers)
        assert {student for student, (status, _) in got.items() if status == "failed"} == {"killer1", "killer2"}
        assert sorted(got) == sorted(students)


def test_what_ran_out_of_time_is_graded_again_at_the_end_and_alone(made, assignment, monkeypatch):
    given = []

    class Noted(Here):
        def submit(self, function, /, job):
            given.append((job.student, job.only, sum(len(line.given) for line in lines)))
            return super().submit(function, job)

    class Line(queue._Line):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            lines.append(self)

    lines: list[queue._Line] = []
    monkeypatch.setattr(queue, "local_executor", Noted)
    monkeypatch.setattr(queue, "_Line", Line)
    students = ["late1", "s1", "looping", "s2", "late2", "s3"]
    coming = queue.run([job(student) for student in students], assignment, local(2), close=True)
    assert next(coming) is None
    results = {result.student: (result, seconds) for result, seconds in coming}
    assert list(results)[3:] == [student for student, only, _ in given if only]
    again = given[len(students) :]
    assert {student: only for student, only, _ in again} == dict.fromkeys(("late1", "late2", "looping"), ("total",))
    assert [beside for *_, beside in again] == [0, 0, 0]
    assert len(given) == len(students) + 3
    assert {student: result.points for student, (result, _) in results.items()} == {
        **dict.fromkeys(["s1", "s2", "s3"], 40.0),
        **dict.fromkeys(["late1", "late2"], 70.0),
        "looping": 40.0,
    }
    assert {e.name: e.points for e in results["late1"][0].exercises} == {"scaled": 40.0, "total": 30.0}
    assert results["late1"][1] == 1.0


def test_a_process_that_dies_of_a_second_grading_ends_in_no_grade(made, assignment, monkeypatch):
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(queue, "local_executor", lambda: ProcessPoolExecutor(1, mp_context=fork))
    got = run([job("late killer"), job("s1"), job("late")], assignment, 2)
    assert {student: status for student, (status, _) in got.items()} == {
        "late killer": "failed", "s1": "graded", "late": "graded",
    }  # fmt: skip


def test_what_was_graded_before_the_process_died_is_not_graded_again(made, assignment, monkeypatch):
    class Dying(Here):
        def submit(self, function, /, job):
            if job.student != "killer":
                return super().submit(function, job)
            future = Future()
            future.set_exception(BrokenProcessPool("died"))
            return future

    processes = []
    monkeypatch.setattr(queue, "local_executor", lambda: processes.append(Dying()) or processes[-1])
    for _ in range(20):  # futures have no order of their own
        processes.clear()
        assert run([job("s1"), job("killer")], assignment, 1) == {"s1": ("graded", 0.5), "killer": ("failed", 0.0)}
        assert [student for process in processes for student in process.students] == ["s1"]


class Worker:
    """A place whose jobs end when the test says so."""

    def __init__(self, name, threads=1):
        self.name, self.host, self.threads, self.died = name, name, threads, True
        self.given = {}

    def submit(self, job):
        self.given[job.student] = Future()
        return self.given[job.student]

    def grade(self, student):
        result = grader.blank_result(_GRADED["assignment"], job(student), "graded", "")
        self.given.pop(student).set_result(grader.Graded(result.to_json(), 0.5))


class Graders(Worker):
    """Grades what is new at once, and what is graded again when the test says so."""

    def submit(self, job):
        self.given[job.student] = future = Future()
        if not job.again:
            self.given.pop(job.student).set_result(graded(job))
        return future

    def grade_again(self, student):
        again = replace(job(student), only=("total",), again=(("total", 1),))
        self.given.pop(student).set_result(graded(again))


class Workers:
    """Machines that come and go: `script` is run at each look, and changes `places`."""

    look_again = 0.0

    def __init__(self, script, *places):
        self.script, self.places = script, list(places)

    def start(self, jobs):
        """Nothing to do."""

    def current(self):
        next(self.script, None)
        return list(self.places)

    def died(self, place):
        return place.died


def test_what_ran_out_of_time_is_graded_again_on_half_of_a_machine(made, assignment):
    one, two = Graders("one", threads=4), Graders("two")
    met = []

    def script():
        while True:
            waiting = [place for place in (one, two) if place.given]
            if waiting:
                met.append((len(one.given), len(two.given)))
                waiting[0].grade_again(next(iter(waiting[0].given)))
            yield

    students = [f"late{number}" for number in range(5)]
    got = run([job(student) for student in students], assignment, machines=Workers(script(), one, two))
    assert got == dict.fromkeys(students, ("graded", 1.0))
    assert met[0] == (2, 1)
    assert max(first for first, _ in met) == 2


def test_what_waited_at_a_lost_place_goes_to_others_and_what_ran_is_tried_alone(made, assignment):
    one, two = Worker("one", threads=2), Worker("two", threads=2)
    seen = []

    def script():
        yield
        yield
        assert list(one.given) == ["s1", "s2", "s3", "s4"]
        one.grade("s1")  # its result is there when the place dies
        machines.places = [two]
        yield
        yield
        while True:
            seen.extend(filter(None, [sorted(two.given)]))
            for student in list(two.given):
                two.grade(student)
            yield

    machines = Workers(script(), one)
    got = run([job(f"s{number}") for number in range(1, 7)], assignment, machines=machines)
    assert {status for status, _ in got.values()} == {"graded"}
    assert sorted(got) == [f"s{number}" for number in range(1, 7)]
    assert seen == [["s2"], ["s3"], ["s5", "s6"], ["s4"]], "s2 and s3 ran: each is tried with nothing beside it"


def test_the_last_jobs_wait_for_whoever_is_free(made, assignment):
    one, two = Worker("one"), Worker("two")
    met = []

    def script():
        yield
        while True:
            met.append((sorted(one.given), sorted(two.given)))
            for student in list(two.given):
                two.grade(student)
            for student in list(one.given) if len(met) > 5 else ():
                one.grade(student)
            yield

    got = run([job(f"s{number}") for number in range(1, 6)], assignment, machines=Workers(script(), one, two))
    assert len(got) == 5
    assert met[0] == (["s1", "s3"], ["s2"]), "one each, and more only while more wait than can begin at once"
    assert {student for _, given in met for student in given} == {"s2", "s4", "s5"}


def test_while_no_result_has_come_there_is_time_for_something_else(made, assignment):
    place, calls = Worker("one"), []

    def meanwhile():
        calls.append(list(place.given))
        if len(calls) == 3:
            place.grade("s1")
        return len(calls) < 9

    machines = Workers(iter(()), place)
    coming = queue.run([job("s1"), job("s2")], assignment, machines, close=False, meanwhile=meanwhile)
    assert next(coming) is None
    result, _ = next(coming)
    assert result.student == "s1"
    assert len(calls) == 3, "not once more, when a result has come"
    coming.close()


@pytest.mark.parametrize(("dies", "status"), [(True, "failed"), (False, "graded")])
def test_a_submission_that_kills_two_places_is_failed_and_one_whose_places_are_taken_away_is_not(
    made, assignment, dies, status
):
    places = [Worker(str(number)) for number in range(5)]
    met = []

    def script():
        yield
        while True:
            (place,) = machines.places
            if "killer" in place.given and place is not places[-1]:
                met.append(sorted(place.given))
                place.died = dies
                machines.places = [places[places.index(place) + 1]]
            else:
                for student in list(place.given):
                    place.grade(student)
            yield

    machines = Workers(script(), places[0])
    got = run([job("killer"), job("s1"), job("s2")], assignment, machines=machines)
    assert {student: got[student][0] for student in got} == {"killer": status, "s1": "graded", "s2": "graded"}
    assert not dies or met == [["killer", "s1"], ["killer"]], "the second time it is alone"


def test_mentions_of_slow_imports_are_counted_in_a_notebooks_raw_text():
    assert grader.slow_mentions(b'["import torch\\n", "from torch.nn import RNN", "import numpy", "important"]') == 2
    assert grader.slow_mentions(b"\xff import sympy") == 1
