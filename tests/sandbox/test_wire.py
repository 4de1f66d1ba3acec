"""Messages: what goes in comes out, exact types only, and bytes from a stranger never do more than raise WireError."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time

import msgpack
import numpy as np
import pytest
import torch

from autograder.sandbox import wire


def through(value):
    return wire.decode(wire.encode(value))


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -5, 2**63, 2**100, -(2**70), 1.5, float("inf"), "é\n", b"\x00\xff", [], [1, [2]], (1, (2, [3])),
     {"a": 1, (1, 2): [3]}, {1, 2}, 1 - 2j],
    ids=repr,
)  # fmt: skip
def test_plain_data_comes_back_equal_and_of_the_same_type(value):
    back = through(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int8", "uint16", "bool", "complex128", ">f8"])
def test_arrays_keep_dtype_shape_and_content(dtype):
    array = (np.arange(24) % 5).reshape(2, 3, 4).astype(dtype)
    back = through(array)
    assert type(back) is np.ndarray
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_layout_travels_so_that_a_non_contiguous_input_stays_one():
    base = np.arange(24.0).reshape(2, 12)
    assert through(base[:, ::2]).flags.contiguous is False
    assert through(base.T).flags.f_contiguous
    np.testing.assert_array_equal(through(base[:, ::2]), base[:, ::2])
    assert through(np.zeros((0, 3))).shape == (0, 3)


def test_a_numpy_scalar_is_not_turned_into_a_float():
    assert type(through(np.float32(2))) is np.float32


def test_a_generator_arrives_in_its_state():
    mine = np.random.default_rng(3)
    theirs = through(mine)
    assert theirs.random() == mine.random()
    assert through(theirs).random() == mine.random()


def test_tensors_travel_with_their_dtype():
    back = through(torch.arange(6, dtype=torch.int32).reshape(2, 3))
    assert back.dtype == torch.int32
    assert back.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_tensor_that_is_no_plain_array_is_refused_in_a_sentence():
    for tensor in (torch.eye(3).to_sparse(), torch.ones(3, device="meta")):
        with pytest.raises(wire.WireError, match="cannot be sent"):
            wire.encode([tensor])
    turned = torch.tensor([1 + 2j]).conj().imag
    assert turned.is_neg()
    assert through(turned).tolist() == [-2.0]


class Liar(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize(
    ("value", "name"),
    [(Liar(1), "Liar"), (np.ma.array([1.0]), "MaskedArray"), (iter([1]), "list_iterator"),
     (np.array([object()]), "ndarray"), (print, "builtin_function_or_method")],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_anything_else_arrives_as_the_name_of_its_type_and_nothing_more(value, name):
    back = through([value])[0]
    assert type(back).__name__ == name
    assert type(back) is not type(value)


def test_depth_count_and_size_are_capped_when_sending():
    deep: list = []
    for _ in range(100):
        deep = [deep]
    for value in (deep, [0] * (wire.MAX_ITEMS + 1), np.zeros(wire.MAX_FRAME // 8 + 1), 1 << 5000):
        with pytest.raises(wire.WireError):
            wire.encode(value)


def packed_ext(code, value):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(value)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        msgpack.packb(1) + b"tail",
        msgpack.packb({"x": 1}),
        msgpack.packb({"d": [[1]]}),
        msgpack.packb({"d": [[[1], 2]]}),
        packed_ext(4, ["|O", [1], "C", b"12345678"]),
        packed_ext(4, ["<f8", [-1], "C", b""]),
        packed_ext(4, ["<f8", [3], "C", b"12345678"]),
        packed_ext(4, ["<f8", [2**40, 2**40], "C", b""]),
        packed_ext(6, ["float99", [1], b"1234"]),
        packed_ext(7, '{"bit_generator": "MT19937"}'),
        packed_ext(3, "f" * 5000),
        packed_ext(99, 1),
        b"\x91" * 5000 + b"\x01",
    ],
)
def test_bytes_from_a_stranger_raise_wire_error(body):
    with pytest.raises(wire.WireError):
        wire.decode(body)


def test_random_bytes_never_raise_anything_but_wire_error():
    rng = np.random.default_rng(0)
    seed = wire.encode({"value": [np.arange(5.0), (1, "x"), {"a": np.float64(2)}]})
    for _ in range(3000):
        body = bytearray(seed)
        for place in rng.integers(0, len(body), size=3):
            body[place] = int(rng.integers(256))
        with contextlib.suppress(wire.WireError):
            wire.decode(bytes(body))


def test_a_frame_that_announces_too_much_is_refused_before_it_is_read():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">I", wire.MAX_FRAME + 1))
        with pytest.raises(wire.WireError):
            wire.receive(ours.fileno(), time.monotonic() + 1)


def test_a_silent_or_closed_peer_is_told_apart():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours:
        with pytest.raises(wire.TimedOut):
            wire.receive(ours.fileno(), time.monotonic() + 0.05)
        os.write(theirs.fileno(), b"\x00\x00")
        theirs.close()
        with pytest.raises(wire.Closed):
            wire.receive(ours.fileno(), time.monotonic() + 1)


GROWING = {
    "empty lists": lambda size: b"\xdd" + struct.pack(">I", size) + b"\x90" * size,
    "empty dictionaries": lambda size: b"\xdd" + struct.pack(">I", size) + b"\x80" * size,
    "lists of empty lists": lambda size: (
        b"\xdd" + struct.pack(">I", size // 50_005) + (b"\xdd" + struct.pack(">I", 50_000) + b"\x90" * 50_000)
        * (size // 50_005)
    ),
    "lists in a tuple": lambda size: (
        b"\xc9" + struct.pack(">IB", size + 5, 0) + b"\xdd" + struct.pack(">I", size) + b"\x90" * size
    ),
    "lists in an array's shape": lambda size: (
        b"\xc9" + struct.pack(">IB", size + 10, 4) + b"\x92\xa3<f8\xdd" + struct.pack(">I", size) + b"\x90" * size
    ),
    "tuples in tuples": lambda size: nested(b"\xc6" + struct.pack(">I", size) + bytes(size), 30),
    "generators": lambda size: many(wire.encode(np.random.default_rng(0)), size),
    "objects": lambda size: many(packed_ext(9, "Thing"), size),
    "one byte strings": lambda size: many(b"\xa1x", size),
    "announced": lambda size: b"\xdd\xff\xff\xff\xff" * (size // 5),
}  # fmt: skip


def nested(body, times):
    for _ in range(times):
        body = b"\x91" + body
        body = b"\xc9" + struct.pack(">IB", len(body), 0) + body
    return body


def many(body, size):
    count = size // len(body)
    return b"\xdd" + struct.pack(">I", count) + body * count


REFUSE = """
import os, resource, sys, torch
from autograder.sandbox import wire
while size := sys.stdin.buffer.readline():
    body = sys.stdin.buffer.read(int(size))
    if os.fork() == 0:
        in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + 300 * 2**20, resource.RLIM_INFINITY))
        try:
            wire.decode(body)
        except wire.WireError as error:
            print(error, flush=True)
        os._exit(0)
    del body
    os.wait()
    print("---", flush=True)
"""


@pytest.fixture(scope="module")
def refuse():
    """refuse(body): what is printed when a process decodes the frame; torch is imported once for all of them."""
    command = [sys.executable, "-c", REFUSE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:

        def run(body):
            process.stdin.write(b"%d\n" % len(body) + body)
            process.stdin.flush()
            return b"".join(iter(process.stdout.readline, b"---\n"))

        yield run


@pytest.mark.parametrize("kind", GROWING)
def test_a_frame_that_would_grow_is_refused_in_bounded_memory(kind, refuse):
    """A quarter less than the largest frame, and 300 MiB for it: a MemoryError is no refusal."""
    said = refuse(GROWING[kind](wire.MAX_FRAME * 3 // 4))
    assert said, "it was decoded"
    assert b"Memory" not in said
    assert b"a list where" not in said


def alike(count):
    """Pairs of numbers whose tuples have the same hash in CPython, which shuffles that of text alone."""
    first, second, third, whole = 11400714785074694791, 14029467366897019727, 2870177450012600261, 2**64
    found = []
    for a in range(1, 10 * count):
        seen = third + a * second
        seen = (seen << 31 | seen % whole >> 33) * first % whole
        turned = (12345678 - (2 ^ third ^ 3527539)) * pow(first, -1, whole) % whole
        b = ((turned >> 31 | turned << 33) - seen) * pow(second, -1, whole) % whole
        b -= whole * (b >= whole // 2)
        if abs(b) < 2**61 - 1 and b != -1:
            found.append((a, b))
    return found[:count]


def test_keys_that_are_made_to_have_the_same_hash_are_refused():
    keys = alike(1000)
    assert len(set(map(hash, keys))) == 1
    for value in (dict.fromkeys(keys), set(keys), [{}, {"a": set(keys)}]):
        with pytest.raises(wire.WireError, match="same hash"):
            through(value)
    assert through(dict.fromkeys(keys[:50])) == dict.fromkeys(keys[:50])


@pytest.mark.parametrize("code", [4, 5, 9])
def test_names_that_are_long_to_read_are_refused_unread(code, monkeypatch):
    monkeypatch.setattr(np, "dtype", None)  # which would make a field of each
    content = "f8," * 1000
    with pytest.raises(wire.WireError, match="too long a name"):
        wire.decode(packed_ext(code, {4: [content, [1], "C", b""], 5: [content, b""], 9: content}[code]))


def test_what_decoding_refuses_is_refused_when_sending():
    for value in ([object()] * 5000, [2**100] * 3000, [np.random.default_rng(0)] * 12_000, [torch.zeros(1)] * 12_000):
        with pytest.raises(wire.WireError, match="items"):
            wire.encode(value)


def test_a_frame_of_40_mib_is_refused_by_its_size():
    with pytest.raises(wire.WireError, match="too large"):
        wire.decode(b"\xdd" + struct.pack(">I", 40 * 2**20) + b"\x90" * (40 * 2**20))


def test_what_was_unpacked_is_not_kept_by_the_error():
    body = GROWING["one byte strings"](300_000 * 2)
    with pytest.raises(wire.WireError) as caught:
        wire.decode(body)
    trace, names = caught.value.__traceback__, []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names[-1] == "decode"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "value",
    [
        [np.float64(n) for n in range(190_000)],
        list(range(199_000)),
        {str(n): n for n in range(60_000)},
        [(np.zeros(2), n) for n in range(20_000)],
        ((((np.zeros(2**18), "x"),),),),
        np.zeros(2**21),
        "é" * 2**20,
        [f"{'w' * n}" for n in range(1000)],
        [bytes(n) for n in range(1000)],
    ],
    ids=["scalars", "integers", "dictionary", "tuples", "nested", "array", "text", "words", "bytes"],
)
def test_large_values_within_the_caps_arrive(value):
    body = wire.encode(value)
    assert len(body) > wire._SMALL
    back = wire.decode(body)
    assert wire.encode(back) == body


def test_items_are_counted_as_msgpack_makes_them():
    samples = [None, True, 5, -5, 200, 2**20, 2**40, -200, -(2**20), -(2**40), 1.5, "a", "b" * 40, "c" * 300,
               "d" * 70_000, b"a", b"b" * 300, b"c" * 70_000]  # fmt: skip
    samples += [msgpack.ExtType(1, bytes(n)) for n in (0, 1, 2, 3, 4, 8, 16, 17, 300, 70_000)]
    for value in samples:
        assert wire._count(msgpack.packb(value), 1) == 1, value
    whole = [samples, samples * 2, samples * 3000, {str(n): n for n in range(20)}, {str(n): n for n in range(70_000)}]
    expected = 1 + sum(1 + len(part) for part in whole[:3]) + 1 + 40 + 1 + 140_000
    assert wire._count(msgpack.packb(whole), expected) == expected
    with pytest.raises(wire.WireError):
        wire._count(msgpack.packb(whole), expected - 1)


def made_up(rng, depth=0):
    """Any structure that msgpack can pack, extensions with any content included."""
    kind = int(rng.integers(14 if depth < 5 else 8))
    if kind < 8:
        return (None, True, int(rng.integers(-(2**40), 2**40)), float(rng.normal()), "d", "<f8", bytes(kind), "C")[kind]
    inner = [made_up(rng, depth + 1) for _ in range(int(rng.integers(5)))]
    if kind < 10:
        return inner
    if kind == 10:
        return {"d": [inner, inner]}
    if kind == 11:
        return {"d": [[made_up(rng, depth + 1), made_up(rng, depth + 1)]]}
    content = msgpack.packb(inner if kind == 12 else made_up(rng, depth + 1))
    return msgpack.ExtType(int(rng.integers(12)), content)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("small", [True, False], ids=["small", "large"])
def test_made_up_messages_decode_to_exact_types_or_raise_wire_error(seed, small, monkeypatch):
    if not small:
        monkeypatch.setattr(wire, "_SMALL", 0)
    rng, decoded = np.random.default_rng(seed), 0
    for _ in range(1500):
        body = bytearray(msgpack.packb(made_up(rng)))
        if rng.random() < 0.3:
            body[int(rng.integers(len(body)))] = int(rng.integers(256))
        with contextlib.suppress(wire.WireError):
            value = wire.decode(bytes(body))
            decoded += 1
            wire.encode(value)
    assert decoded > 100


def test_a_frame_that_comes_byte_by_byte_is_read_whole():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frame = struct.pack(">I", 3000) + bytes(range(250)) * 12
        sender = threading.Thread(target=lambda: [theirs.send(frame[n : n + 1]) for n in range(len(frame))])
        sender.start()
        assert wire.receive(ours.fileno(), time.monotonic() + 30) == bytes(range(250)) * 12
        sender.join()
