"""author/edition.py: the solutions edition, and who keeps it closed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import nbformat
import pytest

from autograder.author import edition as editions
from autograder.author.build import read_source, source_notebook
from autograder.author.edition import StillOpen, write_edition
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository

NAME = "a1_sample"
RULES = """
[late]
grace = "1 hour"

[assignments.a1_sample]
due = "2026-10-06 12:00"

[assignments.a1_sample.extensions]
s002 = "2 days"
"""
OVER = datetime(2026, 10, 8, 13, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def course(own: tuple[Repository, Course]) -> Course:
    (own[1].root / "course.toml").write_text(RULES, encoding="utf-8")
    return own[1]


@pytest.fixture
def written(own, course, tmp_path, monkeypatch) -> tuple[str, str]:
    """The edition's notebook and page, as texts; the notebook is not run."""
    repository, _ = own

    def run(repository, assignment, keep):
        made = source_notebook(repository, read_source(repository, assignment))
        demo = next(cell for cell in made.cells if notebooks.is_demo(cell) and cell.id == "demo-1")
        demo.outputs = [nbformat.v4.new_output("stream", text="ann\n")]
        notebooks.write(keep / f"{assignment}.ipynb", made)

    monkeypatch.setattr(editions, "run_reference", run)
    book, page = write_edition(repository, course, NAME, tmp_path / "out", OVER)
    assert (book.name, page.name) == ("a1_sample-solutions.ipynb", "a1_sample-solutions.html")
    return book.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ("2026-10-04 12:00", "s002's extension runs until 2026-10-08 13:00"),
        ("2026-10-08 12:30", "s002's extension runs until"),  # the grace
    ],
)
def test_it_stays_closed_while_an_extension_is_open(own, course, tmp_path, now, why):
    with pytest.raises(StillOpen, match=why):
        write_edition(own[0], course, NAME, tmp_path / "out", at(now))
    assert not (tmp_path / "out").exists()


def test_it_stays_closed_where_nothing_is_due(own, tmp_path):
    with pytest.raises(StillOpen, match=r"a1_sample is never due.*course\.toml"):
        write_edition(own[0], Course(tmp_path / "elsewhere"), NAME, tmp_path / "out", OVER)


def test_without_extensions_the_due_time_and_its_grace_count(own, course, tmp_path):
    (course.root / "course.toml").write_text(RULES.replace('s002 = "2 days"\n', ""), encoding="utf-8")
    with pytest.raises(StillOpen, match="its time runs until 2026-10-06 13:00"):
        write_edition(own[0], course, NAME, tmp_path / "out", at("2026-10-06 12:59"))


def test_the_reference_stands_in_place_and_its_output_below(written):
    book, page = written
    for text in (book, page):
        assert "np.einsum(" in text
        assert "Each new value enters with weight one over t" in text
        assert "ann" in text
        assert "NotImplementedError" not in text


def test_markers_mark_schemes_and_what_can_be_handed_in_are_left_out(written):
    for text in written:
        assert "BEGIN SOLUTION" not in text
        assert "names the weight of the newest value" not in text
        assert "Before you hand in" not in text
    assert "nbgrader" not in written[0]


def test_each_wrong_turn_is_folded_below_its_exercise(own, written):
    from autograder.course import catalogue

    book, page = written
    for name, known in catalogue.mistakes(own[0], NAME).items():
        assert page.index(f"def {name}") < page.index(known[0]["says"][:30])
        for mistake in known:
            assert page.count(f"Why not so: {mistake['id'].replace('_', ' ')}?</summary>") == 1
            assert mistake["says"][:30] in book
    assert "<details><summary>Why not so" in page
    shown = re.sub(r"<[^>]*>", "", page.split("Why not so")[1].split("</details>")[0])
    assert "-    total = np.einsum" in shown
    assert "+    total = np.einsum" in shown
