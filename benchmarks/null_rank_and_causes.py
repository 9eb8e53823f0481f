"""False-positive rates of rank tests, restricted means, Gray's test and Fine-Gray models.

2,000 cohorts of 150 in which nothing is associated with anything: two competing causes with
constant hazards (means 10 and 12), censoring with a mean of 8 in one half and 25 in the other,
times rounded up to halves (ties), three groups and a normal score. Prints the share of p-values
below 5 % and 1 %, and for the Fine-Gray model with groups of censoring the standard deviation of
the coefficient beside its mean standard error.

    python benchmarks/null_rank_and_causes.py
"""

import numpy as np
from scipy.special import ndtr

import neurosig as ns
from neurosig.outcomes.competing.subdistribution import fit_subdistribution

N_COHORTS, N_ROWS = 2_000, 150


def wald_p(coef: float, variance: float) -> float:
    return float(2 * ndtr(-abs(coef) / np.sqrt(variance)))


def p_values(rng: np.random.Generator) -> tuple[dict[str, float], float, float]:
    group, half = rng.integers(0, 3, N_ROWS), rng.integers(0, 2, N_ROWS)
    score = rng.normal(size=N_ROWS)
    own, other = rng.exponential(10, N_ROWS), rng.exponential(12, N_ROWS)
    censored = rng.exponential(np.where(half == 1, 8, 25))
    time = np.ceil(np.minimum(np.minimum(own, other), censored) * 2) / 2
    cause = np.where(censored < np.minimum(own, other), 0, np.where(own < other, 1, 2))
    event, high = cause == 1, score > 0
    tau = min(time[high].max(), time[~high].max(), 8.0)
    late = ns.logrank(time, event, group, weighting="fleming-harrington", gamma=1)
    plain = fit_subdistribution(time, cause, score[:, None])
    apart = fit_subdistribution(time, cause, score[:, None], half)
    found = {
        "log-rank": ns.logrank(time, event, group).p_value,
        "Gehan": ns.logrank(time, event, group, weighting="gehan").p_value,
        "late weights (gamma = 1)": late.p_value,
        "trend": ns.logrank_trend(time, event, group).p_value,
        "restricted mean": ns.rmst(time, event, tau=tau, groups=high).contrasts["p_value"].iloc[0],
        "Gray": ns.gray_test(time, cause, group).p_value,
        "Fine-Gray": wald_p(plain.coef[0], plain.covariance[0, 0]),
        "Fine-Gray, groups of censoring": wald_p(apart.coef[0], apart.covariance[0, 0]),
    }
    return found, float(apart.coef[0]), float(np.sqrt(apart.covariance[0, 0]))


def main() -> None:
    rng = np.random.default_rng(1)
    runs = [p_values(rng) for _ in range(N_COHORTS)]
    for name in runs[0][0]:
        p = np.array([found[name] for found, _, _ in runs])
        print(f"{name:<32} {np.mean(p < 0.05):.3f} {np.mean(p < 0.01):.3f}")
    spread = np.std([coef for _, coef, _ in runs])
    print(f"coefficients {spread:.4f}, mean error {np.mean([error for _, _, error in runs]):.4f}")


if __name__ == "__main__":
    main()
