"""A repository without assignments, as the author of the first one finds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import cli
from autograder.author.full_check import CATALOGUES
from autograder.course.paths import Repository

OWN = Repository.default()


def empty_repository(root: Path) -> Repository:
    """Write the machine, the self-checker, and what every assignment includes."""
    left_out = shutil.ignore_patterns("__pycache__")
    for folder in ("autograder", "assignments/selfcheck"):
        shutil.copytree(OWN.root / folder, root / folder, ignore=left_out)
    tests = ("tests/content.py", CATALOGUES)
    for name in ("assignments/NOTATION.md", "assignments/README.md", "pyproject.toml", *tests):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(OWN.root / name, root / name)
    return Repository(root)


def commands(
    repository: Repository, course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Return run(VERB, ...): the command on this repository, in this process; gives its exit code and its output."""
    monkeypatch.setattr(cli.Repository, "default", classmethod(lambda cls: repository))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str]:
        where = [] if arguments[0] == "new" else ["--course", str(course)]
        monkeypatch.setattr(sys, "argv", ["autograder", *arguments, *where])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out + captured.err

    return call


def python(repository: Repository, *arguments: str) -> None:
    """Run a module of this Python in the repository, whose own packages come first."""
    paths = os.pathsep.join(map(str, (repository.root, repository.assignments)))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository.root, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
