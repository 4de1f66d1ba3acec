"""Reads submissions in a process with limits: a stranger's text may keep a parser busy for minutes, or fill memory."""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.grading.assignment import GIVEN, Assignment
from autograder.grading.grader import slow_imports
from autograder.grading.plan import Submission, read_submission
from autograder.grading.result import Flag
from autograder.grading.submission import Received, Unreadable
from autograder.sandbox.limited import Fault, Limited, TooMuch, at_most

SECONDS, MEMORY = 20.0, 2**30  # to read a submission; the largest that is taken needs a fifth of the time
_PLAIN_SECONDS, _PLAIN_CELL_SECONDS = 5.0, 1.0  # to turn magics into calls: of all cells, of one
_LONG_CELL, _LONG_PLAIN = 20_000, 2**22  # characters of one cell, of all
_LONGEST = 500  # characters of a flag or a problem

_reader: tuple[Assignment, Limited] | None = None  # of this process


def read(received: Received, assignment: Assignment) -> Submission:
    """Return the submission as it will be run. Raises Unreadable with the reason if it cannot be graded.

    Raises OSError if there can be no process to read it in.
    """
    global _reader
    if _reader is None or _reader[0] is not assignment:
        close()
        answer = functools.partial(_answer, assignment)
        fork = threading.current_thread() is threading.main_thread()  # the others of a grader's process only wait
        _reader = assignment, Limited(answer, seconds=SECONDS, memory=MEMORY, fork=fork)
    try:
        found = _reader[1].ask(received)
    except TooMuch as error:
        raise Unreadable(
            f"to read the notebook takes {error}. Split or delete its longest cells, and submit it again"
        ) from error
    except Fault as error:
        raise Unreadable(
            f"the notebook is damaged ({error}): open it in Jupyter, save it, and submit it again"
        ) from error
    if "unreadable" in found:
        raise Unreadable(found["unreadable"])
    return Submission(
        cells=[(identity, source) for identity, source in found["cells"]],
        flags=[Flag(kind, detail) for kind, detail in found["flags"]],
        problems=found["problems"],
        handed_in=dict(received.handed_in),
        plain=found["plain"],
        slow=set(found["slow"]),
    )


def close() -> None:
    """End the process that reads."""
    global _reader
    if _reader is not None:
        _reader[1].close()
    _reader = None


def _answer(assignment: Assignment, received: Received) -> dict[str, Any]:
    """In the process with limits: read the submission and all that is wanted of its text."""
    try:
        submission = read_submission(received, assignment)
    except Unreadable as error:
        return {"unreadable": str(error)}
    given = {cell.source for cell in assignment.cells if cell.role == GIVEN}
    return {
        "cells": submission.cells,
        "flags": [(flag.kind, flag.detail[:_LONGEST]) for flag in submission.flags],
        "problems": {name: problem[:_LONGEST] for name, problem in submission.problems.items()},
        "plain": _plain([source for _, source in submission.cells]),
        "slow": sorted(slow_imports(source for _, source in submission.cells if source not in given)),
    }


def _plain(sources: list[str]) -> dict[str, str]:
    """By source, each cell as IPython will compile it, magics turned into calls.

    That takes longer than running most cells, and the same cells run once for every exercise. One that takes too long
    here is left to the student's process, and to the time that it has for the cell.
    """
    found: dict[str, str] = {}
    length, end = 0, time.process_time() + _PLAIN_SECONDS
    for source in sources:
        length += len(source)
        if len(source) <= _LONG_CELL and length <= _LONG_PLAIN and time.process_time() < end:
            text = _without_magics(source)
            if text is not None:
                found[source] = text
    return found


@functools.lru_cache(maxsize=1000)  # most are given cells
def _without_magics(source: str) -> str | None:
    try:
        with at_most(_PLAIN_CELL_SECONDS):
            return TransformerManager().transform_cell(source)
    except Exception:  # IPython will meet the same error where it belongs
        return None
