"""The columns of a cohort that a regression needs besides outcome and covariates."""

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, SmallSampleWarning, count, examples
from neurosig.keys import SCORE_TERM
from neurosig.outcomes.clinic.clean import find_column, numbers_of, texts_of
from neurosig.outcomes.clusters import FEW_CLUSTERS
from neurosig.outcomes.model_rows import ModelRows, Needed
from neurosig.outcomes.regression.kind import Cases
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort


def read_cases(
    cohort: "Cohort", model: RegressionModel, known: NDArray[np.bool_]
) -> tuple[Cases, Needed]:
    """The columns the model names, and the known rows that have all of them.

    Raises
    ------
    ClinicalError
        A column does not exist or holds no numbers, an exposure is not above 0, an offset is
        infinite.
    """
    kept, steps, found = known.copy(), [], Cases()
    for name in ("exposure", "offset", "cluster", "group"):
        column = getattr(model, name)
        if column is None:
            continue
        if name in ("cluster", "group"):
            codes = level_codes(cohort, column)
            has = codes >= 0
            found = replace(found, cluster=codes) if name == "cluster" else found
            found = replace(found, group=codes) if name == "group" else found
        else:
            values = _sizes(cohort, column, name)
            found, has = replace(found, offset=values), np.isfinite(values)
        lost = cohort.data.index[kept & ~has]
        steps.append(FlowStep.losing(f"{name} known", int(kept.sum()), lost, f"no {column}"))
        kept &= has
    return found, Needed(kept, flow_table(steps))


def level_codes(cohort: "Cohort", column: str) -> NDArray[np.int64]:
    """A column's levels as codes (n,), -1 where unknown."""
    cells = pd.Series(texts_of(find_column(cohort.data, column)), dtype="object")
    return pd.factorize(cells)[0].astype(np.int64)


def with_slope(cases: Cases, rows: ModelRows, model: RegressionModel) -> Cases:
    """The cases with the covariate whose effect differs between groups, on the rows used.

    Raises
    ------
    ParameterError
        It is neither the score nor a numeric covariate.
    """
    if model.slope is None:
        return cases
    if model.slope == SCORE_TERM:
        return replace(cases, has_slope=True)
    if model.slope not in rows.names:
        raise ParameterError(
            f"slope cannot be {model.slope!r}",
            f"It is the score or a number in adjust; terms: {examples(rows.terms)}",
            f"Add {model.slope!r} to adjust: its average effect belongs to the model",
        )
    slope = rows.covariates[:, rows.names.index(model.slope)]
    return replace(cases, slope=slope, has_slope=True)


def check_clusters(
    cluster: NDArray[np.int64] | None, k: int, column: str | None, *, is_corrected: bool = False
) -> None:
    """Refuse no more clusters than parameters; warn of few.

    is_corrected: the errors count how few they are, so that there is no warning here.
    """
    if cluster is None:
        return
    n_clusters = np.unique(cluster).size
    if n_clusters >= FEW_CLUSTERS:
        return
    if n_clusters <= k:
        raise ClinicalError(
            f"The column {column!r} has too few clusters for robust errors",
            f"{count(n_clusters, 'cluster')} in the rows used for {count(k, 'parameter')}; the "
            "variance between clusters needs more clusters than parameters",
            "Use the column as a covariate, or adjust for fewer covariates",
            n_clusters=n_clusters,
            n_params=k,
        )
    if is_corrected:
        return
    warnings.warn(
        SmallSampleWarning(
            f"Robust errors of {count(n_clusters, 'cluster')} are too small",
            f"Below {FEW_CLUSTERS} clusters in {column!r} they vary much and are too small on "
            "average",
            "Leave cluster_errors out for those that count how few they are, or use "
            'kind="mixed" for a number as outcome',
        ),
        stacklevel=3,
    )


def _sizes(cohort: "Cohort", column: str, name: str) -> NDArray[np.float64]:
    """What is added to the linear predictor of counts."""
    values = numbers_of(find_column(cohort.data, column))
    wrong = np.isinf(values) | ((values <= 0) if name == "exposure" else False)
    if wrong.any():
        ids = cohort.data.index[wrong]
        shown = [f"{i} ({v:g})" for i, v in zip(ids, values[wrong], strict=True)]
        raise ClinicalError(
            f"The {name} {column!r} cannot be used",
            f"{count(len(shown), 'row')}: {examples(shown)}".replace("'", ""),
            "An exposure is above 0 and finite, an offset finite; set others to missing",
        )
    return np.log(values) if name == "exposure" else values
