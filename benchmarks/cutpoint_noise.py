"""`python -m benchmarks.cutpoint_noise`: false positives of a searched cutpoint, corrected or not.

Studies without any effect: exponential times, 30 to 70 % censored, a normal score. "Naive" is the
log-rank test of the two groups at the best cut, as it is often reported; the package does not.
"""

import argparse

import numpy as np
from scipy import stats

import neurosig as ns

LEVELS = (0.05, 0.01)


def p_values(n: int, censored: float, rng: np.random.Generator) -> list[float]:
    """Naive, by permutation, and by the two approximations."""
    lost = censored / (1 - censored)  # rate of an exponential censoring time
    dead, left = rng.exponential(size=n), rng.exponential(1 / lost, n)
    time, event, score = np.minimum(dead, left), dead <= left, rng.normal(size=n)
    found = ns.maxstat(
        time,
        event,
        score,
        minprop=0.1,
        n_permutations=999,
        n_bootstrap=1,
        n_folds=2,
        n_repeats=1,
        seed=int(rng.integers(2**31)),
    )
    naive = ns.logrank(time, event, score <= found.cut).p_value
    return [naive, found.p_value, found.p_lau92, found.p_lau94]


def main() -> None:
    """Print the share of studies below each level, with a 95 % interval (Clopper and Pearson)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cutpoint_noise")
    parser.add_argument("--studies", type=int, default=500)
    asked = parser.parse_args()
    rng = np.random.default_rng(2024)
    print(f"{asked.studies} studies each; minprop 0.1")
    for n in (50, 200, 500):
        for censored in (0.3, 0.7):
            p = np.array([p_values(n, censored, rng) for _ in range(asked.studies)])
            for level in LEVELS:
                hits = (p <= level).sum(axis=0)
                shown = []
                for name, k in zip(("naive", "permuted", "Lau92", "Lau94"), hits, strict=True):
                    test = stats.binomtest(int(k), len(p)).proportion_ci(method="exact")
                    shown.append(f"{name} {k / len(p):.1%} ({test.low:.1%}-{test.high:.1%})")
                print(
                    f"n {n}, {censored:.0%} censored, p <= {level}: {', '.join(shown)}", flush=True
                )


if __name__ == "__main__":
    main()
