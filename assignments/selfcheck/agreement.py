"""Compares what the code under test gives with what another function gives on the same arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from selfcheck import arrays, expect, shared_generators
from selfcheck.copies import copied
from selfcheck.target import Target, Watched

EITHER_FLOAT = (np.float32, np.float64)
Names = str | Sequence[str]
Asked = Callable[..., Any] | ModuleType  # a function, or the reference, which holds one of the target's name
_LISTED = re.compile(r"(\w[^(),]*?)(?: \(([\d, ]*)\))?(?=, \w|$)")  # a name, and its shape or none


def whole(result: Any) -> Any:
    """Return the result itself: the part of it that is compared where no other is named."""
    return result


def table(names: str, *rows: tuple) -> list[dict[str, Any]]:
    """Return a dictionary of sizes for each row: `table("N D H", (1, 1, 1), (4, 1, 5))`.

    names: of the columns, with spaces between. A row may end early, and ... holds the place of what it does not give.
    """
    keys = names.split()
    if any(len(row) > len(keys) for row in rows):
        raise ValueError(f"a row has more than the {len(keys)} values {names}")
    return [{key: value for key, value in zip(keys, row, strict=False) if value is not ...} for row in rows]


def sized(make: Callable[..., tuple], rng: np.random.Generator, sizes: Iterable[Mapping]) -> list[tuple[str, tuple]]:
    """Return pairs of words for a message and arguments, one for each dictionary of sizes."""
    return [(_said(some), make(rng, **some)) for some in sizes]


def _said(sizes: Mapping) -> str:
    return f"with {', '.join(f'{name} = {size}' for name, size in sizes.items())}" if sizes else ""


def _function_of(asked: Asked, target: Target) -> Callable[..., Any]:
    """Return what the target is compared with: the function that is asked, or the reference's of the target's name."""
    function: Callable[..., Any] = asked if callable(asked) else getattr(asked, target.name)
    return function


def agree(
    target: Target,
    asked: Asked,
    calls: Sequence[tuple[str, tuple]],
    names: Names = "the result",
    *,
    part: Callable[[Any], Any] = whole,
    rtol: float = 1e-7,
    made_of: float = 0.0,
    dtype: Any = np.float64,
) -> None:
    """Expect each call of target to agree with asked; `calls` pairs words for the message with the arguments.

    asked: called first, on copies of the arguments, as target is; of the reference, its function of target's name.
    names: of the first values of a tuple, or of the result as a whole. part: what of a result is compared.
    made_of: as in `expect.close`.
    """
    right = _function_of(asked, target)
    desired = [part(right(*copied(args))) for _, args in calls]
    results = map(part, target.map([args for _, args in calls]))
    results_agree(results, desired, [words for words, _ in calls], names, rtol=rtol, made_of=made_of, dtype=dtype)


def agree_in_float32_and_strided(
    target: Target,
    asked: Asked,
    args: tuple,
    names: Names = "the result",
    *,
    part: Callable[[Any], Any] = whole,
) -> None:
    """Expect agreement on float32 arguments, in float32 or float64 at 1e-4, and on arrays that are not contiguous."""
    strided = [("with strided arrays", arrays.strided(args))]
    single = [("with float32 arrays", arrays.in_float32(args))]
    agree(target, asked, strided, names, part=part)
    agree(target, asked, single, names, part=part, rtol=1e-4, dtype=EITHER_FLOAT)


def same_in_float32_and_strided(
    target: Target, args: tuple, names: Names = "the result", *, part: Callable[[Any], Any] = whole
) -> None:
    """Expect of arrays that are not contiguous, and of float32 at 1e-4, what target gives on the plain arguments."""
    plain = target(*args)
    strided = [("with strided arrays", arrays.strided(args))]
    single = [("with float32 arrays", arrays.in_float32(args))]
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


def in_pairs(target: Target, asked: Asked, calls: Iterable[tuple]) -> list[tuple[tuple, Any, Any]]:
    """Return each call's arguments, what target gives and what asked gives, which is called first, on copies."""
    calls, right = list(calls), _function_of(asked, target)
    desired = [right(*copied(args)) for args in calls]
    return list(zip(calls, target.map(calls), desired, strict=True))


def returns(target: Target, args: tuple, said: str) -> None:
    """Call target and expect the float64 arrays that `said` lists: one, as in "x (3, 5, 7)", or a tuple of several.

    said: names and shapes, such as "dU (6, 4), db (6,)". What has no shape, as in "h (3, 6), cache", may be anything.
    """
    listed = [(found[0], found[1], found[2]) for found in _LISTED.finditer(said)]
    if ", ".join(text for text, _, _ in listed) != said:
        raise ValueError(f"{said!r} does not list names and shapes")
    result = target(*args)
    if len(listed) > 1:
        expect.tuple(result, len(listed), "the result")
    for (_, name, shape), array in zip(listed, result if len(listed) > 1 else (result,), strict=True):
        if shape is not None:
            expect.array(array, shape=tuple(map(int, re.findall(r"\d+", shape))), name=name)


def arguments_unchanged(target: Target, args: tuple, names: Names) -> None:
    """Call target and expect every argument but a generator to be as it was; names: of all, or with spaces between."""
    as_they_were(args, target.watched(*args), names)


def as_they_were(args: tuple, seen: Watched, names: Names) -> None:
    """Expect the arguments that came back from a watched call to be those that went there, but for generators.

    What is no plain data, such as a tensor, is compared as NumPy sees it.
    """
    called = names.split() if isinstance(names, str) else names
    for was, now, name in zip(args, seen.args, called, strict=True):
        if not isinstance(was, np.random.Generator):
            expect.unchanged(_plain(was), _plain(now), name=name)


def shared_generators_untouched(watched: Callable[..., Watched], args: tuple, rng: np.random.Generator) -> None:
    """Make a watched call (of Target.watched or Probe.watched); expect it to use no generator that all code shares."""
    seed = int(rng.integers(2**31))
    expect.that(
        shared_generators.untouched(watched(*args, seed=seed).shared, seed),
        "one of the generators that all code shares (np.random, random, torch) was used or seeded; use the given one",
    )


def generator_untouched(before: np.random.Generator, after: Any, message: str) -> None:
    """Expect a generator that came back from a watched call to be in the state in which it went there."""
    same = type(after) is np.random.Generator and after.bit_generator.state == before.bit_generator.state
    expect.that(same, message)


def _plain(value: Any) -> Any:
    """Return the same value with arrays in the place of tensors."""
    if type(value) in (tuple, list):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value.detach().numpy() if hasattr(value, "detach") else value
