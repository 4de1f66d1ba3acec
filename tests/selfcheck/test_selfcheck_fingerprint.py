"""What a fingerprint tells apart, what it forgives, and what cannot be read out of it."""

import tracemalloc

import numpy as np
import pytest

from selfcheck.fingerprint import Describer, same

SALT = b"salt of the tests"
describe = Describer(SALT)


def arrays(count=200):
    rng = np.random.default_rng(0)
    for i in range(count):
        shape = tuple(rng.integers(1, 7, rng.integers(1, 4)))
        yield i, 10.0 ** rng.uniform(-6, 6) * rng.standard_normal(shape), rng


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


def test_an_integer_that_is_no_float_is_exact():
    one, other = describe([10**400, 1.0], "p"), describe([10**401, 1.0], "p")
    assert one.exact != other.exact


def test_numbers_of_all_sizes_have_a_fingerprint():
    for scale in (1e-12, 1.0, 1e300):
        trace = describe(scale * np.arange(1.0, 9.0), "p")
        assert np.isfinite(trace.reals).all()
    huge = [0] * 20_000
    assert describe([huge] * 3 + [[None] * 20_000], "p").exact


@pytest.mark.parametrize("value", [np.int8(0), np.float16(1.5), np.float16("nan"), np.complex64(1j)], ids=str)
def test_a_description_takes_little_memory_however_large_the_array_is(value):
    large = np.full((300_000, *(1,) * 30), value)
    tracemalloc.start()
    try:
        trace = describe(large, "p")
        assert tracemalloc.get_traced_memory()[1] < large.nbytes
    finally:
        tracemalloc.stop()
    assert trace.reals == ()
    assert not same(trace, describe(large[:-1], "p"))


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
