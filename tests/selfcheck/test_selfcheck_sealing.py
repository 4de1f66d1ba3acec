"""What opens a sealed sentence, what does not, and what cannot be read in the file."""

import base64
import json
from itertools import combinations

import numpy as np
import pytest
import torch

from selfcheck import fingerprint
from selfcheck.fingerprint import COMBINATIONS, SAME, Describer, Trace, apart, joined, same
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


def combining_to(combined):
    """A trace whose combinations are these."""
    weights = np.array([Trace("", tuple(row)).combined for row in np.eye(COMBINATIONS)]).T
    trace = Trace("", tuple(np.linalg.solve(weights, combined)))
    assert np.allclose(trace.combined, combined, rtol=0, atol=1e-12)
    return trace


def test_a_combination_on_an_edge_is_tried_on_both_sides():
    on_edge = np.arange(COMBINATIONS) < 6
    places = fingerprint.BIN * (np.arange(COMBINATIONS) - 9 + np.where(on_edge, 0, 0.5)) - fingerprint.SHIFT
    for side in (-1e-9, 1e-9):
        sealed = sealed_under(combining_to(places + side))
        for other in (-0.9 * SAME, -1e-9, 1e-9, 0.9 * SAME):
            assert sealed.opened("s", combining_to(places + other)) == YES
        assert sealed.opened("s", combining_to(places + 1.1 * SAME * np.sign(-side))) is None


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
    trace = Trace("", tuple(n / 7 for n in range(8)))
    near = Trace("", tuple(x + 3 * SAME for x in trace.reals))
    assert not apart(trace, near)
    assert not same(trace, near)
    assert sealed_under(trace).opened("s", near) is None


def test_one_real_of_two_hundred_that_is_off_within_its_bin_opens_nothing():
    rng = np.random.default_rng(0)
    reals = rng.normal(size=200)
    sealed = sealed_under(Trace("", tuple(reals)))
    for place in range(200):
        moved = reals + np.where(np.arange(200) == place, 0.005, 0.0)
        assert sealed.opened("s", Trace("", tuple(moved))) is None
    assert sealed.opened("s", Trace("", tuple(reals + 1e-7 * rng.standard_normal(200)))) == YES


def test_a_scope_opens_only_its_own():
    trace = several(lambda a: a)
    entry = seal(SALT, [("case 0", trace, Message(right=True))])
    assert Sealed(SALT, entry).opened("case 0", trace) == Message(right=True)
    assert Sealed(SALT, entry).opened("case 1", trace) is None
    assert Sealed(b"another salt", entry).opened("case 0", trace) is None


def test_two_mistakes_at_once_open_both_sentences_and_each_alone_its_own():
    one, other = Message(says="The sum is not divided."), Message(says="The bias is added twice.")
    both = Message(says=one.says, also=other.says)
    traces = [several(lambda a, n=n: a + n) for n in range(3)]
    sealed = Sealed(SALT, seal(SALT, [("s", trace, m) for trace, m in zip(traces, (one, other, both), strict=True)]))
    assert [sealed.opened("s", trace) for trace in traces] == [one, other, both]
    assert [sealed.row_of("s", trace, both) is not None for trace in traces] == [False, False, True]


def test_a_sealed_sentence_cannot_be_read_and_its_length_tells_nothing():
    long, short = Message(says="The state is not carried. " * 9), Message(says="No.")
    entry = seal(SALT, [("s", several(lambda a: a), long), ("s", several(np.square), short)])
    for packed in (entry["tags"], entry["keys"], entry["texts"]):
        assert isinstance(packed, str)
        assert b"state" not in base64.b85decode(packed)
    assert Sealed(SALT, entry).opened("s", several(lambda a: a)) == long
    assert Sealed(SALT, entry).opened("s", several(np.square)) == short


def test_a_sentence_stands_in_the_file_once_however_many_traces_open_it():
    traces = [several(lambda a, n=n: a + n) for n in range(5)]
    entry = seal(SALT, [(f"scope {n}", trace, YES) for n, trace in enumerate(traces)])
    assert entry["texts"] == seal(SALT, [("s", traces[0], YES)])["texts"]
    assert all(Sealed(SALT, entry).opened(f"scope {n}", trace) == YES for n, trace in enumerate(traces))


def test_neither_order_nor_length_tells_one_row_from_another():
    messages = [(f"scope {i}", Trace("the same", tuple(np.arange(i) / 7)), Message(right=i % 2 > 0)) for i in range(20)]
    entry = seal(SALT, messages)
    assert seal(SALT, messages[::-1]) == entry
    assert Sealed(SALT, entry).rows == 20
    assert len(base64.b85decode(entry["keys"])) == 20 * 8
    assert all(Sealed(SALT, entry).opened(scope, trace) == message for scope, trace, message in messages)


def test_a_trace_costs_less_than_twelve_characters():
    """However many there are: 600 pairs of 35 mistakes here, and tags that lie far apart or coincide."""
    says = [f"Sentence {n} of the mistakes." for n in range(35)]
    pairs = list(combinations(says, 2))[:595]
    messages = [(f"scope {n}", Trace("pair"), Message(says=a, also=b)) for n, (a, b) in enumerate(pairs)]
    entry = seal(SALT, messages)
    assert len(entry["tags"]) + len(entry["keys"]) < 12 * len(messages)
    assert len(entry["texts"]) < 35 * 40
    sealed = Sealed(SALT, entry)
    assert all(sealed.opened(scope, trace) == message for scope, trace, message in messages)
    assert {sealed.row_of(*message) for message in messages} == set(range(len(messages)))


def test_what_is_not_sealed_opens_nothing_though_it_meets_tags():
    texts = [f"Sentence {n}" for n in range(64)]
    messages = [(f"scope {n}", Trace(""), Message(says=text)) for n, text in enumerate(texts)]
    sealed = Sealed(SALT, seal(SALT, messages))
    unknown = [Trace("", (float(x),)) for x in np.random.default_rng(0).normal(size=1000)]
    assert sum(1 for trace in unknown for _ in sealed._candidates("s", trace)) > 10
    assert all(sealed.opened("s", trace) is None for trace in unknown)


def test_what_is_damaged_opens_nothing_else():
    trace = several(lambda a: a)
    entry = seal(SALT, [("s", trace, YES)])
    content, found = base64.b85decode(entry["texts"]), []
    for place in range(len(content)):
        changed = bytes(byte ^ (at == place) for at, byte in enumerate(content))
        for other in (changed, content[:place]):
            found.append(Sealed(SALT, entry | {"texts": base64.b85encode(other).decode()}).opened("s", trace))
    assert {*found} <= {None, YES}
    assert found.count(YES) <= 5  # of 34: bits that only fill the last byte, and lengths that cut only these
    for part in ("tags", "keys"):
        with pytest.raises(ValueError, match="tags, but"):
            Sealed(SALT, entry | {part: entry[part] + entry[part]})
    with pytest.raises(ValueError, match="base85"):
        Sealed(SALT, entry | {"tags": '"'})
    assert json.loads(json.dumps(entry)) == entry
