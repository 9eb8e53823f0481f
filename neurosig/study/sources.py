"""The data of one cohort: expression and clinic, from files or from an installed data set."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from neurosig.errors import ParameterError, ScaleError
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import DenseExpression, Expression
from neurosig.expression.checks import guess_scale
from neurosig.expression.dask_arrays import in_chunks
from neurosig.expression.io import ANNDATA_ENDINGS, read_expression
from neurosig.expression.transforms import transform
from neurosig.methods.base import Method
from neurosig.outcomes.clinic.clean import clean_table
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.clinic.recode import recode
from neurosig.provenance import sha256_of_file
from neurosig.study.config import ClinicalReading, CohortSource, ExpressionReading, Study


@dataclass(frozen=True, eq=False)
class CohortData:
    """Expression, clinical table (indexed by id) and, for the provenance, their origin."""

    expression: Expression
    clinical: pd.DataFrame
    clinical_origin: dict[str, str]


def load_cohort(study: Study, source: CohortSource) -> CohortData:
    """Read the data of a cohort and apply the transform that the configuration states."""
    data = _from_files(study, source) if source.dataset is None else _from_dataset(source)
    clinical = data.clinical
    for column, mapping in source.clinical.recode.items():
        clinical = recode(clinical, column, mapping)
    return replace(data, clinical=clinical)


def _from_files(study: Study, source: CohortSource) -> CohortData:
    expression = read_expression_as(study.path(str(source.expression.file)), source.expression)
    path = study.path(str(source.clinical.file))
    clinical = read_clinical_as(path, source.clinical)
    return CohortData(expression, clinical, origin_of_file(path))


def read_expression_as(path: Path, reading: ExpressionReading) -> Expression:
    """Read a file of expression and apply the transform that is stated."""
    expression = read_expression(
        path,
        orientation=reading.orientation,
        layer=reading.layer,
        use_raw=reading.use_raw,
        sep=reading.sep,
        decimal=reading.decimal,
        encoding=reading.encoding,
        duplicates=reading.duplicates,
    )
    return transform(expression, reading.transform or "none")


def read_lazily_as(path: Path, reading: ExpressionReading, *, n_rows: int) -> Expression:
    """An h5ad file or zarr store that stays where it is, in chunks of rows for dask's workers.

    Raises
    ------
    ParameterError
        It is a table, or genes are to be combined, which needs all of it.
    """
    if path.suffix not in ANNDATA_ENDINGS or reading.duplicates != "error":
        why = f"It ends in {path.suffix}"
        if path.suffix in ANNDATA_ENDINGS:
            why = f"Repeated genes are to be combined: {reading.duplicates}"
        raise ParameterError(
            f"{path.name!r} cannot be read in pieces by the workers of a scheduler",
            why,
            f"Write an h5ad file first: neurosig harmonise {path.name} --output x.h5ad",
        )
    stored = read_expression(path, layer=reading.layer, use_raw=reading.use_raw, backed=True)
    return transform(in_chunks(stored, n_rows), reading.transform or "none")


def read_clinical_as(path: Path, reading: ClinicalReading) -> pd.DataFrame:
    """Read a clinical table."""
    return read_clinical(
        path,
        id=reading.id,
        sep=reading.sep,
        missing=reading.missing,
        decimal=reading.decimal,
        encoding=reading.encoding,
    )


def _from_dataset(source: CohortSource) -> CohortData:
    from neurosig.datasets import demo

    frame, clinical = demo.load_dataset(str(source.dataset))
    origin = demo.origin_of(str(source.dataset))
    plain = as_expression(frame)
    expression: Expression = DenseExpression(
        frame.to_numpy(), plain.obs_names, plain.var_names, origin
    )
    clinic = source.clinical
    cleaned = clean_table(clinical, missing=clinic.missing).data
    expression = transform(expression, source.expression.transform or "none")
    return CohortData(expression, cleaned, origin)


def input_files(study: Study) -> list[Path]:
    """The files that a study reads: expression, clinical tables and lists of signatures."""
    names: list[Path | str | None] = []
    for source in study.config.cohorts:
        if source.dataset is None:
            names += [source.expression.file, source.clinical.file]
    names += study.config.signatures.files
    return list(dict.fromkeys(study.path(str(name)) for name in names if name is not None))


def origin_of_file(path: Path) -> dict[str, str]:
    """File name and SHA-256, for the provenance."""
    return {"file": path.name, "sha256": sha256_of_file(path)}


def refuse_unstated_scale(expression: Expression, source: CohortSource, method: Method) -> None:
    """Refuse counts and linear values for a method of log values, unless a transform is stated.

    Raises
    ------
    ScaleError
        The evidence and the transform that would help are in the message.
    """
    if source.expression.transform is not None or method.spec.scale != "log":
        return
    guess = guess_scale(expression)
    helpful = {"counts": "log2cpm", "linear": "log2p1"}
    if guess.scale in helpful:
        raise ScaleError(
            f"{method.spec.name} wants values on a log scale, and the expression of cohort "
            f"{source.id!r} looks like {guess.scale}",
            guess.evidence,
            f"Set 'transform: {helpful[guess.scale]}' under the cohort's expression, or "
            "'transform: none' to score it as it is",
            scale=guess.scale,
        )


def kept_rows(expression: Expression, names: pd.Index) -> Expression:
    """The expression of some observations, in the order of `names`."""
    if list(names) == list(expression.obs_names):
        return expression
    unknown = names.difference(expression.obs_names)
    if len(unknown):
        raise ParameterError(
            f"The observation {unknown[0]!r} is not in the expression",
            f"It has {expression.n_obs} observations",
            "Name observations of the expression",
        )
    frame = expression.to_frame().loc[names]
    origin = dict(expression.origin) | {"rows_kept": f"{len(names)} of {expression.n_obs}"}
    return DenseExpression(frame.to_numpy(), frame.index, frame.columns, origin)
