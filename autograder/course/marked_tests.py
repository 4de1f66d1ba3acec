"""The tests of a file that are marked with an exercise, read without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.problem import Problem, SourceError


@dataclass(frozen=True)
class MarkedTest:
    """A test function and what its `@exercise` mark says.

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
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            fixtures = frozenset(argument.arg for argument in node.args.args)
            strings = frozenset(str(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Constant))
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and _called(call) == "exercise" and call.args:
                    points = next((_constant(option.value) for option in call.keywords if option.arg == "points"), None)
                    exercise = str(_constant(call.args[0]))
                    found.append(MarkedTest(node.name, node.lineno, exercise, points, fixtures, strings))
    return found


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None
