"""Whether imputations can be used: traces of the chains, and values beside the observed ones."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import ParameterError
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRACE: Final = "trace"
OBSERVED: Final = "observed"
IMPUTED: Final = "imputed"
_N_BINS: Final = 20


def imputation_data(imputed: Imputed) -> pd.DataFrame:
    """Traces of the means, and shares of observed and imputed values, as one tidy table.

    Parameters
    ----------
    imputed
        What `impute` returns.

    Returns
    -------
    DataFrame
        Columns column, part, chain, x, width, level, y. part "trace": the mean y of the imputed
        values of a chain after round x; "observed" and "imputed": the share y of values in the bin
        from x to x + width, or at a level.

    Raises
    ------
    ParameterError
        `imputed` is none.
    """
    if not isinstance(imputed, Imputed):
        raise ParameterError(
            f"{type(imputed).__name__} holds no imputations",
            "The figure is of what ns.impute returns",
            "Pass that",
        )
    traces = imputed.traces[imputed.traces["statistic"] == "mean"]
    parts = []
    for name, rows in traces.groupby("column", sort=False):
        trace = pd.DataFrame(
            {"chain": rows["chain"], "x": rows["iteration"].astype(float), "y": rows["value"]}
        )
        parts.append(trace.assign(column=name, part=TRACE))
        missing = imputed.missing[str(name)]
        completed = [cohort.data[str(name)] for cohort in imputed.cohorts]
        observed = completed[0][~missing]
        drawn = pd.concat([values[missing] for values in completed])
        parts += [
            _shares(values, observed).assign(column=name, part=part)
            for part, values in ((OBSERVED, observed), (IMPUTED, drawn))
        ]
    columns = ["column", "part", "chain", "x", "width", "level", "y"]
    return pd.concat(parts, ignore_index=True).reindex(columns=columns)


def _shares(values: "pd.Series[float]", observed: "pd.Series[float]") -> pd.DataFrame:
    if not pd.api.types.is_numeric_dtype(values) or observed.nunique() <= 2:
        levels = sorted(set(observed), key=str)
        share = values.value_counts(normalize=True).reindex(levels).fillna(0.0)
        return pd.DataFrame({"level": [str(level) for level in levels], "y": share.to_numpy()})
    edges = np.linspace(float(observed.min()), float(observed.max()), _N_BINS + 1)
    inside = np.clip(values.to_numpy(dtype=np.float64), edges[0], edges[-1])
    counts = np.histogram(inside, edges)[0]
    return pd.DataFrame(
        {"x": edges[:-1], "width": np.diff(edges), "y": counts / max(int(counts.sum()), 1)}
    )


def draw_traces(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the mean of the imputed values of one column after each round, a line per chain.

    Parameters
    ----------
    axes
        Where.
    data
        The rows of one column of what `imputation_data` returns.
    """
    trace = data[data["part"] == TRACE]
    with figure_style():
        for _, chain in trace.groupby("chain"):
            axes.plot(chain["x"], chain["y"], color=PALETTE["blue"], linewidth=0.7, alpha=0.5)
        axes.set_title(label_texts([trace["column"].iloc[0]], 24)[0])
        axes.set_xlabel("round")
        axes.set_ylabel("mean imputed")
    return axes


def draw_imputed_values(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the shares of observed values as bars and those of imputed ones as a line or points.

    Parameters
    ----------
    axes
        Where.
    data
        The rows of one column of what `imputation_data` returns.
    """
    observed, drawn = (data[data["part"] == part] for part in (OBSERVED, IMPUTED))
    is_category = observed["level"].notna().all()
    with figure_style():
        place = np.arange(len(observed)) if is_category else observed["x"] + observed["width"] / 2
        width = 0.8 if is_category else observed["width"]
        axes.bar(place, observed["y"], width=width, color=PALETTE["rule"], label=OBSERVED)
        axes.plot(
            place,
            drawn["y"],
            color=PALETTE["vermillion"],
            marker="o",
            markersize=4 if is_category else 2,
            linewidth=0 if is_category else 1.2,
            label=IMPUTED,
        )
        if is_category:
            axes.set_xticks(place, label_texts(observed["level"].tolist(), 12))
        axes.set_ylabel("share")
        axes.set_ylim(bottom=0)
        axes.legend(
            frameon=False,
            fontsize=SMALL_SIZE,
            ncols=2,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.2,
        )
    return axes


def imputation_figure(data: pd.DataFrame) -> "Figure":
    """Traces and values of every imputed column, a row of two panels each.

    Parameters
    ----------
    data
        What `imputation_data` returns.
    """
    names = data["column"].drop_duplicates().tolist()
    height, row = 1.3, 2.15
    with figure_style():
        figure = new_figure(7.2, 0.2 + row * len(names))
        for number, name in enumerate(names):
            bottom = 0.55 + row * (len(names) - 1 - number)
            of_column = data[data["column"] == name]
            draw_traces(axes_in_inches(figure, 0.8, bottom, 2.5, height), of_column)
            draw_imputed_values(axes_in_inches(figure, 4.3, bottom, 2.6, height), of_column)
    return figure


def imputation_alt(data: pd.DataFrame) -> str:
    """The figure in words.

    Parameters
    ----------
    data
        What `imputation_data` returns.
    """
    trace = data[data["part"] == TRACE]
    names = [clean_label(name) for name in trace["column"].drop_duplicates()]
    n_chains, n_rounds = int(trace["chain"].nunique()), int(trace["x"].max())
    return (
        f"Means of the imputed values of {', '.join(names)} over {n_rounds} rounds in {n_chains} "
        "chains, and their distribution beside that of the observed values."
    )
