"""Compiled code is kept on disk where that works, and nothing fails where it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurosig
from neurosig.kernels import jit as jit_module

PROGRAM = """
import numpy as np
from neurosig.kernels.ranks import ascending_order, rank_rows
{before}
x = np.array([[3.0, 1.0, 2.0, 2.0]])
print(rank_rows(x, ascending_order(x), 1).tolist())
print(sum(rank_rows.stats.cache_hits.values()), sum(rank_rows.stats.cache_misses.values()))
"""
pytestmark = pytest.mark.slow
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


CALLED = "from neurosig.kernels.jit import jit\n\n@jit\ndef doubled(x):\n    return {factor} * x\n"
CALLING = """
from neurosig.kernels.jit import jit
from neurosig.kernels.{called} import doubled

@jit
def {name}(x):
    return doubled(x) + 1
"""


@pytest.fixture
def small_package(tmp_path: Path) -> Path:
    """A package with the real `jit`, and functions that call each other over three files."""
    kernels = tmp_path / "neurosig" / "kernels"
    kernels.mkdir(parents=True)
    (kernels.parent / "__init__.py").write_text("")
    (kernels / "__init__.py").write_text("")
    (kernels / "jit.py").write_text((Path(jit_module.__file__)).read_text())
    (kernels / "called.py").write_text(CALLED.format(factor=2))
    (kernels / "alone.py").write_text(CALLED.format(factor=5))
    (kernels / "near.py").write_text(CALLING.format(called="called", name="near"))
    far = CALLING.format(called="near", name="far").replace("doubled", "near")
    (kernels / "far.py").write_text(far)
    return tmp_path


def ask(package: Path, module: str, function: str) -> tuple[float, int]:
    """The function of 10, in a new process; how often it was on disk."""
    program = (
        f"from neurosig.kernels.{module} import {function} as f\n"
        "print(f(10), sum(f.stats.cache_hits.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    value, hits = done.stdout.split()
    return float(value), int(hits)


def test_code_is_compiled_again_when_a_file_that_it_calls_into_has_changed(
    small_package: Path,
) -> None:
    """2 * 10 + 1 and one more; 3 * 10 + 1 and one more."""
    asked = {"near": "near", "far": "far", "alone": "doubled"}
    assert {m: ask(small_package, m, f)[0] for m, f in asked.items()} == {
        "near": 21, "far": 22, "alone": 50,
    }  # fmt: skip
    assert ask(small_package, "far", "far") == (22, 1)
    called = small_package / "neurosig" / "kernels" / "called.py"
    called.write_text(CALLED.format(factor=3))
    assert {m: ask(small_package, m, f) for m, f in asked.items()} == {
        "near": (31, 0), "far": (32, 0), "alone": (50, 1),
    }  # fmt: skip
