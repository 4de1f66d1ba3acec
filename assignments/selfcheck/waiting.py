"""Cells that call an exercise which is not written yet: they say so, and count as run, so that Run All goes on."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

_EVENT = "post_run_cell"
_waiting: list[BaseException] = []  # what the running cell has ended with, if it waits


def follow(shell: Any) -> None:
    """Let cells of an IPython shell wait for exercises; None is no shell. Calling it again changes nothing."""
    events = getattr(shell, "events", None)
    if events is not None and _go_on not in events.callbacks[_EVENT]:
        shell.set_custom_exc((NotImplementedError,), _tell)
        events.register(_EVENT, _go_on)


def _tell(shell: Any, kind: type, error: BaseException, trace: TracebackType, tb_offset: int | None = None) -> None:
    """Say which exercise a cell waits for; show any other NotImplementedError as it is."""
    *_, (frame, _) = traceback.walk_tb(trace)
    exercise = frame.f_code.co_qualname.partition(".")[0]  # of a class, too
    if str(error) or frame.f_globals is not shell.user_ns or exercise.startswith("<"):
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")  # a figure begun is not shown empty
    print(f"This cell waits for {exercise}, which is not written yet.")
    _waiting[:] = [error]


def _go_on(result: Any) -> None:
    """Let a cell that waits count as run."""
    if _waiting and result.error_in_exec is _waiting.pop():
        result.error_in_exec = None
