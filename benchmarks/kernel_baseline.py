"""The tests as an ordinary nbgrader course has them: in the student's kernel, beside the student's code.

`points("NAME", globals())` stands in the baseline's test cells and gives the points as the cell's last value. It
runs the same tests on the same inputs as the grader, with the reference in the same process: fast to write, and
defenceless.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import io
import os
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from selfcheck.handed_in import read_handed_in
from selfcheck.target import LocalProvider, Probe, Target, current, setting

FILES = ("KERNEL_BASELINE_VISIBLE", "KERNEL_BASELINE_HIDDEN")  # variables that hold the test files' places

_loaded: dict[str, ModuleType] = {}


def points(name: str, namespace: dict[str, Any], most: float) -> float:
    """What the exercise earns: `most`, shared among its tests by weight; nothing if a gate fails.

    What the student's code warns of is not shown: nbgrader gives no points to a cell that writes to standard error.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        found = outcomes(name, namespace)
    earned = sum(weight for _, weight, passed in found if passed)
    return round(most * earned / sum(weight for _, weight, _ in found), 4)


def outcomes(name: str, namespace: dict[str, Any]) -> list[tuple[str, float, bool]]:
    """Run the exercise's tests: the name of each, its weight (0 of a gate), whether it passed.

    Gates come first; once one has failed no other test runs, and none counts as passed.
    """
    cases, reference = module("KERNEL_BASELINE_CASES"), module("KERNEL_BASELINE_REFERENCE")
    found, stopped = [], False
    with setting(cases=cases, provider=LocalProvider(namespace, cases)):
        for test, weight, arguments, label in (one for file in FILES for one in tests(module(file), name)):
            passed = not stopped and _passes(test, arguments, label, reference)
            stopped |= weight is None and not passed
            found.append((label, weight or 0.0, passed))
    return [(label, weight, passed and not stopped) for label, weight, passed in found]


def tests(module: ModuleType, name: str) -> Any:
    """The exercise's tests, gates first: (function, weight, parameters, name of the instance)."""
    found = []
    for title, test in vars(module).items():
        marks = {mark.name: mark for mark in getattr(test, "pytestmark", [])}
        if "exercise" not in marks or marks["exercise"].args[0] != name:
            continue
        weight = marks["exercise"].kwargs.get("points")
        if "parametrize" not in marks:
            found.append((test, weight, {}, title))
            continue
        names, values = marks["parametrize"].args
        names = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
        for number, value in enumerate(values):
            arguments = dict(zip(names, value if len(names) > 1 else [value], strict=True))
            label = "-".join(_label(name, argument, number) for name, argument in arguments.items())
            found.append((test, weight, arguments, f"{title}[{label}]"))
    return sorted(found, key=lambda one: one[1] is not None)


def _label(name: str, value: Any, number: int) -> str:
    """How pytest calls a parameter's value in a test's name, from which the test's inputs follow."""
    return str(value) if value is None or isinstance(value, int | float | str) else f"{name}{number}"


def _passes(test: Any, arguments: dict[str, Any], label: str, reference: ModuleType) -> bool:
    seed = bytes.fromhex(os.environ["KERNEL_BASELINE_SEED"])
    for name in inspect.signature(test).parameters:
        if name in arguments:
            continue
        if name == "rng":
            digest = hashlib.sha256(seed + b"\0" + label.encode()).digest()
            arguments[name] = np.random.default_rng(int.from_bytes(digest, "big"))
        else:
            fixtures = {
                "cases": current.cases,
                "reference": reference,
                "probe": Probe(),
                "handed_in": lambda name: read_handed_in(Path(name)),
                "note": lambda text: None,
            }
            arguments[name] = fixtures.get(name) or Target(name)
    try:
        test(**arguments)
    except Exception:  # as a notebook's assertion: whatever is raised, the test is not passed
        return False
    return True


def module(variable: str) -> ModuleType:
    """The module in the file that an environment variable names, imported once."""
    path = os.environ[variable]
    if path not in _loaded:
        spec = importlib.util.spec_from_file_location(variable.lower(), path)
        assert spec is not None
        assert spec.loader is not None
        _loaded[path] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(_loaded[path])
    return _loaded[path]
