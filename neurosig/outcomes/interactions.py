"""Products of terms: whether one term's effect depends on another."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, examples
from neurosig.keys import SCORE_TERM
from neurosig.outcomes.arguments import listed_terms, name_list
from neurosig.outcomes.clinic.clean import find_column, texts_of
from neurosig.outcomes.clinic.intervals import PatientRows, of_patients
from neurosig.outcomes.model_rows import ModelRows

FloatArray = NDArray[np.float64]
Pair = tuple[str, str] | str


@dataclass(frozen=True, eq=False)
class Products:
    """Products of the score: their names and what it is multiplied with, columns (n, q).

    among_covariates: names of the covariates that are products themselves; references: the levels
    at which the score's own row is its effect, as "grp = a"; patients: of the rows, where they have
    several.
    """

    names: tuple[str, ...] = ()
    columns: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    among_covariates: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    patients: PatientRows | None = None

    def with_score(self, score: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
        """The products (n, q) of a score with the columns, on the rows where it is known."""
        patients = None if self.patients is None else self.patients.at(known)
        return np.asarray((score - average(score, patients))[:, None] * self.columns[known])


def average(column: FloatArray, patients: PatientRows | None) -> float:
    """The mean (n,) of a column over its rows, or of the patients' means over time."""
    return float(of_patients(column[:, None], patients).mean())


def add_interactions(rows: ModelRows, interactions: Sequence[Pair]) -> tuple[ModelRows, Products]:
    """Add the products of covariates to the covariates, and name those with the score.

    A pair is ("score", "age"), ("age", "sex") or the text "score:age"; a name is that of a term of
    `adjust`, all of whose columns take part, or the word "score". Numbers are centred at their mean
    over the rows (of patients in several rows, at the mean of the patients' means over time)
    before they are multiplied, so that the rows of the single terms are their
    effects at the average of the other; the columns of categories are 0 and 1 as they are, so that
    those are effects at the reference level.

    Raises
    ------
    ParameterError
        A pair is no pair of two terms of the model, or occurs twice.
    """
    pairs = [_pair(pair, rows) for pair in listed_terms("interactions", interactions)]
    repeated = [pair for i, pair in enumerate(pairs) if set(pair) in map(set, pairs[:i])]
    if repeated:
        raise ParameterError(
            f"The interaction {':'.join(repeated[0])!r} occurs more than once",
            f"Interactions: {examples(':'.join(pair) for pair in pairs)}",
            "Name each once",
        )
    with_score: dict[str, FloatArray] = {}
    among: dict[str, FloatArray] = {}
    for first, second in pairs:
        if SCORE_TERM in (first, second):
            other = second if first == SCORE_TERM else first
            with_score |= {f"{SCORE_TERM}:{name}": x for name, x in _columns(rows, other)}
        else:
            second_columns = _columns(rows, second)
            for name, x in _columns(rows, first):
                among |= {f"{name}:{other}": x * z for other, z in second_columns}
    products = Products(
        names=tuple(with_score),
        columns=np.column_stack([np.empty((len(rows.covariates), 0)), *with_score.values()]),
        among_covariates=tuple(among),
        patients=rows.patients,
    )
    wider = replace(
        rows,
        covariates=np.column_stack([rows.covariates, *among.values()]),
        names=(*rows.names, *among),
    )
    return wider, products


def at_references(products: Products, rows: ModelRows, data: pd.DataFrame) -> Products:
    """Name the reference level of each category the score is multiplied with.

    data: clinical columns of the rows.
    """
    others = [name.removeprefix(f"{SCORE_TERM}:") for name in products.names]
    categories = dict.fromkeys(_term(name) for name in others if name.endswith("]"))
    references = []
    for term in categories:
        levels = np.column_stack([column for _, column in _columns(rows, term)])
        cells = np.array(texts_of(find_column(data, term)), dtype=object)
        at_zero = cells[~levels.any(axis=1)]
        references.append(f"{term} = {at_zero[0] if at_zero.size else 'reference'}")
    return replace(products, references=tuple(references))


def _pair(pair: object, rows: ModelRows) -> tuple[str, str]:
    parts = tuple(pair.split(":")) if isinstance(pair, str) else name_list("interactions", pair)
    known = {SCORE_TERM, *(_term(name) for name in rows.names)}
    if len(parts) != 2 or parts[0] == parts[1] or not known.issuperset(parts):
        raise ParameterError(
            f"The interaction {pair!r} is no pair of two terms of the model",
            f"Terms: {examples(sorted(known))}",
            'Give pairs such as ("score", "age"), and name each term in adjust',
        )
    return parts[0], parts[1]


def _term(name: str) -> str:
    """The term of a column: "sex[m]" belongs to "sex", "age''" to "age"."""
    return name.rstrip("'") if not name.endswith("]") else name[: name.rindex("[")]


def _columns(rows: ModelRows, term: str) -> list[tuple[str, FloatArray]]:
    return [
        (name, column if name.endswith("]") else column - average(column, rows.patients))
        for name, column in zip(rows.names, rows.covariates.T, strict=True)
        if _term(name) == term
    ]
