"""Test of the proportional-hazards assumption of a Cox model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError
from neurosig.kernels.cox import CONVERGED, CoxFits, Ties, cox_fit_batch, cox_weighted_score
from neurosig.kernels.times import merge_close_times

FloatArray = NDArray[np.float64]
Transform = Literal["km", "rank", "identity", "log"]
GLOBAL = "GLOBAL"


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxData:
    """What a batch of Cox models is fitted on.

    time, event (0/1): (n,); scores: (n, S), one model per column; covariates: (n, p);
    strata: (n,) codes or None.
    """

    time: FloatArray
    event: FloatArray
    scores: FloatArray
    covariates: FloatArray
    strata: NDArray[np.int64] | None = None
    ties: Ties = "efron"
    n_jobs: int = 1

    def fit(self) -> CoxFits:
        """One fit per score."""
        return cox_fit_batch(
            self.time,
            self.event,
            self.scores,
            self.covariates,
            strata=self.strata,
            ties=self.ties,
            n_jobs=self.n_jobs,
        )


def ph_test(
    time: FloatArray,
    event: FloatArray,
    covariates: FloatArray,
    *,
    names: Sequence[str],
    terms: Sequence[Sequence[int]] | None = None,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
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
        (n, k) columns of the Cox model.
    names
        One per column, or per term where `terms` is given.
    terms
        The columns of each term, as those of one categorical variable; by default a term each.
    strata
        (n,) codes, each with a baseline hazard of its own.
    ties
        Treatment of ties, as in `CoxModel`.
    transform
        The function g: "km", "rank", "identity" or "log".

    Returns
    -------
    DataFrame
        Columns `term, chisq, df, p_value`; the row GLOBAL, of all terms together, is last.

    Raises
    ------
    ClinicalError
        The model has no finite maximum, or transform="log" meets an event at time 0.
    ParameterError
        There is no transform of that name.

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
    data = CoxData(
        time=time,
        event=event,
        scores=covariates[:, :1],
        covariates=covariates[:, 1:],
        strata=strata,
        ties=ties,
    )
    fits = data.fit()
    if fits.code[0] != CONVERGED or fits.infinite.any():
        raise ClinicalError(
            "The proportional-hazards test needs a Cox model with finite estimates",
            f"The model of {', '.join(map(repr, names))} has none",
            "Remove the covariate that separates the events or repeats another",
        )
    gradient, information = _extended(data, fits.coef, transform)
    k = covariates.shape[1]
    columns = [[j] for j in range(k)] if terms is None else [list(term) for term in terms]
    rows = [
        (name, *_chi_square(gradient[0], information[0], k, wanted))
        for name, wanted in (
            *zip(names, columns, strict=True),
            (GLOBAL, list(range(k))),
        )
    ]
    return pd.DataFrame(rows, columns=["term", "chisq", "df", "p_value"])


def score_ph_p_values(data: CoxData, fits: CoxFits, transform: Transform = "km") -> FloatArray:
    """The p-value of the score's own term for each of S models; NaN where a fit has none."""
    from scipy import special

    p_values = np.full(data.scores.shape[1], np.nan)
    usable = (fits.code == CONVERGED) & ~fits.infinite.any(axis=1)
    if not usable.any():
        return p_values
    gradient, information = _extended(
        CoxData(
            time=data.time,
            event=data.event,
            scores=data.scores[:, usable],
            covariates=data.covariates,
            strata=data.strata,
            ties=data.ties,
            n_jobs=data.n_jobs,
        ),
        fits.coef[usable],
        transform,
    )
    k = fits.coef.shape[1]
    fitted, added = information[:, :k, :k], information[:, :k, k]
    adjusted = np.linalg.solve(fitted, added[:, :, None])[:, :, 0]
    variance = information[:, k, k] - np.sum(added * adjusted, axis=1)
    u = gradient[:, k] - np.sum(gradient[:, :k] * adjusted, axis=1)
    has_variance = variance > 1e-12 * information[:, k, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = np.where(has_variance, u**2 / variance, np.nan)
    p_values[usable] = special.chdtrc(1, chi2)
    return p_values


def _extended(
    data: CoxData, coef: FloatArray, transform: Transform
) -> tuple[FloatArray, FloatArray]:
    return cox_weighted_score(
        data.time,
        data.event,
        data.scores,
        np.ascontiguousarray(coef),
        _time_function(data.time, data.event, transform),
        covariates=data.covariates,
        strata=data.strata,
        ties=data.ties,
        n_jobs=data.n_jobs,
    )


def _chi_square(
    gradient: FloatArray, information: FloatArray, k: int, columns: list[int]
) -> tuple[float, int, float]:
    from scipy import special

    kept = [*range(k), *(k + j for j in columns)]
    u = gradient[kept]
    chi2 = float(u @ np.linalg.solve(information[np.ix_(kept, kept)], u))
    return chi2, len(columns), float(special.chdtrc(len(columns), chi2))


def _time_function(
    time: FloatArray, event: FloatArray, transform: Transform
) -> Callable[[FloatArray], FloatArray]:
    """g, centred over the events; the test is the same, the arithmetic better."""
    merged = merge_close_times(time)
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
    elif transform == "km":
        raw = _one_minus_survival_before(merged, event)
    else:
        raise ParameterError(
            f"transform cannot be {transform!r}",
            f"Allowed: {', '.join(get_args(Transform))}",
            "The default is 'km'",
        )
    centre = float(np.mean(raw(at_events)))
    return lambda t: raw(t) - centre


def _one_minus_survival_before(
    time: FloatArray, event: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    event_times, n_deaths = np.unique(time[event > 0], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), event_times, side="left")
    survival = np.concatenate(([1.0], np.cumprod(1.0 - n_deaths / at_risk)))

    def before(t: FloatArray) -> FloatArray:
        return np.asarray(1.0 - survival[np.searchsorted(event_times, t, side="left")])

    return before
