"""GMX files: one gene set per column, its name, its description and its genes below each other."""

from itertools import zip_longest
from pathlib import Path
from typing import Literal

from neurosig import _atomic
from neurosig._text_files import open_text
from neurosig.errors import GmtError
from neurosig.genesets.gmt import MAX_BYTES, Place, arms_of, collected, writable
from neurosig.genesets.signature import SignatureCollection


def read_gmx(
    path: Path | str,
    *,
    duplicates: Literal["error", "drop"] = "error",
    pair_up_down: bool = False,
    max_bytes: int = MAX_BYTES,
) -> SignatureCollection:
    """Read gene sets from a GMX file, plain or gzip; the parameters are those of `read_gmt`.

    Raises
    ------
    GmtError
        A column breaks the format (its number is named), the file is empty, too large, not UTF-8
        or a damaged gzip.
    ResourceError
        The file is missing.
    """
    path = Path(path)
    text = open_text(path, max_bytes=max_bytes, error=GmtError).text
    lines = [line.split("\t") for line in text.rstrip("\n").split("\n")]
    columns = enumerate(zip_longest(*lines, fillvalue=""), start=1)
    rows = (
        (Place(path.name, "column", number), _without_empty_end(cells))
        for number, cells in columns
        if any(cell.strip() for cell in cells)
    )
    return collected(rows, duplicates=duplicates, pair_up_down=pair_up_down)


def write_gmx(signatures: SignatureCollection, path: Path | str) -> None:
    """Write a collection as a GMX file, in one step; it holds what a GMT holds.

    Raises
    ------
    SignatureError
        What a GMX cannot hold, as for `write_gmt`.
    """
    columns = [
        (name, description, *genes)
        for signature in writable(signatures, "GMX")
        for name, description, genes in arms_of(signature)
    ]
    lines = ("\t".join(cells) for cells in zip_longest(*columns, fillvalue=""))
    _atomic.write_text(Path(path), "".join(line + "\n" for line in lines))


def _without_empty_end(cells: tuple[str, ...]) -> list[str]:
    last = max(number for number, cell in enumerate(cells) if cell.strip())
    return list(cells[: last + 1])
