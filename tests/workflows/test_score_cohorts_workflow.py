"""`neurosig workflow run score_cohorts`, really run on two made-up cohorts."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest
import yaml

import neurosig as ns

pytest.importorskip("snakemake")
pytestmark = pytest.mark.workflow

TOLERANCE = 1e-9
"""The harmonised file has its genes in another order, which is the order of a cohort's sums."""
ALL_JOBS = {"harmonise": 2, "clinic": 2, "assess": 2, "score": 2, "cox": 2, "pool": 1, "report": 1}


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    """A copy of the finished run, with the times of its files."""
    shutil.copytree(finished[0], tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def test_a_run_makes_one_job_for_each_cohort_and_method_and_a_report(finished):
    folder, ran = finished
    assert ran.code == 0, ran.text
    assert ran.jobs == ALL_JOBS
    page = (folder / "results/report/report.html").read_text()
    for words in ("A small workflow", "Pooled over cohorts", "AXON", "Verdicts in alpha"):
        assert words in page
    logs = sorted(p.relative_to(folder / "logs") for p in (folder / "logs").rglob("*.log"))
    benchmarks = sorted((folder / "benchmarks").rglob("*.tsv"))
    assert len(logs) == len(benchmarks) == sum(ALL_JOBS.values())


def test_every_table_has_its_provenance_and_names_what_it_was_made_of(finished):
    folder, _ = finished
    for table in sorted((folder / "results/cohorts").rglob("*.csv")):
        if ".row_flow." not in table.name and table.name.count(".") < 3:
            sidecar = Path(f"{table}.provenance.json")
            main = Path(re.sub(r"\.(report|rules)\.csv$", "", str(table)))
            assert sidecar.is_file() or list(main.parent.glob(f"{main.name}*.provenance.json"))
    record = json.loads((folder / "results/pooled/zscore.csv.provenance.json").read_text())
    assert record["about"] == {"kind": "pooled", "method": "zscore", "endpoint": "OS"}
    assert [Path(entry["path"]).parent.name for entry in record["inputs"]] == ["alpha", "beta"]
    assert all(entry["made_by"]["command"].startswith("neurosig cox") for entry in record["inputs"])


def test_the_numbers_are_those_of_the_study_in_one_process(finished, small_data):
    """The steps joined by files, and the same analysis by the API in this process."""
    folder, _ = finished
    tables = []
    for name, file in (("alpha", "alpha.csv"), ("beta", "beta.tsv.gz")):
        expression = ns.read_expression(small_data / file, orientation="genes_in_rows")
        scores = ns.score(expression, ns.read_gmt(small_data / "signatures.gmt"), method="zscore")
        clinical = ns.read_clinical(small_data / f"{name}_clinical.csv", id="patient")
        endpoint = ns.Endpoint(time="OS.time", event="OS")
        cohort = ns.Cohort.join(scores, clinical, endpoint, name=name)
        tables.append(ns.cox(cohort, adjust=["age"]).table)
        found = pd.read_csv(folder / f"results/cohorts/{name}/zscore.survival.csv")
        assert found["estimate"].tolist() == pytest.approx(tables[-1]["estimate"], rel=TOLERANCE)
    pooled = pd.read_csv(folder / "results/pooled/zscore.csv")
    expected = ns.meta(tables).table["estimate"]
    assert pooled["estimate"].tolist() == pytest.approx(expected, rel=TOLERANCE)


def test_a_second_run_has_nothing_to_do(finished, workflow):
    again = workflow("score_cohorts", finished[0], "--dry-run")
    assert again.code == 0
    assert "Nothing to be done" in again.text


@pytest.mark.parametrize(
    ("key", "jobs"),
    [
        # other covariates of one cohort: its model, the pool, the report
        ("adjust", {"cox": 1, "pool": 1, "report": 1}),
        # a further method: its scores, models, pool; agreement of two methods; the report
        ("methods", {"score": 2, "cox": 2, "pool": 1, "agreement": 2, "report": 1}),
        # another title: the report alone
        ("title", {"report": 1}),
    ],
)
def test_a_changed_configuration_makes_again_what_depends_on_it(
    workflow, write_config, copy, key, jobs
):
    config = yaml.safe_load((copy / "config/config.yaml").read_text())
    match key:
        case "adjust":
            config["cohorts"][0]["adjust"] = ["age", "grade:categorical:G1"]
        case "methods":
            config["methods"].append({"name": "ssgsea", "parameters": {"alpha": 0.5}})
        case "title":
            config["title"] = "Another title; $(touch x) 'quoted'"
    write_config(copy, config)
    planned = workflow("score_cohorts", copy, "--dry-run")
    assert planned.code == 0, planned.text
    assert planned.jobs == jobs
    if key == "title":  # and really: text of a configuration is never run by the shell
        ran = workflow("score_cohorts", copy, "--cores", "2")
        assert ran.code == 0, ran.text
        assert (
            "Another title; $(touch x) &#39;quoted&#39;"
            in (copy / "results/report/report.html").read_text()
        )
        assert not (copy / "x").exists()


def test_a_killed_run_is_gone_on_with_and_a_second_one_beside_it_is_refused(
    workflow, start_workflow, cohorts_config, write_config, tmp_path
):
    write_config(tmp_path, cohorts_config())
    target = "results/cohorts/alpha/zscore.scores.csv"  # harmonise, clinic, score
    running = start_workflow("score_cohorts", tmp_path, "--cores", "1", target)
    assert running.stdout is not None
    n_finished = 0
    for line in running.stdout:
        n_finished += line.startswith("Finished jobid")
        if n_finished == 1:  # the second job is about to begin
            break
    os.killpg(running.pid, signal.SIGSTOP)  # it stays where it is while the second one starts
    second = workflow("score_cohorts", tmp_path, "--cores", "1", target)
    assert second.code == 5
    assert f"process {running.pid} on" in second.text
    os.killpg(running.pid, signal.SIGKILL)  # with its jobs, as a machine that is switched off
    assert running.wait() == -signal.SIGKILL
    assert list((tmp_path / ".snakemake/locks").iterdir())
    resumed = workflow("score_cohorts", tmp_path, "--cores", "1", target)
    assert resumed.code == 0, resumed.text
    assert "An earlier run did not end" in resumed.text
    assert resumed.jobs.total() == 3 - n_finished
    assert (tmp_path / target).is_file()


def test_snakemake_itself_refuses_a_wrong_configuration_and_names_the_key(
    plain_snakemake, cohorts_config, write_config, tmp_path
):
    config = cohorts_config()
    config["methd"] = config.pop("methods")
    write_config(tmp_path, config)
    refused = plain_snakemake("score_cohorts", tmp_path, "--dry-run")
    assert refused.code == 1
    assert "'methd' was unexpected" in refused.text


def test_the_workflow_is_in_a_good_condition(workflow, finished):
    linted = workflow("score_cohorts", finished[0], "--lint")
    assert linted.code == 0
    assert "in a good condition" in linted.text
