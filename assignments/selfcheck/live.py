"""Colab keeps the notebook elsewhere: asks it for the notebook as it is, and puts that beside the tests."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

SECONDS = 30


def saved(folder: Path, assignment: str) -> Path | None:
    """Write Colab's notebook into the assignment's folder and return its path; None anywhere else than in Colab."""
    if "google.colab" not in sys.modules:
        return None
    with contextlib.suppress(Exception):  # what Colab offers is not documented; then the file in the folder must do
        answer: Any = sys.modules["google.colab"]._message.blocking_request("get_ipynb", timeout_sec=SECONDS)
        path = folder / f"{assignment}.ipynb"
        path.write_text(json.dumps(answer["ipynb"]), "utf-8")
        return path
    return None
