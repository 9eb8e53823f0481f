"""Three breast-cancer cohorts with outcome, from the package `survset` (extra `demo`).

`survset` is licensed under the GPL-3 and ships its tables as pickle files, which can run code when
they are opened. It is therefore touched in this file alone, only when a data set is asked for, and
only after the file's SHA-256 has been found to be the one recorded here.
"""

import re
import warnings
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd

from neurosig.errors import ChecksumError, MissingDependencyError, ParameterError, ResourceError
from neurosig.provenance import sha256_of_file

GENE_PREFIX = "num_HS_"
ID_COLUMN = "pid"


@dataclass(frozen=True, slots=True)
class DemoDataset:
    """A cohort of `survset` and what its papers say of it.

    Attributes
    ----------
    endpoint
        Name of the endpoint behind the package's unnamed `time` and `event`: OS or RFS. The
        clinical table calls them `<endpoint>.time` (in `unit`) and `<endpoint>` (1 = event).
    columns
        Clinical columns of the package and the plain names they get here.
    sources
        Where endpoint, unit and codes were read.
    """

    id: str
    title: str
    endpoint: str
    unit: str
    expression: str
    columns: dict[str, str]
    sources: tuple[str, ...]
    sha256: str


_PACKAGE = "R package survJamda.data 1.0.2 (the tables survset converted)"
_MERGED = "Yasrebi et al. 2009, doi:10.1371/journal.pone.0007431"

DATASETS: dict[str, DemoDataset] = {
    d.id: d
    for d in (
        DemoDataset(
            id="gse1992",
            title="Breast cancer, Hu 2006 and companions (GSE1992)",
            endpoint="RFS",
            unit="months",
            expression="two-colour log ratios, centred near 0",
            columns={
                "num_age": "age",
                "fac_er_positive": "er",
                "fac_node_status": "node",
                "fac_grade": "grade",
                "fac_size": "size",
            },
            sources=(
                "Hu et al. 2006, doi:10.1186/1471-2164-7-96",
                _MERGED,
                f"{_PACKAGE}: gse1992pheno columns RFS_event (0 no relapse, 1 relapsed at any "
                "site or died of disease), RFS_months, ER and node status (1 positive)",
            ),
            sha256="86601d8810ca2738c0d460f7ee371815ba3d7354c8264abfbb6a5153133ff1da",
        ),
        DemoDataset(
            id="gse4335",
            title="Breast cancer, Sorlie 2003 (GSE4335)",
            endpoint="OS",
            unit="months",
            expression="two-colour log ratios, centred near 0",
            columns={
                "num_age": "age",
                "fac_er_status": "er",
                "fac_node_status": "node",
                "fac_grade": "grade",
                "fac_tumor_size": "size",
                "fac_metastasis": "metastasis",
                "fac_histology": "histology",
            },
            sources=(
                "Sorlie et al. 2003, doi:10.1073/pnas.0932692100",
                _MERGED,
                f"{_PACKAGE}: gse4335pheno columns Overall_survival (months), status, ER status "
                "(1 positive), node status N0-N2",
            ),
            sha256="4a29a1b0cd04b8c08c9f50b27d0e1fab94db0756d85d31e38e7ca5c08c6c6371",
        ),
        DemoDataset(
            id="gse3143",
            title="Breast cancer, Bild 2006 (GSE3143)",
            endpoint="OS",
            unit="months",
            expression="Affymetrix intensities on a log scale, 0 to 17",
            columns={"fac_erlev": "er_level"},
            sources=(
                "Bild et al. 2006, doi:10.1038/nature04296",
                _MERGED,
                f"{_PACKAGE}: gse3143pheno columns SurvivalTime (months), Status (0 alive, 1 "
                "dead), ERlev (level of the oestrogen receptor, 0 to 3)",
            ),
            sha256="85e0292fde1063a8a26f60b7519889b7384d298256116759f84f8d8b6a39a483",
        ),
    )
}


def load_dataset(dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expression (observations x genes) and clinical table (text, as it was) of a data set.

    Gene columns lose their prefix and get their dash back (HLA_A becomes HLA-A). Missing values
    stay the texts they are ("missing", "na", "x"): reading them is a choice of the analysis.

    Raises
    ------
    ParameterError
        There is no data set of that id.
    MissingDependencyError
        The extra `demo` is not installed.
    ChecksumError
        The installed file is not the one recorded here; it is not opened.
    """
    known = _known(dataset)
    table = _verified_table(known)
    genes = [name for name in table.columns if name.startswith(GENE_PREFIX)]
    expression = table[genes].rename(columns=_gene_symbol)
    expression.index = pd.Index(table[ID_COLUMN].astype(str), name=None)
    names = {"time": f"{known.endpoint}.time", "event": known.endpoint, **known.columns}
    clinical = table[list(names)].rename(columns=names).astype(str)
    clinical.index = expression.index
    return expression, clinical


def origin_of(dataset: str) -> dict[str, str]:
    """What the provenance says of a data set."""
    known = DATASETS[dataset]
    return {
        "dataset": f"survset {dataset} (GPL-3)",
        "sha256": known.sha256,
        "values": known.expression,
        "sources": "; ".join(known.sources),
    }


def _gene_symbol(column: str) -> str:
    symbol = column.removeprefix(GENE_PREFIX)
    return re.sub(r"_(?=[A-Z0-9]+$)", "-", symbol)


def dataset_file(dataset: str) -> Path:
    """Where the file of a data set is; it is not opened.

    Raises
    ------
    ParameterError
        There is no data set of that id.
    MissingDependencyError
        The extra `demo` is not installed.
    ResourceError
        The installed package has no such file.
    """
    known = _known(dataset)
    try:
        folder = files("SurvSet").joinpath("resources", "pickles")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"The dataset {known.id!r} comes with the package survset, which is not installed",
            "It is an extra because it is licensed under the GPL-3 and holds pickle files",
            'python -m pip install "neurosig[demo]"',
        ) from error
    path = Path(str(folder)) / f"{known.id}.pickle"
    if not path.is_file():
        raise ResourceError(
            f"The installed survset has no file for {known.id!r}",
            f"Looked for {path.name!r} among its resources",
            'python -m pip install --force-reinstall "neurosig[demo]"',
        )
    return path


def _known(dataset: str) -> DemoDataset:
    if dataset not in DATASETS:
        raise ParameterError(
            f"There is no dataset {dataset!r}",
            f"Known: {', '.join(DATASETS)}",
            "Use one of these, or give expression.file and clinical.file",
        )
    return DATASETS[dataset]


def _verified_table(known: DemoDataset) -> pd.DataFrame:
    found = sha256_of_file(dataset_file(known.id))
    if found != known.sha256:
        raise ChecksumError(
            f"The file of dataset {known.id!r} is not the one recorded for it and was not opened",
            f"SHA-256 {found}, expected {known.sha256}",
            'Install the recorded version: python -m pip install "survset==0.2.11"',
        )
    from SurvSet.data import SurvLoader

    with warnings.catch_warnings():
        # The files name NumPy's module of the time they were written at.
        warnings.simplefilter("ignore", DeprecationWarning)
        table: pd.DataFrame = SurvLoader().load_dataset(known.id)["df"]
    return table
