"""An assignment's release open in JupyterLab, for the browser tests: its folder, its page, its cells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from autograder.author.handout import handout
from autograder.course import catalogue, markers
from autograder.course.paths import Repository
from autograder.course.source import Source
from browsing import JupyterServer

REPOSITORY = Repository.default()
NAME = "a1_recurrence"
IMPORTS = "import os"  # how the cell begins that imports check


def unpack(source: Source, folder: Path) -> Path:
    """Write what the assignment's zip unpacks to into a folder; return the folder."""
    notebook = REPOSITORY.notebook(NAME).read_bytes()
    for place, content in {**handout(REPOSITORY, source), f"{NAME}.ipynb": notebook}.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def reference(source: Source, exercise: str) -> str:
    """Return the solved cell of an exercise."""
    return next(cell.reference for cell in source.exercises if cell.name == exercise)


def mistaken(source: Source, exercise: str) -> tuple[str, str]:
    """Return the exercise's cell with the first mistake of the catalogue, and the sentence that names the mistake."""
    cell = next(cell for cell in source.exercises if cell.name == exercise)
    mistake = catalogue.mistakes(REPOSITORY, NAME)[exercise][0]
    return markers.patched(cell.source, mistake["old"], mistake["new"]), mistake["says"]


def start_lab(jupyter_server: Callable[..., JupyterServer], root: Path) -> JupyterServer:
    """Start JupyterLab on a folder; it puts all of a notebook's cells into the page, for the tests to find."""
    return jupyter_server(root, JUPYTERLAB_SETTINGS_DIR=str(all_cells(root / ".settings")))


def all_cells(settings: Path) -> Path:
    """Write settings of JupyterLab with which all of a notebook's cells are in the page; return their folder."""
    tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    return settings


class Lab:
    """A notebook open in JupyterLab, by its cells."""

    def __init__(self, page: Page) -> None:
        self.page = page
        asks = page.locator(".jp-Dialog", has_text="Select Kernel")  # where the page is quicker than the kernels' list
        page.add_locator_handler(asks, lambda dialog: dialog.locator(".jp-mod-accept").click())

    @classmethod
    def opened(cls, page: Page, server: JupyterServer, notebook: str) -> Lab:
        """Open a notebook, by its path on the server, and wait for its kernel."""
        lab = cls(page)
        workspace = f"lab/workspaces/{Path(notebook).parent}"  # of its own: another would open its notebooks again
        page.goto(server.at(f"{workspace}/tree/{notebook}"))
        expect(page.locator(".jp-Notebook")).to_be_visible()
        lab.wait_for_kernel()
        return lab

    def cell(self, beginning: str) -> Locator:
        """Return the code cell whose text begins so."""
        cells = self.page.locator(".jp-CodeCell")
        first = self.page.locator(".cm-line:first-child", has_text=re.compile("^" + re.escape(beginning)))
        found = cells.filter(has=first)
        expect(found).to_have_count(1)
        return found

    def check_cell(self, exercise: str) -> str:
        """Return how the cell begins that checks an exercise."""
        return f'check("{exercise}")'

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
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        return cell.locator(".jp-OutputArea")

    def check(self, exercise: str) -> Locator:
        """Run the cell that checks an exercise; return what it shows."""
        return self.run(self.check_cell(exercise))

    def menu(self, name: str, item: str) -> None:
        """Choose an item of a menu."""
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{name}$")).click()
        self.page.locator(".lm-Menu-item", has_text=item).first.click()

    def accept(self) -> None:
        """Press the button of an open dialogue that goes on."""
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def restart(self) -> None:
        """Restart the kernel; nothing is run again."""
        self.menu("Kernel", "Restart Kernel…")
        self.accept()
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the status bar says that the notebook's kernel is idle."""
        expect(self.page.get_by_role("button", name=re.compile(r"\| Idle$"))).to_be_visible()

    def save(self) -> None:
        """Save, and wait until the file is written."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)


def shows(output: Locator, text: str | re.Pattern[str]) -> None:
    """Wait until an output has a text in it."""
    expect(output).to_contain_text(text)
