"""Data and storages that the contract of every scoring method is tested on."""

import atexit
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from neurosig.genesets.signature import SignatureCollection
from neurosig.methods.registry import registered

N_OBS, N_GENES = 24, 180


def make_expression(n_ties: bool = True) -> pd.DataFrame:
    """Log-like expression with many zeros and, unless asked not to, ties."""
    rng = np.random.default_rng(20260101)
    values = rng.gamma(2.0, 1.5, (N_OBS, N_GENES))
    if n_ties:
        values = values.round(1)
        values[rng.random(values.shape) < 0.4] = 0.0
    genes = [f"G{i:03d}" for i in range(N_GENES)]
    return pd.DataFrame(values, index=[f"s{i:02d}" for i in range(N_OBS)], columns=genes)


SIGNATURES = {
    "small": ["G001", "G005", "G009"],
    "large": [f"G{i:03d}" for i in range(20, 80)],
    "directed": {"up": ["G100", "G101", "G102", "G103"], "down": ["G110", "G111", "G112"]},
    "partly absent": ["G150", "G151", "G152", "ABSENT1"],
}


RECIPES = {"small": "geometric_mean", "large": "pc1"}


def suited(signatures: dict, method) -> SignatureCollection:
    """The signatures with recipes for a method that follows them: RECIPES, or a contrast."""
    collection = SignatureCollection.of(signatures)
    if method.spec.weights != "recipe":
        return collection
    return SignatureCollection(
        replace(signature, recipe=RECIPES.get(name, "contrast_mean_z"))
        for name, signature in collection.items()
    )


def as_dataframe(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def as_adata(frame: pd.DataFrame, make=np.asarray) -> anndata.AnnData:
    return anndata.AnnData(
        make(frame.to_numpy(copy=True)),
        obs=pd.DataFrame(index=list(frame.index)),
        var=pd.DataFrame(index=list(frame.columns)),
    )


def as_layer(frame: pd.DataFrame) -> anndata.AnnData:
    adata = as_adata(frame, lambda x: np.full(x.shape, 7.0))
    adata.layers["log"] = scipy.sparse.csr_matrix(frame.to_numpy())
    return adata


_FOLDER = tempfile.TemporaryDirectory(prefix="storages")  # until the process ends
atexit.register(_FOLDER.cleanup)


def new_path(ending: str) -> Path:
    return Path(tempfile.mkdtemp(dir=_FOLDER.name)) / f"expression{ending}"


def as_backed(frame: pd.DataFrame, make=np.asarray) -> anndata.AnnData:
    path = new_path(".h5ad")
    as_adata(frame, make).write_h5ad(path)
    return anndata.read_h5ad(path, backed="r")


def as_zarr(frame: pd.DataFrame, make=np.asarray) -> anndata.AnnData:
    """X stays in a zarr store, in pieces that rows do not end at."""
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(new_path(".zarr"), mode="w")
    matrix = make(frame.to_numpy(copy=True))
    is_sparse = scipy.sparse.issparse(matrix)
    pieces = {} if is_sparse else {"chunks": (5, 50)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the writing library, about its own defaults
        anndata.io.write_elem(group, "X", matrix, dataset_kwargs=pieces)
    stored = anndata.io.sparse_dataset(group["X"]) if is_sparse else group["X"]
    return as_adata(frame, lambda _: stored)


def as_dask(frame: pd.DataFrame, make=np.asarray, chunks=(7, 50)) -> anndata.AnnData:
    da = pytest.importorskip("dask.array")
    dense = da.from_array(frame.to_numpy(copy=True), chunks=chunks)
    return as_adata(frame, lambda _: dense.map_blocks(make))


STORAGES = {
    "DataFrame": (as_dataframe, {}),
    "dense AnnData": (as_adata, {}),
    "CSR AnnData": (lambda f: as_adata(f, scipy.sparse.csr_matrix), {}),
    "CSC AnnData": (lambda f: as_adata(f, scipy.sparse.csc_matrix), {}),
    "layer": (as_layer, {"layer": "log"}),
    "backed dense h5ad": (as_backed, {}),
    "backed h5ad": (lambda f: as_backed(f, scipy.sparse.csr_matrix), {}),
    "dense zarr": (as_zarr, {}),
    "zarr": (lambda f: as_zarr(f, scipy.sparse.csr_matrix), {}),
    "dense dask": (as_dask, {}),
    "dask": (lambda f: as_dask(f, scipy.sparse.csr_matrix, (7, N_GENES)), {}),
}


def method_of(name: str):
    """A registered method with its default parameters, or with some that suit 180 genes."""
    parameters = {"module_score": {"ctrl_size": 4}, "consensus": {"min_agreement": 0.0}}
    return registered()[name](**parameters.get(name, {}))


@pytest.fixture(params=sorted(registered()))
def method(request):
    return method_of(request.param)


@pytest.fixture
def expression() -> pd.DataFrame:
    return make_expression()
