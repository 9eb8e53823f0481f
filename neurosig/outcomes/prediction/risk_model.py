"""A Cox model that predicts: coefficients and the cumulative baseline hazard (arrays)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError, SeparationError, count
from neurosig.kernels.cox import CONVERGED, cox_fit_batch
from neurosig.kernels.times import merge_close_times

FloatArray = NDArray[np.float64]
_LARGEST = 600.0  # exp of it times a hazard is below the largest number there is


@dataclass(frozen=True, eq=False)
class SurvivalData:
    """Rows of one endpoint: time, event (0 or 1), both (n,), and the design x, (n, k)."""

    time: FloatArray
    event: FloatArray
    x: FloatArray

    def take(self, rows: NDArray[np.int64]) -> "SurvivalData":
        """These rows, repeated as often as they are named."""
        return SurvivalData(self.time[rows], self.event[rows], self.x[rows])

    def rows(self, members: NDArray[np.bool_]) -> "SurvivalData":
        """The rows where the mask is True."""
        return SurvivalData(self.time[members], self.event[members], self.x[members])

    def columns(self, n: int) -> "SurvivalData":
        """The same rows with the first n columns of the design."""
        return SurvivalData(self.time, self.event, self.x[:, :n])


@dataclass(frozen=True, eq=False)
class RiskModel:
    """A fitted Cox model (Efron) with its baseline at the mean of the design.

    coef, centre: (k,); hazard: (m,) cumulative baseline hazard after the event times, (m,).
    """

    coef: FloatArray
    centre: FloatArray
    event_time: FloatArray
    hazard: FloatArray
    loglik: float
    loglik_null: float

    @classmethod
    def fit(cls, data: SurvivalData) -> "RiskModel":
        """Maximise the partial likelihood; without columns the risk is that of Kaplan-Meier.

        Raises
        ------
        ConvergenceError, SeparationError
            The columns are collinear or constant, or the likelihood has no maximum.
        """
        k = data.x.shape[1]
        centre = data.x.mean(axis=0)
        coef, loglik, null = np.zeros(k), np.nan, np.nan
        if k:
            fits = cox_fit_batch(data.time, data.event, data.x[:, :1], data.x[:, 1:])
            _refuse_failed(int(fits.code[0]), fits.infinite[0], n=data.time.size)
            coef, loglik, null = fits.coef[0], float(fits.loglik[0]), float(fits.loglik_null[0])
        event_time, steps = _efron_steps(data.time, data.event, (data.x - centre) @ coef)
        if not k:  # exp(-H) is then the product of 1 - d / n
            with np.errstate(divide="ignore"):
                steps = -np.log1p(-_deaths_over_at_risk(data.time, data.event))
        return cls(coef, centre, event_time, np.cumsum(steps), loglik, null)

    def linear_predictor(self, x: FloatArray) -> FloatArray:
        """Log hazard ratio of each row against a row at the mean of the fitted rows.

        Summed column by column, so that equal rows are equal to the bit: a matrix product may
        round them apart and break ties.
        """
        total = np.zeros(len(x))
        for column, coef, centre in zip(x.T, self.coef, self.centre, strict=True):
            total += (column - centre) * coef
        return total

    def risk(self, x: FloatArray, times: FloatArray) -> FloatArray:
        """Probability of the event by each time, (n, m): 1 - exp(-H0(t) exp(lp))."""
        hazard = np.concatenate(([0.0], self.hazard))
        at = hazard[np.searchsorted(self.event_time, times, side="right")]
        return np.asarray(-np.expm1(-relative_hazard(self.linear_predictor(x))[:, None] * at))

    def risk_by(self, x: FloatArray, time: float) -> FloatArray:
        """Probability of the event by one time, (n,)."""
        return self.risk(x, np.array([time]))[:, 0]


def relative_hazard(linear_predictor: FloatArray) -> FloatArray:
    """exp(linear predictor), finite for a patient far outside of the data too.

    >>> bool(np.isfinite(relative_hazard(np.array([1e6]))[0]))
    True
    """
    return np.asarray(np.exp(np.minimum(linear_predictor, _LARGEST)))


def observed_risk(data: SurvivalData, horizon: float) -> float:
    """1 - Kaplan-Meier at the horizon; NaN after the last time, unless all events are over then.

    >>> data = SurvivalData(np.array([1.0, 2, 3]), np.array([1.0, 0, 1]), np.empty((3, 0)))
    >>> round(observed_risk(data, 2.0), 4), observed_risk(data, 4.0)
    (0.3333, 1.0)
    >>> observed_risk(SurvivalData(data.time, np.array([1.0, 1, 0]), data.x), 4.0)
    nan
    """
    nobody = data.columns(0)
    risk = float(RiskModel.fit(nobody).risk_by(nobody.x[:1], horizon)[0])
    return risk if data.time.max() >= horizon or risk == 1.0 else float("nan")


def _refuse_failed(code: int, infinite: NDArray[np.bool_], *, n: int) -> None:
    separates = bool(infinite.any())
    if code == CONVERGED and not separates:
        return
    kind = SeparationError if separates else ConvergenceError
    raise kind(
        "The model has no finite coefficients",
        (
            "A term separates the events perfectly"
            if separates
            else "Terms are constant or collinear"
        )
        + f" on {count(n, 'row')}",
        "Adjust for fewer covariates, or join rare levels",
        infinite=infinite,
    )


def _deaths_over_at_risk(time: FloatArray, event: FloatArray) -> FloatArray:
    merged = merge_close_times(time)
    event_time, deaths = np.unique(merged[event > 0], return_counts=True)
    return np.asarray(deaths / (time.size - np.searchsorted(np.sort(merged), event_time)))


# The baseline of a CoxFit serves the same purpose where one is at hand; this is its array form.
def _efron_steps(
    time: FloatArray, event: FloatArray, log_hazard: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Steps of the cumulative baseline hazard: sum_{j<d} 1 / (S0 - j / d D0) per event time."""
    merged = merge_close_times(time)
    order = np.argsort(merged, kind="stable")
    hazard_ratio = np.exp(log_hazard)
    at_risk = np.cumsum(hazard_ratio[order][::-1])[::-1]
    event_time, place, deaths = np.unique(
        merged[event > 0], return_inverse=True, return_counts=True
    )
    s0 = at_risk[np.searchsorted(merged[order], event_time)]
    d0 = np.bincount(place, weights=hazard_ratio[event > 0], minlength=event_time.size)
    steps = np.zeros(event_time.size)
    for j in range(int(deaths.max(initial=0))):
        tied = j < deaths
        steps[tied] += 1.0 / (s0[tied] - j / deaths[tied] * d0[tied])
    return event_time, steps
