"""How far scoring methods agree on the order of the observations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurosig.engine import score
from neurosig.errors import ParameterError, examples
from neurosig.kernels.concordance import average_ranks, rank_correlations
from neurosig.methods.base import Method
from neurosig.methods.consensus import DEFAULT_METHODS
from neurosig.methods.registry import get_method


def method_agreement(
    data: Any,
    signatures: Any,
    *,
    methods: Sequence[str | Method] = DEFAULT_METHODS,
    layer: str | None = None,
    use_raw: bool = False,
    min_genes: int | None = None,
    min_coverage: float = 0.5,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Spearman's rho between the scores of each pair of methods, for each signature.

    rho = correlation of the ranks, ties averaged, over the observations that all methods score.

    Parameters
    ----------
    data, signatures, layer, use_raw, min_genes, min_coverage, n_jobs
        As in `score`, which is called once for each method and warns as usual.
    methods
        At least two, by name or with their parameters.

    Returns
    -------
    pandas.DataFrame
        One matrix methods x methods a signature: rows (signature, method), one column a method.
        ``table.loc["S"]`` is the matrix of S. NaN where a method gives no score, or one to all.

    Raises
    ------
    ParameterError
        If fewer than two methods are named, or one twice; and whatever `score` raises.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159. One number for all methods is Kendall's W, the column
    agreement of the coverage of ``method="consensus"``.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 9.0], "TH": [5.0, 9.0, 3.0]}, index=["a", "b", "c"])
    >>> table = ns.method_agreement(x, {"S": ["NGF", "TH"]}, methods=["mean", "zscore"])
    >>> table.loc["S"].round(2).to_dict("list")
    {'mean': [1.0, 0.5], 'zscore': [0.5, 1.0]}
    """
    chosen = [get_method(method) for method in methods]
    names = [method.spec.name for method in chosen]
    if len(set(names)) < max(2, len(names)):
        raise ParameterError(
            "methods has to name at least two methods, each once",
            f"It names {examples(names)}",
            'For instance methods=["singscore", "ssgsea"]',
        )
    values = [
        score(
            data,
            signatures,
            method=method,
            layer=layer,
            use_raw=use_raw,
            min_genes=min_genes,
            min_coverage=min_coverage,
            n_jobs=n_jobs,
        ).values
        for method in chosen
    ]
    tables = {}
    for signature in values[0].columns:
        scores = np.column_stack([table[signature].to_numpy() for table in values])
        scores = scores[~np.isnan(scores).any(axis=1)]
        rho = np.full((len(names), len(names)), np.nan)
        if len(scores) > 1:
            rho = rank_correlations(average_ranks(scores))
        tables[signature] = pd.DataFrame(rho, index=names, columns=names)
    return pd.concat(tables, names=["signature", "method"])
