"""Compares what the code under test gives with what another function gives on the same arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from selfcheck import arrays, expect
from selfcheck.target import Target

EITHER_FLOAT = (np.float32, np.float64)
Names = str | Sequence[str]


def _whole(result: Any) -> Any:
    return result


def sized(make: Callable[..., tuple], rng: np.random.Generator, sizes: Iterable[Mapping]) -> list[tuple[str, tuple]]:
    """Return pairs of words for a message and arguments, one for each dictionary of sizes."""
    return [("with " + ", ".join(f"{k} = {v}" for k, v in some.items()), make(rng, **some)) for some in sizes]


def agree(
    target: Target,
    asked: Callable[..., Any],
    calls: Sequence[tuple[str, tuple]],
    names: Names = "the result",
    *,
    part: Callable[[Any], Any] = _whole,
    rtol: float = 1e-7,
    made_of: float = 0.0,
    dtype: Any = np.float64,
) -> None:
    """Expect each call of target to agree with asked; `calls` pairs words for the message with the arguments.

    names: of the first values of a tuple, or of the result as a whole. part: what of a result is compared.
    made_of: as in `expect.close`.
    """
    desired = [part(asked(*copy.deepcopy(args))) for _, args in calls]
    results = map(part, target.map([args for _, args in calls]))
    results_agree(results, desired, [words for words, _ in calls], names, rtol=rtol, made_of=made_of, dtype=dtype)


def agree_in_float32_and_strided(
    target: Target,
    asked: Callable[..., Any],
    args: tuple,
    names: Names = "the result",
    *,
    part: Callable[[Any], Any] = _whole,
) -> None:
    """Expect agreement on float32 arguments, in float32 or float64 at 1e-4, and on arrays that are not contiguous."""
    strided = [("with strided arrays", arrays.strided(args))]
    single = [("with float32 arrays", arrays.in_float32(copy.deepcopy(args)))]
    agree(target, asked, strided, names, part=part)
    agree(target, asked, single, names, part=part, rtol=1e-4, dtype=EITHER_FLOAT)


def same_in_float32_and_strided(
    target: Target, args: tuple, names: Names = "the result", *, part: Callable[[Any], Any] = _whole
) -> None:
    """Expect of arrays that are not contiguous, and of float32 at 1e-4, what target gives on the plain arguments."""
    plain = target(*copy.deepcopy(args))
    strided = [("with strided arrays", arrays.strided(args))]
    single = [("with float32 arrays", arrays.in_float32(copy.deepcopy(args)))]
    agree(target, lambda *_: plain, strided, names, part=part)
    agree(target, lambda *_: plain, single, names, part=part, rtol=1e-4, dtype=EITHER_FLOAT)


def results_agree(
    results: Iterable[Any],
    desired: Iterable[Any],
    words: Iterable[str],
    names: Names,
    *,
    rtol: float = 1e-7,
    made_of: float = 0.0,
    dtype: Any = np.float64,
) -> None:
    """Expect each result to agree with the desired one: in the values that `names` lists, or as a whole."""
    for result, wanted, said in zip(results, desired, words, strict=True):
        if isinstance(names, str):
            each_close(result, wanted, f"{names} {said}".strip(), rtol=rtol, made_of=made_of, dtype=dtype)
            continue
        expect.tuple(result, len(wanted), f"the result {said}".strip())
        for name, found, value in zip(names, result, wanted, strict=False):
            called = f"{name} {said}".strip()
            expect.close(found, value, name=called, rtol=rtol, made_of=made_of, dtype=dtype)


def each_close(
    result: Any, desired: Any, name: str, *, rtol: float = 1e-7, made_of: float = 0.0, dtype: Any = np.float64
) -> None:
    """Expect close numbers and arrays, inside tuples, lists and dictionaries too, and all else to be the same."""
    if isinstance(desired, np.ndarray) or type(desired) is float:
        expect.close(result, desired, name=name, rtol=rtol, made_of=made_of, dtype=dtype)
    elif isinstance(desired, tuple | list | dict):
        same = type(result) is type(desired) and len(result) == len(desired)
        expect.that(same, f"{name} is not a {type(desired).__name__} with the expected number of values")
        for key in desired if isinstance(desired, dict) else range(len(desired)):
            found = result.get(key) if isinstance(desired, dict) else result[key]
            each_close(found, desired[key], f"{name}[{key!r}]", rtol=rtol, made_of=made_of, dtype=dtype)
    else:
        expect.equal(result, desired, name=name)


def arguments_unchanged(function: Callable[..., Any], args: tuple, names: str) -> None:
    """Call the function and expect every argument but a generator to be as it was; names: of all, with spaces between.

    What is no plain data, such as a tensor, is compared as NumPy sees it.
    """
    before = copy.deepcopy(args)
    function(*args)
    for was, now, name in zip(before, args, names.split(), strict=True):
        if not isinstance(was, np.random.Generator):
            expect.unchanged(_plain(was), _plain(now), name=name)


def _plain(value: Any) -> Any:
    """Return the same value with arrays in the place of tensors."""
    if type(value) in (tuple, list):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value.detach().numpy() if hasattr(value, "detach") else value
