"""Reference numbers of log-rank tests that weigh late events, by lifelines 0.30.3.

Run in this folder: python make_late_weights.py (needs lifelines, which neurosig does not).
"""

import pandas as pd
from lifelines.statistics import multivariate_logrank_test

data = pd.read_csv("data.csv")
rows = []
for weighting, options in (
    ("fleming-harrington", {"p": 0, "q": 1}),
    ("fleming-harrington", {"p": 1, "q": 0}),
    ("fleming-harrington", {"p": 0.5, "q": 0.5}),
    ("wilcoxon", {}),
    ("tarone-ware", {}),
):
    test = multivariate_logrank_test(
        data["time"], data["group"], data["event"], weightings=weighting, **options
    )
    rows.append((weighting, options.get("p"), options.get("q"), test.test_statistic, test.p_value))
columns = ["weighting", "rho", "gamma", "statistic", "p_value"]
pd.DataFrame(rows, columns=columns).to_csv("late_weights.csv", index=False)
