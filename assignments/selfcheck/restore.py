"""Puts a process back as it was after pytest or the student's code has run in it."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from selfcheck import shared_generators
from selfcheck.output import Sink, captured


@contextlib.contextmanager
def undisturbed() -> Iterator[Sink]:
    """Run student's code with its output kept, and put the process back as it was."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    with _as_before(), captured(shell) as output:
        yield output


@contextlib.contextmanager
def _as_before() -> Iterator[None]:
    """Put back what pytest, the tests or the student's functions may change in the process."""
    with contextlib.ExitStack() as stack:
        for keep in (_keep_attributes, _keep_paths, shared_generators.keep, _keep_numpy, _keep_figures):
            restore = keep()
            stack.callback(restore)
        stack.enter_context(warnings.catch_warnings())
        sys.dont_write_bytecode = True
        yield


def _keep_attributes() -> Callable[[], None]:
    absent = object()
    names = ("dont_write_bytecode", "last_type", "last_value", "last_traceback", "last_exc")
    saved = {name: getattr(sys, name, absent) for name in names}

    def restore() -> None:
        for name, value in saved.items():
            if value is not absent:
                setattr(sys, name, value)
            elif hasattr(sys, name):
                delattr(sys, name)

    return restore


def _keep_paths() -> Callable[[], None]:
    folder, environment = os.getcwd(), dict(os.environ)
    lists: list[tuple[Any, list]] = [(where, list(where)) for where in (sys.path, sys.meta_path, sys.path_hooks)]
    limit = sys.getrecursionlimit()

    def restore() -> None:
        os.chdir(folder)
        for where, content in lists:
            where[:] = content
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        sys.setrecursionlimit(limit)

    return restore


def _keep_numpy() -> Callable[[], None]:
    printing, errors = np.get_printoptions(), np.geterr()

    def restore() -> None:
        np.set_printoptions(**printing)
        np.seterr(**errors)

    return restore


def _keep_figures() -> Callable[[], None]:
    pyplot = _imported("matplotlib.pyplot", "get_fignums")
    if pyplot is None:
        return lambda: None
    open_, settings = set(pyplot.get_fignums()), dict(pyplot.rcParams)
    active = pyplot.gcf().number if open_ else None

    def restore() -> None:
        for number in set(pyplot.get_fignums()) - open_:
            pyplot.close(number)
        if active in pyplot.get_fignums():
            pyplot.figure(active)
        dict.update(pyplot.rcParams, settings)

    return restore


def _imported(module: str, needed: str) -> Any:
    found = sys.modules.get(module)
    return found if hasattr(found, needed) else None
