"""Runs in a process that has a student's files and nothing else: what does the self-checker say of these solutions?

Started with `python -I -B` on this file's text; argument: the folder unpacked from the student's zip. Reads from
standard input {"given": [...], "reference": {exercise: code}, "trials": [[exercise, code, change], ...]} and writes a
list of [sentences, right] as JSON. `change` says what to do to what the solution returns; "" is nothing.
"""

import functools
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


def changed(value, change, rng):
    """The value with its floating-point arrays changed: by rounding that must not matter, or into something wrong."""
    if type(value) is tuple:
        return tuple(changed(item, change, rng) for item in value)
    if type(value) is dict:
        return {key: changed(item, change, rng) for key, item in value.items()}
    if type(value) is list:
        if value and all(type(item) is int for item in value):
            return value if change in RIGHT else [*value, len(value), 1]
        return [changed(item, change, rng) for item in value]
    if type(value) is int:
        return value if change in RIGHT else value + 1013
    if type(value) is not np.ndarray or value.dtype.kind != "f":
        return value
    return CHANGES[change](value, rng)


compiled = functools.lru_cache(maxsize=256)(functools.partial(compile, mode="exec"))


RIGHT = ("noise", "float32", "summed")
CHANGES = {
    "noise": lambda x, rng: x * (1 + 1e-12 * rng.standard_normal(x.shape)),
    "float32": lambda x, rng: x.astype(np.float32),
    "summed": lambda x, rng: (x + 1.0) - 1.0,
    "scaled": lambda x, rng: 1.37 * x,
    "shifted": lambda x, rng: x + 0.123,
    "unrelated": lambda x, rng: rng.standard_normal(x.shape),
    "unrelated again": lambda x, rng: rng.random(x.shape),
    "one wrong": lambda x, rng: np.where(np.arange(x.size).reshape(x.shape) == x.size // 2, x + 0.5, x),
    "square": lambda x, rng: x * x + 0.01,
    "cosine": lambda x, rng: np.cos(x),
    "rolled": lambda x, rng: np.roll(x, 1, axis=-1) + 0.001,
    "slightly off": lambda x, rng: x * (1 + 1e-2 * rng.standard_normal(x.shape)),
    "too short": lambda x, rng: x[..., :-1],
    "three more axes": lambda x, rng: x[None, None, None],  # with one or two it may be what a listed mistake gives
    "ones": lambda x, rng: np.full_like(x, 1.25),
}


def main():
    """Answer for every trial."""
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    from selfcheck.diagnosis import diagnose
    from selfcheck.folder import cases_beside, visible_tests
    from selfcheck.target import LocalProvider
    from selfcheck.traces import shown_by

    asked = json.load(sys.stdin)
    cases = cases_beside(visible_tests(folder)[0])
    said = []
    namespace: dict[str, Any] = {"__name__": "student"}  # one for all, since it is where the cells' functions look
    for name, source in [*enumerate(asked["given"]), *asked["reference"].items()]:
        exec(compiled(source, str(name)), namespace)
    solved = dict(namespace)
    for number, (exercise, code, change) in enumerate(asked["trials"]):
        namespace.clear()
        namespace.update(solved)
        exec(compiled(code, exercise), namespace)
        probes = dict(getattr(cases, "PROBES", {}))
        if change:  # to what is looked at: what the probe gives, where one shows the exercise
            probe, rng = shown_by(cases, exercise), np.random.default_rng(number)
            within, name = (namespace, exercise) if probe is None else (probes, probe)
            within[name] = lambda *a, f=within[name], r=rng, c=change, **k: changed(f(*a, **k), c, r)
        diagnosis = diagnose(folder, exercise, LocalProvider(namespace, SimpleNamespace(PROBES=probes)), cases)
        said_of_outputs = [] if diagnosis is None else [sentence for _, sentence in diagnosis.sentences]
        named = [] if diagnosis is None else [diagnosis.sentence, diagnosis.also, *said_of_outputs]
        said.append([[sentence for sentence in named if sentence], diagnosis is None or diagnosis.right])
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
