"""A quick selection of the fortress, and that it sees what it is there to see. Of its other parts: tests/proofs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from autograder.course.paths import Course, Repository
from autograder.fortress import attacks, classes, doors, kills, looks, runs
from autograder.fortress.tally import Tally
from autograder.grading.result import ExerciseResult, Result
from autograder.simulate import Expectation
from sample import NAME, build_sample

QUICK = (
    *("hostile/ast-strip", "hostile/pickle-bomb", "hostile/detached-child", "hostile/markup", "foreign/conftest"),
    *("unreadable/symlink", "unreadable/named-pipe", "broken/points-raised"),
    *("fortress/neighbours-files", "fortress/others-limits", "fortress/kernel", "fortress/rights"),
    *("fortress/written-elsewhere", "fortress/marks-read", "fortress/inherited"),
    *("fortress/sockets-and-leases", "fortress/keys-of-one-hash", "fortress/read-only-descriptors"),
    *("fortress/course-null", "fortress/half-a-pair", "fortress/empty-formula", "fortress/fetched-pictures"),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("built"))[0]


def test_a_quick_selection_gains_nothing_and_leaves_the_neighbours_as_they_are_to_the_byte(repository, tmp_path):
    tally = classes.try_all(repository, NAME, tmp_path, titles=QUICK, honest=4)
    assert tally.attacks == len(QUICK)
    assert tally.held, vars(tally)
    assert tally.last_line() == (
        f"fortress: {len(QUICK)} attacks, 0 points gained, 0 leaks, 0 survivors, 0 neighbours changed, 0 runs stopped"
    )


def test_every_attack_of_the_list_is_tried_or_has_a_reason():
    rows = attacks.rows(attacks.attacks())
    titles = {kind.title for kind in attacks.attacks()} | {"odd ids", "names", *doors.attempts(NAME)}
    assert {title for found in rows.values() for title in found} <= titles
    assert sorted([*rows, *attacks.NOT_HERE]) == list(range(1, 90))
    assert {*QUICK, *attacks.TWENTY} <= titles
    assert len(set(attacks.TWENTY)) == 20


RUN = """
import os, subprocess, sys, tempfile
subprocess.Popen(["sleep", "60"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
open(os.path.join(tempfile.gettempdir(), "left"), "w").close()
sys.exit("it stopped")
"""


def test_what_a_run_leaves_and_how_it_ends_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SETTLE", 0.5)
    tally = Tally()
    with runs.subreaper():
        runs.run(runs.As(Repository(tmp_path)), [sys.executable, "-c", RUN], "course", tally)
    assert tally.stopped == ["course: exit code 1: it stopped"]
    process, file = tally.survivors
    assert "sleep 60" in process
    assert file.endswith("/left")
    time.sleep(0.1)
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and process.split()[2].rstrip(":") == pid]


def test_points_beyond_the_same_code_without_the_trick_are_seen():
    def result(student, points):
        return Result("a1", student, "graded", points, 10.0, [ExerciseResult("f", points, 10.0)])

    def expects(student, claim, kind="hostile/x"):
        return Expectation(student, kind, "", "graded", {"f": claim}, {"f": 10.0})

    results = {s: result(s, p) for s, p in (("control", 4.0), ("same", 4.0), ("more", 5.5), ("exact", 3.0))}
    expected = [expects("same", {"no_more_than": "control"}), expects("more", {"no_more_than": "control"})]
    tally = Tally()
    looks.look_at_results(tally, [*expected, expects("exact", 0.0)], results, ["not there"])
    assert tally.points == 4.5
    assert tally.gained == ["more hostile/x: 1.5 points", "exact hostile/x: 3 points"]
    assert tally.otherwise[-1] == "the id 'not there': no result"
    assert not tally.held


@pytest.mark.parametrize("form", [lambda mark: mark, lambda mark: mark.encode().hex(), lambda mark: mark[::-1]])
def test_the_planted_word_is_found_in_what_students_see(tmp_path, form):
    course, mark = Course(tmp_path), "canary0123456789"
    (course.results / "a1").mkdir(parents=True)
    (course.results / "a1" / "s1.json").write_text(f'{{"message": "{form(mark)}"}}')
    (course.results / "a1" / "s2.json").write_text("{}")
    tally = Tally()
    looks.look_for(tally, course, mark)
    assert tally.leaks == ["results/a1/s1.json holds the planted word"]


@pytest.mark.parametrize(
    "evil", ["<script>x</script>", "<img src='http://x'>", "<b onclick=x>", "<a href=' JAVAscript:x'>", "<link>"]
)
def test_a_page_that_runs_or_fetches_something_is_found(tmp_path, evil):
    course = Course(tmp_path)
    for name, text in (("s1", evil), ("s2", "<img src='data:image/png;base64,AA'><a href='http://x'>x</a>")):
        (course.feedback / name).mkdir(parents=True)
        (course.feedback / name / "page.html").write_text(f"<p>{text}</p>")
    tally = Tally()
    looks.look_for(tally, course, "canary")
    assert [leak.split(":")[0] for leak in tally.leaks] == ["feedback/s1/page.html"]


def test_a_neighbour_that_differs_by_a_byte_or_a_mode_is_found(tmp_path):
    alone, course = Course(tmp_path / "alone"), Course(tmp_path / "course")
    for place in ("submitted/s1/a1.ipynb", "feedback/s1/page.html", "autograded/s1/a1.ipynb", "results/a1/s1.json"):
        (alone.root / place).parent.mkdir(parents=True)
        (alone.root / place).write_text("as it was")
    shutil.copytree(alone.root, course.root)
    before = looks.files(course.submitted / "s1")

    def changed():
        return looks.changed(course, alone, "a1", "s1", before)

    assert changed() == []
    Path(course.feedback, "s1", "page.html").write_text("as it waz")
    Path(course.results, "a1", "s1.json").unlink()
    Path(course.submitted, "s1", "a1.ipynb").chmod(0)
    assert changed() == ["files handed in", "result", "page"]


def test_what_a_collected_archive_puts_where_it_should_not_is_seen(tmp_path):
    course, tally = Course(tmp_path), Tally()
    (place := course.submitted / "s1").mkdir(parents=True)
    (place / "link").symlink_to("/etc/passwd")
    doors._look(tally, "an archive", course, {})
    assert tally.leaks == ["an archive: submitted/s1/link is no regular file"]


def test_what_a_killed_run_comes_to_is_compared(repository, tmp_path, monkeypatch):
    came = iter(({"results/s1.json": b"1", "gradebook/s1": ["a"]}, {"results/s1.json": b"2", "gradebook/s1": ["a"]}))
    monkeypatch.setattr(kills, "_come_to", lambda *arguments: next(came))
    monkeypatch.setattr(kills, "_killed", lambda *arguments: True)
    monkeypatch.setattr(kills, "run", lambda *arguments: 1.0)
    monkeypatch.setattr(kills, "of_kinds", lambda *arguments: None)
    tally = kills.try_kills(repository, NAME, tmp_path, kills=3)
    assert tally.changed == ["round 0: results/s1.json"]
    assert tally.attacks == 3
