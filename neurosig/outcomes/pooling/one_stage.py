"""One Cox model over the patients of several cohorts."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, count, examples
from neurosig.kernels.cox import CONVERGED
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.outcomes.arguments import check_option, name_list
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.cox.batch import CoxTask
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox_table, cox_task
from neurosig.outcomes.cox.words import notes_of, warn_of_fits
from neurosig.outcomes.design import Term
from neurosig.outcomes.lost_rows import NO_SCORE
from neurosig.outcomes.model_rows import (
    CONSTANT,
    Scale,
    TermLike,
    as_terms,
    check_scale,
    patterns,
    spread,
)
from neurosig.outcomes.pooling.covariate_coding import check_coding
from neurosig.outcomes.pooling.joined_cohorts import columns_needed, joined_cohorts
from neurosig.outcomes.results import Results, declare_family, ordered

FloatArray = NDArray[np.float64]
_EFRON = CoxModel()


def pooled_cox(
    cohorts: Sequence[Cohort],
    *,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    scale: Scale = "sd",
    model: CoxModel = _EFRON,
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Hazard ratio of each signature from the patients of all cohorts in one model.

        hazard(t | x, z) = h_c(t) exp(beta x + gamma' z)

    x: the score over its standard deviation (n - 1) within its cohort; h_c: the baseline hazard of
    cohort c, so that patients are compared within their cohort only. beta and gamma are the same in
    all cohorts; whether beta is, is tested by the likelihood ratio of a model in which each cohort
    has its own (`lr_heterogeneity`, `p_heterogeneity`, one degree of freedom less than cohorts).
    Where it is not, the effect is an average of no population: read `meta` of the cohorts instead.

    Parameters
    ----------
    cohorts
        Two or more with the same endpoint, unit and competing causes, and different names.
    signatures
        "all" is every score of any cohort; one that a cohort lacks is fitted on the others.
    adjust, strata, scale, model, confidence, allow_loss
        As in `cox`; every cohort needs the columns. `strata` come in addition to the cohorts.
        Clusters of two cohorts are apart, also where they have one name.

    Returns
    -------
    Results
        `table`: that of `cox` with the cohort "pooled", and for the row of each score `n_cohorts`,
        `cohorts` and the test of heterogeneity (only with likelihoods: without robust errors and
        penalty).

    Raises
    ------
    ParameterError
        Fewer than two cohorts, two of one name; further as in `cox`.
    EndpointError
        Endpoints, units of time or competing causes differ; further as in `cox`.
    ClinicalError
        A cohort lacks a column, or loses all its rows; two have no level of a categorical covariate
        in common; further as in `cox`.

    Warns
    -----
    ClinicalWarning
        A cohort has no event, a score is constant in one, or a covariate has one value there: the
        cohort says nothing about it; a covariate seems to have another unit in one; cohorts were
        scored in different ways. Further as in `cox`.

    References
    ----------
    Debray TPA et al. (2015) Res Synth Methods 6:293-309, doi:10.1002/jrsm.1160; Smith CT,
    Williamson PR, Marson AG (2005) Stat Med 24:1307-1319, doi:10.1002/sim.2050.

    Examples
    --------
    Four patients of each cohort; the second measures its score in other units.

    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 0]})
    >>> end = ns.Endpoint(time="t", event="e", unit="years")
    >>> scores = pd.DataFrame({"NGF": [1.0, 0.0, 2.0, 1.0]})
    >>> both = [ns.Cohort.join(scores * f, clinic, end, name=n) for n, f in (("A", 1), ("B", 10))]
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ns.errors.SmallSampleWarning)
    ...     row, alone = pooled_cox(both).table.iloc[0], ns.cox(both[0]).table.iloc[0]
    >>> bool(np.isclose(row["estimate"], alone["estimate"])), round(float(row["p_heterogeneity"]))
    (True, 1)
    """
    check_option("model", model, CoxModel)
    check_scale(scale, confidence)
    terms = as_terms(adjust)
    stratify = name_list("strata", strata)
    others = (model.weights, model.offset, model.cluster)
    needed = columns_needed(terms, stratify, others)
    joined = joined_cohorts(cohorts, needed, within=model.cluster)
    check_coding(cohorts, terms)
    task = cox_task(
        joined.cohort,
        signatures=signatures,
        adjust=terms,
        strata=[joined.column, *stratify],
        interactions=(),
        scale="none",
        model=replace(model, cluster=joined.within),
        confidence=confidence,
        allow_loss=allow_loss,
        apart=joined.code,
    )
    code = joined.code[task.rows.rows]
    _refuse_one_cohort(code, joined.names, allow_loss=allow_loss)
    _warn_of_silent_covariates(task, terms, code, joined.names)
    scores, constant = _within_cohorts(task.rows.scores, code, scale)
    _warn_of_constant_scores(task, constant, joined.names)
    task = replace(task, rows=replace(task.rows, scores=scores))
    table = cox_table(task, joined.cohort.name)
    table = _with_cohorts(table, task, code, joined.names)
    flat = [task.rows.signatures[s] for s in np.flatnonzero(constant.any(axis=1))]
    is_flat = table[Result.SIGNATURE].isin(flat) & (table[Result.STATUS] == NO_SCORE)
    table.loc[is_flat, Result.STATUS] = CONSTANT
    table.loc[is_flat, Result.MESSAGE] = "the score has one value in each cohort"
    if scale == "sd":
        is_score = table[Result.TERM] == SCORE_TERM
        table.loc[is_score, Result.EFFECT_SCALE] = "HR per SD"
    family = f"pooled score rows ({task.endpoint}), one model over {len(joined.names)} cohorts"
    table = declare_family(table, family)
    warn_of_fits(table)
    notes = notes_of(replace(task, scale=scale), table)
    if scale == "sd":
        first = "Scores are divided by their standard deviation (n - 1) within each cohort"
        notes = (first, *notes[1:])
    return Results(table=ordered(table), row_flow=task.rows.row_flow, notes=notes)


def _refuse_one_cohort(
    code: NDArray[np.int64], names: tuple[str, ...], *, allow_loss: bool
) -> None:
    """Refuse that a cohort loses all its rows, unless losses are allowed and two are left."""
    lost = [name for c, name in enumerate(names) if not (code == c).any()]
    if lost and (not allow_loss or len(names) - len(lost) < 2):
        raise ClinicalError(
            f"The cohort {lost[0]!r} loses all its rows to missing covariates or strata",
            f"{count(len(lost), 'cohort')} of {len(names)}: {examples(lost)}",
            "Leave the covariate or the cohort out, or accept the loss with allow_loss=True where "
            "two cohorts remain",
            cohorts=tuple(lost),
        )


def _within_cohorts(
    scores: FloatArray, code: NDArray[np.int64], scale: Scale
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Scores (n, S) per SD of their cohort, missing where constant there; where (S, k) they are.

    They are centred within cohorts, which as strata take up any shift.
    """
    values = scores.copy()
    n_cohorts = int(code.max()) + 1
    constant = np.zeros((scores.shape[1], n_cohorts), dtype=np.bool_)
    for c in range(n_cohorts):
        inside = code == c
        for s in range(scores.shape[1]):
            column = scores[inside, s]
            known = np.isfinite(column)
            sd = float(spread(column[known][:, None])[0]) if known.any() else np.nan
            constant[s, c] = sd == 0
            centred = column - column[known].mean() if known.any() else column
            values[inside, s] = np.nan if sd == 0 else centred / (sd if scale == "sd" else 1.0)
    return values, constant


def _with_cohorts(
    table: pd.DataFrame, task: CoxTask, code: NDArray[np.int64], names: tuple[str, ...]
) -> pd.DataFrame:
    """The table with the cohorts of each score and the test of their heterogeneity."""
    n_scores, k = task.rows.scores.shape[1], len(task.terms)
    present = np.array(
        [np.bincount(code[np.isfinite(x)], minlength=len(names)) > 0 for x in task.rows.scores.T]
    )
    at = np.arange(n_scores) * k
    texts = [", ".join(np.asarray(names, dtype=object)[row]) for row in present]
    counts = {
        Pooled.N_COHORTS: np.repeat(present.sum(axis=1), k),
        Pooled.COHORTS: np.repeat(np.asarray(texts, dtype=object), k),
    }
    table = table.assign(**counts)
    if not task.is_plain:
        return table
    tests = np.full((len(table), 2), np.nan)
    ok = (table[Result.STATUS].iloc[at] == OK).to_numpy()
    tests[at[ok]] = heterogeneity_tests(task, code, np.flatnonzero(ok))
    return table.assign(
        **{Pooled.LR_HETEROGENEITY: tests[:, 0], Pooled.P_HETEROGENEITY: tests[:, 1]}
    )


def heterogeneity_tests(
    task: CoxTask, code: NDArray[np.int64], signatures: NDArray[np.int64]
) -> FloatArray:
    """Likelihood ratio and p-value (m, 2) of each cohort having a coefficient of its own.

    NaN for a score of one cohort, where the larger model has no more events than parameters, or
    where it could not be fitted.
    """
    from scipy import special

    tests = np.full((signatures.size, 2), np.nan)
    place = {s: i for i, s in enumerate(signatures.tolist())}
    for shared in patterns(task.rows.scores[:, signatures]):
        data, known = task.data(replace(shared, members=signatures[shared.members])), shared.known
        inside = np.unique(code[known])
        df = inside.size - 1
        if df < 1 or data.event.sum() <= len(task.terms) + df:
            continue
        one = data.fit().loglik
        for j, s in enumerate(signatures[shared.members].tolist()):
            own = data.scores[:, [j]] * (code[known, None] == inside[1:])
            wide = replace(
                data.choose(np.array([j])), covariates=np.hstack([data.covariates, own])
            ).fit()
            if wide.code[0] != CONVERGED:
                continue
            ratio = max(2 * float(wide.loglik[0] - one[j]), 0.0)
            tests[place[s]] = ratio, float(special.chdtrc(df, ratio))
    return tests


def _warn_of_silent_covariates(
    task: CoxTask, terms: Sequence[Term], code: NDArray[np.int64], names: tuple[str, ...]
) -> None:
    """Say which cohorts know nothing about a covariate since it has one value there."""
    silent = []
    for term in terms:
        columns = [
            j
            for j, name in enumerate(task.rows.names)
            if name.rstrip("'") == term.label or name.startswith(f"{term.column}[")
        ]
        of_term = task.rows.covariates[:, columns]
        silent += [
            f"{term.column} in {name}"
            for c, name in enumerate(names)
            if (code == c).any() and not np.ptp(of_term[code == c], axis=0).any()
        ]
    if silent:
        warnings.warn(
            ClinicalWarning(
                "A covariate has one value only within a cohort, which says nothing about it",
                f"{count(len(silent), 'case')}: {examples(silent, quoted=False)}",
                "Its effect comes from the other cohorts alone; leave it out if that is not meant",
            ),
            stacklevel=3,
        )


def _warn_of_constant_scores(
    task: CoxTask, constant: NDArray[np.bool_], names: tuple[str, ...]
) -> None:
    pairs = [
        f"{task.rows.signatures[s]} in {names[c]}"
        for s, c in zip(*np.nonzero(constant), strict=True)
    ]
    if pairs:
        warnings.warn(
            ClinicalWarning(
                "A score is the same for all patients of a cohort, which is left out of its model",
                f"{count(len(pairs), 'case')}: {examples(pairs, quoted=False)}",
                "Check how the cohort was scored",
            ),
            stacklevel=3,
        )
