"""The commands that a pipeline of files is made of, one after another, by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import neurosig as ns

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")
ENDPOINT = ("--time", "OS.time", "--event", "OS")

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")


@pytest.fixture
def gmt(small_data: Path) -> tuple[str, Path]:
    return "--file", small_data / "signatures.gmt"


def ok(ended: Any) -> Any:
    assert ended.code == 0, ended.err
    return ended


def test_clinic_keeps_recodes_and_says_what_it_lost(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    output = tmp_path / "clinic.csv"
    ended = ok(neurosig(
        "clinic", small_data / "alpha_clinical.csv", "--id", "patient", "--output", output,
        "--recode", "grade:G1=low", "--recode", "grade:G2=low", "--keep", "grade=low",
        "--keep", "pni=yes", "--keep", "pni=no",
    ))  # fmt: skip
    raw = pd.read_csv(small_data / "alpha_clinical.csv")
    kept = raw[raw["grade"].isin(["G1", "G2"])]
    found = pd.read_csv(output)
    assert found["patient"].tolist() == kept["patient"].tolist()
    assert set(found["grade"]) == {"low"}
    flow = pd.read_csv(tmp_path / "clinic.row_flow.csv")
    assert flow[["n_in", "n_out"]].to_numpy().tolist()[0] == [60, len(kept)]
    assert f"{len(kept)} of 60 rows" in ended.err


def test_clinic_takes_columns_and_levels_that_hold_its_own_signs(
    neurosig: Run, tmp_path: Path
) -> None:
    """As a configuration says them: a column with '=' and ':', the levels <=2 and +."""
    table = tmp_path / "given.csv"
    table.write_text("id,size:cm=max,er\n-a,<=2,weak\nb,>2,+\n+c,<=2,+\nd,?,+\n")
    output = tmp_path / "clinic.csv"
    ok(neurosig(
        "clinic", table, "--output", output,
        "--recode", '{"size:cm=max": {"<=2": "small", ">2": "large"}}',
        "--keep", '{"size:cm=max": ["small", "large"]}', "--keep", "er=+",
    ))  # fmt: skip
    read = ns.read_clinical(output)
    assert read.to_dict("list") == {"size:cm=max": ["large", "small"], "er": ["+", "+"]}
    assert list(read.index) == ["b", "+c"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--keep", "{grade: 3}", "keep cannot be {'grade': 3}"),
        ("--recode", "{grade: [G1]}", "recode cannot be {'grade': ['G1']}"),
    ],
)
def test_clinic_refuses_a_mapping_that_a_configuration_could_not_hold(
    neurosig: Run, small_data: Path, tmp_path: Path, option: str, value: str, words: str
) -> None:
    ended = neurosig(
        "clinic", small_data / "alpha_clinical.csv", "--output", tmp_path / "x.csv", option, value
    )
    assert ended.code == 2
    assert words in ended.err


@pytest.mark.parametrize(
    ("option", "value"), [("--keep", "grade"), ("--keep", "=x"), ("--recode", "grade=G1")]
)
def test_clinic_refuses_an_option_it_cannot_read(
    neurosig: Run, small_data: Path, tmp_path: Path, option: str, value: str
) -> None:
    ended = neurosig(
        "clinic", small_data / "alpha_clinical.csv", "--output", tmp_path / "x.csv", option, value
    )
    assert ended.code == 2
    assert f"{option} cannot be {value!r}" in ended.err


def test_only_the_rows_of_the_clinical_table_are_scored_and_assessed(
    neurosig: Run, small_data: Path, tmp_path: Path, gmt: Any
) -> None:
    """A z-score is over the rows scored: those of other patients would change it."""
    clinic = tmp_path / "clinic.csv"
    ok(neurosig("clinic", small_data / "alpha_clinical.csv", "--output", clinic,
                "--keep", "pni=yes"))  # fmt: skip
    output = tmp_path / "scores.csv"
    names = pd.read_csv(clinic)["patient"].tolist()
    options = (*ROWS, *gmt, "--rows", clinic, "--exclude", names[0])
    ok(neurosig("score", small_data / "alpha.csv", *options, "--method", "zscore",
                "--output", output))  # fmt: skip
    matrix = pd.read_csv(small_data / "alpha.csv", index_col=0).T.loc[names[1:]]
    expected = ns.score(matrix, ns.read_gmt(small_data / "signatures.gmt"), method="zscore").values
    found = pd.read_csv(output, index_col=0)
    assert found.index.tolist() == names[1:]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    ok(neurosig("assess", small_data / "alpha.csv", *options, "--output", tmp_path / "a.csv"))
    assert set(pd.read_csv(tmp_path / "a.csv")["n_obs"]) == {len(names) - 1}


def test_an_observation_to_exclude_has_to_be_there(
    neurosig: Run, small_data: Path, tmp_path: Path, gmt: Any
) -> None:
    ended = neurosig("score", small_data / "alpha.csv", *ROWS, *gmt, "--exclude", "nobody",
                     "--output", tmp_path / "x.csv")  # fmt: skip
    assert ended.code == 3
    assert "is to exclude 'nobody'" in ended.err


@pytest.fixture
def tables(neurosig: Run, small_data: Path, tmp_path: Path, gmt: Any) -> dict[str, Path]:
    """Scores by two methods of alpha and beta, their models and the pooled effects."""
    made = {}
    for method in ("zscore", "singscore"):
        for cohort, file in (("alpha", "alpha.csv"), ("beta", "beta.tsv.gz")):
            scores = made[f"{cohort}.{method}"] = tmp_path / f"{cohort}.{method}.csv"
            ok(neurosig("score", small_data / file, *ROWS, *gmt, "--method", method,
                        "--name", cohort, "--output", scores))  # fmt: skip
            model = made[f"{cohort}.{method}.cox"] = tmp_path / f"{cohort}.{method}.cox.csv"
            ok(neurosig("cox", scores, small_data / f"{cohort}_clinical.csv", *ENDPOINT,
                        "--cohort", cohort, "--output", model))  # fmt: skip
        pooled = made[f"pooled.{method}"] = tmp_path / f"pooled.{method}.csv"
        ok(neurosig("meta", made[f"alpha.{method}.cox"], made[f"beta.{method}.cox"],
                    "--output", pooled))  # fmt: skip
    return made


def test_results_of_two_scoring_methods_are_not_pooled(
    neurosig: Run, tables: dict[str, Path]
) -> None:
    ended = neurosig("meta", tables["alpha.zscore.cox"], tables["beta.singscore.cox"])
    assert ended.code == 3
    assert "several scoring methods cannot be pooled" in ended.err
    assert "'beta.singscore.cox.csv' is of singscore" in ended.err


def test_agreement_is_spearmans_rho_of_the_files(
    neurosig: Run, tables: dict[str, Path], tmp_path: Path
) -> None:
    files = [tables["alpha.zscore"], tables["alpha.singscore"]]
    ok(neurosig("agreement", *files, "--cohort", "alpha", "--output", tmp_path / "rho.csv"))
    first, second = (pd.read_csv(path, index_col=0) for path in files)
    found = pd.read_csv(tmp_path / "rho.csv")
    expected = [first[name].corr(second[name], method="spearman") for name in first]
    np.testing.assert_allclose(found["spearman"], expected, rtol=1e-12)
    assert found.loc[0, ["cohort", "method", "compared_with"]].tolist() == [
        "alpha", "singscore", "zscore",
    ]  # fmt: skip
    refused = neurosig("agreement", tables["alpha.zscore"], tables["beta.singscore"])
    assert refused.code == 3
    assert "not of the same cohort" in refused.err
    assert neurosig("agreement", files[0], files[0]).code == 2


def test_a_report_of_tables_shows_them_and_can_be_made_again(
    neurosig: Run, tables: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    command = ("report", *tables.values(), "--output", folder, "--title", "By hand",
               "--signature", "AXON")  # fmt: skip
    ok(neurosig(*command))
    page = (folder / "report.html").read_text()
    for words in ("By hand", "Pooled over cohorts", "Pooled effects of every method",
                  "Share of each signature&#39;s genes found"):  # fmt: skip
        assert words in page
    shown = pd.read_csv(folder / "tables" / "pooled.csv")
    given = pd.read_csv(tables["pooled.zscore"])
    assert shown["estimate"].tolist() == given["estimate"].tolist()
    by_method = pd.read_csv(folder / "tables" / "cohorts_by_method.csv")
    assert by_method.groupby("method").size().to_dict() == {"zscore": 6, "singscore": 6}
    record = json.loads((folder / "provenance.json").read_text())
    assert len(record["inputs"]) == len(tables)
    assert len(record["signature_collections"]) == 1
    figures = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    (folder / "report.html").unlink()  # as a workflow engine does before it runs a job again
    (folder / "provenance.json").unlink()
    ok(neurosig(*command))
    again = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert again == figures


def test_a_report_refuses_what_it_cannot_place(
    neurosig: Run, tables: dict[str, Path], small_data: Path, tmp_path: Path
) -> None:
    known = tables["alpha.zscore.cox"]
    output = ("--output", tmp_path / "report")
    cases = [
        ((small_data / "alpha_clinical.csv", *output), 3, "It is not known what"),
        ((known, known, *output), 2, "Two tables are about the same"),
        ((known, *output, "--signature", "NOPE"), 3, "of which there is no result"),
        ((known,), 2, "--output report"),
        ((known, tmp_path, *output), 2, "is a folder, and more is given"),
    ]
    for arguments, code, words in cases:
        ended = neurosig("report", *arguments)
        assert ended.code == code, ended
        assert words in ended.err
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("changed", ["cox", "row_flow", "coverage"])
def test_a_report_refuses_a_table_that_was_changed_after_it_was_written(
    neurosig: Run, tables: dict[str, Path], tmp_path: Path, changed: str
) -> None:
    scores, model = tables["alpha.zscore"], tables["alpha.zscore.cox"]
    file = {
        "cox": model,
        "row_flow": model.with_name("alpha.zscore.cox.row_flow.csv"),
        "coverage": scores.with_name("alpha.zscore.coverage.csv"),
    }[changed]
    file.write_text(file.read_text().replace("AXON", "NOXA").replace("age", "aged") + "\n")
    ended = neurosig("report", scores, model, "--output", tmp_path / "report")
    assert ended.code == 3
    assert f"{str(file)!r} was changed after it was written" in ended.err
    assert not (tmp_path / "report").exists()


def test_a_model_of_changed_scores_claims_no_scoring_method(
    neurosig: Run, tables: dict[str, Path], small_data: Path, tmp_path: Path
) -> None:
    scores = tables["alpha.zscore"]
    scores.write_text(scores.read_text().replace(".", ".1"))
    output = tmp_path / "cox.csv"
    ok(neurosig("cox", scores, small_data / "alpha_clinical.csv", *ENDPOINT,
                "--output", output))  # fmt: skip
    record = json.loads(Path(f"{output}.provenance.json").read_text())
    assert record["about"]["method"] is None
    assert not {"methods", "signatures"} & record.keys()
    assert "made_by" not in record["inputs"][0]


def test_scores_of_different_signatures_in_one_report_are_a_warning_on_the_page(
    neurosig: Run, tables: dict[str, Path], small_data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gmt"
    lines = (small_data / "signatures.gmt").read_text().splitlines()
    other.write_text("\n".join(line.rsplit("\t", 1)[0] for line in lines) + "\n")
    ok(neurosig("score", small_data / "gamma.parquet", *ROWS, "--file", other, "--method",
                "zscore", "--name", "gamma", "--output", tmp_path / "gamma.csv"))  # fmt: skip
    ok(neurosig("report", tables["alpha.zscore"], tmp_path / "gamma.csv",
                "--output", tmp_path / "report"))  # fmt: skip
    page = (tmp_path / "report" / "report.html").read_text()
    assert "The scores are of 2 different collections of signatures" in page


def test_cells_are_summarised_by_the_scores_of_a_file(
    neurosig: Run, small_data: Path, tmp_path: Path, gmt: Any
) -> None:
    adata = ad.read_h5ad(small_data / "alpha.h5ad")
    adata.obs["cell_type"] = ["T", "B"] * 30
    cells = tmp_path / "cells.h5ad"
    adata.write_h5ad(cells)
    ok(neurosig("score", cells, *gmt, "--method", "ucell", "--output", tmp_path / "s.csv"))
    by_file = ("sc", "summarise", cells, "--scores", tmp_path / "s.csv", "--name", "CELLS",
               "--figure", tmp_path / "dots.svg", "--output", tmp_path / "t.csv")  # fmt: skip
    ok(neurosig(*by_file))
    at_once = ok(neurosig("sc", "summarise", cells, *gmt, "--method", "ucell")).out
    assert (tmp_path / "t.csv").read_text() == at_once
    assert (tmp_path / "dots.svg").read_text().startswith("<?xml")
    ok(neurosig("report", tmp_path / "t.csv", "--output", tmp_path / "report"))
    assert "Groups in CELLS" in (tmp_path / "report" / "report.html").read_text()
    lines = (tmp_path / "s.csv").read_text().splitlines()
    (tmp_path / "s.csv").write_text("\n".join(lines[:-1]) + "\n")
    refused = neurosig(*by_file)
    assert refused.code == 3
    assert "1 of 60 cells have none, such as 'alpha-059'" in refused.err
    assert neurosig(*by_file, "--method", "ucell").code == 2
