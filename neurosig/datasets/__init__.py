"""Data sets that can be installed or fetched, with what is known of their units and endpoints.

======================  ========================================================================
``load_cohort``         a TCGA home cohort of UCSC Xena's hub, fetched once and checked
``read_series_matrix``  a series matrix file of GEO, with the table of its platform
``read_cbioportal``     a study folder of cBioPortal
``load_dataset``        a breast-cancer cohort of the demo
======================  ========================================================================
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurosig.datasets.cbioportal import read_cbioportal
    from neurosig.datasets.demo import load_dataset
    from neurosig.datasets.geo import read_series_matrix
    from neurosig.datasets.tcga import load_cohort

_HOMES = {
    "load_cohort": "tcga",
    "load_dataset": "demo",
    "read_cbioportal": "cbioportal",
    "read_series_matrix": "geo",
}

__all__ = ["load_cohort", "load_dataset", "read_cbioportal", "read_series_matrix"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
