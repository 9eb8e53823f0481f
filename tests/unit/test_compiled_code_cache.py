"""Compiled code is kept on disk where that works, and nothing fails where it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurosig

PROGRAM = """
import numpy as np
from neurosig.kernels.ranks import ascending_order, rank_rows
{before}
x = np.array([[3.0, 1.0, 2.0, 2.0]])
print(rank_rows(x, ascending_order(x), 1).tolist())
print(sum(rank_rows.stats.cache_hits.values()), sum(rank_rows.stats.cache_misses.values()))
"""
RANKS = "[[4.0, 1.0, 2.5, 2.5]]"


def run(cache: Path, before: str = "") -> tuple[int, int]:
    """Rank four values in a new process; how often the function was on disk and was not."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(neurosig.__file__).parent.parent),
            "NUMBA_CACHE_DIR": str(cache),
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    ranks, counts = done.stdout.splitlines()
    assert ranks == RANKS
    hits, misses = counts.split()
    return int(hits), int(misses)


def files(cache: Path, ending: str) -> list[Path]:
    return sorted(cache.rglob(f"*.rank_rows*.{ending}"))


def test_the_second_process_finds_what_the_first_compiled(tmp_path):
    assert run(tmp_path) == (0, 1)
    assert files(tmp_path, "nbc")
    assert run(tmp_path) == (1, 0)


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_cache_file_cut_off_is_replaced(tmp_path, ending):
    run(tmp_path)
    (damaged,) = files(tmp_path, ending)
    damaged.write_bytes(damaged.read_bytes()[:40])
    assert run(tmp_path) == (0, 1)
    assert len(damaged.read_bytes()) > 40
    assert run(tmp_path) == (1, 0)


def test_a_cache_folder_that_is_gone_after_the_import_is_done_without(tmp_path):
    """A file in its place cannot be written to by anybody, not even by root."""
    before = (
        "import shutil, pathlib, os\n"
        "cache = pathlib.Path(os.environ['NUMBA_CACHE_DIR'])\n"
        "shutil.rmtree(cache); cache.write_text('no folder')"
    )
    assert run(tmp_path / "cache", before) == (0, 1)


def test_a_disk_without_room_is_done_without(tmp_path):
    """Files of this process may hold 100 bytes: writing more fails as on a full disk."""
    pytest.importorskip("resource")
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    assert run(tmp_path, before) == (0, 1)
    assert not files(tmp_path, "nbc")
    assert run(tmp_path) == (0, 1)
    assert run(tmp_path) == (1, 0)
