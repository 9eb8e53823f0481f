"""`neurosig score --dask-scheduler`: two real worker processes."""

import os
import signal
import socket
import sys
from pathlib import Path

import anndata as ad
import cloudpickle
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

distributed = pytest.importorskip("distributed")

N_CELLS, N_GENES = 120, 50
GENES = [f"G{i:02d}" for i in range(N_GENES)]
COUNTS = np.random.default_rng(20261126).poisson(1.0, (N_CELLS, N_GENES))


@pytest.fixture(scope="module")
def cluster():
    local = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    )
    with local:
        yield local


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Cells as an h5ad file (CSR; a layer of logarithms), the same as a table, and signatures."""
    folder = tmp_path_factory.mktemp("dask")
    cells = [f"c{i:03d}" for i in range(N_CELLS)]
    adata = ad.AnnData(
        sparse.csr_matrix(COUNTS.astype(np.float32)),
        pd.DataFrame(index=cells),
        pd.DataFrame(index=GENES),
        layers={"log": np.log1p(COUNTS)},
    )
    adata.write_h5ad(folder / "cells.h5ad")
    adata.to_df().to_csv(folder / "cells.csv")
    lines = ["first\tx\t" + "\t".join(GENES[:6]), "second\tx\t" + "\t".join(GENES[10:25])]
    (folder / "signatures.gmt").write_text("\n".join(lines) + "\n")
    return folder


def scored(neurosig, files: Path, output: Path, *options: object) -> bytes:
    ended = neurosig(
        "score", files / "cells.h5ad", "--file", files / "signatures.gmt", "--output", output,
        *options,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return output.read_bytes()


@pytest.mark.parametrize(
    "options", [("--method", "ucell"), ("--method", "zscore", "--layer", "log")], ids=str
)
def test_the_workers_give_the_same_file_to_the_byte(neurosig, cluster, files, tmp_path, options):
    here = scored(neurosig, files, tmp_path / "here.csv", *options)
    address = cluster.scheduler_address
    there = scored(
        neurosig, files, tmp_path / "there.csv", *options,
        "--dask-scheduler", address, "--dask-rows", 16,
    )  # fmt: skip
    assert there == here


class KillsItself(distributed.WorkerPlugin):
    """Ends the worker, by force and once, when it has done its third task."""

    idempotent = True

    def __init__(self, marker: Path) -> None:
        self.marker = marker
        self.n_done = 0

    def transition(self, key, start, finish, **kwargs):
        self.n_done += finish == "memory"
        if self.n_done == 3 and not self.marker.exists():
            self.marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(neurosig, cluster, files, tmp_path):
    here = scored(neurosig, files, tmp_path / "here.csv", "--method", "ucell")
    marker = tmp_path / "killed"
    with distributed.Client(cluster) as client:
        before = set(client.run(os.getpid).values())
        # the workers cannot import this file
        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        client.register_plugin(KillsItself(marker), name="kills itself")
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    there = scored(
        neurosig, files, tmp_path / "there.csv", "--method", "ucell",
        "--dask-scheduler", cluster.scheduler_address, "--dask-rows", 8,
    )  # fmt: skip
    assert int(marker.read_text()) in before - {os.getpid()}
    assert there == here


def test_an_address_without_a_scheduler_is_refused_in_seconds_with_what_to_do(
    neurosig, files, tmp_path, monkeypatch
):
    monkeypatch.setattr("neurosig.expression.dask_workers.CONNECT_SECONDS", 1)
    with socket.socket() as free:  # bound and not listening: a connection is refused
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        ended = neurosig(
            "score", files / "cells.h5ad", "--file", files / "signatures.gmt", "--method", "ucell",
            "--output", tmp_path / "x.csv", "--dask-scheduler", address,
        )  # fmt: skip
    assert ended.code == 5
    assert f"There is no dask scheduler at '{address}'" in ended.err
    assert "dask scheduler" in ended.err.split("Start one")[1]
    assert not (tmp_path / "x.csv").exists()


def test_a_scheduler_without_workers_is_refused(neurosig, files, tmp_path, monkeypatch):
    monkeypatch.setattr("neurosig.expression.dask_workers.CONNECT_SECONDS", 1)
    empty = distributed.LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1")
    with empty:
        ended = neurosig(
            "score", files / "cells.h5ad", "--file", files / "signatures.gmt", "--method", "ucell",
            "--output", tmp_path / "x.csv", "--dask-scheduler", empty.scheduler_address,
        )  # fmt: skip
    assert ended.code == 5
    assert "has no workers" in ended.err


@pytest.mark.parametrize(
    ("file", "options", "words"),
    [
        ("cells.csv", ("--dask-scheduler", "tcp://x:1"), "cannot be read in pieces"),
        ("cells.h5ad", ("--dask-scheduler", "tcp://x:1", "--threads", "2"), "--threads cannot"),
        ("cells.h5ad", ("--dask-scheduler", "tcp://x:1", "--exclude", "c001"), "--exclude cannot"),
        ("cells.h5ad", ("--dask-rows", "5"), "--dask-rows 5 has nothing to divide"),
    ],
)
def test_what_workers_cannot_do_is_refused_before_they_are_asked(
    neurosig, files, tmp_path, file, options, words
):
    ended = neurosig(
        "score", files / file, "--file", files / "signatures.gmt", "--method", "ucell",
        "--output", tmp_path / "x.csv", *options,
    )  # fmt: skip
    assert ended.code == 2
    assert words in ended.err


@pytest.mark.parametrize("module", ["dask.array", "distributed"])
def test_without_dask_the_message_says_what_to_install(
    neurosig, files, tmp_path, monkeypatch, module
):
    monkeypatch.setitem(sys.modules, module, None)
    ended = neurosig(
        "score", files / "cells.h5ad", "--file", files / "signatures.gmt", "--output",
        tmp_path / "s.csv", "--dask-scheduler", "tcp://127.0.0.1:1",
    )  # fmt: skip
    assert ended.code == 5
    assert ended.err.startswith("MissingDependencyError: dask is not installed")
    assert "pip install 'neurosig[dask]'" in ended.err
