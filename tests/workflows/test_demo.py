"""The shipped demonstration: three breast-cancer cohorts, and what changes when it is changed."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import neurosig as ns
from neurosig._yaml import load_yaml
from neurosig.cli.demo import demo_config
from neurosig.datasets.demo import DATASETS, load_dataset
from neurosig.errors import ClinicalError
from neurosig.outcomes.clinic.clean import clean_table
from neurosig.study.config import read_config
from neurosig.study.pipeline import StudyRun

needs_survset = pytest.mark.skipif(
    importlib.util.find_spec("SurvSet") is None,
    reason="the data come with survset, which is an extra: pip install neurosig[demo]",
)

# Rows and events of the endpoint as the sources have them (survJamda.data; docs of `DATASETS`).
PUBLISHED = {
    "GSE4335": ("OS", 115, 38),
    "GSE3143": ("OS", 158, 50),
    "GSE1992": ("RFS", 124, 35),
}


def test_the_demonstration_pools_overall_survival_and_has_relapse_beside_it() -> None:
    config = read_config(demo_config()).config
    endpoints = {cohort.id: cohort.endpoint.name for cohort in config.cohorts if cohort.endpoint}
    assert endpoints == {name: endpoint for name, (endpoint, _, _) in PUBLISHED.items()}
    assert config.pooling.endpoint == "OS"
    assert config.signatures.panel == "core"
    for cohort in config.cohorts:
        known = DATASETS[str(cohort.dataset)]
        assert cohort.endpoint is not None
        assert (cohort.endpoint.name, cohort.endpoint.unit) == (known.endpoint, known.unit)
        columns = {t if isinstance(t, str) else t.column for t in cohort.adjust}
        assert columns <= set(known.columns.values())


@needs_survset
@pytest.mark.parametrize("cohort", PUBLISHED)
def test_rows_and_events_of_a_cohort_are_the_published_ones(cohort: str) -> None:
    endpoint, n, n_events = PUBLISHED[cohort]
    expression, clinical = load_dataset(cohort.lower())
    assert len(expression) == n
    read = ns.Endpoint(time=f"{endpoint}.time", event=endpoint, unit="months")
    survival = read.read(clean_table(clinical, missing=("missing", "na", "x")).data)
    assert (int(survival.is_known.sum()), survival.n_events) == (n, n_events)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    return ns.run(demo_config(), output=tmp_path_factory.mktemp("demo") / "out")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], None]], StudyRun]:
    """Copy the configuration, change it and run it, without what takes time and says nothing."""

    def run(change: Callable[[dict[str, Any]], None]) -> StudyRun:
        content: Any = load_yaml(demo_config())
        content["scoring"]["sensitivity"] = []
        content["figures"] = {"signatures": ["GO.AXONOGENESIS"]}
        change(content)
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return ns.run(path, output=tmp_path / "out")

    return run


def _manifest(run: StudyRun) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run.folder / "manifest.json").read_text())
    return content


def _scores(run: StudyRun, cohort: str) -> pd.DataFrame:
    table = run.tables["cohorts"]
    return table[(table["cohort"] == cohort) & (table["term"] == "score")].reset_index(drop=True)


def _flow_text(run: StudyRun) -> str:
    rows = run.tables["row_flow"].astype(str).agg(" | ".join, axis=1)
    return "\n".join(rows)


@needs_survset
@pytest.mark.slow
def test_the_demonstration_runs_and_pools_only_overall_survival(demo: StudyRun) -> None:
    pooled = demo.tables["pooled"]
    assert len(pooled) == 24
    assert len(set(pooled["signature"])) == 24
    assert "GSE1992" not in " ".join(pooled["cohorts"])
    two = pooled[pooled["status"] == "ok"]
    assert set(two["cohorts"]) == {"GSE4335, GSE3143"}
    assert set(two["n_cohorts"]) == {2}
    assert set(two["family"]) == {f"{len(two)} pooled score rows (OS), p of the wider interval"}
    # complete cases: GSE4335 loses 2 without er, 2 without node, 1 without grade
    assert set(two["n"]) == {110 + 158}
    assert set(two["n_events"]) == {38 + 50}
    intro = _manifest(demo)["sections"][0]["intro"]
    assert "Pooled over the OS cohorts GSE4335, GSE3143." in intro
    assert "GSE1992 (RFS) has another endpoint" in intro
    summary = {entry["label"]: entry["value"] for entry in _manifest(demo)["summary"]}
    assert summary["Sorlie 2003 (OS)"].startswith("38 events / 115")
    assert summary["Bild 2006 (OS)"].startswith("50 events / 158")
    assert summary["Hu 2006 (RFS)"].startswith("35 events / 124")
    forest = pd.read_csv(demo.folder / "figures" / "forest_GO.AXONOGENESIS.csv")
    assert set(forest.loc[forest["label"] == "GSE1992", "endpoint"]) == {"RFS"}
    assert len(list((demo.folder / "tables").glob("scores_*.csv"))) == 6


@needs_survset
@pytest.mark.slow
def test_deleting_a_clinical_column_changes_the_report_accordingly(
    demo: StudyRun, changed: Callable[..., StudyRun]
) -> None:
    def without_age_and_er(content: dict[str, Any]) -> None:
        content["cohorts"][0]["adjust"] = content["cohorts"][0]["adjust"][2:]

    run = changed(without_age_and_er)
    ours, theirs = _scores(run, "GSE4335"), _scores(demo, "GSE4335")
    assert set(ours["adjusted_for"]) == {"node, grade"}
    assert set(theirs["adjusted_for"]) == {"age, er, node, grade"}
    assert set(ours.loc[ours["status"] == "ok", "n"]) == {112}  # the two without er are back
    is_fitted = ours["status"] == "ok"
    assert (ours["effect"] != theirs["effect"])[is_fitted].all()
    for cohort in ("GSE3143", "GSE1992"):
        pd.testing.assert_frame_equal(_scores(run, cohort), _scores(demo, cohort))
    fitted = run.tables["pooled"]["status"] == "ok"
    assert (run.tables["pooled"]["effect"] != demo.tables["pooled"]["effect"])[fitted].all()
    reports = [r.report.read_text(encoding="utf-8") for r in (demo, run)]
    assert ["age, er, node, grade" in text for text in reports] == [True, True]  # GSE1992 keeps it
    flows = [r.tables["row_flow"] for r in (demo, run)]
    steps = [set(flow.loc[flow["cohort"] == "GSE4335", "step"]) for flow in flows]
    assert steps[0] - steps[1] == {"age known", "er known"}
    assert [" | no er | svcc1077" in _flow_text(r) for r in (demo, run)] == [True, False]
    crude = [r.tables["adjusted_and_crude"] for r in (demo, run)]
    rows = [t[t["cohort"] == "GSE4335"] for t in crude]
    assert set(rows[1]["adjusted_for"]) == {"node, grade"}


@needs_survset
@pytest.mark.slow
def test_changing_the_endpoint_changes_the_report_accordingly(
    demo: StudyRun, changed: Callable[..., StudyRun]
) -> None:
    def pool_relapse(content: dict[str, Any]) -> None:
        # what the user believes of a cohort is the user's: here Bild 2006 is called relapse-free
        content["cohorts"][1]["endpoint"]["name"] = "RFS"
        content["pooling"]["endpoint"] = "RFS"

    run = changed(pool_relapse)
    pooled = run.tables["pooled"]
    assert set(pooled["endpoint"]) == {"RFS"}
    assert set(pooled.loc[pooled["status"] == "ok", "cohorts"]) == {"GSE3143, GSE1992"}
    assert set(pooled.loc[pooled["status"] == "ok", "n"]) == {158 + 119}
    intro = _manifest(run)["sections"][0]["intro"]
    assert "Pooled over the RFS cohorts GSE3143, GSE1992." in intro
    assert "GSE4335 (OS) has another endpoint" in intro
    labels = [entry["label"] for entry in _manifest(run)["summary"]]
    assert "Pooled (RFS)" in labels
    assert "Bild 2006 (RFS)" in labels
    report = run.report.read_text(encoding="utf-8")
    assert "Pooled over the RFS cohorts GSE3143, GSE1992." in report
    assert "Pooled over the OS cohorts" not in report
    same = [r.tables["scores_GSE3143_zscore"] for r in (demo, run)]
    pd.testing.assert_frame_equal(*same)  # scores know nothing of endpoints


@needs_survset
@pytest.mark.slow
def test_a_table_without_a_column_and_with_another_event_gives_another_report(
    demo: StudyRun, changed: Callable[..., StudyRun], tmp_path: Path
) -> None:
    """The cohort as files: `grade` is gone from the clinical table, the event is metastasis."""
    expression, clinical = load_dataset("gse4335")
    expression.to_csv(tmp_path / "expression.csv")
    clinical.drop(columns="grade").to_csv(tmp_path / "clinical.csv")

    def from_files(content: dict[str, Any]) -> None:
        cohort = content["cohorts"][0]
        del cohort["dataset"]
        cohort["expression"] = {
            "file": str(tmp_path / "expression.csv"), "orientation": "genes_in_columns",
        }  # fmt: skip
        cohort["clinical"]["file"] = str(tmp_path / "clinical.csv")
        cohort["endpoint"] |= {"event": "metastasis", "name": "metastasis"}

    with pytest.raises(ClinicalError, match=r"no column 'grade'"):
        changed(from_files)

    def without_grade(content: dict[str, Any]) -> None:
        from_files(content)
        content["cohorts"][0]["adjust"] = ["age"]

    run = changed(without_grade)
    report = run.report.read_text(encoding="utf-8")
    before = demo.report.read_text(encoding="utf-8")
    assert "13 events / 115" in report  # 13 of 115 have metastasis = 1 in the data set
    assert "13 events / 115" not in before
    assert "Sorlie 2003 (metastasis)" in report
    assert "Pooled over the OS cohorts" in before
    assert "Pooled over the" not in report  # one cohort with overall survival is left
    assert "pooled" not in run.tables
    same = [r.tables["scores_GSE4335_zscore"] for r in (demo, run)]
    np.testing.assert_allclose(
        same[0].drop(columns="observation"), same[1].drop(columns="observation"), rtol=1e-12
    )
