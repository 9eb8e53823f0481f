"""Correlations of scores with clinical numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.arguments import name_list
from neurosig.outcomes.lost_rows import NO_SCORE, explained
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    ModelRows,
    TermLike,
    check_covariates,
    check_scale,
    joined_flow,
    model_rows,
)
from neurosig.outcomes.regression.correlation import (
    FEWEST,
    RankCorrelation,
    kendall,
    pearson,
    spearman,
)
from neurosig.outcomes.regression.outcome_column import finite_numbers
from neurosig.outcomes.regression.repeated_rows import refuse_repeats
from neurosig.outcomes.regression.words import warn_of_unknown
from neurosig.outcomes.results import Results, declare_family, ordered
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
Correlation = Literal["spearman", "pearson", "kendall"]
TOO_FEW_ROWS = "too_few_rows"
_NAMES = {"spearman": "Spearman's rho", "pearson": "Pearson's r", "kendall": "Kendall's tau"}


def correlate(
    cohort: "Cohort",
    *,
    with_: str | Sequence[str],
    given: Sequence[TermLike] = (),
    method: Correlation = "spearman",
    signatures: str | Sequence[str] = "all",
    confidence: float = 0.95,
    allow_repeats: bool = False,
    allow_loss: bool = False,
) -> Results:
    """Correlation of each signature's score with numbers, plain or given covariates.

    A partial correlation is that of what is left of both, or of their ranks, after least squares
    on the covariates, or on the ranks of these; `neurosig.outcomes.regression.correlation` has the
    formulas. Kendall's tau has no partial form here.

    Parameters
    ----------
    cohort, signatures, confidence, allow_loss
        As in `cox`; an endpoint is not needed.
    with_
        Numeric columns of the clinical table, or other scores; of two scores that are both named on
        both sides there is one row, and none of a score with itself.
    given
        Covariates to hold constant, as `adjust` of `cox`; categories as columns of 0 and 1.
    method
        Of ranks (Spearman, Kendall), or of the values (Pearson).
    allow_repeats
        Take rows of one donor or patient for independent ones.

    Returns
    -------
    Results
        `table`: a row per signature and column (`endpoint`). `estimate` and `effect` are the
        correlation with its interval (Bonett and Wright's for Spearman, Fisher's for Pearson,
        Fieller's for Kendall), `p_value` that of R's cor.test (exact = FALSE), `q_value` over all
        rows of the call. What has none has a status: no_score, constant, collinear (nothing is
        left given the covariates), too_few_rows.

    Raises
    ------
    ClinicalError
        A column does not exist, holds no numbers or infinite ones; a covariate is constant or
        collinear, or costs more than half of the rows without `allow_loss`; rows share a donor or
        patient.
    ParameterError, UnknownSignatureError, EndpointError
        An option has a value that is not allowed; no such score; patients in several rows.

    Warns
    -----
    ClinicalWarning
        More than 5 % of the rows without the column, or lost to covariates.

    Examples
    --------
    The example of `ci.spear` in R's statpsych (Bonett): 0.8700 [0.5841, 0.9638].

    >>> from neurosig.outcomes.clinic.cohort import Cohort
    >>> pain = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
    >>> ngf = [67.0, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]
    >>> cohort = Cohort.join(pd.DataFrame({"NGF": ngf}), pd.DataFrame({"pain": pain}))
    >>> table = correlate(cohort, with_="pain").table
    >>> table[["estimate", "ci_low", "ci_high"]].round(4).values.tolist()
    [[0.87, 0.5841, 0.9638]]
    """
    check_scale("none", confidence)
    columns = _checked(with_, given, method)
    refuse_repeats(cohort, "A correlation", allow_repeats=allow_repeats)
    tables, flows = [], [cohort.join_flow]
    for column in columns:
        values = finite_numbers(cohort, column)
        known = np.isfinite(values)
        warn_of_unknown(column, known)
        lost = cohort.data.index[~known]
        step = FlowStep.losing(f"{column} known", known.size, lost, f"no {column}")
        rows = model_rows(
            cohort,
            known,
            flow_table([step]),
            outcome=[column],
            signatures=signatures,
            adjust=given,
            allow_loss=allow_loss,
        )
        check_covariates(rows)
        flows.append(rows.row_flow)
        of_column = _table(rows, values[rows.rows], method, confidence)
        of_column[Result.ENDPOINT] = column
        tables.append(explained(of_column, rows.withheld))
    table = pd.concat(tables, ignore_index=True)
    table[Result.COHORT], table[Result.TERM] = cohort.name, SCORE_TERM
    table[Result.CI_LEVEL] = confidence
    table = ordered(_each_pair_once(table))
    family = f"score rows of {cohort.name}, {', '.join(columns)}"
    return Results(table=declare_family(table, family), row_flow=joined_flow(flows))


def _each_pair_once(table: pd.DataFrame) -> pd.DataFrame:
    """The table without a score and itself, and without the second row of two scores."""
    both = table[[Result.SIGNATURE, Result.ENDPOINT]]
    pairs = [frozenset(pair) for pair in both.itertuples(index=False)]
    is_first = ~pd.Series(pairs).duplicated().to_numpy()
    kept: pd.DataFrame = table[is_first & np.array([len(pair) == 2 for pair in pairs])]
    if kept.empty:
        raise ParameterError(
            "A score is not correlated with itself",
            f"Scores and columns: {examples(both[Result.SIGNATURE].unique())}",
            "Name another column in with_, or other signatures",
        )
    return kept.reset_index(drop=True)


def _checked(with_: str | Sequence[str], given: Sequence[TermLike], method: str) -> tuple[str, ...]:
    if method not in get_args(Correlation):
        raise ParameterError(
            f"method cannot be {method!r}",
            f"Allowed: {', '.join(get_args(Correlation))}",
            "The default is 'spearman'",
        )
    if method == "kendall" and given:
        raise ParameterError(
            "Kendall's tau has no partial form here",
            f"given is {given!r}",
            'Use method="spearman", or leave given out',
        )
    columns = name_list("with_", with_)
    if not columns or len(set(columns)) < len(columns):
        raise ParameterError(
            "with_ names no column" if not columns else "with_ names a column twice",
            f"It is {with_!r}",
            "Name each numeric column once",
        )
    return columns


def _table(
    rows: ModelRows, values: FloatArray, method: Correlation, confidence: float
) -> pd.DataFrame:
    """One row per signature, for one column."""
    name = _NAMES[method]
    records = []
    for s, signature in enumerate(rows.signatures):
        score = rows.scores[:, s]
        found = _correlation(score, values, rows.covariates, method, confidence)
        status, message = _status(score, values, found, len(rows.names))
        records.append(
            {
                Result.SIGNATURE: signature,
                Result.ESTIMATE: found.rho,
                Result.CI_LOW: found.ci_low,
                Result.CI_HIGH: found.ci_high,
                Result.P_VALUE: found.p_value,
                Result.EFFECT: found.rho,
                Result.EFFECT_LOW: found.ci_low,
                Result.EFFECT_HIGH: found.ci_high,
                Result.EFFECT_SCALE: name,
                Result.N: found.n,
                Result.ADJUSTED_FOR: ", ".join(rows.adjusted_for),
                Result.MODEL: f"partial correlation, {name}" if rows.names else f"{name}",
                Result.STATUS: status,
                Result.MESSAGE: message,
            }
        )
    return pd.DataFrame(records)


def _correlation(
    score: FloatArray,
    values: FloatArray,
    covariates: FloatArray,
    method: Correlation,
    confidence: float,
) -> RankCorrelation:
    if method == "kendall":
        return kendall(score, values, confidence=confidence)
    function = spearman if method == "spearman" else pearson
    return function(score, values, covariates, confidence=confidence)


def _status(
    score: FloatArray, values: FloatArray, found: RankCorrelation, n_given: int
) -> tuple[str, str]:
    if not values.size:
        return TOO_FEW_ROWS, "the column has no value on any row used"
    if not found.n:
        return NO_SCORE, ""
    if found.n < FEWEST + n_given:
        return TOO_FEW_ROWS, f"{found.n} rows; at least {FEWEST + n_given} are needed"
    if np.isfinite(found.rho):
        return OK, ""
    here = np.isfinite(score)
    if np.ptp(score[here]) == 0:
        return CONSTANT, "the score is the same on all rows used"
    if np.ptp(values[here]) == 0:
        return CONSTANT, "the column is the same on all rows with a score"
    return COLLINEAR, "the score or the column is determined by the covariates"
