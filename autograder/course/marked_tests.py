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
from autograder.course.source import author_text, shown_path


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
    found = []
    for node in _statements(path):
        name = name_of_test(node)
        fixtures = node.args.args if isinstance(node, ast.FunctionDef) else []
        strings = frozenset(str(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Constant))
        for call in _marks(node) if name else ():
            points = next((_constant(option.value) for option in call.keywords if option.arg == "points"), None)
            exercise, asked = str(_constant(call.args[0])), frozenset(argument.arg for argument in fixtures)
            found.append(MarkedTest(name, node.lineno, exercise, points, asked, strings))
    return found


def slips(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines in which a test is written so that it would count otherwise than it reads, each with a sentence.

    SourceError if the file is not Python.
    """
    lines: dict[str, int] = {}
    for node in _statements(path):
        for loop in ast.walk(node):
            if isinstance(loop, ast.While):
                yield (
                    loop.lineno,
                    "a `while` may never end beside a student's function: write `for _ in range(...)`, or search with "
                    "selfcheck.arrays.first_that.",
                )
        name, called = name_of_test(node), getattr(node, "name", "")
        decorators = [call for call in _marks(node) if isinstance(node, ast.FunctionDef)]
        if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) and called.lower().startswith("test"):
            yield (
                node.lineno,
                f"{called}: a test is a plain function at the top of the file, neither async nor in a class.",
            )
        elif decorators and not name:
            yield node.lineno, f"{called} is marked and would not run: a test's name begins with test."
        elif name and not any(_marks(node)):
            yield node.lineno, f"{name} has no mark and would not count: write @exercise(NAME) above it."
        elif name in lines:
            yield node.lineno, f"the name {name} is taken by the test in line {lines[name]}, which would not run."
        if name:
            lines.setdefault(name, node.lineno)
        for call in _marks(node) if name else ():
            if call in decorators and (len(call.args) > 1 or {option.arg for option in call.keywords} - {"points"}):
                yield node.lineno, f"{name}: write @exercise(NAME), or @exercise(NAME, points=...)."
            for option in call.keywords:
                if option.arg == "points" and not _weight(option.value):
                    yield (
                        node.lineno,
                        f"{name}: points={ast.unparse(option.value)} must be a number above 0, written out.",
                    )


def _weight(node: ast.expr) -> bool:
    """Is it what `points` may be, None for a test of type and shape?"""
    value = _constant(node)
    if value is None:
        return isinstance(node, ast.Constant)
    return type(value) in (int, float) and 0 < value < float("inf")


def _statements(path: Path) -> list[ast.stmt]:
    try:
        return ast.parse(author_text(path)).body
    except SyntaxError as error:
        raise SourceError([Problem(f"{shown_path(path)}:{error.lineno}", f"it is not Python: {error.msg}.")]) from error


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
