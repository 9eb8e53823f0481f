"""Expression files that cannot be used: each is refused in words that help."""

import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from neurosig.errors import (
    DuplicateGenesError,
    ExpressionError,
    InputError,
    NonFiniteError,
    ParameterError,
    ResourceError,
)
from neurosig.expression.checks import check_finite
from neurosig.expression.io import read_expression

GOOD = "gene,s1,s2\nNGF,1,2\nBDNF,3,4\n"


def refusal(tmp_path, content, error=InputError, name="x.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error) as caught:
        read_expression(path, **{"orientation": "genes_in_rows"} | options)
    assert caught.value.remedy
    assert caught.value.evidence
    return str(caught.value)


@pytest.mark.parametrize("content", ["", "\n\n", "   \n"])
def test_an_empty_file_is_refused(tmp_path, content):
    assert "empty" in refusal(tmp_path, content)


def test_a_header_without_rows_is_refused(tmp_path):
    assert "no rows" in refusal(tmp_path, "gene,s1,s2\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("gene,s1,s2\nNGF,1,2,9\nBDNF,3,4\n", "line 2"),
        ("gene,s1,s2\nNGF,1,2\nBDNF,3,4,5\n", "line 3"),
        ("gene,s1,s2\nNGF,1,2\nBDNF,3\n", "line 3"),
        ("gene,s1,s2\nNGF,1,2\n\nBDNF,3\n", "line 4"),
        ('gene,s1,s2\n"NGF",1,2\nBDNF,3\n', "line 3"),
    ],
    ids=["first row longer", "row longer", "row shorter", "after a blank line", "with quotes"],
)
def test_a_row_of_another_length_is_refused_with_its_line(tmp_path, content, line):
    assert line in refusal(tmp_path, content)


def test_a_first_row_with_a_field_more_never_shifts_the_columns(tmp_path):
    # Only if every row has one more is it R's way of writing row names.
    assert "line 2" in refusal(tmp_path, "s1,s2\nNGF,1,2\nBDNF,3\n")


def test_nul_bytes_are_refused_with_the_line(tmp_path):
    assert "line 2" in refusal(tmp_path, GOOD.replace("NGF", "N\0F"))


def test_utf_16_is_refused_with_the_option_to_give(tmp_path):
    assert 'encoding="utf-16"' in refusal(tmp_path, GOOD.encode("utf-16"))


def test_latin_1_is_refused_with_the_option_to_give(tmp_path):
    content = GOOD.replace("s1", "Köln").encode("latin-1")
    assert 'encoding="latin-1"' in refusal(tmp_path, content)


def test_an_unknown_encoding_is_refused(tmp_path):
    assert "klingon" in refusal(tmp_path, GOOD, ParameterError, encoding="klingon")


def test_a_small_gzip_file_cannot_fill_the_memory(tmp_path):
    bomb = gzip.compress(b"gene,s1\n" + b"NGF,1\n" * 10**6)
    assert len(bomb) < 30_000
    assert "limit" in refusal(tmp_path, bomb, max_bytes=10**6)


def test_a_cut_off_gzip_file_is_refused(tmp_path):
    assert "damaged gzip" in refusal(tmp_path, gzip.compress(GOOD.encode() * 50)[:-12])


def test_more_columns_than_the_limit_are_refused(tmp_path):
    header = "gene," + ",".join(f"s{i}" for i in range(100_001))
    content = f"{header}\nNGF{',1' * 100_001}\n"
    assert "too many columns" in refusal(tmp_path, content)


def test_repeated_sample_names_are_refused(tmp_path):
    message = refusal(tmp_path, "gene,s1,s2,s1\nNGF,1,2,3\n", ExpressionError)
    assert "'s1' 2 times" in message


def test_repeated_genes_are_refused_with_the_rules_to_choose_from(tmp_path):
    message = refusal(tmp_path, GOOD + "NGF,5,6\n", DuplicateGenesError)
    assert "'NGF' 2 times" in message
    assert 'duplicates="mean"' in message


def test_an_unknown_rule_for_repeated_genes_is_refused(tmp_path):
    assert "highest_mean" in refusal(tmp_path, GOOD, ParameterError, duplicates="first")


@pytest.mark.parametrize("cell", ["high", "1.2.3", "TRUE", "0x1F", "1_000", "12abc"])
def test_a_cell_that_is_no_number_is_named(tmp_path, cell):
    message = refusal(tmp_path, f"gene,s1,s2\nNGF,1,2\nBDNF,3,{cell}\n", ExpressionError)
    assert f"'{cell}' in row 'BDNF', column 's2' (line 3)" in message


def test_a_decimal_comma_is_refused_with_the_option_to_give(tmp_path):
    message = refusal(tmp_path, "gene;s1;s2\nNGF;1,5;2\n", ExpressionError)
    assert "'1,5'" in message
    assert 'decimal=","' in message


def test_a_number_with_two_kinds_of_marks_is_refused(tmp_path):
    content = "gene;s1\nNGF;1.234,5\n"
    assert "'1.234,5'" in refusal(tmp_path, content, ExpressionError)
    assert "'1.234,5'" in refusal(tmp_path, content, ExpressionError, decimal=",")


def test_a_point_is_no_decimal_mark_where_the_comma_is(tmp_path):
    message = refusal(tmp_path, "gene;s1\nNGF;1.5\n", ExpressionError, decimal=",")
    assert "'1.5'" in message


def test_the_decimal_mark_cannot_be_the_separator(tmp_path):
    refusal(tmp_path, GOOD, ParameterError, sep=",", decimal=",")
    refusal(tmp_path, GOOD, ParameterError, decimal="x")


def test_a_separator_that_is_not_there_is_refused_with_the_one_that_is(tmp_path):
    assert "sep=','" in refusal(tmp_path, GOOD, ExpressionError, sep=";")
    refusal(tmp_path, "gene\nNGF\n", ExpressionError)
    refusal(tmp_path, GOOD, ParameterError, sep="::")


@pytest.mark.parametrize("gene", ["", "  "])
def test_a_row_without_a_name_is_refused(tmp_path, gene):
    assert "empty" in refusal(tmp_path, GOOD + f"{gene},5,6\n", ExpressionError)


def test_a_column_without_a_name_is_refused(tmp_path):
    assert "empty" in refusal(tmp_path, GOOD.replace("s2", ""), ExpressionError)


def test_missing_and_infinite_cells_are_found_by_the_check(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("gene,s1,s2\nNGF,,NA\nBDNF,inf,4\n")
    with pytest.raises(NonFiniteError, match=r"2 missing values \(NaN\) and 1 infinite value"):
        check_finite(read_expression(path, orientation="genes_in_rows"))


def test_a_file_of_zeros_is_refused(tmp_path):
    assert "zero" in refusal(tmp_path, "gene,s1\nNGF,0\nBDNF,0.0\n", ExpressionError)


@pytest.mark.parametrize(
    ("content", "guess"),
    [
        ("id,p1,p2\nNGF,1,2\nTP53,3,4\nx,5,6\n", "genes_in_rows"),
        ("id,NGF,TP53,x,y\np1,1,2,3,4\n", "genes_in_columns"),
        ("id,p1,p2\nENSG00000134259,1,2\n", "genes_in_rows"),
        ("id,a,b,c\nx,1,2,3\ny,1,2,3\n", "genes_in_columns"),
    ],
    ids=["symbols in rows", "symbols in columns", "Ensembl ids in rows", "the longer side"],
)
def test_a_table_without_orientation_is_refused_with_a_guess(tmp_path, content, guess):
    message = refusal(tmp_path, content, ParameterError, orientation=None)
    assert f"it looks like {guess}" in message
    assert f'orientation="{guess}"' in message


def test_an_unknown_orientation_is_refused(tmp_path):
    assert "genes_in_rows" in refusal(tmp_path, GOOD, ParameterError, orientation="rows")


def test_an_id_column_that_is_not_there_is_refused(tmp_path):
    message = refusal(tmp_path, GOOD, ParameterError, id_column="symbol")
    assert "'gene', 's1', 's2'" in message


@pytest.mark.parametrize("options", [{"layer": "counts"}, {"use_raw": True}])
def test_layer_and_raw_of_a_table_are_refused(tmp_path, options):
    refusal(tmp_path, GOOD, ParameterError, **options)


def test_a_missing_file_is_refused(tmp_path):
    for name in ("no.csv", "no.parquet", "no.h5ad"):
        orientation = None if name == "no.h5ad" else "genes_in_rows"
        with pytest.raises(ResourceError, match="cannot be read"):
            read_expression(tmp_path / name, orientation=orientation)


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    assert ".parquet" in refusal(tmp_path, GOOD, ParameterError, name="x.xlsx")
    assert "not a text file" in refusal(tmp_path, b"PK\x03\x04rest", name="x.csv")


@pytest.fixture
def h5ad(tmp_path):
    adata = ad.AnnData(
        sparse.random(50, 20, 0.5, format="csr", random_state=1),
        pd.DataFrame(index=[f"c{i}" for i in range(50)]),
        pd.DataFrame(index=[f"g{i}" for i in range(20)]),
    )
    adata.write_h5ad(tmp_path / "x.h5ad")
    return tmp_path / "x.h5ad"


def test_a_cut_off_h5ad_is_refused(h5ad):
    h5ad.write_bytes(h5ad.read_bytes()[:-4000])
    with pytest.raises(ResourceError, match="cannot be read as h5ad"):
        read_expression(h5ad)


def test_a_file_that_is_no_h5ad_is_refused(tmp_path):
    (tmp_path / "x.h5ad").write_text(GOOD)
    with pytest.raises(ResourceError, match="cannot be read as h5ad"):
        read_expression(tmp_path / "x.h5ad")


def test_an_h5ad_larger_than_the_limit_is_refused(h5ad):
    with pytest.raises(InputError, match="raise max_bytes"):
        read_expression(h5ad, max_bytes=1000)


@pytest.mark.parametrize(
    "options",
    [
        {"orientation": "genes_in_rows"},
        {"sep": ","},
        {"decimal": ","},
        {"encoding": "latin-1"},
        {"id_column": "gene"},
    ],
    ids=str,
)
def test_options_of_tables_are_refused_for_an_h5ad(h5ad, options):
    with pytest.raises(ParameterError, match="h5ad"):
        read_expression(h5ad, **options)


def test_a_missing_layer_of_an_h5ad_is_refused(h5ad):
    with pytest.raises(ExpressionError, match="no layer 'counts'"):
        read_expression(h5ad, layer="counts")


def test_a_cut_off_parquet_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"s1": [1.0, 2.0]}, index=["NGF", "BDNF"]).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ResourceError, match="cannot be read as parquet"):
        read_expression(path, orientation="genes_in_rows")


def test_a_parquet_larger_than_the_limit_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"s1": np.zeros(10**5)}).to_parquet(path)
    with pytest.raises(InputError, match="raise max_bytes"):
        read_expression(path, orientation="genes_in_rows", max_bytes=10**5)


def test_a_parquet_without_names_of_rows_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"s1": [1.0, 2.0], "s2": [1.0, 2.0]}).to_parquet(path)
    with pytest.raises(ParameterError, match="id_column"):
        read_expression(path, orientation="genes_in_rows")


def test_a_parquet_with_text_among_the_values_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"s1": [1.0, 2.0], "note": ["a", "b"]}, index=["NGF", "BDNF"]).to_parquet(path)
    with pytest.raises(ExpressionError, match="'note'"):
        read_expression(path, orientation="genes_in_rows")
