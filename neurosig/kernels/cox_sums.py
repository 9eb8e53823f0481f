"""The derivatives of a partial likelihood in two passes over its rows, for several weightings.

`derivatives` of partial_likelihood.py keeps the sum S2 of w r x x' over the risk set. Where no row
enters late, each row is at risk at all event times up to its own, so that the information is

    sum over rows of w_i r_i H_i x_i x_i'  -  sum over terms of v mean_j mean_j'

with H_i the sum of v / (S0 - f D0) over the event times up to that of row i, less f times the terms
in which the row itself dies. The first pass finds S0 and S1, and with them H and the means; the
second adds the products x x', which do not change from step to step. With phi = D0 / S0 the terms
of one event time need five numbers, whatever the number of columns:

    a_q = sum_j f^q / (1 - f phi),  q = 0, 1      b_q = sum_j f^q / (1 - f phi)^2,  q = 0, 1, 2

A weighting is a factor per event time: 1 for the model itself, and 1, g(t) and g(t)^2 for the test
of proportional hazards. Where the coefficient of the score is 0, what the covariates alone give is
the same for all scores: `Start` keeps it, and a score costs only what is its own.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import (
    RiskRows,
    derivatives,
    linear_predictor,
    mirror,
    scaled_risks,
)

FloatArray = NDArray[np.float64]
_SMALLEST_PRODUCT = 1e-250


class Columns(NamedTuple):
    """One design with what does not depend on its coefficients.

    x: (n, k); products: (n, k (k + 1) / 2) of each pair of columns, by rows of the upper triangle;
    factors: (P, n_groups) weightings; deaths: (P, k + 1) factor times weight times column, summed
    over the events, the offset last.
    """

    x: FloatArray
    products: FloatArray
    factors: FloatArray
    deaths: FloatArray


class GroupSums(NamedTuple):
    """What the first pass finds at each event time.

    share: (n_groups,) 1 / S0, 0 where nobody dies; terms: (n_groups, 5) v times a_0, a_1, b_0, b_1,
    b_2; mean, late: (n_groups, k) S1 / S0 and D1 / S0, `late` 0 where f is.
    """

    share: FloatArray
    terms: FloatArray
    mean: FloatArray
    late: FloatArray


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


def shared_columns(x: FloatArray, factors: FloatArray, rows: RiskRows) -> Columns:
    """Columns of a design whose first column is filled later, and then told to `set_first`."""
    first, second = np.triu_indices(x.shape[1])
    group = np.repeat(np.arange(rows.start.size - 1), np.diff(rows.start))
    deaths = (factors[:, group] * rows.event * rows.weight) @ np.column_stack([x, rows.offset])
    products = np.ascontiguousarray(x[:, first] * x[:, second])
    return Columns(x.copy(), products, np.ascontiguousarray(factors), deaths)


@jit
def own_copy(shared: Columns) -> Columns:
    """Columns whose first one may be changed without touching those of others."""
    return Columns(shared.x.copy(), shared.products.copy(), shared.factors, shared.deaths.copy())


@jit
def set_first(columns: Columns, rows: RiskRows) -> None:
    """Bring the products and the sums over deaths up to date with the first column."""
    x, products, factors, deaths = columns
    n, k = x.shape
    for i in range(n):
        for a in range(k):
            products[i, a] = x[i, 0] * x[i, a]
    for p in range(factors.shape[0]):
        deaths[p, 0] = 0.0
    for g in range(rows.start.size - 1):
        if rows.n_deaths[g] == 0:
            continue
        total = 0.0
        for i in range(rows.start[g], rows.start[g + 1]):
            total += rows.event[i] * rows.weight[i] * x[i, 0]
        for p in range(factors.shape[0]):
            deaths[p, 0] += factors[p, g] * total


@jit
def _fill_terms(n_terms: int, phi: float, v: float, terms: FloatArray) -> float:
    """Fill v times a_0, a_1, b_0, b_1, b_2; return the sum of log(1 - f phi)."""
    if n_terms == 1:
        terms[0], terms[1], terms[2], terms[3], terms[4] = v, 0.0, v, 0.0, 0.0
        return 0.0
    logs, product, each = 0.0, 1.0, 1.0 / n_terms
    a0, a1, b0, b1, b2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(n_terms):
        f = j * each
        rest = 1.0 - f * phi
        product *= rest
        if product < _SMALLEST_PRODUCT:
            logs += np.log(product)
            product = 1.0
        a = 1.0 / rest
        b = a * a
        a0 += a
        a1 += f * a
        b0 += b
        b1 += f * b
        b2 += f * f * b
    terms[0], terms[1], terms[2], terms[3], terms[4] = v * a0, v * a1, v * b0, v * b1, v * b2
    return float(logs + np.log(product))


@jit
def _first_pass(x: FloatArray, rows: RiskRows, risk: FloatArray, sums: GroupSums) -> float:
    """Fill the sums; return the sum of v log(S0 - f D0)."""
    start, event, k = rows.start, rows.event, x.shape[1]
    share, terms, mean, late = sums
    logs, s0, d0 = 0.0, 0.0, 0.0
    s1, d1 = np.zeros(k), np.zeros(k)
    for g in range(start.size - 1):
        if rows.opens[g]:
            s0 = 0.0
            s1[:] = 0.0
        n_deaths = rows.n_deaths[g]
        n_terms = n_deaths if rows.efron else min(n_deaths, 1)
        if n_terms > 1:
            d0 = 0.0
            d1[:] = 0.0
            for i in range(start[g], start[g + 1]):
                dead = event[i] * risk[i]
                s0 += risk[i]
                d0 += dead
                for a in range(k):
                    s1[a] += risk[i] * x[i, a]
                    d1[a] += dead * x[i, a]
        else:
            for i in range(start[g], start[g + 1]):
                s0 += risk[i]
                for a in range(k):
                    s1[a] += risk[i] * x[i, a]
        share[g] = 0.0
        if n_terms > 0:
            share[g], v = 1.0 / s0, rows.death_weight[g] / n_terms
            phi = d0 * share[g] if n_terms > 1 else 0.0
            logs += v * (n_terms * np.log(s0) + _fill_terms(n_terms, phi, v, terms[g]))
            for a in range(k):
                mean[g, a] = s1[a] * share[g]
                late[g, a] = d1[a] * share[g] if n_terms > 1 else 0.0
    return logs


@jit
def _add_means(
    factor: FloatArray, sums: GroupSums, gradient: FloatArray, triangle: FloatArray
) -> None:
    """Take the means' parts from the gradient and from the triangle of the information."""
    k = gradient.size
    for g in range(sums.share.size):
        if sums.share[g] == 0.0:
            continue
        mean, late, terms = sums.mean[g], sums.late[g], sums.terms[g]
        c = 0
        for a in range(k):
            gradient[a] -= factor[g] * (mean[a] * terms[0] - late[a] * terms[1])
            own = factor[g] * (mean[a] * terms[2] - late[a] * terms[3])
            own_late = factor[g] * (mean[a] * terms[3] - late[a] * terms[4])
            for b in range(a, k):
                triangle[c] -= own * mean[b] - own_late * late[b]
                c += 1


@jit
def _fill_held(
    factor: FloatArray, rows: RiskRows, risk: FloatArray, sums: GroupSums, held: FloatArray
) -> None:
    """Fill w r H of each row."""
    start, event, hazard = rows.start, rows.event, 0.0
    for g in range(start.size - 2, -1, -1):
        late = 0.0
        if sums.share[g] > 0.0:
            hazard += factor[g] * sums.terms[g, 0] * sums.share[g]
            late = factor[g] * sums.terms[g, 1] * sums.share[g]
        for i in range(start[g], start[g + 1]):
            held[i] = risk[i] * (hazard - event[i] * late)
        if rows.opens[g]:
            hazard = 0.0


@jit
def _add_products(held: FloatArray, products: FloatArray, total: FloatArray) -> None:
    """Add held' products to the first columns of `total`."""
    m = total.size
    if m == 1:
        first = 0.0
        for i in range(held.size):
            first += held[i] * products[i, 0]
        total[0] += first
        return
    for i in range(held.size):
        for c in range(m):
            total[c] += held[i] * products[i, c]


@jit
def _square(triangle: FloatArray, information: FloatArray) -> None:
    c = 0
    for a in range(information.shape[0]):
        for b in range(a, information.shape[0]):
            information[b, a] = triangle[c]
            c += 1
    mirror(information)


@jit
def _empty_sums(n_groups: int, k: int) -> GroupSums:
    of_columns = (n_groups, k)
    return GroupSums(
        np.empty(n_groups), np.empty((n_groups, 5)), np.empty(of_columns), np.empty(of_columns)
    )


@jit
def weighted_derivatives(
    columns: Columns,
    beta: FloatArray,
    rows: RiskRows,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Log-likelihood with the first weighting; gradient (P, k), information (P, k, k) are filled.

    P may be less than the weightings there are: the first ones are taken, of which the very first
    is 1 everywhere. With late entry, and where eta spans more than exp can, it is `derivatives` for
    each weighting.
    """
    x, products, factors, deaths = columns
    k, n_weightings, loglik = x.shape[1], gradient.shape[0], 0.0
    eta = linear_predictor(x, beta, rows.offset)
    risk = np.empty(eta.size)
    top = scaled_risks(eta, rows.weight, risk)
    if rows.leaving.size > 0 or top == -np.inf:
        for p in range(n_weightings):
            value = derivatives(x, beta, rows, factors[p], gradient[p], information[p])
            loglik = value if p == 0 else loglik
        return float(loglik)
    sums, held, triangle = _empty_sums(rows.opens.size, k), eta, np.empty(products.shape[1])
    loglik = deaths[0, k] - np.sum(rows.death_weight) * top - _first_pass(x, rows, risk, sums)
    for a in range(k):
        loglik += beta[a] * deaths[0, a]
    for p in range(n_weightings):
        gradient[p] = deaths[p, :k]
        triangle[:] = 0.0
        _add_means(factors[p], sums, gradient[p], triangle)
        _fill_held(factors[p], rows, risk, sums, held)
        _add_products(held, products, triangle)
        _square(triangle, information[p])
    return float(loglik)


@jit
def start_at(columns: Columns, beta: FloatArray, rows: RiskRows) -> Start:
    """What all scores share at beta, whose first coefficient is 0; the first column is 0 too."""
    x, products, factors, deaths = columns
    k = x.shape[1]
    eta = linear_predictor(x, beta, rows.offset)
    risk, held = np.empty(eta.size), np.empty(eta.size)
    top = scaled_risks(eta, rows.weight, risk)
    sums, gradient, triangle = (
        _empty_sums(rows.opens.size, k),
        np.zeros(k),
        np.zeros(products.shape[1]),
    )
    usable = rows.leaving.size == 0 and top > -np.inf
    loglik = -np.inf
    if usable:
        loglik = deaths[0, k] - np.sum(rows.death_weight) * top
        loglik += np.sum(beta * deaths[0, :k]) - _first_pass(x, rows, risk, sums)
        gradient[:] = deaths[0, :k]
        _add_means(factors[0], sums, gradient, triangle)
        _fill_held(factors[0], rows, risk, sums, held)
        _add_products(held, products, triangle)
    return Start(usable, beta, loglik, risk, held, sums, gradient, triangle)


@jit
def derivatives_at(
    start: Start,
    columns: Columns,
    rows: RiskRows,
    gradient: FloatArray,
    information: FloatArray,
) -> None:
    """Gradient (k,) and information (k, k) of one score at a usable start."""
    x, sums, k = columns.x, start.sums, columns.x.shape[1]
    triangle = start.triangle.copy()
    gradient[:] = start.gradient
    gradient[0] = columns.deaths[0, 0]
    own, total, dead = np.zeros(k), 0.0, 0.0
    for g in range(rows.start.size - 1):
        if rows.opens[g]:
            total = 0.0
        dead = 0.0
        if rows.efron and rows.n_deaths[g] > 1:
            for i in range(rows.start[g], rows.start[g + 1]):
                risk_x = start.risk[i] * x[i, 0]
                total += risk_x
                dead += rows.event[i] * risk_x
        else:
            for i in range(rows.start[g], rows.start[g + 1]):
                total += start.risk[i] * x[i, 0]
        if sums.share[g] == 0.0:
            continue
        mean, late, terms = total * sums.share[g], dead * sums.share[g], sums.terms[g]
        gradient[0] -= mean * terms[0] - late * terms[1]
        of_mean, of_late = mean * terms[2] - late * terms[3], mean * terms[3] - late * terms[4]
        own[0] -= of_mean * mean - of_late * late
        for a in range(1, k):
            own[a] -= of_mean * sums.mean[g, a] - of_late * sums.late[g, a]
    _add_products(start.held, columns.products, own)
    triangle[:k] = own
    _square(triangle, information)
