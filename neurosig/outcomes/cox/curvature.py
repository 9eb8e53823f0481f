"""Whether a score's effect on the log hazard is a straight line."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, SmallSampleWarning, examples
from neurosig.kernels.cox import CONVERGED
from neurosig.keys import OK, Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clinic.intervals import of_patients
from neurosig.outcomes.clusters import NO_JACKKNIFE, warn_without_jackknife
from neurosig.outcomes.cox.batch import MIN_EVENTS, CoxTask
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import check_events, cox_task
from neurosig.outcomes.cox.words import model_text
from neurosig.outcomes.lost_rows import NO_SCORE, explained
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    SEPARATION,
    TOO_FEW_EVENTS,
    SharedRows,
    TermLike,
    check_covariates,
)
from neurosig.outcomes.results import Results, benjamini_hochberg, ordered
from neurosig.outcomes.splines import FEWEST_KNOTS, MOST_KNOTS, default_knots, spline_basis

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

NONLINEAR = "nonlinear"
OVERALL = "overall"
FEW_VALUES = "few_values"

_EFRON = CoxModel()


@dataclass(frozen=True, eq=False)
class _Tests:
    """Wald's statistics, with the degrees of freedom of their errors, and likelihood ratios' p."""

    n: int
    n_events: int
    chi2: tuple[float, float] = (np.nan, np.nan)
    df_of_errors: float = np.inf
    p_lr: tuple[float, float] = (np.nan, np.nan)
    status: str = OK
    message: str = ""


def nonlinearity(
    cohort: "Cohort",
    *,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    knots: int = 4,
    model: CoxModel = _EFRON,
    allow_loss: bool = False,
) -> Results:
    """Test each score's restricted cubic spline in a Cox model against a straight line.

        log hazard ratio = beta_1 x + beta_2 s_1(x) + .. + beta_{k-1} s_{k-2}(x) + gamma' z

    The row "nonlinear" tests beta_2 = .. = 0, with k - 2 degrees of freedom, the row "overall" all
    of them, which is a test of association that needs no straight line.

    Parameters
    ----------
    cohort, signatures, adjust, strata, model, allow_loss
        As in `cox`; a ridge and Firth's penalty have no such test.
    knots
        3 to 7, at Harrell's quantiles of the score (of patients in several rows, of their means
        over time).

    Returns
    -------
    Results
        `table`: two rows per signature: statistic and p_value of Wald's test (with robust errors
        where the model asks for them; by jackknife, statistic / df is an F with one denominator
        degree of freedom fewer than clusters), p_lr of the likelihood-ratio test, q_value over the
        signatures for each of the two terms.

    Raises
    ------
    ParameterError
        knots is not 3 to 7, or the model has a penalty.
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`.

    References
    ----------
    Harrell FE (2015) Regression Modeling Strategies, section 2.4, doi:10.1007/978-3-319-19425-7.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> clinic = pd.DataFrame({"t": rng.exponential(np.exp(-x**2)) * 900 + 1, "e": [1, 1, 0] * 100})
    >>> scores = pd.DataFrame({"NGF": x})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e"))
    >>> table = nonlinearity(cohort).table
    >>> table["term"].tolist(), (table["p_value"] < 1e-6).tolist()  # the hazard grows with x^2
    (['nonlinear', 'overall'], [True, True])
    """
    check_option("model", model, CoxModel)
    is_allowed = isinstance(knots, int) and FEWEST_KNOTS <= knots <= MOST_KNOTS
    if not is_allowed or model.penalty is not None or model.firth is True:
        raise ParameterError(
            "A test of non-linearity needs 3 to 7 knots and a model without penalty",
            f"knots={knots!r}, penalty={model.penalty!r}, firth={model.firth!r}",
            "The default is knots=4 and CoxModel()",
        )
    task = cox_task(
        cohort,
        signatures=signatures,
        adjust=adjust,
        strata=strata,
        interactions=(),
        scale="sd",
        model=model,
        allow_loss=allow_loss,
    )
    check_events(cohort.name, task.event, n_params=knots - 1 + len(task.rows.names))
    check_covariates(task.rows)
    tests = [_test(task, s, knots) for s in range(len(task.rows.signatures))]
    warn_without_jackknife(
        [
            name
            for name, test in zip(task.rows.signatures, tests, strict=True)
            if test.message == NO_JACKKNIFE
        ]
    )
    table = _table(task, cohort.name, knots, tests)
    separated = table[table[Result.STATUS] == SEPARATION]
    if len(separated):
        warnings.warn(
            SmallSampleWarning(
                "Splines have no test where a term separates the events",
                f"{examples(separated[Result.SIGNATURE].unique())}: "
                f"{separated[Result.MESSAGE].iloc[0]}",
                "Join rare levels, or leave the term out",
            ),
            stacklevel=2,
        )
    return Results(table=table, row_flow=task.rows.row_flow)


def _test(task: CoxTask, s: int, knots: int) -> _Tests:
    from scipy import special

    known = np.isfinite(task.rows.scores[:, s])
    data = task.data(SharedRows(np.array([s]), known))
    n = data.time.size if data.patients is None else data.patients.n
    counts = _Tests(n, int(data.event.sum()))
    n_bends = knots - 2
    if not known.any():
        return replace(counts, status=NO_SCORE)
    if counts.n_events <= max(MIN_EVENTS, n_bends + 1 + len(task.rows.names)):
        return replace(
            counts, status=TOO_FEW_EVENTS, message=f"{counts.n_events} events for {knots} knots"
        )
    score = data.scores[:, 0]
    try:
        values = of_patients(data.scores, data.patients)[:, 0]
        basis = spline_basis(score, default_knots(values, knots))
    except ClinicalError as error:
        return replace(counts, status=FEW_VALUES, message=f"{error.what}; {error.evidence}")
    bent = replace(data, covariates=np.column_stack([basis[:, 1:], data.covariates]))
    curve, line = bent.fit(), data.fit()
    if curve.code[0] != CONVERGED or curve.infinite.any() or line.code[0] != CONVERGED:
        separating = [
            name
            for name, is_so in zip(task.rows.names, curve.infinite[0, 1 + n_bends :], strict=True)
            if is_so
        ]
        message = "the spline has no finite maximum"
        if separating:
            message = f"no finite estimate of {', '.join(separating)}, which separates the events"
        status = SEPARATION if curve.infinite.any() else NOT_CONVERGED
        return replace(counts, status=status, message=message)
    errors = task.error_kind(known).of(bent, curve)
    variance = errors.variance[0]
    chi2 = tuple(
        float(b @ np.linalg.solve(variance[at, at], b))
        for at in (slice(1, n_bends + 1), slice(0, n_bends + 1))
        for b in (curve.coef[0, at],)
    )
    without = curve.loglik_null[0]
    if data.covariates.shape[1]:
        others = replace(data, scores=data.covariates[:, :1], covariates=data.covariates[:, 1:])
        without = others.fit().loglik[0]
    drops = 2 * (curve.loglik[0] - np.array([line.loglik[0], without]))
    p_lr = special.chdtrc([n_bends, n_bends + 1], np.maximum(drops, 0.0))
    lr = (float(p_lr[0]), float(p_lr[1])) if not task.is_robust else counts.p_lr
    return replace(
        counts,
        chi2=(chi2[0], chi2[1]),
        df_of_errors=float(errors.df[0]),
        p_lr=lr,
        message=NO_JACKKNIFE if errors.undefined[0] else "",
    )


def _table(task: CoxTask, cohort: str, knots: int, tests: Sequence[_Tests]) -> pd.DataFrame:
    from scipy import special

    parts = []
    df_of_errors = np.array([test.df_of_errors for test in tests])
    for place, (term, df) in enumerate(((NONLINEAR, knots - 2), (OVERALL, knots - 1))):
        chi2 = np.array([test.chi2[place] for test in tests])
        p_value = np.where(
            np.isinf(df_of_errors),
            special.chdtrc(df, chi2),
            special.fdtrc(df, df_of_errors, chi2 / df),
        )
        n_tested = int(np.isfinite(p_value).sum())
        n_params = knots - 1 + len(task.rows.names)
        part = pd.DataFrame(
            {
                Result.COHORT: cohort,
                Result.ENDPOINT: task.endpoint,
                Result.SIGNATURE: task.rows.signatures,
                Result.TERM: term,
                Result.STATISTIC: chi2,
                Result.DF: df,
                Result.P_VALUE: p_value,
                Result.Q_VALUE: benjamini_hochberg(p_value),
                Result.FAMILY: f"{n_tested} {term} rows of {cohort}, {task.endpoint}",
                Result.N: [test.n for test in tests],
                Result.N_EVENTS: [test.n_events for test in tests],
                Result.N_PARAMS: n_params,
                Result.EVENTS_PER_PARAM: [test.n_events / n_params for test in tests],
                Result.ADJUSTED_FOR: ", ".join(task.rows.adjusted_for),
                Result.MODEL: f"{model_text(task)}, spline with {knots} knots",
                Result.STATUS: [test.status for test in tests],
                Result.MESSAGE: [test.message for test in tests],
            }
        )
        if not task.is_robust:
            part[Result.P_LR] = [test.p_lr[place] for test in tests]
        parts.append(part)
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return ordered(explained(table, task.rows.withheld))
