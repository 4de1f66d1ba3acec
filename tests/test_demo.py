"""The demo on two small assignments: built, graded and shown, one beside the other."""

from __future__ import annotations

import io

from rich.console import Console

from autograder import demo, simulate
from autograder.rooms import Course
from sample import NAME, write_sample

SECOND = "a2_sample"


def test_every_assignment_travels_the_whole_way(tmp_path, capsys):
    repository = write_sample(tmp_path / "repository", NAME, SECOND)
    course, console = Course(tmp_path / "course"), Console(file=io.StringIO(), width=200)
    assert demo.run(course, console, repository, students=7, fewer=4)
    assert capsys.readouterr().out == "demo: 11 of 11 as expected\n"
    for name, students in ((NAME, 7), (SECOND, 4)):
        assert len(simulate.read_expected(course.submitted, name)) == students
        assert len(list(course.feedback.glob(f"*/{name}/{name}.html"))) == students
        assert (course.results / f"{name}.html").is_file()
        assert "s001" in (course.root / f"{name}.csv").read_text()
