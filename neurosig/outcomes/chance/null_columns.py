"""The columns that a null test adds to a table: empirical p-values, their q, ranks, a sentence."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import count, examples
from neurosig.keys import Null, Result
from neurosig.outcomes.results import benjamini_hochberg

FloatArray = NDArray[np.float64]
Q_SETS_PER_TEST = 40
"""Random sets that a q-value needs for each test of its family."""

_ALPHA = 0.05


def what_survives(table: pd.DataFrame) -> str:
    """In words: which signatures keep their p-value below 0.05 among random signatures.

    >>> rows = {"signature": ["A", "B"], "p_value": [0.01, 0.02], "p_null": [0.3, 0.004]}
    >>> what_survives(pd.DataFrame(rows))
    'Of 2 signatures with p below 0.05, 1 has so among random signatures as well: B.'
    """
    nominal = table[table[Result.P_VALUE] < _ALPHA]
    kept = nominal.loc[nominal[Result.P_NULL] < _ALPHA, Result.SIGNATURE].tolist()
    what = f"Of {count(len(nominal), 'signature')} with p below {_ALPHA:g}, "
    if not len(nominal):
        return f"No signature has p below {_ALPHA:g}."
    if not kept:
        return what + "none has so among random signatures."
    verb = "has" if len(kept) == 1 else "have"
    what += f"{len(kept)} {verb} so among random signatures as well: "
    what += f"{examples(kept, quoted=False)}."
    if Null.Q_NULL not in table.columns:
        return what
    q = nominal.loc[nominal[Null.Q_NULL] < _ALPHA, Result.SIGNATURE].tolist()
    left = examples(q, quoted=False) if q else "none"
    return what + f" With q over these p below {_ALPHA:g}: {left}."


def with_nulls(
    table: pd.DataFrame,
    z: pd.Series,
    random: pd.DataFrame,
    permuted: pd.DataFrame,
    others: pd.DataFrame,
) -> pd.DataFrame:
    """The table of score rows with the place of each z among random, permuted and other ones.

    z: of each signature; random, permuted, others: draws x signatures.
    """
    names = table[Result.SIGNATURE].tolist()
    observed = z.reindex(names).to_numpy(dtype=np.float64)
    p_null, n_null = _empirical(observed, random.reindex(columns=names))
    columns: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {
        Null.Z: observed,
        Result.P_NULL: p_null,
        Null.N_NULL: n_null,
    }
    n_tests = int(np.isfinite(p_null).sum())
    if n_tests and _n_scored(p_null, n_null) >= Q_SETS_PER_TEST * n_tests:
        columns[Null.Q_NULL] = benjamini_hochberg(p_null)
    if len(permuted):
        p_permuted, n_permuted = _empirical(observed, permuted.reindex(columns=names))
        columns |= {Null.P_PERMUTED: p_permuted, Null.N_PERMUTED: n_permuted}
    if len(others):
        of_names = others.reindex(columns=names)
        as_large = _as_large(observed, of_names)
        columns[Null.CATALOGUE_RANK] = np.where(np.isfinite(observed), 1.0 + as_large, np.nan)
        columns[Null.N_CATALOGUE] = of_names.notna().sum().to_numpy()
    return table.assign(**columns)


def _as_large(observed: FloatArray, drawn: pd.DataFrame) -> NDArray[np.int64]:
    """How many of each column are as large as the observed one; rounding parts no ties."""
    limits = np.abs(observed) * (1 - 1e-10)
    counts: NDArray[np.int64] = (np.abs(drawn.to_numpy()) >= limits).sum(axis=0)
    return counts


def _n_scored(p_null: FloatArray, n_null: NDArray[np.int64]) -> int:
    """The fewest random sets that any p-value rests on: sets without a score are no evidence."""
    return int(n_null[np.isfinite(p_null)].min(initial=np.iinfo(np.int64).max))


def _empirical(observed: FloatArray, drawn: pd.DataFrame) -> tuple[FloatArray, NDArray[np.int64]]:
    """The p-value of each column, and the number of draws it rests on."""
    n = drawn.notna().sum().to_numpy(dtype=np.int64)
    p = (1.0 + _as_large(observed, drawn)) / (1.0 + n)
    return np.where(np.isfinite(observed) & (n > 0), p, np.nan), n


def q_notes(table: pd.DataFrame) -> tuple[str, ...]:
    """What there is to say of the q-value, or of its absence."""
    n_tests = int(table[Result.P_NULL].notna().sum())
    if Null.Q_NULL in table.columns:
        return (f"q_null is over the {count(n_tests, 'p_null', 'p_null')} of this call",)
    if not n_tests:
        return ()
    n_scored = _n_scored(table[Result.P_NULL].to_numpy(), table[Null.N_NULL].to_numpy())
    return (
        f"p_null stands without a q-value: {count(n_tests, 'test')} need "
        f"{Q_SETS_PER_TEST * n_tests:,} random sets each, and {n_scored:,} have a score",
    )
