"""What runs the checks elsewhere: pre-commit's hooks and the public workflow call what `make` calls."""

import os
import re

import pytest
import yaml

from autograder.course.paths import Repository

ROOT = Repository.default().root
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def recipe(target):
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)[1]


def test_pre_commit_fetches_no_hook():
    assert {one["repo"] for one in HOOKS} == {"local"}
    assert {hook["language"] for one in HOOKS for hook in one["hooks"]} == {"system"}


@pytest.mark.parametrize("command", ["ruff check", "ruff format", "mypy", "autograder build --check"])
def test_pre_commit_runs_the_environments_own_programs(command):
    entries = [hook["entry"] for one in HOOKS for hook in one["hooks"]]
    assert any(entry.startswith(f".venv/bin/{command}") for entry in entries)


def test_the_workflow_runs_what_every_machine_runs_on_the_oldest_and_the_newest_python():
    (job,) = WORKFLOW["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_make_format_mends_what_make_lint_complains_of():
    assert set(re.findall(r"ruff \w+", recipe("format"))) == set(re.findall(r"ruff \w+", recipe("lint")))
