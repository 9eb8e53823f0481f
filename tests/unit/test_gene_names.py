"""Which gene a name stands for, whatever R, a spreadsheet or the years did to it.

Expected symbols: HGNC's current ones (genenames.org), the renaming of 2020 in Bruford EA et al.,
doi:10.1038/s41588-020-0669-3. Day numbers: days since 1899-12-30, worked out beside each.
"""

from datetime import date

import pytest

from neurosig.errors import IdentifierError
from neurosig.genesets.gene_table import gene_table
from neurosig.genesets.identifiers import Identifiers, guess_identifiers
from neurosig.genesets.translation import translate

HUMAN = gene_table("human")


def one(name, kind="symbol", source="human", to="symbol", organism=None, others=()):
    found = Identifiers(kind, source, {}, 1, is_stated=True)
    return translate([name, *others], found, to, organism or source)[0]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("IL8", "CXCL8"),
        ("PD-L1", "CD274"),
        ("TRKA", "NTRK1"),
        ("SEPT2", "SEPTIN2"),  # also a synonym of SEPTIN6; HGNC's approved symbol until 2020
        ("SEPT14", "SEPTIN14"),
        ("MARCH1", "MARCHF1"),
        ("MARC1", "MTARC1"),
        ("SEP15", "SELENOF"),
        ("LOC3569", "LOC3569"),  # NCBI's numbers of this form have five digits or more
    ],
)
def test_aliases_and_previous_symbols_become_the_approved_symbol(name, symbol):
    assert one(name).output == symbol


@pytest.mark.parametrize("name", ["CXCL8", "NGF", "SEPTIN2", "C1orf43", "HLA-A", "MT-CO1", "ENSA"])
def test_an_approved_symbol_is_left_alone(name):
    assert (one(name).output, one(name).action) == (name, "unchanged")


def test_no_approved_symbol_is_taken_for_the_alias_of_another_gene():
    assert not set(HUMAN.symbols) & set(HUMAN.aliases)
    outputs = translate(
        list(HUMAN.symbols),
        Identifiers("symbol", "human", {}, 1, is_stated=True),
        "symbol",
        "human",
    )
    assert {t.action for t in outputs} == {"unchanged"}


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("COX1", {"MT-CO1", "PTGS1"}),
        ("DEC1", {"BHLHE40", "DELEC1"}),
        ("GIF", {"CBLIF", "MIF", "MT3"}),
    ],
)
def test_an_alias_of_several_genes_is_kept_and_reported_with_all_of_them(name, candidates):
    found = one(name)
    assert (found.output, found.action) == (name, "ambiguous")
    assert set(found.candidates) == candidates


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("Sep-02", "SEPTIN2"),
        ("2-Sep", "SEPTIN2"),
        ("2-Sep-06", "SEPTIN2"),
        ("2006/09/02", "SEPTIN2"),
        ("2006-09-02", "SEPTIN2"),
        ("2006-09-02 00:00:00", "SEPTIN2"),
        ("09/02/2006", "SEPTIN2"),  # 2 September or 9 February, and no gene is called FEB9
        ("02/09/2006", "SEPTIN2"),
        ("3-Mar", "MARCHF3"),
        ("11-MAR", "MARCHF11"),
        ("15-Sep", "SELENOF"),
        (str((date(2021, 9, 2) - date(1899, 12, 30)).days), "SEPTIN2"),
    ],
)
def test_a_spreadsheet_date_of_one_gene_is_undone(name, symbol):
    found = one(name)
    assert (found.output, found.reason) == (symbol, "spreadsheet date")


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("1-Mar", {"MARCHF1", "MTARC1"}),
        ("Mar-02", {"MARCHF2", "MTARC2"}),
        ("44256", {"MARCHF1", "MTARC1"}),  # 2021-03-01: 44,197 days to 1 January, 59 more
        ("1-Dec", {"BHLHE40", "DELEC1"}),
        ("3/9/2006", {"MARCHF9", "SEPTIN3"}),
    ],
)
def test_a_spreadsheet_date_of_several_genes_is_kept_and_reported(name, candidates):
    found = one(name)
    assert (found.output, found.action, found.is_damaged) == (name, "ambiguous", True)
    assert set(found.candidates) == candidates


@pytest.mark.parametrize("name", ["4-Oct", "31-Jan", "2.31E+13", "2310009E+13"])
def test_what_a_spreadsheet_left_of_an_unknown_name_is_kept(name):
    assert (one(name).output, one(name).action) == (name, "unknown")


def test_a_riken_clone_read_as_a_number_is_damaged_for_good():
    assert one("2.31E+13", source="mouse").is_damaged
    assert one("2310009E13Rik", source="mouse").is_damaged is False


@pytest.mark.parametrize("name", ["MARCO", "MARCO-1", "DECR1", "12345", "OCT4-2"])
def test_what_only_resembles_a_date_is_none(name):
    assert "date" not in one(name).reason


@pytest.mark.parametrize(
    ("name", "others", "symbol"),
    [
        ("HLA.A", (), "HLA-A"),
        ("HLA.DRB1", (), "HLA-DRB1"),
        ("X7SK", (), "RN7SK"),
        ("NKX2.1", (), "NKX2-1"),
        ("MATR3.1", ("MATR3",), "MATR3"),
        ("MATR3-1", ("MATR3",), "MATR3"),
        ("HLA.A.1", ("HLA.A",), "HLA-A"),
        ("HLA.A", ("HLA",), "HLA-A"),
    ],
)
def test_names_changed_by_r_are_changed_back(name, others, symbol):
    assert one(name, others=others).output == symbol


def test_a_number_at_the_end_is_no_copy_without_the_name_itself():
    assert one("MATR3.1").action == "unknown"


@pytest.mark.parametrize("name", ["ngf", "Ngf", " NGF", '"NGF"', "NGF\t", "\ufeffNGF", "NGF\u00a0"])
def test_case_blanks_and_quotes_do_not_matter(name):
    assert (one(name).output, one(name).action) == ("NGF", "renamed")


def test_an_open_reading_frame_keeps_its_small_letters():
    assert one("C1ORF43").output == "C1orf43"


@pytest.mark.parametrize("name", ["", "  ", '""'])
def test_an_empty_name_is_dropped(name):
    assert (one(name).output, one(name).reason) == ("", "no name")


@pytest.mark.parametrize("name", ["NA", "NaN", "None", "TRUE"])
def test_a_name_that_means_missing_elsewhere_is_a_name(name):
    assert one(name).output == name


@pytest.mark.parametrize(
    ("name", "to", "output"),
    [
        ("ENSG00000134259", "symbol", "NGF"),
        ("ENSG00000134259.12", "symbol", "NGF"),
        ("ENSG00000134259.12", "ensembl", "ENSG00000134259"),
        ("ENSG00000134259.12", "entrez", "4803"),
        ("ENSG00000182378.15_PAR_Y", "symbol", "PLCXD1_PAR_Y"),
        ("ENSG00000182378.15_PAR_Y", "ensembl", "ENSG00000182378_PAR_Y"),
        ("ENSGR0000182378.10", "symbol", "PLCXD1_PAR_Y"),  # GENCODE before release 25
        ("ENSG00000292344", "symbol", "PLCXD1_PAR_Y"),  # Ensembl from release 110
        ("ENSG00000196101", "symbol", "HLA-DRB3"),  # on an alternative haplotype only
    ],
)
def test_ensembl_ids_lose_their_version_and_keep_the_y_copy_apart(name, to, output):
    assert one(name, kind="ensembl", to=to).output == output


def test_the_two_copies_of_a_pseudoautosomal_gene_never_meet():
    x, y = (one(f"ENSG00000182378.15{end}", kind="ensembl").output for end in ("", "_PAR_Y"))
    assert (x, y) == ("PLCXD1", "PLCXD1_PAR_Y")
    assert one(y, to="ensembl").output == "ENSG00000182378_PAR_Y"


@pytest.mark.parametrize(
    ("name", "output", "reason"),
    [
        ("ENSG99999999999.3", "ENSG99999999999", "version; Ensembl id without a symbol"),
        ("ENST00000369512", "ENST00000369512", "no Ensembl gene id"),
        ("ENSMUSG00000027859", "ENSMUSG00000027859", "Ensembl id of another organism"),
    ],
)
def test_an_ensembl_id_of_no_human_gene_is_kept_with_the_reason(name, output, reason):
    found = one(name, kind="ensembl")
    assert (found.output, found.action, found.reason) == (output, "unknown", reason)


@pytest.mark.parametrize(
    ("name", "output"), [("4803", "NGF"), ("4803.0", "NGF"), ("999999999", "999999999")]
)
def test_entrez_ids_become_symbols(name, output):
    assert one(name, kind="entrez").output == output


def test_a_pair_of_symbol_and_entrez_id_is_read_by_its_entrez_id():
    assert one("?|4803").output == one("NGF|4803").output == "NGF"


@pytest.mark.parametrize(
    ("name", "source", "organism", "output"),
    [
        ("Cd8a", "mouse", "human", "CD8A"),
        ("Trp53", "mouse", "human", "TP53"),
        ("Acpp", "mouse", "human", "ACP3"),  # called Acp3 since
        ("NGF", "human", "mouse", "Ngf"),
        ("IL8RB", "human", "mouse", "Cxcr2"),
        ("Sept2", "mouse", "human", "SEPTIN2"),
        ("ENSMUSG00000027859", "mouse", "human", "NGF"),
    ],
)
def test_genes_are_named_by_their_ortholog(name, source, organism, output):
    assert one(name, source=source, organism=organism).output == output


def test_of_several_orthologs_the_one_of_the_same_symbol_is_taken():
    found = one("Ccl3", source="mouse", organism="human")  # CCL3, CCL3L3 and CCL18
    assert found.output == "CCL3"
    assert found.reason.endswith("of 3 orthologs the same symbol")


def test_of_several_genes_with_one_ortholog_the_one_of_its_symbol_is_taken():
    assert one("Gzmb", source="mouse", organism="human").output == "GZMB"
    other = one("Gzmc", source="mouse", organism="human")
    assert (other.output, other.action) == ("", "dropped")
    assert other.reason.endswith("Gzmb is the ortholog of the same symbol as GZMB")


def test_genes_with_one_ortholog_of_another_symbol_all_get_its_name():
    names = ["Ccl21a", "Ccl21b"]
    assert [one(n, source="mouse", organism="human").output for n in names] == ["CCL21", "CCL21"]


@pytest.mark.parametrize(
    ("name", "source", "organism", "reason"),
    [
        ("Acot3", "mouse", "human", "2 orthologs, none of the same symbol"),
        ("CXCL8", "human", "mouse", "no ortholog"),
        ("FOO", "human", "mouse", "not in the gene table"),
    ],
)
def test_without_one_ortholog_a_gene_is_dropped_with_the_reason(name, source, organism, reason):
    found = one(name, source=source, organism=organism)
    assert (found.output, found.action) == ("", "dropped")
    assert reason in found.reason


@pytest.mark.parametrize(
    ("names", "kind", "organism"),
    [
        (["NGF", "BDNF", "IL8", "FOO"], "symbol", "human"),
        (["Ngf", "Bdnf", "Cd8a"], "symbol", "mouse"),
        (["ENSG00000134259.12", "ENSG00000176697"], "ensembl", "human"),
        (["ENSMUSG00000027859", "ENSMUSG00000048482.1"], "ensembl", "mouse"),
        (["4803", "627", "4914"], "entrez", "human"),
        (["NGF|4803", "BDNF|627", "?|100130426"], "symbol", "human"),
        (['"NGF"', " BDNF"], "symbol", "human"),
    ],
)
def test_the_kind_of_identifiers_is_told_by_looking_them_up(names, kind, organism):
    found = guess_identifiers(names)
    assert (found.kind, found.organism, found.is_stated) == (kind, organism, False)
    assert f"{organism} " in found.evidence


@pytest.mark.parametrize(
    "names",
    [
        ["206814_at", "206382_s_at"],
        ["ngf", "bdnf", "ntrk1"],  # human, mouse, zebrafish
        ["NGF", "BDNF", "Ngf", "Bdnf"],
        ["alpha", "beta"],
    ],
)
def test_identifiers_of_no_clear_kind_are_refused_with_the_counts(names):
    with pytest.raises(
        IdentifierError, match=r"human symbol \d, mouse symbol \d.*from_="
    ) as caught:
        guess_identifiers(names)
    assert set(caught.value.facts["counts"]) >= {"human symbol", "mouse symbol"}


def test_what_is_stated_is_not_guessed():
    found = guess_identifiers(["alpha"], "symbol", "mouse")
    assert (found.kind, found.organism, found.is_stated) == ("symbol", "mouse", True)


def test_a_stated_organism_settles_names_without_case():
    assert guess_identifiers(["ngf", "bdnf"], organism="human").kind == "symbol"
