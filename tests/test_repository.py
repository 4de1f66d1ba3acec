"""The repository's own promises: lists that agree, a lock that names no address, rooms that import one way."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from autograder.rooms import Repository

ROOT = Repository.default().root
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(lines):
    return sorted(line.replace(" ", "") for line in lines)


def test_environment_yml_agrees_with_pyproject():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["instructor"]
    assert requirements(listed) == requirements(wanted)


def test_the_lock_holds_names_and_versions_and_no_address():
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.]+", line) for line in lines)


def test_the_lock_holds_every_direct_dependency():
    locked = {
        re.split("==", line)[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
    }
    extras = PROJECT["optional-dependencies"]
    for requirement in PROJECT["dependencies"] + extras["instructor"] + extras["dev"]:
        assert re.split(r"[<>=;\[ ]", requirement)[0].lower() in locked, requirement


ORDER = {
    "atomic": 0,
    "console": 0,
    "notebook": 0,
    "rooms": 0,
    "run": 1,
    "grade": 2,
    "desk": 3,
    "author": 3,
    "simulate": 3,
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize(
    "path", sorted((ROOT / "autograder").glob("*/*.py")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_rooms_import_one_way(path):
    room = path.parent.name
    for name in imported(path):
        if name.startswith("autograder."):
            other = name.split(".")[1]
            assert other == room or ORDER[other] < ORDER[room], f"{room} must not import {other}"


def test_selfcheck_imports_nothing_of_the_grader():
    for path in (ROOT / "assignments" / "selfcheck").glob("*.py"):
        assert not [name for name in imported(path) if name.startswith("autograder")], path


def test_the_machine_names_no_exercise_and_no_assignment():
    for assignment in Repository.default().names():
        exercises = re.findall(r'exercise="(\w+)"', Repository.default().source(assignment).read_text())
        assert exercises
        everywhere = [name for name in [assignment, *exercises] if "_" in name]
        words = re.compile(rf"\b({'|'.join(everywhere)})\b")
        for path in (ROOT / "autograder").rglob("*.py"):
            text = path.read_text().replace("such as a1_recurrence", "")
            assert not words.search(text), (path, words.search(text))
            texts = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
            assert not texts & set(exercises), path  # names of one word, such as encode, are Python's as well


def test_readme_and_make_help_name_the_same_commands():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", readme)) <= targets
