"""One self-contained HTML page from a run folder."""

import base64
import hashlib
import re
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from neurosig._atomic import write_text
from neurosig.errors import InputError, NeurosigWarning, ParameterError, ResourceError, examples
from neurosig.report.inline_svg import inline_svg
from neurosig.report.manifest import FigureItem, Item, Manifest, TableItem, read_manifest
from neurosig.report.notices import grouped
from neurosig.report.tables import TableView, read_table

MANIFEST: Final = "manifest.json"
REPORT: Final = "report.html"
LARGE_BYTES: Final = 10_000_000
_TABLE_ROWS: Final = 2000
_SOURCE_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item of the page with what was read for it."""

    item: Item
    id: str
    table: TableView | None = None
    svg: str = ""
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """A section of the page with its entries."""

    id: str
    title: str
    intro: str
    entries: tuple[_Entry, ...]


def build_report(folder: Path | str) -> Path:
    """Write `report.html` of a run folder: one file that needs nothing else and loads nothing.

    The page is made from `manifest.json` and the tables and figures it names; nothing is computed.
    It has a strict content security policy, so that no text of the data can become a script.

    Parameters
    ----------
    folder
        The output folder of a run.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ResourceError
        The manifest or a file that it names is missing, or the page cannot be written.
    InputError
        A file is not what it should be, or lies outside the folder.
    ParameterError
        The manifest has a key or a value that is not allowed.

    Warns
    -----
    NeurosigWarning
        The page is larger than 10 MB.
    """
    folder = Path(folder)
    manifest = read_manifest(folder / MANIFEST)
    page = _render(manifest, _chapters(manifest, folder))
    path = folder / REPORT
    write_text(path, page)
    n_bytes = len(page.encode("utf-8"))
    if n_bytes > LARGE_BYTES:
        warnings.warn(
            NeurosigWarning(
                f"The report is {n_bytes / 1e6:.0f} MB",
                f"{str(path)!r} is larger than {LARGE_BYTES / 1e6:.0f} MB and slow to open",
                "Show fewer figures or smaller tables; all results are also in tables/",
            ),
            stacklevel=2,
        )
    return path


def _chapters(manifest: Manifest, folder: Path) -> tuple[_Chapter, ...]:
    anchor = _anchors()
    anchors: list[tuple[str, list[str]]] = []
    page_id_of: dict[str, str] = {}
    for section in manifest.sections:
        section_id = anchor(section.id)
        item_ids = [anchor(getattr(item, "id", "text")) for item in section.items]
        anchors.append((section_id, item_ids))
        for item, item_id in zip(section.items, item_ids, strict=True):
            if isinstance(item, TableItem):
                page_id_of.setdefault(item.id, item_id)
    return tuple(
        _Chapter(
            section_id,
            section.title,
            section.intro,
            tuple(
                _entry(item, item_id, folder, page_id_of)
                for item, item_id in zip(section.items, item_ids, strict=True)
            ),
        )
        for section, (section_id, item_ids) in zip(manifest.sections, anchors, strict=True)
    )


def _anchors() -> Callable[[str], str]:
    """A function that gives every name an id that is safe and not yet taken on the page."""
    taken: set[str] = {"main", "contents", "provenance", "provenance-data", "notices"}

    def anchor(name: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "item"
        stem = stem if stem[0].isalpha() else f"s-{stem}"
        candidate, number = stem, 1
        while candidate in taken:
            number += 1
            candidate = f"{stem}-{number}"
        taken.add(candidate)
        return candidate

    return anchor


def _entry(item: Item, item_id: str, folder: Path, page_id_of: dict[str, str]) -> _Entry:
    if isinstance(item, TableItem):
        file = _inside(folder, item.file)
        return _Entry(
            item, item_id, read_table(file, item.file, item.columns, row_limit=_TABLE_ROWS)
        )
    if isinstance(item, FigureItem):
        if item.source_table is not None and item.source_table not in page_id_of:
            raise ParameterError(
                f"The figure {item.id!r} names the source table {item.source_table!r}",
                f"Tables of the page: {examples(page_id_of)}",
                "Name one of these or leave source_table out",
            )
        source = read_table(_inside(folder, item.csv), item.csv, row_limit=_SOURCE_ROWS)
        return _Entry(
            item,
            item_id,
            source,
            inline_svg(_svg_text(folder, item.svg), item_id, item.alt, item.svg),
            page_id_of.get(item.source_table or "", ""),
        )
    return _Entry(item, item_id)


def _inside(folder: Path, name: str) -> Path:
    """The file of that name in the folder; links and `..` may not lead out of it."""
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise InputError(
            f"The manifest names {name!r}, which lies outside the run folder",
            f"The run folder is {str(folder)!r}",
            "Use paths relative to the run folder, such as 'tables/results.csv'",
            path=name,
        )
    if not file.is_file():
        raise ResourceError(
            f"The manifest names {name!r}, which is not there",
            f"The run folder is {str(folder)!r}",
            "Run the analysis again",
            path=str(file),
        )
    return file


def _svg_text(folder: Path, name: str) -> str:
    try:
        return _inside(folder, name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8", str(error), "Draw the figure again") from error


def _asset(name: str) -> str:
    return (files("neurosig.report") / "assets" / name).read_text(encoding="utf-8")


def _hash_source(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(style: str, script: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash_source(style)}",
            f"script-src {_hash_source(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _render(manifest: Manifest, chapters: tuple[_Chapter, ...]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("neurosig.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = _asset("report.css"), _asset("report.js")
    context: dict[str, Any] = {
        "manifest": manifest,
        "notices": grouped(manifest.notices),
        "chapters": chapters,
        "provenance": asdict(manifest)["provenance"] or {},
        "style": style,
        "script": script,
        "policy": _policy(style, script),
    }
    return environment.get_template("report.html.j2").render(context)
