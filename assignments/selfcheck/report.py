"""Show results: a small table in HTML, or plain text where HTML cannot be shown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any

from selfcheck.folder import GradedCell
from selfcheck.record import Record, earned
from selfcheck.target import NOT_STARTED

HIDDEN_TESTS = "The grade also counts hidden tests on other inputs."
_ORDER = ["failed", "error", "timeout", "gated", "passed"]
_WORDS = {"error": "raised", "gated": "not run", "timeout": "too slow"}
# White on these is readable, whatever the notebook's theme; all other text keeps the theme's own colours.
_COLOURS = {"passed": "#1b7f3b", "not run": "#5f6368", "not started": "#5f6368"}
_WRONG = "#b3261e"
_CELL = "text-align:left;vertical-align:top;padding:3px 10px 3px 0;border:0;background:transparent;color:inherit"
_TEXT = (
    "margin:2px 0 0;padding:0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-size:inherit;background:transparent;color:inherit"
)


class Report:
    """Something to show in a notebook or a terminal. passed: whether every test passed."""

    passed = False

    def text(self) -> str:
        raise NotImplementedError

    def html(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


class Problem(Report):
    """A sentence that says why nothing could be checked, and what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def text(self) -> str:
        return self.sentence

    def html(self) -> str:
        return f'<div style="{_TEXT}">{escape(self.sentence)}</div>'


class CheckReport(Report):
    """The visible tests of one exercise: the failing first, each with its claim, outcome and message.

    said: sentences about the answer as a whole, shown before the tests.
    """

    def __init__(self, exercise: str, records: Sequence[Record], said: Sequence[str] = ()) -> None:
        self.exercise = exercise
        self.records = sorted(records, key=lambda record: _ORDER.index(record.outcome))
        self.said = list(said)
        self.passed = all(record.outcome == "passed" for record in self.records)
        first = self.records[0].message if self.records else ""
        self.not_started = first == f"{exercise} {NOT_STARTED}"

    @property
    def heading(self) -> str:
        """Return one line: how many of the visible tests passed."""
        count = len(self.records)
        if self.not_started:
            return f"{self.exercise} {NOT_STARTED} ({_tests(count)})"
        if self.passed:
            return f"{self.exercise}: the visible tests passed"
        passed = sum(record.outcome == "passed" for record in self.records)
        return f"{self.exercise}: {passed} of {count} visible tests passed"

    @property
    def closing(self) -> str:
        return HIDDEN_TESTS if self.passed else ""

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (outcome in words, claim, message) of each test; a message already shown is not repeated."""
        rows, seen = [], set()
        for record in [] if self.not_started else self.records:
            message = record.message.removeprefix("not run yet: ")
            if message in seen and record.outcome not in ("passed", "gated"):
                message = "the same message as above"
            seen.add(message)
            if record.output and record.outcome != "passed" and record.output not in seen:
                message += f"\nIt printed:\n{textwrap.indent(record.output.rstrip(), '  ')}"
                seen.add(record.output)
            rows.append((_word(record), record.claim, message))
        return rows

    def body(self) -> str:
        """Return the report as text, without the closing sentence."""
        lines = [self.heading, *self.said]
        for word, claim, message in self.rows():
            lines.append(f"  {word if word == 'passed' else word.upper():<12}{claim}")
            lines += textwrap.indent(message, " " * 14).splitlines()
        return "\n".join(lines)

    def text(self) -> str:
        return "\n".join(filter(None, [self.body(), self.closing]))

    def html(self) -> str:
        said = "".join(f'<div style="{_TEXT};margin:4px 0">{escape(sentence)}</div>' for sentence in self.said)
        body = "".join(self._row(*row) for row in self.rows())
        table = f'<table style="border-collapse:collapse;margin:4px 0">{body}</table>' if body else ""
        closing = f"<div>{escape(self.closing)}</div>" if self.closing else ""
        return f"<div><b>{escape(self.heading)}</b>{said}{table}{closing}</div>"

    @staticmethod
    def _row(word: str, claim: str, message: str) -> str:
        below = f'<pre style="{_TEXT}">{escape(message)}</pre>' if message else ""
        cells = f'<td style="{_CELL}">{_chip(word)}</td><td style="{_CELL}">{escape(claim)}{below}</td>'
        return f'<tr style="background:transparent">{cells}</tr>'


class ProgressReport(Report):
    """Points so far, exercise by exercise, as the visible tests see it.

    differing: exercises that pass them and are not right on the public inputs.
    """

    def __init__(self, cells: Sequence[GradedCell], records: Sequence[Record], differing: Sequence[str] = ()) -> None:
        self.differing = differing
        self.rows: list[tuple[str, str, str]] = []
        exercises = [cell for cell in cells if not cell.written]
        total = 0.0
        for cell in exercises:
            own = [record for record in records if record.exercise == cell.name]
            points = sum(share for _, share, _ in earned(own, cell.points))
            total += points
            passed = sum(record.outcome == "passed" for record in own)
            self.rows.append((cell.name, f"{passed} of {len(own)}", f"{_points(points)} of {_points(cell.points)}"))
        self.written = sum(cell.points for cell in cells if cell.written)
        most = sum(cell.points for cell in exercises)
        self.passed = bool(exercises) and total >= most and not differing
        self.total = ("all exercises", "", f"{_points(total)} of {_points(most)}")

    heading = "Points so far, from the visible tests only"

    @property
    def closing(self) -> str:
        written = f" A person grades the written questions ({_points(self.written)} points)." if self.written else ""
        calls = " and ".join(f'check("{name}")' for name in self.differing)
        show = "show" if len(self.differing) > 1 else "shows"
        not_right = f"Hidden tests will see more: {calls} {show} what still differs. " if calls else ""
        return not_right + HIDDEN_TESTS + written

    def text(self) -> str:
        table = [("exercise", "tests passed", "points"), *self.rows, self.total]
        width = max(len(row[0]) for row in table)
        lines = [f"  {name:<{width}}  {tests:>12}  {points:>12}" for name, tests, points in table]
        return "\n".join([self.heading, *lines, self.closing])

    def html(self) -> str:
        def row(cells: tuple[str, str, str], tag: str = "td") -> str:
            return "<tr style='background:transparent'>" + "".join(
                f'<{tag} style="{_CELL};{"" if i == 0 else "text-align:right"}">{escape(cell)}</{tag}>'
                for i, cell in enumerate(cells)
            ) + "</tr>"  # fmt: skip

        body = row(("exercise", "tests passed", "points"), "th") + "".join(map(row, self.rows)) + row(self.total, "th")
        table = f'<table style="border-collapse:collapse;margin:4px 0">{body}</table>'
        return f"<div><b>{escape(self.heading)}</b>{table}<div>{escape(self.closing)}</div></div>"


def _word(record: Record) -> str:
    if record.outcome == "error" and record.message.endswith(NOT_STARTED):
        return "not started"
    return _WORDS.get(record.outcome, record.outcome)


def _chip(word: str) -> str:
    style = (
        f"background:{_COLOURS.get(word, _WRONG)};color:#ffffff;padding:1px 7px;border-radius:3px;white-space:nowrap"
    )
    return f'<span style="{style}">{escape(word)}</span>'


def _tests(count: int) -> str:
    return "1 visible test" if count == 1 else f"{count} visible tests"


def _points(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")
