"""What `manifest.json` of a run folder may say, as dataclasses.

Whoever writes a run folder builds a `Manifest` and writes `dataclasses.asdict` of it; the report
reads it back with `read_manifest`, which names the key of everything that is wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from neurosig._params import Help, build
from neurosig.errors import InputError, ParameterError, ResourceError

Format = Literal["text", "prose", "number", "integer", "p", "percent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One number of the summary line at the top."""

    label: Annotated[str, Help("what it is, for example 'Cohorts'")]
    value: Annotated[str | int | float, Help("shown as it is")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that has to be read before the results."""

    level: Annotated[Literal["warning", "info", "exploratory"], Help("how it is marked")]
    text: Annotated[str, Help("what it says")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: which, its head and how its cells are written."""

    name: Annotated[str, Help("name in the CSV file")]
    label: Annotated[str, Help("head of the column; the name when empty")] = ""
    format: Annotated[
        Format, Help("how cells are written; 'prose' wraps, 'percent' takes a share of one")
    ] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableItem:
    """A table of the page; without `columns` all of them are shown and their format is guessed."""

    kind: Literal["table"] = "table"
    id: Annotated[str, Help("anchor on the page")]
    title: Annotated[str, Help("heading")]
    caption: Annotated[str, Help("one or two sentences below the heading")] = ""
    file: Annotated[str, Help("CSV file, relative to the run folder")]
    columns: Annotated[tuple[Column, ...] | None, Help("which columns, in order")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureItem:
    """A figure of the page with the numbers it shows."""

    kind: Literal["figure"] = "figure"
    id: Annotated[str, Help("anchor on the page")]
    title: Annotated[str, Help("heading")]
    caption: Annotated[str, Help("what is drawn and how to read it")] = ""
    alt: Annotated[str, Help("the figure in words, with its numbers")]
    svg: Annotated[str, Help("SVG file, relative to the run folder")]
    csv: Annotated[str, Help("CSV file of the numbers it shows, relative to the run folder")]
    source_table: Annotated[str | None, Help("id of a table of the page that it belongs to")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """Plain text; an empty line starts a paragraph."""

    kind: Literal["text"] = "text"
    text: Annotated[str, Help("plain text")]


Item = TableItem | FigureItem | TextItem
_KINDS: Mapping[str, type[TableItem] | type[FigureItem] | type[TextItem]] = {
    "table": TableItem,
    "figure": FigureItem,
    "text": TextItem,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with its items; it is listed in the contents."""

    id: Annotated[str, Help("anchor on the page")]
    title: Annotated[str, Help("heading")]
    intro: Annotated[str, Help("one paragraph below the heading")] = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole page."""

    title: Annotated[str, Help("title of the page")]
    subtitle: Annotated[str, Help("one line below it")] = ""
    summary: tuple[Fact, ...] = ()
    notices: tuple[Notice, ...] = ()
    sections: tuple[Section, ...] = ()
    provenance: Mapping[str, Any] | None = None


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    ResourceError
        The file is not there.
    InputError
        It is not JSON.
    ParameterError
        A key is missing, unknown or has a value that is not allowed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResourceError(
            f"There is no {path.name} to build a report from",
            f"Looked for {str(path)!r}",
            "Pass the output folder of a finished `neurosig run`",
            path=str(path),
        ) from error
    except ValueError as error:
        raise InputError(
            f"{str(path)!r} is not JSON",
            str(error),
            "Run the analysis again; the file is written by it and not meant to be edited",
            path=str(path),
        ) from error
    if not isinstance(content, Mapping):
        return build(Manifest, content, "manifest")
    sections = _listed(content, "sections", "manifest")
    flat = build(Manifest, {**content, "sections": []}, "manifest")
    return Manifest(
        title=flat.title,
        subtitle=flat.subtitle,
        summary=flat.summary,
        notices=flat.notices,
        sections=tuple(_section(s, f"manifest.sections[{i}]") for i, s in enumerate(sections)),
        provenance=flat.provenance,
    )


def _listed(content: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = content.get(key, [])
    if not isinstance(value, list):
        raise ParameterError(
            f"{where}.{key} has to be a list",
            f"It is of the type {type(value).__name__}",
            "Correct the manifest or run the analysis again",
        )
    return value


def _section(content: object, where: str) -> Section:
    if not isinstance(content, Mapping):
        return build(Section, content, where)
    flat = build(Section, {**content, "items": []}, where)
    items = _listed(content, "items", where)
    return Section(
        id=flat.id,
        title=flat.title,
        intro=flat.intro,
        items=tuple(_item(item, f"{where}.items[{i}]") for i, item in enumerate(items)),
    )


def _item(content: object, where: str) -> Item:
    kind = content.get("kind") if isinstance(content, Mapping) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ParameterError(
            f"{where}.kind cannot be {kind!r}",
            f"Allowed: {', '.join(_KINDS)}",
            "Correct the manifest or run the analysis again",
        )
    return build(_KINDS[kind], content, where)
