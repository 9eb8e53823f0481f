"""The pooled effect of a signature without each of its cohorts, as a forest plot."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import Pooled, Result
from neurosig.pl.forest import forest_alt, forest_data, forest_figure
from neurosig.pl.forest_layout import COHORT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OMITTED: Final = "omitted"


def leave_one_out_data(
    omitted: pd.DataFrame, pooled: pd.DataFrame | None = None, *, signature: str
) -> pd.DataFrame:
    """The rows of one signature without each cohort, and its pooled effect of all of them.

    Parameters
    ----------
    omitted
        The table of `leave_one_out`.
    pooled
        The table of `meta`, for the last row.
    signature
        Which signature.

    Returns
    -------
    DataFrame
        As `forest_data` returns, with the kinds "omitted" and "pooled"; the label of an omitted
        row is the cohort left out.

    Raises
    ------
    InputError
        The table is not that of `leave_one_out`, or has no row of the signature.

    Examples
    --------
    >>> omitted = pd.DataFrame({"omitted": ["A", "B"], "endpoint": "OS", "signature": "axon",
    ...                         "term": "score", "effect": [1.2, 1.4], "effect_low": [0.9, 1.0],
    ...                         "effect_high": [1.6, 1.9], "p_value": [0.2, 0.04], "status": "ok"})
    >>> leave_one_out_data(omitted, signature="axon")[["kind", "label", "effect"]].values.tolist()
    [['omitted', 'A', 1.2], ['omitted', 'B', 1.4]]
    """
    if Pooled.OMITTED not in omitted.columns:
        raise InputError(
            f"The table lacks {Pooled.OMITTED!r}",
            f"Columns are {examples(map(str, omitted.columns), 12)}",
            "Pass the table of leave_one_out",
        )
    rows = omitted.assign(**{Result.COHORT: omitted[Pooled.OMITTED]})
    data = forest_data(rows, pooled, signature=signature)
    kind = data["kind"].replace(COHORT, OMITTED)
    return data.assign(kind=kind, **{Result.Q_VALUE: float("nan")})  # of the pooled row alone


def leave_one_out_figure(data: pd.DataFrame, *, effect_label: str | None = None) -> "Figure":
    """What `leave_one_out_data` returns, drawn by `draw_forest`."""
    return forest_figure(data, effect_label=effect_label)


def leave_one_out_alt(data: pd.DataFrame, subject: str = "") -> str:
    """The effects in words; subject: the name of the signature."""
    return forest_alt(data, f"{subject}, one cohort omitted at a time".lstrip(", "))
