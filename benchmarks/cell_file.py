"""Write an h5ad of as many made-up cells as asked for, a batch at a time: it never fits in memory.

``python -m benchmarks.cell_file cells.h5ad --cells 200000`` writes about 20 kB a cell.
"""

import argparse
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata.io import sparse_dataset, write_elem

from benchmarks import data

BATCH = 5_000


def write_cells(path: Path, n_cells: int, n_genes: int = 20_000) -> None:
    """An uncompressed CSR matrix of log-normalised counts as `AnnData.write_h5ad` writes it."""
    source = data.CellSource(n_genes)
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        write_elem(file, "X", source.draw(min(BATCH, n_cells)))
        stored = sparse_dataset(file["X"])
        for start in range(BATCH, n_cells, BATCH):
            stored.append(source.draw(min(BATCH, n_cells - start)))
        write_elem(
            file, "obs", pd.DataFrame(index=np.char.add("c", np.arange(n_cells).astype(str)))
        )
        write_elem(file, "var", pd.DataFrame(index=data.gene_names(n_genes)))
        for empty in ("layers", "obsm", "varm", "obsp", "varp", "uns"):
            write_elem(file, empty, {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cell_file", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--cells", type=int, default=200_000)
    asked = parser.parse_args()
    write_cells(asked.path, asked.cells)
