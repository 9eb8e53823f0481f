"""Complete cases, our imputation and scikit-learn's beside each other, where the truth is known.

`python -m benchmarks.imputation [--cohorts 300] [--m 20] [--no-sklearn]`: cohorts of 300 patients
with log hazard ratios 0.4 of a score, 0.3 of age per SD and 0.5 of a stage; age and stage are lost
at random given event and score (41 % of the rows incomplete). Printed are bias, mean standard error
beside the empirical one, and coverage of the 95 % intervals with its Monte-Carlo error.
"""

import argparse
import warnings

import numpy as np
import pandas as pd

import neurosig as ns
from neurosig.outcomes.imputation.rubin import pool_estimates
from neurosig.outcomes.results import wald

TRUTH = np.array([0.4, 0.3, 0.5])
TERMS = ("score", "age", "stage[II]")
ENDPOINT = ns.Endpoint(time="t", event="e", name="OS")


def make(seed: int, n: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, the whole clinic and the clinic with holes."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(n)]
    score = rng.normal(size=n)
    age = 0.4 * score + np.sqrt(1 - 0.16) * rng.normal(size=n)
    stage = rng.random(n) < 1 / (1 + np.exp(-0.6 * score))
    hazard = np.exp(0.4 * score + 0.3 * age + 0.5 * stage) / 1000
    own, lost = rng.exponential(1 / hazard), rng.uniform(200, 2500, n)
    event = (own <= lost).astype(int)
    clinic = pd.DataFrame({"t": np.minimum(own, lost) + 1, "e": event, "age": age}, ids)
    clinic["stage"] = np.where(stage, "II", "I")
    holes = clinic.copy()
    for name, base in (("age", -2.0), ("stage", -2.4)):
        chance = 1 / (1 + np.exp(-(base + 1.2 * event + 0.6 * score)))
        holes.loc[rng.random(n) < chance, name] = np.nan
    return pd.DataFrame({"S": score}, ids), clinic, holes


def fit(cohort: object) -> pd.DataFrame:
    """The table of one Cox model."""
    return ns.cox(cohort, adjust=["age", "stage"], scale="none", allow_loss=True).table


def by_sklearn(scores: pd.DataFrame, holes: pd.DataFrame, m: int) -> pd.DataFrame:
    """IterativeImputer with draws of the predictive distribution; a stage is cut at one half."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    hazard = ns.nelson_aalen(holes["t"], holes["e"])
    at = np.searchsorted(hazard["time"], holes["t"], side="right") - 1
    x = np.column_stack(
        [
            scores["S"],
            holes["e"],
            hazard["cumulative_hazard"].to_numpy()[at],
            holes["age"],
            holes["stage"].map({"I": 0.0, "II": 1.0}),
        ]
    )
    estimates, variances = [], []
    for i in range(m):
        filled = IterativeImputer(sample_posterior=True, random_state=i).fit_transform(x)
        clinic = holes.assign(age=filled[:, 3], stage=np.where(filled[:, 4] > 0.5, "II", "I"))
        table = fit(ns.Cohort.join(scores, clinic, ENDPOINT))
        estimates.append(table["estimate"])
        variances.append(table["std_error"] ** 2)
    v = np.full(3, holes["e"].sum() - 3.0)
    pool = pool_estimates(np.array(estimates), np.array(variances), v)
    half = wald(pool.estimate, np.sqrt(pool.total), 0.95, pool.df)[2]
    columns = {"estimate": pool.estimate, "std_error": np.sqrt(pool.total)}
    return pd.DataFrame(columns | {"ci_low": pool.estimate - half, "ci_high": pool.estimate + half})


def main() -> None:
    """Simulate and print one line per method and term."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=300)
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--m", type=int, default=20)
    parser.add_argument("--no-sklearn", action="store_true", help="leave scikit-learn out")
    asked = parser.parse_args()
    found: dict[str, list[np.ndarray]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(asked.cohorts):
            scores, clinic, holes = make(seed, asked.patients)
            cohort = ns.Cohort.join(scores, holes, ENDPOINT)
            imputed = ns.impute(cohort, ["age", "stage"], m=asked.m, seed=seed)
            tables = {
                "nothing missing": fit(ns.Cohort.join(scores, clinic, ENDPOINT)),
                "complete cases": fit(cohort),
                "ns.impute": fit(imputed),
            }
            if not asked.no_sklearn:
                tables["sklearn IterativeImputer"] = by_sklearn(scores, holes, asked.m)
            for name, table in tables.items():
                columns = ["estimate", "std_error", "ci_low", "ci_high"]
                found.setdefault(name, []).append(table[columns].to_numpy(dtype=float))
    print(f"{asked.cohorts} cohorts of {asked.patients}, m = {asked.m}")
    print("| data | term | bias | mean SE | empirical SE | coverage (%) |")
    print("|---|---|---|---|---|---|")
    for name, values in found.items():
        array = np.array(values)
        for j, term in enumerate(TERMS):
            estimate, error, low, high = array[:, j].T
            inside = (low <= TRUTH[j]) & (TRUTH[j] <= high)
            margin = 196 * np.sqrt(inside.mean() * (1 - inside.mean()) / len(inside))
            print(
                f"| {name} | {term} | {estimate.mean() - TRUTH[j]:+.3f} | {error.mean():.3f} | "
                f"{estimate.std(ddof=1):.3f} | {100 * inside.mean():.1f} +- {margin:.1f} |"
            )


if __name__ == "__main__":
    main()
