"""Covariances of estimates that hold when the variance of the model does not."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.regression.newton import Basis
from neurosig.outcomes.regression.options import Errors, RegressionModel

FloatArray = NDArray[np.float64]

FULL_LEVERAGE = 1 - 1e-10
_SAME = 1e-12
_WHOLE = 0.95  # of the variance: a root without what one cluster decides loses little of others
_NO_VARIANCE = 1e-12  # of the largest eigenvalue


class RobustErrors(NamedTuple):
    """Standard errors (k,) and, where the test is a t-test of its own, degrees of freedom (k,)."""

    std_error: FloatArray
    df: FloatArray | None = None

    @property
    def is_unknown(self) -> NDArray[np.bool_]:
        """(k,) of which estimates there is no error."""
        return np.isnan(self.std_error)


class Sandwich(NamedTuple):
    """The parts of a sandwich.

    root: (k, k) of the inverse of the information, bread = root @ root.T; design: (n, k) @ root,
    so that sums over rows keep the digits of nearly collinear columns; score: (n,) derivative of
    each row's log-likelihood by its linear predictor, its residual; weight: (n,) the variance of
    that residual under the model; leverage: (n,) diagonal of the hat matrix.
    """

    root: FloatArray
    design: FloatArray
    score: FloatArray
    weight: FloatArray
    leverage: FloatArray

    @classmethod
    def of(cls, design: FloatArray, score: FloatArray, weight: FloatArray) -> "Sandwich":
        """Of a model whose information is X' diag(weight) X."""
        columns, back = Basis.of(design)
        turn = np.linalg.inv(np.linalg.qr(np.sqrt(weight)[:, None] * columns, mode="r"))
        turned = columns @ turn
        return cls(back @ turn, turned, score, weight, weight * (turned**2).sum(axis=1))

    @property
    def bread(self) -> FloatArray:
        """(k, k) inverse of the information."""
        return np.asarray(self.root @ self.root.T)

    def covariance(self, errors: Errors) -> FloatArray | None:
        """The covariance HC0 to HC3; None where HC2 or HC3 would divide by zero.

        HCx = B X' diag(u) X B,  u_i = s_i^2  (HC0),  s_i^2 n / (n - k)  (HC1),
        s_i^2 / (1 - h_i)  (HC2),  s_i^2 / (1 - h_i)^2  (HC3)
        """
        n, k = self.design.shape
        score = self.score
        if errors == "HC1":
            score = score * np.sqrt(n / (n - k))
        elif errors != "HC0":
            if (self.leverage > FULL_LEVERAGE).any():
                return None
            score = score / (1 - self.leverage) ** (0.5 if errors == "HC2" else 1)
        influence = (score[:, None] * self.design) @ self.root.T  # squares, never below 0
        return np.asarray(influence.T @ influence)

    def clustered(self, cluster: NDArray[np.int64], factor: float = 1.0) -> FloatArray:
        """The covariance CR1 with dependent rows in clusters, as `clustered`."""
        influence = (self.score[:, None] * self.design) @ self.root.T
        return clustered(np.eye(len(self.root)), influence, cluster, factor)

    def errors(
        self, model: RegressionModel, cluster: NDArray[np.int64] | None, factor: float = 1.0
    ) -> RobustErrors | None:
        """The errors that the model asks for; None where HC2 or HC3 would divide by zero.

        factor: of CR1, beside G / (G - 1).
        """
        if cluster is None:
            covariance = self.covariance(model.errors)
        elif model.cluster_errors == "CR1":
            covariance = self.clustered(cluster, factor)
        else:
            return bias_reduced(self, cluster)
        return None if covariance is None else RobustErrors(np.sqrt(np.diag(covariance)))


def bias_reduced(parts: Sandwich, cluster: NDArray[np.int64]) -> RobustErrors:
    """CR2 errors and Satterthwaite's degrees of freedom.

    With residuals r of variance one (the model's divided by their standard deviation), their rows
    Z of the design, turned so that Z'Z = I, and V the variances in cluster g, the sums of a
    cluster are

        Z_g' K_g r_g,   K_g = (V_g (I - Z_g Z_g') V_g)^(-1/2) V_g

    the inverse square root being the symmetric one, without what has no variance. If the model is
    right, the mean of their squares is the variance of the estimate; the degrees of freedom are
    those of the chi-square with the mean and the variance that the squares then have.

    References
    ----------
    Bell RM, McCaffrey DF (2002) Surv Methodol 28:169-181; Pustejovsky JE, Tipton E (2018)
    J Bus Econ Stat 36:672-683, doi:10.1080/07350015.2016.1247004, equations 4 to 9.

    Examples
    --------
    A mean of three clusters of one row each: the usual error sqrt(s^2 / n) with n - 1.

    >>> y = np.array([1.0, 2.0, 6.0])
    >>> parts = Sandwich.of(np.ones((3, 1)), y - 3, np.ones(3))
    >>> found = bias_reduced(parts, np.array([0, 1, 2]))
    >>> (found.std_error**2).round(12), found.df.round(12)  # s^2 = 7
    (array([2.33333333]), array([2.]))
    """
    spread = np.sqrt(parts.weight)
    z = spread[:, None] * parts.design
    residual = np.divide(parts.score, spread, out=np.zeros_like(spread), where=spread > 0)
    parts_of_clusters = _cluster_parts(z, residual, parts.weight, cluster)
    sums, squares, shadows = (np.array(part) for part in zip(*parts_of_clusters, strict=True))
    variance = np.array([((sums @ row) ** 2).sum() for row in parts.root])
    df = np.array([_satterthwaite(squares, shadows, row) for row in parts.root])
    return RobustErrors(np.sqrt(np.where(np.isnan(df), np.nan, variance)), df)


def _cluster_parts(
    z: FloatArray, residual: FloatArray, weight: FloatArray, cluster: NDArray[np.int64]
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Of each cluster, with U = K_g' Z_g: U' r_g (k,), U' U (k, k) and Z_g' U (k, k).

    Where all rows of a cluster have one variance, it cancels, and the root is taken of k x k.
    """
    order = np.argsort(cluster, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1):
        of_z, v = z[rows], weight[rows]
        if np.ptp(v) <= _SAME * v[0]:
            square = of_z.T @ of_z
            turn = _inverse_root(np.eye(len(square)) - square)
            yield turn @ (of_z.T @ residual[rows]), turn @ square @ turn, square @ turn
        else:
            u = _with_own_variances(of_z, v)
            yield u.T @ residual[rows], u.T @ u, of_z.T @ u


def _with_own_variances(z: FloatArray, v: FloatArray) -> FloatArray:
    """K_g' Z_g = V (V M V)^(-1/2) Z of a cluster whose rows have variances v, M = I - Z Z'.

    With the symmetric root C of M and the singular values of V C = Q s P', the inverse root is
    V^-1 C^-1 P Q', so that it is C^-1 P Q' Z: variances of 1 and of 1 / 10,000,000 side by side are
    neither squared nor divided by, which would cost the digits of the smaller.
    """
    vectors, size, _ = np.linalg.svd(z, full_matrices=False)
    left = np.maximum(1 - size**2, 0.0)
    kept = left > _NO_VARIANCE
    root = np.sqrt(np.where(kept, left, 0.0))
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=kept)
    of_m = np.eye(v.size) + (vectors * (root - 1)) @ vectors.T
    q, _, p = np.linalg.svd(v[:, None] * of_m)
    rank = v.size - int((~kept).sum())
    turned = p[:rank].T @ (q[:, :rank].T @ z)
    return np.asarray(turned + (vectors * (inverse - 1)) @ (vectors.T @ turned))


def _inverse_root(matrix: FloatArray) -> FloatArray:
    """The symmetric inverse square root; directions in which the matrix is zero are left out."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > _NO_VARIANCE * values[-1]
    chosen = vectors[:, kept]
    return np.asarray(chosen / np.sqrt(values[kept]) @ chosen.T)


def _satterthwaite(squares: FloatArray, shadows: FloatArray, row: FloatArray) -> float:
    """(trace P)^2 / trace(P P), P (G, G) the covariance of the clusters' sums for one estimate.

    Its trace is the variance if the model is right. NaN where it falls short: one cluster alone
    decides (part of) the estimate, so that its residuals are zero and say nothing of its error.
    """
    own = np.einsum("a,gab,b->g", row, squares, row)
    shadow = shadows @ row
    overlap = (shadow**2).sum(axis=1)
    crossed = shadow.T @ shadow
    trace = (own - overlap).sum()
    if trace < _WHOLE * (row @ row):
        return float("nan")
    return float(trace**2 / ((own**2 - 2 * own * overlap).sum() + (crossed**2).sum()))


def clustered(
    bread: FloatArray, scores: FloatArray, cluster: NDArray[np.int64], factor: float = 1.0
) -> FloatArray:
    """The covariance with dependent rows in clusters, times G / (G - 1) and the factor.

    scores: (n, k) derivative of each row's log-likelihood by the coefficients; cluster: (n,) codes.

    Two clusters of two rows about a mean of 0: their residuals add up to 2 and -2, so that the
    variance of the mean is (4 + 4) / 4^2 * 2 / 1.

    >>> residuals = np.array([[1.0], [1], [-1], [-1]])
    >>> clustered(np.array([[1 / 4]]), residuals, np.array([0, 0, 1, 1]))
    array([[1.]])
    """
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = np.zeros((codes.max() + 1, scores.shape[1]))
    np.add.at(sums, codes, scores)
    n_clusters = len(sums)
    return np.asarray(bread @ (sums.T @ sums) @ bread * (n_clusters / (n_clusters - 1) * factor))
