"""Messages: what goes in comes out, exact types only, and bytes from a stranger never do more than raise WireError."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
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


def test_a_generator_arrives_in_its_state_and_an_advanced_state_is_written_back():
    mine = np.random.default_rng(3)
    theirs = through(mine)
    drawn = theirs.random()
    wire.write_back(mine, through(theirs))
    fresh = np.random.default_rng(3)
    assert drawn == fresh.random()
    assert mine.random() == fresh.random()


def test_tensors_travel_with_their_dtype():
    back = through(torch.arange(6, dtype=torch.int32).reshape(2, 3))
    assert back.dtype == torch.int32
    assert back.tolist() == [[0, 1, 2], [3, 4, 5]]


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


def test_edits_in_place_are_written_back_into_nested_arguments():
    inner = np.zeros(3)
    argument = [(inner, 1), {"a": inner}]
    wire.write_back(argument, [(np.ones(3), 1), {"a": np.ones(3)}])
    np.testing.assert_array_equal(inner, np.ones(3))
    assert argument[0][0] is inner


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
