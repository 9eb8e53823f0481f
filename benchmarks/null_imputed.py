"""`python -m benchmarks.null_imputed`: a Cox model with an imputed covariate, ours beside mice.

Imputations are drawn, so that p-values cannot be equal: what is compared is how often they are
small, on the same null cohorts of the regime in which ours are so most rarely.
"""

import argparse
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.null_calibration import cohort
from benchmarks.null_tests import imputed, with_missing
from neurosig.errors import NeurosigError

PLACE = 1  # 50 patients, 70 % censored
SCRIPT = Path(__file__).with_name("null_r_imputed.R")


def main() -> None:
    """Print both rates."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.null_imputed")
    parser.add_argument("--cohorts", type=int, default=2_000)
    asked = parser.parse_args()
    cohorts = [cohort(PLACE, number) for number in range(asked.cohorts)]
    rows = [with_missing(one).assign(number=number) for number, one in enumerate(cohorts)]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "cohorts.csv"
        columns = ["number", "time", "event", "score", "z1", "z2"]
        pd.concat(rows)[columns].to_csv(table, index=False)
        call = ["Rscript", "--vanilla", str(SCRIPT), str(table)]
        found = subprocess.run(call, capture_output=True, text=True, check=True)
    p = []
    for one in cohorts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                p.append(imputed(one)["Cox, imputed covariate"])
            except NeurosigError:
                p.append(np.nan)
    ours = [int(np.sum(np.array(p) <= level)) for level in (0.05, 0.01)]
    for name, (low, lower, n) in {
        "mice": [int(part) for part in found.stdout.split()],
        "neurosig": [*ours, int(np.isfinite(p).sum())],
    }.items():
        print(f"{name:10s} {low / n:.1%} at 5 %, {lower / n:.1%} at 1 %, of {n:,} cohorts")


if __name__ == "__main__":
    main()
