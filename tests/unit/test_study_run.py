"""`neurosig.run`: what a run folder holds, that it can be repeated, and what its numbers are."""

import copy
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import TooFewEventsError
from neurosig.study.pipeline import StudyRun

Config = dict[str, Any]


def _files(folder: Path) -> dict[str, bytes]:
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def _reproducible(folder: Path) -> dict[str, bytes]:
    """The tables, the figures and what the report shows; not the command in the provenance."""
    parts = ("tables", "figures", "config.yaml")
    return {name: content for name, content in _files(folder).items() if name.startswith(parts)}


def _timeless(record: bytes) -> Config:
    """A record without the time, what hangs on it, and the way from its folder to the inputs."""
    content = json.loads(record)
    for entry in content["inputs"]:
        entry["path"] = Path(entry["path"]).name
    return {k: v for k, v in content.items() if k not in {"created", "record_sha256"}}


@pytest.fixture(scope="module")
def full(small_template: Config, tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    config = copy.deepcopy(small_template)
    config["scoring"]["sensitivity"] = ["mean"]
    config["cohorts"][0]["regressions"] = [{"outcome": "pni", "positive": "yes", "adjust": ["age"]}]
    return ns.run(config, output=tmp_path_factory.mktemp("full") / "full")


def test_a_full_run_is_complete_and_says_what_it_did(full: StudyRun) -> None:
    names = {path.name for path in full.folder.iterdir()}
    assert names == {
        "tables", "figures", "report.html", "manifest.json", "provenance.json", "config.yaml",
        "checklists.md",
    }  # fmt: skip
    figures = list((full.folder / "figures").iterdir())
    stems = {path.stem for path in figures}
    assert {path.name for path in figures} == {f"{s}{e}" for s in stems for e in (".svg", ".csv")}
    assert {
        "forest_all", "forest_AXON", "km_alpha_AXON", "km_beta_AXON", "km_gamma_AXON", "coverage",
        "heatmap_alpha", "heatmap_beta", "heatmap_gamma", "forest_logistic_alpha_pni",
        "assessment_alpha", "assessment_beta", "assessment_gamma",
        "null_alpha", "null_beta", "null_gamma",
    } == stems  # fmt: skip

    # the endpoint that is not pooled stands beside
    pooled, cohorts = full.tables["pooled"], full.tables["cohorts"]
    assert set(pooled["cohorts"]) == {"alpha, beta"}
    assert set(pooled["endpoint"]) == {"OS"}
    assert set(cohorts["cohort"]) == {"alpha", "beta", "gamma"}
    assert set(pooled["family"]) == {"3 pooled score rows (OS), p of the wider interval"}
    scores = cohorts[cohorts["term"] == "score"]
    assert set(scores["family"]) == {
        "3 score rows of alpha, OS, adjusted",
        "3 score rows of beta, OS, adjusted",
        "3 score rows of gamma, RFS, adjusted",
    }
    assert cohorts.loc[cohorts["term"] != "score", "q_value"].isna().all()
    manifest = json.loads((full.folder / "manifest.json").read_text())
    intro = manifest["sections"][0]["intro"]
    assert "Pooled over the OS cohorts alpha, beta." in intro
    assert "gamma (RFS) has another endpoint" in intro

    # each row of a score stands beside its p-value among random signatures
    assert scores[["p_null", "p_permuted", "catalogue_rank"]].notna().all(axis=None)
    assert cohorts.loc[cohorts["term"] != "score", "p_null"].isna().all()
    assert set(scores["n_null"]) == {1000}
    intro = next(s for s in manifest["sections"] if s["id"] == "cohorts")["intro"]
    assert "alpha: No signature has p below 0.05." in intro

    # three ages and one grade are missing in alpha
    flow = full.tables["row_flow"]
    alpha = flow[(flow["cohort"] == "alpha") & (flow["model"] == "survival: OS")]
    lost = alpha.set_index("step")["n_lost"]
    assert (lost["age known"], lost["grade known"]) == (3, 1)
    assert alpha.set_index("step").loc["age known", "examples"] == "alpha-003, alpha-020, alpha-041"
    assert set(scores.loc[scores["cohort"] == "alpha", "n"]) == {56}

    # adjusted and crude are of the same rows: the crude one is the model without covariates
    both = full.tables["adjusted_and_crude"]
    assert len(both) == 9
    assert set(both["adjusted_for"]) == {"age, grade"}
    assert (both["effect_adjusted"] != both["effect_crude"]).all()

    record = json.loads((full.folder / "provenance.json").read_text())
    assert record["cohorts"]["alpha"]["expression"]["file"] == "alpha.csv"
    assert len(record["cohorts"]["alpha"]["clinical"]["sha256"]) == 64
    assert list(record["methods"]) == ["mean", "zscore"]  # sorted keys in the file
    assert record["versions"]["numpy"] == np.__version__
    assert any("events per parameter" in text for text in full.notices)
    report = full.report.read_text(encoding="utf-8")
    for text in ("A small study", "Cohort gamma", "Where rows were lost", "NEUROTROPHIN"):
        assert text in report


def test_the_tables_of_a_run_equal_what_the_functions_give(
    full: StudyRun, small_data: Path
) -> None:
    expression = ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows")
    signatures = ns.read_gmt(small_data / "signatures.gmt")
    expected = ns.score(expression, signatures, method="zscore")
    with (full.folder / "tables" / "scores_alpha_zscore.csv").open(encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    assert [row[0] for row in rows] == list(expected.values.index)
    numbers = np.array([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_array_equal(numbers, expected.values.to_numpy())

    clinical = ns.read_clinical(small_data / "alpha_clinical.csv", id="patient")
    endpoint = ns.Endpoint(time="OS.time", event="OS")
    cohort = ns.Cohort.join(expected, clinical, endpoint, name="alpha")
    with pytest.warns(ns.errors.NeurosigWarning):
        table = ns.cox(cohort, adjust=["age", "grade"]).table
    ours = full.tables["cohorts"]
    ours = ours[ours["cohort"] == "alpha"].reset_index(drop=True)
    columns = [c for c in table.columns if c != "family"]  # it says "adjusted" in a run
    pd.testing.assert_frame_equal(ours[columns], table[columns], check_exact=True)

    known = cohort.data[["age", "grade"]].notna().all(axis=1).to_numpy()
    complete = cohort.subset(known, "complete")
    crude = ns.cox(complete).scores["effect"].to_numpy()
    both = full.tables["adjusted_and_crude"]
    found = both.loc[both["cohort"] == "alpha", "effect_crude"].to_numpy()
    np.testing.assert_allclose(found, crude, rtol=1e-12)  # the same rows in the same order


@pytest.mark.slow
def test_a_repeated_run_with_the_same_inputs_gives_byte_identical_tables_and_figures(
    full: StudyRun, small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"][0]["regressions"] = [
        {"outcome": "pni", "positive": "yes", "adjust": ["age"]}
    ]
    small_study["scoring"]["sensitivity"] = ["mean"]
    again = ns.run(small_study, output=tmp_path / "again")
    expected = _files(full.folder)
    record = expected.pop("provenance.json")
    for _ in range(2):  # into a new folder, and in place of the first
        found = _files(again.folder)
        assert _timeless(found.pop("provenance.json")) == _timeless(record)
        assert found == expected
        again = ns.run(small_study, output=tmp_path / "again")
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_the_configuration_in_the_run_folder_repeats_the_run(
    small_study: Config, tmp_path: Path
) -> None:
    shared = ["age"]  # one list used twice must not become a YAML alias
    for cohort in small_study["cohorts"]:
        cohort["adjust"] = shared
    small_study["subtitle"] = "1e3"  # a text that YAML 1.2 would read as a number
    small_study["cohorts"][0]["endpoint"] = ns.Endpoint(time="OS.time", event="OS")
    small_study["scoring"]["min_coverage"] = np.float64(0.5)
    first = ns.run(small_study, output=tmp_path / "first")
    second = ns.run(first.folder / "config.yaml", output=tmp_path / "second")
    assert _reproducible(second.folder) == _reproducible(first.folder)
    assert "1e3" in second.report.read_text()


def test_the_null_test_can_be_left_out_or_asked_for_fewer_sets(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["null_test"] = {"n_sets": 0}
    without = ns.run(small_study, output=tmp_path / "without")
    assert "p_null" not in without.tables["cohorts"]
    assert "p (random)" not in without.report.read_text(encoding="utf-8")
    small_study["null_test"] = {"n_sets": 20, "n_permutations": 0, "catalogue": False}
    few = ns.run(small_study, output=tmp_path / "few").tables["cohorts"]
    assert (tmp_path / "few" / "figures" / "null_alpha.svg").exists()
    assert not (tmp_path / "without" / "figures" / "null_alpha.svg").exists()
    assert few.loc[few["term"] == "score", "n_null"].tolist() == [20, 20, 20]
    assert not {"p_permuted", "catalogue_rank", "q_null"} & set(few.columns)
    plain = list(without.tables["cohorts"].columns)
    pd.testing.assert_frame_equal(few[plain], without.tables["cohorts"])


def test_scores_without_a_null_are_said_and_do_not_stop_the_run(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["scoring"] = {"method": "plaid", "parameters": {"normalize": True}}
    run = ns.run(small_study, output=tmp_path / "out")
    assert any("No null test. The scores of" in text for text in run.notices)
    assert len(run.tables["cohorts"])


def test_deleting_a_clinical_column_changes_tables_and_report_accordingly(
    full: StudyRun, small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"][0]["adjust"] = ["grade"]
    changed = ns.run(small_study, output=tmp_path / "changed")
    table = changed.tables["cohorts"]
    alpha = table[table["cohort"] == "alpha"]
    assert set(alpha["adjusted_for"]) == {"grade"}
    assert "age" not in set(alpha["term"])
    assert set(alpha["n"]) == {59}  # the three without age are back
    assert _files(changed.folder)["tables/pooled.csv"] != _files(full.folder)["tables/pooled.csv"]
    # alpha decides whether the table has the columns of changing hazards; beta has none of them
    beta = (_rows_of(run, "beta").dropna(axis=1, how="all") for run in (changed, full))
    pd.testing.assert_frame_equal(*beta)
    assert "no age" in full.report.read_text()
    assert "no age" not in changed.report.read_text()


def _rows_of(run: StudyRun, cohort: str) -> pd.DataFrame:
    table = run.tables["cohorts"]
    return table[table["cohort"] == cohort].reset_index(drop=True)


def test_changing_the_endpoint_changes_what_is_pooled(small_study: Config, tmp_path: Path) -> None:
    small_study["cohorts"][1]["endpoint"]["name"] = "DSS"
    run = ns.run(small_study, output=tmp_path / "out")
    assert "pooled" not in run.tables  # one cohort of each endpoint is left
    assert set(run.tables["cohorts"]["endpoint"]) == {"OS", "DSS", "RFS"}
    small_study["cohorts"][2]["endpoint"]["name"] = "DSS"
    small_study["pooling"] = {"endpoint": "DSS"}
    run = ns.run(small_study, output=tmp_path / "out")
    assert set(run.tables["pooled"]["cohorts"]) == {"beta, gamma"}
    assert (
        "Pooled over the DSS cohorts beta, gamma. alpha (OS) has another endpoint"
        in (run.folder / "manifest.json").read_text()
    )


@pytest.mark.parametrize("file", ["alpha.tsv.gz", "alpha.parquet", "alpha.h5ad"])
def test_every_kind_of_expression_file_gives_the_same_tables(
    small_study: Config, small_data: Path, tmp_path: Path, file: str
) -> None:
    small_study["cohorts"] = small_study["cohorts"][:1]
    csv_run = ns.run(small_study, output=tmp_path / "csv")
    orientation = "genes_in_columns" if file.endswith("h5ad") else "genes_in_rows"
    expression = {"file": str(small_data / file), "orientation": orientation}
    small_study["cohorts"][0]["expression"] = expression
    other = ns.run(small_study, output=tmp_path / "other")
    tables = [
        {n: c for n, c in _files(run.folder).items() if n.startswith("tables")}
        for run in (csv_run, other)
    ]
    assert tables[0] == tables[1]


def test_a_relative_data_file_starts_from_the_configuration_or_from_the_data_folder(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    import yaml

    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["signatures"] = {"files": ["signatures.gmt"]}
    small_study["cohorts"][0]["expression"]["file"] = "alpha.csv"
    small_study["cohorts"][0]["clinical"]["file"] = "alpha_clinical.csv"
    small_study["output"] = "results"
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(small_study))
    with pytest.raises(ns.errors.ResourceError, match=r"signatures\.gmt"):
        ns.run(path)
    run = ns.run(path, data=small_data)
    assert run.folder == tmp_path / "results"


def test_rows_are_kept_and_levels_recoded_before_scoring(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    source = small_study["cohorts"][0]
    small_study["cohorts"] = [source]
    source["clinical"]["keep"] = {"grade": ["low", "G3"]}
    source["clinical"]["recode"] = {"grade": {"G1": "low"}}
    source["adjust"] = [{"column": "grade", "kind": "categorical", "reference": "low"}]
    run = ns.run(small_study, output=tmp_path / "out")
    clinical = pd.read_csv(small_data / "alpha_clinical.csv", index_col="patient")
    kept = clinical.index[clinical["grade"].isin(["G1", "G3"])]
    scores = run.tables["scores_alpha_zscore"]
    assert list(scores["observation"]) == list(kept)
    # zscore compares samples with each other: it is the score of the kept rows alone
    matrix = pd.read_csv(small_data / "alpha.csv", index_col=0).T.loc[kept]
    z = (matrix - matrix.mean()) / matrix.std(ddof=1)
    genes = ["SEMA3A", "PLXNA1", "NRP1", "ROBO1", "SLIT2", "EPHA4"]
    np.testing.assert_allclose(scores["AXON"], z[genes].sum(axis=1) / np.sqrt(6), rtol=1e-10)
    assert set(run.tables["cohorts"]["term"]) == {"score", "grade[G3]"}
    flow = run.tables["row_flow"]
    assert "grade is not low or G3" in set(flow["reason"])


def test_a_cohort_with_too_few_events_does_not_take_the_others_with_it(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    clinical = pd.read_csv(small_data / "gamma_clinical.csv", index_col="patient")
    clinical["RFS"] = (np.arange(len(clinical)) < 2).astype(int)  # two events, five parameters
    clinical.to_csv(tmp_path / "few.csv")
    small_study["cohorts"][2]["clinical"]["file"] = str(tmp_path / "few.csv")
    run = ns.run(small_study, output=tmp_path / "out")
    assert set(run.tables["cohorts"]["cohort"]) == {"alpha", "beta"}
    assert any("Cohort gamma" in t and "No survival model" in t for t in run.notices)
    small_study["cohorts"] = small_study["cohorts"][2:]
    with pytest.raises(TooFewEventsError):
        ns.run(small_study, output=tmp_path / "alone")


def test_pooling_patients_twice_or_a_vague_endpoint_is_doubted(
    small_study: Config, tmp_path: Path
) -> None:
    twice = copy.deepcopy(small_study["cohorts"][0])
    twice["id"] = "again"
    small_study["cohorts"] = [small_study["cohorts"][0], twice]
    for cohort in small_study["cohorts"]:
        cohort["endpoint"]["name"] = "status"
    run = ns.run(small_study, output=tmp_path / "out")
    doubts = [text for text in run.notices if text.startswith("Pooling: ")]
    assert any("60 names: 'alpha-000'" in text for text in doubts)
    assert any("their endpoint is called 'status'" in text for text in doubts)


def test_the_pooled_models_without_covariates_stand_beside(full: StudyRun) -> None:
    crude = full.tables["pooled_crude"].set_index("signature")
    each = full.tables["adjusted_and_crude"]
    each = each[each["cohort"].isin(["alpha", "beta"])]
    low = each.groupby("signature")["effect_crude"].min()
    high = each.groupby("signature")["effect_crude"].max()
    assert set(crude["adjusted_for"].fillna("")) == {""}
    # a weighted mean lies between what it is a mean of
    effect = crude["effect"].reindex(low.index)
    assert ((low <= effect) & (effect <= high)).all()


def test_a_signature_with_too_few_genes_stays_visible_without_numbers(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    gmt = tmp_path / "two.gmt"
    lines = (small_data / "signatures.gmt").read_text() + "ABSENT\tx\tNGF\tFOO1\tFOO2\tFOO3\n"
    gmt.write_text(lines)
    small_study["signatures"]["files"] = [str(gmt)]
    small_study["cohorts"] = small_study["cohorts"][:2]
    run = ns.run(small_study, output=tmp_path / "out")
    pooled = run.tables["pooled"].set_index("signature")
    assert pooled.loc["ABSENT", "status"] == "no_cohort"
    assert np.isnan(pooled.loc["ABSENT", "effect"])
    assert set(pooled["family"]) == {"3 pooled score rows (OS), p of the wider interval", ""}
    assert run.tables["scores_alpha_zscore"]["ABSENT"].isna().all()
    assert any("ABSENT (1 of 4 genes, low_coverage)" in text for text in run.notices)
    with (run.folder / "tables" / "scores_alpha_zscore.csv").open() as file:
        assert next(csv.DictReader(file))["ABSENT"] == ""


def test_each_cohort_is_assessed_by_the_thresholds_of_the_configuration(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["assessment"] = {"min_reliability": 0.99}
    study = ns.run(small_study, output=tmp_path / "out")
    table = study.tables["assessment"]
    assert table.groupby("cohort").size().to_dict() == {"alpha": 3, "beta": 3, "gamma": 3}
    assert table["rules"].str.contains("unreliable").all()
    page = study.report.read_text(encoding="utf-8")
    assert "Can the signatures be trusted here" in page
    assert "alpha: 0 ok, 3 caution, 0 refuse" in page
    assert (tmp_path / "out" / "figures" / "assessment_alpha.svg").is_file()


def test_counts_are_refused_by_a_method_of_log_values_until_a_transform_is_stated(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    source = small_study["cohorts"][0]
    small_study["cohorts"] = [source]
    source["expression"]["file"] = str(small_data / "alpha_counts.csv")
    small_study["scoring"]["sensitivity"] = ["mean"]
    with pytest.raises(ns.errors.ScaleError, match="transform: log2cpm") as caught:
        ns.run(small_study, output=tmp_path / "out")
    assert "'alpha'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    source["expression"]["transform"] = "log2cpm"
    run = ns.run(small_study, output=tmp_path / "out")
    counts = pd.read_csv(small_data / "alpha_counts.csv", index_col=0).T
    logged = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
    expected = logged[["CD8A", "GZMA", "GZMB", "PRF1", "NKG7"]].mean(axis=1)
    np.testing.assert_allclose(run.tables["scores_alpha_mean"]["CYTOTOXIC"], expected, rtol=1e-10)


def test_excluded_observations_are_not_scored_and_are_counted(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["cohorts"][0]["exclude"] = ["alpha-000", "alpha-059", "alpha-000"]
    before = json.dumps(small_study)
    run = ns.run(small_study, output=tmp_path / "out")
    assert json.dumps(small_study) == before  # inputs are not modified
    assert len(run.tables["scores_alpha_zscore"]) == 58
    step = run.tables["row_flow"].iloc[0]
    assert (step["step"], step["n_in"], step["n_lost"]) == ("observations used", 60, 2)
    small_study["cohorts"][0]["exclude"] = ["alpha-060"]
    with pytest.raises(ns.errors.InputError, match=r"'alpha-060'.*Correct the names"):
        ns.run(small_study, output=tmp_path / "out")


def test_a_study_without_endpoints_reports_its_regressions(
    small_study: Config, tmp_path: Path
) -> None:
    source = small_study["cohorts"][0]
    small_study["cohorts"] = [source]
    del source["endpoint"], source["adjust"]
    source["regressions"] = [{"outcome": "age", "kind": "linear"}]
    run = ns.run(small_study, output=tmp_path / "out")
    assert "cohorts" not in run.tables
    assert "pooled" not in run.tables
    assert set(run.tables["regressions"]["effect_scale"]) == {"difference per SD"}
    ids = [s["id"] for s in json.loads((run.folder / "manifest.json").read_text())["sections"]]
    assert ids == ["regressions", "heatmaps", "assessment", "coverage", "row_flow", "reporting"]


def test_an_exploratory_run_says_so_on_top(small_study: Config, tmp_path: Path) -> None:
    small_study["exploratory"] = True
    small_study["cohorts"] = small_study["cohorts"][:1]
    run = ns.run(small_study, output=tmp_path / "out")
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["notices"][0]["level"] == "exploratory"
    assert {"label": "Status", "value": "exploratory"} in manifest["summary"]


SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


def test_bad_input_row_59_names_with_script_or_formula_are_escaped_and_guarded(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    lines = (small_data / "signatures.gmt").read_text().splitlines()
    gmt = tmp_path / "hostile.gmt"
    gmt.write_text("\n".join([lines[0].replace("AXON", SCRIPT, 1),
                              lines[1].replace("NEUROTROPHIN", FORMULA, 1)]) + "\n")  # fmt: skip
    clinical = pd.read_csv(small_data / "alpha_clinical.csv")
    clinical["grade"] = clinical["grade"].replace({"G2": FORMULA, "G3": SCRIPT})
    clinical.to_csv(tmp_path / "clinical.csv", index=False)
    small_study["title"] = f"Study {SCRIPT}"
    small_study["signatures"]["files"] = [str(gmt)]
    small_study["figures"] = {"signatures": [SCRIPT, FORMULA]}
    source = small_study["cohorts"][0]
    small_study["cohorts"] = [source]
    source |= {"title": SCRIPT, "notes": f"{FORMULA} {SCRIPT}"}
    source["clinical"]["file"] = str(tmp_path / "clinical.csv")
    run = ns.run(small_study, output=tmp_path / "out")
    report = run.report.read_text(encoding="utf-8")
    assert SCRIPT not in report
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in report
    for path in run.folder.rglob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8").lower()
    for path in run.folder.rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        texts = [cell for cell in cells if cell and not _is_number(cell)]
        assert not [cell for cell in texts if cell[0] in "=+-@\t\r"], path.name
    for path in (run.folder / "figures").iterdir():
        assert path.parent == run.folder / "figures"  # no name made a folder of its own
    with (run.folder / "tables" / "cohorts.csv").open(newline="", encoding="utf-8") as file:
        names = {row["signature"] for row in csv.DictReader(file)}
    assert names == {SCRIPT, f"'{FORMULA}"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_signatures_with_the_same_name_in_a_file_name_keep_figures_of_their_own(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    lines = (small_data / "signatures.gmt").read_text().splitlines()
    gmt = tmp_path / "alike.gmt"
    gmt.write_text(lines[0].replace("AXON", "A B", 1) + "\n"
                   + lines[1].replace("NEUROTROPHIN", "A/B", 1) + "\n")  # fmt: skip
    small_study["signatures"]["files"] = [str(gmt)]
    small_study["figures"] = {"signatures": ["A B", "A/B"]}
    small_study["cohorts"] = small_study["cohorts"][:1]
    run = ns.run(small_study, output=tmp_path / "out")
    manifest = json.loads((run.folder / "manifest.json").read_text())
    shown = [i["svg"] for s in manifest["sections"] for i in s["items"] if i["kind"] == "figure"]
    assert len(shown) == len(set(shown))


def test_gzip_files_of_the_same_content_are_read_whatever_their_header(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    content = gzip.decompress((small_data / "beta.tsv.gz").read_bytes())
    path = tmp_path / "beta.tsv"  # gzip content under a plain name
    path.write_bytes(gzip.compress(content, mtime=1))
    source = small_study["cohorts"][1]
    small_study["cohorts"] = [source]
    source["expression"]["file"] = str(path)
    assert "cohorts" in ns.run(small_study, output=tmp_path / "out").tables
