"""Runs that do not come to their end, and outputs that must not be touched."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import neurosig as ns
from neurosig.errors import ResourceError

Config = dict[str, Any]


@pytest.fixture
def study(small_study: Config) -> Config:
    """One cohort and one method, to be quick."""
    small_study["cohorts"] = small_study["cohorts"][:1]
    small_study["scoring"] = {"method": "mean"}
    return small_study


def _content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("analyse", KeyboardInterrupt),
        ("write_figures", KeyboardInterrupt),
        ("build_report", KeyboardInterrupt),
        ("build_report", MemoryError),
    ],
)
def test_a_run_that_is_interrupted_leaves_the_earlier_result_as_it_was(
    study: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: type[BaseException],
) -> None:
    earlier = tmp_path / "out"
    for name in ("tables", "figures"):
        (earlier / name).mkdir(parents=True)
    for name in ("manifest.json", "provenance.json", "report.html", "tables/x.csv"):
        (earlier / name).write_text(f"earlier {name}")
    before = _content(earlier)

    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(f"neurosig.study.pipeline.{step}", interrupted)
    with pytest.raises(error):
        ns.run(study, output=earlier)
    assert _content(earlier) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_run_that_fails_at_the_very_swap_puts_the_earlier_result_back(
    study: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ns.run(study, output=tmp_path / "out")
    before = _content(run.folder)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if "-partial-" in self.name:
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(ResourceError, match=r"Device or resource busy.*another output"):
        ns.run(study, output=tmp_path / "out")
    assert _content(run.folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


WAITING = """
import signal, sys
# A job in the background of a shell is started with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import neurosig.study.pipeline as pipeline

def wait(folder):
    print("ready", flush=True)
    signal.pause()

pipeline.build_report = wait
from neurosig.cli import main
main(sys.argv[1:])
"""


def test_a_full_disk_is_a_resource_error_and_leaves_nothing(
    study: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def failing(self: Path, content: bytes) -> int:
        if self.suffix == ".svg":
            raise OSError(28, "No space left on device")
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(ResourceError, match="No space left on device"):
        ns.run(study, output=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_told_to_end_cleans_up(
    study: Config, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    config = tmp_path / "study.yaml"
    config.write_text(yaml.safe_dump(study))
    results = tmp_path / "results"
    arguments = [sys.executable, "-c", WAITING, "run", str(config)]
    arguments += ["--output", str(results / "out")]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        try:
            _, errors = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == code
    assert "Traceback" not in errors
    assert list(results.iterdir()) == []


def test_a_folder_with_other_files_is_never_replaced(study: Config, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.docx").write_text("years of work")
    with pytest.raises(ResourceError, match=r"It holds 'thesis\.docx'"):
        ns.run(study, output=out)
    (out / "manifest.json").write_text("{}")  # a name that web projects use, too
    with pytest.raises(ResourceError, match=r"It holds 'thesis\.docx'"):
        ns.run(study, output=out)
    (out / "thesis.docx").unlink()
    with pytest.raises(ResourceError, match=r"lacks manifest\.json or provenance\.json"):
        ns.run(study, output=out)
    assert (out / "manifest.json").read_text() == "{}"


def test_a_result_to_which_notes_were_added_is_not_replaced(study: Config, tmp_path: Path) -> None:
    run = ns.run(study, output=tmp_path / "out")
    (run.folder / "notes.txt").write_text("mine")
    with pytest.raises(ResourceError, match=r"notes\.txt"):
        ns.run(study, output=run.folder)
    assert (run.folder / "notes.txt").read_text() == "mine"


def test_an_empty_folder_and_an_earlier_result_are_replaced(study: Config, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    run = ns.run(study, output=tmp_path / "out")
    (run.folder / "tables" / "stale.csv").write_text("old")
    (run.folder / ".DS_Store").write_text("left by a file browser")
    ns.run(study, output=tmp_path / "out")
    assert not (run.folder / "tables" / "stale.csv").exists()


def test_an_output_that_is_a_file_or_below_one_is_refused(study: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResourceError, match="is not a folder"):
        ns.run(study, output=tmp_path / "file")
    with pytest.raises(ResourceError, match="cannot be written"):
        ns.run(study, output=tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(not hasattr(os, "umask"), reason="permissions of POSIX")
@pytest.mark.parametrize(("mask", "folder", "file"), [(0o077, 0o700, 0o600), (0o022, 0o755, 0o644)])
def test_the_permissions_of_a_result_follow_the_umask(
    study: Config, tmp_path: Path, mask: int, folder: int, file: int
) -> None:
    before = os.umask(mask)
    try:
        run = ns.run(study, output=tmp_path / "out")
    finally:
        os.umask(before)
    for path in (run.folder, *run.folder.rglob("*")):
        expected = folder if path.is_dir() else file
        assert stat.S_IMODE(path.stat().st_mode) == expected, path.name
