"""Test of the proportional-hazards assumption of a Cox model."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.kernels.cox import (
    CONVERGED,
    PLAIN,
    CoxFits,
    CoxOptions,
    Ties,
    cox_weighted_score,
)
from neurosig.kernels.times import merge_close_times
from neurosig.outcomes.arguments import check_choice
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.given_columns import (
    covariate_table,
    number_column,
    refuse_incomplete,
    refuse_other_rows,
)

FloatArray = NDArray[np.float64]
Transform = Literal["km", "rank", "identity", "log"]
GLOBAL = "GLOBAL"
_FLAT = 1e-12  # share of a variance that is rounding error alone


class PhPValues(NamedTuple):
    """p-values (S, k) of each column and (S,) of all together; NaN where none exists."""

    columns: FloatArray
    everything: FloatArray


def ph_test(
    time: ArrayLike,
    event: ArrayLike,
    covariates: "pd.DataFrame | pd.Series[float] | FloatArray",
    *,
    names: Sequence[str] | None = None,
    terms: Sequence[Sequence[int]] | None = None,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
    options: CoxOptions = PLAIN,
    transform: Transform = "km",
) -> pd.DataFrame:
    """Score test of proportional hazards for each term and for all together.

    The model is extended by x g(t) - with g(t) = 1 - KM(t-) of the whole sample ("km"), the rank
    of t among all follow-up times ("rank"), t or log t - and the hypothesis that the added
    coefficients are 0 is tested without fitting them:

        chi2_J = u' V^-1 u,   u and V the gradient and information of (x, x_J g(t)) at (beta, 0)

    Parameters
    ----------
    time
        (n,) follow-up in any unit, not negative.
    event
        (n,) 1 = event, 0 = censored.
    covariates
        (n, k) columns of the Cox model: a table, a column of one, or an array.
    names
        One per column, or per term where `terms` is given; by default those of the table.
    terms
        The columns of each term, as those of one categorical variable; by default a term each.
    strata
        (n,) codes, each with a baseline hazard of its own.
    ties
        Treatment of ties, as in `CoxModel`.
    options
        Delayed entry, case weights and offset of the rows.
    transform
        The function g: "km", "rank", "identity" or "log".

    Returns
    -------
    DataFrame
        Columns `term, chisq, df, p_value`; the row GLOBAL, of all terms together, is last. NaN
        where the added columns do not vary beside the others, as with all events at one time.

    Raises
    ------
    ClinicalError
        The model has no finite maximum, or transform="log" meets an event at time 0.
    ParameterError
        There is no transform of that name, or not one name per term.
    EndpointError
        A column is missing somewhere or holds no numbers; lengths or pandas indexes differ.

    References
    ----------
    Grambsch PM, Therneau TM (1994) Biometrika 81:515-526, doi:10.1093/biomet/81.3.515; computed
    as the score test that `cox.zph` of R's survival uses since version 3.

    Examples
    --------
    By hand: at both events half of the rows at risk have x = 1; x is 1 in the first event and 0 in
    the second. So beta = 0 and each event has the variance 1/4. With g(t) = t, which is 1 and 3:
    u = 1 * 1/2 - 3 * 1/2 = -1, V = [[1/4 + 1/4, 1/4 + 3/4], [1/4 + 3/4, 1/4 + 9/4]] and
    chi2 = 1 / (5/2 - 1 / (1/2)) = 2, whose tail is erfc(1) = 0.1573.

    >>> time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> x = np.array([[1.0], [0.0], [0.0], [1.0]])
    >>> table = ph_test(time, event, x, names=["x"], transform="identity")
    >>> table.round(4).values.tolist()
    [['x', 2.0, 1, 0.1573], ['GLOBAL', 2.0, 1, 0.1573]]
    """
    from scipy import special

    check_choice("transform", transform, get_args(Transform), "km")
    refuse_other_rows({"time": time, "event": event, "covariates": covariates})
    table = covariate_table(covariates)
    times, events = number_column("time", time), number_column("event", event)
    x = table.to_numpy(dtype=np.float64)
    refuse_incomplete({"time": times, "event": events, "covariates": x})
    names = [str(name) for name in table.columns] if names is None else list(names)
    if len(names) != (table.shape[1] if terms is None else len(terms)):
        raise ParameterError(
            f"names cannot be {examples(names)}",
            f"There are {count(table.shape[1] if terms is None else len(terms), 'term')}",
            "Give one name per term",
        )
    data = CoxData(
        time=times,
        event=events,
        scores=x[:, :1],
        covariates=x[:, 1:],
        strata=strata,
        ties=ties,
        options=options,
    )
    fits = data.fit()
    if fits.code[0] != CONVERGED or fits.infinite.any():
        raise ClinicalError(
            "The proportional-hazards test needs a Cox model with finite estimates",
            f"The model of {', '.join(map(repr, names))} has none",
            "Remove the covariate that separates the events or repeats another",
        )
    u, variance = _added(*_extended(data, fits.coef, transform))
    k = x.shape[1]
    columns = [[j] for j in range(k)] if terms is None else [list(term) for term in terms]
    columns.append(list(range(k)))
    df = [len(wanted) for wanted in columns]
    chi2 = [float(_chi_square(u, variance, wanted)[0]) for wanted in columns]
    return pd.DataFrame(
        {
            "term": [*names, GLOBAL],
            "chisq": chi2,
            "df": df,
            "p_value": special.chdtrc(df, chi2),
        }
    )


def fit_with_ph_test(data: CoxData, transform: Transform = "km") -> tuple[CoxFits, PhPValues]:
    """S models and their tests of proportional hazards, whose sums come with the last step."""
    fits = data.fit(_time_function(data.time, data.event, transform, data.options.entry))
    usable = _usable(fits)
    gradient, information = (values[usable] for values in fits.weighted or ())
    return fits, _p_values(fits, usable, gradient, information)


def ph_p_values(data: CoxData, fits: CoxFits, transform: Transform = "km") -> PhPValues:
    """The tests of each column, the score's first, and of all together, for each of S models."""
    usable = _usable(fits)
    if not usable.size:
        return _no_tests(*fits.coef.shape)
    extended = _extended(data.choose(usable), fits.coef[usable], transform)
    return _p_values(fits, usable, *extended)


def _usable(fits: CoxFits) -> NDArray[np.int64]:
    return np.flatnonzero((fits.code == CONVERGED) & ~fits.infinite.any(axis=1))


def _no_tests(n_models: int, k: int) -> PhPValues:
    return PhPValues(np.full((n_models, k), np.nan), np.full(n_models, np.nan))


def _p_values(
    fits: CoxFits, usable: NDArray[np.int64], gradient: FloatArray, information: FloatArray
) -> PhPValues:
    """The tests of the usable models from their extended gradients and informations."""
    from scipy import special

    k, result = fits.coef.shape[1], _no_tests(*fits.coef.shape)
    u, variance = _added(gradient, information)
    for j in range(k):
        result.columns[usable, j] = special.chdtrc(1, _chi_square(u, variance, [j]))
    result.everything[usable] = special.chdtrc(k, _chi_square(u, variance, range(k)))
    return result


def _added(gradient: FloatArray, information: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient (S, k) and variance (S, k, k) of the added coefficients, given the fitted ones.

    gradient: (S, 2 k), information: (S, 2 k, 2 k). In units of the standard deviation without the
    fitted ones, so that a variance next to 0 is seen; NaN where that is 0.
    """
    k = gradient.shape[1] // 2
    fitted, added = information[:, :k, :k], information[:, :k, k:]
    adjusted = np.linalg.solve(fitted, added)
    variance = information[:, k:, k:] - np.transpose(added, (0, 2, 1)) @ adjusted
    u = gradient[:, k:] - np.einsum("sab,sa->sb", adjusted, gradient[:, :k])
    size = np.sqrt(np.diagonal(information[:, k:, k:], axis1=1, axis2=2))
    size = np.where(size > 0, size, np.nan)
    return u / size, variance / (size[:, :, None] * size[:, None, :])


def _chi_square(u: FloatArray, variance: FloatArray, columns: Sequence[int]) -> FloatArray:
    """The score statistics (S,) of some columns together; NaN where they have no variance."""
    at = list(columns)
    u, variance = u[:, at], variance[np.ix_(range(len(u)), at, at)]
    chi2 = np.full(len(u), np.nan)
    known = np.flatnonzero(np.isfinite(variance).all(axis=(1, 2)))
    known = known[np.linalg.eigvalsh(variance[known])[:, 0] > _FLAT]
    solved = np.linalg.solve(variance[known], u[known][:, :, None])[:, :, 0]
    chi2[known] = np.sum(u[known] * solved, axis=1)
    return chi2


def _extended(
    data: CoxData, coef: FloatArray, transform: Transform
) -> tuple[FloatArray, FloatArray]:
    return cox_weighted_score(
        data.time,
        data.event,
        data.scores,
        np.ascontiguousarray(coef),
        _time_function(data.time, data.event, transform, data.options.entry),
        covariates=data.covariates,
        strata=data.strata,
        ties=data.ties,
        options=data.options,
        n_jobs=data.n_jobs,
    )


def _time_function(
    time: FloatArray, event: FloatArray, transform: Transform, entry: FloatArray | None = None
) -> Callable[[FloatArray], FloatArray]:
    """g, centred over the events; the test is the same, the arithmetic better."""
    both = merge_close_times(time if entry is None else np.concatenate([time, entry]))
    merged, entered = both[: time.size], both[time.size :]
    at_events = merged[event > 0]
    if transform == "identity":
        raw: Callable[[FloatArray], FloatArray] = np.asarray
    elif transform == "log":
        if at_events.min() <= 0:
            raise ClinicalError(
                "The logarithm of an event time of 0 does not exist",
                f"{int((at_events <= 0).sum())} of {at_events.size} events happen at time 0",
                'Use transform="km" or transform="rank"',
            )

        def raw(t: FloatArray) -> FloatArray:
            return np.asarray(np.log(np.maximum(t, at_events.min())))
    elif transform == "rank":
        in_order = np.sort(merged)

        def raw(t: FloatArray) -> FloatArray:
            below = np.searchsorted(in_order, t, side="left")
            return np.asarray((below + np.searchsorted(in_order, t, side="right") + 1) / 2)
    else:
        raw = _one_minus_survival_before(merged, event, entered)
    centre = float(np.mean(raw(at_events)))
    return lambda t: raw(t) - centre


def _one_minus_survival_before(
    time: FloatArray, event: FloatArray, entry: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    event_times, n_deaths = np.unique(time[event > 0], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), event_times, side="left")
    if entry.size:
        at_risk -= entry.size - np.searchsorted(np.sort(entry), event_times, side="left")
    survival = np.concatenate(([1.0], np.cumprod(1.0 - n_deaths / at_risk)))

    def before(t: FloatArray) -> FloatArray:
        return np.asarray(1.0 - survival[np.searchsorted(event_times, t, side="left")])

    return before
