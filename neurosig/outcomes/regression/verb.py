"""Logistic and linear regression of a clinical variable on signature scores."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    FitError,
    ParameterError,
    SmallSampleWarning,
    TooFewEventsError,
    count,
    examples,
)
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clinic.clean import find_column, matching, numbers_of, texts_of
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    NO_SCORE,
    NOT_CONVERGED,
    SEPARATION,
    TOO_FEW_EVENTS,
    WARN_LOSS,
    ModelRows,
    Scale,
    TermLike,
    check_covariates,
    check_scale,
    effect_scales,
    joined_flow,
    model_rows,
    spread,
    warn_of_few_events,
)
from neurosig.outcomes.results import ModelText, Results, TermFits, declare_family, tidy
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
Kind = Literal["logistic", "linear"]


class _Fit(NamedTuple):
    """One signature's fit: k coefficients without the intercept."""

    estimate: FloatArray
    std_error: FloatArray
    p_lr: float = float("nan")
    status: str = OK
    message: str = ""


def regress(
    cohort: "Cohort | Imputed",
    *,
    outcome: str,
    kind: Kind = "logistic",
    positive: str | float | None = None,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    scale: Scale = "sd",
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Effect of each signature's score on a clinical variable, one model per signature.

        logistic   log odds(outcome = positive) = a + beta x + gamma' z
        linear     outcome = a + beta x + gamma' z + e

    x: the score over its standard deviation (n - 1) on the rows of the fit, or as it is with
    scale="none"; z: the columns of `adjust`. Before a logistic fit a linear programme looks for
    separation: such a signature has the status "separation" and no Wald test.

    Parameters
    ----------
    cohort, signatures, adjust, scale, confidence, allow_loss
        As in `cox`, imputations too (`impute(outcome=...)`); an endpoint is not needed.
    outcome, kind, positive
        The clinical column, its model, and for a logistic one the level that counts as 1.

    Returns
    -------
    Results
        `table`: a row per signature and term. `effect` is the odds ratio or, if linear, the
        difference; `p_value` is Wald's (normal, or t with `df` residual degrees of freedom) and
        `p_lr` (logistic) of the likelihood-ratio test that drops the score. `n_events` counts the
        positive level, `events_per_param` uses the rarer. What cannot be fitted has a
        status as in `cox`.

    Raises
    ------
    ClinicalError
        The outcome is missing, constant, not a number (linear) or has other than two levels
        (logistic); `positive` is not one of them; a covariate is constant or collinear.
    TooFewEventsError, FitError
        Too few rows: of the rarer level (logistic), of all (linear).
    ParameterError, UnknownSignatureError, EndpointError
        An option has a value that is not allowed; no such score; patients in several rows.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 rows of the rarer level per parameter, or separation.
    ClinicalWarning
        More than 5 % of the rows without the outcome, or lost to covariates.

    References
    ----------
    Separation: Konis K (2007) DPhil thesis, University of Oxford, chapter 4.

    Examples
    --------
    >>> from neurosig.outcomes.clinic.cohort import Cohort
    >>> clinical = pd.DataFrame({"invasion": list("y" * 15 + "n" * 5 + "y" * 5 + "n" * 15)})
    >>> cohort = Cohort.join(pd.DataFrame({"NGF": [1] * 20 + [0] * 20}), clinical)
    >>> table = regress(cohort, outcome="invasion", positive="y", scale="none").table
    >>> table[["effect", "std_error"]].round(4).values.tolist()  # 15 * 15 / (5 * 5), sqrt(8 / 15)
    [[9.0, 0.7303]]
    """
    if isinstance(cohort, Imputed):
        return cohort.pooled(regress, locals(), "rows")
    check_scale(scale, confidence)
    if kind not in get_args(Kind):
        raise ParameterError(
            f"kind cannot be {kind!r}", f"Allowed: {', '.join(get_args(Kind))}", "'logistic'"
        )
    if kind == "linear" and positive is not None:
        raise ParameterError(
            "A linear model has no positive level",
            f"positive is {positive!r}",
            'Remove it, or use kind="logistic"',
        )
    refuse_intervals(cohort, "A regression of a clinical variable")
    values = (
        _binary(cohort, outcome, positive)
        if kind == "logistic"
        else numbers_of(find_column(cohort.data, outcome))
    )
    known = np.isfinite(values)
    _warn_of_unknown(outcome, known)
    lost = cohort.data.index[~known]
    step = FlowStep.losing(f"{outcome} known", known.size, lost, f"no {outcome}")
    flow = joined_flow([cohort.join_flow, flow_table([step])])
    rows = model_rows(
        cohort, known, flow, signatures=signatures, adjust=adjust, allow_loss=allow_loss
    )
    y = values[rows.rows]
    _check_size(outcome, y, rows, kind)
    check_covariates(rows)
    label = f"{outcome} = {positive}" if kind == "logistic" else outcome
    text = ModelText(
        cohort=cohort.name,
        endpoint=label,
        model="logistic regression" if kind == "logistic" else "linear regression",
        adjusted_for=", ".join(rows.adjusted_for),
        effect_scales=effect_scales(rows, "OR" if kind == "logistic" else "difference", scale),
        confidence=confidence,
        is_ratio=kind == "logistic",
    )
    table = tidy(_fit_all(y, rows, kind, scale), text)
    table = declare_family(table, f"score rows of {cohort.name}, {label}")
    if kind == "logistic":
        _warn(table)
    unit = (
        "Scores are divided by their standard deviation (n - 1) over the rows of each fit"
        if scale == "sd"
        else "Scores are used as they are"
    )
    return Results(table=table, row_flow=rows.row_flow, notes=(unit,))


def _warn_of_unknown(outcome: str, known: NDArray[np.bool_]) -> None:
    n_lost = int((~known).sum())
    if n_lost > WARN_LOSS * known.size:
        warnings.warn(
            ClinicalWarning(
                f"{n_lost:,} of {count(known.size, 'row')} have no {outcome!r} and are left out",
                f"{n_lost / known.size:.0%}; the row flow counts them",
                "Ask why it was not recorded: the rows left may differ from those lost",
            ),
            stacklevel=3,
        )


def is_separated(y: FloatArray, design: FloatArray) -> bool:
    """Whether some direction of the design predicts a 0/1 outcome without error or up to ties.

    design: (n, k) with the intercept, of full rank. The linear programme maximises
    sum_i s_i x_i' b over -1 <= b <= 1 with every s_i x_i' b >= 0, s = 2 y - 1: its maximum is 0
    exactly when the maximum-likelihood estimate is finite (Konis 2007).

    >>> x = np.column_stack([np.ones(4), [1.0, 2, 3, 4]])
    >>> is_separated(np.array([0.0, 0, 1, 1]), x), is_separated(np.array([0.0, 1, 0, 1]), x)
    (True, False)
    """
    from scipy.optimize import linprog

    signed = design * (2 * y - 1)[:, None]
    solution = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1, 1), method="highs"
    )
    return bool(solution.fun is not None and solution.fun < -1e-7)


def _binary(cohort: "Cohort", outcome: str, positive: str | float | None) -> FloatArray:
    """The outcome as 1 (positive), 0 and NaN."""
    cells = texts_of(find_column(cohort.data, outcome))
    counts = pd.Series([cell for cell in cells if cell is not None], dtype=object).value_counts()
    levels = ", ".join(f"{level!r} ({n})" for level, n in counts.head(10).items()) or "none"
    evidence = f"Its levels: {levels}" + (" and more" if len(counts) > 10 else "")
    if len(counts) != 2:
        raise ClinicalError(
            f"A logistic model needs an outcome with two levels; {outcome!r} has {len(counts)}",
            evidence,
            'Use cohort.where(...) to keep two levels, or kind="linear" for a number',
            levels=dict(counts),
        )
    if positive is None:
        raise ClinicalError(
            f"It is not said which level of {outcome!r} is the positive one",
            evidence,
            f"Say it, as in positive={counts.index[-1]!r}",
            levels=dict(counts),
        )
    hits = matching(cells, positive)
    missing = np.array([cell is None for cell in cells], dtype=np.bool_)
    if not hits.any() or hits[~missing].all():
        raise ClinicalError(
            f"{positive!r} is not one level of {outcome!r}",
            evidence,
            f"Say one of them, as in positive={counts.index[-1]!r}",
            levels=dict(counts),
        )
    return np.where(missing, np.nan, hits.astype(np.float64))


def _check_size(outcome: str, y: FloatArray, rows: ModelRows, kind: Kind) -> None:
    n_params = 1 + len(rows.names)
    if kind == "linear":
        if y.size <= n_params + 1:
            raise FitError(
                f"There are too few rows for a linear model of {outcome!r}",
                f"{count(y.size, 'row')} for {n_params} parameters and the intercept",
                "Adjust for fewer covariates",
                n=y.size,
                n_params=n_params,
            )
        if np.ptp(y) == 0:
            raise ClinicalError(
                f"The outcome {outcome!r} is constant on the rows used",
                f"All {count(y.size, 'row')} have {y[0]:g}",
                "Choose another outcome",
            )
        return
    n_events = int(min(y.sum(), y.size - y.sum()))
    if n_events <= n_params:
        raise TooFewEventsError(
            f"The rarer level of {outcome!r} has too few rows for this model",
            f"{count(n_events, 'row')} of {y.size} for {count(n_params, 'parameter')}",
            "Adjust for fewer covariates or choose another outcome",
            n_events=n_events,
            n_params=n_params,
        )


def _fit_all(y: FloatArray, rows: ModelRows, kind: Kind, scale: Scale) -> TermFits:
    known = np.isfinite(rows.scores)
    fits = [
        _fit_one(y[here], rows.scores[here, s], rows.covariates[here], kind, scale)
        for s, here in enumerate(known.T)
    ]
    k = 1 + len(rows.names)
    n = known.sum(axis=0).astype(np.int64)
    n_positive = (known * y[:, None]).sum(axis=0).astype(np.int64)
    is_logistic = kind == "logistic"
    return TermFits(
        signatures=rows.signatures,
        terms=rows.terms,
        estimate=np.array([fit.estimate for fit in fits]),
        std_error=np.array([fit.std_error for fit in fits]),
        status=np.array([[fit.status] * k for fit in fits], dtype=object),
        message=np.array([[fit.message] * k for fit in fits], dtype=object),
        n=n,
        n_events=n_positive if is_logistic else None,
        n_limiting=np.minimum(n_positive, n - n_positive) if is_logistic else None,
        df=None if is_logistic else (n - k - 1).astype(np.float64),
        p_lr=np.array([fit.p_lr for fit in fits]) if is_logistic else None,
    )


def _fit_one(
    y: FloatArray, score: FloatArray, covariates: FloatArray, kind: Kind, scale: Scale
) -> _Fit:
    """Fit with standardised columns, and give the estimates back in the units asked for."""
    k = 1 + covariates.shape[1]
    failure = _not_fittable(y, score, covariates, kind)
    if failure is not None:
        return _Fit(np.full(k, np.nan), np.full(k, np.nan), float("nan"), *failure)
    columns = np.column_stack([score, covariates])
    sd = spread(columns)
    design = np.column_stack([np.ones(y.size), (columns - columns.mean(axis=0)) / sd])
    fit = _logistic(y, design) if kind == "logistic" else _linear(y, design)
    unit = 1 / sd
    if scale == "sd":
        unit[0] = 1.0
    return fit._replace(estimate=fit.estimate * unit, std_error=fit.std_error * unit)


def _not_fittable(
    y: FloatArray, score: FloatArray, covariates: FloatArray, kind: Kind
) -> tuple[str, str] | None:
    """Status and message of a signature that has no fit; None when it can be tried."""
    k = 1 + covariates.shape[1]
    if not score.size:
        return NO_SCORE, "the signature has no score on any row used"
    if kind == "logistic":
        n_rarer = int(min(y.sum(), y.size - y.sum()))
        if n_rarer <= k:
            return TOO_FEW_EVENTS, f"{n_rarer} rows of the rarer level for {k} parameters"
    elif y.size <= k + 1:
        return TOO_FEW_EVENTS, f"{y.size} rows for {k} parameters and the intercept"
    if not spread(score[:, None])[0] > 0:
        return CONSTANT, "the score is the same on all rows used"
    columns = np.column_stack([score, covariates])
    sd = spread(columns)
    if not (sd > 0).all():
        return COLLINEAR, "a covariate is constant on the rows with a score"
    scaled = (columns - columns.mean(axis=0)) / (sd * np.sqrt(y.size - 1))
    if np.linalg.eigvalsh(scaled.T @ scaled)[0] < 1e-10:
        return COLLINEAR, "the score is determined by the covariates"
    return None


def _linear(y: FloatArray, design: FloatArray) -> _Fit:
    from statsmodels.regression.linear_model import OLS

    fitted = OLS(y, design).fit()
    return _Fit(np.asarray(fitted.params)[1:], np.asarray(fitted.bse)[1:])


def _logistic(y: FloatArray, design: FloatArray) -> _Fit:
    from scipy import special

    none = np.full(design.shape[1] - 1, np.nan)
    if is_separated(y, design):
        message = "the terms separate the two levels: the estimate is infinite"
        return _Fit(none, none, float("nan"), SEPARATION, message)
    full, reduced = _logit(y, design), _logit(y, np.delete(design, 1, axis=1))
    if full is None or reduced is None:
        return _Fit(none, none, float("nan"), NOT_CONVERGED, "Newton's iterations did not converge")
    estimate, std_error, loglik = full
    p_lr = float(special.chdtrc(1, max(0.0, 2 * (loglik - reduced[2]))))
    return _Fit(estimate[1:], std_error[1:], p_lr)


def _logit(y: FloatArray, design: FloatArray) -> tuple[FloatArray, FloatArray, float] | None:
    """Estimates, standard errors and log-likelihood; None without convergence."""
    from statsmodels.discrete.discrete_model import Logit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is read from the result instead
        fitted = Logit(y, design).fit(method="newton", maxiter=100, tol=1e-10, disp=0)
    if not fitted.mle_retvals["converged"]:
        return None
    return np.asarray(fitted.params), np.asarray(fitted.bse), float(fitted.llf)


def _warn(table: pd.DataFrame) -> None:
    scores = table[table[Result.TERM] == SCORE_TERM]
    fitted = scores[scores[Result.STATUS] == OK]
    warn_of_few_events(fitted[Result.EVENTS_PER_PARAM], "rows of the rarer level")
    separated = scores.loc[scores[Result.STATUS] == SEPARATION, Result.SIGNATURE]
    if len(separated):
        warnings.warn(
            SmallSampleWarning(
                "Estimates are infinite: the terms separate the two levels",
                f"{count(len(separated), 'signature')}: {examples(separated)}",
                "These rows have no Wald test. Penalised (Firth) fits are not part of this version",
            ),
            stacklevel=3,
        )
