"""Multiple imputation of the covariates of a cohort."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    ParameterError,
    SmallSampleWarning,
    count,
    examples,
)
from neurosig.outcomes.arguments import check_option, shown
from neurosig.outcomes.clinic.clean import find_column
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.imputation.chains import Chain, ChainedEquations, run_chain, standardised
from neurosig.outcomes.imputation.diagnostics import trace_table, value_summary
from neurosig.outcomes.imputation.imputed import Imputed, imputed_step, named
from neurosig.outcomes.imputation.incomplete import Column, ColumnLike, read_columns
from neurosig.outcomes.imputation.outcome_predictors import (
    column_predictors,
    is_known,
    survival_predictors,
)
from neurosig.outcomes.lost_rows import WARN_LOSS
from neurosig.outcomes.model_rows import as_terms, choose_signatures, joined_flow

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

_DEFAULT: Final = ChainedEquations()
_FEW_ROWS_PER_PREDICTOR: Final = 10


def impute(
    cohort: "Cohort",
    columns: Sequence[ColumnLike],
    *,
    outcome: str | None = None,
    signatures: str | Sequence[str] = "all",
    methods: Mapping[str, str] | None = None,
    m: int = 20,
    seed: int = 0,
    chains: ChainedEquations = _DEFAULT,
) -> Imputed:
    """Impute missing covariates m times by chained equations.

    Each incomplete column is drawn from a model on all other columns, the scores and the outcome:
    of a survival endpoint the event indicator and the Nelson-Aalen cumulative hazard at the row's
    time, of a regression the outcome itself. The parameters of each model are drawn from their
    posterior first, so that the imputations differ by all that is not known.

    Parameters
    ----------
    cohort
        With an endpoint, unless `outcome` is given.
    columns
        Every covariate and stratum of the models to come, and what else predicts missing values;
        names or `Term` (for its kind). Those that miss nothing are predictors alone.
    outcome
        The clinical column that `regress` will explain, instead of the endpoint.
    signatures
        The scores of the models to come. They predict and are not imputed; one that no row has
        takes no part.
    methods
        Of columns whose method is not to be that of their kind: "pmm" (predictive mean matching,
        for numbers), "normal" (numbers), "logistic" (two levels), "multinomial" (more), "ordinal".
    m, seed
        Imputations; a seed gives the same ones, and more imputations begin with those of fewer.
    chains
        Rounds, donors, and what is allowed.

    Returns
    -------
    Imputed
        The completed cohorts, to be given to `cox`, `regress` or `fine_gray`.
        Rows without the outcome are left out and counted: an outcome is never imputed.

    Raises
    ------
    ParameterError
        m is below 2, the seed below 0, nothing was named, a method is unknown or does not fit, or
        a column belongs to the outcome or is a score.
    ClinicalError
        There is nothing to impute; a column is missing, constant, infinite, has no value or misses
        more than half of them; rows without a score are more than half; more predictors than rows.
    EndpointError
        Patients are in several rows.
    UnknownSignatureError
        The cohort has no such score.

    Warns
    -----
    SmallSampleWarning
        m is below the percentage of incomplete rows (White, Royston and Wood 2011, section 7), or
        fewer than 10 observed values per predictor.
    ClinicalWarning
        More than 5 % of the rows lack the outcome or a score.

    References
    ----------
    White IR, Royston P (2009) Stat Med 28:1982-1998, doi:10.1002/sim.3618; White IR, Royston P,
    Wood AM (2011) Stat Med 30:377-399, doi:10.1002/sim.4067; Van Buuren S (2018) Flexible
    Imputation of Missing Data, doi:10.1201/9780429492259.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> ids = [f"p{i}" for i in range(200)]
    >>> scores = pd.DataFrame({"NGF": rng.normal(size=200)}, ids)
    >>> age = 60 + 5 * scores["NGF"] + rng.normal(0, 8, 200)
    >>> t = rng.exponential(1000 * np.exp(-0.5 * scores["NGF"]))
    >>> clinic = pd.DataFrame({"t": t, "e": rng.integers(0, 2, 200), "age": age.round()}, ids)
    >>> clinic.loc[ids[:30], "age"] = np.nan
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e"))
    >>> imputed = impute(cohort, ["age"], m=20, seed=1)
    >>> imputed.summary[["column", "method", "n_missing"]].values.tolist()
    [['age', 'pmm', 30]]
    >>> ns.cox(imputed, adjust=["age"]).table[["term", "n", "n_imputations"]].values.tolist()
    [['score', 200, 20], ['age', 200, 20]]
    """
    _check_m(m)
    _check_seed(seed)
    check_option("chains", chains, ChainedEquations)
    if methods is not None and not isinstance(methods, Mapping):
        raise ParameterError(
            f"methods cannot be {shown(methods)}",
            "It maps columns to methods",
            'methods={"age": "norm"}, or leave it out',
        )
    refuse_intervals(cohort, "An imputation")
    if outcome is None and (cohort.time is None or cohort.event is None):
        raise ParameterError(
            f"The cohort {cohort.name!r} has no endpoint to impute its covariates with",
            "Covariates have to be imputed with the outcome of the model",
            "Join it with an endpoint, or name the outcome of the regression: outcome='...'",
        )
    chosen = choose_signatures(cohort, signatures)
    _refuse_outcome_columns(cohort, columns, outcome)
    usable = [name for name in chosen if cohort.data[name].notna().any()]
    rows = _rows_to_impute(cohort, outcome, usable, impute_scores=chains.impute_scores)
    read = read_columns(rows.data, columns, methods or {}, allow_missing=chains.allow_missing)
    scores = rows.data[usable].to_numpy(dtype=np.float64)
    incomplete_scores: tuple[Column, ...] = ()
    if chains.impute_scores:
        incomplete_scores = _score_columns(rows, usable, allow_missing=chains.allow_missing)
        scores = rows.data[[n for n in usable if n not in named(incomplete_scores)]].to_numpy(float)
    every = (*read, *incomplete_scores)
    if not any(column.is_missing.any() for column in every):
        raise ClinicalError(
            "There is nothing to impute",
            f"{', '.join(named(every))} have a value in all {count(len(rows.data), 'row')} with "
            "the outcome",
            "Use the cohort as it is",
        )
    own = survival_predictors(rows) if outcome is None else column_predictors(rows, outcome)
    fixed = np.hstack([own, scores])
    _check_sizes(every, fixed)
    _warn_of_small_m(every, m)
    generators = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(m)]
    drawn = [run_chain(every, fixed, chains, generator) for generator in generators]
    n_missing = {column.name: int(column.is_missing.sum()) for column in every}
    flow = joined_flow([rows.row_flow, imputed_step(len(rows.data), n_missing, m)])
    return Imputed(
        name=cohort.name,
        cohorts=tuple(_completed(rows, every, chain, flow) for chain in drawn),
        columns=named(read),
        signatures=chosen,
        outcome=outcome,
        summary=value_summary(every, drawn),
        traces=trace_table(every, drawn),
        missing=pd.DataFrame(
            {column.name: column.is_missing for column in every if column.is_missing.any()},
            index=rows.data.index,
        ),
        row_flow=flow,
    )


def _check_m(m: int) -> None:
    if isinstance(m, bool) or not isinstance(m, int) or m < 2:
        raise ParameterError(
            f"m cannot be {m!r}",
            "The variance between imputations needs at least two",
            "Use about as many as the percentage of incomplete rows; the default is 20",
        )


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(
            f"seed cannot be {seed!r}", "It is a whole number of at least 0", "The default is 0"
        )


def _refuse_outcome_columns(
    cohort: "Cohort", columns: Sequence[ColumnLike], outcome: str | None
) -> None:
    names = [term.column for term in as_terms(columns, "columns")]
    of_outcome: list[str | None] = []
    if outcome is not None:
        find_column(cohort.data, outcome)
        of_outcome.append(outcome)
    if cohort.endpoint is not None:
        endpoint = cohort.endpoint
        of_outcome += [endpoint.time, endpoint.event, endpoint.entry]
    wrong = [name for name in names if name in of_outcome or name in cohort.signatures]
    if wrong:
        is_score = wrong[0] in cohort.signatures
        raise ParameterError(
            f"The column {wrong[0]!r} is not imputed",
            "It is a score" if is_score else "It belongs to the outcome or the endpoint",
            "Name covariates; scores are imputed with chains=ns.ChainedEquations("
            "impute_scores=True), outcomes never",
        )


def _rows_to_impute(
    cohort: "Cohort", outcome: str | None, scores: Sequence[str], *, impute_scores: bool
) -> "Cohort":
    """The rows with the outcome and, unless they are imputed, the scores."""
    n_rows = len(cohort.data)
    has_outcome = is_known(cohort, outcome, ())
    what = "endpoint" if outcome is None else outcome
    if not has_outcome.any():
        raise ClinicalError(f"No row has the outcome {what!r}", count(n_rows, "row"), "")
    rows = cohort if has_outcome.all() else cohort.subset(has_outcome, f"no {what}")
    lost = {f"have no {what}": 1 - has_outcome.mean()} if outcome is not None else {}
    if not impute_scores:
        has_scores = is_known(rows, outcome, scores)
        share = 1 - float(has_scores.mean())
        if share > 0.5:
            missing = [name for name in scores if rows.data[name].isna().any()]
            raise ClinicalError(
                f"{share:.0%} of the rows lack a score",
                f"Scores with missing values: {examples(missing)}",
                "Name the signatures of the models to come: signatures=[...]",
            )
        rows = rows if has_scores.all() else rows.subset(has_scores, "no score")
        lost["lack a score"] = share
    for reason, share in lost.items():
        if share > WARN_LOSS:
            warnings.warn(
                ClinicalWarning(
                    f"{share:.0%} of the rows {reason} and are left out",
                    f"{len(rows.data):,} of {n_rows:,} are left; see row_flow",
                    "Ask why they lack it: the rows left may differ from those lost",
                ),
                stacklevel=3,
            )
    return rows


def _score_columns(
    rows: "Cohort", scores: Sequence[str], *, allow_missing: bool
) -> tuple[Column, ...]:
    missing = [name for name in scores if rows.data[name].isna().any()]
    if not missing:
        return ()
    return read_columns(rows.data, missing, {}, allow_missing=allow_missing)


def _check_sizes(columns: Sequence[Column], fixed: FloatArray) -> None:
    """Refuse more predictors than observed values; warn of few values per predictor."""
    widths = [max(len(column.levels) - 1, 1) for column in columns]
    n_fixed = standardised(fixed).shape[1]
    ratios = {}
    for j, column in enumerate(columns):
        if not column.is_missing.any():
            continue
        n_predictors = n_fixed + sum(widths) - widths[j]
        n_observed = int((~column.is_missing).sum())
        if n_observed <= n_predictors + 1:
            raise ClinicalError(
                f"The column {column.name!r} has too few values for its imputation model",
                f"{count(n_observed, 'value')} for {count(n_predictors, 'predictor')}: the other "
                "columns, the scores and the outcome",
                "Name the signatures of the models to come: signatures=[...]",
                n_observed=n_observed,
                n_predictors=n_predictors,
            )
        ratios[column.name] = n_observed / n_predictors
    few = {name: ratio for name, ratio in ratios.items() if ratio < _FEW_ROWS_PER_PREDICTOR}
    if few:
        warnings.warn(
            SmallSampleWarning(
                f"Imputation models have as few as {min(few.values()):.1f} values per predictor",
                f"Below {_FEW_ROWS_PER_PREDICTOR} in {examples(few)}",
                "Name the signatures of the models to come: signatures=[...]",
            ),
            stacklevel=3,
        )


def _warn_of_small_m(columns: Sequence[Column], m: int) -> None:
    incomplete = np.logical_or.reduce([column.is_missing for column in columns])
    percent = 100 * float(incomplete.mean())
    if m < percent:
        warnings.warn(
            SmallSampleWarning(
                f"{m} imputations are few",
                f"{percent:.0f} % of the rows are incomplete; results of fewer imputations than "
                "that change with the seed",
                f"Use m={int(np.ceil(percent))} or more, and read mc_error",
            ),
            stacklevel=3,
        )


def _completed(
    rows: "Cohort", columns: Sequence[Column], chain: Chain, flow: pd.DataFrame
) -> "Cohort":
    data = rows.data.copy()
    for column, values in zip(columns, chain.values, strict=True):
        if column.is_missing.any():
            data[column.name] = column.written(values, data.index)
    return replace(rows, data=data, row_flow=flow)
