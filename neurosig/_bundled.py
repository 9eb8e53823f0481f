"""Where the folders that travel with the package are: `signatures` and `workflows`.

In a source tree (a checkout, an editable install) they lie beside the package; in a wheel they lie
inside it. The source tree comes first, since an editable install can leave a stale copy behind.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from neurosig.errors import ResourceError

_MARKERS = {"signatures": "schema.json", "workflows": "."}


def bundled(name: Literal["signatures", "workflows"], *, package: Path | None = None) -> Path:
    """Find a bundled folder of the running package (or of the one whose folder is given).

    Raises
    ------
    ResourceError
        Neither the source tree nor the installed package has it.
    """
    package = package or Path(__file__).resolve().parent
    candidates = [package / "_data" / name]
    if _is_our_source_tree(package.parent):
        candidates.insert(0, package.parent / name)
    for folder in candidates:
        if (folder / _MARKERS[name]).exists():
            return folder
    raise ResourceError(
        f"The folder {name!r} of neurosig was not found",
        f"Looked in: {', '.join(str(folder) for folder in candidates)}",
        "Install neurosig again: pip install --force-reinstall neurosig",
        name=name,
    )


@cache
def _is_our_source_tree(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return bool(project.get("project", {}).get("name") == "neurosig")
