"""What a cohort is joined from: scores as numbers, and clinical rows with one id each."""

from typing import Literal, Protocol

import numpy as np
import pandas as pd

from neurosig.errors import AlignmentError, ClinicalError, ParameterError, count, examples
from neurosig.outcomes.clinic.clean import find_column, refuse_duplicate_columns
from neurosig.outcomes.clinic.identifiers import text_ids
from neurosig.outcomes.row_flow import FlowStep


class HasScores(Protocol):
    """What `neurosig.score` returns: `values` is observations x signatures."""

    @property
    def values(self) -> pd.DataFrame:
        """The scores."""


def score_table(scores: HasScores | pd.DataFrame) -> pd.DataFrame:
    """The values of scores as numbers, whatever they came as; a table of texts is refused."""
    values: object = scores if isinstance(scores, pd.DataFrame) else getattr(scores, "values", None)
    if not isinstance(values, pd.DataFrame):
        raise ParameterError(
            f"scores cannot be {type(scores).__name__}",
            "It is what neurosig.score returns, or a DataFrame of observations x signatures",
            "Cohort.join(neurosig.score(expression, signatures), clinical, endpoint)",
        )
    refuse_duplicate_columns(values, "table of scores")
    texts = [str(c) for c in values.columns if not pd.api.types.is_numeric_dtype(values[c])]
    if not len(values):
        raise ClinicalError("The table of scores has no rows", "", "Check how it was made")
    if texts:
        raise ClinicalError(
            "The table of scores holds columns that are no numbers",
            f"{count(len(texts), 'column')}: {examples(texts)}; the shape is {values.shape}",
            "Give observations x signatures, the ids as index (table.set_index(...))",
            columns=tuple(texts),
        )
    table = values.rename(columns=str).astype(np.float64)
    refuse_infinite_scores(table, table.index)
    return table


def refuse_infinite_scores(table: pd.DataFrame, ids: pd.Index) -> None:
    """Refuse scores that are infinite; each model would leave their rows out without a word."""
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    rows, columns = np.nonzero(np.isinf(values))
    if rows.size:
        names = list(dict.fromkeys(map(str, table.columns[columns])))
        cells = [
            f"{table.columns[c]} of {ids[r]} is {values[r, c]:g}"
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        raise ClinicalError(
            f"The scores of {names[0]!r} are infinite in {ids[int(rows[0])]!r}",
            f"{count(len(cells), 'infinite score')}: {examples(cells, quoted=False)}",
            "Find out why (the logarithm of 0, a division by 0), or set them to missing: "
            "scores.replace([np.inf, -np.inf], np.nan)",
            signatures=tuple(names),
        )


def refuse_shared_names(table: pd.DataFrame, clinic: pd.DataFrame) -> None:
    """Refuse a score that is named like a clinical column."""
    shared = [name for name in table.columns if name in clinic.columns]
    if shared:
        raise ClinicalError(
            "Columns of the scores and of the clinical table have the same name",
            f"{count(len(shared), 'name')}: {examples(shared)}",
            f'Rename one side: clinical.rename(columns={{{shared[0]!r}: "clinical_{shared[0]}"}})',
            columns=tuple(shared),
        )


def one_row_per_id(
    clinic: pd.DataFrame, on: str | None, duplicates: Literal["error", "first"]
) -> tuple[pd.DataFrame, list[FlowStep]]:
    """The clinical rows indexed by their ids, and the step that lost repeated ones, if any."""
    if duplicates not in ("error", "first"):
        raise ParameterError(
            f"duplicates cannot be {duplicates!r}", "Allowed: 'error' or 'first'", "'error'"
        )
    if not len(clinic):
        raise ClinicalError("The clinical table is empty", "It has no rows", "Check how it is read")
    if on is None or (on == clinic.index.name and on not in clinic.columns):
        ids: pd.Series | pd.Index = clinic.index
    else:
        ids = find_column(clinic, on, AlignmentError)
    if duplicates == "error":
        return clinic.set_axis(pd.Index(text_ids(ids, "clinical rows"))), []
    is_first = ~pd.Series(list(ids), dtype="object").map(str).str.strip().duplicated().to_numpy()
    lost = np.asarray(ids, dtype=object)[~is_first]
    step = FlowStep.losing("one clinical row per id", len(clinic), lost, "not the first of its id")
    unique = text_ids(np.asarray(ids, dtype=object)[is_first], "clinical rows")
    return clinic[is_first].set_axis(pd.Index(unique)), [step]


def with_better_column(
    error: AlignmentError, score_ids: list[str], clinical: pd.DataFrame, on: str | None
) -> AlignmentError:
    """The error with the column that does hold the ids, where there is one."""
    wanted = set(score_ids)
    n_held = {
        str(name): len(wanted.intersection(clinical[name].dropna().map(str).str.strip()))
        for name in clinical.columns
        if name != on and not pd.api.types.is_float_dtype(clinical[name])
    }
    best = max(n_held, key=lambda column: n_held[column], default="")
    if "score_ids" not in error.facts or not n_held.get(best):
        return error
    remedy = f"The column {best!r} holds {n_held[best]:,} of them: Cohort.join(..., on={best!r})"
    return AlignmentError(error.what, error.evidence, remedy, **error.facts)
