"""Made-up data of the sizes that matter: a bulk cohort, single cells, gene sets."""

import anndata
import numpy as np
import pandas as pd
import scipy.sparse


def bulk(n_samples: int = 500, n_genes: int = 20_000, seed: int = 0) -> pd.DataFrame:
    """Log-scale expression without ties, samples x genes."""
    rng = np.random.default_rng(seed)
    means = rng.normal(5, 2, n_genes)
    values = np.log2(1 + rng.lognormal(means, 0.8, (n_samples, n_genes))).astype(np.float32)
    samples = [f"s{i}" for i in range(n_samples)]
    return pd.DataFrame(values, index=samples, columns=gene_names(n_genes))


class CellSource:
    """Log-normalised counts of single cells, CSR, about 2,400 non-zeros a cell of 20,000 genes."""

    def __init__(self, n_genes: int = 20_000, seed: int = 2) -> None:
        self._rng = np.random.default_rng(seed)
        abundance = np.exp(self._rng.normal(0, 1.6, n_genes))
        self._cumulative = np.cumsum(abundance / abundance.sum())

    def draw(self, n_cells: int) -> scipy.sparse.csr_matrix:
        """The next cells."""
        n_genes = len(self._cumulative)
        columns, values, starts = [], [], [0]
        for depth in self._rng.lognormal(np.log(3500), 0.4, n_cells).astype(int):
            drawn = np.searchsorted(self._cumulative, self._rng.random(depth)).clip(0, n_genes - 1)
            genes, counts = np.unique(drawn, return_counts=True)
            columns.append(genes.astype(np.int32))
            values.append(np.log1p(counts / depth * 1e4).astype(np.float32))
            starts.append(starts[-1] + len(genes))
        parts = np.concatenate(values), np.concatenate(columns), np.array(starts, dtype=np.int32)
        return scipy.sparse.csr_matrix(parts, shape=(n_cells, n_genes))


def cells(n_cells: int = 5_000, n_genes: int = 20_000, seed: int = 2) -> anndata.AnnData:
    """Single cells in memory; the matrix as `CellSource` draws it."""
    names = pd.DataFrame(index=[f"c{i}" for i in range(n_cells)])
    matrix = CellSource(n_genes, seed).draw(n_cells)
    return anndata.AnnData(matrix, obs=names, var=pd.DataFrame(index=gene_names(n_genes)))


def gene_sets(n_sets: int = 50, n_genes: int = 20_000, seed: int = 1) -> dict[str, list[str]]:
    """Sets of 15 to 199 genes."""
    rng = np.random.default_rng(seed)
    names = np.array(gene_names(n_genes))
    sizes = rng.integers(15, 200, n_sets)
    return {f"set{i}": list(rng.choice(names, size, replace=False)) for i, size in enumerate(sizes)}


def gene_names(n_genes: int) -> list[str]:
    """Names of made-up genes."""
    return [f"g{i}" for i in range(n_genes)]
