"""A class through the real machine: sandbox, trusted pytest session, results on disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.course.paths import Repository
from autograder.grading import batch
from autograder.grading.assignment import NotBuilt
from autograder.grading.batch import NothingToGrade, grade_one
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.sandbox.limits import Limits
from autograder.simulate.hostile_fortress import RAW_CLONES
from loopback import until
from sample import NAME, build_sample

from .conftest import cell_of, code_cell, grade_class, set_source

LIMITS = Limits(call=1.0, cell=2.0, submission=30.0)


@pytest.fixture
def grade(course, repository):
    def run(**options):
        options.setdefault("jobs", 1)
        results = grade_class(course, repository, NAME, limits=options.pop("limits", LIMITS), **options)
        return {result.student: result for result in results}

    return run


def with_cell(notebook, grade_id, source):
    import copy

    changed = copy.deepcopy(notebook)
    set_source(changed, grade_id, source)
    return changed


def outcomes(result, exercise):
    return {test.name: test.outcome for test in result.exercise(exercise).tests}


def test_one_class_of_every_kind(grade, hand_in, solved, untouched, course):
    right = cell_of(solved, "scaled-solution")["source"]
    submissions = {
        "right": solved,
        "untouched": untouched,
        "wrong": with_cell(solved, "scaled-solution", right.replace("factor * x", "factor + x")),
        "in_place": with_cell(solved, "scaled-solution", right.replace("y = factor * x", "x *= factor; y = x")),
        "a_list": with_cell(solved, "scaled-solution", right.replace("return y,", "return y.tolist(),")),
        "looping": with_cell(solved, "scaled-solution", "def scaled(x, factor):\n    while True: pass"),
        "looping_cell": with_cell(solved, "scaled-solution", right + "\nwhile True: pass"),
        "dying": with_cell(solved, "scaled-solution", "import os\ndef scaled(x, factor):\n    os._exit(0)"),
        "dying_cell": with_cell(solved, "scaled-solution", "import os\nos._exit(0)"),
        "hungry": with_cell(solved, "scaled-solution", "def scaled(x, factor):\n    return [0] * 10**10, {}"),
        "crashing": with_cell(solved, "scaled-solution", "def scaled(x, factor):\n    return 1 / 0, {}"),
        "syntax": with_cell(solved, "scaled-solution", "def scaled(x, factor)\n    return x"),
        "garbage": "not a notebook",
    }
    for student, content in submissions.items():
        hand_in(student, content)
    got = grade(jobs=2)
    assert {student: (r.status, r.points) for student, r in got.items()} == {
        "right": ("graded", 80), "untouched": ("graded", 0), "wrong": ("graded", 40), "in_place": ("graded", 40),
        "a_list": ("graded", 40), "looping": ("graded", 40), "looping_cell": ("graded", 40), "dying": ("graded", 40),
        "dying_cell": ("graded", 40), "hungry": ("graded", 40), "crashing": ("graded", 40), "syntax": ("graded", 40),
        "garbage": ("unreadable", 0),
    }  # fmt: skip
    named = {student: result.exercise("scaled").mistake for student, result in got.items() if result.exercises}
    assert {student for student, mistake in named.items() if mistake} == {"wrong"}
    assert named["wrong"] == "adds_the_factor"
    assert set(outcomes(got["looping"], "scaled").values()) == {"timeout", "gated"}
    said = {test.message for test in got["looping"].exercise("scaled").tests if test.outcome == "timeout"}
    assert len(said) >= 1
    assert all("needs more than" in message for message in said), "it was given up the second time"
    assert outcomes(got["in_place"], "scaled")["test_scaled_leaves_x_alone"] == "failed"
    assert "list" in got["a_list"].exercise("scaled").tests[0].message
    assert "not started" in got["untouched"].exercise("scaled").tests[0].message
    assert "SyntaxError" in got["syntax"].exercise("scaled").tests[0].message
    assert "needs more than 2 s of processor time" in got["looping_cell"].exercise("scaled").tests[0].message
    assert "1 / 0" in got["crashing"].exercise("scaled").tests[0].message
    assert [f.kind for f in got["dying_cell"].flags if f.kind == "cell-left-out"]
    assert "JSON" in got["garbage"].reason
    assert not list(Path(tempfile.gettempdir()).glob(f"course-scratch-{os.getpid()}-*"))


LATE = """
import os, time
def {name}(*arguments):
    if not os.path.exists("called"):
        open("called", "w").close()
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        time.sleep(5)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_exercise_that_ran_out_of_time_is_graded_again_alone(grade, hand_in, solved, jobs):
    """A machine that is busy at first: here the submission itself waits longer than it may, the first time."""
    right = cell_of(solved, "scaled-solution")["source"]
    late = LATE.format(name="late") + right.replace("    y =", "    late()\n    y =")
    hand_in("late", with_cell(solved, "scaled-solution", late))
    hand_in("right", solved)
    got = grade(jobs=jobs, limits=Limits(call=2.0, patience=2.0))
    assert {student: result.points for student, result in got.items()} == {"late": 80, "right": 80}
    assert set(outcomes(got["late"], "scaled").values()) == {"passed"}


def test_processes_that_the_sandbox_never_forgets_take_none_from_the_next_student(grade, hand_in, solved):
    right = cell_of(solved, "scaled-solution")["source"]
    fork = "    import subprocess, sys\n    command = [sys.executable, '-I', '-S', '-c', '']\n"
    fork += "    both = [subprocess.Popen(command) for _ in range(2)]\n"
    fork += "    assert [one.wait() for one in both] == [0, 0]\n"
    hand_in("a", with_cell(solved, "scaled-solution", RAW_CLONES % 21 + right))
    hand_in("b", with_cell(solved, "scaled-solution", right.replace("    y =", fork + "    y =")))
    got = grade(jobs=1)
    assert got["b"].points == 80


def test_an_instance_of_the_cache_stays_with_the_student(grade, hand_in, solved):
    evil = cell_of(solved, "scaled-solution")["source"].replace('{"factor": factor}', "open")
    hand_in("s1", with_cell(solved, "scaled-solution", evil))
    assert grade()["s1"].points == 80


def test_grading_again_does_only_what_changed(grade, hand_in, solved, untouched, course):
    hand_in("s1", solved)
    path = hand_in("s2", untouched)
    grade()
    before = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in (course.results / NAME).glob("*.json")}
    seen = []
    path.write_text(course.submission("s1", NAME).read_text())
    assert grade(on_start=lambda todo, done: seen.append((todo, done)))["s2"].points == 80
    assert seen == [(1, 1)]
    after = course.result("s1", NAME)
    assert (after.stat().st_mtime_ns, after.read_bytes()) == before["s1.json"]


@pytest.mark.parametrize("most", [2**28, 0])
def test_a_notebook_is_read_once_unless_too_much_would_wait(grade, hand_in, solved, monkeypatch, most):
    """What is graded is what the key was made of: here the file changes in between."""
    path = hand_in("s1", solved)

    def mentions(content):
        if content and path.is_file() and content == path.read_bytes():
            path.write_text("not a notebook any more")
        return 0

    monkeypatch.setattr(batch, "_MOST_HELD", most)
    monkeypatch.setattr(batch.grader, "slow_mentions", mentions)
    assert grade()["s1"].status == ("graded" if most else "failed")


def test_grade_one_takes_the_stored_result_or_makes_it(course, repository, hand_in, solved):
    hand_in("s1", solved)
    hand_in("s2", "not JSON")
    first = grade_one(course, repository, NAME, "s1", Options(limits=LIMITS))
    assert (first.student, first.points) == ("s1", 80)
    before = course.result("s1", NAME).stat().st_mtime_ns
    assert grade_one(course, repository, NAME, "s1", Options(limits=LIMITS)) == first
    assert course.result("s1", NAME).stat().st_mtime_ns == before
    assert not course.result("s2", NAME).exists()


def test_a_roster_refuses_strangers_and_a_glob_chooses(grade, hand_in, solved):
    for student in ("s1", "s2", "t1"):
        hand_in(student, solved)
    got = grade(roster=("s1",), students="s*")
    assert {student: result.status for student, result in got.items()} == {"s1": "graded", "s2": "unreadable"}


def test_a_fault_of_the_grader_is_never_a_zero(course, repository, hand_in, solved, tmp_path):
    import shutil

    broken = Repository(tmp_path / "broken")
    shutil.copytree(repository.root, broken.root)
    with broken.hidden(NAME).open("a") as file:
        file.write('\n@exercise("total", points=1)\ndef test_with_a_bug(total):\n    assert undefined_name\n')
    hand_in("s1", solved)
    (result,) = grade_class(course, broken, NAME, limits=LIMITS, jobs=1)
    assert result.status == "failed"
    assert "test_with_a_bug" in result.reason
    (again,) = grade_class(course, repository, NAME, limits=LIMITS, jobs=1)
    assert (again.status, again.points) == ("graded", 80)


def test_tests_that_cannot_be_collected_are_the_graders_fault(course, repository, hand_in, solved, tmp_path):
    import shutil

    broken = Repository(tmp_path / "broken")
    shutil.copytree(repository.root, broken.root)
    broken.hidden(NAME).write_text("import nowhere_to_be_found\n")
    hand_in("s1", solved)
    (result,) = grade_class(course, broken, NAME, limits=LIMITS, jobs=1)
    assert result.status == "failed"
    assert "collected" in result.reason


def test_what_is_missing_is_said_with_the_next_step(course, repository):
    with pytest.raises(NotBuilt, match="a1_sample"):
        grade_class(course, repository, "a2_nowhere")
    with pytest.raises(NothingToGrade, match="no submission matches"):
        grade_class(course, repository, NAME)
    course.source_notebook(NAME).unlink()
    with pytest.raises(NotBuilt, match="autograder build"):
        grade_class(course, repository, NAME)


RUN = """
import sys
from pathlib import Path
from autograder.course.paths import Course, Repository
from autograder.grading.batch import grade_stream
from autograder.grading.options import Options
if __name__ == "__main__":
    list(grade_stream(Course(Path(sys.argv[1])), Repository(Path(sys.argv[2])), sys.argv[3], Options(jobs=2)))
"""


def contents(course):
    return {path.name: path.read_bytes() for path in sorted((course.results / NAME).glob("*.json"))}


def test_a_killed_run_resumes_with_nothing_lost_or_done_twice(course, repository, hand_in, solved, untouched, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(RUN)
    for number in range(6):
        changed = with_cell(solved if number % 2 else untouched, "total-solution", f"# {number}\ntotal = None")
        hand_in(f"s{number:02}", changed)
    command = [sys.executable, str(script), str(course.root), str(repository.root), NAME]
    subprocess.run(command, check=True, timeout=120)
    whole = contents(course)
    assert len(whole) == 6
    for path in (course.results / NAME).iterdir():
        path.unlink()
    process = subprocess.Popen(command)
    until(lambda: list((course.results / NAME).glob("*.json")), "the first result is there")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(contents(course)) < 6
    for path in (course.results / NAME).glob("*.json"):
        assert Result.read(path).status == "graded"
    subprocess.run(command, check=True, timeout=120)
    assert contents(course) == whole
    log = (course.results / NAME / "times.log").read_text()
    assert all(log.count(f'"s{number:02}"') == 1 for number in range(6))


def test_free_cells_run_and_an_error_in_one_does_not_lose_the_others(grade, hand_in, solved):
    solved["cells"].insert(1, code_cell("undefined_name"))
    solved["cells"].append(code_cell("def total(x, rng):\n    return 0.0"))
    result = (hand_in("s1", solved), grade())[1]["s1"]
    assert result.exercise("scaled").points == 40
    assert result.exercise("total").points == 40
    assert [flag.detail for flag in result.flags] == ["total: graded as it was at its check cell"]


def test_the_mistakes_of_an_exercise_run_once_for_all_who_fail_it_and_never_where_nobody_does(tmp_path):
    repository, course = build_sample(tmp_path)
    ran = {name: tmp_path / name for name in ("scaled", "total")}
    noted = {name: f"open({str(path)!r}, 'a').write('x')" for name, path in ran.items()}
    repository.mistakes(NAME).write_text(
        f"""scaled = [{{ id = "adds", old = "factor * x", new = "{noted["scaled"]} and factor + x", says = "Adds?" }}]
total = [{{ id = "writes", old = "return ", new = "{noted["total"]}; return 1 + ", says = "Beyond?" }}]
"""
    )
    wrong = course.source_notebook(NAME).read_text().replace("factor * x", "factor + x")

    def run_of(students):
        for student in students:
            submission = course.submission(student, NAME)
            submission.parent.mkdir(parents=True)
            submission.write_text(wrong)
        results = grade_class(course, repository, NAME, limits=LIMITS, jobs=1)
        assert {result.exercise("scaled").mistake for result in results} == {"adds"}
        return len(ran["scaled"].read_text())

    one = run_of(["first"])
    assert run_of(["second", "third"]) == one  # it is kept for the next run
    shutil.rmtree(course.rehearsed)
    assert run_of(["fourth", "fifth", "sixth"]) == 2 * one  # in the fourth's fork, for all others
    assert not ran["total"].exists()


def test_what_a_submissions_tests_import_is_imported_once_for_those_after_it(tmp_path):
    repository, course = build_sample(tmp_path)
    asks = "    import sys\n    expect.that('mailbox' in sys.modules, 'not yet')\n"
    path = repository.visible(NAME)
    path.write_text(path.read_text() + f'\n\n@exercise("total", points=1)\ndef test_imports(total):\n{asks}')
    with repository.hidden(NAME).open("a") as file:
        file.write('\n\n@exercise("total", points=1)\ndef test_that_imports(total):\n    __import__("mailbox")\n')
    for student in ("first", "second", "third"):
        submission = course.submission(student, NAME)
        submission.parent.mkdir(parents=True)
        submission.write_bytes(course.source_notebook(NAME).read_bytes())
    results = grade_class(course, repository, NAME, limits=LIMITS, jobs=1)
    assert [outcomes(result, "total")["test_imports"] for result in results] == ["failed", "passed", "passed"]
