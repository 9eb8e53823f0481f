"""Clusters of dependent rows: how many are few and many, and where a jackknife is not defined."""

import warnings
from collections.abc import Sequence
from typing import Final

from neurosig.errors import SmallSampleWarning, count, examples

FEW_CLUSTERS: Final = 30
"""Below, sums over clusters vary much, and a sandwich of them is too small on average."""

MANY_CLUSTERS: Final = 100
"""From here on a sandwich keeps its level, unless few of the clusters carry the score."""


def warn_without_jackknife(signatures: Sequence[str], others: str) -> None:
    """Their errors are others than those that were asked for; to be called by what a verb calls."""
    warnings.warn(
        SmallSampleWarning(
            "The jackknife of clusters is not defined: without one of them there is no fit",
            f"{count(len(signatures), 'signature')}: {examples(signatures)}; their errors are "
            f"those of {others}, too small with few clusters",
            "Join rare levels, or use the column as a stratum or covariate instead of cluster",
        ),
        stacklevel=4,
    )
