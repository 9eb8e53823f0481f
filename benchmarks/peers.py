"""The programs that are measured: ours, the peers, and NumPy's sort as the limit.

Each takes the data and the sets and gives a task: a function that computes and returns nothing of
interest. Whoever measures runs in a process that was told to use one thread.
"""

import importlib.metadata
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Task: TypeAlias = Callable[[], Any]
Sets: TypeAlias = dict[str, list[str]]


@dataclass(frozen=True)
class Peer:
    """A program of others: the package it comes in and how its task is prepared."""

    package: str
    prepare: Callable[[Any, Sets], Task]


def version_of(package: str) -> str:
    """The version that is installed; raises PackageNotFoundError if none is."""
    return importlib.metadata.version(package)


def ours(method: str) -> Callable[[Any, Sets], Task]:
    """A method of ours; "gsva gaussian" is gsva with that kernel."""

    def prepare(x: Any, sets: Sets) -> Task:
        import neurosig as ns

        name, _, kernel = method.partition(" ")
        chosen: Any = ns.methods.Gsva(kcdf=kernel) if kernel else name
        return lambda: ns.score(x, sets, method=chosen)

    return prepare


def numpy_sort(x: Any, _: Sets) -> Task:
    """NumPy's sort of the stored values of each cell, or argsort of all values of each sample."""
    import numpy as np

    if hasattr(x, "X"):
        rows = np.split(x.X.data.astype(np.float64), x.X.indptr[1:-1])
        return lambda: [np.sort(row) for row in rows]
    values = x.to_numpy(np.float64)
    return lambda: [np.argsort(row) for row in values]


def _gseapy(function: str, **options: Any) -> Callable[[Any, Sets], Task]:
    """ssGSEA or GSVA of GSEApy (Rust)."""

    def prepare(x: Any, sets: Sets) -> Task:
        import gseapy

        table, run = x.T, getattr(gseapy, function)
        return lambda: run(table, sets, threads=1, min_size=1, max_size=1000, **options)

    return prepare


def _scanpy_score_genes(adata: Any, sets: Sets) -> Task:
    """scanpy's score_genes, once a set."""
    import scanpy

    def run() -> None:
        copied = adata.copy()
        for name, genes in sets.items():
            scanpy.tl.score_genes(copied, genes, score_name=name, random_state=0)

    return run


def _pyucell(adata: Any, sets: Sets) -> Task:
    """pyUCell, one process."""
    import pyucell

    return lambda: pyucell.compute_ucell_scores(adata.copy(), signatures=sets, n_jobs=1)


def _decoupler(method: str) -> Callable[[Any, Sets], Task]:
    """A method of decoupler 2."""

    def prepare(adata: Any, sets: Sets) -> Task:
        import decoupler
        import pandas as pd

        pairs = [(name, gene, 1.0) for name, genes in sets.items() for gene in genes]
        net = pd.DataFrame(pairs, columns=["source", "target", "weight"])
        run = getattr(decoupler.mt, method)
        return lambda: run(adata.copy(), net, tmin=1, verbose=False)

    return prepare


PEERS = {
    "gseapy ssgsea": Peer("gseapy", _gseapy("ssgsea", sample_norm_method="rank", no_plot=True)),
    "gseapy gsva": Peer("gseapy", _gseapy("gsva", kcdf="Gaussian")),
    "pyucell": Peer("pyucell", _pyucell),
    "decoupler aucell": Peer("decoupler", _decoupler("aucell")),
    "scanpy score_genes": Peer("scanpy", _scanpy_score_genes),
    "decoupler ulm": Peer("decoupler", _decoupler("ulm")),
}


def has_r_gsva() -> bool:
    """Whether R and its package GSVA are installed."""
    program = shutil.which("Rscript")
    if program is None:
        return False
    asked = [program, "--vanilla", "-e", "quit(status = !requireNamespace('GSVA', quietly = TRUE))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def r_gsva(method: str, x: Any, sets: Sets, environment: dict[str, str]) -> dict[str, Any]:
    """Version, processor seconds and peak memory of R's GSVA, by `gsva.R`."""
    import numpy as np

    column_of = {gene: i for i, gene in enumerate(x.columns, start=1)}
    lines = [" ".join(str(column_of[gene]) for gene in genes) for genes in sets.values()]
    with tempfile.TemporaryDirectory() as folder:
        values, set_file = Path(folder) / "values", Path(folder) / "sets"
        x.to_numpy(np.float64).tofile(values)
        set_file.write_text("\n".join(lines) + "\n")
        script = str(Path(__file__).with_name("gsva.R"))
        asked = ["Rscript", "--vanilla", script, str(values), str(x.shape[1]), str(x.shape[0])]
        done = subprocess.run(
            [*asked, str(set_file), method],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
    version, seconds, peak = done.stdout.split()[-3:]
    return {"version": version, "seconds": float(seconds), "peak_mb": float(peak)}
