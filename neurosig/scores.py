"""What scoring returns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurosig import _atomic, keys
from neurosig.errors import InputError, ResourceError

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of signatures over observations.

    Attributes
    ----------
    values
        (n_obs, n_signatures) float64; a signature that could not be scored is NaN throughout.
    coverage
        One row per signature: genes, genes found, their share, status, missing genes.
    provenance
        How the numbers were made; can be written as JSON.
    """

    values: pd.DataFrame
    coverage: pd.DataFrame
    provenance: Mapping[str, Any]

    @property
    def method(self) -> str:
        """Name of the method that made the scores."""
        return str(self.provenance["method"]["name"])

    def to_frame(self) -> pd.DataFrame:
        """The scores as a table of their own, observations x signatures."""
        return self.values.copy()

    def to_adata(self) -> "AnnData":
        """The scores as AnnData: signatures are the variables, their coverage is `var`."""
        from anndata import AnnData

        values, record = self.values, json.dumps(self.provenance, sort_keys=True)
        return AnnData(
            values.to_numpy(copy=True),
            obs=pd.DataFrame(index=values.index.astype(str)),
            var=self.coverage.loc[values.columns],
            uns={keys.UNS: {keys.score_key(self.method): {"provenance": record}}},
        )

    def save(self, path: str | Path) -> None:
        """Write scores, coverage and provenance to one h5ad file, whole or not at all.

        Raises
        ------
        InputError
            The path does not end in .h5ad.
        ResourceError
            The file cannot be written.
        """
        target = Path(path)
        if target.suffix != ".h5ad":
            raise InputError(
                f"Scores are saved as .h5ad, not {target.suffix or 'without suffix'!r}",
                f"The path given is {str(path)!r}",
                "Use scores.values.to_csv(...) for a table without coverage and provenance",
            )
        adata = self.to_adata()
        _atomic.write_with(target, adata.write_h5ad)

    @classmethod
    def load(cls, path: str | Path) -> "Scores":
        """Read what `save` wrote.

        Raises
        ------
        ResourceError
            The file is missing, damaged, or not of saved scores.
        """
        from anndata import read_h5ad

        try:
            adata = read_h5ad(path)
            (saved,) = adata.uns[keys.UNS].values()
            provenance = json.loads(saved["provenance"])
        except Exception as error:  # what a damaged file raises depends on where it is damaged
            raise ResourceError(
                f"{str(path)!r} does not hold saved scores",
                f"Reading it failed: {error}",
                "Give a file that Scores.save wrote",
            ) from error
        values = pd.DataFrame(np.asarray(adata.X), adata.obs_names, adata.var_names)
        # Repeated texts come back as categories; what `score` returns has plain text.
        coverage = adata.var.astype(
            {name: "str" for name, kind in adata.var.dtypes.items() if kind == "category"}
        )
        return cls(values.rename_axis(columns="signature"), coverage, provenance)
