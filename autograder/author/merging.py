"""Merges two patches of one text, token by token, as far as they change different places."""

from __future__ import annotations

import functools
import re
from difflib import SequenceMatcher
from typing import NamedTuple

MOST_TOKENS = 20  # that a patch takes out or puts in: what rewrites more than a slip is not merged
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class _Change(NamedTuple):
    """The tokens first..end-1 of the base become `tokens`."""

    first: int
    end: int
    tokens: tuple[str, ...]


def merged(base: str, one: str, other: str) -> str | None:
    """Return the base with the changes of both texts; None where both change the same place in different ways.

    None too where one of them changes more than MOST_TOKENS: of a line written anew nothing that is left tells of the
    other mistake.
    """
    ours, theirs = _changes(base, one), _changes(base, other)
    if max(_size(base, ours), _size(base, theirs)) > MOST_TOKENS:
        return None
    if any(a != b and _meet(a, b) for a in ours for b in theirs):
        return None
    tokens, at = _TOKEN.findall(base), 0
    made: list[str] = []
    for change in sorted({*ours, *theirs}):
        made += [*tokens[at : change.first], *change.tokens]
        at = change.end
    return "".join([*made, *tokens[at:]])


def _size(base: str, changes: tuple[_Change, ...]) -> int:
    """Return how many tokens that are no space are taken out or put in."""
    tokens = _TOKEN.findall(base)
    touched = [token for change in changes for token in (*tokens[change.first : change.end], *change.tokens)]
    return sum(not token.isspace() for token in touched)


def _meet(a: _Change, b: _Change) -> bool:
    """Return whether two changes overlap, or one inserts something where the other begins."""
    overlap = a.first < b.end and b.first < a.end
    return overlap or (a.first == b.first and (a.first == a.end or b.first == b.end))


@functools.lru_cache(maxsize=256)
def _changes(base: str, text: str) -> tuple[_Change, ...]:
    before, after = _TOKEN.findall(base), _TOKEN.findall(text)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        _Change(first, end, tuple(after[begin:stop]))
        for tag, first, end, begin, stop in matcher.get_opcodes()
        if tag != "equal"
    )
