"""Code that crashes, never ends, or takes all there is: by accident or not, the rest of the notebook is graded."""

from __future__ import annotations

from autograder.simulate.tricks import BELOW, Trick, before_answer, replaced


def _in_cell(family: str, name: str, row: int, says: str, source: str) -> Trick:
    """Return a cell of the student's own, before the exercises; all of these are right."""
    return Trick(family, name, row, says, cell=source)


def _in_call(family: str, name: str, row: int, says: str, body: str) -> Trick:
    """One exercise's function replaced by one with this body; the others are right."""
    return Trick(family, name, row, says, around=replaced(body))


def _before_answer(family: str, name: str, row: int, says: str, body: str) -> Trick:
    """One exercise's mistaken function, which first does this; the others are right."""
    return Trick(family, name, row, says, around=before_answer(body), claim=BELOW)


_CRASHING = (
    _in_cell("crashing", "exception-in-cell", 0, "an own cell raises", "raise RuntimeError('I was here')"),
    _in_call("crashing", "exception-in-call", 0, "one exercise raises", "raise ValueError('not yet')"),
    _in_cell("crashing", "exit-in-cell", 15, "an own cell calls sys.exit", "import sys\nsys.exit(0)"),
    _in_call("crashing", "exit-in-call", 15, "one exercise calls sys.exit", "import sys\nsys.exit(0)"),
    _in_cell("crashing", "os-exit-in-cell", 15, "an own cell ends its process", "import os\nos._exit(0)"),
    _in_call("crashing", "os-exit-in-call", 15, "one exercise ends its process", "import os\nos._exit(0)"),
    _in_call("crashing", "kill-in-call", 15, "one exercise kills its process", "import os\nos.kill(os.getpid(), 9)"),
    _in_cell("crashing", "segfault-in-cell", 58, "an own cell reads address 0", "import ctypes\nctypes.string_at(0)"),
    _in_call("crashing", "segfault-in-call", 58, "one exercise reads address 0", "import ctypes\nctypes.string_at(0)"),
    _in_call("crashing", "recursion-in-call", 58, "one exercise calls itself without end", "return {name}(*args)"),
    _in_call(
        "crashing",
        "recursion-without-limit",
        58,
        "one exercise runs over the C stack",
        """
import sys
sys.setrecursionlimit(10**8)
class Deeper:
    def __repr__(self):
        return repr(self)
return repr(Deeper())
""",
    ),
)

_LOOPING = (
    _in_call("looping", "loop-in-call", 49, "one exercise never returns", "while True:\n    pass"),
    _in_cell("looping", "loop-in-cell", 49, "an own cell never ends", "while True:\n    pass"),
    Trick("looping", "loop-in-exercise-cell", 49, "one exercise's cell never ends", around="\nwhile True:\n    pass\n"),
    _in_call(
        "looping",
        "loop-in-c",
        50,
        "one exercise ignores signals and counts in C",
        """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
return pow(3, 10**9)
""",
    ),
    _in_call(
        "looping",
        "loop-in-except",
        50,
        "one exercise catches whatever would interrupt it",
        """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    ),
    _in_call("looping", "sleep", 51, "one exercise sleeps", "import time\ntime.sleep(10**6)"),
    _in_call("looping", "input", 51, "one exercise asks for a number", "return float(input('number? '))"),
    _in_cell("looping", "input-in-cell", 51, "an own cell asks for a number", "number = float(input('number? '))"),
)

_GREEDY = (
    _in_call(
        "greedy",
        "memory-in-call",
        54,
        "one exercise fills the memory",
        """
held = []
while True:
    held.append(bytearray(10**8))
""",
    ),
    _in_cell(
        "greedy", "memory-in-cell", 54, "an own cell asks for 800 GB", "import numpy as np\nbig = np.ones(10**11)"
    ),
    _in_call("greedy", "list-in-call", 54, "one exercise asks for a list of 10^10 numbers", "return [0] * 10**10"),
    _in_call(
        "greedy", "output-in-call", 56, "one exercise prints without end", "while True:\n    print('x' * 10**6, end='')"
    ),
    _in_cell(
        "greedy",
        "output-in-cell",
        56,
        "an own cell prints 2 GB and displays 10^4 values",
        """
from IPython.display import display

for _ in range(2000):
    print("x" * 10**6, end="")
for number in range(10**4):
    display(number)
""",
    ),
    _in_call(
        "greedy",
        "fork-bomb",
        52,
        "one exercise forks without end",
        """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    ),
    _before_answer(
        "greedy",
        "thread-bomb",
        53,
        "one exercise starts 10^5 threads",
        """
import threading, time
try:
    for _ in range(10**5):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except RuntimeError:
    pass
""",
    ),
    _before_answer(
        "greedy",
        "disk-fill",
        55,
        "one exercise writes until the disk is full, or 4 GB",
        """
try:
    with open("filling", "wb") as file:
        for _ in range(4000):
            file.write(bytes(10**6))
except OSError:
    pass
""",
    ),
    _before_answer(
        "greedy",
        "many-files",
        55,
        "one exercise makes 10^5 files",
        """
try:
    for number in range(10**5):
        open(f"file-{number}", "w").close()
except OSError:
    pass
""",
    ),
)

TRICKS = (*_CRASHING, *_LOOPING, *_GREEDY)
