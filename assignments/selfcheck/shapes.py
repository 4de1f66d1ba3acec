"""Says of an exception which of the student's lines raised it, and what shapes the values there had."""

from __future__ import annotations

import ast
import contextlib
import linecache
import sys
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np

MOST_VALUES = 8
_ENTRY_BY_ENTRY = ("np.tanh", "np.exp", "np.log", "np.sqrt", "np.abs", "torch.tanh", "torch.exp", "torch.sigmoid")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)


def told(trace: TracebackType) -> list[str]:
    """Return what to say below the line of a frame that raised: the shapes of the arrays in it, and a clash of two."""
    with contextlib.suppress(Exception):  # a student's values may do anything when they are looked at
        whole = _statement(trace)
        if whole is None:
            return []
        scope: dict[str, Any] = {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals}
        shapes, clash = _shapes(whole, scope), ""
        with contextlib.suppress(Exception):  # a side of the operation that cannot be worked out: the shapes are left
            clash = _clash(_raising(whole, trace), scope)
        return [*([f"where {', '.join(shapes)}"] if shapes else []), *([clash] if clash else [])]
    return []


def _statement(trace: TracebackType) -> ast.stmt | None:
    """The innermost statement at the line that raised, with the positions of its source."""
    source = "".join(linecache.getlines(trace.tb_frame.f_code.co_filename))
    if not source:
        return None
    line = trace.tb_lineno
    at = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    simple = [node for node in at if not hasattr(node, "body")]
    return max(simple, key=lambda node: node.lineno, default=None)


def _raising(whole: ast.stmt, trace: TracebackType) -> ast.expr | None:
    """The very expression that raised, by the position that Python keeps of each instruction."""
    positions = list(trace.tb_frame.f_code.co_positions())
    line, end_line, column, end_column = positions[trace.tb_lasti // 2]
    place = line, column, end_line, end_column
    for node in ast.walk(whole):
        if isinstance(node, ast.expr) and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == place:
            return node
    return None


def _clash(node: ast.expr | None, scope: Mapping[str, Any]) -> str:
    """Name the two sides of an operation whose shapes do not fit, and the axis; '' if that was not it."""
    if isinstance(node, ast.BinOp):
        left, right, product = node.left, node.right, isinstance(node.op, ast.MatMult)
    elif isinstance(node, ast.Call) and len(node.args) == 2 and ast.unparse(node.func) in ("np.dot", "np.matmul"):
        (left, right), product = node.args, True
    else:
        return ""
    shapes = [_shape(_value(side, scope)) for side in (left, right)]
    a, b = shapes
    if a is None or b is None:
        return ""
    names = ast.unparse(left), ast.unparse(right)
    both = f"{names[0]} has shape {a}, {names[1]} has shape {b}"
    if product:
        inner = b[-2] if len(b) > 1 else b[0] if b else None
        if a and inner is not None and a[-1] != inner:
            of = "second to last axis" if len(b) > 1 else "only axis"
            return f"{both}: the last axis of {names[0]} ({a[-1]}) must be as long as the {of} of {names[1]} ({inner})"
        return ""
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            axis = "the last axis" if back == 1 else f"axis {back} from the end"
            return f"{both}: they differ in {axis}, {a[-back]} against {b[-back]}"
    return ""


def _shapes(whole: ast.AST, scope: Mapping[str, Any]) -> list[str]:
    """The shapes of the arrays that a line names, and the values of its small numbers."""
    found: dict[str, str] = {}
    for node in _names(whole):
        if node not in scope:
            continue
        value = scope[node]
        shape = _shape(value)
        if shape is not None and shape != ():
            found[node] = f"{node} has shape {shape}"
        elif type(value) in (int, bool) or value is None:
            found[node] = f"{node} is {value!r}"[:60]
        elif type(value) in (list, tuple, dict, str):
            found[node] = f"{node} is a {type(value).__name__} of length {len(value)}"
    return list(found.values())[:MOST_VALUES]


def _names(whole: ast.AST) -> Iterator[str]:
    read = [node for node in ast.walk(whole) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return (node.id for node in sorted(read, key=lambda node: (node.lineno, node.col_offset)))


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array, a tensor or a number; of nothing else, whatever it says of itself."""
    torch = sys.modules.get("torch")
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return tuple(int(n) for n in value.shape)
    if torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter):
        return tuple(int(n) for n in value.shape)
    return () if type(value) in (int, float) else None


def _value(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    """The value of an expression of arrays: names, transposes, slices by constants, sums and products; else None."""
    if isinstance(node, ast.Name):
        value = scope.get(node.id)
        return value if _shape(value) is not None else None
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) in (int, float) else None
    if isinstance(node, ast.Attribute) and node.attr == "T":
        value = _value(node.value, scope)
        return None if value is None else value.T
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _value(node.operand, scope)
    if isinstance(node, ast.Subscript):
        return _sliced(node, scope)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        return _combined(node, scope)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        return _value(node.args[0], scope) if ast.unparse(node.func) in _ENTRY_BY_ENTRY else None
    return None


def _sliced(node: ast.Subscript, scope: Mapping[str, Any]) -> Any:
    value = _value(node.value, scope)
    if value is None:
        return None
    parts: list[Any] = []
    for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
        if isinstance(part, ast.Slice):
            ends = [None if end is None else _integer(end, scope) for end in (part.lower, part.upper, part.step)]
            parts.append(slice(*ends))
        elif isinstance(part, ast.Constant) and (part.value is None or part.value is Ellipsis):
            parts.append(part.value)
        else:
            parts.append(_integer(part, scope))
    return value[tuple(parts)]


def _integer(node: ast.expr, scope: Mapping[str, Any]) -> int:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_integer(node.operand, scope)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = _integer(node.left, scope), _integer(node.right, scope)
        return left + right if isinstance(node.op, ast.Add) else left - right
    value = node.value if isinstance(node, ast.Constant) else scope[node.id] if isinstance(node, ast.Name) else None
    if type(value) is not int:
        raise TypeError("not a plain index")
    return value


def _combined(node: ast.BinOp, scope: Mapping[str, Any]) -> Any:
    left, right = _value(node.left, scope), _value(node.right, scope)
    if left is None or right is None:
        return None
    a, b = _shape(left), _shape(right)
    if a is None or b is None:
        return None
    if isinstance(node.op, ast.MatMult):
        shape = np.broadcast_shapes(a[:-2], b[:-2])
        ends = (*([a[-2]] if len(a) > 1 else []), *([b[-1]] if len(b) > 1 else []))
        inner = b[-2] if len(b) > 1 else b[0]
        if a[-1] != inner:
            return None
        return np.broadcast_to(np.float64(0), (*shape, *ends))
    return np.broadcast_to(np.float64(0), np.broadcast_shapes(a, b))
