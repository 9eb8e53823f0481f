"""Scores written into an AnnData, as its users expect."""

import inspect
import json
import re
from typing import TYPE_CHECKING, Any, Final

from neurosig import engine, keys, provenance
from neurosig.errors import InputError, ParameterError, SignatureError, count, examples
from neurosig.genesets.signature import SignatureCollection
from neurosig.scores import Scores

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_KEY: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]+")
_RESERVED: Final = frozenset({"", ".", "..", "_index"})
_LONGEST: Final = 255
"""Bytes of a file name; zarr stores a column in a folder of its name."""


def score(
    adata: "AnnData", signatures: Any, *, key_added: str | None = None, **options: Any
) -> None:
    """Score gene signatures over the cells of an AnnData and write the scores into it.

    The scores are those of ``neurosig.score(adata, signatures, **options)``. They become
    ``adata.obsm["score_<method>"]``, a DataFrame of float64 (cells x signatures), which decoupler
    reads as it is; p-values, where asked for, ``adata.obsm["score_<method>_pvalue"]``. How they
    were made is in ``adata.uns["neurosig"]["score_<method>"]``: `provenance` (JSON) and `coverage`
    (a DataFrame, one row per signature). If anything fails, nothing is written.

    `X`, layers and raw may be dense, sparse, backed or dask. A backed AnnData keeps the scores in
    memory until it is written. A view becomes a copy with anndata's own
    ImplicitModificationWarning, as in scanpy; the AnnData it was taken from stays as it is.

    Parameters
    ----------
    adata
        Cells x genes, in memory or backed. Methods that rank genes take any scale but one
        standardised by gene: after scanpy's ``pp.scale`` name ``layer=`` or ``use_raw=True``.
    signatures
        As for `neurosig.score`. Names become columns that h5ad and zarr have to hold: "/" and NUL
        are not allowed in them, nor the names "", ".", ".." and "_index", the name of the
        observations' index, or more than 255 bytes.
    key_added
        Key to use instead of "score_<method>"; letters, digits, "_", "." and "-".
    **options
        The options of `neurosig.score`, with its defaults.

    Raises
    ------
    InputError
        If this is no AnnData, or ``adata.uns["neurosig"]`` is in use for something else.
    ParameterError
        If the key or an option has a value that is not allowed.
    SignatureError
        If a name could be written but not read back.
    ExpressionError, CoverageError, UnknownMethodError
        As in `neurosig.score`.

    Warns
    -----
    ScaleWarning
        The values look scaled, or otherwise not like what the method wants.
    CoverageWarning
        A signature is not scored: its column is NaN.

    References
    ----------
    The layout of annotated data: Virshup I et al. (2024) J Open Source Softw 9:4371,
    doi:10.21105/joss.04371. The methods: column `doi` of `available_methods()`.

    Examples
    --------
    >>> import anndata, numpy as np, pandas as pd, neurosig as ns
    >>> cells = anndata.AnnData(
    ...     np.array([[2.0, 4.0, 0.0], [0.0, 1.0, 5.0]]),
    ...     obs=pd.DataFrame(index=["cell 1", "cell 2"]),
    ...     var=pd.DataFrame(index=["VEGFA", "KDR", "CD3E"]),
    ... )
    >>> ns.tl.score(cells, {"angiogenesis": ["VEGFA", "KDR"]}, method="mean")
    >>> cells.obsm["score_mean"]["angiogenesis"].tolist()  # (2 + 4) / 2, (0 + 1) / 2
    [3.0, 0.5]
    >>> cells.uns["neurosig"]["score_mean"]["coverage"].loc["angiogenesis", "n_found"].item()
    2
    """
    from anndata import AnnData

    if not isinstance(adata, AnnData):
        raise InputError(
            f"Scores cannot be written into a {type(adata).__name__}",
            "tl.score works in place on an AnnData",
            "Use neurosig.score(data, signatures), which returns the scores",
        )
    _check_key(key_added)
    records = provenance.records_of(adata)
    collection = SignatureCollection.of(signatures)
    _check_names(collection, adata.obs_names.name)
    scores = engine.score(adata, collection, **options)
    _write(adata, scores, key_added or keys.score_key(scores.method), records)


def _signature_with_options() -> inspect.Signature:
    """The signature of `score` with the engine's options and defaults, for help and editors."""
    own = inspect.signature(score)
    named = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    options = inspect.signature(engine.score).parameters.values()
    named[2:2] = [p for p in options if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return own.replace(parameters=named)


score.__signature__ = _signature_with_options()  # type: ignore[attr-defined]


def _check_key(key: str | None) -> None:
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ParameterError(
            f"key_added cannot be {key!r}",
            "A key of an h5ad file that can be read back has letters, digits, '_', '.' and '-'",
            "Choose such a key, or leave it out for score_<method>",
        )


def _check_names(names: SignatureCollection, index_name: object) -> None:
    reserved = _RESERVED | {index_name}
    bad = [
        name
        for name in names
        if name in reserved or "/" in name or "\0" in name or len(name.encode()) > _LONGEST
    ]
    if bad:
        raise SignatureError(
            f"{count(len(bad), 'signature')} of {len(names)} cannot be a column of an h5ad or "
            "zarr file",
            f"Names: {examples(name if len(name) < 60 else name[:57] + '...' for name in bad)}; "
            f"not allowed are '/', NUL, more than {_LONGEST} bytes and the names "
            f"{examples(sorted(str(name) for name in reserved if name is not None))}",
            'Rename them, such as {name.replace("/", "_"): s.genes for name, s in '
            "signatures.items()}, or use neurosig.score, which returns the scores",
            names=tuple(bad),
        )


def _write(adata: "AnnData", scores: Scores, key: str, records: dict[str, Any]) -> None:
    values = _as_obsm(adata, scores.values)
    p_values = scores.pvalues
    beside = None if p_values is None else _as_obsm(adata, p_values)
    records[key] = {
        "provenance": json.dumps(scores.provenance, sort_keys=True),
        "coverage": scores.coverage.copy(),
    }
    adata.obsm[key] = values  # first, since it makes a view an AnnData of its own
    if beside is not None:
        adata.obsm[keys.pvalue_key(key)] = beside
    else:
        adata.obsm.pop(keys.pvalue_key(key), None)  # those of earlier scores
    adata.uns[keys.UNS] = records


def _as_obsm(adata: "AnnData", table: "pd.DataFrame") -> "pd.DataFrame":
    """The table as it comes back from a file: the AnnData's own index, columns without a name."""
    return table.set_axis(adata.obs_names).rename_axis(columns=None)
