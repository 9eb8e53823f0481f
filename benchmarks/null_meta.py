"""Pooled null cohorts: the tests of a meta-analysis of several cohorts."""

import numpy as np
import pandas as pd

import neurosig as ns
from benchmarks.null_cohorts import Regime, draw
from neurosig.errors import ConvergenceError
from neurosig.kernels.cox import cox_fit_batch
from neurosig.outcomes.pooling.small_studies import FEWEST_FOR_FUNNEL
from neurosig.outcomes.results import wald

SIZES = (50, 100, 200, 500)
N_COHORTS = (2, 3, 4, 5, 10)


def label(n_cohorts: int) -> str:
    """The regime in words."""
    return f"{n_cohorts} cohorts of {', '.join(map(str, SIZES))} patients, 50% censored"


def cohorts(n_cohorts: int, number: int, seed: int) -> list[pd.DataFrame]:
    """The patients of the numbered draw; the same in every run."""
    rng, parts = np.random.default_rng([seed, 100 + n_cohorts, number]), []
    for _ in range(n_cohorts):
        size = int(rng.choice(SIZES))
        regime = Regime(
            n=size, censored=0.5, tied=False, skewed=False, adjusted=False, cluster_size=5
        )
        parts.append(draw(regime, rng).patients)
    return parts


def estimates(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """What each cohort says of the score by itself."""
    fits = [
        cox_fit_batch(
            patients["time"].to_numpy(float),
            patients["event"].to_numpy(float),
            patients[["score"]].to_numpy(),
        )
        for patients in parts
    ]
    return pd.DataFrame(
        {
            "cohort": [f"cohort {c}" for c in range(len(parts))],
            "estimate": [float(fit.coef[0, 0]) for fit in fits],
            "std_error": [float(np.sqrt(fit.covariance[0, 0, 0])) for fit in fits],
        }
    )


def p_values(n_cohorts: int, n_draws: int, seed: int) -> pd.DataFrame:
    """A row per draw, which has cohorts of its own, and a column per test."""
    rows, together = [], []
    for number in range(n_draws):
        parts = cohorts(n_cohorts, number, seed)
        rows.append(estimates(parts).assign(signature=f"draw {number}"))
        together.append(_one_stage(parts))
    table = pd.concat(rows, ignore_index=True).assign(
        endpoint="OS", term="score", effect_scale="HR per SD", status="ok"
    )
    found = pd.DataFrame(index=[f"draw {number}" for number in range(n_draws)])
    for name, options in (
        ("REML", {"method": "REML"}),
        ("REML, normal", {"method": "REML", "knha": False}),
        ("DerSimonian-Laird, normal", {"method": "DL", "knha": False}),
    ):
        pooled = _meta(table, options).set_index("signature").reindex(found.index)
        hartung_knapp = name == "REML"
        found[f"pooled, {name}{', Hartung-Knapp' if hartung_knapp else ''}"] = pooled["p_value"]
        if hartung_knapp and "p_value_wider" in pooled:
            found["pooled, wider interval of the two"] = pooled["p_value_wider"]
            found["pooled, common effect"] = pooled["p_value_common"]
        if hartung_knapp:
            found["pooled, heterogeneity (Q)"] = pooled["p_heterogeneity"]
    found["pooled, one model"] = together
    if n_cohorts >= FEWEST_FOR_FUNNEL:
        funnel = ns.egger_test(table).table.set_index("signature")
        found["small studies (Egger)"] = funnel["p_value"].reindex(found.index)
    return found


def _meta(table: pd.DataFrame, options: dict[str, object]) -> pd.DataFrame:
    """All draws pooled; without those whose likelihood has no maximum that is found."""
    try:
        return ns.meta(table, **options).table
    except ConvergenceError:
        draws = table["signature"].unique()
        if draws.size == 1:
            return pd.DataFrame({"signature": draws})
        halves = np.array_split(draws, 2)
        parts = [_meta(table[table["signature"].isin(half)], options) for half in halves]
        return pd.concat(parts, ignore_index=True)


def _one_stage(parts: list[pd.DataFrame]) -> float:
    """The patients of all cohorts in one model, each cohort with its own hazard and unit."""
    patients = pd.concat(parts)
    scores = [part["score"] / part["score"].std() for part in parts]
    fit = cox_fit_batch(
        patients["time"].to_numpy(float),
        patients["event"].to_numpy(float),
        np.concatenate(scores)[:, None],
        strata=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
    )
    error = np.sqrt(fit.covariance[:, 0, 0])
    return float(wald(fit.coef[:, 0], error, 0.95)[1][0])
