"""How well Cox models with a signature predict: discrimination and overall accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import Performance, Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.prediction.optimism import Corrected, Resampling, correct_optimism
from neurosig.outcomes.prediction.pair_concordance import pair_concordance
from neurosig.outcomes.prediction.prediction_rows import (
    check_times,
    performance_table,
    prediction_rows,
)
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData
from neurosig.outcomes.prediction.time_dependent import (
    brier_estimate,
    brier_scores,
    integrated,
    time_dependent_auc,
)
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
COX_MODEL = "Cox regression, Efron ties"
_DEFAULT = Resampling()
_GRID = 100

HARRELL, UNO, AUC, BRIER = "Harrell C", "Uno C", "AUC", "Brier"
SCALED_BRIER, IBS, R2, SLOPE = "scaled Brier", "IBS", "R2", "calibration slope"


@dataclass(frozen=True, eq=False)
class Measures:
    """Measures of a model's predictions at the horizons; `labels` names them in order."""

    horizons: FloatArray
    labels: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        last = float(self.horizons[-1])
        at = [(m, float(t)) for m in (AUC, BRIER, SCALED_BRIER) for t in self.horizons]
        rows = [(HARRELL, np.nan), (UNO, last), *at, (IBS, last), (R2, np.nan), (SLOPE, np.nan)]
        names = [Performance.MEASURE, Performance.TIME]
        object.__setattr__(self, "labels", pd.DataFrame(rows, columns=names))

    def of(self, model: RiskModel, data: SurvivalData) -> FloatArray:
        """Their values for a fitted model on these rows, in the order of the labels."""
        time, event = data.time, data.event
        last = float(self.horizons[-1])
        score = model.linear_predictor(data.x)
        harrell = pair_concordance(time, event, score).index
        uno = pair_concordance(time, event, score, kind="uno", tau=last).index
        auc = [time_dependent_auc(time, event, score, float(t)).value for t in self.horizons]
        grid = last * np.arange(1, _GRID + 1) / _GRID
        times = np.concatenate((self.horizons, grid))
        brier = brier_scores(time, event, model.risk(data.x, times), times)
        at, along = brier[: self.horizons.size], brier[self.horizons.size :]
        nobody = SurvivalData(time, event, data.x[:, :0])
        null = RiskModel.fit(nobody).risk(nobody.x, self.horizons)
        null_brier = brier_scores(time, event, null, self.horizons)
        again = RiskModel.fit(SurvivalData(time, event, score[:, None]))
        r2 = _nagelkerke(again, time.size)
        ibs = integrated(along, grid)
        return np.array(
            [harrell, uno, *auc, *at, *(1 - at / null_brier), ibs, r2, float(again.coef[0])]
        )

    def std_errors(self, model: RiskModel, data: SurvivalData) -> FloatArray:
        """Standard errors of the values, the model taken as given; NaN for those without."""
        time, event = data.time, data.event
        last = float(self.horizons[-1])
        score = model.linear_predictor(data.x)
        risk = model.risk(data.x, self.horizons)
        harrell = pair_concordance(time, event, score).std_error
        uno = pair_concordance(time, event, score, kind="uno", tau=last).std_error
        auc = [time_dependent_auc(time, event, score, t).std_error for t in self.horizons.tolist()]
        brier = [
            brier_estimate(time, event, risk[:, m], t).std_error
            for m, t in enumerate(self.horizons.tolist())
        ]
        n_without = len(self.labels) - 2 - len(auc) - len(brier)
        return np.array([harrell, uno, *auc, *brier, *[np.nan] * n_without])


def _nagelkerke(model: RiskModel, n: int) -> float:
    """R2 = (1 - exp(-LR / n)) / (1 - exp(2 l0 / n)): 1 for the largest likelihood there is."""
    explained = -np.expm1(-2 * (model.loglik - model.loglik_null) / n)
    return float(explained / -np.expm1(2 * model.loglik_null / n))


def discrimination(
    cohort: "Cohort",
    *,
    times: float | Sequence[float],
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    resampling: Resampling = _DEFAULT,
    allow_loss: bool = False,
) -> Results:
    """How well a Cox model with each signature predicts, apparent and corrected for optimism.

    One model per signature: its score and the covariates of `adjust` (Efron ties). Measures

    - Harrell C; Uno C up to the last time: share of pairs in the right order (0.5: chance)
    - AUC: a patient with the event by t against one without
    - Brier: mean squared error of the risk by t (0: perfect); scaled Brier: 1 - Brier over that of
      the Kaplan-Meier risk (0: no better); IBS: mean Brier from 0 to the last time, on 100 steps
    - R2: Nagelkerke's; calibration slope: the coefficient of the linear predictor (1 apparent,
      below 1: predictions too extreme)

    AUC and Brier are weighted by the inverse probability of not being censored.

    Parameters
    ----------
    cohort, signatures, adjust, allow_loss
        As in `cox`.
    times
        Horizons, in the unit of the endpoint, within the follow-up.
    resampling
        Number of bootstrap samples, seed, coverage of the intervals.

    Returns
    -------
    Results
        `table`: a row per signature, measure and time. `estimate` is corrected for optimism, with
        a bootstrap interval (none for the slope, which is 1 in every sample it was fitted to);
        `apparent` is the value on the data the model was fitted to, and `std_error` its standard
        error where the model is taken as given, as R's survival, timeROC and riskRegression do.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`; the endpoint names competing causes, which are no censoring.
    ParameterError
        A time lies outside the follow-up.

    References
    ----------
    Steyerberg EW et al. (2010) Epidemiology 21:128-138, doi:10.1097/EDE.0b013e3181c30fb2; Harrell
    FE et al. (1996) Stat Med 15:361-387.

    Examples
    --------
    >>> import neurosig as ns
    >>> drug = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> clinic = pd.DataFrame({"t": drug + placebo, "e": list("111010100110001100000" + "1" * 21)})
    >>> scores = pd.DataFrame({"placebo": [0] * 21 + [1] * 21})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e", unit="weeks"))
    >>> table = ns.discrimination(cohort, times=10).table.set_index("measure")
    >>> round(float(table.loc["Harrell C", "apparent"]), 3)  # R survival: 0.690
    0.69
    """
    check_option("resampling", resampling, Resampling)
    prepared = prediction_rows(cohort, signatures, adjust, allow_loss=allow_loss)
    refuse_competing_causes(cohort, "Discrimination (its AUC and Brier score)")
    measures = Measures(check_times(times, prepared))

    def correct(data: SurvivalData) -> tuple[Corrected, dict[str, FloatArray]]:
        found = correct_optimism(data, RiskModel.fit, measures.of, resampling)
        return found, {Result.STD_ERROR: measures.std_errors(RiskModel.fit(data), data)}

    table = performance_table(
        prepared, measures.labels, correct, model=COX_MODEL, confidence=resampling.confidence
    )
    return Results(table=table, row_flow=prepared.rows.row_flow, notes=(note(resampling),))


def note(resampling: Resampling) -> str:
    """What `estimate`, `apparent` and the interval are, for the notes of a table."""
    return (
        "Estimates are apparent values less their optimism over "
        f"{resampling.n_resamples:,} bootstrap samples (seed {resampling.seed})"
    )
