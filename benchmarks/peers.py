"""The peers: other programs that compute the same, each run on the same data in this process."""

from collections.abc import Callable
from typing import Any

Task = Callable[[], Any]


def gseapy_ssgsea(x: Any, sets: dict[str, list[str]]) -> Task:
    """GSEApy's ssGSEA (Rust), one thread."""
    import gseapy

    table = x.T
    return lambda: gseapy.ssgsea(
        table, sets, sample_norm_method="rank", no_plot=True, threads=1, min_size=1, max_size=1000
    )


def gseapy_gsva(x: Any, sets: dict[str, list[str]]) -> Task:
    """GSEApy's GSVA (Rust) with the Gaussian kernel, one thread."""
    import gseapy

    table = x.T
    return lambda: gseapy.gsva(table, sets, kcdf="Gaussian", threads=1, min_size=1, max_size=1000)


def scanpy_score_genes(adata: Any, sets: dict[str, list[str]]) -> Task:
    """scanpy's score_genes, once a set."""
    import scanpy

    def run() -> None:
        copied = adata.copy()
        for name, genes in sets.items():
            scanpy.tl.score_genes(copied, genes, score_name=name, random_state=0)

    return run


def pyucell(adata: Any, sets: dict[str, list[str]]) -> Task:
    """pyUCell, one process."""
    import pyucell

    return lambda: pyucell.compute_ucell_scores(adata.copy(), signatures=sets, n_jobs=1)


def decoupler(method: str) -> Callable[[Any, dict[str, list[str]]], Task]:
    """A method of decoupler 2."""

    def prepare(adata: Any, sets: dict[str, list[str]]) -> Task:
        import decoupler as dc
        import pandas as pd

        pairs = [(name, gene, 1.0) for name, genes in sets.items() for gene in genes]
        net = pd.DataFrame(pairs, columns=["source", "target", "weight"])
        return lambda: getattr(dc.mt, method)(adata.copy(), net, tmin=1, verbose=False)

    return prepare
