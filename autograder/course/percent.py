"""Percent scripts as jupytext reads them, with what it leaves out: each cell's line, and demo blocks dedented."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jupytext
from jupytext.stringparser import StringParser

FORMAT = "py:percent"
_JUPYTEXTS_OWN = ("lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker")


@dataclass(frozen=True)
class RawCell:
    """A cell before it is understood: `type` is markdown, code or raw; `line` is its `# %%` line, from 1."""

    type: str
    source: str
    attributes: dict[str, Any]
    line: int


def read_cells(text: str) -> list[RawCell]:
    """Cut a script into cells; ValueError, with a sentence, if jupytext and the `# %%` lines do not agree."""
    lines = _marker_lines(text)
    cells = jupytext.reads(text, fmt=FORMAT).cells
    if len(cells) != len(lines):
        near = next((n for n, line in enumerate(text.split("\n"), 1) if re.match(r"(#%%|#\s{2,}%%)", line)), 0)
        if near:
            raise ValueError(f"line {near} is nearly a cell's first line: begin it with `# %%`.")
        raise ValueError(
            f"it has {len(lines)} lines that begin with `# %%` but {len(cells)} cells: begin each cell with `# %%`, "
            "the first one right after the header."
        )
    return [
        RawCell(
            cell.cell_type,
            cell.source.strip("\n"),
            {key: value for key, value in cell.metadata.items() if key not in _JUPYTEXTS_OWN},
            line,
        )
        for cell, line in zip(cells, lines, strict=True)
    ]


def dedented(source: str, report: Callable[..., None]) -> str:
    """The block under a demo's first line, one level out; the lines of a text in triple quotes stay as they are."""
    lines = source.split("\n")
    kept = _inside_strings(source)
    first = next((line for line in lines[1:] if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:
        report("a demo cell holds an indented block below its first line.")
        return source
    block = []
    for number, line in enumerate(lines[1:], start=1):
        if number in kept or not line.strip():
            block.append(line)
        elif line.startswith(indent):
            block.append(line[len(indent) :])
        else:
            report(
                "a demo cell holds nothing but the block under its first line: move the rest to another cell.",
                number + 1,
            )
            return source
    return "\n".join(block).strip("\n")


def _marker_lines(text: str) -> list[int]:
    parser = StringParser("python")
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not parser.is_quoted() and line.startswith("# %%"):
            found.append(number)
        parser.read_line(line)
    return found


def _inside_strings(source: str) -> set[int]:
    """Numbers (from 0) of the lines that begin inside of a string."""
    inside: set[int] = set()
    starts: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "FSTRING_START":
                starts.append(token.start[0])
            first = starts.pop() if kind == "FSTRING_END" else token.start[0]
            if kind in ("STRING", "FSTRING_END"):
                inside.update(range(first, token.end[0]))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return inside  # not Python: running the notebook says so better
    return inside
