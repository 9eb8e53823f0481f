"""GMT: strict reading, lossless writing where a GMT can hold the signature, refusal where not."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosig.errors import GmtError, ParameterError, ResourceError, SignatureError
from neurosig.genesets.gmt import read_gmt
from neurosig.genesets.signature import Signature, SignatureCollection

# Characters that files and spreadsheets treat in their own way, and plain ones.
PLAIN = st.text("AB1=+-@'\",;#& \\\u03b2", min_size=1, max_size=5).filter(
    lambda text: text == text.strip()
)
# A gene list that looks like Enrichr's weights is refused on purpose, so commas stay out.
GENES = st.lists(PLAIN.filter(lambda text: "," not in text), unique=True, min_size=1, max_size=6)
IDS = st.lists(
    st.sampled_from(["A", "B", "A_UP", "A_DN", "A_UP_DN", "B_UP", "_UP", "_DN", "C_DN", "me"]),
    unique=True,
    min_size=1,
    max_size=5,
)


@st.composite
def unweighted_collections(draw):
    signatures = []
    for name in draw(IDS):
        genes = draw(GENES)
        signs = draw(
            st.none()
            | st.lists(st.sampled_from([1.0, -1.0]), min_size=len(genes), max_size=len(genes))
        )
        title = draw(st.just("") | PLAIN)
        signatures.append(Signature(id=name, genes=tuple(genes), weights=signs, title=title))
    return SignatureCollection(signatures)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(unweighted_collections())
def test_what_is_written_comes_back_and_what_would_not_is_refused(collection):
    is_directed = any(s.is_directed for s in collection.values())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sets.gmt"
        try:
            collection.to_gmt(path)
        except SignatureError:
            assert is_directed  # a collection without directions can always be written
            assert not path.exists()
            return
        again = read_gmt(path, pair_up_down=is_directed)
    assert again.sha256 == collection.sha256
    assert list(again) == list(collection)
    assert [s.title for s in again.values()] == [s.title for s in collection.values()]
    for name, signature in collection.items():
        assert again[name].up == signature.up
        assert again[name].down == signature.down


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "sets.gmt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


class TestReading:
    def test_names_descriptions_and_genes_are_read_in_order(self, tmp_path):
        sets = read_gmt(_file(tmp_path, "B\tsecond\tX\tY\nA\t\tZ\n"))
        assert list(sets) == ["B", "A"]
        assert sets["B"].title == "second"
        assert sets["B"].genes == ("X", "Y")
        assert sets["A"].title == ""

    def test_windows_line_ends_a_bom_blank_lines_and_trailing_tabs_are_fine(self, tmp_path):
        text = "\ufeffA\tna\tX\t Y \t\t\r\n\r\nB\tna\tZ\r\n   \n"
        sets = read_gmt(_file(tmp_path, text))
        assert {name: s.genes for name, s in sets.items()} == {"A": ("X", "Y"), "B": ("Z",)}

    def test_gzip_is_told_by_content_not_by_name(self, tmp_path):
        packed = gzip.compress(b"A\tna\tX\n")
        assert read_gmt(_file(tmp_path, packed))["A"].genes == ("X",)

    def test_a_gene_called_na_or_true_is_a_gene(self, tmp_path):
        assert read_gmt(_file(tmp_path, "A\tna\tNA\tTRUE\t1\n"))["A"].genes == ("NA", "TRUE", "1")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("A\tna\tX\nB na Y\n", "line 2: there is no tab"),
            ("A\tna\n", "line 1: the set is empty"),
            ("A\tna\t\t\n", "line 1: the set is empty"),
            ("A\t\t\n", "line 1"),
            ("A\tna\tX\t\tY\n", "line 1: the set 'A' has an empty gene. It is gene 2 of 3"),
            ("A\tna\tX\n\nA\tna\tY\n", "line 3: the set 'A' is there already. Its first line is 1"),
            ("A\tna\tX\tY\tX\n", "line 1: .*'X'.*duplicates='drop'"),
            ("A\t\tX,1.0\tY,0\n", "line 1: .*weight.* that cannot be used.*Y: 0"),
            ("A\t\tX,1.0\tX,0.5\n", "line 1: .*'X'"),
            ("\tna\tX\n", "line 1: A signature cannot be named ''"),
            ("A\tna\tX\x07\n", "line 1: .*cannot be a gene name"),
            ("", "is empty"),
            ("\n\n", "is empty"),
        ],
    )
    def test_a_broken_line_is_named(self, tmp_path, text, message):
        with pytest.raises(GmtError, match=message):
            read_gmt(_file(tmp_path, text))

    def test_the_weights_of_an_enrichr_library_are_weights(self, tmp_path):
        # Enrichr: term, an empty description, GENE,weight; a tab ends the line.
        text = "Axon guidance\t\tNTN1,1.0\tDCC,0.25\tSLIT2,1e-3\t\nPlain\t\tNGF,1.0\tBDNF,1.0\t\n"
        sets = read_gmt(_file(tmp_path, text))
        assert sets["Axon guidance"].weight_of == {"NTN1": 1.0, "DCC": 0.25, "SLIT2": 0.001}
        assert sets["Plain"].genes == ("NGF", "BDNF")
        assert sets["Plain"].weights is None  # all 1: a plain set

    def test_a_name_with_a_comma_among_plain_names_stays_a_name(self, tmp_path):
        assert read_gmt(_file(tmp_path, "A\t\tX,1\tY\n"))["A"].genes == ("X,1", "Y")

    def test_the_address_of_an_msigdb_set_is_its_source_and_comes_back(self, tmp_path):
        address = "https://www.gsea-msigdb.org/gsea/msigdb/human/geneset/HALLMARK_HYPOXIA"
        text = f"HALLMARK_HYPOXIA\t{address}\tVEGFA\tCA9\n"
        sets = read_gmt(_file(tmp_path, text))
        assert sets["HALLMARK_HYPOXIA"].source == {"url": address}
        assert sets["HALLMARK_HYPOXIA"].title == ""
        sets.to_gmt(tmp_path / "again.gmt")
        assert (tmp_path / "again.gmt").read_text() == text

    def test_the_line_number_is_a_fact_of_the_error(self, tmp_path):
        with pytest.raises(GmtError) as caught:
            read_gmt(_file(tmp_path, "A\tna\tX\nB\tna\n"))
        assert caught.value.facts["line"] == 2

    def test_repeated_genes_can_be_dropped(self, tmp_path):
        path = _file(tmp_path, "A\tna\tX\tY\tX\n")
        assert read_gmt(path, duplicates="drop")["A"].genes == ("X", "Y")

    def test_an_unknown_policy_is_refused(self, tmp_path):
        with pytest.raises(ParameterError, match="'keep'"):
            read_gmt(_file(tmp_path, "A\tna\tX\n"), duplicates="keep")

    def test_nul_bytes_and_other_encodings_are_refused_with_the_line(self, tmp_path):
        with pytest.raises(GmtError, match="NUL byte, the first on line 2"):
            read_gmt(_file(tmp_path, b"A\tna\tX\nB\tna\tY\x00\n"))
        with pytest.raises(GmtError, match=r"not in the encoding utf-8.*line 2"):
            read_gmt(_file(tmp_path, "A\tna\tX\nB\tna\té\n".encode("latin-1")))

    def test_a_damaged_gzip_is_refused(self, tmp_path):
        packed = gzip.compress(b"A\tna\tX\n" * 100)
        for broken in (packed[:-12], packed[:12] + b"\xff\xff\xff" + packed[15:]):
            with pytest.raises(GmtError, match="damaged gzip"):
                read_gmt(_file(tmp_path, broken))

    def test_the_limit_counts_unpacked_bytes(self, tmp_path):
        bomb = gzip.compress(b"A" * 10_000_000)
        assert len(bomb) < 20_000
        with pytest.raises(GmtError, match="larger than the limit of 1,000,000 bytes"):
            read_gmt(_file(tmp_path, bomb), max_bytes=1_000_000)

    def test_a_file_of_exactly_the_limit_is_read(self, tmp_path):
        content = "A\tna\tX\n"
        assert len(read_gmt(_file(tmp_path, content), max_bytes=len(content))) == 1
        with pytest.raises(GmtError, match="larger"):
            read_gmt(_file(tmp_path, content), max_bytes=len(content) - 1)

    def test_a_missing_file_or_a_folder_is_a_resource_error(self, tmp_path):
        for path in (tmp_path / "absent.gmt", tmp_path):
            with pytest.raises(ResourceError, match="cannot be read"):
                read_gmt(path)


class TestPairs:
    def test_complete_pairs_are_joined_where_the_first_stands(self, tmp_path):
        text = "Z\t\tQ\nS_DN\tdown\tB\nT_UP\t\tX\nS_UP\tup\tA\n"
        sets = read_gmt(_file(tmp_path, text), pair_up_down=True)
        assert list(sets) == ["Z", "S", "T_UP"]
        assert sets["S"].up == ("A",)
        assert sets["S"].down == ("B",)
        assert sets["S"].title == "up"

    def test_pairs_are_left_alone_by_default(self, tmp_path):
        sets = read_gmt(_file(tmp_path, "S_UP\t\tA\nS_DN\t\tB\n"))
        assert list(sets) == ["S_UP", "S_DN"]

    def test_a_gene_in_both_lines_is_refused(self, tmp_path):
        path = _file(tmp_path, "S_UP\t\tA\tB\nS_DN\t\tB\n")
        with pytest.raises(GmtError, match=r"line 2: 'S_UP' and 'S_DN' share 1 gene"):
            read_gmt(path, pair_up_down=True)

    def test_a_joined_name_that_is_taken_is_refused(self, tmp_path):
        path = _file(tmp_path, "S\t\tC\nS_UP\t\tA\nS_DN\t\tB\n")
        with pytest.raises(GmtError, match=r"line 3: .*'S', which is there already"):
            read_gmt(path, pair_up_down=True)


class TestWriting:
    def test_a_directed_signature_is_two_lines(self, tmp_path):
        signature = Signature(id="S", genes=("A", "B", "C"), weights=(1, -1, 1), title="t")
        SignatureCollection([signature]).to_gmt(tmp_path / "s.gmt")
        assert (tmp_path / "s.gmt").read_text() == "S_UP\tt\tA\tC\nS_DN\tt\tB\n"

    @pytest.mark.parametrize(
        ("signatures", "message"),
        [
            ({"S": {"A": 0.5}}, r"weights other than \+1 and -1.*to_json"),
            ({"S": ["A,1", "B,2"]}, "read as genes with weights"),
            ({"S": {"up": [], "down": ["A"]}}, "none that goes up"),
            ({"S": {"A": 1, "B": -1}, "S_UP": ["C"]}, "are taken"),
            ({"S": {"A": 1, "B": -1}, "S_UP": {"A": 1, "B": -1}}, "are taken"),
            ({"S": {"A": 1, "B": -1}, "T_UP": ["C"], "T_DN": ["D"]}, "undirected"),
            ({}, "empty collection"),
        ],
    )
    def test_what_a_gmt_cannot_hold_is_refused(self, tmp_path, signatures, message):
        with pytest.raises(SignatureError, match=message):
            SignatureCollection.of(signatures).to_gmt(tmp_path / "s.gmt")
        assert list(tmp_path.iterdir()) == []

    def test_a_title_with_a_tab_is_refused(self, tmp_path):
        signature = Signature(id="S", genes=("A",), title="a\tb")
        with pytest.raises(SignatureError, match="title with tabs"):
            SignatureCollection([signature]).to_gmt(tmp_path / "s.gmt")


@pytest.mark.data
class TestRealFiles:
    def test_msigdb_hallmarks_are_fifty_sets(self, shared_data):
        # MSigDB's own description of the hallmark collection: 50 gene sets.
        sets = read_gmt(shared_data / "gene_resources" / "h.all.v7.2.symbols.gmt")
        assert len(sets) == 50
        assert all(name.startswith("HALLMARK_") for name in sets)

    def test_a_packed_ontology_has_as_many_sets_as_lines(self, shared_data, tmp_path):
        path = shared_data / "gene_resources" / "go_bp_mf_cc_all_human_symbols.gmt.gz"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            n_lines = sum(1 for line in file if line.strip())
        sets = read_gmt(path)
        assert len(sets) == n_lines
        sets.to_gmt(tmp_path / "again.gmt")
        assert read_gmt(tmp_path / "again.gmt").sha256 == sets.sha256
