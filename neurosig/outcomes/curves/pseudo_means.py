"""Jackknife pseudo-values of the restricted mean survival time, and least squares on them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError
from neurosig.kernels.times import merge_close_times

FloatArray = NDArray[np.float64]

FEW_DEGREES: Final = 5.0  # below, tests with Satterthwaite's degrees of freedom are not trusted
_SINGULAR: Final = 1e-10  # of the length of a column
_ALONE: Final = 1e-9  # a row with this little outside of its leverage fits itself


def pseudo_means(
    time: FloatArray, event: FloatArray, tau: float, groups: NDArray[np.int64] | None = None
) -> FloatArray:
    """Pseudo-value (n,) of each row for the mean survival time up to tau.

        y_i = n m - (n - 1) m_(-i),   m = integral of S from 0 to tau

    S: Kaplan-Meier curve, and m_(-i) that integral without row i, in its own group where codes
    (n,) are given; beyond the last time of the others the curve stays as it was. Without censoring
    y_i = min(t_i, tau).

    Raises
    ------
    ClinicalError
        tau lies beyond the last time of a group.

    References
    ----------
    Andersen PK, Hansen MG, Klein JP (2004) Lifetime Data Anal 10:335-350,
    doi:10.1007/s10985-004-4771-0.

    Examples
    --------
    Times 1, 2+ and 3: m = 1 + 2 * 2/3 = 7/3; without one of them it is 3, 1 + 2/2 and 1 + 2/2, so
    that the values are 7 - 2 * 3 = 1, 7 - 2 * 2 = 3 and 3.

    >>> pseudo_means(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0]), 3.0).round(10).tolist()
    [1.0, 3.0, 3.0]
    """
    codes = np.zeros(time.size, dtype=np.int64) if groups is None else groups
    merged, values = merge_close_times(time), np.empty(time.size)
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        if merged[rows].max() < tau:
            raise ClinicalError(
                f"The horizon tau = {tau:g} lies beyond the follow-up",
                f"The last time is {merged[rows].max():g}",
                "Choose an earlier tau",
            )
        values[rows] = _of_one_group(merged[rows], event[rows], tau)
    return values


def _of_one_group(time: FloatArray, event: FloatArray, tau: float) -> FloatArray:
    """All n curves without one row in one pass: before its time each is that of n - 1 rows."""
    limited = np.minimum(time, tau)
    died = np.where(time > tau, 0.0, event)
    times, place = np.unique(limited, return_inverse=True)
    n_events = np.bincount(place, weights=died, minlength=times.size)
    at_risk = np.cumsum(np.bincount(place, minlength=times.size)[::-1])[::-1].astype(np.float64)
    gaps = np.diff(times, prepend=0.0)
    curve = np.cumprod(1.0 - n_events / at_risk)
    area = np.cumsum(np.concatenate(([1.0], curve[:-1])) * gaps)  # up to each time; the last is tau
    others = np.maximum(at_risk - 1.0, 1.0)
    without = np.cumprod(np.maximum(1.0 - n_events / others, 0.0))
    before = np.concatenate(([1.0], without[:-1]))
    area_without = np.cumsum(before * gaps)
    step = 1.0 - (n_events[place] - died) / others[place]
    left = np.divide(area[-1] - area, curve, out=np.zeros(times.size), where=curve > 0)
    one_out = area_without[place] + before[place] * step * left[place]
    return np.asarray(time.size * area[-1] - (time.size - 1) * one_out)


@dataclass(frozen=True, eq=False)
class MeanEffects:
    """Coefficients, errors and degrees of freedom (..., j) of the first j columns of a design.

    leverage: (...,) the largest of a row; all are NaN where a design is not of full rank.
    """

    coef: FloatArray
    std_error: FloatArray
    df: FloatArray
    leverage: FloatArray


def least_squares(outcome: FloatArray, design: FloatArray, n_terms: int) -> MeanEffects:
    """Least squares on designs (..., n, k), with errors that count the leverage of rows.

        b = (X'X)^-1 X'y,   var(b_j) = sum_i a_ij^2 e_i^2 / (1 - h_i)                    (HC2)
        df_j = (sum_i a_ij^2)^2 / tr[(M D_j)^2],   D_j = diag(a_ij^2 / (1 - h_i))

    a = X (X'X)^-1, e: residuals, h: diagonal of H = X (X'X)^-1 X', M = I - H. The errors hold
    without equal variances, and without bias where they are equal; df is Satterthwaite's, that of
    a chi-square with the variance which var(b_j) has where they are equal. A few rows with a large
    score leave few degrees of freedom, whatever n is.

    References
    ----------
    MacKinnon JG, White H (1985) J Econom 29:305-325, doi:10.1016/0304-4076(85)90158-7 (HC2); Bell
    RM, McCaffrey DF (2002) Surv Methodol 28:169-181; Imbens GW, Kolesar M (2016) Rev Econ Stat
    98:701-712, doi:10.1162/REST_a_00552.

    Examples
    --------
    Two means of two: e = -1, 1, -1, 1 and h = 1/2 of each, so the variance of the difference is
    that of Student's test, (2 + 2) / 2, and so are its degrees of freedom.

    >>> x = np.array([[0.0, 1], [0, 1], [1, 1], [1, 1]])
    >>> fit = least_squares(np.array([1.0, 3, 4, 6]), x, 1)
    >>> [part.round(10).tolist() for part in (fit.coef, fit.std_error**2, fit.df)]
    [[3.0], [2.0], [2.0]]
    """
    basis, triangle = np.linalg.qr(design)
    own = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))  # of a column, without those before
    full = (own > _SINGULAR * np.linalg.norm(triangle, axis=-2)).all(axis=-1)
    safe = np.where(full[..., None, None], triangle, np.eye(triangle.shape[-1]))
    inverse = np.linalg.inv(safe)
    fitted = _transposed(basis) @ outcome[..., None]
    coef = (inverse @ fitted)[..., :n_terms, 0]
    residual = outcome - (basis @ fitted)[..., 0]
    part = basis @ _transposed(inverse[..., :n_terms, :])
    leverage = np.sum(basis**2, axis=-1)
    squared = part**2
    total = squared.sum(axis=-2)
    weight = _over_what_is_left(squared, leverage, total)
    variance = np.sum(weight * residual[..., None] ** 2, axis=-2)
    of_rows = np.sum(weight**2 * (1.0 - 2.0 * leverage)[..., None], axis=-2)
    of_pairs = [
        np.sum((_transposed(basis) @ (basis * weight[..., j : j + 1])) ** 2, axis=(-2, -1))
        for j in range(n_terms)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        df = total**2 / (of_rows + np.stack(of_pairs, axis=-1))
    known = full[..., None]
    return MeanEffects(
        coef=np.where(known, coef, np.nan),
        std_error=np.where(known, np.sqrt(variance), np.nan),
        df=np.where(known, df, np.nan),
        leverage=np.where(full, leverage.max(axis=-1), np.nan),
    )


def _over_what_is_left(squared: FloatArray, leverage: FloatArray, total: FloatArray) -> FloatArray:
    """Squared parts (..., n, j) over 1 - h; a row that fits itself has no residual.

    It adds nothing to what it has no part in, and what rests on it has no error.
    """
    alone = (leverage > 1.0 - _ALONE)[..., None]
    left = np.where(alone, 1.0, (1.0 - leverage)[..., None])
    has_part = squared > _ALONE**2 * total[..., None, :]
    return np.where(alone, np.where(has_part, np.nan, 0.0), squared / left)


def _transposed(matrices: FloatArray) -> FloatArray:
    return np.swapaxes(matrices, -1, -2)
