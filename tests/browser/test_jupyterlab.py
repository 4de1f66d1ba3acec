"""An evening in JupyterLab: run all, fail a check, read its name, mend it, see it pass, restart, try the whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from autograder.author.handout import handout
from autograder.course import catalogue, markers
from autograder.course.paths import Repository
from autograder.course.source import Source, parse
from lab import PATIENCE, Lab, all_cells

REPOSITORY = Repository.default()
NAME, EXERCISE = "a1_recurrence", "one_hot"


@pytest.fixture(scope="module")
def source() -> Source:
    return parse(REPOSITORY.source(NAME))


@pytest.fixture
def folder(tmp_path: Path, source: Source) -> Path:
    """What the zip of the assignment unpacks to."""
    files: dict[str, bytes] = {**handout(REPOSITORY, source), f"{NAME}.ipynb": REPOSITORY.notebook(NAME).read_bytes()}
    for place, content in files.items():
        path = tmp_path / NAME / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / NAME


@pytest.fixture
def lab(page: Page, folder: Path, jupyter_server: Callable[..., Any], tmp_path: Path) -> Lab:
    """The release, open in JupyterLab; all of its cells are in the page, for the tests to find."""
    server = jupyter_server(folder, JUPYTERLAB_SETTINGS_DIR=str(all_cells(tmp_path / "settings")))
    page.goto(server.at(f"lab/tree/{NAME}.ipynb"))
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=PATIENCE)
    lab = Lab(page)
    lab.wait_for_kernel()
    return lab


def test_an_evening_in_jupyterlab(lab: Lab, folder: Path, source: Source) -> None:
    cell = next(cell for cell in source.exercises if cell.name == EXERCISE)
    mistake = catalogue.mistakes(REPOSITORY, NAME)[EXERCISE][0]
    wrong = markers.patched(cell.source, mistake["old"], mistake["new"])
    define, check = f"def {EXERCISE}", re.escape(f'check("{EXERCISE}")')
    expect_shown = lambda shown, text: expect(shown).to_contain_text(text, timeout=PATIENCE)  # noqa: E731

    lab.menu("Run", "Run All Cells")
    expect_shown(lab.cell(check).locator(".jp-OutputArea"), f"{EXERCISE} is not started yet")

    lab.write(define, wrong)
    lab.run(define)
    report = lab.run(check)
    expect_shown(report, mistake["says"])
    opened = report.locator("details[open]")
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("failed")
    said = report.inner_text()
    assert said.index(mistake["says"][:40]) < said.index("failed")

    lab.write(define, cell.reference)
    lab.save()
    expect_shown(lab.run(check), f"{EXERCISE} was defined before your last edit: run its cell again")

    lab.run(define)
    expect_shown(lab.run(check), f"{EXERCISE}: the visible tests passed")
    expect_shown(lab.run(re.escape("progress()")), "6 of 80")

    lab.menu("Kernel", "Restart Kernel…")
    lab.page.locator(".jp-Dialog .jp-mod-accept").click()
    lab.wait_for_kernel()
    lab.run("import numpy as np")
    progress = lab.run(re.escape("progress()"))
    expect_shown(progress, re.compile(r"5 of 5 on \d{4}-\d\d-\d\d"))
    expect_shown(progress, "6 of 80")

    lab.save()
    whole = lab.run("from selfcheck import ready")
    expect_shown(whole, "Not finished yet")
    expect_shown(whole, "visible tests: 6 of 80 points")
    assert (folder / f"{NAME}.receipt.txt").is_file()
