"""`neurosig doctor`: what it says of sound and of broken installations."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from neurosig.diagnosis import examination, folders, machine, packages
from neurosig.diagnosis.compiled import compiled_section
from neurosig.diagnosis.findings import Problem
from neurosig.diagnosis.packages import Requirement, package_section, probed, requirements

Run = Callable[..., Any]
CORE = [requirement for requirement in requirements() if not requirement.extra]


@pytest.fixture
def empty_modules(tmp_path: Path) -> Path:
    """Modules of the names of all that neurosig needs, with nothing in them: quick to import."""
    folder = tmp_path / "modules"
    folder.mkdir()
    for requirement in CORE:
        if requirement.module not in {"typer", "rich", "jinja2"}:  # of the program itself
            (folder / f"{requirement.module}.py").write_text("")
    return folder


def doctor(program: Run, modules: Path, *options: str) -> Any:
    path = os.pathsep.join([str(modules), os.environ.get("PYTHONPATH", "")])
    return program("doctor", *options, PYTHONPATH=path)


def test_it_says_what_is_installed_and_ends_well(program: Run) -> None:
    ended = program("doctor", "--json")
    assert (ended.code, ended.err) == (0, "")
    content = json.loads(ended.out)
    assert [p for p in content["problems"] if p["level"] == "error"] == []
    sections = content["sections"]
    assert sections["packages"]["numpy"] == metadata.version("numpy")
    assert sections["python"]["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert sections["threads"]["numba threads"] >= 1
    assert any("kernels" in name for name in sections["compiled code"])
    assert "functions" in sections["compiled code"]
    n = len(list((Path(__file__).parents[2] / "signatures").glob("*/*.yaml")))
    assert f"({n} entries)" in sections["folders"]["signatures"]


def test_a_quick_look_loads_no_library(program: Run) -> None:
    code = (
        "import json, sys, io, contextlib\n"
        "from neurosig.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['doctor', '--quick'])\n"
        "heavy = ('pandas', 'numpy', 'anndata', 'numba', 'scanpy', 'matplotlib', 'scipy')\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("raise ImportError('libblas.so.3: cannot open shared object file')", "libblas.so.3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended with code -11"),
        ("raise SystemExit(1)", "SystemExit: 1"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named_with_the_remedy(
    program: Run, empty_modules: Path, broken: str, said: str
) -> None:
    (empty_modules / "scipy.py").write_text(broken)
    ended = doctor(program, empty_modules)
    assert ended.code == 5
    version = metadata.version("scipy")
    assert f"error: scipy {version} cannot be imported" in ended.out
    assert said in ended.out
    assert 'python -m pip install --force-reinstall "scipy>=' in ended.out
    assert "1 problem would break a run. scipy" in ended.err
    assert "Traceback" not in ended.err


def test_broken_compiled_code_does_not_stop_it(program: Run, empty_modules: Path) -> None:
    (empty_modules / "numba.py").write_text("raise ImportError('no llvmlite')")
    ended = doctor(program, empty_modules, "--json")
    assert ended.code == 5
    content = json.loads(ended.out)
    assert "cannot be looked at" in content["sections"]["compiled code"]["state"]
    assert [p["what"].split()[0] for p in content["problems"] if p["level"] == "error"] == ["numba"]
    cleared = doctor(program, empty_modules, "--clear-cache")
    assert cleared.code == 5
    assert "The compiled code cannot be looked for. " in cleared.err
    assert "neurosig doctor says which package is broken" in cleared.err


def test_a_package_that_is_missing_or_too_old_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"numpy": "1.20.0", "pandas": "2.3.0"}
    monkeypatch.setattr(packages, "installed_version", installed.get)
    needed = [
        Requirement("numpy", ">=1.26"),
        Requirement("pandas", ">=2.2,<4"),
        Requirement("numba", ">=0.60"),
    ]
    section = package_section(needed, {})
    assert [problem.what for problem in section.problems] == [
        "numpy is of a version that neurosig was not made for",
        "numba is not installed",
    ]
    assert section.problems[0].evidence == "1.20.0 is installed, >=1.26 is needed"
    assert section.facts["numba"] == "missing (see below)"


def test_extras_say_what_they_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "installed_version", {"dask": "1"}.get)
    needed = [
        Requirement("dask", "", "dask"),
        Requirement("dask", "", "all"),
        Requirement("pooch", "", "all"),
    ]
    assert packages.extras_section(needed).facts == {"dask": "dask 1", "all": "missing: pooch"}


def test_an_extra_of_another_version_than_is_needed_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packages, "installed_version", {"snakemake": "8.30.0"}.get)
    needed = [Requirement("snakemake", ">=9,<10", extra) for extra in ("workflow", "test")]
    (problem,) = packages.extras_section(needed).problems
    assert problem.level == "warning"
    assert problem.evidence == "8.30.0 is installed, >=9,<10 is needed"
    assert problem.remedy.endswith('"snakemake>=9,<10"')


def test_requirements_are_those_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", not_installed)
    of_source = {(r.name.lower(), r.extra) for r in requirements()}
    assert {("pandas", ""), ("pooch", "data"), ("dask", "dask"), ("pyyaml", "")} <= of_source
    bounds = {r.name: r.bounds for r in requirements() if not r.extra}
    assert bounds["pandas"] == ">=2.2,<4"


def test_modules_are_tried_in_a_process_that_may_end_early() -> None:
    found = probed(["json", "no_such_module"])["imports"]
    assert found["json"] == ""
    assert found["no_such_module"] == "ModuleNotFoundError: No module named 'no_such_module'"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "50000 100000"}, 0.5),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_cores_are_those_of_the_control_group(
    tmp_path: Path, files: dict[str, str], cores: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    everything = machine.allowed_cores(tmp_path / "none")
    assert machine.allowed_cores(tmp_path) == (everything if cores is None else cores)


def test_more_threads_than_cores_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    section = machine.core_section({"numba": 1, "pools": {"openblas 0.3": 64}}, cgroup=tmp_path)
    (problem,) = section.problems
    assert problem.level == "warning"
    assert problem.what == "openblas 0.3 starts 64 threads on 1 cores"
    assert problem.remedy == "export OMP_NUM_THREADS=1"


def test_little_memory_of_the_control_group_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{machine.GIB}\n")
    section = machine.memory_section(cgroup=tmp_path)
    assert section.facts["limit of the control group"] == "1.0 GiB"
    assert [problem.what for problem in section.problems] == ["There are 1.0 GiB of memory"]
    (tmp_path / "memory.max").write_text("max\n")
    assert "limit of the control group" not in machine.memory_section(cgroup=tmp_path).facts


def test_variables_that_nobody_reads_or_that_slow_everything_down_are_named() -> None:
    section = machine.variable_section(
        {"NEUROSIG_DTA": "/data", "NUMBA_DISABLE_JIT": "1", "HOME": "/root", "NEUROSIG_DATA": "/d"}
    )
    assert set(section.facts) == {"NEUROSIG_DTA", "NUMBA_DISABLE_JIT", "NEUROSIG_DATA"}
    assert [problem.what for problem in section.problems] == [
        "NEUROSIG_DTA is set, and neurosig knows no such variable",
        "Functions are not compiled",
    ]


def test_an_installation_without_its_folders_is_an_error(tmp_path: Path) -> None:
    package = tmp_path / "neurosig"
    (package / "_data" / "workflows").mkdir(parents=True)
    section = folders.bundled_section(package=package)
    assert [problem.what for problem in section.problems] == [
        "The folder 'signatures' of neurosig was not found",
        "The folder of workflows is empty",
    ]


def test_fetched_data_that_are_damaged_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROSIG_DATA", str(tmp_path / "data"))
    assert folders.data_section().facts["files"] == "none: nothing was fetched"
    whole, cut = tmp_path / "data" / "PRAD" / "a.gz", tmp_path / "data" / "PRAD" / "b.tsv"
    whole.parent.mkdir(parents=True)
    whole.write_bytes(b"abc")
    cut.write_bytes(b"a")
    ledger = tmp_path / "data" / "checksums.json"
    ledger.write_text(json.dumps({"PRAD/a.gz": {"bytes": 3}, "PRAD/b.tsv": {"bytes": 3}}))
    (tmp_path / "data" / "PRAD" / "c.gz.part").write_bytes(b"half")
    section = folders.data_section()
    assert section.facts["files"] == "1 of 2 listed are there whole"
    assert section.facts["unfinished"].startswith("c.gz.part ")
    (problem,) = section.problems
    assert (problem.level, problem.remedy) == ("error", "neurosig data fetch PRAD --again")
    ledger.write_text("{")
    (problem,) = folders.data_section().problems
    assert "checksums.json' cannot be read" in problem.what
    monkeypatch.setenv("NEUROSIG_DATA", str(whole))
    (problem,) = folders.data_section().problems
    assert problem.what == "The folder of fetched data is a file"


def test_without_the_extra_the_folder_of_data_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSIG_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert folders.data_section().facts == {"folder": "the extra `data` is not installed"}


def compiled(cache: Path) -> dict[str, Any]:
    """What a probe says of compiled code in that folder."""
    command = [sys.executable, "-m", "neurosig.diagnosis.probe"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return next(line["compiled_code"] for line in lines if "compiled_code" in line)


def test_compiled_code_is_usable_damaged_stale_or_left_over(program: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert set(compiled(cache)["functions"]) == {"not compiled"}
    program_text = "from neurosig.kernels.pairs import add_pairs as f; f(1.0, 0.0, 2.0, 0.0)"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    subprocess.run([sys.executable, "-c", program_text], check=True, env=environment)
    found = compiled(cache)
    assert "pairs.add_pairs" in found["functions"]["usable"]
    assert found["leftover"] == []
    assert all(found["folders"].values())

    (entry,) = cache.rglob("*.add_pairs*.nbc")
    entry.write_bytes(entry.read_bytes()[:40])
    (index,) = cache.rglob("*.add_pairs*.nbi")
    (index.parent / "pairs.gone-1.py311.1.nbc").write_bytes(b"of a function that is gone")
    found = compiled(cache)
    assert found["functions"]["damaged"] == ["pairs.add_pairs"]
    assert [Path(path).name for path in found["leftover"]] == ["pairs.gone-1.py311.1.nbc"]
    (problem,) = compiled_section(found).problems
    assert problem.remedy == "neurosig doctor --clear-cache"

    n_files = sum(path.is_file() for path in cache.rglob("*"))
    ended = program("doctor", "--clear-cache", NUMBA_CACHE_DIR=str(cache))
    assert (ended.code, ended.out) == (0, f"{n_files} files of compiled code deleted\n")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_problems_that_break_a_run_come_first() -> None:
    from neurosig.diagnosis.findings import Section

    first, second = (Problem(level, level, "e", "r") for level in ("warning", "error"))
    assert examination.problems_of([Section("a", {}, (first, second))]) == [second, first]
