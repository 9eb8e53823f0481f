"""`python -m benchmarks.interplay`: interactions and mediations, their time and their error rates.

speed (on one core): a mediation of 500 patients with 1,000 bootstrap samples; 400 interactions.
errors: how often the test of an interaction is below 5 % where there is none, and how often a
bootstrap interval holds the true effect, which is integrated by hand.
"""

import argparse
import itertools
import time
import warnings

import numpy as np
import pandas as pd
from scipy import integrate, stats

import neurosig as ns

RATE, EXPOSURE, MEDIATOR, PATH, NOISE = 1 / 900, 0.3, 0.5, 0.6, 0.8
DAYS = ns.Endpoint(time="days", event="dead")
EFFECTS = {"total": (3, 0), "pure_direct": (1, 0), "total_indirect": (3, 1)}


def cohort(n: int, rng: np.random.Generator, *, path: float = PATH) -> ns.Cohort:
    """A nerve score, a vessel score that follows it, exponential times that follow both."""
    nerve = rng.normal(size=n)
    vessel = path * nerve + NOISE * rng.normal(size=n)
    dead = rng.exponential(np.exp(-EXPOSURE * nerve - MEDIATOR * vessel) / RATE)
    lost = rng.uniform(500, 3000, n)
    clinic = {"days": np.minimum(dead, lost), "dead": (dead <= lost).astype(int)}
    clinic["age"] = rng.normal(60, 9, n)
    scores = pd.DataFrame({"nerve": nerve, "vessel": vessel})
    return ns.Cohort.join(scores, pd.DataFrame(clinic), DAYS)


def true_survival(x: float, made_by: float, at: float) -> float:
    """Mean survival at a time with the exposure x and the mediator as under `made_by`."""

    def density(u: float) -> float:
        eta = EXPOSURE * x + MEDIATOR * (PATH * made_by + NOISE * u)
        return float(np.exp(-RATE * at * np.exp(eta)) * stats.norm.pdf(u))

    return float(integrate.quad(density, -9, 9)[0])


def speed(rng: np.random.Generator) -> None:
    """Seconds, after one call that compiles."""
    of = cohort(500, rng)
    given = {"exposure": "nerve", "mediator": "vessel", "adjust": ["age"]}
    for name, options in {
        "horizon": {"horizon": 900},
        "tau": {"tau": 1500},
        "horizon, product": {"horizon": 900, "interaction": True},
        "horizon, BCa": {"horizon": 900, "bootstrap": ns.Bootstrap(interval="bca")},
        "horizon, empirical errors": {"horizon": 900, "errors": "empirical"},
    }.items():
        few = ns.Bootstrap(n_resamples=20)
        ns.mediation(of, **given, **(options | {"bootstrap": few}))
        start = time.process_time()
        ns.mediation(of, **given, **options)
        print(
            f"mediation, n 500, 1,000 samples, {name}: {time.process_time() - start:.1f} s of CPU"
        )
    scores = pd.DataFrame(rng.normal(size=(500, 40)), columns=[f"s{i}" for i in range(40)])
    clinic = of.data[["days", "dead", "age"]].reset_index(drop=True)
    many = ns.Cohort.join(scores, clinic, DAYS)
    pairs = list(itertools.product(scores.columns[:20], scores.columns[20:]))
    start = time.process_time()
    ns.interplay(many, pairs, adjust=["age"])
    print(f"400 interactions, n 500: {time.process_time() - start:.1f} s of CPU")


def errors(n_studies: int, rng: np.random.Generator) -> None:
    """Shares with their 95 % interval (Clopper and Pearson)."""
    for n in (100, 300):
        p = [
            ns.interplay(cohort(n, rng), ("nerve", "vessel")).products.iloc[0][["p_value", "p_lr"]]
            for _ in range(n_studies)
        ]
        for name, hits in pd.DataFrame(p).le(0.05).sum().items():
            print(f"interaction, none true, n {n}, {name} <= 0.05: {_share(hits, n_studies)}")
    for n in (150, 300):
        hits = dict.fromkeys(EFFECTS, 0)
        for study in range(n_studies):
            of = cohort(n, rng)
            levels = [of.data["nerve"].mean() + side * of.data["nerve"].std() for side in (-1, 1)]
            worlds = [(0, 0), (1, 0), (0, 1), (1, 1)]
            q = [true_survival(levels[i], levels[j], 900) for i, j in worlds]
            bootstrap = ns.Bootstrap(n_resamples=300, seed=study)
            table = ns.mediation(
                of, exposure="nerve", mediator="vessel", horizon=900, bootstrap=bootstrap
            ).table.query("measure == 'survival difference'")
            rows = table.set_index("term")
            for effect, (plus, minus) in EFFECTS.items():
                low, high = rows.loc[effect, ["ci_low", "ci_high"]]
                hits[effect] += low <= q[plus] - q[minus] <= high
        for effect, held in hits.items():
            print(f"95 % interval holds the {effect} effect, n {n}: {_share(held, n_studies)}")


def _share(hits: int, n: int) -> str:
    low, high = stats.binomtest(int(hits), n).proportion_ci()
    return f"{hits / n:.1%} [{low:.1%}, {high:.1%}]"


def main() -> None:
    """Print times and error rates."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interplay")
    parser.add_argument("--studies", type=int, default=500)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(2026)
    speed(rng)
    errors(asked.studies, rng)


if __name__ == "__main__":
    main()
