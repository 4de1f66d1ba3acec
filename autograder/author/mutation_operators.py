r"""The operators that make mutants: functions from a node of libcst to changed nodes, each by the nodes it knows.

The general ones (another operator, another number, an argument left out, None in the place of a value) are those of
mutmut, which is maintained: its `mutation_operators` have this form, and need neither files nor a pytest run for each
mutant. (cosmic-ray's work on a text too, but bring twenty packages more and turn every sign into eleven others, most of
which only raise a TypeError.) Neither tool knows arrays: the ones below take a transpose away, move a bound, exchange
two names, sizes or arguments, leave a term, a call or a statement out, or run time backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any, cast

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

Operator = Callable[[Any], Iterable[cst.CSTNode]]

MODULES = ("np", "torch", "nn", "F", "math")
FUNCTIONS = {
    **{"max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum", "argmax": "argmin", "argmin": "argmax"},
    **{"sum": "mean", "mean": "sum", "prod": "sum", "cumsum": "cumprod", "any": "all", "all": "any"},
    **{"zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like"},
    **{"tanh": "sin", "sin": "tanh", "exp": "expm1", "log": "log1p", "floor": "ceil", "ceil": "floor"},
}
COMPARISONS = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual, cst.Equal, cst.NotEqual)
SIGNS: dict[type[cst.BaseBinaryOp], type[cst.BaseBinaryOp]] = {
    cst.MatrixMultiply: cst.Multiply,
    cst.Multiply: cst.Add,
    cst.Add: cst.Multiply,
}
SYMMETRIC = ("min", "max", "minimum", "maximum")
ONE_SIDED = (cst.MatrixMultiply, cst.Subtract, cst.Divide, cst.FloorDivide, cst.Modulo, cst.Power)


def _bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _shifted(node: cst.BaseExpression, by: int) -> cst.BaseExpression:
    sign = cst.Add() if by > 0 else cst.Subtract()
    return _bracketed(cst.BinaryOperation(_bracketed(node), sign, cst.Integer(str(abs(by)))))


def _computed(node: cst.BaseExpression) -> bool:
    """Return whether it is a value that is worked out: a literal is changed by the operators for numbers."""
    literal = isinstance(node, cst.BaseNumber | cst.BaseString | cst.UnaryOperation | cst.Ellipsis | cst.Tuple)
    return not (literal or (isinstance(node, cst.Name) and node.value in ("None", "True", "False")))


def _neighbours_swapped(items: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the items with two neighbours exchanged, for each pair; commas and spaces stay where they are."""
    for left in range(len(items) - 1):
        swapped = list(items)
        swapped[left] = items[left].with_changes(value=items[left + 1].value)
        swapped[left + 1] = items[left + 1].with_changes(value=items[left].value)
        yield swapped


def number_less_one(node: cst.Integer | cst.Float) -> Iterator[cst.CSTNode]:
    """1 -> 0."""
    yield _bracketed(cst.parse_expression(repr(node.evaluated_value - 1)))


def other_comparison(node: cst.ComparisonTarget) -> Iterator[cst.CSTNode]:
    """a < b -> a >= b, and so on for all six."""
    if isinstance(node.operator, COMPARISONS):
        for comparison in COMPARISONS:
            yield node.with_changes(operator=comparison())


def other_sign(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    """a @ b -> a * b, a * b -> a + b, a + b -> a * b."""
    if type(node.operator) in SIGNS:
        yield node.with_changes(operator=SIGNS[type(node.operator)]())


def one_operand(node: cst.BinaryOperation | cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    """a + b -> a; a + b -> b."""
    yield from (_bracketed(node.left), _bracketed(node.right))


def operands_swapped(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    """a @ b -> b @ a, where the order matters."""
    if isinstance(node.operator, ONE_SIDED):
        yield node.with_changes(left=_bracketed(node.right), right=_bracketed(node.left))


def transpose_added(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    """a @ W -> a @ W.T; a.T @ W."""
    if isinstance(node.operator, cst.MatrixMultiply):
        for side, operand in (("left", node.left), ("right", node.right)):
            if not (isinstance(operand, cst.Attribute) and operand.attr.value == "T"):
                yield node.with_changes(**{side: cst.Attribute(_bracketed(operand), cst.Name("T"))})


def transpose_left_out(node: cst.Attribute) -> Iterator[cst.CSTNode]:
    """W.T -> W, in each place."""
    if node.attr.value == "T":
        yield node.value


def other_function(node: cst.Call) -> Iterator[cst.CSTNode]:
    """np.max(a) -> np.min(a), a.sum() -> a.mean()."""
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    if isinstance(name, cst.Name) and name.value in FUNCTIONS:
        yield node.with_deep_changes(name, value=FUNCTIONS[name.value])


def call_left_out(node: cst.Call) -> Iterator[cst.CSTNode]:
    """np.tanh(a) -> a; a.sum(axis=1) -> a."""
    function = node.func
    if isinstance(function, cst.Attribute) and not _is_module(function.value):
        yield _bracketed(function.value)
    elif node.args and not node.args[0].star and node.args[0].keyword is None:
        yield _bracketed(node.args[0].value)


def _is_module(node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and node.value in MODULES


def arguments_swapped(node: cst.Call) -> Iterator[cst.CSTNode]:
    """f(a, b, c) -> f(b, a, c); f(a, c, b)."""
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    if isinstance(name, cst.Name) and name.value in SYMMETRIC:
        return
    for swapped, pair in zip(_neighbours_swapped(node.args), pairwise(node.args), strict=True):
        if not any(argument.star or argument.keyword for argument in pair):
            yield node.with_changes(args=swapped)


def names_exchanged(node: cst.Assign | cst.AugAssign | cst.Expr) -> Iterator[cst.CSTNode]:
    """h = x @ U.T + h_prev @ W.T -> h = x @ W.T + h_prev @ U.T, for any two variables that are read."""
    variables = list(_variables(node.value))
    for one, other in combinations(dict.fromkeys(name.value for name in variables), 2):
        new = {id(name): other if name.value == one else one for name in variables if name.value in (one, other)}
        yield node.with_changes(value=node.value.visit(_Renamed(new)))


def _variables(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        if node.value not in (*MODULES, "None", "True", "False"):
            yield node
    elif isinstance(node, cst.Attribute | cst.Arg):  # neither the attribute's name nor the keyword
        yield from _variables(node.value)
    else:
        for child in node.children:
            if not (isinstance(node, cst.Call) and child is node.func and isinstance(child, cst.Name)):
                yield from _variables(child)


class _Renamed(cst.CSTTransformer):
    """Gives the nodes with these ids new names."""

    def __init__(self, new: dict[int, str]) -> None:
        super().__init__()
        self.new = new

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=self.new.get(id(original_node), updated_node.value))


def range_moved(node: cst.Call) -> Iterator[cst.CSTNode]:
    """range(T) -> range(T - 1); range(T + 1); range(1, T)."""
    if not (isinstance(node.func, cst.Name) and node.func.value == "range"):
        return
    for place, argument in enumerate(node.args):
        for by in (-1, 1):
            moved = argument.with_changes(value=_shifted(argument.value, by))
            yield node.with_changes(args=[*node.args[:place], moved, *node.args[place + 1 :]])
    if len(node.args) == 1:
        yield node.with_changes(args=[cst.Arg(cst.Integer("1")), node.args[0]])


def tuple_swapped(node: cst.Tuple) -> Iterator[cst.CSTNode]:
    """(N, T, H) -> (T, N, H); (N, H, T)."""
    for swapped, pair in zip(_neighbours_swapped(node.elements), pairwise(node.elements), strict=True):
        if all(isinstance(element, cst.Element) for element in pair):
            yield node.with_changes(elements=swapped)


def subscript_left_out(node: cst.Subscript) -> Iterator[cst.CSTNode]:
    """a[:, t] -> a."""
    yield node.value


def bound_moved(node: cst.Slice) -> Iterator[cst.CSTNode]:
    """a[i:j] -> a[:j]; a[i - 1:j]; a[i + 1:j]; the same with j; a[:] -> a[1:]; a[:-1]."""
    for side, bound, missing in (("lower", node.lower, "1"), ("upper", node.upper, "-1")):
        if bound is None:
            yield node.with_changes(**{side: cst.parse_expression(missing)})
            continue
        yield node.with_changes(**{side: None})
        if _computed(bound):
            yield from (node.with_changes(**{side: _shifted(bound, by)}) for by in (-1, 1))


def index_moved(node: cst.Index) -> Iterator[cst.CSTNode]:
    """a[t] -> a[t - 1]; a[t + 1]."""
    if node.star is None and _computed(node.value):
        yield from (node.with_changes(value=_shifted(node.value, by)) for by in (-1, 1))


def statement_left_out(node: cst.BaseSmallStatement | cst.BaseCompoundStatement) -> Iterator[cst.CSTNode]:
    """h = ... -> pass."""
    if isinstance(node, cst.BaseCompoundStatement):
        yield cst.SimpleStatementLine([cst.Pass()])
    elif not isinstance(node, cst.Pass):
        yield cst.Pass()


def condition_forced(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """if c: -> if not c:; if True:."""
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), _bracketed(node.test)))
    yield node.with_changes(test=cst.Name("True"))


def loop_turned_back(node: cst.For) -> Iterator[cst.CSTNode]:
    """for t in range(T): -> for t in reversed(list(range(T))):."""
    everything = cst.Call(cst.Name("list"), [cst.Arg(node.iter)])
    yield node.with_changes(iter=cst.Call(cst.Name("reversed"), [cst.Arg(everything)]))


def other_exception(node: cst.Raise) -> Iterator[cst.CSTNode]:
    """raise ValueError("...") -> raise Exception."""
    if node.exc is not None:
        yield node.with_changes(exc=cst.Name("Exception"), cause=None)


def break_to_continue(node: cst.Break) -> Iterator[cst.CSTNode]:
    """break -> continue."""
    yield cst.Continue()


OPERATORS: tuple[tuple[Any, Operator], ...] = (
    *cast("Sequence[tuple[type, Operator]]", mutation_operators),
    (cst.Integer | cst.Float, number_less_one),
    (cst.ComparisonTarget, other_comparison),
    (cst.BinaryOperation, other_sign),
    (cst.BinaryOperation | cst.BooleanOperation, one_operand),
    (cst.BinaryOperation, operands_swapped),
    (cst.BinaryOperation, transpose_added),
    (cst.Attribute, transpose_left_out),
    (cst.Call, other_function),
    (cst.Call, call_left_out),
    (cst.Call, arguments_swapped),
    (cst.Assign | cst.AugAssign | cst.Expr, names_exchanged),
    (cst.Call, range_moved),
    (cst.Tuple, tuple_swapped),
    (cst.Subscript, subscript_left_out),
    (cst.Slice, bound_moved),
    (cst.Index, index_moved),
    (cst.BaseSmallStatement | cst.BaseCompoundStatement, statement_left_out),
    (cst.If | cst.While, condition_forced),
    (cst.For, loop_turned_back),
    (cst.Raise, other_exception),
    (cst.Break, break_to_continue),
)
