"""The effects of signatures in cohorts, from result tables to matrices."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError, count, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clinic.clean import numbers_of
from neurosig.outcomes.results import Results, is_ratio

FloatArray = NDArray[np.float64]
Tables = Results | pd.DataFrame | Sequence[Results | pd.DataFrame]

_NEEDED = (
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.TERM,
    Result.ESTIMATE,
    Result.STD_ERROR,
    Result.EFFECT_SCALE,
    Result.STATUS,
)


_QUANTITIES = (
    (
        "reference levels of what modifies the score",
        r"score at (.+?)(?=, delayed entry|, weights |, offset |, jackknife |, robust |, ridge |$)",
        'Name the reference in each cohort: ns.Term("sex", reference="female")',
    ),
    ("ridge penalties", r"ridge ([^,]+)", "Fit all cohorts with the same penalty, or none"),
)
"""Parts of the texts of models that say what the coefficient of the score is."""


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of S signatures in k cohorts.

    rows: the score rows of the tables; place: (S, k) the position in `rows` of each signature in
    each cohort, -1 where it has none; estimate, std_error: (S, k), NaN where it has none that went
    through.
    """

    rows: pd.DataFrame
    signatures: tuple[str, ...]
    cohorts: tuple[str, ...]
    place: NDArray[np.int64]
    estimate: FloatArray
    std_error: FloatArray

    @property
    def used(self) -> NDArray[np.bool_]:
        """(S, k) which effects can be pooled."""
        return ~np.isnan(self.estimate)

    @property
    def endpoint(self) -> str:
        """The endpoint of all of them."""
        return str(self.rows[Result.ENDPOINT].iloc[0])

    @property
    def scale(self) -> str:
        """What an effect is: "HR per SD"."""
        return str(self.rows[Result.EFFECT_SCALE].iloc[0])

    def on_effect_scale(self, estimate: "pd.Series[float]") -> "pd.Series[float]":
        """exp(estimate) where an effect is a ratio, else the estimate itself."""
        if not is_ratio(self.scale):
            return estimate
        with np.errstate(over="ignore"):  # a ratio above 1e308 is infinite
            return pd.Series(np.exp(estimate))

    def counts(self, column: str) -> NDArray[np.int64]:
        """A column of whole numbers, (S, k), 0 where a cohort is not used or does not say."""
        values = np.nan_to_num(self.rows[column].to_numpy(dtype=np.float64))
        return np.asarray(np.where(self.used, values[self.place], 0.0), dtype=np.int64)

    def names(self, used: NDArray[np.bool_]) -> list[str]:
        """The cohorts used of each signature, "A, B"."""
        cohorts = np.asarray(self.cohorts, dtype=object)
        return [", ".join(cohorts[row]) for row in used]

    def adjustments(self) -> list[str]:
        """What the models of each signature were adjusted for: "age", or "age (A, B); none (C)"."""
        texts, found = _adjusted_for(self.rows), []
        for place, used in zip(self.place, self.used, strict=True):
            cohorts: dict[frozenset[str], list[str]] = {}
            shown: dict[frozenset[str], str] = {}
            for j in np.flatnonzero(used):
                text = texts[place[j]]
                terms = frozenset(text.split(", "))
                cohorts.setdefault(terms, []).append(self.cohorts[j])
                shown.setdefault(terms, text)
            parts = [f"{shown[t] or 'none'} ({', '.join(names)})" for t, names in cohorts.items()]
            found.append("; ".join(parts if len(parts) > 1 else shown.values()))
        return found

    def left_out(self) -> list[str]:
        """The cohorts of each signature whose fit cannot be pooled, with the reason."""
        status = self.rows[Result.STATUS].astype(str).to_numpy(dtype=object)
        lost = (self.place >= 0) & ~self.used
        return [
            ", ".join(
                f"{self.cohorts[j]} ({_reason(status[place[j]])})" for j in np.flatnonzero(out)
            )
            for place, out in zip(self.place, lost, strict=True)
        ]


def _adjusted_for(rows: pd.DataFrame) -> list[str]:
    """The covariates of each row, "" without; a table read from a file has NaN there."""
    return rows[Result.ADJUSTED_FOR].fillna("").astype(str).str.strip().tolist()


def _reason(status: str) -> str:
    return "no finite estimate" if status == OK else status.replace("_", " ")


def effects_of(tables: Tables, endpoint: str | None) -> Effects:
    """Read the score rows of one endpoint from result tables.

    Raises
    ------
    ClinicalError
        Several endpoints, effect scales, reference levels or penalties, or several rows of a
        signature in one cohort.
    ParameterError
        A column is missing, or there is no row.

    Warns
    -----
    ClinicalWarning
        Fits of a cohort did not go through and are left out; cohorts adjust for different
        covariates.
    """
    rows = _one_endpoint(_score_rows(tables), endpoint).reset_index(drop=True)
    _refuse_mixed(rows)
    of_signature, signatures = pd.factorize(rows[Result.SIGNATURE])
    of_cohort, cohorts = pd.factorize(rows[Result.COHORT])
    place = np.full((len(signatures), len(cohorts)), -1, dtype=np.int64)
    place[of_signature, of_cohort] = np.arange(len(rows))
    y, se = (numbers_of(rows[name]) for name in (Result.ESTIMATE, Result.STD_ERROR))
    good = (rows[Result.STATUS] == OK).to_numpy() & np.isfinite(y) & np.isfinite(se) & (se > 0)
    is_used = (place >= 0) & good[place]
    effects = Effects(
        rows=rows,
        signatures=tuple(map(str, signatures)),
        cohorts=tuple(map(str, cohorts)),
        place=place,
        estimate=np.where(is_used, y[place], np.nan),
        std_error=np.where(is_used, se[place], np.nan),
    )
    _warn_of_losses(effects)
    _warn_of_adjustments(effects)
    return effects


def _score_rows(tables: Tables) -> pd.DataFrame:
    given: Any = tables  # what a caller without types gives
    is_list = isinstance(given, Iterable) and not isinstance(given, str | pd.DataFrame)
    listed = list(given) if is_list else [given]
    wrong = [item for item in listed if not isinstance(item, Results | pd.DataFrame)]
    if wrong:
        raise ParameterError(
            f"A {type(wrong[0]).__name__} is no result table",
            f"It is {wrong[0]!r}",
            "Give tables of ns.cox or ns.regress",
        )
    frames: list[pd.DataFrame] = [
        item.table if isinstance(item, Results) else item for item in listed
    ]
    for frame in frames:
        missing = [name for name in _NEEDED if name not in frame.columns]
        if missing:
            raise ParameterError(
                f"A result table without the column {missing[0]!r} cannot be pooled",
                f"It has {examples(frame.columns)}",
                "Give tables of ns.cox or ns.regress",
            )
    if not any((frame[Result.TERM] == SCORE_TERM).any() for frame in frames):
        raise ParameterError(
            "There is nothing to pool",
            f"{count(len(frames), 'table')} without rows of scores",
            "Give result tables of at least two cohorts",
        )
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    return rows[rows[Result.TERM] == SCORE_TERM]


def _one_endpoint(rows: pd.DataFrame, endpoint: str | None) -> pd.DataFrame:
    present = list(rows[Result.ENDPOINT].unique())
    if endpoint is None and len(present) > 1:
        cohorts = rows.groupby(Result.ENDPOINT, sort=False)[Result.COHORT].unique()
        raise ClinicalError(
            "Different endpoints are not pooled",
            "; ".join(f"{name}: {examples(list(used))}" for name, used in cohorts.items()),
            f"Pick one, as in endpoint={present[0]!r}, and pool each by itself",
            endpoints=tuple(present),
        )
    if endpoint is not None and endpoint not in present:
        raise ClinicalError(
            f"No table has the endpoint {endpoint!r}",
            f"There are {examples(present)}",
            "Pick one of these",
            endpoints=tuple(present),
        )
    return rows if endpoint is None else rows[rows[Result.ENDPOINT] == endpoint]


def _refuse_mixed(rows: pd.DataFrame) -> None:
    """Refuse rows without a name, effects on different scales, a signature twice in a cohort."""
    unnamed = rows[[Result.COHORT, Result.SIGNATURE]].isna().any(axis=1)
    if unnamed.any():
        raise ParameterError(
            "A row to be pooled has no cohort or no signature",
            f"{count(int(unnamed.sum()), 'row')} of {len(rows):,}",
            "Give each table a cohort: ns.Cohort.join(..., name=...)",
        )
    scales = list(rows[Result.EFFECT_SCALE].unique())
    if len(scales) > 1:
        raise ClinicalError(
            "Effects on different scales cannot be pooled",
            f"The tables hold {examples(scales)}",
            "Make all tables with the same model and scale",
        )
    _refuse_other_quantities(rows)
    repeated = rows[rows.duplicated([Result.COHORT, Result.SIGNATURE], keep=False)]
    if len(repeated):
        pairs = (repeated[Result.SIGNATURE] + " in " + repeated[Result.COHORT]).unique()
        raise ClinicalError(
            "A signature occurs more than once in a cohort",
            f"{count(len(pairs), 'pair')}: {examples(pairs)}",
            'Keep one model per cohort, as in table[table["adjusted_for"] == ""], and give cohorts '
            "different names",
        )


def _refuse_other_quantities(rows: pd.DataFrame) -> None:
    """Refuse effects of a score at different levels of a modifier, or with different penalties."""
    if Result.MODEL not in rows.columns:
        return
    models = rows[Result.MODEL].fillna("").astype(str)
    for what, pattern, remedy in _QUANTITIES:
        found = models.str.extract(pattern, expand=False).fillna("none").str.strip()
        cohorts = rows.groupby(found, sort=False)[Result.COHORT].unique()
        if len(cohorts) > 1:
            raise ClinicalError(
                f"Effects with different {what} are not one quantity and cannot be pooled",
                "; ".join(f"{name}: {examples(list(used))}" for name, used in cohorts.items()),
                remedy,
            )


def _warn_of_adjustments(effects: Effects) -> None:
    if Result.ADJUSTED_FOR not in effects.rows.columns:
        return
    of_row = _adjusted_for(effects.rows)
    different = [
        text
        for text, place, used in zip(
            effects.adjustments(), effects.place, effects.used, strict=True
        )
        if len({frozenset(of_row[at].split(", ")) for at in place[used]}) > 1
    ]
    if different:
        warnings.warn(
            ClinicalWarning(
                f"Cohorts adjust for different covariates in {count(len(different), 'pooled row')}",
                examples(dict.fromkeys(different), limit=3, quoted=False),
                "Pool models with the same covariates, or read the pooled effect as a mixture; the "
                "column adjusted_for of the row has them",
            ),
            stacklevel=4,
        )


def _warn_of_losses(effects: Effects) -> None:
    told = [
        f"{signature}: {lost}"
        for signature, lost in zip(effects.signatures, effects.left_out(), strict=True)
        if lost
    ]
    if told:
        warnings.warn(
            ClinicalWarning(
                f"Cohorts are left out of {count(len(told), 'pooled row')}: their fits did not go "
                "through",
                examples(told, quoted=False),
                "The column message of the row names them; see message in the table of the cohort",
            ),
            stacklevel=4,
        )
