"""Whether predicted risks are the risks that are seen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, TooFewEventsError
from neurosig.keys import Performance, Result
from neurosig.outcomes.arguments import check_option, shown
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.prediction.optimism import Corrected, Resampling, correct_optimism
from neurosig.outcomes.prediction.performance import COX_MODEL, SLOPE, note
from neurosig.outcomes.prediction.prediction_rows import (
    check_time,
    performance_table,
    prediction_rows,
)
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData, observed_risk
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
OBSERVED = "observed risk"
_DEFAULT = Resampling()
_MIN_GROUPS, _MAX_GROUPS = 2, 20


def calibration(
    cohort: "Cohort",
    *,
    time: float,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    groups: int = 5,
    resampling: Resampling = _DEFAULT,
    allow_loss: bool = False,
) -> Results:
    """Predicted against observed risk by a time, in groups of predicted risk, and the slope.

        observed_g = 1 - KM_g(t),  predicted_g = mean risk_i(t) over the rows of group g

    A group whose follow-up ends before t, with patients left, has no observed risk: NaN, and the
    message says so. The groups are of equal size by predicted risk (ties stay together). What is
    corrected for optimism is observed less predicted; `estimate` is the predicted risk plus that,
    and it and its limits, which are risks, are cut off at 0 and 1; `group_n` and `group_events` are
    the rows and events of the group.
    The slope is the coefficient of the linear predictor fitted again (below 1: predictions too
    extreme). The ratio of observed and expected events is 1 where a model was fitted, and not
    shown.

    Parameters
    ----------
    cohort, signatures, adjust, allow_loss
        As in `cox`.
    time
        When the risk is looked at, in the unit of the endpoint.
    groups
        2 to 20 groups; a group of the fitted data needs a patient.
    resampling
        As in `discrimination`.

    Returns
    -------
    Results
        `table`: per signature a row for each group, then the slope.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`; the endpoint names competing causes, which are no censoring.
    ParameterError
        The number of groups is not allowed, or the time lies outside the follow-up.

    References
    ----------
    Harrell FE et al. (1996) Stat Med 15:361-387; Van Calster B et al. (2019) BMC Med 17:230,
    doi:10.1186/s12916-019-1466-7.

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
    >>> table = ns.calibration(cohort, time=365, groups=3).table
    >>> table["measure"].tolist()[2:], bool(table["predicted"][:3].is_monotonic_increasing)
    (['observed risk', 'calibration slope'], True)
    """
    if not (isinstance(groups, int) and _MIN_GROUPS <= groups <= _MAX_GROUPS):
        raise ParameterError(
            f"groups cannot be {shown(groups)}",
            f"Allowed: {_MIN_GROUPS} to {_MAX_GROUPS}",
            "The default is 5",
        )
    check_option("resampling", resampling, Resampling)
    prepared = prediction_rows(cohort, signatures, adjust, allow_loss=allow_loss)
    refuse_competing_causes(cohort, "Calibration")
    horizon = check_time(time, prepared)
    labels = pd.DataFrame(
        {
            Performance.MEASURE: [*[OBSERVED] * groups, SLOPE],
            Performance.TIME: [*[horizon] * groups, np.nan],
            Performance.GROUP: [*range(1, groups + 1), np.nan],
        }
    )

    def evaluate(model: RiskModel, data: SurvivalData) -> FloatArray:
        risk = model.risk_by(data.x, horizon)
        errors = [
            observed_risk(data.rows(members), horizon) - risk[members].mean()
            for members in risk_groups(risk, groups)
        ]
        again = RiskModel.fit(
            SurvivalData(data.time, data.event, model.linear_predictor(data.x)[:, None])
        )
        return np.array([*errors, again.coef[0]])

    def correct(data: SurvivalData) -> tuple[Corrected, dict[str, object]]:
        risk = RiskModel.fit(data).risk_by(data.x, horizon)
        in_groups = risk_groups(risk, groups)
        predicted = np.array([risk[members].mean() for members in in_groups])
        n = [int(members.sum()) for members in in_groups]
        n_events = [int(data.event[members].sum()) for members in in_groups]
        found = correct_optimism(data, RiskModel.fit, evaluate, resampling)
        further = {
            Performance.PREDICTED: np.concatenate((predicted, [np.nan])),
            Result.MESSAGE: found.messages(f"follow-up of the group ends before {horizon:g}"),
            Performance.GROUP_N: [*n, np.nan],
            Performance.GROUP_EVENTS: [*n_events, np.nan],
        }
        moved = found.moved_by(np.concatenate((predicted, [0.0])))
        highest = np.append(np.ones(groups), np.inf)  # of a risk; the slope has no limits
        return moved.limited(np.append(np.zeros(groups), -np.inf), highest), further

    table = performance_table(
        prepared, labels, correct, model=COX_MODEL, confidence=resampling.confidence
    )
    return Results(table=table, row_flow=prepared.rows.row_flow, notes=(note(resampling),))


def risk_groups(risk: FloatArray, n_groups: int) -> list[NDArray[np.bool_]]:
    """Members of groups of equal size, from the lowest risks to the highest; ties stay together.

    Raises
    ------
    TooFewEventsError
        The risks have so many ties that a group is empty.

    Examples
    --------
    >>> [g.tolist() for g in risk_groups(np.array([0.3, 0.1, 0.2, 0.4]), 2)]
    [[False, True, True, False], [True, False, False, True]]
    """
    lower = np.searchsorted(np.sort(risk), risk, side="left")  # rank of the first of equal risks
    group = lower * n_groups // risk.size
    members = [group == g for g in range(n_groups)]
    if not all(m.any() for m in members):
        raise TooFewEventsError(
            f"Predicted risks do not make {n_groups} groups",
            f"They have {np.unique(risk).size:,} distinct values in {risk.size:,} rows",
            "Use fewer groups",
        )
    return members
