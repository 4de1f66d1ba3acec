"""The tests of a file that belong to an exercise, read without running them.

A test is a function marked `@exercise(NAME, points=...)`, or made by a call that is told the same, as those of
`selfcheck.common_tests` are: `test_claim = arguments_test(NAME, ..., points=...)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.problem import Problem, SourceError


@dataclass(frozen=True)
class MarkedTest:
    """A test and what its mark says, or the call that makes it.

    points: None for a test of type and shape, which earns nothing by itself. fixtures: the names it asks for. strings:
    the constants in its text, the names of probes among them.
    """

    name: str
    line: int
    exercise: str
    points: float | None
    fixtures: frozenset[str]
    strings: frozenset[str]


def marked_tests(path: Path) -> list[MarkedTest]:
    """Return the marked tests of a file, one for each mark; SourceError if the file is not Python."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise SourceError([Problem(f"{path.name}:{error.lineno}", f"it is not Python: {error.msg}.")]) from error
    found = []
    for node in tree.body:
        name = name_of_test(node)
        fixtures = node.args.args if isinstance(node, ast.FunctionDef) else []
        strings = frozenset(str(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Constant))
        for call in _marks(node) if name else ():
            points = next((_constant(option.value) for option in call.keywords if option.arg == "points"), None)
            exercise, asked = str(_constant(call.args[0])), frozenset(argument.arg for argument in fixtures)
            found.append(MarkedTest(name, node.lineno, exercise, points, asked, strings))
    return found


def name_of_test(node: ast.stmt) -> str:
    """Return the name of the test that a statement defines; '' if it defines none."""
    name = ""
    if isinstance(node, ast.FunctionDef):
        name = node.name
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
    return name if name.startswith("test") else ""


def _marks(node: ast.stmt) -> Iterator[ast.Call]:
    """The calls that say which exercise a test belongs to: its decorators, or what makes it."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
        yield node.value
    for call in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
        if isinstance(call, ast.Call) and _called(call) == "exercise" and call.args:
            yield call


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None
