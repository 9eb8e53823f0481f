"""The RO-Crate of a reproduction: figures, inputs, software and what was run, as linked data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from neurosig import provenance
from neurosig.datasets.cells import CELL_DATASETS
from neurosig.datasets.demo import origin_of
from neurosig.errors import MissingDependencyError
from neurosig.reproduction.comparison import Check
from neurosig.reproduction.definition import FigureDefinition, Outputs, RecordedInput
from neurosig.reproduction.output_folder import DEFINITIONS, PROVENANCE, RESULTS

if TYPE_CHECKING:
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.file import File
    from rocrate.rocrate import ROCrate

_VERSION: Final = "1.1"
"""Of the RO-Crate specification: the one that the profile rests on."""
_PROFILE: Final = "https://w3id.org/ro/wfrun/process/"
_PROFILE_VERSION: Final = "0.5"
_LICENCE: Final = "https://spdx.org/licenses/"
_STATUS: Final = "http://schema.org/"
_DISTRIBUTIONS: Final = {"survset": "SurvSet"}
_TYPES: Final = {"svg": "image/svg+xml", "csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Made:
    """A figure that was made: its definition, it in words, when, and its checks."""

    id: str
    definition: FigureDefinition
    alt: str
    started: datetime
    ended: datetime
    checks: tuple[Check, ...]

    @property
    def outputs(self) -> Outputs:
        """Its files."""
        return self.definition.outputs


def require_rocrate() -> None:
    """Refuse to begin what could not be packed.

    Raises
    ------
    MissingDependencyError
        The package rocrate is not installed.
    """
    try:
        import rocrate.rocrate  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "Figures are packed as an RO-Crate, and the package rocrate is not installed",
            "It is in the extra 'reproduce'",
            'python -m pip install "neurosig[reproduce]"',
        ) from error


def write_crate(folder: Path, licence: str, made: Sequence[Made]) -> None:
    """Describe a folder of figures in its ro-crate-metadata.json; the files are there already."""
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=_VERSION)
    names = ", ".join(one.id for one in made)
    crate.name = f"Figures of neurosig: {names}"
    crate.description = (
        "Figures with their source tables, made again from recorded inputs, and their numbers "
        "compared with those of an independent program (results.csv)."
    )
    crate.datePublished = made[-1].ended
    crate.license = _licence(crate, licence)
    crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"
    crate.root_dataset["conformsTo"] = _entity(
        crate,
        f"{_PROFILE}{_PROFILE_VERSION}",
        {"@type": "CreativeWork", "name": "Process Run Crate", "version": _PROFILE_VERSION},
    )
    software = _software(crate)
    records = {
        name: _file(crate, folder, name, text, crate.license)
        for name, text in (
            (RESULTS, "Expected and found numbers with their tolerance and verdict"),
            (DEFINITIONS, "What the figures are made of and what was expected"),
        )
    }
    # It is written last and holds the SHA-256 of the crate, so that this cannot hold its.
    provenance_text = {"name": PROVENANCE, "description": "Versions, inputs, outputs, SHA-256"}
    provenance_type = {"encodingFormat": _TYPES["json"], "license": crate.license}
    crate.add_file(dest_path=PROVENANCE, properties={**provenance_text, **provenance_type})
    for one in made:
        _add_action(crate, folder, one, software, records)
    crate.metadata.write(folder)


def _add_action(
    crate: "ROCrate",
    folder: Path,
    one: Made,
    software: "ContextEntity",
    records: "dict[str, File]",
) -> None:
    failed = [check for check in one.checks if not check.is_passed]
    written = [
        _file(crate, folder, one.outputs.svg, f"{one.definition.title}. {one.alt}", crate.license),
        _file(crate, folder, one.outputs.csv, f"Source table: {one.id}", crate.license),
    ]
    properties: dict[str, Any] = {
        "name": f"Reproduce {one.id}",
        "description": f"neurosig reproduce {one.id}",
        "startTime": one.started.isoformat(timespec="seconds"),
        "endTime": one.ended.isoformat(timespec="seconds"),
        "actionStatus": {
            "@id": f"{_STATUS}{'FailedActionStatus' if failed else 'CompletedActionStatus'}"
        },
    }
    if failed:
        properties["error"] = "; ".join(map(str, failed[:5]))
    crate.add_action(
        software,
        identifier=f"#reproduce-{one.id}",
        object=[
            *(_input(crate, recorded) for recorded in one.definition.inputs),
            records[DEFINITIONS],
        ],
        result=[*written, records[RESULTS]],
        properties=properties,
    )


def _file(crate: "ROCrate", folder: Path, name: str, text: str, licence: Any) -> "File":
    path = folder / name
    properties = {
        "name": name,
        "description": text,
        "encodingFormat": _TYPES.get(path.suffix[1:], "text/plain"),
        "contentSize": str(path.stat().st_size),
        "sha256": provenance.sha256_of_file(path),
        "license": licence,
    }
    return crate.add_file(path, name, properties=properties)


def _entity(crate: "ROCrate", identifier: str, properties: dict[str, Any]) -> "ContextEntity":
    """The entity of an id, added where it is not there yet."""
    from rocrate.model.contextentity import ContextEntity

    known = crate.dereference(identifier)
    if known is not None:
        return known
    return crate.add(ContextEntity(crate, identifier, properties=properties))


def _licence(crate: "ROCrate", licence: str) -> "ContextEntity":
    return _entity(crate, f"{_LICENCE}{licence}", {"@type": "CreativeWork", "name": licence})


def _software(crate: "ROCrate") -> "ContextEntity":
    software = _package(crate, "neurosig", provenance.versions().get("neurosig", "unknown"))
    software.append_to(
        "softwareRequirements",
        [f"{name} {found}" for name, found in provenance.versions().items() if name != "neurosig"],
    )
    software["license"] = _licence(crate, "BSD-3-Clause")
    return software


def _package(crate: "ROCrate", name: str, version: str) -> "ContextEntity":
    """A Python package; its id is a package URL, which names no server."""
    identifier = f"pkg:pypi/{name}@{version}"
    properties = {
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
        "version": version,
        "url": _home_page(name) or identifier,
    }
    return _entity(crate, identifier, properties)


def _home_page(name: str) -> str:
    """The home page that an installed package names, if it does."""
    try:
        about = metadata.metadata(_DISTRIBUTIONS.get(name, name))
    except metadata.PackageNotFoundError:
        return ""
    listed = dict(line.split(", ", 1) for line in about.get_all("Project-URL") or [])
    home = next((listed[key] for key in ("Homepage", "Home-page", "Source") if key in listed), "")
    return home or (about.get_all("Home-page") or [""])[0]


def _input(crate: "ROCrate", recorded: RecordedInput) -> "ContextEntity":
    """An input that is described and not copied: its name, hash, and the package it comes with."""
    properties: dict[str, Any] = {
        "@type": "CreativeWork",
        "name": recorded.name,
        "description": _origin(recorded),
        "sha256": recorded.hashes[0] if len(recorded.hashes) == 1 else list(recorded.hashes),
    }
    if recorded.source in ("survset", "infercnvpy", "scanpy"):
        package = _DISTRIBUTIONS.get(recorded.source, recorded.source)
        version = metadata.version(package)
        properties["isPartOf"] = _package(crate, recorded.source, version)
    identifier = f"#{recorded.source}-{recorded.name}-{recorded.hashes[0][:12]}"
    return _entity(crate, identifier.replace("/", "-").replace(" ", "-"), properties)


def _origin(recorded: RecordedInput) -> str:
    if recorded.source == "survset":
        origin = origin_of(recorded.name)
        return f"{origin['dataset']}: {origin['values']}. {origin['sources']}"
    if recorded.name in CELL_DATASETS and recorded.source != "file":
        known = CELL_DATASETS[recorded.name]
        return f"{known.title}: {known.values}. {'; '.join(known.sources)}"
    if recorded.source == "signatures":
        return "Genes and weights of the signatures, from the catalogue of neurosig"
    return "A file beside the definitions"
