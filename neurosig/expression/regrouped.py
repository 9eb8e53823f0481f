"""The same observations with other genes: columns renamed, left out or combined."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.expression.base import Block, Expression, csr_block
from neurosig.expression.derived import Derived
from neurosig.expression.duplicates import add_columns

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Regrouping:
    """Which columns make which gene.

    Attributes
    ----------
    codes
        For each column the number of its gene from 0, or -1 if it is left out.
    names
        The genes, in the order of their first column.
    divide
        Whether a gene of several columns is their mean; else it is their sum.
    """

    codes: NDArray[np.intp]
    names: pd.Index
    divide: bool = False

    @property
    def combines(self) -> bool:
        """Whether a gene has more than one column."""
        return int(np.count_nonzero(self.codes >= 0)) > len(self.names)

    @property
    def first_columns(self) -> NDArray[np.intp]:
        """The position of the first column of each gene."""
        (used,) = np.nonzero(self.codes >= 0)
        _, first = np.unique(self.codes[used], return_index=True)
        chosen: NDArray[np.intp] = used[first]
        return chosen

    def apply(self, matrix: Any) -> Any:
        """The genes' columns of an array or a scipy sparse matrix, always a new one.

        Without columns to combine the values keep their number type; sums and means are float64.
        """
        if self.combines:
            return add_columns(matrix, self.codes, divide=self.divide)
        if len(self.names) == len(self.codes):
            return matrix.copy()
        return matrix[:, self.first_columns]


class RegroupedExpression(Derived):
    """An expression with other genes; every block is regrouped as it is taken.

    Examples
    --------
    >>> from neurosig.expression.base import DenseExpression
    >>> counts = DenseExpression(np.array([[1, 2, 4]]), ["s1"], ["IL8", "CXCL8", "FOO"], {})
    >>> genes = Regrouping(np.array([0, 0, -1]), pd.Index(["CXCL8"]))
    >>> RegroupedExpression(counts, genes, {}).block(0, 1).data.tolist()
    [[3.0]]
    """

    def __init__(
        self, parent: Expression, regrouping: Regrouping, notes: Mapping[str, str]
    ) -> None:
        super().__init__(parent, {**parent.origin, **notes})
        self.var_names = regrouping.names
        self._regrouping = regrouping

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, regrouped now."""
        return _regrouped(self._regrouping, self._parent.block(start, stop))

    def each_block(
        self, task: Callable[[Block], T], bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        """What the task makes of each block; genes are regrouped where the task runs."""
        return self._parent.each_block(
            partial(_on_regrouped, self._regrouping, task), bounds, n_jobs
        )


def _on_regrouped(genes: Regrouping, task: Callable[[Block], T], block: Block) -> T:
    return task(_regrouped(genes, block))


def _regrouped(genes: Regrouping, block: Block) -> Block:
    if not genes.combines and len(genes.names) == len(genes.codes):
        return block
    rows = genes.apply(block.data)
    if isinstance(rows, np.ndarray):
        return Block(block.start, np.require(rows, np.float64, ["C", "W"]))
    parts = rows.data, rows.indices, rows.indptr
    return Block(block.start, csr_block(*parts, len(genes.names), is_canonical=False))


def block_means(expression: Expression) -> NDArray[np.float64]:
    """The mean of each gene, block by block."""
    total = np.zeros(expression.n_vars)
    for block in expression.blocks():
        total += np.asarray(block.data.sum(axis=0)).ravel()
    return total / expression.n_obs
