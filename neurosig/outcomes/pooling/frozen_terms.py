"""Scores and covariates as a training cohort had them, to be read the same way elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, count, examples
from neurosig.outcomes.clinic.clean import find_column, numbers_of
from neurosig.outcomes.design import Term, read_term
from neurosig.outcomes.pooling.covariate_coding import is_other_unit
from neurosig.outcomes.splines import default_knots, spline_basis

FloatArray = NDArray[np.float64]
_QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
Transform = Literal["none", "log", "log2", "log1p", "sqrt", "spline"]


@dataclass(frozen=True, kw_only=True)
class FrozenScore:
    """A score with the mean and standard deviation (n - 1) that it is standardised by."""

    signature: str
    mean: float
    sd: float

    def standardised(self, values: FloatArray) -> FloatArray:
        """(values - mean) / sd, NaN where a value is not finite."""
        known = np.isfinite(values)
        return np.asarray((np.where(known, values, np.nan) - self.mean) / self.sd)


@dataclass(frozen=True, kw_only=True)
class FrozenTerm:
    """A covariate with what was read off the training cohort.

    levels: of a category, the reference first, else empty; knots: of a spline, else empty;
    quartiles: of the numbers before a transform, the lowest and highest too, and codes: both of a
    column of two, such as 0 and 1; empty in models that were saved without.
    """

    column: str
    transform: Transform = "none"
    levels: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()
    quartiles: tuple[float, ...] = ()
    codes: tuple[float, ...] = ()

    @classmethod
    def of(cls, data: pd.DataFrame, term: Term) -> "FrozenTerm":
        """Freeze a term on these rows, all of which know it.

        >>> FrozenTerm.of(pd.DataFrame({"sex": ["m", "f", "m"]}), Term("sex")).levels
        ('f', 'm')
        """
        read = read_term(data, term)
        if read.numbers is not None:
            is_spline = term.transform == "spline"
            knots = default_knots(read.numbers, term.knots).tolist() if is_spline else []
            numbers = numbers_of(find_column(data, term.column))
            distinct = np.unique(numbers)
            return cls(
                column=term.column,
                transform=term.transform,
                knots=tuple(knots),
                quartiles=tuple(np.quantile(numbers, _QUARTILES, method="inverted_cdf").tolist()),
                codes=tuple(distinct.tolist()) if distinct.size == 2 else (),
            )
        reference = term.reference if term.reference is not None else read.levels[0]
        others = (level for level in read.levels if level != reference)
        return cls(column=term.column, levels=(reference, *others))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, as in a design."""
        if self.levels:
            return tuple(f"{self.column}[{level}]" for level in self.levels[1:])
        label = Term(self.column, transform=self.transform).label
        n_columns = max(len(self.knots) - 1, 1)
        return tuple(label + "'" * bend for bend in range(n_columns))

    def columns(self, data: pd.DataFrame) -> FloatArray:
        """Its columns (n, m), NaN in rows that do not know it.

        Raises
        ------
        ClinicalError
            The column is missing, holds texts where numbers are needed, has a level that the
            training cohort did not have, or numbers of another unit or coding.
        """
        term = Term(self.column, kind="numeric", transform=self.transform)
        if self.levels:
            term = replace(term, kind="categorical", transform="none")
        read = read_term(data, term)
        if read.numbers is None:
            return self._dummies(read.cells)
        self._refuse_other_coding(numbers_of(find_column(data, self.column)))
        if not self.knots:
            return read.numbers[:, None]
        known = ~np.isnan(read.numbers)
        basis = np.full((len(data), len(self.names)), np.nan)
        basis[known] = spline_basis(read.numbers[known], np.asarray(self.knots))
        return basis

    def share_outside(self, data: pd.DataFrame) -> float:
        """The share of the known numbers that lie outside of the range of the training cohort."""
        numbers = numbers_of(find_column(data, self.column))
        known = numbers[np.isfinite(numbers)]
        if not self.quartiles or not known.size:
            return 0.0
        return float(np.mean((known < self.quartiles[0]) | (known > self.quartiles[-1])))

    def _refuse_other_coding(self, numbers: FloatArray) -> None:
        known = numbers[np.isfinite(numbers)]
        if not self.quartiles or not known.size:
            return
        here = np.unique(known)
        if self.codes and here.size <= len(self.codes) and not set(self.codes).issuperset(here):
            why = "other codes than"
        elif is_other_unit(known, np.asarray(self.quartiles)):
            why = "another unit than"
        else:
            return
        low, middle, high = self.quartiles[0], self.quartiles[2], self.quartiles[-1]
        raise ClinicalError(
            f"The covariate {self.column!r} seems to have {why} the model was trained with",
            f"It is {here[0]:g} to {here[-1]:g} here, with the median {np.median(known):.4g}; the "
            f"training cohort had {low:g} to {high:g}, with the median {middle:.4g}",
            "Bring it to the unit and coding of the training cohort",
            column=self.column,
        )

    def _dummies(self, cells: Sequence[str | None]) -> FloatArray:
        unknown = [cell for cell in cells if cell is not None and cell not in self.levels]
        if unknown:
            raise ClinicalError(
                f"The covariate {self.column!r} has levels that the model does not know",
                f"{count(len(unknown), 'row')} with {examples(dict.fromkeys(unknown))}; the "
                f"training cohort had {examples(self.levels)}",
                "Recode them as the training cohort did, or set them to missing",
                column=self.column,
            )
        values = np.asarray(cells, dtype=object)
        block = np.column_stack([(values == level) for level in self.levels[1:]]).astype(np.float64)
        block[[cell is None for cell in cells]] = np.nan
        return block
