"""A notebook open in JupyterLab, as the tests in `browser` work on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PATIENCE = 180_000  # milliseconds: the kernel's first import of torch on a busy machine


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
