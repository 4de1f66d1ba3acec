"""Which ids a student may have: names in any alphabet that can name a folder, a row of the gradebook and a page."""

from __future__ import annotations

import unicodedata

from autograder.course.paths import LONGEST_ID

MOST_CHARACTERS = 64
_PUNCTUATION = frozenset(" _.,@-+'()\u2019")
_TAKEN_BY_THE_EXCHANGE = "+*"  # nbgrader's exchange refuses them: it splits names at + and takes * for all students


def is_id(student: str) -> bool:
    """Can this be a student's id? Letters, marks and digits of any alphabet, blanks and _ . , @ - + ' ( ).

    It begins with a letter, a digit or _, and does not end with a blank or a dot.
    """
    try:
        short = 0 < len(student) <= MOST_CHARACTERS and len(student.encode()) <= LONGEST_ID
    except UnicodeEncodeError:  # a folder's name in another encoding
        return False
    return (
        short
        and any(map(str.isalnum, student))
        and all(_is_letter(character) or character in _PUNCTUATION for character in student)
        and (_is_letter(student[0]) or student[0] == "_")
        and not unicodedata.category(student[0]).startswith("M")
        and student[-1] not in " ."
    )


def id_without(raw: str) -> str:
    """Return an id for the name `raw`: `raw` itself, composed, where it may be one and nbgrader's exchange takes it.

    Each character that may not stand in an id, and + and *, becomes -. The result may still be no id (see `is_id`): too
    long, or empty.
    """
    text = unicodedata.normalize("NFC", raw.strip())
    kept = "".join(
        character
        if (_is_letter(character) or character in _PUNCTUATION) and character not in _TAKEN_BY_THE_EXCHANGE
        else "-"
        for character in text
    )
    kept = kept.rstrip(" .")
    return f"_{kept}" if kept and not _is_letter(kept[0]) and kept[0] != "_" else kept


def name_key(name: str) -> str:
    """Return what of a person's name different systems agree on: its letters, marks and digits, without case.

    Learning platforms leave out blanks, commas and apostrophes, and compose or decompose letters.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in unicodedata.normalize("NFKC", text) if _is_letter(character))


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
