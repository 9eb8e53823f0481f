"""Baseline hazard and predicted survival of a Cox model."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.hazard_steps import cumulated
from neurosig.outcomes.cox.batch_data import CoxData, steps_of

FloatArray = NDArray[np.float64]


class StratumHazard(NamedTuple):
    """Cumulative hazard of one stratum at its times (m,), at the mean of the covariates.

    spread, moment: (m,) and (m, k), what its variance is made of; n_at_risk, n_events: (m,).
    """

    stratum: int
    time: FloatArray
    hazard: FloatArray
    spread: FloatArray
    moment: FloatArray
    n_at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]


def stratum_hazards(data: CoxData, coef: FloatArray) -> Iterator[StratumHazard]:
    """The hazard of each stratum; by Breslow's estimate or, with Efron's ties, by Efron's.

    References
    ----------
    Breslow N (1972) J R Stat Soc B 34:216-217; for ties Therneau TM, Grambsch PM (2000) Modeling
    Survival Data, section 10.2, doi:10.1007/978-1-4757-3294-8.
    """
    sets, rows = data.ordered()
    _, steps = steps_of(data.design(0), coef, sets, rows)
    hazard, spread = cumulated(sets, steps.step), cumulated(sets, steps.spread)
    moment = cumulated(sets, steps.moment)
    codes = np.zeros(data.time.size, dtype=np.int64) if data.strata is None else data.strata
    bounds = np.append(np.flatnonzero(sets.opens), sets.time.size)
    for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        at = slice(low, high)
        yield StratumHazard(
            stratum=int(codes[sets.order[sets.start[low]]]),
            time=sets.time[at][::-1],
            hazard=hazard[at][::-1],
            spread=spread[at][::-1],
            moment=moment[at][::-1],
            n_at_risk=steps.n_at_risk[at][::-1],
            n_events=steps.n_deaths[at][::-1],
        )


def log_survival(
    baseline: StratumHazard, covariance: FloatArray, coef: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log of S(t | z) and its standard error, (m,) each; z: (k,) the covariates minus their means.

        log S = -r H,   var = r^2 (spread + q' V q),   q = moment - z H,   r = exp(z beta)

    References
    ----------
    Tsiatis AA (1981) Ann Stat 9:93-108, doi:10.1214/aos/1176345335.
    """
    risk = float(np.exp(z @ coef))
    q = baseline.moment - baseline.hazard[:, None] * z
    variance = baseline.spread + np.sum((q @ covariance) * q, axis=1)
    return -risk * baseline.hazard, risk * np.sqrt(np.maximum(variance, 0.0))
