"""What was predicted beside what was measured, as the saved notebook's figures have printed it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from selfcheck.folder import read_cells
from selfcheck.target import plain_text

MOST_LINES = 40
_PREDICTED = re.compile(r"\(predicted: (?!None\))|; predicted: (?!None)|\bpredicted [\w ]+: (?!None)")


def predictions(notebook: Path) -> list[str]:
    """Return the lines printed in a saved notebook that hold a prediction which was made, in order."""
    lines: list[str] = []
    try:
        cells = read_cells(notebook)
    except (OSError, ValueError):
        return []
    for cell in cells:
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            lines += [line for line in _printed(output).splitlines() if _PREDICTED.search(line)]
    return [plain_text(line.strip(), 200) for line in lines[:MOST_LINES]]


def _printed(output: Any) -> str:
    text = output.get("text", "") if isinstance(output, dict) and output.get("output_type") == "stream" else ""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
