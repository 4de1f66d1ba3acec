"""Hostile submissions whose replies are small and take long, or much memory, to look at.

They write to the grader's own channel what the grader's encoder would not, or return what grows when it is described.
"""

from __future__ import annotations

from autograder.simulate.tricks import Trick

_FRAMES = """
import os, stat, struct
import msgpack

def _packed(value):
    return msgpack.packb(value, use_bin_type=True)

def _extension(code, value):
    return msgpack.ExtType(code, _packed(value))

def _reply(value):
    body = _packed({"d": [["results", [{"d": [["value", value]]}]]]})
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.set_blocking(number, True)
                frame = memoryview(struct.pack(">I", len(body)) + body)
                while frame:
                    frame = frame[os.write(number, frame):]
        except OSError:
            pass
    os._exit(0)

def _alike(count):
    first, second, third, whole = 11400714785074694791, 14029467366897019727, 2870177450012600261, 2**64
    inverse, found, a = (pow(first, -1, whole), pow(second, -1, whole)), [], 0
    while len(found) < count:
        a += 1
        seen = (third + a * second) % whole
        seen = (seen << 31 | seen >> 33) * first % whole
        turned = (12345678 - (2 ^ third ^ 3527539)) * inverse[0] % whole
        b = ((turned >> 31 | turned << 33) - seen) * inverse[1] % whole
        b -= whole * (b >= whole // 2)
        if abs(b) < 2**61 - 1 and b != -1:
            found.append((a, b))
    return found
"""


def _returns(name: str, says: str, value: str) -> Trick:
    around = f"\ndef {{name}}(*args, **kwargs):\n    return {value}\n"
    return Trick("fortress", name, 24, says, cell="import numpy as np\n" + _FRAMES, around=around)


TRICKS = (
    _returns(
        "keys-of-one-hash",
        "a dictionary of 45,000 keys that all have the same hash",
        "_reply({'d': [[_extension(0, list(key)), 1] for key in _alike(45_000)]})",
    ),
    _returns(
        "members-of-one-hash",
        "a set of 60,000 members that all have the same hash",
        "_reply(_extension(1, [_extension(0, list(key)) for key in _alike(60_000)]))",
    ),
    _returns(
        "dtype-of-many-fields",
        "an array whose dtype has millions of fields",
        "_reply(_extension(4, ['i,' * 3_000_000, [1], 'C', bytes(8)]))",
    ),
    _returns(
        "array-of-many-axes",
        "an array of 31 axes and 30 MB, which is 70 GB as lists",
        "np.zeros((30 * 2**20, *(1,) * 30), dtype=np.int8)",
    ),
)
