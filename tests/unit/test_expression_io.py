"""Expression files that can be read, and what is read from them."""

import gzip
import hashlib

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from neurosig.expression.adapters import as_expression
from neurosig.expression.checks import check_finite
from neurosig.expression.duplicates import combine_duplicates
from neurosig.expression.io import read_expression

GENES_IN_ROWS = "gene,s1,s2,s3\nNGF,1.5,0,2\nBDNF,-0.25,1e3,NA\n"


def read(tmp_path, content, name="x.csv", orientation="genes_in_rows", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_expression(path, orientation=orientation, **options)


def expect_the_table(expression):
    assert list(expression.obs_names) == ["s1", "s2", "s3"]
    assert list(expression.var_names) == ["NGF", "BDNF"]
    np.testing.assert_array_equal(
        expression.to_frame(), [[1.5, -0.25], [0.0, 1000.0], [2.0, np.nan]]
    )


def test_genes_in_rows_are_turned(tmp_path):
    expect_the_table(read(tmp_path, GENES_IN_ROWS))


def test_genes_in_columns_stay(tmp_path):
    content = "sample\tNGF\tBDNF\ns1\t1.5\t-0.25\ns2\t0\t1e3\ns3\t2\tNA\n"
    expect_the_table(read(tmp_path, content, "x.tsv", "genes_in_columns"))


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (GENES_IN_ROWS.replace(",", "\t"), {}),
        (GENES_IN_ROWS.replace(",", ";"), {}),
        (GENES_IN_ROWS.replace(",", "|"), {"sep": "|"}),
        (GENES_IN_ROWS.replace(",", ";").replace(".", ","), {"decimal": ","}),
        (GENES_IN_ROWS.replace("gene,", '"",').replace("NGF", '"NGF"'), {}),
        (GENES_IN_ROWS.replace("gene,", ""), {}),
        ("\n" + GENES_IN_ROWS.replace("\n", "\n\n"), {}),
        (GENES_IN_ROWS.encode("utf-8-sig"), {}),
        (GENES_IN_ROWS.encode("utf-16"), {"encoding": "utf-16"}),
        (GENES_IN_ROWS.replace("\n", "\r"), {}),
        (GENES_IN_ROWS.replace("\n", "\r\n"), {}),
        (gzip.compress(GENES_IN_ROWS.encode()), {}),
        (GENES_IN_ROWS.rstrip("\n"), {}),
    ],
    ids=[
        "tab",
        "semicolon",
        "named separator",
        "decimal comma",
        "quotes",
        "R header without a name for the ids",
        "blank lines",
        "byte-order mark",
        "UTF-16 as named",
        "CR line ends",
        "CRLF line ends",
        "gzip content in .csv",
        "no line end at the end",
    ],
)
def test_a_dialect_gives_the_same_matrix(tmp_path, content, options):
    expect_the_table(read(tmp_path, content, **options))


def test_a_gz_ending_is_read(tmp_path):
    expect_the_table(read(tmp_path, gzip.compress(GENES_IN_ROWS.encode()), "x.TXT.gz"))


def test_gene_names_stay_text_whatever_they_look_like(tmp_path):
    names = ["NA", "nan", "NaN", "None", "null", "TRUE", "1-Mar", "2.31E+13", "0012", "inf", "N/A"]
    content = "gene,s1\n" + "".join(f"{name},1\n" for name in names)
    assert list(read(tmp_path, content).var_names) == names


def test_sample_names_stay_text_whatever_they_look_like(tmp_path):
    names = ["0012", "1E5", "TRUE", "NA", "1.10", "2024-01-02"]
    in_header = "gene," + ",".join(names) + "\nNGF" + ",1" * len(names) + "\n"
    assert list(read(tmp_path, in_header).obs_names) == names
    in_column = "id,NGF\n" + "".join(f"{name},1\n" for name in names)
    assert list(read(tmp_path, in_column, orientation="genes_in_columns").obs_names) == names


def test_the_id_column_can_be_another_than_the_first(tmp_path):
    content = "s1,symbol,s2\n1,NGF,2\n3,BDNF,4\n"
    frame = read(tmp_path, content, id_column="symbol").to_frame()
    assert frame.T.to_dict() == {"s1": {"NGF": 1, "BDNF": 3}, "s2": {"NGF": 2, "BDNF": 4}}


def test_numbers_come_back_to_the_last_bit(tmp_path):
    values = np.random.default_rng(5).normal(6, 3, (300, 7)) * 10.0 ** np.arange(-3, 4)
    frame = pd.DataFrame(values, [f"g{i}" for i in range(300)], [f"s{i}" for i in range(7)])
    frame.to_csv(tmp_path / "x.csv")
    expression = read_expression(tmp_path / "x.csv", orientation="genes_in_rows")
    np.testing.assert_array_equal(expression.to_frame().T, frame)


def test_a_line_of_five_megabytes_is_read(tmp_path):
    n_genes = 20_000
    header = "id," + ",".join(f"gene_{i}" for i in range(n_genes))
    row = ",".join(["1.5" + "0" * 250] * n_genes)
    expression = read(tmp_path, f"{header}\ns1,{row}\n", orientation="genes_in_columns")
    assert expression.shape == (1, n_genes)
    assert np.all(expression.block(0, 1).data == 1.5)


def test_the_origin_names_file_hash_and_orientation(tmp_path):
    origin = read(tmp_path, GENES_IN_ROWS).origin
    assert origin == {
        "file": "x.csv",
        "source": "csv table",
        "orientation": "genes_in_rows",
        "sha256": hashlib.sha256(GENES_IN_ROWS.encode()).hexdigest(),
    }


DUPLICATED = "gene,s1,s2\nNGF,1,2\nBDNF,7,8\nNGF,3,6\nNGF,5,1\n"


@pytest.mark.parametrize(
    ("rule", "ngf"),
    [
        ("mean", [3, 3]),  # (1 + 3 + 5) / 3 and (2 + 6 + 1) / 3
        ("sum", [9, 9]),
        ("highest_mean", [3, 6]),  # means of the three rows: 1.5, 4.5, 3
    ],
)
def test_repeated_genes_are_combined_by_the_rule_and_that_is_recorded(tmp_path, rule, ngf):
    expression = read(tmp_path, DUPLICATED, duplicates=rule)
    assert list(expression.var_names) == ["NGF", "BDNF"]
    assert expression.to_frame()["NGF"].tolist() == ngf
    assert expression.to_frame()["BDNF"].tolist() == [7, 8]
    assert expression.origin["duplicates"] == f"{rule} of 1 repeated gene name"


@pytest.mark.parametrize("rule", ["mean", "sum", "highest_mean"])
def test_a_sparse_matrix_is_combined_like_a_dense_one(rule):
    values = np.array([[1.0, 7.0, 3.0, 0.0], [2.0, 8.0, 6.0, 0.0]])
    names = ["NGF", "BDNF", "NGF", "NGF"]
    dense, _, _ = combine_duplicates(values, names, rule)
    for kind in (sparse.csr_matrix, sparse.csc_matrix):
        combined, genes, n_combined = combine_duplicates(kind(values), names, rule)
        assert sparse.issparse(combined)
        np.testing.assert_array_equal(combined.toarray(), dense)
        assert (genes, n_combined) == (["NGF", "BDNF"], 1)


def test_a_missing_value_makes_a_mean_missing_and_is_the_last_choice():
    values = np.array([[np.nan, 2.0], [9.0, 2.0]])
    mean, _, _ = combine_duplicates(values, ["NGF", "NGF"], "mean")
    np.testing.assert_array_equal(mean, [[np.nan], [5.5]])
    highest, _, _ = combine_duplicates(values, ["NGF", "NGF"], "highest_mean")
    np.testing.assert_array_equal(highest, [[2.0], [2.0]])


@pytest.mark.parametrize("as_index", [True, False])
def test_a_parquet_table_is_read_with_ids_in_the_index_or_a_column(tmp_path, as_index):
    frame = pd.DataFrame({"s1": [1.5, 2.5], "s2": [0.0, 4.0]}, index=["NGF", "NA"])
    frame = frame.astype(np.float32).rename_axis("gene")
    (frame if as_index else frame.reset_index()).to_parquet(tmp_path / "x.parquet")
    expression = read_expression(tmp_path / "x.parquet", orientation="genes_in_rows")
    assert list(expression.var_names) == ["NGF", "NA"]
    assert expression.to_frame().loc["s2"].tolist() == [0.0, 4.0]


def test_an_h5ad_is_read_with_its_layers_and_raw(tmp_path):
    values = sparse.csr_matrix([[1.0, 0.0], [0.0, 2.0]])
    adata = ad.AnnData(values, pd.DataFrame(index=["a", "b"]), pd.DataFrame(index=["NGF", "BDNF"]))
    adata.raw = adata.copy()
    adata.layers["halved"] = sparse.csc_matrix(values / 2)
    adata[:, ["NGF"]].copy().write_h5ad(tmp_path / "x.h5ad")
    path = tmp_path / "x.h5ad"
    assert read_expression(path).to_frame()["NGF"].tolist() == [1, 0]
    assert read_expression(path, layer="halved").to_frame()["NGF"].tolist() == [0.5, 0]
    raw = read_expression(path, use_raw=True, orientation="genes_in_columns")
    assert raw.is_sparse
    assert raw.to_frame()["BDNF"].tolist() == [0, 2]
    assert raw.origin["source"] == "AnnData raw"


def test_repeated_genes_of_an_h5ad_are_combined(tmp_path):
    with pytest.warns(UserWarning, match="not unique"):
        adata = ad.AnnData(
            sparse.csr_matrix([[1.0, 2.0], [0.0, 2.0]]),
            pd.DataFrame(index=["a", "b"]),
            pd.DataFrame(index=["NGF", "NGF"]),
        )
    adata.write_h5ad(tmp_path / "x.h5ad")
    expression = read_expression(tmp_path / "x.h5ad", duplicates="sum")
    assert expression.to_frame()["NGF"].tolist() == [3, 2]
    assert expression.is_sparse


@pytest.mark.data
def test_a_real_cohort_is_read_as_it_was_written(shared_data):
    path = shared_data / "tcga_coadread_xena1577" / "expression.parquet"
    expression = read_expression(path, orientation="genes_in_rows")
    frame = pd.read_parquet(path)
    assert expression.shape == (317, 1577)
    np.testing.assert_array_equal(expression.to_frame().T, frame)
    in_blocks = np.vstack([block.data for block in expression.blocks(max_bytes=10**5)])
    np.testing.assert_array_equal(in_blocks, expression.to_frame())
    check_finite(expression)


@pytest.mark.data
def test_real_cells_are_equal_to_the_bit_whatever_the_storage_and_block(shared_data):
    path = shared_data / "sc_wu2021_tnbc_cid4465" / "sc_wu2021_tnbc_cid4465.h5ad"
    expression = read_expression(path)
    assert expression.shape == (1564, 29733)
    cells = ad.read_h5ad(path)[:200].copy()
    as_csc = ad.AnnData(cells.X.tocsc(), cells.obs, cells.var)
    as_dense = ad.AnnData(cells.X.toarray(), cells.obs, cells.var)
    expected = expression.block(0, 200).data.toarray()
    for stored in (cells, as_csc, as_dense):
        for max_bytes in (10**6, 10**8):
            blocks = [b.data for b in as_expression(stored).blocks(max_bytes)]
            rows = [x if isinstance(x, np.ndarray) else x.toarray() for x in blocks]
            np.testing.assert_array_equal(np.vstack(rows), expected)
