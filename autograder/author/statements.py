"""Code compared by what it says: Python statements and texts without regard to spaces, comments, quotes or brackets."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

LONG = 40  # characters: a statement longer than this is not written twice by chance


def squeezed(text: str) -> str:
    """Return a text without white space and with one kind of quotes: two ways to lay out a statement look the same."""
    return re.sub(r"\s+|\\\n", "", text).replace('"', "'")


def readings(text: str) -> list[str]:
    """The squeezed forms in which a statement may stand in a text: as it is, without comments, as Python says it."""
    found = [squeezed(text), squeezed(re.sub(r"(?m)#.*$", "", text))]
    blocks = re.findall(r"(?ms)^ *```[^\n]*\n(.*?)^ *```", text) or [text]
    for block in blocks:
        if tree := parsed(block):
            found.append(squeezed(ast.unparse(tree)))
    return list(dict.fromkeys(found))


def parsed(text: str) -> ast.Module | None:
    """Return the text as Python, IPython's commands left out; None if it is not Python."""
    if "=" not in text and "(" not in text:
        return None
    commands_out = re.sub(r"(?m)^\s*[%!].*$", "", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strings with a backslash too few
            return ast.parse(textwrap.dedent(commands_out))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def long_statements(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each statement below `tree` of more than LONG characters with its normalised text.

    Of a compound statement the first line counts; imports, definitions and docstrings do not.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(
            node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        text = ast.unparse(node)
        if hasattr(node, "body"):
            text = text.split("\n")[0]
        if len(text) > LONG:
            yield node, text
