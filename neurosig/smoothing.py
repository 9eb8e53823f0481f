"""Scores of cells smoothed over the cells most like them."""

import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import InputError, ParameterError, count, examples
from neurosig.scores import Scores

if TYPE_CHECKING:
    from anndata import AnnData

GRAPH: Final = "distances"
"""The `obsp` key under which scanpy's neighbour graph holds the distances."""

NO_NEIGHBOUR: Final = -1
_Positions: TypeAlias = NDArray[np.int64]


def smooth_knn(
    scores: Scores,
    neighbours: "ArrayLike | AnnData",
    *,
    k: int | None = None,
    decay: float = 0.1,
    up_only: bool = False,
) -> Scores:
    """Average each observation's scores with those of its nearest neighbours (as UCell does).

    smoothed[i, s] = sum_{j=0..k} (1 - decay)^j y[n_j(i), s] / sum_{j=0..k} (1 - decay)^j

    y: (n_obs, n_signatures) scores of any method; n_0(i) = i, n_j(i): its j-th nearest neighbour.
    In the units and the range of the scores. An observation without a score stays without one; a
    neighbour without one is left out of both sums.

    Parameters
    ----------
    scores
        What `score` returned, for all observations that are to be smoothed over.
    neighbours
        (n_obs, k) positions of the neighbours of each observation, counted from 0, nearest first,
        itself not included, such as `nearest_neighbours` gives; or an AnnData of the same
        observations after ``scanpy.pp.neighbors``, whose ``obsp["distances"]`` says who is near.
    k
        How many neighbours to use; None means all that are given. A cell of a graph may have
        fewer, since scanpy stores no distance of zero.
    decay
        How much less each next neighbour counts: 0 all alike, 1 none of them.
    up_only
        Keep a score where smoothing would lower it.

    Returns
    -------
    Scores
        Smoothed values, the same coverage, and the smoothing as the last entry of
        ``provenance["smoothing"]``. Without p-values: those are of the scores before smoothing.

    Raises
    ------
    InputError
        If the neighbours have another shape, names or kind, leave the range, hold an observation
        itself or one twice, or the AnnData has no neighbour graph.
    ParameterError
        If `k`, `decay` or `up_only` has a value that is not allowed.

    References
    ----------
    Andreatta and Carmona 2021, doi:10.1016/j.csbj.2021.06.043 (UCell). Equal to ``SmoothKNN`` of
    UCell 2.17.0 given the same neighbours; its own are approximate unless asked otherwise.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 6.0]}, index=["c1", "c2", "c3"])
    >>> scores = ns.score(x, {"S": ["NGF"]}, method="mean")
    >>> smoothed = ns.smooth_knn(scores, [[1], [0], [1]], decay=0.5)  # (1 + 0.5 * 2) / 1.5
    >>> smoothed.values["S"].round(4).tolist()
    [1.3333, 1.6667, 4.6667]
    """
    if not isinstance(scores, Scores):
        raise InputError(
            f"Scores are smoothed, not {type(scores).__name__}",
            "smooth_knn takes what neurosig.score returns",
            "Score first: ns.smooth_knn(ns.score(adata, signatures, method='ucell'), adata)",
        )
    _check_options(k, decay, up_only)
    places, origin = _neighbours_of(neighbours, scores.values.index)
    if k is not None:
        places = _nearest(places, k)
    raw = scores.values.to_numpy()
    smoothed = _smooth(raw, places, decay)
    if up_only:
        smoothed = np.fmax(smoothed, raw)
    step = {
        "function": "smooth_knn",
        "neighbours": origin,
        "neighbours_sha256": hashlib.sha256(np.ascontiguousarray(places).tobytes()).hexdigest(),
        "k": places.shape[1],
        "decay": float(decay),
        "up_only": up_only,
    }
    steps = [*scores.provenance.get("smoothing", []), step]
    values = pd.DataFrame(smoothed, scores.values.index, scores.values.columns)
    # A p-value belongs to a score before smoothing.
    record = {key: entry for key, entry in scores.provenance.items() if key != "null"}
    return Scores(values, scores.coverage.copy(), {**record, "smoothing": steps})


def nearest_neighbours(embedding: ArrayLike, k: int) -> _Positions:
    """The k nearest other observations of each, by exact Euclidean distance, nearest first.

    Parameters
    ----------
    embedding
        (n_obs, n_dimensions) coordinates, such as ``adata.obsm["X_pca"]``.
    k
        How many; less than the observations.

    Returns
    -------
    numpy.ndarray
        (n_obs, k) positions, counted from 0.

    Raises
    ------
    InputError
        If the coordinates are no finite numbers in two dimensions.
    ParameterError
        If `k` is no count below the number of observations.

    Examples
    --------
    >>> nearest_neighbours([[0.0], [1.0], [3.0], [7.0]], k=2).tolist()
    [[1, 2], [0, 2], [1, 0], [2, 1]]
    """
    from sklearn.neighbors import NearestNeighbors

    points = np.asarray(embedding)
    is_numeric = np.issubdtype(points.dtype, np.number) and points.ndim == 2
    if not is_numeric or not np.isfinite(points).all():
        raise InputError(
            "The embedding is no table of finite numbers",
            f"Its shape is {points.shape}, its type {points.dtype}",
            'Give coordinates of observations in rows, such as adata.obsm["X_pca"]',
        )
    _check_count(k)
    if k >= len(points):
        raise ParameterError(
            f"k cannot be {k}",
            f"There are {len(points):,} observations, so {len(points) - 1:,} others",
            "Use a smaller k",
        )
    search = NearestNeighbors(n_neighbors=k).fit(points.astype(np.float64))
    return np.asarray(search.kneighbors(return_distance=False), dtype=np.int64)


def _smooth(raw: NDArray[np.float64], places: _Positions, decay: float) -> NDArray[np.float64]:
    totals = raw.copy()
    weights = np.ones(raw.shape)
    for j, column in enumerate(places.T, start=1):
        near = raw[column]
        counts = ~np.isnan(near) & (column != NO_NEIGHBOUR)[:, None]
        weight = (1 - decay) ** j
        totals += np.where(counts, weight * near, 0.0)
        weights += np.where(counts, weight, 0.0)
    return totals / weights


def _check_options(k: object, decay: object, up_only: object) -> None:
    if k is not None:
        _check_count(k)
    is_number = isinstance(decay, int | float) and not isinstance(decay, bool)
    if not is_number or not 0 <= decay <= 1:  # type: ignore[operator]
        raise ParameterError(
            f"decay cannot be {decay!r}",
            "It is the share of its weight that each next neighbour loses",
            "Give a number from 0 to 1",
        )
    if not isinstance(up_only, bool):
        raise ParameterError(
            f"up_only cannot be {up_only!r}", "It is a switch", "Give True or False"
        )


def _check_count(k: object) -> None:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(
            f"k cannot be {k!r}", "It counts neighbours", "Give a whole number from 1 on"
        )


def _nearest(places: _Positions, k: int) -> _Positions:
    if k > places.shape[1]:
        raise ParameterError(
            f"k cannot be {k}",
            f"An observation has at most {count(places.shape[1], 'neighbour')} here",
            "Use a smaller k, or look for more neighbours",
        )
    return places[:, :k]


def _neighbours_of(neighbours: Any, names: pd.Index) -> tuple[_Positions, str]:
    """Positions (n_obs, k), nearest first, and where they come from."""
    if hasattr(neighbours, "obsp") and hasattr(neighbours, "obs_names"):
        return _of_graph(neighbours, names), f"obsp[{GRAPH!r}]"
    if isinstance(neighbours, pd.DataFrame):
        _refuse_other_names(neighbours.index, names)
    places = np.asarray(neighbours)
    shape_is_right = places.ndim == 2 and len(places) == len(names) and places.shape[1] > 0
    if not shape_is_right or not np.issubdtype(places.dtype, np.integer):
        raise InputError(
            f"Neighbours cannot be an array of shape {places.shape} and type {places.dtype}",
            f"Expected: whole numbers, one row for each of {len(names):,} observations, one "
            "column for each neighbour",
            "Make them with ns.nearest_neighbours(embedding, k=10), or give the AnnData after "
            "scanpy.pp.neighbors",
        )
    places = places.astype(np.int64)
    _refuse_impossible(places, names)
    return places, "positions"


def _refuse_impossible(places: _Positions, names: pd.Index) -> None:
    n_obs = len(names)
    if places.min() < 0 or places.max() >= n_obs:
        counts_from_one = places.min() == 1 and places.max() == n_obs
        raise InputError(
            f"Positions of neighbours go from {places.min()} to {places.max()}",
            f"{n_obs:,} observations have the positions 0 to {n_obs - 1}",
            "They seem to be counted from 1, as in R: give neighbours - 1"
            if counts_from_one
            else "Give the neighbours of these observations and no others",
        )
    is_self = (places == np.arange(n_obs)[:, None]).any(axis=1)
    if is_self.any():
        raise InputError(
            f"{count(int(is_self.sum()), 'observation')} "
            f"{'is its' if is_self.sum() == 1 else 'are their'} own neighbour",
            f"Of {n_obs:,}: {examples(names[is_self])}",
            "Leave the first column out if it is the observation itself: neighbours[:, 1:]",
        )
    is_repeated = (np.diff(np.sort(places, axis=1), axis=1) == 0).any(axis=1)
    if is_repeated.any():
        raise InputError(
            f"{count(int(is_repeated.sum()), 'observation')} "
            f"{'has' if is_repeated.sum() == 1 else 'have'} a neighbour twice",
            f"Of {n_obs:,}: {examples(names[is_repeated])}",
            "List each neighbour once",
        )


def _of_graph(adata: Any, names: pd.Index) -> _Positions:
    _refuse_other_names(pd.Index(adata.obs_names), names)
    if GRAPH not in adata.obsp:
        raise InputError(
            f"The AnnData has no neighbour graph in obsp[{GRAPH!r}]",
            f"obsp holds {examples(adata.obsp)}",
            "Run scanpy.pp.neighbors(adata, n_neighbors=11) first, or give positions: "
            "ns.nearest_neighbours(adata.obsm['X_pca'], k=10)",
        )
    graph = adata.obsp[GRAPH].tocsr()
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    is_other = rows != graph.indices
    rows, columns, distances = rows[is_other], graph.indices[is_other], graph.data[is_other]
    order = np.lexsort((columns, distances, rows))
    n_each = np.bincount(rows, minlength=graph.shape[0])
    if n_each.max(initial=0) == 0:
        raise InputError(
            f"The neighbour graph in obsp[{GRAPH!r}] is empty",
            f"It has {count(len(n_each), 'observation')} and no distance between two",
            "Run scanpy.pp.neighbors(adata) again",
        )
    place_in_row = np.arange(len(rows)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    places = np.full((graph.shape[0], n_each.max()), NO_NEIGHBOUR, dtype=np.int64)
    places[rows[order], place_in_row] = columns[order]
    return places


def _refuse_other_names(found: pd.Index, wanted: pd.Index) -> None:
    if len(found) == len(wanted) and (found == wanted).all():
        return
    is_permuted = len(found) == len(wanted) and set(found) == set(wanted)
    raise InputError(
        "The neighbours are not of the observations that were scored",
        "They are the same in another order"
        if is_permuted
        else f"{count(len(wanted), 'observation')} scored: {examples(wanted)}; "
        f"{count(len(found), 'observation')} with neighbours: {examples(found)}",
        "Score this AnnData, or take its cells as scored: adata[scores.values.index]",
    )
