"""Cohorts in which no score has to do with any outcome, in declared regimes.

A cohort has follow-up with or without ties, censored to a stated share, two causes of events, a
score, two covariates, groups, and a second follow-up in clusters that share a frailty. In an
adjusted regime the first covariate raises the hazard and is correlated with the score (0.5): the
score still adds nothing to it, and tests of the score have to be adjusted.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MEAN_MONTHS = 30.0
LATEST_ENTRY = 12.0


@dataclass(frozen=True, kw_only=True)
class Regime:
    """What the cohorts of one simulation have in common."""

    n: int
    censored: float
    tied: bool
    skewed: bool
    adjusted: bool
    cluster_size: int

    @property
    def label(self) -> str:
        """In words, for a table."""
        words = (
            f"{self.censored:.0%} censored",
            "months" if self.tied else "continuous",
            "skewed" if self.skewed else "balanced",
            "adjusted" if self.adjusted else "alone",
            f"clusters of {self.cluster_size}",
        )
        return f"n {self.n}, {', '.join(words)}"


def _regime(n: int, censored: float, words: str, cluster_size: int) -> Regime:
    return Regime(
        n=n,
        censored=censored,
        tied="months" in words,
        skewed="skewed" in words,
        adjusted="adjusted" in words,
        cluster_size=cluster_size,
    )


REGIMES = (
    _regime(50, 0.3, "continuous, balanced, alone", 2),
    _regime(50, 0.7, "months, skewed, alone", 5),
    _regime(100, 0.5, "months, balanced, adjusted", 2),
    _regime(100, 0.7, "continuous, skewed, adjusted", 5),
    _regime(200, 0.3, "months, skewed, adjusted", 10),
    _regime(200, 0.7, "continuous, balanced, alone", 5),
    _regime(500, 0.5, "continuous, skewed, alone", 10),
    _regime(500, 0.7, "months, balanced, adjusted", 20),
)


@dataclass(frozen=True, eq=False)
class NullCohort:
    """One simulated cohort; `patients` has a row per patient and only numbers."""

    regime: Regime
    patients: pd.DataFrame

    @property
    def adjust(self) -> list[str]:
        """What tests of the score are adjusted for."""
        return ["z1", "z2"] if self.regime.adjusted else []


def draw(regime: Regime, rng: np.random.Generator) -> NullCohort:
    """A cohort of the regime.

    score, noise: the score, and one that is correlated with nothing, for tests that cannot adjust;
    group: 0, 1, 2, evenly or 60, 25 and 15 %; half: two strata, whose follow-up `strata_time` is of
    different length; cause: 0 censored, 1 or 2 (40 % of the events); cluster_time, cluster_score,
    cluster_measured, cluster_binary, cluster_count, cluster_grade: shared in part within a cluster;
    binary, measured, count (Poisson), scattered_count (times a gamma variable of variance 1/2),
    grade (0, 1, 2 by proportional odds): clinical variables; entry: when the patient came under
    observation, which is too late for those whose time is not longer.
    """
    n = regime.n
    z1, z2 = rng.normal(size=(2, n))
    strength = 0.5 if regime.adjusted else 0.0
    score = strength * z1 + np.sqrt(1 - strength**2) * rng.normal(size=n)
    noise = rng.normal(size=n)
    time, event = _follow_up(regime, rng, np.exp(strength * z1))
    cluster = np.arange(n) // regime.cluster_size
    frailty = np.exp(rng.normal(0, 0.7, n // regime.cluster_size + 1))[cluster]
    cluster_time, cluster_event = _follow_up(regime, rng, frailty)
    shared = rng.normal(size=n // regime.cluster_size + 1)[cluster]
    shares = (0.6, 0.25, 0.15) if regime.skewed else (1 / 3, 1 / 3, 1 / 3)
    half = rng.integers(0, 2, n)
    columns = {
        "time": time,
        "event": event,
        "cause": event * (1 + (rng.random(n) < 0.4)),
        "score": np.exp(score) if regime.skewed else score,
        "noise": np.exp(noise) if regime.skewed else noise,
        "z1": z1,
        "z2": z2,
        "group": rng.choice(3, n, p=shares),
        "half": half,
        "strata_time": time * np.where(half == 1, 0.5, 1.0),
        "cluster": cluster,
        "cluster_time": cluster_time,
        "cluster_event": cluster_event,
        "cluster_score": 0.7 * shared + 0.7 * rng.normal(size=n),
        "binary": (rng.random(n) < 1 / (1 + np.exp(0.5 - 2 * strength * z1))).astype(int),
        "measured": strength * z1 + rng.normal(size=n),
    }
    log_mean = 0.7 + strength * z1
    columns |= {
        "count": rng.poisson(np.exp(log_mean)),
        "scattered_count": rng.poisson(np.exp(log_mean) * rng.gamma(2, 0.5, n)),
        "grade": np.digitize(strength * z1 + rng.logistic(size=n), (-0.5, 1.0)),
        "cluster_measured": rng.normal(size=n // regime.cluster_size + 1)[cluster]
        + rng.normal(size=n),
    }
    own = rng.normal(size=n // regime.cluster_size + 1)[cluster]
    entry = rng.uniform(0, LATEST_ENTRY, n)
    columns |= {
        "cluster_binary": (rng.random(n) < 1 / (1 + np.exp(-own))).astype(int),
        "cluster_count": rng.poisson(np.exp(0.7 + 0.5 * own)),
        "entry": np.floor(entry) if regime.tied else entry,
    }
    columns["cluster_grade"] = np.digitize(columns["cluster_measured"], (-0.5, 1.0))
    index = [f"P{i:03d}" for i in range(n)]
    return NullCohort(regime, pd.DataFrame(columns, index=index))


def _follow_up(
    regime: Regime, rng: np.random.Generator, hazard: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Times in months, rounded up to whole ones with ties, and events."""
    odds = regime.censored / (1 - regime.censored)
    dead = rng.exponential(MEAN_MONTHS / hazard)
    left = rng.exponential(MEAN_MONTHS / odds, regime.n)
    time = np.minimum(dead, left)
    return (np.ceil(time) if regime.tied else time), (dead <= left).astype(int)
