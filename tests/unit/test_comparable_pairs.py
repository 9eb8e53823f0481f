"""The counting of comparable pairs against a slow, obvious twin."""

import numpy as np
import pytest

from neurosig.kernels.comparable_pairs import count_pairs


def counted_slowly(time, event, risk, weight, stratum):
    n = len(time)
    counts, agreed, compared = np.zeros(5), np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            if i == j or not event[i] or stratum[i] != stratum[j]:
                continue
            if time[i] == time[j] and event[j]:
                if i < j:
                    counts[3 + (risk[i] == risk[j])] += weight[i]
            elif time[i] <= time[j]:
                order = np.sign(risk[i] - risk[j])
                counts[{1: 0, -1: 1, 0: 2}[order]] += weight[i]
                for k in (i, j):
                    agreed[k] += weight[i] * (1 + order) / 2
                    compared[k] += weight[i]
    return counts, agreed, compared


@pytest.mark.parametrize("n_times", [1, 4, 1000])
@pytest.mark.parametrize("n_risks", [1, 3, 1000])
def test_pairs_are_those_of_the_definition_with_ties_everywhere(n_times, n_risks):
    rng = np.random.default_rng([n_times, n_risks])
    n = 60
    time = rng.integers(0, n_times, n).astype(float)
    event = rng.integers(0, 2, n).astype(float)
    risk = rng.integers(0, n_risks, n).astype(float)
    weight = 1.0 / (1.0 + time)  # equal at equal times, as weights of event times are
    stratum = rng.integers(0, 3, n)
    ours = count_pairs(time, event, risk, weight, stratum)
    counts, agreed, compared = counted_slowly(time, event, risk, weight, stratum)
    np.testing.assert_allclose(ours[:5], counts, rtol=1e-12)
    np.testing.assert_allclose(ours.agreed, agreed, rtol=1e-12)
    np.testing.assert_allclose(ours.compared, compared, rtol=1e-12)


def test_the_counts_do_not_depend_on_the_order_of_the_rows():
    rng = np.random.default_rng(0)
    time, risk = rng.integers(1, 20, 50).astype(float), rng.normal(size=50)
    event, order = rng.integers(0, 2, 50).astype(float), rng.permutation(50)
    one = count_pairs(time, event, risk, np.ones(50))
    other = count_pairs(time[order], event[order], risk[order], np.ones(50))
    assert one[:5] == other[:5]
    np.testing.assert_array_equal(one.agreed[order], other.agreed)


def test_no_events_are_no_pairs():
    counts = count_pairs(np.arange(5.0), np.zeros(5), np.arange(5.0), np.ones(5))
    assert counts[:5] == (0, 0, 0, 0, 0)
