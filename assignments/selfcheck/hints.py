"""Which of an exercise's folded hints to show after several tries, and whether one of them fits the failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selfcheck.record import Record

AFTER_TRIES = 3
_QUOTED = re.compile(r"[\"“]([^\"”]{6,})[\"”]")
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b")


def chosen(hints: Sequence[tuple[str, str]], records: Sequence[Record]) -> tuple[list[tuple[str, str]], bool]:
    """Return the hints, the fitting one first, and whether there is one.

    A hint fits if its symptom quotes what a failed test says, or names the error that the code raised. The other
    symptoms are described in words: whether one of them is seen only the student can tell. Of several none is chosen.
    """
    said = [record.message for record in records if record.outcome not in ("passed", "gated")]
    fitting = [hint for hint in hints if any(_fits(hint[0], message) for message in said)]
    if len(fitting) != 1:
        return list(hints), False
    return [*fitting, *(hint for hint in hints if hint is not fitting[0])], True


def _fits(symptom: str, message: str) -> bool:
    """Whether a message is the one that a symptom quotes, or tells of the first error that the symptom names."""
    if any(_holds(message, quoted) for quoted in _QUOTED.findall(symptom)):
        return True
    named = _ERROR.search(symptom)
    return named is not None and re.match(rf"{named[0]}(:| was raised)", message) is not None


def _holds(message: str, quoted: str) -> bool:
    """Whether a message holds a quoted text, whatever the numbers in it, and anything where the quotation has dots."""
    parts = map(re.escape, re.sub(r"\d+", "0", quoted.lower()).split(" ... "))
    return re.search(".*".join(parts), re.sub(r"\d+", "0", message.lower())) is not None
