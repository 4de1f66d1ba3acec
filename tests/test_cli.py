"""The command line: every verb explains itself, and bad input is a sentence with the right exit code."""

from __future__ import annotations

import contextlib
import csv
import errno
import functools
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import types
import unicodedata
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from autograder import cli
from autograder import simulate as simulation
from autograder.author import check as checking
from autograder.course import lock
from autograder.course.paths import Course
from autograder.course.problem import Problem
from autograder.gradebook import writer
from sample import NAME, build_sample

VERBS = (
    *("new", "build", "bundle", "course", "roster", "collect", "grade", "watch", "simulate", "report", "export"),
    *("similar", "doctor", "serve", "publish", "regrade", "appeal", "gradescope"),
)


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", **options.pop("env", {})}
    command = [sys.executable, "-m", "autograder.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False, **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def in_process(built, tmp_path, monkeypatch, capsys):
    """Run a verb on the sample repository in this process; returns (exit code, stdout, stderr)."""
    repository, course = built
    mine = Course(tmp_path / "course")
    shutil.copytree(course.root, mine.root)
    monkeypatch.setattr(cli.Repository, "default", classmethod(lambda cls: repository))

    def call(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["autograder", *arguments, "--course", str(call.course.root)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    call.course, call.repository = mine, repository
    return call


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(verb):
    shown = run(verb, "--help")
    assert shown.returncode == 0
    assert len(shown.stdout) > 200


def test_an_unknown_assignment_is_usage_and_lists_what_there_is(in_process):
    code, _, stderr = in_process("grade", "a9_nowhere")
    assert code == cli.USAGE
    assert NAME in stderr


def test_check_looks_at_the_assignments_it_is_given(in_process, monkeypatch):
    asked = []
    monkeypatch.setattr(checking, "check", lambda repository, names: asked.append(names) or [])
    code, out, _ = in_process("build", NAME, NAME, "--check")
    assert (code, asked) == (cli.DONE, [[NAME]])
    assert "1 assignment is complete" in out
    code, _, stderr = in_process("build", NAME, "a9_nowhere", "--check")
    assert code == cli.USAGE
    assert f"there is no assignment 'a9_nowhere'. The assignments are: {NAME}" in stderr
    assert asked == [[NAME]]


def test_no_submissions_is_usage_and_says_where_it_looked(in_process):
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.USAGE
    assert "no submission matches" in stderr
    assert "`autograder collect` puts submissions there" in stderr


def test_a_course_that_was_not_built_says_build(in_process):
    in_process.course.source_notebook(NAME).unlink()
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.USAGE
    assert "autograder build" in stderr


@pytest.fixture
def one_submission(in_process):
    path = in_process.course.submission("s1", NAME)
    path.parent.mkdir(parents=True)
    shutil.copy(in_process.course.source_notebook(NAME), path)
    return in_process


def test_an_old_kernel_is_the_machines_fault(one_submission, monkeypatch):
    import sandlock

    monkeypatch.setattr(sandlock, "landlock_abi_version", lambda: 2)
    code, _, stderr = one_submission("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert "6.12 or newer" in stderr


def test_an_empty_address_of_a_cluster_is_usage_and_starts_no_workers_here(one_submission):
    code, _, stderr = one_submission("grade", NAME, "--cluster", "")
    assert code == cli.USAGE
    assert "--cluster needs the address of a Dask scheduler" in stderr


def test_a_cluster_that_nobody_answers_for_is_the_machines_fault(one_submission, monkeypatch):
    monkeypatch.setattr("autograder.grading.cluster._CONNECTING_SECONDS", 0.5)
    code, _, stderr = one_submission("grade", NAME, "--cluster", "tcp://127.0.0.1:9")
    assert code == cli.MACHINE_FAULT
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in " ".join(stderr.split())


def test_a_full_disk_is_the_machines_fault_and_loses_nothing(one_submission, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    code, _, stderr = one_submission("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert "free some space" in stderr


@pytest.fixture
def roster(tmp_path):
    """roster(text): the path of a CSV file that holds it."""

    def written(text):
        path = tmp_path / "roster.csv"
        path.write_text(text)
        return str(path)

    return written


def test_a_roster_without_ids_is_usage(in_process, roster):
    code, _, stderr = in_process("grade", NAME, "--roster", roster("name\nx\n"))
    assert code == cli.USAGE
    assert "column named id" in stderr


def test_a_roster_in_no_kind_of_unicode_is_told_with_what_was_read(in_process, tmp_path):
    table = tmp_path / "class.csv"
    table.write_bytes("id,name\ns1,Иван Петров\n".encode("cp1251"))
    code, _, stderr = in_process("roster", str(table))
    assert code == cli.DONE
    assert "read as Windows-1252: Èâàí Ïåòðîâ." in " ".join(stderr.split())
    table.write_text("id,Vorname\ns1,Jörg\n", encoding="utf-8")
    code, _, stderr = in_process("roster", str(table))
    assert "Windows-1252" not in stderr
    assert "no column of names" in " ".join(stderr.split())


def test_a_roster_that_the_csv_module_cannot_read_is_usage(in_process, roster):
    path = roster("id,name\ns1," + "x" * 200_000)
    code, _, stderr = in_process("grade", NAME, "--roster", path)
    assert (code, stderr.count("\n")) == (cli.USAGE, 1)
    assert f"{path}, line 2: field larger than field limit" in stderr


def garbage(course):
    course.gradebook.write_bytes(b"no database " * 1000)


def bad_pages(course):
    with course.gradebook.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 200_000)


def written_to_by_another(course):
    other = sqlite3.connect(course.gradebook, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (garbage, "restore it from a backup"),
        (bad_pages, "restore it from a backup"),
        (written_to_by_another, "another program is writing to it"),
    ],
)
def test_a_gradebook_that_cannot_be_used_is_the_machines_fault(one_submission, monkeypatch, damage, said):
    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, timeout=0.1))
    held = damage(one_submission.course)
    code, _, stderr = one_submission("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert f"error: the gradebook {one_submission.course.gradebook} cannot be used" in stderr
    assert said in stderr
    assert "Traceback" not in stderr
    if held is not None:
        held.close()


def test_a_result_that_could_not_be_recorded_is_the_machines_fault(one_submission, monkeypatch):
    def write(self, result):
        raise OperationalError("UPDATE grade", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(writer.Writer, "write", write)
    code, out, stderr = one_submission("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert "1 graded, 0 unreadable, 0 failed" in out
    assert "s1: not in the gradebook: the gradebook" in stderr
    assert "end it, and run again" in stderr
    assert "1 result is on disk, but not in the gradebook" in stderr
    monkeypatch.undo()
    monkeypatch.setattr(cli.Repository, "default", classmethod(lambda cls: one_submission.repository))
    assert one_submission("grade", NAME)[0] == cli.DONE


def test_a_students_absence_from_the_roster_is_a_result(one_submission, roster):
    code, out, stderr = one_submission("grade", NAME, "--roster", roster("id\nsomebody\n"))
    assert code == cli.DONE
    assert "0 graded, 1 unreadable, 0 failed" in out
    assert "s1: unreadable: this student is not on the roster" in stderr
    assert stderr.count("s1") == 1


def test_damaged_and_wrongly_typed_results_are_made_again(one_submission):
    path = one_submission.course.result("s1", NAME)
    assert one_submission("grade", NAME, "--no-gradebook")[0] == cli.DONE
    whole = path.read_bytes()
    data = json.loads(whole)
    wrong = [
        json.dumps({**data, name: value}) for name, value in (("points", "80"), ("points", 10**400), ("flags", [1]))
    ]
    for damaged in ("", "[]", "[" * 100_000, *wrong):
        path.write_text(damaged)
        code, _, stderr = one_submission("report", NAME)
        assert (code, stderr.count("\n")) == (cli.USAGE, 1)
        assert str(path) in stderr
    for damaged in ("[" * 100_000, *wrong[:2]):
        path.write_text(damaged)
        assert one_submission("grade", NAME, "--no-gradebook")[0] == cli.DONE
        assert path.read_bytes() == whole
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    code, _, stderr = one_submission("grade", NAME, "--no-gradebook")
    assert code == cli.MACHINE_FAULT
    assert f"its result cannot be kept: there is a folder where a file is expected: {path}" in stderr


HOLD = """
import sys, time
from pathlib import Path
from autograder.course.lock import locked
with locked(Path(sys.argv[1]), "autograder grade a9_other"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_says_who_is_working_and_a_dead_one_stops_nobody(one_submission):
    course = one_submission.course
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(course.root)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    code, _, stderr = one_submission("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert f"autograder grade a9_other (process {other.pid} on {socket.gethostname()}, since 20" in stderr
    assert one_submission("build", NAME)[0] == cli.MACHINE_FAULT
    assert not (course.results / NAME).exists()
    other.kill()
    other.wait()
    assert one_submission("grade", NAME)[0] == cli.DONE


def test_a_configuration_that_fails_is_named(one_submission):
    with one_submission.course.config_file.open("a") as file:
        file.write("\nc.Autograde.nothing = undefined\n")
    code, _, stderr = one_submission("grade", NAME)
    assert code == cli.USAGE
    assert f"error: {one_submission.course.config_file} fails with NameError: name 'undefined' is not defined" in stderr


def test_an_unforeseen_error_is_the_machines_fault(one_submission, monkeypatch):
    monkeypatch.setattr(cli, "_summary", lambda *arguments: 1 / 0)
    code, _, stderr = one_submission("grade", NAME, "--no-gradebook")
    assert code == cli.MACHINE_FAULT
    assert "Traceback" in stderr


CANVAS = """Student,ID,SIS Login ID,Section
    Points Possible,,,
"Müller, José",1001,José Müller,A
"太郎, 山田",1002,a.b+c@uni.edu,A
"O'Brien, Ann",1003,o'brien,A
"""


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("id,name\ns1,Ada Abara\nReport of 30 November,\n", (),
         "note: 1 of 2 have an id and no name: Report of 30 November. If a line is no student's, delete it"),
        ("ID,Username,Name\n7,s1,Ada Abara\n", (), "note: in submitted/, but not on the roster (1): s1."),
        ("ID,Username,Name\n7,s1,Ada Abara\n", ("--id", "Username"), ""),
    ],
)  # fmt: skip
def test_what_looks_wrong_on_a_roster_is_told(one_submission, tmp_path, text, arguments, says):
    export = tmp_path / "export.csv"
    export.write_text(text)
    code, out, err = one_submission("roster", str(export), *arguments)
    assert (code, "wrote" in out) == (cli.DONE, True)
    assert says in err if says else err == ""


def archive_of(course, path, **notebooks):
    with zipfile.ZipFile(path, "w") as archive:
        for name, notebook in notebooks.items():
            day = 6 if "LATE" not in name else 7
            archive.writestr(zipfile.ZipInfo(f"{name}.ipynb", (2026, 10, day, 12, 0, 0)), notebook.read_bytes())
    return path


def test_an_id_that_was_changed_is_told_and_one_that_is_only_composed_is_not(in_process, tmp_path):
    table = tmp_path / "class.csv"
    table.write_text(f"id,Name\n{unicodedata.normalize('NFD', 'josé')},A\nsmile😀,B\n+one,C\n", "utf-8")
    out = in_process("roster", str(table))[1]
    assert "smile😀 has the id smile-: an id has letters, digits, blanks and _ . , @ - ' ( ), begins with a" in out
    assert "+one has the id _-one: " in out
    assert "has the id josé" not in unicodedata.normalize("NFC", out)


def test_from_a_canvas_export_to_grades_with_names_lateness_and_who_is_missing(in_process, tmp_path):
    course = in_process.course
    export = tmp_path / "export.csv"
    export.write_bytes(CANVAS.encode("utf-16"))
    code, out, _ = in_process("roster", str(export), "--id", "SIS Login ID")
    assert (code, "wrote 3 students" in out, "and to the gradebook" in out) == (cli.DONE, True, True)
    assert "a.b+c@uni.edu has the id a.b-c@uni.edu" in out
    assert "ids are from the column 'SIS Login ID'; the first student is José Müller: José Müller" in out
    assert "left out: line 2: Canvas's row of points" in out
    assert in_process("course")[1].startswith(f"wrote {course.root / 'course.toml'}")
    rules = (course.root / "course.toml").read_text()
    rules = rules.replace("day = 0", "day = 10").replace('due = "none"', 'due = "2026-10-06 13:00"')
    (course.root / "course.toml").write_text(rules)
    assert 'due = "2026-10-06 13:00:00 UTC"' in in_process("course")[1]
    archive = archive_of(
        course, tmp_path / "submissions.zip",
        müllerjosé_1001_7_Homework=course.source_notebook(NAME),
        太郎山田_LATE_1002_8_a1_sample=course.source_notebook(NAME),
        ghost_99_9_a1_sample=course.release_notebook(NAME),
    )  # fmt: skip
    code, out, err = in_process("collect", str(archive), "--dry-run")
    assert (code, list(course.submitted.iterdir())) == (cli.DONE, [])
    assert "canvas: 2 submissions would be collected, 1 to look at" in out
    code, out, err = in_process("collect", str(archive))
    assert "canvas: 2 submissions collected, 1 to look at" in out
    assert "notebook-renamed: Homework.ipynb" in out
    assert "23.0 h" in out
    assert "not collected: ghost_99: nobody on the roster has this name or id" in err
    assert f"{NAME}: 1 of 3 have handed in nothing: o'brien (Ann O'Brien)" in out
    stranger = course.submission("stranger", NAME)
    stranger.parent.mkdir(parents=True)
    shutil.copy(course.release_notebook(NAME), stranger)
    code, out, err = in_process("grade", NAME)
    assert (code, "2 graded, 1 unreadable" in out) == (cli.DONE, True)
    assert err.count("stranger") == 1
    assert in_process("export", NAME)[0] == cli.DONE
    rows = {row["student"]: row for row in csv.DictReader((course.root / f"{NAME}.csv").read_text().splitlines())}
    assert [(who, row["name"], row["status"], row["late_penalty"], row["total"]) for who, row in rows.items()] == [
        ("José Müller", "José Müller", "to grade", "0", "80"), ("a.b-c@uni.edu", "山田 太郎", "to grade", "8", "72"),
        ("o'brien", "Ann O'Brien", "missing", "", ""), ("stranger", "", "unreadable", "", ""),
    ]  # fmt: skip
    assert in_process("report", NAME)[0] == cli.DONE
    report = (course.results / f"{NAME}.html").read_text()
    assert "1 of the class without a result" in report
    assert "notebook-renamed" in report
    code, out, _ = in_process("similar", NAME)
    assert (code, "compared 2 submissions: 0 pairs" in out) == (cli.DONE, True)


def test_rules_that_are_wrong_stop_grading_with_their_line(in_process):
    (in_process.course.root / "course.toml").write_text(f"[assignments.{NAME}]\ndue = '06/10/2026'")
    for arguments in (("grade", NAME), ("course", "--check"), ("export", NAME)):
        code, _, stderr = in_process(*arguments)
        assert (code, "course.toml, line 2: due" in stderr) == (cli.USAGE, True), arguments


def test_what_cannot_be_collected_is_a_sentence(in_process, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK")
    for arguments, says in (
        ((str(tmp_path / "x.zip"),), "download it again"),
        ((str(tmp_path / "nowhere.zip"),), "there is no"),
        ((str(tmp_path), "--style", "blackboard"), "The styles are"),
        ((str(tmp_path), "--times", str(tmp_path / "t.csv")), "t.csv"),
    ):
        code, _, stderr = in_process("collect", *arguments)
        assert (code, says in stderr) == (cli.USAGE, True), stderr


def test_a_folder_of_results_is_locked_from_the_beginning(in_process, tmp_path, monkeypatch):
    shutil.copytree(in_process.course.source / NAME, in_process.course.submitted / "s1" / NAME)
    held = []

    def grade_all(*arguments, **options):
        held.extend(lock._held)
        raise lock.InUse("stop here")

    monkeypatch.setattr("autograder.grading.batch.grade_stream", grade_all)
    in_process("grade", NAME, "--no-gradebook", "--results", str(tmp_path / "new"))
    assert held == [(tmp_path / "new").resolve()]


def test_grade_report_and_export_travel_the_whole_way(in_process, tmp_path):
    course = in_process.course
    for student, notebook in (("s1", course.source_notebook(NAME)), ("s2", course.release_notebook(NAME))):
        path = course.submission(student, NAME)
        path.parent.mkdir(parents=True)
        shutil.copy(notebook, path)
    listed = tmp_path / "results.json"
    code, out, _ = in_process("grade", NAME, "--json", str(listed))
    assert code == cli.DONE
    assert "2 graded, 0 unreadable, 0 failed" in out
    assert [(r["student"], r["points"]) for r in json.loads(listed.read_text())] == [("s1", 80.0), ("s2", 0.0)]
    assert list((course.feedback / "s1" / NAME).glob("*.html"))
    assert in_process("report", NAME)[0] == cli.DONE
    assert in_process("export", NAME)[0] == cli.DONE
    assert "s1" in (course.root / f"{NAME}.csv").read_text()


def test_bundle_writes_a_zip(in_process, tmp_path):
    code, out, _ = in_process("bundle", NAME, "--out", str(tmp_path))
    assert code == cli.DONE, out
    assert (tmp_path / f"{NAME}.zip").is_file()


LONG = "a course with a long name, "


@pytest.fixture
def far_away(in_process, tmp_path, monkeypatch):
    """As in_process, with a course whose path is far longer than a line, and which rich could take for markup."""
    monkeypatch.delenv("COLUMNS", raising=False)
    root = tmp_path / (LONG * 5) / "[red] of :smile: [2024]" / "course"
    shutil.copytree(in_process.course.root, root)
    in_process.course = Course(root)
    return in_process


def test_a_path_in_an_error_is_in_one_piece(far_away):
    code, _, stderr = far_away("grade", NAME)
    assert code == cli.USAGE
    assert f"error: no submission matches {far_away.course.submitted}/*/{NAME}/{NAME}.ipynb. " in stderr
    code, _, stderr = far_away("report", NAME)
    assert stderr == (
        f"error: there are no results in {far_away.course.results / NAME}. Run `autograder grade {NAME}` first\n"
    )


def test_a_list_of_problems_has_one_line_for_each(far_away, monkeypatch):
    problems = [Problem(f"solutions/{LONG * 5}.py:{line}", f"{LONG * 5}[bold] is stale.") for line in range(3)]
    monkeypatch.setattr(checking, "check", lambda repository, names: problems)
    code, _, stderr = far_away("build", "--check")
    assert code == cli.FAILED_CHECK
    assert stderr.splitlines()[:-1] == [str(problem) for problem in problems]
    assert stderr.splitlines()[-1].startswith("error: 3 problems.")


def test_what_was_written_is_named_in_one_line(far_away):
    release = far_away.course.release / NAME
    _, out, stderr = far_away("build", NAME)
    assert out.endswith(f"files in {release}\n"), stderr
    code, out, _ = far_away("build", NAME)
    assert (code, out) == (cli.DONE, f"{NAME}: nothing has changed since it was built in {far_away.course.root}\n")
    assert far_away("bundle", NAME)[1] == f"wrote {far_away.course.root / NAME}.zip\n"
    assert far_away("simulate", NAME, "--students", "2")[1] == f"wrote 2 submissions to {far_away.course.submitted}\n"
    assert far_away("export", NAME)[1] == f"wrote {far_away.course.root / NAME}.csv\n"


def test_the_doctor_says_what_to_do_in_one_line(far_away):
    far_away.course.gradebook.write_bytes(b"no database " * 1000)
    code, out, _ = far_away("doctor")
    assert code == cli.MACHINE_FAULT
    assert f"no  the gradebook {far_away.course.gradebook}\n" in out
    assert re.search(r"^      file is not a database\. Type `cp BACKUP .*`.* are lost$", out, re.MULTILINE)


def test_a_wrong_option_is_named_in_one_line():
    wrong = "no/number" * 20
    shown = run("grade", NAME, f"--{wrong}", env={"COLUMNS": "80"})
    assert shown.returncode == cli.USAGE
    assert wrong in shown.stderr


def test_a_table_in_a_file_is_as_wide_as_what_is_in_it(far_away, monkeypatch):
    rows = [simulation.Row(f"s{'0' * 90}1", "broken/[red]", "", f"at most {LONG * 3}", "80.0", ok=False)]
    monkeypatch.setattr(simulation, "read_expected", lambda *arguments: [])
    monkeypatch.setattr(simulation, "compare", lambda *arguments: rows)
    code, out, _ = far_away("simulate", NAME, "--compare")
    assert code == cli.FAILED_CHECK
    (line,) = [line for line in out.splitlines() if rows[0].student in line]
    assert all(text in line for text in (rows[0].kind, rows[0].expected.strip(), rows[0].got, "NOT AS EXPECTED"))
    assert out.endswith("demo: 0 of 1 as expected\n")


@contextlib.contextmanager
def interrupts_taken():
    """A program that is started inside takes interrupts, though the tests may run in the background and ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_kill_end_with_130_and_say_that_nothing_is_lost(built, tmp_path, told):
    repository, course = built
    mine = Course(tmp_path / "course")
    shutil.copytree(course.root, mine.root)
    for number in range(4):
        path = mine.submission(f"s{number}", NAME)
        path.parent.mkdir(parents=True)
        text = course.source_notebook(NAME).read_text().replace("y = factor * x", "__import__('time').sleep(99)")
        path.write_text(text)
    code = (
        "import sys\nfrom pathlib import Path\nfrom autograder import cli\n"
        "from autograder.course.paths import Repository\n"
        f"cli.Repository.default = classmethod(lambda cls: Repository(Path({str(repository.root)!r})))\n"
        "if __name__ == '__main__':\n    cli.main()\n"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    command = [sys.executable, str(script), "grade", NAME, "--course", str(mine.root), "--no-gradebook"]
    with interrupts_taken():
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(4)
    while process.poll() is None:  # an interrupt that comes while Python cleans something up is lost: press again
        (os.killpg if told == signal.SIGINT else os.kill)(process.pid, told)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.returncode == cli.INTERRUPTED
    assert "finished results are kept" in " ".join(stderr.split())
    assert not list(Path(mine.results / NAME).glob(".*"))


def test_a_watch_outlives_what_fails_later_says_it_once_and_ends_by_ctrl_c(in_process, monkeypatch):
    looks = iter([None, OSError(errno.EIO, "I/O"), OSError(errno.EIO, "I/O"), ValueError("course.toml: line 3"), None])

    class Watching:
        submitted = "here"

        def __init__(self, *arguments, **options):
            """Nothing to do."""

        def look(self):
            failure = next(looks, KeyboardInterrupt())
            if failure is not None:
                raise failure

        def close(self):
            """Nothing to do."""

    monkeypatch.setattr("autograder.gradebook.watch.Watch", Watching)
    with interrupts_taken():
        code, _, stderr = in_process("watch", NAME, "--every", "0.1")
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler, "a second Ctrl-C shows no traceback"
    assert code == cli.INTERRUPTED
    assert stderr.count("Check it, restore the file from a backup, and run again. Still watching") == 1
    assert stderr.count("course.toml: line 3. Still watching") == 1
    looks = iter([OSError(errno.EIO, "I/O")])
    assert in_process("watch", NAME)[0] == cli.MACHINE_FAULT, "what is wrong at the start is for whoever starts it"


def test_a_name_that_the_terminal_cannot_show_ends_no_command(tmp_path):
    (tmp_path / "class.csv").write_text("id,Name\nmüller,José Müller\n", "utf-8")
    (tmp_path / "course").mkdir()
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = run("roster", "class.csv", cwd=tmp_path, env=environment)
    assert (done.returncode, "the first student is m\\xfcller: Jos\\xe9 M\\xfcller" in done.stdout) == (0, True), done


def test_an_appeal_is_of_whom_the_roster_knows_by_this_name(in_process, monkeypatch):
    asked = []
    result = types.SimpleNamespace(points=1, max_points=2)
    write = lambda course, repository, assignment, student, *more: asked.append(student) or result  # noqa: E731
    monkeypatch.setattr("autograder.gradebook.appeal.write_appeal", write)
    roster = "id,Name,E-mail\njosé,José Núñez,jn@uni.edu\nAnna,Anna Berg,ab@uni.edu\n007,Anna Berg,x@uni.edu\n"
    (in_process.course.root / "roster.csv").write_text(roster, "utf-8")
    for student in ("josé", "Anna", "007", "b"):
        in_process.course.submission(student, NAME).parent.mkdir(parents=True)
    for typed in (unicodedata.normalize("NFD", "josé"), "ANNA", "x@uni.edu", "Núñez, José", "José Núñez", "b"):
        in_process("appeal", NAME, typed)
    assert asked == ["josé", "Anna", "007", "josé", "josé", "b"]
    assert in_process("appeal", NAME, "Anna Berg")[0] == cli.USAGE  # two of this name


def test_taking_results_out_before_there_are_any_says_what_to_do_first(in_process):
    for arguments in (("publish", NAME), ("regrade", NAME)):
        code, _, said = in_process(*arguments)
        assert code == 2
        assert f"Run `autograder grade {NAME}` first" in said
    code, _, said = in_process("appeal", NAME, "nobody")
    assert code == 2
    assert f"error: nobody has handed in no {NAME}: give the name of a folder in {in_process.course.submitted}" in said
    code, _, said = in_process("export", NAME, "--canvas", "a.csv", "--moodle", "b.csv")
    assert (code, said) == (2, "error: give --canvas or --moodle, not both\n")
    for verb, option in (("export", "--column"), ("publish", "--archive")):
        code, _, said = in_process(verb, NAME, option, "x")
        assert (code, f"error: {option} goes with --canvas GRADEBOOK.csv" in said) == (2, True)
    code, _, said = in_process("export", NAME, "--canvas", "missing.csv")
    assert code == 2
    assert "missing.csv" in said
    shutil.rmtree(in_process.course.root)
    for arguments in (("export", NAME), ("regrade", NAME), ("watch", NAME)):  # a path mistyped is not waited for
        code, _, said = in_process(*arguments)
        assert (code, "first" in said) == (2, True)
        assert not in_process.course.root.exists()
    code, _, said = in_process("serve")
    assert code == 2
    assert "Run `autograder build` first" in said


def test_the_gradescope_zip_is_written_and_an_unknown_visibility_refused(in_process):
    code, out, _ = in_process("gradescope", NAME)
    assert code == 0
    assert (in_process.course.root / f"{NAME}-gradescope.zip").is_file()
    assert "upload it to Gradescope alone" in out
    code, _, said = in_process("gradescope", NAME, "--hidden", "never")
    assert code == 2
    assert "choose one of visible, after_due_date, after_published, hidden" in said
