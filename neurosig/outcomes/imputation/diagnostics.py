"""What shows whether imputations can be used: values beside the observed ones, and traces."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurosig.outcomes.imputation.chains import Chain
from neurosig.outcomes.imputation.incomplete import Column


def value_summary(columns: Sequence[Column], chains: Sequence[Chain]) -> pd.DataFrame:
    """Observed and imputed values beside each other, a row per number or level of a category.

    Columns: column, level, method, n_observed, n_missing, missing (the share of rows), then of
    observed and imputed values the mean (of a level: its share) and the standard deviation. They
    may differ where values are missing for a reason; a difference asks for one.
    """
    rows = []
    for j, column in enumerate(columns):
        missing = column.is_missing
        observed = column.values[~missing]
        drawn = np.concatenate([chain.values[j][missing] for chain in chains])
        levels = list(enumerate(column.levels)) if column.levels else [(None, "")]
        for number, level in levels:
            seen = observed if number is None else (observed == number).astype(np.float64)
            filled = drawn if number is None else (drawn == number).astype(np.float64)
            rows.append(
                {
                    "column": column.name,
                    "level": str(level),
                    "method": column.method if missing.any() else "complete",
                    "n_observed": int((~missing).sum()),
                    "n_missing": int(missing.sum()),
                    "missing": float(missing.mean()),
                    "observed_mean": float(seen.mean()),
                    "imputed_mean": float(filled.mean()) if filled.size else np.nan,
                    "observed_sd": float(seen.std(ddof=1)),
                    "imputed_sd": float(filled.std(ddof=1)) if filled.size > 1 else np.nan,
                }
            )
    return pd.DataFrame(rows)


def trace_table(columns: Sequence[Column], chains: Sequence[Chain]) -> pd.DataFrame:
    """A row per chain, iteration, incomplete column and statistic ("mean", "sd").

    Of a category the values are the positions of the levels, from 0. Chains that mix look alike
    and have no trend.
    """
    parts = []
    for number, chain in enumerate(chains, start=1):
        for j, column in enumerate(columns):
            if not column.is_missing.any():
                continue
            for k, statistic in enumerate(("mean", "sd")):
                values = chain.trace[:, j, k]
                parts.append(
                    pd.DataFrame(
                        {
                            "chain": number,
                            "iteration": np.arange(1, len(values) + 1),
                            "column": column.name,
                            "statistic": statistic,
                            "value": values,
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)
