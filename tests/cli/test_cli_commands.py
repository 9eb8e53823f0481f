"""Every command does what the Python functions do."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig._yaml import load_yaml
from neurosig.cli.demo import demo_config

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")

# The commands write warnings to stderr; the test runner would turn them into errors before.
pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")


@pytest.fixture
def scored(neurosig: Run, small_data: Path, tmp_path: Path) -> Path:
    """Scores of alpha as `neurosig score` writes them."""
    output = tmp_path / "alpha_scores.csv"
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "zscore",
        "--file", small_data / "signatures.gmt", "--output", output,
    )  # fmt: skip
    assert ended.code == 0
    assert "60 x 3 scores" in ended.err
    return output


def _from_api(small_data: Path, name: str, suffix: str = "csv") -> ns.Cohort:
    path = small_data / f"{name}.{suffix}"
    expression = ns.read_expression(path, orientation="genes_in_rows")
    scores = ns.score(expression, ns.read_gmt(small_data / "signatures.gmt"), method="zscore")
    clinical = ns.read_clinical(small_data / f"{name}_clinical.csv", id="patient")
    endpoint = ns.Endpoint(time="OS.time", event="OS")
    return ns.Cohort.join(scores, clinical, endpoint, name=name)


def _numbers(path: Path) -> Any:
    """The numbers of a table of scores, each the float nearest to its text."""
    with path.open(newline="", encoding="utf-8") as file:
        return np.array([[float(cell) for cell in row[1:]] for row in list(csv.reader(file))[1:]])


def _read_like(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """A result table from a file, with numbers where `table` has them."""
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in table.select_dtypes("number"):
        found[name] = [float(cell or "nan") for cell in found[name]]
    return found


def test_score_writes_scores_coverage_and_provenance(
    scored: Path, small_data: Path, tmp_path: Path
) -> None:
    expected = _from_api(small_data, "alpha").scores
    np.testing.assert_array_equal(_numbers(scored), expected.to_numpy())
    coverage = pd.read_csv(tmp_path / "alpha_scores.coverage.csv", index_col=0)
    assert coverage["status"].tolist() == ["ok"] * 3
    record = json.loads((tmp_path / "alpha_scores.csv.provenance.json").read_text())
    assert Path(record["inputs"][0]["path"]).name == "alpha.csv"
    assert record["scores"]["method"]["name"] == "zscore"


@pytest.mark.parametrize("suffix", ["tsv", "h5ad"])
def test_scores_in_another_format_are_the_same_for_the_commands_that_read_them(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path, suffix: str
) -> None:
    other = tmp_path / f"other.{suffix}"
    neurosig(
        "score", small_data / "alpha.h5ad", "--method", "zscore",
        "--file", small_data / "signatures.gmt", "--output", other,
    )  # fmt: skip
    clinical = (small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS")
    outputs = [neurosig("cox", path, *clinical).out for path in (scored, other)]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("\n") == 4


def test_score_takes_parameters_of_the_method_and_threads(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    output = tmp_path / "scores.csv"
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "ssgsea", "--param", "alpha=0.5",
        "--param", "normalize=true", "--file", small_data / "signatures.gmt", "--threads", "2",
        "--min-coverage", "0.4", "--min-genes", "2", "--output", output,
    )  # fmt: skip
    assert ended.code == 0
    expression = ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows")
    method = ns.methods.SsGsea(alpha=0.5, normalize=True)
    expected = ns.score(expression, ns.read_gmt(small_data / "signatures.gmt"), method=method)
    np.testing.assert_array_equal(_numbers(output), expected.values.to_numpy())


def test_score_writes_p_values_against_random_sets_next_to_the_scores(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    output = tmp_path / "scores.tsv"
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "mean", "--null", "matched",
        "--null-sets", "40", "--seed", "3", "--file", small_data / "signatures.gmt",
        "--output", output,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    found = pd.read_csv(tmp_path / "scores.pvalues.tsv", sep="\t", index_col=0)
    expected = ns.score(
        ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows"),
        ns.read_gmt(small_data / "signatures.gmt"),
        method="mean",
        null=ns.MatchedNull(n_sets=40),
        seed=3,
    ).pvalues
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_a_patient_is_scored_from_a_saved_cohort_by_files_alone(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    saved, inside, output = (tmp_path / n for n in ("cohort.npz", "inside.csv", "patient.csv"))
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "zscore", "--save-cohort", saved,
        "--file", small_data / "signatures.gmt", "--output", inside,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    table = pd.read_csv(small_data / "alpha.csv", index_col=0)
    table.iloc[:, [7]].to_csv(tmp_path / "one.csv")
    one = ("score", tmp_path / "one.csv", *ROWS, "--cohort", saved, "--output", output)
    assert neurosig(*one).code == 0
    found, expected = (pd.read_csv(path, index_col=0) for path in (output, inside))
    pd.testing.assert_frame_equal(found, expected.iloc[[7]], check_exact=True)
    refused = neurosig(*one, "--method", "ssgsea", "--panel", "core")
    assert refused.code == 2
    assert (
        "--cohort cannot be given together with --method, the choice of signatures" in refused.err
    )
    ignored = neurosig(*one, "--null-sets", "10", "--seed", "0")
    assert (ignored.code, "together with --null-sets, --seed" in ignored.err) == (2, True)


@pytest.mark.parametrize(
    ("method", "name", "said"),
    [
        ("ssgsea", "c.npz", "ssgsea scores each sample by itself"),
        ("zscore", "c.pkl", "--save-cohort cannot be 'c.pkl'. Its name ends in .pkl"),
    ],
)
def test_a_cohort_that_cannot_be_saved_is_refused_before_anything_is_read(
    neurosig: Run, tmp_path: Path, method: str, name: str, said: str
) -> None:
    ended = neurosig(
        "score", tmp_path / "not_there.csv", *ROWS, "--method", method, "--panel", "core",
        "--save-cohort", name, "--output", tmp_path / "x.csv",
    )  # fmt: skip
    assert (ended.code, said in ended.err) == (2, True), ended.err


def test_score_follows_the_recipes_of_a_collection(neurosig: Run, tmp_path: Path) -> None:
    tpm = pd.DataFrame(
        {"GZMA": [0.5, 40.0, 3.0], "PRF1": [7.75, 90.0, 1.0], "TH": [5.0, 0.0, 1.0]},
        index=["p1", "p2", "p3"],
    )
    tpm.T.rename_axis("gene").to_csv(tmp_path / "tpm.csv")
    output = tmp_path / "scores.csv"
    ended = neurosig(
        "score", tmp_path / "tpm.csv", *ROWS, "--method", "published", "--id", "IMM.CYT",
        "--param", "input_scale=linear", "--output", output,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    method = ns.methods.Published(input_scale="linear")
    expected = ns.score(tpm, ns.load_signatures(ids="IMM.CYT"), method=method)
    np.testing.assert_array_equal(_numbers(output), expected.values.to_numpy())
    record = json.loads((tmp_path / "scores.csv.provenance.json").read_text())
    assert record["scores"]["signatures"]["recipes"]["IMM.CYT"]["recipe"] == "geometric_mean"
    ended = neurosig(
        "score", tmp_path / "tpm.csv", *ROWS, "--method", "published",
        "--id", "AUTO.SYMPATHETIC_CORE", "--min-coverage", "0", "--min-genes", "1",
        "--output", output,
    )  # fmt: skip
    assert ended.code == 3
    assert "has no published recipe" in ended.err


def test_score_takes_the_methods_of_a_consensus_as_a_list(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    output = tmp_path / "scores.csv"
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "consensus",
        "--param", "methods=[ssgsea, zscore, mean]", "--param", "min_agreement=0",
        "--file", small_data / "signatures.gmt", "--output", output,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    expression = ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows")
    method = ns.methods.Consensus(methods=("ssgsea", "zscore", "mean"), min_agreement=0.0)
    expected = ns.score(expression, ns.read_gmt(small_data / "signatures.gmt"), method=method)
    np.testing.assert_array_equal(_numbers(output), expected.values.to_numpy())
    coverage = pd.read_csv(tmp_path / "scores.coverage.csv", index_col=0)
    assert coverage["agreement"].between(0, 1).all()
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--method", "consensus",
        "--param", "methods=[ssgsea]", "--file", small_data / "signatures.gmt",
        "--output", tmp_path / "other.csv",
    )  # fmt: skip
    assert ended.code == 2
    assert "at least two methods" in ended.err


def test_score_cox_and_meta_through_files_equal_the_functions_exactly(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    beta_scores = tmp_path / "beta_scores.csv"
    neurosig(
        "score", small_data / "beta.tsv.gz", *ROWS, "--method", "zscore",
        "--file", small_data / "signatures.gmt", "--output", beta_scores,
    )  # fmt: skip
    tables = []
    for name, scores in (("alpha", scored), ("beta", beta_scores)):
        table = tmp_path / name / "cox.csv"  # one file name in two folders
        ended = neurosig(
            "cox", scores, small_data / f"{name}_clinical.csv", "--id", "patient",
            "--time", "OS.time", "--event", "OS", "--unit", "days", "--adjust", "age",
            "--adjust", "grade:categorical:G3", "--cohort", name, "--output", table,
        )  # fmt: skip
        assert ended.code == 0
        tables.append(table)
    assert "no age" in (tmp_path / "alpha" / "cox.row_flow.csv").read_text()

    adjust = ["age", ns.Term(column="grade", kind="categorical", reference="G3")]
    with pytest.warns(ns.errors.NeurosigWarning):
        expected = [
            ns.cox(_from_api(small_data, name, suffix), adjust=adjust).table
            for name, suffix in (("alpha", "csv"), ("beta", "tsv.gz"))
        ]
    for path, table in zip(tables, expected, strict=True):
        found = _read_like(path, table)
        pd.testing.assert_frame_equal(found, table, check_exact=True, check_dtype=False)

    pooled = tmp_path / "pooled.csv"
    ended = neurosig("meta", *tables, "--endpoint", "OS", "--output", pooled)
    assert ended.code == 0
    table = ns.meta(expected).table
    found = _read_like(pooled, table)
    pd.testing.assert_frame_equal(found, table, check_exact=True, check_dtype=False)
    record = json.loads((tmp_path / "pooled.csv.provenance.json").read_text())
    assert [entry["path"] for entry in record["inputs"]] == [
        f"{cohort}/cox.csv" for cohort in ("alpha", "beta")
    ]
    without = neurosig("meta", *tables, "--no-knha", "--method", "DL")
    rows = list(csv.DictReader(without.out.splitlines()))
    assert {row["model"] for row in rows} == {"random effects (DerSimonian-Laird)"}


def test_regress_equals_the_function(neurosig: Run, scored: Path, small_data: Path) -> None:
    ended = neurosig(
        "regress", scored, small_data / "alpha_clinical.csv", "--outcome", "pni",
        "--positive", "yes", "--adjust", "age",
    )  # fmt: skip
    assert ended.code == 0
    cohort = _from_api(small_data, "alpha")
    table = ns.regress(cohort, outcome="pni", positive="yes", adjust=["age"]).table
    rows = list(csv.DictReader(ended.out.splitlines()))
    assert [float(row["estimate"]) for row in rows] == table["estimate"].tolist()
    assert [row["term"] for row in rows] == ["score", "age"] * 3


def test_intervals_and_a_large_loss_are_options_of_the_commands(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    with (small_data / "alpha_clinical.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows[: len(rows) * 3 // 5]:
        row["age"] = ""
    clinical = tmp_path / "clinical.csv"
    with clinical.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command = [
        "cox", scored, clinical, "--time", "OS.time", "--event", "OS", "--adjust", "age",
        "--confidence", "0.8",
    ]  # fmt: skip
    refused = neurosig(*command)
    assert refused.code == 3
    assert "--allow-loss" in refused.err
    ended = neurosig(*command, "--allow-loss")
    assert ended.code == 0, ended.err
    found = list(csv.DictReader(ended.out.splitlines()))
    assert {row["ci_level"] for row in found} == {"0.8"}
    assert all(int(row["n"]) < len(rows) / 2 for row in found)


def test_regress_takes_the_options_of_every_kind_of_model(
    neurosig: Run, scored: Path, small_data: Path
) -> None:
    clinical = small_data / "alpha_clinical.csv"
    ended = neurosig(
        "regress", scored, clinical, "--outcome", "grade", "--kind", "ordinal",
        "--order", "G1", "--order", "G2", "--order", "G3", "--link", "probit",
    )  # fmt: skip
    assert ended.code == 0
    model = ns.RegressionModel(order=("G1", "G2", "G3"), link="probit")
    cohort = _from_api(small_data, "alpha")
    table = ns.regress(cohort, outcome="grade", kind="ordinal", model=model).table
    rows = list(csv.DictReader(ended.out.splitlines()))
    assert [float(row["estimate"]) for row in rows] == table["estimate"].tolist()
    refused = neurosig("regress", scored, clinical, "--outcome", "grade", "--link", "probit")
    assert refused.code == 2
    assert "A logistic model has no link" in refused.err


def test_compare_and_correlate_equal_the_functions(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    clinical, cohort = small_data / "alpha_clinical.csv", _from_api(small_data, "alpha")
    compared, correlated = tmp_path / "groups.csv", tmp_path / "correlations.csv"
    ended = neurosig(
        "compare", scored, clinical, "--by", "pni", "--reference", "yes",
        "--cohort", "alpha", "--output", compared,
    )  # fmt: skip
    assert ended.code == 0
    table = ns.compare_groups(cohort, by="pni", reference="yes").table
    pd.testing.assert_frame_equal(
        _read_like(compared, table), table, check_exact=True, check_dtype=False
    )
    ended = neurosig(
        "correlate", scored, clinical, "--with", "age", "--with", "OS.time", "--given", "grade",
        "--cohort", "alpha", "--output", correlated,
    )  # fmt: skip
    assert ended.code == 0
    table = ns.correlate(cohort, with_=["age", "OS.time"], given=["grade"]).table
    pd.testing.assert_frame_equal(
        _read_like(correlated, table), table, check_exact=True, check_dtype=False
    )


def test_km_writes_a_picture_with_its_numbers_and_prints_the_test(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    ended = neurosig(
        "km", scored, small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS",
        "--signature", "AXON", "--output", tmp_path / "km.svg",
    )  # fmt: skip
    assert ended.code == 0
    assert "Log-rank test of the displayed halves" in ended.out
    assert "for display" in ended.out
    assert (tmp_path / "km.svg").read_text().startswith("<?xml")
    assert {"group", "time"} <= set(pd.read_csv(tmp_path / "km.csv").columns)
    assert (tmp_path / "km.svg.provenance.json").is_file()


def test_km_takes_another_interval_and_weights_and_says_so(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    command = (
        "km", scored, small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS",
        "--signature", "AXON", "--output",
    )  # fmt: skip
    weights = ("--weighting", "fleming-harrington", "--rho", "1", "--cause", "death=1")
    drawn = neurosig(*command, tmp_path / "plain.svg", "--interval", "plain", *weights)
    assert drawn.code == 0
    assert "(Fleming-Harrington weights, rho 1, gamma 0): chi-square" in drawn.out
    assert "Other causes are censored in these curves" in drawn.out
    assert neurosig(*command, tmp_path / "default.svg").code == 0
    plain, default = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("plain", "default"))
    assert plain["survival"].equals(default["survival"])
    assert not plain["ci_low"].equals(default["ci_low"])


def test_no_command_overwrites_what_it_reads(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    before = scored.read_bytes()
    clinical = (small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS")
    for arguments in (
        ("km", scored, *clinical, "--signature", "AXON", "--output", scored.with_suffix(".svg")),
        ("cox", scored, *clinical, "--output", scored),
    ):
        ended = neurosig(*arguments)
        assert ended.code == 2
        assert "would be overwritten" in ended.err
    assert scored.read_bytes() == before
    assert not scored.with_suffix(".svg").exists()


def test_the_files_beside_an_output_overwrite_nothing_that_is_read(
    neurosig: Run, scored: Path, small_data: Path, tmp_path: Path
) -> None:
    sets = ("--file", small_data / "signatures.gmt")
    matrix = (small_data / "alpha.csv").read_bytes()
    clinical = (small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS")
    for command, ending, options in (
        ("score", "coverage.csv", (*ROWS, *sets)),
        ("score", "pvalues.csv", (*ROWS, *sets)),
        ("assess", "rules.csv", (*ROWS, *sets)),
        ("harmonise", "report.csv", ROWS),
        ("cox", "row_flow.csv", clinical),
    ):
        read = tmp_path / f"x.{ending}"
        content = scored.read_bytes() if command == "cox" else matrix
        read.write_bytes(content)
        ended = neurosig(command, read, *options, "--output", tmp_path / "x.csv")
        assert ended.code == 2, (command, ending)
        assert f"{read.name}' would be overwritten" in ended.err
        assert read.read_bytes() == content
    assert not (tmp_path / "x.csv").exists()


def test_p_values_of_earlier_scores_do_not_stay_beside_new_ones(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    again = (
        "score", small_data / "alpha.csv", *ROWS, "--method", "mean",
        "--file", small_data / "signatures.gmt", "--output", tmp_path / "x.csv",
    )  # fmt: skip
    assert neurosig(*again, "--null", "matched", "--null-sets", "40").code == 0
    assert (tmp_path / "x.pvalues.csv").exists()
    assert neurosig(*again).code == 0
    assert not (tmp_path / "x.pvalues.csv").exists()


@pytest.mark.parametrize("name", ["=NGF", "+NGF", "@NGF"])
def test_a_guarded_name_is_the_same_name_again_for_the_next_command(
    neurosig: Run, small_data: Path, tmp_path: Path, name: str
) -> None:
    gmt = tmp_path / "s.gmt"
    gmt.write_text((small_data / "signatures.gmt").read_text().replace("AXON", name, 1))
    scores, table = tmp_path / "scores.csv", tmp_path / "cox.csv"
    neurosig("score", small_data / "alpha.csv", *ROWS, "--file", gmt, "--output", scores)
    assert f"'{name}" in scores.read_text().splitlines()[0]
    clinical = (small_data / "alpha_clinical.csv", "--time", "OS.time", "--event", "OS")
    ended = neurosig("cox", scores, *clinical)
    assert ended.code == 0
    drawn = neurosig("km", scores, *clinical, "--signature", name, "--output", tmp_path / "km.svg")
    assert drawn.code == 0
    neurosig("cox", scores, *clinical, "--output", table)
    assert table.read_text() == ended.out
    ended = neurosig("meta", table)
    assert f"'{name}" in ended.out
    assert "''" not in ended.out


def test_signatures_can_be_listed_shown_and_checked(neurosig: Run) -> None:
    listed = neurosig("signatures", "list")
    n_all = len(listed.out.splitlines()) - 1
    assert listed.out.endswith(f"{n_all} entries\n")
    part = neurosig("signatures", "list", "--panel", "core")
    assert part.out.endswith(f"{len(ns.load_signatures(panel='core'))} entries\n")
    categories = {line.split(" genes")[1].split()[0] for line in listed.out.splitlines()[:-1]}
    sizes = [
        int(neurosig("signatures", "list", "--category", c).out.splitlines()[-1].split()[0])
        for c in sorted(categories)
    ]
    assert sum(sizes) == n_all  # provisional ones are listed, too

    shown = json.loads(neurosig("signatures", "show", "IMM.CYT").out)
    assert shown["genes"] == ["GZMA", "PRF1"]  # Rooney et al. 2015, doi:10.1016/j.cell.2014.12.033
    assert shown["verified"] is False
    assert shown["licence"] == "unknown"
    assert shown["unverified_because"]
    assert neurosig("signatures", "lint").out.endswith("The catalogue is sound.\n")
    unknown = neurosig("signatures", "show", "IMM.CYTT")
    assert (unknown.code, "IMM.CYT" in unknown.err) == (3, True)


def test_signatures_are_found_by_condition_and_by_word(neurosig: Run) -> None:
    both = neurosig("signatures", "list", "--context", "prostate", "--category", "axon")
    wanted = ns.load_signatures(context="prostate", category="axon", include_provisional=True)
    assert [line.split()[0] for line in both.out.splitlines()[:-1]] == list(wanted)
    assert "not verified, licence: CC BY 4.0" in both.out
    nothing = neurosig("signatures", "list", "--category", "glia", "--context", "CHOL")
    assert (nothing.code, "fits category and context together" in nothing.err) == (3, True)
    unknown = neurosig("signatures", "list", "--evidence", "exact_published_sets")
    assert (unknown.code, "'exact_published_set'" in unknown.err) == (3, True)
    found = neurosig("signatures", "search", "prostate", "adrenergic")
    assert "NTR.ADRENERGIC" in found.out
    assert "found in context, id" in found.out
    assert neurosig("signatures", "search", "nosuchword").out == "0 entries\n"


def test_signatures_are_compared(neurosig: Run, tmp_path: Path) -> None:
    table, picture = tmp_path / "pairs.csv", tmp_path / "overlap.svg"
    ended = neurosig(
        "signatures", "compare", "GO.AXON_GUIDANCE", "GO.AXONOGENESIS", "IMM.CYT",
        "--output", table, "--figure", picture,
    )  # fmt: skip
    assert ended.code == 0
    # Axon guidance (168 genes) is a part of axonogenesis (295): Jaccard 168 / 295.
    assert ended.out.startswith(
        "GO.AXON_GUIDANCE (168) and GO.AXONOGENESIS (295): 168 shared, Jaccard 0.57, "
        "containment 1.00: ALCAM,"
    )
    assert ended.out.endswith("1 pair of 3 share a gene (3 signatures)\n")
    assert pd.read_csv(table)["n_shared"].tolist() == [168]
    assert picture.read_text().startswith("<?xml")
    quiet = neurosig("signatures", "compare", "--panel", "headline", "--at-least", "0.5")
    assert quiet.out == "3 pairs of 6 share a gene (4 signatures)\n"


def test_derived_signatures_are_built_again(neurosig: Run, tmp_path: Path) -> None:
    import shutil

    from neurosig._bundled import bundled

    same = neurosig("signatures", "build")
    assert same.code == 0
    assert "hgnc_gene_group        same               17" in same.out
    # As many entries as `grep -rl "kind: gene_ontology"` finds, and of symbol_root_family.
    assert "41 lists of gene_ontology not checked: needs --go" in same.out
    assert "22 lists of symbol_root_family not checked: needs --genes" in same.out
    folder = tmp_path / "signatures"
    shutil.copytree(bundled("signatures"), folder)
    entry = folder / "nt_receptor" / "NTR.GLYCINE.yaml"
    right = entry.read_text()
    entry.write_text(right.replace("GLRA3, GLRB", "GLRA4, GLRB"))
    ended = neurosig("signatures", "build", "--folder", folder)
    assert ended.code == 3
    assert "NTR.GLYCINE: adds 'GLRA3'; removes 'GLRA4'" in ended.out
    written = neurosig("signatures", "build", "--folder", folder, "--output", tmp_path / "new")
    assert written.code == 0
    again = (tmp_path / "new" / "nt_receptor" / "NTR.GLYCINE.yaml").read_text()
    assert again == right.replace("version: 1", "version: 2")
    record = json.loads((tmp_path / "new" / "provenance.json").read_text())
    assert [entry["path"] for entry in record["outputs"]] == ["nt_receptor/NTR.GLYCINE.yaml"]
    assert [Path(entry["path"]).name for entry in record["inputs"]] == ["hgnc_groups.yaml"]
    in_place = neurosig("signatures", "build", "--folder", folder, "--output", folder)
    assert in_place.code == 0
    assert neurosig("signatures", "lint", folder).code == 0  # a record is no entry


def test_approved_symbols_are_checked_against_a_given_table(neurosig: Run, tmp_path: Path) -> None:
    (tmp_path / "genes.csv").write_text("symbol,biotype\nNGF,protein_coding\n")
    ended = neurosig("signatures", "lint", "--symbols", tmp_path / "genes.csv")
    assert ended.code == 3
    assert "IMM.CYT: not approved: 'GZMA', 'PRF1'" in ended.out
    (tmp_path / "other.csv").write_text("gene,biotype\nNGF,protein_coding\n")
    other = neurosig("signatures", "lint", "--symbols", tmp_path / "other.csv")
    assert (other.code, "no column 'symbol'" in other.err) == (3, True)


def test_a_broken_catalogue_does_not_pass_the_check(neurosig: Run, tmp_path: Path) -> None:
    import shutil

    from neurosig._bundled import bundled

    folder = tmp_path / "signatures"
    shutil.copytree(bundled("signatures"), folder)
    entry = next(folder.glob("*/IMM.CYT.yaml"))
    entry.write_text(entry.read_text().replace("id: IMM.CYT", "id: IMM.OTHER"))
    ended = neurosig("signatures", "lint", folder)
    assert ended.code == 3
    assert "IMM.CYT" in ended.out + ended.err


@pytest.mark.parametrize("suffix", ["gmt", "gmx", "json", "csv"])
def test_signatures_are_exported_without_loss(
    neurosig: Run, small_data: Path, tmp_path: Path, suffix: str
) -> None:
    output = tmp_path / f"s.{suffix}"
    ended = neurosig("signatures", "export", "--id", "IMM.CYT", "--output", output)
    assert (ended.code, ended.err) == (0, f"{output}: 1 signature\n")
    scores = tmp_path / "scores.csv"
    genes = pd.DataFrame(
        np.arange(12.0).reshape(3, 4) ** 0.5, columns=["GZMA", "PRF1", "NGF", "TP53"],
        index=["p1", "p2", "p3"],
    )  # fmt: skip
    genes.to_csv(tmp_path / "x.csv")
    again = neurosig(
        "score", tmp_path / "x.csv", "--orientation", "genes_in_columns", "--method", "mean",
        "--file", output, "--output", scores,
    )  # fmt: skip
    assert again.code == 0
    found = pd.read_csv(scores, index_col=0)
    np.testing.assert_allclose(found["IMM.CYT"], genes[["GZMA", "PRF1"]].mean(axis=1), rtol=1e-15)
    refused = neurosig("signatures", "export", "--id", "IMM.CYT", "--output", tmp_path / "s.txt")
    assert refused.code == 2


def test_signatures_coverage_counts_the_genes_of_a_matrix(neurosig: Run, small_data: Path) -> None:
    ended = neurosig(
        "signatures", "coverage", small_data / "alpha.csv", *ROWS,
        "--file", small_data / "signatures.gmt",
    )  # fmt: skip
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["AXON", "6", "of", "6", "(100%)", "ok"]
    assert lines[-1] == "3 of 3 can be scored"


def test_assess_writes_verdicts_rules_provenance_and_a_picture(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    output = tmp_path / "verdicts.csv"
    ended = neurosig(
        "assess", small_data / "alpha.csv", *ROWS, "--file", small_data / "signatures.gmt",
        "--output", output, "--figure", tmp_path / "picture.svg", "--n-sets", "50",
        "--min-reliability", "0.6",
    )  # fmt: skip
    assert ended.code == 0
    expression = ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows")
    expected = ns.assess(
        expression,
        ns.read_gmt(small_data / "signatures.gmt"),
        n_sets=50,
        thresholds=ns.QualityThresholds(min_reliability=0.6),
    )
    found = _read_like(output, expected.table.reset_index())
    pd.testing.assert_frame_equal(found, expected.table.reset_index(), check_dtype=False)
    counts = [f"{len(expected.ids(v))} {v}" for v in ("refuse", "caution", "ok")]
    assert ", ".join(counts) in ended.err
    rules = pd.read_csv(tmp_path / "verdicts.rules.csv").set_index("rule")
    assert rules.loc["unreliable", "threshold"] == "0.6"
    record = json.loads((tmp_path / "verdicts.csv.provenance.json").read_text())
    assert record["assessment"]["options"]["n_sets"] == 50
    assert Path(record["inputs"][0]["path"]).name == "alpha.csv"
    assert "<svg" in (tmp_path / "picture.svg").read_text()
    clash = neurosig(
        "assess", small_data / "alpha.csv", *ROWS, "--output", output,
        "--figure", tmp_path / "verdicts.svg",
    )  # fmt: skip
    assert clash.code == 2
    assert "the same file" in clash.err
    wrong = neurosig("assess", small_data / "alpha.csv", *ROWS, "--output", tmp_path / "v.txt")
    assert wrong.code == 2


def test_methods_are_listed_described_and_given_as_json(neurosig: Run) -> None:
    names = list(ns.available_methods().index)
    listed = neurosig("methods").out
    assert all(f"{name} " in listed for name in names)
    assert "Barbie" in neurosig("methods", "ssgsea").out
    table = json.loads(neurosig("methods", "--json").out)
    assert list(table) == names
    for entry in table.values():
        jsonschema.Draft202012Validator.check_schema(entry["parameters"])
    assert list(json.loads(neurosig("methods", "zscore", "--json").out)) == ["zscore"]
    for arguments in (("methods", "zscor"), ("methods", "zscor", "--json")):
        ended = neurosig(*arguments)
        assert (ended.code, "Did you mean 'zscore'?" in ended.err) == (2, True)


def test_run_writes_a_report_and_says_what_it_found(
    neurosig: Run, small_study: dict[str, Any], tmp_path: Path
) -> None:
    import yaml

    config = tmp_path / "study.yaml"
    small_study["output"] = "out"
    config.write_text(yaml.safe_dump(small_study))
    ended = neurosig("run", config)
    assert ended.code == 0
    assert ended.out.startswith("pooled: 3 scores tested, smallest q first\n")
    assert ended.out.endswith(f"report: {tmp_path / 'out' / 'report.html'}\n")
    assert "note: Cohort alpha, zscore: " in ended.err

    report = tmp_path / "out" / "report.html"
    before = report.read_bytes()
    report.unlink()
    rebuilt = neurosig("report", tmp_path / "out")
    assert (rebuilt.code, rebuilt.out) == (0, f"report: {report}\n")
    assert report.read_bytes() == before


def test_run_prints_a_schema_that_the_demonstration_fits(neurosig: Run) -> None:
    schema = json.loads(neurosig("run", "--schema").out)
    jsonschema.Draft202012Validator(schema).validate(load_yaml(demo_config()))


def test_demo_prints_its_configuration_to_start_from(neurosig: Run) -> None:
    assert neurosig("demo", "--config").out == demo_config().read_text(encoding="utf-8")
