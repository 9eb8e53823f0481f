"""Series matrix files of GEO, and the platform tables that name their probes.

Barrett T et al. (2013) Nucleic Acids Res 41:D991-D995, doi:10.1093/nar/gks1193.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd

from neurosig._text_files import TextFile, open_text
from neurosig.datasets.home_data import CohortData
from neurosig.errors import ExpressionError, InputError, count, examples
from neurosig.expression.checks import check_has_values
from neurosig.expression.delimited import Dialect, matrix_of
from neurosig.expression.duplicates import combine_duplicates
from neurosig.expression.io import MAX_BYTES
from neurosig.expression.memory import in_memory
from neurosig.outcomes.clinic.clean import clean_table
from neurosig.provenance import sha256_of_file

_BEGIN, _END = b"!series_matrix_table_begin", b"!series_matrix_table_end"
_SYMBOL_COLUMNS: Final = ("gene symbol", "gene_symbol", "symbol", "ilmn_gene", "genesymbol")
_SEVERAL: Final = ("///", ";", ",")


def read_series_matrix(
    path: str | Path,
    *,
    platform: str | Path | None = None,
    duplicates: Literal["mean", "highest_mean"] = "highest_mean",
    encoding: str = "utf-8",
) -> CohortData:
    """A GEO series matrix (`GSE*_series_matrix.txt.gz`): expression and clinical table.

    The clinical table has a row per sample: title, accession, and every `characteristics` line as
    a column named by its key ("age: 61" is 61 in the column age), whichever line of the file a
    sample has it in. Values are those of the file, on the scale its authors chose.

    Parameters
    ----------
    path
        The file, plain or gzip.
    platform
        Table of the platform (GPL*.txt or .annot, plain or gzip) with the columns ID and Gene
        Symbol. Probes of no gene or of several are left out, and counted in `notes`. Without it
        the probes are the genes.
    duplicates
        How the probes of one gene become one value: the probe with the "highest_mean", or "mean".
    encoding
        Text encoding of the file and of the platform's table.

    Raises
    ------
    InputError
        A file does not have the format, or the platform has none of the probes.
    ResourceError
        A file is missing or damaged.
    """
    path = Path(path)
    text = open_text(path, encoding=encoding, max_bytes=MAX_BYTES)
    head, table = _parts(text)
    matrix = matrix_of(table, Dialect(sep="\t"), id_column=None)
    probes = [name.strip('"') for name in matrix.row_names]
    samples = [name.strip('"') for name in matrix.column_names]
    values, notes = matrix.values.T, []
    origin = {"file": path.name, "source": "GEO series matrix", "sha256": sha256_of_file(path)}
    if platform is not None:
        symbols = read_platform(platform, encoding=encoding)
        genes = [symbols.get(probe, "") for probe in probes]
        is_named = np.array([bool(gene) for gene in genes])
        if not is_named.any():
            raise InputError(
                f"{Path(platform).name!r} names none of the probes of {path.name!r}",
                f"{examples(symbols)} there, {examples(probes)} here",
                "Give the table of the platform that the file names in !Series_platform_id",
            )
        chosen = [gene for gene in genes if gene]
        values, probes, n_combined = combine_duplicates(values[:, is_named], chosen, duplicates)
        notes.append(
            f"{count(int((~is_named).sum()), 'probe')} of {len(genes):,} without a gene or with "
            f"several left out; {count(n_combined, 'gene')} of several probes: {duplicates}"
        )
        origin |= {"platform": Path(platform).name, "probes": notes[-1]}
    found = in_memory(values, samples, probes, origin)
    check_has_values(found)
    return CohortData(found, _clinic(head, samples, path), notes=tuple(notes))


def read_platform(path: str | Path, *, encoding: str = "utf-8") -> Mapping[str, str]:
    """Probe to gene symbol of a platform table; "" for a probe of no gene or of several.

    Parameters
    ----------
    path
        The table (GPL*.txt or .annot), plain or gzip. A quotation mark in it is a character as any
        other: GEO does not quote.
    encoding
        Text encoding of the file.

    Raises
    ------
    InputError
        The table has no column ID, or none with gene symbols.
    """
    text = open_text(path, encoding=encoding, max_bytes=MAX_BYTES)
    lines = (line.decode().rstrip("\n") for line in text.stream())
    rows = (_cells(line) for line in lines if line[:1] not in "#^!" and line)
    header = [name.strip().casefold() for name in next(rows, [])]
    symbol_at = next((header.index(n) for n in _SYMBOL_COLUMNS if n in header), None)
    if "id" not in header or symbol_at is None:
        raise InputError(
            f"{Path(path).name!r} does not say which gene a probe is of",
            f"Its columns: {examples(header)}; looked for: ID and {', '.join(_SYMBOL_COLUMNS)}",
            "Give the full table of the platform, or its .annot file",
        )
    id_at = header.index("id")
    last = max(id_at, symbol_at)
    return {row[id_at]: _one_gene(row[symbol_at]) for row in rows if len(row) > last}


def _cells(line: str) -> list[str]:
    """The cells of a line. Quotes around a whole cell go; no other quote means anything."""
    return [
        cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        for cell in line.split("\t")
    ]


def _one_gene(cell: str) -> str:
    symbol = cell.strip()
    return "" if any(mark in symbol for mark in _SEVERAL) or symbol == "---" else symbol


def _parts(text: TextFile) -> tuple[list[list[str]], TextFile]:
    """The lines before the table as cells, and the table."""
    content = text.content
    begin, end = content.find(_BEGIN), content.rfind(_END)
    if begin < 0 or end < begin:
        raise ExpressionError(
            f"{text.path.name!r} is no whole series matrix",
            f"{_BEGIN.decode()} is {'there' if begin >= 0 else 'missing'}, {_END.decode()} is "
            f"{'there' if end >= 0 else 'missing'}",
            "Fetch it again: a file that was cut short lacks its end",
        )
    table = content[content.index(b"\n", begin) + 1 : end]
    if not table.strip():
        raise ExpressionError(
            f"The table of {text.path.name!r} is empty",
            "Series of sequencing data keep their counts in supplementary files",
            "Fetch these, and read them with read_expression",
        )
    lines = content[:begin].decode().split("\n")
    return [_cells(line) for line in lines if line], TextFile(text.path, table)


def _clinic(head: list[list[str]], samples: list[str], path: Path) -> pd.DataFrame:
    columns: dict[str, list[str]] = {}
    for name, *cells in head:
        if not name.startswith("!Sample_"):
            continue
        if len(cells) != len(samples):
            raise ExpressionError(
                f"{path.name!r} describes {count(len(cells), 'sample')} and has values of "
                f"{len(samples):,}",
                f"The line is {name}",
                "Fetch it again",
            )
        field = name.removeprefix("!Sample_")
        if field in ("title", "geo_accession", "source_name_ch1"):
            columns[field] = cells
        elif field.startswith("characteristics"):
            for i, cell in enumerate(cells):
                key, mark, value = cell.partition(":")
                column = key.strip() if mark else field
                column = f"{column} (characteristic)" if column in ("title",) else column
                known = columns.setdefault(column, [""] * len(samples))
                # The same key in two lines of one sample: both are kept.
                text = (value if mark else cell).strip()
                known[i] = f"{known[i]}; {text}" if known[i] and text else known[i] or text
    table = pd.DataFrame(columns, index=pd.Index(samples, name="sample"), dtype=object)
    return clean_table(table).data
