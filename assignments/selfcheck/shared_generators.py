"""The random generators that all code of a process shares: `random`, `numpy.random` and, once imported, `torch`.

A test sends a seed, lets them be seeded with it before a call, gets back digests of their states after it, and compares
these with what the seed alone makes: whether a call has used or seeded them is decided where the test runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

ALWAYS = ("random", "numpy")


def untouched(states: Mapping[str, str], seed: int) -> bool:
    """Return whether these states, as `digests` gives them after a call, are those that the seed makes."""
    expected = digests_of(seed)
    return all(states.get(name, "" if name in ALWAYS else state) == state for name, state in expected.items())


def digests_of(seed: int) -> dict[str, str]:
    """Return the digests of generators seeded with `seed` and never used; those of this process stay as they are."""
    made = {
        "random": _digest(random.Random(seed).getstate()),
        "numpy": _digest(_plain(np.random.RandomState(seed).get_state())),
    }
    if (torch := _torch()) is not None:
        made["torch"] = _digest(torch.Generator().manual_seed(seed).get_state().tolist())
    return made


def digests() -> dict[str, str]:
    """Return a digest of the state of each generator that all code of this process shares."""
    found = {"random": _digest(random.getstate()), "numpy": _digest(_plain(np.random.get_state()))}
    if (torch := _torch()) is not None:
        found["torch"] = _digest(torch.get_rng_state().tolist())
    return found


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[Callable[[], dict[str, str]]]:
    """Seed the shared generators for the block, then put back the states that they had; None: leave them alone.

    What is yielded gives the digests of what was seeded.
    """
    if seed is None:
        yield dict
        return
    restore = keep()
    try:
        random.seed(seed)
        np.random.seed(seed)
        if (torch := _torch()) is not None:
            torch.manual_seed(seed)
        yield digests
    finally:
        restore()


def keep() -> Callable[[], None]:
    """Note the states of the shared generators; the function that is returned puts them back."""
    torch = _torch()
    states = (random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None)

    def restore() -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch:
            torch.set_rng_state(states[2])

    return restore


def _torch() -> Any:
    found = sys.modules.get("torch")
    return found if hasattr(found, "get_rng_state") else None


def _plain(state: Any) -> Any:
    name, words, *rest = state
    return name, words.tolist(), rest


def _digest(state: Any) -> str:
    return hashlib.sha256(repr(state).encode()).hexdigest()
