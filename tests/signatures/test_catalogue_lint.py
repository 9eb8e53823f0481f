"""Each lint rule finds what it is for, in a small catalogue that is otherwise sound."""

import copy
import shutil
from pathlib import Path

import pytest
import yaml

from neurosig._bundled import bundled
from neurosig.genesets.catalogue import genes_and_weights
from neurosig.genesets.lint import RULES, lint
from neurosig.genesets.signature import Signature

SOUND = {
    "schema": "neurosig-signature/1",
    "id": "T.ONE",
    "title": "A set for tests",
    "category": "axon",
    "organism": "Homo sapiens (NCBITaxon:9606)",
    "n_genes": 3,
    "genes": ["NGF", "C1orf43", "HLA-DQA1"],
    "source": {"kind": "paper", "doi": "10.1234/abc.5", "title": "A paper"},
    "evidence": "exact_published_set",
    "licence": "unknown",
    "verified": True,
    "cancer_context": ["breast"],
    "curated": "2026-11-22",
    "version": 1,
}
PANELS = {
    "schema": "neurosig-panels/1",
    "panels": {"core": {"description": "The one", "ids": ["T.ONE"]}},
    "themes": {"axons": ["T.ONE"]},
}
OTHER = {"id": "T.TWO", "genes": ["TH", "DBH", "DDC"]}


def _hashed(entry: dict) -> dict:
    """With the sha256 of its list; a list the API refuses gets zeros."""
    if "sha256" in entry:
        return entry
    try:
        digest = Signature(id=entry["id"], **genes_and_weights(entry)).sha256
    except Exception:  # noqa: BLE001 - the entry is broken on purpose
        digest = "0" * 64
    return entry | {"sha256": digest}


@pytest.fixture
def findings_of(tmp_path):
    """Write a catalogue of changed entries; return what the lint says as (rule, id, level)."""

    def run(*changes, panels=PANELS, drop=()):
        folder = tmp_path / "catalogue"
        folder.mkdir()
        shutil.copy(bundled("signatures") / "schema.json", folder)
        for number, change in enumerate(changes or ({},)):
            entry = copy.deepcopy(SOUND) | change
            entry = _hashed({k: v for k, v in entry.items() if k not in drop})
            path = folder / entry["category"] / f"{entry['id']}.yaml"
            if path.exists():
                path = folder / "axon" / f"{number}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(entry, allow_unicode=True))
        (folder / "panels.yaml").write_text(yaml.safe_dump(panels))
        return {(f.rule, f.signature, f.level) for f in lint(folder)}, lint(folder), folder

    return run


def test_a_sound_catalogue_has_no_finding(findings_of):
    found, _, _ = findings_of()
    assert found == set()


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("schema", {"schema": "neurosig-signature/2"}),
        ("schema", {"id": "T ONE"}),
        ("schema", {"category": "nerves"}),
        ("schema", {"genes": ["NGF", True, "TH"]}),
        ("schema", {"genes": []}),
        ("schema", {"genes_up": ["A"]}),
        ("schema", {"weights": {"NGF": 1.0}}),
        ("schema", {"evidence": "hearsay"}),
        ("schema", {"surprise": 1}),
        ("schema", {"verified": False}),
        ("schema", {"verified": True, "unverified_because": "x"}),
        ("schema", {"source": {"doi": "10.1234/abc"}}),
        ("schema", {"curated": "22.11.2026"}),
        ("schema", {"sha256": "abc"}),
        ("schema", {"controls": []}),
        ("usable_list", {"recipe": "mean_of_means"}),
        ("usable_list", {"recipe": "pc1", "controls": ["TBP"]}),
        ("duplicate_genes", {"genes": ["NGF", "TH", "NGF"]}),
        ("usable_list", {"genes": ["NGF", " TH", "DBH"]}),
        ("sha256", {"sha256": "0" * 64}),
        ("n_genes", {"n_genes": 4}),
        ("spreadsheet_date", {"genes": ["NGF", "1-Mar", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "Sep-02", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "MARCH1", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "SEPT2", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "DEC1", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "2006/09/02", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "2.31E+13", "TH"]}),
        ("spreadsheet_date", {"genes": ["NGF", "44256", "TH"]}),
        ("ascii_symbols", {"genes": ["NGF", "IFNγ", "TH"]}),
        ("mouse_symbols", {"genes": ["NGF", "Cd8a", "TH"]}),
        ("mouse_symbols", {"genes": ["NGF", "Trp53", "TH"]}),
        ("doi_form", {"source": {"kind": "paper", "doi": "https://doi.org/10.1234/abc"}}),
        ("doi_form", {"source": {"kind": "paper", "doi": "10.1038/ng.3398 (not yet verified)"}}),
        ("licence_allowed", {"licence": " "}),
        ("licence_allowed", {"licence": "TODO"}),
        ("licence_allowed", {"licence": "CC BY-NC 4.0"}),
        ("superseded_symbols", {"symbol_updates": {"NGF": "NGFX"}}),
        ("lossless_formats", {"title": "A\ttitle"}),
        ("lossless_formats", {"title": "https://example.org/a-set"}),  # a GMT has it as an address
    ],
)
def test_the_rule_finds_it(findings_of, rule, change):
    found, _, _ = findings_of(change)
    name = change.get("id", "T.ONE")
    assert (rule, name, "error") in found


def test_a_symbol_that_is_not_approved_is_found_where_a_table_is_given(findings_of):
    _, _, folder = findings_of({"genes": ["NGF", "GLUR1", "TH"]})
    assert lint(folder) == ()
    (finding,) = lint(folder, {"NGF", "GRIA1", "TH"})
    assert (finding.rule, finding.level) == ("approved_symbols", "error")
    assert "'GLUR1'" in finding.message


def test_a_mouse_signature_is_not_held_against_human_symbols(findings_of):
    mouse = {"organism": "Mus musculus (NCBITaxon:10090)", "genes": ["Ngf", "Cd8a", "Trp53"]}
    _, _, folder = findings_of(mouse)
    assert lint(folder, {"NGF"}) == ()


def test_an_older_symbol_is_found_in_another_entry(findings_of):
    found, _, _ = findings_of({}, OTHER | {"symbol_updates": {"NGF": "NGFX"}})
    assert found == {("superseded_symbols", "T.ONE", "error")}


def test_directed_and_weighted_lists_survive_the_formats_that_hold_them(findings_of):
    directed = OTHER | {"genes_up": ["TH"], "genes_down": ["DBH", "DDC"]}
    weighted = {"id": "T.THREE", "weights": {"FOS": 0.1, "JUN": -2.5e-7, "EGR1": 3.0}}
    _, _, folder = findings_of()
    for entry in (directed, weighted):
        fields = {k: v for k, v in (SOUND | entry).items() if k != "genes"}
        path = folder / "axon" / f"{entry['id']}.yaml"
        path.write_text(yaml.safe_dump(_hashed(fields)))
    assert lint(folder) == ()


def test_names_that_a_gmt_would_join_are_found(findings_of):
    directed = OTHER | {"id": "T.ONE_X", "genes_up": ["TH"], "genes_down": ["DBH", "DDC"]}
    _, _, folder = findings_of({"id": "T.ONE_X_UP"})
    fields = {k: v for k, v in (SOUND | directed).items() if k != "genes"}
    (folder / "axon" / "T.ONE_X.yaml").write_text(yaml.safe_dump(_hashed(fields)))
    rules = {(f.rule, f.signature) for f in lint(folder)}
    assert ("lossless_formats", "T.ONE_X") in rules


def test_a_gene_in_both_arms_is_found(findings_of):
    found, _, _ = findings_of({"genes_up": ["NGF", "TH"], "genes_down": ["TH"]}, drop=("genes",))
    assert ("both_arms", "T.ONE", "error") in found


@pytest.mark.parametrize("field", ["licence", "source", "sha256", "n_genes", "verified"])
def test_a_missing_field_is_found(findings_of, field, tmp_path):
    _, _, folder = findings_of()
    path = folder / "axon" / "T.ONE.yaml"
    entry = yaml.safe_load(path.read_text())
    del entry[field]
    path.write_text(yaml.safe_dump(entry))
    assert any(f.rule == "schema" and field in f.message for f in lint(folder))


def test_a_file_in_the_wrong_place_is_found(findings_of):
    _, _, folder = findings_of()
    (folder / "glia").mkdir()
    (folder / "axon" / "T.ONE.yaml").rename(folder / "glia" / "T.1.yaml")
    (finding,) = lint(folder)
    assert finding.rule == "file_name"
    assert finding.message == "the file is glia/T.1.yaml, it should be axon/T.ONE.yaml"


def test_one_id_in_two_files_is_found(findings_of):
    found, _, _ = findings_of({}, {"genes": ["TH", "DBH", "DDC"]})
    assert ("unique_id", "T.ONE", "error") in found


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: &x 1\nb: *x\n", "- a list\n", "a: [\n"])
def test_a_file_that_cannot_be_read_is_found_and_the_rest_still_checked(findings_of, text):
    _, _, folder = findings_of({"n_genes": 4})
    (folder / "axon" / "BROKEN.yaml").write_text(text)
    rules = {(finding.rule, finding.signature) for finding in lint(folder)}
    assert {("readable", "BROKEN"), ("n_genes", "T.ONE")} <= rules


def test_two_titles_for_one_doi_are_found_and_one_title_is_fine(findings_of):
    other = OTHER | {"source": {"kind": "paper", "doi": "10.1234/ABC.5", "title": "Another"}}
    found, _, _ = findings_of({}, other)
    assert found == {("one_title_per_doi", "T.TWO", "error")}


def test_two_tables_of_one_paper_are_fine(findings_of):
    found, _, _ = findings_of({}, OTHER)
    assert found == set()


@pytest.mark.parametrize(
    ("panels", "who"),
    [
        ({"panels": {"core": {"description": "x", "ids": ["T.ONE", "T.NONE"]}}}, "panel core"),
        ({"panels": {"core": {"description": "x", "ids": ["T.ONE", "T.ONE"]}}}, "panel core"),
        ({"themes": {"axons": ["T.NONE"]}}, "theme axons"),
    ],
)
def test_panels_and_themes_name_existing_ids_once(findings_of, panels, who):
    found, _, _ = findings_of(panels=PANELS | panels)
    assert found == {("panel_members", who, "error")}


def test_a_provisional_list_in_a_panel_is_found(findings_of):
    found, _, _ = findings_of({"evidence": "curator_judgement"})
    assert found == {("panel_evidence", "panel core", "error")}


@pytest.mark.parametrize(
    "panels",
    [
        [],
        {"panels": {}},
        {"panels": {"core": ["T.ONE"]}, "themes": {}},
        {"panels": {"core": {"ids": ["T.ONE"]}}, "themes": {}},
        {"panels": {}, "themes": {"axons": "T.ONE"}},
    ],
)
def test_a_panel_file_of_another_form_is_found(findings_of, panels):
    found, _, _ = findings_of(panels=panels)
    assert found == {("panel_file", "panels.yaml", "error")}


def test_a_missing_panel_file_is_found(findings_of):
    _, _, folder = findings_of()
    (folder / "panels.yaml").unlink()
    assert [finding.rule for finding in lint(folder)] == ["panel_file"]


def test_nested_sets_are_noted_with_both_figures(findings_of):
    # {NGF, C1orf43, HLA-DQA1} inside a set of 4: Jaccard 3/4, containment 3/3.
    larger = {"id": "T.TWO", "genes": ["NGF", "C1orf43", "HLA-DQA1", "TH"], "n_genes": 4}
    found, findings, _ = findings_of({}, larger)
    assert found == {("overlap", "T.ONE", "note")}
    assert findings[0].message == "with T.TWO: Jaccard 0.75, containment 1.00"


def test_half_shared_sets_are_not_noted(findings_of):
    found, _, _ = findings_of({}, OTHER | {"genes": ["NGF", "TH", "DBH"]})
    assert found == set()


def test_a_mouse_signature_may_hold_mouse_symbols(findings_of):
    mouse = {"organism": "Mus musculus (NCBITaxon:10090)", "genes": ["Ngf", "Cd8a", "Trp53"]}
    found, _, _ = findings_of(mouse)
    assert found == set()


@pytest.mark.parametrize("symbol", ["JUN", "MARCHF1", "SEPTIN2", "DELEC1", "NOV", "H2AC1"])
def test_a_symbol_that_a_spreadsheet_leaves_alone_is_fine(findings_of, symbol):
    found, _, _ = findings_of({"genes": ["NGF", symbol, "TH"]})
    assert found == set()


def test_every_rule_says_what_it_is_for():
    assert all(rule.__doc__ for rule in RULES)
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_the_shipped_catalogue_has_notes_only():
    findings = lint(Path(bundled("signatures")))
    assert {finding.level for finding in findings} == {"note"}
    pairs = {(f.signature, f.message.split(":")[0]) for f in findings}
    # An ontology term holds the terms below it: axon guidance is part of axonogenesis.
    assert ("GO.AXONOGENESIS", "with GO.AXON_GUIDANCE") in pairs
