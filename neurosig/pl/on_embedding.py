"""Scores on an embedding such as UMAP, drawn by scanpy."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from neurosig.errors import InputError, ParameterError, examples
from neurosig.sc.stored_scores import StoredScores, stored_scores

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.figure import Figure

_OURS = ("show", "return_fig", "save", "ax")


def embedding(
    adata: "AnnData",
    color: str | Sequence[str],
    basis: str = "umap",
    *,
    method: str | None = None,
    key: str | None = None,
    **options: Any,
) -> "Figure":
    """Draw scores on an embedding with ``scanpy.pl.embedding`` and its options.

    The scores are put beside the columns of `obs` in an AnnData made for the purpose; `adata` is
    not changed, and the figure is bound to no window.

    Parameters
    ----------
    adata
        Cells with scores in `obsm`, from `neurosig.tl.score`, and an embedding.
    color
        Signatures and columns of `obs`, one panel each.
    basis
        Embedding, as in scanpy: "umap" is ``obsm["X_umap"]``.
    method, key
        Which scores, as in `neurosig.sc.summarise`.
    **options
        Options of ``scanpy.pl.embedding``, such as ``cmap=``, ``ncols=`` and ``size=``.

    Returns
    -------
    Figure
        To show or to save: ``figure.savefig("umap.png", dpi=300)``.

    Raises
    ------
    InputError
        There are no scores, no such embedding, no such name, or the signature was not scored.
    ParameterError
        A name is both a signature and a column, or `options` has show, save, ax or return_fig.
    """
    refused = [name for name in _OURS if name in options]
    if refused:
        raise ParameterError(
            f"{refused[0]}= cannot be used here",
            "The figure is returned, neither shown nor saved",
            "Leave it out; figure.savefig(...) saves it",
        )
    import scanpy
    from anndata import AnnData
    from matplotlib import pyplot as plt

    names = [color] if isinstance(color, str) else list(color)
    scores = stored_scores(adata, method=method, key=key)
    _check_basis(adata, basis)
    canvas = AnnData(
        obs=_columns(adata, scores, names),
        obsm={name: adata.obsm[name] for name in (basis, f"X_{basis}") if name in adata.obsm},
        obsp=dict(adata.obsp),
        uns=dict(adata.uns),
    )
    figure: Figure = scanpy.pl.embedding(
        canvas, basis, color=names, show=False, return_fig=True, **options
    )
    plt.close(figure)  # scanpy draws with pyplot, which would keep it
    return figure


def _columns(adata: "AnnData", scores: StoredScores, names: list[str]) -> "pd.DataFrame":
    known = scores.values.columns
    both = [name for name in names if name in known and name in adata.obs]
    if both:
        raise ParameterError(
            f"{both[0]!r} is a signature and a column of adata.obs",
            f"Both have {examples(both)}",
            f"Rename the column: adata.obs = adata.obs.rename(columns={{{both[0]!r}: ...}})",
        )
    unknown = [name for name in names if name not in known and name not in adata.obs]
    if unknown:
        close = get_close_matches(unknown[0], [*known, *map(str, adata.obs.columns)], n=3)
        raise InputError(
            f"There is no signature and no column of obs {unknown[0]!r}",
            f"Signatures of {scores.key!r} are {examples(known)}",
            f"Did you mean {' or '.join(map(repr, close))}?" if close else "Name one of them",
        )
    not_scored = [name for name in names if name in scores.refused]
    if not_scored:
        raise InputError(
            f"{not_scored[0]!r} has no scores to draw",
            f"Status: {scores.refused[not_scored[0]]}; without scores are {examples(not_scored)}",
            f"See adata.uns['neurosig'][{scores.key!r}]['coverage'] and leave them out",
        )
    columns: pd.DataFrame = adata.obs.join(scores.values[[n for n in names if n in known]])
    return columns


def _check_basis(adata: "AnnData", basis: str) -> None:
    if basis not in adata.obsm and f"X_{basis}" not in adata.obsm:
        raise InputError(
            f"There is no embedding {basis!r}",
            f"Keys of adata.obsm are {examples(adata.obsm)}",
            "Make it with scanpy (scanpy.tl.umap(adata)) or name another basis",
        )
