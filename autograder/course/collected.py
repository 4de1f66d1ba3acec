"""What collecting notes beside a submission: where it came from, when it was handed in, flags for the instructor."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

NAME = "collected.json"
LONGEST_FILE = 64 * 1024
LATE_WITHOUT_TIME, RENAMED, SEVERAL, GROUP = "late-without-time", "notebook-renamed", "several-notebooks", "group-work"
FLAGS = (LATE_WITHOUT_TIME, RENAMED, SEVERAL, GROUP)


@dataclass(frozen=True)
class Collected:
    """One collected submission. time: with its zone, as ISO 8601, or empty; time_from: what said so.

    late: what the platform says, or None. flags: kind and detail.
    """

    source: str = ""
    file: str = ""
    time: str = ""
    time_from: str = ""
    late: bool | None = None
    flags: tuple[tuple[str, str], ...] = field(default=())

    @property
    def moment(self) -> datetime | None:
        """When it was handed in; None if that is not known."""
        try:
            found = datetime.fromisoformat(self.time)
        except ValueError:
            return None
        return found if found.tzinfo else None

    def text(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def read_collected(folder: Path) -> Collected | None:
    """Read what was noted about the submission in `folder`; None if nothing was, or the file is not ours."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(LONGEST_FILE)
    try:
        data = json.loads(content)
        flags = tuple((str(kind), str(detail)[:500]) for kind, detail in data.get("flags", ()) if kind in FLAGS)
        texts: dict[str, Any] = {key: str(data.get(key, "")) for key in ("source", "file", "time", "time_from")}
        late = data.get("late")
        return Collected(**texts, late=late if isinstance(late, bool) else None, flags=flags)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
