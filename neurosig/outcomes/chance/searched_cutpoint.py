"""A cutpoint that was searched for, with the p-value that the search costs."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalError, ParameterError, TooFewEventsError, count
from neurosig.kernels.cox import SINGULAR, cox_fit_batch
from neurosig.outcomes.arguments import is_number, shown
from neurosig.outcomes.curves.survival_sample import SurvivalSample, survival_sample
from neurosig.outcomes.given_columns import number_column

FloatArray = NDArray[np.float64]
PERMUTED_BYTES = 16 * 2**20
"""Memory of permuted scores held at once."""

_LOWEST, _HIGHEST = 0.0, 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class MaxStat:
    """A searched cutpoint; there is no p-value of the two groups by themselves.

    cut: low is score <= cut; statistic: the largest over `profile`, with the group sizes n_low
        and n - n_low
    p_value: by permutation of the search; p_lau92, p_lau94: its approximations
    cut_low, cut_high: percentile interval of the cut over bootstrap samples
    hazard_ratio_apparent: of the group with more events against the other, at this cut on these
        rows; hazard_ratio_validated: the same with every row put into a group by a cut and a
        direction that others chose
    profile: a row per cut, `cut, n_low, statistic`
    notes: what a reader has to know besides the numbers
    """

    cut: float
    statistic: float
    p_value: float
    p_lau92: float
    p_lau94: float
    cut_low: float
    cut_high: float
    ci_level: float
    hazard_ratio_apparent: float
    hazard_ratio_validated: float
    n: int
    n_events: int
    n_low: int
    n_permutations: int
    n_bootstrap: int
    profile: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """All numbers as one row."""
        names = [f.name for f in fields(self) if f.name not in ("profile", "notes")]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def maxstat(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    *,
    minprop: float = 0.25,
    n_permutations: int = 10_000,
    n_bootstrap: int = 1000,
    n_folds: int = 10,
    n_repeats: int = 10,
    confidence: float = 0.95,
    seed: int = 0,
) -> MaxStat:
    """Maximally selected log-rank statistic: the best cut of a score, and what the search costs.

        M = max over cuts of |S - E| / sqrt(V),     S = sum of a_i over the m rows with score <= cut
        E = m / n sum a_i,    V = m (n - m) / (n^2 (n - 1)) (n sum a_i^2 - (sum a_i)^2)
        a_i = d_i - sum_{j: t_j <= t_i} d_j / (n - r_j + 1),     r_j = #{k: t_k <= t_j}

    d: events; cuts are the values of the score with floor(n minprop) <= m <= floor(n (1 -
    minprop)) and m >= 1. On noise a log-rank test of the two groups at the best cut is below 0.05
    in almost half of all studies. Its p-value is therefore not given, anywhere. What is:

    p_value: (1 + #{M* >= M}) / (1 + n_permutations), scores a_i permuted over the rows (Hothorn
    and Lausen's conditional Monte Carlo; R's maxstat has no 1). p_lau92: upper tail of the
    limiting process over the range of proportions. p_lau94: improved Bonferroni bound over the
    cuts there are. Either can exceed 1 and is capped, which a note says.

    The continuous score per standard deviation (`cox`) is the primary analysis; this one is for
    when a cut is needed, and the cut has to be confirmed in other patients.

    Parameters
    ----------
    time, event
        (n,) follow-up in any unit; 1 = event, 0 = censored. Rows that enter late cannot be taken
        into account: there is no `entry`.
    score
        (n,) the score. Rows with a missing value are left out with a warning.
    minprop
        Smallest share of rows in either group.
    n_permutations, n_bootstrap, seed
        Random draws, and what fixes them. The bootstrap interval shows how little a cut is
        determined; the coverage of such an interval is not guaranteed, because a cut converges
        slower than the bootstrap supposes.
    n_folds, n_repeats
        Cross-validation: of each fold's rows, the group is told by the cut and the direction of
        the other folds; one hazard ratio of all rows a repeat; their geometric mean.
    confidence
        Level of the bootstrap interval.

    Returns
    -------
    MaxStat

    Raises
    ------
    TooFewEventsError
        There are fewer than two events.
    ClinicalError
        No value of the score leaves enough rows on both sides.
    EndpointError, ParameterError
        Times or events are impossible; an option has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Rows with a missing value are left out.

    References
    ----------
    Lausen B, Schumacher M (1992) Biometrics 48:73-85, doi:10.2307/2532740; Lausen B, Sauerbrei W,
    Schumacher M (1994) in Dirschedl and Ostermann, Computational Statistics, Physica, 483-496
    (improved Bonferroni); Hothorn T, Lausen B (2003) Comput Stat Data Anal 43:121-137,
    doi:10.1016/S0167-9473(02)00225-6; Faraggi D, Simon R (1996) Stat Med 15:2203-2213,
    doi:10.1002/(SICI)1097-0258(19961030)15:20<2203::AID-SIM357>3.0.CO;2-G (cross-validation).

    Examples
    --------
    By hand: three events at 1, 2, 3, one row censored at 4; a = 3/4, 5/12, -1/12, -13/12. Their sum
    is 0 and that of their squares 23/12. With m = 2: S = 7/6, V = 2 * 2 / (16 * 3) * 4 * 23/12.

    >>> found = maxstat([1, 2, 3, 4], [1, 1, 1, 0], [5, 6, 7, 8], n_bootstrap=200, n_folds=2)
    >>> found.profile.round(4).values.tolist()
    [[5.0, 1.0, 1.0835], [6.0, 2.0, 1.4596], [7.0, 3.0, 1.565]]
    >>> found.cut, round(found.p_value, 2)  # as large in 12 of 24 orders of the a_i
    (7.0, 0.5)
    """
    _check_shares(minprop, confidence)
    _check_counts(
        n_permutations=n_permutations, n_bootstrap=n_bootstrap, n_folds=n_folds, n_repeats=n_repeats
    )
    sample = survival_sample(time, event, _numbers(score), word="score")
    x = np.asarray(sample.names, dtype=np.float64)[sample.code]
    _check_events(sample)
    search = _Search.of(sample.time, sample.event, x, minprop)
    if search is None:
        raise ClinicalError(
            f"No cut of the score leaves {minprop:g} of the rows on both sides",
            f"{count(len(x), 'row')} with {count(len(sample.names), 'different value')}",
            "Use a smaller minprop, or a score with more different values",
        )
    rng = np.random.default_rng(seed)
    lausen = _lausen92(search.largest, minprop), _lausen94(search)
    cuts = _bootstrap_cuts(sample, x, minprop, n_bootstrap, rng)
    tail = (1 - confidence) / 2
    low, high = np.quantile(cuts, [tail, 1 - tail]) if cuts.size else (np.nan, np.nan)
    best = int(np.argmax(search.statistic))
    return MaxStat(
        cut=float(search.cut[best]),
        statistic=search.largest,
        p_value=search.permutation_p(n_permutations, rng),
        p_lau92=min(max(lausen[0], _LOWEST), _HIGHEST),
        p_lau94=min(max(lausen[1], _LOWEST), _HIGHEST),
        cut_low=float(low),
        cut_high=float(high),
        ci_level=confidence,
        hazard_ratio_apparent=_hazard_ratio(sample, search.high_risk(x)[:, None]),
        hazard_ratio_validated=_validated(
            sample, x, minprop, rng, n_folds=n_folds, n_repeats=n_repeats
        ),
        n=len(x),
        n_events=int(sample.event.sum()),
        n_low=int(search.n_low[best]),
        n_permutations=n_permutations,
        n_bootstrap=int(cuts.size),
        profile=pd.DataFrame(
            {"cut": search.cut, "n_low": search.n_low, "statistic": search.statistic}
        ),
        notes=_notes(lausen, n_bootstrap, cuts.size),
    )


def _numbers(score: ArrayLike) -> "FloatArray | pd.Series[float]":
    """The score as numbers, with its index if it has one."""
    numbers = number_column("score", score, "Give one number per row")
    return pd.Series(numbers, score.index) if isinstance(score, pd.Series) else numbers


def logrank_scores(time: FloatArray, event: FloatArray) -> FloatArray:
    """Log-rank scores a (n,), positive for early events; the formula is that of `maxstat`."""
    n, ascending = time.size, np.sort(time)
    n_until = np.searchsorted(ascending, time, side="right")
    order = np.argsort(time, kind="stable")
    hazard = np.cumsum((event / (n - n_until + 1))[order])
    return np.asarray(event - hazard[n_until - 1], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Search:
    """All cuts of a score: rows with score <= cut, their statistics, and the scores a by score."""

    cut: FloatArray
    n_low: NDArray[np.int64]
    statistic: FloatArray
    low_is_worse: NDArray[np.bool_]
    deviation: FloatArray
    by_score: FloatArray

    @classmethod
    def of(
        cls, time: FloatArray, event: FloatArray, x: FloatArray, minprop: float
    ) -> "_Search | None":
        """Search; None where there is no cut to choose, or nothing that differs."""
        n = x.size
        order = np.argsort(x, kind="stable")
        values, counts = np.unique(x, return_counts=True)
        n_low = np.cumsum(counts)
        least, most = max(1, int(np.floor(n * minprop))), int(np.floor(n * (1 - minprop)))
        allowed = (n_low >= least) & (n_low <= most) & (n_low < n)
        a = logrank_scores(time, event)[order]
        spread = n * np.sum(a**2) - np.sum(a) ** 2
        if not allowed.any() or not spread > 0:
            return None
        m = n_low[allowed]
        deviation = np.sqrt(m * (n - m) / (n**2 * (n - 1)) * spread)
        difference = np.cumsum(a)[m - 1] - m / n * np.sum(a)
        statistic = np.abs(difference) / deviation
        return cls(values[allowed], m, statistic, difference > 0, deviation, a)

    @property
    def largest(self) -> float:
        """The statistic of the best cut."""
        return float(self.statistic.max())

    def high_risk(self, x: FloatArray) -> NDArray[np.bool_]:
        """Which rows the best cut puts into the group with more events."""
        best = int(np.argmax(self.statistic))
        return np.asarray((x <= self.cut[best]) == self.low_is_worse[best])

    def permutation_p(self, n_permutations: int, rng: np.random.Generator) -> float:
        """How often permuted scores reach the statistic, with the observed order among them."""
        n = self.by_score.size
        expected = self.n_low / n * np.sum(self.by_score)
        step = max(1, PERMUTED_BYTES // (8 * n))
        n_reached = 0
        for low in range(0, n_permutations, step):
            n_rows = min(step, n_permutations - low)
            shuffled = rng.permuted(np.broadcast_to(self.by_score, (n_rows, n)), axis=1)
            sums = np.cumsum(shuffled, axis=1)[:, self.n_low - 1]
            largest = (np.abs(sums - expected) / self.deviation).max(axis=1)
            n_reached += int((largest >= self.largest * (1 - 1e-10)).sum())
        return (1 + n_reached) / (1 + n_permutations)


def _lausen92(largest: float, minprop: float) -> float:
    """Lausen and Schumacher 1992, equation of the tail over proportions minprop to 1 - minprop.

    Below a statistic of 1 it falls again as the statistic does, so that it says 1 there, as R's.
    """
    from scipy import stats

    if largest < 1:
        return 1.0
    density = float(stats.norm.pdf(largest))
    odds = ((1 - minprop) / minprop) ** 2
    return density * (4 / largest + (largest - 1 / largest) * float(np.log(odds)))


def _lausen94(search: _Search) -> float:
    """Improved Bonferroni bound: the first cut by itself, and what each next one adds."""
    from scipy import stats

    b, m, n = search.largest, search.n_low.astype(np.float64), search.by_score.size
    before, after = m[:-1], m[1:]
    t = np.sqrt(1 - before * (n - after) / ((n - before) * after))
    added = np.exp(-(b**2) / 2) / np.pi * (t - (b**2 / 4 - 1) * t**3 / 6)
    return float(2 * stats.norm.sf(b) + added.sum())


def _bootstrap_cuts(
    sample: SurvivalSample,
    x: FloatArray,
    minprop: float,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> FloatArray:
    """The best cut of each sample of rows that has one."""
    cuts = []
    for _ in range(n_bootstrap):
        rows = rng.integers(0, x.size, x.size)
        search = _Search.of(sample.time[rows], sample.event[rows], x[rows], minprop)
        if search is not None:
            cuts.append(search.cut[np.argmax(search.statistic)])
    return np.asarray(cuts, dtype=np.float64)


def _validated(
    sample: SurvivalSample,
    x: FloatArray,
    minprop: float,
    rng: np.random.Generator,
    *,
    n_folds: int,
    n_repeats: int,
) -> float:
    """Hazard ratio of groups that the other folds chose; NaN where they cannot choose."""
    groups = np.zeros((x.size, n_repeats), dtype=np.bool_)
    for repeat in range(n_repeats):
        shuffled = rng.permutation(x.size)
        by_event = shuffled[np.argsort(sample.event[shuffled], kind="stable")]
        fold = np.empty(x.size, dtype=np.int64)
        fold[by_event] = np.arange(x.size) % n_folds
        for held in range(n_folds):
            others = fold != held
            search = _Search.of(sample.time[others], sample.event[others], x[others], minprop)
            if search is None:
                return float("nan")
            groups[~others, repeat] = search.high_risk(x[~others])
    return _hazard_ratio(sample, groups)


def _hazard_ratio(sample: SurvivalSample, groups: NDArray[np.bool_]) -> float:
    """Geometric mean of the hazard ratios of the columns of groups; NaN where one has none.

    It is infinite where all events are in one group.
    """
    fits = cox_fit_batch(sample.time, sample.event, groups.astype(np.float64))
    log_ratio = np.where(fits.infinite[:, 0], np.sign(fits.coef[:, 0]) * np.inf, fits.coef[:, 0])
    log_ratio[fits.code == SINGULAR] = np.nan
    return float(np.exp(log_ratio.mean()))


def _notes(lausen: tuple[float, float], n_bootstrap: int, n_cuts: int) -> tuple[str, ...]:
    notes = [
        "The cut was searched for on these rows: p_value corrects for the search; "
        "hazard_ratio_validated is the effect to expect elsewhere, the apparent one is too large"
    ]
    for name, p in zip(("p_lau92", "p_lau94"), lausen, strict=True):
        if not _LOWEST <= p <= _HIGHEST:
            notes.append(f"The approximation {name} is {p:.3g} and was cut off at 0 or 1")
    if n_cuts < n_bootstrap:
        notes.append(f"{n_bootstrap - n_cuts} of {n_bootstrap} bootstrap samples have no cut")
    return tuple(notes)


def _check_events(sample: SurvivalSample) -> None:
    n_events = int(sample.event.sum())
    if n_events < 2:
        raise TooFewEventsError(
            "A cutpoint cannot be searched for without events",
            f"{count(n_events, 'event')} in {count(sample.event.size, 'row')}",
            "Check the coding of the event, or choose another endpoint",
            n_events=n_events,
        )


def _check_shares(minprop: float, confidence: float) -> None:
    for name, share, limit in (("minprop", minprop, 0.5), ("confidence", confidence, 1.0)):
        if not (is_number(share) and 0 < share < limit):
            raise ParameterError(
                f"{name} cannot be {shown(share)}",
                f"It is a share above 0 and below {limit:g}",
                "The defaults are minprop=0.25 and confidence=0.95",
            )


def _check_counts(**counts: int) -> None:
    for name, number in counts.items():
        least = 2 if name == "n_folds" else 1
        is_count = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not is_count or number < least:
            raise ParameterError(
                f"{name} cannot be {number!r}", "It is a count", f"Give at least {least}"
            )
