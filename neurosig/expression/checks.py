"""Is this the matrix that was meant: values, orientation, gene names."""

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import (
    CoverageError,
    ExpressionError,
    NonFiniteError,
    OrientationError,
    ScaleWarning,
    count,
    examples,
)
from neurosig.expression.base import Block, Expression
from neurosig.expression.mismatch import explain_mismatch

Scale: TypeAlias = Literal["counts", "linear", "log", "centred", "standardised"]

SAMPLED_ROWS = 50
LARGEST_LOG = 30.0
"""No logarithm to base 2 of an expression value is larger: it would stand for 1e9."""


def check_has_values(expression: Expression) -> None:
    """Raise ExpressionError if every value is zero; stops at the first block that has one."""
    if not any(np.any(_stored(block)) for block in expression.blocks()):
        raise ExpressionError(
            "Every value of the expression matrix is zero",
            f"{expression.n_obs:,} observations x {expression.n_vars:,} genes",
            "Check the layer, the file or the filter that made it",
        )


def check_finite(expression: Expression, *, allow_nan: bool = False) -> None:
    """Raise NonFiniteError if a value is infinite or, unless `allow_nan`, missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosig.expression.adapters import as_expression
    >>> table = pd.DataFrame({"NGF": [1.0, np.nan], "BDNF": [0.0, 3.0]}, index=["s1", "s2"])
    >>> check_finite(as_expression(table))
    Traceback (most recent call last):
        ...
    neurosig.errors.NonFiniteError: The expression matrix has 1 missing value (NaN). ...
    >>> check_finite(as_expression(table), allow_nan=True)
    """
    n_nan = n_infinite = 0
    bad_obs: list[NDArray[np.intp]] = []
    bad_vars: list[NDArray[np.intp]] = []
    look = partial(_not_finite, allow_nan)
    for block_nan, block_infinite, rows, columns in expression.each_block(
        look, expression.bounds()
    ):
        n_nan, n_infinite = n_nan + block_nan, n_infinite + block_infinite
        bad_obs.append(rows)
        bad_vars.append(columns)
    if n_infinite or (n_nan and not allow_nan):
        raise _non_finite(
            expression,
            0 if allow_nan else n_nan,
            n_infinite,
            (np.concatenate(bad_obs), np.concatenate(bad_vars)),
        )


def rows_of_one_value(block: Block) -> NDArray[np.bool_]:
    """The observations of a block in which all genes have one and the same value, such as zero."""
    data = block.data
    n_genes = data.shape[1]
    if isinstance(data, np.ndarray):
        # Few rows agree in 64 genes spread over all; only those are read in full.
        spread = data[:, np.unique(np.linspace(0, n_genes - 1, 64).astype(np.int64))]
        are_flat: NDArray[np.bool_] = (spread == spread[:, :1]).all(axis=1)
        maybe, starts = np.flatnonzero(are_flat), np.arange(len(data)) * n_genes
        values = data.reshape(-1)
    else:
        n_stored = np.diff(data.indptr)
        are_flat = n_stored == 0
        maybe, starts, values = np.flatnonzero(n_stored == n_genes), data.indptr, data.data
    for row in maybe:
        one = values[starts[row] : starts[row] + n_genes]
        are_flat[row] = (one == one[0]).all()
    return are_flat


def is_finite(block: Block, *, allow_nan: bool = False) -> bool:
    """Whether no value of a block is infinite or, unless `allow_nan`, missing."""
    values = _stored(block)
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):  # a sum shows any NaN or infinity
            return True
    return not (np.isinf(values) if allow_nan else ~np.isfinite(values)).any()


def _not_finite(
    allow_nan: bool,
    block: Block,
) -> tuple[int, int, NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of missing and of infinite values, and the places of those not allowed."""
    if is_finite(block):
        nowhere = np.zeros(0, dtype=np.intp)
        return 0, 0, nowhere, nowhere
    values = _stored(block)
    is_nan, is_infinite = np.isnan(values), np.isinf(values)
    rows, columns = _positions(block, is_infinite if allow_nan else is_nan | is_infinite)
    return int(is_nan.sum()), int(is_infinite.sum()), rows, columns


def _stored(block: Block) -> NDArray[np.float64]:
    """The values in memory: all of a dense block, those that are not zero of a sparse one."""
    return block.data if isinstance(block.data, np.ndarray) else block.data.data


def _positions(
    block: Block, chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if isinstance(block.data, np.ndarray):
        rows, columns = np.nonzero(chosen)
    else:
        (stored,) = np.nonzero(chosen)
        rows = np.searchsorted(block.data.indptr, stored, side="right") - 1
        columns = block.data.indices[stored].astype(np.intp)
    return rows + block.start, columns


def _non_finite(
    expression: Expression,
    n_nan: int,
    n_infinite: int,
    positions: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NonFiniteError:
    parts = [
        count(n, noun)
        for n, noun in ((n_nan, "missing value"), (n_infinite, "infinite value"))
        if n
    ]
    parts = [text + " (NaN)" if "missing" in text else text for text in parts]
    obs, genes = positions
    shown = [
        f"{expression.var_names[g]} in {expression.obs_names[o]}"
        for o, g in islice(zip(obs, genes, strict=True), 5)
    ]
    remedy = (
        "Drop those genes (expression.dropna(axis=1)) or impute them by a rule you state; methods "
        'with an na parameter also take na="omit" or na="propagate"'
        if n_nan
        else "Find the division or the logarithm of zero that made them"
    )
    return NonFiniteError(
        f"The expression matrix has {' and '.join(parts)}",
        f"In {count(len(np.unique(genes)), 'gene')} and "
        f"{count(len(np.unique(obs)), 'observation')}, for instance {', '.join(shown)}",
        remedy,
        n_nan=n_nan,
        n_infinite=n_infinite,
    )


def check_orientation(expression: Expression, genes: Collection[str]) -> None:
    """Raise OrientationError if the genes of the signatures are among the observation names.

    Parameters
    ----------
    expression
        The matrix, taken as observations x genes.
    genes
        All genes of all signatures.
    """
    wanted = set(genes)
    in_columns = [name for name in expression.var_names if name in wanted]
    in_rows = [name for name in expression.obs_names if name in wanted]
    # One observation may be called like a gene (MET for metastasis), hence two at least.
    if len(in_rows) >= min(2, len(wanted)) and len(in_rows) > 5 * len(in_columns):
        raise OrientationError(
            "The genes look to be in the rows; observations are expected there",
            f"Of {len(wanted):,} genes in the signatures {len(in_rows):,} are names of "
            f"observations ({examples(in_rows)}) and {len(in_columns):,} are names of genes; "
            f"the genes of the data are called {examples(expression.var_names)}",
            "Transpose the data (expression.T for a table, adata.T for an AnnData), or read the "
            'file with orientation="genes_in_rows"',
            n_in_rows=len(in_rows),
            n_in_columns=len(in_columns),
        )


def check_overlap(expression: Expression, genes: Collection[str]) -> None:
    """Raise CoverageError if no gene of the signatures is in the data, with a guess at the cause.

    Parameters
    ----------
    expression
        The matrix; observations x genes.
    genes
        All genes of all signatures.
    """
    wanted = set(genes)
    if any(name in wanted for name in expression.var_names):
        return
    mismatch = explain_mismatch(expression.var_names, genes)
    raise CoverageError(
        "None of the genes of the signatures is in the data",
        f"{count(expression.n_vars, 'gene')} in the data: {examples(expression.var_names)}; "
        f"{count(len(wanted), 'gene')} in the signatures: {examples(sorted(wanted))}"
        + (f". {mismatch.cause}" if mismatch else ""),
        mismatch.remedy if mismatch else "Use the same kind of gene names on both sides",
        cause=mismatch.name if mismatch else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleGuess:
    """The scale a matrix seems to have, from at most 50 evenly spaced observations.

    Attributes
    ----------
    scale
        "counts": non-negative whole numbers; "linear": non-negative and too large for a logarithm;
        "log"; "centred": around zero, such as two-colour log ratios; "standardised": every gene
        with mean 0 and standard deviation 1.
    evidence
        The numbers behind it, in words.
    looks_logged_twice
        Whether the largest value is too small for values that were logged once.
    """

    scale: Scale
    evidence: str
    minimum: float
    maximum: float
    integer_share: float
    negative_share: float
    looks_logged_twice: bool


def guess_scale(expression: Expression) -> ScaleGuess:
    """What scale the values seem to have.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosig.expression.adapters import as_expression
    >>> counts = pd.DataFrame({"NGF": [0, 250], "BDNF": [12, 3]}, index=["s1", "s2"])
    >>> guess_scale(as_expression(counts)).scale
    'counts'
    """
    rows = _sampled_rows(expression)
    finite = rows[np.isfinite(rows)]
    if finite.size == 0:
        raise NonFiniteError(
            "No value of the expression matrix is a finite number",
            f"{count(len(rows), 'observation')} were looked at",
            "Check the layer or the file",
        )
    finite = np.sort(finite)  # much faster than quantiles of what is not sorted
    nonzero = finite[finite != 0]
    low, high = float(finite[0]), float(finite[-1])
    integer_share = float(np.mean(nonzero == np.round(nonzero))) if nonzero.size else 1.0
    negative_share = float(np.searchsorted(finite, 0.0) / finite.size)
    # Shallow counts have no large values, but a thousand whole numbers are no logarithms.
    are_counts = low >= 0 and integer_share > 0.999 and (high > 50 or nonzero.size >= 1000)
    scale = "counts" if are_counts else _scale_of_reals(rows, low, high, negative_share)
    quartiles = np.interp([0.25, 0.5, 0.75], np.linspace(0, 1, finite.size), finite)
    return ScaleGuess(
        scale=scale,
        evidence=f"In {count(len(rows), 'observation')}: from {low:.4g} to {high:.4g}, quartiles "
        f"{quartiles[0]:.4g}, {quartiles[1]:.4g}, {quartiles[2]:.4g}; {integer_share:.0%} of the "
        f"values that are not zero are whole numbers, {negative_share:.0%} of all are negative",
        minimum=low,
        maximum=high,
        integer_share=integer_share,
        negative_share=negative_share,
        # A small panel may lack the strongly expressed genes, hence the number of genes.
        looks_logged_twice=scale == "log" and low >= 0 and high < 5 and expression.n_vars >= 1000,
    )


def _sampled_rows(expression: Expression) -> NDArray[np.float64]:
    """Evenly spaced observations in full, the same ones and values whatever the storage."""
    positions = np.unique(np.linspace(0, expression.n_obs - 1, SAMPLED_ROWS).round().astype(int))
    rows = expression.each_block(_first_row, [(int(p), int(p) + 1) for p in positions])
    return np.stack(list(rows))


def _first_row(block: Block) -> NDArray[np.float64]:
    data = block.data
    if isinstance(data, np.ndarray):
        first: NDArray[np.float64] = data[0]
        return first
    row = np.zeros(data.shape[1])
    row[data.indices] = data.data
    return row


def _scale_of_reals(
    rows: NDArray[np.float64], low: float, high: float, negative_share: float
) -> Scale:
    if low >= 0:
        return "linear" if high > LARGEST_LOG else "log"
    varying = rows[:, np.ptp(rows, axis=0) > 0] if len(rows) > 2 else rows[:, :0]
    if varying.size == 0:
        return "centred" if negative_share > 0.25 else "log"
    means, deviations = np.nanmean(varying, axis=0), np.nanstd(varying, axis=0)
    is_standard = (np.abs(means) < 0.35) & (np.abs(deviations - 1) < 0.35)
    if np.mean(is_standard) > 0.6:
        return "standardised"
    if high > LARGEST_LOG:
        return "linear"
    # Logged expression differs between genes far more than within one; centred values do not.
    between = np.var(means) / (np.var(means) + np.mean(deviations**2))
    return "centred" if negative_share > 0.25 and between < 0.5 else "log"


_REMEDIES: dict[str, str] = {
    "counts": 'Score neurosig.transform(data, "log2cpm"), or layer= for logged values',
    "linear": 'Score neurosig.transform(data, "log2p1"), or layer= for logged values',
    "standardised": "Use the values from before scaling (layer= or use_raw=True): within an "
    "observation, standardised genes no longer rank by their expression",
}


def check_scale(guess: ScaleGuess, wanted: Literal["log", "ranks"], *, stacklevel: int = 3) -> None:
    """Warn with a ScaleWarning if the values do not look like what a method wants.

    A method that wants "log" works with differences of values: counts, linear values and values
    logged twice mislead it, log ratios around zero do not. One that wants "ranks" takes any scale
    on which the genes of one observation can be compared; standardised genes cannot, and that
    holds for both. `stacklevel` is as in `warnings.warn`.
    """
    wants_log = wanted == "log"
    if guess.scale == "standardised" or (wants_log and guess.scale in _REMEDIES):
        words = {"linear": "linear values", "standardised": "values standardised by gene"}
        wants = "logged values" if wants_log else "values that rank the genes of an observation"
        what = f"The method wants {wants}; these look like {words.get(guess.scale, 'counts')}"
        remedy = _REMEDIES[guess.scale]
    elif wants_log and guess.looks_logged_twice:
        what = "The values look as if they were logged twice"
        remedy = "Check the steps before; if they are log10 values or fractions, all is well"
    else:
        return
    warnings.warn(ScaleWarning(what, guess.evidence, remedy), stacklevel=stacklevel)
