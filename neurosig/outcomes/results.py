"""The tidy result table: column order, q-values and their family."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, count
from neurosig.keys import OK, SCORE_TERM, Null, Pooled, Result
from neurosig.outcomes.row_flow import flow_table

BY_LIKELIHOOD_RATIO: Final = ", likelihood-ratio tests"
"""End of the name of a family whose q-values are over p_lr."""


@dataclass(frozen=True, eq=False)
class Results:
    """Results of one analysis.

    table: one row per signature x term, columns in the order of `keys.Result`; columns that do not
        apply are absent for the whole table
    row_flow: how many rows went in, were lost at each step and were used
    notes: what a reader has to know besides the numbers
    """

    table: pd.DataFrame
    row_flow: pd.DataFrame = field(default_factory=lambda: flow_table(()))
    notes: tuple[str, ...] = ()

    @property
    def scores(self) -> pd.DataFrame:
        """The rows of the scores themselves, without those of the covariates."""
        return self.table[self.table[Result.TERM] == SCORE_TERM]


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its columns in the fixed order; unknown columns come last.

    >>> list(ordered(pd.DataFrame({"extra": [1], "p_value": [0.5], "signature": ["NGF"]})))
    ['signature', 'p_value', 'extra']
    """
    known = [name for name in (*Result.ALL, *Pooled.ALL, *Null.ALL) if name in table.columns]
    return table[known + [name for name in table.columns if name not in known]]


def benjamini_hochberg(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini-Hochberg q-values; NaN stays NaN and does not count as a test.

    q of the i-th smallest of m p-values = min over j >= i of m p_j / j, at most 1.

    References
    ----------
    Benjamini Y, Hochberg Y (1995) J R Stat Soc B 57:289-300,
    doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg([0.01, float("nan"), 0.04, 0.03]).round(4).tolist()
    [0.03, nan, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if np.any((p < 0) | (p > 1)):
        wrong = p[(p < 0) | (p > 1)]
        raise InputError(
            f"{wrong[0]!r} is not a p-value",
            f"{count(wrong.size, 'value')} of {p.size} lie outside 0 to 1",
            "Give p-values; NaN stands for a test that was not made",
        )
    q = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    from_largest = tested[np.argsort(-p[tested], kind="stable")]
    factors = tested.size / np.arange(tested.size, 0, -1)
    q[from_largest] = np.minimum(np.minimum.accumulate(factors * p[from_largest]), 1.0)
    return q


def declare_family(
    table: pd.DataFrame,
    family: str,
    where: NDArray[np.bool_] | pd.Series | None = None,
    *,
    p_values: pd.Series | None = None,
) -> pd.DataFrame:
    """Fill `q_value` and `family` over one declared family of tests.

    The family is every row of a score (never of a covariate) inside `where` that went through and
    has a p-value; `family` says in words what it is and is preceded by its size. Rows outside
    keep what they had. The p-values are those of the table unless others are given.

    >>> rows = pd.DataFrame({"term": ["score", "age", "score"], "p_value": [0.01, 0.2, 0.03],
    ...                      "status": ["ok"] * 3})
    >>> declared = declare_family(rows, "pooled score rows")
    >>> declared["q_value"].tolist(), declared["family"].tolist()
    ([0.02, nan, 0.03], ['2 pooled score rows', '', '2 pooled score rows'])
    """
    inside = np.ones(len(table), dtype=np.bool_) if where is None else np.asarray(where, dtype=bool)
    p = (table[Result.P_VALUE] if p_values is None else p_values).to_numpy(dtype=np.float64)
    member = inside & (table[Result.TERM] == SCORE_TERM).to_numpy() & np.isfinite(p)
    member &= (table[Result.STATUS] == OK).to_numpy()
    q, text = _existing(table, inside)
    q[member] = benjamini_hochberg(p[member])
    text[member] = f"{int(member.sum())} {family}"
    return ordered(table.assign(**{Result.Q_VALUE: q, Result.FAMILY: text}))


def one_family(table: pd.DataFrame, family: str) -> pd.DataFrame:
    """Fill `q_value` and `family` over every row that has a p-value, whatever its term.

    >>> one_family(pd.DataFrame({"p_value": [0.01, None, 0.02]}), "slopes")["family"].tolist()
    ['2 slopes', '', '2 slopes']
    """
    q = benjamini_hochberg(table[Result.P_VALUE].to_numpy(dtype=np.float64))
    member = np.isfinite(q)
    text = np.where(member, f"{int(member.sum())} {family}", "").astype(object)
    return ordered(table.assign(**{Result.Q_VALUE: q, Result.FAMILY: text}))


def _existing(
    table: pd.DataFrame, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    q, text = np.full(len(table), np.nan), np.full(len(table), "", dtype=object)
    if Result.Q_VALUE in table.columns:
        q[~inside] = table[Result.Q_VALUE].to_numpy(dtype=np.float64)[~inside]
    if Result.FAMILY in table.columns:
        text[~inside] = table[Result.FAMILY].to_numpy(dtype=object)[~inside]
    return q, text


@dataclass(frozen=True, eq=False, kw_only=True)
class TermFits:
    """Fits of S signatures with k terms each, before they are a table.

    estimate, std_error: (S, k), NaN where there is none; status, message: (S, k) text;
    n, n_events, df, p_lr, p_ph: (S,), None where the kind of model has none; df: or (S, k);
    n_limiting: (S,) the count that limits the number of parameters, where not n_events.
    """

    signatures: tuple[str, ...]
    terms: tuple[str, ...]
    estimate: NDArray[np.float64]
    std_error: NDArray[np.float64]
    status: NDArray[np.object_]
    message: NDArray[np.object_]
    n: NDArray[np.int64]
    n_events: NDArray[np.int64] | None = None
    n_limiting: NDArray[np.int64] | None = None
    df: NDArray[np.float64] | None = None
    p_lr: NDArray[np.float64] | None = None
    p_ph: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True)
class ModelText:
    """What the rows of one analysis share in words."""

    cohort: str
    endpoint: str
    model: str
    adjusted_for: str
    effect_scales: tuple[str, ...]
    confidence: float
    is_ratio: bool


def tidy(fits: TermFits, text: ModelText) -> pd.DataFrame:
    """One row per signature x term with Wald tests and intervals.

    With degrees of freedom (`fits.df`) the reference distribution is Student's t, else the normal.
    For models of ratios the effect is exp(estimate).
    """
    n_signatures, k = fits.estimate.shape
    estimate, std_error = fits.estimate.ravel(), fits.std_error.ravel()
    df = None
    if fits.df is not None:
        df = fits.df.ravel() if fits.df.ndim > 1 else np.repeat(fits.df, k)
    statistic, p_value, half_width = wald(estimate, std_error, text.confidence, df)
    low, high = estimate - half_width, estimate + half_width
    effect = _ratio if text.is_ratio else np.asarray
    columns: dict[str, object] = {
        Result.COHORT: text.cohort,
        Result.ENDPOINT: text.endpoint,
        Result.SIGNATURE: np.repeat(np.asarray(fits.signatures, dtype=object), k),
        Result.TERM: np.tile(np.asarray(fits.terms, dtype=object), n_signatures),
        Result.ESTIMATE: estimate,
        Result.STD_ERROR: std_error,
        Result.CI_LOW: low,
        Result.CI_HIGH: high,
        Result.CI_LEVEL: text.confidence,
        Result.STATISTIC: statistic,
        Result.P_VALUE: p_value,
        Result.EFFECT: effect(estimate),
        Result.EFFECT_LOW: effect(low),
        Result.EFFECT_HIGH: effect(high),
        Result.EFFECT_SCALE: np.tile(np.asarray(text.effect_scales, dtype=object), n_signatures),
        Result.N: np.repeat(fits.n, k),
        Result.N_PARAMS: k,
        Result.ADJUSTED_FOR: text.adjusted_for,
        Result.MODEL: text.model,
        Result.STATUS: fits.status.ravel(),
        Result.MESSAGE: fits.message.ravel(),
    }
    if df is not None:
        columns[Result.DF] = df
    if fits.n_events is not None:
        limiting = fits.n_events if fits.n_limiting is None else fits.n_limiting
        columns[Result.N_EVENTS] = np.repeat(fits.n_events, k)
        columns[Result.EVENTS_PER_PARAM] = np.repeat(limiting / k, k)
    for name, values in ((Result.P_LR, fits.p_lr), (Result.P_PH, fits.p_ph)):
        if values is not None:
            columns[name] = on_score_rows(values, k)
    return ordered(pd.DataFrame(columns, index=range(n_signatures * k)))


def is_ratio(effect_scale: str) -> bool:
    """Whether an effect of that name is a ratio, whose axis is logarithmic and whose null is 1.

    >>> is_ratio("hazard ratio per SD"), is_ratio("OR"), is_ratio("probit shift per SD")
    (True, True, False)
    """
    words = effect_scale.replace("_", " ").lower().split()
    return any(word in {"ratio", "hr", "or", "irr", "rr", "shr"} for word in words)


def _ratio(estimate: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):  # a ratio above 1e308 is infinite
        return np.asarray(np.exp(estimate))


def wald(
    estimate: NDArray[np.float64],
    std_error: NDArray[np.float64],
    confidence: float,
    df: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Statistic estimate / standard error, two-sided p-value, half-width of the interval."""
    from scipy import special

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(std_error > 0, estimate / std_error, np.nan)
    upper = 0.5 + confidence / 2
    if df is None:
        p_value = 2 * special.ndtr(-np.abs(statistic))
        half_width = special.ndtri(upper) * std_error
    else:
        p_value = 2 * special.stdtr(df, -np.abs(statistic))
        half_width = special.stdtrit(df, upper) * std_error
    return statistic, np.asarray(p_value), np.asarray(half_width)


def on_score_rows(values: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """A column (S k,) with the values (S,) in the rows of the scores, NaN in the others."""
    column = np.full((values.size, k), np.nan)
    column[:, 0] = values
    return column.ravel()
