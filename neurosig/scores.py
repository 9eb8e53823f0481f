"""What scoring returns."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import keys
from neurosig._hdf5 import write_h5ad
from neurosig.errors import InputError, MethodError, ResourceError

if TYPE_CHECKING:
    from anndata import AnnData

P_VALUES = "p_value"
"""The layer of an AnnData of scores that holds their empirical p-values."""


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
    pvalues
        (n_obs, n_signatures) empirical p-values against random gene sets, one-sided: the share of
        sets that score as high. None unless they were asked for.
    """

    values: pd.DataFrame
    coverage: pd.DataFrame
    provenance: Mapping[str, Any]
    pvalues: pd.DataFrame | None = None
    _cohort_stats: Any = field(default=None, repr=False, compare=False)

    @property
    def method(self) -> str:
        """Name of the method that made the scores."""
        return str(self.provenance["method"]["name"])

    @property
    def cohort_stats(self) -> Any:
        """What the method found in the cohort, as `CohortStats`: to save, and to score by.

        Raises
        ------
        MethodError
            If there is nothing of the kind: the method scores each sample by itself, or ranks the
            samples of a cohort among each other, or the scores were read from a file.
        """
        if self._cohort_stats is not None:
            return self._cohort_stats
        about = self.provenance["method"]
        if about["scope"] == "sample":
            why = f"{self.method} scores each sample by itself"
            remedy = "Score the new sample alone: neurosig.score(sample, signatures, method=...)"
        elif not about["applies_to_new_samples"]:
            why = f"{self.method} ranks the samples of a cohort among each other"
            remedy = "Score the cohort again with the new sample in it"
        else:
            why = "They do not travel with scores that are saved or made by them"
            remedy = 'Save them where the cohort is scored: scores.cohort_stats.save("cohort.npz")'
        raise MethodError("These scores have no cohort statistics", why, remedy)

    def to_frame(self) -> pd.DataFrame:
        """The scores as a table of their own, observations x signatures."""
        return self.values.copy()

    def to_adata(self) -> "AnnData":
        """The scores as AnnData: signatures are the variables, their coverage is `var`.

        P-values are its layer "p_value".
        """
        from anndata import AnnData

        values, record = self.values, json.dumps(self.provenance, sort_keys=True)
        p_values = {} if self.pvalues is None else {P_VALUES: self.pvalues.to_numpy(copy=True)}
        return AnnData(
            values.to_numpy(copy=True),
            obs=pd.DataFrame(index=values.index.astype(str)),
            var=self.coverage.loc[values.columns],
            uns={keys.UNS: {keys.score_key(self.method): {"provenance": record}}},
            layers=p_values,
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
        write_h5ad(target, adata)

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
        values = _table(adata.X, adata)
        p_values = adata.layers.get(P_VALUES)
        # Repeated texts come back as categories; what `score` returns has plain text.
        coverage = adata.var.astype(
            {name: "str" for name, kind in adata.var.dtypes.items() if kind == "category"}
        )
        pvalues = None if p_values is None else _table(p_values, adata)
        return cls(values, coverage, provenance, pvalues)


def score_table(
    values: NDArray[np.float64],
    obs_names: pd.Index,
    signatures: Iterable[str],
    scored: Iterable[str],
) -> pd.DataFrame:
    """Values (n_obs, n_scored) as a table of all signatures, NaN for those that are not scored."""
    columns = pd.Index(list(signatures), name="signature")
    everything = np.full((len(obs_names), len(columns)), np.nan)
    everything[:, columns.get_indexer(pd.Index(list(scored)))] = values
    return pd.DataFrame(everything, obs_names, columns)


def _table(values: Any, adata: "AnnData") -> pd.DataFrame:
    table = pd.DataFrame(np.asarray(values), adata.obs_names, adata.var_names)
    return table.rename_axis(columns="signature")
