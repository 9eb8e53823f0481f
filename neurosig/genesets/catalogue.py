"""The bundled signatures: one YAML file each, in a folder per category, and panels of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from neurosig._bundled import bundled
from neurosig._yaml import load_yaml
from neurosig.errors import (
    InputError,
    SignatureLintError,
    UnknownSignatureError,
    count,
    examples,
)
from neurosig.genesets.signature import Signature

PROVISIONAL: Final = "curator_judgement"
EVIDENCE_LEVELS: Final = (
    "exact_published_set",
    "exact_published_code",
    "exact_hgnc_group",
    "published_code_panel",
    "published_marker_names",
    "derived_from_ontology",
    "derived_from_symbol_root",
    "derived_from_database",
    "curated_panel",
    PROVISIONAL,
)
"""As in `schema.json`; `signatures/README.md` says what they mean."""
ALL: Final = "all"
MAX_ENTRY_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Panel:
    """A named choice of signatures."""

    description: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A folder of signatures: `<category>/<id>.yaml` and `panels.yaml`."""

    folder: Path

    @classmethod
    def bundled(cls) -> "Catalogue":
        """Open the one that travels with the package.

        Raises
        ------
        ResourceError
            It is not installed.
        """
        return cls(bundled("signatures"))

    def files(self) -> dict[str, Path]:
        """Id (the file's name) to file, sorted by category and id."""
        return {path.stem: path for path in sorted(self.folder.glob("*/*.yaml"))}

    def ids(self) -> tuple[str, ...]:
        """All ids, sorted by category and id."""
        return tuple(self.files())

    def ids_of_category(self, category: str) -> tuple[str, ...]:
        """The ids of one category.

        Raises
        ------
        UnknownSignatureError
            There is no such category.
        """
        files = self.files()
        categories = sorted({path.parent.name for path in files.values()})
        if category not in categories:
            raise unknown_name("category", "categories", category, categories)
        return tuple(name for name, path in files.items() if path.parent.name == category)

    def ids_of_panel(self, panel: str) -> tuple[str, ...]:
        """The ids of one panel or theme, in its order; "all" is every id.

        Raises
        ------
        UnknownSignatureError
            There is no such panel or theme.
        """
        if panel == ALL:
            return self.ids()
        choices = self.themes() | {name: p.ids for name, p in self.panels().items()}
        if panel not in choices:
            known = [*self.panels(), ALL, *self.themes()]
            raise unknown_name("panel", "panels and themes", panel, known)
        return choices[panel]

    def panels(self) -> dict[str, Panel]:
        """Name to panel, as in `panels.yaml`."""
        content = self._panel_file()["panels"]
        return {name: Panel(p["description"], tuple(p["ids"])) for name, p in content.items()}

    def themes(self) -> dict[str, tuple[str, ...]]:
        """Theme of the neuro-immune axis to the ids that speak of it, as in `panels.yaml`."""
        return {name: tuple(ids) for name, ids in self._panel_file()["themes"].items()}

    def entries(self, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Read entries by id, in the given order, with all that their files say.

        Raises
        ------
        UnknownSignatureError
            There is no such id.
        SignatureLintError
            A file is not a mapping.
        """
        files = self.files()
        for name in names:
            if name not in files:
                raise unknown_name("signature", "signatures", name, list(files))
            yield read_entry(files[name])

    def signatures(self, names: Iterable[str]) -> Iterator[Signature]:
        """Read signatures by id, in the given order.

        Raises
        ------
        UnknownSignatureError
            There is no such id.
        SignatureLintError
            A file is not a usable entry.
        """
        listed = tuple(names)
        for name, entry in zip(listed, self.entries(listed), strict=True):
            yield signature_of(entry, f"{name}.yaml")

    def _panel_file(self) -> Mapping[str, Any]:
        path = self.folder / "panels.yaml"
        content = load_yaml(path, max_bytes=MAX_ENTRY_BYTES)
        is_whole = isinstance(content, dict) and all(
            isinstance(content.get(part), dict) for part in ("panels", "themes")
        )
        if not isinstance(content, dict) or not is_whole:
            raise SignatureLintError(
                f"{path.name!r} lacks its panels or its themes",
                "Both are mappings",
                "Correct it and run neurosig.genesets.lint.lint(folder)",
            )
        return content


def read_entry(path: Path) -> dict[str, Any]:
    """Read one catalogue file as a mapping.

    Raises
    ------
    SignatureLintError
        It is not YAML, or not a mapping.
    """
    try:
        content = load_yaml(path, max_bytes=MAX_ENTRY_BYTES)
    except InputError as error:
        raise SignatureLintError(error.what, error.evidence, error.remedy) from error
    if not isinstance(content, dict):
        raise SignatureLintError(
            f"{path.name!r} is not a mapping of fields",
            f"It holds a {type(content).__name__}",
            "See signatures/README.md for the fields of an entry",
        )
    return content


def signature_of(entry: Mapping[str, Any], file: str) -> Signature:
    """Make a signature of an entry; its genes have to be those its `sha256` was taken of.

    Raises
    ------
    SignatureLintError
        A field is missing, or the gene list was changed without its hash.
    SignatureError
        The genes or weights cannot be used.
    """
    try:
        signature = Signature(
            id=entry["id"],
            **genes_and_weights(entry),
            title=entry["title"],
            category=entry["category"],
            organism=entry["organism"],
            source=entry["source"],
            evidence=entry["evidence"],
            licence=entry["licence"],
            verified=entry["verified"],
            recipe=entry.get("recipe"),
            controls=tuple(entry.get("controls", ())),
            cancer_context=tuple(entry.get("cancer_context", ())),
            notes=entry.get("notes", ""),
        )
        stated = entry["sha256"]
    except KeyError as error:
        raise SignatureLintError(
            f"{file}: the field {error.args[0]!r} is missing",
            f"It has {examples(entry, 30)}",
            "See signatures/README.md for the fields of an entry",
        ) from error
    if signature.sha256 != stated:
        raise SignatureLintError(
            f"{file}: the genes are not those that the sha256 was taken of",
            f"Stated {stated!s:.12}..., found {signature.sha256:.12}...",
            "If the change is meant, raise 'version' and write the new sha256",
        )
    return signature


def genes_and_weights(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The genes and weights of an entry, from whichever of its three forms it has."""
    if "weights" in entry:
        weights = entry["weights"]
        return {"genes": tuple(weights), "weights": tuple(weights.values())}
    if "genes_up" in entry:
        up, down = tuple(entry["genes_up"]), tuple(entry["genes_down"])
        return {"genes": up + down, "weights": (1.0,) * len(up) + (-1.0,) * len(down)}
    return {"genes": tuple(entry["genes"])}


def unknown_name(noun: str, nouns: str, name: str, known: list[str]) -> UnknownSignatureError:
    """The error for a name that the catalogue does not have, with the closest ones it has."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(str(name).casefold(), by_fold, n=3, cutoff=0.5)
    shown = [by_fold[fold] for fold in close]
    return UnknownSignatureError(
        f"There is no {noun} {name!r}",
        f"The catalogue has {count(len(known), noun, nouns)}: {examples(known)}",
        f"Did you mean {' or '.join(map(repr, shown))}?"
        if shown
        else "`neurosig signatures list` shows all signatures, ns.catalogue_table() as a table",
        name=name,
        closest=tuple(shown),
    )
