"""Concordance of scores, as they are, with an endpoint."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import FitError, ParameterError
from neurosig.keys import OK, SCORE_TERM, Performance, Result
from neurosig.outcomes.arguments import check_choice, is_number, shown
from neurosig.outcomes.lost_rows import NO_SCORE, why_no_score
from neurosig.outcomes.model_rows import TOO_FEW_EVENTS, check_scale
from neurosig.outcomes.prediction.pair_concordance import Kind, PairConcordance, pair_concordance
from neurosig.outcomes.prediction.performance import HARRELL, UNO
from neurosig.outcomes.prediction.prediction_rows import in_front, prediction_rows
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
CONCORDANCE_NAMES = {"harrell": HARRELL, "uno": UNO}


def concordance(
    cohort: "Cohort",
    *,
    signatures: str | Sequence[str] = "all",
    strata: Sequence[str] = (),
    kind: Kind = "harrell",
    tau: float | None = None,
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Concordance index of each score as it is: nothing is fitted, so nothing is optimistic.

        C = share of comparable pairs in which the higher score has the earlier event

    0.5: chance; below it, a high score goes with late events. Ties in the score count one half.
    Harrell's index depends on the censoring, Uno's (weights 1 / G(T-)^2) does not. The standard
    error is the infinitesimal jackknife of R's survival, the interval is on the logit scale.

    Parameters
    ----------
    cohort, signatures, allow_loss
        As in `cox`.
    strata
        Columns within whose levels patients are compared; each level has its own censoring.
    kind, tau
        "harrell" or "uno"; only events up to tau count, which keeps Uno's weights small.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Results
        `table`: a row per signature, `estimate` is C.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`.
    ParameterError
        kind, tau or confidence has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        More than 5 % of the rows without a score or stratum.

    References
    ----------
    Harrell FE et al. (1996) Stat Med 15:361-387; Uno H et al. (2011) Stat Med 30:1105-1117,
    doi:10.1002/sim.4154.

    Examples
    --------
    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"days": [1, 2, 3, 4], "dead": [1, 0, 1, 0]})
    >>> scores = pd.DataFrame({"NGF": [2.0, 9.0, 1.0, 1.0]})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="days", event="dead"))
    >>> float(ns.concordance(cohort).table["estimate"][0])  # 2.5 of 4 pairs
    0.625
    """
    check_concordance(kind, tau, confidence)
    prepared = prediction_rows(cohort, signatures, (), strata=strata, allow_loss=allow_loss)
    rows = []
    for s, signature in enumerate(prepared.rows.signatures):
        score = prepared.rows.scores[:, s]
        known = np.isfinite(score)
        row = _row(signature, known, prepared.event)
        codes = prepared.rows.strata
        try:
            found = pair_concordance(
                prepared.time[known],
                prepared.event[known],
                score[known],
                kind=kind,
                tau=tau,
                strata=None if codes is None else codes[known],
            )
        except FitError as error:
            row[Result.STATUS] = TOO_FEW_EVENTS if known.any() else NO_SCORE
            row[Result.MESSAGE] = (
                f"{error.what}: {error.evidence}"
                if known.any()
                else why_no_score(signature, prepared.rows.withheld)
            )
        else:
            row |= index_numbers(found, confidence)
        rows.append(row)
    of = f", within {', '.join(prepared.rows.stratified_by)}" if prepared.rows.stratified_by else ""
    shared = {
        Result.COHORT: cohort.name,
        Result.ENDPOINT: prepared.endpoint,
        Result.TERM: SCORE_TERM,
        Performance.MEASURE: CONCORDANCE_NAMES[kind],
        Performance.TIME: np.nan if tau is None else tau,
        Result.CI_LEVEL: confidence,
        Result.ADJUSTED_FOR: "",
        Result.MODEL: f"score as it is{of}",
    }
    table = pd.DataFrame([{**shared, **row} for row in rows])
    return Results(table=in_front(table), row_flow=prepared.rows.row_flow)


def _row(signature: str, known: NDArray[np.bool_], event: FloatArray) -> dict[str, object]:
    missing = (Result.ESTIMATE, Result.STD_ERROR, Result.CI_LOW, Result.CI_HIGH)
    return {
        Result.SIGNATURE: signature,
        **dict.fromkeys(missing, np.nan),
        Result.N: int(known.sum()),
        Result.N_EVENTS: int(event[known].sum()),
        Result.STATUS: OK,
        Result.MESSAGE: "",
    }


def index_numbers(found: PairConcordance, confidence: float) -> dict[str, object]:
    """An index with its standard error and the interval on the logit scale, none at 0 and 1."""
    from scipy import special

    c, se = found.index, found.std_error
    low = high = np.nan
    if 0 < c < 1:
        half = float(special.ndtri(0.5 + confidence / 2)) * se / (c * (1 - c))
        low, high = (float(special.expit(special.logit(c) + h)) for h in (-half, half))
    return {
        Result.ESTIMATE: c,
        Result.STD_ERROR: se,
        Result.CI_LOW: low,
        Result.CI_HIGH: high,
    }


def check_concordance(kind: str, tau: float | None, confidence: float) -> None:
    """Refuse an unknown kind of index, a tau that is not positive and an impossible level."""
    check_scale("none", confidence)
    check_choice("kind", kind, CONCORDANCE_NAMES, "harrell")
    if tau is not None and not (is_number(tau) and tau > 0):
        raise ParameterError(
            f"tau cannot be {shown(tau)}",
            "Only events up to it count",
            "Give a time within follow-up",
        )
