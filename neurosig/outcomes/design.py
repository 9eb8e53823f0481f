"""Covariates as structured terms, and the design matrix of the rows that have all of them.

There are no formula strings: they run code, and they break on names such as `HLA-A` or `1-Mar`.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig._params import Help, Range, build, check
from neurosig.errors import ClinicalError, ParameterError, SmallSampleWarning, count, examples
from neurosig.outcomes.clinic.clean import find_column, numbers_of, reads_as_numbers, texts_of
from neurosig.outcomes.clinic.intervals import PatientRows, of_patients
from neurosig.outcomes.clinic.level_order import levels_of
from neurosig.outcomes.row_flow import FlowStep, flow_table
from neurosig.outcomes.splines import FEWEST_KNOTS, MOST_KNOTS, default_knots, spline_basis

_TRANSFORMS: Final[Mapping[str, tuple[Callable[[Any], Any], float, bool]]] = {
    # name: function, lowest argument, whether that one is allowed itself
    "log": (np.log, 0.0, False),
    "log2": (np.log2, 0.0, False),
    "log1p": (np.log1p, -1.0, False),
    "sqrt": (np.sqrt, 0.0, True),
}
_FEW_ROWS: Final = 5
_MANY_LEVELS: Final = 30


@dataclass(frozen=True, slots=True)
class Term:
    """One covariate: a column, how it is read, and for numbers a transform.

    `auto` is numeric if every known value is a number, else categorical; a reference level or a
    transform settles it. Categories are coded against the reference level (by default the first: of
    an ordered categorical the lowest, else numbers by value and words by the alphabet), one column
    per other level. A spline is a restricted cubic one with knots at Harrell's
    quantiles; its columns are named "age", "age'", "age''".

    Raises
    ------
    ParameterError
        A field has a value that is not allowed, or two fields contradict each other.

    Examples
    --------
    >>> Term("psa", transform="log2").label, Term.of("stage"), Term.of({"column": "age"}).kind
    ('log2(psa)', Term(column='stage', kind='auto', ..., reference=None, knots=4), 'auto')
    """

    column: Annotated[str, Help("column of the clinical table, or a signature")]
    kind: Annotated[Literal["auto", "numeric", "categorical"], Help("how the column is read")] = (
        "auto"
    )
    transform: Annotated[
        Literal["none", "log", "log2", "log1p", "sqrt", "spline"],
        Help("transform of a numeric column"),
    ] = "none"
    reference: Annotated[
        str | None, Help("level that the others of a categorical column are compared with")
    ] = None
    knots: Annotated[int, Help("knots of a spline"), Range(low=FEWEST_KNOTS, high=MOST_KNOTS)] = 4

    def __post_init__(self) -> None:
        check(self)
        is_numeric = self.kind == "numeric" or self.transform != "none"
        is_categorical = self.kind == "categorical" or self.reference is not None
        if is_numeric and is_categorical:
            raise ParameterError(
                f"The term {self.column!r} is asked for as numeric and as categorical",
                f"kind={self.kind!r}, transform={self.transform!r}, reference={self.reference!r}",
                "A transform belongs to a numeric term, a reference to a categorical one",
            )

    @classmethod
    def of(cls, term: "str | Mapping[str, object] | Term") -> "Term":
        """Make a term from a column name, or from a mapping as a configuration has it.

        Raises
        ------
        ParameterError
            The mapping has an unknown key or a value that is not allowed.
        """
        if isinstance(term, Term):
            return term
        return cls(term) if isinstance(term, str) else build(cls, term, "term")

    @property
    def label(self) -> str:
        """The name of a numeric term in tables: the column, inside its transform."""
        is_named_alone = self.transform in ("none", "spline")
        return self.column if is_named_alone else f"{self.transform}({self.column})"

    @property
    def words(self) -> str:
        """The term as what a model is adjusted for: its label, or "spline4(age)" of 4 knots."""
        is_spline = self.transform == "spline"
        return f"spline{self.knots}({self.column})" if is_spline else self.label


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The design matrix of the complete rows.

    matrix: (n_complete, p), without intercept; names: of the p columns ("age", "grade[3]");
    rows: (n,) which rows of the data are complete; row_flow: what each term lost.
    """

    matrix: NDArray[np.float64]
    names: tuple[str, ...]
    rows: NDArray[np.bool_]
    row_flow: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class TermColumn:
    """A term with the values it found: numbers, or level names with None where missing.

    levels: in order, of a category.
    """

    term: Term
    numbers: NDArray[np.float64] | None
    cells: list[str | None]
    levels: tuple[str, ...] = ()

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """(n,) which rows have a value."""
        if self.numbers is not None:
            return ~np.isnan(self.numbers)
        return np.array([cell is not None for cell in self.cells], dtype=np.bool_)


def design_matrix(
    data: pd.DataFrame,
    terms: Sequence["str | Mapping[str, object] | Term"],
    patients: PatientRows | None = None,
) -> Design:
    """Build the design matrix of the rows in which every term is known.

    Numbers are taken as they are (not centred, not scaled) after their transform. A categorical
    term with L levels gives L - 1 columns of 0 and 1: x[i, l] = 1 if row i has level l, the
    reference level having none. Levels are those of the complete rows. Knots of splines are
    quantiles of the complete rows, or of the patients' means where these have several rows.

    Raises
    ------
    ClinicalError
        A column does not exist, holds texts or infinite values where numbers are needed, has one
        value only on the complete rows, lacks the reference level, has values the transform is not
        defined for, or has so many levels that it is no category; or no row is complete.
    ParameterError
        A term contradicts itself or occurs twice.

    Warns
    -----
    SmallSampleWarning
        A level has fewer than five rows.

    Examples
    --------
    >>> clinical = pd.DataFrame({"age": [61, 70, 58], "sex": ["m", "f", None]})
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", SmallSampleWarning)
    ...     design = design_matrix(clinical, ["age", Term("sex", reference="f")])
    >>> design.names, design.matrix.tolist(), design.rows.tolist()
    (('age', 'sex[m]'), [[61.0, 1.0], [70.0, 0.0]], [True, True, False])
    """
    chosen = [Term.of(term) for term in terms]
    _refuse_repeated([term.label for term in chosen])
    rows = np.ones(len(data), dtype=np.bool_)
    columns = []
    steps = []
    for term in chosen:
        column = read_term(data, term)
        lost = rows & ~column.is_known
        steps.append(
            FlowStep.losing(
                f"{term.column} known", int(rows.sum()), data.index[lost], f"no {term.column}"
            )
        )
        rows &= column.is_known
        columns.append(column)
    if chosen and not rows.any():
        raise ClinicalError(
            "No row has all covariates",
            "; ".join(f"{s.step}: {s.n_out:,} of {s.n_in:,}" for s in steps),
            "Leave out the covariate that is missing most",
        )
    blocks: list[NDArray[np.float64]] = []
    names: list[str] = []
    few: list[str] = []
    for column in columns:
        block, block_names = _encoded(column, rows, few, patients)
        blocks.append(block)
        names.extend(block_names)
    if few:
        warnings.warn(
            SmallSampleWarning(
                f"Levels of covariates have fewer than {_FEW_ROWS} rows",
                f"{count(len(few), 'level')}: {examples(few)}".replace("'", ""),
                "Their estimates will be imprecise; join levels that belong together",
            ),
            stacklevel=2,
        )
    n_complete = int(rows.sum())
    matrix = np.hstack(blocks) if blocks else np.empty((n_complete, 0), dtype=np.float64)
    return Design(np.ascontiguousarray(matrix), tuple(names), rows, flow_table(steps))


def _refuse_repeated(labels: Sequence[str]) -> None:
    repeated = [label for label, n in Counter(labels).items() if n > 1]
    if repeated:
        raise ParameterError(
            f"The term {repeated[0]!r} occurs more than once",
            f"Terms: {', '.join(labels)}",
            "Name each covariate once",
        )


def read_term(data: pd.DataFrame, term: Term) -> TermColumn:
    """The values of a term on all rows: numbers after their transform, or level names."""
    values = find_column(data, term.column)
    is_numeric = term.kind == "numeric" or term.transform != "none"
    is_categorical = term.kind == "categorical" or term.reference is not None
    if is_numeric or (not is_categorical and reads_as_numbers(values)):
        return TermColumn(term, _transformed(term, numbers_of(values), data.index), [])
    cells, levels = texts_of(values), levels_of(values)
    if not is_categorical and len(levels) > _MANY_LEVELS:
        raise ClinicalError(
            f"The covariate {term.column!r} has too many levels for a category",
            f"{count(len(levels), 'level')} on {count(len(cells), 'row')}: {examples(levels)}",
            f"If it is numeric, set the texts in it to missing; if it really is a category: "
            f'Term({term.column!r}, kind="categorical")',
            column=term.column,
        )
    return TermColumn(term, None, cells, levels)


def _transformed(term: Term, numbers: NDArray[np.float64], ids: pd.Index) -> NDArray[np.float64]:
    if np.isinf(numbers).any():
        raise ClinicalError(
            f"The covariate {term.column!r} holds infinite values",
            f"{count(int(np.isinf(numbers).sum()), 'row')}: {examples(ids[np.isinf(numbers)])}",
            "Set them to missing",
            column=term.column,
        )
    if term.transform in ("none", "spline"):
        return numbers
    function, lowest, is_allowed = _TRANSFORMS[term.transform]
    is_outside = numbers < lowest if is_allowed else numbers <= lowest
    if is_outside.any():
        outside = [
            f"{v:g} ({i})" for i, v in zip(ids[is_outside], numbers[is_outside], strict=True)
        ]
        raise ClinicalError(
            f"The covariate {term.column!r} has values without a {term.transform}",
            f"{count(len(outside), 'row')}: {examples(outside)}".replace("'", ""),
            'Use transform="log1p" for zeros, or none',
            column=term.column,
        )
    return np.asarray(function(numbers), dtype=np.float64)


def _encoded(
    column: TermColumn,
    rows: NDArray[np.bool_],
    few: list[str],
    patients: PatientRows | None,
) -> tuple[NDArray[np.float64], list[str]]:
    term = column.term
    if column.numbers is not None:
        numbers = column.numbers[rows]
        _refuse_constant(term, len(np.unique(numbers)), numbers[0], len(numbers))
        if term.transform == "spline":
            whose = None if patients is None else patients.at(rows)
            values = of_patients(numbers[:, np.newaxis], whose)[:, 0]
            block = spline_basis(numbers, default_knots(values, term.knots))
            return block, [term.label + "'" * bend for bend in range(block.shape[1])]
        return numbers[:, np.newaxis], [term.label]
    cells = [cell for cell, kept in zip(column.cells, rows, strict=True) if kept and cell]
    counts = Counter(cells)
    levels = [level for level in column.levels if counts[level]]
    _refuse_constant(term, len(levels), levels[0], len(cells))
    reference = _reference(term, levels)
    few.extend(f"{term.column}[{lv}]: {counts[lv]}" for lv in levels if counts[lv] < _FEW_ROWS)
    others = [level for level in levels if level != reference]
    named = np.array(cells, dtype=object)
    block = np.column_stack([(named == level).astype(np.float64) for level in others])
    return block, [f"{term.column}[{level}]" for level in others]


def _refuse_constant(term: Term, n_levels: int, value: object, n_rows: int) -> None:
    if n_levels < 2:
        raise ClinicalError(
            f"The covariate {term.column!r} has one value only",
            f"It is {value} on all {count(n_rows, 'complete row')}",
            "Leave it out",
            column=term.column,
        )


def _reference(term: Term, levels: Sequence[str]) -> str:
    if term.reference is None:
        return levels[0]
    if term.reference in levels:
        return term.reference
    raise ClinicalError(
        f"The covariate {term.column!r} has no level {term.reference!r}",
        f"Levels on the complete rows: {examples(levels)}",
        "Choose the reference among them",
        column=term.column,
    )
