"""Write environment.yml, and the extras of the Dockerfile, from pyproject.toml and constraints.txt.

Run it when one of them changes: ``python docs/container/environment.py``. Packages of the list
below are taken from conda-forge, all others by pip.
"""

import re
import tomllib
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[2]
PLACE: Final = Path(__file__).with_name("environment.yml")
DOCKERFILE: Final = Path(__file__).with_name("Dockerfile")
PYTHON: Final = "3.13"
NOT_FOR_USERS: Final = frozenset({"test", "docs"})
OF_CONDA: Final = frozenset(
    {"anndata", "dask", "distributed", "h5py", "jinja2", "jsonschema", "matplotlib", "numba"}
    | {"numpy", "pandas", "pooch", "pyarrow", "pyyaml", "rich", "scanpy", "scikit-learn", "scipy"}
    | {"statsmodels", "threadpoolctl", "typer"}
)
OTHER_NAMES: Final = {"matplotlib": "matplotlib-base"}


def normalised(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """The version of each package in constraints.txt for that Python."""
    versions = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        environment = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (specifier,) = requirement.specifier
            versions[normalised(requirement.name)] = specifier.version
    return versions


def project() -> tuple[list[str], list[str]]:
    """Names of the packages that are needed directly, and the extras for users."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        name: lines
        for name, lines in content["optional-dependencies"].items()
        if name not in NOT_FOR_USERS
    }
    lines = [*content["dependencies"], *(line for more in extras.values() for line in more)]
    requirements = [Requirement(line) for line in lines]
    names = {normalised(r.name) for r in requirements}
    names |= {"distributed" for r in requirements if "distributed" in r.extras}
    return sorted(names), sorted(extras)


def environment_text() -> str:
    """What environment.yml holds."""
    versions = pinned()
    names, extras = project()
    conda = [f"{OTHER_NAMES.get(n, n)}={versions[n]}" for n in names if n in OF_CONDA]
    pip = [f"{n}=={versions[n]}" for n in names if n not in OF_CONDA]
    lines = [
        "# Written by docs/container/environment.py from pyproject.toml and constraints.txt.",
        "# conda env create -f docs/container/environment.yml",
        "name: neurosig",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={PYTHON}",
        "  - pip",
        *(f"  - {text}" for text in conda),
        "  - pip:",
        "      - --constraint ../../constraints.txt",
        *(f"      - {text}" for text in pip),
        f"      - ../..[{','.join(extras)}]",
    ]
    return "\n".join(lines) + "\n"


def dockerfile_text() -> str:
    """The Dockerfile with Python and extras as they should be."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^ARG EXTRAS=.*$", f"ARG EXTRAS={','.join(project()[1])}", text)
    return re.sub(r"(?m)^FROM python:[\d.]+", f"FROM python:{PYTHON}", text)


if __name__ == "__main__":
    DOCKERFILE.write_text(dockerfile_text(), encoding="utf-8")
    PLACE.write_text(environment_text(), encoding="utf-8")
