"""What opens a sealed sentence, what does not, and what cannot be read in the file."""

import base64
import json

import numpy as np
import pytest
import torch

from selfcheck import fingerprint
from selfcheck.fingerprint import SAME, Describer, Trace, apart, joined, same
from selfcheck.sealing import Message, Sealed, seal

SALT = b"salt of the tests"
YES = Message(says="yes")
describe = Describer(SALT)


def several(function, seed=1, places=6):
    """The trace of six arrays, as a function changes them."""
    rng = np.random.default_rng(seed)
    return joined({str(i): describe(function(rng.standard_normal((3, 4, 5))), f"place {i}") for i in range(places)})


def sealed_under(trace, message=YES, scope="s"):
    return Sealed(SALT, seal(SALT, [(scope, trace, message)]))


def test_rounding_never_changes_what_is_opened():
    rng = np.random.default_rng(0)
    for i in range(200):
        a = 10.0 ** rng.uniform(-6, 6) * rng.standard_normal(tuple(rng.integers(1, 7, rng.integers(1, 4))))
        sealed = sealed_under(describe(a, "p"), Message(says=str(i)))
        noisy = a * (1 + 1e-7 * rng.standard_normal(a.shape))
        for variant in (a, noisy, a.astype(np.float32), np.asfortranarray(a), a[::-1][::-1]):
            assert sealed.opened("s", describe(variant, "p")) == Message(says=str(i))


def test_a_real_on_an_edge_is_tried_on_both_sides():
    edges = (np.arange(-40, 40) * fingerprint.BIN - fingerprint.SHIFT).tolist()
    for side in (-1e-9, 1e-9):
        sealed = sealed_under(Trace("", tuple(x + side for x in edges[:8])))
        for other in (-1e-4, -1e-9, 1e-9, 1e-4):
            assert sealed.opened("s", Trace("", tuple(x + other for x in edges[:8]))) == YES


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a * 1.01,
        lambda a: -a,
        lambda a: a + 0.05 * a.std(),
        lambda a: np.where(np.arange(a.size).reshape(a.shape) == 3, a + a.std(), a),
        lambda a: np.swapaxes(a, 0, 1),
        lambda a: a[::-1],
        lambda a: a.reshape(-1),
        lambda a: a.tolist(),
        lambda a: torch.tensor(a),
        lambda a: np.where(a > a.max() - 1e-9, np.nan, a),
        lambda a: np.zeros_like(a),
        lambda a: (a, a),
        lambda a: None,
    ],
)
def test_another_value_opens_nothing(change):
    sealed = sealed_under(several(lambda a: a))
    assert sealed.opened("s", several(change)) is None
    assert sealed.opened("s", several(lambda a: a.copy())) == YES


def test_being_near_is_not_being_the_same():
    trace = Trace("", tuple(fingerprint.BIN * (n + 0.5) - fingerprint.SHIFT for n in range(8)))
    sealed = sealed_under(trace)
    near = Trace("", tuple(x + 4 * SAME for x in trace.reals))
    assert not apart(trace, near)
    assert not same(trace, near)
    assert sealed.opened("s", near) is None


def test_one_real_of_two_hundred_that_is_off_within_its_bin_opens_nothing():
    rng = np.random.default_rng(0)
    middles = fingerprint.BIN * (rng.integers(-30, 30, 200) + 0.5) - fingerprint.SHIFT
    sealed = sealed_under(Trace("", tuple(middles)))
    for place in range(200):
        moved = middles + np.where(np.arange(200) == place, 0.005, 0.0)
        assert sealed.opened("s", Trace("", tuple(moved))) is None
    assert sealed.opened("s", Trace("", tuple(middles + 1e-7 * rng.standard_normal(200)))) == YES


def test_a_scope_opens_only_its_own():
    trace = several(lambda a: a)
    entry = seal(SALT, [("case 0", trace, Message(right=True))])
    assert Sealed(SALT, entry).opened("case 0", trace) == Message(right=True)
    assert Sealed(SALT, entry).opened("case 1", trace) is None
    assert Sealed(b"another salt", entry).opened("case 0", trace) is None


def test_a_sealed_sentence_cannot_be_read_and_its_length_tells_nothing():
    long, short = Message(says="The state is not carried. " * 9), Message(says="No.")
    entry = seal(SALT, [("s", several(lambda a: a), long), ("s", several(np.square), short)])
    packed = base64.b64decode(entry["records"])
    texts = [base64.b64decode(text) for text in entry["sentences"].values()]
    for text in (json.dumps(entry).encode(), packed, *texts):
        assert b"state" not in text
    assert len({len(text) for text in texts}) == 1
    assert Sealed(SALT, entry).opened("s", several(lambda a: a)).says == long.says.strip()
    assert Sealed(SALT, entry).opened("s", several(np.square)) == short


def test_a_sentence_stands_in_the_file_once_however_many_traces_open_it():
    traces = [several(lambda a, n=n: a + n) for n in range(5)]
    entry = seal(SALT, [(f"scope {n}", trace, YES) for n, trace in enumerate(traces)])
    assert len(entry["sentences"]) == 1
    assert all(Sealed(SALT, entry).opened(f"scope {n}", trace) == YES for n, trace in enumerate(traces))


def test_neither_order_nor_length_tells_one_record_from_another():
    messages = [(f"scope {i}", Trace("the same", tuple(np.arange(i) / 7)), Message(right=i % 2 > 0)) for i in range(20)]
    entry = seal(SALT, messages)
    assert seal(SALT, messages[::-1]) == entry
    names = Sealed(SALT, entry).names
    assert len(names) == 20
    assert len(base64.b64decode(entry["records"])) % 20 == 0


def test_what_is_damaged_opens_nothing():
    trace = several(lambda a: a)
    entry = seal(SALT, [("s", trace, YES)])
    text = next(iter(entry["sentences"].values()))
    other = dict.fromkeys(entry["sentences"], text[:-8] + "AAAAAAA=")
    assert Sealed(SALT, entry | {"sentences": other}).opened("s", trace) is None
    assert Sealed(SALT, entry | {"sentences": {}}).opened("s", trace) is None
    assert Sealed(SALT, entry | {"records": entry["records"][:40]}).opened("s", trace) is None
    with pytest.raises(ValueError, match=r"base64|padding"):
        Sealed(SALT, entry | {"records": "no base64"})
