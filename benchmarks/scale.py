"""`python -m benchmarks.scale FOLDER`: cells a second, and memory, from a file that grows.

For each size a file is made (20 kB a cell, kept in FOLDER for the next run) and scored with 50
signatures in a process of its own, in two threads; the largest then on two dask workers. Seconds of
the clock depend on what else runs; processor seconds show the work.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks import cell_file, data


def peak_mb() -> float:
    """The highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(score: Any) -> dict[str, float]:
    """Clock and processor seconds of a call, and the peak."""
    wall, processor = time.perf_counter(), time.process_time()
    score()
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - processor,
        "peak": peak_mb(),
    }


def in_threads(path: Path, method: str) -> dict[str, float]:
    """From the backed file, two threads."""
    import neurosig as ns

    return timed(
        lambda: ns.score(
            ns.read_expression(path, backed=True), data.gene_sets(), method=method, n_jobs=2
        )
    )


def on_workers(path: Path, method: str) -> dict[str, float]:
    """From the file opened lazily, on two worker processes; processor seconds are theirs."""
    import anndata
    import h5py
    from distributed import Client, LocalCluster

    import neurosig as ns

    with (
        h5py.File(path) as file,
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
    ):
        shape = file["X"].attrs["shape"]
        lazy = anndata.experimental.read_elem_lazy(file["X"], chunks=(2_000, int(shape[1])))
        adata = anndata.AnnData(
            lazy, *(anndata.io.read_elem(file[axis]) for axis in ("obs", "var"))
        )
        ns.score(adata[:2_000], data.gene_sets(), method=method)  # compiled code is loaded
        before = sum(client.run(time.process_time).values())
        result = timed(lambda: ns.score(adata, data.gene_sets(), method=method))
        result["cpu"] += sum(client.run(time.process_time).values()) - before
        return result | {"worker_peak": max(client.run(peak_mb).values())}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, nargs="+", default=[25_000, 50_000, 100_000, 200_000])
    parser.add_argument("--method", default="ucell")
    parser.add_argument("--one", choices=["threads", "dask"])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    paths = {n: asked.folder / f"cells_{n}.h5ad" for n in asked.cells}
    if asked.one:
        (path,) = paths.values()
        measure = in_threads if asked.one == "threads" else on_workers
        print(json.dumps(measure(path, asked.method)))
        return
    for n, path in paths.items():
        if not path.exists():
            cell_file.write_cells(path, n)
    runs = [(n, "threads") for n in asked.cells] + [(max(asked.cells), "dask")]
    for n, kind in runs:
        command = [sys.executable, "-m", "benchmarks.scale", asked.folder, "--cells", str(n)]
        command += ["--method", asked.method, "--one", kind]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        found = json.loads(done.stdout)
        print(
            f"{asked.method} {n:>8,} cells, 2 {kind}: {n / found['wall']:>7,.0f} cells/s, "
            f"{found['wall']:.1f} s, {found['cpu']:.1f} processor s, peak {found['peak']:,.0f} MB"
            + (f", of a worker {found['worker_peak']:,.0f} MB" if "worker_peak" in found else "")
            + f", load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
