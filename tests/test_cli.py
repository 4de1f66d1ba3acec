"""The command line: every verb explains itself, and bad input is a sentence with the right exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder import cli
from autograder import simulate as simulation
from autograder.author import check as checking
from autograder.course.paths import Course
from autograder.course.problem import Problem
from sample import NAME, build_sample

VERBS = (
    *("new", "build", "bundle", "grade", "simulate", "report", "export", "doctor"),
    *("serve", "publish", "regrade", "appeal", "gradescope"),
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

    call.course = mine
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
    assert "1 assignments are complete" in out
    code, _, stderr = in_process("build", NAME, "a9_nowhere", "--check")
    assert code == cli.USAGE
    assert f"there is no assignment 'a9_nowhere'. The assignments are: {NAME}" in stderr
    assert asked == [[NAME]]


def test_no_submissions_is_usage_and_says_where_it_looked(in_process):
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.USAGE
    assert "no submission matches" in stderr


def test_a_course_that_was_not_built_says_build(in_process):
    in_process.course.source_notebook(NAME).unlink()
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.USAGE
    assert "autograder build" in stderr


def test_an_old_kernel_is_the_machines_fault(in_process, monkeypatch):
    import sandlock

    path = in_process.course.submission("s1", NAME)
    path.parent.mkdir(parents=True)
    shutil.copy(in_process.course.release_notebook(NAME), path)
    monkeypatch.setattr(sandlock, "landlock_abi_version", lambda: 2)
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert "6.12 or newer" in stderr


def test_a_full_disk_is_the_machines_fault_and_loses_nothing(in_process, monkeypatch):
    path = in_process.course.submission("s1", NAME)
    path.parent.mkdir(parents=True)
    shutil.copy(in_process.course.release_notebook(NAME), path)
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    code, _, stderr = in_process("grade", NAME)
    assert code == cli.MACHINE_FAULT
    assert "free some space" in stderr


def test_a_roster_without_ids_is_usage(in_process, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nx\n")
    code, _, stderr = in_process("grade", NAME, "--roster", str(roster))
    assert code == cli.USAGE
    assert "column named id" in stderr


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
    assert f"error: no submission matches {far_away.course.submitted}/*/{NAME}/{NAME}.ipynb\n" in stderr
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
    assert far_away("build", NAME)[1].endswith(f"files in {release}\n")
    assert far_away("bundle", NAME)[1] == f"wrote {far_away.course.root / NAME}.zip\n"
    assert far_away("simulate", NAME, "--students", "2")[1] == f"wrote 2 submissions to {far_away.course.submitted}\n"
    assert far_away("export", NAME)[1] == f"wrote {far_away.course.root / NAME}.csv\n"


def test_the_doctor_says_what_to_do_in_one_line(far_away):
    far_away.course.gradebook.write_bytes(b"no database " * 1000)
    code, out, _ = far_away("doctor")
    assert code == cli.MACHINE_FAULT
    assert f"no  the gradebook {far_away.course.gradebook}\n" in out
    assert "      restore it from a backup: file is not a database\n" in out


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


def test_ctrl_c_ends_with_130_and_says_that_nothing_is_lost(built, tmp_path):
    repository, course = built
    mine = Course(tmp_path / "course")
    shutil.copytree(course.root, mine.root)
    for number in range(4):
        path = mine.submission(f"s{number}", NAME)
        path.parent.mkdir(parents=True)
        text = course.source_notebook(NAME).read_text().replace("y = factor * x", "while True: pass")
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
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == cli.INTERRUPTED
    assert "finished results are kept" in " ".join(stderr.split())
    assert not list(Path(mine.results / NAME).glob(".*"))


def test_taking_results_out_before_there_are_any_says_what_to_do_first(in_process):
    for arguments in (("publish", NAME), ("regrade", NAME)):
        code, _, said = in_process(*arguments)
        assert code == 2
        assert f"Run `autograder grade {NAME}` first" in said
    code, _, said = in_process("appeal", NAME, "nobody")
    assert (code, said) == (2, f"error: nobody: there is no {NAME}.ipynb\n")
    code, _, said = in_process("export", NAME, "--canvas", "a.csv", "--moodle", "b.csv")
    assert (code, said) == (2, "error: give --canvas or --moodle, not both\n")
    code, _, said = in_process("export", NAME, "--canvas", "missing.csv")
    assert code == 2
    assert "missing.csv" in said
    shutil.rmtree(in_process.course.root)
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
