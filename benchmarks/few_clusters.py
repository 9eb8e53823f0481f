"""`python -m benchmarks.few_clusters`: Cox models with errors of 3 to 100 clusters, no effect.

How often the score's test rejects at 5 %, by the sandwich with the normal distribution and by the
jackknife with Student's t. Clusters share a frailty and a part of the score; half of the rows are
censored.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from neurosig.kernels.cox import CONVERGED
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.robust_errors import ErrorKind
from neurosig.outcomes.results import wald

FRAILTY_SD, OWN, SHARED = 0.7, 0.7, 0.7


class Design(NamedTuple):
    """Clusters of one size; with exp() of the score few of them carry the estimate."""

    n_clusters: int
    size: int
    is_lognormal: bool


DESIGNS = tuple(
    Design(n_clusters, size, is_lognormal)
    for n_clusters, size in ((3, 20), (5, 20), (8, 20), (100, 3), (100, 10))
    for is_lognormal in (False, True)
)


def main() -> None:
    """Print both rates of each design."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_clusters")
    parser.add_argument("--cohorts", type=int, default=1_000)
    asked = parser.parse_args()
    for place, design in enumerate(DESIGNS):
        found = np.array(list(_p_values(design, place, asked.cohorts)))
        sandwich, jackknife = (found <= 0.05).mean(axis=0)
        score = "log-normal" if design.is_lognormal else "normal"
        print(
            f"{design.n_clusters:3d} clusters of {design.size:2d}, {score:10s}  "
            f"sandwich {sandwich:5.1%}  jackknife {jackknife:5.1%}  of {len(found):,} cohorts",
            flush=True,
        )


def _p_values(design: Design, place: int, n_cohorts: int) -> Iterator[tuple[float, float]]:
    """By sandwich and by jackknife, of the cohorts that have both."""
    for number in range(n_cohorts):
        rng = np.random.default_rng([place, number])
        cluster = np.repeat(np.arange(design.n_clusters), design.size)
        data = _cohort(design, cluster, rng)
        fits = data.fit()
        errors = ErrorKind(is_robust=True, cluster=cluster, by_jackknife=True).of(data, fits)
        if fits.code[0] != CONVERGED or fits.infinite.any() or errors.undefined[0]:
            continue
        sandwich = ErrorKind(is_robust=True, cluster=cluster).of(data, fits)
        p = []
        for kind in (sandwich, errors):
            error, df = np.sqrt(kind.variance[:, 0, 0]), np.asarray(kind.df)
            p.append(float(wald(fits.coef[:, 0], error, 0.95, df)[1][0]))
        yield p[0], p[1]


def _cohort(design: Design, cluster: np.ndarray, rng: np.random.Generator) -> CoxData:
    n = cluster.size
    hazard = np.exp(FRAILTY_SD * rng.normal(size=design.n_clusters))[cluster]
    score = SHARED * rng.normal(size=design.n_clusters)[cluster] + OWN * rng.normal(size=n)
    time, censored = rng.exponential(size=(2, n)) / np.stack([hazard, np.ones(n)])
    return CoxData(
        time=np.minimum(time, censored),
        event=(time <= censored).astype(np.float64),
        scores=(np.exp(score) if design.is_lognormal else score)[:, None],
        covariates=np.empty((n, 0)),
    )


if __name__ == "__main__":
    main()
