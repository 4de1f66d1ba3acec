"""Reports that a cell makes and does not show, because they are not its last value: they are shown as figures are."""

from __future__ import annotations

from typing import Any

from IPython.display import display

from selfcheck.report import Report

_EVENT = "post_run_cell"
_kept: list[Report] = []  # what the running cell has made since something was shown


def keep(report: Report, shell: Any) -> None:
    """Have a shell show a report when its cell ends, unless the cell shows it."""
    events = getattr(shell, "events", None)
    if events is None:
        return
    if _at_the_end not in events.callbacks[_EVENT]:
        events.register(_EVENT, _at_the_end)
    _kept.append(report)


def show() -> None:
    """Show what was kept and not shown, in the order in which it was made."""
    while _kept:
        report = _kept.pop(0)
        if not report.shown:
            display(report)


def _at_the_end(result: Any) -> None:
    show()
