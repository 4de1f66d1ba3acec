"""Assertions for visible and hidden tests; their messages say what is wrong and never give the right value.

Every function checks type, shape, dtype, finiteness and value, in this order, and raises `Mismatch` at the first that
is wrong. For a wrong value the text gives the index and the size of the error in one digit, never the expected value.

>>> array([1.0, 2.0], shape=(2,), name="h")
Traceback (most recent call last):
    ...
selfcheck.expect.Mismatch: h is a list; expected a NumPy array
"""

from __future__ import annotations

import builtins
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from selfcheck import hidden
from selfcheck.target import StudentError, plain_text
from selfcheck.where import Where

Dtypes = DTypeLike | builtins.tuple[DTypeLike, ...]
FLOAT32_RTOL = 1e-4
ROUNDING = 1e-12  # of the numbers that a result is made of: what idioms for the same function may differ by


class Mismatch(AssertionError):
    """Says how a result differs from the expected one, in a text that is safe to show to a student.

    hidden: what a hidden test says in its place: a sentence that quotes nothing of the result. See selfcheck.hidden.
    where: which entries of an array are wrong; only a visible test may tell.
    """

    def __init__(self, message: str, hidden: str = hidden.NOT_SO, where: Where | None = None) -> None:
        super().__init__(message)
        self.hidden = hidden
        self.where = where


def array(
    actual: Any,
    *,
    shape: builtins.tuple[int, ...],
    dtype: Dtypes = np.float64,
    name: str = "result",
    finite: bool = True,
) -> None:
    """Expect exactly a NumPy array of this shape and one of these dtypes, all finite unless finite is False."""
    _is_array(actual, name)
    if actual.shape != builtins.tuple(shape):
        said = hidden.SHAPE if actual.ndim == len(shape) else hidden.rank(len(shape))
        _fail(f"{name} has shape {actual.shape}; expected {builtins.tuple(shape)}", said)
    expected = _dtypes(dtype)
    if actual.dtype not in expected:
        _fail(f"{name} has dtype {actual.dtype}; expected {' or '.join(str(d) for d in expected)}", hidden.DTYPE)
    if finite:
        _is_finite(actual, name)


def close(
    actual: Any,
    desired: Any,
    *,
    name: str = "result",
    rtol: float = 1e-7,
    atol: float | None = None,
    made_of: float = 0.0,
    dtype: Dtypes = np.float64,
    because: str = "",
) -> None:
    """Expect |actual - desired| <= atol + rtol |desired| at every index, after type, shape, dtype and finiteness.

    actual: exactly a NumPy array if desired is one, of its shape; a Python float or int if desired is a number.
    atol: rtol * max|desired| unless given. A float32 result, where dtype allows it, is compared at rtol 1e-4.
    made_of: the size of the numbers that the quantity is made of, where these may cancel: an error of 1e-12 times it
    is rounding.
    because: the law that is violated, in words; it ends the message.
    """
    wanted = np.asarray(desired)
    if wanted.ndim == 0 and type(desired) is not np.ndarray:
        number(actual, name=name, finite=bool(np.isfinite(wanted)))
        found = np.asarray(actual)
    else:
        array(actual, shape=wanted.shape, dtype=dtype, name=name, finite=False)
        found = actual
        if found.dtype == np.float32:
            rtol = max(rtol, FLOAT32_RTOL)
    _is_finite(found, name, where=np.isfinite(wanted))
    scale = _largest(wanted)
    allowed = (max(rtol * scale, ROUNDING * made_of) if atol is None else atol) + rtol * np.abs(
        np.where(np.isfinite(wanted), wanted, 0)
    )
    with np.errstate(all="ignore"):
        error = np.abs(_subtractable(found) - _subtractable(wanted))
    same = (found == wanted) | ((found != found) & (wanted != wanted))
    wrong = np.where(np.isfinite(wanted), ~(error <= allowed), ~same)
    if not wrong.any():
        return
    where = _first(wrong)
    at = f" first at {_index(where)}" if wrong.ndim else ""
    if not np.isfinite(error[where]):
        _fail(f"{name} differs{at}" + _law(because), hidden.VALUE, Where(name, wrong))
    largest = _largest(error)
    relative = f", relative to a scale of {_digit(scale)}" if scale else ""
    _fail(
        f"{name} differs{at}, by about {_digit(error[where])} (largest error {_digit(largest)}{relative})"
        + _law(because),
        hidden.VALUE,
        Where(name, wrong),
    )


def equal(actual: Any, desired: Any, *, name: str = "result", because: str = "") -> None:
    """Expect exactly desired, types included: numbers, strings, None, and lists, tuples and dicts of them."""
    problem = _difference(actual, desired)
    if problem:
        _fail(f"{name}{problem}" + _law(because), hidden.VALUE if type(actual) is type(desired) else hidden.TYPE)


def integer(actual: Any, *, name: str = "result") -> None:
    """Expect a Python int (neither bool nor a NumPy scalar)."""
    if type(actual) is not int:
        _fail(f"{name} is {_kind(actual)}; expected an int", hidden.TYPE)


def number(actual: Any, *, name: str = "result", finite: bool = True) -> None:
    """Expect a Python float or int (neither bool nor a NumPy scalar), of a size that a float has."""
    if type(actual) not in (float, int):
        _fail(f"{name} is {_kind(actual)}; expected a float", hidden.TYPE)
    if type(actual) is int and abs(actual) > sys.float_info.max:
        _fail(f"{name} is an int that is larger than any float", hidden.VALUE)
    if finite and type(actual) is float and not np.isfinite(actual):
        _fail(f"{name} is {'NaN' if actual != actual else 'infinite'}", hidden.NOT_FINITE)


def tuple(actual: Any, length: int, name: str = "result") -> None:
    """Expect a tuple of `length` values."""
    if type(actual) is not builtins.tuple:
        _fail(f"{name} is {_kind(actual)}; expected a tuple of {length} values", hidden.TYPE)
    if len(actual) != length:
        _fail(f"{name} has length {len(actual)}; expected a tuple of {length} values", hidden.LENGTH)


def lists_of_ints(actual: Any, count: int, *, longest: int, below: int, name: str, outside: str) -> None:
    """Expect a list of `count` lists, each of at most `longest` ints in 0 <= k < below.

    outside: another int than these, in words.
    """
    that(type(actual) is list and len(actual) == count, f"{name}: expected a list of {count} lists")
    for row in actual:
        that(type(row) is list and all(type(k) is int for k in row), f"{name}: not lists of ints")
        that(len(row) <= longest, f"{name}: one is longer than max_length")
        that(all(0 <= k < below for k in row), f"{name}: one holds {outside}")


def unchanged(before: Any, after: Any, *, name: str) -> None:
    """Expect that the call left an argument as it was; `before` is a copy made before the call."""
    problem = _difference(after, before)
    if problem:
        where = problem.partition(" first ")[2]
        first = f", first {where}" if where else ""
        _fail(f"{name} was changed by the call{first}; work on a copy of the argument", hidden.CHANGED)


def json_object(text: str, *, name: str = "the text") -> dict[str, Any]:
    """Return the JSON object in a text; expect exactly one, with no key twice."""
    repeated: list[str] = []

    def pairs(found: list[builtins.tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        repeated.extend(key for key, count in Counter(keys).items() if count > 1)
        return dict(found)

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        _fail(f"{name} is not JSON{where}", hidden.NO_JSON)
    if type(value) is not dict:
        _fail(f"{name} is JSON, but not an object: it must begin with {{ and end with }}", hidden.NO_JSON)
    if repeated:
        _fail(f"{name} has the key {plain_text(repeated[0], 60)!r} more than once", hidden.NO_JSON)
    return value


def that(condition: Any, message: str) -> None:
    """Expect a condition to be true; the message, which must be safe to show, says what is wrong if it is false."""
    if not (condition is True or (type(condition) is np.bool_ and bool(condition))):
        _fail(message)


def raises(error_name: str, function: Callable[..., Any], *args: Any, because: str = "") -> None:
    """Expect function(*args) to raise an error of the class called error_name, or of one derived from it."""
    try:
        function(*args)
    except StudentError as error:
        if error.names[0] in ("NotImplementedError", "TimeoutError") and error_name != error.names[0]:
            raise
        if error_name not in error.names:
            _fail(f"{error.names[0]} was raised; expected {error_name}" + _law(because), hidden.OTHER_ERROR)
        return
    _fail(f"no error was raised; expected {error_name}" + _law(because), hidden.NO_ERROR)


def _fail(message: str, said: str = hidden.NOT_SO, where: Where | None = None) -> NoReturn:
    __tracebackhide__ = True
    raise Mismatch(message, said, where)


def _law(because: str) -> str:
    return f": {because}" if because else ""


def _is_array(actual: Any, name: str) -> None:
    if type(actual) is not np.ndarray:
        _fail(f"{name} is {_kind(actual)}; expected a NumPy array", hidden.TYPE)


def _is_finite(actual: np.ndarray, name: str, where: np.ndarray | None = None) -> None:
    if actual.dtype.kind not in "fc":
        return
    bad = ~np.isfinite(actual)
    if where is not None:
        bad &= where
    if not bad.any():
        return
    index = _first(bad)
    what = "NaN" if np.isnan(actual[index]) else "an infinite value"
    said = f"{name} contains {what}, first at {_index(index)}" if actual.ndim else f"{name} is {what}"
    _fail(said, hidden.NOT_FINITE)


def _kind(value: Any) -> str:
    """Name the value's type in words, by type(value): a class cannot lie about itself."""
    kind = type(value)
    torch = sys.modules.get("torch")
    if value is None:
        return "None"
    if issubclass(kind, np.ma.MaskedArray):
        return "a masked array"
    if issubclass(kind, np.matrix):
        return "a NumPy matrix"
    if issubclass(kind, np.ndarray):
        return "a NumPy array" if kind is np.ndarray else "an instance of a subclass of np.ndarray"
    if kind.__module__ == "numpy" and issubclass(kind, np.generic):
        return f"a NumPy scalar ({plain_text(kind.__name__, 20)})"
    if torch is not None and issubclass(kind, torch.Tensor):
        return "a torch tensor"
    if kind in (int, float, complex, bool, str, bytes, list, dict, set, builtins.tuple):
        return f"{'an' if kind is int else 'a'} {kind.__name__}"
    if callable(getattr(kind, "__next__", None)):
        return "an iterator"
    return f"an object of type {plain_text(kind.__name__, 40)}"


def _difference(found: Any, wanted: Any, path: str = "") -> str:
    """Say how found differs from wanted, as the end of a sentence; '' if it does not."""
    at = f" at {path}" if path else ""
    if type(found) is not type(wanted):
        return f" is {_kind(found)}{at}; expected {_kind(wanted)}"
    if type(wanted) is np.ndarray:
        return _array_difference(found, wanted, path)
    if type(wanted) in (list, builtins.tuple):
        if len(found) != len(wanted):
            return f" has length {len(found)}{at}, which is wrong"
        items = [(str(i), a, b) for i, (a, b) in enumerate(zip(found, wanted, strict=True))]
    elif type(wanted) is dict:
        if list(found) != list(wanted):
            return f" does not have the expected keys in the expected order{at}"
        items = [(plain_text(str(key), 40), found[key], wanted[key]) for key in wanted]
    elif found is wanted or found == wanted or (found != found and wanted != wanted):
        return ""
    else:
        return f" differs first at {path}" if path else " is wrong"
    for key, a, b in items:
        problem = _difference(a, b, f"{path}[{key}]")
        if problem:
            return problem
    return ""


def _array_difference(found: np.ndarray, wanted: np.ndarray, path: str) -> str:
    at = f" at {path}" if path else ""
    if found.shape != wanted.shape:
        return f" has shape {found.shape}{at}; expected {wanted.shape}"
    if found.dtype != wanted.dtype:
        return f" has dtype {found.dtype}{at}; expected {wanted.dtype}"
    wrong = np.asarray((found != wanted) & ~((found != found) & (wanted != wanted)))
    if not wrong.any():
        return ""
    index = _index(_first(wrong)) if wrong.ndim else ""
    return f" differs first at {path}{index}" if path or index else " is wrong"


def _dtypes(dtype: Dtypes) -> list[np.dtype]:
    # mypy does not narrow by type(...) is, which no lying __class__ can fool
    return [np.dtype(d) for d in (dtype if type(dtype) is builtins.tuple else (dtype,))]  # type: ignore[arg-type]


def _subtractable(a: np.ndarray) -> np.ndarray:
    return a if a.dtype.kind == "c" else a.astype(np.float64)


def _largest(a: np.ndarray) -> float:
    finite = np.abs(_subtractable(a[np.isfinite(a)])) if a.size else a
    return float(finite.max()) if finite.size else 0.0


def _first(mask: np.ndarray) -> builtins.tuple[Any, ...]:
    return np.unravel_index(int(np.argmax(mask)), mask.shape)


def _index(index: Iterable[Any]) -> str:
    return "[" + ", ".join(str(i) for i in index) + "]"


def _digit(x: float) -> str:
    return f"{float(x):.1g}"
