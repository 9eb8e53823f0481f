"""Covariances of estimates that hold when the variance of the model does not."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.regression.options import Errors

FloatArray = NDArray[np.float64]

FULL_LEVERAGE = 1 - 1e-10


class Sandwich(NamedTuple):
    """The parts of a sandwich.

    bread: (k, k) inverse of the information; design: (n, k); score: (n,) derivative of each row's
    log-likelihood by its linear predictor; leverage: (n,) diagonal of the hat matrix.
    """

    bread: FloatArray
    design: FloatArray
    score: FloatArray
    leverage: FloatArray

    @classmethod
    def of(cls, design: FloatArray, score: FloatArray, weight: FloatArray) -> "Sandwich":
        """Of a model whose information is X' diag(weight) X."""
        bread = np.asarray(np.linalg.inv(design.T @ (weight[:, None] * design)))
        leverage = weight * np.einsum("ij,jk,ik->i", design, bread, design)
        return cls(bread, design, score, leverage)

    def covariance(self, errors: Errors) -> FloatArray | None:
        """The covariance HC0 to HC3; None where HC2 or HC3 would divide by zero.

        HCx = B X' diag(u) X B,  u_i = s_i^2  (HC0),  s_i^2 n / (n - k)  (HC1),
        s_i^2 / (1 - h_i)  (HC2),  s_i^2 / (1 - h_i)^2  (HC3)
        """
        n, k = self.design.shape
        squares = self.score**2
        if errors == "HC1":
            squares *= n / (n - k)
        elif errors != "HC0":
            if (self.leverage > FULL_LEVERAGE).any():
                return None
            squares = squares / (1 - self.leverage) ** (1 if errors == "HC2" else 2)
        meat = self.design.T @ (squares[:, None] * self.design)
        return np.asarray(self.bread @ meat @ self.bread)


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
