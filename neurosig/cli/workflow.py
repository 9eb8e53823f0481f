"""`neurosig workflow`."""

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import yaml

from neurosig import _atomic
from neurosig._lock import locked
from neurosig.diagnosis.packages import installed_version, problem_of, requirements
from neurosig.errors import MissingDependencyError, ParameterError, ResourceError, examples
from neurosig.study.workflow_config import workflow_schema
from neurosig.study.workflows import WORKFLOWS, check_workflow_config, workflow_folder

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CONFIG = "config/config.yaml"
COPIED = ("config/config.yaml", "config/README.md", "profiles")
_Name = Annotated[str, typer.Argument(help=f"one of {', '.join(WORKFLOWS)}")]
_Folder = Annotated[Path, typer.Option(help="working folder [default: the current one]")]


@app.callback()
def group() -> None:
    """Run a Snakemake workflow: many cohorts, single cells, figures."""


@app.command("list")
def list_workflows() -> None:
    """List the workflows."""
    for name, text in WORKFLOWS.items():
        sys.stdout.write(f"{name:<20}{text}\n")


@app.command("schema")
def print_schema(name: _Name) -> None:
    """Print the JSON schema of a workflow's configuration, as YAML."""
    workflow_folder(name)
    sys.stdout.write(yaml.safe_dump(workflow_schema(name), sort_keys=False, allow_unicode=True))


@app.command("init")
def init(name: _Name, folder: _Folder = Path()) -> None:
    """Copy the configuration, with its comments, and the profiles of a workflow into a folder.

    Nothing that is there is overwritten.
    """
    source = workflow_folder(name)
    files = [file for place in COPIED for file in _files_in(source / place)]
    copies = {file: folder / file.relative_to(source) for file in files}
    present = [str(copy) for copy in copies.values() if copy.exists()]
    if present:
        raise ResourceError(
            f"{present[0]!r} would be overwritten",
            f"{len(present)} of {len(copies)} files are there: {examples(present)}",
            "Choose another folder: --folder, or remove what is not needed any more",
        )
    for file, copy in copies.items():
        _atomic.write_bytes(copy, file.read_bytes())
        sys.stdout.write(f"{copy}\n")
    where = "" if folder == Path() else f" --folder {shlex.quote(str(folder))}"
    sys.stdout.write(
        f"Edit {folder / CONFIG}, then look at what would run: "
        f"neurosig workflow run {name}{where} -- --dry-run\n"
    )


def _files_in(place: Path) -> list[Path]:
    return sorted(place.rglob("*.yaml")) if place.is_dir() else [place]


@app.command("run")
def run_workflow(
    name: _Name,
    options: Annotated[
        list[str] | None,
        typer.Argument(help="after --: options and targets of Snakemake, such as --cores 4 -n"),
    ] = None,
    folder: _Folder = Path(),
    config: Annotated[
        Path | None, typer.Option(help=f"configuration [default: {CONFIG} of the folder]")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="name of a profile, or folder of one of your own")
    ] = "default",
) -> None:
    """Check the configuration and run a workflow in a folder.

    What Snakemake is given after -- goes before the profile. A run that was killed is gone on with.
    """
    source = workflow_folder(name)
    _refuse_missing_or_other_snakemake()
    folder = folder.resolve()
    path = (config or folder / CONFIG).resolve()
    if not path.is_file():
        raise ResourceError(
            f"There is no configuration {str(path)!r}",
            f"The working folder is {str(folder)!r}",
            f"Make one, neurosig workflow init {name}, or name one: --config FILE",
        )
    check_workflow_config(name, path, folder)
    arguments = [
        "--snakefile", str(source / "workflow" / "Snakefile"),
        "--directory", str(folder),
        "--configfile", str(path),
        "--workflow-profile", str(_profile(source, folder, profile)),
        *(options or []),
    ]  # fmt: skip
    _put_this_program_first()
    _keep_the_cache_in(folder)
    with _one_run_at_a_time(folder, options or []):
        _snakemake(arguments)


def _refuse_missing_or_other_snakemake() -> None:
    if importlib.util.find_spec("snakemake") is None:
        raise MissingDependencyError(
            "Snakemake is not installed",
            "The workflows are run by Snakemake 9, which is an extra of neurosig",
            "pip install 'neurosig[workflow]'",
        )
    needed = (r for r in requirements() if (r.name, r.extra) == ("snakemake", "workflow"))
    for requirement in needed:
        problem = problem_of(requirement, installed_version(requirement.name))
        if problem is not None:
            raise MissingDependencyError(problem.what, problem.evidence, problem.remedy)


def _profile(source: Path, folder: Path, name: str) -> Path:
    """The folder of a profile: the user's own under that name or path, else the shipped one."""
    candidates = [folder / "profiles" / name, source / "profiles" / name, Path(name).resolve()]
    for candidate in candidates:
        if (candidate / "config.yaml").is_file():
            return candidate
    shipped = sorted(p.name for p in (source / "profiles").iterdir() if p.is_dir())
    raise ParameterError(
        f"There is no profile {name!r}",
        f"Looked for a config.yaml in {examples(map(str, candidates))}",
        f"Shipped are {', '.join(shipped)}",
    )


def _put_this_program_first() -> None:
    """Let jobs find the `neurosig` that started them, also where no environment is activated."""
    here = str(Path(sys.executable).parent)
    if shutil.which("neurosig") != shutil.which("neurosig", path=here):
        os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])


def _keep_the_cache_in(folder: Path) -> None:
    """Where the home folder cannot be written to, let Snakemake's cache be in the working folder.

    Without a cache it does not start, as in a container or on a node that mounts no home.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(cache, os.W_OK)
    except (OSError, RuntimeError):  # RuntimeError: there is no home at all
        is_writable = False
    if not is_writable:
        os.environ["XDG_CACHE_HOME"] = str(folder / ".snakemake" / "cache")


@contextmanager
def _one_run_at_a_time(folder: Path, options: Sequence[str]) -> Iterator[None]:
    """Keep other runs out of the folder; go on with one that was killed.

    A run that was killed leaves Snakemake's own lock. It is removed if ours says who held it and
    that process is gone.
    """
    if {"-n", "--dry-run", "--lint", "--unlock"} & set(options):
        yield
        return
    state = folder / ".snakemake"
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"The folder {str(folder)!r} cannot be written: {error.strerror}",
            "Snakemake keeps its state in .snakemake there",
            "Choose another folder: --folder",
        ) from error
    with locked(state / "run") as left_by:
        if left_by:
            shutil.rmtree(state / "locks", ignore_errors=True)
            sys.stderr.write(f"An earlier run did not end ({left_by}): it is gone on with.\n")
        yield


def _snakemake(arguments: list[str]) -> None:
    """Run Snakemake in this process, so that what ends one ends the other."""
    from snakemake.cli import main

    main(arguments)
