"""Evenings in JupyterLab: what a student reads when a check fails, a cell is split, a kernel is restarted.

The tests share a server; each has the release in a folder of its own, and a kernel.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from autograder.course.source import Source, parse
from browsing import JupyterServer
from lab_page import IMPORTS, NAME, REPOSITORY, Lab, mistaken, reference, shows, start_lab, unpack

EXERCISE, DEFINE = "one_hot", "def one_hot"
PASSED = f"{EXERCISE}: the visible tests passed"
STALE = f"{EXERCISE} was defined before your last edit: run its cell again"


@pytest.fixture(scope="module")
def source() -> Source:
    return parse(REPOSITORY.source(NAME))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, jupyter_server: Callable[..., Any]) -> tuple[JupyterServer, Path]:
    """JupyterLab, and the folder that it serves."""
    root = tmp_path_factory.mktemp("lab")
    return start_lab(jupyter_server, root), root


@pytest.fixture
def folder(server: tuple[JupyterServer, Path], source: Source, request: pytest.FixtureRequest) -> Path:
    """What the zip of the assignment unpacks to, in the folder that JupyterLab serves."""
    return unpack(source, server[1] / request.node.name)


@pytest.fixture
def lab(page: Page, folder: Path, server: tuple[JupyterServer, Path]) -> Lab:
    """The release, open in JupyterLab."""
    return Lab.opened(page, server[0], f"{folder.name}/{NAME}.ipynb")


def test_an_evening_in_jupyterlab(lab: Lab, folder: Path, source: Source) -> None:
    wrong, says = mistaken(source, EXERCISE)
    lab.menu("Run", "Run All Cells")
    shows(lab.cell(lab.check_cell(EXERCISE)).locator(".jp-OutputArea"), f"{EXERCISE} is not started yet")
    lab.wait_for_kernel()  # a cell further down raises, and what waits behind it is dropped

    lab.write(DEFINE, wrong)
    lab.run(DEFINE)
    report = lab.check(EXERCISE)
    shows(report, says)
    opened = report.locator("details[open]")
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("failed")
    said = report.inner_text()
    assert said.index(says[:40]) < said.index("failed")

    lab.write(DEFINE, reference(source, EXERCISE))
    lab.save()
    shows(lab.check(EXERCISE), STALE)

    lab.run(DEFINE)
    shows(lab.check(EXERCISE), PASSED)
    shows(lab.run("progress()"), "6 of 80")

    lab.restart()
    lab.run(IMPORTS)
    progress = lab.run("progress()")
    shows(progress, re.compile(r"5 of 5 on \d{4}-\d\d-\d\d"))
    shows(progress, "6 of 80")

    lab.save()
    whole = lab.run("from selfcheck import ready")
    shows(whole, "Not finished yet")
    shows(whole, "visible tests: 6 of 80 points")
    assert (folder / f"{NAME}.receipt.txt").is_file()


def test_a_cell_split_between_a_helper_and_the_function_counts_as_one(lab: Lab, source: Source) -> None:
    lab.run(IMPORTS)
    lab.write(DEFINE, f"def rows(x):\n    return x\n\n\n{reference(source, EXERCISE)}")
    lab.run("def rows")
    lab.page.locator(".cm-line", has_text=DEFINE).click()
    lab.page.keyboard.press("Home")
    lab.menu("Edit", "Split Cell")
    lab.run("def rows")
    lab.run(DEFINE)
    lab.save()
    report = lab.check(EXERCISE)
    shows(report, PASSED)
    expect(report).not_to_contain_text(STALE)

    whole = lab.run("from selfcheck import ready")
    shows(whole, f"The cell of {EXERCISE} is split into 2 pieces: the grade joins them, and so does this run.")
    shows(whole, "visible tests: 6 of 80 points")


def test_a_function_split_in_two_is_told_how_to_be_whole_again(lab: Lab, source: Source) -> None:
    lab.run(IMPORTS)
    lab.write(DEFINE, reference(source, EXERCISE))
    lab.cell(DEFINE).locator(".cm-line", has_text="x = np.zeros").click()
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("Home")  # before the indentation
    lab.menu("Edit", "Split Cell")
    lab.run(DEFINE)
    lab.save()
    split = f"The cell of {EXERCISE} is split into 2 pieces: the grade joins them. A session cannot run a piece"
    shows(lab.check(EXERCISE), split)

    lab.cell(DEFINE).locator(".jp-InputPrompt").click()
    lab.menu("Edit", "Merge Cell Below")
    lab.run(DEFINE)
    lab.save()
    shows(lab.check(EXERCISE), PASSED)


def test_a_renamed_notebook_still_checks_and_is_told_its_name(lab: Lab, folder: Path, source: Source) -> None:
    lab.run(IMPORTS)
    lab.menu("File", "Rename Notebook…")
    lab.page.locator(".jp-Dialog input").fill("evening.ipynb")
    lab.accept()
    expect(lab.page.locator(".lm-TabBar-tab.jp-mod-current")).to_contain_text("evening.ipynb")
    lab.write(DEFINE, reference(source, EXERCISE))
    lab.run(DEFINE)
    shows(lab.check(EXERCISE), PASSED)
    lab.write(DEFINE, f"{reference(source, EXERCISE)}\nTHREE = 3")
    lab.save()
    shows(lab.check(EXERCISE), STALE)

    lab.run(DEFINE)
    whole = lab.run("from selfcheck import ready")
    shows(whole, f"Hand it in as {NAME}.ipynb")
    shows(whole, "visible tests: 6 of 80 points")
    assert not (folder / f"{NAME}.ipynb").exists()


def test_an_endless_loop_that_is_stopped_is_told_with_its_line(lab: Lab, source: Source) -> None:
    lab.run(IMPORTS)
    lab.write(DEFINE, f"{DEFINE}(tokens, K):\n    while True:\n        pass")
    lab.run(DEFINE)
    cell = lab.cell(lab.check_cell(EXERCISE))
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("Control+Enter")
    report = cell.locator(".jp-OutputArea")
    shows(report, f"{EXERCISE} has been running for 2 seconds and goes on")
    lab.menu("Kernel", "Interrupt Kernel")
    stopped = re.compile(rf"You stopped {EXERCISE} after \d+ s, in line [23]: (while True:|pass)")
    shows(report, stopped)
    expect(report).not_to_contain_text("pytest")

    lab.save()
    last = lab.cell("from selfcheck import ready")
    last.locator(".cm-content").click()
    lab.page.keyboard.press("Control+Enter")
    shows(last.locator(".jp-OutputArea"), f"{EXERCISE} has been running for 2 seconds and goes on")
    lab.menu("Kernel", "Interrupt Kernel")
    shows(last.locator(".jp-OutputArea"), stopped)
    lab.run(IMPORTS)  # the kernel goes on


def test_after_a_restart_and_out_of_order_a_check_says_which_cell_to_run(lab: Lab, source: Source) -> None:
    step, whole = "rnn_step_forward", "rnn_forward"
    lab.run(IMPORTS)
    for name in (step, whole):
        lab.write(f"def {name}(", reference(source, name))
    lab.run(f"def {whole}(")  # out of order: the step that it calls has not run
    shows(lab.check(whole), f"{whole} uses {step}, which this session does not know: run the cell of {step} first")
    lab.run(f"def {step}(")
    shows(lab.check(whole), f"{whole}: the visible tests passed")
    lab.save()

    lab.restart()
    shows(lab.check(whole), "NameError")  # Python's own, as check is not imported
    lab.run(IMPORTS)
    shows(lab.check(whole), f"{whole} is not defined: run the cell that defines it")
    lab.run(f"def {whole}(")
    shows(lab.check(whole), f"run the cell of {step} first")
    lab.run(f"def {step}(")
    shows(lab.check(whole), f"{whole}: the visible tests passed")
