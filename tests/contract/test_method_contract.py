"""What every scoring method promises, tested on all of them.

What a `Spec` declares has to hold, and what it does not declare has to fail on data made to show
it. Tolerances are those of the design: methods of sample scope are equal to the bit, methods of
cohort scope to 1e-12 of the range across storage and sample order.
"""

import copy
import warnings
from dataclasses import replace
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import CoverageWarning, MethodError, NonFiniteError, ParameterError
from neurosig.expression import base
from neurosig.methods.base import INVARIANCES
from neurosig.methods.registry import registered

from .conftest import SIGNATURES, STORAGES, as_adata, make_expression, suited

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")


def values(data, signatures=SIGNATURES, *, method, **options) -> pd.DataFrame:
    return ns.score(data, suited(signatures, method), method=method, **options).values


def blocks_of_seven_rows(self, max_bytes=0) -> list[tuple[int, int]]:
    """Stands in for `Expression.bounds`: many small blocks."""
    return [(i, min(i + 7, self.n_obs)) for i in range(0, self.n_obs, 7)]


def difference(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Largest difference as a share of the range."""
    a, b = first.to_numpy(), second.loc[first.index, first.columns].to_numpy()
    assert (np.isnan(a) == np.isnan(b)).all()
    return float(np.nanmax(np.abs(a - b)) / (np.nanmax(a) - np.nanmin(a)))


@pytest.mark.parametrize("storage", STORAGES)
def test_storage_does_not_change_a_score(method, expression, storage):
    convert, options = STORAGES[storage]
    expected = values(expression, method=method)
    found = values(convert(expression), method=method, **options)
    tolerance = 0.0 if method.scope == "sample" else 1e-12
    assert difference(expected, found) <= tolerance


def test_block_size_and_threads_do_not_change_a_bit(method, expression, monkeypatch):
    from neurosig.methods import base as method_base

    expected = values(expression, method=method)

    monkeypatch.setattr(method_base, "CHUNK_BYTES", 8 * expression.shape[1] * 5)
    monkeypatch.setattr(base.Expression, "bounds", blocks_of_seven_rows)
    assert values(expression, method=method, n_jobs=1).equals(expected)
    assert values(expression, method=method, n_jobs=3).equals(expected)


def test_sample_order_does_not_change_a_score(method, expression):
    expected = values(expression, method=method)
    found = values(expression.iloc[::-1], method=method)
    tolerance = 0.0 if method.scope == "sample" else 1e-12
    assert difference(expected, found) <= tolerance


def test_signature_order_does_not_change_a_score(method, expression):
    backwards = dict(reversed(SIGNATURES.items()))
    expected = values(expression, method=method)
    assert difference(expected, values(expression, backwards, method=method)) == 0.0


def reorder_tied_genes(x: pd.DataFrame, method) -> float:
    return difference(values(x, method=method), values(x.iloc[:, ::-1], method=method))


def change_other_samples(x: pd.DataFrame, method) -> float:
    kept = x.iloc[:6]
    return difference(values(x, method=method).iloc[:6], values(kept, method=method))


def change_other_signatures(x: pd.DataFrame, method) -> float:
    few = {name: SIGNATURES[name] for name in ("small", "large")}
    expected = values(x, method=method)[["small", "large"]]
    return difference(expected, values(x, few, method=method))


def transform_monotonely(x: pd.DataFrame, method) -> float:
    return difference(values(x, method=method), values(np.exp2(x) - 1, method=method))


def drop_genes_of_no_signature(x: pd.DataFrame, method) -> float:
    held = set()
    for genes in SIGNATURES.values():
        arms = genes.values() if isinstance(genes, dict) else [genes]
        held |= {gene for arm in arms for gene in arm}
    fewer = x[[gene for gene in x.columns if gene in held]]
    return difference(values(x, method=method), values(fewer, method=method))


CHANGES = {
    "gene_order": reorder_tied_genes,
    "other_samples": change_other_samples,
    "other_signatures": change_other_signatures,
    "monotone_transform": transform_monotonely,
    "other_genes": drop_genes_of_no_signature,
}


@pytest.mark.parametrize("invariance", INVARIANCES)
def test_a_score_does_not_depend_on_what_is_declared_and_does_on_the_rest(
    method, expression, invariance
):
    change = CHANGES[invariance](expression, method)
    if invariance in method.invariant_to:
        assert change <= 1e-12
    else:
        assert change > 1e-6


def test_a_normalised_ssgsea_is_of_cohort_scope_and_depends_on_the_call(expression):
    method = ns.methods.SsGsea(normalize=True)
    assert method.scope == "cohort"
    for invariance in ("other_samples", "other_signatures"):
        assert invariance not in method.invariant_to
        assert CHANGES[invariance](expression, method) > 1e-6


def test_scores_stay_within_the_declared_bounds(method, expression):
    low, high = method.bounds
    found = values(expression, method=method).to_numpy()
    assert np.isfinite(found).all()
    assert low <= found.min()
    assert found.max() <= high


def test_a_signature_without_its_genes_is_missing_with_a_status(method, expression):
    signatures = {**SIGNATURES, "absent": ["X1", "X2", "X3"], "half": ["G001", "X1", "X2"]}
    with pytest.warns(CoverageWarning, match=r"absent.*0 of 3 genes"):
        scores = ns.score(expression, suited(signatures, method), method=method)
    assert scores.values[["absent", "half"]].isna().all(axis=None)
    assert scores.coverage.loc[["absent", "half"], "status"].tolist() == [
        "no_genes",
        "low_coverage",
    ]
    assert scores.values[list(SIGNATURES)].notna().all(axis=None)


def test_missing_values_are_refused_unless_a_policy_is_stated(method, expression):
    holed = expression.copy()
    holed.iloc[2, 5] = np.nan
    with pytest.raises(NonFiniteError, match="G005"):
        values(holed, method=method)


def test_missing_values_make_only_the_scores_that_hold_them_missing(method, expression):
    holed = expression.copy()
    holed.iloc[2, 5] = np.nan  # G005 of s02 is in "small" only
    found = values(holed, method=replace(method, na="propagate"))
    assert np.isnan(found.loc["s02", "small"])
    assert found.drop(index="s02").notna().all(axis=None)
    assert found.loc["s02", ["large", "directed"]].notna().all()


def test_absent_genes_do_not_change_a_score_unless_a_parameter_counts_them(method, expression):
    """Only ucell has such a parameter: by default an absent gene counts as ranked last."""
    present = {"plain": ["G001", "G005", "G009"], "pair": SIGNATURES["directed"]}
    up, down = SIGNATURES["directed"].values()
    absent = {
        "plain": ["X1", *present["plain"], "X2"],
        "pair": {"up": [*up, "X3"], "down": ["X4", *down]},
    }
    skipping = replace(method, missing_genes="skip") if method.spec.name == "ucell" else method
    expected = values(expression, present, method=skipping)
    assert difference(expected, values(expression, absent, method=skipping)) == 0.0
    if method.spec.name == "ucell":
        imputed = values(expression, absent, method=method)
        assert (imputed["plain"] < expected["plain"]).any()


def test_a_seed_fixes_what_is_drawn_and_nothing_else_is_drawn(method, expression):
    """Not even the state of NumPy's own generator has a part."""
    np.random.seed(1)  # noqa: NPY002  # the global state is what is tested
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = values(expression, method=method)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert values(expression, method=method).equals(first)
    if "seed" in method.parameters():
        other = values(expression, method=replace(method, seed=method.seed + 1))
        assert difference(first, other) > 1e-6


def test_signatures_are_not_modified(method, expression):
    signatures = {
        "plain": ["G009", "G001", "G005"],
        "weighted": {"G010": 1.0 if method.weights == "recipe" else 0.5, "G011": -1.0},
        "pair": {"up": ["G100", "G103"], "down": ["G110"]},
    }
    before = copy.deepcopy(signatures)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values(expression, signatures, method=method)
    assert signatures == before


def test_the_input_is_not_modified(method, expression):
    before = expression.copy(deep=True)
    stores = [np.asarray, scipy.sparse.csr_matrix, scipy.sparse.csc_matrix]
    for data in (as_adata(expression, store) for store in stores):
        data_before = data.copy()
        values(data, method=method)
        assert (data.X != data_before.X).sum() == 0
        assert data.obs.equals(data_before.obs)
        assert (list(data.obsm), list(data.uns)) == ([], [])
        assert list(data.layers) == list(data_before.layers)  # anndata 0.13 lists X among them
    values(expression, method=method)
    pd.testing.assert_frame_equal(expression, before)


def test_scores_survive_a_round_trip_through_a_file(method, expression, tmp_path):
    scores = ns.score(expression, suited(SIGNATURES, method), method=method)
    scores.save(tmp_path / "scores.h5ad")
    loaded = ns.Scores.load(tmp_path / "scores.h5ad")
    assert (loaded.values.to_numpy() == scores.values.to_numpy()).all()
    assert list(loaded.values.index) == list(scores.values.index)
    assert list(loaded.values.columns) == list(scores.values.columns)
    assert loaded.provenance == scores.provenance
    assert loaded.coverage.to_dict() == scores.coverage.to_dict()


def test_a_sparse_matrix_is_never_made_dense_as_a_whole(method, expression, monkeypatch):
    sparse = as_adata(expression, scipy.sparse.csr_matrix)
    expected = values(sparse, method=method)

    def refuse(*_args, **_kwargs):
        raise AssertionError("the sparse matrix was made dense")

    for cls in (scipy.sparse.csr_matrix, scipy.sparse.csr_array):
        for name in ("toarray", "todense", "__array__"):
            monkeypatch.setattr(cls, name, refuse, raising=False)
    assert values(sparse, method=method).equals(expected)


ON_DISK_OR_IN_DASK = sorted(
    name for name in STORAGES if name.split()[-1] in ("h5ad", "zarr", "dask")
)


@pytest.mark.parametrize("storage", ON_DISK_OR_IN_DASK)
def test_a_matrix_on_disk_or_in_dask_is_never_read_as_a_whole(
    method, storage, expression, monkeypatch
):
    """Every way to more than half of the rows or of the stored values at once raises."""
    h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")
    dask_array = pytest.importorskip("dask.array")
    data = STORAGES[storage][0](expression)
    expected = values(data, method=method)
    n_obs, n_stored = len(expression), int(np.count_nonzero(expression))
    n_whole = {expression.shape: n_obs, (n_stored,): n_stored}
    n_reads = 0

    def by_parts(plain):
        def read(self, key, *args, **options):
            nonlocal n_reads
            if self.shape in n_whole:
                rows = key[0] if isinstance(key, tuple) else key
                assert isinstance(rows, slice), f"read by {key!r}"
                low, high, _ = rows.indices(self.shape[0])
                assert high - low <= n_whole[self.shape] / 2, "the whole matrix was read"
                n_reads += 1
            return plain(self, key, *args, **options)

        return read

    def of_few_rows(plain):
        def compute(self, *args, **options):
            nonlocal n_reads
            assert self.shape[0] <= n_obs / 2, "all chunks were computed at once"
            n_reads += 1
            return plain(self, *args, **options)

        return compute

    def refuse(*_args, **_options):
        raise AssertionError("the whole matrix was read")

    monkeypatch.setattr(base.Expression, "bounds", blocks_of_seven_rows)
    for cls in (h5py.Dataset, zarr.Array):
        monkeypatch.setattr(cls, "__getitem__", by_parts(cls.__getitem__))
        monkeypatch.setattr(cls, "__array__", refuse)
    monkeypatch.setattr(h5py.Dataset, "read_direct", refuse)
    monkeypatch.setattr(dask_array.Array, "compute", of_few_rows(dask_array.Array.compute))
    for name in ("__array__", "persist"):
        monkeypatch.setattr(dask_array.Array, name, refuse)
    monkeypatch.setattr(anndata.AnnData, "to_memory", refuse)
    for cls in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(cls, name, refuse)
    assert values(data, method=method).equals(expected)
    assert n_reads >= n_obs / 7


def test_a_csc_matrix_is_never_made_csr_as_a_whole(method, expression, monkeypatch):
    by_columns = as_adata(expression, scipy.sparse.csc_matrix)
    expected = values(by_columns, method=method)
    plain = scipy.sparse.csc_matrix.tocsr

    def tocsr(self, copy=False):
        assert self.shape[0] < len(expression), "all of it became CSR"
        return plain(self, copy)

    monkeypatch.setattr(base.Expression, "bounds", blocks_of_seven_rows)
    monkeypatch.setattr(scipy.sparse.csc_matrix, "tocsr", tocsr)
    assert values(by_columns, method=method).equals(expected)


def test_a_golden_of_the_reference_exists(method):
    folder = Path(__file__).parent.parent / "golden"
    name = type(method).__name__
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    assert f"ns.methods.{name}(" in text or f'"{method.spec.name}"' in text


def test_a_directed_signature_turned_round_changes_sign_or_mirrors(method):
    x = make_expression(n_ties=False)
    up, down = ["G010", "G011", "G012", "G013"], ["G030", "G031", "G032", "G033"]
    pair = {"one": {"up": up, "down": down}, "other": {"up": down, "down": up}}
    found = values(x, pair, method=method)
    if np.allclose(found["one"], sum(method.bounds) - found["other"], rtol=0, atol=1e-10):
        assert np.ptp(found["one"]) > 0  # mirrored at the middle of the bounds
    elif method.bounds[0] == 0:  # clipped: of a pair and its mirror image one is at the bound
        assert (found.min(axis=1) == 0).all()
        assert found.max(axis=1).gt(0).any()
    else:
        np.testing.assert_allclose(found["one"], -found["other"], atol=1e-10)


def test_every_method_documents_formula_scale_range_source_and_example(method):
    text = type(method).__doc__
    for part in ("score[i, s] =", "References", "doi:", "Examples", ">>>"):
        assert part in text, part
    assert method.spec.doi in text


def test_a_score_does_not_depend_on_the_calls_made_before(method, expression):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = values(expression, method=method)
        values(expression.iloc[:5] * 2, method=method)
        assert values(expression, method=method).equals(first)


def test_the_registry_names_are_the_names_of_the_specs():
    assert {name: cls.spec.name for name, cls in registered().items()} == {
        name: name for name in registered()
    }


def test_the_statistics_of_a_cohort_give_each_of_its_samples_its_score(
    method, expression, tmp_path
):
    """To the bit; where a distribution is smoothed over the cohort, to the last digits."""
    scores = ns.score(expression, suited(SIGNATURES, method), method=method)
    if method.scope == "sample" or not method.applies_to_new_samples:
        with pytest.raises(MethodError, match="no cohort statistics"):
            _ = scores.cohort_stats
        return
    scores.cohort_stats.save(tmp_path / "cohort.npz")
    stats = ns.CohortStats.load(tmp_path / "cohort.npz")
    for sample in expression.index[[0, 7]]:
        patient = expression.loc[[sample]].iloc[:, ::-1]
        found = stats.score(patient).values
        assert difference(scores.values.loc[[sample]], found) <= 1e-12


@pytest.mark.parametrize(
    "method", [ns.methods.SsGsea(normalize=True), ns.methods.Plaid(normalize=True)]
)
def test_a_rescaled_score_is_rescaled_for_one_patient_as_in_the_cohort(method, expression):
    scores = ns.score(expression, SIGNATURES, method=method)
    found = scores.cohort_stats.score(expression.iloc[[3]]).values
    assert difference(scores.values.iloc[[3]], found) == 0.0


def test_every_method_gives_p_values_against_random_sets(method, expression):
    if method.why_no_null is not None:
        with pytest.raises(ParameterError, match="null cannot be given"):
            ns.score(expression, SIGNATURES, method=method, null="matched")
        return
    null = ns.MatchedNull(n_sets=19)
    scores = ns.score(expression, SIGNATURES, method=method, null=null)
    found = scores.pvalues.to_numpy()
    assert scores.values.equals(values(expression, method=method))
    assert (found >= 1 / 20).all()
    assert (found <= 1).all()
    assert len(np.unique(found)) > 5
