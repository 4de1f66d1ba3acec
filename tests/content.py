"""What the tests of every assignment's reference read: its modules, its catalogues, and its exercise cells."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import load_reference


def read_content(assignment: str) -> SimpleNamespace:
    """reference and cases (modules), RIGHT and MISTAKES (by exercise), CELLS (sources), EVERY_MISTAKE (parameters)."""
    repository = Repository.default()
    source = repository.source(assignment)
    cells = re.findall(
        r'^# %% exercise="(\w+)".*?\n(.*?)(?=^# %%|\Z)', source.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    mistakes = catalogue.mistakes(repository, assignment)
    every = [(name, mistake) for name in mistakes for mistake in mistakes[name]]
    return SimpleNamespace(
        reference=load_reference(source),
        cases=load_reference(repository.cases(assignment)),
        RIGHT=catalogue.right(repository, assignment),
        MISTAKES=mistakes,
        CELLS=dict(cells),
        EVERY_MISTAKE=[pytest.param(name, one, id=f"{name}-{one['id']}") for name, one in every],
    )
