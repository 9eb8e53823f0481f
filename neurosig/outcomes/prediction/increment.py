"""What a signature adds to the covariates that are known already."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError
from neurosig.keys import Performance, Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.model_rows import TermLike, as_terms
from neurosig.outcomes.prediction.optimism import Corrected, Resampling, correct_optimism
from neurosig.outcomes.prediction.performance import COX_MODEL, SLOPE, Measures, note
from neurosig.outcomes.prediction.prediction_rows import (
    check_times,
    performance_table,
    prediction_rows,
)
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData
from neurosig.outcomes.results import Results, declare_family

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
LIKELIHOOD_RATIO = "likelihood ratio"
_DEFAULT = Resampling()


class Nested(NamedTuple):
    """The model of the covariates alone and the one with the score as well."""

    base: RiskModel
    full: RiskModel

    @classmethod
    def fit(cls, data: SurvivalData) -> "Nested":
        """Fit both on the same rows; the last column of the design is the score."""
        return cls(RiskModel.fit(data.columns(data.x.shape[1] - 1)), RiskModel.fit(data))


def added_value(
    cohort: "Cohort",
    *,
    base: Sequence[TermLike],
    times: float | Sequence[float],
    signatures: str | Sequence[str] = "all",
    resampling: Resampling = _DEFAULT,
    allow_loss: bool = False,
) -> Results:
    """What each signature adds to the covariates of `base`: a test, and changes without one.

        LR = 2 (l(base + score) - l(base)), chi-square with 1 degree of freedom if it adds nothing

    The likelihood-ratio test is the only test. The measures of `discrimination` have their change
    from the model of `base` alone to that with the score, on the same rows, with a bootstrap
    interval and no p-value: tests of a change in C between nested models keep to no level.

    Parameters
    ----------
    cohort, signatures, allow_loss
        As in `cox`.
    base
        Covariates that are known already, such as stage and age.
    times, resampling
        As in `discrimination`.

    Returns
    -------
    Results
        `table`: per signature the row of the likelihood-ratio test (`statistic`, `df`, `p_lr`, q
        over the signatures) and a row per measure and time: `estimate` is the change corrected for
        optimism, `apparent` the one seen; `base` and `full` are both models, corrected.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`; the endpoint names competing causes, which are no censoring.
    ParameterError
        `base` is empty, or a time lies outside the follow-up.

    References
    ----------
    Pepe MS et al. (2013) Stat Med 32:1467-1482, doi:10.1002/sim.5727; Demler OV et al. (2012) Stat
    Med 31:2577-2587, doi:10.1002/sim.5328.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> stage, score = rng.integers(1, 4, 120), rng.normal(size=120)
    >>> days = np.ceil(rng.exponential(900 * np.exp(-0.4 * stage - 0.8 * score)))
    >>> clinic = pd.DataFrame({"days": days, "dead": 1.0, "stage": stage})
    >>> clinic.loc[::4, "dead"] = 0.0
    >>> cohort = ns.Cohort.join(
    ...     pd.DataFrame({"NGF": score}), clinic, ns.Endpoint(time="days", event="dead")
    ... )
    >>> table = ns.added_value(cohort, base=["stage"], times=365).table
    >>> float(table["p_lr"][0]) < 0.001, bool(table["p_lr"][1:].isna().all())
    (True, True)
    """
    terms = as_terms(base, "base")
    if not terms:
        raise ParameterError(
            "base is empty",
            "What a signature adds is measured against covariates known already",
            'base=["stage", "age"]; for a signature alone use cox or discrimination',
        )
    check_option("resampling", resampling, Resampling)
    prepared = prediction_rows(cohort, signatures, terms, allow_loss=allow_loss)
    refuse_competing_causes(cohort, "Added value")
    measures = Measures(check_times(times, prepared))
    named = measures.labels[measures.labels[Performance.MEASURE] != SLOPE]  # 1 in both models
    m = len(named)

    def evaluate(models: Nested, data: SurvivalData) -> FloatArray:
        before = measures.of(models.base, data.columns(prepared.n_base))[named.index]
        after = measures.of(models.full, data)[named.index]
        return np.concatenate((after - before, before, after))

    def correct(data: SurvivalData) -> tuple[Corrected, dict[str, object]]:
        models = Nested.fit(data)
        all_values = correct_optimism(data, Nested.fit, evaluate, resampling)
        change, before, after = (all_values.part(slice(i * m, (i + 1) * m)) for i in range(3))
        test = _chi_square(models)
        empty = np.full(m, np.nan)
        further = {
            Performance.BASE: np.append(np.nan, before.value),
            Performance.FULL: np.append(np.nan, after.value),
            Result.STATISTIC: np.append(test[0], empty),
            Result.DF: np.append(1.0, empty),
            Result.P_LR: np.append(test[1], empty),
            Result.MESSAGE: ["", *change.messages()],
            Performance.N_RESAMPLES: pd.array([pd.NA, *change.n_resamples], dtype="Int64"),
        }
        return change.after_empty_row(), further

    head = pd.DataFrame({Performance.MEASURE: [LIKELIHOOD_RATIO], Performance.TIME: [np.nan]})
    labels = pd.concat([head, named], ignore_index=True)
    table = performance_table(
        prepared, labels, correct, model=COX_MODEL, confidence=resampling.confidence
    )
    table = _with_family(table, f"score rows of {cohort.name}, {prepared.endpoint}")
    notes = (note(resampling), "The likelihood-ratio test is the test; changes have no p-value")
    return Results(table=table, row_flow=prepared.rows.row_flow, notes=notes)


def _chi_square(models: Nested) -> tuple[float, float]:
    from scipy import special

    statistic = max(2 * (models.full.loglik - models.base.loglik), 0.0)
    return statistic, float(special.chdtrc(1, statistic))


def _with_family(table: pd.DataFrame, family: str) -> pd.DataFrame:
    """Give q-values over the likelihood-ratio tests, the table keeping its order of columns."""
    if Result.P_LR not in table.columns:  # no signature could be fitted
        return table
    order = list(table.columns)
    declared = declare_family(table, family, p_values=table[Result.P_LR])
    place = order.index(Result.P_LR) + 1
    return declared[[*order[:place], Result.Q_VALUE, Result.FAMILY, *order[place:]]]
