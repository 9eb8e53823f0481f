"""Data and storages that the contract of every scoring method is tested on."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

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


STORAGES = {
    "DataFrame": (as_dataframe, {}),
    "dense AnnData": (as_adata, {}),
    "CSR AnnData": (lambda f: as_adata(f, scipy.sparse.csr_matrix), {}),
    "CSC AnnData": (lambda f: as_adata(f, scipy.sparse.csc_matrix), {}),
    "layer": (as_layer, {"layer": "log"}),
}


@pytest.fixture(params=sorted(registered()))
def method(request):
    """Each registered method with its default parameters."""
    return registered()[request.param]()


@pytest.fixture
def expression() -> pd.DataFrame:
    return make_expression()
