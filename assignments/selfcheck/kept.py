"""What is kept beside the notebook from one session to the next: points so far, and tries at a test."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from selfcheck.record import Record, earned

SUFFIX = ".progress.json"


class Kept:
    """The file NAME.progress.json beside the notebook NAME; where it cannot be written, this session remembers.

    path: of the file. Nothing else reads it, and grading ignores it.
    """

    _unwritten: ClassVar[dict[Path, dict[str, Any]]] = {}

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content: dict[str, Any] = {"exercises": {}, "tries": {}}
        for known in (self._unwritten.get(path), self._read()):
            if known is not None:
                self._content = known
                break

    def _read(self) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.path.read_text("utf-8"))
            if isinstance(found, dict) and all(isinstance(found.get(part), dict) for part in ("exercises", "tries")):
                return found
        return None

    def note(self, records: Sequence[Record], points: dict[str, float]) -> None:
        """Keep the outcomes of tests. points: the most that each exercise can earn."""
        for name in dict.fromkeys(record.exercise for record in records):
            own = [record for record in records if record.exercise == name]
            share = sum(share for _, share, _ in earned(own, points.get(name, 0.0)))
            passed = sum(record.outcome == "passed" for record in own)
            told = {"passed": passed, "tests": len(own), "points": share, "time": time.strftime("%Y-%m-%d %H:%M")}
            self._content["exercises"][name] = told
        for record in records:
            tries = self._content["tries"]
            if record.outcome == "passed":
                tries.pop(record.name, None)
            elif record.outcome != "gated":
                tries[record.name] = self.tries(record.name) + 1
        self._write()

    def tries(self, test: str) -> int:
        """Return how many times in a row a test has failed."""
        found = self._content["tries"].get(test, 0)
        return found if type(found) is int else 0

    def exercise(self, name: str) -> dict[str, Any] | None:
        """Return what was last seen of an exercise: tests passed, tests, points, time."""
        found = self._content["exercises"].get(name)
        whole = isinstance(found, dict) and {"passed", "tests", "points", "time"} <= found.keys()
        return found if whole else None

    def _write(self) -> None:
        text = json.dumps(self._content, indent=1)
        aside = self.path.with_name(self.path.name + ".new")
        try:
            aside.write_text(text, "utf-8")
            aside.replace(self.path)
        except OSError:
            self._unwritten[self.path] = self._content
