"""GMX, MSigDB's JSON, and which format a file has by its name."""

import gzip
import json

import pytest

from neurosig.errors import GmtError, ParameterError, ResourceError, SignatureError
from neurosig.genesets.exchange import read_json
from neurosig.genesets.formats import read_signatures, write_signatures
from neurosig.genesets.gmx import read_gmx
from neurosig.genesets.signature import Signature, SignatureCollection

# MSigDB's JSON as its page "JSON: file format" shows it, with two of the genes.
MSIGDB = {
    "HALLMARK_ANGIOGENESIS": {
        "systematicName": "M5944",
        "pmid": "26771021",
        "exactSource": "",
        "externalDetailsURL": [],
        "geneSymbols": ["APOH", "APP"],
        "msigdbURL": "https://www.gsea-msigdb.org/gsea/msigdb/human/geneset/HALLMARK_ANGIOGENESIS",
        "filteredBySimilarity": [],
        "externalNamesForSimilarTerms": [],
        "collection": "H",
    }
}


@pytest.fixture
def collection():
    return SignatureCollection(
        [
            Signature(id="PLAIN", genes=("NGF", "TH", "DBH"), title="three"),
            Signature(id="BOTH", genes=("FOS", "IFNB1"), weights=(1, -1), title="two"),
        ]
    )


class TestGmx:
    def test_a_set_is_a_column(self, collection, tmp_path):
        collection.to_gmx(tmp_path / "s.gmx")
        assert (tmp_path / "s.gmx").read_text() == (
            "PLAIN\tBOTH_UP\tBOTH_DN\nthree\ttwo\ttwo\nNGF\tFOS\tIFNB1\nTH\t\t\nDBH\t\t\n"
        )
        assert read_gmx(tmp_path / "s.gmx", pair_up_down=True) == collection

    def test_columns_of_any_length_and_trailing_tabs_are_read(self, tmp_path):
        (tmp_path / "s.gmx").write_text("A\tB\t\r\nna\t\t\r\nX\tZ\r\nY\r\n\r\n")
        sets = read_gmx(tmp_path / "s.gmx")
        assert {name: s.genes for name, s in sets.items()} == {"A": ("X", "Y"), "B": ("Z",)}
        assert sets["A"].title == "na"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("A\tB\nna\tna\nX\t\n", "column 2: the set is empty"),
            (
                "A\tA\nna\tna\nX\tY\n",
                "column 2: the set 'A' is there already. Its first column is 1",
            ),
            ("A\nna\nX\n\nY\n", "column 1: the set 'A' has an empty gene"),
            ("A\nna\nX\nX\n", "column 1: .*duplicates='drop'"),
            ("\tB\nna\tna\nX\tY\n", "column 1: A signature cannot be named ''"),
        ],
    )
    def test_a_broken_column_is_named(self, tmp_path, text, message):
        (tmp_path / "s.gmx").write_text(text)
        with pytest.raises(GmtError, match=message) as caught:
            read_gmx(tmp_path / "s.gmx")
        assert caught.value.facts["column"] == int(message.split()[1].strip(":"))

    def test_a_file_that_unpacks_to_too_much_or_holds_nul_is_refused(self, tmp_path):
        (tmp_path / "bomb.gmx").write_bytes(gzip.compress(b"A" * 10_000_000))
        with pytest.raises(GmtError, match="larger than the limit of 1,000,000 bytes"):
            read_gmx(tmp_path / "bomb.gmx", max_bytes=1_000_000)
        (tmp_path / "nul.gmx").write_bytes(b"A\nna\nX\x00\n")
        with pytest.raises(GmtError, match="NUL byte"):
            read_gmx(tmp_path / "nul.gmx")

    def test_weights_are_refused(self, tmp_path):
        weighted = SignatureCollection.of({"S": {"A": 0.5}})
        with pytest.raises(SignatureError, match="cannot be written as GMX"):
            weighted.to_gmx(tmp_path / "s.gmx")


class TestMsigdbJson:
    def test_symbols_and_source_are_read(self, tmp_path):
        (tmp_path / "h.json").write_text(json.dumps(MSIGDB))
        signature = read_json(tmp_path / "h.json")["HALLMARK_ANGIOGENESIS"]
        assert signature.genes == ("APOH", "APP")
        assert signature.source == {
            "kind": "msigdb",
            "systematic_name": "M5944",
            "pmid": "26771021",
            "url": MSIGDB["HALLMARK_ANGIOGENESIS"]["msigdbURL"],
            "collection": "H",
        }
        assert signature.licence == "unknown"

    @pytest.mark.parametrize("symbols", ["APOH", [1, 2], None, []])
    def test_what_is_no_list_of_symbols_is_refused(self, tmp_path, symbols):
        (tmp_path / "h.json").write_text(json.dumps({"A": {"geneSymbols": symbols}}))
        with pytest.raises(SignatureError, match="'A'"):
            read_json(tmp_path / "h.json")

    def test_a_json_of_another_kind_is_neither(self, tmp_path):
        (tmp_path / "h.json").write_text(json.dumps({"A": {"genes": ["APOH"]}}))
        with pytest.raises(SignatureError, match="not a collection"):
            read_json(tmp_path / "h.json")


class TestByName:
    @pytest.mark.parametrize("name", ["s.gmt", "s.gmx", "s.json", "s.csv"])
    def test_what_is_written_is_read_by_its_ending(self, collection, tmp_path, name):
        plain = SignatureCollection([collection["PLAIN"]])
        write_signatures(plain, tmp_path / name)
        assert read_signatures(tmp_path / name)["PLAIN"].genes == ("NGF", "TH", "DBH")

    def test_gz_behind_the_ending_is_fine(self, tmp_path):
        (tmp_path / "s.gmt.gz").write_bytes(gzip.compress(b"A\tna\tX\n"))
        assert read_signatures(tmp_path / "s.gmt.gz")["A"].genes == ("X",)

    def test_another_ending_is_refused(self, collection, tmp_path):
        with pytest.raises(SignatureError, match=r"'s\.xlsx' is not a file of signatures.*\.gmx"):
            read_signatures(tmp_path / "s.xlsx")
        with pytest.raises(ParameterError, match="does not say which format"):
            write_signatures(collection, tmp_path / "s.xlsx")

    def test_a_missing_file_is_a_resource_error(self, tmp_path):
        with pytest.raises(ResourceError):
            read_signatures(tmp_path / "absent.gmx")

    def test_decouplers_network_goes_in_and_out(self, collection):
        # decoupler 2: a long table with the columns source, target and weight.
        frame = collection.to_frame()
        assert list(frame.columns) == ["source", "target", "weight"]
        assert frame.to_numpy().tolist()[-1] == ["BOTH", "IFNB1", -1.0]
        assert SignatureCollection.from_frame(frame).sha256 == collection.sha256
