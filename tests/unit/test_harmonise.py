"""`harmonise`: the same numbers under other gene names, in the same kind of object."""

import json
import tracemalloc

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    DuplicateGenesError,
    ExpressionError,
    IdentifierError,
    IdentifierWarning,
    ParameterError,
    ScaleWarning,
)
from neurosig.genesets.gene_table import gene_table
from neurosig.genesets.symbols import earlier_names

NAMES = ["NGF", "IL8", "CXCL8", "2-Sep", "HLA.A", "COX1", "FOO"]
GENES = ["NGF", "CXCL8", "SEPTIN2", "HLA-A", "COX1", "FOO"]
# Means of the columns IL8 and CXCL8: 25 and 60.
COUNTS = np.array([[100, 20, 50, 7, 0, 3, 1], [200, 30, 70, 0, 9, 0, 2]])
SUMMED = np.array([[100, 70, 7, 0, 3, 1], [200, 100, 0, 9, 0, 2]])
OBS = ["s1", "s2"]


def frame_of(values, names):
    return pd.DataFrame(values, index=OBS[: len(values)], columns=names)


def adata_of(x, names=NAMES, **parts):
    return ad.AnnData(x, pd.DataFrame(index=OBS), pd.DataFrame(index=list(names)), **parts)


def dense(x):
    return x.toarray() if sparse.issparse(x) else np.asarray(x)


KINDS = {
    "DataFrame": lambda: frame_of(COUNTS, NAMES),
    "sparse DataFrame": lambda: pd.DataFrame.sparse.from_spmatrix(
        sparse.csr_matrix(COUNTS), OBS, NAMES
    ),
    "AnnData, array": lambda: adata_of(COUNTS),
    "AnnData, CSR": lambda: adata_of(sparse.csr_matrix(COUNTS)),
    "AnnData, CSC": lambda: adata_of(sparse.csc_matrix(COUNTS)),
    "AnnData, CSR array": lambda: adata_of(sparse.csr_array(COUNTS)),
    "Expression, array": lambda: ns.transform(frame_of(COUNTS, NAMES), "none"),
    "Expression, CSR": lambda: ns.transform(adata_of(sparse.csr_matrix(COUNTS)), "none"),
}


def values_of(data):
    if isinstance(data, ad.AnnData):
        return dense(data.X), list(data.var_names)
    table = data if isinstance(data, pd.DataFrame) else data.to_frame()
    return table.to_numpy(), list(table.columns)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_of_object_comes_back_with_the_columns_of_a_gene_summed(kind):
    data = KINDS[kind]()
    before = values_of(data)
    result = ns.harmonise(data, duplicates="sum")
    values, names = values_of(result.data)
    assert names == GENES
    np.testing.assert_array_equal(values, SUMMED)
    assert isinstance(result.data, ad.AnnData) == isinstance(data, ad.AnnData)
    assert isinstance(result.data, pd.DataFrame) == isinstance(data, pd.DataFrame)
    after = values_of(data)
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1] == after[1] == NAMES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("rule", "column"),
    [("mean", [35.0, 50.0]), ("highest_mean", [50.0, 70.0])],  # (20 + 50) / 2, (30 + 70) / 2
)
def test_the_columns_of_a_gene_follow_the_rule(kind, rule, column):
    values, names = values_of(ns.harmonise(KINDS[kind](), duplicates=rule).data)
    assert values[:, names.index("CXCL8")].tolist() == column
    np.testing.assert_array_equal(
        np.delete(values, names.index("CXCL8"), 1), SUMMED[:, [0, 2, 3, 4, 5]]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_several_columns_of_a_gene_are_an_error_unless_a_rule_is_stated(kind):
    with pytest.raises(
        DuplicateGenesError, match=r"CXCL8 from 'IL8', 'CXCL8'.*duplicates=\"sum\""
    ) as caught:
        ns.harmonise(KINDS[kind]())
    assert caught.value.facts["duplicates"] == {"CXCL8": ["IL8", "CXCL8"]}
    assert len(caught.value.facts["report"]) == len(NAMES)


def test_the_report_has_one_row_per_identifier_in_its_order():
    report = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="sum").report
    assert list(report.columns) == ["input", "output", "action", "reason", "candidates"]
    assert report.to_numpy().tolist() == [
        ["NGF", "NGF", "unchanged", "approved symbol", ""],
        ["IL8", "CXCL8", "merged", "alias or previous symbol; sum of 2 columns", ""],
        ["CXCL8", "CXCL8", "merged", "approved symbol; sum of 2 columns", ""],
        ["2-Sep", "SEPTIN2", "renamed", "spreadsheet date", ""],
        ["HLA.A", "HLA-A", "renamed", "name changed by R; approved symbol", ""],
        ["COX1", "COX1", "ambiguous", "alias of several genes", "MT-CO1;PTGS1"],
        ["FOO", "FOO", "unknown", "not in the gene table", ""],
    ]


def test_the_column_that_loses_by_its_mean_is_reported_as_dropped():
    result = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="highest_mean")
    rows = result.report.set_index("input")
    assert rows.loc["IL8", ["output", "action"]].tolist() == ["", "dropped"]
    assert rows.loc["IL8", "reason"].endswith("another column of CXCL8 has a higher mean")
    assert rows.loc["CXCL8", ["output", "action"]].tolist() == ["CXCL8", "unchanged"]


def test_the_summary_counts_what_went_in_what_came_out_and_what_was_done():
    result = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="sum")
    assert result.summary == {
        "identifiers": 7, "genes": 6,
        "unchanged": 1, "renamed": 2, "merged": 2, "ambiguous": 1, "unknown": 1,
    }  # fmt: skip
    assert "from human symbol" in repr(result)


def test_the_provenance_has_the_evidence_the_rule_and_the_releases():
    facts = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="sum").provenance["harmonise"]
    assert facts["from"]["known"]["human symbol"] == 4  # NGF, IL8, CXCL8, COX1
    assert facts["from"] | {"known": None} == {
        "kind": "symbol", "organism": "human", "is_stated": False, "known": None,
    }  # fmt: skip
    assert (facts["to"], facts["duplicates"]) == ({"kind": "symbol", "organism": "human"}, "sum")
    assert any("Ensembl 112" in source["release"] for source in facts["tables"]["sources"])
    json.dumps(facts)


def test_names_that_were_equal_before_are_columns_of_one_gene():
    twice = frame_of(np.array([[1.5, 2.0], [0.5, 4.0]]), ["NGF", "NGF"])
    with pytest.raises(DuplicateGenesError):
        ns.harmonise(twice)
    assert ns.harmonise(twice, duplicates="mean").data["NGF"].tolist() == [1.75, 2.25]


@pytest.mark.parametrize("as_kind", ["DataFrame", "AnnData", "Expression"])
@pytest.mark.parametrize(("rule", "cxcl8"), [("sum", 70), ("mean", 35), ("highest_mean", 50)])
def test_columns_are_left_out_combined_and_reordered_at_once(as_kind, rule, cxcl8):
    # Gzmc is left out; Ccl21a and Ccl21b are both CCL21, and the second has the higher mean.
    names = ["Ccl21a", "Cd8a", "Gzmc", "Ccl21b", "Ngf"]
    values = np.array([[20, 3, 1000, 50, 4]])
    data = frame_of(values, names)
    if as_kind == "AnnData":
        data = ad.AnnData(sparse.csr_matrix(values), pd.DataFrame(index=["s1"]), data.T[[]])
    elif as_kind == "Expression":
        data = ns.transform(data, "none")
    new, genes = values_of(ns.harmonise(data, organism="human", duplicates=rule).data)
    assert dict(zip(genes, new[0], strict=True)) == {"CCL21": cxcl8, "CD8A": 3, "NGF": 4}


def test_a_missing_value_makes_the_sum_of_its_gene_missing_and_no_other():
    values = np.array([[1.0, np.nan, 40.0], [2.0, 3.0, 50.0]])
    data = ns.harmonise(frame_of(values, ["IL8", "CXCL8", "NGF"]), duplicates="sum").data
    np.testing.assert_array_equal(data.to_numpy(), [[np.nan, 40.0], [5.0, 50.0]])


def test_whole_numbers_stay_whole_numbers():
    data = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="sum").data
    assert {t.kind for t in data.dtypes} == {"i"}


def test_names_of_the_axes_and_of_the_index_stay():
    table = frame_of(COUNTS, NAMES).rename_axis(index="sample", columns="gene")
    data = ns.harmonise(table, duplicates="sum").data
    assert (data.index.name, data.columns.name) == ("sample", "gene")


def test_an_empty_name_is_dropped_and_a_missing_one_too():
    report = ns.harmonise(frame_of([[1.0, 2.0, 3.0, 4.0]], ["NGF", "", None, np.nan])).report
    assert report["action"].tolist() == ["unchanged", "dropped", "dropped", "dropped"]


def test_entrez_ids_may_be_numbers():
    table = frame_of([[1.0, 2.0]], [4803, 627])
    assert list(ns.harmonise(table).data.columns) == ["NGF", "BDNF"]


def test_an_anndata_keeps_what_belongs_to_it_and_tells_the_ids_before():
    adata = adata_of(
        sparse.csr_matrix(COUNTS),
        layers={"halved": sparse.csr_matrix(COUNTS / 2)},
        obsm={"X_pca": np.ones((2, 3))},
        varm={"PCs": np.arange(14.0).reshape(7, 2)},
        uns={"title": "made up"},
    )
    adata.obs["group"] = ["a", "b"]
    adata.var["length"] = range(7)
    new = ns.harmonise(adata, duplicates="sum").data
    assert new.var["original_ids"].tolist() == ["NGF", "IL8;CXCL8", "2-Sep", "HLA.A", "COX1", "FOO"]
    assert new.var["length"].tolist() == [0, 1, 3, 4, 5, 6]
    assert new.obs["group"].tolist() == ["a", "b"]
    assert new.uns["title"] == "made up"
    np.testing.assert_array_equal(dense(new.layers["halved"]), SUMMED / 2)
    np.testing.assert_array_equal(new.obsm["X_pca"], adata.obsm["X_pca"])
    assert "original_ids" not in adata.var
    assert "neurosig" not in adata.uns


def test_what_an_anndata_cannot_take_along_is_named():
    adata = adata_of(COUNTS.astype(float), varm={"PCs": np.zeros((7, 2))})
    adata.raw = adata.copy()
    merged = ns.harmonise(adata, duplicates="sum")
    assert merged.provenance["harmonise"]["not_carried"] == ["raw", "varm['PCs']"]
    chosen = ns.harmonise(adata, duplicates="highest_mean")
    assert chosen.provenance["harmonise"]["not_carried"] == ["raw"]
    assert chosen.data.varm["PCs"].shape == (6, 2)


def test_a_harmonised_anndata_can_be_written_and_read(tmp_path):
    new = ns.harmonise(adata_of(sparse.csr_matrix(COUNTS)), duplicates="sum").data
    new.write_h5ad(tmp_path / "new.h5ad")
    read = ad.read_h5ad(tmp_path / "new.h5ad")
    assert json.loads(read.uns["neurosig"]["harmonise"])["harmonise"]["duplicates"] == "sum"
    assert read.var["original_ids"].tolist() == new.var["original_ids"].tolist()


def test_changing_the_result_does_not_change_the_data():
    adata = adata_of(sparse.csr_matrix(COUNTS[:, :2].astype(float)), ["NGF", "BDNF"])
    new = ns.harmonise(adata).data
    new.X.data[:] = 0
    new.uns["x"] = 1
    new.obs["x"] = 1
    assert adata.X.sum() == 350  # 100 + 20 + 200 + 30
    assert "x" not in adata.uns
    assert "x" not in adata.obs


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
def test_a_file_on_disk_is_regrouped_block_by_block(tmp_path):
    adata_of(sparse.csr_matrix(COUNTS.astype(float))).write_h5ad(tmp_path / "counts.h5ad")
    stored = ns.read_expression(tmp_path / "counts.h5ad", backed=True)
    for rule, column in (("sum", [70, 100]), ("mean", [35, 50]), ("highest_mean", [50, 70])):
        result = ns.harmonise(stored, duplicates=rule).data
        assert result.to_frame()["CXCL8"].tolist() == column
        assert result.is_sparse
        assert result.origin["duplicates"] == rule
        assert result.origin["identifiers"] == "human symbol to human symbol"
    backed = ad.read_h5ad(tmp_path / "counts.h5ad", backed="r")
    with pytest.raises(
        ExpressionError, match=r"not in memory.*neurosig.transform\(adata, \"none\"\)"
    ):
        ns.harmonise(backed, duplicates="sum")
    streamed = ns.harmonise(ns.transform(backed, "none"), duplicates="sum").data
    np.testing.assert_array_equal(streamed.to_frame(), SUMMED)
    backed.file.close()


def test_a_dask_matrix_is_regrouped_chunk_by_chunk():
    da = pytest.importorskip("dask.array")
    adata = adata_of(da.from_array(COUNTS.astype(float), chunks=(1, 7)))
    with pytest.raises(ExpressionError, match="not in memory"):
        ns.harmonise(adata, duplicates="sum")
    streamed = ns.harmonise(ns.transform(adata, "none"), duplicates="sum").data
    np.testing.assert_array_equal(streamed.to_frame(), SUMMED)


def test_harmonising_twice_changes_nothing_more():
    once = ns.harmonise(frame_of(COUNTS, NAMES), duplicates="sum").data
    twice = ns.harmonise(once)
    pd.testing.assert_frame_equal(once, twice.data)
    assert set(twice.report["action"]) <= {"unchanged", "ambiguous", "unknown"}


def test_there_and_back_again_gives_the_same_names():
    genes = ["NGF", "CXCL8", "SEPTIN2", "HLA-A", "MT-CO1", "PLCXD1", "PLCXD1_PAR_Y"]
    table = frame_of(np.ones((1, 7)), genes)
    for kind in ("ensembl", "entrez"):
        there = ns.harmonise(table if kind == "ensembl" else table.iloc[:, :6], kind).data
        back = ns.harmonise(there).data
        assert list(back.columns) == genes[: there.shape[1]]


def test_mouse_data_are_scored_with_human_signatures_by_orthologs():
    mouse = frame_of([[1.0, 3.0, 5.0, 9.0]], ["Ngf", "Ntrk1", "Ngfr", "Gm12345"])
    with pytest.raises(
        CoverageError, match=r"neurosig.harmonise\(expression, organism=\"human\"\)"
    ):
        ns.score(mouse, {"NGF axis": ["NGF", "NTRK1", "NGFR"]}, method="mean")
    human = ns.harmonise(mouse, organism="human")
    assert human.report["action"].tolist() == ["renamed"] * 3 + ["dropped"]
    scores = ns.score(human.data, {"NGF axis": ["NGF", "NTRK1", "NGFR"]}, method="mean")
    assert scores.values["NGF axis"].tolist() == [3.0]  # (1 + 3 + 5) / 3


def test_human_data_are_named_as_mouse_genes_on_request():
    data = ns.harmonise(frame_of([[1.0, 2.0]], ["NGF", "CD8A"]), organism="mouse").data
    assert list(data.columns) == ["Ngf", "Cd8a"]


def test_names_damaged_by_a_spreadsheet_are_warned_of_once():
    table = frame_of(np.ones((1, 4)), ["NGF", "BDNF", "1-Mar", "2.31E+13"])
    with pytest.warns(IdentifierWarning) as caught:
        ns.harmonise(table)
    assert len(caught) == 1
    assert "2 gene names of 4" in str(caught[0].message)
    assert "'1-Mar' (MARCHF1 or MTARC1)" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_ids_that_differ_in_their_version_alone_are_warned_of():
    table = frame_of([[1.0, 2.5]], ["ENSG00000134259.12", "ENSG00000134259.13"])
    with pytest.warns(IdentifierWarning, match="2 Ensembl ids differ in their version alone"):
        data = ns.harmonise(table, duplicates="highest_mean").data
    assert data["NGF"].tolist() == [2.5]


def test_the_y_copy_is_neither_merged_nor_warned_of():
    table = frame_of([[1.0, 2.5]], ["ENSG00000182378.15", "ENSG00000182378.15_PAR_Y"])
    assert ns.harmonise(table).data.iloc[0].to_dict() == {"PLCXD1": 1.0, "PLCXD1_PAR_Y": 2.5}


def test_small_whole_numbers_may_be_summed():
    counts = frame_of(np.array([[1, 2, 7], [1, 0, 8]]), ["IL8", "CXCL8", "NGF"])
    assert ns.harmonise(counts, duplicates="sum").data["CXCL8"].tolist() == [3, 1]


def test_summing_logarithms_is_warned_of():
    logged = frame_of(np.array([[1.5, 2.25, 7.5], [1.25, 2.5, 8.5]]), ["IL8", "CXCL8", "NGF"])
    with pytest.warns(ScaleWarning, match="added values that look log"):
        ns.harmonise(logged, duplicates="sum")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "refseq"}, "harmonise.to cannot be 'refseq'"),
        ({"organism": "rat"}, "harmonise.organism cannot be 'rat'"),
        ({"from_": "probe"}, "harmonise.from_ cannot be 'probe'"),
        ({"duplicates": "first"}, "harmonise.duplicates cannot be 'first'"),
        ({"to": "entrez", "organism": "mouse"}, "cannot be used for mouse"),
        ({"from_": "entrez", "from_organism": "mouse"}, "Entrez ids of mouse genes cannot be"),
    ],
)
def test_an_option_that_is_not_allowed_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        ns.harmonise(frame_of(COUNTS, NAMES), **options)


def test_what_cannot_be_translated_at_all_is_refused_with_the_reasons():
    table = frame_of(np.ones((1, 2)), ["CXCL8", "CXCL1"])
    with pytest.raises(IdentifierError, match="No identifier of the data can be translated"):
        ns.harmonise(table.iloc[:, :1], organism="mouse")


def test_what_is_no_expression_is_refused():
    with pytest.raises(ExpressionError, match="cannot be a list"):
        ns.harmonise([1, 2])
    with pytest.raises(ExpressionError, match="does not hold numbers"):
        ns.harmonise(frame_of([["a", 1]], ["NGF", "BDNF"]))


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["IL8", "SEPT2", "MARCH1", "NGF"], "3 missing genes under an earlier name"),
        (["HLA.A", "HLA.B", "HLA.C", "NGF"], "R's make.names"),
    ],
)
def test_a_signature_left_out_for_its_names_says_how_to_name_them(names, cause):
    signatures = {
        "A": ["CXCL8", "SEPTIN2", "MARCHF1", "HLA-A", "HLA-B", "HLA-C"],
        "NGF": ["NGF"],
    }
    table = frame_of([[1.0, 2.5, 3.0, 4.0]], names)
    with pytest.warns(CoverageWarning) as caught:
        ns.score(table, signatures, method="mean", min_coverage=0.6, min_genes=1)
    assert cause in str(caught[0].message)
    assert "neurosig.harmonise(expression)" in str(caught[0].message)


def test_earlier_names_come_in_the_order_of_the_alphabet_whatever_that_of_a_set_is():
    names = ["ACPP", "C12orf39", "FAM134B", "GPR1", "IL8", "MARCH1", "SEPT2", "TMEM16A"]
    genes = {"ACP3", "SPX", "RETREG1", "CMKLR2", "CXCL8", "MARCHF1", "SEPTIN2", "ANO1"}
    for given in (names, names[::-1], set(names)):
        assert list(earlier_names(genes, given, gene_table("human")).values()) == names


@pytest.mark.slow
def test_a_large_sparse_matrix_stays_sparse_and_takes_little_more_than_its_copy():
    genes = [name for name, _ in zip(_symbols(), range(5000), strict=False)]
    matrix = sparse.random(20_000, 5000, 0.01, "csr", random_state=1, dtype=np.float32)
    adata = ad.AnnData(matrix, var=pd.DataFrame(index=genes))
    ns.harmonise(adata[:10])  # reads the tables
    size = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    tracemalloc.start()
    new = ns.harmonise(adata).data
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sparse.issparse(new.X)
    assert peak < 2 * size + 20e6  # the copy, names and report; dense it would be 400 MB


def _symbols():
    from neurosig.genesets.gene_table import gene_table

    return gene_table("human").symbols


class TestOddAnnData:
    def test_scale_is_guessed_from_a_layer_where_there_is_no_x(self):
        made = ns.harmonise(adata_of(None, layers={"counts": COUNTS}), duplicates="sum").data
        assert made.layers["counts"].tolist() == SUMMED.tolist()

    def test_highest_mean_without_x_is_refused(self):
        with pytest.raises(ExpressionError, match="has no X"):
            ns.harmonise(adata_of(None, layers={"counts": COUNTS}), duplicates="highest_mean")

    @pytest.mark.filterwarnings("ignore:Observation names are not unique:UserWarning")
    def test_observations_may_share_a_name(self):
        adata = adata_of(COUNTS)
        adata.obs_names = ["s", "s"]
        assert ns.harmonise(adata, duplicates="sum").data.X.tolist() == SUMMED.tolist()

    def test_a_table_of_missing_values_is_summed_without_a_guess(self):
        empty = frame_of(np.full(COUNTS.shape, np.nan), NAMES)
        assert ns.harmonise(empty, duplicates="sum").data.isna().all(axis=None)

    def test_what_is_in_the_place_of_the_records_is_refused(self):
        adata = adata_of(COUNTS)
        adata.uns["neurosig"] = "mine"
        with pytest.raises(ns.errors.InputError, match="is in use"):
            ns.harmonise(adata, duplicates="sum")
