"""Whether the estimates of a model are finite, found before it is fitted."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]

_FLAT = 1e-7  # a margin or a coefficient, of columns of variance 1 and coefficients up to 1
_EPSILON = 1e-15  # what rounding can hide of each term of a sum
_MAX_STEPS, _FARTHEST = 10, 1e3


class Separation(NamedTuple):
    """What separates: coefficients without a finite estimate (k,), rows left undecided (n,)."""

    infinite: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


def growing_direction(rows: FloatArray) -> FloatArray | None:
    """A direction in which the likelihood never falls, None where there is none.

    rows: (m, k) such that the likelihood does not fall along b exactly if rows @ b >= 0. The
    linear programme maximises the sum of rows @ b over -1 <= b <= 1 under these bounds; its
    maximum is 0 exactly when the maximum-likelihood estimate is finite (Konis 2007). With columns
    of variance 1 the margins are of order 1. It is not needed where the rows balance.

    References
    ----------
    Konis K (2007) DPhil thesis, University of Oxford, chapter 4.
    """
    if are_balanced(rows):
        return None
    return _direction(rows, np.ones(len(rows), dtype=np.bool_))


def are_balanced(rows: FloatArray) -> bool:
    """Whether positive weights w with rows' w = 0 were found: no row can gain without a loss.

    By Stiemke's lemma there are such weights exactly when there is no growing direction: along b
    with rows @ b >= 0 and |b| <= 1 the sum of rows @ b is at most the sum of |rows' w| over the
    least weight, which is rounding here. They are looked for among those of a logistic likelihood,
    1 / (1 + exp(rows @ b)), which balance at its maximum; on the way there least squares take away
    what is left of rows' w. A fraction of the time of the linear programme; False where no more
    than a few steps find none, though there may be some.

    >>> are_balanced(np.array([[1.0, 0], [-1, 1], [0, -1]])), are_balanced(np.array([[1.0], [0.5]]))
    (True, False)
    """
    square, b = rows.T @ rows, np.zeros(rows.shape[1])
    for _ in range(_MAX_STEPS):
        weights = special.expit(-(rows @ b))
        left = rows.T @ weights
        curvature = rows.T @ ((weights * (1 - weights))[:, None] * rows)
        try:
            balanced = weights - rows @ np.linalg.solve(square, left)
            step = np.linalg.solve(curvature, left)
        except np.linalg.LinAlgError:
            return False
        least = float(balanced.min())
        if least > 0:
            left_over = np.abs(rows.T @ balanced) + _EPSILON * (np.abs(rows).T @ balanced)
            if left_over.sum() <= _FLAT * least:
                return True
        b = b + step
        if not (np.abs(b) < _FARTHEST).all():  # a separation, or columns that are almost collinear
            return False
    return False


def infinite_columns(rows: FloatArray) -> NDArray[np.bool_]:
    """Which coefficients have no finite estimate: (k,)."""
    k = rows.shape[1]
    infinite = np.zeros(k, dtype=np.bool_)
    for j in range(k):
        for sign in (1.0, -1.0):
            objective = np.zeros(k)
            objective[j] = sign
            found = _maximise(rows, objective)
            infinite[j] |= found is not None and abs(found[j]) > _FLAT
    return infinite


def is_separated(y: FloatArray, design: FloatArray) -> bool:
    """Whether some direction of the design predicts a 0/1 outcome without error or up to ties.

    design: (n, k) with the intercept, of full rank.

    >>> x = np.column_stack([np.ones(4), [1.0, 2, 3, 4]])
    >>> is_separated(np.array([0.0, 0, 1, 1]), x), is_separated(np.array([0.0, 1, 0, 1]), x)
    (True, False)
    """
    return growing_direction(design * (2 * y - 1)[:, None]) is not None


def binary_separation(y: FloatArray, design: FloatArray) -> Separation | None:
    """What separates a 0/1 outcome, or None.

    Rows that a direction predicts without error have a likelihood of 1 in the limit and say nothing
    more; the others are undecided, and decide the coefficients that are finite (Geyer 2009).

    References
    ----------
    Geyer CJ (2009) Electron J Stat 3:259-289, doi:10.1214/08-EJS349.

    Examples
    --------
    The second column separates its own rows alone; the first stays finite.

    >>> x = np.array([[1.0, -2, 0], [1, 1, 0], [1, -1, 0], [1, 2, 0], [1, 0, 1]])
    >>> found = binary_separation(np.array([0.0, 0, 1, 1, 1]), x)
    >>> found.infinite.tolist(), found.undecided.tolist()
    ([False, False, True], [True, True, True, True, False])
    """
    signed = design * (2 * y - 1)[:, None]
    direction = growing_direction(signed)
    if direction is None:
        return None
    undecided = np.ones(y.size, dtype=np.bool_)
    while direction is not None:
        undecided &= signed @ direction <= _FLAT
        direction = _direction(signed, undecided)
    return Separation(infinite_columns(signed), undecided)


def _direction(rows: FloatArray, counted: NDArray[np.bool_]) -> FloatArray | None:
    """A direction in which one of the rows counted gains and none of all loses."""
    found = _maximise(rows, rows[counted].sum(axis=0))
    return found if found is not None and (rows[counted] @ found).sum() > _FLAT else None


def _maximise(rows: FloatArray, objective: FloatArray) -> FloatArray | None:
    from scipy.optimize import linprog

    solution = linprog(
        -objective, A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs"
    )
    return None if solution.x is None else np.asarray(solution.x)
