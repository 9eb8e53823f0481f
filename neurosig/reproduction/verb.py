"""`reproduce`: draw recorded figures again and compare their numbers with those of the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pandas as pd

from neurosig import _atomic, provenance
from neurosig._bundled import bundled
from neurosig._progress import progress_bar
from neurosig.errors import NeurosigError, count
from neurosig.pl.style import save_figure
from neurosig.records.writing import write_folder_record
from neurosig.reproduction.comparison import Check, compare, not_made, results_table
from neurosig.reproduction.crate import Made, require_rocrate, write_crate
from neurosig.reproduction.definition import ALL, FigureBook, FigureDefinition, read_figures
from neurosig.reproduction.inputs import FigureData
from neurosig.reproduction.output_folder import (
    DEFINITIONS,
    RESULTS,
    refuse_foreign,
    staged,
)
from neurosig.study.notices import Notices

OUTPUT = "neurosig-figures"


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of a reproduction.

    Attributes
    ----------
    folder
        Figures (svg) with their source tables (csv), results.csv, figures.yaml, provenance.json and
        ro-crate-metadata.json.
    checks
        One per expected number, and one for each figure that could not be made.
    notes
        Versions other than those of the record, and what the computations warned of.
    errors
        Why figures could not be made, by id.
    """

    folder: Path
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    errors: Mapping[str, NeurosigError]

    @property
    def table(self) -> pd.DataFrame:
        """The checks as a table: figure, quantity, expected, found, tolerance, verdict, origin."""
        return results_table(self.checks)

    @property
    def is_passed(self) -> bool:
        """Whether every number of every figure is within its tolerance."""
        return all(check.is_passed for check in self.checks)


def shipped_figures() -> Path:
    """The figures.yaml that comes with the package."""
    return bundled("workflows") / "reproduce_figures" / "config" / "figures.yaml"


def reproduce(
    figure: str = ALL, *, output: str | Path = OUTPUT, figures: str | Path | None = None
) -> Reproduction:
    """Draw recorded figures again and compare their numbers with those of another program.

    Every input is first compared with its recorded SHA-256. A number passes where::

        abs(found - expected) <= atol + rtol abs(expected)

    Versions other than those of the record are a note: whether they matter, the numbers say. The
    same inputs and versions give the same SVG, byte for byte. An output that is there already is
    replaced as a whole when the new one is complete.

    Parameters
    ----------
    figure
        Id of a figure, or "all".
    output
        Folder of the results.
    figures
        A figures.yaml of your own; by default that of the package.

    Returns
    -------
    Reproduction

    Raises
    ------
    ParameterError
        There is no such figure.
    InputError
        The figures.yaml is wrong; key and line are named.
    ChecksumError
        An input is not the recorded one; the file and both hashes are named. With "all" the other
        figures are made, and this one is a failed check.
    MissingDependencyError
        A package that the figure or the RO-Crate needs is not installed.
    ResourceError
        The output holds other things, or cannot be written.

    References
    ----------
    RO-Crate 1.1: Soiland-Reyes S et al. (2022) Data Science 5:97-138, doi:10.3233/DS-210053.

    Examples
    --------
    >>> import tempfile, neurosig as ns
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = ns.reproduce("forest", output=f"{folder}/forest")
    ...     files = sorted(path.name for path in found.folder.iterdir())
    >>> files[:4]
    ['figures.yaml', 'forest.csv', 'forest.svg', 'provenance.json']
    >>> found.is_passed, found.table["verdict"].unique().tolist()
    (True, ['PASS'])
    """
    book = read_figures(shipped_figures() if figures is None else Path(figures))
    chosen = book.chosen(figure)
    require_rocrate()
    target = Path(output).resolve()
    refuse_foreign(target, _files_of(book), book.path)
    notices = Notices()
    checks: list[Check] = []
    errors: dict[str, NeurosigError] = {}
    made: list[Made] = []
    with staged(target) as staging, progress_bar(len(chosen), "neurosig reproduce") as advance:
        for name in chosen:
            advance(name)
            try:
                one, found = _make(book, name, staging, notices)
            except NeurosigError as error:
                if len(chosen) == 1:
                    raise
                errors[name] = error
                checks.append(not_made(name, error))
                continue
            made.append(one)
            checks += found
        if not made:
            raise next(iter(errors.values()))
        notes = (*version_notes([book.figures[name] for name in chosen]), *notices.texts)
        _write_records(book, made, checks, staging)
    return Reproduction(target, tuple(checks), notes, errors)


def _files_of(book: FigureBook) -> frozenset[str]:
    return frozenset(
        name
        for figure in book.figures.values()
        for name in (figure.outputs.svg, figure.outputs.csv)
    )


def _make(book: FigureBook, name: str, folder: Path, notices: Notices) -> tuple[Made, list[Check]]:
    """Draw one figure into the folder and compare its numbers."""
    started = datetime.now(UTC)
    definition = book.figures[name]
    data = FigureData(name, definition, book.folder, notices)
    data.check_files()
    drawn = book.recipes[name].draw(data)
    save_figure(drawn.figure, drawn.table, folder / definition.outputs.stem)
    checks = compare(name, definition, drawn.numbers)
    made = Made(name, definition, drawn.alt, started, datetime.now(UTC), tuple(checks))
    return made, checks


def _write_records(
    book: FigureBook, made: Sequence[Made], checks: Sequence[Check], folder: Path
) -> None:
    _atomic.write_text(folder / DEFINITIONS, book.text)
    _atomic.write_csv(folder / RESULTS, results_table(checks))
    write_crate(folder, book.licence, made)
    write_folder_record(
        folder,
        figures={
            one.id: {
                "function": one.definition.function,
                "seed": one.definition.seed,
                "inputs": [
                    {"name": i.name, "source": i.source, "sha256": list(i.hashes)}
                    for i in one.definition.inputs
                ],
            }
            for one in made
        },
    )


def version_notes(definitions: Sequence[FigureDefinition]) -> list[str]:
    """What is installed in another version than the record's, each package once.

    >>> from dataclasses import replace
    >>> figure = next(iter(read_figures(shipped_figures()).figures.values()))
    >>> version_notes([replace(figure, versions={"numpy": "1.0"})])  # doctest: +ELLIPSIS
    ['numpy ... is installed, the figures were recorded with 1.0']
    """
    recorded: dict[str, set[str]] = {}
    for definition in definitions:
        for package, version in definition.versions.items():
            recorded.setdefault(package, set()).add(version)
    notes = []
    for package, versions in recorded.items():
        found = _installed(package)
        if {found} != versions:
            what = f"{package} {found} is" if found else f"{package} is not"
            notes.append(
                f"{what} installed, the figures were recorded with {', '.join(sorted(versions))}"
            )
    return notes


def _installed(package: str) -> str:
    if package == "python":
        return provenance.versions()["python"]
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def summary(found: Reproduction) -> str:
    """The outcome in one line.

    >>> import math
    >>> check = Check("forest", "effect[A]", 1.2, 1.3, 0.01, "R")
    >>> summary(Reproduction(Path("x"), (check,), (), {}))
    'FAIL: 0 of 1 number within tolerance, 1 figure'
    """
    n_passed = sum(check.is_passed for check in found.checks)
    numbers = [check for check in found.checks if check.quantity]
    figures = count(len({check.figure for check in found.checks}), "figure")
    verdict = "PASS" if found.is_passed else "FAIL"
    failed = f", {count(len(found.errors), 'figure')} not made" if found.errors else ""
    return (
        f"{verdict}: {n_passed} of {count(len(numbers), 'number')} within tolerance, "
        f"{figures}{failed}"
    )
