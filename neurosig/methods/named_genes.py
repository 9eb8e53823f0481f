"""Genes that a parameter of a method names, as positions in a matrix."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, count, examples
from neurosig.expression.base import Expression


def positions_of(
    genes: Iterable[str], expression: Expression, *, parameter: str, noun: str, owner: str = ""
) -> NDArray[np.int64]:
    """The ascending positions of genes, each once; one is called `noun`, " of `owner`" if given.

    Raises
    ------
    ParameterError
        If one of them is not in the data.
    """
    wanted = list(dict.fromkeys(genes))
    found = expression.var_names.get_indexer(pd.Index(wanted, dtype=object))
    absent = [gene for gene, place in zip(wanted, found, strict=True) if place < 0]
    if absent:
        raise ParameterError(
            f"{count(len(absent), noun)}{f' of {owner}' if owner else ''} "
            f"{'is' if len(absent) == 1 else 'are'} not in the data",
            f"Of {len(wanted)}: {examples(absent)}",
            f"Leave them out of {parameter} if the score is to do without them",
        )
    return np.sort(found).astype(np.int64)
