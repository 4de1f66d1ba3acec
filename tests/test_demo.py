"""The demo on two small assignments: built, graded and shown, one beside the other."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from autograder import demo, simulate
from autograder.rooms import Course
from sample import NAME, write_sample

SECOND = "a2_sample"


def test_every_assignment_travels_the_whole_way(tmp_path, capsys):
    repository = write_sample(tmp_path / "repository", NAME, SECOND)
    course, console = Course(tmp_path / "course"), Console(file=io.StringIO(), width=200)
    assert demo.run(course, console, repository, students=7, fewer=4)
    assert capsys.readouterr().out == "demo: 7 of 7 as expected\n"
    for name, students in ((NAME, 7), (SECOND, 4)):
        assert len(simulate.read_expected(course.submitted, name)) == students
        assert len(list(course.feedback.glob(f"*/{name}/{name}.html"))) == students
        assert (course.results / f"{name}.html").is_file()
        assert "s001" in (course.root / f"{name}.csv").read_text()


def test_a_student_counts_with_everything_handed_in(tmp_path, capsys, monkeypatch):
    repository = write_sample(tmp_path / "repository", NAME, SECOND)
    compared = simulate.compare
    calls = []

    def compare(expected, results):
        calls.append(results)
        rows = compared(expected, results)
        return rows if len(calls) == 1 else [replace(rows[0], ok=False), *rows[1:]]

    monkeypatch.setattr(simulate, "compare", compare)
    assert not demo.run(Course(tmp_path / "course"), Console(file=io.StringIO()), repository, students=4, fewer=2)
    assert capsys.readouterr().out == "demo: 3 of 4 as expected\n"
