"""The four counterfactual means of a mediation, by the g-formula (arrays)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.interplay.model_fits import linear_fit, logistic_fit
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData

FloatArray = NDArray[np.float64]
Errors = Literal["normal", "empirical"]

N_NODES: Final = 40
MOST_RESIDUALS: Final = 200
_GRID: Final = 400
WORLDS: Final = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Which contrast level (0 or 1) the outcome sees, and which one the mediator was made by."""


@cache
def _normal_nodes() -> tuple[FloatArray, FloatArray]:
    """Gauss and Hermite's nodes and weights of the standard normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    return nodes, weights / weights.sum()


@dataclass(frozen=True, eq=False, kw_only=True)
class MediationData:
    """Rows of a mediation: exposure, mediator, y (n,); covariates (n, p); time (n,) or None.

    y: the number, or 0 and 1 (with a time: the event).
    """

    exposure: FloatArray
    mediator: FloatArray
    covariates: FloatArray
    y: FloatArray
    time: FloatArray | None = None
    is_binary: bool = False

    def take(self, rows: NDArray[np.int64]) -> "MediationData":
        """These rows, repeated as often as they are named."""
        return MediationData(
            exposure=self.exposure[rows],
            mediator=self.mediator[rows],
            covariates=self.covariates[rows],
            y=self.y[rows],
            time=None if self.time is None else self.time[rows],
            is_binary=self.is_binary,
        )


@dataclass(frozen=True, kw_only=True)
class GFormula:
    """How counterfactual means are computed.

        Q(x, x*) = mean_i E[ g(x, M, c_i) ],   M = a0 + a1 x* + a2' c_i + error

    contrast: x at its two levels; horizon, tau: the time of a survival probability, the limit of a
    restricted mean; interaction: an exposure x mediator product in the outcome model; errors: the
    mediator's errors are normal (Gauss-Hermite quadrature with 40 nodes) or as its residuals are.
    """

    contrast: tuple[float, float]
    horizon: float | None = None
    tau: float | None = None
    interaction: bool = False
    errors: Errors = "normal"

    def means(self, data: MediationData) -> FloatArray:
        """Q of each measure and world, flat: (n_measures * 4,).

        Measures: the outcome's mean or probability; with times survival at the horizon, restricted
        mean to tau, whichever are asked for, and survival at tau.

        Raises
        ------
        ConvergenceError, SeparationError
            A model cannot be fitted.

        Examples
        --------
        A mediator that is twice the exposure, and an outcome of 1 + exposure + 3 mediator: the
        direct effect of one unit is 1, the indirect one 6.

        >>> x = np.array([0.0, 1, 2, 3, 4, 5])
        >>> m = 2 * x + np.array([1, -1, 0, 0, -1, 1])
        >>> data = MediationData(
        ...     exposure=x, mediator=m, covariates=np.empty((6, 0)), y=1 + x + 3 * m
        ... )
        >>> q = GFormula(contrast=(0.0, 1.0)).means(data)
        >>> (q - q[0]).round(6).tolist()  # worlds (0, 0), (1, 0), (0, 1), (1, 1)
        [0.0, 1.0, 6.0, 7.0]
        """
        n, ones = data.y.size, np.ones((data.y.size, 1))
        of_mediator = np.column_stack([data.exposure, data.covariates, ones])
        fit = linear_fit(data.mediator, of_mediator)
        residuals = data.mediator - of_mediator @ fit.coef
        sigma = float(np.sqrt(residuals @ residuals / fit.df))
        nodes, weights = self._errors(residuals, sigma)
        columns = [data.exposure, data.mediator]
        if self.interaction:
            columns.append(data.exposure * data.mediator)
        x = np.column_stack([*columns, data.covariates])
        coef, base, transforms = self._outcome(data, x)
        slopes, rest = coef[: len(columns)], coef[len(columns) :]
        base = base + data.covariates @ rest
        means = []
        predictors = []
        for of_outcome, of_world in WORLDS:
            level, made_by = self.contrast[of_outcome], self.contrast[of_world]
            expected = fit.coef[0] * made_by + data.covariates @ fit.coef[1:-1] + fit.coef[-1]
            slope = slopes[1] + (slopes[2] * level if self.interaction else 0.0)
            eta = base + slopes[0] * level + slope * expected
            predictors.append(eta[:, None] + slope * nodes[None, :])
        for transform in transforms(np.array([_range(p) for p in predictors])):
            means.append([float((transform(p) @ weights).sum()) / n for p in predictors])
        return np.ravel(means)

    def _errors(self, residuals: FloatArray, sigma: float) -> tuple[FloatArray, FloatArray]:
        """Values of the mediator's error and their weights."""
        if self.errors == "normal":
            nodes, weights = _normal_nodes()
            return sigma * nodes, weights
        centred = residuals - residuals.mean()
        if centred.size > MOST_RESIDUALS:
            parts = np.array_split(np.sort(centred), MOST_RESIDUALS)
            size = np.array([part.size for part in parts], dtype=np.float64)
            return np.array([part.mean() for part in parts]), size / size.sum()
        return centred, np.full(centred.size, 1 / centred.size)

    def _outcome(
        self, data: MediationData, x: FloatArray
    ) -> tuple[FloatArray, FloatArray | float, "Transforms"]:
        """Coefficients without intercept, what is added to the predictor, and the means' g."""
        if data.time is None:
            design = np.column_stack([x, np.ones(len(x))])
            fit = (logistic_fit if data.is_binary else linear_fit)(data.y, design)
            g = _expit if data.is_binary else _identity
            return fit.coef[:-1], float(fit.coef[-1]), lambda _: [g]
        model = RiskModel.fit(SurvivalData(data.time, data.y, x))
        shift = -float(model.centre @ model.coef)
        return model.coef, shift, lambda limits: self._survival(model, limits)

    def _survival(self, model: RiskModel, limits: FloatArray) -> list[Callable[..., FloatArray]]:
        """Survival at the horizon, restricted mean and survival at tau as functions of eta."""
        found: list[Callable[..., FloatArray]] = []
        if self.horizon is not None:
            found.append(_survival_at(model, self.horizon))
        if self.tau is not None:
            found.append(_restricted_mean(model, self.tau, limits))
            found.append(_survival_at(model, self.tau))
        return found


Transforms = Callable[[FloatArray], list[Callable[..., FloatArray]]]


def _range(predictor: FloatArray) -> tuple[float, float]:
    return float(predictor.min()), float(predictor.max())


def _identity(eta: FloatArray) -> FloatArray:
    return eta


def _expit(eta: FloatArray) -> FloatArray:
    from scipy import special

    return np.asarray(special.expit(eta))


def _survival_at(model: RiskModel, time: float) -> Callable[..., FloatArray]:
    place = int(np.searchsorted(model.event_time, time, side="right"))
    hazard = model.hazard[place - 1] if place else 0.0
    return lambda eta: np.asarray(np.exp(-hazard * np.exp(eta)))


def _restricted_mean(model: RiskModel, tau: float, limits: FloatArray) -> Callable[..., FloatArray]:
    """Area under exp(-H(t) exp(eta)) up to tau, as a spline over the range of eta.

    The area is a smooth function of eta alone; on 400 knots a cubic spline differs from it by less
    than 1e-7 of tau.
    """
    from scipy.interpolate import CubicSpline

    before = model.event_time < tau
    edges = np.concatenate([[0.0], model.event_time[before], [tau]])
    hazard = np.concatenate([[0.0], model.hazard[before]])
    low, high = float(limits[:, 0].min()), float(limits[:, 1].max())
    if not high > low:
        high = low + 1e-6
    knots = np.linspace(low, high, _GRID)
    area = np.exp(-np.exp(knots)[:, None] * hazard) @ np.diff(edges)
    return CubicSpline(knots, area)
