"""A pytest plugin for a Python that has no torch: a test that fails for want of it alone is skipped, with that reason.

`python -m pytest -p tests.without_torch`. Which tests these are is seen when they run, so that no list can be stale.
"""

from __future__ import annotations

import importlib.util

import pytest

MISSING = "No module named 'torch'"
REASON = ("", 0, "Skipped: it needs torch, which is not installed for this Python")


def _excuse(report: pytest.CollectReport | pytest.TestReport) -> None:
    """Turn a failure that says that torch is missing into a skip."""
    if report.failed and MISSING in report.longreprtext:
        report.outcome, report.longrepr = "skipped", REASON


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    _excuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    _excuse(report)
    return report


def pytest_configure():
    if importlib.util.find_spec("torch") is not None:
        raise pytest.UsageError("torch is installed: run all tests, without -p tests.without_torch")
