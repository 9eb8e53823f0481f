"""From counts or linear values to logarithms, block by block as they are read."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ParameterError, ScaleError, count
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import Block, Expression, csr_block
from neurosig.expression.derived import Derived

T = TypeVar("T")
TransformName: TypeAlias = Literal["none", "log2p1", "log2cpm"]

# Values that are not zero, row after row, and where each row starts, to the values' new values.
_Rewrite: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.float64]]


def transform(data: Any, name: TransformName) -> Expression:
    """The same matrix on a log scale; zeros stay zeros and sparse data stay sparse.

    ::

        none      y[i, g] = x[i, g]
        log2p1    y[i, g] = log2(x[i, g] + 1)
        log2cpm   y[i, g] = log2(1e6 * x[i, g] / L[i] + 1),   L[i] = sum_g x[i, g]

    x: (n_obs, n_genes) counts or linear values. L: the library size, summed over the genes that
    are in the matrix; on a selection of genes it is not the sequencing depth, so transform before
    selecting. An observation without any count stays zero. Values are computed when a block is
    taken; whether any is negative is looked up at once.

    Parameters
    ----------
    data
        What `as_expression` takes: a DataFrame of observations x genes, an AnnData (its X) or an
        Expression.
    name
        "none", "log2p1" for linear values or "log2cpm" for counts.

    Returns
    -------
    Expression
        Of the same observations and genes; `origin` has the transform. "none" gives `data` back
        as an Expression.

    Raises
    ------
    ScaleError
        If a value is negative.
    ParameterError
        If there is no transform of that name.
    ExpressionError
        As `as_expression`, if the matrix or its names cannot be used.

    References
    ----------
    "log2cpm" is what scanpy's normalize_total(target_sum=1e6) and log1p(base=2) give (Wolf FA et
    al. 2018, doi:10.1186/s13059-017-1382-0). It is not cpm(log=TRUE) of edgeR (Robinson MD et al.
    2010, doi:10.1093/bioinformatics/btp616), which adds a count that grows with the library.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"NGF": [3, 0], "BDNF": [1, 7]}, index=["s1", "s2"])
    >>> transform(counts, "log2p1").to_frame().loc["s1"].tolist()  # log2(3 + 1), log2(1 + 1)
    [2.0, 1.0]
    >>> cpm = transform(counts, "log2cpm").to_frame().loc["s1"]  # 3 and 1 of 4 counts
    >>> cpm.round(4).tolist()  # log2(750001), log2(250001)
    [19.5165, 17.9316]
    """
    expression = as_expression(data)
    if name == "none":
        return expression
    if name not in _REWRITES:
        raise ParameterError(
            f"transform cannot be {name!r}",
            f"Allowed: none, {', '.join(_REWRITES)}",
            'Use "log2cpm" for counts and "log2p1" for linear values',
        )
    _refuse_negative(expression, name)
    return _Transformed(expression, name)


def log2p1(expression: Expression) -> Expression:
    """log2(x + 1) without a look at the values; a value below -1 gives NaN."""
    return _Transformed(expression, "log2p1")


class _Transformed(Derived):
    def __init__(self, parent: Expression, name: str) -> None:
        earlier = parent.origin.get("transform")
        steps = f"{earlier}, {name}" if earlier else name
        super().__init__(parent, {**parent.origin, "transform": steps})
        self._rewrite = _REWRITES[name]

    def block(self, start: int, stop: int) -> Block:
        return _rewritten(self._rewrite, self._parent.block(start, stop))

    def each_block(
        self, task: Callable[[Block], T], bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        return self._parent.each_block(partial(_on_rewritten, self._rewrite, task), bounds, n_jobs)


def _on_rewritten(rewrite: _Rewrite, task: Callable[[Block], T], block: Block) -> T:
    return task(_rewritten(rewrite, block))


def _rewritten(rewrite: _Rewrite, block: Block) -> Block:
    given = block.data
    # Both storages go through the same values in the same order: equal to the last bit.
    if isinstance(given, np.ndarray):
        is_nonzero = given != 0
        starts = np.concatenate(([0], np.cumsum(np.count_nonzero(is_nonzero, axis=1))))
        dense = np.zeros_like(given)
        dense[is_nonzero] = rewrite(given[is_nonzero], starts)
        return Block(block.start, dense)
    values = rewrite(given.data, given.indptr.astype(np.intp))
    return Block(block.start, csr_block(values, given.indices, given.indptr, given.shape[1]))


def _log2p1(values: NDArray[np.float64], _starts: NDArray[np.intp]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        logs: NDArray[np.float64] = np.log2(values + 1.0)
    return logs


def _log2cpm(values: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    n_values = np.diff(starts)
    has_values = n_values > 0
    if not has_values.any():
        return values.copy()
    library = np.add.reduceat(values, starts[:-1][has_values])
    per_value = np.repeat(library, n_values[has_values])
    return _log2p1(1e6 * values / per_value, starts)


_REWRITES: dict[str, _Rewrite] = {"log2p1": _log2p1, "log2cpm": _log2cpm}


def _refuse_negative(expression: Expression, name: str) -> None:
    n_negative, lowest = 0, 0.0
    for n_below, least in expression.each_block(_negatives, expression.bounds()):
        n_negative, lowest = n_negative + n_below, min(lowest, least)
    if n_negative:
        raise ScaleError(
            f'transform="{name}" needs counts or linear values',
            f"{count(n_negative, 'value')} "
            f"{'is' if n_negative == 1 else 'are'} negative, the lowest is {lowest:.4g}",
            'Values with negatives are logged or scaled already: use transform="none"',
            n_negative=n_negative,
        )


def _negatives(block: Block) -> tuple[int, float]:
    """How many values are negative, and the lowest of them."""
    values = block.data if isinstance(block.data, np.ndarray) else block.data.data
    return int(np.count_nonzero(values < 0)), float(np.min(values, initial=0.0))
