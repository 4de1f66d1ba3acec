"""What a hidden test says: one of a fixed set of sentences, whatever the student's code returned or raised.

Code that meets a hidden test's input could put it into the text of an exception, the name of a class, a shape or a
dtype. So nothing of what it returns or raises is quoted, and no size of an error is told. Of an exception only the
first of its classes that is Python's own is named.
"""

from __future__ import annotations

import builtins

from selfcheck.target import StudentError, StudentTimeout

TYPE = "a result has another type than expected"
LENGTH = "a result has another length than expected"
SHAPE = "an array has another shape than expected"
DTYPE = "an array has another dtype than expected"
NOT_FINITE = "a result contains NaN or an infinite value"
VALUE = "a value is wrong"
CHANGED = "an argument was changed by the call; work on a copy of the argument"
NO_ERROR = "no error was raised where one is expected"
OTHER_ERROR = "another error was raised than the expected one"
NO_JSON = "the file is missing, cannot be read, or does not hold what is asked for"
NOT_SO = "what this test's name says does not hold"

_BY_NAME = {
    "WireError": "your code returned a value that cannot be looked at",
    "ProcessDied": "the process ended while your code ran: it exited, crashed, or needed too much memory",
}
_BUILT_IN = {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
}


def rank(axes: int) -> str:
    """Return the sentence about an array whose number of axes is not the expected one."""
    return f"an array has another number of axes than expected: there should be {axes}"


def sentence(error: BaseException) -> str:
    """Return what a hidden test says of what stopped it."""
    if isinstance(error, StudentTimeout):
        return error.message  # of the limits; no code of a student's makes one
    if isinstance(error, StudentError):
        known = _BY_NAME.get(error.names[0])
        return known or f"your code raised {next((name for name in error.names if name in _BUILT_IN), 'Exception')}"
    said = getattr(error, "hidden", NOT_SO)
    return said if type(said) is str else NOT_SO
