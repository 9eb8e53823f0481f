"""Pooled null cohorts: the tests of a meta-analysis of two to five cohorts."""

import numpy as np
import pandas as pd

import neurosig as ns
from benchmarks.null_cohorts import Regime, draw
from neurosig.kernels.cox import cox_fit_batch

SIZES = (50, 100, 200, 500)
N_COHORTS = (2, 3, 4, 5)


def label(n_cohorts: int) -> str:
    """The regime in words."""
    return f"{n_cohorts} cohorts of {', '.join(map(str, SIZES))} patients, 50% censored"


def p_values(n_cohorts: int, n_draws: int, seed: int) -> pd.DataFrame:
    """A row per draw, which has cohorts of its own, and a column per test."""
    rows = []
    for number in range(n_draws):
        rng = np.random.default_rng([seed, 100 + n_cohorts, number])
        for c in range(n_cohorts):
            size = int(rng.choice(SIZES))
            regime = Regime(
                n=size, censored=0.5, tied=False, skewed=False, adjusted=False, cluster_size=5
            )
            patients = draw(regime, rng).patients
            fit = cox_fit_batch(
                patients["time"].to_numpy(float),
                patients["event"].to_numpy(float),
                patients[["score"]].to_numpy(),
            )
            error = float(np.sqrt(fit.covariance[0, 0, 0]))
            rows.append((f"cohort {c}", f"draw {number}", float(fit.coef[0, 0]), error))
    table = pd.DataFrame(rows, columns=["cohort", "signature", "estimate", "std_error"])
    table = table.assign(endpoint="OS", term="score", effect_scale="HR per SD", status="ok")
    found = pd.DataFrame(index=[f"draw {number}" for number in range(n_draws)])
    for name, options in (
        ("REML", {"method": "REML"}),
        ("REML, normal", {"method": "REML", "knha": False}),
        ("DerSimonian-Laird, normal", {"method": "DL", "knha": False}),
    ):
        pooled = ns.meta(table, **options).table.set_index("signature").loc[found.index]
        hartung_knapp = name == "REML"
        found[f"pooled, {name}{', Hartung-Knapp' if hartung_knapp else ''}"] = pooled["p_value"]
        if hartung_knapp and "p_value_wider" in pooled:
            found["pooled, wider interval of the two"] = pooled["p_value_wider"]
            found["pooled, common effect"] = pooled["p_value_common"]
        if hartung_knapp:
            found["pooled, heterogeneity (Q)"] = pooled["p_heterogeneity"]
    return found
