"""The configurations of the shipped workflows: every key, its type and what it is for.

The schemas that the workflows hold are made of these dataclasses, so that a configuration is
checked by the same rules before Snakemake starts and by Snakemake itself.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from neurosig import _params
from neurosig._params import Help, Pattern, Range
from neurosig.assessment.rules import QualityThresholds
from neurosig.errors import ParameterError
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.design import Term
from neurosig.study.config import (
    IDENTIFIER,
    ClinicalSource,
    ExpressionReading,
    Pooling,
    RegressionOutcome,
    SignatureChoice,
)

RESULTS = Pattern(
    r"(?![/-])(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\x00{}]+",
    "a folder below the working folder, without '..' and braces, not beginning with a dash",
)
"""Braces would be wildcards to Snakemake, a dash an option to the commands."""
Name = Annotated[str, IDENTIFIER]
"""A text that is also part of a file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodChoice:
    """A scoring method with its parameters."""

    name: Annotated[str, IDENTIFIER, Help("scoring method, see `neurosig methods`")]
    parameters: Annotated[dict[str, str | float | int | bool], Help("parameters of the method")] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a signature needs to be scored."""

    min_coverage: Annotated[
        float | None, Range(0, 1), Help("smallest share of a signature's genes found")
    ] = None
    min_genes: Annotated[int | None, Range(1), Help("fewest genes found")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneNames:
    """How the genes are named."""

    organism: Annotated[
        Literal["human", "mouse"] | None, Help("organism to translate to; none: that of the data")
    ] = None
    from_: Annotated[
        Literal["symbol", "ensembl", "entrez"] | None,
        Help("kind of identifiers in the data; none: told by looking them up"),
    ] = None
    from_organism: Annotated[
        Literal["human", "mouse"] | None, Help("organism of the data; none: told likewise")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSource(ExpressionReading):
    """Where a matrix is and how it is read."""

    file: Annotated[str, Help("csv, tsv (also gzipped), parquet or h5ad; from the working folder")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortFiles:
    """One cohort: its files, its endpoint, its covariates."""

    id: Annotated[str, IDENTIFIER, Help("short name, also used in file names")]
    expression: MatrixSource
    clinical: ClinicalSource
    endpoint: Annotated[Endpoint | None, Help("time-to-event endpoint")] = None
    exclude: Annotated[
        tuple[str, ...], Help("observations not to be used, such as repeats of a patient")
    ] = ()
    adjust: Annotated[tuple[str | Term, ...], Help("covariates of the survival model")] = ()
    strata: Annotated[tuple[str, ...], Help("strata of the survival model")] = ()
    regressions: Annotated[tuple[RegressionOutcome, ...], Help("outcomes without time")] = ()

    def __post_init__(self) -> None:
        if self.clinical.file is None:
            raise ParameterError(
                f"Cohort {self.id!r} has no clinical table",
                "clinical.file is not given",
                "Add 'clinical: {file: ...}'",
            )
        if self.endpoint is None and not self.regressions:
            raise ParameterError(
                f"Cohort {self.id!r} has nothing to explain",
                "It has neither an endpoint nor regressions",
                "Add 'endpoint: {time: ..., event: ..., unit: ...}' or 'regressions: [...]'",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFile:
    """One data set of single cells."""

    id: Annotated[str, IDENTIFIER, Help("short name, also used in file names")]
    file: Annotated[str, Help("h5ad file; from the working folder")]
    by: Annotated[str, Help("column of obs with the groups of cells")]
    donor: Annotated[str | None, Help("column of obs with the donors")] = None
    layer: Annotated[str | None, Help("layer to score instead of X")] = None
    transform: Annotated[
        Literal["none", "log2p1", "log2cpm"] | None, Help("applied before scoring")
    ] = None
    duplicates: Annotated[
        Literal["error", "mean", "highest_mean", "sum"] | None,
        Help("what to do when a gene has several columns"),
    ] = None
    min_cells: Annotated[int | None, Range(1), Help("fewest cells inside and outside a group")] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCohorts:
    """Configuration of `score_cohorts`."""

    title: Annotated[str, Help("title of the report")]
    cohorts: Annotated[tuple[CohortFiles, ...], Help("at least one cohort")]
    methods: Annotated[
        tuple[Name | MethodChoice, ...], Help("scoring methods; the first is the main one")
    ]
    subtitle: Annotated[str, Help("line below the title")] = ""
    output: Annotated[str, RESULTS, Help("folder of the results")] = "results"
    signatures: SignatureChoice = field(default_factory=lambda: SignatureChoice(panel="core"))
    harmonise: GeneNames = field(default_factory=GeneNames)
    scoring: Limits = field(default_factory=Limits)
    assessment: QualityThresholds = field(default_factory=QualityThresholds)
    model: CoxModel = field(default_factory=CoxModel)
    pooling: Pooling = field(default_factory=Pooling)
    figures: Annotated[
        tuple[str, ...], Help("signatures with a forest plot of their own in the report")
    ] = ()

    def __post_init__(self) -> None:
        refuse_repeated("cohorts", [cohort.id for cohort in self.cohorts])
        refuse_repeated("methods", method_names(self.methods))


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleCell:
    """Configuration of `single_cell`."""

    title: Annotated[str, Help("title of the reports")]
    datasets: Annotated[tuple[CellFile, ...], Help("at least one data set")]
    methods: Annotated[
        tuple[Name | MethodChoice, ...], Help("scoring methods; the first is the main one")
    ]
    output: Annotated[str, RESULTS, Help("folder of the results")] = "results"
    signatures: SignatureChoice = field(default_factory=lambda: SignatureChoice(panel="core"))
    harmonise: GeneNames = field(default_factory=GeneNames)
    scoring: Limits = field(default_factory=Limits)
    assessment: QualityThresholds = field(default_factory=QualityThresholds)
    figures: Annotated[tuple[str, ...], Help("signatures in the dot plots; none: all")] = ()

    def __post_init__(self) -> None:
        refuse_repeated("datasets", [dataset.id for dataset in self.datasets])
        refuse_repeated("methods", method_names(self.methods))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproduceFigures:
    """Configuration of `reproduce_figures`."""

    figures: Annotated[
        tuple[Name, ...] | Literal["all"], Help("ids, as `neurosig reproduce --list` prints them")
    ] = "all"
    output: Annotated[str, RESULTS, Help("folder of the results")] = "results"

    def __post_init__(self) -> None:
        if self.figures != "all":
            refuse_repeated("figures", list(self.figures))


CONFIGURATIONS = {
    "score_cohorts": ScoreCohorts,
    "single_cell": SingleCell,
    "reproduce_figures": ReproduceFigures,
}


def method_names(methods: tuple[str | MethodChoice, ...]) -> list[str]:
    """The names of the methods."""
    return [method if isinstance(method, str) else method.name for method in methods]


def refuse_repeated(key: str, names: list[str]) -> None:
    """Refuse an empty list, and names that would be one file name where case does not count."""
    folded = [name.casefold() for name in names]
    repeated = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if not names or repeated:
        raise ParameterError(
            f"'{key}' has to name at least one, and each once",
            f"Given: {', '.join(names) or 'none'}",
            f"Rename or remove one of {repeated[0]!r}" if repeated else f"Add one under '{key}:'",
            key=key,
        )


def workflow_schema(name: str) -> dict[str, Any]:
    """The JSON schema of a workflow's configuration."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"neurosig workflow {name}",
        **_params.json_schema(CONFIGURATIONS[name]),
    }
