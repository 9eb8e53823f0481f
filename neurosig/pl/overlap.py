"""What signatures share: Jaccard index above the diagonal, containment below it."""

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, count
from neurosig.genesets.overlap import SignatureOverlap
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    TEXT_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    widest,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_OPTIMAL: Final = 400
"""Up to here the leaves of the tree are also turned so that neighbours are alike."""
_MOST_NUMBERED: Final = 40
"""Up to here a cell says how many genes are shared, and names have the size of text."""
_DARK: Final = 0.55
"""Values above this need a light number on them."""


def overlap_data(
    overlap: SignatureOverlap, *, order: Literal["cluster", "given"] = "cluster"
) -> pd.DataFrame:
    """The pairs that share genes, in the order in which the signatures are shown.

    Signatures that are alike stand side by side: leaves of an average-linkage tree of the
    distances 1 - Jaccard.

    Parameters
    ----------
    overlap
        What `signature_overlap` returns for one collection.
    order
        "cluster", or "given" for the order of the collection.

    Returns
    -------
    DataFrame
        Columns first, second, n_shared, jaccard, containment: a row for each signature with
        itself (its number of genes), followed by the later signatures that share genes with it.

    Raises
    ------
    InputError
        Two collections were compared.

    Examples
    --------
    >>> from neurosig.genesets.overlap import signature_overlap
    >>> overlap = signature_overlap({"a": ["NGF", "TH"], "b": ["NGF", "TH", "DBH"], "c": ["FOS"]})
    >>> data = overlap_data(overlap, order="given")
    >>> data[["first", "second", "n_shared"]].values.tolist()
    [['a', 'a', 2], ['a', 'b', 2], ['b', 'b', 3], ['c', 'c', 1]]
    """
    names = list(overlap.rows)
    if names != list(overlap.columns):
        raise InputError(
            "The picture shows one collection against itself",
            f"Rows are {count(len(names), 'signature')}, columns {len(overlap.columns)} others",
            "Pass signature_overlap(first | second)",
        )
    jaccard = overlap.jaccard.to_numpy(dtype=np.float64)
    shown = _leaves(jaccard) if order == "cluster" else np.arange(len(names))
    counts = overlap.n_shared.to_numpy()[np.ix_(shown, shown)]
    first, second = np.nonzero(np.triu(counts))
    containment = overlap.containment.to_numpy(dtype=np.float64)[np.ix_(shown, shown)]
    return pd.DataFrame(
        {
            "first": [names[shown[i]] for i in first],
            "second": [names[shown[j]] for j in second],
            "n_shared": counts[first, second],
            "jaccard": jaccard[np.ix_(shown, shown)][first, second],
            "containment": containment[first, second],
        }
    )


def _leaves(jaccard: NDArray[np.float64]) -> NDArray[np.intp]:
    if len(jaccard) < 3:
        return np.arange(len(jaccard), dtype=np.intp)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distances = squareform(1.0 - jaccard, checks=False)
    tree = linkage(distances, method="average", optimal_ordering=len(jaccard) <= _MOST_OPTIMAL)
    return np.asarray(leaves_list(tree), dtype=np.intp)


def _names(data: pd.DataFrame) -> list[str]:
    return data["first"].drop_duplicates().tolist()


def _matrix(data: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Values (NaN on the diagonal and where nothing is shared) and numbers of genes."""
    number = {name: i for i, name in enumerate(_names(data))}
    first, second = (data[name].map(number).to_numpy() for name in ("first", "second"))
    counts = np.zeros((len(number), len(number)), dtype=np.int64)
    counts[first, second] = counts[second, first] = data["n_shared"]
    values = np.full(counts.shape, np.nan)
    values[second, first] = data["containment"]
    values[first, second] = data["jaccard"]
    np.fill_diagonal(values, np.nan)
    return values, counts


def draw_overlap(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the matrix: Jaccard index above the diagonal, containment below, the darker the more.

    Up to forty signatures, the cells say how many genes are shared and the diagonal how many a
    signature has.

    Parameters
    ----------
    axes
        Where; the names of the signatures stand at its left and above it.
    data
        What `overlap_data` returns.

    Returns
    -------
    Axes
        `axes`; its first image is the matrix.
    """
    import matplotlib as mpl

    values, counts = _matrix(data)
    names = label_texts(_names(data), 48)
    size = _text_size(len(names))
    with figure_style():
        axes.imshow(
            values,
            aspect="auto",
            interpolation="none",
            cmap=mpl.colormaps["Blues"].with_extremes(bad="none"),
            vmin=0.0,
            vmax=1.0,
        )
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
        axes.set_yticks(range(len(names)), names, fontsize=size)
        axes.xaxis.tick_top()
        far = len(names) > _MOST_NUMBERED  # names at one side are too far from the other's cells
        axes.tick_params(length=0, pad=2, labelright=far, labelbottom=far)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _draw_grid(axes, len(names))
        if len(names) <= _MOST_NUMBERED:
            _draw_counts(axes, values, counts)
    return axes


def _draw_grid(axes: "Axes", n: int) -> None:
    """Lines that lead from a name to its cells, and what parts the two measures."""
    width = 0.5 if n <= _MOST_NUMBERED else 0.25
    edges = np.arange(n + 1) - 0.5
    for draw, low, high in ((axes.hlines, -0.5, n - 0.5), (axes.vlines, -0.5, n - 0.5)):
        draw(edges, low, high, color=PALETTE["rule"], linewidth=width, zorder=0)
    if n > _MOST_NUMBERED:  # else the numbers of genes are the diagonal
        axes.plot([-0.5, n - 0.5], [-0.5, n - 0.5], color=PALETTE["muted"], linewidth=0.5)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)


def _draw_counts(axes: "Axes", values: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
    for row, column in zip(*np.nonzero(counts), strict=True):
        is_dark = row != column and values[row, column] > _DARK
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=6.0,
            color=PALETTE["surface" if is_dark else "muted" if row == column else "ink"],
        )


def _text_size(n: int) -> float:
    return TEXT_SIZE if n <= _MOST_NUMBERED else 5.0


def overlap_figure(data: pd.DataFrame) -> "Figure":
    """The matrix with its key, of the size that the signatures need.

    Parameters
    ----------
    data
        What `overlap_data` returns.
    """
    names = label_texts(_names(data), 48)
    size = _text_size(len(names))
    step = 0.2 if len(names) <= _MOST_NUMBERED else 0.085
    room = widest(names, size) + 0.25
    side = step * len(names)
    after = room if len(names) > _MOST_NUMBERED else 0.0
    width = max(room + side + after + 0.15, 5.6)
    with figure_style():
        figure = new_figure(width, side + room + after + 0.75)
        draw_overlap(axes_in_inches(figure, room, 0.7 + after, side, side), data)
        _draw_key(figure, room, numbered=len(names) <= _MOST_NUMBERED)
    return figure


def _draw_key(figure: "Figure", left: float, *, numbered: bool) -> None:
    axes = axes_in_inches(figure, left, 0.3, 1.2, 0.1)
    axes.imshow(
        np.linspace(0, 1, 128)[np.newaxis, :],
        aspect="auto",
        interpolation="none",
        cmap="Blues",
        extent=(0, 1, 0, 1),
    )
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=SMALL_SIZE)
    axes.spines[["left", "bottom"]].set_visible(False)
    words = (
        "Upper right: Jaccard index.\nLower left: share of the smaller set that the larger holds."
    )
    axes.annotate(
        words + ("\nNumbers: shared genes." if numbered else ""),
        (1.08, 0.5),
        xycoords="axes fraction",
        va="center",
        fontsize=SMALL_SIZE,
        annotation_clip=False,
    )


def overlap_alt(data: pd.DataFrame) -> str:
    """The matrix in words: how many signatures, and the pairs that are most alike.

    Parameters
    ----------
    data
        What `overlap_data` returns.
    """
    pairs = data[data["first"].ne(data["second"])]
    most = pairs.sort_values(["jaccard", "containment"], ascending=False, kind="stable").head(5)
    told = [
        f"{clean_label(row['first'])} and {clean_label(row['second'])} "
        f"({int(row['n_shared'])} shared, Jaccard {row['jaccard']:.2f}, "
        f"containment {row['containment']:.2f})"
        for _, row in most.iterrows()
    ]
    return (
        f"Shared genes of {count(len(_names(data)), 'signature')}: "
        f"{count(len(pairs), 'pair')} of {_n_pairs(len(_names(data))):,} share a gene. "
        + (f"Most alike: {'; '.join(told)}." if told else "")
    ).strip()


def _n_pairs(n: int) -> int:
    return n * (n - 1) // 2
