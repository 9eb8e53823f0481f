"""The configuration of a study: every key, its type, its default and what it is for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from neurosig import _params
from neurosig._params import Help, Pattern, Range
from neurosig._yaml import load_yaml
from neurosig.assessment.rules import QualityThresholds
from neurosig.errors import ParameterError
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.design import Term
from neurosig.outcomes.imputation.chains import ChainedEquations
from neurosig.outcomes.pooling.heterogeneity import Method
from neurosig.outcomes.regression.options import RegressionModel

IDENTIFIER = Pattern(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*", "letters, digits, dot, dash and underscore, no path"
)
INSIDE = Pattern(
    r"(?!/)(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\x00]+",
    "a folder below that of the configuration, without '..'; --output goes anywhere",
)
CONFIG_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureChoice:
    """Which signatures to score: a panel, catalogue entries, files, or several of these."""

    panel: Annotated[str | None, Help("panel or theme of the catalogue, such as core")] = None
    category: Annotated[str | None, Help("category of the catalogue")] = None
    ids: Annotated[tuple[str, ...], Help("ids of catalogue entries")] = ()
    files: Annotated[tuple[str, ...], Help("GMT, GMX, JSON or CSV files of signatures")] = ()
    include_provisional: Annotated[
        bool, Help("also load entries that rest on a curator's judgement alone")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How to score."""

    method: Annotated[str, Help("scoring method, see `neurosig methods`")] = "zscore"
    parameters: Annotated[dict[str, str | float | int | bool], Help("parameters of the method")] = (
        field(default_factory=dict)
    )
    sensitivity: Annotated[
        tuple[str, ...], Help("further methods, reported beside the main one")
    ] = ()
    min_coverage: Annotated[
        float, Range(0, 1), Help("smallest share of a signature's genes found")
    ] = 0.5
    min_genes: Annotated[int | None, Range(1), Help("fewest genes found; none: up to 3")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReading:
    """How a table of expression is read."""

    orientation: Annotated[
        Literal["genes_in_rows", "genes_in_columns"] | None, Help("layout of a table")
    ] = None
    sep: Annotated[str | None, Help("column separator, if not told by the file name")] = None
    decimal: Annotated[Literal[".", ","], Help("decimal mark")] = "."
    encoding: Annotated[str, Help("text encoding")] = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionReading(TableReading):
    """How a file of expression is read."""

    layer: Annotated[str | None, Help("layer of an h5ad file")] = None
    use_raw: Annotated[bool, Help("take raw of an h5ad file")] = False
    transform: Annotated[
        Literal["none", "log2p1", "log2cpm"] | None,
        Help("log2(x + 1), log2 of counts per million + 1, or none: score it as it is"),
    ] = None
    duplicates: Annotated[
        Literal["error", "mean", "highest_mean", "sum"], Help("what to do with a repeated gene")
    ] = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionSource(ExpressionReading):
    """Where the expression of a cohort is and how it is read."""

    file: Annotated[str | None, Help("csv, tsv (also gzipped), parquet or h5ad")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalReading:
    """How a clinical table is read."""

    id: Annotated[str | None, Help("column with the ids; none: the first")] = None
    missing: Annotated[tuple[str, ...], Help("further texts that mean missing")] = ()
    duplicates: Annotated[Literal["error", "first"], Help("what to do with a repeated id")] = (
        "error"
    )
    sep: Annotated[str | None, Help("column separator, if not told by the file name")] = None
    decimal: Annotated[Literal[".", ","], Help("decimal mark")] = "."
    encoding: Annotated[str, Help("text encoding")] = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalSource(ClinicalReading):
    """Where the clinical table of a cohort is, how it is read and which rows are kept."""

    file: Annotated[str | None, Help("csv, tsv (also gzipped) or parquet")] = None
    keep: Annotated[
        dict[str, tuple[str | int | float, ...]],
        Help("rows to keep: column to the values allowed in it"),
    ] = field(default_factory=dict)
    recode: Annotated[
        dict[str, dict[str, str]], Help("levels to merge or rename: column to {old: new}")
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionOutcome:
    """An outcome without time: a column to explain by the scores."""

    outcome: Annotated[str, Help("clinical column")]
    kind: Annotated[
        Literal["logistic", "linear", "ordinal", "poisson", "negative_binomial", "mixed"],
        Help("type of model"),
    ] = "logistic"
    positive: Annotated[str | None, Help("the level that counts as yes (logistic)")] = None
    adjust: Annotated[tuple[str | Term, ...], Help("covariates")] = ()
    model: Annotated[RegressionModel, Help("errors, order of levels, exposure, groups")] = field(
        default_factory=RegressionModel
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSource:
    """One cohort: its data, its endpoint, its covariates."""

    id: Annotated[str, IDENTIFIER, Help("short name, also used in file names")]
    title: Annotated[str, Help("name in the report")] = ""
    notes: Annotated[str, Help("what a reader should know of the cohort")] = ""
    dataset: Annotated[str | None, Help("id of an installed data set instead of files")] = None
    expression: ExpressionSource = field(default_factory=ExpressionSource)
    clinical: ClinicalSource = field(default_factory=ClinicalSource)
    endpoint: Annotated[Endpoint | None, Help("time-to-event endpoint")] = None
    exclude: Annotated[
        tuple[str, ...], Help("observations not to be used, such as repeats of a patient")
    ] = ()
    adjust: Annotated[tuple[str | Term, ...], Help("covariates of the survival model")] = ()
    strata: Annotated[tuple[str, ...], Help("strata of the survival model")] = ()
    regressions: Annotated[tuple[RegressionOutcome, ...], Help("outcomes without time")] = ()

    def __post_init__(self) -> None:
        n_absent = [self.expression.file, self.clinical.file].count(None)
        if n_absent != (0 if self.dataset is None else 2):
            raise ParameterError(
                f"Cohort {self.id!r} needs a dataset, or both expression.file and clinical.file",
                f"dataset: {self.dataset!r}, expression.file: {self.expression.file!r}, "
                f"clinical.file: {self.clinical.file!r}",
                "Give one of the two",
            )
        if self.dataset is not None:
            self._refuse_options_of_files()
        if self.endpoint is None and not self.regressions:
            raise ParameterError(
                f"Cohort {self.id!r} has nothing to explain",
                "It has neither an endpoint nor regressions",
                "Add 'endpoint: {time: ..., event: ..., unit: ...}' or 'regressions: [...]'",
            )

    def _refuse_options_of_files(self) -> None:
        """A data set is not read from a file of the user's: how to read one means nothing to it."""
        text = ("duplicates", "sep", "decimal", "encoding")
        parts = (
            (
                "expression",
                self.expression,
                ExpressionSource(),
                ("orientation", "layer", "use_raw"),
            ),
            ("clinical", self.clinical, ClinicalSource(), ("id",)),
        )
        for part, given, default, names in parts:
            of_files = (*names, *text)
            ignored = [n for n in of_files if getattr(given, n) != getattr(default, n)]
            if ignored:
                raise ParameterError(
                    f"{part}.{ignored[0]} means nothing for the dataset of cohort {self.id!r}",
                    f"The dataset {self.dataset!r} is not read from a file of yours",
                    "Remove the option",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """How cohorts are pooled."""

    endpoint: Annotated[
        str | None, Help("name of the endpoint to pool; none: the one most cohorts have")
    ] = None
    method: Annotated[Method, Help("estimator of the between-cohort variance")] = "REML"
    knha: Annotated[bool, Help("Hartung-Knapp intervals")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NullChoice:
    """What the survival results of the main method are compared with."""

    n_sets: Annotated[
        int, Range(0), Help("random signatures for each signature; 0: no null test")
    ] = 1000
    n_permutations: Annotated[int, Range(0), Help("permutations of the outcome; 0: none")] = 1000
    catalogue: Annotated[bool, Help("rank each signature among those of the catalogue")] = True
    seed: Annotated[int, Range(0), Help("fixes the random draws")] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingData:
    """What to do with covariates that are not known of every patient."""

    method: Annotated[
        Literal["complete_cases", "impute"],
        Help("use the rows that have all covariates, or impute them for the survival models"),
    ] = "complete_cases"
    m: Annotated[int, Range(2), Help("imputations")] = 20
    seed: Annotated[int, Range(0), Help("fixes the imputations")] = 0
    chains: ChainedEquations = field(default_factory=ChainedEquations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What to draw."""

    signatures: Annotated[
        tuple[str, ...], Help("signatures with a forest plot and Kaplan-Meier curves of their own")
    ] = ()
    annotations: Annotated[
        tuple[str, ...], Help("clinical columns shown above the heatmap; none: the covariates")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyConfig:
    """A study, as read from YAML by `read_config`."""

    title: Annotated[str, Help("title of the report")]
    cohorts: Annotated[tuple[CohortSource, ...], Help("at least one cohort")]
    subtitle: Annotated[str, Help("line below the title")] = ""
    exploratory: Annotated[
        bool, Help("label the whole report exploratory, for settings that were tried out")
    ] = False
    output: Annotated[str, INSIDE, Help("folder of the results")] = "neurosig-run"
    signatures: SignatureChoice = field(default_factory=lambda: SignatureChoice(panel="core"))
    scoring: Scoring = field(default_factory=Scoring)
    assessment: QualityThresholds = field(default_factory=QualityThresholds)
    model: CoxModel = field(default_factory=CoxModel)
    missing_data: MissingData = field(default_factory=MissingData)
    pooling: Pooling = field(default_factory=Pooling)
    null_test: NullChoice = field(default_factory=NullChoice)
    figures: Figures = field(default_factory=Figures)

    def __post_init__(self) -> None:
        ids = [cohort.id for cohort in self.cohorts]
        folded = [name.casefold() for name in ids]  # they are also file names
        repeated = sorted({i for i in ids if folded.count(i.casefold()) > 1})
        if not ids or repeated:
            raise ParameterError(
                "A study needs cohorts with different ids",
                f"Given: {', '.join(ids) or 'none'}",
                f"Rename one of {repeated[0]!r}" if repeated else "Add one under 'cohorts:'",
            )


@dataclass(frozen=True, slots=True)
class Study:
    """A configuration with the folder its relative paths start from and the text it came from."""

    config: StudyConfig
    folder: Path
    data_folder: Path
    text: str

    def path(self, name: str) -> Path:
        """A data file of the configuration; a relative path starts from the data folder."""
        return (self.data_folder / name).resolve()

    @property
    def output(self) -> Path:
        """The folder of the results; a relative path starts from the configuration's folder."""
        return (self.folder / self.config.output).resolve()


def read_config(path: str | Path) -> Study:
    """Read and check a study configuration.

    Raises
    ------
    ParameterError
        A key is unknown, missing or has a value that is not allowed; the key is named.
    InputError
        The YAML is broken, has a key twice, or uses aliases.
    ResourceError
        There is no such file.
    """
    file = Path(path)
    config = _params.build(StudyConfig, load_yaml(file, max_bytes=CONFIG_BYTES))
    folder = file.resolve().parent
    return Study(config, folder, folder, file.read_text(encoding="utf-8"))


def study_of(mapping: Mapping[str, Any]) -> Study:
    """A study from a mapping instead of a file; paths start from the current folder."""
    config = _params.build(StudyConfig, mapping)
    return Study(config, Path.cwd(), Path.cwd(), _as_yaml(mapping))


def _as_yaml(mapping: Mapping[str, Any]) -> str:
    """A mapping as YAML that `load_yaml` reads as the same values.

    PyYAML writes a list that is used twice as an alias, and the text 1e3 as a plain scalar, which
    is a number in YAML 1.2: texts that do not begin with a letter are therefore quoted.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

        def represent_text(self, text: str) -> Any:
            style = None if text[:1].isalpha() else '"'
            return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, Dumper.represent_text)
    return yaml.dump(_plain(mapping), Dumper=Dumper, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Mappings, sequences, dataclasses and numbers of any kind as plain Python ones."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def with_folders(
    study: Study, *, output: str | Path | None = None, data: str | Path | None = None
) -> Study:
    """The study with another output or data folder, relative to the current folder."""
    if output is not None:
        config = replace(study.config, output=str(Path(output).resolve()))
        study = replace(study, config=config)
    return study if data is None else replace(study, data_folder=Path(data).resolve())


def config_schema() -> dict[str, Any]:
    """JSON schema of a study configuration, for editors and workflow engines."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "neurosig study",
        **_params.json_schema(StudyConfig),
    }
