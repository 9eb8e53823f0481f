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
of proportional hazards.
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

    share: (n_groups,) 1 / S0; terms: (5, n_groups) v times a_0, a_1, b_0, b_1, b_2; mean, late:
    (k, n_groups) S1 / S0 and D1 / S0, `late` 0 where f is. All are 0 where nobody dies.
    """

    share: FloatArray
    terms: FloatArray
    mean: FloatArray
    late: FloatArray


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
def _fill_terms(n_terms: int, phi: float, v: float, terms: FloatArray, g: int) -> float:
    """Fill v times a_0, a_1, b_0, b_1, b_2 of group g; return the sum of log(1 - f phi)."""
    if n_terms == 1:
        terms[0, g], terms[2, g] = v, v
        terms[1, g], terms[3, g], terms[4, g] = 0.0, 0.0, 0.0
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
    terms[0, g], terms[1, g] = v * a0, v * a1
    terms[2, g], terms[3, g], terms[4, g] = v * b0, v * b1, v * b2
    return float(logs + np.log(product))


@jit
def first_pass(x: FloatArray, rows: RiskRows, risk: FloatArray, sums: GroupSums) -> float:
    """Fill the sums; return the sum of v log(S0 - f D0)."""
    k, logs, a = x.shape[1], _fill_shares(rows, risk, sums), 0
    while a + 4 <= k:
        _fill_four_means(x, a, rows, risk, sums)
        a += 4
    for c in range(a, k):
        fill_means(x, c, rows, risk, sums)
    return logs


@jit
def _fill_shares(rows: RiskRows, risk: FloatArray, sums: GroupSums) -> float:
    """Fill 1 / S0 and the terms of each event time; return the sum of v log(S0 - f D0)."""
    start, event, logs, s0 = rows.start, rows.event, 0.0, 0.0
    for g in range(start.size - 1):
        if rows.opens[g]:
            s0 = 0.0
        for i in range(start[g], start[g + 1]):
            s0 += risk[i]
        sums.share[g] = 0.0
        sums.terms[:, g] = 0.0
        n_deaths = rows.n_deaths[g]
        n_terms = n_deaths if rows.efron else min(n_deaths, 1)
        if n_terms > 0:
            d0 = 0.0
            if n_terms > 1:
                for i in range(start[g], start[g + 1]):
                    d0 += event[i] * risk[i]
            share, v = 1.0 / s0, rows.death_weight[g] / n_terms
            sums.share[g] = share
            of_ties = _fill_terms(n_terms, d0 * share, v, sums.terms, g)
            logs += v * (n_terms * np.log(s0) + of_ties)
    return logs


@jit
def fill_means(x: FloatArray, a: int, rows: RiskRows, risk: FloatArray, sums: GroupSums) -> None:
    """Fill S1 / S0 and D1 / S0 of column a."""
    start, event, total = rows.start, rows.event, 0.0
    for g in range(start.size - 1):
        if rows.opens[g]:
            total = 0.0
        dead = 0.0
        if rows.efron and rows.n_deaths[g] > 1:
            for i in range(start[g], start[g + 1]):
                risk_x = risk[i] * x[i, a]
                total += risk_x
                dead += event[i] * risk_x
        else:
            for i in range(start[g], start[g + 1]):
                total += risk[i] * x[i, a]
        sums.mean[a, g], sums.late[a, g] = total * sums.share[g], dead * sums.share[g]


@jit
def _fill_four_means(
    x: FloatArray, a: int, rows: RiskRows, risk: FloatArray, sums: GroupSums
) -> None:
    """The same of the columns a .. a + 3, whose sums stay in the registers of one loop."""
    start, event = rows.start, rows.event
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for g in range(start.size - 1):
        if rows.opens[g]:
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        d0, d1, d2, d3 = 0.0, 0.0, 0.0, 0.0
        if rows.efron and rows.n_deaths[g] > 1:
            for i in range(start[g], start[g + 1]):
                r0, r1 = risk[i] * x[i, a], risk[i] * x[i, a + 1]
                r2, r3 = risk[i] * x[i, a + 2], risk[i] * x[i, a + 3]
                s0, s1, s2, s3 = s0 + r0, s1 + r1, s2 + r2, s3 + r3
                e = event[i]
                d0, d1, d2, d3 = d0 + e * r0, d1 + e * r1, d2 + e * r2, d3 + e * r3
        else:
            for i in range(start[g], start[g + 1]):
                s0, s1 = s0 + risk[i] * x[i, a], s1 + risk[i] * x[i, a + 1]
                s2, s3 = s2 + risk[i] * x[i, a + 2], s3 + risk[i] * x[i, a + 3]
        share, mean, late = sums.share[g], sums.mean, sums.late
        mean[a, g], mean[a + 1, g] = s0 * share, s1 * share
        mean[a + 2, g], mean[a + 3, g] = s2 * share, s3 * share
        late[a, g], late[a + 1, g] = d0 * share, d1 * share
        late[a + 2, g], late[a + 3, g] = d2 * share, d3 * share


@jit
def add_means(
    factors: FloatArray, sums: GroupSums, gradients: FloatArray, triangles: FloatArray
) -> None:
    """Take the means' parts from the gradient and from the triangle of each weighting."""
    k, n_groups, c = gradients.shape[1], sums.share.size, 0
    mean, late, terms = sums.mean, sums.late, sums.terms
    part, own, own_late = np.empty(n_groups), np.empty(n_groups), np.empty(n_groups)
    for a in range(k):
        for g in range(n_groups):
            part[g] = mean[a, g] * terms[0, g] - late[a, g] * terms[1, g]
            own[g] = mean[a, g] * terms[2, g] - late[a, g] * terms[3, g]
            own_late[g] = mean[a, g] * terms[3, g] - late[a, g] * terms[4, g]
        for p in range(gradients.shape[0]):
            gradients[p, a] -= _weighted_sum(factors[p], part)
        for b in range(a, k):
            for g in range(n_groups):
                part[g] = own[g] * mean[b, g] - own_late[g] * late[b, g]
            for p in range(gradients.shape[0]):
                triangles[p, c] -= _weighted_sum(factors[p], part)
            c += 1


@jit
def _weighted_sum(factor: FloatArray, values: FloatArray) -> float:
    total = 0.0
    for g in range(values.size):
        total += factor[g] * values[g]
    return total


@jit
def fill_held(
    factor: FloatArray, rows: RiskRows, risk: FloatArray, sums: GroupSums, held: FloatArray
) -> None:
    """Fill w r H of each row."""
    start, event, hazard = rows.start, rows.event, 0.0
    for g in range(start.size - 2, -1, -1):
        late = 0.0
        if sums.share[g] > 0.0:
            hazard += factor[g] * sums.terms[0, g] * sums.share[g]
            late = factor[g] * sums.terms[1, g] * sums.share[g]
        for i in range(start[g], start[g + 1]):
            held[i] = risk[i] * (hazard - event[i] * late)
        if rows.opens[g]:
            hazard = 0.0


@jit
def add_products(held: FloatArray, products: FloatArray, total: FloatArray) -> None:
    """Add held' products to the first columns of `total`."""
    m = total.size
    c = 0
    while c + 4 <= m:
        t0, t1, t2, t3 = total[c], total[c + 1], total[c + 2], total[c + 3]
        for i in range(held.size):
            h = held[i]
            t0, t1 = t0 + h * products[i, c], t1 + h * products[i, c + 1]
            t2, t3 = t2 + h * products[i, c + 2], t3 + h * products[i, c + 3]
        total[c], total[c + 1], total[c + 2], total[c + 3] = t0, t1, t2, t3
        c += 4
    for d in range(c, m):
        t0 = total[d]
        for i in range(held.size):
            t0 += held[i] * products[i, d]
        total[d] = t0


@jit
def square(triangle: FloatArray, information: FloatArray) -> None:
    """Fill the symmetric matrix of a triangle."""
    c = 0
    for a in range(information.shape[0]):
        for b in range(a, information.shape[0]):
            information[b, a] = triangle[c]
            c += 1
    mirror(information)


@jit
def empty_sums(n_groups: int, k: int) -> GroupSums:
    """Sums to be filled."""
    of_columns = (k, n_groups)
    return GroupSums(
        np.empty(n_groups), np.empty((5, n_groups)), np.empty(of_columns), np.empty(of_columns)
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
    sums, held = empty_sums(rows.opens.size, k), eta
    triangles = np.zeros((n_weightings, products.shape[1]))
    loglik = deaths[0, k] - np.sum(rows.death_weight) * top - first_pass(x, rows, risk, sums)
    for a in range(k):
        loglik += beta[a] * deaths[0, a]
    gradient[:] = deaths[:n_weightings, :k]
    add_means(factors, sums, gradient, triangles)
    for p in range(n_weightings):
        fill_held(factors[p], rows, risk, sums, held)
        add_products(held, products, triangles[p])
        square(triangles[p], information[p])
    return float(loglik)
