"""An evening in JupyterLab: run all, fail a check, read its name, mend it, see it pass, restart, try the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from autograder.author.handout import handout
from autograder.course import catalogue, markers
from autograder.course.paths import Repository
from autograder.course.source import Source, parse

REPOSITORY = Repository.default()
NAME, EXERCISE = "a1_recurrence", "one_hot"
PATIENCE = 60_000  # milliseconds: the kernel's first import of torch on a busy machine


class Lab:
    """A notebook open in JupyterLab, by its cells."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def cell(self, beginning: str) -> Locator:
        """Return the code cell whose text begins so."""
        cells = self.page.locator(".jp-CodeCell")
        found = cells.filter(has=self.page.locator(".cm-line:first-child", has_text=re.compile("^" + beginning)))
        expect(found).to_have_count(1)
        return found

    def write(self, beginning: str, text: str) -> None:
        """Put a text in the place of a cell's, by the keyboard."""
        self.cell(beginning).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def run(self, beginning: str) -> Locator:
        """Run a cell; return what it shows."""
        cell = self.cell(beginning)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=PATIENCE)
        return cell.locator(".jp-OutputArea")

    def menu(self, name: str, item: str) -> None:
        """Choose an item of a menu."""
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{name}$")).click()
        self.page.locator(".lm-Menu-item", has_text=item).first.click()

    def wait_for_kernel(self) -> None:
        """Wait until the status bar says that the notebook's kernel is idle."""
        expect(self.page.get_by_role("button", name=re.compile(r"\| Idle$"))).to_be_visible(timeout=PATIENCE)

    def save(self) -> None:
        """Save, and wait until the file is written."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)


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
    settings = tmp_path / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    server = jupyter_server(folder, JUPYTERLAB_SETTINGS_DIR=str(tmp_path / "settings"))
    asks = page.locator(".jp-Dialog", has_text="Select Kernel")  # where the page is quicker than the list of kernels
    page.add_locator_handler(asks, lambda dialog: dialog.locator(".jp-mod-accept").click())
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
