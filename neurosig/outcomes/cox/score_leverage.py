"""How many rows or clusters carry the estimate of a score."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import SmallSampleWarning, count, examples
from neurosig.keys import Result
from neurosig.outcomes.clinic.intervals import of_patients
from neurosig.outcomes.clusters import FEW_CLUSTERS
from neurosig.outcomes.cox.batch import CoxTask
from neurosig.outcomes.cox.options import Cases
from neurosig.outcomes.curves.pseudo_means import FEW_DEGREES
from neurosig.outcomes.model_rows import patterns

FloatArray = NDArray[np.float64]

FEW_EFFECTIVE: Final = 10.0


def effective_rows(
    scores: FloatArray, others: FloatArray, groups: NDArray[np.int64] | None = None
) -> FloatArray:
    """Effective number (S,) of rows, or of groups of rows, behind each score.

        (sum_g s_g)^2 / sum_g s_g^2,   s_g = sum over the rows of g of r_i^2

    r: what a score (n, S) has that the other columns (n, p) have not, the intercept among them.
    It is n if all rows are as far from their mean, about n / 3 of a normal score, and as few as a
    long tail has rows.

    References
    ----------
    Kish L (1965) Survey Sampling, section 11.7: the effective number of weighted cases.

    Examples
    --------
    Two of six rows are off the mean, then all four.

    >>> one = np.ones((6, 1))
    >>> effective_rows(np.array([[-2.0], [0], [0], [0], [0], [2]]), one).round(10).tolist()
    [2.0]
    >>> effective_rows(np.array([[-1.0], [1], [1], [-1]]), np.ones((4, 1))).tolist()
    [4.0]
    """
    basis, _ = np.linalg.qr(others)
    squared = (scores - basis @ (basis.T @ scores)) ** 2
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1]
        summed = np.zeros((int(codes.max()) + 1, squared.shape[1]))
        np.add.at(summed, codes, squared)
        squared = summed
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(squared.sum(axis=0) ** 2 / (squared**2).sum(axis=0))


def warn_of_leverage(task: CoxTask, table: pd.DataFrame) -> None:
    """Where few rows or clusters carry a score whose robust errors or RMST effect are reported.

    table: the rows of the task's models. At most one warning of each of the two kinds; fewer than
    30 clusters have one of their own.
    """
    few_clusters = task.n_clusters is not None and task.n_clusters < FEW_CLUSTERS
    if task.is_robust and not few_clusters and not task.has_jackknife:
        what = "rows" if task.rows.patients is None else "patients"
        what = what if task.cases.cluster is None else "clusters"
        _warn(
            _few(task, task.rows.signatures, FEW_EFFECTIVE),
            f"Robust errors are too small where few {what} carry a score",
            f"effective {what} or more; below {FEW_EFFECTIVE:.0f} tests at 5 % reject a true null "
            "hypothesis in 9 to 20 % (docs/outcomes.md)",
            "Take ranks or logarithms of a score with a long tail, the errors of the model "
            "(robust=False), or cluster_errors='jackknife' (rows are clusters by a column of ids)",
        )
    if Result.RMST_P_VALUE in table:
        shown = table.loc[table[Result.RMST_P_VALUE].notna(), Result.SIGNATURE]
        _warn(
            _few(replace(task, cases=Cases()), tuple(shown), FEW_DEGREES),
            "Few rows carry a score whose rmst_effect is shown",
            f"degrees of freedom or more; below {FEW_DEGREES:.0f} its test rejects too rarely",
            "Take ranks or logarithms of a score with a long tail",
        )


def _few(task: CoxTask, signatures: Sequence[str], fewest: float) -> list[tuple[float, str]]:
    """Those of the signatures with fewer effective rows or clusters, the fewest first."""
    found: list[tuple[float, str]] = []
    wanted = set(signatures)
    asked = np.flatnonzero([name in wanted for name in task.rows.signatures])
    scores_asked = task.rows.scores[:, asked]
    for shared in patterns(scores_asked):
        names = [task.rows.signatures[s] for s in asked[shared.members]]
        if not shared.known.any():
            continue
        known, others = shared.known, [np.ones((int(shared.known.sum()), 1))]
        others.append(task.rows.covariates[known])
        if task.rows.strata is not None:
            strata = task.rows.strata[known]
            others.append((strata[:, None] == np.unique(strata)[1:]).astype(float))
        columns, patients = np.hstack(others), task.rows.patients_at(known)
        cluster = None if task.cases.cluster is None else task.cases.cluster[known]
        if cluster is not None and patients is not None:
            cluster = cluster[np.unique(patients.patients, return_index=True)[1]]
        of_scores, of_others = (
            of_patients(part, patients) for part in (shared.columns(scores_asked), columns)
        )
        found += zip(effective_rows(of_scores, of_others, cluster).tolist(), names, strict=True)
    return sorted(pair for pair in found if pair[0] < fewest)


def _warn(few: list[tuple[float, str]], what: str, evidence: str, remedy: str) -> None:
    if few:
        names = examples([name for _, name in few])
        warnings.warn(
            SmallSampleWarning(
                f"{what}: {count(len(few), 'signature')}",
                f"{names}: {few[0][0]:.1f} {evidence}",
                remedy,
            ),
            stacklevel=4,
        )
