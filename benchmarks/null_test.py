"""`python -m benchmarks.null_test`: the null test of 24 signatures, 1,000 random sets each.

500 patients x 20,000 genes, 60 % events, one covariate, 1,000 permutations, after compilation.
"""

import argparse
import resource
import time
import warnings

import numpy as np
import pandas as pd

import neurosig as ns
from benchmarks import data

SIZES = np.linspace(10, 200, 24).astype(int)
METHODS = ("mean", "zscore", "singscore", "ssgsea")
ENDPOINT = ns.Endpoint(time="time", event="event", event_values=[1], unit="years")


def clinic(names: pd.Index) -> pd.DataFrame:
    """Times that no gene has to do with."""
    rng = np.random.default_rng(5)
    n = len(names)
    return pd.DataFrame(
        {
            "time": rng.exponential(size=n),
            "event": (rng.random(n) < 0.6).astype(int),
            "age": rng.normal(60, 9, n),
        },
        names,
    )


def main() -> None:
    """Print processor and elapsed seconds of each method."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.null_test", description=__doc__)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("methods", nargs="*", default=METHODS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    x = data.bulk(asked.samples)
    rng = np.random.default_rng(6)
    sets = {f"S{k}": rng.choice(x.columns, k, replace=False).tolist() for k in SIZES}
    print(f"{x.shape[0]} x {x.shape[1]}, {len(sets)} signatures of {SIZES[0]} to {SIZES[-1]} genes")
    for method in asked.methods:
        scores = ns.score(x, sets, method=method)
        cohort = ns.Cohort.join(scores, clinic(x.index), ENDPOINT)
        options = {"method": method, "adjust": ["age"], "catalogue": None, "n_jobs": asked.n_jobs}
        small = ns.MatchedNull(n_sets=2)
        ns.null_test(cohort, x, sets, null=small, n_permutations=2, **options)
        used, begun = time.process_time(), time.perf_counter()
        ns.null_test(cohort, x, sets, **options)
        used, elapsed = time.process_time() - used, time.perf_counter() - begun
        print(f"{method:<12}{used:>8.1f} s of processor, {elapsed:>6.1f} s elapsed", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
