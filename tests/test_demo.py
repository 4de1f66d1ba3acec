"""The demo on two small assignments: built, graded and shown, one beside the other."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograder import demo, simulate
from autograder.course.paths import Course
from sample import NAME, write_sample

SECOND = "a2_sample"


def test_every_assignment_travels_the_whole_way(tmp_path, capsys):
    repository = write_sample(tmp_path / "repository", NAME, SECOND)
    course, console = Course(tmp_path / "course"), Console(file=io.StringIO(), width=200)
    assert demo.run(course, console, repository, students=5)
    assert capsys.readouterr().out == "demo: 5 of 5 as expected\n"
    for name, students in ((NAME, 5), (SECOND, len(demo.OTHERS))):
        assert not (repository.public(name) / "mistakes.json").exists()  # it is handed out as it is committed, if it is
        assert len(simulate.read_expected(course.submitted, name)) == students
        assert len(list(course.feedback.glob(f"*/{name}/{name}.html"))) == students
        assert (course.results / f"{name}.html").is_file()
        assert "s001" in (course.root / f"{name}.csv").read_text()


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_student_counts_with_everything_handed_in(wrong):
    as_expected = {}
    for assignment in range(2):
        rows = [simulate.Row(name, "right", "", "80", "80", name != "b" or assignment != wrong) for name in "abc"]
        demo.count(rows, as_expected)
    assert as_expected == {"a": True, "b": False, "c": True}


def test_at_80_columns_every_word_of_the_table_stands_whole():
    expected = "52 in the others; below 10 in norm_stabilizer_backward, rnn_forward; flags suspicious-code"
    got = "98.75 of 120; rnn_forward got 3, expected below 10; flag locked-cell-changed on honest work"
    rows = [simulate.Row(f"s{n:03}", kind.title, "", expected, got, n > 1) for n, kind in enumerate(simulate.KINDS)]
    page = io.StringIO()
    demo._show(rows, Console(file=page, width=80))
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.split()[1:2] == ["NO"] for line in lines) == 2
    words = " ".join(lines).split()
    for word in ("98.75", *(kind.title for kind in simulate.KINDS), *expected.split(), *got.split()):
        assert word in words
