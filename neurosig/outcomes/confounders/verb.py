"""`confounding`: whether a score is really purity, stroma, immune cells or proliferation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Confounder, Result
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.outcomes.clinic.cohort_inputs import score_table
from neurosig.outcomes.clinic.covariate_tables import (
    aligned_controls,
    joined_covariates,
    refuse_names,
)
from neurosig.outcomes.clinic.identifiers import text_ids
from neurosig.outcomes.confounders.control_sets import (
    ControlScores,
    catalogue_controls,
    score_controls,
    signatures_of,
)
from neurosig.outcomes.regression.correlation import RankCorrelation, rank_correlations, spearman
from neurosig.outcomes.results import benjamini_hochberg
from neurosig.scores import Scores

CONFOUNDER: Final = "confounder"
SHARED_GENES: Final = "shared_genes"
NOT_SEPARABLE: Final = "not_separable"
GIVEN: Final = "given"
CONTROL_SET: Final = "control_set"


@dataclass(frozen=True, eq=False)
class Confounding:
    """Correlations of scores with possible confounders.

    Attributes
    ----------
    table
        One row per signature and covariate: estimate (rho) with its interval, p_value, q_value and
        the family it is over, n; for a control set also n_shared_genes, shared_genes and the
        estimate without them; flag, status, message.
    between
        One row per pair of signatures: rho, and rho given the covariates of `given`; empty unless
        they were named.
    row_flow
        Observations with scores, and how many of them each table of covariates has.
    """

    table: pd.DataFrame
    between: pd.DataFrame
    row_flow: pd.DataFrame

    @property
    def flagged(self) -> pd.DataFrame:
        """The rows with a flag, the largest correlation first."""
        rows = self.table[self.table[Confounder.FLAG] != ""]
        largest = rows[Result.ESTIMATE].abs().sort_values(ascending=False, kind="stable").index
        return rows.loc[largest].reset_index(drop=True)


def confounding(
    scores: Any,
    covariates: pd.DataFrame | Sequence[pd.DataFrame] = (),
    *,
    expression: Any = None,
    controls: Any = None,
    signatures: Any = None,
    method: str | Method | None = None,
    given: Sequence[str] = (),
    threshold: float = 0.5,
    confidence: float = 0.95,
) -> Confounding:
    """Correlate each score with what it may really be: purity, stroma, immune cells, proliferation.

    Spearman's rho over the observations that have both values, with the interval of Bonett and
    Wright; `neurosig.outcomes.regression.correlation.spearman` has the formulas. q is Benjamini and
    Hochberg's over all correlations of the call.

    A row is flagged when abs(rho) >= `threshold`::

        confounder      and the two share no gene, or rho is still that large without the genes they
                        share
        shared_genes    but not without the shared genes: they make it, it is no evidence
        not_separable   and without the shared genes too few of the control set are left

    Without the shared genes means that the control set is scored again without them; the score in
    question stays as it is. No flag is no proof of absence: look at the interval.

    Parameters
    ----------
    scores
        What `score` returns, or a table of observations x signatures.
    covariates
        Tables of numbers, such as published purities, one row per sample with the ids in the index.
        Ids are matched as in `Cohort.join`: exactly or as TCGA barcodes.
    expression
        The matrix that the scores were made from, to score control sets in it.
    controls
        The control sets; None takes those of the catalogue: the categories stroma, proliferation,
        immune_infiltration, hypoxia and metabolism, where they exist.
    signatures
        What the scores were made with, to find the genes shared with a control set; None looks
        their ids up in the catalogue.
    method
        How to score the control sets; None takes the method of the scores, or "zscore" for a table.
    given
        Covariates or control sets to hold constant in `between`.
    threshold
        At which size of rho a row is flagged; 0.5: a quarter of the variance of the ranks.
    confidence
        Level of the intervals.

    Returns
    -------
    Confounding

    Raises
    ------
    ParameterError
        Neither covariates nor expression; a name in `given` that is none; genes of scores that are
        not known; a number out of range.
    AlignmentError, ClinicalError
        Ids do not meet or are repeated; a covariate is not a number.

    Warns
    -----
    ClinicalWarning
        Ids were matched by a rule.
    CoverageWarning
        Control sets lack genes.

    References
    ----------
    Bonett DG, Wright TA (2000) Psychometrika 65:23-28, doi:10.1007/BF02294183. Purity as a
    confounder: Aran D et al. (2015) Nat Commun 6:8971, doi:10.1038/ncomms9971.

    Examples
    --------
    >>> import neurosig as ns
    >>> ids = [f"p{i}" for i in range(8)]
    >>> scores = pd.DataFrame({"nerve": [1.0, 2, 3, 4, 5, 6, 7, 8]}, index=ids)
    >>> purity = pd.DataFrame({"purity": [0.9, 0.8, 0.85, 0.6, 0.5, 0.55, 0.2]}, index=ids[:7])
    >>> found = ns.confounding(scores, purity)
    >>> row = found.table.iloc[0]  # ranks 7 5 6 4 2 3 1: rho = 1 - 6 * 108 / (7 * 48)
    >>> round(float(row["estimate"]), 4), int(row["n"]), row["flag"]
    (-0.9286, 7, 'confounder')
    >>> found.row_flow["n_lost"].tolist()
    [0, 1]
    """
    _check_shares(threshold=threshold, confidence=confidence)
    tables = [covariates] if isinstance(covariates, pd.DataFrame) else list(covariates)
    if not tables and expression is None:
        raise ParameterError(
            "There is nothing to correlate the scores with",
            "Neither covariates nor expression is given",
            "Pass covariates=purity_table, or expression= to score the control sets of the "
            "catalogue",
        )
    values = score_table(scores)
    values = values.set_axis(pd.Index(text_ids(values.index, "scores")))
    columns, flow = joined_covariates(values, tables)
    kinds = dict.fromkeys(columns.columns, GIVEN)
    sets = None
    if expression is not None:
        sets = score_controls(
            expression,
            catalogue_controls() if controls is None else SignatureCollection.of(controls),
            signatures_of(list(values.columns), signatures),
            method=method or _method_of(scores),
        )
        whole, step = aligned_controls(sets.whole, values.index)
        refuse_names(whole, columns)
        columns = pd.concat([columns, whole], axis=1)
        kinds |= dict.fromkeys(whole.columns, CONTROL_SET)
        flow = pd.concat([flow, step], ignore_index=True)
    unknown = [name for name in given if name not in kinds]
    if unknown:
        raise ParameterError(
            f"given cannot hold {unknown[0]!r}",
            f"Covariates are {examples(kinds, 12)}",
            "Name some of them",
        )
    rows = [
        {Confounder.KIND: kinds[other], Result.CI_LEVEL: confidence}
        | _row(values[name], columns[other], sets, threshold=threshold, confidence=confidence)
        for name in values.columns
        for other in columns.columns
        if name != other
    ]
    if not rows:
        raise ParameterError(
            "There is nothing to correlate the scores with",
            f"Scores: {examples(values.columns)}; covariates: {examples(columns.columns)}",
            "Pass covariates or controls other than the scores themselves",
        )
    table = pd.DataFrame(rows)
    p_values = table[Result.P_VALUE].to_numpy(dtype=np.float64)
    table[Result.Q_VALUE] = benjamini_hochberg(p_values)
    family = (
        f"{np.isfinite(p_values).sum()} correlations of {count(len(values.columns), 'score')} "
        f"with {count(len(kinds), 'covariate')}"
    )
    table[Result.FAMILY] = np.where(np.isfinite(p_values), family, "")
    between = _between(values, columns[list(given)]) if given else pd.DataFrame()
    return Confounding(table[[c for c in _COLUMNS if c in table.columns]], between, flow)


_COLUMNS: Final = (
    Result.SIGNATURE,
    Confounder.COVARIATE,
    Confounder.KIND,
    Result.ESTIMATE,
    Result.CI_LOW,
    Result.CI_HIGH,
    Result.CI_LEVEL,
    Result.P_VALUE,
    Result.Q_VALUE,
    Result.FAMILY,
    Result.N,
    Confounder.N_SHARED,
    Confounder.SHARED,
    Confounder.ESTIMATE_WITHOUT,
    Confounder.CI_LOW_WITHOUT,
    Confounder.CI_HIGH_WITHOUT,
    Confounder.FLAG,
    Result.STATUS,
    Result.MESSAGE,
)


def _check_shares(**numbers: object) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not (isinstance(value, int | float) and 0 < value < 1):
            raise ParameterError(
                f"{name} cannot be {value!r}",
                "It lies between 0 and 1",
                f"Leave it out for {0.5 if name == 'threshold' else 0.95}",
            )


def _method_of(scores: Any) -> str | Method:
    """The method that made the scores, "zscore" where they do not say."""
    if not isinstance(scores, Scores):
        return "zscore"
    return get_method(scores.method, scores.provenance["method"]["parameters"])


def _row(
    scores: pd.Series,
    covariate: pd.Series,
    sets: ControlScores | None,
    *,
    threshold: float,
    confidence: float,
) -> dict[str, Any]:
    """One signature and one covariate."""
    name, other = str(scores.name), str(covariate.name)
    found = _correlate(scores, covariate, confidence)
    row: dict[str, Any] = {
        Result.SIGNATURE: name,
        Confounder.COVARIATE: other,
        Result.ESTIMATE: found.rho,
        Result.CI_LOW: found.ci_low,
        Result.CI_HIGH: found.ci_high,
        Result.P_VALUE: found.p_value,
        Result.N: found.n,
        Result.STATUS: OK,
    }
    if np.isnan(found.rho):
        row[Result.STATUS] = _why_undefined(scores, covariate, sets, found.n)
    shared: tuple[str, ...] = ()
    without: RankCorrelation | None = None
    if sets is not None:
        shared = sets.shared.get((name, other), ())
        reduced = sets.reduced.get((name, other))
        if reduced is not None:
            without = _correlate(scores, reduced.reindex(scores.index), confidence)
        row |= {
            Confounder.N_SHARED: len(shared),
            Confounder.SHARED: ";".join(shared),
            Confounder.ESTIMATE_WITHOUT: np.nan if without is None else without.rho,
            Confounder.CI_LOW_WITHOUT: np.nan if without is None else without.ci_low,
            Confounder.CI_HIGH_WITHOUT: np.nan if without is None else without.ci_high,
        }
    flag, message = _flag(found, without, len(shared), threshold)
    return row | {Confounder.FLAG: flag, Result.MESSAGE: message}


def _correlate(one: pd.Series, other: pd.Series, confidence: float) -> RankCorrelation:
    return spearman(
        one.to_numpy(dtype=np.float64), other.to_numpy(dtype=np.float64), confidence=confidence
    )


def _why_undefined(
    scores: pd.Series, covariate: pd.Series, sets: ControlScores | None, n: int
) -> str:
    of_control = OK if sets is None else sets.status.get(str(covariate.name), OK)
    if of_control != OK:
        return of_control
    if scores.isna().all():
        return "no_score"
    return "too_few_observations" if n < 4 else "constant"


def _flag(
    found: RankCorrelation, without: RankCorrelation | None, n_shared: int, threshold: float
) -> tuple[str, str]:
    """The flag of a row and the sentence that explains it."""
    if not abs(found.rho) >= threshold:
        return "", ""
    large = (
        f"rho {found.rho:.2f} [{found.ci_low:.2f}, {found.ci_high:.2f}] is {threshold:g} or more "
        f"in size"
    )
    if n_shared == 0:
        return CONFOUNDER, large
    genes = count(n_shared, "shared gene")
    if without is None or np.isnan(without.rho):
        return NOT_SEPARABLE, f"{large}; without the {genes} too little of the control set is left"
    if abs(without.rho) >= threshold:
        return CONFOUNDER, f"{large}, and {without.rho:.2f} without the {genes}"
    return SHARED_GENES, f"{large}, but {without.rho:.2f} without the {genes}: no evidence"


def _between(values: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Correlations of the scores with each other, plain and given other columns."""
    scored = values.loc[:, values.notna().any()]
    complete = pd.concat([scored, held], axis=1).notna().all(axis=1)
    inside = scored[complete].to_numpy(dtype=np.float64)
    if len(inside) < 4 + held.shape[1]:
        raise ClinicalError(
            "There are too few observations to hold covariates constant",
            f"{len(inside)} have all scores and {examples(held.columns)}",
            "Hold fewer covariates constant",
        )
    plain = rank_correlations(inside)
    partial = rank_correlations(inside, held[complete].to_numpy(dtype=np.float64))
    first, second = np.triu_indices(inside.shape[1], k=1)
    names = np.asarray(scored.columns, dtype=object)
    return pd.DataFrame(
        {
            "signature_1": names[first],
            "signature_2": names[second],
            "rho": plain[first, second],
            "rho_given": partial[first, second],
            "given": ", ".join(map(str, held.columns)),
            Result.N: len(inside),
        }
    )
