"""How the suite runs on several cores: `pytest -n auto`. What stays together, and what begins first, `units` says."""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads: a process has one core

# isort: split
import os

import pytest

from autograder.grading.forks import start_server
from units import seconds, unit

MOST_WORKERS = 8  # each takes half a gigabyte, and starts fork servers
# What many tests have a new process import: with the fork server's copy, each of them begins in a moment.
IMPORTED_ONCE = ("torch", "torch._dynamo", "sympy", "autograder.author.mutant_session", "autograder.gradebook.drawer")


def pytest_configure(config: pytest.Config) -> None:
    """In each process that shares the work, start the fork server of graders and mutants, with slow imports done."""
    if hasattr(config, "workerinput"):
        start_server(IMPORTED_ONCE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the slowest units first where several processes share the work; one process keeps the order of the files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -seconds(unit(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: three processes for two cores that we may use, since some tests wait for limits.

    Each takes some twenty seconds of processor time to collect the tests and to start its fork server.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + (cores + 1) // 2, MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give a whole unit to a process at a time, in the order in which the tests were collected."""
    from xdist.scheduler import LoadScopeScheduling

    class Units(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    config.option.loadscopereorder = False
    return Units(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that no test in a browser ran, and how to get one: a letter s among hundreds of dots says it to nobody."""
    for report in terminalreporter.stats.get("skipped", []):
        if "browser" in report.nodeid and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            terminalreporter.write_line(f"The tests in a browser did not run: {reason}. Then `make browser` runs all.")
            return
