"""The shipped Snakemake workflows: where they are, and their configuration checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neurosig import _params
from neurosig._bundled import bundled
from neurosig._yaml import load_yaml
from neurosig.errors import ParameterError, ResourceError
from neurosig.methods.registry import get_method
from neurosig.study.config import CONFIG_BYTES
from neurosig.study.signature_choice import choose_signatures
from neurosig.study.workflow_config import (
    CONFIGURATIONS,
    MethodChoice,
    ReproduceFigures,
    ScoreCohorts,
    SingleCell,
)

WORKFLOWS: Final = {
    "score_cohorts": "many cohorts and methods: harmonise, assess, score, model, pool, report",
    "single_cell": "single cells: harmonise, assess, score, summarise, report, for each data set",
    "reproduce_figures": "draw recorded figures again and compare their numbers",
}


def workflow_folder(name: str) -> Path:
    """The folder of a shipped workflow.

    >>> (workflow_folder("score_cohorts") / "workflow" / "Snakefile").is_file()
    True
    """
    if name not in WORKFLOWS:
        raise ParameterError(
            f"There is no workflow {name!r}",
            f"Known: {', '.join(WORKFLOWS)}",
            "See neurosig workflow list",
        )
    return bundled("workflows") / name


def check_workflow_config(name: str, path: Path, folder: Path) -> None:
    """Refuse a configuration that the workflow could not run, before Snakemake starts.

    Data files start from `folder`, where the workflow runs.

    Raises
    ------
    ParameterError
        A key is unknown, missing or has a value that is not allowed, a value is read in another
        way by Snakemake, or a scoring method or signature is not known; the key is named.
    ResourceError
        A file that is named is not there.
    """
    content = load_yaml(path, max_bytes=CONFIG_BYTES)
    config: Any = _params.build(CONFIGURATIONS[name], content)
    _refuse_other_reading(content, _as_snakemake_reads(path), "")
    if isinstance(config, ReproduceFigures):
        return
    files = _files_of(config)
    for key, file in files.items():
        if set(file) & {"{", "}"} or file.startswith("-"):
            raise ParameterError(
                f"{key} cannot be {file!r}",
                "Braces are wildcards to Snakemake, a dash in front makes an option of a name",
                "Rename the file",
                key=key,
            )
        if not (folder / file).exists():
            raise ResourceError(
                f"{key} names {file!r}, which is not there",
                f"Files start from the working folder, {str(folder)!r}",
                "Correct the path, or run the workflow in another folder: --folder",
                key=key,
            )
    signatures = choose_signatures(config.signatures, folder)
    unknown = [figure for figure in config.figures if figure not in signatures]
    if unknown:
        raise ParameterError(
            f"figures names {unknown[0]!r}, which is not among the signatures",
            f"There are {len(signatures)} signatures",
            "Correct 'figures:' or 'signatures:'",
            key="figures",
        )
    for method in config.methods:
        if isinstance(method, MethodChoice):
            get_method(method.name, method.parameters)
        else:
            get_method(method)


def _files_of(config: ScoreCohorts | SingleCell) -> dict[str, str]:
    """The data files by the key that names them."""
    files = {f"signatures.files[{i}]": name for i, name in enumerate(config.signatures.files)}
    if isinstance(config, SingleCell):
        return files | {f"datasets[{i}].file": d.file for i, d in enumerate(config.datasets)}
    for i, cohort in enumerate(config.cohorts):
        files[f"cohorts[{i}].expression.file"] = cohort.expression.file
        files[f"cohorts[{i}].clinical.file"] = str(cohort.clinical.file)
    return files


def _as_snakemake_reads(path: Path) -> Any:
    """The file by the rules of YAML 1.1, by which Snakemake reads it."""
    import yaml

    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _refuse_other_reading(ours: Any, theirs: Any, where: str) -> None:
    """Refuse what means one thing here and another to Snakemake: NO, 1e-3, 2001-01-01, 010."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        if list(ours) == [str(key) for key in theirs]:
            for (key, mine), other in zip(ours.items(), theirs.values(), strict=True):
                _refuse_other_reading(mine, other, f"{where}.{key}" if where else str(key))
            return
    elif isinstance(ours, list) and isinstance(theirs, list):
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            _refuse_other_reading(mine, other, f"{where}[{i}]")
        return
    if type(ours) is type(theirs) and ours == theirs:
        return
    is_text = isinstance(ours, str)
    raise ParameterError(
        f"{where or 'the configuration'} can be read in two ways",
        f"It is {ours!r} here and {theirs!r} to Snakemake, which follows an older YAML",
        "Put it in quotes" if is_text else "Write numbers plainly, such as 0.001",
        key=where,
    )
