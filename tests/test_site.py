"""The documentation's site: it builds without a warning, its command reference is current, and it loads nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from autograder.course.paths import Repository

ROOT = Repository.default().root


def run(*command: str) -> str:
    environment = os.environ | {"TERM": "dumb", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    run("mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder))
    return folder


def test_the_command_reference_is_what_help_says_now():
    made = run("typer", "autograder.cli", "utils", "docs", "--name", "autograder", "--title", "Commands")
    assert made.strip() == (ROOT / "docs" / "commands.md").read_text("utf-8").strip(), "run make docs"


def test_links_between_pages_inside_and_outside_docs_work(site):
    for page in site.rglob("*.html"):
        for target in re.findall(r'href="([^"#:]+)(?:#[^"]*)?"', page.read_text("utf-8")):
            if not target.startswith("/"):  # 404.html does not know where it is read
                assert (page.parent / target).exists(), (page.name, target)
    assert 'href="CONTRIBUTING.html"' in (site / "index.html").read_text("utf-8")


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', page.read_text("utf-8"))
        loaded += re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"', page.read_text("utf-8"))
        assert [address for address in loaded if address.startswith(("http", "//"))] == []


def test_the_readmes_pictures_are_there_small_and_described():
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(shown) == 2
    for described, path in shown:
        assert len(described) > 60
        assert 1_000 < (ROOT / path).stat().st_size <= 80_000
