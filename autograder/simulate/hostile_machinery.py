"""Hostile submissions: code that would change the verdict if tests ran in the student's process."""

from __future__ import annotations

from autograder.simulate.tricks import ANSWER_WITH_LOOT, WRONG, Trick

SUSPICIOUS = ("suspicious-code",)


def _raising(statement: str) -> str:
    return f"\ndef {{name}}(*args, **kwargs):\n    {statement}\n"


TRICKS = (
    Trick(
        "hostile",
        "ast-strip",
        1,
        "assertions are stripped from every cell",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import ast

class DropAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

get_ipython().ast_transformers.append(DropAsserts())
""",
    ),
    Trick(
        "hostile",
        "run-cell-patch",
        2,
        "cells that check are replaced before they run",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
shell = get_ipython()
honest_run, honest_run_async = shell.run_cell, shell.run_cell_async

def tamed(cell):
    return "2.0" if "assert" in cell or "check(" in cell else cell

shell.run_cell = lambda cell, *args, **kwargs: honest_run(tamed(cell), *args, **kwargs)
shell.run_cell_async = lambda cell, *args, **kwargs: honest_run_async(tamed(cell), *args, **kwargs)
""",
    ),
    Trick(
        "hostile",
        "early-result",
        3,
        "a cell's result is announced before it is known",
        base=WRONG,
        cell="""
shell = get_ipython()
shell.events.register("pre_run_cell", lambda *info: shell.displayhook(2.0))
shell.display_pub.publish({"text/plain": "2.0"})
2.0
""",
    ),
    Trick(
        "hostile",
        "showtraceback-off",
        4,
        "errors are not shown",
        base=WRONG,
        cell="""
from IPython.core.interactiveshell import InteractiveShell

InteractiveShell.showtraceback = lambda *args, **kwargs: None
InteractiveShell.showsyntaxerror = lambda *args, **kwargs: None
""",
    ),
    Trick(
        "hostile",
        "numpy-testing-patch",
        5,
        "NumPy's comparisons always agree",
        base=WRONG,
        cell="""
import numpy as np

for name in ("assert_allclose", "assert_equal", "assert_array_equal", "assert_almost_equal"):
    setattr(np.testing, name, lambda *args, **kwargs: None)
np.allclose = np.array_equal = lambda *args, **kwargs: True
np.isclose = lambda a, *args, **kwargs: np.ones(np.shape(a), dtype=bool)
""",
    ),
    Trick(
        "hostile",
        "builtins-patch",
        6,
        "Python's own functions lie",
        base=WRONG,
        cell="""
import builtins

builtins.all = builtins.any = lambda values: True
builtins.abs = builtins.round = lambda value, *digits: 0
builtins.sorted = lambda values, **order: list(values)
builtins.print = lambda *values, **options: None
builtins.isinstance = lambda value, kinds: True
builtins.open = builtins.__import__ = lambda *args, **kwargs: None
builtins.len = lambda values: 0
""",
    ),
    Trick(
        "hostile",
        "pytest-patch",
        7,
        "test frameworks report success",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import unittest

for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, lambda *args, **kwargs: None)

import _pytest.main
import _pytest.reports
import _pytest.runner

_pytest.reports.TestReport.outcome = property(lambda self: "passed", lambda self, value: None)
_pytest.runner.check_interactive_exception = lambda *args: False
_pytest.main.Session.exitstatus = property(lambda self: 0, lambda self, value: None)
""",
    ),
    Trick(
        "hostile",
        "checker-append",
        11,
        "passing records are added to whatever keeps records",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import gc

for thing in gc.get_objects():
    if type(thing).__name__ in ("Recorder", "CheckCollection", "Session", "LocalProvider"):
        for records in [value for value in vars(thing).values() if type(value) is list]:
            records.extend({"name": name, "path": "", "outcome": "passed", "points": 100} for name in {names})

import selfcheck

selfcheck.check = lambda *args, **kwargs: 100.0
""",
    ),
    Trick(
        "hostile",
        "gc-walk",
        12,
        "the reference is looked for among the process's objects",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import gc
import inspect
import sys
import types

LOOT = []
for thing in gc.get_objects():
    if type(thing) is types.FunctionType and thing.__name__ in {names} and thing.__module__ != __name__:
        LOOT.append(thing)
    if type(thing) is types.ModuleType and thing.__name__.rpartition(".")[2].startswith(("hidden_", "solutions")):
        LOOT.append(thing)
frame = sys._getframe()
while frame is not None:
    LOOT += [name for name in frame.f_locals if name in ("reference", "expected", "secret", "seed")]
    frame = frame.f_back
LOOT += [record for record in inspect.stack() if "hidden_" in record.filename]
""",
        around=ANSWER_WITH_LOOT,
    ),
    Trick(
        "hostile",
        "trace-hooks",
        13,
        "hooks of the interpreter wait for the comparison",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import atexit
import gc
import sys
import weakref

def tamper(frame, event, argument):
    if "desired" in frame.f_locals:
        frame.f_locals["desired"] = frame.f_locals.get("actual")

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("hidden_", "test_")):
            raise ImportError(name)

class Late:
    def __del__(self):
        open("results.json", "w").write('{"points": 1000}')

sys.setprofile(tamper)
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: (_ for _ in ()).throw(ImportError(path)))
late = Late()
atexit.register(late.__del__)
watched = weakref.finalize(late, print, "finalised")
""",
    ),
    Trick(
        "hostile",
        "ctypes-poke",
        14,
        "numbers and code objects are overwritten in memory",
        base=WRONG,
        flags=SUSPICIOUS,
        cell="""
import ctypes
import numpy as np

ctypes.c_uint32.from_address(id(False) + 24).value = 1
ctypes.c_uint32.from_address(id(257) + 24).value = 2
np.testing.assert_allclose.__code__ = (lambda *args, **kwargs: None).__code__
ctypes.pythonapi.PyErr_Clear()
""",
    ),
    Trick(
        "hostile",
        "exit-0",
        15,
        "every exercise ends with exit status 0",
        base=WRONG,
        around=_raising("raise SystemExit(0)"),
    ),
    Trick(
        "hostile",
        "keyboard-interrupt",
        16,
        "every exercise raises KeyboardInterrupt",
        base=WRONG,
        around=_raising("raise KeyboardInterrupt"),
    ),
    Trick(
        "hostile",
        "generator-exit",
        16,
        "every exercise raises GeneratorExit",
        base=WRONG,
        around=_raising("raise GeneratorExit"),
    ),
    Trick(
        "hostile",
        "base-exception",
        16,
        "every exercise raises a BaseException of its own",
        base=WRONG,
        cell="class Stop(BaseException):\n    pass",
        around=_raising("raise Stop('nothing to see')"),
    ),
    Trick(
        "hostile",
        "pytest-skip",
        16,
        "every exercise skips its test",
        base=WRONG,
        around=_raising("import pytest; pytest.skip('later', allow_module_level=True)"),
    ),
    Trick(
        "hostile",
        "unittest-skip",
        16,
        "every exercise raises SkipTest",
        base=WRONG,
        around=_raising("import unittest; raise unittest.SkipTest('later')"),
    ),
    Trick(
        "hostile",
        "pytest-exit",
        16,
        "every exercise ends the test session",
        base=WRONG,
        around=_raising("import pytest; pytest.exit('done', returncode=0)"),
    ),
    Trick(
        "hostile",
        "pytest-xfail",
        17,
        "every exercise says that its failure is expected",
        base=WRONG,
        around=_raising("import pytest; pytest.xfail('known')"),
    ),
    Trick(
        "hostile",
        "mismatch-forged",
        16,
        "every exercise raises what a failed expectation raises",
        base=WRONG,
        around=_raising("import selfcheck.expect; raise selfcheck.expect.Mismatch('passed')"),
    ),
)
