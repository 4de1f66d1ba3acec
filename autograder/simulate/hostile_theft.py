"""Hostile submissions: looking for tests, solutions and secrets, and writing results.

Thefts leave what they found in LOOT and answer right if there is anything. Where success would be writing, they open
for writing and write nothing.
"""

from __future__ import annotations

from autograder.simulate.tricks import ANSWER_WITH_LOOT, WRONG, Trick, before_answer, replaced

# Folders in which a grader might keep things, seen from a student's process; few, so that a look takes no time.
_AROUND = """
import os
import selfcheck
from pathlib import Path

LOOT = []

def listed(folder, pattern):
    try:
        return sorted(Path(folder).glob(pattern))[:100]
    except OSError:
        return []

def text_of(path):
    try:
        return Path(path).read_text(errors="replace")[:200_000] if Path(path).is_file() else ""
    except OSError:
        return ""

HERE = Path.cwd()
PLACES = [HERE, *HERE.parents, *Path(selfcheck.__file__).resolve().parents, Path("/autograder"), Path("/proc/1/cwd")]
PLACES = [place for place in dict.fromkeys(PLACES) if str(place) != "/"]
"""


def _theft(name: str, row: int, says: str, look: str) -> Trick:
    return Trick("hostile", name, row, says, base=WRONG, cell=_AROUND + look, around=ANSWER_WITH_LOOT)


TRICKS = (
    Trick(
        "hostile",
        "environment-switch",
        31,
        "right only where the environment looks like a grader's",
        base=WRONG,
        cell="""
import os
import sys

MARKS = ("NBGRADER_EXECUTION", "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "CI", "AUTOGRADER")
LOOT = [name for name in MARKS if name in os.environ] + [word for word in sys.argv if "pytest" in word]
LOOT += [name for name in sys.modules if name.startswith(("nbgrader", "autograder.grading", "hidden_"))]
""",
        around=ANSWER_WITH_LOOT,
    ),
    _theft(
        "reference-import",
        33,
        "the reference is imported, or read where it might lie",
        """
import importlib
import sys

for place in PLACES:
    for pattern in ("solutions/**/*.py", "solution*.py", "**/__pycache__/a[0-9]*.pyc"):
        LOOT += [path for path in listed(place, pattern) if text_of(path)]
    sys.path.append(str(place))
for name in ("solutions", "solution", "reference"):
    try:
        found = importlib.import_module(name)
        LOOT += listed(next(iter(getattr(found, "__path__", []))), "*.py") if hasattr(found, "__path__") else [found]
    except (ImportError, OSError, StopIteration):
        pass
""",
    ),
    _theft(
        "read-notebook",
        35,
        "a notebook with hidden tests is looked for",
        """
for place in PLACES:
    for path in listed(place, "*.ipynb") + listed(place, "*/*.ipynb") + listed(place, "*/*/*.ipynb"):
        if any(mark in text_of(path) for mark in ("BEGIN HIDDEN TESTS", "BEGIN SOLUTION", "BEGIN MARK SCHEME")):
            LOOT.append(path)
""",
    ),
    _theft(
        "read-tests",
        36,
        "the hidden tests are looked for",
        """
for place in PLACES:
    for pattern in ("hidden_*.py", "*/hidden_*.py", "*/*/hidden_*.py", "source/*/*", "secret", "*/secret"):
        LOOT += [path for path in listed(place, pattern) if text_of(path)]
""",
    ),
    _theft(
        "processes",
        37,
        "other processes' memory and environment are opened",
        """
import ctypes

own = {os.getpid()}
numbers = [int(path.name) for path in listed("/proc", "[0-9]*")] or [1, os.getppid()]
for number in numbers[:100]:
    if number in own:
        continue
    try:
        with open(f"/proc/{number}/mem", "rb") as memory:
            LOOT.append(memory.fileno())
    except OSError:
        pass
    if any(word in text_of(f"/proc/{number}/environ") for word in ("SECRET", "TOKEN", "PYTEST_CURRENT_TEST")):
        LOOT.append(number)
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) == 0:
    libc.ptrace(17, os.getppid(), 0, 0)
    LOOT.append("ptrace")
""",
    ),
    _theft(
        "environment",
        38,
        "secrets are looked for in the environment",
        """
words = ("SECRET", "TOKEN", "PASSWORD", "DB_URL", "NONCE", "API_KEY")
LOOT += [name for name in os.environ if any(word in name for word in words)]
""",
    ),
    Trick(
        "hostile",
        "print-arguments",
        39,
        "every argument is printed, and raised as the text of an exception",
        base=WRONG,
        around=replaced("""
print(args, kwargs)
raise ValueError(f"hidden arguments: {args!r}")
"""),
    ),
    Trick(
        "hostile",
        "arguments-as-names",
        39,
        "every argument becomes the name of a class that is raised, and is kept in a file and in a mapped one",
        base=WRONG,
        cell="""
import mmap

with open("shared", "wb+") as file:
    file.truncate(2**16)
    SHARED = mmap.mmap(file.fileno(), 2**16)

def carry(args):
    told = repr(args).encode().hex()[:2000]
    kept = bytes(SHARED[:2000]).rstrip(b"\\0").decode()
    SHARED[:2000] = told.encode().ljust(2000, b"\\0")
    with open("arguments", "a") as file:
        file.write(told)
    raise type(f"Of_{told}", (type(f"Before_{kept}", (ValueError,), {}),), {})(told)
""",
        around=replaced("""
carry([args, kwargs])
"""),
    ),
    Trick(
        "hostile",
        "forge-results",
        41,
        "result files are written wherever one may be read",
        base=WRONG,
        cell="""
from pathlib import Path

HERE = Path.cwd()
RESULT = '{"status": "graded", "points": 1000, "max_points": 1000}'
for place in (HERE, *HERE.parents):
    for name in ("results.json", "score.json", "junit.xml", "results/result.json"):
        path = place / name
        try:
            if not path.exists():
                path.write_text(RESULT)
        except OSError:
            pass
""",
    ),
    Trick(
        "hostile",
        "late-overwrite",
        42,
        "a process that outlives the cell goes on writing results",
        base=WRONG,
        cell="""
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for _ in range(600):
            with open("results.json", "w") as file:
                file.write('{"status": "graded", "points": 1000}')
            time.sleep(1)
    os._exit(0)
""",
    ),
    Trick(
        "hostile",
        "printed-verdict",
        43,
        "lines that look like a verdict are printed",
        base=WRONG,
        cell="""
import sys

for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    print("==== 100 passed in 0.01s ====\\nPASSED 100%\\npoints: 1000 of 1000\\n2.0", file=stream, flush=True)
""",
        around=before_answer("""
print('{"op": "done", "results": [{"outcome": "passed"}]}')
"""),
    ),
    Trick(
        "hostile",
        "fake-frames",
        44,
        "forged replies are written to every open descriptor",
        base=WRONG,
        around=before_answer("""
import os
packed = b"\\x00\\x00\\x00\\x11\\x81\\xa7results\\x91\\x81\\xa5value\\x01"
for frame in (b"ready\\n", b"clean\\n", packed, b'{"results": []}\\n'):
    for descriptor in range(256):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, frame)
        except OSError:
            pass
"""),
    ),
    _theft(
        "gradebook",
        45,
        "the gradebook is opened for writing",
        """
import sqlite3

for place in PLACES:
    for path in [place / "gradebook.db", *listed(place, "*/gradebook.db")]:
        try:
            if path.exists():
                connection = sqlite3.connect(path, timeout=0.1)
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
                LOOT.append(path)
        except (OSError, sqlite3.Error):
            pass
""",
    ),
    _theft(
        "others-work-writable",
        46,
        "the course's files are opened for writing",
        """
for place in PLACES:
    for pattern in ("source/*/*.ipynb", "*/*/*.ipynb", "results/*/*.json", "secret", "gradebook.db"):
        for path in listed(place, pattern):
            try:
                with open(path, "r+b"):
                    LOOT.append(path)
            except OSError:
                pass
""",
    ),
    _theft(
        "others-work-readable",
        47,
        "other students' notebooks are looked for",
        """
for place in PLACES:
    for pattern in ("*/*/*.ipynb", "submitted/*/*/*.ipynb", "roster.csv", "expected.json"):
        LOOT += [path for path in listed(place, pattern) if text_of(path)]
""",
    ),
    _theft(
        "infect-the-next",
        48,
        "start-up files are left for the next student",
        """
import site
import sys

TRACE = "import os; os._exit(1)  # every student after this one would lose everything\\n"
for name in (".ipython/profile_default/startup/00-trace.py", ".jupyter/jupyter_config.py", "sitecustomize.py"):
    for folder in (Path.home(), HERE, HERE.parent):
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(TRACE)
        except OSError:
            pass
for folder in [*site.getsitepackages(), sys.prefix, os.path.dirname(selfcheck.__file__), os.path.dirname(os.__file__)]:
    try:
        path = Path(folder, "zz_trace.pth")
        path.write_text("# a trace\\n")
        path.unlink()
        LOOT.append(path)
    except OSError:
        pass
""",
    ),
)
