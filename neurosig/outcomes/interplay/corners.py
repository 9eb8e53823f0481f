"""What a model of two scores predicts where both are low, one is high, or both are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, examples
from neurosig.keys import Interplay, Performance, Result
from neurosig.outcomes.arguments import name_list, number_list
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.clusters import warn_without_jackknife
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.predicted_survival import stratum_hazards
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.interplay.model_fits import Fitted
from neurosig.outcomes.interplay.outcome_rows import Kind, OutcomeModel, outcome_rows
from neurosig.outcomes.interplay.pair_model import N_PAIR_TERMS, PairModel, fit_pair
from neurosig.outcomes.interplay.pair_slopes import model_facts
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

_NOT_GROUPS: Final = (
    "Predictions of one model for every patient, averaged over their covariates, with both scores "
    "set to the levels named: no groups of patients were compared"
)
_SIDES: Final = (("low", "low"), ("low", "high"), ("high", "low"), ("high", "high"))


def interplay_corners(
    cohort: "Cohort",
    pair: tuple[str, str],
    *,
    model: Kind | CoxModel = "cox",
    outcome: str | None = None,
    positive: str | float | None = None,
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    times: Sequence[float] | None = None,
    levels: tuple[float, float] = (-1.0, 1.0),
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Predictions of `interplay`'s model at the four corners low/low to high/high.

        S(t | corner) = mean_i exp(-H_i(t) exp(eta(corner, c_i)))       (Cox)
        P(corner) = mean_i expit(eta(corner, c_i)),   mean_i eta(corner, c_i)

    i: every row of the fit with its own covariates c_i and stratum; eta: the linear predictor with
    both scores set to the corner. The variance is the delta method's: of the coefficients and, in
    a Cox model, of the baseline hazard; the covariates are held as they are.

    Parameters
    ----------
    cohort, pair, model, outcome, positive, adjust, strata, confidence, allow_loss
        As in `interplay`, for one pair.
    times
        When survival is predicted, in the unit of the endpoint; by default at each event time.
    levels
        What is low and what is high, in standard deviations from the mean.

    Returns
    -------
    Results
        `table`: a row per corner (and time) with `estimate`, `std_error` and interval (of survival
        on the log scale, as `survfit`; of a probability on the logit scale). `n_quadrant` counts
        the rows on that side of both means: a corner with few of them is an extrapolation.

    Raises
    ------
    FitError
        The model has no fit.
    ParameterError
        Levels are not low before high; a time lies outside the follow-up; as in `interplay`.
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `interplay`.

    References
    ----------
    Averages over covariates: Chang IM, Gelman R, Pagano M (1982) J Chronic Dis 35:669-674,
    doi:10.1016/0021-9681(82)90019-4; variance: Tsiatis AA (1981) Ann Stat 9:93-108,
    doi:10.1214/aos/1176345335.

    Examples
    --------
    >>> import neurosig as ns
    >>> nerve, immune = [-1.0, -1, 1, 1] * 2, [-1.0, 1, -1, 1] * 2
    >>> growth = [x + x * m + e for x, m, e in zip(nerve, immune, [0.1] * 4 + [-0.1] * 4)]
    >>> scores = pd.DataFrame({"nerve": nerve, "immune": immune})
    >>> cohort = ns.Cohort.join(scores, pd.DataFrame({"growth": growth}))
    >>> sd = (7 / 8) ** 0.5  # so that the corners are where the rows are
    >>> found = ns.interplay_corners(cohort, ("nerve", "immune"), model="linear",
    ...                              outcome="growth", levels=(-sd, sd))
    >>> found.table["estimate"].round(6).abs().tolist(), found.table["n_quadrant"].tolist()
    ([0.0, 2.0, 0.0, 2.0], [2, 2, 2, 2])
    """
    refuse_intervals(cohort, "A prediction averaged over patients")
    both = name_list("pair", pair)
    if len(both) != 2 or both[0] == both[1]:
        raise ParameterError(
            f"{both!r} is no pair of two different scores",
            f"Scores of the cohort: {examples(cohort.signatures)}",
            'Give one such as ("axon", "immune")',
        )
    ends = number_list("levels", levels)
    if not (ends.size == 2 and np.isfinite(ends).all() and ends[0] < ends[1]):
        raise ParameterError(
            f"levels cannot be {levels!r}",
            "Low comes before high, in standard deviations from the mean",
            "The default is (-1, 1)",
        )
    how = OutcomeModel.of(model, outcome, positive)
    if how.kind == "cox":
        refuse_competing_causes(cohort, "Predicted survival")
    rows = outcome_rows(
        cohort, pair, how, adjust=adjust, strata=strata, confidence=confidence,
        allow_loss=allow_loss,
    )  # fmt: skip
    if times is not None and how.kind != "cox":
        raise ParameterError(
            f"A {how.kind} model has no times", f"times={times!r}", "Leave out times"
        )
    fitted = fit_pair(rows, *pair)
    warn_without_jackknife([" x ".join(pair)] if fitted.message else [])
    parts = []
    for sides in _SIDES:
        z = np.array([levels[0 if side == "low" else 1] for side in sides])
        design = _at_corner(fitted, z)
        predicted = (
            _survival(fitted.cox[0], fitted, design, times, confidence)
            if fitted.cox is not None
            else _prediction(fitted.fitted, design, how.kind, fitted, confidence)
        )
        beyond = [
            fitted.z[:, s] < 0 if side == "low" else fitted.z[:, s] >= 0
            for s, side in enumerate(sides)
        ]
        names = {
            Result.COHORT: rows.cohort,
            Result.ENDPOINT: rows.label,
            Interplay.FIRST: pair[0],
            Interplay.SECOND: pair[1],
            Performance.GROUP: f"{pair[0]} {sides[0]}, {pair[1]} {sides[1]}",
            "first_at": z[0],
            "second_at": z[1],
        }
        rest = {
            Result.CI_LEVEL: confidence,
            "n_quadrant": int(np.sum(beyond[0] & beyond[1])),
        } | model_facts(rows, fitted)
        parts.append(pd.DataFrame(names | predicted | rest))
    table = pd.concat(parts, ignore_index=True)
    return Results(table=table, row_flow=rows.rows.row_flow, notes=(_NOT_GROUPS,))


def _at_corner(model: PairModel, z: FloatArray) -> FloatArray:
    design = model.x.copy()
    design[:, :N_PAIR_TERMS] = z[0], z[1], z[0] * z[1]
    return design


def _prediction(
    fitted: Fitted, design: FloatArray, kind: Kind, model: PairModel, confidence: float
) -> dict[str, FloatArray]:
    """The mean of a linear or logistic model over its rows, with its interval."""
    from scipy import special

    half = model.critical(confidence, "pointwise")
    eta = design @ fitted.coef
    if kind == "linear":
        estimate, gradient = eta.mean(), design.mean(axis=0)
        error = np.sqrt(gradient @ fitted.covariance @ gradient)
        low, high = estimate - half * error, estimate + half * error
    else:
        p = special.expit(eta)
        estimate = p.mean()
        gradient = (design * (p * (1 - p))[:, None]).mean(axis=0)
        error = np.sqrt(gradient @ fitted.covariance @ gradient)
        wide = half * error / (estimate * (1 - estimate))
        low, high = special.expit(special.logit(estimate) + np.array([-wide, wide]))
    names = (Result.ESTIMATE, Result.STD_ERROR, Result.CI_LOW, Result.CI_HIGH)
    values = (estimate, error, low, high)
    return {name: np.array([float(v)]) for name, v in zip(names, values, strict=True)}


def _survival(
    data: CoxData,
    model: PairModel,
    design: FloatArray,
    times: Sequence[float] | None,
    confidence: float,
) -> dict[str, FloatArray]:
    """Survival averaged over the rows, with the interval on the log scale.

    With r_i = exp(z_i' b), S_i = exp(-H r_i), q_i = z_i H - moment, over n rows:

        var = sum_strata (sum_i S_i r_i)^2 spread / n^2 + B' V B,   B = sum_i S_i r_i q_i / n
    """
    wanted, fitted = _times(data, times), model.fitted
    offset = 0.0 if data.options.offset is None else data.options.offset
    z = design - data.design(0).mean(axis=0)
    risk = np.exp(z @ fitted.coef + offset)
    codes = np.zeros(len(z), dtype=np.int64) if data.strata is None else data.strata
    total, of_baseline = np.zeros((2, wanted.size))
    gradient = np.zeros((wanted.size, z.shape[1]))
    for part in stratum_hazards(data, fitted.coef):
        place = np.searchsorted(part.time, wanted, side="right")
        h, spread = (np.append(0.0, v)[place] for v in (part.hazard, part.spread))
        moment = np.vstack([np.zeros(z.shape[1]), part.moment])[place]
        own = codes == part.stratum
        for t in range(wanted.size):
            s = np.exp(-h[t] * risk[own])
            weight = s * risk[own]
            total[t] += s.sum()
            of_baseline[t] += weight.sum() ** 2 * spread[t]
            gradient[t] += weight @ z[own] * h[t] - weight.sum() * moment[t]
    n = len(z)
    survival, gradient = total / n, gradient / n
    variance = of_baseline / n**2 + np.sum((gradient @ fitted.covariance) * gradient, axis=1)
    error = np.sqrt(variance)
    wide = model.critical(confidence, "pointwise") * error / survival
    return {
        Performance.TIME: wanted,
        Result.ESTIMATE: survival,
        Result.STD_ERROR: error,
        Result.CI_LOW: survival * np.exp(-wide),
        Result.CI_HIGH: np.minimum(survival * np.exp(wide), 1.0),
    }


def _times(data: CoxData, times: Sequence[float] | None) -> FloatArray:
    if times is None:
        return np.asarray(np.unique(data.time[data.event > 0]))
    wanted = number_list("times", times)
    codes = np.zeros(data.time.size) if data.strata is None else data.strata
    last = min(float(data.time[codes == code].max()) for code in np.unique(codes))
    outside = wanted[~((wanted >= 0) & (wanted <= last))]
    if outside.size or not wanted.size:
        raise ParameterError(
            f"times cannot be {examples(map(float, outside))}",
            f"Survival is known up to {last:g}, the last time"
            + ("" if data.strata is None else " of the stratum that ends first"),
            "Give times before it, in the unit of the endpoint",
        )
    return wanted
