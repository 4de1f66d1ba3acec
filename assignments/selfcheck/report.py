"""Show results: lines that fold, and tables, in HTML; plain text that says the same where HTML cannot be shown."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from selfcheck.folder import GradedCell
from selfcheck.prose import as_html, as_text
from selfcheck.record import Record, earned
from selfcheck.target import NOT_STARTED

HINTS = "Hints, folded away below the exercise in the notebook; which one is your symptom?"
PREDICTED = "What you have predicted beside what was measured, from the saved notebook:"
HIDDEN_TESTS = "The grade also counts hidden tests on other inputs."
HEADINGS = ("exercise", "tests passed", "points")
WITHOUT_POINTS = "without points"
_ORDER = ["failed", "error", "timeout", "gated", "passed"]
_WORDS = {"error": "raised", "gated": "not run", "timeout": "too slow"}
# White on these is readable, whatever the notebook's theme; all other text keeps the theme's own colours.
_COLOURS = {"passed": "#1b7f3b", "not run": "#5f6368", "not started": "#5f6368"}
_WRONG = "#b3261e"
_CELL = "text-align:left;vertical-align:top;padding:3px 10px 3px 0;border:0;background:transparent;color:inherit"
_TEXT = (
    "margin:2px 0 0;padding:0;white-space:pre-wrap;overflow-wrap:break-word;word-break:normal;"
    "font-size:inherit;background:transparent;color:inherit"
)


class Report:
    """Something to show in a notebook or a terminal. passed: whether every test passed. shown: whether it was shown."""

    passed = False
    shown = False

    def text(self) -> str:
        raise NotImplementedError

    def html(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        self.shown = True
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        self.shown = True
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

    said: sentences about the answer as a whole, shown before the tests. hints: pairs of symptom and text, to be shown
    after several tries; the first is opened if it is the one that fits. graded: whether the exercise earns points.
    """

    def __init__(
        self,
        exercise: str,
        records: Sequence[Record],
        said: Sequence[str] = (),
        hints: Sequence[tuple[str, str]] = (),
        fits: bool = False,
        graded: bool = True,
    ) -> None:
        self.exercise = exercise
        self.records = sorted(records, key=lambda record: _ORDER.index(record.outcome))
        self.said = list(said)
        self.passed = all(record.outcome == "passed" for record in self.records)
        first = self.records[0].message if self.records else ""
        self.not_started = first == f"{exercise} {NOT_STARTED}"
        self.hints = [] if self.passed or self.not_started else list(hints)
        self.fits = fits
        self.graded = graded

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
        return HIDDEN_TESTS if self.passed and self.graded else ""

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (outcome in words, claim, message) of each test; a message already shown is not repeated.

        Tests that passed share a row, unless a message goes with one; so do those that were not run.
        """
        rows, seen = [], set()
        shared: dict[tuple[str, str], list[str]] = {}
        for record in [] if self.not_started else self.records:
            message = record.message.removeprefix("not run yet: ")
            if record.outcome == "gated" or (record.outcome == "passed" and not message):
                shared.setdefault((_word(record), message), []).append(record.claim)
                continue
            if message in seen and record.outcome not in ("passed", "gated"):
                message = "the same message as above"
            seen.add(message)
            if record.output and record.outcome != "passed" and record.output not in seen:
                message += f"\nIt printed:\n{textwrap.indent(record.output.rstrip(), '  ')}"
                seen.add(record.output)
            rows.append((_word(record), record.claim, message))
        for (word, message), claims in shared.items():
            several = len(claims) > 1
            below = [*([message] if message else []), *(claims if several else [])]
            rows.append((word, _tests(len(claims)) if several else claims[0], "\n".join(below)))
        return rows

    def body(self) -> str:
        """Return the report as text, without the closing sentence."""
        lines = [self.heading, *self.said]
        for word, claim, message in self.rows():
            lines.append(f"  {word if word == 'passed' else word.upper():<12}{claim}")
            lines += textwrap.indent(message, " " * 14).splitlines()
        for number, (symptom, text) in enumerate(self.hints):
            lines += [HINTS] if number == 0 else []
            lines.append(f"  {as_text(symptom)}")
            lines += textwrap.indent(as_text(text), " " * 4).splitlines() if self.fits and number == 0 else []
        return "\n".join(lines)

    def text(self) -> str:
        return "\n".join(filter(None, [self.body(), self.closing]))

    def html(self) -> str:
        said = "".join(f'<div style="{_TEXT};margin:4px 0">{escape(sentence)}</div>' for sentence in self.said)
        body = "".join(
            _folded(f"{_chip(word)} {escape(claim)}", message, opened=number == 0 and word != "passed")
            for number, (word, claim, message) in enumerate(self.rows())
        )
        hints = "".join(
            _details(
                escape(as_text(symptom)),
                f'<div style="margin:2px 0 6px 14px">{as_html(text)}</div>',
                self.fits and not number,
            )
            for number, (symptom, text) in enumerate(self.hints)
        )
        hints = f'<div style="margin:6px 0 0">{HINTS}</div>{hints}' if hints else ""
        closing = f"<div>{escape(self.closing)}</div>" if self.closing else ""
        return f"<div><b>{escape(self.heading)}</b>{said}{body}{hints}{closing}</div>"


class ProgressReport(Report):
    """Points so far, section by section, as the visible tests see it.

    differing: exercises that pass them and are not right on the public inputs. earlier: by exercise that this session
    has not run, what was kept of it. minutes: by exercise and question, from its card. answered: questions with an
    answer. predictions: lines that figures print of what was measured and predicted.
    """

    def __init__(
        self,
        cells: Sequence[GradedCell],
        records: Sequence[Record],
        differing: Sequence[str] = (),
        earlier: Mapping[str, Mapping[str, Any]] | None = None,
        minutes: Mapping[str, int] | None = None,
        answered: Collection[str] = (),
        predictions: Sequence[str] = (),
    ) -> None:
        self.differing = differing
        self.predictions = list(predictions)
        self.rows: list[tuple[str, str, str]] = []
        known = earlier or {}
        exercises = [cell for cell in cells if not cell.written]
        sections: dict[str, list[GradedCell]] = {}
        for cell in exercises:
            sections.setdefault(cell.section, []).append(cell)
        total, self.left = 0.0, 0
        for section, members in sections.items():
            rows, so_far = [], 0.0
            for cell in members:
                own = [record for record in records if record.exercise == cell.name]
                points = sum(share for _, share, _ in earned(own, cell.points))
                passed, tests = sum(record.outcome == "passed" for record in own), len(own)
                when = ""
                if cell.name in known:
                    points, passed, tests = (known[cell.name][part] for part in ("points", "passed", "tests"))
                    when = f" on {known[cell.name]['time']}"
                so_far += points
                if cell.points and not (tests and passed == tests):
                    self.left += (minutes or {}).get(cell.name, 0)
                rows.append((cell.name, f"{passed} of {tests}{when}", _of(points, cell.points)))
            total += so_far
            if section:
                self.rows.append((section, "", _of(so_far, sum(cell.points for cell in members))))
                rows = [(f"  {name}", tests, points) for name, tests, points in rows]
            self.rows += rows
        questions = [cell for cell in cells if cell.written]
        self.left += sum((minutes or {}).get(cell.name, 0) for cell in questions if cell.name not in answered)
        self.written = sum(cell.points for cell in questions)
        most = sum(cell.points for cell in exercises)
        self.passed = bool(exercises) and total >= most and not differing
        self.kept = bool(known)
        self.total = ("all exercises", "", _of(total, most))

    heading = "Points so far, from the visible tests only"

    @property
    def closing(self) -> str:
        written = f" A person grades the written questions ({point_text(self.written)} points)." if self.written else ""
        calls = " and ".join(f'check("{name}")' for name in self.differing)
        show = "show" if len(self.differing) > 1 else "shows"
        not_right = f"Hidden tests may see more: {calls} {show} what still differs. " if calls else ""
        return not_right + HIDDEN_TESTS + written

    @property
    def below(self) -> list[str]:
        """Return the sentences below the table."""
        said = [f"About {self.left} minutes are left by the cards."] if self.left else []
        if self.kept:
            said.append("A date marks what this session has not run yet: it is as it was then.")
        return [self.closing, *said]

    def text(self) -> str:
        table = [HEADINGS, *self.rows, self.total]
        widths = [max(12, *(len(row[column]) for row in table)) for column in range(3)]
        lines = [f"  {name:<{widths[0]}}  {tests:>{widths[1]}}  {points:>{widths[2]}}" for name, tests, points in table]
        predicted = [PREDICTED, *(f"  {line}" for line in self.predictions)] if self.predictions else []
        return "\n".join([self.heading, *lines, *self.below, *predicted])

    def html(self) -> str:
        table = table_html([HEADINGS, *self.rows, self.total])
        below = "".join(f"<div>{escape(sentence)}</div>" for sentence in self.below)
        if self.predictions:
            lines = escape("\n".join(self.predictions))
            below += f'<div style="margin:6px 0 0">{PREDICTED}</div><pre style="{_TEXT}">{lines}</pre>'
        return f"<div><b>{escape(self.heading)}</b>{table}{below}</div>"


def table_html(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in HTML: the first row is its head, the last one its foot, numbers are on the right."""

    def cell(column: int, text: str, head: bool) -> str:
        tag = "th" if head and text else "td"
        side = "text-align:right" if column else ""
        return f'<{tag} style="{_CELL};white-space:pre;{side}">{escape(text)}</{tag}>'

    def row(cells: Sequence[str], head: bool) -> str:
        inside = "".join(cell(column, text, head) for column, text in enumerate(cells))
        return f"<tr style='background:transparent'>{inside}</tr>"

    body = "".join(row(cells, number in (0, len(rows) - 1)) for number, cells in enumerate(rows))
    return f'<table style="border-collapse:collapse;margin:4px 0">{body}</table>'


def _folded(summary: str, text: str, opened: bool) -> str:
    """A line that opens and closes what is below it, by mouse and by keyboard; the line alone if there is nothing."""
    if not text:
        return f'<div style="margin:3px 0">{summary}</div>'
    return _details(summary, f'<pre style="{_TEXT};margin:2px 0 6px 14px">{escape(text)}</pre>', opened)


def _details(summary: str, below: str, opened: bool) -> str:
    return f'<details{" open" if opened else ""} style="margin:3px 0"><summary>{summary}</summary>{below}</details>'


def _of(points: float, most: float) -> str:
    return f"{point_text(points)} of {point_text(most)}" if most else WITHOUT_POINTS


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


def point_text(points: float) -> str:
    """Return points as people read them: at most two decimals."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
