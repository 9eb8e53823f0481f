"""Signatures x samples, with the clinic above them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import AlignmentError, InputError, ParameterError, count, examples
from neurosig.pl.clinical_bars import (
    UNKNOWN_COLOUR,
    ClinicalBar,
    bar_of,
    draw_bar,
    draw_keys,
    key_height,
)
from neurosig.pl.colour_bar import draw_colour_bar
from neurosig.pl.style import (
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    widest,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

CLUSTER: Final = "cluster"
_MOST_CLUSTERED: Final = 5000
"""Distances between all pairs of more samples than this do not fit in memory comfortably."""
_MOST_OPTIMAL: Final = 400
"""Up to here the leaves of a tree are also turned so that neighbours are alike."""


@dataclass(frozen=True, slots=True)
class HeatmapData:
    """What a heatmap shows, in the order in which it shows it.

    Attributes
    ----------
    values
        Signature x sample; NaN where there is no score.
    annotations
        Sample x clinical column, the samples as in `values`.
    label
        What the values are.
    """

    values: pd.DataFrame
    annotations: pd.DataFrame
    label: str

    @property
    def table(self) -> pd.DataFrame:
        """The source table: one row per sample, its clinical columns, then the signatures."""
        scores = self.values.T
        scores.columns = [str(name) for name in scores.columns]
        samples = pd.DataFrame({"sample": [str(name) for name in scores.index]})
        clinical = self.annotations.add_prefix("clinical: ").reset_index(drop=True)
        return pd.concat([samples, clinical, scores.reset_index(drop=True)], axis=1)


def heatmap_data(
    scores: pd.DataFrame,
    annotations: pd.DataFrame | None = None,
    *,
    order: str = CLUSTER,
    standardise: bool = True,
) -> HeatmapData:
    """Scores in display order, by default as z-scores so that signatures share one colour scale.

    z[i, s] = (score[i, s] - mean[s]) / sd[s]; mean and sd (n - 1) over the samples shown, for
    display alone. Trees are built with Ward's criterion on Euclidean distances; a missing score
    counts as average there and stays missing in the figure.

    Parameters
    ----------
    scores
        Observation x signature.
    annotations
        Clinical columns of the same observations, to be drawn as bars.
    order
        "cluster" puts similar samples side by side; the name of a signature sorts by its score.
    standardise
        Whether to show z-scores instead of the scores themselves.

    Raises
    ------
    InputError
        There is no score at all.
    AlignmentError
        `annotations` lacks an observation of `scores`.
    ParameterError
        `order` is neither "cluster" nor a signature, or there are too many samples for a tree.

    Examples
    --------
    >>> scores = pd.DataFrame({"axon": [3.0, 1.0, 2.0]}, index=["a", "b", "c"])
    >>> heatmap_data(scores, order="axon").values.round(1).to_dict("list")
    {'b': [-1.0], 'c': [0.0], 'a': [1.0]}
    """
    if scores.empty or not np.isfinite(scores.to_numpy(dtype=np.float64)).any():
        raise InputError(
            "There is no score to draw",
            f"The table is {scores.shape[0]} observations x {scores.shape[1]} signatures",
            "Pass Scores.values with at least one signature that was scored",
        )
    shown = _standardised(scores) if standardise else scores.astype(np.float64)
    samples = _sample_order(shown, order)
    signatures = _leaves(shown.to_numpy(dtype=np.float64).T)
    clinical = pd.DataFrame(index=scores.index)
    if annotations is not None:
        unknown = scores.index.difference(annotations.index)
        if len(unknown):
            raise AlignmentError(
                f"{count(len(unknown), 'observation')} of the scores lack clinical values",
                f"These are {examples(map(str, unknown))}",
                "Pass annotations.reindex(scores.index) to show them as missing",
            )
        clinical = annotations.loc[scores.index]
    return HeatmapData(
        values=shown.iloc[samples, signatures].T,
        annotations=clinical.iloc[samples],
        label="z-score" if standardise else "score",
    )


def _standardised(scores: pd.DataFrame) -> pd.DataFrame:
    spread = scores.std(ddof=1).replace(0.0, np.nan)
    centred = scores - scores.mean()
    return (centred / spread).where(scores.notna() & spread.notna(), centred)


def _sample_order(shown: pd.DataFrame, order: str) -> NDArray[np.intp]:
    if order in shown.columns:
        return np.argsort(shown[order].to_numpy(dtype=np.float64), kind="stable")
    if order != CLUSTER:
        raise ParameterError(
            f"order cannot be {order!r}",
            f"Signatures are {examples(map(str, shown.columns))}",
            f"Use {CLUSTER!r} or one of them",
        )
    if len(shown) > _MOST_CLUSTERED:
        raise ParameterError(
            f"{len(shown):,} samples are too many to be clustered for a figure",
            f"The most is {_MOST_CLUSTERED:,}",
            f"Pass order={str(shown.columns[0])!r} to sort them by a signature instead",
        )
    return _leaves(shown.to_numpy(dtype=np.float64))


def _leaves(rows: NDArray[np.float64]) -> NDArray[np.intp]:
    """The order of the leaves of the tree of the rows."""
    if len(rows) < 3:
        return np.arange(len(rows), dtype=np.intp)
    from scipy.cluster.hierarchy import leaves_list, linkage

    filled = np.where(np.isfinite(rows), rows, 0.0)
    tree = linkage(filled, method="ward", optimal_ordering=len(rows) <= _MOST_OPTIMAL)
    return np.asarray(leaves_list(tree), dtype=np.intp)


def _colours() -> "Colormap":
    import matplotlib as mpl

    return mpl.colormaps["RdBu_r"].with_extremes(bad=UNKNOWN_COLOUR)


def _limit(data: HeatmapData) -> float:
    """Where the colours end: the 99th percentile of the size, so that one outlier is not all."""
    values = np.abs(data.values.to_numpy(dtype=np.float64))
    limit = float(np.nanquantile(values, 0.99))
    return min(limit, 3.0) if data.label == "z-score" and limit > 0 else limit or 1.0


def draw_heatmap(axes: "Axes", data: HeatmapData) -> "Axes":
    """Draw the matrix: blue below, red above, grey where there is no score.

    Parameters
    ----------
    axes
        Where; the names of the signatures stand at its left.
    data
        What `heatmap_data` returns.

    Returns
    -------
    Axes
        `axes`; its first image is the matrix.
    """
    limit = _limit(data)
    with figure_style():
        axes.imshow(
            data.values.to_numpy(dtype=np.float64),
            aspect="auto",
            interpolation="none",
            cmap=_colours(),
            vmin=-limit,
            vmax=limit,
        )
        axes.set_yticks(range(len(data.values)), label_texts(data.values.index.tolist(), 48))
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{data.values.shape[1]:,} samples")
        for spine in axes.spines.values():
            spine.set_visible(False)
    return axes


def _bars(data: HeatmapData) -> list[ClinicalBar]:
    """The bars of all clinical columns, each going on with the colours after the one before."""
    bars: list[ClinicalBar] = []
    for name in data.annotations.columns:
        first = sum(len(bar.groups) for bar in bars)
        bars.append(bar_of(data.annotations[name], first))
    return bars


def heatmap_figure(data: HeatmapData) -> "Figure":
    """The matrix with a bar for each clinical column above it and their keys at the right.

    Parameters
    ----------
    data
        What `heatmap_data` returns.
    """
    names = label_texts(data.values.index.tolist(), 48)
    bars = _bars(data)
    left = max(widest(names), widest([bar.title for bar in bars])) + 0.15
    width, key_width, bar_height, bar_step = 4.4, 1.75, 0.13, 0.18
    height = 0.19 * len(names)
    bars_height = bar_step * len(bars) + 0.06 * bool(bars)
    keys_height = sum(key_height(bar) for bar in bars) + 0.55
    bottom = max(0.32, keys_height - height - bars_height - 0.1)
    with figure_style():
        figure = new_figure(left + width + key_width + 0.2, bottom + height + bars_height + 0.1)
        axes = axes_in_inches(figure, left, bottom, width, height)
        draw_heatmap(axes, data)
        for position, bar in enumerate(bars):
            place = bottom + height + bars_height - bar_step * (position + 1) + 0.05
            draw_bar(axes_in_inches(figure, left, place, width, bar_height), bar)
        top = bottom + height + bars_height
        limit = _limit(data)
        draw_colour_bar(figure, (left + width + 0.25, top), _colours(), (-limit, limit), data.label)
        draw_keys(figure, bars, left + width + 0.25, top - 0.55)
    return figure


def heatmap_alt(data: HeatmapData) -> str:
    """The heatmap in words.

    Parameters
    ----------
    data
        What `heatmap_data` returns.
    """
    n_missing = int(data.values.isna().all(axis=1).sum())
    bars = ", ".join(clean_label(name) for name in data.annotations.columns)
    return " ".join(
        [
            f"Heatmap of the {data.label} of {count(len(data.values), 'signature')} in "
            f"{count(data.values.shape[1], 'sample')}.",
            f"Bars above it: {bars}." if bars else "",
            f"{count(n_missing, 'signature')} without a score in grey." if n_missing else "",
        ]
    ).strip()
