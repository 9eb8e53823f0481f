"""Restricted cubic splines: smooth curves that are straight outside the outer knots."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError

FloatArray = NDArray[np.float64]

FEWEST_KNOTS, MOST_KNOTS = 3, 7
_FEW_ROWS = 100


def default_knots(x: FloatArray, n_knots: int) -> FloatArray:
    """Knots at Harrell's quantiles of x, (n_knots,).

    The quantiles are evenly spaced between an outer pair: 0.10 and 0.90 for 3 knots, 0.05 and 0.95
    for 4 to 6, 0.025 and 0.975 for 7. With fewer than 100 values the outer knots are the fifth
    smallest and the fifth largest.

    Raises
    ------
    ClinicalError
        x has too few distinct values for knots that differ.

    References
    ----------
    Harrell FE (2015) Regression Modeling Strategies, section 2.4.6, doi:10.1007/978-3-319-19425-7.

    Examples
    --------
    >>> default_knots(np.arange(101.0), 4).round(2).tolist()
    [5.0, 35.0, 65.0, 95.0]
    """
    outer = {3: 0.10, 7: 0.025}.get(n_knots, 0.05)
    knots = np.quantile(x, np.linspace(outer, 1 - outer, n_knots))
    if 10 <= x.size < _FEW_ROWS:
        in_order = np.sort(x)
        knots[0], knots[-1] = in_order[4], in_order[-5]
    if np.any(np.diff(knots) <= 0):
        raise ClinicalError(
            f"{n_knots} knots of a spline cannot be told apart",
            f"The quantiles are {', '.join(f'{v:g}' for v in knots)}; there are "
            f"{np.unique(x).size:,} distinct values in {x.size:,} rows",
            "Use fewer knots, or the values as they are",
        )
    return np.asarray(knots)


def spline_basis(x: FloatArray, knots: Sequence[float] | FloatArray) -> FloatArray:
    """The columns of a restricted cubic spline, (n, n_knots - 1); the first is x itself.

    With (.)+ the positive part, knots t_1 < .. < t_k and j = 1 .. k - 2:

        s_j(x) = [(x - t_j)+^3 - (x - t_{k-1})+^3 (t_k - t_j) / (t_k - t_{k-1})
                  + (x - t_k)+^3 (t_{k-1} - t_j) / (t_k - t_{k-1})] / (t_k - t_1)^2

    References
    ----------
    Harrell FE (2015) Regression Modeling Strategies, equation 2.25,
    doi:10.1007/978-3-319-19425-7.

    Examples
    --------
    By hand at x = 3 with knots 0, 1, 2: (27 - 8 * 2 / 1 + 1 * 1 / 1) / 4 = 3.

    >>> spline_basis(np.array([3.0]), [0.0, 1.0, 2.0]).tolist()
    [[3.0, 3.0]]
    """
    t = np.asarray(knots, dtype=np.float64)

    def cubed(knot: float) -> FloatArray:
        return np.asarray(np.maximum(x - knot, 0.0) ** 3)

    last, before = t[-1], t[-2]
    columns = [np.asarray(x, dtype=np.float64)]
    for knot in t[:-2]:
        bent = cubed(before) * (last - knot) - cubed(last) * (before - knot)
        columns.append((cubed(knot) - bent / (last - before)) / (last - t[0]) ** 2)
    return np.column_stack(columns)
