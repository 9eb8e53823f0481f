"""`neurosig score` of a user who can write neither to the installation nor to a home folder."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import neurosig
import neurosig as ns

NOBODY = 65534
NAMELESS = 54321


@pytest.fixture
def installation(tmp_path) -> Path:
    """A copy of the package without compiled code, in folders that cannot be written to."""
    folder = tmp_path / "site"
    package = Path(neurosig.__file__).parent
    shutil.copytree(package, folder / "neurosig", ignore=shutil.ignore_patterns("__pycache__"))
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    yield folder
    for path in folders:
        path.chmod(0o755)


def as_user(number: int) -> list[str]:
    """How to start a program without root's right to write anywhere; root may still read."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of folders mean something else on this system")
    if os.geteuid() != 0:
        return []
    user = [f"--reuid={number}", f"--regid={number}", "--clear-groups"]
    keep = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = ["setpriv", *user, *keep]
    if shutil.which("setpriv") is None:
        pytest.skip("root cannot become another user: setpriv is not installed")
    tried = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"root cannot become another user here: {tried.stderr.decode().strip()}")
    return command


@pytest.fixture
def run_as_user(installation, tmp_path):
    """Run a command in a folder that anybody may write to."""
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o777)
    left_out = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
    keep = {k: v for k, v in os.environ.items() if k not in left_out}

    def run(*arguments: str, home: str | None, user: int = NOBODY) -> str:
        done = subprocess.run(
            [*as_user(user), sys.executable, *arguments],
            cwd=work,
            env={**keep, "PYTHONPATH": str(installation), **({"HOME": home} if home else {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    run.folder = work
    return run


def unwritable_home(tmp_path: Path) -> str:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    return str(home)


# The default from pandas 3.1 on, which says so; before, the default was off by a last bit.
@pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated")
@pytest.mark.parametrize("home", ["of somebody else", "missing"])
def test_scores_are_the_same_without_a_folder_to_write_to(run_as_user, small_data, tmp_path, home):
    place = "/nonexistent" if home == "missing" else unwritable_home(tmp_path)
    shutil.copy(small_data / "alpha.csv", run_as_user.folder)
    shutil.copy(small_data / "signatures.gmt", run_as_user.folder)
    options = ["--orientation", "genes_in_rows", "--file", "signatures.gmt"]
    said = run_as_user(
        "-m", "neurosig", "score", "alpha.csv", *options, "--method", "mean",
        "--output", "scores.csv", home=place,
    )  # fmt: skip
    assert said == "scores.csv: 60 x 3 scores\n"
    written = run_as_user.folder / "scores.csv"
    found = pd.read_csv(written, index_col=0, float_precision="round_trip")
    expression = ns.read_expression(small_data / "alpha.csv", orientation="genes_in_rows")
    expected = ns.score(expression, ns.read_gmt(small_data / "signatures.gmt"), method="mean")
    assert (found.to_numpy() == expected.values.to_numpy()).all()
    others = {path.name for path in run_as_user.folder.iterdir() if "scores" not in path.name}
    assert others == {"alpha.csv", "signatures.gmt"}


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be a user without a name"
)
def test_a_user_without_name_and_home_gets_no_folder_called_tilde(run_as_user):
    program = (
        "import numpy as np\n"
        "from neurosig.kernels.ranks import ascending_order, rank_rows\n"
        "x = np.array([[3.0, 1.0, 2.0]])\n"
        "assert rank_rows(x, ascending_order(x), 1).tolist() == [[3.0, 1.0, 2.0]]\n"
    )
    run_as_user("-c", program, home=None, user=NAMELESS)
    assert not list(run_as_user.folder.iterdir())


def test_the_installation_is_really_not_writable(run_as_user, installation):
    attempt = (
        "import pathlib, neurosig\n"
        "try:\n"
        "    pathlib.Path(neurosig.__file__).with_name('x').write_text('x')\n"
        "except PermissionError:\n"
        "    raise SystemExit(0)\n"
        "raise SystemExit(1)\n"
    )
    run_as_user("-c", attempt, home="/nonexistent")
    assert not stat.S_IMODE(installation.stat().st_mode) & stat.S_IWUSR
