"""Finding signatures in the bundled catalogue: by panel, category, id, cancer, evidence or word."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from neurosig.errors import SignatureError, count
from neurosig.genesets.catalogue import (
    EVIDENCE_LEVELS,
    PROVISIONAL,
    Catalogue,
    genes_and_weights,
    signature_of,
    unknown_name,
)
from neurosig.genesets.signature import SignatureCollection

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_PANEL: Final = "core"

_COLUMNS: Final = [
    "id",
    "title",
    "category",
    "n_genes",
    "evidence",
    "verified",
    "licence",
    "doi",
    "recipe",
    "cancer_context",
    "panels",
]

Names = str | Iterable[str]

TCGA_ORGANS: Final[Mapping[str, str]] = {
    "BLCA": "urothelial",
    "BRCA": "breast",
    "COAD": "colorectal",
    "LUAD": "lung",
    "LUSC": "lung",
    "OV": "ovary",
    "PAAD": "pancreas",
    "PRAD": "prostate",
    "READ": "colorectal",
    "SKCM": "melanoma",
    "STAD": "stomach",
}
"""Study codes that name the same cancer as a word of the catalogue."""


def load_signatures(
    *,
    panel: str | None = None,
    category: Names | None = None,
    ids: Names | None = None,
    context: Names | None = None,
    evidence: Names | None = None,
    include_provisional: bool = False,
) -> SignatureCollection:
    """Load the signatures of the bundled catalogue that fit everything asked for.

    Several values of one parameter mean any of them; several parameters mean all of them.

    Parameters
    ----------
    panel : str, optional
        A panel or a theme of `signatures/panels.yaml`, such as "headline" or "sympathetic", or
        "all" for the whole catalogue. "core" when nothing at all is asked for.
    category : str or iterable of str, optional
        Categories, such as "axon" or "immune_suppression".
    ids : str or iterable of str, optional
        Ids, in the order wanted.
    context : str or iterable of str, optional
        Cancers that a signature was made or used in, as in `cancer_context`: "prostate", or the
        study code "PRAD". "pan-cancer" is a context of its own and not part of the others.
    evidence : str or iterable of str, optional
        Evidence levels, such as "exact_published_set" (all are in `signatures/README.md`).
    include_provisional : bool
        Include lists put together without a source read (evidence "curator_judgement"). Asked for
        by id, or by that evidence, they always load.

    Returns
    -------
    SignatureCollection
        In the order of the catalogue, or that of `ids`.

    Raises
    ------
    UnknownSignatureError
        No such id, panel, category, context or evidence; the closest names are in the message.
    SignatureError
        Nothing fits everything asked for; how many fit each part is in the message.
    ResourceError
        The catalogue is not installed.

    Examples
    --------
    >>> list(load_signatures(ids=["IMM.CYT", "PNI.CERVICAL_LASSO3"]))
    ['IMM.CYT', 'PNI.CERVICAL_LASSO3']
    >>> list(load_signatures(category="axon", context="PRAD"))
    ['AXON.SEMA_LIGANDS', 'GO.AXONOGENESIS', 'GO.AXON_GUIDANCE']
    """
    catalogue = Catalogue.bundled()
    if all(choice is None for choice in (panel, category, ids, context, evidence)):
        panel = DEFAULT_PANEL
    wanted = _Wanted(
        panel=panel,
        category=_listed(category),
        ids=_listed(ids),
        context=_listed(context),
        evidence=_listed(evidence),
    )
    signatures = [
        signature_of(entry, f"{entry['id']}.yaml") for entry in _fitting(catalogue, wanted)
    ]
    asked_for = ids is not None or PROVISIONAL in (wanted.evidence or ())
    return SignatureCollection(
        s for s in signatures if include_provisional or asked_for or s.evidence != PROVISIONAL
    )


def catalogue_table(ids: Iterable[str] | None = None) -> "pd.DataFrame":
    """One row per signature of the bundled catalogue, provisional ones included.

    Columns: id, title, category, n_genes, evidence, verified, licence, doi, recipe,
    cancer_context, panels.

    Parameters
    ----------
    ids : iterable of str, optional
        Only these, in this order.

    Returns
    -------
    DataFrame
        One row per signature.

    Examples
    --------
    >>> catalogue_table(["IMM.CYT"])[["n_genes", "recipe", "licence"]].values.tolist()
    [[2, 'geometric_mean', 'unknown']]
    """
    import pandas as pd

    catalogue = Catalogue.bundled()
    panels = catalogue.panels()
    rows = [
        (
            entry["id"],
            entry["title"],
            entry["category"],
            entry["n_genes"],
            entry["evidence"],
            entry["verified"],
            entry["licence"],
            entry["source"].get("doi", ""),
            entry.get("recipe", ""),
            ", ".join(entry["cancer_context"]),
            ", ".join(name for name, panel in panels.items() if entry["id"] in panel.ids),
        )
        for entry in catalogue.entries(catalogue.ids() if ids is None else ids)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def search_signatures(text: str) -> "pd.DataFrame":
    """Search the bundled catalogue for words; every word has to occur.

    A word is looked for in id, title, category, cancers, source, notes and themes, and among the
    genes, where it has to be a whole symbol; upper and lower case are the same. Provisional lists
    are found as well.

    Parameters
    ----------
    text : str
        Words, such as "schwann", "NGF" or "prostate adrenergic".

    Returns
    -------
    DataFrame
        The columns of `catalogue_table` and `found_in` (the fields that hold a word), ids and
        titles first.

    Examples
    --------
    >>> search_signatures("cytolytic")[["id", "found_in"]].values.tolist()
    [['IMM.CYT', 'title']]
    """
    catalogue = Catalogue.bundled()
    themes = catalogue.themes()
    words = text.casefold().split()
    found: dict[str, tuple[str, ...]] = {}
    for entry in catalogue.entries(catalogue.ids()):
        names = " ".join(name for name, ids in themes.items() if entry["id"] in ids)
        fields = _found_in(entry, names, words)
        if fields:
            found[entry["id"]] = fields
    first = [name for name, fields in found.items() if {"id", "title"} & set(fields)]
    ids = [*first, *(name for name in found if name not in first)]
    return catalogue_table(ids).assign(found_in=[", ".join(found[name]) for name in ids])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is asked for; None means anything."""

    panel: str | None
    category: tuple[str, ...] | None
    ids: tuple[str, ...] | None
    context: tuple[str, ...] | None
    evidence: tuple[str, ...] | None


def _listed(names: Names | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))


def _fitting(catalogue: Catalogue, wanted: _Wanted) -> list[dict[str, Any]]:
    """The entries that fit, in the order of the ids, else of the panel, else of the catalogue."""
    conditions: dict[str, set[str]] = {}
    order = order_of_all = catalogue.ids()
    if wanted.category is not None:
        groups = [catalogue.ids_of_category(name) for name in wanted.category]
        conditions["category"] = {name for group in groups for name in group}
    if wanted.panel is not None:
        order = catalogue.ids_of_panel(wanted.panel)
        conditions["panel"] = set(order)
    if wanted.ids is not None:
        for name in wanted.ids:
            if name not in order_of_all:
                raise unknown_name("signature", "signatures", name, list(order_of_all))
        order = wanted.ids
        conditions["ids"] = set(order)
    if wanted.context is None and wanted.evidence is None:
        entries = {}
    else:
        entries = {entry["id"]: entry for entry in catalogue.entries(order_of_all)}
        conditions |= _read_conditions(entries, wanted)
    names = [name for name in order if all(name in ids for ids in conditions.values())]
    if not names and order and len(conditions) > 1:
        raise _nothing_fits(conditions)
    return [entries[name] for name in names] if entries else list(catalogue.entries(names))


def _read_conditions(entries: Mapping[str, dict[str, Any]], wanted: _Wanted) -> dict[str, set[str]]:
    """The ids that fit what only the entries themselves say."""
    conditions: dict[str, set[str]] = {}
    if wanted.context is not None:
        of_entry = {name: set(map(_organ, e["cancer_context"])) for name, e in entries.items()}
        known = sorted({context for contexts in of_entry.values() for context in contexts})
        asked = _known("context", wanted.context, known, _organ)
        conditions["context"] = {name for name, organs in of_entry.items() if organs & asked}
    if wanted.evidence is not None:
        asked = _known("evidence level", wanted.evidence, list(EVIDENCE_LEVELS), str)
        conditions["evidence"] = {n for n, e in entries.items() if e["evidence"] in asked}
    return conditions


def _known(
    noun: str, asked: tuple[str, ...], known: list[str], form: Callable[[str], str]
) -> set[str]:
    for name in asked:
        if form(name) not in known:
            raise unknown_name(noun, f"{noun}s", name, known)
    return {form(name) for name in asked}


def _organ(context: str) -> str:
    """A context without the remark in brackets behind it; a study code as its organ."""
    name = context.split(" (", maxsplit=1)[0].strip()
    return TCGA_ORGANS.get(name, name)


def _nothing_fits(conditions: Mapping[str, set[str]]) -> SignatureError:
    counts = ", ".join(f"{name} {count(len(ids), 'signature')}" for name, ids in conditions.items())
    return SignatureError(
        f"No signature fits {' and '.join(conditions)} together",
        f"Each alone fits: {counts}",
        "Drop one of them; `neurosig signatures list` takes the same options",
    )


def _found_in(entry: Mapping[str, Any], themes: str, words: list[str]) -> tuple[str, ...]:
    """The fields in which the words occur; none unless each of them occurs somewhere."""
    source = entry["source"]
    texts = {
        "id": entry["id"],
        "title": entry["title"],
        "category": entry["category"],
        "context": " ".join([*entry["cancer_context"], *map(_organ, entry["cancer_context"])]),
        "source": " ".join(str(source.get(key, "")) for key in _SEARCHED_SOURCE),
        "theme": themes,
        "notes": entry.get("notes", ""),
    }
    folded = {name: text.casefold() for name, text in texts.items()}
    genes = {gene.casefold() for gene in genes_and_weights(entry)["genes"]}
    found: dict[str, None] = {}
    for word in words:
        fields = [name for name, text in folded.items() if word in text]
        fields += ["genes"] if word in genes else []
        if not fields:
            return ()
        found |= dict.fromkeys(fields)
    return tuple(found)


_SEARCHED_SOURCE: Final = (
    "title",
    "doi",
    "pmid",
    "go_id",
    "citation",
    "standard_name",
    "name_in_IOBR",
    "database",
    "interaction",
)
