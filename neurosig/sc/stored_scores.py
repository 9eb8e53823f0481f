"""Scores and labels of cells as an AnnData holds them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from neurosig import keys
from neurosig.errors import CellsWarning, InputError, ParameterError, count, examples
from neurosig.keys import OK, Coverage

if TYPE_CHECKING:
    from anndata import AnnData


_SCORE_FIRST: Final = (
    "Score first: neurosig.tl.score(adata, signatures, method=...); on the command line, name "
    "signatures to score, such as --panel core"
)


@dataclass(frozen=True, slots=True)
class StoredScores:
    """Scores found in an AnnData.

    key: where in `obsm`
    values: cells x signatures
    refused: status of each signature that has no score in any cell
    """

    key: str
    values: pd.DataFrame
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CellLabels:
    """A column of labels.

    names: the labels that occur, in order of the categories or sorted
    codes: (n_cells,) position of each cell's label in `names`, -1 for a cell without one
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]


def stored_scores(
    adata: "AnnData", *, method: str | None = None, key: str | None = None
) -> StoredScores:
    """The scores of an AnnData, found by method or key, or the only ones there are.

    Raises
    ------
    InputError
        If there are none, or not under that key, or not as a table.
    ParameterError
        If `method` and `key` are both given, or neither where there are several.
    """
    chosen = _choose_key(adata, method, key)
    values = adata.obsm[chosen]
    if not isinstance(values, pd.DataFrame):
        raise InputError(
            f"adata.obsm[{chosen!r}] is not a table of scores",
            f"It is a {type(values).__name__}; the signatures need names",
            "Use pandas.DataFrame(values, index=adata.obs_names, columns=signature_names)",
        )
    values = values.rename(columns=str)
    _refuse_columns(values, chosen)
    values = values.astype(np.float64)
    coverage = _coverage(adata, chosen)
    refused = {
        name: _status(coverage, name) for name in values.columns if values[name].isna().all()
    }
    return StoredScores(chosen, values, refused)


def _refuse_columns(values: pd.DataFrame, key: str) -> None:
    twice = values.columns[values.columns.duplicated()]
    texts = [n for n, t in zip(values, values.dtypes, strict=True) if not is_numeric_dtype(t)]
    for bad, what in ((twice, "occurs twice"), (texts, "does not hold numbers")):
        if len(bad):
            raise InputError(
                f"The column {bad[0]!r} of adata.obsm[{key!r}] {what}",
                f"That holds for {examples(bad)} of {count(values.shape[1], 'column')}",
                f"Correct or drop it: adata.obsm[{key!r}] = adata.obsm[{key!r}].drop(columns=...)",
            )


def _choose_key(adata: "AnnData", method: str | None, key: str | None) -> str:
    if method is not None and key is not None:
        raise ParameterError(
            f"method={method!r} and key={key!r} cannot both be used",
            "Both name the scores to take",
            "Leave one of them out",
        )
    present = score_keys(adata)
    wanted = keys.score_key(method) if method is not None else key
    if wanted is not None:
        if wanted not in adata.obsm:
            raise InputError(
                f"There are no scores in adata.obsm[{wanted!r}]",
                f"Scores are in {examples(present)}",
                _SCORE_FIRST,
            )
        return wanted
    if not present:
        raise InputError(
            "There are no scores in adata.obsm",
            f"Its keys are {examples(adata.obsm)}",
            _SCORE_FIRST,
        )
    if len(present) > 1:
        raise ParameterError(
            f"There are {len(present)} tables of scores in adata.obsm",
            f"Their keys are {examples(present, 20)}",
            f"Choose one: key={present[0]!r}",
        )
    return present[0]


def score_keys(adata: "AnnData") -> list[str]:
    """The keys of `obsm` that hold scores: recorded ones and those called score_<method>."""
    recorded = adata.uns.get(keys.UNS, {})
    own = list(recorded) if isinstance(recorded, Mapping) else []
    p_values = {keys.pvalue_key(name) for name in adata.obsm}
    return [
        name
        for name in adata.obsm
        if name in own or (name.startswith(keys.score_key("")) and name not in p_values)
    ]


def _coverage(adata: "AnnData", key: str) -> pd.DataFrame | None:
    record: Any = adata.uns.get(keys.UNS, {})
    for name in (key, "coverage"):
        record = record.get(name) if isinstance(record, Mapping) else None
    return record if isinstance(record, pd.DataFrame) else None


def _status(coverage: pd.DataFrame | None, name: str) -> str:
    if coverage is not None and name in coverage.index:
        status = str(coverage.loc[name, Coverage.STATUS])
        if status != OK:
            return status
    return "no_score"


def cell_labels(adata: "AnnData", column: str) -> CellLabels:
    """The labels in a column of `obs`; a category that no cell has is left out.

    Raises
    ------
    InputError
        If there is no such column, it holds measurements, or no cell has a label.
    """
    if column not in adata.obs:
        close = get_close_matches(str(column), [str(name) for name in adata.obs.columns], n=3)
        raise InputError(
            f"adata.obs has no column {column!r}",
            f"Its columns are {examples(map(str, adata.obs.columns), 12)}",
            f"Did you mean {' or '.join(map(repr, close))}?" if close else "Name one of them",
        )
    labels = adata.obs[column]
    if pd.api.types.is_float_dtype(labels) and (labels.dropna() % 1 != 0).any():
        raise InputError(
            f"The column {column!r} holds measurements, not groups",
            f"It has {count(labels.nunique(), 'value')} such as {examples(labels.dropna())}",
            "Name a column of labels, or cut this one first: pandas.cut(adata.obs[...], ...)",
        )
    grouped = pd.Categorical(labels).remove_unused_categories()
    if not len(grouped.categories):
        raise InputError(
            f"No cell has a label in the column {column!r}",
            f"All {count(len(labels), 'value')} are missing",
            "Name another column",
        )
    whole = pd.api.types.is_float_dtype(grouped.categories)
    names = tuple(str(int(name) if whole else name) for name in grouped.categories)
    return CellLabels(names, grouped.codes.astype(np.intp))


def labelled(labels: CellLabels, column: str) -> NDArray[np.bool_]:
    """Which cells have a label; a CellsWarning says how many have none."""
    has_label: NDArray[np.bool_] = labels.codes >= 0
    n_lost = int((~has_label).sum())
    if n_lost:
        warnings.warn(
            CellsWarning(
                f"{count(n_lost, 'cell')} of {len(has_label):,} "
                f"{'has' if n_lost == 1 else 'have'} no label in {column!r} and "
                f"{'is' if n_lost == 1 else 'are'} left out",
                f"Labels are {examples(labels.names)}",
                f"To keep them, give them a label: adata.obs[{column!r}].cat.add_categories(...)"
                ".fillna(...)",
            ),
            stacklevel=3,
        )
    return has_label
