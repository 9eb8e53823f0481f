"""`python -m benchmarks.memory`: extra memory of every method on every storage.

Each line is a fresh process: the highest resident memory while 5,000 cells x 20,000 genes are
scored with 50 signatures, less the resident memory once the data are loaded. Importing what scores
and loading compiled code are part of it. Linux only: it reads and resets the peak in /proc.
"""

import argparse
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import data

AIM_MB = 300


def prepare(folder: Path, n_cells: int) -> None:
    """The same cells in each storage."""
    import anndata

    cells = data.cells(n_cells)
    cells.write_h5ad(folder / "csr.h5ad")
    cells.write_zarr(folder / "csr.zarr")
    anndata.AnnData(cells.X.tocsc(), cells.obs, cells.var).write_h5ad(folder / "csc.h5ad")
    anndata.AnnData(cells.X.toarray(), cells.obs, cells.var).write_h5ad(folder / "dense.h5ad")


def in_memory(name: str) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        import anndata

        return anndata.read_h5ad(folder / name)

    return load


def from_disk(name: str) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        from neurosig.expression.io import read_expression

        return read_expression(folder / name, backed=True)

    return load


def by_dask(folder: Path) -> Any:
    import anndata
    import h5py

    file = h5py.File(folder / "csr.h5ad")
    lazy = anndata.experimental.read_elem_lazy(file["X"], chunks=(500, file["X"].attrs["shape"][1]))
    names = [anndata.io.read_elem(file[axis]) for axis in ("obs", "var")]
    return anndata.AnnData(lazy, *names)


STORAGES: dict[str, Callable[[Path], Any]] = {
    "CSR": in_memory("csr.h5ad"),
    "CSC": in_memory("csc.h5ad"),
    "dense float32": in_memory("dense.h5ad"),
    "backed h5ad": from_disk("csr.h5ad"),
    "zarr": from_disk("csr.zarr"),
    "dask": by_dask,
}


def resident_mb(field: str) -> float:
    """VmRSS (now) or VmHWM (the peak) of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def measure(method: str, storage: str, folder: Path) -> float:
    """Extra memory of one call in this process."""
    x = STORAGES[storage](folder)
    sets = data.gene_sets()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts afresh
    before = resident_mb("VmRSS")
    import neurosig as ns

    chosen: Any = ns.methods.Gsva(kcdf="gaussian") if method == "gsva gaussian" else method
    ns.score(x, sets, method=chosen)
    return resident_mb("VmHWM") - before


def main() -> None:
    """Print the table, or one number of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--cells", type=int, default=5_000)
    parser.add_argument("--methods", nargs="*", help="some methods instead of all")
    parser.add_argument("--one", nargs=3, metavar=("METHOD", "STORAGE", "FOLDER"))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.one:
        method, storage, folder = asked.one
        print(f"{measure(method, storage, Path(folder)):.0f}")
        return
    from neurosig.methods.registry import registered

    methods = asked.methods or [*registered(), "gsva gaussian"]
    print(f"{'MB':<16}" + "".join(f"{storage:>15}" for storage in STORAGES), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), asked.cells)
        for method in methods:
            command = [sys.executable, "-m", "benchmarks.memory", "--one", method]
            found = [
                float(subprocess.run([*command, s, folder], check=True, capture_output=True).stdout)
                for s in STORAGES
            ]
            cells = (f"{mb:>14.0f}{'!' if mb >= AIM_MB else ' '}" for mb in found)
            print(f"{method:<16}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
