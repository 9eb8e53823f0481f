"""Where the coefficient of a score is 0, what the covariates alone give is the same for all scores.

`Start` keeps it, and a score costs only what is its own there.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox_sums import (
    Columns,
    GroupSums,
    add_means,
    add_products,
    empty_sums,
    fill_held,
    fill_means,
    first_pass,
    square,
)
from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import RiskRows, linear_predictor, scaled_risks

FloatArray = NDArray[np.float64]


class Start(NamedTuple):
    """A point at which the score's coefficient is 0, and what all scores share there.

    usable: False where there is nothing to share; beta: (k,); loglik; risk, held: (n,) w r and
    w r H; gradient: (k,) and triangle: (k (k + 1) / 2,) without the parts of the score.
    """

    usable: bool
    beta: FloatArray
    loglik: float
    risk: FloatArray
    held: FloatArray
    sums: GroupSums
    gradient: FloatArray
    triangle: FloatArray


@jit
def start_at(columns: Columns, beta: FloatArray, rows: RiskRows) -> Start:
    """What all scores share at beta, whose first coefficient is 0; the first column is 0 too."""
    x, products, factors, deaths = columns
    k = x.shape[1]
    eta = linear_predictor(x, beta, rows.offset)
    risk, held = np.empty(eta.size), np.empty(eta.size)
    top = scaled_risks(eta, rows.weight, risk)
    sums = empty_sums(rows.opens.size, k)
    gradients, triangles = np.zeros((1, k)), np.zeros((1, products.shape[1]))
    usable = rows.leaving.size == 0 and top > -np.inf
    loglik = -np.inf
    if usable:
        loglik = deaths[0, k] - np.sum(rows.death_weight) * top
        loglik += np.sum(beta * deaths[0, :k]) - first_pass(x, rows, risk, sums)
        gradients[0] = deaths[0, :k]
        add_means(factors, sums, gradients, triangles)
        fill_held(factors[0], rows, risk, sums, held)
        add_products(held, products, triangles[0])
    return Start(usable, beta, loglik, risk, held, sums, gradients[0], triangles[0])


@jit
def derivatives_at(
    start: Start,
    columns: Columns,
    rows: RiskRows,
    gradient: FloatArray,
    information: FloatArray,
) -> None:
    """Gradient (k,) and information (k, k) of one score at a usable start."""
    k, sums, n_groups = columns.x.shape[1], start.sums, rows.opens.size
    mean, late, terms = np.empty((1, n_groups)), np.empty((1, n_groups)), sums.terms
    of_score = GroupSums(sums.share, terms, mean, late)
    fill_means(columns.x, 0, rows, start.risk, of_score)
    triangle, own = start.triangle.copy(), np.zeros(k)
    gradient[:] = start.gradient
    gradient[0] = columns.deaths[0, 0]
    for g in range(n_groups):
        gradient[0] -= mean[0, g] * terms[0, g] - late[0, g] * terms[1, g]
        of_mean = mean[0, g] * terms[2, g] - late[0, g] * terms[3, g]
        of_late = mean[0, g] * terms[3, g] - late[0, g] * terms[4, g]
        own[0] -= of_mean * mean[0, g] - of_late * late[0, g]
        mean[0, g], late[0, g] = of_mean, of_late
    for a in range(1, k):
        total = 0.0
        for g in range(n_groups):
            total += mean[0, g] * sums.mean[a, g] - late[0, g] * sums.late[a, g]
        own[a] = -total
    add_products(start.held, columns.products, own)
    triangle[:k] = own
    square(triangle, information)
