"""Rank tests of groups with their effect sizes."""

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_EXACT_BELOW = 50
"""Values per group below which the test is exact, if none are tied: R's rule."""
_MOST_DIFFERENCES = 4_000_000


class RankSum(NamedTuple):
    """Wilcoxon's test of two groups.

    shift: Hodges-Lehmann, with its interval; biserial: rank-biserial correlation, with its own;
    statistic: the pairs in which the second group is larger, ties half.
    """

    statistic: float
    p_value: float
    shift: float
    shift_low: float
    shift_high: float
    biserial: float
    biserial_low: float
    biserial_high: float
    is_exact: bool


class KruskalWallis(NamedTuple):
    """Kruskal and Wallis' test of several groups; epsilon2: from 0, no difference, to 1."""

    statistic: float
    df: int
    p_value: float
    epsilon2: float


def rank_sum(first: FloatArray, second: FloatArray, confidence: float = 0.95) -> RankSum:
    """Wilcoxon's rank-sum test of the second group against the first.

    ::

        U            pairs (x of the second, y of the first) with x > y, ties half
        biserial     2 U / (m n) - 1: share of pairs in which x is larger minus that in which y is
        shift        median of all m n differences x - y (Hodges and Lehmann)

    p is exact with fewer than 50 values in both groups and no ties, else from the normal
    distribution with the variance of tied ranks and a continuity correction. The interval of the
    shift inverts the same test; that of the biserial correlation is DeLong's. An interval is NaN
    where the groups are too small for its level, or DeLong's variance is 0.

    References
    ----------
    Hodges JL, Lehmann EL (1963) Ann Math Stat 34:598-611, doi:10.1214/aoms/1177704172; DeLong ER
    et al. (1988) Biometrics 44:837-845, doi:10.2307/2531595; Kerby DS (2014) Compr Psychol
    3:11.IT.3.1, doi:10.2466/11.IT.3.1.

    Examples
    --------
    Of the six pairs of {1, 4} and {2, 5, 6} five are won: 2 * 5 / 6 - 1. The differences are -2,
    1, 1, 2, 4, 5.

    >>> test = rank_sum(np.array([1.0, 4]), np.array([2.0, 5, 6]))
    >>> test.statistic, round(test.biserial, 4), test.shift
    (5.0, 0.6667, 1.5)
    >>> round(test.p_value, 12)  # 2 of the 10 ways to choose two ranks have U >= 5, two-sided
    0.4
    """
    from scipy import stats

    n, m = first.size, second.size
    both = np.concatenate([second, first])
    ranks = stats.rankdata(both)
    statistic = float(ranks[:m].sum() - m * (m + 1) / 2)
    has_ties = np.unique(both).size < both.size
    is_exact = not has_ties and max(n, m) < _EXACT_BELOW
    method: Literal["exact", "asymptotic"] = "exact" if is_exact else "asymptotic"
    p_value = float(stats.mannwhitneyu(second, first, method=method).pvalue)
    difference = _differences(first, second)
    if is_exact:
        place = _exact_place(n, m, confidence)
    else:
        place = _normal_place(first, second, confidence)
    low, high = np.nan, np.nan
    if place >= 1:
        low, high = difference(place), difference(m * n + 1 - place)
    biserial = 2 * statistic / (m * n) - 1
    half = 2 * _delong_error(ranks, first, second) * float(stats.norm.ppf(0.5 + confidence / 2))
    return RankSum(
        statistic,
        p_value,
        (difference((m * n + 1) // 2) + difference(m * n // 2 + 1)) / 2,
        low,
        high,
        biserial,
        max(biserial - half, -1.0) if half > 0 else np.nan,
        min(biserial + half, 1.0) if half > 0 else np.nan,
        is_exact,
    )


def kruskal_wallis(groups: list[FloatArray]) -> KruskalWallis:
    """Kruskal and Wallis' test, corrected for ties; epsilon2 = H / (N - 1).

    References
    ----------
    Kruskal WH, Wallis WA (1952) J Am Stat Assoc 47:583-621, doi:10.1080/01621459.1952.10483441;
    Kelley TL (1935) PNAS 21:554-559, doi:10.1073/pnas.21.9.554 (epsilon squared).

    Examples
    --------
    Three groups one after the other: H = 12 / (6 * 7) (3^2 + 7^2 + 11^2) / 2 - 3 * 7 = 4.5714.

    >>> test = kruskal_wallis([np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])])
    >>> round(test.statistic, 4), round(test.epsilon2, 4)
    (4.5714, 0.9143)
    """
    from scipy import stats

    found = stats.kruskal(*groups)
    n = sum(group.size for group in groups)
    statistic = float(found.statistic)
    return KruskalWallis(statistic, len(groups) - 1, float(found.pvalue), statistic / (n - 1))


def _differences(first: FloatArray, second: FloatArray) -> Callable[[int], float]:
    """The k-th smallest of all differences, k from 1; not all at once where they are too many.

    Then the value is found by halving: so many differences are at most d as there are pairs with
    y >= x - d.
    """
    if first.size * second.size <= _MOST_DIFFERENCES:
        differences = np.sort(np.subtract.outer(second, first), axis=None)
        return lambda place: float(differences[place - 1])
    ordered = np.sort(first)

    def at_most(d: float) -> int:
        return int((ordered.size - np.searchsorted(ordered, second - d)).sum())

    def find(place: int) -> float:
        low, high = float(second.min() - ordered[-1]), float(second.max() - ordered[0])
        while low < (middle := low + (high - low) / 2) < high:
            if at_most(middle) >= place:
                high = middle
            else:
                low = middle
        return high if at_most(low) < place else low

    return find


def _exact_place(n: int, m: int, confidence: float) -> int:
    """Which difference is the lower limit: the quantile of U; 0 if the level is out of reach."""
    cumulative = _cumulative(n, m)
    return int(np.searchsorted(cumulative, (1 - confidence) / 2 * (1 - 1e-12)))


@functools.lru_cache(maxsize=64)
def _cumulative(n: int, m: int) -> FloatArray:
    """P(U <= u) for u = 0 to n m without a difference between the groups.

    ways[j, u]: subsets of j of the ranks so far whose sum is u.

    >>> _cumulative(2, 1).round(4).tolist()
    [0.3333, 0.6667, 1.0]
    """
    n, m = min(n, m), max(n, m)
    smallest = n * (n + 1) // 2
    ways = np.zeros((n + 1, smallest + n * m + 1))
    ways[0, 0] = 1.0
    for rank in range(1, n + m + 1):
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    counts = ways[n, smallest:]
    return np.asarray(np.cumsum(counts) / counts.sum())


def _normal_place(first: FloatArray, second: FloatArray, confidence: float) -> int:
    """The same from the normal distribution; ties within groups count, those between do not.

    Between groups there are none but at the differences themselves, where the test jumps.
    """
    from scipy import special

    n, m = first.size, second.size
    total = n + m
    tied = sum(
        float((counts.astype(np.float64) ** 3 - counts).sum())
        for counts in (np.unique(group, return_counts=True)[1] for group in (first, second))
    )
    sd = np.sqrt(n * m / 12 * (total + 1 - tied / (total * (total - 1))))
    return int(np.floor(n * m / 2 + 0.5 - special.ndtri(0.5 + confidence / 2) * sd))


def _delong_error(ranks: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """DeLong's standard error of U / (m n)."""
    from scipy import stats

    n, m = first.size, second.size
    below = (ranks[:m] - stats.rankdata(second)) / n
    above = 1 - (ranks[m:] - stats.rankdata(first)) / m
    return float(np.sqrt(below.var(ddof=1) / m + above.var(ddof=1) / n))
