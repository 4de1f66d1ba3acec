"""What `autograder new` writes passes every step as it is, the proof among them."""

from __future__ import annotations

from autograder.author import proof
from autograder.author.full_check import CATALOGUES
from newcomer import commands, empty_repository, python

NAME, EXERCISE = "a8_attention", "softmax_rows"


def test_what_is_written_passes_every_step_as_it_is(tmp_path, monkeypatch, capsys):
    repository = empty_repository(tmp_path / "repository")
    run = commands(repository, tmp_path / "course", monkeypatch, capsys)
    steps = (
        ("new", NAME, "--exercise", EXERCISE),
        ("build", NAME),
        ("build", NAME, "--check"),
        ("bundle", NAME),
        ("simulate", NAME, "--students", "8"),
        ("grade", NAME, "--jobs", "2"),
        ("simulate", NAME, "--compare"),
    )
    for step in steps:
        code, printed = run(*step)
        assert code == 0, (step, printed)
    assert "demo: 8 of 8 as expected" in printed

    total = proof.Proof()
    for figures in proof.prove(repository, NAME).values():
        total.add(figures)
    assert total.problems == []
    assert (total.listed, total.rejected, total.named, total.accusations) == (6, 6, 6, 0)
    assert total.right == total.passed > 0

    of_authors = [f"solutions/{NAME}/test_reference.py", CATALOGUES]
    python(repository, "pytest", "-p", "no:cacheprovider", *of_authors, "-k", NAME)
