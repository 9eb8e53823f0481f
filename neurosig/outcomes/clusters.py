"""Clusters of dependent rows: how many are few and many, and where a jackknife is not defined."""

import warnings
from collections.abc import Sequence
from typing import Final

from neurosig.errors import SmallSampleWarning, count, examples

FEW_CLUSTERS: Final = 30
"""Below, sums over clusters vary much, and a sandwich of them is too small on average."""

MANY_CLUSTERS: Final = 100
"""From here on a sandwich keeps its level, unless few of the clusters carry the score."""


NO_JACKKNIFE: Final = "sandwich errors: without one of the clusters there is no fit"
"""The message of a row whose errors by jackknife do not exist."""


def warn_without_jackknife(names: Sequence[str], n_frames: int = 1) -> None:
    """Say which models have errors of another kind than asked for; none, nothing.

    names: of the signatures or pairs; n_frames: between here and the caller of the public verb.
    """
    if not len(names):
        return
    warnings.warn(
        SmallSampleWarning(
            "The jackknife of clusters is not defined: without one of them there is no fit",
            f"{count(len(names), 'model')}: {examples(names)}; their errors are those of the "
            "sandwich, too small with few clusters",
            "Join rare levels, or use the column as a stratum or covariate instead of cluster",
        ),
        stacklevel=n_frames + 2,
    )
