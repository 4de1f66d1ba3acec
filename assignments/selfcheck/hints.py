"""Which of an exercise's folded hints to show after several tries, and whether one of them fits the failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selfcheck.record import Record

AFTER_TRIES = 3
_LIKE = 0.5  # of the longer words of a symptom must be in what the check says
_QUOTED = re.compile(r"[\"“]([^\"”]{6,})[\"”]")


def chosen(hints: Sequence[tuple[str, str]], records: Sequence[Record]) -> tuple[list[tuple[str, str]], bool]:
    """Return the hints, the fitting one first, and whether one fits what the failed tests say."""
    said = " ".join(f"{record.claim} {record.message}" for record in records if record.outcome != "passed").lower()
    ranked = sorted(hints, key=lambda hint: -_likeness(hint[0].lower(), said))
    return ranked, bool(ranked) and _likeness(ranked[0][0].lower(), said) >= _LIKE


def _likeness(symptom: str, said: str) -> float:
    """How much of a symptom is said: 1 if a message that it quotes is, else the share of its longer words."""
    quoted = _QUOTED.findall(symptom)
    if any(text in said for text in quoted):
        return 1.0
    words = set(re.findall(r"[a-z_]{4,}", symptom))
    return len(words & set(re.findall(r"[a-z_]{4,}", said))) / len(words) if words else 0.0
