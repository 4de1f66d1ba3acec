"""The oracles that assignments share: a search that leaves nothing out, and a chi-square that seldom cries wolf."""

import itertools

import numpy as np
import pytest

from selfcheck.oracles import deviation, exhaustive_search

END = 2


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("seed", range(5))
def test_the_best_sequence_is_the_best_of_all_that_there_are(seed, alpha):
    rng, K, T = np.random.default_rng(seed), 4, 4
    table = np.log(rng.dirichlet(np.ones(K), (T, K + 1)))  # by step and the symbol before; K: none

    def next_log_p(beginnings):
        return np.array([table[len(row), row[-1] if row else K] for row in beginnings])

    worth = {}
    for row in itertools.product(range(K), repeat=T):
        whole = row[: row.index(END) + 1] if END in row else row
        sums = sum(table[t, whole[t - 1] if t else K, symbol] for t, symbol in enumerate(whole))
        worth[whole] = sums / len(whole) ** alpha
    best = max(worth, key=worth.get)
    found, value = exhaustive_search(next_log_p, T, END, alpha)
    assert found == [symbol for symbol in best if symbol != END]
    assert value == pytest.approx(worth[best], rel=1e-12)


def test_right_counts_hardly_ever_deviate_and_wrong_ones_do():
    rng = np.random.default_rng(0)
    for cells, draws in ((2, 100), (6, 1000), (36, 1500), (200, 2000)):
        chances = rng.dirichlet(np.ones(cells))
        found = [deviation(counts, chances, samples=draws) for counts in rng.multinomial(draws, chances, 2000)]
        assert abs(np.mean(found)) < 0.2
        assert 0.85 < np.std(found) < 1.15 or cells == 2
        assert max(found) < 5
        others = rng.dirichlet(np.ones(cells))
        if cells > 2:
            assert deviation(rng.multinomial(draws, others), chances, samples=draws) > 6


def test_what_cannot_happen_is_counted_as_rare_and_one_cell_says_nothing():
    assert deviation([100], [1.0], samples=100) == 0.0
    assert deviation([50, 50, 0], [0.5, 0.5, 0.0], samples=100) < 1
    assert deviation([40, 40, 20], [0.5, 0.5, 0.0], samples=100) > 6


def test_too_few_counts_too_many_and_none_deviate_without_bound():
    assert deviation([0, 0], [0.5, 0.5], samples=100) == np.inf
    assert deviation([0, 0], [0.5, 0.5], samples=0) == np.inf
    for counts in ([49, 50], [51, 50], [150, -50]):
        assert deviation(counts, [0.5, 0.5], samples=100) == np.inf
    with pytest.raises(ValueError, match="expected one for each"):
        deviation([100], [0.5, 0.5], samples=100)
