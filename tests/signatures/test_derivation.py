"""Derived lists are what their rules give: by hand on a small database, and on the release."""

import csv
import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from neurosig.errors import ResourceError, SignatureError
from neurosig.genesets.catalogue import Catalogue
from neurosig.genesets.derivation import Sources, derive

HGNC = """schema: neurosig-hgnc/1
groups:
  - {id: 1, name: First, protein_coding: {ADRA1A: 277}, pseudogenes: {ADRAP: 1}}
  - {id: 2, name: Second, protein_coding: {CHRM1: 1950, CHRM2: 1951}}
"""
# (symbol, type, term, evidence): what the rule has to take and to leave.
ANNOTATIONS = [
    ("NGF", "protein-coding", "GO:1", "IDA"),
    ("NGF", "protein-coding", "GO:1", "IEA"),
    ("TH", "protein-coding", "GO:1", "TAS"),
    ("ND1", "protein-coding", "GO:1", "IMP"),
    ("GONE", "protein-coding", "GO:1", "IMP"),
    ("GUESS", "protein-coding", "GO:1", "IEA"),
    ("NODATA", "protein-coding", "GO:1", "ND"),
    ("MIR9", "ncRNA", "GO:1", "IDA"),
    ("OTHER", "protein-coding", "GO:2", "IDA"),
]


def entry(source, genes, **more):
    return {
        "id": "T.ONE",
        "category": "axon",
        "genes": genes,
        "n_genes": len(genes),
        "source": source,
        "version": 3,
    } | more


def ontology_entry(genes=("MT-ND1", "NGF", "TH")):
    return entry(
        {"kind": "gene_ontology", "go_id": "GO:1", "release": "GO 2001-01-01"},
        list(genes),
        symbol_updates={"ND1": "MT-ND1"},
        dropped_symbols=["GONE"],
    )


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "hgnc_groups.yaml").write_text(HGNC)
    with gzip.open(tmp_path / "genes.csv.gz", "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ensembl_gene_id", "symbol", "biotype"])
        rows.writerows(
            [
                ("E1", "SLIT1", "protein_coding"),
                ("E2", "SLIT2", "protein_coding"),
                ("E3", "SLIT2P1", "protein_coding"),
                ("E4", "SLIT3", "processed_pseudogene"),
            ]
        )
    with closing(sqlite3.connect(tmp_path / "org.sqlite")) as database:
        database.executescript(
            """
            CREATE TABLE metadata (name, value);
            INSERT INTO metadata VALUES ('GOSOURCEDATE', '2022-07-01');
            INSERT INTO metadata VALUES ('EGSOURCEDATE', '2022-Sep12');
            CREATE TABLE gene_info (_id, symbol);
            CREATE TABLE genetype (_id, gene_type);
            CREATE TABLE go_bp_all (_id, go_id, evidence);
            """
        )
        numbers = {name: i for i, name in enumerate(sorted({row[0] for row in ANNOTATIONS}))}
        types = {row[0]: row[1] for row in ANNOTATIONS}
        for name, number in numbers.items():
            database.execute("INSERT INTO gene_info VALUES (?, ?)", (number, name))
            database.execute("INSERT INTO genetype VALUES (?, ?)", (number, types[name]))
        for name, _, term, evidence in ANNOTATIONS:
            database.execute(
                "INSERT INTO go_bp_all VALUES (?, ?, ?)", (numbers[name], term, evidence)
            )
        database.commit()
    return Sources(
        hgnc=tmp_path / "hgnc_groups.yaml",
        go=tmp_path / "org.sqlite",
        gene_table=tmp_path / "genes.csv.gz",
    )


def one(entries, sources):
    (derivation,) = derive([entries], sources)
    return derivation


class TestRules:
    def test_a_term_gives_coding_genes_with_evidence_under_their_symbols_of_today(self, sources):
        assert one(ontology_entry(), sources).status == "same"

    def test_a_list_that_differs_is_made_anew(self, sources):
        derivation = one(ontology_entry(["NGF", "GUESS"]), sources)
        assert derivation.status == "changed"
        assert derivation.added == ("MT-ND1", "TH")
        assert derivation.removed == ("GUESS",)
        changed = derivation.entry
        assert changed["genes"] == ["MT-ND1", "NGF", "TH"]
        assert (changed["n_genes"], changed["version"]) == (3, 4)
        assert changed["source"]["release"] == "GO 2022-07-01 / EntrezGene 2022-09-12"

    def test_a_group_gives_its_coding_members_alone(self, sources):
        source = {"kind": "hgnc_gene_group", "hgnc_group_id": [1, 2]}
        assert one(entry(source, ["CHRM2", "ADRA1A", "CHRM1"]), sources).status == "same"
        assert one(entry(source, ["ADRA1A", "ADRAP"]), sources).removed == ("ADRAP",)

    def test_a_family_gives_the_coding_symbols_that_match_whole(self, sources):
        source = {"kind": "symbol_root_family", "regex": "SLIT[123]"}
        assert one(entry(source, ["SLIT1", "SLIT2"]), sources).status == "same"

    def test_what_has_no_rule_or_no_source_is_said(self, sources):
        paper = entry({"kind": "paper"}, ["NGF"])
        assert one(paper, sources).status == "no rule"
        without = Sources(hgnc=sources.hgnc)
        assert one(ontology_entry(), without).status == "no source given"


class TestBadSources:
    def test_a_missing_database_is_a_resource_error(self, sources, tmp_path):
        absent = Sources(hgnc=sources.hgnc, go=tmp_path / "absent.sqlite")
        with pytest.raises(ResourceError, match=r"absent\.sqlite"):
            one(ontology_entry(), absent)

    @pytest.mark.parametrize("content", [b"no database", b""])
    def test_another_file_is_refused(self, sources, tmp_path, content):
        (tmp_path / "other.sqlite").write_bytes(content)
        with pytest.raises(SignatureError, match=r"not the database of org\.Hs\.eg\.db"):
            one(ontology_entry(), Sources(hgnc=sources.hgnc, go=tmp_path / "other.sqlite"))

    def test_a_term_that_is_not_there_is_refused(self, sources):
        source = {"kind": "gene_ontology", "go_id": "GO:3"}
        with pytest.raises(SignatureError, match="gives no gene"):
            one(entry(source, ["NGF"]), sources)

    def test_a_group_that_is_not_in_the_snapshot_is_refused(self, sources):
        source = {"kind": "hgnc_gene_group", "hgnc_group_id": [1, 9]}
        with pytest.raises(SignatureError, match="lacks the HGNC 1 group 9"):
            one(entry(source, ["ADRA1A"]), sources)

    def test_a_table_without_the_columns_is_refused(self, sources, tmp_path):
        (tmp_path / "t.csv").write_text("gene,type\nA,b\n")
        with pytest.raises(SignatureError, match="not a table of genes"):
            one(entry({"kind": "paper"}, ["A"]), Sources(sources.hgnc, None, tmp_path / "t.csv"))

    def test_another_yaml_is_no_snapshot(self, sources, tmp_path):
        (tmp_path / "h.yaml").write_text("groups: none\n")
        with pytest.raises(SignatureError, match="not a snapshot"):
            one(entry({"kind": "paper"}, ["A"]), Sources(hgnc=tmp_path / "h.yaml"))


class TestShippedEntries:
    """The catalogue against sources outside of it."""

    def entries(self, kind):
        catalogue = Catalogue.bundled()
        return [e for e in catalogue.entries(catalogue.ids()) if e["source"]["kind"] == kind]

    def test_groups_are_those_of_the_committed_snapshot(self):
        snapshot = Sources(hgnc=Catalogue.bundled().folder / "hgnc_groups.yaml")
        derivations = list(derive(self.entries("hgnc_gene_group"), snapshot))
        assert len(derivations) == 17
        assert {d.status for d in derivations} == {"same"}

    def test_ontology_sets_are_those_of_the_release(self, org_hs_sqlite):
        # The query is written out here once more, so that the test does not rest on ours.
        renamed = {"TDGF1": "CRIPTO", "RNF165": None, "CYTB": "MT-CYB"}
        renamed |= {f"ND{i}": f"MT-ND{i}" for i in ("1", "2", "3", "4", "4L", "5", "6")}
        renamed |= {f"COX{i}": f"MT-CO{i}" for i in (1, 2, 3)}
        renamed |= {f"ATP{i}": f"MT-ATP{i}" for i in (6, 8)}
        entries = self.entries("gene_ontology")
        assert len(entries) == 41
        with closing(sqlite3.connect(f"file:{org_hs_sqlite}?mode=ro", uri=True)) as database:
            coding = {
                number
                for (number,) in database.execute(
                    "SELECT _id FROM genetype WHERE gene_type = 'protein-coding'"
                )
            }
            symbols = dict(database.execute("SELECT _id, symbol FROM gene_info"))
            for e in entries:
                rows = database.execute(
                    "SELECT _id, evidence FROM go_bp_all WHERE go_id = ?", (e["source"]["go_id"],)
                )
                found = {
                    symbols[i] for i, code in rows if code not in ("IEA", "ND") and i in coding
                }
                today = {renamed.get(symbol, symbol) for symbol in found} - {None}
                assert set(e["genes"]) == today, e["id"]
                assert e["source"]["release"] == "GO 2022-07-01 / EntrezGene 2022-09-12"

    def test_the_rule_gives_the_release_again(self, org_hs_sqlite):
        sources = Sources(Catalogue.bundled().folder / "hgnc_groups.yaml", go=org_hs_sqlite)
        assert {d.status for d in derive(self.entries("gene_ontology"), sources)} == {"same"}

    @pytest.mark.data
    def test_ontology_sets_lie_inside_the_terms_with_all_evidence(self, shared_data: Path):
        # All annotations of the same release, electronic ones included.
        with gzip.open(
            shared_data / "gene_resources" / "go_bp_mf_cc_all_human_symbols.gmt.gz", "rt"
        ) as file:
            terms = {line.split("\t")[0]: set(line.rstrip().split("\t")[2:]) for line in file}
        for e in self.entries("gene_ontology"):
            older = {new: old for old, new in e.get("symbol_updates", {}).items()}
            genes = {older.get(gene, gene) for gene in e["genes"]}
            assert genes <= terms[e["source"]["go_id"]], e["id"]
