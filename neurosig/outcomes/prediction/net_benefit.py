"""Net benefit of treating those whose predicted risk is above a threshold."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, examples
from neurosig.keys import Performance, Result
from neurosig.outcomes.arguments import check_option, number_list
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.prediction.increment import Nested
from neurosig.outcomes.prediction.optimism import Corrected, Resampling, correct_optimism
from neurosig.outcomes.prediction.performance import COX_MODEL, note
from neurosig.outcomes.prediction.prediction_rows import (
    check_time,
    performance_table,
    prediction_rows,
)
from neurosig.outcomes.prediction.risk_model import SurvivalData, observed_risk
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
NET_BENEFIT = "net benefit"
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_DEFAULT = Resampling()


def net_benefit(
    data: SurvivalData, risk: FloatArray, horizon: float, thresholds: FloatArray
) -> FloatArray:
    """Net benefit at each threshold p, with censoring.

        NB(p) = F(t | r >= p) P(r >= p) - (1 - F(t | r >= p)) P(r >= p) p / (1 - p)

    F: 1 - Kaplan-Meier of those with risk r at or above p. 0 where nobody is treated, NaN where
    their follow-up ends before t with patients left.

    References
    ----------
    Vickers AJ et al. (2008) BMC Med Inform Decis Mak 8:53, doi:10.1186/1472-6947-8-53.

    Examples
    --------
    >>> data = SurvivalData(np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 1, 0]), np.empty((4, 0)))
    >>> risk = np.array([0.9, 0.4, 0.6, 0.1])  # two treated, one of them with the event by 2.5
    >>> net_benefit(data, risk, 2.5, np.array([0.5, 0.95])).tolist()  # 1/4 - 1/4 * 1
    [0.0, 0.0]
    """
    benefit = np.zeros(thresholds.size)
    for j, threshold in enumerate(thresholds):
        treated = risk >= threshold
        if treated.any():
            event = observed_risk(data.rows(treated), horizon)
            benefit[j] = treated.mean() * (event - (1 - event) * threshold / (1 - threshold))
    return benefit


def decision_curve(
    cohort: "Cohort",
    *,
    time: float,
    thresholds: Sequence[float] = _THRESHOLDS,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    resampling: Resampling = _DEFAULT,
    allow_loss: bool = False,
) -> Results:
    """Net benefit of models with each signature over thresholds of the risk by a time.

    A threshold p says how many treatments in vain one event found in time is worth: (1 - p) / p.
    The unit is events found per patient, less what the treatments in vain cost. Treating nobody
    has 0; `treat_all` and, where there are covariates, `base` (the model of them alone, corrected)
    stand beside. `net_benefit` has the formula.

    Parameters
    ----------
    cohort, signatures, adjust, allow_loss
        As in `cox`.
    time, thresholds
        When the risk is looked at, in the unit of the endpoint, and risks between 0 and 1.
    resampling
        As in `discrimination`.

    Returns
    -------
    Results
        `table`: a row per signature and threshold, `estimate` corrected for optimism.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`; the endpoint names competing causes, which are no censoring.
    ParameterError
        A threshold is not between 0 and 1, or the time lies outside the follow-up.

    References
    ----------
    Vickers AJ, Elkin EB (2006) Med Decis Making 26:565-574, doi:10.1177/0272989X06295361; Vickers
    AJ et al. (2008) BMC Med Inform Decis Mak 8:53, doi:10.1186/1472-6947-8-53.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> score = rng.normal(size=200)
    >>> clinic = pd.DataFrame({"days": np.ceil(rng.exponential(900 * np.exp(-score)))})
    >>> clinic["dead"] = [1.0, 1.0, 1.0, 0.0] * 50
    >>> cohort = ns.Cohort.join(
    ...     pd.DataFrame({"NGF": score}), clinic, ns.Endpoint(time="days", event="dead")
    ... )
    >>> table = ns.decision_curve(cohort, time=365, thresholds=[0.2, 0.4]).table
    >>> bool((table["estimate"] > table["treat_all"]).all())
    True
    """
    at = np.unique(number_list("thresholds", thresholds))
    outside = at[~((at > 0) & (at < 1))]
    if outside.size or not at.size:
        raise ParameterError(
            f"thresholds cannot be {examples(map(float, outside))}" if at.size else "No thresholds",
            "A threshold is a risk, above 0 and below 1",
            "thresholds=[0.1, 0.2, 0.3]",
        )
    check_option("resampling", resampling, Resampling)
    prepared = prediction_rows(cohort, signatures, adjust, allow_loss=allow_loss)
    refuse_competing_causes(cohort, "A decision curve")
    horizon = check_time(time, prepared)
    m, has_base = at.size, prepared.n_base > 0
    labels = pd.DataFrame(
        {
            Performance.MEASURE: NET_BENEFIT,
            Performance.TIME: np.repeat(horizon, m),
            Performance.THRESHOLD: at,
        }
    )

    def evaluate(models: Nested, data: SurvivalData) -> FloatArray:
        base = models.base.risk_by(data.columns(prepared.n_base).x, horizon)
        full = models.full.risk_by(data.x, horizon)
        return np.concatenate([net_benefit(data, risk, horizon, at) for risk in (full, base)])

    def correct(data: SurvivalData) -> tuple[Corrected, dict[str, object]]:
        found = correct_optimism(data, Nested.fit, evaluate, resampling)
        everyone = net_benefit(data, np.ones(data.time.size), horizon, at)
        result = found.part(slice(m))
        why = f"follow-up of those treated ends before {horizon:g}"
        further: dict[str, object] = {
            Performance.TREAT_ALL: everyone,
            Result.MESSAGE: result.messages(why),
        }
        if has_base:
            further[Performance.BASE] = found.part(slice(m, None)).value
        return result, further

    table = performance_table(
        prepared, labels, correct, model=COX_MODEL, confidence=resampling.confidence
    )
    return Results(table=table, row_flow=prepared.rows.row_flow, notes=(note(resampling),))
