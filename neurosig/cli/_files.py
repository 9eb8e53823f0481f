"""Reading and writing that the commands share."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurosig import _atomic, _params
from neurosig._tables import read_rows
from neurosig._yaml import load_yaml
from neurosig.errors import InputError, ParameterError, count
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.design import Term
from neurosig.outcomes.results import Results
from neurosig.records.files import sidecar_of
from neurosig.records.finding import find_records, made_with
from neurosig.records.writing import write_sidecar
from neurosig.scores import Scores
from neurosig.study.config import ClinicalReading
from neurosig.study.sources import read_clinical_as

TERM_HELP = (
    "covariate, as COLUMN, COLUMN:categorical, COLUMN:categorical:REFERENCE, COLUMN:log2 or "
    "COLUMN:spline, or all of it as in a configuration, {column: COLUMN, knots: 5}; repeatable"
)


def read_scores(path: Path) -> pd.DataFrame:
    """Scores (observations x signatures) that `neurosig score` wrote, as CSV, TSV or h5ad."""
    if path.suffix == ".h5ad":
        return Scores.load(path).values
    table = read_rows(path)
    try:
        values = [[float(cell or "nan") for cell in row[1:]] for row in table.rows]
    except ValueError as error:
        raise InputError(
            f"{str(path)!r} is not a table of scores: {error}",
            f"Its first columns are {', '.join(table.header[:5])}",
            "Give what `neurosig score` wrote: ids in the first column, one column per signature",
        ) from error
    return pd.DataFrame(
        values,
        index=[_atomic.unguard_cell(row[0]) for row in table.rows],
        columns=[_atomic.unguard_cell(name) for name in table.header[1:]],
    )


@dataclass(frozen=True)
class _FileScores:
    """Scores of a file, with what the file beside it says of how they were made."""

    values: pd.DataFrame
    provenance: Mapping[str, Any] | None


def _with_provenance(path: Path) -> Scores | _FileScores:
    """The scores of a file, with the record of how they were made if there is one."""
    if path.suffix == ".h5ad":
        return Scores.load(path)
    return _FileScores(read_scores(path), scoring_of(path) or None)


def scoring_of(scores: Path) -> Mapping[str, Any]:
    """How a file of scores was made.

    Empty where no record says it that can be read and is of this content of the file.
    """
    if scores.suffix == ".h5ad":
        return Scores.load(scores).provenance
    try:
        records = [found.record for found in find_records(scores) if found.is_current]
    except InputError:
        records = []
    record = records[0].get("scores") if records else None
    return record if isinstance(record, Mapping) else {}


def method_of(scoring: Mapping[str, Any]) -> str | None:
    """The name of the scoring method in such a record."""
    method = scoring.get("method")
    return str(method["name"]) if isinstance(method, Mapping) and "name" in method else None


def join_files(
    scores: Path, clinical: Path, reading: ClinicalReading, endpoint: Endpoint | None, name: str
) -> Cohort:
    """A cohort from a file of scores and a clinical table."""
    made = _with_provenance(scores)
    if endpoint is not None and {endpoint.time, endpoint.event} & set(made.values.columns):
        raise InputError(
            f"The file of scores {str(scores)!r} holds the columns of the endpoint",
            f"{endpoint.time!r} and {endpoint.event!r} are looked for in {str(clinical)!r}",
            "Give the scores first and the clinical table second",
        )
    return Cohort.join(
        made,
        read_clinical_as(clinical, reading),
        endpoint,
        name=name,
        duplicates=reading.duplicates,
    )


def parse_term(text: str) -> Term:
    """A covariate as it is typed on the command line.

    >>> parse_term("psa:log2"), parse_term("grade:categorical:2").reference
    (Term(column='psa', kind='auto', transform='log2', reference=None, knots=4), '2')
    >>> parse_term("{column: age, transform: spline, knots: 5}").knots
    5
    """
    if text.startswith("{"):
        return _params.build(Term, load_yaml(text), where="--adjust")
    choices = {p.name: p.choices or () for p in _params.describe(Term)}
    column, _, rest = text.partition(":")
    word, _, reference = rest.partition(":")
    fields: dict[str, Any] = {"column": column}
    if word in choices["kind"]:
        fields["kind"] = word
    elif word in choices["transform"]:
        fields["transform"] = word
    elif word:
        fields = {"column": text}
        reference = ""
    if reference:
        fields["reference"] = reference
    return _params.build(Term, fields, where=f"--adjust {text}")


def give(
    result: Results,
    output: Path | None,
    *,
    inputs: Iterable[Path],
    tables: Mapping[str, pd.DataFrame] | None = None,
    figures: Iterable[Path] = (),
    **facts: Any,
) -> None:
    """Write a result table, its row flow and their provenance; without a file, print the table.

    tables: further ones by the name that ends theirs, as in cox.slopes.csv; figures: files that
    have been written from the same result, and are in the same record.

    A row flow of an earlier result under that name goes where this one has none. That it is none of
    the inputs is for the command to ask first, by `refuse_results_over`.
    """
    if output is None:
        sys.stdout.write(_atomic.csv_text(result.table))
        return
    row_flow = _row_flow_of(output)
    _atomic.write_csv(output, result.table)
    written = [output]
    if len(result.row_flow):
        _atomic.write_csv(row_flow, result.row_flow)
        written.append(row_flow)
    else:
        row_flow.unlink(missing_ok=True)
    for name, table in (tables or {}).items():
        written.append(_table_beside(output, name))
        _atomic.write_csv(written[-1], table)
    write_sidecar([*written, *figures], inputs=inputs, **facts)
    sys.stderr.write(f"{output}: {count(len(result.table), 'row')}\n")


def give_models(
    result: Results,
    output: Path | None,
    scores: Path,
    clinical: Path,
    *,
    about: Mapping[str, Any],
    imputation_seed: int | None = None,
) -> None:
    """As `give`, of models of scores: the record says how the scores were made.

    about: what the table is, for a report of tables.
    """
    scoring = scoring_of(scores)
    facts = dict(made_with(scoring))
    if imputation_seed is not None:
        facts["imputation_seed"] = imputation_seed
    give(
        result,
        output,
        inputs=[scores, clinical],
        scores=scoring,
        about={**about, "method": method_of(scoring)},
        **facts,
    )


def _row_flow_of(output: Path) -> Path:
    return _table_beside(output, "row_flow")


def _table_beside(output: Path, name: str) -> Path:
    return beside(output, f"{name}.csv")


def refuse_results_over(
    inputs: Iterable[Path], output: Path | None, *, tables: Iterable[str] = ()
) -> None:
    """Refuse, before anything is read, tables that `give` would write over an input."""
    if output is not None:
        others = [_table_beside(output, name) for name in tables]
        refuse_overwriting(inputs, [output, _row_flow_of(output), *others])


def refuse_overwriting(inputs: Iterable[Path], outputs: Iterable[Path]) -> None:
    """Refuse an output, or a record beside one, that is one of the inputs or of their records."""
    read = {path.resolve() for given in inputs for path in (given, sidecar_of(given))}
    planned = list(outputs)
    for path in (*planned, *map(sidecar_of, planned)):
        if path.resolve() in read:
            raise ParameterError(
                f"{str(path)!r} would be overwritten",
                "It is one of the files that are read, or the record of one",
                "Give another --output",
            )


def refuse_one_file_twice(output: Path | None, figure: Path | None, *others: Path) -> None:
    """Refuse a figure whose numbers would be written where another output goes."""
    if figure is None:
        return
    numbers = figure.with_suffix(".csv")
    tables = {path.resolve() for path in (output, *others) if path is not None}
    if numbers.resolve() in tables:
        raise ParameterError(
            f"--output and the numbers of --figure are the same file, {str(numbers)!r}",
            "The numbers of a figure go to a .csv of its name",
            "Give the figure another name",
        )


def beside(output: Path, ending: str) -> Path:
    """The file next to `output` that has the same stem and another ending."""
    return output.with_name(f"{output.name.removesuffix(output.suffix)}.{ending}")
