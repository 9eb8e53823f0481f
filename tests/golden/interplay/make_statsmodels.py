"""Mediation of data.csv by statsmodels, which simulates. Run in this folder.

statsmodels 0.14.4 or later, statsmodels.stats.mediation.Mediation; python make_statsmodels.py
"""

from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from statsmodels.stats.mediation import Mediation

HERE = Path(__file__).parent
data = pd.read_csv(HERE / "data.csv")
data["a"] = (data["nerve"] - data["nerve"].mean()) / data["nerve"].std()
data["b"] = (data["vessel"] - data["vessel"].mean()) / data["vessel"].std()
data["yes"] = (data["invasion"] == "yes").astype(float)
constant = np.ones(len(data))
for_mediator = pd.DataFrame({"one": constant, "a": data["a"], "age": data["age"]})
rows = []
for case, outcome in (("linear", "growth"), ("logistic", "yes")):
    x = pd.DataFrame({"one": constant, "a": data["a"], "b": data["b"], "age": data["age"]})
    np.random.seed(4)  # noqa: NPY002  # Mediation draws from numpy's global state
    # Mediation contrasts 1 with 0, so that -1 to 1 SD have to be 0 to 1
    x["a"] = (x["a"] + 1) / 2
    mediator = for_mediator.assign(a=(for_mediator["a"] + 1) / 2)
    model = (
        sm.OLS(data[outcome], x)
        if case == "linear"
        else sm.GLM(data[outcome], x, family=sm.families.Binomial())
    )
    found = Mediation(model, sm.OLS(data["b"], mediator), (1, 1), mediator=2)
    summary = found.fit(n_rep=4000, method="parametric").summary()
    for label, name in (
        ("Total effect", "total"),
        ("ADE (control)", "pure_direct"),
        ("ACME (treated)", "total_indirect"),
        ("ADE (treated)", "total_direct"),
        ("ACME (control)", "pure_indirect"),
    ):
        row = summary.loc[label]
        rows.append((case, name, row["Estimate"], row["Lower CI bound"], row["Upper CI bound"]))
table = pd.DataFrame(rows, columns=["case", "effect", "estimate", "low", "high"])
table.insert(0, "statsmodels", statsmodels.__version__)
table.to_csv(HERE / "statsmodels.csv", index=False)
