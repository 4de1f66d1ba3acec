"""Messages between the trusted process and the student's: plain data both ways, never pickle.

A frame is a length (4 bytes, big-endian) and a msgpack body. What msgpack has no type for travels in extension types:
tuples, sets, complex and big integers, NumPy arrays and scalars, torch tensors, random generators, handles for values
that stay in the student's process, and the mere type name of anything else. Decoding rebuilds exact types only and caps
size, depth and count, so a reply is never more than data to be judged. The count is taken before anything is unpacked:
an empty list is one byte in a frame, and sixty in memory.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

MAX_FRAME = 32 * 2**20  # bytes; what exercises take and return has a few
MAX_DEPTH = 32
MAX_ITEMS = 200_000
_MAX_PACKED = 5 * MAX_ITEMS  # msgpack's own items: a NumPy scalar is an extension, a list, a type and a content
_MAX_COPIES = 8  # times the frame's bytes: each tuple or array around a value is unpacked from bytes of its own
_LONGEST_NAME = 60  # of a class or a dtype: NumPy would read millions of fields
_MAX_ALIKE = 100  # keys of one dictionary or set whose hashes are equal: more are made to be slow to tell apart
_SMALL = _MAX_PACKED // MAX_DEPTH  # a frame of as many bytes is within these caps, whatever is in it
_HEADER = struct.Struct(">I")

_TUPLE, _SET, _COMPLEX, _BIG_INT, _ARRAY, _SCALAR, _TENSOR, _GENERATOR, _HANDLE, _FOREIGN = range(10)
_ARRAY_KINDS = "biufc"
_WEIGHT = {_BIG_INT: 100, _TENSOR: 20, _GENERATOR: 20, _FOREIGN: 50}  # items that one is as dear as
_TENSOR_DTYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool", "float16")


class WireError(Exception):
    """What came, or should go, over the wire is not plain data within the caps."""


class Closed(Exception):
    """The other side is gone."""


class TimedOut(Exception):
    """The other side did not answer in time."""


@dataclass(frozen=True)
class Handle:
    """A value that stays in the student's process; it can be passed to a later call, and nothing else."""

    number: int


def foreign(type_name: str) -> Any:
    """Return an empty stand-in for an object that cannot travel; only the name of its type is known."""
    name = "".join(c for c in type_name if c.isidentifier() or c.isdigit())[:_LONGEST_NAME] or "object"
    return type(name, (), {"__repr__": lambda self: f"<{name}>", "__module__": "student"})()


def encode(value: Any) -> bytes:
    """Plain data as bytes. Objects that are not plain data are sent as their type's name.

    Raises WireError if the value is nested too deeply, holds too many items or is too large.
    """
    budget = _Budget()
    try:
        body = msgpack.packb(_wrap(value, 0, budget), use_bin_type=True, strict_types=True)
    except (ValueError, OverflowError, TypeError, UnicodeEncodeError, MemoryError, RuntimeError) as error:
        # RuntimeError: of torch, for a tensor that is sparse, nested, or has no content
        raise WireError(f"cannot be sent: {error}") from error
    if len(body) > MAX_FRAME:
        raise WireError(f"is too large: {len(body)} bytes, at most {MAX_FRAME} can be sent")
    return body


def decode(body: bytes) -> Any:
    """Return the inverse of `encode`, for bytes from a stranger. Raises WireError for what `encode` would not write."""
    if len(body) > MAX_FRAME:
        raise WireError("the reply is too large")
    small = len(body) <= _SMALL
    budget = _Budget(copies=None if small else _MAX_COPIES * len(body))
    try:
        return _unwrap(_unpacked(body, budget), 0, budget)
    except WireError as error:
        said = str(error)
    except (MemoryError, RecursionError) as error:
        said = f"the reply is not a message: {type(error).__name__}"
    raise WireError(said)  # a new one: the traceback of the other holds what was unpacked


@dataclass
class _Budget:
    """What is left of a frame's items, of its items as msgpack counts them, and of the bytes to unpack (None: enough of
    both).
    """

    items: int = MAX_ITEMS
    packed: int = _MAX_PACKED
    copies: int | None = None


def _spend(depth: int, budget: _Budget, items: int = 1) -> None:
    if depth > MAX_DEPTH:
        raise WireError(f"is nested more than {MAX_DEPTH} deep")
    budget.items -= items
    if budget.items < 0:
        raise WireError(f"contains more than {MAX_ITEMS} items")


def _fits(size: int) -> None:
    if size > MAX_FRAME:
        raise WireError(f"is too large: {size} bytes, at most {MAX_FRAME} can be sent")


def _ext(code: int, value: Any) -> msgpack.ExtType:
    return msgpack.ExtType(code, msgpack.packb(value, use_bin_type=True, strict_types=True))


def _dear(code: int, value: Any, depth: int, budget: _Budget) -> msgpack.ExtType:
    _spend(depth, budget, _WEIGHT[code])
    return _ext(code, value)


def _wrap(value: Any, depth: int, budget: _Budget) -> Any:
    """Turn `value` into what msgpack can pack; exact types only, so that no subclass speaks for itself."""
    _spend(depth, budget)
    kind = type(value)
    if value is None or kind in (bool, float):
        return value
    if kind in (str, bytes):
        _fits(len(value))
    if kind is bytes:
        return value
    if kind is str:
        return value.encode("utf-8", "replace").decode("utf-8")
    if kind is int:
        return value if -(2**63) <= value < 2**64 else _dear(_BIG_INT, _digits(value), depth, budget)
    if kind is list:
        return [_wrap(item, depth + 1, budget) for item in value]
    if kind is tuple:
        return _ext(_TUPLE, [_wrap(item, depth + 1, budget) for item in value])
    if kind is dict:
        pairs = [[_wrap(key, depth + 1, budget), _wrap(item, depth + 1, budget)] for key, item in value.items()]
        return {"d": pairs}
    if kind in (set, frozenset):
        return _ext(_SET, [_wrap(item, depth + 1, budget) for item in sorted(value, key=repr)])
    if kind is complex:
        return _ext(_COMPLEX, [value.real, value.imag])
    if kind is np.ndarray and value.dtype.kind in _ARRAY_KINDS:
        _fits(value.nbytes)
        return _ext(_ARRAY, [value.dtype.str, list(value.shape), _layout(value), value.tobytes()])
    if isinstance(value, np.generic) and kind.__module__ == "numpy" and value.dtype.kind in _ARRAY_KINDS:
        return _ext(_SCALAR, [value.dtype.str, value.tobytes()])
    if kind is np.random.Generator:
        return _dear(_GENERATOR, json.dumps(value.bit_generator.state), depth, budget)
    if kind is Handle:
        return _ext(_HANDLE, value.number)
    torch = sys.modules.get("torch")
    if torch is not None and kind is torch.Tensor and str(value.dtype).removeprefix("torch.") in _TENSOR_DTYPES:
        data = value.detach().cpu().resolve_neg().contiguous().numpy()
        content = [str(value.dtype).removeprefix("torch."), list(data.shape), data.tobytes()]
        return _dear(_TENSOR, content, depth, budget)
    return _dear(_FOREIGN, kind.__name__[:_LONGEST_NAME], depth, budget)


def _digits(value: int) -> str:
    if value.bit_length() > 4096:
        raise WireError("contains an integer of more than 4096 bits")
    return hex(value)


def _layout(array: np.ndarray) -> str:
    """C, F or S (strided), so that a test with a non-contiguous input means the same on the other side."""
    if array.flags.c_contiguous:
        return "C"
    return "F" if array.flags.f_contiguous else "S"


def _unpacked(body: bytes, budget: _Budget) -> Any:
    """Return what msgpack makes of bytes from a stranger, within the budget. Raises WireError."""
    if budget.copies is not None:
        budget.copies -= len(body)
        if budget.copies < 0:
            raise WireError("the reply is nested too deeply for its size")
        budget.packed -= _count(body, budget.packed)
    try:
        return msgpack.unpackb(body, raw=False, strict_map_key=True)
    except Exception as error:  # msgpack raises many kinds for bytes from a stranger; all mean the same
        raise WireError(f"the reply is not a message: {type(error).__name__}") from error


# By the first byte of a msgpack item: how many bytes it has if they are fixed, and how many hold its length if not.
_FIXED = [1] * 160 + [1 + n for n in range(32)] + [1] * 64
_FIXED[0xC4:0xCA] = [2, 3, 5, 3, 4, 6]  # bin and ext: their head, with the ext's type
_FIXED[0xCA:0xD4] = [5, 9, 2, 3, 5, 9, 2, 3, 5, 9]  # floats and integers
_FIXED[0xD4:0xD9] = [3, 4, 6, 10, 18]  # fixext
_FIXED[0xD9:0xE0] = [2, 3, 5, 3, 5, 3, 5]  # str; the heads of arrays and maps, whose items follow
_LENGTH = dict(zip((0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xD9, 0xDA, 0xDB), (1, 2, 4) * 3, strict=True))


def _count(body: bytes, most: int) -> int:
    """Return how many items msgpack would make of the body. Raises WireError if they are more than `most`."""
    place = items = 0
    while place < len(body):
        items += 1
        if items > most:
            raise WireError(f"contains more than {MAX_ITEMS} items")
        first = body[place]
        if first in _LENGTH:
            place += int.from_bytes(body[place + 1 : place + 1 + _LENGTH[first]], "big")
        place += _FIXED[first]
    return items


def _unwrap(raw: Any, depth: int, budget: _Budget) -> Any:
    _spend(depth, budget)
    kind = type(raw)
    if raw is None or kind in (bool, int, float, str, bytes):
        return raw
    if kind is list:
        return [_unwrap(item, depth + 1, budget) for item in raw]
    if kind is dict:
        pairs = raw.get("d")
        if set(raw) != {"d"} or type(pairs) is not list:
            raise WireError("the reply contains a malformed dictionary")
        return _dictionary(pairs, depth, budget)
    if kind is msgpack.ExtType:
        return _extension(raw.code, raw.data, depth, budget)
    raise WireError(f"the reply contains a {kind.__name__}")


def _dictionary(pairs: list[Any], depth: int, budget: _Budget) -> dict[Any, Any]:
    items = []
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2:
            raise WireError("the reply contains a malformed dictionary")
        key = _unwrap(pair[0], depth + 1, budget)
        if type(key) not in (str, int, bool, float, bytes, tuple, type(None)):
            raise WireError(f"the reply contains a dictionary with a key of type {type(key).__name__}")
        items.append((key, _unwrap(pair[1], depth + 1, budget)))
    try:
        _tell_apart([key for key, _ in items])
    except TypeError as error:  # a tuple that holds a list
        raise WireError("the reply contains a dictionary with an unhashable key") from error
    return dict(items)


def _tell_apart(keys: list[Any]) -> None:
    """Raise WireError if a dictionary or set of these keys would take long to make: the hash of a tuple of numbers is
    known beforehand, and each key is compared with all others of its hash. TypeError if one has none.
    """
    alike = Counter(map(hash, keys))
    if alike and max(alike.values()) > _MAX_ALIKE:
        raise WireError("the reply contains too many keys with the same hash")


def _extension(code: int, data: bytes, depth: int, budget: _Budget) -> Any:
    _spend(depth, budget, _WEIGHT.get(code, 0))
    raw = _unpacked(data, budget)
    try:
        if code == _TUPLE:
            return tuple(_unwrap(item, depth + 1, budget) for item in _of(list, raw))
        if code == _SET:
            members = [_unwrap(item, depth + 1, budget) for item in _of(list, raw)]
            _tell_apart(members)
            return set(members)
        if code == _COMPLEX:
            real, imaginary = raw
            return complex(_of(float, real), _of(float, imaginary))
        if code == _BIG_INT:
            if len(_of(str, raw)) > 1100:
                raise WireError("the reply contains too large an integer")
            return int(raw, 16)
        if code == _ARRAY:
            return _array(*raw)
        if code == _SCALAR:
            dtype, content = raw
            return np.frombuffer(_of(bytes, content), dtype=_dtype(dtype), count=1)[0]
        if code == _TENSOR:
            return _tensor(*raw)
        if code == _GENERATOR:
            return _generator(_of(str, raw))
        if code == _HANDLE:
            return Handle(_of(int, raw))
        if code == _FOREIGN:
            return foreign(_name(raw))
    except WireError:
        raise
    except Exception as error:  # whatever a malformed extension raises, it means the same
        raise WireError(f"the reply contains a malformed value: {type(error).__name__}") from error
    raise WireError("the reply contains an unknown kind of value")


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise WireError(f"the reply contains a {type(value).__name__} in place of a {kind.__name__}")
    return value


def _name(text: Any) -> str:
    if len(_of(str, text)) > _LONGEST_NAME:
        raise WireError("the reply contains too long a name")
    return str(text)


def _dtype(text: Any) -> np.dtype:
    dtype = np.dtype(_name(text))
    if dtype.kind not in _ARRAY_KINDS or dtype.fields is not None or dtype.subdtype is not None:
        raise WireError("the reply contains an array of a dtype that is not numeric")
    return dtype


def _shape(shape: Any) -> tuple[int, ...]:
    if len(_of(list, shape)) > MAX_DEPTH or any(_of(int, n) < 0 for n in shape):
        raise WireError("the reply contains an array of an impossible shape")
    return tuple(shape)


def _array(dtype: Any, shape: Any, layout: Any, content: Any) -> np.ndarray:
    flat = np.frombuffer(_of(bytes, content), dtype=_dtype(dtype))
    array = flat.reshape(_shape(shape)).copy()
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "S" and array.ndim:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
        view = wide[..., ::2]
        view[...] = array
        return view
    return array


def _tensor(dtype: Any, shape: Any, content: Any) -> Any:
    import torch

    if dtype not in _TENSOR_DTYPES:
        raise WireError("the reply contains a tensor of an unknown dtype")
    flat = np.frombuffer(_of(bytes, content), dtype="bool" if dtype == "bool" else dtype)
    return torch.from_numpy(flat.reshape(_shape(shape)).copy())


def _generator(text: str) -> np.random.Generator:
    if len(text) > 20_000:
        raise WireError("the reply contains too large a generator")
    bit_generator = np.random.PCG64(0)
    bit_generator.state = json.loads(text)
    return np.random.Generator(bit_generator)


Deadline = float | Callable[[], float] | None
"""When to stop waiting: never, at a time of `time.monotonic`, or when a call returns 0: it is made again after as many
seconds as it returns.
"""


def send(fd: int, body: bytes, deadline: Deadline = None) -> None:
    """Write one frame to a non-blocking or blocking descriptor. Raises Closed or TimedOut."""
    view = memoryview(_HEADER.pack(len(body)) + body)
    while view:
        try:
            view = view[os.write(fd, view[:65536]) :]
        except BlockingIOError:
            _wait(fd, select.POLLOUT, deadline)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error


def receive(fd: int, deadline: Deadline = None) -> bytes:
    """Read one frame. Raises Closed, TimedOut, or WireError if the frame announces more than MAX_FRAME bytes."""
    (length,) = _HEADER.unpack(_read(fd, _HEADER.size, deadline))
    if length > MAX_FRAME:
        raise WireError("the reply is too large")
    return _read(fd, length, deadline)


def _read(fd: int, count: int, deadline: Deadline) -> bytes:
    read = bytearray()  # not a list: a stranger may send one byte at a time
    while count:
        if deadline is not None:
            _wait(fd, select.POLLIN, deadline)
        try:
            chunk = os.read(fd, min(count, 1 << 20))
        except BlockingIOError:
            _wait(fd, select.POLLIN, deadline)
            continue
        except ConnectionResetError as error:
            raise Closed from error
        if not chunk:
            raise Closed
        read += chunk
        count -= len(chunk)
    return bytes(read)


def _wait(fd: int, event: int, deadline: Deadline) -> None:
    poll = select.poll()
    poll.register(fd, event)
    while True:
        seconds = None
        if deadline is not None:
            seconds = max(0.0, deadline() if callable(deadline) else deadline - time.monotonic())
        if poll.poll(None if seconds is None else seconds * 1000):
            return
        if seconds == 0.0:
            raise TimedOut
