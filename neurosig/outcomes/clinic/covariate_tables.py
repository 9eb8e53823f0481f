"""Tables of covariates laid beside scores, by id, with a count of what is lost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurosig.errors import AlignmentError, ClinicalError, count, examples
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.row_flow import FlowStep, flow_table


def joined_covariates(
    values: pd.DataFrame, tables: Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The covariates of each observation, NaN where it has none, and the row flow.

    Raises
    ------
    ClinicalError
        A covariate is not a number, or is there twice.
    """
    columns, steps = pd.DataFrame(index=values.index), []
    for table in tables:
        cohort = Cohort.join(values, table)
        matched = cohort.data.drop(columns=list(cohort.signatures))
        texts = [c for c in matched.columns if not pd.api.types.is_numeric_dtype(matched[c])]
        if texts:
            raise ClinicalError(
                f"The covariate {texts[0]!r} is not a number",
                f"{count(len(texts), 'column')} of {matched.shape[1]} hold texts: "
                f"{examples(texts)}",
                "Choose columns: confounding(scores, table[['purity']])",
            )
        refuse_names(matched, columns)
        columns = columns.join(matched.astype(np.float64))
        steps.append(cohort.row_flow)
    words = {
        "clinic matched to scores": "covariates matched to scores",
        "scores matched to clinic": "scores matched to covariates",
    }
    flow = pd.concat(steps, ignore_index=True) if steps else flow_table(())
    return columns, flow.assign(step=flow["step"].replace(words))


def refuse_names(new: pd.DataFrame, columns: pd.DataFrame) -> None:
    """Refuse a covariate that is there already."""
    twice = [name for name in new.columns if name in columns.columns]
    if twice:
        raise ClinicalError(
            f"The covariate {twice[0]!r} is there twice",
            f"{count(len(twice), 'name')}: {examples(twice)}",
            "Rename or leave out one of them",
        )


def aligned_controls(scores: pd.DataFrame, ids: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of control sets in the order of the observations, and the row flow."""
    lost = ids.difference(scores.index, sort=False)
    if len(lost) == len(ids):
        raise AlignmentError(
            "No observation of the scores is in the expression",
            f"Scores: {examples(ids)}; expression: {examples(scores.index)}",
            "Pass the matrix that the scores were made from",
        )
    step = FlowStep.losing("scores matched to expression", len(ids), lost, "not in the expression")
    return scores.reindex(ids), flow_table([step])
