"""Runs that fail: killed, out of room, locked out, given damaged files, without a network.

In each no partial file is under a final name, the message names the fault and the remedy, and the
same command run again completes. The table in docs/provenance.md has a row for each test here.
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import neurosig as ns
from neurosig._lock import lock_of
from neurosig.errors import ResourceError, UnfinishedRunWarning
from neurosig.records.checking import check_records
from neurosig.records.files import sidecar_of

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")


@pytest.fixture
def data(small_data: Path) -> Path:
    return small_data


@pytest.fixture
def scores(neurosig: Run, data: Path, tmp_path: Path) -> Path:
    """Scores in a folder of their own."""
    path = tmp_path / "given" / "scores.csv"
    files = ("--file", data / "signatures.gmt")
    ended = neurosig("score", data / "alpha.csv", *ROWS, *files, "--method", "zscore",
                     "--output", path)  # fmt: skip
    assert ended.code == 0, ended.err
    return path


def command(kind: str, data: Path, scores: Path, out: Path) -> list[object]:
    """A command that writes a file of a kind into a folder."""
    signatures = ("--file", data / "signatures.gmt")
    matrix = (data / "alpha.csv", *ROWS)
    clinic = (data / "alpha_clinical.csv", "--id", "patient", "--time", "OS.time", "--event", "OS")
    score = ("score", *matrix, *signatures, "--method", "zscore")
    match kind:
        case "csv" | "tsv" | "h5ad":
            return [*score, "--output", out / f"s.{kind}"]
        case "npz":
            return [*score, "--output", out / "s.csv", "--save-cohort", out / "cohort.npz"]
        case "parquet":
            return ["harmonise", *matrix, "--duplicates", "mean", "--output", out / "named.parquet"]
        case "svg":
            return ["km", scores, *clinic, "--signature", "AXON", "--output", out / "km.svg"]
        case "provenance.json":
            return ["cox", scores, *clinic, "--output", out / "cox.csv"]
        case "gmt" | "gmx" | "json":
            return ["signatures", "export", *signatures, "--output", out / f"exported.{kind}"]
    raise AssertionError(kind)


def in_a_process(*arguments: object) -> Any:
    """Run a command as a program; its exit code is that of the whole process."""
    ended = subprocess.run(
        [sys.executable, "-m", "neurosig", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return SimpleNamespace(code=ended.returncode, out=ended.stdout, err=ended.stderr)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def unfinished(folder: Path) -> set[str]:
    return {name for name in names(folder) if name.startswith(".partial-")}


KINDS = ("csv", "tsv", "h5ad", "npz", "parquet", "svg", "provenance.json", "gmt", "gmx", "json")


@pytest.mark.parametrize("kind", KINDS)
def test_kill_9_before_a_file_is_in_place_leaves_none_and_the_next_run_clears_up(
    neurosig: Run, ended_by_force: Run, data: Path, scores: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    typed = command(kind, data, scores, out)
    ending = f".{kind.rpartition('.')[2]}"
    number = ended_by_force(*typed, at="sync", what=ending, folder=tmp_path)
    assert number == signal.SIGKILL
    left = unfinished(out)
    assert len(left) == 1
    assert next(iter(left)).endswith(ending)
    target = Path(str(typed[-1]))
    assert not (sidecar_of(target) if kind == "provenance.json" else target).exists()
    ended = neurosig(*typed)
    assert ended.code == 0, ended.err
    assert unfinished(out) == set()
    assert {check.status for check in check_records(out)} == {"ok"}


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in {"provenance.json", "npz"}])
def test_a_process_ended_in_the_middle_of_a_write_leaves_the_old_file(
    neurosig: Run, ended_by_force: Run, data: Path, scores: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    typed = command(kind, data, scores, out)
    target = Path(str(typed[-1]))
    target.write_text("old")
    number = ended_by_force(*typed, at="byte", what=100, folder=tmp_path)
    assert number == signal.SIGXFSZ
    assert target.read_text() == "old"
    (left,) = unfinished(out)
    assert (out / left).stat().st_size == 100 or kind == "h5ad"  # HDF5 writes its header last
    ended = neurosig(*typed)
    assert ended.code == 0, ended.err
    assert target.read_bytes() != b"old"
    assert unfinished(out) == set()


def test_temporary_files_of_running_processes_and_of_other_machines_stay(
    neurosig: Run, data: Path, scores: Path, tmp_path: Path
) -> None:
    from neurosig import _processes

    out = tmp_path / "out"
    out.mkdir()
    here = _processes.machine()
    me, mine = os.getpid(), _processes.started(os.getpid())
    kept = {
        f".partial-{here}-{me}-{mine}-0123456789abcdef.csv",  # of a process that runs
        f".partial-00000000-{me}-1-0123456789abcdef.csv",  # of another machine
        ".partial-of-somebody.csv",
    }
    number_given_again = f".partial-{here}-{me}-{int(mine) - 1}-0123456789abcdef.csv"
    for name in (*kept, number_given_again):
        (out / name).write_text("half")
    assert neurosig(*command("gmt", data, scores, out)).code == 0
    assert unfinished(out) == kept


@pytest.mark.parametrize("kind", ["csv", "h5ad", "npz", "parquet", "svg", "gmt"])
def test_a_full_disk_leaves_what_was_there_and_says_so(
    neurosig: Run, full_disk: Path, data: Path, scores: Path, kind: str
) -> None:
    typed = command(kind, data, scores, full_disk)
    if kind == "gmt":  # a small file: it would fit
        (full_disk / "more").write_bytes(bytes(shutil.disk_usage(full_disk).free))
    before = {path.name: path.read_bytes() for path in full_disk.iterdir()}
    # The whole process is looked at: HDF5 could end it when the message has long been printed
    ended = in_a_process(*typed) if kind == "h5ad" else neurosig(*typed)
    assert ended.code == 5
    assert "cannot be written: No space left on device" in ended.err
    assert "make room" in ended.err
    assert "Traceback" not in ended.err
    after = {path.name: path.read_bytes() for path in full_disk.iterdir()}
    whole = {name for name in after if name not in before}  # those that fitted, of several
    assert {name: after[name] for name in before} == before
    assert not any(name.startswith(".partial-") for name in whole)
    assert Path(str(typed[-1])).name not in whole
    subprocess.run(["mount", "-o", "remount,size=4m", str(full_disk)], check=True)
    ended = neurosig(*typed)
    assert ended.code == 0, ended.err
    for name in before:
        (full_disk / name).unlink()
    assert {check.status for check in check_records(full_disk)} == {"ok"}


@pytest.mark.parametrize("kind", ["csv", "h5ad", "svg"])
def test_a_folder_that_cannot_be_written_to_is_named(
    neurosig: Run, read_only: Path, data: Path, scores: Path, kind: str
) -> None:
    typed = command(kind, data, scores, read_only)
    ended = neurosig(*typed)
    assert ended.code == 5
    assert "cannot be written: Read-only file system" in ended.err
    assert f"The folder is {str(read_only)!r}" in ended.err
    assert names(read_only) == set()
    subprocess.run(["mount", "-o", "remount,rw,size=4m", str(read_only)], check=True)
    assert neurosig(*typed).code == 0


# ------------------------------------------------------------------------------------ whole studies


@pytest.fixture
def study(small_study: dict[str, Any], tmp_path: Path) -> Path:
    """The file of a quick study: one cohort, one method, no null test."""
    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["scoring"] = {"method": "mean"}
    small_study["null_test"] = {"n_sets": 0, "n_permutations": 0, "catalogue": False}
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(small_study))
    return path


def is_whole(folder: Path) -> bool:
    return {check.status for check in check_records(folder)} == {"ok"}


def test_kill_9_in_a_run_leaves_a_lock_and_a_folder_that_the_next_run_clears_away(
    neurosig: Run, ended_by_force: Run, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results" / "out"
    typed = ("run", study, "--output", out)
    assert ended_by_force(*typed, at="sync", what=".html", folder=tmp_path) == signal.SIGKILL
    left = names(out.parent)
    assert ".out.lock" in left
    assert len(left) == 2
    assert not out.exists()
    ended = neurosig(*typed)
    assert ended.code == 0
    assert "UnfinishedRunWarning: An earlier run into" in ended.err
    assert "its unfinished folder was removed" in ended.err
    assert names(out.parent) == {"out"}
    assert is_whole(out)


def test_kill_9_between_the_two_moves_of_a_finished_run_brings_the_earlier_result_back(
    neurosig: Run, ended_by_force: Run, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results" / "out"
    typed = ("run", study, "--output", out)
    assert neurosig(*typed).code == 0
    before = (out / "provenance.json").read_bytes()
    ended_by_force(*typed, at="rename", what="-partial-", folder=tmp_path)
    assert not out.exists()

    def failing(*_: object) -> None:
        raise ResourceError("no", "no", "no")

    with monkeypatch.context() as patched:  # also where the next run comes to nothing
        patched.setattr("neurosig.study.pipeline.analyse", failing)
        ended = neurosig(*typed)
    assert ended.code == 5
    assert "the result before it was put back in its place" in ended.err
    assert (out / "provenance.json").read_bytes() == before
    assert is_whole(out)
    assert names(out.parent) == {"out"}


HOLDING = """
import sys, signal
from pathlib import Path
from neurosig._lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of tmp_path/out."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def test_a_second_run_into_a_folder_is_refused_and_named_the_first(
    neurosig: Run, holder: subprocess.Popen[str], study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    since = json.loads(lock_of(out).read_text())["since"]
    ended = neurosig("run", study, "--output", out)
    assert ended.code == 5
    host = os.uname().nodename
    assert f"It is process {holder.pid} on {host}, since {since}" in ended.err
    assert "Wait for it to end" in ended.err
    assert not out.exists()
    holder.kill()
    holder.wait(timeout=60)
    assert lock_of(out).exists()  # of a dead process
    with pytest.warns(UnfinishedRunWarning, match=f"process {holder.pid} on"):
        run = ns.run(study, output=out)
    assert is_whole(run.folder)
    assert not lock_of(out).exists()


def test_a_report_is_not_built_again_while_a_run_is_at_work_there(
    neurosig: Run, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert neurosig("run", study, "--output", out).code == 0
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(out)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        ended = neurosig("report", out)
        child.kill()
    assert ended.code == 5
    assert "Another run is writing" in ended.err


def test_a_run_on_a_full_disk_leaves_nothing(neurosig: Run, full_disk: Path, study: Path) -> None:
    before = names(full_disk)
    ended = neurosig("run", study, "--output", full_disk / "out")
    assert ended.code == 5
    assert "No space left on device" in ended.err
    assert names(full_disk) == before
    subprocess.run(["mount", "-o", "remount,size=16m", str(full_disk)], check=True)
    assert neurosig("run", study, "--output", full_disk / "out").code == 0
    assert is_whole(full_disk / "out")


def test_a_run_into_a_place_that_cannot_be_written_to_ends_before_it_begins(
    neurosig: Run, read_only: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(*_: object) -> None:
        raise AssertionError("the analysis began")

    monkeypatch.setattr("neurosig.study.pipeline.analyse", begun)
    ended = neurosig("run", study, "--output", read_only / "out")
    assert ended.code == 5
    assert "cannot be written: Read-only file system" in ended.err
    assert names(read_only) == set()


# ------------------------------------------------------------------------------- damaged or absent


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("reader", ["score", "cox", "sc", "harmonise"])
def test_an_h5ad_that_was_cut_off_is_named_and_nothing_is_written(
    neurosig: Run, data: Path, scores: Path, tmp_path: Path, reader: str, share: float
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    whole = data / "alpha.h5ad"
    if reader == "cox":
        whole = tmp_path / "scores.h5ad"
        typed = command("h5ad", data, scores, tmp_path)
        assert neurosig(*typed[:-1], whole).code == 0
    cut = tmp_path / "cut.h5ad"
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    signatures = ("--file", data / "signatures.gmt")
    clinic = (data / "alpha_clinical.csv", "--id", "patient", "--time", "OS.time", "--event", "OS")
    typed = {
        "score": ["score", cut, *signatures, "--output", out / "s.csv"],
        "cox": ["cox", cut, *clinic, "--output", out / "cox.csv"],
        "sc": ["sc", "summarise", cut, *signatures, "--output", out / "groups.csv"],
        "harmonise": ["harmonise", cut, "--output", out / "named.h5ad"],
    }[reader]
    ended = neurosig(*typed)
    assert ended.code in (3, 5)
    assert "cut.h5ad" in ended.err
    assert "Traceback" not in ended.err
    assert names(out) == set()


PROGRAM = ("-m", "neurosig", "score")


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_damaged_compiled_code_is_compiled_again(data: Path, tmp_path: Path, ending: str) -> None:
    """`plaid`, whose few functions are quickly compiled."""
    cache = tmp_path / "cache"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    typed = [
        sys.executable, *PROGRAM, str(data / "alpha.csv"), *ROWS, "--method", "plaid",
        "--file", str(data / "signatures.gmt"), "--output",
    ]  # fmt: skip

    def run(name: str) -> bytes:
        done = subprocess.run(
            [*typed, str(tmp_path / name)], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return (tmp_path / name).read_bytes()

    first = run("first.csv")
    damaged = sorted(cache.rglob(f"*.{ending}"))
    assert damaged
    for path in damaged:
        path.write_bytes(path.read_bytes()[:50])
    assert run("second.csv") == first
    assert all(len(path.read_bytes()) > 50 for path in damaged)


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A folder of fetched data, made as `neurosig data fetch` leaves it."""
    import hashlib

    from neurosig.datasets.registry import home_cohort

    folder = tmp_path / "data"
    ledger = {}
    for file in home_cohort("PRAD").files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = b"sample\tTCGA-2A-A8VL-01\nNGF\t1.5\n"
        path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
        ledger[file.name] = {
            "url": file.url,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "fetched": "2026-01-01T00:00:00+00:00",
        }
    (folder / "checksums.json").write_text(json.dumps(ledger))
    return folder


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection goes to a port of this machine that nobody listens at."""
    pytest.importorskip("pooch")
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_no_network")
def test_a_fetched_file_that_changed_is_refused(neurosig: Run, fetched: Path) -> None:
    path = fetched / "PRAD" / "HiSeqV2.tsv.gz"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    ended = neurosig("data", "fetch", "PRAD", "--folder", fetched)
    assert ended.code == 5
    assert "ChecksumError: 'HiSeqV2.tsv.gz' has changed since it was fetched" in ended.err
    assert "neurosig data fetch --again" in ended.err
    assert not (fetched / "PRAD" / "clinical.csv").exists()
    ended = neurosig("verify", fetched)
    assert ended.code == 3
    assert "PRAD/HiSeqV2.tsv.gz (changed)" in ended.err


@pytest.mark.usefixtures("_no_network")
def test_a_damaged_list_of_fetched_files_is_named(neurosig: Run, fetched: Path) -> None:
    (fetched / "checksums.json").write_text('{"PRAD/HiSeqV2')
    ended = neurosig("data", "fetch", "PRAD", "--folder", fetched)
    assert ended.code == 5
    assert "checksums.json' cannot be read" in ended.err
    assert "--again" in ended.err


@pytest.mark.usefixtures("_no_network")
def test_without_a_network_nothing_is_left_and_the_address_is_named(
    neurosig: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    ended = neurosig("data", "fetch", "PRAD", "--folder", folder)
    assert ended.code == 5
    assert "HiSeqV2.gz could not be fetched" in ended.err
    assert "Check the network and call again" in ended.err
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_the_table_of_faults_has_a_row_for_each_test_and_a_test_for_each_row() -> None:
    page = Path(__file__).parents[2] / "docs" / "provenance.md"
    if not page.is_file():
        pytest.skip("the documentation is not here")
    rows = re.findall(r"`(test_\w+)` \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    itself = "test_the_table_of_faults_has_a_row_for_each_test_and_a_test_for_each_row"
    assert sorted(rows) == sorted({n for n in globals() if n.startswith("test_")} - {itself})
