"""Hostile submissions: what may be done to arguments, and to values after they were returned."""

from __future__ import annotations

from autograder.simulate.tricks import BELOW, WRONG, Trick, before_answer

TRICKS = (
    Trick(
        "hostile",
        "mutate-input",
        27,
        "arguments are set to zero in place",
        base=WRONG,
        cell="""
import numpy as np

def erase(value):
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = 0
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ():
        erase(item)
""",
        around=before_answer("""
erase([args, kwargs])
"""),
    ),
    Trick(
        "hostile",
        "empty-arguments",
        27,
        "arguments of every kind are set to zero or emptied in place, so that a wrong answer is right for what is left",
        base=WRONG,
        cell="""
import sys
import numpy as np

def empty(value):
    torch = sys.modules.get("torch")
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = 0
    elif torch is not None and isinstance(value, torch.Tensor):
        value.detach().zero_()
    elif isinstance(value, dict):
        for item in value.values():
            empty(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            empty(item)
        if isinstance(value, list) and not any(isinstance(item, (tuple, list, np.ndarray)) for item in value):
            value.clear()
""",
        around=before_answer("""
empty([args, kwargs])
"""),
    ),
    Trick(
        "hostile",
        "edited-later",
        28,
        "a thread edits what was returned",
        base=WRONG,
        cell="""
import threading
import time
import numpy as np

SEEN = []

def edit():
    while True:
        for value in list(SEEN):
            if isinstance(value, np.ndarray) and value.flags.writeable:
                value[...] = value.mean() if value.dtype.kind == "f" else 1
            elif isinstance(value, list):
                value.append(value)
        time.sleep(0.001)

threading.Thread(target=edit, daemon=True).start()
""",
        around="""
_honest_{name} = {name}

def {name}(*args, **kwargs):
    value = _honest_{name}(*args, **kwargs)
    SEEN.extend(args)
    SEEN.extend(value if isinstance(value, tuple) else [value])
    return value
""",
    ),
    Trick(
        "hostile",
        "replay",
        29,
        "arrays seen in earlier calls, kept in a file that forks have mapped, are answered",
        base=WRONG,
        claim=BELOW,
        cell="""
import mmap
import numpy as np

with open("shared", "wb+") as file:
    file.truncate(2**20)
    SHARED = mmap.mmap(file.fileno(), 2**20)

def remember(value):
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and value.nbytes < 2**12:
        start = int.from_bytes(SHARED[:8], "little") or 8
        record = np.array([value.ndim, *value.shape, *value.ravel()], dtype=np.float64).tobytes()
        if start + 8 + len(record) < len(SHARED):
            SHARED[start : start + 8] = len(record).to_bytes(8, "little")
            SHARED[start + 8 : start + 8 + len(record)] = record
            SHARED[:8] = (start + 8 + len(record)).to_bytes(8, "little")
    elif isinstance(value, (tuple, list)):
        for item in value:
            remember(item)

def remembered(shape):
    end, start = int.from_bytes(SHARED[:8], "little"), 8
    while start < end:
        size = int.from_bytes(SHARED[start : start + 8], "little")
        numbers = np.frombuffer(SHARED[start + 8 : start + 8 + size])
        sizes = tuple(int(number) for number in numbers[1 : 1 + int(numbers[0])])
        if sizes == shape:
            yield numbers[1 + len(sizes) :].reshape(shape).copy()
        start += 8 + size
""",
        around="""
_honest_{name} = {name}

def {name}(*args, **kwargs):
    value = _honest_{name}(*args, **kwargs)
    main = value[0] if isinstance(value, tuple) else value
    known = next(remembered(main.shape), main) if isinstance(main, np.ndarray) else main
    remember(args)
    return (known, *value[1:]) if isinstance(value, tuple) else known
""",
    ),
    Trick(
        "hostile",
        "seed-predict",
        32,
        "every random generator is the same one",
        base=WRONG,
        cell="""
import random
import numpy as np

np.random.seed(0)
random.seed(0)
np.random.default_rng = lambda *seed: np.random.Generator(np.random.PCG64(0))
np.random.seed = random.seed = lambda *seed: None
""",
    ),
)
