"""The script that makes entries from the source table."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from jsonschema import Draft202012Validator

from neurosig._bundled import bundled
from neurosig._yaml import load_yaml
from neurosig.errors import InputError

SCRIPT = bundled("signatures") / "convert.py"
ROW = {
    "id": "T.ONE",
    "title": "A set",
    "category": "axon",
    "organism": "Homo sapiens (NCBITaxon:9606)",
    "direction": "up",
    "score_mode": "set",
    "n_genes": 2,
    "genes": ["NGF", "TH"],
    "source": {"kind": "paper", "doi": "10.1038/ng.3398"},
    "evidence": "exact_published_set",
    "cancer_context": ["breast"],
}


@pytest.fixture(scope="module")
def script():
    # Run, not imported: an import would leave a cache folder among the signatures.
    return SimpleNamespace(**runpy.run_path(str(SCRIPT), run_name="conversion"))


def _entry(script, **changes):
    return script.entry_of(ROW | changes, "2026-11-22")


def test_a_list_read_in_its_paper_is_verified(script):
    entry = _entry(script)
    assert entry["verified"] is True
    assert "unverified_because" not in entry
    assert entry["genes"] == ["NGF", "TH"]
    assert entry["licence"] == "unknown"
    assert entry["curated"] == "2026-11-22"
    assert "recipe" not in entry


def test_a_doubtful_doi_is_split_into_doi_and_doubt(script):
    entry = _entry(script, source={"kind": "paper", "doi": "10.1038/ng.3398 (not yet verified)"})
    assert entry["source"]["doi"] == "10.1038/ng.3398"
    assert entry["verified"] is False
    assert entry["unverified_because"] == "doi is marked 'not yet verified' in the table"


def test_remarks_behind_a_doi_are_kept_beside_it(script):
    source = {"kind": "paper", "doi": "10.1126/science.aar3593 (Table S2B) and more"}
    entry = _entry(script, source=source)
    assert entry["source"]["doi"] == "10.1126/science.aar3593"
    assert entry["source"]["doi_note"] == "(Table S2B) and more"


def test_a_pubmed_id_in_the_doi_field_becomes_one(script):
    entry = _entry(script, source={"kind": "paper", "doi": "PMID:32434947 (a table)"})
    assert entry["source"] == {"kind": "paper", "pmid": "32434947", "doi_note": "(a table)"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"evidence": "exact_published_code"}, "read in code"),
        ({"evidence": "published_code_panel"}, "read in code"),
        ({"source": {"kind": "paper", "read_from": "github:a/b"}}, "read in a repository"),
        ({"license_note": "CC BY 4.0 (not yet verified)"}, "licence_note is marked"),
        ({"notes": "identity is not yet verified"}, "notes is marked"),
        (
            {"source": {"kind": "curated_panel", "evidence_text": "not yet verified"}},
            "evidence_text",
        ),
    ],
)
def test_every_doubt_of_the_table_makes_it_unverified(script, changes, why):
    entry = _entry(script, **changes)
    assert entry["verified"] is False
    assert why in entry["unverified_because"]


def test_a_licence_in_the_note_is_named_and_the_note_kept(script):
    note = "GO annotations are CC BY 4.0 (not yet verified); cite GO release 2022-07-01"
    entry = _entry(script, license_note=note)
    assert (entry["licence"], entry["licence_note"]) == ("CC BY 4.0", note)


def test_weights_replace_the_gene_list(script):
    entry = _entry(script, weights={"NGF": 0.5, "TH": -1.0}, score_mode="weighted_sum")
    assert entry["weights"] == {"NGF": 0.5, "TH": -1.0}
    assert entry["recipe"] == "weighted_sum"
    assert "genes" not in entry


def test_the_controls_of_a_recipe_are_the_genes_of_the_row_that_the_script_names(script, tmp_path):
    name = "IMM.TCELL_INFLAMED_GEP18"
    rows = [ROW | {"id": name}, ROW | {"id": script.CONTROLS[name], "genes": ["TBP", "UBB"]}]
    table = {"built": "2026-11-22", "signatures": rows}
    (tmp_path / "table.yaml").write_text(json.dumps(table))  # JSON is YAML, without anchors
    paths = script.convert(tmp_path / "table.yaml", [row["id"] for row in rows], tmp_path)
    assert [load_yaml(path).get("controls") for path in paths] == [["TBP", "UBB"], None]


def test_a_row_that_contradicts_itself_is_refused(script):
    with pytest.raises(InputError, match="genes and weights differ"):
        _entry(script, weights={"NGF": 0.5})
    with pytest.raises(InputError, match="states 3 genes and lists 2"):
        _entry(script, n_genes=3)


def test_symbols_that_yaml_could_misread_survive_any_reader(script):
    genes = ["NO", "ON", "1E5", "NULL", "TRUE", "2026-11-22"]
    text = script.text_of(_entry(script, genes=genes, n_genes=6))
    assert load_yaml(text)["genes"] == genes
    assert yaml.safe_load(text)["genes"] == genes


def test_an_unknown_id_is_refused(script, tmp_path):
    (tmp_path / "table.yaml").write_text(yaml.safe_dump({"built": "2026-11-22", "signatures": []}))
    with pytest.raises(InputError, match=r"table\.yaml lacks 'T.ONE'"):
        script.convert(tmp_path / "table.yaml", ["T.ONE"], tmp_path)


def test_a_correction_changes_the_list_and_says_so(script):
    row = ROW | {"notes": "of the table", "symbol_updates": {"B": "TH"}}
    correction = {
        "genes_removed": ["TH"],
        "genes_added": ["DBH", "DDC"],
        "symbol_updates": {"X": "DBH"},
        "dropped_symbols": ["Y"],
        "note": "corrected",
    }
    entry = script.entry_of(script.corrected(row, correction), "2026-11-22")
    assert (entry["genes"], entry["n_genes"]) == (["DBH", "DDC", "NGF"], 3)
    assert entry["symbol_updates"] == {"B": "TH", "X": "DBH"}
    assert entry["dropped_symbols"] == ["Y"]
    assert entry["notes"] == "of the table; corrected"
    assert row["genes"] == ["NGF", "TH"]


@pytest.mark.parametrize("correction", [{"genes_removed": ["DBH"]}, {"genes_added": ["NGF"]}])
def test_a_correction_that_does_not_fit_is_refused(script, correction):
    with pytest.raises(InputError, match=r"correction of T\.ONE does not fit"):
        script.corrected(ROW, correction)


def test_a_file_of_the_catalogue_is_written_as_the_script_writes(script):
    for path in SCRIPT.parent.glob("*/*.yaml"):
        assert script.text_of(load_yaml(path)) == path.read_text(encoding="utf-8"), path.name


@pytest.mark.data
def test_the_script_gives_the_committed_bytes(shared_folder: Path, tmp_path: Path):
    table = shared_folder / "signatures" / "catalogue.yaml"
    command = [sys.executable, str(SCRIPT), str(table), "--out", str(tmp_path)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert outcome.stdout.startswith("217 entries written")
    for path in SCRIPT.parent.glob("*/*.yaml"):
        again = tmp_path / path.parent.name / path.name
        assert again.read_bytes() == path.read_bytes(), path.name


@pytest.mark.data
def test_every_row_of_the_table_can_become_an_entry_that_passes_the_schema(
    shared_folder: Path, script, tmp_path: Path
):
    schema = json.loads((SCRIPT.parent / "schema.json").read_text(encoding="utf-8"))
    table = load_yaml(shared_folder / "signatures" / "catalogue.yaml", max_bytes=20_000_000)
    validator = Draft202012Validator(schema)
    for row in table["signatures"]:
        entry = load_yaml(script.text_of(script.entry_of(row, table["built"])))
        problems = [problem.message for problem in validator.iter_errors(entry)]
        assert problems == [], row["id"]
