"""What `ready` has found, as a table in HTML or as plain text, and its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from selfcheck.report import HEADINGS, HIDDEN_TESTS, WITHOUT_POINTS, Report, point_text, table_html

READY = "Ready to hand in"
NOT_READY = "Not finished yet"
NOTEBOOK_HASH = "The notebook's hash is of the text and the marks of its cells: outputs do not change it."
HOW = "Run from the top in a process of its own, as the grade does: what only this session knows is not there."


@dataclass
class Receipt:
    """What was tried, and when, points of the visible tests, hashes. file: where it was kept.

    hashes: of each file by its name; the notebook's is of its cells' text and marks, see `NOTEBOOK_HASH`.
    """

    assignment: str
    release: str
    time: str
    points: float
    most: float
    hashes: Mapping[str, str]
    file: str = ""

    def text(self) -> str:
        """Return the receipt as lines."""
        lines = [f"{self.assignment}, release {self.release or 'unknown'}, tried {self.time}"]
        lines.append(f"visible tests: {point_text(self.points)} of {point_text(self.most)} points")
        lines += [f"sha256 {digest}  {name}" for name, digest in self.hashes.items()]
        lines.append(NOTEBOOK_HASH)
        return "\n".join(lines)


@dataclass
class ReadyReport(Report):
    """What is left to do before handing in.

    saved: when the notebook was saved; '' if never. exercises: name, tests passed, tests, points, most points.
    written: points of written questions. files: hashes of files beside the notebook. mend: what should be mended.
    know: what is good to know. endless: exercises of which a call was ended at its limit.
    """

    assignment: str
    release: str
    notebook: str
    saved: str
    exercises: list[tuple[str, int, int, float, float]] = field(default_factory=list)
    written: float = 0.0
    files: dict[str, str] = field(default_factory=dict)
    mend: list[str] = field(default_factory=list)
    know: list[str] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)
    receipt: Receipt | None = None

    @property
    def passed(self) -> bool:  # type: ignore[override]  # a field of Report, derived here
        """Whether nothing is left to mend."""
        return not self.mend

    @property
    def points(self) -> float:
        return sum(points for _, _, _, points, _ in self.exercises)

    @property
    def most(self) -> float:
        return sum(most for *_, most in self.exercises)

    def data(self) -> dict[str, Any]:
        """Return it as plain data, which `from_data` reads."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ReadyReport:
        receipt = data.get("receipt")
        exercises = [tuple(row) for row in data["exercises"]]
        return cls(**{**data, "exercises": exercises, "receipt": Receipt(**receipt) if receipt else None})

    @property
    def heading(self) -> str:
        things = "1 thing" if len(self.mend) == 1 else f"{len(self.mend)} things"
        state = READY if self.passed else f"{NOT_READY}: {things} to look at"
        saved = f"saved {self.saved}" if self.saved else "not saved since it was unpacked"
        return f"{state}. {self.notebook}, release {self.release or 'unknown'}, {saved}"

    @property
    def closing(self) -> str:
        written = f" A person grades the written questions ({point_text(self.written)} points)." if self.written else ""
        return f"{HIDDEN_TESTS}{written}"

    def rows(self) -> list[tuple[str, str, str]]:
        """Return the table of exercises: name, tests passed, points."""
        rows = [
            (name, f"{passed} of {tests}", f"{point_text(points)} of {point_text(most)}" if most else WITHOUT_POINTS)
            for name, passed, tests, points, most in self.exercises
        ]
        return [*rows, ("visible tests", "", f"{point_text(self.points)} of {point_text(self.most)}")]

    def _kept(self) -> str:
        return f" (kept in {self.receipt.file})" if self.receipt and self.receipt.file else ""

    def text(self) -> str:
        lines = [self.heading, HOW]
        for title, said in (("To mend or finish", self.mend), ("Good to know", self.know)):
            lines += [f"{title}:", *(f"  - {sentence}" for sentence in said)] if said else []
        table = [HEADINGS, *self.rows()]
        width = max(len(name) for name, _, _ in table)
        lines += [f"  {name:<{width}}  {tests:>12}  {points:>14}" for name, tests, points in table]
        lines.append(self.closing)
        if self.receipt:
            lines += [f"Receipt{self._kept()}:", *(f"  {line}" for line in self.receipt.text().splitlines())]
        return "\n".join(lines)

    def html(self) -> str:
        parts = [f"<b>{escape(self.heading)}</b><div>{escape(HOW)}</div>"]
        for title, said in (("To mend or finish", self.mend), ("Good to know", self.know)):
            if said:
                items = "".join(f"<li>{escape(sentence)}</li>" for sentence in said)
                parts.append(f'<div style="margin:6px 0 0"><b>{title}</b></div><ul style="margin:2px 0">{items}</ul>')
        parts.append(table_html([HEADINGS, *self.rows()]))
        parts.append(f"<div>{escape(self.closing)}</div>")
        if self.receipt:
            parts.append(f"<div><b>Receipt</b>{escape(self._kept())}</div><pre>{escape(self.receipt.text())}</pre>")
        return f"<div>{''.join(parts)}</div>"
