"""The self-checker: the visible tests of an assignment, in its notebook, in a terminal and under plain pytest.

In a notebook:

>>> from selfcheck import check, data_path, progress  # doctest: +SKIP
>>> check("rnn_step_forward")                         # doctest: +SKIP

In a terminal: `python -m selfcheck NOTEBOOK [EXERCISE ...]`, or `pytest` in the assignment's folder.
In a test file: `from selfcheck import exercise, expect`.
"""

from selfcheck import expect
from selfcheck.execute import quiet
from selfcheck.folder import data_path
from selfcheck.marks import exercise
from selfcheck.notebook import check, prepare, progress, ready
from selfcheck.target import StudentError, StudentTimeout, Target

__all__ = [
    "StudentError",
    "StudentTimeout",
    "Target",
    "check",
    "data_path",
    "exercise",
    "expect",
    "prepare",
    "progress",
    "quiet",
    "ready",
]
