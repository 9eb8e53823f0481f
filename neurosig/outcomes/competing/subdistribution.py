"""Proportional subdistribution hazards (Fine and Gray): one fit on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CENSORED, OWN, COMPETING = 0, 1, 2

_N_ITERATIONS = 50
_N_HALVINGS = 20
_TOLERANCE = 1e-10
_FLAT = 1e-10  # of the log-likelihood: nothing is left to gain, but for what runs away
_INFINITE_STEP = 0.05  # standard deviations, where nothing is left to gain
_FAR = 2.0  # standard deviations of a coefficient that ran away


@dataclass(frozen=True, eq=False)
class SubdistributionFit:
    """A fitted model.

    coef: (p,); covariance: (p, p) robust, with the term for the estimated censoring; loglik,
    loglik_null: of the weighted partial likelihood; converged; event_times, hazard: (m,) the
    distinct times of the cause and the steps of the baseline cumulative subdistribution hazard;
    infinite: (p,) coefficients that run off to infinity, the others and loglik being at the limit.
    """

    coef: FloatArray
    covariance: FloatArray
    loglik: float
    loglik_null: float
    converged: bool
    event_times: FloatArray
    hazard: FloatArray
    infinite: NDArray[np.bool_]

    def incidence(self, covariates: FloatArray) -> FloatArray:
        """Cumulative incidence 1 - exp(-exp(beta' x) H_0(t)) at the event times.

        covariates: (r, p); returns (m, r), one column per row of covariates.
        """
        risk = np.exp(covariates @ self.coef)
        return np.asarray(-np.expm1(-np.cumsum(self.hazard)[:, None] * risk))


@dataclass(frozen=True, eq=False)
class _RiskSets:
    """Rows in the order of their times, and how they enter the weighted risk sets.

    A row is in the risk set at t with weight 1 up to its time; after a competing event with
    G(t-) / G(T-), G the Kaplan-Meier curve of the censoring in its censoring group.

    time, state, x: (n,), (n,), (n, p) sorted by time; at: (m,) event times; n_own: (m,);
    first: (m,) first row with time >= t; groups: per censoring group its rows, G(t-) at the event
    times (m,) and 1 / G(T-) for its competing rows (n,), 0 elsewhere.
    """

    time: FloatArray
    state: IntArray
    x: FloatArray
    at: FloatArray
    n_own: FloatArray
    first: IntArray
    groups: tuple[tuple[NDArray[np.bool_], FloatArray, FloatArray], ...]

    def sums(self, values: FloatArray) -> FloatArray:
        """Weighted sums over the risk set of each event time: (n, q) to (m, q)."""
        empty = np.zeros((1, values.shape[1]))
        to_come = np.vstack((np.cumsum(values[::-1], axis=0)[::-1], empty))[self.first]
        for _, still, inverse in self.groups:
            past = np.vstack((empty, np.cumsum(values * inverse[:, None], axis=0)))[self.first]
            to_come = to_come + still[:, None] * past
        return to_come


def fit_subdistribution(
    time: FloatArray,
    state: IntArray,
    covariates: FloatArray,
    censoring_groups: IntArray | None = None,
) -> SubdistributionFit:
    """Maximise the weighted partial likelihood by Newton steps; ties by Breslow's formula.

    time: (n,), times with rounding merged; state: (n,) 0 = censored, 1 = the cause, 2 = another
    cause; covariates: (n, p); censoring_groups: (n,) codes of groups that are censored differently.
    The standard errors are those of the sandwich of Fine and Gray (1999), section 5.

    Raises
    ------
    numpy.linalg.LinAlgError
        The information matrix is singular.
    """
    centre = covariates.mean(axis=0)
    sets = _risk_sets(time, state, covariates - centre, censoring_groups)
    coef = np.zeros(covariates.shape[1])
    loglik, gradient, information = _likelihood(sets, coef)
    loglik_null, converged = loglik, False
    sd, infinite = covariates.std(axis=0), np.zeros(coef.size, dtype=np.bool_)
    for _ in range(_N_ITERATIONS):
        step = np.linalg.solve(information, gradient)
        for _ in range(_N_HALVINGS):
            trial = _likelihood(sets, coef + step)
            if np.isfinite(trial[0]) and trial[0] >= loglik - 1e-12 * abs(loglik):
                break
            step = step / 2
        coef, (loglik, gradient, information) = coef + step, trial
        step = np.linalg.solve(information, gradient)
        gain = float(gradient @ step)
        infinite = np.abs(step) * sd > _INFINITE_STEP
        converged = gain < _TOLERANCE**2 or (gain < _FLAT and bool(infinite.any()))
        if converged:
            break
    hazard, covariance = _robust(sets, coef, information)
    return SubdistributionFit(
        coef=coef,
        covariance=covariance,
        loglik=loglik,
        loglik_null=loglik_null,
        converged=converged,
        event_times=sets.at,
        hazard=hazard * np.exp(-centre @ coef),
        infinite=infinite & (converged & (np.abs(coef) * sd > _FAR)),
    )


def _risk_sets(
    time: FloatArray, state: IntArray, x: FloatArray, censoring_groups: IntArray | None
) -> _RiskSets:
    order = np.argsort(time, kind="stable")
    time, state, x = time[order], state[order], x[order]
    code = np.zeros(time.size, np.int64) if censoring_groups is None else censoring_groups[order]
    at, n_own = np.unique(time[state == OWN], return_counts=True)
    groups = []
    for g in np.unique(code):
        member = code == g
        censored, curve = _censoring_curve(time[member], state[member])
        still = curve[np.searchsorted(censored, at, side="left")]
        still = np.where(at > time[member][-1], 0.0, still)  # nobody is left to tell
        own = curve[np.searchsorted(censored, time, side="left")]
        lost = member & (state == COMPETING)
        inverse = np.divide(1.0, own, out=np.zeros(time.size), where=lost & (own > 0))
        groups.append((member, still, inverse))
    return _RiskSets(
        time=time,
        state=state,
        x=x,
        at=at,
        n_own=n_own.astype(np.float64),
        first=np.searchsorted(time, at, side="left").astype(np.int64),
        groups=tuple(groups),
    )


def _censoring_curve(time: FloatArray, state: IntArray) -> tuple[FloatArray, FloatArray]:
    """Censoring times (c,) and the curve of the censoring before the first and after each."""
    censored, n_censored = np.unique(time[state == CENSORED], return_counts=True)
    n_risk = time.size - np.searchsorted(time, censored, side="left")
    return censored, np.concatenate(([1.0], np.cumprod(1.0 - n_censored / n_risk)))


def _likelihood(sets: _RiskSets, coef: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient (p,) and information (p, p)."""
    n, p = sets.x.shape
    own = sets.state == OWN
    with np.errstate(over="ignore", invalid="ignore"):
        risk = np.exp(sets.x @ coef)
        squares = (sets.x[:, :, None] * sets.x[:, None, :]).reshape(n, p * p)
        columns = np.column_stack((np.ones(n), sets.x, squares)) * risk[:, None]
        sums = sets.sums(columns)
        total = sums[:, 0]
        mean = sums[:, 1 : p + 1] / total[:, None]
        second = (sums[:, p + 1 :] / total[:, None]).reshape(-1, p, p)
        loglik = float(np.sum(sets.x[own] @ coef) - sets.n_own @ np.log(total))
        gradient = sets.x[own].sum(axis=0) - sets.n_own @ mean
        spread = second - mean[:, :, None] * mean[:, None, :]
        return loglik, gradient, np.einsum("t,tij->ij", sets.n_own, spread)


def _robust(
    sets: _RiskSets, coef: FloatArray, information: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Steps of the baseline hazard (m,) and the sandwich covariance (p, p).

    Each row adds the integral of (x - E(t)) against its weighted martingale (eta) and what it adds
    through the censoring curve that the weights are made of (psi).
    """
    risk = np.exp(sets.x @ coef)
    sums = sets.sums(np.column_stack((np.ones_like(risk), sets.x)) * risk[:, None])
    mean = sums[:, 1:] / sums[:, :1]
    hazard = sets.n_own / sums[:, 0]
    until = np.searchsorted(sets.at, sets.time, side="right")
    both = np.column_stack((np.ones_like(hazard), mean)) * hazard[:, None]
    passed = np.vstack((np.zeros((1, both.shape[1])), np.cumsum(both, axis=0)))[until]
    eta = -risk[:, None] * (sets.x * passed[:, :1] - passed[:, 1:])
    own = sets.state == OWN
    eta[own] += sets.x[own] - mean[until[own] - 1]
    for member, still, inverse in sets.groups:
        weighted = both * still[:, None]
        to_come = np.vstack((np.cumsum(weighted[::-1], axis=0)[::-1], np.zeros((1, both.shape[1]))))
        later = to_come[until]
        size = (risk * inverse)[:, None]
        eta -= size * (sets.x * later[:, :1] - later[:, 1:])
        eta[member] += _through_censoring(sets, member, size, to_come)
    bread = np.linalg.inv(information)
    return hazard, bread @ (eta.T @ eta) @ bread


def _through_censoring(
    sets: _RiskSets, member: NDArray[np.bool_], size: FloatArray, to_come: FloatArray
) -> FloatArray:
    """Psi of the rows of one censoring group.

    psi_k = sum_u q(u) / Y(u) (dN_k(u) - Y_k(u) dN(u) / Y(u)), N counting censorings, Y the rows at
    risk, and q(u) = sum_i size_i (x_i A(u) - B(u)) over the rows with a competing event before u,
    A and B the weighted hazard and mean from u on.
    """
    time, state = sets.time[member], sets.state[member]
    censored, n_censored = np.unique(time[state == CENSORED], return_counts=True)
    if not censored.size:
        return np.zeros((time.size, sets.x.shape[1]))
    lost_until = np.searchsorted(sets.time, censored, side="left")
    lost = np.column_stack((size, size * sets.x))
    lost = np.vstack((np.zeros((1, lost.shape[1])), np.cumsum(lost, axis=0)))[lost_until]
    after = to_come[np.searchsorted(sets.at, censored, side="left")]
    q = lost[:, 1:] * after[:, :1] - lost[:, :1] * after[:, 1:]
    n_risk = (time.size - np.searchsorted(time, censored, side="left"))[:, None]
    rate = q / n_risk
    running = np.cumsum(rate * n_censored[:, None] / n_risk, axis=0)
    running = np.vstack((np.zeros((1, q.shape[1])), running))
    psi = -running[np.searchsorted(censored, time, side="right")]
    gone = state == CENSORED
    psi[gone] += rate[np.searchsorted(censored, time[gone])]
    return psi
