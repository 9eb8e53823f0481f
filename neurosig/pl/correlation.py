"""Signatures against other scores: how far each moves with immune cells, vessels, metabolism."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, examples
from neurosig.keys import Confounder, Result
from neurosig.pl.colour_bar import BAR_HEIGHT, draw_colour_bar
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

_NEEDED: Final = (
    Result.SIGNATURE,
    Confounder.COVARIATE,
    Result.ESTIMATE,
    Result.CI_LOW,
    Result.CI_HIGH,
    Result.P_VALUE,
    Result.Q_VALUE,
    Result.N,
)
_Q: Final = 0.05
_CELL: Final = (0.46, 0.25)
"""Width and height of a cell in inches."""
_DARK: Final = 0.65
"""Correlations beyond this need a light number on them."""
_SLANT: Final = float(np.sin(np.pi / 4))


def correlation_data(table: pd.DataFrame) -> pd.DataFrame:
    """The correlations that are shown, one row per signature and covariate in the table's order.

    Parameters
    ----------
    table
        That of what `confounding` returns.

    Returns
    -------
    DataFrame
        Columns signature, covariate, estimate (Spearman's rho), ci_low, ci_high, p_value, q_value,
        n, n_shared_genes (0 where the covariate is not a signature).

    Raises
    ------
    InputError
        The table is not one of `confounding`, or has no rows.

    Examples
    --------
    >>> import neurosig as ns
    >>> ids = list("abcdefgh")
    >>> scores = pd.DataFrame({"nerve": [1.0, 2, 3, 4, 5, 6, 7, 8]}, index=ids)
    >>> vessels = pd.DataFrame({"vessels": [2.0, 1, 3, 4, 5, 6, 7, 8]}, index=ids)
    >>> data = correlation_data(ns.confounding(scores, vessels).table)
    >>> data[["signature", "covariate", "n"]].values.tolist()
    [['nerve', 'vessels', 8]]
    >>> round(float(data["estimate"].iloc[0]), 4)  # 1 - 6 * 2 / (8 * 63)
    0.9762
    """
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"The table lacks {examples(missing)}" if missing else "The table has no rows",
            f"Columns are {examples(map(str, table.columns), 12)}",
            "Pass the table of neurosig.confounding",
        )
    data = table[list(_NEEDED)].reset_index(drop=True)
    shared = table.get(Confounder.N_SHARED, pd.Series(0, index=table.index))
    data[Confounder.N_SHARED] = shared.fillna(0).astype(np.int64).to_numpy()
    return data


def _names(data: pd.DataFrame) -> tuple[list[str], list[str]]:
    return (
        data[Result.SIGNATURE].drop_duplicates().tolist(),
        data[Confounder.COVARIATE].drop_duplicates().tolist(),
    )


def _matrix(data: pd.DataFrame, column: str) -> NDArray[np.float64]:
    rows, columns = _names(data)
    wide = data.pivot_table(
        index=Result.SIGNATURE, columns=Confounder.COVARIATE, values=column, aggfunc="first"
    ).reindex(index=rows, columns=columns)
    return wide.to_numpy(dtype=np.float64)


def _colours() -> "Colormap":
    import matplotlib as mpl

    return mpl.colormaps["RdBu_r"].with_extremes(bad=PALETTE["rule"])


def draw_correlation(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the matrix: rho as colour and number, bold where q < 0.05, a corner for shared genes.

    Genes that both hold make a correlation that says nothing of the tissue, so that cells in which
    they do are marked: a triangle in the upper right corner.

    Parameters
    ----------
    axes
        Where; signatures stand at its left, the others above.
    data
        What `correlation_data` returns.

    Returns
    -------
    Axes
        `axes`; its first image is the matrix.
    """
    rows, columns = _names(data)
    rho = _matrix(data, Result.ESTIMATE)
    with figure_style():
        axes.imshow(rho, aspect="auto", interpolation="none", cmap=_colours(), vmin=-1.0, vmax=1.0)
        _write_numbers(axes, rho, _matrix(data, Result.Q_VALUE))
        _mark_shared(axes, _matrix(data, Confounder.N_SHARED))
        axes.set_yticks(range(len(rows)), label_texts(rows, 48))
        axes.xaxis.tick_top()
        axes.set_xticks(
            range(len(columns)),
            label_texts(columns, 40),
            rotation=45,
            ha="left",
            rotation_mode="anchor",
        )
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return axes


def _write_numbers(axes: "Axes", rho: NDArray[np.float64], q: NDArray[np.float64]) -> None:
    for row, column in np.ndindex(*rho.shape):
        value = rho[row, column]
        axes.text(
            column,
            row,
            format_number(float(value), 2),
            ha="center",
            va="center_baseline",
            fontsize=SMALL_SIZE,
            fontweight="bold" if q[row, column] < _Q else "normal",
            color=PALETTE["surface" if abs(value) > _DARK else "ink"],
        )


def _mark_shared(axes: "Axes", n_shared: NDArray[np.float64]) -> None:
    from matplotlib.patches import Polygon

    for row, column in zip(*np.nonzero(np.nan_to_num(n_shared)), strict=True):
        right, top = column + 0.5, row - 0.5
        corner = [(right, top), (right - 0.17, top), (right, top + 0.31)]
        axes.add_patch(Polygon(corner, closed=True, color=PALETTE["ink"], linewidth=0))


def correlation_figure(data: pd.DataFrame) -> "Figure":
    """The matrix with its key and what its marks mean, of the size that the names need.

    Parameters
    ----------
    data
        What `correlation_data` returns.
    """
    rows, columns = (label_texts(names, 48) for names in _names(data))
    width, height = _CELL[0] * len(columns), _CELL[1] * len(rows)
    left = widest(rows) + 0.2
    above = _SLANT * (widest(columns) + 0.12) + 0.2
    ends = [_CELL[0] * (i + 0.5) + _SLANT * text_width(name) for i, name in enumerate(columns)]
    note = _note(data)
    total = max(left + max(ends) + 0.2, left + width + 1.75, text_width(note, SMALL_SIZE) + 0.2)
    below = 0.35 + max(0.0, BAR_HEIGHT - height)
    with figure_style():
        figure = new_figure(total, below + height + above)
        draw_correlation(axes_in_inches(figure, left, below, width, height), data)
        corner = (left + width + 0.3, below + height - 0.08)
        draw_colour_bar(figure, corner, _colours(), (-1.0, 1.0), "Spearman's rho")
        at = (0.1 / total, 0.1 / (below + height + above))
        figure.text(*at, note, fontsize=SMALL_SIZE, color=PALETTE["muted"])
    return figure


def _note(data: pd.DataFrame) -> str:
    low, high = int(data[Result.N].min()), int(data[Result.N].max())
    n = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    marks = "Triangle: the two share genes. " if data[Confounder.N_SHARED].any() else ""
    return f"{marks}Bold: q < {_Q}. n = {n} samples."


def correlation_alt(data: pd.DataFrame) -> str:
    """The matrix in words: the largest correlation of each signature.

    Parameters
    ----------
    data
        What `correlation_data` returns.
    """
    told = []
    for name, rows in data.groupby(Result.SIGNATURE, sort=False):
        known = rows[rows[Result.ESTIMATE].notna()]
        if known.empty:
            told.append(f"{clean_label(name)} with none")
            continue
        top = known.iloc[int(known[Result.ESTIMATE].abs().to_numpy().argmax())]
        rho = format_number(float(top[Result.ESTIMATE]), 2)
        told.append(f"{clean_label(name)} with {clean_label(top[Confounder.COVARIATE])} ({rho})")
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return (
        f"Spearman correlations of {len(told)} signatures with "
        f"{data[Confounder.COVARIATE].nunique()} other scores. Largest: "
        f"{'; '.join(told[:8])}{more}. {_note(data)}"
    )
