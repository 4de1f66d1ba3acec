"""What a fingerprint tells apart, what it forgives, and what cannot be read out of it."""

import json

import numpy as np
import pytest
import torch

from selfcheck import fingerprint
from selfcheck.fingerprint import SAME, Describer, Trace, apart, joined, opened, same, seal

SALT = b"salt of the tests"
describe = Describer(SALT)


def arrays(count=200):
    rng = np.random.default_rng(0)
    for i in range(count):
        shape = tuple(rng.integers(1, 7, rng.integers(1, 4)))
        yield i, 10.0 ** rng.uniform(-6, 6) * rng.standard_normal(shape), rng


def several(function, seed=1, places=6):
    """The trace of six arrays, as a function changes them."""
    rng = np.random.default_rng(seed)
    return joined({str(i): describe(function(rng.standard_normal((3, 4, 5))), f"place {i}") for i in range(places)})


def test_rounding_never_changes_what_is_opened():
    for i, a, rng in arrays():
        sealed = seal(SALT, [("s", describe(a, "p"), {"says": str(i)})])
        noisy = a * (1 + 1e-7 * rng.standard_normal(a.shape))
        for variant in (a, noisy, a.astype(np.float32), np.asfortranarray(a), a[::-1][::-1]):
            assert opened(SALT, sealed, "s", describe(variant, "p")) == {"says": str(i)}


def test_a_real_on_an_edge_is_tried_on_both_sides():
    edges = (np.arange(-40, 40) * fingerprint.BIN - fingerprint.SHIFT).tolist()
    for side in (-1e-9, 1e-9):
        sealed = seal(SALT, [("s", Trace("", tuple(x + side for x in edges[:8])), {"says": "yes"})])
        for other in (-1e-4, -1e-9, 1e-9, 1e-4):
            assert opened(SALT, sealed, "s", Trace("", tuple(x + other for x in edges[:8])))


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
    sealed = seal(SALT, [("s", several(lambda a: a), {"says": "yes"})])
    assert opened(SALT, sealed, "s", several(change)) is None
    assert opened(SALT, sealed, "s", several(lambda a: a.copy())) == {"says": "yes"}


def test_being_near_is_not_being_the_same():
    trace = Trace("", tuple(fingerprint.BIN * (n + 0.5) - fingerprint.SHIFT for n in range(8)))
    sealed = seal(SALT, [("s", trace, {"says": "yes"})])
    near = Trace("", tuple(x + 4 * SAME for x in trace.reals))
    assert not apart(trace, near)
    assert not same(trace, near)
    assert opened(SALT, sealed, "s", near) is None


def test_where_entries_are_not_finite_counts_and_which_way():
    a = np.linspace(1, 2, 12)
    traces = []
    for value, place in ((np.nan, 3), (np.inf, 3), (-np.inf, 3), (np.nan, 4)):
        b = a.copy()
        b[place] = value
        traces.append(describe(b, "p"))
    assert len({trace.exact for trace in traces}) == 4


def test_whole_numbers_words_and_zeros_are_exact():
    values = [[1, 2, 3], [1, 2, 4], (1, 2, 3), "abc", 3, True, None, np.zeros(4), {"a": 1}, np.arange(3), [[1], [2]]]
    traces = [describe(value, "p") for value in values]
    assert len({trace.exact for trace in traces}) == len(values)
    assert same(describe(np.zeros(4), "p"), describe(np.full(4, 1e-16), "p"))
    assert same(describe(np.arange(3), "p"), describe(np.arange(3, dtype=np.int32), "p"))


def test_numbers_of_all_sizes_have_a_fingerprint():
    for scale in (1e-12, 1.0, 1e300):
        trace = describe(scale * np.arange(1.0, 9.0), "p")
        assert np.isfinite(trace.reals).all()
    huge = [0] * 20_000
    assert describe([huge] * 3 + [[None] * 20_000], "p").exact


def test_a_scope_opens_only_its_own():
    trace = several(lambda a: a)
    sealed = seal(SALT, [("case 0", trace, {"right": True})])
    assert opened(SALT, sealed, "case 1", trace) is None
    assert opened(b"another salt", sealed, "case 0", trace) is None


def test_a_sealed_sentence_cannot_be_read_and_its_length_tells_nothing():
    long, short = "The state is not carried. " * 9, "No."
    sealed = seal(SALT, [("s", several(lambda a: a), {"says": long}), ("s", several(np.square), {"says": short})])
    text = json.dumps(sealed)
    assert "state" not in text
    assert len({len(content) for content in sealed.values()}) == 1
    many = seal(SALT, [(f"scope {i}", Trace("the same"), {}) for i in range(20)])
    assert list(many) == sorted(many)
    damaged = {name: content[:-8] + "AAAAAAA=" for name, content in sealed.items()}
    assert opened(SALT, damaged, "s", several(lambda a: a)) is None


def test_there_are_always_fewer_reals_than_unknowns_and_they_do_not_give_the_array_away():
    for _, a, _ in arrays():
        trace = describe(a, "p")
        assert len(trace.reals) < trace.unknowns or a.size == 1
    rng = np.random.default_rng(3)
    a = rng.standard_normal((3, 4))
    scale, *projections = describe(a, "p").reals
    directions = describe._directions(a.size, a.size, "p")
    guess = np.linalg.lstsq(directions, np.array(projections) * 2**scale * np.sqrt(a.size), rcond=None)[0]
    np.testing.assert_allclose(describe(guess.reshape(a.shape) * 1.0, "p").reals[1:], projections, atol=3)
    assert np.linalg.norm(guess - a.ravel()) > 0.5 * np.linalg.norm(a)
