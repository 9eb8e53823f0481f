"""`neurosig km` of rows that enter late: what it prints is what the functions say of them."""

import numpy as np
import pandas as pd

import neurosig as ns
from neurosig.outcomes.curves.survival_curve import km_groups


def test_km_prints_medians_and_test_of_rows_that_enter_late(neurosig, tmp_path):
    rng = np.random.default_rng(7)
    ids = [f"p{i}" for i in range(60)]
    entry = np.where(np.arange(60) % 2 == 0, 100.0, 0.0)
    clinic = pd.DataFrame(
        {"from": entry, "days": entry + rng.integers(5, 300, 60), "dead": np.arange(60) % 3 > 0},
        index=pd.Index(ids, name="patient"),
    ).astype({"dead": int})
    scores = pd.DataFrame({"S": rng.normal(size=60) + entry / 100}, index=clinic.index)
    clinic.to_csv(tmp_path / "c.csv")
    scores.to_csv(tmp_path / "s.csv")
    said = neurosig(
        "km", tmp_path / "s.csv", tmp_path / "c.csv", "--time", "days", "--event", "dead",
        "--entry", "from", "--signature", "S", "--output", tmp_path / "km.svg",
    )  # fmt: skip
    assert said.code == 0, said.err

    endpoint = ns.Endpoint(time="days", event="dead", entry="from")
    groups = km_groups(ns.Cohort.join(scores, clinic, endpoint), "S")
    columns = groups["time"], groups["event"]
    test = ns.logrank(*columns, groups["group"], entry=groups["entry"])
    assert f"chi-square {test.statistic:.4g}, p {test.p_value:.3g}" in said.out
    assert f"chi-square {ns.logrank(*columns, groups['group']).statistic:.4g}" not in said.out
    curves = ns.kaplan_meier(*columns, groups=groups["group"], entry=groups["entry"])
    for name, median in ns.survival_quantile(curves).set_index("group")["time"].items():
        assert f"Median of the half {name}: {median:.4g} days" in said.out
