"""Small inputs for figures and a small run folder, made by hand."""

import json
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig._atomic import write_csv

SCRIPT = "<script>alert(1)</script>"
MESSAGE = "9 events for 3 parameters; adjust for fewer covariates or pool the cohorts"
FORMULA = "=cmd|'/c calc'!A1"


def result_row(cohort, signature="axon", effect=1.2, endpoint="OS", **more):
    """A row of a result table; the interval is the effect divided and multiplied by 1.25."""
    row = {
        "cohort": cohort,
        "endpoint": endpoint,
        "signature": signature,
        "term": "score",
        "std_error": 0.1,
        "ci_level": 0.95,
        "p_value": 0.03,
        "q_value": 0.06,
        "effect": effect,
        "effect_low": effect / 1.25,
        "effect_high": effect * 1.25,
        "effect_scale": "HR per SD",
        "n": 200,
        "n_events": 60,
        "status": "ok",
        "message": "",
    }
    return row | more


@pytest.fixture
def results() -> pd.DataFrame:
    """Two cohorts of overall survival, one of relapse-free survival, and a covariate's row."""
    return pd.DataFrame(
        [
            result_row("A", effect=1.2),
            result_row("R", effect=1.6, endpoint="RFS"),
            result_row("B", effect=1.4, std_error=0.2),
            result_row("A", effect=9.0, term="age"),
            result_row("A", signature="immune", effect=0.8),
        ]
    )


@pytest.fixture
def pooled() -> pd.DataFrame:
    """The pooled overall survival of both signatures."""
    between = {"n_cohorts": 2, "i2": 23.4, "tau2": 0.0104, "p_heterogeneity": 0.27}
    return pd.DataFrame(
        [
            result_row("pooled", effect=1.3, n=400, n_events=120, **between),
            result_row("pooled", signature="immune", effect=0.8, n=400, n_events=120, **between),
        ]
    )


@pytest.fixture
def few_cohorts(pooled: pd.DataFrame) -> pd.DataFrame:
    """The pooled effects with what `meta` adds for fewer than five cohorts.

    The Hartung-Knapp interval of axon spans nearly everything; that of immune is too narrow,
    and vascular has one cohort.
    """
    nan = float("nan")
    return pd.concat([pooled, pooled.tail(1)], ignore_index=True).assign(
        signature=["axon", "immune", "vascular"],
        status=["ok", "ok", "single_cohort"],
        i2=[23.4, 0.0, nan],
        model="random effects (REML, Hartung-Knapp)",
        effect=[1.3, 0.8, 0.7],
        effect_low=[0.1, 0.79, 0.6],
        effect_high=[17.0, 0.81, 0.8],
        effect_common=[1.28, 0.82, nan],
        effect_low_common=[1.1, 0.7, nan],
        effect_high_common=[1.5, 0.96, nan],
        p_value_common=[0.004, 0.012, nan],
        q_scale=[1.7, 0.02, nan],
        effect_low_wider=[0.1, 0.68, nan],
        effect_high_wider=[17.0, 0.94, nan],
    )


@pytest.fixture
def curves() -> pd.DataFrame:
    """Two groups of four and two patients.

    Group a: events at 1 and 3, censored at 2 and 4: S = 3/4, 3/4, 3/4 * 1/2, 3/8.
    Group b: event at 2, censored at 5: S = 1/2, 1/2.
    """
    nan = float("nan")
    rows = [
        ("a", 1.0, 4, 1, 0, 0.75, 0.2, 0.13, 0.96),
        ("a", 2.0, 3, 0, 1, 0.75, 0.2, 0.13, 0.96),
        ("a", 3.0, 2, 1, 0, 0.375, 0.28, 0.01, 0.81),
        ("a", 4.0, 1, 0, 1, 0.375, 0.28, 0.01, 0.81),
        ("b", 2.0, 2, 1, 0, 0.5, 0.35, nan, nan),
        ("b", 5.0, 1, 0, 1, 0.5, 0.35, nan, nan),
    ]
    names = "group time n_risk n_event n_censor survival std_error ci_low ci_high"
    return pd.DataFrame(rows, columns=names.split())


@pytest.fixture
def run_folder(tmp_path: Path, results: pd.DataFrame) -> Path:
    """A run folder with a table of 24 rows, hostile names, a failed row and one figure."""
    folder = tmp_path / "run"
    rows = [
        result_row(f"cohort {i}", signature=f"signature {i}", effect=0.5 + 0.1 * i, p_value=i / 24)
        for i in range(22)
    ]
    rows.append(result_row("A", signature=SCRIPT, effect=3.0, p_value=0.00001))
    failed = {"status": "too_few_events", "message": MESSAGE}
    rows.append(result_row("A", signature=FORMULA, effect=float("nan"), p_value=None, **failed))
    write_csv(folder / "tables" / "results.csv", pd.DataFrame(rows))
    data = pl.forest_data(results.assign(cohort=SCRIPT), signature="axon")
    pl.save_figure(pl.forest_figure(data), data, folder / "figures" / "forest")
    columns = [
        {"name": "cohort", "label": "Cohort", "format": "text"},
        {"name": "signature", "label": "Signature", "format": "text"},
        {"name": "effect", "label": "HR per SD", "format": "number"},
        {"name": "p_value", "label": "p", "format": "p"},
        {"name": "n", "label": "n", "format": "integer"},
        {"name": "status", "label": "Status", "format": "text"},
        {"name": "message", "label": "Message", "format": "text"},
    ]
    table = {
        "kind": "table",
        "id": "cox",
        "title": f"Cox {SCRIPT}",
        "caption": "One row per signature.",
        "file": "tables/results.csv",
        "columns": columns,
    }
    figure = {
        "kind": "figure",
        "id": "cox",
        "title": "Forest",
        "caption": FORMULA,
        "alt": f'Forest of "{SCRIPT}"',
        "svg": "figures/forest.svg",
        "csv": "figures/forest.csv",
        "source_table": "cox",
    }
    manifest = {
        "title": f"Run {SCRIPT}",
        "subtitle": "Two cohorts",
        "summary": [{"label": "Cohorts", "value": 2}, {"label": "Signatures", "value": "24"}],
        "notices": [
            {"level": "info", "text": "A note."},
            *({"level": "warning", "text": f"Warning {i} of <b>few</b> events."} for i in range(5)),
            {"level": "exploratory", "text": "No hypothesis was fixed."},
        ],
        "sections": [
            {"id": "results", "title": "Results", "intro": SCRIPT, "items": [table, figure]},
            {"id": "results", "title": "Text", "items": [{"kind": "text", "text": "a\n\nb"}]},
        ],
        "provenance": {"command": f"neurosig run {SCRIPT}", "versions": {"numpy": "2"}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def scored_cells() -> anndata.AnnData:
    """120 cells of three types and four donors: axon is high in E, flat is 0, thin was refused."""
    rng = np.random.default_rng(8)
    names = pd.Index([f"c{i:03d}" for i in range(120)])
    kind = np.tile(["E", "M", "T"], 40)
    values = {"axon": rng.normal(size=120) + 2 * (kind == "E"), "flat": 0.0, "thin": np.nan}
    status = {"axon": "ok", "flat": "ok", "thin": "low_coverage"}
    coverage = pd.DataFrame({"status": status})
    return anndata.AnnData(
        obs=pd.DataFrame({"cell_type": kind, "donor": np.repeat(list("abcd"), 30)}, index=names),
        obsm={
            "score_ucell": pd.DataFrame(values, index=names),
            "X_umap": rng.normal(size=(120, 2)),
        },
        uns={"neurosig": {"score_ucell": {"coverage": coverage}}},
    )
