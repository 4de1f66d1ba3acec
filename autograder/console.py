"""What commands print: every line and every cell whole, so that a path in it can be copied, clicked or searched for.

A terminal breaks long lines at its edge by itself; a file or a pipe has no edge.
"""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

# Control characters but tab and newline, marks that turn the direction of reading, lone surrogates.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Console(Console):
    """A console whose lines command no terminal: what a file says, and messages quote, may be anybody's."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as Console does, with a ? for each character of a text that would be obeyed and not seen."""
        super().print(*(_UNSEEN.sub("?", one) if isinstance(one, str) else one for one in objects), **options)


def console(stderr: bool = False) -> Console:
    """Return a console that shows text as it is: no line is broken, and no part of a name is taken for markup."""
    return _Console(stderr=stderr, soft_wrap=True, markup=False, highlight=False, emoji=False)


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 page" or "3 pages": a number with the words for one or for many, which by default end in s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def print_table(table: Table, to: Console) -> None:
    """Print a table: within a terminal's width with nothing cut off, elsewhere as wide as what is in it."""
    for column in table.columns:
        column.overflow = "fold"
    if to.is_terminal:
        to.print(table, soft_wrap=False)
        return
    endless = to.options.update(width=10**6)
    wide = Console(file=to.file, width=Measurement.get(to, endless, table).maximum, markup=False, emoji=False)
    wide.print(table)
